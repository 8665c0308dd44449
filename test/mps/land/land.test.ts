/* land.test.ts: LANDS
 *
 * Each kind of land against a table, in histories as long as those of the MPS's `landtest`: 125,000 operations for trees, 12,500 for what
 * is slower.
 */
import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { Cbs } from '../../../code/mps/land/cbs.ts';
import { Failover } from '../../../code/mps/land/failover.ts';
import { Freelist } from '../../../code/mps/land/freelist.ts';
import { CbsNODE } from '../../../code/mps/land/nodes.ts';
import { ResFAIL, ResMEMORY, ResOK } from '../../../code/mps/mps.ts';
import { seeds } from '../../seed.ts';
import { Stingy, Table, UNIT, wordsOf } from './table.ts';

const UNITS = 123_456;
/** The highest possible: the last limit is 2^32, and most addresses have negative low words. */
const TOP = 2 ** 32 - UNITS * UNIT;
const MIDDLE = 2 ** 31 - 1000 * UNIT;

const never = (): boolean => false;

function weak({ seen }: Table, least: number): void {
  for (const [what, count] of Object.entries(seen)) {
    if (what !== 'memory' && what !== 'zoned') expect(count, `weak run: ${what}`).toBeGreaterThan(what === 'missed' ? least / 10 : least);
  }
}

describe('a Cbs', () => {
  for (const seed of seeds(1)) for (const [name, origin, operations] of [['top', TOP, 125_000], ['middle', MIDDLE, 25_000]] as const) {
    test(`answers as a table does, ${name}, seed ${seed} <design/land#.cbs> <design/land#.inv.maximal> <design/land#.inv.tree>`, () => {
      const ledger = new Stingy(never), land = new Cbs({ alignment: UNIT, ledger });
      const table = new Table({ land, units: UNITS, origin, seed, ledger });
      table.play(operations, 100);
      weak(table, 50);
      expect(ledger.used).toBe(land.count * CbsNODE);
      land.finish();
      expect([ledger.used, land.size]).toEqual([0, 0]);
    });

    test(`with zones, ${name}, seed ${seed} <design/land#.find.zones> <design/land#.inv.summary>`, () => {
      const land = new Cbs({ alignment: UNIT, ledger: null, zoneShift: 13 });
      const table = new Table({ land, units: UNITS, origin, seed: seed + 100 });
      table.play(operations, 100);
      weak(table, 50);
      expect(table.seen.zoned, 'weak run').toBeGreaterThan(15);
    });
  }

  for (const seed of seeds(3)) {
    test(`changes nothing when there is no memory for a node, and needs none for what joins, seed ${seed} <design/land#.if.fail>`, () => {
      const rnd = random(seed), ledger = new Stingy(() => rnd(3) === 0), land = new Cbs({ alignment: UNIT, ledger });
      const table = new Table({ land, units: 5000, origin: MIDDLE, seed, ledger });
      table.play(40_000, 50);
      weak(table, 50);
      expect(table.seen.memory, 'weak run').toBeGreaterThan(1000);
      expect(ledger.used).toBe(land.count * CbsNODE);
    });
  }

  test('is no deeper than an AVL tree, in whatever order ranges come <design/land#.inv.tree>', () => {
    const land = new Cbs({ alignment: UNIT, ledger: null });
    for (let n = 0; n < 5000; ++n) expect(land.insert(n * 32, n * 32 + 16)).toBe(ResOK);
    land.check();
    for (let n = 0; n < 5000; n += 3) expect(land.delete(n * 32, n * 32 + 16)).toBe(ResOK);
    land.check();
  });
});

describe('a Freelist', () => {
  for (const seed of seeds(2)) {
    test(`answers as a table does, from within the memory, seed ${seed} <design/land#.freelist>`, () => {
      const units = 3000, unlinked: number[] = [];
      const land = new Freelist({ alignment: UNIT, zoneShift: 10, words: wordsOf(MIDDLE, units * UNIT), onUnlink: (addr) => unlinked.push(addr) });
      const table = new Table({ land, units, origin: MIDDLE, seed });
      table.play(12_500, 8);
      weak(table, 100);
      expect(table.seen.zoned, 'weak run').toBeGreaterThan(20);
      expect(unlinked.length, 'weak run').toBeGreaterThan(500);
    });
  }

  test('tells of each granule that holds a link no more <design/land#.freelist.unlink>', () => {
    const links = new Set<number>(), words = wordsOf(0, 4096);
    const { memory } = words;
    Object.assign(words, { store: (addr: number, value: number) => {
      links.add(addr & -UNIT);
      memory[addr / 4] = value;
    } });
    const land = new Freelist({ alignment: UNIT, words, onUnlink: (addr) => links.delete(addr) }), rnd = random(7);
    for (let n = 0; n < 3000; ++n) {
      const base = rnd(250) * UNIT, limit = base + (1 + rnd(5)) * UNIT;
      if (rnd(2) === 0) land.insert(base, limit);
      else land.delete(base, limit);
      const heads = new Set<number>();
      land.each((at) => heads.add(at));
      expect(links).toEqual(heads);
    }
  });

  test('that somebody has written over is noticed <design/land#.inv.link>', () => {
    const words = wordsOf(0, 4096), land = new Freelist({ alignment: UNIT, words });
    land.insert(64, 128);
    land.insert(256, 512);
    words.store(64, 96);
    expect(() => { land.each(() => undefined); }).toThrow('<design/land#.inv.link>');
  });

  test('has no ranges of less than a granule <design/land#.freelist.granule>', () => {
    expect(() => new Freelist({ alignment: 8, words: wordsOf(0, 64) })).toThrow('<design/land#.freelist.granule>');
  });
});

