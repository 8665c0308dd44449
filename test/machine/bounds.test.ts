import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  boundsAreValid, boundsAt, boundsFor, boundsMask, boundsParts, boundsStay, boundsStayFast, MorelloBOUNDS, RiscvBOUNDS, SpaceLIMIT,
  type BoundsShape,
} from '../../code/machine/bounds.ts';
import { hold, word64 } from './arbitrary.ts';

const shapes: readonly (readonly [name: string, shape: BoundsShape])[] = [['CHERI-RISC-V', RiscvBOUNDS], ['Morello', MorelloBOUNDS]];

/** An upper half with an internal exponent. */
const withExponent = (shape: BoundsShape, exponent: number, b: number, t: number): bigint => {
  const stored = exponent ^ shape.exponentFlip, m = shape.mantissa;
  const raw = (1n << BigInt(2 * m - 2)) | (BigInt((t & ((1 << (m - 2)) - 1) & ~7) | (stored >> 3)) << BigInt(m)) | BigInt((b & ~7) | (stored & 7));
  return raw ^ BigInt(shape.flip);
};

describe('decoding, of what the manuals work out by hand <design/capability#.bounds>', () => {
  const cases: readonly (readonly [shape: BoundsShape, hi: bigint, address: bigint, base: bigint, top: bigint])[] = [
    [RiscvBOUNDS, 0n, 0n, 0n, SpaceLIMIT],
    [RiscvBOUNDS, 0xffff_0000_07fe_7004n, 0x1_3000n, 0x1_3000n, 0x1_3fffn],
    [RiscvBOUNDS, 0xffff_0000_0001_b004n, 0x1_3000n, 0x1_3000n, 0x1_4000n],
    [RiscvBOUNDS, 0xffff_0000_0401_bffbn, SpaceLIMIT - 1n, SpaceLIMIT - 1n, SpaceLIMIT],
    [RiscvBOUNDS, 0xffff_0000_0400_4003n, 7n, 7n, 7n],
    [RiscvBOUNDS, 0xffff_0000_008f_d234n, 0x12_3457n, 0x12_3000n, 0x22_3800n],
    [MorelloBOUNDS, 0n, 0n, 0n, SpaceLIMIT],
    [MorelloBOUNDS, 0xffff_c000_6fff_3000n, 0x1_3000n, 0x1_3000n, 0x1_6fffn],
    [MorelloBOUNDS, 0xffff_c000_3007_3007n, 0x1_3000n, 0x1_3000n, 0x1_7000n],
    [MorelloBOUNDS, 0xffff_c000_5100_1000n, 0xfff0_0000_0000_1000n, 0xfff0_0000_0000_1000n, 0xfff0_0000_0000_1100n],
  ];
  for (const [shape, hi, address, base, top] of cases) {
    test(`${shape === RiscvBOUNDS ? 'CHERI-RISC-V' : 'Morello'} 0x${hi.toString(16)} at 0x${address.toString(16)} <design/capability#.bounds>`, () => {
      expect(boundsAt(shape, hi, address)).toEqual({ base, top });
    });
  }
});

