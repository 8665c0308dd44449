/* differential.test.ts: does Capstan print what a plain evaluator prints? <design/testing#.differential>
 *
 * SEED=n replays one seed; COUNT=n tries the seeds from 1 to n instead of the first 60.
 */
import { describe, expect, test } from 'vitest';
import type { BootOptions } from '../../code/mps/mps.ts';
import { generate } from './generate.ts';
import { run } from './plain/plain.ts';
import { start } from './start.ts';

const only = process.env['SEED'];
const seeds = only === undefined
  ? Array.from({ length: Number(process.env['COUNT'] ?? 60) }, (_, i) => i + 1)
  : [Number(only)];

const settings: [name: string, options: BootOptions][] = [
  ['normal', {}],
  ['a nursery of one page', { nursery: '4KiB', grain: '4KiB', pause: '0' }],
  ['a nursery of one page and no barriers', { nursery: '4KiB', grain: '4KiB', platform: 'an' }],
  ['a collection at every poll', { nursery: '4KiB', grain: '4KiB', collect: 'every-poll' }],
];

/** outcome -- what a run prints and how it ends; a fault of the machine is an outcome too, so that the seed is reported */
function outcome(program: string, options: BootOptions): { output: string; end: string } {
  try {
    const { output, status, message } = start(program, options);
    return { output, end: status === 'done' ? 'done' : `${status}: ${message}` };
  } catch (error) {
    return { output: '', end: String(error) };
  }
}

describe.each(settings)('Capstan prints what the plain evaluator prints, with %s <design/testing#.differential>', (_, options) => {
  test.each(seeds)('seed %i', (seed) => {
    const program = generate(seed);
    expect(outcome(program, options)).toEqual({ output: run(program, 2_000_000).output, end: 'done' });
  });
});
