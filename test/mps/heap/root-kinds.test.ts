import { describe, expect, test } from 'vitest';
import { baseDecode, GranuleSIZE, PermDATA, type Low } from '../../../code/machine/machine.ts';
import { RankAMBIG, RankEXACT, ResOK, ZoneSetUNIV, zoneOf, type Root } from '../../../code/mps/mps.ts';
import { seeds } from '../../seed.ts';
import { random } from '../../../code/base/random.ts';
import { Lab, type LabOptions } from '../lab.ts';
import { made, memory, nudge, plant, zone } from './root-lab.ts';

const platforms: readonly (readonly [string, LabOptions])[] = [['an', { platform: 'an' }], ['ix', { platform: 'ix' }]];

for (const [platform, options] of platforms) {
  describe(`on ${platform}`, () => {
    test('an exact area keeps its references, which follow; destroyed it keeps nothing <design/root#.if>', () => {
      const lab = new Lab(options), words = memory(lab), it = lab.object(32, 7), low = lab.low(it);
      lab.t.storeCap(words, 64, it);
      const root = made(lab.arena.roots.area(lab.t, words, { name: 'mine' }));
      lab.t.clear(it);
      lab.arena.collect();
      lab.t.loadCap(it, words, 64);
      expect([lab.low(it) === low, lab.t.load32(it, 0), root.name, root.rank]).toEqual([false, 7, 'mine', RankEXACT]);
      lab.t.clear(it);
      root.destroy();
      lab.arena.collect();
      expect(lab.objects().size).toBe(0);
    });

    test('an ambiguous area pins, and is left as it is <design/root#.ambig>', () => {
      const lab = new Lab(options), words = memory(lab), it = lab.object(32, 7), low = lab.low(it);
      plant(lab, words, 5, low + 9);
      const root = made(lab.arena.roots.area(lab.t, words, { rank: RankAMBIG }));
      lab.arena.collect();
      expect([lab.low(it), lab.t.load32(words, 40)]).toEqual([low, (low + 9) | 0]);
      root.destroy();
      lab.arena.collect();
      expect(lab.low(it)).not.toBe(low);
    });
  });
}

test('a table is as many references from an address on, and no more <design/root#.if>', () => {
  const lab = new Lab(), words = memory(lab), [first, last, past] = [lab.object(32, 1), lab.object(32, 2), lab.object(32, 3)];
  nudge(lab, words, 32);
  for (const [i, slot] of [first, last, past].entries()) lab.t.storeCap(words, i * GranuleSIZE, slot);
  made(lab.arena.roots.table(lab.t, words, 2));
  for (const slot of [first, last, past]) lab.t.clear(slot);
  lab.arena.collect();
  expect(lab.objects().size).toBe(2);
  lab.t.loadCap(first, words, 16);
  expect(lab.t.load32(first, 0)).toBe(2);
});

