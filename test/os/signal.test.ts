import { describe, expect, test } from 'vitest';
import { addrOf, andPerm, clearTag, incOffset, riscv, sealEntry, setBounds, slotWrite } from '../../code/machine/machine.ts';
import { random } from '../../code/base/base.ts';
import {
  codeName, EINVAL, ESRCH, ProtREAD, ProtWRITE, SA_NODEFER, SA_RESETHAND, SA_SIGINFO, SIG_BLOCK, SIG_DFL, SIG_IGN,
  SIG_SETMASK, SIG_UNBLOCK, SIGABRT, SIGBUS, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGKILL, signalName, SIGPROT, SIGRTMIN, SIGSEGV,
  sigSet, sigSetAdd, sigSetDelete, SigSetEMPTY, sigSetFirst, SigSetFULL, sigSetHas, sigSetLess, sigSetUnion, SIGSTOP,
  SIGTERM, SIGUSR1, SIGUSR2, SI_LWP, SI_USER, type SigSet, type Thread,
} from '../../code/os/os.ts';
import { seeds } from '../seed.ts';
import { adopt, close, failure, handle, open, pages, protect, reportOf, rig, spawn } from './rig.ts';

describe('numbers and sets', () => {
  test('signals have FreeBSD\'s numbers, with CheriBSD\'s SIGPROT <design/signal#.numbers>', () => {
    expect([SIGHUP, SIGINT, SIGABRT, SIGKILL, SIGBUS, SIGSEGV, SIGTERM, SIGSTOP, SIGCONT, SIGCHLD, SIGUSR1, SIGUSR2, SIGPROT])
      .toEqual([1, 2, 6, 9, 10, 11, 15, 17, 19, 20, 30, 31, 34]);
    expect([1, 11, 34, 35, 64, 65].map(signalName)).toEqual(['SIGHUP', 'SIGSEGV', 'SIGPROT', 'SIGRTMIN', 'SIGRTMIN+29', 'signal 65']);
    expect([codeName(SIGSEGV, 2), codeName(SIGPROT, 5), codeName(SIGUSR1, SI_LWP), codeName(SIGUSR1, 9)])
      .toEqual(['SEGV_ACCERR', 'PROT_CHERI_PERM', 'SI_LWP', '9']);
  });

  test('a set has what was put into it, for every signal <design/signal#.def.set>', () => {
    for (let signal = 1; signal <= 64; signal++) {
      const one = sigSet(signal), rest = sigSetLess(SigSetFULL, one);
      expect([sigSetHas(one, signal), sigSetHas(rest, signal), sigSetFirst(one.low, one.high)]).toEqual([true, false, signal]);
      expect([sigSetUnion(one, rest), sigSetAdd(rest, signal), sigSetDelete(SigSetFULL, signal)]).toEqual([SigSetFULL, SigSetFULL, rest]);
      for (let other = 1; other <= 64; other++) expect(sigSetHas(one, other)).toBe(other === signal);
    }
    expect(sigSetFirst(0, 0)).toBe(0);
  });
});

