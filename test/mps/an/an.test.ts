import { expect, test } from 'vitest';
import { AddressSpace, Memory } from '../../../code/machine/machine.ts';
import { AnPlinth } from '../../../code/mps/an/an.ts';
import { AccessNONE, AccessREAD, AccessWRITE } from '../../../code/mps/plinth.ts';

const make = (size = 0x4_0000): { plinth: AnPlinth; memory: Memory } => {
  const memory = new Memory(size);
  return { memory, plinth: new AnPlinth(memory, new AddressSpace(), size, () => undefined) };
};

test('a reservation is one run of frames that nobody else has, and can be had again when it is released <design/plinth#.if.reserve>', () => {
  const { plinth } = make(), one = plinth.reserve(0x2_0000)!, other = plinth.reserve(0x1_0000)!;
  expect(plinth.reserve(0x2_0000)).toBeNull();
  const frames = [one, other].map(({ base, size, delta }) => [(base + delta) >>> 0, ((base + delta) >>> 0) + size]).sort((a, b) => a[0] - b[0]);
  expect(frames[0][1]).toBeLessThanOrEqual(frames[1][0]);
  plinth.release(one);
  expect(plinth.reserve(0x2_0000)?.size).toBe(0x2_0000);
});

test('on leaving the arena, what a fault would have done is done until nothing is protected <design/an#.inv.open>', () => {
  const { plinth } = make(), hits: [number, number][] = [];
  plinth.protSetup({ clock: 0, finishTrace: () => undefined, owns: () => true, access: (addr, mode) => {
    hits.push([addr, mode]);
    // Scanning raises the write barrier again, and protects another segment once.
    if (mode === AccessREAD) plinth.protSet(addr, addr + 4096, AccessWRITE);
    else plinth.protSet(addr, addr + 4096, AccessNONE);
    if (hits.length === 1) plinth.protSet(0x3000, 0x4000, AccessREAD);
    return mode === AccessREAD ? 'read' : 'write';
  } });
  plinth.protSet(0x1000, 0x2000, AccessREAD);
  plinth.protSet(0x2000, 0x3000, AccessWRITE);
  plinth.protSync();
  const [first] = hits;
  expect(first).toEqual([0x1000, AccessREAD]);
  expect(hits.map(([addr]) => addr).sort((a, b) => a - b)).toEqual([0x1000, 0x1000, 0x2000, 0x3000, 0x3000]);
  const before = hits.length;
  plinth.protSync();
  expect(hits.length).toBe(before);
});
