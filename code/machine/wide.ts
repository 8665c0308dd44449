/* wide.ts: WIDE OPERATIONS
 *
 * Copy, fill and compare. Each does what a loop over the accesses of a hart does, and stops where that would, at the same fault, but
 * goes by pages <design/wide>. A *run* is what surely may be done and lies within a page on either side: it is done at once, by
 * whole-array operations. What is in no run, because it faults or may fault, is a *step*: one access on either side, with its traps.
 *
 * Positions are distances from the address in a slot, up to 2^33. An *edge* is the position from which work goes on, upward or down.
 */
import { aver } from '../base/base.ts';
import { GranuleSIZE, highOffset, lowOffset, PageSIZE } from './address.ts';
import { granuleHold, granuleRelease, weakened, weakens } from './granule.ts';
import type { Hart } from './hart.ts';
import { ladder, ladderBy, ladderEntry, pageStrips, pageTraps } from './ladder.ts';
import { PageDIRTYCAP, PageSTORECAP } from './pages.ts';
import { attempt, dirty, loadCapAttempt, storeCapAttempt } from './reach.ts';
import {
  PermGLOBAL, PermLOADCAP, PermSTORECAP, PermSTORELOCAL, SlotBOUNDS, SlotHIGH, SlotLOW, SlotSHIFT, SlotTAG,
} from './slot.ts';
import { MorelloGLOBAL } from './slot-morello.ts';
import { isInside } from './words.ts';

/** What becomes of the tags of granules that are copied whole. */
export type Tags = 'keep' | 'strip';

/** The most that one operation does, in bytes. */
export const WideLIMIT = 0x1_0000_0000;

/** What a run does with tagged granules: copies them with their tags or without, or leaves every one, or those that are not global, to
 * a step. */
type Fate = 'keep' | 'lose' | 'step' | 'step-if-local';

// Copying ------------------------------------------------------------------------------------------------------------

/** wideCopy -- `size` bytes from `srcOffset` from the address in `src` to `dstOffset` from that in `dst`, as memmove does
 *
 * With `keep`, granules that are copied whole arrive with their tags if source and destination are equally aligned; whatever else
 * is written loses them. Ranges may overlap <design/wide#.copy.order>.
 */
export function wideCopy(
  hart: Hart, dst: number, dstOffset: number, src: number, srcOffset: number, size: number, tags: Tags,
): void {
  insist(hart, dst, dstOffset, size);
  insist(hart, src, srcOffset, size);
  const isDown = overlapsAbove(hart, dst, dstOffset, src, srcOffset, size);
  for (let left = size; left > 0;) {
    const edge = isDown ? left : size - left;
    left -= copyOn(hart, dst, dstOffset + edge, src, srcOffset + edge, left, tags === 'keep', isDown);
  }
}

/** overlapsAbove -- the destination begins within the source, above its first byte. */
function overlapsAbove({ r }: Hart, dst: number, dstOffset: number, src: number, srcOffset: number, size: number): boolean {
  const d = dst << SlotSHIFT, s = src << SlotSHIFT, dLow = r[d + SlotLOW], sLow = r[s + SlotLOW];
  const low = (lowOffset(dLow, dstOffset) >>> 0) - (lowOffset(sLow, srcOffset) >>> 0);
  const high = highOffset(dLow, r[d + SlotHIGH], dstOffset) - highOffset(sLow, r[s + SlotHIGH], srcOffset);
  const above = ((high - (low < 0 ? 1 : 0)) >>> 0) * 0x1_0000_0000 + (low >>> 0);
  return above > 0 && above < size;
}

/** copyOn -- copy a run from the edges on, or make a step; returns the bytes that are done. Slots and pages are read anew. */
function copyOn(
  hart: Hart, dst: number, dstEdge: number, src: number, srcEdge: number, left: number, keeps: boolean, isDown: boolean,
): number {
  if (hart.explore !== null) hart.explore(hart);
  const to = lowOffset(hart.r[(dst << SlotSHIFT) + SlotLOW], dstEdge), from = lowOffset(hart.r[(src << SlotSHIFT) + SlotLOW], srcEdge);
  const isEven = keeps && ((to ^ from) & (GranuleSIZE - 1)) === 0;
  const unit = isEven && (to & (GranuleSIZE - 1)) === 0 && left >= GranuleSIZE ? GranuleSIZE : 1;
  let size = Math.min(spanOf(hart, to, left, isDown), ahead(from, PageSIZE, isDown));
  if (isEven && unit === 1) size = Math.min(size, ahead(to, GranuleSIZE, isDown));
  size = inside(hart, src, srcEdge, size & -unit, unit, isDown);
  size = inside(hart, dst, dstEdge, size, unit, isDown);
  const done = size === 0 ? 0 : copyRun(hart, dst, dstEdge, src, srcEdge, size, unit, isDown);
  if (done !== 0) return done;
  const back = isDown ? unit : 0;
  if (unit === 1) storeByte(hart, dst, dstEdge - back, loadByte(hart, src, srcEdge - back));
  else granuleStep(hart, dst, dstEdge - back, src, srcEdge - back);
  return unit;
}

