/* locusss.test.ts: HIGH AND LOW, as the MPS's program of that name has it: pools that prefer one end of the arena stay there. */
import { expect, test } from 'vitest';
import { addrOf } from '../../../code/machine/machine.ts';
import { ResOK } from '../../../code/mps/mps.ts';
import { bedEnd, bedOf, platforms } from './stress.ts';

for (const platform of platforms) {
  test(`locusss: on ${platform} <design/mvff#.fit>`, () => {
    const bed = bedOf({ platform, memory: '64MiB' }), { arena, t } = bed;
    const low = arena.pool('mvff', {}), high = arena.pool('mvff', { arenaHigh: true, slotHigh: true, firstFit: false }), slots = t.enter(200);
    const taken = { low: [] as number[], high: [] as number[] };
    for (let i = 0; i < 100; ++i) {
      for (const [pool, name, slot] of [[low, 'low', slots + i], [high, 'high', slots + 100 + i]] as const) {
        expect(pool.alloc(t, slot, 40_000)).toBe(ResOK);
        taken[name].push(addrOf(t, slot));
      }
    }
    expect(Math.max(...taken.low)).toBeLessThan(Math.min(...taken.high));
    expect(low.totalSize).toBe(high.totalSize);
    expect(taken.low).toEqual([...taken.low].sort((one, other) => one - other));
    expect(taken.high).toEqual([...taken.high].sort((one, other) => other - one));
    bedEnd(bed);
  });
}
