/* delivery.ts: DELIVERING SIGNALS
 *
 * From a fault, or a signal that was sent, to a handler that runs, and back <design/signal#.delivery> <design/signal#.req.barrier>.
 *
 * .fast: A collector's barriers are faults, so that taking one is on the critical path <design/critical-path#.fault>: frames and views
 * are used again, and nothing is allocated but the fault and the handler's generator.
 */
import type { Fault } from '../machine/machine.ts';
import type { PageFound } from './vm/address-map.ts';
import { crashReport } from './crash.ts';
import { EAGAIN } from './errno.ts';
import type { Level } from './level.ts';
import type { SigSent } from './pending.ts';
import type { Process } from './process.ts';
import { faultFind, faultSignal } from './sigfault.ts';
import { frameRead, frameSent, frameWrite } from './sigframe.ts';
import {
  keepsBlocked, SA_ONSTACK, SA_RESETHAND, SA_RESTART, SA_SIGINFO, SIG_DFL, SIG_IGN, SIGCONT, signalDefault, signalName, signalStops,
  SIGKILL, sigSetFirst, type Disposition,
} from './signal.ts';
import { frameWord } from './sigplace.ts';
import { Operation, operationPerform } from './step.ts';
import { isAwaited, isBlocked, sharedTake, takerCall, takerFind, takersAsk } from './taker.ts';
import type { Thread, ThreadRun, Yielded } from './thread.ts';
import { Sleep, type Wait } from './wait.ts';

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const OnSTACK: number = SA_ONSTACK;
const ResetHAND: number = SA_RESETHAND;
const SigINFO: number = SA_SIGINFO;

/** So many handlers may interrupt each other: each is on the host's stack where the program is plain <design/signal#.departs.nest>. */
const LevelMOST = 128;

/** So often a handler of a plain access may yield before others have a turn: they run nested, and it cannot go on before they let it. */
const YieldMOST = 64;

/** Thrown through the operation that the machine is performing when that has faulted; the scheduler catches it. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
}

/** isDeliverable -- whether a signal waits that the thread would take if it ran now. .critical */
export function isDeliverable(thread: Thread): boolean {
  const { process, pendingSet } = thread, all = process.pendingSet;
  const low = pendingSet.low | (all.low & ~process.keptLow), high = pendingSet.high | (all.high & ~process.keptHigh);
  return ((low & ~thread.maskLow) | (high & ~thread.maskHigh)) !== 0;
}

/** isCalled -- whether a signal waits for which the thread is to be run: its own, or one of the process for which it is called. .critical */
export function isCalled(thread: Thread): boolean {
  const { pendingSet } = thread, all = thread.process.pendingSet;
  const low = pendingSet.low | (all.low & thread.calledLow), high = pendingSet.high | (all.high & thread.calledHigh);
  return ((low & ~thread.maskLow) | (high & ~thread.maskHigh)) !== 0;
}

// Faults -------------------------------------------------------------------------------------------------------------

/** faultTake -- the trap of a thread's hart: the fault is a signal that is delivered at once <design/signal#.fault>. .critical
 *
 * A plain access's handler runs here, to its end, and the access is tried again. The handler of an operation becomes a level that the
 * scheduler runs; the operation is abandoned until then.
 */
export function faultTake(thread: Thread, fault: Fault): number {
  const { kernel } = thread.process, found = faultFind(thread, fault);
  if (found === 'resolved') {
    kernel.counts.pageFaults += 1;
    return -1;
  }
  if (thread.isStepping) {
    const physical = thread.levelTop().isGranted ? thread.physicalOf(fault) : -1;
    if (physical >= 0) return physical;
    faultPush(thread, fault, found);
    throw kernel.interruption;
  }
  const before = kernel.current, { driven } = thread;
  kernel.current = thread;
  try {
    const level = faultPush(thread, fault, found);
    thread.driven += 1;
    levelDrive(thread, level);
    sigreturn(thread, level);
    const { grants } = level;
    if (isDeliverable(thread)) settle(thread);
    return grants ? thread.physicalOf(fault) : -1;
  } finally {
    thread.driven = driven;
    kernel.current = before;
  }
}

