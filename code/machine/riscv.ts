/* riscv.ts: CHERI-RISC-V
 *
 * The 128-bit format of ISAv9 for RV64, bit for bit <design/capability>: where the fields are, and the rules that are not
 * Morello's too.
 *
 *     bit of the upper half   63..60  59..48  47..46    45    44..27  26..0
 *                             uperms  hperms  reserved  flag  otype   bounds
 *
 * Memory form differs from architectural form <design/capability#.memory-form>.
 */
import { boundsFor, RiscvBOUNDS } from './bounds.ts';
import { AddressLAST, Codec, wordOf } from './codec.ts';
import type { Capability, Format, FormatName, PermBits, TypeNumbers } from './format.ts';

/** What memory form and architectural form of the upper half differ by: the upper half of NULL. */
const RawNULL = 0x1fff_fc01_8004n;

const ReservedBITS: bigint = 3n << 46n;
const FlagBIT: bigint = 1n << 45n;
const PermsBITS: bigint = 0xffffn << 48n;

/** The hardware permissions that accesses ask for are bits 16 to 22 of a slot's tag word as they are of the upper half's upper word. */
const SlotBITS = 0x7f_0000n;

const Perms: PermBits = {
  global: 1 << 0, execute: 1 << 1, load: 1 << 2, store: 1 << 3, loadCap: 1 << 4, storeCap: 1 << 5, storeLocal: 1 << 6, seal: 1 << 7,
  invoke: 1 << 8, unseal: 1 << 9, system: 1 << 10, compartment: 1 << 11, user0: 1 << 15, user1: 1 << 16, user2: 1 << 17, user3: 1 << 18,
  executive: 0, mutableLoad: 0, all: 0x7_8fff,
};

class Riscv extends Codec {
  override readonly name: FormatName = 'riscv';
  override readonly title: string = 'CHERI-RISC-V';
  override readonly perm: PermBits = Perms;
  override readonly permNames: readonly (readonly [bit: number, name: string])[] = [
    [Perms.global, 'GLOBAL'], [Perms.execute, 'EXECUTE'], [Perms.load, 'LOAD'], [Perms.store, 'STORE'], [Perms.loadCap, 'LOAD_CAP'],
    [Perms.storeCap, 'STORE_CAP'], [Perms.storeLocal, 'STORE_LOCAL'], [Perms.seal, 'SEAL'], [Perms.invoke, 'CINVOKE'],
    [Perms.unseal, 'UNSEAL'], [Perms.system, 'ACCESS_SYSTEM_REGISTERS'], [Perms.compartment, 'SET_CID'],
    [Perms.user0, 'USER0'], [Perms.user1, 'USER1'], [Perms.user2, 'USER2'], [Perms.user3, 'USER3'],
  ];
  override readonly types: TypeNumbers = { unsealed: 0x3_ffff, sentry: 0x3_fffe, last: 0x3_fffb };

  constructor() {
    super(RiscvBOUNDS, 27n, 18, PermsBITS, PermsBITS);
  }

  override perms(cap: Capability): number {
    const perms = Number(cap.hi >> 48n);
    return ((perms >> 12) << 15) | (perms & 0xfff);
  }

  override type64(cap: Capability): bigint {
    const type = this.type(cap);
    return type > this.types.last ? wordOf(BigInt(type - 0x4_0000)) : BigInt(type);
  }

  override flags(cap: Capability): bigint {
    return (cap.hi & FlagBIT) === 0n ? 0n : 1n;
  }

  override isSentry(cap: Capability): boolean {
    return this.type(cap) === this.types.sentry;
  }

  override slotPerms(cap: Capability): number {
    return Number((cap.hi >> 32n) & SlotBITS);
  }

  protected override raw(hi: bigint): bigint {
    return hi ^ RawNULL;
  }

  protected override reserved(hi: bigint): number {
    return Number((hi & ReservedBITS) >> 46n);
  }

  protected override permsBits(perms: number): bigint {
    return BigInt((((perms >> 15) & 0xf) << 12) | (perms & 0xfff)) << 48n;
  }

  protected override flagsBits(flags: bigint): bigint {
    return (flags & 1n) === 0n ? 0n : FlagBIT;
  }

  protected override boundsAddress(address: bigint): bigint {
    return address;
  }

  protected override narrowBase(cap: Capability): bigint {
    return cap.lo;
  }

  protected override mayNarrow(): boolean {
    return true;
  }

  override mayAdd(cap: Capability, address: bigint): boolean {
    return this.keepsFast(cap, address);
  }

  override maySet(cap: Capability, address: bigint): boolean {
    return this.keepsExact(cap, address);
  }

  override lengthMask(length: bigint): bigint {
    return this.lengthMaskLeast(length);
  }

  override setFlags(cap: Capability, flags: bigint): Capability {
    return { hi: (cap.hi & ~FlagBIT) | this.flagsBits(flags), lo: cap.lo, tag: this.keeps(cap, true) };
  }

  override sealIf(cap: Capability, authority: Capability): Capability {
    const asks = authority.tag && !this.isSealed(cap) && this.isInside(authority, authority.lo, 1n) && authority.lo !== AddressLAST;
    return asks ? this.seal(cap, authority) : cap;
  }

  override copyType(cap: Capability, source: Capability): Capability {
    const { hi, lo, tag } = this.setAddress(cap, this.type64(source));
    return { hi, lo, tag: tag && this.type(source) <= this.types.last };
  }

  override build(cap: Capability, authority: Capability): Capability {
    const { sentry, unsealed } = this.types;
    const hi = this.withType(cap.hi, this.type(cap) === sentry ? sentry : unsealed);
    const may = authority.tag && !this.isSealed(authority) && this.isWithin(cap, authority)
      && this.reserved(cap.hi) === this.reserved(authority.hi) && this.isCanonical(cap);
    return { hi, lo: cap.lo, tag: may };
  }

  /** Whether bounds are in order and written as `encode` would write them. */
  private isCanonical(cap: Capability): boolean {
    const { base, top } = this.bounds(cap);
    return base <= top && ((boundsFor(this.shape, base, top - base).bits ^ cap.hi) & this.boundsBits) === 0n;
  }
}

/** CHERI-RISC-V. */
export const riscv: Format = new Riscv();

/** capFromPtr -- the capability for an integer pointer relative to the base of `cap` (CFromPtr); NULL for 0. */
export const capFromPtr = (cap: Capability, value: bigint): Capability =>
  (wordOf(value) === 0n ? riscv.nullAt(0n) : riscv.setOffset(cap, value));

/** capToPtr -- the integer pointer, relative to the base of `base`, for a capability (CToPtr); 0 for one without a tag. */
export const capToPtr = (cap: Capability, base: Capability): bigint => (cap.tag ? wordOf(cap.lo - riscv.bounds(base).base) : 0n);

/** capSub -- the difference of addresses, modulo 2^64 (CSub). */
export const capSub = (cap: Capability, other: Capability): bigint => wordOf(cap.lo - other.lo);
