/* run.ts: `capstan run`
 *
 * Runs a Scheme program on a booted system, in slices between which the host may look for signals, and reports
 * <design/cli#.slices>.
 */
import { setImmediate } from 'node:timers/promises';
import { Command, Option } from 'commander';
import type { Event } from '../mps/mps.ts';
import type { Outcome } from '../scheme/scheme.ts';
import { EventLog } from './events.ts';
import { ExitERROR, ExitEXHAUSTED, ExitINTERRUPTED, exitOfSignal, ExitUSAGE, UserError } from './exit.ts';
import { programHash, programRead } from './program.ts';
import { Reasons, reportOf, reportText } from './report.ts';
import type { RunOptions, Session } from './session.ts';

/** How long the host is kept waiting <design/cli#.slices>. */
const SliceMS = 20;

/** The most threads that `run` takes. */
const ThreadsMOST = 64;

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
    .option('--pause <time>', 'how long a pause may be, which stands for an amount of work; 0: as short as can be', '10ms')
    .addOption(new Option('--platform <name>', 'under the collector: POSIX, or no operating system and no barriers').choices(['ix', 'an']).default('ix'))
    .addOption(new Option('--abi <name>', 'whose rules POSIX has: CheriBSD\'s, or Morello Linux\'s').choices(['cheribsd', 'pcuabi']).default('cheribsd'))
    .addOption(new Option('--suspend <how>', 'how the collector stops threads').choices(['kernel', 'signals']).default('kernel'))
    .addOption(new Option('--collect <when>', 'by policy, or at every poll').choices(['normal', 'every-poll']).default('normal'))
    .option('--threads <count>', 'how many threads run the program on one heap, each with its own globals', '1')
    .option('--seed <number>', 'what the run depends on besides program and options', '1')
    .addOption(new Option('--check <variety>', 'how much to check').choices(['rash', 'hot', 'cool']).default('hot'))
    .option('--stats', 'report on standard error what the collector did and why')
    .option('--json', 'report as one line of JSON (with --stats)')
    .option('--events <file>', 'write every event of the collector to a file, a line of JSON each')
    .addHelpText('after', '\nSizes take B, KiB, MiB or GiB; times us or ms.\n\nExample:\n  capstan run trees.scm --memory 64MiB --nursery 256KiB --stats')
    .action(async (file: string, hash: string | undefined, options: RunOptions) => {
      process.exitCode = await run(programRead(file, hash), file, options, null);
    });
}

/** Ends a run before its end <design/cli#.until>. */
export interface Until {
  /** hear -- an event; true: the run is to stop at the end of this step. `session` gives null before there is one. */
  hear(event: Event, session: () => Session | null): boolean;
  /** text -- what to print once it has stopped; the only thing that is. */
  text(): string;
}

/** run -- run a program to its end, until it is interrupted, or until it is asked to stop; the exit code. */
export async function run(text: string, file: string, options: RunOptions, until: Until | null): Promise<number> {
  optionsCheck(options);
  process.env['CAPSTAN_CHECK'] = options.check;
  // Only now may anything below be loaded: the variety is read once <design/check#.variety>.
  const { sessionStart, heapLeast } = await import('./session.ts');
  const log = options.events === undefined ? null : new EventLog(options.events), reasons = new Reasons();
  const output = new Output(Number(options.threads), until !== null), heard: Heard = { events: 0, isReached: false };
  let begun: Session | null = null;
  const session = sessionStart(text, file, options, (event: Event) => {
    reasons.hear(event);
    log?.hear(event);
    heard.events += 1;
    heard.isReached ||= until?.hear(event, () => begun) === true;
  }, (printed, thread) => { output.write(printed, thread); });
  begun = session;
  const end = await drive(session, file, output, heard);
  log?.finish();
  if (end.least) throw new UserError(leastMessage(options, heapLeast(options)));
  if (until !== null && end.code !== ExitINTERRUPTED) return untilPrint(until, heard);
  if (end.message !== '') process.stderr.write(end.message);
  if (options.stats === true) {
    const report = reportOf(session.system, session.threads.length, session.pauseMax(), runString(file, text, options));
    process.stderr.write(options.json === true ? `${JSON.stringify(report)}\n` : reportText(report, reasons));
  }
  return end.code;
}

/** optionsCheck -- refuse what neither commander nor `boot` does. */
function optionsCheck({ seed, threads, json, stats }: RunOptions): void {
  if (!/^-?\d+$/.test(seed)) throw new UserError(`--seed "${seed}" is not a whole number: write one such as 1`);
  if (!/^\d+$/.test(threads) || Number(threads) < 1 || Number(threads) > ThreadsMOST) {
    throw new UserError(`--threads "${threads}" is not a number of threads: write one from 1 to ${ThreadsMOST}`);
  }
  if (json === true && stats !== true) throw new UserError('--json needs --stats: it says how the report is printed');
}

/** The events so far, and whether one of them was what the run was to stop at. */
interface Heard {
  events: number;
  isReached: boolean;
}

