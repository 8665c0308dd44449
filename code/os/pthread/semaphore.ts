/* semaphore.ts: SEMAPHORES
 *
 * sem_t: a number that threads wait for to be more than 0 <design/pthread#.semaphore>.
 */
import { EAGAIN, EINVAL, EOVERFLOW } from '../errno.ts';
import { safetyCheck } from '../safety.ts';
import type { Thread } from '../thread.ts';
import type { Wait } from '../wait.ts';
import { Queue, Waiter } from './queue.ts';

/** SEM_VALUE_MAX. */
export const SEM_VALUE_MAX = 0x7fff_ffff;

/** A semaphore. */
export class Semaphore {
  readonly name: string;
  private count: number;
  private readonly queue: Queue = new Queue();

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

  /** timedWait -- sem_timedwait: the same, or ETIMEDOUT. */
  *timedWait(thread: Thread, until: number): Generator<Wait, number, unknown> {
    safetyCheck(thread, 'sem_wait');
    thread.testCancel();
    if (this.take()) return 0;
    const waiter = new Waiter(thread);
    try {
      for (;;) {
        const broken = yield* this.queue.sleep(waiter, `semaphore ${this.name}`, { until });
        if (waiter.isCalled) return 0;
        if (broken !== 0) return broken;
      }
    } catch (error) {
      // What was kept for one that is to end is the next one's.
      if (waiter.isCalled) this.give();
      throw error;
    }
  }

  /** tryWait -- sem_trywait: take one, or EAGAIN. */
  tryWait(thread: Thread): number {
    safetyCheck(thread, 'sem_trywait');
    return this.take() ? 0 : EAGAIN;
  }

  /** post -- sem_post: give one to whoever came first, or to whoever will come; EOVERFLOW beyond SEM_VALUE_MAX. Handlers may. */
  post(): number {
    if (this.count === SEM_VALUE_MAX) return EOVERFLOW;
    this.give();
    return 0;
  }

  private give(): void {
    if (!this.queue.call()) this.count += 1;
  }

  private take(): boolean {
    if (this.count === 0) return false;
    this.count -= 1;
    return true;
  }
}
