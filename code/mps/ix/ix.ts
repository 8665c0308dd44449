/* ix.ts: THE POSIX PLATFORM
 *
 * The arena on an emulated operating system: its memory by mmap, its barriers by mprotect and SIGSEGV, its mutators the threads of a
 * process <design/ix>.
 */
import type { AddressSpace, Hart, Low, Memory } from '../../machine/machine.ts';
import { Frames, Kernel, MapANON, MapPRIVATE, MapRUN, Mutex, ProtREAD, ProtWRITE, type Process, type SigContext, type Thread, type ThreadBody as OsThreadBody } from '../../os/os.ts';
import type { Event, FaultFound } from '../event.ts';
import { StackSIZE, type Settings } from '../options.ts';
import type { Death, FaultCounts, Placed, Platform, ThreadBody, ThreadView } from '../platform.ts';
import type { AccessOwner, AccessSet, GranuleRange, Plinth, Reservation } from '../plinth.ts';
import { protixConvert } from './protix.ts';
import { Protsgix, ProtixDEFAULT, type ProtixArena } from './protsgix.ts';
import { Thix } from './thix.ts';
import { Vmix } from './vmix.ts';

/** A child of fork has called an arena, which is its parent's <design/ix#.fork>. */
export class ForkError extends Error {
  readonly code = 'CAPSTAN_FORK';
  override readonly name = 'ForkError';

  constructor(thread: Thread, { pid, name }: Process) {
    super(`${thread.describe()} of process ${thread.process.pid} has called an arena of process ${pid} '${name}': a child may read and write the `
      + 'objects that it has inherited, but allocates and collects only in an arena of its own');
  }
}

/** A mutator's stack is for signal frames: its locals take none of it, for the arena has the memory <design/ix#.stack>. */
const StackOPTIONS = { stackSize: StackSIZE, localsOnStack: false };

/** What an arena asks of POSIX. */
export class IxPlinth implements Plinth, ProtixArena {
  readonly incremental = true;
  readonly mutex: Mutex = new Mutex('arena');
  private readonly process: Process;
  private readonly protsgix: Protsgix;
  private readonly thix: Thix;
  private readonly vmix: Vmix;
  private taker: AccessOwner | null = null;
  private stopped: readonly Thread[] = [];
  private readonly sink: (event: Event) => void;

  /** `protsgix` and `thix` are the process's, which other arenas in it share. */
  constructor(process: Process, protsgix: Protsgix, thix: Thix, sink: (event: Event) => void) {
    this.process = process;
    this.protsgix = protsgix;
    this.thix = thix;
    this.vmix = new Vmix(process, protsgix.options.execute);
    this.sink = sink;
  }

  // The lock ---------------------------------------------------------------------------------------------------------

  /** lock -- sigHandle may have claimed it for the access it is about to have done; the host's own thread needs none
   * <design/ix#.lock>. */
  lock(): void {
    const { kernel, map } = this.process, thread = kernel.current;
    if (thread !== null && thread.process.map !== map) throw new ForkError(thread, this.process);
    if (thread !== null && this.mutex.owner !== thread) this.mutex.claimNested(thread);
    kernel.noPreempt += 1;
  }

  unlock(): void {
    const { kernel } = this.process, { current } = kernel;
    kernel.noPreempt -= 1;
    if (current !== null && !this.protsgix.isForking(current)) this.mutex.release(current);
  }

  // Memory -----------------------------------------------------------------------------------------------------------

  get ranges(): readonly { readonly base: number; readonly limit: number }[] {
    return this.vmix.ranges;
  }

  reserve(size: number): Reservation | null {
    return this.vmix.reserve(size);
  }

  release(reservation: Reservation): void {
    this.vmix.release(reservation);
  }

  commit(base: Low, size: number): boolean {
    return this.vmix.commit(base, size);
  }

  adopt(hart: Hart, slot: number, size: number): Reservation | null {
    return this.vmix.adopt(hart, slot, size);
  }

  decommit(base: Low, size: number): void {
    this.vmix.decommit(base, size);
  }

  // Protection -------------------------------------------------------------------------------------------------------

  protSetup(owner: AccessOwner): void {
    this.taker = owner;
    this.protsgix.setup(this);
  }

  protFinish(): void {
    this.protsgix.finish(this);
  }

  inheritance(): (child: Thread) => void {
    return this.vmix.inheritance();
  }

  get owner(): AccessOwner {
    return this.taker as AccessOwner;
  }

  protSet(base: Low, limit: Low, mode: AccessSet): void {
    // The limit's sign may be another <design/protix#.fun.set>.
    this.vmix.protect(base, (limit - base) >>> 0, protixConvert(mode, this.protsgix.options.execute));
    this.process.kernel.preempt();
  }

