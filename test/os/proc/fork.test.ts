import { describe, expect, test } from 'vitest';
import { PageSIZE, slotRead } from '../../../code/machine/machine.ts';
import { EAGAIN, ENOMEM } from '../../../code/os/errno.ts';
import { wexitStatus, waitpid } from '../../../code/os/proc/family.ts';
import { atFork, fork, vfork } from '../../../code/os/proc/fork.ts';
import { RLIMIT_NPROC } from '../../../code/os/proc/limits.ts';
import type { SigContext, SigInfo } from '../../../code/os/sigframe.ts';
import { SA_ONSTACK, SA_SIGINFO, SIG_BLOCK, SIG_IGN, SIGTERM, SIGUSR1, SIGUSR2, sigSet, SigSetEMPTY } from '../../../code/os/signal.ts';
import type { Thread, ThreadBody, ThreadRun } from '../../../code/os/thread.ts';
import { MapRUN, MapANON, MapPRIVATE, ProtREAD, ProtWRITE } from '../../../code/os/vm/mman.ts';
import { pages, play, start, system, systems } from '../proc/rig.ts';

/** ending -- a child that ends with a code. */
const ending = (code: number): ThreadBody => function* (_hart, thread) { thread.process.exit(code); };

/** codeOf -- wait for a child; its exit code. */
function* codeOf(thread: Thread, pid: number): Generator<never, number, unknown> {
  const into = { word: 0 };
  expect(yield* waitpid(thread, pid, 0, into) as Generator<never, number, unknown>).toBe(pid);
  return wexitStatus(into.word);
}

for (const [abi, format] of systems) {
  describe(`${abi} on ${format}`, () => {
    test('memory and tags are copied when they are written to, slots at once <design/fork#.inv.copy>', () => {
      const kernel = system({ abi, format }), seen: unknown[] = [];
      play(kernel, function* (t, thread) {
        pages(thread, 5, 2);
        t.store32(5, 0, 11);
        t.storeCap(5, 16, 5);
        const before = kernel.frames.available;
        const pid = yield* fork(thread, function* (c, child) {
          seen.push([c.load32(5, 0), slotRead(c, 5)]);
          c.loadCap(6, 5, 16);
          c.store32(6, 0, 22);
          seen.push([c.load32(5, 0), c.isTagged(6), child.process.parentPid, child.process.threads.size]);
          c.store32(5, PageSIZE, 7);
          child.process.exit(3);
        });
        // The page that was written to; another for the stack at most.
        expect(before - kernel.frames.available).toBeLessThanOrEqual(PageSIZE);
        expect(yield* codeOf(thread, pid)).toBe(3);
        seen.push([t.load32(5, 0), kernel.frames.available, t.load32(5, PageSIZE)]);
        expect(seen).toEqual([[11, slotRead(t, 5)], [22, true, thread.process.pid, 1], [11, before, 0]]);
      });
      expect(seen.length).toBe(3);
      expect(kernel.processes.size).toBe(0);
    });

    test('a child in the memory of its parent, which waits, sees and changes it <design/fork#.vfork>', () => {
      const kernel = system({ abi, format }), log: string[] = [];
      play(kernel, function* (t, thread) {
        pages(thread, 5);
        t.store32(5, 0, 1);
        const pid = yield* vfork(thread, function* (c, child) {
          for (let turn = 0; turn < 3; turn++) yield undefined;
          c.store32(5, 0, c.load32(5, 0) + 1);
          log.push(`child of ${child.process.parentPid}`);
          child.process.exit(4);
        });
        log.push(`parent sees ${t.load32(5, 0)}`);
        expect(yield* codeOf(thread, pid)).toBe(4);
        t.store32(5, 0, 5);
        log.push(`and still has it: ${t.load32(5, 0)}`);
      });
      expect(log).toEqual(['child of 2', 'parent sees 2', 'and still has it: 5']);
    });
  });
}

