import { describe, expect, test } from 'vitest';
import { PageSIZE } from '../../../code/machine/machine.ts';
import { Pthreadext } from '../../../code/mps/ix/pthreadext.ts';
import {
  fork, SA_ONSTACK, SA_RESTART, SIG_BLOCK, SIG_DFL, SIG_UNBLOCK, sigSet, SIGUSR1, SIGXCPU, SIGXFSZ, stepCall, vfork, type Process, type Thread, type ThreadBody,
} from '../../../code/os/os.ts';
import { action, failure, isStopped, pages, Rig } from './rig.ts';

/** What a test has: a process, and threads of it that count how often they run. */
interface World {
  readonly rig: Rig;
  readonly process: Process;
  readonly ext: Pthreadext;
  /** Turns of each thread, by its name. */
  readonly turns: Map<string, number>;
}

function world(driver: 'fast' | 'explored' = 'fast', seed: number = 1): World {
  const rig = new Rig({ driver, seed, arenas: 0 });
  return { rig, process: rig.process, ext: new Pthreadext(rig.process), turns: new Map() };
}

/** runner -- a thread that runs for ever, and counts its turns. */
const runner = ({ rig, turns }: World, name: string): Thread => rig.spawn(name, function* () {
  for (;;) {
    turns.set(name, (turns.get(name) ?? 0) + 1);
    yield;
  }
});

const steps = ({ rig }: World, count: number): void => {
  for (let left = count; left > 0; --left) rig.kernel.step();
};

const signalsOf = ({ levels, depth }: Thread): number[] => levels.slice(1, depth).map(({ signal }) => signal);

describe('a thread that is stopped', () => {
  test('runs nothing, its handlers included, until it is set going; others run on <design/pthreadext#.inv.stands> <design/pthreadext#.req.stop> <design/pthreadext#.def.signals>', () => {
    const w = world(), { ext, turns } = w, one = runner(w, 'one');
    runner(w, 'two');
    let handled = 0;
    w.process.sigaction(SIGUSR1, action(function* () { handled += 1; }));
    steps(w, 20);
    expect([ext.suspend(one), isStopped(one), signalsOf(one)]).toEqual([true, true, [SIGXFSZ]]);
    const before = turns.get('one');
    expect(one.kill(SIGUSR1)).toBe(0);
    steps(w, 40);
    expect([turns.get('one'), handled, (turns.get('two') ?? 0) > 40]).toEqual([before, 0, true]);
    ext.resume(one);
    steps(w, 40);
    expect([(turns.get('one') ?? 0) > (before ?? 0), handled, one.depth, one.mask]).toEqual([true, 1, 1, sigSet()]);
  });

  test('is stopped before it has begun <design/pthreadext#.req.anywhere>', () => {
    const w = world(), thread = runner(w, 'new');
    expect([w.ext.suspend(thread), signalsOf(thread)]).toEqual([true, [SIGXFSZ]]);
    runner(w, 'other');
    steps(w, 10);
    expect(w.turns.get('new')).toBe(undefined);
    w.ext.resume(thread);
    steps(w, 10);
    expect(w.turns.get('new')).toBeGreaterThan(0);
  });

  test('that is over is not stopped, nor is one that ends before it takes the signal <design/pthreadext#.inv.stands> <design/pthreadext#.blocked>', () => {
    const w = world(), brief = w.rig.spawn('brief', function* () { yield; });
    w.rig.run();
    expect([brief.state, w.ext.suspend(brief)]).toEqual(['done', false]);
    let left = 5;
    const deaf = w.rig.spawn('deaf', function* (_t, self) {
      self.sigprocmask(SIG_BLOCK, sigSet(SIGXFSZ));
      for (; left > 0; --left) yield;
    }, { stepped: true });
    steps(w, 1);
    expect([w.ext.suspend(deaf), deaf.state, left]).toEqual([false, 'done', 0]);
    expect(failure(() => { w.ext.resume(deaf); })).toContain('<design/pthreadext#.count>');
  });

  test('that blocks the signal runs until it unblocks it, and nobody else does meanwhile <design/pthreadext#.blocked> <design/pthreadext#.alone>', () => {
    const w = world(), { turns } = w;
    let done = 0;
    const deaf = w.rig.spawn('deaf', function* (_t, self) {
      self.sigprocmask(SIG_BLOCK, sigSet(SIGXFSZ));
      for (; done < 10; ++done) yield;
      self.sigprocmask(SIG_UNBLOCK, sigSet(SIGXFSZ));
      done += 100;
      yield;
    }, { stepped: true });
    runner(w, 'other');
    while (done < 3) steps(w, 1);
    const before = turns.get('other');
    expect([w.ext.suspend(deaf), done > 9, turns.get('other'), signalsOf(deaf)]).toEqual([true, true, before, [SIGXFSZ]]);
    w.ext.resume(deaf);
    while (deaf.state !== 'done') steps(w, 1);
    expect(done).toBe(110);
  });

  test('by several is set going by the last, and no more often than it was stopped <design/pthreadext#.count>', () => {
    const w = world(), thread = runner(w, 'one');
    runner(w, 'other');
    for (let i = 0; i < 3; ++i) expect(w.ext.suspend(thread)).toBe(true);
    for (const left of [2, 1]) {
      w.ext.resume(thread);
      steps(w, 10);
      expect([left, isStopped(thread), w.turns.get('one')]).toEqual([left, true, undefined]);
    }
    w.ext.resume(thread);
    steps(w, 10);
    expect(w.turns.get('one')).toBeGreaterThan(0);
    expect(failure(() => { w.ext.resume(thread); })).toContain('<design/pthreadext#.count>');
  });

  for (const driver of ['fast', 'explored'] as const) {
    test(`again before its first handler has returned has one handler, and is not lost <design/pthreadext#.inv.once> <design/pthreadext#.mask> ${driver}`, () => {
      for (const between of [0, 1, 2, 3, 4]) {
        const w = world(driver, 1 + between), thread = runner(w, 'one');
        for (let i = 0; i < 4; ++i) {
          expect([w.ext.suspend(thread), isStopped(thread), signalsOf(thread).filter((signal) => signal === SIGXFSZ)]).toEqual([true, true, [SIGXFSZ]]);
          w.ext.resume(thread);
          steps(w, between);
        }
        const before = w.turns.get('one') ?? 0;
        steps(w, 40);
        expect([(w.turns.get('one') ?? 0) > before, thread.depth, thread.mask]).toEqual([true, 1, sigSet()]);
      }
    });
  }
});

