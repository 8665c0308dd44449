import { describe, expect, test } from 'vitest';
import { andPerm, clearTag, incOffset, Memory, PageSIZE, riscv, sealEntry } from '../../code/machine/machine.ts';
import {
  EFAULT, EINVAL, ENOMEM, EPERM, Frames, Kernel, MapANON, MapPRIVATE, MINSIGSTKSZ, protMax, ProtREAD, ProtWRITE, SA_NODEFER, SA_ONSTACK, SA_SIGINFO, SIGPROT, SIGSEGV, SIGUSR1, SS_DISABLE,
  type SigHandler, type Thread,
} from '../../code/os/os.ts';
import { close, failure, handle, open, pages, reportOf, rig } from './rig.ts';
import { grant } from './grant.ts';

describe('stacks', () => {
  test('a full stack ends the process, and the report says so <design/sigframe#.full>', () => {
    const { process } = rig(), thread = process.adopt('small', { stackSize: 0x4000 }) as Thread, { hart } = thread;
    pages(thread, 1);
    let depth = 0;
    handle(process, SIGSEGV, function* () {
      depth += 1;
      hart.load8(1, 0);
    }, SA_SIGINFO | SA_NODEFER);
    close(thread, 1);
    expect(() => hart.load8(1, 0)).toThrow('died of SIGSEGV');
    expect([reportOf(process), depth]).toEqual([expect.stringContaining('the stack is full'), 0x4000 / 128]);
  });

  test('a stack that cannot be written ends the process <design/sigframe#.full>', () => {
    const { process, thread, hart } = rig();
    handle(process, SIGUSR1, function* () {
      expect.unreachable();
    });
    grant(process.map, hart, 1, thread.stackBase | 0, ProtREAD | ProtWRITE, true);
    expect(process.map.mprotect(hart, 1, thread.stackLimit - thread.stackBase, ProtREAD)).toBe(0);
    expect(() => thread.kill(SIGUSR1)).toThrow('died of SIGUSR1');
    expect(reportOf(process)).toContain('the stack cannot be written');
  });

  test('with SA_ONSTACK a handler has the alternate stack, so a full stack can be handled; both are roots <design/sigframe#.altstack>', () => {
    const { process, thread, hart } = rig();
    pages(thread, 1);
    pages(thread, 2, 2);
    expect(thread.sigaltstack(2, 8192)).toBe(0);
    // Two pages of its own stack are touched.
    hart.leave(hart.enter(400));
    const alt = hart.r[16] >>> 0, places: [boolean, boolean][] = [], bytes = (): number => thread.stackRanges().reduce((sum, { base, limit }) => sum + limit - base, 0);
    handle(process, SIGUSR1, function* () {
      places.push([thread.isOnAltStack, thread.sp === alt + 8192 - 256]);
      expect(bytes()).toBe(8192 + 256);
    }, 0);
    handle(process, SIGSEGV, function* () {
      places.push([thread.isOnAltStack, thread.sp === alt + 8192 - 128]);
      expect(thread.sigaltstack(2, 8192)).toBe(EPERM);
      expect(bytes()).toBe(8192 + 128);
      thread.kill(SIGUSR1);
      open(thread, 1);
    }, SA_SIGINFO | SA_ONSTACK);
    thread.sp = thread.stackBase;
    close(thread, 1);
    hart.load8(1, 0);
    expect(places).toEqual([[true, true], [true, true]]);
    expect([thread.isOnAltStack, thread.sp]).toEqual([false, thread.stackBase]);
    expect(thread.sigaltstack(0, 0, SS_DISABLE)).toBe(0);
    expect(thread.altstack).toBe(null);
    expect(() => thread.kill(SIGUSR1)).toThrow('died of SIGUSR1');
  });

  test('what interrupts a handler on the alternate stack goes on there, below it, and no further than its base <design/sigframe#.altstack>', () => {
    for (const flags of [0, SA_ONSTACK]) {
      const { process, thread, hart } = rig();
      pages(thread, 1, 2);
      expect(thread.sigaltstack(1, 8192)).toBe(0);
      const alt = hart.r[8] >>> 0, places: number[] = [];
      const handler: SigHandler = function* () {
        places.push(thread.sp - alt);
        if (places.length === 2) thread.sp = alt + 64;
        handle(process, SIGUSR1, handler, SA_NODEFER | flags);
        thread.kill(SIGUSR1);
      };
      handle(process, SIGUSR1, handler, SA_NODEFER | SA_ONSTACK);
      expect(() => thread.kill(SIGUSR1)).toThrow('died of SIGUSR1');
      expect([places, reportOf(process)]).toEqual([[8192 - 128, 8192 - 256], expect.stringContaining('the stack is full')]);
    }
  });

  test('frames are aligned wherever an alternate stack ends <design/sigframe#.inv.place>', () => {
    const { process, thread, hart } = rig();
    pages(thread, 1, 2);
    incOffset(hart, 1, 1, 48);
    expect(thread.sigaltstack(1, 5000)).toBe(0);
    let place = 0;
    handle(process, SIGUSR1, function* () {
      place = thread.sp;
    }, SA_ONSTACK);
    thread.kill(SIGUSR1);
    expect([place % 128, (hart.r[8] >>> 0) + 5000 - place >= 128, (hart.r[8] >>> 0) + 5000 - place < 256]).toEqual([0, true, true]);
  });

  test('sigaltstack wants a size, and a capability that allows all that a stack needs <design/sigframe#.altstack>', () => {
    const { process, thread, hart } = rig();
    pages(thread, 1, 2);
    expect([thread.sigaltstack(1, MINSIGSTKSZ - 1), thread.sigaltstack(1, 8193), thread.sigaltstack(1, 8192, 8), thread.sigaltstack(1, 8192)])
      .toEqual([ENOMEM, EFAULT, EINVAL, 0]);
    clearTag(hart, 2, 1);
    andPerm(hart, 3, 1, riscv.perm.all & ~riscv.perm.storeCap);
    sealEntry(hart, 4, 1);
    expect([2, 3, 4].map((slot) => thread.sigaltstack(slot, 8192))).toEqual([EFAULT, EFAULT, EFAULT]);
    expect(process.map.mmap(hart, 5, 0, 8192, protMax(3), MapANON | MapPRIVATE)).toBe(0);
    expect(thread.sigaltstack(5, 8192)).toBe(0);
  });
});

