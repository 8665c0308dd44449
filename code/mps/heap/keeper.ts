/* keeper.ts: KEEPERS
 *
 * What holds references of the arena outside of segments and roots, in the collector's own structures, and has them fixed in a band of the
 * trace: guardians, weak tables <design/keeper>. No mutator sees what they hold but by asking, inside the arena.
 */
import type { Trace } from '../trace/trace.ts';
import type { Rank } from './rank.ts';

/** A holder of references. */
export interface Keeper {
  /** flipped -- a trace has flipped: what is held may be condemned. */
  flipped(trace: Trace): void;
  /** scan -- fix what belongs to a band until the trace's work comes to `enough`, or `ss.res` says why not; true if nothing is left
   * of the band <design/keeper#.inv.again>. */
  scan(trace: Trace, band: Rank, enough: number): boolean;
  /** finished -- the trace is over; the mutators are not running yet. */
  finished(trace: Trace): void;
}
