/* stack.ts: STACKS
 *
 * Memory for a thread's locals: touched as they come to need it, so that a stack that is too small is a fault <design/thread#.inv.depth>.
 */
import {
  addrOfWindow, faultMake, formatOf, PageSIZE, PageVALID, PageWRITE, slotWrite, WindowHIGH, type Capability,
} from '../machine/machine.ts';
import type { Range, Thread } from './thread.ts';
import type { AddressMap } from './vm/address-map.ts';
import type { Reservation } from './vm/reservation.ts';

/** Where a thread has its stack: unsigned low addresses of a map. */
export class Stack implements Range {
  readonly base: number;
  readonly limit: number;
  /** What it is in; null if there was nothing. The program may end it, and have something else at its addresses. */
  readonly reservation: Reservation | null;
  private readonly map: AddressMap;
  /** Threads that are on it: vfork makes them more than one. */
  private holders: number = 1;

  constructor(map: AddressMap, { base, limit }: Range, reservation: Reservation | null = map.find(base)) {
    this.base = base;
    this.limit = limit;
    this.reservation = reservation;
    this.map = map;
  }

  /** fork -- the same in a child's map: where the program has something else in its place, that is nobody's stack there either. */
  fork(map: AddressMap): Stack {
    const { reservation } = this;
    return new Stack(map, this, reservation !== null && isThere(this.map, reservation) ? map.find(reservation.base) : null);
  }

  hold(): this {
    this.holders += 1;
    return this;
  }

  /** drop -- one thread fewer is on it; after the last its memory goes, if the program has not seen to that
   * <design/thread#.inv.stack>. */
  drop(): void {
    this.holders -= 1;
    if (this.holders === 0 && this.reservation !== null && isThere(this.map, this.reservation)) this.map.destroy(this.reservation);
  }
}

/** isThere -- whether a map still has a reservation, and not another one in its place. */
export const isThere = (map: AddressMap, reservation: Reservation): boolean => map.find(reservation.base) === reservation;

/** stackDeepen -- touch the thread's stack, page by page, down to the stack pointer; `slot` is free for its capability
 *
 * Called by the hart when locals have grown beyond what was touched. What is not there faults, as an access of the program's.
 */
export function stackDeepen(thread: Thread, slot: number): void {
  const { hart, slotSize } = thread, { cap, base } = stackOf(thread), low = thread.sp;
  slotWrite(hart, slot, cap);
  for (let above = low + (hart.top - hart.touched) * slotSize; above > low;) {
    const page = Math.floor((above - 1) / PageSIZE) * PageSIZE;
    hart.store8(slot, Math.max(page, low) - base, 0);
    above = page;
  }
  thread.stackSettle();
}

/** stackRuns -- [base, limit) of a thread's stacks as runs of physical memory, which nobody else has: they may be written to. */
export function stackRuns({ hart, process }: Thread, base: number, limit: number): Range[] {
  const runs: { base: number; limit: number }[] = [], { window } = hart.space;
  for (let low = base; low < limit;) {
    const next = Math.min(limit, (Math.floor(low / PageSIZE) + 1) * PageSIZE), page = low >>> 12;
    // After a fork it is another's too, until somebody writes.
    if ((window[page] & (PageVALID | PageWRITE)) === PageVALID) process.map.fault(faultMake('page', 'storecap', low | 0, WindowHIGH, next - low, -1, 0));
    const entry = window[page], physical = ((entry & -PageSIZE) >>> 0) + (low % PageSIZE), last = runs.at(-1);
    if ((entry & PageVALID) !== 0) {
      if (last?.limit === physical) last.limit += next - low;
      else runs.push({ base: physical, limit: physical + next - low });
    }
    low = next;
  }
  return runs;
}

/** stackOf -- csp: a capability for the stack that a thread is on, with its guard, through which no mapping can be changed; its base. */
function stackOf(thread: Thread): { cap: Capability; base: number } {
  const { hart, altstack, process } = thread, format = formatOf(hart), { perm } = format;
  const perms = perm.load | perm.store | perm.loadCap | perm.storeCap | perm.storeLocal | perm.mutableLoad;
  const isAlt = altstack !== null && thread.isOnAltStack;
  const guard = process.mainStack !== null && thread.stack.reservation === process.mainStack ? 0 : process.kernel.profile.stackGuard;
  const base = isAlt ? altstack.base : thread.stackBase - guard, limit = isAlt ? altstack.limit : thread.stackLimit;
  const whole = isAlt ? altstack.cap : format.rootAt(BigInt(addrOfWindow(base | 0)));
  return { cap: format.andPerm(format.setBounds(whole, BigInt(limit - base)).cap, perms), base };
}
