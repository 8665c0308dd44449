/* process.ts: PROCESSES
 *
 * An address space with its map, threads that run in it, what they want done about signals, and a place among other processes
 * <design/process>.
 */
import { aver } from '../base/base.ts';
import { GranuleSIZE, Hart, HartSLOTS, slotRead, slotWrite, type AddressSpace, type Low } from '../machine/machine.ts';
import type { AddressMap } from './vm/address-map.ts';
import type { Reservation } from './vm/reservation.ts';
import type { Alarm } from './alarm.ts';
import { coreMake, type Core } from './core.ts';
import { faultTake, signalSend } from './delivery.ts';
import { EINVAL, ESRCH } from './errno.ts';
import type { Kernel } from './kernel.ts';
import { MapANON, MapGUARD, MapSTACK } from './vm/mman.ts';
import { Pending } from './pending.ts';
import { Files } from './fs/files.ts';
import { fileSource } from './fs/source.ts';
import { endingCheck } from './proc/ending.ts';
import { familyEnd, InitPID } from './proc/family.ts';
import type { AtFork } from './proc/fork.ts';
import { Keys } from './pthread/keys.ts';
import { Limits, RLIMIT_AS, RLIMIT_STACK, type Limit } from './proc/limits.ts';
import {
  CLD_CONTINUED, CLD_STOPPED, dispositionOf, SI_USER, SIGCONT, SIG_DFL, SIG_IGN, SigActionDEFAULT, sigFlagsAreKnown, SIGKILL, signalDefault,
  signalExists, SignalMAX, SIGSTOP, signalStops, type Disposition, type SigAction,
} from './signal.ts';
import { safetyCheck } from './safety.ts';
import { isThere, Stack } from './stack.ts';
import { childNotify } from './stop.ts';
import { sharedRemove, takersAsk } from './taker.ts';
import { ArgumentSLOT, Thread, type ThreadBody, type ThreadKind } from './thread.ts';
import { Unwind } from './unwind.ts';
import { Channel } from './wait.ts';

/** Bytes of a thread's stack if nothing is said: room for the slots that a hart has if nothing is said, and for signal frames. */
const StackSIZE: number = HartSLOTS * GranuleSIZE + 0x4000;

/** How a process has ended. */
export type Status = { readonly exit: number } | { readonly signal: number; readonly report: string; readonly core?: boolean };

/** What a process is made of. */
export interface ProcessOptions {
  readonly pid: number;
  readonly name: string;
  /** It goes on without threads: whoever made it will make more of them. */
  readonly isKept: boolean;
  /** Where it lives: one holder of it is the new process. */
  readonly map: AddressMap;
  /** Whose child it is, and like whom it begins; null for one that the host makes. */
  readonly parent: Process | null;
}

/** What a new thread may be given. */
export interface AdoptOptions {
  /** Bytes of its stack. */
  readonly stackSize?: number;
  /** Slots of its hart. */
  readonly slots?: number;
  /** Whether its locals take stack, 16 bytes each <design/thread#.inv.depth>; default true. */
  readonly localsOnStack?: boolean;
}

export interface SpawnOptions extends AdoptOptions {
  /** A slot of another hart, which the new one finds in slot ArgumentSLOT. */
  readonly argument?: { readonly hart: Hart; readonly slot: number };
  /** The program yields each of its accesses. */
  readonly stepped?: boolean;
}

