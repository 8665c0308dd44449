import { expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import {
  AddressSpace, andPerm, clearTag, formatOf, formats, Hart, Machine, MachineFault, sealEntry, setBounds, slotRead, slotWrite, WindowHIGH,
  type FormatName, type Memory,
} from '../../../code/machine/machine.ts';
import { errnoName } from '../../../code/os/errno.ts';
import { AddressMap, type MapSource } from '../../../code/os/vm/address-map.ts';
import { Frames } from '../../../code/os/vm/frames.ts';
import { MapANON, MapPRIVATE, permVmem, ProtREAD, ProtWRITE } from '../../../code/os/vm/mman.ts';
import { VmObject } from '../../../code/os/vm/object.ts';
import { profiles, type Abi, type Profile } from '../../../code/os/vm/profile.ts';
import type { Rule, RuleBook } from '../../../code/os/vm/request.ts';

export const PAGE = 4096;
/** The first address that a reservation can have. */
export const FIRST = 0x0100_0000;

/** Slots of the rig: NULL, all authority, results, and one to derive into. */
export const NULL = 0;
export const ROOT = 1;
export const CAP = 2;
export const TEMP = 3;
/** For a second capability. */
export const OTHER = 4;

export interface MapRig {
  readonly memory: Memory;
  readonly space: AddressSpace;
  readonly frames: Frames;
  readonly map: AddressMap;
  readonly hart: Hart;
  /** The rows that have decided calls, in order. */
  readonly fired: string[];
}

export interface MapRigOptions {
  readonly abi?: Abi;
  /** Default: Morello with PCuABI, else CHERI-RISC-V. */
  readonly format?: FormatName;
  readonly refill?: Profile['refill'];
  readonly pages?: number;
  /** Draws places. */
  readonly seed?: number | null;
}

/** Both profiles in both formats. */
export const KINDS: readonly { readonly abi: Abi; readonly format: FormatName }[] = [
  { abi: 'cheribsd', format: 'riscv' }, { abi: 'cheribsd', format: 'morello' }, { abi: 'pcuabi', format: 'riscv' }, { abi: 'pcuabi', format: 'morello' },
];

export const kindName = ({ abi, format }: { readonly abi: Abi; readonly format: FormatName }): string => `${abi}, ${format}`;

/** mapRig -- an address map over some frames; accesses of its hart fault until the map says that they may not be made. */
export function mapRig({ abi = 'cheribsd', format, refill, pages = 64, seed = null }: MapRigOptions = {}): MapRig {
  const of = format ?? (abi === 'pcuabi' ? 'morello' : 'riscv'), machine = new Machine(pages * PAGE, { format: of });
  const fired: string[] = [];
  const profile = { ...profiles[abi], refill: refill ?? profiles[abi].refill, rules: watched(profiles[abi].rules, fired) };
  const space = machine.space(), frames = new Frames(machine.memory, 0, pages * PAGE);
  const map = new AddressMap({ space, memory: machine.memory, frames, format: of, profile, draw: seed === null ? null : random(seed) });
  return { memory: machine.memory, space, frames, map, hart: hartIn(machine.memory, space, map), fired };
}

/** watched -- tables whose rows say when they have decided. */
function watched(rules: RuleBook, fired: string[]): RuleBook {
  const tell = ({ row, when, errno }: Rule): Rule => ({ row, errno, when: (ask) => when(ask) && fired.push(row) > 0 });
  return Object.fromEntries(Object.entries(rules).map(([name, rows]) => [name, rows.map(tell)])) as unknown as RuleBook;
}

/** childOf -- the rig of a forked child, with the same slots; null if there is no memory. */
export function childOf(rig: MapRig): MapRig | null {
  const space = new AddressSpace(rig.memory.size), map = rig.map.fork(space);
  if (map === null) return null;
  const hart = hartIn(rig.memory, space, map);
  hart.r.set(rig.hart.r);
  return { ...rig, space, map, hart };
}

function hartIn(memory: Memory, space: AddressSpace, map: AddressMap): Hart {
  const hart = new Hart('rig', memory, space, 64, map.format);
  hart.trap = (_hart, fault) => {
    if (map.fault(fault) === 'resolved') return -1;
    throw new MachineFault(fault);
  };
  slotWrite(hart, ROOT, formatOf(hart).rootAt(BigInt(WindowHIGH) << 32n));
  return hart;
}

/** found -- what an access came to: its value, or what the map says of the fault. */
export function found(rig: MapRig, access: () => unknown): unknown {
  try {
    return access();
  } catch (error) {
    if (!(error instanceof MachineFault)) throw error;
    const { fault } = error;
    return fault.kind.startsWith('page') ? `${fault.kind} ${rig.map.fault(fault)}` : fault.kind;
  }
}

/** integer -- an address in the window as an integer in slot TEMP. */
export function integer({ hart }: MapRig, low: number): number {
  hart.set(TEMP, low | 0, WindowHIGH, 0, 0);
  return TEMP;
}

/** at -- the capability in `slot`, its address moved, in slot TEMP, whatever that does to the tag. */
export function at({ hart }: MapRig, slot: number, offset: number): number {
  const cap = slotRead(hart, slot);
  slotWrite(hart, TEMP, { ...cap, lo: cap.lo + BigInt(offset) });
  return TEMP;
}

/** anonymous -- map `length` bytes of private memory into slot CAP; the name of the error, '0' if there is none. */
export const anonymous = ({ map, hart }: MapRig, length: number, prot: number, flags: number = 0, addr: number = NULL): string =>
  errnoName(map.mmap(hart, CAP, addr, length, prot, flags | MapANON | MapPRIVATE));

/** What most memory is for, and the size of most reservations. */
export const RW: number = ProtREAD | ProtWRITE;
export const SIZE: number = 4 * PAGE;

/** A rig with a reservation of four pages that may become RW, in slot CAP. */
export function mapped(prot: number = RW, size: number = SIZE, options: MapRigOptions = {}): MapRig {
  const rig = mapRig(options);
  expect(anonymous(rig, size, prot)).toBe('0');
  return rig;
}

/** fileOf -- a file of some pages, each full of its number from 1 on, as a descriptor would give it. */
export function fileOf(rig: MapRig, pages: number, mayRead: boolean = true, mayWrite: boolean = true): MapSource {
  const object = new VmObject('/file', pages * PAGE, false, rig.memory, rig.frames, (page, into) => {
    into.fill(page + 1);
    return true;
  });
  return { object, isRegular: true, mayRead, mayWrite };
}

/** The calls, with the name of the error; mmap's result goes to slot TEMP. */
export const mmap = ({ map, hart }: MapRig, addr: number, length: number, prot: number, flags: number, source: MapSource | null = null, offset: number = 0): string =>
  errnoName(map.mmap(hart, TEMP, addr, length, prot, flags, source, offset));
export const mprotect = ({ map, hart }: MapRig, addr: number, length: number, prot: number): string =>
  errnoName(map.mprotect(hart, addr, length, prot));
export const munmap = ({ map, hart }: MapRig, addr: number, length: number): string => errnoName(map.munmap(hart, addr, length));

/** Slots that are no, or too little, authority over the reservation of `mapped`, in slot TEMP. */
export const without = (rig: MapRig, perms: number, slot: number = CAP): number => {
  andPerm(rig.hart, TEMP, slot, formatOf(rig.hart).perm.all & ~perms);
  return TEMP;
};
export const withoutVmem = (rig: MapRig): number => without(rig, permVmem(formats[rig.map.format]));
export const untagged = (rig: MapRig): number => {
  clearTag(rig.hart, TEMP, CAP);
  return TEMP;
};
export const sealed = (rig: MapRig): number => {
  sealEntry(rig.hart, TEMP, CAP);
  return TEMP;
};
export const narrow = (rig: MapRig, length: number): number => {
  setBounds(rig.hart, TEMP, CAP, length);
  return TEMP;
};
/** A capability for all the window, with permission for everything, at an address. */
export const rootAt = (rig: MapRig, low: number): number => at(rig, ROOT, low);

/** unchanged -- a call is refused with an error and changes neither map nor memory nor slots. */
export function unchanged(rig: MapRig, call: () => string): string {
  const words = (): Buffer[] => [rig.memory.u8, rig.memory.tags, new Uint8Array(rig.hart.r.buffer)].map((bytes) => Buffer.from(bytes));
  const state = (): unknown => [rig.map.entries(), rig.frames.available, rig.map.size];
  const before = state(), wordsBefore = words();
  const refusal = call();
  expect(refusal).not.toBe('0');
  expect(state()).toEqual(before);
  expect(words().every((bytes, index) => bytes.equals(wordsBefore[index]))).toBe(true);
  return refusal;
}

/** One row of a profile's tables: what is done, and what comes of it. */
export type Case = readonly [row: string, what: string, errno: string, act: (rig: MapRig) => string];

/** tryRows -- each case is decided by its row, with its errno, and changes nothing if that is one; every row of the profile has a case. */
export function tryRows(abi: Abi, cases: readonly Case[], tag: string): void {
  for (const [row, what, errno, act] of cases) {
    test(`${row}: ${what}: ${errno} <design/mman#.req.nothing> ${tag}`, () => {
      const rig = mapped(RW, SIZE, { abi });
      rig.hart.storeCap(CAP, 0, ROOT);
      expect(act(rig)).toBe(errno);
      expect(rig.fired.at(-1)).toBe(row);
    });
  }

  test(`every row of every table has a case <design/profile#.req.rows> ${tag}`, () => {
    const rows = Object.values(profiles[abi].rules).flatMap((rules) => rules.map(({ row, errno }) => `${row} ${errnoName(errno)}`));
    const tried = new Set(cases.map(([row, , errno]) => `${row} ${errno}`));
    expect([...new Set(rows)].filter((row) => !tried.has(row))).toEqual([]);
  });
}
