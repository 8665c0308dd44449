/* cleaner.test.ts: what is to be done when an object is dead is done once, not before, in order, and at the end if asked for. */
import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { ResCOMMITLIMIT, ResMEMORY, type Cleaner, type Registration } from '../../../code/mps/mps.ts';
import { RankWEAK } from '../../../code/mps/heap/rank.ts';
import { seeds } from '../../seed.ts';
import type { Lab } from '../lab.ts';
import { PLATFORMS, finalized, finish, flip, make, quantum, still, toBand } from './steps.ts';

/** watch -- register what is in a slot. */
function watch(it: Lab, cleaner: Cleaner, slot: number, clean: () => void): Registration {
  const found = cleaner.register(it.t, slot, clean);
  if (typeof found === 'number') throw new Error('no memory');
  return found;
}

describe.each(PLATFORMS)('on %s', (platform) => {
  test.each(['amc', 'ams', 'lo'] as const)('of a thousand objects in %s half die: for each of those it is done, once, in the order of registration <design/cleaner#.req.once> <design/cleaner#.order> <design/cleaner#.inv.dead>', (kind) => {
    const it = still({ platform }), { t, arena } = it, ap = arena.pool(kind).allocationPoint(t), first = t.enter(1000), cleaner = arena.cleaner(), done: number[] = [];
    for (let n = 0; n < 1000; ++n) {
      expect(make(it, ap, first + n, n)).toBe(true);
      watch(it, cleaner, first + n, () => { done.push(n); });
    }
    arena.collect();
    expect([cleaner.run(), cleaner.size]).toEqual([0, 1000]);
    for (let n = 1; n < 1000; n += 2) t.clear(first + n);
    arena.collect();
    expect([done.length, cleaner.size, cleaner.run(), cleaner.run()]).toEqual([0, 1000, 500, 0]);
    expect(done).toEqual(Array.from({ length: 500 }, (_, n) => 2 * n + 1));
    expect([cleaner.size, it.objects().size]).toEqual([500, 500]);
    arena.collect();
    expect(cleaner.run()).toBe(0);
  });

  test('cleaners and the client\'s own finalization take nothing from each other; what is finalized is not cleaned before it is really dead <design/cleaner#.req.apart> <design/cleaner#.inv.dead>', () => {
    const it = still({ platform }), { t, arena } = it, slot = it.object(32, 7), done: string[] = [], [a, b] = [arena.cleaner(), arena.cleaner()];
    arena.messages.enable('finalization');
    watch(it, a, slot, () => { done.push('a'); });
    arena.finalize(t, slot);
    watch(it, b, slot, () => { done.push('b'); });
    watch(it, b, slot, () => { done.push('b again'); });
    t.clear(slot);
    arena.collect();
    expect([a.run(), b.run()]).toEqual([0, 0]);
    expect(finalized(it)).toEqual([7]);
    arena.collect();
    expect([b.run(), a.run(), finalized(it), done]).toEqual([2, 1, [], ['b', 'b again', 'a']]);
  });

  test('clean does it at once, and it is not done again; what is due can be done so too <design/cleaner#.req.once>', () => {
    const it = still({ platform }), { t, arena } = it, slot = it.object(32, 7), cleaner = arena.cleaner(), done: number[] = [], { used } = arena.ledger;
    const one = watch(it, cleaner, slot, () => { done.push(1); }), two = watch(it, cleaner, slot, () => { done.push(2); });
    watch(it, cleaner, slot, () => { done.push(3); });
    expect([one.clean(), one.clean(), one.isOver, cleaner.size, done]).toEqual([true, false, true, 2, [1]]);
    t.clear(slot);
    arena.collect();
    expect([two.clean(), cleaner.run(), two.clean(), cleaner.size, done, arena.ledger.used <= used]).toEqual([true, 1, false, 0, [1, 2, 3], true]);
  });

  test('an action may use the arena and the cleaner; what it throws leaves the rest due <design/cleaner#.run>', () => {
    const it = still({ platform }), { t, arena } = it, slot = t.enter(3), cleaner = arena.cleaner(), done: number[] = [];
    for (let n = 0; n < 3; ++n) it.make(slot + n, 32, n);
    watch(it, cleaner, slot, () => {
      t.clear(slot + 2);
      arena.collect();
      done.push(0, cleaner.run());
    });
    watch(it, cleaner, slot + 1, () => { throw new Error('mine'); });
    watch(it, cleaner, slot + 2, () => { done.push(2); });
    t.clear(slot);
    t.clear(slot + 1);
    arena.collect();
    expect(() => cleaner.run()).toThrow('mine');
    expect([cleaner.run(), done, cleaner.size]).toEqual([1, [2], 0]);
  });

  test('finish does all: what is due first, then the rest; an arena that is destroyed does, of those that were made so <design/cleaner#.finish>', () => {
    const it = still({ platform }), { t, arena } = it, slot = t.enter(3), done: string[] = [];
    const [now, atEnd, never] = [arena.cleaner(), arena.cleaner({ runsAtFinish: true }), arena.cleaner()];
    for (let n = 0; n < 3; ++n) it.make(slot + n, 32, n);
    for (const [name, cleaner] of [['now', now], ['end', atEnd], ['never', never]] as const) {
      for (let n = 0; n < 3; ++n) watch(it, cleaner, slot + n, () => { done.push(`${name} ${n}`); });
    }
    t.clear(slot + 1);
    arena.collect();
    expect([now.finish(), done]).toEqual([3, ['now 1', 'now 0', 'now 2']]);
    expect(() => now.finish()).toThrow('<design/cleaner#.if.open>');
    expect(() => now.register(t, slot, () => undefined)).toThrow('<design/cleaner#.if.open>');
    it.system.finish();
    expect(done.slice(3)).toEqual(['end 1', 'end 0', 'end 2']);
    expect(arena.ledger.used).toBe(0);
  });

  test('what is in a pool that is destroyed is dead <design/cleaner#.pool>', () => {
    const it = still({ platform }), { t, arena } = it, pool = arena.pool('mvff'), slot = t.local(), cleaner = arena.cleaner(), done: number[] = [];
    pool.alloc(t, slot, 64);
    watch(it, cleaner, slot, () => { done.push(1); });
    watch(it, cleaner, it.object(32, 1), () => { done.push(2); });
    t.clear(slot);
    arena.collect();
    expect(cleaner.run()).toBe(0);
    arena.poolFinish(pool);
    expect([cleaner.run(), done]).toEqual([1, [1]]);
  });

  test('without memory nothing is registered; in an emergency the dead are told from the living <design/cleaner#.req.paid> <design/ledger#.req.kth> <design/trace#.inv.emergency>', () => {
    const it = still({ platform }), { t, arena } = it, first = t.enter(20), cleaner = arena.cleaner(), done: number[] = [];
    it.make(first, 32, 0);
    const { used } = arena.ledger;
    arena.ledger.failAt = arena.ledger.charges + 1;
    expect([ResMEMORY, ResCOMMITLIMIT]).toContain(cleaner.register(t, first, () => undefined));
    expect([cleaner.size, arena.ledger.used]).toEqual([0, used]);
    for (let n = 0; n < 20; ++n) {
      it.make(first + n, 32, n);
      watch(it, cleaner, first + n, () => { done.push(n); });
    }
    for (let n = 0; n < 20; n += 2) t.clear(first + n);
    arena.ledger.failAt = arena.ledger.charges + 1;
    arena.ledger.failForever = true;
    arena.collect();
    arena.ledger.failForever = false;
    arena.ledger.failAt = 0;
    expect([arena.counts.emergencies, cleaner.run(), done.every((n) => n % 2 === 0)]).toEqual([1, 10, true]);
  });

  test('against a model, with registrations, deaths and actions at any time of a trace, nothing is done too early, twice, or never <design/cleaner#.req.once> <design/cleaner#.inv.dead> <design/cleaner#.inv.summary>', () => {
    let cleaned = 0, early = 0;
    for (const seed of seeds(20)) {
      const it = still({ platform, nursery: '16KiB' }), { t, arena } = it, draw = random(seed), first = t.enter(40), held = new Map<number, number>();
      const cleaners = [arena.cleaner(), arena.cleaner()], times: number[] = [], all: Registration[] = [], alive = (): Set<number> => new Set(held.values());
      for (let step = 0; step < 1500; ++step) {
        const i = draw(40), dice = draw(100), n = times.length;
        if (dice < 30) {
          it.make(first + i, 32, n);
          held.set(i, n);
          times.push(0);
          all.push(watch(it, cleaners[draw(2)], first + i, () => { times[n] += 1; }));
        } else if (dice < 55) {
          t.clear(first + i);
          held.delete(i);
        } else if (dice < 60 && n > 0) {
          const k = draw(n), was = times[k];
          expect(all[k].clean()).toBe(was === 0);
          expect(times[k]).toBe(1);
          early += 1;
        } else if (dice < 70) {
          const before = [...times], living = alive(), count = cleaners[draw(2)].run();
          for (const [k, was] of before.entries()) if (living.has(k)) expect(times[k], 'what lives is not cleaned').toBe(was);
          cleaned += count;
        } else if (dice < 73 && !arena.trace.isBusy) flip(it, 1 + draw(3));
        for (let k = draw(4); k > 0 && arena.trace.isBusy; --k) quantum(it);
      }
      arena.collect();
      arena.collect();
      for (const cleaner of cleaners) cleaned += cleaner.run();
      const living = alive();
      expect(times.every((count, n) => count === 1 || (count === 0 && living.has(n)))).toBe(true);
      it.system.finish();
      expect(arena.ledger.used).toBe(0);
    }
    expect([cleaned > 1000, early > 200], `weak run: ${cleaned} ${early}`).toEqual([true, true]);
  });
});

