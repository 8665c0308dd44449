import { describe, expect, test } from 'vitest';
import {
  addrOf, addrOfWindow, baseOf, lengthOf, PageSIZE, PermDATA, permsOf, setBounds, slotRead, WindowHIGH, type Hart,
} from '../../code/machine/machine.ts';
import {
  ProtREAD, SA_NODEFER, SA_SIGINFO, SEGV_ACCERR, sigSet, SIGSEGV, SIGTERM, SIGUSR1, SI_LWP, type SigContext, type SigInfo, type Thread,
} from '../../code/os/os.ts';
import { close, handle, open, pages, protect, rig } from './rig.ts';

/** The tags of the granules that stand at the stack pointer. */
const tagsAt = (thread: Thread): number[] => {
  const { base } = thread.stackRange();
  return [...thread.hart.tags.subarray(base >>> 4, (base >>> 4) + 8)];
};

const views = (info: SigInfo | null, context: SigContext | null): [SigInfo, SigContext] => {
  if (info === null || context === null) throw new Error('no views');
  return [info, context];
};

describe('a frame', () => {
  test('lies below the stack pointer, aligned, and has siginfo and context, authority and value with tags <design/sigframe#.inv.place>', () => {
    const { process, thread, hart, memory } = rig();
    pages(thread, 1);
    hart.move(2, 1);
    setBounds(hart, 2, 2, 64);
    let seen = 0;
    handle(process, SIGSEGV, function* (signal, i, c) {
      const [info, context] = views(i, c), { base, limit } = thread.stackRange();
      expect([thread.sp % 128, thread.stackLimit - thread.sp, limit - base]).toEqual([0, 128, 128]);
      expect([signal, info.signo, info.code, info.errno, info.pid, info.trapno, info.capreg]).toEqual([SIGSEGV, SIGSEGV, SEGV_ACCERR, 0, 0, 15, 0]);
      expect([info.addr, info.low, info.high]).toEqual([addrOf(hart, 1) + 32, hart.r[8] + 32, WindowHIGH]);
      expect([context.access, context.size, context.slot, context.offset, context.value]).toEqual(['storecap', 16, 1, 32, 2]);
      expect([context.top, context.isWrite, context.mask]).toEqual([32, true, { low: 0, high: 0 }]);
      expect(tagsAt(thread)).toEqual([0, 0, 0, 0, 0, 0, 1, 1]);
      const words = [...memory.i32.subarray(base >>> 2, limit >>> 2)];
      expect(words.slice(24, 28)).toEqual([...hart.r.subarray(8, 12)]);
      expect(words.slice(28, 32)).toEqual([...hart.r.subarray(16, 20)]);
      expect(words.slice(0, 4)).toEqual([SIGSEGV, 0, SEGV_ACCERR, 0]);
      expect(words.slice(16, 22)).toEqual([4, 16, 1, 32, 2, 32]);
      seen += 1;
      open(thread, 1);
    });
    close(thread, 1);
    hart.storeCap(1, 32, 2);
    hart.loadCap(3, 1, 32);
    expect([seen, hart.isSame(2, 3), thread.sp]).toEqual([1, true, thread.stackLimit]);
    expect(thread.stackRange()).toEqual({ base: 0, limit: 0 });
  });

  test('leaves nothing of an earlier one, whatever that held <design/sigframe#.inv.whole>', () => {
    const { process, thread, hart, memory } = rig();
    pages(thread, 1);
    const { base, limit } = { base: thread.stackLimit - 128, limit: thread.stackLimit };
    handle(process, SIGUSR1, function* () {
      yield;
    });
    // The first frame brings its page in.
    thread.kill(SIGUSR1);
    const physical = ((hart.space.window[base >>> 12] & -PageSIZE) >>> 0) + (base & (PageSIZE - 1));
    const dirty = (): void => {
      memory.i32.fill(-1, physical >>> 2, (physical + limit - base) >>> 2);
      memory.tags.fill(1, physical >>> 4, (physical + limit - base) >>> 4);
    };
    const words = (): number[] => [...memory.i32.subarray(physical >>> 2, (physical >>> 2) + 32)];
    const frames: number[][] = [];
    handle(process, SIGSEGV, function* () {
      frames.push(words(), tagsAt(thread));
      open(thread, 1);
    });
    handle(process, SIGUSR1, function* () {
      frames.push(words(), tagsAt(thread));
    });
    close(thread, 1);
    dirty();
    hart.load8(1, 7);
    dirty();
    thread.kill(SIGUSR1);
    expect(frames[0]).toEqual([
      SIGSEGV, 0, SEGV_ACCERR, 0, hart.r[8] + 7, WindowHIGH, 0, 0, 13, 0, 0, 0,
      0, 0, 0, thread.stackLimit | 0, 1, 1, 1, 7, -1, 32, 0, 0, ...hart.r.subarray(8, 12), 0, 0, 0, 0,
    ]);
    expect(frames[1]).toEqual([0, 0, 0, 0, 0, 0, 1, 0]);
    expect(frames[2]).toEqual([
      SIGUSR1, 0, SI_LWP, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, thread.stackLimit | 0, 0, 0, -1, 0, -1, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
    expect(frames[3]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('capabilities for its two parts have exactly their bounds, and last until the handler returns <design/sigframe#.slots>', () => {
    const { process, thread, hart } = rig();
    let seen: unknown[] = [];
    handle(process, SIGUSR1, function* (_signal, i, c) {
      const [info, context] = views(i, c), one = info.infoSlot(), other = context.contextSlot();
      seen = [one, other, hart.load32(one, 0), baseOf(hart, one), lengthOf(hart, one), baseOf(hart, other), lengthOf(hart, other)];
      expect(permsOf(hart, one)).toBe((PermDATA >>> 16) & 0xfff);
    });
    const claimed = hart.enter(3);
    thread.kill(SIGUSR1);
    // Locals have their place on the stack, above the frame.
    const frame = addrOfWindow(thread.stackLimit - 256);
    expect(seen).toEqual([claimed + 3, claimed + 4, SIGUSR1, frame, 48, frame + 48, 80]);
    expect(hart.top).toBe(claimed + 3);
  });

  test('a handler without SA_SIGINFO is given neither view <design/signal#.siginfo>', () => {
    const { process, thread } = rig();
    const seen: unknown[] = [];
    handle(process, SIGUSR1, function* (signal, info, context, on) {
      seen.push(signal, info, context, on);
    }, 0);
    thread.kill(SIGUSR1);
    expect(seen).toEqual([SIGUSR1, null, null, thread]);
  });
});

/** A fault on page 1 that stores slot 2; page 3 stands open beside it. */
function faulting(edit: (info: SigInfo, context: SigContext, hart: Hart) => void): { hart: Hart; thread: Thread; report: () => unknown } {
  const { process, thread, hart } = rig();
  pages(thread, 1);
  pages(thread, 3);
  hart.store32(1, 0, 0);
  hart.move(2, 1);
  handle(process, SIGSEGV, function* (_signal, i, c) {
    const [info, context] = views(i, c);
    if (thread.depth > 1) return;
    edit(info, context, hart);
  }, SA_SIGINFO | SA_NODEFER);
  close(thread, 1);
  return { hart, thread, report: () => process.status };
}

describe('going back', () => {
  test('an authority that is changed through the context is what the access is tried with <design/sigframe#.inv.retry>', () => {
    const { hart } = faulting((_info, context, t) => {
      context.store(1, 3);
      context.load(t.local(), 1);
    });
    hart.storeCap(1, 16, 2);
    expect([hart.isSame(1, 3), hart.isTagged(1)]).toEqual([true, true]);
    hart.loadCap(4, 3, 16);
    expect(hart.isSame(4, 2)).toBe(true);
  });

  test('a value that is changed in memory, by the machine, is what is stored, tag and all <design/sigframe#.inv.retry>', () => {
    const { hart } = faulting((_info, context, t) => {
      const frame = context.contextSlot();
      t.storeCap(frame, 48, 3);
      t.storeCap(frame, 64, 3);
    });
    hart.storeCap(1, 32, 2);
    hart.loadCap(4, 3, 32);
    expect([hart.isSame(4, 3), hart.isTagged(4), hart.isSame(2, 3)]).toEqual([true, true, true]);
  });

  test('a register of which the frame is overwritten with data has no tag, and the access faults on that <design/sigframe#.inv.tampered>', () => {
    const { hart, report } = faulting((_info, context, t) => {
      const frame = context.contextSlot(), low = t.load32(frame, 48);
      t.store32(frame, 48, low);
    });
    expect(() => hart.storeCap(1, 16, 2)).toThrow('died of SIGPROT (PROT_CHERI_TAG)');
    expect(hart.isTagged(1)).toBe(false);
    expect(report()).toMatchObject({ signal: 34 });
  });

  test('where authority and value are one register, the frame has it once <design/sigframe#.same>', () => {
    const { hart, thread } = faulting((_info, context) => {
      expect(tagsAt(thread).slice(6)).toEqual([1, 0]);
      context.store(1, 3);
    });
    hart.storeCap(1, 48, 1);
    hart.loadCap(4, 3, 48);
    expect([hart.isSame(4, 3), hart.isSame(1, 3)]).toEqual([true, true]);
  });

  test('other registers are their slots: what a handler writes there stays <design/sigframe#.register>', () => {
    const { process, thread, hart } = rig();
    pages(thread, 1);
    const seen: boolean[] = [];
    handle(process, SIGUSR1, function* (_signal, _info, context) {
      const mine = hart.local();
      context?.load(mine, 1);
      seen.push(hart.isSame(mine, 1));
      context?.store(5, mine);
      expect(() => context?.load(mine, 32)).toThrow('<design/sigframe#.register>');
    });
    thread.kill(SIGUSR1);
    expect([...seen, hart.isSame(5, 1), slotRead(hart, 5).tag]).toEqual([true, true, true]);
  });

  test('the mask of the frame is the mask; SIGKILL and SIGSTOP never are in it <design/sigframe#.inv.mask>', () => {
    const { process, thread } = rig();
    handle(process, SIGUSR1, function* (_signal, _info, context) {
      if (context === null) return;
      expect([context.mask, thread.mask]).toEqual([{ low: 0, high: 0 }, sigSet(SIGUSR1)]);
      context.mask = { low: -1, high: 4 };
    });
    thread.kill(SIGUSR1);
    expect(thread.mask).toEqual({ low: -1 & ~((1 << 8) | (1 << 16)), high: 4 });
    thread.mask = sigSet(SIGTERM);
    expect(thread.mask).toEqual(sigSet(SIGTERM));
  });

  test('a granted access is made once, at its own place, whatever the page says, tag and all <design/sigframe#.grant>', () => {
    const { process, thread, hart } = rig();
    pages(thread, 1);
    hart.store32(1, 8, 77);
    hart.storeCap(1, 16, 1);
    let faults = 0;
    handle(process, SIGSEGV, function* (_signal, _info, context) {
      faults += 1;
      expect(context?.grant()).toBe(true);
    });
    close(thread, 1);
    expect([hart.load32(1, 8), hart.load8(1, 8), hart.load32(1, 8)]).toEqual([77, 77, 77]);
    hart.loadCap(2, 1, 16);
    hart.storeCap(1, 32, 1);
    hart.store32(1, 8, 78);
    hart.storeDouble(1, 48, 2.5);
    expect(faults).toBe(7);
    expect(hart.isSame(1, 2)).toBe(true);
    protect(thread, 1, ProtREAD);
    hart.loadCap(3, 1, 32);
    expect([faults, hart.isSame(1, 3), hart.load32(1, 8), hart.loadDouble(1, 48)]).toEqual([7, true, 78, 2.5]);
  });

  test('nothing else than a page that has a frame can be granted <design/sigframe#.grant>', () => {
    const { process, thread, hart } = rig();
    pages(thread, 1);
    const grants: (boolean | undefined)[] = [];
    handle(process, SIGUSR1, function* (_signal, _info, context) {
      grants.push(context?.grant());
    });
    handle(process, SIGSEGV, function* (_signal, _info, context) {
      grants.push(context?.grant());
      expect(process.map.mprotect(hart, 1, 4096, ProtREAD)).not.toBe(0);
      process.exit(3);
    });
    thread.kill(SIGUSR1);
    expect(process.map.munmap(hart, 1, 4096)).toBe(0);
    expect(() => hart.load8(1, 0)).toThrow('has exited');
    expect(grants).toEqual([false, false]);
    expect(process.status).toEqual({ exit: 3 });
  });

  test('a granted access whose authority the handler takes away is not made <design/sigframe#.grant>', () => {
    const { hart, report } = faulting((_info, context, t) => {
      expect(context.grant()).toBe(true);
      context.store(1, t.local());
    });
    expect(() => hart.load8(1, 0)).toThrow('PROT_CHERI_TAG');
    expect(report()).toMatchObject({ signal: 34 });
  });
});
