/* world.test.ts: a collection of the world goes on in small steps, while a program runs into what has not been done. */
import { describe, expect, test } from 'vitest';
import { variety } from '../../../code/base/base.ts';
import { pauseTake } from '../../../tool/bench/pause-capstan.ts';

/** Checked in full, a smaller heap takes as long. */
const live = (variety === 'cool' ? 32 : 64) * 2 ** 20, memory = variety === 'cool' ? '96MiB' : '192MiB';

describe('a collection of the world under a program that allocates and reads', () => {
  test('takes many polls, before most of which the program has hit the read barrier <design/policy#.pollagain> <design/trace#.access>', () => {
    const { polls, pollsHit } = pauseTake({ live, memory, pause: 0 });
    expect(polls).toBeGreaterThanOrEqual(variety === 'cool' ? 50 : 100);
    expect(Number(pollsHit)).toBeGreaterThanOrEqual(Number(polls) / 2);
  });

  test('never has it wait for more than one and a half times the work that was asked for <design/policy#.pause> <design/trace#.work>', () => {
    const { asked, mostWork, pauses } = pauseTake({ live, memory, pause: 10 });
    expect(Number(mostWork)).toBeLessThanOrEqual(1.5 * Number(asked));
    expect(Number(mostWork), 'weak run: a pause is made use of').toBeGreaterThan(Number(asked) / 2);
    expect(pauses).toBeGreaterThan(10);
  });
});
