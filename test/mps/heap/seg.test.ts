import { describe, expect, test } from 'vitest';
import { ZoneSetEMPTY, ZoneSetUNIV, type Seg } from '../../../code/mps/mps.ts';
import { AccessNONE, AccessREAD, AccessWRITE } from '../../../code/mps/plinth.ts';
import { Lab } from '../lab.ts';
import { Rig } from '../rig.ts';

/** A lab and the segment of its first object. */
function segOf(): { lab: Lab; seg: Seg } {
  const lab = new Lab(), it = lab.object();
  return { lab, seg: lab.arena.heap.segOf(lab.low(it))! };
}

test('every page of a segment belongs to it, and to nobody once it is freed <design/seg#.inv.number>', () => {
  const { lab, seg } = segOf(), { heap } = lab.arena;
  for (let page = seg.base; page < seg.limit; page += 4096) expect(heap.segOf(page + 4095)).toBe(seg);
  lab.arena.poolFinish(lab.pool);
  for (let page = seg.base; page < seg.limit; page += 4096) expect(heap.segOf(page)).toBeNull();
  expect([heap.segs[seg.number], heap.state[seg.number]]).toEqual([null, 0]);
});

test('a segment that is freed leaves its memory without tags, starts and protection <design/seg#.inv.free.clear>', () => {
  const lab = new Lab({ spare: 1 }), { t } = lab, it = lab.object(4000), { heap } = lab.arena, seg = heap.segOf(lab.low(it))!;
  for (let at = 0; at < 4000; at += 16) t.storeCap(it, at, it);
  const { granuleBase, granuleLimit } = seg;
  t.clear(it);
  lab.ap.finish();
  lab.arena.collect();
  expect(lab.arena.grains.spare, 'the memory is still there').toBeGreaterThan(0);
  expect([heap.tags.subarray(granuleBase, granuleLimit).some(Boolean), heap.starts.subarray(granuleBase, granuleLimit).some(Boolean), seg.shieldMode]).toEqual([false, false, AccessNONE]);
});

describe('protection', () => {
  test('is what colour and summary say <design/seg#.prot> <design/seg#.inv.summary.watched>', () => {
    const { lab, seg } = segOf(), { trace } = lab.arena;
    expect(seg.shieldWanted()).toBe(AccessNONE);
    seg.setSummary(ZoneSetEMPTY);
    expect([seg.shieldMode, seg.shieldWanted()]).toEqual([AccessWRITE, AccessWRITE]);
    seg.setGrey(true);
    expect(seg.shieldMode, 'before the flip mutators may read').toBe(AccessWRITE);
    trace.state = 'flipped';
    seg.syncShield();
    expect(seg.shieldMode).toBe(AccessREAD | AccessWRITE);
    seg.setGrey(false);
    seg.hit();
    expect([seg.shieldMode, seg.summary]).toEqual([AccessNONE, ZoneSetUNIV]);
    trace.state = 'idle';
  });

  test('has nothing left in it when mutators run, on a platform without barriers <design/an#.inv.open>', () => {
    const rig = new Rig({ habits: { seed: 2, sizes: [32, 64, 400] }, nursery: '32KiB' });
    for (let n = 0; n < 20; ++n) {
      rig.play(60);
      for (const seg of rig.arena.heap.segs) expect(seg?.shieldMode ?? AccessNONE).toBe(AccessNONE);
    }
    rig.end();
  });
});

test('a summary is recorded when several scans in a row found nothing condemned, and is watched then <design/seg#.defer>', () => {
  const rig = new Rig({ habits: { seed: 1, roots: 80, sizes: [32, 64, 400, 1000], collects: 0 }, nursery: '4KiB', barriers: true, memory: '4MiB' });
  let known = 0;
  for (let n = 0; n < 60; ++n) {
    rig.play(40);
    for (const seg of rig.arena.heap.segs) {
      if (seg === null || seg.summary === ZoneSetUNIV) continue;
      known += 1;
      expect([seg.defer, seg.buffer, seg.shieldMode & AccessWRITE]).toEqual([0, null, AccessWRITE]);
    }
  }
  expect(known, 'weak run').toBeGreaterThan(10);
  rig.end();
});

describe('check finds', () => {
  const broken: [string, string, (seg: Seg, other: Seg) => void][] = [
    ['a grey segment in no ring', '<design/seg#.inv.grey.ring>', (seg) => { seg.grey = true; }],
    ['a buffer that fills another', '<design/seg#.inv.buffer>', (seg, other) => { other.buffer = seg.buffer; }],
    ['a number that is another\'s', '<design/seg#.inv.number>', (seg, other) => { Object.assign(other, { number: seg.number }); }],
    ['an odd range', '<design/seg#.inv.range>', (_, other) => { Object.assign(other, { base: other.base + 16 }); }],
    ['a white limit outside', '<design/seg#.inv.range>', (_, other) => { other.whiteLimit = other.limit + 1; }],
  ];
  for (const [name, tag, breakIt] of broken) {
    test(`${name} ${tag}`, () => {
      const { lab, seg } = segOf(), other = lab.arena.heap.segOf(lab.low(lab.object(20_000)))!, small = lab.arena.heap.segOf(lab.low(lab.object()))!;
      lab.arena.check();
      breakIt(seg.buffer === null ? small : seg, other);
      expect(() => { lab.arena.check(); }).toThrow(tag);
    });
  }
});

test('a segment that is filled or grey cannot be finished <design/seg#.finish.bare>', () => {
  const { seg } = segOf();
  expect(() => { seg.finish(); }).toThrow('<design/seg#.finish.bare>');
});