describe('what a child has', () => {
  test('the mask, the alternate stack, the actions, the limits; no signals that wait, and no other threads <design/fork#.inherits>', () => {
    const kernel = system();
    let seen: unknown = null;
    play(kernel, function* (t, thread) {
      const { process } = thread;
      process.spawn('other', function* () { yield undefined; });
      process.sigaction(SIGUSR2, { handler: SIG_IGN, mask: SigSetEMPTY, flags: 0 });
      process.setrlimit(RLIMIT_NPROC, { soft: 9, hard: 10 });
      thread.sigprocmask(SIG_BLOCK, sigSet(SIGUSR1));
      pages(thread, 5, 2);
      expect(thread.sigaltstack(5, 2 * PageSIZE)).toBe(0);
      thread.kill(SIGUSR1);
      process.kill(SIGUSR1);
      const pid = yield* fork(thread, function* (c, child) {
        seen = [
          child.mask, child.altstack, child.pending, child.process.pendingSet.low, child.process.threads.size, child.process.ignores(SIGUSR2),
          child.process.limits.get(RLIMIT_NPROC), c.top, child.sp, child.stackBase, child.name,
        ];
      });
      expect(seen).toBe(null);
      yield* codeOf(thread, pid);
      expect(seen).toEqual([
        sigSet(SIGUSR1), thread.altstack, SigSetEMPTY, 0, 1, true, { soft: 9, hard: 10 }, t.top, thread.sp, thread.stackBase, 'first',
      ].map((value, index) => (index === 10 ? thread.name : value)));
    });
    expect(seen).not.toBe(null);
  });

  test('memory that has one run of frames is copied at once, or there is no child <design/fork#.run>', () => {
    const kernel = system({ size: 0x40_0000 });
    let child = -1, second = 0;
    play(kernel, function* (t, thread) {
      const { map } = thread.process, size = 0x18_0000;
      expect(map.mmap(t, 5, 5, size, ProtREAD | ProtWRITE, MapANON | MapPRIVATE | MapRUN)).toBe(0);
      t.store32(5, 0, 7);
      const before = kernel.frames.available;
      child = yield* fork(thread, function* (c) {
        expect(c.load32(5, 0)).toBe(7);
        expect(before - kernel.frames.available).toBeGreaterThanOrEqual(size);
        yield { what: 'the second fork', ready: () => second !== 0 };
      });
      const there = kernel.frames.available, processes = kernel.processes.size;
      yield undefined;
      second = yield* fork(thread, ending(0));
      expect([second, kernel.frames.available, kernel.processes.size]).toEqual([-ENOMEM, there, processes]);
    });
    expect([child > 0, second]).toEqual([true, -ENOMEM]);
  });

  test('no more processes than the limit says, and nothing has changed then <design/fork#.errors>', () => {
    const kernel = system(), pids: number[] = [];
    play(kernel, function* (_t, thread) {
      thread.process.setrlimit(RLIMIT_NPROC, { soft: 3, hard: 3 });
      for (let count = 0; count < 4; count++) pids.push(yield* fork(thread, ending(0)));
      pids.push(yield* vfork(thread, ending(0)));
      yield* waitpid(thread, -1);
      pids.push(yield* fork(thread, ending(0)));
    });
    expect(pids).toEqual([3, 4, -EAGAIN, -EAGAIN, -EAGAIN, 5]);
  });

  test('a child\'s child, from a handler on the alternate stack, and one that is stepped <design/fork#.inherits>', () => {
    const kernel = system(), log: string[] = [];
    play(kernel, function* (_t, thread) {
      const pid = yield* fork(thread, function* (_c, child) {
        const inner = yield* fork(child, ending(6));
        log.push(`inner ${yield* codeOf(child, inner)}`);
        child.process.exit(5);
      }, { name: 'middle' });
      log.push(kernel.find(pid)?.name ?? '');
      log.push(`outer ${yield* codeOf(thread, pid)}`);
    });
    expect(log).toEqual(['middle', 'inner 6', 'outer 5']);
  });
});

describe('a fork in a handler', () => {
  for (const [abi, format] of systems) {
    for (const isAlternate of [false, true]) {
      test(`the frame that the parent goes back to is its own: ${abi} on ${format}, ${isAlternate ? 'alternate' : 'own'} stack <design/fork#.frames>`, () => {
        const kernel = system({ abi, format }), log: unknown[] = [];
        play(kernel, function* (t, thread) {
          const { process } = thread;
          pages(thread, 5, 4);
          pages(thread, 6);
          if (isAlternate) expect(thread.sigaltstack(5, 4 * PageSIZE)).toBe(0);
          const handler = function* (_signal: number, info: SigInfo | null, context: SigContext | null): ThreadRun {
            const pid = yield* fork(thread, function* (c, child) {
              // Where the parent's frame is, and below: the child's copy.
              log.push([child.isOnAltStack, child.stackRanges().length]);
              child.process.sigaction(SIGUSR2, { handler: function* () { log.push('child handles'); }, mask: SigSetEMPTY, flags: SA_SIGINFO | SA_ONSTACK });
              child.kill(SIGUSR2);
              yield undefined;
              c.store32(6, 0, 9);
              child.process.exit(0);
            });
            // A second frame on the page, which is written to while the child lives, and read when it does not.
            process.sigaction(SIGUSR2, { handler: function* () { log.push('parent handles'); }, mask: SigSetEMPTY, flags: SA_ONSTACK });
            thread.kill(SIGUSR2);
            expect(yield* codeOf(thread, pid)).toBe(0);
            log.push([info?.signo, info?.code === 0]);
            if (context !== null) context.mask = sigSet(SIGTERM);
          };
          process.sigaction(SIGUSR1, { handler, mask: SigSetEMPTY, flags: SA_SIGINFO | SA_ONSTACK });
          thread.kill(SIGUSR1);
          log.push([thread.mask, t.load32(6, 0)]);
        });
        expect(log).toEqual(['parent handles', [isAlternate, 1], 'child handles', [SIGUSR1, false], [sigSet(SIGTERM), 0]]);
      });
    }
  }
});

