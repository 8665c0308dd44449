/* core.ts: CORES
 *
 * What a process was when a signal ended it, kept in place of a dump <design/signal#.core>.
 */
import { formatOf, Hart, SlotSHIFT } from '../machine/machine.ts';
import { doing, registersText } from './crash.ts';
import { RLIMIT_CORE } from './proc/limits.ts';
import type { Process } from './process.ts';
import { signalDefault } from './signal.ts';
import type { Thread } from './thread.ts';

/** A thread of a core. */
export interface CoreThread {
  readonly id: number;
  readonly name: string;
  /** What it was at, in words. */
  readonly doing: string;
  /** The slots in use that are not NULL, each as a line. */
  readonly registers: readonly string[];
}

/** The state of a process when it ended. */
export interface Core {
  readonly signal: number;
  readonly report: string;
  readonly threads: readonly CoreThread[];
  /** The address map, in order. */
  readonly map: ReturnType<Process['map']['entries']>;
}

/** threadOf -- what a thread is now: its slots are copied, and told of when somebody asks. */
function threadOf(thread: Thread): CoreThread {
  const { id, name, hart } = thread, { memory, space, top } = hart, format = formatOf(hart).name, r = hart.r.slice(0, top << SlotSHIFT);
  return {
    id, name, doing: doing(thread),
    get registers(): readonly string[] {
      const copy = new Hart(name, memory, space, top, format);
      copy.r.set(r);
      copy.top = top;
      return registersText(copy, []);
    },
  };
}

/** coreMake -- note down what a process is when a signal ends it; false, and nothing, for a signal that leaves no core, or where
 * RLIMIT_CORE is 0. */
export function coreMake(process: Process, signal: number, report: string): boolean {
  if (signalDefault(signal) !== 'core' || process.limits.soft(RLIMIT_CORE) === 0) return false;
  const threads = [...process.threads].map(threadOf);
  process.core = { signal, report, threads, map: process.map.entries() };
  return true;
}
