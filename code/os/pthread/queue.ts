/* queue.ts: WAITING IN TURN
 *
 * Threads that wait for one thing, woken one at a time in the order in which they came <design/pthread#.queue>.
 */
import { Ring } from '../../base/base.ts';
import type { Thread } from '../thread.ts';
import { sleep, type SleepOptions, type Wait } from '../wait.ts';

/** Somebody in a queue. */
export class Waiter {
  readonly thread: Thread;
  readonly place: Ring<Waiter | null> = new Ring<Waiter | null>(this);
  /** It has been called: what it waits for is so, for it alone. */
  isCalled: boolean = false;

  constructor(thread: Thread) {
    this.thread = thread;
  }
}

/** Those who wait, in order. */
export class Queue {
  private readonly head: Ring<Waiter | null> = new Ring<Waiter | null>(null);

  /** Nobody waits. */
  get isEmpty(): boolean {
    return this.head.isSingle;
  }

  join(waiter: Waiter): void {
    this.head.append(waiter.place);
  }

  leave(waiter: Waiter): void {
    waiter.place.remove();
  }

  /** wakeFirst -- whoever came first looks again, and stays in the queue. */
  wakeFirst(): void {
    const first = this.head.next.owner;
    if (first !== null) first.thread.process.kernel.scheduler.wake(first.thread);
  }

  /** call -- the first is called, and is no longer in the queue; whether there was one. */
  call(): boolean {
    const first = this.head.next.owner;
    if (first === null) return false;
    this.leave(first);
    first.isCalled = true;
    first.thread.process.kernel.scheduler.wake(first.thread);
    return true;
  }

  /** sleep -- wait in it until called, or until the sleep is broken off: 0, EINTR or ETIMEDOUT as `sleep`. A waiter that has been called is
   * so whatever this returns. */
  *sleep(waiter: Waiter, what: string, options: SleepOptions): Generator<Wait, number, unknown> {
    this.join(waiter);
    try {
      return yield* sleep(waiter.thread, what, [], () => waiter.isCalled, options);
    } finally {
      this.leave(waiter);
    }
  }
}
