/* request.ts: WHAT A CALL ASKS
 *
 * One call as the tables of rules see it: the capability that is shown, the range that it is shown for, and what is wanted
 * <design/profile#.def.row>. Questions are answered when they are asked, for most calls are refused, or granted, by few of them.
 */
import { aver } from '../../base/base.ts';
import { formatOf, PageSIZE, slotRead, SlotHIGH, SlotLOW, SlotSHIFT, WindowHIGH, type Hart } from '../../machine/machine.ts';
import type { AddressMap } from './address-map.ts';
import { hasVmem, isCovered, isManager, isMeeting, isNull, isOwner, isSealed } from './authority.ts';
import type { VmObject } from './object.ts';
import { spread, type Extent } from './representable.ts';
import type { Reservation } from './reservation.ts';

/** What a descriptor gives to be mapped. */
export interface MapSource {
  readonly object: VmObject;
  /** A file with a name, as opposed to shared memory and devices. */
  readonly isRegular: boolean;
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
}

/** The calls that have a table of their own; `target` is where mremap is to move to. */
export type CallName =
  | 'mmap' | 'mprotect' | 'munmap' | 'mremap' | 'target' | 'madvise' | 'mincore' | 'mlock' | 'munlock' | 'msync' | 'minherit' | 'shmat' | 'shmdt';

/** One row of a table: the first whose condition holds decides. */
export interface Rule {
  /** As the table's document calls it. */
  readonly row: string;
  readonly when: (ask: Ask) => boolean;
  /** 0: there is nothing to do, and that is done. */
  readonly errno: number;
}

export type Rules = readonly Rule[];

/** A profile's tables. */
export type RuleBook = Readonly<Record<CallName, Rules>>;

/** ruleFor -- the row that decides a call; null if it may be made. */
export function ruleFor(rules: Rules, ask: Ask): Rule | null {
  for (const rule of rules) if (rule.when(ask)) return rule;
  return null;
}

/** What a call asks beside a range. */
export interface Wants {
  readonly prot?: number;
  /** Of mmap, shmat and mremap; the advice of madvise, the way of minherit, the flags of msync. */
  readonly flags?: number;
  readonly source?: MapSource | null;
  readonly offset?: number;
  /** mremap: bytes that there are, and that there are to be. */
  readonly oldLength?: number;
  readonly newLength?: number;
  /** The target of mremap: what is moved there. */
  readonly moved?: Ask | null;
}

/** What of a range is in one reservation. */
export interface Part extends Extent {
  readonly reservation: Reservation;
}

/** One call. */
export class Ask {
  readonly map: AddressMap;
  readonly hart: Hart;
  /** The slot. */
  readonly addr: number;
  readonly length: number;
  readonly prot: number;
  readonly flags: number;
  readonly source: MapSource | null;
  readonly offset: number;
  readonly oldLength: number;
  readonly newLength: number;
  readonly moved: Ask | null;
  /** Low word of the address, unsigned. */
  readonly low: number;
  /** The pages of the range. */
  readonly base: number;
  readonly limit: number;

  constructor(map: AddressMap, hart: Hart, addr: number, length: number, wants: Wants) {
    aver((addr >>> 0) === addr && addr < hart.limit, '<design/machine#.hart.slot.exists>');
    aver(Number.isSafeInteger(length) && length >= 0, '<design/mman#.length>');
    this.map = map;
    this.hart = hart;
    this.addr = addr;
    this.length = length;
    this.prot = wants.prot ?? 0;
    this.flags = wants.flags ?? 0;
    this.source = wants.source ?? null;
    this.offset = wants.offset ?? 0;
    this.oldLength = wants.oldLength ?? 0;
    this.newLength = wants.newLength ?? 0;
    this.moved = wants.moved ?? null;
    this.low = hart.r[(addr << SlotSHIFT) + SlotLOW] >>> 0;
    this.base = pageDown(this.low);
    this.limit = pageUp(this.low + length);
  }

