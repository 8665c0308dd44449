/* rig.ts: ARENAS ON AN OPERATING SYSTEM
 *
 * A kernel with one process, as many arenas in it as wanted, and threads that all of them know. Quanta are as small as can be.
 */
import { expect } from 'vitest';
import { Memory, PageDIRTYCAP, PageSIZE, WindowHIGH, type Hart } from '../../../code/machine/machine.ts';
import { Arena } from '../../../code/mps/arena/arena.ts';
import { IxPlinth } from '../../../code/mps/ix/ix.ts';
import { ProtixDEFAULT, Protsgix, type ProtixOptions } from '../../../code/mps/ix/protsgix.ts';
import { Thix, type SuspendHow } from '../../../code/mps/ix/thix.ts';
import { ResOK, type AllocationPoint, type AmcPool, type Event, type Format } from '../../../code/mps/mps.ts';
import {
  Frames, Kernel, MapANON, MapPRIVATE, ProtNONE, ProtREAD, ProtWRITE, SIGSEGV, SigSetEMPTY, sigSetHas, SIGXCPU, SIGXFSZ, type KernelWatcher, type Process, type SigAction, type SigHandler,
  type Abi, type SpawnOptions, type Thread, type ThreadBody,
} from '../../../code/os/os.ts';
import { shieldLook } from '../../../code/observe/shield.ts';

export { failure } from '../../os/rig.ts';

/** How a rig is made. */
export interface RigOptions extends Partial<ProtixOptions> {
  readonly seed?: number;
  readonly driver?: 'fast' | 'explored';
  readonly arenas?: number;
  readonly abi?: Abi;
  readonly suspend?: SuspendHow;
  /** The action for SIGSEGV that is there before any arena. */
  readonly before?: SigAction;
  /** Memory that an earlier rig has left clean. */
  readonly memory?: Memory;
  readonly format?: Format;
  /** Share of memory that may be committed without need: none, so that what is freed is not there any more. */
  readonly spare?: number;
}

const MEMORY = 0x10_0000;
const NURSERY = 4096;

/** More faults than any test makes. */
const FaultsMOST = 2000;
/** And more steps. */
const StepsMOST = 50_000;

/** An arena with a pool. */
export interface Member {
  readonly plinth: IxPlinth;
  readonly arena: Arena;
  readonly pool: AmcPool;
  readonly told: Event[];
}

export class Rig {
  readonly kernel: Kernel;
  readonly process: Process;
  readonly protsgix: Protsgix;
  readonly thix: Thix;
  readonly members: Member[] = [];
  readonly threads: Thread[] = [];
  /** How often protection was looked at as an arena was left. */
  looks: number = 0;
  /** Work in a quantum, in bytes. */
  private quantum: number = 1;
  private readonly options: RigOptions;
  private readonly points = new Map<Hart, AllocationPoint[]>();

  constructor(options: RigOptions = {}) {
    const { seed = 1, driver = 'fast', arenas = 1, before, memory = new Memory(MEMORY), abi = 'cheribsd', suspend = 'kernel' } = options;
    this.options = options;
    this.kernel = new Kernel({ memory, frames: new Frames(memory, 0, memory.size), seed, driver, abi });
    this.process = this.kernel.process('rig', true);
    this.thix = new Thix(this.process, suspend);
    this.watch({});
    if (before !== undefined) expect(this.process.sigaction(SIGSEGV, before)).toBeTypeOf('object');
    this.protsgix = new Protsgix(this.process, { ...ProtixDEFAULT, ...options });
    for (let i = 0; i < arenas; ++i) this.member();
  }

  /** watch -- have `watcher` hear what happens; an access that faults for ever is an error. */
  watch(watcher: KernelWatcher): void {
    this.kernel.watcher = {
      ...watcher,
      fault: (...told) => {
        if (this.kernel.counts.faults > FaultsMOST) throw new Error('faults for ever');
        watcher.fault?.(...told);
      },
    };
  }

