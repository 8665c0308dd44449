/* copy.ts: COPYING FROM AND TO USERS
 *
 * How the kernel reaches a program's memory: through the capability that the program gives it, with the rights that the program has
 * <design/copy>. What may not be reached ends the copy, and is never a fault of the program.
 */
import { faultIsPage, ladder, PageSIZE } from '../../machine/machine.ts';
import { EFAULT, ENAMETOOLONG } from '../errno.ts';
import type { Thread } from '../thread.ts';

/** Bytes of the longest path, with the zero at its end. */
export const PathMAX = 1024;

type Direction = 'load' | 'store';

/** copyIn -- the bytes at `offset` of a slot's capability: `length` of them, or as many as may be read before the first that may not. */
export function copyIn(thread: Thread, slot: number, offset: number, length: number): Uint8Array {
  const { u8 } = thread.hart.memory, bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const physical = physicalOf(thread, 'load', slot, offset + done);
    if (physical < 0) break;
    const size = sizeOf(thread, 'load', slot, offset + done, physical, length - done);
    bytes.set(u8.subarray(physical, physical + size), done);
    done += size;
  }
  return done === length ? bytes : bytes.subarray(0, done);
}

/** copyOut -- write bytes at `offset` of a slot's capability; how many there were before the first that may not be written
 * <design/copy#.inv.tags>. */
export function copyOut(thread: Thread, slot: number, offset: number, bytes: Uint8Array): number {
  const { u8, tags } = thread.hart.memory, { length } = bytes;
  let done = 0;
  while (done < length) {
    const physical = physicalOf(thread, 'store', slot, offset + done);
    if (physical < 0) break;
    const size = sizeOf(thread, 'store', slot, offset + done, physical, length - done);
    u8.set(bytes.subarray(done, done + size), physical);
    tags.fill(0, physical >>> 4, (physical + size + 15) >>> 4);
    done += size;
  }
  return done;
}

/** copyOutAll -- the same for what is of no use in part: 0 or EFAULT. */
export const copyOutAll = (thread: Thread, slot: number, offset: number, bytes: Uint8Array): number =>
  (copyOut(thread, slot, offset, bytes) === bytes.length ? 0 : EFAULT);

/** copyPath -- the string at a slot's capability, up to its zero, a character a byte; EFAULT if there is none within what may be read,
 * ENAMETOOLONG if it is longer than paths are. */
export function copyPath(thread: Thread, slot: number): string | number {
  const bytes = copyIn(thread, slot, 0, PathMAX), length = bytes.indexOf(0);
  if (length < 0) return bytes.length === PathMAX ? ENAMETOOLONG : EFAULT;
  return String.fromCharCode(...bytes.subarray(0, length));
}

/** physicalOf -- where one byte is, after its page has been made if that is all that was missing; -1 if it may not be reached. */
function physicalOf(thread: Thread, access: Direction, slot: number, offset: number): number {
  const { hart, process } = thread;
  hart.insist(slot, 0);
  for (;;) {
    const found = ladder(hart, access, slot, offset, 1, 0);
    if (typeof found === 'number') return found;
    if (!faultIsPage(found) || process.map.fault(found) !== 'resolved') return -1;
    process.kernel.counts.pageFaults += 1;
  }
}

/** sizeOf -- how many bytes from one that may be reached may be too: at most `most`, to the end of its page or of the bounds. */
function sizeOf(thread: Thread, access: Direction, slot: number, offset: number, physical: number, most: number): number {
  const within = (size: number): boolean => typeof ladder(thread.hart, access, slot, offset + size - 1, 1, 0) === 'number';
  let above = Math.min(most, PageSIZE - (physical % PageSIZE));
  if (within(above)) return above;
  let size = 1;
  while (above - size > 1) {
    const middle = (size + above) >>> 1;
    if (within(middle)) size = middle;
    else above = middle;
  }
  return size;
}
