/* pool.ts: POOLS
 *
 * What all pools have in common: segments, buffers, and the questions that a client, the arena and the tracer ask them. A class of pools
 * answers those that make sense for it; the answer to the others is that the rule has been broken <design/pool>.
 */
import { aver, checkSig, cool, Ring, SigINVALID, type Sig } from '../../base/base.ts';
import { GranuleSIZE, PermDATA, type Hart, type Low } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import type { Locus } from '../arena/chunk.ts';
import type { Generation } from '../arena/generation.ts';
import { ResCOMMITLIMIT, ResMEMORY, ResOK, type Res } from '../result.ts';
import { poolApply, poolWalk, type WalkScanner } from '../services/walk.ts';
import { scanGranules, type ScanState } from '../trace/scan.ts';
import type { Buffer, BufferOptions } from './buffer.ts';
import { formatCheck, type Format } from './format.ts';
import { RankEXACT, type Rank } from './rank.ts';
import { Seg } from './seg.ts';

const COOL = cool;

/** How much of a segment is scanned before the trace asks whether it has done enough <design/trace#.scan.part>. */
const ScanPART = 16 * 1024;

const PoolSig: Sig = 0x51900119;

/** What the ledger is charged for a segment: its record, and a bit a granule for the marks that it may need
 * <design/pool#.departs.board>. */
const segRecord = (size: number): number => 128 + size / 128;

/** What a segment is to be. */
export interface SegWants {
  /** Of the references in it; default RankEXACT. */
  readonly rank?: Rank;
  /** Holds one object, which is never copied. */
  readonly large?: boolean;
}

/** What every pool is made from. */
export interface PoolParameters {
  /** The name of its class. */
  readonly kind: string;
  readonly format: Format;
  /** Bytes, a power of two: sizes and addresses of blocks are multiples; default the format's, or a granule. */
  readonly alignment?: number;
  /** What capabilities to its blocks permit; default everything that data may. */
  readonly perms?: number;
}

/** A pool. */
export abstract class Pool {
  sig: Sig = SigINVALID;
  readonly arena: Arena;
  readonly kind: string;
  /** Its number among the arena's pools, from 1. */
  readonly serial: number;
  readonly format: Format;
  readonly alignment: number;
  readonly perms: number;
  readonly segRing: Ring<Seg> = new Ring<Seg>(null as unknown as Seg);
  /** Those of mutators. */
  readonly buffers: Set<Buffer> = new Set();
  /** Whether the collector finds out what is garbage in it. */
  abstract readonly isAutomatic: boolean;
  /** Whether its objects may move. */
  abstract readonly isMoving: boolean;
  /** Blocks of this size and more get a segment to themselves <design/pool#.large>. */
  readonly largeSize: number = Infinity;
  /** Whether several buffers may fill one segment: then it knows none of them. */
  readonly sharesSegs: boolean = false;
  /** Whether what is in it are objects, which the start map knows. */
  readonly hasObjects: boolean = true;

  constructor(arena: Arena, { kind, format, alignment = format.alignment ?? GranuleSIZE, perms = PermDATA }: PoolParameters) {
    formatCheck(format);
    aver(alignment >= 1 && Number.isInteger(Math.log2(alignment)) && alignment <= arena.grains.parameters.grainSize, '<design/pool#.if.alignment>');
    this.arena = arena;
    this.kind = kind;
    this.serial = arena.poolSerial();
    this.format = format;
    this.alignment = Math.max(alignment, GranuleSIZE);
    this.perms = perms;
    this.sig = PoolSig;
  }

  // For clients ------------------------------------------------------------------------------------------------------

  /** allocationPoint -- a place from which `hart`'s thread allocates; `finish` it when the thread is done. */
  allocationPoint(_hart: Hart, _options: BufferOptions = {}): Buffer {
    aver(false, '<design/pool#.if.buffer>');
  }

  /** alloc -- put a capability to `size` bytes into a slot, or clear it and say why not. */
  alloc(_hart: Hart, _slot: number, _size: number): Res {
    aver(false, '<design/pool#.if.alloc>');
  }

  /** free -- give `size` bytes back that begin at the address in a slot. */
  free(_hart: Hart, _slot: number, _size: number): void {
    aver(false, '<design/pool#.if.free>');
  }

  /** Bytes that it has of the arena. */
  get totalSize(): number {
    let size = 0;
    for (let node = this.segRing.next; node !== this.segRing; node = node.next) size += node.owner.size;
    return size;
  }

