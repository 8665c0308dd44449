import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AverError } from '../../code/base/base.ts';
import {
  addrOf, andPerm, baseOf, clearTag, incOffset, lengthOf, offsetOf, PermDATA, permsOf, riscv, seal,
  sealEntry, setAddress, setBounds, setBoundsExact, slotRead, slotWrite, typeOf, unseal, type Capability, type Hart,
} from '../../code/machine/machine.ts';
import { addressOf, hold, region, word } from './arbitrary.ts';
import { give, giveAt, outcome, rig, wordsOf } from './rig.ts';

/** An instruction with its operand, from slot 1 to slot 2. */
type Step = (hart: Hart, operand: number) => void;
const steps: Record<string, Step> = {
  incOffset: (hart, operand) => { incOffset(hart, 2, 1, operand | 0); },
  setAddress: (hart, operand) => { setAddress(hart, 2, 1, (0x40_0000_0000 + operand)); },
  setBounds: (hart, operand) => { setBounds(hart, 2, 1, operand >>> 12); },
  setBoundsExact: (hart, operand) => { setBoundsExact(hart, 2, 1, operand >>> 20); },
  andPerm: (hart, operand) => { andPerm(hart, 2, 1, operand & riscv.perm.all); },
  clearTag: (hart) => { clearTag(hart, 2, 1); },
  sealEntry: (hart) => { sealEntry(hart, 2, 1); },
  seal: (hart) => { seal(hart, 2, 1, 3); },
  unseal: (hart) => { unseal(hart, 2, 1, 3); },
};
const names = Object.keys(steps);

/** A slot says of itself what its 128 bits and tag say: writing it anew changes no word. */
function isConsistent(hart: Hart, slot: number): boolean {
  slotWrite(hart, 5, slotRead(hart, slot));
  return hart.r.subarray(slot << 3, (slot << 3) + 7).join() === hart.r.subarray(40, 47).join();
}

describe('laws', () => {
  test('no sequence of instructions grows authority: bounds within, permissions among the first\'s <design/capability#.inv.monotonic>', () => {
    const { hart } = rig();
    let tagged = 0;
    hold(fc.tuple(region, fc.array(fc.tuple(fc.constantFrom(...names), word), { minLength: 1, maxLength: 6 })), ([{ base, size }, sequence]) => {
      giveAt(hart, 1, base, base + size, base + size / 4n);
      giveAt(hart, 3, 0n, 100n, 42n, riscv.perm.seal | riscv.perm.unseal | riscv.perm.global);
      let before = slotRead(hart, 1);
      for (const [name, operand] of sequence) {
        (steps[name])(hart, operand >>> 0);
        const after = slotRead(hart, 2);
        expect(isConsistent(hart, 2)).toBe(true);
        if (after.tag) {
          tagged += 1;
          expect(before.tag).toBe(true);
          expect(isWithin(after, before)).toBe(true);
          expect(isCanonical(after)).toBe(true);
        }
        before = after;
        hart.move(1, 2);
      }
    });
    expect(tagged).toBeGreaterThan(1000);
  });

  /** Bounds are written as they would be anew. */
  const isCanonical = (cap: Capability): boolean =>
    riscv.encode(riscv.bounds(cap), cap.lo, riscv.perms(cap), riscv.type(cap), riscv.flags(cap), cap.tag).cap.hi === cap.hi;

  const isWithin = (cap: Capability, whole: Capability): boolean => {
    const inner = riscv.bounds(cap), outer = riscv.bounds(whole);
    return outer.base <= inner.base && inner.top <= outer.top && (riscv.perms(cap) & ~riscv.perms(whole)) === 0;
  };

  test('an address within the bounds is always reached with the tag, one that keeps the tag keeps the bounds <design/capability#.representable>', () => {
    const { hart } = rig();
    let beyond = 0;
    hold(fc.tuple(region, fc.integer({ min: -0x2_0000, max: 0x2_0000 })), ([{ base, size }, place]) => {
      giveAt(hart, 1, base, base + size);
      const address = base + (size * BigInt(place)) / 0x1_0000n, isIn = address >= base && address <= base + size;
      setAddress(hart, 2, 1, Number(address));
      const exact = slotRead(hart, 2);
      incOffset(hart, 4, 1, Number(address - base));
      const fast = slotRead(hart, 4);
      expect(exact.lo).toBe(BigInt.asUintN(64, address));
      expect(fast.lo).toBe(exact.lo);
      if (isIn && address < base + size) expect([exact.tag, fast.tag]).toEqual([true, true]);
      if (fast.tag) expect(exact.tag).toBe(true);
      if (exact.tag) expect(riscv.bounds(exact)).toEqual({ base, top: base + size });
      if (exact.tag && !isIn) beyond += 1;
    });
    expect(beyond).toBeGreaterThan(100);
  });

  test('sealed, nothing can be changed and nothing accessed; unsealed again it is what it was <design/capability#.inv.sealed>', () => {
    const { hart } = rig();
    give(hart, 1, 0x2000, 64);
    giveAt(hart, 3, 0n, 100n, 42n, riscv.perm.seal | riscv.perm.unseal | riscv.perm.global);
    const before = wordsOf(hart, 1);
    seal(hart, 1, 1, 3);
    expect([typeOf(hart, 1), hart.isTagged(1), ...hart.r.subarray(13, 15)]).toEqual([42, true, 0, 0]);
    for (const name of names.filter((step) => step !== 'unseal')) {
      (steps[name])(hart, 0);
      expect([name, hart.isTagged(2)]).toEqual([name, false]);
    }
    expect([outcome(() => hart.load32(1, 0)), outcome(() => { hart.store8(1, 0, 1); })]).toEqual(['seal', 'seal']);
    setAddress(hart, 4, 3, 43);
    unseal(hart, 2, 1, 4);
    expect(hart.isTagged(2)).toBe(false);
    unseal(hart, 2, 1, 3);
    expect([wordsOf(hart, 2), hart.r[21]]).toEqual([before, 64]);
    sealEntry(hart, 2, 1);
    expect(hart.isTagged(2)).toBe(false);
    give(hart, 1, 0x2000, 64);
    sealEntry(hart, 2, 1);
    expect([typeOf(hart, 2), hart.isTagged(2)]).toEqual([-2, true]);
    unseal(hart, 2, 2, 3);
    expect(hart.isTagged(2)).toBe(false);
  });
});

