/* world.ts: AN ENGINE AND ITS MODELS
 *
 * A small machine with up to three processes, each with a naive space beside its address map, a hart that runs in one of them, and the
 * capabilities that its programs have come by <design/vm-oracle#.def.history>.
 */
import { random } from '../../../../code/base/base.ts';
import {
  clearTag, faultIsPage, formatOf, Machine, sealEntry, setBounds, slotRead, slotWrite, WindowHIGH, type AddressSpace, type Fault, type Format,
  type Hart,
} from '../../../../code/machine/machine.ts';
import { errnoName } from '../../../../code/os/errno.ts';
import { AddressMap } from '../../../../code/os/vm/address-map.ts';
import { Frames } from '../../../../code/os/vm/frames.ts';
import { VmObject } from '../../../../code/os/vm/object.ts';
import { profiles, type Abi } from '../../../../code/os/vm/profile.ts';
import { ShmSegment } from '../../../../code/os/vm/shm.ts';
import { RangeTree } from '../../../../code/os/vm/tree.ts';
import { capOf, type Cap } from './caps.ts';
import { cheribsd } from './cheribsd.ts';
import { pcuabi } from './pcuabi.ts';
import type { Answers, Rules } from './rules.ts';
import { Cell, FIRST, LAST, PAGE, Space, type Region, type Segment, type Source } from './space.ts';

/** Frames of the machine: few, so that they run out now and then. */
const FRAMES = 64;
const PROCESSES = 3;

/** Slots: NULL, all authority, results, arguments, values; what programs hold lies from HELD on. */
export const NULL = 0, ROOT = 1, RESULT = 2, TEMP = 3, TARGET = 4;
const HELD = 8;
const HOLDS = 40;

/** must -- a law of histories: fails by its name. */
export function must(holds: boolean, law: string): asserts holds {
  if (!holds) throw new Error(law);
}

/** Thrown by an access that is refused: by which rung, or by what the address map says. */
export class Refused extends Error {
  reason: string = '';
}

// One for all: a stack for each would cost more than the access.
const refusal = new Refused();

function refuse(reason: string): never {
  refusal.reason = reason;
  throw refusal;
}

/** A file or shared memory, of the engine and of the models. */
export interface Backing extends Source {
  readonly object: VmObject;
}

/** A capability that some program was given, and for what. */
interface Held {
  readonly slot: number;
  readonly region: Region;
}

/** What is held as it was when somebody asked, and for which reservations. */
interface Known {
  readonly held: readonly Held[];
  readonly regions: readonly Region[];
  readonly count: number;
  readonly live: readonly Held[];
  readonly stale: readonly Held[];
}

/** A process: its address map, and the models beside it. */
export interface Process {
  readonly map: AddressMap;
  readonly space: AddressSpace;
  readonly model: Space;
  /** The reservations in the tree that the engine has, by base. */
  readonly tree: RangeTree<Region>;
}

/** What calls of a kind have answered. */
export type Tally = Map<string, Map<string, number>>;

// Page tables that nobody has any more: a new one costs more than a history.
const spares: AddressSpace[] = [];

const ZEROS = Buffer.alloc(0x40_0000);

/** isZero -- whether there is nothing but zeros: all of a machine is compared, and a loop would cost more than a history. */
function isZero({ buffer, byteOffset, byteLength }: Int32Array | Uint8Array): boolean {
  return Buffer.from(buffer, byteOffset, byteLength).equals(ZEROS.subarray(0, byteLength));
}

/** spare -- have a page table used again, which nothing has been left in. */
function spare(space: AddressSpace): void {
  must(isZero(space.window), `the page table has an entry for page ${space.window.findIndex((entry) => entry !== 0)} outside of all mappings`);
  spares.push(space);
}

/** The machine and its models. */
export class World {
  readonly abi: Abi;
  readonly rules: Rules;
  readonly format: Format;
  readonly hart: Hart;
  readonly frames: Frames;
  readonly backings: readonly Backing[];
  readonly segments: readonly Segment[];
  readonly tally: Tally;
  /** The program, where somebody is to read it. */
  readonly log: string[] | null;
  processes: Process[];
  now: Process;
  private readonly machine: Machine;
  private held: Held[] = [];
  private known: Known = { held: [], regions: [], count: -1, live: [], stale: [] };
  /** Page tables of processes that are gone: what comes after must find nothing in them. */
  private gone: AddressSpace[] = [];
  private readonly free: number;

