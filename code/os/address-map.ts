/* address-map.ts: ADDRESS MAPS
 *
 * The reservations of one address space, and the three calls that make, change and end mappings in them. Who may do what with
 * which capability is said in <design/mman>, what a reservation is in <design/reservation>.
 */
import { aver, Land, landAlign, type Random } from '../base/base.ts';
import {
  addrOfWindow, baseDecode, baseIsNear, boundsAreSealed, boundsEncode, boundsGranule, boundsRound, formatOf, PageSIZE, PermGLOBAL, roomDecode, slotDecode,
  SlotBOUNDS, SlotHIGH, SlotLOW, SlotPERMS, slotRead, SlotSHIFT, SlotTAG, WindowHIGH,
  type AddressSpace, type Fault, type Hart, type Low, type Memory,
} from '../machine/machine.ts';
import { EACCES, EINVAL, ENOMEM, EPROT } from './errno.ts';
import type { Frames } from './frames.ts';
import {
  Map32BIT, MapEXCL, MapFIXED, MapGUARD, MapSTACK, mapAlignment, mapRefuses, permsOfProt, PermVMEM,
  protInsists, protMost, protNow, protRefuses, ProtHASCAP, type Prot,
} from './mman.ts';
import { Reservation, type MapEntry } from './reservation.ts';

/** The ends of the window that no reservation uses <design/reservation#.margin>. */
const MarginSIZE = 0x0100_0000;
const WindowLIMIT: number = 0x1_0000_0000 - MarginSIZE;

/** Up to so many granules are left out beside a reservation whose place is drawn. */
const GapCHOICES = 16;

const VMEM: number = PermVMEM;

const pageRound = (size: number): number => Math.ceil(size / PageSIZE) * PageSIZE;

/** What an access finds that its page does not allow: it has been made possible; nothing mapped; something that does not allow it; or
 * nothing behind the mapping. */
export type PageFound = 'resolved' | 'maperr' | 'accerr' | 'bus';

/** The reservations of an address space. */
export class AddressMap {
  private readonly space: AddressSpace;
  private readonly memory: Memory;
  private readonly frames: Frames;
  private readonly draw: Random | null;
  /** Addresses that are in no reservation. */
  private readonly land: Land = new Land();
  /** In order. */
  private readonly reservations: Reservation[] = [];
  /** Where the last search ended: the next one is often for the same. */
  private latest: Reservation | null = null;

  /** Maps into `space` the memory that `frames` gives; with `draw`, places differ by its seed, else they are the lowest. */
  constructor(space: AddressSpace, memory: Memory, frames: Frames, draw: Random | null) {
    this.space = space;
    this.memory = memory;
    this.frames = frames;
    this.draw = draw;
    this.land.insert(MarginSIZE, WindowLIMIT);
  }

  // The calls --------------------------------------------------------------------------------------------------------

  /** mmap -- map `length` bytes of fresh anonymous memory; an errno, or 0 and the capability in slot `dst`
   *
   * Slot `addr` holds NULL or an address, for a new reservation there or elsewhere, or with MAP_FIXED a capability for part of a
   * reservation, where the new mapping replaces what there was. <design/mman#.mmap> has the rules.
   */
  mmap(hart: Hart, dst: number, addr: number, length: number, prot: number, flags: number): number {
    insistSlot(hart, dst);
    insistSlot(hart, addr);
    insistLength(length);
    const tagged = hart.isTagged(addr), size = pageRound(length);
    const refusal = (tagged ? sourceRefuses(hart, addr, size, prot, flags) : hintRefuses(hart, addr, flags))
      || (mapAlignment(flags) === 0 ? EINVAL : 0) || requestRefuses(hart, addr, length, prot, flags);
    if (refusal !== 0) return refusal;
    return tagged ? this.mapInside(hart, dst, addr, size, prot, flags) : this.mapAnew(hart, dst, addr, size, prot, flags);
  }