  /** member -- one more arena. */
  member(): Member {
    const { seed = 1, format, spare = 0 } = this.options, told: Event[] = [], memory = this.kernel.memory;
    const plinth = new IxPlinth(this.process, this.protsgix, this.thix, (event) => told.push(event));
    const arena = new Arena(memory, plinth, {
      commitLimit: memory.size / 4, chunkSize: memory.size / 8, grainSize: PageSIZE, spare, everyPoll: false, pauseWork: 0, seed,
      generations: [{ capacity: NURSERY, mortality: 0.5 }, { capacity: 4 * NURSERY, mortality: 0.5 }],
    });
    Object.assign(arena.control, { quantum: () => this.quantum });
    const member = { plinth, arena, pool: arena.pool('amc', format === undefined ? {} : { format }), told };
    arena.watcher = { left: () => { this.look(arena); } };
    this.members.push(member);
    return member;
  }

  get arena(): Arena {
    return this.members[0].arena;
  }

  /** look -- protection is as it should be. */
  private look(arena: Arena): void {
    arena.shield.check();
    const { wrong } = shieldLook(arena, this.process.space);
    if (wrong !== null) throw new Error(wrong);
    this.looks += 1;
  }

  /** adopt -- a thread that the test drives. */
  adopt(name: string = 'main', stackSize: number = 8192): Thread {
    return this.known(this.process.adopt(name, { slots: 256, stackSize }));
  }

  spawn(name: string, body: ThreadBody, options: SpawnOptions = {}): Thread {
    return this.known(this.process.spawn(name, body, { slots: 128, stackSize: 8192, ...options }));
  }

  private known(thread: Thread | null): Thread {
    if (thread === null) throw new Error('no memory for a thread');
    this.thix.add(thread);
    this.threads.push(thread);
    for (const { arena } of this.members) arena.threadRegister(thread.hart);
    this.points.set(thread.hart, this.members.map(({ pool }) => pool.allocationPoint(thread.hart)));
    return thread;
  }

  /** point -- a thread's allocation point in an arena. */
  point({ hart }: Thread, member: number = 0): AllocationPoint {
    const point = this.points.get(hart)?.[member];
    if (point === undefined) throw new Error('a thread of somebody else\'s');
    return point;
  }

  /** make -- an object of words `mark`, and if given a capability in its second granule. */
  make(thread: Thread, slot: number, mark: number, { size = 48, ref = -1, member = 0 }: { size?: number; ref?: number; member?: number } = {}): void {
    const point = this.point(thread, member);
    do {
      expect(point.reserve(slot, size)).toBe(ResOK);
      for (let at = 0; at < size; at += 4) thread.hart.store32(slot, at, mark);
      if (ref >= 0) thread.hart.storeCap(slot, 16, ref);
    } while (!point.commit(slot));
  }

  /** run -- until no thread is left, which does not take for ever. */
  run(): void {
    for (let left = StepsMOST; this.kernel.step(); --left) if (left === 0) throw new Error('steps for ever');
  }

  /** flip -- begin a collection of the world, up to its flip: what slots refer to is grey. */
  flip(member: number = 0): void {
    const { arena } = this.members[member];
    this.quantum = 0;
    arena.control.worldAt = -Infinity;
    expect([arena.trace.isBusy, arena.step(), arena.trace.isFlipped]).toEqual([false, true, true]);
    this.quantum = 1;
    arena.trace.quantum = 1;
  }

  /** forbidden -- what the arena wants forbidden where a slot points. */
  forbidden({ hart }: Thread, slot: number, member: number = 0): number {
    return this.members[member].arena.heap.segOf(hart.r[slot << 3])?.protMode ?? -1;
  }

  /** Faults, and what became of those on pages <design/protix#.inv.count>. The kernel's count, for an operation that has been granted is refused by
   * its hart once more, before it is made. */
  account(): readonly [faults: number, accounted: number] {
    const hits = this.members.map(({ arena: { counts } }) => counts.readHits + counts.writeHits + counts.clearedHits);
    const { forwarded, cleared } = this.protsgix;
    return [this.kernel.counts.faults, hits.reduce((sum, n) => sum + n, forwarded + cleared)];
  }

