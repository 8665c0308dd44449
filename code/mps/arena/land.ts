/* land.ts: LANDS WITH ZONES
 *
 * The arena's free address space: a land in which places can be asked for that lie wholly in some zones
 * <design/land#.find.zones>.
 */
import { Land, landAlign, type Range } from '../../base/base.ts';
import { zoneOf, type ZoneSet, ZoneSetUNIV } from './zone.ts';

/** A land that knows how zones are striped over it. */
export class ZonedLand extends Land {
  /** findInZones -- the lowest address, or the highest, of `size` aligned bytes that lie wholly in `zones`; -1 if there are none.
   *
   * `zoneShift` is the width of a stripe; with ZoneSetUNIV zones do not matter.
   */
  findInZones(size: number, alignment: number, zones: ZoneSet, zoneShift: number, isHigh: boolean): number {
    if (zones === ZoneSetUNIV) return isHigh ? this.findLast(size, alignment) : this.find(size, alignment);
    let found = -1;
    for (const range of this.ranges) {
      if (found >= 0 && !isHigh) break;
      found = Math.max(found, isHigh ? findLastInRange(range, size, alignment, zones, zoneShift) : findInRange(range, size, alignment, zones, zoneShift));
    }
    return found;
  }
}

/** The highest aligned place in `range` from which `size` bytes stay within `zones`; -1 if there is none. */
function findLastInRange(range: Range, size: number, alignment: number, zones: ZoneSet, shift: number): number {
  const stripe = 2 ** shift, down = (addr: number): number => Math.floor(addr / alignment) * alignment;
  let from = down(range.limit - size);
  let at = from + size;
  while (from >= range.base) {
    // [at, from + size) lies in the zones: extend it downward stripe by stripe until it is long enough or leaves them.
    if (at <= from) return from;
    const next = Math.floor((at - 1) / stripe) * stripe;
    if ((zones & (1 << zoneOf((at - 1) | 0, shift))) !== 0) at = next;
    else {
      from = down(next - size);
      at = from + size;
    }
  }
  return -1;
}

/** The lowest aligned place in `range` from which `size` bytes stay within `zones`; -1 if there is none. */
function findInRange(range: Range, size: number, alignment: number, zones: ZoneSet, shift: number): number {
  const stripe = 2 ** shift;
  let from = landAlign(range.base, alignment);
  let at = from;
  while (from + size <= range.limit) {
    // [from, at) lies in the zones: extend it stripe by stripe until it is long enough or leaves them.
    if (at >= from + size) return from;
    const next = (Math.floor(at / stripe) + 1) * stripe;
    if ((zones & (1 << zoneOf(at, shift))) === 0) from = landAlign(next, alignment);
    at = Math.max(next, from);
  }
  return -1;
}
