import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { PermGLOBAL, PermLOAD, PermSTORE, WindowHIGH, slotDecode } from '../../../code/machine/machine.ts';
import { PermLEAF, RankAMBIG, ResOK, type AllocationPoint, type AmczPool, type Format } from '../../../code/mps/mps.ts';
import { seeds } from '../../seed.ts';
import { Lab, type LabOptions } from '../lab.ts';
import { headed } from '../rig.ts';

/** A lab with a pool of leaves beside. */
class LeafLab extends Lab {
  readonly leaves: AmczPool;
  readonly leafAp: AllocationPoint;

  constructor(options: LabOptions = {}) {
    super(options);
    this.leaves = this.arena.pool('amcz', options.pool ?? {});
    this.leafAp = this.leaves.allocationPoint(this.t);
  }

  /** leaf -- an object without references, all of whose words are `mark`. */
  leaf(slot: number, size: number, mark: number): void {
    expect(this.leafAp.reserve(slot, size)).toBe(ResOK);
    for (let at = 0; at < size; at += 4) this.t.store32(slot, at, mark);
    expect(this.leafAp.commit(slot), 'a commit never fails').toBe(true);
  }

  flip(): void {
    this.arena.enter();
    this.arena.trace.start(this.arena.allGenerations(), { why: 'client', what: 'collect' });
    this.arena.leave();
  }
}

test('a capability to a leaf may neither load nor store capabilities <design/amc#.leaf>', () => {
  const lab = new LeafLab(), { t } = lab, [slot, node] = [t.local(), lab.object(64)];
  lab.leaf(slot, 64, 5);
  expect(PermLEAF).toBe(PermGLOBAL | PermLOAD | PermSTORE);
  expect(t.r[(slot << 3) + 3]).toBe(PermLEAF);
  const copy = t.local();
  // What lies in it is data, whatever it was.
  t.loadCap(copy, slot, 16);
  expect(t.isTagged(copy)).toBe(false);
  expect(() => { t.storeCap(slot, 16, node); }).toThrow('PROT_CHERI_PERM');
});

for (const platform of ['an', 'ix'] as const) {
  describe(`leaves on ${platform}`, () => {
    test('are copied, and go where they cannot be reached, but are never grey, scanned or protected <design/amc#.leaf> <design/seg#.inv.leaf>', () => {
      const lab = new LeafLab({ platform, nursery: '16KiB', memory: '4MiB', pause: '0' }), { t, arena } = lab, [slot, list, node] = [t.local(), t.local(), t.local()];
      let scanned = 0, looks = 0;
      arena.watcher = {
        scanned: (seg) => { scanned += Number(seg.pool === lab.leaves); },
        left: () => {
          for (const seg of arena.heap.segs) {
            if (seg?.pool !== lab.leaves) continue;
            looks += 1;
            expect([seg.grey, seg.protMode, seg.shieldMode, seg.summary]).toEqual([false, 0, 0, 0]);
          }
        },
      };
      for (let n = 0; n < 4000; ++n) {
        lab.leaf(slot, n % 200 === 0 ? 20_000 : 16 + 16 * (n % 9), n);
        if (n % 5 > 0 && n % 200 !== 0) continue;
        lab.make(node, 48, 0, slot);
        t.storeCap(node, 32, list);
        t.move(list, node);
      }
      expect([arena.counts.collections > 20, looks > 100, arena.counts.bytesCopied > 20_000]).toEqual([true, true, true]);
      t.clear(node);
      t.clear(slot);
      arena.collect();
      const left = [...lab.objects().keys()].filter((low) => arena.heap.segOf(low | 0)?.pool === lab.leaves);
      expect([left.length, scanned]).toEqual([800, 0]);
      for (let n = 3995; n >= 0; n -= 5, t.loadCap(list, list, 32)) {
        t.loadCap(slot, list, 16);
        expect(t.load32(slot, 12)).toBe(n);
      }
      t.clear(list);
      t.clear(slot);
      arena.collect();
      expect(lab.objects().size).toBe(0);
      arena.check();
    });

    test('that are being made at a flip stay, their commit does not fail, and nothing is lost <design/amc#.leaf> <design/amc#.inv.buffered>', () => {
      for (const whole of [true, false]) {
        const lab = new LeafLab({ platform, pause: '0' }), { t, arena, leafAp } = lab, [before, slot, after, big] = [t.local(), t.local(), t.local(), t.local()];
        lab.leaf(before, 48, 1);
        expect(leafAp.reserve(slot, 64)).toBe(ResOK);
        const at = lab.low(slot), was = lab.low(before);
        for (let word = 0; word < 64; word += 4) t.store32(slot, word, 2);
        if (whole) arena.collect(); else lab.flip();
        expect([lab.low(slot), lab.low(before) !== was]).toEqual([at, true]);
        expect(leafAp.commit(slot)).toBe(true);
        // What is made next is above what was condemned, in the same segment.
        lab.leaf(after, 48, 3);
        expect(arena.heap.segOf(lab.low(after) | 0)).toBe(arena.heap.segOf(at | 0));
        // And the buffer leaves it while the trace is under way.
        lab.leaf(big, 20_000, 4);
        arena.collect();
        arena.check();
        expect([before, slot, after, big].map((one) => [t.load32(one, 0), t.load32(one, 44)])).toEqual([[1, 1], [2, 2], [3, 3], [4, 4]]);
        expect(lab.objects().size).toBe(4);
        arena.collect();
        expect(lab.low(slot), 'the next trace finds it like any other').not.toBe(at);
      }
    });

    test('keep narrowing, seal and offset of what refers to them when they move <design/authority#.inv.rights>', () => {
      const lab = new LeafLab({ platform }), { t, arena } = lab, [slot, narrow, sealed, far] = [t.local(), t.local(), t.local(), t.local()];
      lab.leaf(slot, 256, 9);
      for (const [copy, off, len, at, perms] of [[narrow, 64, 32, 80, PermLEAF & ~PermSTORE], [sealed, 0, 256, 0, PermLEAF | 77], [far, 0, 256, 256, PermLEAF]] as const) {
        t.move(copy, slot);
        const c = copy << 3, { r } = t, base = (lab.low(slot) + off) | 0;
        // Below 4 KiB bounds are exact: base and top stand in the word as they are.
        r[c] = (lab.low(slot) + at) | 0;
        r[c + 2] = (((base & 0x3fff) | (((base + len) & 0xfff) << 14)) ^ 0x18004) | (1 << 26);
        r[c + 3] = perms;
        slotDecode(r, c);
      }
      const shape = (copy: number): number[] => {
        const c = copy << 3, words = t.r.slice(c, c + 8);
        slotDecode(words, 0);
        return [(words[0] - lab.low(slot)) | 0, words[1] - WindowHIGH, words[3], words[5], words[6], Number(words[4] !== 0)];
      };
      const wanted = [narrow, sealed, far].map(shape), from = lab.low(slot);
      arena.collect();
      expect(lab.low(slot)).not.toBe(from);
      expect([narrow, sealed, far].map(shape)).toEqual(wanted);
      expect(wanted.every((one) => one[5] === 1), 'all of them were capabilities').toBe(true);
    });

    test('that are pinned stay; without memory for copies all do, and a later trace moves them <design/amc#.leaf> <design/amc#.emergency>', () => {
      const lab = new LeafLab({ platform, rank: RankAMBIG }), { t, arena } = lab, [slot, other] = [t.local(), t.local()];
      lab.leaf(slot, 64, 5);
      lab.leaf(other, 64, 6);
      const lows = [lab.low(slot), lab.low(other)];
      t.clear(other);
      arena.collect();
      expect([lab.low(slot), lab.objects().size]).toEqual([lows[0], 1]);
      expect(t.load32(slot, 60)).toBe(5);
      const exact = new LeafLab({ platform }), all = Array.from({ length: 20 }, () => exact.t.local());
      for (const [n, one] of all.entries()) exact.leaf(one, n === 7 ? 20_000 : 64, n);
      const places = all.map((one) => exact.low(one));
      Object.assign(exact.arena.ledger, { failAt: exact.arena.ledger.charges + 1, failForever: true });
      exact.arena.collect();
      expect([exact.arena.counts.emergencies > 0, all.map((one) => exact.low(one))]).toEqual([true, places]);
      Object.assign(exact.arena.ledger, { failAt: 0, failForever: false });
      exact.arena.collect();
      expect(all.map((one) => exact.t.load32(one, 0))).toEqual(all.map((_, n) => n));
      expect(all.filter((one, n) => exact.low(one) !== places[n]).length).toBe(19);
      exact.arena.check();
    });
  });
}

