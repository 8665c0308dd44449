/* chunk.ts: CHUNKS AND GRAINS
 *
 * The arena's address space comes in chunks, each with one run of frames, divided into grains. A virtual memory arena asks its platform
 * for chunks, and gives back those that have become empty; a client arena has what its client gives it <design/chunk>.
 */
import { aver } from '../../base/base.ts';
import type { Plinth, Reservation } from '../plinth.ts';
import { ResCOMMITLIMIT, ResMEMORY, ResOK, ResRESOURCE, type Res } from '../result.ts';
import { Chunk, GrainALLOCATED, GrainFREE, GrainSPARE } from './grain-map.ts';
import { ZoneSetEMPTY, ZoneSetUNIV, zoneSetOfRange, type ZoneSet } from './zone.ts';

/** There is no more address space than this, in bytes. */
const WindowMOST = 2 ** 32;

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
  /** How much address space to ask for at a time, and the least that is worth having. */
  chunkSize: number;
  chunkLeast: number;
  readonly zoneShift: number;
  /** Whether generations are placed in zones of their own. */
  readonly zoned: boolean;
  /** Whether all memory is the client's: no chunk is asked for, and none given back. */
  readonly isClient: boolean;
  commitLimit: number;
  /** How much of the committed memory may be spare, 0 to 1. */
  spare: number;
}

/** Who has the grains, and pays for them. */
export interface GrainOwner {
  /** What else counts against the limit, in bytes. */
  readonly used: number;
  charge(size: number): boolean;
  credit(size: number): void;
  /** A chunk is there; it is about to be given back. */
  extended(base: number, size: number): void;
  contracted(base: number, size: number): void;
}

/** All the grains of an arena. */
export class Grains {
  private readonly plinth: Plinth;
  readonly parameters: GrainParameters;
  /** In the order in which they came; the first stays to the end. */
  private readonly chunks: Chunk[] = [];
  /** The same by address <design/chunk#.lookup>. */
  private ordered: readonly Chunk[] = [];
  private readonly owner: GrainOwner;
  /** Zones that no generation has been placed in. */
  private freeZones: ZoneSet = ZoneSetUNIV;
  /** Bytes backed by memory, spare ones included. */
  committed: number = 0;
  spare: number = 0;
  /** The most that was ever committed. */
  highWater: number = 0;

  constructor(plinth: Plinth, parameters: GrainParameters, owner: GrainOwner) {
    this.plinth = plinth;
    this.parameters = parameters;
    this.owner = owner;
  }

  /** Bytes that may still be committed, counting spare ones as if they were not; no more than there are of a client's memory. */
  get available(): number {
    const { commitLimit, isClient } = this.parameters, left = commitLimit - this.owner.used - this.committed;
    return Math.max(0, (isClient ? Math.min(left, this.reserved - this.committed) : left) + this.spare);
  }

  /** Bytes of address space; of a client's memory, those in whole grains. */
  get reserved(): number {
    return this.chunks.reduce((sum, { size, reservation }) => sum + (this.parameters.isClient ? size : reservation.size), 0);
  }

  /** How many chunks there are. */
  get chunkCount(): number {
    return this.chunks.length;
  }

  // Allocating and freeing -------------------------------------------------------------------------------------------

  /** alloc -- `size` bytes of grains, by preference in the zones of a locus <design/chunk#.plans>. */
  alloc(size: number, alignment: number, locus: Locus): Found {
    if (this.isBeyond(size)) return failure(ResCOMMITLIMIT);
    const align = Math.max(alignment, this.parameters.grainSize);
    let base = this.place(size, align, locus);
    if (base < 0) {
      const res = this.extend(size + align - this.parameters.grainSize);
      if (res !== ResOK) return failure(res);
      // What a chunk is charged counts too.
      if (this.isBeyond(size)) return failure(ResCOMMITLIMIT);
      base = this.place(size, align, locus);
    }
    if (base < 0) return failure(ResMEMORY);
    const chunk = this.chunkOf(base);
    const res = this.commit(chunk, base, base + size);
    if (res !== ResOK) return failure(res);
    const zones = zoneSetOfRange(base, base + size, this.parameters.zoneShift);
    this.freeZones &= ~zones;
    locus.zones |= zones;
    return { res: ResOK, base, delta: chunk.reservation.delta };
  }

