/* arenas.test.ts: PROGRAMS ABOUT ARENAS
 *
 * In the shape of the Memory Pool System's own test programs arenacv, extcon, steptest, forktest, lockcov and lockut, and of the part of mpsicv that is about
 * arenas: what is done, and what is checked, at a smaller scale and in virtual time.
 */
import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import type { Hart } from '../../../code/machine/machine.ts';
import { Generation } from '../../../code/mps/arena/generation.ts';
import { Arena, RankAMBIG, RankEXACT, ResCOMMITLIMIT, ResFAIL, ResOK, boot, type AllocationPoint, type Chain, type System } from '../../../code/mps/mps.ts';
import type { ArenaOptions } from '../../../code/mps/options.ts';
import { ResRESOURCE } from '../../../code/mps/result.ts';
import { fork, stepLoad32, stepStore32, waitpid } from '../../../code/os/os.ts';
import { seeds } from '../../seed.ts';
import { pages, slotCopy, ways } from '../ix/rig.ts';

const KiB = 1024;
const PAGE = 4096;

const made = (system: System, options: ArenaOptions): Arena => {
  const arena = system.arenaMake(options);
  if (!(arena instanceof Arena)) throw new Error(`no arena: ${arena}`);
  return arena;
};

/** A thread's allocation in an arena: what its pool makes, in slots. */
class Maker {
  readonly t: Hart;
  readonly point: AllocationPoint;

  constructor(arena: Arena, t: Hart, chain?: Chain) {
    this.t = t;
    arena.threadRegister(t);
    this.point = arena.pool('amc', chain === undefined ? {} : { chain }).allocationPoint(t);
  }

  make(slot: number, size: number, mark: number, ref: number = -1): number {
    for (;;) {
      const res = this.point.reserve(slot, size);
      if (res !== ResOK) return res;
      this.t.store32(slot, 0, mark);
      if (ref >= 0) this.t.storeCap(slot, 16, ref);
      if (this.point.commit(slot)) return ResOK;
    }
  }
}

describe('arenacv: grains of every size, beside each other and in gaps', () => {
  const kinds: [string, (system: System, giver: Hart) => Arena][] = [
    ['virtual memory, in zones', (system) => made(system, { arenaSize: '512KiB' })],
    ['virtual memory, without zones', (system) => made(system, { arenaSize: '512KiB', arenaZoned: false })],
    ['client', (system, giver) => {
      const slot = giver.local();
      expect(system.area(giver, slot, 512 * KiB)).toBe(ResOK);
      return made(system, { class: 'client', arenaSize: 512 * KiB, arenaClBase: { hart: giver, slot } });
    }],
  ];
  for (const [kind, make] of kinds) {
    test(`${kind} <design/chunk#.inv.accounts> <design/chunk#.inv.owned> <design/arena#.client>`, () => {
      const system = boot({ memory: '2MiB', chunk: '64KiB' }), arena = make(system, system.platform.hart('giver') as Hart), { grains } = arena;
      let cases = 0;
      for (let offset = 0; offset < 3; ++offset) for (let gap = 1; gap < 4; ++gap) for (let size = 1; size < 5; ++size) {
        const generation = new Generation(0, { capacity: 1, mortality: 0.5 }), live = new Map<number, number>();
        const alloc = (count: number): number => {
          const { res, base } = grains.alloc(count * PAGE, 1, generation);
          expect(res).toBe(ResOK);
          for (const [other, length] of live) expect(base >= other + length || base + count * PAGE <= other).toBe(true);
          expect([grains.contains(base), grains.contains(base + count * PAGE - 1)]).toEqual([true, true]);
          live.set(base, count * PAGE);
          return base;
        };
        const free = (base: number): void => {
          grains.free(base, base + (live.get(base) as number));
          live.delete(base);
        };
        if (offset > 0) alloc(offset);
        const hole = alloc(gap), top = alloc(1);
        free(hole);
        const fitted = alloc(size);
        if (kind.includes('without')) expect(fitted === hole).toBe(size <= gap);
        expect(grains.committed - grains.spare).toBe((offset + 1 + size) * PAGE);
        grains.check();
        for (const base of [...live.keys()]) free(base);
        expect([grains.committed - grains.spare, grains.contains(top)]).toEqual([0, true]);
        cases += 1;
      }
      expect(cases).toBe(36);
      system.finish();
    });
  }

  test('an arena of more than there can be is RESOURCE <design/chunk#.create> <design/arena#.departs.result>', () => {
    const system = boot({ memory: '1MiB', chunk: '64KiB' });
    for (const arenaSize of [2 ** 32, 2 ** 53 - 4096, '3GiB']) expect(system.arenaMake({ arenaSize })).toBe(ResRESOURCE);
  });
});

