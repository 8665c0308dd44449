/* wait.ts: WAITING
 *
 * What a thread waits for, who tells it to look again, and what breaks a wait off: a handler, a time, a cancellation <design/wait>.
 */
import { aver } from '../base/base.ts';
import { EINTR, ETIMEDOUT } from './errno.ts';
import type { Thread } from './thread.ts';

/** What a thread waits for: it goes on when `ready`, which changes nothing. */
export interface Wait {
  ready(): boolean;
  /** In words, for reports. */
  readonly what: string;
  /** Who says when to ask `ready` again, beside whoever calls Scheduler.wake; without a list it is asked before each step
   * <design/wait#.inv.told>. */
  readonly channels?: readonly Channel[];
}

/** Where threads wait to be told that something has changed. */
export class Channel {
  private readonly sleepers: Set<Thread> = new Set<Thread>();

  join(thread: Thread): void {
    this.sleepers.add(thread);
  }

  leave(thread: Thread): void {
    this.sleepers.delete(thread);
  }

  /** wake -- have all of them look again, in the order in which they came. */
  wake(): void {
    for (const thread of this.sleepers) thread.process.kernel.scheduler.wake(thread);
  }
}

/** What a cancellation does to a sleep: ends the thread there; breaks the sleep off, for the caller to put things right; nothing. */
export type CancelPoint = 'here' | 'after' | 'never';

/** A wait that can be broken off. */
export class Sleep implements Wait {
  private readonly name: string | (() => string);
  readonly channels: readonly Channel[];
  private readonly thread: Thread;
  private readonly condition: () => boolean;
  private readonly cancels: CancelPoint;
  /** What broke it off: nothing, a handler with SA_RESTART, a handler without, or time. */
  broken: 'no' | 'restart' | 'interrupted' | 'timeout' = 'no';

  constructor(thread: Thread, name: string | (() => string), channels: readonly Channel[], condition: () => boolean, cancels: CancelPoint) {
    this.thread = thread;
    this.cancels = cancels;
    this.name = name;
    this.channels = channels;
    this.condition = condition;
  }

  get what(): string {
    return typeof this.name === 'string' ? this.name : this.name();
  }

  ready(): boolean {
    return this.broken !== 'no' || this.condition() || (this.cancels !== 'never' && this.thread.isCancelling);
  }

  /** interrupt -- a handler is about to run on the thread that sleeps; the one without SA_RESTART counts. */
  interrupt(restarts: boolean): void {
    if (this.broken === 'no' || this.broken === 'restart') this.broken = restarts ? 'restart' : 'interrupted';
  }
}

/** How `sleep` may end but by what is waited for. */
export interface SleepOptions {
  /** Microseconds of the kernel's clock; default never. */
  readonly until?: number;
  /** Whether a handler with SA_RESTART lets the call begin anew; else any handler ends it. Default true. */
  readonly restarts?: boolean;
  /** Default 'here': it is a cancellation point <design/pthread#.cancel>. */
  readonly cancels?: CancelPoint;
}

/** never -- the condition of a sleep that only what breaks it off ends. */
export const never = (): boolean => false;

/** isUntil -- whether there is such a time to wait until, in microseconds: the callers' answer to others is EINVAL. */
export const isUntil = (until: number): boolean => until >= 0;

/** sleep -- wait until `condition` holds, asked when one of `channels` wakes; 0, EINTR or ETIMEDOUT
 *
 * After 0 the caller looks again whether it can go on: a handler with SA_RESTART may have run, and the whole call begins anew
 * <design/wait#.restart>.
 */
export function* sleep(
  thread: Thread, what: string | (() => string), channels: readonly Channel[], condition: () => boolean,
  { until = Infinity, restarts = true, cancels = 'here' }: SleepOptions = {},
): Generator<Wait, number, unknown> {
  const { kernel } = thread.process, wait = new Sleep(thread, what, channels, condition, cancels);
  aver(isUntil(until), '<design/wait#.inv.time>');
  if (cancels === 'here') thread.testCancel();
  if (condition()) return 0;
  const timer = until === Infinity ? null : kernel.clock.set(Math.ceil(until), () => {
    if (wait.broken === 'no') wait.broken = 'timeout';
    kernel.scheduler.wake(thread);
  });
  try {
    yield wait;
  } finally {
    if (timer !== null) kernel.clock.cancel(timer);
  }
  if (cancels === 'here') thread.testCancel();
  if (wait.broken === 'interrupted' || (wait.broken === 'restart' && !restarts)) return EINTR;
  return wait.broken === 'timeout' && !condition() ? ETIMEDOUT : 0;
}