  /** Bytes of these that no client's block has. */
  abstract get freeSize(): number;

  /** checkFenceposts, checkFreeSpace -- in debugging pools, insist that nobody has written beside a block, or to what is free
   * (mps_pool_check_fenceposts, mps_pool_check_free_space) <design/fence>. */
  checkFenceposts(): void {
    // Other pools have none.
  }

  checkFreeSpace(): void {
    // See checkFenceposts.
  }

  /** walk -- show all its objects, as areas, to a scanner, which may change their references (mps_pool_walk) <design/walk>. */
  walk(scan: WalkScanner): Res {
    checkSig(this, PoolSig);
    return poolWalk(this, scan);
  }

  /** apply -- visit each of its objects: its low address and its size in bytes (mps_amc_apply). */
  apply(visit: (base: Low, size: number) => void): void {
    checkSig(this, PoolSig);
    poolApply(this, visit);
  }

  // For buffers ------------------------------------------------------------------------------------------------------

  /** bufferFill -- give a buffer that has nothing room for `size` bytes. */
  bufferFill(_buffer: Buffer, _size: number): Res {
    aver(false, '<design/pool#.if.buffer>');
  }

  /** bufferEmpty -- take back what a buffer has not used of a segment, [init, limit); the segment is exposed. */
  bufferEmpty(seg: Seg, init: number, limit: number): void {
    const granule = seg.granuleOf(init);
    this.pad(seg, granule, granule + (limit - init) / GranuleSIZE);
  }

  /** bufferFinish -- an allocation point is about to be given back. */
  bufferFinish(_buffer: Buffer): void {
    // Most pools keep what was allocated there.
  }

  /** framePush -- where a frame begins that is to be popped later; pools that do not free by frames say 0 <design/buffer#.frame>. */
  framePush(_buffer: Buffer): number {
    return 0;
  }

  /** framePop -- what was allocated since the frame began is dead. */
  framePop(_buffer: Buffer, _frame: number): void {
    // Most pools make nothing of it.
  }

  /** rampBegin, rampEnd -- an allocation pattern begins, or ends, at one of its allocation points <design/pool#.ramp>. */
  rampBegin(_collectAll: boolean): void {
    // Most pools make no difference.
  }

  rampEnd(): void {
    // See rampBegin.
  }

  // For the tracer ---------------------------------------------------------------------------------------------------

  /** whiten -- condemn what can be condemned of a segment; returns its bytes, 0 if it stays out of the trace. */
  whiten(_seg: Seg): number {
    aver(false, '<design/pool#.if.automatic>');
  }

  /** scan -- fix the references of a grey segment that have not been, until the work comes to `enough` or `ss.res` says why not;
   * true if all have been. */
  scan(_ss: ScanState, _seg: Seg, _enough: number): boolean {
    aver(false, '<design/pool#.if.automatic>');
  }

  /** fix -- preserve the object that `base`, in its white segment number `s`, belongs to: the base from now on, SPLAT for a weak reference to what
   * is not preserved, or `ss.res` says why not <design/scan#.fix>. */
  fix(_ss: ScanState, _s: number, _base: Low): Low {
    aver(false, '<design/pool#.if.automatic>');
  }

  /** fixEmergency -- the same without memory: it cannot fail, and nothing moves. */
  fixEmergency(_ss: ScanState, _s: number, _base: Low): Low {
    aver(false, '<design/pool#.if.automatic>');
  }

  /** fixAmbig -- a word may be the address of an object of a white segment, or is the base of a capability's bounds: if it is, pin it, and say
   * so. Cannot fail. */
  fixAmbig(_ss: ScanState, _seg: Seg, _addr: Low, _isTagged: boolean): boolean {
    aver(false, '<design/pool#.if.automatic>');
  }

  /** reclaim -- free what the trace did not preserve of a white segment; returns how many bytes that is. */
  reclaim(_seg: Seg): number {
    aver(false, '<design/pool#.if.automatic>');
  }

  // For its classes --------------------------------------------------------------------------------------------------

  /** segAlloc -- a segment of `size` bytes, in whole grains, for a generation or somewhere else; or why there is none. */
  protected segAlloc(
    generation: Generation | null, locus: Locus, size: number, alignment: number, { rank = RankEXACT, large = false }: SegWants = {},
  ): Seg | Res {
    const { grains, ledger } = this.arena;
    if (!ledger.charge(segRecord(size))) return grains.available < segRecord(size) ? ResCOMMITLIMIT : ResMEMORY;
    const found = grains.alloc(size, alignment, locus);
    if (found.res !== ResOK) {
      ledger.credit(segRecord(size));
      return found.res;
    }
    const seg = new Seg(this, generation, { base: found.base, limit: found.base + size, delta: found.delta, rank, large });
    generation?.accountAlloc(size);
    return seg;
  }

