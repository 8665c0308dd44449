/* scheduler.ts: THE SCHEDULER
 *
 * Who runs next, and for how long: a function of the seed <design/scheduler>. The *fast* driver changes threads where a program yields;
 * the *explored* one before every operation, and now and then in the middle of a plain access.
 */
import { aver, type Random } from '../base/base.ts';
import { doing } from './crash.ts';
import { Interruption, isDeliverable, pendingPush, settle, sigreturn } from './delivery.ts';
import type { Kernel } from './kernel.ts';
import type { Level } from './sigframe.ts';
import { Operation, operationPerform } from './step.ts';
import type { Thread, ThreadRun, Yielded } from './thread.ts';
import { DeadlockError, Unwind } from './unwind.ts';

/** Explored: the thread that ran goes on without a draw once in so many steps. */
const StayONEIN = 4;
/** Explored: a plain access is a switch point once in so many, for up to so many steps of others, nested at most so deep. */
const ExploreONEIN = 16;
const ExploreSTEPS = 4;
const ExploreDEPTH = 6;

/** The threads of a kernel, and who is next. */
export class Scheduler {
  private readonly kernel: Kernel;
  private readonly draw: Random;
  private readonly isExplored: boolean;
  /** Those that it runs, in the order in which they were made. */
  private readonly threads: Thread[] = [];
  private readonly eligible: Thread[] = [];
  private last: Thread | null = null;
  private nested: number = 0;

  constructor(kernel: Kernel, draw: Random, isExplored: boolean) {
    this.kernel = kernel;
    this.draw = draw;
    this.isExplored = isExplored;
  }

  add(thread: Thread): void {
    this.threads.push(thread);
  }

  remove(thread: Thread): void {
    const index = this.threads.indexOf(thread);
    if (index >= 0) this.threads.splice(index, 1);
  }

  /** wake -- a thread may be able to go on. */
  wake(_thread: Thread): void {
    // Each step looks at all threads.
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
    if (this.threads.length === 0) return false;
    const next = this.pick();
    if (next === null) throw this.deadlock(null);
    this.run(next);
    return true;
  }

  /** runUntil -- let others run until `condition` holds and `thread`, if there is one, may go on <design/scheduler#.nested>. */
  runUntil(thread: Thread | null, condition: () => boolean): void {
    const interruptible = this.kernel.noPreempt === 0;
    for (;;) {
      if (thread !== null) {
        if (thread.unwind !== null) throw thread.unwind;
        if (interruptible && !thread.isHeld && isDeliverable(thread)) settle(thread);
      }
      if (thread?.isHeld !== true && condition()) return;
      const next = this.pick();
      if (next === null) throw this.deadlock(thread);
      this.run(next);
    }
  }

  /** preempt -- explored: stepped threads may do some accesses here, whatever lock is held. */
  preempt(): void {
    if (!this.isExplored || this.draw(2) === 0) return;
    for (let left = 1 + this.draw(ExploreSTEPS); left > 0; left--) {
      const able = this.threads.filter((thread) => this.canRun(thread) && this.isAtAccess(thread));
      if (able.length === 0) return;
      this.run(able[this.draw(able.length)]);
    }
  }

  /** explore -- a plain access is about to be made: others may run first, until they yield. */
  private explore(thread: Thread): void {
    if (this.kernel.noPreempt > 0 || thread.isStepping || this.nested >= ExploreDEPTH || this.draw(ExploreONEIN) !== 0) return;
    this.nested += 1;
    try {
      for (let left = 1 + this.draw(ExploreSTEPS); left > 0; left--) {
        const next = this.pick();
        if (next === null) break;
        this.run(next);
      }
    } finally {
      this.nested -= 1;
    }
    settle(thread);
  }

  /** isAtAccess -- what it does next is one access: no code of the host's but its own program. */
  private isAtAccess(thread: Thread): boolean {
    if (thread.unwind !== null) return false;
    const { operation } = thread.levelTop();
    return operation !== null && operation.kind !== 'call' && !isDeliverable(thread);
  }

  private canRun(thread: Thread): boolean {
    if (thread.onHost > 0) return false;
    if (thread.unwind !== null) return true;
    if (thread.isHeld) return false;
    const { wait } = thread.levelTop();
    return wait === null || isDeliverable(thread) || wait.ready();
  }

  /** pick -- draw one of those that can run; null if there is none. */
  private pick(): Thread | null {
    const eligible = this.eligible;
    eligible.length = 0;
    for (const thread of this.threads) if (this.canRun(thread)) eligible.push(thread);
    if (eligible.length === 0) return null;
    if (eligible.length === 1) return eligible[0];
    if (this.isExplored && this.last !== null && eligible.includes(this.last) && this.draw(StayONEIN) === 0) return this.last;
    return eligible[this.draw(eligible.length)];
  }

  // Running ----------------------------------------------------------------------------------------------------------

  /** run -- one turn of a thread that can run. An error of its program ends it, and is thrown on. */
  private run(thread: Thread): void {
    const { kernel } = this, before = kernel.current, held = kernel.noPreempt;
    aver(thread.onHost === 0 && thread.state !== 'done', '<design/scheduler#.inv.once>');
    if (this.last !== thread) {
      this.last = thread;
      kernel.counts.switches += 1;
      kernel.watcher?.switched?.(thread);
    }
    kernel.current = thread;
    kernel.noPreempt = 0;
    thread.onHost += 1;
    thread.state = 'runnable';
    try {
      if (thread.unwind !== null) throw thread.unwind;
      this.turn(thread);
    } catch (error) {
      if (thread.unwind !== null) this.unwind(thread, thread.unwind);
      thread.process.leave(thread);
      if (!(error instanceof Unwind && error.thread === thread)) throw error;
    } finally {
      thread.onHost -= 1;
      kernel.current = before;
      kernel.noPreempt = held;
    }
  }

  /** unwind -- throw through every program of a thread, so that each can put things right. */
  private unwind(thread: Thread, unwind: Unwind): void {
    while (thread.depth > 0) {
      const { run } = thread.levelTop();
      thread.levelPop();
      try {
        run?.throw(unwind);
      } catch (error) {
        if (!(error instanceof Unwind) || error !== unwind) throw error;
      }
    }
  }

  /** turn -- run a thread until it is somebody else's turn. */
  private turn(thread: Thread): void {
    pendingPush(thread);
    while (!thread.isHeld) {
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
    const run = level.run as ThreadRun, { result } = level;
    level.result = undefined;
    level.wait = null;
    const turn = run.next(result);
    if (turn.done !== true) return this.obey(thread, level, turn.value);
    if (level.signal === 0) {
      thread.levelPop();
      thread.process.leave(thread);
      return true;
    }
    sigreturn(thread, level);
    const below = thread.levelTop();
    below.isGranted = level.grants && below.operation !== null;
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

  /** deadlock -- the error that names every thread and what it waits for. */
  private deadlock(waiting: Thread | null): DeadlockError {
    const lines = this.threads.map((thread) => `  process ${thread.process.pid} ${thread.describe()} ${doing(thread)}`);
    if (waiting?.isAdopted === true) lines.push(`  process ${waiting.process.pid} ${waiting.describe()} ${doing(waiting)}`);
    return new DeadlockError(`no thread can go on:\n${lines.length === 0 ? '  there is none' : lines.join('\n')}`);
  }
}
