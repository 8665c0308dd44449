/* tagtest.test.ts: in the shape of the MPS's program: conses with tags in the low bits of their addresses, in roots that look for the
 * right tags, or for the wrong ones <design/root#.tag>. Functional case 15: masks of tables. */
import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/random.ts';
import { GranuleSIZE, slotDecode, WindowHIGH } from '../../../code/machine/machine.ts';
import { RankAMBIG, RankEXACT, type RootTag } from '../../../code/mps/mps.ts';
import { Lab } from '../lab.ts';

const CONSES = 1000;

/** survivors -- of conses tagged 5 under the mask 7, in a table with a tag: how many a collection leaves. */
function survivors(rank: number, tag: RootTag | undefined, cons: number = 5): number {
  const lab = new Lab({ statics: '64KiB', memory: '4MiB' }), { t, arena } = lab, words = t.local(), it = t.local(), draw = random(1);
  lab.system.statics(t, words, CONSES * GranuleSIZE, rank).destroy();
  for (let n = 0; n < CONSES; ++n) {
    // Garbage between them.
    if (draw(3) === 0) lab.make(it);
    lab.make(it, 32, n);
    const low = lab.low(it) | 0;
    t.r[it << 3] = (low + cons) | 0;
    slotDecode(t.r, it << 3);
    if (rank === RankAMBIG) {
      t.store32(words, n * 16, (low + cons) | 0);
      t.store32(words, n * 16 + 4, WindowHIGH);
    } else t.storeCap(words, n * 16, it);
  }
  t.clear(it);
  const root = arena.roots.table(t, words, CONSES, tag === undefined ? { rank } : { rank, tag });
  expect(typeof root).toBe('object');
  arena.collect();
  arena.check();
  return lab.objects().size;
}

describe('tagtest: conses survive', () => {
  for (const [name, rank] of [['exact', RankEXACT], ['ambiguous', RankAMBIG]] as const) {
    test(`in ${name} roots, by the right tag, and by the wrong one they do not <design/root#.tag>`, () => {
      expect(survivors(rank, { mask: 7, pattern: 5 })).toBe(CONSES);
      expect(survivors(rank, { mask: 7, pattern: 4 })).toBe(0);
      expect(survivors(rank, { mask: 7 }), 'masked').toBe(CONSES);
      expect(survivors(rank, { mask: 7, pattern: 5, orZero: true }), 'or zero').toBe(CONSES);
      expect(survivors(rank, { mask: 7, pattern: 4, orZero: true }), 'or zero, wrong').toBe(0);
      expect(survivors(rank, { mask: 7, pattern: 4, orZero: true }, 0), 'or zero, zero').toBe(CONSES);
      expect(survivors(rank, undefined)).toBe(CONSES);
    });
  }
});
