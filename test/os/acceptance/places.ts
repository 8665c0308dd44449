/* places.ts: PLACES
 *
 * Reservations at known addresses, with holes and with padding.
 */
import { expect } from 'vitest';
import { MapFIXED } from '../../../code/os/vm/mman.ts';
import { AP, MIB, PAGE, RW, type World } from './rig.ts';

/** A place where nothing is. */
export const FREE = 0x5000_0000;
/** Anonymous, private, there. */
export const FIXED: number = AP | MapFIXED;

/** hex -- an address, as it is printed. */
export const hex = (low: number): string => low.toString(16);

/** fixed -- map pages where an integer says. */
export const fixed = (w: World, low: number, pages: number = 1, flags: number = FIXED): string => w.mmap(w.slot(), w.int(low), pages * PAGE, RW, flags);

/** holed -- four pages of which some are holes. */
export function holed(w: World, from: number, count: number): number {
  const slot = w.live(4 * PAGE);
  expect(w.munmap(w.on(slot, from * PAGE), count * PAGE)).toBe('0');
  return slot;
}

/** placed -- where a hint leads to, from the hint. */
export function placed(w: World, hint: number, length: number = PAGE): string {
  const slot = w.slot(), answer = w.mmap(slot, w.int(hint), length, RW, AP);
  if (answer !== '0') return answer;
  return w.low(slot) === hint ? 'there' : 'elsewhere';
}

/** padded -- the first size that needs padding, and what it comes to. */
const padded = { morello: [16 * MIB + PAGE, 16 * MIB + 2 * PAGE], riscv: [4 * MIB + PAGE, 4 * MIB + 2 * PAGE] } as const;

/** paddedOf -- those of a world's format. */
export const paddedOf = (w: World): readonly [number, number] => padded[w.format.name];
