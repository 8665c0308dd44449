/* page-fork.ts: PAGES OF A CHILD
 *
 * What fork makes of each page of a reservation, and mremap of those that it moves <design/reservation#.fork>.
 */
import { PageDIRTYCAP, PageSIZE } from '../../machine/machine.ts';
import type { VmObject } from './object.ts';
import { frameCopy, isTagged } from './page-fault.ts';
import {
  EntryKEPT, frameOf, inheritOf, MaxSHIFT, rightsOf, StateBACKED, StateGUARD, StateINHERIT, StateLOCKED, StateMAPPED, StateMAX,
  StateMODIFIED, StateOPEN, StatePLAIN, StatePROT, StateRUN, StateSHARED, StateUSED,
} from './page-state.ts';
import type { Backing, Pages } from './pages.ts';

/** What of a state stays when the child's page is to be zero. */
const StateZERO: number = StatePROT | StateMAX | StateMAPPED | StateINHERIT | StateRUN | StateUSED;

// Fork ---------------------------------------------------------------------------------------------------------------

/** pagesFork -- give a child that is all holes what it inherits; its run is there already. */
export function pagesFork(from: Pages, to: Pages): void {
  for (let page = 0; page < from.states.length; ++page) {
    const state = from.states[page], how = inheritOf(state);
    if ((state & StateMAPPED) === 0 || how === 'none') continue;
    to.mapped += 1;
    if ((state & StateGUARD) !== 0) to.states[page] = state;
    else if (how === 'zero') forkZero(to, page, state);
    else if ((state & StateRUN) !== 0) forkRun(from, to, page);
    else if ((state & StateSHARED) !== 0) forkShared(from, to, page, how === 'copy');
    else forkPrivate(from, to, page);
  }
}

function forkZero(to: Pages, page: number, state: number): void {
  to.states[page] = (state & StateZERO) | ((state & StateRUN) !== 0 ? StateOPEN : 0);
  if ((state & StateRUN) !== 0) to.pte[to.table + page] = runFrame(to, page) | rightsOf(to.states[page]);
}

const runFrame = ({ run }: Pages, page: number): number => (run + page * PageSIZE) | 0;

/** forkRun -- a copy at once: a run is never shared copy-on-write <design/reservation#.fork.run>. */
function forkRun(from: Pages, to: Pages, page: number): void {
  const state = from.states[page], entry = from.pte[from.table + page];
  if ((state & StateUSED) !== 0) frameCopy(from.memory, frameOf(entry), runFrame(to, page) >>> 0);
  to.states[page] = state & ~StateLOCKED;
  to.pte[to.table + page] = runFrame(to, page) | (entry & (PageSIZE - 1));
}

/** forkShared -- the same page of the object; or if the child is to have a copy of its own, a private mapping of it. */
function forkShared(from: Pages, to: Pages, page: number, isCopy: boolean): void {
  const { objects, pages } = from.backing as Backing, entry = from.pte[from.table + page], state = from.states[page] & ~StateLOCKED;
  to.back(page, page + 1, objects[page] as VmObject, pages[page]);
  to.states[page] = isCopy ? state & ~(StateSHARED | StatePLAIN | StateOPEN | StateMODIFIED) : state;
  if (isCopy || entry === 0) return;
  from.frames.hold(frameOf(entry));
  to.pte[to.table + page] = entry;
}

/** forkPrivate -- the same frame in both, until one of them writes. */
function forkPrivate(from: Pages, to: Pages, page: number): void {
  const entry = from.pte[from.table + page], state = from.states[page] & ~StateOPEN;
  if ((state & StateBACKED) !== 0) {
    const { objects, pages } = from.backing as Backing;
    to.back(page, page + 1, objects[page] as VmObject, pages[page]);
  }
  to.states[page] = state & ~StateLOCKED;
  from.states[page] = state;
  if (entry === 0) return;
  from.frames.hold(frameOf(entry));
  to.pte[to.table + page] = from.pte[from.table + page] = (entry & EntryKEPT) | rightsOf(state);
}

// Moving -------------------------------------------------------------------------------------------------------------

/** pagesMove -- `count` pages from `first` on become those of `to` from `at` on, where they allow no more than it may. */
export function pagesMove(from: Pages, first: number, count: number, to: Pages, at: number): boolean {
  if (!hasRoom(from, first, count, to)) return false;
  to.unmap(to.base + at * PageSIZE, to.base + (at + count) * PageSIZE);
  for (let index = 0; index < count; ++index) if ((from.states[first + index] & StateMAPPED) !== 0) pageMove(from, first + index, to, at + index);
  from.unmap(from.base + first * PageSIZE, from.base + (first + count) * PageSIZE);
  return true;
}

/** hasRoom -- whether there is memory to move pages: those of a run stay in its frames, and are copied. */
function hasRoom({ states, frames }: Pages, first: number, count: number, to: Pages): boolean {
  if (to.run >= 0) return true;
  let needed = 0;
  for (let page = first; page < first + count; ++page) if ((states[page] & (StateRUN | StateUSED)) === (StateRUN | StateUSED)) needed += PageSIZE;
  return frames.available >= needed;
}

function pageMove(from: Pages, page: number, to: Pages, at: number): void {
  const state = limited(from.states[page], to.max), isBacked = (state & StateBACKED) !== 0;
  to.mapped += 1;
  if (isBacked) {
    const { objects, pages } = from.backing as Backing;
    to.back(at, at + 1, objects[page] as VmObject, pages[page]);
  }
  if (to.run >= 0 && !isBacked && (state & StateGUARD) === 0) moveIntoRun(from, page, state, to, at);
  else if ((state & StateRUN) !== 0) moveOutOfRun(from, page, state, to, at);
  else moveFrame(from, page, state, to, at);
}

/** limited -- a state that allows no more than `max`. */
const limited = (state: number, max: number): number => state & ~((~max & StatePROT) | (~(max << MaxSHIFT) & StateMAX));

function moveFrame(from: Pages, page: number, state: number, to: Pages, at: number): void {
  const entry = from.pte[from.table + page];
  to.states[at] = state;
  if (entry === 0) return;
  to.pte[to.table + at] = (entry & EntryKEPT) | rightsOf(state);
  from.pte[from.table + page] = 0;
}

function moveIntoRun(from: Pages, page: number, state: number, to: Pages, at: number): void {
  const entry = from.pte[from.table + page], frame = runFrame(to, at);
  const isUsed = entry !== 0 && ((state & StateRUN) === 0 || (state & StateUSED) !== 0);
  to.states[at] = (state & ~StateMODIFIED) | StateRUN | StateOPEN | (isUsed || (state & StatePROT) !== 0 ? StateUSED : 0);
  to.pte[to.table + at] = frame | rightsOf(to.states[at]) | (entry & PageDIRTYCAP);
  if (isUsed) frameCopy(from.memory, frameOf(entry), frame >>> 0);
}

function moveOutOfRun(from: Pages, page: number, state: number, to: Pages, at: number): void {
  const frame = frameOf(from.pte[from.table + page]), isUsed = (state & StateUSED) !== 0;
  to.states[at] = (state & ~(StateRUN | StateOPEN)) | (isUsed ? StateOPEN | StateMODIFIED : 0);
  if (!isUsed) return;
  const made = to.frames.allocPage();
  frameCopy(from.memory, frame, made);
  to.pte[to.table + at] = made | rightsOf(to.states[at]) | (isTagged(from.memory, frame) ? PageDIRTYCAP : 0);
}
