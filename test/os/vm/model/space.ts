/* space.ts: THE NAIVE ADDRESS SPACE
 *
 * What an address space is to whoever has only read the rules: a list of reservations, and a map from page number to what is at the page
 * <design/vm-oracle#.def.naive>. Every question is a walk over all there is. Addresses are offsets into the window.
 */
import type { ShmSegment } from '../../../../code/os/vm/shm.ts';
import { Neighbours } from './neighbours.ts';

export const PAGE = 4096;

/** Where reservations may lie <design/reservation#.margin>. */
export const FIRST = 0x0100_0000;
export const LAST: number = 0x1_0000_0000 - FIRST;

/** Beyond this no offset is a file's in Linux. */
export const OffsetLIMIT: number = 2 ** 52;

/** What may be done with a page, as bits; and that capabilities may be. */
export const R = 1, W = 2, X = 4, CAPS = 8;

/** Granules of a page that histories use, and the words that the model keeps of each: four of the capability, and its tag. */
export const GRANULES = 4;
const WORDS = 5;

/** granuleAt -- where in its page a granule lies. */
export const granuleAt = (granule: number): number => granule * 0x410;

/** Bytes of a page. */
export class Cell {
  words: Int32Array | null = null;
  /** Something has been stored, and a tag. */
  isWritten: boolean = false;
  /** Something has looked. */
  isTouched: boolean = false;
  hadTag: boolean = false;

  copy(): Cell {
    const made = new Cell();
    made.words = this.words === null ? null : this.words.slice();
    made.isWritten = this.isWritten;
    made.isTouched = this.isTouched;
    made.hadTag = this.hadTag;
    return made;
  }

  /** word -- one of the five words of a granule. */
  word(granule: number, index: number): number {
    return this.words === null ? 0 : this.words[granule * WORDS + index];
  }

  put(granule: number, index: number, value: number): void {
    this.words ??= new Int32Array(GRANULES * WORDS);
    this.words[granule * WORDS + index] = value;
    this.isWritten = true;
  }
}

/** A file or shared memory. */
export interface Source {
  readonly name: string;
  /** Pages within its size. */
  readonly cells: readonly Cell[];
  readonly carriesTags: boolean;
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
}

/** Shared memory with a number. */
export interface Segment extends Source {
  readonly segment: ShmSegment;
}

/** A page of a segment. */
export interface Attached {
  readonly segment: Segment;
  readonly addr: number;
  readonly base: number;
}

export type Inherit = 'share' | 'copy' | 'none' | 'zero';

/** What is at a page. */
export interface Page {
  readonly reservation: Region;
  readonly isGuard: boolean;
  prot: number;
  max: number;
  /** Its own bytes; null while they are the source's. */
  cell: Cell | null;
  readonly source: Source | null;
  /** Page of the source. */
  readonly index: number;
  isShared: boolean;
  inherit: Inherit;
  isLocked: boolean;
}

/** A reservation. */
export interface Region {
  readonly base: number;
  readonly limit: number;
  /** What was asked for: without padding. */
  readonly innerBase: number;
  readonly innerLimit: number;
  readonly isRun: boolean;
  /** The most that its pages may ever allow. */
  readonly max: number;
}

/** How pages are put somewhere. */
export interface Mapping {
  readonly prot: number;
  readonly max: number;
  readonly isGuard: boolean;
  readonly isShared: boolean;
  readonly source: Source | null;
  /** Page of the source that comes first. */
  readonly index: number;
}

/** An address space. */
export class Space {
  regions: Region[] = [];
  readonly pages: Map<number, Page> = new Map<number, Page>();
  /** The design that this one is compared with. */
  readonly neighbours: Neighbours = new Neighbours(FIRST, LAST);

  // Reservations -----------------------------------------------------------------------------------------------------

  /** at -- the reservation that holds an address. */
  at(addr: number): Region | null {
    return this.regions.find(({ base, limit }) => base <= addr && addr < limit) ?? null;
  }

  /** isFree -- no reservation meets [base, limit), and it is where reservations may lie. */
  isFree(base: number, limit: number): boolean {
    return base >= FIRST && limit <= LAST && this.regions.every((region) => limit <= region.base || region.limit <= base);
  }

  /** reserve -- a new reservation. */
  reserve(base: number, limit: number, innerBase: number, innerLimit: number, isRun: boolean, max: number): Region {
    const region = { base, limit, innerBase, innerLimit, isRun, max };
    this.regions.push(region);
    return region;
  }

  // Pages ------------------------------------------------------------------------------------------------------------

  page(addr: number): Page | null {
    return this.pages.get(Math.floor(addr / PAGE)) ?? null;
  }

