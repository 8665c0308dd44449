import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ZonedLand, ZoneSetUNIV, zoneOf } from '../../../code/mps/mps.ts';

const SPACE = 64;

/** The lowest place by trying every one. */
function lowest(bits: readonly boolean[], size: number, alignment: number, zones: number, shift: number): number {
  for (let base = 0; base + size <= SPACE; base += alignment) {
    const units = Array.from({ length: size }, (_, i) => base + i);
    if (units.every((unit) => bits[unit] && (zones & (1 << zoneOf(unit, shift))) !== 0)) return base;
  }
  return -1;
}

test('findInZones gives the lowest aligned place in the zones, and only if there is one <design/land#.find.zones>', () => {
  let found = 0;
  fc.assert(fc.property(
    fc.array(fc.boolean(), { minLength: SPACE, maxLength: SPACE }), fc.integer({ min: 1, max: 12 }), fc.constantFrom(1, 2, 4),
    fc.oneof(fc.constant(ZoneSetUNIV), fc.integer()), fc.integer({ min: 0, max: 3 }),
    (sparse, size, alignment, zones, shift) => {
      const land = new ZonedLand();
      // Runs of four units, so that longer searches succeed too.
      const bits = Array.from({ length: SPACE }, (_, at) => (sparse[at >> 2] || sparse[at >> 4]) ?? false);
      for (const [at, bit] of bits.entries()) if (bit) land.insert(at, at + 1);
      const base = land.findInZones(size, alignment, zones, shift, false);
      expect(base).toBe(lowest(bits, size, alignment, zones, shift));
      if (base >= 0) found += 1;
    },
  ), { numRuns: 1500 });
  expect(found, 'weak run').toBeGreaterThan(200);
});

test('the last zone ends where addresses end <design/land#.find.zones>', () => {
  const land = new ZonedLand();
  land.insert(2 ** 32 - 8192, 2 ** 32);
  expect(land.findInZones(4096, 4096, 1 << 31, 12, false)).toBe(2 ** 32 - 4096);
});
