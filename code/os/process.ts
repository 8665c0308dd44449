/* process.ts: PROCESSES
 *
 * An address space with its map, threads that run in it, and what they want done about signals <design/os#.process>.
 */
import { aver, random } from '../base/base.ts';
import { AddressSpace, Hart, HartSLOTS, slotRead, slotWrite } from '../machine/machine.ts';
import { AddressMap } from './address-map.ts';
import { faultTake, isStop, Pending, signalSend } from './delivery.ts';
import { EINVAL, ESRCH } from './errno.ts';
import type { Kernel } from './kernel.ts';
import { ProtREAD, ProtWRITE } from './mman.ts';
import {
  dispositionOf, highOfSignal, lowOfSignal, SI_USER, SIG_DFL, SIG_IGN, SigActionDEFAULT, sigFlagsAreKnown, SIGKILL, signalDefault,
  signalExists, SignalMAX, SIGSTOP, type Disposition, type SigAction,
} from './signal.ts';
import { ArgumentSLOT, Thread, type ThreadBody } from './thread.ts';
import { Unwind } from './unwind.ts';

/** Bytes of a thread's stack if nothing is said. */
const StackSIZE = 0x4000;

/** How a process has ended. */
export type Status = { readonly exit: number } | { readonly signal: number; readonly report: string };

/** What a new thread may be given. */
export interface AdoptOptions {
  /** Bytes of its stack. */
  readonly stackSize?: number;
  /** Slots of its hart. */
  readonly slots?: number;
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
  readonly name: string;
  readonly space: AddressSpace;
  readonly map: AddressMap;
  /** Those that have not ended, in the order in which they were made. */
  readonly threads: Set<Thread> = new Set<Thread>();
  /** How it ended; null while it has not. */
  status: Status | null = null;
  /** Stopped by a signal until SIGCONT: no thread of it runs. */
  isStopped: boolean = false;
  /** It goes on without threads: whoever made it will make more of them. */
  readonly isKept: boolean;
  /** Signals for any of its threads. */
  readonly pendingSet: Pending = new Pending();
  /** What is done about each signal. */
  readonly dispositions: Disposition[];

  /** Kernel.process makes processes. */
  constructor(kernel: Kernel, pid: number, name: string, isKept: boolean) {
    const { memory, frames } = kernel;
    this.kernel = kernel;
    this.pid = pid;
    this.name = name;
    this.isKept = isKept;
    this.space = new AddressSpace(memory.size);
    this.map = new AddressMap(this.space, memory, frames, random(kernel.draw(0x1_0000_0000)));
    this.dispositions = Array.from({ length: SignalMAX + 1 }, (_, signal) => dispositionOf(signal, SigActionDEFAULT));
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

  private make(name: string, kind: 'plain' | 'stepped' | 'adopted', { stackSize, slots }: AdoptOptions): Thread | null {
    const { kernel, map } = this, prot = ProtREAD | ProtWRITE;
    aver(this.status === null, '<design/os#.process.over>');
    const stack = map.reserve(stackSize ?? StackSIZE, prot, prot);
    if (stack === null) return null;
    if (map.deltaOf(stack.base) === null) {
      map.release(stack.base);
      return null;
    }
    const base = stack.base >>> 0, hart = new Hart(name, kernel.memory, this.space, slots ?? HartSLOTS);
    const thread = new Thread(this, hart, name, kernel.threadNumber(), { base, limit: base + stack.size }, kind);
    hart.trap = (_hart, fault) => faultTake(thread, fault);
    kernel.scheduler.prepare(thread);
    this.threads.add(thread);
    return thread;
  }

  /** leave -- a thread is over: it gives back its stack; the last one ends the process. */
  leave(thread: Thread): void {
    if (thread.state === 'done') return;
    thread.state = 'done';
    this.threads.delete(thread);
    this.map.release(thread.stackBase | 0);
    this.kernel.scheduler.remove(thread);
    this.kernel.watcher?.exited?.(thread);
    if (this.threads.size === 0 && !this.isKept) this.status ??= { exit: 0 };
  }

  // Ending -----------------------------------------------------------------------------------------------------------

  /** exit -- end every thread; throws Unwind if one of them is running. */
  exit(code: number): void {
    this.terminate({ exit: code });
    const { current } = this.kernel;
    if (current?.process === this && current.unwind !== null) throw current.unwind;
  }

  /** crash -- a signal ends the process, in the thread that runs. */
  crash(thread: Thread, signal: number, report: string): never {
    this.terminate({ signal, report });
    throw thread.unwind ?? new Unwind(thread, report);
  }

  /** terminate -- the process is over: its threads end when they run next, at their next access, or at once if the host drives them. */
  terminate(status: Status): void {
    if (this.status !== null) return;
    this.status = status;
    const reason = 'report' in status ? status.report.split('\n', 1)[0] : `process ${this.pid} '${this.name}' has exited`;
    for (const thread of [...this.threads]) thread.condemn(new Unwind(thread, reason));
  }

  // Signals ----------------------------------------------------------------------------------------------------------

  /** sigaction -- say what is to be done about a signal, if `action` is not null; returns what was done before, or EINVAL. */
  sigaction(signal: number, action: SigAction | null): SigAction | number {
    if (!signalExists(signal)) return EINVAL;
    const before = this.dispositions[signal].action;
    if (action === null) return before;
    if (signal === SIGKILL || signal === SIGSTOP || !sigFlagsAreKnown(action.flags)) return EINVAL;
    this.dispositions[signal] = dispositionOf(signal, action);
    if (this.ignores(signal)) this.forget(signal);
    return before;
  }

  /** kill -- send a signal to the process: any thread that does not block it takes it. 0, ESRCH or EINVAL. */
  kill(signal: number): number {
    if (signal !== 0 && !signalExists(signal)) return EINVAL;
    if (this.status !== null) return ESRCH;
    if (signal !== 0) signalSend(this, null, signal, SI_USER);
    return 0;
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
    this.pendingSet.remove(signal);
    for (const thread of this.threads) thread.pendingSet.remove(signal);
  }

  /** receiver -- the thread that takes a signal of the process: the running one by preference, none if all block it. */
  receiver(signal: number): Thread | null {
    const { current } = this.kernel;
    const takes = (thread: Thread): boolean =>
      ((thread.maskLow & lowOfSignal(signal)) | (thread.maskHigh & highOfSignal(signal))) === 0;
    if (current?.process === this && takes(current)) return current;
    const able = [...this.threads].filter(takes);
    return able.find((thread) => thread.suspended === 0) ?? able.at(0) ?? null;
  }

  /** stop -- no thread of it runs until `resume`. */
  stop(): void {
    this.isStopped = true;
  }

  /** resume -- SIGCONT: it goes on, and no stop signal waits any more. */
  resume(): void {
    this.isStopped = false;
    for (let signal = 1; signal <= SignalMAX; signal++) if (isStop(signal)) this.forget(signal);
  }
}

