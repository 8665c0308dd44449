/* sigwait.ts: WAITING FOR SIGNALS
 *
 * sigsuspend and pause, which wait for a handler, and the sigwait family, which takes a signal in place of one <design/signal#.suspend>
 * <design/signal#.sigwait>. None of them begins anew.
 */
import { EAGAIN, EINTR, EINVAL } from './errno.ts';
import { safetyCheck } from './safety.ts';
import { MaskNEVER, sigSetFirst, type SigSet } from './signal.ts';
import { sharedTake, takersAsk } from './taker.ts';
import type { Thread } from './thread.ts';
import { never, sleep, type Wait } from './wait.ts';

/** sigsuspend -- wait under another mask until a handler has run; always EINTR, with the mask as it was. */
export const sigsuspend = (thread: Thread, mask: SigSet): Generator<Wait, number, unknown> => suspend(thread, mask, 'sigsuspend');

function* suspend(thread: Thread, mask: SigSet, name: string): Generator<Wait, number, unknown> {
  thread.maskBefore = thread.mask;
  thread.mask = mask;
  try {
    return yield* sleep(thread, `a signal, by ${name}`, [], never, { restarts: false });
  } finally {
    // A handler's frame has it otherwise.
    if (thread.maskBefore !== null) thread.mask = thread.maskBefore;
    thread.maskBefore = null;
  }
}

/** pause -- wait until a handler has run; always EINTR. */
export const pause = (thread: Thread): Generator<Wait, number, unknown> => suspend(thread, thread.mask, 'pause');

/** sigpending -- the signals that wait, of the thread and of its process. */
export function sigpending({ pendingSet, process }: Thread): SigSet {
  return { low: pendingSet.low | process.pendingSet.low, high: pendingSet.high | process.pendingSet.high };
}

/** sigtimedwait -- take a signal of a set, which the thread blocks, waiting for one at most so many microseconds
 *
 * Its number, with the rest in `Thread.received`; -EAGAIN when the time is over; -EINTR when a handler has run; -EINVAL for no time.
 */
export function* sigtimedwait(thread: Thread, { low, high }: SigSet, microseconds: number): Generator<Wait, number, unknown> {
  safetyCheck(thread, 'sigtimedwait');
  thread.testCancel();
  if (!(microseconds >= 0)) return -EINVAL;
  const set: SigSet = { low: low & ~MaskNEVER, high }, { process, awaited, awaitedAt } = thread, until = process.kernel.clock.now + microseconds;
  thread.awaited = set;
  thread.awaitedAt = thread.depth;
  process.awaiters.add(thread);
  try {
    for (;;) {
      const signal = signalTake(thread, set);
      if (signal !== 0) return signal;
      if (microseconds === 0) return -EAGAIN;
      const broken = yield* sleep(thread, 'a signal, by sigwait', [], () => isGiven(thread, set), { until, restarts: false });
      if (broken !== 0) return broken === EINTR ? -EINTR : -EAGAIN;
    }
  } finally {
    thread.awaited = awaited;
    thread.awaitedAt = awaitedAt;
    if (awaited === null) process.awaiters.delete(thread);
    takersAsk(thread);
  }
}

/** sigwaitinfo -- the same for as long as it takes. */
export const sigwaitinfo = (thread: Thread, set: SigSet): Generator<Wait, number, unknown> => sigtimedwait(thread, set, Infinity);

/** sigwait -- the same, going on when a handler has run: the number alone. */
export function* sigwait(thread: Thread, set: SigSet): Generator<Wait, number, unknown> {
  for (;;) {
    const signal = yield* sigwaitinfo(thread, set);
    if (signal !== -EINTR) return signal;
  }
}

/** firstOf -- the lowest signal of a set that waits; 0 if none does. */
function firstOf(thread: Thread, set: SigSet): number {
  const { low, high } = sigpending(thread);
  return sigSetFirst(low & set.low, high & set.high);
}

/** isGiven -- one waits that is the thread's own, or for which it is called. */
function isGiven({ pendingSet, process, calledLow, calledHigh }: Thread, set: SigSet): boolean {
  const all = process.pendingSet;
  return (((pendingSet.low | (all.low & calledLow)) & set.low) | ((pendingSet.high | (all.high & calledHigh)) & set.high)) !== 0;
}

/** signalTake -- take it. */
function signalTake(thread: Thread, set: SigSet): number {
  const signal = firstOf(thread, set);
  if (signal === 0) return 0;
  thread.received = thread.pendingSet.take(signal) ?? sharedTake(thread.process, signal);
  return signal;
}
