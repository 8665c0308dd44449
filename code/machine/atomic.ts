/* atomic.ts: ATOMIC ACCESSES
 *
 * Accesses that read and write in one step, of a capability or of a data word, and the one that reads tags alone <design/wide>. No other
 * hart sees a state between: where several workers have harts, the granule is locked for that long <design/machine#.memory.lock>.
 */
import type { AccessKind } from './fault.ts';
import { granuleHold, granuleRelease, granuleWrite, weakened, weakens } from './granule.ts';
import type { Hart } from './hart.ts';
import { ladderBy, ladderEntry, pageStrips } from './ladder.ts';
import { dirty, reach, slow, strips, valueTag } from './reach.ts';
import { PermLOADCAP, SlotBOUNDS, SlotHIGH, SlotLOW, SlotPERMS, SlotSHIFT, SlotTAG } from './slot.ts';

/** Bytes whose tags `loadTags` reads, and their alignment. */
export const TagsSIZE = 64;

/** exchangeCap -- store slot `value` at `offset` from the address in `src`, and have what was there in `dst` (AMOSWAP.C, SWP)
 *
 * What was there arrives as `loadCap` would bring it. Slots may be named twice.
 */
export function exchangeCap(hart: Hart, dst: number, src: number, offset: number, value: number): void {
  hart.insist(dst, 0);
  hart.insist(value, 0);
  const p = acquire(hart, src, offset, value), q = p >>> 2, isTagged = (p & 1) !== 0, { i32 } = hart;
  const low = i32[q], high = i32[q + 1], bounds = i32[q + 2], perms = permsLoaded(hart, src, bounds, i32[q + 3], isTagged);
  store(hart, p, src, offset, value);
  receive(hart, dst, low, high, bounds, perms, isTagged);
}

/** compareExchangeCap -- the same where what was there, as a load brings it, is all 129 bits of slot `expected`, which has it then in
 * any case; returns whether it was the same (CAS) <design/wide#.departs.cas>. The rights to load and to store are asked in any case. */
export function compareExchangeCap(hart: Hart, expected: number, src: number, offset: number, value: number): boolean {
  hart.insist(expected, 0);
  hart.insist(value, 0);
  const p = acquire(hart, src, offset, value), q = p >>> 2, isTagged = (p & 1) !== 0, { i32, r } = hart, e = expected << SlotSHIFT;
  const low = i32[q], high = i32[q + 1], bounds = i32[q + 2], perms = permsLoaded(hart, src, bounds, i32[q + 3], isTagged);
  const isSame = r[e + SlotLOW] === low && r[e + SlotHIGH] === high && r[e + SlotBOUNDS] === bounds && r[e + SlotPERMS] === perms
    && (r[e + SlotTAG] !== 0) === isTagged;
  if (isSame) store(hart, p, src, offset, value);
  else granuleRelease(hart, p, hart.tags[p >>> 4] & 1);
  receive(hart, expected, low, high, bounds, perms, isTagged);
  return isSame;
}

/** exchange32 -- store four bytes at `offset` from the address in `src`; returns those that were there, signed. The granule loses its
 * tag, whatever is stored <design/wide#.inv.tag.amo>. */
export function exchange32(hart: Hart, src: number, offset: number, value: number): number {
  const p = reach(hart, 'amo', src, offset, 4);
  granuleHold(hart, p);
  const old = Atomics.exchange(hart.i32, p >>> 2, value);
  granuleRelease(hart, p, 0);
  return old;
}

/** compareExchange32 -- the same where there is `expected`; else nothing is stored, and the tag stays. Returns what was there, signed:
 * it has been replaced if that is `expected | 0`. */
export function compareExchange32(hart: Hart, src: number, offset: number, expected: number, value: number): number {
  const p = reach(hart, 'amo', src, offset, 4), tag = granuleHold(hart, p);
  const old = Atomics.compareExchange(hart.i32, p >>> 2, expected, value);
  granuleRelease(hart, p, old === (expected | 0) ? 0 : tag);
  return old;
}

/** loadTags -- the tags of the four granules at `offset` from the address in `src`, which is a multiple of 64; the first granule's is
 * bit 0 (CLoadTags, LDCT) <design/wide#.tags>. */
export function loadTags(hart: Hart, src: number, offset: number): number {
  for (;;) {
    const p = slow(hart, 'loadtags', src, offset, TagsSIZE), isGranted = hart.granted >= 0, entry = ladderEntry(hart, src, offset);
    hart.granted = -1;
    if (!isGranted && hasChanged(hart, 'loadtags', src, offset, TagsSIZE, -1, entry, p)) continue;
    const isNone = (hart.r[(src << SlotSHIFT) + SlotTAG] & PermLOADCAP) === 0 || (!isGranted && pageStrips(entry));
    const four = isNone ? 0 : Atomics.load(hart.memory.tags32, p >>> 6);
    return (four & 1) | ((four >>> 7) & 2) | ((four >>> 14) & 4) | ((four >>> 21) & 8);
  }
}

/** acquire -- hold the granule in which capabilities may be exchanged; its address is followed by 1 where it is tagged and the tag
 * reaches the register. A granule's address has four bits to spare, and shifts lose them. */
function acquire(hart: Hart, src: number, offset: number, value: number): number {
  for (;;) {
    const p = slow(hart, 'swapcap', src, offset, 16, value), isGranted = hart.granted >= 0, tag = granuleHold(hart, p);
    hart.granted = -1;
    // Between the ladder and the lock another hart may have stored what must not be loaded, or changed the page
    // <design/workers#.rights.once>.
    const entry = ladderEntry(hart, src, offset);
    if (isGranted || !hasChanged(hart, 'swapcap', src, offset, 16, value, entry, p)) {
      return tag !== 0 && !strips(hart, src, offset, isGranted, entry) ? p + 1 : p;
    }
    granuleRelease(hart, p, tag);
  }
}

/** hasChanged -- by this entry, the access may no longer be made at the physical address that was found. */
function hasChanged(
  hart: Hart, access: AccessKind, src: number, offset: number, size: number, value: number, entry: number, p: number,
): boolean {
  return hart.memory.isShared && ladderBy(entry, hart, access, src, offset, size, valueTag(hart, value), value) !== p;
}

const permsLoaded = (hart: Hart, src: number, bounds: number, perms: number, isTagged: boolean): number =>
  (isTagged && weakens(hart, src) ? weakened(bounds, perms) : perms);

/** store -- slot `value` to the granule that is held, which is let go. */
function store(hart: Hart, p: number, src: number, offset: number, value: number): void {
  if (hart.isTagged(value)) dirty(hart, src, offset);
  granuleRelease(hart, p, granuleWrite(hart, p, value));
}

function receive(hart: Hart, dst: number, low: number, high: number, bounds: number, perms: number, isTagged: boolean): void {
  hart.set(dst, low, high, bounds, perms);
  if (isTagged) hart.decode(dst);
}