/** A process. */
export class Process {
  readonly kernel: Kernel;
  readonly pid: number;
  /** What it runs. */
  name: string;
  /** With what arguments: for views. */
  args: readonly string[] = [];
  /** Where it lives, which other processes may do too; `move` changes it. */
  map: AddressMap;
  /** Of the stack that exec has made, which the program may have ended; null without one. */
  mainStack: Reservation | null;
  /** Null: the kernel's. */
  parent: Process | null;
  /** In the order in which they were made; those that are over stay until they are waited for. */
  readonly children: Set<Process> = new Set<Process>();
  /** A child has ended, stopped, or gone on. */
  readonly childChange: Channel = new Channel();
  readonly limits: Limits;
  /** Descriptors, and where relative paths begin. */
  readonly files: Files;
  /** What is to be done at a fork, in the order in which it was asked for. */
  readonly atFork: AtFork[];
  /** After a vfork: the thread that is on its parent's stack, and the parent's, which is held until the map is given back. */
  guest: Thread | null = null;
  lender: Thread | null = null;
  /** Those that have not ended, in the order in which they were made. */
  readonly threads: Set<Thread> = new Set<Thread>();
  /** How it ended; null while it has not. */
  status: Status | null = null;
  /** Its last thread has left: it has no memory any more <design/process#.over>. */
  isOver: boolean = false;
  /** Stopped by a signal until SIGCONT: no thread of it runs. */
  isStopped: boolean = false;
  /** The signal that stopped it last. */
  stopSignal: number = 0;
  /** What its parent has not heard of yet, but for its end. */
  changed: 'stopped' | 'continued' | null = null;
  /** It goes on without threads: whoever made it will make more of them. */
  readonly isKept: boolean;
  /** Signals for any of its threads, who is called for each, and which are kept for one in sigwait <design/signal#.inv.taker>. */
  readonly pendingSet: Pending = new Pending();
  readonly takers: Map<number, Thread> = new Map<number, Thread>();
  keptLow: number = 0;
  keptHigh: number = 0;
  /** The thread that was called last. */
  lastTaker: Thread | null = null;
  /** Its threads that have been sent signals of their own, some of which may still wait. */
  readonly addressed: Set<Thread> = new Set<Thread>();
  /** Threads that might have run while it was stopped. */
  readonly halted: Set<Thread> = new Set<Thread>();
  /** Its threads that are in sigwait, in the order in which they came. */
  readonly awaiters: Set<Thread> = new Set<Thread>();
  /** What setitimer has set; null if nothing. */
  alarm: Alarm | null = null;
  /** What it was when a signal ended it, if that leaves a core. */
  core: Core | null = null;
  /** What is done about each signal. */
  readonly dispositions: Disposition[];
  /** Keys of its threads' own data. */
  keys: Keys;

  /** Kernel.process makes processes, and fork. */
  constructor(kernel: Kernel, { pid, name, isKept, map, parent }: ProcessOptions) {
    this.kernel = kernel;
    this.pid = pid;
    this.name = name;
    this.isKept = isKept;
    this.map = map;
    const main = parent?.mainStack ?? null;
    this.mainStack = main !== null && parent !== null && isThere(parent.map, main) ? map.find(main.base) : null;
    this.parent = parent;
    this.limits = new Limits(parent?.limits);
    this.files = parent === null ? new Files(kernel, this.limits) : parent.files.fork(this.limits);
    this.args = parent?.args ?? [name];
    this.keys = new Keys(parent?.keys);
    this.atFork = [...parent?.atFork ?? []];
    this.dispositions = parent === null
      ? Array.from({ length: SignalMAX + 1 }, (_, signal) => dispositionOf(signal, SigActionDEFAULT)) : [...parent.dispositions];
    parent?.children.add(this);
  }

  /** Whose child it is: the kernel's if its parent is over, or if it never had one. */
  get parentPid(): number {
    return this.parent?.pid ?? InitPID;
  }

  /** Where it lives. */
  get space(): AddressSpace {
    return this.map.space;
  }

  /** move -- live in another map from now on, one holder of which is this process; no thread of it is left in the old one. */
  move(map: AddressMap, mainStack: Low): void {
    const before = this.map;
    this.map = map;
    this.mainStack = map.find(mainStack >>> 0);
    this.giveBack(before);
  }

  /** giveBack -- one process fewer lives in a map; who has lent it goes on. */
  private giveBack(map: AddressMap): void {
    const { lender } = this;
    map.drop();
    this.guest = null;
    this.lender = null;
    if (lender === null) return;
    // Limits are a process's: those that count again are of who has lent the map <design/limits#.shared>.
    for (const other of this.kernel.processes.values()) if (other.map === map && !other.isOver) other.limitMap();
    if (lender.state !== 'done') this.kernel.resume(lender);
  }