/** faultPush -- the level of a fault's handler; ends the process if there is none, or if the signal is blocked. .critical */
function faultPush(thread: Thread, fault: Fault, found: PageFound): Level {
  const { process } = thread, { kernel } = process;
  const { signal, code } = faultSignal(thread, fault, found);
  kernel.counts.faults += 1;
  if (kernel.watcher !== null) kernel.watcher.fault?.(thread, fault, signal);
  const disposition = process.dispositions[signal];
  if (disposition.handler === null || isBlocked(thread, signal)) {
    const note = disposition.handler !== null ? `${signalName(signal)} is blocked: a fault cannot wait`
      : disposition.action.handler === SIG_IGN ? `${signalName(signal)} is ignored: a fault cannot be` : null;
    return process.crash(thread, signal, crashReport(process, thread, signal, code, fault, note));
  }
  return handlerPush(thread, disposition, signal, code, 0, fault);
}

/** handlerPush -- write the frame and begin the handler in a new level; ends the process if the frame does not fit. .critical */
function handlerPush(
  thread: Thread, disposition: Disposition, signal: number, code: number, pid: number, fault: Fault | null,
): Level {
  const { process, hart } = thread, { kernel } = process, { flags, handler } = disposition;
  const low = thread.depth > LevelMOST ? -1 : thread.frameFind((flags & OnSTACK) !== 0);
  const word = low < 0 ? -1 : frameWord(thread, low);
  if (word < 0 || handler === null) {
    return process.crash(thread, signal, crashReport(process, thread, signal, code, fault, noFrame(thread, low)));
  }
  const level = thread.levelNext();
  level.signal = signal;
  level.low = low | 0;
  level.top = hart.top;
  level.sp = thread.sp;
  level.grants = false;
  level.unsafe = thread.unsafe;
  level.isSafe = false;
  thread.unsafe = null;
  frameWrite(level, word, code, pid, fault, thread.isOnAltStack);
  thread.frameEnter(level);
  thread.maskLow |= disposition.low;
  thread.maskHigh |= disposition.high;
  if ((flags & ResetHAND) !== 0) process.reset(signal);
  kernel.counts.signals += 1;
  if (kernel.watcher !== null) kernel.watcher.signal?.(thread, signal, code);
  const wants = (flags & SigINFO) !== 0;
  thread.levelPush(handler(signal, wants ? level.info : null, wants ? level.context : null, thread));
  takersAsk(thread);
  return level;
}

/** noFrame -- why there is no place for a frame. */
function noFrame({ depth }: Thread, low: number): string {
  if (depth > LevelMOST) return `${LevelMOST} handlers interrupt each other: does one of them fault each time?`;
  return low < 0 ? 'the stack is full: the signal frame does not fit' : 'the stack cannot be written: there is no place for the signal frame';
}

/** sigreturn -- a handler has returned: what its frame says now is the thread's again. .critical */
export function sigreturn(thread: Thread, level: Level): void {
  thread.levelPop();
  thread.hart.top = level.top;
  thread.frameLeave(level);
  thread.unsafe = level.unsafe;
  frameRead(level);
  takersAsk(thread);
}

// Running handlers inside a call --------------------------------------------------------------------------------------

/** levelDrive -- run the highest level to its end, on the host's stack. .critical */
function levelDrive(thread: Thread, level: Level): void {
  const run = level.run as ThreadRun;
  for (let turn = run.next(); turn.done !== true;) {
    let given: unknown;
    try {
      given = obey(thread, level, turn.value);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // What the handler has set up it must take back.
      turn = run.throw(error);
      continue;
    }
    turn = run.next(given);
  }
}

