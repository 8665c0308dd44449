/* authority.ts: AUTHORITY OVER MAPPINGS
 *
 * What a slot's capability says about a range and about a reservation, from the slot's words and for both formats
 * <design/mman#.authority>.
 */
import {
  addrOfWindow, baseDecode, formatOf, isInside, PermEXECUTE, PermLOAD, PermSTORE, slotRead, SlotBOUNDS, SlotHIGH, SlotLOW, SlotPERMS, SlotREADABLE,
  SlotSHIFT, SlotTAG, SlotWRITABLE, WindowHIGH, type Hart,
} from '../../machine/machine.ts';
import { permVmem } from './mman.ts';
import type { Extent } from './representable.ts';

/** SW_VMEM as a bit of word 3, by format. */
const RiscvVMEM: number = 1 << 29;
const MorelloVMEM: number = 1 << 17;

/** isManager -- unsealed, tagged, with SW_VMEM: what any authority over mappings is, its bounds apart
 *
 * A room says that there is a tag and no seal; without one the format is asked.
 */
export function isManager(hart: Hart, slot: number): boolean {
  const { r } = hart, c = slot << SlotSHIFT;
  if ((r[c + SlotPERMS] & (hart.isMorello ? MorelloVMEM : RiscvVMEM)) === 0) return false;
  return (r[c + SlotREADABLE] | r[c + SlotWRITABLE]) !== 0 || (hart.isTagged(slot) && !isSealed(hart, slot));
}

export const isSealed = (hart: Hart, slot: number): boolean => formatOf(hart).isSealed(slotRead(hart, slot));

export const hasVmem = (hart: Hart, slot: number): boolean => {
  const format = formatOf(hart);
  return (format.perms(slotRead(hart, slot)) & permVmem(format)) !== 0;
};

/** isCovered -- [base, base + size), low addresses, is within the bounds of a slot. .critical */
export function isCovered(hart: Hart, slot: number, base: number, size: number): boolean {
  const { r } = hart, c = slot << SlotSHIFT;
  return r[c + SlotHIGH] === WindowHIGH && isInside(hart.isMorello, r[c], WindowHIGH, r[c + SlotBOUNDS], base, WindowHIGH, size);
}

/** isOwner -- the bounds of a slot, whose address is in a reservation, lie within it <design/mman#.stale>
 *
 * Bounds that hold the address lie within the reservation unless they hold a neighbour of it.
 */
export function isOwner(hart: Hart, slot: number, { base, limit }: Extent): boolean {
  const { r } = hart, c = slot << SlotSHIFT;
  if (!isCovered(hart, slot, r[c + SlotLOW], 1)) return isOwnerExactly(hart, slot, base, limit);
  return !isCovered(hart, slot, base - 1, 1) && !isCovered(hart, slot, limit, 1);
}

/** isOwnerExactly -- the same for any bounds. */
function isOwnerExactly(hart: Hart, slot: number, base: number, limit: number): boolean {
  const bounds = formatOf(hart).bounds(slotRead(hart, slot)), from = BigInt(addrOfWindow(0));
  return bounds.base >= from + BigInt(base) && bounds.top <= from + BigInt(limit);
}

/** isMeeting -- the bounds of a slot have a byte of [base, limit). */
export function isMeeting(hart: Hart, slot: number, base: number, limit: number): boolean {
  const bounds = formatOf(hart).bounds(slotRead(hart, slot)), from = BigInt(addrOfWindow(0));
  return bounds.base < from + BigInt(limit) && bounds.top > from + BigInt(base);
}

/** isManagerOf -- whether a slot surely gives authority over `size` bytes from its address in a reservation; if not, the questions above
 * have the answer <design/mman#.mprotect.quick>. .critical
 *
 * A room is a tag and no seal, and as many bytes as there are up to the top.
 */
export function isManagerOf(hart: Hart, slot: number, size: number, { base, limit }: Extent): boolean {
  const { r } = hart, c = slot << SlotSHIFT, low = r[c], room = r[c + SlotREADABLE] | r[c + SlotWRITABLE];
  if (size > room || (low >>> 0) + room > limit) return false;
  if (hart.isMorello) return (r[c + SlotPERMS] & MorelloVMEM) !== 0 && !isCovered(hart, slot, base - 1, 1);
  return (r[c + SlotPERMS] & RiscvVMEM) !== 0 && baseDecode(low, r[c + SlotBOUNDS]) >>> 0 >= base;
}

/** isNull -- an integer: no tag, and no bounds or permissions left over. */
export function isNull(hart: Hart, slot: number): boolean {
  const { r } = hart, c = slot << SlotSHIFT;
  return r[c + SlotBOUNDS] === 0 && r[c + SlotPERMS] === 0 && !hart.isTagged(slot);
}

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const LOAD: number = PermLOAD, STORE: number = PermSTORE, EXECUTE: number = PermEXECUTE;

/** isPermitted -- the LOAD, STORE and EXECUTE of a capability are enough for a prot. .critical */
export function isPermitted(hart: Hart, slot: number, prot: number): boolean {
  const tag = hart.r[(slot << SlotSHIFT) + SlotTAG];
  const need = ((prot & 1) !== 0 ? LOAD : 0) | ((prot & 2) !== 0 ? STORE : 0) | ((prot & 4) !== 0 ? EXECUTE : 0);
  return (tag & need) === need;
}
