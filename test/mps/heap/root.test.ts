import { describe, expect, test } from 'vitest';
import { WindowHIGH } from '../../../code/machine/machine.ts';
import { RankAMBIG, RankEXACT } from '../../../code/mps/mps.ts';
import { Lab } from '../lab.ts';
import { Rig, headed } from '../rig.ts';

/** An area of a page, ambiguous unless asked otherwise, in a new slot. */
function area(lab: Lab, rank: number = RankAMBIG): number {
  const slot = lab.t.local();
  lab.system.statics(lab.t, slot, 4096, rank);
  return slot;
}

/** Put an address, without a tag, into an area: the low word and the window's high one, at 8-byte word `word`. */
function plant(lab: Lab, slot: number, word: number, low: number): void {
  lab.t.store32(slot, word * 8, low | 0);
  lab.t.store32(slot, word * 8 + 4, WindowHIGH);
}

/** The area's bytes as they are. */
const bytes = (lab: Lab, slot: number): number[] => Array.from({ length: 64 }, (_, i) => lab.t.load32(slot, i * 4));

describe('an ambiguous word', () => {
  for (const [where, offset, stays] of [
    ['at the object', 0, true], ['in its last byte', 47, true], ['in its middle', 17, true], ['just before it', -1, false], ['just after it', 48, false],
  ] as const) {
    test(`${where} ${stays ? 'keeps it in place' : 'lets it move'}, and is not changed <design/root#.ambig>`, () => {
      for (const word of [0, 1, 5]) {
        const lab = new Lab(), words = area(lab);
        const before = lab.object(48, 1), it = lab.object(48, 2), after = lab.object(48, 3);
        const lows = [before, it, after].map((slot) => lab.low(slot));
        plant(lab, words, word, lows[1] + offset);
        const old = bytes(lab, words);
        lab.arena.collect();
        expect([before, it, after].map((slot, i) => lab.low(slot) === lows[i])).toEqual([offset < 0, stays, offset === 48]);
        expect(bytes(lab, words)).toEqual(old);
        expect([before, it, after].map((slot) => lab.t.load32(slot, 44))).toEqual([1, 2, 3]);
        lab.arena.check();
      }
    });
  }

  test('keeps alive what nothing else refers to, with everything that this refers to <design/root#.ambig>', () => {
    const lab = new Lab(), { t } = lab, words = area(lab);
    const leaf = lab.object(32, 5), node = lab.object(48, 6, leaf);
    plant(lab, words, 3, lab.low(node) + 20);
    const low = lab.low(node);
    t.clear(leaf);
    t.move(leaf, node);
    t.clear(node);
    t.set(leaf, 0, 0, 0, 0);
    lab.arena.collect();
    expect([...lab.objects()]).toContainEqual([low, 48]);
    expect(lab.objects().size).toBe(2);
    lab.arena.check();
  });

  test('in a thread does as much as in an area; numbers that are no addresses do nothing <design/root#.ambig>', () => {
    const lab = new Lab(), ambig = lab.system.hart('ambig', RankAMBIG), slot = ambig.enter(3);
    const it = lab.object(32, 1), low = lab.low(it);
    ambig.set(slot, 0, 0, low | 0, WindowHIGH);
    ambig.set(slot + 1, low | 0, WindowHIGH + 1, 0, 0);
    ambig.set(slot + 2, -1, WindowHIGH, 0xfff_fff0 | 0, WindowHIGH);
    lab.arena.collect();
    expect(lab.low(it)).toBe(low);
    ambig.clear(slot);
    lab.arena.collect();
    expect(lab.low(it)).not.toBe(low);
    expect(ambig.r[(slot + 1) << 3]).toBe(low | 0);
  });

  test('to a large object keeps it, once <design/amc#.large>', () => {
    const lab = new Lab(), words = area(lab), it = lab.object(20_480, 4), low = lab.low(it);
    plant(lab, words, 0, low + 20_000);
    plant(lab, words, 1, low);
    lab.t.clear(it);
    lab.arena.collect();
    expect([...lab.objects()]).toEqual([[low, 20_480]]);
    lab.t.store32(words, 4, 0);
    lab.t.store32(words, 12, 0);
    lab.arena.collect();
    expect(lab.objects().size).toBe(0);
  });

  test('to free memory, to a pad, or to a block that is being made does nothing <design/root#.ambig>', () => {
    const lab = new Lab({ nursery: '4KiB' }), words = area(lab);
    const it = lab.object(32, 1), low = lab.low(it);
    plant(lab, words, 0, low + 2048);
    plant(lab, words, 1, low + 4064);
    plant(lab, words, 2, low + 0x10_0000);
    plant(lab, words, 3, 4096);
    lab.arena.collect();
    expect(lab.low(it)).not.toBe(low);
    lab.arena.check();
  });
});

