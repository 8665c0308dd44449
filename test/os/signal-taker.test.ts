import { describe, expect, test } from 'vitest';
import { random } from '../../code/base/base.ts';
import {
  abort, EAGAIN, ESRCH, execve, fork, kill, Semaphore, SA_NOCLDWAIT, SA_SIGINFO, SIG_BLOCK, SIG_SETMASK, SIG_UNBLOCK, SIGABRT, SIGCHLD, SIGCONT, SIGHUP,
  SIG_IGN, sigpending, sigqueue, SIGQUIT, SIGRTMIN, SIGSEGV, sigSet, SigSetEMPTY, SigSetFULL, SIGSTOP, sigtimedwait, SIGUSR1, SIGUSR2, sigwait, waitpid,
  type Process, type Thread, type ThreadBody,
} from '../../code/os/os.ts';
import { seeds } from '../seed.ts';
import { close, open, pages, reportOf } from './rig.ts';
import { on, start, system, until, ways } from './signal-rig.ts';

const semaphore = (): Semaphore => {
  const made = Semaphore.make('it', 0);
  if (typeof made === 'number') throw new Error('no semaphore');
  return made;
};

/** sleeper -- a thread that sleeps until `end` is posted. */
const sleeper = (process: Process, end: Semaphore, stepped: boolean, name: string): Thread =>
  start(process, function* (_t, self) {
    while ((yield* end.wait(self)) !== 0);
  }, stepped, name);

