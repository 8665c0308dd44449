import { describe, expect, test } from 'vitest';
import { EINVAL, SA_SIGINFO, SI_KERNEL, SIGALRM } from '../../code/os/os.ts';
import { alarm, getitimer, nanosleep, setitimer } from '../../code/os/alarm.ts';
import { pause } from '../../code/os/sigwait.ts';
import { on, start, system } from './signal-rig.ts';

describe('alarms', () => {
  test('setitimer sends SIGALRM at its time, again and again, until it is set to 0 <design/signal#.alarm>', () => {
    const { kernel, process } = system(), times: number[] = [];
    on(process, SIGALRM, SA_SIGINFO, (_s, info) => {
      times.push(kernel.clock.now);
      expect(info?.code).toBe(SI_KERNEL);
      if (times.length === 4) expect(setitimer(process, 0)).toEqual({ value: expect.any(Number) as number, interval: 700 });
    });
    start(process, function* (_t, self) {
      expect(setitimer(process, 1000, 700)).toEqual({ value: 0, interval: 0 });
      expect(getitimer(process)).toEqual({ value: 1000, interval: 700 });
      for (let i = 0; i < 4; i++) yield* pause(self);
      expect([yield* nanosleep(self, 5000), getitimer(process)]).toEqual([0, { value: 0, interval: 0 }]);
    }, false);
    kernel.run();
    expect(times.length).toBe(4);
    for (let i = 1; i < 4; i++) expect(Math.abs(times[i] - times[i - 1] - 700)).toBeLessThan(20);
  });

  test('alarm counts in seconds, tells what was left, and replaces what was set <design/signal#.alarm>', () => {
    const { kernel, process } = system(), log: unknown[] = [];
    on(process, SIGALRM, 0, () => log.push('alarm'));
    start(process, function* (_t, self) {
      log.push(alarm(process, 10), alarm(process, 2));
      yield* nanosleep(self, 500_000);
      log.push(alarm(process, 5));
      log.push((yield* nanosleep(self, 10_000_000)) > 0);
      log.push(alarm(process, 0), alarm(process, -1), setitimer(process, 1.5), setitimer(process, 1, -1));
    }, false);
    kernel.run();
    expect(log).toEqual([0, 10, 2, 'alarm', true, 0, -EINVAL, EINVAL, EINVAL]);
  });

  test('without a handler it ends the process; one that is over is sent none <design/signal#.alarm>', () => {
    const { kernel, process } = system();
    start(process, function* (_t, self) {
      setitimer(process, 100, 100);
      yield* pause(self);
    }, false);
    kernel.run();
    expect(process.status).toMatchObject({ signal: SIGALRM, core: false });
    // Nothing is left that time would go on for.
    expect(kernel.clock.next).toBe(Infinity);
    const other = kernel.process('other');
    start(other, function* (_t, self) {
      yield* nanosleep(self, 1000);
    }, false);
    kernel.run();
    expect([process.alarm?.timer.isSet === true, other.status]).toEqual([false, { exit: 0 }]);
  });
});
