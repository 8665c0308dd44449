/* frames.ts: FRAMES
 *
 * The physical frames of the machine, shared by the address spaces and objects that are over it, each with a count of who has it
 * <design/frames>.
 */
import { aver, Land } from '../../base/base.ts';
import { GranuleSHIFT, PageSHIFT, PageSIZE, type Memory } from '../../machine/machine.ts';

/** So many bytes go from the land to the stack of single frames at once, if they are to be had. */
const RefillSIZE: number = 16 * PageSIZE;

/** A range of physical memory, given out frame by frame, or in contiguous runs. */
export class Frames {
  private readonly memory: Memory;
  /** What is free and not in the stack. */
  private readonly land: Land = new Land();
  /** Frames that are free one by one, the next one last <design/frames#.stack>. */
  private readonly stack: number[] = [];
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
    return this.land.size + this.stack.length * PageSIZE;
  }

  /** alloc -- a run of `size` bytes, zero and untagged, each frame with one holder; its physical address, or -1 if there is none so long. */
  alloc(size: number): number {
    aver(isWhole(0, size), '<design/frames#.whole>');
    let base = this.land.find(size, PageSIZE);
    if (base < 0 && this.stack.length > 0 && this.available >= size) {
      this.empty();
      base = this.land.find(size, PageSIZE);
    }
    if (base < 0) return -1;
    this.land.delete(base, base + size);
    this.holders.fill(1, base >>> PageSHIFT, (base + size) >>> PageSHIFT);
    return base;
  }

  /** allocPage -- one frame, zero and untagged, with one holder; -1 if there is none. */
  allocPage(): number {
    if (this.stack.length === 0) this.refill();
    const frame = this.stack.pop() ?? -1;
    if (frame >= 0) this.holders[frame >>> PageSHIFT] = 1;
    return frame;
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
    this.stack.push(frame);
  }

  /** dropRun -- give back a run that nobody else holds a frame of; its holder has wiped what was used <design/frames#.inv.clear>. */
  dropRun(base: number, size: number): void {
    aver(isWhole(base, size), '<design/frames#.whole>');
    for (let page = base >>> PageSHIFT; page < (base + size) >>> PageSHIFT; ++page) aver(this.holders[page] === 1, '<design/frames#.held>');
    this.holders.fill(0, base >>> PageSHIFT, (base + size) >>> PageSHIFT);
    this.land.insert(base, base + size);
  }

  /** wipe -- zero and untag a frame. */
  wipe(frame: number): void {
    this.memory.i32.fill(0, frame >>> 2, (frame + PageSIZE) / 4);
    this.memory.tags.fill(0, frame >>> GranuleSHIFT, (frame + PageSIZE) / 2 ** GranuleSHIFT);
  }

  /** refill -- frames from the high end of the land, for runs are looked for from the low one. */
  private refill(): void {
    const many = this.land.findLast(RefillSIZE, PageSIZE), size = many < 0 ? PageSIZE : RefillSIZE;
    const base = many < 0 ? this.land.findLast(PageSIZE, PageSIZE) : many;
    if (base < 0) return;
    this.land.delete(base, base + size);
    for (let frame = base; frame < base + size; frame += PageSIZE) this.stack.push(frame);
  }

  /** empty -- give the stack back to the land, in as few ranges as it makes. */
  private empty(): void {
    const { stack } = this;
    stack.sort((one, other) => one - other);
    for (let first = 0, next = 1; next <= stack.length; ++next) {
      if (next < stack.length && stack[next] === stack[next - 1] + PageSIZE) continue;
      this.land.insert(stack[first], stack[next - 1] + PageSIZE);
      first = next;
    }
    stack.length = 0;
  }
}

const isWhole = (base: number, size: number): boolean => base % PageSIZE === 0 && size % PageSIZE === 0 && size > 0;
