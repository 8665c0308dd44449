import { expect } from 'vitest';
import {
  andPerm, clearTag, Machine, riscv, sealEntry, setBounds, slotRead, slotWrite, WindowHIGH, type AddressSpace, type Hart,
  type Memory,
} from '../../code/machine/machine.ts';
import { random } from '../../code/base/base.ts';
import { AddressMap } from '../../code/os/address-map.ts';
import { errnoName } from '../../code/os/errno.ts';
import { Frames } from '../../code/os/frames.ts';
import { MapANON, ProtREAD, ProtWRITE } from '../../code/os/mman.ts';

export const PAGE = 4096;
/** The first address that a reservation can have. */
export const FIRST = 0x0100_0000;

/** Slots of the rig: NULL, all authority, results, and one to derive into. */
export const NULL = 0;
export const ROOT = 1;
export const CAP = 2;
export const TEMP = 3;

export interface MapRig {
  readonly memory: Memory;
  readonly space: AddressSpace;
  readonly frames: Frames;
  readonly map: AddressMap;
  readonly hart: Hart;
}

/** mapRig -- an address map over `pages` frames, with places drawn by `seed` if that is given. */
export function mapRig(pages: number = 64, seed: number | null = null): MapRig {
  const machine = new Machine(pages * PAGE), space = machine.space(), frames = new Frames(0, pages * PAGE);
  const map = new AddressMap(space, machine.memory, frames, seed === null ? null : random(seed));
  const hart = machine.hart('rig', space);
  slotWrite(hart, ROOT, riscv.rootAt(BigInt(WindowHIGH) << 32n));
  return { memory: machine.memory, space, frames, map, hart };
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

/** anonymous -- map `length` bytes into slot CAP; the name of the error, '0' if there is none. */
export const anonymous = ({ map, hart }: MapRig, length: number, prot: number, flags: number = 0, addr: number = NULL): string =>
  errnoName(map.mmap(hart, CAP, addr, length, prot, flags | MapANON));

/** What most memory is for, and the size of most reservations. */
export const RW: number = ProtREAD | ProtWRITE;
export const SIZE: number = 4 * PAGE;

/** A rig with a reservation of four pages that may become RW, in slot CAP. */
export function mapped(prot: number = RW, size: number = SIZE): MapRig {
  const rig = mapRig();
  expect(anonymous(rig, size, prot)).toBe('0');
  return rig;
}

/** The calls, with the name of the error; mmap's result goes to slot TEMP. */
export const mmap = ({ map, hart }: MapRig, addr: number, length: number, prot: number, flags: number): string =>
  errnoName(map.mmap(hart, TEMP, addr, length, prot, flags));
export const mprotect = ({ map, hart }: MapRig, addr: number, length: number, prot: number): string =>
  errnoName(map.mprotect(hart, addr, length, prot));
export const munmap = ({ map, hart }: MapRig, addr: number, length: number): string => errnoName(map.munmap(hart, addr, length));

/** Slots that are no, or too little, authority over the reservation of `mapped`, in slot TEMP. */
export const without = (rig: MapRig, perms: number): number => {
  andPerm(rig.hart, TEMP, CAP, riscv.perm.all & ~perms);
  return TEMP;
};
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
  const state = (): unknown => [rig.map.entries(), rig.frames.available];
  const before = state(), wordsBefore = words();
  const refusal = call();
  expect(refusal).not.toBe('0');
  expect(state()).toEqual(before);
  expect(words().every((bytes, index) => bytes.equals(wordsBefore[index]))).toBe(true);
  return refusal;
}
