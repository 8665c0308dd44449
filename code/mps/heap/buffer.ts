/* buffer.ts: BUFFERS AND ALLOCATION POINTS
 *
 * A buffer hands out a segment from its base upward. `reserve` gives a block, the client makes an object of it, `commit` says
 * that it is one. A flip in between makes commit fail, for the block's references were not seen <design/buffer#.inv.trip>.
 *
 *     seg.base          init        alloc                limit
 *        | objects        | reserved  | not yet reserved   |
 *
 * .shared: init, alloc, limit and the flags are words of a shared array, where a flip can reach them <design/buffer#.words>.
 */
import { aver, cool, rash, SigINVALID } from '../../base/base.ts';
import { boundsRound, WindowHIGH, type Hart } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import type { Generation } from '../arena/generation.ts';
import { ZoneSetUNIV } from '../arena/zone.ts';
import { ResFAIL, ResOK, type Res } from '../result.ts';
import { deriveNew } from './authority.ts';
import { StartLONG, type Heap } from './heap.ts';
import type { Pool } from './pool.ts';
import { RankNONE, type Rank } from './rank.ts';
import type { Deferral, Seg } from './seg.ts';

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const COOL = cool, RASH = rash;
const WINDOW = WindowHIGH;

/** Where the words of an allocation point are, for a compiler's inline code <design/buffer#.inline>. */
export const ApINIT = 0;
export const ApALLOC = 1;
export const ApLIMIT = 2;
export const ApFLIPPED = 3;

const INIT = ApINIT, ALLOC = ApALLOC, LIMIT = ApLIMIT, FLIPPED = ApFLIPPED;
const WORDS = 4;

/** Blocks below this size have bounds exact to the byte, and take the fast path. */
const SizeEXACT = 0x1000;

/** Bounds word bits: what turns base and top into memory form <design/machine#.slot>. */
const BoundsNULL = 0x18004;
const BoundsEXACT = 1 << 26;

/** What a client may say of what it is about to allocate: most of it will live until the pattern ends and then die; with `collect all`, the
 * next collection after that is to be one of the world <design/buffer#.pattern>. */
export type AllocPattern = 'ramp' | 'ramp collect all';

/** What a client asks of an allocation point, where its pool offers a choice. */
export interface BufferOptions {
  /** Of the references in what is allocated. */
  readonly rank?: Rank;
  /** What is allocated is to provoke no collection: tables that a collection makes worthless. */
  readonly hashArrays?: boolean;
}

/** What a buffer is made from. */
export interface BufferParameters {
  readonly pool: Pool;
  /** Where its objects are counted; null in pools that are not collected. */
  readonly generation: Generation | null;
  /** The thread whose allocation point this is; null for a forwarding buffer. */
  readonly hart: Hart | null;
  readonly rank: Rank;
  /** Why its objects are to provoke no collection; default: they do. */
  readonly deferral?: Deferral;
}

/** The place from which one thread, or the collector itself, allocates in a pool. */
export class Buffer {
  readonly arena: Arena;
  readonly heap: Heap;
  readonly pool: Pool;
  /** Where its objects are counted; null in pools that are not collected. */
  readonly generation: Generation | null;
  /** The thread whose allocation point this is; null for a forwarding buffer. */
  readonly hart: Hart | null;
  /** Of the references in what is allocated. */
  readonly rank: Rank;
  readonly deferral: Deferral;
  /** init, alloc, limit and the flip flag, low addresses <design/buffer#.words>. */
  readonly words: Int32Array = new Int32Array(new SharedArrayBuffer(WORDS * 4));
  private readonly r: Int32Array;
  /** The object-start map, in which commit records starts. */
  readonly starts: Uint8Array;
  /** What its pool says that capabilities permit, and the bits that no size has. */
  private readonly perms: number;
  private readonly misaligned: number;
  private readonly headerSize: number;
  /** Patterns that have begun, the innermost last. */
  private readonly patterns: AllocPattern[] = [];
  /** The segment it fills; null while detached. */
  seg: Seg | null = null;
  /** Physical address less low address of that segment. */
  delta: number = 0;
  /** Objects below this have been accounted for; low address, unsigned. */
  base: number = 0;
  /** The end of its part of the segment; `limit` is lower while it is flipped. */
  private poolLimit: number = 0;
  private initAtFlip: number = 0;

