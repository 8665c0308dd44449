/* guardian.test.ts: what is registered is told of when nobody else has it, once, whole, and in any schedule. */
import { describe, expect, test } from 'vitest';
import { boundsEncode, PermLOAD, PermSTORE, slotDecode } from '../../../code/machine/machine.ts';
import { ResCOMMITLIMIT, ResFAIL, ResMEMORY, ResOK } from '../../../code/mps/mps.ts';
import { RankFINAL } from '../../../code/mps/heap/rank.ts';
import { boundsDecode } from '../../machine/windowed.ts';
import { windowAddress } from '../shadow.ts';
import { PLATFORMS, finalized, finish, flip, make, markOf, quantum, segAt, still, toBand } from './steps.ts';

const KINDS = ['amc', 'ams', 'lo'] as const;

describe.each(PLATFORMS)('on %s', (platform) => {
  test.each(KINDS)('of a hundred guardians of objects in %s, every other one of a dead one, those and no others are finalized, once <design/guardian#.inv.marked> <design/guardian#.inv.once>', (kind) => {
    const it = still({ platform }), { t, arena } = it, ap = arena.pool(kind).allocationPoint(t), first = t.enter(100);
    arena.messages.enable('finalization');
    for (let n = 0; n < 100; ++n) {
      make(it, ap, first + n, n);
      expect(arena.finalize(t, first + n)).toBe(ResOK);
    }
    for (let n = 1; n < 100; n += 2) t.clear(first + n);
    arena.collect();
    expect(finalized(it)).toEqual(Array.from({ length: 50 }, (_, n) => 2 * n + 1));
    for (let k = 0; k < 3; ++k) arena.collect();
    expect(arena.messages.poll()).toBe(false);
    for (let n = 0; n < 100; n += 2) expect(t.load32(first + n, 0)).toBe(n);
  });

  test.each(KINDS)('an object of %s that is registered n times is finalized at most n times, and at least once <design/guardian#.inv.once>', (kind) => {
    const it = still({ platform }), { t, arena } = it, ap = arena.pool(kind).allocationPoint(t), slot = t.local();
    arena.messages.enable('finalization');
    make(it, ap, slot, 7);
    for (let n = 0; n < 3; ++n) arena.finalize(t, slot);
    t.clear(slot);
    const counts: number[] = [];
    for (let k = 0; k < 6; ++k) {
      arena.collect();
      counts.push(finalized(it).length);
    }
    expect(counts.reduce((sum, one) => sum + one)).toBe(3);
    expect(counts[0]).toBeGreaterThan(0);
    expect(arena.ledger.used).toBeLessThan(20_000);
  });

  test('what is finalized has its graph, goes when the message does, and can be kept and registered again <design/guardian#.req.resurrect> <design/message#.inv.strong>', () => {
    const it = still({ platform }), { t, arena } = it, slot = t.enter(2);
    arena.messages.enable('finalization');
    it.make(slot + 1, 32, 5);
    it.make(slot, 32, 4, slot + 1);
    arena.finalize(t, slot);
    t.clear(slot);
    t.clear(slot + 1);
    arena.collect();
    const message = arena.messages.get('finalization')!;
    for (let k = 0; k < 3; ++k) arena.collect();
    expect(it.objects().size, 'held by the message').toBe(2);
    message.finalizationRef(t, slot);
    t.loadCap(slot + 1, slot, 16);
    expect([t.load32(slot, 0), t.load32(slot + 1, 0)]).toEqual([4, 5]);
    t.clear(slot + 1);
    arena.messages.discard(message);
    arena.collect();
    expect([it.objects().size, t.load32(slot, 0), arena.messages.poll()]).toEqual([2, 4, false]);
    expect(arena.finalize(t, slot)).toBe(ResOK);
    t.clear(slot);
    arena.collect();
    expect(finalized(it)).toEqual([4]);
    arena.collect();
    expect(it.objects().size).toBe(0);
  });

  test('a registration can be undone, as often as there are, and not more often <design/guardian#.req.definalize>', () => {
    const it = still({ platform }), { t, arena } = it, one = it.object(32, 1), other = it.object(32, 2);
    arena.messages.enable('finalization');
    expect(arena.definalize(t, one)).toBe(ResFAIL);
    for (let k = 0; k < 2; ++k) arena.finalize(t, one);
    arena.finalize(t, other);
    arena.collect();
    expect([arena.definalize(t, one), arena.definalize(t, one), arena.definalize(t, one)]).toEqual([ResOK, ResOK, ResFAIL]);
    arena.finalize(t, one);
    expect([arena.definalize(t, one), arena.definalize(t, one)]).toEqual([ResOK, ResFAIL]);
    t.clear(one);
    t.clear(other);
    arena.collect();
    expect(finalized(it)).toEqual([2]);
  });

  test('a cycle of registered objects is finalized, all of it at once <design/guardian#.req.all>', () => {
    const it = still({ platform }), { t, arena } = it, first = t.enter(10);
    arena.messages.enable('finalization');
    for (let n = 0; n < 10; ++n) it.make(first + n, 32, n, n === 0 ? -1 : first + n - 1);
    t.storeCap(first, 16, first + 9);
    for (let n = 0; n < 10; ++n) arena.finalize(t, first + n);
    t.r.fill(0, first << 3, (first + 10) << 3);
    arena.collect();
    expect(finalized(it)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('the reference that is given back is to the whole object, with the permissions of the one that registered it <design/guardian#.inv.rights>', () => {
    const it = still({ platform }), { t, arena } = it, slot = it.object(6000, 9), c = slot << 3, perms = t.r[c + 3] & ~PermSTORE;
    arena.messages.enable('finalization');
    const part = t.local();
    it.make(part, 64, 3);
    // Poorer and narrower: 16 bytes at 32, with the address at 40.
    const p = part << 3, low = t.r[p];
    t.r[p] = low + 40;
    t.r[p + 2] = boundsEncode(low + 32, 16);
    t.r[p + 3] = perms;
    slotDecode(t.r, p);
    expect([t.r[p + 5], t.r[p + 6]]).toEqual([8, 0]);
    for (const one of [slot, part]) arena.finalize(t, one);
    t.clear(slot);
    t.clear(part);
    arena.collect();
    const found = [];
    for (let message = arena.messages.get('finalization'); message !== null; message = arena.messages.get('finalization')) {
      message.finalizationRef(t, slot);
      const bounds = boundsDecode(BigInt(t.r[c + 2] >>> 0), windowAddress(t.r[c]));
      found.push([t.load32(slot, 0), Number(bounds.top - bounds.base), t.r[c + 3], t.r[c + 6] > 0, (t.r[c + 3] & PermLOAD) !== 0]);
      arena.messages.discard(message);
    }
    found.sort((a, b) => (a[0] as number) - (b[0] as number));
    expect(found).toEqual([[3, 64, perms, false, true], [9, 6000, perms | PermSTORE, true, true]]);
  });

  test('a pool that is destroyed takes registrations along, and what messages refer to <design/guardian#.inv.pool>', () => {
    const it = still({ platform }), { t, arena } = it, pool = arena.pool('ams'), ap = pool.allocationPoint(t), slot = t.enter(2);
    arena.messages.enable('finalization');
    make(it, ap, slot, 1);
    make(it, ap, slot + 1, 2);
    for (const n of [0, 1]) arena.finalize(t, slot + n);
    t.clear(slot);
    arena.collect();
    const message = arena.messages.get('finalization')!;
    expect(markOf(it, message)).toBe(1);
    t.clear(slot + 1);
    arena.poolFinish(pool);
    it.litter(200_000);
    arena.collect();
    message.finalizationRef(t, slot);
    expect([t.isTagged(slot), arena.messages.poll()]).toEqual([false, false]);
    arena.messages.discard(message);
    arena.check();
  });

  test('without memory for a guardian nothing is registered <design/guardian#.req.paid> <design/ledger#.req.kth>', () => {
    const it = still({ platform }), { t, arena } = it, slot = it.object(32, 1), { used } = arena.ledger;
    arena.ledger.failAt = arena.ledger.charges + 1;
    expect([ResMEMORY, ResCOMMITLIMIT]).toContain(arena.finalize(t, slot));
    expect([arena.ledger.used, arena.definalize(t, slot)]).toEqual([used, ResFAIL]);
  });

  test('in an emergency the dead are told from the living as ever <design/guardian#.departs.emergency> <design/trace#.inv.emergency>', () => {
    const it = still({ platform }), { t, arena } = it, first = t.enter(20), table = t.local();
    arena.messages.enable('finalization');
    for (let n = 0; n < 20; ++n) {
      it.make(first + n, 32, n);
      arena.finalize(t, first + n);
    }
    it.make(table, 32, 99, first + 2);
    t.r.fill(0, first << 3, (first + 20) << 3);
    arena.ledger.failAt = arena.ledger.charges + 1;
    arena.ledger.failForever = true;
    arena.collect();
    arena.ledger.failForever = false;
    arena.ledger.failAt = 0;
    expect(arena.counts.emergencies).toBe(1);
    expect(finalized(it)).toEqual(Array.from({ length: 20 }, (_, n) => n).filter((n) => n !== 2));
    arena.collect();
    expect(it.objects().size).toBe(2);
  });
});

test('what is found in slices of the final band is finalized all together, whatever refers to what <design/trace#.band.final> <design/guardian#.req.all>', () => {
  const it = still(), { t, arena } = it, first = t.enter(600);
  arena.messages.enable('finalization');
  // Each but the first refers to the one before it: following the last one finds them all.
  for (let n = 0; n < 600; ++n) it.make(first + n, 32, n, n === 0 ? -1 : first + n - 1);
  for (let n = 599; n >= 0; --n) arena.finalize(t, first + n);
  t.r.fill(0, first << 3, (first + 600) << 3);
  flip(it);
  toBand(it, RankFINAL);
  let quanta = 0;
  for (; arena.trace.isFlipped; ++quanta) quantum(it);
  finish(it);
  expect(finalized(it)).toEqual(Array.from({ length: 600 }, (_, n) => n));
  expect(quanta, 'weak run').toBeGreaterThan(3);
});

test('a mutator that gets a message in the middle of a trace has its reference fixed first <design/keeper#.inv.again> <design/message#.inv.strong>', () => {
  for (let steps = 0; steps < 12; ++steps) {
    const it = still(), { t, arena } = it, slot = t.enter(2);
    arena.messages.enable('finalization');
    it.make(slot + 1, 32, 5);
    it.make(slot, 32, 4, slot + 1);
    arena.finalize(t, slot);
    t.clear(slot);
    t.clear(slot + 1);
    arena.collect();
    const message = arena.messages.get('finalization')!;
    it.litter(1000);
    flip(it);
    for (let k = 0; k < steps && arena.trace.isFlipped; ++k) quantum(it);
    message.finalizationRef(t, slot);
    t.loadCap(slot + 1, slot, 16);
    expect([t.load32(slot, 0), t.load32(slot + 1, 0), segAt(it, slot).white]).toEqual([4, 5, false]);
    arena.messages.discard(message);
    finish(it);
    expect([t.load32(slot, 0), t.load32(slot + 1, 0)]).toEqual([4, 5]);
  }
});

test('a registration can be undone at any time of a trace, though the object has moved <design/guardian#.search>', () => {
  let moved = 0;
  for (let steps = 0; steps < 30; ++steps) {
    const it = still(), { t, arena } = it, first = t.enter(8), before: number[] = [];
    arena.messages.enable('finalization');
    for (let n = 0; n < 8; ++n) {
      it.make(first + n, 32, n);
      arena.finalize(t, first + n);
      before.push(it.low(first + n));
    }
    const dead = it.object(32, 100);
    arena.finalize(t, dead);
    t.clear(dead);
    flip(it);
    for (let k = 0; k < steps && arena.trace.isFlipped; ++k) quantum(it);
    for (let n = 0; n < 8; n += 2) {
      if (it.low(first + n) !== before[n]) moved += 1;
      expect([arena.definalize(t, first + n), arena.definalize(t, first + n)]).toEqual([ResOK, ResFAIL]);
    }
    it.arena.check();
    finish(it);
    t.r.fill(0, first << 3, (first + 8) << 3);
    arena.collect();
    expect(finalized(it)).toEqual([1, 3, 5, 7, 100]);
  }
  expect(moved, 'weak run').toBeGreaterThan(20);
});

test('registered objects that are not condemned cost a trace next to nothing <design/guardian#.req.cheap> <design/guardian#.inv.summary>', () => {
  /** Work of a trace of the world and of one of the nursery, with 20,000 old objects that are registered or not. */
  function works(isRegistered: boolean): [number, number] {
    const it = still({ memory: '64MiB', platform: 'an', nursery: '64KiB' }), { t, arena } = it, slot = t.local(), list = t.local();
    for (let n = 0; n < 20_000; ++n) {
      it.make(slot, 32, n, list);
      t.move(list, slot);
      if (isRegistered) arena.finalize(t, slot);
    }
    for (let k = 0; k < 3; ++k) arena.collect();
    const world = arena.trace.ss.work;
    it.make(slot, 32, 2);
    if (isRegistered) arena.finalize(t, slot);
    flip(it, 1);
    finish(it);
    return [world, arena.trace.ss.work];
  }
  const [world, nursery] = works(true), [worldPlain, nurseryPlain] = works(false);
  expect(world - worldPlain).toBeGreaterThanOrEqual(20_000 * 16);
  expect(nursery - nurseryPlain).toBeLessThan(10_000);
});

describe('a rule that is broken', () => {
  test('an object of a pool that the collector does not collect cannot be registered <design/guardian#.if.automatic>', () => {
    const it = still({ platform: 'an' }), slot = it.object(32, 1);
    Object.assign(it.pool, { isAutomatic: false });
    expect(() => it.arena.finalize(it.t, slot)).toThrow('<design/guardian#.if.automatic>');
  });

  test('nothing but an object can be registered <design/guardian#.if.object>', () => {
    for (const spoil of [
      (it: ReturnType<typeof still>, slot: number) => { it.t.clear(slot); },
      (it: ReturnType<typeof still>, slot: number) => { it.system.statics(it.t, slot, 64); },
      (it: ReturnType<typeof still>, slot: number) => { it.ap.reserve(slot, 32); },
    ]) {
      const it = still({ platform: 'an' }), slot = it.object(32, 1);
      spoil(it, slot);
      expect(() => it.arena.finalize(it.t, slot)).toThrow('<design/guardian#.if.object>');
    }
  });
});

