/* arbitrary.ts: CAPABILITIES FOR PROPERTIES
 *
 * What the properties of this folder are tried on. Bounds and addresses are drawn apart, and addresses lean to where bounds
 * change: base, top, the limits of the window.
 */
import fc from 'fast-check';
import { boundsDecode, lengthMask, lengthRound } from '../../code/machine/bounds.ts';
import { WindowHIGH } from '../../code/machine/machine.ts';

/** hold -- check a property on `runs` draws. */
export function hold<T>(arbitrary: fc.Arbitrary<T>, property: (drawn: T) => void, runs: number = 4000): void {
  fc.assert(fc.property(arbitrary, property), { numRuns: runs });
}

/** Where the window begins. */
export const WindowBASE: bigint = BigInt(WindowHIGH) << 32n;

/** The window's limit. */
export const WindowTOP: bigint = WindowBASE + (1n << 32n);

export const word: fc.Arbitrary<number> = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });

/** The low word of an address. */
export const lowOf = (address: bigint): number => Number(BigInt.asIntN(32, address));

/** The address in the window that has this low word. */
export const addressOf = (low: number): bigint => WindowBASE + BigInt(low >>> 0);

/** Memory-form bounds, type bits 0, with a given exponent; -1 stands for bounds that are exact to the byte. */
export const boundsWith = (exponent: number): fc.Arbitrary<number> => word.map((bits) => {
  if (exponent < 0) return (bits & 0x3ff_ffff) | 0x400_0000;
  const raw = (bits & ~0x1_c007 & 0x3ff_ffff) | ((exponent >> 3) << 14) | (exponent & 7);
  return raw ^ 0x1_8004;
});

/** A low word of interest to the bounds in word 2: near the base, the top, an end of the window, or anywhere. */
export const lowNear = (bounds: number): fc.Arbitrary<number> => fc.tuple(word, fc.integer({ min: -3, max: 3 }), fc.nat(6)).map(
  ([low, near, where]) => {
    const { base, top } = boundsDecode(BigInt(bounds >>> 0), addressOf(low));
    const places = [base, top, base - (top - base) / 4n, top + (top - base) / 4n, (base + top) / 2n, WindowBASE];
    return where === 6 ? low : (lowOf(places[where]) + near) | 0;
  },
);

/** Bounds of any kind and an address of interest. */
export const placed = (exponents: readonly number[]): fc.Arbitrary<{ bounds: number; low: number }> =>
  fc.constantFrom(...exponents).chain(boundsWith).chain((bounds) => lowNear(bounds).map((low) => ({ bounds, low })));

/** Exponents that the slots' 32-bit codec decides, and the byte-exact kind. */
export const Near: readonly number[] = Array.from({ length: 20 }, (_, index) => index - 1);

/** Every exponent that can be written. */
export const Every: readonly number[] = Array.from({ length: 65 }, (_, index) => index - 1);

/** A length of any magnitude below 2^bits, often a little beside a power of two. */
export const lengthBelow = (bits: number): fc.Arbitrary<number> => fc.tuple(fc.nat(bits - 1), fc.nat(), fc.integer({ min: -40, max: 40 }), fc.boolean())
  .map(([log, fraction, near, beside]) => {
    const power = 2 ** log;
    return Math.max(0, beside ? power + near : power + Math.floor((fraction / 0x8000_0000) * power));
  });

/** A representable region of the window. */
export interface Region {
  /** In the window. */
  readonly base: bigint;
  readonly size: bigint;
  /** What base and size are multiples of. */
  readonly granule: bigint;
}

/** Representable regions, often at the window's base or limit. */
export const region: fc.Arbitrary<Region> = fc.tuple(lengthBelow(31), word, fc.constantFrom('base', 'limit', 'any', 'any')).map(([length, at, where]) => {
  const size = lengthRound(BigInt(length)), granule = (1n << 64n) - lengthMask(size);
  const last = (1n << 32n) - size, any = (BigInt(at >>> 0) % (last + 1n)) & -granule;
  return { base: WindowBASE + (where === 'base' ? 0n : where === 'limit' ? last & -granule : any), size, granule };
});
