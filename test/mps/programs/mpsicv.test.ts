/* mpsicv.test.ts: in the shape of the MPS's coverage program, what it does with location dependencies and walks; and the functional cases
 * on them: 11 to 13, 17, 26 and 30 <design/ld>. */
import { expect, test } from 'vitest';
import { random } from '../../../code/base/random.ts';
import { baseDecode, baseIsNear, GranuleSIZE, WindowHIGH } from '../../../code/machine/machine.ts';
import { RankAMBIG, RankEXACT, zoneOf, type Arena, type Seg } from '../../../code/mps/mps.ts';
import { seeds } from '../../seed.ts';
import { Lab } from '../lab.ts';

const ROOTS = 49;

test('mpsicv: a table hashed by address is right as long as its dependency is not stale <design/ld#.inv.age>', () => {
  let rehashed = 0;
  for (const platform of ['an', 'ix'] as const) {
    const lab = new Lab({ platform, memory: '4MiB', nursery: '16KiB' }), { t, arena } = lab, draw = random(3), first = t.enter(ROOTS), ambig = t.local();
    lab.system.statics(t, ambig, ROOTS * GranuleSIZE, RankAMBIG);
    const ld = arena.ld(), table = new Map<number, number>(), rehash = (): void => {
      ld.reset();
      table.clear();
      for (let i = 0; i < ROOTS; ++i) {
        if (!t.isTagged(first + i)) continue;
        ld.add(t, first + i);
        table.set(lab.low(first + i), t.load32(first + i, 0));
      }
      rehashed += 1;
    };
    for (let n = 0; n < 20_000; ++n) {
      const i = draw(ROOTS);
      if (draw(4) === 0) {
        lab.make(first + i, 32, n);
        if (draw(2) === 0) {
          t.store32(ambig, i * 16, (lab.low(first + i) + draw(32)) | 0);
          t.store32(ambig, i * 16 + 4, WindowHIGH);
        }
        ld.add(t, first + i);
        table.set(lab.low(first + i), n);
      } else if (t.isTagged(first + i)) {
        if (table.get(lab.low(first + i)) !== t.load32(first + i, 0)) {
          expect(ld.isStale(t, first + i), 'what is not found may have moved').toBe(true);
          rehash();
        }
        expect(table.get(lab.low(first + i))).toBe(t.load32(first + i, 0));
      }
    }
  }
  expect(rehashed, 'weak run').toBeGreaterThan(4);
});

test('functional cases 11 and 12: dependencies on what moves go stale, on what does not never <design/ld#.inv.age>', () => {
  const lab = new Lab(), { t, arena } = lab, still = arena.pool('ams'), ap = still.allocationPoint(t), slot = t.enter(50), stay = t.enter(50);
  const lds = Array.from({ length: 100 }, () => arena.ld());
  for (let i = 0; i < 50; ++i) {
    lab.make(slot + i, 64, i);
    lds[i].add(t, slot + i);
    do ap.reserve(stay + i, 64); while (!ap.commit(stay + i));
    lds[50 + i].add(t, stay + i);
  }
  const zones = (from: number): Set<number> => new Set(Array.from({ length: 50 }, (_, i) => zoneOf(lab.low(from + i), arena.heap.zoneShift)));
  expect([...zones(stay)].filter((zone) => zones(slot).has(zone)), 'pools have zones of their own').toEqual([]);
  arena.collect();
  expect(lds.map((ld) => ld.isStaleAny())).toEqual(lds.map((_, i) => i < 50));
});

test('functional case 13: a thousand dependencies, merged by up to twenty <design/ld#.merge>', () => {
  const lab = new Lab({ memory: '4MiB' }), { t, arena } = lab, draw = random(5), slot = t.local();
  const lds = Array.from({ length: 1000 }, (_, i) => {
    const ld = arena.ld();
    if (i % 100 === 0) arena.collect();
    ld.reset();
    if (draw(2) === 0) {
      lab.make(slot, 32, i);
      ld.add(t, slot);
    }
    return ld;
  });
  let stale = 0, fresh = 0;
  for (let n = 0; n < 200; ++n) {
    const merged = arena.ld(), parts = Array.from({ length: 1 + draw(20) }, () => lds[990 - draw(n < 100 ? 80 : 990)]);
    for (const ld of parts) merged.merge(ld);
    if (parts.some((ld) => ld.isStaleAny())) {
      expect(merged.isStaleAny()).toBe(true);
      stale += 1;
    } else fresh += 1;
  }
  expect(Math.min(stale, fresh), 'weak run').toBeGreaterThan(0);
});

