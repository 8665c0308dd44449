/* barrier-work.ts: HOW MANY BARRIERS ARE HIT
 *
 * In common to the sides that are written here; barrier.c has the same numbers <design/bench#.barrier>.
 */
import { performance } from 'node:perf_hooks';

/** How much is done. */
export interface BarrierWork {
  /** Segments, or pages, that are hit one after the other, once each. */
  readonly count: number;
  /** How often all of them are closed and hit. */
  readonly rounds: number;
}

/** What the bench times. */
export const BarrierFULL: BarrierWork = { count: 120, rounds: 400 };

/** A segment's size, and a page's, in bytes. */
export const RegionSIZE: number = 64 * 1024;
export const RegionPAGES = 16;

/** nanoseconds -- how long `run` takes, by the `count` things that it does. */
export function nanoseconds(count: number, run: () => void): number {
  const before = performance.now();
  run();
  return (performance.now() - before) * 1e6 / count;
}
