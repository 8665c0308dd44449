import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { closing, nameFind } from '../../tool/mps-coverage.ts';
import { classesOf, namesParse } from '../../tool/mps-names.ts';

const text = readFileSync(new URL('../../tool/mps-names.txt', import.meta.url), 'utf8');

test('a name is covered if a test makes one of its calls, departs if it says where, and else is missing <design/coverage#.names>', () => {
  const names = namesParse('# a comment\nmps_a | A | A.a B.b\nmps_b | B | B.c\n\nmps_c | C <design/coverage#.departs.args> |\nmps_d | D |');
  const calls = new Map([['one', new Map([['B.b', 1]])], ['two', new Map([['A.a', 2], ['A.z', 9]])]]);
  const found = names.map((name) => nameFind(name, calls));
  expect(found.map(({ name, state, tests }) => [name, state, tests])).toEqual([
    ['mps_a', 'covered', ['two', 'one']], ['mps_b', 'missing', []], ['mps_c', 'departing', []], ['mps_d', 'missing', []],
  ]);
  expect(closing(found)).toBe('4 names, 1 covered, 1 departing, 2 missing');
});

test('the list has the interface\'s 325 names, each once, and each with what is here <design/coverage#.names>', () => {
  const names = namesParse(text);
  expect([names.length, new Set(names.map(({ name }) => name)).size, names.filter(({ here }) => here === '')]).toEqual([325, 325, []]);
  expect(classesOf(text).size).toBeGreaterThan(10);
});
