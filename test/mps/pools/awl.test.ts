/* awl.test.ts: weak references, what becomes of them in which band, and tables with dependents. */
import { describe, expect, test } from 'vitest';
import { AccessNONE, AccessREAD, AccessWRITE, RankAMBIG, RankEXACT, ZoneSetUNIV, zoneOf } from '../../../code/mps/mps.ts';
import { RankFINAL, RankWEAK } from '../../../code/mps/heap/rank.ts';
import type { Lab } from '../lab.ts';
import { PLATFORMS, finalized, finish, flip, make, quantum, segAt, still, toBand } from '../services/steps.ts';
import { findDependent, link, linked, marks, table } from './awl-table.ts';

const COUNT = 300;

/** weakly -- a weak table of `COUNT` entries, to objects of `kind` that are marked from 0 on; those in `kept` are in slots too. */
function weakly(it: Lab, kind: 'amc' | 'ams' | 'lo' = 'amc', kept: readonly number[] = [], size: number = 32): { weak: number; slots: Map<number, number> } {
  const { t, arena } = it, ap = arena.pool(kind).allocationPoint(t), awl = arena.pool('awl').allocationPoint(t, { rank: RankWEAK });
  const weak = t.local(), slots = new Map<number, number>(), one = t.enter(1);
  table(it.t, awl, weak, COUNT);
  for (let n = 0; n < COUNT; ++n) {
    const slot = kept.includes(n) ? t.local() : one;
    make(it, ap, slot, n, [], size);
    t.storeCap(weak, 32 + 16 * n, slot);
    if (slot !== one) slots.set(n, slot);
  }
  t.clear(one);
  awl.finish();
  return { weak, slots };
}

/** What a table of `COUNT` entries holds if nothing but `kept` has stayed. */
const only = (...kept: number[]): (number | null)[] => Array.from({ length: COUNT }, (_, n) => (kept.includes(n) ? n : null));

