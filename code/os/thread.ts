/* thread.ts: THREADS
 *
 * A thread is a hart, a stack in memory, a signal mask, and a stack of levels: its body, and above it the handlers of the signals
 * that interrupted it <design/thread>.
 */
import { aver } from '../base/base.ts';
import {
  formatOf, ladderGrant, PermLOAD, PermLOADCAP, PermSTORE, PermSTORECAP, PageSIZE, PageVALID, slotRead, WindowHIGH, type Fault, type Hart,
} from '../machine/machine.ts';
import { Pending, settle, signalSend } from './delivery.ts';
import { EFAULT, EINVAL, ENOMEM, EPERM, ESRCH } from './errno.ts';
import type { Process } from './process.ts';
import { frameFits, Level } from './sigframe.ts';
import { MaskNEVER, SI_LWP, SIG_BLOCK, SIG_SETMASK, SIG_UNBLOCK, signalExists, type SigSet } from './signal.ts';
import type { Operation } from './step.ts';
import { Unwind } from './unwind.ts';
import type { Wait } from './wait.ts';

/** What a program may yield: nothing, to be preempted; what it waits for; an operation that it wants performed. */
export type Yielded = undefined | Wait | Operation;

/** A program that runs. */
export type ThreadRun = Generator<Yielded, void, unknown>;

/** A program. */
export type ThreadBody = (t: Hart, thread: Thread) => ThreadRun;

/** Where a thread finds the argument of its creator: the first argument register of CHERI-RISC-V. */
export const ArgumentSLOT = 10;

/** The least size of an alternate stack, in bytes. */
export const MINSIGSTKSZ = 4096;

/** What a capability for a stack must permit. */
const StackPERMS: number = PermLOAD | PermSTORE | PermLOADCAP | PermSTORECAP;

/** The flag of sigaltstack that gives the alternate stack up. */
export const SS_DISABLE = 4;

/** An alternate stack: unsigned low addresses. */
export interface AltStack {
  readonly base: number;
  readonly limit: number;
}

/** Bytes of physical memory. */
export interface Range {
  readonly base: number;
  readonly limit: number;
}

/** An access: of a fault, or of the level that it interrupted. */
export type Attempt = Pick<Fault, 'slot' | 'access' | 'offset' | 'size' | 'value'>;

/** A thread. */
export class Thread {
  readonly process: Process;
  readonly hart: Hart;
  readonly name: string;
  /** Unique in the kernel, from 1. */
  readonly id: number;
  /** Its program yields its accesses. */
  readonly isStepped: boolean;
  /** The host drives it: it is never scheduled. */
  readonly isAdopted: boolean;
  state: 'runnable' | 'blocked' | 'done' = 'runnable';
  /** How many suspensions it is under. */
  suspended: number = 0;
  /** How often it is on the host's stack: it cannot be scheduled until that has returned. */
  onHost: number = 0;
  /** The machine is performing an operation for it: a fault interrupts the operation and not the host. */
  isStepping: boolean = false;
  /** Set when it is to end: what its accesses throw. */
  unwind: Unwind | null = null;
  /** The signal mask, as the words of its set. */
  maskLow: number = 0;
  maskHigh: number = 0;
  readonly pendingSet: Pending = new Pending();
  /** The stack, unsigned low addresses; it grows down to its base, and [sp, limit) is in use while `sp` is in it. */
  readonly stackBase: number;
  readonly stackLimit: number;
  sp: number;
  altstack: AltStack | null = null;
  /** The levels from 0 to `depth` are in use; the others wait to be used again. */
  readonly levels: Level[] = [];
  depth: number = 0;

  /** `stack` is unsigned low addresses. */
  constructor(process: Process, hart: Hart, name: string, id: number, stack: Range, kind: 'plain' | 'stepped' | 'adopted') {
    this.process = process;
    this.hart = hart;
    this.name = name;
    this.id = id;
    this.isStepped = kind === 'stepped';
    this.isAdopted = kind === 'adopted';
    this.stackBase = stack.base;
    this.stackLimit = stack.limit;
    this.sp = stack.limit;
  }

  /** describe -- who it is, for messages. */
  describe(): string {
    return `thread ${this.id} '${this.name}'`;
  }

  /** Whether it may not run now whatever it is doing. */
  get isHeld(): boolean {
    return this.suspended > 0 || this.process.isStopped;
  }

  // Levels -----------------------------------------------------------------------------------------------------------

  /** levelNext -- the level above the highest in use; levelPush puts it in use. */
  levelNext(): Level {
    if (this.depth === this.levels.length) this.levels.push(new Level(this));
    return this.levels[this.depth];
  }

  /** levelPush -- run `run` in the level that levelNext gave. */
  levelPush(run: ThreadRun): void {
    this.levels[this.depth].begin(run);
    this.depth += 1;
  }

  /** levelTop -- the highest level in use. */
  levelTop(): Level {
    return this.levels[this.depth - 1];
  }

  /** levelPop -- the highest level is over. */
  levelPop(): void {
    this.depth -= 1;
  }

  /** What it waits for; null if for nothing. */
  get waitingFor(): string | null {
    return this.depth === 0 ? null : this.levelTop().wait?.what ?? null;
  }

  // Signals ----------------------------------------------------------------------------------------------------------

  /** Blocked signals. */
  get mask(): SigSet {
    return { low: this.maskLow, high: this.maskHigh };
  }

  set mask({ low, high }: SigSet) {
    this.maskLow = low & ~MaskNEVER;
    this.maskHigh = high;
  }

  /** Signals that wait for the thread to unblock them; the process has its own. */
  get pending(): SigSet {
    return { low: this.pendingSet.low, high: this.pendingSet.high };
  }

