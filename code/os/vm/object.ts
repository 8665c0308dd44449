/* object.ts: MEMORY OBJECTS
 *
 * Pages that several mappings, and calls that read and write, have in common: a file's, or shared memory's <design/vm-object>.
 */
import { PageSHIFT, PageSIZE, type Memory } from '../../machine/machine.ts';
import type { Frames } from './frames.ts';

/** Fills a frame, which is zero, with what belongs at a page; false if it cannot be had: EIO, or SIGBUS for who has mapped it. */
export type Pager = (page: number, into: Uint8Array) => boolean;

/** Pages by number, each a frame of which the object is one holder. */
export class VmObject {
  /** For reports: the path of a file, or what it is. */
  readonly name: string;
  /** Capabilities stored through shared mappings keep their tags <design/vm-object#.inv.tags>. */
  readonly carriesTags: boolean;
  /** Bytes; mappings fault beyond the page of the last one. */
  size: number;
  private readonly memory: Memory;
  private readonly frames: Frames;
  private readonly pager: Pager | null;
  private readonly pages = new Map<number, number>();
  /** Descriptors and mappings that have it; with the last one its pages go. */
  private holders: number = 1;

  constructor(name: string, size: number, carriesTags: boolean, memory: Memory, frames: Frames, pager: Pager | null = null) {
    this.name = name;
    this.size = size;
    this.carriesTags = carriesTags;
    this.memory = memory;
    this.frames = frames;
    this.pager = pager;
  }

  hold(): void {
    this.holders += 1;
  }

  /** drop -- one holder fewer. */
  drop(): void {
    this.holders -= 1;
    if (this.holders === 0) this.truncate(0);
  }

  /** resident -- the frame of a page that is there, as a physical address; -1 if none is. */
  resident(page: number): number {
    return this.pages.get(page) ?? -1;
  }

  /** frame -- the frame of a page, made if it is not there; -1 if there is no memory, -2 if the pager fails. It stays the object's: who
   * maps it holds it. */
  frame(page: number): number {
    const there = this.pages.get(page);
    if (there !== undefined) return there;
    const made = this.frames.allocPage();
    if (made < 0) return -1;
    if (this.pager !== null && !this.pager(page, this.memory.u8.subarray(made, made + PageSIZE))) {
      this.frames.drop(made);
      return -2;
    }
    this.pages.set(page, made);
    return made;
  }

  /** truncate -- have `size` bytes: pages beyond go, and the rest of the last one is zero. */
  truncate(size: number): void {
    const count = Math.ceil(size / PageSIZE), used = size % PageSIZE;
    for (const [page, frame] of this.pages) {
      if (page < count) continue;
      this.pages.delete(page);
      this.frames.drop(frame);
    }
    const last = used === 0 ? -1 : this.resident(size >>> PageSHIFT);
    if (last >= 0 && size < this.size) {
      this.memory.u8.fill(0, last + used, last + PageSIZE);
      this.memory.tags.fill(0, (last + used + 15) >>> 4, (last + PageSIZE) >>> 4);
    }
    this.size = size;
  }
}
