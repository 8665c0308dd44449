/* revoke-rig.ts: A SMALL WORLD WITH A REVOKER
 *
 * One hart, 16 pages of the window and a shadow.
 */
import { expect } from 'vitest';
import {
  addrOfWindow, faultDescribe, formatOf, Machine, MachineFault, morello, PageDIRTYCAP, PageLOADCAP, PageREAD, PageSIZE, PageSTORECAP, PageWRITE, Revoker,
  riscv, Shadow, slotWrite, WindowHIGH,
  type Addr, type AddressSpace, type Capability, type Fault, type FormatName, type Hart, type RevokerOptions,
} from '../../code/machine/machine.ts';
import { WindowBASE } from './arbitrary.ts';
import { outcome } from './rig.ts';

/** The formats. */
export const formats: readonly FormatName[] = ['riscv', 'morello'];
/** Pages of the window that are mapped at first, each on the frame of its number. */
export const PAGES = 16;
/** What a program's pages have, as long as they hold no capability. */
export const RIGHTS: number = PageREAD | PageWRITE | PageLOADCAP | PageSTORECAP;

/** What there is. */
export interface World {
  readonly machine: Machine;
  readonly space: AddressSpace;
  readonly shadow: Shadow;
  readonly revoker: Revoker;
  readonly hart: Hart;
  readonly faults: Fault[];
}

/** A hart that handles the faults of load generations; slot 1 reaches the pages of the window that are mapped. */
export function world(format: FormatName, options: RevokerOptions = {}, isShared: boolean = false): World {
  const machine = new Machine(PAGES * PageSIZE, { format, isShared }), space = machine.space(), shadow = new Shadow();
  space.map(addrOfWindow(0), PAGES * PageSIZE, 0, RIGHTS);
  const { user1 } = (format === 'riscv' ? riscv : morello).perm;
  const revoker = new Revoker(machine, space, shadow, { spares: user1, ...options }), hart = machine.hart('one', space), faults: Fault[] = [];
  hart.trap = (who, fault) => {
    faults.push(fault);
    if (faults.length > 1000) throw new Error(`no end of faults: ${faultDescribe(fault)}`);
    if (!revoker.resolve(who, fault)) throw new MachineFault(fault);
    return -1;
  };
  const set = { machine, space, shadow, revoker, hart, faults };
  slotWrite(hart, 1, capability(set, 0, PAGES * PageSIZE, formatOf(hart).perm.all));
  return set;
}

/** A capability for [low, low + size) of the window; all permissions but the one that is spared. */
export function capability({ hart }: { hart: Hart }, low: number, size: number, perms?: number): Capability {
  const format = formatOf(hart), { all, user1 } = format.perm, base = WindowBASE + BigInt(low);
  return format.encode({ base, top: base + BigInt(size) }, base, perms ?? (all & ~user1), format.types.unsealed, 0n, true).cap;
}

/** Put a capability into memory. */
export function put({ hart }: World, at: number, cap: Capability): void {
  slotWrite(hart, 2, cap);
  hart.storeCap(1, at, 2);
  hart.clear(2);
}

/** A whole pass. */
export function pass({ revoker, hart }: World, harts: readonly Hart[] = [hart]): void {
  revoker.open(harts);
  expect(revoker.step(1000)).toBe(true);
  revoker.close();
}

/** Whether the granule at a place of the window is tagged, if it is on the frame of its number. */
export const isTaggedAt = ({ machine }: World, at: number): boolean => machine.memory.tags[at >> 4] === 1;

/** Of a page of the window: its entry, whether it is dirty, its address. */
export const entryAt = ({ space }: World, page: number): number => space.entry(page * PageSIZE, WindowHIGH);
export const isDirty = (set: World, page: number): boolean => (entryAt(set, page) & PageDIRTYCAP) !== 0;
export const pageAt = (page: number): Addr => addrOfWindow(page * PageSIZE);
/** How loading the granule at `at` ends: 'kept', 'stripped', or the fault. */
export const loaded = ({ hart }: World, at: number): unknown => outcome(() => {
  hart.loadCap(3, 1, at);
  return hart.isTagged(3) ? 'kept' : 'stripped';
});
