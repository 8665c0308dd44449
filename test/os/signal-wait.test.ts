import { describe, expect, test } from 'vitest';
import {
  Channel, EINTR, EINVAL, ETIMEDOUT, SA_NODEFER, SA_RESTART, SA_SIGINFO, SIG_BLOCK, SIG_IGN, SIGCHLD, SIGCONT, SIGHUP, SIGINT, sigSet, SigSetEMPTY,
  SigSetFULL, sigSetDelete, SIGSTOP, SIGTERM, SIGUSR1, SIGUSR2, sleep, type SigSet, type Thread,
} from '../../code/os/os.ts';
import { callDrive } from '../../code/os/delivery.ts';
import { pause, sigpending, sigtimedwait, sigwait, sigwaitinfo } from '../../code/os/sigwait.ts';
import { kill, sigqueue } from '../../code/os/kill.ts';
import { SigQueueMAX } from '../../code/os/pending.ts';
import { EAGAIN, ESRCH } from '../../code/os/errno.ts';
import { SI_QUEUE, SIGALRM, SIGRTMAX, SIGRTMIN } from '../../code/os/signal.ts';
import { nanosleep, setitimer } from '../../code/os/alarm.ts';
import { adopt, handle } from './rig.ts';
import { on, start, system, until, ways } from './signal-rig.ts';

