/* reservation.ts: RESERVATIONS
 *
 * A range of addresses that one capability can name, and what is in each of its pages <design/reservation>. A reservation knows
 * its pages, their frames and the objects behind them; whoever asks it has seen to the authority.
 */
import { aver } from '../../base/base.ts';
import { PageSHIFT, PageSIZE, type AccessKind, type AddressSpace, type Memory } from '../../machine/machine.ts';
import { ProtHASCAP, ProtNONE, type Prot } from './mman.ts';
import type { Frames } from './frames.ts';
import { entriesAppend, type MapEntry } from './map-entry.ts';
import { pagesBring, pagesDiscard, pageIncore, pagesInherit, pagesLock, pagesSync } from './page-advice.ts';
import { pageFault, type PageFound } from './page-fault.ts';
import { pagesFork, pagesMove } from './page-fork.ts';
import {
  EntryKEPT, MaxSHIFT, RightsMASK, RightsSHIFT, StateGUARD, StateLOCKED, StateMAPPED, StateMAX, StatePROT, StateRIGHTS, StateUSED, type Inherit,
} from './page-state.ts';
import { Pages, type ReservationOptions } from './pages.ts';

export { IncoreCAPSTORE, IncoreINCORE, IncoreMODIFIED, IncoreREFERENCED } from './page-advice.ts';
export type { MapEntry, MapKind } from './map-entry.ts';
export type { PageFound } from './page-fault.ts';
export type { Inherit } from './page-state.ts';
export type { Mapping, ReservationOptions } from './pages.ts';

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const MAPPED = StateMAPPED, GUARD = StateGUARD, USED = StateUSED, PROT = StatePROT, HASCAP = ProtHASCAP, SHIFT = MaxSHIFT;
const KIND: number = StateMAPPED | StateGUARD, MaxHASCAP: number = ProtHASCAP << MaxSHIFT, KEPT: number = EntryKEPT;
const RIGHTS: Int32Array = StateRIGHTS, ABOVE = RightsSHIFT, MASK = RightsMASK;

/** How holes become memory when they are touched: a stack's <design/reservation#.grow>. */
interface Growth {
  /** No hole below this address does. */
  readonly floor: number;
  readonly prot: Prot;
  readonly max: Prot;
}

/** A range of the window with its pages. */
export class Reservation extends Pages {
  private growth: Growth | null = null;

  /** make -- a reservation that is all holes; null if it is to have a run and there is none. */
  static make(options: ReservationOptions, space: AddressSpace, memory: Memory, frames: Frames): Reservation | null {
    aver(!space.isShared, '<design/reservation#.unshared>');
    const run = options.run && options.max !== ProtNONE ? frames.alloc(options.limit - options.base) : -1;
    if (run < 0 && options.run && options.max !== ProtNONE) return null;
    return new Reservation(options, run, space, memory, frames);
  }

  /** finish -- end every mapping, and give the run back. */
  finish(): void {
    this.unmap(this.base, this.limit);
    if (this.run >= 0) this.frames.dropRun(this.run, this.limit - this.base);
  }

  // Protection -------------------------------------------------------------------------------------------------------

  /** allows -- whether every page of [base, limit) may be given `prot`; guards do not matter, holes allow nothing. .critical */
  allows(base: number, limit: number, prot: Prot): boolean {
    const states = this.states, last = (limit - this.base) >>> PageSHIFT, need = prot << SHIFT;
    for (let page = (base - this.base) >>> PageSHIFT; page < last; ++page) {
      const state = states[page];
      if ((state & need) !== need && (state & GUARD) === 0) return false;
    }
    return true;
  }

  /** protect -- give [base, limit) `prot`, which it allows but for capabilities; these where a page may have them. .critical */
  protect(base: number, limit: number, prot: Prot): void {
    const states = this.states, pte = this.pte, table = this.table;
    const last = (limit - this.base) >>> PageSHIFT, whole = prot | (prot === ProtNONE ? 0 : USED), plain = whole & ~HASCAP;
    for (let page = (base - this.base) >>> PageSHIFT; page < last; ++page) {
      const state = states[page];
      if ((state & KIND) !== MAPPED) continue;
      const next = (state & ~PROT) | ((state & MaxHASCAP) !== 0 ? whole : plain), entry = pte[table + page];
      states[page] = next;
      if (entry !== 0) pte[table + page] = (entry & KEPT) | RIGHTS[(next & PROT) | ((next >>> ABOVE) & MASK)];
    }
  }