describe('a Failover', () => {
  for (const seed of seeds(3)) for (const often of [2, 10]) {
    test(`answers as a table does, whichever of its parts has what, one charge in ${often} failing, seed ${seed} <design/land#.failover> <design/land#.inv.apart>`, () => {
      const units = 3000, rnd = random(seed), ledger = new Stingy(() => rnd(often) === 0);
      const land = new Failover({ alignment: UNIT, zoneShift: 10, words: wordsOf(MIDDLE, units * UNIT), ledger });
      const table = new Table({ land, units, origin: MIDDLE, seed });
      let listed = 0;
      for (let n = 0; n < 1250; ++n) {
        table.play(10, 8, false);
        if (land.secondary.count > 0) listed += 1;
      }
      table.compare();
      weak(table, 50);
      expect(listed, 'weak run').toBeGreaterThan(10);
      expect(ledger.refused, 'weak run').toBeGreaterThan(100);
    });
  }

  test('goes back to the tree once it can, and is a list as long as it cannot <design/land#.failover>', () => {
    let isShort = true;
    const land = new Failover({ alignment: UNIT, words: wordsOf(0, 65_536), ledger: new Stingy(() => isShort) });
    for (let at = 0; at < 1600; at += 32) expect(land.insert(at, at + 16)).toBe(ResOK);
    expect([land.primary.count, land.secondary.count]).toEqual([0, 50]);
    isShort = false;
    expect(land.insert(4096, 8192)).toBe(ResOK);
    expect([land.primary.count, land.secondary.count]).toEqual([51, 0]);
    isShort = true;
    expect(land.delete(6000, 6016)).toBe(ResOK);
    expect([land.primary.count, land.secondary.count]).toEqual([51, 1]);
    land.check();
  });
});

describe('ranges', () => {
  const make = [
    ['Cbs', () => new Cbs({ alignment: UNIT, ledger: null, isBorder: (addr) => addr % 4096 === 0 })],
    ['Freelist', () => new Freelist({ alignment: UNIT, words: wordsOf(0, 65_536), isBorder: (addr) => addr % 4096 === 0 })],
    ['Failover', () => {
      const rnd = random(5);
      return new Failover({ alignment: UNIT, words: wordsOf(0, 65_536), ledger: new Stingy(() => rnd(3) === 0), isBorder: (addr) => addr % 4096 === 0 });
    }],
  ] as const;

  for (const [name, of] of make) {
    test(`of a ${name} stay apart at a border <design/land#.def.border>`, () => {
      const table = new Table({ land: of(), units: 4096, origin: 0, seed: 11, border: 256 });
      table.play(12_500, 16);
      weak(table, 50);
    });

    test(`of a ${name} are whole, and not empty <design/land#.range.nonempty>`, () => {
      for (const [base, limit] of [[64, 64], [64, 32], [8, 32], [16, 40]]) {
        expect(() => of().insert(base, limit)).toThrow('<design/land#.range.nonempty>');
        expect(() => of().delete(base, limit)).toThrow('<design/land#.range.nonempty>');
      }
    });
  }

  test('that overlap what is there, or reach beyond it, are refused <design/land#.if.fail>', () => {
    const land = new Cbs({ alignment: UNIT, ledger: null });
    expect(land.insert(64, 128)).toBe(ResOK);
    for (const [base, limit] of [[48, 80], [64, 128], [96, 112], [112, 144], [48, 144]]) expect(land.insert(base, limit)).toBe(ResFAIL);
    for (const [base, limit] of [[48, 80], [112, 144], [48, 144], [16, 32]]) expect(land.delete(base, limit)).toBe(ResFAIL);
    expect(land.size).toBe(64);
  });

  test('are refused for want of memory once, and taken the next time <design/land#.if.fail>', () => {
    let isShort = true;
    const land = new Cbs({ alignment: UNIT, ledger: new Stingy(() => isShort) });
    expect(land.insert(64, 128)).toBe(ResMEMORY);
    isShort = false;
    expect(land.insert(64, 128)).toBe(ResOK);
  });
});
