/* marking.ts: POOLS THAT MARK
 *
 * What the collected pools have in common whose objects never move: what a trace finds is marked where it stands, and what it has
 * not marked becomes free, to be allocated in again. A buffer may fill any free part of a segment <design/marking>.
 */
import { aver } from '../../base/base.ts';
import { boundsGranule, GranuleSHIFT, PermDATA, type Hart, type Low } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import type { Chain, Generation } from '../arena/generation.ts';
import { makeRoom } from '../arena/room.ts';
import { Buffer, type BufferOptions } from '../heap/buffer.ts';
import { tagged, type Format } from '../heap/format.ts';
import { SegWHITE, StartPAD } from '../heap/heap.ts';
import { Nailboard } from '../heap/nailboard.ts';
import { Pool } from '../heap/pool.ts';
import { RankNONE, RankWEAK, type Rank } from '../heap/rank.ts';
import type { Seg } from '../heap/seg.ts';
import { ResOK, type Res } from '../result.ts';
import { SPLAT, type ScanState } from '../trace/scan.ts';
import { Rooms } from './marking-rooms.ts';

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const PAD = StartPAD, SHIFT = GranuleSHIFT, NONE = RankNONE, WEAK = RankWEAK;

/** Objects from this size up get a segment of their own: beyond it bounds are coarser than a granule. */
const LargeSIZE = 16 * 1024;

/** The size of a segment, unless the generation is smaller. */
const ExtendSIZE = 64 * 1024;

/** How much of a segment is scanned before the trace asks whether it has done enough <design/trace#.scan.part>. */
const ScanPART = 16 * 1024;

/** What the marking pools are made with. */
export interface MarkingOptions {
  /** Default: tags say where references are. */
  readonly format?: Format;
  /** Default: the arena's. */
  readonly chain?: Chain;
  /** The place in the chain of the one generation that its objects are in, for good; as many as the chain has is the arena's top one.
   * Default 0 with a chain of its own, 1 with the arena's <design/marking#.gen>. */
  readonly gen?: number;
  /** Bytes of a segment, in whole grains; default 64 KiB, or the generation's capacity if that is less. */
  readonly extendBy?: number;
}

/** What the classes of marking pools add. */
export interface MarkingParameters {
  /** The name of the class. */
  readonly kind: string;
  /** What capabilities to its objects permit; default everything that data may. */
  readonly perms?: number;
  /** Which an allocation point may ask for; the first one is the default. */
  readonly ranks: readonly Rank[];
}

/** A pool whose objects are collected and stay where they are. */
export abstract class MarkingPool extends Pool {
  readonly isAutomatic = true;
  readonly isMoving = false;
  override readonly largeSize: number = LargeSIZE;
  /** The one that all its objects are in. */
  readonly generation: Generation;
  readonly extendBy: number;
  private readonly ranks: readonly Rank[];
  private readonly rooms: Rooms;

  constructor(arena: Arena, { format = tagged, chain, gen = chain === undefined ? 1 : 0, extendBy }: MarkingOptions, { kind, perms = PermDATA, ranks }: MarkingParameters) {
    super(arena, { kind, format, perms });
    const generations = [...arena.chainFor(chain).generations, arena.topGeneration];
    aver(Number.isInteger(gen) && gen >= 0 && gen < generations.length, '<design/marking#.if.gen>');
    aver(extendBy === undefined || (Number.isInteger(extendBy) && extendBy > 0), '<design/marking#.if.extend>');
    this.generation = generations[gen];
    this.extendBy = arena.grainsRound(extendBy ?? Math.min(ExtendSIZE, this.generation.capacity));
    this.ranks = ranks;
    this.rooms = new Rooms(arena.heap);
  }

  override allocationPoint(hart: Hart, { rank = this.ranks[0] }: BufferOptions = {}): Buffer {
    aver(this.arena.hasThread(hart), '<design/buffer#.if.registered>');
    aver(this.ranks.includes(rank), '<design/marking#.if.rank>');
    const buffer = new Buffer({ pool: this, generation: this.generation, hart, rank });
    this.buffers.add(buffer);
    return buffer;
  }

