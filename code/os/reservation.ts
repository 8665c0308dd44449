/* reservation.ts: RESERVATIONS
 *
 * A range of addresses that one capability can name, and what is in each of its pages <design/reservation>. A reservation knows
 * its pages and its frames; whoever asks it has seen to the authority.
 */
import { PageSHIFT, PageSIZE, type Memory } from '../machine/machine.ts';
import type { Frames } from './frames.ts';
import { ProtHASCAP, ProtNONE, ProtRIGHTS, type Prot } from './mman.ts';

/** From this many pages on a reservation has one run of frames behind it, or does not come about <design/reservation#.run>. */
export const RunPAGES = 16;

// The state of a page: what may be done, the most that mprotect may allow, and what there is.
const StatePROT = 0xf;
const StateMAX = 0xf0;
const MaxSHIFT = 4;
const MaxHASCAP: number = ProtHASCAP << MaxSHIFT;
/** There is a mapping, maybe a guard. Without it the page is a hole, and its state is 0 but for StateUSED. */
const StateMAPPED = 0x100;
const StateGUARD = 0x200;
/** The page may hold something: it has allowed something since it was last wiped. */
const StateUSED = 0x400;

const RIGHTS: Int32Array = ProtRIGHTS;

/** What can be at a page. */
export type MapKind = 'mapped' | 'guard' | 'hole';

/** A maximal run of pages of one reservation that are alike. */
export interface MapEntry {
  /** Low addresses, unsigned. */
  readonly base: number;
  readonly limit: number;
  readonly kind: MapKind;
  readonly prot: Prot;
  readonly max: Prot;
  /** Low address of the reservation, unsigned. */
  readonly reservation: number;
}

/** A range of the window with its pages; addresses are low words, unsigned. */
export class Reservation {
  readonly base: number;
  readonly limit: number;
  /** The most that any of its pages may ever allow; what its capability gives permission for. */
  readonly max: Prot;
  /** Physical address of the run of frames; -1 if there is none. */
  readonly run: number;
  /** Where there is no run, the frame of each page. */
  private readonly singles: Int32Array;
  private readonly states: Uint16Array;
  private readonly pte: Int32Array;
  private readonly memory: Memory;
  /** Pages that are no holes; with the last of them the reservation goes. */
  mapped: number = 0;

  private constructor(base: number, size: number, max: Prot, run: number, singles: Int32Array, pte: Int32Array, memory: Memory) {
    this.base = base;
    this.limit = base + size;
    this.max = max;
    this.run = run;
    this.singles = singles;
    this.states = new Uint16Array(size >>> PageSHIFT);
    this.pte = pte;
    this.memory = memory;
  }

  /** make -- a reservation of [base, base + size) without mappings; null if there are no frames for it. */
  static make(base: number, size: number, max: Prot, frames: Frames, pte: Int32Array, memory: Memory): Reservation | null {
    if (max === ProtNONE) return new Reservation(base, size, max, -1, noFrames, pte, memory);
    const run = frames.alloc(size);
    if (run >= 0) return new Reservation(base, size, max, run, noFrames, pte, memory);
    const singles = size < RunPAGES * PageSIZE ? allocSingles(size >>> PageSHIFT, frames) : null;
    return singles === null ? null : new Reservation(base, size, max, -1, singles, pte, memory);
  }

  /** finish -- wipe what was used and give the frames back. */
  finish(frames: Frames): void {
    this.unmap(this.base, this.limit);
    if (this.run >= 0) frames.free(this.run, this.limit - this.base);
    else for (const frame of this.singles) frames.free(frame >>> 0, PageSIZE);
  }

  /** isBare -- whether [base, limit) is holes. */
  isBare(base: number, limit: number): boolean {
    for (let page = this.pageOf(base); page < this.pageOf(limit); ++page) if ((this.states[page] & StateMAPPED) !== 0) return false;
    return true;
  }

  /** map -- put fresh memory at [base, limit), or a guard, in place of what there was. */
  map(base: number, limit: number, prot: Prot, max: Prot, guard: boolean): void {
    this.unmap(base, limit);
    const state = guard ? StateMAPPED | StateGUARD : StateMAPPED | (max << MaxSHIFT) | prot | (prot === ProtNONE ? 0 : StateUSED);
    this.states.fill(state, this.pageOf(base), this.pageOf(limit));
    this.mapped += (limit - base) >>> PageSHIFT;
    if (guard || this.max === ProtNONE) return;
    for (let page = this.pageOf(base); page < this.pageOf(limit); ++page) {
      this.pte[(this.base >>> PageSHIFT) + page] = this.frameOf(page) | RIGHTS[prot];
    }
  }

