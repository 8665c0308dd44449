/* mvt.ts: MANUAL VARIABLE TEMPORAL
 *
 * A manual pool for blocks that die in about the order in which they were made. Allocation points fill whole stretches; a stretch that is
 * free again waits in a queue behind those that were free before it, and smaller ones wait to grow <design/mvt>.
 */
import { aver } from '../../base/base.ts';
import { PageSHIFT, PageSIZE, type Hart } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import type { Locus } from '../arena/chunk.ts';
import { Buffer } from '../heap/buffer.ts';
import { tagged } from '../heap/format.ts';
import { RankNONE } from '../heap/rank.ts';
import type { Seg } from '../heap/seg.ts';
import { Abq, abqRecord } from '../land/abq.ts';
import { Failover } from '../land/failover.ts';
import { landFits, landPlace } from '../land/land.ts';
import { ResFAIL, ResOK, type Res } from '../result.ts';
import { locusOf, ManualPool, SizeCOARSE, wordsOf } from './manual.ts';

const PageREST = PageSIZE - 1;

/** The queue has room for at least so many. */
const QueueLEAST = 3;

/** What an MVT pool is made with; the names are the MPS's. */
export interface MvtOptions {
  /** Addresses and sizes of blocks are multiples: a granule. */
  readonly alignment?: number;
  /** Bytes of the smallest block: a granule. */
  readonly minSize?: number;
  /** Bytes of a typical block: 32. */
  readonly meanSize?: number;
  /** Bytes of the largest block that is nothing out of the ordinary: 8192. */
  readonly maxSize?: number;
  /** How many blocks there may be room for in what is kept for reuse: 1024. */
  readonly reserveDepth?: number;
  /** Share of its memory that may be free before the first place that will do is taken, above 0, to 1: 0.3. */
  readonly fragLimit?: number;
}

/** A temporal fit pool. */
export class MvtPool extends ManualPool {
  override readonly largeSize: number;
  override readonly sharesSegs: boolean = true;
  readonly minSize: number;
  readonly meanSize: number;
  readonly maxSize: number;
  readonly reserveDepth: number;
  readonly fragLimit: number;
  /** Bytes from which on a free range is worth filling, and beyond which a block is oversize. */
  readonly reuseSize: number;
  /** Bytes of a segment that is not for an oversize block. */
  readonly extendBy: number;
  private readonly locus: Locus = locusOf(false);
  /** What is free, but for the splinter and what buffers have; no range is in two segments. */
  private readonly land: Failover;
  /** Free ranges of the reusable size; null until there has been memory for it. */
  private queue: Abq | null = null;
  /** Whether there may be free ranges of the reusable size that are not queued. */
  private isOverflowed: boolean = false;
  /** What a buffer has left over, if it is worth keeping for the next. */
  private splinterBase: number = 0;
  private splinterLimit: number = 0;
  /** What has been found for a buffer. */
  private base: number = 0;
  private limit: number = 0;
  /** The segment that a buffer is letting go of, which is exposed meanwhile and cannot go; and that one again, if it should. */
  private emptying: Seg | null = null;
  private surplus: Seg | null = null;

  constructor(arena: Arena, options: MvtOptions) {
    const { alignment = 16, minSize = 16, meanSize = 32, maxSize = 8192, reserveDepth = 1024, fragLimit = 0.3 } = options;
    super(arena, { kind: 'mvt', format: tagged, alignment });
    aver(minSize > 0 && minSize <= meanSize && meanSize <= maxSize && maxSize < 2 ** 30, '<design/mvt#.if.sizes>');
    aver(Number.isSafeInteger(reserveDepth) && reserveDepth > 0, '<design/mvt#.if.depth>');
    aver(fragLimit > 0 && fragLimit <= 1, '<design/mvt#.if.frag>');
    this.minSize = minSize;
    this.meanSize = meanSize;
    this.maxSize = maxSize;
    this.reserveDepth = reserveDepth;
    this.fragLimit = fragLimit;
    this.reuseSize = arena.grainsRound(maxSize);
    this.extendBy = 2 * this.reuseSize;
    this.largeSize = Math.min(SizeCOARSE, this.reuseSize + 1);
    const { tracts } = arena.heap;
    this.land = new Failover({
      alignment: this.alignment, ledger: arena.ledger, words: wordsOf(this),
      isBorder: (addr) => (addr & PageREST) === 0 && tracts[(addr - 1) >>> PageSHIFT] !== tracts[addr >>> PageSHIFT],
    });
  }