/** obey -- what a handler yields, done at once: others run while it waits, and have a turn where it yields again and again. */
function obey(thread: Thread, level: Level, yielded: Yielded): unknown {
  if (yielded === undefined) {
    level.yields += 1;
    if (level.yields > YieldMOST) thread.process.kernel.scheduler.giveWay(thread);
    return undefined;
  }
  if (yielded instanceof Operation) return operationPerform(thread.hart, yielded);
  level.wait = yielded;
  try {
    thread.process.kernel.runUntil(thread, () => yielded.ready());
  } finally {
    level.wait = null;
  }
  return undefined;
}

/** callDrive -- a call that can block, for who cannot yield: others run, nested, while it waits; its result. */
export function callDrive<T>(thread: Thread, call: Generator<Wait, T, unknown>): T {
  const { kernel } = thread.process, { waitOnHost, waitOnHostAt } = thread;
  let turn = call.next();
  while (turn.done !== true) {
    const wait = turn.value;
    thread.waitOnHost = wait;
    thread.waitOnHostAt = thread.depth;
    try {
      kernel.runUntil(thread, () => wait.ready());
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // What the call has set up it must take back, and it may have to wait for that.
      turn = call.throw(error);
      continue;
    } finally {
      thread.waitOnHost = waitOnHost;
      thread.waitOnHostAt = waitOnHostAt;
    }
    turn = call.next();
  }
  return turn.value;
}

/** levelsDrive -- run handlers of what waits and is not blocked, and of what comes meanwhile. */
function levelsDrive(thread: Thread): void {
  const floor = thread.depth;
  for (;;) {
    pendingPush(thread);
    if (thread.depth === floor) return;
    // The same signals may have stopped the process.
    if (thread.isHeld) thread.process.kernel.runUntil(thread, always);
    const level = thread.levelTop();
    levelDrive(thread, level);
    sigreturn(thread, level);
  }
}

/** settle -- the thread goes on in the middle of a call: it waits while it is held, and what it does not block is delivered
 *
 * Nothing happens where the scheduler will see to it: with a thread that does not run, or is stepped and not in a handler that runs on
 * the host's stack.
 */
export function settle(thread: Thread): void {
  const { kernel } = thread.process, before = kernel.current;
  if (before !== thread && !(thread.isAdopted && before === null)) return;
  for (;;) {
    if (thread.unwind !== null) throw thread.unwind;
    if (thread.isHeld) kernel.runUntil(thread, always);
    if ((thread.isStepped && thread.driven === 0) || !isDeliverable(thread)) return;
    kernel.current = thread;
    try {
      levelsDrive(thread);
    } finally {
      kernel.current = before;
    }
  }
}

const always = (): boolean => true;

// Signals that are sent ------------------------------------------------------------------------------------------------

/** signalSend -- a signal for a process, or for a thread of it; what the caller does not block is delivered before this returns. 0, or
 * EAGAIN where too many real-time signals wait. */
export function signalSend(process: Process, thread: Thread | null, signal: number, code: number, value: number = 0): number {
  const { kernel } = process, pid = kernel.current?.process.pid ?? 0;
  const isSent = signalPut(process, thread, { signal, code, pid, value, status: 0 }, kernel.current === null);
  if (signal === SIGKILL) {
    if (kernel.current?.unwind) throw kernel.current.unwind;
    return 0;
  }
  const target = thread ?? process.takers.get(signal);
  const running = kernel.current ?? (target?.isAdopted === true ? target : null);
  if (running !== null && running.process === process) settle(running);
  return isSent ? 0 : EAGAIN;
}

/** signalPost -- the kernel itself tells a process of something; it is delivered when its receiver runs. */
export function signalPost(process: Process, signal: number, code: number, pid: number = 0, status: number = 0): void {
  signalPut(process, null, { signal, code, pid, value: 0, status }, false);
}