  /** Bytes of the pages of the range. */
  get size(): number {
    return this.limit - this.base;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  // The address ------------------------------------------------------------------------------------------------------

  get isTagged(): boolean {
    return this.hart.isTagged(this.addr);
  }

  /** An integer: untagged, and nothing left over from a capability. */
  get isInteger(): boolean {
    return isNull(this.hart, this.addr);
  }

  /** The integer 0. */
  get isZero(): boolean {
    return this.isInteger && this.low === 0 && this.high === 0;
  }

  get high(): number {
    return this.hart.r[(this.addr << SlotSHIFT) + SlotHIGH];
  }

  get isInWindow(): boolean {
    return this.high === WindowHIGH;
  }

  get isAligned(): boolean {
    return this.low % PageSIZE === 0;
  }

  // The capability ---------------------------------------------------------------------------------------------------

  get isSealed(): boolean {
    return isSealed(this.hart, this.addr);
  }

  get hasVmem(): boolean {
    return hasVmem(this.hart, this.addr);
  }

  /** Its bounds hold the pages of the range. */
  get isCovered(): boolean {
    return isCovered(this.hart, this.addr, this.base, this.size);
  }

  /** Its bounds have a byte of the range. */
  get isMet(): boolean {
    return this.isInWindow && isMeeting(this.hart, this.addr, this.low, this.low + this.length);
  }

  /** It is tagged and unsealed, and its bounds hold the range: what data calls ask. */
  get isShown(): boolean {
    return this.isTagged && !this.isSealed && this.isCovered;
  }

  /** It is that and has SW_VMEM. */
  get isManager(): boolean {
    return isManager(this.hart, this.addr) && this.isCovered;
  }

  /** It has every one of these permissions, in the format's numbers. */
  grants(perms: number): boolean {
    return (this.perms & perms) === perms;
  }

  get perms(): number {
    return formatOf(this.hart).perms(slotRead(this.hart, this.addr));
  }

  // What there is ----------------------------------------------------------------------------------------------------

  /** The reservation that the address is in. */
  get reservation(): Reservation | null {
    return this.isInWindow ? this.map.find(this.low) : null;
  }

  /** The range goes on where that ends. */
  get isBeyond(): boolean {
    const { reservation } = this;
    return reservation !== null && this.limit > reservation.limit;
  }

  /** The bounds of the capability lie within it. */
  get isOwner(): boolean {
    const { reservation } = this;
    return reservation !== null && isOwner(this.hart, this.addr, reservation);
  }

  /** What of the range is in reservations, in order. */
  get parts(): Part[] {
    const parts: Part[] = [];
    for (let at = this.base; this.isInWindow && at < this.limit;) {
      const above = this.map.findAbove(at);
      if (above === null || above.base >= this.limit) break;
      parts.push({ reservation: above, base: Math.max(at, above.base), limit: Math.min(this.limit, above.limit) });
      at = above.limit;
    }
    return parts;
  }

  /** All of the range is in reservations, and no page of it is a hole. */
  get isMapped(): boolean {
    let at = this.base;
    for (const { reservation, base, limit } of this.parts) {
      if (base !== at || !reservation.isMapped(base, limit)) return false;
      at = limit;
    }
    return at >= this.limit;
  }

  /** Every page of it is. */
  get isBare(): boolean {
    const { reservation } = this;
    return reservation !== null && !this.isBeyond && reservation.isBare(this.base, this.limit);
  }

  /** The least representable range that holds the range; for an integer, where a reservation would have to be. */
  get spread(): Extent {
    return spread(this.map.format, this.base, this.limit);
  }

  /** That is within what there is to be had, and nothing is reserved there. */
  get isFree(): boolean {
    const { base, limit } = this.spread;
    return this.isInWindow && this.map.isFree(base, limit);
  }

  /** Some of it is reserved. */
  get isTaken(): boolean {
    const { base, limit } = this.spread, above = this.isInWindow ? this.map.findAbove(base) : null;
    return above !== null && above.base < limit;
  }

  /** All of it is within what somebody asked for. */
  get isWithin(): boolean {
    const { base, limit } = this.spread, above = this.isInWindow ? this.map.findAbove(base) : null;
    return above !== null && above.innerBase <= base && limit <= above.innerLimit;
  }
}

/** pageDown -- the base of the page that holds an address. */
export const pageDown = (addr: number): number => Math.floor(addr / PageSIZE) * PageSIZE;

/** pageUp -- the least multiple of pages that is no less. */
export const pageUp = (size: number): number => Math.ceil(size / PageSIZE) * PageSIZE;
