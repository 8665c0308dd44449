import { describe, expect, test } from 'vitest';
import {
  nanosleep, pthreadCancel, PthreadCondition, pthreadCreate, pthreadIsCancelled, pthreadJoin, PthreadMutex, Semaphore, SigSetEMPTY, sigtimedwait, SIGUSR1,
  ArgumentSLOT, sigwait, stepStore32, waitpid, WNOHANG, type Process, type PthreadAttributes, type Thread, type ThreadBody, type Wait,
} from '../../../code/os/os.ts';
import { handle, pages, rig } from '../rig.ts';

const create = (process: Process, body: ThreadBody, attributes: PthreadAttributes = {}): Thread => {
  const made = pthreadCreate(process, null, body, { slots: 48, stackSize: 4096, ...attributes });
  if (typeof made === 'number') throw new Error(`errno ${made}`);
  return made;
};

const semaphore = (value: number): Semaphore => Semaphore.make('s', value) as Semaphore;

describe('ending', () => {
  for (const driver of ['fast', 'explored'] as const) {
    for (const stepped of [false, true]) {
      const kind = `${driver} ${stepped ? 'stepped' : 'plain'}`;

      for (const end of ['cancelled', 'exits', 'exits in a handler'] as const) {
        test(`${kind}: who ${end} cleans up, waiting and with memory, before its data goes <design/pthread#.cleanup>`, () => {
          const { kernel, process, hart, thread } = rig(2, driver), log: unknown[] = [], mutex = new PthreadMutex('m');
          pages(thread, 5);
          handle(process, SIGUSR1, function* (_s, _i, _c, self) {
            try {
              yield;
              self.exit();
            } finally {
              yield;
              log.push('handler');
            }
          });
          let isOwned = false;
          const victim = create(process, function* (t, self) {
            process.keys.set(self, process.keys.create(self, function* () {
              yield;
              log.push('data');
            }), 1);
            try {
              try {
                if (end === 'exits') self.exit();
                yield* self.sigsuspend(SigSetEMPTY);
              } finally {
                expect(yield* mutex.lock(self)).toBe(0);
                yield* stepStore32(ArgumentSLOT, 0, 77);
                log.push('inner', t.load32(ArgumentSLOT, 0));
                mutex.unlock(self);
              }
            } finally {
              yield;
              self.testCancel();
              log.push('outer');
            }
          }, { stepped, argument: { hart, slot: 5 } });
          create(process, function* (_t, self) {
            yield* mutex.lock(self);
            isOwned = true;
            while (end !== 'exits' && victim.waitingFor === null) yield;
            if (end === 'cancelled') pthreadCancel(self, victim);
            if (end === 'exits in a handler') victim.kill(SIGUSR1);
            yield* nanosleep(self, 100);
            log.push('unlocks');
            mutex.unlock(self);
            yield* pthreadJoin(self, victim, 6);
            log.push(pthreadIsCancelled(self, 6));
          });
          kernel.run();
          expect(isOwned).toBe(true);
          const early = end === 'exits in a handler' ? ['handler'] : [];
          expect(log).toEqual([...early, 'unlocks', 'inner', 77, 'outer', 'data', end === 'cancelled']);
        });
      }

      test(`${kind}: a handler above a wait for a condition ends the thread: the mutex is had, and the call is another's <design/pthread#.condition>`, () => {
        const { kernel, process } = rig(3, driver), log: unknown[] = [], mutex = new PthreadMutex('m'), condition = new PthreadCondition('c');
        let isIn = false, mayGo = false;
        handle(process, SIGUSR1, function* (_s, _i, _c, self) {
          isIn = true;
          yield { what: 'leave', ready: () => mayGo };
          self.testCancel();
        });
        const [first] = ['first', 'second'].map((name) => {
          const made = create(process, function* (_t, self) {
            yield* mutex.lock(self);
            try {
              log.push(name, yield* condition.wait(self, mutex));
            } finally {
              log.push(mutex.owner === self);
              mutex.unlock(self);
            }
          }, { name, stepped });
          while (made.waitingFor === null) kernel.step();
          return made;
        });
        first.kill(SIGUSR1);
        while (!isIn) kernel.step();
        create(process, function* (_t, self) {
          pthreadCancel(self, first);
          condition.signal(self);
          yield;
          mayGo = true;
        }, { stepped });
        kernel.run();
        expect(log.filter((one) => one !== true)).toEqual(['second', 0]);
        expect(log.filter((one) => one === true)).toHaveLength(2);
      });

      test(`${kind}: calls that can wait are cancellation points where they need not <design/pthread#.cancel>`, () => {
        const calls: [string, (self: Thread) => Generator<Wait, unknown, unknown>][] = [
          ['read', (self) => self.process.files.read(self, 0, 5, 0)], ['write', (self) => self.process.files.write(self, 0, 5, 0)],
          ['poll', (self) => self.process.files.poll(self, 5, 0, 0)], ['waitpid', (self) => waitpid(self, -1, WNOHANG)],
          ['sigtimedwait', (self) => sigtimedwait(self, SigSetEMPTY, 0)], ['sigwait', (self) => sigwait(self, SigSetEMPTY)],
          ['join', (self) => pthreadJoin(self, self)], ['nanosleep', (self) => nanosleep(self, 0)],
          ['sem_wait', (self) => semaphore(1).wait(self)], ['sigsuspend', (self) => self.sigsuspend(SigSetEMPTY)],
        ];
        for (const [name, call] of calls) {
          const { kernel, process } = rig(1, driver);
          let wentOn = false;
          const one = create(process, function* (_t, self) {
            pthreadCancel(self, self);
            yield* call(self);
            wentOn = true;
          }, { stepped });
          kernel.run();
          expect([name, wentOn, one.wasCancelled]).toEqual([name, false, true]);
        }
      });

      test(`${kind}: the result is what the program has left, whatever destructors leave there, and however they end <design/pthread#.join>`, () => {
        for (const end of ['returns', 'exits'] as const) {
          const { kernel, process } = rig(1, driver), results: number[] = [];
          const worker = create(process, function* (t, self) {
            process.keys.set(self, process.keys.create(self, function* (_value, { hart }) {
              yield;
              hart.set(ArgumentSLOT, 99, 0, 0, 0);
              if (end === 'exits') self.exit();
            }), 1);
            t.enter(t.limit - t.top);
            t.set(ArgumentSLOT, 42, 0, 0, 0);
            self.exit();
          }, { stepped });
          create(process, function* (t, self) {
            yield* pthreadJoin(self, worker, 6);
            results.push(t.r[6 << 3]);
          });
          kernel.run();
          expect([end, results]).toEqual([end, [42]]);
        }
      });

      test(`${kind}: destructors of a cancelled thread may wait, and find the values of other keys <design/pthread#.keys>`, () => {
        const { kernel, process } = rig(1, driver), log: unknown[] = [], gate = semaphore(1), { keys } = process;
        create(process, function* (_t, self) {
          const first = keys.create(self, function* (value, thread) {
            log.push(value, yield* gate.wait(thread), keys.get(thread, first), keys.get(thread, second), keys.get(thread, plain));
          }), second = keys.create(self, function* (value) { log.push(value); }), plain = keys.create(self);
          for (const [key, value] of [[first, 'a'], [second, 'b'], [plain, 'c']] as const) keys.set(self, key, value);
          pthreadCancel(self, self);
          yield* gate.wait(self);
        }, { stepped });
        kernel.run();
        expect(log).toEqual(['a', 0, undefined, 'b', 'c', 'b']);
      });
    }
  }
});
