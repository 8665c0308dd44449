/* abqtest.test.ts: THE QUEUE OF TEMPORAL FIT, as the MPS's program of that name tries it: room for 10, and 10,000 steps beside a list. */
import { expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { Abq } from '../../../code/mps/mps.ts';
import { seeds } from '../../seed.ts';

const ROOM = 10, STEPS = 10_000;

for (const seed of seeds(3)) {
  test(`abqtest: a queue does what a list does, seed ${seed} <design/mvt#.queue>`, () => {
    const queue = new Abq(ROOM), rnd = random(seed), seen = { push: 0, full: 0, pop: 0, empty: 0, delete: 0, several: 0, peek: 0 };
    let list: (readonly [number, number])[] = [];
    for (let n = 0; n < STEPS; ++n) {
      const base = n * 64, least = rnd(16), before = list.length;
      // It fills up, and runs dry, by turns.
      switch (n % 1000 < 500 ? rnd(9) : 3 + rnd(6)) {
        case 0: case 1: case 2: case 3:
          expect(queue.push(base, base + 64)).toBe(before < ROOM);
          if (before < ROOM) list.push([base, base + 64]);
          seen[before < ROOM ? 'push' : 'full'] += 1;
          break;
        case 4: case 5: {
          const oldest = list.shift();
          expect(queue.pop()).toBe(oldest !== undefined);
          if (oldest !== undefined) expect([queue.base, queue.limit]).toEqual(oldest);
          seen[oldest === undefined ? 'empty' : 'pop'] += 1;
          break;
        }
        case 6: {
          const from = base - 64 * least - 32, to = from + 64 * (1 + rnd(4));
          list = list.filter(([one, other]) => other <= from || to <= one);
          expect(queue.delete(from, to)).toBe(before - list.length);
          if (list.length < before) seen.delete += 1;
          if (list.length + 1 < before) seen.several += 1;
          break;
        }
        default:
          expect(queue.peek()).toBe(before > 0);
          if (before > 0) expect([queue.base, queue.limit]).toEqual(list[0]);
          seen.peek += 1;
      }
      const all: (readonly [number, number])[] = [];
      queue.each((from, to) => all.push([from, to]));
      expect(all).toEqual(list);
      expect(queue.count).toBe(list.length);
    }
    for (const [what, count] of Object.entries(seen)) expect(count, `weak run: ${what}`).toBeGreaterThan(100);
  });
}

test('a queue has room for something, and takes ranges that have something <design/mvt#.if.queue>', () => {
  for (const room of [0, -1, 1.5]) expect(() => new Abq(room)).toThrow('<design/mvt#.if.queue>');
  expect(() => new Abq(1).push(64, 64)).toThrow('<design/mvt#.if.queue>');
});
