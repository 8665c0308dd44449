import { describe, expect, test } from 'vitest';
import {
  Mutex, SIGSEGV, SIGUSR1, stepCall, stepLoad32, stepStore32, type Kernel, type KernelWatcher, type Process, type Thread, type ThreadBody,
} from '../../code/os/os.ts';
import { ETIMEDOUT } from '../../code/os/errno.ts';
import { sleep } from '../../code/os/wait.ts';
import { seeds } from '../seed.ts';
import { close, failure, handle, open, pages, rig, spawn } from './rig.ts';

type Driver = 'fast' | 'explored';

/** Three threads that say their name at each yield. */
function chorus(seed: number, driver: Driver): string {
  const { kernel } = rig(seed, driver), process = kernel.process('p');
  let said = '';
  for (const name of ['a', 'b', 'c']) {
    spawn(process, name, function* () {
      for (let i = 0; i < 8; i++) {
        said += name;
        yield;
      }
    });
  }
  kernel.run();
  return said;
}

/** Two threads that add to one word without a lock; what it comes to. */
function race(seed: number, driver: Driver, body: (count: number, kernel: Kernel) => ThreadBody, stepped: boolean): number {
  const { kernel, process, hart, thread } = rig(seed, driver);
  pages(thread, 5);
  for (const name of ['a', 'b']) spawn(process, name, body(10, kernel), { argument: { hart, slot: 5 }, stepped, slots: 64 });
  kernel.run();
  return hart.load32(5, 0);
}

const steppedAdder = (count: number): ThreadBody => function* () {
  for (let i = 0; i < count; i++) yield* stepStore32(10, 0, (yield* stepLoad32(10, 0)) + 1);
};

const plainAdder = (count: number): ThreadBody => function* (t) {
  for (let i = 0; i < count; i++) {
    t.store32(10, 0, t.load32(10, 0) + 1);
    yield;
  }
};

const lockedAdder = (count: number, kernel: Kernel): ThreadBody => function* (t) {
  for (let i = 0; i < count; i++) {
    kernel.noPreempt += 1;
    t.store32(10, 0, t.load32(10, 0) + 1);
    kernel.noPreempt -= 1;
    yield;
  }
};

describe('choosing', () => {
  test('a run is a function of the seed, and seeds differ <design/scheduler#.inv.seed>', () => {
    for (const driver of ['fast', 'explored'] as const) {
      const runs = seeds(10).map((seed) => chorus(seed, driver));
      expect(runs).toEqual(seeds(10).map((seed) => chorus(seed, driver)));
      expect(new Set(runs).size).toBeGreaterThanOrEqual(Math.min(runs.length, 8));
    }
  });

  test('the fast driver changes threads where they yield alone: no update is lost <design/scheduler#.fast>', () => {
    expect(seeds(20).map((seed) => race(seed, 'fast', steppedAdder, true))).toEqual(seeds(20).map(() => 20));
    expect(seeds(20).map((seed) => race(seed, 'fast', plainAdder, false))).toEqual(seeds(20).map(() => 20));
  });

  test('the explored driver changes before any operation, and in the middle of plain accesses: updates are lost <design/scheduler#.explored>', () => {
    const stepped = seeds(20).map((seed) => race(seed, 'explored', steppedAdder, true));
    const plain = seeds(20).map((seed) => race(seed, 'explored', plainAdder, false));
    expect(Math.min(...stepped)).toBeLessThan(20);
    expect(Math.min(...plain)).toBeLessThan(20);
    expect(seeds(20).map((seed) => race(seed, 'explored', steppedAdder, true))).toEqual(stepped);
  });

  test('nobody runs in the middle of a plain access while noPreempt is raised <design/scheduler#.nopreempt>', () => {
    expect(seeds(20).map((seed) => race(seed, 'explored', lockedAdder, false))).toEqual(seeds(20).map(() => 20));
  });

  test('each thread that can run does so in the end <design/scheduler#.explored>', () => {
    for (const seed of seeds(5)) {
      const said = chorus(seed, 'explored');
      expect([...said].sort().join('')).toBe('aaaaaaaabbbbbbbbcccccccc');
    }
  });
});