  /** every -- whether all pages of [base, limit) are so; null is a hole. */
  every(base: number, limit: number, holds: (page: Page | null) => boolean): boolean {
    for (let addr = base; addr < limit; addr += PAGE) if (!holds(this.page(addr))) return false;
    return true;
  }

  isMapped(base: number, limit: number): boolean {
    return this.every(base, limit, (page) => page !== null);
  }

  isBare(base: number, limit: number): boolean {
    return this.every(base, limit, (page) => page === null);
  }

  /** map -- put fresh pages at [base, limit) of a reservation. */
  map(reservation: Region, base: number, limit: number, { prot, max, isGuard, isShared, source, index }: Mapping): void {
    for (let addr = base; addr < limit; addr += PAGE) {
      this.pages.set(addr / PAGE, {
        reservation, isGuard, prot: isGuard ? 0 : prot, max: isGuard ? 0 : max, cell: source === null ? new Cell() : null,
        source, index: index + (addr - base) / PAGE, isShared, inherit: isShared ? 'share' : 'copy', isLocked: false,
      });
    }
    this.neighbours.map(base, limit, reservation);
  }

  /** unmap -- leave holes at [base, limit); reservations without pages are gone. */
  unmap(base: number, limit: number): void {
    for (let addr = base; addr < limit; addr += PAGE) this.pages.delete(addr / PAGE);
    this.neighbours.unmap(base, limit);
    this.bury();
  }

  /** unmapInto -- leave holes at [base, limit) of a reservation that is about to have pages there, and so stays. */
  unmapInto(reservation: Region, base: number, limit: number): void {
    this.unmap(base, limit);
    if (!this.regions.includes(reservation)) this.regions.push(reservation);
  }

  /** bury -- forget the reservations that have no page left. */
  bury(): void {
    const alive = new Set<Region>();
    for (const page of this.pages.values()) alive.add(page.reservation);
    if (alive.size < this.regions.length) this.regions = this.regions.filter((region) => alive.has(region));
  }

  /** move -- what mremap does with pages [from, from + size): they are those at `to` of another reservation. */
  move(from: number, size: number, to: Region, at: number): void {
    const moved: Page[] = [];
    for (let done = 0; done < size; done += PAGE) {
      const page = this.page(from + done);
      if (page !== null) moved.push(page);
    }
    moved.forEach((page, index) => this.pages.set(at / PAGE + index, { ...page, reservation: to, prot: page.prot & to.max, max: page.max & to.max }));
    this.neighbours.map(at, at + size, to);
    this.unmap(from, from + size);
  }

  /** discard -- private anonymous pages are as if nobody had touched them; those of a source are its again. */
  discard(base: number, limit: number): void {
    for (let addr = base; addr < limit; addr += PAGE) {
      const page = this.page(addr);
      if (page === null || page.isGuard || page.isShared) continue;
      page.cell = page.source === null ? new Cell() : null;
    }
  }

  /** attached -- the pages of segments that a reservation has: whose, where, and where its first page is or would be. */
  attached(region: Region | null, segments: readonly Segment[]): Attached[] {
    const found: Attached[] = [];
    for (const [number, { reservation, source, cell, isShared, index }] of this.pages) {
      const segment = segments.find(({ cells }) => source !== null && cells === source.cells), addr = number * PAGE;
      if (segment === undefined || reservation !== region || !isShared || cell !== null || index >= segment.cells.length) continue;
      found.push({ segment, addr, base: addr - index * PAGE });
    }
    return found.sort((one, other) => one.addr - other.addr);
  }

  // Bytes ------------------------------------------------------------------------------------------------------------

  /** bytes -- what is read at a page; null beyond the end of its source. */
  bytes(page: Page): Cell | null {
    return page.cell ?? (page.source as Source).cells[page.index] ?? null;
  }

  /** own -- what is written at a page: its own bytes, if it is private. */
  own(page: Page): Cell {
    const cell = this.bytes(page) as Cell;
    if (page.cell !== null || page.isShared) return cell;
    page.cell = cell.copy();
    return page.cell;
  }

  // Processes --------------------------------------------------------------------------------------------------------

  /** fork -- the child's. */
  fork(): Space {
    const child = new Space();
    child.regions = [...this.regions];
    for (const [number, page] of this.pages) if (page.inherit !== 'none') child.pages.set(number, childPage(page));
    for (const [number, page] of child.pages) child.neighbours.map(number * PAGE, (number + 1) * PAGE, page.reservation);
    child.bury();
    return child;
  }
}

/** childPage -- what a page is in a child. */
function childPage(page: Page): Page {
  if (page.inherit === 'share') return { ...page, isShared: true, isLocked: false };
  if (page.inherit === 'zero') return { ...page, cell: page.isGuard ? page.cell : new Cell(), isLocked: false };
  return { ...page, cell: page.cell === null || page.isShared ? page.cell : page.cell.copy(), isLocked: false };
}
