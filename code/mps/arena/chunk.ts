/* chunk.ts: CHUNKS AND GRAINS
 *
 * The arena's address space comes in chunks, each with one run of frames, divided into grains. A grain is free, spare (free
 * but still backed by memory, so that using it again is cheap) or allocated <design/chunk>.
 */
import { aver } from '../../base/base.ts';
import type { Plinth, Reservation } from '../plinth.ts';
import { ResCOMMITLIMIT, ResMEMORY, ResOK, type Res } from '../result.ts';
import { ZonedLand } from './land.ts';
import { ZoneSetEMPTY, ZoneSetUNIV, zoneSetOfRange, type ZoneSet } from './zone.ts';

const GrainFREE = 0;
const GrainSPARE = 1;
const GrainALLOCATED = 2;

/** A reservation, and what is in each of its grains. */
class Chunk {
  readonly reservation: Reservation;
  readonly base: number;
  readonly limit: number;
  readonly grains: Uint8Array;
  /** What is not allocated; each chunk has its own, for nothing may straddle two <design/chunk#.inv.apart>. */
  readonly land: ZonedLand = new ZonedLand();

  constructor(reservation: Reservation, grainSize: number) {
    this.reservation = reservation;
    // A platform aligns to pages: what is not whole grains is left alone <design/chunk#.inv.whole>.
    this.base = Math.ceil((reservation.base >>> 0) / grainSize) * grainSize;
    this.limit = Math.max(this.base, Math.floor(((reservation.base >>> 0) + reservation.size) / grainSize) * grainSize);
    this.grains = new Uint8Array((this.limit - this.base) / grainSize);
  }
}

/** Where grains were found, or why not. */
export interface Found {
  readonly res: Res;
  /** Low address, unsigned. */
  readonly base: number;
  readonly delta: number;
}

/** Where something would be placed. */
export interface Locus {
  /** Where it has been placed so far; only grows. */
  zones: ZoneSet;
  /** As high as can be; else as low. */
  readonly isHigh: boolean;
}

/** What the grains need to know of their arena. */
export interface GrainParameters {
  readonly grainSize: number;
  /** How much address space to ask for at a time. */
  readonly chunkSize: number;
  readonly zoneShift: number;
  commitLimit: number;
  /** How much of the committed memory may be spare, 0 to 1. */
  readonly spare: number;
}

/** All the grains of an arena. */
export class Grains {
  private readonly plinth: Plinth;
  readonly parameters: GrainParameters;
  private readonly chunks: Chunk[] = [];
  /** Zones that no generation has been placed in. */
  private freeZones: ZoneSet = ZoneSetUNIV;
  /** Bytes backed by memory, spare ones included. */
  committed: number = 0;
  spare: number = 0;
  /** The most that was ever committed. */
  highWater: number = 0;
  private readonly used: () => number;
  private readonly onChunk: (base: number, size: number) => void;

  /** `used` tells what else counts against the limit; `onChunk` hears of new chunks. */
  constructor(plinth: Plinth, parameters: GrainParameters, used: () => number, onChunk: (base: number, size: number) => void) {
    this.plinth = plinth;
    this.parameters = parameters;
    this.used = used;
    this.onChunk = onChunk;
  }

  /** Bytes that may still be committed, counting spare ones as if they were not. */
  get available(): number {
    return Math.max(0, this.parameters.commitLimit - this.used() - this.committed + this.spare);
  }

  /** alloc -- `size` bytes of grains, by preference in the zones of a locus <design/chunk#.plans>. */
  alloc(size: number, alignment: number, locus: Locus): Found {
    const { commitLimit } = this.parameters;
    if (this.committed - this.spare + size + this.used() > commitLimit) return failure(ResCOMMITLIMIT);
    const align = Math.max(alignment, this.parameters.grainSize);
    let base = this.place(size, align, locus);
    if (base < 0 && this.extend(size + align - this.parameters.grainSize)) base = this.place(size, align, locus);
    if (base < 0) return failure(ResMEMORY);
    const chunk = this.chunkOf(base);
    const res = this.commit(chunk, base, base + size);
    if (res !== ResOK) return failure(res);
    const zones = zoneSetOfRange(base, base + size, this.parameters.zoneShift);
    this.freeZones &= ~zones;
    locus.zones |= zones;
    return { res: ResOK, base, delta: chunk.reservation.delta };
  }