for (const { driver, stepped, name } of ways) {
  describe(`a signal of the process: ${name}`, () => {
    const asleep = (...threads: Thread[]) => (): boolean => threads.every((thread) => thread.waitingFor !== null);

    test('another thread takes it where the one that was called blocks it, in a handler <design/signal#.inv.taker>', () => {
      const { kernel, process } = system({ driver }), log: string[] = [], end = semaphore();
      let isOver = false;
      process.sigaction(SIGHUP, {
        handler: function* () {
          while (!isOver) yield;
        }, mask: sigSet(SIGUSR2), flags: 0,
      });
      on(process, SIGUSR2, 0, (_s, _i, _c, thread) => log.push(thread.name));
      const a = sleeper(process, end, stepped, 'a'), b = sleeper(process, end, stepped, 'b');
      until(kernel, asleep(a, b));
      process.kill(SIGUSR2);
      const called = process.takers.get(SIGUSR2), other = called === a ? b : a;
      expect([called === a || called === b, sigpending(other)]).toEqual([true, sigSet(SIGUSR2)]);
      called?.kill(SIGHUP);
      until(kernel, () => log.length > 0);
      isOver = true;
      for (let i = 0; i < 2; i++) end.post();
      kernel.run();
      expect(log).toEqual([other.name]);
    });

    test('another takes it where the one that was called is suspended, or ends; else the first that can <design/signal#.inv.taker>', () => {
      for (const how of ['suspend', 'exit', 'all'] as const) {
        const { kernel, process } = system({ driver }), log: string[] = [], end = semaphore();
        on(process, SIGUSR1, 0, (_s, _i, _c, thread) => log.push(thread.name));
        const all = ['a', 'b'].map((one) => sleeper(process, end, stepped, one));
        until(kernel, asleep(...all));
        if (how === 'all') for (const thread of all) kernel.suspend(thread);
        process.kill(SIGUSR1);
        const called = process.takers.get(SIGUSR1) ?? all[0], other = called === all[0] ? all[1] : all[0];
        expect(process.takers.size).toBe(how === 'all' ? 0 : 1);
        if (how === 'suspend') kernel.suspend(called);
        else if (how === 'exit') process.leave(called);
        else kernel.resume(other);
        until(kernel, () => log.length > 0);
        expect([log, process.takers.size, process.pendingSet.low]).toEqual([[other.name], 0, 0]);
      }
    });

    test('of those in sigwait one that can run takes it: not one that is suspended, or in a handler <design/signal#.sigwait>', () => {
      for (const how of ['suspend', 'handler'] as const) {
        const { kernel, process } = system({ driver }), log: string[] = [];
        let isOver = false;
        process.sigaction(SIGHUP, {
          handler: function* () {
            while (!isOver) yield;
          }, mask: SigSetEMPTY, flags: 0,
        });
        const body = (one: string): ThreadBody => function* (_t, self) {
          self.mask = sigSet(SIGUSR1);
          yield* sigwait(self, sigSet(SIGUSR1));
          log.push(one);
        };
        const a = start(process, body('a'), stepped), b = start(process, body('b'), stepped);
        until(kernel, asleep(a, b));
        const [first] = process.awaiters, names = first === a ? ['b', 'a'] : ['a', 'b'];
        if (how === 'suspend') kernel.suspend(first);
        else {
          first.kill(SIGHUP);
          until(kernel, () => first.depth === 2);
        }
        process.kill(SIGUSR1);
        until(kernel, () => log.length === 1);
        expect(log).toEqual([names[0]]);
        isOver = true;
        if (how === 'suspend') kernel.resume(first);
        process.kill(SIGUSR1);
        kernel.run();
        expect(log).toEqual(names);
      }
    });

    test('who unblocks what waits for the process takes it, though it sleeps at once <design/signal#.inv.taker>', () => {
      const { kernel, process } = system({ driver }), log: string[] = [], end = semaphore();
      on(process, SIGUSR1, 0, () => {
        log.push('handler');
        end.post();
      });
      start(process, function* (_t, self) {
        self.sigprocmask(SIG_BLOCK, sigSet(SIGUSR1));
        process.kill(SIGUSR1);
        self.sigprocmask(SIG_UNBLOCK, sigSet(SIGUSR1));
        while ((yield* end.wait(self)) !== 0);
      }, stepped);
      kernel.run();
      expect(log).toEqual(['handler']);
    });

    test('what waits for the process outlives an exec; keys do not <design/exec#.keeps>', () => {
      const { kernel, process } = system({ driver }), log: unknown[] = [], end = semaphore();
      on(process, SIGUSR1, 0, () => expect.unreachable());
      const other = sleeper(process, end, stepped, 'other');
      until(kernel, asleep(other));
      start(process, function* (_t, self) {
        process.keys.create(self);
        self.mask = sigSet(SIGUSR1, SIGUSR2);
        process.kill(SIGUSR1);
        self.kill(SIGUSR2);
        const main = function* (_hart: unknown, thread: Thread): Generator<undefined, number, unknown> {
          log.push(sigpending(thread));
          process.sigaction(SIGUSR2, { handler: SIG_IGN, mask: SigSetEMPTY, flags: 0 });
          log.push(sigpending(thread), process.keys.create(thread), process.takers.size);
          return 0;
        };
        yield* [];
        execve(self, { name: 'next', text: 4096, data: 0, bss: 0, main }, ['next']);
      }, stepped);
      kernel.run();
      expect(log).toEqual([sigSet(SIGUSR1, SIGUSR2), sigSet(SIGUSR1), 0, 0]);
    });

    test('none is lost and none taken twice, whatever masks, suspensions and ends come between <design/signal#.inv.taker>', () => {
      const counts = { handled: 0, awaited: 0, moved: 0 };
      for (const seed of seeds(16)) conserve(seed, driver, stepped, counts);
      expect([counts.handled > 300, counts.awaited > 30, counts.moved > 30]).toEqual([true, true, true]);
    });

    test('a plain handler that gives way lets others run <design/signal#.delivery>', () => {
      const { kernel, process } = system({ driver }), log: string[] = [];
      let isOpen = false;
      process.sigaction(SIGSEGV, {
        handler: function* (_s, _i, _c, thread) {
          while (!isOpen) yield;
          open(thread, 1);
        }, mask: SigSetEMPTY, flags: 0,
      });
      start(process, function* (t, self) {
        pages(self, 1);
        close(self, 1);
        log.push(`read ${t.load32(1, 0)}`);
      }, stepped);
      start(process, function* () {
        yield;
        log.push('opened');
        isOpen = true;
      }, stepped);
      kernel.run();
      expect(log).toEqual(['opened', 'read 0']);
    });

    test('what the handler of a plain access sends itself is delivered before that is tried again <design/signal#.send>', () => {
      const { kernel, process } = system({ driver }), log: number[] = [];
      let faults = 0;
      on(process, SIGSEGV, 0, (_s, _i, _c, thread) => {
        faults += 1;
        if (faults > 3) expect.unreachable();
        thread.kill(SIGUSR1);
      });
      on(process, SIGUSR1, 0, (_s, _i, _c, thread) => open(thread, 1));
      start(process, function* (t, self) {
        pages(self, 1);
        t.store32(1, 0, 7);
        close(self, 1);
        log.push(t.load32(1, 0));
      }, stepped);
      kernel.run();
      expect([faults, log]).toEqual([1, [7]]);
    });

    test('abort ends a process whose handler has SIGABRT blocked when it returns <design/process#.abort>', () => {
      const { kernel, process } = system({ driver });
      on(process, SIGABRT, SA_SIGINFO, (_s, _i, context) => {
        if (context !== null) context.mask = SigSetFULL;
      });
      start(process, (_t, self) => abort(self), stepped);
      until(kernel, () => process.status !== null, 100);
      expect(process.status).toMatchObject({ signal: SIGABRT });
    });

    test('the child of a fork has the caller\'s own data and its cancel state <design/fork#.inherits>', () => {
      const { kernel, process } = system({ driver }), log: unknown[] = [];
      start(process, function* (_t, self) {
        const key = process.keys.create(self);
        process.keys.set(self, key, 'its own');
        self.mayCancel = false;
        yield* fork(self, function* (_hart, child) {
          log.push(child.process.keys.get(child, key), child.mayCancel, child.process.keys.set(child, key, 'other'), child.process.keys.create(child));
        });
        yield* waitpid(self, -1);
        log.push(process.keys.get(self, key), process.keys.create(self));
      }, stepped);
      kernel.run();
      expect(log).toEqual(['its own', false, 0, 1, 'its own', 1]);
    });
  });
}

