/* oracle.test.ts: the oracles judge a client that does a bit of everything, and they do convict: the mutants of
 * tool/mutants.list.ts that name this file <design/oracle#.req.convict>. */
import { describe, expect, test } from 'vitest';
import { random } from '../../code/base/base.ts';
import type { Hart } from '../../code/machine/machine.ts';
import { boot, ResOK, type AllocationPoint, type BootOptions } from '../../code/mps/mps.ts';
import { graphDifference, graphOf, Oracle, type OracleCounts } from '../../code/observe/observe.ts';
import { seeds } from '../seed.ts';

/** Slots that hold the roots of a shuffled forest. */
const ROOTS = 12;

/** One new object of `granules` granules, its first a number, the others references to what the roots hold or words. */
function make(t: Hart, ap: AllocationPoint, dst: number, roots: number, granules: number, draw: (limit: number) => number): void {
  const cell = t.local();
  const picks = Array.from({ length: granules - 1 }, () => draw(ROOTS + 4)), number = draw(1 << 30);
  do {
    expect(ap.reserve(cell, granules * 16)).toBe(ResOK);
    t.store32(cell, 0, number);
    for (let word = 4; word < 16; word += 4) t.store32(cell, word, 0);
    picks.forEach((pick, index) => {
      if (pick < ROOTS) t.storeCap(cell, 16 + index * 16, roots + pick);
      else for (let word = 0; word < 16; word += 4) t.store32(cell, 16 + index * 16 + word, pick);
    });
  } while (!ap.commit(cell));
  t.move(dst, cell);
  t.leave(cell);
}

/** Random making, linking and dropping by some threads; what the oracles have judged at the end. */
function forest(seed: number, threads: number, options: BootOptions): OracleCounts {
  const system = boot({ memory: '8MiB', nursery: '8KiB', ...options, seed }), pool = system.arena.pool('amc');
  // Where there are no barriers pages stay open, whatever the shield wants.
  const oracle = new Oracle(system.arena, system.arena.plinth.incremental ? system.space : null);
  for (let thread = 0; thread < threads; ++thread) {
    const draw = random(seed + thread);
    system.thread(`forester ${thread}`, function* (t) {
      yield* forester(t, pool.allocationPoint(t), 6000 / threads, draw);
      system.arena.collect();
    });
  }
  system.run();
  return oracle.counts;
}

function* forester(t: Hart, ap: AllocationPoint, rounds: number, draw: (limit: number) => number): Generator<undefined, void, undefined> {
  const roots = t.enter(ROOTS);
  for (let round = 0; round < rounds; ++round) {
    const slot = roots + draw(ROOTS);
    if (draw(10) === 0) t.clear(slot);
    else make(t, ap, slot, roots, draw(400) === 0 ? 1100 + draw(2000) : 2 + draw(6), draw);
    if (draw(3) === 0) {
      // An old object is made to refer to a newer one.
      const old = roots + draw(ROOTS);
      if (t.isTagged(old)) t.storeCap(old, 16, roots + draw(ROOTS));
    }
    if (round % 50 === 0) yield;
  }
}

describe('a forest that grows, is linked and is cut', () => {
  for (const seed of seeds(4)) {
    for (const collect of ['normal', 'every-poll'] as const) {
      test(`keeps its graph, its summaries, and no garbage <design/oracle#.inv.graph> <design/oracle#.inv.summary> <design/oracle#.inv.garbage> ${collect} seed=${seed}`, () => {
        const counts = forest(seed, 1, { collect, platform: 'an' });
        expect(counts.graphs).toBeGreaterThan(20);
        expect(counts.objects).toBeGreaterThan(300);
        expect(counts.worlds).toBeGreaterThan(0);
        expect(counts.summaries).toBeGreaterThan(10);
        expect(counts.leaves).toBeGreaterThan(100);
        expect(counts.shielded).toBeGreaterThan(10);
      });
    }
  }

  for (const seed of seeds(3)) {
    test(`keeps its graph also by quanta, while two foresters run behind barriers <design/oracle#.inv.graph> <design/oracle#.inv.black> <design/oracle#.inv.shield> seed=${seed}`, () => {
      const counts = forest(seed, 2, { pause: 0, platform: 'ix' });
      expect(counts.halves).toBeGreaterThan(20);
      expect(counts.blacks).toBeGreaterThan(1000);
      expect(counts.worlds).toBeGreaterThan(0);
      expect(counts.leaves).toBeGreaterThan(40);
      expect(counts.shielded).toBeGreaterThan(40);
    });
  }
});

test('two heaps that differ in one word, one size or one reference have different graphs <design/oracle#.graph>', () => {
  const graphWith = (change: (t: Hart, cells: number) => void): ReturnType<typeof graphOf> => {
    const system = boot({ memory: '1MiB' });
    let graph: ReturnType<typeof graphOf> | null = null;
    system.thread('t', function* (t) {
      const ap = system.arena.pool('amc').allocationPoint(t), cells = t.enter(2), draw = random(1);
      make(t, ap, cells, cells, 2, () => ROOTS);
      make(t, ap, cells + 1, cells, 3, (limit) => (limit === ROOTS + 4 ? 0 : draw(limit)));
      change(t, cells);
      graph = graphOf(system.arena);
    });
    system.run();
    return graph as unknown as ReturnType<typeof graphOf>;
  };
  const plain = graphWith(() => undefined);
  expect(plain.nodes).toBe(2);
  expect(graphDifference(plain, graphWith(() => undefined))).toBeNull();
  expect(graphDifference(plain, graphWith((t, cells) => { t.store32(cells, 4, 1); }))).not.toBeNull();
  expect(graphDifference(plain, graphWith((t, cells) => { t.storeCap(cells + 1, 16, cells + 1); }))).not.toBeNull();
  expect(graphDifference(plain, graphWith((t, cells) => { t.clear(cells + 1); }))).not.toBeNull();
});
