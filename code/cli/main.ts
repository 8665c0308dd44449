/* main.ts: THE COMMAND LINE
 *
 * Reads arguments, finds the command, and turns every mistake of the user's into one line and an exit code
 * <design/cli>. One file a command.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { capCommand } from './cap.ts';
import { ExitUSAGE, UserError } from './exit.ts';
import { replayCommand } from './replay.ts';
import { runCommand } from './run.ts';
import { vectorsCommand } from './vectors.ts';

/** main -- what `capstan ARGUMENTS` does; sets the process's exit code. */
export async function main(args: readonly string[]): Promise<void> {
  const program = new Command('capstan')
    .description('Run Scheme programs on a collected, tagged heap, see what the collector did, and look at capabilities.')
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => { write(text.replace(/^error: /, 'capstan: ')); } })
    .addHelpText('after', '\nExample:\n  capstan run fib.scm --memory 64MiB --nursery 1MiB --stats\n\nExit codes: 0 done, 1 uncaught error or vectors that differ, 2 usage or syntax, 3 heap exhausted, 128+n signal n, 130 interrupted.');
  for (const command of [runCommand(), replayCommand(), capCommand(), vectorsCommand()]) program.addCommand(command.copyInheritedSettings(program));
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : ExitUSAGE;
    } else if (error instanceof UserError) {
      process.stderr.write(`capstan: ${error.message}\n`);
      process.exitCode = error.exit;
    } else throw error;
  }
}

/** The version of the package, in a clone as well as built. */
function version(): string {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
  return (JSON.parse(read('../../package.json')) as { version: string }).version;
}
