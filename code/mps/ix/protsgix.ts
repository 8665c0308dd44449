/* protsgix.ts: TAKING PROTECTION FAULTS
 *
 * One SIGSEGV handler for all arenas of a process. It asks the arena that the address is in to do what its barrier demands, after which the
 * access is made again; what is no arena's goes on to whoever had the signal before <design/protix>.
 */
import { aver } from '../../base/base.ts';
import { faultMake, PageREAD, PageVALID, PageWRITE, type Low } from '../../machine/machine.ts';
import {
  atFork, crashReport, Mutex, SA_NODEFER, SA_ONSTACK, SA_RESETHAND, SA_RESTART, SA_SIGINFO, SEGV_ACCERR, SIG_DFL, SIG_IGN,
  SigActionDEFAULT, sigSetAdd, SigSetEMPTY, sigSetUnion, SIGSEGV,
  type Process, type SigAction, type SigContext, type SigInfo, type Thread, type ThreadRun, type Wait,
} from '../../os/os.ts';
import type { FaultFound } from '../event.ts';
import { AccessREAD, AccessWRITE, type AccessOwner } from '../plinth.ts';

/** How protix behaves where the seed's design and this one differ; both ways are there <design/protix>. */
export interface ProtixOptions {
  /** A fault that no arena owns goes on `fault`, in the faulting thread with what is known of it, or by `kill`
   * <design/protix#.departs.forward>. */
  readonly forward: 'fault' | 'kill';
  /** Whether an arena's address is known by its range, or by asking each arena under its lock <design/protix#.departs.ranges>. */
  readonly ask: 'ranges' | 'locks';
  /** Whether memory is executable <design/protix#.departs.execute>. */
  readonly execute: boolean;
}

/** What is usual. */
export const ProtixDEFAULT: ProtixOptions = { forward: 'fault', ask: 'ranges', execute: false };

/** An arena of the process, as the handler knows it. */
export interface ProtixArena {
  readonly owner: AccessOwner;
  readonly mutex: Mutex;
  /** Where its memory is: low addresses, unsigned. The list is never changed, but replaced. */
  readonly ranges: readonly { readonly base: number; readonly limit: number }[];
  /** inheritance -- what a child made now would have of its memory: how to make it accessible there. */
  inheritance(): (child: Thread) => void;
  /** fault -- hears what a fault turned out to be. */
  fault(thread: Thread, addr: Low, context: SigContext, found: FaultFound): void;
}

/** The protection faults of one process. */
export class Protsgix {
  readonly options: ProtixOptions;
  private readonly process: Process;
  /** The action that was there before; null until an arena is set up <design/protix#.data.signext>. */
  private sigNext: SigAction | null = null;
  private arenas: readonly ProtixArena[] = [];
  /** The thread that forks, and so has the locks of all arenas; null if none does <design/protix#.fork>. */
  private forker: Thread | null = null;
  /** What the child that is being made has to do, and what children have to do that have not run yet. */
  private legacy: ((child: Thread) => void) | null = null;
  private readonly legacies = new WeakMap<Process, (child: Thread) => void>();
  /** Held while arenas are asked one after the other. */
  private readonly ring: Mutex = new Mutex('arena ring');
  /** Faults that no arena owned <design/protix#.inv.count>. */
  forwarded: number = 0;
  /** Faults in an arena's range whose page nobody forbids any more, and no segment has. */
  cleared: number = 0;

  constructor(process: Process, options: ProtixOptions = ProtixDEFAULT) {
    this.process = process;
    this.options = options;
  }

  /** setup -- ProtSetup: take SIGSEGV, for this arena too <design/protix#.fun.setup>; who had it is remembered
   * <design/protix#.fun.setup.previous>. */
  setup(arena: ProtixArena): void {
    if (this.sigNext === null) {
      this.sigNext = sigaction(this.process, SIGSEGV, this.action);
      atFork(this.process, {
        prepare: (thread) => this.forkPrepare(thread), parent: (thread) => this.forkParent(thread), child: (thread) => this.forkChild(thread),
      });
    }
    this.arenas = [...this.arenas, arena];
  }

  /** finish -- an arena is no more; the handler stays, for somebody else's may go on to it. */
  finish(arena: ProtixArena): void {
    this.arenas = this.arenas.filter((one) => one !== arena);
  }

