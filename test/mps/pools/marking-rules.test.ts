/* marking-rules.test.ts: what marking pools do with segments and buffers, step by step. */
import { describe, expect, test } from 'vitest';
import { incOffset, setBounds } from '../../../code/machine/derive.ts';
import { ResCOMMITLIMIT, ResOK, type MarkingPool, type Seg } from '../../../code/mps/mps.ts';
import { Oracle } from '../../../code/observe/observe.ts';
import { RankFINAL, RankWEAK } from '../../../code/mps/heap/rank.ts';
import { fixWords } from '../../../code/mps/trace/scan.ts';
import { seeds } from '../../seed.ts';
import type { Lab, LabOptions } from '../lab.ts';
import { Rig } from '../rig.ts';
import { labOf, slow, type MarkLab } from './marking-lab.ts';

const segOf = (lab: Lab, slot: number): Seg => lab.arena.heap.segOf(lab.t.r[slot << 3]) as Seg;

const finish = (lab: Lab): void => { while (lab.arena.trace.isBusy) lab.arena.step(); };

/** Objects side by side, of which every other one is dropped; the slots of those kept. */
function comb(lab: Lab, count: number, size: number): number[] {
  const slots = Array.from({ length: count }, (_, k) => lab.object(size, k + 1));
  slots.forEach((slot, k) => { if (k % 2 === 1) lab.t.clear(slot); });
  return slots.filter((_, k) => k % 2 === 0);
}

/** A list of `count` objects of 64 bytes, in a slot. */
function chain(lab: Lab, slot: number, count: number): void {
  const fresh = lab.t.enter(1);
  for (let k = 0; k < count; ++k) {
    lab.make(fresh, 64, k, slot);
    lab.t.move(slot, fresh);
  }
  lab.t.leave(fresh);
}

