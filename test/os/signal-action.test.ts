import { describe, expect, test } from 'vitest';
import {
  alarm, atFork, CLD_CONTINUED, CLD_STOPPED, EINTR, nanosleep, pthreadSetCancelState, SA_NOCLDSTOP, setitimer, sigtimedwait, SA_NODEFER, SA_SIGINFO, SIG_IGN, SIGABRT, SIGBUS, SIGCHLD, SIGCONT, SIGEMT, SIGFPE, SIGHUP, SIGILL,
  SIGINFO, SIGIO, SIGKILL, signalDefault, SIGPROT, SIGQUIT, SIGSEGV, SigSetEMPTY, sigSet, SIGSTOP, SIGSYS, SIGTRAP, SIGTSTP, SIGTTIN, SIGTTOU,
  SIGURG, SIGUSR1, SIGUSR2, SIGWINCH, type Kernel, type Process, type Thread, type ThreadRun,
} from '../../code/os/os.ts';
import { jump, jumpCatch, type JumpPoint } from '../../code/os/jump.ts';
import { RLIMIT_CORE } from '../../code/os/proc/limits.ts';
import { AsyncSignalError, safetyCheck, safetyEnter, safetyLeave } from '../../code/os/safety.ts';
import { pause } from '../../code/os/sigwait.ts';
import { adopt, close, failure, handle, open, pages, spawn } from './rig.ts';
import { on, start, system, until, ways } from './signal-rig.ts';
import { cool } from '../../code/base/base.ts';

describe('default actions', () => {
  const cores = [SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGEMT, SIGFPE, SIGBUS, SIGSEGV, SIGSYS, SIGPROT];
  const ignored = [SIGURG, SIGCHLD, SIGIO, SIGWINCH, SIGINFO], stops = [SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU];

  for (let signal = 1; signal <= 64; signal++) {
    const what = cores.includes(signal) ? 'core' : ignored.includes(signal) ? 'ignore' : stops.includes(signal) ? 'stop'
      : signal === SIGCONT ? 'continue' : 'terminate';
    test(`signal ${signal}: ${what} <design/signal#.default>`, () => {
      const { kernel, process } = system();
      let count = 0;
      start(process, function* () {
        while (count++ < 5) yield;
      }, false);
      process.kill(signal);
      expect(signalDefault(signal)).toBe(what);
      if (what === 'stop') {
        expect(() => kernel.run()).toThrow('stopped');
        expect([process.isStopped, process.stopSignal, process.status]).toEqual([true, signal, null]);
      } else {
        kernel.run();
        const isOver = what === 'core' || what === 'terminate';
        expect(process.status).toEqual(isOver ? { signal, report: expect.any(String) as string, core: what === 'core' } : null);
        expect([count, process.core === null]).toEqual([isOver ? 0 : 6, what !== 'core']);
      }
    });
  }

  test('a core has the threads with their registers, the map and the report; RLIMIT_CORE of 0 leaves none <design/signal#.core>', () => {
    for (const limit of [Infinity, 0]) {
      const { kernel, process } = system(), thread = adopt(process, 'main');
      pages(thread, 1);
      thread.hart.set(3, 0x99, 0, 0, 0);
      spawn(process, 'other', function* () {
        yield;
      });
      expect(process.limits.set(RLIMIT_CORE, { soft: limit, hard: limit })).toBe(0);
      expect(() => thread.hart.load8(2, 0)).toThrow('SIGPROT');
      expect(process.status).toMatchObject({ signal: SIGPROT, core: limit > 0 });
      if (limit === 0) expect(process.core).toBe(null);
      else {
        expect(process.core).toMatchObject({ signal: SIGPROT, report: expect.stringContaining('died of SIGPROT') as string });
        expect(process.core?.threads.map(({ name, registers }) => [name, registers.length > 0])).toEqual([['main', true], ['other', false]]);
        expect(process.core?.threads[0].registers).toContain('slot 3: 0x99');
        expect(process.core?.map.length).toBeGreaterThan(1);
      }
      kernel.run();
    }
  });
});

