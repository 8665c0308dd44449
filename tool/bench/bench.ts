/* bench.ts: THE BENCH
 *
 * `bench [NAME...] [--json] [--list]` times the named benches, or all <design/bench>. It runs as built JavaScript, times everything
 * in fresh processes, and exits 0 whatever it measured; 2 if it was asked in a wrong way <design/bench#.inv.exit>.
 */
import { realpathSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { barrier } from './barrier.ts';
import { fresh, stopAll, type Sampler } from './fresh.ts';
import { gcbench } from './gcbench.ts';
import { micro } from './micro.ts';
import { os } from './os.ts';
import { pause } from './pause.ts';
import { rowJson, rowTable, type Row } from './rows.ts';
import { scheme } from './scheme.ts';
import { vectors } from './vectors.ts';

/** A bench: rows as they are measured. */
export interface Bench {
  readonly name: string;
  /** What it measures, in one line. */
  readonly summary: string;
  readonly rows: (sample: Sampler) => AsyncIterable<Row>;
}

/** Where the bench writes and how it measures. */
export interface BenchPort {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether somebody watches standard error. */
  readonly isWatched: boolean;
  /** How many processes have lately wanted to run. */
  readonly load: number;
  readonly sample: Sampler;
}

/** A load from which long cases tell more of other programs than of themselves. */
const LoadBUSY = 1;

/** Every bench, in the order in which all of them run. */
export const BENCHES: readonly Bench[] = [micro, vectors, barrier, os, pause, gcbench, scheme];

/** benchMain -- the command; returns its exit code. */
export async function benchMain(args: readonly string[], port: BenchPort, benches: readonly Bench[] = BENCHES): Promise<number> {
  const command = new Command('bench')
    .description('Time Capstan against what its users know. Ratios below 1 are faster; nothing is a failure but wrong usage.')
    .argument('[name...]', 'benches to run; all when none is named')
    .option('--json', 'print one JSON object a row')
    .option('--list', 'print the names of the benches')
    .addHelpText('after', '\nExample: npm run -s bench -- micro --json')
    .exitOverride()
    .configureOutput({ writeOut: port.out, writeErr: port.err });
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  const options = command.opts<{ json?: boolean; list?: boolean }>();
  if (options.list === true) {
    for (const { name, summary } of benches) port.out(`${name.padEnd(8)}  ${summary}\n`);
    return 0;
  }
  const stranger = command.args.find((name) => !benches.some((bench) => bench.name === name));
  if (stranger !== undefined) {
    port.err(`bench: there is no bench "${stranger}" (there are ${benches.map((bench) => bench.name).join(', ')})\n`);
    return 2;
  }
  if (port.load > LoadBUSY) {
    port.err(`bench: other programs are running (load ${port.load.toFixed(1)}): the times of long cases are uncertain\n`);
  }
  const chosen = command.args.length === 0 ? benches : benches.filter((bench) => command.args.includes(bench.name));
  for (const bench of chosen) await benchRun(bench, options.json === true, port);
  return 0;
}

/** benchRun -- run one bench and print its rows, as JSON one by one, as a table when all are there. */
async function benchRun(bench: Bench, json: boolean, port: BenchPort): Promise<void> {
  const rows: Row[] = [];
  const sample: Sampler = (name) => {
    if (port.isWatched) port.err(`\r\x1b[Kbench: ${name}`);
    return port.sample(name);
  };
  for await (const row of bench.rows(sample)) {
    if (port.isWatched) port.err('\r\x1b[K');
    if (row.failed !== undefined) port.err(`bench: ${row.name} failed: ${row.failed}\n`);
    if (row.skipped !== undefined) port.err(`bench: ${row.name} skipped: ${row.skipped}\n`);
    if (json) port.out(`${rowJson(row)}\n`);
    rows.push(row);
  }
  if (!json) port.out(`${bench.name}: ${bench.summary}\n${rowTable(rows)}\n`);
}

/** main -- the command as the shell starts it <design/bench#.built>. */
async function main(): Promise<void> {
  if (fileURLToPath(import.meta.url).endsWith('.ts')) {
    process.stderr.write('bench: TypeScript loaders distort times (run it built: npm run -s bench)\n');
    process.exitCode = 2;
    return;
  }
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
    process.on(signal, () => {
      stopAll();
      process.stderr.write('\nbench: interrupted\n');
      process.exit(code);
    });
  }
  process.exitCode = await benchMain(process.argv.slice(2), {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isWatched: process.stderr.isTTY,
    load: loadavg()[0] ?? 0,
    sample: fresh,
  });
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
