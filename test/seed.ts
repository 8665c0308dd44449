/* seed.ts: THE SEED OF THE PROPERTY TESTS
 *
 * Properties are tried on the same values in every run; SEED=n tries others, and replays what another seed found
 * <design/setup#.seed>.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['SEED'] ?? 1) });
