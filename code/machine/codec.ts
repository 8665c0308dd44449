/* codec.ts: WHAT THE FORMATS SHARE
 *
 * The operations of a capability format that do not depend on where its fields are, once for both <design/capability#.codec>.
 * `riscv.ts` and `morello.ts` say where the fields are, and which conditions on the tag are theirs alone.
 */
import {
  boundsAreValid, boundsAt, boundsFor, boundsGranuleShift, boundsMask, boundsParts, boundsStay, boundsStayFast, SpaceLIMIT, type BoundsFit, type BoundsShape,
} from './bounds.ts';
import type { AccessKind, FaultKind } from './fault.ts';
import type { Bounds, Capability, Fields, Fitted, Format, FormatName, PermBits, TypeNumbers } from './format.ts';
import { authorityRefuses } from './ladder.ts';

/** wordOf -- modulo 2^64. */
export const wordOf = (value: bigint): bigint => BigInt.asUintN(64, value);

/** The greatest address; -1 to those who read it with a sign. */
export const AddressLAST: bigint = (1n << 64n) - 1n;

/** What is true of a capability in either format. */
export abstract class Codec implements Format {
  abstract readonly name: FormatName;
  abstract readonly title: string;
  abstract readonly perm: PermBits;
  abstract readonly permNames: readonly (readonly [bit: number, name: string])[];
  abstract readonly types: TypeNumbers;

  protected readonly shape: BoundsShape;
  /** Which bits of the upper half are bounds. */
  protected readonly boundsBits: bigint;
  private readonly typeShift: bigint;
  private readonly typeBits: number;
  private readonly typeField: bigint;
  private readonly permsField: bigint;
  /** The upper half of the root, in memory form. */
  private readonly root: bigint;

  constructor(shape: BoundsShape, typeShift: bigint, typeBits: number, permsField: bigint, root: bigint) {
    this.shape = shape;
    this.boundsBits = boundsMask(shape);
    this.typeShift = typeShift;
    this.typeBits = typeBits;
    this.typeField = ((1n << BigInt(typeBits)) - 1n) << typeShift;
    this.permsField = permsField;
    this.root = root;
  }

  // What differs. ------------------------------------------------------------------------------------------------------
  abstract perms(cap: Capability): number;
  abstract type64(cap: Capability): bigint;
  abstract flags(cap: Capability): bigint;
  abstract isSentry(cap: Capability): boolean;
  abstract slotPerms(cap: Capability): number;
  abstract setFlags(cap: Capability, flags: bigint): Capability;
  abstract sealIf(cap: Capability, authority: Capability): Capability;
  abstract copyType(cap: Capability, source: Capability): Capability;
  abstract build(cap: Capability, authority: Capability): Capability;
  abstract lengthMask(length: bigint): bigint;
  abstract mayAdd(cap: Capability, address: bigint): boolean;
  abstract maySet(cap: Capability, address: bigint): boolean;

  /** The upper half in architectural form. */
  protected abstract raw(hi: bigint): bigint;
  protected abstract reserved(hi: bigint): number;
  /** The permission field that holds these permissions. */
  protected abstract permsBits(perms: number): bigint;
  /** What of the upper half `encode` writes for flags. */
  protected abstract flagsBits(flags: bigint): bigint;
  /** The address as bounds are decoded with it. */
  protected abstract boundsAddress(address: bigint): bigint;
  /** The base that narrowing takes. */
  protected abstract narrowBase(cap: Capability): bigint;
  /** Whether new bounds may be put on these, their being within apart. */
  protected abstract mayNarrow(cap: Capability, fit: BoundsFit): boolean;

  // Fields. ------------------------------------------------------------------------------------------------------------
  fields(cap: Capability): Fields {
    const { internal, exponent, b, t } = boundsParts(this.shape, cap.hi), { base, top } = this.bounds(cap);
    return {
      base, top, raw: this.raw(cap.hi), internal, exponent: BigInt(exponent), b: BigInt(b), t: BigInt(t), valid: this.isValid(cap),
      perms: this.perms(cap), type: this.type(cap), flags: this.flags(cap), reserved: this.reserved(cap.hi),
    };
  }

  bounds(cap: Capability): Bounds {
    return boundsAt(this.shape, cap.hi, this.boundsAddress(cap.lo));
  }

  type(cap: Capability): number {
    return Number(BigInt.asUintN(this.typeBits, cap.hi >> this.typeShift)) ^ this.types.unsealed;
  }

  isSealed(cap: Capability): boolean {
    // In memory form the unsealed type is 0 in both.
    return (cap.hi & this.typeField) !== 0n;
  }

  protected isValid(cap: Capability): boolean {
    return boundsAreValid(this.shape, cap.hi);
  }