  /** Bytes of its segments less those of objects and buffers. */
  override get freeSize(): number {
    let size = 0;
    for (let node = this.segRing.next; node !== this.segRing; node = node.next) {
      const { owner: seg } = node, { buffer } = seg;
      size += seg.size - seg.aged - seg.fresh - (buffer === null ? 0 : buffer.limit - buffer.base);
    }
    return size;
  }

  // Allocation -------------------------------------------------------------------------------------------------------

  /** bufferFill -- give a buffer a free run of a segment, or a fresh one; a large object has one to itself <design/marking#.fill>. */
  override bufferFill(buffer: Buffer, size: number): Res {
    if (size >= this.largeSize) return this.fillLarge(buffer, size);
    const { rank } = buffer, find = (): Seg | Res => this.rooms.find(size, rank) ?? this.segMake(size, rank);
    let seg = find();
    if (typeof seg === 'number') seg = makeRoom(this.arena, size, find);
    if (typeof seg === 'number') return seg;
    const { heap } = this.arena, g = this.rooms.runOf(seg), base = heap.lowOf(seg, g) >>> 0;
    const limit = base + (heap.sizeAt(g, seg.granuleLimit) << GranuleSHIFT);
    this.given(base, limit);
    buffer.attach(seg, base, limit);
    return ResOK;
  }

  private fillLarge(buffer: Buffer, size: number): Res {
    const make = (): Seg | Res =>
      this.segAlloc(this.generation, this.generation, this.arena.grainsRound(size), boundsGranule(size), { rank: buffer.rank, large: true });
    let seg = make();
    if (typeof seg === 'number') seg = makeRoom(this.arena, size, make);
    if (typeof seg === 'number') return seg;
    // The rest of a large object's segment is nobody's.
    this.pad(seg, seg.granuleOf(seg.base + size - 1) + 1, seg.granuleLimit);
    buffer.attach(seg, seg.base, seg.base + size);
    return ResOK;
  }

  /** segMake -- a segment that is all free, with room for `size` bytes; a small one if there is not enough for more. */
  private segMake(size: number, rank: Rank): Seg | Res {
    const least = this.arena.grainsRound(size), want = Math.max(this.extendBy, least);
    let seg = this.segAlloc(this.generation, this.generation, want, 1, { rank });
    if (typeof seg === 'number' && least < want) seg = this.segAlloc(this.generation, this.generation, least, 1, { rank });
    if (typeof seg === 'number') return seg;
    this.release(seg, seg.granuleBase, seg.granuleLimit);
    return seg;
  }

  /** release -- make granules [g, limit) of a segment, if any, free: nobody's, and for a buffer to find. */
  private release(seg: Seg, g: number, limit: number): void {
    this.pad(seg, g, limit);
    const base = seg.base + ((g - seg.granuleBase) << GranuleSHIFT);
    this.freed(base, base + ((limit - g) << GranuleSHIFT));
    this.rooms.add(seg, g, limit);
  }

  /** freed, given -- [base, limit) of a segment, low addresses, unsigned, is free; it is about to be a buffer's. For classes that debug. */
  protected freed(_base: number, _limit: number): void {
    // Others leave it as it is.
  }

  protected given(_base: number, _limit: number): void {
    // See freed.
  }

  override bufferEmpty(seg: Seg, init: number, limit: number): void {
    const g = seg.granuleOf(init);
    this.release(seg, g, g + ((limit - init) >>> GranuleSHIFT));
  }

  protected override segFree(seg: Seg): void {
    this.rooms.forget(seg);
    super.segFree(seg);
  }

  // The trace --------------------------------------------------------------------------------------------------------

