/* scheduler.ts: THE SCHEDULER
 *
 * Who runs next, and for how long: a function of the seed <design/scheduler>. The *fast* driver changes threads where a program yields;
 * the *explored* one before every operation, and now and then in the middle of a plain access.
 */
import { aver, AverError, cool, type Random } from '../base/base.ts';
import { doing } from './crash.ts';
import { Interruption, isCalled, isDeliverable, pendingPush, settle, sigreturn } from './delivery.ts';
import { jumpPasses, type Jump } from './jump.ts';
import type { Kernel } from './kernel.ts';
import { canRun, Ready } from './ready.ts';
import { levelAdvance, threadAbandon, threadEnd, threadLeave, threadUnwind } from './leaving.ts';
import type { Level } from './level.ts';
import { Operation, operationPerform } from './step.ts';
import type { Thread, Yielded } from './thread.ts';
import { DeadlockError, Unwind } from './unwind.ts';

const COOL = cool;

/** Explored: the thread that ran goes on without a draw once in so many steps. */
const StayONEIN = 4;
/** Explored: a plain access is a switch point once in so many, for up to so many steps of others, nested at most so deep. */
const ExploreONEIN = 16;
const ExploreSTEPS = 4;
const ExploreDEPTH = 6;

/** Explored: so many threads at most are looked at for who preempts a call. */
const PreemptMOST = 64;

/** With more threads than this, `cool` does not look at all of them after each choice. */
const CheckTHREADS = 32;
/** Threads that a report of a deadlock names. */
const ReportTHREADS = 40;

const always = (): boolean => true;

/** The threads of a kernel, and who is next. */
export class Scheduler {
  private readonly kernel: Kernel;
  private readonly draw: Random;
  private readonly isExplored: boolean;
  /** Those that it runs, in the order in which they were made. */
  private readonly threads: Set<Thread> = new Set<Thread>();
  private readonly ready: Ready = new Ready();
  private last: Thread | null = null;
  /** How many accesses run others first, and how many turns are in the middle. */
  private nested: number = 0;
  private turns: number = 0;
  /** What programs have failed with, in order, until it comes out <design/scheduler#.error>. */
  private readonly failures: Error[] = [];

  constructor(kernel: Kernel, draw: Random, isExplored: boolean) {
    this.kernel = kernel;
    this.draw = draw;
    this.isExplored = isExplored;
  }

  add(thread: Thread): void {
    this.threads.add(thread);
    this.wake(thread);
  }

  /** remove -- a thread is over; who waits for that goes on. */
  remove(thread: Thread): void {
    this.threads.delete(thread);
    this.ready.remove(thread);
    if (this.last === thread) this.last = null;
    if (thread.joiner !== null) this.wake(thread.joiner);
  }

  /** wake -- a thread may be able to go on. Whoever makes that so says it here <design/scheduler#.inv.awake>. */
  wake(thread: Thread): void {
    if (thread.place >= 0 || thread.state === 'done' || (thread.isAdopted && thread.parkedAt < 0)) return;
    this.ready.add(thread);
  }

  /** prepare -- a new thread's hart: explored, each of its accesses takes the slow path and asks here. */
  prepare(thread: Thread): void {
    if (!this.isExplored) return;
    thread.hart.pte = this.kernel.blank;
    thread.hart.explore = () => this.explore(thread);
  }

  // Choosing ---------------------------------------------------------------------------------------------------------

  /** step -- let one thread run; false if there is none left. */
  step(): boolean {
    this.raise();
    if (this.threads.size === 0) return false;
    let next = this.pick();
    while (next === null) {
      if (!this.jump()) throw this.deadlock(null);
      next = this.pick();
    }
    this.run(next);
    this.raise();
    return true;
  }

  /** runUntil -- let others run until `condition` holds and `thread`, if there is one, may go on <design/scheduler#.nested>; with `only`
   * that one alone <design/scheduler#.only>. */
  runUntil(thread: Thread | null, condition: () => boolean, only: Thread | null = null): void {
    if (thread === null || only !== null || this.kernel.noPreempt > 0) {
      this.until(thread, condition, only);
      return;
    }
    this.park(thread);
    try {
      this.until(thread, condition, null);
    } finally {
      this.unpark(thread);
    }
  }

  /** until -- the loop of it. */
  private until(thread: Thread | null, condition: () => boolean, only: Thread | null): void {
    const isOver = (): boolean => {
      const goesOn = mayGoOn(thread);
      if (thread !== null) threadAbandon(thread, goesOn);
      return goesOn && condition();
    };
    while (!isOver()) {
      const next = only === null ? this.pick() : this.pickOnly(only);
      if (next !== null) this.run(next);
      // To pick takes time, and that may have been all that there was to wait for.
      else if (!isOver() && !this.jump()) throw this.deadlock(thread);
      this.raise();
    }
  }