/** A process with a child, and what the parent is told. */
function family(flags: number): { kernel: Kernel; parent: Process; child: Process; told: unknown[] } {
  const { kernel, process: parent } = system(), told: unknown[] = [], child = kernel.process('child', true);
  adopt(parent, 'parent');
  child.parent = parent;
  on(parent, SIGCHLD, SA_SIGINFO | flags, (_s, info) => told.push([info?.code, info?.pid === child.pid, info?.status]));
  start(child, function* () {
    for (;;) yield;
  }, false);
  return { kernel, parent, child, told };
}

describe('stopping and continuing', () => {
  for (const flags of [0, SA_NOCLDSTOP]) {
    test(`the parent is told by SIGCHLD, ${flags === 0 ? 'without' : 'but not with'} SA_NOCLDSTOP, and by the child's state <design/signal#.child>`, () => {
      const { kernel, parent, child, told } = family(flags), main = [...parent.threads][0];
      const settle = (): unknown => main.sigprocmask(1, SigSetEMPTY) + main.sigprocmask(2, SigSetEMPTY);
      child.kill(SIGTSTP);
      until(kernel, () => child.isStopped, 5);
      settle();
      expect([child.changed, child.stopSignal]).toEqual(['stopped', SIGTSTP]);
      child.kill(SIGCONT);
      settle();
      expect([child.changed, child.stopSignal, child.isStopped]).toEqual(['continued', 0, false]);
      child.kill(SIGCONT);
      settle();
      expect(told).toEqual(flags === 0 ? [[CLD_STOPPED, true, SIGTSTP], [CLD_CONTINUED, true, SIGCONT]] : []);
    });
  }

  test('SIGCONT takes back stop signals that wait, and they take it back; it continues though it be ignored or blocked <design/signal#.stop>', () => {
    const { kernel, process } = system(), thread = start(process, function* () {
      for (let i = 0; i < 3; i++) yield;
    }, false);
    thread.mask = sigSet(SIGTSTP, SIGCONT);
    on(process, SIGCONT, 0, () => expect.unreachable());
    process.kill(SIGTSTP);
    process.kill(SIGCONT);
    expect(process.pendingSet.has(SIGTSTP)).toBe(false);
    process.kill(SIGTSTP);
    expect([process.pendingSet.has(SIGTSTP), process.pendingSet.has(SIGCONT)]).toEqual([true, false]);
    process.sigaction(SIGCONT, { handler: SIG_IGN, mask: SigSetEMPTY, flags: 0 });
    process.kill(SIGSTOP);
    until(kernel, () => process.isStopped, 5);
    process.kill(SIGCONT);
    expect(process.isStopped).toBe(false);
    kernel.run();
  });

  test('a stopped process can be killed, and handles nothing else before it goes on <design/signal#.stop>', () => {
    const { kernel, process } = system(), log: string[] = [];
    on(process, SIGUSR1, 0, () => log.push('handler'));
    start(process, function* () {
      for (let i = 0; i < 3; i++) yield;
    }, false);
    process.kill(SIGSTOP);
    until(kernel, () => process.isStopped, 5);
    process.kill(SIGUSR1);
    expect(() => kernel.run()).toThrow('stopped');
    expect(log).toEqual([]);
    process.kill(SIGKILL);
    kernel.run();
    expect([process.status, log]).toEqual([expect.objectContaining({ signal: SIGKILL, core: false }), []]);
  });
});

