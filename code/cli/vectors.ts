/* vectors.ts: `capstan vectors`
 *
 * Replays files of capability vectors, and says where results differ <design/look#.replay>.
 */
import { Command, Option } from 'commander';
import { ExitERROR, ExitINTERRUPTED, ExitUSAGE, UserError } from './exit.ts';
import { interruptAwaited, isStandardInput, linesRead } from './lines.ts';
import { nameShown, Printer } from './print.ts';
import type { Judge, Through } from './vectors-judge.ts';
import type { Unread } from './vectors-text.ts';

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
    .argument('<file...>', 'vectors, a line of JSON each; may be compressed by gzip; - is standard input')
    .addOption(new Option('--through <route>', 'who answers: functions, a hart\'s registers and memory, or both').choices(['codec', 'hart', 'both']).default('both'))
    .option('--differences <count>', 'show so many rows that failed', '10')
    .option('--verbose', 'count rows by format and operation')
    .option('--json', 'print one line of JSON')
    .addHelpText('after', '\nExit codes: 0 all agree, 1 some differ or are no vectors,\n2 a file cannot be read or has none, 130 interrupted.\n\nExample:\n  capstan vectors cheri.jsonl.gz --through hart')
    .action(async (files: string[], options: VectorsOptions) => {
      process.exitCode = await vectorsRun(files, options);
    });
}

/** vectorsRun -- replay files and print what was found; the exit code. */
export async function vectorsRun(files: readonly string[], options: VectorsOptions): Promise<number> {
  if (!/^\d{1,9}$/.test(options.differences)) throw new UserError(`--differences "${options.differences}" is not a number of rows: write one such as 10`);
  if (files.filter(isStandardInput).length > 1) throw new UserError('standard input can be read but once: name it once');
  const { Judge } = await import('./vectors-judge.ts'), text = await import('./vectors-text.ts');
  const judge = new Judge(options.through, Number(options.differences)), printer = new Printer();
  const { errors, isInterrupted } = await judgeFiles(judge, files);
  if (options.json === true) printer.print(text.judgedJson(judge, options.through, errors));
  else if (heard(judge) > 0 || isInterrupted) printer.print(text.judgedText(judge, options.verbose === true));
  if (isInterrupted) process.stderr.write('capstan: interrupted\n');
  return isInterrupted ? ExitINTERRUPTED : errors.length > 0 ? ExitUSAGE : judge.failed > 0 ? ExitERROR : 0;
}

const heard = ({ passed, failed }: Judge): number => passed + failed;

/** judgeFiles -- have every line of every file judged, until interrupted. A file that cannot be read is reported, and the next one is. */
async function judgeFiles(judge: Judge, files: readonly string[]): Promise<{ errors: readonly Unread[]; isInterrupted: boolean }> {
  const interrupt = new AbortController(), { signal } = interrupt, progress = new Progress(), errors: Unread[] = [];
  // It stays: npm sends on what a terminal has sent already, and what was found is yet to be printed.
  process.on('SIGINT', () => interrupt.abort());
  for (const file of files) {
    try {
      await judgeFile(judge, file, signal, progress);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      progress.finish();
      process.stderr.write(`capstan: ${error.message}\n`);
      errors.push({ file, error: error.message });
    }
    if (signal.aborted) break;
  }
  progress.finish();
  return { errors, isInterrupted: signal.aborted };
}

async function judgeFile(judge: Judge, file: string, signal: AbortSignal, progress: Progress): Promise<void> {
  const before = heard(judge);
  let line = 0;
  for await (const lines of linesRead(file, signal)) {
    for (const text of lines) judge.hear(file, line += 1, text);
    progress.show(judge);
  }
  if (heard(judge) > before) return;
  await interruptAwaited(signal);
  if (!signal.aborted) throw new UserError(`${nameShown(file)}: no vectors there (each is a line of JSON)`);
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
    this.width = 0;
  }
}