  /** giveWay -- a plain handler yields: another thread has a turn, if one can. */
  giveWay(thread: Thread): void {
    const parks = this.kernel.noPreempt === 0;
    if (parks) this.park(thread);
    try {
      const next = this.pick();
      if (next !== null) this.run(next);
      this.until(thread, always, null);
    } finally {
      if (parks) this.unpark(thread);
    }
  }

  /** preempt -- explored: stepped threads may do some accesses here, whatever lock is held. */
  preempt(): void {
    if (!this.isExplored || this.draw(2) === 0) return;
    for (let left = 1 + this.draw(ExploreSTEPS); left > 0; left--) {
      const able = this.sample().filter((thread) => canRun(thread) && isAtAccess(thread));
      if (able.length === 0) return;
      this.run(able[this.draw(able.length)]);
    }
  }

  /** sample -- those that may be able to run, or some of them, drawn, where they are many. */
  private sample(): readonly Thread[] {
    const { able } = this.ready;
    return able.length <= PreemptMOST ? able : Array.from({ length: PreemptMOST }, () => able[this.draw(able.length)]);
  }

  /** explore -- a plain access is about to be made: others may run first, until they yield. */
  private explore(thread: Thread): void {
    if (this.kernel.noPreempt > 0 || thread.isStepping || this.nested >= ExploreDEPTH || this.draw(ExploreONEIN) !== 0) return;
    this.nested += 1;
    this.park(thread);
    try {
      for (let left = 1 + this.draw(ExploreSTEPS); left > 0; left--) {
        const next = this.pick();
        if (next === null) break;
        this.run(next);
      }
      this.until(thread, always, null);
    } finally {
      this.unpark(thread);
      this.nested -= 1;
    }
    settle(thread);
  }

  /** pick -- draw one of those that can run; null if there is none. It is the next microsecond. */
  private pick(): Thread | null {
    const { last, ready } = this, { able } = ready;
    this.advance(this.kernel.clock.now + 1);
    ready.poll();
    if (this.isExplored && last !== null && able.length > 1 && canRun(last) && this.draw(StayONEIN) === 0) return last;
    while (able.length > 0) {
      const next = able[able.length === 1 ? 0 : this.draw(able.length)];
      if (canRun(next)) {
        if (COOL) this.check();
        return next;
      }
      ready.sleep(next);
    }
    if (COOL) this.check();
    return null;
  }

  private pickOnly(thread: Thread): Thread | null {
    this.advance(this.kernel.clock.now + 1);
    return canRun(thread) ? thread : null;
  }

  /** jump -- nobody can run: time goes on to what changes anything next; false if nothing does. */
  private jump(): boolean {
    const { kernel } = this, { clock, current } = kernel;
    kernel.current = null;
    try {
      const next = clock.nextChange;
      if (next === Infinity) return false;
      clock.advance(next);
      return true;
    } finally {
      kernel.current = current;
    }
  }

  /** advance -- what is due by then happens, and no thread does it. */
  private advance(now: number): void {
    const { kernel } = this, { clock, current } = kernel;
    kernel.current = null;
    try {
      clock.advance(now);
    } finally {
      kernel.current = current;
    }
  }

  // In the middle of calls -------------------------------------------------------------------------------------------

  /** check -- none that can run is missing. */
  private check(): void {
    if (this.threads.size > CheckTHREADS) return;
    for (const thread of this.threads) aver(thread.place >= 0 || !canRun(thread), '<design/scheduler#.inv.awake>');
  }

  /** park -- others run in the middle of a call of this thread's, and so may handlers of it, above the levels that it has. */
  private park(thread: Thread): void {
    thread.parkedAt = thread.depth;
    this.wake(thread);
  }

  private unpark(thread: Thread): void {
    thread.parkedAt = -1;
    if (thread.isAdopted) this.ready.remove(thread);
  }

  // Running ----------------------------------------------------------------------------------------------------------

  /** run -- one turn of a thread that can run. An error of its program ends it, and comes out later. */
  private run(thread: Thread): void {
    const { kernel } = this, before = kernel.current, held = kernel.noPreempt, { parkedAt } = thread;
    aver((thread.onHost === 0 || parkedAt >= 0) && thread.state !== 'done', '<design/scheduler#.inv.once>');
    if (this.last !== thread) {
      this.last = thread;
      kernel.counts.switches += 1;
      kernel.watcher?.switched?.(thread);
    }
    kernel.current = thread;
    kernel.noPreempt = 0;
    thread.onHost += 1;
    thread.parkedAt = -1;
    thread.state = 'runnable';
    this.turns += 1;
    try {
      if (thread.unwind !== null) throw thread.unwind;
      this.turn(thread, Math.max(parkedAt, 0));
    } catch (error) {
      const hasFailed = this.leave(thread, parkedAt, error);
      if (!(error instanceof Error)) throw error;
      if (hasFailed) this.failed(error);
    } finally {
      this.turns -= 1;
      thread.onHost -= 1;
      thread.parkedAt = parkedAt;
      kernel.current = before;
      kernel.noPreempt = held;
      this.wake(thread);
    }
  }