describe('where a thread is', () => {
  test('on its alternate stack the handler goes on below <design/pthreadext#.req.anywhere> <design/pthreadext#.install>', () => {
    const w = world();
    let inside = false, isOver = false;
    w.process.sigaction(SIGUSR1, action(function* () {
      inside = true;
      while (!isOver) yield;
      inside = false;
    }, SA_ONSTACK));
    const thread = w.rig.spawn('t', function* (_t, self) {
      pages(self, 5, 2);
      expect(self.sigaltstack(5, 2 * PageSIZE)).toBe(0);
      for (;;) yield;
    });
    steps(w, 1);
    thread.kill(SIGUSR1);
    while (!inside) steps(w, 1);
    const { sp } = thread;
    expect([w.ext.suspend(thread), thread.isOnAltStack, thread.sp < sp, signalsOf(thread)]).toEqual([true, true, true, [SIGUSR1, SIGXFSZ]]);
    w.ext.resume(thread);
    isOver = true;
    while (thread.depth > 1) steps(w, 1);
    expect([inside, thread.isOnAltStack]).toEqual([false, false]);
  });

  test('a blocking call is interrupted and begins anew: nothing is lost <design/pthreadext#.req.anywhere> <design/pthreadext#.install>', () => {
    const w = world(), got: number[] = [], fds: number[] = [];
    const reader = w.rig.spawn('reader', function* (t, self) {
      const { files } = self.process;
      pages(self, 5);
      expect(files.pipe(self, 5)).toBe(0);
      fds.push(t.load32(5, 0), t.load32(5, 4));
      got.push(yield* files.read(self, fds[0], 5, 8), t.load32(5, 0));
    });
    while (reader.state !== 'blocked') steps(w, 1);
    expect([w.ext.suspend(reader), signalsOf(reader)]).toEqual([true, [SIGXFSZ]]);
    const writer = w.rig.spawn('writer', function* (t, self) {
      pages(self, 5);
      t.store32(5, 0, 77);
      expect(yield* self.process.files.write(self, fds[1], 5, 8)).toBe(8);
    });
    while (writer.state !== 'done') steps(w, 1);
    expect(got).toEqual([]);
    w.ext.resume(reader);
    w.rig.run();
    expect(got).toEqual([8, 77]);
  });

  test('in the middle of a call that runs others, its handler runs above that call <design/pthreadext#.req.anywhere>', () => {
    const rig = new Rig({ suspend: 'signals' }), { mutex } = rig.members[0].plinth, log: string[] = [];
    const owner = rig.spawn('owner', function* (_t, self) {
      mutex.claimNested(self);
      while (!log.includes('stopped')) yield;
      mutex.release(self);
    });
    const parked = rig.spawn('parked', function* (t) {
      while (mutex.owner !== owner) yield;
      // A plain call that waits for the lock.
      rig.arena.collect();
      log.push(`collected ${t.name}`);
    });
    const ext = new Pthreadext(rig.process);
    rig.spawn('stopper', function* () {
      while (parked.parkedAt < 0) yield;
      expect([ext.suspend(parked), isStopped(parked), parked.onHost > 0, signalsOf(parked)]).toEqual([true, true, true, [SIGXFSZ]]);
      log.push('stopped');
      for (let left = 20; left > 0; --left) yield;
      log.push('set going');
      ext.resume(parked);
    });
    rig.run();
    expect(log).toEqual(['stopped', 'set going', 'collected parked']);
  });

  test('while it has lent its stack it is held by the kernel, and takes the signal afterwards <design/pthreadext#.held>', () => {
    const w = world(), log: string[] = [];
    let mayEnd = false;
    const lender = w.rig.spawn('lender', function* (_t, self) {
      yield* vfork(self, function* (_c, child) {
        while (!mayEnd) yield;
        child.process.exit(0);
      });
      log.push('goes on');
    });
    while (lender.suspended === 0) steps(w, 1);
    expect(w.ext.suspend(lender)).toBe(true);
    mayEnd = true;
    while (lender.suspended > 0) steps(w, 1);
    runner(w, 'other');
    steps(w, 20);
    expect([log, signalsOf(lender)]).toEqual([[], [SIGXFSZ]]);
    w.ext.resume(lender);
    while (lender.state !== 'done') steps(w, 1);
    expect(log).toEqual(['goes on']);
  });

  test('one that has called whoever stops it, and one that the host drives, the kernel holds <design/pthreadext#.departs.adopted>', () => {
    const w = world('explored'), main = w.rig.adopt(), log: unknown[] = [];
    expect([w.ext.suspend(main), main.suspended, w.ext.suspend(main), main.suspended]).toEqual([true, 1, true, 1]);
    w.ext.resume(main);
    w.ext.resume(main);
    expect(main.suspended).toBe(0);
    const outer = w.rig.spawn('outer', function* () {
      w.ext.suspend(inner);
      log.push('outer goes on', inner.state);
      w.ext.resume(inner);
    });
    const inner = w.rig.spawn('inner', function* (_t, self) {
      self.sigprocmask(SIG_BLOCK, sigSet(SIGXFSZ));
      while (outer.onHost === 0) yield;
      log.push(w.ext.suspend(outer), outer.suspended);
      for (let left = 5; left > 0; --left) yield;
      log.push('inner is done');
      w.ext.resume(outer);
      self.sigprocmask(SIG_UNBLOCK, sigSet(SIGXFSZ));
      yield;
    }, { stepped: true });
    w.rig.run();
    expect(log).toEqual([true, 1, 'inner is done', 'outer goes on', 'blocked']);
  });

  test('a plain thread that blocks the signal is held by the kernel <design/pthreadext#.departs.blocked>', () => {
    const w = world(), { turns } = w, log: string[] = [];
    const deaf = w.rig.spawn('deaf', function* (_t, self) {
      self.sigprocmask(SIG_BLOCK, sigSet(SIGXFSZ));
      yield;
      self.sigprocmask(SIG_UNBLOCK, sigSet(SIGXFSZ));
      log.push('goes on');
    });
    while (deaf.mask.low === 0) steps(w, 1);
    runner(w, 'other');
    expect([w.ext.suspend(deaf), deaf.suspended]).toEqual([true, 1]);
    steps(w, 20);
    expect([log, turns.get('other')]).toEqual([[], 20]);
    w.ext.resume(deaf);
    while (deaf.state !== 'done') steps(w, 1);
    expect([log, deaf.suspended]).toEqual([['goes on'], 0]);
  });
});

