/* manual-failures.test.ts: FAILURES OF MANUAL POOLS
 *
 * A short run of each kind in which the k-th charge fails, once or with all that follow, for every k: the client is told, or nothing is
 * different; nothing is lost, and everything can be given back.
 */
import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { PageSIZE } from '../../../code/machine/machine.ts';
import { ResOK, sacMake } from '../../../code/mps/mps.ts';
import { Blocks, type Giver } from '../pools/blocks.ts';
import { bedEnd, bedOf, platforms, pointed, type Bed } from './stress.ts';

type Make = (bed: Bed) => { giver: Giver; pool: Parameters<typeof sacMake>[0]; end: () => void } | null;

const kinds: Readonly<Record<string, Make>> = {
  mvff: ({ arena }) => {
    const pool = arena.pool('mvff', { extendBy: 4096, spare: 0.2 });
    return { giver: pool, pool, end: () => undefined };
  },
  'mvff-debug': ({ arena }) => {
    const pool = arena.pool('mvff-debug', { extendBy: 4096, spare: 0.2 });
    return { giver: pool, pool, end: () => undefined };
  },
  mfs: ({ arena }) => {
    const pool = arena.pool('mfs', { unitSize: 400, extendBy: 4096 });
    return { giver: pool, pool, end: () => undefined };
  },
  sac: ({ arena }) => {
    const pool = arena.pool('mvff', { extendBy: 4096, spare: 0.2 });
    const sac = sacMake(pool, [{ blockSize: 112, cachedCount: 6, frequency: 1 }, { blockSize: 400, cachedCount: 3, frequency: 1 }]);
    return typeof sac === 'number' ? null : { giver: sac, pool, end: () => { sac.finish(); } };
  },
  'an allocation point': ({ arena, t }) => {
    const pool = arena.pool('mvff', { extendBy: 4096, spare: 0.2 }), ap = pool.allocationPoint(t);
    return { giver: pointed(pool, ap), pool, end: () => { ap.finish(); } };
  },
  mvt: ({ arena, t }) => {
    const pool = arena.pool('mvt', { maxSize: 2048, reserveDepth: 1 }), ap = pool.allocationPoint(t);
    return { giver: pointed(pool, ap), pool, end: () => { ap.finish(); } };
  },
};

/** run -- with the k-th charge failing; how many charges there were, and how many allocations failed. */
function run(make: Make, platform: 'an' | 'ix', k: number, forever: boolean): { charges: number; failed: number } {
  const bed = bedOf({ platform, memory: '1MiB' }), { ledger } = bed.arena, from = ledger.charges, rnd = random(8);
  ledger.failAt = k === 0 ? 0 : from + k;
  ledger.failForever = forever;
  const made = make(bed);
  if (made === null) {
    bedEnd(bed);
    return { charges: ledger.charges - from, failed: 1 };
  }
  const blocks = new Blocks(bed.t, made.pool, 25, made.giver), isFixed = made.pool.kind === 'mfs';
  for (let n = 0; n < 60; ++n) {
    if (blocks.live.length < 25 && rnd(100) < 60) blocks.make(isFixed ? 400 : 1 + rnd(n % 6 === 0 ? 6000 : 400));
    else if (blocks.live.length > 0) blocks.drop(rnd(blocks.live.length));
  }
  blocks.check();
  made.pool.check();
  made.pool.checkFreeSpace();
  blocks.dropAll();
  made.end();
  expect(made.pool.freeSize).toBe(made.pool.totalSize);
  const charges = ledger.charges - from;
  bedEnd(bed);
  return { charges, failed: blocks.failed };
}

describe('whichever charge fails,', () => {
  for (const platform of platforms) for (const [name, make] of Object.entries(kinds)) for (const forever of [false, true]) {
    test(`${name} goes on, or says so, on ${platform}${forever ? ', all later ones failing too' : ''} <design/ledger#.req.kth> <design/manual#.fail> <design/mvff#.failover>`, () => {
      const { charges } = run(make, platform, 0, false);
      expect(charges, 'weak run').toBeGreaterThan(2);
      let failed = 0;
      for (let k = 1; k <= charges; ++k) failed += run(make, platform, k, forever).failed;
      expect(failed, 'weak run').toBeGreaterThan(0);
    });
  }
});

test('every second grain of a full chunk can be freed while no charge succeeds, and all that is free is known to be <design/land#.arena>', () => {
  const bed = bedOf({ platform: 'an', memory: '1MiB' }), { arena, t } = bed, pool = arena.pool('mvff', { extendBy: PageSIZE, spare: 0 }), slots = t.enter(256);
  let made = 0;
  while (made < 250 && pool.alloc(t, slots + made, PageSIZE) === ResOK) made += 1;
  expect(made, 'weak run').toBeGreaterThan(200);
  const { ledger, grains } = arena, available = grains.available;
  ledger.failAt = 1;
  ledger.failForever = true;
  for (let i = 0; i < made; i += 2) pool.free(t, slots + i, PageSIZE);
  grains.check();
  expect(pool.totalSize).toBe(Math.floor(made / 2) * PageSIZE);
  expect(grains.available).toBeGreaterThanOrEqual(available + Math.ceil(made / 2) * PageSIZE);
  bedEnd(bed);
});
