/* frames.ts: FRAMES
 *
 * The physical frames of the machine that nobody has, shared by the address spaces that are over it <design/frames>.
 */
import { aver, Land } from '../base/base.ts';
import { PageSIZE } from '../machine/machine.ts';

/** A range of physical memory, given out in contiguous runs of frames. */
export class Frames {
  private readonly land: Land = new Land();

  /** `size` bytes of memory from physical address `base` on, whole pages, zero and untagged. */
  constructor(base: number, size: number) {
    aver(isWhole(base, size), '<design/frames#.whole>');
    this.land.insert(base, base + size);
  }

  /** Bytes that nobody has; how long a run can be had is another question. */
  get available(): number {
    return this.land.size;
  }

  /** alloc -- a run of `size` bytes, zero and untagged; its physical address, or -1 if there is none so long. */
  alloc(size: number): number {
    aver(isWhole(0, size), '<design/frames#.whole>');
    const base = this.land.find(size, PageSIZE);
    if (base >= 0) this.land.delete(base, base + size);
    return base;
  }

  /** free -- take frames back, which must be zero and untagged again <design/frames#.inv.clear>. */
  free(base: number, size: number): void {
    aver(isWhole(base, size), '<design/frames#.whole>');
    this.land.insert(base, base + size);
  }
}

const isWhole = (base: number, size: number): boolean => base % PageSIZE === 0 && size % PageSIZE === 0 && size > 0;
