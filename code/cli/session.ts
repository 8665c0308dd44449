/* session.ts: A RUN
 *
 * A system with one Scheme program on it, driven step by step by whoever holds it: the command line, or a test
 * <design/cli>.
 */
import { faultDescribe, faultIsCapability, MachineFault } from '../machine/machine.ts';
import { boot, OptionError, parseSize, sizeText, type BootOptions, type Event, type System } from '../mps/mps.ts';
import { Runtime, type Outcome } from '../scheme/scheme.ts';
import { UserError } from './exit.ts';

const now: () => number = performance.now.bind(performance);

/** Signals that faults become, as CheriBSD numbers them. */
const SigBUS = 10;
const SigSEGV = 11;
const SigPROT = 34;

/** The options of `run`, as commander gives them. */
export interface RunOptions {
  readonly memory: string;
  readonly commitLimit?: string;
  readonly nursery: string;
  readonly grain: string;
  readonly pause: string;
  readonly platform: 'an';
  readonly collect: 'normal' | 'every-poll';
  readonly seed: string;
  readonly check: 'rash' | 'hot' | 'cool';
  readonly stats?: true;
  readonly json?: true;
  readonly events?: string;
}

/** A program under way. */
export interface Session {
  readonly system: System;
  /** step -- run for a moment; false when the program is over. */
  step(): boolean;
  outcome(): Outcome | null;
  /** What to do about an exhausted heap. */
  readonly exhaustedHint: string;
  /** The fault that ended the program, as a signal. */
  readonly fault: { readonly signal: number; readonly message: string } | null;
  /** The longest pause so far, in milliseconds. */
  pauseMax(): number;
}

/** sessionStart -- a booted system with a program that is ready to run. */
export function sessionStart(
  text: string, file: string, options: RunOptions, events: (event: Event) => void, output: (text: string) => void,
): Session {
  const system = systemOf(options, events);
  let runtime: Runtime | null = null, fault: Session['fault'] = null, pauseMax = 0, pauseBase = 0;
  system.arena.watcher = {
    pause(begins) {
      if (begins) pauseBase = now();
      else pauseMax = Math.max(pauseMax, now() - pauseBase);
    },
  };
  system.thread('main', function* (t) {
    const ap = system.arena.pool('amc').allocationPoint(t);
    runtime = new Runtime(t, ap, { output });
    yield* runtime.main(text, file);
  });
  return {
    system,
    get fault() { return fault; },
    outcome: () => runtime?.outcome ?? null,
    pauseMax: () => pauseMax,
    exhaustedHint: `give it more than ${limitName(options)} ${limitValue(options)}, or let it keep less`,
    step() {
      try {
        return system.step();
      } catch (error) {
        if (!(error instanceof MachineFault)) throw error;
        const signal = faultIsCapability(error.fault) ? SigPROT : error.fault.kind === 'misaligned' ? SigBUS : SigSEGV;
        fault = { signal, message: `${file}: signal ${signal}: ${faultDescribe(error.fault)}` };
        return false;
      }
    },
  };
}

const limitName = (options: RunOptions): string => (options.commitLimit === undefined ? '--memory' : '--commit-limit');
const limitValue = (options: RunOptions): string => options.commitLimit ?? options.memory;

/** heapLeast -- the least value of the limiting option with which the runtime starts, to a page <design/cli#.least>. */
export function heapLeast(options: RunOptions): string {
  const page = 4096;
  const starts = (pages: number): boolean => {
    const size = `${pages * page}B`;
    const limited = options.commitLimit === undefined ? { ...options, memory: size } : { ...options, commitLimit: size };
    const session = sessionStart('', '', limited, () => undefined, () => undefined);
    while (session.step());
    return session.outcome()?.status === 'done';
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
  const { memory, commitLimit, nursery, grain, pause, platform, collect, seed } = options;
  const bootOptions: BootOptions = { memory, nursery, grain, pause, platform, collect, seed: Number(seed), events };
  try {
    return boot(commitLimit === undefined ? bootOptions : { ...bootOptions, commitLimit });
  } catch (error) {
    if (error instanceof OptionError) throw new UserError(`--${error.message}`);
    throw error;
  }
}
