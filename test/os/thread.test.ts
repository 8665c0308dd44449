import { describe, expect, test } from 'vitest';
import { PageSIZE, type Hart } from '../../code/machine/machine.ts';
import {
  ArgumentSLOT, Frames, Mutex, SIG_DFL, SIGSEGV, SigSetEMPTY, SIGTERM, SIGUSR1, Kernel, SIGUSR2, stepCall,
  stepLoad16, stepLoad32, stepLoad8, stepLoadCap, stepLoadDouble, stepStore16, stepStore32, stepStore8, stepStoreCap,
  stepStoreDouble, type Thread, type ThreadBody, type Wait,
} from '../../code/os/os.ts';
import { RLIMIT_AS } from '../../code/os/proc/limits.ts';
import { adopt, close, failure, handle, open, pages, reportOf, rig, spawn } from './rig.ts';

describe('life', () => {
  test('a body that knows the hart alone, and yields nothing, is a body <design/thread#.def.body>', () => {
    const { kernel, process, hart, thread } = rig();
    pages(thread, 5);
    const plain = function* (t: Hart): Generator<undefined, void, undefined> {
      for (let i = 0; i < 3; i++) {
        t.store32(ArgumentSLOT, 4 * i, i + 1);
        yield;
      }
    };
    const made = spawn(process, 'worker', plain, { argument: { hart, slot: 5 }, slots: 64 });
    expect([made.hart.limit, made.id, made.name, made.hart.isTagged(ArgumentSLOT)]).toEqual([64, 2, 'worker', true]);
    kernel.run();
    expect([hart.load32(5, 0), hart.load32(5, 4), hart.load32(5, 8), made.state]).toEqual([1, 2, 3, 'done']);
  });

  test('the last thread to end ends the process; a stack goes back when its thread has <design/thread#.inv.stack>', () => {
    const { kernel } = rig(), process = kernel.process('other'), { available } = kernel.frames;
    for (let i = 0; i < 3; i++) {
      spawn(process, `t${i}`, function* (t) {
        t.enter(300);
        yield;
      });
    }
    for (let i = 0; i < 12 && kernel.frames.available > available - 3 * 0x2000; i++) kernel.step();
    expect(kernel.frames.available).toBeLessThan(available);
    kernel.run();
    expect([process.threads.size, process.status, kernel.frames.available, kernel.step()]).toEqual([0, { exit: 0 }, available, false]);
    expect(() => spawn(process, 'late', function* () { yield; })).toThrow('<design/os#.process.over>');
  });

  test('without room for a stack there is no thread, and nothing has changed <design/thread#.inv.stack>', () => {
    const { process, kernel } = rig(), { available } = kernel.frames, entries = process.map.entries();
    expect(process.setrlimit(RLIMIT_AS, { soft: 0x10_0000, hard: 0x10_0000 })).toBe(0);
    expect(process.spawn('big', function* () { yield; }, { stackSize: 0x10_0000 })).toBe(null);
    expect([kernel.frames.available, process.map.entries(), process.threads.size]).toEqual([available, entries, 1]);
  });

  test('a stack has room for every slot of a usual hart, and a guard below it under PCuABI <design/thread#.stack.size>', () => {
    for (const abi of ['cheribsd', 'pcuabi'] as const) {
      const { memory } = rig(), kernel = new Kernel({ memory, frames: new Frames(memory, PageSIZE, 0x10_0000), seed: 1, abi });
      const thread = adopt(kernel.process('p'), 'a'), { hart, process } = thread, [lowest] = process.map.entries();
      hart.enter(hart.limit - hart.top);
      expect([thread.sp > thread.stackBase, thread.stackBase - lowest.base]).toEqual([true, abi === 'pcuabi' ? PageSIZE : 0]);
    }
  });

  test('an error of a program ends its thread and comes out of step; others go on <design/scheduler#.error>', () => {
    const { kernel } = rig(), process = kernel.process('p');
    let count = 0;
    spawn(process, 'bad', function* () {
      yield;
      throw new RangeError('its own');
    });
    spawn(process, 'good', function* () {
      for (; count < 5; count++) yield;
    });
    const errors: string[] = [];
    for (let going = true; going;) errors.push(failure(() => { going = kernel.step(); }));
    expect(errors.filter((error) => error !== 'nothing')).toEqual(['RangeError: its own']);
    expect([count, process.status]).toEqual([5, { exit: 0 }]);
  });
});

