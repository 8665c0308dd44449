/* session.test.ts: a run that an emulated signal ends. */
import { describe, expect, test } from 'vitest';
import { exitOfSignal } from '../../code/cli/exit.ts';
import { sessionStart, type RunOptions } from '../../code/cli/session.ts';

const options: RunOptions = {
  memory: '16MiB', nursery: '64KiB', grain: '4KiB', pause: '10ms', platform: 'an', collect: 'normal', seed: '1', check: 'hot',
};

describe('a capability that has lost its tag', () => {
  test('ends the run as SIGPROT, in one line that names the slot <design/cli#.exit>', () => {
    const text = '(define l (list 1 2 3)) (define (spin n) (if (> n 0) (spin (- n 1)))) (spin 1000000) (display l)';
    const session = sessionStart(text, 'lost.scm', options, () => undefined, () => undefined);
    for (let k = 0; k < 3; ++k) session.step();
    // Every tag of the heap is gone, all at once.
    session.system.memory.tags.fill(0);
    while (session.step());
    expect(session.fault?.signal).toBe(34);
    expect(exitOfSignal(34)).toBe(162);
    expect(session.fault?.message).toMatch(/^lost\.scm: signal 34: .* through slot \d+ offset \d+: the capability has no tag$/);
  });
});
