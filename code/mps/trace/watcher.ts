/* watcher.ts: WHO LOOKS ON
 *
 * What is told of a trace while it is at work, for oracles and for who measures <design/arena#.watcher>.
 */
import type { Seg } from '../heap/seg.ts';
import type { Trace } from './trace.ts';

/** What may look on while the collector works; it changes nothing <design/arena#.watcher>. */
export interface Watcher {
  /** The mutators are stopped, some segments are white, and nothing has moved yet. */
  condemned?(trace: Trace): void;
  /** A segment has been scanned, and its summary recorded. */
  scanned?(seg: Seg): void;
  /** The trace is over; mutators are not running yet. */
  finished?(trace: Trace): void;
  /** Collecting begins, or is over: for who measures pauses. */
  pause?(begins: boolean): void;
  /** The arena has been left: what is wanted of protection is enforced, but nobody has run yet. */
  left?(): void;
}
