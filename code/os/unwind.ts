/* unwind.ts: LEAVING A THREAD
 *
 * The one exception that crosses floors: thrown through client code when its thread ends before it has returned, and caught by the
 * scheduler alone <design/thread#.unwind>. What waits for ever is an error of its own.
 */
import type { Thread } from './thread.ts';

/** A thread is over: by its own exit, or with its process. While it passes, every access of the thread throws it again. */
export class Unwind extends Error {
  readonly code = 'CAPSTAN_UNWIND';
  override readonly name = 'Unwind';
  readonly thread: Thread;

  /** `reason` is one line. */
  constructor(thread: Thread, reason: string) {
    super(reason);
    this.thread = thread;
  }
}

/** Threads are left, and none of them can go on. The message names each with what it waits for. */
export class DeadlockError extends Error {
  readonly code = 'CAPSTAN_DEADLOCK';
  override readonly name = 'DeadlockError';
}