test('an action is not run from within a collection <design/cleaner#.if.outside>', () => {
  const it = still({ platform: 'an' }), { arena } = it, cleaner = arena.cleaner(), registration = watch(it, cleaner, it.object(32, 1), () => undefined), found: string[] = [];
  arena.watcher = {
    finished: () => {
      for (const act of [() => cleaner.run(), () => registration.clean(), () => cleaner.finish()]) {
        try { act(); } catch (error) { found.push(String(error)); }
      }
    },
  };
  arena.collect();
  arena.watcher = null;
  expect(found.map((one) => one.includes('<design/cleaner#.if.outside>'))).toEqual([true, true, true]);
  expect([registration.isOver, registration.clean()]).toEqual([false, true]);
});

test('registrations of what is not condemned cost a trace next to nothing, and those that are come in slices <design/cleaner#.inv.summary> <design/cleaner#.req.cheap>', () => {
  function work(isRegistered: boolean): number {
    const it = still({ memory: '64MiB', platform: 'an', nursery: '64KiB' }), { t, arena } = it, slot = t.local(), list = t.local(), cleaner = arena.cleaner();
    for (let n = 0; n < 20_000; ++n) {
      it.make(slot, 32, n, list);
      t.move(list, slot);
      if (isRegistered) watch(it, cleaner, slot, () => undefined);
    }
    for (let k = 0; k < 3; ++k) arena.collect();
    it.make(slot, 32, 2);
    if (isRegistered) watch(it, cleaner, slot, () => undefined);
    flip(it, 1);
    finish(it);
    return arena.trace.ss.work;
  }
  expect(work(true) - work(false)).toBeLessThan(10_000);
  const it = still(), { t, arena } = it, cleaner = arena.cleaner(), slot = t.local();
  for (let n = 0; n < 700; ++n) {
    it.make(slot, 32, n);
    watch(it, cleaner, slot, () => undefined);
  }
  flip(it);
  toBand(it, RankWEAK);
  let quanta = 0;
  for (; arena.trace.isFlipped; ++quanta) quantum(it);
  finish(it);
  expect([quanta > 500, cleaner.run()], `${quanta}`).toEqual([true, 699]);
});
