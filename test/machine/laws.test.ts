import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { capClearTag, capHas, capIsCanonical, capIsSame } from '../../code/machine/codec.ts';
import { morello, riscv, type Capability, type Format } from '../../code/machine/machine.ts';
import { alignDown, alignUp, sealForm, SealLB, SealLPB, unsealIfSubset } from '../../code/machine/morello.ts';
import { capFromPtr } from '../../code/machine/riscv.ts';
import { addressNear, addressWithin, bits, derived, formats, hold, possible, rangeOf, sealer, word64 } from './arbitrary.ts';

/** An instruction that makes a capability of one, of a number and of a second capability. */
type Instruction = (format: Format, cap: Capability, operand: bigint, other: Capability) => Capability;

const common: Record<string, Instruction> = {
  setBounds: (format, cap, length) => format.setBounds(cap, length).cap,
  setBoundsExact: (format, cap, length) => format.setBoundsExact(cap, length),
  incOffset: (format, cap, increment) => format.incOffset(cap, increment),
  setOffset: (format, cap, offset) => format.setOffset(cap, offset),
  setAddress: (format, cap, address) => format.setAddress(cap, address),
  andPerm: (format, cap, mask) => format.andPerm(cap, Number(mask & 0xfffffn)),
  setFlags: (format, cap, flags) => format.setFlags(cap, flags),
  setHigh: (format, cap, high) => format.setHigh(cap, high),
  clearTag: (_format, cap) => capClearTag(cap),
  sealEntry: (format, cap) => format.sealEntry(cap),
  seal: (format, cap, _operand, authority) => format.seal(cap, authority),
  sealIf: (format, cap, _operand, authority) => format.sealIf(cap, authority),
  unseal: (format, cap, _operand, authority) => format.unseal(cap, authority),
  copyType: (format, cap, _operand, source) => format.copyType(cap, source),
  build: (format, cap, _operand, authority) => format.build(cap, authority),
  loaded: (format, cap, _operand, authority) => format.loaded(cap, authority),
};

const special: Record<Format['name'], Record<string, Instruction>> = {
  riscv: { capFromPtr: (_format, cap, value) => capFromPtr(cap, value) },
  morello: {
    alignDown: (_format, cap, bits) => alignDown(cap, Number(bits & 63n)),
    alignUp: (_format, cap, bits) => alignUp(cap, Number(bits & 63n)),
    sealLPB: (_format, cap) => sealForm(cap, SealLPB),
    sealLB: (_format, cap) => sealForm(cap, SealLB),
    unsealIfSubset: (_format, cap, _operand, other) => unsealIfSubset(cap, other).cap,
  },
};

/** Instructions that never give a tag. */
const untagging: ReadonlySet<string> = new Set(['setHigh', 'clearTag']);

const hasAtMost = (format: Format, cap: Capability, whole: Capability): boolean => {
  const inner = format.bounds(cap), outer = format.bounds(whole);
  return outer.base <= inner.base && inner.top <= outer.top && capHas(format, whole, format.perms(cap));
};

/** An operand that suits a capability: a length that fits, an address or an offset near it, any number. */
const operandFor = (format: Format, cap: Capability): fc.Arbitrary<bigint> => {
  const { base, top } = format.bounds(cap), left = top > cap.lo ? top - cap.lo : 0n;
  return fc.oneof(
    word64, addressNear({ base, top }), word64.map((any) => any % (left + 1n) & ((1n << 64n) - 1n)),
    fc.integer({ min: -99, max: 99 }).map((near) => BigInt.asUintN(64, BigInt(near))),
  );
};

