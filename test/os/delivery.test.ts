/* delivery.test.ts: HANDLERS IN THE MIDDLE OF CALLS
 *
 * Plain code's signals are handled on the host's stack, and are the same all the same <design/signal#.wait>.
 */
import { describe, expect, test } from 'vitest';
import { EINTR } from '../../code/os/errno.ts';
import {
  callDrive, nanosleep, pause, sleep, SA_RESTART, SIG_UNBLOCK, sigSet, SIGCONT, SIGTSTP, SIGUSR1, SIGUSR2, type Thread,
} from '../../code/os/os.ts';
import { adopt, handle } from './rig.ts';
import { on, start, system } from './signal-rig.ts';

for (const driver of ['fast', 'explored'] as const) {
  test(`what is unblocked together with a stop is handled once the process goes on, ${driver} <design/signal#.stop>`, () => {
    for (const adopted of [false, true]) {
      const { kernel, process } = system({ driver }), log: unknown[] = [];
      on(process, SIGUSR1, 0, () => log.push('handler', process.isStopped));
      const act = (self: Thread): void => {
        self.mask = sigSet(SIGUSR1, SIGTSTP);
        for (const signal of [SIGTSTP, SIGUSR1]) process.kill(signal);
        self.sigprocmask(SIG_UNBLOCK, sigSet(SIGUSR1, SIGTSTP));
        log.push('goes on');
      };
      start(kernel.process('other'), function* (_t, self) {
        while (!process.isStopped) yield;
        yield* nanosleep(self, 10);
        log.push('continues');
        process.kill(SIGCONT);
      }, false);
      if (adopted) act(adopt(process, 'main'));
      else start(process, function* (_t, self) { act(self); }, false);
      kernel.run();
      expect(log).toEqual(['continues', 'handler', false, 'goes on']);
    }
  });

  describe(`a call of who cannot yield, ${driver}`, () => {
    /** What a sleep that yields, or is driven, ends with, while `act` is done to its thread. */
    const sleeper = (drives: boolean, prepare: (process: Thread['process']) => void, act: (thread: Thread) => boolean): number => {
      const { kernel, process } = system({ driver });
      let result = -1, isIn = false;
      prepare(process);
      const thread = start(process, function* (_t, self) {
        const call = sleep(self, 'ever', [], () => false);
        isIn = true;
        result = drives ? callDrive(self, call) : yield* call;
      }, false);
      start(process, function* (_t, self) {
        while (!isIn) yield;
        yield* nanosleep(self, 10);
        while (!act(thread)) yield;
      }, false);
      kernel.run();
      return result;
    };

    test('of two handlers that are pushed at once the first decides <design/signal#.inv.interrupt>', () => {
      for (const drives of [false, true]) {
        for (const first of [SA_RESTART, 0]) {
          expect(sleeper(drives, (process) => {
            on(process, SIGUSR1, first, () => undefined);
            on(process, SIGUSR2, SA_RESTART - first, () => undefined);
          }, (thread) => {
            thread.process.kernel.suspend(thread);
            for (const signal of [SIGUSR2, SIGUSR1]) thread.kill(signal);
            thread.process.kernel.resume(thread);
            return true;
          })).toBe(first === 0 ? EINTR : 0);
        }
      }
    });

    test('a handler that runs over another handler does not break it off <design/signal#.inv.interrupt>', () => {
      for (const drives of [false, true]) {
        let isIn = false, isOver = false;
        expect(sleeper(drives, (process) => {
          handle(process, SIGUSR1, function* () {
            isIn = true;
            while (!isOver) yield;
          }, SA_RESTART);
          on(process, SIGUSR2, 0, () => { isOver = true; });
        }, (thread) => {
          if (!isIn) thread.kill(SIGUSR1);
          else thread.kill(SIGUSR2);
          return isIn;
        })).toBe(0);
      }
    });
  });
}

test('a wait that a plain handler has left is not what its next call waits for <design/signal#.inv.interrupt>', () => {
  const { kernel, process } = system(), main = adopt(process, 'main'), log: unknown[] = [];
  on(process, SIGUSR2, 0, () => undefined);
  handle(process, SIGUSR1, function* (_s, _i, _c, self) {
    try {
      yield* pause(self);
    } catch (error) {
      start(process, function* () { self.kill(SIGUSR2); }, false);
      log.push(callDrive(self, sleep(self, 'ever', [], () => false, { until: kernel.clock.now + 1000 })));
      throw error;
    }
  });
  // There is nobody to end the pause.
  expect(() => main.kill(SIGUSR1)).toThrow('no thread can go on');
  expect(log).toEqual([EINTR]);
});
