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
      'codec.ts Codec.seal: Number(BigInt.asUintN(this.typeBits, authority.lo)) -> Number(BigInt.asIntN(this.typeBits, authority.lo))',
      'riscv.ts Riscv.perms: return ((perms >> 12) << 15) | (perms & 0xfff); -> return ((perms >>> 12) << 15) | (perms & 0xfff);',
      'riscv.ts Riscv.permsBits: BigInt((((perms >> 15) & 0xf) << 12) | (perms & 0xfff)) -> BigInt((((perms >>> 15) & 0xf) << 12) | (perms & 0xfff))',
      'words.ts exponentOf: ~(((bounds >>> 13) & 0x38) | (bounds & 7)) & 0x3f -> ~(((bounds >> 13) & 0x38) | (bounds & 7)) & 0x3f',
      'words.ts exponentOf: ((raw >>> 11) & 0x38) | (raw & 7) -> ((raw >> 11) & 0x38) | (raw & 7)',
      'words.ts unitsOf: t = bounds >>> 16 -> t = bounds >> 16',
      'words.ts unitsOf: t = b >>> 14 -> t = b >> 14',
      'words.ts edgeSum: region = ((b >>> eighth) - 1) & 7 -> region = ((b >> eighth) - 1) & 7',
      'words.ts edgeSum: (b >>> eighth === 0 ? 1 : 0) - (here < region ? 1 : 0) -> (b >> eighth === 0 ? 1 : 0) - (here < region ? 1 : 0)',
      'slot.ts roomDecode: (((raw >>> 14) - raw) & 0xfff) - ((low - raw) & 0x3fff) -> (((raw >> 14) - raw) & 0xfff) - ((low - raw) & 0x3fff)',
      'slot.ts roomDecode: exponent = ((raw >>> 11) & 0x38) | (raw & 7) -> exponent = ((raw >> 11) & 0x38) | (raw & 7)',
      'slot.ts roomDecode: length = ((((raw >>> 14) & 0xff8) - base) & 0xfff) + 0x1000 -> length = ((((raw >> 14) & 0xff8) - base) & 0xfff) + 0x1000',
      'slot.ts baseDecode: exponent = ((raw >>> 11) & 0x38) | (raw & 7) -> exponent = ((raw >> 11) & 0x38) | (raw & 7)',
      'slot.ts baseIsNear: return (((raw >>> 11) & 0x38) | (raw & 7)) <= 18; -> return (((raw >> 11) & 0x38) | (raw & 7)) <= 18;',
      'slot.ts boundsEncode: (((top << 3) | (exponent >>> 3)) << 14) -> (((top << 3) | (exponent >> 3)) << 14)',
      'slot.ts boundsMove: ((((raw >>> 14) + delta) & 0xfff) << 14) -> ((((raw >> 14) + delta) & 0xfff) << 14)',
      'slot.ts boundsMove: exponent = ((raw >>> 11) & 0x38) | (raw & 7) -> exponent = ((raw >> 11) & 0x38) | (raw & 7)',
      'slot.ts boundsMove: ((((raw >>> 14) + step) & 0xfff) << 14) -> ((((raw >> 14) + step) & 0xfff) << 14)',
      'slot-morello.ts morelloPerms: ((perms << 2) & BitGLOBAL) | ((perms >>> 4) & BitSTORELOCAL) -> ((perms << 2) & BitGLOBAL) | ((perms >> 4) & BitSTORELOCAL)',
      'slot-morello.ts morelloPerms: ((perms >>> 6) & BitSTORECAP) -> ((perms >> 6) & BitSTORECAP)',
      'slot-morello.ts morelloPerms: ((perms >>> 8) & BitLOADCAP) -> ((perms >> 8) & BitLOADCAP)',
      'slot-morello.ts morelloPerms: ((perms >>> 11) & BitSTORE) -> ((perms >> 11) & BitSTORE)',
      'slot-morello.ts morelloPerms: ((perms >>> 12) & BitEXECUTE) -> ((perms >> 12) & BitEXECUTE)',
      'slot-morello.ts morelloPerms: ((perms >>> 13) & BitLOAD) -> ((perms >> 13) & BitLOAD)',
      'slot-morello.ts morelloRoom: (((bounds >>> 16) - bounds) & 0x3fff) -> (((bounds >> 16) - bounds) & 0x3fff)',
      'slot-morello.ts morelloRoom: exponent = ~(((bounds >>> 13) & 0x38) | (bounds & 7)) & 0x3f -> exponent = ~(((bounds >> 13) & 0x38) | (bounds & 7)) & 0x3f',
      'slot-morello.ts morelloRoom: ((((bounds >>> 16) & 0x3ff8) - base) & 0x3fff) + 0x4000 -> ((((bounds >> 16) & 0x3ff8) - base) & 0x3fff) + 0x4000',
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
    why: 'For what only reads, bounds are the next rung anyway.',
    changes: [
      'ladder.ts authorityRefuses: isMorello && reads && writes && !isWithin -> isMorello && reads && !isWithin',
    ],
  },
  {
    why: 'No shift or mask is of more than 66 bits: the greatest exponent and a mantissa.',
    changes: [
      'bounds.ts Shift.length: 67 -> 68',
    ],
  },
  {
    why: 'A length below 0, as a top below the base gives it, is written exact to the byte, which such bounds never are.',
    changes: [
      'codec.ts capIsCanonical: base <= top && top <= SpaceLIMIT -> top <= SpaceLIMIT',
      'riscv.ts Riscv.isCanonical: base <= top && ((boundsFor(this.shape, base, top - base).bits ^ cap.hi) & this.boundsBits) === 0n -> ((boundsFor(this.shape, base, top - base).bits ^ cap.hi) & this.boundsBits) === 0n',
    ],
  },
  {
    why: 'Whether bits are 0 does not depend on the sign that they are taken with.',
    changes: [
      'words.ts isInsideFar: (endHigh === TwoTO32 && endLow >>> 0 === 0) -> (endHigh === TwoTO32 && endLow >> 0 === 0)',
      'words.ts isInsideFar: (endHigh === TwoTO32 && endLow >>> 0 === 0) -> (endHigh === TwoTO32 && endLow << 0 === 0)',
      'slot.ts boundsAreSealed: bounds >>> 27 !== 0 || (perms & 0x1fff) !== 0 -> bounds >> 27 !== 0 || (perms & 0x1fff) !== 0',
    ],
  },
  {
    why: '`-1 << 32` is `-1 << 0`: all of the word is above a block of 2^32 bytes.',
    changes: [
      'words.ts edgeHigh: (width < 32 ? high : width < 64 ? high & (-1 << width) : 0) -> (width <= 32 ? high : width < 64 ? high & (-1 << width) : 0)',
      'words.ts edgeHigh: (width < 32 ? high : width < 64 ? high & (-1 << width) : 0) -> (width < 33 ? high : width < 64 ? high & (-1 << width) : 0)',
    ],
  },
  {
    why: 'The short way decides less, or nothing. The long way decides that the same.',
    changes: [
      'words.ts isInside: exponent > (isMorello ? MorelloNEAR : RiscvNEAR) || block === 0 || block === -1 -> true',
      'words.ts isInside: exponent > (isMorello ? MorelloNEAR : RiscvNEAR) -> exponent >= (isMorello ? MorelloNEAR : RiscvNEAR)',
      'words.ts isInside: exponent > (isMorello ? MorelloNEAR : RiscvNEAR) -> exponent > ((MorelloNEAR))',
      'words.ts baseLowOfWords: exponent <= (isMorello ? MorelloNEAR : RiscvNEAR) -> exponent < (isMorello ? MorelloNEAR : RiscvNEAR)',
      'words.ts baseHighOfWords: exponent <= (isMorello ? MorelloNEAR : RiscvNEAR) -> false',
      'words.ts baseHighOfWords: exponent <= (isMorello ? MorelloNEAR : RiscvNEAR) -> exponent < (isMorello ? MorelloNEAR : RiscvNEAR)',
      'words.ts baseHighOfWords: exponent <= (isMorello ? MorelloNEAR : RiscvNEAR) -> exponent <= ((MorelloNEAR))',
    ],
  },
  {
    why: 'With an internal exponent B is a multiple of 8, so from the exponent 29 on nothing of it is in the lower word.',
    changes: [
      'words.ts baseLowOfWords: exponent < 32 ? bottomOf(isMorello, bounds) << exponent : 0 -> exponent < 31 ? bottomOf(isMorello, bounds) << exponent : 0',
    ],
  },
  {
    why: 'The sign comes in with blocks larger than the space alone, and one of those more or less is nothing modulo 2^65.',
    changes: [
      'words.ts edgeSum: high << (32 - shift)) : high >>> shift -> high << (32 - shift)) : high >> shift',
    ],
  },
  {
    why: 'With an internal exponent T and B are multiples of 8: the lower three bits are 0 anyway.',
    changes: [
      'words.ts unitsOf: (((t & 0x3ff8) - (bounds & 0x3ff8)) & 0x3fff) + 0x4000 -> (((t & 0x3ff8) - (bounds & 0x3ff8)) & 0x3ffe) + 0x4000',
      'words.ts unitsOf: (((t & 0xff8) - (b & 0xff8)) & 0xfff) + 0x1000 -> (((t & 0xff8) - (b & 0xff8)) & 0xffe) + 0x1000',
      'slot.ts roomDecode: length = ((((raw >>> 14) & 0xff8) - base) & 0xfff) + 0x1000 -> length = ((((raw >>> 14) & 0xff8) - base) & 0xffe) + 0x1000',
      'slot.ts baseDecode: limit = mask - (((base & 0x7ff) + 0x800) << exponent) -> limit = mask - (((base & 0x7fe) + 0x800) << exponent)',
      'slot-morello.ts morelloRoom: ((((bounds >>> 16) & 0x3ff8) - base) & 0x3fff) + 0x4000 -> ((((bounds >>> 16) & 0x3ff8) - base) & 0x3ffe) + 0x4000',
    ],
  },
  {
    why: 'A room of 0 is no room, whichever branch says so.',
    changes: [
      'slot.ts roomDecode: return room > 0 && room - 1 <= ~low >>> 0 ? room : 0; -> return room >= 0 && room - 1 <= ~low >>> 0 ? room : 0;',
      'slot.ts roomDecode: return room > 0 && room - 1 <= ~low >>> 0 ? room : 0; -> return room > (-1) && room - 1 <= ~low >>> 0 ? room : 0;',
      'slot.ts roomDecode: return room > 0 && room - 1 <= ~low >>> 0 ? room : 0; -> return room >= 0 && room - 1 <= ~low >>> 0 ? room : 0; (2)',
      'slot.ts roomDecode: return room > 0 && room - 1 <= ~low >>> 0 ? room : 0; -> return room > (-1) && room - 1 <= ~low >>> 0 ? room : 0; (2)',
      'slot.ts slotDecodeWords: == AccessPERMS && room > 0 -> == AccessPERMS && room >= 0',
      'slot.ts slotDecodeWords: == AccessPERMS && room > 0 -> == AccessPERMS && room > (-1)',
      'slot-morello.ts morelloDecodeWords: == MorelloDATA && room > 0 -> == MorelloDATA && room >= 0',
      'slot-morello.ts morelloDecodeWords: == MorelloDATA && room > 0 -> == MorelloDATA && room > (-1)',
      'slot-morello.ts morelloRoom: return room > 0 && room - 1 <= ~low >>> 0 ? room : 0; -> return room >= 0 && room - 1 <= ~low >>> 0 ? room : 0;',
      'slot-morello.ts morelloRoom: return room > 0 && room - 1 <= ~low >>> 0 ? room : 0; -> return room > (-1) && room - 1 <= ~low >>> 0 ? room : 0;',
      'slot-morello.ts morelloRoom: return room > 0 && room - 1 <= ~low >>> 0 ? room : 0; -> return room >= 0 && room - 1 <= ~low >>> 0 ? room : 0; (2)',
      'slot-morello.ts morelloRoom: return room > 0 && room - 1 <= ~low >>> 0 ? room : 0; -> return room > (-1) && room - 1 <= ~low >>> 0 ? room : 0; (2)',
    ],
  },
  {
    why: 'With an internal exponent tops are multiples of 8: none is one byte beyond the window.',
    changes: [
      'slot.ts roomDecode: return room > 0 && room - 1 <= ~low >>> 0 ? room : 0; -> return room > 0 && room - 2 <= ~low >>> 0 ? room : 0; (2)',
      'slot-morello.ts morelloRoom: return room > 0 && room - 1 <= ~low >>> 0 ? room : 0; -> return room > 0 && room - 2 <= ~low >>> 0 ? room : 0; (2)',
    ],
  },
  {
    why: 'By one exponent more all lengths are from 2^31 to 2^32, which as a signed word is below 0: no room.',
    changes: [
      'slot.ts roomDecode: if (exponent > 18) return 0; -> if (exponent > 19) return 0;',
      'slot-morello.ts morelloRoom: if (exponent > 16) return 0; -> if (exponent > 17) return 0;',
    ],
  },
  {
    why: 'The short way decides less, or nothing: its conditions do not hold or its room is below 0. The long way decides that the same.',
    changes: [
      'slot.ts slotDecodeWords: (((raw >>> 14) - raw) & 0xfff) - ((low - raw) & 0x3fff) -> (((raw >>> 14) - raw) | 0xfff) - ((low - raw) & 0x3fff)',
      'slot.ts slotDecodeWords: (((raw >>> 14) - raw) & 0xfff) - ((low - raw) & 0x3fff) -> (((raw >>> 14) - raw)) - ((low - raw) & 0x3fff)',
      'slot.ts slotDecodeWords: (((raw >>> 14) - raw) & 0xfff) - ((low - raw) & 0x3fff) -> (((raw >>> 14) - raw) & 0xfff) - (0x3fff)',
      'slot.ts slotDecodeWords: high === HighWINDOW && b ... ((low + room) | 0) <= 0) -> false',
      'slot.ts slotDecodeWords: high === HighWINDOW && bounds >>> 26 === 1 -> high === HighWINDOW && bounds << 26 === 1',
      'slot.ts slotDecodeWords: (perms & (AccessPERMS | 0x1fff)) === AccessPERMS -> (perms | (AccessPERMS | 0x1fff)) === AccessPERMS',
      'slot.ts slotDecodeWords: (perms & (AccessPERMS | 0x1fff)) === AccessPERMS -> (perms) === AccessPERMS',
      'slot.ts slotDecodeWords: (perms & (AccessPERMS | 0x1fff)) === AccessPERMS -> ((AccessPERMS | 0x1fff)) === AccessPERMS',
      'slot.ts slotDecodeWords: (perms & (AccessPERMS | 0x1fff)) === AccessPERMS -> (perms & (AccessPERMS & 0x1fff)) === AccessPERMS',
      'slot.ts slotDecodeWords: (perms & (AccessPERMS | 0x1fff)) === AccessPERMS -> (perms & (0x1fff)) === AccessPERMS',
      'slot.ts slotDecodeWords: == AccessPERMS && room > 0 -> == AccessPERMS && room > 1',
      'slot.ts slotDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (low >= 0)',
      'slot.ts slotDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (low >= 0 && ((low + room) | 0) <= 0)',
      'slot.ts slotDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (((low + room) | 0) <= 0)',
      'slot.ts slotDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (low > 0 || ((low + room) | 0) <= 0)',
      'slot.ts slotDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (low >= 1 || ((low + room) | 0) <= 0)',
      'slot.ts slotDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (low >= 0 || ((low + room) | 0) < 0)',
      'slot.ts slotDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (low >= 0 || ((low + room) | 1) <= 0)',
      'slot.ts slotDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (low >= 0 || ((low + room) | 0) <= (-1))',
      'slot-morello.ts morelloDecodeWords: (((bounds >>> 16) - bounds) & 0x3fff) -> (((bounds >>> 16) - bounds))',
      'slot-morello.ts morelloDecodeWords: (((bounds >>> 16) - bounds) & 0x3fff) -> (((bounds >>> 16) - bounds) | 0x3fff)',
      'slot-morello.ts morelloDecodeWords: ((low - bounds) & 0xffff) -> (0xffff)',
      'slot-morello.ts morelloDecodeWords: high === HighWINDOW && b ... ((low + room) | 0) <= 0) -> false',
      'slot-morello.ts morelloDecodeWords: high === HighWINDOW && bounds >>> 30 === 1 -> high === HighWINDOW && bounds << 30 === 1',
      'slot-morello.ts morelloDecodeWords: (perms & (MorelloDATA | MorelloTYPE)) === MorelloDATA -> (perms | (MorelloDATA | MorelloTYPE)) === MorelloDATA',
      'slot-morello.ts morelloDecodeWords: (perms & (MorelloDATA | MorelloTYPE)) === MorelloDATA -> (perms) === MorelloDATA',
      'slot-morello.ts morelloDecodeWords: (perms & (MorelloDATA | MorelloTYPE)) === MorelloDATA -> ((MorelloDATA | MorelloTYPE)) === MorelloDATA',
      'slot-morello.ts morelloDecodeWords: (perms & (MorelloDATA | MorelloTYPE)) === MorelloDATA -> (perms & (MorelloDATA & MorelloTYPE)) === MorelloDATA',
      'slot-morello.ts morelloDecodeWords: (perms & (MorelloDATA | MorelloTYPE)) === MorelloDATA -> (perms & (MorelloTYPE)) === MorelloDATA',
      'slot-morello.ts morelloDecodeWords: == MorelloDATA && room > 0 -> == MorelloDATA && room > 1',
      'slot-morello.ts morelloDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (low >= 0 && ((low + room) | 0) <= 0)',
      'slot-morello.ts morelloDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (low >= 0)',
      'slot-morello.ts morelloDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (((low + room) | 0) <= 0)',
      'slot-morello.ts morelloDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (low > 0 || ((low + room) | 0) <= 0)',
      'slot-morello.ts morelloDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (low >= 1 || ((low + room) | 0) <= 0)',
      'slot-morello.ts morelloDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (low >= 0 || ((low + room) | 0) < 0)',
      'slot-morello.ts morelloDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (low >= 0 || ((low + room) | 1) <= 0)',
      'slot-morello.ts morelloDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (low >= 0 || ((low + room) | 0) <= (-1))',
    ],
  },
  {
    why: 'Where it decides, the upper bits of the word are 0 and a 1: it has no sign.',
    changes: [
      'slot.ts slotDecodeWords: (((raw >>> 14) - raw) & 0xfff) - ((low - raw) & 0x3fff) -> (((raw >> 14) - raw) & 0xfff) - ((low - raw) & 0x3fff)',
      'slot.ts slotDecodeWords: high === HighWINDOW && bounds >>> 26 === 1 -> high === HighWINDOW && bounds >> 26 === 1',
      'slot-morello.ts morelloDecodeWords: (((bounds >>> 16) - bounds) & 0x3fff) -> (((bounds >> 16) - bounds) & 0x3fff)',
      'slot-morello.ts morelloDecodeWords: high === HighWINDOW && bounds >>> 30 === 1 -> high === HighWINDOW && bounds >> 30 === 1',
    ],
  },
  {
    why: 'Below 0, `low` with a room is within a word; `| 0` spares V8 a check.',
    changes: [
      'slot.ts slotDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (low >= 0 || ((low + room)) <= 0)',
      'slot-morello.ts morelloDecodeWords: (low >= 0 || ((low + room) | 0) <= 0) -> (low >= 0 || ((low + room)) <= 0)',
    ],
  },
  {
    why: 'A block of the exponent 18 is the window, and the general way gives the same; greater ones are not asked about. The shift is by 1 at least.',
    changes: [
      'slot.ts baseDecode: if (exponent >= 18) return base << exponent; -> if (false) return base << exponent;',
      'slot.ts baseDecode: if (exponent >= 18) return base << exponent; -> if (exponent > 18) return base << exponent;',
      'slot.ts baseDecode: if (exponent >= 18) return base << exponent; -> if (exponent >= 19) return base << exponent;',
      'slot.ts baseDecode: mask = -1 >>> (18 - exponent) -> mask = -2 >>> (18 - exponent)',
    ],
  },
  {
    why: 'No representable size is within a unit of such a power of two; others are rounded up to it, by either exponent.',
    changes: [
      'slot.ts exponentFor: 32 - Math.clz32(size / 0x2000) -> 32 - Math.clz32(size / 0x1fff)',
    ],
  },
  {
    why: 'Moving by granules leaves the lowest bit of the exponent as it was.',
    changes: [
      'slot.ts boundsMove: 0x3fff)) ^ BoundsNULL) | (bounds & -0x400_0000) -> 0x3fff)) ^ BoundsNULL) | (bounds & -0x3ffffff) (2)',
    ],
  },
];
