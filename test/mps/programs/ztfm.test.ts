/* ztfm.test.ts: in the shape of the MPS's program: lists whose first objects are transformed into others by the thousand, refused where
 * a word on a stack may mean one of them, and done again <design/transform>. */
import { expect, test } from 'vitest';
import { GranuleSIZE, WindowHIGH } from '../../../code/machine/machine.ts';
import { RankAMBIG, ResOK } from '../../../code/mps/mps.ts';
import { Lab } from '../lab.ts';

const ALL = 2000;

for (const platform of ['an', 'ix'] as const) {
  test(`ztfm: sets of 1, 10, 100 and ${ALL / 2} on ${platform} <design/transform#.inv.all>`, () => {
    const lab = new Lab({ platform, memory: '8MiB', statics: '128KiB' }), { t, arena } = lab, table = t.local(), stack = t.local(), it = t.local();
    lab.system.statics(t, table, ALL * GranuleSIZE);
    lab.system.statics(t, stack, 4096, RankAMBIG);
    const says: number[] = [];
    for (let n = 0; n < ALL; ++n) {
      lab.make(it, 32, n);
      t.storeCap(table, n * GranuleSIZE, it);
      says.push(n);
    }
    const said = (): number[] => says.map((_, n) => {
      t.loadCap(it, table, n * GranuleSIZE);
      return t.load32(it, 0);
    });
    let next = ALL;
    for (const count of [1, 10, 100, ALL / 2]) for (const refused of [true, false]) {
      const olds = t.enter(count), news = t.enter(count), spots = Array.from({ length: count }, (_, i) => (i * 7919 + count) % ALL);
      arena.park();
      const transform = arena.transform();
      if (typeof transform === 'number') throw new Error('no transform');
      for (const [i, spot] of spots.entries()) {
        lab.make(news + i, 48, next + i);
        t.loadCap(olds + i, table, spot * GranuleSIZE);
        // Some become themselves, some nothing.
        if (i % 10 === 3) t.move(news + i, olds + i);
        if (i % 10 === 4) t.clear(news + i);
      }
      t.store32(stack, 32, refused ? (lab.low(olds) + 17) | 0 : 0);
      t.store32(stack, 36, WindowHIGH);
      // In two parts, as clients do.
      const half = count >> 1;
      expect(transform.addOldNew(t, olds, news, half)).toBe(ResOK);
      expect(transform.addOldNew(t, olds + half, news + half, count - half)).toBe(ResOK);
      expect([transform.apply(), transform.isApplied]).toEqual([ResOK, !refused]);
      transform.destroy();
      if (!refused) spots.forEach((spot, i) => { if (i % 10 !== 3 && i % 10 !== 4) says[spot] = next + i; });
      t.leave(olds);
      next += count;
      expect(said()).toEqual(says);
      arena.release();
    }
    arena.collect();
    expect(said()).toEqual(says);
    arena.check();
  });
}
