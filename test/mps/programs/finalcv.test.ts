/* finalcv.test.ts: finalization in every automatic pool class, in the shape of finalcv: objects are registered, definalized, dropped, resurrected and
 * registered again; some of them several times. */
import { expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { ResFAIL, ResOK } from '../../../code/mps/mps.ts';
import { Lab } from '../lab.ts';
import { PLATFORMS, make } from '../services/steps.ts';

const KINDS = ['amc', 'amcz', 'ams', 'awl', 'lo'] as const, ROOTS = 20;

test.each(PLATFORMS.flatMap((platform) => KINDS.map((kind) => [platform, kind] as const)))('on %s finalcv in %s <design/guardian#.inv.once> <design/guardian#.req.definalize> <design/guardian#.req.resurrect> <design/guardian#.req.all>', (platform, kind) => {
  const it = new Lab({ platform, memory: '16MiB', pause: '0' }), { t, arena } = it, { messages } = arena, draw = random(1);
  const chain = arena.chain([{ capacity: 150 * 1024, mortality: 0.85 }, { capacity: 170 * 1024, mortality: 0.45 }]);
  const ap = arena.pool(kind, { chain }).allocationPoint(t), first = t.enter(ROOTS), slot = t.local();
  messages.enable('finalization');
  const state: number[] = [];
  for (let n = 0; n < ROOTS; ++n) {
    make(it, ap, first + n, n, [], 32 + 16 * draw(20));
    expect(arena.definalize(t, first + n), 'not registered yet').toBe(ResFAIL);
    const times = 1 + (n % 3);
    for (let k = 0; k < times; ++k) expect(arena.finalize(t, first + n)).toBe(ResOK);
    state.push(times);
    if (n % 4 === 0) {
      expect(arena.definalize(t, first + n)).toBe(ResOK);
      state[n] -= 1;
    }
    it.litter(20_000);
  }
  expect(messages.poll(), 'all are alive').toBe(false);
  for (let n = 0; n < ROOTS; ++n) if (state[n] === 0) expect(arena.definalize(t, first + n)).toBe(ResFAIL);
  for (let round = 0; round < 8; ++round) {
    for (let n = 0; n < ROOTS; ++n) t.clear(first + n);
    // Polls and hits are as good as being asked.
    if (round % 2 === 0) it.litter(400_000);
    arena.collect();
    for (let message = messages.get('finalization'); message !== null; message = messages.get('finalization')) {
      message.finalizationRef(t, slot);
      const n = t.load32(slot, 0);
      state[n] -= 1;
      expect(state[n]).toBeGreaterThanOrEqual(0);
      t.move(first + n, slot);
      t.clear(slot);
      messages.discard(message);
    }
  }
  expect(state).toEqual(Array.from({ length: ROOTS }, () => 0));
  arena.check();
});
