/* capability.ts: CAPABILITY VALUES
 *
 * A capability as a value, and what CHERI-RISC-V's instructions make of it, bit for bit <design/capability>. Nothing here
 * faults: an instruction that would grow authority gives a result without a tag <design/capability#.inv.monotonic>. For
 * tools, tests, kernels and the rare instruction; accesses work on slots.
 *
 *     bit of the upper half   63..60  59..48  47..46    45    44..27  26..0
 *                             uperms  hperms  reserved  flag  otype   bounds
 */
import {
  boundsDecode, boundsFit, boundsKeep, boundsKeepFast, BoundsMASK, HighNULL, SpaceLIMIT, type Bounds,
} from './bounds.ts';
import type { FaultKind } from './fault.ts';
import { authorityRefuses, type AuthorityKind } from './ladder.ts';

/** 128 bits in memory form <design/capability#.memory-form>, and a tag. All zeros and untagged is NULL. */
export interface Capability {
  readonly hi: bigint;
  /** The address. */
  readonly lo: bigint;
  readonly tag: boolean;
}

/** Permissions by the numbers of CGetPerm and CAndPerm. */
export const CapGLOBAL = 0x1;
export const CapEXECUTE = 0x2;
export const CapLOAD = 0x4;
export const CapSTORE = 0x8;
export const CapLOADCAP = 0x10;
export const CapSTORECAP = 0x20;
export const CapSTORELOCAL = 0x40;
export const CapSEAL = 0x80;
export const CapUNSEAL = 0x200;
/** Every permission: twelve of the hardware's, four of software's. */
export const CapALL = 0x78fff;

/** Object types. Those above the last one for CSeal are reserved. */
export const TypeUNSEALED = 0x3ffff;
export const TypeSENTRY = 0x3fffe;
export const TypeLAST = 0x3fffb;

const ReservedMASK: bigint = 3n << 46n;
const FlagBIT: bigint = 1n << 45n;
const TypeSHIFT = 27n;
const TypeMASK: bigint = 0x3ffffn << TypeSHIFT;
const PermsMASK: bigint = 0xffffn << 48n;

const untag = (cap: Capability, keep: boolean): boolean => cap.tag && keep && !capIsSealed(cap);
const wordOf = (value: bigint): bigint => BigInt.asUintN(64, value);

// Fields -------------------------------------------------------------------------------------------------------------

/** capBounds -- base and top. */
export const capBounds = (cap: Capability): Bounds => boundsDecode(cap.hi, cap.lo);

/** capLength -- top less base, modulo 2^65; CGetLen gives at most 2^64 - 1 of it. */
export function capLength(cap: Capability): bigint {
  const { base, top } = capBounds(cap);
  return BigInt.asUintN(65, top - base);
}

/** capOffset -- address less base, modulo 2^64 (CGetOffset). */
export const capOffset = (cap: Capability): bigint => wordOf(cap.lo - capBounds(cap).base);

/** capPerms -- permissions (CGetPerm). */
export const capPerms = (cap: Capability): number => Number(((cap.hi >> 60n) << 15n) | ((cap.hi >> 48n) & 0xfffn));

/** capType -- the object type, 18 bits. */
export const capType = (cap: Capability): number => Number((cap.hi & TypeMASK) >> TypeSHIFT) ^ TypeUNSEALED;

/** capTypeSigned -- the object type as CGetType gives it: reserved ones are negative, -1 is unsealed. */
export const capTypeSigned = (cap: Capability): number => (typeIsReserved(capType(cap)) ? capType(cap) - 0x40000 : capType(cap));

/** capFlags -- the flag (CGetFlags). */
export const capFlags = (cap: Capability): number => Number((cap.hi & FlagBIT) >> 45n);

/** capIsSealed -- whether the type is any but unsealed; sentries and reserved types are sealed. */
export const capIsSealed = (cap: Capability): boolean => (cap.hi & TypeMASK) !== 0n;

/** capHas -- whether every one of `perms` is granted. */
export const capHas = (cap: Capability, perms: number): boolean => (capPerms(cap) & perms) === perms;

/** capRaw -- the upper half in architectural form. */
export const capRaw = (cap: Capability): bigint => cap.hi ^ HighNULL;

const typeIsReserved = (type: number): boolean => type > TypeLAST;

const permsBits = (perms: number): bigint => (BigInt((perms >> 15) & 0xf) << 60n) | (BigInt(perms & 0xfff) << 48n);

const withPerms = (hi: bigint, perms: number): bigint => (hi & ~PermsMASK) | permsBits(perms);

const withType = (hi: bigint, type: number): bigint => (hi & ~TypeMASK) | (BigInt(type ^ TypeUNSEALED) << TypeSHIFT);

// Making -------------------------------------------------------------------------------------------------------------

