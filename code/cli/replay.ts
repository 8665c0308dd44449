/* replay.ts: `capstan replay`
 *
 * Repeats a run from the string that its report ends with, and stops at an event if asked to <design/replay>.
 */
import { Command, CommanderError } from 'commander';
import { UserError } from './exit.ts';
import { programRead } from './program.ts';
import { run, runCommand } from './run.ts';
import type { RunOptions } from './session.ts';

/** The options of `replay`, as commander gives them. */
interface ReplayOptions {
  readonly until?: string;
  readonly json?: true;
}

/** What a run string says. */
export interface Replay {
  readonly file: string;
  readonly hash: string | undefined;
  readonly options: RunOptions;
}

/** replayCommand -- `replay`, for the command line to add. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('repeat a run, and stop at an event to see what the system was like')
    .argument('<string...>', 'the run string: what a report says after "run", in quotes or not')
    .option('--until <event>', 'stop at an event: N, the N-th of all; TYPE, the first of a type; or TYPE:N')
    .option('--json', 'print event and state as one line of JSON (with --until)')
    .allowUnknownOption()
    .addHelpText('after', '\nWhat follows the string is added to it, such as --stats.\n\nExample:\n  capstan replay "run trees.scm --nursery 256KiB --seed 1" --until flip:2')
    .action(async (words: string[], { until, json }: ReplayOptions) => {
      const { file, hash, options } = replayParse(until === undefined && json === true ? [...words, '--json'] : words);
      const text = programRead(file, hash);
      process.env['CAPSTAN_CHECK'] = options.check;
      // Only now may anything below be loaded: the variety is read once <design/check#.variety>.
      const { eventChoice, Stop } = await import('./until.ts');
      process.exitCode = await run(text, file, options, until === undefined ? null : new Stop(eventChoice(until), json === true));
    });
}

/** replayParse -- read a run string, given as one word or many, as `run` would. */
export function replayParse(words: readonly string[]): Replay {
  const command = runCommand().exitOverride().configureOutput({ outputError: () => undefined });
  let replay: Replay | null = null;
  command.action((file: string, hash: string | undefined, options: RunOptions) => { replay = { file, hash, options }; });
  try {
    command.parse(runWords(words), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new UserError(refusal(error.message.replace(/^error: /, '').replace(/\s+/g, ' ')));
  }
  return replay ?? fail();
}

const fail = (): never => { throw new UserError(refusal('it says nothing to run')); };

/** runWords -- the words of a run string after `run`. */
function runWords([first, ...rest]: readonly string[]): string[] {
  // A program's name may have blanks in it: it ends where the options begin.
  const [, file = first, options = ''] = /^\s*(?:capstan\s+)?run\s+(.+?)\s*((?:\s(?:--|@[0-9a-f]{8}).*)?)$/s.exec(first) ?? [];
  if (file !== first) return [file, ...options.split(/\s+/).filter((word) => word !== ''), ...rest];
  const words = first === 'capstan' ? rest : [first, ...rest];
  if (words[0] !== 'run') throw new UserError(refusal(`"${words[0] ?? first}" is not "run"`));
  return words.slice(1);
}

const refusal = (why: string): string => `that is no run string: ${why} (give what a report of --stats says after "run", such as run fib.scm --seed 1)`;
