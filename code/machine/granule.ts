/* granule.ts: GRANULES
 *
 * What is read and written in one step: the 128 bits of a granule and its tag, or data within it and the tag that it loses. Where
 * harts run on several workers, between `granuleHold` and `granuleRelease`; nothing between the two may wait or fail
 * <design/workers#.inv.held>.
 */
import type { Hart } from './hart.ts';
import { SlotPERMS, SlotSHIFT, SlotTAG } from './slot.ts';
import { MorelloMUTABLE, morelloSealed, morelloWeaken } from './slot-morello.ts';

const scratch = new DataView(new ArrayBuffer(8));

/** granuleHold -- have the granule at a physical address to oneself, where that is a question; returns its tag. */
export const granuleHold = ({ memory }: Hart, p: number): number =>
  (memory.isShared ? memory.lock(p >>> 4) : memory.tags[p >>> 4]);

/** granuleRelease -- let go of it, with this tag. */
export function granuleRelease({ memory }: Hart, p: number, tag: number): void {
  if (memory.isShared) memory.unlock(p >>> 4, tag);
  else memory.tags[p >>> 4] = tag;
}

/** granuleWrite -- the 128 bits of slot `value` to a physical address; returns the tag that belongs there. */
export function granuleWrite({ r, i32 }: Hart, p: number, value: number): number {
  const q = p >>> 2, v = value << SlotSHIFT;
  i32[q] = r[v];
  i32[q + 1] = r[v + 1];
  i32[q + 2] = r[v + 2];
  i32[q + 3] = r[v + 3];
  return r[v + SlotTAG] & 1;
}

/** weakens -- what is loaded through slot `src` arrives without the right to store, unless it is sealed <design/machine#.ladder.mutable>. */
export const weakens = (hart: Hart, src: number): boolean =>
  hart.isMorello && (hart.r[(src << SlotSHIFT) + SlotPERMS] & MorelloMUTABLE) === 0;

/** weakened -- word 3 of a Morello capability that is loaded so. */
export const weakened = (bounds: number, perms: number): number => (morelloSealed(bounds, perms) ? perms : morelloWeaken(perms));

/** granuleRead -- the 128 bits at a physical address into slot `dst`, tagged or not; slot `src` is the authority for it
 *
 * Morello: without MUTABLE_LOAD there, an unsealed capability can only be read through <design/machine#.ladder.mutable>.
 */
export function granuleRead(hart: Hart, dst: number, p: number, src: number, isTagged: boolean): void {
  const { i32 } = hart, q = p >>> 2, bounds = i32[q + 2], perms = i32[q + 3];
  hart.set(dst, i32[q], i32[q + 1], bounds, isTagged && weakens(hart, src) ? weakened(bounds, perms) : perms);
  if (isTagged) hart.decode(dst);
}

/** dataWrite -- 1, 2, 4 or 8 bytes to a physical address. */
export function dataWrite(hart: Hart, p: number, size: number, value: number): void {
  switch (size) {
    case 1: hart.u8[p] = value; break;
    case 2: hart.u16[p >>> 1] = value; break;
    case 4: hart.i32[p >>> 2] = value; break;
    default:
      scratch.setFloat64(0, value, true);
      hart.i32[p >>> 2] = scratch.getInt32(0, true);
      hart.i32[(p >>> 2) + 1] = scratch.getInt32(4, true);
  }
}

/** doubleRead -- eight bytes at a physical address. */
export function doubleRead({ i32 }: Hart, p: number): number {
  scratch.setInt32(0, i32[p >>> 2], true);
  scratch.setInt32(4, i32[(p >>> 2) + 1], true);
  return scratch.getFloat64(0, true);
}
