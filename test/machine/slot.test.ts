import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  baseDecode, baseIsNear, boundsAreSealed, boundsEncode, boundsGranule, boundsMove, boundsRound, PermLOAD, PermSTORE, riscv,
  roomDecode, slotDecode, WindowHIGH,
} from '../../code/machine/machine.ts';
import * as slot from '../../code/machine/slot.ts';
import {
  addressOf, Every, hold, lengthBelow, lowOf, Near, placed, region, boundsWith, lowNear, WindowTOP, word,
} from './arbitrary.ts';
import { boundsDecode, boundsFields, boundsFit, boundsKeep, BoundsMASK } from './windowed.ts';

const bits = (bounds: number): bigint => BigInt(bounds >>> 0);

/** What roomDecode should give: the distance to the top, where the address is within and the window holds the top. */
function roomExpected(low: number, bounds: number): number {
  const address = addressOf(low), { base, top } = boundsDecode(bits(bounds), address), { internal, exponent } = boundsFields(bits(bounds));
  const sure = !internal || exponent <= 18;
  return sure && base <= address && address <= top && top <= WindowTOP ? Number(top - address) : 0;
}

/** Tag word and rooms after decoding. */
function slotOf(low: number, high: number, bounds: number, perms: number): number[] {
  const r = Int32Array.of(low, high, bounds, perms, 9, 9, 9, 9);
  slotDecode(r, 0);
  return [...r.subarray(4)];
}

