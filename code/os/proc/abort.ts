/* abort.ts: ABORT
 *
 * Process.exit ends a process; so does this, by a signal that can be caught but not survived <design/process#.abort>.
 */
import { SIG_UNBLOCK, SIGABRT, sigSet } from '../signal.ts';
import type { Thread, Yielded } from '../thread.ts';

/** abort -- end the process by SIGABRT: a handler runs, and when it returns the default action ends the process nevertheless. */
export function* abort(thread: Thread): Generator<Yielded, never, unknown> {
  const { process } = thread;
  thread.sigprocmask(SIG_UNBLOCK, sigSet(SIGABRT));
  thread.kill(SIGABRT);
  // A stepped program takes signals between its turns.
  yield undefined;
  // The handler may have blocked it, or set up another, as other threads may at any time.
  for (;;) {
    process.reset(SIGABRT);
    thread.sigprocmask(SIG_UNBLOCK, sigSet(SIGABRT));
    thread.kill(SIGABRT);
    yield undefined;
  }
}
