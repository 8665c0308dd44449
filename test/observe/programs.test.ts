/* programs.test.ts: named programs under the oracles that show graph, colour and summaries wrong. The mutants of
 * tool/mutants.oracles.list.ts are convicted here <design/oracle#.req.convict>. */
import { describe, expect, test } from 'vitest';
import { seeds } from '../seed.ts';
import { judged } from './judged.ts';
import { relink } from './stepped.ts';

describe('an oracle has nothing to say of', () => {
  for (const program of ['bank', 'meta', 'strings']) {
    test(`${program} by 2 threads <design/oracle#.inv.graph> <design/oracle#.inv.black> <design/oracle#.inv.summary>`, () => {
      const { counts, isRight } = judged(program);
      expect(isRight).toBe(true);
      expect(counts.halves, 'weak run').toBeGreaterThan(20);
      expect(counts.blacks, 'weak run').toBeGreaterThan(20_000);
      expect(counts.summaries, 'weak run').toBeGreaterThan(200);
    });
  }

  for (const seed of seeds(12)) {
    test(`relink by 3 threads that are cut anywhere <design/oracle#.inv.graph> <design/oracle#.inv.black> <design/thix#.suspend> <design/buffer#.inv.trip> seed=${seed}`, () => {
      const { counts, trips, stopped } = relink(seed);
      expect(counts.halves, 'weak run').toBeGreaterThan(80);
      expect(counts.blacks, 'weak run').toBeGreaterThan(1000);
      expect(counts.shielded, 'weak run').toBeGreaterThan(80);
      expect(trips, 'weak run').toBeGreaterThan(0);
      expect(stopped, 'weak run').toBeGreaterThan(50);
    });
  }
});
