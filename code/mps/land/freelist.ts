/* freelist.ts: FREE LIST
 *
 * A land within the free memory itself: the first granule of each range says where the next one is and how long this one is. It never needs
 * a record, so nothing fails; every operation walks the list <design/land#.freelist>.
 *
 *     base            base + 4         base + 16              limit
 *      | next, or -1   | size           | whatever it was      |
 */
import { aver } from '../../base/base.ts';
import type { ZoneSet } from '../arena/zone.ts';
import { ResFAIL, ResOK, type Res } from '../result.ts';
import { AbstractLand, landFits, type LandParameters } from './land.ts';
import { zonesPlace } from './zones.ts';

/** Words of memory, by low address. */
export interface Words {
  load(addr: number): number;
  store(addr: number, value: number): void;
}

/** What a Freelist is made from. */
export interface FreelistParameters extends LandParameters {
  readonly words: Words;
  /** Hears of granules that held a link and do not any more. */
  readonly onUnlink?: (addr: number) => void;
}

/** Ends the list, and stands for the one before its first range: no granule begins there. */
const NONE = -1;

/** A land that cannot fail. */
export class Freelist extends AbstractLand {
  private readonly words: Words;
  private readonly onUnlink: ((addr: number) => void) | null;
  private first: number = NONE;
  /** How many ranges there are. */
  count: number = 0;
  /** The ranges below and above a place: see `seek`. */
  private before: number = NONE;
  private after: number = NONE;

  constructor(parameters: FreelistParameters) {
    super(parameters);
    aver(parameters.alignment >= 16, '<design/land#.freelist.granule>');
    this.words = parameters.words;
    this.onUnlink = parameters.onUnlink ?? null;
  }

  override insert(base: number, limit: number): Res {
    this.checkRange(base, limit);
    this.seek(base);
    const { before, after } = this;
    if (before !== NONE && this.limitAt(before) > base) return ResFAIL;
    if (after !== NONE && after < limit) return ResFAIL;
    const joinsBefore = before !== NONE && this.limitAt(before) === base && this.isJoined(base);
    const joinsAfter = after === limit && this.isJoined(limit);
    const from = joinsBefore ? before : base, to = joinsAfter ? this.limitAt(after) : limit;
    const next = joinsAfter ? this.nextAt(after) : after;
    if (joinsAfter) this.unlinked(after);
    this.write(from, to, next);
    if (!joinsBefore) this.link(before, from);
    this.count += 1 - (joinsBefore ? 1 : 0) - (joinsAfter ? 1 : 0);
    this.size += limit - base;
    return this.answer(from, to);
  }

  override delete(base: number, limit: number): Res {
    this.checkRange(base, limit);
    if (!this.contains(base, limit)) return ResFAIL;
    const { base: from, limit: to } = this, previous = this.beforeOf(from), next = this.nextAt(from);
    let rest = next;
    if (limit < to) {
      this.write(limit, to, next);
      rest = limit;
    }
    if (base > from) this.write(from, base, rest);
    else {
      this.unlinked(from);
      this.link(previous, rest);
    }
    this.count += (base > from ? 1 : 0) + (limit < to ? 1 : 0) - 1;
    this.size -= limit - base;
    return ResOK;
  }

  override findFirst(size: number, alignment: number): boolean {
    for (let at = this.first; at !== NONE; at = this.nextAt(at)) {
      if (landFits(at, this.limitAt(at), size, alignment)) return this.found(at);
    }
    return false;
  }

  override findLast(size: number, alignment: number): boolean {
    let last = NONE;
    for (let at = this.first; at !== NONE; at = this.nextAt(at)) if (landFits(at, this.limitAt(at), size, alignment)) last = at;
    return this.found(last);
  }

  override findLargest(size: number): boolean {
    let largest = NONE, most = size;
    for (let at = this.first; at !== NONE; at = this.nextAt(at)) {
      const own = this.limitAt(at) - at;
      if (own > most || (own === most && largest === NONE)) {
        largest = at;
        most = own;
      }
    }
    return this.found(largest);
  }

  override findInZones(size: number, alignment: number, zones: ZoneSet, isHigh: boolean): number {
    let place = NONE;
    for (let at = this.first; at !== NONE && (isHigh || place === NONE); at = this.nextAt(at)) {
      const here = zonesPlace(at, this.limitAt(at), size, alignment, zones, this.zoneShift, isHigh);
      if (here >= 0) {
        place = here;
        this.found(at);
      }
    }
    return place;
  }

  override contains(base: number, limit: number): boolean {
    this.seek(base);
    const { before } = this;
    return before !== NONE && limit <= this.limitAt(before) && this.found(before);
  }

  override overlaps(base: number, limit: number): boolean {
    this.seek(base);
    return (this.before !== NONE && this.limitAt(this.before) > base) || (this.after !== NONE && this.after < limit);
  }

  override each(visit: (base: number, limit: number) => void): void {
    for (let at = this.first; at !== NONE; at = this.nextAt(at)) visit(at, this.limitAt(at));
  }

  override finish(): void {
    this.first = NONE;
    this.count = 0;
    this.size = 0;
  }

  /** takeBefore -- take out the range that ends at an address, if there is one and it is joined: its base; else the address. */
  takeBefore(addr: number): number {
    this.seek(addr - 1);
    const { before } = this;
    if (before === NONE || this.limitAt(before) !== addr || !this.isJoined(addr)) return addr;
    this.delete(before, addr);
    return before;
  }

  /** takeAfter -- take out the range that begins at an address, if there is one and it is joined: its limit; else the address. */
  takeAfter(addr: number): number {
    this.seek(addr);
    if (this.before !== addr || !this.isJoined(addr)) return addr;
    const limit = this.limitAt(addr);
    this.delete(addr, limit);
    return limit;
  }

  // The list ---------------------------------------------------------------------------------------------------------

  /** seek -- find the last range that begins at or below an address, and the first above. */
  private seek(addr: number): void {
    let before = NONE, after = this.first;
    while (after !== NONE && after <= addr) {
      before = after;
      after = this.nextAt(after);
    }
    this.before = before;
    this.after = after;
  }

  /** beforeOf -- the range before the one that begins at an address. */
  private beforeOf(base: number): number {
    let before = NONE;
    for (let at = this.first; at !== base; at = this.nextAt(at)) before = at;
    return before;
  }

  private nextAt(at: number): number {
    const next = this.words.load(at);
    return next === NONE ? NONE : next >>> 0;
  }

  /** limitAt -- where a range ends. Who writes to memory that is free can spoil the list <design/land#.inv.link>. */
  private limitAt(at: number): number {
    const limit = at + (this.words.load(at + 4) >>> 0), next = this.nextAt(at);
    aver(limit > at && (next === NONE || next >= limit), '<design/land#.inv.link>');
    return limit;
  }

  private write(base: number, limit: number, next: number): void {
    this.words.store(base, next | 0);
    this.words.store(base + 4, (limit - base) | 0);
  }

  /** link -- have the range before say where the next one is. */
  private link(before: number, next: number): void {
    if (before === NONE) this.first = next;
    else this.words.store(before, next | 0);
  }

  private unlinked(addr: number): void {
    this.onUnlink?.(addr);
  }

  private found(at: number): boolean {
    if (at === NONE) return false;
    this.answer(at, this.limitAt(at));
    return true;
  }

  private answer(base: number, limit: number): Res {
    this.base = base;
    this.limit = limit;
    return ResOK;
  }

  override check(): void {
    super.check();
    let count = 0;
    this.each(() => { count += 1; });
    aver(count === this.count, '<design/land#.inv.size>');
  }
}
