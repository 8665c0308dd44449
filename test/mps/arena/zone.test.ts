import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ZoneSetUNIV, zoneOf, zoneSetOfRange } from '../../../code/mps/mps.ts';
import { ZoneCOUNT, zoneShiftOf } from '../../../code/mps/arena/zone.ts';

test('the zones of a range are those of its addresses, one by one <design/zone#.range>', () => {
  fc.assert(fc.property(fc.nat(4000), fc.integer({ min: 1, max: 600 }), fc.integer({ min: 0, max: 5 }), (base, size, shift) => {
    let zones = 0;
    for (let addr = base; addr < base + size; ++addr) zones |= 1 << zoneOf(addr, shift);
    expect(zoneSetOfRange(base, base + size, shift)).toBe(zones);
  }));
});

test('a range of as many stripes as there are zones, or more, is in all of them <design/zone#.range>', () => {
  expect(zoneSetOfRange(0, ZoneCOUNT << 12, 12)).toBe(ZoneSetUNIV);
  expect(zoneSetOfRange(4096, 2 ** 32, 12)).toBe(ZoneSetUNIV);
  expect(zoneSetOfRange(0, (ZoneCOUNT - 1) << 12, 12)).toBe(0x7fff_ffff);
});

test('zones of addresses in the upper half are no different, signed or not <design/zone#.range>', () => {
  expect(zoneOf(0xf000_0000, 12)).toBe(zoneOf(0xf000_0000 | 0, 12));
  expect(zoneSetOfRange(0xf000_0000 | 0, 0xf000_2000 | 0, 12)).toBe(zoneSetOfRange(0xf000_0000, 0xf000_2000, 12));
});

test('a chunk spans the zones about once, and a stripe is never less than a grain <design/zone#.shift>', () => {
  for (let shift = 16; shift < 31; ++shift) {
    expect(2 ** shift / 2 ** zoneShiftOf(2 ** shift, 12)).toBeLessThanOrEqual(ZoneCOUNT);
    expect(zoneShiftOf(2 ** shift, 12)).toBe(Math.max(12, shift - 5));
    // A chunk that is a bit smaller does not make zones come twice.
    expect(zoneShiftOf(2 ** shift - 2 ** 15, 12)).toBe(Math.max(12, shift - 5));
  }
  expect(zoneShiftOf(2 ** 20, 16)).toBe(16);
});
