import { describe, expect, test } from 'vitest';
import ts from 'typescript';
import { importsOf } from '../../tool/imports.ts';
import { root, treeRead } from '../../tool/tree.ts';

const tree = treeRead(root);

/** Whether a source has a bigint: a literal, the type, or the constructor. */
function hasBigint(path: string): boolean {
  const source = ts.createSourceFile(path, tree.get(path) ?? '', ts.ScriptTarget.ES2023);
  let found = false;
  const visit = (node: ts.Node): void => {
    found ||= ts.isBigIntLiteral(node) || node.kind === ts.SyntaxKind.BigIntKeyword || (ts.isIdentifier(node) && node.text === 'BigInt');
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What a module of floor 1 imports as values from its own floor, and so on. */
function reached(path: string, found: Set<string> = new Set()): Set<string> {
  if (found.has(path)) return found;
  found.add(path);
  for (const { specifier, isValue } of importsOf(path, tree.get(path) ?? '')) {
    if (isValue && specifier?.startsWith('./')) reached(path.replace(/[^/]*$/, specifier.slice(2)), found);
  }
  return found;
}

describe('where bigint is', () => {
  /** What accesses are made of. `hart.ts` reaches most of it. */
  const words = [
    'hart', 'reach', 'granule', 'locked', 'ladder', 'words', 'slot', 'slot-morello', 'pages', 'memory', 'fault', 'atomic', 'wide', 'shadow', 'revoke',
  ];

  test('no module of accesses has one, or imports values from a module that has <design/machine#.req.words> <design/machine#.format.words>', () => {
    const all = new Set(words.flatMap((name) => [...reached(`code/machine/${name}.ts`)]));
    expect(all.size).toBeGreaterThanOrEqual(words.length);
    expect([...all].filter((path) => !tree.has(path))).toEqual([]);
    expect([...all].filter(hasBigint)).toEqual([]);
  });

  test('nor does the collector, in any of its modules <design/machine#.req.words>', () => {
    const modules = [...tree.keys()].filter((path) => /^code\/mps\/.*\.ts$/.test(path));
    expect(modules.length).toBeGreaterThan(30);
    expect(modules.filter(hasBigint)).toEqual([]);
  });

  test('the codec has: the test can see one <design/machine#.format.words>', () => {
    const found = [...tree.keys()].filter((path) => path.startsWith('code/machine/') && hasBigint(path)).map((path) => path.replace(/.*\//, ''));
    expect(found).toEqual(expect.arrayContaining(['bounds.ts', 'codec.ts', 'derive.ts', 'morello.ts', 'riscv.ts']));
  });
});
