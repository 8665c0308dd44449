/* pages.ts: PAGE TABLES
 *
 * A page-table entry is one word: the frame's physical address in the high 20 bits, rights in the low 12. The window is
 * a flat table; the few pages elsewhere are found by number <design/machine#.pages>. Entries are looked up at every access and
 * never cached, so a change of rights needs no shootdown <design/machine#.pages.uncached>.
 *
 *     bit  9     8      7         6      5      4        3, 2        1      0
 *          TRAP  DIRTY  STORECAP  WRITE  VALID  EXECUTE  LOADCAP     QUICK  READ
 *          CAP   CAP                                     generation
 *                                                        1, 0
 */
import { aver } from '../base/base.ts';
import { AddressBITS, PageSIZE, WindowHIGH, type Addr, type Low } from './address.ts';

/** Rights of a page, as bits of its entry. */
export const PageREAD = 1;
/** Set by the space itself: data may be stored without a lock <design/machine#.pages.quick>. */
export const PageQUICK = 2;
/** Tags read from the page reach the register, whatever the hart's generation; with neither this nor `PageTRAPCAP` they are stripped. */
export const PageLOADCAP = 12;
export const PageEXECUTE = 16;
/** A frame stands behind the page. */
export const PageVALID = 32;
export const PageWRITE = 64;
/** A tagged capability may be stored; without it such a store faults. */
export const PageSTORECAP = 128;
/** A tagged capability may have been stored: the hart sets it at the first such store <design/machine#.pages.dirty>. */
export const PageDIRTYCAP = 256;
/** Loading what is tagged faults, unless a generation admits it <design/machine#.pages.generation>. */
export const PageTRAPCAP = 512;
/** No page has it: what a hart asks for whose fast path is not to be taken. */
export const PageNEVER = 0x800;
/** Everything that data and capabilities need, where nobody asks which pages hold capabilities. */
export const PageALL: number = PageREAD | PageQUICK | PageWRITE | PageLOADCAP | PageSTORECAP | PageDIRTYCAP | PageVALID;

/** A hart's load generation, and a page's: which of two passes over memory has seen it. */
export type Generation = 0 | 1;

/** pageLoadCap -- the right that lets tags reach the registers of harts in a generation, and has others fault. */
export const pageLoadCap = (generation: Generation): number => 4 << generation;

const PageRIGHTS = PageSIZE - 1;

/** The rights that there are. */
const PageKNOWN: number = PageALL | PageEXECUTE | PageTRAPCAP;

/** pageRights -- rights with the bit that fast paths ask for; `isShared` if harts of several workers use the page: none is quick then,
 * for its frame may have another page, and the page other rights in a moment <design/workers#.quick>. */
export const pageRights = (rights: number, isShared: boolean): number =>
  ((rights & PageWRITE) === 0 || isShared ? rights & ~PageQUICK : rights | PageQUICK);

/** An address space as workers pass it to each other: the window. Pages elsewhere are each worker's own. */
export interface SpaceImage {
  readonly window: SharedArrayBuffer;
}

/** One address space: which frame stands behind each page, and what may be done there. */
export class AddressSpace {
  /** The window, one entry a page; shared, for a change of rights must reach running harts. */
  readonly window: Int32Array;
  /** Several workers have harts here. */
  readonly isShared: boolean;
  /** What a hart's generation becomes when it enters. */
  generation: Generation = 0;
  /** Whatever lets tags through does so in one generation; `generations` makes it so. */
  isGenerational: boolean = false;
  /** The pages of the other generation are being visited <design/revoke#.pages.change>; with none of those left it may be false. */
  isSweeping: boolean = false;
  /** A page has changed that may hold tags which that has passed by. */
  hasLate: boolean = false;
  /** Frames lie below this physical address. */
  private readonly frames: number;
  private readonly elsewhere = new Map<number, number>();

  /** `frames` is the size of the memory that pages are mapped to; `image` is a space that another worker has made. */
  constructor(frames: number = 0x1_0000_0000, isShared: boolean = false, image: SpaceImage | null = null) {
    this.frames = frames;
    this.isShared = isShared;
    this.window = new Int32Array(image?.window ?? new SharedArrayBuffer((0x1_0000_0000 / PageSIZE) * 4));
  }

  /** image -- what another worker needs to make harts here. */
  image(): SpaceImage {
    return { window: this.window.buffer as SharedArrayBuffer };
  }

  /** The entry of the page that holds an address given as two words; 0 where nothing is mapped. */
  entry(low: Low, high: number): number {
    if (high === WindowHIGH) return this.window[low >>> 12];
    return this.elsewhere.get((high >>> 0) * 0x10_0000 + (low >>> 12)) ?? 0;
  }

  /** map -- put pages [base, base + size) on the frames from physical address `frame` on, with `rights`. */
  map(base: Addr, size: number, frame: number, rights: number): void {
    insistPages(base, size);
    aver(frame % PageSIZE === 0, '<design/machine#.pages.aligned>');
    aver(frame >= 0 && frame + size <= this.frames, '<design/machine#.pages.frames>');
    const isCurrent = (rights & PageDIRTYCAP) === 0, bits = this.bits(rights, isCurrent);
    if (!isCurrent) this.hasLate = true;
    for (let done = 0; done < size; done += PageSIZE) this.set(base + done, (frame + done) | bits);
  }