  private isBeyond(size: number): boolean {
    return this.committed - this.spare + size + this.owner.used > this.parameters.commitLimit;
  }

  /** leave -- see to it that `size` bytes besides the grains can be used; false if they are not to be had. */
  leave(size: number): boolean {
    const over = this.committed + this.owner.used + size - this.parameters.commitLimit;
    if (over > this.spare) return false;
    if (over > 0) this.purge(over);
    return true;
  }

  /** free -- grains of [base, limit) become spare, or free if there is more spare than allowed. */
  free(base: number, limit: number): void {
    const chunk = this.chunkOf(base);
    chunk.setGrains(base, limit, GrainALLOCATED, GrainSPARE);
    this.spare += limit - base;
    aver(chunk.land.insert(base, limit) === ResOK, '<design/chunk#.inv.accounts>');
    this.purgeExcess();
  }

  /** Plans A to D: the locus's zones; those and unused ones; anywhere. */
  private place(size: number, align: number, { zones, isHigh }: Locus): number {
    const { zoned } = this.parameters;
    for (const wanted of zoned ? [zones, zones | this.freeZones, ZoneSetUNIV] : [ZoneSetUNIV]) {
      if (wanted === ZoneSetEMPTY) continue;
      for (const chunk of this.chunks) {
        const base = chunk.land.findInZones(size, align, wanted, isHigh);
        if (base >= 0) return base;
      }
    }
    return -1;
  }

  // Chunks -----------------------------------------------------------------------------------------------------------

  /** create -- the first chunk, of the size that was asked for and no other <design/chunk#.create>; for a virtual memory arena. */
  create(): Res {
    return this.chunkAdd(this.parameters.chunkSize, this.parameters.grainSize);
  }

  /** extend -- another chunk, of at least `size` bytes. */
  private extend(size: number): Res {
    const { chunkSize, chunkLeast, grainSize, isClient } = this.parameters, need = Math.ceil(size / grainSize) * grainSize, least = Math.max(need, chunkLeast);
    if (isClient) return ResMEMORY;
    for (let want = Math.max(chunkSize, least); ; want = Math.max(least, Math.ceil(want / 2 / grainSize) * grainSize)) {
      const res = this.chunkAdd(want, need);
      if (res === ResOK) return res;
      // With a grain more there are as many whole ones wherever it begins.
      if (want === least) return this.chunkAdd(least + grainSize, need) === ResOK ? ResOK : res === ResRESOURCE ? ResMEMORY : res;
    }
  }

  /** chunkAdd -- reserve `want` bytes for another chunk: RESOURCE if that cannot be, MEMORY if it does not come to `least` in whole
   * grains. */
  private chunkAdd(want: number, least: number): Res {
    const reservation = want < WindowMOST ? this.plinth.reserve(want) : null;
    return reservation === null ? ResRESOURCE : this.chunkTake(reservation, least);
  }

  /** chunkTake -- make a reservation a chunk, if there is memory for its record; else it is released. */
  chunkTake(reservation: Reservation, least: number): Res {
    const chunk = new Chunk(reservation, this.parameters);
    const res = chunk.size < least ? ResMEMORY : this.owner.charge(chunk.record) ? ResOK : this.available < chunk.record ? ResCOMMITLIMIT : ResMEMORY;
    if (res !== ResOK) {
      this.plinth.release(reservation);
      return res;
    }
    this.chunks.push(chunk);
    this.order();
    this.owner.extended(chunk.base, chunk.size);
    return ResOK;
  }

  /** compact -- give back the chunks that have become empty, but for the first <design/chunk#.compact>. */
  compact(): void {
    if (this.parameters.isClient) return;
    for (const chunk of this.chunks.slice(1)) if (chunk.isEmpty) this.chunkDrop(chunk);
  }

  private chunkDrop(chunk: Chunk): void {
    this.purgeRange(chunk, chunk.base, chunk.limit, Infinity);
    this.owner.contracted(chunk.base, chunk.size);
    this.chunks.splice(this.chunks.indexOf(chunk), 1);
    this.order();
    this.owner.credit(chunk.record);
    this.plinth.release(chunk.reservation);
  }

  private order(): void {
    this.ordered = this.chunks.toSorted((one, other) => one.base - other.base);
  }