describe('faults', () => {
  /** Every way for an access through slot 1 to be refused, and the signal, code, trap number and register of it. */
  const cases: readonly (readonly [string, (thread: Thread) => void, number, number, number, number])[] = [
    ['nothing is reserved', ({ process, hart }) => {
      expect(process.map.munmap(hart, 1, 8192)).toBe(0);
    }, SIGSEGV, 1, 15, 0],
    ['there is a hole in a reservation', ({ process, hart }) => {
      expect(process.map.munmap(hart, 1, 4096)).toBe(0);
    }, SIGSEGV, 2, 15, 0],
    ['it is outside the window', ({ hart }) => {
      slotWrite(hart, 1, riscv.rootAt(BigInt(addrOf(hart, 1)) + (1n << 32n)));
    }, SIGSEGV, 1, 15, 0],
    ['the page is closed', (thread) => close(thread, 1), SIGSEGV, 2, 15, 0],
    ['it can only be read', (thread) => protect(thread, 1, ProtREAD), SIGSEGV, 2, 15, 0],
    ['its page has no capabilities', (thread) => protect(thread, 1, ProtREAD | ProtWRITE | 0x8000), SIGSEGV, 15, 0x1b, 0],
    ['it is misaligned', ({ hart }) => incOffset(hart, 1, 1, 4), SIGBUS, 1, 6, 0],
    ['no tag', ({ hart }) => clearTag(hart, 1, 1), SIGPROT, 2, 0x1c, 1],
    ['sealed', ({ hart }) => sealEntry(hart, 1, 1), SIGPROT, 3, 0x1c, 1],
    ['no permission', ({ hart }) => andPerm(hart, 1, 1, riscv.perm.load), SIGPROT, 5, 0x1c, 1],
    ['no STORE_CAP', ({ hart }) => andPerm(hart, 1, 1, riscv.perm.all & ~riscv.perm.storeCap), SIGPROT, 5, 0x1c, 1],
    ['no STORE_LOCAL', ({ hart }) => {
      andPerm(hart, 1, 1, riscv.perm.all & ~riscv.perm.storeLocal);
      andPerm(hart, 2, 2, riscv.perm.all & ~riscv.perm.global);
    }, SIGPROT, 8, 0x1c, 1],
    ['beyond the bounds', ({ hart }) => setBounds(hart, 1, 1, 40), SIGPROT, 1, 0x1c, 1],
  ];

  for (const [name, spoil, signal, code, trapno, capreg] of cases) {
    test(`${name}: signal, code, address, trap number and register are CheriBSD's <design/signal#.fault>`, () => {
      const { process, thread, hart } = rig();
      pages(thread, 1, 2);
      hart.move(2, 1);
      spoil(thread);
      const addr = addrOf(hart, 1) + 32, seen: unknown[] = [];
      handle(process, signal, function* (signo, info) {
        seen.push(signo, info?.code, info?.addr, info?.trapno, info?.capreg);
        process.exit(0);
      });
      expect(() => hart.storeCap(1, 32, 2)).toThrow('has exited');
      expect(seen).toEqual([signal, code, addr, trapno, capreg]);
    });
  }

  test('a capability fault is never a SIGSEGV: who handles that alone dies of SIGPROT <design/signal#.fault.capability>', () => {
    const { process, thread, hart } = rig();
    pages(thread, 1);
    handle(process, SIGSEGV, function* () {
      expect.unreachable();
    });
    close(thread, 1);
    expect(() => hart.load8(1, 4096)).toThrow('SIGPROT (PROT_CHERI_BOUNDS)');
  });

  test('the handler runs before the access is tried again, as often as that is refused <design/signal#.inv.retry>', () => {
    const { process, thread, hart } = rig();
    pages(thread, 1);
    let count = 0;
    handle(process, SIGSEGV, function* () {
      count += 1;
      if (count === 3) open(thread, 1);
    });
    close(thread, 1);
    hart.store32(1, 0, 5);
    expect([count, hart.load32(1, 0), thread.mask, thread.depth]).toEqual([3, 5, SigSetEMPTY, 0]);
  });

  test('a fault whose signal is blocked, ignored or not handled ends the process, never loops <design/signal#.inv.synchronous>', () => {
    const spoilers: readonly (readonly [string, (thread: Thread) => void])[] = [
      ['SIGSEGV is blocked', (thread) => {
        handle(thread.process, SIGSEGV, function* () {
          expect.unreachable();
        });
        thread.sigprocmask(SIG_BLOCK, sigSet(SIGSEGV));
      }],
      ['SIGSEGV is ignored', ({ process }) => process.sigaction(SIGSEGV, { handler: SIG_IGN, mask: SigSetEMPTY, flags: 0 })],
      ['load of 1 bytes', () => undefined],
      ['SIGSEGV is blocked', (thread) => handle(thread.process, SIGSEGV, function* () {
        thread.hart.load8(1, 0);
      })],
    ];
    for (const [note, spoil] of spoilers) {
      const { process, thread, hart } = rig();
      pages(thread, 1);
      spoil(thread);
      close(thread, 1);
      expect(() => hart.load8(1, 0)).toThrow('died of SIGSEGV');
      expect([process.status, reportOf(process)]).toEqual([expect.objectContaining({ signal: SIGSEGV }), expect.stringContaining(note)]);
    }
  });
});