  /** mmap -- map a file, or with a descriptor of -1 whatever the flags say; 0 or an errno, EBADF before any other
   * <design/mman#.mmap>. Slots are those of `hart`. */
  mmap(hart: Hart, dst: number, addr: number, length: number, prot: number, flags: number, fd: number, offset: number = 0): number {
    endingCheck(this.kernel);
    // Linux does not look at the descriptor of anonymous memory, and a stack may be of anything.
    const isCheribsd = this.kernel.profile.abi === 'cheribsd', anonymous = isCheribsd ? MapANON | MapGUARD | MapSTACK : MapANON;
    if ((flags & anonymous) !== 0) {
      return isCheribsd && fd !== -1 ? EINVAL : this.map.mmap(hart, dst, addr, length, prot, flags, null, offset);
    }
    const source = fileSource(this.files, fd);
    if (typeof source === 'number') return source;
    return this.map.mmap(hart, dst, addr, length, prot, source === null ? flags | MapANON : flags, source, offset);
  }

  // Limits -----------------------------------------------------------------------------------------------------------

  /** setrlimit -- change one of its limits; 0, EINVAL or EPERM <design/limits#.set>. */
  setrlimit(resource: number, limit: Limit): number {
    const { current } = this.kernel;
    endingCheck(this.kernel);
    if (current !== null) safetyCheck(current, 'setrlimit');
    const refusal = this.limits.set(resource, limit);
    if (refusal !== 0) return refusal;
    if (resource === RLIMIT_AS || resource === RLIMIT_STACK) this.limitMap();
    return 0;
  }

  /** limitMap -- have its map keep to its limits. */
  private limitMap(): void {
    const { map, mainStack, limits } = this;
    map.sizeLimit = limits.soft(RLIMIT_AS);
    if (mainStack !== null && isThere(map, mainStack)) map.growthSet(mainStack.base | 0, limits.soft(RLIMIT_STACK));
  }

  // Threads ----------------------------------------------------------------------------------------------------------

  /** spawn -- pthread_create: a thread that runs `body`; null if there is no memory for its stack. */
  spawn(name: string, body: ThreadBody, options: SpawnOptions = {}): Thread | null {
    const thread = this.make(name, options.stepped === true ? 'stepped' : 'plain', options);
    if (thread === null) return null;
    if (options.argument !== undefined) slotWrite(thread.hart, ArgumentSLOT, slotRead(options.argument.hart, options.argument.slot));
    thread.levelNext();
    thread.levelPush(body(thread.hart, thread));
    this.kernel.scheduler.add(thread);
    return thread;
  }

  /** adopt -- a thread that the host's own code drives: its accesses fault and take signals like any other's. Null if there is no
   * memory for its stack. */
  adopt(name: string, options: AdoptOptions = {}): Thread | null {
    return this.make(name, 'adopted', options);
  }

  private make(name: string, kind: ThreadKind, { stackSize, slots, localsOnStack }: AdoptOptions): Thread | null {
    endingCheck(this.kernel);
    aver(this.status === null, '<design/os#.process.over>');
    const stack = this.map.reserveStack(stackSize ?? StackSIZE, this.kernel.profile.stackGuard);
    if (stack === null) return null;
    const base = stack.base >>> 0;
    return this.enrol(name, kind, new Stack(this.map, { base, limit: base + stack.size }), slots ?? HartSLOTS, localsOnStack ?? true);
  }

  /** enrol -- a thread on a stack that there is, one holder of which it is. For the kernel. */
  enrol(name: string, kind: ThreadKind, stack: Stack, slots: number, localsOnStack: boolean = true): Thread {
    const { kernel } = this, hart = new Hart(name, kernel.memory, this.space, slots, kernel.format);
    const thread = new Thread(this, hart, name, kernel.threadNumber(), stack, kind, localsOnStack);
    hart.trap = (_hart, fault) => faultTake(thread, fault);
    kernel.scheduler.prepare(thread);
    this.threads.add(thread);
    return thread;
  }

  /** leave -- a thread is over: it gives back its stack; the last one ends the process. */
  leave(thread: Thread): void {
    if (thread.state === 'done') return;
    thread.state = 'done';
    this.kernel.scheduler.remove(thread);
    this.kernel.watcher?.exited?.(thread);
    // What exec has replaced is no longer among them, and its stack has gone with the rest.
    if (!this.threads.delete(thread)) return;
    this.addressed.delete(thread);
    if (this.lastTaker === thread) this.lastTaker = null;
    if (this.status === null) takersAsk(thread);
    thread.stack.drop();
    if (thread === this.guest) this.guest = null;
    if (thread.stack.reservation === this.mainStack) this.mainStack = null;
    if (this.threads.size === 0 && (!this.isKept || this.status !== null)) this.end();
  }

