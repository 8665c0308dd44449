/* halfway.test.ts: the oracles judge traces between whose quanta mutators run; and each convicts a collector that is broken as
 * the test says <design/oracle#.req.convict>. */
import { describe, expect, test } from 'vitest';
import { PageSIZE, PageWRITE, WindowHIGH, addrOfWindow } from '../../code/machine/machine.ts';
import { AccessNONE, RankAMBIG } from '../../code/mps/mps.ts';
import { graphDifference, graphOf, Oracle } from '../../code/observe/observe.ts';
import { headed, type Rig, type RigOptions } from '../mps/rig.ts';
import { seeds } from '../seed.ts';
import { busyRig, halfway } from './halfway.ts';

const kinds: readonly (readonly [name: string, options: Partial<RigOptions>])[] = [
  ['exact threads', {}],
  ['ambiguous threads', { rank: RankAMBIG }],
  ['a format that forwards', { format: headed }],
];

describe('mutators between quanta', () => {
  for (const [name, options] of kinds) {
    for (const seed of seeds(2)) {
      test(`keep their graph, hold nothing white, and are kept out <design/oracle#.inv.graph> <design/oracle#.inv.black> <design/oracle#.inv.shield> ${name} seed=${seed}`, () => {
        const habits = { seed, roots: 30, sizes: [32, 64, 400, 1000], collects: 0, yields: true, header: options.format === headed };
        const rig = busyRig(seed, { ...options, habits }), { counts } = new Oracle(rig.arena, rig.system.space);
        rig.play(1000);
        rig.arena.collect();
        expect(counts.graphs, 'weak run').toBeGreaterThan(50);
        expect(counts.halves, 'weak run').toBeGreaterThan(40);
        expect(counts.objects, 'weak run').toBeGreaterThan(2000);
        expect(counts.blacks, 'weak run').toBeGreaterThan(2000);
        expect(counts.leaves, 'weak run').toBeGreaterThan(200);
        expect(counts.shielded, 'weak run').toBeGreaterThan(200);
        rig.end();
      });
    }
  }

  test('have the same graph halfway as when the trace is over <design/oracle#.logical>', () => {
    const { arena } = halfway(), before = graphOf(arena);
    expect(before.nodes, 'weak run').toBeGreaterThan(10);
    arena.enter();
    while (arena.trace.isBusy) arena.trace.advance('finish', Infinity);
    arena.leave();
    expect(graphDifference(before, graphOf(arena))).toBeNull();
    expect([...graphOf(arena).bases].filter((base) => !before.bases.has(base)), 'weak run').not.toHaveLength(0);
  });
});

/** A rig that plays under an oracle, after something of it was broken. */
function playBroken(breaks: (rig: Rig) => void, judgesPages: boolean): () => void {
  return () => {
    for (const seed of [1, 2, 3, 4]) {
      const rig = busyRig(seed);
      new Oracle(rig.arena, judgesPages ? rig.system.space : null);
      breaks(rig);
      rig.play(1500);
    }
  };
}

/** Have every `nth` call of fix go wrong. */
function breakFix(rig: Rig, nth: number, wrong: (base: number, to: number, last: number) => number): void {
  let calls = 0, last = 0;
  for (const pool of rig.arena.pools) {
    const fix = pool.fix.bind(pool);
    pool.fix = (...args) => {
      const to = fix(...args), before = last;
      last = to;
      return (calls += 1) % nth === 0 && before !== 0 ? wrong(args[2], to, before) : to;
    };
  }
}

const defects: readonly (readonly [name: string, judgesPages: boolean, breaks: (rig: Rig) => void, tag: string])[] = [
  ['a reference is turned to another object', false, (rig) => { breakFix(rig, 40, (_base, _to, last) => last); }, '.inv.graph'],
  ['a reference is left where its object was', false, (rig) => { breakFix(rig, 40, (base) => base); }, '.inv.black'],
  ['the threads are not scanned at the flip', false, ({ arena }) => {
    for (const root of arena.roots) if (root.hart !== null) Object.assign(root, { scan: () => undefined });
  }, '.inv.black'],
  ['nothing keeps mutators from reading what is grey', false, ({ arena }) => { Object.assign(arena.plinth, { protSet: () => undefined }); }, '.inv.black'],
  ['nothing keeps mutators from it, as the page table says', true, ({ arena }) => { Object.assign(arena.plinth, { protSet: () => undefined }); }, '.inv.shield'],
  ['the shield does not take note of what is wanted', false, ({ arena }) => { Object.assign(arena.shield, { raise: () => undefined }); }, '.inv.shield'],
  ['protection is never taken back on the pages', true, ({ arena: { plinth } }) => {
    const protSet = plinth.protSet.bind(plinth);
    Object.assign(plinth, { protSet: (base: number, limit: number, mode: number) => { if (mode !== AccessNONE) protSet(base, limit, mode); } });
  }, '.inv.shield'],
];

describe('an oracle convicts', () => {
  for (const [name, judgesPages, breaks, tag] of defects) {
    test(`a collector where ${name} <design/oracle#.req.convict>`, () => {
      expect(playBroken(breaks, judgesPages)).toThrow(`#${tag}>`);
    });
  }

  test('a page that is protected and belongs to no segment <design/oracle#.inv.shield> <design/seg#.inv.free.clear>', () => {
    const { arena, system: { space } } = halfway(), free: number[] = [];
    arena.collect();
    const { counts } = new Oracle(arena, space);
    arena.grains.eachCommitted((base, limit) => {
      for (let page = base; page < limit; page += PageSIZE) if (arena.heap.segOf(page | 0) === null) free.push(page);
    });
    const come = (): void => { arena.enter(); arena.leave(); };
    come();
    expect([counts.leaves, free.length > 0]).toEqual([1, true]);
    const rights = space.entry(free[0] | 0, WindowHIGH) & (PageSIZE - 1);
    space.protect(addrOfWindow(free[0] | 0), PageSIZE, rights & ~PageWRITE);
    expect(come).toThrow(/belongs to no segment, and has rights r-RW <design\/oracle#\.inv\.shield>$/);
  });
});
