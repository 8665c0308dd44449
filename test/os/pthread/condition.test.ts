import { expect, test } from 'vitest';
import { PthreadCondition } from '../../../code/os/pthread/condition.ts';
import { PthreadMutex } from '../../../code/os/pthread/lock.ts';
import { pthreadCancel } from '../../../code/os/pthread/pthread.ts';
import type { Thread } from '../../../code/os/thread.ts';
import { seeds } from '../../seed.ts';
import { rig, spawn } from '../rig.ts';

const isWaiting = ({ waitingFor }: Thread): boolean => waitingFor?.startsWith('condition') === true;

for (const driver of ['fast', 'explored'] as const) {
  test(`who is cancelled while it waits for a condition takes nobody's call, whichever of them it is: ${driver} <design/pthread#.condition>`, () => {
    for (const seed of seeds(4)) {
      for (const leaver of [0, 1]) {
        const { kernel, process } = rig(seed, driver), mutex = new PthreadMutex('m'), condition = new PthreadCondition('c'), log: unknown[] = [];
        const waiters = [0, 1].map((which) => spawn(process, `waiter ${which}`, function* (_t, thread) {
          // They come one after the other.
          while (which > 0 && !isWaiting(waiters[0])) yield undefined;
          yield* mutex.lock(thread);
          try {
            log.push([which, yield* condition.wait(thread, mutex)]);
          } finally {
            mutex.unlock(thread);
          }
        }));
        spawn(process, 'caller', function* (_t, thread) {
          while (!waiters.every(isWaiting)) yield undefined;
          condition.signal(thread);
          pthreadCancel(thread, waiters[leaver]);
        });
        kernel.run();
        expect([log, mutex.owner]).toEqual([[[1 - leaver, 0]], null]);
      }
    }
  });
}
