/* marking-interface.test.ts: what marking pools make of ambiguous words, and what they refuse. */
import { describe, expect, test } from 'vitest';
import { RankFINAL, RankWEAK } from '../../../code/mps/heap/rank.ts';
import { RankAMBIG, RankEXACT, RankNONE } from '../../../code/mps/mps.ts';
import { Lab } from '../lab.ts';
import { labOf, slow } from './marking-lab.ts';

describe('ambiguous references', () => {
  const words = (t: Lab['t'], slot: number, low: number): void => { t.set(slot, low | 0, t.r[(slot << 3) + 1], 0, 0); t.r[(slot << 3) + 4] = 0; };

  for (const kind of ['ams', 'lo'] as const) {
    test(`of any byte of an object preserve it, in ${kind}, and of no other <design/marking#.ambiguous>`, () => {
      for (const into of [0, 1, 15, 16, 300, 511, 512, -1]) {
        const { lab } = labOf({ rank: RankAMBIG }, {}, kind), { t } = lab;
        const slots = [lab.object(512), lab.object(512), lab.object(512)], [first, second, third] = slots.map((slot) => lab.low(slot));
        slots.forEach((slot) => { words(t, slot, 0); });
        words(t, slots[0], second + into);
        lab.arena.collect();
        expect([...lab.objects().keys()], String(into)).toEqual([into < 0 ? first : into < 512 ? second : third]);
        expect(lab.arena.trace.hasPinned).toBe(true);
      }
    });
  }

  test('are none, without supportAmbiguous, unless they are capabilities <design/ams#.ambiguous>', () => {
    for (const [isTagged, left] of [[false, 0], [true, 1]] as const) {
      const { lab } = labOf({ rank: RankAMBIG }, { supportAmbiguous: false }), { t } = lab, slot = lab.object(512), low = lab.low(slot);
      if (!isTagged) words(t, slot, low);
      lab.arena.collect();
      expect(lab.objects().size).toBe(left);
    }
  });
});

describe('the interface', () => {
  test('a generation is of the chain, or the top one; by default the first of a chain of its own, the second of the arena\'s <design/marking#.gen> <design/marking#.if.gen>', () => {
    const { arena } = new Lab(), chain = arena.chain([{ capacity: 4096, mortality: 0.5 }]);
    for (const kind of ['ams', 'lo'] as const) {
      expect(arena.pool(kind).generation).toBe(arena.defaultChain.generations[1]);
      expect(arena.pool(kind, { gen: 0 }).generation).toBe(arena.defaultChain.generations[0]);
      expect(arena.pool(kind, { chain }).generation).toBe(chain.generations[0]);
      expect(arena.pool(kind, { chain, gen: 1 }).generation).toBe(arena.topGeneration);
      for (const gen of [-1, 2, 0.5]) expect(() => arena.pool(kind, { chain, gen })).toThrow('<design/marking#.if.gen>');
    }
  });

  test('segments have a size <design/marking#.if.extend>', () => {
    const { arena } = new Lab();
    for (const extendBy of [0, -4096, 0.5]) expect(() => arena.pool('ams', { extendBy })).toThrow('<design/marking#.if.extend>');
  });

  test('an allocation point has a rank that its pool\'s class has <design/marking#.if.rank> <design/ams#.departs.ambig>', () => {
    const { arena, t } = new Lab(), ams = arena.pool('ams'), lo = arena.pool('lo');
    expect([ams.allocationPoint(t).rank, ams.allocationPoint(t, { rank: RankEXACT }).rank, lo.allocationPoint(t).rank]).toEqual([RankEXACT, RankEXACT, RankNONE]);
    for (const rank of [RankAMBIG, RankWEAK, RankFINAL, RankNONE]) expect(() => ams.allocationPoint(t, { rank })).toThrow('<design/marking#.if.rank>');
    expect(() => lo.allocationPoint(t, { rank: RankEXACT })).toThrow('<design/marking#.if.rank>');
  });

  test('a pool takes its objects along, in the middle of a trace too <design/arena#.pools>', () => {
    const { lab, pool } = slow(), { arena } = lab;
    for (let k = 0; k < 64; ++k) lab.object(2048);
    arena.step();
    arena.poolFinish(pool);
    expect(lab.objects().size).toBe(0);
    arena.check();
  });
});
