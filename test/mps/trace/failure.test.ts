import { describe, expect, test } from 'vitest';
import { seeds } from '../../seed.ts';
import { Rig } from '../rig.ts';
import { canonical } from '../shadow.ts';

/** What became of a run on POSIX, in quanta as small as can be, in which the k-th charge of the ledger fails. */
interface Run { readonly text: string; readonly charges: number; readonly emergencies: number; readonly hits: number }

function run(failAt: number, seed: number): Run {
  const rig = new Rig({
    habits: { seed, roots: 24, sizes: [32, 64, 400, 1000, 4096, 20_000], collects: 0 }, mutators: 2, memory: '2MiB', nursery: '4KiB', barriers: true, seed,
  });
  const { ledger, counts } = rig.arena;
  ledger.failAt = failAt;
  rig.play(150);
  const text = rig.mutators.map(canonical).join('\n'), { charges } = ledger;
  expect(rig.failures).toBe(0);
  const { hits } = rig;
  rig.end();
  return { text, charges, emergencies: counts.emergencies, hits };
}

describe('whichever charge of the ledger fails', () => {
  for (const seed of seeds(2)) {
    test(`the graph is the same, though mutators run in the middle of traces <design/ledger#.req.kth> <design/shield#.queue.full> <design/trace#.inv.idempotent> seed=${seed}`, () => {
      const { text, charges, hits } = run(0, seed);
      let emergencies = 0;
      for (let k = 1; k <= charges; ++k) {
        const found = run(k, seed);
        expect(found.text, `charge ${k}`).toBe(text);
        emergencies += found.emergencies;
      }
      expect(charges, 'weak run').toBeGreaterThan(30);
      expect(hits, 'weak run').toBeGreaterThan(3);
      expect(emergencies, 'weak run').toBeGreaterThan(3);
    });
  }
});
