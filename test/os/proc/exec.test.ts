import { describe, expect, test } from 'vitest';
import {
  addrOf, addrOfWindow, baseOf, formatOf, lengthOf, PageSIZE, permsOf, slotRead, typeOf, type Hart,
} from '../../../code/machine/machine.ts';
import { E2BIG, EINVAL, ENOENT, ENOEXEC, ENOMEM } from '../../../code/os/errno.ts';
import {
  AT_ARGC, AT_ARGC_LINUX, AT_ARGV, AT_ARGV_LINUX, AT_CHERI_CID_CAP, AT_CHERI_EXEC_RW_CAP, AT_CHERI_EXEC_RX_CAP, AT_CHERI_SEAL_CAP,
  AT_CHERI_STACK_CAP, AT_ENTRY, AT_ENVC, AT_ENVC_LINUX, AT_ENVP_LINUX, AT_ENVV, AT_EXECFN_LINUX, AT_EXECPATH, AT_NCPUS, AT_NULL, AT_PAGESZ,
  AT_PLATFORM_LINUX, AT_RANDOM_LINUX, AT_SYSINFO_EHDR_LINUX, AuxSIZE, AuxVALUE,
} from '../../../code/os/proc/auxiliary.ts';
import { O_CLOEXEC, O_RDWR } from '../../../code/os/fs/flags.ts';
import { ARG_MAX, execute, execve, type Program, type ProgramBody } from '../../../code/os/proc/exec.ts';
import { waitpid, wexitStatus } from '../../../code/os/proc/family.ts';
import { fork, vfork } from '../../../code/os/proc/fork.ts';
import {
  ArgcSLOT, ArgvSLOT, AuxvSLOT, CodeSLOT, DataSLOT, EnvpSLOT, ReturnSLOT, StackSLOT,
} from '../../../code/os/proc/registers.ts';
import { MaxSTACK, RLIMIT_AS, RLIMIT_STACK } from '../../../code/os/proc/limits.ts';
import { userTypes } from '../../../code/os/proc/roots.ts';
import { sysctlCap } from '../../../code/os/proc/sysctl.ts';
import { SIG_BLOCK, SIG_DFL, SIG_IGN, SIGCHLD, SIGTERM, SIGURG, SIGUSR1, SIGUSR2, sigSet, SigSetEMPTY, type SigAction } from '../../../code/os/signal.ts';
import { permVmem } from '../../../code/os/vm/mman.ts';
import type { Kernel } from '../../../code/os/kernel.ts';
import { pages, play, system, systems } from './rig.ts';

const program = (main: ProgramBody, more: Partial<Program> = {}): Program => ({ name: 'prog', text: 5000, data: 100, bss: 9000, main, ...more });

/** begin -- run a program in a new process to its end. */
function begin(kernel: Kernel, main: ProgramBody, argv: readonly string[] = ['prog'], envp: readonly string[] = [], more: Partial<Program> = {}) {
  const process = kernel.process('shell'), thread = execute(process, program(main, more), argv, envp);
  expect(thread).toBeTypeOf('object');
  kernel.run();
  return process;
}

