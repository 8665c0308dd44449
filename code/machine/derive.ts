/* derive.ts: CAPABILITY INSTRUCTIONS
 *
 * What a program does with the capabilities in its slots other than load and store through them: one function an
 * instruction, from slot to slot, source and destination may be the same. None faults; what would grow authority loses the
 * tag <design/capability#.inv.monotonic>. They go through the hart's format and are off the critical path.
 */
import { aver } from '../base/base.ts';
import { addrOfWords, type Addr } from './address.ts';
import { capClearTag, capLength, capOffset } from './codec.ts';
import type { Capability, Fields, Format, FormatName } from './format.ts';
import type { Hart } from './hart.ts';
import { morello } from './morello.ts';
import { riscv } from './riscv.ts';
import { SlotHIGH, SlotLOW, SlotPERMS, SlotBOUNDS, SlotSHIFT } from './slot.ts';

/** A 64-bit integer operand: a safe integer or a bigint, of either sign, modulo 2^64 <design/capability#.operand>. */
export type Integer = number | bigint;

const wordOf = (bits: bigint): number => Number(BigInt.asIntN(32, bits));
const bitsOf = (high: number, low: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

/** The formats by name. */
export const formats: Readonly<Record<FormatName, Format>> = { riscv, morello };

/** formatOf -- the format of a hart's capabilities. */
export const formatOf = (hart: Hart): Format => (hart.isMorello ? morello : riscv);

// Slots and values ---------------------------------------------------------------------------------------------------

/** slotRead -- the capability in a slot, as a value. */
export function slotRead(hart: Hart, slot: number): Capability {
  hart.insist(slot, 0);
  const r = hart.r, c = slot << SlotSHIFT;
  return { hi: bitsOf(r[c + SlotPERMS], r[c + SlotBOUNDS]), lo: bitsOf(r[c + SlotHIGH], r[c + SlotLOW]), tag: hart.isTagged(slot) };
}

/** slotWrite -- put a capability into a slot, tag and all: authority from nothing, for loaders and tests. */
export function slotWrite(hart: Hart, slot: number, cap: Capability): void {
  hart.insist(slot, 0);
  hart.set(slot, wordOf(cap.lo), wordOf(cap.lo >> 32n), wordOf(cap.hi), wordOf(cap.hi >> 32n));
  if (cap.tag) hart.decode(slot);
}

/** integerOf -- an operand as 64 unsigned bits. */
function integerOf(value: Integer): bigint {
  aver(typeof value === 'bigint' || Number.isSafeInteger(value), '<design/capability#.operand>');
  return BigInt.asUintN(64, BigInt(value));
}

// Instructions -------------------------------------------------------------------------------------------------------

/** incOffset -- add `increment` to the address (CIncOffset, ADD). */
export function incOffset(hart: Hart, dst: number, src: number, increment: Integer): void {
  slotWrite(hart, dst, formatOf(hart).incOffset(slotRead(hart, src), integerOf(increment)));
}

/** setOffset -- make the address `offset` bytes from the base (CSetOffset, SCOFF). */
export function setOffset(hart: Hart, dst: number, src: number, offset: Integer): void {
  slotWrite(hart, dst, formatOf(hart).setOffset(slotRead(hart, src), integerOf(offset)));
}

/** setAddress -- replace the address (CSetAddr, SCVALUE). */
export function setAddress(hart: Hart, dst: number, src: number, addr: Integer): void {
  slotWrite(hart, dst, formatOf(hart).setAddress(slotRead(hart, src), integerOf(addr)));
}

/** setBounds -- narrow to `length` bytes from the address, rounded outward where it must be (CSetBounds, SCBNDS). */
export function setBounds(hart: Hart, dst: number, src: number, length: Integer): void {
  slotWrite(hart, dst, formatOf(hart).setBounds(slotRead(hart, src), lengthOperand(length)).cap);
}

/** setBoundsExact -- the same; without a tag where it would be rounded (CSetBoundsExact, SCBNDSE). */
export function setBoundsExact(hart: Hart, dst: number, src: number, length: Integer): void {
  slotWrite(hart, dst, formatOf(hart).setBoundsExact(slotRead(hart, src), lengthOperand(length)));
}

function lengthOperand(length: Integer): bigint {
  aver(length >= 0, '<design/capability#.operand>');
  return integerOf(length);
}

/** andPerm -- keep those permissions that are in `mask`, in the format's own numbers (CAndPerm, CLRPERM). */
export function andPerm(hart: Hart, dst: number, src: number, mask: number): void {
  slotWrite(hart, dst, formatOf(hart).andPerm(slotRead(hart, src), mask));
}

/** setFlags -- replace the flags (CSetFlags: bit 0; SCFLGS: bits 63 to 56). */
export function setFlags(hart: Hart, dst: number, src: number, flags: Integer): void {
  slotWrite(hart, dst, formatOf(hart).setFlags(slotRead(hart, src), integerOf(flags)));
}

/** setHigh -- replace the upper half, in memory form; the tag is lost (CSetHigh, CTHI). */
export function setHigh(hart: Hart, dst: number, src: number, high: Integer): void {
  slotWrite(hart, dst, formatOf(hart).setHigh(slotRead(hart, src), integerOf(high)));
}

/** clearTag -- the same bits, untagged (CClearTag, CLRTAG). */
export function clearTag(hart: Hart, dst: number, src: number): void {
  slotWrite(hart, dst, capClearTag(slotRead(hart, src)));
}

/** sealEntry -- seal as a sentry (CSealEntry, SEAL RB). */
export function sealEntry(hart: Hart, dst: number, src: number): void {
  slotWrite(hart, dst, formatOf(hart).sealEntry(slotRead(hart, src)));
}

/** seal -- seal with the object type that slot `authority` addresses (CSeal, SEAL). */
export function seal(hart: Hart, dst: number, src: number, authority: number): void {
  slotWrite(hart, dst, formatOf(hart).seal(slotRead(hart, src), slotRead(hart, authority)));
}

/** sealIf -- the same where the authority asks for it (CCSeal, CSEAL). */
export function sealIf(hart: Hart, dst: number, src: number, authority: number): void {
  slotWrite(hart, dst, formatOf(hart).sealIf(slotRead(hart, src), slotRead(hart, authority)));
}

/** unseal -- unseal what has the object type that slot `authority` addresses (CUnseal, UNSEAL). */
export function unseal(hart: Hart, dst: number, src: number, authority: number): void {
  slotWrite(hart, dst, formatOf(hart).unseal(slotRead(hart, src), slotRead(hart, authority)));
}

/** copyType -- `src` with the object type of slot `source` as its address (CCopyType, CPYTYPE). */
export function copyType(hart: Hart, dst: number, src: number, source: number): void {
  slotWrite(hart, dst, formatOf(hart).copyType(slotRead(hart, src), slotRead(hart, source)));
}

/** build -- tag the bits of `src` if slot `authority` could have made them (CBuildCap, BUILD). */
export function build(hart: Hart, dst: number, src: number, authority: number): void {
  slotWrite(hart, dst, formatOf(hart).build(slotRead(hart, src), slotRead(hart, authority)));
}

// Questions ----------------------------------------------------------------------------------------------------------
// Answers in numbers are exact below 2^53 and the nearest number above.

/** addrOf -- the address. */
export function addrOf(hart: Hart, slot: number): Addr {
  hart.insist(slot, 0);
  const c = slot << SlotSHIFT;
  return addrOfWords(hart.r[c + SlotLOW], hart.r[c + SlotHIGH]);
}

/** baseOf -- the base of the bounds. */
export const baseOf = (hart: Hart, slot: number): Addr => Number(fieldsOf(hart, slot).base) as Addr;

/** lengthOf -- top less base in bytes, up to 2^64. */
export const lengthOf = (hart: Hart, slot: number): number => Number(capLength(formatOf(hart), slotRead(hart, slot)));

/** offsetOf -- address less base; negative where the address is below. */
export const offsetOf = (hart: Hart, slot: number): number => Number(BigInt.asIntN(64, capOffset(formatOf(hart), slotRead(hart, slot))));

/** permsOf -- the permissions, in the format's own numbers. */
export const permsOf = (hart: Hart, slot: number): number => formatOf(hart).perms(slotRead(hart, slot));

/** typeOf -- the object type; of CHERI-RISC-V's, -1 is unsealed and -2 a sentry. */
export const typeOf = (hart: Hart, slot: number): number => Number(BigInt.asIntN(64, formatOf(hart).type64(slotRead(hart, slot))));

/** fieldsOf -- everything there is to know of a slot, exactly. */
export const fieldsOf = (hart: Hart, slot: number): Fields => formatOf(hart).fields(slotRead(hart, slot));

/** isSubset -- whether what is in `slot` could have been derived from what is in `other` (CTestSubset). */
export const isSubset = (hart: Hart, slot: number, other: number): boolean =>
  formatOf(hart).isSubset(slotRead(hart, slot), slotRead(hart, other));

/** lengthRound -- the least representable length that is no smaller, modulo 2^64 (CRRL, RRLEN). */
export const lengthRound = (hart: Hart, length: Integer): bigint => formatOf(hart).lengthRound(integerOf(length));

/** lengthMask -- the bits of a base that may be set if `length` bytes there are to be representable (CRAM, RRMASK). */
export const lengthMask = (hart: Hart, length: Integer): bigint => formatOf(hart).lengthMask(integerOf(length));