describe('unwinding', () => {
  /** A program that puts things right when it is ended, and tries to access while it does. */
  const tidy = (log: string[], middle: (thread: Thread) => void): ThreadBody => function* (t, thread) {
    try {
      yield;
      middle(thread);
      log.push('went on');
    } finally {
      log.push('finally');
      log.push(failure(() => t.load8(ArgumentSLOT, 0)).split(':')[0]);
    }
  };

  test('exit throws through the program, which has memory on the way <design/thread#.unwind>', () => {
    const { kernel, process, hart, thread } = rig(), log: string[] = [];
    pages(thread, 5);
    spawn(process, 'one', tidy(log, (self) => self.exit()), { argument: { hart, slot: 5 } });
    kernel.run();
    expect([log, process.status]).toEqual([['finally', 'nothing'], null]);
  });

  test('when a process dies every thread of it ends, through its own finally; suspended and blocked ones too <design/thread#.unwind>', () => {
    for (const driver of ['fast', 'explored'] as const) {
      const { kernel, hart, thread } = rig(3, driver), process = kernel.process('victim'), logs: string[][] = [[], [], []];
      pages(thread, 5);
      const waiting = (log: string[], wait: Wait | undefined): ThreadBody => function* (t) {
        try {
          for (;;) yield wait;
        } finally {
          log.push('finally', failure(() => t.load8(ArgumentSLOT, 0)).split(':')[0]);
        }
      };
      const held = spawn(process, 'held', waiting(logs[0], undefined));
      spawn(process, 'blocked', waiting(logs[1], { ready: () => false, what: 'nothing' }));
      for (let i = 0; i < 20; i++) kernel.step();
      kernel.suspend(held);
      spawn(process, 'killer', tidy(logs[2], (self) => {
        self.hart.load8(20, 0);
      }));
      kernel.run();
      expect(logs).toEqual([['finally', 'Unwind'], ['finally', 'Unwind'], ['finally', 'Unwind']]);
      expect([process.threads.size, reportOf(process)]).toEqual([0, expect.stringContaining('SIGPROT (PROT_CHERI_TAG)')]);
      expect(hart.load8(5, 0)).toBe(0);
    }
  });

  test('for a thread that the host drives it is an error with the first line of the report; it stays over <design/thread#.adopted>', () => {
    const { process, hart, thread, kernel } = rig();
    const first = failure(() => hart.store8(7, 0, 1));
    expect(first).toBe('Unwind: process 2 \'test\' died of SIGPROT (PROT_CHERI_TAG) in thread 1 \'main\'');
    expect([failure(() => hart.load8(1, 0)), thread.state, process.threads.size, kernel.current]).toEqual([first, 'done', 0, null]);
    expect(kernel.step()).toBe(false);
  });

  test('only the running thread can exit <design/thread#.exit.self>', () => {
    const { process } = rig(), one = spawn(process, 'one', function* () { yield; });
    expect(() => one.exit()).toThrow('<design/thread#.exit.self>');
  });
});