  constructor({ pool, generation, hart, rank, deferral = 'none' }: BufferParameters) {
    aver(pool.sig !== SigINVALID, '<design/pool#.if.live>');
    this.arena = pool.arena;
    this.heap = this.arena.heap;
    this.pool = pool;
    this.generation = generation;
    this.hart = hart;
    this.r = hart === null ? new Int32Array(0) : hart.r;
    this.rank = rank;
    this.starts = this.heap.starts;
    this.perms = pool.perms;
    this.misaligned = pool.alignment - 1;
    this.headerSize = pool.format.headerSize ?? 0;
    this.deferral = deferral;
  }

  // The client's side ------------------------------------------------------------------------------------------------

  /** reserve -- put a capability to `size` fresh bytes into a slot, or clear it and say why not
   *
   * .critical <design/critical-path#.reserve>. Sizes are rounded up to granules, and beyond 4 KiB to what bounds can say. The
   * memory's tags are clear; its data are whatever they were. A reserve may collect: afterwards every object may
   * have moved. One reserve at a time.
   */
  reserve(slot: number, size: number): Res {
    const words = this.words, alloc = words[ALLOC];
    if (COOL) aver(words[INIT] === alloc, '<design/buffer#.if.one>');
    if (COOL) aver(!(size > 0 && size <= this.headerSize), '<design/format#.if.longer>');
    if (size <= ((words[LIMIT] - alloc) | 0) && size < SizeEXACT && (size & this.misaligned) === 0 && size > 0) {
      words[ALLOC] = alloc + size;
      const r = this.r, c = slot << 3, perms = this.perms;
      r[c] = alloc;
      r[c + 1] = WINDOW;
      r[c + 2] = (((alloc & 0x3fff) | (((alloc + size) & 0xfff) << 14)) ^ BoundsNULL) | BoundsEXACT;
      r[c + 3] = perms;
      r[c + 4] = perms | 1;
      r[c + 5] = size;
      r[c + 6] = size;
      return ResOK;
    }
    return this.fill(slot, size);
  }

  /** commit -- the reserved block is an object now; false if a flip came in between: reserve and initialise again. .critical */
  commit(slot: number): boolean {
    const words = this.words, init = words[INIT], alloc = words[ALLOC];
    if (!RASH) aver(alloc !== init, '<design/buffer#.if.commit>');
    // The start comes first: whoever sees the new `init` sees an object <design/buffer#.inv.start.first>.
    const granules = (alloc - init) >>> 4;
    this.starts[(init + this.delta) >>> 4] = granules < 253 ? granules : StartLONG;
    words[INIT] = alloc;
    return words[FLIPPED] === 0 || this.trip(slot, init);
  }

  /** framePush -- a frame begins: what is allocated from here on dies when it is popped, in a pool that frees by frames. The frame, for
   * `framePop`; 0 where nothing has been allocated <design/buffer#.frame>. */
  framePush(): number {
    this.insistLive();
    aver(this.words[INIT] === this.words[ALLOC], '<design/buffer#.if.frame>');
    return this.pool.framePush(this);
  }

  /** framePop -- a frame ends, and with it those that have begun in it; 0 is the outermost. */
  framePop(frame: number): void {
    this.insistLive();
    aver(this.words[INIT] === this.words[ALLOC], '<design/buffer#.if.frame>');
    this.arena.enter();
    this.pool.framePop(this, frame);
    this.arena.leave();
  }

