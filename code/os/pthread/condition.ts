/* condition.ts: CONDITION VARIABLES
 *
 * pthread_cond_t: threads wait for a call, without a mutex that they have before and after <design/pthread#.condition>.
 */
import { EINVAL, EPERM, ETIMEDOUT } from '../errno.ts';
import { safetyCheck } from '../safety.ts';
import type { Thread } from '../thread.ts';
import type { Wait } from '../wait.ts';
import type { PthreadMutex } from './lock.ts';
import { Queue, Waiter } from './queue.ts';

/** A condition variable. */
export class PthreadCondition {
  readonly name: string;
  private readonly queue: Queue = new Queue();
  /** With which mutex they wait who do. */
  private mutex: PthreadMutex | null = null;

  constructor(name: string) {
    this.name = name;
  }

  /** wait -- pthread_cond_wait: 0 when called; EPERM without the mutex, EINVAL while others wait with another. */
  wait(thread: Thread, mutex: PthreadMutex): Generator<Wait, number, unknown> {
    return this.timedWait(thread, mutex, Infinity);
  }

  /** timedWait -- pthread_cond_timedwait: the same, or ETIMEDOUT; the mutex is had again either way, and before a cancellation. */
  *timedWait(thread: Thread, mutex: PthreadMutex, until: number): Generator<Wait, number, unknown> {
    safetyCheck(thread, 'pthread_cond_wait');
    thread.testCancel();
    if (!this.queue.isEmpty && this.mutex !== mutex) return EINVAL;
    const count = mutex.giveUp(thread);
    if (count < 0) return EPERM;
    this.mutex = mutex;
    const waiter = new Waiter(thread);
    let broken = 0;
    while (!waiter.isCalled && broken !== ETIMEDOUT && !thread.isCancelling) {
      broken = yield* this.queue.sleep(waiter, `condition ${this.name}`, { until, cancels: 'after' });
    }
    yield* mutex.takeBack(thread, count);
    // Who is cancelled takes nobody's call.
    if (waiter.isCalled && thread.isCancelling) this.queue.call();
    thread.testCancel();
    return waiter.isCalled ? 0 : ETIMEDOUT;
  }

  /** signal -- pthread_cond_signal: call whoever came first. */
  signal(thread: Thread): number {
    safetyCheck(thread, 'pthread_cond_signal');
    this.queue.call();
    return 0;
  }

  /** broadcast -- pthread_cond_broadcast: call all. */
  broadcast(thread: Thread): number {
    safetyCheck(thread, 'pthread_cond_broadcast');
    while (this.queue.call());
    return 0;
  }
}
