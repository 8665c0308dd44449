import { describe, expect, test } from 'vitest';
import { random } from '../../code/base/base.ts';
import { Clock } from '../../code/os/clock.ts';
import { EINTR, EINVAL, ETIMEDOUT } from '../../code/os/errno.ts';
import {
  nanosleep, pause, PthreadCondition, PthreadMutex, SA_RESTART, Semaphore, setitimer, SIG_BLOCK, SIG_IGN, SIGALRM, SIGKILL, SIGSTOP, sigSet, SigSetEMPTY,
  SIGUSR1, type Thread,
} from '../../code/os/os.ts';
import { Channel, sleep } from '../../code/os/wait.ts';
import { seeds } from '../seed.ts';
import { failure, handle, rig, spawn } from './rig.ts';

test('timers happen at their times, in the order in which they were set, unless cancelled <design/clock#.inv.order>', () => {
  for (const seed of seeds(20)) {
    const draw = random(seed), clock = new Clock(), seen: number[][] = [], expected: number[][] = [];
    let cancelled = 0;
    for (let i = 0; i < 200; i++) {
      const at = draw(50), timer = clock.set(at, () => seen.push([at, i, clock.now]));
      if (draw(4) === 0) {
        clock.cancel(timer);
        cancelled += 1;
      } else {
        expected.push([at, i, at]);
      }
    }
    for (let now = 0; now < 60; now += 1 + draw(5)) clock.advance(now);
    clock.advance(60);
    expect(seen).toEqual(expected.sort(([a, i], [b, j]) => a - b || i - j));
    expect([cancelled > 20, clock.next, clock.now]).toEqual([true, Infinity, 60]);
  }
});

test('a wait with channels is asked again when one wakes, and not in between <design/wait#.inv.told>', () => {
  const { kernel } = rig(), process = kernel.process('p'), channel = new Channel();
  let asked = 0, isSo = false, told = 0;
  // `cool` asks all of them at each choice, unless they are many.
  for (let i = 0; i < 40; i++) {
    spawn(process, 'asleep', function* (_t, self) {
      yield* sleep(self, 'the end', [], () => false, { until: 10_000 });
    }, { slots: 48, stackSize: 4096 });
  }
  spawn(process, 'waiter', function* (_t, self) {
    while (!isSo) {
      yield* sleep(self, 'it', [channel], () => {
        asked += 1;
        return isSo;
      });
    }
  });
  spawn(process, 'other', function* () {
    for (let i = 0; i < 500; i++) {
      if (i % 100 === 99) {
        told += 1;
        isSo = i === 499;
        channel.wake();
      }
      yield;
    }
  });
  kernel.run();
  expect([told, asked < 20, asked > 4]).toEqual([5, true, true]);
});

test('a handler ends a sleep, restarts it, or time does <design/wait#.sleep> <design/wait#.restart>', () => {
  for (const [flags, restarts] of [[0, true], [SA_RESTART, true], [SA_RESTART, false]] as const) {
    const { kernel, process } = rig(), log: number[] = [];
    handle(process, SIGUSR1, function* () { yield; }, flags);
    const one = spawn(process, 'one', function* (_t, self) {
      log.push(yield* sleep(self, 'ever', [], () => false, { restarts, until: 1000 }));
      log.push(yield* sleep(self, 'ever', [], () => false, { restarts, until: 1000 }));
    });
    spawn(process, 'two', function* () {
      while (one.waitingFor === null) yield;
      one.kill(SIGUSR1);
    });
    kernel.run();
    expect(log).toEqual([flags === SA_RESTART && restarts ? 0 : EINTR, ETIMEDOUT]);
  }
});

test('no time to wait until is the callers\' to refuse <design/wait#.inv.time>', () => {
  const { kernel, process } = rig(), log: unknown[] = [];
  spawn(process, 'one', function* (_t, self) {
    for (const until of [NaN, -1]) {
      const mutex = new PthreadMutex('m'), condition = new PthreadCondition('c'), gate = Semaphore.make('s', 0) as Semaphore;
      yield* mutex.lock(self);
      log.push(yield* mutex.timedLock(self, until), yield* condition.timedWait(self, mutex, until), yield* gate.timedWait(self, until));
      log.push(failure(() => sleep(self, 'never', [], () => false, { until }).next()));
    }
  });
  kernel.run();
  const each = [EINVAL, EINVAL, EINVAL, 'AverError: <design/wait#.inv.time>'];
  expect(log).toEqual([...each, ...each]);
});

describe('an interval timer whose signal nobody takes', () => {
  for (const [title, prepare] of [
    ['blocked', (self: Thread): unknown => self.sigprocmask(SIG_BLOCK, sigSet(SIGALRM))],
    ['ignored', ({ process }: Thread): unknown => process.sigaction(SIGALRM, { handler: SIG_IGN, mask: SigSetEMPTY, flags: 0 })],
    ['stopped', ({ process }: Thread): unknown => process.kill(SIGSTOP)],
  ] as const) {
    test(`${title}: is no reason to go on, and what comes after it is <design/clock#.inv.idle>`, () => {
      const { kernel } = rig(), process = kernel.process('p'), log: unknown[] = [], others = kernel.process('q');
      handle(process, SIGALRM, function* () { log.push('alarm'); });
      spawn(process, 'one', function* (_t, self) {
        setitimer(process, 10, 10);
        prepare(self);
        yield;
        yield* pause(self);
      }, { stepped: true });
      spawn(others, 'late', function* (_t, self) {
        yield* nanosleep(self, 1000);
        log.push(kernel.clock.now >= 1000);
      });
      expect(failure(() => { kernel.run(); })).toContain('DeadlockError');
      expect(log).toEqual([true]);
      process.kill(SIGKILL);
      kernel.run();
    });
  }
});
