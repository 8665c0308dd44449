/* vectors.ts: `capstan vectors`
 *
 * Replays files of capability vectors, and says where results differ <design/look#.replay>.
 */
import { setImmediate } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { ExitERROR, ExitINTERRUPTED, UserError } from './exit.ts';
import { linesRead } from './lines.ts';
import { Printer } from './print.ts';
import type { Judge, Through } from './vectors-judge.ts';

/** Milliseconds between two looks at the clock's face. */
const ProgressMS = 100;

/** The options of `vectors`, as commander gives them. */
export interface VectorsOptions {
  readonly through: Through;
  readonly differences: string;
  readonly verbose?: true;
  readonly json?: true;
}

/** vectorsCommand -- `vectors`, for the command line to add. */
export function vectorsCommand(): Command {
  return new Command('vectors')
    .description('replay capability vectors, and show where results differ')
    .argument('<file...>', 'vectors, a line of JSON each; may be compressed by gzip')
    .addOption(new Option('--through <route>', 'who answers: functions, a hart\'s registers and memory, or both').choices(['codec', 'hart', 'both']).default('both'))
    .option('--differences <count>', 'show so many rows that differ', '10')
    .option('--verbose', 'count rows by format and operation')
    .option('--json', 'print one line of JSON')
    .addHelpText('after', '\nExit codes: 0 all agree, 1 some differ, 2 a line is no vector, 130 interrupted.\n\nExample:\n  capstan vectors cheri.jsonl.gz --through hart')
    .action(async (files: string[], options: VectorsOptions) => {
      process.exitCode = await vectorsRun(files, options);
    });
}

/** vectorsRun -- replay files and print what was found; the exit code. */
export async function vectorsRun(files: readonly string[], options: VectorsOptions): Promise<number> {
  if (!/^\d{1,9}$/.test(options.differences)) throw new UserError(`--differences "${options.differences}" is not a number of rows: write one such as 10`);
  const { Judge } = await import('./vectors-judge.ts');
  const judge = new Judge(options.through, Number(options.differences)), printer = new Printer(), text = await import('./vectors-text.ts');
  const show = (): void => printer.print(options.json === true ? text.judgedJson(judge, options.through) : text.judgedText(judge, options.verbose === true));
  let interrupted = false;
  try {
    interrupted = await judgeFiles(judge, files);
  } catch (error) {
    // What was found up to here is still worth knowing.
    if (error instanceof UserError) show();
    throw error;
  }
  if (judge.passed + judge.failed === 0 && !interrupted) throw new UserError(`${files.join(', ')}: no vectors there (each is a line of JSON)`);
  show();
  if (interrupted) process.stderr.write('capstan: interrupted\n');
  return interrupted ? ExitINTERRUPTED : judge.failed > 0 ? ExitERROR : 0;
}

/** judgeFiles -- have every line judged, letting signals in every now and then; true if interrupted. */
async function judgeFiles(judge: Judge, files: readonly string[]): Promise<boolean> {
  let interrupted = false;
  const onInterrupt = (): void => { interrupted = true; }, progress = new Progress();
  process.on('SIGINT', onInterrupt);
  try {
    for (const file of files) {
      let line = 0;
      for await (const lines of linesRead(file)) {
        for (const text of lines) judge.hear(file, line += 1, text);
        await setImmediate();
        if (interrupted) return true;
        progress.show(judge);
      }
    }
    return false;
  } finally {
    progress.finish();
    process.off('SIGINT', onInterrupt);
  }
}

/** How far it is, on a terminal. */
class Progress {
  private shown: number = 0;
  private width: number = 0;

  show({ passed, failed }: Judge): void {
    if (!process.stderr.isTTY || performance.now() < this.shown + ProgressMS) return;
    const text = `${passed} passed, ${failed} failed so far`;
    this.shown = performance.now();
    process.stderr.write(`\r${text.padEnd(this.width)}`);
    this.width = text.length;
  }

  finish(): void {
    if (this.width > 0) process.stderr.write(`\r${' '.repeat(this.width)}\r`);
  }
}
