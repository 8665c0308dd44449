/* format-header.test.ts: formats with headers, alignment and classes; what ambiguous references to such objects pin; areas with marked references. */
import { describe, expect, test } from 'vitest';
import { WindowHIGH, incOffset, setBounds } from '../../../code/machine/machine.ts';
import {
  RankAMBIG, RankEXACT, ResFAIL, ResOK, formatClass, scanArea, scanAreaMasked, scanAreaTagged, scanAreaTaggedOrZero, tagged, type Format, type FormatView,
} from '../../../code/mps/mps.ts';
import { Lab } from '../lab.ts';
import { behind } from '../rig.ts';
import { HeaderKIND } from '../shadow.ts';

/** An object behind a header of a granule. */
function made(lab: Lab, size: number): number {
  const slot = lab.t.local();
  do {
    lab.ap.reserve(slot, size);
    for (const [word, value] of [0, size, HeaderKIND, 0].entries()) lab.t.store32(slot, word * 4, value);
    for (let at = 16; at < size; at += 4) lab.t.store32(slot, at, 0);
  } while (!lab.ap.commit(slot));
  return slot;
}

describe('a format with a header', () => {
  test('has its methods given addresses behind it, but for pads <design/format#.header>', () => {
    const seen: Record<string, [number, number][]> = { scan: [], forward: [], isForwarded: [], pad: [] };
    const note = <T>(what: string, one: number, other: number, result: T): T => { seen[what].push([one >>> 0, other >>> 0]); return result; };
    const noting: Format = {
      ...behind,
      scan: (view, base, limit) => note('scan', base, limit, behind.scan!(view, base, limit)),
      forward: (view, from, to) => { note('forward', from, to, behind.forward!(view, from, to)); },
      isForwarded: (view, base) => note('isForwarded', base, 0, behind.isForwarded!(view, base)),
      pad: (view, base, limit) => { note('pad', base, limit, behind.pad!(view, base, limit)); },
    };
    const lab = new Lab({ format: noting, platform: 'an' }), one = made(lab, 64), two = made(lab, 96), from = [lab.low(one), lab.low(two)];
    lab.arena.collect();
    const to = [lab.low(one), lab.low(two)];
    expect(seen['forward']).toEqual([[from[0] + 16, to[0] + 16], [from[1] + 16, to[1] + 16]]);
    expect([...seen['scan']].sort(([a], [b]) => a - b)).toEqual([[to[0] + 16, to[0] + 80], [to[1] + 16, to[1] + 112]].sort(([a], [b]) => a - b));
    expect(seen['isForwarded'].every(([base]) => from.includes(base - 16)), 'asked of what may have moved').toBe(true);
    expect(seen['pad'].length).toBeGreaterThan(0);
    for (const [base, limit] of seen['pad']) expect([base % 16, limit % 16]).toEqual([0, 0]);
  });

  test('of whole granules, no other <design/format#.if.header>', () => {
    const { arena } = new Lab();
    for (const headerSize of [8, -16, 1.5]) expect(() => arena.pool('amc', { format: { name: 'odd', headerSize } })).toThrow('<design/format#.if.header>');
    expect(arena.pool('amcz', { format: { name: 'even', headerSize: 32 } }).format.headerSize).toBe(32);
  });

  test('has longer objects than that <design/format#.if.longer>', () => {
    const lab = new Lab({ format: { name: 'long', headerSize: 32 } }), slot = lab.t.local();
    for (const size of [1, 16, 32]) expect(() => lab.ap.reserve(slot, size)).toThrow('<design/format#.if.longer>');
    expect(lab.ap.reserve(slot, 33)).toBe(ResOK);
  });

  test('sizes and addresses are multiples of its alignment <design/format#.alignment>', () => {
    const lab = new Lab({ format: { name: 'wide', alignment: 64 }, pool: { extendBy: 8192 } }), slot = lab.t.local();
    for (let n = 0; n < 300; ++n) {
      lab.make(slot, 1 + 37 * n % 6000, n);
      expect([lab.low(slot) % 64, lab.t.r[(slot << 3) + 5] % 64]).toEqual([0, 0]);
    }
    lab.arena.collect();
    expect([lab.low(slot) % 64, lab.t.load32(slot, 0)]).toEqual([0, 299]);
  });

  test('classes are what it says, or the first word <design/format#.class>', () => {
    const lab = new Lab(), { view } = lab.arena, low = lab.low(lab.object(48, 77));
    lab.arena.heap.i32[((low + lab.arena.heap.segOf(low | 0)!.delta) >>> 2) + 4] = 78;
    expect([
      formatClass(tagged, view, low), formatClass({ name: 'headed', headerSize: 16 }, view, low),
      formatClass({ name: 'asked', headerSize: 16, class: (_, base) => (base - low) | 0 }, view, low),
    ]).toEqual([77, 78, 16]);
  });
});

