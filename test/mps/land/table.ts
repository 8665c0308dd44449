/* table.ts: LANDS AGAINST A BIT TABLE
 *
 * A land is driven through a long random history, and every answer compared with that of a table of its units, searched one by one.
 */
import { expect } from 'vitest';
import { random, type Random } from '../../../code/base/base.ts';
import type { AbstractLand } from '../../../code/mps/land/land.ts';
import type { Charged } from '../../../code/mps/land/nodes.ts';
import type { Words } from '../../../code/mps/land/freelist.ts';
import { ResFAIL, ResMEMORY, ResOK, ZoneSetUNIV, zoneOf } from '../../../code/mps/mps.ts';

/** Bytes of a unit. */
export const UNIT = 16;

/** A ledger that refuses some charges. */
export class Stingy implements Charged {
  used: number = 0;
  refused: number = 0;
  private readonly isRefused: () => boolean;

  constructor(isRefused: () => boolean) {
    this.isRefused = isRefused;
  }

  charge(size: number): boolean {
    if (this.isRefused()) {
      this.refused += 1;
      return false;
    }
    this.used += size;
    return true;
  }

  credit(size: number): void {
    this.used -= size;
    if (this.used < 0) expect.fail('credited what was not charged');
  }
}

/** same -- as `expect` says it, but it is asked only when there is something to say: there are millions of comparisons. */
function same(one: unknown, other: unknown): void {
  if (one !== other) expect(one).toBe(other);
}

/** Memory that begins at a low address. */
export function wordsOf(base: number, size: number): Words & { readonly memory: Int32Array } {
  const memory = new Int32Array(size / 4);
  return { memory, load: (addr) => memory[(addr - base) / 4], store: (addr, value) => { memory[(addr - base) / 4] = value; } };
}

export interface TableOptions {
  readonly land: AbstractLand;
  /** Units, and the low address of the first. */
  readonly units: number;
  readonly origin: number;
  readonly seed: number;
  /** Ranges stay apart at multiples of so many units; 0: nowhere. */
  readonly border?: number;
  /** Says how often charges have been refused; null: what the land does cannot fail. */
  readonly ledger?: Stingy | null;
}

export class Table {
  readonly bits: Uint8Array;
  /** How often each kind of thing has happened. */
  readonly seen = { inserted: 0, deleted: 0, refused: 0, memory: 0, found: 0, missed: 0, zoned: 0 };
  private readonly land: AbstractLand;
  private readonly origin: number;
  private readonly border: number;
  private readonly ledger: Stingy | null;
  private readonly rnd: Random;

  constructor({ land, units, origin, seed, border = 0, ledger = null }: TableOptions) {
    this.bits = new Uint8Array(units);
    this.land = land;
    this.origin = origin;
    this.border = border;
    this.ledger = ledger;
    this.rnd = random(seed);
  }

  /** play -- so many operations, one in `every` a search; compared now and then unless that is the caller's. */
  play(operations: number, every: number, comparing: boolean = true): void {
    for (let n = 0; n < operations; ++n) {
      if (this.rnd(every) === 0) this.search();
      else this.change();
      if (comparing && n % Math.ceil(operations / 20) === 0) this.compare();
    }
    if (comparing) this.compare();
  }

  /** compare -- the land has the table's runs, in order, and no others. */
  compare(): void {
    this.land.check();
    let at = 0, size = 0;
    this.land.each((base, limit) => {
      const run = this.runFrom(at);
      same(base, this.addr(run[0]));
      same(limit, this.addr(run[1]));
      at = run[1];
      size += limit - base;
    });
    expect(this.bits.indexOf(1, at)).toBe(-1);
    same(this.land.size, size);
  }

  private change(): void {
    const { rnd, bits } = this, most = rnd(8) === 0 ? 400 : 12;
    let base = rnd(bits.length), limit = Math.min(bits.length, base + 1 + rnd(most));
    // Half of the time a range that is all alike, so that most changes come off.
    if (rnd(2) === 0) {
      const run = this.alike(base);
      base = rnd(3) === 0 ? run[0] : Math.max(run[0], base - rnd(4));
      limit = rnd(3) === 0 ? Math.min(run[1], base + 400) : Math.min(run[1], limit);
      if (base >= limit) return;
    }
    if (this.border !== 0) limit = Math.min(limit, (Math.floor(base / this.border) + 1) * this.border);
    if (rnd(2) === 0) this.insert(base, limit);
    else this.remove(base, limit);
  }

  private insert(base: number, limit: number): void {
    const { bits, seen } = this, size = this.land.size;
    const isFree = !bits.subarray(base, limit).includes(1), refused = this.ledger?.refused ?? 0;
    const res = this.land.insert(this.addr(base), this.addr(limit));
    if (res === ResMEMORY) {
      expect(this.ledger?.refused).toBe(refused + 1);
      const isAlone = isFree && !this.joins(base, base - 1) && !this.joins(limit, limit);
      expect(isAlone, 'only what is alone needs a record').toBe(true);
      same(this.land.size, size);
      seen.memory += 1;
      return;
    }
    same(res, isFree ? ResOK : ResFAIL);
    if (!isFree) {
      same(this.land.size, size);
      seen.refused += 1;
      return;
    }
    bits.fill(1, base, limit);
    this.answers(this.runAt(base));
    seen.inserted += 1;
  }

