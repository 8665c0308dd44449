/* ready.ts: WHO MAY BE ABLE TO RUN
 *
 * Threads that may be able to run are in an array, from which the scheduler draws; one that turns out not to be is put to sleep, and
 * whoever changes that wakes it <design/scheduler#.inv.awake>. So a step costs the same however many threads sleep.
 */
import { isCalled } from './delivery.ts';
import type { Thread } from './thread.ts';

/** canRun -- a thread that is parked can run the handlers that came since; one in the middle of another call nothing. */
export function canRun(thread: Thread): boolean {
  const { parkedAt } = thread;
  if (parkedAt < 0) {
    if (thread.onHost > 0 || thread.isAdopted) return false;
    if (thread.unwind !== null) return true;
  } else if (thread.unwind !== null) {
    return false;
  }
  if (thread.isHeld) return false;
  if (isCalled(thread)) return true;
  if (thread.depth === parkedAt) return false;
  const { wait } = thread.levelTop();
  return wait === null || wait.ready();
}

/** The threads of a scheduler that are not asleep. */
export class Ready {
  /** Each knows its place. */
  readonly able: Thread[] = [];
  /** Those whose waits nobody announces the end of: asked before each choice. */
  private readonly polled: Set<Thread> = new Set<Thread>();

  /** add -- a thread that is not there may be able to run. */
  add(thread: Thread): void {
    this.rouse(thread);
    thread.place = this.able.length;
    this.able.push(thread);
  }

  /** remove -- a thread is not to be run any more. */
  remove(thread: Thread): void {
    this.rouse(thread);
    if (thread.place >= 0) this.setAside(thread);
  }

  /** poll -- look at those who have nobody to wake them. */
  poll(): void {
    for (const thread of this.polled) if (canRun(thread)) this.add(thread);
  }

  /** sleep -- a thread cannot run: it is told of what it waits for; who is held, or in the middle of a call, is woken after that. */
  sleep(thread: Thread): void {
    this.setAside(thread);
    if (thread.process.isStopped) thread.process.halted.add(thread);
    const isInCall = thread.parkedAt < 0 ? thread.onHost > 0 : thread.depth === thread.parkedAt;
    const wait = isInCall ? null : thread.levelTop().wait;
    if (wait === null) return;
    if (wait.channels === undefined) {
      this.polled.add(thread);
      return;
    }
    thread.sleepsOn = wait.channels;
    for (const channel of wait.channels) channel.join(thread);
  }

  /** setAside -- the last one takes a thread's place. */
  private setAside(thread: Thread): void {
    const { able } = this, last = able.pop() as Thread;
    if (last !== thread) {
      able[thread.place] = last;
      last.place = thread.place;
    }
    thread.place = -1;
  }

  /** rouse -- what a thread waited for need tell it nothing more. */
  private rouse(thread: Thread): void {
    this.polled.delete(thread);
    if (thread.sleepsOn === null) return;
    for (const channel of thread.sleepsOn) channel.leave(thread);
    thread.sleepsOn = null;
  }
}
