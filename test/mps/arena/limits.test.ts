/* limits.test.ts: WHAT AN ARENA MAY TAKE
 *
 * Memory, address space and their limits; chunks, who hears of them, and what becomes of an arena for which there is not enough.
 */
import { describe, expect, test } from 'vitest';
import { Arena, ResCOMMITLIMIT, ResFAIL, ResMEMORY, ResOK, boot, type AllocationPoint, type BootOptions, type System } from '../../../code/mps/mps.ts';
import type { Hart } from '../../../code/machine/machine.ts';
import { settle, settleArena, type ArenaOptions } from '../../../code/mps/options.ts';
import { ResRESOURCE } from '../../../code/mps/result.ts';
import { random } from '../../../code/base/base.ts';
import { seeds } from '../../seed.ts';
import { Lab } from '../lab.ts';

const KiB = 1024;
const platforms = ['ix', 'an'] as const;

/** A chunk's comings and goings, one to one <design/arena#.extended>. */
class Chunks {
  readonly here = new Map<number, number>();
  extended: number = 0;
  contracted: number = 0;
  readonly options: ArenaOptions = {
    arenaExtended: (arena, base, size) => {
      expect([arena.busy, this.here.has(base), arena.reserved >= size, size > 0]).toEqual([true, false, true, true]);
      this.here.set(base, size);
      this.extended += 1;
    },
    arenaContracted: (arena, base, size) => {
      expect([arena.busy, this.here.get(base)]).toEqual([true, size]);
      this.here.delete(base);
      this.contracted += 1;
    },
  };

  get size(): number {
    return [...this.here.values()].reduce((sum, size) => sum + size, 0);
  }
}

/** A second arena of a system, with a thread and an allocation point. */
class Second {
  readonly system: System;
  readonly arena: Arena;
  readonly chunks = new Chunks();
  readonly t: Hart;
  readonly ap: AllocationPoint;

  constructor(options: ArenaOptions = {}, booted: BootOptions = {}) {
    this.system = boot({ memory: '4MiB', chunk: '64KiB', nursery: '32KiB', ...booted });
    const arena = this.system.arenaMake({ arenaSize: '256KiB', ...this.chunks.options, ...options });
    if (!(arena instanceof Arena)) throw new Error(`no arena: ${arena}`);
    this.arena = arena;
    this.t = this.system.hart('t');
    arena.threadRegister(this.t);
    this.ap = arena.pool('amc').allocationPoint(this.t);
  }

  /** make -- an object in a slot. */
  make(slot: number, size: number): number {
    for (;;) {
      const res = this.ap.reserve(slot, size);
      if (res !== ResOK || this.ap.commit(slot)) return res;
    }
  }

  /** drop -- what was in a slot is gone, and its segment too, for the allocation point is elsewhere. */
  drop(slot: number): void {
    this.make(slot, 16);
    this.arena.collect();
  }
}