  /** find -- the chunk that holds a low address, unsigned. */
  private find(addr: number): Chunk | undefined {
    const { ordered } = this;
    let low = 0, high = ordered.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ordered[middle].limit > addr) high = middle;
      else low = middle + 1;
    }
    return low < ordered.length && ordered[low].base <= addr ? ordered[low] : undefined;
  }

  private chunkOf(addr: number): Chunk {
    const chunk = this.find(addr);
    aver(chunk !== undefined, '<design/chunk#.inv.owned>');
    return chunk;
  }

  /** contains -- whether a low address, unsigned, is in the arena. */
  contains(addr: number): boolean {
    return this.find(addr) !== undefined;
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

  // Memory -----------------------------------------------------------------------------------------------------------

  /** commit -- back [base, limit) with memory, using what is spare, and take it out of the land. */
  private commit(chunk: Chunk, base: number, limit: number): Res {
    const { commitLimit } = this.parameters;
    let fresh = 0;
    chunk.eachRun(base, limit, GrainFREE, (from, to) => {
      fresh += to - from;
    });
    // Spare grains of the range itself must survive the purge: they are allocated first.
    this.spare -= limit - base - fresh;
    aver(chunk.land.delete(base, limit) === ResOK, '<design/chunk#.inv.accounts>');
    const over = this.committed + fresh + this.owner.used - commitLimit;
    if (over > 0) this.purge(over);
    let res: Res = ResOK;
    chunk.eachRun(base, limit, GrainFREE, (from, to) => {
      if (res === ResOK && !this.plinth.commit(from | 0, to - from)) res = ResMEMORY;
      else if (res === ResOK) {
        this.committed += to - from;
        chunk.setGrains(from, to, GrainFREE, GrainSPARE);
      }
    });
    if (res === ResOK) chunk.setGrains(base, limit, GrainSPARE, GrainALLOCATED);
    else {
      chunk.eachRun(base, limit, GrainSPARE, (from, to) => {
        this.spare += to - from;
      });
      aver(chunk.land.insert(base, limit) === ResOK, '<design/chunk#.inv.accounts>');
    }
    this.highWater = Math.max(this.highWater, this.committed);
    return res;
  }

  /** limitTo -- another commit limit; false, and nothing changed, if more is in use than that <design/arena#.limit>. */
  limitTo(limit: number): boolean {
    const over = this.committed + this.owner.used - limit;
    if (over > this.spare) return false;
    if (over > 0) this.purge(over);
    this.parameters.commitLimit = limit;
    return true;
  }

  /** spareTo -- another share that may be spare; what is more is given back at once. */
  spareTo(share: number): void {
    this.parameters.spare = share;
    this.purgeExcess();
  }

  private purgeExcess(): void {
    const excess = this.spare - this.parameters.spare * this.committed;
    if (excess > 0) this.purge(excess);
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
    chunk.eachRun(base, limit, GrainSPARE, (from, to) => {
      const end = Math.min(to, from + left);
      if (end === from) return;
      this.plinth.decommit(from | 0, end - from);
      chunk.setGrains(from, end, GrainSPARE, GrainFREE);
      left -= end - from;
      done += end - from;
    });
    this.committed -= done;
    this.spare -= done;
    return done;
  }

  /** check -- the accounts agree with the grains, and the land with what is not allocated. */
  check(): void {
    const { isClient, commitLimit } = this.parameters;
    let spare = 0, committed = 0;
    for (const chunk of this.chunks) {
      const allocated = chunk.count(GrainALLOCATED);
      spare += chunk.count(GrainSPARE);
      committed += chunk.count(GrainSPARE) + allocated;
      chunk.land.check();
      aver(chunk.size - allocated === chunk.land.size, '<design/chunk#.inv.accounts>');
    }
    aver(spare === this.spare && committed === this.committed, '<design/chunk#.inv.accounts>');
    aver(!isClient || spare === 0, '<design/chunk#.client>');
    aver(this.committed + this.owner.used <= commitLimit || this.spare === 0, '<design/chunk#.inv.limit>');
  }

  /** finish -- give all memory and address space back. */
  finish(): void {
    for (const chunk of [...this.chunks]) this.chunkDrop(chunk);
  }
}

const failure = (res: Res): Found => ({ res, base: 0, delta: 0 });
