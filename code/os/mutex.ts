/* mutex.ts: MUTEXES
 *
 * Error-checking, like PTHREAD_MUTEX_ERRORCHECK: to claim what one has, or to release what one has not, is a defect
 * <design/thread#.mutex>.
 */
import { aver } from '../base/base.ts';
import type { Thread } from './thread.ts';
import { Channel, type Wait } from './wait.ts';

/** A lock that one thread at a time owns. Waiting for it is waiting until nobody does. */
export class Mutex implements Wait {
  readonly name: string;
  owner: Thread | null = null;
  private readonly released: Channel = new Channel();
  readonly channels: readonly Channel[] = [this.released];

  constructor(name: string) {
    this.name = name;
  }

  /** What a thread waits for that waits for this. */
  get what(): string {
    return this.owner === null ? `mutex ${this.name}` : `mutex ${this.name}, which ${this.owner.describe()} owns`;
  }

  ready(): boolean {
    return this.owner === null;
  }

  /** claim -- own it, waiting at a yield while another thread does. */
  *claim(thread: Thread): Generator<Wait, void, unknown> {
    aver(this.owner !== thread, '<design/thread#.mutex.again>');
    while (this.owner !== null) yield this;
    this.owner = thread;
  }

  /** claimNested -- own it, for who cannot yield: others run, nested, while another thread owns it. */
  claimNested(thread: Thread): void {
    aver(this.owner !== thread, '<design/thread#.mutex.again>');
    if (this.owner !== null) thread.process.kernel.runUntil(thread, () => this.owner === null);
    this.owner = thread;
  }

  /** tryClaim -- own it if nobody does; whether it is owned now. */
  tryClaim(thread: Thread): boolean {
    aver(this.owner !== thread, '<design/thread#.mutex.again>');
    if (this.owner !== null) return false;
    this.owner = thread;
    return true;
  }

  /** release -- give it up; the caller owns it. */
  release(thread: Thread): void {
    aver(this.owner === thread, '<design/thread#.mutex.owner>');
    this.owner = null;
    this.released.wake();
  }
}