for (const { name, driver, stepped } of ways) {
  describe(`jumping out of handlers (${name})`, () => {
    test('the thread goes on after jumpCatch, with the mask, stack and locals of there; what waited is delivered <design/signal#.jump>', () => {
      const { kernel, process } = system({ driver }), log: unknown[] = [];
      let point: JumpPoint | null = null;
      const leap = function* (signal: number): ThreadRun {
        log.push(`handler ${signal}`);
        if (signal === SIGUSR1) [...process.threads][0].kill(SIGUSR2);
        else if (point !== null) jump(point, 7);
        yield;
      };
      for (const signal of [SIGUSR1, SIGUSR2]) handle(process, signal, leap, SA_SIGINFO, sigSet(SIGHUP));
      on(process, SIGHUP, 0, () => log.push('late'));
      const thread = start(process, function* (t, self) {
        const { top } = t, { sp } = self;
        const value = yield* jumpCatch(self, function* (at) {
          point = at;
          try {
            t.enter(5);
            self.kill(SIGHUP);
            log.push('body');
            self.kill(SIGUSR1);
            yield* pause(self);
          } finally {
            log.push('finally');
          }
        });
        log.push(value, self.mask, self.depth, [t.top, self.sp].join() === [top, sp].join());
        log.push(yield* jumpCatch(self, function* () {
          yield;
        }));
      }, stepped);
      kernel.run();
      expect([thread.state, log.filter((entry) => entry !== 'late')])
        .toEqual(['done', ['body', `handler ${SIGUSR1}`, `handler ${SIGUSR2}`, 'finally', 7, SigSetEMPTY, 1, true, 0]]);
    });

    test('a fault that cannot be put right is left by a jump, inside a call too <design/signal#.jump>', () => {
      const { kernel, process } = system({ driver }), log: unknown[] = [];
      let point: JumpPoint | null = null;
      on(process, SIGPROT, 0, () => {
        if (point !== null) jump(point, 0);
      });
      start(process, function* (t, self) {
        for (let i = 0; i < 3; i++) {
          log.push(yield* jumpCatch(self, function* (at) {
            point = at;
            t.load8(5, 0);
            log.push('not reached');
          }));
        }
      }, false);
      kernel.run();
      expect(log).toEqual([1, 1, 1]);
    });
  });
}

describe('jumps', () => {
  test('to where nobody catches any more are a defect <design/signal#.jump.live>', () => {
    const { kernel, process } = system();
    let point: JumpPoint | null = null;
    start(process, function* (_t, self) {
      yield* jumpCatch(self, function* (at) {
        point = at;
      });
      if (point !== null) jump(point);
    }, false);
    expect(() => kernel.run()).toThrow('<design/signal#.jump.live>');
  });

  test('of one thread leave others alone, and an error is no jump <design/signal#.jump>', () => {
    const { kernel, process } = system();
    start(process, function* (_t, self) {
      yield* jumpCatch(self, function* () {
        throw new RangeError('mine');
      });
    }, false);
    expect(failure(() => kernel.run())).toBe('RangeError: mine');
  });
});

