/* locv.test.ts: coverage of LO in the shape of locv: four leaves are made, walked, and one of them dropped; no method that scans is ever called. */
import { expect, test } from 'vitest';
import type { Format } from '../../../code/mps/mps.ts';
import { Lab } from '../lab.ts';

const called: string[] = [];
const scanning: Format = {
  name: 'leaf',
  scan: () => { called.push('scan'); return 0; },
  pad: (view, base, limit) => { for (let addr = base; addr !== limit; addr = (addr + 4) | 0) view.store32(addr, 0xbad); },
};

test.each(['an', 'ix'] as const)('on %s leaves are made, walked and reclaimed, and never scanned <design/lo#.inv.leaf> <design/marking#.req.garbage>', (platform) => {
  const lab = new Lab({ platform, memory: '16MiB' }), { t, arena } = lab, pool = arena.pool('lo', { format: scanning });
  Object.assign(lab, { ap: pool.allocationPoint(t) });
  expect([pool.totalSize, pool.freeSize]).toEqual([0, 0]);
  const slots = [4, 4, 16, 4000].map((size, k) => lab.object(size, k));
  expect(pool.freeSize).toBe(0);
  const walked = (): number[] => {
    const sizes: number[] = [];
    arena.walk((_, size, seg) => { if (seg.pool === pool) sizes.push(size); });
    return sizes;
  };
  expect(walked()).toEqual([16, 16, 16, 4000]);
  arena.collect();
  expect(walked()).toEqual([16, 16, 16, 4000]);
  t.clear(slots[1]);
  lab.ap.finish();
  arena.collect();
  expect([walked(), pool.totalSize, pool.freeSize]).toEqual([[16, 16, 4000], 65_536, 65_536 - 4032]);
  arena.poolFinish(pool);
  expect(called).toEqual([]);
});
