/* sigplace.ts: WHERE SIGNAL FRAMES LIE
 *
 * A frame has an address, and what is there is for the address space to say, each time: its page may go, or become another, while the
 * handler runs <design/sigframe#.inv.there>.
 */
import {
  addrOfWindow, faultMake, hexText, PageDIRTYCAP, PageREAD, PageSTORECAP, PageVALID, PageWRITE, WindowHIGH, type Fault, type Low,
} from '../machine/machine.ts';
import { crashReport } from './crash.ts';
import type { Level } from './level.ts';
import { SEGV_ACCERR, SEGV_MAPERR, SIGSEGV } from './signal.ts';
import type { Thread } from './thread.ts';

/** Bytes of a frame, and its alignment: it never crosses a page, and its parts are representable. */
export const FrameSIZE = 128;

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
/** What the page of a frame must allow so that it can be read, and written with tags and all. */
const ReadRIGHTS: number = PageVALID | PageREAD;
const WriteRIGHTS: number = PageVALID | PageREAD | PageWRITE | PageSTORECAP | PageDIRTYCAP;

/** frameFits -- where below `sp` a frame goes, above `base`; -1 if it does not fit. Both are unsigned. */
export function frameFits(base: number, sp: number): number {
  const low = sp - FrameSIZE - sp % FrameSIZE;
  return low >= base ? low : -1;
}

/** frameWord -- the word of physical memory where a frame at a low address begins now, if it can be written; -1 if not. .critical */
export function frameWord(thread: Thread, low: Low): number {
  const entry = thread.hart.space.window[low >>> 12];
  return (entry & WriteRIGHTS) === WriteRIGHTS ? ((entry & -4096) | (low & 4095)) >>> 2 : frameBring(thread, low, WriteRIGHTS);
}

/** frameBring -- the same, for `rights`, of a page that may have to be made first. */
function frameBring({ hart, process, unwind }: Thread, low: Low, rights: number): number {
  // Who has executed a program is in another space than its process.
  if (unwind !== null) throw unwind;
  const { space } = hart, needs = rights & ~PageDIRTYCAP;
  if ((space.window[low >>> 12] & needs) !== needs) process.map.fault(frameFault(low, rights));
  const entry = space.window[low >>> 12];
  if ((entry & needs) !== needs) return -1;
  if ((rights & PageDIRTYCAP) !== 0) space.dirty(low, WindowHIGH);
  return ((entry & -4096) | (low & 4095)) >>> 2;
}

const frameFault = (low: Low, rights: number): Fault =>
  faultMake('page', rights === ReadRIGHTS ? 'load' : 'storecap', low | 0, WindowHIGH, FrameSIZE, -1, 0);

/** frameReadable -- where a level's frame is now, to be read; ends the process if it cannot be <design/sigframe#.inv.there>. .critical */
export function frameReadable(level: Level): number {
  const { low, thread } = level, entry = thread.hart.space.window[low >>> 12];
  if ((entry & ReadRIGHTS) === ReadRIGHTS) return ((entry & -4096) | (low & 4095)) >>> 2;
  const w = frameBring(thread, low, ReadRIGHTS);
  return w >= 0 ? w : frameGone(level, ReadRIGHTS);
}

/** frameWritable -- the same, to be written. .critical */
export function frameWritable(level: Level): number {
  const w = frameWord(level.thread, level.low);
  return w >= 0 ? w : frameGone(level, WriteRIGHTS);
}

function frameGone({ thread, low }: Level, rights: number): never {
  const { process } = thread, code = process.map.fault(frameFault(low, rights)) === 'maperr' ? SEGV_MAPERR : SEGV_ACCERR;
  const note = `the signal frame at ${hexText(addrOfWindow(low))} cannot be ${rights === ReadRIGHTS ? 'read' : 'written'} any more`;
  return process.crash(thread, SIGSEGV, crashReport(process, thread, SIGSEGV, code, null, note));
}