  /** patternBegin -- an allocation pattern begins, perhaps within another. */
  patternBegin(pattern: AllocPattern): Res {
    this.insistLive();
    aver(pattern === 'ramp' || pattern === 'ramp collect all', '<design/buffer#.if.pattern>');
    this.arena.enter();
    this.patterns.push(pattern);
    this.pool.rampBegin(pattern === 'ramp collect all');
    this.arena.leave();
    return ResOK;
  }

  /** patternEnd -- the innermost pattern ends; ResFAIL if there is none. */
  patternEnd(): Res {
    if (this.patterns.pop() === undefined) return ResFAIL;
    this.arena.enter();
    this.pool.rampEnd();
    this.arena.leave();
    return ResOK;
  }

  /** patternReset -- all patterns end. */
  patternReset(): Res {
    while (this.patterns.length > 0) this.patternEnd();
    return ResOK;
  }

  /** finish -- give the allocation point back. */
  finish(): void {
    this.insistLive();
    this.patternReset();
    this.arena.enter();
    this.pool.bufferFinish(this);
    this.detach();
    this.pool.buffers.delete(this);
    this.arena.leave();
  }

  private insistLive(): void {
    aver(this.pool.buffers.has(this), '<design/buffer#.if.live>');
  }

  // The collector's side ---------------------------------------------------------------------------------------------

  /** The end of what may be taken for objects <design/buffer#.inv.scanlimit>; low address, unsigned. */
  get scanLimit(): number {
    return this.words[FLIPPED] === 0 ? this.words[INIT] >>> 0 : this.initAtFlip;
  }

  get limit(): number {
    return this.poolLimit;
  }

  /** alloc -- where the next forwarded object goes; for forwarding buffers. */
  get alloc(): number {
    return this.words[ALLOC];
  }

  /** flip -- from now on a commit of what was reserved before must fail, if it may hold references <design/buffer#.inv.trip>. */
  flip(): void {
    const words = this.words;
    if (this.seg === null || words[FLIPPED] !== 0 || this.rank === RankNONE) return;
    this.initAtFlip = words[INIT] >>> 0;
    words[LIMIT] = words[INIT];
    words[FLIPPED] = 1;
  }

  /** forwardReserve -- room for `size` bytes of a forwarded object: its low address; -1 if it does not fit. .critical */
  forwardReserve(size: number): number {
    const words = this.words, alloc = words[ALLOC];
    if (size > ((words[LIMIT] - alloc) | 0)) return -1;
    words[ALLOC] = alloc + size;
    words[INIT] = alloc + size;
    return alloc >>> 0;
  }

  /** attach -- fill [base, limit) of a segment, which is free. */
  attach(seg: Seg, base: number, limit: number): void {
    aver(this.seg === null && seg.buffer === null, '<design/seg#.inv.buffer>');
    // It is about to be written to <design/seg#.departs.buffered>.
    if (seg.rank !== RankNONE && seg.summary !== ZoneSetUNIV) seg.setSummary(ZoneSetUNIV);
    this.seg = seg;
    if (!this.pool.sharesSegs) seg.buffer = this;
    this.delta = seg.delta;
    this.base = base;
    this.poolLimit = limit;
    this.setWords(base, limit);
    this.generation?.accountFill(limit - base);
    if (this.hart !== null) this.arena.filled += limit - base;
  }

  /** aged -- take the objects made so far out of the account: their bytes. */
  aged(): number {
    const size = this.scanLimit - this.base;
    this.base += size;
    return size;
  }

  /** rewind -- go back to `at` in the segment that it fills; what was allocated from there on is no more. For pools without accounts. */
  rewind(at: number): void {
    const seg = this.seg as Seg, init = this.scanLimit, { shield } = this.arena;
    shield.expose(seg);
    this.heap.wipe(seg.granuleOf(at), seg.granuleOf(init - 1) + 1);
    shield.cover(seg);
    // Handed out a second time <design/arena#.poll>.
    this.arena.filled += init - at;
    if (at < this.base) {
      seg.fresh -= this.base - at;
      this.base = at;
    }
    seg.scanned = Math.min(seg.scanned, at);
    this.setWords(at, this.poolLimit);
  }

