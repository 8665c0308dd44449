import { expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { EINTR, ETIMEDOUT } from '../../../code/os/errno.ts';
import {
  PthreadCondition, pthreadCreate, PthreadMutex, SA_RESTART, Semaphore, SIGUSR1, SIGUSR2, type Thread, type ThreadRun,
} from '../../../code/os/os.ts';
import { seeds } from '../../seed.ts';
import { handle, rig } from '../rig.ts';

/** Threads that put in, as many that take out, and how much each does. */
const EACH = 3;
const ROUNDS = 10;
/** What the buffer holds, and how many may be at it at once. */
const ROOM = 2;
const TOKENS = 4;

const canGo = (one: Thread, victim: Thread): boolean => one !== victim && one.waitingFor === null && one.state !== 'done';

test('a buffer loses nothing, whoever is interrupted, suspended or timed out <design/pthread#.inv.able> <design/pthread#.inv.call>', () => {
  const hits = { interrupted: 0, timedOut: 0, handled: 0, suspended: 0 };
  for (const driver of ['fast', 'explored'] as const) {
    for (const seed of seeds(20)) {
      const { kernel, process } = rig(seed, driver), draw = random(seed), { clock } = kernel;
      const mutex = new PthreadMutex('m'), filled = new PthreadCondition('filled'), emptied = new PthreadCondition('emptied');
      const tokens = Semaphore.make('tokens', TOKENS) as Semaphore, buffer: number[] = [], taken: number[] = [], threads: Thread[] = [];
      let owner: Thread | null = null, holders = 0;
      for (const [signal, flags] of [[SIGUSR1, 0], [SIGUSR2, SA_RESTART]] as const) {
        handle(process, signal, function* () {
          hits.handled += 1;
          for (let left = draw(8); left > 0; left--) yield;
        }, flags);
      }

      /** exchange -- wait until it is so, and call another on when `act` has been done about it; all with the mutex. */
      const exchange = function* (self: Thread, mine: PthreadCondition, others: PthreadCondition, isSo: () => boolean, act: () => void): ThreadRun {
        expect([yield* mutex.lock(self), owner]).toEqual([0, null]);
        owner = self;
        while (!isSo()) {
          owner = null;
          const result = yield* mine.timedWait(self, mutex, draw(3) === 0 ? clock.now + draw(30) : Infinity);
          expect([mutex.owner, owner]).toEqual([self, null]);
          owner = self;
          if (result === ETIMEDOUT) hits.timedOut += 1;
          else expect(result).toBe(0);
        }
        yield;
        act();
        others.signal(self);
        expect(owner).toBe(self);
        owner = null;
        expect(mutex.unlock(self)).toBe(0);
      };
      const admitted = function* (self: Thread, program: ThreadRun): ThreadRun {
        let result: number;
        for (;;) {
          result = yield* tokens.wait(self);
          if (result !== EINTR) break;
          hits.interrupted += 1;
        }
        holders += 1;
        expect([result, holders <= TOKENS]).toEqual([0, true]);
        yield* program;
        holders -= 1;
        tokens.post();
      };
      for (let i = 0; i < 2 * EACH; i++) {
        const puts = i < EACH;
        threads.push(pthreadCreate(process, null, function* (_t, self) {
          for (let n = 0; n < ROUNDS; n++) {
            yield* admitted(self, puts
              ? exchange(self, emptied, filled, () => buffer.length < ROOM, () => buffer.push(i * ROUNDS + n))
              : exchange(self, filled, emptied, () => buffer.length > 0, () => taken.push(buffer.shift() as number)));
            if (draw(3) === 0) yield;
          }
        }, { slots: 48, stackSize: 0x8000, stepped: draw(2) === 0 }) as Thread);
      }
      for (let steps = 0; kernel.step(); steps++) {
        const victim = threads[draw(threads.length)];
        if (victim.state === 'done' || draw(3) !== 0 || steps > 5000) continue;
        if (draw(3) > 0) {
          victim.kill(draw(2) === 0 ? SIGUSR1 : SIGUSR2);
        } else {
          kernel.suspend(victim);
          for (let left = draw(20); left > 0 && threads.some((one) => canGo(one, victim)); left--) {
            hits.suspended += 1;
            kernel.step();
          }
          kernel.resume(victim);
        }
      }
      expect([taken.sort((one, other) => one - other), tokens.value, mutex.owner])
        .toEqual([Array.from({ length: EACH * ROUNDS }, (_, index) => index), TOKENS, null]);
    }
  }
  expect(Math.min(...Object.values(hits)), JSON.stringify(hits)).toBeGreaterThan(50);
});
