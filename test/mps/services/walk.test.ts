import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/random.ts';
import { baseDecode, baseIsNear, WindowHIGH } from '../../../code/machine/machine.ts';
import {
  RankAMBIG, ResFAIL, ResOK, ZoneSetUNIV, zoneOf, type AllocationPoint, type Arena, type Seg, type WalkView,
} from '../../../code/mps/mps.ts';
import type { Pool } from '../../../code/mps/heap/pool.ts';
import { seeds } from '../../seed.ts';
import { Lab } from '../lab.ts';

type Collected = 'amc' | 'amcz' | 'ams' | 'awl' | 'lo';
const kinds: readonly Collected[] = ['amc', 'amcz', 'ams', 'awl', 'lo'];

/** An object of `size` bytes from an allocation point, in a slot: its low address. */
function make(lab: Lab, ap: AllocationPoint, slot: number, size: number, mark: number = 0): number {
  do {
    expect(ap.reserve(slot, size)).toBe(ResOK);
    for (let at = 0; at < size; at += 4) lab.t.store32(slot, at, mark);
  } while (!ap.commit(slot));
  return lab.low(slot);
}

/** The zones that the references of a segment point to, one by one. */
function zonesOf(arena: Arena, seg: Seg): number {
  const { i32, tags, zoneShift } = arena.heap;
  let zones = 0;
  for (let g = seg.granuleBase; g < seg.granuleLimit; ++g) {
    const at = g << 2;
    if (tags[g] !== 0 && i32[at + 1] === WindowHIGH && baseIsNear(i32[at + 2])) zones |= 1 << zoneOf(baseDecode(i32[at], i32[at + 2]), zoneShift);
  }
  return zones;
}

const segsOf = (pool: Pool): Seg[] => pool.arena.heap.segs.filter((seg) => seg?.pool === pool) as Seg[];

describe('walks visit all objects and nothing else', () => {
  for (const kind of kinds) for (const platform of ['an', 'ix'] as const) {
    test(`of a pool of class ${kind} on ${platform}, with buffers in the middle <design/walk#.inv.exact>`, () => {
      let between = 0;
      for (const seed of seeds(6)) {
        const lab = new Lab({ platform, memory: '4MiB' }), draw = random(seed), { t, arena } = lab;
        const pool = arena.pool(kind), aps = [pool.allocationPoint(t), pool.allocationPoint(t)], slot = t.enter(60), pending = t.local();
        const sizes = [16, 32, 48, 400, 5000, 20_000];
        for (let n = 0; n < 1500; ++n) {
          const at = slot + draw(60);
          make(lab, aps[draw(2)], at, sizes[draw(sizes.length - (n % 50 === 0 ? 0 : 2))], n);
          if (draw(300) === 0) arena.collect();
        }
        arena.collect();
        // One is being made, and the next one goes into what the collection has left.
        const live = new Map<number, number>();
        expect(aps[0].reserve(pending, 48)).toBe(ResOK);
        make(lab, aps[1], slot, 32);
        for (let i = 0; i < 60; ++i) if (t.isTagged(slot + i)) live.set(lab.low(slot + i), t.r[((slot + i) << 3) + 5]);
        const applied = new Map<number, number>(), walked = new Map<number, number>();
        pool.apply((base, size) => applied.set(base >>> 0, size));
        expect(pool.walk((view, base, limit) => {
          for (let at = base; at < limit; at = view.next(at)) {
            expect(walked.has(at >>> 0), 'once').toBe(false);
            walked.set(at >>> 0, view.next(at) - at);
          }
          return ResOK;
        })).toBe(ResOK);
        expect(walked).toEqual(applied);
        for (const [base, size] of live) expect(applied.get(base)).toBe(size);
        // What is there beside those is what was garbage since, by name: the object that was overwritten.
        expect(applied.size - live.size).toBeLessThanOrEqual(1);
        expect(applied.has(lab.low(pending))).toBe(false);
        between += segsOf(pool).filter(({ buffer, limit }) => buffer !== null && buffer.limit < limit).length;
      }
      if (kind !== 'amc' && kind !== 'amcz') expect(between, 'weak run').toBeGreaterThan(0);
    });
  }

  test('of nailed segments too <design/walk#.departs.nailed>', () => {
    const lab = new Lab(), words = lab.t.local(), it = lab.t.local();
    lab.system.statics(lab.t, words, 4096, RankAMBIG);
    for (let n = 0; n < 100; ++n) {
      lab.make(it, 32, n);
      if (n % 10 === 0) {
        lab.t.store32(words, (n / 10) * 8, lab.low(it) | 0);
        lab.t.store32(words, (n / 10) * 8 + 4, WindowHIGH);
      }
    }
    lab.t.clear(it);
    lab.arena.collect();
    const marks: number[] = [];
    lab.pool.walk((view, base, limit) => {
      for (let at = base; at < limit; at = view.next(at)) marks.push(view.load32(at));
      return ResOK;
    });
    expect(marks).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  });

  test('but not on after an answer that is not OK <design/walk#.pool>', () => {
    const lab = new Lab({ nursery: '4KiB' });
    for (let n = 0; n < 1000; ++n) lab.object(32);
    let calls = 0;
    expect(lab.pool.walk(() => {
      calls += 1;
      return calls === 2 ? ResFAIL : ResOK;
    })).toBe(ResFAIL);
    expect(calls).toBe(2);
  });
});