  protected has(cap: Capability, perms: number): boolean {
    return (this.perms(cap) & perms) === perms;
  }

  // Making. ------------------------------------------------------------------------------------------------------------
  nullAt(address: bigint): Capability {
    return { hi: 0n, lo: wordOf(address), tag: false };
  }

  rootAt(address: bigint): Capability {
    return { hi: this.root, lo: wordOf(address), tag: true };
  }

  encode(bounds: Bounds, address: bigint, perms: number, type: number, flags: bigint, tag: boolean): Fitted {
    const { bits, exact } = boundsFor(this.shape, bounds.base, bounds.top - bounds.base);
    const hi = this.withType(this.permsBits(perms) | this.flagsBits(flags) | bits, type);
    return { cap: { hi, lo: wordOf(address), tag }, exact };
  }

  withType(hi: bigint, type: number): bigint {
    return (hi & ~this.typeField) | ((BigInt(type ^ this.types.unsealed) << this.typeShift) & this.typeField);
  }

  protected withPerms(hi: bigint, perms: number): bigint {
    return (hi & ~this.permsField) | this.permsBits(perms);
  }

  /** The tag of a change of an unsealed capability. */
  protected keeps(cap: Capability, may: boolean): boolean {
    return cap.tag && may && !this.isSealed(cap);
  }

  // Bounds. ------------------------------------------------------------------------------------------------------------
  setBounds(cap: Capability, length: bigint): Fitted {
    const { base, top } = this.bounds(cap), from = this.narrowBase(cap), fit = boundsFor(this.shape, from, length);
    const may = base <= from && from + length <= top && this.mayNarrow(cap, fit);
    return { cap: { hi: (cap.hi & ~this.boundsBits) | fit.bits, lo: cap.lo, tag: this.keeps(cap, may) }, exact: fit.exact };
  }

  setBoundsExact(cap: Capability, length: bigint): Capability {
    const { cap: { hi, lo, tag }, exact } = this.setBounds(cap, length);
    return { hi, lo, tag: tag && exact };
  }

  lengthRound(length: bigint): bigint {
    return roundTo(length, this.lengthMask(length));
  }

  lengthMaskLeast(length: bigint): bigint {
    return this.maskOf(0n, length);
  }

  lengthRoundLeast(length: bigint): bigint {
    return roundTo(length, this.lengthMaskLeast(length));
  }

  /** The bits of an address that are above the granule of the bounds [base, base + length). */
  protected maskOf(base: bigint, length: bigint): bigint {
    return wordOf(-1n << BigInt(boundsGranuleShift(boundsFor(this.shape, base, length))));
  }

  // The address. -------------------------------------------------------------------------------------------------------
  incOffset(cap: Capability, increment: bigint): Capability {
    const lo = wordOf(cap.lo + increment);
    return { hi: cap.hi, lo, tag: this.keeps(cap, this.mayAdd(cap, lo)) };
  }

  setOffset(cap: Capability, offset: bigint): Capability {
    return this.incOffset(cap, this.bounds(cap).base + offset - cap.lo);
  }

  setAddress(cap: Capability, address: bigint): Capability {
    const lo = wordOf(address);
    return { hi: cap.hi, lo, tag: this.keeps(cap, this.maySet(cap, lo)) };
  }

  keepsFast(cap: Capability, address: bigint): boolean {
    return boundsStayFast(this.shape, cap.hi, this.boundsAddress(cap.lo), this.boundsAddress(wordOf(address - cap.lo)));
  }

  keepsExact(cap: Capability, address: bigint): boolean {
    return this.isValid(cap) && boundsStay(this.shape, cap.hi, this.boundsAddress(cap.lo), this.boundsAddress(address));
  }

  // Fields that can only lose. -----------------------------------------------------------------------------------------
  andPerm(cap: Capability, mask: number): Capability {
    return { hi: this.withPerms(cap.hi, this.perms(cap) & mask), lo: cap.lo, tag: this.keeps(cap, true) };
  }

  setHigh(cap: Capability, hi: bigint): Capability {
    return { hi: wordOf(hi), lo: cap.lo, tag: false };
  }

  // Sealing. -----------------------------------------------------------------------------------------------------------
  sealEntry(cap: Capability): Capability {
    return this.sealAs(cap, this.types.sentry, true);
  }

  /** Seal with a type. It is written even where the tag is lost. */
  sealAs(cap: Capability, type: number, may: boolean): Capability {
    return { hi: this.withType(cap.hi, type), lo: cap.lo, tag: this.keeps(cap, may) };
  }

  seal(cap: Capability, authority: Capability): Capability {
    return this.sealAs(cap, Number(BigInt.asUintN(this.typeBits, authority.lo)), this.maySeal(authority));
  }

