/* taker.ts: WHO TAKES A SIGNAL OF THE PROCESS
 *
 * A signal for a process waits in the process. One thread that can take it is *called*: woken for it; whichever thread gets there first
 * takes it, and where the one that is called can no more, another is <design/signal#.inv.taker>.
 */
import { highOfSignal, lowOfSignal, sigSetFirst, sigSetHas } from './signal.ts';
import type { SigSent } from './pending.ts';
import type { Process } from './process.ts';
import type { Thread } from './thread.ts';

/** isBlocked -- whether a thread's mask has a signal. .critical */
export const isBlocked = (thread: Thread, signal: number): boolean =>
  ((thread.maskLow & lowOfSignal(signal)) | (thread.maskHigh & highOfSignal(signal))) !== 0;

/** isAwaited -- a thread that blocks a signal is in sigwait for it, with no handler above. */
export const isAwaited = (thread: Thread, signal: number): boolean =>
  thread.awaited !== null && sigSetHas(thread.awaited, signal) && thread.depth === thread.awaitedAt && isBlocked(thread, signal);

const mayTake = (thread: Thread, signal: number): boolean =>
  thread.state !== 'done' && thread.unwind === null && thread.suspended === 0 && (!isBlocked(thread, signal) || isAwaited(thread, signal));

/** isInReach -- a thread runs, or can be woken: one that the host drives where it is in a call that runs others. */
const isInReach = (thread: Thread): boolean => !thread.isAdopted || thread.parkedAt >= 0 || thread.process.kernel.current === thread;

/** takerFind -- a thread that can take a signal of the process: one in sigwait, the running one, the one that was called last, any; null
 * if none can. One that the host alone can have go on is the last, unless it is the host that sends. */
export function takerFind({ kernel: { current }, awaiters, lastTaker, threads }: Process, signal: number, byHost: boolean = false): Thread | null {
  for (const thread of awaiters) if (isInReach(thread) && isAwaited(thread, signal) && mayTake(thread, signal)) return thread;
  if (current !== null && threads.has(current) && mayTake(current, signal)) return current;
  if (lastTaker !== null && isInReach(lastTaker) && mayTake(lastTaker, signal)) return lastTaker;
  let found: Thread | null = null;
  for (const thread of threads) {
    if (!mayTake(thread, signal)) continue;
    if (byHost || isInReach(thread)) return thread;
    found ??= thread;
  }
  return found;
}

/** takerCall -- have a thread take a signal that waits for the process; nothing where one is called already. */
export function takerCall(process: Process, signal: number, byHost: boolean): void {
  const found = process.takers.has(signal) ? null : takerFind(process, signal, byHost);
  if (found !== null) call(process, signal, found);
}

function call(process: Process, signal: number, thread: Thread): void {
  takerDrop(process, signal);
  process.takers.set(signal, thread);
  process.lastTaker = thread;
  thread.calledLow |= lowOfSignal(signal);
  thread.calledHigh |= highOfSignal(signal);
  if (isAwaited(thread, signal)) {
    process.keptLow |= lowOfSignal(signal);
    process.keptHigh |= highOfSignal(signal);
  }
  process.kernel.scheduler.wake(thread);
}

/** takerDrop -- nobody is called for a signal any more. */
function takerDrop(process: Process, signal: number): void {
  const thread = process.takers.get(signal);
  if (thread === undefined) return;
  process.takers.delete(signal);
  thread.calledLow &= ~lowOfSignal(signal);
  thread.calledHigh &= ~highOfSignal(signal);
  process.keptLow &= ~lowOfSignal(signal);
  process.keptHigh &= ~highOfSignal(signal);
}

/** takersAsk -- what a thread can take may have changed: its mask, its levels, whether it is held, its end. .critical */
export function takersAsk(thread: Thread): void {
  const { low, high } = thread.process.pendingSet;
  if ((low | high) !== 0) takersLook(thread, low, high);
}

/** takersLook -- the same where signals wait for its process: those in the two words. */
function takersLook(thread: Thread, low: number, high: number): void {
  const { process } = thread;
  for (let l = low, h = high; (l | h) !== 0;) {
    const signal = sigSetFirst(l, h), taker = process.takers.get(signal);
    l &= ~lowOfSignal(signal);
    h &= ~highOfSignal(signal);
    if (taker === thread) takerDrop(process, signal);
    else if (taker !== undefined && (isInReach(taker) || !isInReach(thread))) continue;
    // Of others only where this one was called: they have been looked at before.
    const next = mayTake(thread, signal) ? thread : taker === thread ? takerFind(process, signal) : null;
    if (next !== null) call(process, signal, next);
  }
}

/** sharedTake -- the first that was sent to the process of a signal, which waits no longer; null if there is none. */
export function sharedTake(process: Process, signal: number): SigSent | null {
  const sent = process.pendingSet.take(signal);
  if (!process.pendingSet.has(signal)) takerDrop(process, signal);
  return sent;
}

/** sharedRemove -- drop all that were sent to the process of a signal. */
export function sharedRemove(process: Process, signal: number): void {
  process.pendingSet.remove(signal);
  takerDrop(process, signal);
}

/** takersClear -- the threads of a process are replaced: none of the old ones is called. */
export function takersClear(process: Process): void {
  for (const signal of [...process.takers.keys()]) takerDrop(process, signal);
  process.lastTaker = null;
}