/** capNull -- NULL with an address: what an integer is in a capability register. */
export const capNull = (address: bigint): Capability => ({ hi: 0n, lo: wordOf(address), tag: false });

/** capMax -- the root: every permission, the whole space. */
export const capMax = (address: bigint): Capability => ({ hi: PermsMASK, lo: wordOf(address), tag: true });

/** capEncode -- an encoding of the narrowest bounds that hold [base, top), at an address; no rule is applied to the tag
 *
 * At an address outside the representable region the result has other bounds.
 */
export function capEncode(
  bounds: Bounds, address: bigint, perms: number, type: number, flags: number, tag: boolean,
): { cap: Capability; exact: boolean } {
  const { bits, exact } = boundsFit(bounds.base, bounds.top - bounds.base);
  const flag = (flags & 1) === 0 ? 0n : FlagBIT;
  return { cap: { hi: withType(permsBits(perms) | flag | bits, type), lo: wordOf(address), tag }, exact };
}

// Bounds -------------------------------------------------------------------------------------------------------------

/** capSetBounds -- the narrowest bounds that hold [address, address + length) (CSetBounds); length below 2^64. */
export function capSetBounds(cap: Capability, length: bigint): Capability {
  return setBounds(cap, length).cap;
}

/** capSetBoundsExact -- the same; without a tag where that is more than was asked for (CSetBoundsExact). */
export function capSetBoundsExact(cap: Capability, length: bigint): Capability {
  const { cap: result, exact } = setBounds(cap, length);
  return { ...result, tag: result.tag && exact };
}

function setBounds(cap: Capability, length: bigint): { cap: Capability; exact: boolean } {
  const { base, top } = capBounds(cap), { bits, exact } = boundsFit(cap.lo, length);
  const hi = (cap.hi & ~BoundsMASK) | bits;
  return { cap: { hi, lo: cap.lo, tag: untag(cap, base <= cap.lo && cap.lo + length <= top) }, exact };
}

/** capIsInside -- whether [address, address + size) is within the bounds; the tag does not matter. */
export function capIsInside(cap: Capability, address: bigint, size: bigint): boolean {
  const { base, top } = capBounds(cap);
  return base <= address && address + size <= top;
}

// Addresses ----------------------------------------------------------------------------------------------------------

/** capIncOffset -- add to the address (CIncOffset); keeps the tag by the fast check <design/capability#.representable>. */
export function capIncOffset(cap: Capability, increment: bigint): Capability {
  return { hi: cap.hi, lo: wordOf(cap.lo + increment), tag: untag(cap, boundsKeepFast(cap.hi, cap.lo, increment)) };
}

/** capSetOffset -- make the address base + offset (CSetOffset); keeps the tag by the fast check. */
export function capSetOffset(cap: Capability, offset: bigint): Capability {
  return capIncOffset(cap, capBounds(cap).base + offset - cap.lo);
}

/** capSetAddress -- replace the address (CSetAddr); keeps the tag by the exact check. */
export function capSetAddress(cap: Capability, address: bigint): Capability {
  return { hi: cap.hi, lo: wordOf(address), tag: untag(cap, boundsKeep(cap.hi, cap.lo, wordOf(address))) };
}

// Fields that can only lose ------------------------------------------------------------------------------------------

/** capAndPerm -- keep those permissions that are in `mask` (CAndPerm). */
export function capAndPerm(cap: Capability, mask: number): Capability {
  return { hi: withPerms(cap.hi, capPerms(cap) & mask), lo: cap.lo, tag: untag(cap, true) };
}

/** capSetFlags -- set the flag to bit 0 of `flags` (CSetFlags). */
export function capSetFlags(cap: Capability, flags: number): Capability {
  return { hi: (cap.hi & ~FlagBIT) | ((flags & 1) === 0 ? 0n : FlagBIT), lo: cap.lo, tag: untag(cap, true) };
}

/** capSetHigh -- replace the upper half, in memory form (CSetHigh). */
export const capSetHigh = (cap: Capability, hi: bigint): Capability => ({ hi: wordOf(hi), lo: cap.lo, tag: false });

/** capClearTag -- the same bits, untagged (CClearTag). */
export const capClearTag = (cap: Capability): Capability => ({ hi: cap.hi, lo: cap.lo, tag: false });

// Sealing ------------------------------------------------------------------------------------------------------------

/** capSealEntry -- seal as a sentry (CSealEntry). */
export function capSealEntry(cap: Capability): Capability {
  return { hi: withType(cap.hi, TypeSENTRY), lo: cap.lo, tag: untag(cap, true) };
}

