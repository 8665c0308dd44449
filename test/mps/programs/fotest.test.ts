/* fotest.test.ts: FAILOVER, as the MPS's program of that name has it: the memory for nodes of the tree runs out at random, and nobody notices. */
import { expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { CbsNODE } from '../../../code/mps/land/nodes.ts';
import { seeds } from '../../seed.ts';
import { bedEnd, bedOf, platforms, sizesHalved, stress } from './stress.ts';

for (const platform of platforms) for (const kind of ['mvff', 'mvff-debug'] as const) for (const seed of seeds(2)) {
  test(`fotest: ${kind} on ${platform}, seed ${seed} <design/land#.failover> <design/mvff#.failover>`, () => {
    const bed = bedOf({ platform, memory: '72MiB', commitLimit: '48MiB' }), { ledger } = bed.arena, rnd = random(seed);
    const pool = bed.arena.pool(kind, { alignment: 16 * seed }), charge = ledger.charge.bind(ledger);
    let refused = 0;
    Object.assign(ledger, { charge: (size: number): boolean => {
      if (size !== CbsNODE || rnd(3) === 0) return charge(size);
      refused += 1;
      return false;
    } });
    const blocks = stress(bed.t, { pool, sizes: sizesHalved(16), seed, ...(kind === 'mvff' ? { held: () => 0 } : {}) });
    expect(refused, 'weak run').toBeGreaterThan(100);
    expect(blocks.tagged, 'weak run').toBeGreaterThan(200);
    bedEnd(bed);
  });
}
