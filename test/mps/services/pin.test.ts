import { expect, test } from 'vitest';
import { ResOK, type Pin } from '../../../code/mps/mps.ts';
import { Lab } from '../lab.ts';

function pinned(pin: Pin | number): Pin {
  if (typeof pin === 'number') throw new Error(`no pin: result ${pin}`);
  return pin;
}

for (const platform of ['an', 'ix'] as const) {
  test(`a pin keeps an object alive and in place, with what it refers to, until it is released, on ${platform} <design/root#.pin>`, () => {
    const lab = new Lab({ platform }), leaf = lab.object(32, 5), it = lab.object(48, 6, leaf), low = lab.low(it);
    const pin = pinned(lab.arena.pin(lab.t, it));
    lab.t.clear(it);
    lab.t.clear(leaf);
    for (let k = 0; k < 3; ++k) lab.arena.collect();
    expect([lab.objects().size, lab.objects().get(low)]).toEqual([2, 48]);
    pin.get(lab.t, it);
    lab.t.loadCap(leaf, it, 16);
    expect([lab.low(it), lab.t.load32(it, 0), lab.t.load32(leaf, 0)]).toEqual([low, 6, 5]);
    pin.release();
    lab.arena.collect();
    expect([lab.low(it) === low, lab.t.load32(it, 0)]).toEqual([false, 6]);
    lab.t.clear(it);
    lab.t.clear(leaf);
    lab.arena.collect();
    expect(lab.objects().size).toBe(0);
  });
}

test('with several pins an object stays until the last is released <design/root#.pin>', () => {
  const lab = new Lab(), it = lab.object(32, 1), low = lab.low(it), pins = [0, 1, 2].map(() => pinned(lab.arena.pin(lab.t, it)));
  for (const [i, pin] of pins.entries()) {
    lab.arena.collect();
    expect(lab.low(it)).toBe(low);
    pin.release();
    expect(() => { pin.release(); }, `pin ${i}`).toThrow('<design/root#.if.pin>');
    expect(() => { pin.get(lab.t, it); }).toThrow('<design/root#.if.pin>');
  }
  lab.arena.collect();
  expect(lab.low(it)).not.toBe(low);
});

test('a pin by a part of an object is one of the object; of nothing there is none <design/root#.if.pinned>', () => {
  const lab = new Lab(), it = lab.object(64, 1), low = lab.low(it), part = lab.t.local(), { r } = lab.t;
  r.set(r.subarray(it << 3, (it << 3) + 8), part << 3);
  r[part << 3] = (low + 32) | 0;
  r[(part << 3) + 2] = (((low + 32) & 0x3fff) | (((low + 48) & 0xfff) << 14)) ^ 0x18004 | (1 << 26);
  lab.t.decode(part);
  const pin = pinned(lab.arena.pin(lab.t, part));
  lab.t.clear(it);
  lab.t.clear(part);
  expect(() => lab.arena.pin(lab.t, it)).toThrow('<design/root#.if.pinned>');
  lab.arena.collect();
  expect([...lab.objects()]).toEqual([[low, 64]]);
  pin.release();
});

test('there may be no memory for a pin; an arena that is finished has its pins\' memory back <design/root#.if>', () => {
  const lab = new Lab(), it = lab.object(), { ledger } = lab.arena;
  ledger.failAt = ledger.charges + 1;
  expect(lab.arena.pin(lab.t, it)).not.toBe(ResOK);
  ledger.failAt = 0;
  pinned(lab.arena.pin(lab.t, it));
  lab.system.finish();
  expect(ledger.used).toBe(0);
});