describe('tags of the client', () => {
  for (const [pattern, orZero, kept] of [[undefined, false, [0, 1, 2, 3]], [1, false, [1]], [2, false, [2]], [3, true, [0, 3]]] as const) {
    const tag = pattern === undefined ? { mask: 3 } : { mask: 3, pattern, orZero };
    test(`of exact references ${pattern ?? 'none'}${orZero ? ' or zero' : ''} keeps those, with their tags <design/root#.tag>`, () => {
      const lab = new Lab(), words = memory(lab), it = lab.t.local();
      for (let bits = 0; bits < 4; ++bits) {
        lab.make(it, 32, bits);
        nudge(lab, it, bits);
        lab.t.storeCap(words, bits * 16, it);
      }
      made(lab.arena.roots.area(lab.t, words, { tag }));
      lab.t.clear(it);
      lab.arena.collect();
      expect(lab.objects().size).toBe(kept.length);
      for (const bits of kept) {
        lab.t.loadCap(it, words, bits * 16);
        expect(lab.low(it) & 3).toBe(bits);
        nudge(lab, it, -bits);
        expect([lab.t.load32(it, 0), lab.objects().has(lab.low(it))]).toEqual([bits, true]);
      }
    });

    test(`of ambiguous words ${pattern ?? 'none'}${orZero ? ' or zero' : ''} pins those, at the address without the tag <design/root#.tag>`, () => {
      const lab = new Lab(), words = memory(lab), all = [0, 1, 2, 3].map((bits) => lab.object(32, bits)), lows = all.map((slot) => lab.low(slot));
      lows.forEach((low, bits) => { plant(lab, words, bits, low + bits); });
      made(lab.arena.roots.area(lab.t, words, { rank: RankAMBIG, tag }));
      lab.arena.collect();
      expect(all.flatMap((slot, bits) => (lab.low(slot) === lows[bits] ? [bits] : []))).toEqual(kept);
    });
  }

  test('a mask may take off more than a granule: what counts is the address without <design/root#.tag>', () => {
    const lab = new Lab(), words = memory(lab), [it, next] = [lab.object(32, 1), lab.object(32, 2)];
    const lows = [lab.low(it), lab.low(next)];
    expect(lows[0] & 0x20, 'the object is where the test wants it').toBe(0);
    plant(lab, words, 0, lows[0] | 0x20);
    made(lab.arena.roots.area(lab.t, words, { rank: RankAMBIG, tag: { mask: 0x20, pattern: 0x20 } }));
    lab.arena.collect();
    expect([lab.low(it) === lows[0], lab.low(next) === lows[1]]).toEqual([true, false]);
  });

  test('in a thread say which slots are references <design/root#.tag>', () => {
    const lab = new Lab(), { system, arena } = lab, other = system.platform.hart('other');
    if (other === null) throw new Error('no hart');
    arena.threadRegister(other, RankEXACT, { tag: { mask: 1, pattern: 1 } });
    const slot = other.enter(2), it = lab.object(32, 5);
    other.r.set(lab.t.r.subarray(it << 3, (it << 3) + 8), slot << 3);
    lab.make(it, 32, 6);
    nudge(lab, it, 1);
    other.r.set(lab.t.r.subarray(it << 3, (it << 3) + 8), (slot + 1) << 3);
    lab.t.clear(it);
    arena.collect();
    expect([lab.objects().size, lab.objects().has((other.r[(slot + 1) << 3] - 1) >>> 0)]).toEqual([1, true]);
  });
});

describe('a scanner', () => {
  test('of an area shows what is a reference <design/root#.view>', () => {
    const lab = new Lab(), words = memory(lab), all = [0, 1, 2].map((i) => lab.object(32, i));
    // A stack of its own: its first word says how many references there are above it.
    lab.t.store32(words, 0, 2);
    all.forEach((slot, i) => { lab.t.storeCap(words, 16 + i * 16, slot); });
    let calls = 0;
    made(lab.arena.roots.area(lab.t, words, {
      scan: (view, base, limit) => {
        calls += 1;
        expect(limit - base).toBe(4096);
        for (let i = view.load32(base); i > 0; --i) if (view.fix(base + i * 16) !== ResOK) return 1;
        return ResOK;
      },
    }));
    for (const slot of all) lab.t.clear(slot);
    lab.arena.collect();
    expect([lab.objects().size, calls > 0]).toEqual([2, true]);
    lab.t.loadCap(all[0], words, 32);
    expect(lab.t.load32(all[0], 0)).toBe(1);
  });

  test('of a function goes wherever it likes, also ambiguously <design/root#.view>', () => {
    const lab = new Lab(), a = memory(lab), b = memory(lab), [it, other] = [lab.object(32, 1), lab.object(32, 2)], low = lab.low(other);
    const [at, beside] = [lab.low(a) | 0, lab.low(b) | 0];
    lab.t.storeCap(a, 48, it);
    plant(lab, b, 2, low);
    made(lab.arena.roots.create(lab.t, (view) => view.fix(at + 48)));
    made(lab.arena.roots.create(lab.t, (view) => view.fix(beside + 16), { rank: RankAMBIG }));
    lab.t.clear(it);
    lab.arena.collect();
    lab.t.loadCap(it, a, 48);
    expect([lab.t.load32(it, 0), lab.low(other), lab.objects().size]).toEqual([1, low, 2]);
  });

  test('of a format finds the references of a block of objects <design/root#.if>', () => {
    const lab = new Lab(), words = memory(lab), [it, other] = [lab.object(32, 1), lab.object(32, 2)];
    lab.t.storeCap(words, 16, it);
    lab.t.storeCap(words, 32, other);
    // Of each object of two granules the second one is a reference.
    made(lab.arena.roots.formatted(lab.t, words, {
      name: 'pairs',
      scan: (view, base, limit) => {
        for (let at = base; at < limit; at += 32) if (view.fix(at + 16) !== ResOK) return 1;
        return ResOK;
      },
    }));
    lab.t.clear(it);
    lab.t.clear(other);
    lab.arena.collect();
    expect(lab.objects().size).toBe(1);
  });

  test('of a thread is given its slots by number <design/root#.departs.registers>', () => {
    const lab = new Lab(), { system, arena } = lab, other = system.platform.hart('other');
    if (other === null) throw new Error('no hart');
    const slot = other.enter(3);
    arena.threadRegister(other, RankEXACT, { scan: (_, fix) => fix(slot + 1) });
    const it = lab.t.local();
    for (let i = 0; i < 3; ++i) {
      lab.make(it, 32, i);
      other.r.set(lab.t.r.subarray(it << 3, (it << 3) + 8), (slot + i) << 3);
    }
    lab.t.clear(it);
    arena.collect();
    expect([...lab.objects().keys()]).toEqual([other.r[(slot + 1) << 3] >>> 0]);
  });

  test('that runs out of memory is called again, and what it has shown stays where it is <design/amc#.emergency>', () => {
    const lab = new Lab(), words = memory(lab), it = lab.t.local();
    for (let i = 0; i < 200; ++i) {
      lab.make(it, 32, i);
      lab.t.storeCap(words, i * 16, it);
    }
    made(lab.arena.roots.area(lab.t, words, {
      scan: (view, base) => {
        for (let i = 0; i < 200; ++i) {
          const res = view.fix(base + i * 16);
          if (res !== ResOK) return res;
        }
        return ResOK;
      },
    }));
    lab.t.clear(it);
    lab.arena.ledger.failAt = lab.arena.ledger.charges + 1;
    lab.arena.ledger.failForever = true;
    lab.arena.collect();
    lab.arena.ledger.failAt = 0;
    expect([lab.arena.counts.emergencies, lab.objects().size]).toEqual([1, 200]);
    for (let i = 0; i < 200; ++i) {
      lab.t.loadCap(it, words, i * 16);
      expect(lab.t.load32(it, 0)).toBe(i);
    }
  });
});

