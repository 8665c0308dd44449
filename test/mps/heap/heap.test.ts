import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Memory } from '../../../code/machine/machine.ts';
import { Heap, StartMAX } from '../../../code/mps/heap/heap.ts';
import { StartFORWARDED, StartLONG, StartPAD } from '../../../code/mps/mps.ts';

/** startSet -- record an object as a commit does. */
function startSet(heap: Heap, g: number, size: number): void {
  heap.starts[g] = size <= StartMAX ? size : StartLONG;
}

/** Sizes in granules, with those around what a start byte can say, and pads and forwarded ones among them. */
const things = fc.array(fc.tuple(
  fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 248, max: 260 }), fc.integer({ min: 1, max: 700 })), fc.constantFrom('object', 'pad', 'forwarded'),
), { minLength: 1, maxLength: 12 });

test('the start map finds the beginning and the size of what covers a granule, as an array of both does <design/heap#.start>', () => {
  const heap = new Heap(new Memory(0x4_0000));
  fc.assert(fc.property(things, fc.nat(7), (list, first) => {
    heap.starts.fill(0);
    const starts: number[] = [], sizes: number[] = [];
    let at = first;
    for (const [size, kind] of list) {
      if (kind === 'pad') heap.pad(at, at + size);
      else startSet(heap, at, size);
      if (kind === 'forwarded') heap.starts[at] = StartFORWARDED;
      for (let g = at; g < at + size; ++g) starts[g] = at;
      sizes[at] = size;
      at += size;
    }
    // Whatever begins after it must not matter.
    for (const limit of [at, at + 1]) {
      if (limit > at) heap.starts[at] = 1;
      for (let g = first; g < at; g += 1 + Math.floor((at - first) / 97)) {
        expect(heap.startBefore(g)).toBe(starts[g]);
        expect(heap.sizeAt(starts[g], at)).toBe(sizes[starts[g]]);
      }
    }
  }), { numRuns: 300 });
});

test('a start byte says sizes up to its most, and that an object is longer <design/heap#.start>', () => {
  const heap = new Heap(new Memory(0x1_0000));
  for (const size of [1, 2, StartMAX - 1, StartMAX]) {
    startSet(heap, 0, size);
    expect(heap.starts[0]).toBe(size);
    // The byte alone says so: nothing marks the end.
    expect(heap.sizeAt(0, 1000)).toBe(size);
  }
  startSet(heap, 0, StartMAX + 1);
  expect(heap.starts[0]).toBe(StartLONG);
  expect(new Set([StartMAX + 1, StartLONG, StartFORWARDED, StartPAD])).toEqual(new Set([StartPAD, StartLONG, StartFORWARDED]));
});

test('a pad has neither tags nor other starts in it, and ends where the next object begins <design/heap#.start>', () => {
  const heap = new Heap(new Memory(0x1_0000));
  heap.tags.fill(1, 0, 100);
  for (let g = 0; g < 100; g += 4) startSet(heap, g, 4);
  heap.pad(8, 92);
  expect([...heap.tags.subarray(8, 92)].some((tag) => tag !== 0)).toBe(false);
  expect([heap.isPad(8), heap.sizeAt(8, 100), heap.startBefore(91), heap.startBefore(92), heap.tags[7], heap.tags[92]]).toEqual([true, 84, 8, 92, 1, 1]);
});
