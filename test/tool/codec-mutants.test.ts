import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { equivalents, subjects } from '../../tool/codec-mutants.list.ts';
import { changeApply, changesOf } from '../../tool/mutate.ts';
import { root } from '../../tool/tree.ts';

const small = `import type { A } from './a.ts';
export type Size = 1 | 2;
/* 3 < 4 */
export function f(a: number, b: 5): boolean {
  if (a < b) return true;
  return (a & 7) !== 0;
}
`;

const textsOf = (source: string): string[] => changesOf('a.ts', source).map((change) => changeApply(change, source));
const having = (old: string, replacement: string): string => small.replace(old, replacement);

test('a change replaces one thing; types, imports and comments are left alone <design/mutants#.change>', () => {
  expect(textsOf(small).sort()).toEqual([
    having('a < b', 'true'), having('a < b', 'false'), having('a < b', 'a <= b'), having('a < b', 'a >= b'), having('return true', 'return false'),
    having('!== 0', '=== 0'), having('!== 0', '!== 1'), having('!== 0', '!== (-1)'), having('a & 7', 'a | 7'), having('a & 7', 'a'), having('a & 7', '7'),
    having('a & 7', 'a & 8'), having('a & 7', 'a & 6'),
  ].sort());
});

test('each kind of syntax has its changes <design/mutants#.change>', () => {
  const changed = (expression: string): string[] => textsOf(expression).sort();
  expect(changed('v = a && b')).toEqual([';', 'v = a', 'v = a || b', 'v = b']);
  expect(changed('v = !a')).toEqual([';', 'v = a']);
  expect(changed('x = c ? a : b')).toEqual([';', 'x = (a)', 'x = (b)']);
  expect(changed('y = BigInt.asUintN(0x40, x)')).toEqual([
    ';', 'y = (x)', 'y = BigInt.asIntN(0x40, x)', 'y = BigInt.asUintN(0x3f, x)', 'y = BigInt.asUintN(0x41, x)',
  ]);
  expect(changed('if (a) x += b')).toEqual(['if (a) ;', 'if (a) x -= b', 'if (false) x += b', 'if (true) x += b']);
  expect(changed('v = 0n << 1n')).toEqual([';', 'v = (-1n) << 1n', 'v = 0n << 0n', 'v = 0n << 2n', 'v = 0n >> 1n', 'v = 1n << 1n']);
  expect(changed("v = 'a'")).toEqual([';', "v = ''"]);
});

test('a name tells a change from every other and outlives edits around it <design/mutants#.change>', () => {
  const names = changesOf('a.ts', small).map(({ name }) => name);
  expect(names).toContain('a.ts f: if (a < b) return true; -> if (a <= b) return true;');
  expect(changesOf('a.ts', `const before = g;\n\n${small}`).map(({ name }) => name)).toEqual(names);
  expect(changesOf('a.ts', 'function f() { g(1); g(1); }').map(({ name }) => name)).toContain('a.ts f: g(1); -> g(2); (2)');
  for (const { file, only } of subjects) {
    const all = changesOf(file, readFileSync(join(root, file), 'utf8'), only).map(({ name }) => name);
    expect(all.length).toBeGreaterThan(0);
    expect(new Set(all).size).toBe(all.length);
  }
});

test('every change that is listed as equivalent can be made, is listed once and has a reason <design/mutants#.codec.equivalent>', () => {
  const changes = subjects.flatMap(({ file, only }) => changesOf(file, readFileSync(join(root, file), 'utf8'), only));
  const names = new Set(changes.map(({ name }) => name));
  const listed = equivalents.flatMap(({ changes }) => changes);
  expect(listed.filter((name) => !names.has(name))).toEqual([]);
  expect(new Set(listed).size).toBe(listed.length);
  expect(equivalents.filter(({ why, changes }) => why.length < 20 || changes.length === 0)).toEqual([]);
});
