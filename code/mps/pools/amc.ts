/* amc.ts: AUTOMATIC MOSTLY-COPYING
 *
 * A pool of objects that the collector finds, copies and reclaims by itself. New objects begin in the first generation
 * of its chain; survivors move on. Objects that an ambiguous reference may mean stay where they are: mostly copying
 * <design/amc>.
 */
import { aver, cool, Ring } from '../../base/base.ts';
import { boundsGranule, GranuleSHIFT, type Hart } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import type { Chain, Generation } from '../arena/generation.ts';
import { makeRoom } from '../arena/room.ts';
import { Buffer } from '../heap/buffer.ts';
import type { Format } from '../heap/format.ts';
import { SegSPECIAL, SegWHITE } from '../heap/heap.ts';
import { Seg } from '../heap/seg.ts';
import { ResCOMMITLIMIT, ResMEMORY, ResOK, type Res } from '../result.ts';
import { scanGranules, type ScanState } from '../trace/scan.ts';
import { amcIsPreserved } from './amc-fix.ts';

const COOL = cool;

/** Objects from this size up get a segment of their own and are never copied <design/amc#.large>. */
const LargeSIZE = 16 * 1024;

/** How much a buffer is given at a time, unless the nursery is smaller <design/amc#.extend>. */
const ExtendSIZE = 64 * 1024;

/** How much of a segment is scanned before the trace asks whether it has done enough <design/trace#.scan.part>. */
const ScanPART = 16 * 1024;

/** What the ledger is charged for a segment: its record, and a bit a granule for the board that it may need
 * <design/amc#.departs.board>. */
const segRecord = (size: number): number => 128 + size / 128;

/** An automatic mostly-copying pool. */
export class AmcPool {
  readonly arena: Arena;
  readonly format: Format;
  /** Whether the format itself says where objects have moved. */
  private readonly formatForwards: boolean;
  readonly largeSize: number;
  readonly extendBy: number;
  readonly segRing: Ring<Seg> = new Ring<Seg>(null as unknown as Seg);
  readonly buffers: Set<Buffer> = new Set();
  /** The chain's generations, and the arena's top one. */
  readonly generations: readonly Generation[];
  /** For each generation the buffer into which its survivors go. */
  private readonly forwards: readonly Buffer[];

  constructor(arena: Arena, format: Format, chain: Chain) {
    aver((format.forward === undefined) === (format.isForwarded === undefined), '<design/format#.if.pair>');
    this.arena = arena;
    this.format = format;
    this.formatForwards = format.forward !== undefined;
    this.generations = [...chain.generations, arena.topGeneration];
    this.largeSize = LargeSIZE;
    this.extendBy = arena.grainsRound(Math.min(ExtendSIZE, (this.generations[0]).capacity));
    this.forwards = this.generations.map((_, index) => {
      const next = Math.min(index + 1, this.generations.length - 1);
      return new Buffer(this, this.generations[next], null);
    });
  }

  /** allocationPoint -- a place from which `hart`'s thread allocates; `finish` it when the thread is done. */
  allocationPoint(hart: Hart): Buffer {
    aver(this.arena.hasThread(hart), '<design/buffer#.if.registered>');
    const buffer = new Buffer(this, this.generations[0], hart);
    this.buffers.add(buffer);
    return buffer;
  }

  /** forwardFrom -- where survivors of a generation go. */
  forwardFrom(generation: Generation): Buffer {
    return this.forwards[this.generations.indexOf(generation)];
  }

  /** bufferFill -- give a buffer a fresh segment with room for `size` bytes <design/amc#.fill>. */
  bufferFill(buffer: Buffer, size: number): Res {
    const large = size >= this.largeSize || size > this.extendBy;
    const generation = buffer.generation, forwarding = buffer.hart === null;
    buffer.detach();
    const want = large ? this.arena.grainsRound(size) : this.extendBy;
    let seg = this.segAlloc(generation, want, boundsGranule(size), large);
    if (typeof seg === 'number' && !large && this.arena.grainsRound(size) < want) {
      seg = this.segAlloc(generation, this.arena.grainsRound(size), 1, false);
    }
    if (typeof seg === 'number' && !forwarding) {
      seg = makeRoom(this.arena, size, () => this.segAlloc(generation, this.arena.grainsRound(size), boundsGranule(size), large));
    }
    if (typeof seg === 'number') return seg;
    buffer.attach(seg, large ? seg.base + size : seg.limit);
    return ResOK;
  }

