/* mutants.ts: MUTATION RUNS
 *
 * Plants each defect of `mutants.list.ts` in a copy of the tree, one at a time, and runs the tests that must notice
 * <design/mutants>. The checkout is never touched. What is known is kept, so that a run that was stopped goes on where it was;
 * a change of any source or test forgets it.
 *
 *     tsx tool/mutants.ts [PART-OF-NAME-OR-FILE]
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mutantApply, mutantProblem, outcomeOf, type Mutant, type Outcome } from './mutant.ts';
import { progress, stateRead, stateWrite, stopOnSignals, type State } from './mutant-run.ts';
import { mutants } from './mutants.list.ts';
import { root, treeRead } from './tree.ts';

/** After this many milliseconds a run counts as caught in a loop. */
const TimeLIMIT = 180_000;
const copied = ['code', 'design', 'test', 'tool', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
const statePath = join(root, 'build', 'mutants.json');

/** The run, so that a signal can end it in an orderly way. */
const running: { child: ChildProcess | null; folder: string | null } = { child: null, folder: null };

/** keyOfTree -- the digest of all sources and tests but the lists themselves. */
function keyOfTree(): string {
  const hash = createHash('sha256').update(process.versions.node);
  for (const [path, text] of treeRead(root)) if (!path.endsWith('.list.ts')) hash.update(path).update('\0').update(text).update('\0');
  return hash.digest('hex');
}

const keyOfMutant = (mutant: Mutant): string => createHash('sha256').update(JSON.stringify(mutant)).digest('hex');

/** copyMake -- a copy of the tree that shares the installed packages. */
function copyMake(): string {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-mutants-'));
  running.folder = folder;
  for (const path of copied) cpSync(join(root, path), join(folder, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  return folder;
}

/** stop -- end the tests that run, with all that they started, and remove the copy. */
function stop(): void {
  const { child, folder } = running;
  if (child?.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
  running.child = running.folder = null;
}

/** What is read of a report. */
interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly { readonly failureMessages: readonly string[] }[] }[];
}

/** isConvicted -- whether a test has failed with an oracle's error that says `verdict` <design/mutants#.convict>. */
function isConvicted(report: string | null, verdict: string): boolean {
  if (report === null) return false;
  const said = new RegExp(`^OracleError: .*${verdict}`), { testResults } = JSON.parse(report) as Report;
  return testResults.some(({ assertionResults }) => assertionResults.some(({ failureMessages }) => failureMessages.some((message) => said.test(message))));
}

/** testsRun -- run test files in the copy in one variety, in a process group of their own; with a `verdict`, nothing else kills
 *
 * To the end: with vitest's `bail`, the report sometimes lacks the very test that failed.
 */
function testsRun(folder: string, tests: readonly string[], variety: string, verdict: string | null): Promise<Outcome> {
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', ...tests, `--project=${variety}`, '--cache=false', '--reporter=json', `--outputFile=${report}`];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore', detached: true });
    running.child = child;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, TimeLIMIT);
    child.on('exit', (code) => {
      clearTimeout(timer);
      running.child = null;
      const text = existsSync(report) ? readFileSync(report, 'utf8') : null, outcome = late ? 'killed' : outcomeOf(code, text);
      resolve(outcome === 'killed' && verdict !== null && !isConvicted(text, verdict) ? 'survived' : outcome);
    });
  });
}

/** testsRunAll -- the same in `hot`, then, if nothing was noticed, in `cool`. */
async function testsRunAll(folder: string, tests: readonly string[], verdict: string | null = null): Promise<Outcome> {
  const outcome = await testsRun(folder, tests, 'hot', verdict);
  return outcome === 'survived' ? testsRun(folder, tests, 'cool', verdict) : outcome;
}

/** plantEach -- the outcome of each mutant, those known from before first. */
async function plantEach(folder: string, wanted: typeof mutants, state: State): Promise<void> {
  for (const [i, mutant] of wanted.entries()) {
    const key = keyOfMutant(mutant);
    if (state.outcomes[key] !== undefined) continue;
    progress(`${i + 1}/${wanted.length} ${mutant.name}`);
    const path = join(folder, mutant.file), text = readFileSync(path, 'utf8');
    writeFileSync(path, mutantApply(mutant, text));
    const outcome = await testsRunAll(folder, mutant.tests, 'verdict' in mutant ? mutant.verdict : null);
    writeFileSync(path, text);
    state.outcomes[key] = outcome;
    stateWrite(statePath, state);
  }
}

/** conclude -- print what survived, then the sum; the exit code. */
function conclude(wanted: typeof mutants, state: State): number {
  const counts: Record<Outcome, number> = { killed: 0, survived: 0, broken: 0 };
  for (const mutant of wanted) {
    const outcome = state.outcomes[keyOfMutant(mutant)] ?? 'broken';
    counts[outcome] += 1;
    if (outcome === 'survived') console.log(`${mutant.file}: survived: ${mutant.name} (write a test in ${mutant.tests.join(', ')} that notices)`);
    if (outcome === 'broken') console.log(`${mutant.file}: no test ran: ${mutant.name} (the change must compile and load)`);
  }
  console.log(`mutants: ${counts.killed} killed, ${counts.survived} survived, ${counts.broken} broken, of ${wanted.length}`);
  return counts.killed === wanted.length ? 0 : 1;
}

async function main(part: string): Promise<number> {
  const wanted = mutants.filter(({ name, file }) => name.includes(part) || file.includes(part));
  const problems = wanted.map((mutant) => {
    const path = join(root, mutant.file);
    return { mutant, problem: mutantProblem(mutant, existsSync(path) ? readFileSync(path, 'utf8') : null) };
  }).filter(({ problem }) => problem !== null);
  for (const { mutant, problem } of problems) console.log(`tool/mutants.list.ts: "${mutant.name}": ${problem ?? ''} (bring it up to date)`);
  if (wanted.length === 0) console.log(`mutants: none has "${part}" in its name or file (see tool/mutants.list.ts)`);
  if (problems.length > 0 || wanted.length === 0) return 1;

  const state = stateRead(statePath, keyOfTree());
  if (wanted.some((mutant) => state.outcomes[keyOfMutant(mutant)] === undefined)) {
    const folder = copyMake();
    progress('the tests without a defect');
    const tests = [...new Set(wanted.flatMap((mutant) => mutant.tests))];
    if (await testsRunAll(folder, tests) !== 'survived') {
      progress('');
      console.log('mutants: the tests fail without any defect planted (run `make test` and mend that first)');
      return 1;
    }
    await plantEach(folder, wanted, state);
    progress('');
  }
  return conclude(wanted, state);
}

stopOnSignals('mutants', stop);

process.exitCode = await main(process.argv[2] ?? '').finally(stop);
