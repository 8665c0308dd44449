/* abq.ts: ARRAY-BASED QUEUE
 *
 * Ranges of addresses in the order in which they came, as many as fit into an array that never grows: what a pool means to use again, oldest
 * first <design/mvt#.queue>.
 *
 * .answers: `pop` and `peek` leave the range in `base` and `limit`, as lands do.
 */
import { aver } from '../../base/base.ts';

/** What the ledger is charged for a queue of so many ranges, in bytes. */
export const abqRecord = (capacity: number): number => capacity * 16;

/** A queue of ranges; no two of them overlap. */
export class Abq {
  readonly capacity: number;
  private readonly bases: Float64Array;
  private readonly limits: Float64Array;
  /** Where the oldest is, and how many there are; they go on at the beginning where the array ends. */
  private first: number = 0;
  count: number = 0;
  /** The range of the last `pop` or `peek` that was true. */
  base: number = 0;
  limit: number = 0;

  constructor(capacity: number) {
    aver(Number.isSafeInteger(capacity) && capacity > 0, '<design/mvt#.if.queue>');
    this.capacity = capacity;
    this.bases = new Float64Array(capacity);
    this.limits = new Float64Array(capacity);
  }

  /** push -- [base, limit) is the youngest now; false if there is no room for it, and nothing has changed. */
  push(base: number, limit: number): boolean {
    aver(base < limit, '<design/mvt#.if.queue>');
    if (this.count === this.capacity) return false;
    const at = this.at(this.count);
    this.bases[at] = base;
    this.limits[at] = limit;
    this.count += 1;
    return true;
  }

  /** peek -- which is the oldest; false if there is none. */
  peek(): boolean {
    if (this.count === 0) return false;
    this.base = this.bases[this.first];
    this.limit = this.limits[this.first];
    return true;
  }

  /** pop -- take the oldest out; false if there is none. */
  pop(): boolean {
    if (!this.peek()) return false;
    this.first = this.at(1);
    this.count -= 1;
    return true;
  }

  /** delete -- take out whatever overlaps [base, limit); the others keep their order. How many that were. */
  delete(base: number, limit: number): number {
    const { bases, limits, count } = this;
    let kept = 0;
    for (let i = 0; i < count; ++i) {
      const from = this.at(i);
      if (bases[from] < limit && base < limits[from]) continue;
      const to = this.at(kept);
      bases[to] = bases[from];
      limits[to] = limits[from];
      kept += 1;
    }
    this.count = kept;
    return count - kept;
  }

  /** each -- visit the ranges, oldest first; the queue must not change meanwhile. */
  each(visit: (base: number, limit: number) => void): void {
    for (let i = 0; i < this.count; ++i) visit(this.bases[this.at(i)], this.limits[this.at(i)]);
  }

  /** at -- where the range is that so many are older than. */
  private at(i: number): number {
    const at = this.first + i;
    return at < this.capacity ? at : at - this.capacity;
  }
}
