import { describe, expect, test } from 'vitest';
import { random, type Random } from '../../../code/base/base.ts';
import { RangeTree, type Ranged } from '../../../code/os/vm/tree.ts';
import { seeds } from '../../seed.ts';

const BASE = 0x100, LIMIT = 0x1_0000;

/** The same set as a sorted list, with every answer by looking at all of it. */
class List {
  items: Ranged[] = [];

  insert(item: Ranged): void {
    this.items = [...this.items, item].sort((one, other) => one.base - other.base);
  }

  isFree(base: number, limit: number): boolean {
    return base >= BASE && limit <= LIMIT && this.items.every((item) => limit <= item.base || item.limit <= base);
  }

  gaps(): [number, number][] {
    const edges = [BASE, ...this.items.flatMap((item) => [item.base, item.limit]), LIMIT];
    return Array.from({ length: edges.length / 2 }, (_, index) => [edges[2 * index], edges[2 * index + 1]]);
  }

  /** Every place, one per gap and end. */
  fits(size: number, alignment: number): number[] {
    return this.gaps().flatMap(([base, limit]) => {
      const first = Math.ceil(base / alignment) * alignment, last = Math.floor((limit - size) / alignment) * alignment;
      return first + size <= limit ? [first, last] : [];
    });
  }
}

/** agree -- the tree answers as the list does; how many places it found. */
function agree(tree: RangeTree<Ranged>, list: List, draw: Random): number {
  const addr = BASE + draw(LIMIT - BASE), size = 1 + draw(2 ** (1 + draw(16))), alignment = 2 ** draw(11);
  const fits = list.fits(size, alignment);
  expect(tree.at(addr)).toBe(list.items.find((item) => item.base <= addr && addr < item.limit) ?? null);
  expect(tree.atOrAbove(addr)).toBe(list.items.find((item) => addr < item.limit) ?? null);
  expect(tree.firstFit(size, alignment)).toBe(fits.length === 0 ? -1 : Math.min(...fits));
  expect(tree.lastFit(size, alignment)).toBe(fits.length === 0 ? -1 : Math.max(...fits));
  const hint = draw(LIMIT + 0x100), near = Math.ceil(hint / alignment) * alignment;
  expect(tree.near(hint, size, alignment)).toBe(list.isFree(near, near + size) ? near : -1);
  expect(tree.isFree(hint, hint + size)).toBe(list.isFree(hint, hint + size));
  return fits.length === 0 ? 0 : 1;
}

for (const seed of seeds(8)) {
  test(`a tree finds what a sorted list does, in any history <design/tree#.req.oracle> <design/tree#.inv.apart> <design/tree#.inv.balanced> <design/tree#.inv.span> seed=${seed}`, () => {
    const draw = random(seed), tree = new RangeTree<Ranged>(BASE, LIMIT), list = new List();
    let found = 0, missed = 0, deleted = 0;
    for (let step = 0; step < 3000; ++step) {
      // Fills up and empties again, so that gaps of all sizes come.
      const grows = draw(100) < (step % 1000 < 500 ? 70 : 30);
      if (grows) {
        const base = BASE + draw(LIMIT - BASE), limit = Math.min(LIMIT, base + 1 + draw(2 ** (1 + draw(9))));
        if (list.isFree(base, limit)) {
          const item = { base, limit };
          tree.insert(item);
          list.insert(item);
        } else expect(() => { tree.insert({ base, limit }); }).toThrow('<design/tree#.inv.apart>');
      } else if (list.items.length > 0) {
        const [item] = list.items.splice(draw(list.items.length), 1);
        tree.delete(item);
        deleted += 1;
      }
      if (agree(tree, list, draw) > 0) found += 1;
      else missed += 1;
      tree.check();
      expect(tree.size).toBe(list.items.length);
    }
    const visited: Ranged[] = [];
    tree.each((item) => { visited.push(item); });
    expect(visited).toEqual(list.items);
    expect([found > 300, missed > 100, deleted > 300], 'weak run').toEqual([true, true, true]);
  });
}

describe('a tree', () => {
  test('that is empty is one gap <design/tree#.fit>', () => {
    const tree = new RangeTree<Ranged>(0x1000, 0x1_0000_0000);
    expect([tree.firstFit(16, 0x4000), tree.lastFit(0x1000, 0x4000), tree.firstFit(0x1_0000_0000, 1)]).toEqual([0x4000, 0xffff_c000, -1]);
    expect([tree.at(0x1000), tree.atOrAbove(0), tree.size]).toEqual([null, null, 0]);
    expect([tree.near(0x1001, 0x1000, 0x1000), tree.near(0, 0x1000, 0x1000), tree.near(0xffff_f001, 0x1000, 0x1000)]).toEqual([0x2000, -1, -1]);
  });

  test('has no empty ranges, and gives up what it has only <design/tree#.range.nonempty> <design/tree#.member>', () => {
    expect(() => new RangeTree<Ranged>(5, 5)).toThrow('<design/tree#.range.nonempty>');
    const tree = new RangeTree<Ranged>(0, 100), item = { base: 10, limit: 20 };
    tree.insert(item);
    expect(() => { tree.insert({ base: 30, limit: 30 }); }).toThrow('<design/tree#.range.nonempty>');
    expect(() => { tree.delete({ base: 10, limit: 20 }); }).toThrow('<design/tree#.member>');
    tree.delete(item);
    expect(tree.size).toBe(0);
  });

  test('stays shallow whichever way it grows <design/tree#.inv.balanced>', () => {
    for (const order of ['up', 'down'] as const) {
      const tree = new RangeTree<Ranged>(0, 0x1000_0000);
      for (let i = 0; i < 4096; ++i) {
        const base = (order === 'up' ? i : 4095 - i) * 16;
        tree.insert({ base, limit: base + 8 });
      }
      tree.check();
      expect([tree.firstFit(8, 8), tree.firstFit(9, 1), tree.lastFit(8, 16)]).toEqual([8, 4095 * 16 + 8, 0x1000_0000 - 16]);
    }
  });
});