describe('allocation', () => {
  test('goes into what has been reclaimed, before any segment is added <design/marking#.fill>', () => {
    const { lab, pool, ap } = labOf(), kept = comb(lab, 64, 1024), before = kept.map((slot) => lab.low(slot)), { totalSize } = pool;
    ap.finish();
    lab.arena.collect();
    const again = pool.allocationPoint(lab.t);
    Object.assign(lab, { ap: again });
    const fresh = Array.from({ length: 32 }, (_, k) => lab.object(1024, 100 + k)), at = fresh.map((slot) => lab.low(slot));
    expect([pool.totalSize, pool.freeSize, new Set([...before, ...at]).size]).toEqual([totalSize, 0, 64]);
    expect(kept.map((slot) => lab.low(slot))).toEqual(before);
    kept.forEach((slot, k) => { expect(lab.t.load32(slot, 1020)).toBe(2 * k + 1); });
    fresh.forEach((slot, k) => { expect(lab.t.load32(slot, 1020)).toBe(100 + k); });
    lab.arena.check();
  });

  test('finds the only run that is long enough, wherever it is <design/marking#.run>', () => {
    const { lab, pool, ap } = labOf(), slots = Array.from({ length: 63 }, () => lab.object(1024));
    ap.finish();
    // Single runs of 1 KiB everywhere, and one of 5 KiB.
    slots.forEach((slot, k) => { if (k % 4 === 0 || (k > 40 && k < 44)) lab.t.clear(slot); });
    lab.arena.collect();
    const { totalSize } = pool, ap2 = pool.allocationPoint(lab.t), slot = lab.t.local();
    // The runs before the long one are found too, when those behind it have been used up.
    for (const [size, isThere] of [[4096, true], ...Array.from({ length: 16 }, () => [1024, true] as const), [1024, false]] as const) {
      expect([ap2.reserve(slot, size), ap2.commit(slot)]).toEqual([ResOK, true]);
      expect(pool.totalSize === totalSize, String(size)).toBe(isThere);
    }
    lab.arena.check();
  });

  test('is never in a segment that a trace has condemned or has yet to scan <design/marking#.inv.black>', () => {
    const { lab, pool } = slow({ memory: '4MiB' }), kept = comb(lab, 128, 2048), { t, arena } = lab;
    let inTrace = 0;
    arena.collect();
    expect(pool.freeSize).toBeGreaterThan(100_000);
    lab.litter(64);
    arena.step();
    for (let k = 0; arena.trace.isFlipped && k < 64; ++k) {
      const ap = pool.allocationPoint(t), slot = t.enter(1);
      expect(ap.reserve(slot, 2048)).toBe(ResOK);
      const seg = segOf(lab, slot);
      expect([seg.white, seg.grey]).toEqual([false, false]);
      inTrace += 1;
      for (let at = 0; at < 2048; at += 4) t.store32(slot, at, 0);
      ap.commit(slot);
      ap.finish();
      t.leave(slot);
      if (k % 8 === 7) arena.step();
    }
    finish(lab);
    expect(inTrace, 'weak run').toBeGreaterThan(3);
    kept.forEach((slot, k) => { expect(t.load32(slot, 2044)).toBe(2 * k + 1); });
  });

  test('is not in a segment that is grey, though it is not condemned <design/marking#.inv.black>', () => {
    const { lab, pool, ap } = slow({ memory: '4MiB' }), { t, arena } = lab, kept = comb(lab, 128, 2048), copied = lab.pool.allocationPoint(t), slot = t.local();
    ap.finish();
    arena.collect();
    expect([copied.reserve(slot, 64), copied.commit(slot)]).toEqual([ResOK, true]);
    arena.enter();
    expect(arena.trace.start([lab.pool.generations[0]], { why: 'client', what: 'step' })).toBe(true);
    arena.leave();
    const old = segOf(lab, kept[0]), fresh = pool.allocationPoint(t);
    expect([old.white, old.grey, pool.freeSize > 100_000]).toEqual([false, true, true]);
    expect(fresh.reserve(slot, 2048)).toBe(ResOK);
    expect(segOf(lab, slot).grey).toBe(false);
    finish(lab);
  });

  test('collects before it fails, and fails with the limit\'s result <design/marking#.fill>', () => {
    const { lab, ap } = labOf({ memory: '512KiB' }), { t, arena } = lab, slot = t.enter(1);
    lab.litter(1_500_000);
    expect(arena.counts.collections).toBeGreaterThan(1);
    let res = ap.reserve(slot, 4000), made = 0, kept = t.local();
    for (; res === ResOK && made < 1000; ++made) {
      t.storeCap(slot, 0, kept);
      expect(ap.commit(slot)).toBe(true);
      t.move(kept, slot);
      if (made < 20) kept = t.local();
      res = ap.reserve(slot, 4000);
    }
    expect([res, t.isTagged(slot)]).toEqual([ResCOMMITLIMIT, false]);
    expect(made).toBeGreaterThan(50);
  });

  test('of a large object takes a segment to itself, of which nothing is left when it dies <design/marking#.large>', () => {
    const { lab, pool } = labOf(), slot = lab.object(20_000, 7), large = segOf(lab, slot), small = lab.object(32);
    expect([large.large, large.size, segOf(lab, small) === large]).toEqual([true, 20_480, false]);
    lab.arena.collect();
    expect([lab.t.load32(slot, 19_996), pool.totalSize]).toEqual([7, 20_480 + 65_536]);
    lab.t.clear(slot);
    lab.arena.collect();
    expect(pool.totalSize).toBe(65_536);
  });

  test('takes segments of the size that was asked for, or of the generation\'s <design/marking#.extend>', () => {
    for (const [options, size] of [[{ extendBy: 5000 }, 8192], [{ capacity: 8192 }, 8192], [{}, 65_536]] as const) {
      const { lab, pool } = labOf({}, options);
      lab.object(32);
      expect(pool.totalSize).toBe(size);
    }
  });
});