  private segAlloc(generation: Generation, size: number, alignment: number, large: boolean): Seg | Res {
    const { grains, ledger } = this.arena;
    if (!ledger.charge(segRecord(size))) return grains.available < segRecord(size) ? ResCOMMITLIMIT : ResMEMORY;
    const found = this.arena.grainsAlloc(size, alignment, generation);
    if (found.res !== ResOK) {
      ledger.credit(segRecord(size));
      return found.res;
    }
    const seg = new Seg(this, generation, found.base, found.base + size, found.delta, large);
    if (this.formatForwards) seg.stateAdd(SegSPECIAL);
    generation.accountAlloc(size);
    return seg;
  }

  /** whiten -- condemn what can be condemned of a segment; returns its bytes, 0 if it stays out of the trace
   * <design/amc#.whiten>. */
  whiten(seg: Seg): number {
    const buffer = seg.buffer;
    if (buffer !== null && buffer.hart === null) buffer.detach();
    else if (buffer !== null) {
      if (buffer.scanLimit === seg.base) return 0;
      // From here up is the mutator's: black, and not to move <design/amc#.inv.buffered>.
      seg.whiteLimit = buffer.scanLimit;
      seg.stateAdd(SegSPECIAL);
    }
    const condemned = seg.age();
    if (condemned === 0) {
      this.unwhiten(seg);
      return 0;
    }
    seg.stateAdd(SegWHITE);
    return condemned;
  }

  /** unwhiten -- a segment is in no trace any more. */
  private unwhiten(seg: Seg): void {
    seg.whiteLimit = seg.limit;
    seg.board = null;
    seg.stateRemove(SegWHITE);
    if (!seg.large && !this.formatForwards) seg.stateRemove(SegSPECIAL);
  }

  /** scan -- fix the references of a grey segment that have not been, until the work comes to `enough` or `ss.res` says why not;
   * true if all have been <design/amc#.scan>. */
  scan(ss: ScanState, seg: Seg, enough: number): boolean {
    if (seg.white) {
      // Only a nailed segment is white and grey: those of its objects that stay are scanned.
      this.scanNailed(ss, seg);
      return ss.res === ResOK;
    }
    // Where a format scans, parts end where objects end.
    const part = this.format.scan === undefined ? ScanPART : Infinity;
    // Scanning may forward objects into this very segment: look again where they end.
    while (seg.scanned < seg.scanLimit) {
      if (ss.work >= enough) return false;
      const limit = Math.min(seg.scanLimit, seg.scanned + part);
      this.scanRange(ss, seg, seg.granuleOf(seg.scanned), seg.granuleOf(seg.scanned) + (limit - seg.scanned) / 16);
      if (ss.res !== ResOK) return false;
      seg.scanned = limit;
    }
    return true;
  }

  private scanRange(ss: ScanState, seg: Seg, g: number, limit: number): void {
    const { scan, skip } = this.format, { view } = this.arena;
    if (scan === undefined) {
      scanGranules(ss, g, limit);
      return;
    }
    this.eachObject(g, limit, (object, next) => {
      if (ss.res !== ResOK || ss.heap.isPad(object)) return;
      const base = ss.heap.lowOf(seg, object), end = ss.heap.lowOf(seg, next);
      if (COOL && skip !== undefined) aver((skip(view, base) | 0) === end, '<design/format#.if.skip>');
      const res = scan(view, base, end);
      if (ss.res === ResOK) ss.res = res;
      ss.scanned += (next - object) * 16;
    });
  }

