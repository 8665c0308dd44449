/* mps-coverage.ts: THE MPS'S INTERFACE, NAME BY NAME
 *
 * Runs the tests, counts what they call of the library, and prints for each name of the MPS's interface what Capstan has in its place and
 * which tests exercise it <design/coverage>.
 *
 *     tsx tool/mps-coverage.ts [--json]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namesParse, type MpsName } from './mps-names.ts';
import { isMain, root } from './tree.ts';

/** What is found of a name. */
export interface NameFound extends MpsName {
  readonly state: 'covered' | 'departing' | 'missing';
  /** Files of tests that exercise it, those with most calls first. */
  readonly tests: readonly string[];
}

/** Calls by test file. */
export type Calls = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** nameFind -- whether a name is exercised, and by which tests. */
export function nameFind(name: MpsName, calls: Calls): NameFound {
  if (name.calls.length === 0) return { ...name, state: /#\.departs\./.test(name.here) ? 'departing' : 'missing', tests: [] };
  const sums = [...calls].map(([file, counts]) => ({ file, sum: name.calls.reduce((sum, call) => sum + (counts.get(call) ?? 0), 0) }));
  const tests = sums.filter(({ sum }) => sum > 0).sort((one, other) => other.sum - one.sum || (one.file < other.file ? -1 : 1)).map(({ file }) => file);
  return { ...name, state: tests.length > 0 ? 'covered' : 'missing', tests };
}

/** closing -- the last line. */
export function closing(found: readonly NameFound[]): string {
  const count = (state: NameFound['state']): number => found.filter((one) => one.state === state).length;
  return `${found.length} names, ${count('covered')} covered, ${count('departing')} departing, ${count('missing')} missing`;
}

function nameText({ name, here, state, tests }: NameFound): string {
  const more = tests.length > 3 ? ` and ${tests.length - 3} more` : '';
  return `${state.padEnd(9)}  ${name.padEnd(36)}  ${here}${tests.length > 0 ? `  (${tests.slice(0, 3).join(', ')}${more})` : ''}`;
}

/** callsCount -- run the tests of the collector, and count; null if they fail, of which vitest has told. */
function callsCount(): Calls | null {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-coverage-'));
  try {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const { status } = spawnSync(process.execPath, [vitest, 'run', '--project=hot', '--reporter=dot', 'test/mps', 'test/observe'], {
      cwd: root, stdio: ['ignore', process.stderr.isTTY ? 2 : 'ignore', 2], env: { ...process.env, CAPSTAN_DOOR: folder },
    });
    if (status !== 0) return null;
    return new Map(readdirSync(folder).map((file) => [
      file.replaceAll('+', '/').replace(/\.json$/, ''), new Map(JSON.parse(readFileSync(join(folder, file), 'utf8')) as [string, number][]),
    ]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** main -- print what is found; the exit code. */
function main(isJson: boolean): number {
  const calls = callsCount();
  if (calls === null) {
    console.error('mps-coverage: the tests fail (mend that first, then count)');
    return 1;
  }
  const found = namesParse(readFileSync(join(root, 'tool', 'mps-names.txt'), 'utf8')).map((name) => nameFind(name, calls));
  if (isJson) console.log(JSON.stringify(found));
  else for (const one of found) console.log(nameText(one));
  console.log(closing(found));
  return found.some(({ state }) => state === 'missing') ? 1 : 0;
}

if (isMain(import.meta.url)) {
  process.exitCode = main(process.argv.includes('--json'));
}
