import { describe, expect, test } from 'vitest';
import { EBUSY, EDEADLK, EINTR, EINVAL, EPERM, ESRCH, ETIMEDOUT } from '../../../code/os/errno.ts';
import { PthreadCondition } from '../../../code/os/pthread/condition.ts';
import { PthreadMutex } from '../../../code/os/pthread/lock.ts';
import { Once } from '../../../code/os/pthread/once.ts';
import {
  pthreadCancel, pthreadCreate, pthreadDetach, pthreadIsCancelled, pthreadJoin, pthreadSetCancelState, type PthreadAttributes,
} from '../../../code/os/pthread/pthread.ts';
import { Semaphore } from '../../../code/os/pthread/semaphore.ts';
import {
  ArgumentSLOT, nanosleep, SA_RESTART, SIGUSR1, type Process, type Thread, type ThreadBody, type ThreadRun,
} from '../../../code/os/os.ts';
import { sleep } from '../../../code/os/wait.ts';
import { seeds } from '../../seed.ts';
import { failure, handle, rig } from '../rig.ts';

const create = (process: Process, body: ThreadBody, attributes: PthreadAttributes = {}): Thread => {
  const made = pthreadCreate(process, null, body, { slots: 48, stackSize: 4096, ...attributes });
  if (typeof made === 'number') throw new Error(`errno ${made}`);
  return made;
};

const semaphore = (value: number): Semaphore => Semaphore.make('s', value) as Semaphore;