  /** end -- everything is given back, to the last frame. */
  end(): void {
    for (const thread of this.threads) {
      for (const { arena } of this.members) arena.threadDeregister(thread.hart);
      this.process.leave(thread);
    }
    for (const { arena } of this.members) arena.finish();
  }
}

/** A way in which an arena can be on an operating system. */
export interface Way {
  readonly title: string;
  readonly suspend: SuspendHow;
  readonly abi: Abi;
  /** make -- a rig of that way. */
  readonly make: (options?: RigOptions) => Rig;
}

/** Every way of suspension under every ABI: what is true of protection is true in all of them. */
export const ways: readonly Way[] = (['kernel', 'signals'] as const).flatMap((suspend) => (['cheribsd', 'pcuabi'] as const).map((abi) => ({
  title: `suspension by ${suspend}, ${abi}`, suspend, abi, make: (options: RigOptions = {}) => new Rig({ ...options, suspend, abi }),
})));

/** isStopped -- whether a thread is kept from running: by the kernel, or in the handler of SIGXFSZ. */
export const isStopped = ({ suspended, levels, depth, pending }: Thread): boolean =>
  suspended > 0 || (levels.slice(0, depth).some(({ signal }) => signal === SIGXFSZ) && !sigSetHas(pending, SIGXCPU));

/** inHandler -- whether a thread is in the handler of a fault. */
export const inHandler = ({ state, levels, depth }: Thread): boolean =>
  state !== 'done' && levels.slice(0, depth).some(({ signal }) => signal === SIGSEGV);

/** pages -- memory of the program's own, in a slot. */
export function pages({ hart, process }: Thread, slot: number, count: number = 1): void {
  hart.clear(slot);
  expect(process.map.mmap(hart, slot, slot, count * PageSIZE, ProtREAD | ProtWRITE, MapANON | MapPRIVATE)).toBe(0);
}

export function protect({ hart, process }: Thread, slot: number, prot: number, count: number = 1): void {
  const errno = process.map.mprotect(hart, slot, count * PageSIZE, prot);
  if (errno !== 0) throw new Error(`mprotect: ${errno}`);
}

export const close = (thread: Thread, slot: number): void => { protect(thread, slot, ProtNONE); };
export const open = (thread: Thread, slot: number): void => { protect(thread, slot, ProtREAD | ProtWRITE); };

/** own -- a page of the program's own that nobody may access, in a slot. */
export function own(thread: Thread, slot: number): void {
  pages(thread, slot);
  close(thread, slot);
}

export const action = (handler: SigAction['handler'], flags: number = 0, mask: SigAction['mask'] = SigSetEMPTY): SigAction => ({ handler, mask, flags });

/** opener -- a handler that opens the page in `slot` of the thread it runs on, and notes what it was told. */
export const opener = (slot: number, note: (...told: Parameters<SigHandler>) => void = () => undefined): SigHandler =>
  function* (signal, info, context, thread) {
    yield;
    note(signal, info, context, thread);
    open(thread, slot);
  };

/** slotCopy -- give one thread what another has. */
export function slotCopy(to: Hart, dst: number, from: Hart, src: number): void {
  to.r.set(from.r.subarray(src << 3, (src << 3) + 7), dst << 3);
}

/** rightsAt -- what the page-table entry of a low address allows. */
export const rightsAt = ({ space }: Process, low: number): number => space.entry(low | 0, WindowHIGH) & 0xfff & ~PageDIRTYCAP;

/** protOf -- the protection of the page at a low address; -1 where nothing is mapped. */
export const protOf = ({ map }: Process, low: number): number =>
  map.entries().find(({ base, limit }) => base <= low >>> 0 && low >>> 0 < limit)?.prot ?? -1;

/** reportOf -- how a process died. */
export const reportOf = ({ status }: Process): string => (status !== null && 'report' in status ? status.report : JSON.stringify(status));
