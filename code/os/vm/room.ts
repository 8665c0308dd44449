/* room.ts: WHERE RESERVATIONS LIE
 *
 * The reservations of one address space, by their addresses: which there are, and where there is room for another
 * <design/reservation#.place>. What the calls make of them is in `address-map.ts`.
 */
import { aver, type Random } from '../../base/base.ts';
import type { AddressSpace, FormatName, Low, Memory } from '../../machine/machine.ts';
import type { Frames } from './frames.ts';
import type { Prot } from './mman.ts';
import type { Profile } from './profile.ts';
import { granuleOf, sizeRound } from './representable.ts';
import { Reservation, type MapEntry } from './reservation.ts';
import { RangeTree } from './tree.ts';

/** The ends of the window that no reservation uses <design/reservation#.margin>. */
const MarginSIZE = 0x0100_0000;
const WindowLIMIT: number = 0x1_0000_0000 - MarginSIZE;

/** Up to so many granules are left out beside a reservation whose place is drawn. */
const GapCHOICES = 16;

/** What a map is over. */
export interface RoomOptions {
  readonly space: AddressSpace;
  readonly memory: Memory;
  readonly frames: Frames;
  readonly format: FormatName;
  readonly profile: Profile;
  /** Where reservations come to lie; null: at the lowest place. */
  readonly draw: Random | null;
}

/** What a reservation is to be: its range, and of it what is asked for. */
export interface RoomWanted {
  readonly base: number;
  readonly limit: number;
  readonly innerBase: number;
  readonly innerLimit: number;
  readonly max: Prot;
  readonly run: boolean;
}

/** The reservations of an address space. */
export class Room {
  readonly space: AddressSpace;
  readonly memory: Memory;
  readonly frames: Frames;
  readonly format: FormatName;
  readonly profile: Profile;
  /** What can be reserved: low addresses, unsigned. */
  readonly base: number = MarginSIZE;
  readonly limit: number = WindowLIMIT;
  /** The most that `size` may become: RLIMIT_AS. */
  sizeLimit: number = Infinity;
  /** Bytes that are reserved. */
  size: number = 0;
  protected readonly draw: Random | null;
  private readonly reservations: RangeTree<Reservation> = new RangeTree<Reservation>(MarginSIZE, WindowLIMIT);
  /** Where the last search ended: the next one is often for the same. */
  private latest: Reservation | null = null;

  constructor({ space, memory, frames, format, profile, draw }: RoomOptions) {
    this.space = space;
    this.memory = memory;
    this.frames = frames;
    this.format = format;
    this.profile = profile;
    this.draw = draw;
  }

  // Finding ----------------------------------------------------------------------------------------------------------

  /** find -- the reservation that holds an unsigned low address. .critical */
  find(addr: number): Reservation | null {
    const latest = this.latest;
    if (latest !== null && latest.base <= addr && addr < latest.limit) return latest;
    const found = this.reservations.at(addr);
    if (found !== null) this.latest = found;
    return found;
  }

  /** findAbove -- the first one whose limit is above an address. */
  findAbove(addr: number): Reservation | null {
    return this.reservations.atOrAbove(addr);
  }

  /** insist -- the one that holds a low address, which there is. */
  insist(addr: Low): Reservation {
    const found = this.find(addr >>> 0);
    aver(found !== null, '<design/reservation#.release>');
    return found;
  }

  /** isReserved -- whether an address is in a reservation, be it mapped or not. */
  isReserved(addr: Low): boolean {
    return this.find(addr >>> 0) !== null;
  }

  /** isFree -- whether [base, limit) can be reserved. */
  isFree(base: number, limit: number): boolean {
    return this.reservations.isFree(base, limit);
  }

  /** all -- the reservations, in order. */
  all(): Reservation[] {
    const all: Reservation[] = [];
    this.reservations.each((reservation) => all.push(reservation));
    return all;
  }

  /** entries -- what is in them, in order. */
  entries(): MapEntry[] {
    const found: MapEntry[] = [];
    this.reservations.each((reservation) => { reservation.entries(found); });
    return found;
  }

  /** deltaOf -- physical address less low address, modulo 2^32, all over the reservation at `addr`; null if it has no run of frames. */
  deltaOf(addr: Low): number | null {
    const found = this.find(addr >>> 0);
    return found === null || found.run < 0 ? null : (found.run - found.base) | 0;
  }

  // Making -----------------------------------------------------------------------------------------------------------

  /** makeAnywhere -- a reservation of `size` bytes, whole pages, all holes; at `hint` or the next place that is representable if that is
   * free. Null, and nothing changed, if there is no room. */
  makeAnywhere(hint: number, size: number, alignment: number, max: Prot, run: boolean): Reservation | null {
    // Before rounding: greater sizes are not for 32 bits.
    if (size === 0 || size > WindowLIMIT) return null;
    const whole = sizeRound(this.format, size), granule = Math.max(granuleOf(this.format, whole), alignment);
    const near = hint > 0 ? this.reservations.near(hint, whole, granule) : -1, base = near >= 0 ? near : this.place(whole, granule);
    return base < 0 ? null : this.make({ base, limit: base + whole, innerBase: base, innerLimit: base + size, max, run });
  }

  /** make -- a reservation, all holes; null, and nothing changed, if its range is not free, RLIMIT_AS forbids it, or there is no run. */
  make(wanted: RoomWanted): Reservation | null {
    const { base, limit } = wanted;
    if (!this.isFree(base, limit) || this.size + limit - base > this.sizeLimit) return null;
    const made = Reservation.make(wanted, this.space, this.memory, this.frames);
    if (made !== null) this.keep(made);
    return made;
  }

  protected keep(reservation: Reservation): void {
    this.reservations.insert(reservation);
    this.size += reservation.limit - reservation.base;
  }

  /** place -- where to put a reservation; -1 if there is no room. */
  private place(size: number, alignment: number): number {
    const { draw, reservations } = this;
    if (draw === null) return reservations.firstFit(size, alignment);
    const gap = draw(GapCHOICES) * alignment, low = draw(2) === 0;
    const base = low ? reservations.firstFit(size + gap, alignment) : reservations.lastFit(size + gap, alignment);
    if (base < 0) return reservations.firstFit(size, alignment);
    return low ? base + gap : base;
  }

  // Ending -----------------------------------------------------------------------------------------------------------

  /** unmap -- leave holes; a reservation with nothing else goes. */
  unmap(reservation: Reservation, base: number, limit: number): void {
    reservation.unmap(base, limit);
    if (reservation.mapped === 0) this.destroy(reservation);
  }

  /** destroy -- end a reservation, whatever is in it. */
  destroy(reservation: Reservation): void {
    reservation.finish();
    this.reservations.delete(reservation);
    this.size -= reservation.limit - reservation.base;
    this.latest = null;
  }

  /** release -- end the reservation that holds an address. */
  release(addr: Low): void {
    this.destroy(this.insist(addr));
  }

  /** clear -- end every one. */
  clear(): void {
    for (const reservation of this.all()) this.destroy(reservation);
  }
}
