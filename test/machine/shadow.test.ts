import { describe, expect, test } from 'vitest';
import { random } from '../../code/base/base.ts';
import { Shadow } from '../../code/machine/machine.ts';
import { seeds } from '../seed.ts';

describe('the shadow', () => {
  for (const seed of seeds(6)) {
    test(`it says of each granule what was last said of it <design/revoke#.inv.shadow> seed ${seed}`, () => {
      const draw = random(seed), shadow = new Shadow(), other = new Shadow(shadow.image()), model = new Set<number>();
      // Three stretches of 40 KiB, about the ends of the window and of a word of the coarse map.
      const from = [0, 0x8_0000 - 0x5000, 0x1_0000_0000 - 0xa000];
      let long = 0;
      for (let turn = 0; turn < 300; turn += 1) {
        const start = from[draw(3)], size = draw(4) === 0 ? draw(2561) : draw(70), first = draw(2561 - Math.min(size, 2560));
        const base = start + first * 16, limit = base + Math.min(size, 2560) * 16, isPainted = draw(2) === 0;
        if (isPainted) shadow.paint(base, limit);
        else shadow.clear(base, limit);
        for (let at = base; at < limit; at += 16) {
          if (isPainted) model.add(at);
          else model.delete(at);
        }
        if (size > 1024) long += 1;
        for (const near of [base - 16, base, limit - 16, limit].filter((place) => place >= 0 && place < 2 ** 32)) {
          expect([turn, near, other.isPainted(near + draw(16))]).toEqual([turn, near, model.has(near)]);
        }
      }
      expect(long).toBeGreaterThan(20);
      for (const start of from) {
        for (let at = start; at < start + 0xa000; at += 16) {
          if (shadow.isPainted(at | 0) !== model.has(at)) expect([at, model.has(at)]).toEqual([]);
        }
        shadow.clear(start, start + 0xa000);
      }
      // What was painted and cleared leaves no trace in either map: asking anywhere is cheap again.
      expect(new Int32Array(shadow.image(), 32 * 2 ** 20).every((word) => word === 0)).toBe(true);
    });
  }

  test('a range that ends with the first granule of a word, or of a bit of the coarse map, is painted whole <design/revoke#.inv.shadow>', () => {
    for (const at of [0x200, 0x4000, 0x8_0000]) {
      const shadow = new Shadow();
      shadow.paint(at - 32, at + 16);
      expect([-48, -32, -16, 0, 16].map((near) => shadow.isPainted(at + near))).toEqual([false, true, true, true, false]);
      shadow.clear(at - 16, at);
      expect([-32, -16, 0].map((near) => shadow.isPainted(at + near))).toEqual([true, false, true]);
    }
  });

  test('parts of granules and places beyond the window cannot be painted <design/revoke#.paint.granules>', () => {
    const shadow = new Shadow();
    for (const [base, limit] of [[8, 32], [0, 24]]) {
      expect(() => { shadow.paint(base, limit); }).toThrow('<design/revoke#.paint.granules>');
      expect(() => { shadow.clear(base, limit); }).toThrow('<design/revoke#.paint.granules>');
    }
    for (const [base, limit] of [[-16, 0], [32, 16], [0, 2 ** 32 + 16]]) {
      expect(() => { shadow.paint(base, limit); }).toThrow('<design/revoke#.paint.window>');
    }
    shadow.paint(64, 64);
    expect(shadow.isPainted(64)).toBe(false);
    shadow.paint(0, 2 ** 32);
    expect([0, 0x1234_5670, -1].map((low) => shadow.isPainted(low))).toEqual([true, true, true]);
  });
});
