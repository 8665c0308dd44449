/* bounds.ts: CAPABILITY BOUNDS
 *
 * How a format writes the base and the top of a capability in some thirty bits beside its address: exact, for every 64-bit
 * address and every pattern of bits <design/capability#.bounds>. The two formats differ in widths and in which bits they
 * invert, not in the method. What 32-bit words can decide is in `slot.ts` and `words.ts`; this is what they are held against.
 *
 *     bit of the upper half   2M-2   2M-3..M   M-1..0      M: bits of the mantissa, 14 or 16
 *                              IE       T         B        IE: the low three bits of T and of B are the exponent
 *
 * Upper halves are in memory form <design/capability#.memory-form>. Mantissas and exponents are plain numbers: what is wide
 * is the address alone, and `bigint` costs.
 */
import type { Bounds } from './format.ts';

export type { Bounds };

/** What bounds differ in from format to format. */
export interface BoundsShape {
  /** Bits of B, and of T together with the upper two, which are not stored. */
  readonly mantissa: number;
  /** The exponent that the whole space is written with. */
  readonly exponentMax: number;
  /** Decoding takes an exponent above that for it; else such bounds are the whole space, and not valid but for the exponent 63. */
  readonly isClamped: boolean;
  /** XORed with an upper half in memory form, it makes IE 1 where the exponent is internal, and T and B what they stand for. */
  readonly flip: number;
  /** XORed with the six bits of a stored exponent, it makes the exponent. */
  readonly exponentFlip: number;
}

/** CHERI-RISC-V: 27 bits, XORed so that all zeros is the whole space. */
export const RiscvBOUNDS: BoundsShape = { mantissa: 14, exponentMax: 52, isClamped: true, flip: 0x401_8004, exponentFlip: 0 };

/** Morello: 31 bits; IE and the exponent are stored inverted. */
export const MorelloBOUNDS: BoundsShape = { mantissa: 16, exponentMax: 50, isClamped: false, flip: 0x4000_0000, exponentFlip: 0x3f };

/** The whole address space, and the largest top. */
export const SpaceLIMIT: bigint = 1n << 64n;

/** Morello's NULL has it, for all zeros are to be the whole space. */
const ExponentNULL = 63;

const Whole: Bounds = { base: 0n, top: SpaceLIMIT };

/** Shift counts, and masks of so many low bits: made once, for a `bigint` is an allocation. The greatest is the last block's, of 2^66 bytes. */
const Shift: readonly bigint[] = Array.from({ length: 67 }, (_, count) => BigInt(count));
const Below: readonly bigint[] = Shift.map((count) => (1n << count) - 1n);

/** Bounds taken apart. */
export interface BoundsParts {
  /** The exponent is within T and B; their granule is then eight units, else one byte. */
  readonly internal: boolean;
  /** As encoded: up to 63. */
  readonly exponent: number;
  readonly b: number;
  /** With the upper two bits, which follow from B and the length being between one and two halves of the mantissa. */
  readonly t: number;
}

/** The narrowest bounds that hold a request. */
export interface BoundsFit {
  /** In the place and the form of the upper half. */
  readonly bits: bigint;
  /** They are the request, not more. */
  readonly exact: boolean;
  readonly internal: boolean;
  readonly exponent: number;
}

/** boundsMask -- the bits of an upper half that are bounds. */
export const boundsMask = (shape: BoundsShape): bigint => Below[2 * shape.mantissa - 1];

// Decoding -----------------------------------------------------------------------------------------------------------

/** boundsParts -- take the bounds in an upper half apart. */
export function boundsParts(shape: BoundsShape, hi: bigint): BoundsParts {
  const bits = shape.mantissa, word = Number(BigInt.asIntN(32, hi)) ^ shape.flip;
  const internal = (word & (1 << (2 * bits - 2))) !== 0;
  const stored = (1 << (bits - 2)) - 1, low = internal ? 7 : 0;
  const b = word & ((1 << bits) - 1) & ~low, t = (word >>> bits) & stored & ~low;
  const exponent = internal ? ((((word >>> bits) & 7) << 3) | (word & 7)) ^ shape.exponentFlip : 0;
  const carry = t < (b & stored) ? 1 : 0;
  const upper = ((b >> (bits - 2)) + (internal ? 1 : 0) + carry) & 3;
  return { internal, exponent, b, t: (upper << (bits - 2)) | t };
}

/** boundsAreValid -- whether the exponent in an upper half is one that means something. */
export function boundsAreValid(shape: BoundsShape, hi: bigint): boolean {
  if (shape.isClamped) return true;
  const { exponent } = boundsParts(shape, hi);
  return exponent <= shape.exponentMax || exponent === ExponentNULL;
}

