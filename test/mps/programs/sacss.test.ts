/* sacss.test.ts: SEGREGATED ALLOCATION CACHES, as the MPS's program of that name stresses them: before each manual pool, and flushed. */
import { expect, test } from 'vitest';
import { sacMake, type Sac, type SacClass } from '../../../code/mps/mps.ts';
import { bedEnd, bedOf, platforms, stress } from './stress.ts';

const ALIGN = 16;
const classes: readonly SacClass[] = [1, 2, 16, 100].map((size, i) => ({
  blockSize: size * ALIGN, cachedCount: [1, 1, 9, 9][i], frequency: [1, 2, 5, 4][i],
}));

for (const platform of platforms) for (const kind of ['mvff', 'mvff-debug', 'mfs'] as const) {
  test(`sacss: ${kind} on ${platform} <design/sac#.inv.exact> <design/sac#.empty> <design/sac#.refill>`, () => {
    const bed = bedOf({ platform, memory: '72MiB', commitLimit: '64MiB' }), { arena, t } = bed;
    const pool = kind === 'mfs' ? arena.pool('mfs', { unitSize: 160 }) : arena.pool(kind, { alignment: ALIGN });
    const of = kind === 'mfs' ? [{ blockSize: 160, cachedCount: 9, frequency: 5 }] : classes;
    const sac = sacMake(pool, of) as Sac;
    for (const seed of [1, 2]) {
      // One size in four is more than any class has.
      const blocks = stress(t, { pool, seed, giver: sac, sizes: (i, rnd) => (kind === 'mfs' ? 1 + rnd(160) : 1 + rnd([16, 40, 300, 2200][i % 4])) });
      expect(blocks.tagged, 'weak run').toBeGreaterThan(100);
      expect(sac.size).toBeGreaterThan(0);
      sac.flush();
      expect(pool.freeSize).toBe(pool.totalSize);
    }
    sac.finish();
    bedEnd(bed);
  });
}
