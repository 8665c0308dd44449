/* limits.ts: WHAT AN ARENA MAY TAKE
 *
 * How much memory and address space an arena has, how much it may have, and how long it may make its client wait: what a client can ask and
 * change at any time <design/arena#.limit>.
 */
import { aver } from '../../base/base.ts';
import { PageSHIFT, type Hart, type Low } from '../../machine/machine.ts';
import { ResFAIL, ResOK, type Res } from '../result.ts';
import { Inside } from './inside.ts';
import { PauseWORK } from './policy.ts';

/** An arena's limits. Sizes are in bytes. */
export abstract class Limits extends Inside {
  /** Address space; of a client arena, what can be used of it. */
  get reserved(): number {
    return this.grains.reserved;
  }

  /** Memory that is there, spare or not; of a client arena, what is in use. */
  get committed(): number {
    return this.grains.committed;
  }

  /** Memory that is there, and in no use. */
  get spareCommitted(): number {
    return this.grains.spare;
  }

  get commitLimit(): number {
    return this.grains.parameters.commitLimit;
  }

  /** commitLimitSet -- another limit for what is committed and what the collector has for itself; FAIL, and nothing has changed, if more is
   * in use. */
  commitLimitSet(limit: number): Res {
    aver(limit >= 0, '<design/arena#.if.limit>');
    return this.inside(() => this.grains.limitTo(limit)) ? ResOK : ResFAIL;
  }

  /** The share of committed memory that may be spare, 0 to 1; what is more is returned at once. Of a client arena it is always 0. */
  get spare(): number {
    return this.grains.parameters.spare;
  }

  set spare(share: number) {
    aver(share >= 0 && share <= 1, '<design/arena#.if.spare>');
    if (!this.grains.parameters.isClient) this.inside(() => { this.grains.spareTo(share); });
  }

  /** The most that the client may be made to wait, in virtual microseconds <design/policy#.pause>; 0: as little as keeps up with allocation;
   * Infinity: a collection is one pause. */
  get pauseTime(): number {
    return this.control.pauseWork / PauseWORK * 1000;
  }

  set pauseTime(time: number) {
    aver(time >= 0, '<design/arena#.if.pause>');
    this.control.pauseWork = Math.round(time * PauseWORK / 1000);
  }

  /** vmGrowth -- ask for `desired` bytes of address space at a time, and for no less than `minimum`. */
  vmGrowth(desired: number, minimum: number): void {
    const { parameters } = this.grains;
    aver(desired >= minimum && minimum >= 0 && desired < Infinity, '<design/arena#.if.growth>');
    parameters.chunkSize = this.grainsRound(desired);
    parameters.chunkLeast = this.grainsRound(minimum);
  }

  /** extend -- a client arena may use `size` more bytes, from the address in a slot on: whole pages of one run, nobody else's. MEMORY if not a
   * grain is in them, or, as COMMIT_LIMIT, if there is no room for the record <design/arena#.client>. */
  extend(hart: Hart, slot: number, size: number): Res {
    aver(this.grains.parameters.isClient, '<design/arena#.if.client>');
    aver(Number.isSafeInteger(size) && size > 0, '<design/arena#.if.given>');
    return this.inside(() => {
      const given = this.plinth.adopt(hart, slot, size);
      aver(given !== null, '<design/arena#.if.given>');
      return this.grains.chunkTake(given, this.grains.parameters.grainSize);
    });
  }

  /** hasAddr -- whether an address, of an object or not, is in a segment of this arena: of no two arenas is that true. */
  hasAddr(addr: Low): boolean {
    return this.heap.tracts[addr >>> PageSHIFT] !== 0;
  }

  /** grainsRound -- a size in whole grains. */
  grainsRound(size: number): number {
    const { grainSize } = this.grains.parameters;
    return Math.ceil(size / grainSize) * grainSize;
  }
}
