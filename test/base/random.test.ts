import fc from 'fast-check';
import { expect, test } from 'vitest';
import { random } from '../../code/base/base.ts';

const draw = (seed: number, count: number, limit: number): number[] => {
  const next = random(seed);
  return Array.from({ length: count }, () => next(limit));
};

test('the same seed draws the same numbers <design/determinism#.seed>', () => {
  fc.assert(fc.property(fc.integer(), (seed) => {
    expect(draw(seed, 20, 1000)).toEqual(draw(seed, 20, 1000));
  }));
});

test('the numbers of a seed never change: recorded runs replay <design/determinism#.inv.replay>', () => {
  // As a separate implementation of xorshift in Python draws them.
  expect(draw(1, 8, 1000)).toEqual([872, 646, 719, 231, 648, 43, 755, 982]);
  expect(draw(-7, 6, 2 ** 32)).toEqual([1749186483, 4029979081, 45908399, 3282843019, 3870529445, 480824646]);
});

test('different seeds draw different numbers <design/determinism#.seed>', () => {
  const runs = new Set(Array.from({ length: 1000 }, (_, seed) => draw(seed, 4, 2 ** 32).join()));
  expect(runs.size).toBe(1000);
});

test('every draw is an integer from 0 to below the limit <design/determinism#.inv.range>', () => {
  fc.assert(fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, limit) => {
    for (const drawn of draw(seed, 50, limit)) {
      expect(Number.isInteger(drawn) && drawn >= 0 && drawn < limit).toBe(true);
    }
  }));
  expect(new Set(draw(3, 10, 1))).toEqual(new Set([0]));
});

test('each value below a small limit comes about as often as any other <design/determinism#.seed>', () => {
  const counts = new Array<number>(10).fill(0);
  for (const drawn of draw(42, 100_000, 10)) counts[drawn] = (counts[drawn] ?? 0) + 1;
  // Ten standard deviations of a fair draw.
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(950);
});

test('no seed gets stuck: not even the one whose state would begin at zero <design/determinism#.inv.moves>', () => {
  // The seed with (seed * 0x9e3779b1) mod 2^32 = 0x6a09e667, found through the multiplier's inverse.
  let inverse = 1;
  for (let i = 0; i < 5; ++i) inverse = Math.imul(inverse, 2 - Math.imul(0x9e3779b1, inverse));
  const stuck = Math.imul(0x6a09e667, inverse);
  expect(Math.imul(stuck, 0x9e3779b1) ^ 0x6a09e667).toBe(0);
  expect(new Set(draw(stuck, 50, 2 ** 32)).size).toBe(50);
});