for (const format of formats) {
  const instructions = Object.entries({ ...common, ...special[format.name] });
  const situation = possible(format).chain((cap) => fc.record({
    cap: fc.constant(cap), operand: operandFor(format, cap), other: fc.oneof(sealer(format, cap), sealer(format, cap), fc.constant(cap)),
  }));

  describe(`${format.title}: authority never grows`, () => {
    for (const [name, run] of instructions) {
      test(`${name} <design/capability#.inv.monotonic>`, () => {
        let tagged = 0;
        hold(situation, ({ cap, operand, other }) => {
          const result = run(format, cap, operand, other);
          if (!result.tag) return;
          tagged += 1;
          const isFromOther = name === 'build' && other.tag && hasAtMost(format, result, other);
          expect(isFromOther || (cap.tag && hasAtMost(format, result, cap))).toBe(true);
          expect(capIsCanonical(format, result)).toBe(true);
        }, 400);
        if (untagging.has(name)) expect(tagged).toBe(0);
        else expect(tagged).toBeGreaterThan(5);
      });

      test(`${name}: what is untagged stays so, but for what is built <design/capability#.inv.untagged>`, () => {
        let tagged = 0;
        hold(fc.tuple(bits(format), word64, derived(format)), ([cap, operand, other]) => {
          const result = run(format, { ...cap, tag: false }, operand, other);
          tagged += result.tag ? 1 : 0;
          if (result.tag) expect([name, other.tag, format.isSealed(other), hasAtMost(format, result, other)]).toEqual(['build', true, false, true]);
        }, 200);
        expect(tagged > 0).toBe(name === 'build');
      });

      test(`${name}: what is sealed is untagged where it is changed, but for unsealing <design/capability#.inv.sealed>`, () => {
        let opened = 0;
        const sealings = fc.tuple(derived(format), fc.integer({ min: 1, max: 4 }))
          .map(([cap, type]) => format.seal(cap, format.rootAt(BigInt(type))));
        hold(sealings.chain((cap) => fc.tuple(fc.constant(cap), word64, sealer(format, cap))), ([sealed, operand, other]) => {
          const result = run(format, sealed, operand, other);
          if (!result.tag || capIsSame(result, sealed)) return;
          if (name === 'build') {
            expect(other.tag && hasAtMost(format, result, other)).toBe(true);
            return;
          }
          opened += 1;
          expect(['unseal', 'unsealIfSubset']).toContain(name);
          expect(format.isSealed(other)).toBe(false);
          if (name === 'unseal') expect([other.lo, capHas(format, other, format.perm.unseal)]).toEqual([format.type64(sealed), true]);
          else expect(format.isSubset(sealed, other)).toBe(true);
        }, 200);
        expect(opened > 5).toBe(name === 'unseal' || name === 'unsealIfSubset');
      });
    }
  });

  describe(`${format.title}: bounds`, () => {
    const mantissa = format.name === 'riscv' ? 14n : 16n;

    /** The narrowest range that can be written, found by trying exponents from the least. */
    const narrowest = (base: bigint, top: bigint): { base: bigint; top: bigint } => {
      if (top - base < 1n << (mantissa - 2n)) return { base, top };
      for (let shift = 3n; ; shift += 1n) {
        const from = (base >> shift) << shift, to = -(-top >> shift) << shift;
        if (to - from < 1n << (shift + mantissa - 4n)) return { base: from, top: to };
      }
    };

    test('encoding gives the narrowest range that can be written, exact where that is what was asked for <design/capability#.bounds>', () => {
      let exact = 0, rounded = 0;
      hold(rangeOf(format), ({ base, top }) => {
        const fit = format.encode({ base, top }, base, format.perm.all, format.types.unsealed, 0n, true), found = format.bounds(fit.cap);
        expect(found).toEqual(narrowest(base, top));
        expect(fit.exact).toBe(found.base === base && found.top === top);
        expect(found.base <= base && top <= found.top).toBe(true);
        if (fit.exact) exact += 1; else rounded += 1;
        const { perms, type } = format.fields(fit.cap);
        expect([perms, type]).toEqual([format.perm.all, format.types.unsealed]);
      });
      expect(Math.min(exact, rounded)).toBeGreaterThan(800);
    });

    test('whatever is encoded is encoded the same when decoded and encoded again <design/capability#.bounds>', () => {
      hold(derived(format), (cap) => {
        const bounds = format.bounds(cap), { perms, type, flags } = format.fields(cap);
        const again = format.encode(bounds, cap.lo, perms, type, flags, true);
        expect([again.exact, capIsSame(again.cap, cap)]).toEqual([true, true]);
      });
    });

    test('a region rounded by CRRL and aligned by CRAM is exact, by either rule <design/capability#.representable.length>', () => {
      let tried = 0;
      hold(fc.tuple(word64, word64), ([length, at]) => {
        for (const [round, mask] of [
          [format.lengthRound(length), format.lengthMask(length)], [format.lengthRoundLeast(length), format.lengthMaskLeast(length)],
        ]) {
          expect(round === 0n ? length === 0n || length + ~mask + (1n << 64n) >= 1n << 64n : round >= length).toBe(true);
          const base = at & mask;
          if ((round === 0n && length !== 0n) || base + round > 1n << 64n) continue;
          const { cap, exact } = format.setBounds(format.setAddress(format.rootAt(0n), base), round);
          tried += 1;
          if (format.name === 'morello' && !cap.tag) continue;
          expect([exact, cap.tag, format.bounds(cap)]).toEqual([true, true, { base, top: base + round }]);
        }
      });
      expect(tried).toBeGreaterThan(4000);
    });

    test('the least rule is no stricter than the instruction, and rounding by it is done once <design/capability#.representable.length>', () => {
      hold(word64, (length) => {
        const least = format.lengthRoundLeast(length), round = format.lengthRound(length);
        expect(format.lengthMaskLeast(length) & format.lengthMask(length)).toBe(format.lengthMask(length));
        if (round !== 0n) expect(least <= round).toBe(true);
        expect(format.lengthRoundLeast(least)).toBe(least);
      });
    });
  });

  describe(`${format.title}: representable addresses`, () => {
    /** Morello: bounds that use the address have two halves, told apart by its bit 55, and keep the tag in one of them. */
    const isOneHalf = (cap: Capability, address: bigint): boolean => format.name === 'riscv' || format.fields(cap).exponent >= 48n
      || (((cap.lo ^ address) >> 55n) & 1n) === 0n;

    test('an address within the bounds keeps tag and bounds, by every instruction <design/capability#.representable>', () => {
      let moved = 0;
      hold(derived(format).chain((cap) => fc.tuple(fc.constant(cap), addressWithin(format.bounds(cap)))), ([cap, to]) => {
        const { base, top } = format.bounds(cap);
        if (base === top || !isOneHalf(cap, to)) return;
        moved += 1;
        const results = [format.setAddress(cap, to), format.incOffset(cap, to - cap.lo), format.setOffset(cap, to - base)];
        for (const result of results) expect([result.tag, result.lo, format.bounds(result)]).toEqual([true, to, { base, top }]);
      });
      expect(moved).toBeGreaterThan(2500);
    });

    test('the fast check never says yes where the exact one says no <design/capability#.representable>', () => {
      let both = 0, exactly = 0;
      hold(derived(format).chain((cap) => fc.tuple(fc.constant(cap), addressNear(format.bounds(cap)))), ([cap, to]) => {
        if (format.keepsFast(cap, to) && isOneHalf(cap, to)) expect(format.keepsExact(cap, to)).toBe(true);
        if (format.mayAdd(cap, to)) expect(format.maySet(cap, to)).toBe(true);
        both += format.keepsFast(cap, to) ? 1 : 0;
        exactly += format.keepsExact(cap, to) && !format.keepsFast(cap, to) ? 1 : 0;
        expect(format.incOffset(cap, to - cap.lo).tag).toBe(format.mayAdd(cap, to));
        expect(format.setAddress(cap, to).tag).toBe(format.maySet(cap, to));
      });
      expect(both).toBeGreaterThan(1500);
      expect(exactly).toBeGreaterThan(0);
    });

    test('what keeps its tag keeps its bounds <design/capability#.representable>', () => {
      hold(derived(format).chain((cap) => fc.tuple(fc.constant(cap), addressNear(format.bounds(cap)))), ([cap, to]) => {
        for (const result of [format.setAddress(cap, to), format.incOffset(cap, to - cap.lo)]) {
          expect(result.lo).toBe(to);
          if (result.tag) expect(format.bounds(result)).toEqual(format.bounds(cap));
        }
      });
    });
  });

  describe(`${format.title}: sealing`, () => {
    test('unsealing undoes sealing, but for GLOBAL where the authority lacks it <design/capability#.inv.sealed>', () => {
      let local = 0;
      hold(fc.tuple(derived(format), fc.nat(format.types.last), fc.boolean()), ([cap, type, isGlobal]) => {
        const authority = format.andPerm(format.rootAt(BigInt(type)), isGlobal ? format.perm.all : format.perm.all & ~format.perm.global);
        const sealed = format.seal(cap, authority);
        if (format.name === 'morello' && type === 0) return;
        expect([sealed.tag, format.isSealed(sealed), format.type(sealed), format.type64(sealed)]).toEqual([true, true, type, BigInt(type)]);
        expect(format.bounds(sealed)).toEqual(format.bounds(cap));
        expect(capIsSame(format.sealIf(cap, authority), sealed)).toBe(true);
        const perms = format.perms(cap) & (isGlobal ? -1 : ~format.perm.global), opened = format.unseal(sealed, authority);
        local += isGlobal ? 0 : 1;
        expect(opened).toEqual({ ...cap, hi: format.andPerm(cap, perms).hi });
        expect(format.unseal(sealed, { ...authority, lo: authority.lo ^ 1n }).tag).toBe(false);
      }, 1000);
      expect(local).toBeGreaterThan(300);
    });
  });
}

