/* large.test.ts: large objects are never copied, and go through the generations like any others. */
import { expect, test } from 'vitest';
import { Lab } from '../lab.ts';

test('a large object that survives goes on from generation to generation, up to the top one, without moving <design/amc#.large>', () => {
  const lab = new Lab({ memory: '8MiB', nursery: '64KiB' });
  const slot = lab.object(100_000, 7), before = lab.low(slot);
  const generations = [...lab.pool.generations], held = (): number => generations.findIndex((one) => one === lab.arena.heap.segOf(before | 0)?.generation);
  const seen = [held()];
  for (let k = 0; k < 4; ++k) {
    lab.arena.collect();
    seen.push(held());
  }
  expect(seen).toEqual([0, 1, 2, 2, 2]);
  expect(lab.low(slot)).toBe(before);
  expect(lab.t.load32(slot, 99_996)).toBe(7);
});

test('a large object makes a generation full once, not for ever <design/amc#.large> <design/policy#.chain>', () => {
  const lab = new Lab({ memory: '32MiB', nursery: '64KiB' });
  const chain = lab.arena.chain([{ capacity: 65_536, mortality: 0.5 }, { capacity: 65_536, mortality: 0.5 }]);
  const pool = lab.arena.pool('amc', { chain }), ap = pool.allocationPoint(lab.t), slot = lab.t.local();
  expect(ap.reserve(slot, 1_000_000)).toBe(0);
  expect(ap.commit(slot)).toBe(true);
  ap.finish();
  lab.litter(4_000_000);
  const { collectionsByGeneration } = lab.arena.counts;
  // The litter is of another pool's nursery; the large object has passed its own chain in two collections.
  expect(collectionsByGeneration[1]).toBeLessThanOrEqual(2);
  expect(chain.generations.every((generation) => generation.newSize === 0)).toBe(true);
});

test('above the window\'s middle, where low words are negative, everything is as below it <design/machine#.window>', () => {
  // The first object fills the lower half, and costs nothing, for it is never touched.
  const lab = new Lab({ memory: '2200MiB', nursery: '64KiB', pause: 0 });
  const low = lab.t.local();
  expect(lab.ap.reserve(low, 2_140_000_000)).toBe(0);
  expect(lab.ap.commit(low)).toBe(true);
  let kept = lab.object(48, 1);
  for (let k = 2; k < 3000; ++k) kept = lab.object(48, k, kept);
  lab.arena.collect();
  lab.litter(300_000);
  expect(lab.low(kept)).toBeGreaterThan(0x8000_0000);
  expect(lab.arena.counts.collections).toBeGreaterThan(3);
  expect(lab.arena.counts.bytesCopied).toBeGreaterThan(100_000);
  for (let k = 2999; k > 0; --k, lab.t.loadCap(kept, kept, 16)) expect(lab.t.load32(kept, 0)).toBe(k);
  expect(lab.t.isTagged(kept)).toBe(false);
});
