/* address-map.ts: ADDRESS MAPS
 *
 * The calls that make, change and end mappings, and what the kernel does without being asked. Who may do what with which capability is the
 * profile's to say <design/profile>, what the calls do is in <design/mman>.
 *
 * Calls take slots of `hart`, and return 0 or an errno.
 */
import { aver, cool, random } from '../../base/base.ts';
import {
  formats, PageSIZE, SlotSHIFT, WindowHIGH, type AddressSpace, type Fault, type Hart, type Low,
} from '../../machine/machine.ts';
import { ENOMEM } from '../errno.ts';
import { adviseDo, incoreDo, inheritDo, lockDo, prefault, syncDo, unlockDo } from './advice.ts';
import { isManagerOf, isPermitted } from './authority.ts';
import {
  MapANON, mapAlignment, MapFIXED, MapGUARD, MapNOREPLACE, MapPREFAULT, MapRUN, MapSHARED, permsOfProt, ProtHASCAP, ProtINVOKE,
  protMost, protNow, ProtREAD, ProtWRITE, type Prot,
} from './mman.ts';
import { VmObject } from './object.ts';
import { remap } from './remap.ts';
import { capWrite } from './representable.ts';
import { Ask, pageUp, ruleFor, type CallName, type MapSource } from './request.ts';
import type { Mapping, PageFound, Reservation } from './reservation.ts';
import { Room } from './room.ts';
import { segmentAttach, segmentDetach, type ShmSegment } from './shm.ts';

export type { MapSource } from './request.ts';
export type { MapEntry, PageFound } from './reservation.ts';

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const COOL = cool, SHIFT = SlotSHIFT, PAGE = PageSIZE, HASCAP = ProtHASCAP;
const DATA: number = ProtREAD | ProtWRITE;

/** A range that the kernel has been given. */
export interface Given {
  readonly base: Low;
  /** Bytes. */
  readonly size: number;
}

/** What the kernel's own memory, and stacks, are for. */
const StackPROT: Prot = protNow(ProtREAD | ProtWRITE);

/** The reservations of an address space, as programs and the kernel have them. */
export class AddressMap extends Room {
  /** Processes that have it: those that vfork made, and others in one space. */
  private holders: number = 1;

  // The calls --------------------------------------------------------------------------------------------------------

  /** mmap -- map `length` bytes of a source from `offset` on, or without one fresh memory; the capability goes to slot `dst`
   *
   * Slot `addr` holds NULL or an address, for a new reservation there or elsewhere, or with MAP_FIXED a capability for part of a
   * reservation, where the new mapping replaces what there was <design/mman#.mmap>.
   */
  mmap(
    hart: Hart, dst: number, addr: number, length: number, prot: number, flags: number, source: MapSource | null = null, offset: number = 0,
  ): number {
    insistSlot(hart, dst);
    const ask = new Ask(this, hart, addr, length, { prot, flags, source, offset });
    return this.refusal('mmap', ask) ?? this.mapAsked(ask, dst);
  }

  /** mprotect -- change what may be done on the pages of `length` bytes from the address in slot `addr` <design/mman#.mprotect>. .critical
   *
   * What surely may be done is done at once; for the rest there is the table.
   */
  mprotect(hart: Hart, addr: number, length: number, prot: number): number {
    const base = hart.r[addr << SHIFT] >>> 0, limit = base + length, found = this.find(base);
    const isQuick = found !== null && (prot & -8) === 0 && length > 0 && (length | 0) === length && ((base | length) & (PAGE - 1)) === 0
      && isManagerOf(hart, addr, length, found)
      && (!this.profile.protectsPermitted || (isPermitted(hart, addr, prot) && (prot !== 0 || found.isMapped(base, limit))))
      && found.allows(base, limit, prot);
    if (!isQuick) return this.perform('mprotect', new Ask(this, hart, addr, length, { prot }), protectDo);
    if (COOL) aver(this.refusal('mprotect', new Ask(this, hart, addr, length, { prot })) === null, '<design/mman#.mprotect.quick>');
    found.protect(base, limit, (prot & DATA) !== 0 ? prot | HASCAP : prot);
    return 0;
  }