describe('a scanner may change references', () => {
  for (const kind of ['amc', 'ams'] as const) {
    test(`and what it has stored is remembered, in ${kind} <design/walk#.inv.summary>`, () => {
      let known = 0;
      for (const seed of seeds(8)) {
        const lab = new Lab({ memory: '4MiB', nursery: '4KiB' }), { t, arena } = lab, draw = random(seed);
        const pool = arena.pool(kind), ap = pool.allocationPoint(t), slot = t.enter(120);
        for (let i = 0; i < 120; ++i) make(lab, ap, slot + i, 48, i);
        ap.finish();
        for (let k = 0; k < 5; ++k) arena.collect();
        // As after scans that found nothing of interest.
        arena.enter();
        for (const seg of segsOf(pool)) if (seg.buffer === null) seg.setSummary(zonesOf(arena, seg));
        arena.leave();
        for (const seg of segsOf(pool)) known += Number(seg.summary !== ZoneSetUNIV);
        const it = lab.object(32, 77), expected = new Map<number, boolean>();
        expect(pool.walk((view, base, limit) => {
          for (let at = base; at < limit; at = view.next(at)) {
            const stores = draw(2) === 0;
            expected.set(view.load32(at), stores);
            if (stores) view.storeCap(at + 32, t, it);
            else view.store32(at + 16, -1);
          }
          return ResOK;
        })).toBe(ResOK);
        for (const seg of segsOf(pool)) expect(zonesOf(arena, seg) & ~seg.summary).toBe(0);
        t.clear(it);
        for (let k = 0; k < 3; ++k) arena.collect();
        // The object is where only they refer to it, and they all do.
        for (let i = 0; i < 120; ++i) {
          expect(t.load32(slot + i, 16)).toBe(expected.get(i) === true ? i : -1);
          if (expected.get(i) !== true) continue;
          t.loadCap(it, slot + i, 32);
          expect([t.isTagged(it), t.load32(it, 0)]).toEqual([true, 77]);
        }
        t.clear(it);
        arena.check();
      }
      expect(known, 'weak run').toBeGreaterThan(0);
    });
  }

  test('invariant 6: what a walk has met is in the summary, also where a scan never came by <design/walk#.inv.summary>', () => {
    let scanned = 0;
    for (const seed of seeds(6)) {
      const lab = new Lab({ memory: '4MiB', nursery: '8KiB' }), { t, arena } = lab, draw = random(seed), slot = t.enter(80);
      arena.watcher = { scanned: (seg) => {
        scanned += 1;
        expect(zonesOf(arena, seg) & ~seg.summary).toBe(0);
      } };
      for (let n = 0; n < 4000; ++n) {
        lab.make(slot + draw(80), 48, n, slot + draw(80));
        if (n % 500 === 499) {
          lab.pool.walk((view: WalkView, base, limit) => {
            let last: number | null = null;
            for (let at = base; at < limit; at = view.next(at)) {
              if (last !== null && draw(3) === 0) {
                view.loadCap(t, slot, last + 16);
                view.storeCap(at + 32, t, slot);
              }
              last = at;
            }
            return ResOK;
          });
          for (const seg of segsOf(lab.pool)) expect(zonesOf(arena, seg) & ~seg.summary).toBe(0);
        }
      }
    }
    expect(scanned, 'weak run').toBeGreaterThan(30);
  });
});

test('a pool of frames has objects, a manual one has none <design/walk#.pool>', () => {
  const lab = new Lab(), { t, arena } = lab, frames = arena.pool('snc'), ap = frames.allocationPoint(t), slot = t.local(), manual = arena.pool('mvff');
  const low = make(lab, ap, slot, 48), found: number[] = [];
  expect(manual.alloc(t, slot, 64)).toBe(ResOK);
  frames.apply((base) => found.push(base >>> 0));
  manual.apply((base) => found.push(base >>> 0));
  expect(found).toEqual([low]);
});

describe('the rules', () => {
  test('an area ends where its segment does <design/walk#.if.within>', () => {
    const lab = new Lab(), it = lab.object();
    expect(() => lab.pool.walk((view) => view.fix(16))).toThrow('<design/walk#.if.within>');
    expect(it).toBeGreaterThan(0);
  });

  test('no capability goes where references are not looked for <design/walk#.if.leaf>', () => {
    const lab = new Lab(), pool = lab.arena.pool('lo'), ap = pool.allocationPoint(lab.t), slot = lab.t.local();
    make(lab, ap, slot, 32);
    expect(() => pool.walk((view, base) => {
      view.storeCap(base, lab.t, slot);
      return ResOK;
    })).toThrow('<design/walk#.if.leaf>');
  });
});
