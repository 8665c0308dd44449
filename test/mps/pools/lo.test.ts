/* lo.test.ts: leaves hold no references, and nobody looks for any. */
import { describe, expect, test } from 'vitest';
import { AccessNONE, PermLEAF, ResOK, ZoneSetEMPTY, type Format, type LoPool, type Seg } from '../../../code/mps/mps.ts';
import { Lab, type LabOptions } from '../lab.ts';

const unscanned: Format = { name: 'unscanned', scan: () => { throw new Error('a leaf was scanned'); } };

/** A lab whose objects are leaves. */
function leaves(options: LabOptions = {}): { lab: Lab; pool: LoPool } {
  const lab = new Lab(options), { arena } = lab, pool = arena.pool('lo', { format: unscanned, chain: arena.chain([{ capacity: 65_536, mortality: 0.5 }]) });
  Object.assign(lab, { ap: pool.allocationPoint(lab.t) });
  return { lab, pool };
}

describe('a leaf', () => {
  test('cannot hold a reference: the machine refuses to store one, and loads none <design/lo#.inv.leaf>', () => {
    const { lab } = leaves({ platform: 'an' }), { t } = lab, leaf = lab.object(64), large = lab.object(20_000), other = t.local();
    for (const slot of [leaf, large]) {
      expect(t.r[(slot << 3) + 3]).toBe(PermLEAF);
      expect(() => { t.storeCap(slot, 0, leaf); }).toThrow('STORE_CAP');
      t.loadCap(other, slot, 0);
      expect(t.isTagged(other)).toBe(false);
      t.store32(slot, 0, 5);
      expect(t.load32(slot, 0)).toBe(5);
    }
  });

  test('is kept as long as it is referred to, from other pools too, and no longer <design/marking#.req.garbage>', () => {
    const { lab, pool } = leaves(), { t, arena } = lab, leaf = lab.object(64, 9), large = lab.object(20_000, 8), dead = lab.object(64), node = t.local();
    Object.assign(lab, { ap: lab.pool.allocationPoint(t) });
    lab.make(node, 64, 0, leaf);
    t.storeCap(node, 32, large);
    for (const slot of [leaf, large, dead]) t.clear(slot);
    for (let k = 0; k < 3; ++k) arena.collect();
    t.loadCap(leaf, node, 16);
    t.loadCap(large, node, 32);
    expect([t.load32(leaf, 60), t.load32(large, 19_996), lab.objects().size]).toEqual([9, 8, 3]);
    t.clear(node);
    t.clear(leaf);
    t.clear(large);
    arena.collect();
    expect([lab.objects().size, pool.totalSize]).toEqual([0, 65_536]);
  });

  test('is never grey, watched or protected, while a trace is under way too <design/lo#.inv.leaf> <design/seg#.inv.leaf>', () => {
    const { lab, pool } = leaves({ platform: 'ix', pause: '0' }), { arena } = lab;
    Object.assign(arena.control, { quantum: () => 1 });
    const kept = Array.from({ length: 50 }, () => lab.object(2048, 1)), large = lab.object(30_000, 2);
    let steps = 0, white = 0;
    for (let round = 0; round < 5; ++round) {
      lab.litter(64);
      for (arena.step(); arena.trace.isBusy; arena.step()) {
        steps += 1;
        for (let node = pool.segRing.next; node !== pool.segRing; node = node.next) {
          const { grey, summary, shieldMode, protMode, white: isWhite } = node.owner;
          expect([grey, summary, shieldMode, protMode]).toEqual([false, ZoneSetEMPTY, AccessNONE, AccessNONE]);
          white += Number(isWhite);
        }
        for (const slot of [...kept, large]) lab.t.store32(slot, 0, steps);
      }
    }
    expect([arena.counts.readHits, arena.counts.writeHits]).toEqual([0, 0]);
    expect(steps, 'weak run').toBeGreaterThan(5);
    expect(white, 'weak run').toBeGreaterThan(5);
  });

  test('that is being made when a trace flips is an object all the same, for it needs no scanning <design/lo#.flip>', () => {
    const { lab } = leaves({ platform: 'ix', pause: '0' }), { t, arena, ap } = lab, slot = t.local();
    Object.assign(arena.control, { quantum: () => 1 });
    const leaf = lab.object(64), scanned = t.local(), other = lab.pool.allocationPoint(t);
    expect([other.reserve(scanned, 200_000), other.commit(scanned)]).toEqual([ResOK, true]);
    t.storeCap(scanned, 0, leaf);
    expect(ap.reserve(slot, 640)).toBe(ResOK);
    arena.step();
    expect([arena.trace.isFlipped, (arena.heap.segOf(t.r[slot << 3]) as Seg).white]).toEqual([true, true]);
    t.store32(slot, 636, 4);
    expect(ap.commit(slot)).toBe(true);
    while (arena.trace.isBusy) arena.step();
    expect([t.load32(slot, 636), lab.objects().get(lab.low(slot))]).toEqual([4, 640]);
    arena.check();
  });
});
