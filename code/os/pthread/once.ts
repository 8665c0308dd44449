/* once.ts: ONCE
 *
 * pthread_once_t: something is done by the first thread that wants it, and the others wait until it has been <design/pthread#.once>.
 */
import { safetyCheck } from '../safety.ts';
import type { Thread, ThreadRun, Yielded } from '../thread.ts';
import { Channel, sleep } from '../wait.ts';

/** What is to be done once. */
export class Once {
  private state: 'not' | 'running' | 'done' = 'not';
  private readonly change: Channel = new Channel();

  /** run -- pthread_once: have `action` done unless it has been; 0. If it is left before its end, the next thread begins anew. */
  *run(thread: Thread, action: () => ThreadRun): Generator<Yielded, number, unknown> {
    safetyCheck(thread, 'pthread_once');
    while (this.state === 'running') yield* sleep(thread, 'what another does once', [this.change], () => this.state !== 'running', { cancels: 'never' });
    if (this.state === 'done') return 0;
    this.state = 'running';
    try {
      yield* action();
      this.state = 'done';
    } finally {
      if (this.state === 'running') this.state = 'not';
      this.change.wake();
    }
    return 0;
  }
}
