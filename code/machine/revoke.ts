/* revoke.ts: REVOCATION
 *
 * Takes away, while a program goes on, every capability whose base lies in painted granules <design/revoke>: Cornucopia Reloaded as a
 * machine sees it. A pass opens with the slots of all harts; from then on a page that has not been visited lets no tag through to a
 * register, so that what no hart has none can get. Visits are made in the background, or by the load that faults.
 */
import { aver } from '../base/base.ts';
import { addrOfWords, PageSIZE, WindowHIGH, type Low } from './address.ts';
import type { Fault } from './fault.ts';
import type { Hart } from './hart.ts';
import type { Machine } from './machine.ts';
import type { Memory } from './memory.ts';
import { PageDIRTYCAP, PageLOADCAP, pageHigh, pageLoadCap, pageLow, PageVALID, PageWRITE, type AddressSpace, type Generation } from './pages.ts';
import type { Shadow } from './shadow.ts';
import {
  PermEXECUTE, PermLOAD, PermLOADCAP, PermSTORE, PermSTORECAP, PermSTORELOCAL, SlotBOUNDS, SlotHIGH, SlotLOW, SlotPERMS, SlotREADABLE,
  SlotSHIFT, SlotTAG, SlotWORDS, SlotWRITABLE,
} from './slot.ts';
import { morelloPerms } from './slot-morello.ts';
import { baseHighOfWords, baseLowOfWords } from './words.ts';

/** A capability with none of these gives no access to memory, and is left alone. */
const MemoryPERMS: number = PermEXECUTE | PermLOAD | PermSTORE | PermLOADCAP | PermSTORECAP | PermSTORELOCAL;

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const WINDOW = WindowHIGH, PERMS: number = MemoryPERMS, VALID = PageVALID, LOADCAP = PageLOADCAP;

/** Words of tags that a page has, four granules each. */
const TAGS: number = PageSIZE / 64;

/** What a scan of a frame has met. */
const MetTAG = 1;
const MetREVOKED = 2;

/** What a revoker has done since it was made. */
export interface RevokerCounts {
  /** Pages that were looked through. */
  swept: number;
  /** Pages that were up to date without: never dirty, no tag in them. */
  clean: number;
  /** Tagged granules that were tested. */
  granules: number;
  /** Tags cleared, in memory and in slots. */
  cleared: number;
  /** Faults that ended in another try. */
  resolved: number;
}

/** How a revoker is to be. */
export interface RevokerOptions {
  /** A capability with any of these permissions, in the format's own numbers, is left alone. Default none. */
  readonly spares?: number;
  /** Called before the first tag is cleared in a page that may not be written: it may put the page on a frame of its own
   * <design/revoke#.pages.own>. By default the frame is the space's own. */
  readonly own?: ((low: Low, high: number) => void) | null;
}

/** Revokes in one address space. */
export class Revoker {
  /** Odd while a pass is open; a whole pass adds 2. */
  epoch: number = 0;
  readonly counts: RevokerCounts = { swept: 0, clean: 0, granules: 0, cleared: 0, resolved: 0 };
  private readonly memory: Memory;
  private readonly space: AddressSpace;
  private readonly shadow: Shadow;
  private readonly isMorello: boolean;
  /** As bits of word 3. */
  private readonly spared: number;
  private readonly own: ((low: Low, high: number) => void) | null;
  /** The next page of the window to look at; then those outside, from the last to the first. */
  private cursor = 0;
  private outside: number[] = [];
  /** Pages of a shared machine that the last pass has found without tags; cleaned when the harts stand still. */
  private empty: number[] = [];

  /** From now on `space` is under load generations. */
  constructor(machine: Machine, space: AddressSpace, shadow: Shadow, { spares = 0, own = null }: RevokerOptions = {}) {
    this.memory = machine.memory;
    this.space = space;
    this.shadow = shadow;
    this.isMorello = machine.format === 'morello';
    this.spared = this.isMorello ? spares << 14 : ((spares & 0x7_8000) << 13) | ((spares & 0xfff) << 16);
    this.own = own;
    space.generations();
  }