  constructor(abi: Abi, seed: number, tally: Tally, log: string[] | null) {
    this.abi = abi;
    this.rules = abi === 'cheribsd' ? cheribsd : pcuabi;
    this.machine = new Machine(FRAMES * PAGE, { format: abi === 'cheribsd' ? 'riscv' : 'morello' });
    const space = spares.pop() ?? this.machine.space(), { memory } = this.machine;
    this.frames = new Frames(memory, 0, FRAMES * PAGE);
    this.free = this.frames.available;
    const draw = seed % 2 === 0 ? random(seed) : null;
    const map = new AddressMap({ space, memory, frames: this.frames, format: this.machine.format, profile: profiles[abi], draw });
    this.now = { map, space, model: new Space(), tree: new RangeTree<Region>(FIRST, LAST) };
    this.processes = [this.now];
    this.hart = this.machine.hart('history', space, HELD + HOLDS);
    this.format = formatOf(this.hart);
    slotWrite(this.hart, ROOT, this.format.rootAt(BigInt(WindowHIGH) << 32n));
    this.hart.trap = (_hart, fault) => this.trap(fault);
    this.backings = [
      this.backing('file', false, true), this.backing('read-only', false, false), this.backing('shm', profiles[abi].sharedTags, true),
      this.backing('write-only', false, true, 3, false),
    ];
    this.segments = [1, 2].map((id) => {
      const { object, ...source } = this.backing(`segment ${id}`, profiles[abi].sharedTags, true, id + 1);
      return { ...source, segment: new ShmSegment(id, 0, object) };
    });
    this.tally = tally;
    this.log = log;
  }

  private backing(name: string, carriesTags: boolean, mayWrite: boolean, count: number = 3, mayRead: boolean = true): Backing {
    const object = new VmObject(name, count * PAGE, carriesTags, this.machine.memory, this.frames);
    return { name, carriesTags, mayRead, mayWrite, object, cells: Array.from({ length: count }, () => new Cell()) };
  }

  /** anonymous -- what is behind shared memory without a name: it stays as large as it was made, whatever becomes of its mappings. */
  anonymous(count: number): Source {
    return { name: 'anonymous', carriesTags: profiles[this.abi].sharedTags, mayRead: true, mayWrite: true, cells: Array.from({ length: count }, () => new Cell()) };
  }

  private resolved: number = 0;

  private trap(fault: Fault): number {
    if (!faultIsPage(fault)) refuse(fault.kind);
    const found = this.now.map.fault(fault);
    if (found !== 'resolved') refuse(found === 'accerr' && fault.kind === 'page-storecap' ? 'storetag' : found);
    this.resolved += 1;
    must(this.resolved < 8, 'a fault is resolved over and over');
    return -1;
  }

  /** access -- what comes of an access: 'ok', or why not. */
  access(make: () => void): string {
    this.resolved = 0;
    try {
      make();
    } catch (error) {
      if (error instanceof Refused) return error.reason;
      throw error;
    }
    return 'ok';
  }

  // Judging ----------------------------------------------------------------------------------------------------------

  /** judge -- a call has answered what the rules allow; whether it has succeeded. */
  judge(kind: string, what: () => string, answers: Answers, errno: number): boolean {
    const name = errnoName(errno);
    this.count(kind, name);
    this.log?.push(`${what()} = ${name}`);
    if (!answers.includes(errno)) throw new Error(`${what()} = ${name}, but the rules say ${answers.map(errnoName).join(' or ')}`);
    return errno === 0;
  }

  /** count -- an access has come to this. */
  count(kind: string, outcome: string): void {
    const counts = this.tally.get(kind) ?? new Map<string, number>();
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    this.tally.set(kind, counts);
  }

  /** cap -- what is in a slot. */
  cap(slot: number): Cap {
    return capOf(this.hart, slot);
  }

