/* bounds.ts: CAPABILITY BOUNDS
 *
 * How CHERI-RISC-V writes the base and the top of a capability in 27 bits beside its address: exact, for every 64-bit
 * address and every pattern of bits <design/capability#.bounds>. What 32-bit words can decide is in `slot.ts`; this is what
 * it is held against, and what runs when it cannot decide.
 *
 *     bit of the upper half   26   25..14   13..0
 *                             IE     T        B         IE: the low three bits of T and of B are the exponent
 *
 * Upper halves are in memory form unless called `raw` <design/capability#.memory-form>.
 */

/** What memory form and architectural form of the upper half differ by; it makes all zeros NULL. */
export const HighNULL = 0x1fff_fc01_8004n;

/** The bits of the upper half that are bounds. */
export const BoundsMASK = 0x7ff_ffffn;

/** The whole address space, and the largest top. */
export const SpaceLIMIT: bigint = 1n << 64n;

/** Decoding takes an exponent above it for it. */
const ExponentMAX = 52n;

const MantissaBITS = 14n;

/** Half open: [base, top). Bits that no derivation makes can decode to a top below the base or beyond the space. */
export interface Bounds {
  /** 64 bits. */
  readonly base: bigint;
  /** 65 bits. */
  readonly top: bigint;
}

/** Bounds taken apart. */
export interface BoundsFields {
  /** The exponent is within T and B; their granule is then eight units, else one byte. */
  readonly internal: boolean;
  /** As encoded: up to 63. */
  readonly exponent: bigint;
  /** 14 bits. */
  readonly b: bigint;
  /** 14 bits, the upper two reconstructed. */
  readonly t: bigint;
}

/** The narrowest bounds that hold a request. */
export interface BoundsFit {
  /** Bits 26..0, memory form. */
  readonly bits: bigint;
  /** They are the request, not more. */
  readonly exact: boolean;
  /** Binary logarithm of the granule of base and top. */
  readonly shift: bigint;
}

const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** boundsFields -- take the bounds in an upper half apart. */
export function boundsFields(hi: bigint): BoundsFields {
  const raw = hi ^ HighNULL;
  const internal = (raw & 0x400_0000n) !== 0n;
  let b = raw & 0x3fffn, t = (raw >> 14n) & 0xfffn, exponent = 0n;
  if (internal) {
    exponent = ((t & 7n) << 3n) | (b & 7n);
    b &= 0x3ff8n;
    t &= 0xff8n;
  }
  const carry = t < (b & 0xfffn) ? 1n : 0n;
  const upper = ((b >> 12n) + (internal ? 1n : 0n) + carry) & 3n;
  return { internal, exponent, b, t: (upper << 12n) | t };
}

/** boundsDecode -- what the bounds in an upper half are, at an address. */
export function boundsDecode(hi: bigint, address: bigint): Bounds {
  const { exponent, b, t } = boundsFields(hi);
  const e = lesser(exponent, ExponentMAX), unit = e + MantissaBITS;
  // The representable region begins one eighth of its size below the eighth that holds the base.
  const region = ((b >> 11n) - 1n) & 7n;
  const isUpper = (eighth: bigint): bigint => (eighth < region ? 1n : 0n);
  const block = (address >> unit) - isUpper((address >> (e + 11n)) & 7n);
  const base = BigInt.asUintN(65, ((block + isUpper(b >> 11n)) << unit) + (b << e));
  let top = BigInt.asUintN(65, ((block + isUpper(t >> 11n)) << unit) + (t << e));
  if (e < ExponentMAX - 1n && (((top >> 63n) - ((base >> 63n) & 1n)) & 3n) > 1n) top ^= SpaceLIMIT;
  return { base: BigInt.asUintN(64, base), top };
}

/** boundsFit -- the narrowest bounds that hold [base, base + length), length at most 2^64. */
export function boundsFit(base: bigint, length: bigint): BoundsFit {
  const top = base + length, large = length >> 13n;
  let e = large === 0n ? 0n : BigInt(large.toString(2).length);
  if (e === 0n && (length & 0x1000n) === 0n) {
    const raw = ((top & 0xfffn) << 14n) | (base & 0x3fffn);
    return { bits: (raw ^ HighNULL) & BoundsMASK, exact: true, shift: 0n };
  }
  const lost = (1n << (e + 3n)) - 1n;
  const exact = ((base | top) & lost) === 0n;
  let lostTop = (top & lost) !== 0n;
  let b = (base >> (e + 3n)) & 0x7ffn;
  let t = ((top >> (e + 3n)) + (lostTop ? 1n : 0n)) & 0x7ffn;
  if (((t - b) & 0x400n) !== 0n) {
    // Rounding, so `exact` is false already, made the length reach the next exponent.
    lostTop ||= (t & 1n) !== 0n;
    e += 1n;
    b = (base >> (e + 3n)) & 0x7ffn;
    t = ((top >> (e + 3n)) + (lostTop ? 1n : 0n)) & 0x7ffn;
  }
  const raw = 0x400_0000n | ((((t << 3n) & 0xfffn) | (e >> 3n)) << 14n) | (b << 3n) | (e & 7n);
  return { bits: (raw ^ HighNULL) & BoundsMASK, exact, shift: lesser(e, ExponentMAX) + 3n };
}

/** boundsKeepFast -- ISAv9's fast check: adding `increment` to the address surely leaves base and top as they are. */
export function boundsKeepFast(hi: bigint, address: bigint, increment: bigint): boolean {
  const { exponent: e, b } = boundsFields(hi);
  if (e >= ExponentMAX - 2n) return true;
  const i = BigInt.asIntN(64, increment);
  const step = (i >> e) & 0x3fffn, at = (address >> e) & 0x3fffn;
  const region = (((b >> 11n) - 1n) & 7n) << 11n;
  const room = (region - at) & 0x3fffn;
  switch (i >> (e + MantissaBITS)) {
    case 0n: return step < ((room - 1n) & 0x3fffn);
    case -1n: return step >= room && region !== at;
    default: return false;
  }
}

/** boundsKeep -- ISAv9's exact check: base and top are the same at both addresses. */
export function boundsKeep(hi: bigint, address: bigint, other: bigint): boolean {
  const here = boundsDecode(hi, address), there = boundsDecode(hi, other);
  return here.base === there.base && here.top === there.top;
}

/** lengthMask -- CRAM: the bits of a base that may be set if a region of `length` bytes is to be representable. */
export function lengthMask(length: bigint): bigint {
  return BigInt.asUintN(64, -1n << boundsFit(0n, length).shift);
}

/** lengthRound -- CRRL: the least representable length that is no smaller, modulo 2^64. */
export function lengthRound(length: bigint): bigint {
  const mask = lengthMask(length);
  return (length + BigInt.asUintN(64, ~mask)) & mask;
}

/** boundsHold -- whether [address + offset, + size) is within the bounds, from a capability's words; addition modulo 2^64. */
export function boundsHold(low: number, high: number, bounds: number, offset: number, size: number): boolean {
  const address = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  const { base, top } = boundsDecode(BigInt(bounds >>> 0), address);
  const at = BigInt.asUintN(64, address + BigInt(offset));
  return base <= at && at + BigInt(size) <= top;
}
