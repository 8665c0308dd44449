/* weak-model.ts: WEAK TABLES AND A MODEL
 *
 * Objects with serial numbers, three weak tables, and what a map by serial number says of them, in random histories.
 */
import { expect } from 'vitest';
import { random, type Random } from '../../../code/base/base.ts';
import { ResOK, type AllocationPoint, type WeakTable } from '../../../code/mps/mps.ts';
import type { Lab } from '../lab.ts';
import { flip, make, quantum, still } from './steps.ts';

const ROOTS = 20;

/** What the model knows: objects by serial number, what roots hold, what the tables map. */
class Model {
  readonly it: Lab;
  readonly draw: Random;
  readonly aps: AllocationPoint[];
  readonly first: number;
  readonly spare: number;
  readonly kids: (number | null)[] = [];
  readonly roots: (number | null)[] = Array.from({ length: ROOTS }, () => null);
  readonly tables: { readonly table: WeakTable; readonly map: Map<number, number | null>; readonly isWeak: boolean }[];
  readonly seen = { hits: 0, moved: 0, misses: 0, died: 0, inTrace: 0, failed: 0 };

  constructor(it: Lab, seed: number) {
    this.it = it;
    this.draw = random(seed);
    const { t, arena } = it;
    arena.messages.enable('finalization');
    this.aps = [it.ap, arena.pool('ams').allocationPoint(t), arena.pool('amcz').allocationPoint(t), arena.pool('lo').allocationPoint(t)];
    this.first = t.enter(ROOTS);
    this.spare = t.local();
    this.tables = [false, true, false].map((isWeak) => ({ table: arena.weakTable({ weakValues: isWeak }), map: new Map(), isWeak }));
  }

  /** reach -- what can be reached from the roots, and by way of tables from keys that can. */
  reach(): Set<number> {
    const found = new Set<number>(), queue: (number | null)[] = [...this.roots];
    for (;;) {
      for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
        if (one === null || found.has(one)) continue;
        found.add(one);
        queue.push(this.kids[one]);
      }
      for (const { map, isWeak } of this.tables) {
        for (const [key, value] of map) if (!isWeak && value !== null && found.has(key) && !found.has(value)) queue.push(value);
      }
      if (queue.length === 0) return found;
    }
  }

  step(): void {
    const { it: { t, arena }, draw, first, roots } = this, i = draw(ROOTS), j = draw(ROOTS), dice = draw(100);
    const { table, map, isWeak } = this.tables[draw(3)], key = roots[i];
    if (dice < 15) this.make(i);
    else if (dice < 27) this.drop(i);
    else if (key === null) this.make(i);
    else if (dice < 60) {
      const res = table.set(t, first + i, first + j);
      if (res === ResOK) map.set(key, roots[j]);
      else this.seen.failed += 1;
    } else if (dice < 82) this.look(i, j);
    else if (dice < 86) {
      const isThere = table.delete(t, first + i);
      if (!isWeak || map.get(key) === undefined) expect(isThere).toBe(map.has(key));
      map.delete(key);
    } else if (dice < 92 && !arena.trace.isBusy) flip(this.it, 1 + draw(3));
    else if (dice < 93 && !arena.trace.isBusy) this.collect();
    if (arena.trace.isBusy && draw(3) > 0) quantum(this.it);
  }

  private drop(i: number): void {
    this.it.t.clear(this.first + i);
    this.roots[i] = null;
  }

  private make(i: number): void {
    const { it, draw, first } = this, n = this.kids.length, ap = draw(8) < 5 ? 0 : 1 + draw(3), kid = ap < 2 ? draw(ROOTS) : -1, large = draw(25) === 0 ? 18_000 : 32;
    if (!make(it, this.aps[ap], this.spare, n, kid >= 0 ? [first + kid] : [], large)) return;
    this.kids.push(kid >= 0 ? this.roots[kid] : null);
    it.t.move(first + i, this.spare);
    it.t.clear(this.spare);
    this.roots[i] = n;
  }

  /** look -- root j becomes the value of root i, which is what the model says. */
  private look(i: number, j: number): void {
    const { it: { t, arena }, first, roots, seen } = this, key = roots[i] as number;
    for (const { table, map, isWeak } of this.tables) {
      const wanted = map.get(key), isThere = table.get(t, first + i, this.spare);
      if (isWeak && !isThere && wanted !== undefined) {
        expect(wanted === null || !this.reach().has(wanted), 'a weak value that is alive stays').toBe(true);
        map.delete(key);
        seen.died += 1;
        continue;
      }
      expect(isThere).toBe(wanted !== undefined);
      expect(table.has(t, first + i)).toBe(isThere);
      if (!isThere) {
        seen.misses += 1;
        continue;
      }
      seen.hits += 1;
      if (arena.trace.isFlipped) seen.inTrace += 1;
      expect(t.isTagged(this.spare) ? t.load32(this.spare, 0) : null).toBe(wanted);
      t.move(first + j, this.spare);
      t.clear(this.spare);
      roots[j] = wanted as number | null;
      return;
    }
    t.clear(this.spare);
  }

  /** collect -- two collections: after the first, weak values that a trace under way had found may be dead. The tables then have what the model says. */
  collect(): void {
    const { it: { arena } } = this;
    arena.collect();
    arena.collect();
    const alive = this.reach();
    for (const { table, map, isWeak } of this.tables) {
      for (const [key, value] of map) {
        const isKept = !isWeak || value === null || alive.has(value);
        if (!isKept && alive.has(key)) this.seen.died += 1;
        if (!alive.has(key) || !isKept) map.delete(key);
      }
      expect(table.size).toBe(map.size);
    }
  }

  end(): void {
    this.collect();
    for (let i = 0; i < ROOTS; ++i) this.drop(i);
    this.collect();
    for (const { table } of this.tables) expect(table.size).toBe(0);
    expect(this.it.objects().size).toBe(0);
    this.it.system.finish();
    expect(this.it.arena.ledger.used).toBe(0);
  }
}

/** run -- a history whose charges fail as told; what happened in it. */
export function run(platform: 'an' | 'ix', seed: number, steps: number, failAt: number = 0, forever: boolean = false): Model['seen'] & { charges: number; emergencies: number } {
  const it = still({ platform, memory: '4MiB', nursery: '16KiB' }), { ledger } = it.arena, model = new Model(it, seed), from = ledger.charges;
  if (failAt > 0) ledger.failAt = from + failAt;
  ledger.failForever = forever;
  for (let n = 0; n < steps; ++n) model.step();
  const charges = ledger.charges - from;
  ledger.failAt = 0;
  ledger.failForever = false;
  model.end();
  return { ...model.seen, charges, emergencies: it.arena.counts.emergencies };
}
