/* locked.ts: THE SHORT WAY UNDER LOCKS
 *
 * On a machine for several workers the fast paths of `hart.ts` serve data loads of up to four bytes. The other accesses come here: the
 * same compares, then the granule's lock <design/workers#.lock>. What these do not decide is for `reach.ts`
 * <design/workers#.short>. A Morello hart's loads of capabilities come here too <design/machine#.format>.
 */
import { cool } from '../base/base.ts';
import { dataWrite, doubleRead, granuleWrite } from './granule.ts';
import type { Hart } from './hart.ts';
import { PageDIRTYCAP, PageREAD, PageSTORECAP, PageWRITE, pageLoadCap } from './pages.ts';
import { PermLOADCAP, PermSTORECAP, PermSTORELOCAL, SlotREADABLE, SlotWRITABLE } from './slot.ts';

const COOL = cool;

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const LoadCAP: number = PermLOADCAP;
const StoreAnyCAP: number = PermSTORECAP | PermSTORELOCAL;
const LoadRIGHTS: number = PageREAD;
const StoreRIGHTS: number = PageWRITE;
const StoreCapRIGHTS: number = PageWRITE | PageSTORECAP | PageDIRTYCAP;

/** Where in a slot its rooms are. */
const Readable: number = SlotREADABLE;
const Writable: number = SlotWRITABLE;

/** place -- the physical address of an access that room and page grant at once; else -1. */
function place(hart: Hart, slot: number, offset: number, size: number, room: number, need: number): number {
  if (COOL) hart.insist(slot, offset);
  const r = hart.r, c = slot << 3, a = (r[c] + offset) | 0, e = hart.pte[a >>> 12];
  return offset >= 0 && offset <= r[c + room] - size && (e & need) === need && (a & (size - 1)) === 0
    ? ((e & -4096) | (a & 4095)) >>> 0 : -1;
}

/** storeLocked -- store 1, 2, 4 or 8 bytes and clear the tag; false if that is not decided here. .critical */
export function storeLocked(hart: Hart, dst: number, offset: number, size: number, value: number): boolean {
  const p = place(hart, dst, offset, size, Writable, StoreRIGHTS), memory = hart.memory;
  if (p < 0) return false;
  memory.lock(p >>> 4);
  dataWrite(hart, p, size, value);
  memory.unlock(p >>> 4, 0);
  return true;
}

/** loadDoubleLocked -- eight bytes from a physical address at which they may be loaded. .critical */
export function loadDoubleLocked(hart: Hart, p: number): number {
  const memory = hart.memory, tag = memory.lock(p >>> 4), value = doubleRead(hart, p);
  memory.unlock(p >>> 4, tag);
  return value;
}

/** placeDouble -- where eight bytes are loaded from, if room and page grant it at once; else -1. .critical */
export const placeDouble = (hart: Hart, src: number, offset: number): number => place(hart, src, offset, 8, Readable, LoadRIGHTS);

/** storeCapLocked -- store a capability or word, tag and all; false if that is not decided here. .critical */
export function storeCapLocked(hart: Hart, dst: number, offset: number, value: number): boolean {
  if (COOL) hart.insist(value, 0);
  const r = hart.r, tag = r[(value << 3) + 4], memory = hart.memory;
  if ((r[(dst << 3) + 4] & StoreAnyCAP) !== StoreAnyCAP || (tag | 0) !== tag) return false;
  const p = place(hart, dst, offset, 16, Writable, StoreCapRIGHTS);
  if (p < 0) return false;
  memory.lock(p >>> 4);
  memory.unlock(p >>> 4, granuleWrite(hart, p, value));
  return true;
}

/** placeCap -- where a capability is loaded from, tag and all, if room, authority and page grant it at once; else -1. .critical
 *
 * The page admits the hart's generation: whatever is there when the granule is held may be loaded.
 */
export const placeCap = (hart: Hart, src: number, offset: number): number =>
  ((hart.r[(src << 3) + 4] & LoadCAP) === 0 ? -1 : place(hart, src, offset, 16, Readable, LoadRIGHTS | pageLoadCap(hart.generation)));
