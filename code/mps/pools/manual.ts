/* manual.ts: MANUAL POOLS
 *
 * What pools have in common whose clients say what is garbage: capabilities to exactly the block go out, and come back when it is freed. Which
 * block, the class says; every rule that a client can break is asked here <design/manual>.
 */
import { aver, SigINVALID } from '../../base/base.ts';
import {
  baseDecode, baseIsNear, boundsAreSealed, boundsGranule, boundsRound, PageSHIFT, roomDecode, WindowHIGH, type Hart,
} from '../../machine/machine.ts';
import { ZoneSetUNIV } from '../arena/zone.ts';
import type { Locus } from '../arena/chunk.ts';
import { deriveNew } from '../heap/authority.ts';
import { Pool } from '../heap/pool.ts';
import { RankNONE } from '../heap/rank.ts';
import type { Seg } from '../heap/seg.ts';
import type { Words } from '../land/freelist.ts';
import { ResOK, type Res } from '../result.ts';

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const WINDOW = WindowHIGH;
const PAGE: number = PageSHIFT;

/** Blocks below this size have bounds exact to the byte, wherever they begin. */
const SizeEXACT = 0x1000;
/** Blocks of this size and more need a place that is aligned to more than a granule. */
export const SizeCOARSE = 0x4000;

/** A pool whose client frees what it does not need any more. */
export abstract class ManualPool extends Pool {
  readonly isAutomatic: boolean = false;
  readonly isMoving: boolean = false;
  override readonly hasObjects: boolean = false;
  /** Bytes that it has of the arena. */
  protected total: number = 0;

  // What a class answers ---------------------------------------------------------------------------------------------

  /** blockAlloc -- `size` bytes, as `blockSize` has made them of the `asked` ones: their low address, unsigned; or a result code, negated. */
  abstract blockAlloc(size: number, asked: number): number;
  /** blockFree -- take back what is in a segment of this pool; FAIL if some of it is free already, and nothing has changed then. */
  abstract blockFree(base: number, size: number): Res;
  /** blockCheck -- insist on what the class wants to be true of a block that is about to be freed; from outside the arena. */
  blockCheck(_base: number, _size: number, _asked: number): void {
    // Whether it is free already, `blockFree` tells.
  }

  /** blockMark -- what the start map is to say where a block of `size` bytes begins that is the client's. */
  blockMark(_size: number): number {
    return 0;
  }

  // For clients ------------------------------------------------------------------------------------------------------

  override alloc(hart: Hart, slot: number, asked: number): Res {
    aver(this.sig !== SigINVALID, '<design/pool#.if.live>');
    const size = this.blockSize(asked), { arena } = this, c = slot << 3;
    arena.enter();
    arena.control.poll();
    const base = this.blockAlloc(size, asked);
    if (base >= 0) {
      arena.filled += size;
      deriveNew(hart.r, c, base | 0, size, this.perms);
    } else hart.r.fill(0, c, c + 7);
    arena.leave();
    return base >= 0 ? ResOK : -base;
  }

  override free(hart: Hart, slot: number, asked: number): void {
    const size = this.blockSize(asked), base = this.blockBase(hart, slot, size), { arena } = this;
    this.blockCheck(base, size, asked);
    aver(this.buffers.size === 0 || !this.isBuffered(base, base + size), '<design/manual#.if.free>');
    arena.enter();
    const res = this.blockFree(base, size);
    arena.leave();
    aver(res === ResOK, '<design/manual#.if.free>');
  }

  /** isBuffered -- whether any of [base, limit) has been given to a buffer, and is no block yet. */
  private isBuffered(base: number, limit: number): boolean {
    for (const { seg, scanLimit: from, limit: to } of this.buffers) if (seg !== null && from < to && base < to && from < limit) return true;
    return false;
  }

  override get totalSize(): number {
    return this.total;
  }

  /** blockSize -- how many bytes a block has of which so many were asked: a multiple of the alignment that bounds can say. */
  blockSize(asked: number): number {
    return this.roundUp(asked);
  }

