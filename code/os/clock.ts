/* clock.ts: VIRTUAL TIME
 *
 * The kernel's clock counts turns of threads, a microsecond each, and jumps to the next alarm where nobody can run <design/clock>. The
 * host's clock is never read.
 */
import { aver } from '../base/base.ts';

/** Something that is to happen at a time. */
export class Timer {
  /** Microseconds. */
  readonly at: number;
  /** Of two at one time the one that was set first goes first. */
  readonly order: number;
  readonly action: () => void;
  /** Whether its action, done now, would change nothing but set it again; null if it always changes something. */
  readonly isIdle: (() => boolean) | null;
  isSet: boolean = true;

  constructor(at: number, order: number, action: () => void, isIdle: (() => boolean) | null) {
    this.at = at;
    this.order = order;
    this.action = action;
    this.isIdle = isIdle;
  }
}

/** The clock of a kernel. */
export class Clock {
  /** Microseconds since the kernel began. */
  now: number = 0;
  /** A binary heap, the next timer first; those that are no longer set are dropped when they are met. */
  private readonly timers: Timer[] = [];
  private orders: number = 0;

  /** set -- have `action` done at a time, or at once if that is past; never inside this call. What sets itself
   * again says with `isIdle` when that is all that it would do <design/clock#.inv.idle>. */
  set(at: number, action: () => void, isIdle: (() => boolean) | null = null): Timer {
    aver(Number.isInteger(at), '<design/clock#.whole>');
    this.orders += 1;
    const timer = new Timer(Math.max(at, this.now), this.orders, action, isIdle);
    this.timers.push(timer);
    this.raise(this.timers.length - 1);
    return timer;
  }

  /** cancel -- have it not done. */
  cancel(timer: Timer): void {
    timer.isSet = false;
  }

  /** When the next thing is to happen; Infinity if nothing is. */
  get next(): number {
    const { timers } = this;
    while (timers.length > 0 && !timers[0].isSet) this.remove();
    return timers.length === 0 ? Infinity : timers[0].at;
  }

  /** When the next thing is to happen that changes anything; Infinity if nothing does <design/clock#.inv.idle>. */
  get nextChange(): number {
    const { next, timers } = this;
    if (next === Infinity || timers[0].isIdle?.() !== true) return next;
    return timers.reduce((least, { at, isSet, isIdle }) => (isSet && at < least && isIdle?.() !== true ? at : least), Infinity);
  }

  /** advance -- time goes on to `now`; what was to happen by then happens, in order. */
  advance(now: number): void {
    while (this.next <= now) {
      const timer = this.timers[0];
      this.remove();
      this.now = timer.at;
      timer.isSet = false;
      timer.action();
    }
    this.now = now;
  }

  // The heap ---------------------------------------------------------------------------------------------------------

  private remove(): void {
    const { timers } = this, last = timers.pop() as Timer;
    if (timers.length === 0) return;
    timers[0] = last;
    this.lower();
  }

  private raise(index: number): void {
    const { timers } = this;
    for (let at = index; at > 0;) {
      const above = (at - 1) >>> 1;
      if (!isBefore(timers[at], timers[above])) return;
      [timers[at], timers[above]] = [timers[above], timers[at]];
      at = above;
    }
  }

  private lower(): void {
    const { timers } = this;
    for (let at = 0; ;) {
      let least = at;
      for (const below of [2 * at + 1, 2 * at + 2]) if (below < timers.length && isBefore(timers[below], timers[least])) least = below;
      if (least === at) return;
      [timers[at], timers[least]] = [timers[least], timers[at]];
      at = least;
    }
  }
}

const isBefore = (one: Timer, other: Timer): boolean => one.at < other.at || (one.at === other.at && one.order < other.order);
