import { describe, expect, test } from 'vitest';
import { RankFINAL, RankWEAK } from '../../../code/mps/heap/rank.ts';
import { RankAMBIG, RankEXACT, ResOK } from '../../../code/mps/mps.ts';
import { Lab } from '../lab.ts';
import { made, memory, narrowed } from './root-lab.ts';

describe('the rules', () => {
  const broken = (tag: string, breaks: (lab: Lab, words: number) => unknown): void => {
    test(`are insisted on: ${tag} <design/root#.departs.checked>`, () => {
      const lab = new Lab(), words = memory(lab, 8192);
      expect(() => breaks(lab, words)).toThrow(`root#.if.${tag}>`);
    });
  };

  broken('rank', (lab, words) => lab.arena.roots.area(lab.t, words, { rank: RankWEAK }));
  broken('rank', (lab, words) => lab.arena.roots.table(lab.t, words, 1, { rank: RankFINAL }));
  broken('bounds', (lab) => lab.arena.roots.area(lab.t, lab.t.local()));
  broken('bounds', (lab, words) => lab.arena.roots.area(lab.t, narrowed(lab, words, 8, 32)));
  broken('bounds', (lab, words) => lab.arena.roots.table(lab.t, narrowed(lab, words, 16, 32), 3));
  broken('overlap', (lab, words) => {
    made(lab.arena.roots.area(lab.t, words));
    return lab.arena.roots.area(lab.t, words, { rank: RankAMBIG });
  });
  broken('overlap', (lab, words) => {
    made(lab.arena.roots.area(lab.t, narrowed(lab, words, 0, 64)));
    made(lab.arena.roots.area(lab.t, narrowed(lab, words, 96, 64)));
    return lab.arena.roots.area(lab.t, narrowed(lab, words, 48, 64));
  });
  broken('outside', (lab) => lab.arena.roots.area(lab.t, lab.object(32), { rank: RankAMBIG }));
  broken('mapped', (lab) => {
    lab.object();
    made(lab.arena.roots.create(lab.t, (view) => view.fix(4096)));
    lab.arena.collect();
  });
  broken('outside', (lab) => {
    const it = lab.object(32), low = lab.low(it) | 0;
    made(lab.arena.roots.create(lab.t, (view) => view.fix(low)));
    lab.arena.collect();
  });
  broken('valid', (lab, words) => {
    const it = lab.object(32);
    lab.t.storeCap(words, 0, it);
    lab.t.clear(it);
    lab.arena.collect();
    return lab.arena.roots.area(lab.t, words);
  });
  broken('pattern', (lab, words) => lab.arena.roots.area(lab.t, words, { tag: { mask: 2, pattern: 3 } }));
  broken('scanner', (lab, words) => lab.arena.roots.area(lab.t, words, { tag: { mask: 3 }, scan: () => ResOK }));
  broken('scanner', (lab) => { lab.arena.threadRegister({ name: 'x' } as typeof lab.t, RankEXACT, { tag: { mask: 3 }, scan: () => ResOK }); });
  broken('live', (lab, words) => {
    const root = made(lab.arena.roots.area(lab.t, words));
    root.destroy();
    root.destroy();
  });
  broken('live', (lab) => { for (const root of lab.arena.roots) if (root.hart !== null) root.destroy(); });
});