  /** roundUp -- the least that a block could be, whatever the class makes of it. .critical */
  roundUp(asked: number): number {
    aver(asked > 0 && asked < 2 ** 31 && asked === Math.ceil(asked), '<design/manual#.if.size>');
    const size = ((asked + this.alignment - 1) & -this.alignment) >>> 0;
    return size < SizeEXACT ? size : boundsRound(size);
  }

  /** blockAlignment -- what the base of a block of `size` bytes is a multiple of. */
  blockAlignment(size: number): number {
    return size < SizeCOARSE ? this.alignment : Math.max(this.alignment, boundsGranule(size));
  }

  /** blockBase -- the low address, unsigned, of the `size` bytes that begin where the bounds of the capability in a slot do; a broken rule if
   * the client has no right to free them. .critical */
  blockBase(hart: Hart, slot: number, size: number): number {
    const r = hart.r, c = slot << 3, bounds = r[c + 2];
    aver((r[c + 4] & 1) !== 0 && !boundsAreSealed(bounds, r[c + 3]), '<design/manual#.if.capability>');
    aver(r[c + 1] === WINDOW && baseIsNear(bounds), '<design/manual#.if.pool>');
    const low = baseDecode(r[c], bounds), base = low >>> 0;
    const { heap } = this.arena, seg = heap.segs[heap.tracts[base >>> PAGE]];
    aver(seg !== null && seg.pool === this && base + size <= seg.limit, '<design/manual#.if.pool>');
    aver((base & (this.alignment - 1)) === 0, '<design/manual#.if.aligned>');
    aver(size <= roomDecode(low, bounds), '<design/manual#.if.within>');
    return base;
  }

  // For its classes --------------------------------------------------------------------------------------------------

  /** wipe -- no tags and no starts in `size` bytes of one of its segments. .critical */
  protected wipe(base: number, size: number): void {
    const heap = this.arena.heap, g = (base + heap.delta[heap.tracts[base >>> PAGE]]) >>> 4, limit = g + (size >>> 4);
    if (size > 512) {
      heap.wipe(g, limit);
      return;
    }
    const tags = heap.tags, starts = heap.starts;
    for (let at = g; at < limit; ++at) {
      tags[at] = 0;
      starts[at] = 0;
    }
  }

  /** segExtend -- a segment of `want` bytes, or at least of `least`; or why there is none. */
  protected segExtend(locus: Locus, want: number, least: number, alignment: number): Seg | Res {
    const size = this.arena.grainsRound(least), most = Math.max(this.arena.grainsRound(want), size);
    let seg = this.segAlloc(null, locus, most, alignment, { rank: RankNONE });
    if (typeof seg === 'number' && size < most) seg = this.segAlloc(null, locus, size, alignment, { rank: RankNONE });
    if (typeof seg !== 'number') this.total += seg.size;
    return seg;
  }

  /** segReturn -- the arena gets a segment back. */
  protected segReturn(seg: Seg): void {
    this.total -= seg.size;
    this.segFree(seg);
  }

  /** Its segments are freed when the class says so: they have no accounts to tell. */
  override segTidy(_seg: Seg): void {
    // See `segReturn`.
  }

  /** eachPart -- nothing in it is an object <design/manual#.walk>. */
  override eachPart(): void {
    // No format says what blocks are.
  }

  override check(): void {
    super.check();
    aver(this.total === super.totalSize, '<design/manual#.inv.sizes>');
    aver(this.freeSize >= 0 && this.freeSize <= this.total, '<design/manual#.inv.sizes>');
  }
}

/** locusOf -- where a pool's segments go: as low as can be, or as high, whatever the zone <design/manual#.zones>. */
export const locusOf = (isHigh: boolean): Locus => ({ zones: ZoneSetUNIV, isHigh });

/** wordsOf -- the memory of a pool's segments, as lands in it want it: past page rights, for nothing forbids them <design/heap#.inv.exposed>. */
export function wordsOf({ arena }: Pool): Words {
  const { i32, delta, tracts } = arena.heap;
  return {
    load: (addr) => i32[(addr + delta[tracts[addr >>> PAGE]]) >>> 2],
    store: (addr, value) => { i32[(addr + delta[tracts[addr >>> PAGE]]) >>> 2] = value; },
  };
}
