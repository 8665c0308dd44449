/* reach.ts: ACCESSES THAT ASK
 *
 * What a hart does where its fast paths do not decide: asks the ladder, hands each fault to the trap until the access may be made,
 * and makes it, under the granule's lock where harts run on several workers <design/machine#.memory.lock>.
 */
import { aver, cool } from '../base/base.ts';
import { highOffset, lowOffset } from './address.ts';
import type { AccessKind, Fault } from './fault.ts';
import { dataWrite, doubleRead, granuleHold, granuleRead, granuleRelease, granuleWrite } from './granule.ts';
import type { Hart } from './hart.ts';
import { ladder, ladderBy, ladderEntry, ladderStrips } from './ladder.ts';
import { loadDoubleLocked, placeCap, placeDouble, storeCapLocked, storeLocked } from './locked.ts';
import { PageDIRTYCAP } from './pages.ts';
import { PermLOADCAP, SlotHIGH, SlotLOW, SlotSHIFT, SlotTAG } from './slot.ts';

/** reach -- the physical address of an access once it may be made
 *
 * `value` is the slot that is to be stored, or -1. If that is tagged the page is dirty from now on.
 */
export function reach(hart: Hart, access: AccessKind, slot: number, offset: number, size: number, value: number = -1): number {
  begin(hart, slot, offset);
  return attempt(hart, access, slot, offset, size, value);
}

/** attempt -- `reach` for what makes many accesses: any offset below 2^52, no check of the slot, and no explorer hears of it. */
export function attempt(hart: Hart, access: AccessKind, slot: number, offset: number, size: number, value: number = -1): number {
  const p = retry(hart, access, slot, offset, size, value);
  hart.granted = -1;
  if (valueTag(hart, value) !== 0) dirty(hart, slot, offset);
  return p;
}

/** slow -- the same, without a thought for the page; `granted` is then the address if the trap gave it
 *
 * Everything is read anew at each try <design/machine#.fault.retry>.
 */
export function slow(hart: Hart, access: AccessKind, slot: number, offset: number, size: number, value: number = -1): number {
  begin(hart, slot, offset);
  return retry(hart, access, slot, offset, size, value);
}

/** begin -- what comes before the first try. */
function begin(hart: Hart, slot: number, offset: number): void {
  hart.insist(slot, offset);
  if (hart.explore !== null) hart.explore(hart);
}

function retry(hart: Hart, access: AccessKind, slot: number, offset: number, size: number, value: number): number {
  for (;;) {
    const found = ladder(hart, access, slot, offset, size, valueTag(hart, value), value);
    if (typeof found === 'number') {
      hart.granted = -1;
      return found;
    }
    const granted = trap(hart, found);
    if (granted >= 0) {
      hart.granted = granted;
      return granted;
    }
  }
}

/** trap -- count a fault and let the trap have it; returns what the trap does. */
export function trap(hart: Hart, fault: Fault): number {
  hart.faults += 1;
  return hart.trap(hart, fault);
}

/** valueTag -- the tag word that an access stores. */
export const valueTag = (hart: Hart, value: number): number => (value < 0 ? 0 : hart.r[(value << SlotSHIFT) + SlotTAG]);

/** dirty -- the page at `offset` from the address in a slot holds a capability. */
export function dirty({ r, space }: Hart, slot: number, offset: number): void {
  const c = slot << SlotSHIFT, low = lowOffset(r[c + SlotLOW], offset), high = highOffset(r[c + SlotLOW], r[c + SlotHIGH], offset);
  if ((space.entry(low, high) & PageDIRTYCAP) === 0) space.dirty(low, high);
}

/** audit -- in `cool`, an access that is made is one that the ladder grants, tag and all <design/machine#.ladder.agree>, or
 * the one that the trap has granted <design/machine#.fault.grant>. Where several workers run, one of them may just have changed the page. */
