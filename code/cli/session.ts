/* session.ts: A RUN
 *
 * A system with one Scheme program on it, run by one thread or several, and driven step by step by whoever holds it: the command
 * line, or a test <design/cli#.threads>.
 */
import { random } from '../base/base.ts';
import { faultDescribe, faultIsCapability, MachineFault } from '../machine/machine.ts';
import { boot, OptionError, parseSize, sizeText, type BootOptions, type Event, type System } from '../mps/mps.ts';
import { Runtime, Shared, type Outcome } from '../scheme/scheme.ts';
import { UserError } from './exit.ts';

const now: () => number = performance.now.bind(performance);

/** Signals that faults become, as CheriBSD numbers them. */
const SigBUS = 10;
const SigSEGV = 11;
const SigPROT = 34;

/** Calls and loops between two yields of a thread that is alone and lets only the host in, at most. */
const FuelALONE = 200_000;
/** Among others, it is below a power of two that is drawn first, from 1 up to half of 2 to this: some 2,000 on average. */
const FuelPOWERS = 16;

/** The options of `run`, as commander gives them. */
export interface RunOptions {
  readonly memory: string;
  readonly commitLimit?: string;
  readonly nursery: string;
  readonly grain: string;
  readonly pause: string;
  readonly platform: 'an' | 'ix';
  readonly abi: 'cheribsd' | 'pcuabi';
  readonly suspend: 'kernel' | 'signals';
  readonly collect: 'normal' | 'every-poll';
  readonly threads: string;
  readonly seed: string;
  readonly check: 'rash' | 'hot' | 'cool';
  readonly stats?: true;
  readonly json?: true;
  readonly events?: string;
}

/** A program under way. */
export interface Session {
  readonly system: System;
  /** The names of the threads that run the program; elsewhere they are numbers, from 0. */
  readonly threads: readonly string[];
  /** step -- run one of them for a moment; false when all are over. */
  step(): boolean;
  /** outcome -- how a thread ended; null before it has. */
  outcome(thread: number): Outcome | null;
  /** What to do about an exhausted heap. */
  readonly exhaustedHint: string;
  /** The fault that ended all threads, as a signal. */
  readonly fault: Death | null;
  /** The longest pause so far, in milliseconds. */
  pauseMax(): number;
}

/** A fault that nobody handled: the signal that it became, and what to say of it. */
export interface Death {
  readonly signal: number;
  readonly message: string;
}

/** sessionStart -- a booted system with a program that is ready to run; `output` hears what a thread prints. */
export function sessionStart(
  text: string, file: string, options: RunOptions, events: (event: Event) => void, output: (text: string, thread: number) => void,
): Session {
  const system = systemOf(options, events), count = Number(options.threads), pool = system.arena.pool('amc');
  const threads = Array.from({ length: count }, (_, thread) => (thread === 0 ? 'main' : `thread-${thread}`));
  const runtimes: Runtime[] = [], shared = new Shared(count), seeds = random(Number(options.seed));
  const pauseMax = pauseWatch(system);
  let fault: Death | null = null;
  for (const [thread, name] of threads.entries()) {
    const fuel = fuelOf(seeds(2 ** 32), count);
    system.thread(name, function* (t) {
      const runtime = new Runtime(t, pool.allocationPoint(t), { shared, fuel, output: (printed) => { output(printed, thread); } });
      runtimes[thread] = runtime;
      try {
        yield* runtime.main(text, file);
      } catch (error) {
        if (error instanceof MachineFault) fault = deathOf(error, count > 1 ? `${name}: ${file}` : file);
        throw error;
      }
    });
  }
  return {
    system, threads, pauseMax,
    get fault() { return fault ?? killed(system, file); },
    outcome: (thread) => runtimes.at(thread)?.outcome ?? null,
    exhaustedHint: `give it more than ${limitName(options)} ${limitValue(options)}, or let it keep less`,
    step() {
      try {
        return system.step();
      } catch (error) {
        if (error instanceof MachineFault) return false;
        throw error;
      }
    },
  };
}

/** pauseWatch -- have the clock run while the collector works; what is returned tells the longest time. */
function pauseWatch(system: System): () => number {
  let pauseMax = 0, pauseBase = 0;
  system.arena.watcher = {
    pause(begins) {
      if (begins) pauseBase = now();
      else pauseMax = Math.max(pauseMax, now() - pauseBase);
    },
  };
  return () => pauseMax;
}

/** fuelOf -- a thread's fuel from yield to yield: the seed says where others may run <design/cli#.fuel>. */
function fuelOf(seed: number, threads: number): () => number {
  const draw = random(seed);
  return threads === 1 ? () => 1 + draw(FuelALONE) : () => 1 + draw(2 ** draw(FuelPOWERS));
}

/** killed -- how the emulated process died, if it did. */
function killed(system: System, file: string): Death | null {
  const { death } = system.platform;
  return death === null ? null : { signal: death.signal, message: `${file}: ${death.report}` };
}

/** deathOf -- the signal that a fault becomes, and what to say of it. */
function deathOf({ fault }: MachineFault, who: string): Death {
  const signal = faultIsCapability(fault) ? SigPROT : fault.kind === 'misaligned' ? SigBUS : SigSEGV;
  return { signal, message: `${who}: signal ${signal}: ${faultDescribe(fault)}` };
}

const limitName = (options: RunOptions): string => (options.commitLimit === undefined ? '--memory' : '--commit-limit');
const limitValue = (options: RunOptions): string => options.commitLimit ?? options.memory;

/** heapLeast -- the least value of the limiting option with which all threads start, to a page <design/cli#.least>. */
export function heapLeast(options: RunOptions): string {
  const page = 4096;
  const starts = (pages: number): boolean => {
    const size = `${pages * page}B`;
    const limited = options.commitLimit === undefined ? { ...options, memory: size } : { ...options, commitLimit: size };
    const session = sessionStart('', '', limited, () => undefined, () => undefined);
    while (session.step());
    return session.threads.every((_, thread) => session.outcome(thread)?.status === 'done');
  };
  let low = Math.floor(parseSize(limitName(options), limitValue(options)) / page), high = Math.max(1, low * 2);
  while (!starts(high)) high *= 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (starts(middle)) high = middle;
    else low = middle;
  }
  return sizeText(high * page);
}

/** systemOf -- a system from the command line's options. */
function systemOf(options: RunOptions, events: (event: Event) => void): System {
  const { memory, commitLimit, nursery, grain, pause, platform, abi, suspend, collect, threads, seed } = options;
  const bootOptions: BootOptions = {
    memory, nursery, grain, pause, platform, abi, suspend, collect, threads: Number(threads), seed: Number(seed), events,
  };
  try {
    return boot(commitLimit === undefined ? bootOptions : { ...bootOptions, commitLimit });
  } catch (error) {
    if (error instanceof OptionError) throw new UserError(`--${error.message}`);
    throw error;
  }
}