  /** Whether an authority's address is a type that it may seal with. */
  protected maySeal(authority: Capability): boolean {
    return this.commands(authority, this.perm.seal) && authority.lo <= BigInt(this.types.last);
  }

  unseal(cap: Capability, authority: Capability): Capability {
    const type = this.type(cap), perms = this.perms(cap), { global } = this.perm;
    const hi = this.withPerms(cap.hi, this.has(authority, global) ? perms : perms & ~global);
    const may = this.isSealed(cap) && type <= this.types.last && authority.lo === BigInt(type)
      && this.commands(authority, this.perm.unseal);
    return { hi: this.withType(hi, this.types.unsealed), lo: cap.lo, tag: cap.tag && may };
  }

  /** Whether an authority has permissions for the type that it addresses. */
  private commands(authority: Capability, perms: number): boolean {
    return authority.tag && !this.isSealed(authority) && this.has(authority, perms) && this.isInside(authority, authority.lo, 1n);
  }

  // Questions. ---------------------------------------------------------------------------------------------------------
  isInside(cap: Capability, address: bigint, size: bigint): boolean {
    const { base, top } = this.bounds(cap);
    return base <= address && address + size <= top && this.isValid(cap);
  }

  isSubset(cap: Capability, other: Capability): boolean {
    return cap.tag === other.tag && this.isWithin(cap, other);
  }

  /** Bounds within the other's, and permissions among them. */
  protected isWithin(cap: Capability, other: Capability): boolean {
    const { base, top } = this.bounds(cap), outer = this.bounds(other);
    return outer.base <= base && top <= outer.top && this.has(other, this.perms(cap));
  }

  loaded(memory: Capability, authority: Capability): Capability {
    return { hi: memory.hi, lo: memory.lo, tag: memory.tag && this.has(authority, this.perm.loadCap) };
  }

  refuses(cap: Capability, address: bigint, access: AccessKind, size: bigint, value: Capability): FaultKind | null {
    const tagOf = (of: Capability): number => (of.tag ? this.slotPerms(of) | 1 : 0);
    const valueTag = access === 'storecap' || access === 'swapcap' ? tagOf(value) : 0, isWithin = this.isInside(cap, address, size);
    return authorityRefuses(this.name === 'morello', tagOf(cap), this.isSealed(cap), isWithin, access, valueTag) ?? misaligned(address, access);
  }
}

/** roundTo -- the least value no smaller than `length` with none but the bits of `mask`, modulo 2^64. */
const roundTo = (length: bigint, mask: bigint): bigint => (length + wordOf(~mask)) & mask;

/** misaligned -- the rung of alignment. How data may be aligned is the machine's choice, not the capability's. */
function misaligned(address: bigint, access: AccessKind): FaultKind | null {
  switch (access) {
    case 'loadcap': case 'storecap': case 'swapcap': return (address & 0xfn) === 0n ? null : 'misaligned';
    case 'loadtags': return (address & 0x3fn) === 0n ? null : 'misaligned';
    default: return null;
  }
}

// What no format changes ---------------------------------------------------------------------------------------------

/** capIsSame -- the same bits and tag (CSetEqualExact, CHKEQ). */
export const capIsSame = (cap: Capability, other: Capability): boolean =>
  cap.hi === other.hi && cap.lo === other.lo && cap.tag === other.tag;

/** capClearTag -- the same bits, untagged (CClearTag, CLRTAG). */
export const capClearTag = (cap: Capability): Capability => ({ hi: cap.hi, lo: cap.lo, tag: false });

/** capHas -- whether every one of `perms`, in the format's numbers, is granted. */
export const capHas = (format: Format, cap: Capability, perms: number): boolean => (format.perms(cap) & perms) === perms;

/** capLength -- top less base, modulo 2^65; CGetLen and GCLEN give at most 2^64 - 1 of it. */
export function capLength(format: Format, cap: Capability): bigint {
  const { base, top } = format.bounds(cap);
  return BigInt.asUintN(65, top - base);
}

/** capOffset -- address less base, modulo 2^64 (CGetOffset, GCOFF). */
export const capOffset = (format: Format, cap: Capability): bigint => wordOf(cap.lo - format.bounds(cap).base);

/** capIsCanonical -- base and top are in order and in the space, and the upper half is as `encode` would write it
 *
 * Every derivation makes such bits from the root. Morello's NULL, whose exponent is 63, is not such a one.
 */
export function capIsCanonical(format: Format, cap: Capability): boolean {
  const { base, top, perms, type, flags } = format.fields(cap);
  return base <= top && top <= SpaceLIMIT && format.encode({ base, top }, cap.lo, perms, type, flags, false).cap.hi === cap.hi;
}