  /** unmap -- leave nothing behind pages [base, base + size). */
  unmap(base: Addr, size: number): void {
    insistPages(base, size);
    for (let done = 0; done < size; done += PageSIZE) this.set(base + done, 0);
  }

  /** protect -- replace the rights of pages [base, base + size), which must be mapped; those with capabilities stay dirty. */
  protect(base: Addr, size: number, rights: number): void {
    insistPages(base, size);
    const current = this.bits(rights, true), stale = this.bits(rights, false);
    for (let done = 0; done < size; done += PageSIZE) {
      const old = this.at(base + done), isCurrent = (old & PageLOADCAP) === pageLoadCap(this.generation);
      aver((old & PageVALID) !== 0, '<design/machine#.pages.mapped>');
      if (!isCurrent) this.hasLate = true;
      this.change(base + done, ~PageRIGHTS | PageDIRTYCAP, isCurrent ? current : stale);
    }
  }

  /** dirty -- remember that the page of a mapped address has had a tagged capability stored to it. */
  dirty(low: Low, high: number): void {
    this.change((high >>> 0) * 0x1_0000_0000 + (low >>> 0), -1, PageDIRTYCAP);
  }

  /** clean -- forget it, for pages [base, base + size); who calls it has seen that they hold none. */
  clean(base: Addr, size: number): void {
    insistPages(base, size);
    for (let done = 0; done < size; done += PageSIZE) this.change(base + done, ~PageDIRTYCAP, 0);
  }

  // Generations ------------------------------------------------------------------------------------------------------

  /** generations -- from now on whatever lets tags through, mapped or yet to be, does so in one generation <design/revoke#.pages>. */
  generations(): void {
    this.isGenerational = true;
    for (const page of this.outside()) this.begin(pageLow(page), pageHigh(page));
    for (let page = 0; page < this.window.length; page += 1) this.begin(page << 12, WindowHIGH);
  }

  private begin(low: Low, high: number): void {
    if ((this.entry(low, high) & PageLOADCAP) === PageLOADCAP) this.admit(low, high);
  }

  /** admit -- let the tags of a mapped address's page through in the space's generation, if that page lets any through. */
  admit(low: Low, high: number): void {
    if ((this.entry(low, high) & PageLOADCAP) === 0) return;
    this.change((high >>> 0) * 0x1_0000_0000 + (low >>> 0), ~PageLOADCAP, pageLoadCap(this.generation));
  }

  /** outside -- the numbers of the pages that are mapped outside of the window. */
  outside(): number[] {
    return [...this.elsewhere.keys()];
  }

  /** bits -- the low bits of an entry with these rights
   *
   * While pages are visited, one whose tags nobody may have looked at is of the other generation <design/revoke#.pages.change>.
   */
  private bits(rights: number, isCurrent: boolean): number {
    aver((rights & ~PageKNOWN) === 0, '<design/machine#.pages.rights>');
    const current = pageLoadCap(this.generation), load = isCurrent || !this.isSweeping ? current : PageLOADCAP ^ current;
    const given = this.isGenerational && (rights & PageLOADCAP) !== 0 ? (rights & ~PageLOADCAP) | load : rights;
    return pageRights(given, this.isShared) | PageVALID;
  }

  private at(addr: number): number {
    return this.entry(addr | 0, Math.floor(addr / 0x1_0000_0000));
  }

  /** change -- keep the bits of an entry that are in `keep` and add others, in one step: harts set theirs at any time
   * <design/workers#.inv.dirty>. */
  private change(addr: number, keep: number, bits: number): void {
    if (!this.isShared || Math.floor(addr / 0x1_0000_0000) !== WindowHIGH) {
      this.set(addr, (this.at(addr) & keep) | bits);
      return;
    }
    const { window } = this, page = (addr | 0) >>> 12;
    for (let old = Atomics.load(window, page); ;) {
      const seen = Atomics.compareExchange(window, page, old, (old & keep) | bits);
      if (seen === old) return;
      old = seen;
    }
  }

  private set(addr: number, entry: number): void {
    const page = Math.floor(addr / PageSIZE), high = Math.floor(page / 0x10_0000);
    if (high === WindowHIGH) this.window[page % 0x10_0000] = entry;
    else if (entry === 0) this.elsewhere.delete(page);
    else this.elsewhere.set(page, entry | 0);
  }
}

/** pageLow -- the low word of the address of a page, by its number: the address divided by the size of a page. */
export const pageLow = (page: number): Low => (page * PageSIZE) | 0;

/** pageHigh -- the high word. */
export const pageHigh = (page: number): number => Math.floor(page / 0x10_0000);

/** insistPages -- [base, base + size) is whole pages of the address space. */
function insistPages(base: Addr, size: number): void {
  aver(base % PageSIZE === 0 && size % PageSIZE === 0, '<design/machine#.pages.aligned>');
  aver(base >= 0 && size >= 0 && base + size <= 2 ** AddressBITS, '<design/machine#.pages.range>');
}