export function audit(
  hart: Hart, access: AccessKind, slot: number, offset: number, size: number, physical: number, value: number = -1,
): void {
  hart.insist(slot, offset);
  const { granted } = hart;
  hart.granted = -1;
  if (granted >= 0) {
    aver(granted === physical, '<design/machine#.ladder.agree>');
    return;
  }
  if (hart.memory.isShared) return;
  const found = ladder(hart, access, slot, offset, size, valueTag(hart, value), value);
  aver(typeof found === 'number' && found === physical >>> 0, '<design/machine#.ladder.agree>');
  aver(access !== 'loadcap' || !ladderStrips(hart, slot, offset), '<design/machine#.ladder.agree>');
}

// Accesses -----------------------------------------------------------------------------------------------------------

/** storeSlow -- store 1, 2, 4 or 8 bytes. */
export function storeSlow(hart: Hart, dst: number, offset: number, size: number, value: number): void {
  if (hart.memory.isShared && storeLocked(hart, dst, offset, size, value)) return;
  const p = reach(hart, 'store', dst, offset, size);
  granuleHold(hart, p);
  dataWrite(hart, p, size, value);
  granuleRelease(hart, p, 0);
}

/** loadDoubleSlow -- load eight bytes, in one step even where harts run on several workers. */
export function loadDoubleSlow(hart: Hart, src: number, offset: number): number {
  const near = hart.memory.isShared ? placeDouble(hart, src, offset) : -1;
  const p = near >= 0 ? near : slow(hart, 'load', src, offset, 8);
  if (cool) audit(hart, 'load', src, offset, 8, p);
  return hart.memory.isShared ? loadDoubleLocked(hart, p) : doubleRead(hart, p);
}

/** storeCapSlow -- store a capability or word. Only when it may be done is the value read: who handled a fault may have changed it. */
export function storeCapSlow(hart: Hart, dst: number, offset: number, value: number): void {
  hart.insist(value, 0);
  if (hart.memory.isShared && storeCapLocked(hart, dst, offset, value)) return;
  begin(hart, dst, offset);
  storeCapAttempt(hart, dst, offset, value);
}

/** storeCapAttempt -- the same as one of many. */
export function storeCapAttempt(hart: Hart, dst: number, offset: number, value: number): void {
  const p = attempt(hart, 'storecap', dst, offset, 16, value);
  granuleHold(hart, p);
  granuleRelease(hart, p, granuleWrite(hart, p, value));
}

/** loadCapSlow -- load a capability or word; authority or page may keep the tag from the register. */
export function loadCapSlow(hart: Hart, dst: number, src: number, offset: number): void {
  const near = hart.memory.isShared || hart.isMorello ? placeCap(hart, src, offset) : -1;
  if (near < 0) {
    begin(hart, src, offset);
    loadCapAttempt(hart, dst, src, offset);
    return;
  }
  if (cool) audit(hart, 'loadcap', src, offset, 16, near);
  const tag = granuleHold(hart, near);
  granuleRead(hart, dst, near, src, tag !== 0);
  granuleRelease(hart, near, tag);
}

/** loadCapAttempt -- the same as one of many. */
export function loadCapAttempt(hart: Hart, dst: number, src: number, offset: number): void {
  for (;;) {
    const p = retry(hart, 'loadcap', src, offset, 16, -1), isGranted = hart.granted >= 0, tag = granuleHold(hart, p);
    hart.granted = -1;
    // Between the ladder and the lock another hart may have stored what must not be loaded, or changed the page: whether the load is
    // made, from where, and with its tag, is decided by one entry.
    const entry = ladderEntry(hart, src, offset);
    const isGood = !hart.memory.isShared || isGranted || ladderBy(entry, hart, 'loadcap', src, offset, 16, 0, -1) === p;
    if (isGood) granuleRead(hart, dst, p, src, tag !== 0 && !strips(hart, src, offset, isGranted, entry));
    granuleRelease(hart, p, tag);
    if (isGood) return;
  }
}

/** strips -- whether a load through `src` loses its tag on the way; a granted one asks the authority alone. */
export const strips = (
  hart: Hart, src: number, offset: number, isGranted: boolean, entry: number = ladderEntry(hart, src, offset),
): boolean =>
  (isGranted ? (hart.r[(src << SlotSHIFT) + SlotTAG] & PermLOADCAP) === 0 : ladderStrips(hart, src, offset, entry));
