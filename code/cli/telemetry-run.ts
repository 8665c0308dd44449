/* telemetry-run.ts: WHAT `capstan telemetry` DOES
 *
 * Reads a log, and prints the events that are wanted, sums them up, or puts them into a data base <design/telemetry#.log>.
 */
import { existsSync } from 'node:fs';
import { eventTypes, telemetryKinds, type TelemetryKind, type TelemetryRecord, type TelemetryType } from '../mps/mps.ts';
import {
  recordLine, recordParse, recordPasses, recordText, sqlRecord, sqlSchema, sqlText, TelemetryError, TelemetryLabels, TelemetrySummary, type TelemetryFilter,
} from '../observe/observe.ts';
import { ExitINTERRUPTED, UserError } from './exit.ts';
import { linesRead } from './lines.ts';
import { nameShown, Printer } from './print.ts';
import type { TelemetryOptions } from './telemetry.ts';

/** What is done with the events that are wanted. */
interface Sink {
  hear(record: TelemetryRecord): void;
  finish(): void;
}

/** telemetryRun -- read a log and print what is wanted of it; the exit code. */
export async function telemetryRun(file: string, options: TelemetryOptions): Promise<number> {
  if ([options.summary === true || options.json === true, options.sql, options.sqlite !== undefined].filter(Boolean).length > 1) {
    throw new UserError('--sql, --sqlite and --summary or --json are different things to print: choose one');
  }
  const filter = filterOf(options), sink = await sinkOf(file, options), interrupt = new AbortController(), { signal } = interrupt;
  process.on('SIGINT', () => interrupt.abort());
  let at = 0;
  try {
    for await (const lines of linesRead(file, signal)) {
      for (const line of lines) {
        at += 1;
        const record = recordOf(file, at, line);
        if (recordPasses(record, filter)) sink.hear(record);
      }
    }
  } finally {
    sink.finish();
  }
  if (signal.aborted) process.stderr.write('capstan: interrupted\n');
  return signal.aborted ? ExitINTERRUPTED : 0;
}

function recordOf(file: string, at: number, line: string): TelemetryRecord {
  try {
    return recordParse(line);
  } catch (error) {
    if (!(error instanceof TelemetryError)) throw error;
    throw new UserError(`${nameShown(file)}:${at}: ${error.message} (name a log that run --telemetry wrote)`);
  }
}

function filterOf({ kind, type, from, to, where }: TelemetryOptions): TelemetryFilter {
  return {
    ...(kind === undefined ? {} : { kinds: kindsOf('--kind', kind) }),
    ...(type === undefined ? {} : { types: namesOf<TelemetryType>('--type', type, Object.keys(eventTypes)) }),
    ...(from === undefined ? {} : { from: clockOf('--from', from) }),
    ...(to === undefined ? {} : { to: clockOf('--to', to) }),
    ...(where === undefined ? {} : { where: where.map(whereOf) }),
  };
}

/** kindsOf -- kinds of telemetry by name; `all` is all of them. */
export const kindsOf = (option: string, text: string): readonly TelemetryKind[] =>
  (text === 'all' ? telemetryKinds : namesOf<TelemetryKind>(option, text, telemetryKinds));

function namesOf<T extends string>(option: string, text: string, known: readonly string[]): T[] {
  return text.split(',').map((name) => {
    if (known.includes(name)) return name as T;
    const near = known.find((one) => one.toLowerCase() === name.toLowerCase());
    throw new UserError(`${option} "${name}" does not exist${near === undefined ? `: there are ${known.slice(0, 7).join(', ')}${known.length > 7 ? ' and others' : ''}` : ` (did you mean ${near}?)`}`);
  });
}

function clockOf(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new UserError(`${option} "${text}" is not a time of the arena: write a whole number`);
  return Number(text);
}

function whereOf(text: string): readonly [string, string] {
  const found = /^(\w+)=(.*)$/.exec(text);
  if (found === null) throw new UserError(`--where "${text}" is not a name and a value: write one such as pool=2`);
  return [found[1], found[2]];
}

async function sinkOf(file: string, options: TelemetryOptions): Promise<Sink> {
  if (options.sqlite !== undefined) return dataBase(options.sqlite, file);
  const printer = new Printer(), print = (text: string): void => printer.print(`${text}\n`), none = (): void => undefined;
  if (options.sql === true) {
    print(['BEGIN;', ...sqlSchema(file).map(sqlText)].join('\n'));
    return { hear: (record) => { print(sqlText(sqlRecord(record))); }, finish: () => { print('COMMIT;'); } };
  }
  if (options.summary === true) return summarySink(options.json === true, print);
  if (options.json === true) return { hear: (record) => { print(recordLine(record)); }, finish: none };
  const labels = new TelemetryLabels();
  return {
    hear: (record) => {
      labels.hear(record);
      print(recordText(record, labels));
    },
    finish: none,
  };
}

function summarySink(isJson: boolean, print: (text: string) => void): Sink {
  const summary = new TelemetrySummary();
  return { hear: (record) => { summary.hear(record); }, finish: () => { print(isJson ? JSON.stringify(summary.rows()) : summary.text()); } };
}

/** What is used of `node:sqlite`, which Node 20 does not have. */
interface Sqlite {
  readonly DatabaseSync: new (path: string) => {
    exec(sql: string): void;
    prepare(sql: string): { run(...values: readonly (number | string)[]): unknown };
    close(): void;
  };
}

/** dataBase -- put events into a data base of SQLite, all or none. */
async function dataBase(path: string, log: string): Promise<Sink> {
  if (existsSync(path)) throw new UserError(`--sqlite ${nameShown(path)} exists: name a file that does not`);
  const { DatabaseSync } = await sqlite(), data = new DatabaseSync(path);
  type Prepared = ReturnType<typeof data.prepare>;
  const prepared = new Map<string, Prepared>();
  const run = (sql: string, values: readonly (number | string)[]): void => {
    let statement = prepared.get(sql);
    if (statement === undefined) prepared.set(sql, statement = data.prepare(sql));
    statement.run(...values);
  };
  data.exec('BEGIN');
  for (const { sql, values } of sqlSchema(log)) run(sql, values);
  return {
    hear: (record) => {
      const { sql, values } = sqlRecord(record);
      run(sql, values);
    },
    finish: () => {
      data.exec('COMMIT');
      data.close();
    },
  };
}

async function sqlite(): Promise<Sqlite> {
  const name = 'node:sqlite';
  try {
    return await import(name) as Sqlite;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new UserError('--sqlite needs Node 22 or later: here print --sql, and have sqlite3 read it (capstan telemetry FILE --sql | sqlite3 DB)');
  }
}