describe('handlers', () => {
  test('a handler that faults each time ends the process, with a report <design/signal#.departs.nest>', () => {
    const { process, thread, hart } = rig(1, 'fast', 0x80_0000), seen: number[] = [];
    pages(thread, 1);
    close(thread, 1);
    handle(process, SIGSEGV, function* () {
      seen.push(hart.load32(1, 0));
    }, SA_SIGINFO | SA_NODEFER);
    expect(failure(() => hart.load32(1, 0))).toContain('died of SIGSEGV');
    expect([seen, reportOf(process).includes('128 handlers interrupt each other')]).toEqual([[], true]);
  });

  test('a fault in a handler is handled on top of it, where SA_NODEFER lets it <design/signal#.inv.nest>', () => {
    const { process, thread, hart } = rig();
    for (let slot = 1; slot < 9; slot++) {
      pages(thread, slot);
      hart.store32(slot, 0, slot);
      close(thread, slot);
    }
    const order: number[] = [];
    handle(process, SIGSEGV, function* (_signal, _info, context) {
      const slot = context?.slot ?? 0, { depth, sp } = thread;
      order.push(slot);
      if (slot < 8) expect(hart.load32(slot + 1, 0)).toBe(slot + 1);
      expect([thread.depth, thread.sp, context?.slot]).toEqual([depth, sp, slot]);
      order.push(-slot);
      open(thread, slot);
    }, SA_SIGINFO | SA_NODEFER);
    expect(hart.load32(1, 0)).toBe(1);
    expect(order).toEqual([1, 2, 3, 4, 5, 6, 7, 8, -8, -7, -6, -5, -4, -3, -2, -1]);
    expect(thread.sp).toBe(thread.stackLimit);
  });

  test('SA_RESETHAND makes the next one the default <design/signal#.flags>', () => {
    const { process, thread } = rig();
    let count = 0;
    handle(process, SIGUSR1, function* () {
      count += 1;
    }, SA_RESETHAND);
    thread.kill(SIGUSR1);
    expect(process.sigaction(SIGUSR1, null)).toMatchObject({ handler: SIG_DFL });
    expect(failure(() => thread.kill(SIGUSR1))).toBe(`Unwind: process ${process.pid} 'test' died of SIGUSR1 (SI_LWP) in thread 1 'main'`);
    expect(count).toBe(1);
  });

  test('sigaction returns what was; signals that cannot be caught or do not exist, and unknown flags, are EINVAL <design/signal#.sigaction>', () => {
    const { process } = rig(), action = { handler: SIG_IGN, mask: SigSetEMPTY, flags: 0 } as const;
    expect(process.sigaction(SIGUSR1, action)).toMatchObject({ handler: SIG_DFL });
    expect(process.sigaction(SIGUSR1, null)).toBe(action);
    expect([0, 65, 1.5, SIGKILL, SIGSTOP].map((signal) => process.sigaction(signal, action))).toEqual([EINVAL, EINVAL, EINVAL, EINVAL, EINVAL]);
    expect(process.sigaction(SIGUSR1, { ...action, flags: 0x100 })).toBe(EINVAL);
    expect(process.sigaction(SIGKILL, null)).toMatchObject({ handler: SIG_DFL });
  });

  test('kill, pthread_kill and sigprocmask refuse what does not exist <design/signal#.send>', () => {
    const { process, thread } = rig();
    const other = adopt(process, 'other');
    expect([thread.kill(0), process.kill(0), thread.kill(65), process.kill(-1), thread.sigprocmask(9, SigSetEMPTY)]).toEqual([0, 0, EINVAL, EINVAL, EINVAL]);
    expect(failure(() => other.exit())).toBe('Unwind: thread 2 \'other\' has exited');
    expect(other.kill(SIGUSR1)).toBe(ESRCH);
    expect(failure(() => process.kill(SIGTERM))).toContain('SIGTERM (SI_USER)');
    expect([thread.kill(SIGUSR1), process.kill(0)]).toEqual([ESRCH, ESRCH]);
  });

  test('who sent a signal, and how, is in its siginfo <design/signal#.send>', () => {
    const { process, kernel, thread } = rig();
    const seen: unknown[] = [], sender = kernel.process('sender');
    handle(process, SIGUSR1, function* (_signal, info) {
      seen.push([info?.code, info?.pid, info?.addr, info?.trapno]);
    });
    spawn(sender, 'sender', function* () {
      process.kill(SIGUSR1);
      yield;
    });
    kernel.step();
    expect(seen).toEqual([]);
    thread.sigprocmask(SIG_UNBLOCK, SigSetEMPTY);
    thread.kill(SIGUSR1);
    expect(seen).toEqual([[SI_USER, sender.pid, 0, 0], [SI_LWP, 0, 0, 0]]);
  });

  test('of several senders the first is the one that is told of <design/signal#.inv.pending>', () => {
    const { process, kernel, thread } = rig(), seen: unknown[] = [];
    handle(process, SIGUSR1, function* (_signal, info) {
      seen.push(info?.pid);
    });
    thread.sigprocmask(SIG_BLOCK, sigSet(SIGUSR1));
    const sender = kernel.process('sender');
    spawn(sender, 'sender', function* () {
      thread.kill(SIGUSR1);
      yield;
    });
    kernel.run();
    thread.kill(SIGUSR1);
    thread.sigprocmask(SIG_UNBLOCK, sigSet(SIGUSR1));
    expect(seen).toEqual([sender.pid]);
  });

  test('what a fault\'s handler blocks is delivered after it, before the access is tried again <design/signal#.inv.pending>', () => {
    const { process, thread, hart } = rig(), order: string[] = [];
    pages(thread, 1);
    handle(process, SIGUSR1, function* () {
      order.push(`sent at ${thread.depth}`);
      open(thread, 1);
    });
    handle(process, SIGSEGV, function* () {
      thread.kill(SIGUSR1);
      order.push('fault');
    }, SA_SIGINFO, sigSet(SIGUSR1));
    close(thread, 1);
    hart.load8(1, 0);
    expect(order).toEqual(['fault', 'sent at 1']);
  });

  test('a blocked signal waits, once, and is delivered when it is unblocked, the lowest first, under the others <design/signal#.inv.pending>', () => {
    const { process, thread } = rig(), order: number[] = [];
    for (const signal of [SIGHUP, SIGUSR1, SIGPROT]) {
      handle(process, signal, function* (signo) {
        order.push(signo);
      });
    }
    thread.sigprocmask(SIG_BLOCK, sigSet(SIGHUP, SIGUSR1, SIGPROT));
    for (const signal of [SIGPROT, SIGHUP, SIGUSR1, SIGHUP]) thread.kill(signal);
    expect([order, thread.pending]).toEqual([[], sigSet(SIGHUP, SIGUSR1, SIGPROT)]);
    thread.sigprocmask(SIG_UNBLOCK, sigSet(SIGUSR1));
    expect(order).toEqual([SIGUSR1]);
    thread.sigprocmask(SIG_SETMASK, SigSetEMPTY);
    expect([order, thread.pending]).toEqual([[SIGUSR1, SIGPROT, SIGHUP], SigSetEMPTY]);
  });

  test('what is ignored when it is sent, or becomes ignored, does not wait <design/signal#.inv.pending>', () => {
    const { process, thread } = rig();
    thread.sigprocmask(SIG_BLOCK, SigSetFULL);
    thread.kill(SIGCHLD);
    thread.kill(SIGUSR1);
    process.kill(SIGUSR2);
    expect([thread.pending, process.pendingSet.low]).toEqual([sigSet(SIGUSR1), sigSet(SIGUSR2).low]);
    for (const signal of [SIGUSR1, SIGUSR2]) process.sigaction(signal, { handler: SIG_IGN, mask: SigSetEMPTY, flags: 0 });
    expect([thread.pending, process.pendingSet.low]).toEqual([SigSetEMPTY, 0]);
  });

  test('a signal for the process goes to a thread that does not block it, else waits for the first that unblocks it <design/signal#.send>', () => {
    const { process, thread } = rig(), other = adopt(process, 'other'), order: string[] = [];
    handle(process, SIGUSR1, function* (_signal, _info, _context, on) {
      order.push(on.name);
    });
    thread.sigprocmask(SIG_BLOCK, sigSet(SIGUSR1));
    process.kill(SIGUSR1);
    other.sigprocmask(SIG_BLOCK, sigSet(SIGUSR1));
    process.kill(SIGUSR1);
    expect(order).toEqual(['other']);
    thread.sigprocmask(SIG_UNBLOCK, sigSet(SIGUSR1));
    expect(order).toEqual(['other', 'main']);
  });

  test('SIGKILL ends a process whatever it blocks <design/signal#.kill>', () => {
    const { process, thread } = rig();
    thread.mask = SigSetFULL;
    process.kill(SIGKILL);
    expect(reportOf(process)).toMatch(/^process \d+ 'test' died of SIGKILL/);
    expect(() => thread.hart.load8(1, 0)).toThrow('SIGKILL');
  });

  test('a stopped process goes on with SIGCONT, and not before <design/signal#.stop>', () => {
    const { kernel } = rig(), process = kernel.process('worker');
    let count = 0;
    spawn(process, 'worker', function* () {
      for (; count < 4; count++) yield;
    });
    kernel.step();
    process.kill(SIGSTOP);
    expect(failure(() => kernel.run())).toContain('thread 2 \'worker\' can run, stopped');
    expect([process.isStopped, count]).toEqual([true, 0]);
    process.kill(SIGCONT);
    kernel.run();
    expect([process.status, count]).toEqual([{ exit: 0 }, 4]);
  });
});

