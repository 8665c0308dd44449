/* run.ts: `capstan run`
 *
 * Runs a Scheme program on a booted system, in slices between which the host may look for signals, and reports
 * <design/cli#.slices>.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { Command, Option } from 'commander';
import type { Event } from '../mps/mps.ts';
import type { Outcome } from '../scheme/scheme.ts';
import { EventLog } from './events.ts';
import { ExitERROR, ExitEXHAUSTED, ExitINTERRUPTED, exitOfSignal, ExitUSAGE, UserError } from './exit.ts';
import { Reasons, reportOf, reportText } from './report.ts';
import type { RunOptions, Session } from './session.ts';

/** How long the host is kept waiting <design/cli#.slices>. */
const SliceMS = 20;

/** Signal numbers, as CheriBSD has them. */
const SigPIPE = 13;

// Taken before anything runs, for programs must not be able to reach a clock <design/determinism#.req.closed>;
// what it says is printed and never fed back <design/cli#.req.clock>.
const now: () => number = performance.now.bind(performance);

/** runCommand -- `run`, for the command line to add. */
export function runCommand(): Command {
  return new Command('run')
    .description('run a Scheme program')
    .argument('<file>', 'the program, R7RS Scheme')
    .argument('[hash]', 'run only if the program is still the one with this hash, as in the report\'s run string')
    .option('--memory <size>', 'the machine\'s memory', '256MiB')
    .option('--commit-limit <size>', 'the most that the heap may use of it (default: all)')
    .option('--nursery <size>', 'allocation between collections of the youngest generation', '8MiB')
    .option('--grain <size>', 'what the heap\'s address space is divided into', '4KiB')
    .option('--pause <time>', 'how long a pause may be; without barriers a collection is one pause', '10ms')
    .addOption(new Option('--platform <name>', 'the platform under the collector').choices(['an']).default('an'))
    .addOption(new Option('--collect <when>', 'by policy, or at every poll').choices(['normal', 'every-poll']).default('normal'))
    .option('--seed <number>', 'what the run depends on besides program and options', '1')
    .addOption(new Option('--check <variety>', 'how much to check').choices(['rash', 'hot', 'cool']).default('hot'))
    .option('--stats', 'report on standard error what the collector did and why')
    .option('--json', 'report as one line of JSON (with --stats)')
    .option('--events <file>', 'write every event of the collector to a file, a line of JSON each')
    .addHelpText('after', '\nSizes take B, KiB, MiB or GiB; times us or ms.\n\nExample:\n  capstan run trees.scm --memory 64MiB --nursery 256KiB --stats')
    .action(async (file: string, hash: string | undefined, options: RunOptions) => {
      const text = programRead(file);
      if (hash !== undefined && hash !== programHash(text)) throw new UserError(hashMessage(file, hash, text));
      process.exitCode = await run(text, file, options);
    });
}

/** run -- run a program to its end, or until it is interrupted; the exit code. */
async function run(text: string, file: string, options: RunOptions): Promise<number> {
  if (!/^-?\d+$/.test(options.seed)) throw new UserError(`--seed "${options.seed}" is not a whole number: write one such as 1`);
  if (options.json === true && options.stats !== true) throw new UserError('--json needs --stats: it says how the report is printed');
  process.env['CAPSTAN_CHECK'] = options.check;
  // Only now may anything below be loaded: the variety is read once <design/check#.variety>.
  const { sessionStart, heapLeast } = await import('./session.ts');
  const log = options.events === undefined ? null : new EventLog(options.events), reasons = new Reasons();
  const output = new Output();
  const session = sessionStart(text, file, options, (event: Event) => {
    reasons.hear(event);
    log?.hear(event);
  }, (printed) => { output.write(printed); });
  const exit = await drive(session, file, output);
  log?.finish();
  if (exit.least) throw new UserError(leastMessage(options, heapLeast(options)));
  if (exit.message !== '') process.stderr.write(exit.message);
  if (options.stats === true) {
    const report = reportOf(session.system, session.pauseMax(), runString(file, text, options));
    process.stderr.write(options.json === true ? `${JSON.stringify(report)}\n` : reportText(report, reasons));
  }
  return exit.code;
}