for (const { name, driver, stepped } of ways) {
  describe(`calls that block (${name})`, () => {
    /** A thread in a call that reads a box, which the test fills. */
    const reader = (restarts: boolean = true) => {
      const { kernel, process } = system({ driver }), log: unknown[] = [], channel = new Channel();
      const box = { isFull: false };
      const thread = start(process, function* (_t, self) {
        for (;;) {
          log.push('call');
          if (box.isFull) break;
          const errno = yield* sleep(self, 'the box', [channel], () => box.isFull, { restarts });
          if (errno !== 0) {
            log.push(errno);
            return;
          }
        }
        log.push('got it');
      }, stepped);
      until(kernel, () => thread.waitingFor === 'the box');
      return { kernel, process, thread, log, fill: () => {
        box.isFull = true;
        channel.wake();
      } };
    };

    test('a handler without SA_RESTART breaks one off: EINTR <design/signal#.inv.interrupt>', () => {
      const { kernel, process, thread, log } = reader();
      on(process, SIGUSR1, 0, () => log.push('handler'));
      thread.kill(SIGUSR1);
      kernel.run();
      expect(log).toEqual(['call', 'handler', EINTR]);
    });

    test('with SA_RESTART it begins anew <design/signal#.inv.interrupt>', () => {
      const { kernel, process, thread, log, fill } = reader();
      on(process, SIGUSR1, SA_RESTART, () => log.push('handler'));
      thread.kill(SIGUSR1);
      until(kernel, () => log.length === 3);
      fill();
      kernel.run();
      expect(log).toEqual(['call', 'handler', 'call', 'call', 'got it']);
    });

    test('one that never restarts is broken off by any handler <design/signal#.inv.interrupt>', () => {
      const { kernel, process, thread, log } = reader(false);
      on(process, SIGUSR1, SA_RESTART, () => log.push('handler'));
      thread.kill(SIGUSR1);
      kernel.run();
      expect(log).toEqual(['call', 'handler', EINTR]);
    });

    test('of two handlers that are pushed at once the first decides, the lower signal\'s <design/signal#.inv.interrupt>', () => {
      for (const first of [SA_RESTART, 0]) {
        const { kernel, process, thread, log, fill } = reader();
        on(process, SIGUSR1, first, () => log.push('first'));
        on(process, SIGUSR2, SA_RESTART - first, () => log.push('second'));
        kernel.suspend(thread);
        for (const signal of [SIGUSR2, SIGUSR1]) thread.kill(signal);
        kernel.resume(thread);
        until(kernel, () => log.includes('first'));
        fill();
        kernel.run();
        expect(log.slice(0, 4)).toEqual(['call', 'second', 'first', first === 0 ? EINTR : 'call']);
      }
    });

    test('of two handlers one after the other one without SA_RESTART is enough <design/signal#.inv.interrupt>', () => {
      const { kernel, process, thread, log } = reader();
      on(process, SIGUSR1, SA_RESTART, () => {
        log.push('restarts');
        thread.kill(SIGUSR2);
      }, sigSet(SIGUSR2));
      on(process, SIGUSR2, 0, () => log.push('breaks'));
      thread.kill(SIGUSR1);
      kernel.run();
      expect(log).toEqual(['call', 'restarts', 'breaks', EINTR]);
    });

    test('what is ignored, blocked, or stops and continues, breaks nothing off <design/signal#.inv.interrupt>', () => {
      const { kernel, process, thread, log, fill } = reader();
      process.sigaction(SIGUSR1, { handler: SIG_IGN, mask: SigSetEMPTY, flags: 0 });
      on(process, SIGUSR2, 0, () => expect.unreachable());
      thread.mask = sigSet(SIGUSR2);
      for (const signal of [SIGUSR1, SIGUSR2, SIGCHLD]) thread.kill(signal);
      process.kill(SIGSTOP);
      until(kernel, () => process.isStopped);
      process.kill(SIGCONT);
      fill();
      kernel.run();
      expect(log).toEqual(['call', 'call', 'got it']);
    });

    test('sigsuspend waits under its mask, runs the handler under both, and gives the old one back <design/signal#.suspend>', () => {
      const { kernel, process } = system({ driver }), log: unknown[] = [];
      on(process, SIGUSR1, SA_RESTART, (_s, _i, _c, thread) => log.push(thread.mask), sigSet(SIGHUP));
      const thread = start(process, function* (_t, self) {
        self.sigprocmask(SIG_BLOCK, sigSet(SIGUSR1, SIGINT));
        log.push(yield* self.sigsuspend(sigSet(SIGUSR2)));
        log.push(self.mask);
      }, stepped);
      until(kernel, () => thread.waitingFor !== null);
      thread.kill(SIGUSR2);
      thread.kill(SIGUSR1);
      on(process, SIGUSR2, 0, () => log.push('late'));
      kernel.run();
      expect(log).toEqual([sigSet(SIGUSR2, SIGHUP, SIGUSR1), 'late', EINTR, sigSet(SIGUSR1, SIGINT)]);
    });

    test('a signal that waits already is delivered by sigsuspend: no wake-up is lost <design/signal#.suspend>', () => {
      const { kernel, process } = system({ driver }), log: unknown[] = [];
      for (const signal of [SIGUSR1, SIGUSR2]) on(process, signal, 0, () => log.push(signal));
      start(process, function* (_t, self) {
        self.sigprocmask(SIG_BLOCK, SigSetFULL);
        self.kill(SIGUSR1);
        self.kill(SIGUSR2);
        log.push(yield* self.sigsuspend(sigSetDelete(SigSetFULL, SIGUSR2)));
        log.push(yield* self.sigsuspend(SigSetEMPTY));
        log.push(self.mask.high);
      }, stepped);
      kernel.run();
      expect(log).toEqual([SIGUSR2, EINTR, SIGUSR1, EINTR, -1]);
    });

    test('sigsuspend in a handler is set going by another signal, and both masks come back in turn <design/signal#.suspend>', () => {
      const { kernel, process } = system({ driver }), log: string[] = [];
      handle(process, SIGUSR1, function* (_signal, _info, _context, thread) {
        log.push('stands');
        yield* thread.sigsuspend(sigSetDelete(SigSetFULL, SIGUSR2));
        log.push('goes');
      }, SA_RESTART, sigSet(SIGUSR2));
      on(process, SIGUSR2, SA_RESTART, () => log.push('set going'));
      let isOver = false;
      const thread = start(process, function* () {
        while (!isOver) yield;
      }, stepped);
      for (let i = 0; i < 3; i++) {
        thread.kill(SIGUSR1);
        until(kernel, () => log.length === 3 * i + 1 && thread.waitingFor !== null);
        thread.kill(SIGUSR2);
        until(kernel, () => log.length === 3 * i + 3);
      }
      isOver = true;
      kernel.run();
      expect([log, thread.mask]).toEqual([Array.from({ length: 3 }, () => ['stands', 'set going', 'goes']).flat(), SigSetEMPTY]);
    });

    test('pause ends with the first handler, and with none for what is ignored <design/signal#.suspend>', () => {
      const { kernel, process } = system({ driver }), log: unknown[] = [];
      on(process, SIGUSR1, SA_RESTART, () => log.push('handler'));
      const thread = start(process, function* (_t, self) {
        log.push(yield* pause(self));
      }, stepped);
      until(kernel, () => thread.waitingFor !== null);
      thread.kill(SIGCHLD);
      thread.kill(SIGUSR1);
      kernel.run();
      expect(log).toEqual(['handler', EINTR]);
    });

    test('sigwait takes the lowest signal of its set in place of a handler <design/signal#.sigwait>', () => {
      const { kernel, process } = system({ driver }), log: unknown[] = [];
      for (const signal of [SIGUSR1, SIGUSR2, SIGHUP]) on(process, signal, SA_NODEFER, () => log.push(`handler ${signal}`));
      const thread = start(process, function* (_t, self) {
        self.mask = sigSet(SIGUSR1, SIGUSR2);
        for (let i = 0; i < 3; i++) log.push(yield* sigwait(self, sigSet(SIGUSR1, SIGUSR2)));
      }, stepped);
      until(kernel, () => thread.waitingFor !== null);
      thread.kill(SIGHUP);
      until(kernel, () => log.length === 1 && thread.waitingFor !== null);
      kernel.suspend(thread);
      thread.kill(SIGUSR2);
      process.kill(SIGUSR1);
      kernel.resume(thread);
      until(kernel, () => log.length === 3);
      process.kill(SIGUSR1);
      kernel.run();
      expect([log, thread.pending, process.awaiters.size]).toEqual([[`handler ${SIGHUP}`, SIGUSR1, SIGUSR2, SIGUSR1], SigSetEMPTY, 0]);
    });

    test('sigwaitinfo is broken off by a handler, sigtimedwait by time; both say who sent what they take <design/signal#.sigwait>', () => {
      const { kernel, process } = system({ driver }), log: unknown[] = [];
      on(process, SIGHUP, SA_RESTART, () => log.push('handler'));
      const thread = start(process, function* (_t, self) {
        self.mask = sigSet(SIGUSR1, SIGRTMIN);
        log.push(yield* sigwaitinfo(self, sigSet(SIGUSR1)));
        log.push(yield* sigtimedwait(self, sigSet(SIGUSR1), 0));
        const from = kernel.clock.now;
        log.push(yield* sigtimedwait(self, sigSet(SIGUSR1), 500));
        log.push(kernel.clock.now - from >= 500);
        log.push(yield* sigtimedwait(self, sigSet(SIGRTMIN), 1_000_000), self.received?.code, self.received?.value, self.received?.pid);
        log.push(yield* sigtimedwait(self, sigSet(SIGUSR1), -1));
      }, stepped);
      until(kernel, () => thread.waitingFor !== null);
      thread.kill(SIGHUP);
      until(kernel, () => log.length === 5);
      expect(sigqueue(kernel, process.pid, SIGRTMIN, 77)).toBe(0);
      kernel.run();
      expect(log).toEqual(['handler', -EINTR, -EAGAIN, -EAGAIN, true, SIGRTMIN, SI_QUEUE, 77, 0, -EINVAL]);
    });

    test('nanosleep lasts its time, and tells what a handler has left of it <design/signal#.alarm>', () => {
      const { kernel, process } = system({ driver }), log: number[] = [];
      on(process, SIGALRM, SA_RESTART, () => undefined);
      start(process, function* (_t, self) {
        const from = kernel.clock.now;
        log.push(yield* nanosleep(self, 3000), kernel.clock.now - from, yield* nanosleep(self, 0), yield* nanosleep(self, -1));
        setitimer(process, 1000);
        log.push(yield* nanosleep(self, 5000));
      }, stepped);
      kernel.run();
      expect([log[0], log[2], log[3]]).toEqual([0, 0, -EINVAL]);
      expect(log[1] >= 3000 && log[1] < 3100 && log[4] > 3900 && log[4] <= 4000).toBe(true);
    });
  });
}

