/* start.ts: STARTING A PROGRAM IN TESTS
 *
 * A system and a runtime for one text, on one thread or several, run to its end.
 */
import { random } from '../../code/base/base.ts';
import { boot, tagged, type BootOptions, type System } from '../../code/mps/mps.ts';
import type { AllocationPoint } from '../../code/scheme/objects.ts';
import { Runtime, Shared } from '../../code/scheme/scheme.ts';

/** What a program did. */
export interface Ended {
  /** Thread by thread. */
  readonly output: string;
  readonly status: 'done' | 'error' | 'syntax' | 'exhausted';
  /** Of an error, else nothing. */
  readonly message: string;
  /** The exit code, 1 for an error; with several threads, status, message and code are those of the first that is not done. */
  readonly code: number;
}

/** Options of a system, how many threads run the program, and whether every allocation of the program itself is to begin with a
 * collection of the world. */
export interface StartOptions extends BootOptions {
  readonly threads?: number;
  readonly relentless?: boolean;
}

/** start -- run a program in a system of its own; `watch` sees the system before anything runs. */
export function start(text: string, options: StartOptions = {}, watch: (system: System) => void = () => undefined): Ended {
  const { threads = 1, relentless = false } = options, printed: string[] = [], runtimes: Runtime[] = [];
  const system = boot({ memory: '64MiB', ...options }), shared = new Shared(threads), draw = random(options.seed ?? 1);
  watch(system);
  const pool = system.arena.pool('amc', { format: tagged });
  for (let thread = 0; thread < threads; thread += 1) {
    printed.push('');
    system.thread(`thread ${thread}`, function* (hart) {
      const ap = pool.allocationPoint(hart);
      let started = false;
      const point: AllocationPoint = {
        reserve: (slot, size) => {
          if (started && relentless) system.arena.collect();
          return ap.reserve(slot, size);
        },
        commit: (slot) => ap.commit(slot),
      };
      const runtime = new Runtime(hart, point, {
        shared, output: (piece) => { printed[thread] += piece; }, fuel: () => (threads === 1 ? 100_000 : 1 + draw(2 ** draw(16))),
      });
      runtimes.push(runtime);
      try {
        if (!(yield* runtime.start())) return;
        started = true;
        if (yield* runtime.load(text, 'test.scm')) runtime.outcome = { status: 'done', exit: 0 };
      } finally {
        runtime.finish();
      }
    });
  }
  system.run();
  const outcomes = runtimes.map(({ outcome }) => outcome), outcome = outcomes.find((one) => one?.status !== 'done') ?? outcomes[0];
  if (outcomes.length !== threads || outcomes.includes(null) || outcome === null) throw new Error('a thread has no outcome');
  return {
    output: printed.join(''), status: outcome.status, message: outcome.status === 'done' ? '' : outcome.message,
    code: outcome.status === 'done' ? outcome.exit : 1,
  };
}
