/* words.ts: BOUNDS IN WORDS
 *
 * The bounds of a capability of either format from its words in memory form: for every 64-bit address and every pattern of bits, in
 * 32-bit words and exact numbers, without `bigint` <design/capability#.bounds>. It serves what accesses and revocation ask.
 * Instructions ask the codec of the format, which this is held against. `bounds` is word 2 of a slot, whatever else is in it.
 *
 *     bit of word 2    31    30    29..27    26    25..14   13..0
 *     CHERI-RISC-V          type            exact     T       B      the internal exponent: the low three bits of T and of B,
 *     Morello         type  exact   T: 29..16      B: 15..0          of CHERI-RISC-V after the XOR with NULL, of Morello inverted
 *
 * A *unit* is 2^E bytes. A *block* is 2^14 or 2^16 units, aligned. B is the base's place in its block, which is that of the address, the
 * one below or the one above: all addresses of a region the size of a block, which begins one eighth of it below the eighth that
 * has the base, have the same bounds. T says how many units the top is above the base: less than half a block.
 */

/** In memory form, B and T of CHERI-RISC-V differ from their architectural form by these bits, so that all zeros is NULL. */
const RiscvNULL = 0x18004;

/** Set when bounds are exact to the byte: there is no internal exponent. */
const RiscvEXACT = 1 << 26;
const MorelloEXACT = 1 << 30;

const RiscvMANTISSA = 14;
const MorelloMANTISSA = 16;

/** Exponents whose blocks have 2^32 bytes or fewer. */
const RiscvNEAR = 18;
const MorelloNEAR = 16;

/** Greater ones decode as it on CHERI-RISC-V; on Morello they mean nothing, but for that of the whole space. */
const RiscvMAX = 52;
const MorelloMAX = 50;
const MorelloWHOLE = 63;

const TwoTO32 = 0x1_0000_0000;

/** Half open, in words: [base, top). Bits that no derivation makes can decode to a top below the base or beyond the space. */
export interface WordBounds {
  /** Unsigned words. */
  readonly baseLow: number;
  readonly baseHigh: number;
  readonly topLow: number;
  /** 33 bits: the top can be 2^64. */
  readonly topHigh: number;
  /** Morello: the exponent is one that means something. */
  readonly isValid: boolean;
}

/** isInside -- whether [at, at + size) is within the bounds of the capability with these words. .critical
 *
 * `size` is an integer from 0 to 2^52; it is added without wrapping. Invalid bounds of Morello hold nothing, not even no bytes. `at`
 * is compared as it is, with its flags; those of the capability have no part in its bounds.
 *
 * .near: With small blocks, around an address that is not at an end of the space, neither edge leaves the space and distances are
 * plain numbers. One that is too great to be exact is far outside.
 */
export function isInside(
  isMorello: boolean, low: number, high: number, bounds: number, atLow: number, atHigh: number, size: number,
): boolean {
  const exponent = exponentOf(isMorello, bounds), block = highOf(isMorello, high);
  if (exponent > (isMorello ? MorelloNEAR : RiscvNEAR) || block === 0 || block === -1) {
    return isInsideFar(isMorello, low, block, bounds, exponent, atLow >>> 0, atHigh >>> 0, size);
  }
  const beyond = ((atHigh >>> 0) - (block >>> 0)) * TwoTO32 + ((atLow >>> 0) - (low >>> 0));
  const above = beyond + aboveBase(isMorello, low, bounds, exponent);
  return above >= 0 && above + size <= unitsOf(isMorello, bounds) * (1 << exponent);
}

/** isInsideFar -- the same for every exponent and address; `high` is as `highOf` gives it, `at` is in unsigned words. */
function isInsideFar(
  isMorello: boolean, low: number, high: number, bounds: number, exponent: number, atLow: number, atHigh: number, size: number,
): boolean {
  const endLow = atLow + size, endHigh = atHigh + Math.floor(endLow / TwoTO32);
  if (isMorello && exponent > MorelloMAX) {
    return exponent === MorelloWHOLE && (endHigh < TwoTO32 || (endHigh === TwoTO32 && endLow >>> 0 === 0));
  }
  const e = Math.min(exponent, RiscvMAX);
  const base = edgeSum(isMorello, low, high, bounds, e, 0), baseHigh = edgeHigh(isMorello, high, e, base) >>> 0;
  if (atHigh < baseHigh || (atHigh === baseHigh && atLow < base >>> 0)) return false;
  const top = edgeSum(isMorello, low, high, bounds, e, unitsOf(isMorello, bounds));
  const limit = topHigh(isMorello, e, baseHigh, edgeHigh(isMorello, high, e, top));
  return endHigh < limit || (endHigh === limit && endLow >>> 0 <= top >>> 0);
}

/** boundsOfWords -- base and top, exactly. */
export function boundsOfWords(isMorello: boolean, low: number, high: number, bounds: number): WordBounds {
  const exponent = exponentOf(isMorello, bounds), block = highOf(isMorello, high);
  if (isMorello && exponent > MorelloMAX) {
    return { baseLow: 0, baseHigh: 0, topLow: 0, topHigh: TwoTO32, isValid: exponent === MorelloWHOLE };
  }
  const e = Math.min(exponent, RiscvMAX), units = unitsOf(isMorello, bounds);
  const base = edgeSum(isMorello, low, block, bounds, e, 0), baseHigh = edgeHigh(isMorello, block, e, base) >>> 0;
  const top = edgeSum(isMorello, low, block, bounds, e, units), upper = edgeHigh(isMorello, block, e, top);
  return { baseLow: base >>> 0, baseHigh, topLow: top >>> 0, topHigh: topHigh(isMorello, e, baseHigh, upper), isValid: true };
}

