/* options.ts: BOOT OPTIONS
 *
 * Options made definite and found usable, or refused in one line that names the option, the value and what would do
 * <design/boot#.options>.
 */
import { boundsGranule, PageSIZE, type Hart } from '../machine/machine.ts';
import type { ArenaParameters, ChunkHeard } from './arena/arena.ts';
import { PauseWORK } from './arena/policy.ts';
import type { BootOptions } from './boot.ts';
import { OptionError, parseSize, parseTime, sizeText } from './units.ts';

/** The second generation's capacity, and what is expected to die in each: the MPS's default chain <design/generation#.default>. */
const SecondCAPACITY = 36 * 1024 * 1024;
const NurseryMORTALITY = 0.85;
const SecondMORTALITY = 0.45;

/** The most memory that the window can show, and the most of it that is for statics <design/boot#.statics>. */
const MemoryMOST = 0xfe00_0000;
const StaticsMOST = 0x00f0_0000;

/** A thread's stack: room for a score of signal frames. */
export const StackSIZE = 8192;

/** The most threads of a system. */
const ThreadsMOST = 1024;

/** Options, made definite. */
export interface Settings extends ArenaParameters {
  readonly memory: number;
  readonly statics: number;
  readonly platform: 'ix' | 'an';
  readonly driver: 'fast' | 'explored';
  readonly forward: 'fault' | 'kill';
  readonly suspend: 'kernel' | 'signals';
  readonly abi: 'cheribsd' | 'pcuabi';
}

/** settle -- options made definite; throws OptionError for one that cannot be used. */
export function settle(options: BootOptions): Settings {
  const memory = pages('memory', options.memory ?? '256MiB', PageSIZE, MemoryMOST);
  const statics = pages('statics', options.statics ?? 0, 0, StaticsMOST);
  const grainSize = pages('grain', options.grain ?? '4KiB');
  if (Math.log2(grainSize) % 1 !== 0) throw new OptionError(`grain ${sizeText(grainSize)} is not a power of two: try 4KiB`);
  const platform = oneOf('platform', options.platform ?? 'ix', ['ix', 'an']);
  const threads = whole('threads', options.threads ?? 4, 1, ThreadsMOST);
  const floor = (size: number, unit: number = grainSize): number => Math.floor(size / unit) * unit;
  const held = platform === 'ix' ? threads * StackSIZE : 0, usable = floor(memory - held);
  if (usable <= 0) {
    throw new OptionError(`memory ${sizeText(memory)} is too small: at least ${sizeText(held + grainSize)}, a grain and the stacks of ${threads} threads`);
  }
  const commitLimit = options.commitLimit === undefined ? usable : pages('commit-limit', options.commitLimit);
  const nursery = pages('nursery', options.nursery ?? '8MiB');
  const spare = options.spare ?? 0.75;
  if (!(spare >= 0 && spare <= 1)) throw new OptionError(`spare ${spare} is not a share: give a number from 0 to 1`);
  const chunk = options.chunk === undefined ? usable : pages('chunk', options.chunk, grainSize);
  return {
    memory, statics, platform, commitLimit: Math.min(commitLimit, usable), grainSize, spare,
    // A size that bounds can say exactly: what the operating system would have to add, it does not have <design/vmix#.exact>.
    chunkSize: floor(Math.min(usable, chunk), Math.max(grainSize, boundsGranule(Math.min(usable, chunk)))),
    seed: whole('seed', options.seed ?? 1, -Infinity, Infinity),
    driver: oneOf('driver', options.driver ?? 'fast', ['fast', 'explored']),
    forward: oneOf('forward', options.forward ?? 'fault', ['fault', 'kill']),
    suspend: oneOf('suspend', options.suspend ?? 'kernel', ['kernel', 'signals']),
    abi: oneOf('abi', options.abi ?? 'cheribsd', ['cheribsd', 'pcuabi']),
    pauseWork: Math.round(parseTime('pause', options.pause ?? '10ms') / 1000 * PauseWORK),
    generations: [
      { capacity: nursery, mortality: NurseryMORTALITY },
      { capacity: Math.max(SecondCAPACITY, nursery), mortality: SecondMORTALITY },
    ],
    everyPoll: oneOf('collect', options.collect ?? 'normal', ['normal', 'every-poll']) === 'every-poll',
  };
}