  /** kill -- pthread_kill: send a signal to this thread; 0, ESRCH or EINVAL. */
  kill(signal: number): number {
    if (signal !== 0 && !signalExists(signal)) return EINVAL;
    if (this.state === 'done') return ESRCH;
    if (signal !== 0) signalSend(this.process, this, signal, SI_LWP);
    return 0;
  }

  /** sigprocmask -- change which signals are blocked; what becomes unblocked is delivered before it returns. 0 or EINVAL. */
  sigprocmask(how: number, { low, high }: SigSet): number {
    switch (how) {
      case SIG_BLOCK:
        this.mask = { low: this.maskLow | low, high: this.maskHigh | high };
        return 0;
      case SIG_UNBLOCK: this.mask = { low: this.maskLow & ~low, high: this.maskHigh & ~high }; break;
      case SIG_SETMASK: this.mask = { low, high }; break;
      default: return EINVAL;
    }
    settle(this);
    return 0;
  }

  /** sigaltstack -- handlers with SA_ONSTACK run on [address, address + size) of slot `slot`; with SS_DISABLE on the thread's own
   *
   * 0; EPERM from the alternate stack itself; EINVAL for other flags; ENOMEM below MINSIGSTKSZ; EFAULT if the capability does not
   * allow what a stack needs.
   */
  sigaltstack(slot: number, size: number, flags: number = 0): number {
    if (this.isOnAltStack) return EPERM;
    if ((flags & ~SS_DISABLE) !== 0) return EINVAL;
    if ((flags & SS_DISABLE) !== 0) {
      this.altstack = null;
      return 0;
    }
    if (size < MINSIGSTKSZ) return ENOMEM;
    const cap = slotRead(this.hart, slot), base = this.hart.r[slot << 3] >>> 0;
    const format = formatOf(this.hart);
    const may = cap.tag && !format.isSealed(cap) && (format.slotPerms(cap) & StackPERMS) === StackPERMS
      && this.hart.r[(slot << 3) + 1] === WindowHIGH && format.isInside(cap, cap.lo, BigInt(size));
    if (!may) return EFAULT;
    this.altstack = { base, limit: base + size };
    return 0;
  }

  /** Whether a handler runs on the alternate stack. */
  get isOnAltStack(): boolean {
    const { altstack, sp } = this;
    return altstack !== null && sp > altstack.base && sp <= altstack.limit && !(sp > this.stackBase && sp <= this.stackLimit);
  }

  /** frameFind -- where the next frame goes, an unsigned low address; -1 if it does not fit. `wantsAlt` is SA_ONSTACK. .critical */
  frameFind(wantsAlt: boolean): number {
    const alt = this.altstack;
    if (alt === null) return frameFits(this.stackBase, this.sp);
    if (this.isOnAltStack) return frameFits(alt.base, this.sp);
    return wantsAlt ? frameFits(alt.base, alt.limit) : frameFits(this.stackBase, this.sp);
  }

  /** physicalOf -- where an access would be made if its page granted everything; -1 if it cannot be. */
  physicalOf({ slot, access, offset, size, value }: Attempt): number {
    if (slot < 0) return -1;
    return ladderGrant(this.hart, access, slot, offset, size, value < 0 ? 0 : this.hart.r[(value << 3) + 4]);
  }

  /** stackRange -- the part of its own stack that is in use, in physical memory: frames hold capabilities, so it is a root. */
  stackRange(): Range {
    const ranges = this.rangesOf(this.spOfStack(), this.stackLimit);
    aver(ranges.length <= 1, '<design/thread#.stack.run>');
    return ranges[0] ?? { base: 0, limit: 0 };
  }

  /** stackRanges -- the same of both stacks, as runs. */
  stackRanges(): Range[] {
    const own = this.rangesOf(this.spOfStack(), this.stackLimit);
    return this.altstack === null || !this.isOnAltStack ? own : [...own, ...this.rangesOf(this.sp, this.altstack.limit)];
  }

  /** spOfStack -- the stack pointer of its own stack: where it was when the alternate one was entered. */
  private spOfStack(): number {
    let sp = this.sp;
    for (let i = this.depth - 1; i >= 0 && !(sp >= this.stackBase && sp <= this.stackLimit); i--) sp = this.levels[i].sp;
    return sp;
  }

  private rangesOf(base: number, limit: number): Range[] {
    const ranges: { base: number; limit: number }[] = [];
    for (let low = base; low < limit;) {
      const next = Math.min(limit, (Math.floor(low / PageSIZE) + 1) * PageSIZE);
      const entry = this.hart.space.window[low >>> 12], physical = ((entry & -PageSIZE) >>> 0) + (low % PageSIZE);
      const last = ranges.at(-1);
      if ((entry & PageVALID) === 0) break;
      if (last?.limit === physical) last.limit += next - low;
      else ranges.push({ base: physical, limit: physical + next - low });
      low = next;
    }
    return ranges;
  }

  // Ending -----------------------------------------------------------------------------------------------------------

  /** testCancel -- end here if somebody has asked for it, and it may. */
  testCancel(): void {
    if (this.unwind !== null) throw this.unwind;
  }

  /** exit -- pthread_exit of the running thread: throws Unwind. */
  exit(): never {
    aver(this.isAdopted || this.process.kernel.current === this, '<design/thread#.exit.self>');
    const unwind = new Unwind(this, `${this.describe()} has exited`);
    this.condemn(unwind);
    throw unwind;
  }

  /** condemn -- from now on every access throws `unwind`. */
  condemn(unwind: Unwind): void {
    if (this.unwind !== null) return;
    this.unwind = unwind;
    this.hart.pte = this.process.kernel.blank;
    this.hart.explore = () => {
      throw unwind;
    };
    if (this.isAdopted) this.process.leave(this);
  }
}