  /** limitTo -- lower what mprotect may ever allow on [base, limit) to `max`. */
  limitTo(base: number, limit: number, max: Prot): void {
    for (let page = this.pageOf(base); page < this.pageOf(limit); ++page) this.states[page] &= ~StateMAX | (max << MaxSHIFT);
  }

  // Pages coming and going -------------------------------------------------------------------------------------------

  /** growable -- from now on a hole at `floor` or above, touched, becomes zero memory together with the holes up to the mapping
   * above it. */
  growable(floor: number, prot: Prot, max: Prot): void {
    this.growth = { floor, prot, max };
  }

  /** fault -- see to an access to an address in the reservation that its page-table entry does not allow. .critical */
  fault(addr: number, access: AccessKind): PageFound {
    const page = this.pageOf(addr);
    if ((this.states[page] & StateMAPPED) === 0 && !this.grow(page)) return 'maperr';
    return pageFault(this, page, access);
  }

  /** discard -- the private memory of [base, limit) is zero and untagged again, or what its object has; it is brought in anew. */
  discard(base: number, limit: number): void {
    pagesDiscard(this, this.pageOf(base), this.pageOf(limit));
  }

  /** bring -- bring [base, limit) in; what takes that back, or null, and nothing changed, if there is no memory or nothing behind a page. */
  bring(base: number, limit: number): (() => void) | null {
    return pagesBring(this, this.pageOf(base), this.pageOf(limit));
  }

  /** lock -- mark [base, limit), which has been brought in. */
  lock(base: number, limit: number): void {
    pagesLock(this, this.pageOf(base), this.pageOf(limit));
  }

  /** unlock -- take the mark away. */
  unlock(base: number, limit: number): void {
    for (let page = this.pageOf(base); page < this.pageOf(limit); ++page) this.states[page] &= ~StateLOCKED;
  }

  /** hasLocked -- whether a page of [base, limit) is locked. */
  hasLocked(base: number, limit: number): boolean {
    for (let page = this.pageOf(base); page < this.pageOf(limit); ++page) if ((this.states[page] & StateLOCKED) !== 0) return true;
    return false;
  }

  /** incore -- what there is of the page at an address, as Incore bits. */
  incore(addr: number): number {
    return pageIncore(this, this.pageOf(addr));
  }

  /** sync -- the shared pages of [base, limit) count as written to their objects; with `invalidate`, where nothing is locked, what of
   * objects was brought in is brought in anew. */
  sync(base: number, limit: number, invalidate: boolean): void {
    pagesSync(this, this.pageOf(base), this.pageOf(limit), invalidate);
  }

  /** inherit -- what becomes of [base, limit) in a child; false, and nothing changed, if what is to be shared cannot be, for want of
   * memory or because it is of a run <design/reservation#.share>. */
  inherit(base: number, limit: number, how: Inherit): boolean {
    return pagesInherit(this, this.pageOf(base), this.pageOf(limit), how);
  }

  // Copies -----------------------------------------------------------------------------------------------------------

  /** fork -- the same reservation in a child's space, at the same addresses; null, and nothing changed, if there is no memory for its
   * run <design/reservation#.fork>. */
  fork(space: AddressSpace): Reservation | null {
    const child = Reservation.make({ ...this.options(), run: this.run >= 0 }, space, this.memory, this.frames);
    if (child === null) return null;
    child.growth = this.growth;
    pagesFork(this, child);
    return child;
  }

  /** moveTo -- the `size` bytes at `from` become those of another reservation at `at`, in place of what is there, and holes here; false,
   * and nothing changed, if there is no memory, as there may not be to move them out of a run. */
  moveTo(to: Reservation, from: number, size: number, at: number): boolean {
    return pagesMove(this, this.pageOf(from), size / PageSIZE, to, to.pageOf(at));
  }

  // Views ------------------------------------------------------------------------------------------------------------

  /** entries -- append the maximal runs of like pages, in order. */
  entries(found: MapEntry[]): void {
    entriesAppend(this, found);
  }

  /** grow -- make memory of a hole that the growth admits, and of those above it. */
  private grow(page: number): boolean {
    const { growth, states, base } = this, from = base + page * PageSIZE;
    if (growth === null || from < growth.floor) return false;
    let next = page;
    while (next < states.length && (states[next] & StateMAPPED) === 0) next += 1;
    this.map(from, base + next * PageSIZE, { prot: growth.prot, max: growth.max, object: null, page: 0, isShared: false });
    return true;
  }

  private options(): Omit<ReservationOptions, 'run'> {
    const { base, limit, innerBase, innerLimit, max } = this;
    return { base, limit, innerBase, innerLimit, max };
  }
}
