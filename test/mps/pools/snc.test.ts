import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { RankWEAK } from '../../../code/mps/heap/rank.ts';
import { ResOK, type AllocationPoint, type Format, type SncPool } from '../../../code/mps/mps.ts';
import { seeds } from '../../seed.ts';
import { Lab, type LabOptions } from '../lab.ts';

const SEG = 16 * 1024;

/** A lab with a pool of frames beside. */
class SncLab extends Lab {
  readonly snc: SncPool;
  readonly stack: AllocationPoint;

  constructor(options: LabOptions = {}, format?: Format) {
    super(options);
    this.snc = this.arena.pool('snc', format === undefined ? {} : { format });
    this.stack = this.snc.allocationPoint(this.t);
  }

  /** push -- an object on a stack, with a mark, and a reference to what is in slot `ref`. */
  push(slot: number, size: number, mark: number, ref: number = -1, ap: AllocationPoint = this.stack): void {
    do {
      expect(ap.reserve(slot, size)).toBe(ResOK);
      this.t.store32(slot, 0, mark);
      this.t.store32(slot, 4, size);
      if (ref >= 0) this.t.storeCap(slot, 16, ref);
    } while (!ap.commit(slot));
  }

  /** frames -- objects of the pool, and their marks. */
  frames(): Map<number, number> {
    const found = new Map<number, number>(), { heap } = this.arena;
    this.arena.walk((base, _, seg) => {
      if (seg.pool === this.snc) found.set(base >>> 0, heap.i32[((base >>> 0) + seg.delta) >>> 2]);
    });
    return found;
  }

  marks(): number[] {
    return [...this.frames().values()].sort((a, b) => a - b);
  }

  /** flip -- begin a collection, and no more. */
  flip(): void {
    this.arena.enter();
    this.arena.trace.start(this.arena.allGenerations(), { why: 'client', what: 'collect' });
    this.arena.leave();
  }
}

