/* print.ts: STANDARD OUTPUT
 *
 * What commands print, to a reader that may go at any time <design/cli#.exit>.
 */
import { exitOfSignal } from './exit.ts';

const SigPIPE = 13;

/** nameShown -- a file's name for a message: in quotes if it is empty or has what cannot be printed. */
export const nameShown = (file: string): string => (/^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(file) ? file : JSON.stringify(file));

/** Standard output; make one a command. */
export class Printer {
  /** The reader has gone: what is printed goes nowhere, and the exit code is set. */
  isClosed: boolean = false;

  constructor() {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.isClosed = true;
      process.exitCode = exitOfSignal(SigPIPE);
    });
  }

  print(text: string): void {
    if (!this.isClosed) process.stdout.write(text);
  }
}