  /** How many ranges the queue has room for <design/mvt#.depth>. */
  get queueDepth(): number {
    return Math.max(QueueLEAST, Math.ceil((this.reserveDepth * this.meanSize) / this.reuseSize));
  }

  override get freeSize(): number {
    return this.land.size + this.splinterLimit - this.splinterBase;
  }

  // Blocks -----------------------------------------------------------------------------------------------------------

  /** alloc -- breaks a rule: blocks come from allocation points. */
  override alloc(): Res {
    return this.blockAlloc();
  }

  override blockAlloc(): number {
    aver(false, '<design/pool#.if.alloc>');
  }

  override blockFree(base: number, size: number): Res {
    const limit = base + size;
    if (base < this.splinterLimit && this.splinterBase < limit) return ResFAIL;
    const res = this.land.insert(base, limit);
    if (res !== ResOK) return res;
    this.wipe(base, size);
    this.settle();
    return ResOK;
  }

  // Allocation points ------------------------------------------------------------------------------------------------

  override allocationPoint(hart: Hart): Buffer {
    aver(this.arena.hasThread(hart), '<design/buffer#.if.registered>');
    const buffer = new Buffer({ pool: this, generation: null, hart, rank: RankNONE });
    this.buffers.add(buffer);
    return buffer;
  }

  /** bufferFill -- all that has been found: by the order of <design/mvt#.fill>. */
  override bufferFill(buffer: Buffer, size: number): Res {
    buffer.detach();
    const alignment = this.blockAlignment(size);
    if (!this.findReusable(size, alignment)) {
      const res = this.extend(size, alignment);
      if (res !== ResOK && !this.findFirst(size, alignment)) return res;
    }
    const { base, limit } = this, seg = this.segAt(base);
    if (size < this.largeSize) {
      buffer.attach(seg, base, limit);
      return ResOK;
    }
    const place = landPlace(base, limit, size, alignment, false);
    buffer.attach(seg, place, place + size);
    if (base < place) this.put(base, place);
    if (place + size < limit) this.keep(place + size, limit);
    return ResOK;
  }

  /** bufferEmpty -- what is left over is a splinter. */
  override bufferEmpty(seg: Seg, init: number, limit: number): void {
    this.emptying = seg;
    this.wipe(init, limit - init);
    this.keep(init, limit);
    this.emptying = null;
  }

  /** segTidy -- a buffer has let go of a segment, which may go now. */
  override segTidy(): void {
    if (this.surplus !== null) this.giveBack(this.surplus);
    this.surplus = null;
  }

  // Finding ----------------------------------------------------------------------------------------------------------

  /** findReusable -- look for a place that it costs nothing to have: the splinter, the oldest in the queue, or what is first where too much
   * is free. */
  private findReusable(size: number, alignment: number): boolean {
    if (size > this.reuseSize) return false;
    return this.findSplinter(size, alignment) || this.findQueued(size, alignment)
      || (this.land.size > this.fragLimit * this.total && this.findFirst(size, alignment));
  }

  private findSplinter(size: number, alignment: number): boolean {
    const { splinterBase, splinterLimit } = this;
    if (!landFits(splinterBase, splinterLimit, size, alignment)) return false;
    this.splinterBase = 0;
    this.splinterLimit = 0;
    return this.found(splinterBase, splinterLimit);
  }

  private findQueued(size: number, alignment: number): boolean {
    if (this.isOverflowed && (this.queue === null || this.queue.count === 0)) this.refill();
    const { queue } = this;
    if (queue === null || !queue.peek() || !landFits(queue.base, queue.limit, size, alignment)) return false;
    return this.take(queue.base, queue.limit);
  }

  private findFirst(size: number, alignment: number): boolean {
    const { land } = this;
    return land.findFirst(size, alignment) && this.take(land.base, land.limit);
  }

  private extend(size: number, alignment: number): Res {
    const want = size > this.reuseSize ? size : this.extendBy, seg = this.segExtend(this.locus, want, size, alignment);
    if (typeof seg === 'number') return seg;
    this.found(seg.base, seg.limit);
    return ResOK;
  }

