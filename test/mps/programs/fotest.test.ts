/* fotest.test.ts: FAILOVER, as the MPS's program of that name has it: the memory for nodes of the tree runs out at random, and nobody notices. */
import { expect, test } from 'vitest';
import { random, type Random } from '../../../code/base/base.ts';
import type { Ledger } from '../../../code/mps/arena/ledger.ts';
import { CbsNODE } from '../../../code/mps/land/nodes.ts';
import { seeds } from '../../seed.ts';
import { bedEnd, bedOf, platforms, pointed, sizesHalved, stress } from './stress.ts';

/** failing -- two charges in three for a node are refused from now on; how many have been. */
function failing(ledger: Ledger, rnd: Random): { refused: number } {
  const charge = ledger.charge.bind(ledger), seen = { refused: 0 };
  Object.assign(ledger, { charge: (size: number): boolean => {
    if (size !== CbsNODE || rnd(3) === 0) return charge(size);
    seen.refused += 1;
    return false;
  } });
  return seen;
}

for (const platform of platforms) for (const kind of ['mvff', 'mvff-debug'] as const) for (const seed of seeds(2)) {
  test(`fotest: ${kind} on ${platform}, seed ${seed} <design/land#.failover> <design/mvff#.failover>`, () => {
    const bed = bedOf({ platform, memory: '72MiB', commitLimit: '48MiB' }), { ledger } = bed.arena, rnd = random(seed);
    const pool = bed.arena.pool(kind, { alignment: 16 * seed }), failed = failing(ledger, rnd);
    const blocks = stress(bed.t, { pool, sizes: sizesHalved(16), seed, ...(kind === 'mvff' ? { held: () => 0 } : {}) });
    expect(failed.refused, 'weak run').toBeGreaterThan(100);
    expect(blocks.tagged, 'weak run').toBeGreaterThan(200);
    bedEnd(bed);
  });
}

for (const platform of platforms) for (const seed of seeds(2)) {
  test(`fotest: mvt on ${platform}, seed ${seed} <design/land#.failover> <design/mvt#.inv.apart>`, () => {
    const bed = bedOf({ platform, memory: '72MiB', commitLimit: '48MiB' }), { ledger } = bed.arena;
    const pool = bed.arena.pool('mvt', { alignment: 16 * seed }), ap = pool.allocationPoint(bed.t), failed = failing(ledger, random(seed));
    const blocks = stress(bed.t, { pool, sizes: sizesHalved(16), seed, giver: pointed(pool, ap), held: () => ap.limit - ap.scanLimit });
    expect(failed.refused, 'weak run').toBeGreaterThan(100);
    expect(blocks.tagged, 'weak run').toBeGreaterThan(200);
    bedEnd(bed);
  });
}
