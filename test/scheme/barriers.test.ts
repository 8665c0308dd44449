/* barriers.test.ts: programs run into the barriers, their threads are suspended, and each fault is accounted for. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { variety } from '../../code/base/base.ts';
import type { Event, System } from '../../code/mps/mps.ts';
import { graphOf } from '../../code/observe/observe.ts';
import { start } from './start.ts';

const text = (name: string): string => readFileSync(resolve(import.meta.dirname, `../data/scheme/${name}`), 'utf8');

/** The most that a program keeps alive, in bytes, as far as a look at every eighth collection shows. */
function liveOf(name: string, threads: number): number {
  let most = 0;
  start(text(`${name}.scm`), { nursery: '64KiB', memory: '256MiB', threads }, ({ arena }) => {
    arena.watcher = { finished: ({ count }) => { if (count % 8 === 0) most = Math.max(most, graphOf(arena).size); } };
  });
  return most;
}

/** What a run came to. */
interface Took { readonly reads: number; readonly writes: number; readonly flips: number }

/** Run a program in so much memory, and see that its faults and suspensions add up. */
function run(name: string, memory: number, threads: number, seed: number): Took {
  let system: System | null = null, running = 0;
  const events = (event: Event): void => {
    if (event.type === 'flip') running += (system as System).threads().length - 1;
  };
  const ended = start(text(`${name}.scm`), { nursery: '64KiB', pause: '0', memory, threads, seed, events }, (booted) => { system = booted; });
  expect([ended.status, ended.output]).toEqual(['done', text(`${name}.out`).repeat(threads)]);
  const { arena: { counts }, platform } = system as unknown as System, { faults, forwarded, cleared } = platform.faults();
  expect(faults).toBe(counts.readHits + counts.writeHits + counts.clearedHits + forwarded + cleared);
  expect(counts.suspensions).toBe(counts.resumptions);
  expect(counts.suspensions).toBeGreaterThanOrEqual(running);
  if (threads > 1) expect(running, 'weak run: threads that run at a flip').toBeGreaterThan(counts.flips);
  return { reads: counts.readHits, writes: counts.writeHits, flips: counts.flips };
}

describe('with a pause of 0 and memory of three times the live data', () => {
  // Checked in full, those with large heaps take minutes.
  for (const name of variety === 'cool' ? ['meta'] : ['trees', 'mutate', 'meta', 'deep', 'sieve']) {
    test(`${name} takes hits of both barriers, all faults are accounted for, and every thread that runs is suspended at each flip `
      + '<design/protix#.inv.count> <design/shield#.inv.unsynced.suspended> <design/thix#.suspend>', () => {
      const total = { reads: 0, writes: 0, flips: 0 };
      for (const threads of [1, 4]) {
        const memory = 3 * liveOf(name, threads) + 2 ** 20;
        for (let seed = 1; seed <= (variety === 'cool' ? 1 : name === 'deep' ? 2 : 5); ++seed) {
          const took = run(name, memory, threads, seed);
          total.reads += took.reads;
          total.writes += took.writes;
          total.flips += took.flips;
        }
      }
      expect(total.reads).toBeGreaterThan(5);
      expect(total.writes).toBeGreaterThan(0);
      expect(total.flips).toBeGreaterThan(50);
    });
  }
});
