/* codec-judge.ts: THE VECTORS AND TESTS AGAINST ONE CHANGE
 *
 * A process that `codec-mutants.ts` keeps warm. It holds the modules of the codec, of the machine and of their tests as text, and all
 * vectors as parsed by the codec as it is. Asked about a changed module, it puts the modules together with that one in place and says what
 * first goes wrong: a row that codec or hart answers otherwise, then a test that fails <design/mutants#.codec.judge>. Modules are linked
 * here rather than imported, so that they can be forgotten again: a thousand changes fit in one process.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { posix } from 'node:path';
import { compileFunction } from 'node:vm';
import { gunzipSync } from 'node:zlib';
import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';
import * as fastCheck from 'fast-check';
import type * as vectorsHart from '../code/observe/vectors-hart.ts';
import type * as vectors from '../code/observe/vectors.ts';

/** What the process is told first. */
export interface Bench {
  /** Modules as CommonJS, by path. */
  readonly modules: Readonly<Record<string, string>>;
  /** The modules whose `vectorAnswer` and `vectorHart` answer, and the file of vectors, compressed. */
  readonly codec: string;
  readonly hart: string;
  readonly data: string;
  /** What runs before any tests. */
  readonly setup: string;
}

/** Who answers the vectors. */
export type Through = 'codec' | 'hart';

/** What it is asked: a module replaced, or null for none; who answers the vectors, and which tests to run if those see nothing. */
export interface Question {
  readonly changed: { readonly file: string; readonly text: string } | null;
  readonly through: Through;
  readonly tests: readonly string[];
}

/** What first went wrong, or null. */
export interface Verdict { readonly wrong: string | null }

type Codec = Pick<typeof vectors, 'vectorParse' | 'vectorAnswer' | 'vectorDifferences'>;
type Linked = (exports: object, require: (specifier: string) => object) => void;
interface Test { readonly name: string; readonly run: () => unknown }

const outside = createRequire(import.meta.url);
const compile = (text: string, filename: string): Linked => compileFunction(text, ['exports', 'require'], { filename }) as Linked;

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

/** loader -- a function that gives the exports of a module, made anew with everything that it imports; tests go to `tests`. */
function loader(compiled: ReadonlyMap<string, Linked>, tests: Test[]): (path: string) => object {
  const made = new Map<string, object>();
  const vitest = {
    expect: chai.expect,
    test: (name: string, run: () => unknown) => { tests.push({ name, run }); },
    describe: (_name: string, body: () => void) => body(),
  };
  const packages = new Map<string, object>([['vitest', vitest], ['fast-check', fastCheck]]);
  const load = (path: string): object => {
    const known = made.get(path);
    if (known !== undefined) return known;
    const exports = {}, run = compiled.get(path);
    if (run === undefined) throw new Error(`${path} is not among the modules`);
    made.set(path, exports);
    run(exports, (specifier) => {
      if (specifier.startsWith('.')) return load(posix.join(posix.dirname(path), specifier));
      return packages.get(specifier) ?? outside(specifier) as object;
    });
    return exports;
  };
  return load;
}

/** turns -- the rows with every format and operation in turn: most changes are then noticed within the first few. */
function turns<T extends { readonly fmt: string; readonly op: string }>(rows: readonly T[]): T[] {
  const times = new Map<string, number>();
  return rows.map((row) => {
    const kind = `${row.fmt} ${row.op}`, turn = times.get(kind) ?? 0;
    times.set(kind, turn + 1);
    return { row, turn };
  }).sort((a, b) => a.turn - b.turn).map(({ row }) => row);
}

/** judgeOf -- a function that answers questions; it throws what the changed modules and the tests throw. */
function judgeOf({ modules, codec, hart, data, setup }: Bench): (question: Question) => Promise<string | null> {
  const compiled = new Map(Object.entries(modules).map(([path, text]) => [path, compile(text, path)]));
  const asIs = loader(compiled, [])(codec) as Codec;
  const lines = gunzipSync(readFileSync(data)).toString('utf8').split('\n').filter((line) => line !== '');
  const rows = turns(lines.map((line, index) => asIs.vectorParse(line, index + 1)));
  return async ({ changed, through, tests }) => {
    const found: Test[] = [], load = loader(changed === null ? compiled : new Map(compiled).set(changed.file, compile(changed.text, changed.file)), found);
    const answer = through === 'hart' ? (load(hart) as typeof vectorsHart).vectorHart() : (load(codec) as Codec).vectorAnswer;
    for (const row of rows) {
      const [first] = asIs.vectorDifferences(row.out, answer(row));
      if (first !== undefined) return `${row.fmt} ${row.op}: ${first}`;
    }
    load(setup);
    // That it fails is enough: the least example is for people.
    fastCheck.configureGlobal({ ...fastCheck.readConfigureGlobal(), endOnFailure: true });
    for (const file of tests) load(file);
    for (const { name, run } of found) {
      try {
        await run();
      } catch (error) {
        return `${name}: ${String(error)}`;
      }
    }
    return null;
  };
}

let judge: ((question: Question) => Promise<string | null>) | null = null;

process.on('message', (message: Bench | Question) => {
  if ('modules' in message) judge = judgeOf(message);
  else void judge?.(message).catch(String).then((wrong) => process.send?.({ wrong } satisfies Verdict));
});
process.on('disconnect', () => process.exit());
