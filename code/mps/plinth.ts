/* plinth.ts: THE PLINTH
 *
 * What the collector asks of a platform: address space and memory, page protection, threads, and somewhere to tell what
 * it does. `an` answers without an operating system; the clock is not here, for the arena's time is its work
 * <design/plinth>.
 */
import type { Hart, Low } from '../machine/machine.ts';
import type { Event } from './event.ts';

/** What the mutator must not do to a range, as a set of bits. */
export type AccessSet = number;

export const AccessNONE = 0;
export const AccessREAD = 1;
export const AccessWRITE = 2;

/** Address space with one run of frames behind it <design/plinth#.if.reserve>. */
export interface Reservation {
  readonly base: Low;
  /** Bytes. */
  readonly size: number;
  /** Physical address less low address: constant over the run. */
  readonly delta: number;
}

/** Asks the arena to do what a barrier hit at `addr` would make it do. */
export type AccessHandler = (addr: Low, mode: AccessSet) => void;

/** A platform <design/plinth#.if>. */
export interface Plinth {
  /** Whether mutators may run while a trace is under way: it takes barriers <design/plinth#.if.incremental>. */
  readonly incremental: boolean;

  /** reserve -- a reservation of `size` bytes, nothing committed; null if the machine has no such run of frames. */
  reserve(size: number): Reservation | null;
  release(reservation: Reservation): void;
  /** commit -- back [base, base + size) with zeroed, tag-clear memory that mutators may use. */
  commit(base: Low, size: number): boolean;
  decommit(base: Low, size: number): void;

  /** protSetup -- where barrier hits are to be taken. */
  protSetup(handler: AccessHandler): void;
  /** protSet -- forbid the mutator `mode` on [base, limit). */
  protSet(base: Low, limit: Low, mode: AccessSet): void;
  /** protSync -- on leaving the arena: from now on what protSet asked for holds, or nobody can tell the difference. */
  protSync(): void;

  /** suspend -- stop every registered thread but the caller; `resume` undoes it. */
  suspend(harts: readonly Hart[]): void;
  resume(harts: readonly Hart[]): void;

  /** tell -- an event of the collector. */
  tell(event: Event): void;
}
