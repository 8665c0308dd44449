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

  constructor(index: number, parameters: GenerationParameters) {
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

  accountEmpty(used: number, unused: number): void {
    this.bufferedSize -= used + unused;
    this.newSize += used;
    this.freeSize += unused;
  }

  /** accountAge -- `fresh` bytes that were new, and `buffered` ones that stand below a buffer, are old from now on. */
  accountAge(fresh: number, buffered: number): void {
    this.newSize -= fresh;
    this.bufferedSize -= buffered;
    this.oldSize += fresh + buffered;
  }

  /** accountForget -- `size` bytes of new objects are no more. */
  accountForget(size: number): void {
    this.newSize -= size;
    this.freeSize += size;
  }

  accountReclaim(size: number): void {
    this.oldSize -= size;
    this.freeSize += size;
  }

  /** accountPromote -- `size` bytes of old objects in a segment of `total` go to another generation, as new ones. */
  accountPromote(to: Generation, size: number, total: number): void {
    this.oldSize -= size;
    this.totalSize -= total;
    this.freeSize -= total - size;
    to.newSize += size;
    to.totalSize += total;
    to.freeSize += total - size;
  }

  /** learn -- take what a trace found into the predicted mortality. */
  learn(condemned: number, survived: number): void {
    if (condemned === 0) return;
    const observed = 1 - survived / condemned;
    this.mortality = MortalityALPHA * observed + (1 - MortalityALPHA) * this.mortality;
  }

  check(): void {
    const { totalSize, freeSize, bufferedSize, newSize, oldSize } = this;
    aver(totalSize === freeSize + bufferedSize + newSize + oldSize, '<design/generation#.inv.identity>');
    aver(Math.min(freeSize, bufferedSize, newSize, oldSize) >= 0, '<design/generation#.inv.identity>');
    aver(this.mortality >= 0 && this.mortality <= 1, '<design/generation#.mortality>');
  }
}

/** oldest -- the place of the oldest of some generations. */
export const oldest = (generations: readonly Generation[]): number => Math.max(...generations.map(({ index }) => index));

/** The generations of some pools, youngest first, without the top one. */
export interface Chain {
  readonly generations: readonly Generation[];
}