describe('laws that do not hold', () => {
  const wide = (format: Format, base: bigint, top: bigint): Capability =>
    format.encode({ base, top }, base, format.perm.all, format.types.unsealed, 0n, true).cap;

  test('the fast check says what the exact one says: not at the last address of the region <design/capability#.representable>', () => {
    for (const [format, size, below, above] of [[riscv, 0x1000n, 0x800n, 0x3800n], [morello, 0x4000n, 0x2000n, 0xe000n]] as const) {
      const base = 0x10_0000n, cap = wide(format, base, base + size), first = format.setAddress(cap, base - below);
      const asked = (from: Capability, to: bigint): boolean[] => [format.keepsFast(from, to), format.keepsExact(from, to)];
      expect(asked(cap, base - below - 1n)).toEqual([false, false]);
      expect(asked(cap, base - below)).toEqual([true, true]);
      expect(asked(cap, base + above - 2n)).toEqual([true, true]);
      expect(asked(cap, base + above - 1n)).toEqual([false, true]);
      expect(asked(cap, base + above)).toEqual([false, false]);
      expect([first.tag, ...asked(first, first.lo + 1n), ...asked(first, first.lo - 1n)]).toEqual([true, true, true, false, false]);
    }
  });

  test('rounding a length twice is rounding it once: not RRLEN, which asks for the worst base <design/capability#.representable.length>', () => {
    expect([morello.lengthRound(0x7ff8n), morello.lengthRoundLeast(0x7ff8n)]).toEqual([0x8000n, 0x7ff8n]);
    expect(morello.lengthMask(0x7ff8n)).toBe(0xffff_ffff_ffff_fff0n);
    expect(morello.lengthMaskLeast(0x7ff8n)).toBe(0xffff_ffff_ffff_fff8n);
    expect(wide(morello, 0x8n, 0x8000n)).toEqual(morello.setBounds(morello.rootAt(8n), 0x7ff8n).cap);
    expect(morello.setBounds(morello.rootAt(8n), 0x7ff8n).exact).toBe(true);
  });

  test('a rounded length is no shorter: not where it does not fit 64 bits <design/capability#.representable.length>', () => {
    for (const format of formats) expect(format.lengthRound((1n << 64n) - 1n)).toBe(0n);
    expect(riscv.lengthMask((1n << 64n) - 1n)).toBe(0xff80_0000_0000_0000n);
  });

  test('every address in the bounds can be reached: not across bit 55 on Morello <design/capability#.morello.halves>', () => {
    const middle = 1n << 55n, cap = wide(morello, middle - 0x1000n, middle + 0x1000n);
    expect(morello.bounds(cap)).toEqual({ base: middle - 0x1000n, top: middle + 0x1000n });
    expect([morello.setAddress(cap, middle - 1n).tag, morello.incOffset(cap, 0xfffn).tag]).toEqual([true, true]);
    expect([morello.setAddress(cap, middle).tag, morello.incOffset(cap, 0x1000n).tag]).toEqual([false, false]);
    expect(morello.setBounds(cap, 0x2000n).cap).toEqual(cap);
    const other = wide(riscv, middle - 0x1000n, middle + 0x1000n);
    expect([riscv.setAddress(other, middle).tag, riscv.incOffset(other, 0x1000n).tag]).toEqual([true, true]);
  });

  test('the fast check implies the exact one: not across bit 55 on Morello, where it is not asked alone <design/capability#.morello.halves>', () => {
    const cap = wide(morello, 0xff88_6000_0000_0000n, 1n << 64n), to = 0xff79_6c00_0000_0000n;
    expect([morello.keepsFast(cap, to), morello.keepsExact(cap, to)]).toEqual([true, false]);
    expect([morello.mayAdd(cap, to), morello.maySet(cap, to)]).toEqual([false, false]);
  });

  test('one range has one encoding: not for what no derivation makes <design/capability#.canonical>', () => {
    const cap = riscv.encode({ base: 0n, top: 1n << 64n }, 0n, 0, riscv.types.unsealed, 0n, false).cap;
    const other = { ...cap, hi: cap.hi ^ 1n };
    expect(riscv.fields(other).exponent).toBe(53n);
    expect(riscv.bounds(other)).toEqual(riscv.bounds(cap));
    expect([capIsSame(other, cap), riscv.isSubset(other, cap), capIsCanonical(riscv, cap), capIsCanonical(riscv, other)])
      .toEqual([false, true, true, false]);
    expect(riscv.build(other, riscv.rootAt(0n)).tag).toBe(false);
    expect(riscv.build(cap, riscv.rootAt(0n)).tag).toBe(true);
    expect(capIsCanonical(morello, morello.nullAt(0n))).toBe(false);
  });
});
