/* ladder.ts: THE LADDER
 *
 * Whether an access may be made, decided in full and in the order of ISAv9 <design/machine#.ladder>: the first rung that
 * refuses names the fault. Nothing is changed. The fast paths of `hart.ts` are shortcuts through it
 * <design/machine#.ladder.agree>.
 */
import { highOffset, lowOffset, PageSIZE } from './address.ts';
import { boundsHold } from './bounds.ts';
import { faultMake, type AccessKind, type Fault, type FaultKind } from './fault.ts';
import type { Hart } from './hart.ts';
import { PageLOADCAP, PageREAD, PageSTORECAP, PageVALID, PageWRITE } from './pages.ts';
import {
  PermEXECUTE, PermGLOBAL, PermLOAD, PermLOADCAP, PermSTORE, PermSTORECAP, PermSTORELOCAL, SlotBOUNDS, SlotHIGH, SlotLOW, SlotPERMS,
  SlotSHIFT, SlotTAG, boundsAreSealed,
} from './slot.ts';

/** Every access that authority can be asked for; harts make those of AccessKind. */
export type AuthorityKind = AccessKind | 'amo' | 'swapcap' | 'fetch';

/** authorityRefuses -- the rungs of tag, seal and permissions <design/machine#.ladder.authority>
 *
 * The words of the authority; tag words are 0 for untagged, and a value's has PermGLOBAL where the value has it.
 */
export function authorityRefuses(
  tag: number, bounds: number, perms: number, access: AuthorityKind, valueTag: number,
): FaultKind | null {
  if (tag === 0) return 'tag';
  if (boundsAreSealed(bounds, perms)) return 'seal';
  if (access === 'fetch') return (perms & PermEXECUTE) === 0 ? 'execute' : null;
  const stores = access === 'store' || access === 'storecap', both = access === 'amo' || access === 'swapcap';
  if (!stores && (perms & PermLOAD) === 0) return 'load';
  if (!stores && !both) return null;
  if ((perms & PermSTORE) === 0) return 'store';
  if (valueTag === 0 || (access !== 'storecap' && access !== 'swapcap')) return null;
  if ((perms & PermSTORECAP) === 0) return 'storecap';
  return (valueTag & PermGLOBAL) === 0 && (perms & PermSTORELOCAL) === 0 ? 'storelocal' : null;
}

/** isInside -- the rung of bounds: [address + offset, + size) is within them. .critical
 *
 * .near: Bounds that span less than the window, around an address that is not at an end of the space, are measured in plain
 * numbers: neither base nor top can leave the space, and nothing exceeds 2^53. Others are for `bounds.ts`.
 */
export function isInside(low: number, high: number, bounds: number, offset: number, size: number): boolean {
  const raw = bounds ^ 0x401_8004, internal = (raw & 0x400_0000) !== 0;
  const e = internal ? ((raw >>> 11) & 0x38) | (raw & 7) : 0;
  if (e > 18 || high === 0 || high === -1 || !(Math.abs(offset) < 0x1_0000_0000)) return boundsHold(low, high, bounds, offset, size);
  const unit = 1 << e;
  const b = internal ? raw & 0x3ff8 : raw & 0x3fff;
  const t = (raw >>> 14) & (internal ? 0xff8 : 0xfff);
  const length = (((t - b) & 0xfff) + (internal ? 0x1000 : 0)) * unit;
  // Where the address and the base are in their aligned blocks of 2^14 units, and which of the blocks overlap the next.
  const region = ((b >>> 11) - 1) & 7;
  const within = (low & (-1 >>> (18 - e))) >>> 0, eighth = within >>> (11 + e);
  const block = (eighth < region ? 1 : 0) - (b >>> 11 < region ? 1 : 0);
  const above = within - b * unit + block * 0x4000 * unit;
  return above + offset >= 0 && above + offset + size <= length;
}

/** pageRefuses -- the rung of translation: the page's rights, then what they say of a tagged value. */
function pageRefuses(entry: number, access: AccessKind, valueTag: number): FaultKind | null {
  const stores = access === 'store' || access === 'storecap';
  const need = PageVALID | (stores ? PageWRITE : PageREAD);
  if ((entry & need) !== need) return 'page';
  return access === 'storecap' && valueTag !== 0 && (entry & PageSTORECAP) === 0 ? 'page-storecap' : null;
}

/** ladder -- the physical address of an access through a slot, or the fault that refuses it. .critical
 *
 * `size` is 1, 2, 4, 8 or 16; `valueTag` is the tag word of the capability that is to be stored, 0 with other accesses.
 * The address is (the slot's address + offset) mod 2^64, for any integer offset below 2^52. `value` is the slot that the
 * tag word is of, for the report.
 */
export function ladder(
  hart: Hart, access: AccessKind, slot: number, offset: number, size: number, valueTag: number, value: number = -1,
): Fault | number {
  const r = hart.r, c = slot << SlotSHIFT;
  const low = r[c + SlotLOW], high = r[c + SlotHIGH], bounds = r[c + SlotBOUNDS];
  const at = lowOffset(low, offset), atHigh = highOffset(low, high, offset);
  const entry = hart.space.entry(at, atHigh);
  const refusal = authorityRefuses(r[c + SlotTAG], bounds, r[c + SlotPERMS], access, valueTag)
    ?? (isInside(low, high, bounds, offset, size) ? null : 'bounds')
    ?? ((at & (size - 1)) === 0 ? null : 'misaligned')
    ?? pageRefuses(entry, access, valueTag);
  if (refusal !== null) return faultMake(refusal, access, at, atHigh, size, slot, offset, value);
  return ((entry & -PageSIZE) | (at & (PageSIZE - 1))) >>> 0;
}

/** ladderGrant -- the physical address of an access if its page granted everything; -1 if another rung refuses it or the page has
 * no frame <design/machine#.fault.grant>. */
export function ladderGrant(
  hart: Hart, access: AccessKind, slot: number, offset: number, size: number, valueTag: number,
): number {
  const found = ladder(hart, access, slot, offset, size, valueTag);
  if (typeof found === 'number') return found;
  if (found.kind !== 'page' && found.kind !== 'page-storecap') return -1;
  const entry = hart.space.entry(found.low, found.high);
  return (entry & PageVALID) === 0 ? -1 : ((entry & -PageSIZE) | (found.low & (PageSIZE - 1))) >>> 0;
}

/** ladderStrips -- whether authority or page keeps the tag of a loaded capability from the register, for a load that may be made
 *
 * Neither faults <design/machine#.ladder.strip>.
 */
export function ladderStrips(hart: Hart, slot: number, offset: number): boolean {
  const r = hart.r, c = slot << SlotSHIFT;
  if ((r[c + SlotPERMS] & PermLOADCAP) === 0) return true;
  const low = r[c + SlotLOW], high = r[c + SlotHIGH];
  return (hart.space.entry(lowOffset(low, offset), highOffset(low, high, offset)) & PageLOADCAP) === 0;
}
