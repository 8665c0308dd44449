/* morello.ts: MORELLO
 *
 * Arm's 128-bit format, bit for bit <design/capability>: where the fields are, and the rules that are not CHERI-RISC-V's too.
 *
 *     bit of the upper half   63..46  45..31  30..0
 *                             perms   otype   bounds
 *
 * The address is called the value. Its bits 63 to 56 are flags as well, and bounds are decoded as if they repeated bit 55
 * <design/capability#.morello.bounds-address>. Many rules ask whether the exponent is so small that bounds use the value.
 */
import { boundsParts, MorelloBOUNDS, type BoundsFit } from './bounds.ts';
import { AddressLAST, Codec, wordOf } from './codec.ts';
import type { Capability, Format, FormatName, PermBits, TypeNumbers } from './format.ts';

const PermsSHIFT = 46n;
const RootHIGH = 0xffff_c000_0001_0005n;

/** The bits of a value that are flags. */
const FlagsBITS: bigint = 0xffn << 56n;

/** The highest bit of a value that bounds use. */
const SignBIT: bigint = 1n << 55n;

/** Exponents below it leave bits of the value to bounds. */
const ExponentUSES = 48;

const Perms: PermBits = {
  global: 1 << 0, executive: 1 << 1, user0: 1 << 2, user1: 1 << 3, user2: 1 << 4, user3: 1 << 5, mutableLoad: 1 << 6, compartment: 1 << 7,
  invoke: 1 << 8, system: 1 << 9, unseal: 1 << 10, seal: 1 << 11, storeLocal: 1 << 12, storeCap: 1 << 13, loadCap: 1 << 14,
  execute: 1 << 15, store: 1 << 16, load: 1 << 17, all: 0x3_ffff,
};

/** What is lost with MUTABLE_LOAD. */
const PermsMUTABLE: number = Perms.store | Perms.storeCap | Perms.storeLocal | Perms.mutableLoad;

class Morello extends Codec {
  override readonly name: FormatName = 'morello';
  override readonly title: string = 'Morello';
  override readonly perm: PermBits = Perms;
  override readonly permNames: readonly (readonly [bit: number, name: string])[] = [
    [Perms.global, 'GLOBAL'], [Perms.executive, 'EXECUTIVE'], [Perms.user0, 'USER0'], [Perms.user1, 'USER1'], [Perms.user2, 'USER2'],
    [Perms.user3, 'USER3'], [Perms.mutableLoad, 'MUTABLE_LOAD'], [Perms.compartment, 'COMPARTMENT_ID'],
    [Perms.invoke, 'BRANCH_SEALED_PAIR'], [Perms.system, 'SYSTEM'], [Perms.unseal, 'UNSEAL'], [Perms.seal, 'SEAL'],
    [Perms.storeLocal, 'STORE_LOCAL'], [Perms.storeCap, 'STORE_CAP'], [Perms.loadCap, 'LOAD_CAP'], [Perms.execute, 'EXECUTE'],
    [Perms.store, 'STORE'], [Perms.load, 'LOAD'],
  ];
  override readonly types: TypeNumbers = { unsealed: 0, sentry: 1, last: 0x7fff };

  constructor() {
    super(MorelloBOUNDS, 31n, 15, 0x3_ffffn << PermsSHIFT, RootHIGH);
  }

  override perms(cap: Capability): number {
    return Number(cap.hi >> PermsSHIFT);
  }

  override type64(cap: Capability): bigint {
    return BigInt(this.type(cap));
  }

  override flags(cap: Capability): bigint {
    return cap.lo & FlagsBITS;
  }

  override isSentry(cap: Capability): boolean {
    const type = this.type(cap);
    return type >= 1 && type <= 3;
  }

  override slotPerms(cap: Capability): number {
    const perms = this.perms(cap);
    return ((perms & Perms.global) << 16) | ((perms & Perms.execute) << 2) | ((perms & Perms.load) << 1) | ((perms & Perms.store) << 3)
      | ((perms & Perms.loadCap) << 6) | ((perms & Perms.storeCap) << 8) | ((perms & Perms.storeLocal) << 10);
  }

  protected override raw(hi: bigint): bigint {
    return hi;
  }

  protected override reserved(): number {
    return 0;
  }

  protected override permsBits(perms: number): bigint {
    return BigInt(perms & Perms.all) << PermsSHIFT;
  }

  protected override flagsBits(): bigint {
    return 0n;
  }

  protected override boundsAddress(address: bigint): bigint {
    return wordOf(BigInt.asIntN(56, address));
  }

  protected override narrowBase(cap: Capability): bigint {
    return usesValue(this.exponent(cap)) ? this.boundsAddress(cap.lo) : cap.lo;
  }

