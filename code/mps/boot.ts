/* boot.ts: BOOTING A SYSTEM
 *
 * From a handful of options to a machine, a platform, an arena and threads: what a client of the library begins with
 * <design/boot>.
 */
import { aver } from '../base/base.ts';
import { boundsRound, GranuleSIZE, Memory, PageSIZE, type AddressSpace, type Hart } from '../machine/machine.ts';
import { AnPlatform } from './an/an.ts';
import { Arena } from './arena/arena.ts';
import type { Event } from './event.ts';
import { deriveNew } from './heap/authority.ts';
import { RankEXACT, type Rank } from './heap/rank.ts';
import { Root } from './heap/root.ts';
import { IxPlatform } from './ix/ix.ts';
import { settle, settleArena, type ArenaOptions, type Settings } from './options.ts';
import type { Platform, ThreadBody, ThreadView } from './platform.ts';
import { ResOK, ResRESOURCE, type Res } from './result.ts';
import { OptionError } from './units.ts';

/** How a system is made; every option has a default. Sizes are like "64KiB" or a number of bytes, times like "10ms". */
export interface BootOptions {
  /** The machine's memory: 256MiB. */
  readonly memory?: string | number;
  /** The most that the arena may use of it: all but what the operating system holds. */
  readonly commitLimit?: string | number;
  /** Capacity of the youngest generation: 8MiB. */
  readonly nursery?: string | number;
  /** What address space is divided into: 4KiB. */
  readonly grain?: string | number;
  /** How much address space the arena takes at a time: as much as it may use. */
  readonly chunk?: string | number;
  /** How long a pause may be: 10ms, which stands for an amount of work. With 0 each poll does the least that keeps up with allocation. Without
   * barriers a collection is one pause, however long. */
  readonly pause?: string | number;
  /** Memory for areas outside the arena, see `System.statics`: none. */
  readonly statics?: string | number;
  /** How many threads there may be; their stacks are what the operating system holds of the memory: 4. */
  readonly threads?: number;
  /** Share of committed memory that may be spare: 0.75. */
  readonly spare?: number;
  /** What a run depends on besides program and options: 1. */
  readonly seed?: number;
  /** `ix`, POSIX with barriers, or `an`, no operating system and none: ix. */
  readonly platform?: 'ix' | 'an';
  /** Where threads may be preempted: `fast`, where they yield, or `explored`, at every access: fast. Explored, all that counts must be below a hart's
   * `top` at each access, and nothing that threads share may be half changed <design/boot#.explored>. */
  readonly driver?: 'fast' | 'explored';
  /** How a fault that no arena owns reaches the handler that was there before: fault. */
  readonly forward?: 'fault' | 'kill';
  /** How a collector stops threads: by a call of the `kernel`, or by `signals`, SIGXFSZ and SIGXCPU: kernel. */
  readonly suspend?: 'kernel' | 'signals';
  /** Whose rules the operating system has: `cheribsd`, or `pcuabi`, Morello Linux's: cheribsd. */
  readonly abi?: 'cheribsd' | 'pcuabi';
  readonly collect?: 'normal' | 'every-poll';
  /** Hears every event of the collector. */
  readonly events?: (event: Event) => void;
}

/** A machine with its platform, arenas and threads. */
export class System {
  readonly memory: Memory;
  readonly platform: Platform;
  /** The first arena, in which all threads are registered. */
  readonly arena: Arena;
  private readonly settings: Settings;
  /** Those that are not destroyed. */
  private readonly arenas: Set<Arena> = new Set();
  private readonly staticsLimit: number;
  private staticsUsed: number = 0;

  constructor(options: BootOptions = {}) {
    const settings = settle(options), sink = options.events ?? (() => undefined);
    this.settings = settings;
    this.staticsLimit = settings.statics;
    this.memory = new Memory(settings.memory + settings.statics);
    // An error from within the arena leaves it as it was then: to go in again would hide what happened.
    const onEnd = (hart: Hart): boolean => {
      for (const { isInside } of this.live()) if (isInside) return false;
      for (const arena of this.live()) if (arena.control.state !== 'postmortem') arena.threadForget(hart);
      return true;
    };
    this.platform = platformOf(settings, this.memory, sink, onEnd);
    this.arena = new Arena(this.memory, this.platform.plinth, settings);
    this.arenas.add(this.arena);
  }