/** What a handler does: raise a signal, change the mask, or nothing; the same script for the thread and for the model. */
type Act = { readonly raise: number } | { readonly how: number; readonly set: SigSet };

/** A model of delivery that knows nothing but POSIX: masks as sets, handlers as calls. */
class Model {
  readonly log: string[] = [];
  private mask = new Set<number>();
  /** Real-time signals as often as they were raised. */
  private readonly waiting: number[] = [];
  private readonly act: () => readonly Act[];
  private readonly masks: ReadonlyMap<number, ReadonlySet<number>>;

  constructor(act: () => readonly Act[], masks: ReadonlyMap<number, ReadonlySet<number>>) {
    this.act = act;
    this.masks = masks;
  }

  perform(act: Act): void {
    if ('raise' in act) {
      if (act.raise >= SIGRTMIN || !this.waiting.includes(act.raise)) this.waiting.push(act.raise);
    } else {
      for (const signal of this.masks.keys()) {
        const has = sigSetHas(act.set, signal);
        if (act.how === SIG_SETMASK ? !has : act.how === SIG_UNBLOCK && has) this.mask.delete(signal);
        else if (has && act.how !== SIG_UNBLOCK) this.mask.add(signal);
      }
    }
    if ('raise' in act || act.how !== SIG_BLOCK) this.deliver();
  }

