/* functional-weak.test.ts: what the functional cases of the MPS ask of finalization and weak references, besides what awl, guardian and message ask. */
import { expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { ResOK } from '../../../code/mps/mps.ts';
import { RankEXACT, RankWEAK } from '../../../code/mps/heap/rank.ts';
import { Lab } from '../lab.ts';
import { marks, table } from '../pools/awl-table.ts';
import { PLATFORMS, make } from '../services/steps.ts';

const KINDS = ['amc', 'amcz', 'ams', 'awl', 'lo'] as const;

test.each(PLATFORMS)('on %s, 18: all that is exact is scanned before anything that is weak, and nothing after it <design/trace#.band> <design/rank#.order>', (platform) => {
  const it = new Lab({ platform, memory: '8MiB', nursery: '64KiB', pause: '0' }), { t, arena } = it, awl = arena.pool('awl'), draw = random(1);
  const aps = [it.ap, awl.allocationPoint(t)], weak = awl.allocationPoint(t, { rank: RankWEAK }), first = t.enter(40), slot = t.local(), table40 = t.local();
  let order = '', orders = 0;
  arena.watcher = {
    condemned: () => { order = ''; },
    scanned: (seg) => { if (seg.rank === RankWEAK || seg.rank === RankEXACT) order += seg.rank === RankWEAK && arena.trace.band === RankWEAK ? 'w' : seg.rank === RankWEAK ? 's' : 'e'; },
    finished: () => {
      // An `s` is a weak segment that had to be scanned at EXACT: where nothing was hit there is none.
      expect(order).toMatch(/^[es]*w*$/);
      if (platform === 'an') expect(order).not.toContain('s');
      if (/ew/.test(order)) orders += 1;
    },
  };
  table(t, weak, table40, 40);
  for (let n = 0; n < 6000; ++n) {
    const k = draw(40);
    make(it, aps[draw(2)], slot, k, [first + draw(40), first + draw(40)]);
    t.move(first + k, slot);
    t.storeCap(table40, 32 + 16 * k, slot);
    if (n % 500 === 0) arena.collect();
  }
  t.clear(slot);
  arena.collect();
  expect(marks(t, table40, 40).filter((mark) => mark !== null).length).toBeGreaterThan(0);
  expect(orders, 'weak run').toBeGreaterThan(3);
});

test.each(PLATFORMS.flatMap((platform) => KINDS.map((kind) => [platform, kind] as const)))('on %s, 19 and 20: at most as many messages as registrations in %s, and all within four collections <design/guardian#.inv.once> <design/guardian#.req.all>', (platform, kind) => {
  const it = new Lab({ platform, memory: '8MiB', nursery: '64KiB' }), { t, arena } = it, { messages } = arena, ap = arena.pool(kind).allocationPoint(t), slot = t.local();
  messages.enable('finalization');
  for (let n = 0; n < 1000; ++n) {
    make(it, ap, slot, n);
    expect(arena.finalize(t, slot)).toBe(ResOK);
  }
  t.clear(slot);
  let told = 0;
  for (let k = 0; k < 4; ++k) {
    arena.collect();
    for (let message = messages.get('finalization'); message !== null; message = messages.get('finalization'), told += 1) messages.discard(message);
  }
  expect(told).toBe(1000);
});

test.each(PLATFORMS)('on %s, 21: with objects that are finalized and registered again all the time, no reference is stale <design/trace#.inv.grey> <design/guardian#.req.resurrect>', (platform) => {
  const it = new Lab({ platform, memory: '8MiB', nursery: '32KiB', pause: '0' }), { t, arena } = it, { messages } = arena, draw = random(2), first = t.enter(30), slot = t.local(), one = t.local();
  messages.enable('finalization');
  let told = 0;
  for (let n = 0; n < 8000; ++n) {
    const k = draw(30), from = first + draw(30);
    // Each object's second word is the mark of what it refers to.
    const mark = t.isTagged(from) ? t.load32(from, 0) : -1;
    do {
      it.ap.reserve(slot, 48);
      for (let at = 0; at < 48; at += 4) t.store32(slot, at, at === 0 ? n : at === 4 ? mark : 0);
      if (mark >= 0) t.storeCap(slot, 16, from);
    } while (!it.ap.commit(slot));
    if (draw(3) === 0) arena.finalize(t, slot);
    t.move(first + k, slot);
    const message = messages.get('finalization');
    if (message === null) continue;
    message.finalizationRef(t, slot);
    for (let depth = 0; depth < 5 && t.load32(slot, 4) >= 0; ++depth) {
      const wanted = t.load32(slot, 4);
      t.loadCap(one, slot, 16);
      expect(t.load32(one, 0)).toBe(wanted);
      t.move(slot, one);
    }
    if (draw(2) === 0) {
      message.finalizationRef(t, first + k);
      arena.finalize(t, first + k);
    }
    messages.discard(message);
    told += 1;
  }
  arena.check();
  expect(told, 'weak run').toBeGreaterThan(300);
});

test.each(PLATFORMS.flatMap((platform) => KINDS.map((kind) => [platform, kind] as const)))('on %s, 24: garbage in %s is collected: twelve times the memory can be allocated <design/amc#.req.garbage> <design/awl#.inv.rank>', (platform, kind) => {
  const it = new Lab({ platform, memory: '512KiB', nursery: '64KiB' }), { t, arena } = it, pool = arena.pool(kind), slot = t.local();
  const aps = [pool.allocationPoint(t), ...(kind === 'awl' ? [pool.allocationPoint(t, { rank: RankWEAK })] : [])];
  for (let bytes = 0, n = 0; bytes < 6 * 1024 * 1024; bytes += 2048, n += 1) expect(make(it, aps[n % aps.length], slot, n, [], 2048)).toBe(true);
  expect(arena.counts.collections).toBeGreaterThan(10);
});