for (const platform of ['an', 'ix'] as const) {
  describe(`frames on ${platform}`, () => {
    test('end what has been allocated since, those within too, and nothing else <design/snc#.frame> <design/snc#.inv.popped>', () => {
      const lab = new SncLab({ platform }), { stack, snc } = lab, slot = lab.t.local();
      const outermost = stack.framePush();
      expect(outermost).toBe(0);
      lab.push(slot, 32, 1);
      const one = stack.framePush();
      lab.push(slot, 48, 2);
      const two = stack.framePush();
      lab.push(slot, 32, 3);
      stack.framePop(two);
      expect(lab.marks()).toEqual([1, 2]);
      lab.push(slot, 64, 4);
      stack.framePush();
      lab.push(slot, 64, 5);
      stack.framePop(one);
      expect(lab.marks()).toEqual([1]);
      lab.push(slot, 32, 6);
      expect([lab.marks(), snc.totalSize - snc.freeSize]).toEqual([[1, 6], SEG]);
      stack.framePop(outermost);
      expect([lab.marks(), snc.totalSize, snc.freeSize]).toEqual([[], 0, 0]);
      lab.arena.check();
    });

    test('what has been popped keeps nothing alive, what has not does <design/snc#.inv.popped> <design/snc#.inv.kept>', () => {
      const lab = new SncLab({ platform }), { t, stack } = lab, [slot, ref, kept] = [t.local(), t.local(), t.local()];
      lab.make(ref, 32, 71);
      lab.push(kept, 32, 1, ref);
      const frame = stack.framePush();
      for (let n = 0; n < 2000; ++n) {
        lab.make(ref, 32, 72);
        lab.push(slot, 32, 2, ref);
      }
      t.clear(ref);
      const amc = (): number => [...lab.objects().keys()].filter((low) => lab.arena.heap.segOf(low | 0)?.pool === lab.pool).length;
      lab.arena.collect();
      expect(amc()).toBe(2001);
      stack.framePop(frame);
      lab.arena.collect();
      expect(amc()).toBe(1);
      t.loadCap(ref, kept, 16);
      expect(t.load32(ref, 0)).toBe(71);
      const { heap } = lab.arena, at = lab.low(kept), seg = heap.segOf(at | 0)!;
      const beyond = heap.tags.subarray(seg.granuleOf(at + 32), seg.granuleLimit);
      expect(beyond.indexOf(1), 'nothing is left above the frame').toBe(-1);
      stack.framePop(0);
      t.clear(ref);
      t.clear(kept);
      lab.arena.collect();
      expect(amc()).toBe(0);
    });

    test('a frame at the end of a segment is not in the next one <design/snc#.departs.limit>', () => {
      const lab = new SncLab({ platform }), { stack, snc } = lab, slot = lab.t.local();
      for (let n = 0; n < SEG / 1024; ++n) lab.push(slot, 1024, n);
      const frame = stack.framePush(), whole = lab.marks();
      expect(snc.totalSize).toBe(SEG);
      for (let n = 0; n < 20; ++n) lab.push(slot, 1024, 99);
      expect(snc.totalSize).toBe(3 * SEG);
      stack.framePop(frame);
      expect([lab.marks(), snc.totalSize]).toEqual([whole, SEG]);
      expect(stack.framePush(), 'nothing has been allocated since').toBe(frame);
      lab.push(slot, 1024, 98);
      const inner = stack.framePush();
      lab.push(slot, 1024, 97);
      stack.framePop(inner);
      expect(lab.marks()).toEqual([...whole, 98]);
      stack.framePop(frame);
      expect(lab.marks()).toEqual(whole);
      lab.arena.check();
    });

    test('a frame that is pushed when a commit has failed at the beginning of a segment is of the one before <design/snc#.frame> <design/snc#.flip>', () => {
      const lab = new SncLab({ platform }), { stack, snc, t } = lab, slot = t.local(), other = snc.allocationPoint(t);
      lab.object();
      for (let n = 0; n < SEG / 1024; ++n) lab.push(slot, 1024, n);
      const frame = stack.framePush();
      // So that the next segment is elsewhere.
      lab.push(slot, 32, 50, -1, other);
      expect(stack.reserve(slot, 64)).toBe(ResOK);
      lab.arena.collect();
      expect([stack.commit(slot), stack.framePush()]).toEqual([false, frame]);
      lab.push(slot, 64, 51);
      stack.framePop(frame);
      expect(lab.marks()).toEqual([...Array.from({ length: 16 }, (_, n) => n), 50]);
      lab.arena.check();
    });

    test('a frame in a segment that was left is gone on with <design/snc#.pop>', () => {
      const lab = new SncLab({ platform }), { stack } = lab, slot = lab.t.local();
      lab.push(slot, 32, 1);
      const frame = stack.framePush(), before = lab.low(slot);
      for (let n = 0; n < 5; ++n) lab.push(slot, 12_000, 2);
      lab.push(slot, 40_000, 3);
      stack.framePop(frame);
      lab.push(slot, 32, 4);
      expect([lab.marks(), lab.low(slot)]).toEqual([[1, 4], before + 32]);
      lab.arena.check();
    });

    test('a large block begins a segment <design/snc#.large>', () => {
      const lab = new SncLab({ platform, memory: '8MiB' }), slot = lab.t.local();
      lab.push(slot, 32, 1);
      lab.push(slot, 100_001, 2);
      expect([lab.low(slot) % 4096, lab.t.r[(slot << 3) + 5] >= 100_001]).toEqual([0, true]);
      lab.push(slot, 32, 3);
      lab.arena.collect();
      expect(lab.marks()).toEqual([1, 2, 3]);
    });

    for (const when of ['push', 'pop', 'the next reserve'] as const) {
      test(`a flip before ${when} loses nothing <design/snc#.flip> <design/snc#.inv.kept>`, () => {
        const lab = new SncLab({ platform, pause: '0' }), { t, stack } = lab, [slot, ref, kept, next] = [t.local(), t.local(), t.local(), t.local()];
        lab.make(ref, 32, 71);
        lab.push(kept, 32, 1, ref);
        lab.make(ref, 32, 72);
        if (when === 'push') lab.flip();
        const frame = stack.framePush();
        for (let n = 0; n < 600; ++n) lab.push(slot, 32, 2, ref);
        if (when === 'pop') lab.flip();
        stack.framePop(frame);
        if (when === 'the next reserve') lab.flip();
        lab.push(next, 64, 3, ref);
        lab.push(slot, 48, 4, next);
        expect(lab.marks()).toEqual([1, 3, 4]);
        lab.arena.check();
        t.loadCap(ref, kept, 16);
        t.loadCap(next, slot, 16);
        expect([t.load32(ref, 0), t.load32(next, 0)]).toEqual([71, 3]);
        t.loadCap(ref, next, 16);
        expect(t.load32(ref, 0)).toBe(72);
      });
    }

    test('a pop across segments that are grey for a trace frees them <design/snc#.pop> <design/seg#.inv.free.clear>', () => {
      const lab = new SncLab({ platform, pause: '0' }), { t, stack, snc } = lab, [slot, ref, kept] = [t.local(), t.local(), t.local()];
      lab.make(ref, 32, 71);
      lab.push(kept, 32, 1, ref);
      const frame = stack.framePush();
      for (let n = 0; n < 2000; ++n) lab.push(slot, 32, 2, ref);
      lab.flip();
      stack.framePop(frame);
      expect(snc.totalSize).toBe(SEG);
      lab.arena.collect();
      lab.arena.check();
      t.loadCap(ref, kept, 16);
      expect([lab.marks(), t.load32(ref, 0)]).toEqual([[1], 71]);
    });
  });
}