  /** sigHandle as it is installed: no signal is masked, itself included, so that a thread can be suspended in it, and a fault of a
   * handler that it goes on to is taken <design/protix#.threads.suspend> <design/protix#.fun.setup.restart>; on the alternate stack
   * where the thread has one <design/protix#.departs.sigstack>. */
  private readonly action: SigAction = {
    handler: (signal, info, context, thread) => this.sigHandle(signal, info as SigInfo, context as SigContext, thread),
    mask: SigSetEMPTY, flags: SA_SIGINFO | SA_RESTART | SA_ONSTACK | SA_NODEFER,
  };

  /** sigHandle -- deal with a fault on a page of an arena, or pass it on. */
  private *sigHandle(signal: number, info: SigInfo, context: SigContext, thread: Thread): ThreadRun {
    const addr = info.low, isOurs = thread.process.map === this.process.map;
    // A page that forbids an access: nothing else is a barrier, and the capability has been found good <design/protix#.inv.accerr>.
    if (info.code === SEGV_ACCERR && isOurs) {
      const arena = this.options.ask === 'ranges' ? this.arenaAt(addr) : yield* this.arenaAsked(addr, thread);
      // One at a time, wherever the others are suspended or wait <design/protix#.threads>.
      if (arena !== null && !this.isForking(thread) && !arena.mutex.tryClaim(thread)) yield* arena.mutex.claim(thread);
      const found = arena === null ? null : this.access(arena, addr, context, thread);
      if (arena !== null && found !== null) {
        arena.fault(thread, addr, context, found);
        return;
      }
    }
    // Nothing is known of who faulted: look, and pass it on <design/protix#.threads.async.other>; what was sent is no fault
    // <design/protix#.departs.sent>.
    if (isOurs && isOfPage(context)) {
      this.forwarded += 1;
      for (const one of this.arenas) one.fault(thread, addr, context, 'forwarded');
    }
    yield* this.options.forward === 'kill' ? this.forwardByKill(signal, thread) : this.forward(signal, info, context, thread);
  }

  /** access -- have an arena, whose lock the thread holds until then, do what is to be done; null if that is nothing
   * <design/protix#.threads.async.protection>. */
  private access(arena: ProtixArena, addr: Low, context: SigContext, thread: Thread): FaultFound | null {
    // A collection has come between the fault and here; the access will be made where its object is now <design/protix#.departs.moved>.
    if (context.low !== addr) {
      if (!this.isForking(thread)) arena.mutex.release(thread);
      this.cleared += 1;
      return 'cleared';
    }
    // A page that cannot be read cannot be written <design/protix#.departs.direction>.
    const mode = context.isWrite ? AccessREAD | AccessWRITE : AccessREAD;
    return arena.owner.access(addr, mode, context) ?? this.freed(addr, context);
  }

  /** arenaAt -- the arena in whose range an address is; without a lock, for nothing is known of who faulted
   * <design/protix#.departs.ranges> <design/protix#.threads.async.improve.how>. */
  private arenaAt(addr: Low): ProtixArena | null {
    const low = addr >>> 0;
    for (const arena of this.arenas) for (const { base, limit } of arena.ranges) if (base <= low && low < limit) return arena;
    return null;
  }

  /** arenaAsked -- the arena that has a segment at an address, each asked under its lock <design/protix#.threads.async.choice>;
   * who has one already is a defect <design/protix#.threads.async.choice.ok>. */
  private *arenaAsked(addr: Low, thread: Thread): Generator<Wait, ProtixArena | null, unknown> {
    let found: ProtixArena | null = null;
    yield* this.ring.claim(thread);
    for (const arena of this.arenas) {
      if (!this.isForking(thread)) yield* arena.mutex.claim(thread);
      if (arena.owner.owns(addr)) found = arena;
      if (!this.isForking(thread)) arena.mutex.release(thread);
      if (found !== null) break;
    }
    this.ring.release(thread);
    return found;
  }

  /** freed -- the segment was freed between the fault and now: its page forbids nothing any more <design/protix#.departs.freed>. */
  private freed(addr: Low, context: SigContext): 'cleared' | null {
    const need = PageVALID | (context.isWrite ? PageWRITE : PageREAD);
    if ((this.process.space.window[addr >>> 12] & need) !== need) return null;
    this.cleared += 1;
    return 'cleared';
  }