describe('operations', () => {
  const everything: ThreadBody = function* () {
    yield* stepStore8(10, 0, 0x12);
    yield* stepStore16(10, 2, 0x3456);
    yield* stepStore32(10, 4, -7);
    yield* stepStoreDouble(10, 8, 0.5);
    yield* stepStoreCap(10, 16, 10);
    yield* stepLoadCap(11, 10, 16);
    const read = [yield* stepLoad8(11, 0), yield* stepLoad16(11, 2), yield* stepLoad32(11, 4), yield* stepLoadDouble(11, 8)];
    yield* stepCall(() => expect(read).toEqual([0x12, 0x3456, -7, 0.5]));
    yield* stepStore32(10, 32, 1 + (yield* stepCall(() => 41)));
  };

  for (const driver of ['fast', 'explored'] as const) {
    test(`each is the hart's own, and its result is the program's, ${driver} <design/thread#.stepped>`, () => {
      const { kernel, process, hart, thread } = rig(1, driver);
      pages(thread, 5);
      spawn(process, 'stepper', everything, { argument: { hart, slot: 5 }, stepped: true });
      kernel.run();
      expect(hart.load32(5, 32)).toBe(42);
    });

    test(`one that faults is done after its handler has returned, which is cut like any program, ${driver} <design/thread#.inv.interrupted>`, () => {
      const { kernel, process, hart, thread } = rig(1, driver), log: string[] = [];
      pages(thread, 5);
      close(thread, 5);
      handle(process, SIGSEGV, function* (_signal, _info, context, self) {
        log.push(`in ${self.depth} ${context?.access ?? ''} ${context?.offset ?? 0}`);
        yield;
        yield* stepCall(() => open(thread, 5));
        log.push('out');
      });
      const one = spawn(process, 'stepper', everything, { argument: { hart, slot: 5 }, stepped: true });
      let inside = 0;
      while (kernel.step()) if (one.depth === 2) inside += 1;
      expect([log, hart.load32(5, 32), one.sp]).toEqual([['in 2 store 0', 'out'], 42, one.stackLimit]);
      expect(inside).toBeGreaterThanOrEqual(driver === 'fast' ? 1 : 3);
    });

    test(`one can be granted, once <design/sigframe#.grant> ${driver}`, () => {
      const { kernel, process, hart, thread } = rig(1, driver);
      let granted = 0;
      pages(thread, 5);
      // What has never been touched has no frame that could be granted.
      hart.store8(5, 0, 0);
      close(thread, 5);
      handle(process, SIGSEGV, function* (_signal, _info, context) {
        granted += context?.grant() === true ? 1 : 0;
        yield;
      });
      spawn(process, 'stepper', everything, { argument: { hart, slot: 5 }, stepped: true });
      kernel.run();
      open(thread, 5);
      expect([granted, hart.load32(5, 32)]).toEqual([11, 42]);
    });
  }

  test('an edited frame changes the operation, and signals that come meanwhile are handled on top <design/sigframe#.inv.retry>', () => {
    const { kernel, process, hart, thread } = rig(), log: number[] = [];
    pages(thread, 5);
    pages(thread, 6);
    close(thread, 5);
    handle(process, SIGUSR1, function* (_signal, _info, _context, self) {
      log.push(self.depth);
      yield;
      log.push(-self.depth);
    });
    handle(process, SIGSEGV, function* (_signal, _info, context, self) {
      yield* stepCall(() => self.kill(SIGUSR1));
      yield;
      const local = self.hart.local();
      slotCopy(self.hart, local, hart, 6);
      context?.store(10, local);
    });
    spawn(process, 'stepper', function* () {
      yield* stepStore32(10, 0, 9);
      yield* stepStore32(10, 4, 10);
    }, { argument: { hart, slot: 5 }, stepped: true });
    kernel.run();
    expect([log, hart.load32(6, 0), hart.load32(6, 4)]).toEqual([[3, -3], 9, 10]);
  });
});

function slotCopy(to: Hart, dst: number, from: Hart, src: number): void {
  to.r.set(from.r.subarray(src << 3, (src << 3) + 7), dst << 3);
}

