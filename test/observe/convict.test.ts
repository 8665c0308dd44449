/* convict.test.ts: what an oracle says of named programs on a collector that is broken in one of the five ways that matter
 * <design/oracle#.req.convict>. */
import { describe, expect, test } from 'vitest';
import { AccessNONE, AccessREAD, type Arena } from '../../code/mps/mps.ts';
import { OracleError } from '../../code/observe/observe.ts';
import type { Rig } from '../mps/ix/rig.ts';
import { judged } from './judged.ts';
import { relink } from './stepped.ts';

/** Nothing is forbidden on any page. */
function noProtSet({ plinth }: Arena): void {
  plinth.protSet = () => undefined;
}

/** Pages may always be written that may be read. */
function noWriteBarrier({ plinth }: Arena): void {
  const protSet = plinth.protSet.bind(plinth);
  plinth.protSet = (base, limit, mode) => { protSet(base, limit, (mode & AccessREAD) !== 0 ? mode : AccessNONE); };
}

/** The slots of threads are not scanned at the flip. */
function noSlots(arena: Arena): void {
  const register = arena.threadRegister.bind(arena);
  arena.threadRegister = (hart, rank) => {
    register(hart, rank);
    for (const root of arena.roots) if (root.hart === hart) root.scan = () => undefined;
  };
}

/** One thread is not suspended with the others. */
function noSuspend({ thix, threads }: Rig): void {
  const suspend = thix.suspend.bind(thix), [, , spared] = threads;
  thix.suspend = (harts) => suspend([...harts].filter((hart) => hart !== spared.hart));
}

/** A commit succeeds though there was a flip since its reserve. */
function noTrip(rig: Rig): void {
  for (const thread of rig.threads) Object.assign(rig.point(thread), { trip: () => true });
}

/** said -- the tags under which oracles convict `relink`, by seeds. */
function said(breaks: (rig: Rig) => void): string[] {
  return [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((seed) => {
    try {
      relink(seed, breaks);
      return 'nothing';
    } catch (error) {
      if (!(error instanceof OracleError)) throw error;
      return error.message.slice(error.message.lastIndexOf('<'));
    }
  });
}

describe('an oracle convicts', () => {
  for (const [program, what, breaks, verdict] of [
    ['bank', 'ProtSet does nothing', noProtSet, /#\.inv\.(black|graph)>$/],
    ['strings', 'ProtSet does nothing', noProtSet, /#\.inv\.(black|graph)>$/],
    ['bank', 'there is no write barrier', noWriteBarrier, /#\.inv\.(summary|black|graph)>$/],
    ['strings', 'there is no write barrier', noWriteBarrier, /#\.inv\.(summary|black|graph)>$/],
    ['bank', 'slots are not scanned at the flip', noSlots, /#\.inv\.(black|graph)>$/],
    ['meta', 'slots are not scanned at the flip', noSlots, /#\.inv\.(black|graph)>$/],
  ] as const) {
    test(`a collector on which ${program} runs where ${what} <design/oracle#.req.convict>`, () => {
      expect(() => judged(program, breaks)).toThrow(expect.objectContaining({ name: 'OracleError', message: expect.stringMatching(verdict) as string }));
    });
  }

  for (const [what, breaks, least] of [
    ['a thread is not suspended', noSuspend, 10],
    ['a commit ignores a flip', noTrip, 4],
  ] as const) {
    test(`a collector on which relink runs where ${what} <design/oracle#.req.convict>`, () => {
      const black = '<design/oracle#.inv.black>', graph = '<design/oracle#.inv.graph>', tags = said(breaks);
      expect(tags).toContain(black);
      expect(tags.filter((tag) => tag === black || tag === graph).length).toBeGreaterThanOrEqual(least);
    });
  }
});
