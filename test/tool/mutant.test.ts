import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mutantApply, mutantProblem, outcomeOf, type Mutant } from '../../tool/mutant.ts';
import { mutants } from '../../tool/mutants.list.ts';
import { root } from '../../tool/tree.ts';

const mutant: Mutant = { name: 'm', file: 'code/a.ts', old: 'a < b', new: 'a <= $&b', tests: ['test/a.test.ts'] };

test('a mutant replaces its one old text, taken literally <design/mutants#.inv.once>', () => {
  expect(mutantProblem(mutant, 'if (a < b) f();')).toBeNull();
  expect(mutantApply(mutant, 'if (a < b) f();')).toBe('if (a <= $&b) f();');
});

test('an old text that is gone, or not the only one, is reported <design/mutants#.inv.once>', () => {
  expect(mutantProblem(mutant, 'a > b')).toBe('its old text occurs 0 times in code/a.ts, not once');
  expect(mutantProblem(mutant, 'a < b; a < b')).toBe('its old text occurs 2 times in code/a.ts, not once');
  expect(mutantProblem(mutant, null)).toBe('there is no code/a.ts');
  expect(mutantProblem({ ...mutant, new: mutant.old }, 'a < b')).toBe('old and new are the same');
});

test('a failing test kills, and so does the end of the test runner; a mutant that does not load is broken <design/mutants#.outcome>', () => {
  const report = (failed: number): string => JSON.stringify({ numFailedTests: failed });
  expect(outcomeOf(0, report(0))).toBe('survived');
  expect(outcomeOf(1, report(3))).toBe('killed');
  expect(outcomeOf(1, report(0))).toBe('broken');
  expect(outcomeOf(1, null)).toBe('killed');
});

test('every mutant of the list can be applied, has a name of its own and names tests that exist <design/mutants#.inv.once>', () => {
  const problems = mutants.flatMap((each) => {
    const path = join(root, each.file);
    const problem = mutantProblem(each, existsSync(path) ? readFileSync(path, 'utf8') : null);
    const missing = each.tests.filter((file) => !existsSync(join(root, file)));
    return [...(problem === null ? [] : [`${each.name}: ${problem}`]), ...missing.map((file) => `${each.name}: there is no ${file}`)];
  });
  expect(problems).toEqual([]);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  expect(mutants.every(({ tests }) => tests.length > 0)).toBe(true);
});
