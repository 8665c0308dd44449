/* bed.ts: WHAT CASES OF BAD ARGUMENTS AND BAD USE ARE MADE OF
 *
 * A case does something right, as much as it takes, and then one thing wrong: the check that it names must be the one that it meets.
 */
import type { Hart } from '../../../code/machine/machine.ts';
import { ResOK, type AllocationPoint, type Arena, type Pool } from '../../../code/mps/mps.ts';
import type { Lab, LabOptions } from '../lab.ts';

export const PLATFORMS = ['an', 'ix'] as const;

export interface Case {
  /** What it breaks: the tag of the rule, without its document's folder. */
  readonly tag: string;
  /** How, to tell it from others of the same tag. */
  readonly how: string;
  readonly use: (it: Lab) => unknown;
  /** How its lab is made. */
  readonly options?: LabOptions;
  /** The check is made in `cool` alone. */
  readonly cool?: boolean;
  /** The platform on which alone it can be broken. */
  readonly on?: 'an' | 'ix';
}

/** Sizes and counts that are none. */
export const BAD_SIZES: readonly number[] = [0, -1, -16, NaN, Infinity, -Infinity, 1.5, 2 ** 31, 2 ** 53];

/** each -- a case for each of some values. */
export function each<T>(tag: string, how: string, values: readonly T[], use: (it: Lab, value: T) => unknown): Case[] {
  return values.map((value) => ({ tag, how: `${how}: ${String(value)}`, use: (it) => use(it, value) }));
}

/** other -- another arena of the same system, which knows the thread. */
export function other(it: Lab): Arena {
  const arena = it.system.arenaMake({ arenaSize: '256KiB' });
  if (typeof arena === 'number') throw new Error(`no arena: result ${arena}`);
  arena.threadRegister(it.t);
  return arena;
}

/** object -- an object of an allocation point, in a new slot. */
export function object(t: Hart, ap: AllocationPoint, size: number = 32): number {
  const slot = t.local();
  do if (ap.reserve(slot, size) !== ResOK) throw new Error('no memory'); while (!ap.commit(slot));
  return slot;
}

/** block -- a block of a manual pool, in a new slot. */
export function block(t: Hart, pool: Pool, size: number = 32): number {
  const slot = t.local(), res = pool.alloc(t, slot, size);
  if (res !== ResOK) throw new Error(`no block: result ${res}`);
  return slot;
}

/** unknown -- a hart that no arena knows. */
export function unknown(it: Lab): Hart {
  const hart = it.system.hart('unknown');
  it.arena.threadDeregister(hart);
  return hart;
}

/** gone -- an arena that has been finished. */
export function gone(it: Lab): Arena {
  it.system.finish();
  return it.arena;
}