  /** arenaMake -- another arena of the same machine and platform, or why there is none: RESOURCE without address space, MEMORY without a whole
   * grain, COMMIT_LIMIT where that forbids its records. A thread that uses it is to be registered with it <design/boot#.arenas>. Throws
   * OptionError for an option that cannot be used. */
  arenaMake(options: ArenaOptions = {}): Arena | Res {
    const parameters = settleArena(options, this.settings), { arenaClBase } = options;
    const arena = new Arena(this.memory, this.platform.plinthMake(), parameters);
    const res = arenaClBase === undefined ? arena.create() : arena.extend(arenaClBase.hart, arenaClBase.slot, parameters.chunkSize);
    if (res !== ResOK) {
      arena.finish();
      return res;
    }
    this.arenas.add(arena);
    return arena;
  }

  /** live -- the arenas that are there; it forgets others. */
  private live(): Set<Arena> {
    for (const arena of this.arenas) if (arena.isGone) this.arenas.delete(arena);
    return this.arenas;
  }

  /** area -- put a capability to `size` bytes outside every arena into a slot: memory for a client arena. No root. RESOURCE if there is no run of
   * so many. */
  area(hart: Hart, slot: number, size: number): Res {
    aver(size > 0 && size < 2 ** 31, '<design/boot#.if.size>');
    return this.platform.area(hart, slot, Math.ceil(boundsRound(size) / PageSIZE) * PageSIZE) ? ResOK : ResRESOURCE;
  }

  /** The address space of the mutators. */
  get space(): AddressSpace {
    return this.platform.space;
  }

  /** hart -- a hart whose slots are roots of the arena, for who drives his own thread. */
  hart(name: string, rank: Rank = RankEXACT): Hart {
    return this.register(name, this.platform.hart(name), rank);
  }

  /** thread -- a thread that runs `body` from the next `run` or `step` on. */
  thread(name: string, body: ThreadBody, rank: Rank = RankEXACT): Hart {
    return this.register(name, this.platform.thread(name, body), rank);
  }

  private register(name: string, hart: Hart | null, rank: Rank): Hart {
    if (hart === null) throw new OptionError(`threads: there is no memory for the stack of thread ${name}: boot with more threads, or more memory`);
    this.arena.threadRegister(hart, rank);
    return hart;
  }

  /** step -- run one thread until it yields; false when there is none. */
  step(): boolean {
    return this.platform.step();
  }

  /** run -- run all threads to their end. An error of a thread ends that thread and is thrown on. */
  run(): void {
    while (this.platform.step());
  }

  /** threads -- those that are not over. */
  threads(): readonly ThreadView[] {
    return this.platform.threads();
  }

  /** statics -- put a capability to `size` zeroed bytes outside the arena into a slot; a root, exact by tags unless asked
   * otherwise. The memory comes out of the `statics` option. */
  statics(hart: Hart, slot: number, size: number, rank: Rank = RankEXACT): Root {
    aver(size > 0 && size < 2 ** 31, '<design/boot#.if.size>');
    const bytes = Math.ceil(boundsRound(size) / PageSIZE) * PageSIZE;
    const placed = this.staticsUsed + bytes > this.staticsLimit ? null : this.platform.statics(bytes);
    aver(placed !== null, '<design/boot#.statics>');
    this.staticsUsed += bytes;
    const { base, frame } = placed;
    deriveNew(hart.r, slot << 3, base, boundsRound(size));
    const areas = [{ base: frame / GranuleSIZE, limit: (frame + bytes) / GranuleSIZE }];
    const root = new Root({ rank, name: 'statics', areas: () => areas, base: base >>> 0, limit: (base >>> 0) + bytes });
    this.arena.roots.add(root);
    return root;
  }

  /** finish -- give everything back, of all arenas, checking that it is all there. */
  finish(): void {
    for (const arena of [...this.live()]) if (arena.control.state !== 'postmortem') arena.finish();
  }
}

/** boot -- a system from options; throws OptionError for one that cannot be used. */
export const boot = (options: BootOptions = {}): System => new System(options);

function platformOf(settings: Settings, memory: Memory, sink: (event: Event) => void, onEnd: (hart: Hart) => boolean): Platform {
  if (settings.platform === 'an') return new AnPlatform(memory, settings.memory, sink, onEnd);
  return new IxPlatform(memory, settings, sink, onEnd);
}