  /** mprotect -- change what may be done on the pages of `length` bytes from the address in slot `addr` <design/mman#.mprotect>. .critical */
  mprotect(hart: Hart, addr: number, length: number, prot: number): number {
    insistSlot(hart, addr);
    insistLength(length);
    const size = pageRound(length), base = hart.r[addr << SlotSHIFT] >>> 0, limit = base + size;
    if (!mayManage(hart, addr, size)) return EPROT;
    if ((base & (PageSIZE - 1)) !== 0) return EINVAL;
    const refusal = (prot & -8) === 0 ? 0 : protRefuses(prot);
    if (refusal !== 0) return refusal;
    if (size === 0) return 0;
    const reservation = this.find(base);
    if (reservation === null) return EPROT;
    if (limit > reservation.limit) return EACCES;
    if (!isOwner(hart, addr, reservation)) return EPROT;
    const now = protNow(prot), max = prot >>> 16 === 0 ? now : protMost(prot);
    if (!reservation.allows(base, limit, protInsists(prot) ? max : max & ~ProtHASCAP)) return EACCES;
    if (prot >>> 16 !== 0) reservation.limitTo(base, limit, max);
    reservation.protect(base, limit, now);
    return 0;
  }

  /** munmap -- end the mappings of `length` bytes from the address in slot `addr` <design/mman#.munmap>. */
  munmap(hart: Hart, addr: number, length: number): number {
    insistSlot(hart, addr);
    insistLength(length);
    const size = pageRound(length), base = hart.r[addr << SlotSHIFT] >>> 0, limit = base + size;
    if (!mayManage(hart, addr, size)) return EPROT;
    if (base % PageSIZE !== 0 || size === 0) return EINVAL;
    const reservation = this.find(base);
    if (reservation === null) return EPROT;
    if (limit > reservation.limit) return EACCES;
    if (!isOwner(hart, addr, reservation)) return EPROT;
    reservation.unmap(base, limit);
    if (reservation.mapped === 0) this.destroy(reservation);
    return 0;
  }

  // For the kernel ---------------------------------------------------------------------------------------------------

  /** reserve -- a fresh reservation, all of it mapped, without a capability; null, and nothing changed, if there is no room
   *
   * `prot` and `max` are ProtREAD, ProtWRITE and ProtEXEC; the memory holds capabilities. `size` comes back rounded.
   */
  reserve(size: number, prot: number, max: number): { base: Low; size: number } | null {
    aver(size > 0, '<design/mman#.length>');
    if (size > WindowLIMIT) return null;
    const whole = boundsRound(pageRound(size));
    const reservation = this.make(this.place(whole, granuleOf(whole)), whole, protNow(max));
    if (reservation === null) return null;
    reservation.map(reservation.base, reservation.limit, protNow(prot), protNow(max), false);
    return { base: reservation.base | 0, size: whole };
  }

  /** release -- end the reservation that begins at `base`, whatever is in it. */
  release(base: Low): void {
    const reservation = this.find(base >>> 0);
    aver(reservation !== null && reservation.base === base >>> 0, '<design/reservation#.release>');
    this.destroy(reservation);
  }

  /** clear -- end every reservation. */
  clear(): void {
    for (const reservation of [...this.reservations]) this.destroy(reservation);
  }

  /** isReserved -- whether an address is in a reservation, be it mapped or not. */
  isReserved(addr: Low): boolean {
    return this.find(addr >>> 0) !== null;
  }

  /** fault -- what is to be done about an access that its page does not allow: try it again, or a signal with this code
   * <design/signal#.fault>. .critical */
  fault({ low, high }: Fault): PageFound {
    return high === WindowHIGH && this.isReserved(low) ? 'accerr' : 'maperr';
  }

  /** entries -- what there is, in order. */
  entries(): MapEntry[] {
    const found: MapEntry[] = [];
    for (const reservation of this.reservations) reservation.entries(found);
    return found;
  }

  /** deltaOf -- physical address less low address, modulo 2^32, all over the reservation at `addr`; null if it has no run of frames. */
  deltaOf(addr: Low): number | null {
    const reservation = this.find(addr >>> 0);
    return reservation === null || reservation.run < 0 ? null : (reservation.run - reservation.base) | 0;
  }

  // Making and finding -----------------------------------------------------------------------------------------------