test('a block of a manual pool can be a root; it goes before the block does <design/root#.if.outside>', () => {
  const lab = new Lab(), pool = lab.arena.pool('mvff'), block = lab.t.local(), it = lab.object(32, 7), low = lab.low(it);
  expect(pool.alloc(lab.t, block, 256)).toBe(ResOK);
  for (let at = 0; at < 256; at += 4) lab.t.store32(block, at, 0);
  lab.t.storeCap(block, 112, it);
  lab.t.clear(it);
  const root = made(lab.arena.roots.area(lab.t, block));
  lab.arena.collect();
  lab.t.loadCap(it, block, 112);
  expect([lab.t.load32(it, 0), lab.low(it) === low]).toEqual([7, false]);
  root.destroy();
  pool.free(lab.t, block, 256);
  lab.arena.collect();
  lab.arena.check();
});

test('there may be no memory for a root, and then there is none <design/root#.if>', () => {
  const lab = new Lab(), words = memory(lab), before = lab.arena.roots.size, { ledger } = lab.arena, used = ledger.used;
  ledger.failAt = ledger.charges + 1;
  expect(lab.arena.roots.area(lab.t, words)).not.toBe(ResOK);
  ledger.failAt = 0;
  expect([lab.arena.roots.size, ledger.used]).toEqual([before, used]);
  made(lab.arena.roots.area(lab.t, words));
  lab.system.finish();
  expect(ledger.used).toBe(0);
});

test('invariant 11: all ambiguous roots come before any exact one, whatever their kinds and order <design/root#.inv.ambig.first>', () => {
  let pinned = 0;
  for (const seed of seeds(30)) {
    const draw = random(seed), lab = new Lab({ platform: draw(2) === 0 ? 'an' : 'ix' }), it = lab.object(48, seed), low = lab.low(it);
    const exact = memory(lab), ambig = memory(lab), at = [lab.low(exact) | 0, lab.low(ambig) | 0];
    lab.t.storeCap(exact, 0, it);
    plant(lab, ambig, 0, low + draw(48));
    const base = (slot: number): Low => lab.t.r[slot << 3];
    const makers: (() => void)[] = [
      () => made([
        () => lab.arena.roots.area(lab.t, exact), () => lab.arena.roots.table(lab.t, exact, 4),
        () => lab.arena.roots.create(lab.t, (view) => view.fix(at[0])), () => lab.arena.roots.area(lab.t, exact, { tag: { mask: 3, pattern: 0 } }),
      ][draw(4)]()),
      () => made([
        () => lab.arena.roots.area(lab.t, ambig, { rank: RankAMBIG }), () => lab.arena.roots.table(lab.t, ambig, 4, { rank: RankAMBIG }),
        () => lab.arena.roots.create(lab.t, (view) => view.fix(at[1]), { rank: RankAMBIG }),
        () => lab.arena.roots.area(lab.t, ambig, { rank: RankAMBIG, scan: (view) => view.fix(base(ambig)) }),
      ][draw(4)]()),
    ];
    if (draw(2) === 0) makers.reverse();
    for (const make of makers) make();
    lab.arena.collect();
    lab.t.loadCap(it, exact, 0);
    expect([lab.low(it), lab.t.load32(it, 0), lab.t.r[(it << 3) + 3]]).toEqual([low, seed, PermDATA]);
    pinned += lab.arena.counts.bytesPreservedInPlace > 0 ? 1 : 0;
  }
  expect(pinned, 'weak run').toBeGreaterThan(0);
});