/** conserve -- one random history of a few threads and signals that queue: each is taken once. */
function conserve(seed: number, driver: 'fast' | 'explored', stepped: boolean, counts: { handled: number; awaited: number; moved: number }): void {
  const draw = random(seed), { kernel, process } = system({ driver, seed }), seen: number[] = [], signals = [SIGRTMIN, SIGRTMIN + 1, SIGRTMIN + 2];
  for (const signal of signals) {
    on(process, signal, SA_SIGINFO, (_s, info) => {
      seen.push(info?.value ?? -1);
      counts.handled += 1;
    }, sigSet(signals[draw(3)]));
  }
  const some = (): ReturnType<typeof sigSet> => sigSet(...signals.filter(() => draw(2) === 0));
  let isOver = false;
  const body: ThreadBody = function* (_t, self) {
    for (let turns = draw(60); turns > 0 && !isOver; turns--) {
      const what = draw(4);
      if (what === 0) self.sigprocmask([SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK][draw(3)], some());
      else if (what === 1 && (yield* sigtimedwait(self, some(), draw(12))) > 0) {
        seen.push(self.received?.value ?? -1);
        counts.awaited += 1;
      }
      yield;
    }
  };
  const threads = Array.from({ length: 5 }, () => start(process, body, stepped));
  let sent = 0;
  for (let i = 0; i < 300; i++) {
    const [called] = process.takers.values(), what = draw(5);
    const thread = called !== undefined && draw(2) === 0 && threads.includes(called) ? called : threads[draw(threads.length)];
    if (thread.state === 'done') threads.splice(threads.indexOf(thread), 1, start(process, body, stepped));
    else if (what === 0 && thread.suspended === 0) {
      if (thread.calledHigh !== 0) counts.moved += 1;
      kernel.suspend(thread);
    } else if (what === 1 && thread.suspended > 0) kernel.resume(thread);
    if (what === 2) {
      expect(sigqueue(kernel, process.pid, signals[draw(3)], sent)).toBe(0);
      sent += 1;
    }
    if (draw(2) === 0 && threads.some((one) => one.suspended === 0 && one.state !== 'done')) kernel.step();
    for (const [signal, taker] of process.takers) {
      expect([process.pendingSet.has(signal), taker.suspended, taker.state === 'done']).toEqual([true, 0, false]);
    }
  }
  isOver = true;
  for (const thread of threads) if (thread.suspended > 0) kernel.resume(thread);
  start(process, function* (_t, self) {
    self.sigprocmask(SIG_SETMASK, SigSetEMPTY);
    while (process.pendingSet.high !== 0) yield;
  }, stepped);
  kernel.run();
  expect(seen.sort((one, other) => one - other)).toEqual(Array.from({ length: sent }, (_, i) => i));
}

