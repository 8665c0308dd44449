/* exit.ts: EXIT CODES
 *
 * What `capstan` tells the shell where not all went well <design/cli#.exit>.
 */

/** A Scheme error that nobody caught. */
export const ExitERROR = 1;
/** The command line, an option, a file, or the program's syntax. */
export const ExitUSAGE = 2;
/** The heap is exhausted. */
export const ExitEXHAUSTED = 3;
/** Interrupted by the user. */
export const ExitINTERRUPTED = 130;

/** exitOfSignal -- the code for a run that an emulated signal ended. */
export const exitOfSignal = (signal: number): number => 128 + signal;

/** A mistake that one line explains, with the exit code that goes with it. */
export class UserError extends Error {
  readonly code = 'CAPSTAN_USER';
  override readonly name = 'UserError';
  readonly exit: number;

  constructor(message: string, exit: number = ExitUSAGE) {
    super(message);
    this.exit = exit;
  }
}
