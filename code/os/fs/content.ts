/* content.ts: WHAT FILES HOLD
 *
 * Regular files and shared memory: bytes in the pages of a memory object, which whoever maps the file has before him too
 * <design/files#.inv.coherent>.
 */
import { GranuleSHIFT, PageSIZE, type Memory } from '../../machine/machine.ts';
import { EFAULT, EFBIG, EIO, ENOSPC, EROFS } from '../errno.ts';
import type { Thread } from '../thread.ts';
import type { Pager, VmObject } from '../vm/object.ts';
import { copyIn, copyOut } from './copy.ts';
import { Placed, type Backing } from './description.ts';
import { S_IFREG } from './flags.ts';
import type { FileStat } from './stat.ts';

/** No file has a byte from here on <design/files#.limit>. */
export const FileMAX: number = 2 ** 40;

/** What a file is made of. */
export interface ContentOptions {
  readonly type: 'regular' | 'shm';
  readonly object: VmObject;
  readonly memory: Memory;
  readonly clock: { readonly now: number };
  readonly device: number;
  readonly id: number;
  /** Permissions. */
  readonly mode: number;
  readonly links: number;
  /** Of a file of the host, which cannot be written: the object's own. */
  readonly pager: Pager | null;
}

const zeros: Uint8Array = new Uint8Array(PageSIZE);

/** A file with places. It lasts while it has a name, or is open; its pages as long, and while they are mapped. */
export class Content extends Placed implements Backing {
  readonly type: 'regular' | 'shm';
  readonly object: VmObject;
  readonly device: number;
  readonly id: number;
  readonly isReadOnly: boolean;
  mode: number;
  private links: number;
  private opens: number = 0;
  private modified: number;
  private readonly memory: Memory;
  private readonly clock: { readonly now: number };
  private readonly pager: Pager | null;

  constructor({ type, object, memory, clock, device, id, mode, links, pager }: ContentOptions) {
    super();
    this.type = type;
    this.object = object;
    this.memory = memory;
    this.clock = clock;
    this.device = device;
    this.id = id;
    this.mode = S_IFREG | mode;
    this.links = links;
    this.isReadOnly = pager !== null;
    this.pager = pager;
    this.modified = clock.now;
  }

  get size(): number {
    return this.object.size;
  }

  // Life ---------------------------------------------------------------------------------------------------------------

  /** open -- one description more. */
  open(): void {
    this.opens += 1;
  }

  close(): void {
    this.opens -= 1;
    this.settle();
  }

  /** unlink -- it has lost its name. */
  unlink(): void {
    this.links -= 1;
    this.settle();
  }

  private settle(): void {
    if (this.links === 0 && this.opens === 0) this.object.drop();
  }

  // Bytes --------------------------------------------------------------------------------------------------------------

  read(thread: Thread, slot: number, from: number, length: number, at: number): number {
    const limit = Math.min(at + length, this.size);
    let place = at;
    while (place < limit) {
      const size = Math.min(limit - place, PageSIZE - (place % PageSIZE)), bytes = this.bytes(place, size);
      if (bytes === null) return place > at ? place - at : -EIO;
      const count = copyOut(thread, slot, from + place - at, bytes);
      place += count;
      if (count < size) return place > at ? place - at : -EFAULT;
    }
    return place - at;
  }

  /** bytes -- part of a page, or null if the host does not have it. Reading makes no page <design/files#.hole>. */
  private bytes(place: number, size: number): Uint8Array | null {
    const page = Math.floor(place / PageSIZE), used = place % PageSIZE, frame = this.object.resident(page);
    if (frame >= 0) return this.memory.u8.subarray(frame + used, frame + used + size);
    if (this.pager === null) return zeros.subarray(0, size);
    const bytes = new Uint8Array(PageSIZE);
    return this.pager(page, bytes) ? bytes.subarray(used, used + size) : null;
  }

  write(thread: Thread, slot: number, from: number, length: number, at: number): number {
    if (at >= FileMAX && length > from) return -EFBIG;
    const limit = Math.min(at + length - from, FileMAX);
    let place = at, error = 0;
    while (place < limit && error === 0) {
      const size = Math.min(limit - place, PageSIZE - (place % PageSIZE)), bytes = copyIn(thread, slot, from + place - at, size);
      if (bytes.length > 0 && !this.put(place, bytes)) error = ENOSPC;
      else place += bytes.length;
      if (error === 0 && bytes.length < size) error = EFAULT;
    }
    if (place > at) this.modified = this.clock.now;
    return error !== 0 && place === at ? -error : place - at;
  }

  /** put -- bytes within a page; false if there is no memory for it. */
  private put(place: number, bytes: Uint8Array): boolean {
    const frame = this.object.frame(Math.floor(place / PageSIZE)), physical = frame + (place % PageSIZE);
    if (frame < 0) return false;
    if (place + bytes.length > this.size) this.extend(place + bytes.length);
    this.memory.u8.set(bytes, physical);
    this.memory.tags.fill(0, physical >>> GranuleSHIFT, (physical + bytes.length + 15) >>> GranuleSHIFT);
    return true;
  }

  /** truncate -- have `size` bytes, those that are new zero: 0, EFBIG, or EROFS. */
  truncate(size: number): number {
    if (this.isReadOnly) return EROFS;
    if (size > FileMAX) return EFBIG;
    if (size > this.size) this.extend(size);
    else this.object.truncate(size);
    this.modified = this.clock.now;
    return 0;
  }

  /** extend -- become longer; what a mapping has written beyond the last byte does not come to light <design/files#.inv.zero>. */
  private extend(size: number): void {
    const { object, memory } = this, used = object.size % PageSIZE, frame = object.resident(Math.floor(object.size / PageSIZE));
    if (used !== 0 && frame >= 0) {
      memory.u8.fill(0, frame + used, frame + PageSIZE);
      memory.tags.fill(0, (frame + used) >>> GranuleSHIFT, (frame + PageSIZE) / 2 ** GranuleSHIFT);
    }
    object.truncate(size);
  }

  // What is said of it -------------------------------------------------------------------------------------------------

  stat(): FileStat {
    const { device, id, mode, links, size, modified } = this;
    return { device, id, mode, links, size, modified };
  }
}
