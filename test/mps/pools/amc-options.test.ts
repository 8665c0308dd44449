import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { RankAMBIG, RankEXACT, ResFAIL, ResOK, type AmcPool, type Arena } from '../../../code/mps/mps.ts';
import { RankNONE } from '../../../code/mps/heap/rank.ts';
import { seeds } from '../../seed.ts';
import { Lab } from '../lab.ts';

const KiB = 1024;

/** collectUpTo -- a whole collection of a pool's first generations. */
function collectUpTo(arena: Arena, pool: AmcPool, count: number): void {
  arena.park();
  arena.release();
  arena.enter();
  arena.trace.start(pool.generations.slice(0, count), { why: 'client', what: 'collect' });
  arena.leave();
  arena.park();
  arena.release();
}

describe('sizes', () => {
  test('what a buffer is given, and from where objects are large, are as asked <design/amc#.extend> <design/amc#.large>', () => {
    const lab = new Lab({ pool: { extendBy: 5000, largeSize: 6 * KiB } }), { arena, pool } = lab;
    const small = lab.object(1024), large = lab.object(6 * KiB), next = lab.object(32);
    const segOf = (slot: number): [number, boolean] => [arena.heap.segOf(lab.low(slot) | 0)!.size, arena.heap.segOf(lab.low(slot) | 0)!.large];
    expect([pool.extendBy, segOf(small), segOf(large), segOf(next)]).toEqual([8 * KiB, [8 * KiB, false], [8 * KiB, true], [8 * KiB, false]]);
    const places = [small, large].map((slot) => lab.low(slot));
    arena.collect();
    expect([lab.low(small) === places[0], lab.low(large) === places[1]]).toEqual([false, true]);
    const plain = new Lab({ nursery: '8MiB', memory: '32MiB' });
    expect([plain.pool.extendBy, plain.pool.largeSize]).toEqual([64 * KiB, 16 * KiB]);
  });

  test('are above nothing; what is large has bounds that need not move, and is never on the fast path <design/amc#.if.sizes>', () => {
    const { arena } = new Lab();
    for (const pool of [{ extendBy: 0 }, { largeSize: 4095 }, { largeSize: 16 * KiB + 1 }]) {
      expect(() => arena.pool('amc', pool)).toThrow('<design/amc#.if.sizes>');
    }
  });

  test('an allocation point has the rank of its pool <design/amc#.if.rank>', () => {
    const { arena, pool, t } = new Lab(), leaves = arena.pool('amcz');
    expect(() => pool.allocationPoint(t, { rank: RankNONE })).toThrow('<design/amc#.if.rank>');
    expect(() => leaves.allocationPoint(t, { rank: RankEXACT })).toThrow('<design/amc#.if.rank>');
    expect([pool.allocationPoint(t, { rank: RankEXACT }).rank, leaves.allocationPoint(t).rank]).toEqual([RankEXACT, RankNONE]);
  });
});

describe('hash arrays', () => {
  test('provoke no collection, however many are made; others do <design/amc#.arrays> <design/generation#.deferred>', () => {
    for (const hashArrays of [true, false]) {
      const lab = new Lab({ memory: '16MiB', nursery: '64KiB', pause: '0' }), { arena, pool, t } = lab, slot = t.local();
      const ap = pool.allocationPoint(t, { hashArrays });
      for (let n = 0; n < 2000; ++n) {
        do expect(ap.reserve(slot, 512)).toBe(ResOK); while (!ap.commit(slot));
      }
      const [nursery] = pool.generations;
      expect(arena.counts.collections > 0).toBe(!hashArrays);
      if (hashArrays) expect([nursery.newSize, nursery.newDeferredSize > 900_000]).toEqual([0, true]);
      arena.collect();
      expect([nursery.newDeferredSize, nursery.oldDeferredSize]).toEqual([0, 0]);
      arena.check();
    }
  });

  test('that survive count like others from then on <design/amc#.arrays>', () => {
    const lab = new Lab({ memory: '4MiB' }), { arena, pool, t } = lab, ap = pool.allocationPoint(t, { hashArrays: true });
    const slots = Array.from({ length: 30 }, () => t.local());
    for (const slot of slots) {
      expect(ap.reserve(slot, 1000)).toBe(ResOK);
      expect(ap.commit(slot)).toBe(true);
    }
    ap.finish();
    const [one, two] = pool.generations;
    expect([one.newSize, one.newDeferredSize]).toEqual([0, 30 * 1008]);
    collectUpTo(arena, pool, 1);
    for (const buffer of [pool.forwardFrom(one)]) buffer.detach();
    expect([one.newDeferredSize, one.oldDeferredSize, two.newSize, two.newDeferredSize]).toEqual([0, 0, 30 * 1008, 0]);
  });
});