test('an old frame that refers to nothing young is not scanned again, until it is written to <design/snc#.grey>', () => {
  const lab = new SncLab({ platform: 'ix', memory: '8MiB', nursery: '64KiB' }), { t, stack, arena } = lab, [slot, ref, kept] = [t.local(), t.local(), t.local()];
  lab.make(ref, 32, 71);
  lab.push(kept, 32, 1, ref);
  const seg = arena.heap.segOf(lab.low(kept) | 0)!, frame = stack.framePush();
  lab.push(slot, 20_000, 2);
  let scans = 0;
  arena.watcher = { scanned: (one) => { scans += Number(one === seg); } };
  const nursery = (): void => {
    lab.litter(64);
    arena.enter();
    arena.trace.start([lab.pool.generations[0]], { why: 'client', what: 'collect' });
    arena.leave();
    arena.park();
    arena.release();
  };
  arena.collect();
  arena.collect();
  arena.collect();
  for (let n = 0; n < 6; ++n) nursery();
  const before = scans;
  for (let n = 0; n < 6; ++n) nursery();
  expect([before > 0, scans - before, seg.summary !== -1]).toEqual([true, 0, true]);
  lab.make(ref, 32, 73);
  t.storeCap(kept, 16, ref);
  t.clear(ref);
  nursery();
  t.loadCap(ref, kept, 16);
  expect([scans > before, t.load32(ref, 0)]).toEqual([true, 73]);
  t.clear(ref);
  for (let n = 0; n < 12; ++n) nursery();
  expect(seg.summary).not.toBe(-1);
  // What is gone on with is written to again.
  stack.framePop(frame);
  expect([arena.heap.segOf(lab.low(kept) | 0), seg.summary, seg.protMode]).toEqual([seg, -1, 0]);
  stack.framePop(0);
  arena.check();
});

test('an allocation point that is given back takes its objects along, and no others <design/snc#.frame>', () => {
  const lab = new SncLab(), { t, snc } = lab, slot = t.local(), other = snc.allocationPoint(t);
  lab.push(slot, 32, 1);
  for (let n = 0; n < 1000; ++n) lab.push(slot, 32, 2, -1, other);
  other.finish();
  expect([lab.marks(), snc.totalSize]).toEqual([[1], SEG]);
  lab.arena.poolFinish(snc);
  lab.arena.check();
});

