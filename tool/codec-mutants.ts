/* codec-mutants.ts: EVERY RULE OF THE CODEC BROKEN
 *
 * Makes every small change of the codec's sources, those in words among them, one at a time, and expects a vector or a test to notice, or
 * the change to be listed as one that changes nothing <design/mutants#.codec>. Nothing is written to the tree. What is known is kept, so
 * that a run that was stopped goes on where it was; a change of the codec, the machine, the tests or the vectors forgets it.
 *
 *     tsx tool/codec-mutants.ts [PART-OF-NAME]
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, Question } from './codec-judge.ts';
import { equivalents, subjects } from './codec-mutants.list.ts';
import { judgeEach, judgesStop, modulesBelow, transpile } from './judges.ts';
import { progress, stateRead, stateWrite, stopOnSignals, type State } from './mutant-run.ts';
import { changeApply, changesOf, type Change } from './mutate.ts';
import { lineOf, root } from './tree.ts';

const codec = 'code/observe/vectors.ts', hart = 'code/observe/vectors-hart.ts', data = 'test/data/vectors/cheri.jsonl.gz', setup = 'test/seed.ts';
const statePath = join(root, 'build', 'codec-mutants.json');

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** benchMake -- codec and hart, the tests and all that they import. */
function benchMake(): Bench {
  const found = new Map<string, string>();
  for (const file of [codec, hart, setup, ...subjects.flatMap(({ file, tests }) => [file, ...tests])]) modulesBelow(file, found);
  return { modules: Object.fromEntries(found), codec, hart, data: join(root, data), setup };
}

/** keyOf -- the digest of all that outcomes depend on. */
const keyOf = ({ modules }: Bench): string => createHash('sha256').update(process.versions.node).update(readFileSync(join(root, data)))
  .update(JSON.stringify([modules, subjects])).digest('hex');

/** questionOf -- what to ask about a file: as it is, or with a change. */
function questionOf(path: string, change: Change | null): Question {
  const [{ through, tests }] = subjects.filter(({ file }) => file === path);
  if (change === null) return { changed: null, through, tests };
  const text = transpile(path, changeApply(change, textOf(path)));
  return { changed: { file: path, text: text ?? 'throw new Error("no program")' }, through, tests };
}

/** judge -- the outcome of each change that is not known yet; what is wrong without any, or null. */
async function judge(bench: Bench, wanted: readonly Change[], state: State): Promise<string | null> {
  const open = wanted.filter(({ name }) => state.outcomes[name] === undefined);
  let done = wanted.length - open.length, problem: string | null = null;
  if (open.length === 0) return null;
  progress('without a change');
  const files = [...new Set(open.map(({ file }) => file))];
  await judgeEach(bench, files, (file) => questionOf(file, null), (file, { wrong }) => { problem ??= wrong && `${file}: ${wrong}`; });
  if (problem !== null) return problem;
  await judgeEach(bench, open, (change) => questionOf(change.file, change), (change, { wrong }) => {
    progress(`${++done}/${wanted.length} ${change.name}`);
    state.outcomes[change.name] = wrong === null ? 'survived' : 'killed';
    stateWrite(statePath, state);
  });
  return null;
}

/** conclude -- print what is wrong, a line each, then the sum; the exit code. */
function conclude(all: readonly Change[], wanted: readonly Change[], state: State): number {
  const listed = new Set(equivalents.flatMap(({ changes }) => changes)), counts = { killed: 0, equivalent: 0, survived: 0 };
  const wrong: string[] = [];
  for (const { name, file, base } of wanted) {
    const isKilled = state.outcomes[name] === 'killed', place = `${file}:${lineOf(textOf(file), base)}`;
    counts[isKilled ? 'killed' : listed.has(name) ? 'equivalent' : 'survived'] += 1;
    if (isKilled && listed.has(name)) wrong.push(`${place}: noticed, though listed as equivalent: ${name} (remove it from tool/codec-mutants.list.ts)`);
    if (!isKilled && !listed.has(name)) {
      wrong.push(`${place}: survived: ${name} (write a test that notices, or say in tool/codec-mutants.list.ts why none can)`);
    }
  }
  const names = new Set(all.map(({ name }) => name));
  for (const name of listed) if (!names.has(name)) wrong.push(`tool/codec-mutants.list.ts: there is no such change: ${name} (bring it up to date)`);
  for (const line of wrong) console.log(line);
  console.log(`codec mutants: ${counts.killed} killed, ${counts.equivalent} equivalent, ${counts.survived} survived, of ${wanted.length}`);
  return wrong.length === 0 ? 0 : 1;
}

async function main(part: string): Promise<number> {
  const all = subjects.flatMap(({ file, only }) => changesOf(file, textOf(file), only));
  const wanted = all.filter(({ name }) => name.includes(part));
  if (wanted.length === 0) {
    console.log(`codec mutants: none has "${part}" in its name (names begin with a file: bounds.ts boundsAt: ...)`);
    return 1;
  }
  const bench = benchMake(), state = stateRead(statePath, keyOf(bench)), problem = await judge(bench, wanted, state);
  progress('');
  if (problem === null) return conclude(all, wanted, state);
  console.log(`codec mutants: without any change: ${problem} (run \`make test\` and mend that first)`);
  return 1;
}

stopOnSignals('codec mutants', judgesStop);

process.exitCode = await main(process.argv[2] ?? '').finally(judgesStop);
