import { expect } from 'vitest';
import { Machine, MachineFault, riscv, slotWrite, WindowHIGH, type AddressSpace, type Hart, type Memory } from '../../../code/machine/machine.ts';
import { ProtHASCAP, ProtNONE, ProtREAD, ProtWRITE } from '../../../code/os/vm/mman.ts';
import { Frames } from '../../../code/os/vm/frames.ts';
import { VmObject, type Pager } from '../../../code/os/vm/object.ts';
import { Reservation, type Mapping } from '../../../code/os/vm/reservation.ts';
import { outcome } from '../../machine/rig.ts';

export const PAGE = 4096;
/** Low address of the reservation of most tests. */
export const BASE = 0x8000_0000;

export const NONE: number = ProtNONE;
export const R: number = ProtREAD | ProtHASCAP;
export const RW: number = ProtREAD | ProtWRITE | ProtHASCAP;
/** Without capabilities. */
export const PLAIN: number = ProtREAD | ProtWRITE;

/** Slots: all authority at the address of the access, and one that is loaded to. */
const AT = 1, TEMP = 2;

export interface Place {
  readonly base: number;
  readonly pages: number;
  readonly max: number;
  readonly run: boolean;
}

/** Processes over one memory, each a space and its reservations, with a hart whose faults these see to. */
export class PageRig {
  readonly memory: Memory;
  readonly frames: Frames;
  private readonly machine: Machine;
  private readonly count: number;

  constructor(pages: number = 64) {
    this.machine = new Machine(pages * PAGE);
    this.memory = this.machine.memory;
    this.frames = new Frames(this.memory, 0, pages * PAGE);
    this.count = pages;
  }

  process(): Process {
    return new Process(this, this.machine.space(), this.machine);
  }

  object(size: number, carriesTags: boolean = true, pager: Pager | null = null): VmObject {
    return new VmObject('it', size, carriesTags, this.memory, this.frames, pager);
  }

  /** Pages that somebody has. */
  get used(): number {
    return this.count - this.frames.available / PAGE;
  }

  /** whole -- everything has been given back, zero and untagged. */
  whole(): void {
    expect([this.used, this.memory.i32.every((word) => word === 0), this.memory.tags.every((tag) => tag === 0)]).toEqual([0, true, true]);
  }
}

export class Process {
  readonly rig: PageRig;
  readonly space: AddressSpace;
  readonly hart: Hart;
  readonly reservations: Reservation[] = [];
  /** What the last fault came to. */
  found: string = '';

  constructor(rig: PageRig, space: AddressSpace, machine: Machine) {
    this.rig = rig;
    this.space = space;
    this.hart = machine.hart('rig', space);
    this.hart.trap = (_hart, fault) => {
      const low = fault.low >>> 0, reservation = this.reservations.find(({ base, limit }) => base <= low && low < limit);
      this.found = reservation === undefined ? 'outside' : reservation.fault(low, fault.access);
      if (this.found === 'resolved') return -1;
      throw new MachineFault(fault);
    };
  }

  make({ base, pages, max, run }: Partial<Place> = {}): Reservation | null {
    const from = base ?? BASE, limit = from + (pages ?? 8) * PAGE;
    const options = { base: from, limit, innerBase: from, innerLimit: limit, max: max ?? RW, run: run ?? false };
    const made = Reservation.make(options, this.space, this.rig.memory, this.rig.frames);
    if (made !== null) this.reservations.push(made);
    return made;
  }

  /** mapped -- a reservation all of which is a mapping. */
  mapped(mapping: Partial<Mapping> = {}, place: Partial<Place> = {}): Reservation {
    const made = this.make(place);
    if (made === null) throw new Error('no memory');
    made.map(made.base, made.limit, mappingOf(mapping));
    return made;
  }

  /** child -- another process, with what it inherits; null if there is no memory. */
  child(): Process | null {
    const child = this.rig.process();
    for (const reservation of this.reservations) {
      const made = reservation.fork(child.space);
      if (made === null) {
        child.exit();
        return null;
      }
      child.reservations.push(made);
    }
    return child;
  }

  exit(): void {
    for (const reservation of this.reservations.splice(0)) reservation.finish();
  }

  // Accesses, by low address: what was read, or the kind of the fault ------------------------------------------------

  read(addr: number): unknown {
    return outcome(() => this.hart.load32(this.at(addr), 0));
  }

  write(addr: number, value: number): unknown {
    return outcome(() => {
      this.hart.store32(this.at(addr), 0, value);
    });
  }

  /** readCap -- whether what was read is tagged. */
  readCap(addr: number): unknown {
    return outcome(() => {
      this.hart.loadCap(TEMP, this.at(addr), 0);
      return this.hart.isTagged(TEMP);
    });
  }

  writeCap(addr: number): unknown {
    return outcome(() => {
      this.hart.storeCap(this.at(addr), 0, AT);
    });
  }

  private at(addr: number): number {
    slotWrite(this.hart, AT, riscv.rootAt((BigInt(WindowHIGH) << 32n) + BigInt(addr)));
    return AT;
  }
}

/** mappingOf -- anonymous memory that may be read and written, but for what is said. */
export const mappingOf = (mapping: Partial<Mapping>): Mapping =>
  ({ prot: RW, max: RW, object: null, page: 0, isShared: false, ...mapping });