  /** munmap -- end the mappings of `length` bytes from the address in slot `addr` <design/mman#.munmap>. */
  munmap(hart: Hart, addr: number, length: number): number {
    return this.perform('munmap', new Ask(this, hart, addr, length, {}), unmapDo);
  }

  /** mremap -- have the mapping of `oldLength` bytes at slot `old` be of `newLength`, there or elsewhere; slot `newAddr` says where with
   * MREMAP_FIXED <design/mman#.mremap>. */
  mremap(hart: Hart, dst: number, old: number, oldLength: number, newLength: number, flags: number, newAddr: number): number {
    insistSlot(hart, dst);
    const ask = new Ask(this, hart, old, oldLength === 0 ? newLength : oldLength, { flags, oldLength, newLength });
    return this.refusal('mremap', ask) ?? remap(ask, dst, newAddr);
  }

  /** madvise -- say what `length` bytes are for <design/mman#.madvise>. */
  madvise(hart: Hart, addr: number, length: number, advice: number): number {
    return this.perform('madvise', new Ask(this, hart, addr, length, { flags: advice }), adviseDo);
  }

  /** mincore -- what there is of each page of `length` bytes, as Incore bits <design/mman#.mincore>. */
  mincore(hart: Hart, addr: number, length: number, into: Uint8Array): number {
    return this.perform('mincore', new Ask(this, hart, addr, length, {}), (ask) => incoreDo(ask, into));
  }

  /** mlock -- bring `length` bytes in, and keep them in <design/mman#.mlock>. */
  mlock(hart: Hart, addr: number, length: number): number {
    return this.perform('mlock', new Ask(this, hart, addr, length, {}), lockDo);
  }

  munlock(hart: Hart, addr: number, length: number): number {
    return this.perform('munlock', new Ask(this, hart, addr, length, {}), unlockDo);
  }

  /** msync -- write `length` bytes back to what they are of; 0: the like pages around the address <design/mman#.msync>. */
  msync(hart: Hart, addr: number, length: number, flags: number): number {
    return this.perform('msync', new Ask(this, hart, addr, length, { flags }), syncDo);
  }

  /** minherit -- say what a child gets of `length` bytes <design/mman#.minherit>. */
  minherit(hart: Hart, addr: number, length: number, how: number): number {
    return this.perform('minherit', new Ask(this, hart, addr, length, { flags: how }), inheritDo);
  }

  /** brk -- there is no break to be moved <design/mman#.brk>. */
  brk(): number {
    return this.profile.brk;
  }

  /** shmat -- map a segment of shared memory, at an address if slot `addr` is not NULL <design/mman#.shm>. */
  shmat(hart: Hart, dst: number, segment: ShmSegment, addr: number, flags: number): number {
    insistSlot(hart, dst);
    return segmentAttach(this, hart, dst, segment, addr, flags);
  }

  /** shmdt -- end what there is of the segment that was attached at the address in slot `addr`. */
  shmdt(hart: Hart, addr: number): number {
    return segmentDetach(this, hart, addr);
  }

  // For the calls ----------------------------------------------------------------------------------------------------

  /** refusal -- what the profile has against a call; null if nothing. */
  refusal(name: CallName, ask: Ask): number | null {
    return ruleFor(this.profile.rules[name], ask)?.errno ?? null;
  }

  private perform(name: CallName, ask: Ask, action: (ask: Ask) => number): number {
    return this.refusal(name, ask) ?? action(ask);
  }

