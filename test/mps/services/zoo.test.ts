/* zoo.test.ts: objects, finalization and weak tables against a model, in any order of steps, and whichever charge fails. */
import { expect, test } from 'vitest';
import { random, type Random } from '../../../code/base/base.ts';
import { ResFAIL, ResOK, type AllocationPoint } from '../../../code/mps/mps.ts';
import { RankFINAL, RankWEAK } from '../../../code/mps/heap/rank.ts';
import type { FinalizationMessage } from '../../../code/mps/services/messages.ts';
import { seeds } from '../../seed.ts';
import type { Lab } from '../lab.ts';
import { PLATFORMS, flip, make, quantum, still } from './steps.ts';

const ROOTS = 10, WEAK = 24;

/** What the model knows of an object. */
interface Animal {
  readonly kids: (number | null)[];
  /** Registrations that have not been told of. */
  registered: number;
}

/** A client with a model: some roots, one weak table, messages in hand. */
class Zoo {
  readonly it: Lab;
  readonly draw: Random;
  readonly aps: AllocationPoint[];
  readonly first: number;
  readonly spare: number;
  readonly table: number;
  readonly animals: Animal[] = [];
  readonly roots: (number | null)[] = Array.from({ length: ROOTS }, () => null);
  readonly weak: (number | null)[] = Array.from({ length: WEAK }, () => null);
  readonly held = new Map<FinalizationMessage, number>();
  /** What could be reached when keepers were asked for what nobody has found. */
  alive = new Set<number>();
  finalized = 0;
  splatted = 0;

  constructor(it: Lab, seed: number) {
    this.it = it;
    this.draw = random(seed);
    const { t, arena } = it, awl = arena.pool('awl');
    arena.messages.enable('finalization');
    this.aps = [it.ap, arena.pool('ams').allocationPoint(t), awl.allocationPoint(t)];
    this.first = t.enter(ROOTS);
    this.spare = t.local();
    this.table = t.local();
    expect(make(it, awl.allocationPoint(t, { rank: RankWEAK }), this.table, 0, [], 16 * (WEAK + 1))).toBe(true);
  }

  /** What can be reached from the roots and the messages in hand. */
  reach(): Set<number> {
    const found = new Set<number>(), queue = [...this.roots, ...this.held.values()];
    for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
      if (one === null || found.has(one)) continue;
      found.add(one);
      queue.push(...this.animals[one].kids);
    }
    return found;
  }

  step(): void {
    const { it: { t, arena }, draw, first } = this, i = draw(ROOTS), j = draw(ROOTS), a = this.roots[i], b = this.roots[j], dice = draw(100);
    if (dice < 25) this.make(i);
    else if (dice < 40) this.set(i, null);
    else if (dice < 48 && a !== null) {
      const k = draw(2);
      t.storeCap(first + i, 16 * (k + 1), first + j);
      this.animals[a].kids[k] = b;
    } else if (dice < 56 && a !== null) {
      const k = draw(2);
      t.loadCap(first + j, first + i, 16 * (k + 1));
      this.roots[j] = this.animals[a].kids[k];
      this.see(j);
    } else if (dice < 62 && a !== null) {
      if (arena.finalize(t, first + i) === ResOK) this.animals[a].registered += 1;
    } else if (dice < 65 && a !== null) {
      const wanted = this.animals[a].registered > 0 ? ResOK : ResFAIL;
      expect(arena.definalize(t, first + i)).toBe(wanted);
      if (wanted === ResOK) this.animals[a].registered -= 1;
    } else if (dice < 74) {
      const k = draw(WEAK);
      t.storeCap(this.table, 16 * (k + 1), first + i);
      this.weak[k] = a;
    } else if (dice < 84) this.loadWeak(i, draw(WEAK));
    else if (dice < 94) for (let k = draw(4); k >= 0; --k) this.letGo(i);
    else if (!arena.trace.isBusy && dice < 97) {
      this.alive = this.reach();
      flip(this.it, 1 + draw(3));
    }
    if (arena.trace.isBusy && draw(2) === 0) this.advance();
    this.receive();
  }

  private advance(): void {
    const { trace } = this.it.arena;
    if (!trace.isFlipped || trace.band < RankFINAL) this.alive = this.reach();
    quantum(this.it);
  }

  private set(i: number, animal: number | null): void {
    if (animal === null) this.it.t.clear(this.first + i);
    this.roots[i] = animal;
  }

  private make(i: number): void {
    const { it, draw, first } = this, n = this.animals.length, kids = [draw(ROOTS), draw(ROOTS)], before = kids.map((k) => this.roots[k]);
    if (!make(it, this.aps[draw(3)], this.spare, n, kids.map((k) => first + k), draw(20) === 0 ? 18_000 : 48)) return;
    this.animals.push({ kids: before, registered: 0 });
    it.t.move(first + i, this.spare);
    it.t.clear(this.spare);
    this.roots[i] = n;
  }

  /** see -- root i is what the model says. */
  private see(i: number): void {
    const { t } = this.it, slot = this.first + i, animal = this.roots[i];
    expect(t.isTagged(slot) ? t.load32(slot, 0) : null).toBe(animal);
  }

  private loadWeak(i: number, k: number): void {
    const { it: { t }, first, weak } = this, was = weak[k];
    t.loadCap(first + i, this.table, 16 * (k + 1));
    if (was !== null && !t.isTagged(first + i)) {
      expect(this.reach().has(was), 'a weak reference to what is alive stays').toBe(false);
      expect(this.animals[was].registered, 'what is registered is not splatted').toBe(0);
      weak[k] = null;
      this.splatted += 1;
    }
    const found = weak[k];
    this.roots[i] = found;
    this.see(i);
    if (found !== null) this.alive.add(found);
  }

  /** receive -- get all messages: each is of something that nobody had. */
  private receive(): void {
    const { it: { t, arena: { messages } }, spare, alive } = this;
    for (let message = messages.get('finalization'); message !== null; message = messages.get('finalization')) {
      message.finalizationRef(t, spare);
      const n = t.load32(spare, 0), animal = this.animals[n];
      expect(alive.has(n), 'what can be reached is not finalized').toBe(false);
      animal.registered -= 1;
      expect(animal.registered).toBeGreaterThanOrEqual(0);
      this.held.set(message, n);
      this.finalized += 1;
      t.clear(spare);
    }
  }

  /** letGo -- be done with a message; keep what it is of, or not. */
  private letGo(i: number): void {
    const { it: { t, arena }, first } = this, one = [...this.held][0];
    if (one === undefined) return;
    if (this.draw(3) === 0) {
      one[0].finalizationRef(t, first + i);
      this.roots[i] = one[1];
      this.see(i);
    }
    arena.messages.discard(one[0]);
    this.held.delete(one[0]);
  }

  /** end -- everything is dead: all that is registered is finalized, and the table empties. */
  end(): void {
    const { it: { t, arena } } = this;
    for (let i = 0; i < ROOTS; ++i) this.set(i, null);
    let rounds = 0;
    for (; rounds < 40 && (rounds < 2 || this.held.size > 0 || this.animals.some(({ registered }) => registered > 0)); ++rounds) {
      while (this.held.size > 0) this.letGo(0);
      this.set(0, null);
      this.alive = this.reach();
      arena.collect();
      this.receive();
      arena.check();
    }
    expect(this.animals.reduce((sum, { registered }) => sum + registered, 0)).toBe(0);
    arena.collect();
    for (let k = 0; k < WEAK; ++k) {
      t.loadCap(this.spare, this.table, 16 * (k + 1));
      expect(t.isTagged(this.spare)).toBe(false);
    }
    let objects = 0;
    arena.walk(() => { objects += 1; });
    expect(objects).toBe(1);
    this.it.system.finish();
    expect(arena.ledger.used).toBe(0);
  }
}

