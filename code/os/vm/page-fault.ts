/* page-fault.ts: BRINGING PAGES IN
 *
 * Frames come to pages at the first touch, and private ones to the first who writes; and they go again <design/reservation#.fault>.
 */
import { accessReads, accessWrites, GranuleSHIFT, PageDIRTYCAP, PageSIZE, type AccessKind, type Memory } from '../../machine/machine.ts';
import { ProtEXEC, ProtREAD, ProtWRITE } from './mman.ts';
import type { VmObject } from './object.ts';
import {
  EntryKEPT, frameOf, rightsOf, StateBACKED, StateMODIFIED, StateOPEN, StateRUN, StateSHARED, StateUSED,
} from './page-state.ts';
import type { Backing, Pages } from './pages.ts';

/** What an access finds that its page does not allow: it has been made possible; nothing mapped; something that does not allow it;
 * nothing behind the mapping; or no memory for it. */
export type PageFound = 'resolved' | 'maperr' | 'accerr' | 'bus' | 'nomemory';

/** protOfAccess -- the protection that an access needs; those that barriers are made of are asked for first. */
const protOfAccess = (access: AccessKind): number => (
  access === 'load' || access === 'loadcap' ? ProtREAD
    : access === 'store' || access === 'storecap' ? ProtWRITE
      : access === 'fetch' ? ProtEXEC : (accessReads(access) ? ProtREAD : 0) | (accessWrites(access) ? ProtWRITE : 0)
);

/** pageFault -- see to an access to a page, no hole, that its entry does not allow. .critical */
export function pageFault(reservation: Pages, page: number, access: AccessKind): PageFound {
  const state = reservation.states[page], need = protOfAccess(access), writes = (need & ProtWRITE) !== 0;
  if ((state & need) !== need) return 'accerr';
  // What the entry allows and is refused nevertheless is refused to a capability: nothing that is brought in would help.
  if (reservation.pte[reservation.table + page] !== 0 && (!writes || (state & StateOPEN) !== 0)) return 'accerr';
  return pageBring(reservation, page, writes);
}

/** pageBring -- put a frame behind a page, no guard, one that may be written if it `writes`; its rights stay those of its protection. */
export function pageBring(reservation: Pages, page: number, writes: boolean): 'resolved' | 'bus' | 'nomemory' {
  const { states, pte, table } = reservation, state = states[page];
  if (pte[table + page] === 0) {
    const found = (state & StateBACKED) === 0 ? bringZero(reservation, page) : bringBacked(reservation, page);
    if (found !== 'resolved') return found;
  }
  if (!writes || (state & StateOPEN) !== 0) return 'resolved';
  if (!pageOwn(reservation, page)) return 'nomemory';
  states[page] |= StateOPEN | StateMODIFIED;
  pte[table + page] = (pte[table + page] & EntryKEPT) | rightsOf(states[page]);
  return 'resolved';
}

function bringZero(reservation: Pages, page: number): 'resolved' | 'nomemory' {
  const frame = reservation.frames.allocPage();
  if (frame < 0) return 'nomemory';
  reservation.pte[reservation.table + page] = frame | rightsOf(reservation.states[page]);
  return 'resolved';
}

/** bringBacked -- the object's frame, for reading; the page may hold capabilities if the frame does. */
function bringBacked(reservation: Pages, page: number): 'resolved' | 'bus' | 'nomemory' {
  const { objects, pages } = reservation.backing as Backing, object = objects[page] as VmObject;
  if (pages[page] * PageSIZE >= object.size) return 'bus';
  const frame = object.frame(pages[page]);
  if (frame < 0) return frame === -1 ? 'nomemory' : 'bus';
  reservation.frames.hold(frame);
  const dirty = isTagged(reservation.memory, frame) ? PageDIRTYCAP : 0;
  reservation.pte[reservation.table + page] = frame | rightsOf(reservation.states[page]) | dirty;
  return 'resolved';
}

/** pageOwn -- have a page, if it is private and in a frame, in one that nobody else has; false if there is no memory. */
export function pageOwn({ pte, table, frames, memory, states }: Pages, page: number): boolean {
  const entry = pte[table + page], frame = frameOf(entry);
  if (entry === 0 || (states[page] & (StateSHARED | StateRUN)) !== 0 || frames.holdersOf(frame) === 1) return true;
  const copy = frames.allocPage();
  if (copy < 0) return false;
  frameCopy(memory, frame, copy);
  frames.drop(frame);
  pte[table + page] = copy | (entry & (PageSIZE - 1));
  return true;
}

/** pageEmpty -- leave no frame behind a page, or of a run nothing in it. */
export function pageEmpty({ pte, table, states, frames }: Pages, page: number): void {
  const entry = pte[table + page], state = states[page];
  if (entry === 0) return;
  if ((state & StateRUN) === 0) {
    frames.drop(frameOf(entry));
    states[page] = state & ~(StateOPEN | StateMODIFIED);
  } else if ((state & StateUSED) !== 0) frames.wipe(frameOf(entry));
  pte[table + page] = 0;
}

/** frameCopy -- bytes and tags of a frame to another. */
export function frameCopy(memory: Memory, from: number, to: number): void {
  memory.i32.copyWithin(to / 4, from / 4, (from + PageSIZE) / 4);
  memory.tags.copyWithin(to >>> GranuleSHIFT, from >>> GranuleSHIFT, (from + PageSIZE) / 2 ** GranuleSHIFT);
}

/** isTagged -- whether a frame holds capabilities. */
export function isTagged({ tags32 }: Memory, frame: number): boolean {
  for (let word = frame / 64; word < (frame + PageSIZE) / 64; ++word) if (tags32[word] !== 0) return true;
  return false;
}