describe('a buffer in the middle of a segment', () => {
  /** A segment of objects with a hole, in which a buffer has one object and one block that is being made. */
  function holed(options: LabOptions = {}): MarkLab & { kept: number[]; first: number; block: number } {
    const made = slow(options), { lab, pool, ap } = made, { t } = lab;
    const slots = Array.from({ length: 40 }, (_, k) => lab.object(1600, k + 1));
    ap.finish();
    for (let k = 10; k < 20; ++k) t.clear(slots[k]);
    lab.arena.collect();
    const middle = pool.allocationPoint(t);
    Object.assign(lab, { ap: middle });
    const first = lab.object(4080, 77), block = t.local();
    expect([segOf(lab, first) === segOf(lab, slots[0]), lab.low(first) > lab.low(slots[9]), lab.low(first) < lab.low(slots[20])]).toEqual([true, true, true]);
    expect(middle.reserve(block, 320)).toBe(ResOK);
    for (let at = 0; at < 320; at += 16) t.storeCap(block, at, slots[0]);
    return { ...made, ap: middle, kept: slots.filter((_, k) => k < 10 || k >= 20), first, block };
  }

  test('keeps what it has not given back from being taken for objects, while a trace is under way too <design/marking#.inv.buffered>', () => {
    const { lab, kept, first, block, ap } = holed(), { t, arena } = lab, seg = segOf(lab, first), at = t.r[block << 3];
    const sizes = lab.objects();
    expect([sizes.size, sizes.get(at >>> 0)]).toEqual([31, undefined]);
    arena.step();
    expect([seg.white, arena.trace.isFlipped]).toEqual([true, true]);
    // The block's address and what follows it preserve nothing, and name nothing.
    for (const addr of [at, at + 16, at + 320, at + 2000]) expect(seg.pool.fixAmbig(arena.trace.ss, seg, addr, false), String(addr - at)).toBe(false);
    expect(ap.commit(block)).toBe(false);
    finish(lab);
    arena.check();
    expect(lab.objects().size).toBe(31);
    kept.forEach((slot, k) => { expect(t.load32(slot, 1596)).toBe(k < 10 ? k + 1 : k + 11); });
    expect(t.load32(first, 4076)).toBe(77);
  });

  test('has what is allocated there survive the trace, and die in the next; accounts are exact throughout <design/marking#.inv.buffered> <design/generation#.inv.identity>', () => {
    const { lab, pool, block, ap } = holed(), { t, arena } = lab;
    arena.step();
    expect(ap.commit(block)).toBe(false);
    const late = lab.object(320, 5), at = lab.low(late);
    expect(segOf(lab, late).white).toBe(true);
    t.clear(late);
    arena.check();
    finish(lab);
    expect([lab.objects().get(at), exact(pool)]).toEqual([320, true]);
    arena.collect();
    expect([lab.objects().has(at), exact(pool)]).toEqual([false, true]);
    ap.finish();
    expect(exact(pool)).toBe(true);
    arena.check();
  });

  test('which has nothing in it yet ends the long object below it <design/marking#.inv.ends>', () => {
    const { lab, pool, ap } = labOf(), { t, arena } = lab;
    const long = lab.object(8000, 3), other = lab.object(8000, 4), past = lab.object(64, 5);
    ap.finish();
    t.clear(other);
    arena.collect();
    const middle = pool.allocationPoint(t), slot = t.local();
    expect(middle.reserve(slot, 400)).toBe(ResOK);
    expect(lab.low(slot)).toBe(lab.low(long) + 8000);
    expect([...lab.objects().values()]).toEqual([8000, 64]);
    arena.collect();
    expect([middle.commit(slot), [...lab.objects().values()]]).toEqual([false, [8000, 64]]);
    expect([t.load32(long, 7996), t.load32(past, 60)]).toEqual([3, 5]);
  });
});

/** Whether what its segments count as objects is what they hold, and the rest is free or its buffers'. */
function exact(pool: MarkingPool): boolean {
  for (let node = pool.segRing.next; node !== pool.segRing; node = node.next) {
    const seg = node.owner, { buffer } = seg;
    let size = 0;
    pool.eachPart(seg, (g, limit) => { pool.eachObject(g, limit, (at, next) => { if (!pool.arena.heap.isPad(at)) size += (next - at) * 16; }); });
    if (size !== seg.aged + seg.fresh + (buffer === null ? 0 : buffer.scanLimit - buffer.base)) return false;
  }
  return true;
}