/** run -- a zoo whose charges fail as told; what happened in it. */
function run(platform: 'an' | 'ix', seed: number, steps: number, failAt: number = 0, forever: boolean = false): { finalized: number; splatted: number; charges: number; hits: number; emergencies: number } {
  const it = still({ platform, memory: '2MiB', nursery: '16KiB' }), { arena } = it, zoo = new Zoo(it, seed), { ledger } = arena, from = ledger.charges;
  if (failAt > 0) ledger.failAt = from + failAt;
  ledger.failForever = forever;
  for (let n = 0; n < steps; ++n) zoo.step();
  const charges = ledger.charges - from;
  ledger.failAt = 0;
  zoo.end();
  return { finalized: zoo.finalized, splatted: zoo.splatted, charges, hits: arena.counts.readHits, emergencies: arena.counts.emergencies };
}

test.each(PLATFORMS)('on %s nothing that can be reached is finalized or splatted, everything else is, in any schedule <design/guardian#.inv.marked> <design/guardian#.inv.once> <design/trace#.band> <design/rank#.weak>', (platform) => {
  let finalized = 0, splatted = 0, hits = 0;
  for (const seed of seeds(20)) {
    const found = run(platform, seed, 700);
    finalized += found.finalized;
    splatted += found.splatted;
    hits += found.hits;
  }
  expect([finalized > 200, splatted > 10, platform === 'an' || hits > 100], `weak run: ${finalized} ${splatted} ${hits}`).toEqual([true, true, true]);
});

test.each(PLATFORMS)('on %s the same whichever charge of the ledger fails, alone or with all that follow <design/ledger#.req.kth> <design/guardian#.req.paid> <design/trace#.inv.emergency>', (platform) => {
  let emergencies = 0;
  for (const seed of seeds(1)) {
    const { charges } = run(platform, seed, 400);
    for (let k = 1; k <= charges; ++k) {
      emergencies += run(platform, seed, 400, k).emergencies;
      if (k % 3 === 0) emergencies += run(platform, seed, 400, k, true).emergencies;
    }
    expect(charges, 'weak run').toBeGreaterThan(20);
  }
  expect(emergencies, 'weak run').toBeGreaterThan(2);
});
