/* mpmss.test.ts: MANUAL POOLS, as the MPS's program of that name stresses them: first fit, its debugging, and fixed size; much memory, and little. */
import { expect, test } from 'vitest';
import { bedEnd, bedOf, platforms, sizesFixed, sizesHalved, stress, type Sizes } from './stress.ts';

const pools: readonly (readonly [string, 'mvff' | 'mvff-debug' | 'mfs', object, Sizes])[] = [
  ['mvff', 'mvff', { extendBy: 65_536, meanSize: 32, alignment: 16, slotHigh: true, arenaHigh: true, firstFit: true }, sizesHalved(1)],
  ['mvff, last fit, coarse', 'mvff', { alignment: 64, firstFit: false, spare: 0.1 }, sizesHalved(16)],
  ['mvff-debug', 'mvff-debug', { slotHigh: true, poolDebugOptions: { fenceTemplate: 'postpost', fenceSize: 8, freeTemplate: 'DEAD', freeSize: 4 } }, sizesHalved(1)],
  ['mfs', 'mfs', { unitSize: 100, extendBy: 1000 }, sizesFixed(100)],
];

for (const platform of platforms) for (const [memory, limit] of [['72MiB', 64 * 1024 - 4], ['2MiB', 1024 - 4]] as const) {
  for (const [name, kind, options, sizes] of pools) {
    test(`mpmss: ${name} in ${limit} KiB, on ${platform} <design/manual#.inv.exact> <design/manual#.inv.sizes> <design/manual#.fail>`, () => {
      const bed = bedOf({ platform, memory, commitLimit: `${limit}KiB` }), pool = bed.arena.pool(kind, options);
      const blocks = stress(bed.t, { pool, sizes, seed: 12_345, ...(kind === 'mvff-debug' ? {} : { held: () => 0 }) });
      const isShort = limit < 2048 && kind !== 'mfs';
      expect(blocks.failed > 0, 'weak run').toBe(isShort);
      bedEnd(bed);
    });
  }
}