describe('a trace', () => {
  test('condemns nothing of a segment that has nothing but its buffer\'s part <design/marking#.whiten>', () => {
    const { lab, ap } = labOf(), slot = lab.t.local();
    expect(ap.reserve(slot, 64)).toBe(ResOK);
    lab.arena.collect();
    expect(lab.arena.counts.collections).toBe(0);
  });

  test('keeps the object of a narrowed reference, and not its neighbours <design/marking#.fix>', () => {
    const { lab } = labOf(), { t } = lab, slots = [lab.object(512, 1), lab.object(512, 2), lab.object(512, 3)], before = lab.low(slots[1]);
    incOffset(t, slots[1], slots[1], 304);
    setBounds(t, slots[1], slots[1], 8);
    t.clear(slots[0]);
    t.clear(slots[2]);
    lab.arena.collect();
    expect([[...lab.objects()], t.load32(slots[1], 4)]).toEqual([[[before, 512]], 2]);
  });

  test('scans a large object, and a list within a segment, in many quanta <design/marking#.scan> <design/trace#.scan.part>', () => {
    const { lab } = slow({ memory: '4MiB' }, { capacity: 2 ** 22 }), { t, arena } = lab;
    const large = lab.object(400_000), list = t.local();
    chain(lab, list, 100);
    for (let at = 0; at < 400_000; at += 4000) t.storeCap(large, at, list);
    t.clear(list);
    arena.step();
    let quanta = 0;
    for (; arena.trace.isFlipped; ++quanta) arena.step();
    expect(quanta).toBeGreaterThan(100);
    finish(lab);
    expect(lab.objects().size).toBe(101);
  });

  test('counts what it marks as preserved in place, once <design/marking#.reclaim>', () => {
    const { lab } = labOf(), { counts } = lab.arena;
    const slots = [lab.object(400), lab.object(20_000)];
    lab.make(slots[0], 400, 0, slots[1]);
    lab.arena.collect();
    expect([counts.bytesPreservedInPlace, counts.bytesReclaimed, counts.bytesCopied]).toEqual([20_400, 400, 0]);
  });

  test('is provoked by what is new in the generation, and not by what has survived there <design/marking#.gen>', () => {
    const { lab, pool } = labOf({}, { capacity: 65_536 }), { counts } = lab.arena, kept = lab.t.local();
    chain(lab, kept, 3000);
    const first = counts.collections;
    expect(first).toBeGreaterThan(0);
    lab.arena.collect();
    expect([pool.generation.newSize, pool.generation.oldSize + pool.generation.bufferedSize >= 192_000]).toEqual([0, true]);
    const before = counts.collections;
    lab.litter(40_000);
    expect(counts.collections).toBe(before);
    lab.litter(120_000);
    expect(counts.collections).toBeGreaterThan(before);
  });

  test('of which the arena has no memory for copies goes on as before in marking pools <design/marking#.inv.memory> <design/amc#.emergency>', () => {
    const { lab, pool } = labOf({ nursery: '1MiB' }), { arena, t } = lab, { ledger, counts } = arena;
    const kept = comb(lab, 40, 1024), copied = lab.pool.allocationPoint(t), slot = t.local();
    expect(copied.reserve(slot, 64)).toBe(ResOK);
    t.store32(slot, 60, 9);
    expect(copied.commit(slot)).toBe(true);
    // A marked object alone refers to what cannot be copied: its scan fails, and is done again.
    t.storeCap(kept[5], 16, slot);
    t.clear(slot);
    Object.assign(ledger, { failAt: ledger.charges, failForever: true });
    arena.collect();
    expect([counts.emergencies, pool.totalSize - pool.freeSize]).toEqual([1, kept.length * 1024 + (65_536 - 40 * 1024)]);
    t.loadCap(slot, kept[5], 16);
    expect([t.load32(slot, 60), lab.objects().get(lab.low(slot)), exact(pool)]).toEqual([9, 64, true]);
  });

  for (const seed of seeds(3)) {
    test(`convinces the oracles, in quanta, with objects of three pools <design/marking#.req.graph> <design/seg#.inv.summary> <design/shield#.inv.free> seed=${seed}`, () => {
      const rig = new Rig({
        habits: { seed, roots: 30, sizes: [32, 64, 400, 1000, 5000, 20_000], collects: 0, yields: true }, mutators: 2, nursery: '4KiB', memory: '2MiB', barriers: true,
        pool: (arena, format) => arena.pool('ams', { format, chain: arena.chain([{ capacity: 32_768, mortality: 0.5 }]) }),
        beside: [(arena) => arena.pool('amc', {}), (arena) => arena.pool('lo', { chain: arena.chain([{ capacity: 32_768, mortality: 0.5 }]) })],
      });
      const { counts } = new Oracle(rig.arena, rig.mutators[0].hart.space);
      rig.play(300);
      rig.end();
      expect(counts.graphs, 'weak run').toBeGreaterThan(50);
      expect(counts.halves, 'weak run').toBeGreaterThan(20);
      expect(counts.blacks, 'weak run').toBeGreaterThan(500);
      expect(counts.summaries, 'weak run').toBeGreaterThan(0);
      expect(counts.shielded, 'weak run').toBeGreaterThan(20);
    });
  }
});

