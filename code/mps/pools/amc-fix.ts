/* amc-fix.ts: FIXING REFERENCES TO AMC OBJECTS
 *
 * What becomes of an object that a reference has found: it is forwarded once, and every later reference snaps out to the new
 * place; it stays if it is pinned, large, or in a buffer's part <design/amc#.fix>. In an emergency nothing is copied:
 * what has not been forwarded is nailed where it stands <design/amc#.emergency>.
 */
import { aver, cool } from '../../base/base.ts';
import { GranuleSHIFT, type Low } from '../../machine/machine.ts';
import type { Generation } from '../arena/generation.ts';
import type { Buffer } from '../heap/buffer.ts';
import type { Format } from '../heap/format.ts';
import {
  SegSPECIAL, SegWHITE, StartFORWARDED, StartLONG, StartPAD, type Heap,
} from '../heap/heap.ts';
import { Nailboard } from '../heap/nailboard.ts';
import { RankNONE, RankWEAK } from '../heap/rank.ts';
import type { Seg } from '../heap/seg.ts';
import { AccessNONE } from '../plinth.ts';
import { ResOK } from '../result.ts';
import { SPLAT, type ScanState } from '../trace/scan.ts';
import type { AmcPool } from './amc.ts';

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const COOL = cool;
const WHITE = SegWHITE, NONE = AccessNONE, FORWARDED = StartFORWARDED, LONG = StartLONG, PAD = StartPAD, SHIFT = GranuleSHIFT, OK = ResOK, WEAK = RankWEAK;
const LEAF = RankNONE;

/** amcFix -- preserve the object that an exact reference's base belongs to, by forwarding it if it may move. .critical */
export function amcFix(ss: ScanState, s: number, base: Low): Low {
  const heap = ss.heap, starts = heap.starts;
  const at = (base + heap.delta[s]) >>> SHIFT;
  let g = at;
  if (starts[at] === 0) {
    // A block that is not committed has no start, and its references stay <design/amc#.inv.buffered>.
    if (base >>> 0 >= (heap.segs[s] as Seg).whiteLimit) return base;
    g = heap.startBefore(at);
  }
  const start = starts[g];
  // How far the reference's base is into the object: a narrowed reference begins inside.
  const into = ((at - g) << SHIFT) | (base & 15);
  if (start === FORWARDED) return (heap.i32[g << 2] + into) | 0;
  const seg = heap.segs[s] as Seg;
  if (heap.state[s] !== WHITE) {
    if (start === PAD || amcStays(ss, seg, g, (base - into) | 0)) return base;
    const moved = amcMoved(seg, (base - into) | 0);
    if (moved !== null) return (moved + into) | 0;
  }
  if (start === PAD) return base;
  if (ss.rank === WEAK) return SPLAT;
  const granules = start !== LONG ? start : heap.sizeAt(g, seg.granuleOf(seg.whiteLimit));
  const to = amcForward(ss, heap, seg, g, granules);
  return ss.res === OK ? (to + into) | 0 : base;
}

/** amcForward -- copy the object at granule `g` to where its generation forwards, and leave word; its new base. .critical */
function amcForward(ss: ScanState, heap: Heap, seg: Seg, g: number, granules: number): Low {
  const buffer = seg.forward as Buffer, size = granules << SHIFT;
  let to = buffer.forwardReserve(size);
  if (to < 0) {
    ss.res = seg.pool.bufferFill(buffer, size);
    if (ss.res !== OK) return 0;
    to = buffer.forwardReserve(size);
  }
  const toSeg = buffer.seg as Seg;
  // The copy's references have not been scanned <design/amc#.inv.forward.grey>.
  if (!toSeg.grey && toSeg.rank !== LEAF) toSeg.setGrey(true);
  // Not before: what is queued above may close what was open <design/shield#.queue.full>.
  const isFromShut = seg.protMode !== NONE, isToShut = toSeg.protMode !== NONE;
  if (isFromShut) seg.arena.shield.expose(seg);
  if (isToShut) seg.arena.shield.expose(toSeg);
  if (COOL) aver(seg.protMode === NONE, '<design/heap#.inv.exposed>');
  const i32 = heap.i32, tags = heap.tags, starts = heap.starts;
  const copy = (to + toSeg.delta) >>> SHIFT;
  let from = g << 2, into = copy << 2;
  if (granules <= 16) {
    for (const limit = from + (granules << 2); from < limit; from += 4, into += 4) {
      i32[into] = i32[from];
      i32[into + 1] = i32[from + 1];
      i32[into + 2] = i32[from + 2];
      i32[into + 3] = i32[from + 3];
    }
    for (let k = 0; k < granules; ++k) tags[copy + k] = tags[g + k];
  } else {
    i32.copyWithin(into, from, from + (granules << 2));
    tags.copyWithin(copy, g, g + granules);
  }
  starts[copy] = starts[g];
  ss.copied += size;
  ss.wasMarked = false;
  const { forward } = seg.pool.format;
  if (forward !== undefined) amcForwardWord(seg, forward, heap.lowOf(seg, g), to);
  else {
    starts[g] = FORWARDED;
    tags[g] = 0;
    i32[g << 2] = to | 0;
  }
  if (isToShut) seg.arena.shield.cover(toSeg);
  if (isFromShut) seg.arena.shield.cover(seg);
  return to | 0;
}

