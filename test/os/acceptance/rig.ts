/* rig.ts: AN ADDRESS SPACE TO TRY
 *
 * One map over a small machine, under the rules of either system, with the ways in which a program makes pointers out of pointers. Every
 * call that is refused is seen to change nothing <design/mman#.req.nothing>.
 */
import { expect } from 'vitest';
import { random } from '../../../code/base/base.ts';
import {
  addrOf, andPerm, clearTag, faultIsPage, formatOf, lengthOf, Machine, permsOf, seal, setAddress, setBounds, slotRead, slotWrite, WindowHIGH,
  type AddressSpace, type Fault, type Format, type FormatName, type Hart, type Memory, type PermBits,
} from '../../../code/machine/machine.ts';
import { EOPNOTSUPP, errnoName } from '../../../code/os/errno.ts';
import { codeName, signalName } from '../../../code/os/signal.ts';
import { faultSignal } from '../../../code/os/sigfault.ts';
import type { Thread } from '../../../code/os/thread.ts';
import { AddressMap } from '../../../code/os/vm/address-map.ts';
import { Frames } from '../../../code/os/vm/frames.ts';
import { MapANON, MapPRIVATE, protMax, ProtREAD, ProtWRITE } from '../../../code/os/vm/mman.ts';
import { VmObject } from '../../../code/os/vm/object.ts';
import { profiles, type Abi, type Profile } from '../../../code/os/vm/profile.ts';
import type { MapSource } from '../../../code/os/vm/request.ts';
import { IpcPRIVATE, ShmSegments } from '../../../code/os/vm/shm.ts';

export const PAGE = 4096;
export const MIB = 0x10_0000;
export const NONE = 0;
export const R: number = ProtREAD;
export const RW: number = ProtREAD | ProtWRITE;
export const RWMAX: number = protMax(RW);
/** Anonymous and private. */
export const AP: number = MapANON | MapPRIVATE;
/** EOPNOTSUPP is the number of ENOTSUP. */
export const UNSUPPORTED: string = errnoName(EOPNOTSUPP);
/** The slot that is NULL. */
export const NULL = 0;

/** A system that is tried: whose rules, on what machine. */
export interface System {
  readonly abi: Abi;
  readonly format: FormatName;
}

export const bsd: readonly System[] = [{ abi: 'cheribsd', format: 'riscv' }, { abi: 'cheribsd', format: 'morello' }];
export const linux: readonly System[] = [{ abi: 'pcuabi', format: 'morello' }, { abi: 'pcuabi', format: 'riscv' }];
export const both: readonly System[] = [...bsd, ...linux];
export const nameOf = ({ abi, format }: System): string => `${abi} on ${format}`;

/** Thrown by an access that is a signal. */
class Signalled extends Error {}

/** An address space. Calls give the names of errors, '0' for none; accesses what signal they are, 'ok' for none. */
export class World {
  readonly abi: Abi;
  readonly profile: Profile;
  readonly memory: Memory;
  readonly frames: Frames;
  readonly space: AddressSpace;
  readonly map: AddressMap;
  readonly hart: Hart;
  readonly format: Format;
  private readonly machine: Machine;

  constructor(system: System, pages: number = 128, profile: Profile = profiles[system.abi], from: World | null = null) {
    this.abi = system.abi;
    this.profile = profile;
    this.machine = from?.machine ?? new Machine(pages * PAGE, { format: system.format });
    this.memory = this.machine.memory;
    this.frames = from?.frames ?? new Frames(this.memory, 0, pages * PAGE);
    this.space = this.machine.space();
    const { memory, frames, space } = this;
    this.map = from === null
      ? new AddressMap({ space, memory, frames, format: system.format, profile, draw: random(1) }) : forked(from, space);
    this.hart = this.machine.hart('rig', space, 512);
    this.format = formatOf(this.hart);
    this.hart.trap = (_hart, fault) => this.faulted(fault);
  }

  /** fork -- the child: its slots are copies. */
  fork(): World {
    const child = new World({ abi: this.abi, format: this.format.name }, 0, this.profile, this);
    child.hart.r.set(this.hart.r);
    child.hart.top = this.hart.top;
    return child;
  }

