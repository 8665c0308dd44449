import { describe, expect, test } from 'vitest';
import { cyclesOf } from '../../tool/cycles.ts';
import { floorsCheck } from '../../tool/floors.ts';
import { importsOf } from '../../tool/imports.ts';
import { problemLine } from '../../tool/tree.ts';

/** Files of every floor, that import nothing. */
const empty: Record<string, string> = Object.fromEntries([
  'code/capstan.ts', 'code/base/base.ts', 'code/base/ring.ts', 'code/machine/machine.ts', 'code/machine/hart.ts',
  'code/os/os.ts', 'code/mps/mps.ts', 'code/mps/heap/seg.ts', 'code/mps/trace/scan.ts', 'code/mps/ix/thix.ts',
  'code/scheme/scheme.ts', 'code/scheme/vm.ts', 'code/observe/observe.ts', 'code/cli/main.ts', 'code/cli/cli.ts',
  'test/a.test.ts', 'tool/a.ts', 'tool/bench/a.ts',
].map((file) => [file, '']));

const check = (files: Record<string, string>): string[] =>
  floorsCheck(new Map(Object.entries({ ...empty, ...files }))).map(problemLine);

/** What is reported when `file` holds one line of source. */
const line = (file: string, text: string): string[] => check({ [file]: `\n${text}` });

test('a tree without imports has no problems <design/floors#.imports>', () => {
  expect(check({})).toEqual([]);
});

describe('values', () => {
  test.each([
    ['code/machine/hart.ts', '../base/base.ts'], ['code/mps/heap/seg.ts', '../../machine/machine.ts'],
    ['code/mps/heap/seg.ts', '../trace/scan.ts'], ['code/scheme/vm.ts', '../mps/mps.ts'], ['code/cli/main.ts', '../scheme/scheme.ts'],
    ['code/mps/ix/thix.ts', '../../os/os.ts'], ['code/capstan.ts', './mps/mps.ts'], ['code/cli/main.ts', '../capstan.ts'],
    ['test/a.test.ts', '../code/machine/hart.ts'], ['tool/a.ts', '../code/scheme/vm.ts'],
  ])('%s may import %s <design/floors#.inv.down>', (file, specifier) => {
    expect(line(file, `import { a } from '${specifier}';`)).toEqual([]);
  });

  test('from a floor above are reported <design/floors#.inv.down>', () => {
    expect(line('code/base/ring.ts', 'import { a } from \'../machine/machine.ts\';')).toEqual([
      'code/base/ring.ts:2: code/machine/machine.ts is imported, but machine is above base (hand it down as a value)',
    ]);
    expect(line('code/scheme/vm.ts', 'import \'../cli/cli.ts\';')).toHaveLength(1);
    expect(line('code/scheme/vm.ts', 'import { boot } from \'../capstan.ts\';')).toHaveLength(1);
  });

  test('from the floor beside are reported <design/floors#.inv.down>', () => {
    expect(line('code/observe/observe.ts', 'import { a } from \'../scheme/scheme.ts\';')).toEqual([
      'code/observe/observe.ts:2: code/scheme/scheme.ts is imported, but scheme is beside observe (hand it down as a value, or import type)',
    ]);
  });

  test('past a door are reported, from the command line and the package\'s door too <design/floors#.inv.door>', () => {
    expect(line('code/machine/hart.ts', 'import { Ring } from \'../base/ring.ts\';')).toEqual([
      'code/machine/hart.ts:2: code/base/ring.ts is imported past its floor\'s door (import code/base/base.ts)',
    ]);
    expect(line('code/cli/main.ts', 'export * from \'../scheme/vm.ts\';')).toHaveLength(1);
    expect(line('code/capstan.ts', 'export { Seg } from \'./mps/heap/seg.ts\';')).toHaveLength(1);
  });

  test('of the operating system reach the collector through code/mps/ix alone <design/floors#.inv.plinth>', () => {
    for (const form of ['import { a }', 'import type { A }']) {
      expect(line('code/mps/heap/seg.ts', `${form} from '../../os/os.ts';`)).toEqual([
        'code/mps/heap/seg.ts:2: code/os/os.ts is imported outside code/mps/ix (ask through the plinth)',
      ]);
    }
  });

  test('of test and tool stay out of code <design/floors#.inv.down>', () => {
    expect(line('code/scheme/vm.ts', 'import { a } from \'../../tool/a.ts\';')).toEqual([
      'code/scheme/vm.ts:2: tool/a.ts is imported into code/ (code/ stands alone: move what is needed into it)',
    ]);
  });

  test('of a file that does not exist are reported <design/floors#.imports>', () => {
    expect(line('test/a.test.ts', 'import { a } from \'../code/base/rung.ts\';')).toEqual([
      'test/a.test.ts:2: code/base/rung.ts is imported but does not exist (correct the path)',
    ]);
  });
});

describe('types', () => {
  test('may look sideways, inside a floor and to the floor beside <design/floors#.types>', () => {
    expect(line('code/mps/heap/seg.ts', 'import type { A } from \'../trace/scan.ts\';')).toEqual([]);
    expect(line('code/observe/observe.ts', 'import type { A } from \'../scheme/scheme.ts\';')).toEqual([]);
  });

  test('obey height and doors between floors <design/floors#.types>', () => {
    expect(line('code/base/ring.ts', 'import type { A } from \'../machine/machine.ts\';')).toHaveLength(1);
    expect(line('code/machine/hart.ts', 'let a: import(\'../base/ring.ts\').Ring;')).toHaveLength(1);
  });
});