for (const [name, shape] of shapes) {
  describe(name, () => {
    const mantissa = shape.mantissa, most = (1 << mantissa) - 1;
    const anyExponent = fc.tuple(fc.nat(63), fc.nat(most), fc.nat(most), word64);

    test('exponents above the greatest are taken for it, or have no meaning but for 63 <design/capability#.bounds.exponent>', () => {
      hold(anyExponent, ([exponent, b, t, address]) => {
        const hi = withExponent(shape, exponent, b, t), greatest = withExponent(shape, shape.exponentMax, b, t), isGreat = exponent > shape.exponentMax;
        expect(boundsParts(shape, hi)).toMatchObject({ internal: true, exponent, b: b & ~7 });
        expect(boundsAreValid(shape, hi)).toBe(shape.isClamped || !isGreat || exponent === 63);
        if (isGreat) expect(boundsAt(shape, hi, address)).toEqual(shape.isClamped ? boundsAt(shape, greatest, address) : { base: 0n, top: SpaceLIMIT });
      }, 1000);
    });

    test('bounds that were decoded hold their address\'s region: every address of it decodes the same <design/capability#.def.representable>', () => {
      let tried = 0;
      hold(fc.tuple(anyExponent, word64), ([[exponent, b, t, address], other]) => {
        if (exponent >= shape.exponentMax - 2) return;
        const hi = withExponent(shape, exponent, b, t), span = 1n << BigInt(exponent + mantissa);
        const first = ((BigInt((b & ~7) >> (mantissa - 3)) - 1n) << BigInt(exponent + mantissa - 3)) & (span - 1n);
        const from = address - ((address - first) & (span - 1n)), to = BigInt.asUintN(64, from + other % span);
        tried += 1;
        expect(boundsStay(shape, hi, address, to)).toBe(true);
        expect(boundsStay(shape, hi, address, BigInt.asUintN(64, to + span))).toBe(false);
        expect(boundsStay(shape, hi, address, BigInt.asUintN(64, to - span))).toBe(false);
      }, 2000);
      expect(tried).toBeGreaterThan(1000);
    });

    test('from the greatest exponents on, the fast check lets every address be <design/capability#.representable>', () => {
      for (let exponent = shape.exponentMax - 4; exponent < 64; exponent += 1) {
        const hi = withExponent(shape, exponent, 0, 0);
        expect([exponent, boundsStayFast(shape, hi, 0n, 1n << 63n)]).toEqual([exponent, exponent >= shape.exponentMax - 2]);
      }
    });

    test('lengths are exact to the byte up to the least internal one, whose granule is eight bytes <design/capability#.bounds>', () => {
      const last = (1n << BigInt(mantissa - 2)) - 1n;
      expect(boundsFor(shape, 0x123n, last)).toMatchObject({ exact: true, internal: false, exponent: 0 });
      expect(boundsFor(shape, 0x120n, last + 1n)).toMatchObject({ exact: true, internal: true, exponent: 0 });
      expect(boundsFor(shape, 0x123n, last + 1n)).toMatchObject({ exact: false, internal: true, exponent: 0 });
      expect(boundsFor(shape, 0x120n, 2n * last + 2n)).toMatchObject({ exact: true, exponent: 1 });
      expect(boundsFor(shape, 0n, SpaceLIMIT)).toMatchObject({ exact: true, internal: true, exponent: shape.exponentMax });
      expect(boundsFor(shape, 1n, SpaceLIMIT - 1n)).toMatchObject({ exact: false, internal: true, exponent: shape.exponentMax });
    });

    test('rounding that fills the mantissa takes the next exponent, and rounds by it <design/capability#.bounds>', () => {
      const full = 1n << BigInt(mantissa - 1);
      // The length fits the exponent 0; rounded to 8 bytes it does not.
      for (const [base, length, from, to] of [
        [8n, full - 7n, 0n, full + 16n], [0n, full - 7n, 0n, full], [8n, full - 8n, 8n, full], [9n, full - 16n, 8n, full], [15n, full - 15n, 8n, full],
      ] as const) {
        const { bits, exact, exponent } = boundsFor(shape, base, length), grows = to - from >= full;
        expect([boundsAt(shape, bits, base), exponent]).toEqual([{ base: from, top: to }, grows ? 1 : 0]);
        expect(exact).toBe(from === base && to === base + length);
      }
    });

    test('all that is written is bits of bounds <design/capability#.bounds>', () => {
      hold(fc.tuple(word64, word64), ([base, length]) => {
        expect(boundsFor(shape, base, length).bits & ~boundsMask(shape)).toBe(0n);
      }, 1000);
      expect(boundsMask(shape)).toBe((1n << BigInt(2 * mantissa - 1)) - 1n);
    });
  });
}
