import { describe, expect, test } from 'vitest';
import { PageDIRTYCAP, PageSIZE, slotRead, type Hart } from '../../code/machine/machine.ts';
import { fork, vfork } from '../../code/os/proc/fork.ts';
import { waitpid } from '../../code/os/proc/family.ts';
import { SA_ONSTACK, SA_SIGINFO, SIGSEGV, sigSet, SigSetEMPTY, SIGTERM, SIGUSR1, SIGUSR2, type SigHandler } from '../../code/os/signal.ts';
import type { SigContext, SigInfo } from '../../code/os/sigframe.ts';
import type { Thread } from '../../code/os/thread.ts';
import { MapANON, MapFIXED, MapPRIVATE, MapSHARED, ProtNONE, ProtREAD, ProtWRITE } from '../../code/os/vm/mman.ts';
import { reportOf } from './rig.ts';
import { pages, play, start, system, systems } from './proc/rig.ts';

const RW = ProtREAD | ProtWRITE;
const STACK = 5, CLOSED = 6, OPEN = 7, TWIN = 8;

/** arrange -- an alternate stack of two pages in slot STACK, and slot TWIN; a page that forbids all and one that does not. */
function arrange(thread: Thread): void {
  pages(thread, STACK, 2);
  thread.hart.move(TWIN, STACK);
  pages(thread, CLOSED);
  pages(thread, OPEN);
  expect(thread.process.map.mprotect(thread.hart, CLOSED, PageSIZE, ProtNONE)).toBe(0);
  expect(thread.sigaltstack(STACK, 2 * PageSIZE)).toBe(0);
}

const handle = ({ process }: Thread, signal: number, handler: (info: SigInfo, context: SigContext, thread: Thread) => ReturnType<SigHandler>): void => {
  process.sigaction(signal, {
    handler: (_signal, info, context, thread) => handler(info as SigInfo, context as SigContext, thread), mask: SigSetEMPTY, flags: SA_SIGINFO | SA_ONSTACK,
  });
};

/** What a handler can do with a frame that is gone. */
const uses: Readonly<Record<string, (info: SigInfo, context: SigContext, t: Hart) => unknown>> = {
  'reading the siginfo': (info) => info.signo,
  'reading a register': (_info, context, t) => { context.load(t.local(), CLOSED); },
  'reading the mask': (_info, context) => context.mask,
  'changing a register': (_info, context) => { context.store(CLOSED, OPEN); },
  'changing the mask': (_info, context) => { context.mask = sigSet(SIGTERM); },
  'asking where the access goes': (_info, context) => context.low,
  'going back': () => 0,
};

for (const [abi, format] of systems) {
  describe(`${abi} on ${format}`, () => {
    test.each(Object.entries(uses))('%s ends the process if the frame\'s page is gone, and touches nobody\'s memory <design/sigframe#.inv.there>', (_, use) => {
      const kernel = system({ abi, format }), words: number[] = [];
      let isGone = false, isTaken = false, isOver = false;
      const one = start(kernel, 'one', function* (t, thread) {
        arrange(thread);
        handle(thread, SIGSEGV, function* (info, context) {
          if (context.slot !== CLOSED) return;
          expect(thread.process.map.munmap(t, STACK, 2 * PageSIZE)).toBe(0);
          isGone = true;
          yield { what: 'other', ready: () => isTaken };
          use(info, context, t);
        });
        try {
          t.load32(CLOSED, 0);
        } finally {
          isOver = true;
        }
      });
      start(kernel, 'other', function* (t, thread) {
        yield { what: 'frames that are free', ready: () => isGone };
        pages(thread, STACK, 8);
        for (let at = 0; at < 8 * PageSIZE; at += 16) t.storeCap(STACK, at, STACK);
        isTaken = true;
        yield { what: 'the end', ready: () => isOver };
        const mine = slotRead(t, STACK);
        for (let at = 0; at < 8 * PageSIZE; at += 16) {
          t.loadCap(6, STACK, at);
          if (JSON.stringify(slotRead(t, 6), String) !== JSON.stringify(mine, String)) words.push(at);
        }
      });
      kernel.run();
      expect([one.status, words]).toEqual([expect.objectContaining({ signal: SIGSEGV }), []]);
      expect(reportOf(one)).toMatch(/the signal frame at 0x[0-9a-f]+ cannot be (read|written) any more/);
    });
  });
}