  /** scanNailed -- scan the objects of a white segment that stay, until no more are found <design/amc#.inv.nailed.loop>. */
  private scanNailed(ss: ScanState, seg: Seg): void {
    const board = seg.board, limit = seg.granuleOf(seg.whiteLimit - 1) + 1;
    aver(board !== null, '<design/amc#.inv.white.grey>');
    for (let pinned = board.take(); pinned >= 0; pinned = board.take()) {
      const g = seg.granuleBase + pinned;
      this.scanRange(ss, seg, g, g + ss.heap.sizeAt(g, limit));
      if (ss.res !== ResOK) {
        board.untake(pinned);
        return;
      }
    }
    // Above it is the buffer's part, as after any other scan.
    if (seg.buffer !== null) {
      this.scanRange(ss, seg, limit, seg.granuleOf(seg.scanLimit - 1) + 1);
    }
  }

  /** reclaim -- free what the trace did not preserve; returns how many bytes that is <design/amc#.reclaim>. */
  reclaim(seg: Seg): number {
    if (!seg.white) return 0;
    if (seg.board === null && seg.buffer === null && seg.whiteLimit === seg.limit) {
      const size = seg.aged;
      this.segFree(seg);
      return size;
    }
    return this.reclaimAround(seg);
  }

  /** reclaimAround -- make pads of what lies between the objects that stay. */
  private reclaimAround(seg: Seg): number {
    const { heap, shield } = this.arena, limit = seg.granuleOf(seg.scanLimit - 1) + 1;
    let gap = -1, kept = 0;
    shield.expose(seg);
    this.eachObject(seg.granuleBase, limit, (g, next) => {
      const stays = amcIsPreserved(heap, seg, g);
      if (stays && heap.lowOf(seg, g) >>> 0 < seg.whiteLimit) kept += (next - g) << GranuleSHIFT;
      if (stays && gap >= 0) {
        this.pad(seg, gap, g);
        gap = -1;
      } else if (!stays && gap < 0) gap = g;
    });
    if (gap >= 0) this.pad(seg, gap, limit);
    shield.cover(seg);
    const dead = seg.aged - kept;
    this.arena.trace.ss.inPlace += kept;
    seg.aged = kept;
    seg.generation.accountReclaim(dead);
    this.unwhiten(seg);
    this.segTidy(seg);
    return dead;
  }

  /** pad -- make granules [g, limit) of a segment, if any, nobody's. */
  pad(seg: Seg, g: number, limit: number): void {
    if (g === limit) return;
    const heap = this.arena.heap;
    heap.pad(g, limit);
    this.format.pad?.(this.arena.view, heap.lowOf(seg, g), heap.lowOf(seg, limit));
  }

  /** segTidy -- free a segment in which there is nothing: nobody would condemn it <design/amc#.inv.empty>. */
  segTidy(seg: Seg): void {
    if (seg.aged === 0 && seg.fresh === 0 && seg.buffer === null) this.segFree(seg);
  }

  /** segFree -- give a segment's grains back, tags and starts cleared <design/seg#.inv.free.clear>. */
  private segFree(seg: Seg): void {
    const { generation } = seg;
    seg.board = null;
    this.arena.ledger.credit(segRecord(seg.size));
    generation.accountReclaim(seg.aged);
    generation.newSize -= seg.fresh;
    generation.freeSize += seg.fresh;
    generation.accountFree(seg.size);
    seg.setGrey(false);
    seg.finish();
    this.arena.heap.wipe(seg.granuleBase, seg.granuleLimit);
    this.arena.grainsFree(seg.base, seg.limit);
  }

  /** eachObject -- visit what begins in granules [g, limit) of a segment, pads and forwarded ones too. */
  eachObject(g: number, limit: number, visit: (g: number, next: number) => void): void {
    const heap = this.arena.heap;
    for (let at = g; at < limit;) {
      const start = heap.starts[at];
      aver(start !== 0, '<design/heap#.inv.covered>');
      const next = at + heap.sizeAt(at, limit);
      visit(at, next);
      at = next;
    }
  }

  /** finish -- destroy the pool with everything in it; no trace may be busy. */
  finish(): void {
    for (const buffer of [...this.buffers, ...this.forwards]) buffer.detach();
    this.buffers.clear();
    while (!this.segRing.isSingle) this.segFree(this.segRing.next.owner);
  }
}
