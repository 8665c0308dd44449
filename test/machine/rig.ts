/* rig.ts: A SMALL MACHINE
 *
 * One hart and 64 KiB of memory, which are the first 64 KiB of the window, with all rights.
 */
import {
  addrOfWindow, boundsEncode, formatOf, Machine, MachineFault, PageALL, PermDATA, slotDecode, slotWrite,
  WindowHIGH, type AddressSpace, type Capability, type FormatName, type Hart, type Memory,
} from '../../code/machine/machine.ts';

export interface Rig {
  readonly memory: Memory;
  readonly space: AddressSpace;
  readonly hart: Hart;
}

/** Bytes of the window that are mapped at first. */
export const RigMAPPED = 0x1_0000;

/** rig -- a fresh machine. */
export function rig(format: FormatName = 'riscv'): Rig {
  const machine = new Machine(RigMAPPED, { format }), space = machine.space();
  space.map(addrOfWindow(0), RigMAPPED, 0, PageALL);
  return { memory: machine.memory, space, hart: machine.hart('rig', space) };
}

/** give -- a data capability for [low, low + size) of the window into a slot, with permissions by word 3. */
export function give(hart: Hart, slot: number, low: number, size: number, perms: number = PermDATA): void {
  hart.set(slot, low, WindowHIGH, boundsEncode(low, size), perms);
  slotDecode(hart.r, slot << 3);
}

/** giveAt -- a capability for [base, top) at an address, wherever, into a slot. */
export function giveAt(
  hart: Hart, slot: number, base: bigint, top: bigint, address: bigint = base, perms: number = formatOf(hart).perm.all,
): Capability {
  const format = formatOf(hart), { cap } = format.encode({ base, top }, address, perms, format.types.unsealed, 0n, true);
  slotWrite(hart, slot, cap);
  return cap;
}

/** What an access does that faults: the fault's kind; else what it returns. */
export function outcome(access: () => unknown): unknown {
  try {
    return access();
  } catch (error) {
    if (error instanceof MachineFault) return error.fault.kind;
    throw error;
  }
}

/** snapshot -- memory, tags and slots, for `isAsBefore`. */
export const snapshot = ({ memory, hart }: Rig): readonly Buffer[] =>
  [memory.u8, memory.tags, new Uint8Array(hart.r.buffer)].map((bytes) => Buffer.from(bytes));

/** isAsBefore -- nothing has changed since a snapshot was taken. */
export const isAsBefore = (set: Rig, before: readonly Buffer[]): boolean =>
  snapshot(set).every((bytes, index) => bytes.equals(before[index]));

/** Low, high, bounds and permission words and tag of a slot. */
export const wordsOf = (hart: Hart, slot: number): number[] => [...hart.r.subarray(slot << 3, (slot << 3) + 5)];

/** An access: its name, its size and itself. */
export type Access = readonly [name: string, size: number, access: (hart: Hart, offset: number) => unknown];

/** The accesses, each with its size: through slot 1; capabilities go to slot 2 and come from it. */
export const loads: readonly Access[] = [
  ['load8', 1, (hart, offset) => hart.load8(1, offset)],
  ['load16', 2, (hart, offset) => hart.load16(1, offset)],
  ['load32', 4, (hart, offset) => hart.load32(1, offset)],
  ['loadDouble', 8, (hart, offset) => hart.loadDouble(1, offset)],
  ['loadCap', 16, (hart, offset) => hart.loadCap(2, 1, offset)],
];
export const dataStores: readonly Access[] = [
  ['store8', 1, (hart, offset) => hart.store8(1, offset, 0xa5)],
  ['store16', 2, (hart, offset) => hart.store16(1, offset, 0xa5a5)],
  ['store32', 4, (hart, offset) => hart.store32(1, offset, 0x5a5a_a5a5)],
  ['storeDouble', 8, (hart, offset) => hart.storeDouble(1, offset, 1.5)],
];
export const stores: typeof dataStores = [...dataStores, ['storeCap', 16, (hart, offset) => hart.storeCap(1, offset, 2)]];
