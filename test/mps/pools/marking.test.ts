/* marking.test.ts: random graphs of marked objects and leaves, under hostile parameters, against their shadows. */
import { describe, expect, test } from 'vitest';
import type { Arena, Format, MarkingPool } from '../../../code/mps/mps.ts';
import { seeds } from '../../seed.ts';
import { Rig, behind, headed, type RigOptions } from '../rig.ts';
import { canonical } from '../shadow.ts';

const small = [16, 16, 32, 32, 32, 48, 64, 100, 112, 256, 400];
const pages = [...small, 1000, 4032, 4048, 4096, 5000];
const scanOnly: Format = { name: 'scan only', scan: headed.scan! };

type Maker = (arena: Arena, format: Format) => MarkingPool;

/** Pools whose chains have one generation, of `capacity` bytes. */
const ams = (capacity: number): Maker => (arena, format) => arena.pool('ams', { format, chain: arena.chain([{ capacity, mortality: 0.5 }]) });
const lo = (capacity: number): Maker => (arena, format) => arena.pool('lo', { format, chain: arena.chain([{ capacity, mortality: 0.5 }]) });
const pools = (capacity: number): Pick<RigOptions, 'pool' | 'beside'> => ({ pool: ams(capacity), beside: [lo(capacity)] });

/** Hostile parameters, and what a run under them must at least have done to be worth anything. */
interface Case extends Omit<RigOptions, 'habits' | 'pool'> {
  readonly steps: number;
  readonly capacity: number;
  readonly habits?: Partial<RigOptions['habits']>;
  readonly collections: number;
  readonly reclaimed: number;
  readonly failures?: number;
  readonly retries?: number;
  readonly hits?: number;
}

const cases: Record<string, Case> = {
  'room enough': { steps: 800, capacity: 1_000_000, collections: 10, reclaimed: 500_000, habits: { collects: 3 } },
  'a collection at every poll, generation and grain of a page': {
    steps: 600, capacity: 4096, nursery: '4KiB', grain: '4KiB', collect: 'every-poll', habits: { sizes: pages }, collections: 50, reclaimed: 150_000,
  },
  'several chunks, nothing spare': { steps: 700, capacity: 65_536, chunk: '128KiB', nursery: '64KiB', spare: 0, collections: 10, reclaimed: 200_000 },
  'little memory': {
    steps: 2500, capacity: 16_384, memory: '192KiB', nursery: '16KiB', habits: { sizes: pages }, collections: 20, reclaimed: 100_000,
  },
  'hardly any memory': {
    steps: 1500, capacity: 4096, memory: '64KiB', nursery: '4KiB', habits: { sizes: pages, roots: 8 }, collections: 50, reclaimed: 50_000, failures: 1,
  },
  'grains of 64 KiB': { steps: 600, capacity: 131_072, memory: '3MiB', nursery: '128KiB', grain: '64KiB', collections: 6, reclaimed: 200_000 },
  'zones that all alias': {
    steps: 1500, capacity: 4096, memory: '2MiB', chunk: '128KiB', nursery: '4KiB', grain: '4KiB', habits: { sizes: small, roots: 20, collects: 3 }, collections: 20, reclaimed: 40_000,
  },
  'three mutators that interrupt each other': {
    steps: 250, capacity: 32_768, mutators: 3, nursery: '32KiB', habits: { yields: true, collects: 4 }, collections: 25, reclaimed: 300_000, retries: 5,
  },
  'barriers, the trace in quanta': {
    steps: 4000, capacity: 16_384, barriers: true, nursery: '16KiB', habits: { sizes: pages, yields: true, collects: 0 }, mutators: 2, collections: 5, reclaimed: 50_000, hits: 5,
  },
  'barriers and little memory': {
    steps: 1500, capacity: 16_384, barriers: true, memory: '256KiB', nursery: '16KiB', mutators: 2, habits: { sizes: pages, yields: true, collects: 0 }, collections: 8, reclaimed: 50_000, hits: 1,
  },
};

const formats: [string, Partial<RigOptions>, Partial<RigOptions['habits']>][] = [
  ['tags', {}, {}],
  ['a format of its own', { format: headed }, { header: true }],
  ['a format that only scans', { format: scanOnly }, { header: true }],
  ['a format whose pointers point past a header', { format: behind }, { header: true, sizes: [...pages.filter((size) => size > 16), 5000, 9000, 20_000] }],
];