/** signalPut -- note down that a signal waits for a thread, or for the process, and wake who may take it; false if it cannot be queued. */
function signalPut(process: Process, target: Thread | null, sent: SigSent, byHost: boolean): boolean {
  const { signal, pid } = sent, { scheduler } = process.kernel;
  if (process.status !== null) return true;
  if (signal === SIGKILL) {
    const named = target ?? takerFind(process, signal, byHost);
    process.terminate({ signal, report: crashReport(process, named, signal, sent.code, null, `sent by process ${pid}`), core: false });
    return true;
  }
  if (signal === SIGCONT) process.resume();
  if (signalStops(signal)) process.forget(SIGCONT);
  if (process.ignores(signal) && !isKept(process, target, signal)) return true;
  if (target === null) {
    if (!process.pendingSet.add(sent)) return false;
    takerCall(process, signal, byHost);
    return true;
  }
  if (!target.pendingSet.add(sent)) return false;
  process.addressed.add(target);
  scheduler.wake(target);
  return true;
}

/** signalIsLost -- a signal that is sent to a process now changes nothing: it waits already, or is ignored. */
export const signalIsLost = (process: Process, signal: number): boolean =>
  process.pendingSet.has(signal) || (process.ignores(signal) && !isKept(process, null, signal));

/** isKept -- what is ignored waits all the same: for who is in sigwait, and in Linux while the thread that it is for, of the process the
 * first, blocks it. */
function isKept({ awaiters, threads, kernel }: Process, target: Thread | null, signal: number): boolean {
  if (target !== null ? isAwaited(target, signal) : [...awaiters].some((thread) => isAwaited(thread, signal))) return true;
  const [first] = target !== null ? [target] : threads;
  return keepsBlocked[kernel.profile.abi] && first !== undefined && isBlocked(first, signal);
}

/** pendingPush -- a level for every signal that waits and is not blocked, the lowest first; default actions happen. Whether there is
 * any new level. */
export function pendingPush(thread: Thread): boolean {
  const { process } = thread, own = thread.pendingSet, all = process.pendingSet, floor = thread.depth, isSafe = thread.maskBefore !== null;
  for (;;) {
    const low = (own.low | (all.low & ~process.keptLow)) & ~thread.maskLow, high = (own.high | (all.high & ~process.keptHigh)) & ~thread.maskHigh;
    if ((low | high) === 0) return thread.depth > floor;
    const signal = sigSetFirst(low, high), sent = own.take(signal) ?? sharedTake(process, signal);
    if (sent !== null) deliver(thread, sent, isSafe);
  }
}

/** deliver -- what the process wants done about a signal, to a thread that does not block it; `isSafe` if that is in sigsuspend. */
function deliver(thread: Thread, sent: SigSent, isSafe: boolean): void {
  const { process } = thread, { signal, code, pid } = sent, disposition = process.dispositions[signal];
  if (disposition.handler !== null) {
    waitInterrupt(thread, disposition.flags);
    const level = handlerPush(thread, disposition, signal, code, pid, null);
    level.isSafe = isSafe;
    frameSent(level, sent, thread.maskBefore);
    thread.maskBefore = null;
    return;
  }
  if (disposition.action.handler !== SIG_DFL) return;
  switch (signalDefault(signal)) {
    case 'stop': process.stop(signal); break;
    case 'terminate': case 'core':
      process.crash(thread, signal, crashReport(process, thread, signal, code, null, `sent by process ${pid}`));
      break;
    case 'ignore': case 'continue': break;
  }
}

/** waitInterrupt -- a handler will run over what the thread waits for: a call that can be broken off is <design/signal#.wait>. */
function waitInterrupt(thread: Thread, flags: number): void {
  const { depth, waitOnHost, waitOnHostAt } = thread, yielded = depth > 0 ? thread.levelTop().wait : null;
  const wait = yielded ?? (depth === waitOnHostAt ? waitOnHost : null);
  if (wait instanceof Sleep) wait.interrupt((flags & SA_RESTART) !== 0);
}