  /** Handlers are stacked, each blocking its own before the next is looked for; then run from the top down. */
  private deliver(): void {
    const stack: (readonly [number, Set<number>])[] = [];
    for (;;) {
      const next = [...this.waiting].sort((a, b) => a - b).find((signal) => !this.mask.has(signal));
      if (next !== undefined) {
        this.waiting.splice(this.waiting.indexOf(next), 1);
        stack.push([next, this.mask]);
        this.mask = new Set([...this.mask, ...this.masks.get(next) ?? []]);
        continue;
      }
      const top = stack.pop();
      if (top === undefined) return;
      this.log.push(`+${top[0]}`);
      for (const act of this.act()) this.perform(act);
      this.log.push(`-${top[0]}`);
      this.mask = top[1];
    }
  }
}

for (const seed of seeds(30)) {
  test(`masks, nesting and order of signals are a model's <design/signal#.inv.mask> seed=${seed}`, () => {
    const draw = random(seed), { process, thread } = rig(), log: string[] = [];
    const signals = [SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGPROT, 60];
    const some = (): SigSet => sigSet(...signals.filter(() => draw(3) === 0));
    const masks = new Map<number, Set<number>>();
    const scripts: Act[][] = Array.from({ length: 60 }, () => Array.from({ length: draw(3) }, () =>
      draw(3) > 0 ? { raise: signals[draw(6)] } : { how: 1 + draw(3), set: some() }));
    const player = (): (() => readonly Act[]) => {
      let next = 0;
      return () => scripts[next++] ?? [];
    };
    const play = player();
    const perform = (act: Act): unknown => 'raise' in act ? thread.kill(act.raise) : thread.sigprocmask(act.how, act.set);
    for (const signal of signals) {
      const mask = some(), flags = draw(2) === 0 ? SA_NODEFER : 0;
      masks.set(signal, new Set(signals.filter((other) => sigSetHas(mask, other) || (other === signal && flags === 0))));
      handle(process, signal, function* () {
        log.push(`+${signal}`);
        for (const act of play()) perform(act);
        log.push(`-${signal}`);
      }, flags, mask);
    }
    const model = new Model(player(), masks);
    const acts = Array.from({ length: 40 }, (): Act => draw(3) > 0 ? { raise: signals[draw(6)] } : { how: 1 + draw(3), set: some() });
    for (const act of acts) {
      perform(act);
      model.perform(act);
      expect(log).toEqual(model.log);
    }
    expect(log.length).toBeGreaterThan(20);
    expect([thread.depth, thread.sp]).toEqual([0, thread.stackLimit]);
  });
}