  private faulted(fault: Fault): number {
    const found = faultIsPage(fault) ? this.map.fault(fault) : 'accerr';
    if (found === 'resolved') return -1;
    // What decides on a signal asks a thread for its hart and its profile alone.
    const thread = { hart: this.hart, process: { kernel: { profile: this.profile } } } as unknown as Thread;
    const { signal, code } = faultSignal(thread, fault, found);
    throw new Signalled(`${signalName(signal)} ${codeName(signal, code, this.abi)}`);
  }

  // Pointers ---------------------------------------------------------------------------------------------------------

  slot(): number {
    return this.hart.local();
  }

  /** An integer: an address in the window. */
  int(low: number): number {
    const slot = this.slot();
    this.hart.set(slot, low | 0, WindowHIGH, 0, 0);
    return slot;
  }

  /** All authority there is, at an address. */
  root(low: number): number {
    const slot = this.slot();
    slotWrite(this.hart, slot, this.format.rootAt((BigInt(WindowHIGH) << 32n) + BigInt(low)));
    return slot;
  }

  copy(src: number): number {
    const slot = this.slot();
    this.hart.move(slot, src);
    return slot;
  }

  /** The same with its address so many bytes on. */
  on(src: number, bytes: number): number {
    const slot = this.slot();
    setAddress(this.hart, slot, src, addrOf(this.hart, src) + bytes);
    return slot;
  }

  stripped(src: number): number {
    const slot = this.slot();
    clearTag(this.hart, slot, src);
    return slot;
  }

  /** Sealed with a type: its address stays. */
  sealed(src: number): number {
    const slot = this.slot(), authority = this.slot();
    slotWrite(this.hart, authority, this.format.rootAt(20n));
    seal(this.hart, slot, src, authority);
    expect(this.hart.isTagged(slot)).toBe(true);
    return slot;
  }

  without(src: number, ...names: (keyof PermBits)[]): number {
    const slot = this.slot();
    andPerm(this.hart, slot, src, this.format.perm.all & ~names.reduce((bits, name) => bits | this.format.perm[name], 0));
    return slot;
  }

  /** [src + from, src + from + length). */
  narrow(src: number, from: number, length: number): number {
    const slot = this.slot();
    setAddress(this.hart, slot, src, addrOf(this.hart, src) + from);
    setBounds(this.hart, slot, slot, length);
    expect(this.hart.isTagged(slot)).toBe(true);
    return slot;
  }

  low(slot: number): number {
    return this.hart.r[slot * 8] >>> 0;
  }

  length(slot: number): number {
    return lengthOf(this.hart, slot);
  }

  base(slot: number): number {
    return Number(this.format.bounds(slotRead(this.hart, slot)).base & 0xffff_ffffn);
  }

  /** The names of a capability's permissions, in order. */
  perms(slot: number): string[] {
    const { perm } = this.format, bits = permsOf(this.hart, slot), names = Object.keys(perm) as (keyof PermBits)[];
    return names.filter((name) => name !== 'all' && perm[name] !== 0 && (bits & perm[name]) !== 0).sort();
  }

  // Calls ------------------------------------------------------------------------------------------------------------

  /** state -- what no refused call changes. */
  private state(): unknown[] {
    return [this.map.entries(), this.frames.available];
  }

  private words(): Buffer[] {
    return [this.memory.u8, this.memory.tags, new Uint8Array(this.hart.r.buffer)].map((bytes) => Buffer.from(bytes));
  }

  /** call -- make a call; if it is refused, nothing has changed. */
  call(made: () => number): string {
    const before = this.state(), words = this.words(), errno = errnoName(made());
    if (errno === '0') return errno;
    expect(this.state(), `${errno}, and the map has changed`).toEqual(before);
    expect(this.words().every((bytes, index) => bytes.equals(words[index])), `${errno}, and memory or a slot has changed`).toBe(true);
    return errno;
  }

  mmap(dst: number, addr: number, length: number, prot: number, flags: number, source: MapSource | null = null, offset: number = 0): string {
    return this.call(() => this.map.mmap(this.hart, dst, addr, length, prot, flags, source, offset));
  }

  munmap(slot: number, length: number): string {
    return this.call(() => this.map.munmap(this.hart, slot, length));
  }

