/* land.ts: LANDS
 *
 * A land is a set of address ranges: what is free of a chunk, or of a pool. Here is what all of them have in common; `Cbs` is a tree beside
 * the memory, `Freelist` a list within it, `Failover` the one as long as it can be had, and then the other <design/land#.kinds>.
 *
 * .answers: An operation that has found or changed a range leaves it in `base` and `limit`: no object is made for an answer.
 */
import { aver } from '../../base/base.ts';
import type { ZoneSet } from '../arena/zone.ts';
import type { Res } from '../result.ts';

/** isBorder -- whether ranges that meet at an address stay apart all the same <design/land#.def.border>. */
export type IsBorder = (addr: number) => boolean;

/** What a land is made from. */
export interface LandParameters {
  /** A power of two: bases, limits and sizes are multiples of it. */
  readonly alignment: number;
  /** How wide a stripe of a zone is, as a power of two; for lands that are asked for zones. */
  readonly zoneShift?: number;
  /** Without it there are none. */
  readonly isBorder?: IsBorder;
}

/** A set of ranges of low addresses, unsigned, half open, up to 2^32; no two of them touch, but at a border. */
export abstract class AbstractLand {
  readonly alignment: number;
  readonly zoneShift: number;
  protected readonly isBorder: IsBorder | null;
  /** Bytes in the land. */
  size: number = 0;
  /** The range of the last operation that answered OK, or true: see there. */
  base: number = 0;
  limit: number = 0;

  constructor({ alignment, zoneShift = 31, isBorder }: LandParameters) {
    this.alignment = alignment;
    this.zoneShift = zoneShift;
    this.isBorder = isBorder ?? null;
  }

  /** insert -- add [base, limit): OK, and the range that it has become part of; FAIL if it overlaps what is here; MEMORY if there is none for
   * a record of it. What is not OK changes nothing. */
  abstract insert(base: number, limit: number): Res;
  /** delete -- take [base, limit) away: OK, and the range that it was part of; FAIL unless it is wholly in one; MEMORY as above. */
  abstract delete(base: number, limit: number): Res;
  /** findFirst -- the lowest range with an aligned place for `size` bytes; false if there is none. */
  abstract findFirst(size: number, alignment: number): boolean;
  /** findLast -- the highest such range. */
  abstract findLast(size: number, alignment: number): boolean;
  /** findLargest -- of the largest ranges the lowest, if it has `size` bytes. */
  abstract findLargest(size: number): boolean;
  /** findInZones -- the base of the lowest, or highest, aligned place for `size` bytes that lies wholly in some zones, and the range that
   * it is in; -1 if there is none. */
  abstract findInZones(size: number, alignment: number, zones: ZoneSet, isHigh: boolean): number;
  /** contains -- whether all of [base, limit) is in one range, which is that of the answer. */
  abstract contains(base: number, limit: number): boolean;
  /** overlaps -- whether some of [base, limit) is in the land. */
  abstract overlaps(base: number, limit: number): boolean;
  /** each -- visit the ranges in order; the land must not change meanwhile. */
  abstract each(visit: (base: number, limit: number) => void): void;
  /** finish -- the land is forgotten, and its records are given back. */
  abstract finish(): void;

  /** isJoined -- whether two ranges that meet at `addr` are one. */
  protected isJoined(addr: number): boolean {
    return this.isBorder === null || !this.isBorder(addr);
  }

  /** checkRange -- what may be inserted or deleted <design/land#.range.nonempty>. */
  protected checkRange(base: number, limit: number): void {
    aver(base < limit && base % this.alignment === 0 && limit % this.alignment === 0, '<design/land#.range.nonempty>');
  }

  /** check -- the ranges are in order, maximal, and of the size that is claimed. */
  check(): void {
    let size = 0, last = -1;
    this.each((base, limit) => {
      this.checkRange(base, limit);
      aver(last < base || (last === base && !this.isJoined(base)), '<design/land#.inv.maximal>');
      size += limit - base;
      last = limit;
    });
    aver(size === this.size, '<design/land#.inv.size>');
  }
}

/** landPlace -- where `size` aligned bytes go in a range that has room for them: at its low end, or at its high one. */
export function landPlace(base: number, limit: number, size: number, alignment: number, isHigh: boolean): number {
  return isHigh ? Math.floor((limit - size) / alignment) * alignment : Math.ceil(base / alignment) * alignment;
}

/** landFits -- whether a range has an aligned place for `size` bytes. */
export function landFits(base: number, limit: number, size: number, alignment: number): boolean {
  return Math.ceil(base / alignment) * alignment + size <= limit;
}
