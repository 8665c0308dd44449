/* plinth.ts: THE PLINTH
 *
 * What the collector asks of a platform: address space and memory, page protection, threads, and somewhere to tell what
 * it does. `an` answers without an operating system, `ix` with POSIX; the clock is not here, for the arena's time is its work
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

/** Physical granules [base, limit) in which references of a thread lie. */
export interface GranuleRange {
  readonly base: number;
  readonly limit: number;
}

/** What an access that was forbidden turned out to be: a hit of the read or the write barrier, or one that somebody else has
 * dealt with meanwhile. */
export type AccessFound = 'read' | 'write' | 'cleared';

/** An access that hit, for who can have it made. */
export interface Step {
  /** grant -- have it made once, whatever its page forbids; false if that cannot be <design/shield#.single>. */
  grant(): boolean;
}

/** Who has segments, and deals with what hits their barriers. */
export interface AccessOwner {
  /** The arena's time <design/event#.clock>. */
  readonly clock: number;
  /** owns -- whether an address is in one of them. */
  owns(addr: Low): boolean;
  /** access -- do what a hit at `addr` demands; null where no segment is. */
  access(addr: Low, mode: AccessSet, step: Step | null): AccessFound | null;
  /** finishTrace -- have nothing under way: no segment is to be read by the mutator only later. */
  finishTrace(): void;
}

/** A platform <design/plinth#.if>. */
export interface Plinth {
  /** Whether mutators may run while a trace is under way: it takes barriers <design/plinth#.if.incremental>. */
  readonly incremental: boolean;

  /** lock -- claim the arena for the running thread, which waits for it if it must; `unlock` undoes it. */
  lock(): void;
  unlock(): void;

  /** reserve -- a reservation of `size` bytes, nothing committed; null if the machine has no such run of frames. */
  reserve(size: number): Reservation | null;
  release(reservation: Reservation): void;
  /** adopt -- a reservation that the client has made: the whole pages of `size` bytes from the address in a slot; null if they are not one run
   * of frames, or the capability does not say that they may be protected. `release` gives it back <design/plinth#.if.adopt>. */
  adopt(hart: Hart, slot: number, size: number): Reservation | null;
  /** commit -- back [base, base + size) with zeroed, tag-clear memory that mutators may use. */
  commit(base: Low, size: number): boolean;
  decommit(base: Low, size: number): void;

  /** protSetup -- who is to take barrier hits. */
  protSetup(owner: AccessOwner): void;
  /** protFinish -- the arena takes no more hits. */
  protFinish(): void;
  /** protSet -- forbid the mutator `mode` on [base, limit), which one reservation holds. */
  protSet(base: Low, limit: Low, mode: AccessSet): void;
  /** protSync -- on leaving the arena: from now on what protSet asked for holds, or nobody can tell the difference. */
  protSync(): void;

  /** suspend -- stop every registered thread but the running one; how many. `resume` undoes it. */
  suspend(harts: Iterable<Hart>): number;
  resume(harts: Iterable<Hart>): number;
  /** framesOf -- where a stopped thread's references lie beside its slots: the signal frames on its stacks. */
  framesOf(hart: Hart): readonly GranuleRange[];

  /** tell -- an event of the collector. */
  tell(event: Event): void;
}
