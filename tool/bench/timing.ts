/* timing.ts: TIMING BY BENCHMARK.JS
 *
 * The one place that knows the `benchmark` package. A case is a function that performs a known number of operations and
 * returns a number computed from all of them, so that no compiler may leave them out <design/bench#.inv.alive>.
 */
import Benchmark from 'benchmark';

/** What is timed: `run` performs `operations` of them. */
export interface Timing {
  readonly name: string;
  readonly operations: number;
  readonly run: () => number;
}

/** Seconds that one case may take, set-up and calibration apart, and those that one measurement of it should take at least. */
const CaseSECONDS = 0.6;
const MeasurementSECONDS = 0.004;

/** timingTake -- nanoseconds an operation, the least of benchmark.js's sample; throws what the case throws
 *
 * Other programs can only add to a short time, so the least is the one to know; measurements are short, so that some fall
 * between two turns of the others <design/bench#.least>. Benchmark.js keeps the exception of a case to itself and reports a
 * rate of zero <design/bench#.inv.loud>.
 */
export function timingTake(timing: Timing, seconds: number = CaseSECONDS): number {
  let sink = 0;
  const failures: Error[] = [];
  const bench = new Benchmark(timing.name, () => {
    sink = (sink + timing.run()) | 0;
  }, { maxTime: seconds, minTime: MeasurementSECONDS, async: false });
  bench.on('error', () => {
    failures.push(bench.error);
  });
  bench.run();
  if (failures.length > 0) throw failures[0];
  const sample = bench.stats.sample as number[];
  if (sample.length === 0) throw new Error(`${timing.name}: no sample was taken (sum ${sink})`);
  return (Math.min(...sample) * 1e9) / timing.operations;
}

/** median -- the middle one of a list that is not empty; the mean of two where the middle lies between them. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >>> 1;
  const upper = sorted[middle];
  return sorted.length % 2 === 1 ? upper : (sorted[middle - 1] + upper) / 2;
}