  /** A pass is open. */
  get isOpen(): boolean {
    return (this.epoch & 1) !== 0;
  }

  // A pass -----------------------------------------------------------------------------------------------------------

  /** open -- begin a pass: `harts`, which stand still, are all whose slots hold capabilities of the space, wherever they run. */
  open(harts: readonly Hart[]): void {
    aver(!this.isOpen, '<design/revoke#.open>');
    this.epoch += 1;
    this.space.generation = (this.space.generation ^ 1) as Generation;
    this.space.isSweeping = true;
    for (const hart of harts) {
      if (hart.space === this.space) hart.generationSet(this.space.generation);
      this.hartSweep(hart);
    }
    for (const page of this.empty) this.emptyClean(page);
    this.empty = [];
    this.lap();
  }

  /** step -- visit up to so many pages; true if none is left. */
  step(pages: number): boolean {
    aver(this.isOpen, '<design/revoke#.open>');
    for (let left = pages; ; left -= 1) {
      const page = this.seek();
      if (page < 0) return true;
      if (left <= 0) return false;
      this.visit(pageLow(page), pageHigh(page));
      if (this.cursor < this.space.window.length) this.cursor += 1;
      else this.outside.pop();
    }
  }

  /** close -- end a pass of which every page has been visited: what was painted when it was opened may be used again. */
  close(): void {
    aver(this.isOpen, '<design/revoke#.open>');
    aver(this.seek() < 0, '<design/revoke#.close>');
    this.epoch += 1;
    this.space.isSweeping = false;
  }

  /** resolve -- for the trap of a hart: true if the access that faulted is to be tried again, false if the fault is not ours. */
  resolve(hart: Hart, fault: Fault): boolean {
    const { space } = this, { low, high } = fault;
    if (!this.isOpen || fault.kind !== 'page-loadcap' || hart.space !== space) return false;
    aver(hart.generation === space.generation, '<design/revoke#.open.harts>');
    const current = pageLoadCap(space.generation);
    if ((space.entry(low, high) & current) === 0) this.visit(low, high);
    if ((space.entry(low, high) & current) === 0) return false;
    this.counts.resolved += 1;
    return true;
  }

  // The sweep --------------------------------------------------------------------------------------------------------

  /** lap -- begin again with the first page. */
  private lap(): void {
    this.space.hasLate = false;
    this.cursor = 0;
    this.outside = this.space.outside();
  }

  /** seek -- the number of the next page that wants a visit; -1 if there is none
   *
   * .again: After the last page comes the first, if a page has changed that may have been behind the cursor.
   */
  private seek(): number {
    const { window } = this.space;
    for (; ; this.lap()) {
      for (; this.cursor < window.length; this.cursor += 1) {
        if (window[this.cursor] !== 0 && this.isWanting(window[this.cursor])) return WINDOW * 0x10_0000 + this.cursor;
      }
      for (; this.outside.length > 0; this.outside.pop()) {
        const page = this.outside[this.outside.length - 1];
        if (this.isWanting(this.space.entry(pageLow(page), pageHigh(page)))) return page;
      }
      if (!this.space.hasLate) return -1;
    }
  }

  private isWanting(entry: number): boolean {
    return (entry & VALID) !== 0 && (entry & LOADCAP) !== pageLoadCap(this.space.generation);
  }

  /** visit -- bring a page up to date: nothing that is revoked is left in it, and its tags may be loaded. */
  private visit(low: Low, high: number): void {
    const { space, counts } = this, entry = space.entry(low, high), isDirty = (entry & PageDIRTYCAP) !== 0;
    if ((entry & VALID) === 0) return;
    const met = this.pageSweep(low, high, entry);
    if (met === 0 && isDirty) this.clean(low, high);
    if (met === 0 && !isDirty) counts.clean += 1;
    else counts.swept += 1;
    space.admit(low, high);
  }