describe('a frame is what its addresses hold now', () => {
  test('other memory at its place is data: no mask, and registers without tags <design/sigframe#.inv.there>', () => {
    const kernel = system(), seen: unknown[] = [];
    const process = play(kernel, function* (t, thread) {
      arrange(thread);
      handle(thread, SIGSEGV, function* (info, context) {
        if (context.slot !== CLOSED) return;
        expect(thread.process.map.mmap(t, TWIN, STACK, 2 * PageSIZE, RW, MapANON | MapPRIVATE | MapFIXED)).toBe(0);
        const copy = t.local();
        context.load(copy, CLOSED);
        seen.push(info.signo, info.code, context.mask, t.isTagged(copy));
      });
      thread.mask = sigSet(SIGUSR2);
      t.load32(CLOSED, 0);
    });
    expect(seen).toEqual([0, 0, SigSetEMPTY, false]);
    expect(reportOf(process)).toContain('PROT_CHERI_TAG');
  });

  test('memory that another process cuts off is gone <design/sigframe#.inv.there>', () => {
    const kernel = system();
    let stage = 0;
    const process = play(kernel, function* (t, thread) {
      arrange(thread);
      const { files } = thread.process, fd = files.shmOpen(2);
      files.ftruncate(thread, fd, 2 * PageSIZE);
      t.clear(STACK);
      expect(thread.process.mmap(t, STACK, STACK, 2 * PageSIZE, RW, MapSHARED, fd)).toBe(0);
      expect(thread.sigaltstack(STACK, 2 * PageSIZE)).toBe(0);
      yield* fork(thread, function* (_c, child) {
        yield { what: 'the handler', ready: () => stage === 1 };
        child.process.files.ftruncate(child, fd, 0);
        stage = 2;
      });
      handle(thread, SIGUSR1, function* () {
        stage = 1;
        yield { what: 'the child', ready: () => stage === 2 };
      });
      thread.kill(SIGUSR1);
    });
    expect([stage, process.status]).toEqual([2, expect.objectContaining({ signal: SIGSEGV })]);
  });

  test('a page that is brought in anew, or becomes its own again after a fork, is no hindrance <design/fork#.frames>', () => {
    const kernel = system(), masks: unknown[] = [];
    let stage = 0, other: Thread | null = null;
    play(kernel, function* (_t, thread) {
      handle(thread, SIGUSR1, function* (_info, context) {
        stage = 1;
        yield { what: 'the grandchild', ready: () => stage === 2 };
        context.mask = sigSet(SIGTERM);
        stage = 3;
        yield { what: 'its look', ready: () => stage === 4 };
      });
      other = thread.process.spawn('other', function* (_o, self) {
        self.kill(SIGUSR1);
        masks.push(self.mask);
        stage = 5;
      });
      yield { what: 'the handler', ready: () => stage === 1 };
      const { low } = (other as Thread).levels[1];
      const pid = yield* vfork(thread, function* (_c, child) {
        yield* fork(child, function* (g, { process }) {
          stage = 2;
          yield { what: 'the change', ready: () => stage === 3 };
          const entry = process.map.space.window[low >>> 12], word = ((entry & -PageSIZE) | (low & (PageSIZE - 1))) >>> 2;
          masks.push(g.i32[word + 12]);
          stage = 4;
        });
        yield { what: 'the other thread', ready: () => stage === 5 };
      });
      yield* waitpid(thread, pid);
    });
    expect(masks).toEqual([0, sigSet(SIGTERM)]);
  });

  test('after a fork what is in use of stacks is the process\'s own, before somebody writes to it from outside <design/sigframe#.roots>', () => {
    const kernel = system(), holders: number[] = [];
    play(kernel, function* (t, thread) {
      t.enter(300);
      const count = (): void => { for (const { base, limit } of thread.stackRanges()) for (let at = base & -PageSIZE; at < limit; at += PageSIZE) holders.push(kernel.frames.holdersOf(at)); };
      yield* fork(thread, function* () {
        for (let turn = 0; turn < 5; turn++) yield undefined;
      });
      count();
    });
    expect([holders.length > 1, new Set(holders)]).toEqual([true, new Set([1])]);
  });

  test('the mask that is changed through the context is data, whatever lay there <design/sigframe#.inv.tampered>', () => {
    const kernel = system(), tags: boolean[] = [];
    play(kernel, function* (t, thread) {
      handle(thread, SIGUSR1, function* (_info, context) {
        const slot = context.contextSlot();
        t.storeCap(slot, 0, slot);
        context.mask = SigSetEMPTY;
        const copy = t.local();
        t.loadCap(copy, slot, 0);
        tags.push(t.isTagged(copy));
      });
      thread.kill(SIGUSR1);
    });
    expect(tags).toEqual([false]);
  });

  test('the page of a frame counts as one that has had a capability stored to it <design/sigframe#.inv.dirty>', () => {
    const kernel = system(), bits: number[] = [];
    play(kernel, function* (_t, thread) {
      handle(thread, SIGUSR1, function* () {
        bits.push(thread.hart.space.window[thread.sp >>> 12] & PageDIRTYCAP);
      });
      thread.kill(SIGUSR1);
    });
    expect(bits).toEqual([PageDIRTYCAP]);
  });
});