/** boundsAt -- what the bounds in an upper half are, at an address. */
export function boundsAt(shape: BoundsShape, hi: bigint, address: bigint): Bounds {
  const { exponent, b, t } = boundsParts(shape, hi), max = shape.exponentMax, bits = shape.mantissa;
  if (exponent > max && !shape.isClamped) return Whole;
  const e = Math.min(exponent, max), unit = Shift[e], span = Shift[e + bits];
  // The representable region begins one eighth of its size below the eighth that holds the base.
  const region = ((b >> (bits - 3)) - 1) & 7;
  const at = isUpper(Number((address >> Shift[e + bits - 3]) & 7n), region);
  const block = (address >> span) << span;
  const base = BigInt.asUintN(64, block + (BigInt(b + (isUpper(b >> (bits - 3), region) - at) * (1 << bits)) << unit));
  let top = BigInt.asUintN(65, block + (BigInt(t + (isUpper(t >> (bits - 3), region) - at) * (1 << bits)) << unit));
  if (e < max - 1 && ((Number(top >> 63n) - Number(base >> 63n)) & 3) > 1) top ^= SpaceLIMIT;
  return { base, top };
}

/** isUpper -- 1 where an eighth of the aligned block belongs to the region that begins in it and ends in the next, else 0. */
const isUpper = (eighth: number, region: number): number => (eighth < region ? 1 : 0);

// Encoding -----------------------------------------------------------------------------------------------------------

/** boundsFor -- the narrowest bounds that hold [base, base + length), length 0 to 2^64. */
export function boundsFor(shape: BoundsShape, base: bigint, length: bigint): BoundsFit {
  const bits = shape.mantissa, top = base + length, stored = (1 << (bits - 2)) - 1;
  if (Number(length) <= stored) {
    const raw = (lowBits(top, stored) << bits) | lowBits(base, (1 << bits) - 1);
    return { bits: BigInt(raw ^ shape.flip), exact: true, internal: false, exponent: 0 };
  }
  let e = bitLength(length) - (bits - 1);
  const exact = ((base | top) & Below[e + 3]) === 0n, most = (1 << (bits - 3)) - 1;
  let b = lowBits(base >> Shift[e + 3], most), t = lowBits(roundUp(top, e + 3), most);
  if (((t - b) & (1 << (bits - 4))) !== 0) {
    // Rounding, so `exact` is false already, made the length reach the next exponent.
    e += 1;
    b = lowBits(base >> Shift[e + 3], most);
    t = lowBits(roundUp(top, e + 3), most);
  }
  const written = e ^ shape.exponentFlip;
  const raw = (((((t << 3) & stored) | (written >> 3)) << bits) | (b << 3) | (written & 7)) | (1 << (2 * bits - 2));
  return { bits: BigInt(raw ^ shape.flip), exact, internal: true, exponent: e };
}

const lowBits = (value: bigint, mask: number): number => Number(BigInt.asIntN(32, value)) & mask;

/** roundUp -- how many units of 2^shift it takes to hold `value`. */
const roundUp = (value: bigint, shift: number): bigint => (value + Below[shift]) >> Shift[shift];

/** bitLength -- how many bits it takes to write a value below 2^65. */
function bitLength(value: bigint): number {
  const high = Number(value >> 32n);
  if (high === 0) return 32 - Math.clz32(Number(value));
  return high >= 0x1_0000_0000 ? 65 : 64 - Math.clz32(high);
}

/** boundsGranuleShift -- binary logarithm of what base and top are multiples of. */
export const boundsGranuleShift = (fit: BoundsFit): number => (fit.internal ? fit.exponent + 3 : 0);

// Representable addresses --------------------------------------------------------------------------------------------

/** boundsStayFast -- the fast check: adding `increment` to the address surely leaves base and top as they are. */
export function boundsStayFast(shape: BoundsShape, hi: bigint, address: bigint, increment: bigint): boolean {
  const { exponent, b } = boundsParts(shape, hi), bits = shape.mantissa, mask = (1 << bits) - 1;
  if (exponent >= shape.exponentMax - 2) return true;
  const i = BigInt.asIntN(64, increment), unit = Shift[exponent], sign = i >> Shift[exponent + bits];
  const step = lowBits(i >> unit, mask), at = lowBits(address >> unit, mask);
  const region = (((b >> (bits - 3)) - 1) & 7) << (bits - 3), room = (region - at) & mask;
  if (sign === 0n) return step < ((room - 1) & mask);
  return sign === -1n && step >= room && region !== at;
}

/** boundsStay -- the exact check: base and top are the same at both addresses
 *
 * The base tells: both move by the same multiple of the block, and bit 64 of the top follows from the rest.
 */
export const boundsStay = (shape: BoundsShape, hi: bigint, address: bigint, other: bigint): boolean =>
  boundsAt(shape, hi, address).base === boundsAt(shape, hi, other).base;