describe('ramps', () => {
  /** A pool with a chain of two, and `count` objects of 1 KiB that survive. */
  function ramped(): { lab: Lab; pool: AmcPool; where: () => number; build: (count: number) => void; drop: () => void } {
    const lab = new Lab({ memory: '16MiB', pause: '0' }), { arena, t } = lab;
    const chain = arena.chain([{ capacity: 1e6, mortality: 0.5 }, { capacity: 1e6, mortality: 0.5 }]);
    const pool = arena.pool('amc', { chain }), ap = pool.allocationPoint(t), slot = t.local(), list = t.local();
    const build = (count: number): void => {
      for (let n = 0; n < count; ++n) {
        do {
          expect(ap.reserve(slot, 1008)).toBe(ResOK);
          t.storeCap(slot, 16, list);
        } while (!ap.commit(slot));
        t.move(list, slot);
      }
    };
    Object.assign(lab, { ap });
    return { lab, pool, build, where: () => pool.generations.indexOf(arena.heap.segOf(lab.low(list) | 0)!.generation!), drop: () => { t.clear(list); t.clear(slot); } };
  }

  test('keep survivors in the last generation until they end, and the next collection after that moves them on <design/amc#.ramp>', () => {
    const { lab, pool, build, where } = ramped(), { arena, ap } = lab, seen: number[] = [];
    expect(ap.patternBegin('ramp')).toBe(ResOK);
    build(100);
    for (let n = 0; n < 4; ++n) {
      collectUpTo(arena, pool, 2);
      seen.push(where());
    }
    expect(seen, 'nothing is promoted to the top').toEqual([1, 1, 1, 1]);
    expect(ap.patternEnd()).toBe(ResOK);
    collectUpTo(arena, pool, 2);
    expect(where()).toBe(2);
    build(100);
    for (const generation of [1, 2, 2]) {
      collectUpTo(arena, pool, 2);
      expect(where(), 'outside of ramps').toBe(generation);
    }
    arena.check();
  });

  test('do not count what stays back, until they end <design/amc#.ramp> <design/generation#.deferred>', () => {
    const { lab, pool, build, drop } = ramped(), { arena, ap } = lab, last = pool.generations[1];
    ap.patternBegin('ramp');
    build(200);
    collectUpTo(arena, pool, 2);
    collectUpTo(arena, pool, 2);
    collectUpTo(arena, pool, 2);
    const sum = (): number[] => [last.newSize + last.bufferedSize + last.oldSize, last.newDeferredSize + last.oldDeferredSize];
    expect(sum()[1]).toBeGreaterThan(100_000);
    const [plain, deferred] = sum();
    ap.patternEnd();
    expect(sum()).toEqual([plain + deferred, 0]);
    arena.check();
    drop();
    arena.collect();
    expect(lab.objects().size).toBe(0);
    arena.check();
  });

  test('nest, of several allocation points too; ending more than have begun fails; a reset ends all <design/buffer#.pattern> <design/amc#.inv.ramp>', () => {
    const { lab, pool, build, where } = ramped(), { arena, ap, t } = lab, other = pool.allocationPoint(t);
    expect([ap.patternEnd(), ap.patternReset()]).toEqual([ResFAIL, ResOK]);
    ap.patternBegin('ramp');
    ap.patternBegin('ramp collect all');
    other.patternBegin('ramp');
    build(50);
    collectUpTo(arena, pool, 2);
    expect([ap.patternEnd(), ap.patternEnd(), ap.patternEnd()]).toEqual([ResOK, ResOK, ResFAIL]);
    collectUpTo(arena, pool, 2);
    expect(where(), 'the other one is still ramping').toBe(1);
    other.finish();
    collectUpTo(arena, pool, 2);
    expect(where()).toBe(2);
    for (let n = 0; n < 3; ++n) ap.patternBegin('ramp');
    expect([ap.patternReset(), ap.patternEnd()]).toEqual([ResOK, ResFAIL]);
    arena.check();
  });

  test('in which nothing was collected change nothing; one that begins before the last was cleaned up waits for that <design/amc#.ramp>', () => {
    const { lab, pool, build, where } = ramped(), { arena, ap } = lab, seen: number[] = [];
    ap.patternBegin('ramp');
    ap.patternEnd();
    build(20);
    collectUpTo(arena, pool, 2);
    collectUpTo(arena, pool, 2);
    seen.push(where());
    ap.patternBegin('ramp');
    build(20);
    collectUpTo(arena, pool, 2);
    collectUpTo(arena, pool, 2);
    expect(where()).toBe(1);
    ap.patternEnd();
    ap.patternBegin('ramp');
    collectUpTo(arena, pool, 2);
    seen.push(where());
    build(20);
    for (let n = 0; n < 3; ++n) collectUpTo(arena, pool, 2);
    seen.push(where());
    ap.patternReset();
    expect(seen).toEqual([2, 2, 1]);
    arena.check();
  });

  for (const pattern of ['ramp', 'ramp collect all'] as const) {
    test(`of pattern ${pattern} have ${pattern === 'ramp' ? 'no' : 'a'} collection of the world after them <design/buffer#.pattern>`, () => {
      const lab = new Lab({ memory: '16MiB', nursery: '64KiB', pause: '0' }), { arena, ap } = lab;
      ap.patternBegin(pattern);
      lab.litter(200_000);
      const before = arena.counts.collectionsByGeneration.at(-1);
      ap.patternEnd();
      lab.litter(500_000);
      expect(arena.counts.collectionsByGeneration.at(-1)! - before!).toBe(pattern === 'ramp' ? 0 : 1);
    });
  }
});

