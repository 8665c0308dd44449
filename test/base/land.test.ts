import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Land } from '../../code/base/base.ts';

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

  /** Every place, in order. */
  places(size: number, alignment: number): number[] {
    const found: number[] = [];
    for (let base = 0; base + size <= SPACE; base += alignment) if (this.isAll(base, base + size, true)) found.push(base);
    return found;
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

test('find and findLast give the lowest and the highest aligned place, and only if there is one <design/land#.find>', () => {
  let found = 0;
  fc.assert(fc.property(
    fc.array(fc.boolean(), { minLength: SPACE, maxLength: SPACE }), fc.integer({ min: 1, max: 12 }), fc.constantFrom(1, 2, 4),
    (sparse, size, alignment) => {
      const model = new Model();
      for (let at = 0; at < SPACE; ++at) {
        // Runs of four units, so that longer searches succeed too.
        if (sparse[at >> 2] || sparse[at >> 4]) {
          model.bits[at] = true;
          model.land.insert(at, at + 1);
        }
      }
      const places = model.places(size, alignment);
      expect(model.land.find(size, alignment)).toBe(places[0] ?? -1);
      expect(model.land.findLast(size, alignment)).toBe(places.at(-1) ?? -1);
      for (let base = 0; base + size <= SPACE; ++base) {
        expect(model.land.contains(base, base + size)).toBe(model.isAll(base, base + size, true));
      }
      if (places.length > 1) found += 1;
    },
  ), { numRuns: 500 });
  expect(found, 'weak run').toBeGreaterThan(70);
});

describe('a range', () => {
  test('that is empty cannot be inserted <design/land#.range.nonempty>', () => {
    expect(() => { new Land().insert(4, 4); }).toThrow('<design/land#.range.nonempty>');
  });

  test('may end where addresses end <design/land#.range.nonempty>', () => {
    const land = new Land();
    land.insert(2 ** 32 - 8192, 2 ** 32);
    expect(land.find(8192, 4096)).toBe(2 ** 32 - 8192);
    expect(land.findLast(4096, 4096)).toBe(2 ** 32 - 4096);
    land.delete(2 ** 32 - 4096, 2 ** 32);
    expect(land.size).toBe(4096);
  });
});