  /** whiten -- condemn all objects of a segment but what its buffer has not given back; returns their bytes <design/marking#.whiten>. */
  override whiten(seg: Seg): number {
    const { buffer } = seg;
    if (buffer !== null) {
      seg.whiteLimit = buffer.scanLimit;
      seg.blackLimit = buffer.limit;
    }
    const condemned = seg.age();
    if (condemned === 0) this.unwhiten(seg);
    else seg.stateAdd(SegWHITE);
    return condemned;
  }

  /** unwhiten -- a segment is in no trace any more. */
  private unwhiten(seg: Seg): void {
    seg.whiteLimit = seg.limit;
    seg.blackLimit = seg.limit;
    seg.board = null;
    seg.stateRemove(SegWHITE);
  }

  /** fix -- mark the object; or splat the reference, if it is weak and the object is not marked. .critical */
  override fix(ss: ScanState, s: number, base: Low): Low {
    const heap = ss.heap, starts = heap.starts, seg = heap.segs[s] as Seg, addr = base >>> 0;
    if (addr >= seg.whiteLimit && addr < seg.blackLimit) return base;
    const at = (base + seg.delta) >>> SHIFT;
    // A narrowed reference begins inside its object.
    const g = starts[at] !== 0 ? at : heap.startBefore(at), board = seg.board;
    if (starts[g] === PAD) return base;
    const granule = g - ((seg.base + seg.delta) >>> SHIFT);
    if (board !== null && board.has(granule)) return base;
    if (ss.rank === WEAK) return SPLAT;
    this.mark(ss, seg, granule);
    return base;
  }

  /** fixEmergency -- marking needs no memory <design/pool#.departs.board>. */
  override fixEmergency(ss: ScanState, s: number, base: Low): Low {
    return this.fix(ss, s, base);
  }

  /** fixAmbig -- a word may be the address of an object, at any of its bytes: if it is, mark it, and say so. */
  override fixAmbig(ss: ScanState, seg: Seg, addr: Low, _isTagged: boolean): boolean {
    const { heap } = ss, low = addr >>> 0;
    if (low >= seg.whiteLimit && low < seg.blackLimit) return false;
    const g = heap.startBefore(seg.granuleOf(low));
    if (heap.isPad(g)) return false;
    const granule = g - seg.granuleBase;
    if (seg.board?.has(granule) !== true) this.mark(ss, seg, granule);
    return true;
  }

  /** mark -- preserve the object at `granule`, counted from the base of its segment, which is white; have it scanned, if it may hold
   * references. .critical */
  private mark(ss: ScanState, seg: Seg, granule: number): void {
    ss.wasMarked = false;
    if (seg.large) {
      this.markLarge(ss, seg);
      return;
    }
    const board = seg.board ??= new Nailboard(seg.size >>> SHIFT);
    if (seg.rank === NONE) board.mark(granule);
    else {
      board.set(granule);
      if (!seg.grey) seg.setGrey(true);
    }
  }

  /** markLarge -- preserve a large object with its segment, which is scanned in parts like one that was not condemned. */
  private markLarge(ss: ScanState, seg: Seg): void {
    ss.inPlace += seg.aged;
    this.unwhiten(seg);
    seg.rescan();
    if (seg.rank !== RankNONE) seg.setGrey(true);
  }

  /** scan -- of a white segment its marked objects, of another one everything <design/marking#.scan>. */
  override scan(ss: ScanState, seg: Seg, enough: number): boolean {
    return seg.white ? this.scanMarked(ss, seg, enough) : this.scanAll(ss, seg, enough);
  }

  /** scanObjects -- fix the references of granules [g, limit), which are one object of a white segment, or a part of another one: some
   * objects and pads, or a piece of one large object. */
  protected scanObjects(ss: ScanState, seg: Seg, g: number, limit: number): void {
    this.scanRange(ss, seg, g, limit);
  }

