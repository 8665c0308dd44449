/* alarm.ts: ALARMS
 *
 * Signals and wakings at a time of the kernel's clock <design/clock>: alarm, setitimer(ITIMER_REAL), nanosleep <design/signal#.alarm>.
 */
import type { Clock, Timer } from './clock.ts';
import { signalIsLost, signalPost } from './delivery.ts';
import { EINVAL } from './errno.ts';
import { endingCheck } from './proc/ending.ts';
import type { Process } from './process.ts';
import { safetyCheck } from './safety.ts';
import { SI_KERNEL, SIGALRM } from './signal.ts';
import type { Thread } from './thread.ts';
import { never, sleep, type Wait } from './wait.ts';

const SECOND = 1_000_000;

/** The real-time interval timer of a process, running. */
export interface Alarm {
  readonly timer: Timer;
  /** Microseconds from one signal to the next; 0 if there is but one. */
  readonly interval: number;
}

/** What setitimer is told, and tells: microseconds until the next signal, 0 if there is none, and from then on. */
export interface Itimer {
  readonly value: number;
  readonly interval: number;
}

const isTime = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** getitimer -- the timer as it is. What is due and has not been done yet has a microsecond left. */
export function getitimer({ alarm, kernel }: Process): Itimer {
  if (alarm === null) return { value: 0, interval: 0 };
  return { value: Math.max(1, alarm.timer.at - kernel.clock.now), interval: alarm.interval };
}

/** setitimer -- send the process SIGALRM after `value` microseconds and, unless `interval` is 0, again and again; a value of 0 ends that.
 * The timer as it was, or EINVAL. */
export function setitimer(process: Process, value: number, interval: number = 0): Itimer | number {
  const { current } = process.kernel;
  if (current !== null) safetyCheck(current, 'setitimer');
  return !isTime(value) || !isTime(interval) ? EINVAL : timerSet(process, value, interval);
}

function timerSet(process: Process, value: number, interval: number): Itimer {
  endingCheck(process.kernel);
  const before = getitimer(process), { clock } = process.kernel;
  if (process.alarm !== null) clock.cancel(process.alarm.timer);
  process.alarm = null;
  if (value > 0) alarmSet(process, clock, clock.now + value, interval);
  return before;
}

function alarmSet(process: Process, clock: Clock, at: number, interval: number): void {
  const timer = clock.set(at, () => {
    process.alarm = null;
    if (process.status !== null) return;
    if (interval > 0) alarmSet(process, clock, at + interval, interval);
    signalPost(process, SIGALRM, SI_KERNEL);
  }, interval > 0 ? () => signalIsLost(process, SIGALRM) : null);
  process.alarm = { timer, interval };
}

/** alarm -- SIGALRM after so many seconds, or with 0 not at all; the seconds that were left, rounded up, or -EINVAL. */
export function alarm(process: Process, seconds: number): number {
  return isTime(seconds * SECOND) ? Math.ceil(timerSet(process, seconds * SECOND, 0).value / SECOND) : -EINVAL;
}

/** nanosleep -- wait so many microseconds: the clock knows nothing shorter. What was left of them when a handler ended the wait, else 0;
 * -EINVAL. */
export function* nanosleep(thread: Thread, microseconds: number): Generator<Wait, number, unknown> {
  safetyCheck(thread, 'nanosleep');
  thread.testCancel();
  if (!isTime(microseconds)) return -EINVAL;
  const { clock } = thread.process.kernel, until = clock.now + microseconds;
  if (microseconds === 0) return 0;
  yield* sleep(thread, `${microseconds} us to pass`, [], never, { until, restarts: false });
  return Math.max(0, until - clock.now);
}