  /** take -- a whole range is free no more. */
  private take(base: number, limit: number): boolean {
    aver(this.land.delete(base, limit) === ResOK, '<design/mvt#.inv.queue>');
    if (limit - base >= this.reuseSize) this.queue?.delete(base, limit);
    return this.found(base, limit);
  }

  private found(base: number, limit: number): boolean {
    this.base = base;
    this.limit = limit;
    return true;
  }

  // What is free -----------------------------------------------------------------------------------------------------

  /** keep -- [base, limit) is left over: the larger of it and the splinter that was will be the splinter. */
  private keep(base: number, limit: number): void {
    const { splinterBase, splinterLimit } = this;
    if (limit - base < this.minSize || limit - base <= splinterLimit - splinterBase) {
      this.put(base, limit);
      return;
    }
    this.splinterBase = base;
    this.splinterLimit = limit;
    if (splinterBase < splinterLimit) this.put(splinterBase, splinterLimit);
  }

  private put(base: number, limit: number): void {
    aver(this.land.insert(base, limit) === ResOK, '<design/mvt#.inv.apart>');
    this.settle();
  }

  /** settle -- the free range that the land has just answered has grown: it goes back to the arena, or is queued, or waits to grow. */
  private settle(): void {
    const { base, limit } = this.land;
    if (limit - base < this.reuseSize) return;
    const seg = this.segAt(base);
    if (seg.size <= this.extendBy || seg.base !== base || seg.limit !== limit) this.reserve(base, limit);
    else if (seg === this.emptying) this.surplus = seg;
    else this.giveBack(seg);
  }

  /** reserve -- queue a range, as the youngest; what of it was queued is not any more. When there is no room the oldest goes back to the
   * arena, if it is a whole segment. */
  private reserve(base: number, limit: number): void {
    const queue = this.queueMake();
    if (queue !== null) {
      queue.delete(base, limit);
      if (queue.push(base, limit)) return;
      queue.peek();
      const seg = this.segAt(queue.base);
      if (seg.base === queue.base && seg.limit === queue.limit) {
        this.giveBack(seg);
        queue.push(base, limit);
        return;
      }
    }
    this.isOverflowed = true;
  }

  /** refill -- queue what there was no room for, lowest first. */
  private refill(): void {
    const queue = this.queueMake();
    if (queue === null) return;
    this.isOverflowed = false;
    this.land.each((base, limit) => {
      if (limit - base >= this.reuseSize && !queue.push(base, limit)) this.isOverflowed = true;
    });
  }

  /** queueMake -- the queue, if there is memory for one: without, it is as if it were full. */
  private queueMake(): Abq | null {
    if (this.queue === null && this.arena.ledger.charge(abqRecord(this.queueDepth))) this.queue = new Abq(this.queueDepth);
    return this.queue;
  }

  /** giveBack -- the arena gets a segment back that is all free. */
  private giveBack(seg: Seg): void {
    this.take(seg.base, seg.limit);
    this.segReturn(seg);
  }

  private segAt(base: number): Seg {
    return this.arena.heap.segOf(base) as Seg;
  }

  // Checks -----------------------------------------------------------------------------------------------------------

  override check(): void {
    super.check();
    const { land, queue, splinterBase, splinterLimit } = this;
    land.check();
    aver(splinterBase === splinterLimit || !land.overlaps(splinterBase, splinterLimit), '<design/mvt#.inv.apart>');
    queue?.each((base, limit) => {
      aver(land.contains(base, limit) && land.base === base && land.limit === limit, '<design/mvt#.inv.queue>');
      aver(limit - base >= this.reuseSize, '<design/mvt#.inv.queue>');
    });
    let reusable = 0;
    land.each((base, limit) => { reusable += limit - base >= this.reuseSize ? 1 : 0; });
    aver(this.isOverflowed || reusable === (queue?.count ?? 0), '<design/mvt#.inv.queue>');
  }

  override finish(): void {
    super.finish();
    this.land.finish();
    if (this.queue !== null) this.arena.ledger.credit(abqRecord(this.queue.capacity));
    this.queue = null;
  }
}