/** How a run ended: exit code, and what to say of it. */
interface End {
  readonly code: number;
  readonly message: string;
  /** The heap was too small to start. */
  readonly least: boolean;
}

/** drive -- step the system until the program is over, letting signals in every now and then. */
async function drive(session: Session, file: string, output: Output): Promise<End> {
  let interrupted = false;
  const onInterrupt = (): void => { interrupted = true; };
  process.on('SIGINT', onInterrupt);
  try {
    for (;;) {
      const until = now() + SliceMS;
      let more = true;
      while (more && now() < until) more = session.step();
      output.flush();
      if (!more) return endOf(session, file);
      await setImmediate();
      if (output.isClosed) return { code: exitOfSignal(SigPIPE), message: '', least: false };
      if (interrupted) return { code: ExitINTERRUPTED, message: 'capstan: interrupted\n', least: false };
    }
  } finally {
    output.flush();
    process.off('SIGINT', onInterrupt);
  }
}

/** endOf -- what the outcome of a program means to the shell. */
function endOf(session: Session, file: string): End {
  const { fault } = session;
  if (fault !== null) return { code: exitOfSignal(fault.signal), message: `${fault.message}\n`, least: false };
  const outcome = session.outcome() as Outcome;
  switch (outcome.status) {
    case 'done': return { code: outcome.exit & 255, message: '', least: false };
    case 'syntax': return { code: ExitUSAGE, message: `${outcome.message}\n`, least: false };
    case 'error': return { code: ExitERROR, message: `${[outcome.message, ...outcome.chain].join('\n  ')}\n`, least: false };
    case 'exhausted':
      return { code: ExitEXHAUSTED, message: `${[`${file}: ${outcome.message}`, ...outcome.chain].join('\n  ')}\n${session.exhaustedHint}\n`, least: !outcome.started };
  }
}

/** programRead -- a program's text. */
function programRead(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.code === 'EISDIR' ? 'it is a directory' : `it cannot be read: ${error.message}`;
    throw new UserError(`${file}: ${why} (name a file with a Scheme program)`);
  }
}

/** programHash -- what tells a program from what it was <design/cli#.run>. */
const programHash = (text: string): string => `@${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;

const hashMessage = (file: string, hash: string, text: string): string => (/^@[0-9a-f]{8}$/.test(hash)
  ? `${file} has changed: it was ${hash} and is ${programHash(text)} (leave ${hash} out to run it as it is)`
  : `"${hash}" is not the hash of a program (run one file at a time; a hash is as in ${programHash(text)})`);

/** leastMessage -- what to do about a heap that is too small to start. */
function leastMessage(options: RunOptions, least: string): string {
  const option = options.commitLimit === undefined ? '--memory' : '--commit-limit';
  return `${option} ${options.commitLimit ?? options.memory} is too small to start: it must be at least ${least}`;
}

/** runString -- what repeats this run <design/cli#.run>. */
function runString(file: string, text: string, options: RunOptions): string {
  const { memory, commitLimit, nursery, grain, pause, platform, collect, seed, check } = options;
  const limit = commitLimit === undefined ? '' : ` --commit-limit ${commitLimit}`;
  return `run ${file} --memory ${memory}${limit} --nursery ${nursery} --grain ${grain} --pause ${pause} --platform ${platform}`
    + ` --collect ${collect} --seed ${seed} --check ${check} ${programHash(text)}`;
}

/** What a program prints, gathered between slices. */
class Output {
  private parts: string[] = [];
  isClosed: boolean = false;

  constructor() {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.isClosed = true;
    });
  }

  write(text: string): void {
    this.parts.push(text);
  }

  flush(): void {
    if (this.parts.length > 0 && !this.isClosed) process.stdout.write(this.parts.join(''));
    this.parts = [];
  }
}