for (const platform of ['an', 'ix'] as const) for (const format of [{ name: 'plain', headerSize: 16 }, behind]) for (const interior of [true, false]) for (const isTagged of [true, false]) {
  test(`invariant 12: ${isTagged ? 'capabilities' : 'addresses'} a granule around each boundary pin what they mean, and nothing else, ${interior ? 'interior' : 'base only'}, ${format.name}, ${platform} <design/amc#.interior> <design/format#.header>`, () => {
    const sizes = [48, 32, 64, 4032, 48], steps = isTagged ? [-16, 0, 16] : [-16, -15, -1, 0, 1, 15, 16, 17, 32];
    let pinned = 0, moved = 0;
    for (const [k] of sizes.entries()) for (const step of steps) {
      const lab = new Lab({ platform, format, pool: { interior } }), { arena, t, system } = lab, area = t.local(), spare = t.local();
      system.statics(t, area, 64, RankAMBIG);
      const slots = sizes.map((size) => made(lab, size)), lows = slots.map((slot) => lab.low(slot));
      // What comes first in its segment has nothing before it.
      if (k === 0 && step < 0) continue;
      const addr = lows[k] + step, of = lows.findLastIndex((low) => low <= addr);
      if (isTagged) {
        incOffset(t, spare, slots[of], BigInt(addr - lows[of]));
        setBounds(t, spare, spare, 16n);
        t.storeCap(area, 0, spare);
        t.clear(spare);
      } else for (const [at, value] of [addr | 0, WindowHIGH, 0, 0].entries()) t.store32(area, at * 4, value);
      arena.collect();
      const stays = slots.flatMap((slot, n) => (lab.low(slot) === lows[n] ? [n] : []));
      const isPin = interior || isTagged || addr === lows[of] + 16;
      expect(stays, `${addr - lows[k]} of object ${k}`).toEqual(isPin ? [of] : []);
      pinned += Number(isPin);
      moved += Number(!isPin);
      arena.check();
    }
    expect([pinned > 3, interior || isTagged || moved > 10], 'weak run').toEqual([true, true]);
  });
}

