/* rules.ts: WHAT RULES ANSWER
 *
 * The shape that the rules of both systems have, and what they have in common <design/vm-oracle#.def.rules>.
 */
import type { Cap } from './caps.ts';
import type { Range } from './neighbours.ts';
import { CAPS, PAGE, R, W, X, type Page, type Source, type Space } from './space.ts';

/** What may come back: 0, or errnos of which the texts do not say which comes first. */
export type Answers = readonly number[];

export const OK: Answers = [0];

/** firstOf -- the answers of the first group that has any; else success. */
export const firstOf = (...groups: readonly (readonly (readonly [boolean, number])[])[]): Answers => {
  for (const group of groups) {
    const found = group.filter(([is]) => is).map(([, errno]) => errno);
    if (found.length > 0) return found;
  }
  return OK;
};

/** What mmap is asked. */
export interface MapAsk {
  readonly cap: Cap;
  readonly length: number;
  /** With PROT_MAX in the upper half. */
  readonly prot: number;
  readonly flags: number;
  readonly source: Source | null;
  /** Page of the source. */
  readonly index: number;
  /** Of what an address asks for, the least range that a capability can have; empty where no address can be meant. */
  readonly outer: Range;
}

/** Rules of one system. Lengths are in bytes, as given; a space is as it is before the call. */
export interface Rules {
  mmap(space: Space, ask: MapAsk): Answers;
  munmap(space: Space, cap: Cap, length: number): Answers;
  mprotect(space: Space, cap: Cap, length: number, prot: number): Answers;
  madvise(space: Space, cap: Cap, length: number, advice: Advice): Answers;
  mincore(space: Space, cap: Cap, length: number): Answers;
  mlock(space: Space, cap: Cap, length: number): Answers;
  msync(space: Space, cap: Cap, length: number): Answers;
  minherit(space: Space, cap: Cap, length: number): Answers;
  shmdt(space: Space, cap: Cap, length: number): Answers;
  /** What a capability for what mmap was asked may do: R, W, X and CAPS. */
  permsOf(ask: MapAsk): number;
  /** The most that pages of a new reservation may ever allow. */
  mostOf(ask: MapAsk): number;
  /** What can be at pages that were asked for: now, and at most. */
  protsOf(ask: MapAsk): { prot: number; max: number };
  /** Whether a hole says that it is reserved. */
  readonly holesAreReserved: boolean;
}

export type Advice = 'normal' | 'free' | 'bad';

export const pageUp = (length: number): number => Math.ceil(length / PAGE) * PAGE;
export const pageDown = (addr: number): number => Math.floor(addr / PAGE) * PAGE;

/** covers -- a capability's bounds hold `length` bytes from its address, rounded outward to pages. */
export const covers = (cap: Cap, length: number): boolean => cap.base <= pageDown(cap.addr) && pageUp(cap.addr + length) <= cap.top;

/** isOwnerOf -- a reservation holds its bounds and its address. */
export function isOwnerOf(space: Space, cap: Cap): boolean {
  const region = space.at(cap.addr);
  return region !== null && region.base <= cap.base && cap.top <= region.limit;
}

/** basic -- R, W and X of a program's prot. */
export const basic = (bits: number): number => bits & (R | W | X);

/** withCaps -- the same, with CAPS where it is implied. */
export const withCaps = (bits: number, isBarred: boolean): number =>
  basic(bits) | ((bits & (R | W)) !== 0 && !isBarred ? CAPS : 0);

/** isAllowed -- a page's maximum has all of `prot`; guards and holes answer for themselves. */
export const isAllowed = (page: Page | null, prot: number): boolean => page === null || page.isGuard || (prot & ~page.max) === 0;
