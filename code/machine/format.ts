/* format.ts: CAPABILITY FORMATS
 *
 * What a capability format is: how 128 bits are read, and what each instruction makes of them <design/capability>. There are two,
 * `riscv.ts` and `morello.ts`; a machine has one of them <design/machine#.format>. Values here are `bigint`: they are for
 * instructions, kernels, tools and tests. What accesses need is in `words.ts`, in 32-bit words.
 *
 * No function faults: one that would grow authority gives a result without a tag <design/capability#.inv.monotonic>.
 */
import type { AccessKind, FaultKind } from './fault.ts';

/** 128 bits in memory form <design/capability#.memory-form>, and a tag. All zeros and untagged is NULL. */
export interface Capability {
  readonly hi: bigint;
  /** The address; Morello calls it the value. */
  readonly lo: bigint;
  readonly tag: boolean;
}

/** The formats, by the names that vectors and the command line give them. */
export type FormatName = 'riscv' | 'morello';

/** Half open: [base, top). Bits that no derivation makes can decode to a top below the base or beyond the space. */
export interface Bounds {
  /** 64 bits. */
  readonly base: bigint;
  /** 65 bits. */
  readonly top: bigint;
}

/** A capability taken apart, as the architecture names the parts. */
export interface Fields extends Bounds {
  /** The upper half in architectural form. */
  readonly raw: bigint;
  /** The exponent is within T and B; their granule is then eight units, else one byte. */
  readonly internal: boolean;
  /** As encoded: up to 63. */
  readonly exponent: bigint;
  /** 14 or 16 bits. */
  readonly b: bigint;
  /** 14 or 16 bits, the upper two reconstructed. */
  readonly t: bigint;
  /** Morello: the exponent is one that means something. */
  readonly valid: boolean;
  /** In the format's own numbers. */
  readonly perms: number;
  readonly type: number;
  /** CHERI-RISC-V: bit 109. Morello: the address with all but bits 63 to 56 cleared. */
  readonly flags: bigint;
  /** CHERI-RISC-V: bits 111 and 110. Morello has none: 0. */
  readonly reserved: number;
}

/** A capability with narrowed bounds. */
export interface Fitted {
  readonly cap: Capability;
  /** Its bounds are those asked for, not more. */
  readonly exact: boolean;
}

/** Permissions as bits of the format's own permission number; 0 where it has no such permission. */
export interface PermBits {
  readonly global: number;
  readonly execute: number;
  readonly load: number;
  readonly store: number;
  readonly loadCap: number;
  readonly storeCap: number;
  readonly storeLocal: number;
  readonly seal: number;
  readonly unseal: number;
  /** CINVOKE; Morello's BRANCH_SEALED_PAIR. */
  readonly invoke: number;
  /** ACCESS_SYSTEM_REGISTERS; Morello's SYSTEM. */
  readonly system: number;
  /** SET_CID; Morello's COMPARTMENT_ID. */
  readonly compartment: number;
  readonly user0: number;
  readonly user1: number;
  readonly user2: number;
  readonly user3: number;
  /** Morello alone. */
  readonly executive: number;
  /** Morello alone: unsealed capabilities loaded without it cannot be stored through. */
  readonly mutableLoad: number;
  /** Every one. */
  readonly all: number;
}

/** Object types of a format. Every type but `unsealed` is sealed. */
export interface TypeNumbers {
  readonly unsealed: number;
  /** What CSealEntry gives, and SEAL RB. */
  readonly sentry: number;
  /** The greatest that an authority may seal with. */
  readonly last: number;
}

/** A capability format. Addresses and lengths are 64-bit unsigned; results are. */
export interface Format {
  readonly name: FormatName;
  /** For people: 'CHERI-RISC-V', 'Morello'. */
  readonly title: string;
  readonly perm: PermBits;
  /** Bits of the permission number from the lowest, with the architecture's names. */
  readonly permNames: readonly (readonly [bit: number, name: string])[];
  readonly types: TypeNumbers;

  // Fields. ------------------------------------------------------------------------------------------------------------
  fields(cap: Capability): Fields;
  bounds(cap: Capability): Bounds;
  /** CGetPerm, in the format's own numbers. */
  perms(cap: Capability): number;
  /** The field. */
  type(cap: Capability): number;
  /** CGetType: 64 bits; CHERI-RISC-V sign-extends reserved types. */
  type64(cap: Capability): bigint;
  flags(cap: Capability): bigint;
  isSealed(cap: Capability): boolean;
  /** Sealed as a sentry of any sort (Morello: RB, LPB, LB). */
  isSentry(cap: Capability): boolean;
  /** The permissions that accesses ask for, as Perm bits of a slot's tag word <design/machine#.slot.tag>. */
  slotPerms(cap: Capability): number;

