/* control-rig.ts: A PROGRAM THAT JUMPS
 *
 * A small machine with code and data, and what may be wrong with the operands of a jump <design/control#.test.row>.
 */
import { expect } from 'vitest';

import {
  addrOfWindow, faultReportRiscv, formatOf, MachineFault, PageALL, PageEXECUTE, slotRead, slotWrite, WindowHIGH, type BranchState,
  type Capability, type FaultKind, type FormatName, type Hart,
} from '../../code/machine/machine.ts';
import { isAsBefore, rig, RigMAPPED, snapshot, type Rig } from './rig.ts';

/** The slots of a program. */
export const PCC = 1, LINK = 2, INVOKED = 3, CODE = 4, DATA = 5, BASE = 6;

export const ProgramWINDOW: bigint = BigInt(WindowHIGH) << 32n;
export const at = (low: number): bigint => ProgramWINDOW + BigInt(low);

/** A change of an operand. */
export type Change = (cap: Capability, hart: Hart) => Capability;

export const untag: Change = (cap) => ({ ...cap, tag: false });
export const without = (perm: 'execute' | 'invoke' | 'executive'): Change => (cap, hart) => {
  const format = formatOf(hart), { base, top } = format.bounds(cap);
  const bits = format.encode({ base, top }, cap.lo, format.perms(cap) & ~format.perm[perm], format.type(cap), 0n, cap.tag).cap;
  return bits;
};
export const withExecute: Change = (cap, hart) => {
  const format = formatOf(hart);
  return format.encode(format.bounds(cap), cap.lo, format.perms(cap) | format.perm.execute, format.type(cap), 0n, cap.tag).cap;
};
export const typed = (type: number): Change => (cap, hart) => {
  const format = formatOf(hart);
  return format.encode(format.bounds(cap), cap.lo, format.perms(cap), type, 0n, cap.tag).cap;
};
export const entry: Change = (cap, hart) => formatOf(hart).sealEntry(cap);
export const placed = (low: number): Change => (cap) => ({ ...cap, lo: at(low) });

/** What a pair is sealed with. */
export const Type = 42;

/** program -- a machine with code at 0x1000 to 0x1100, of which PCC is at 0x1010 and CODE at 0x1040, and data at 0x2000. */
export function program(format: FormatName = 'riscv'): Rig {
  const set = rig(format), { hart, space } = set, { perm, types } = formatOf(hart);
  space.protect(addrOfWindow(0), RigMAPPED, PageALL | PageEXECUTE);
  const code = formatOf(hart).encode({ base: at(0x1000), top: at(0x1100) }, at(0x1040), perm.all & ~perm.store, types.unsealed, 0n, true).cap;
  const data = formatOf(hart).encode({ base: at(0x2000), top: at(0x2100) }, at(0x2000), perm.all & ~perm.execute, types.unsealed, 0n, true).cap;
  slotWrite(hart, PCC, { ...code, lo: at(0x1010) });
  slotWrite(hart, CODE, code);
  slotWrite(hart, DATA, data);
  return set;
}

/** change -- apply changes to what is in a slot. */
export function change(hart: Hart, slot: number, ...changes: readonly Change[]): Capability {
  const cap = changes.reduce((made, one) => one(made, hart), slotRead(hart, slot));
  slotWrite(hart, slot, cap);
  return cap;
}

/** refused -- the fault of what must fault, which has changed nothing. */
export function refused(set: Rig, attempt: () => void): { kind: FaultKind; slot: number; low: number; register: number } {
  const before = snapshot(set), { top } = set.hart;
  try {
    attempt();
  } catch (error) {
    if (!(error instanceof MachineFault)) throw error;
    expect(isAsBefore(set, before)).toBe(true);
    expect(set.hart.top).toBe(top);
    const { fault } = error, { kind, slot, low } = fault;
    return { kind, slot, low, register: faultReportRiscv(fault).register };
  }
  throw new Error('nothing was refused');
}

/** state -- of a hart in A64 without sealed links, but for what is said. */
export const state = (isC64 = false, sealsLinks = false): BranchState => ({ isC64, sealsLinks });
