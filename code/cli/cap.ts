/* cap.ts: `capstan cap`
 *
 * Shows what a capability is, given as bits or by what it is to be, and what narrowing would make of it <design/look>.
 */
import { Command, Option } from 'commander';
import type { FormatName } from '../machine/machine.ts';
import { Printer } from './print.ts';

/** The options of `cap`, as commander gives them. */
export interface CapOptions {
  readonly format: FormatName;
  readonly untagged?: true;
  readonly address?: string;
  readonly base?: string;
  readonly length?: string;
  readonly top?: string;
  readonly perms?: string;
  readonly type?: string;
  readonly flags?: string;
  readonly setBounds?: string;
  readonly json?: true;
}

const help = `
HEX is the capability as it is in memory: 32 hexadecimal digits, upper half
first, in one word or two; 0x, and ":" or "_" between the halves, may be there.
Numbers are decimal, or hexadecimal with 0x, or sizes in KiB, MiB or GiB.

Examples:
  capstan cap ffff0000008fd234:0000000000123457
  capstan cap --base 0x123001 --length 4KiB --perms rwRW --set-bounds 16
  capstan cap --format morello ffffc00051001000 fff0000000001000 --json`;

/** capCommand -- `cap`, for the command line to add. */
export function capCommand(): Command {
  return new Command('cap')
    .description('show what a capability is: its fields, its bounds, and a picture')
    .argument('[hex...]', 'the bits of a capability; without them, the options say what it is')
    .addOption(new Option('--format <name>', 'the format').choices(['riscv', 'morello']).default('riscv'))
    .option('--untagged', 'it has no tag')
    .option('--base <address>', 'where it begins (with --length or --top; default: the whole space)')
    .option('--length <size>', 'how long it is')
    .option('--top <address>', 'where it ends, exclusive')
    .option('--address <address>', 'its address (default: its base)')
    .option('--perms <list>', 'letters such as rwRW, names such as LOAD,STORE, a number, or none (default: all)')
    .option('--type <type>', 'object type: unsealed, sentry or a number (default: unsealed)')
    .option('--flags <number>', 'CHERI-RISC-V: 1 is capability mode (default: 0)')
    .option('--set-bounds <length>', 'show also what narrowing to so many bytes from the address gives')
    .option('--json', 'print one line of JSON')
    .addHelpText('after', help)
    .action(async (words: string[], options: CapOptions) => {
      const { capShow } = await import('./cap-show.ts');
      new Printer().print(capShow(words, options));
    });
}
