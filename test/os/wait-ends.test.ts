import { expect, test } from 'vitest';
import { EINTR } from '../../code/os/errno.ts';
import { SA_RESTART, SIGUSR1, SIGUSR2 } from '../../code/os/os.ts';
import { Channel, sleep } from '../../code/os/wait.ts';
import { handle, rig, spawn } from './rig.ts';

test('what comes at the very time that a sleep ends has come in time <design/wait#.sleep>', () => {
  const { kernel, process } = rig(), log: number[] = [], channel = new Channel();
  let isSo = false;
  spawn(process, 'one', function* (_t, self) {
    const until = kernel.clock.now + 100;
    // Set before the sleep's own, and so first of the two at that time <design/clock#.inv.order>.
    kernel.clock.set(until, () => { isSo = true; });
    log.push(yield* sleep(self, 'it', [channel], () => isSo, { until }));
  });
  kernel.run();
  expect(log).toEqual([0]);
});

test('of two handlers that run over a sleep the first one decides whether it begins anew <design/signal#.inv.interrupt>', () => {
  for (const [order, result] of [[[SIGUSR1, SIGUSR2], 0], [[SIGUSR2, SIGUSR1], EINTR]] as const) {
    const { kernel, process } = rig(), log: number[] = [], entered = new Set<number>();
    const enter = function* (signal: number): Generator<undefined, void, unknown> {
      entered.add(signal);
      while (entered.size < 2) yield;
    };
    handle(process, SIGUSR1, enter, SA_RESTART);
    handle(process, SIGUSR2, enter, 0);
    const one = spawn(process, 'one', function* (_t, self) { log.push(yield* sleep(self, 'ever', [], () => false, { until: 1000 })); });
    spawn(process, 'two', function* () {
      while (one.waitingFor === null) yield;
      one.kill(order[0]);
      while (!entered.has(order[0])) yield;
      one.kill(order[1]);
    });
    kernel.run();
    expect(log).toEqual([result]);
  }
});