  /** mapInside -- MAP_FIXED through a capability for part of a reservation. */
  private mapInside(hart: Hart, dst: number, addr: number, size: number, prot: number, flags: number): number {
    const base = hart.r[addr << SlotSHIFT] >>> 0, limit = base + size;
    const reservation = this.find(base), max = protMost(prot);
    if (reservation === null || limit > reservation.limit || !isOwner(hart, addr, reservation)) return EPROT;
    if ((max & ~reservation.max) !== 0) return EPROT;
    if ((flags & MapSTACK) !== 0) return ENOMEM;
    if ((flags & MapEXCL) !== 0 && !reservation.isBare(base, limit)) return ENOMEM;
    reservation.map(base, limit, protNow(prot), max, (flags & MapGUARD) !== 0);
    hart.move(dst, addr);
    return 0;
  }

  /** mapAnew -- a new reservation, at an address that is asked for or elsewhere. */
  private mapAnew(hart: Hart, dst: number, addr: number, size: number, prot: number, flags: number): number {
    const c = addr << SlotSHIFT, fixed = (flags & MapFIXED) !== 0;
    const hint = hart.r[c + SlotHIGH] === WindowHIGH ? hart.r[c] >>> 0 : -1;
    if (size > WindowLIMIT) return ENOMEM;
    const whole = boundsRound(size), alignment = Math.max(granuleOf(whole), mapAlignment(flags));
    const at = fixed ? hint : this.placeNear(hint, whole, alignment);
    const { base, limit } = fixed ? spread(at, at + size) : { base: at, limit: at + whole };
    const reservation = this.make(base, limit - base, protMost(prot));
    if (reservation === null) return ENOMEM;
    reservation.map(at, at + size, protNow(prot), protMost(prot), (flags & MapGUARD) !== 0);
    hart.set(dst, at | 0, WindowHIGH, boundsEncode(base, limit - base), permsOfProt(reservation.max));
    slotDecode(hart.r, dst << SlotSHIFT);
    return 0;
  }

  /** place -- where to put a reservation; -1 if there is no room. */
  private place(size: number, alignment: number): number {
    if (this.draw === null) return this.land.find(size, alignment);
    const gap = this.draw(GapCHOICES) * alignment, low = this.draw(2) === 0;
    const base = low ? this.land.find(size + gap, alignment) : this.land.findLast(size + gap, alignment);
    if (base < 0) return this.land.find(size, alignment);
    return low ? base + gap : base;
  }

  /** placeNear -- the same, at or just above `hint` if that is free. */
  private placeNear(hint: number, size: number, alignment: number): number {
    const base = landAlign(hint, alignment);
    return hint > 0 && this.land.contains(base, base + size) ? base : this.place(size, alignment);
  }

  /** make -- a reservation of [base, base + size); null, and nothing changed, if that is not free or there are no frames. */
  private make(base: number, size: number, max: Prot): Reservation | null {
    if (!this.land.contains(base, base + size)) return null;
    const reservation = Reservation.make(base, size, max, this.frames, this.space.window, this.memory);
    if (reservation === null) return null;
    this.land.delete(base, base + size);
    this.reservations.splice(this.indexAbove(base), 0, reservation);
    return reservation;
  }

  private destroy(reservation: Reservation): void {
    reservation.finish(this.frames);
    this.reservations.splice(this.indexAbove(reservation.base) - 1, 1);
    this.land.insert(reservation.base, reservation.limit);
    this.latest = null;
  }

  /** find -- the reservation that holds an unsigned low address. .critical */
  private find(addr: number): Reservation | null {
    const latest = this.latest;
    if (latest !== null && latest.base <= addr && addr < latest.limit) return latest;
    const found = this.reservations[this.indexAbove(addr) - 1];
    if (found === undefined || addr >= found.limit) return null;
    this.latest = found;
    return found;
  }

