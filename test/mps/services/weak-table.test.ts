/* weak-table.test.ts: weak tables against a model, in any schedule, whichever charge fails; ephemerons; what is bound to go wrong. */
import { describe, expect, test } from 'vitest';
import { boundsEncode, slotDecode } from '../../../code/machine/machine.ts';
import { ResCOMMITLIMIT, ResMEMORY, ResOK, type WeakTable } from '../../../code/mps/mps.ts';
import { RankFINAL, RankWEAK } from '../../../code/mps/heap/rank.ts';
import { seeds } from '../../seed.ts';
import type { Lab } from '../lab.ts';
import { PLATFORMS, finalized, finish, flip, make, quantum, segAt, still, toBand } from './steps.ts';
import { run } from './weak-model.ts';

const BESIDE = 9;

describe.each(PLATFORMS)('on %s', (platform) => {
  test('tables have what a map by serial number has, whenever they are asked, and lose what is dead <design/weak-table#.req.any> <design/weak-table#.inv.index> <design/weak-table#.inv.found> <design/weak-table#.inv.reveal>', () => {
    const sum = { hits: 0, misses: 0, died: 0, inTrace: 0 };
    for (const seed of seeds(30)) {
      const found = run(platform, seed, 900);
      for (const key of ['hits', 'misses', 'died', 'inTrace'] as const) sum[key] += found[key];
    }
    expect([sum.hits > 2000, sum.misses > 2000, sum.died > 20, platform === 'an' || sum.inTrace > 500], `weak run: ${JSON.stringify(sum)}`).toEqual([true, true, true, true]);
  });

  test('the same whichever charge of the ledger fails, alone or with all that follow <design/weak-table#.req.paid> <design/ledger#.req.kth> <design/trace#.inv.emergency>', () => {
    let emergencies = 0, failed = 0;
    for (const seed of seeds(1)) {
      const { charges } = run(platform, seed, 300);
      for (let k = 1; k <= charges; ++k) {
        for (const forever of k % 3 === 0 ? [false, true] : [false]) {
          const found = run(platform, seed, 300, k, forever);
          emergencies += found.emergencies;
          failed += found.failed;
        }
      }
      expect(charges, 'weak run').toBeGreaterThan(30);
    }
    expect([emergencies > 2, failed > 30], `weak run: ${emergencies} ${failed}`).toEqual([true, true]);
  });

  test('an entry does not keep its key, though its value refers to it, nor do two that refer to each other <design/weak-table#.req.ephemeron>', () => {
    const it = still({ platform }), { t, arena } = it, table = arena.weakTable(), [a, b, value] = [it.object(32, 1), it.object(32, 2), t.local()];
    it.make(value, 32, 3, a);
    table.set(t, a, value);
    table.set(t, b, b);
    const [c, d] = [it.object(32, 4), it.object(32, 5)];
    table.set(t, c, d);
    table.set(t, d, c);
    t.clear(value);
    arena.collect();
    expect([table.size, it.objects().size]).toEqual([4, 5]);
    for (const slot of [a, b, c, d]) t.clear(slot);
    arena.collect();
    expect([table.size, it.objects().size]).toEqual([0, 0]);
  });

  test('a chain of keys, each the value of the one before, stays as long as the first, in two tables, in time that does not grow faster <design/weak-table#.req.ephemeron> <design/weak-table#.inv.found> <design/keeper#.inv.again>', () => {
    /** Works of a collection with a chain of a given length, of which the last key is asked for. */
    function work(length: number, kind: 'amc' | 'lo'): number {
      const it = still({ platform }), { t, arena } = it, tables = [arena.weakTable(), arena.weakTable()], ap = arena.pool(kind).allocationPoint(t);
      const [first, key, next] = [t.local(), t.local(), t.local()], value = (n: number): WeakTable => tables[n & 1];
      make(it, ap, next, length);
      for (let n = length - 1; n >= 0; --n) {
        make(it, ap, key, n);
        value(n).set(t, key, next);
        t.move(next, key);
      }
      t.move(first, key);
      t.clear(key);
      t.clear(next);
      arena.collect();
      const { work: done } = arena.trace.ss;
      t.move(key, first);
      for (let n = 0; n < length; ++n) {
        expect(value(n).get(t, key, key)).toBe(true);
        expect(t.load32(key, 0)).toBe(n + 1);
      }
      t.clear(key);
      t.clear(first);
      arena.collect();
      expect([tables[0].size, tables[1].size, it.objects().size]).toEqual([0, 0, 0]);
      return done;
    }
    for (const kind of ['amc', 'lo'] as const) expect(work(2000, kind)).toBeLessThan(5 * work(500, kind));
  });

  test('the entry of a key that is finalized stays as long as the key, with its value <design/guardian#.req.resurrect> <design/weak-table#.bands>', () => {
    for (const kind of ['amc', 'lo'] as const) {
      const it = still({ platform }), { t, arena } = it, table = arena.weakTable(), ap = arena.pool(kind).allocationPoint(t), [key, value] = [t.local(), it.object(32, 8)];
      arena.messages.enable('finalization');
      make(it, ap, key, 7);
      arena.finalize(t, key);
      table.set(t, key, value);
      t.clear(key);
      t.clear(value);
      arena.collect();
      const message = arena.messages.get('finalization')!;
      arena.collect();
      message.finalizationRef(t, key);
      expect([table.get(t, key, value), t.load32(key, 0), t.load32(value, 0)]).toEqual([true, 7, 8]);
      t.clear(key);
      t.clear(value);
      arena.messages.discard(message);
      arena.collect();
      expect([table.size, it.objects().size, finalized(it)]).toEqual([0, 0, []]);
    }
  });

  test('weak values: an entry goes with its value, and keeps neither; what is no reference stays <design/weak-table#.weak-values>', () => {
    const it = still({ platform }), { t, arena } = it, table = arena.weakTable({ weakValues: true }), [a, b, c, value, other] = [1, 2, 3, 4, 5].map((mark) => it.object(32, mark));
    table.set(t, a, value);
    table.set(t, b, other);
    t.set(other, 11, 0, 12, 0);
    table.set(t, c, other);
    arena.collect();
    expect([table.size, it.objects().size]).toEqual([2, 4]);
    expect([table.has(t, a), table.has(t, b), table.get(t, c, other), t.r[other << 3]]).toEqual([true, false, true, 11]);
    t.clear(value);
    arena.collect();
    expect([table.size, table.has(t, a), it.objects().size]).toEqual([1, false, 3]);
    t.clear(c);
    arena.collect();
    expect([table.size, it.objects().size]).toEqual([0, 2]);
  });

  test('a key is its object, by whatever capability; keys of all pools, also manual ones <design/weak-table#.if.object>', () => {
    const it = still({ platform }), { t, arena } = it, table = arena.weakTable(), part = t.local(), found = t.local();
    for (const kind of ['amc', 'ams', 'lo'] as const) {
      const key = t.local();
      make(it, arena.pool(kind).allocationPoint(t), key, 1, [], 64);
      expect(table.set(t, key, key)).toBe(ResOK);
      arena.collect();
      t.move(part, key);
      const p = part << 3;
      t.r[p + 2] = boundsEncode(t.r[p] + 32, 16);
      t.r[p] += 32;
      slotDecode(t.r, p);
      expect([table.get(t, part, found), t.r[found << 3] === t.r[key << 3]]).toEqual([true, true]);
    }
    const pool = arena.pool('mvff'), key = t.local();
    pool.alloc(t, key, 64);
    table.set(t, key, key);
    t.move(found, key);
    arena.collect();
    expect([table.size, table.has(t, key), table.delete(t, key), table.delete(t, key), table.has(t, key)]).toEqual([4, true, true, false, false]);
    table.set(t, key, part);
    table.set(t, part, key);
    arena.poolFinish(pool);
    expect([table.size, table.has(t, part)]).toEqual([2, false]);
  });

  test('without memory for an entry there is none <design/weak-table#.req.paid>', () => {
    const it = still({ platform }), { t, arena } = it, table = arena.weakTable(), key = it.object(32, 1), { used } = arena.ledger;
    arena.ledger.failAt = arena.ledger.charges + 1;
    expect([ResMEMORY, ResCOMMITLIMIT]).toContain(table.set(t, key, key));
    expect([arena.ledger.used, table.size, table.has(t, key)]).toEqual([used, 0, false]);
    expect([table.set(t, key, key), table.set(t, key, key), table.size]).toEqual([ResOK, ResOK, 1]);
    table.finish();
    expect(arena.ledger.used).toBe(used);
    expect(() => table.has(t, key)).toThrow('<design/weak-table#.if.open>');
  });

  test('in a transform keys and values are what replaces them, and all that is asked for later is found <design/weak-table#.transform>', () => {
    const it = still({ platform }), { t, arena } = it, table = arena.weakTable(), [old, by, key, gone, twice] = [1, 2, 3, 4, 5].map((mark) => it.object(32, mark)), dst = t.local();
    table.set(t, old, key);
    table.set(t, key, old);
    table.set(t, gone, key);
    table.set(t, twice, twice);
    const olds = t.enter(2), news = t.enter(2);
    t.move(olds, old);
    t.move(news, by);
    t.move(olds + 1, twice);
    t.move(news + 1, key);
    t.clear(by);
    const transform = arena.transform();
    if (typeof transform === 'number') throw new Error('no memory');
    expect([transform.addOldNew(t, olds, news, 2), transform.apply(), transform.isApplied]).toEqual([ResOK, ResOK, true]);
    arena.check();
    expect([table.get(t, old, dst), t.load32(old, 0), t.load32(dst, 0)]).toEqual([true, 2, 3]);
    expect([table.get(t, key, dst), t.load32(dst, 0), table.get(t, gone, dst), t.load32(dst, 0), table.size]).toEqual([true, 2, true, 3, 3]);
    transform.destroy();
  });
});

