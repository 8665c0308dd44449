/* safety.ts: ASYNC-SIGNAL-SAFETY
 *
 * Calls that a handler may not make, because of what it may have interrupted; who makes one all the same is told <design/safety>.
 */
import { signalName } from './signal.ts';
import type { Thread } from './thread.ts';

/** A handler has called what is not async-signal-safe. */
export class AsyncSignalError extends Error {
  readonly code = 'CAPSTAN_ASYNC_SIGNAL';
  override readonly name = 'AsyncSignalError';
}

/** safetyCheck -- a call that POSIX does not list as async-signal-safe begins: throws AsyncSignalError where that is not known to be
 * harmless <design/safety#.rule>. Only with Kernel.checksSafety. */
export function safetyCheck(thread: Thread, name: string): void {
  if (!thread.process.kernel.checksSafety) return;
  for (let i = thread.depth - 1; i >= 0; i--) {
    const { signal, slot, unsafe, isSafe } = thread.levels[i];
    if (signal === 0) continue;
    const isFault = slot >= 0;
    if ((isFault || isSafe) && unsafe === null) continue;
    const what = unsafe !== null ? unsafe : 'its thread at any point';
    throw new AsyncSignalError(`${name} is called in a handler of ${signalName(signal)}, which interrupted ${what}: ${name} is not `
      + `async-signal-safe (${isFault ? 'keep faults out of such calls' : 'note the signal down in the handler, and call it outside, or take the signal by sigwait'})`);
  }
}

/** safetyEnter -- a thread begins such a call; what it is in while it lasts. safetyLeave takes what this returns. */
export function safetyEnter(thread: Thread, name: string): string | null {
  safetyCheck(thread, name);
  const before = thread.unsafe;
  thread.unsafe = before ?? name;
  return before;
}

/** safetyLeave -- it has returned. */
export function safetyLeave(thread: Thread, before: string | null): void {
  thread.unsafe = before;
}