  /** The index of the first reservation that begins above `addr`. */
  private indexAbove(addr: number): number {
    let low = 0, high = this.reservations.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.reservations[middle].base <= addr) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

// Authority ----------------------------------------------------------------------------------------------------------

function insistSlot(hart: Hart, slot: number): void {
  aver((slot >>> 0) === slot && slot < hart.limit, '<design/machine#.hart.slot.exists>');
}

function insistLength(length: number): void {
  aver(Number.isSafeInteger(length) && length >= 0, '<design/mman#.length>');
}

/** isWithin -- [address, address + size) is within the bounds of a slot; sure ones by its words alone. .critical */
function isWithin(hart: Hart, slot: number, size: number): boolean {
  const r = hart.r, c = slot << SlotSHIFT;
  if (r[c + SlotHIGH] === WindowHIGH && roomDecode(r[c], r[c + SlotBOUNDS]) >= Math.max(size, 1)) return true;
  const cap = slotRead(hart, slot);
  return formatOf(hart).isInside(cap, cap.lo, BigInt(size));
}

/** mayManage -- a slot gives authority over the mappings of `size` bytes from its address <design/mman#.authority>. .critical */
function mayManage(hart: Hart, slot: number, size: number): boolean {
  const r = hart.r, c = slot << SlotSHIFT;
  return r[c + SlotTAG] !== 0 && (r[c + SlotPERMS] & VMEM) !== 0 && !boundsAreSealed(r[c + SlotBOUNDS], r[c + SlotPERMS])
    && r[c + SlotHIGH] === WindowHIGH && isWithin(hart, slot, size);
}

/** isOwner -- the bounds of a slot, whose address is in a reservation, lie within it <design/mman#.stale>. .critical */
function isOwner(hart: Hart, slot: number, reservation: Reservation): boolean {
  const r = hart.r, c = slot << SlotSHIFT, low = r[c], bounds = r[c + SlotBOUNDS];
  const room = roomDecode(low, bounds);
  if (room === 0 || !baseIsNear(bounds)) return isOwnerExactly(hart, slot, reservation);
  return baseDecode(low, bounds) >>> 0 >= reservation.base && (low >>> 0) + room <= reservation.limit;
}

/** isOwnerExactly -- the same for bounds that 32 bits do not say: half of the window and more. */
function isOwnerExactly(hart: Hart, slot: number, reservation: Reservation): boolean {
  const { base, top } = formatOf(hart).bounds(slotRead(hart, slot));
  return base >= BigInt(addrOfWindow(reservation.base)) && top <= BigInt(addrOfWindow(reservation.base)) + BigInt(reservation.limit - reservation.base);
}

/** sourceRefuses -- what mmap has against a capability as its address <design/mman#.mmap>. */
function sourceRefuses(hart: Hart, addr: number, size: number, prot: number, flags: number): number {
  const c = addr << SlotSHIFT, perms = hart.r[c + SlotPERMS];
  if ((flags & Map32BIT) !== 0) return EINVAL;
  if ((flags & MapFIXED) === 0) return EPROT;
  if ((perms & VMEM) === 0) return EACCES;
  if (!mayManage(hart, addr, size)) return EPROT;
  if (protRefuses(prot) !== 0) return 0;
  const wanted = permsOfProt(protNow(prot) | protMost(prot)) & ~PermGLOBAL;
  return (perms & wanted) === wanted ? 0 : EPROT;
}

/** hintRefuses -- what mmap has against an untagged address. */
function hintRefuses(hart: Hart, addr: number, flags: number): number {
  const r = hart.r, c = addr << SlotSHIFT;
  if ((flags & Map32BIT) !== 0) return EINVAL;
  return r[c + SlotBOUNDS] === 0 && r[c + SlotPERMS] === 0 ? 0 : EINVAL;
}

/** requestRefuses -- what mmap has against what is asked of it. */
function requestRefuses(hart: Hart, addr: number, length: number, prot: number, flags: number): number {
  const wrong = protRefuses(prot);
  if (wrong === EINVAL || length === 0) return EINVAL;
  const refusal = mapRefuses(prot, flags);
  if (refusal !== 0) return refusal;
  const misaligned = (flags & MapFIXED) !== 0 && hart.r[(addr << SlotSHIFT) + SlotLOW] % PageSIZE !== 0;
  return misaligned ? EINVAL : wrong;
}

// Representability ---------------------------------------------------------------------------------------------------

const granuleOf = (size: number): number => Math.max(PageSIZE, boundsGranule(size));

/** spread -- the least representable range that holds [base, limit). */
function spread(base: number, limit: number): { base: number; limit: number } {
  for (let from = base; ;) {
    const size = boundsRound(limit - from), granule = granuleOf(size), low = Math.floor(from / granule) * granule;
    if (low === from) return { base: from, limit: from + size };
    from = low;
  }
}
