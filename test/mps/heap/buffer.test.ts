import { describe, expect, test } from 'vitest';
import { cool } from '../../../code/base/base.ts';
import { boundsRound } from '../../../code/machine/machine.ts';
import { ResCOMMITLIMIT, ResOK } from '../../../code/mps/mps.ts';
import { Lab } from '../lab.ts';
import { Rig } from '../rig.ts';

const FLIPPED = 3;

/** Where a flip can come in the middle of one allocation, and whether the object must then be made again. */
const moments: [string, boolean, (lab: Lab, slot: number, old: number, flip: () => void) => boolean][] = [
  ['before reserve', true, (lab, slot, old, flip) => { flip(); return one(lab, slot, old); }],
  ['after reserve', false, (lab, slot, old, flip) => one(lab, slot, old, flip)],
  ['after the last store', false, (lab, slot, old, flip) => one(lab, slot, old, undefined, flip)],
  ['after commit has moved init', true, (lab, slot, old, flip) => one(lab, slot, old, undefined, () => { between(lab, flip); })],
  ['after commit', true, (lab, slot, old, flip) => { const done = one(lab, slot, old); flip(); return done; }],
];

/** One try: reserve, initialise with a reference to `old`, commit. */
function one(lab: Lab, slot: number, old: number, early?: () => void, late?: () => void): boolean {
  expect(lab.ap.reserve(slot, 32)).toBe(ResOK);
  early?.();
  lab.t.store32(slot, 0, 77);
  lab.t.store32(slot, 4, 0);
  lab.t.store32(slot, 8, 0);
  lab.t.store32(slot, 12, 0);
  lab.t.storeCap(slot, 16, old);
  late?.();
  return lab.ap.commit(slot);
}

/** Arrange for `flip` to happen when commit has written init, and is about to look whether it was flipped. */
function between(lab: Lab, flip: () => void): void {
  const ap = lab.ap as unknown as { words: Int32Array }, real = ap.words;
  ap.words = new Proxy(real, {
    get: (target, key) => {
      if (key === String(FLIPPED) && ap.words !== real) {
        ap.words = real;
        flip();
      }
      const value: unknown = Reflect.get(target, key, target);
      return value;
    },
  });
}

/** flip -- begin a collection, and no more. */
function flip({ arena }: Lab): void {
  arena.enter();
  arena.trace.start(arena.allGenerations(), { why: 'client', what: 'collect' });
  arena.leave();
}

