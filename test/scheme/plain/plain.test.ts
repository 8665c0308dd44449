/* plain.test.ts: is the plain evaluator one to measure by? <design/testing#.plain> */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Exhausted, run } from './plain.ts';

const folder = new URL('../../data/scheme/', import.meta.url);
const programs = readdirSync(folder).filter((name) => name.endsWith('.scm')).map((name) => name.slice(0, -4));

describe('the plain evaluator prints what an independent system printed <design/testing#.plain>', () => {
  test('for twelve programs', () => { expect(programs.length).toBe(12); });

  test.each(programs)('%s', (name) => {
    const { output, error } = run(readFileSync(new URL(`${name}.scm`, folder), 'utf8'));
    expect(error).toBeNull();
    expect(output).toBe(readFileSync(new URL(`${name}.out`, folder), 'utf8'));
  });
});
