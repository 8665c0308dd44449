/* stop.ts: WHAT A PARENT HEARS
 *
 * SIGCHLD for a child that has stopped, gone on, or ended <design/signal#.child>.
 */
import { signalPost } from './delivery.ts';
import type { Process } from './process.ts';
import { CLD_CONTINUED, CLD_STOPPED, SA_NOCLDSTOP, SIGCHLD } from './signal.ts';

/** childNotify -- tell the parent of a process that something has become of it: `status` is an exit code or a signal. With SA_NOCLDSTOP
 * a parent is sent no signal for what can still go on; whoever waits for the child hears of it all the same. */
export function childNotify({ parent, pid }: Process, code: number, status: number): void {
  if (parent === null) return;
  parent.childChange.wake();
  const lives = code === CLD_STOPPED || code === CLD_CONTINUED;
  if (lives && (parent.dispositions[SIGCHLD].flags & SA_NOCLDSTOP) !== 0) return;
  signalPost(parent, SIGCHLD, code, pid, status);
}