/** capSeal -- seal with the type that `authority` addresses (CSeal). The type is written even where it is refused. */
export function capSeal(cap: Capability, authority: Capability): Capability {
  const may = authority.tag && !capIsSealed(authority) && grants(authority, CapSEAL) && authority.lo <= BigInt(TypeLAST);
  return { hi: withType(cap.hi, Number(authority.lo & 0x3ffffn)), lo: cap.lo, tag: untag(cap, may) };
}

/** capSealIf -- the same where the authority asks for it, else `cap` as it is (CCSeal). */
export function capSealIf(cap: Capability, authority: Capability): Capability {
  const asks = authority.tag && !capIsSealed(cap) && grants(authority, 0) && authority.lo !== SpaceLIMIT - 1n;
  return asks ? capSeal(cap, authority) : cap;
}

/** capUnseal -- unseal what has the type that `authority` addresses (CUnseal); GLOBAL is kept only if both have it. */
export function capUnseal(cap: Capability, authority: Capability): Capability {
  const type = capType(cap), perms = capHas(authority, CapGLOBAL) ? capPerms(cap) : capPerms(cap) & ~CapGLOBAL;
  const may = authority.tag && !capIsSealed(authority) && !typeIsReserved(type)
    && authority.lo === BigInt(type) && grants(authority, CapUNSEAL);
  return { hi: withType(withPerms(cap.hi, perms), TypeUNSEALED), lo: cap.lo, tag: cap.tag && may };
}

/** grants -- the authority has `perms` for the type that is its address, and the type is in its bounds. */
const grants = (authority: Capability, perms: number): boolean =>
  capHas(authority, perms) && capIsInside(authority, authority.lo, 1n);

/** capCopyType -- move `cap` to the address that is the type of `source`, -1 if that is unsealed (CCopyType). */
export function capCopyType(cap: Capability, source: Capability): Capability {
  const result = capSetAddress(cap, BigInt(capTypeSigned(source)));
  return { ...result, tag: result.tag && !typeIsReserved(capType(source)) };
}

/** capBuild -- give the bits of `cap` a tag if `authority` could have made them (CBuildCap). Sentries stay so, other seals are lost. */
export function capBuild(cap: Capability, authority: Capability): Capability {
  const hi = withType(cap.hi, capType(cap) === TypeSENTRY ? TypeSENTRY : TypeUNSEALED);
  const may = authority.tag && !capIsSealed(authority) && isWithin(cap, authority)
    && ((cap.hi ^ authority.hi) & ReservedMASK) === 0n && capIsCanonical(cap);
  return { hi, lo: cap.lo, tag: may };
}

// Questions ----------------------------------------------------------------------------------------------------------

/** capIsSubset -- `cap` is as tagged as `other`, its bounds within, its permissions among the other's (CTestSubset). */
export const capIsSubset = (cap: Capability, other: Capability): boolean => cap.tag === other.tag && isWithin(cap, other);

/** isWithin -- bounds within the other's and permissions among them. */
function isWithin(cap: Capability, other: Capability): boolean {
  const { base, top } = capBounds(cap), outer = capBounds(other);
  return outer.base <= base && top <= outer.top && capHas(other, capPerms(cap));
}

/** capIsSame -- the same bits and tag (CSetEqualExact). */
export const capIsSame = (cap: Capability, other: Capability): boolean =>
  cap.hi === other.hi && cap.lo === other.lo && cap.tag === other.tag;

/** capIsCanonical -- the bounds are in order and written as capEncode would write them. */
export function capIsCanonical(cap: Capability): boolean {
  const { base, top } = capBounds(cap);
  return base <= top && top <= SpaceLIMIT && boundsFit(base, top - base).bits === (cap.hi & BoundsMASK);
}

/** capLoaded -- what a register receives when `memory` is loaded through `authority` <design/machine#.ladder.strip>. */
export function capLoaded(memory: Capability, authority: Capability): Capability {
  return { ...memory, tag: memory.tag && capHas(authority, CapLOADCAP) };
}

/** capRefuses -- the first reason why an access through a capability may not be made, up to and with alignment
 *
 * `value` is the capability that is to be stored. Only capability accesses are checked for alignment here: how data may be
 * aligned is the machine's choice, not the capability's.
 */
export function capRefuses(
  cap: Capability, address: bigint, access: AuthorityKind, size: bigint, value: Capability,
): FaultKind | null {
  const word = (bits: bigint): number => Number(BigInt.asIntN(32, bits));
  const valueTag = value.tag ? word(value.hi >> 32n) | 1 : 0;
  const refusal = authorityRefuses(cap.tag ? 1 : 0, word(cap.hi), word(cap.hi >> 32n), access, valueTag);
  if (refusal !== null) return refusal;
  if (!capIsInside(cap, address, size)) return 'bounds';
  const aligned = access === 'loadcap' || access === 'storecap' || access === 'swapcap';
  return aligned && (address & 15n) !== 0n ? 'misaligned' : null;
}