describe('bands', () => {
  /** A trace in which a keeper holds copies of what is in some slots, and fixes them in a band: the words afterwards, and whether each had been preserved before. */
  function kept({ lab }: MarkLab, band: number, slots: number[]): { words: Int32Array; marked: boolean[] } {
    const { t, arena } = lab, words = new Int32Array(slots.length * 4), marked: boolean[] = [];
    slots.forEach((slot, k) => { words.set(t.r.subarray(slot << 3, (slot << 3) + 4), k * 4); });
    const keeper = {
      flipped: () => undefined,
      finished: () => undefined,
      scan: ({ ss }: typeof arena.trace, at: number): boolean => {
        if (at === band && marked.length === 0) {
          for (let k = 0; k < slots.length; ++k) {
            ss.wasMarked = true;
            fixWords(ss, words, k * 4);
            marked.push(ss.wasMarked);
          }
        }
        return true;
      },
    };
    arena.keepers.add(keeper);
    return { words, marked };
  }

  test('what a guardian alone refers to is preserved with all it refers to, and found not to have been marked: once <design/trace#.band> <design/scan#.marked>', () => {
    const made = labOf(), { lab } = made, { t, arena } = lab;
    const inner = lab.object(64, 1), outer = lab.object(64, 2, inner), live = lab.object(64, 3), large = lab.object(20_000, 4, inner);
    t.clear(inner);
    const { marked } = kept(made, RankFINAL, [outer, live, outer, large, large]);
    t.clear(outer);
    t.clear(large);
    arena.collect();
    expect(marked).toEqual([false, true, true, false, true]);
    expect([...lab.objects().values()]).toEqual([64, 64, 64, 20_000]);
  });

  test('a weak reference is splatted if nothing else has marked its object, and preserves nothing <design/marking#.fix> <design/scan#.splat>', () => {
    const made = labOf(), { lab, ap } = made, { t, arena } = lab;
    const deadLarge = lab.object(20_000), liveLarge = lab.object(20_000), live = lab.object(64, 1), dead = lab.object(64, 2), fresh = t.local();
    // Where nothing begins yet: just behind the dead object.
    expect(ap.reserve(fresh, 64)).toBe(ResOK);
    const { words, marked } = kept(made, RankWEAK, [live, dead, deadLarge, liveLarge, fresh]);
    t.clear(dead);
    t.clear(deadLarge);
    arena.collect();
    expect(marked).toEqual([true, true, true, true, true]);
    const at = (k: number): number => words[k * 4] >>> 0;
    expect([at(0), at(1), at(2), at(3), at(4)]).toEqual([lab.low(live), 0, 0, lab.low(liveLarge), lab.low(fresh)]);
    expect([...lab.objects().values()]).toEqual([20_000, 64]);
  });
});
