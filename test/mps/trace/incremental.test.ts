import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { baseDecode } from '../../../code/machine/machine.ts';
import { AccessREAD, RankEXACT, ZoneSetUNIV, zoneOf, type Event, type Seg } from '../../../code/mps/mps.ts';
import { seeds } from '../../seed.ts';
import { Lab, type LabOptions } from '../lab.ts';

/** Bytes of an object that is never copied, in three parts. */
const LARGE = 48 * 1024, PART = 16 * 1024;

/** An arena on POSIX that collects when the test says so, in quanta as small as can be. */
function lab(options: LabOptions = {}): Lab {
  const it = new Lab({ platform: 'ix', memory: '4MiB', nursery: '64KiB', pause: '0', ...options });
  it.arena.clamp();
  Object.assign(it.arena.control, { quantum: () => 1 });
  return it;
}

const segOf = (it: Lab, slot: number): Seg => it.arena.heap.segOf(it.low(slot) | 0) as Seg;

/** flip -- begin a trace of the first `count` generations, and do none of it. */
function flip({ arena }: Lab, count: number = Infinity): void {
  arena.enter();
  arena.trace.start(arena.allGenerations().slice(0, count), { why: 'client', what: 'step' });
  arena.leave();
}

/** quantum -- one quantum of `most` bytes. */
function quantum({ arena }: Lab, most: number = Infinity): void {
  arena.enter();
  arena.trace.advance('step', most);
  arena.leave();
}

function finish(it: Lab): void {
  it.arena.enter();
  it.arena.control.finish('finish');
  it.arena.leave();
  it.arena.check();
}

/** Zones of all the references in a segment, one by one. */
function zonesOf({ arena: { heap } }: Lab, seg: Seg): number {
  let zones = 0;
  for (let g = seg.granuleBase; g < seg.granuleLimit; ++g) {
    if (heap.tags[g] !== 0) zones |= 1 << zoneOf(baseDecode(heap.i32[g << 2], heap.i32[(g << 2) + 2]), heap.zoneShift);
  }
  return zones;
}

/** A vector that has been through two collections, and old objects in as many zones as may be, some of them in it. */
function vectorAndOld(it: Lab, seed: number): { vector: number; old: number[] } {
  const { t } = it, draw = random(seed), vector = it.object(LARGE), old = Array.from({ length: 24 }, () => it.object(16_384 + 4096 * draw(12), 1 + draw(1000)));
  const few = old.filter(() => draw(4) === 0);
  for (let at = 0; at < LARGE; at += 16) if (draw(30) === 0) t.storeCap(vector, at, few[draw(few.length)]);
  it.arena.collect();
  it.arena.collect();
  it.arena.collect();
  return { vector, old };
}

