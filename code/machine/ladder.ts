/* ladder.ts: THE LADDER
 *
 * Whether an access may be made, decided in full and in the order of the architecture <design/machine#.ladder>: the first rung that
 * refuses names the fault. Nothing is changed. The fast paths of `hart.ts` are shortcuts through it
 * <design/machine#.ladder.agree>.
 */
import { cool } from '../base/base.ts';
import { highOffset, lowOffset, PageSIZE } from './address.ts';
import { accessReads, accessWrites, faultIsPage, faultMake, type AccessKind, type Fault, type FaultKind } from './fault.ts';
import type { Hart } from './hart.ts';
import { PageEXECUTE, PageLOADCAP, PageREAD, PageSTORECAP, PageTRAPCAP, PageVALID, PageWRITE, pageLoadCap } from './pages.ts';
import {
  PermEXECUTE, PermGLOBAL, PermLOAD, PermLOADCAP, PermSTORE, PermSTORECAP, PermSTORELOCAL, SlotBOUNDS, SlotHIGH, SlotLOW, SlotPERMS,
  SlotREADABLE, SlotSHIFT, SlotTAG, SlotWRITABLE, boundsAreSealed,
} from './slot.ts';
import { morelloSealed } from './slot-morello.ts';
import { isInside } from './words.ts';

const COOL = cool;

/** authorityRefuses -- the rungs that the capability decides: tag, seal, permissions and bounds <design/machine#.ladder.authority>
 *
 * Tag words are those of slots: 0 for untagged, else permissions as Perm bits. `isWithin` says whether the access is within bounds.
 */
export function authorityRefuses(
  isMorello: boolean, tag: number, isSealed: boolean, isWithin: boolean, access: AccessKind, valueTag: number,
): FaultKind | null {
  if (tag === 0) return 'tag';
  if (isSealed) return 'seal';
  if (access === 'fetch') return (tag & PermEXECUTE) === 0 ? 'execute' : isWithin ? null : 'bounds';
  const reads = accessReads(access), writes = accessWrites(access);
  if (reads && (tag & PermLOAD) === 0) return 'load';
  if (!isMorello && access === 'loadtags' && (tag & PermLOADCAP) === 0) return 'loadcap';
  // Morello asks the whole of a load first, then the whole of a store.
  if (isMorello && reads && writes && !isWithin) return 'bounds';
  if (writes && (tag & PermSTORE) === 0) return 'store';
  if (valueTag !== 0) {
    if ((tag & PermSTORECAP) === 0) return 'storecap';
    if ((valueTag & PermGLOBAL) === 0 && (tag & PermSTORELOCAL) === 0) return 'storelocal';
  }
  return isWithin ? null : 'bounds';
}

/** isAligned -- the rung of alignment: to the size; that of an instruction of CHERI-RISC-V is two bytes. */
const isAligned = (isMorello: boolean, access: AccessKind, at: number, size: number): boolean =>
  (at & ((access === 'fetch' && !isMorello ? 2 : size) - 1)) === 0;

/** pageRefuses -- the rung of translation: the page's rights, then what it says of tags that are to be stored or that are there. */
function pageRefuses(hart: Hart, entry: number, access: AccessKind, at: number, tag: number, valueTag: number): FaultKind | null {
  if (access === 'fetch') return (entry & PageEXECUTE) === 0 || (entry & PageVALID) === 0 ? 'page' : null;
  const need = PageVALID | (accessReads(access) ? PageREAD : 0) | (accessWrites(access) ? PageWRITE : 0);
  if ((entry & need) !== need) return 'page';
  if (valueTag !== 0 && (entry & PageSTORECAP) === 0) return 'page-storecap';
  switch (access) {
    case 'loadcap': case 'swapcap':
      return pageTraps(hart, entry) && (tag & PermLOADCAP) !== 0 && isTaggedAt(hart, entry, at) ? 'page-loadcap' : null;
    case 'loadtags': return !hart.isMorello && pageStrips(entry) ? 'page-loadcap' : null;
    default: return null;
  }
}

/** pageTraps -- loading what is tagged faults: the page says so, or is of the other generation <design/machine#.pages.generation>. */
export const pageTraps = (hart: Hart, entry: number): boolean =>
  (entry & pageLoadCap(hart.generation)) === 0 && (entry & (PageLOADCAP | PageTRAPCAP)) !== 0;

/** pageStrips -- tags from the page do not reach registers. */
export const pageStrips = (entry: number): boolean => (entry & (PageLOADCAP | PageTRAPCAP)) === 0;

const isTaggedAt = (hart: Hart, entry: number, at: number): boolean => (hart.tags[physicalOf(entry, at) >>> 4] & 1) !== 0;

const physicalOf = (entry: number, at: number): number => ((entry & -PageSIZE) | (at & (PageSIZE - 1))) >>> 0;