  /** mapAsked -- make the mapping that is asked for, to which nothing stands in the way but room. */
  mapAsked(ask: Ask, dst: number): number {
    const { hart, low, base, limit, flags, source, prot } = ask, most = protMost(prot), isFixed = ask.has(MapFIXED | MapNOREPLACE);
    const isInside = ask.isTagged, run = ask.has(MapRUN);
    const found = isInside ? ask.reservation
      : isFixed ? this.make({ ...ask.spread, innerBase: base, innerLimit: limit, max: most, run })
        : this.makeAnywhere(ask.isInWindow ? low : 0, pageUp(ask.length), mapAlignment(flags), most, run);
    if (found === null) return ENOMEM;
    const at = isInside || isFixed ? base : found.innerBase, end = at + (isInside || isFixed ? limit - base : pageUp(ask.length));
    if (ask.has(MapGUARD)) found.mapGuard(at, end);
    else this.mapSource(found, at, end, ask, source);
    if (ask.has(MapPREFAULT)) prefault(found, at, end);
    if (isInside) hart.move(dst, ask.addr);
    else capWrite(hart, dst, found, at, this.permsOf(ask.has(MapSHARED) ? this.sharedOf(most) : most, prot));
    return 0;
  }

  private mapSource(found: Reservation, base: number, limit: number, ask: Ask, source: MapSource | null): void {
    const { prot, offset } = ask, isShared = ask.has(MapSHARED), isFile = source !== null && !ask.has(MapANON);
    const object = isFile ? source.object : isShared ? this.sharedObject(limit - base) : null;
    const holds = isShared && object?.carriesTags === false ? ~HASCAP : -1, may = isFile ? sourceMay(source, isShared) : -1;
    const max = (this.profile.pageMax === 'asked' ? protMost(prot) : found.max) & holds & may;
    found.map(base, limit, { prot: protNow(prot) & holds, max, object, page: offset / PAGE, isShared });
    if (object !== null && !isFile) object.drop();
  }

  /** sharedObject -- memory for a shared anonymous mapping: who calls it drops it when it is mapped. */
  sharedObject(size: number): VmObject {
    return new VmObject('shared anonymous memory', size, this.profile.sharedTags, this.memory, this.frames);
  }

  /** sharedOf -- what a capability for a shared mapping is for. */
  sharedOf(prot: Prot): Prot {
    return this.profile.sharedTags ? prot : prot & ~HASCAP;
  }

  /** permsOf -- the permissions of a capability for `max`, in the format's numbers; `asked` may ask that it can be invoked. */
  permsOf(max: Prot, asked: number): number {
    const format = formats[this.format], { executive, invoke } = format.perm;
    return permsOfProt(format, max, this.profile.isExecutive ? executive : 0) | ((asked & ProtINVOKE) !== 0 ? invoke : 0);
  }

  // For the kernel ---------------------------------------------------------------------------------------------------

  /** reserve -- a fresh reservation, all of it mapped, without a capability; null, and nothing changed, if there is no room
   *
   * `prot` and `max` are ProtREAD, ProtWRITE and ProtEXEC; the memory holds capabilities. With `run` it has one run of frames. `size` comes
   * back rounded.
   */
  reserve(size: number, prot: number, max: number, { run = false }: { readonly run?: boolean } = {}): Given | null {
    const found = this.makeAnywhere(0, pageUp(size), PAGE, protNow(max), run);
    if (found === null) return null;
    found.map(found.base, found.limit, anonymous(protNow(prot), protNow(max)));
    return { base: found.base | 0, size: found.limit - found.base };
  }

  /** reserveStack -- the same of a stack, which may be read and written, with `guard` bytes below it that nobody may touch
   *
   * `base` and `size` are of what may be used: the reservation begins that much lower, and a capability for all of it has the guard
   * within its bounds.
   */
  reserveStack(size: number, guard: number): Given | null {
    const below = pageUp(guard), found = this.makeAnywhere(0, pageUp(size) + below, PAGE, StackPROT, false);
    if (found === null) return null;
    const base = found.base + below;
    if (below > 0) found.mapGuard(found.base, base);
    found.map(base, found.limit, anonymous(StackPROT, StackPROT));
    return { base: base | 0, size: found.limit - base };
  }