  /** leave -- a program of a thread has ended by an error: the thread leaves those below too, or jumps. Whether the error is a failure. */
  private leave(thread: Thread, parkedAt: number, error: unknown): boolean {
    const isOnItsWay = thread.unwind === null && (error === thread.leaving || jumpPasses(thread, error));
    const by = isOnItsWay ? error as Unwind | Jump : thread.leave('has failed');
    if (thread.unwind === null) {
      threadLeave(thread, parkedAt, by);
    } else {
      threadUnwind(thread, thread.unwind, Math.max(parkedAt, 0));
      if (parkedAt < 0) threadEnd(thread);
    }
    return !isOnItsWay && !(error instanceof Unwind && error.thread === thread);
  }

  /** failed -- a program has: that comes out where nobody is in the middle of a turn. A defect does at once <design/check#.aver>. */
  failed(error: Error): void {
    if (error instanceof AverError) throw error;
    this.failures.push(error);
  }

  /** raise -- let it come out here, if nobody is. */
  private raise(): void {
    const failure = this.turns === 0 && this.nested === 0 ? this.failures.shift() : undefined;
    if (failure !== undefined) throw failure;
  }

  /** turn -- run a thread, but for its levels below `floor`, until it is somebody else's turn. */
  private turn(thread: Thread, floor: number): void {
    pendingPush(thread);
    while (!thread.isHeld && thread.depth > floor) {
      const level = thread.levelTop();
      if (level.operation !== null) {
        if (!this.perform(thread, level) || pendingPush(thread)) {
          if (this.isExplored) return;
          continue;
        }
      }
      if (level.wait !== null && !level.wait.ready()) {
        thread.state = 'blocked';
        return;
      }
      if (this.resume(thread, level) || this.isExplored) return;
    }
  }

  /** resume -- go on with a program until it yields; whether its turn is over. */
  private resume(thread: Thread, level: Level): boolean {
    const { result, thrown } = level, { depth } = thread;
    level.result = undefined;
    level.thrown = null;
    level.wait = null;
    const turn = levelAdvance(level, result, thrown);
    // Handlers in the middle of its calls that were left by an error.
    while (thread.depth > depth) thread.levelLeave();
    if (turn.done !== true) return this.obey(thread, level, turn.value);
    if (level.signal === 0) {
      thread.levelPop();
      threadEnd(thread);
      return true;
    }
    sigreturn(thread, level);
    if (thread.depth > 0) {
      const below = thread.levelTop();
      below.isGranted = level.grants && below.operation !== null;
    }
    pendingPush(thread);
    return false;
  }

  /** obey -- note down what a program has yielded; whether its turn is over. */
  private obey(thread: Thread, level: Level, yielded: Yielded): boolean {
    if (yielded === undefined) return true;
    if (yielded instanceof Operation) {
      level.operation = yielded;
      return false;
    }
    if (yielded.ready()) return false;
    level.wait = yielded;
    thread.state = 'blocked';
    return true;
  }

  /** perform -- do a level's operation; false if it has faulted, and a handler is to run first. */
  private perform(thread: Thread, level: Level): boolean {
    const operation = level.operation as Operation;
    thread.isStepping = operation.kind !== 'call';
    try {
      level.result = operationPerform(thread.hart, operation);
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
      return false;
    } finally {
      thread.isStepping = false;
    }
    level.operation = null;
    level.isGranted = false;
    return true;
  }

  /** deadlock -- the error that names the threads and what they wait for. */
  private deadlock(waiting: Thread | null): DeadlockError {
    const named = [...this.threads].slice(0, ReportTHREADS), more = this.threads.size - named.length;
    if (waiting?.isAdopted === true) named.push(waiting);
    const lines = named.map((thread) => `  process ${thread.process.pid} ${thread.describe()} ${doing(thread)}`);
    if (more > 0) lines.push(`  and ${more} more`);
    return new DeadlockError(`no thread can go on:\n${lines.length === 0 ? '  there is none' : lines.join('\n')}`);
  }
}

/** mayGoOn -- a thread in the middle of a call may return from it: it is not held, and where it takes signals there it has handled them. */
const mayGoOn = (thread: Thread | null): boolean =>
  thread === null || (!thread.isHeld && (thread.parkedAt < 0 || (thread.depth === thread.parkedAt && !isCalled(thread))));

/** isAtAccess -- what a thread that can run does next is one access: no code of the host's but its own program. */
function isAtAccess(thread: Thread): boolean {
  if (thread.unwind !== null || isDeliverable(thread)) return false;
  const { operation } = thread.levelTop();
  return operation !== null && operation.kind !== 'call';
}