describe('mutexes', () => {
  test('one owner at a time; the others wait, by name <design/thread#.mutex>', () => {
    const { kernel } = rig(), process = kernel.process('p'), mutex = new Mutex('m');
    let inside = 0, most = 0, total = 0;
    const waits = new Set<string | null>();
    const worker: ThreadBody = function* (_t, self) {
      for (let i = 0; i < 10; i++) {
        yield* mutex.claim(self);
        inside += 1;
        most = Math.max(most, inside);
        total += 1;
        yield;
        for (const other of process.threads) waits.add(other.waitingFor);
        inside -= 1;
        mutex.release(self);
        yield;
      }
    };
    for (const name of ['a', 'b', 'c']) spawn(process, name, worker);
    kernel.run();
    expect([most, total, waits.has('mutex m, which thread 2 \'a\' owns')]).toEqual([1, 30, true]);
  });

  test('claiming it again and releasing another\'s are defects; trying is not <design/thread#.mutex.again>', () => {
    const { thread, process } = rig(), other = adopt(process, 'other'), mutex = new Mutex('m');
    mutex.claimNested(thread);
    expect(() => mutex.tryClaim(thread)).toThrow('<design/thread#.mutex.again>');
    expect(() => mutex.claimNested(thread)).toThrow('<design/thread#.mutex.again>');
    expect(() => mutex.claim(thread).next()).toThrow('<design/thread#.mutex.again>');
    expect([mutex.tryClaim(other), mutex.owner]).toEqual([false, thread]);
    mutex.release(thread);
    expect([mutex.tryClaim(other), mutex.owner]).toEqual([true, other]);
  });

  test('releasing what another owns is a defect <design/thread#.mutex.owner>', () => {
    const { thread, process } = rig(), other = adopt(process, 'other'), mutex = new Mutex('m');
    expect(() => mutex.release(thread)).toThrow('<design/thread#.mutex.owner>');
    mutex.claimNested(other);
    expect(() => mutex.release(thread)).toThrow('<design/thread#.mutex.owner>');
  });
});

describe('nested signals of plain threads', () => {
  test('a handler that waits lets others run, and the access goes on after <design/scheduler#.nested>', () => {
    const { kernel, process, hart, thread } = rig(), log: string[] = [];
    let ready = false;
    pages(thread, 5);
    close(thread, 5);
    handle(process, SIGSEGV, function* (_signal, _info, _context, self) {
      yield { ready: () => ready, what: 'the other' } satisfies Wait;
      log.push(`handled, ${self.waitingFor ?? 'waiting for nothing'}`);
      open(thread, 5);
    });
    const one = spawn(process, 'one', function* (t) {
      log.push(String(t.load32(10, 0)));
      yield;
    }, { argument: { hart, slot: 5 } });
    spawn(process, 'two', function* () {
      while (one.waitingFor === null) yield;
      log.push(`waits for ${one.waitingFor}`);
      ready = true;
    });
    kernel.run();
    expect(log).toEqual(['waits for the other', 'handled, waiting for nothing', '0']);
  });

  test('a waiting thread handles signals, and goes on waiting <design/signal#.wait>', () => {
    for (const nested of [true, false]) {
      const { kernel, process } = rig(), log: string[] = [];
      let ready = false;
      handle(process, SIGUSR1, function* () {
        log.push('handled');
        yield;
      });
      const one = spawn(process, 'one', function* (_t, self) {
        if (nested) kernel.runUntil(self, () => ready);
        else yield { ready: () => ready, what: 'two' };
        log.push('went on');
      });
      spawn(process, 'two', function* () {
        for (let i = 0; i < 3; i++) yield;
        one.kill(SIGUSR1);
        for (let i = 0; i < 5; i++) yield;
        log.push('ready');
        ready = true;
      });
      kernel.run();
      expect(log).toEqual(['handled', 'ready', 'went on']);
    }
  });

  test('a signal that ends the process ends the one who sends it to itself at once <design/signal#.send>', () => {
    const { kernel, process } = rig(), log: string[] = [];
    process.sigaction(SIGUSR2, { handler: SIG_DFL, mask: SigSetEMPTY, flags: 0 });
    spawn(process, 'one', function* (_t, self) {
      log.push('sends');
      self.kill(SIGUSR2);
      log.push('went on');
      yield;
    });
    kernel.run();
    expect([log, reportOf(process).split('\n', 2)[1]]).toEqual([['sends'], '  sent by process 2']);
    expect(process.kill(SIGTERM)).not.toBe(0);
  });
});