test('invariant 7: a scan of what is pinned adds to what is known of its segment <design/seg#.inv.summary>', () => {
  let partial = 0;
  for (const seed of seeds(8)) {
    const lab = new Lab({ memory: '4MiB', platform: seed % 2 === 0 ? 'an' : 'ix' }), { t, arena, ap } = lab, { heap } = arena, words = memory(lab);
    // Two objects in zones of their own, for they are of different ages; and a young segment with references to both, of which one object is pinned.
    const far = lab.object(32, 1);
    arena.collect();
    const near = lab.object(32, 2);
    arena.collect();
    ap.finish();
    const young = lab.pool.allocationPoint(t), [pinned, other] = [t.local(), t.local()];
    for (const [slot, mark, ref] of [[pinned, 3, far], [other, 4, near]] as const) {
      do {
        young.reserve(slot, 48);
        t.store32(slot, 0, mark);
        t.storeCap(slot, 16, ref);
      } while (!young.commit(slot));
    }
    young.finish();
    const seg = heap.segOf(lab.low(pinned) | 0);
    if (seg === null) throw new Error('no segment');
    expect([seg, zone(lab, far) === zone(lab, near)]).toEqual([heap.segOf(lab.low(other) | 0), false]);
    plant(lab, words, 0, lab.low(pinned) + 5);
    made(arena.roots.area(t, words, { rank: RankAMBIG }));
    const zones = (): number => {
      let all = 0;
      for (let g = seg.granuleBase; g < seg.granuleLimit; ++g) {
        const at = g << 2;
        if (heap.tags[g] !== 0) all |= 1 << zoneOf(baseDecode(heap.i32[at], heap.i32[at + 2]), heap.zoneShift);
      }
      return all;
    };
    arena.watcher = { scanned: (one) => {
      if (one !== seg) return;
      partial += Number(one.white && one.summary !== ZoneSetUNIV);
      expect(zones() & ~one.summary).toBe(0);
    } };
    // The next scan that finds nothing of interest is to be recorded.
    arena.enter();
    seg.setSummary(zones());
    seg.defer = 1;
    arena.trace.start([arena.defaultChain.generations[0]], { why: 'client', what: 'collect' });
    arena.control.finish('collect');
    arena.leave();
    arena.watcher = null;
    t.loadCap(far, pinned, 16);
    t.loadCap(near, other, 16);
    expect([t.load32(far, 0), t.load32(near, 0)]).toEqual([1, 2]);
  }
  expect(partial, 'weak run').toBeGreaterThan(0);
});

test('walking the roots visits what they refer to, each with its root <design/walk#.roots>', () => {
  const lab = new Lab(), words = memory(lab), ambig = memory(lab), all = [1, 2, 3].map((i) => lab.object(32, i));
  lab.t.storeCap(words, 16, all[0]);
  plant(lab, ambig, 3, lab.low(all[1]) + 5);
  const root = made(lab.arena.roots.area(lab.t, words)), other = made(lab.arena.roots.area(lab.t, ambig, { rank: RankAMBIG }));
  const found: [number, Root][] = [];
  lab.arena.roots.walk((ref, by) => found.push([ref >>> 0, by]));
  const [first, second] = all.map((slot) => lab.low(slot));
  expect(found).toContainEqual([first, root]);
  expect(found).toContainEqual([second + 5, other]);
  expect(found.filter(([, by]) => by === root || by === other)).toHaveLength(2);
  expect(found.filter(([, by]) => by.hart === lab.t)).toHaveLength(3);
});
