/* windowed.ts: BOUNDS OF CHERI-RISC-V
 *
 * The 64-bit codec by bounds alone, for tests of what works on the words of slots.
 */
import {
  boundsAt, boundsFor, boundsMask, boundsParts, boundsStay, RiscvBOUNDS, type BoundsFit, type BoundsParts,
} from '../../code/machine/bounds.ts';
import type { Bounds } from '../../code/machine/machine.ts';

/** The bits of an upper half that are bounds. */
export const BoundsMASK: bigint = boundsMask(RiscvBOUNDS);

/** boundsFields -- the bounds in an upper half, taken apart. */
export const boundsFields = (hi: bigint): BoundsParts => boundsParts(RiscvBOUNDS, hi);

/** boundsDecode -- what they are, at an address. */
export const boundsDecode = (hi: bigint, address: bigint): Bounds => boundsAt(RiscvBOUNDS, hi, address);

/** boundsFit -- the narrowest that hold [base, base + length). */
export const boundsFit = (base: bigint, length: bigint): BoundsFit => boundsFor(RiscvBOUNDS, base, length);

/** boundsKeep -- base and top are the same at both addresses. */
export const boundsKeep = (hi: bigint, address: bigint, other: bigint): boolean => boundsStay(RiscvBOUNDS, hi, address, other);
