/* pending.ts: SIGNALS THAT WAIT
 *
 * What has been sent to a thread or to a process and has not been delivered yet <design/signal#.inv.pending>.
 */
import { highOfSignal, lowOfSignal, SIGRTMIN } from './signal.ts';

/** Of one set so many real-time signals wait at most. */
export const SigQueueMAX = 128;

/** A signal that was sent: what its siginfo will say. */
export interface SigSent {
  readonly signal: number;
  readonly code: number;
  /** Who sent it, or whose end or stop it tells of; 0 for the kernel. */
  readonly pid: number;
  /** What sigqueue sends with it. */
  readonly value: number;
  /** Of SIGCHLD: the exit code or the signal. */
  readonly status: number;
}

/** Signals that wait: each once, with who sent it first, but for real-time ones, which queue. */
export class Pending {
  low: number = 0;
  high: number = 0;
  /** In the order in which they came; made with the first, for most threads are never sent any. */
  private sent: SigSent[] | null = null;

  has(signal: number): boolean {
    return ((this.low & lowOfSignal(signal)) | (this.high & highOfSignal(signal))) !== 0;
  }

  /** add -- one more; false, and nothing happens, if the queue is full. */
  add(one: SigSent): boolean {
    const { signal } = one, isQueued = signal >= SIGRTMIN;
    if (!isQueued && this.has(signal)) return true;
    this.sent ??= [];
    if (isQueued && this.sent.length >= SigQueueMAX) return false;
    this.low |= lowOfSignal(signal);
    this.high |= highOfSignal(signal);
    this.sent.push(one);
    return true;
  }

  /** take -- the first that was sent of a signal, which waits no longer; null if there is none. */
  take(signal: number): SigSent | null {
    const { sent } = this, index = sent === null ? -1 : sent.findIndex((one) => one.signal === signal);
    if (sent === null || index < 0) return null;
    const [one] = sent.splice(index, 1);
    if (!sent.some((other) => other.signal === signal)) this.clear(signal);
    return one;
  }

  /** remove -- drop all that were sent of a signal. */
  remove(signal: number): void {
    if (!this.has(signal)) return;
    this.clear(signal);
    this.sent = (this.sent ?? []).filter((one) => one.signal !== signal);
  }

  private clear(signal: number): void {
    this.low &= ~lowOfSignal(signal);
    this.high &= ~highOfSignal(signal);
  }
}
