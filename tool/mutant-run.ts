/* mutant-run.ts: WHAT MUTATION RUNS SHARE
 *
 * Outcomes that are kept, so that a run that was stopped goes on where it was, and what is said meanwhile <design/mutants#.resume>.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Outcome } from './mutant.ts';

/** What is known of mutants, by whatever tells one from another. */
export interface State {
  /** Digest of everything that outcomes depend on. */
  readonly key: string;
  readonly outcomes: Record<string, Outcome>;
}

/** stateRead -- what is known under `key`: nothing, if what the file holds was found under another. */
export function stateRead(path: string, key: string): State {
  if (existsSync(path)) {
    const state = JSON.parse(readFileSync(path, 'utf8')) as State;
    if (state.key === key) return state;
  }
  return { key, outcomes: {} };
}

/** stateWrite -- keep what is known for the next run. */
export function stateWrite(path: string, state: State): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(state));
}

/** stopOnSignals -- on Ctrl-C and the like do `finish`, say that a run called `name` can go on, and leave. */
export function stopOnSignals(name: string, finish: () => void): void {
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
    process.once(signal, () => {
      finish();
      progress('');
      console.error(`${name}: stopped (run it again to go on from here)`);
      process.exit(code);
    });
  }
}

/** progress -- one line that is written over and over on a terminal; nothing in a pipe. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns || 80) - 1)}`);
}
