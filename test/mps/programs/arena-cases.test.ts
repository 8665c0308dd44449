/* arena-cases.test.ts: FUNCTIONAL CASES OF ARENAS
 *
 * What the functional cases of the Memory Pool System's test suite check of arenas: the commit limit, spare memory, extension, states, several
 * arenas. The numbers are those of the cases.
 */
import { describe, expect, test } from 'vitest';
import type { Hart } from '../../../code/machine/machine.ts';
import { Arena, ResCOMMITLIMIT, ResFAIL, ResOK, boot, type AllocationPoint, type BootOptions, type System } from '../../../code/mps/mps.ts';
import type { ArenaOptions } from '../../../code/mps/options.ts';
import { ResRESOURCE } from '../../../code/mps/result.ts';

const KiB = 1024;

/** A second arena of a system, a thread, and its allocation point. */
class Case {
  readonly system: System;
  readonly arena: Arena;
  readonly t: Hart;
  readonly point: AllocationPoint;

  constructor(options: ArenaOptions = {}, booted: BootOptions = {}) {
    this.system = boot({ memory: '16MiB', chunk: '64KiB', nursery: '64KiB', ...booted });
    const arena = this.system.arenaMake({ arenaSize: '1MiB', ...options });
    if (!(arena instanceof Arena)) throw new Error(`no arena: ${arena}`);
    this.arena = arena;
    this.t = this.system.hart('t');
    arena.threadRegister(this.t);
    this.point = arena.pool('amc').allocationPoint(this.t);
  }

  make(slot: number, size: number, ref: number = -1): number {
    for (;;) {
      const res = this.point.reserve(slot, size);
      if (res !== ResOK) return res;
      if (ref >= 0) this.t.storeCap(slot, 16, ref);
      if (this.point.commit(slot)) return ResOK;
    }
  }
}