describe('nesting', () => {
  test('runUntil runs others until its condition holds, for a thread and for the host; noPreempt is theirs meanwhile <design/scheduler#.nested>', () => {
    const { kernel } = rig(), process = kernel.process('p'), log: string[] = [];
    let count = 0;
    spawn(process, 'counter', function* () {
      for (; count < 10; count++) {
        expect(kernel.noPreempt).toBe(0);
        yield;
      }
    });
    kernel.runUntil(null, () => count === 3);
    const waiter = spawn(process, 'waiter', function* (_t, self) {
      kernel.noPreempt = 2;
      kernel.runUntil(self, () => count === 7);
      log.push(`${count} ${kernel.noPreempt} ${kernel.current === self}`);
      yield;
    });
    expect(count).toBe(3);
    kernel.run();
    expect([log, waiter.state, kernel.noPreempt, kernel.current]).toEqual([['7 2 true'], 'done', 0, null]);
  });

  test('who waits with noPreempt raised takes no signals there, for it holds a lock of the host <design/scheduler#.nopreempt>', () => {
    for (const held of [0, 1]) {
      const { kernel } = rig(), process = kernel.process('p'), log: string[] = [];
      let go = false;
      handle(process, SIGUSR1, function* () {
        log.push('handled');
      });
      const one = spawn(process, 'one', function* (_t, self) {
        kernel.noPreempt = held;
        kernel.runUntil(self, () => go);
        kernel.noPreempt = 0;
        log.push('goes on');
        yield;
      });
      spawn(process, 'two', function* () {
        while (one.onHost === 0) yield;
        one.kill(SIGUSR1);
        yield;
        go = true;
      });
      kernel.run();
      expect(log).toEqual(held === 0 ? ['handled', 'goes on'] : ['goes on', 'handled']);
    }
  });

  test('a thread is never run while it is on the host\'s stack: what nests too deep is a deadlock <design/scheduler#.inv.once>', () => {
    const { kernel } = rig(), process = kernel.process('p');
    let first = false, second = false;
    spawn(process, 'one', function* (_t, self) {
      kernel.runUntil(self, () => first);
      second = true;
      yield;
    });
    spawn(process, 'two', function* (_t, self) {
      yield;
      kernel.runUntil(self, () => second);
      first = true;
    });
    expect(failure(() => kernel.run())).toBe(
      'DeadlockError: no thread can go on:\n  process 3 thread 2 \'one\' is in the middle of a call\n  process 3 thread 3 \'two\' is in the middle of a call',
    );
  });

  test('a deadlock names every thread and what it waits for <design/scheduler#.deadlock>', () => {
    const { kernel } = rig(2), process = kernel.process('p'), one = new Mutex('one'), two = new Mutex('two');
    const take = (first: Mutex, second: Mutex): ThreadBody => function* (_t, self) {
      yield* first.claim(self);
      yield { ready: () => one.owner !== null && two.owner !== null, what: 'both to be taken' };
      yield* second.claim(self);
    };
    spawn(process, 'a', take(one, two));
    spawn(process, 'b', take(two, one));
    kernel.suspend(spawn(process, 'c', function* () { yield; }));
    expect(failure(() => kernel.run()).split('\n')).toEqual([
      'DeadlockError: no thread can go on:',
      '  process 3 thread 2 \'a\' waits for mutex two, which thread 3 \'b\' owns',
      '  process 3 thread 3 \'b\' waits for mutex one, which thread 2 \'a\' owns',
      '  process 3 thread 4 \'c\' can run, suspended',
    ]);
  });

  test('with adopted threads alone there is nothing to schedule <design/thread#.adopted>', () => {
    const { kernel, thread } = rig();
    expect(kernel.step()).toBe(false);
    expect(failure(() => kernel.runUntil(thread, () => false))).toContain('no thread can go on');
  });
});

describe('preempt', () => {
  /** A stepped thread that counts in a page, and calls the host at each fourth; a plain one; and a call that preempts. */
  function during(seed: number, driver: Driver, prepare: (process: Process, kernel: Kernel, stepper: Thread) => void): Record<string, number> {
    const { kernel, process, hart, thread } = rig(seed, driver), counts = { words: 0, calls: 0, plain: 0, handled: 0 };
    pages(thread, 5);
    pages(thread, 6);
    let inside = false;
    const stepper = spawn(process, 'stepper', function* () {
      for (let i = 1; ; i++) {
        if (i % 4 === 0) yield* stepCall(() => { counts.calls += inside ? 1 : 0; });
        yield* stepStore32(10, 0, i);
      }
    }, { argument: { hart, slot: 5 }, stepped: true });
    spawn(process, 'plain', function* () {
      for (;;) {
        counts.plain += inside ? 1 : 0;
        yield;
      }
    });
    handle(process, SIGSEGV, function* () {
      counts.handled += inside ? 1 : 0;
      yield* stepCall(() => open(thread, 5));
    });
    prepare(process, kernel, stepper);
    if (driver === 'explored') for (let i = 0; i < 6; i++) kernel.step();
    kernel.noPreempt = 1;
    for (let i = 0; i < 40; i++) {
      const before = hart.load32(5, 0);
      inside = true;
      kernel.preempt();
      inside = false;
      counts.words += hart.load32(5, 0) - before;
    }
    if (counts.words === 0 && driver === 'explored') close(thread, 5);
    for (let i = 0; i < 20; i++) kernel.preempt();
    return counts;
  }

  test('explored, stepped threads do accesses there and nothing else, even with noPreempt raised <design/scheduler#.preempt>', () => {
    const all = seeds(10).map((seed) => during(seed, 'explored', () => undefined));
    expect(all.some(({ words }) => words > 0)).toBe(true);
    for (const counts of all) expect(counts).toMatchObject({ calls: 0, plain: 0, handled: 0 });
  });

  test('suspended threads do nothing there, nor anybody with the fast driver <design/scheduler#.preempt>', () => {
    const none = { words: 0, calls: 0, plain: 0, handled: 0 };
    for (const seed of seeds(5)) expect(during(seed, 'explored', (_process, kernel, stepper) => kernel.suspend(stepper))).toEqual(none);
    for (const seed of seeds(5)) expect(during(seed, 'fast', () => undefined)).toEqual(none);
  });
});