describe('a segment in parts', () => {
  /** What the vector's summary is after a trace of the nursery that scans it in parts, or at once, with `between` after each part. */
  function scanned(seed: number, most: number, between: (it: Lab, vector: number, seg: Seg) => void = () => undefined): { summary: number; zones: number; parts: number } {
    const it = lab(), { vector } = vectorAndOld(it, seed), seg = segOf(it, vector);
    seg.setSummary(ZoneSetUNIV);
    seg.defer = 1;
    it.object(32);
    flip(it, 1);
    it.arena.trace.quantum = most;
    let parts = 0;
    for (let last = seg.scanned; it.arena.trace.isFlipped && seg.grey;) {
      quantum(it);
      if (seg.scanned === last) continue;
      parts += 1;
      last = seg.scanned;
      if (!seg.grey) break;
      expect([seg.scanFrom, seg.scanned - seg.base, seg.shieldMode & AccessREAD]).toEqual([seg.base, parts * PART, AccessREAD]);
      between(it, vector, seg);
    }
    const found = { summary: seg.summary, zones: zonesOf(it, seg), parts };
    finish(it);
    return found;
  }

  test('has the summary that one scan would have given it <design/trace#.scan.part> <design/seg#.inv.summary>', () => {
    let known = 0;
    for (const seed of seeds(10)) {
      const inParts = scanned(seed, 1), atOnce = scanned(seed, Infinity);
      expect([inParts.parts, atOnce.parts]).toEqual([3, 1]);
      expect(inParts.summary).toBe(atOnce.summary);
      expect(inParts.zones & ~inParts.summary).toBe(0);
      if (inParts.summary !== ZoneSetUNIV) known += 1;
    }
    expect(known, 'weak run').toBeGreaterThan(3);
  });

  test('that somebody writes to between its parts refers to anything <design/trace#.scan.part> <design/seg#.inv.summary>', () => {
    for (const seed of seeds(4)) {
      let writes = 0;
      const { summary, parts } = scanned(seed, 1, (it, vector, seg) => {
        const at = (seg.scanned - seg.base) - 16 * (1 + writes);
        it.make(it.t.enter(1), 32, 5);
        it.t.storeCap(vector, at, it.t.top - 1);
        writes += 1;
      });
      expect([parts, writes]).toEqual([3, 2]);
      expect(summary).toBe(ZoneSetUNIV);
    }
  });

  test('has in its summary, between its parts, what has been fixed so far <design/seg#.inv.summary>', () => {
    const it = lab(), { vector } = vectorAndOld(it, 1), seg = segOf(it, vector), young = it.t.local();
    for (let at = 0; at < LARGE; at += 512) {
      it.make(young, 32, at);
      it.t.storeCap(vector, at, young);
    }
    it.arena.enter();
    for (const generation of it.arena.allGenerations()) it.pool.forwardFrom(generation).detach();
    it.arena.leave();
    seg.setSummary(zonesOf(it, seg));
    flip(it, 1);
    let parts = 0;
    while (seg.grey) {
      quantum(it);
      if (seg.scanned === seg.base || seg.scanned === seg.limit) continue;
      parts += 1;
      expect(seg.summary).not.toBe(ZoneSetUNIV);
      expect(zonesOf(it, seg) & ~seg.summary).toBe(0);
    }
    expect(parts, 'weak run').toBeGreaterThan(1);
    finish(it);
  });

  test('of a copying pool is gone on with by who hits it, to its end <design/trace#.scan.part> <design/trace#.access>', () => {
    let hits = 0;
    for (const seed of seeds(3)) {
      const it = lab({ nursery: '64KiB' }), { t } = it, draw = random(seed), slots = Array.from({ length: 40 }, (_, n) => it.object(1008, n));
      for (const slot of slots) for (let at = 16; at < 1008; at += 16) t.storeCap(slot, at, slots[draw(slots.length)]);
      flip(it);
      while (it.arena.trace.isFlipped) {
        quantum(it);
        const part = it.arena.heap.segs.find((seg): seg is Seg => seg !== null && seg.grey && !seg.white && seg.scanFrom >= 0), before = it.arena.counts.readHits;
        const slot = slots.find((one) => part !== undefined && segOf(it, one) === part);
        if (part === undefined || slot === undefined) continue;
        const [n, copy] = [t.load32(slot, 0), t.enter(1)];
        t.loadCap(copy, slot, 16);
        expect([slots[n], it.arena.counts.readHits - before, part.grey, part.scanned]).toEqual([slot, 1, false, part.scanLimit]);
        t.leave(copy);
        hits += 1;
      }
      finish(it);
      for (const [n, slot] of slots.entries()) expect(t.load32(slot, 0)).toBe(n);
    }
    expect(hits, 'weak run').toBeGreaterThan(0);
  });
});

