/* locbwcss.test.ts: HIGH AND LOW, APART, as the MPS's program of that name has it: thirty times over eight blocks of 64 KiB of each; the two
 * ranges never meet. */
import { expect, test } from 'vitest';
import { addrOf } from '../../../code/machine/machine.ts';
import { ResOK } from '../../../code/mps/mps.ts';
import { bedEnd, bedOf, platforms } from './stress.ts';

const ITERATIONS = 30, CONTIGUOUS = 8, BLOCK = 64 * 1024;

for (const platform of platforms) {
  test(`locbwcss: on ${platform} <design/mvff#.fit>`, () => {
    const bed = bedOf({ platform, memory: '64MiB' }), { arena, t } = bed, slot = t.local();
    const pools = [arena.pool('mvff', {}), arena.pool('mvff', { arenaHigh: true })];
    const least = [Infinity, Infinity], most = [0, 0];
    for (let n = 0; n < ITERATIONS; ++n) {
      for (const [i, pool] of pools.entries()) {
        for (let k = 0; k < CONTIGUOUS; ++k) {
          expect(pool.alloc(t, slot, BLOCK)).toBe(ResOK);
          least[i] = Math.min(least[i], addrOf(t, slot));
          most[i] = Math.max(most[i], addrOf(t, slot) + BLOCK);
        }
        expect(most[i] - least[i]).toBe((n + 1) * CONTIGUOUS * BLOCK);
      }
      expect(most[0]).toBeLessThanOrEqual(least[1]);
    }
    bedEnd(bed);
  });
}