/** textOf -- the string in a slot, and that its bounds are the string's. */
function textOf(t: Hart, slot: number, isExact: boolean = true): string {
  const bytes: number[] = [];
  for (let offset = 0; ; offset++) {
    const byte = t.load8(slot, offset);
    if (byte === 0) break;
    bytes.push(byte);
  }
  if (isExact) expect([lengthOf(t, slot), addrOf(t, slot)]).toEqual([bytes.length + 1, baseOf(t, slot)]);
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** auxOf -- the value of an entry of the auxiliary vector, in a slot; false if there is none. */
function auxOf(t: Hart, wanted: number, dst: number): boolean {
  for (let offset = 0; ; offset += AuxSIZE) {
    const type = t.load32(AuxvSLOT, offset);
    if (type === AT_NULL) return false;
    t.loadCap(dst, AuxvSLOT, offset + AuxVALUE);
    if (type === wanted) return true;
  }
}

for (const [abi, format] of systems) {
  describe(`${abi} on ${format}`, () => {
    const make = (): Kernel => system({ abi, format });

    test('arguments and environment: arrays and strings with exact bounds, ended by NULL <design/exec#.start.arguments>', () => {
      const long = 'x'.repeat(5000), argv = ['prog', '', 'drei äöü', long], envp = ['HOME=/', 'A='];
      const process = begin(make(), function* (t) {
        expect([addrOf(t, ArgcSLOT), t.isTagged(ArgcSLOT)]).toEqual([4, false]);
        for (const [slot, texts] of [[ArgvSLOT, argv], [EnvpSLOT, envp]] as const) {
          expect([lengthOf(t, slot), addrOf(t, slot) - baseOf(t, slot)]).toEqual([(texts.length + 1) * 16, 0]);
          for (const [index, text] of texts.entries()) {
            t.loadCap(5, slot, index * 16);
            expect(textOf(t, 5, text !== long)).toBe(text);
            expect(permsOf(t, 5) & (formatOf(t).perm.loadCap | formatOf(t).perm.storeCap | permVmem(formatOf(t)))).toBe(0);
            expect(lengthOf(t, 5) - text.length).toBeLessThan(64);
          }
          t.loadCap(5, slot, texts.length * 16);
          expect(t.isTagged(5)).toBe(false);
          expect(permsOf(t, slot) & permVmem(formatOf(t))).toBe(0);
        }
        return 7;
      }, argv, envp);
      expect(process.status).toEqual({ exit: 7 });
    });

    test('the stack: bounded, near its top, local stores, no right to change mappings, no execution <design/exec#.start.stack>', () => {
      const process = begin(make(), function* (t, thread) {
        const { perm } = formatOf(t), perms = permsOf(t, StackSLOT), top = baseOf(t, StackSLOT) + lengthOf(t, StackSLOT);
        expect(lengthOf(t, StackSLOT)).toBe(0x80_0000);
        expect(top - addrOf(t, StackSLOT)).toBeLessThan(0x4_0000);
        expect(perms & (perm.load | perm.store | perm.loadCap | perm.storeCap | perm.storeLocal)).toBe(perm.load | perm.store | perm.loadCap | perm.storeCap | perm.storeLocal);
        expect(perms & (perm.execute | permVmem(formatOf(t)))).toBe(0);
        expect((perms & perm.user2) !== 0).toBe(abi === 'cheribsd');
        expect(thread.stackBase).toBe(baseOf(t, StackSLOT) - addrOfWindow(0));
        // It grows when it is touched, and its neighbours are not in it.
        const before = thread.process.map.entries().filter(({ kind }) => kind === 'hole').length;
        t.store32(StackSLOT, -0x40_0000, 3);
        expect([t.load32(StackSLOT, -0x40_0000), before]).toEqual([3, 1]);
        return 0;
      });
      expect(process.status).toEqual({ exit: 0 });
    });

    test('what is executed cannot be written, and data can be <design/exec#.start.text>', () => {
      const process = begin(make(), function* (t, thread) {
        const { perm } = formatOf(t);
        expect(permsOf(t, CodeSLOT) & (perm.execute | perm.load | perm.store | perm.storeCap | permVmem(formatOf(t)))).toBe(perm.execute | perm.load);
        expect([lengthOf(t, CodeSLOT), lengthOf(t, DataSLOT)]).toEqual([2 * PageSIZE, 3 * PageSIZE]);
        expect(baseOf(t, DataSLOT)).toBe(baseOf(t, CodeSLOT) + 2 * PageSIZE);
        expect([t.load32(DataSLOT, 2 * PageSIZE), t.load32(CodeSLOT, 0), permsOf(t, DataSLOT) & permVmem(formatOf(t))]).toEqual([0, 0, 0]);
        t.storeCap(DataSLOT, 0, StackSLOT);
        t.loadCap(5, DataSLOT, 0);
        expect(slotRead(t, 5)).toEqual(slotRead(t, StackSLOT));
        const entry = thread.process.map.entries().find(({ base }) => addrOfWindow(base) === baseOf(t, CodeSLOT));
        expect([entry?.prot, (entry?.limit ?? 0) - (entry?.base ?? 0)]).toEqual([1 | 4 | 8, 2 * PageSIZE]);
        // The first function returns to a sentry.
        expect([typeOf(t, ReturnSLOT), permsOf(t, ReturnSLOT) & (perm.store | perm.execute)]).toEqual([format === 'riscv' ? -2 : 1, perm.execute]);
        return 0;
      });
      expect(process.status).toEqual({ exit: 0 });
    });

    test('the auxiliary vector has what the ABI says <design/exec#.auxv>', () => {
      const process = begin(make(), function* (t) {
        const { perm } = formatOf(t), vmem = permVmem(formatOf(t));
        const number = (type: number): number => (auxOf(t, type, 5) && !t.isTagged(5) ? addrOf(t, 5) : -1);
        const perms = (type: number): number => (auxOf(t, type, 5) && t.isTagged(5) ? permsOf(t, 5) : 0);
        expect([number(AT_PAGESZ), perms(AT_ENTRY) & (perm.execute | perm.store), typeOf(t, 5)]).toEqual([PageSIZE, perm.execute, format === 'riscv' ? -2 : 1]);
        if (abi === 'cheribsd') {
          expect([number(AT_NCPUS), number(AT_ARGC), number(AT_ENVC), auxOf(t, AT_CHERI_STACK_CAP, 5)]).toEqual([1, 2, 1, false]);
          for (const [type, slot] of [[AT_ARGV, ArgvSLOT], [AT_ENVV, EnvpSLOT]] as const) {
            expect(auxOf(t, type, 5)).toBe(true);
            expect(slotRead(t, 5)).toEqual(slotRead(t, slot));
          }
          expect([auxOf(t, AT_EXECPATH, 5), textOf(t, 5)]).toEqual([true, 'prog']);
          return 0;
        }
        expect([number(AT_ARGC_LINUX), number(AT_ENVC_LINUX)]).toEqual([2, 1]);
        for (const [type, slot] of [[AT_ARGV_LINUX, ArgvSLOT], [AT_ENVP_LINUX, EnvpSLOT]] as const) {
          expect(auxOf(t, type, 5)).toBe(true);
          expect(slotRead(t, 5)).toEqual(slotRead(t, slot));
        }
        for (const type of [AT_EXECFN_LINUX, AT_PLATFORM_LINUX, AT_RANDOM_LINUX]) expect(perms(type)).toBe(perm.global | perm.load);
        expect([auxOf(t, AT_EXECFN_LINUX, 5), textOf(t, 5)]).toEqual([true, 'prog']);
        expect(perms(AT_SYSINFO_EHDR_LINUX) & perm.execute).toBe(perm.execute);
        expect(perms(AT_CHERI_EXEC_RX_CAP) & (perm.execute | perm.store | perm.invoke | vmem)).toBe(perm.execute | perm.invoke | vmem);
        expect(perms(AT_CHERI_EXEC_RW_CAP) & (perm.execute | perm.store | vmem)).toBe(perm.store | vmem);
        expect([baseOf(t, 5), lengthOf(t, 5)]).toEqual([baseOf(t, CodeSLOT), 5 * PageSIZE]);
        expect(perms(AT_CHERI_STACK_CAP) & (perm.execute | perm.store | vmem)).toBe(perm.store | vmem);
        expect([baseOf(t, 5), lengthOf(t, 5)]).toEqual([baseOf(t, StackSLOT), lengthOf(t, StackSLOT)]);
        expect(perms(AT_CHERI_SEAL_CAP)).toBe(perm.global | perm.seal | perm.unseal);
        expect(perms(AT_CHERI_CID_CAP)).toBe(perm.global | perm.compartment);
        return 0;
      }, ['prog', 'one'], ['E=1']);
      expect(process.status).toEqual({ exit: 0 });
    });

    test('the root for sealing has those two permissions, and the types of processes <design/exec#.roots>', () => {
      const process = begin(make(), function* (t, thread) {
        const { perm } = formatOf(t), { first, limit } = userTypes(formatOf(t));
        expect([first, limit]).toEqual(format === 'riscv' ? [0, 2 ** 17] : [4, 2 ** 14]);
        expect(sysctlCap(thread, 'security.cheri.sealcap', 5)).toBe(0);
        expect([t.isTagged(5), permsOf(t, 5), baseOf(t, 5), lengthOf(t, 5)]).toEqual([true, perm.global | perm.seal | perm.unseal, first, limit - first]);
        expect([sysctlCap(thread, 'security.cheri.cidcap', 5), permsOf(t, 5)]).toEqual([0, perm.global | perm.compartment]);
        expect(sysctlCap(thread, 'hw.ncpu', 5)).toBe(ENOENT);
        return 0;
      });
      expect(process.status).toEqual({ exit: 0 });
    });

    test('fork and exec: the child runs the program, the parent what it ran; with vfork it goes on at once <design/exec#.inv.new>', () => {
      for (const how of [fork, vfork]) {
        const kernel = make(), free = kernel.frames.available, log: unknown[] = [];
        kernel.programs.set('/bin/prog', program(function* (t, thread) {
          log.push(['prog', thread.process.args, thread.process.name, thread.process.threads.size]);
          expect(t.isTagged(6)).toBe(false);
          return 9;
        }));
        play(kernel, function* (t, thread) {
          pages(thread, 6);
          t.store32(6, 0, 5);
          const into = { word: 0 }, pid = yield* how(thread, function* (_c, child) {
            child.process.spawn('other', function* () { for (;;) yield undefined; });
            execve(child, '/bin/prog', ['prog', 'x']);
            log.push('never');
          });
          expect([yield* waitpid(thread, pid, 0, into), t.load32(6, 0)]).toEqual([pid, 5]);
          log.push(wexitStatus(into.word));
        });
        expect(log).toEqual([['prog', ['prog', 'x'], 'prog', 1], 9]);
        expect(kernel.frames.available).toBe(free);
      }
    });
  });
}

describe('what a program begins with of the one before', () => {
  test('the mask, signals that wait, ignored signals; not handlers, the alternate stack, or what is done at a fork <design/exec#.keeps>', () => {
    const kernel = system();
    let seen: unknown = null;
    play(kernel, function* (_t, thread) {
      const { process } = thread;
      process.sigaction(SIGUSR1, { handler: function* () { /* Nothing. */ }, mask: SigSetEMPTY, flags: 0 });
      process.sigaction(SIGUSR2, { handler: SIG_IGN, mask: SigSetEMPTY, flags: 0 });
      pages(thread, 5, 2);
      thread.sigaltstack(5, 2 * PageSIZE);
      thread.sigprocmask(SIG_BLOCK, sigSet(SIGTERM));
      thread.kill(SIGTERM);
      execve(thread, program(function* (_h, fresh) {
        seen = [
          process.dispositions[SIGUSR1].action.handler, process.ignores(SIGUSR2), fresh.altstack, fresh.mask, fresh.pending, process.atFork.length,
          fresh.process === process, kernel.find(process.pid) === process,
        ];
        return 0;
      }), ['prog']);
    });
    expect(seen).toEqual([SIG_DFL, true, null, sigSet(SIGTERM), sigSet(SIGTERM), 0, true, true]);
  });

  test('what was caught, waits and is ignored now waits on in Linux alone; an ignored SIGCHLD is ignored there alone <design/exec#.keeps>', () => {
    for (const abi of ['cheribsd', 'pcuabi'] as const) {
      for (const isIgnored of [false, true]) {
        const kernel = system({ abi }), log: unknown[] = [];
        play(kernel, function* (_t, thread) {
          const { process } = thread;
          const act = (signal: number, handler: SigAction['handler']): unknown => process.sigaction(signal, { handler, mask: SigSetEMPTY, flags: 0 });
          for (const signal of [SIGCHLD, SIGURG, SIGUSR1]) act(signal, function* () { /* Nothing. */ });
          thread.sigprocmask(SIG_BLOCK, sigSet(SIGCHLD, SIGURG, SIGUSR1));
          for (const signal of [SIGURG, SIGUSR1]) expect([process.kill(signal), thread.kill(signal)]).toEqual([0, 0]);
          process.kill(SIGCHLD);
          if (isIgnored) act(SIGCHLD, SIG_IGN);
          execve(thread, program(function* (_h, fresh) {
            log.push(fresh.pending, fresh.process.pendingSet.has(SIGURG), fresh.process.pendingSet.has(SIGUSR1), fresh.process.pendingSet.has(SIGCHLD));
            const pid = yield* fork(fresh, function* (_c, child) { child.process.exit(4); });
            log.push((yield* waitpid(fresh, pid)) === pid);
            return 0;
          }), ['prog']);
        });
        const isLinux = abi === 'pcuabi';
        expect([abi, ...log]).toEqual([abi, isLinux ? sigSet(SIGURG, SIGUSR1) : sigSet(SIGUSR1), isLinux, true, isLinux && !isIgnored, !isLinux || !isIgnored]);
      }
    }
  });

  test('the descriptors that are not to be closed <design/exec#.keeps>', () => {
    const kernel = system();
    let seen: unknown = null;
    play(kernel, function* (_t, thread) {
      const { files } = thread.process;
      expect([files.shmOpen(O_RDWR | O_CLOEXEC), files.shmOpen(O_RDWR)]).toEqual([0, 1]);
      execve(thread, program(function* () {
        seen = files.list().map(({ fd }) => fd);
        return 0;
      }), ['prog']);
    });
    expect(seen).toEqual([1]);
  });

  test('where it fails, nothing has changed <design/exec#.errors>', () => {
    const kernel = system({ size: 0x80_0000 }), main: ProgramBody = function* () { return 0; };
    play(kernel, function* (t, thread) {
      pages(thread, 5);
      t.store32(5, 0, 3);
      const { process } = thread, before = [process.map.entries(), kernel.frames.available, process.name];
      const fails = (which: Program | string, argv: string[] = ['a'], envp: string[] = []): number => execve(thread, which, argv, envp);
      expect([
        fails('/none'), fails(program(main, { text: 0 })), fails(program(main, { data: -1 })), fails(program(main, { bss: 0.5 })),
        fails(program(main), []), fails(program(main), ['a\0b']), fails(program(main), ['a'], ['\0']),
        fails(program(main), ['x'.repeat(ARG_MAX)]), fails(program(main, { bss: 2 ** 33 })),
      ]).toEqual([ENOENT, ENOEXEC, ENOEXEC, ENOEXEC, EINVAL, EINVAL, EINVAL, E2BIG, ENOMEM]);
      expect([process.map.entries(), kernel.frames.available, process.name]).toEqual(before);
      process.setrlimit(RLIMIT_AS, { soft: 0x2_0000, hard: 0x2_0000 });
      expect(fails(program(main))).toBe(ENOMEM);
      expect([t.load32(5, 0), thread.unwind]).toEqual([3, null]);
    });
  });

  test('without frames for its arguments a program does not begin <design/exec#.errors>', () => {
    const kernel = system({ size: 0x2_0000 });
    play(kernel, function* (_t, thread) {
      const free = kernel.frames.available;
      expect(execve(thread, program(function* () { return 0; }), ['x'.repeat(0x2_0000)])).toBe(ENOMEM);
      expect(kernel.frames.available).toBe(free);
    });
  });

  test('the stack has the size of the limit, and never more than the system\'s <design/exec#.start.stack>', () => {
    for (const [soft, size] of [[0x1_0000, 0x1_0000], [0x100, PageSIZE], [Infinity, MaxSTACK]]) {
      const kernel = system(), process = kernel.process('shell');
      process.setrlimit(RLIMIT_STACK, { soft, hard: Infinity });
      execute(process, program(function* (t) {
        expect(lengthOf(t, StackSLOT)).toBe(size);
        return 0;
      }), ['prog']);
      kernel.run();
      expect(process.status).toEqual({ exit: 0 });
    }
  });

  test('a stack that may grow less from now on does <design/limits#.stack>', () => {
    const kernel = system(), process = kernel.process('shell');
    execute(process, program(function* (t, thread) {
      thread.process.setrlimit(RLIMIT_STACK, { soft: 0x10_0000, hard: 0x10_0000 });
      t.store32(StackSLOT, -0x8_0000, 3);
      t.store32(StackSLOT, -0x18_0000, 3);
      return 0;
    }), ['prog']);
    kernel.run();
    expect(process.status).toMatchObject({ signal: 11 });
  });
});