/** copyRun -- copy up to `size` bytes at the edges, within bounds and pages on either side; returns how many are in the run. */
function copyRun(
  hart: Hart, dst: number, dstEdge: number, src: number, srcEdge: number, size: number, unit: number, isDown: boolean,
): number {
  const back = isDown ? size : 0, dstAt = dstEdge - back, srcAt = srcEdge - back;
  // Whatever is decided is decided by one entry on either side <design/workers#.rights.once>.
  const srcEntry = ladderEntry(hart, src, srcAt), dstEntry = ladderEntry(hart, dst, dstAt);
  const from = ladderBy(srcEntry, hart, 'load', src, srcAt, 1, 0, -1), to = ladderBy(dstEntry, hart, 'store', dst, dstAt, 1, 0, -1);
  if (typeof from !== 'number' || typeof to !== 'number') return 0;
  // Two pages can lie on one frame: up to the overlap nothing is read that the run has written.
  const apart = isDown ? from - to : to - from, count = apart > 0 && apart < size ? apart : size, skip = isDown ? size - count : 0;
  if (unit === 1) return copyBytes(hart, to + skip, from + skip, count, isDown);
  const fate = fateOf(hart, dst, dstEntry, src, srcEntry);
  if (fate === 'lose' && !hart.memory.isShared) return copyBytes(hart, to + skip, from + skip, count, isDown);
  if (hart.memory.isShared || weakens(hart, src)) return copyEach(hart, dst, dstAt, to + skip, src, from + skip, count, fate, isDown);
  return copyGranules(hart, dst, dstAt, to + skip, from + skip, count, fate, isDown);
}

/** granuleStep -- copy a granule by way of a slot, as a program does: who handles a fault finds there what is to be stored. */
function granuleStep(hart: Hart, dst: number, dstOffset: number, src: number, srcOffset: number): void {
  const scratch = hart.enter(1);
  try {
    loadCapAttempt(hart, scratch, src, srcOffset);
    storeCapAttempt(hart, dst, dstOffset, scratch);
  } finally {
    hart.leave(scratch);
  }
}

/** copyBytes -- copy data, which clears tags, from physical address to physical address; returns how many bytes. */
function copyBytes(hart: Hart, to: number, from: number, size: number, isDown: boolean): number {
  const { u8, memory } = hart;
  if (!memory.isShared) {
    u8.copyWithin(to, from, from + size);
    untag(hart, to, size);
    return size;
  }
  for (let left = size; left > 0;) {
    const edge = isDown ? left : size - left, count = Math.min(left, ahead(to + edge, GranuleSIZE, isDown));
    const at = isDown ? edge - count : edge;
    granuleHold(hart, to + at);
    u8.copyWithin(to + at, from + at, from + at + count);
    granuleRelease(hart, to + at, 0);
    left -= count;
  }
  return size;
}

// Granules -----------------------------------------------------------------------------------------------------------

/** copyGranules -- copy whole granules with their tags, up to the first whose tag makes it a step; returns how many bytes. */
function copyGranules(
  hart: Hart, dst: number, dstAt: number, to: number, from: number, size: number, fate: Fate, isDown: boolean,
): number {
  const count = fate === 'keep' ? size : untilStep(hart, from, size, fate, isDown), skip = isDown ? size - count : 0;
  const isDirty = (ladderEntry(hart, dst, dstAt) & PageDIRTYCAP) !== 0;
  if (!isDirty && untilStep(hart, from + skip, count, 'step', isDown) !== count) dirty(hart, dst, dstAt);
  const first = (from + skip) >>> 4;
  hart.u8.copyWithin(to + skip, from + skip, from + skip + count);
  hart.tags.copyWithin((to + skip) >>> 4, first, first + (count >>> 4));
  return count;
}

