/* root-lab.ts: WHAT TESTS OF ROOTS ARE MADE OF
 *
 * Memory that is no root yet, and words and capabilities of every kind to put there.
 */
import { slotDecode, WindowHIGH } from '../../../code/machine/machine.ts';
import { zoneOf, type Root } from '../../../code/mps/mps.ts';
import type { Lab } from '../lab.ts';

/** Memory outside the arena that is no root, in a new slot. */
export function memory(lab: Lab, size: number = 4096): number {
  const slot = lab.t.local();
  lab.system.statics(lab.t, slot, size).destroy();
  return slot;
}

/** made -- a root, or the test fails. */
export function made(root: Root | number): Root {
  if (typeof root === 'number') throw new Error(`no root: result ${root}`);
  return root;
}

/** Put an address, without a tag, into an area at 8-byte word `word`. */
export function plant(lab: Lab, slot: number, word: number, low: number): void {
  lab.t.store32(slot, word * 8, low | 0);
  lab.t.store32(slot, word * 8 + 4, WindowHIGH);
}

/** Let a capability's address be `by` bytes further. */
export function nudge(lab: Lab, slot: number, by: number): void {
  lab.t.r[slot << 3] = (lab.t.r[slot << 3] + by) | 0;
  slotDecode(lab.t.r, slot << 3);
}

/** zone -- of what is in a slot. */
export const zone = (lab: Lab, slot: number): number => zoneOf(lab.low(slot), lab.arena.heap.zoneShift);

/** narrowed -- a capability to [at, at + size) of what is in a slot, in a new slot; for what has exact bounds. */
export function narrowed(lab: Lab, slot: number, at: number, size: number): number {
  const made = lab.t.local(), { r } = lab.t, low = r[slot << 3] + at;
  r.set(r.subarray(slot << 3, (slot << 3) + 8), made << 3);
  r[made << 3] = low;
  r[(made << 3) + 2] = (((low & 0x3fff) | (((low + size) & 0xfff) << 14)) ^ 0x18004) | (1 << 26);
  slotDecode(r, made << 3);
  return made;
}