  /** clean -- a dirty page has no tag: it is dirty no more, but that another worker's hart may be about to store one
   * <design/revoke#.clean.shared>. */
  private clean(low: Low, high: number): void {
    if (this.memory.isShared) this.empty.push(high * 0x10_0000 + (low >>> 12));
    else this.space.clean(addrOfWords(low & -PageSIZE, high), PageSIZE);
  }

  private emptyClean(page: number): void {
    const low = pageLow(page), high = pageHigh(page), entry = this.space.entry(low, high);
    if ((entry & VALID) !== 0 && this.frameSweep(entry & -PageSIZE, false) === 0) this.space.clean(addrOfWords(low, high), PageSIZE);
  }

  /** pageSweep -- revoke what is in a page; returns what was met, 0 if no tag was. */
  private pageSweep(low: Low, high: number, entry: number): number {
    if (this.own === null || (entry & PageWRITE) !== 0) return this.frameSweep(entry & -PageSIZE, true);
    const met = this.frameSweep(entry & -PageSIZE, false);
    if ((met & MetREVOKED) === 0) return met;
    this.own(low, high);
    return this.frameSweep(this.space.entry(low, high) & -PageSIZE, true);
  }

  /** frameSweep -- the same for a frame; without `clears` nothing is changed. .critical */
  private frameSweep(frame: number, clears: boolean): number {
    const { tags32, isShared } = this.memory, first = frame >>> 6, limit = first + TAGS;
    let met = 0;
    for (let word = first; word < limit; word += 1) {
      if ((isShared ? Atomics.load(tags32, word) : tags32[word]) !== 0) met |= this.tagsSweep(word << 2, clears);
    }
    return met;
  }

  /** tagsSweep -- the same for four granules, of which at least one is tagged or locked. .critical */
  private tagsSweep(first: number, clears: boolean): number {
    const memory = this.memory, { tags, i32, isShared } = memory, counts = this.counts;
    let met = 0;
    for (let g = first; g < first + 4; g += 1) {
      if (tags[g] === 0) continue;
      const tag = isShared ? memory.lock(g) : 1, q = g << 2;
      const isRevoked = tag !== 0 && this.isRevoked(i32[q], i32[q + 1], i32[q + 2], i32[q + 3]);
      const left = isRevoked && clears ? 0 : tag;
      if (isShared) memory.unlock(g, left);
      else if (left === 0) tags[g] = 0;
      counts.granules += tag;
      counts.cleared += tag - left;
      met |= isRevoked ? MetTAG | MetREVOKED : tag;
    }
    return met;
  }

  /** hartSweep -- the same for the slots of a hart. */
  private hartSweep({ r, top }: Hart): void {
    for (let c = 0; c < top << SlotSHIFT; c += SlotWORDS) {
      if (r[c + SlotTAG] === 0 || !this.isRevoked(r[c + SlotLOW], r[c + SlotHIGH], r[c + SlotBOUNDS], r[c + SlotPERMS])) continue;
      r[c + SlotTAG] = 0;
      r[c + SlotREADABLE] = 0;
      r[c + SlotWRITABLE] = 0;
      this.counts.cleared += 1;
    }
  }

  /** isRevoked -- whether the tagged capability with these words is to lose its tag <design/revoke#.def.revoked>. .critical */
  isRevoked(low: number, high: number, bounds: number, perms: number): boolean {
    const isMorello = this.isMorello, base = baseLowOfWords(isMorello, low, bounds);
    return this.shadow.isPainted(base) && (perms & this.spared) === 0
      && ((isMorello ? morelloPerms(perms) : perms) & PERMS) !== 0 && baseHighOfWords(isMorello, low, high, bounds) === WINDOW;
  }
}
