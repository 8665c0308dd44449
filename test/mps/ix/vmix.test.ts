import { describe, expect, test } from 'vitest';
import { faultMake, Memory, PageSIZE, WindowHIGH } from '../../../code/machine/machine.ts';
import { Vmix } from '../../../code/mps/ix/vmix.ts';
import { Frames, Kernel, ProtHASCAP, ProtREAD, ProtWRITE, type MapEntry, type Process } from '../../../code/os/os.ts';

describe.each(['cheribsd', 'pcuabi'] as const)('%s', (abi) => {
  const RW = ProtREAD | ProtWRITE | ProtHASCAP;

  function rig(size: number = 0x10_0000): { process: Process; vmix: Vmix; kernel: Kernel } {
    const memory = new Memory(size), kernel = new Kernel({ memory, frames: new Frames(memory, 0, size), seed: 1, abi }), process = kernel.process('p', true);
    return { process, kernel, vmix: new Vmix(process, false) };
  }

  /** What is mapped, as pages from `base`: how many, of what kind, and what they allow of what. */
  const shape = (process: Process): [number, MapEntry['kind'], number, number][] =>
    process.map.entries().map(({ base, limit, kind, prot, max }) => [(limit - base) / PageSIZE, kind, prot, max]);

  describe('a reservation', () => {
    test('is mapped without a hole, whatever is committed and decommitted in it <design/vmix#.holes> <design/vmix#.reserve>', () => {
      const { process, vmix } = rig(), base = vmix.reserve(0x1_0000)?.base ?? 0;
      expect(shape(process)).toEqual([[16, 'mapped', 0, RW]]);
      expect(vmix.commit(base + 2 * PageSIZE, 4 * PageSIZE)).toBe(true);
      expect(shape(process)).toEqual([[2, 'mapped', 0, RW], [4, 'mapped', RW, RW], [10, 'mapped', 0, RW]]);
      vmix.protect(base + 3 * PageSIZE, PageSIZE, ProtREAD);
      vmix.decommit(base + 2 * PageSIZE, 3 * PageSIZE);
      expect(shape(process)).toEqual([[5, 'mapped', 0, RW], [1, 'mapped', RW, RW], [10, 'mapped', 0, RW]]);
      expect(vmix.ranges).toMatchObject([{ base: base >>> 0, limit: (base >>> 0) + 0x1_0000 }]);
      const before = vmix.ranges;
      vmix.release({ base, size: 0x1_0000, delta: 0 });
      expect([shape(process), vmix.ranges, before.length]).toEqual([[], [], 1]);
      expect(() => vmix.commit(base, PageSIZE)).toThrow('<design/vmix#.inv.owned>');
    });

    test('begins zero and without tags, each time <design/vmix#.inv.fresh>', () => {
      const { process, vmix, kernel } = rig(), reservation = vmix.reserve(0x1_0000), thread = process.adopt('main');
      const { base, delta } = reservation ?? { base: 0, delta: 0 }, hart = thread?.hart, { i32, tags } = kernel.memory;
      if (hart === undefined) throw new Error('no memory for a thread');
      expect(vmix.commit(base, 2 * PageSIZE)).toBe(true);
      hart.r.set(vmix.hart.r.subarray(2 << 3, 3 << 3), 5 << 3);
      hart.storeCap(5, PageSIZE, 5);
      hart.store32(5, PageSIZE + 32, 7);
      const at = (base + delta + PageSIZE) >>> 0;
      expect([i32[at / 4] !== 0, tags[at / 16], i32[at / 4 + 8]]).toEqual([true, 1, 7]);
      vmix.decommit(base + PageSIZE, PageSIZE);
      expect(process.map.fault(faultMake('page', 'load', (base + PageSIZE) | 0, WindowHIGH, 4, 5, 0, -1))).toBe('accerr');
      expect(vmix.commit(base + PageSIZE, PageSIZE)).toBe(true);
      expect([i32.subarray(at / 4, at / 4 + 1024).some((word) => word !== 0), tags.subarray(at / 16, at / 16 + 256).some((tag) => tag !== 0)]).toEqual([false, false]);
    });

    test('of a size that bounds cannot say gets padding, and gives it back <design/vmix#.exact>', () => {
      const { process, vmix, kernel } = rig(0x200_0000), size = 0x100_1000, { available } = kernel.frames;
      const reservation = vmix.reserve(size);
      expect(reservation?.size).toBe(size);
      const [all, padding] = shape(process);
      expect([all, padding[1]]).toEqual([[size / PageSIZE, 'mapped', 0, RW], 'hole']);
      expect(kernel.frames.available).toBe(available - size - padding[0] * PageSIZE);
      if (reservation !== null) vmix.release(reservation);
      expect([shape(process), kernel.frames.available]).toEqual([[], available]);
    });

    test('there is none without a run of frames, and nothing has changed <design/vmix#.reserve>', () => {
      const { process, vmix, kernel } = rig(), holes: number[] = [];
      for (let frame = 0; frame < 256; ++frame) holes.push(kernel.frames.alloc(PageSIZE));
      for (const [index, frame] of holes.entries()) if (index % 2 === 0) kernel.frames.dropRun(frame, PageSIZE);
      const { available } = kernel.frames;
      // Too large for frames one by one; small enough for them, but of no use so.
      expect([vmix.reserve(0x1_0000), vmix.reserve(4 * PageSIZE), vmix.reserve(0x2000_0000)]).toEqual([null, null, null]);
      expect([shape(process), kernel.frames.available, vmix.ranges]).toEqual([[], available, []]);
      expect(vmix.reserve(PageSIZE)).not.toBe(null);
    });

    test('of which there are many is found by its addresses, and its slot used again <design/vmix#.inv.owned> <design/vmix#.slots> <design/protix#.threads.async.improve.how>', () => {
      const { vmix, process } = rig(0x20_0000), none = vmix.ranges, made = Array.from({ length: 254 }, () => vmix.reserve(PageSIZE));
      expect([made.includes(null), vmix.reserve(PageSIZE)]).toEqual([false, null]);
      const before = vmix.ranges;
      for (const [index, reservation] of made.entries()) {
        if (reservation === null) continue;
        expect(vmix.commit(reservation.base, PageSIZE)).toBe(true);
        if (index % 2 === 0) vmix.release(reservation);
      }
      // Who has the list goes on reading it as it was.
      expect([none.length, before.length, vmix.ranges.length, process.map.entries().length]).toEqual([0, 254, 127, 127]);
      expect(vmix.reserve(PageSIZE)).not.toBe(null);
      expect(() => vmix.commit(0x7000_0000, PageSIZE)).toThrow('<design/vmix#.inv.owned>');
    });

    test('calls about one\'s own that fail are defects <design/vmix#.inv.calls>', () => {
      const { vmix } = rig(), base = vmix.reserve(0x1_0000)?.base ?? 0, tag = '<design/vmix#.inv.calls>';
      expect(() => { vmix.decommit(base, 0x1_1000); }).toThrow(tag);
      expect(() => { vmix.decommit(base + 16, PageSIZE); }).toThrow(tag);
      expect(() => { vmix.release({ base: base + 16, size: PageSIZE, delta: 0 }); }).toThrow(tag);
      expect(vmix.commit(base, 0x1_1000)).toBe(false);
    });
  });
});