for (const driver of ['fast', 'explored'] as const) {
  describe(driver, () => {
    test('join gives what a thread had where results are; once, and to one <design/pthread#.join>', () => {
      const { kernel, process } = rig(1, driver), log: unknown[] = [];
      const one = create(process, function* (t) {
        yield;
        t.set(ArgumentSLOT, 42, 0, 0, 0);
      });
      const detached = create(process, function* () { yield; }, { detached: true });
      create(process, function* (t, self) {
        log.push(yield* pthreadJoin(self, self), yield* pthreadJoin(self, detached), yield* pthreadJoin(self, one, 5), t.r[5 << 3]);
        log.push(yield* pthreadJoin(self, one), pthreadDetach(self, one), pthreadDetach(self, detached));
      });
      kernel.run();
      expect(log).toEqual([EDEADLK, EINVAL, 0, 42, ESRCH, ESRCH, EINVAL]);
    });

    test('a thread is cancelled where it waits, once it may be; its finally runs, and its joiner sees it <design/pthread#.cancel>', () => {
      const { kernel, process } = rig(2, driver), log: unknown[] = [];
      const victim = create(process, function* (_t, self) {
        pthreadSetCancelState(self, false);
        expect(yield* sleep(self, 'a while', [], () => false, { until: kernel.clock.now + 100 })).toBe(ETIMEDOUT);
        log.push('not yet');
        pthreadSetCancelState(self, true);
        try {
          yield* sleep(self, 'ever', [], () => false);
        } finally {
          log.push('finally');
        }
      });
      create(process, function* (t, self) {
        log.push(pthreadCancel(self, victim), yield* pthreadJoin(self, victim, 5), pthreadIsCancelled(self, 5), t.isTagged(5));
        log.push(pthreadCancel(self, victim));
      });
      kernel.run();
      expect(log).toEqual(['not yet', 'finally', 0, 0, true, false, ESRCH]);
    });

    test('kinds of mutexes differ in what the owner may do <design/pthread#.mutex>', () => {
      const { kernel, process } = rig(3, driver), log: unknown[] = [];
      const normal = new PthreadMutex('n'), recursive = new PthreadMutex('r', 'recursive'), checking = new PthreadMutex('e', 'errorcheck');
      const one = create(process, function* (_t, self) {
        log.push(yield* normal.lock(self), normal.tryLock(self), yield* normal.timedLock(self, kernel.clock.now + 50), normal.unlock(self), normal.unlock(self));
        log.push(yield* recursive.lock(self), yield* recursive.lock(self), recursive.unlock(self), recursive.owner === self, recursive.unlock(self), recursive.owner);
        log.push(yield* checking.lock(self), yield* checking.lock(self));
      });
      create(process, function* (_t, self) {
        yield* pthreadJoin(self, one);
        log.push(checking.unlock(self), checking.tryLock(self));
      });
      kernel.run();
      expect(log).toEqual([0, EBUSY, ETIMEDOUT, 0, EPERM, 0, 0, 0, true, 0, null, 0, EDEADLK, EPERM, EBUSY]);
    });

    test('a mutex has one owner at a time; all get it <design/pthread#.inv.able>', () => {
      for (const seed of seeds(5)) {
        const { kernel, process } = rig(seed, driver), mutex = new PthreadMutex('m');
        let inside = 0, most = 0, total = 0, waited = 0;
        for (let i = 0; i < 6; i++) {
          create(process, function* (_t, self) {
            for (let n = 0; n < 10; n++) {
              if (mutex.owner !== null) waited += 1;
              expect(yield* mutex.lock(self)).toBe(0);
              inside += 1;
              most = Math.max(most, inside);
              yield;
              inside -= 1;
              total += 1;
              expect(mutex.unlock(self)).toBe(0);
              yield;
            }
          });
        }
        kernel.run();
        expect([most, total]).toEqual([1, 60]);
        expect(waited).toBeGreaterThan(10);
      }
    });

    test('a condition lets one go on, or all, or time does, with the mutex had again <design/pthread#.condition>', () => {
      const { kernel, process } = rig(4, driver), log: unknown[] = [], mutex = new PthreadMutex('m'), condition = new PthreadCondition('c');
      let waiting = 0;
      const waiters = ['a', 'b', 'c', 'd'].map((name) => create(process, function* (_t, self) {
        yield* mutex.lock(self);
        waiting += 1;
        try {
          log.push([yield* condition.wait(self, mutex), mutex.owner === self]);
        } finally {
          waiting -= 1;
          log.push(mutex.owner === self, mutex.unlock(self));
        }
      }, { name }));
      create(process, function* (_t, self) {
        expect(yield* condition.wait(self, mutex)).toBe(EPERM);
        while (waiting < 4) yield;
        condition.signal(self);
        while (waiting === 4) yield;
        yield* nanosleep(self, 100);
        expect(waiting).toBe(3);
        const other = waiters.find(({ state }) => state !== 'done') as Thread;
        pthreadCancel(self, other);
        yield* pthreadJoin(self, other);
        log.push(mutex.owner);
        condition.broadcast(self);
        for (const one of waiters) if (one !== other) yield* pthreadJoin(self, one);
        yield* mutex.lock(self);
        log.push(yield* condition.timedWait(self, mutex, kernel.clock.now + 10), mutex.owner === self);
      });
      kernel.run();
      const called = [[0, true], true, 0];
      expect(log).toEqual([...called, true, 0, null, ...called, ...called, ETIMEDOUT, true]);
    });

    test('a semaphore lets as many in as it has; signals end a wait unless they restart it <design/pthread#.semaphore>', () => {
      for (const flags of [0, SA_RESTART]) {
        const { kernel, process } = rig(5, driver), log: unknown[] = [], gate = semaphore(0);
        handle(process, SIGUSR1, function* () { log.push('handled'); }, flags);
        const one = create(process, function* (_t, self) {
          log.push(yield* gate.wait(self));
        });
        create(process, function* (_t, self) {
          yield* sleep(self, 'a while', [], () => false, { until: kernel.clock.now + 50 });
          one.kill(SIGUSR1);
          yield* sleep(self, 'a while', [], () => false, { until: kernel.clock.now + 50 });
          gate.post();
          yield* pthreadJoin(self, one);
          log.push(gate.value, yield* gate.timedWait(self, kernel.clock.now + 5));
        });
        kernel.run();
        expect(log).toEqual(flags === 0 ? ['handled', EINTR, 1, 0] : ['handled', 0, 0, ETIMEDOUT]);
      }
    });

    test('data of its own goes through destructors when a thread ends, at most four rounds <design/pthread#.keys>', () => {
      const { kernel, process } = rig(6, driver), log: unknown[] = [], { keys } = process;
      create(process, function* (_t, self) {
        const key: number = keys.create(self, function* (value, thread) {
          yield;
          log.push(value);
          keys.set(thread, key, (value as number) + 1);
        });
        const plain = keys.create(self);
        expect([keys.set(self, key, 1), keys.set(self, plain, 'x'), keys.get(self, plain), keys.set(self, 99, 0)]).toEqual([0, 0, 'x', EINVAL]);
        yield;
        self.exit();
      });
      kernel.run();
      expect(log).toEqual([1, 2, 3, 4]);
    });

    test('once is once, and anew if it was left <design/pthread#.once>', () => {
      const { kernel, process } = rig(7, driver), once = new Once();
      let tries = 0, done = 0;
      for (let i = 0; i < 4; i++) {
        create(process, function* (_t, self) {
          yield* once.run(self, function* () {
            tries += 1;
            yield;
            if (tries === 1) self.exit();
            done += 1;
          });
          expect(done).toBe(1);
        });
      }
      kernel.run();
      expect([tries, done]).toEqual([2, 1]);
    });
  });
}