  /** segFree -- give a segment's grains back, tags and starts cleared <design/seg#.inv.free.clear>. */
  protected segFree(seg: Seg): void {
    const { generation } = seg;
    seg.board = null;
    this.arena.ledger.credit(segRecord(seg.size));
    if (generation !== null) {
      generation.accountReclaim(seg.aged, seg.isDeferred);
      generation.accountForget(seg.fresh, seg.isDeferred);
      generation.accountFree(seg.size);
    }
    seg.setGrey(false);
    seg.finish();
    this.arena.heap.wipe(seg.granuleBase, seg.granuleLimit);
    this.arena.grains.free(seg.base, seg.limit);
  }

  /** segTidy -- free a segment in which there is nothing: nobody would condemn it <design/pool#.inv.empty>. */
  segTidy(seg: Seg): void {
    if (seg.aged === 0 && seg.fresh === 0 && seg.buffer === null) this.segFree(seg);
  }

  /** pad -- make granules [g, limit) of a segment, if any, nobody's. */
  pad(seg: Seg, g: number, limit: number): void {
    if (g === limit) return;
    const heap = this.arena.heap;
    heap.pad(g, limit);
    this.format.pad?.(this.arena.view, heap.lowOf(seg, g), heap.lowOf(seg, limit));
  }

  /** scanOn -- fix what has not been of a segment, as far as there are objects, until the work comes to `enough` or `ss.res` says why not;
   * true if all has been. */
  protected scanOn(ss: ScanState, seg: Seg, enough: number): boolean {
    // Where a format scans, parts end where objects end.
    const part = this.format.scan === undefined ? ScanPART : Infinity;
    // Scanning may forward objects into this very segment: look again where they end.
    while (seg.scanned < seg.scanLimit) {
      if (ss.work >= enough) return false;
      const limit = Math.min(seg.scanLimit, seg.scanned + part);
      this.scanRange(ss, seg, seg.granuleOf(seg.scanned), seg.granuleOf(seg.scanned) + (limit - seg.scanned) / GranuleSIZE);
      if (ss.res !== ResOK) return false;
      seg.scanned = limit;
    }
    return true;
  }

  /** scanRange -- fix the references in granules [g, limit) of a segment, by tags or by the format's method. */
  protected scanRange(ss: ScanState, seg: Seg, g: number, limit: number): void {
    const { scan, skip, headerSize = 0 } = this.format, { view } = this.arena;
    if (scan === undefined) {
      scanGranules(ss, g, limit);
      return;
    }
    this.eachObject(g, limit, (object, next) => {
      if (ss.res !== ResOK || ss.heap.isPad(object)) return;
      // What a method is given points past the header, and so does the end, for the next object begins there <design/format#.header>.
      const base = (ss.heap.lowOf(seg, object) + headerSize) | 0, end = (ss.heap.lowOf(seg, next) + headerSize) | 0;
      if (COOL && skip !== undefined) aver((skip(view, base) | 0) === end, '<design/format#.if.skip>');
      const res = scan(view, base, end);
      if (ss.res === ResOK) ss.res = res;
      ss.scanned += (next - object) * GranuleSIZE;
    });
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

  /** eachPart -- visit what may be taken for objects of a segment, as granules [g, limit): all but what its buffer has not been given
   * back <design/buffer#.inv.scanlimit>. */
  eachPart(seg: Seg, visit: (g: number, limit: number) => void): void {
    const { buffer } = seg, past = buffer === null ? seg.limit : buffer.scanLimit;
    if (past > seg.base) visit(seg.granuleBase, seg.granuleBase + (past - seg.base) / GranuleSIZE);
    if (buffer !== null && buffer.limit < seg.limit) visit(seg.granuleOf(buffer.limit), seg.granuleLimit);
  }

  check(): void {
    checkSig(this, PoolSig);
    for (const buffer of this.buffers) buffer.check();
  }

  /** finish -- destroy the pool with everything in it; no trace may be busy. */
  finish(): void {
    for (const buffer of [...this.buffers]) buffer.detach();
    this.buffers.clear();
    while (!this.segRing.isSingle) this.segFree(this.segRing.next.owner);
    this.sig = SigINVALID;
  }
}
