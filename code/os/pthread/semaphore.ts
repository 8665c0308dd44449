/* semaphore.ts: SEMAPHORES
 *
 * sem_t: a number that threads wait for to be more than 0 <design/pthread#.semaphore>.
 */
import { EAGAIN, EINVAL, EOVERFLOW } from '../errno.ts';
import { safetyCheck } from '../safety.ts';
import type { Thread } from '../thread.ts';
import { Channel, isUntil, sleep, type Wait } from '../wait.ts';

/** SEM_VALUE_MAX. */
export const SEM_VALUE_MAX = 0x7fff_ffff;

/** A semaphore. */
export class Semaphore {
  readonly name: string;
  private count: number;
  private readonly channels: readonly Channel[] = [new Channel()];

  private constructor(name: string, count: number) {
    this.name = name;
    this.count = count;
  }

  /** make -- sem_init: a semaphore with a value, or EINVAL. */
  static make(name: string, value: number): Semaphore | number {
    return Number.isInteger(value) && value >= 0 && value <= SEM_VALUE_MAX ? new Semaphore(name, value) : EINVAL;
  }

  /** sem_getvalue. */
  get value(): number {
    return this.count;
  }

  /** wait -- sem_wait: take one, or EINTR. */
  wait(thread: Thread): Generator<Wait, number, unknown> {
    return this.timedWait(thread, Infinity);
  }

  /** timedWait -- sem_timedwait: the same, or ETIMEDOUT; EINVAL for what is no time. */
  *timedWait(thread: Thread, until: number): Generator<Wait, number, unknown> {
    safetyCheck(thread, 'sem_wait');
    thread.testCancel();
    for (let broken = 0; !this.take();) {
      if (broken !== 0) return broken;
      if (!isUntil(until)) return EINVAL;
      broken = yield* sleep(thread, `semaphore ${this.name}`, this.channels, () => this.count > 0, { until });
    }
    return 0;
  }

  /** tryWait -- sem_trywait: take one, or EAGAIN. */
  tryWait(thread: Thread): number {
    safetyCheck(thread, 'sem_trywait');
    return this.take() ? 0 : EAGAIN;
  }

  /** post -- sem_post: one more, for whoever of those that wait runs first; EOVERFLOW beyond SEM_VALUE_MAX. Handlers may. */
  post(): number {
    if (this.count === SEM_VALUE_MAX) return EOVERFLOW;
    this.count += 1;
    this.channels[0].wake();
    return 0;
  }

  private take(): boolean {
    if (this.count === 0) return false;
    this.count -= 1;
    return true;
  }
}