/** fateOf -- what authorities and pages say of tags that go from here to there. */
function fateOf(hart: Hart, dst: number, dstEntry: number, src: number, srcEntry: number): Fate {
  const { r } = hart, authority = r[(dst << SlotSHIFT) + SlotTAG];
  if ((r[(src << SlotSHIFT) + SlotTAG] & PermLOADCAP) === 0 || pageStrips(srcEntry)) return 'lose';
  const isAdmitted = (authority & PermSTORECAP) !== 0 && (dstEntry & PageSTORECAP) !== 0;
  if (!isAdmitted || pageTraps(hart, srcEntry)) return 'step';
  return (authority & PermSTORELOCAL) === 0 ? 'step-if-local' : 'keep';
}

/** isStep -- whether the tagged granule at a physical address is left to a step. */
const isStep = ({ i32, isMorello }: Hart, p: number, fate: Fate): boolean =>
  fate === 'step' || (fate === 'step-if-local' && (i32[(p >>> 2) + 3] & (isMorello ? MorelloGLOBAL : PermGLOBAL)) === 0);

/** untilStep -- how many bytes of granules there are before the first that is. */
function untilStep(hart: Hart, from: number, size: number, fate: Fate, isDown: boolean): number {
  const { tags } = hart;
  for (let done = 0; done < size; done += GranuleSIZE) {
    const p = isDown ? from + size - done - GranuleSIZE : from + done;
    if (tags[p >>> 4] !== 0 && isStep(hart, p, fate)) return done;
  }
  return size;
}

/** copyEach -- the same granule by granule: each under its lock, and weakened if it must be. */
function copyEach(
  hart: Hart, dst: number, dstAt: number, to: number, src: number, from: number, size: number, fate: Fate, isDown: boolean,
): number {
  const { i32 } = hart, isWeak = weakens(hart, src);
  let isClean = true;
  for (let done = 0; done < size; done += GranuleSIZE) {
    const at = isDown ? size - done - GranuleSIZE : done, q = (from + at) >>> 2, w = (to + at) >>> 2;
    const old = granuleHold(hart, from + at), isLeft = old !== 0 && isStep(hart, from + at, fate), tag = fate === 'lose' ? 0 : old;
    const low = i32[q], high = i32[q + 1], bounds = i32[q + 2], perms = i32[q + 3];
    granuleRelease(hart, from + at, old);
    if (isLeft) return done;
    if (isClean && tag !== 0) {
      dirty(hart, dst, dstAt);
      isClean = false;
    }
    granuleHold(hart, to + at);
    i32[w] = low;
    i32[w + 1] = high;
    i32[w + 2] = bounds;
    i32[w + 3] = isWeak && tag !== 0 ? weakened(bounds, perms) : perms;
    granuleRelease(hart, to + at, tag);
  }
  return size;
}

// Filling and comparing ----------------------------------------------------------------------------------------------

/** wideFill -- store `byte` `size` times from `offset` from the address in `dst` on, as memset does; tags are lost. */
export function wideFill(hart: Hart, dst: number, offset: number, size: number, byte: number): void {
  insist(hart, dst, offset, size);
  for (let done = 0; done < size;) {
    if (hart.explore !== null) hart.explore(hart);
    const at = offset + done, low = lowOffset(hart.r[(dst << SlotSHIFT) + SlotLOW], at);
    const count = inside(hart, dst, at, spanOf(hart, low, size - done, false), 1, false);
    const to = count === 0 ? null : ladder(hart, 'store', dst, at, 1, 0), isRun = typeof to === 'number';
    if (isRun) fillRun(hart, to, count, byte);
    else storeByte(hart, dst, at, byte);
    done += isRun ? count : 1;
  }
}

function fillRun(hart: Hart, to: number, size: number, byte: number): void {
  if (!hart.memory.isShared) {
    fillBytes(hart, to, to + size, byte);
    untag(hart, to, size);
    return;
  }
  for (let p = to; p < to + size;) {
    const limit = Math.min(to + size, p + ahead(p, GranuleSIZE, false));
    granuleHold(hart, p);
    hart.u8.fill(byte, p, limit);
    granuleRelease(hart, p, 0);
    p = limit;
  }
}

/** fillBytes -- the bytes between two physical addresses; filling a word takes no longer than filling a byte. */
function fillBytes({ u8, i32 }: Hart, to: number, limit: number, byte: number): void {
  const first = Math.min(limit, ((to + 3) & -4) >>> 0), last = Math.max(first, (limit & -4) >>> 0);
  u8.fill(byte, to, first);
  i32.fill(Math.imul(byte & 0xff, 0x0101_0101), first >>> 2, last >>> 2);
  u8.fill(byte, last, limit);
}

