/* programs.test.ts: the twelve programs print what they should, however the heap is set. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { variety } from '../../code/base/base.ts';
import { Oracle } from '../../code/observe/observe.ts';
import { allPairs, coveredPairs, pairwise } from '../pairwise.ts';
import { start, type StartOptions } from './start.ts';

const place = resolve(import.meta.dirname, '../data/scheme');
const programs = readdirSync(place).filter((name) => name.endsWith('.scm')).map((name) => name.slice(0, -4)).sort();
const text = (name: string): string => readFileSync(join(place, name), 'utf8');

/** Programs whose smallest memory is quickly found, where checks are few; `make soak` finds it for all of them. */
const quick = new Set(variety === 'hot' ? ['bank', 'callcc', 'fib', 'meta', 'queens', 'strings'] : []);

/** Programs that keep much alive. */
const large = new Set(['deep', 'sieve', 'trees']);

const factors = {
  program: programs, nursery: ['4KiB', '64KiB', '8MiB'], grain: ['4KiB', '64KiB'], collect: ['normal', 'every-poll'],
  memory: ['ample', 'least'], seed: ['1', '2', '3', '4', '5'], threads: ['1', '4'], platform: ['ix', 'an'], pause: ['0', '10ms'],
} as const;
const rows = pairwise(factors);
const grainSizes: Readonly<Record<string, number>> = { '4KiB': 4096, '64KiB': 65536 };

/** The smallest memory, in grains, in which a program ends as it should, plus one grain <design/testing#.least>. */
function leastMemory(name: string, options: StartOptions, grain: number): number {
  const ends = (grains: number): boolean => start(text(`${name}.scm`), { ...options, memory: grains * grain }).status === 'done';
  let low = 0, high = 16;
  while (!ends(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (ends(middle)) high = middle;
    else low = middle;
  }
  return (high + 1) * grain;
}

test('the table covers all pairs of settings <design/testing#.pairwise>', () => {
  expect(programs).toHaveLength(12);
  expect([...coveredPairs(rows)].sort()).toEqual(allPairs(factors).sort());
  expect(rows.length).toBeLessThan(90);
});

describe('programs print the same under hostile settings <design/scheme#.req.same>', () => {
  for (const { program, nursery: asked, grain, collect, memory, seed, threads, platform, pause } of rows) {
    const isLeast = memory === 'least' && quick.has(program);
    // The deepest recursion by four threads, with a collection every 4 KiB, takes a minute; less shows the same, the more so where all is checked.
    const nursery = program === 'deep' && variety === 'cool' ? '64KiB' : asked;
    const most = program === 'deep' && nursery === '4KiB' ? 2 : variety === 'cool' && large.has(program) ? 1 : 4, count = Math.min(most, Number(threads));
    test(`${program} on ${platform}: nursery ${nursery}, grain ${grain}, ${collect}, pause ${pause}, ${isLeast ? 'least' : 'ample'} memory, seed ${seed}, ${count} threads`, () => {
      const options: StartOptions = {
        nursery, grain, collect: collect as 'normal' | 'every-poll', pause, seed: Number(seed), threads: count, platform: platform as 'ix' | 'an',
      };
      const size = isLeast ? leastMemory(program, options, grainSizes[grain]) : '256MiB';
      const ended = start(text(`${program}.scm`), { ...options, memory: size });
      expect([ended.status, ended.message]).toEqual(['done', '']);
      expect(ended.output).toBe(text(`${program}.out`).repeat(count));
    });
  }
});

describe('the graph stays the same over every collection <design/oracle#.inv.graph>', () => {
  for (const program of ['bank', 'errors', 'meta', 'mutate', 'strings', 'tak']) {
    const nursery = program === 'mutate' ? '64KiB' : '16KiB';

    test(`${program} <design/oracle#.inv.summary> <design/oracle#.inv.garbage>`, () => {
      let oracle: Oracle | null = null;
      const ended = start(text(`${program}.scm`), { nursery, memory: '32MiB', platform: 'an' }, (system) => { oracle = new Oracle(system.arena); });
      expect(ended.output).toBe(text(`${program}.out`));
      const { counts } = oracle as unknown as Oracle;
      expect(counts.graphs).toBeGreaterThan(2);
      expect(counts.objects).toBeGreaterThan(10_000);
      expect(counts.summaries).toBeGreaterThan(5);
    });

    for (const threads of [1, ['bank', 'meta', 'strings'].includes(program) ? 4 : 2].slice(0, variety === 'cool' && program === 'mutate' ? 1 : 2)) {
      test(`${program} by ${threads} threads, behind barriers, by quanta <design/oracle#.inv.black> <design/oracle#.inv.shield> <design/oracle#.inv.summary>`, () => {
        let oracle: Oracle | null = null;
        const ended = start(text(`${program}.scm`), { nursery, memory: '64MiB', platform: 'ix', pause: '0', threads, seed: threads }, (system) => {
          oracle = new Oracle(system.arena, system.space);
        });
        expect(ended.output).toBe(text(`${program}.out`).repeat(threads));
        const { counts } = oracle as unknown as Oracle;
        expect(counts.graphs).toBeGreaterThan(2);
        expect(counts.objects).toBeGreaterThan(10_000);
        expect(counts.blacks).toBeGreaterThan(1000);
        expect(counts.leaves).toBeGreaterThan(20);
        expect(counts.shielded).toBeGreaterThan(5);
      });
    }
  }
});