test('a table that is asked at any point of a trace finds what has moved and what has not, and keeps no key because it was asked <design/weak-table#.req.any> <design/weak-table#.identity> <design/weak-table#.inv.found>', () => {
  let moved = 0, dead = 0, asked = 0;
  for (let steps = 0; steps < 60; ++steps) {
    const it = still(), { t, arena } = it, table = arena.weakTable(), list = t.enter(1), key = t.enter(2), before: number[] = [];
    // A list of keys, and as many that are dead.
    for (let n = 0; n < 2 * BESIDE; ++n) {
      it.make(key, 32, n, n % 2 === 0 ? list : -1);
      it.make(key + 1, 32, 1000 + n);
      table.set(t, key, key + 1);
      if (n % 2 === 0) t.move(list, key);
    }
    t.clear(key);
    t.clear(key + 1);
    t.move(key, list);
    for (let n = 0; n < BESIDE; ++n) {
      before.push(it.low(key));
      t.loadCap(key, key, 16);
    }
    flip(it);
    for (let k = 0; k < steps && arena.trace.isFlipped; ++k) quantum(it);
    t.move(key, list);
    const none = it.object(32, 5);
    for (let n = 0; n < BESIDE; ++n) {
      expect([table.get(t, key, key + 1), t.load32(key + 1, 0)]).toEqual([true, 1000 + t.load32(key, 0)]);
      expect(table.has(t, none)).toBe(false);
      if (arena.trace.isFlipped) asked += 1;
      if (it.low(key) !== before[n]) moved += 1;
      t.loadCap(key, key, 16);
    }
    t.clear(key);
    t.clear(key + 1);
    finish(it);
    dead += 2 * BESIDE - table.size;
    expect(table.size).toBe(BESIDE);
  }
  expect([moved > 200, dead === 60 * BESIDE, asked > 100], `weak run: ${moved} ${asked}`).toEqual([true, true, true]);
});

