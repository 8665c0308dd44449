/* page-advice.ts: ADVICE ABOUT PAGES
 *
 * What madvise, mlock, mincore, msync and minherit come to <design/reservation#.advice>.
 */
import { PageDIRTYCAP, PageSIZE } from '../../machine/machine.ts';
import { VmObject } from './object.ts';
import { pageBring, pageEmpty, pageOwn } from './page-fault.ts';
import {
  EntryKEPT, frameOf, inheritBits, rightsOf, StateBACKED, StateGUARD, StateINHERIT, StateLOCKED, StateMAPPED, StateMODIFIED, StateOPEN,
  StatePROT, StateRUN, StateSHARED, StateUSED, type Inherit,
} from './page-state.ts';
import type { Backing, Pages } from './pages.ts';

/** What mincore says of a page. */
export const IncoreINCORE = 1;
export const IncoreREFERENCED = 2;
export const IncoreMODIFIED = 4;
/** It may hold capabilities. */
export const IncoreCAPSTORE = 0x40;

const IncoreALL: number = IncoreINCORE | IncoreREFERENCED | IncoreMODIFIED | IncoreCAPSTORE;

const isMemory = (state: number): boolean => (state & (StateMAPPED | StateGUARD)) === StateMAPPED;

/** pagesDiscard -- forget what private pages hold, and have shared ones read anew. */
export function pagesDiscard(reservation: Pages, first: number, last: number): void {
  const { states, pte, table, frames } = reservation;
  for (let page = first; page < last; ++page) {
    if (!isMemory(states[page])) continue;
    if ((states[page] & StateRUN) === 0) pageEmpty(reservation, page);
    else if ((states[page] & StateUSED) !== 0) frames.wipe(frameOf(pte[table + page]));
  }
}

/** pagesBring -- bring pages in, but for those that allow nothing; what takes that back, or null, and nothing changed, if one cannot be had. */
export function pagesBring(reservation: Pages, first: number, last: number): (() => void) | null {
  const { states, pte, table } = reservation, brought: number[] = [];
  const undo = (): void => { for (const page of brought) pageEmpty(reservation, page); };
  for (let page = first; page < last; ++page) {
    if (!isMemory(states[page]) || pte[table + page] !== 0 || (states[page] & StatePROT) === 0) continue;
    if (pageBring(reservation, page, false) !== 'resolved') {
      undo();
      return null;
    }
    brought.push(page);
  }
  return undo;
}

/** pagesLock -- mark pages. */
export function pagesLock({ states }: Pages, first: number, last: number): void {
  for (let page = first; page < last; ++page) if (isMemory(states[page])) states[page] |= StateLOCKED;
}

/** pageIncore -- what there is of a page. */
export function pageIncore({ states, pte, table, backing }: Pages, page: number): number {
  const state = states[page], entry = pte[table + page];
  if ((state & StateRUN) !== 0) return (state & StateUSED) !== 0 ? IncoreALL : 0;
  if (entry !== 0) {
    return IncoreINCORE | IncoreREFERENCED | ((state & StateMODIFIED) !== 0 ? IncoreMODIFIED : 0)
      | ((entry & PageDIRTYCAP) !== 0 ? IncoreCAPSTORE : 0);
  }
  const object = backing === null ? null : backing.objects[page];
  return object !== null && object.resident((backing as Backing).pages[page]) >= 0 ? IncoreINCORE : 0;
}

/** pagesSync -- shared pages are clean, and those of objects out if they are to be. */
export function pagesSync(reservation: Pages, first: number, last: number, invalidate: boolean): void {
  const { states, pte, table } = reservation;
  for (let page = first; page < last; ++page) {
    const isShared = (states[page] & StateSHARED) !== 0;
    if ((states[page] & StateBACKED) === 0 || pte[table + page] === 0) continue;
    if (isShared) {
      states[page] &= ~(StateOPEN | StateMODIFIED);
      pte[table + page] = (pte[table + page] & EntryKEPT) | rightsOf(states[page]);
    }
    if (invalidate && (isShared || isBorrowed(reservation, page))) pageEmpty(reservation, page);
  }
}

/** isBorrowed -- whether the frame of a private page is its object's. */
function isBorrowed({ pte, table, backing }: Pages, page: number): boolean {
  const { objects, pages } = backing as Backing, object = objects[page];
  return object !== null && object.resident(pages[page]) === frameOf(pte[table + page]);
}

/** pagesInherit -- mark pages; those private ones that are to be shared get an object for it. */
export function pagesInherit(reservation: Pages, first: number, last: number, how: Inherit): boolean {
  const { states } = reservation, bits = inheritBits(how);
  if (how === 'share' && !pagesShare(reservation, first, last)) return false;
  for (let page = first; page < last; ++page) {
    if ((states[page] & StateMAPPED) !== 0) states[page] = (states[page] & ~StateINHERIT) | bits;
  }
  return true;
}

const isPrivate = (state: number): boolean => isMemory(state) && (state & StateSHARED) === 0;

/** pagesShare -- make shared memory of private pages, with what they hold; what has nothing behind it stays as it is. */
function pagesShare(reservation: Pages, first: number, last: number): boolean {
  const { states, memory, frames } = reservation, count = last - first;
  let needed = 0;
  for (let page = first; page < last; ++page) {
    if (!isPrivate(states[page])) continue;
    if ((states[page] & StateRUN) !== 0) return false;
    needed += framesToIsolate(reservation, page);
  }
  if (frames.available < needed * PageSIZE) return false;
  const object = new VmObject('shared by minherit', count * PageSIZE, true, memory, frames);
  for (let page = first; page < last; ++page) if (isPrivate(states[page])) shareTo(reservation, page, object, page - first);
  object.drop();
  return true;
}

/** framesToIsolate -- how many frames it may take to have all that a private page holds in one of its own. */
function framesToIsolate({ states, pte, table, frames, backing }: Pages, page: number): number {
  const entry = pte[table + page];
  if (entry !== 0) return frames.holdersOf(frameOf(entry)) > 1 ? 1 : 0;
  if ((states[page] & StateBACKED) === 0) return 0;
  const { objects, pages } = backing as Backing;
  return (objects[page] as VmObject).resident(pages[page]) < 0 ? 2 : 1;
}

function shareTo(reservation: Pages, page: number, object: VmObject, at: number): void {
  const { states, pte, table, frames } = reservation, isBacked = (states[page] & StateBACKED) !== 0;
  if (isBacked && pte[table + page] === 0 && pageBring(reservation, page, false) !== 'resolved') return;
  pageOwn(reservation, page);
  if (pte[table + page] !== 0) {
    // The page stays a holder of its frame, beside the object.
    const frame = frameOf(pte[table + page]);
    frames.hold(frame);
    object.adopt(at, frame);
  }
  if (isBacked) reservation.unback(page);
  reservation.back(page, page + 1, object, at);
  states[page] |= StateBACKED | StateSHARED;
}