describe.each(['ix', 'an'] as const)('on %s', (platform) => {
  test('8: with all of the limit in use pools, allocation points and chains can be made, and what they allocate is COMMIT_LIMIT <design/ledger#.departs.control> <design/chunk#.inv.limit>', () => {
    const it = new Case({ commitLimit: '256KiB' }, { platform }), { arena, t } = it, list = t.local(), slot = t.local();
    arena.clamp();
    while (it.make(slot, 4000, list) === ResOK) t.move(list, slot);
    for (let n = 0; n < 100; ++n) {
      const pool = arena.pool('amc', { chain: arena.chain([{ capacity: 64 * KiB, mortality: 0.5 }]) }), point = pool.allocationPoint(t);
      expect(point.reserve(slot, 4000)).toBe(ResCOMMITLIMIT);
    }
    arena.check();
    it.system.finish();
  });

  test('10: objects that refer to each other die together, and no allocation fails while what is dead can be collected <design/policy#.makeroom>', () => {
    const it = new Case({ commitLimit: '512KiB' }, { platform }), { arena, t } = it, one = t.local(), two = t.local(), list = t.local(), SIZE = 100 * KiB;
    // Alive, all of it: there is no room for more.
    let live = 0;
    for (; it.make(one, 20_000, list) === ResOK; ++live) t.move(list, one);
    expect([live > 10, it.make(one, SIZE)]).toEqual([true, ResCOMMITLIMIT]);
    t.clear(list);
    for (let n = 0; n < 60; ++n) {
      expect([it.make(one, SIZE), it.make(two, SIZE, one)], `pair ${n}`).toEqual([ResOK, ResOK]);
      t.storeCap(one, 16, two);
      t.clear(one);
      t.clear(two);
    }
    expect(arena.counts.collections).toBeGreaterThan(2);
    it.system.finish();
  });

  test('16: a parked arena copies nothing, a collection makes what is committed less <design/arena#.states> <design/arena#.park>', () => {
    const it = new Case({ spare: 0 }, { platform }), { arena, t } = it, slots = Array.from({ length: 10 }, () => t.local()), lows = (): number[] => slots.map((slot) => t.r[slot << 3]);
    arena.clamp();
    for (let n = 0; n < 400; ++n) expect(it.make(slots[n % 10], 1024)).toBe(ResOK);
    arena.park();
    const before = lows(), { committed } = arena, { bytesCopied } = arena.counts;
    for (let n = 0; n < 200; ++n) it.make(t.top - 1 === slots[9] ? t.local() : t.top - 1, 1024);
    expect([lows(), arena.counts.bytesCopied, arena.committed > committed]).toEqual([before, bytesCopied, true]);
    arena.collect();
    expect([arena.counts.bytesCopied > bytesCopied, arena.committed < committed, arena.control.state]).toEqual([true, true, 'parked']);
    it.system.finish();
  });

  test('28: the commit limit holds for whatever is asked, and can be set up and down around what is in use <design/arena#.limit> <design/chunk#.inv.limit>', () => {
    const it = new Case({ spare: 0 }, { platform }), { arena, t } = it, small = t.local(), big = t.local(), keep = t.local();
    arena.clamp();
    expect(it.make(keep, 100_000)).toBe(ResOK);
    const inUse = arena.committed + arena.ledger.used;
    expect([arena.commitLimitSet(inUse - 1), arena.commitLimitSet(0), arena.commitLimitSet(inUse)]).toEqual([ResFAIL, ResFAIL, ResOK]);
    expect([it.make(small, 32), it.make(big, 200_000)]).toEqual([ResCOMMITLIMIT, ResCOMMITLIMIT]);
    expect([arena.commitLimitSet(inUse + 100 * KiB), it.make(small, 32), it.make(big, 200_000)]).toEqual([ResOK, ResOK, ResCOMMITLIMIT]);
    expect([arena.commitLimitSet(Infinity), arena.commitLimit, it.make(big, 200_000)]).toEqual([ResOK, Infinity, ResOK]);
    expect([arena.commitLimitSet(arena.committed), arena.committed <= arena.commitLimit]).toEqual([ResFAIL, true]);
    it.system.finish();
  });

  test('29: arenas with tiny limits and of odd sizes are COMMIT_LIMIT, or work as far as they can <design/ledger#.chunk> <design/boot#.arenas>', () => {
    const system = boot({ memory: '4MiB', chunk: '64KiB', platform });
    let worked = 0, refused = 0;
    for (const commitLimit of [0, 1, 100, 300, 4096, 5000, 10_000, 100_000]) for (const arenaSize of [1, 4095, 4097, 100_001, 1_000_003]) {
      const arena = system.arenaMake({ arenaSize, commitLimit });
      if (!(arena instanceof Arena)) {
        expect(arena).toBe(ResCOMMITLIMIT);
        refused += 1;
        continue;
      }
      const t = system.platform.hart('t') as Hart, slot = t.local();
      arena.threadRegister(t);
      expect([ResFAIL, ResOK]).toContain(arena.commitLimitSet(0));
      const point = arena.pool('amc').allocationPoint(t);
      for (let n = 0; n < 20; ++n) {
        const res = point.reserve(slot, 1000);
        if (res === ResOK) point.commit(slot);
        else expect(res).toBe(ResCOMMITLIMIT);
      }
      worked += 1;
      arena.finish();
      if (t.top > 40) throw new Error('slots');
    }
    expect([refused > 5, worked > 10]).toEqual([true, true]);
    system.finish();
  });

  test('32: each object that fills a chunk brings one more, so many and no more; and they go when it has <design/chunk#.plans.chunk> <design/chunk#.compact>', () => {
    const it = new Case({ arenaSize: '256KiB', spare: 0 }, { platform }), { arena, t } = it, slots = Array.from({ length: 20 }, () => t.local()), own = t.local();
    arena.clamp();
    // Large enough that no two are in one chunk.
    for (const [i, slot] of slots.entries()) {
      expect([it.make(slot, 160 * KiB), arena.grains.chunkCount]).toEqual([ResOK, i + 1]);
    }
    const { reserved } = arena;
    for (const slot of slots) t.clear(slot);
    it.make(own, 32);
    arena.collect();
    expect([reserved, arena.grains.chunkCount < 3, arena.reserved < reserved / 5]).toEqual([20 * 256 * KiB, true, true]);
    // One that is more than a chunk has a larger one; small ones share.
    expect(it.make(slots[0], 600 * KiB)).toBe(ResOK);
    const { chunkCount } = arena.grains;
    for (let n = 0; n < 500; ++n) it.make(slots[1], 100, slots[1]);
    expect(arena.grains.chunkCount - chunkCount).toBeLessThan(2);
    it.system.finish();
  });

  test('33: small chunks under a limit: as much can be allocated as that allows, and a collection that finds no memory for copies loses nothing <design/amc#.emergency> <design/chunk#.inv.limit>', () => {
    const it = new Case({ arenaSize: '16KiB', commitLimit: '400KiB', spare: 0 }, { platform, nursery: '16KiB' }), { arena, t } = it, list = t.local(), slot = t.local();
    let count = 0;
    for (; it.make(slot, 2048, list) === ResOK; ++count) {
      t.store32(slot, 0, count);
      t.move(list, slot);
    }
    expect([count > 100, arena.counts.emergencies > 0, arena.grains.chunkCount > 10, arena.committed + arena.ledger.used <= 400 * KiB]).toEqual([true, true, true, true]);
    const found: number[] = [];
    for (t.move(slot, list); t.isTagged(slot); t.loadCap(slot, slot, 16)) found.unshift(t.load32(slot, 0));
    expect(found).toEqual(Array.from({ length: count }, (_, n) => n));
    it.system.finish();
  });

  test('38: spare memory stays below its share, is used again first, and is given up for the limit <design/chunk#.spare> <design/arena#.limit>', () => {
    for (const spare of [0, 0.1, 0.25, 0.5, 0.9, 1]) {
      const it = new Case({ spare }, { platform }), { arena, t } = it, slots = Array.from({ length: 8 }, () => t.local()), own = t.local();
      for (const slot of slots) it.make(slot, 100_000);
      for (const slot of slots.slice(0, 6)) t.clear(slot);
      it.make(own, 32);
      arena.collect();
      const { spareCommitted, committed } = arena;
      expect(spareCommitted).toBeLessThanOrEqual(spare * (committed + 600_000));
      if (spare === 0) expect(spareCommitted).toBe(0);
      if (spare === 1) expect(spareCommitted).toBeGreaterThan(500_000);
      expect(it.make(slots[0], 250_000)).toBe(ResOK);
      if (spare === 1) expect([arena.committed, arena.spareCommitted < spareCommitted]).toEqual([committed, true]);
      expect([arena.commitLimitSet(arena.committed + arena.ledger.used - arena.spareCommitted), arena.spareCommitted]).toEqual([ResOK, 0]);
      it.system.finish();
    }
  });

  test('40: two arenas in turn, traces that find nothing, and grains that generations take from each other\'s zones <design/arena#.inv.apart> <design/chunk#.plans>', () => {
    const it = new Case({ arenaSize: '256KiB', commitLimit: '256KiB' }, { platform }), { arena, t, system } = it, first = system.arena.pool('amc').allocationPoint(t), slot = t.local(), other = t.local();
    // Nothing is there: nothing is condemned, and it is no collection.
    for (const one of [arena, system.arena]) {
      one.collect();
      one.startCollect();
      expect([one.counts.flips, one.step(1000, 1000), one.trace.isBusy]).toEqual([0, false, false]);
    }
    for (let n = 0; n < 400; ++n) {
      expect(it.make(slot, 2000)).toBe(ResOK);
      do expect(first.reserve(other, 2000)).toBe(ResOK); while (!first.commit(other));
      if (n % 20 === 0) (n % 40 === 0 ? arena : system.arena).collect();
      t.store32(slot, 4, n);
      t.store32(other, 4, n);
      expect([t.load32(slot, 4), t.load32(other, 4)]).toEqual([n, n]);
    }
    arena.check();
    system.arena.check();
    expect([system.arenaMake({ arenaSize: '16MiB' }), it.make(slot, 300 * KiB)]).toEqual([ResRESOURCE, ResCOMMITLIMIT]);
    system.finish();
  });
});