describe('instructions on slots', () => {
  test('narrowing, moving and losing permissions set the rooms <design/machine#.slot.room>', () => {
    const { hart } = rig();
    give(hart, 1, 0x2000, 256);
    incOffset(hart, 2, 1, 16);
    expect([...hart.r.subarray(20, 23)]).toEqual([PermDATA | 1, 240, 240]);
    setBounds(hart, 2, 2, 32);
    expect([...hart.r.subarray(21, 23)]).toEqual([32, 32]);
    andPerm(hart, 2, 2, riscv.perm.load);
    expect([...hart.r.subarray(21, 23), permsOf(hart, 2)]).toEqual([32, 0, riscv.perm.load]);
    andPerm(hart, 3, 1, ~riscv.perm.load);
    expect([...hart.r.subarray(29, 31)]).toEqual([0, 256]);
    clearTag(hart, 2, 2);
    expect([...hart.r.subarray(20, 23), addrOf(hart, 2)]).toEqual([0, 0, 0, 0x40_0000_2010]);
  });

  test('rounding: setBounds may widen within its source, setBoundsExact then gives no tag <design/capability#.representable>', () => {
    const { hart } = rig();
    giveAt(hart, 1, 0x40_0000_0000n, 0x40_0010_0000n, 0x40_0000_0001n);
    setBounds(hart, 2, 1, 0x1234);
    expect([baseOf(hart, 2), lengthOf(hart, 2), offsetOf(hart, 2), hart.isTagged(2)]).toEqual([0x40_0000_0000, 0x1238, 1, true]);
    setBoundsExact(hart, 2, 1, 0x1234);
    expect([lengthOf(hart, 2), hart.isTagged(2)]).toEqual([0x1238, false]);
    setBoundsExact(hart, 2, 1, 0xfff);
    expect([lengthOf(hart, 2), hart.isTagged(2)]).toEqual([0xfff, true]);
    setBounds(hart, 2, 1, 0x10_0000);
    expect(hart.isTagged(2)).toBe(false);
  });

  test('questions answer for any capability, also untagged and outside the window <design/capability#.question>', () => {
    const { hart } = rig();
    giveAt(hart, 1, 0x7_0000_0000n, 0x7_0000_1000n, 0x6_ffff_fff0n, riscv.perm.store | riscv.perm.execute);
    expect([addrOf(hart, 1), baseOf(hart, 1), lengthOf(hart, 1), offsetOf(hart, 1), permsOf(hart, 1), typeOf(hart, 1)])
      .toEqual([0x6_ffff_fff0, 0x7_0000_0000, 0x1000, -16, riscv.perm.store | riscv.perm.execute, -1]);
    hart.clear(1);
    expect([addrOf(hart, 1), baseOf(hart, 1), lengthOf(hart, 1), permsOf(hart, 1), typeOf(hart, 1)]).toEqual([0, 0, 2 ** 64, 0, -1]);
  });

  test('an operand that is no integer, and a negative length, are refused <design/capability#.operand>', () => {
    const { hart } = rig();
    give(hart, 1, 0x2000, 64);
    for (const wrong of [0.5, NaN, Infinity, 2 ** 53]) {
      expect(() => { incOffset(hart, 2, 1, wrong); }).toThrow(AverError);
      expect(() => { setBounds(hart, 2, 1, wrong); }).toThrow(AverError);
    }
    expect(() => { setBounds(hart, 2, 1, -1); }).toThrow(AverError);
  });

  test('a slot keeps any 128 bits and tag, read and written as a value <design/machine#.inv.slot.decoded>', () => {
    const { hart } = rig();
    const half = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
    hold(fc.tuple(half, half, fc.boolean()), ([hi, lo, tag]) => {
      slotWrite(hart, 1, { hi, lo, tag });
      expect(slotRead(hart, 1)).toEqual({ hi, lo, tag });
      expect(hart.isTagged(1)).toBe(tag);
      hart.move(2, 1);
      expect(isConsistent(hart, 2)).toBe(true);
    });
    slotWrite(hart, 1, { hi: 0n, lo: addressOf(-1), tag: false });
    expect(wordsOf(hart, 1)).toEqual([-1, 0x40, 0, 0, 0]);
  });
});
