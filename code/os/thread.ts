/* thread.ts: THREADS
 *
 * A thread is a hart, a stack in memory, a signal mask, and a stack of levels: its body, and above it the handlers of the signals
 * that interrupted it <design/thread>.
 */
import { aver } from '../base/base.ts';
import { GranuleSHIFT, GranuleSIZE, ladderGrant, PageSIZE, type Fault, type Hart } from '../machine/machine.ts';
import { altstackSet, type AltStack } from './altstack.ts';
import { settle, signalSend } from './delivery.ts';
import { EINVAL, ESRCH } from './errno.ts';
import { Pending, type SigSent } from './pending.ts';
import type { Process } from './process.ts';
import { Level } from './level.ts';
import { frameFits } from './sigplace.ts';
import { stackDeepen, stackRuns, type Stack } from './stack.ts';
import { safetyCheck } from './safety.ts';
import { MaskNEVER, SI_LWP, SIG_BLOCK, SIG_SETMASK, SIG_UNBLOCK, signalExists, type SigSet } from './signal.ts';
import { sigsuspend } from './sigwait.ts';
import type { Operation } from './step.ts';
import { takersAsk } from './taker.ts';
import { Unwind } from './unwind.ts';
import type { Channel, Wait } from './wait.ts';

/** What a program may yield: nothing, to be preempted; what it waits for; an operation that it wants performed. */
export type Yielded = undefined | Wait | Operation;

/** A program that runs. */
export type ThreadRun = Generator<Yielded, void, unknown>;

/** A program. */
export type ThreadBody = (t: Hart, thread: Thread) => ThreadRun;

/** Where a thread finds the argument of its creator: the first argument register of CHERI-RISC-V. */
export const ArgumentSLOT = 10;

// A copy, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const PageMASK: number = PageSIZE - 1;

/** Bytes of physical memory. */
export interface Range {
  readonly base: number;
  readonly limit: number;
}

/** An access: of a fault, or of the level that it interrupted. */
export type Attempt = Pick<Fault, 'slot' | 'access' | 'offset' | 'size' | 'value'>;