for (const [format, options, habits] of formats) {
  describe(`by ${format}`, () => {
    for (const [name, it] of Object.entries(cases)) {
      for (const seed of format === 'tags' ? seeds(3) : [4]) {
        test(`the graph survives ${name}, where it is <design/marking#.req.graph> seed=${seed}`, () => {
          const rig = new Rig({ ...it, ...options, ...pools(it.capacity), habits: { ...it.habits, ...habits, seed } });
          rig.play(it.steps);
          rig.end();
          const { counts } = rig.arena;
          expect([counts.bytesCopied, counts.emergencies, counts.tagsLost]).toEqual([0, 0, 0]);
          expect(counts.collections, 'weak run: collections').toBeGreaterThanOrEqual(it.collections);
          expect(counts.bytesReclaimed, 'weak run: bytes reclaimed').toBeGreaterThanOrEqual(it.reclaimed);
          expect(counts.bytesPreservedInPlace, 'weak run: bytes marked').toBeGreaterThanOrEqual(it.reclaimed / 10);
          expect(rig.failures, 'weak run: out of memory').toBeGreaterThanOrEqual(it.failures ?? 0);
          expect(rig.retries, 'weak run: commits that failed').toBeGreaterThanOrEqual(it.retries ?? 0);
          expect(rig.hits, 'weak run: barriers hit').toBeGreaterThanOrEqual(it.hits ?? 0);
        });
      }
    }
  });
}

for (const barriers of [false, true]) {
  test(`the graph survives a program of both copied and marked objects, ${barriers ? 'with' : 'without'} barriers <design/marking#.req.graph>`, () => {
    const rig = new Rig({ barriers, nursery: '16KiB', mutators: 2, habits: { seed: 9, sizes: pages, collects: barriers ? 0 : 2 }, beside: [ams(16_384), lo(16_384)] });
    rig.play(barriers ? 3000 : 800);
    rig.end();
    expect(rig.arena.counts.bytesCopied, 'weak run').toBeGreaterThan(50_000);
    expect(rig.arena.counts.bytesPreservedInPlace, 'weak run').toBeGreaterThan(50_000);
  });
}

test('what cannot be reached is gone after a collection of the world <design/marking#.req.garbage>', () => {
  const rig = new Rig({ ...pools(65_536), habits: { seed: 7, derives: false, sizes: pages }, memory: '4MiB', nursery: '64KiB' });
  for (let n = 0; n < 8; ++n) {
    rig.play(150);
    rig.arena.collect();
    rig.compare(true);
  }
  for (const mutator of rig.mutators) mutator.roots.forEach((_, i) => { if (i > 0) mutator.drop(i); });
  rig.arena.collect();
  expect(rig.pool.totalSize - rig.pool.freeSize).toBeLessThanOrEqual(65_536);
  rig.end();
});

/** One run in which the k-th charge of the ledger fails: the shape of its graph, and how many charges there were. */
function graphWith(failAt: number, options: Partial<RigOptions>, header: boolean): { text: string; charges: number; failures: number } {
  const rig = new Rig({ memory: '1MiB', nursery: '4KiB', ...pools(4096), ...options, habits: { seed: 5, header, sizes: pages, derives: false, collects: 2 } });
  rig.arena.ledger.failAt = failAt;
  rig.play(200);
  const text = rig.mutators.map(canonical).join('\n'), { charges } = rig.arena.ledger;
  const { failures } = rig;
  rig.end();
  expect(rig.arena.counts.emergencies, 'marking needs no memory').toBe(0);
  return { text, charges, failures };
}

const runs: [string, Partial<RigOptions>, boolean][] = [
  ['by tags', { collect: 'every-poll' }, false],
  ['by a format of its own', { collect: 'every-poll', format: headed }, true],
  ['behind barriers, the trace in quanta', { barriers: true }, false],
];

for (const [name, options, header] of runs) {
  test(`the graph is the same whichever charge of the ledger fails, ${name} <design/ledger#.req.kth> <design/marking#.inv.memory>`, () => {
    const { text, charges } = graphWith(0, options, header);
    for (let k = 1; k <= charges; ++k) {
      const found = graphWith(k, options, header);
      expect(found.text, `charge ${k}`).toBe(text);
      expect(found.failures).toBe(0);
    }
    expect(charges, 'weak run').toBeGreaterThan(15);
  });
}
