import { describe, expect, test } from 'vitest';
import type { Format } from '../../../code/mps/mps.ts';
import { Rig, behind, headed, type RigOptions } from '../rig.ts';
import { canonical } from '../shadow.ts';

const small = [16, 16, 32, 32, 32, 48, 64, 100, 112, 256, 400];
const pages = [...small, 1000, 4032, 4048, 4096, 5000];
/** Objects are longer than their headers. */
const longer = [...pages.filter((size) => size > 16), 8192, 9000, 16368, 16384, 20000, 70000];
const scanOnly: Format = { name: 'scan only', scan: headed.scan! };

/** Hostile parameters, and what a run under them must at least have done to be worth anything. */
interface Case extends Omit<RigOptions, 'habits'> {
  readonly steps: number;
  readonly habits?: Partial<RigOptions['habits']>;
  readonly collections: number;
  readonly copied: number;
  readonly emergencies?: number;
  readonly failures?: number;
  readonly retries?: number;
  readonly hits?: number;
}

const cases: Record<string, Case> = {
  'room enough': { steps: 800, collections: 10, copied: 500_000, habits: { collects: 3 } },
  'a collection at every poll, nursery and grain of a page': {
    steps: 600, nursery: '4KiB', grain: '4KiB', collect: 'every-poll', habits: { sizes: pages }, collections: 60, copied: 200_000,
  },
  'several chunks, nothing spare': { steps: 700, chunk: '128KiB', nursery: '64KiB', spare: 0, collections: 15, copied: 200_000 },
  'little memory': {
    steps: 2500, memory: '192KiB', nursery: '16KiB', habits: { sizes: pages }, collections: 40, copied: 100_000, emergencies: 1,
  },
  'hardly any memory': {
    steps: 1500, memory: '64KiB', nursery: '4KiB', habits: { sizes: pages, roots: 8 }, collections: 100, copied: 50_000, emergencies: 20, failures: 5,
  },
  'grains of 64 KiB': { steps: 600, memory: '3MiB', nursery: '128KiB', grain: '64KiB', collections: 10, copied: 200_000 },
  'zones that all alias': {
    steps: 1500, memory: '2MiB', chunk: '128KiB', nursery: '4KiB', grain: '4KiB', habits: { sizes: small, roots: 20, collects: 3 }, collections: 20, copied: 50_000,
  },
  'three mutators that interrupt each other': {
    steps: 250, mutators: 3, nursery: '32KiB', habits: { yields: true, collects: 4 }, collections: 25, copied: 300_000, retries: 5,
  },
  'barriers, the trace in quanta': {
    steps: 4000, barriers: true, nursery: '16KiB', habits: { sizes: pages, yields: true, collects: 0 }, mutators: 2, collections: 5, copied: 50_000, hits: 5, retries: 1,
  },
  'a grain at a time, and much that is large': {
    steps: 1000, nursery: '16KiB', pool: (arena, format) => arena.pool('amc', { format, extendBy: 4096, largeSize: 4096 }), habits: { sizes: pages }, collections: 20, copied: 10_000,
  },
  'barriers and little memory': {
    steps: 1500, barriers: true, memory: '256KiB', nursery: '16KiB', mutators: 2, habits: { sizes: pages, yields: true, collects: 0 }, collections: 10, copied: 50_000, hits: 1,
  },
};

const formats: [string, Partial<RigOptions>, Partial<RigOptions['habits']>][] = [
  ['tags', {}, {}],
  ['a format of its own', { format: headed }, { header: true }],
  ['a format that only scans', { format: scanOnly }, { header: true }],
  ['a format of objects behind headers', { format: behind }, { header: true, sizes: longer }],
];

for (const [format, options, habits] of formats) {
  describe(`by ${format}`, () => {
    for (const [name, it] of Object.entries(cases)) {
      for (const seed of format === 'tags' ? [1, 2, 3] : [4]) {
        test(`the graph survives ${name}, seed ${seed} <design/amc#.req.graph>`, () => {
          const rig = new Rig({ ...it, ...options, habits: { ...it.habits, ...habits, seed } });
          rig.play(it.steps);
          rig.end();
          const { counts } = rig.arena;
          expect(counts.collections, 'weak run: collections').toBeGreaterThanOrEqual(it.collections);
          expect(counts.bytesCopied, 'weak run: bytes copied').toBeGreaterThanOrEqual(it.copied);
          expect(counts.emergencies, 'weak run: emergencies').toBeGreaterThanOrEqual(it.emergencies ?? 0);
          expect(rig.failures, 'weak run: out of memory').toBeGreaterThanOrEqual(it.failures ?? 0);
          expect(rig.retries, 'weak run: commits that failed').toBeGreaterThanOrEqual(it.retries ?? 0);
          expect(rig.hits, 'weak run: barriers hit').toBeGreaterThanOrEqual(it.hits ?? 0);
          expect(rig.compared).toBeGreaterThanOrEqual(counts.collections);
          expect(counts.tagsLost).toBeGreaterThanOrEqual(rig.lost);
        });
      }
    }
  });
}

test('what cannot be reached is gone after a collection of the world <design/amc#.req.garbage>', () => {
  const rig = new Rig({ habits: { seed: 7, derives: false, sizes: pages }, memory: '4MiB', nursery: '64KiB' });
  for (let n = 0; n < 8; ++n) {
    rig.play(150);
    rig.arena.collect();
    rig.compare(true);
  }
  for (const mutator of rig.mutators) mutator.roots.forEach((_, i) => { if (i > 0) mutator.drop(i); });
  rig.end();
});

/** One run in which the k-th charge of the ledger fails: the shape of its graph, and how many charges there were. */
function graphWith(failAt: number, format: Partial<RigOptions>, header: boolean): { text: string; charges: number; emergencies: number } {
  const rig = new Rig({ memory: '1MiB', nursery: '4KiB', collect: 'every-poll', ...format, habits: { seed: 5, header, sizes: format.format === behind ? pages.filter((size) => size > 16) : pages, collects: 2 } });
  rig.arena.ledger.failAt = failAt;
  rig.play(150);
  const text = rig.mutators.map(canonical).join('\n'), { charges } = rig.arena.ledger;
  rig.end();
  return { text, charges, emergencies: rig.arena.counts.emergencies };
}

for (const [format, options] of formats) {
  test(`the graph is the same whichever charge of the ledger fails, by ${format} <design/ledger#.req.kth>`, () => {
    const header = format !== 'tags', { text, charges } = graphWith(0, options, header);
    let emergencies = 0;
    for (let k = 1; k <= charges; ++k) {
      const found = graphWith(k, options, header);
      expect(found.text, `charge ${k}`).toBe(text);
      emergencies += found.emergencies;
    }
    expect(charges, 'weak run').toBeGreaterThan(20);
    expect(emergencies, 'weak run').toBeGreaterThan(5);
  });
}

test('with no memory for copies ever, the graph survives where it is, and a later collection frees what was stuck <design/amc#.emergency>', () => {
  const rig = new Rig({ memory: '1MiB', nursery: '1MiB', habits: { seed: 6, derives: false, sizes: small, collects: 0 } });
  rig.play(400);
  const { ledger, counts } = rig.arena;
  Object.assign(ledger, { failAt: ledger.charges, failForever: true });
  rig.arena.collect();
  rig.compare();
  expect([counts.emergencies, counts.bytesCopied]).toEqual([1, 0]);
  ledger.failForever = false;
  ledger.failAt = 0;
  rig.arena.collect();
  rig.compare(true);
  expect(counts.bytesCopied).toBeGreaterThan(0);
  rig.end();
});
