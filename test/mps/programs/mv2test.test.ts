/* mv2test.test.ts: TEMPORAL FIT, as the MPS's program of that name stresses it: 1,234 blocks, of which a random part is freed and made anew, 27
 * times over; and as functional cases 203 to 214 do, with shallow and deep reserves and greed. */
import { expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import type { MvtOptions } from '../../../code/mps/mps.ts';
import { Blocks } from '../pools/blocks.ts';
import { bedEnd, bedOf, platforms, pointed } from './stress.ts';

const COUNT = 1234, LOOPS = 27, MEAN = 42, MAX = 8192;

/** sizeOf -- mostly small: about the mean size, seldom up to the largest. */
const sizeOf = (rnd: (n: number) => number): number => Math.min(MAX, 1 + Math.floor(-MEAN * Math.log((1 + rnd(10_000)) / 10_001) * (rnd(40) === 0 ? 20 : 1)));

for (const platform of platforms) for (const alignment of [16, 64]) {
  test(`mv2test: aligned to ${alignment}, on ${platform} <design/manual#.inv.exact> <design/manual#.inv.sizes> <design/mvt#.inv.apart> <design/mvt#.inv.queue>`, () => {
    const bed = bedOf({ platform, memory: '16MiB' }), rnd = random(alignment);
    const pool = bed.arena.pool('mvt', { alignment, minSize: 16, meanSize: MEAN, maxSize: MAX, reserveDepth: COUNT / 2, fragLimit: 0.3 });
    const ap = pool.allocationPoint(bed.t), blocks = new Blocks(bed.t, pool, COUNT, pointed(pool, ap));
    let most = 0;
    for (let loop = 0; loop <= LOOPS; ++loop) {
      while (blocks.live.length < COUNT) expect(blocks.make(sizeOf(rnd))).toBe(true);
      blocks.check();
      blocks.sizes(ap.limit - ap.scanLimit);
      most = Math.max(most, pool.totalSize / blocks.size);
      for (let left = 1 + rnd(COUNT); left > 0; left -= 1) blocks.drop(rnd(blocks.live.length));
      blocks.sizes(ap.limit - ap.scanLimit);
    }
    expect(blocks.tagged, 'weak run').toBeGreaterThan(2000);
    expect(most).toBeLessThan(2.5);
    blocks.dropAll();
    ap.finish();
    expect(pool.freeSize).toBe(pool.totalSize);
    bedEnd(bed);
  });
}

const cases: readonly (readonly [string, MvtOptions])[] = [
  ['a shallow reserve', { reserveDepth: 2, fragLimit: 0.5 }],
  ['a deep reserve', { reserveDepth: 100_000, fragLimit: 0.5 }],
  ['greed', { reserveDepth: 2, fragLimit: 0.01 }],
  ['no care for fragmentation', { reserveDepth: 2, fragLimit: 1 }],
  ['blocks that are all oversize', { minSize: 16, meanSize: 32, maxSize: 64 }],
];

for (const platform of platforms) for (const [name, options] of cases) {
  test(`case 39: ${name}, on ${platform} <design/mvt#.fill> <design/manual#.inv.exact>`, () => {
    const bed = bedOf({ platform, memory: '16MiB' }), pool = bed.arena.pool('mvt', options), ap = pool.allocationPoint(bed.t);
    const blocks = new Blocks(bed.t, pool, 200, pointed(pool, ap)), rnd = random(39);
    for (let n = 0; n < 1000; ++n) {
      while (blocks.live.length < 200) expect(blocks.make(1 + rnd(rnd(10) === 0 ? 20_000 : 600))).toBe(true);
      for (let left = 1 + rnd(12); left > 0; left -= 1) blocks.drop(rnd(4) === 0 ? rnd(blocks.live.length) : 0);
      if (n % 100 === 0) {
        blocks.check();
        blocks.sizes(ap.limit - ap.scanLimit);
      }
    }
    blocks.dropAll();
    ap.finish();
    expect(pool.freeSize).toBe(pool.totalSize);
    bedEnd(bed);
  });
}
