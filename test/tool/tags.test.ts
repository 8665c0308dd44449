import { describe, expect, test } from 'vitest';
import { citationsOf, definitionsOf, tagsCheck } from '../../tool/tags.ts';
import { problemLine } from '../../tool/tree.ts';

/** How citations open: put together, so that the checker does not read those that this file plants. */
const open = ['<design', ''].join('/');

/** A citation of something that need not exist. */
const cite = (name: string, tag = ''): string => `${open}${name}${tag === '' ? '' : `#${tag}`}>`;

const check = (files: Record<string, string>): string[] => tagsCheck(new Map(Object.entries(files))).map(problemLine);

const ring = '# Rings\n\n`.inv.linked`: Links go both ways.\n\n`.each`: In order.\n';

describe('a tree in order', () => {
  test('has no problems <design/tags#.inv.resolve>', () => {
    expect(check({
      'design/ring.md': ring,
      'code/base/ring.ts': `// ${cite('ring')} ${cite('ring', '.inv.linked')}\n// ${cite('ring', '.each')}`,
      'test/base/ring.test.ts': `test('${cite('ring', '.each')}')`,
      'tool/x.ts': `// ${cite('ring', '.each')}`,
    })).toEqual([]);
  });
});

describe('citations', () => {
  const tree = (file: string, text: string): string[] =>
    check({ 'design/ring.md': ring, 'test/a.test.ts': cite('ring', '.inv.linked'), [file]: text });

  test.each(['code/a.ts', 'test/b.test.ts', 'tool/c.ts', 'design/d.md'])(
    'of a tag that is not defined are reported in %s <design/tags#.inv.resolve>', (file) => {
      expect(tree(file, `one\n${cite('ring', '.nosuch')}`)).toEqual([
        `${file}:2: ${cite('ring', '.nosuch')}: design/ring.md does not define it (define it or correct the tag)`,
      ]);
    });

  test('of a document that does not exist are reported <design/tags#.inv.resolve>', () => {
    expect(tree('code/a.ts', `${cite('wheel')}\n\n ${cite('wheel', '.inv.linked')}`)).toEqual([
      `code/a.ts:1: ${cite('wheel')}: there is no design/wheel.md (write it or correct the name)`,
      `code/a.ts:3: ${cite('wheel', '.inv.linked')}: there is no design/wheel.md (write it or correct the name)`,
    ]);
  });

  test('do not resolve to a longer or a shorter tag <design/tags#.inv.resolve>', () => {
    expect(tree('code/a.ts', cite('ring', '.inv'))).toHaveLength(1);
    expect(tree('code/a.ts', cite('ring', '.inv.linked.both'))).toHaveLength(1);
  });

  test.each([
    `${open}Ring>`, `${open}ring#inv.linked>`, `${open}ring#.inv\n.linked>`, `${open}ring`, `${open}>`,
  ])('that cannot be read are reported, not passed over: %j <design/tags#.cite>', (text) => {
    expect(tree('code/a.ts', text)).toEqual([
      'code/a.ts:1: malformed citation (write <design/NAME> or <design/NAME#.tag> on one line)',
    ]);
  });

  test('are told from talk about citations, and from those that a program makes <design/tags#.cite>', () => {
    expect(tree('code/a.ts', `<design/NAME> <design/NAME#.tag> \`${open}\${name}>\``)).toEqual([]);
  });

  test('carry document, tag, file and line <design/tags#.cite>', () => {
    expect(citationsOf('code/a.ts', `\n${cite('ring')} ${cite('ring', '.each')}\n`)).toEqual([
      { document: 'ring', tag: null, file: 'code/a.ts', line: 2 },
      { document: 'ring', tag: '.each', file: 'code/a.ts', line: 2 },
    ]);
  });
});

describe('definitions', () => {
  const tagsOf = (text: string): string[] => definitionsOf('design/a.md', text).map(({ tag }) => tag);

  test('stand at the head of a paragraph or of a list item <design/tags#.define>', () => {
    expect(tagsOf('`.one`: a\n\n- `.two`: b\n- `.three`: c\n\n1. `.four`: d\n   `.not`: e\n\n# H\n`.five`: f')).toEqual(
      ['.one', '.two', '.three', '.four', '.not', '.five']);
  });

  test('in the middle of a line, in a code block or without a colon are none <design/tags#.define>', () => {
    expect(tagsOf('see `.one`: a\n\n```\n`.two`: b\n```\n\n`.three` c\n\n| `.four`: | d |')).toEqual([]);
  });

  test('inside a paragraph are reported <design/tags#.define>', () => {
    expect(check({ 'design/a.md': '`.one`: a\n`.two`: b' })).toEqual([
      'design/a.md:2: tag .two is inside a paragraph (put an empty line before it)',
    ]);
  });

  test('of one tag twice in a document are reported; in two documents it may be <design/tags#.inv.once>', () => {
    expect(check({ 'design/a.md': '`.one`: a\n\n`.two`: b\n\n- `.one`: c', 'design/b.md': '`.one`: d' })).toEqual([
      'design/a.md:5: tag .one is already defined at line 1 (rename or remove one)',
    ]);
  });
});

describe('requirements and invariants', () => {
  const what = (tag: string): string =>
    `${tag} is cited by neither code nor test (cite it where it is kept or tested, or mark it [statement])`;

  test('that nothing cites are reported; other kinds of tag are not <design/tags#.inv.defended>', () => {
    expect(check({ 'design/a.md': '`.req.fast`: a\n\n`.inv`: b\n\n`.def.c`: c\n\n`.invoice`: d\n\n`.required`: e' })).toEqual([
      `design/a.md:1: ${what('.req.fast')}`, `design/a.md:3: ${what('.inv')}`,
    ]);
  });

  test('that only a tool or a document cites are reported <design/tags#.inv.defended>', () => {
    expect(check({
      'design/a.md': `\`.req.fast\`: a\n\nSee ${cite('a', '.req.fast')}.`, 'tool/a.ts': cite('a', '.req.fast'),
    })).toEqual([`design/a.md:1: ${what('.req.fast')}`]);
  });

  test.each(['code/a.ts', 'test/a.test.ts'])('cited in %s are defended <design/tags#.inv.defended>', (file) => {
    expect(check({ 'design/a.md': '`.req.fast`: a', [file]: cite('a', '.req.fast') })).toEqual([]);
  });

  test('cited under the same name in another document are not <design/tags#.inv.defended>', () => {
    expect(check({ 'design/a.md': '`.req.x`: a', 'design/b.md': '`.req.x`: b', 'code/a.ts': cite('b', '.req.x') })).toEqual([
      `design/a.md:1: ${what('.req.x')}`,
    ]);
  });

  test('marked as statements need no citation; the mark covers its own paragraph only <design/tags#.statement>', () => {
    expect(check({ 'design/a.md': '`.req.a`: [statement] a\nb\n\n`.req.b`: c\n[statement]\n\n- `.req.c`: [statement]\n- `.req.d`: e' })).toEqual([
      `design/a.md:8: ${what('.req.d')}`,
    ]);
  });
});
