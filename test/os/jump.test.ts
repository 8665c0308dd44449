/* jump.test.ts: JUMPS THAT MEET OTHERS
 *
 * What a jump passes cleans up, waiting where it must; and a jump may be overtaken by another <design/signal#.jump>.
 */
import { describe, expect, test } from 'vitest';
import {
  jump, jumpCatch, nanosleep, pause, PthreadCondition, PthreadMutex, SIGSEGV, SIGUSR1, SIGUSR2, stepLoad32, type JumpPoint, type Thread,
} from '../../code/os/os.ts';
import { close, failure, handle, pages } from './rig.ts';
import { start, system, until, ways } from './signal-rig.ts';

for (const { name, driver, stepped } of ways) {
  describe(`jumps (${name})`, () => {
    test('a handler of what the jump unblocks may jump to the same point <design/signal#.jump>', () => {
      for (const waits of [false, true]) {
        const { kernel, process } = system({ driver }), log: unknown[] = [];
        let point: JumpPoint | null = null, count = 0;
        handle(process, SIGUSR1, function* (_s, _i, _c, self) {
          count += 1;
          if (count < 3) self.kill(SIGUSR1);
          if (point !== null) jump(point, count);
          yield;
        });
        start(process, function* (_t, self) {
          log.push(yield* jumpCatch(self, function* (at) {
            point = at;
            if (!waits) self.kill(SIGUSR1);
            yield* pause(self);
          }), self.depth, self.mask);
        }, stepped);
        if (waits) {
          until(kernel, () => [...process.threads][0].waitingFor !== null);
          [...process.threads][0].kill(SIGUSR1);
        }
        kernel.run();
        expect(log).toEqual([3, 1, { low: 0, high: 0 }]);
      }
    });

    test('a handler that it passes may wait in its cleanup <design/signal#.jump> <design/pthread#.condition>', () => {
      const { kernel, process } = system({ driver }), log: unknown[] = [], mutex = new PthreadMutex('m'), condition = new PthreadCondition('c');
      let point: JumpPoint | null = null;
      handle(process, SIGUSR2, function* (_s, _i, _c, self) {
        yield* mutex.lock(self);
        try {
          yield* condition.wait(self, mutex);
        } finally {
          log.push(mutex.owner === self, mutex.unlock(self));
        }
      });
      handle(process, SIGUSR1, function* () {
        if (point !== null) jump(point);
        yield;
      });
      const waiter: Thread = start(process, function* (_t, self) {
        log.push(yield* jumpCatch(self, function* (at) {
          point = at;
          yield* pause(self);
        }));
      }, stepped, 'waiter');
      start(process, function* (_t, self) {
        while (waiter.waitingFor === null) yield;
        waiter.kill(SIGUSR2);
        while (waiter.waitingFor !== 'condition c') yield;
        yield* mutex.lock(self);
        waiter.kill(SIGUSR1);
        yield* nanosleep(self, 100);
        mutex.unlock(self);
      }, stepped, 'other');
      kernel.run();
      expect(log).toEqual([true, 0, 1]);
    });

    test('an error of a cleanup that it passes ends the thread: what is below does not go on as if nothing had been <design/scheduler#.error>', () => {
      const { kernel, process } = system({ driver }), log: unknown[] = [];
      let point: JumpPoint | null = null;
      handle(process, SIGUSR2, function* (_s, _i, _c, self) {
        try {
          yield* pause(self);
        } finally {
          // eslint-disable-next-line no-unsafe-finally -- that is what is tried
          throw new RangeError('in cleanup');
        }
      });
      handle(process, SIGUSR1, function* () {
        if (point !== null) jump(point);
        yield;
      });
      const thread = start(process, function* (_t, self) {
        try {
          yield* jumpCatch(self, function* (at) {
            point = at;
            yield* pause(self);
          });
          log.push('went on');
        } finally {
          log.push('finally');
        }
      }, stepped);
      until(kernel, () => thread.waitingFor !== null);
      thread.kill(SIGUSR2);
      until(kernel, () => thread.depth === 2 && thread.waitingFor !== null);
      thread.kill(SIGUSR1);
      expect(failure(() => kernel.run())).toBe('RangeError: in cleanup');
      kernel.run();
      expect(log).toEqual(['finally']);
    });
  });
}

test('a fault\'s handler that waits is passed as one that was sent is, with the stack as it was <design/signal#.jump>', () => {
  const { kernel, process } = system(), log: unknown[] = [];
  let point: JumpPoint | null = null;
  handle(process, SIGSEGV, function* (t, _i, _c, self) {
    self.hart.enter(3);
    try {
      yield* pause(self);
    } finally {
      yield* nanosleep(self, 5);
      log.push(['cleanup', t, self.depth]);
    }
  });
  handle(process, SIGUSR1, function* (_s, _i, _c, self) {
    self.hart.enter(3);
    if (point !== null) jump(point, 4);
    yield;
  });
  const thread = start(process, function* (t, self) {
    pages(self, 5);
    close(self, 5);
    const { top } = t, { sp } = self;
    log.push(yield* jumpCatch(self, function* (at) {
      point = at;
      yield* stepLoad32(5, 0);
    }), t.top - top, self.sp - sp);
  }, true);
  until(kernel, () => thread.depth === 2 && thread.waitingFor !== null);
  thread.kill(SIGUSR1);
  kernel.run();
  expect(log).toEqual([['cleanup', SIGSEGV, 2], 4, 0, 0]);
});
