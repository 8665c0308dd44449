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
import type { Ask, Part } from './request.ts';
import type { MapEntry, Reservation } from './reservation.ts';

/** isAnonymous -- whether all of [base, limit) is private memory without an object. */
export function isAnonymous(reservation: Reservation, base: number, limit: number): boolean {
  for (let page = reservation.pageOf(base); page < reservation.pageOf(limit); ++page) {
    if ((reservation.states[page] & (StateMAPPED | StateBACKED)) !== StateMAPPED) return false;
  }
  return true;
}

/** adviseDo -- madvise: what the pages are for; only some advice does anything. */
export function adviseDo({ map, parts, flags }: Ask): number {
  for (const { reservation, base, limit } of parts) {
    switch (flags) {
      case AdviceWILLNEED: prefault(reservation, base, limit); break;
      case AdviceDONTNEED:
        if (map.profile.dontNeed === 'discard') reservation.discard(base, limit);
        break;
      case AdviceFREE: reservation.discard(base, limit); break;
      case AdviceDONTFORK: reservation.inherit(base, limit, 'none'); break;
      case AdviceWIPEONFORK: reservation.inherit(base, limit, 'zero'); break;
      case AdviceDOFORK: case AdviceKEEPONFORK: inheritUsual(reservation, base, limit); break;
      default:
    }
  }
  return 0;
}

/** prefault -- bring pages in, as far as there is memory. */
export function prefault(reservation: Reservation, base: number, limit: number): void {
  for (let page = base; page < limit; page += PageSIZE) if (reservation.bring(page, page + PageSIZE) === null) return;
}

/** inheritDo -- minherit. */
export function inheritDo({ map, low, base, limit, flags }: Ask): number {
  const how = flags === InheritSHARE ? 'share' : flags === InheritCOPY ? 'copy' : flags === InheritNONE ? 'none' : 'zero';
  return map.insist(low).inherit(base, limit, how) ? 0 : ENOMEM;
}

/** inheritUsual -- what is shared is shared with a child again, and what is private is copied. */
function inheritUsual(reservation: Reservation, base: number, limit: number): void {
  for (let page = base; page < limit; page += PageSIZE) {
    const isShared = (reservation.states[reservation.pageOf(page)] & StateSHARED) !== 0;
    reservation.inherit(page, page + PageSIZE, isShared ? 'share' : 'copy');
  }
}

/** incoreDo -- mincore: one byte a page. */
export function incoreDo(ask: Ask, into: Uint8Array): number {
  for (const { reservation, base, limit } of ask.parts) {
    for (let page = base; page < limit; page += PageSIZE) into[(page - ask.base) / PageSIZE] = reservation.incore(page);
  }
  return 0;
}

/** lockDo -- mlock: all of the range, or nothing. */
export function lockDo({ parts }: Ask): number {
  const undos: (() => void)[] = [];
  for (const { reservation, base, limit } of parts) {
    const undo = reservation.bring(base, limit);
    if (undo === null) {
      for (const one of undos) one();
      return ENOMEM;
    }
    undos.push(undo);
  }
  for (const { reservation, base, limit } of parts) reservation.lock(base, limit);
  return 0;
}

/** unlockDo -- munlock. */
export function unlockDo({ parts }: Ask): number {
  for (const { reservation, base, limit } of parts) reservation.unlock(base, limit);
  return 0;
}

/** syncDo -- msync; without a length, of all of the like pages around the address. */
export function syncDo({ map, length, low, parts, flags }: Ask): number {
  const ranges = length === 0 ? entryAt(map.insist(low), low) : parts, invalidate = (flags & SyncINVALIDATE) !== 0;
  if (ranges.length === 0) return EINVAL;
  if (invalidate && ranges.some(({ reservation, base, limit }) => reservation.hasLocked(base, limit))) return EBUSY;
  for (const { reservation, base, limit } of ranges) reservation.sync(base, limit, invalidate);
  return 0;
}

/** entryAt -- the like pages around an address; none if there is a hole. */
function entryAt(reservation: Reservation, addr: number): Part[] {
  const entries: MapEntry[] = [];
  reservation.entries(entries);
  return entries.filter(({ base, limit, kind }) => kind !== 'hole' && base <= addr && addr < limit).map(({ base, limit }) => ({ reservation, base, limit }));
}
