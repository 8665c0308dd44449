/* pages.ts: PAGE TABLES
 *
 * A page-table entry is one word: the frame's physical address in the high 20 bits, rights in the low 12. The window is
 * a flat table; the few pages elsewhere are found by number <design/machine#.pages>. Entries are looked up at every access and
 * never cached, so a change of rights needs no shootdown <design/machine#.pages.uncached>.
 */
import { aver } from '../base/base.ts';
import { AddressBITS, PageSIZE, WindowHIGH, type Addr, type Low } from './address.ts';

/** Rights of a page, as bits of its entry. */
export const PageREAD = 1;
export const PageWRITE = 2;
/** A tag read from the page reaches the register; without it the tag is stripped. */
export const PageLOADCAP = 4;
/** A tagged capability may be stored; without it such a store faults. */
export const PageSTORECAP = 8;
export const PageEXECUTE = 16;
/** A frame stands behind the page. */
export const PageVALID = 32;
/** Everything that data and capabilities need. */
export const PageALL: number = PageREAD | PageWRITE | PageLOADCAP | PageSTORECAP | PageVALID;

const PageRIGHTS = PageSIZE - 1;

/** One address space: which frame stands behind each page, and what may be done there. */
export class AddressSpace {
  /** The window, one entry a page; shared, for a change of rights must reach running harts. */
  readonly window: Int32Array = new Int32Array(new SharedArrayBuffer((0x1_0000_0000 / PageSIZE) * 4));
  /** Frames lie below this physical address. */
  private readonly frames: number;
  private readonly elsewhere = new Map<number, number>();

  /** `frames` is the size of the memory that pages are mapped to. */
  constructor(frames: number = 0x1_0000_0000) {
    this.frames = frames;
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
    aver((rights & ~PageRIGHTS) === 0, '<design/machine#.pages.rights>');
    for (let done = 0; done < size; done += PageSIZE) this.set(base + done, (frame + done) | rights | PageVALID);
  }

  /** unmap -- leave nothing behind pages [base, base + size). */
  unmap(base: Addr, size: number): void {
    insistPages(base, size);
    for (let done = 0; done < size; done += PageSIZE) this.set(base + done, 0);
  }

  /** protect -- replace the rights of pages [base, base + size), which must be mapped. */
  protect(base: Addr, size: number, rights: number): void {
    insistPages(base, size);
    aver((rights & ~PageRIGHTS) === 0, '<design/machine#.pages.rights>');
    for (let done = 0; done < size; done += PageSIZE) {
      const page = (base + done) / PageSIZE;
      const old = this.entry((page * PageSIZE) | 0, Math.floor(page / 0x10_0000));
      aver((old & PageVALID) !== 0, '<design/machine#.pages.mapped>');
      this.set(base + done, (old & ~PageRIGHTS) | rights | PageVALID);
    }
  }

  private set(addr: number, entry: number): void {
    const page = addr / PageSIZE;
    const high = Math.floor(page / 0x10_0000);
    if (high === WindowHIGH) this.window[page % 0x10_0000] = entry;
    else if (entry === 0) this.elsewhere.delete(page);
    else this.elsewhere.set(page, entry | 0);
  }
}

/** insistPages -- [base, base + size) is whole pages of the address space. */
function insistPages(base: Addr, size: number): void {
  aver(base % PageSIZE === 0 && size % PageSIZE === 0, '<design/machine#.pages.aligned>');
  aver(base >= 0 && size >= 0 && base + size <= 2 ** AddressBITS, '<design/machine#.pages.range>');
}
