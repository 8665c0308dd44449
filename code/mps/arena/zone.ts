/* zone.ts: ZONES
 *
 * Addresses are striped into 32 zones. A set of zones is one int32, and over-approximates where some references point;
 * that a set misses the condemned zones is what lets the tracer skip things <design/zone>.
 */
import type { Low } from '../../machine/machine.ts';

/** A set of zones; bit z is zone z. Departs from the MPS's 64 zones so as to be one int32 <design/zone#.departs.width>. */
export type ZoneSet = number;

export const ZoneCOUNT = 32;
export const ZoneSetEMPTY = 0;
/** Every zone: nothing is known. */
export const ZoneSetUNIV = -1;

/** zoneShiftOf -- the stripe width, as a power of two, at which no zone comes twice in a chunk <design/zone#.shift>. */
export function zoneShiftOf(chunkSize: number, grainShift: number): number {
  return Math.max(grainShift, Math.ceil(Math.log2(chunkSize / ZoneCOUNT)));
}

/** zoneOf -- the zone of an address. */
export const zoneOf = (addr: Low, shift: number): number => (addr >>> shift) & (ZoneCOUNT - 1);

/** zoneSetOfRange -- the zones that [base, limit) touches <design/zone#.range>. */
export function zoneSetOfRange(base: Low, limit: Low, shift: number): ZoneSet {
  const first = base >>> shift, last = (limit - 1) >>> shift;
  if (last - first >= ZoneCOUNT - 1) return ZoneSetUNIV;
  let zones: ZoneSet = ZoneSetEMPTY;
  for (let stripe = first; stripe <= last; ++stripe) zones |= 1 << (stripe & (ZoneCOUNT - 1));
  return zones;
}
