/* advice.ts: CALLS THAT LEAVE MAPPINGS WHERE THEY ARE
 *
 * madvise, mincore, mlock, munlock, msync and minherit, once the profile has nothing against them <design/mman#.advice>.
 */
import { PageSIZE } from '../../machine/machine.ts';
import { EBUSY, EINVAL, ENOMEM } from '../errno.ts';
import {
  AdviceDOFORK, AdviceDONTFORK, AdviceDONTNEED, AdviceFREE, AdviceKEEPONFORK, AdviceWILLNEED, AdviceWIPEONFORK, InheritCOPY, InheritNONE,
  InheritSHARE, SyncINVALIDATE,
} from './mman.ts';
import { StateBACKED, StateMAPPED, StateSHARED } from './page-state.ts';
import type { Ask } from './request.ts';
import type { Inherit, MapEntry, Reservation } from './reservation.ts';

/** isAnonymous -- whether all of [base, limit) is private memory without an object. */
export function isAnonymous(reservation: Reservation, base: number, limit: number): boolean {
  for (let page = reservation.pageOf(base); page < reservation.pageOf(limit); ++page) {
    if ((reservation.states[page] & (StateMAPPED | StateBACKED)) !== StateMAPPED) return false;
  }
  return true;
}

/** adviseDo -- madvise: what the pages are for; only some advice does anything. */
export function adviseDo({ map, base, limit, flags }: Ask, reservation: Reservation): number {
  switch (flags) {
    case AdviceWILLNEED:
      if (reservation.isMapped(base, limit)) prefault(reservation, base, limit);
      return 0;
    case AdviceDONTNEED:
      if (map.profile.dontNeed === 'discard') reservation.discard(base, limit);
      return 0;
    case AdviceFREE: reservation.discard(base, limit); return 0;
    case AdviceDONTFORK: return inheritAs(reservation, base, limit, 'none');
    case AdviceWIPEONFORK: return inheritAs(reservation, base, limit, 'zero');
    case AdviceDOFORK: case AdviceKEEPONFORK: return inheritUsual(reservation, base, limit);
    default: return 0;
  }
}

/** prefault -- bring pages in, as far as there is memory. */
export function prefault(reservation: Reservation, base: number, limit: number): void {
  for (let page = base; page < limit; page += PageSIZE) {
    if (reservation.hasLocked(page, page + PageSIZE)) continue;
    if (!reservation.lock(page, page + PageSIZE)) return;
    reservation.unlock(page, page + PageSIZE);
  }
}

/** inheritDo -- minherit. */
export function inheritDo({ base, limit, flags }: Ask, reservation: Reservation): number {
  return inheritAs(reservation, base, limit, flags === InheritSHARE ? 'share' : flags === InheritCOPY ? 'copy' : flags === InheritNONE ? 'none' : 'zero');
}

const inheritAs = (reservation: Reservation, base: number, limit: number, how: Inherit): number =>
  (reservation.inherit(base, limit, how) ? 0 : ENOMEM);

/** inheritUsual -- what is shared is shared with a child again, and what is private is copied. */
function inheritUsual(reservation: Reservation, base: number, limit: number): number {
  for (let page = base; page < limit; page += PageSIZE) {
    const isShared = (reservation.states[reservation.pageOf(page)] & StateSHARED) !== 0;
    reservation.inherit(page, page + PageSIZE, isShared ? 'share' : 'copy');
  }
  return 0;
}

/** incoreDo -- mincore: one byte a page. */
export function incoreDo({ base, limit }: Ask, reservation: Reservation, into: Uint8Array): number {
  for (let page = base; page < limit; page += PageSIZE) into[(page - base) / PageSIZE] = reservation.incore(page);
  return 0;
}

/** lockDo -- mlock. */
export const lockDo = ({ base, limit }: Ask, reservation: Reservation): number => (reservation.lock(base, limit) ? 0 : ENOMEM);

/** syncDo -- msync; without a length, of all of the like pages around the address. */
export function syncDo({ length, low, base, limit, flags }: Ask, reservation: Reservation): number {
  const range = length === 0 ? entryAt(reservation, low) : { base, limit };
  if (range === null) return EINVAL;
  return reservation.sync(range.base, range.limit, (flags & SyncINVALIDATE) !== 0) ? 0 : EBUSY;
}

function entryAt(reservation: Reservation, addr: number): { base: number; limit: number } | null {
  const entries: MapEntry[] = [];
  reservation.entries(entries);
  return entries.find(({ base, limit, kind }) => kind !== 'hole' && base <= addr && addr < limit) ?? null;
}