/** ladder -- the physical address of an access through a slot, or the fault that refuses it. .critical
 *
 * `size` is 1, 2, 4, 8 or 16, and 64 for tags; `valueTag` is the tag word of the capability that is to be stored, 0 with other accesses.
 * The address is (the slot's address + offset) mod 2^64, for any integer offset below 2^52. `value` is the slot that the
 * tag word is of, for the report.
 */
export function ladder(
  hart: Hart, access: AccessKind, slot: number, offset: number, size: number, valueTag: number, value: number = -1,
): Fault | number {
  const r = hart.r, c = slot << SlotSHIFT, low = r[c + SlotLOW], high = r[c + SlotHIGH];
  const at = lowOffset(low, offset), atHigh = highOffset(low, high, offset), entry = hart.space.entry(at, atHigh);
  const isWithin = hasRoom(r, c, offset, size) || isInside(hart.isMorello, low, high, r[c + SlotBOUNDS], at, atHigh, size);
  return decide(hart, access, slot, at, atHigh, size, valueTag, value, offset, entry, isWithin);
}

/** ladderBy -- the same by an entry that was read before, for who decides more by it than this <design/workers#.rights.once>. */
export function ladderBy(
  entry: number, hart: Hart, access: AccessKind, slot: number, offset: number, size: number, valueTag: number, value: number,
): Fault | number {
  const r = hart.r, c = slot << SlotSHIFT, low = r[c + SlotLOW], high = r[c + SlotHIGH];
  const at = lowOffset(low, offset), atHigh = highOffset(low, high, offset);
  const isWithin = isInside(hart.isMorello, low, high, r[c + SlotBOUNDS], at, atHigh, size);
  return decide(hart, access, slot, at, atHigh, size, valueTag, value, offset, entry, isWithin);
}

/** hasRoom -- a room of the slot at word `c` says that an access is within bounds; `cool` asks the bounds themselves. */
const hasRoom = (r: Int32Array, c: number, offset: number, size: number): boolean =>
  !COOL && offset >= 0 && (offset + size <= r[c + SlotREADABLE] || offset + size <= r[c + SlotWRITABLE]);

/** ladderEntry -- the page-table entry of an address that is reached through a slot. */
export function ladderEntry({ r, space }: Hart, slot: number, offset: number): number {
  const c = slot << SlotSHIFT, low = r[c + SlotLOW], high = r[c + SlotHIGH];
  return space.entry(lowOffset(low, offset), highOffset(low, high, offset));
}

/** ladderAt -- the same for any address, given as two words. */
export function ladderAt(
  hart: Hart, access: AccessKind, slot: number, at: number, atHigh: number, size: number, valueTag: number,
): Fault | number {
  const r = hart.r, c = slot << SlotSHIFT;
  const isWithin = isInside(hart.isMorello, r[c + SlotLOW], r[c + SlotHIGH], r[c + SlotBOUNDS], at, atHigh, size);
  return decide(hart, access, slot, at, atHigh, size, valueTag, -1, 0, hart.space.entry(at, atHigh), isWithin);
}

/** decide -- the rungs one after the other. */
function decide(
  hart: Hart, access: AccessKind, slot: number, at: number, atHigh: number, size: number, valueTag: number, value: number,
  offset: number, entry: number, isWithin: boolean,
): Fault | number {
  const r = hart.r, c = slot << SlotSHIFT, bounds = r[c + SlotBOUNDS], perms = r[c + SlotPERMS], tag = r[c + SlotTAG];
  const { isMorello } = hart;
  const isSealed = isMorello ? morelloSealed(bounds, perms) : boundsAreSealed(bounds, perms);
  const refusal = authorityRefuses(isMorello, tag, isSealed, isWithin, access, valueTag)
    ?? (isAligned(isMorello, access, at, size) ? null : 'misaligned')
    ?? pageRefuses(hart, entry, access, at, tag, valueTag);
  if (refusal !== null) return faultMake(refusal, access, at, atHigh, size, slot, offset, value);
  return physicalOf(entry, at);
}

/** ladderGrant -- the physical address of an access if its page granted everything; -1 if another rung refuses it or the page has
 * no frame <design/machine#.fault.grant>. */
export function ladderGrant(
  hart: Hart, access: AccessKind, slot: number, offset: number, size: number, valueTag: number,
): number {
  const found = ladder(hart, access, slot, offset, size, valueTag);
  if (typeof found === 'number') return found;
  if (!faultIsPage(found)) return -1;
  const entry = hart.space.entry(found.low, found.high);
  return (entry & PageVALID) === 0 ? -1 : physicalOf(entry, found.low);
}

/** ladderStrips -- whether authority or page keeps the tag of a loaded capability from the register, for a load that may be made
 *
 * Neither faults <design/machine#.ladder.strip>.
 */
export const ladderStrips = (hart: Hart, slot: number, offset: number, entry: number = ladderEntry(hart, slot, offset)): boolean =>
  (hart.r[(slot << SlotSHIFT) + SlotTAG] & PermLOADCAP) === 0 || (entry & PageLOADCAP) === 0;
