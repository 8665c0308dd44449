/* walk.ts: WALKS
 *
 * Shows a client all objects of a pool: one by one, or as areas to a scanner of his, which may change the references in them. What the segments then
 * refer to is recorded, so that a walk does for summaries what a scan does <design/walk>.
 */
import { aver } from '../../base/base.ts';
import { PageSHIFT, type Hart, type Low } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import { ZoneSetUNIV, type ZoneSet } from '../arena/zone.ts';
import { RankNONE } from '../heap/rank.ts';
import type { FormatView } from '../heap/format.ts';
import type { Pool } from '../heap/pool.ts';
import type { Seg } from '../heap/seg.ts';
import { ResOK, type Res } from '../result.ts';
import { ScanState, scanGranules } from '../trace/scan.ts';

/** Looks at, and may change, the objects in [base, limit): nothing else is there. */
export type WalkScanner = (view: WalkView, base: Low, limit: Low) => Res;

/** What an area scanner works with. It is inside the arena: it must call nothing else of it, nor use capabilities to objects. */
export class WalkView implements FormatView {
  private readonly arena: Arena;
  /** The segment that is being walked. */
  private readonly seg: Seg;

  constructor(arena: Arena, seg: Seg) {
    this.arena = arena;
    this.seg = seg;
  }

  load32(addr: Low): number {
    return this.arena.heap.i32[this.granule(addr, 4) * 4 + ((addr >>> 2) & 3)];
  }

  store32(addr: Low, value: number): void {
    const granule = this.granule(addr, 4);
    this.arena.heap.i32[granule * 4 + ((addr >>> 2) & 3)] = value;
    this.arena.heap.tags[granule] = 0;
  }

  /** fix -- nothing has moved, so there is nothing to do: what a granule refers to is found by its tag afterwards. */
  fix(addr: Low): Res {
    this.granule(addr, 4);
    return ResOK;
  }

  /** next -- where the object ends that begins at `base`. */
  next(base: Low): Low {
    const { heap } = this.arena;
    return (base + heap.sizeAt(this.granule(base, 16), this.seg.granuleLimit) * 16) | 0;
  }

  /** loadCap -- put the granule at `addr` into a slot, with its tag. */
  loadCap(hart: Hart, slot: number, addr: Low): void {
    const { i32, tags } = this.arena.heap, granule = this.granule(addr, 16), at = granule * 4;
    hart.set(slot, i32[at], i32[at + 1], i32[at + 2], i32[at + 3]);
    if (tags[granule] !== 0) hart.decode(slot);
  }

  /** storeCap -- put what is in a slot into the granule at `addr`, with its tag. */
  storeCap(addr: Low, hart: Hart, slot: number): void {
    const { i32, tags } = this.arena.heap, granule = this.granule(addr, 16), isTagged = hart.isTagged(slot);
    aver(!isTagged || this.seg.rank !== RankNONE, '<design/walk#.if.leaf>');
    i32.set(hart.r.subarray(slot << 3, (slot << 3) + 4), granule * 4);
    tags[granule] = Number(isTagged);
  }

  /** granule -- the physical granule of an address in the segment; it is a multiple of `alignment`. */
  private granule(addr: Low, alignment: number): number {
    const { heap } = this.arena, { seg } = this;
    aver((addr & (alignment - 1)) === 0, '<design/format#.if.aligned>');
    aver(heap.tracts[addr >>> PageSHIFT] === seg.number, '<design/walk#.if.within>');
    return seg.granuleOf(addr >>> 0);
  }
}

/** poolWalk -- have `scan` look at all objects of a pool, as areas (mps_pool_walk); what it answers if that is not OK, and then it is
 * not asked again. Finishes a collection that is under way. */
export function poolWalk(pool: Pool, scan: WalkScanner): Res {
  const { arena } = pool;
  arena.finishTrace();
  arena.enter();
  let res: Res = ResOK;
  for (const seg of segsOf(pool)) if (res === ResOK) res = segWalk(seg, scan);
  arena.leave();
  return res;
}

/** poolApply -- visit each object of a pool (mps_amc_apply): its low address and its size in bytes. Finishes a collection that is under
 * way. The visitor may use the arena, but not so that segments come or go. */
export function poolApply(pool: Pool, visit: (base: Low, size: number) => void): void {
  const { heap } = pool.arena;
  pool.arena.finishTrace();
  for (const seg of segsOf(pool)) {
    pool.eachPart(seg, (first, limit) => {
      pool.eachObject(first, limit, (g, next) => {
        if (!heap.isPad(g)) visit(heap.lowOf(seg, g), (next - g) * 16);
      });
    });
  }
}

/** segWalk -- show the areas of a segment, and record what they refer to afterwards <design/walk#.inv.summary>. */
function segWalk(seg: Seg, scan: WalkScanner): Res {
  const { arena, pool } = seg, { heap, shield } = arena, view = new WalkView(arena, seg), ss = new ScanState(heap, (_ss, _s, base) => base);
  let res: Res = ResOK;
  shield.expose(seg);
  pool.eachPart(seg, (first, limit) => {
    areasOf(pool, first, limit, (g, past) => {
      if (res === ResOK) res = scan(view, heap.lowOf(seg, g), heap.lowOf(seg, past));
    });
    // With no zone condemned, all that a scan does is to note where references point.
    if (seg.rank !== RankNONE) scanGranules(ss, first, limit);
  });
  shield.cover(seg);
  if (seg.rank !== RankNONE) seg.setSummary(summaryOf(seg, ss.unfixed));
  return res;
}

/** summaryOf -- what is known of a segment, now that all its references have been met; nothing, as after any scan, if it is about to be
 * written, or its barrier not worth raising <design/seg#.defer>. */
function summaryOf(seg: Seg, met: ZoneSet): ZoneSet {
  const isWatched = seg.buffer === null && (seg.summary !== ZoneSetUNIV || seg.defer === 0);
  return isWatched ? met : ZoneSetUNIV;
}

/** areasOf -- visit the runs of objects in granules [first, limit), without the pads at their ends. */
function areasOf(pool: Pool, first: number, limit: number, visit: (g: number, past: number) => void): void {
  const { heap } = pool.arena;
  let from = -1, past = -1;
  pool.eachObject(first, limit, (g, next) => {
    if (heap.isPad(g)) return;
    if (from >= 0 && past !== g) {
      visit(from, past);
      from = -1;
    }
    if (from < 0) from = g;
    past = next;
  });
  if (from >= 0) visit(from, past);
}

/** segsOf -- the segments of a pool, as they are now. */
function segsOf(pool: Pool): Seg[] {
  const found: Seg[] = [];
  for (let node = pool.segRing.next; node !== pool.segRing; node = node.next) found.push(node.owner);
  return found;
}
