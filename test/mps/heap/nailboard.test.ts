import { expect, test } from 'vitest';
import { Nailboard } from '../../../code/mps/heap/nailboard.ts';

test('an object is pinned once, and taken once, also if it is pinned while others are taken <design/nailboard#.inv.once>', () => {
  const board = new Nailboard(64), taken: number[] = [];
  expect([board.set(3), board.set(3), board.set(40), board.has(3), board.has(4)]).toEqual([true, false, true, true, false]);
  for (let g = board.take(); g >= 0; g = board.take()) {
    taken.push(g);
    if (g === 3) expect([board.set(5), board.set(40)]).toEqual([true, false]);
  }
  expect(taken.sort((a, b) => a - b)).toEqual([3, 5, 40]);
  expect([board.has(3), board.set(3), board.take()]).toEqual([true, false, -1]);
});

test('what was taken but not scanned is there again <design/nailboard#.inv.once>', () => {
  const board = new Nailboard(8);
  board.set(2);
  expect(board.take()).toBe(2);
  board.untake(2);
  expect([board.take(), board.take()]).toEqual([2, -1]);
});