test('a weak value that is asked for before the trace has come to weak references stays, and afterwards it is gone <design/weak-table#.inv.reveal>', () => {
  for (const band of [RankFINAL - 1, RankWEAK]) {
    const it = still(), { t, arena } = it, table = arena.weakTable({ weakValues: true }), first = t.enter(300), value = t.enter(1), ap = arena.pool('lo').allocationPoint(t);
    for (let n = 0; n < 300; ++n) {
      it.make(first + n, 32, n);
      make(it, ap, value, 1000 + n);
      table.set(t, first + n, value);
    }
    t.clear(value);
    flip(it);
    toBand(it, band);
    const isEarly = band !== RankWEAK;
    expect([table.get(t, first + 299, value), table.has(t, first + 298)]).toEqual([isEarly, isEarly]);
    if (isEarly) expect(t.load32(value, 0)).toBe(1299);
    finish(it);
    expect([table.has(t, first + 299), table.size]).toEqual([isEarly, isEarly ? 2 : 0]);
  }
});

test('entries that are not condemned cost a trace next to nothing, and the pause between two quanta does not grow with the table <design/weak-table#.req.cheap> <design/weak-table#.inv.summary>', () => {
  /** Work of a trace of the nursery, with 20,000 old objects that are keys or not. */
  function work(isKey: boolean): number {
    const it = still({ memory: '64MiB', platform: 'an', nursery: '64KiB' }), { t, arena } = it, slot = t.local(), list = t.local(), table = arena.weakTable();
    for (let n = 0; n < 20_000; ++n) {
      it.make(slot, 32, n, list);
      t.move(list, slot);
      if (isKey) table.set(t, slot, slot);
    }
    for (let k = 0; k < 3; ++k) arena.collect();
    it.make(slot, 32, 2);
    if (isKey) table.set(t, slot, slot);
    flip(it, 1);
    finish(it);
    return arena.trace.ss.work;
  }
  expect(work(true) - work(false)).toBeLessThan(20_000);
  const it = still({ memory: '16MiB' }), { t, arena } = it, table = arena.weakTable(), slot = t.enter(2);
  for (let n = 0; n < 5000; ++n) {
    it.make(slot, 32, n);
    it.make(slot + 1, 32, n);
    table.set(t, slot, slot + 1);
  }
  t.clear(slot);
  t.clear(slot + 1);
  flip(it);
  let most = 0, quanta = 0;
  for (; arena.trace.isFlipped; ++quanta) {
    const from = arena.trace.ss.work;
    quantum(it);
    most = Math.max(most, arena.trace.ss.work - from);
  }
  finish(it);
  expect([quanta > 5000, most < 5000, table.size], `${quanta} ${most}`).toEqual([true, true, 0]);
});

