/* codec-mutants.list.ts: CHANGES OF THE CODEC THAT CHANGE NOTHING
 *
 * Each change here leaves every result as it is, for the reason given <design/mutants#.codec.equivalent>. Names are those that
 * `codec-mutants.ts` prints. One that a test notices is out of date, and so is one that can no longer be made.
 */
import type { Through } from './codec-judge.ts';

/** A source that is changed, and who is to notice. */
export interface Subject {
  readonly file: string;
  /** The one function that is of the codec, where not all of the file is. */
  readonly only: string | null;
  /** Who answers the vectors with it. */
  readonly through: Through;
  /** The tests that must notice what the vectors do not, the nearest first. */
  readonly tests: readonly string[];
}

const codecTests: readonly string[] = [
  'test/machine/format.test.ts', 'test/machine/corners.test.ts', 'test/machine/bounds.test.ts', 'test/machine/laws.test.ts',
];

const ofCodec = (file: string, only: string | null = null): Subject => ({ file, only, through: 'codec', tests: codecTests });
const ofWords = (file: string, test: string): Subject => ({ file, only: null, through: 'hart', tests: [test] });

/** The codec, and the same again in words. */
export const subjects: readonly Subject[] = [
  ofCodec('code/machine/bounds.ts'), ofCodec('code/machine/codec.ts'), ofCodec('code/machine/riscv.ts'), ofCodec('code/machine/morello.ts'),
  ofCodec('code/machine/ladder.ts', 'authorityRefuses'),
  ofWords('code/machine/words.ts', 'test/machine/words.test.ts'), ofWords('code/machine/slot.ts', 'test/machine/slot.test.ts'),
  ofWords('code/machine/slot-morello.ts', 'test/machine/slot-morello.test.ts'),
];

/** Changes that are equivalent for one reason. */
export interface Equivalents {
  /** Why no result can differ. */
  readonly why: string;
  readonly changes: readonly string[];
}