test('words and permission bits are where clients and the other format have them <design/machine#.slot>', () => {
  const { SlotLOW, SlotHIGH, SlotBOUNDS, SlotPERMS, SlotTAG, SlotREADABLE, SlotWRITABLE, SlotSPARE, SlotWORDS } = slot;
  expect([SlotLOW, SlotHIGH, SlotBOUNDS, SlotPERMS, SlotTAG, SlotREADABLE, SlotWRITABLE, SlotSPARE, SlotWORDS]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect([2 ** slot.SlotSHIFT, slot.PermMASK, slot.PermDATA]).toEqual([slot.SlotWORDS, ~0xffff, 0x7d_0000]);
});

describe('the 32-bit codec is the 64-bit codec, wherever it decides', () => {
  for (const exponent of Near) {
    test(`room and base with ${exponent < 0 ? 'byte-exact bounds' : `exponent ${exponent}`} <design/machine#.slot.room>`, () => {
      let inside = 0;
      hold(boundsWith(exponent).chain((bounds) => lowNear(bounds).map((low) => ({ bounds, low }))), ({ bounds, low }) => {
        const room = roomDecode(low, bounds);
        expect(room).toBe(roomExpected(low, bounds));
        expect(baseDecode(low, bounds)).toBe(lowOf(boundsDecode(bits(bounds), addressOf(low)).base));
        if (room > 0) inside += 1;
      }, 1000);
      expect(inside).toBeGreaterThan(200);
    });
  }

  test('room is 0 and base is not near from exponent 19 on <design/machine#.slot.room>', () => {
    hold(placed(Every), ({ bounds, low }) => {
      const { internal, exponent } = boundsFields(bits(bounds)), near = !internal || exponent <= 18;
      expect(baseIsNear(bounds)).toBe(near);
      expect(roomDecode(low, bounds)).toBe(roomExpected(low, bounds));
    });
  });

  test('room at the ends of the window: all of it from its base, up to its limit <design/machine#.slot.room>', () => {
    expect(roomDecode(0, boundsEncode(0, 4095))).toBe(4095);
    expect(roomDecode(0, boundsEncode(0, 0x7f00_0000))).toBe(0x7f00_0000);
    expect(roomDecode(-16, boundsEncode(-16, 16))).toBe(16);
    expect(roomDecode(-0x10_0000, boundsEncode(-0x10_0000, 0x10_0000))).toBe(0x10_0000);
    expect(roomDecode(-1, boundsEncode(-16, 16))).toBe(1);
  });

  test('boundsEncode writes what the 64-bit codec writes, for every representable region <design/machine#.representable>', () => {
    hold(region, ({ base, size }) => {
      const bounds = boundsEncode(lowOf(base), Number(size));
      expect(bits(bounds)).toBe(boundsFit(base, size).bits);
      expect(boundsDecode(bits(bounds), base)).toEqual({ base, top: base + size });
    });
  });

  test('boundsGranule is CRAM and boundsRound is CRRL <design/machine#.representable>', () => {
    hold(lengthBelow(43), (size) => {
      expect(BigInt(boundsGranule(size))).toBe((1n << 64n) - riscv.lengthMask(BigInt(size)));
      expect(BigInt(boundsRound(size))).toBe(riscv.lengthRound(BigInt(size)));
    });
    for (let size = 0; size < 0x6000; size += 1) expect(BigInt(boundsRound(size))).toBe(riscv.lengthRound(BigInt(size)));
  });

  test('slotDecode: tag word and rooms of any 128 bits, by tag, seal, window and permission <design/machine#.slot.tag>', () => {
    const zeroOften = fc.oneof(fc.constant(0), fc.constant(0), word), mostlyNear = [...Near, ...Near, ...Near, ...Every];
    let usable = 0;
    hold(fc.tuple(placed(mostlyNear), fc.constantFrom(WindowHIGH, WindowHIGH, WindowHIGH, 0, -1, 0x41), word, zeroOften, fc.nat(31), fc.boolean()),
      ([{ bounds, low }, high, upper, lower, type, sealed]) => {
        const perms = (upper & ~0x1fff) | (lower & 0x1fff), w2 = bounds | (sealed ? type << 27 : 0);
        const r = Int32Array.of(7, 7, 7, 7, 7, 7, 7, 7, low, high, w2, perms, 9, 9, 9, 9);
        const isSealed = riscv.isSealed({ hi: (BigInt(perms >>> 0) << 32n) | bits(w2), lo: 0n, tag: true });
        const room = high === WindowHIGH && !isSealed ? roomExpected(low, bounds) : 0;
        slotDecode(r, 8);
        if (room > 0) usable += 1;
        expect(boundsAreSealed(w2, perms)).toBe(isSealed);
        expect([...r]).toEqual([
          7, 7, 7, 7, 7, 7, 7, 7, low, high, w2, perms, (perms & -0x1_0000) | 1,
          (perms & PermLOAD) === 0 ? 0 : room, (perms & PermSTORE) === 0 ? 0 : room, 9,
        ]);
      }, 8000);
    expect(usable).toBeGreaterThan(200);
  });
});

test('room and base of byte-exact bounds at each address of a block <design/machine#.slot.room>', () => {
  let inside = 0;
  for (const [base, size] of [[0, 16], [3, 2], [0x1235, 0], [0x17ff, 0xfff], [0x3ffe, 5], [0xffff_fff0, 17]]) {
    const bounds = boundsEncode(base | 0, size);
    for (let low = (base & -0x4000) - 0x4000; low < (base & -0x4000) + 0x8000; low += 1) {
      const [at, found] = [low | 0, boundsDecode(bits(bounds), addressOf(low | 0))], room = roomExpected(at, bounds);
      if (room > 0) inside += 1;
      if (roomDecode(at, bounds) !== room || baseDecode(at, bounds) !== lowOf(found.base)) expect([low, bounds]).toBe('decoded');
      if (slotOf(at, WindowHIGH, bounds, slot.PermDATA)[1] !== room) expect([low, bounds]).toBe('decoded into a slot');
    }
  }
  expect(inside).toBeGreaterThan(4000);
});

test('a sealed capability has no room, whichever bit of its type is set and however its bounds are written <design/machine#.slot.room>', () => {
  for (const size of [0x800, 0xfff, 0x1000, 0x1800, 0x1_0000]) {
    // The lowest word that exact bounds of the same T and B would have as their base is looked at as well.
    const bounds = boundsEncode(0, size), lows = [0, (bounds ^ 0x1_8004) & 0x3fff];
    expect(slotOf(0, WindowHIGH, bounds, slot.PermDATA)).toEqual([slot.PermDATA | 1, size, size, 9]);
    for (let bit = 27; bit < 45; bit += 1) {
      const [low, high] = bit < 32 ? [1 << bit, 0] : [0, 1 << (bit - 32)];
      for (const at of lows) expect([bit, ...slotOf(at, WindowHIGH, bounds | low, slot.PermDATA | high)]).toEqual([bit, slot.PermDATA | 1, 0, 0, 9]);
    }
  }
});

test('each bit of the object type seals, and no other bit of words 2 and 3 does <design/machine#.slot.room>', () => {
  for (let bit = 0; bit < 64; bit += 1) {
    const [bounds, perms] = bit < 32 ? [1 << bit, 0] : [0, 1 << (bit - 32)];
    expect([bit, boundsAreSealed(bounds, perms)]).toEqual([bit, bit >= 27 && bit < 45]);
  }
});

describe('laws of moving', () => {
  /** A region, a capability for a part of it at some address within the part, and where the region goes. */
  const moving = fc.tuple(region, word, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(31), word)
    .map(([whole, destination, from, share, type, at]) => {
      const start = whole.base + BigInt(Math.floor(from * Number(whole.size))), left = whole.base + whole.size - start;
      const fit = boundsFit(start, BigInt(Math.floor(share * Number(left))));
      const { base, top } = boundsDecode(fit.bits, start);
      const address = top === base ? base : base + BigInt(at >>> 0) % (top - base);
      const last = (1n << 32n) - whole.size, moved = addressOf(0) + ((BigInt(destination >>> 0) % (last + 1n)) & -whole.granule);
      return { base, top, address, bounds: (type << 27) | Number(fit.bits), delta: moved - whole.base };
    });

  test('a capability within a region moves with it: same length, same place in it, same type <design/machine#.representable.move>', () => {
    hold(moving, ({ base, top, address, bounds, delta }) => {
      const after = boundsMove(bounds, lowOf(delta));
      expect(after >>> 27).toBe(bounds >>> 27);
      expect(boundsDecode(bits(after), address + delta)).toEqual({ base: base + delta, top: top + delta });
    });
  });

  test('moving there and back is nothing <design/machine#.representable.move>', () => {
    hold(moving, ({ bounds, delta }) => {
      expect(boundsMove(boundsMove(bounds, lowOf(delta)), -lowOf(delta) | 0)).toBe(bounds);
    });
  });

  test('an address beyond the bounds that stays representable keeps them; baseDecode tells when it does not <design/machine#.representable.move>', () => {
    let lost = 0, kept = 0;
    hold(fc.tuple(moving, fc.integer({ min: -0x3000, max: 0x3000 })), ([{ base, top, bounds, delta }, beyond]) => {
      const unit = (top - base) / 4096n + 1n, address = base + BigInt(beyond) * unit;
      if (!boundsKeep(bits(bounds) & BoundsMASK, base, address) || !baseIsNear(bounds)) return;
      const after = boundsMove(bounds, lowOf(delta)), same = baseDecode(lowOf(address + delta), after) === lowOf(base + delta);
      const found = boundsDecode(bits(after) & BoundsMASK, address + delta);
      expect(same).toBe(found.base === base + delta && found.top === top + delta);
      if (same) kept += 1;
      else lost += 1;
    });
    expect(kept).toBeGreaterThan(200);
    expect(lost).toBeGreaterThan(20);
  });
});
