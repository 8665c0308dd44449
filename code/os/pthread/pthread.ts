/* pthread.ts: POSIX THREADS
 *
 * Making threads, waiting for their ends, and asking for these <design/pthread>.
 */
import { PageSIZE, slotRead, slotWrite } from '../../machine/machine.ts';
import { EAGAIN, EDEADLK, EINVAL, ESRCH } from '../errno.ts';
import type { Process, SpawnOptions } from '../process.ts';
import { safetyCheck } from '../safety.ts';
import { ArgumentSLOT, type Thread, type ThreadBody } from '../thread.ts';
import { sleep, type Wait } from '../wait.ts';

/** PTHREAD_STACK_MIN, in bytes. */
export const PTHREAD_STACK_MIN: number = PageSIZE;

/** pthread_attr_t. */
export interface PthreadAttributes extends SpawnOptions {
  readonly name?: string;
  /** Nobody will ask how it has ended. */
  readonly detached?: boolean;
}

/** pthreadCreate -- a thread that runs `body`; EINVAL for a stack that is too small, EAGAIN if there is no room for it. `creator` is null
 * for the host. */
export function pthreadCreate(process: Process, creator: Thread | null, body: ThreadBody, attributes: PthreadAttributes = {}): Thread | number {
  const { name = 'pthread', detached = false, stackSize } = attributes;
  if (creator !== null) safetyCheck(creator, 'pthread_create');
  if (stackSize !== undefined && stackSize < PTHREAD_STACK_MIN) return EINVAL;
  const thread = process.spawn(name, body, attributes);
  if (thread === null) return EAGAIN;
  if (detached) thread.bond = 'detached';
  if (creator !== null) thread.mask = creator.mask;
  return thread;
}

/** pthreadJoin -- wait until a thread has ended; slot `dst`, unless it is -1, is what that had in ArgumentSLOT, which is where a function's
 * result is. 0; EDEADLK for the caller itself or one that waits for it; ESRCH if it was joined; EINVAL if it is detached or another waits. */
export function* pthreadJoin(thread: Thread, target: Thread, dst: number = -1): Generator<Wait, number, unknown> {
  safetyCheck(thread, 'pthread_join');
  thread.testCancel();
  if (target === thread || thread.joiner === target) return EDEADLK;
  if (target.bond === 'joined') return ESRCH;
  if (target.bond === 'detached' || target.joiner !== null) return EINVAL;
  target.joiner = thread;
  try {
    while (target.state !== 'done') yield* sleep(thread, `${target.describe()} to end`, [], () => target.state === 'done');
  } finally {
    target.joiner = null;
  }
  target.bond = 'joined';
  if (dst < 0) return 0;
  if (target.wasCancelled) thread.hart.set(dst, -1, -1, 0, 0);
  else slotWrite(thread.hart, dst, slotRead(target.hart, ArgumentSLOT));
  return 0;
}

/** pthreadDetach -- nobody will ask how a thread has ended: 0, or EINVAL where that was said before, or ESRCH if it was joined. */
export function pthreadDetach(thread: Thread, target: Thread): number {
  safetyCheck(thread, 'pthread_detach');
  if (target.bond !== 'joinable') return target.bond === 'joined' ? ESRCH : EINVAL;
  target.bond = 'detached';
  return 0;
}

/** pthreadCancel -- ask for a thread's end: it ends at its next cancellation point, once it may; 0 or ESRCH. */
export function pthreadCancel(thread: Thread, target: Thread): number {
  safetyCheck(thread, 'pthread_cancel');
  if (target.state === 'done') return ESRCH;
  target.cancelWanted = true;
  target.process.kernel.scheduler.wake(target);
  return 0;
}

/** pthreadSetCancelState -- whether the running thread may be cancelled from now on; whether it could be before. */
export function pthreadSetCancelState(thread: Thread, enabled: boolean): boolean {
  safetyCheck(thread, 'pthread_setcancelstate');
  const before = thread.mayCancel;
  thread.mayCancel = enabled;
  return before;
}

/** pthreadIsCancelled -- PTHREAD_CANCELED: what a joiner's slot holds of a thread that was cancelled. */
export const pthreadIsCancelled = ({ hart: { r } }: Thread, slot: number): boolean =>
  r[slot << 3] === -1 && r[(slot << 3) + 1] === -1 && r[(slot << 3) + 4] === 0;