/** A format for leaves: it must not be asked to scan. */
const leafFormat: Format = { ...headed, name: 'leaf', scan: () => { throw new RangeError('a leaf is scanned'); } };

for (const format of [undefined, leafFormat]) for (const failing of [false, true]) for (const seed of seeds(2)) {
  test(`leaves survive what a pool can be made to do, ${format?.name ?? 'tags'}, ${failing ? 'charges fail' : 'a page at a time'}, seed ${seed} <design/amc#.leaf> <design/amc#.req.graph>`, () => {
    const lab = new LeafLab({
      platform: 'ix', pause: '0', nursery: '4KiB', grain: '4KiB', memory: '1MiB', seed, ...(failing ? {} : { collect: 'every-poll' }),
      pool: { extendBy: 4096, largeSize: 4096, ...(format === undefined ? {} : { format: leafFormat }) },
    });
    const { t, arena, leafAp } = lab, draw = random(seed), slots = Array.from({ length: 12 }, () => t.local()), marks: (number | null)[] = slots.map(() => null);
    Object.assign(arena.control, { quantum: () => 1 });
    for (let n = 1; n < 3000; ++n) {
      const k = draw(slots.length), size = 32 + 16 * draw(draw(20) === 0 ? 600 : 12);
      if (failing && n % 50 === 0) arena.ledger.failAt = arena.ledger.charges + 1 + draw(3);
      const isMade = leafAp.reserve(slots[k], size) === ResOK;
      marks[k] = isMade ? n : null;
      if (!isMade) continue;
      if (draw(15) === 0 && !arena.trace.isBusy) lab.flip();
      for (const [word, value] of [n, t.r[(slots[k] << 3) + 5], 0x4f42, n].entries()) t.store32(slots[k], word * 4, value);
      expect(leafAp.commit(slots[k])).toBe(true);
      if (n % 100 !== 0) continue;
      for (const [i, mark] of marks.entries()) if (mark !== null) expect(t.load32(slots[i], 12)).toBe(mark);
      arena.check();
    }
    arena.collect();
    const objects = lab.objects();
    expect(objects.size).toBe(marks.filter((mark) => mark !== null).length);
    expect(arena.counts.collections, 'weak run').toBeGreaterThan(30);
    expect(arena.counts.bytesCopied, 'weak run').toBeGreaterThan(10_000);
    if (failing) expect(arena.counts.emergencies, 'weak run').toBeGreaterThan(3);
  });
}