describe('areas', () => {
  /** A lab whose format has objects of 10 granules scanned by `scan`, from the second on, and references with marks in the low bits. */
  function marked(scan: (view: FormatView, base: number, limit: number) => number): { lab: Lab; kept: number[] } {
    const lab = new Lab({ format: { name: 'marked', scan: (view, base, limit) => (limit - base === 160 ? scan(view, base, limit) : ResOK) } }), { t } = lab;
    const node = lab.object(160), leaf = t.local();
    for (let mark = 0; mark < 9; ++mark) {
      lab.make(leaf, 32, 100 + mark);
      t.r[leaf << 3] += mark;
      t.storeCap(node, 16 + mark * 16, leaf);
    }
    t.clear(leaf);
    lab.arena.collect();
    const kept: number[] = [];
    lab.arena.walk((base, size, seg) => { if (size === 32) kept.push(lab.arena.heap.i32[((base >>> 0) + seg.delta) >>> 2] - 100); });
    return { lab, kept: kept.sort((a, b) => a - b) };
  }

  test('have the references of a pattern followed, with no mark, or whatever it is <design/format#.areas> <design/format#.tags>', () => {
    const all = [0, 1, 2, 3, 4, 5, 6, 7, 8], tag = { mask: 3, pattern: 2 };
    expect(marked((view, base, limit) => scanArea(view, base, limit)).kept).toEqual(all);
    expect(marked((view, base, limit) => scanAreaMasked(view, base, limit, 7)).kept).toEqual(all);
    expect(marked((view, base, limit) => scanAreaTagged(view, base, limit, tag)).kept).toEqual([2, 6]);
    expect(marked((view, base, limit) => scanAreaTaggedOrZero(view, base, limit, tag)).kept).toEqual([0, 2, 4, 6, 8]);
  });

  test('keep the marks of what moves <design/format#.tags>', () => {
    const { lab } = marked((view, base, limit) => scanAreaMasked(view, base, limit, 15)), { heap } = lab.arena;
    let found = 0;
    lab.arena.walk((base, size, seg) => {
      if (size !== 160) return;
      for (let mark = 0; mark < 9; ++mark) {
        const at = ((base >>> 0) + seg.delta + 16 + mark * 16) >>> 4;
        expect([heap.tags[at], heap.i32[at << 2] & 15]).toEqual([1, mark]);
        found += 1;
      }
    });
    expect(found).toBe(9);
  });

  test('have marks in the low four bits <design/format#.if.tag>', () => {
    const { view } = new Lab().arena;
    expect(() => scanAreaMasked(view, 0, 0, 16)).toThrow('<design/format#.if.tag>');
    expect(() => scanAreaTagged(view, 0, 0, { mask: 3, pattern: 4 })).toThrow('<design/format#.if.tag>');
    expect(() => scanAreaTaggedOrZero(view, 0, 0, { mask: -1, pattern: 0 })).toThrow('<design/format#.if.tag>');
  });

  test('end where a fix fails <design/format#.methods>', () => {
    const asked: number[] = [];
    const view: FormatView = { load32: () => 0, store32: () => undefined, fix: (addr) => (asked.push(addr) < 3 ? ResOK : ResFAIL) };
    expect([scanArea(view, 0, 160), asked]).toEqual([ResFAIL, [0, 16, 32]]);
  });

  for (const platform of ['an', 'ix'] as const) {
    test(`invariant 6: a scan within a scan adds to what the segment is known to refer to, ${platform} <design/scan#.inv.unfixed> <design/seg#.inv.summary>`, () => {
      // Half of each object by the area, the other half by the method itself.
      const half: Format = {
        name: 'half',
        scan: (view, base, limit) => {
          const middle = (base + ((limit - base) >> 5) * 16) | 0;
          for (let addr = base; addr !== middle; addr = (addr + 16) | 0) view.fix(addr);
          return scanArea(view, middle, limit);
        },
      };
      const lab = new Lab({ platform, format: half, nursery: '16KiB', memory: '4MiB', pause: '0', rank: RankEXACT }), { t, arena } = lab, { heap } = arena;
      let looked = 0, narrow = 0;
      arena.watcher = {
        scanned: (seg) => {
          narrow += Number(seg.summary !== -1);
          seg.pool.eachPart(seg, (g, limit) => {
            for (let at = g; at < limit; ++at) {
              if (heap.tags[at] === 0) continue;
              looked += 1;
              expect(seg.summary & (1 << (heap.i32[at << 2] >>> heap.zoneShift)), 'the zone of a reference').not.toBe(0);
            }
          });
        },
      };
      const [list, node] = [t.local(), t.local()];
      for (let n = 0; n < 3000; ++n) {
        lab.make(node, 96, n);
        t.storeCap(node, 16 * (n % 6), list);
        if (n % 11 > 0) t.move(list, node);
        if (n % 1000 === 999) arena.collect();
      }
      for (let n = 0; n < 20; ++n) {
        lab.litter(64);
        arena.park();
        arena.release();
        arena.enter();
        arena.trace.start([lab.pool.generations[0]], { why: 'client', what: 'collect' });
        arena.leave();
      }
      arena.park();
      expect([looked > 1000, narrow > 3], 'weak run').toEqual([true, true]);
    });
  }
});
