/* boot.ts: BOOTING A SYSTEM
 *
 * From a handful of options to a machine, a platform, one arena and threads: what a client of the library begins with
 * <design/boot>.
 */
import { aver } from '../base/base.ts';
import {
  AddressSpace, addrOfWindow, boundsRound, GranuleSIZE, Hart, Memory, PageALL, PageSIZE,
} from '../machine/machine.ts';
import { AnPlinth } from './an/an.ts';
import { Driver, type ThreadBody } from './an/driver.ts';
import { Arena, type ArenaParameters } from './arena/arena.ts';
import type { Event } from './event.ts';
import { deriveNew } from './heap/authority.ts';
import { RankEXACT, type Rank } from './heap/rank.ts';
import { Root } from './heap/root.ts';
import { OptionError, parseSize, parseTime, sizeText } from './units.ts';

/** Where statics begin in the window; the heap never grows so far, for memory ends below <design/boot#.statics>. */
const StaticsBASE = 0xff00_0000;
const StaticsMOST = 0x00f0_0000;

/** How a system is made; every option has a default. Sizes are like "64KiB" or a number of bytes. */
export interface BootOptions {
  /** The machine's memory: 256MiB. */
  readonly memory?: string | number;
  /** The most that the arena may use of it: all. */
  readonly commitLimit?: string | number;
  /** Capacity of the youngest generation: 8MiB. */
  readonly nursery?: string | number;
  /** What address space is divided into: 4KiB. */
  readonly grain?: string | number;
  /** How much address space the arena takes at a time: as much as there is memory. */
  readonly chunk?: string | number;
  /** How long a pause may be: 10ms. Without barriers a collection is one pause, however long. */
  readonly pause?: string | number;
  /** Memory for areas outside the arena, see `System.statics`: none. */
  readonly statics?: string | number;
  /** Share of committed memory that may be spare: 0.75. */
  readonly spare?: number;
  /** What a run depends on besides program and options: 1. */
  readonly seed?: number;
  readonly platform?: 'an';
  readonly collect?: 'normal' | 'every-poll';
  /** Hears every event of the collector. */
  readonly events?: (event: Event) => void;
}

/** The second generation's capacity, and what is expected to die in each: the MPS's default chain <design/generation#.default>. */
const SecondCAPACITY = 36 * 1024 * 1024;
const NurseryMORTALITY = 0.85;
const SecondMORTALITY = 0.45;

/** A machine with its platform, arena and threads. */
export class System {
  readonly memory: Memory;
  readonly space: AddressSpace;
  readonly arena: Arena;
  private readonly driver: Driver;
  private readonly staticsLimit: number;
  private staticsUsed: number = 0;
  /** Physical address of the first static byte. */
  private readonly staticsFrame: number;

  constructor(options: BootOptions = {}) {
    const settings = settle(options);
    this.staticsFrame = settings.memory;
    this.staticsLimit = settings.statics;
    this.memory = new Memory(settings.memory + settings.statics);
    this.space = new AddressSpace();
    const plinth = new AnPlinth(this.memory, this.space, settings.memory, options.events ?? (() => undefined));
    this.arena = new Arena(this.memory, plinth, settings);
    this.driver = new Driver((hart) => {
      // An error from within the arena leaves it as it was then: to go in again would hide what happened.
      if (!this.arena.isInside) this.arena.threadDeregister(hart);
    });
  }

  /** hart -- a hart whose slots are roots of the arena, for who drives his own thread. */
  hart(name: string, rank: Rank = RankEXACT): Hart {
    const hart = new Hart(name, this.memory, this.space);
    this.arena.threadRegister(hart, rank);
    return hart;
  }

  /** thread -- a thread that runs `body` from the next `run` or `step` on. */
  thread(name: string, body: ThreadBody, rank: Rank = RankEXACT): void {
    this.driver.add(this.hart(name, rank), body);
  }

  /** step -- run one thread until it yields; false when there is none. */
  step(): boolean {
    return this.driver.step();
  }

  /** run -- run all threads to their end. An error of a thread ends that thread and is thrown on. */
  run(): void {
    while (this.driver.step());
  }