test('functional case 17: parked, every walk sees the same objects, each once <design/walk#.inv.exact>', () => {
  const lab = new Lab({ memory: '4MiB' }), { t, arena, pool } = lab, slot = t.enter(100), live = new Set<number>();
  for (let n = 0; n < 3000; ++n) lab.make(slot + n % 100, 48, n);
  arena.collect();
  arena.park();
  for (let i = 0; i < 100; ++i) live.add(lab.low(slot + i));
  const applied: number[] = [], walked: number[] = [], areas: number[] = [];
  pool.apply((base) => applied.push(base >>> 0));
  arena.walk((base) => walked.push(base >>> 0));
  pool.walk((view, base, limit) => {
    for (let at = base; at < limit; at = view.next(at)) areas.push(at >>> 0);
    return 0;
  });
  for (const found of [applied, walked, areas]) expect(new Set(found)).toEqual(live);
  expect([applied.length, walked.length, areas.length]).toEqual([100, 100, 100]);
});

test('functional case 26: summaries and the write barrier under random writes <design/seg#.inv.summary>', () => {
  let known = 0;
  const zonesOf = ({ heap }: Arena, seg: Seg): number => {
    let zones = 0;
    for (let g = seg.granuleBase; g < seg.granuleLimit; ++g) {
      const at = g << 2;
      if (heap.tags[g] !== 0 && heap.i32[at + 1] === WindowHIGH && baseIsNear(heap.i32[at + 2])) zones |= 1 << zoneOf(baseDecode(heap.i32[at], heap.i32[at + 2]), heap.zoneShift);
    }
    return zones;
  };
  for (const seed of seeds(4)) {
    const lab = new Lab({ memory: '4MiB', nursery: '16KiB' }), { t, arena } = lab, draw = random(seed), slot = t.enter(1200), it = t.local();
    for (let i = 0; i < 1200; ++i) lab.make(slot + i, 64, i);
    for (let n = 0; n < 12_000; ++n) {
      lab.make(it, 64, n);
      if (draw(20) === 0) t.move(slot + draw(20), it);
      t.storeCap(slot + draw(draw(300) === 0 ? 1200 : 20), 32, slot + draw(1200));
      if (n % 500 !== 0) continue;
      for (const seg of arena.heap.segs) {
        if (seg === null || (arena.trace.isBusy && seg.grey)) continue;
        known += Number(seg.summary !== -1);
        expect(zonesOf(arena, seg) & ~seg.summary).toBe(0);
      }
    }
    arena.check();
  }
  expect(known, 'weak run').toBeGreaterThan(0);
});

test('functional case 30: the roots of a walk are those that there are <design/walk#.roots>', () => {
  const lab = new Lab(), { t, arena } = lab, exact = t.local(), ambig = t.local(), it = lab.object(32, 1), names: string[] = [];
  const roots = [lab.system.statics(t, exact, 4096), lab.system.statics(t, ambig, 4096, RankAMBIG)];
  for (let n = 0; n < 3; ++n) {
    t.storeCap(exact, n * 16, it);
    t.store32(ambig, n * 16, lab.low(it) | 0);
    t.store32(ambig, n * 16 + 4, WindowHIGH);
  }
  const counted = [0, 0];
  arena.roots.walk((ref, by) => {
    expect(ref >>> 0).toBe(lab.low(it));
    names.push(by.name);
    if (roots.includes(by)) counted[by.rank === RankEXACT ? 0 : 1] += 1;
  });
  expect([counted, names.filter((name) => name === 'thread t').length]).toEqual([[3, 3], 1]);
});