describe('whoever stops a thread', () => {
  test('takes no signal of his own meanwhile <design/pthreadext#.alone>', () => {
    const rig = new Rig({ suspend: 'signals' }), { arena } = rig.members[0], log: unknown[] = [];
    rig.process.sigaction(SIGUSR1, action(function* () { log.push(arena.isInside); }));
    const other = rig.spawn('other', function* () { for (;;) yield; });
    const self = rig.spawn('self', function* (_t, me) {
      yield;
      arena.enter();
      // Waits, for it is sent by what does not run.
      rig.kernel.current = null;
      me.kill(SIGUSR1);
      rig.kernel.current = me;
      arena.shield.hold();
      log.push('held', isStopped(other));
      arena.shield.release();
      arena.leave();
      log.push('left');
      yield;
    });
    while (self.state !== 'done') rig.kernel.step();
    expect(log).toEqual(['held', true, 'left', false]);
  });

  test('may be on his way out <design/pthreadext#.alone>', () => {
    const rig = new Rig({ suspend: 'signals' }), main = rig.adopt(), { arena } = rig.members[0];
    rig.make(main, 5, 41);
    const other = rig.spawn('other', function* () { for (;;) yield; });
    const self = rig.spawn('self', function* (_t, me) {
      try {
        yield;
        me.exit();
      } finally {
        arena.collect();
      }
    });
    while (self.state !== 'done') rig.kernel.step();
    expect([arena.isInside, arena.counts.collections, isStopped(other), arena.counts.suspensions > 1]).toEqual([false, 1, false, true]);
  });
});

