import { ESLint, Linter } from 'eslint';
import { beforeAll, describe, expect, test } from 'vitest';
import plugin, { OutsideGLOBALS } from '../../tool/lint.js';
import { root } from '../../tool/tree.ts';

type Rules = NonNullable<Linter.Config['rules']>;

/** The rules that report something in `text`. */
const reported = (text: string, rules: Rules): (string | null)[] =>
  new Linter().verify(text, { plugins: { capstan: plugin }, rules }).map(({ ruleId }) => ruleId);

describe('a catch clause', () => {
  const swallows = (body: string, param = '(error)'): boolean =>
    reported(`function f() { for (;;) { try { g(); } catch ${param} { ${body} } } }`, { 'capstan/no-catch-all': 'error' }).length > 0;

  test.each([
    'throw error;', 'undo(); throw error;', 'if (!(error instanceof A)) throw error; undo();',
    'if (error instanceof A) return 1; throw error;', 'if (error instanceof A) undo(); else throw error;',
    'if (error instanceof A) return 1; else if (error instanceof B) return 2; throw error;',
    'if (error instanceof A && error.code === 1) return 1; throw error;', 'if (error instanceof A || error instanceof B) return 1; throw error;',
    'if (!(error instanceof A || error instanceof B)) { undo(); throw error; }', 'if (!(error instanceof A) || cold) throw error; undo();',
    'if (error instanceof A) throw new B(error); throw error;', 'if (cold) undo(); throw error;', 'each(() => { return 1; }); throw error;',
    'if (cold) { throw error; } else { undo(); throw error; }',
  ])('may: %s <design/check#.lint.catch>', (body) => expect(swallows(body)).toBe(false));

  test.each([
    '', 'undo();', 'return 1;', 'throw new B(error);', 'throw other;', 'if (error instanceof A) return 1;', 'if (cold) throw error;',
    'if (error instanceof A) throw error; undo();', 'if (error.code === 1) return 1; throw error;',
    'if (error instanceof A || cold) return 1; throw error;', 'if (!(error instanceof A) && cold) throw error; undo();',
    'if (other instanceof A) return 1; throw error;', 'for (;;) { return 1; } throw error;', 'if (cold) continue; throw error;',
    'each(() => { throw error; });',
  ])('may not: %s <design/check#.lint.catch>', (body) => expect(swallows(body)).toBe(true));

  test('may not be without the error, or take it apart <design/check#.lint.catch>', () => {
    expect(swallows('undo();', '')).toBe(true);
    expect(swallows('undo();', '({ code })')).toBe(true);
  });
});

describe('the message of aver', () => {
  const computed = (text: string): boolean => reported(text, { 'capstan/aver-literal': 'error' }).length > 0;

  test('may be a literal <design/check#.aver.literal>', () => {
    expect(computed('aver(a === b, "<design/NAME#.tag>"); aver(a); other(a, `${b}`); it.aver(a, `${b}`);')).toBe(false);
  });

  test('may not be put together <design/check#.aver.literal>', () => {
    for (const message of ['`a ${b}`', '"a" + b', 'message', 'describe()', '1']) expect(computed(`aver(a, ${message});`)).toBe(true);
  });
});

describe('this repository\'s configuration', () => {
  const configs = new Map<string, Rules>();
  const files = ['code/base/ring.ts', 'code/base/variety.ts', 'code/mps/heap/seg.ts', 'code/cli/main.ts', 'test/a.test.ts', 'tool/tags.ts'];

  beforeAll(async () => {
    const eslint = new ESLint({ cwd: root });
    for (const file of files) {
      const { rules } = await eslint.calculateConfigForFile(file) as { rules: Rules };
      const own = Object.entries(rules).filter(([name]) => /^(?:no-restricted-(?:globals|properties)|capstan\/.*)$/.test(name));
      configs.set(file, Object.fromEntries(own));
    }
  });

  const below = ['code/base/ring.ts', 'code/mps/heap/seg.ts'], above = ['code/cli/main.ts', 'test/a.test.ts', 'tool/tags.ts'];
  const outside = [
    'x = Date.now();', 'x = new Date();', 'x = performance.now();', 'x = Math.random();', 'setTimeout(f, 1);', 'setImmediate(f);', 'queueMicrotask(f);',
    'x = process.argv;', 'x = globalThis.Date;', 'crypto.getRandomValues(x);', 'console.log(1);', 'x = new WeakRef(y);',
    'x = y.localeCompare(z);', 'x = y.toLocaleString();', 'x = new Intl.Collator();', 'x = eval(y);',
  ];

  test.each(outside)('keeps what lies outside a run out of code below the command line: %s <design/determinism#.req.closed>', (text) => {
    for (const file of below) expect(reported(text, configs.get(file)!)).toHaveLength(1);
    for (const file of above) expect(reported(text, configs.get(file)!)).toEqual([]);
  });

  test('lets code/base/variety.ts ask the process, and nothing else <design/determinism#.variety>', () => {
    expect(reported('x = process.env;', configs.get('code/base/variety.ts')!)).toEqual([]);
    for (const text of outside.filter((each) => !each.includes('process'))) {
      expect(reported(text, configs.get('code/base/variety.ts')!)).toHaveLength(1);
    }
  });

  test('does not take a name of ours for one of theirs <design/determinism#.req.closed>', () => {
    const text = OutsideGLOBALS.filter((name) => name !== 'eval').map((name) => `{ let ${name} = 1; f(${name}, a.${name}); }`).join('\n');
    expect(reported(text, configs.get('code/base/ring.ts')!)).toEqual([]);
  });

  test('applies the rules of catch and aver to code, and only there <design/check#.lint>', () => {
    const text = 'try { f(); } catch { g(); } aver(a, b);';
    for (const file of [...below, 'code/cli/main.ts']) {
      expect(reported(text, configs.get(file)!).sort()).toEqual(['capstan/aver-literal', 'capstan/no-catch-all']);
    }
    for (const file of ['test/a.test.ts', 'tool/tags.ts']) expect(reported(text, configs.get(file)!)).toEqual([]);
  });
});
