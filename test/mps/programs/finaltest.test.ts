/* finaltest.test.ts: every registered object is finalized in the end, in the shape of finaltest: twenty trees of depth 9, of objects that are registered
 * themselves or that refer to ones that are, dropped, in every automatic pool class, by polls or by being asked. */
import { expect, test } from 'vitest';
import { Lab } from '../lab.ts';
import { PLATFORMS, make } from '../services/steps.ts';
import type { AllocationPoint } from '../../../code/mps/mps.ts';

const KINDS = ['amc', 'amcz', 'ams', 'awl', 'lo'] as const, DEPTH = 9, ROOTS = 20, COLLECTIONS = 10;
const isLeaf = (kind: string): boolean => kind === 'amcz' || kind === 'lo';

/** A tree in a slot, of nodes from one allocation point, each marked and registered; or each with a registered object from another one. */
function tree(it: Lab, nodes: AllocationPoint, leaves: AllocationPoint | null, slot: number, depth: number, marks: Set<number>): void {
  const { t, arena } = it, local = t.enter(3), mark = marks.size;
  marks.add(mark);
  if (depth > 1) for (const k of [0, 1]) tree(it, nodes, leaves, local + k, depth - 1, marks);
  if (leaves === null) make(it, nodes, slot, mark, [local, local + 1]);
  else {
    make(it, leaves, local + 2, mark);
    arena.finalize(t, local + 2);
    make(it, nodes, slot, mark, [local, local + 1, local + 2]);
  }
  if (leaves === null) arena.finalize(t, slot);
  t.leave(local);
}

function run(platform: 'an' | 'ix', kind: (typeof KINDS)[number], mode: 'poll' | 'park', isIndirect: boolean, pause: string): void {
  const it = new Lab({ platform, memory: '32MiB', pause }), { t, arena } = it, { messages } = arena;
  const chain = arena.chain([{ capacity: 4096, mortality: 0.5 }, { capacity: 4096, mortality: 0.5 }]);
  const ap = arena.pool(kind, { chain }).allocationPoint(t), nodes = isLeaf(kind) ? arena.pool('amc', { chain }).allocationPoint(t) : ap;
  const first = t.enter(ROOTS), slot = t.local(), marks = new Set<number>();
  messages.enable('finalization');
  if (mode === 'park') arena.park();
  for (let n = 0; n < ROOTS; ++n) tree(it, nodes, isIndirect ? ap : null, first + n, DEPTH, marks);
  expect(marks.size).toBe(ROOTS * (2 ** DEPTH - 1));
  expect(messages.poll(), 'all are alive').toBe(false);
  t.r.fill(0, first << 3, (first + ROOTS) << 3);
  const from = arena.counts.collections;
  const receive = (): void => {
    for (let message = messages.get('finalization'); message !== null; message = messages.get('finalization')) {
      message.finalizationRef(t, slot);
      expect(marks.delete(t.load32(slot, 0)), 'once').toBe(true);
      messages.discard(message);
      t.clear(slot);
    }
  };
  for (let k = 0; k < COLLECTIONS && marks.size > 0; ++k) {
    if (mode === 'park' || k % 4 === 3) arena.collect();
    else it.litter(200_000);
    receive();
  }
  expect(marks.size).toBe(0);
  expect(arena.counts.collections - from).toBeGreaterThan(0);
}

const CASES = PLATFORMS.flatMap((platform) => KINDS.flatMap((kind) => (['poll', 'park'] as const).map((mode) => [platform, kind, mode] as const)));

test.each(CASES)('on %s finaltest in %s by %s: what is registered itself, and what others refer to <design/guardian#.req.all> <design/guardian#.inv.once>', (platform, kind, mode) => {
  if (!isLeaf(kind)) run(platform, kind, mode, false, '0');
  run(platform, kind, mode, true, '2ms');
});
