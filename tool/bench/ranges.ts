/* ranges.ts: LOOPS OVER RANGES
 *
 * Wide accesses and the sweep of a revocation, a page an operation, against the same work on typed arrays <design/bench#.micro.ranges>.
 */
import {
  addrOfWindow, Machine, PageALL, PageSIZE, Revoker, riscv, setBounds, Shadow, slotWrite, wideCopy, wideFill, WindowHIGH, type AddressSpace,
  type Hart,
} from '../../code/machine/machine.ts';
import type { Loops } from './loops.ts';

/** Sixteen pages at the beginning of the window: copies go from the first eight to the others. */
const RangeSIZE: number = 16 * PageSIZE;
const RangeHALF: number = RangeSIZE / 2;
const PageWORDS = 1024;

/** Pages that a sweep visits: looking through the table of the window, once a pass, is to be little beside. */
const SweepPAGES = 4096;

interface Range {
  readonly machine: Machine;
  readonly space: AddressSpace;
  readonly hart: Hart;
}

/** range -- a hart whose slot 1 reaches `size` bytes of the window; every fourth granule there holds a capability. */
function range(size: number): Range {
  const machine = new Machine(size), space = machine.space(), hart = machine.hart('micro', space);
  slotWrite(hart, 1, riscv.rootAt(BigInt(WindowHIGH) << 32n));
  setBounds(hart, 1, 1, size);
  setBounds(hart, 2, 1, 64);
  space.map(addrOfWindow(0), size, 0, PageALL);
  for (let offset = 0; offset < size; offset += 64) hart.storeCap(1, offset, 2);
  return { machine, space, hart };
}

/** copy -- a page to a page, tags and all; raw, its words and the bytes beside them that tags would be. */
function copy(): Loops {
  const { machine: { memory }, hart } = range(RangeSIZE), words = new Int32Array(memory.i32), tags = new Uint8Array(memory.tags);
  return {
    machine: () => {
      for (let i = 0; i < 0x1_0000; i++) wideCopy(hart, 1, RangeHALF + (i & 7) * PageSIZE, 1, (i & 7) * PageSIZE, PageSIZE, 'keep');
      return memory.i32[(RangeHALF >>> 2) + 1] + memory.tags[RangeHALF >>> 4];
    },
    raw: () => {
      for (let i = 0; i < 0x1_0000; i++) {
        const from = (i & 7) * PageWORDS, to = (RangeHALF >>> 2) + from;
        words.copyWithin(to, from, from + PageWORDS);
        tags.copyWithin(to >>> 2, from >>> 2, (from + PageWORDS) >>> 2);
      }
      return words[(RangeHALF >>> 2) + 1] + tags[RangeHALF >>> 4];
    },
  };
}

/** fill -- a page with one byte. */
function fill(): Loops {
  const { machine: { memory }, hart } = range(RangeSIZE), bytes = new Uint8Array(memory.u8), tags = new Uint8Array(memory.tags);
  return {
    machine: () => {
      for (let i = 0; i < 0x1_0000; i++) wideFill(hart, 1, (i & 7) * PageSIZE, PageSIZE, i & 255);
      return memory.u8[5] + memory.tags[0];
    },
    raw: () => {
      for (let i = 0; i < 0x1_0000; i++) {
        const from = (i & 7) * PageSIZE;
        bytes.fill(i & 255, from, from + PageSIZE);
        tags.fill(0, from >>> 4, (from + PageSIZE) >>> 4);
      }
      return bytes[5] + tags[0];
    },
  };
}

/** sweep -- a page that holds 64 capabilities, none of them revoked; raw, its tags four at a time, and the words of what is tagged. */
function sweep(): Loops {
  const { machine, space, hart } = range(SweepPAGES * PageSIZE), { memory } = machine;
  const revoker = new Revoker(machine, space, new Shadow()), tags32 = new Int32Array(memory.tags32), words = new Int32Array(memory.i32);
  return {
    machine: () => {
      for (let i = 0; i < 0x1_0000; i += SweepPAGES) {
        revoker.open([hart]);
        while (!revoker.step(SweepPAGES));
        revoker.close();
      }
      return memory.tags[0] + memory.tags[60];
    },
    raw: () => {
      let base = 0;
      for (let i = 0; i < 0x1_0000; i++) {
        const from = (i & 4095) * 64;
        for (let group = from; group < from + 64; group++) {
          if (tags32[group] !== 0) base |= words[group << 4];
        }
      }
      return base + (tags32[0] & 1) + (tags32[15] & 1);
    },
  };
}

/** What makes the loops of each case, by name; operations are pages. */
export const RANGES: Readonly<Record<string, () => Loops>> = { 'copy-page': copy, 'fill-page': fill, 'sweep-page': sweep };
