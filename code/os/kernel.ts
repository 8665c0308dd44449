/* kernel.ts: THE KERNEL
 *
 * Processes over one machine, their threads, and the one generator from which every choice among them is drawn <design/os>.
 */
import { aver, cool, random, type Random } from '../base/base.ts';
import { AddressSpace, type Fault, type FormatName, type Memory } from '../machine/machine.ts';
import { AddressMap } from './vm/address-map.ts';
import { Clock } from './clock.ts';
import { Interruption } from './delivery.ts';
import { Frames } from './vm/frames.ts';
import { FileSystem } from './fs/file-system.ts';
import type { Program } from './proc/exec.ts';
import { InitPID } from './proc/family.ts';
import { Process } from './process.ts';
import { Scheduler } from './scheduler.ts';
import { takersAsk } from './taker.ts';
import type { Thread } from './thread.ts';
import { profiles, type Abi, type Profile } from './vm/profile.ts';
import { ShmSegments } from './vm/shm.ts';

/** How a kernel is made. */
export interface KernelOptions {
  readonly memory: Memory;
  /** The part of the memory that processes may be given; default all of it. */
  readonly frames?: Frames;
  readonly seed: number;
  /** Where threads are changed: where programs yield (the default), or wherever they can be. */
  readonly driver?: 'fast' | 'explored';
  /** Whose rules it has; default CheriBSD's. */
  readonly abi?: Abi;
  /** Of the memory's machine; default CHERI-RISC-V's. */
  readonly format?: FormatName;
  /** Whether handlers that call what is not async-signal-safe are told; default in the variety cool <design/safety>. */
  readonly checksSafety?: boolean;
}

/** Hears what happens. A watcher changes nothing and does not wait. */
export interface KernelWatcher {
  fault?(thread: Thread, fault: Fault, signal: number): void;
  /** A handler is about to run. */
  signal?(thread: Thread, signal: number, code: number): void;
  suspended?(thread: Thread): void;
  resumed?(thread: Thread): void;
  /** Another thread than before runs. */
  switched?(thread: Thread): void;
  exited?(thread: Thread): void;
}

/** How often things have happened. */
export interface KernelCounts {
  /** Those that became signals. */
  faults: number;
  /** Those that the address map has seen to: pages that are made, or copied, when they are touched. */
  pageFaults: number;
  signals: number;
  switches: number;
  suspensions: number;
  resumptions: number;
}

/** The kernel. */
export class Kernel {
  readonly memory: Memory;
  readonly frames: Frames;
  /** The only randomness. */
  readonly draw: Random;
  readonly isExplored: boolean;
  readonly scheduler: Scheduler;
  readonly profile: Profile;
  readonly format: FormatName;
  readonly checksSafety: boolean;
  readonly clock: Clock = new Clock();
  readonly fileSystem: FileSystem;
  /** Segments of shared memory, for shmget and shmctl. */
  readonly segments: ShmSegments;
  /** Who runs now. */
  current: Thread | null = null;
  /** While it is not 0, no thread runs in the middle of another's plain access. Whoever holds a lock of the host raises it. */
  noPreempt: number = 0;
  readonly counts: KernelCounts = { faults: 0, pageFaults: 0, signals: 0, switches: 0, suspensions: 0, resumptions: 0 };
  watcher: KernelWatcher | null = null;
  /** A page table that grants nothing: harts that have it ask at each access <design/machine#.explore>. */
  readonly blank: Int32Array = new Int32Array(new SharedArrayBuffer(0x10_0000 * 4));
  /** What is thrown through an operation that faults. */
  readonly interruption: Interruption = new Interruption();
  /** Those that are not over, and those that are and have not been waited for. */
  readonly processes: Map<number, Process> = new Map<number, Process>();
  /** What there is to be executed, by path. */
  readonly programs: Map<string, Program> = new Map<string, Program>();
  private pids: number = InitPID;
  private ids: number = 0;

  constructor({ memory, frames, seed, driver, abi, format, checksSafety }: KernelOptions) {
    this.memory = memory;
    this.frames = frames ?? new Frames(memory, 0, memory.size);
    this.draw = random(seed);
    this.isExplored = driver === 'explored';
    this.profile = profiles[abi ?? 'cheribsd'];
    this.format = format ?? 'riscv';
    this.checksSafety = checksSafety ?? cool;
    this.fileSystem = new FileSystem(this);
    this.segments = new ShmSegments(memory, this.frames, this.profile.sharedTags);
    this.scheduler = new Scheduler(this, this.draw, this.isExplored);
  }

  /** process -- a new process, without threads; with `isKept` it does not end with its last one. */
  process(name: string, isKept: boolean = false): Process {
    return this.enrol(name, isKept, this.map(), null);
  }

  /** map -- a new address space with nothing in it, and one holder. */
  map(): AddressMap {
    const { memory, frames, format, profile } = this;
    return new AddressMap({ space: new AddressSpace(memory.size), memory, frames, format, profile, draw: random(this.draw(0x1_0000_0000)) });
  }

  /** enrol -- the same that lives in `map`, one holder of which it is, and is a child of `parent`, if there is one. */
  enrol(name: string, isKept: boolean, map: AddressMap, parent: Process | null): Process {
    this.pids += 1;
    const process = new Process(this, { pid: this.pids, name, isKept, map, parent });
    this.processes.set(process.pid, process);
    return process;
  }

  /** find -- the process with a number, be it over and not yet waited for; null if there is none. */
  find(pid: number): Process | null {
    return this.processes.get(pid) ?? null;
  }

  /** forget -- its end has been heard of: its number finds nobody any more, and is not given again. */
  forget(process: Process): void {
    this.processes.delete(process.pid);
  }

  /** threadNumber -- the next thread's id. */
  threadNumber(): number {
    this.ids += 1;
    return this.ids;
  }

  /** step -- let one thread run, until it yields, or explored for one operation; false if no thread is left
   *
   * Throws DeadlockError if none can run, and whatever a thread's program throws.
   */
  step(): boolean {
    return this.scheduler.step();
  }

  /** run -- until no thread is left. */
  run(): void {
    while (this.step());
  }

  /** runUntil -- let others run, nested, until `condition` holds and `thread` may go on
   *
   * For whoever cannot yield: it may be called from anywhere. `thread` is who waits, or null for the host. Throws DeadlockError if
   * none of the others can run; those that are in the middle of a call themselves can but handle signals. With `only` no other than that
   * one runs, and `thread` takes no signal meanwhile: for who holds what others would wait for <design/scheduler#.only>.
   */
  runUntil(thread: Thread | null, condition: () => boolean, only: Thread | null = null): void {
    this.scheduler.runUntil(thread, condition, only);
  }

  /** preempt -- a point in the middle of a call where, explored, stepped threads may do some accesses. */
  preempt(): void {
    this.scheduler.preempt();
  }

  /** suspend -- a thread does not run until it has been resumed as often as suspended; its slots and frames are what they will be then
   * <design/thread#.req.stop>. */
  suspend(thread: Thread): void {
    aver(thread !== this.current, '<design/thread#.suspend.self>');
    thread.suspended += 1;
    takersAsk(thread);
    this.counts.suspensions += 1;
    this.watcher?.suspended?.(thread);
  }

  /** resume -- take back one suspension. */
  resume(thread: Thread): void {
    aver(thread.suspended > 0, '<design/thread#.suspend.count>');
    thread.suspended -= 1;
    takersAsk(thread);
    this.scheduler.wake(thread);
    this.counts.resumptions += 1;
    this.watcher?.resumed?.(thread);
  }
}
