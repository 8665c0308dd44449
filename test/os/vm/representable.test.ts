import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { baseOf, formats, lengthOf, slotRead, type FormatName } from '../../../code/machine/machine.ts';
import { MapANON, MapFIXED, MapPRIVATE, ProtREAD } from '../../../code/os/vm/mman.ts';
import { granuleOf, sizeRound, spread } from '../../../code/os/vm/representable.ts';
import { seeds } from '../../seed.ts';
import { anonymous, at, CAP, found, integer, kindName, KINDS, mapRig, NULL, PAGE, RW, TEMP } from './map-rig.ts';

const MIB = 0x10_0000;

/** Sizes, what they are rounded to, and what they are aligned to, no less than a page. */
const table: Readonly<Record<FormatName, readonly [size: number, whole: number, granule: number][]>> = {
  riscv: [
    [24 * 1024, 24 * 1024, PAGE], [128 * 1024, 128 * 1024, PAGE], [10 * MIB, 10 * MIB, 0x4000], [4 * MIB - PAGE, 4 * MIB - PAGE, PAGE],
    [4 * MIB, 4 * MIB, 0x2000], [4 * MIB + PAGE, 4 * MIB + 2 * PAGE, 0x2000], [16 * MIB + PAGE, 16 * MIB + 8 * PAGE, 0x8000],
  ],
  morello: [
    [24 * 1024, 24 * 1024, PAGE], [128 * 1024, 128 * 1024, PAGE], [10 * MIB, 10 * MIB, PAGE], [4 * MIB + PAGE, 4 * MIB + PAGE, PAGE],
    // RRLEN asks for what the worst base asks for.
    [16 * MIB - PAGE, 16 * MIB, 0x2000], [16 * MIB - 2 * PAGE, 16 * MIB - 2 * PAGE, PAGE], [16 * MIB, 16 * MIB, 0x2000], [16 * MIB + PAGE, 16 * MIB + 2 * PAGE, 0x2000],
  ],
};

for (const format of ['riscv', 'morello'] as const) {
  for (const [size, whole, granule] of table[format]) {
    test(`${format}: ${size} bytes are ${whole}, aligned to ${granule} <design/reservation#.inv.representable>`, () => {
      expect([sizeRound(format, size), granuleOf(format, whole)]).toEqual([whole, granule]);
    });
  }

  for (const seed of seeds(4)) {
    test(`${format}: what is spread holds the range, is exact, and is no larger than it must be <design/reservation#.inv.representable> seed=${seed}`, () => {
      const draw = random(seed), of = formats[format];
      let padded = 0;
      for (let round = 0; round < 300; ++round) {
        const size = Math.max(1, Math.floor(2 ** (draw(1900) / 100))) * PAGE, base = draw(2 ** 19) * PAGE;
        const whole = sizeRound(format, size), extent = spread(format, base, base + size);
        expect([sizeRound(format, whole), whole >= size]).toEqual([whole, true]);
        expect(whole).toBe(Math.max(Number(of.lengthRound(BigInt(size)))));
        expect(extent.base <= base && base + size <= extent.limit).toBe(true);
        const length = extent.limit - extent.base, cap = of.setBoundsExact(of.rootAt(BigInt(extent.base)), BigInt(length));
        expect(cap.tag, `${extent.base} + ${length}`).toBe(true);
        const granule = granuleOf(format, length);
        expect([base - extent.base < granule, extent.limit - base - size < 2 * granule]).toEqual([true, true]);
        if (length > size) padded += 1;
      }
      expect(padded, 'weak run').toBeGreaterThan(30);
    });
  }
}

describe('a length that no capability can have', () => {
  for (const kind of KINDS) {
    const size = (kind.format === 'riscv' ? 4 : 16) * MIB + PAGE, hole = kind.abi === 'cheribsd' ? 'page accerr' : 'page maperr';
    test(`${kindName(kind)}: is padded, the padding faults as a page, and the next mapping is beyond it <design/reservation#.inv.rights> <design/mman#.mmap.anew>`, () => {
      const rig = mapRig(kind), { hart } = rig;
      expect(anonymous(rig, size, RW)).toBe('0');
      expect([lengthOf(hart, CAP), baseOf(hart, CAP) % 0x2000]).toEqual([size + PAGE, 0]);
      hart.store32(CAP, size - 4, 1);
      expect(found(rig, () => hart.load32(CAP, size))).toBe(hole);
      expect(found(rig, () => hart.load32(CAP, size + PAGE))).toBe('bounds');
      expect(rig.map.mmap(hart, TEMP, NULL, PAGE, RW, MapANON | MapPRIVATE)).toBe(0);
      expect(hart.r[TEMP << 3] >>> 0).toBeGreaterThanOrEqual((hart.r[CAP << 3] >>> 0) + size + PAGE);
    });

    test(`${kindName(kind)}: does not go into a hole of just that length <design/profile#.quirks>`, () => {
      const rig = mapRig(kind), { hart } = rig, first = 0x0100_0000;
      expect(rig.map.mmap(hart, TEMP, integer(rig, first + size), PAGE, ProtREAD, MapANON | MapPRIVATE | MapFIXED)).toBe(0);
      expect(anonymous(rig, size, RW)).toBe('0');
      expect(hart.r[CAP << 3] >>> 0).toBeGreaterThan(first + size);
    });
  }
});

test('a length that is longer than its granule allows lies where what it is rounded to can <design/reservation#.inv.representable>', () => {
  // Rounding makes it so long that multiples of two pages are no longer enough.
  const rig = mapRig({ format: 'morello' }), { hart } = rig, size = 32 * MIB - 3 * PAGE, whole = sizeRound('morello', size);
  expect([granuleOf('morello', size), granuleOf('morello', whole)]).toEqual([2 * PAGE, 4 * PAGE]);
  expect(rig.map.mmap(hart, TEMP, NULL, 2 * PAGE, RW, MapANON | MapPRIVATE)).toBe(0);
  expect(anonymous(rig, size, RW)).toBe('0');
  expect([baseOf(hart, CAP) % (4 * PAGE), lengthOf(hart, CAP)]).toEqual([0, whole]);
});

test('a reservation asked for where it cannot begin holds the range, and its capability that address <design/reservation#.inv.representable> <design/mman#.mmap.anew>', () => {
  for (const kind of KINDS) {
    const rig = mapRig(kind), { hart } = rig, low = 0x2000_1000, size = 32 * MIB;
    expect(rig.map.mmap(hart, CAP, integer(rig, low), size, RW, MapANON | MapPRIVATE | MapFIXED)).toBe(0);
    const cap = slotRead(hart, CAP), bounds = formats[kind.format].bounds(cap), address = Number(BigInt.asUintN(32, cap.lo));
    expect(address).toBe(low);
    expect(Number(BigInt.asUintN(32, bounds.base)) < low && Number(bounds.top - bounds.base) > size).toBe(true);
    hart.store32(CAP, size - 4, 7);
    expect(found(rig, () => hart.load32(at(rig, CAP, -PAGE), 0))).toBe(kind.abi === 'cheribsd' ? 'page accerr' : 'page maperr');
  }
});
