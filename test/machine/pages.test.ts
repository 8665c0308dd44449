import { describe, expect, test } from 'vitest';
import { AddressSpace, addrOfWindow, Machine, PageALL, PageNEVER, PageREAD, PageSIZE, PageVALID, WindowHIGH, type Addr } from '../../code/machine/machine.ts';
import { give, giveAt, outcome, rig } from './rig.ts';

const addr = (value: number): Addr => value as Addr;

describe('page tables', () => {
  test('pages map to consecutive frames, in the window and elsewhere; beside them is nothing <design/machine#.pages>', () => {
    for (const base of [addrOfWindow(0x5000), addrOfWindow(-0x2000), addr(0x3_ffff_f000), addr(0x1000)]) {
      const space = new AddressSpace(), at = (page: number): number => {
        const where = base + page * PageSIZE;
        return space.entry(where | 0, Math.floor(where / 0x1_0000_0000));
      };
      space.map(base, 2 * PageSIZE, 0xffff_0000, PageREAD);
      expect([-1, 0, 1, 2].map(at)).toEqual([0, 0xffff_0000 | PageREAD | PageVALID, 0xffff_1000 | PageREAD | PageVALID, 0]);
      space.protect(base, PageSIZE, PageALL);
      expect([-1, 0, 1, 2].map(at)).toEqual([0, 0xffff_0000 | PageALL, 0xffff_1000 | PageREAD | PageVALID, 0]);
      space.unmap(base, PageSIZE);
      expect([-1, 0, 1, 2].map(at)).toEqual([0, 0, 0xffff_1000 | PageREAD | PageVALID, 0]);
    }
  });

  test('an entry with rights is valid <design/machine#.inv.pages.valid>', () => {
    const space = new AddressSpace();
    space.map(addrOfWindow(0), PageSIZE, 0, PageREAD);
    expect(space.entry(0, WindowHIGH)).toBe(PageREAD | PageVALID);
    space.protect(addrOfWindow(0), PageSIZE, 0);
    expect(space.entry(0, WindowHIGH)).toBe(PageVALID);
  });

  test('a change of rights or of the frame counts from the next access on <design/machine#.pages.uncached>', () => {
    const { hart, space } = rig();
    give(hart, 1, 0x2000, 16);
    hart.store32(1, 0, 7);
    space.map(addrOfWindow(0x2000), PageSIZE, 0x3000, PageREAD);
    expect(hart.load32(1, 0)).toBe(0);
    expect(outcome(() => { hart.store32(1, 0, 8); })).toBe('page');
    space.map(addrOfWindow(0x2000), PageSIZE, 0x2000, PageALL);
    expect(hart.load32(1, 0)).toBe(7);
  });

  test('two pages on one frame show the same bytes and tags <design/machine#.memory.tag>', () => {
    const { hart, space } = rig();
    space.map(addr(0x9000), PageSIZE, 0x2000, PageALL);
    give(hart, 1, 0x2000, 64);
    hart.storeCap(1, 16, 1);
    giveAt(hart, 2, 0x9000n, 0x9040n);
    hart.loadCap(3, 2, 16);
    expect(hart.isSame(3, 1)).toBe(true);
    hart.store8(2, 16, hart.load8(1, 16));
    hart.loadCap(3, 1, 16);
    expect(hart.isTagged(3)).toBe(false);
  });

  test('what is not whole pages, not in the address space or not in memory is refused and maps nothing <design/machine#.pages.aligned>', () => {
    const space = new Machine(4 * PageSIZE).space(), window = addrOfWindow(0);
    expect(() => { space.map(addr(window + 1), PageSIZE, 0, PageALL); }).toThrow('<design/machine#.pages.aligned>');
    expect(() => { space.map(window, 100, 0, PageALL); }).toThrow('<design/machine#.pages.aligned>');
    expect(() => { space.map(window, PageSIZE, 16, PageALL); }).toThrow('<design/machine#.pages.aligned>');
    expect(() => { space.map(window, 2 * PageSIZE, 3 * PageSIZE, PageALL); }).toThrow('<design/machine#.pages.frames>');
    expect(() => { space.map(window, PageSIZE, -PageSIZE, PageALL); }).toThrow('<design/machine#.pages.frames>');
    for (const right of [PageSIZE, 0x400, PageNEVER, -1]) {
      expect(() => { space.map(window, PageSIZE, 0, right); }).toThrow('<design/machine#.pages.rights>');
    }
    expect(() => { space.map(addr(2 ** 43 - PageSIZE), 2 * PageSIZE, 0, PageALL); }).toThrow('<design/machine#.pages.range>');
    expect(() => { space.map(addr(-PageSIZE), PageSIZE, 0, PageALL); }).toThrow('<design/machine#.pages.range>');
    expect(() => { space.protect(window, PageSIZE, PageALL); }).toThrow('<design/machine#.pages.mapped>');
    expect(() => { space.unmap(window, 1); }).toThrow('<design/machine#.pages.aligned>');
    expect(space.window.every((entry) => entry === 0)).toBe(true);
    space.map(window, 4 * PageSIZE, 0, PageALL);
    space.map(addr(2 ** 43 - PageSIZE), PageSIZE, 3 * PageSIZE, PageALL);
  });
});
