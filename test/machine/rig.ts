/* rig.ts: A SMALL MACHINE
 *
 * One hart and 64 KiB of memory, which are the first 64 KiB of the window, with all rights.
 */
import {
  addrOfWindow, boundsEncode, capEncode, CapALL, Machine, MachineFault, PageALL, PermDATA, slotDecode, slotWrite, TypeUNSEALED, WindowHIGH,
  type AddressSpace, type Capability, type Hart, type Memory,
} from '../../code/machine/machine.ts';

export interface Rig {
  readonly memory: Memory;
  readonly space: AddressSpace;
  readonly hart: Hart;
}

/** Bytes of the window that are mapped at first. */
export const RigMAPPED = 0x1_0000;

/** rig -- a fresh machine. */
export function rig(): Rig {
  const machine = new Machine(RigMAPPED), space = machine.space();
  space.map(addrOfWindow(0), RigMAPPED, 0, PageALL);
  return { memory: machine.memory, space, hart: machine.hart('rig', space) };
}

/** give -- a data capability for [low, low + size) of the window into a slot, with permissions by word 3. */
export function give(hart: Hart, slot: number, low: number, size: number, perms: number = PermDATA): void {
  hart.set(slot, low, WindowHIGH, boundsEncode(low, size), perms);
  slotDecode(hart.r, slot << 3);
}

/** giveAt -- a capability for [base, top) at an address, wherever, into a slot. */
export function giveAt(hart: Hart, slot: number, base: bigint, top: bigint, address: bigint = base, perms: number = CapALL): Capability {
  const { cap } = capEncode({ base, top }, address, perms, TypeUNSEALED, 0, true);
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
  snapshot(set).every((bytes, index) => bytes.equals(before[index] as Buffer));

/** Low, high, bounds and permission words and tag of a slot. */
export const wordsOf = (hart: Hart, slot: number): number[] => [...hart.r.subarray(slot << 3, (slot << 3) + 5)];