  /** leave -- see to it that `size` bytes besides the grains can be used; false if they are not to be had. */
  leave(size: number): boolean {
    const over = this.committed + this.used() + size - this.parameters.commitLimit;
    if (over > this.spare) return false;
    if (over > 0) this.purge(over);
    return true;
  }

  /** free -- grains of [base, limit) become spare, or free if there is more spare than allowed. */
  free(base: number, limit: number): void {
    const chunk = this.chunkOf(base);
    this.setGrains(chunk, base, limit, GrainALLOCATED, GrainSPARE);
    this.spare += limit - base;
    chunk.land.insert(base, limit);
    if (this.spare > this.parameters.spare * this.committed) this.purge(this.spare - this.parameters.spare * this.committed);
  }

  /** contains -- whether a low address, unsigned, is in the arena. */
  contains(addr: number): boolean {
    return this.chunks.some((chunk) => chunk.base <= addr && addr < chunk.limit);
  }

  /** isTogether -- whether two low addresses, unsigned, are in the same chunk: protection may be set in one go. */
  isTogether(one: number, other: number): boolean {
    return this.chunkOf(one) === this.chunkOf(other);
  }

  /** eachCommitted -- visit the maximal runs [base, limit) that have memory behind them, spare ones too. */
  eachCommitted(visit: (base: number, limit: number) => void): void {
    const { grainSize } = this.parameters;
    for (const { base, grains } of this.chunks) {
      for (let from = 0; from < grains.length;) {
        let to = from;
        while (to < grains.length && grains[to] !== GrainFREE) to += 1;
        if (to > from) visit(base + from * grainSize, base + to * grainSize);
        from = to + 1;
      }
    }
  }

  /** Plans A to D: the locus's zones; those and unused ones; anywhere. */
  private place(size: number, align: number, { zones, isHigh }: Locus): number {
    for (const wanted of [zones, zones | this.freeZones, ZoneSetUNIV]) {
      if (wanted === ZoneSetEMPTY) continue;
      for (const chunk of this.chunks) {
        const base = chunk.land.findInZones(size, align, wanted, this.parameters.zoneShift, isHigh);
        if (base >= 0) return base;
      }
    }
    return -1;
  }

  /** extend -- another chunk, of at least `size` bytes. */
  private extend(size: number): boolean {
    const { chunkSize, grainSize } = this.parameters, least = Math.ceil(size / grainSize) * grainSize;
    for (let want = Math.max(chunkSize, least); ; want = Math.max(least, Math.ceil(want / 2 / grainSize) * grainSize)) {
      if (this.chunkAdd(want, least)) return true;
      // With a grain more there are as many whole ones wherever it begins.
      if (want === least) return this.chunkAdd(least + grainSize, least);
    }
  }

  /** chunkAdd -- reserve `want` bytes for another chunk; false if that cannot be, or does not come to `least` in whole grains. */
  private chunkAdd(want: number, least: number): boolean {
    const reservation = this.plinth.reserve(want);
    if (reservation === null) return false;
    const chunk = new Chunk(reservation, this.parameters.grainSize), size = chunk.limit - chunk.base;
    if (size < least) {
      this.plinth.release(reservation);
      return false;
    }
    if (size > 0) chunk.land.insert(chunk.base, chunk.limit);
    this.chunks.push(chunk);
    this.onChunk(chunk.base, size);
    return true;
  }

