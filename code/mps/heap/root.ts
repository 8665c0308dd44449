/* root.ts: ROOTS
 *
 * Where the tracer begins: the slots of registered threads, exact by their tags, and areas of memory outside the arena. Either
 * may be registered as ambiguous instead: then each word that may be an address pins what it may mean, and nothing is
 * written <design/root>.
 */
import { baseDecode, baseIsNear, WindowHIGH, type Hart, type Low } from '../../machine/machine.ts';
import { ResOK } from '../result.ts';
import { scanGranules, scanSlots, type ScanState } from '../trace/scan.ts';
import type { GranuleRange } from '../plinth.ts';
import { RankAMBIG, RankEXACT, type Rank } from './rank.ts';

/** Pins what a word may be the address of. */
export type PinAddress = (addr: Low) => void;

/** A root: a hart's slots, or an area. */
export class Root {
  readonly rank: Rank;
  readonly hart: Hart | null;
  /** Where its areas are, now; a thread's are the signal frames on its stacks. */
  private readonly areas: () => readonly GranuleRange[];

  private constructor(rank: Rank, hart: Hart | null, areas: () => readonly GranuleRange[]) {
    this.rank = rank;
    this.hart = hart;
    this.areas = areas;
  }

  /** ofThread -- the slots in use of a hart, and the signal frames of its thread. */
  static ofThread(hart: Hart, rank: Rank, frames: () => readonly GranuleRange[]): Root {
    return new Root(rank, hart, frames);
  }

  /** ofArea -- memory outside the arena, by physical granules. */
  static ofArea(granuleBase: number, granuleLimit: number, rank: Rank = RankEXACT): Root {
    const areas: readonly GranuleRange[] = [{ base: granuleBase, limit: granuleLimit }];
    return new Root(rank, null, () => areas);
  }

  /** scan -- fix the references of an exact root; pin what those of an ambiguous one may mean. */
  scan(ss: ScanState, pin: PinAddress): void {
    // No slot that is not in use keeps a reference from before the flip: who claims it need not clear it <design/root#.inv.unused>.
    if (this.hart !== null) this.hart.r.fill(0, this.hart.top << 3);
    const areas = this.areas();
    if (this.rank !== RankAMBIG) {
      if (this.hart !== null) scanSlots(ss, this.hart);
      for (const { base, limit } of areas) if (ss.res === ResOK) scanGranules(ss, base, limit);
      return;
    }
    this.each(ss.heap.i32, ss.heap.tags, (w, at, isTagged) => { pinGranule(w, at, isTagged, pin); });
    for (const { base, limit } of areas) ss.scanned += (limit - base) * 16;
    if (this.hart !== null) ss.scanned += this.hart.top * 32;
  }

  /** each -- visit the root's granules, as words w[at..at+3] with or without a tag. */
  each(i32: Int32Array, tags: Uint8Array, visit: (w: Int32Array, at: number, isTagged: boolean) => void): void {
    if (this.hart !== null) {
      const { r } = this.hart;
      for (let c = 0; c < this.hart.top << 3; c += 8) visit(r, c, r[c + 4] !== 0);
    }
    for (const { base, limit } of this.areas()) for (let g = base; g < limit; ++g) visit(i32, g << 2, tags[g] !== 0);
  }
}

/** Pin the object at the base of a tagged granule's bounds, or those that an untagged one's two words address
 * <design/root#.ambig>. */
function pinGranule(w: Int32Array, at: number, isTagged: boolean, pin: PinAddress): void {
  if (isTagged) {
    const near = w[at + 1] === WindowHIGH && baseIsNear(w[at + 2]);
    if (near) pin(baseDecode(w[at], w[at + 2]));
    return;
  }
  if (w[at + 1] === WindowHIGH) pin(w[at]);
  if (w[at + 3] === WindowHIGH) pin(w[at + 2]);
}