describe('watching', () => {
  test('a watcher hears of faults, signals, suspensions, changes of threads and their ends, as often as they are counted <design/os#.watcher>', () => {
    const { kernel, process, hart, thread } = rig(), heard: string[] = [];
    const watcher: KernelWatcher = {
      fault: (on, fault, signal) => heard.push(`fault ${on.name} ${fault.kind} ${signal}`),
      signal: (on, signal, code) => heard.push(`signal ${on.name} ${signal} ${code}`),
      suspended: (on) => heard.push(`suspended ${on.name}`),
      resumed: (on) => heard.push(`resumed ${on.name}`),
      switched: (on) => heard.push(`switched ${on.name}`),
      exited: (on) => heard.push(`exited ${on.name}`),
    };
    kernel.watcher = watcher;
    pages(thread, 5);
    close(thread, 5);
    handle(process, SIGSEGV, function* () { open(thread, 5); });
    handle(process, SIGUSR1, function* () { yield; });
    const one = spawn(process, 'one', function* (t, self) {
      t.load8(10, 0);
      self.kill(SIGUSR1);
      yield;
    }, { argument: { hart, slot: 5 } });
    kernel.suspend(one);
    kernel.resume(one);
    kernel.run();
    expect(heard).toEqual([
      'suspended one', 'resumed one', 'switched one', 'fault one page 11', 'signal one 11 2', 'signal one 30 65543', 'exited one',
    ]);
    expect(kernel.counts).toEqual({ faults: 1, pageFaults: 1, signals: 2, switches: 1, suspensions: 1, resumptions: 1 });
  });
});

describe('parked threads', () => {
  for (const driver of ['fast', 'explored'] as const) {
    for (const adopted of [false, true]) {
      test(`one that is deep in the host's stack handles a signal that its own caller below waits for, ${driver} ${adopted ? 'adopted' : 'plain'} <design/scheduler#.parked>`, () => {
        for (const seed of seeds(5)) {
          const { kernel, process, thread } = rig(seed, driver), log: string[] = [];
          let isAcknowledged = false, isResumed = false, go = false;
          handle(process, SIGUSR1, function* (_signal, _info, _context, self) {
            log.push(`stops ${self.depth}`);
            isAcknowledged = true;
            yield { ready: () => isResumed, what: 'to be resumed' };
            log.push('resumed');
          });
          const victim = adopted ? thread : spawn(process, 'victim', function* (_t, self) {
            kernel.runUntil(self, () => go);
            log.push('goes on');
          });
          spawn(process, 'collector', function* (_t, self) {
            while (!adopted && victim.onHost === 0) yield;
            victim.kill(SIGUSR1);
            kernel.runUntil(self, () => isAcknowledged);
            go = true;
            for (let i = 0; i < 5; i++) yield;
            log.push('resumes');
            isResumed = true;
          });
          if (adopted) {
            kernel.runUntil(thread, () => go);
            log.push('goes on');
          }
          kernel.run();
          expect(log).toEqual([`stops ${adopted ? 1 : 2}`, 'resumes', 'resumed', 'goes on']);
          expect([victim.depth, victim.sp]).toEqual([0, victim.stackLimit]);
        }
      });
    }
  }

  test('with only that one runs <design/scheduler#.only>', () => {
    const { kernel } = rig(), process = kernel.process('p');
    let others = 0, steps = 0;
    const one = spawn(process, 'one', function* () { for (; steps < 10; steps++) yield; });
    spawn(process, 'other', function* () { for (;; others++) yield; });
    spawn(process, 'waiter', function* (_t, self) {
      const before = others;
      kernel.runUntil(self, () => steps === 10, one);
      expect(others).toBe(before);
      process.exit(0);
      yield;
    });
    kernel.run();
    expect(steps).toBe(10);
  });
});

test('time is turns, and jumps where nobody can run <design/scheduler#.time> <design/clock#.jump>', () => {
  const { kernel } = rig(), process = kernel.process('p'), times: number[] = [];
  spawn(process, 'sleeper', function* (_t, self) {
    times.push(yield* sleep(self, 'a second', [], () => false, { until: 1_000_000 }), kernel.clock.now);
  });
  kernel.run();
  expect(times).toEqual([ETIMEDOUT, 1_000_000 + 1]);
});