describe('depth', () => {
  for (const abi of ['cheribsd', 'pcuabi'] as const) {
    /** A thread with a stack of two pages, and what its handler on an alternate stack is told. */
    function overflow(hasAlt: boolean): { told: unknown[]; report: string; end: string; low: number } {
      const memory = new Memory(0x40_0000), kernel = new Kernel({ memory, frames: new Frames(memory, PageSIZE, 0x40_0000 - PageSIZE), seed: 1, abi });
      const process = kernel.process('deep', true), thread = process.adopt('deep', { stackSize: 2 * PageSIZE, slots: 4096 }) as Thread, { hart } = thread;
      const told: unknown[] = [];
      for (const signal of [SIGPROT, SIGSEGV]) {
        handle(process, signal, function* (_signal, info, context) {
          told.push(signal, info?.code, (info?.low ?? 0) >>> 0 < thread.stackBase, thread.isOnAltStack, context?.access);
          thread.exit();
        }, SA_SIGINFO | SA_ONSTACK);
      }
      if (hasAlt) {
        pages(thread, 1, 2);
        expect(thread.sigaltstack(1, 8192)).toBe(0);
      }
      const low = thread.stackBase, end = failure(() => { for (;;) hart.enter(10); });
      return { told, report: process.status === null ? '' : reportOf(process), end, low };
    }

    test(`who runs off the stack faults, and is told on the alternate stack, ${abi} <design/thread#.inv.depth>`, () => {
      const { told, end } = overflow(true);
      expect(told.slice(2)).toEqual([true, true, 'store']);
      expect(told[0]).toBe(abi === 'cheribsd' ? SIGPROT : SIGSEGV);
      expect(end).toContain('has exited');
    });

    test(`without one the process dies, and the report says why, ${abi} <design/thread#.inv.depth>`, () => {
      const { told, report } = overflow(false);
      expect([told, report]).toEqual([[], expect.stringContaining('the stack is full')]);
    });
  }

  test('locals lower the stack pointer, frames go below them, and leaving raises it again <design/thread#.inv.depth>', () => {
    const { process, thread, hart } = rig(), at: number[] = [];
    handle(process, SIGUSR1, function* () {
      at.push(thread.stackLimit - thread.sp);
      hart.enter(8);
      at.push(thread.stackLimit - thread.sp);
    });
    const first = hart.enter(100);
    thread.kill(SIGUSR1);
    at.push(thread.stackLimit - thread.sp);
    hart.leave(first);
    expect([at, thread.sp]).toEqual([[1600 + 64 + 128, 1600 + 64 + 128 + 128, 1600], thread.stackLimit]);
  });
});
