/* taker.test.ts: WHO CAN BE CALLED
 *
 * A signal of the process is for who can take it now <design/signal#.inv.taker>, and what is ignored for who is in sigwait now
 * <design/signal#.sigwait>.
 */
import { describe, expect, test } from 'vitest';
import {
  alarm, EINTR, nanosleep, pause, sigpending, sigSet, sigSetHas, SigSetEMPTY, SigSetFULL, sigtimedwait, SIG_BLOCK, SIG_IGN, SIGALRM, SIGCONT,
  SIGSTOP, SIGUSR1, SIGUSR2, type Thread,
} from '../../code/os/os.ts';
import { adopt, handle } from './rig.ts';
import { on, start, system, until, ways } from './signal-rig.ts';

for (const { name, driver, stepped } of ways) {
  describe(`who can be called (${name})`, () => {
    test('another takes it where a handler runs above the sigwait of the one that was called <design/signal#.inv.taker>', () => {
      const { kernel, process } = system({ driver }), log: unknown[] = [];
      let isTaken = false;
      on(process, SIGUSR1, 0, (_s, _i, _c, { name: who }) => {
        isTaken = true;
        log.push(`taken by ${who}`);
      });
      handle(process, SIGUSR2, function* () {
        for (let i = 0; i < 1000 && !isTaken; i++) yield;
        log.push(`handler ends ${isTaken}`);
      });
      const waiter = start(process, function* (_t, self) {
        self.mask = sigSet(SIGUSR1);
        log.push(yield* sigtimedwait(self, sigSet(SIGUSR1), 1e6));
      }, stepped, 'waiter');
      const other = start(process, function* (_t, self) {
        self.mask = sigSet(SIGUSR2);
        yield* pause(self);
      }, stepped, 'other');
      until(kernel, () => waiter.waitingFor !== null && other.waitingFor !== null);
      process.kill(SIGUSR1);
      waiter.kill(SIGUSR2);
      kernel.run();
      expect(log).toEqual(['taken by other', 'handler ends true', -EINTR]);
    });

    test('a thread that sleeps comes before one that the host drives, and does not <design/signal#.inv.taker>', () => {
      for (const way of ['timer', 'process', 'late'] as const) {
        const { kernel, process } = system({ driver }), log: unknown[] = [];
        adopt(process, 'main');
        for (const signal of [SIGALRM, SIGUSR1]) on(process, signal, 0, (_s, _i, _c, thread) => log.push(thread.name));
        const worker: Thread = start(process, function* (_t, self) { log.push(yield* pause(self)); }, stepped);
        until(kernel, () => worker.waitingFor !== null);
        // Where none but the host's can take it, it is called, until another can.
        if (way === 'late') kernel.suspend(worker);
        if (way === 'timer') alarm(process, 1);
        else start(kernel.process('other'), function* (_t, self) {
          process.kill(SIGUSR1);
          yield* nanosleep(self, 10);
          if (way === 'late') kernel.resume(worker);
        }, false);
        kernel.run();
        expect(log).toEqual(['worker', EINTR]);
      }
    });

    test('what the host sends itself is delivered in its own thread at once <design/signal#.send>', () => {
      const { process } = system({ driver }), main = adopt(process, 'main'), log: unknown[] = [];
      start(process, function* () { yield; }, stepped);
      on(process, SIGUSR1, 0, (_s, _i, _c, thread) => log.push(thread === main));
      process.kill(SIGUSR1);
      expect(log).toEqual([true]);
    });

    test('what is ignored waits for a sigwait, and not for one with a handler above <design/signal#.sigwait>', () => {
      const { kernel, process } = system({ driver }), log: unknown[] = [];
      let isIn = false, go = false;
      process.sigaction(SIGUSR1, { handler: SIG_IGN, mask: SigSetEMPTY, flags: 0 });
      handle(process, SIGUSR2, function* () {
        isIn = true;
        while (!go) yield;
      });
      const waiter = start(process, function* (_t, self) {
        self.mask = sigSet(SIGUSR1);
        log.push(yield* sigtimedwait(self, sigSet(SIGUSR1), 1e6), sigSetHas(sigpending(self), SIGUSR1));
      }, stepped);
      until(kernel, () => waiter.waitingFor !== null);
      waiter.kill(SIGUSR2);
      until(kernel, () => isIn);
      process.kill(SIGUSR1);
      waiter.kill(SIGUSR1);
      go = true;
      kernel.run();
      expect(log).toEqual([-EINTR, false]);
    });
  });
}

test('sigtimedwait takes no SIGSTOP: that stops <design/signal#.kill>', () => {
  const { kernel, process } = system(), log: unknown[] = [];
  start(process, function* (_t, self) {
    // A stepped thread's own waits until the operation is done.
    self.sigprocmask(SIG_BLOCK, SigSetFULL);
    process.kill(SIGSTOP);
    log.push(yield* sigtimedwait(self, SigSetFULL, 10), process.isStopped);
  }, true);
  start(kernel.process('other'), function* (_t, self) {
    for (let i = 0; i < 100 && !process.isStopped; i++) yield;
    yield* nanosleep(self, 10);
    log.push('continues');
    process.kill(SIGCONT);
  }, false);
  kernel.run();
  expect(log).toEqual(['continues', SIGCONT, false]);
});