describe('a large object that is grey', () => {
  /** A vector that is grey, of `LARGE` bytes, with `count` young objects in it, marked 1 to `count`. */
  function grey(count: number): { it: Lab; vector: number; seg: Seg } {
    const it = lab({ memory: '8MiB' }), { t } = it, vector = it.object(LARGE), slot = t.local();
    it.arena.collect();
    for (let n = 1; n <= count; ++n) {
      it.make(slot, 32, n);
      t.storeCap(vector, n * 16, slot);
    }
    t.clear(slot);
    flip(it);
    const seg = segOf(it, vector);
    expect([seg.grey, seg.large, seg.shieldMode & AccessREAD]).toEqual([true, true, AccessREAD]);
    it.told.length = 0;
    return { it, vector, seg };
  }

  test('has the one reference fixed that is loaded, and stays grey <design/shield#.single> <design/trace#.departs.single>', () => {
    const { it, vector, seg } = grey(50), { t, arena } = it, slot = t.local(), work = arena.trace.ss.work, { copied } = arena.trace.ss;
    t.loadCap(slot, vector, 7 * 16);
    expect([t.load32(slot, 0), seg.grey, seg.singles, arena.counts.readHits, arena.trace.ss.copied - copied]).toEqual([7, true, 1, 2, 32]);
    expect(arena.trace.ss.work - work, 'little has been done').toBeLessThan(4096);
    expect(t.load32(vector, 0), 'data are read as they are').toBe(0);
    expect([seg.grey, seg.singles]).toEqual([true, 2]);
    finish(it);
    for (let n = 1; n <= 50; ++n) {
      t.loadCap(slot, vector, n * 16);
      expect(t.load32(slot, 0)).toBe(n);
    }
  });

  test('has a store made, once, and its summary forgotten <design/shield#.single> <design/seg#.inv.summary>', () => {
    const { it, vector, seg } = grey(50), { t, arena } = it, slot = t.local();
    it.make(slot, 32, 99);
    t.storeCap(vector, 3 * 16, slot);
    t.store32(vector, 5 * 16, 1234);
    expect([seg.grey, seg.singles, seg.summary, arena.counts.readHits, arena.counts.writeHits]).toEqual([true, 2, ZoneSetUNIV, 2, 0]);
    t.loadCap(slot, vector, 3 * 16);
    expect(t.load32(slot, 0)).toBe(99);
    finish(it);
    expect(t.load32(vector, 5 * 16)).toBe(1234);
    t.loadCap(slot, vector, 5 * 16);
    expect(t.isTagged(slot)).toBe(false);
    t.loadCap(slot, vector, 3 * 16);
    expect(t.load32(slot, 0)).toBe(99);
  });

  test('is scanned after all when it has been hit as often in a trace as it has pages; in the next one they are counted anew <design/shield#.single>', () => {
    const { it, vector, seg } = grey(1000), { t, arena } = it, slot = t.local(), most = seg.size / 4096;
    for (let n = 1; n <= most + 1; ++n) {
      expect([seg.grey, seg.singles]).toEqual([true, n - 1]);
      t.loadCap(slot, vector, n * 16);
      expect(t.load32(slot, 0)).toBe(n);
      // What it refers to is read too, from a grey segment; that is hit once.
    }
    expect([seg.grey, seg.singles]).toEqual([false, most]);
    const { readHits } = arena.counts;
    t.loadCap(slot, vector, 300 * 16);
    expect(arena.counts.readHits).toBe(readHits);
    finish(it);
    it.object(32);
    flip(it);
    expect([seg.grey, seg.singles]).toEqual([true, 0]);
    finish(it);
  });

  test('that a hit finds in an emergency has its reference fixed where it is <design/shield#.single> <design/amc#.emergency>', () => {
    const { it, vector, seg } = grey(50), { t, arena } = it, slot = t.local(), { ledger } = arena;
    // No room for a copy: what forwards is full, and there is no other segment.
    for (let n = 1; n <= 10; ++n) {
      if (n === 5) {
        for (const generation of arena.allGenerations()) {
          const { seg: filled } = it.pool.forwardFrom(generation);
          if (filled !== null) it.pool.forwardFrom(generation).forwardReserve(1);
        }
        Object.assign(ledger, { failAt: ledger.charges + 1, failForever: true });
        arena.enter();
        for (const generation of arena.allGenerations()) it.pool.forwardFrom(generation).detach();
        arena.leave();
      }
      t.loadCap(slot, vector, n * 16);
      expect(t.load32(slot, 0)).toBe(n);
    }
    expect([arena.counts.emergencies, seg.grey]).toEqual([1, true]);
    ledger.failForever = false;
    finish(it);
    for (let n = 1; n <= 50; ++n) {
      t.loadCap(slot, vector, n * 16);
      expect(t.load32(slot, 0)).toBe(n);
    }
  });
});

describe('a hit', () => {
  test('right after the flip is dealt with at rank EXACT <design/trace#.band> <design/trace#.departs.band>', () => {
    const it = lab(), { t, arena } = it, slot = it.object(32, 3), other = it.object(32, 4, slot);
    flip(it);
    const types = it.told.map((event) => (event.type === 'band' ? `band ${event.rank}` : event.type)).filter((type) => type === 'flip' || type.startsWith('band'));
    expect([types, arena.trace.band]).toEqual([[`band ${RankEXACT}`, 'flip'], RankEXACT]);
    const copy = t.local();
    t.loadCap(copy, other, 16);
    expect([t.load32(copy, 0), t.isSame(copy, slot), arena.counts.readHits > 0]).toEqual([3, true, true]);
    finish(it);
  });

  test('of a store on a grey segment whose summary is then recorded gets there in two faults at most <design/trace#.inv.write.after>', () => {
    const it = lab(), { vector } = vectorAndOld(it, 1), { t, arena } = it, pair = it.object(32, 1);
    arena.collect();
    arena.collect();
    const seg = segOf(it, pair), { heap } = arena;
    it.arena.enter();
    for (const generation of arena.allGenerations()) it.pool.forwardFrom(generation).detach();
    it.arena.leave();
    for (const isKnown of [false, true]) {
      const young = 1 << zoneOf(it.low(it.object(32)), heap.zoneShift);
      seg.setSummary(isKnown ? zonesOf(it, seg) | young : ZoneSetUNIV);
      seg.defer = 1;
      it.object(32);
      flip(it, 1);
      expect(seg.grey, 'weak run').toBe(true);
      const { readHits, writeHits } = arena.counts;
      t.storeCap(pair, 16, vector);
      // Both barriers are hit at once; or the one, and the scan raises the other.
      expect([arena.counts.readHits - readHits, arena.counts.writeHits - writeHits]).toEqual([1, isKnown ? 0 : 1]);
      expect([seg.grey, seg.summary, seg.shieldMode]).toEqual([false, ZoneSetUNIV, 0]);
      finish(it);
    }
  });

  test('that somebody else has dealt with is a success <design/arena#.access.cleared>', () => {
    const it = lab(), slot = it.object(32, 3), { arena } = it;
    flip(it);
    const addr = it.low(slot) | 0;
    expect([arena.access(addr, AccessREAD, null), arena.access(addr, AccessREAD, null)]).toEqual(['read', 'cleared']);
    expect([arena.counts.clearedHits, it.t.load32(slot, 0), it.system.platform.faults().forwarded]).toEqual([1, 3, 0]);
    finish(it);
  });

  test('on a page in no segment is nobody\'s <design/arena#.access.owned>', () => {
    const it = lab();
    expect([it.arena.access(0, AccessREAD, null), it.arena.owns(0), it.arena.owns(it.low(it.object()) | 0)]).toEqual([null, false, true]);
  });
});

