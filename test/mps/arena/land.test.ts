import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Land, ZoneSetUNIV, zoneOf } from '../../../code/mps/mps.ts';

const SPACE = 64;

/** A land of `SPACE` units, and the set of units that are in it. */
class Model {
  readonly land = new Land();
  readonly bits: boolean[] = Array.from({ length: SPACE }, () => false);

  ranges(): [number, number][] {
    const found: [number, number][] = [];
    this.land.each((base, limit) => found.push([base, limit]));
    return found;
  }

  /** What the ranges should be: maximal runs. */
  runs(): [number, number][] {
    const found: [number, number][] = [];
    for (let at = 0; at < SPACE; ++at) {
      if (!this.bits[at]) continue;
      const last = found.at(-1);
      if (last !== undefined && last[1] === at) last[1] = at + 1;
      else found.push([at, at + 1]);
    }
    return found;
  }

  isAll(base: number, limit: number, value: boolean): boolean {
    return this.bits.slice(base, limit).every((bit) => bit === value);
  }

  /** The lowest place by trying every one. */
  lowest(size: number, alignment: number, zones: number, shift: number): number {
    for (let base = 0; base + size <= SPACE; base += alignment) {
      const units = Array.from({ length: size }, (_, i) => base + i);
      if (units.every((unit) => this.bits[unit] && (zones & (1 << zoneOf(unit, shift))) !== 0)) return base;
    }
    return -1;
  }
}

const step = fc.record({ base: fc.nat(SPACE - 1), size: fc.integer({ min: 1, max: 20 }) });

test('a land is the set of units in it, in maximal ranges, after any insertions and deletions <design/land#.inv.maximal>', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const model = new Model();
    for (const { base, size } of steps) {
      const limit = Math.min(SPACE, base + size);
      if (model.isAll(base, limit, false)) {
        model.land.insert(base, limit);
        model.bits.fill(true, base, limit);
      } else if (model.isAll(base, limit, true)) {
        model.land.delete(base, limit);
        model.bits.fill(false, base, limit);
      } else {
        expect(() => { model.land.insert(base, limit); }).toThrow('<design/land#.insert>');
        expect(() => { model.land.delete(base, limit); }).toThrow('<design/land#.delete>');
      }
      model.land.check();
      expect(model.ranges()).toEqual(model.runs());
      expect(model.land.size).toBe(model.bits.filter(Boolean).length);
    }
  }), { numRuns: 300 });
});

test('find gives the lowest aligned place in the zones, and only if there is one <design/land#.find>', () => {
  let found = 0;
  fc.assert(fc.property(
    fc.array(fc.boolean(), { minLength: SPACE, maxLength: SPACE }), fc.integer({ min: 1, max: 12 }), fc.constantFrom(1, 2, 4),
    fc.oneof(fc.constant(ZoneSetUNIV), fc.integer()), fc.integer({ min: 0, max: 3 }),
    (sparse, size, alignment, zones, shift) => {
      const model = new Model();
      for (let at = 0; at < SPACE; ++at) {
        // Runs of four units, so that longer searches succeed too.
        if (sparse[at >> 2] || sparse[at >> 4]) {
          model.bits[at] = true;
          model.land.insert(at, at + 1);
        }
      }
      const base = model.land.find(size, alignment, zones, shift);
      expect(base).toBe(model.lowest(size, alignment, zones, shift));
      if (base >= 0) found += 1;
    },
  ), { numRuns: 1500 });
  expect(found, 'weak run').toBeGreaterThan(200);
});

describe('a range', () => {
  test('that is empty cannot be inserted <design/land#.range.nonempty>', () => {
    expect(() => { new Land().insert(4, 4); }).toThrow('<design/land#.range.nonempty>');
  });

  test('may end where addresses end <design/land#.range.nonempty>', () => {
    const land = new Land();
    land.insert(2 ** 32 - 8192, 2 ** 32);
    expect(land.find(8192, 4096, ZoneSetUNIV, 12)).toBe(2 ** 32 - 8192);
    expect(land.find(4096, 4096, 1 << 31, 12)).toBe(2 ** 32 - 4096);
    land.delete(2 ** 32 - 4096, 2 ** 32);
    expect(land.size).toBe(4096);
  });
});