describe('who takes a signal', () => {
  test('a thread that is in sigwait for it, before one that would handle it, once <design/signal#.sigwait>', () => {
    const { kernel, process } = system(), log: unknown[] = [];
    on(process, SIGUSR1, 0, () => log.push('handler'));
    let isOver = false;
    start(process, function* () {
      while (!isOver) yield;
    }, false, 'open');
    const waiters = [0, 1].map((i) => start(process, function* (_t, self) {
      self.mask = sigSet(SIGUSR1);
      log.push([i, yield* sigwait(self, sigSet(SIGUSR1))]);
    }, false));
    until(kernel, () => waiters.every((thread) => thread.waitingFor !== null));
    process.kill(SIGUSR1);
    until(kernel, () => log.length === 1);
    process.kill(SIGUSR1);
    until(kernel, () => log.length === 2);
    expect((log as [number, number][]).map(([i]) => i).sort()).toEqual([0, 1]);
    process.kill(SIGUSR1);
    until(kernel, () => log.length === 3);
    isOver = true;
    kernel.run();
    expect(log[2]).toBe('handler');
  });

  test('who has been given more than it takes gives the rest to the next that waits <design/signal#.sigwait>', () => {
    const { kernel, process } = system(), log: number[] = [];
    const waiters = [0, 1].map(() => start(process, function* (_t, self) {
      self.mask = sigSet(SIGRTMIN);
      yield* sigwait(self, sigSet(SIGRTMIN));
      log.push(self.received?.value ?? -1);
      while (log.length < 2) yield;
    }, false));
    until(kernel, () => waiters.every((thread) => thread.waitingFor !== null));
    for (const value of [5, 6]) expect(sigqueue(kernel, process.pid, SIGRTMIN, value)).toBe(0);
    until(kernel, () => log.length === 2);
    kernel.run();
    expect(log.sort()).toEqual([5, 6]);
  });

  test('sigwait takes what is ignored otherwise <design/signal#.sigwait>', () => {
    const { kernel, process } = system(), log: unknown[] = [];
    process.sigaction(SIGUSR2, { handler: SIG_IGN, mask: SigSetEMPTY, flags: 0 });
    const thread = start(process, function* (_t, self) {
      self.mask = sigSet(SIGCHLD, SIGUSR2);
      for (let i = 0; i < 2; i++) log.push(yield* sigwait(self, sigSet(SIGCHLD, SIGUSR2)));
    }, false);
    until(kernel, () => thread.waitingFor !== null);
    process.kill(SIGCHLD);
    until(kernel, () => log.length === 1 && thread.waitingFor !== null);
    thread.kill(SIGUSR2);
    kernel.run();
    expect(log).toEqual([SIGCHLD, SIGUSR2]);
  });

  test('what was sent to the process is not lost with the thread that was to take it <design/signal#.send>', () => {
    const { kernel, process } = system(), log: string[] = [];
    on(process, SIGUSR1, 0, (_s, _i, _c, thread) => log.push(thread.name));
    on(process, SIGUSR2, 0, () => expect.unreachable());
    const first = start(process, function* (_t, self) {
      yield;
      self.exit();
    }, false, 'first');
    let isOver = false;
    kernel.step();
    const second = start(process, function* () {
      while (!isOver) yield;
    }, false, 'second');
    first.mask = SigSetEMPTY;
    first.kill(SIGUSR2);
    process.kill(SIGUSR1);
    expect([first.pending, process.takers.get(SIGUSR1)]).toEqual([sigSet(SIGUSR2), first]);
    // It ends before it can take anything.
    first.mask = SigSetFULL;
    until(kernel, () => first.state === 'done');
    until(kernel, () => log.length === 1);
    isOver = true;
    kernel.run();
    expect([log, second.pending]).toEqual([['second'], SigSetEMPTY]);
  });
});