describe('while a trace is under way', () => {
  test('a collection finishes it, and is one of its own <design/policy#.reason>', () => {
    const it = lab(), slot = it.object(32, 3);
    flip(it);
    it.told.length = 0;
    it.litter(1000);
    it.arena.collect();
    const told = it.told.filter((event): event is Extract<Event, { type: 'condemn' | 'reclaim' }> => event.type === 'condemn' || event.type === 'reclaim');
    expect(told.map(({ type, trace }) => [type, trace])).toEqual([['reclaim', 1], ['condemn', 2], ['reclaim', 2]]);
    expect([it.t.load32(slot, 0), it.objects().size]).toEqual([3, 1]);
  });

  test('a walk finishes it <design/arena#.walk>', () => {
    const it = lab();
    it.object(32, 3);
    flip(it);
    expect([it.objects().size, it.arena.trace.isBusy]).toEqual([1, false]);
  });

  test('what is allocated is black: neither grey nor white, and it stays <design/trace#.flip>', () => {
    const it = lab(), { t } = it, old = it.object(32, 1);
    flip(it);
    const fresh = it.object(32, 2, old), large = it.object(LARGE, 3, old);
    expect([segOf(it, large).grey, segOf(it, large).white, segOf(it, fresh).white && it.low(fresh) < segOf(it, fresh).whiteLimit]).toEqual([false, false, false]);
    const { readHits } = it.arena.counts;
    expect([t.load32(fresh, 0), t.load32(large, 0)]).toEqual([2, 3]);
    expect(it.arena.counts.readHits - readHits).toBeLessThanOrEqual(1);
    t.clear(fresh);
    finish(it);
    expect(it.objects().size, 'not until the next trace').toBe(3);
    it.arena.collect();
    expect(it.objects().size).toBe(2);
  });

  test('what is reserved is never read as objects, however much is committed above it <design/buffer#.inv.scanlimit>', () => {
    const poisoned = -1, seen: number[] = [];
    const it = lab({
      format: {
        name: 'poison', scan: (view, base, limit) => {
          seen.push(view.load32(base));
          for (let addr = base + 16; addr !== limit; addr = (addr + 16) | 0) view.fix(addr);
          return 0;
        },
      },
    }), { t, ap } = it, old = it.object(32, 7), slot = t.local();
    ap.reserve(slot, 512);
    for (let at = 0; at < 512; at += 4) t.store32(slot, at, poisoned);
    flip(it);
    // The block is made again, above it many others, while its segment is grey or white.
    for (let n = 0; it.arena.trace.isBusy; ++n) {
      expect(ap.commit(slot)).toBe(n > 0);
      it.make(t.enter(1), 64, 8, old);
      ap.reserve(slot, 512);
      for (let at = 0; at < 512; at += 4) t.store32(slot, at, n % 2 === 0 ? 9 : poisoned);
      if (n % 2 === 1) {
        // A second flip would find this block; it is given up first.
        for (let at = 0; at < 512; at += 4) t.store32(slot, at, 9);
      }
      quantum(it);
    }
    ap.commit(slot);
    finish(it);
    expect(seen.length, 'weak run').toBeGreaterThan(0);
    expect(seen).not.toContain(poisoned);
    expect(t.load32(old, 0)).toBe(7);
  });
});
