/* stack.ts: STACKS
 *
 * Memory for a thread's locals: touched as they come to need it, so that a stack that is too small is a fault <design/thread#.inv.depth>.
 */
import { addrOfWindow, formatOf, PageSIZE, slotWrite, type Capability } from '../machine/machine.ts';
import type { Thread } from './thread.ts';

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

/** stackOf -- csp: a capability for the stack that a thread is on, with its guard, through which no mapping can be changed; its base. */
function stackOf(thread: Thread): { cap: Capability; base: number } {
  const { hart, altstack, process } = thread, format = formatOf(hart), { perm } = format;
  const perms = perm.load | perm.store | perm.loadCap | perm.storeCap | perm.storeLocal | perm.mutableLoad;
  const isAlt = altstack !== null && thread.isOnAltStack;
  const guard = (thread.stackBase | 0) === process.mainStack ? 0 : process.kernel.profile.stackGuard;
  const base = isAlt ? altstack.base : thread.stackBase - guard, limit = isAlt ? altstack.limit : thread.stackLimit;
  const whole = isAlt ? altstack.cap : format.rootAt(BigInt(addrOfWindow(base | 0)));
  return { cap: format.andPerm(format.setBounds(whole, BigInt(limit - base)).cap, perms), base };
}