  // Capabilities -----------------------------------------------------------------------------------------------------

  /** keep -- the capability in RESULT is one that programs have. */
  keep(region: Region, place: number): void {
    const slot = this.held.length < HOLDS ? HELD + this.held.length : this.held[this.worst(place)].slot;
    this.hart.move(slot, RESULT);
    this.held = [...this.held.filter((one) => one.slot !== slot), { slot, region }];
  }

  /** The index of what is to be forgotten: a stale one if there is any, but not always. */
  private worst(place: number): number {
    const stale = this.held.findIndex(({ region }) => !this.now.model.regions.includes(region));
    return stale >= 0 && place % 4 !== 0 ? stale : place % this.held.length;
  }

  /** holds -- what is held for reservations that this process has; or, with `isStale`, for those that it has not. */
  holds(isStale: boolean): readonly Held[] {
    const { held, now: { model: { regions } } } = this, { known } = this;
    // The list of reservations grows at its end, or is another.
    if (known.held !== held || known.regions !== regions || known.count !== regions.length) {
      const sorted = (isLive: boolean): Held[] => held.filter(({ region }) => regions.includes(region) === isLive);
      this.known = { held, regions, count: regions.length, live: sorted(true), stale: sorted(false) };
    }
    return isStale ? this.known.stale : this.known.live;
  }

  /** someSlot -- one of those that are held, or NULL. */
  someSlot(place: number): number {
    return this.held.length === 0 ? NULL : this.held[place % this.held.length].slot;
  }

  /** place -- put into `dst` what is in `src`, with an address in the window. */
  place(dst: number, src: number, addr: number): void {
    slotWrite(this.hart, dst, this.format.setAddress(slotRead(this.hart, src), (BigInt(WindowHIGH) << 32n) + BigInt(addr)));
  }

  /** integer -- put an address into `dst`, and nothing else. */
  integer(dst: number, addr: number): void {
    this.hart.set(dst, addr | 0, WindowHIGH, 0, 0);
  }

  without(dst: number, perms: number): void {
    slotWrite(this.hart, dst, this.format.andPerm(slotRead(this.hart, dst), this.format.perm.all & ~perms));
  }

  narrow(dst: number, size: number): void {
    setBounds(this.hart, dst, dst, size);
  }

  seal(dst: number): void {
    sealEntry(this.hart, dst, dst);
  }

  untag(dst: number): void {
    clearTag(this.hart, dst, dst);
  }

  // Processes --------------------------------------------------------------------------------------------------------

  /** enter -- run in a process. */
  enter(process: Process): void {
    this.now = process;
    this.hart.enterSpace(process.space);
  }

  get mayFork(): boolean {
    return this.processes.length < PROCESSES;
  }

  /** fork -- a child of the process that runs; false if there is no memory. */
  fork(): boolean {
    const space = this.gone.pop() ?? spares.pop() ?? this.machine.space(), map = this.now.map.fork(space);
    if (map === null) {
      this.gone.push(space);
      return false;
    }
    const model = this.now.model.fork(), tree = new RangeTree<Region>(FIRST, LAST);
    for (const region of model.regions) tree.insert(region);
    this.processes.push({ map, space, model, tree });
    return true;
  }

  /** exit -- the process that runs is gone. */
  exit(): void {
    this.now.map.clear();
    this.gone.push(this.now.space);
    this.processes = this.processes.filter((process) => process !== this.now);
    this.enter(this.processes[0]);
  }

  /** finish -- all of them go, and the files; the frames are whole again, and empty <design/vm-oracle#.inv.whole>. */
  finish(): void {
    for (const { map, space } of this.processes) {
      map.clear();
      this.gone.push(space);
    }
    this.gone.forEach(spare);
    for (const { object } of this.backings) object.drop();
    for (const { segment } of this.segments) {
      must(segment.attached === 0, 'a segment is attached to nothing');
      segment.remove();
    }
    must(this.frames.available === this.free, `frames are lost: ${(this.free - this.frames.available) / PAGE}`);
    const { i32, tags } = this.machine.memory;
    must(isZero(i32) && isZero(tags), 'a free frame holds something');
  }
}
