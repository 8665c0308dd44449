/* platform.ts: PLATFORMS
 *
 * What a system is booted on: a plinth for the arena, and threads for the client. `an` has neither operating system nor barriers;
 * `ix` is POSIX <design/boot#.platform>.
 */
import type { AddressSpace, Hart, Low } from '../machine/machine.ts';
import type { Plinth } from './plinth.ts';

/** What a thread runs: accesses are calls; at `yield` other threads may run. */
export type ThreadBody = (t: Hart) => Generator<unknown, void, unknown>;

/** A thread as those who look on see it. */
export interface ThreadView {
  readonly name: string;
  readonly state: string;
  /** How many have suspended it and not resumed it yet. */
  readonly suspended: number;
  readonly waitingFor: string | null;
}

/** How a process ended that a signal has killed. */
export interface Death {
  readonly signal: number;
  /** The crash report: lines of at most 100 columns. */
  readonly report: string;
}

/** What was refused an address, counted by who saw it <design/protix#.inv.count>. */
export interface FaultCounts {
  /** Faults on pages, as the machine counts them. */
  readonly faults: number;
  /** Those that no arena owned. */
  readonly forwarded: number;
  /** Those on a page of an arena that nobody forbade any more, and that no segment had. */
  readonly cleared: number;
}

/** Where something lies: the virtual address, and the physical one. */
export interface Placed {
  readonly base: Low;
  readonly frame: number;
}

/** A platform: what all arenas of a process have in common <design/boot#.platform>. */
export interface Platform {
  /** The first arena's. */
  readonly plinth: Plinth;
  /** plinthMake -- another arena's. */
  plinthMake(): Plinth;
  readonly space: AddressSpace;
  /** hart -- the hart of a thread that the caller drives; null if there is no memory for it. */
  hart(name: string): Hart | null;
  /** thread -- a thread that runs `body` when its turn comes; null if there is no memory for it. */
  thread(name: string, body: ThreadBody): Hart | null;
  /** step -- run a thread until it yields; false if there is none. */
  step(): boolean;
  threads(): readonly ThreadView[];
  /** statics -- `size` bytes of zeroed memory, whole pages, for data and capabilities; null if there is none. */
  statics(size: number): Placed | null;
  /** area -- put a capability to `size` bytes of memory, whole pages, into a slot, which a client arena may be given; false if there is
   * none. It is no root. */
  area(hart: Hart, slot: number, size: number): boolean;
  faults(): FaultCounts;
  /** How the program was killed; null while it was not. */
  readonly death: Death | null;
}
