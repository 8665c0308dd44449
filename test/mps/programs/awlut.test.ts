/* awlut.test.ts: tables of weak keys and exact values that are each other's dependents, in the shape of awlut, awluthe (objects have headers) and awlutth
 * (by two threads at once): what of the keys is dead is deleted from both, what lives from neither. */
import { expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import type { Hart } from '../../../code/machine/machine.ts';
import { ResOK, type AllocationPoint, type Arena, type Format } from '../../../code/mps/mps.ts';
import { RankWEAK } from '../../../code/mps/heap/rank.ts';
import { Lab } from '../lab.ts';
import { findDependent, link, linked, marks, table } from '../pools/awl-table.ts';
import { PLATFORMS } from '../services/steps.ts';

const SLOTS = 49, ITERATIONS = 5000;

/** A leaf that is marked, in a slot. */
function string(t: Hart, ap: AllocationPoint, slot: number, mark: number, size: number = 32): void {
  do {
    expect(ap.reserve(slot, size)).toBe(ResOK);
    t.store32(slot, 0, mark);
  } while (!ap.commit(slot));
}

/** The test of one thread, with its own allocation points. */
function* body(arena: Arena, t: Hart, aps: { weak: AllocationPoint; exact: AllocationPoint; leaf: AllocationPoint }, slots: number, header: number, seed: number): Generator<undefined, void, undefined> {
  const weak = t.local(), exact = t.local(), first = t.enter(slots), one = t.local(), draw = random(seed), alive: (number | null)[] = [];
  table(t, aps.weak, weak, slots, header);
  table(t, aps.exact, exact, slots, header);
  link(t, weak, exact);
  for (let n = 0; n < slots; ++n) {
    const lives = draw(2) === 0;
    string(t, aps.leaf, one, n);
    t.storeCap(weak, 32 + 16 * n, one);
    if (lives) t.move(first + n, one);
    string(t, aps.leaf, one, 1000 + n);
    t.storeCap(exact, 32 + 16 * n, one);
    alive.push(lives ? n : null);
    if (n % 8 === 0) yield;
  }
  for (let k = 0; k < ITERATIONS; ++k) {
    string(t, aps.leaf, one, k, 32 + 16 * draw(8));
    if (k % 50 === 0) yield;
  }
  t.clear(one);
  arena.collect();
  yield;
  // What a collection under way has found, the next one does not.
  arena.collect();
  expect(marks(t, weak, slots)).toEqual(alive);
  expect(marks(t, exact, slots).map((mark, n) => (mark === null || alive[n] === n ? mark : 'not deleted'))).toEqual(alive.map((n) => (n === null ? null : 1000 + n)));
  for (let n = 0; n < slots; ++n) if (alive[n] !== null) expect(t.load32(first + n, 0)).toBe(n);
}

function run(platform: 'an' | 'ix', format: Format, threads: number, slots: number): void {
  const it = new Lab({ platform, memory: '8MiB', nursery: '64KiB', pause: '0', threads: 5 }), { system, arena } = it;
  const pool = arena.pool('awl', { format, findDependent }), leaves = arena.pool('lo', { gen: 0 });
  for (let n = 0; n < threads; ++n) {
    // A thread allocates from its own points only, which it makes when it runs.
    system.thread(`thread ${n}`, function* (t): Generator<undefined, void, undefined> {
      const aps = { weak: pool.allocationPoint(t, { rank: RankWEAK }), exact: pool.allocationPoint(t), leaf: leaves.allocationPoint(t) };
      yield* body(arena, t, aps, slots, format.headerSize ?? 0, n + 1);
    });
  }
  system.run();
  arena.check();
  expect(arena.counts.collections, 'weak run').toBeGreaterThan(3);
  system.finish();
  expect(arena.ledger.used).toBe(0);
}

test.each(PLATFORMS)('on %s awlut: dead keys are deleted from both tables, living ones from neither <design/awl#.inv.dependent> <design/rank#.weak>', (platform) => {
  run(platform, linked, 1, SLOTS);
});

test.each(PLATFORMS)('on %s awluthe: the same of objects with headers <design/awl#.inv.dependent> <design/format#.header>', (platform) => {
  run(platform, { ...linked, name: 'linked with headers', headerSize: 16 }, 1, SLOTS);
});

test.each(PLATFORMS)('on %s awlutth: the same by two threads at once <design/awl#.inv.dependent> <design/rank#.weak>', (platform) => {
  run(platform, linked, 2, SLOTS + 1);
});
