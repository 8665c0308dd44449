/* land.ts: LANDS
 *
 * A land is a set of address ranges, kept in order and maximal: no two of them touch <design/land#.inv.maximal>. It holds what
 * is free: frames, a process's window, an arena's grains. A sorted array serves: there are hundreds of ranges, not millions, and
 * searching is binary.
 */
import { aver } from './check.ts';

/** A half-open range of low addresses, unsigned: 0 <= base < limit <= 2^32. */
export interface Range {
  base: number;
  limit: number;
}

/** A set of maximal ranges. */
export class Land {
  protected readonly ranges: Range[] = [];
  /** Bytes in the land. */
  size: number = 0;

  /** insert -- add a range that overlaps nothing here <design/land#.insert>. */
  insert(base: number, limit: number): void {
    aver(base < limit, '<design/land#.range.nonempty>');
    const index = this.indexAbove(base);
    const before = this.ranges[index - 1], after = this.ranges[index];
    aver(before === undefined || before.limit <= base, '<design/land#.insert>');
    aver(after === undefined || limit <= after.base, '<design/land#.insert>');
    this.size += limit - base;
    const joinsBefore = before !== undefined && before.limit === base;
    const joinsAfter = after !== undefined && limit === after.base;
    if (joinsBefore && joinsAfter) {
      before.limit = after.limit;
      this.ranges.splice(index, 1);
    } else if (joinsBefore) before.limit = limit;
    else if (joinsAfter) after.base = base;
    else this.ranges.splice(index, 0, { base, limit });
  }

  /** delete -- take away a range that lies wholly in the land <design/land#.delete>. */
  delete(base: number, limit: number): void {
    aver(this.contains(base, limit), '<design/land#.delete>');
    const index = this.indexAbove(base) - 1;
    const range = this.ranges[index];
    this.size -= limit - base;
    if (range.base === base && range.limit === limit) this.ranges.splice(index, 1);
    else if (range.base === base) range.base = limit;
    else if (range.limit === limit) range.limit = base;
    else {
      this.ranges.splice(index + 1, 0, { base: limit, limit: range.limit });
      range.limit = base;
    }
  }

  /** find -- the lowest address of `size` aligned bytes; -1 if there are none. */
  find(size: number, alignment: number): number {
    for (const { base, limit } of this.ranges) {
      const found = landAlign(base, alignment);
      if (found + size <= limit) return found;
    }
    return -1;
  }

  /** findLast -- the highest such address. */
  findLast(size: number, alignment: number): number {
    for (let index = this.ranges.length - 1; index >= 0; --index) {
      const { base, limit } = this.ranges[index];
      const found = Math.floor((limit - size) / alignment) * alignment;
      if (found >= base) return found;
    }
    return -1;
  }

  /** contains -- whether all of [base, limit) is in the land. */
  contains(base: number, limit: number): boolean {
    const range = this.ranges[this.indexAbove(base) - 1];
    return range !== undefined && range.base <= base && limit <= range.limit;
  }

  /** each -- visit the ranges in order; the land must not change meanwhile. */
  each(visit: (base: number, limit: number) => void): void {
    for (const { base, limit } of this.ranges) visit(base, limit);
  }

  /** The index of the first range that begins above `addr`. */
  private indexAbove(addr: number): number {
    let low = 0, high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.ranges[middle]).base <= addr) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** check -- ordered, maximal, and of the size that is claimed. */
  check(): void {
    let size = 0, limit = -1;
    for (const range of this.ranges) {
      aver(limit < range.base && range.base < range.limit, '<design/land#.inv.maximal>');
      size += range.limit - range.base;
      limit = range.limit;
    }
    aver(size === this.size, '<design/land#.inv.size>');
  }
}

/** landAlign -- the lowest multiple of `alignment` that is no lower. */
export const landAlign = (addr: number, alignment: number): number => Math.ceil(addr / alignment) * alignment;