/** Who runs a thread: the scheduler, its accesses as calls or yielded; or the host. */
export type ThreadKind = 'plain' | 'stepped' | 'adopted';

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
  /** While others run in the middle of a call of its: how deep its levels were then. It takes signals above them
   * <design/scheduler#.parked>. Else -1. */
  parkedAt: number = -1;
  /** The scheduler's: its place among those that may be able to run, or -1; and what tells when to look again. */
  place: number = -1;
  sleepsOn: readonly Channel[] | null = null;
  /** Set when it is to end: what its accesses throw. */
  unwind: Unwind | null = null;
  /** Set when it has ended itself: on its way through its programs, which may do what they still have to <design/pthread#.cleanup>. */
  leaving: Unwind | null = null;
  /** Whether somebody will ask how it has ended, and who waits for that <design/pthread#.join>. */
  bond: 'joinable' | 'detached' | 'joined' = 'joinable';
  joiner: Thread | null = null;
  /** Whether it may be cancelled now, whether that has been asked for, and whether it was <design/pthread#.cancel>. */
  mayCancel: boolean = true;
  cancelWanted: boolean = false;
  wasCancelled: boolean = false;
  /** Its own data, by key; and whether its destructors have begun <design/pthread#.keys>. */
  specifics: Map<number, unknown> | null = null;
  isDestroying: boolean = false;
  /** What is to be thrown in the call in which it is parked, for its handler has left that. */
  ejected: Error | null = null;
  /** The signal mask, as the words of its set. */
  maskLow: number = 0;
  maskHigh: number = 0;
  pendingSet: Pending = new Pending();
  /** While it is in sigsuspend, the mask that it will have again; else null. */
  maskBefore: SigSet | null = null;
  /** The signals of its process for which it is called, as the words of their set <design/signal#.inv.taker>. */
  calledLow: number = 0;
  calledHigh: number = 0;
  /** How many handlers of its plain accesses run, on the host's stack. */
  driven: number = 0;
  /** While it is in sigwait, the signals that it waits for, and how many levels it had then; else null. */
  awaited: SigSet | null = null;
  awaitedAt: number = 0;
  /** What sigwait gave it last. */
  received: SigSent | null = null;
  /** What it waits for in a call that runs others meanwhile, and how many levels it had then. */
  waitOnHost: Wait | null = null;
  waitOnHostAt: number = 0;
  /** The call that it is in that is not async-signal-safe; null if in none <design/safety>. */
  unsafe: string | null = null;
  readonly stack: Stack;
  /** Where that is, unsigned low addresses; it grows down to its base, and [sp, limit) is in use while `sp` is in it. */
  readonly stackBase: number;
  readonly stackLimit: number;
  /** Bytes of stack that a local takes: a granule, or nothing. */
  readonly slotSize: number;
  /** The stack pointer when slot `slotsFrom` was the first that was free; it depends on `top` <design/thread#.inv.depth>. */
  private stackFrom: number;
  private slotsFrom: number;
  altstack: AltStack | null = null;
  /** The levels from 0 to `depth` are in use; the others wait to be used again. */
  readonly levels: Level[] = [];
  depth: number = 0;

  constructor(process: Process, hart: Hart, name: string, id: number, stack: Stack, kind: ThreadKind, localsOnStack: boolean) {
    this.process = process;
    this.hart = hart;
    this.name = name;
    this.id = id;
    this.isStepped = kind === 'stepped';
    this.isAdopted = kind === 'adopted';
    this.stack = stack;
    this.stackBase = stack.base;
    this.stackLimit = stack.limit;
    this.slotSize = localsOnStack ? GranuleSIZE : 0;
    this.stackFrom = stack.limit;
    this.slotsFrom = hart.top;
    if (this.slotSize > 0) {
      hart.deepen = (slot) => {
        stackDeepen(this, slot);
      };
    }
    this.stackSettle();
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

  /** levelLeave -- the highest level is over, and has not returned: the stack is again what it was below. */
  levelLeave(): void {
    const level = this.levelTop();
    this.levelPop();
    if (level.signal === 0) return;
    this.hart.top = level.top;
    this.frameLeave(level);
    this.unsafe = level.unsafe;
  }

  /** What it waits for; null if for nothing. */
  get waitingFor(): string | null {
    return this.depth === 0 ? null : this.levelTop().wait?.what ?? null;
  }

  // Its stack --------------------------------------------------------------------------------------------------------

  /** The stack pointer, an unsigned low address: below the locals in use. */
  get sp(): number {
    return this.stackFrom - (this.hart.top - this.slotsFrom) * this.slotSize;
  }

  set sp(sp: number) {
    this.stackFrom = sp;
    this.slotsFrom = this.hart.top;
    this.stackSettle();
  }

  /** frameEnter -- go on below a frame, which is in `level`. .critical */
  frameEnter(level: Level): void {
    const { hart } = this, { low } = level, { top } = hart;
    level.stackFrom = this.stackFrom;
    level.slotsFrom = this.slotsFrom;
    level.touched = hart.touched;
    this.stackFrom = low >>> 0;
    this.slotsFrom = top;
    if (this.slotSize > 0) hart.touched = Math.min(hart.limit, top + ((low & PageMASK) >>> 4));
  }

  /** frameLeave -- go back to where the stack was before; the hart has its top again. .critical */
  frameLeave(level: Level): void {
    this.stackFrom = level.stackFrom;
    this.slotsFrom = level.slotsFrom;
    this.hart.touched = level.touched;
  }

  /** stackSettle -- locals are free of charge to the end of the page that the stack pointer is in. */
  stackSettle(): void {
    const { hart, slotSize } = this;
    if (slotSize > 0) hart.touched = Math.min(hart.limit, hart.top + ((this.sp & PageMASK) >>> GranuleSHIFT));
  }

  // Signals ----------------------------------------------------------------------------------------------------------

  /** Blocked signals. */
  get mask(): SigSet {
    return { low: this.maskLow, high: this.maskHigh };
  }

  set mask({ low, high }: SigSet) {
    this.maskLow = low & ~MaskNEVER;
    this.maskHigh = high;
    takersAsk(this);
  }

  /** Signals that wait for the thread to unblock them; the process has its own. */
  get pending(): SigSet {
    return { low: this.pendingSet.low, high: this.pendingSet.high };
  }

  /** kill -- pthread_kill, and raise on itself: send a signal to this thread; 0, ESRCH, EINVAL, or EAGAIN where too many real-time
   * signals wait. */
  kill(signal: number): number {
    if (signal !== 0 && !signalExists(signal)) return EINVAL;
    if (this.state === 'done') return ESRCH;
    return signal === 0 ? 0 : signalSend(this.process, this, signal, SI_LWP);
  }

  /** sigprocmask -- pthread_sigmask too: change which signals are blocked; what becomes unblocked is delivered before it returns. 0 or EINVAL. */
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

  /** sigsuspend -- wait under another mask until a handler has run; always EINTR. */
  sigsuspend(mask: SigSet): Generator<Wait, number, unknown> {
    return sigsuspend(this, mask);
  }

  /** sigaltstack -- handlers with SA_ONSTACK run on [address, address + size) of slot `slot`; with SS_DISABLE on the thread's own
   *
   * 0; EPERM from the alternate stack itself; EINVAL for other flags; ENOMEM below the least size; EFAULT if the capability does not
   * allow what a stack needs. `altstackRead` tells of the one that there is.
   */
  sigaltstack(slot: number, size: number, flags: number = 0): number {
    return altstackSet(this, slot, size, flags);
  }

  /** Whether a handler runs on the alternate stack. */
  get isOnAltStack(): boolean {
    return this.altstack !== null && this.isAlt(this.stackFrom, this.altstack);
  }

  private isAlt(from: number, { base, limit }: AltStack): boolean {
    return from > base && from <= limit && !(from > this.stackBase && from <= this.stackLimit);
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

  /** stackRange -- of the part of its own stack that is in use, the run of physical memory that the stack pointer is in. */
  stackRange(): Range {
    return stackRuns(this, this.spOfStack(), this.stackLimit)[0] ?? { base: 0, limit: 0 };
  }

  /** stackRanges -- all that is in use of both stacks, as runs: frames hold capabilities, so they are roots. */
  stackRanges(): Range[] {
    const own = stackRuns(this, this.spOfStack(), this.stackLimit);
    return this.altstack === null || !this.isOnAltStack ? own : [...own, ...stackRuns(this, this.sp, this.altstack.limit)];
  }

  /** spOfStack -- the stack pointer of its own stack: where it was when the alternate one was entered. */
  private spOfStack(): number {
    const { altstack } = this;
    let { sp } = this, from = this.stackFrom;
    for (let i = this.depth - 1; i >= 0 && altstack !== null && this.isAlt(from, altstack); i--) {
      sp = this.levels[i].sp;
      from = this.levels[i].stackFrom;
    }
    return Math.max(sp, this.stackBase);
  }

  // Ending -----------------------------------------------------------------------------------------------------------

  /** Somebody has asked for its end, and it may be ended; not where it is ending. */
  get isCancelling(): boolean {
    return this.cancelWanted && this.mayCancel && this.unwind === null && this.leaving === null && !this.isDestroying;
  }

  /** testCancel -- pthread_testcancel: end here if somebody has asked for it, and it may <design/pthread#.cancel>. */
  testCancel(): void {
    if (this.unwind !== null) throw this.unwind;
    if (!this.isCancelling) return;
    this.wasCancelled = true;
    this.finish('was cancelled');
  }

  /** exit -- pthread_exit of the running thread, with what is in its slot ArgumentSLOT: throws Unwind. */
  exit(): never {
    safetyCheck(this, 'pthread_exit');
    this.finish('has exited');
  }

  private finish(how: string): never {
    aver(this.isAdopted || this.process.kernel.current === this, '<design/thread#.exit.self>');
    throw this.leave(how);
  }

  /** leave -- it ends itself: what is to be thrown through its programs. */
  leave(how: string): Unwind {
    const unwind = this.unwind ?? this.leaving ?? new Unwind(this, `${this.describe()} ${how}`);
    if (this.isAdopted) this.condemn(unwind);
    else this.leaving = unwind;
    return unwind;
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
    else this.process.kernel.scheduler.wake(this);
  }
}
