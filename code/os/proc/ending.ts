/* ending.ts: CALLS OF WHO IS ENDING
 *
 * A thread that its process takes along, by its end or by an exec, calls the kernel no more: what it calls throws again what is passing
 * through its programs <design/thread#.unwind>. Calls that change a process ask here first; those that can wait ask Thread.testCancel.
 */
import type { Thread } from '../thread.ts';

/** endingCheck -- who runs may call. */
export function endingCheck({ current }: { readonly current: Thread | null }): void {
  if (current !== null && current.unwind !== null) throw current.unwind;
}