  private remove(base: number, limit: number): void {
    const { bits, seen } = this, size = this.land.size, run = this.runAt(base);
    const isThere = bits[base] === 1 && limit <= run[1], refused = this.ledger?.refused ?? 0;
    same(this.land.contains(this.addr(base), this.addr(limit)), isThere);
    const res = this.land.delete(this.addr(base), this.addr(limit));
    if (res === ResMEMORY) {
      expect(this.ledger?.refused).toBe(refused + 1);
      expect(isThere && run[0] < base && limit < run[1], 'only a split needs a record').toBe(true);
      same(this.land.size, size);
      seen.memory += 1;
      return;
    }
    same(res, isThere ? ResOK : ResFAIL);
    if (!isThere) {
      same(this.land.size, size);
      seen.refused += 1;
      return;
    }
    this.answers(run);
    bits.fill(0, base, limit);
    seen.deleted += 1;
  }

  private search(): void {
    const { rnd, land } = this, size = 1 + rnd([8, 60, 2500][rnd(3)]), alignment = 2 ** rnd(5);
    const kind = rnd(4), places = this.fits(size, alignment);
    let isFound: boolean, run: readonly [number, number] | undefined;
    if (kind === 0) {
      isFound = land.findFirst(size * UNIT, alignment * UNIT);
      run = places[0];
    } else if (kind === 1) {
      isFound = land.findLast(size * UNIT, alignment * UNIT);
      run = places.at(-1);
    } else if (kind === 2) {
      const all = this.fits(size, 1), most = Math.max(0, ...all.map(([base, limit]) => limit - base));
      isFound = land.findLargest(size * UNIT);
      run = all.find(([base, limit]) => limit - base === most);
    } else {
      this.searchZones(size, alignment);
      return;
    }
    expect(isFound).toBe(run !== undefined);
    if (run !== undefined) this.answers(run);
    this.seen[isFound ? 'found' : 'missed'] += 1;
  }

  private searchZones(size: number, alignment: number): void {
    const { rnd, land, bits } = this, isHigh = rnd(2) === 0;
    const zones = rnd(4) === 0 ? ZoneSetUNIV : (1 << rnd(32)) | (1 << rnd(32)) | (rnd(2) === 0 ? 1 << rnd(32) : 0);
    const place = land.findInZones(size * UNIT, alignment * UNIT, zones, isHigh);
    const inZones = (unit: number): boolean => bits[unit] === 1 && (zones & (1 << zoneOf(this.addr(unit) | 0, land.zoneShift))) !== 0;
    const step = isHigh ? -1 : 1, edge = this.origin / UNIT;
    let found = -1;
    // From one end to the other, each aligned place, units one by one.
    for (let at = isHigh ? bits.length - size : 0; at >= 0 && at + size <= bits.length && found < 0; at += step) {
      if (bits[at] === 0 || (edge + at) % alignment !== 0 || !inZones(at)) continue;
      let to = at;
      while (to < at + size && inZones(to)) to += 1;
      if (to === at + size && this.runAt(at)[1] >= to) found = at;
    }
    expect(place).toBe(found < 0 ? -1 : this.addr(found));
    if (found >= 0) this.answers(this.runAt(found));
    if (zones !== ZoneSetUNIV && found >= 0) this.seen.zoned += 1;
  }

  /** Every run with an aligned place for `size` units. */
  private fits(size: number, alignment: number): (readonly [number, number])[] {
    const found: (readonly [number, number])[] = [], edge = this.origin / UNIT;
    for (let at = this.bits.indexOf(1); at >= 0;) {
      const run = this.runFrom(at), place = Math.ceil((edge + run[0]) / alignment) * alignment - edge;
      if (place + size <= run[1]) found.push(run);
      at = this.bits.indexOf(1, run[1]);
    }
    return found;
  }

  private answers([base, limit]: readonly [number, number]): void {
    same(this.land.base, this.addr(base));
    same(this.land.limit, this.addr(limit));
  }

  private addr(unit: number): number {
    return this.origin + unit * UNIT;
  }

  private joins(at: number, neighbour: number): boolean {
    return this.bits[neighbour] === 1 && !this.isBorder(at);
  }

  private isBorder(at: number): boolean {
    return this.border !== 0 && at % this.border === 0;
  }

  /** The first run at or above a unit. */
  private runFrom(at: number): readonly [number, number] {
    return this.runAt(this.bits.indexOf(1, at));
  }

  /** The run that a unit of the land is in. */
  private runAt(at: number): readonly [number, number] {
    const { bits } = this;
    let base = at, limit = at + 1;
    while (base > 0 && bits[base - 1] === 1 && !this.isBorder(base)) base -= 1;
    while (limit < bits.length && bits[limit] === 1 && !this.isBorder(limit)) limit += 1;
    return [base, limit];
  }

  /** What is alike around a unit, in the land or not. */
  private alike(at: number): readonly [number, number] {
    const { bits } = this, bit = bits[at];
    let base = at, limit = at + 1;
    while (base > 0 && bits[base - 1] === bit && at - base < 400) base -= 1;
    while (limit < bits.length && bits[limit] === bit && limit - at < 400) limit += 1;
    return [base, limit];
  }
}
