/* random.ts: SEEDED RANDOM NUMBERS
 *
 * The only randomness below the command line: a run is a function of its seed <design/determinism#.seed>. The
 * generator is Marsaglia's xorshift with 32 bits of state.
 */

/** Draws integers in [0, limit); limit from 1 to 2^32. */
export type Random = (limit: number) => number;

/** random -- a generator that depends on nothing but `seed`, any integer. */
export function random(seed: number): Random {
  let state = (Math.imul(seed | 0, 0x9e3779b1) ^ 0x6a09e667) | 0;
  if (state === 0) state = 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 0x1_0000_0000) * limit);
  };
}