describe.each(platforms)('on %s', (platform) => {
  test('sizes are what there is: reserved, committed, spare <design/arena#.limit> <design/chunk#.inv.accounts>', () => {
    const second = new Second({}, { platform }), { arena } = second, slot = second.t.local();
    expect([arena.reserved, arena.committed, arena.spareCommitted]).toEqual([256 * KiB, 0, 0]);
    expect(second.make(slot, 100_000)).toBe(ResOK);
    expect([arena.committed >= 100_000, arena.committed < 110_000, arena.reserved]).toEqual([true, true, 256 * KiB]);
    second.drop(slot);
    expect(arena.spareCommitted).toBeGreaterThan(0);
    second.system.finish();
    expect([arena.reserved, arena.committed, arena.ledger.used]).toEqual([0, 0, 0]);
  });

  test('the commit limit can be lowered to what is in use, spare memory being given back, and no further <design/arena#.limit> <design/arena#.if.limit>', () => {
    const second = new Second({ spare: 1 }, { platform }), { arena, t } = second, slot = t.local(), keep = t.local();
    expect([second.make(keep, 60_000), second.make(slot, 60_000)]).toEqual([ResOK, ResOK]);
    second.drop(slot);
    const { spareCommitted, committed, ledger: { used } } = arena, least = committed + used - spareCommitted, before = arena.commitLimit;
    expect(spareCommitted, 'weak run').toBeGreaterThan(0);
    expect([arena.commitLimitSet(least - 1), arena.commitLimit, arena.spareCommitted]).toEqual([ResFAIL, before, spareCommitted]);
    expect([arena.commitLimitSet(least), arena.commitLimit, arena.spareCommitted]).toEqual([ResOK, least, 0]);
    arena.clamp();
    expect([second.make(slot, 60_000), arena.commitLimitSet(before), second.make(slot, 60_000)]).toEqual([ResCOMMITLIMIT, ResOK, ResOK]);
    for (const limit of [-1, Number.NaN]) expect(() => arena.commitLimitSet(limit)).toThrow('<design/arena#.if.limit>');
    second.system.finish();
  });

  test('lowering the share that may be spare gives memory back at once <design/arena#.limit> <design/arena#.if.spare>', () => {
    const second = new Second({ spare: 1 }, { platform }), { arena, t } = second, slot = t.local();
    second.make(slot, 100_000);
    second.drop(slot);
    const { committed } = arena;
    expect([arena.spare, arena.spareCommitted > 0.5 * committed]).toEqual([1, true]);
    arena.spare = 0.5;
    expect([arena.spare, arena.spareCommitted <= 0.5 * committed + 4096, arena.spareCommitted > 0]).toEqual([0.5, true, true]);
    arena.spare = 0;
    expect([arena.spare, arena.spareCommitted, arena.committed < committed]).toEqual([0, 0, true]);
    arena.check();
    for (const share of [-0.1, 1.1, Number.NaN]) expect(() => { arena.spare = share; }).toThrow('<design/arena#.if.spare>');
    second.system.finish();
  });

  test('address space grows by what is desired, and chunks that have become empty go after a collection <design/arena#.extended> <design/chunk#.compact> <design/arena#.if.growth>', () => {
    const second = new Second({}, { platform }), { arena, chunks, t } = second, slots = Array.from({ length: 8 }, () => t.local());
    expect([chunks.extended, chunks.size, arena.reserved]).toEqual([1, 256 * KiB, 256 * KiB]);
    arena.vmGrowth(128 * KiB, 64 * KiB);
    for (const slot of slots) expect(second.make(slot, 100_000)).toBe(ResOK);
    expect([chunks.extended > 4, chunks.size === arena.reserved, [...chunks.here.values()].slice(1).every((size) => size === 128 * KiB)]).toEqual([true, true, true]);
    for (const slot of slots) {
      const low = t.r[slot << 3] >>> 0;
      expect([...chunks.here].some(([base, size]) => base <= low && low < base + size), 'an address is in a chunk that was told').toBe(true);
      t.clear(slot);
    }
    second.drop(slots[0]);
    expect([chunks.contracted > 3, chunks.here.size < 3, chunks.size === arena.reserved]).toEqual([true, true, true]);
    second.make(slots[0], 100_000);
    second.system.finish();
    expect([chunks.extended === chunks.contracted, chunks.here.size]).toEqual([true, 0]);
    for (const [desired, minimum] of [[1, 2], [1, -1], [Number.NaN, 0]]) expect(() => { new Lab().arena.vmGrowth(desired, minimum); }).toThrow('<design/arena#.if.growth>');
  });

  test('who hears of a chunk must not go inside <design/arena#.extended>', () => {
    const system = boot({ platform, memory: '1MiB', chunk: '64KiB' });
    expect(() => system.arenaMake({ arenaExtended: (arena) => { arena.collect(); } })).toThrow('<design/arena#.inv.inside>');
  });

  test('an address of a segment is its arena\'s, and nobody else\'s <design/arena#.has>', () => {
    const second = new Second({}, { platform }), { arena, t, system } = second, slot = t.local(), other = t.local();
    second.make(slot, 5000);
    const first = system.arena.pool('amc').allocationPoint(t);
    do first.reserve(other, 32); while (!first.commit(other));
    const [mine, others] = [slot, other].map((one) => t.r[one << 3]);
    expect([arena.hasAddr(mine), arena.hasAddr((mine + 4999) | 0), arena.hasAddr(others), arena.hasAddr(0), arena.hasAddr(-1)]).toEqual([true, true, false, false, false]);
    expect([system.arena.hasAddr(mine), system.arena.hasAddr(others)]).toEqual([false, true]);
  });

  test('without enough of something there is no arena, and nothing is taken <design/boot#.arenas> <design/chunk#.create> <design/ledger#.chunk> <design/arena#.departs.result>', () => {
    const system = boot({ platform, memory: '1MiB', chunk: '64KiB' }), chunks = new Chunks();
    const made = (options: ArenaOptions): unknown => {
      const found = system.arenaMake({ ...chunks.options, ...options });
      if (!(found instanceof Arena)) return found;
      found.destroy();
      return 'made';
    };
    expect([made({ arenaSize: '1GiB' }), made({ arenaSize: 2 ** 40 })]).toEqual([ResRESOURCE, ResRESOURCE]);
    expect([made({ arenaSize: '512KiB', commitLimit: 0 }), made({ arenaSize: '512KiB', commitLimit: 64 })]).toEqual([ResCOMMITLIMIT, ResCOMMITLIMIT]);
    // Odd limits and sizes: an arena or none, and none is left over.
    const draw = random(7), found = new Set<unknown>();
    for (let n = 0; n < 60; ++n) found.add(made({ arenaSize: 1 + draw(600 * KiB), commitLimit: draw(400), arenaGrainSize: 4096 << draw(4) }));
    expect(found.has('made') && found.has(ResCOMMITLIMIT), 'weak run').toBe(true);
    expect([chunks.extended === chunks.contracted, chunks.extended > 5, chunks.here.size]).toEqual([true, true, 0]);
    expect(made({ arenaSize: '768KiB' }), 'all memory is there').toBe('made');
  });

  test('whichever charge fails as an arena is made and used, it is told so, and nothing is lost <design/ledger#.req.kth>', () => {
    const seen = new Set<unknown>();
    for (const failForever of [false, true]) for (let k = 1; k <= 6; ++k) {
      const system = boot({ platform, memory: '1MiB', chunk: '64KiB' });
      const parameters = settleArena({ arenaSize: '128KiB' }, settle({ platform, memory: '1MiB', chunk: '64KiB' }));
      const arena = new Arena(system.memory, system.platform.plinthMake(), parameters);
      Object.assign(arena.ledger, { failAt: k, failForever });
      const created = arena.create();
      seen.add(created);
      if (created === ResOK) {
        const t = system.hart('t'), slot = t.local();
        arena.threadRegister(t);
        const ap = arena.pool('amc').allocationPoint(t);
        for (let n = 0; n < 6; ++n) {
          const res = ap.reserve(slot, 20_000);
          seen.add(res);
          if (res === ResOK) ap.commit(slot);
          arena.check();
        }
      }
      arena.finish();
      expect([arena.ledger.used, arena.committed, arena.reserved]).toEqual([0, 0, 0]);
    }
    expect([...seen].sort()).toEqual([ResOK, ResMEMORY]);
  });
});