test('extcon: each chunk that comes goes, and objects lie in those that are there <design/arena#.extended> <design/chunk#.compact>', () => {
  const system = boot({ memory: '24MiB', chunk: '64KiB', nursery: '1MiB' }), chunks = new Map<number, number>(), SIZE = 10_000 * 16;
  const counts = { extended: 0, contracted: 0 };
  const arena = made(system, {
    arenaSize: SIZE + 8 * PAGE,
    arenaExtended: (_, base, size) => {
      counts.extended += 1;
      chunks.set(base, size);
    },
    arenaContracted: (_, base, size) => {
      counts.contracted += 1;
      expect([chunks.get(base), chunks.delete(base)]).toEqual([size, true]);
    },
  });
  const t = system.hart('t'), maker = new Maker(arena, t), slots = Array.from({ length: 10 }, () => t.local());
  for (let n = 0; n < 100; ++n) {
    const slot = slots[n % 10];
    expect(maker.make(slot, SIZE, n)).toBe(ResOK);
    const low = t.r[slot << 3] >>> 0;
    expect([...chunks].filter(([base, size]) => base <= low && low + SIZE <= base + size)).toHaveLength(1);
    if (n % 25 === 24) {
      for (const one of slots) t.clear(one);
      arena.collect();
    }
  }
  expect([counts.extended > 9, counts.contracted > 9, chunks.size < counts.extended]).toEqual([true, true, true]);
  system.finish();
  expect([counts.extended, chunks.size]).toEqual([counts.contracted, 0]);
});

test('steptest: a clamped arena is collected by steps alone, within their time, and of the world when there is much <design/arena#.step> <design/policy#.idle>', () => {
  const system = boot({ memory: '64MiB', chunk: '64KiB', seed: 3 }), arena = made(system, { arenaSize: '32MiB', pauseTime: 1000 }), draw = random(11);
  const chain = arena.chain([{ capacity: 750 * KiB, mortality: 0.85 }, { capacity: 2000 * KiB, mortality: 0.6 }, { capacity: 5000 * KiB, mortality: 0.4 }]);
  const t = system.hart('t'), maker = new Maker(arena, t, chain), exact = Array.from({ length: 40 }, () => t.local()), marks = exact.map(() => -1);
  arena.clamp();
  const steps = { done: 0, none: 0, worlds: 0, longest: 0 };
  for (let n = 0; n < 60_000; ++n) {
    const root = draw(exact.length), ref = draw(exact.length);
    expect(maker.make(exact[root], 32 + draw(2000), n, draw(3) === 0 ? exact[ref] : -1)).toBe(ResOK);
    marks[root] = n;
    const isIdle = n % 15_000 === 14_999;
    if (n % 100 !== 0 && !isIdle) continue;
    const { traced } = arena.control;
    steps[arena.step(2500, isIdle ? 100 : 0) ? 'done' : 'none'] += 1;
    steps.longest = Math.max(steps.longest, arena.control.traced - traced);
    expect(arena.control.state).toBe('clamped');
  }
  expect(exact.map((slot) => t.load32(slot, 0)).filter((mark, root) => marks[root] >= 0 && mark !== marks[root])).toEqual([]);
  steps.worlds = arena.counts.collectionsByGeneration.at(-1) ?? 0;
  expect(Math.min(steps.done / 10, steps.none, steps.worlds, arena.counts.collections / 10), `weak run: ${JSON.stringify(steps)}`).toBeGreaterThan(0.9);
  // An interval, and what a quantum or beginning a trace may exceed it by.
  expect(steps.longest).toBeLessThan(2.5 * 1024 * KiB + 4 * 1024 * KiB);
  system.finish();
});