  // Ending -----------------------------------------------------------------------------------------------------------

  /** exit -- _exit: end every thread; throws Unwind if one of them is running. The parent is told the low eight bits of `code`. */
  exit(code: number): void {
    endingCheck(this.kernel);
    this.terminate({ exit: code });
    endingCheck(this.kernel);
  }

  /** crash -- a signal ends the process, in the thread that runs. */
  crash(thread: Thread, signal: number, report: string): never {
    this.terminate({ signal, report, core: coreMake(this, signal, report) });
    throw thread.unwind ?? new Unwind(thread, report);
  }

  /** terminate -- the process is over: its threads end when they run next, at their next access, or at once if the host drives them. */
  terminate(status: Status): void {
    if (this.status !== null) return;
    this.status = status;
    const reason = 'report' in status ? status.report.split('\n', 1)[0] : `process ${this.pid} '${this.name}' has exited`;
    for (const thread of [...this.threads]) thread.condemn(new Unwind(thread, reason));
    if (this.threads.size === 0) this.end();
  }

  /** end -- the last thread has left: memory is given back, and whoever waits is told <design/process#.over>. */
  private end(): void {
    if (this.isOver) return;
    this.status ??= { exit: 0 };
    this.isOver = true;
    if (this.alarm !== null) this.kernel.clock.cancel(this.alarm.timer);
    this.files.finish();
    // Who keeps a process may look at its memory after its end, as one does at a core.
    if (!this.isKept) this.giveBack(this.map);
    familyEnd(this);
  }

  // Signals ----------------------------------------------------------------------------------------------------------

  /** sigaction -- say what is to be done about a signal, if `action` is not null; returns what was done before, or EINVAL. */
  sigaction(signal: number, action: SigAction | null): SigAction | number {
    endingCheck(this.kernel);
    if (!signalExists(signal)) return EINVAL;
    const before = this.dispositions[signal].action;
    if (action === null) return before;
    if (signal === SIGKILL || signal === SIGSTOP || !sigFlagsAreKnown(action.flags)) return EINVAL;
    this.dispositions[signal] = dispositionOf(signal, action);
    if (this.ignores(signal)) this.forget(signal);
    return before;
  }

  /** kill -- send a signal to the process: any thread that does not block it takes it. 0, ESRCH, EINVAL, or EAGAIN where too many
   * real-time signals wait. */
  kill(signal: number): number {
    endingCheck(this.kernel);
    if (signal !== 0 && !signalExists(signal)) return EINVAL;
    // One that is over and has not been waited for is there, and takes nothing.
    if (this.status !== null) return this.kernel.find(this.pid) === this ? 0 : ESRCH;
    return signal === 0 ? 0 : signalSend(this, null, signal, SI_USER);
  }

  /** reset -- the default action from now on: SA_RESETHAND. */
  reset(signal: number): void {
    this.dispositions[signal] = dispositionOf(signal, SigActionDEFAULT);
  }

  /** ignores -- nothing happens when this signal is delivered. */
  ignores(signal: number): boolean {
    const { handler } = this.dispositions[signal].action;
    return handler === SIG_IGN || (handler === SIG_DFL && signalDefault(signal) === 'ignore');
  }

  /** forget -- drop a signal that waits. */
  forget(signal: number): void {
    sharedRemove(this, signal);
    for (const thread of this.addressed) {
      const { pendingSet } = thread;
      pendingSet.remove(signal);
      if ((pendingSet.low | pendingSet.high) === 0) this.addressed.delete(thread);
    }
  }

  /** stop -- no thread of it runs until `resume`; its parent hears of it. */
  stop(signal: number): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.stopSignal = signal;
    this.changed = 'stopped';
    childNotify(this, CLD_STOPPED, signal);
  }

  /** resume -- SIGCONT: it goes on, and no stop signal waits any more; its parent hears of it if it was stopped. */
  resume(): void {
    for (let signal = 1; signal <= SignalMAX; signal++) if (signalStops(signal)) this.forget(signal);
    if (!this.isStopped) return;
    this.isStopped = false;
    this.stopSignal = 0;
    this.changed = 'continued';
    for (const thread of this.halted) this.kernel.scheduler.wake(thread);
    this.halted.clear();
    childNotify(this, CLD_CONTINUED, SIGCONT);
  }
}