describe.each(PLATFORMS)('on %s', (platform) => {
  test.each([['amc', 32], ['amc', 20_000], ['ams', 32], ['ams', 20_000], ['lo', 32]] as const)('a weak reference to an object of %s of %i bytes is splatted when nothing else refers to it <design/rank#.weak> <design/scan#.splat>', (kind, size) => {
    const it = still({ platform, memory: '16MiB' }), { weak } = weakly(it, kind, [3, 200], size);
    it.arena.collect();
    expect(marks(it.t, weak, COUNT)).toEqual(only(3, 200));
    expect(it.objects().size, 'what is dead is gone').toBe(3);
    it.arena.check();
  });

  test('an object that an ambiguous reference keeps in place is not splatted <design/rank#.weak> <design/amc#.whiten>', () => {
    const it = still({ platform, rank: RankAMBIG }), { weak, slots } = weakly(it, 'amc', [5, 6, 7]), places = [...slots.values()].map((slot) => it.low(slot));
    for (let k = 0; k < 3; ++k) it.arena.collect();
    expect(marks(it.t, weak, COUNT)).toEqual(only(5, 6, 7));
    expect([...slots.values()].map((slot) => it.low(slot))).toEqual(places);
  });

  test('in an emergency weak references are splatted too, and tables are as good as ever <design/trace#.inv.emergency> <design/awl#.departs.emergency>', () => {
    const it = still({ platform }), { weak } = weakly(it, 'amc', [1, 2]), { ledger } = it.arena;
    ledger.failAt = ledger.charges + 1;
    ledger.failForever = true;
    it.arena.collect();
    ledger.failForever = false;
    expect(it.arena.counts.emergencies).toBe(1);
    expect(marks(it.t, weak, COUNT)).toEqual(only(1, 2));
    it.arena.collect();
    expect(marks(it.t, weak, COUNT)).toEqual(only(1, 2));
  });

  test('what finalization resurrects is not splatted before the message is discarded <design/trace#.band> <design/guardian#.req.resurrect>', () => {
    const it = still({ platform }), { t, arena } = it, { weak, slots } = weakly(it, 'amc', [1, 2, 3]);
    arena.messages.enable('finalization');
    const [one, two, three] = [...slots.values()];
    // The third is found only by way of the second.
    it.make(one, 32, 1000, three);
    t.storeCap(weak, 32 + 16, one);
    for (const slot of [one, two]) arena.finalize(t, slot);
    for (const slot of [one, two, three]) t.clear(slot);
    arena.collect();
    expect(marks(it.t, weak, COUNT).slice(0, 5)).toEqual([null, 1000, 2, 3, null]);
    expect(finalized(it)).toEqual([2, 1000]);
    arena.collect();
    expect(marks(it.t, weak, COUNT)).toEqual(only());
  });

  test('a pool has objects of both ranks, each in segments of its own; those of rank EXACT keep what they refer to <design/awl#.inv.rank>', () => {
    const it = still({ platform }), { t, arena } = it, awl = arena.pool('awl'), weak = t.local(), exact = t.local(), slot = t.local();
    table(it.t, awl.allocationPoint(t, { rank: RankWEAK }), weak, 4);
    table(it.t, awl.allocationPoint(t), exact, 4);
    for (let n = 0; n < 4; ++n) {
      it.make(slot, 32, n);
      t.storeCap(weak, 32 + 16 * n, slot);
      if (n % 2 === 0) t.storeCap(exact, 32 + 16 * n, slot);
    }
    t.clear(slot);
    arena.collect();
    expect([segAt(it, weak).rank, segAt(it, exact).rank]).toEqual([RankWEAK, RankEXACT]);
    expect([marks(it.t, weak, 4), marks(it.t, exact, 4)]).toEqual([[0, null, 2, null], [0, null, 2, null]]);
    t.clear(exact);
    arena.collect();
    expect(marks(it.t, weak, 4)).toEqual([null, null, null, null]);
    t.clear(weak);
    arena.collect();
    expect(it.objects().size, 'tables are collected').toBe(0);
  });

  test('a key that is splatted takes its value along, whatever is forbidden of the dependent <design/awl#.inv.dependent> <design/seg#.inv.summary.watched>', () => {
    const it = still({ platform, memory: '8MiB' }), { t, arena } = it, pool = arena.pool('awl', { format: linked, findDependent });
    const weak = t.local(), exact = t.local(), keys = t.enter(64), slot = t.local(), aps = [pool.allocationPoint(t, { rank: RankWEAK }), pool.allocationPoint(t)];
    table(it.t, aps[0], weak, 64);
    table(it.t, aps[1], exact, 64);
    link(it.t, weak, exact);
    for (const ap of aps) ap.finish();
    for (let n = 0; n < 64; ++n) {
      it.make(keys + n, 32, n);
      t.storeCap(weak, 32 + 16 * n, keys + n);
      it.make(slot, 32, 100 + n);
      t.storeCap(exact, 32 + 16 * n, slot);
    }
    let watched = 0;
    const dropped: number[] = [];
    for (const n of [0, 2, 4, 30, 62]) {
      // Until there are summaries, which a write must not make false.
      for (let k = 0; k < 6; ++k) {
        it.litter(64);
        flip(it, 1);
        finish(it);
      }
      if (segAt(it, exact).summary !== ZoneSetUNIV) watched += 1;
      t.clear(keys + n);
      dropped.push(n);
      arena.collect();
      expect(t.isTagged(exact)).toBe(true);
      const left = Array.from({ length: 64 }, (_, k) => (dropped.includes(k) ? null : k));
      expect(marks(it.t, weak, 64)).toEqual(left);
      expect(marks(it.t, exact, 64)).toEqual(left.map((k) => (k === null ? null : 100 + k)));
      arena.check();
    }
    expect(watched > 0 || platform === 'an', 'weak run').toBe(true);
  });
});

