/* derive.ts: CAPABILITY INSTRUCTIONS
 *
 * What a program does with the capabilities in its slots other than load and store through them: one function an
 * instruction, from slot to slot, source and destination may be the same. None faults; what would grow authority loses the
 * tag <design/capability#.inv.monotonic>. They go through `capability.ts` and are off the critical path.
 */
import { aver } from '../base/base.ts';
import { addrOfWords, type Addr } from './address.ts';
import {
  capAndPerm, capBounds, capClearTag, capIncOffset, capLength, capOffset, capPerms, capSeal, capSealEntry, capSetAddress, capSetBounds,
  capSetBoundsExact, capTypeSigned, capUnseal, type Capability,
} from './capability.ts';
import type { Hart } from './hart.ts';
import { SlotHIGH, SlotLOW, SlotPERMS, SlotBOUNDS, SlotSHIFT, SlotTAG, slotDecode } from './slot.ts';

const wordOf = (bits: bigint): number => Number(BigInt.asIntN(32, bits));
const bitsOf = (high: number, low: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

// Slots and values ---------------------------------------------------------------------------------------------------

/** slotRead -- the capability in a slot, as a value. */
export function slotRead(hart: Hart, slot: number): Capability {
  const r = hart.r, c = wordOfSlot(hart, slot);
  return {
    hi: bitsOf(r[c + SlotPERMS], r[c + SlotBOUNDS]),
    lo: bitsOf(r[c + SlotHIGH], r[c + SlotLOW]),
    tag: r[c + SlotTAG] !== 0,
  };
}

/** slotWrite -- put a capability into a slot, tag and all: authority from nothing, for loaders and tests. */
export function slotWrite(hart: Hart, slot: number, cap: Capability): void {
  const c = wordOfSlot(hart, slot);
  hart.set(slot, wordOf(cap.lo), wordOf(cap.lo >> 32n), wordOf(cap.hi), wordOf(cap.hi >> 32n));
  if (cap.tag) slotDecode(hart.r, c);
}

function wordOfSlot(hart: Hart, slot: number): number {
  aver((slot >>> 0) === slot && slot < hart.limit, '<design/machine#.hart.slot.exists>');
  return slot << SlotSHIFT;
}

/** integerOf -- a number as the 64-bit integer operand of an instruction. */
function integerOf(value: number): bigint {
  aver(Number.isSafeInteger(value), '<design/capability#.operand>');
  return BigInt(value);
}

// Instructions -------------------------------------------------------------------------------------------------------

/** incOffset -- add `increment`, of either sign, to the address. */
export function incOffset(hart: Hart, dst: number, src: number, increment: number): void {
  slotWrite(hart, dst, capIncOffset(slotRead(hart, src), integerOf(increment)));
}

/** setAddress -- replace the address. */
export function setAddress(hart: Hart, dst: number, src: number, addr: Addr): void {
  slotWrite(hart, dst, capSetAddress(slotRead(hart, src), integerOf(addr)));
}

/** setBounds -- narrow to `length` bytes from the address, rounded outward where it must be. */
export function setBounds(hart: Hart, dst: number, src: number, length: number): void {
  slotWrite(hart, dst, capSetBounds(slotRead(hart, src), lengthOperand(length)));
}

/** setBoundsExact -- the same; without a tag where it would be rounded. */
export function setBoundsExact(hart: Hart, dst: number, src: number, length: number): void {
  slotWrite(hart, dst, capSetBoundsExact(slotRead(hart, src), lengthOperand(length)));
}

function lengthOperand(length: number): bigint {
  aver(length >= 0, '<design/capability#.operand>');
  return integerOf(length);
}

/** andPerm -- keep those permissions that are in `mask`, an or of Cap constants. */
export function andPerm(hart: Hart, dst: number, src: number, mask: number): void {
  slotWrite(hart, dst, capAndPerm(slotRead(hart, src), mask));
}

/** clearTag -- the same bits, untagged. */
export function clearTag(hart: Hart, dst: number, src: number): void {
  slotWrite(hart, dst, capClearTag(slotRead(hart, src)));
}

/** sealEntry -- seal as a sentry. */
export function sealEntry(hart: Hart, dst: number, src: number): void {
  slotWrite(hart, dst, capSealEntry(slotRead(hart, src)));
}

/** seal -- seal with the object type that slot `authority` addresses. */
export function seal(hart: Hart, dst: number, src: number, authority: number): void {
  slotWrite(hart, dst, capSeal(slotRead(hart, src), slotRead(hart, authority)));
}

/** unseal -- unseal what has the object type that slot `authority` addresses. */
export function unseal(hart: Hart, dst: number, src: number, authority: number): void {
  slotWrite(hart, dst, capUnseal(slotRead(hart, src), slotRead(hart, authority)));
}

// Questions ----------------------------------------------------------------------------------------------------------
// Answers are exact below 2^53 and the nearest number above.

/** addrOf -- the address. */
export function addrOf(hart: Hart, slot: number): Addr {
  const c = wordOfSlot(hart, slot);
  return addrOfWords(hart.r[c + SlotLOW], hart.r[c + SlotHIGH]);
}

/** baseOf -- the base of the bounds. */
export const baseOf = (hart: Hart, slot: number): Addr => Number(capBounds(slotRead(hart, slot)).base) as Addr;

/** lengthOf -- top less base in bytes, up to 2^64. */
export const lengthOf = (hart: Hart, slot: number): number => Number(capLength(slotRead(hart, slot)));

/** offsetOf -- address less base; negative where the address is below. */
export const offsetOf = (hart: Hart, slot: number): number => Number(BigInt.asIntN(64, capOffset(slotRead(hart, slot))));

/** permsOf -- the permissions, as Cap constants. */
export const permsOf = (hart: Hart, slot: number): number => capPerms(slotRead(hart, slot));

/** typeOf -- the object type; -1 is unsealed, -2 a sentry. */
export const typeOf = (hart: Hart, slot: number): number => capTypeSigned(slotRead(hart, slot));