describe('at a fork', () => {
  const noting = (log: string[], what: string) => function* (thread: Thread): ThreadRun {
    log.push(`${what} in ${thread.process.pid}`);
    yield undefined;
  };

  test('the last asked for is prepared first, the others go first to last, on either side, and in a child\'s child <design/fork#.atfork>', () => {
    const kernel = system(), log: string[] = [];
    play(kernel, function* (_t, thread) {
      for (const name of ['a', 'b']) {
        atFork(thread.process, { prepare: noting(log, `prepare ${name}`), parent: noting(log, `parent ${name}`), child: noting(log, `child ${name}`) });
      }
      atFork(thread.process, {});
      const pid = yield* fork(thread, function* (_c, child) {
        yield { what: 'the parent', ready: () => log.includes('parent b in 2') };
        log.push('body');
        yield* waitpid(child, yield* fork(child, ending(0)));
      });
      yield* codeOf(thread, pid);
    });
    const order = (names: string[]): string[] => log.filter((line) => names.includes(line));
    expect(log.slice(0, 2)).toEqual(['prepare b in 2', 'prepare a in 2']);
    expect(order(['parent a in 2', 'parent b in 2'])).toEqual(['parent a in 2', 'parent b in 2']);
    expect(order(['child a in 3', 'child b in 3', 'body'])).toEqual(['child a in 3', 'child b in 3', 'body']);
    expect(order(['prepare a in 3', 'prepare b in 3', 'child a in 4'])).toEqual(['prepare b in 3', 'prepare a in 3', 'child a in 4']);
    expect(log.length).toBe(13);
  });

  test('where there is no child, what was prepared is undone in the parent <design/fork#.atfork>', () => {
    const kernel = system(), log: string[] = [];
    play(kernel, function* (_t, thread) {
      thread.process.setrlimit(RLIMIT_NPROC, { soft: 1, hard: 1 });
      atFork(thread.process, { prepare: noting(log, 'prepare'), parent: noting(log, 'parent'), child: noting(log, 'child') });
      expect(yield* fork(thread, ending(0))).toBe(-EAGAIN);
    });
    expect(log).toEqual(['prepare in 2', 'parent in 2']);
  });
});

describe('vfork', () => {
  test('the parent takes no signal until it has its stack back <design/fork#.vfork>', () => {
    const kernel = system(), log: string[] = [];
    const first = play(kernel, function* (_t, thread) {
      thread.process.sigaction(SIGUSR1, { handler: function* () { log.push('handler'); }, mask: SigSetEMPTY, flags: 0 });
      yield* vfork(thread, function* (_c, child) {
        thread.kill(SIGUSR1);
        for (let turn = 0; turn < 5; turn++) yield undefined;
        log.push('child');
        child.process.exit(0);
      });
      log.push('parent');
    });
    expect([log, first.status]).toEqual([['child', 'handler', 'parent'], { exit: 0 }]);
  });

  test('the parent is told of as suspended, as often as it is resumed <design/os#.watcher>', () => {
    const kernel = system(), log: string[] = [];
    kernel.watcher = { suspended: ({ name }) => log.push(`${name} is suspended`), resumed: ({ name }) => log.push(`${name} is resumed`) };
    play(kernel, function* (_t, thread) {
      yield* vfork(thread, function* (_c, child) {
        log.push('child');
        yield undefined;
        child.process.exit(0);
      });
      log.push('parent');
    });
    expect(log).toEqual(['first is suspended', 'child', 'first is resumed', 'parent']);
    expect([kernel.counts.suspensions, kernel.counts.resumptions]).toEqual([1, 1]);
  });

  test('a parent that is killed leaves the memory to its child <design/fork#.vfork>', () => {
    const kernel = system(), free = kernel.frames.available, log: unknown[] = [];
    const first = start(kernel, 'first', function* (t, thread) {
      pages(thread, 5);
      t.store32(5, 0, 8);
      yield* vfork(thread, function* (c, child) {
        thread.process.kill(9);
        while (!thread.process.isOver) yield undefined;
        log.push(c.load32(5, 0), child.process.parentPid);
      });
      log.push('never');
    });
    kernel.run();
    expect([log, first.status, kernel.frames.available]).toEqual([[8, 1], expect.objectContaining({ signal: 9 }), free]);
  });
});

test('what happens to one side after a fork does not happen to the other <design/fork#.inv.copy>', () => {
  const kernel = system();
  let seen = 0;
  play(kernel, function* (t, thread) {
    pages(thread, 5);
    t.store32(5, 0, 1);
    const pid = yield* fork(thread, function* (c, child) {
      expect(child.process.map.munmap(c, 5, PageSIZE)).toBe(0);
      child.process.exit(0);
    });
    yield* codeOf(thread, pid);
    seen = t.load32(5, 0);
  });
  expect(seen).toBe(1);
});
