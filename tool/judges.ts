/* judges.ts: PROCESSES THAT JUDGE CHANGES
 *
 * Runs `codec-judge.ts` in as many processes as there are cores, each asked about one change at a time, with a limit of time: a change
 * can make a loop that nothing within the process ends <design/mutants#.codec.judge>.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import type { Bench, Question, Verdict } from './codec-judge.ts';
import { importsOf } from './imports.ts';
import { root } from './tree.ts';

/** A change that takes so many milliseconds is caught in a loop: vectors and tests take a few seconds. */
const TimeLIMIT = 60_000;

const running = new Set<ChildProcess>();

/** transpile -- a module of the tree as CommonJS; null if it is no TypeScript. */
export function transpile(file: string, text: string): string | null {
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023, isolatedModules: true };
  const { outputText, diagnostics = [] } = ts.transpileModule(text, { compilerOptions, reportDiagnostics: true });
  const url = JSON.stringify(pathToFileURL(join(root, file)).href);
  return diagnostics.length === 0 ? outputText.replaceAll('import.meta.url', url) : null;
}

/** modulesBelow -- a module and all of the tree that it imports, as CommonJS, into `found` by path. */
export function modulesBelow(file: string, found: Map<string, string>): void {
  if (found.has(file)) return;
  const text = readFileSync(join(root, file), 'utf8');
  found.set(file, transpile(file, text) ?? '');
  for (const { specifier, isValue } of importsOf(file, text)) {
    if (isValue && specifier?.startsWith('.') === true) modulesBelow(posix.join(posix.dirname(file), specifier), found);
  }
}

/** judgesStop -- end all processes. */
export function judgesStop(): void {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
}

function start(bench: Bench): ChildProcess {
  const child = fork(join(root, 'tool', 'codec-judge.ts'), { env: { ...process.env, CAPSTAN_CHECK: 'hot' } });
  running.add(child);
  child.send(bench);
  return child;
}

/** ask -- what a process says; that it ended, or had to be ended, is wrong as well. */
function ask(child: ChildProcess, question: Question): Promise<Verdict> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), TimeLIMIT);
    const done = (verdict: Verdict): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      resolve(verdict);
    };
    child.once('message', (verdict) => done(verdict as Verdict));
    child.once('exit', () => {
      running.delete(child);
      done({ wrong: 'it did not end, or took the process with it' });
    });
    child.send(question);
  });
}

/** judgeEach -- ask about each of `subjects`, several at once, and hand what is said to `told`. */
export async function judgeEach<T>(
  bench: Bench, subjects: readonly T[], questionOf: (subject: T) => Question, told: (subject: T, verdict: Verdict) => void,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    let child = start(bench);
    while (next < subjects.length) {
      const subject = subjects[next++], verdict = await ask(child, questionOf(subject));
      if (!running.has(child)) child = start(bench);
      told(subject, verdict);
    }
    child.kill();
    running.delete(child);
  };
  await Promise.all(Array.from({ length: Math.min(subjects.length, availableParallelism()) }, worker));
}