/** How another arena is made <design/boot#.arenas>. Sizes are like "64KiB" or a number of bytes. */
export interface ArenaOptions {
  /** Whether address space comes from the platform, or from the client: vm. */
  readonly class?: 'vm' | 'client';
  /** How much address space it takes at a time: 16MiB, or what the first arena takes if that is less; of a client arena, how much the client gives,
   * without default. */
  readonly arenaSize?: string | number;
  /** Where a client arena's memory begins: a capability to it, in a slot. */
  readonly arenaClBase?: { readonly hart: Hart; readonly slot: number };
  /** What address space is divided into: as the first arena's. */
  readonly arenaGrainSize?: string | number;
  /** Whether generations are placed in zones of their own: yes. */
  readonly arenaZoned?: boolean;
  /** Hear of each chunk, inside the arena: after it is there, and before it is given back. */
  readonly arenaExtended?: ChunkHeard;
  readonly arenaContracted?: ChunkHeard;
  /** The most memory that it may use: as the first arena's. */
  readonly commitLimit?: string | number;
  /** The share of committed memory that may be spare: as the first arena's. */
  readonly spare?: number;
  /** The most that its client may be made to wait, in virtual microseconds; Infinity is possible: as the first arena's. */
  readonly pauseTime?: number;
}

/** How much address space another arena takes at a time. */
const ArenaSIZE = 16 * 1024 * 1024;

/** settleArena -- options of another arena made definite, by those of the first; throws OptionError for one that cannot be used. */
export function settleArena(options: ArenaOptions, first: Settings): ArenaParameters {
  const { arenaExtended: extended, arenaContracted: contracted, pauseTime, arenaZoned: zoned = true, spare = first.spare } = options;
  const isClient = oneOf('class', options.class ?? 'vm', ['vm', 'client']) === 'client';
  const grainSize = options.arenaGrainSize === undefined ? first.grainSize : pages('arena-grain-size', options.arenaGrainSize);
  if (Math.log2(grainSize) % 1 !== 0) throw new OptionError(`arena-grain-size ${sizeText(grainSize)} is not a power of two: try 4KiB`);
  if (isClient && (options.arenaSize === undefined || options.arenaClBase === undefined)) {
    throw new OptionError('a client arena is given memory: arena-cl-base says where it begins, and arena-size how much it is');
  }
  if (!(spare >= 0 && spare <= 1)) throw new OptionError(`spare ${spare} is not a share: give a number from 0 to 1`);
  if (pauseTime !== undefined && !(pauseTime >= 0)) throw new OptionError(`pause-time ${pauseTime} is not a time: give microseconds, 0 or more`);
  const size = Math.max(grainSize, parseSize('arena-size', options.arenaSize ?? Math.min(ArenaSIZE, first.chunkSize)));
  const unit = Math.max(grainSize, boundsGranule(Math.min(size, MemoryMOST)));
  return {
    ...first, grainSize, spare, isClient, zoned, chunkSize: isClient ? size : Math.ceil(size / unit) * unit,
    ...(extended === undefined ? {} : { extended }), ...(contracted === undefined ? {} : { contracted }),
    commitLimit: options.commitLimit === undefined ? first.commitLimit : parseSize('commit-limit', options.commitLimit),
    pauseWork: pauseTime === undefined ? first.pauseWork : Math.round(pauseTime / 1000 * PauseWORK),
  };
}

/** A size option in whole pages, from `least` to `most`. */
function pages(option: string, value: string | number, least: number = PageSIZE, most: number = Infinity): number {
  const size = parseSize(option, value);
  if (size < least) throw new OptionError(`${option} ${sizeText(size)} is too small: at least ${sizeText(least)}`);
  if (size > most) throw new OptionError(`${option} ${sizeText(size)} is too large: at most ${sizeText(most)}`);
  return Math.ceil(size / PageSIZE) * PageSIZE;
}

function whole(option: string, value: number, least: number, most: number): number {
  if (!Number.isSafeInteger(value)) throw new OptionError(`${option} ${value} is not a whole number`);
  if (value < least || value > most) throw new OptionError(`${option} ${value} is out of range: from ${least} to ${most}`);
  return value;
}

function oneOf<T extends string>(option: string, value: T, all: readonly T[]): T {
  if (!all.includes(value)) throw new OptionError(`${option} "${value}" does not exist: there are ${all.join(' and ')}`);
  return value;
}