  /** statics -- put a capability to `size` zeroed bytes outside the arena into a slot; a root, exact by tags unless asked
   * otherwise. The memory comes out of the `statics` option. */
  statics(hart: Hart, slot: number, size: number, rank: Rank = RankEXACT): Root {
    const bytes = Math.ceil(boundsRound(size) / PageSIZE) * PageSIZE;
    aver(this.staticsUsed + bytes <= this.staticsLimit, '<design/boot#.statics>');
    const base = (StaticsBASE + this.staticsUsed) | 0, frame = this.staticsFrame + this.staticsUsed;
    this.space.map(addrOfWindow(base), bytes, frame, PageALL);
    this.staticsUsed += bytes;
    deriveNew(hart.r, slot << 3, base, boundsRound(size));
    const root = Root.ofArea(frame / GranuleSIZE, (frame + bytes) / GranuleSIZE, rank);
    this.arena.roots.add(root);
    return root;
  }

  /** finish -- give everything back, checking that it is all there. */
  finish(): void {
    this.arena.finish();
  }
}

/** boot -- a system from options; throws OptionError for one that cannot be used. */
export const boot = (options: BootOptions = {}): System => new System(options);

interface Settings extends ArenaParameters {
  readonly memory: number;
  readonly statics: number;
}

/** settle -- options made definite and found usable. */
function settle(options: BootOptions): Settings {
  const memory = pages('memory', options.memory ?? '256MiB');
  const statics = pages('statics', options.statics ?? 0, 0, StaticsMOST);
  const grainSize = pages('grain', options.grain ?? '4KiB');
  if (Math.log2(grainSize) % 1 !== 0) throw new OptionError(`grain ${sizeText(grainSize)} is not a power of two: try 4KiB`);
  const most = StaticsBASE - 0x0100_0000;
  if (memory > most) throw new OptionError(`memory ${sizeText(memory)} is more than the machine can have: at most ${sizeText(most)}`);
  const commitLimit = options.commitLimit === undefined ? memory : pages('commit-limit', options.commitLimit);
  const nursery = pages('nursery', options.nursery ?? '8MiB');
  const floor = (size: number): number => Math.floor(size / grainSize) * grainSize;
  if (floor(memory) === 0) throw new OptionError(`memory ${sizeText(memory)} is less than one grain of ${sizeText(grainSize)}`);
  parseTime('pause', options.pause ?? '10ms');
  const spare = options.spare ?? 0.75;
  if (!(spare >= 0 && spare <= 1)) throw new OptionError(`spare ${spare} is not a share: give a number from 0 to 1`);
  const seed = options.seed ?? 1;
  if (!Number.isSafeInteger(seed)) throw new OptionError(`seed ${seed} is not a whole number`);
  if (options.platform !== undefined && (options.platform as string) !== 'an') {
    throw new OptionError(`platform "${options.platform as string}" does not exist: there is an`);
  }
  if (options.collect !== undefined && (options.collect as string) !== 'normal' && (options.collect as string) !== 'every-poll') {
    throw new OptionError(`collect "${options.collect as string}" does not exist: there are normal and every-poll`);
  }
  return {
    memory, statics, commitLimit: Math.min(commitLimit, memory), grainSize, spare, seed,
    chunkSize: floor(Math.min(memory, options.chunk === undefined ? memory : pages('chunk', options.chunk, grainSize))),
    generations: [
      { capacity: nursery, mortality: NurseryMORTALITY },
      { capacity: Math.max(SecondCAPACITY, nursery), mortality: SecondMORTALITY },
    ],
    everyPoll: options.collect === 'every-poll',
  };
}

/** A size option in whole pages, at least `least`. */
function pages(option: string, value: string | number, least: number = PageSIZE, most: number = Infinity): number {
  const size = parseSize(option, value);
  if (size < least) throw new OptionError(`${option} ${sizeText(size)} is too small: at least ${sizeText(least)}`);
  if (size > most) throw new OptionError(`${option} ${sizeText(size)} is too large: at most ${sizeText(most)}`);
  return Math.ceil(size / PageSIZE) * PageSIZE;
}
