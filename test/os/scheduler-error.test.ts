/* scheduler-error.test.ts: PROGRAMS THAT FAIL, AND TIME IN THE MIDDLE OF CALLS
 *
 * Whose error it is, where it comes out, and what the thread that failed still does <design/scheduler#.error>.
 */
import { describe, expect, test } from 'vitest';
import { ETIMEDOUT } from '../../code/os/errno.ts';
import { callDrive, jump, jumpCatch, nanosleep, pause, sleep, SIGSEGV, SIGUSR1, type JumpPoint } from '../../code/os/os.ts';
import { seeds } from '../seed.ts';
import { close, failure, handle, open, pages, rig, spawn } from './rig.ts';
import { start, system, until, ways } from './signal-rig.ts';

describe('errors', () => {
  for (const { name, driver, stepped } of ways) {
    test(`${name}: the error of a thread that runs in the middle of another's call is not the other's <design/scheduler#.error>`, () => {
      const { kernel, process } = system({ driver }), log: unknown[] = [];
      spawn(process, 'caller', function* (_t, self) {
        log.push(callDrive(self, sleep(self, 'ever', [], () => false, { until: 1000 })));
      });
      for (const which of ['one', 'two']) start(kernel.process(which), function* () {
        yield;
        yield;
        throw new RangeError(which);
      }, stepped);
      const errors: string[] = [];
      for (let goes = true; goes;) errors.push(failure(() => { goes = kernel.step(); }));
      expect([errors.filter((error) => error !== 'nothing').sort(), log]).toEqual([['RangeError: one', 'RangeError: two'], [ETIMEDOUT]]);
    });

    test(`${name}: a handler's error ends its thread, which leaves the programs below <design/scheduler#.error>`, () => {
      for (const exits of [false, true]) {
        const { kernel, process } = system({ driver }), log: unknown[] = [];
        handle(process, SIGUSR1, function* (_s, _i, _c, self) {
          try {
            if (exits) self.exit();
            yield;
          } finally {
            // eslint-disable-next-line no-unsafe-finally -- that is what is tried
            throw new RangeError('its own');
          }
        });
        const thread = start(process, function* (_t, self) {
          try {
            yield* pause(self);
          } finally {
            yield* nanosleep(self, 10);
            log.push('finally');
          }
        }, stepped);
        until(kernel, () => thread.waitingFor !== null);
        thread.kill(SIGUSR1);
        expect(failure(() => kernel.run())).toBe('RangeError: its own');
        kernel.run();
        expect([log, thread.state]).toEqual([['finally'], 'done']);
      }
    });
  }

  test('none comes out of a plain access of another\'s <design/scheduler#.error>', () => {
    for (const seed of seeds(40)) {
      const { kernel, process } = rig(seed, 'explored'), log: unknown[] = [];
      spawn(process, 'one', function* (t, self) {
        pages(self, 5);
        for (let i = 0; i < 40; i++) t.store32(5, 0, i);
        log.push('went on');
      });
      spawn(kernel.process('other'), 'two', function* () {
        for (let i = 0; i < 4; i++) yield;
        throw new RangeError('its own');
      });
      expect([failure(() => kernel.run()), failure(() => kernel.run()), log]).toEqual(['RangeError: its own', 'nothing', ['went on']]);
    }
  });

  test('it comes out of runUntil for who is not scheduled: the host, and a thread of the host\'s <design/scheduler#.error>', () => {
    for (const adopted of [false, true]) {
      const { kernel, thread } = rig();
      spawn(kernel.process('other'), 'one', function* () {
        yield;
        throw new RangeError('its own');
      });
      expect(failure(() => kernel.runUntil(adopted ? thread : null, () => false))).toBe('RangeError: its own');
      expect(thread.state).toBe('runnable');
    }
  });

  test('a thread that is parked leaves its call when its handler has failed, with its cleanup <design/scheduler#.error>', () => {
    const { kernel, process } = system(), log: unknown[] = [];
    handle(process, SIGUSR1, function* () { throw new RangeError('its own'); });
    const thread = start(process, function* (_t, self) {
      try {
        callDrive(self, pause(self));
      } finally {
        yield* nanosleep(self, 10);
        log.push('finally');
      }
    }, false);
    start(process, function* () {
      while (thread.parkedAt < 0) yield;
      thread.kill(SIGUSR1);
    }, false);
    expect(failure(() => kernel.run())).toBe('RangeError: its own');
    kernel.run();
    expect([log, thread.state]).toEqual([['finally'], 'done']);
  });
});

describe('time in the middle of a call', () => {
  test('what comes true with the turn of a microsecond lets the caller go on: no deadlock, and no later timer <design/scheduler#.time>', () => {
    for (const us of [1, 2, 3]) {
      for (const other of [false, true]) {
        const { kernel, process } = rig(), log: unknown[] = [];
        if (other) spawn(process, 'other', function* (_t, self) { yield* nanosleep(self, 1_000_000); });
        const thread = spawn(process, 'one', function* (_t, self) {
          yield* nanosleep(self, 10);
          const from = kernel.clock.now;
          log.push(callDrive(self, nanosleep(self, us)), kernel.clock.now - from);
        });
        while (thread.state !== 'done') kernel.step();
        expect(log).toEqual([0, us]);
      }
    }
  });

  test('a thread of the host\'s, and a handler of a plain access, may sleep alone <design/scheduler#.time>', () => {
    const { process, thread, hart } = rig();
    expect(callDrive(thread, nanosleep(thread, 1))).toBe(0);
    handle(process, SIGSEGV, function* (_s, _i, _c, self) {
      yield* nanosleep(self, 1);
      open(self, 5);
    });
    pages(thread, 5);
    close(thread, 5);
    hart.store32(5, 0, 7);
    expect(hart.load32(5, 0)).toBe(7);
  });
});

test('who is held does not leave its call, though its handler has jumped out of that, before it is set going <design/thread#.inv.suspended>', () => {
  const { kernel, process } = system(), log: unknown[] = [];
  let point: JumpPoint | null = null;
  handle(process, SIGUSR1, function* () {
    if (point !== null) jump(point);
    yield;
  });
  const thread = start(process, function* (_t, self) {
    log.push(yield* jumpCatch(self, function* (at) {
      point = at;
      try {
        callDrive(self, pause(self));
      } finally {
        log.push(self.suspended);
      }
    }));
  }, false);
  // Runs in the middle of the call, and has it wait until the jump has been noted down.
  start(process, function* (_t, self) {
    while (thread.parkedAt < 0) yield;
    thread.kill(SIGUSR1);
    kernel.runUntil(self, () => thread.ejected !== null);
    kernel.suspend(thread);
    yield* nanosleep(self, 10);
    kernel.resume(thread);
  }, false);
  kernel.run();
  expect(log).toEqual([0, 1]);
});