describe('a weak table that is hit', () => {
  test('before the weak band has the one reference made strong that is loaded, and stays weak <design/shield#.single.weak> <design/trace#.rank>', () => {
    const it = still(), { t, arena } = it, { weak } = weakly(it), seg = segAt(it, weak), slot = t.local();
    flip(it);
    expect([seg.grey, seg.rank, arena.trace.band, seg.shieldMode & AccessREAD]).toEqual([true, RankWEAK, RankEXACT, AccessREAD]);
    t.loadCap(slot, weak, 32 + 16 * 17);
    expect([t.load32(slot, 0), seg.grey, seg.singles, t.load32(weak, 4), seg.singles]).toEqual([17, true, 1, 0, 2]);
    t.clear(slot);
    finish(it);
    expect(marks(it.t, weak, COUNT)).toEqual(only(17));
  });

  test('has stores made, and what they store is not splatted <design/shield#.single.weak> <design/seg#.inv.summary>', () => {
    const it = still(), { t, arena } = it, { weak } = weakly(it), seg = segAt(it, weak), slot = t.local();
    for (let k = 0; k < 4; ++k) arena.collect();
    it.litter(100);
    flip(it);
    it.make(slot, 32, 42);
    t.storeCap(weak, 32 + 16 * 42, slot);
    expect([seg.grey, seg.summary, seg.singles]).toEqual([true, ZoneSetUNIV, 1]);
    finish(it);
    expect(marks(it.t, weak, COUNT)).toEqual(only(42));
  });

  test('more than two hundred times in a trace is strong in this one, and weak in the next <design/shield#.single.weak>', () => {
    const it = still(), { t, arena } = it, { weak } = weakly(it), seg = segAt(it, weak), slot = t.local();
    flip(it);
    for (let n = 0; n < 200; ++n) t.load32(weak, 4);
    expect([seg.grey, seg.singles]).toEqual([true, 200]);
    t.loadCap(slot, weak, 32);
    expect([seg.grey, t.load32(slot, 0)]).toEqual([false, 0]);
    t.clear(slot);
    finish(it);
    expect(marks(it.t, weak, COUNT)).toEqual(Array.from({ length: COUNT }, (_, n) => n));
    arena.collect();
    expect(marks(it.t, weak, COUNT)).toEqual(only());
  });

  test('by who cannot be stepped is strong in this trace <design/shield#.single.weak> <design/trace#.rank>', () => {
    const it = still(), { weak } = weakly(it), seg = segAt(it, weak);
    flip(it);
    expect([it.arena.access(it.low(weak) | 0, AccessREAD, null), seg.grey]).toEqual(['read', false]);
    finish(it);
    expect(marks(it.t, weak, COUNT)).toEqual(Array.from({ length: COUNT }, (_, n) => n));
  });

  test('in the weak band is scanned at WEAK, and nobody sees what is dead <design/trace#.rank> <design/trace#.band>', () => {
    const it = still(), { t, arena } = it, { weak, slots } = weakly(it, 'amc', [9]), seg = segAt(it, weak), slot = t.local();
    flip(it);
    toBand(it, RankWEAK);
    expect(seg.grey, 'weak run').toBe(true);
    t.loadCap(slot, weak, 32);
    expect([t.isTagged(slot), seg.grey, seg.singles, arena.trace.isFlipped]).toEqual([false, false, 0, true]);
    expect(slots.size).toBe(1);
    finish(it);
    expect(marks(it.t, weak, COUNT)).toEqual(only(9));
  });

  test('in the final band makes strong what it loads: that is neither finalized nor splatted, unless its guardian was first <design/trace#.rank> <design/guardian#.inv.marked>', () => {
    const outcomes = new Set<string>();
    for (let steps = 0; steps < 8; ++steps) {
      const it = still(), { t, arena } = it, { weak, slots } = weakly(it, 'amc', [1, 2, 3]), slot = t.local();
      arena.messages.enable('finalization');
      for (const one of slots.values()) {
        arena.finalize(t, one);
        t.clear(one);
      }
      flip(it);
      toBand(it, RankFINAL);
      for (let k = 0; k < steps && arena.trace.isFlipped; ++k) quantum(it);
      const { band, isFlipped } = arena.trace;
      t.loadCap(slot, weak, 32 + 16 * 3);
      finish(it);
      const told = finalized(it);
      expect([t.load32(slot, 0), marks(it.t, weak, COUNT)]).toEqual([3, only(1, 2, 3)]);
      expect([[1, 2], [1, 2, 3]]).toContainEqual(told);
      if (isFlipped) outcomes.add(`${band} ${told.length}`);
    }
    expect([...outcomes].sort(), 'weak run').toEqual(expect.arrayContaining([`${RankFINAL} 2`, `${RankFINAL} 3`]));
  });

  test('is exposed no longer than it takes, and its page stays forbidden <design/shield#.single.weak> <design/shield#.inv.unsynced.depth>', () => {
    const it = still(), { t } = it, { weak } = weakly(it), seg = segAt(it, weak), slot = t.local();
    flip(it);
    t.loadCap(slot, weak, 32);
    expect([seg.depth, seg.shieldMode & AccessREAD, seg.protMode & AccessREAD]).toEqual([0, AccessREAD, AccessREAD]);
    finish(it);
    expect([seg.shieldMode & ~AccessWRITE, seg.protMode & ~AccessWRITE]).toEqual([AccessNONE, AccessNONE]);
  });
});