/** amcForwardWord -- have a client's format leave word where an object has gone; it is given addresses past the header. */
function amcForwardWord(seg: Seg, forward: NonNullable<Format['forward']>, from: Low, to: Low): void {
  const { headerSize = 0 } = seg.pool.format;
  forward(seg.arena.view, (from + headerSize) | 0, (to + headerSize) | 0);
}

/** amcMoved -- where a client's format says that an object has moved. */
function amcMoved(seg: Seg, object: Low): Low | null {
  const { isForwarded, headerSize = 0 } = seg.pool.format;
  const moved = isForwarded === undefined ? null : isForwarded(seg.arena.view, (object + headerSize) | 0);
  return moved === null ? null : (moved - headerSize) | 0;
}

/** amcStays -- whether an object in a segment that needs a closer look keeps its place; it is preserved then. */
function amcStays(ss: ScanState, seg: Seg, g: number, base: Low): boolean {
  if (base >>> 0 >= seg.whiteLimit) return true;
  if (seg.large && ss.rank !== WEAK) {
    amcPromote(ss, seg);
    return true;
  }
  return seg.board !== null && seg.board.has(g - seg.granuleBase);
}

/** amcPromote -- preserve a large object where it is, and count it where survivors go <design/amc#.large>. */
function amcPromote(ss: ScanState, seg: Seg): void {
  ss.inPlace += seg.aged;
  ss.wasMarked = false;
  const pool = seg.pool as AmcPool, into = seg.forward as Buffer, generation = into.generation as Generation;
  seg.promote(generation, pool.forwardFrom(generation), pool.deferralOf(into));
  seg.stateRemove(WHITE);
  seg.whiteLimit = seg.limit;
  seg.rescan();
  if (seg.rank !== LEAF) seg.setGrey(true);
}

/** amcFixEmergency -- preserve without copying and without memory: pin what has not been forwarded; never fails
 * <design/amc#.emergency>. */
export function amcFixEmergency(ss: ScanState, s: number, base: Low): Low {
  const heap = ss.heap, seg = heap.segs[s] as Seg;
  if (base >>> 0 >= seg.whiteLimit) return base;
  const at = (base + seg.delta) >>> SHIFT;
  const g = heap.startBefore(at);
  const into = ((at - g) << SHIFT) | (base & 15), object = (base - into) | 0;
  if (heap.starts[g] === FORWARDED) return (heap.i32[g << 2] + into) | 0;
  if (heap.starts[g] === PAD) return base;
  const moved = amcMoved(seg, object);
  if (moved !== null) return (moved + into) | 0;
  if (ss.rank === WEAK) return seg.board?.has(g - seg.granuleBase) === true ? base : SPLAT;
  amcPin(ss, seg, g);
  return base;
}

/** amcPin -- preserve the object at granule `g` where it is. */
function amcPin(ss: ScanState, seg: Seg, g: number): void {
  if (seg.large) amcPromote(ss, seg);
  else amcNail(ss, seg, g);
}

/** amcNail -- pin the object at granule `g`. The board was paid for with the segment, so this cannot fail
 * <design/pool#.departs.board>. */
function amcNail(ss: ScanState, seg: Seg, g: number): void {
  const board = seg.board ??= new Nailboard(seg.size >>> SHIFT), object = g - seg.granuleBase;
  if (board.has(object)) return;
  ss.wasMarked = false;
  seg.stateAdd(SegSPECIAL);
  if (seg.rank === LEAF) board.mark(object);
  else {
    board.set(object);
    seg.setGrey(true);
  }
  if (COOL) aver(ss.heap.starts[g] !== 0, '<design/heap#.inv.covered>');
}

/** amcFixAmbig -- a word may be the address of an object, at any of its bytes or only where its client's pointers point: if it is, pin
 * it, and say so <design/amc#.interior>. Nothing is written, and nothing can fail. */
export function amcFixAmbig(ss: ScanState, seg: Seg, addr: Low, isInterior: boolean): boolean {
  const { heap } = ss;
  if (addr >>> 0 >= seg.whiteLimit) return false;
  const g = heap.startBefore(seg.granuleOf(addr >>> 0));
  if (heap.starts[g] === PAD || heap.starts[g] === FORWARDED) return false;
  if (!isInterior && (addr | 0) !== ((heap.lowOf(seg, g) + (seg.pool.format.headerSize ?? 0)) | 0)) return false;
  amcPin(ss, seg, g);
  return true;
}

/** amcIsPreserved -- at the end of a trace, whether the object at granule `g` of a nailed segment stays. */
export function amcIsPreserved(heap: Heap, seg: Seg, g: number): boolean {
  const start = heap.starts[g];
  if (start === PAD || start === FORWARDED) return false;
  if (heap.lowOf(seg, g) >>> 0 >= seg.whiteLimit) return true;
  return seg.board !== null && seg.board.has(g - seg.granuleBase);
}
