/* grain-map.ts: ONE CHUNK
 *
 * A reservation, and what is in each of its grains: free, spare (free but still backed by memory, so that using it again is cheap) or
 * allocated <design/chunk>.
 */
import { aver } from '../../base/base.ts';
import type { Reservation } from '../plinth.ts';
import { Cbs } from '../land/cbs.ts';
import { ResOK } from '../result.ts';

export const GrainFREE = 0;
export const GrainSPARE = 1;
export const GrainALLOCATED = 2;

/** What the ledger is charged for a chunk: its record, and a byte a grain <design/ledger#.chunk>. */
const ChunkRECORD = 64;

/** A reservation in grains. Addresses are low words, unsigned. */
export class Chunk {
  readonly reservation: Reservation;
  readonly base: number;
  readonly limit: number;
  readonly grains: Uint8Array;
  /** What is not allocated; each chunk has its own, for nothing may straddle two <design/chunk#.inv.apart>. Its nodes cannot fail
   * <design/land#.arena>. */
  readonly land: Cbs;
  private readonly grainSize: number;

  constructor(reservation: Reservation, { grainSize, zoneShift }: { readonly grainSize: number; readonly zoneShift: number }) {
    this.reservation = reservation;
    this.grainSize = grainSize;
    // A platform aligns to pages: what is not whole grains is left alone <design/chunk#.inv.whole>.
    this.base = Math.ceil((reservation.base >>> 0) / grainSize) * grainSize;
    this.limit = Math.max(this.base, Math.floor(((reservation.base >>> 0) + reservation.size) / grainSize) * grainSize);
    this.grains = new Uint8Array((this.limit - this.base) / grainSize);
    this.land = new Cbs({ alignment: grainSize, zoneShift, ledger: null });
    if (this.size > 0) aver(this.land.insert(this.base, this.limit) === ResOK, '<design/chunk#.inv.accounts>');
  }

  get size(): number {
    return this.limit - this.base;
  }

  /** Whether nothing of it is allocated. */
  get isEmpty(): boolean {
    return this.land.size === this.size;
  }

  /** What the ledger is charged for it, in bytes. */
  get record(): number {
    return ChunkRECORD + this.grains.length;
  }

  /** eachRun -- visit the maximal runs of grains of [base, limit) that are in `state`. */
  eachRun(base: number, limit: number, state: number, visit: (from: number, to: number) => void): void {
    const { grainSize, grains } = this;
    for (let at = base; at < limit;) {
      let to = at;
      while (to < limit && grains[(to - this.base) / grainSize] === state) to += grainSize;
      if (to > at) visit(at, to);
      at = to > at ? to : at + grainSize;
    }
  }

  /** setGrains -- the grains of [base, limit), all of which are in the state `from`, change to `to`. */
  setGrains(base: number, limit: number, from: number, to: number): void {
    const { grainSize, grains } = this;
    for (let at = (base - this.base) / grainSize; at < (limit - this.base) / grainSize; ++at) {
      aver(grains[at] === from, '<design/chunk#.inv.state>');
      grains[at] = to;
    }
  }

  /** count -- bytes in grains of a state. */
  count(state: number): number {
    let size = 0;
    for (const grain of this.grains) if (grain === state) size += this.grainSize;
    return size;
  }
}