  // Making. ------------------------------------------------------------------------------------------------------------
  /** NULL with an address: what an integer is in a capability register. */
  nullAt(address: bigint): Capability;
  /** Every permission, the whole space. */
  rootAt(address: bigint): Capability;
  /** The narrowest bounds that hold [base, top), base <= top <= 2^64, at an address; no rule is applied to the tag. `exact` says whether
   * base and top could be represented; at an address outside the representable region the result has other bounds. */
  encode(bounds: Bounds, address: bigint, perms: number, type: number, flags: bigint, tag: boolean): Fitted;

  // Bounds. ------------------------------------------------------------------------------------------------------------
  /** CSetBounds, SCBNDS: [address, address + length); length below 2^64. */
  setBounds(cap: Capability, length: bigint): Fitted;
  /** CSetBoundsExact, SCBNDSE: the same bits, without a tag where that is more than was asked for. */
  setBoundsExact(cap: Capability, length: bigint): Capability;
  /** CRAM, RRMASK. */
  lengthMask(length: bigint): bigint;
  /** CRRL, RRLEN. */
  lengthRound(length: bigint): bigint;
  /** The least alignment mask, at base 0; differs from `lengthMask` on Morello alone. */
  lengthMaskLeast(length: bigint): bigint;
  lengthRoundLeast(length: bigint): bigint;

  // The address. -------------------------------------------------------------------------------------------------------
  /** CIncOffset, ADD; `increment` modulo 2^64. */
  incOffset(cap: Capability, increment: bigint): Capability;
  /** CSetOffset, SCOFF. */
  setOffset(cap: Capability, offset: bigint): Capability;
  /** CSetAddr, SCVALUE. */
  setAddress(cap: Capability, address: bigint): Capability;
  /** The bare fast check, and the exact one, without Morello's further conditions. */
  keepsFast(cap: Capability, address: bigint): boolean;
  keepsExact(cap: Capability, address: bigint): boolean;
  /** Whether the address change alone would keep the tag of CIncOffset or ADD; of CSetAddr or SCVALUE. */
  mayAdd(cap: Capability, address: bigint): boolean;
  maySet(cap: Capability, address: bigint): boolean;

  // Fields that can only lose. -----------------------------------------------------------------------------------------
  /** CAndPerm; CLRPERM with the complement. */
  andPerm(cap: Capability, mask: number): Capability;
  /** CSetFlags: bit 0. SCFLGS: bits 63 to 56. */
  setFlags(cap: Capability, flags: bigint): Capability;
  /** CSetHigh, CTHI: the upper half in memory form. */
  setHigh(cap: Capability, hi: bigint): Capability;

  // Sealing. -----------------------------------------------------------------------------------------------------------
  /** CSealEntry, SEAL RB. */
  sealEntry(cap: Capability): Capability;
  /** CSeal, SEAL. */
  seal(cap: Capability, authority: Capability): Capability;
  /** CCSeal, CSEAL. */
  sealIf(cap: Capability, authority: Capability): Capability;
  /** CUnseal, UNSEAL. */
  unseal(cap: Capability, authority: Capability): Capability;
  /** CCopyType, CPYTYPE: `cap` with the type of `source` as its address. */
  copyType(cap: Capability, source: Capability): Capability;
  /** CBuildCap, BUILD: the bits of `cap` tagged, if `authority` could have made them. */
  build(cap: Capability, authority: Capability): Capability;

  // Questions. ---------------------------------------------------------------------------------------------------------
  /** Whether [address, + size) is within the bounds, without wrapping; the tag does not matter. */
  isInside(cap: Capability, address: bigint, size: bigint): boolean;
  /** CTestSubset, CHKSS: `cap` is as tagged as `other`, its bounds within, its permissions among the other's. */
  isSubset(cap: Capability, other: Capability): boolean;
  /** What a register receives when `memory` is loaded through `authority`. */
  loaded(memory: Capability, authority: Capability): Capability;
  /** The first rung that refuses an access, up to and with alignment, which is asked of capability accesses alone; `value` is what is
   * to be stored. */
  refuses(cap: Capability, address: bigint, access: AccessKind, size: bigint, value: Capability): FaultKind | null;
}