test('while an object is scanned its dependent is open to the format, and nothing is known of it any more <design/awl#.inv.dependent> <design/shield#.inv.expose.prot>', () => {
  const it = still({ memory: '8MiB' }), { t, arena } = it, seen: [number, number, number][] = [];
  const looking: typeof linked = {
    ...linked,
    scan: (view, base, limit) => {
      const other = arena.heap.segOf(findDependent(view, base) as number)!;
      if (other.rank === RankEXACT) seen.push([Number(other.depth > 0), other.protMode, other.summary]);
      return linked.scan!(view, base, limit);
    },
  };
  const pool = arena.pool('awl', { format: looking, findDependent }), aps = [pool.allocationPoint(t, { rank: RankWEAK }), pool.allocationPoint(t)], weak = t.local(), exact = t.local();
  table(it.t, aps[0], weak, 8);
  table(it.t, aps[1], exact, 8);
  link(it.t, weak, exact);
  for (const ap of aps) ap.finish();
  for (let k = 0; k < 3; ++k) arena.collect();
  // Of the table of values something is known, and a write to it would be a hit.
  arena.enter();
  const [keys, values] = [segAt(it, weak), segAt(it, exact)];
  keys.setSummary(ZoneSetUNIV);
  values.setSummary(1 << zoneOf(it.low(weak), arena.heap.zoneShift));
  arena.leave();
  expect(values.protMode).toBe(AccessWRITE);
  seen.length = 0;
  it.litter(64);
  flip(it, 1);
  finish(it);
  expect(seen.length, 'weak run').toBeGreaterThan(0);
  for (const one of seen) expect(one).toEqual([1, AccessNONE, ZoneSetUNIV]);
});

test('a dependent object does not move <design/awl#.if.dependent>', () => {
  const it = still({ platform: 'an' }), { t, arena } = it, ap = arena.pool('awl', { format: linked, findDependent }).allocationPoint(t, { rank: RankWEAK }), weak = t.local();
  table(it.t, ap, weak, 4);
  const moving = it.object(64, 1);
  t.storeCap(weak, 16, moving);
  expect(() => { arena.collect(); }).toThrow('<design/awl#.if.dependent>');
});

describe('without barriers', () => {
  for (const [what, collects] of [
    ['startCollect', ({ arena }: Lab) => { arena.startCollect(); }],
    ['a step', ({ arena }: Lab) => { arena.step(); }],
    ['a step with an interval', (it: Lab) => {
      it.litter(100_000);
      it.arena.step(1);
    }],
    ['a poll', (it: Lab) => {
      it.arena.release();
      for (let before = it.arena.trace.count; it.arena.trace.count === before;) it.litter(4096);
    }],
  ] as const) {
    test(`${what} finishes its trace at once: weak tables are weak in it, and are not strong for who leaves the arena <design/an#.once> <design/rank#.weak>`, () => {
      const it = still({ platform: 'an' }), { weak } = weakly(it, 'amc', [4]);
      // All of it is in the nursery, so that a poll's collection has it condemned.
      expect(it.arena.trace.count, 'weak run').toBe(0);
      collects(it);
      expect([it.arena.trace.count > 0, it.arena.trace.isBusy]).toEqual([true, false]);
      expect(marks(it.t, weak, COUNT)).toEqual(only(4));
    });
  }
});
