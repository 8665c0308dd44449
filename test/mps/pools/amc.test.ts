import { describe, expect, test } from 'vitest';
import { boot, tagged, type BootOptions } from '../../../code/mps/mps.ts';
import { compare, Mutator, type Habits } from '../shadow.ts';

function run(options: BootOptions, habits: Habits, steps: number) {
  const system = boot({ statics: '8KiB', ...options });
  const { arena } = system;
  const hart = system.hart('m');
  const ap = arena.pool('amc', { format: tagged }).allocationPoint(hart);
  const m = new Mutator(arena, hart, ap, habits);
  const slot = hart.local();
  system.statics(hart, slot, 4096);
  m.adopt(slot, 4096);
  hart.clear(slot);
  let compared = 0, lost = 0;
  arena.watcher = { finished: () => { compared += 1; lost += compare(arena, [m]).lost; } };
  m.play(steps);
  arena.collect();
  const c = compare(arena, [m]);
  arena.check();
  console.log(JSON.stringify(arena.counts), compared, lost, c, m.failures, m.retries, m.derived, m.made);
  m.play(0);
  system.finish();
}

const configs: [string, BootOptions][] = [
  ['plain', { memory: '4MiB' }],
  ['nursery 4KiB every poll', { memory: '2MiB', nursery: '4KiB', grain: '4KiB', collect: 'every-poll' }],
  ['chunks', { memory: '2MiB', nursery: '64KiB', chunk: '128KiB', spare: 0 }],
  ['tiny', { memory: '192KiB', nursery: '16KiB' }],
  ['tinier', { memory: '64KiB', nursery: '4KiB' }],
  ['grain 64KiB', { memory: '3MiB', nursery: '128KiB', grain: '64KiB' }],
];
describe('x', () => {
  for (const [name, options] of configs) for (const seed of [1, 2]) {
    test(`${name} ${seed}`, () => { run(options, { seed, yields: false }, Number(process.env.STEPS ?? 3000)); });
  }
});
