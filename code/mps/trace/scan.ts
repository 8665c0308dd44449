/* scan.ts: SCANNING
 *
 * Offers references to fix: every tagged granule of a stretch of memory, every tagged slot of a hart. Fix has three stages, and most
 * references need only the first: its zone is not condemned; it is in no white segment; then the pool decides
 * <design/scan>.
 */
import { aver, cool } from '../../base/base.ts';
import {
  baseDecode, baseIsNear, PageSHIFT, WindowHIGH, type Hart, type Low,
} from '../../machine/machine.ts';
import { ZoneSetEMPTY, type ZoneSet } from '../arena/zone.ts';
import { deriveMoved } from '../heap/authority.ts';
import { SegWHITE, type Heap } from '../heap/heap.ts';
import { RankEXACT, type Rank } from '../heap/rank.ts';
import { ResOK, type Res } from '../result.ts';

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const COOL = cool;
const WINDOW = WindowHIGH, WHITE = SegWHITE, OK = ResOK, PAGE = PageSHIFT;

/** What fix says of a weak reference to what is not preserved: it becomes NULL <design/scan#.splat>. No object is at 0. */
export const SPLAT: Low = 0;

/** What fix says when it has preserved something else instead, which the reference is to refer to: `ss.substitute` makes it so
 * <design/transform#.substitute>. */
export const SUBSTITUTED: Low = 1;

/** Third stage of fix: preserve the object that `base` in segment number `s` belongs to; returns the base of the
 * reference from now on, or SPLAT, or SUBSTITUTED, or sets `ss.res`. */
export type Fix = (ss: ScanState, s: number, base: Low) => Low;

/** What a scan carries along. */
export class ScanState {
  readonly heap: Heap;
  fix: Fix;
  /** Of the references that are being fixed. */
  rank: Rank = RankEXACT;
  /** Fix makes it false when it has preserved what was not preserved yet <design/scan#.marked>. */
  wasMarked: boolean = true;
  /** Rewrites the reference in words w[at..at+3] that fix has just called substituted; false if it loses its tag. Null in all traces but
   * transforms. */
  substitute: ((w: Int32Array, at: number) => boolean) | null = null;
  /** The condemned zones. */
  white: ZoneSet = ZoneSetEMPTY;
  /** Zones of all references met, as they were <design/scan#.inv.unfixed>. */
  unfixed: ZoneSet = ZoneSetEMPTY;
  /** Zones of the references that passed the zone test, as they are now <design/scan#.inv.fixed>. */
  fixed: ZoneSet = ZoneSetEMPTY;
  /** Why the scan had to stop; ResOK if it did not. */
  res: Res = ResOK;
  /** Bytes looked at. */
  scanned: number = 0;
  /** Bytes of objects copied, and of objects preserved where they were. */
  copied: number = 0;
  inPlace: number = 0;
  /** What else has been done, in bytes of scanning that would have taken as long <design/trace#.work>. */
  touched: number = 0;
  /** References whose address had no representation after the move <design/authority#.unrepresentable>. */
  tagsLost: number = 0;

  constructor(heap: Heap, fix: Fix) {
    this.heap = heap;
    this.fix = fix;
  }

  /** The zones that a completely scanned thing refers to from now on <design/scan#.summary>. */
  get summary(): ZoneSet {
    return this.fixed | (this.unfixed & ~this.white);
  }

  /** Everything done in this trace, in bytes <design/trace#.work>. */
  get work(): number {
    return this.scanned + this.copied + this.touched;
  }

  /** begin -- forget what the last scan met, but for `unfixed` and `fixed`, from which this one goes on. */
  begin(unfixed: ZoneSet = ZoneSetEMPTY, fixed: ZoneSet = ZoneSetEMPTY): void {
    this.unfixed = unfixed;
    this.fixed = fixed;
    this.res = ResOK;
  }
}

/** fixWords -- stages one and two for the tagged capability in words w[at..at+3]; false if it must lose its tag, or is NULL now. .critical */
export function fixWords(ss: ScanState, w: Int32Array, at: number): boolean {
  if (w[at + 1] !== WINDOW) return true;
  const low = w[at], bounds = w[at + 2];
  if (!baseIsNear(bounds)) return true;
  const base = baseDecode(low, bounds);
  const heap = ss.heap, zone = 1 << (base >>> heap.zoneShift);
  ss.unfixed |= zone;
  if ((ss.white & zone) === 0) return true;
  const s = heap.tracts[base >>> PAGE];
  if ((heap.state[s] & WHITE) === 0) {
    ss.fixed |= zone;
    return true;
  }
  const now = ss.fix(ss, s, base);
  if (now >>> 0 <= SUBSTITUTED) return fixOtherwise(ss, w, at, now);
  ss.fixed |= 1 << (now >>> heap.zoneShift);
  if (now === base) return true;
  if (deriveMoved(w, at, base, (now - base) | 0)) return true;
  ss.tagsLost += 1;
  return false;
}

/** fixOtherwise -- what becomes of a reference that does not refer to its object any more. */
function fixOtherwise(ss: ScanState, w: Int32Array, at: number, now: Low): boolean {
  if (now === SUBSTITUTED) return ss.substitute?.(w, at) === true;
  w.fill(0, at, at + 4);
  return false;
}

/** scanGranules -- fix every capability in physical granules [g, limit); stops early if `ss.res` says so
 *
 * .critical <design/critical-path#.scan>. Tags are read four at a time, and untagged memory costs one load in 64 bytes.
 */
export function scanGranules(ss: ScanState, g: number, limit: number): void {
  const heap = ss.heap, tags = heap.tags, tags32 = heap.tags32, i32 = heap.i32;
  const shift = heap.zoneShift, white = ss.white;
  let unfixed: ZoneSet = ZoneSetEMPTY;
  let at = g;
  while (at < limit) {
    if ((at & 3) === 0) {
      while (at < limit && tags32[at >>> 2] === 0) at += 4;
      if (at >= limit) break;
    }
    if (tags[at] !== 0) {
      const word = at << 2, bounds = i32[word + 2];
      if (i32[word + 1] === WINDOW && baseIsNear(bounds)) {
        const zone = 1 << (baseDecode(i32[word], bounds) >>> shift);
        unfixed |= zone;
        if ((white & zone) !== 0) {
          if (!fixWords(ss, i32, word)) tags[at] = 0;
          if (ss.res !== OK) break;
        }
      }
    }
    at += 1;
  }
  ss.unfixed |= unfixed;
  ss.scanned += (limit - g) * 16;
  if (COOL) aver(g <= limit, '<design/scan#.inv.within>');
}

/** scanSlots -- fix every capability in a hart's slots; rooms stay, for they depend on what a move keeps. */
export function scanSlots(ss: ScanState, hart: Hart): void {
  const r = hart.r;
  for (let slot = 0; slot < hart.top; ++slot) {
    const c = slot << 3;
    if (r[c + 4] === 0) continue;
    if (!fixWords(ss, r, c)) hart.set(slot, r[c], r[c + 1], r[c + 2], r[c + 3]);
    // Where references come to refer to other objects, rooms change.
    else if (ss.substitute !== null) hart.decode(slot);
    if (ss.res !== OK) return;
  }
  ss.scanned += hart.top * 32;
}