/** baseLowOfWords -- low word, signed, of the base; the address's high word has no part in it. .critical */
export function baseLowOfWords(isMorello: boolean, low: number, bounds: number): number {
  const exponent = exponentOf(isMorello, bounds);
  if (exponent <= (isMorello ? MorelloNEAR : RiscvNEAR)) return (low - aboveBase(isMorello, low, bounds, exponent)) | 0;
  return exponent < 32 ? bottomOf(isMorello, bounds) << exponent : 0;
}

/** baseHighOfWords -- high word, signed, of the base. .critical */
export function baseHighOfWords(isMorello: boolean, low: number, high: number, bounds: number): number {
  const exponent = exponentOf(isMorello, bounds), block = highOf(isMorello, high);
  if (exponent <= (isMorello ? MorelloNEAR : RiscvNEAR)) {
    const base = (low >>> 0) - aboveBase(isMorello, low, bounds, exponent);
    return (block + (base < 0 ? -1 : base < TwoTO32 ? 0 : 1)) | 0;
  }
  if (isMorello && exponent > MorelloMAX) return 0;
  const e = Math.min(exponent, RiscvMAX);
  return edgeHigh(isMorello, block, e, edgeSum(isMorello, low, block, bounds, e, 0)) | 0;
}

/** highOf -- the high word that bounds are decoded with: of Morello's address only bits 55 to 0, with their sign. .critical */
const highOf = (isMorello: boolean, high: number): number => (isMorello ? (high << 8) >> 8 : high);

/** exponentOf -- the exponent as encoded. .critical */
function exponentOf(isMorello: boolean, bounds: number): number {
  if (isMorello) return (bounds & MorelloEXACT) !== 0 ? 0 : ~(((bounds >>> 13) & 0x38) | (bounds & 7)) & 0x3f;
  const raw = bounds ^ RiscvNULL;
  return (bounds & RiscvEXACT) !== 0 ? 0 : ((raw >>> 11) & 0x38) | (raw & 7);
}

/** bottomOf -- B: the place of the base in its block, in units. .critical */
function bottomOf(isMorello: boolean, bounds: number): number {
  if (isMorello) return bounds & ((bounds & MorelloEXACT) !== 0 ? 0xffff : 0xfff8);
  return (bounds ^ RiscvNULL) & ((bounds & RiscvEXACT) !== 0 ? 0x3fff : 0x3ff8);
}

/** unitsOf -- from the base up to the top, in units. .critical */
function unitsOf(isMorello: boolean, bounds: number): number {
  if (isMorello) {
    const t = bounds >>> 16;
    return (bounds & MorelloEXACT) !== 0 ? (t - bounds) & 0x3fff : (((t & 0x3ff8) - (bounds & 0x3ff8)) & 0x3fff) + 0x4000;
  }
  const b = bounds ^ RiscvNULL, t = b >>> 14;
  return (bounds & RiscvEXACT) !== 0 ? (t - b) & 0xfff : (((t & 0xff8) - (b & 0xff8)) & 0xfff) + 0x1000;
}

/** aboveBase -- bytes from the base up to the address, negative if it is below; exponents of small blocks. .critical */
function aboveBase(isMorello: boolean, low: number, bounds: number, exponent: number): number {
  const b = bottomOf(isMorello, bounds), last = -1 >>> ((isMorello ? MorelloNEAR : RiscvNEAR) - exponent);
  const above = ((low - (b << exponent)) & last) >>> 0;
  // The region begins at the eighth below the base's: places of a block further up than its end are below the base.
  const below = isMorello ? (b & 0x1fff) + 0x2000 : (b & 0x7ff) + 0x800;
  return above > last - (below << exponent) ? above - last - 1 : above;
}

/** edgeSum -- an edge of the bounds, so many units above the base, less what the high word of its block is worth
 *
 * Exact: up to 19 bits times 2^E, or with blocks of less than 2^32 bytes a number below 2^34. Its lower 32 bits are the edge's.
 */
function edgeSum(isMorello: boolean, low: number, high: number, bounds: number, exponent: number, units: number): number {
  const mantissa = isMorello ? MorelloMANTISSA : RiscvMANTISSA, width = exponent + mantissa, eighth = mantissa - 3, shift = width - 3;
  const b = bottomOf(isMorello, bounds), region = ((b >>> eighth) - 1) & 7;
  // Shifts take their count modulo 32.
  const here = (shift < 32 ? (low >>> shift) | (high << (32 - shift)) : high >>> shift) & 7;
  const blocks = (b >>> eighth === 0 ? 1 : 0) - (here < region ? 1 : 0);
  const block = width < 32 ? (low & (-1 << width)) >>> 0 : 0;
  const unit = ((1 << exponent) >>> 0) * (exponent < 32 ? 1 : TwoTO32);
  return block + (b + units + blocks * (1 << mantissa)) * unit;
}

/** edgeHigh -- what is above the lower 32 bits of an edge that has this sum, modulo 2^32; with blocks larger than the space, modulo 2^33. */
function edgeHigh(isMorello: boolean, high: number, exponent: number, sum: number): number {
  const width = exponent + (isMorello ? MorelloMANTISSA : RiscvMANTISSA);
  return (width < 32 ? high : width < 64 ? high & (-1 << width) : 0) + Math.floor(sum / TwoTO32);
}

/** topHigh -- the upper 33 bits of the top
 *
 * Unless blocks are about as large as the space, the top is less than half of it above the base: that decides the highest bit.
 */
function topHigh(isMorello: boolean, exponent: number, baseHigh: number, upper: number): number {
  const isFar = exponent >= (isMorello ? MorelloMAX : RiscvMAX) - 1;
  return (upper >>> 0) + (isFar ? Math.floor(upper / TwoTO32) & 1 : (baseHigh & ~upper) >>> 31) * TwoTO32;
}
