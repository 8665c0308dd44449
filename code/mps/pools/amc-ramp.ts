/* amc-ramp.ts: RAMPS
 *
 * A client that builds something large says when it begins and ends: most of what it allocates meanwhile lives as long as that. So what
 * survives the last generation of the chain is not promoted to the top one, from which it would hardly ever come back, but stays, and its
 * bytes provoke no collection. The first collection after the end promotes what is still alive <design/amc#.ramp>.
 *
 *     outside -> begin -> ramping -> finish -> collecting -> outside
 */
import { aver } from '../../base/base.ts';
import type { Generation } from '../arena/generation.ts';
import { Buffer } from '../heap/buffer.ts';
import type { Pool } from '../heap/pool.ts';
import type { Deferral } from '../heap/seg.ts';
import type { Rank } from '../heap/rank.ts';

/** How far a ramp has come; it goes on when the last generation of the chain is condemned, or a trace of the pool ends. */
export type RampMode = 'outside' | 'begin' | 'ramping' | 'finish' | 'collecting';

/** The ramps of a pool: those of its allocation points make one, from the first beginning to the last end. */
export class AmcRamp {
  mode: RampMode = 'outside';
  private readonly pool: Pool;
  /** The last generation of the chain. */
  readonly generation: Generation;
  /** Where its survivors go that stay in it. */
  private readonly buffer: Buffer;
  /** How many have begun and not ended. */
  private count: number = 0;
  /** Whether one of them asks for a collection of the world after it. */
  private collectsAll: boolean = false;

  constructor(pool: Pool, generation: Generation, rank: Rank) {
    this.pool = pool;
    this.generation = generation;
    this.buffer = new Buffer({ pool, generation, hart: null, rank });
  }

  /** begin -- the client begins a ramp; `end` undoes it. */
  begin(collectAll: boolean): void {
    this.count += 1;
    this.collectsAll ||= collectAll;
    if (this.mode === 'outside') this.mode = 'begin';
  }

  end(): void {
    aver(this.count > 0, '<design/amc#.inv.ramp>');
    this.count -= 1;
    if (this.count > 0) return;
    // A ramp in which nothing was collected has made no difference.
    if (this.mode === 'begin') this.mode = 'outside';
    if (this.mode === 'ramping') this.mode = 'finish';
    for (let node = this.pool.segRing.next; node !== this.pool.segRing; node = node.next) {
      if (node.owner.deferral === 'ramp') node.owner.undefer();
    }
    if (this.collectsAll) this.pool.arena.control.worldNext = true;
    this.collectsAll = false;
  }

  /** whitened -- a segment of a generation is condemned. */
  whitened(generation: Generation): void {
    if (generation !== this.generation) return;
    if (this.mode === 'begin') this.mode = 'ramping';
    else if (this.mode === 'finish') this.mode = 'collecting';
  }

  /** reclaimed -- a trace is giving back what it has not preserved. */
  reclaimed(): void {
    if (this.mode === 'collecting') this.mode = this.count > 0 ? 'begin' : 'outside';
  }

  /** forwardFrom -- where survivors of a generation stay in it; null where they go on. */
  forwardFrom(generation: Generation): Buffer | null {
    return generation === this.generation && (this.mode === 'ramping' || this.mode === 'finish') ? this.buffer : null;
  }

  /** deferralOf -- whether what a buffer is given counts <design/generation#.deferred>. */
  deferralOf(buffer: Buffer): Deferral {
    return buffer === this.buffer && this.mode === 'ramping' ? 'ramp' : buffer.deferral;
  }

  check(): void {
    aver(this.count >= 0 && (this.count === 0 || this.mode !== 'outside'), '<design/amc#.inv.ramp>');
    aver(this.count > 0 || (this.mode !== 'begin' && this.mode !== 'ramping'), '<design/amc#.inv.ramp>');
  }

  /** finish -- let go of its segment. */
  finish(): void {
    this.buffer.detach();
  }
}
