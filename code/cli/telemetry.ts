/* telemetry.ts: `capstan telemetry`
 *
 * Reads a log of telemetry <design/telemetry#.log>.
 */
import { Command } from 'commander';

/** The options of `telemetry`, as commander gives them. */
export interface TelemetryOptions {
  readonly kind?: string;
  readonly type?: string;
  readonly from?: string;
  readonly to?: string;
  readonly where?: readonly string[];
  readonly summary?: true;
  readonly json?: true;
  readonly sql?: true;
  readonly sqlite?: string;
}

/** telemetryCommand -- `telemetry`, for the command line to add. */
export function telemetryCommand(): Command {
  return new Command('telemetry')
    .description('read a log of telemetry: as text, filtered, summed up, or into SQLite')
    .argument('<file>', 'a log that run --telemetry wrote; may be compressed by gzip; - is standard input')
    .option('--kind <names>', 'only these kinds, by commas: arena, pool, trace, seg, ref, object, user')
    .option('--type <names>', 'only these types of events, by commas, such as SegAlloc,SegFree')
    .option('--from <clock>', 'only from this time of the arena on')
    .option('--to <clock>', 'only up to this time')
    .option('--where <name=value>', 'only events with this parameter, such as pool=2; may be repeated', (text: string, before?: readonly string[]) => [...before ?? [], text])
    .option('--summary', 'how many there are of each type, and when')
    .option('--json', 'print lines of JSON')
    .option('--sql', 'print SQL, for sqlite3 to read')
    .option('--sqlite <file>', 'make a data base, which must not exist yet (needs Node 22)')
    .addHelpText('after', '\nExit codes: 0 done, 2 a file cannot be read or is no log, 130 interrupted.\n\nExample:\n  capstan telemetry run.log --kind trace --summary')
    .action(async (file: string, options: TelemetryOptions) => {
      // Only now: what is below reads its variety when it is loaded <design/check#.variety>.
      const { telemetryRun } = await import('./telemetry-run.ts');
      process.exitCode = await telemetryRun(file, options);
    });
}
