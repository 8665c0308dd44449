/* mvt-model.ts: WHAT A TEMPORAL FIT POOL WOULD DO
 *
 * One allocation point and its pool as lists of ranges, each step a search through all of them <design/mvt#.fill>.
 */
export type Range = readonly [base: number, limit: number];

export interface MvtModelOptions {
  readonly minSize: number;
  readonly reuseSize: number;
  readonly depth: number;
  readonly fragLimit: number;
}

const sizeOf = ([base, limit]: Range): number => limit - base;
const overlap = (one: Range, other: Range): boolean => one[0] < other[1] && other[0] < one[1];

export class MvtModel {
  readonly seen: Record<string, number> = { buffer: 0, splinter: 0, queue: 0, contingency: 0, segment: 0, oversize: 0, returned: 0, overflow: 0, refill: 0 };
  segs: Range[] = [];
  free: Range[] = [];
  queue: Range[] = [];
  splinter: Range = [0, 0];
  buffer: Range = [0, 0];
  private isOverflowed = false;
  private readonly options: MvtModelOptions;

  constructor(options: MvtModelOptions) {
    this.options = options;
  }

  get total(): number {
    return this.segs.reduce((sum, seg) => sum + sizeOf(seg), 0);
  }

  get available(): number {
    return this.free.reduce((sum, range) => sum + sizeOf(range), 0);
  }

  /** reserve -- where `size` bytes go; `extended` says which segment the pool has taken, if it has to. */
  reserve(size: number, extended: () => Range): number {
    const { options, seen } = this, isOversize = size > options.reuseSize;
    if (!isOversize && size <= sizeOf(this.buffer)) {
      seen.buffer += 1;
      return this.give(this.buffer, size);
    }
    const left = this.buffer;
    this.buffer = [0, 0];
    if (sizeOf(left) > 0) this.keep(left);
    if (isOversize) {
      seen.oversize += 1;
      const seg = extended();
      this.segs.push(seg);
      if (seg[0] + size < seg[1]) this.keep([seg[0] + size, seg[1]]);
      // Nothing is left for the next block.
      return seg[0];
    }
    return this.give(this.find(size) ?? this.extend(extended), size);
  }

  private find(size: number): Range | null {
    const { options, seen } = this, { splinter } = this;
    if (size <= sizeOf(splinter)) {
      this.splinter = [0, 0];
      seen.splinter += 1;
      return splinter;
    }
    if (this.queue.length === 0 && this.isOverflowed) {
      const reusable = this.free.filter((range) => sizeOf(range) >= options.reuseSize);
      this.queue = reusable.slice(0, options.depth);
      this.isOverflowed = reusable.length > options.depth;
      seen.refill += 1;
    }
    if (this.queue.length > 0) {
      seen.queue += 1;
      return this.take(this.queue[0]);
    }
    const first = this.free.find((range) => sizeOf(range) >= size);
    if (this.available <= options.fragLimit * this.total || first === undefined) return null;
    seen.contingency += 1;
    return this.take(first);
  }

  private extend(extended: () => Range): Range {
    const seg = extended();
    this.seen.segment += 1;
    this.segs.push(seg);
    return seg;
  }

  private give([base, limit]: Range, size: number): number {
    this.buffer = [base + size, limit];
    return base;
  }

  private take(range: Range): Range {
    this.free = this.free.filter((one) => !overlap(one, range));
    this.queue = this.queue.filter((one) => !overlap(one, range));
    return range;
  }

  private keep(range: Range): void {
    const { splinter } = this;
    if (sizeOf(range) < this.options.minSize || sizeOf(range) <= sizeOf(splinter)) {
      this.put(range);
      return;
    }
    this.splinter = range;
    if (sizeOf(splinter) > 0) this.put(splinter);
  }

  /** put -- a range is free: joined with what it touches of its segment, it goes back, or is queued. */
  put(range: Range): void {
    const { options } = this, seg = this.segs.find((one) => overlap(one, range)) as Range;
    const near = this.free.filter((one) => overlap(one, seg) && (one[1] === range[0] || one[0] === range[1]));
    const whole: Range = [Math.min(range[0], ...near.map(([base]) => base)), Math.max(range[1], ...near.map(([, limit]) => limit))];
    this.free = [...this.free.filter((one) => !near.includes(one)), whole].sort((one, other) => one[0] - other[0]);
    if (sizeOf(whole) < options.reuseSize) return;
    this.queue = this.queue.filter((one) => !overlap(one, whole));
    const isSurplus = sizeOf(whole) === sizeOf(seg) && sizeOf(seg) > 2 * options.reuseSize;
    if (isSurplus) this.giveBack(seg);
    else this.reuse(whole);
  }

  private reuse(whole: Range): void {
    if (this.queue.length < this.options.depth) {
      this.queue.push(whole);
      return;
    }
    const [oldest] = this.queue, seg = this.segs.find((one) => overlap(one, oldest)) as Range;
    if (sizeOf(seg) === sizeOf(oldest)) {
      this.giveBack(seg);
      this.queue.push(whole);
    } else {
      this.isOverflowed = true;
      this.seen.overflow += 1;
    }
  }

  private giveBack(seg: Range): void {
    this.take(seg);
    this.segs = this.segs.filter((one) => one[0] !== seg[0]);
    this.seen.returned += 1;
  }
}