  private scanMarked(ss: ScanState, seg: Seg, enough: number): boolean {
    const { board, granuleBase } = seg, { heap } = ss, above = seg.granuleLimit;
    const below = granuleBase + ((seg.whiteLimit - seg.base) >>> GranuleSHIFT);
    aver(board !== null, '<design/amc#.inv.white.grey>');
    while (ss.work < enough) {
      const granule = board.take();
      if (granule < 0) return true;
      const g = granuleBase + granule;
      this.scanObjects(ss, seg, g, g + heap.sizeAt(g, g < below ? below : above));
      if (ss.res !== ResOK) {
        board.untake(granule);
        return false;
      }
    }
    return false;
  }

  private scanAll(ss: ScanState, seg: Seg, enough: number): boolean {
    while (seg.scanned < seg.limit) {
      const { buffer } = seg;
      if (buffer !== null && seg.scanned >= buffer.scanLimit && seg.scanned < buffer.limit) {
        seg.scanned = buffer.limit;
        continue;
      }
      if (ss.work >= enough) return false;
      const past = buffer !== null && seg.scanned < buffer.scanLimit ? buffer.scanLimit : seg.limit;
      const g = seg.granuleOf(seg.scanned), limit = this.partEnd(seg, g, g + ((past - seg.scanned) >>> GranuleSHIFT));
      this.scanObjects(ss, seg, g, limit);
      if (ss.res !== ResOK) return false;
      seg.scanned += (limit - g) << GranuleSHIFT;
    }
    return true;
  }

  /** partEnd -- where the part ends that begins at granule `g`, `past` at the most: where an object does, but for large ones that tags are enough
   * for. */
  private partEnd(seg: Seg, g: number, past: number): number {
    const { heap } = this.arena, end = g + (ScanPART >>> GranuleSHIFT);
    if (end >= past) return past;
    if (seg.large) return this.format.scan === undefined ? end : past;
    const start = heap.startBefore(end);
    return start === end ? end : start + heap.sizeAt(start, past);
  }

  /** reclaim -- free what has not been marked, and what was free beside it; returns how many bytes that is <design/marking#.reclaim>. */
  override reclaim(seg: Seg): number {
    const { aged } = seg;
    if (seg.board === null && seg.buffer === null && seg.whiteLimit === seg.limit) {
      this.segFree(seg);
      return aged;
    }
    const { shield } = this.arena;
    let kept = 0;
    this.rooms.forget(seg);
    shield.expose(seg);
    this.eachPart(seg, (g, limit) => { kept += this.reclaimPart(seg, g, limit) << GranuleSHIFT; });
    shield.cover(seg);
    this.arena.trace.ss.inPlace += kept;
    seg.aged = kept;
    seg.generation?.accountReclaim(aged - kept);
    this.unwhiten(seg);
    this.segTidy(seg);
    return aged - kept;
  }

  /** reclaimPart -- reclaim granules [base, limit) of a segment; how many of the condemned ones stay. */
  private reclaimPart(seg: Seg, base: number, limit: number): number {
    const { heap } = this.arena, { starts } = heap, { board, granuleBase } = seg;
    const black = granuleBase + ((seg.whiteLimit - seg.base) >>> GranuleSHIFT), past = granuleBase + ((seg.blackLimit - seg.base) >>> GranuleSHIFT);
    let kept = 0, gap = -1, isPad = false;
    for (let g = base; g < limit;) {
      const next = g + heap.sizeAt(g, limit), isFree = starts[g] === PAD, isBlack = g >= black && g < past;
      if (!isFree && (isBlack || board?.has(g - granuleBase) === true)) {
        if (!isBlack) kept += next - g;
        if (gap >= 0) this.close(seg, gap, g, isPad);
        gap = -1;
      } else if (gap < 0) {
        gap = g;
        isPad = isFree;
      } else isPad = false;
      g = next;
    }
    if (gap >= 0) this.close(seg, gap, limit, isPad);
    return kept;
  }

  /** close -- granules [g, limit) are free; they may be one pad already. */
  private close(seg: Seg, g: number, limit: number, isPad: boolean): void {
    if (isPad) this.rooms.add(seg, g, limit);
    else this.release(seg, g, limit);
  }

  override check(): void {
    super.check();
    this.rooms.check();
  }
}