describe('async-signal-safety', () => {
  /** What a handler for `signal` gets that calls something unsafe. */
  const calls = (checksSafety: boolean, act: (thread: ReturnType<typeof adopt>, log: unknown[]) => void): unknown[] => {
    const { process } = system({ checksSafety }), thread = adopt(process, 'main'), log: unknown[] = [];
    for (const signal of [SIGUSR1, SIGSEGV]) {
      on(process, signal, SA_NODEFER, () => {
        try {
          safetyCheck(thread, 'malloc');
          log.push('allowed');
        } catch (error) {
          if (!(error instanceof AsyncSignalError)) throw error;
          log.push(error.message);
        }
        if (signal === SIGSEGV) open(thread, 1);
      });
    }
    pages(thread, 1);
    act(thread, log);
    return log;
  };

  test('a handler of a signal that was sent is told which call, which signal, and what to do <design/safety#.rule>', () => {
    expect(calls(true, (thread) => thread.kill(SIGUSR1))).toEqual([
      'malloc is called in a handler of SIGUSR1, which interrupted its thread at any point: malloc is not async-signal-safe '
      + '(note the signal down in the handler, and call it outside, or take the signal by sigwait)']);
    expect(new AsyncSignalError('x')).toMatchObject({ code: 'CAPSTAN_ASYNC_SIGNAL', name: 'AsyncSignalError' });
  });

  test('a fault\'s handler may call what the code that faulted may: all, but inside such a call <design/safety#.rule>', () => {
    const fault = (thread: ReturnType<typeof adopt>): void => {
      close(thread, 1);
      thread.hart.load8(1, 0);
    };
    expect(calls(true, fault)).toEqual(['allowed']);
    expect(calls(true, (thread) => {
      const before = safetyEnter(thread, 'printf'), inner = safetyEnter(thread, 'malloc');
      safetyLeave(thread, inner);
      fault(thread);
      expect(thread.unsafe).toBe('printf');
      safetyLeave(thread, before);
      fault(thread);
    })).toEqual([expect.stringMatching(/^malloc is called in a handler of SIGSEGV, which interrupted printf: .*keep faults out/), 'allowed']);
  });

  test('a fault inside the handler of a sent signal does not make it safe <design/safety#.rule>', () => {
    const { process } = system({ checksSafety: true }), thread = adopt(process, 'main'), log: unknown[] = [];
    pages(thread, 1);
    close(thread, 1);
    on(process, SIGUSR2, 0, () => thread.hart.load8(1, 0));
    on(process, SIGSEGV, 0, () => {
      log.push(failure(() => safetyCheck(thread, 'malloc')));
      open(thread, 1);
    });
    thread.kill(SIGUSR2);
    expect(log).toEqual([expect.stringContaining('AsyncSignalError: malloc is called in a handler of SIGUSR2')]);
    expect([thread.unsafe, failure(() => safetyCheck(thread, 'malloc'))]).toEqual([null, 'nothing']);
  });

  test('a handler that interrupts sigsuspend or pause may call anything, and the handlers under it <design/safety#.rule>', () => {
    for (const { driver, stepped } of ways) {
      for (const call of [(thread: Thread) => thread.sigsuspend(SigSetEMPTY), pause]) {
        const { kernel, process } = system({ driver, checksSafety: true }), log: unknown[] = [];
        for (const signal of [SIGUSR1, SIGUSR2]) on(process, signal, 0, (_s, _i, _c, thread) => log.push(failure(() => safetyCheck(thread, 'malloc'))));
        const thread = start(process, function* (_t, self) {
          log.push(yield* call(self));
        }, stepped);
        until(kernel, () => thread.waitingFor !== null);
        kernel.suspend(thread);
        for (const signal of [SIGUSR1, SIGUSR2]) thread.kill(signal);
        kernel.resume(thread);
        kernel.run();
        expect(log).toEqual(['nothing', 'nothing', EINTR]);
      }
    }
  });

  test('calls that are not on the list of POSIX ask <design/safety#.rule>', () => {
    const { process } = system({ checksSafety: true }), thread = adopt(process, 'main'), log: string[] = [];
    const calls: readonly ((self: Thread) => unknown)[] = [
      (self) => nanosleep(self, 0).next(), () => setitimer(process, 5), (self) => sigtimedwait(self, SigSetEMPTY, 0).next(),
      () => atFork(process, {}), (self) => pthreadSetCancelState(self, true), (self) => self.exit(),
      () => process.setrlimit(RLIMIT_CORE, { soft: 0, hard: 0 }),
    ];
    on(process, SIGUSR1, 0, (_s, _i, _c, self) => {
      for (const call of calls) log.push(failure(() => call(self)).split(' is called in')[0]);
      log.push(`alarm ${alarm(process, 0)}`);
    });
    thread.kill(SIGUSR1);
    const names = ['nanosleep', 'setitimer', 'sigtimedwait', 'pthread_atfork', 'pthread_setcancelstate', 'pthread_exit', 'setrlimit'];
    expect(log).toEqual([...names.map((name) => `AsyncSignalError: ${name}`), 'alarm 0']);
  });

  test('nothing is said where it is not asked for; cool asks <design/safety#.cool>', () => {
    expect(calls(false, (thread) => thread.kill(SIGUSR1))).toEqual(['allowed']);
    expect(system().kernel.checksSafety).toBe(cool);
  });

  test('a call that an error leaves is over <design/safety#.rule>', () => {
    const { process } = system({ checksSafety: true }), thread = adopt(process, 'main');
    const before = safetyEnter(thread, 'one');
    expect([before, thread.unsafe, safetyEnter(thread, 'two'), thread.unsafe]).toEqual([null, 'one', 'one', 'one']);
    safetyLeave(thread, before);
    expect(thread.unsafe).toBe(null);
  });
});