/** The list, in the order of the files. */
export const equivalents: readonly Equivalents[] = [
  {
    why: 'Words that go into `&` or `^` are taken modulo 2^32 there, so it is no matter how far the sign of a wider or an unsigned one reaches.',
    changes: [
      'bounds.ts boundsParts: word = Number(BigInt.asIntN(32, hi)) ^ shape.flip -> word = Number(BigInt.asUintN(32, hi)) ^ shape.flip',
      'bounds.ts boundsParts: word = Number(BigInt.asIntN(32, hi)) ^ shape.flip -> word = Number(BigInt.asIntN(33, hi)) ^ shape.flip',
      'bounds.ts lowBits: Number(BigInt.asIntN(32, value)) & mask -> Number(BigInt.asUintN(32, value)) & mask',
      'bounds.ts lowBits: Number(BigInt.asIntN(32, value)) & mask -> Number(BigInt.asIntN(33, value)) & mask',
    ],
  },
  {
    why: 'Bit 31 of the word, which is the object type\'s, and bits of a mantissa above its mask are not looked at.',
    changes: [
      'bounds.ts boundsParts: word = Number(BigInt.asIntN(32, hi)) ^ shape.flip -> word = Number(BigInt.asIntN(31, hi)) ^ shape.flip',
      'bounds.ts lowBits: Number(BigInt.asIntN(32, value)) & mask -> Number(BigInt.asIntN(31, value)) & mask',
    ],
  },
  {
    why: 'What comes in by the sign is masked away, or the number has none.',
    changes: [
      'bounds.ts boundsParts: t = (word >>> bits) & stored & ~low -> t = (word >> bits) & stored & ~low',
      'bounds.ts boundsParts: ((((word >>> bits) & 7) << 3) | (word & 7)) -> ((((word >> bits) & 7) << 3) | (word & 7))',
      'bounds.ts boundsFor: ((((t << 3) & stored) | (written >> 3)) << bits) | (b << 3) -> ((((t << 3) & stored) | (written >>> 3)) << bits) | (b << 3)',
      'riscv.ts Riscv.perms: return ((perms >> 12) << 15) | (perms & 0xfff); -> return ((perms >>> 12) << 15) | (perms & 0xfff);',
      'riscv.ts Riscv.permsBits: BigInt((((perms >> 15) & 0xf) << 12) | (perms & 0xfff)) -> BigInt((((perms >>> 15) & 0xf) << 12) | (perms & 0xfff))',
    ],
  },
  {
    why: 'No shift or mask is of more than 66 bits: the greatest exponent and a mantissa.',
    changes: [
      'bounds.ts Shift.length: 80 -> 81',
      'bounds.ts Shift.length: 80 -> 79',
    ],
  },
  {
    why: 'Of the eighths of the block only the lowest is below the region, whose first is one less than the base\'s: twice as fine a number is below it in the same cases.',
    changes: [
      'bounds.ts boundsAt: b + (isUpper(b >> (bits - 3), region) - at) * (1 << bits) -> b + (isUpper(b >> (bits - 4), region) - at) * (1 << bits)',
    ],
  },
  {
    why: 'Of 0 to 3, those above 1 are those with bit 1.',
    changes: [
      'bounds.ts boundsAt: ((Number(top >> 63n) - Number(base >> 63n)) & 3) > 1 -> ((Number(top >> 63n) - Number(base >> 63n)) & 2) > 1',
    ],
  },
  {
    why: 'A length that is exact to the byte has the exponent 0.',
    changes: [
      'bounds.ts boundsFor: e === 0 && Number(length) <= stored -> Number(length) <= stored',
    ],
  },
  {
    why: 'The mask cuts T to its place, below IE, which is set, and above IE the word is cut by `bitsOf`: one of the two is enough.',
    changes: [
      'bounds.ts boundsFor: ((((t << 3) & stored) | (written >> 3)) << bits) | (b << 3) -> ((((t << 3)) | (written >> 3)) << bits) | (b << 3)',
      'bounds.ts bitsOf: BigInt.asUintN(2 * shape.mantissa - 1, BigInt(raw ^ shape.flip)) -> (BigInt(raw ^ shape.flip))',
      'bounds.ts bitsOf: BigInt.asUintN(2 * shape.mantissa - 1, BigInt(raw ^ shape.flip -> BigInt.asUintN(2 * shape.mantissa + 1, BigInt(raw ^ shape.flip',
      'bounds.ts bitsOf: BigInt.asUintN(2 * shape.mantissa - 1, BigInt(raw ^ shape.flip -> BigInt.asUintN(3 * shape.mantissa - 1, BigInt(raw ^ shape.flip',
      'bounds.ts bitsOf: BigInt.asUintN(2 * shape.mantissa - 1, BigInt(raw ^ shape.flip -> BigInt.asUintN(2 * shape.mantissa - 0, BigInt(raw ^ shape.flip',
    ],
  },
  {
    why: 'Within 2^32 of 2^64, rounding up by the exponent below fills the mantissa, so the next is taken anyway. Of 2^64 there is the base 0 alone.',
    changes: [
      'bounds.ts bitLength: return high >= 0x1_0000_0000 ? 65 : 64 - Math.clz32(high); -> return high >= 0xffffffff ? 65 : 64 - Math.clz32(high);',
      'bounds.ts bitLength: return high >= 0x1_0000_0000 ? 65 : 64 - Math.clz32(high); -> return high >= 0x1_0000_0000 ? 64 : 64 - Math.clz32(high);',
    ],
  },
  {
    why: '-1 shifted left by -1 is shifted right, and still -1.',
    changes: [
      'bounds.ts boundsGranuleShift: (fit.internal ? fit.exponent + 3 : 0) -> (fit.internal ? fit.exponent + 3 : (-1))',
    ],
  },
  {
    why: 'Base and top move by the same multiple of the block, and bit 64 of the top follows from the rest: neither stays without the other.',
    changes: [
      'bounds.ts boundsStay: return here.base === there.base && here.top === there.top; -> return here.base === there.base || here.top === there.top;',
      'bounds.ts boundsStay: return here.base === there.base && here.top === there.top; -> return here.base === there.base;',
      'bounds.ts boundsStay: return here.base === there.base && here.top === there.top; -> return here.top === there.top;',
    ],
  },
  {
    why: '`1 << 0` and `1 >> 0` are 1.',
    changes: [
      'riscv.ts Perms.global: 1 << 0 -> 1 >> 0',
      'morello.ts Perms.global: 1 << 0 -> 1 >> 0',
    ],
  },
  {
    why: 'Only the upper half is compared.',
    changes: [
      'codec.ts capIsCanonical: cap.lo, perms, type, flags, false).cap.hi -> cap.lo, perms, type, flags, true).cap.hi',
    ],
  },
  {
    why: 'Whatever it is beside the permissions, it makes the tag word of what is tagged another than 0.',
    changes: [
      'codec.ts Codec.refuses.tagOf: (of.tag ? this.slotPerms(of) | 1 : 0) -> (of.tag ? this.slotPerms(of) | 2 : 0)',
    ],
  },
  {
    why: 'Unsealing what is not sealed leaves it as it is.',
    changes: [
      'morello.ts unsealIfSubset: holds && cap.tag && codec.isSealed(cap) -> holds && cap.tag',
    ],
  },
  {
    why: 'For what only reads, bounds are the next rung anyway.',
    changes: [
      'ladder.ts authorityRefuses: isMorello && reads && writes && !isWithin -> isMorello && reads && !isWithin',
    ],
  },
  {
    why: 'Of an access that stores no capability, the tag word of the value is 0.',
    changes: [
      'ladder.ts authorityRefuses: if (writes && valueTag !== 0) { if ((tag & PermSTORECAP -> if (valueTag !== 0) { if ((tag & PermSTORECAP',
    ],
  },
];
