/* leaving.ts: LEAVING PROGRAMS
 *
 * How a thread that ends gets out of the programs that it is in: by itself, one after the other <design/pthread#.cleanup>, or all at once
 * with its process <design/thread#.unwind>.
 */
import type { Jump } from './jump.ts';
import type { Level } from './level.ts';
import type { Thread, ThreadRun, Yielded } from './thread.ts';
import type { Unwind } from './unwind.ts';

/** levelAdvance -- a program does its next part; one that ends by an error is no more. */
export function levelAdvance(level: Level, result: unknown, thrown: Error | null): IteratorResult<Yielded, void> {
  const run = level.run as ThreadRun;
  try {
    return thrown === null ? run.next(result) : run.throw(thrown);
  } catch (error) {
    level.run = null;
    throw error;
  }
}

/** threadLeave -- what a thread leaves its programs by goes on to the one below, or if it is parked to its call. */
export function threadLeave(thread: Thread, parkedAt: number, by: Unwind | Jump): void {
  const floor = Math.max(parkedAt, 0);
  while (thread.depth > floor && thread.levelTop().run === null) thread.levelLeave();
  if (thread.depth > floor) {
    const level = thread.levelTop();
    level.operation = null;
    level.wait = null;
    level.thrown = by;
  } else if (parkedAt >= 0) {
    thread.ejected = by;
  } else {
    threadEnd(thread);
  }
}

/** threadEnd -- a thread has left all its programs: destructors of its own data are one more. */
export function threadEnd(thread: Thread): void {
  const destructors = thread.unwind === null ? thread.process.keys.destructors(thread) : null;
  if (destructors === null) {
    thread.process.leave(thread);
    return;
  }
  thread.depth = 0;
  thread.levelNext();
  thread.levelPush(destructors);
}

/** threadUnwind -- throw its end through every program of a thread above `floor`, so that each can put things right. */
export function threadUnwind(thread: Thread, unwind: Unwind, floor: number): void {
  while (thread.depth > floor) {
    const { run } = thread.levelTop();
    thread.levelPop();
    try {
      run?.throw(unwind);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (error !== unwind) thread.process.kernel.scheduler.failed(error);
    }
  }
}

/** threadAbandon -- leave the call that a thread is in the middle of, if it is to end, or once it goes on, if a handler has left that. */
export function threadAbandon(thread: Thread, goesOn: boolean): void {
  const { unwind, ejected } = thread;
  if (unwind !== null) {
    if (thread.parkedAt >= 0) threadUnwind(thread, unwind, thread.parkedAt);
    throw unwind;
  }
  if (ejected === null || !goesOn) return;
  thread.ejected = null;
  throw ejected;
}