/** wideCompare -- the first bytes that differ among `size`, as memcmp does: negative if that of `one` is less, 0 if there are none
 *
 * What is beyond them is not read.
 */
export function wideCompare(
  hart: Hart, one: number, oneOffset: number, other: number, otherOffset: number, size: number,
): number {
  insist(hart, one, oneOffset, size);
  insist(hart, other, otherOffset, size);
  for (let done = 0; done < size;) {
    if (hart.explore !== null) hart.explore(hart);
    const count = compareSpan(hart, one, oneOffset + done, other, otherOffset + done, size - done);
    const a = count === 0 ? null : ladder(hart, 'load', one, oneOffset + done, 1, 0);
    const b = count === 0 ? null : ladder(hart, 'load', other, otherOffset + done, 1, 0);
    const isRun = typeof a === 'number' && typeof b === 'number';
    const difference = isRun ? compareRun(hart, a, b, count)
      : loadByte(hart, one, oneOffset + done) - loadByte(hart, other, otherOffset + done);
    if (difference !== 0) return difference;
    done += isRun ? count : 1;
  }
  return 0;
}

/** compareSpan -- how many bytes are within page and bounds on either side. */
function compareSpan(hart: Hart, one: number, oneAt: number, other: number, otherAt: number, left: number): number {
  const a = lowOffset(hart.r[(one << SlotSHIFT) + SlotLOW], oneAt), b = lowOffset(hart.r[(other << SlotSHIFT) + SlotLOW], otherAt);
  const size = inside(hart, one, oneAt, Math.min(spanOf(hart, a, left, false), ahead(b, PageSIZE, false)), 1, false);
  return inside(hart, other, otherAt, size, 1, false);
}

/** compareRun -- the difference of the first bytes that differ; equally aligned words are compared whole. */
function compareRun({ u8, i32 }: Hart, a: number, b: number, size: number): number {
  let done = 0;
  if (((a ^ b) & 3) === 0) {
    while (done < size && ((a + done) & 3) !== 0 && u8[a + done] === u8[b + done]) done += 1;
    // Where a byte differs before, so does the word that it is in.
    const limit = size - 3;
    while (done < limit && i32[(a + done) >>> 2] === i32[(b + done) >>> 2]) done += 4;
  }
  while (done < size && u8[a + done] === u8[b + done]) done += 1;
  return done < size ? u8[a + done] - u8[b + done] : 0;
}

// What all of them need ----------------------------------------------------------------------------------------------

/** insist -- slot, offset and size are such as clients may give. */
function insist(hart: Hart, slot: number, offset: number, size: number): void {
  hart.insist(slot, offset);
  aver(Number.isInteger(size) && size >= 0 && size <= WideLIMIT, '<design/wide#.size>');
}

/** ahead -- bytes from an address on to the end of its unit, a power of two: upward, or down from a limit. */
const ahead = (low: number, unit: number, isDown: boolean): number =>
  (isDown ? ((low - 1) & (unit - 1)) + 1 : unit - (low & (unit - 1)));

/** spanOf -- what a run has at most: up to the end of a page, but a granule if an explorer is to be heard between them. */
const spanOf = (hart: Hart, low: number, left: number, isDown: boolean): number =>
  Math.min(left, ahead(low, hart.explore === null ? PageSIZE : GranuleSIZE, isDown));

/** inside -- bytes at an edge that are within the bounds of a slot, a multiple of `unit`: `size`, or a half, or a half of that. */
function inside({ r, isMorello }: Hart, slot: number, edge: number, size: number, unit: number, isDown: boolean): number {
  const c = slot << SlotSHIFT, low = r[c + SlotLOW], high = r[c + SlotHIGH], bounds = r[c + SlotBOUNDS];
  for (let count = size; count > 0; count = (count >>> 1) & -unit) {
    const at = isDown ? edge - count : edge;
    if (isInside(isMorello, low, high, bounds, lowOffset(low, at), highOffset(low, high, at), count)) return count;
  }
  return 0;
}

/** untag -- the granules that hold these bytes. */
function untag({ tags }: Hart, to: number, size: number): void {
  tags.fill(0, to >>> 4, ((to + size - 1) >>> 4) + 1);
}

function loadByte(hart: Hart, slot: number, offset: number): number {
  return hart.u8[attempt(hart, 'load', slot, offset, 1)];
}

function storeByte(hart: Hart, slot: number, offset: number, byte: number): void {
  const p = attempt(hart, 'store', slot, offset, 1);
  granuleHold(hart, p);
  hart.u8[p] = byte;
  granuleRelease(hart, p, 0);
}
