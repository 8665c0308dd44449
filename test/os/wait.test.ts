import { expect, test } from 'vitest';
import { random } from '../../code/base/base.ts';
import { Clock } from '../../code/os/clock.ts';
import { EINTR, ETIMEDOUT } from '../../code/os/errno.ts';
import { SA_RESTART, SIGUSR1 } from '../../code/os/os.ts';
import { Channel, sleep } from '../../code/os/wait.ts';
import { seeds } from '../seed.ts';
import { handle, rig, spawn } from './rig.ts';

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
