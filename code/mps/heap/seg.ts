/* seg.ts: SEGMENTS
 *
 * A run of grains of one pool that the tracer treats alike: the unit of colour, of summary and of protection
 * <design/seg>. All segments have one shape, whatever their pool <design/seg#.shape>.
 */
import { aver, checkSig, Ring, SigINVALID, type Sig } from '../../base/base.ts';
import { GranuleSHIFT, PageSIZE } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import type { Generation } from '../arena/generation.ts';
import { AccessNONE, AccessREAD, AccessWRITE, type AccessSet } from '../plinth.ts';
import { ZoneSetEMPTY, ZoneSetUNIV, type ZoneSet } from '../arena/zone.ts';
import type { Buffer } from './buffer.ts';
import { SegSPECIAL, SegWHITE } from './heap.ts';
import type { Nailboard } from './nailboard.ts';
import type { Pool } from './pool.ts';
import { RankNONE, type Rank } from './rank.ts';

const SegSig: Sig = 0x51953650;

/** How many scans in a row must find nothing interesting before the write barrier is worth raising
 * <design/seg#.defer>. */
const DeferINIT = 3;
const DeferHIT = 1;

/** Whose objects provoke no collection: a ramp's survivors, and hash arrays <design/generation#.deferred>. */
export type Deferral = 'none' | 'ramp' | 'arrays';

/** What a segment is made from. */
export interface SegPlace {
  /** Low addresses, unsigned. */
  readonly base: number;
  readonly limit: number;
  /** Physical address less low address. */
  readonly delta: number;
  readonly rank: Rank;
  readonly large: boolean;
}

/** A segment. */
export class Seg {
  sig: Sig = SigINVALID;
  readonly arena: Arena;
  readonly pool: Pool;
  /** Where its objects are counted; changes when a large object is promoted in place. Null in pools that are not collected. */
  generation: Generation | null;
  /** Low addresses, unsigned. */
  readonly base: number;
  readonly limit: number;
  /** Physical address less low address. */
  readonly delta: number;
  /** Its number in the heap's tables. */
  readonly number: number;
  /** Of the references in it; RankNONE: there are none, and it is never grey. */
  readonly rank: Rank;
  /** Holds one object, which is never copied <design/amc#.large>. */
  readonly large: boolean;

  /** May hold references to condemned objects; is in the trace's grey ring. */
  grey: boolean = false;
  /** Which of its objects are pinned in this trace: found by an ambiguous reference, or not to be moved in an emergency. */
  board: Nailboard | null = null;
  /** Where a superset of its references point. */
  summary: ZoneSet = ZoneSetUNIV;
  defer: number = DeferINIT;
  /** The buffer that is filling it, if any. */
  buffer: Buffer | null = null;
  /** While white: references from here up are to a buffer's part, which is not condemned. Else its limit. */
  whiteLimit: number;
  /** While white, where a buffer may be in the middle: that part ends here, and what lies above is condemned too. Else its limit. */
  blackLimit: number;
  /** While grey: references below here have been scanned in this trace. */
  scanned: number;
  /** Bytes of its objects that the generation counts as new, and as old <design/generation#.inv.identity>. */
  fresh: number = 0;
  aged: number = 0;
  /** Why these bytes do not count, if they do not <design/generation#.deferred>. */
  deferral: Deferral = 'none';
  /** Where its survivors are forwarded to; null where nothing moves. */
  forward: Buffer | null = null;
  /** What mutators must not do, and what the platform keeps them from doing now <design/shield#.def.modes>. */
  shieldMode: AccessSet = AccessNONE;
  protMode: AccessSet = AccessNONE;
  /** Exposes less covers. */
  depth: number = 0;
  /** Its place in the shield's queue; -1 while it is not there. */
  queued: number = -1;
  /** While a scan of it has stopped on the way: where that began, and what it has met so far; else -1
   * <design/trace#.scan.part>. */
  scanFrom: number = -1;
  unfixed: ZoneSet = ZoneSetEMPTY;
  fixed: ZoneSet = ZoneSetEMPTY;
  /** How many hits have been dealt with one reference at a time in this trace <design/shield#.single>. */
  singles: number = 0;

  readonly poolRing: Ring<Seg> = new Ring<Seg>(this);
  readonly generationRing: Ring<Seg> = new Ring<Seg>(this);
  readonly greyRing: Ring<Seg> = new Ring<Seg>(this);

  constructor(pool: Pool, generation: Generation | null, { base, limit, delta, rank, large }: SegPlace) {
    this.arena = pool.arena;
    this.pool = pool;
    this.generation = generation;
    this.base = base;
    this.limit = limit;
    this.delta = delta;
    this.rank = rank;
    this.large = large;
    this.whiteLimit = limit;
    this.blackLimit = limit;
    this.scanned = base;
    if (rank === RankNONE) this.summary = ZoneSetEMPTY;
    this.number = this.arena.heap.number(this, delta);
    pool.segRing.append(this.poolRing);
    generation?.segRing.append(this.generationRing);
    if (large) this.stateAdd(SegSPECIAL);
    this.sig = SegSig;
    this.check();
  }

  get size(): number {
    return this.limit - this.base;
  }

  get white(): boolean {
    return (this.arena.heap.state[this.number] & SegWHITE) !== 0;
  }

  /** Whether what is in it provokes no collection. */
  get isDeferred(): boolean {
    return this.deferral !== 'none';
  }

  /** Physical granule of the base; granules of the segment are numbered from it. */
  get granuleBase(): number {
    return this.granuleOf(this.base);
  }

