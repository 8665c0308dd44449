import { describe, expect, test } from 'vitest';
import { addrOf, lengthOf, PageSIZE, setAddress, type Hart } from '../../../code/machine/machine.ts';
import { AT_CHERI_STACK_CAP, AT_NULL, AuxSIZE, AuxVALUE } from '../../../code/os/proc/auxiliary.ts';
import { execute, execve } from '../../../code/os/proc/exec.ts';
import { waitpid, wexitStatus } from '../../../code/os/proc/family.ts';
import { fork, vfork } from '../../../code/os/proc/fork.ts';
import { RLIM_INFINITY, RLIMIT_AS, RLIMIT_STACK } from '../../../code/os/proc/limits.ts';
import { AuxvSLOT } from '../../../code/os/proc/registers.ts';
import { SIGKILL, SIGUSR1, SigSetEMPTY } from '../../../code/os/signal.ts';
import type { Thread, ThreadRun } from '../../../code/os/thread.ts';
import { AdviceDONTFORK, MapANON, MapFIXED, MapPRIVATE, ProtREAD, ProtWRITE } from '../../../code/os/vm/mman.ts';
import { pages, play, start, system } from './rig.ts';

const RW = ProtREAD | ProtWRITE;
const WHOLE = 20;

/** first -- a program of PCuABI, which is given its stack with the right to change its mappings, in slot WHOLE. */
function first(body: (t: Hart, thread: Thread, size: number) => ThreadRun): { readonly status: unknown; readonly free: number } {
  const kernel = system({ abi: 'pcuabi', format: 'morello' }), free = kernel.frames.available, process = kernel.process('first');
  execute(process, {
    name: 'first', text: 4096, data: 0, bss: 0, *main(t, thread) {
      for (let at = 0; t.load32(AuxvSLOT, at) !== AT_NULL; at += AuxSIZE) {
        if (t.load32(AuxvSLOT, at) === AT_CHERI_STACK_CAP) t.loadCap(WHOLE, AuxvSLOT, at + AuxVALUE);
      }
      yield* body(t, thread, lengthOf(t, WHOLE));
      return 5;
    },
  }, ['first']);
  kernel.run();
  expect(kernel.frames.available).toBe(free);
  return { status: process.status, free };
}

describe('a stack that its program has ended', () => {
  test('is not given back again; its limit is nobody\'s; a child has none either <design/thread#.inv.stack>', () => {
    const told: unknown[] = [];
    const { status } = first(function* (t, thread, size) {
      const { process } = thread;
      told.push(process.map.munmap(t, WHOLE, size), process.setrlimit(RLIMIT_STACK, { soft: 4096, hard: 8192 }));
      const pid = yield* fork(thread, function* (_c, child) { child.process.exit(child.process.setrlimit(RLIMIT_STACK, { soft: 0, hard: 0 })); });
      const into = { word: -1 };
      told.push((yield* waitpid(thread, pid, 0, into)) === pid, into.word);
    });
    expect([told, status]).toEqual([[0, 0, true, 0], { exit: 5 }]);
  });

  test('leaves its place to what is mapped there, which is not the thread\'s <design/thread#.inv.stack>', () => {
    const seen: unknown[] = [];
    first(function* (t, thread, size) {
      const { process } = thread, base = addrOf(t, WHOLE) | 0;
      expect(process.map.munmap(t, WHOLE, size)).toBe(0);
      t.set(21, base, t.r[(WHOLE << 3) + 1], 0, 0);
      expect(process.map.mmap(t, 21, 21, size, RW, MapANON | MapPRIVATE | MapFIXED)).toBe(0);
      process.setrlimit(RLIMIT_STACK, { soft: 4096, hard: 8192 });
      process.spawn('second', function* () {
        yield { what: 'the first', ready: () => thread.state === 'done' };
        seen.push(process.map.isReserved(base), process.threads.size);
      });
      thread.exit();
    });
    expect(seen).toEqual([true, 1]);
  });

  test('leaves its place to what is mapped there in a child, too <design/thread#.inv.stack>', () => {
    const seen: unknown[] = [];
    first(function* (t, thread, size) {
      const { process } = thread, base = addrOf(t, WHOLE) | 0;
      expect(process.map.munmap(t, WHOLE, size)).toBe(0);
      t.set(21, base, t.r[(WHOLE << 3) + 1], 0, 0);
      expect(process.map.mmap(t, 21, 21, size, RW, MapANON | MapPRIVATE | MapFIXED)).toBe(0);
      const pid = yield* fork(thread, function* (_c, child) {
        child.process.spawn('second', function* () {
          yield { what: 'the first', ready: () => child.state === 'done' };
          seen.push(child.process.map.isReserved(base), child.process.threads.size);
        });
      });
      yield* waitpid(thread, pid);
    });
    expect(seen).toEqual([true, 1]);
  });

  test('is not there in a child that was to have nothing of it <design/thread#.inv.stack>', () => {
    const codes: number[] = [];
    const { status } = first(function* (t, thread, size) {
      setAddress(t, 21, WHOLE, addrOf(t, WHOLE) + size - 0x2_0000);
      expect(thread.process.map.madvise(t, 21, 0x2_0000, AdviceDONTFORK)).toBe(0);
      const pid = yield* fork(thread, function* (_c, child) { child.process.exit(child.process.map.isReserved(child.stackBase | 0) ? 1 : 3); });
      const into = { word: 0 };
      yield* waitpid(thread, pid, 0, into);
      codes.push(wexitStatus(into.word));
    });
    expect([codes, status]).toEqual([[3], { exit: 5 }]);
  });
});

