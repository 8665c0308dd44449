/* condition.ts: CONDITION VARIABLES
 *
 * pthread_cond_t: threads wait for a call, without a mutex that they have before and after <design/pthread#.condition>.
 */
import { EINVAL, EPERM, ETIMEDOUT } from '../errno.ts';
import { safetyCheck } from '../safety.ts';
import type { Thread } from '../thread.ts';
import { Channel, isUntil, sleep, type Wait } from '../wait.ts';
import { Calls } from './calls.ts';
import type { PthreadMutex } from './lock.ts';

/** A condition variable. */
export class PthreadCondition {
  readonly name: string;
  private readonly calls: Calls = new Calls();
  private readonly channels: readonly Channel[] = [new Channel()];
  /** With which mutex they wait who do. */
  private mutex: PthreadMutex | null = null;

  constructor(name: string) {
    this.name = name;
  }

  /** wait -- pthread_cond_wait: 0 when called; EPERM without the mutex, EINVAL while others wait with another. */
  wait(thread: Thread, mutex: PthreadMutex): Generator<Wait, number, unknown> {
    return this.timedWait(thread, mutex, Infinity);
  }

  /** timedWait -- pthread_cond_timedwait: the same, or ETIMEDOUT, or EINVAL for what is no time; the mutex is had again whatever comes, also
   * before a cancellation. */
  *timedWait(thread: Thread, mutex: PthreadMutex, until: number): Generator<Wait, number, unknown> {
    safetyCheck(thread, 'pthread_cond_wait');
    thread.testCancel();
    if (!isUntil(until) || (!this.calls.isEmpty && this.mutex !== mutex)) return EINVAL;
    const count = mutex.giveUp(thread);
    if (count < 0) return EPERM;
    this.mutex = mutex;
    let isCalled = false;
    try {
      isCalled = yield* this.await(thread, until);
    } finally {
      yield* mutex.takeBack(thread, count);
    }
    thread.testCancel();
    return isCalled ? 0 : ETIMEDOUT;
  }

  /** await -- wait for a call; whether there was one. Who is cancelled, or leaves by an error, takes none. */
  private *await(thread: Thread, until: number): Generator<Wait, boolean, unknown> {
    const { calls } = this, ticket = calls.join(), isCalled = (): boolean => calls.isCalled(ticket);
    try {
      for (let broken = 0; ;) {
        if (thread.isCancelling) return false;
        if (isCalled()) {
          calls.take(ticket);
          return true;
        }
        if (broken === ETIMEDOUT) return false;
        broken = yield* sleep(thread, `condition ${this.name}`, this.channels, isCalled, { until, cancels: 'after' });
      }
    } finally {
      calls.leave(ticket);
    }
  }

  /** signal -- pthread_cond_signal: one of those who wait goes on. */
  signal(thread: Thread): number {
    safetyCheck(thread, 'pthread_cond_signal');
    this.calls.call();
    this.channels[0].wake();
    return 0;
  }

  /** broadcast -- pthread_cond_broadcast: all do. */
  broadcast(thread: Thread): number {
    safetyCheck(thread, 'pthread_cond_broadcast');
    this.calls.callAll();
    this.channels[0].wake();
    return 0;
  }
}
