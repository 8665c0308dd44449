/* land.ts: LANDS
 *
 * A land is a set of address ranges, kept in order and maximal: no two of them touch <design/land#.inv.maximal>. It holds the
 * arena's free address space. A sorted array serves: there are hundreds of ranges, not millions, and searching is binary.
 */
import { aver } from '../../base/base.ts';
import { zoneOf, type ZoneSet, ZoneSetUNIV } from './zone.ts';

/** A half-open range of low addresses, unsigned: 0 <= base < limit <= 2^32. */
export interface Range {
  base: number;
  limit: number;
}

/** A set of maximal ranges. */
export class Land {
  private readonly ranges: Range[] = [];
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
    const index = this.indexAbove(base) - 1;
    const range = this.ranges[index];
    aver(range !== undefined && range.base <= base && limit <= range.limit, '<design/land#.delete>');
    this.size -= limit - base;
    if (range.base === base && range.limit === limit) this.ranges.splice(index, 1);
    else if (range.base === base) range.base = limit;
    else if (range.limit === limit) range.limit = base;
    else {
      this.ranges.splice(index + 1, 0, { base: limit, limit: range.limit });
      range.limit = base;
    }
  }

  /** find -- the lowest address of `size` aligned bytes that lie wholly in `zones`; -1 if there are none.
   *
   * `zoneShift` is the width of a stripe; with ZoneSetUNIV zones do not matter.
   */
  find(size: number, alignment: number, zones: ZoneSet, zoneShift: number): number {
    for (const range of this.ranges) {
      if (range.limit - range.base < size) continue;
      const found = zones === ZoneSetUNIV
        ? align(range.base, alignment) : findInZones(range, size, alignment, zones, zoneShift);
      if (found >= 0 && found + size <= range.limit) return found;
    }
    return -1;
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

const align = (addr: number, alignment: number): number => Math.ceil(addr / alignment) * alignment;

/** The lowest aligned place in `range` from which `size` bytes stay within `zones`; -1 if there is none. */
function findInZones(range: Range, size: number, alignment: number, zones: ZoneSet, shift: number): number {
  const stripe = 2 ** shift;
  let from = align(range.base, alignment);
  let at = from;
  while (from + size <= range.limit) {
    // [from, at) lies in the zones: extend it stripe by stripe until it is long enough or leaves them.
    if (at >= from + size) return from;
    const next = (Math.floor(at / stripe) + 1) * stripe;
    if ((zones & (1 << zoneOf(at, shift))) === 0) from = align(next, alignment);
    at = Math.max(next, from);
  }
  return -1;
}
