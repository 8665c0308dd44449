import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Hart, AddressSpace, Memory, PermDATA, WindowHIGH, boundsEncode } from '../../../code/machine/machine.ts';
import { ResFAIL, ResOK, ZoneSetUNIV, zoneOf } from '../../../code/mps/mps.ts';
import { Heap, SegWHITE } from '../../../code/mps/heap/heap.ts';
import { ScanState, fixWords, scanGranules, scanSlots } from '../../../code/mps/trace/scan.ts';

const SHIFT = 14;

/** A heap in which segment number 1, white, has some pages, and what is fixed there moves up by 64 bytes. */
function bench(white: readonly number[]) {
  const heap = new Heap(new Memory(0x1_0000)), fixed: number[] = [];
  heap.zoneShift = SHIFT;
  heap.state[1] = SegWHITE;
  for (const page of white) heap.tracts[page] = 1;
  const ss = new ScanState(heap, (_, s, base) => {
    expect(s).toBe(1);
    fixed.push(base);
    return base + 64;
  });
  const put = (g: number, base: number, tag = 1): void => {
    heap.i32.set([base, WindowHIGH, boundsEncode(base, 32), PermDATA], g * 4);
    heap.tags[g] = tag;
  };
  return { heap, ss, fixed, put };
}

/** What is in the granules: base page and tag. */
const granules = fc.array(fc.record({ page: fc.nat(31), tag: fc.constantFrom(0, 0, 1) }), { minLength: 20, maxLength: 60 });

test('scanning fixes each tagged granule of the range, and no other, and collects their zones <design/scan#.inv.unfixed> <design/scan#.inv.fixed>', () => {
  let total = 0;
  fc.assert(fc.property(granules, fc.nat(9), fc.uniqueArray(fc.nat(31), { minLength: 2, maxLength: 24 }), fc.nat(5), (list, from, whitePages, less) => {
    const { heap, ss, fixed, put } = bench(whitePages);
    ss.white = whitePages.reduce((zones, page) => zones | (1 << zoneOf(page << 12, SHIFT)), 0);
    list.forEach(({ page, tag }, i) => { put(from + i, (page << 12) + i * 32, tag); });
    put(from + list.length, whitePages[0] === undefined ? 0 : whitePages[0] << 12);
    const limit = from + Math.max(0, list.length - less), want: number[] = [];
    let unfixed = 0, after = 0;
    for (const [i, { page, tag }] of list.entries()) {
      if (tag === 0 || from + i >= limit) continue;
      const base = (page << 12) + i * 32, zone = 1 << zoneOf(base, SHIFT);
      unfixed |= zone;
      if (whitePages.includes(page)) want.push(base);
      after |= 1 << zoneOf(base + (whitePages.includes(page) ? 64 : 0), SHIFT);
    }
    scanGranules(ss, from, limit);
    expect(fixed).toEqual(want);
    expect(ss.unfixed).toBe(unfixed);
    expect(after & ~ss.summary, 'the summary holds every reference as it is now').toBe(0);
    for (const [i, { page, tag }] of list.entries()) {
      const base = (page << 12) + i * 32, moves = tag !== 0 && from + i < limit && whitePages.includes(page);
      expect([heap.i32[(from + i) * 4], heap.tags[from + i]]).toEqual([moves ? base + 64 : base, tag]);
    }
    total += want.length;
  }), { numRuns: 300 });
  expect(total, 'weak run').toBeGreaterThan(300);
});

test('a fix that cannot be done stops the scan, and leaves its reference as it was <design/trace#.inv.idempotent>', () => {
  const { heap, ss, put } = bench([3]);
  let left = 2;
  ss.white = ZoneSetUNIV;
  ss.fix = (state, _, base) => {
    if (left === 0) state.res = ResFAIL;
    left -= 1;
    return state.res === ResOK ? base + 64 : base;
  };
  for (let g = 0; g < 8; ++g) put(g, 0x3000 + g * 32);
  scanGranules(ss, 0, 8);
  expect(ss.res).toBe(ResFAIL);
  expect(Array.from({ length: 8 }, (_, g) => heap.i32[g * 4] - 0x3000 - g * 32)).toEqual([64, 64, 0, 0, 0, 0, 0, 0]);
  expect([...heap.tags.subarray(0, 8)]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  // Tried again from the start, what was fixed is not white any more, and the rest follows.
  left = 100;
  ss.begin();
  expect([ss.res, ss.unfixed, ss.fixed]).toEqual([ResOK, 0, 0]);
});

test('references outside the window, or too wide to be of the heap, are left alone <design/scan#.far>', () => {
  const { heap, ss, fixed } = bench([3]);
  ss.white = ZoneSetUNIV;
  const far = [0x3000, WindowHIGH + 1, boundsEncode(0x3000, 32), PermDATA], wide = [0x3000, WindowHIGH, 0, PermDATA];
  expect([fixWords(ss, Int32Array.from(far), 0), fixWords(ss, Int32Array.from(wide), 0)]).toEqual([true, true]);
  heap.i32.set(far, 0);
  heap.tags[0] = 1;
  scanGranules(ss, 0, 1);
  expect(fixed).toEqual([]);
});

test('slots below the top are fixed where they are tagged, those above are not looked at <design/scan#.slots>', () => {
  const { heap, ss, fixed } = bench([3]), hart = new Hart('t', heap.memory, new AddressSpace());
  ss.white = ZoneSetUNIV;
  const base = hart.enter(3);
  for (const [i, tag] of [1, 0, 1, 1].entries()) {
    hart.r.set([0x3000 + i * 32, WindowHIGH, boundsEncode(0x3000 + i * 32, 32), PermDATA, tag === 0 ? 0 : PermDATA | 1, 32, 32, 7], (base + i) << 3);
  }
  scanSlots(ss, hart);
  expect(fixed).toEqual([0x3000, 0x3040]);
  expect([...hart.r.subarray(base << 3, (base << 3) + 8)]).toEqual([0x3040, WindowHIGH, boundsEncode(0x3040, 32), PermDATA, PermDATA | 1, 32, 32, 7]);
});