  protSync(): void {
    // protSet has effect without delay <design/protix#.fun.sync>.
  }

  fault(thread: Thread, addr: Low, context: SigContext, found: FaultFound): void {
    this.sink({ clock: this.owner.clock, type: 'fault', thread: thread.name, addr: addr >>> 0, access: context.access ?? 'none', found });
  }

  // Threads ----------------------------------------------------------------------------------------------------------

  suspend(harts: Iterable<Hart>): number {
    this.stopped = this.thix.suspend(harts);
    return this.stopped.length;
  }

  resume(): number {
    const { stopped } = this;
    this.stopped = [];
    this.thix.resume(stopped);
    return stopped.length;
  }

  framesOf(hart: Hart): readonly GranuleRange[] {
    return this.thix.framesOf(hart);
  }

  tell(event: Event): void {
    this.sink(event);
  }
}

/** A kernel with one process, in which an arena and its mutators live. */
export class IxPlatform implements Platform {
  readonly plinth: IxPlinth;
  readonly kernel: Kernel;
  readonly process: Process;
  private readonly protsgix: Protsgix;
  private readonly thix: Thix;
  private readonly sink: (event: Event) => void;
  /** One for each arena. */
  private plinths: readonly IxPlinth[] = [];
  private readonly harts: Hart[] = [];
  private readonly onEnd: (hart: Hart) => boolean;
  /** Threads that are over, of which the arena has not been told <design/ix#.end>. */
  private over: readonly Thread[] = [];

  /** `onEnd` is told that a thread is over; false: it cannot be told now. */
  constructor(memory: Memory, settings: Settings, sink: (event: Event) => void, onEnd: (hart: Hart) => boolean) {
    const { seed, driver, forward, abi, suspend } = settings;
    this.onEnd = onEnd;
    this.kernel = new Kernel({ memory, frames: new Frames(memory, 0, memory.size), seed, driver, abi });
    this.process = this.kernel.process('capstan', true);
    this.thix = new Thix(this.process, suspend);
    this.protsgix = new Protsgix(this.process, { ...ProtixDEFAULT, forward });
    this.sink = sink;
    this.plinth = this.plinthMake();
    this.kernel.watcher = {
      exited: (thread) => {
        this.over = [...this.over, thread];
        if (this.kernel.current === null) this.tellOver();
      },
    };
  }

  plinthMake(): IxPlinth {
    const plinth = new IxPlinth(this.process, this.protsgix, this.thix, this.sink);
    this.plinths = [...this.plinths, plinth];
    return plinth;
  }

  area(hart: Hart, slot: number, size: number): boolean {
    hart.clear(slot);
    return this.process.map.mmap(hart, slot, slot, size, ProtREAD | ProtWRITE, MapANON | MapPRIVATE | MapRUN) === 0;
  }

  /** tellOver -- have the arenas forget threads that are over: not in their own time, for it may have to stop others. */
  private tellOver(): void {
    this.over = this.over.filter((thread) => {
      if (this.plinths.some(({ mutex }) => mutex.owner !== null) || !this.onEnd(thread.hart)) return true;
      this.thix.remove(thread);
      return false;
    });
  }

  get space(): AddressSpace {
    return this.process.space;
  }

  hart(name: string): Hart | null {
    return this.known(this.process.adopt(name, StackOPTIONS));
  }

  thread(name: string, body: ThreadBody): Hart | null {
    // What a body yields is the scheduler's business: nothing, or what a client of the operating system makes.
    return this.known(this.process.spawn(name, body as OsThreadBody, StackOPTIONS));
  }

  private known(thread: Thread | null): Hart | null {
    if (thread === null) return null;
    this.thix.add(thread);
    this.harts.push(thread.hart);
    return thread.hart;
  }

  step(): boolean {
    try {
      return this.kernel.step();
    } finally {
      if (this.over.length > 0) this.tellOver();
    }
  }

  threads(): readonly ThreadView[] {
    return [...this.process.threads].map(({ name, state, suspended, waitingFor }) => ({ name, state, suspended, waitingFor }));
  }

  statics(size: number): Placed | null {
    const { map } = this.process, found = map.reserve(size, ProtREAD | ProtWRITE, ProtREAD | ProtWRITE, { run: true });
    if (found === null) return null;
    const delta = map.deltaOf(found.base);
    if (delta !== null) return { base: found.base, frame: (found.base + delta) >>> 0 };
    map.release(found.base);
    return null;
  }

  faults(): FaultCounts {
    return { faults: this.harts.reduce((sum, { faults }) => sum + faults, 0), forwarded: this.protsgix.forwarded, cleared: this.protsgix.cleared };
  }

  get death(): Death | null {
    const { status } = this.process;
    return status !== null && 'signal' in status ? status : null;
  }
}