for (const platform of ['an', 'ix'] as const) for (const seed of seeds(3)) {
  test(`invariant 19: accounts add up after every operation, with ramps, hash arrays, pins and large objects, ${platform}, seed ${seed} <design/generation#.inv.identity>`, () => {
    const lab = new Lab({ platform, pause: '0', nursery: '16KiB', memory: '2MiB', rank: seed % 3 === 1 ? RankEXACT : RankAMBIG, seed }), { arena, t, pool } = lab, draw = random(seed);
    if (platform === 'ix') Object.assign(arena.control, { quantum: () => 1 });
    const leaves = arena.pool('amcz'), aps = [lab.ap, pool.allocationPoint(t, { hashArrays: true }), leaves.allocationPoint(t), leaves.allocationPoint(t, { hashArrays: true })];
    const slots = Array.from({ length: 20 }, () => t.local()), check = (): void => { for (const generation of arena.allGenerations()) generation.check(); };
    let patterns = 0, deferred = 0;
    for (let n = 0; n < 4000; ++n) {
      const dice = draw(100), ap = aps[draw(aps.length)], slot = slots[draw(slots.length)];
      if (dice < 3) { ap.patternBegin(draw(2) === 0 ? 'ramp' : 'ramp collect all'); patterns += 1; }
      else if (dice < 6) ap.patternEnd();
      else if (dice < 7) arena.collect();
      else if (dice < 10) collectUpTo(arena, pool, 1 + draw(2));
      else if (dice < 11 && n % 3 === 0) Object.assign(arena.ledger, { failAt: arena.ledger.charges + 1 + draw(4), failForever: true });
      else if (dice < 14) arena.ledger.failForever = false;
      else if (dice < 30) t.clear(slot);
      else if (ap.reserve(slot, 1 + draw(draw(12) === 0 ? 40_000 : 600)) === ResOK) {
        check();
        if (draw(10) === 0) arena.collect();
        ap.commit(slot);
      }
      check();
      deferred = Math.max(deferred, ...arena.allGenerations().map((one) => one.oldDeferredSize + one.newDeferredSize));
      if (n % 100 === 0) arena.check();
    }
    const reclaims = lab.events('reclaim');
    for (const { mortality } of reclaims) expect(mortality >= 0 && mortality <= 1).toBe(true);
    expect([reclaims.length > 100, patterns > 50, deferred > 0, seed % 3 !== 1 || arena.counts.emergencies > 0], 'weak run').toEqual([true, true, true, true]);
    arena.ledger.failForever = false;
    for (const slot of slots) t.clear(slot);
    for (const ap of aps) ap.finish();
    arena.collect();
    arena.check();
    expect(arena.allGenerations().reduce((sum, one) => sum + one.newDeferredSize + one.oldDeferredSize, 0)).toBe(0);
  });
}
