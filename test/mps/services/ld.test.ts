import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/random.ts';
import { zoneOf, zoneSetOfRange } from '../../../code/mps/mps.ts';
import { History, HistoryLENGTH } from '../../../code/mps/services/history.ts';
import { seeds } from '../../seed.ts';
import { Lab } from '../lab.ts';

describe('a location dependency', () => {
  for (const platform of ['an', 'ix'] as const) {
    test(`is stale once what it depends on has moved, and never before, on ${platform} <design/ld#.inv.age>`, () => {
      const lab = new Lab({ platform }), it = lab.object(), low = lab.low(it), ld = lab.arena.ld();
      ld.add(lab.t, it);
      expect([ld.isStale(lab.t, it), ld.isStaleAny()]).toEqual([false, false]);
      lab.arena.collect();
      expect(lab.low(it)).not.toBe(low);
      expect([ld.isStale(lab.t, it), ld.isStaleAny()]).toEqual([true, true]);
      ld.reset();
      ld.add(lab.t, it);
      expect(ld.isStaleAny()).toBe(false);
    });
  }

  test('on nothing, or on what is no object, is never stale <design/ld#.inv.since>', () => {
    const lab = new Lab(), nothing = lab.arena.ld(), number = lab.arena.ld(), slot = lab.t.local();
    lab.t.set(slot, 0x0100_0000, 0x40, 0, 0);
    number.add(lab.t, slot);
    for (let k = 0; k < 7; ++k) {
      lab.object();
      lab.arena.collect();
      expect([nothing.isStaleAny(), number.isStaleAny()]).toEqual([false, false]);
    }
  });

  test('is stale after any number of flips, if the first has moved what it depends on <design/ld#.inv.since>', () => {
    for (let flips = 1; flips <= 2 * HistoryLENGTH; ++flips) {
      const lab = new Lab(), it = lab.object(), ld = lab.arena.ld();
      ld.add(lab.t, it);
      for (let k = 0; k < flips; ++k) lab.arena.collect();
      expect(lab.arena.history.epoch).toBe(flips);
      expect(ld.isStale(lab.t, it)).toBe(true);
    }
  });

  for (const kind of ['ams', 'lo'] as const) {
    test(`is never stale in a pool of class ${kind}, which does not move; nor on a large object <design/ld#.inv.age>`, () => {
      const lab = new Lab(), pool = lab.arena.pool(kind), ap = pool.allocationPoint(lab.t), slot = lab.t.local(), ld = lab.arena.ld();
      do ap.reserve(slot, 32); while (!ap.commit(slot));
      const large = lab.object(32 * 1024), low = lab.low(slot);
      ld.add(lab.t, slot);
      ld.add(lab.t, large);
      for (let k = 0; k < 7; ++k) {
        lab.arena.collect();
        expect([ld.isStaleAny(), lab.low(slot) === low]).toEqual([false, true]);
      }
      expect(lab.arena.counts.flips).toBe(7);
    });
  }

  test('that others are merged into is stale when any of its parts is <design/ld#.merge>', () => {
    for (const seed of seeds(20)) {
      const draw = random(seed), lab = new Lab({ memory: '4MiB' }), all = Array.from({ length: 10 }, () => lab.arena.ld());
      const slots = all.map(() => lab.object()), merged = lab.arena.ld();
      for (const [i, ld] of all.entries()) {
        if (draw(3) === 0) lab.arena.collect();
        ld.reset();
        if (draw(4) > 0) ld.add(lab.t, slots[i]);
      }
      const parts = all.filter(() => draw(2) === 0), stale = parts.some((ld) => ld.isStaleAny());
      for (const ld of parts) merged.merge(ld);
      if (stale) expect(merged.isStaleAny()).toBe(true);
      expect(lab.arena.ld().isStaleAny()).toBe(false);
      lab.arena.collect();
      expect(merged.isStaleAny()).toBe(parts.some((ld) => ld.isStaleAny()));
    }
  });

  test('belongs to one arena <design/ld#.if.arena>', () => {
    expect(() => { new Lab().arena.ld().merge(new Lab().arena.ld()); }).toThrow('<design/ld#.if.arena>');
  });
});

