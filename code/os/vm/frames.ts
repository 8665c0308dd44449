/* frames.ts: FRAMES
 *
 * The physical frames of the machine, shared by the address spaces and objects that are over it, each with a count of who has it
 * <design/frames>.
 */
import { aver, Land } from '../../base/base.ts';
import { GranuleSHIFT, PageSHIFT, PageSIZE, type Memory } from '../../machine/machine.ts';

/** A range of physical memory, given out frame by frame, or in contiguous runs. */
export class Frames {
  private readonly memory: Memory;
  private readonly land: Land = new Land();
  /** Who has each frame of the memory; 0 for what is free, and for what is none of ours. */
  private readonly holders: Uint32Array;

  /** `size` bytes of the memory from physical address `base` on, whole pages, zero and untagged. */
  constructor(memory: Memory, base: number, size: number) {
    aver(isWhole(base, size), '<design/frames#.whole>');
    this.memory = memory;
    this.holders = new Uint32Array(memory.size >>> PageSHIFT);
    this.land.insert(base, base + size);
  }

  /** Bytes that nobody has; how long a run can be had is another question. */
  get available(): number {
    return this.land.size;
  }

  /** alloc -- a run of `size` bytes, zero and untagged, each frame with one holder; its physical address, or -1 if there is none so long. */
  alloc(size: number): number {
    aver(isWhole(0, size), '<design/frames#.whole>');
    const base = this.land.find(size, PageSIZE);
    if (base < 0) return -1;
    this.land.delete(base, base + size);
    this.holders.fill(1, base >>> PageSHIFT, (base + size) >>> PageSHIFT);
    return base;
  }

  /** allocPage -- one frame, zero and untagged, with one holder; -1 if there is none. */
  allocPage(): number {
    return this.alloc(PageSIZE);
  }

  /** hold -- one holder more of a frame that somebody has. */
  hold(frame: number): void {
    aver(this.holders[frame >>> PageSHIFT] > 0, '<design/frames#.held>');
    this.holders[frame >>> PageSHIFT] += 1;
  }

  /** holdersOf -- how many have a frame. */
  holdersOf(frame: number): number {
    return this.holders[frame >>> PageSHIFT];
  }

  /** drop -- one holder fewer; a frame that nobody has is wiped, and free. */
  drop(frame: number): void {
    aver(this.holders[frame >>> PageSHIFT] > 0, '<design/frames#.held>');
    this.holders[frame >>> PageSHIFT] -= 1;
    if (this.holders[frame >>> PageSHIFT] > 0) return;
    this.wipe(frame);
    this.land.insert(frame, frame + PageSIZE);
  }

  /** wipe -- zero and untag a frame. */
  wipe(frame: number): void {
    this.memory.i32.fill(0, frame >>> 2, (frame + PageSIZE) / 4);
    this.memory.tags.fill(0, frame >>> GranuleSHIFT, (frame + PageSIZE) / 2 ** GranuleSHIFT);
  }
}

const isWhole = (base: number, size: number): boolean => base % PageSIZE === 0 && size % PageSIZE === 0 && size > 0;
