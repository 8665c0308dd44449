/* start.ts: STARTING A PROGRAM IN TESTS
 *
 * A system, a thread and a runtime for one text, run to its end.
 */
import { boot, tagged, type BootOptions } from '../../code/mps/mps.ts';
import { Runtime } from '../../code/scheme/scheme.ts';

/** What a program did. */
export interface Ended {
  readonly output: string;
  readonly status: 'done' | 'error' | 'syntax' | 'exhausted';
  /** Of an error, else nothing. */
  readonly message: string;
  /** The exit code, 1 for an error. */
  readonly code: number;
}

/** start -- run a program in a system of its own. */
export function start(text: string, options: BootOptions = {}): Ended {
  const parts: string[] = [];
  const system = boot({ memory: '64MiB', ...options });
  const pool = system.arena.pool('amc', { format: tagged });
  let runtime: Runtime | null = null;
  system.thread('main', function* (hart) {
    runtime = new Runtime(hart, pool.allocationPoint(hart), {
      output: (piece) => {
        parts.push(piece);
      },
    });
    yield* runtime.main(text, 'test.scm');
  });
  system.run();
  const outcome = (runtime as unknown as Runtime).outcome;
  if (outcome === null) throw new Error('the program has no outcome');
  return {
    output: parts.join(''), status: outcome.status, message: outcome.status === 'done' ? '' : outcome.message,
    code: outcome.status === 'done' ? outcome.exit : 1,
  };
}