  /** unmap -- leave holes at [base, limit). */
  unmap(base: number, limit: number): void {
    for (let page = this.pageOf(base); page < this.pageOf(limit); ++page) {
      const state = this.states[page];
      if ((state & StateMAPPED) !== 0) this.mapped -= 1;
      if ((state & StateUSED) !== 0) this.wipe(page);
      this.states[page] = 0;
      this.pte[(this.base >>> PageSHIFT) + page] = 0;
    }
  }

  /** allows -- whether every page of [base, limit) may be given `prot`; guards do not matter, holes allow nothing. .critical */
  allows(base: number, limit: number, prot: Prot): boolean {
    const states = this.states, last = (limit - this.base) >>> PageSHIFT, need = prot << MaxSHIFT;
    for (let page = (base - this.base) >>> PageSHIFT; page < last; ++page) {
      const state = states[page];
      if ((state & need) !== need && (state & StateGUARD) === 0) return false;
    }
    return true;
  }

  /** protect -- give [base, limit) `prot`, which it allows but for capabilities; these where a page may have them. .critical */
  protect(base: number, limit: number, prot: Prot): void {
    if (this.max === ProtNONE) return;
    const states = this.states, pte = this.pte, table = this.base >>> PageSHIFT;
    const last = (limit - this.base) >>> PageSHIFT, used = prot === ProtNONE ? 0 : StateUSED;
    const plain = prot & ~ProtHASCAP, rights = RIGHTS[prot], plainRights = RIGHTS[plain];
    for (let page = (base - this.base) >>> PageSHIFT; page < last; ++page) {
      const state = states[page];
      if ((state & (StateMAPPED | StateGUARD)) !== StateMAPPED) continue;
      const whole = (state & MaxHASCAP) !== 0;
      states[page] = (state & ~StatePROT) | (whole ? prot : plain) | used;
      pte[table + page] = (pte[table + page] & -PageSIZE) | (whole ? rights : plainRights);
    }
  }

  /** limitTo -- lower what mprotect may ever allow on [base, limit) to `max`. */
  limitTo(base: number, limit: number, max: Prot): void {
    for (let page = this.pageOf(base); page < this.pageOf(limit); ++page) {
      const state = this.states[page];
      this.states[page] = (state & ~StateMAX) | (state & (max << MaxSHIFT));
    }
  }

  /** entries -- append the maximal runs of like pages, in order. */
  entries(found: MapEntry[]): void {
    const states = this.states;
    for (let first = 0, page = 1; page <= states.length; ++page) {
      if (page < states.length && (states[page] & ~StateUSED) === (states[first] & ~StateUSED)) continue;
      const state = states[first], base = this.base + first * PageSIZE;
      const kind = (state & StateMAPPED) === 0 ? 'hole' : (state & StateGUARD) !== 0 ? 'guard' : 'mapped';
      found.push({
        base, limit: this.base + page * PageSIZE, kind,
        prot: state & StatePROT, max: (state & StateMAX) >>> MaxSHIFT, reservation: this.base,
      });
      first = page;
    }
  }

  private pageOf(addr: number): number {
    return (addr - this.base) >>> PageSHIFT;
  }

  /** The frame of a page as the upper bits of its entry. */
  private frameOf(page: number): number {
    return this.run >= 0 ? (this.run + page * PageSIZE) | 0 : this.singles[page];
  }

  private wipe(page: number): void {
    const frame = this.frameOf(page) >>> 0;
    this.memory.i32.fill(0, frame >>> 2, (frame + PageSIZE) / 4);
    this.memory.tags.fill(0, frame >>> 4, (frame + PageSIZE) / 16);
  }
}

const noFrames: Int32Array = new Int32Array(0);

/** allocSingles -- frames one by one; all of them, or null and none. */
function allocSingles(count: number, frames: Frames): Int32Array | null {
  if (frames.available < count * PageSIZE) return null;
  return Int32Array.from({ length: count }, () => frames.alloc(PageSIZE));
}