  get granuleLimit(): number {
    return this.granuleOf(this.base) + this.size / 2 ** GranuleSHIFT;
  }

  /** granuleOf -- the physical granule of a low address in this segment. */
  granuleOf(addr: number): number {
    return (addr + this.delta) >>> GranuleSHIFT;
  }

  /** What the collector may interpret as objects ends here <design/buffer#.inv.scanlimit>. */
  get scanLimit(): number {
    return this.buffer === null ? this.limit : this.buffer.scanLimit;
  }

  /** isBuffered -- whether a low address, unsigned, is in what its buffer has not given back: no object is there. */
  isBuffered(addr: number): boolean {
    return this.buffer !== null && addr >= this.buffer.scanLimit && addr < this.buffer.limit;
  }

  /** partLimit -- the granule where the objects end of the part that granule `g` is in: below the buffer's, or to the end. */
  partLimit(g: number): number {
    const past = this.buffer === null ? this.granuleLimit : this.granuleBase + (this.buffer.scanLimit - this.base) / 2 ** GranuleSHIFT;
    return g < past ? past : this.granuleLimit;
  }

  stateAdd(bits: number): void {
    this.arena.heap.state[this.number] = this.arena.heap.state[this.number] | bits;
  }

  stateRemove(bits: number): void {
    this.arena.heap.state[this.number] = this.arena.heap.state[this.number] & ~bits;
  }

  /** setGrey -- put it in, or take it out of, the grey ring; while a flipped trace finds it grey, mutators may not read. */
  setGrey(grey: boolean): void {
    if (grey === this.grey) return;
    this.grey = grey;
    if (grey) this.arena.trace.greyRings[this.rank].next.append(this.greyRing);
    else this.greyRing.remove();
    this.syncShield();
  }

  /** setSummary -- record where its references point; less than everything must be watched <design/seg#.inv.summary.watched>. */
  setSummary(summary: ZoneSet): void {
    this.summary = summary;
    this.syncShield();
  }

  /** syncShield -- have the shield forbid what colour and summary say, and nothing else. */
  syncShield(): void {
    const wanted = this.shieldWanted(), mode = this.shieldMode, { shield } = this.arena;
    if ((mode & ~wanted) !== 0) shield.lower(this, mode & ~wanted);
    if ((wanted & ~mode) !== 0) shield.raise(this, wanted & ~mode);
  }

  /** shieldWanted -- what mutators must not do, from colour and summary alone <design/seg#.prot>. */
  shieldWanted(): AccessSet {
    return (this.grey && this.arena.trace.isFlipped ? AccessREAD : AccessNONE)
      | (this.summary !== ZoneSetUNIV && this.rank !== RankNONE ? AccessWRITE : AccessNONE);
  }

  /** rescan -- nothing of it has been scanned in this trace. */
  rescan(): void {
    this.scanned = this.base;
    this.scanFrom = -1;
    this.singles = 0;
  }

  /** hit -- a mutator is about to write: the summary no longer holds <design/seg#.defer>. */
  hit(): void {
    this.defer = DeferHIT;
    // What has been written to what was scanned already, nobody has met.
    this.fixed = ZoneSetUNIV;
    this.setSummary(ZoneSetUNIV);
  }

  /** age -- count its objects below the buffer's part, if it has one, as old; returns how many bytes are old now. */
  age(): number {
    const buffered = this.buffer === null ? 0 : this.buffer.aged();
    this.generation?.accountAge(this.fresh, buffered, this.isDeferred);
    this.aged += this.fresh + buffered;
    this.fresh = 0;
    return this.aged;
  }

  /** promote -- count it, and its one object as new, in another generation from now on; survivors go to `forward`. */
  promote(generation: Generation, forward: Buffer, deferral: Deferral = 'none'): void {
    this.generation?.accountPromote(generation, this.aged, this.size, this.isDeferred, deferral !== 'none');
    this.deferral = deferral;
    this.fresh = this.aged;
    this.aged = 0;
    this.generationRing.remove();
    this.generation = generation;
    this.forward = forward;
    generation.segRing.append(this.generationRing);
  }

  /** undefer -- what is in it counts from now on. */
  undefer(): void {
    if (this.isDeferred) this.generation?.accountUndefer(this.fresh, this.aged);
    this.deferral = 'none';
  }

  check(): void {
    checkSig(this, SegSig);
    aver(this.base < this.limit, '<design/seg#.inv.range>');
    aver(this.base % PageSIZE === 0 && this.limit % PageSIZE === 0, '<design/seg#.inv.range>');
    aver(this.arena.heap.segs[this.number] === this, '<design/seg#.inv.number>');
    aver(this.grey === !this.greyRing.isSingle, '<design/seg#.inv.grey.ring>');
    aver(this.rank !== RankNONE || (!this.grey && this.summary === ZoneSetEMPTY), '<design/seg#.inv.leaf>');
    aver(this.whiteLimit >= this.base && this.whiteLimit <= this.blackLimit, '<design/seg#.inv.range>');
    aver(this.blackLimit <= this.limit, '<design/seg#.inv.range>');
    aver(this.buffer === null || this.buffer.seg === this, '<design/seg#.inv.buffer>');
  }

  finish(): void {
    this.check();
    this.sig = SigINVALID;
    aver(this.buffer === null && !this.grey, '<design/seg#.finish.bare>');
    if (this.rank !== RankNONE) this.summary = ZoneSetUNIV;
    this.arena.shield.forget(this);
    this.arena.heap.unnumber(this);
    this.poolRing.remove();
    this.generationRing.remove();
  }
}