  /** forward -- what would have happened to this thread without us <design/protix#.departs.forward>. */
  private *forward(signal: number, info: SigInfo, context: SigContext, thread: Thread): ThreadRun {
    const next = this.sigNext as SigAction, { handler, flags } = next;
    if (handler === SIG_DFL || handler === SIG_IGN) {
      this.forwardDefault(signal, info, context, thread);
      return;
    }
    const mask = (flags & SA_NODEFER) === 0 ? sigSetAdd(next.mask, signal) : next.mask;
    thread.mask = sigSetUnion(thread.mask, mask);
    if ((flags & SA_RESETHAND) !== 0) this.sigNext = SigActionDEFAULT;
    const told = (flags & SA_SIGINFO) !== 0;
    yield* handler(signal, told ? info : null, told ? context : null, thread);
  }

  /** forwardDefault -- what the kernel does where there is no handler: a fault ends the process though the signal be ignored, for the access
   * would fault for ever; a signal that somebody sent can be ignored. */
  private forwardDefault(signal: number, info: SigInfo, context: SigContext, thread: Thread): void {
    const { process } = thread, { access, kind } = context, isIgnored = (this.sigNext as SigAction).handler === SIG_IGN;
    if (access === null && isIgnored) return;
    const fault = access === null || kind === null ? null : faultMake(kind, access, info.low, info.high, context.size, context.slot, context.offset, context.value);
    const note = access === null ? `sent by process ${info.pid}` : isIgnored ? 'SIGSEGV is ignored: a fault cannot be' : null;
    process.crash(thread, signal, crashReport(process, thread, signal, info.code, fault, note));
  }

  /** forwardByKill -- as the seed words it: reinstall the action that was there before, send the process the signal again, and
   * take it back <design/protix#.data.signext>. */
  private *forwardByKill(signal: number, { process }: Thread): ThreadRun {
    sigaction(process, signal, this.sigNext as SigAction);
    process.kill(signal);
    // A thread that is cut anywhere takes it when it is its turn again; others run, and fault, while the old action is there.
    yield;
    sigaction(process, signal, this.action);
  }

  // Fork -------------------------------------------------------------------------------------------------------------

  /** isForking -- whether a thread forks, and so has the locks of all arenas until it has <design/protix#.fork>. */
  isForking(thread: Thread): boolean {
    return this.forker === thread;
  }

  /** forkPrepare -- claim all locks, and have nothing under way: what the child will see is no arena's any more. */
  private *forkPrepare(thread: Thread): ThreadRun {
    if (thread.process !== this.process) return;
    for (let next = this.unclaimed(thread); next !== undefined; next = this.unclaimed(thread)) yield* next.mutex.claim(thread);
    this.forker = thread;
    for (const { owner } of this.arenas) owner.finishTrace();
    const next = this.sigNext as SigAction, opens = this.arenas.map((arena) => arena.inheritance());
    this.legacy = (child) => {
      for (const open of opens) open(child);
      if (child.process.sigaction(SIGSEGV, null) === this.action) sigaction(child.process, SIGSEGV, next);
    };
  }

  private unclaimed(thread: Thread): ProtixArena | undefined {
    return this.arenas.find(({ mutex }) => mutex.owner !== thread);
  }

  /** forkParent -- let others in again; a child that has not run yet finds later what it has to do. */
  private *forkParent(thread: Thread): ThreadRun {
    const { legacy } = this;
    if (legacy === null || !this.isForking(thread)) return;
    for (const child of thread.process.children) if (!this.legacies.has(child)) this.legacies.set(child, legacy);
    this.legacy = null;
    this.forker = null;
    for (const { mutex } of this.arenas) if (mutex.owner === thread) mutex.release(thread);
  }

  /** forkChild -- no arena is here: their memory is memory, and SIGSEGV is for whoever had it before. */
  private *forkChild(thread: Thread): ThreadRun {
    const { process } = thread;
    (this.legacies.get(process) ?? (process.parent === this.process ? this.legacy : null))?.(thread);
  }
}

/** isOfPage -- a page forbids it: under PCuABI what a capability forbids is a SIGSEGV too. */
const isOfPage = ({ kind }: SigContext): boolean => kind === 'page' || kind === 'page-loadcap' || kind === 'page-storecap';

function sigaction(process: Process, signal: number, action: SigAction): SigAction {
  const before = process.sigaction(signal, action);
  aver(typeof before !== 'number', '<design/protix#.fun.setup>');
  return before;
}