describe('a stack that is lent', () => {
  test('stays with the child if its parent is killed: handlers run on it, and it can fork <design/fork#.vfork>', () => {
    const kernel = system(), free = kernel.frames.available, log: unknown[] = [];
    start(kernel, 'first', function* (_t, thread) {
      yield* vfork(thread, function* (_c, child) {
        const { process, stackBase } = child;
        thread.process.kill(SIGKILL);
        while (!thread.process.isOver) yield undefined;
        process.sigaction(SIGUSR1, { handler: function* () { log.push('handler'); }, mask: SigSetEMPTY, flags: 0 });
        child.kill(SIGUSR1);
        const pid = yield* fork(child, function* () { log.push('grandchild'); });
        log.push(process.map.isReserved(stackBase | 0), (yield* waitpid(child, pid)) === pid);
        process.spawn('second', function* () {
          yield { what: 'the first', ready: () => child.state === 'done' };
          log.push(process.map.isReserved(stackBase | 0));
        });
      });
    });
    kernel.run();
    expect([log, kernel.frames.available]).toEqual([['handler', 'grandchild', true, true, false], free]);
  });

  test('goes when its thread ends, after the child has executed a program or is over <design/thread#.inv.stack>', () => {
    for (const way of ['exec', 'exit'] as const) {
      const kernel = system(), seen: boolean[] = [];
      start(kernel, 'first', function* (_t, { process }) {
        const lender = process.spawn('lender', function* (_l, self) {
          yield* waitpid(self, yield* vfork(self, function* (_c, child) {
            if (way === 'exit') return;
            execve(child, { name: 'prog', text: 1, data: 0, bss: 0, *main() { return 0; } }, ['prog']);
          }));
          seen.push(process.map.isReserved(self.stackBase | 0));
        }) as Thread;
        yield { what: 'the lender', ready: () => lender.state === 'done' };
        seen.push(process.map.isReserved(lender.stackBase | 0));
      });
      kernel.run();
      expect([way, seen]).toEqual([way, [true, false]]);
    }
  });
});

test('the stacks of what else a child of vfork has run go when it executes a program <design/thread#.inv.stack>', () => {
  const kernel = system(), free = kernel.frames.available, seen: number[] = [];
  start(kernel, 'first', function* (_t, thread) {
    const { process: { map } } = thread;
    yield* waitpid(thread, yield* fork(thread, function* () { /* Ends at once. */ }));
    const before = [map.entries().length, kernel.frames.available];
    const pid = yield* vfork(thread, function* (_c, child) {
      let isIn = false;
      child.process.spawn('second', function* (t) {
        t.enter(40);
        isIn = true;
        for (;;) yield undefined;
      });
      while (!isIn) yield undefined;
      seen.push(map.entries().length - before[0]);
      execve(child, { name: 'prog', text: 1, data: 0, bss: 0, *main() { return 0; } }, ['prog']);
    });
    yield* waitpid(thread, pid);
    seen.push(map.entries().length - before[0], kernel.frames.available - before[1]);
  });
  kernel.run();
  expect([seen, kernel.frames.available]).toEqual([[1, 0, 0], free]);
});

test('limits that a child sets in its parent\'s memory are its own: those of the parent count again <design/limits#.shared>', () => {
  for (const way of ['exec', 'exit'] as const) {
    const codes: number[] = [];
    play(system(), function* (t, thread) {
      const { process } = thread, map = (): number => {
        t.clear(6);
        return process.map.mmap(t, 6, 6, PageSIZE, RW, MapANON | MapPRIVATE);
      };
      pages(thread, 5);
      const pid = yield* vfork(thread, function* (_c, child) {
        codes.push(child.process.setrlimit(RLIMIT_AS, { soft: 0x100_0000, hard: RLIM_INFINITY }));
        child.process.map.sizeLimit = way === 'exec' ? 0x100_0000 : 0;
        codes.push(way === 'exec' ? 12 : map());
        if (way === 'exec') execve(child, { name: 'prog', text: 1, data: 0, bss: 0, *main() { return 0; } }, ['prog']);
      });
      yield* waitpid(thread, pid);
      codes.push(map(), process.map.sizeLimit === RLIM_INFINITY ? 1 : 0);
    });
    expect(codes).toEqual([0, 12, 0, 1]);
  }
});

test('a child that is given less stack leaves the parent\'s to grow as it could <design/limits#.shared>', () => {
  const { status } = first(function* (t, thread, size) {
    const pid = yield* vfork(thread, function* (_c, child) {
      child.process.setrlimit(RLIMIT_STACK, { soft: 4096, hard: 4096 });
    });
    yield* waitpid(thread, pid);
    t.store8(WHOLE, size - 0x10_0000, 1);
  });
  expect(status).toEqual({ exit: 5 });
});