test('a table that is finished in the middle of a trace is told of nothing that it has <design/weak-table#.if.open>', () => {
  for (let steps = 0; steps < 12; ++steps) {
    const it = still(), { t, arena } = it, tables = [arena.weakTable(), arena.weakTable()], list = t.enter(2);
    for (let n = 0; n < 20; ++n) {
      it.make(list + 1, 32, n, list);
      t.move(list, list + 1);
      for (const table of tables) table.set(t, list, list);
    }
    flip(it);
    for (let k = 0; k < steps; ++k) quantum(it);
    tables[0].finish();
    finish(it);
    expect([tables[1].size, tables[1].has(t, list)]).toEqual([20, true]);
    tables[1].finish();
    it.system.finish();
    expect(arena.ledger.used).toBe(0);
  }
});

test('who tells tables of what fix preserves leaves it to be seen by others <design/scan#.marked> <design/weak-table#.inv.found>', () => {
  const it = still({ platform: 'an' }), { t, arena: { identity, trace: { ss } } } = it, table = it.arena.weakTable(), key = it.object(64, 1), { number } = segAt(it, key), base = it.low(key) | 0;
  table.set(t, key, key);
  ss.white = -1;
  const told: boolean[] = [];
  for (const [was, finds] of [[true, false], [true, true], [false, false], [false, true]]) {
    const fix = identity.fixOver((state, _s, ref) => {
      if (finds) state.wasMarked = false;
      return ref;
    });
    ss.wasMarked = was;
    expect(fix(ss, number, (base + 32) | 0)).toBe((base + 32) | 0);
    expect(ss.wasMarked).toBe(was && !finds);
    told.push(table.hasFound);
    table.scan(it.arena.trace, RankFINAL, Infinity);
  }
  expect(told).toEqual([false, true, false, true]);
});

describe('a rule that is broken', () => {
  test('nothing but an object is a key <design/weak-table#.if.object>', () => {
    for (const spoil of [
      (it: Lab, slot: number) => { it.t.clear(slot); },
      (it: Lab, slot: number) => { it.system.statics(it.t, slot, 64); },
      (it: Lab, slot: number) => { it.ap.reserve(slot, 32); },
    ]) {
      const it = still({ platform: 'an' }), slot = it.object(32, 1), table = it.arena.weakTable();
      spoil(it, slot);
      expect(() => table.set(it.t, slot, slot)).toThrow('<design/weak-table#.if.object>');
    }
  });
});