  mprotect(slot: number, length: number, prot: number): string {
    return this.call(() => this.map.mprotect(this.hart, slot, length, prot));
  }

  mremap(dst: number, old: number, oldLength: number, newLength: number, flags: number, to: number = NULL): string {
    return this.call(() => this.map.mremap(this.hart, dst, old, oldLength, newLength, flags, to));
  }

  madvise(slot: number, length: number, advice: number): string {
    return this.call(() => this.map.madvise(this.hart, slot, length, advice));
  }

  mincore(slot: number, length: number, into: Uint8Array = new Uint8Array(64)): string {
    return this.call(() => this.map.mincore(this.hart, slot, length, into));
  }

  mlock(slot: number, length: number): string {
    return this.call(() => this.map.mlock(this.hart, slot, length));
  }

  munlock(slot: number, length: number): string {
    return this.call(() => this.map.munlock(this.hart, slot, length));
  }

  msync(slot: number, length: number, flags: number = 0): string {
    return this.call(() => this.map.msync(this.hart, slot, length, flags));
  }

  minherit(slot: number, length: number, how: number): string {
    return this.call(() => this.map.minherit(this.hart, slot, length, how));
  }

  /** shmat -- attach a fresh segment of so many bytes. */
  shmat(dst: number, addr: number, size: number, flags: number = 0): string {
    const segments = new ShmSegments(this.memory, this.frames, this.profile.sharedTags);
    const segment = segments.find(segments.get(IpcPRIVATE, size, 0));
    if (segment === null) throw new Error('no segment');
    return this.call(() => this.map.shmat(this.hart, dst, segment, addr, flags));
  }

  shmdt(slot: number): string {
    return this.call(() => this.map.shmdt(this.hart, slot));
  }

  /** live -- a fresh reservation of so many bytes, in a slot of its own. */
  live(length: number, prot: number = RW, flags: number = AP, source: MapSource | null = null): number {
    const slot = this.slot();
    expect(this.mmap(slot, NULL, length, prot, flags, source)).toBe('0');
    return slot;
  }

  /** stale -- a capability whose reservation is gone. */
  stale(length: number): number {
    const slot = this.live(length);
    expect(this.munmap(slot, length)).toBe('0');
    return slot;
  }

  /** file -- a regular file of so many bytes that is open. */
  file(size: number, mayRead: boolean = true, mayWrite: boolean = true): MapSource {
    return { object: new VmObject('/f', size, false, this.memory, this.frames), isRegular: true, mayRead, mayWrite };
  }

  /** shm -- a shared memory object without a name. */
  shm(size: number): MapSource {
    return { object: new VmObject('shm', size, true, this.memory, this.frames), isRegular: false, mayRead: true, mayWrite: true };
  }

  // Accesses ---------------------------------------------------------------------------------------------------------

  /** access -- what becomes of accesses. */
  access(made: () => void): string {
    try {
      made();
      return 'ok';
    } catch (error) {
      if (error instanceof Signalled) return error.message;
      throw error;
    }
  }

  load(slot: number, offset: number = 0): string {
    return this.access(() => void this.hart.load8(slot, offset));
  }

  store(slot: number, offset: number = 0, value: number = 1): string {
    return this.access(() => {
      this.hart.store8(slot, offset, value);
    });
  }

  storeCap(slot: number, offset: number, value: number): string {
    return this.access(() => {
      this.hart.storeCap(slot, offset, value);
    });
  }

  /** loadCap -- the slot it has come to. */
  loadCap(slot: number, offset: number = 0): number {
    const dst = this.slot();
    this.hart.loadCap(dst, slot, offset);
    return dst;
  }

  isTagged(slot: number): boolean {
    return this.hart.isTagged(slot);
  }

  /** reservations -- each as base and limit, in order. */
  reservations(): string[] {
    const found = new Map<number, number>();
    for (const { reservation, limit } of this.map.entries()) found.set(reservation, Math.max(found.get(reservation) ?? 0, limit));
    return [...found].map(([base, limit]) => `${base.toString(16)}-${limit.toString(16)}`);
  }
}

function forked(from: World, space: AddressSpace): AddressMap {
  const map = from.map.fork(space);
  if (map === null) throw new Error('no memory for a child');
  return map;
}
