/* lock.ts: POSIX MUTEXES
 *
 * pthread_mutex_t of three kinds, with their error numbers <design/pthread#.mutex>.
 */
import { EBUSY, EDEADLK, EINVAL, EPERM, ETIMEDOUT } from '../errno.ts';
import { Jump } from '../jump.ts';
import { safetyEnter, safetyLeave } from '../safety.ts';
import type { Thread } from '../thread.ts';
import { Unwind } from '../unwind.ts';
import { Channel, isUntil, sleep, type Wait } from '../wait.ts';

/** PTHREAD_MUTEX_NORMAL, _RECURSIVE and _ERRORCHECK. */
export type PthreadMutexKind = 'normal' | 'recursive' | 'errorcheck';

/** A mutex. */
export class PthreadMutex {
  readonly name: string;
  readonly kind: PthreadMutexKind;
  owner: Thread | null = null;
  /** How often its owner has it. */
  count: number = 0;
  private readonly channels: readonly Channel[] = [new Channel()];

  constructor(name: string, kind: PthreadMutexKind = 'normal') {
    this.name = name;
    this.kind = kind;
  }

  /** lock -- pthread_mutex_lock: 0, or EDEADLK for an error-checking one that the thread has; signals do not end it. */
  lock(thread: Thread): Generator<Wait, number, unknown> {
    return this.timedLock(thread, Infinity);
  }

  /** timedLock -- pthread_mutex_timedlock: the same, or ETIMEDOUT at a time of the kernel's clock, or EINVAL for what is none. */
  *timedLock(thread: Thread, until: number): Generator<Wait, number, unknown> {
    const unsafe = safetyEnter(thread, 'pthread_mutex_lock');
    try {
      if (this.owner === thread && this.kind === 'errorcheck') return EDEADLK;
      if (this.take(thread)) return 0;
      return isUntil(until) ? yield* this.await(thread, until) : EINVAL;
    } finally {
      safetyLeave(thread, unsafe);
    }
  }

  /** tryLock -- pthread_mutex_trylock: 0 or EBUSY. */
  tryLock(thread: Thread): number {
    const unsafe = safetyEnter(thread, 'pthread_mutex_trylock');
    const taken = this.take(thread);
    safetyLeave(thread, unsafe);
    return taken ? 0 : EBUSY;
  }

  /** unlock -- pthread_mutex_unlock: 0, or EPERM for who has it not; those who wait look again. */
  unlock(thread: Thread): number {
    const unsafe = safetyEnter(thread, 'pthread_mutex_unlock');
    const isOwner = this.owner === thread;
    if (isOwner) this.drop();
    safetyLeave(thread, unsafe);
    return isOwner ? 0 : EPERM;
  }

  /** take -- have it if nobody else has; whether it is had now. */
  private take(thread: Thread): boolean {
    if (this.owner !== null && !(this.owner === thread && this.kind === 'recursive')) return false;
    this.owner = thread;
    this.count += 1;
    return true;
  }

  private drop(): void {
    this.count -= 1;
    if (this.count > 0) return;
    this.owner = null;
    this.channels[0].wake();
  }

  /** await -- wait until it can be had. Others may be faster, and then it goes on waiting. */
  private *await(thread: Thread, until: number): Generator<Wait, number, unknown> {
    for (;;) {
      const broken = yield* sleep(thread, () => this.describe(), this.channels, () => this.owner === null, { until, cancels: 'never' });
      if (this.take(thread)) return 0;
      if (broken === ETIMEDOUT) return ETIMEDOUT;
    }
  }

  private describe(): string {
    return `mutex ${this.name}, which ${this.owner === null ? 'nobody' : this.owner.describe()} has`;
  }

  /** giveUp -- what a thread that waits for a condition had; -1 if it had not. `takeBack` undoes it. */
  giveUp(thread: Thread): number {
    if (this.owner !== thread) return -1;
    const { count } = this;
    this.count = 1;
    this.drop();
    return count;
  }

  /** takeBack -- have it as before. Who leaves meanwhile has it first <design/pthread#.condition>. */
  *takeBack(thread: Thread, count: number): Generator<Wait, void, unknown> {
    let left: Jump | Unwind | null = null;
    while (!this.take(thread)) {
      try {
        yield* this.await(thread, Infinity);
        break;
      } catch (error) {
        if (!(error instanceof Jump || error instanceof Unwind) || thread.unwind !== null) throw error;
        left = error;
      }
    }
    this.count = count;
    if (left !== null) throw left;
  }
}
