/* object.ts: MEMORY OBJECTS
 *
 * Pages that several mappings, and calls that read and write, have in common: a file's, or shared memory's <design/vm-object>.
 */
import { aver } from '../../base/base.ts';
import { GranuleSHIFT, PageSIZE, type Memory } from '../../machine/machine.ts';
import type { Frames } from './frames.ts';

/** Fills a frame, which is zero, with what belongs at a page; false if it cannot be had: EIO, or SIGBUS for who has mapped it. */
export type Pager = (page: number, into: Uint8Array) => boolean;

/** Who has pages of an object mapped. */
export interface Mapper {
  /** forget -- the object's pages from `first` on are gone: have no frames of them. */
  forget(object: VmObject, first: number): void;
  /** places -- how often it has pages of the object mapped shared: those that lie to each other as in the object are one place. */
  places(object: VmObject): number;
}

/** Pages by number, each a frame of which the object is one holder. */
export class VmObject {
  /** For reports: the path of a file, or what it is. */
  readonly name: string;
  /** Capabilities stored through shared mappings keep their tags <design/vm-object#.inv.tags>. */
  readonly carriesTags: boolean;
  /** It is the memory of a segment: shmdt ends its mappings, and no others. */
  isSegment: boolean = false;
  /** Bytes; mappings fault beyond the page of the last one. */
  size: number;
  private readonly memory: Memory;
  private readonly frames: Frames;
  private readonly pager: Pager | null;
  private readonly pages = new Map<number, number>();
  /** Who maps it, and how many pages. */
  private readonly mappers = new Map<Mapper, number>();
  /** Descriptors, and mapped pages; with the last one its pages go. */
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
    aver(this.holders > 0, '<design/vm-object#.held>');
    this.holders += 1;
  }

  /** drop -- one holder fewer. */
  drop(): void {
    this.dropMany(1);
  }

  /** attach -- a mapper has `count` more of its pages. */
  attach(mapper: Mapper, count: number): void {
    aver(this.holders > 0, '<design/vm-object#.held>');
    this.holders += count;
    this.mappers.set(mapper, (this.mappers.get(mapper) ?? 0) + count);
  }

  /** detach -- a mapper has `count` fewer. */
  detach(mapper: Mapper, count: number): void {
    const left = (this.mappers.get(mapper) ?? 0) - count;
    aver(left >= 0, '<design/vm-object#.held>');
    if (left === 0) this.mappers.delete(mapper);
    else this.mappers.set(mapper, left);
    this.dropMany(count);
  }

  /** places -- how often it is mapped shared <design/mman#.shm>. */
  places(): number {
    let count = 0;
    for (const mapper of this.mappers.keys()) count += mapper.places(this);
    return count;
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

  /** adopt -- have a frame as a page that is not there; its holder's hold becomes the object's. */
  adopt(page: number, frame: number): void {
    aver(!this.pages.has(page), '<design/vm-object#.adopt>');
    this.pages.set(page, frame);
  }

  /** truncate -- have `size` bytes: pages beyond go, out of every mapping too, and the rest of the last one is zero. */
  truncate(size: number): void {
    const count = Math.ceil(size / PageSIZE), used = size % PageSIZE, isLess = size < this.size;
    this.size = size;
    if (!isLess) return;
    for (const mapper of this.mappers.keys()) mapper.forget(this, count);
    this.dropFrom(count);
    const last = used === 0 ? -1 : this.resident(Math.floor(size / PageSIZE));
    if (last < 0) return;
    this.memory.u8.fill(0, last + used, last + PageSIZE);
    this.memory.tags.fill(0, (last + used) >>> GranuleSHIFT, (last + PageSIZE) / 2 ** GranuleSHIFT);
  }

  private dropFrom(first: number): void {
    for (const [page, frame] of this.pages) {
      if (page < first) continue;
      this.pages.delete(page);
      this.frames.drop(frame);
    }
  }

  private dropMany(count: number): void {
    aver(this.holders >= count, '<design/vm-object#.held>');
    this.holders -= count;
    if (this.holders > 0) return;
    this.dropFrom(0);
    this.size = 0;
  }
}
