import { describe, expect, test } from 'vitest';
import { random } from '../../code/base/random.ts';
import { WindowHIGH } from '../../code/machine/machine.ts';
import { RankAMBIG } from '../../code/mps/mps.ts';
import { whoRefers, type Referrer, type Referrers } from '../../code/observe/observe.ts';
import { Lab } from '../mps/lab.ts';
import { seeds } from '../seed.ts';

/** asked -- of the object in a slot. */
function asked(lab: Lab, slot: number, options = {}): Referrers {
  const found = whoRefers(lab.arena, lab.low(slot) | 0, options);
  if (found === null) throw new Error('no object');
  return found;
}

const names = (path: readonly Referrer[] | null): string[] | null =>
  path?.map((by) => (by.kind === 'root' ? `${by.name}[${by.index}]` : `${by.pool}${by.serial} 0x${by.base.toString(16)}+${by.offset}`)) ?? null;

describe('who refers to an object', () => {
  test('are roots by name and slot, and objects by pool and offset <design/oracle#.referrers>', () => {
    const lab = new Lab(), it = lab.object(32, 1), holder = lab.object(64, 2, it);
    const { referrers, count, path } = asked(lab, it);
    const object = { kind: 'object', base: lab.low(holder), size: 64, pool: 'amc', serial: lab.pool.serial, offset: 16 };
    expect(referrers).toEqual([{ kind: 'root', name: 'thread t', index: it }, object]);
    expect([count, names(path)]).toEqual([2, [`thread t[${it}]`]]);
    lab.t.clear(it);
    expect(asked(lab, holder).count).toBe(1);
  });

  test('are ambiguous words too <design/oracle#.referrers>', () => {
    const lab = new Lab(), words = lab.t.local(), it = lab.object(32, 1), low = lab.low(it);
    const root = lab.system.statics(lab.t, words, 4096, RankAMBIG);
    lab.t.store32(words, 40, (low + 7) | 0);
    lab.t.store32(words, 44, WindowHIGH);
    lab.t.clear(it);
    expect(whoRefers(lab.arena, low | 0)?.referrers).toEqual([{ kind: 'root', name: root.name, index: 2 }]);
  });

  test('cannot be asked where no object is; what is dead has referrers, but no path <design/oracle#.referrers>', () => {
    const lab = new Lab(), it = lab.object(32, 1), low = lab.low(it), holder = lab.object(32, 2, it);
    lab.t.clear(it);
    lab.t.clear(holder);
    expect(whoRefers(lab.arena, 64)).toBe(null);
    const found = whoRefers(lab.arena, low | 0);
    expect([found?.count, found?.path]).toEqual([1, null]);
  });

  test('are listed as far as was asked, and counted all <design/oracle#.referrers>', () => {
    const lab = new Lab(), it = lab.object(32, 1), slot = lab.t.local();
    for (let n = 0; n < 50; ++n) lab.make(slot, 32, n, it);
    const found = asked(lab, it, { most: 7 });
    expect([found.referrers.length, found.count]).toEqual([7, 51]);
  });

  test('by a path that is the shortest, if it is within what was asked <design/oracle#.referrers>', () => {
    let longer = 0;
    for (const seed of seeds(20)) {
      const lab = new Lab(), draw = random(seed), { t, arena } = lab, words = t.local(), frame = t.enter(40), refs: number[][] = [];
      lab.system.statics(t, words, 4096);
      // Each refers to some that are not far from it, cycles among them; the last one is the root's.
      for (let i = 0; i < 40; ++i) lab.make(frame + i, 64, i);
      for (let i = 0; i < 40; ++i) {
        refs.push([0, 1].map(() => Math.max(0, Math.min(39, i - 4 + draw(7)))));
        refs[i].forEach((j, n) => { t.storeCap(frame + i, 16 + n * 16, frame + j); });
      }
      t.storeCap(words, 32, frame + 39);
      const lows = Array.from({ length: 40 }, (_, i) => lab.low(frame + i)), length = steps(refs, 39, 0) + 1;
      t.leave(frame);
      t.enter(40);
      const found = whoRefers(arena, lows[0] | 0), path = found?.path ?? [];
      expect(path.length).toBe(Number.isFinite(length) ? length : 0);
      if (!Number.isFinite(length)) continue;
      longer += Number(length > 5);
      expect(path[0]).toEqual({ kind: 'root', name: 'statics', index: 2 });
      const by = path.slice(1).map((one) => (one.kind === 'object' ? lows.indexOf(one.base) : -1));
      expect(by[0]).toBe(39);
      for (const [i, at] of by.entries()) expect(refs[at]).toContain(by[i + 1] ?? 0);
      expect(whoRefers(arena, lows[0] | 0, { depth: length - 1 })?.path).toBe(null);
      expect(whoRefers(arena, lows[0] | 0, { depth: length })?.path).not.toBe(null);
      expect(whoRefers(arena, lows[0] | 0, { objects: 2 })?.path).toBe(null);
    }
    expect(longer, 'weak run').toBeGreaterThan(5);
  });
});

/** steps -- how many references lead from one to another at least; Infinity if none do. */
function steps(refs: readonly (readonly number[])[], from: number, to: number): number {
  const far = new Map([[from, 0]]);
  for (const [at, distance] of far) for (const next of refs[at]) if (!far.has(next)) far.set(next, distance + 1);
  return far.get(to) ?? Infinity;
}