  protected override mayNarrow(cap: Capability, fit: BoundsFit): boolean {
    if (!this.isValid(cap)) return false;
    return usesValue(this.exponent(cap)) || !usesValue(fit.exponent) || this.boundsAddress(cap.lo) === cap.lo;
  }

  private exponent(cap: Capability): number {
    return boundsParts(this.shape, cap.hi).exponent;
  }

  override mayAdd(cap: Capability, address: bigint): boolean {
    return this.isValid(cap) && this.keepsFast(cap, address) && this.keepsSign(cap, address);
  }

  override maySet(cap: Capability, address: bigint): boolean {
    return this.keepsExact(cap, address) && this.keepsSign(cap, address);
  }

  /** Whether the bit that bounds repeat above it is the same, or they do not use the value. */
  private keepsSign(cap: Capability, address: bigint): boolean {
    return ((cap.lo ^ address) & SignBIT) === 0n || !usesValue(this.exponent(cap));
  }

  override lengthMask(length: bigint): bigint {
    // The instruction rounds the bounds that end with the space's last byte but one, whose base asks for the most.
    return this.maskOf(AddressLAST - length, length);
  }

  override setFlags(cap: Capability, flags: bigint): Capability {
    return { hi: cap.hi, lo: (cap.lo & ~FlagsBITS) | (flags & FlagsBITS), tag: this.keeps(cap, true) };
  }

  override sealIf(cap: Capability, authority: Capability): Capability {
    return this.sealsIf(cap, authority) ? this.seal(cap, authority) : cap;
  }

  /** Whether CSEAL seals. */
  sealsIf(cap: Capability, authority: Capability): boolean {
    return this.keeps(cap, this.maySeal(authority));
  }

  override copyType(cap: Capability, source: Capability): Capability {
    return this.setAddress(cap, this.isSealed(source) ? this.type64(source) : AddressLAST);
  }

  override build(cap: Capability, authority: Capability): Capability {
    const hi = this.withType(cap.hi, this.types.unsealed), { base, top } = this.bounds(cap);
    const may = authority.tag && !this.isSealed(authority) && this.isWithin(cap, authority) && base <= top;
    // What the authority cannot make stays what it was, and that is a capability if it was one.
    return { hi, lo: cap.lo, tag: may || this.keeps(cap, true) };
  }

  protected override isWithin(cap: Capability, other: Capability): boolean {
    return this.isValid(cap) && this.isValid(other) && super.isWithin(cap, other);
  }

  override loaded(memory: Capability, authority: Capability): Capability {
    const { hi, lo, tag } = super.loaded(memory, authority);
    if (!tag || this.isSealed(memory) || this.has(authority, Perms.mutableLoad)) return { hi, lo, tag };
    return { hi: this.withPerms(hi, this.perms(memory) & ~PermsMUTABLE), lo, tag };
  }
}

const usesValue = (exponent: number): boolean => exponent < ExponentUSES;

const codec = new Morello();

/** Morello. */
export const morello: Format = codec;

/** How SEAL with an immediate seals: to be branched to, or through the capability or the pair of them that it addresses. */
export type SealForm = 1 | 2 | 3;
export const SealRB: SealForm = 1;
export const SealLPB: SealForm = 2;
export const SealLB: SealForm = 3;

/** alignDown -- clear the low `bits` bits of the value, 0 to 63 of them (ALIGND). */
export const alignDown = (cap: Capability, bits: number): Capability => codec.setAddress(cap, (cap.lo >> BigInt(bits)) << BigInt(bits));

/** alignUp -- the least value no smaller whose low `bits` bits are clear, modulo 2^64 (ALIGNU). */
export const alignUp = (cap: Capability, bits: number): Capability =>
  codec.setAddress(cap, ((cap.lo + (1n << BigInt(bits)) - 1n) >> BigInt(bits)) << BigInt(bits));

/** sealForm -- seal with a type of the architecture's own (SEAL with RB, LPB or LB). */
export const sealForm = (cap: Capability, form: SealForm): Capability => codec.sealAs(cap, form, true);

/** sealIfFlag -- the flag that CSEAL sets: it sealed, or was told by an authority with the greatest value not to. */
export const sealIfFlag = (cap: Capability, authority: Capability): boolean =>
  authority.lo === AddressLAST || codec.sealsIf(cap, authority);

/** unsealIfSubset -- unseal `cap` if an unsealed capability `other` could have made it unsealed; and whether it is a subset (CHKSSU). */
export function unsealIfSubset(cap: Capability, other: Capability): { readonly cap: Capability; readonly holds: boolean } {
  const holds = codec.isSubset(cap, other), may = holds && cap.tag && !codec.isSealed(other);
  return { cap: may ? { hi: codec.withType(cap.hi, morello.types.unsealed), lo: cap.lo, tag: true } : cap, holds };
}
