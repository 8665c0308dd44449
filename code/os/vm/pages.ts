/* pages.ts: THE PAGES OF A RESERVATION
 *
 * What is at each page of a range of addresses, and putting it there: states, frames, and the objects behind them
 * <design/reservation#.state>.
 */
import { PageSHIFT, PageSIZE, type AddressSpace, type Memory } from '../../machine/machine.ts';
import type { Frames } from './frames.ts';
import { ProtNONE, type Prot } from './mman.ts';
import type { Mapper, VmObject } from './object.ts';
import { pageEmpty } from './page-fault.ts';
import {
  inheritBits, MaxSHIFT, rightsOf, StateBACKED, StateGUARD, StateMAPPED, StateOPEN, StatePLAIN, StateRUN, StateSHARED, StateUSED,
} from './page-state.ts';

/** What is put at pages. */
export interface Mapping {
  readonly prot: Prot;
  readonly max: Prot;
  /** Null: anonymous memory, which is private. */
  readonly object: VmObject | null;
  /** The object's page at the mapping's base. */
  readonly page: number;
  /** Writes go to the object; else they copy. */
  readonly isShared: boolean;
}

/** What a reservation is to be; addresses are low, unsigned. */
export interface ReservationOptions {
  readonly base: number;
  readonly limit: number;
  /** What was asked for; the rest is padding. */
  readonly innerBase: number;
  readonly innerLimit: number;
  readonly max: Prot;
  /** It is to have one run of frames, at once <design/reservation#.run>. */
  readonly run: boolean;
}

/** The objects behind pages. */
export interface Backing {
  readonly objects: (VmObject | null)[];
  /** Which page of the object: offsets go beyond what 32 bits of pages reach. */
  readonly pages: Float64Array;
}

/** What a range of addresses has behind it; addresses are low words, unsigned. */
export class Pages implements Mapper {
  readonly base: number;
  readonly limit: number;
  readonly innerBase: number;
  readonly innerLimit: number;
  /** The most that any of its pages may ever allow; what its capability gives permission for. */
  readonly max: Prot;
  /** Physical address of the run of frames; -1 if there is none. */
  readonly run: number;
  /** Pages that are no holes. */
  mapped: number = 0;
  readonly states: Int32Array;
  /** The space's page table, and the number of the first page there. */
  readonly pte: Int32Array;
  readonly table: number;
  readonly memory: Memory;
  readonly frames: Frames;
  /** Null as long as nothing but anonymous memory has been mapped <design/reservation#.backing>. */
  backing: Backing | null = null;

  /** All holes. */
  constructor(options: ReservationOptions, run: number, space: AddressSpace, memory: Memory, frames: Frames) {
    this.base = options.base;
    this.limit = options.limit;
    this.innerBase = options.innerBase;
    this.innerLimit = options.innerLimit;
    this.max = options.max;
    this.run = run;
    this.states = new Int32Array((options.limit - options.base) / PageSIZE);
    this.pte = space.window;
    this.table = options.base / PageSIZE;
    this.memory = memory;
    this.frames = frames;
  }

  /** pageOf -- the number of an address's page, here. */
  pageOf(addr: number): number {
    return (addr - this.base) >>> PageSHIFT;
  }

  /** isBare -- whether [base, limit) is holes. */
  isBare(base: number, limit: number): boolean {
    for (let page = this.pageOf(base); page < this.pageOf(limit); ++page) if ((this.states[page] & StateMAPPED) !== 0) return false;
    return true;
  }

  /** isMapped -- whether no page of [base, limit) is a hole; guards are none. */
  isMapped(base: number, limit: number): boolean {
    for (let page = this.pageOf(base); page < this.pageOf(limit); ++page) if ((this.states[page] & StateMAPPED) === 0) return false;
    return true;
  }

  /** map -- put a mapping at [base, limit) in place of what there was. */
  map(base: number, limit: number, mapping: Mapping): void {
    this.unmap(base, limit);
    const first = this.pageOf(base), last = this.pageOf(limit), { object } = mapping;
    const state = StateMAPPED | (mapping.max << MaxSHIFT) | mapping.prot | (object === null ? 0 : objectState(object, mapping.isShared));
    this.mapped += last - first;
    if (object !== null) this.back(first, last, object, mapping.page);
    if (this.run < 0 || object !== null) this.states.fill(state, first, last);
    else this.mapRun(first, last, state | StateRUN | StateOPEN | (mapping.prot === ProtNONE ? 0 : StateUSED));
  }

  /** mapGuard -- put guards at [base, limit) in place of what there was. */
  mapGuard(base: number, limit: number): void {
    this.unmap(base, limit);
    this.states.fill(StateMAPPED | StateGUARD, this.pageOf(base), this.pageOf(limit));
    this.mapped += (limit - base) >>> PageSHIFT;
  }

  /** unmap -- leave holes at [base, limit). */
  unmap(base: number, limit: number): void {
    const states = this.states, last = this.pageOf(limit);
    for (let page = this.pageOf(base); page < last; ++page) {
      const state = states[page];
      if ((state & StateMAPPED) === 0) continue;
      this.mapped -= 1;
      pageEmpty(this, page);
      if ((state & StateBACKED) !== 0) this.unback(page);
      states[page] = 0;
    }
  }

  /** forget -- pages of an object are gone: their mappings stay, and have nothing behind them. */
  forget(object: VmObject, first: number): void {
    const { objects, pages } = this.backing as Backing;
    for (let page = 0; page < this.states.length; ++page) if (objects[page] === object && pages[page] >= first) pageEmpty(this, page);
  }

  places(object: VmObject): number {
    const origins = new Set<number>(), count = object.size / PageSIZE;
    for (let page = 0; page < this.states.length; ++page) {
      const origin = this.originOf(page, object);
      if (origin !== null && page - origin < count) origins.add(origin);
    }
    return origins.size;
  }

  /** originOf -- where an object's first page is, or would be, if a page is shared and the object's, as a number of a page; else null. */
  originOf(page: number, object: VmObject): number | null {
    const { states, backing } = this;
    if ((states[page] & StateSHARED) === 0 || backing === null || backing.objects[page] !== object) return null;
    return page - backing.pages[page];
  }

  /** mapRun -- put the run's frames at pages, with all that `state` allows. */
  private mapRun(first: number, last: number, state: number): void {
    const rights = rightsOf(state);
    this.states.fill(state, first, last);
    for (let page = first; page < last; ++page) this.pte[this.table + page] = ((this.run + page * PageSIZE) | 0) | rights;
  }

  /** back -- put an object's pages from `from` on behind pages. */
  back(first: number, last: number, object: VmObject, from: number): void {
    this.backing ??= { objects: Array.from(this.states, () => null), pages: new Float64Array(this.states.length) };
    object.attach(this, last - first);
    this.backing.objects.fill(object, first, last);
    for (let page = first; page < last; ++page) this.backing.pages[page] = from + page - first;
  }

  /** unback -- have no object behind a page that has one <design/vm-object#.held>. */
  unback(page: number): void {
    const { objects } = this.backing as Backing, object = objects[page] as VmObject;
    objects[page] = null;
    object.detach(this, 1);
  }
}

/** objectState -- what of the state of a mapped page its object makes. */
function objectState(object: VmObject, isShared: boolean): number {
  if (!isShared) return StateBACKED;
  return StateBACKED | StateSHARED | inheritBits('share') | (object.carriesTags ? 0 : StatePLAIN);
}
