/* generation.ts: GENERATIONS AND CHAINS
 *
 * A generation is a set of segments that are condemned together, with a capacity that says when. A chain is a sequence
 * of them; what survives the last one goes to the arena's top generation <design/generation>.
 */
import { aver, Ring } from '../../base/base.ts';
import type { Seg } from '../heap/seg.ts';
import type { Locus } from './chunk.ts';
import { ZoneSetEMPTY, type ZoneSet } from './zone.ts';

/** How much weight the newest trace has in a generation's mortality <design/generation#.mortality>. */
const MortalityALPHA = 0.4;

/** What a generation is made from. */
export interface GenerationParameters {
  /** Bytes of new objects that make it worth collecting. */
  readonly capacity: number;
  /** The part expected to die, 0 to 1, until traces have measured it. */
  readonly mortality: number;
}

/** A generation and its accounts, in bytes <design/generation#.inv.identity>. */
export class Generation implements Locus {
  /** Its place, from 0 for the nursery; the top generation comes last, and makes way for longer chains. */
  index: number;
  readonly capacity: number;
  mortality: number;
  /** Where its segments have been placed; only grows. */
  zones: ZoneSet = ZoneSetEMPTY;
  readonly isHigh = false;
  readonly segRing: Ring<Seg> = new Ring<Seg>(null as unknown as Seg);

  totalSize: number = 0;
  /** In segments, but in no object: unused, or reclaimed from nailed segments. */
  freeSize: number = 0;
  bufferedSize: number = 0;
  /** Allocated since the generation was last condemned: what provokes a collection. */
  newSize: number = 0;
  oldSize: number = 0;
  /** New and old objects that do not count <design/generation#.deferred>. */
  newDeferredSize: number = 0;
  oldDeferredSize: number = 0;

  constructor(index: number, parameters: GenerationParameters) {
    aver(parameters.capacity > 0 && parameters.mortality >= 0 && parameters.mortality <= 1, '<design/generation#.if.parameters>');
    this.index = index;
    this.capacity = parameters.capacity;
    this.mortality = parameters.mortality;
  }

  accountAlloc(size: number): void {
    this.totalSize += size;
    this.freeSize += size;
  }

  accountFree(size: number): void {
    this.totalSize -= size;
    this.freeSize -= size;
  }

  accountFill(size: number): void {
    this.freeSize -= size;
    this.bufferedSize += size;
  }

  accountEmpty(used: number, unused: number, isDeferred: boolean = false): void {
    this.bufferedSize -= used + unused;
    this.addNew(used, isDeferred);
    this.freeSize += unused;
  }

  /** accountAge -- `fresh` bytes that were new, and `buffered` ones that stand below a buffer, are old from now on. */
  accountAge(fresh: number, buffered: number, isDeferred: boolean = false): void {
    this.addNew(-fresh, isDeferred);
    this.bufferedSize -= buffered;
    this.addOld(fresh + buffered, isDeferred);
  }

  /** accountForget -- `size` bytes of new objects are no more. */
  accountForget(size: number, isDeferred: boolean = false): void {
    this.addNew(-size, isDeferred);
    this.freeSize += size;
  }

  accountReclaim(size: number, isDeferred: boolean = false): void {
    this.addOld(-size, isDeferred);
    this.freeSize += size;
  }

  /** accountUndefer -- bytes of new and of old objects that did not count do from now on. */
  accountUndefer(fresh: number, aged: number): void {
    this.addNew(-fresh, true);
    this.addNew(fresh, false);
    this.addOld(-aged, true);
    this.addOld(aged, false);
  }

  /** accountPromote -- `size` bytes of old objects in a segment of `total` go to another generation, as new ones that count there
   * unless `isDeferred` says otherwise for either. */
  accountPromote(to: Generation, size: number, total: number, wasDeferred: boolean = false, isDeferred: boolean = false): void {
    this.addOld(-size, wasDeferred);
    this.totalSize -= total;
    this.freeSize -= total - size;
    to.addNew(size, isDeferred);
    to.totalSize += total;
    to.freeSize += total - size;
  }

  /** learn -- take what a trace found into the predicted mortality. */
  learn(condemned: number, survived: number): void {
    if (condemned === 0) return;
    const observed = 1 - survived / condemned;
    this.mortality = MortalityALPHA * observed + (1 - MortalityALPHA) * this.mortality;
  }

  private addNew(size: number, isDeferred: boolean): void {
    if (isDeferred) this.newDeferredSize += size;
    else this.newSize += size;
  }

  private addOld(size: number, isDeferred: boolean): void {
    if (isDeferred) this.oldDeferredSize += size;
    else this.oldSize += size;
  }

  check(): void {
    const { totalSize, freeSize, bufferedSize, newSize, oldSize, newDeferredSize, oldDeferredSize } = this;
    const sum = freeSize + bufferedSize + newSize + oldSize + newDeferredSize + oldDeferredSize;
    aver(totalSize === sum, '<design/generation#.inv.identity>');
    aver(Math.min(freeSize, bufferedSize, newSize, oldSize, newDeferredSize, oldDeferredSize) >= 0, '<design/generation#.inv.identity>');
    aver(this.mortality >= 0 && this.mortality <= 1, '<design/generation#.mortality>');
  }
}

/** oldest -- the place of the oldest of some generations. */
export const oldest = (generations: readonly Generation[]): number => Math.max(...generations.map(({ index }) => index));

/** The generations of some pools, youngest first, without the top one. */
export interface Chain {
  readonly generations: readonly Generation[];
}