describe('the handlers', () => {
  test('are installed to restart calls and on the alternate stack, with the other signal blocked <design/pthreadext#.install> <design/pthreadext#.mask>', () => {
    const { process } = world();
    expect([SIGXFSZ, SIGXCPU].map((signal) => process.sigaction(signal, null))).toMatchObject([{ mask: sigSet(SIGXCPU), flags: SA_RESTART | SA_ONSTACK }, { mask: sigSet(SIGXCPU), flags: SA_RESTART | SA_ONSTACK }]);
    Object.assign(process, { sigaction: () => 22 });
    expect(failure(() => new Pthreadext(process))).toContain('<design/pthreadext#.install>');
  });

  test('do nothing when somebody else sends the signals <design/pthreadext#.def.signals>', () => {
    const w = world(), thread = runner(w, 'one');
    for (const signal of [SIGXFSZ, SIGXCPU]) expect(thread.kill(signal)).toBe(0);
    steps(w, 20);
    expect([w.turns.get('one') ?? 0, thread.depth]).toEqual([expect.any(Number), 1]);
    expect(w.turns.get('one')).toBeGreaterThan(5);
  });

  test('are not a child\'s <design/pthreadext#.fork>', () => {
    const w = world(), seen: unknown[] = [];
    const child: ThreadBody = function* (_c, { process }) {
      seen.push(...[SIGXFSZ, SIGXCPU].map((signal) => process.sigaction(signal, null)));
      process.sigaction(SIGXFSZ, action(SIG_DFL, SA_RESTART));
      process.exit(0);
    };
    w.rig.spawn('parent', function* (_t, self) {
      yield* fork(self, child);
      yield* stepCall(() => undefined);
    });
    w.rig.run();
    expect(seen).toMatchObject([{ handler: SIG_DFL, flags: 0 }, { handler: SIG_DFL, flags: 0 }]);
    expect(w.process.sigaction(SIGXFSZ, null)).not.toMatchObject({ handler: SIG_DFL });
  });
});