describe('rules of the interface', () => {
  test('a frame is one that began here and has not ended <design/snc#.if.frame>', () => {
    const lab = new SncLab(), { stack, snc, t } = lab, slot = t.local(), other = snc.allocationPoint(t);
    lab.push(slot, 64, 1);
    const one = stack.framePush();
    lab.push(slot, 64, 2);
    const two = stack.framePush();
    lab.push(slot, 64, 3, -1, other);
    stack.framePop(one);
    lab.push(slot, 32, 4);
    const far = lab.object();
    for (const frame of [two, one - 16, one + 5, other.framePush(), lab.low(far) - 1, 12_345, -1]) {
      expect(() => { stack.framePop(frame); }, String(frame)).toThrow('<design/snc#.if.frame>');
      lab.arena.leave();
    }
    stack.framePop(one);
    expect(lab.marks()).toEqual([1, 3]);
  });

  test('frames begin and end between blocks <design/buffer#.if.frame>', () => {
    const lab = new SncLab(), slot = lab.t.local();
    lab.stack.reserve(slot, 32);
    expect(() => lab.stack.framePush()).toThrow('<design/buffer#.if.frame>');
    expect(() => { lab.stack.framePop(0); }).toThrow('<design/buffer#.if.frame>');
  });

  test('references are exact <design/snc#.if.rank>', () => {
    const lab = new SncLab();
    expect(() => lab.snc.allocationPoint(lab.t, { rank: RankWEAK })).toThrow('<design/snc#.if.rank>');
  });

  test('where frames free nothing, they are 0 and do nothing <design/buffer#.frame>', () => {
    const lab = new Lab(), kept = lab.object(32, 7), frame = lab.ap.framePush();
    lab.object(32, 8);
    lab.ap.framePop(frame);
    expect([frame, lab.objects().size, lab.t.load32(kept, 0)]).toEqual([0, 2, 7]);
  });
});

/** A format that makes sure that it is shown whole objects only: their second word is their size. */
const sized: Format = {
  name: 'sized',
  scan: (view, base, limit) => {
    expect(Math.ceil(view.load32(base + 4) / 16) * 16).toBe((limit - base) | 0);
    return limit - base < 32 ? ResOK : view.fix(base + 16);
  },
};

for (const platform of ['an', 'ix'] as const) for (const format of [undefined, sized]) for (const seed of seeds(3)) {
  test(`frames that are pushed and popped at any time of a trace keep what they should, ${platform}, ${format?.name ?? 'tags'}, seed ${seed} <design/snc#.inv.kept> <design/snc#.inv.popped>`, () => {
    const lab = new SncLab({ platform, pause: '0', nursery: '16KiB', memory: '4MiB', seed }, format), { t, stack, arena } = lab, draw = random(seed);
    if (platform === 'ix') Object.assign(arena.control, { quantum: () => 1 });
    const [slot, ref] = [t.local(), t.local()], shadow: { low: number; mark: number; ref: boolean }[] = [], frames: [number, number][] = [];
    let popped = 0, retries = 0;
    for (let n = 0; n < 6000; ++n) {
      const dice = draw(100);
      if (dice < 8) frames.push([stack.framePush(), shadow.length]);
      else if (dice < 15 && frames.length > 0) {
        frames.length = draw(4) === 0 ? draw(frames.length) + 1 : frames.length;
        const [frame, length] = frames.pop()!;
        popped += shadow.length - length;
        shadow.length = length;
        stack.framePop(frame);
      } else {
        const size = draw(30) === 0 ? 1 + draw(20_000) : 16 + draw(200), whole = size > 31;
        lab.make(ref, 32, n);
        for (let tries = 0; ; ++tries) {
          expect(stack.reserve(slot, size)).toBe(ResOK);
          t.store32(slot, 0, n);
          t.store32(slot, 4, t.r[(slot << 3) + 5]);
          if (whole) t.storeCap(slot, 16, ref);
          if (draw(12) === 0 && !arena.trace.isBusy) lab.flip();
          if (stack.commit(slot)) break;
          retries += 1;
        }
        shadow.push({ low: lab.low(slot), mark: n, ref: whole });
        t.clear(slot);
        t.clear(ref);
      }
      if (n % 500 !== 499) continue;
      expect([...lab.frames()].sort(([a], [b]) => a - b)).toEqual(shadow.map(({ low, mark }) => [low, mark]).sort(([a], [b]) => a - b));
      const { heap } = arena;
      for (const { low, mark, ref: has } of shadow) {
        if (!has) continue;
        const at = (low + heap.segOf(low | 0)!.delta + 16) >>> 4, to = heap.i32[at << 2], seg = heap.segOf(to);
        expect([heap.tags[at], seg?.pool === lab.pool, heap.i32[((to >>> 0) + (seg?.delta ?? 0)) >>> 2]]).toEqual([1, true, mark]);
      }
      arena.check();
    }
    expect(popped, 'weak run').toBeGreaterThan(500);
    expect(retries, 'weak run').toBeGreaterThan(5);
    expect(arena.counts.collections, 'weak run').toBeGreaterThan(10);
    stack.framePop(0);
    arena.collect();
    expect(lab.frames().size).toBe(0);
  });
}