describe('sending', () => {
  test('real-time signals queue with their values, in order, up to a limit; others do not <design/signal#.inv.pending>', () => {
    const { kernel, process } = system(), thread = adopt(process, 'main'), seen: unknown[] = [];
    for (const signal of [SIGRTMIN, SIGRTMAX, SIGUSR1]) on(process, signal, SA_SIGINFO, (_s, info) => seen.push([signal, info?.value, info?.code]));
    thread.mask = SigSetFULL;
    for (const value of [3, 1, 2]) for (const signal of [SIGRTMAX, SIGRTMIN, SIGUSR1]) expect(sigqueue(kernel, process.pid, signal, value)).toBe(0);
    thread.sigprocmask(3, SigSetEMPTY);
    // Each blocks itself: the lowest lies under the others, and those that queue behind it come when it has returned.
    expect(seen).toEqual([
      ...[3].map((value) => [SIGRTMAX, value, SI_QUEUE]), [SIGRTMAX, 1, SI_QUEUE], [SIGRTMAX, 2, SI_QUEUE],
      [SIGRTMIN, 3, SI_QUEUE], [SIGRTMIN, 1, SI_QUEUE], [SIGRTMIN, 2, SI_QUEUE], [SIGUSR1, 3, SI_QUEUE],
    ]);
    thread.mask = SigSetFULL;
    for (let i = 0; i < SigQueueMAX; i++) expect(sigqueue(kernel, process.pid, SIGRTMIN, i)).toBe(0);
    expect([sigqueue(kernel, process.pid, SIGRTMIN, 0), process.kill(SIGRTMIN + 1), thread.kill(SIGRTMIN), process.kill(SIGUSR2)])
      .toEqual([EAGAIN, EAGAIN, 0, 0]);
  });

  test('kill and sigqueue find a process by its number; 0 and -1 are all of them <design/signal#.send>', () => {
    const { kernel, process } = system(), other = kernel.process('other', true), log: string[] = [];
    for (const one of [process, other]) {
      adopt(one, one.name).mask = SigSetFULL;
      on(one, SIGUSR1, 0, () => log.push(one.name));
    }
    const count = (): boolean[] => [process, other].map((one) => sigpending([...one.threads][0]).low !== 0 || sigpending([...one.threads][0]).high !== 0);
    expect([kill(kernel, other.pid, SIGUSR1), count()]).toEqual([0, [false, true]]);
    expect([kill(kernel, 0, SIGUSR1), count()]).toEqual([0, [true, true]]);
    expect([kill(kernel, -1, SIGUSR2), kill(kernel, 999, SIGUSR1), kill(kernel, -2, SIGUSR1), kill(kernel, process.pid, 65), kill(kernel, 0, 65),
      kill(kernel, process.pid, 0), sigqueue(kernel, 999, SIGUSR1, 0)]).toEqual([0, ESRCH, ESRCH, EINVAL, EINVAL, 0, ESRCH]);
  });

  test('who is killed with the others by itself is the last <design/signal#.send>', () => {
    const { kernel } = system(), log: string[] = [];
    for (const name of ['one', 'two']) {
      start(kernel.process(name), function* () {
        if (name === 'one') kill(kernel, 0, SIGTERM);
        yield;
        log.push(name);
      }, false);
    }
    kernel.run();
    expect(log).toEqual([]);
  });

  test('sigpending has what waits for the thread and for the process <design/signal#.inv.pending>', () => {
    const { process } = system(), thread = adopt(process, 'main');
    thread.mask = SigSetFULL;
    process.kill(SIGUSR1);
    thread.kill(SIGUSR2);
    expect(sigpending(thread)).toEqual(sigSet(SIGUSR1, SIGUSR2));
  });
});

describe('calls of who cannot yield', () => {
  test('run others until they are done, and are broken off by handlers <design/signal#.inv.interrupt>', () => {
    const { kernel, process } = system(), main = adopt(process, 'main'), log: unknown[] = [];
    on(process, SIGUSR1, 0, () => log.push('handler'));
    start(process, function* () {
      yield;
      main.kill(SIGUSR1);
      yield;
    }, false);
    log.push(callDrive(main, pause(main)), main.waitOnHost);
    expect(callDrive(main, sleep(main, 'ever', [], () => false, { until: kernel.clock.now + 50 }))).toBe(ETIMEDOUT);
    expect(log).toEqual(['handler', EINTR, null]);
  });

  test('one that cannot end puts right what it has set up <design/signal#.suspend>', () => {
    const { process } = system(), main: Thread = adopt(process, 'main');
    const before: SigSet = sigSet(SIGINT);
    main.mask = before;
    expect(() => callDrive(main, main.sigsuspend(SigSetEMPTY))).toThrow('no thread can go on');
    expect([main.mask, main.maskBefore, main.waitOnHost]).toEqual([before, null, null]);
  });
});
