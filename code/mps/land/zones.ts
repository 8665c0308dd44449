/* zones.ts: PLACES IN ZONES
 *
 * Where in one range so many bytes lie wholly in some zones: stripe by stripe, from one end to the other <design/land#.find.zones>.
 */
import { zoneOf, ZoneSetUNIV, type ZoneSet } from '../arena/zone.ts';
import { landFits, landPlace } from './land.ts';

/** zonesPlace -- the lowest, or highest, aligned place for `size` bytes of [base, limit) in `zones`; -1 if there is none. */
export function zonesPlace(
  base: number, limit: number, size: number, alignment: number, zones: ZoneSet, shift: number, isHigh: boolean,
): number {
  if (!landFits(base, limit, size, alignment)) return -1;
  if (zones === ZoneSetUNIV) return landPlace(base, limit, size, alignment, isHigh);
  return isHigh ? highest(base, limit, size, alignment, zones, shift) : lowest(base, limit, size, alignment, zones, shift);
}

function lowest(base: number, limit: number, size: number, alignment: number, zones: ZoneSet, shift: number): number {
  const stripe = 2 ** shift;
  let from = Math.ceil(base / alignment) * alignment, at = from;
  while (from + size <= limit) {
    // [from, at) lies in the zones: extend it stripe by stripe until it is long enough or leaves them.
    if (at >= from + size) return from;
    const next = (Math.floor(at / stripe) + 1) * stripe;
    if ((zones & (1 << zoneOf(at, shift))) === 0) from = Math.ceil(next / alignment) * alignment;
    at = Math.max(next, from);
  }
  return -1;
}

function highest(base: number, limit: number, size: number, alignment: number, zones: ZoneSet, shift: number): number {
  const stripe = 2 ** shift;
  let from = Math.floor((limit - size) / alignment) * alignment, at = from + size;
  while (from >= base) {
    // [at, from + size) lies in the zones: extend it downward stripe by stripe until it is long enough or leaves them.
    if (at <= from) return from;
    const next = Math.floor((at - 1) / stripe) * stripe;
    if ((zones & (1 << zoneOf((at - 1) | 0, shift))) !== 0) at = next;
    else {
      from = Math.floor((next - size) / alignment) * alignment;
      at = from + size;
    }
  }
  return -1;
}
