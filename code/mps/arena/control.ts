/* control.ts: WHEN THE COLLECTOR WORKS, AND FOR HOW LONG
 *
 * Begins traces and advances them: a bit at each poll, as much as a pause may hold; all of it when a client asks or memory is short
 * <design/arena#.poll>. What to condemn is for policy to say. Everything here is called from inside the arena.
 */
import { random, type Random } from '../../base/base.ts';
import type { QuantumReason, Reason } from '../event.ts';
import type { Trace } from '../trace/trace.ts';
import type { Arena } from './arena.ts';
import { oldest, type Generation } from './generation.ts';
import { PauseWORK, policyIdle, policyQuantum, policyStart, type Proposal } from './policy.ts';

/** The mutator allocates this much between polls, unless the nursery is smaller <design/arena#.poll>. */
const PollINTERVAL = 64 * 1024;

/** With a collection at every poll, each so-manieth is of the world. */
const WorldEVERY = 16;

/** Whether collections begin and go on by themselves; nothing is safe after the last of these <design/arena#.states>. */
export type ArenaState = 'unclamped' | 'clamped' | 'parked' | 'postmortem';

/** How an arena is to collect. */
export interface ControlParameters {
  /** The most work in one pause, in bytes; 0: a quantum a poll <design/policy#.pause>. */
  readonly pauseWork: number;
  readonly everyPoll: boolean;
  readonly seed: number;
}

/** What drives the trace of an arena. */
export class Control {
  private readonly arena: Arena;
  private readonly parameters: ControlParameters;
  private readonly draw: Random;
  private readonly pollInterval: number;
  /** When to poll again, by `Arena.filled`. */
  private pollAt: number;
  private isPolling: boolean = false;
  state: ArenaState = 'unclamped';
  /** The most work in one pause, in bytes. */
  pauseWork: number;
  /** Whether the next collection that policy asks for is to be of the world: an allocation pattern has said so <design/pool#.ramp>. */
  worldNext: boolean = false;
  /** What had been allocated at the end of the last collection of the world. */
  worldAt: number = -Infinity;
  /** The arena's time at the start of the last one that idle time was used for. */
  private idleAt: number = 0;
  /** Work of the traces that are over. */
  private work: number = 0;

  constructor(arena: Arena, parameters: ControlParameters) {
    this.arena = arena;
    this.parameters = parameters;
    this.pauseWork = parameters.pauseWork;
    this.draw = random(parameters.seed);
    this.pollInterval = arena.grainsRound(Math.min(PollINTERVAL, arena.defaultChain.generations[0].capacity));
    this.pollAt = this.pollNext(0);
  }

  /** Whether no collection is to begin or go on by itself. */
  get isClamped(): boolean {
    return this.state !== 'unclamped';
  }

  /** Work of all traces so far, in bytes <design/trace#.work>. */
  get traced(): number {
    const { trace } = this.arena;
    return this.work + (trace.isBusy ? trace.ss.work : 0);
  }

  // Polling ----------------------------------------------------------------------------------------------------------

  /** poll -- the mutator has allocated; collect if it is time. */
  poll(): void {
    const { arena } = this, { trace } = arena;
    if (this.isClamped || this.isPolling || arena.filled < this.pollAt) return;
    this.isPolling = true;
    arena.counts.polls += 1;
    const proposal = trace.isBusy ? null : this.parameters.everyPoll ? this.everyPollProposal() : this.policyProposal();
    if (proposal !== null || trace.isBusy) {
      this.pausing(() => {
        const from = this.traced;
        if (proposal !== null) this.startInside(proposal.generations, proposal.reason);
        if (this.pauseWork === 0 && trace.isBusy) trace.advance('poll', Infinity);
        this.advance('poll', from + this.pauseWork);
      });
    }
    // While a trace is behind, polls are counted from where this one was due <design/arena#.poll>.
    this.pollAt = this.pollNext(trace.isBusy ? this.pollAt : arena.filled);
    this.isPolling = false;
  }

  /** pollNext -- when to poll again: an interval from `base` on average, the seed says when exactly. */
  private pollNext(base: number): number {
    return base + this.pollInterval / 2 + this.draw(this.pollInterval);
  }

  private policyProposal(): Proposal | null {
    const proposal = policyStart(this.arena);
    return proposal === null || !this.worldNext ? proposal : { generations: this.arena.allGenerations(), reason: proposal.reason };
  }

  private everyPollProposal(): Proposal {
    const { arena } = this, { polls } = arena.counts;
    const generations = polls % WorldEVERY === 0 ? arena.allGenerations() : arena.chains.map((chain) => chain.generations[0]);
    return { generations, reason: { why: 'every-poll', poll: polls } };
  }

  // Starting and going on --------------------------------------------------------------------------------------------