/** For each way to wait for one of something: what a thread does to have it and give it back, and what makes it there. */
const ways: Record<string, () => { readonly claim: (self: Thread) => ThreadRun; readonly provide: (self: Thread) => void }> = {
  mutex() {
    const mutex = new PthreadMutex('m');
    return {
      *claim(self) {
        expect(yield* mutex.lock(self)).toBe(0);
        expect(mutex.unlock(self)).toBe(0);
      },
      provide(self) {
        if (mutex.owner === null) mutex.tryLock(self);
        else mutex.unlock(self);
      },
    };
  },
  semaphore() {
    const gate = semaphore(0);
    return {
      *claim(self) {
        let result = EINTR;
        while (result === EINTR) result = yield* gate.wait(self);
        gate.post();
      },
      provide() { gate.post(); },
    };
  },
  condition() {
    const mutex = new PthreadMutex('m'), condition = new PthreadCondition('c');
    return {
      *claim(self) {
        yield* mutex.lock(self);
        expect(yield* condition.wait(self, mutex)).toBe(0);
        condition.signal(self);
        mutex.unlock(self);
      },
      provide(self) { condition.signal(self); },
    };
  },
};

describe('what one waiter cannot take another gets', () => {
  for (const driver of ['fast', 'explored'] as const) {
    for (const stepped of [false, true]) {
      for (const [way, make] of Object.entries(ways)) {
        for (const obstacle of ['handler', 'suspension'] as const) {
          test(`${driver} ${stepped ? 'stepped' : 'plain'} ${way}, first in line under a ${obstacle} <design/pthread#.inv.able>`, () => {
            const { kernel, process } = rig(1, driver), log: string[] = [], { claim, provide } = make();
            const owner = create(process, function* (_t, self) {
              if (way === 'mutex') provide(self);
              while (log[0] !== 'go') yield;
              provide(self);
            }, { stepped });
            while (owner.state === 'runnable' && kernel.clock.now < 20) kernel.step();
            const [first] = ['first', 'second'].map((name) => {
              const made = create(process, function* (_t, self) {
                yield* claim(self);
                log.push(name);
              }, { name, stepped });
              while (made.waitingFor === null) kernel.step();
              return made;
            });
            let isIn = false;
            const isThrough = (): boolean => log.includes('second');
            handle(process, SIGUSR1, function* () {
              isIn = true;
              yield { what: 'the second', ready: isThrough };
            });
            if (obstacle === 'suspension') {
              kernel.suspend(first);
            } else {
              first.kill(SIGUSR1);
              while (!isIn) kernel.step();
            }
            log.push('go');
            while (!isThrough()) kernel.step();
            if (obstacle === 'suspension') kernel.resume(first);
            kernel.run();
            expect(log).toEqual(['go', 'second', 'first']);
          });
        }
      }
    }
  }
});

test('a hundred thousand threads are there at once, and one more costs what it costs alone <design/pthread#.many>', () => {
  const count = 100_000, { kernel } = rig(1, 'fast', 0x4000_0000), process = kernel.process('many'), gate = semaphore(0);
  let through = 0;
  for (let i = 0; i < count; i++) {
    create(process, function* (_t, self) {
      yield* gate.wait(self);
      through += 1;
    }, { slots: 32 });
  }
  while (kernel.clock.now < count) kernel.step();
  const before = kernel.counts.switches;
  const last = create(process, function* (_t, self) {
    const other = create(process, function* () { yield; }, { slots: 32 });
    yield* pthreadJoin(self, other);
    for (let i = 0; i < count; i++) gate.post();
  });
  while (last.state !== 'done') kernel.step();
  expect(kernel.counts.switches - before).toBeLessThan(2 * count);
  kernel.run();
  expect([through, process.status, failure(() => kernel.step())]).toEqual([count, { exit: 0 }, 'nothing']);
});