describe('a capability in an ambiguous place', () => {
  test('pins by its base, wherever its address is <design/root#.ambig>', () => {
    const lab = new Lab(), { t } = lab, words = area(lab);
    const it = lab.object(48, 1), next = lab.object(48, 2), lows = [lab.low(it), lab.low(next)];
    // One past the end: the address is the next object's.
    t.r[it << 3] = lows[1] | 0;
    t.storeCap(words, 0, it);
    lab.arena.collect();
    expect([(lab.low(it) - 48) >>> 0, lab.low(next) === lows[1]]).toEqual([lows[0], false]);
  });
});

test('exact roots that come first do not move what ambiguous ones refer to <design/root#.inv.ambig.first>', () => {
  for (const [first, second] of [[RankEXACT, RankAMBIG], [RankAMBIG, RankEXACT]] as const) {
    const lab = new Lab(), { t } = lab, a = area(lab, first), b = area(lab, second);
    const ambig = first === RankAMBIG ? a : b, exact = first === RankAMBIG ? b : a;
    const it = lab.object(32, 8), low = lab.low(it);
    t.storeCap(exact, 0, it);
    plant(lab, ambig, 0, low + 31);
    lab.arena.collect();
    t.loadCap(it, exact, 0);
    expect([lab.low(it), t.load32(it, 0)]).toEqual([low, 8]);
  }
});

test('slots that are not in use hold nothing after a collection, and keep nothing alive <design/root#.inv.unused>', () => {
  const lab = new Lab(), { t } = lab, frame = t.enter(3);
  for (let slot = frame; slot < frame + 3; ++slot) lab.make(slot);
  t.leave(frame + 1);
  lab.arena.collect();
  expect([t.isTagged(frame), t.isTagged(frame + 1), t.isTagged(frame + 2), lab.objects().size]).toEqual([true, false, false, 1]);
});

describe('a nailed segment', () => {
  test('keeps what is pinned, with pads around it, and is freed when nothing is <design/amc#.reclaim>', () => {
    const lab = new Lab({ nursery: '64KiB' }), { t } = lab, words = area(lab), pinned: number[] = [];
    const slot = t.local();
    for (let n = 0; n < 1500; ++n) {
      lab.make(slot, 32, n);
      if (n % 100 === 50) {
        plant(lab, words, pinned.length, lab.low(slot) + 8);
        pinned.push(lab.low(slot));
      }
    }
    t.clear(slot);
    lab.ap.finish();
    const { heap, counts } = lab.arena;
    lab.arena.collect();
    expect([...lab.objects().keys()].sort((a, b) => a - b)).toEqual(pinned);
    expect(counts.bytesPreservedInPlace).toBe(pinned.length * 32);
    for (const low of pinned) expect(heap.i32[(low + heap.segOf(low)!.delta) >>> 2]).toBe(50 + 100 * pinned.indexOf(low));
    lab.arena.check();
    // Nothing left in between: pads have no tags, and are as few as can be.
    const segs = new Set(pinned.map((low) => heap.segOf(low)!));
    for (const seg of segs) {
      let pads = 0, objects = 0;
      lab.pool.eachObject(seg.granuleBase, seg.granuleLimit, (g) => { if (heap.isPad(g)) pads += 1; else objects += 1; });
      expect(pads).toBeLessThanOrEqual(objects + 1);
    }
    for (let word = 0; word < pinned.length; ++word) t.store32(words, word * 8 + 4, 0);
    lab.arena.collect();
    expect([lab.objects().size, heap.segs.filter((seg) => seg !== null).length]).toEqual([0, 0]);
  });

  test('lets go of what is not pinned, also what is in the same segment and referred to <design/amc#.fix>', () => {
    const lab = new Lab(), { t } = lab, words = area(lab), all = Array.from({ length: 20 }, (_, i) => lab.object(64, i));
    const lows = all.map((slot) => lab.low(slot));
    plant(lab, words, 0, lows[7]);
    lab.arena.collect();
    expect(all.map((slot, i) => lab.low(slot) === lows[i])).toEqual(all.map((_, i) => i === 7));
    expect(all.map((slot) => t.load32(slot, 60))).toEqual(all.map((_, i) => i));
  });
});

for (const [name, options, habits] of [['tags', {}, {}], ['a format of its own', { format: headed }, { header: true }]] as const) {
  test(`the graph survives threads whose every word is ambiguous, by ${name} <design/root#.ambig>`, () => {
    let copied = 0, kept = 0;
    for (const seed of [1, 2]) {
      const rig = new Rig({ ...options, rank: RankAMBIG, habits: { seed, ...habits, collects: 4, sizes: [16, 32, 48, 64, 400, 1000, 4096, 20_000] }, nursery: '32KiB' });
      rig.play(700);
      rig.end();
      copied += rig.arena.counts.bytesCopied;
      kept += rig.arena.counts.bytesPreservedInPlace;
    }
    expect(copied, 'weak run').toBeGreaterThan(50_000);
    expect(kept, 'weak run').toBeGreaterThan(50_000);
  });
}
