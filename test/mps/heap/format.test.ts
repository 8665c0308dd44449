import { describe, expect, test } from 'vitest';
import { cool } from '../../../code/base/base.ts';
import { ResFAIL, ResOK, type Format } from '../../../code/mps/mps.ts';
import { Lab } from '../lab.ts';
import { headed } from '../rig.ts';
import { HeaderKIND } from '../shadow.ts';

/** Make an object with a header. */
function headedObject(lab: Lab, size: number, ref: number = -1): number {
  const { t } = lab, slot = t.local();
  do {
    lab.ap.reserve(slot, size);
    for (let at = 0; at < size; at += 4) t.store32(slot, at, at === 4 ? size : at === 8 ? HeaderKIND : 0);
    if (ref >= 0) t.storeCap(slot, 16, ref);
  } while (!lab.ap.commit(slot));
  return slot;
}

describe('a format with methods', () => {
  test('has its objects scanned, forwarded and told apart by them, and never its pads or unfinished blocks <design/format>', () => {
    const seen = { scan: 0, forward: 0, isForwarded: 0, pad: 0 };
    const counting: Format = {
      name: 'counting',
      scan: (view, base, limit) => { seen.scan += 1; return headed.scan!(view, base, limit); },
      forward: (view, from, to) => { seen.forward += 1; headed.forward!(view, from, to); },
      isForwarded: (view, base) => { seen.isForwarded += 1; return headed.isForwarded!(view, base); },
      pad: (view, base, limit) => { seen.pad += 1; headed.pad!(view, base, limit); },
    };
    const lab = new Lab({ format: counting }), { t } = lab, leaf = headedObject(lab, 32), node = headedObject(lab, 64, leaf), unfinished = t.local();
    lab.ap.reserve(unfinished, 1024);
    for (let at = 0; at < 1024; at += 4) t.store32(unfinished, at, -1);
    const low = lab.low(node);
    lab.arena.collect();
    expect(lab.low(node)).not.toBe(low);
    t.loadCap(node, node, 16);
    expect(t.isSame(node, leaf)).toBe(true);
    expect([seen.scan, seen.forward]).toEqual([2, 2]);
    expect(seen.isForwarded).toBeGreaterThan(1);
    expect(seen.pad, 'the rest of the segment that the buffer kept').toBeGreaterThan(0);
    lab.arena.check();
  });

  test('sees addresses of the heap only, aligned <design/format#.if.within> <design/format#.if.aligned>', () => {
    const lab = new Lab(), { view } = lab.arena, it = lab.object(32, 7);
    expect(view.load32(lab.low(it) + 4)).toBe(7);
    expect(() => view.load32(0)).toThrow('<design/format#.if.within>');
    expect(() => view.load32(lab.low(it) + 2)).toThrow('<design/format#.if.aligned>');
  });

  test('that stores through its view leaves no tag there; a fix of a word without a tag does nothing <design/format#.view>', () => {
    const lab = new Lab(), { view, heap } = lab.arena, it = lab.object(32), low = lab.low(it), g = (low + heap.segOf(low)!.delta) >>> 4;
    lab.t.storeCap(it, 16, it);
    expect(heap.tags[g + 1]).toBe(1);
    view.store32(low + 28, 5);
    expect(heap.tags[g + 1]).toBe(0);
    expect(view.fix(low + 16)).toBe(ResOK);
  });

  test('brings forward and isForwarded together <design/format#.if.pair>', () => {
    const lab = new Lab();
    expect(() => lab.arena.pool('amc', { format: { name: 'half', forward: headed.forward! } })).toThrow('<design/format#.if.pair>');
    expect(() => lab.arena.pool('amc', { format: { name: 'half', isForwarded: headed.isForwarded! } })).toThrow('<design/format#.if.pair>');
  });

  test('whose scan fails for a reason of its own is a defect of the client <design/amc#.emergency>', () => {
    const lab = new Lab({ format: { name: 'failing', scan: () => ResFAIL } });
    lab.object();
    expect(() => { lab.arena.collect(); }).toThrow('<design/amc#.emergency>');
  });

  test.runIf(cool)('whose skip disagrees with the sizes that were committed is found out <design/format#.if.skip>', () => {
    const lab = new Lab({ format: { ...headed, skip: (_, base) => base + 16 } });
    headedObject(lab, 64);
    expect(() => { lab.arena.collect(); }).toThrow('<design/format#.if.skip>');
  });
});