describe('commit', () => {
  for (const [name, isMade, act] of moments) for (const isWhole of [true, false]) {
    test(`decides about a flip ${name}, with ${isWhole ? 'a whole collection' : 'nothing but the flip'}; either way no reference is lost <design/buffer#.inv.trip>`, () => {
      const lab = new Lab(isWhole ? {} : { platform: 'ix', pause: '0' }), { t } = lab;
      const other = lab.object(32, 5), slot = t.local(), old = lab.object(32, 6);
      const before = lab.low(old);
      let flips = 0;
      const made = act(lab, slot, old, () => { flips += 1; if (isWhole) lab.arena.collect(); else flip(lab); });
      expect([made, flips, lab.arena.trace.isFlipped]).toEqual([isMade, 1, !isWhole]);
      expect(lab.low(old), 'the collection moved things').not.toBe(before);
      if (!made) {
        expect(t.isTagged(slot)).toBe(false);
        expect(one(lab, slot, old), 'tried again at once, it succeeds').toBe(true);
      }
      lab.arena.collect();
      const copy = t.local();
      t.loadCap(copy, slot, 16);
      expect([t.load32(slot, 0), t.load32(copy, 0), t.load32(old, 0), t.load32(other, 0)]).toEqual([77, 6, 6, 5]);
      expect(t.isSame(copy, old)).toBe(true);
      lab.arena.check();
    });
  }

  test('that fails leaves neither tags nor an object behind <design/buffer#.inv.trip>', () => {
    const lab = new Lab(), { t } = lab, old = lab.object(), slot = t.local();
    lab.ap.reserve(slot, 64);
    for (let at = 0; at < 64; at += 16) t.storeCap(slot, at, old);
    const { heap } = lab.arena, base = lab.low(slot), seg = heap.segOf(base)!, g = seg.granuleOf(base);
    expect([...heap.tags.subarray(g, g + 4)]).toEqual([1, 1, 1, 1]);
    lab.arena.collect();
    expect(lab.ap.commit(slot)).toBe(false);
    expect([...heap.tags.subarray(g, g + 4), ...heap.starts.subarray(g, g + 4)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(lab.objects().size).toBe(1);
  });

  test('of a large object that fails is done again in a segment of its own <design/amc#.large>', () => {
    const lab = new Lab(), { t } = lab, slot = t.local(), pair = t.local();
    lab.litter(32);
    lab.ap.reserve(slot, 20480);
    lab.arena.collect();
    expect(lab.ap.commit(slot)).toBe(false);
    lab.make(pair, 32, 3);
    expect(lab.arena.heap.segOf(lab.low(pair))!.large).toBe(false);
    lab.make(slot, 20480, 4);
    lab.arena.check();
    expect([...lab.objects().values()].sort((a, b) => a - b)).toEqual([32, 20480]);
  });
});

describe('a reserved block', () => {
  test('does not move, nor does a reference to it, before it is committed <design/amc#.inv.buffered>', () => {
    const lab = new Lab(), { t } = lab, neighbour = lab.object(32, 1), slot = t.local();
    lab.ap.reserve(slot, 32);
    const before = lab.low(slot), was = lab.low(neighbour);
    lab.arena.collect();
    expect(lab.low(neighbour)).not.toBe(was);
    expect(lab.low(slot)).toBe(before);
    // What is stored there meanwhile hits nobody.
    t.store32(slot, 0, 99);
    t.store32(slot, 28, 99);
    expect(lab.ap.commit(slot)).toBe(false);
    expect([t.load32(neighbour, 0), t.load32(neighbour, 28)]).toEqual([1, 1]);
  });

  test('does not move in an emergency either <design/amc#.inv.buffered>', () => {
    const lab = new Lab(), { t } = lab, neighbour = lab.object(32, 1), slot = t.local();
    lab.ap.reserve(slot, 32);
    const before = lab.low(slot);
    Object.assign(lab.arena.ledger, { failAt: lab.arena.ledger.charges, failForever: true });
    lab.arena.collect();
    expect([lab.arena.counts.emergencies, lab.low(slot)]).toEqual([1, before]);
    lab.arena.check();
    expect(t.load32(neighbour, 0)).toBe(1);
  });

  test('is never read as objects, whatever is in it <design/buffer#.inv.scanlimit>', () => {
    const lab = new Lab(), { t } = lab, slot = t.local();
    lab.object(32, 1);
    lab.ap.reserve(slot, 4000);
    for (let at = 0; at < 4000; at += 4) t.store32(slot, at, -1);
    expect([...lab.objects().values()]).toEqual([32]);
    lab.arena.collect();
    expect([...lab.objects().values()]).toEqual([32]);
    lab.arena.check();
  });

  test('of a thread that ends is nobody\'s <design/buffer#.inv.scanlimit>', () => {
    const lab = new Lab(), { arena } = lab;
    lab.system.thread('short', function* (t) {
      const ap = lab.pool.allocationPoint(t), slot = t.local();
      ap.reserve(slot, 64);
      t.storeCap(slot, 0, slot);
    });
    lab.system.run();
    expect([lab.objects().size, arena.heap.tags.indexOf(1)]).toEqual([0, -1]);
    expect(arena.heap.segs.filter((seg) => seg !== null), 'its segment, in which there is nothing, is freed').toEqual([]);
  });
});

describe('reserve', () => {
  test('gives exactly what was asked, in granules, and representable <design/buffer#.reserve>', () => {
    const lab = new Lab({ memory: '8MiB' }), { t } = lab, slot = t.local();
    for (const size of [1, 15, 16, 17, 31, 32, 4000, 4080, 4095, 4096, 4097, 8191, 8192, 12345, 16383, 16384, 100_001, 1_000_000]) {
      do expect(lab.ap.reserve(slot, size)).toBe(ResOK); while (!lab.ap.commit(slot));
      const want = boundsRound(Math.ceil(size / 16) * 16), { r } = t, c = slot << 3;
      expect([r[c + 5], r[c + 6]]).toEqual([want, want]);
      expect(lab.objects().get(lab.low(slot))).toBe(want);
    }
    lab.arena.check();
  });

  test('when memory has run out clears the slot, says why, and the heap is whole and goes on when things are dropped <design/buffer#.reserve>', () => {
    const lab = new Lab({ memory: '128KiB' }), { t } = lab, list = t.local(), slot = t.local();
    let made = 0, res = ResOK;
    for (;;) {
      do {
        res = lab.ap.reserve(slot, 32);
        if (res !== ResOK) break;
        for (let at = 0; at < 16; at += 4) t.store32(slot, at, made);
        t.storeCap(slot, 16, list);
      } while (!lab.ap.commit(slot));
      if (res !== ResOK) break;
      t.move(list, slot);
      made += 1;
    }
    expect([res, t.isTagged(slot)]).toEqual([ResCOMMITLIMIT, false]);
    expect(lab.events('exhausted')).toHaveLength(1);
    expect(made, 'most of memory was used').toBeGreaterThan(2500);
    t.move(slot, list);
    for (let n = made - 1; n >= 0; --n) {
      expect(t.load32(slot, 0)).toBe(n);
      t.loadCap(slot, slot, 16);
    }
    lab.arena.check();
    t.clear(list);
    t.clear(slot);
    for (let n = 0; n < 3; ++n) lab.make(list, 20_000, n);
    expect(t.load32(list, 0)).toBe(2);
  });

  test('that is larger than all of memory fails, and the next one succeeds <design/buffer#.reserve>', () => {
    const lab = new Lab({ memory: '128KiB' }), slot = lab.t.local();
    for (const size of [200_000, 2 ** 30, 2 ** 31 - 1]) expect(lab.ap.reserve(slot, size)).toBe(ResCOMMITLIMIT);
    lab.make(slot, 64, 1);
    expect(lab.t.load32(slot, 60)).toBe(1);
  });
});

describe('a buffer that is quite full', () => {
  test('when the world is collected keeps its segment for the time being, in order <design/amc#.reclaim>', () => {
    const lab = new Lab({ nursery: '4KiB' }), slot = lab.t.local();
    for (let n = 0; n < 128; ++n) lab.make(slot);
    lab.t.clear(slot);
    lab.arena.collect();
    lab.arena.check();
    expect(lab.objects().size).toBe(0);
    lab.make(slot);
    lab.arena.collect();
    lab.arena.check();
    expect(lab.objects().size).toBe(1);
  });

  test('and empties again and again leaves no segments behind <design/pool#.inv.empty>', () => {
    const lab = new Lab({ nursery: '4KiB' }), slot = lab.t.local();
    lab.object();
    for (let n = 0; n < 50; ++n) {
      lab.ap.reserve(slot, 20_000);
      lab.arena.collect();
      expect(lab.ap.commit(slot)).toBe(false);
    }
    expect(lab.arena.heap.segs.filter((seg) => seg !== null).length).toBeLessThanOrEqual(2);
  });
});

test('condemning a segment with a buffer keeps order, accounts, and what is committed later <design/buffer#.inv.order>', () => {
  const rig = new Rig({ habits: { seed: 9, yields: true, collects: 10 }, nursery: '64KiB', mutators: 2 });
  for (let n = 0; n < 40; ++n) {
    rig.play(6);
    for (const { ap } of rig.mutators) ap.check();
  }
  expect(rig.retries, 'weak run').toBeGreaterThan(3);
  rig.end();
});

describe('rules of the interface', () => {
  test('a size is a whole number of bytes above 0 <design/buffer#.if.size>', () => {
    const lab = new Lab(), slot = lab.t.local();
    for (const size of [0, -16, Number.NaN, 1.5, Infinity, 2 ** 31]) {
      expect(() => lab.ap.reserve(slot, size), String(size)).toThrow('<design/buffer#.if.size>');
    }
  });

  test('a block is committed before the next is reserved <design/buffer#.if.one>', () => {
    const lab = new Lab(), slot = lab.t.local();
    lab.ap.reserve(slot, 32);
    expect(() => lab.ap.reserve(slot, cool ? 32 : 100_000)).toThrow('<design/buffer#.if.one>');
  });

  test('what is committed was reserved <design/buffer#.if.commit>', () => {
    const lab = new Lab();
    expect(() => lab.ap.commit(lab.t.local())).toThrow('<design/buffer#.if.commit>');
  });

  test('an allocation point belongs to a registered thread <design/buffer#.if.registered>', () => {
    const lab = new Lab(), other = new Lab();
    expect(() => lab.pool.allocationPoint(other.t)).toThrow('<design/buffer#.if.registered>');
  });

  test('an allocation point that was given back is not used <design/buffer#.if.live>', () => {
    const lab = new Lab(), slot = lab.t.local();
    lab.make(slot);
    lab.ap.finish();
    expect(() => lab.ap.reserve(slot, 32)).toThrow('<design/buffer#.if.live>');
    expect(lab.objects().size).toBe(1);
  });
});