  /** commit -- back [base, limit) with memory, using what is spare, and take it out of the land. */
  private commit(chunk: Chunk, base: number, limit: number): Res {
    const { commitLimit } = this.parameters;
    let fresh = 0;
    this.eachRun(chunk, base, limit, GrainFREE, (from, to) => {
      fresh += to - from;
    });
    // Spare grains of the range itself must survive the purge: they are allocated first.
    this.spare -= limit - base - fresh;
    chunk.land.delete(base, limit);
    const over = this.committed + fresh + this.used() - commitLimit;
    if (over > 0) this.purge(over);
    let res: Res = ResOK;
    this.eachRun(chunk, base, limit, GrainFREE, (from, to) => {
      if (res === ResOK && !this.plinth.commit(from | 0, to - from)) res = ResMEMORY;
      else if (res === ResOK) {
        this.committed += to - from;
        this.setGrains(chunk, from, to, GrainFREE, GrainSPARE);
      }
    });
    if (res === ResOK) this.setGrains(chunk, base, limit, GrainSPARE, GrainALLOCATED);
    else {
      this.eachRun(chunk, base, limit, GrainSPARE, (from, to) => {
        this.spare += to - from;
      });
      chunk.land.insert(base, limit);
    }
    this.highWater = Math.max(this.highWater, this.committed);
    return res;
  }

  /** purge -- take the memory from behind at least `size` bytes of spare grains, if there are so many. */
  private purge(size: number): void {
    let left = size;
    for (const chunk of this.chunks) {
      chunk.land.each((base, limit) => {
        if (left > 0) left -= this.purgeRange(chunk, base, limit, left);
      });
    }
  }

  /** purgeRange -- purge up to `size` bytes, in whole grains, of a chunk's [base, limit); how many it were. */
  private purgeRange(chunk: Chunk, base: number, limit: number, size: number): number {
    const { grainSize } = this.parameters;
    let left = Math.ceil(size / grainSize) * grainSize, done = 0;
    this.eachRun(chunk, base, limit, GrainSPARE, (from, to) => {
      const end = Math.min(to, from + left);
      if (end === from) return;
      this.plinth.decommit(from | 0, end - from);
      this.setGrains(chunk, from, end, GrainSPARE, GrainFREE);
      left -= end - from;
      done += end - from;
    });
    this.committed -= done;
    this.spare -= done;
    return done;
  }

  private chunkOf(addr: number): Chunk {
    const chunk = this.chunks.find((candidate) => candidate.base <= addr && addr < candidate.limit);
    aver(chunk !== undefined, '<design/chunk#.inv.owned>');
    return chunk;
  }

  /** eachRun -- visit the maximal runs of grains of [base, limit) that are in `state`. */
  private eachRun(chunk: Chunk, base: number, limit: number, state: number, visit: (from: number, to: number) => void): void {
    const { grainSize } = this.parameters;
    for (let at = base; at < limit;) {
      let to = at;
      while (to < limit && chunk.grains[(to - chunk.base) / grainSize] === state) to += grainSize;
      if (to > at) visit(at, to);
      at = to > at ? to : at + grainSize;
    }
  }

  private setGrains(chunk: Chunk, base: number, limit: number, from: number, to: number): void {
    const { grainSize } = this.parameters;
    for (let at = base; at < limit; at += grainSize) {
      aver(chunk.grains[(at - chunk.base) / grainSize] === from, '<design/chunk#.inv.state>');
      chunk.grains[(at - chunk.base) / grainSize] = to;
    }
  }

  /** check -- the accounts agree with the grains, and the land with what is not allocated. */
  check(): void {
    const { grainSize } = this.parameters;
    let spare = 0, committed = 0;
    for (const chunk of this.chunks) {
      let free = 0;
      for (const grain of chunk.grains) {
        if (grain !== GrainALLOCATED) free += grainSize;
        if (grain !== GrainFREE) committed += grainSize;
        if (grain === GrainSPARE) spare += grainSize;
      }
      chunk.land.check();
      aver(free === chunk.land.size, '<design/chunk#.inv.accounts>');
    }
    aver(spare === this.spare && committed === this.committed, '<design/chunk#.inv.accounts>');
    aver(this.committed + this.used() <= this.parameters.commitLimit || this.spare === 0, '<design/chunk#.inv.limit>');
  }

  /** finish -- give all memory and address space back. */
  finish(): void {
    this.purge(this.spare);
    for (const chunk of this.chunks) this.plinth.release(chunk.reservation);
    this.chunks.length = 0;
  }
}

const failure = (res: Res): Found => ({ res, base: 0, delta: 0 });
