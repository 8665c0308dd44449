/* seed.ts: THE SEED OF THE PROPERTY TESTS
 *
 * Properties are tried on the same values in every run; SEED=n tries others, and replays what another seed found
 * <design/setup#.seed>.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['SEED'] ?? 1) });

/** seeds -- the seeds 1 to `count`; with SEED=n that one alone, to replay what it found. */
export function seeds(count: number): number[] {
  const one = process.env['SEED'];
  return one === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(one)];
}