describe('invariant 20', () => {
  for (const flips of [0, 1, 2, 3, 4, 5, 6]) {
    test(`invariant 20: after ${flips} flips the history is what brute force says <design/ld#.inv.since>`, () => {
      for (const seed of seeds(50)) {
        const draw = random(seed), history = new History(), moved: number[] = [];
        for (let k = draw(10); k > 0; --k) moved.push(1 << draw(32));
        moved.forEach((zones) => { history.age(zones); });
        const epoch = history.epoch;
        let since = 0;
        for (let k = 0; k < flips; ++k) {
          const zones = 1 << draw(32);
          history.age(zones);
          moved.push(zones);
          since |= zones;
        }
        const ever = moved.reduce((all, zones) => all | zones, 0);
        expect(history.since(epoch)).toBe(flips > HistoryLENGTH ? ever : since);
        expect(history.epoch - epoch).toBe(flips);
      }
    });
  }

  test('invariant 20: what is read while the history ages is never believed <design/ld#.inv.read>', () => {
    const { load, or, store, add } = Atomics, history = new History();
    history.age(1);
    const epoch = history.epoch;
    let looked = 0, unknown = 0;
    // Between any two steps of an ageing somebody reads: what is moved is in the answer, or nothing is known.
    const look = (): void => {
      const found = history.since(epoch);
      looked += 1;
      if (found === null) unknown += 1;
      else expect(history.epoch === epoch ? found : found & 4).toBe(history.epoch === epoch ? 0 : 4);
    };
    Atomics.or = ((...args: Parameters<typeof or>) => { look(); return or(...args); }) as typeof or;
    Atomics.store = ((...args: Parameters<typeof store>) => { look(); return store(...args); }) as typeof store;
    Atomics.add = ((...args: Parameters<typeof add>) => { look(); return add(...args); }) as typeof add;
    try {
      for (let k = 0; k < 6; ++k) history.age(4);
    } finally {
      Object.assign(Atomics, { load, or, store, add });
    }
    expect([looked, unknown]).toEqual([6 * 8, 6 * 7]);
  });

  test('invariant 20: the history ages before any object is where it was not <design/ld#.inv.age>', () => {
    for (const platform of ['an', 'ix'] as const) {
      const lab = new Lab({ platform, memory: '4MiB', nursery: '64KiB' }), it = lab.object(), ld = lab.arena.ld();
      let moves = 0, low = lab.low(it);
      ld.add(lab.t, it);
      for (let step = 0; step < 20_000; ++step) {
        lab.t.leave(lab.object());
        if (lab.low(it) === low) continue;
        moves += 1;
        expect(ld.isStale(lab.t, it)).toBe(true);
        // A young one, that the next collection moves.
        lab.make(it);
        low = lab.low(it);
        ld.reset();
        ld.add(lab.t, it);
      }
      expect(moves, 'weak run').toBeGreaterThan(1);
    }
  });

  test('zones are those of the segments that may move <design/ld#.inv.age>', () => {
    const lab = new Lab(), it = lab.object(), seg = lab.arena.heap.segOf(lab.low(it) | 0), { zoneShift } = lab.arena.heap;
    if (seg === null) throw new Error('no segment');
    const zones = zoneSetOfRange(seg.base, seg.limit, zoneShift), other = [...Array(32).keys()].find((zone) => (zones & (1 << zone)) === 0);
    expect(zones & (1 << zoneOf(lab.low(it), zoneShift))).not.toBe(0);
    expect(other).toBeDefined();
    lab.arena.collect();
    expect(lab.arena.history.since(0)).toBe(zones);
  });
});