  /** reserveGrowing -- the same of a stack whose reservation has `most` bytes: the upper `size` bytes are mapped, and what is below them
   * when it is touched, down to `growth` bytes from the top <design/mman#.stack>. `base` and `size` are the reservation's. */
  reserveGrowing(most: number, size: number, growth: number): Given | null {
    const found = this.makeAnywhere(0, pageUp(most), PAGE, StackPROT, false);
    if (found === null) return null;
    found.map(found.limit - pageUp(Math.min(size, most)), found.limit, anonymous(StackPROT, StackPROT));
    this.growthSet(found.base | 0, growth);
    return { base: found.base | 0, size: found.limit - found.base };
  }

  /** growthSet -- how far down from its top the stack that holds an address may grow from now on: RLIMIT_STACK. */
  growthSet(addr: Low, growth: number): void {
    const found = this.insist(addr);
    found.growable(Math.max(found.base, found.limit - pageUp(growth)), StackPROT, StackPROT);
  }

  /** hold -- one process more has it. */
  hold(): void {
    this.holders += 1;
  }

  /** drop -- one process fewer; with the last one all of it goes. */
  drop(): void {
    aver(this.holders > 0, '<design/mman#.holders>');
    this.holders -= 1;
    if (this.holders === 0) this.clear();
  }

  /** fault -- what is to be done about an access that its page does not allow: try it again, or a signal with this code
   * <design/signal#.fault>. .critical */
  fault({ low, high, access }: Fault): PageFound {
    const found = high === WindowHIGH ? this.find(low >>> 0) : null;
    if (found === null) return 'maperr';
    const result = found.fault(low >>> 0, access);
    if (result === 'maperr') return this.profile.holeFault === 'SEGV_ACCERR' ? 'accerr' : 'maperr';
    return result;
  }

  /** fork -- the map of a child, in its own space; null, and nothing changed, if there is no memory <design/mman#.fork>. */
  fork(space: AddressSpace): AddressMap | null {
    const { memory, frames, format, profile, draw } = this, children: Reservation[] = [];
    for (const reservation of this.all()) {
      const child = reservation.fork(space);
      if (child === null) {
        for (const made of children) made.finish();
        return null;
      }
      children.push(child);
    }
    const map = new AddressMap({ space, memory, frames, format, profile, draw: draw === null ? null : random(draw(0x1_0000_0000)) });
    map.sizeLimit = this.sizeLimit;
    for (const child of children) {
      if (child.mapped > 0) map.keep(child);
      else child.finish();
    }
    return map;
  }
}

// What the calls do ---------------------------------------------------------------------------------------------------

/** sourceMay -- what a descriptor lets the pages of a mapping allow, now or later <design/mman#.max>. */
const sourceMay = ({ mayRead, mayWrite }: MapSource, isShared: boolean): Prot =>
  (mayRead ? -1 : ~ProtREAD) & (mayWrite || !isShared ? -1 : ~ProtWRITE);

const anonymous = (prot: Prot, max: Prot): Mapping => ({ prot, max, object: null, page: 0, isShared: false });

function unmapDo({ map, low, base, limit }: Ask): number {
  map.unmap(map.insist(low), base, limit);
  return 0;
}

function protectDo({ map, low, base, limit, prot }: Ask): number {
  const reservation = map.insist(low);
  if (prot >>> 16 !== 0) reservation.limitTo(base, limit, protMost(prot));
  reservation.protect(base, limit, protNow(prot));
  return 0;
}

function insistSlot(hart: Hart, slot: number): void {
  aver((slot >>> 0) === slot && slot < hart.limit, '<design/machine#.hart.slot.exists>');
}
