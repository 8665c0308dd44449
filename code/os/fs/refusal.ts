/* refusal.ts: WRITES THAT ARE REFUSED
 *
 * What a call says that may not write, or not go on writing, and the signals that come with it <design/files#.signals>.
 */
import { EFBIG, EPIPE } from '../errno.ts';
import { signalSend } from '../delivery.ts';
import { SI_USER, SIGPIPE, SIGXFSZ } from '../signal.ts';
import type { Thread } from '../thread.ts';
import type { Backing } from './description.ts';

/** refused -- what a call returns that may not write, after the signal that comes with some errors <design/files#.signals>. */
export function refused(thread: Thread, count: number): number {
  if (count === -EPIPE) signalSend(thread.process, thread, SIGPIPE, SI_USER);
  if (count === -EFBIG) signalSend(thread.process, thread, SIGXFSZ, SI_USER);
  return count;
}

/** ended -- what a write returns of which `done` bytes, at least one, were written before an error <design/pipe#.inv.end>. */
export function ended(thread: Thread, { type }: Backing, count: number, done: number): number {
  const counts = thread.process.kernel.profile.brokenPipe === 'count';
  if (count === -EPIPE && (type === 'pipe' || !counts)) refused(thread, count);
  return count !== -EPIPE || counts ? done : count;
}