  /** stepOnce -- a quantum of the trace that is under way, or of one of the world if anything has been allocated since the last; whether there
   * was something to do <design/arena#.departs.step>. */
  stepOnce(): boolean {
    const { arena } = this, isDue = arena.allocated > Math.max(0, this.worldAt);
    this.stepped();
    if (!arena.trace.isBusy && !(isDue && this.start(arena.allGenerations(), { why: 'client', what: 'step' }))) return false;
    this.pausing(() => {
      arena.trace.advance('step', Infinity);
      this.advance('step', 0);
    });
    return true;
  }

  /** step -- quanta, until the work comes to `interval` microseconds or there is nothing to do; whether any was done <design/arena#.step>. */
  step(interval: number, multiplier: number): boolean {
    const { arena: { trace } } = this, from = this.traced, share = PauseWORK / 1000;
    let isDone = false;
    this.stepped();
    this.pausing(() => {
      do {
        if (!trace.isBusy && !this.stepStart(from + interval * multiplier * share - this.traced)) break;
        trace.advance('step', Infinity);
        this.advance('step', 0);
        isDone = true;
      } while (this.traced < from + interval * share);
    });
    return isDone;
  }

  /** stepped -- who steps a parked arena has a collection under way that may not go on by itself. */
  private stepped(): void {
    if (this.state === 'parked') this.state = 'clamped';
  }

  /** stepStart -- begin what `left` bytes of work are enough for, or what policy says anyway; whether anything was to be done. */
  private stepStart(left: number): boolean {
    const { arena } = this, isIdle = policyIdle(arena, left, this.idleAt);
    const proposal: Proposal | null = isIdle ? { generations: arena.allGenerations(), reason: { why: 'client', what: 'step' } } : this.policyProposal();
    if (isIdle) this.idleAt = arena.clock;
    return proposal !== null && this.startInside(proposal.generations, proposal.reason);
  }

  /** startCollect -- begin a collection of the world, unless there is one already. */
  startCollect(): void {
    const { arena } = this;
    this.state = 'unclamped';
    if (arena.trace.isBusy) return;
    this.pausing(() => {
      this.startInside(arena.allGenerations(), { why: 'client', what: 'collect' });
      this.advance('collect', this.traced);
    });
  }

  /** collect -- a whole collection of the world; what it gained. */
  collect(reason: Reason): number {
    const { arena } = this, why = reason.why === 'client' ? 'collect' : 'no room';
    this.finish(why);
    const before = arena.counts.bytesReclaimed;
    if (this.start(arena.allGenerations(), reason)) this.finish(why);
    return arena.counts.bytesReclaimed - before;
  }

  /** finish -- all that is left of the trace, if one is under way. */
  finish(why: QuantumReason): void {
    const { trace } = this.arena;
    if (!trace.isBusy) return;
    this.pausing(() => {
      while (trace.isBusy) trace.advance(why, Infinity);
    });
  }

  private start(generations: readonly Generation[], reason: Reason): boolean {
    let started = false;
    this.pausing(() => { started = this.startInside(generations, reason); });
    return started;
  }

  private startInside(generations: readonly Generation[], reason: Reason): boolean {
    const { counts, trace } = this.arena;
    if (!trace.start(generations, reason)) return false;
    counts.flips += 1;
    if (trace.mayMove) counts.moves += 1;
    counts.collectionsByGeneration[oldest(generations)] += 1;
    return true;
  }

  /** advance -- quanta, while the work of this pause has not come to `enough`; all of the trace where mutators may not run in
   * between, or are not to <design/policy#.pollagain>. */
  private advance(why: QuantumReason, enough: number): void {
    const { trace, plinth } = this.arena;
    while (trace.isBusy) {
      const atOnce = trace.emergency || this.parameters.everyPoll || !plinth.incremental;
      if (!atOnce && this.traced >= enough) return;
      trace.advance(why, atOnce ? Infinity : enough - this.traced);
    }
  }

  /** quantum -- work in each quantum of a trace that has just flipped. */
  quantum({ foundation, condemned, expected }: Trace): number {
    if (!this.arena.plinth.incremental) return Infinity;
    const work = policyQuantum(foundation, condemned, expected, this.pollInterval);
    // Between that and half as much again: the seed says where mutators run <design/determinism#.seed>.
    return work + this.draw(Math.ceil(work / 2));
  }

  /** finished -- a trace is over. */
  finished(trace: Trace): void {
    this.work += trace.ss.work;
    if (!trace.wasWorld) return;
    this.worldAt = this.arena.allocated;
    this.worldNext = false;
  }

  /** pausing -- do work that mutators wait for. */
  pausing(work: () => void): void {
    const { counts, watcher } = this.arena, from = this.traced;
    watcher?.pause?.(true);
    work();
    watcher?.pause?.(false);
    counts.pauseWork = Math.max(counts.pauseWork, this.traced - from);
  }
}