/** What a program has met. */
const seen = { failed: 0, limited: 0, short: 0, contracted: 0 };

/** live -- a program that keeps some of what it makes, and sets limits as it goes. */
function live(seed: number): void {
  const draw = random(seed), second = new Second({ arenaSize: '128KiB', arenaZoned: seed % 2 === 0 }, { seed, platform: seed % 3 === 0 ? 'an' : 'ix' });
  const { arena, chunks, t } = second, slots = Array.from({ length: 12 }, () => t.local());
  for (let n = 0; n < 400; ++n) {
    const what = draw(14), slot = slots[draw(slots.length)];
    if (what < 8) {
      const res = second.make(slot, 16 + draw(draw(6) === 0 ? 150_000 : 3000));
      if (res === ResCOMMITLIMIT) seen.limited += 1;
      if (res === ResMEMORY) seen.short += 1;
    } else if (what < 10) t.clear(slot);
    else if (what === 10 && arena.commitLimitSet(draw(2) === 0 ? draw(600 * KiB) : 3000 * KiB) === ResFAIL) seen.failed += 1;
    else if (what === 11) arena.spare = draw(11) / 10;
    else if (what === 12) arena.vmGrowth((1 + draw(40)) * 4096, draw(2) * 4096);
    else if (what === 13) [() => { arena.collect(); }, () => { arena.clamp(); }, () => { arena.release(); }, () => { arena.release(); }][draw(4)]();
    arena.check();
    expect(arena.committed - arena.spareCommitted + arena.ledger.used).toBeLessThanOrEqual(arena.commitLimit);
    expect(arena.reserved).toBe(chunks.size);
  }
  seen.contracted += chunks.contracted;
  second.system.finish();
  expect([chunks.here.size, arena.ledger.used]).toEqual([0, 0]);
}

test('whatever limits a program sets, none is exceeded, and chunks are told one to one <design/chunk#.inv.limit> <design/arena#.extended>', () => {
  const all = seeds(8);
  for (const seed of all) live(seed);
  if (all.length > 1) expect(Math.min(seen.failed, seen.limited, seen.contracted), 'weak run').toBeGreaterThan(5);
});
