/* altstack.ts: ALTERNATE STACKS
 *
 * Where handlers with SA_ONSTACK run: memory that a thread gives, within the bounds of the capability that it gives
 * <design/sigframe#.altstack>.
 */
import {
  formatOf, PermLOAD, PermLOADCAP, PermSTORE, PermSTORECAP, slotRead, slotWrite, WindowHIGH, type Capability,
} from '../machine/machine.ts';
import { EFAULT, EINVAL, ENOMEM, EPERM } from './errno.ts';
import type { Thread } from './thread.ts';
import type { Abi } from './vm/profile.ts';

/** Flags of sigaltstack: a handler runs there now; there is none, or there is to be none. */
export const SS_ONSTACK = 1;
export const SS_DISABLE = 4;

/** The least size of an alternate stack under CheriBSD, in bytes. */
export const MINSIGSTKSZ = 4096;

/** The same under each ABI: Morello Linux's is that of arm64. */
export const altstackLeast: Readonly<Record<Abi, number>> = { cheribsd: MINSIGSTKSZ, pcuabi: 5120 };

/** What a capability for a stack must permit. */
const StackPERMS: number = PermLOAD | PermSTORE | PermLOADCAP | PermSTORECAP;

/** An alternate stack: unsigned low addresses, and the capability that it was given with. */
export interface AltStack {
  readonly base: number;
  readonly limit: number;
  readonly cap: Capability;
}

/** altstackSet -- sigaltstack: see Thread.sigaltstack. */
export function altstackSet(thread: Thread, slot: number, size: number, flags: number): number {
  const { hart } = thread, least = altstackLeast[thread.process.kernel.profile.abi];
  if (thread.isOnAltStack) return EPERM;
  if ((flags & ~SS_DISABLE) !== 0) return EINVAL;
  if ((flags & SS_DISABLE) !== 0) {
    thread.altstack = null;
    return 0;
  }
  if (size < least) return ENOMEM;
  const cap = slotRead(hart, slot), format = formatOf(hart), base = hart.r[slot << 3] >>> 0;
  const may = cap.tag && !format.isSealed(cap) && (format.slotPerms(cap) & StackPERMS) === StackPERMS
    && hart.r[(slot << 3) + 1] === WindowHIGH && format.isInside(cap, cap.lo, BigInt(size));
  if (!may) return EFAULT;
  thread.altstack = { base, limit: base + size, cap };
  return 0;
}

/** What sigaltstack tells of the stack that there is. */
export interface AltStackState {
  /** Bytes; 0 without one. */
  readonly size: number;
  /** SS_ONSTACK, SS_DISABLE, or 0. */
  readonly flags: number;
}

/** altstackRead -- the alternate stack that there is: its capability to slot `dst`, NULL without one. */
export function altstackRead(thread: Thread, dst: number): AltStackState {
  const { altstack, hart } = thread;
  if (altstack === null) {
    hart.clear(dst);
    return { size: 0, flags: SS_DISABLE };
  }
  slotWrite(hart, dst, altstack.cap);
  return { size: altstack.limit - altstack.base, flags: thread.isOnAltStack ? SS_ONSTACK : 0 };
}