test('mpsicv: everything that an arena can be asked, in any order, among 49 exact and 49 ambiguous roots <design/arena#.states> <design/arena#.limit> <design/arena#.has>', () => {
  const seen = { dead: 0, collections: 0, FAIL: 0 }, all = seeds(6);
  for (const seed of all) {
    const draw = random(seed), system = boot({ memory: '8MiB', chunk: '64KiB', nursery: '64KiB', seed, platform: seed % 2 === 0 ? 'ix' : 'an' });
    const arena = made(system, { arenaSize: '1MiB' }), exact = system.hart('exact', RankEXACT), ambiguous = system.hart('ambiguous', RankAMBIG);
    arena.threadRegister(ambiguous, RankAMBIG);
    const maker = new Maker(arena, exact), roots = [exact, ambiguous].map((hart) => Array.from({ length: 49 }, () => hart.local())), marks = [new Map<number, number>(), new Map<number, number>()];
    const asks: (() => void)[] = [
      () => { arena.collect(); }, () => { arena.park(); }, () => { arena.clamp(); }, () => { arena.release(); }, () => { arena.release(); },
      () => { arena.startCollect(); }, () => { arena.step(draw(50), draw(3)); }, () => { arena.step(); },
      () => { arena.spare = draw(11) / 10; },
      () => { arena.pauseTime = [0, 10, 10_000, Infinity][draw(4)]; },
      () => { arena.vmGrowth(256 * KiB, 0); },
      () => {
        const { commitLimit, committed, spareCommitted, ledger: { used } } = arena, limit = draw(2 * (committed + 1));
        const res = arena.commitLimitSet(limit);
        expect(res).toBe(limit < committed + used - spareCommitted ? ResFAIL : ResOK);
        if (res === ResFAIL) seen.FAIL += 1;
        arena.commitLimitSet(commitLimit);
      },
      () => { expect([arena.busy, arena.reserved >= arena.committed, arena.committed >= arena.spareCommitted]).toEqual([false, true, true]); },
      () => { for (const [which, known] of marks.entries()) for (const slot of known.keys()) expect(arena.hasAddr([exact, ambiguous][which].r[slot << 3])).toBe(true); },
    ];
    for (let n = 0; n < 4000; ++n) {
      const which = draw(2), slot = roots[which][draw(49)], hart = [exact, ambiguous][which];
      const work = exact.enter(1);
      const res = maker.make(work, 32 + draw(300), n);
      if (res === ResOK) {
        slotCopy(hart, slot, exact, work);
        marks[which].set(slot, n);
      } else {
        expect(res).toBe(ResCOMMITLIMIT);
        arena.release();
      }
      exact.leave(work);
      if (draw(40) === 0) asks[draw(asks.length)]();
      if (n % 500 === 0) arena.check();
    }
    const right = (): void => { for (const [which, known] of marks.entries()) for (const [slot, mark] of known) expect([exact, ambiguous][which].load32(slot, 0)).toBe(mark); };
    right();
    seen.collections += arena.collections;
    if (draw(2) === 0) {
      arena.postmortem();
      right();
      seen.dead += 1;
    } else {
      arena.collect();
      right();
    }
    system.finish();
  }
  if (all.length > 1) expect(Math.min(seen.dead, seen.FAIL, seen.collections / 10), `weak run: ${JSON.stringify(seen)}`).toBeGreaterThan(0.9);
});

describe.each(ways)('$title', ({ make }) => {
  test('forktest: parent and child both go through the list that was there at the fork <design/protix#.fork> <design/fork#.inv.copy>', () => {
    const rig = make(), main = rig.adopt(), LENGTH = 500, sums: number[] = [];
    rig.arena.pauseTime = 0;
    rig.arena.clamp();
    for (let n = 0; n < LENGTH; ++n) {
      rig.make(main, 6, n, { size: 32, ref: n === 0 ? -1 : 5 });
      main.hart.move(5, 6);
    }
    const sum = (t: Hart): number => {
      let total = 0;
      for (t.move(7, 5); t.isTagged(7); t.loadCap(7, 7, 16)) total += t.load32(7, 0);
      return total;
    };
    const parent = rig.spawn('parent', function* (t, self) {
      const pid = yield* fork(self, function* (c, { process }) {
        sums.push(sum(c));
        process.exit(0);
      });
      rig.arena.release();
      rig.arena.startCollect();
      sums.push(sum(t));
      yield* waitpid(self, pid, 0);
      sums.push(sum(t));
    });
    slotCopy(parent.hart, 5, main.hart, 5);
    rig.run();
    const wanted = LENGTH * (LENGTH - 1) / 2;
    expect([sums, rig.arena.counts.flips > 0]).toEqual([[wanted, wanted, wanted], true]);
    rig.end();
  });

  test('lockcov, lockut: under the locks of two arenas, one within the other, no increment of four threads is lost <design/ix#.lock> <design/plinth#.if.lock>', () => {
    const COUNT = 20;
    for (const isLocked of [true, false]) {
      let lost = 0;
      for (const seed of seeds(3)) {
        const rig = make({ arenas: 2, driver: 'explored', seed }), main = rig.adopt(), [outer, inner] = rig.members.map(({ plinth }) => plinth.mutex);
        pages(main, 10);
        // Covered: claimed, not claimed twice, released.
        expect([outer.tryClaim(main), outer.owner === main, inner.tryClaim(main)]).toEqual([true, true, true]);
        outer.release(main);
        inner.release(main);
        for (let index = 0; index < 4; ++index) {
          const thread = rig.spawn(`t${index}`, function* (_t, self) {
            for (let n = 0; n < COUNT; ++n) {
              if (isLocked) for (const mutex of [outer, inner]) yield* mutex.claim(self);
              const before = yield* stepLoad32(10, 0);
              yield* stepStore32(10, 0, before + 1);
              if (isLocked) for (const mutex of [inner, outer]) mutex.release(self);
            }
          }, { stepped: true });
          slotCopy(thread.hart, 10, main.hart, 10);
        }
        rig.run();
        lost += 4 * COUNT - main.hart.load32(10, 0);
        expect([outer.owner, inner.owner]).toEqual([null, null]);
        for (const { arena } of rig.members) arena.collect();
      }
      if (isLocked) expect(lost).toBe(0);
      else expect(lost, 'weak run').toBeGreaterThan(0);
    }
  });
});