function untilPrint(until: Until, { events, isReached }: Heard): number {
  if (!isReached) throw new UserError(`the run ended after ${events} events, and what it was to stop at was not among them (--events FILE lists them)`);
  process.stdout.write(until.text());
  return 0;
}

/** How a run ended: exit code, and what to say of it. */
interface End {
  readonly code: number;
  readonly message: string;
  /** The heap was too small to start. */
  readonly least: boolean;
}

/** drive -- step the system until the program is over or the event heard, letting signals in every now and then. */
async function drive(session: Session, file: string, output: Output, heard: Heard): Promise<End> {
  let interrupted = false;
  const onInterrupt = (): void => { interrupted = true; };
  process.on('SIGINT', onInterrupt);
  try {
    for (;;) {
      const until = now() + SliceMS;
      let more = true;
      while (more && !heard.isReached && now() < until) more = session.step();
      output.flush((thread) => session.outcome(thread) !== null);
      if (heard.isReached) return { code: 0, message: '', least: false };
      if (!more) return endOf(session, file);
      await setImmediate();
      if (output.isClosed) return { code: exitOfSignal(SigPIPE), message: '', least: false };
      if (interrupted) return { code: ExitINTERRUPTED, message: 'capstan: interrupted\n', least: false };
    }
  } finally {
    output.flush(() => true);
    process.off('SIGINT', onInterrupt);
  }
}

/** endOf -- what the outcomes of the threads mean to the shell: the first that failed decides <design/cli#.threads>. */
function endOf(session: Session, file: string): End {
  const { fault, threads, exhaustedHint } = session;
  if (fault !== null) return { code: exitOfSignal(fault.signal), message: `${fault.message}\n`, least: false };
  const outcomes = threads.map((_, thread) => session.outcome(thread) as Outcome), codes = outcomes.map(codeOf);
  const lines = outcomes.flatMap((outcome, thread) => messageOf(outcome, file).map((line, i) =>
    (i > 0 ? `  ${line}` : threads.length > 1 ? `${threads[thread]}: ${line}` : line)));
  if (outcomes.some(({ status }) => status === 'exhausted')) lines.push(exhaustedHint);
  return {
    code: codes.find((code) => code !== 0) ?? 0, message: lines.map((line) => `${line}\n`).join(''),
    least: outcomes.some((outcome) => outcome.status === 'exhausted' && !outcome.started),
  };
}

function codeOf(outcome: Outcome): number {
  switch (outcome.status) {
    case 'done': return outcome.exit & 255;
    case 'syntax': return ExitUSAGE;
    case 'error': return ExitERROR;
    case 'exhausted': return ExitEXHAUSTED;
  }
}

/** messageOf -- what to say of an outcome, in lines. */
function messageOf(outcome: Outcome, file: string): string[] {
  switch (outcome.status) {
    case 'done': return [];
    case 'syntax': return [outcome.message];
    case 'error': return [outcome.message, ...outcome.chain];
    case 'exhausted': return [`${file}: ${outcome.message}`, ...outcome.chain];
  }
}

/** leastMessage -- what to do about a heap that is too small to start. */
function leastMessage(options: RunOptions, least: string): string {
  const option = options.commitLimit === undefined ? '--memory' : '--commit-limit';
  return `${option} ${options.commitLimit ?? options.memory} is too small to start: it must be at least ${least}`;
}

/** runString -- what repeats this run <design/cli#.run>. */
function runString(file: string, text: string, options: RunOptions): string {
  const { memory, commitLimit, nursery, grain, pause, platform, abi, suspend, collect, threads, seed, check } = options;
  const limit = commitLimit === undefined ? '' : ` --commit-limit ${commitLimit}`;
  return `run ${file} --memory ${memory}${limit} --nursery ${nursery} --grain ${grain} --pause ${pause} --platform ${platform}`
    + ` --abi ${abi} --suspend ${suspend} --collect ${collect} --threads ${threads} --seed ${seed} --check ${check} ${programHash(text)}`;
}

/** What the threads print, gathered: it is printed thread by thread, that of the first one that is not over at each slice's end. */
class Output {
  private readonly parts: string[][];
  private readonly isDropped: boolean;
  /** The thread whose output is being printed. */
  private turn: number = 0;
  isClosed: boolean = false;

  constructor(threads: number, isDropped: boolean) {
    this.parts = Array.from({ length: threads }, () => []);
    this.isDropped = isDropped;
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.isClosed = true;
    });
  }

  write(text: string, thread: number): void {
    if (!this.isDropped) this.parts[thread].push(text);
  }

  /** flush -- print what may be printed now that some threads are over. */
  flush(isOver: (thread: number) => boolean): void {
    this.print();
    while (this.turn < this.parts.length - 1 && isOver(this.turn)) {
      this.turn += 1;
      this.print();
    }
  }

  private print(): void {
    const parts = this.parts[this.turn];
    if (parts.length > 0 && !this.isClosed) process.stdout.write(parts.join(''));
    parts.length = 0;
  }
}

