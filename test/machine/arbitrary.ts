/* arbitrary.ts: CAPABILITIES FOR PROPERTIES
 *
 * What the properties of this folder are tried on. Bounds and addresses are drawn apart, and addresses lean to where bounds
 * change: base, top, the limits of the window.
 */
import fc from 'fast-check';
import { morello, riscv, WindowHIGH, type Bounds, type Capability, type Format } from '../../code/machine/machine.ts';

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
    const { base, top } = riscv.bounds({ hi: BigInt(bounds >>> 0), lo: addressOf(low), tag: false });
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
  const size = riscv.lengthRound(BigInt(length)), granule = (1n << 64n) - riscv.lengthMask(size);
  const last = (1n << 32n) - size, any = (BigInt(at >>> 0) % (last + 1n)) & -granule;
  return { base: WindowBASE + (where === 'base' ? 0n : where === 'limit' ? last & -granule : any), size, granule };
});

// Capabilities of either format --------------------------------------------------------------------------------------

export const formats: readonly Format[] = [riscv, morello];

const SpaceLAST: bigint = (1n << 64n) - 1n;

/** 64 bits: any, or near a power of two, or near an end of the space. */
export const word64: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt(0n, SpaceLAST),
  fc.tuple(fc.nat(64), fc.integer({ min: -20, max: 20 })).map(([log, near]) => BigInt.asUintN(64, (1n << BigInt(log)) + BigInt(near))),
  fc.tuple(fc.nat(63), fc.bigInt(0n, SpaceLAST)).map(([log, bits]) => bits >> BigInt(log)),
);

/** A range of the space, of any magnitude, empty ones too, whose base bounds can be written at: Morello's small ones repeat bit 55 above it. */
export const rangeOf = (format: Format): fc.Arbitrary<Bounds> =>
  fc.tuple(word64, word64, fc.constantFrom('any', 'any', 'last')).map(([at, size, where]) => {
    const isSmall = size < 1n << 63n, from = where === 'last' ? SpaceLAST - size : at;
    const base = format.name === 'morello' && isSmall ? BigInt.asUintN(64, BigInt.asIntN(56, from)) : from;
    return { base, top: size < SpaceLAST - base ? base + size : SpaceLAST + (isSmall ? 0n : 1n) };
  });

/** An address near either end of a range, or within it, or anywhere. */
export const addressNear = ({ base, top }: Bounds): fc.Arbitrary<bigint> =>
  fc.tuple(word64, fc.integer({ min: -9, max: 9 }), fc.nat(7)).map(([any, near, where]) => {
    const size = top - base, places = [base, top, base + size / 2n, base - size / 8n, top + size / 8n, base - size / 2n, base + any % (size + 1n)];
    return BigInt.asUintN(64, where === 7 ? any : places[where] + BigInt(where === 6 ? 0 : near));
  });

/** An address from the base to the last before the top, or the top itself where there is none. */
export const addressWithin = ({ base, top }: Bounds): fc.Arbitrary<bigint> =>
  word64.map((any) => BigInt.asUintN(64, base + (top > base ? any % (top - base) : 0n)));

const permsOf = (format: Format): fc.Arbitrary<number> =>
  fc.oneof(fc.constant(format.perm.all), fc.nat(format.perm.all).map((bits) => bits & format.perm.all));

/** A tagged, unsealed capability such as programs come by: narrowed from the root, at any address that kept the tag. */
export const derived = (format: Format): fc.Arbitrary<Capability> =>
  rangeOf(format).chain((range) => {
    const whole = format.encode(range, range.base, format.perm.all, format.types.unsealed, 0n, true).cap;
    const bounds = format.bounds(whole);
    return fc.tuple(addressNear(bounds), addressWithin(bounds), permsOf(format)).map(([near, within, perms]) => {
      const cap = format.andPerm(whole, perms);
      return [near, within].map((to) => format.setAddress(cap, to)).find(({ tag }) => tag) ?? cap;
    });
  });

/** The same, or sealed, or without its tag. */
export const possible = (format: Format): fc.Arbitrary<Capability> =>
  fc.tuple(derived(format), fc.constantFrom('as it is', 'as it is', 'as it is', 'sealed', 'sealed', 'sealed', 'sentry', 'untagged'), fc.nat(4)).map(([cap, how, type]) => {
    switch (how) {
      case 'sealed': return format.seal(cap, format.rootAt(BigInt(type)));
      case 'sentry': return format.sealEntry(cap);
      case 'untagged': return { ...cap, tag: false };
      default: return cap;
    }
  });

/** An authority to seal and to unseal, often with the type of `cap` or a small one; or any capability. */
export const sealer = (format: Format, cap: Capability): fc.Arbitrary<Capability> => fc.oneof(
  fc.tuple(fc.constantFrom(0, 1, 2, 3, ...Array.from({ length: 4 }, () => format.type(cap))), permsOf(format))
    .map(([type, perms]) => format.andPerm(format.rootAt(BigInt(type)), perms)),
  possible(format),
);

/** Any 128 bits, with few of the type's bits set; addresses lean to where the bounds are. */
export const bits = (format: Format): fc.Arbitrary<Capability> =>
  fc.tuple(word64, word64, word64, fc.boolean(), fc.nat(3)).chain(([high, low, more, tag, how]) => {
    const hi = how === 0 ? high : (high & ~format.seal(format.nullAt(0n), format.nullAt(more)).hi) | (how === 1 ? more & 0x7fff_ffffn : 0n);
    const cap = { hi, lo: low, tag };
    return addressNear(format.bounds(cap)).map((lo) => ({ hi, lo, tag }));
  });