describe('many threads', () => {
  test('a signal wakes one of them, and what stops and goes on those alone that could have run <design/signal#.inv.taker>', () => {
    const { kernel, process } = system(), end = semaphore(), log: string[] = [];
    on(process, SIGUSR1, 0, (_s, _i, _c, thread) => log.push(thread.name));
    const threads = Array.from({ length: 60 }, (_, i) => sleeper(process, end, false, String(i)));
    expect(() => kernel.run()).toThrow('no thread can go on');
    const awake = (): number => threads.filter(({ place }) => place >= 0).length;
    process.kill(SIGUSR1);
    expect([awake(), process.takers.size]).toEqual([1, 1]);
    process.kill(SIGSTOP);
    kernel.step();
    expect(() => kernel.step()).toThrow('stopped');
    expect([awake(), process.halted.size]).toEqual([0, 1]);
    process.kill(SIGCONT);
    expect([awake(), process.halted.size]).toEqual([1, 0]);
    kernel.step();
    expect(log.length).toBe(1);
  });

  test('what they were sent of their own is dropped with its action, and forgotten with them <design/signal#.inv.pending>', () => {
    const { kernel, process } = system(), end = semaphore();
    on(process, SIGHUP, 0, () => expect.unreachable());
    const threads = Array.from({ length: 3 }, (_, i) => sleeper(process, end, false, String(i)));
    expect(() => kernel.run()).toThrow('no thread can go on');
    for (const thread of threads) {
      thread.mask = SigSetFULL;
      thread.kill(SIGHUP);
    }
    threads[0].kill(SIGUSR1);
    process.sigaction(SIGHUP, { handler: SIG_IGN, mask: SigSetEMPTY, flags: 0 });
    expect([threads.map(({ pending }) => pending), [...process.addressed]]).toEqual([[sigSet(SIGUSR1), SigSetEMPTY, SigSetEMPTY], [threads[0]]]);
    for (let i = 0; i < 3; i++) end.post();
    kernel.run();
    expect(process.addressed.size).toBe(0);
  });

  test('a report names forty of them; the core has all, with what was in their slots <design/signal#.crash>', () => {
    const { kernel, process } = system(), end = semaphore();
    for (let i = 0; i < 50; i++) sleeper(process, end, false, `s${i}`);
    const last = start(process, function* (t) {
      t.set(t.local(), 0x1234, 0, 0, 0);
      for (;;) yield;
    }, false, 'last');
    for (let i = 0; i < 500; i++) kernel.step();
    const slot = last.hart.top - 1;
    last.kill(SIGQUIT);
    kernel.run();
    expect([reportOf(process).split('\n').filter((line) => line.includes("'s")).length, reportOf(process)]).toEqual([40, expect.stringContaining('\n  and 10 more')]);
    last.hart.clear(slot);
    expect([process.core?.threads.length, process.core?.threads[50].registers]).toEqual([51, expect.arrayContaining([`slot ${slot}: 0x1234`])]);
  });
});

describe('Linux', () => {
  for (const abi of ['cheribsd', 'pcuabi'] as const) {
    const isLinux = abi === 'pcuabi';
    test(`${abi}: what is ignored ${isLinux ? 'waits while it is blocked' : 'never waits'} <design/signal#.inv.pending>`, () => {
      const { kernel, process } = system({ abi }), log: unknown[] = [];
      on(process, SIGUSR1, 0, () => log.push('handler'));
      process.sigaction(SIGUSR1, { handler: SIG_IGN, mask: SigSetEMPTY, flags: 0 });
      start(process, function* (_t, self) {
        process.kill(SIGCHLD);
        log.push(sigpending(self).low);
        self.mask = sigSet(SIGCHLD, SIGUSR1);
        process.kill(SIGCHLD);
        self.kill(SIGUSR1);
        log.push(sigpending(self), yield* sigtimedwait(self, sigSet(SIGCHLD), 5));
        self.sigprocmask(SIG_SETMASK, SigSetEMPTY);
        log.push(sigpending(self));
      }, false);
      kernel.run();
      expect(log).toEqual([0, isLinux ? sigSet(SIGCHLD, SIGUSR1) : SigSetEMPTY, isLinux ? SIGCHLD : -EAGAIN, SigSetEMPTY]);
    });

    test(`${abi}: SA_NOCLDWAIT ${isLinux ? 'tells a handler all the same' : 'sends nothing'} <design/process#.zombie>`, () => {
      const { kernel, process } = system({ abi }), log: unknown[] = [];
      on(process, SIGCHLD, SA_NOCLDWAIT, () => log.push('handler'));
      start(process, function* (_t, self) {
        yield* fork(self, function* () {
          yield;
        });
        log.push(yield* waitpid(self, -1));
      }, false);
      kernel.run();
      expect([log.includes('handler'), process.children.size]).toEqual([isLinux, 0]);
    });
  }
});

test('kill of every other process is ESRCH where there is none <design/signal#.send>', () => {
  const { kernel, process } = system(), log: number[] = [];
  on(process, SIGUSR1, 0, () => log.push(-1));
  start(process, function* () {
    yield;
    log.push(kill(kernel, -1, SIGUSR1), kill(kernel, -1, 0), kill(kernel, 0, SIGUSR1));
  }, false);
  kernel.run();
  expect(log).toEqual([-1, ESRCH, ESRCH, 0]);
});
