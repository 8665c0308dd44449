/* acquit.test.ts: what looks wrong and is not. An oracle that convicted it would be of no use, for who would believe the next one
 * <design/oracle#.req.convict>? */
import { expect, test } from 'vitest';
import { clearTag, incOffset, setBounds } from '../../code/machine/derive.ts';
import { RankAMBIG, ResOK, StartFORWARDED } from '../../code/mps/mps.ts';
import { blackLook, graphDifference, graphOf, Oracle } from '../../code/observe/observe.ts';
import { Lab } from '../mps/lab.ts';
import { halfway } from './halfway.ts';

test('a capability to a block that was never committed refers to nothing, before and after <design/oracle#.nowhere>', () => {
  const lab = new Lab(), { arena, t, ap } = lab, [, block] = [lab.object(), t.local()], { counts } = new Oracle(arena);
  expect(ap.reserve(block, 64)).toBe(ResOK);
  ap.finish();
  expect(graphOf(arena).nodes).toBe(1);
  arena.collect();
  expect([arena.heap.segOf(t.r[block << 3]), t.isTagged(block), counts.graphs > 0]).toEqual([null, true, true]);
});

test('an empty capability at the end of an object does not refer to what comes to be there <design/oracle#.empty>', () => {
  const lab = new Lab(), { arena, t } = lab, large = lab.object(16384), empty = t.local();
  incOffset(t, empty, large, 16384);
  setBounds(t, empty, empty, 0);
  const end = t.r[empty << 3], before = graphOf(arena);
  expect([t.isTagged(empty), arena.heap.segOf(end), before.nodes]).toEqual([true, null, 1]);
  const other = lab.pool.allocationPoint(t), slot = t.enter(1);
  expect([other.reserve(slot, 32), other.commit(slot)]).toEqual([ResOK, true]);
  t.leave(slot);
  expect(arena.heap.segOf(end)).not.toBeNull();
  const after = graphOf(arena);
  expect(graphDifference(before, after)).toBeNull();
  expect(after.bases.size, 'what the collector keeps for its sake').toBe(2);
});

/** A lab behind barriers with quanta as small as can be. */
function slow(): Lab {
  const lab = new Lab();
  Object.assign(lab.arena.control, { quantum: () => 1 });
  return lab;
}

test('what a mutator drops while a trace is under way may outlive it <design/oracle#.inv.garbage>', () => {
  const lab = slow(), { arena, t } = lab, kept = lab.object(), { counts } = new Oracle(arena);
  arena.step();
  expect(arena.trace.isFlipped).toBe(true);
  t.clear(kept);
  while (arena.trace.isBusy) arena.step();
  expect([counts.worlds, counts.halves > 0, lab.objects().size]).toEqual([0, true, 1]);
  lab.object();
  arena.collect();
  expect([counts.worlds, lab.objects().size]).toEqual([1, 1]);
});

test('what only an ambiguous word refers to outlives a collection <design/oracle#.inv.garbage>', () => {
  const lab = new Lab({ rank: RankAMBIG }), { arena, t } = lab, slot = lab.object(), { counts } = new Oracle(arena);
  clearTag(t, slot, slot);
  expect(graphOf(arena).nodes).toBe(0);
  arena.collect();
  expect([counts.graphs > 0, counts.worlds, lab.objects().size]).toEqual([true, 0, 1]);
});

test('what was behind a reference that has lost its tag may outlive the collection <design/oracle#.inv.graph> <design/oracle#.inv.garbage>', () => {
  const lab = new Lab(), { arena, t } = lab, slots = t.enter(64), { counts } = new Oracle(arena);
  const tagged = (): number => Array.from({ length: 64 }, (_, i) => Number(t.isTagged(slots + i))).reduce((sum, one) => sum + one);
  // Its bounds can be said with an address of up to 14 KiB beyond the multiple of 2 KiB that it begins in.
  for (let i = 0; i < 64; ++i) {
    lab.make(slots + i, 256);
    incOffset(t, slots + i, slots + i, 13 * 1024);
  }
  const before = tagged();
  arena.collect();
  expect([before, tagged(), counts.worlds, lab.objects().size]).toEqual([32, 16, 0, 32]);
});

test('an object that was pinned and has moved all the same is not preserved where it was <design/oracle#.preserved>', () => {
  const { arena } = halfway({ rank: RankAMBIG }), { heap } = arena;
  expect(blackLook(arena).wrong).toBeNull();
  let pinned = 0;
  for (const seg of heap.segs) {
    if (seg === null || !seg.white) continue;
    seg.pool.eachObject(seg.granuleBase, seg.granuleOf(seg.whiteLimit - 1) + 1, (g) => {
      if (seg.board?.has(g - seg.granuleBase) !== true) return;
      heap.starts[g] = StartFORWARDED;
      pinned += 1;
    });
  }
  expect(pinned, 'weak run').toBeGreaterThan(0);
  expect(blackLook(arena).wrong).not.toBeNull();
});
