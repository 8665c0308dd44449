/* leaving.test.ts: LEAVING A WAIT FOR A CONDITION
 *
 * By whatever it is left, the mutex is had again before anything else <design/pthread#.condition>.
 */
import { expect, test } from 'vitest';
import {
  callDrive, jump, jumpCatch, nanosleep, PthreadCondition, PthreadMutex, SIGUSR1, type JumpPoint, type Thread,
} from '../../../code/os/os.ts';
import { adopt, handle, rig } from '../rig.ts';
import { start, system, ways } from '../signal-rig.ts';

for (const { name, driver, stepped } of ways) {
  for (const drives of stepped ? [false] : [false, true]) {
    for (const way of ['exits', 'jumps'] as const) {
      for (const where of ['the condition', 'its mutex'] as const) {
        test(`${name}${drives ? ', driven' : ''}: a handler ${way} over a wait for ${where} <design/pthread#.condition>`, () => {
          const { kernel, process } = system({ driver, checksSafety: false }), log: unknown[] = [], mutex = new PthreadMutex('m', 'recursive'), condition = new PthreadCondition('c');
          let point: JumpPoint | null = null;
          handle(process, SIGUSR1, function* (_s, _i, _c, self) {
            if (way === 'exits') self.exit();
            yield;
            if (point !== null) jump(point);
          });
          const waiter: Thread = start(process, function* (_t, self) {
            log.push(yield* jumpCatch(self, function* (at) {
              point = at;
              yield* mutex.lock(self);
              yield* mutex.lock(self);
              try {
                const call = condition.timedWait(self, mutex, where === 'its mutex' ? kernel.clock.now + 10 : Infinity);
                if (drives) callDrive(self, call);
                else yield* call;
              } finally {
                log.push(mutex.owner === self, mutex.count, mutex.unlock(self), mutex.unlock(self));
              }
            }));
          }, stepped, 'waiter');
          start(process, function* (_t, self) {
            while (waiter.waitingFor === null && waiter.parkedAt < 0) yield;
            yield* mutex.lock(self);
            yield* nanosleep(self, 50);
            for (let i = 0; i < 3; i++) {
              waiter.kill(SIGUSR1);
              yield* nanosleep(self, 50);
            }
            log.push('unlocks');
            mutex.unlock(self);
          }, stepped, 'owner');
          kernel.run();
          expect(log).toEqual(['unlocks', true, 2, 0, 0, ...way === 'jumps' ? [1] : []]);
        });
      }
    }
  }
}

test('who could never have the mutex again leaves without it <design/scheduler#.deadlock>', () => {
  const { kernel, process, thread } = rig(), mutex = new PthreadMutex('m'), condition = new PthreadCondition('c'), owner = adopt(process, 'owner');
  callDrive(thread, mutex.lock(thread));
  const call = condition.timedWait(thread, mutex, kernel.clock.now + 10);
  call.next();
  mutex.tryLock(owner);
  expect(() => callDrive(thread, call)).toThrow('no thread can go on');
  expect(mutex.owner).toBe(owner);
});
