/* start.ts: STARTING A PROGRAM IN TESTS
 *
 * A system, a thread and a runtime for one text, run to its end.
 */
import { boot, tagged, type BootOptions, type System } from '../../code/mps/mps.ts';
import type { AllocationPoint } from '../../code/scheme/objects.ts';
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

/** Options of a system, and whether every allocation of the program itself is to begin with a collection of the world. */
export interface StartOptions extends BootOptions { readonly relentless?: boolean }

/** start -- run a program in a system of its own; `watch` sees the system before anything runs. */
export function start(text: string, options: StartOptions = {}, watch: (system: System) => void = () => undefined): Ended {
  const parts: string[] = [];
  const system = boot({ memory: '64MiB', ...options });
  watch(system);
  const pool = system.arena.pool('amc', { format: tagged });
  let runtime: Runtime | null = null;
  system.thread('main', function* (hart) {
    const ap = pool.allocationPoint(hart);
    let started = false;
    const point: AllocationPoint = {
      reserve: (slot, size) => {
        if (started && options.relentless === true) system.arena.collect();
        return ap.reserve(slot, size);
      },
      commit: (slot) => ap.commit(slot),
    };
    runtime = new Runtime(hart, point, {
      output: (piece) => {
        parts.push(piece);
      },
    });
    if (!(yield* runtime.start())) return;
    started = true;
    if (yield* runtime.load(text, 'test.scm')) runtime.outcome = { status: 'done', exit: 0 };
  });
  system.run();
  const outcome = (runtime as unknown as Runtime).outcome;
  if (outcome === null) throw new Error('the program has no outcome');
  return {
    output: parts.join(''), status: outcome.status, message: outcome.status === 'done' ? '' : outcome.message,
    code: outcome.status === 'done' ? outcome.exit : 1,
  };
}
