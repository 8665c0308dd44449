/* apss.test.ts: ALLOCATION POINTS ON MANUAL POOLS, as the MPS's program of that name stresses them: zoned or in small chunks, never collecting. */
import { expect, test } from 'vitest';
import { bedEnd, bedOf, platforms, pointed, sizesHalved, stress } from './stress.ts';

for (const platform of platforms) for (const chunk of ['64MiB', '4MiB'] as const) for (const [alignment, options] of [[16, {}], [64, { slotHigh: true, arenaHigh: true }], [32, { firstFit: false }]] as const) {
  test(`apss: mvff aligned to ${alignment}, chunks of ${chunk}, on ${platform} <design/mvff#.fill> <design/manual#.inv.sizes>`, () => {
    const bed = bedOf({ platform, memory: '72MiB', commitLimit: '48MiB', chunk }), pool = bed.arena.pool('mvff', { ...options, alignment });
    const ap = pool.allocationPoint(bed.t);
    const blocks = stress(bed.t, { pool, sizes: sizesHalved(alignment), seed: 99, giver: pointed(pool, ap), held: () => ap.limit - ap.scanLimit });
    expect(blocks.tagged, 'weak run').toBeGreaterThan(200);
    ap.finish();
    expect(pool.freeSize).toBe(pool.totalSize);
    expect(bed.arena.counts.collections).toBe(0);
    bedEnd(bed);
  });
}

for (const platform of platforms) for (const alignment of [16, 64]) {
  test(`apss: mvt aligned to ${alignment}, on ${platform} <design/mvt#.fill> <design/manual#.inv.sizes>`, () => {
    const bed = bedOf({ platform, memory: '72MiB', commitLimit: '48MiB' }), pool = bed.arena.pool('mvt', { alignment });
    const ap = pool.allocationPoint(bed.t);
    const blocks = stress(bed.t, { pool, sizes: sizesHalved(alignment), seed: 98, giver: pointed(pool, ap), held: () => ap.limit - ap.scanLimit });
    expect(blocks.tagged, 'weak run').toBeGreaterThan(200);
    ap.finish();
    expect(pool.freeSize).toBe(pool.totalSize);
    expect(bed.arena.counts.collections).toBe(0);
    bedEnd(bed);
  });
}