describe('packages', () => {
  test.each([
    'import { readFileSync } from \'node:fs\';', 'import fs from \'fs\';', 'import { Command } from \'commander\';',
    'import type { Buffer } from \'node:buffer\';', 'const fs = require(\'fs\');', 'const fs = await import(\'node:fs\');',
  ])('below the command line are reported: %s <design/floors#.inv.alone>', (text) => {
    for (const file of ['code/base/ring.ts', 'code/scheme/vm.ts', 'code/capstan.ts']) {
      const found = line(file, text);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(/is imported below code\/cli \(take it as a value from above, or do without\)$/);
    }
    for (const file of ['code/cli/main.ts', 'test/a.test.ts', 'tool/a.ts']) expect(line(file, text)).toEqual([]);
  });

  test('that are named when it runs are reported below the command line <design/floors#.inv.alone>', () => {
    expect(line('code/base/ring.ts', 'await import(name);')).toEqual([
      'code/base/ring.ts:2: import of a computed name below code/cli (write the name)',
    ]);
    expect(line('code/cli/main.ts', 'await import(name);')).toEqual([]);
  });

  test('benchmark belongs to tool/bench <design/floors#.inv.benchmark>', () => {
    const text = 'import Benchmark from \'benchmark\';';
    expect(line('tool/bench/a.ts', text)).toEqual([]);
    for (const file of ['tool/a.ts', 'test/a.test.ts', 'code/cli/main.ts', 'code/base/ring.ts']) {
      expect(line(file, text)).toEqual([`${file}:2: "benchmark" is imported outside tool/bench (time it there, or do without)`]);
    }
  });
});

describe('circles', () => {
  test('of values are reported once, with the way round <design/floors#.inv.acyclic>', () => {
    expect(check({
      'code/mps/heap/seg.ts': 'import { a } from \'../trace/scan.ts\';',
      'code/mps/trace/scan.ts': 'import { a } from \'../ix/thix.ts\';',
      'code/mps/ix/thix.ts': '\n\nexport * from \'../heap/seg.ts\';',
    })).toEqual([
      'code/mps/heap/seg.ts:1: values are imported in a circle: code/mps/heap/seg.ts -> code/mps/trace/scan.ts -> '
        + 'code/mps/ix/thix.ts -> code/mps/heap/seg.ts (make one an import type, or move what they share)',
    ]);
  });

  test('through the floor\'s own door are circles <design/floors#.inv.acyclic>', () => {
    expect(check({
      'code/base/base.ts': 'export * from \'./ring.ts\';', 'code/base/ring.ts': 'import { aver } from \'./base.ts\';',
    })).toHaveLength(1);
  });

  test('that a type closes are none; a type among values does not help <design/floors#.types>', () => {
    const seg = 'import { a } from \'../trace/scan.ts\';';
    const scan = (form: string): string[] =>
      check({ 'code/mps/heap/seg.ts': seg, 'code/mps/trace/scan.ts': `import ${form} from '../heap/seg.ts';` });
    expect(scan('type { Seg }')).toEqual([]);
    expect(scan('{ type Seg }')).toHaveLength(1);
    expect(scan('{ type Seg, segScan }')).toHaveLength(1);
  });

  test('are each found by its shortest way <design/floors#.inv.acyclic>', () => {
    const graph = (edges: Record<string, string>): string[][] => cyclesOf(new Map(Object.entries(edges).map(
      ([from, to]) => [from, new Map(to.split('').map((node) => [node, 1]))])));
    expect(graph({ a: 'b', b: 'c', c: 'd', d: '' })).toEqual([]);
    expect(graph({ a: 'a' })).toEqual([['a', 'a']]);
    expect(graph({ a: 'b', b: 'c', c: 'ab', d: 'e', e: 'd' })).toEqual([['a', 'b', 'c', 'a'], ['d', 'e', 'd']]);
    expect(graph({ x: 'a', a: 'bd', b: 'c', c: 'a', d: 'a' })).toEqual([['a', 'd', 'a']]);
  });
});

test('a folder that is no floor is reported <design/floors#.order>', () => {
  expect(check({ 'code/attic/a.ts': '' })).toEqual([
    'code/attic/a.ts:1: code/attic is no floor (move the file, or give it a height in tool/floors.ts)',
  ]);
});

test('imports are what TypeScript parses, not what looks like one <design/floors#.imports>', () => {
  const text = [
    '// import { a } from \'./comment.ts\';', 'const s = "import { a } from \'./string.ts\'";',
    'import a, {', '  b,', '} from \'./many.ts\';', 'import \'./effect.ts\';', 'export type { C } from \'./type.ts\';',
    'type D = import(\'./inline.ts\').D;', 'export const e = () => import(`./lazy.ts`);',
  ].join('\n');
  expect(importsOf('code/base/ring.ts', text)).toEqual([
    { specifier: './many.ts', isValue: true, line: 3 },
    { specifier: './effect.ts', isValue: true, line: 6 },
    { specifier: './type.ts', isValue: false, line: 7 },
    { specifier: './inline.ts', isValue: false, line: 8 },
    { specifier: './lazy.ts', isValue: true, line: 9 },
  ]);
});