  /** detach -- let go of the segment; what was not committed becomes a pad. */
  detach(): void {
    const seg = this.seg;
    if (seg === null) return;
    const init = this.scanLimit, limit = this.poolLimit;
    const { shield } = this.arena;
    if (limit > init) {
      shield.expose(seg);
      this.pool.bufferEmpty(seg, init, limit);
      shield.cover(seg);
    }
    this.generation?.accountEmpty(init - this.base, limit - init, seg.isDeferred);
    seg.fresh += init - this.base;
    seg.buffer = null;
    this.seg = null;
    this.setWords(0, 0);
    this.pool.segTidy(seg);
  }

  check(): void {
    const init = this.words[INIT] >>> 0, alloc = this.words[ALLOC] >>> 0;
    if (this.seg === null) return;
    aver(this.seg.base <= this.base && this.base <= init, '<design/buffer#.inv.order>');
    aver(init <= alloc && alloc <= this.poolLimit && this.poolLimit <= this.seg.limit, '<design/buffer#.inv.order>');
  }

  private setWords(base: number, limit: number): void {
    const words = this.words;
    words[INIT] = base;
    words[ALLOC] = base;
    words[LIMIT] = limit;
    words[FLIPPED] = 0;
  }

  /** trip -- decide a commit that found the buffer flipped; `before` is where the block began <design/buffer#.inv.trip>. */
  trip(slot: number, before: number): boolean {
    const words = this.words, alloc = words[ALLOC];
    const granule = (before + this.delta) >>> 4, granules = ((alloc - before) | 0) / 16;
    // The flip came after commit's write: the block was scanned as part of the segment.
    if (alloc >>> 0 === this.initAtFlip) return true;
    aver(before >>> 0 === this.initAtFlip, '<design/buffer#.inv.trip>');
    const { shield } = this.arena, seg = this.seg as Seg;
    this.arena.enter();
    words[INIT] = before;
    words[ALLOC] = before;
    shield.expose(seg);
    this.heap.wipe(granule, granule + granules);
    shield.cover(seg);
    this.r.fill(0, slot << 3, (slot << 3) + 7);
    this.arena.leave();
    return false;
  }

  /** fill -- the way of a reserve that the buffer cannot serve as it is. */
  fill(slot: number, wanted: number): Res {
    const words = this.words;
    aver(Number.isSafeInteger(wanted) && wanted > 0 && wanted < 2 ** 31, '<design/buffer#.if.size>');
    aver(words[INIT] === words[ALLOC], '<design/buffer#.if.one>');
    aver(wanted > this.headerSize, '<design/format#.if.longer>');
    this.insistLive();
    const arena = this.arena, { alignment } = this.pool, size = boundsRound(Math.ceil(wanted / alignment) * alignment);
    arena.enter();
    let res: Res = ResOK;
    if (words[FLIPPED] !== 0) {
      words[FLIPPED] = 0;
      words[LIMIT] = this.poolLimit;
    }
    // A large object's segment holds nothing else, not even after its commit has failed <design/amc#.large>.
    if (size > ((words[LIMIT] - words[ALLOC]) | 0) || size >= this.pool.largeSize || this.seg?.large === true) {
      this.detach();
      arena.control.poll();
      res = this.pool.bufferFill(this, size);
    }
    const c = slot << 3, r = this.r;
    if (res === ResOK) {
      const alloc = words[ALLOC];
      words[ALLOC] = alloc + size;
      deriveNew(r, c, alloc, size, this.perms);
    } else {
      r.fill(0, c, c + 7);
    }
    arena.leave();
    return res;
  }
}
