/* map-entry.ts: WHAT A MAP SHOWS
 *
 * The pages of a reservation as runs of like ones, for people and for tests <design/reservation#.entries>.
 */
import { PageSIZE } from '../../machine/machine.ts';
import type { Prot } from './mman.ts';
import type { VmObject } from './object.ts';
import {
  inheritOf, MaxSHIFT, StateBACKED, StateGUARD, StateINHERIT, StateLOCKED, StateMAPPED, StateMAX, StatePROT, StateRUN, StateSHARED, StateUSED,
  type Inherit,
} from './page-state.ts';
import type { Backing, Pages } from './pages.ts';

/** What can be at a page. */
export type MapKind = 'mapped' | 'guard' | 'hole';

/** A maximal run of pages of one reservation that are alike. */
export interface MapEntry {
  /** Low addresses, unsigned. */
  readonly base: number;
  readonly limit: number;
  readonly kind: MapKind;
  readonly prot: Prot;
  readonly max: Prot;
  /** Low address of the reservation, unsigned. */
  readonly reservation: number;
  /** The name of the object; null where memory is anonymous. */
  readonly object: string | null;
  /** The object's page at the base; 0 without one. */
  readonly page: number;
  readonly isShared: boolean;
  /** Pages that are in a frame, and pages that are locked there. */
  readonly resident: number;
  readonly locked: number;
  readonly inherit: Inherit;
}

/** Pages are alike if these bits of their states are, and their objects. */
const StateALIKE: number = StatePROT | StateMAX | StateMAPPED | StateGUARD | StateSHARED | StateBACKED | StateINHERIT;

/** entriesAppend -- append the maximal runs of like pages, in order. */
export function entriesAppend(reservation: Pages, found: MapEntry[]): void {
  const { states } = reservation;
  for (let first = 0, page = 1; page <= states.length; ++page) {
    if (page < states.length && isAlike(reservation, first, page)) continue;
    found.push(entryOf(reservation, first, page));
    first = page;
  }
}

function isAlike({ states, backing }: Pages, first: number, page: number): boolean {
  if (((states[first] ^ states[page]) & StateALIKE) !== 0) return false;
  if ((states[first] & StateBACKED) === 0) return true;
  const { objects, pages } = backing as Backing;
  return objects[first] === objects[page] && pages[page] - pages[first] === page - first;
}

function entryOf(reservation: Pages, first: number, limit: number): MapEntry {
  const { base, states, backing } = reservation, state = states[first], isBacked = (state & StateBACKED) !== 0;
  return {
    base: base + first * PageSIZE, limit: base + limit * PageSIZE, reservation: base,
    kind: (state & StateMAPPED) === 0 ? 'hole' : (state & StateGUARD) !== 0 ? 'guard' : 'mapped',
    prot: state & StatePROT, max: (state & StateMAX) >>> MaxSHIFT,
    object: isBacked ? ((backing as Backing).objects[first] as VmObject).name : null,
    page: isBacked ? (backing as Backing).pages[first] : 0,
    isShared: (state & StateSHARED) !== 0, inherit: inheritOf(state), ...countsOf(reservation, first, limit),
  };
}

/** countsOf -- how many of some pages are resident, and locked; those of a run are resident once they were used. */
function countsOf({ states, pte, table }: Pages, first: number, limit: number): { resident: number; locked: number } {
  let resident = 0, locked = 0;
  for (let page = first; page < limit; ++page) {
    if (pte[table + page] !== 0 && (states[page] & (StateRUN | StateUSED)) !== StateRUN) resident += 1;
    if ((states[page] & StateLOCKED) !== 0) locked += 1;
  }
  return { resident, locked };
}
