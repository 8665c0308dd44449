/* identity.ts: WHO AN OBJECT IS
 *
 * What knows objects by where they are is told of each one that a trace finds, and of where it goes then: so it is right at any time, in the
 * middle of a trace as well, and need not ask where things are <design/weak-table#.identity>.
 */
import { aver } from '../../base/base.ts';
import { baseDecode, baseIsNear, boundsAreSealed, WindowHIGH, type Hart, type Low } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import type { ZoneSet } from '../arena/zone.ts';
import { SegWHITE, type Heap } from '../heap/heap.ts';
import type { Keeper } from '../heap/keeper.ts';
import type { Pool } from '../heap/pool.ts';
import { RankWEAK, type Rank } from '../heap/rank.ts';
import type { Seg } from '../heap/seg.ts';
import type { Fix } from '../trace/scan.ts';
import type { Trace } from '../trace/trace.ts';

/** What knows objects by where they are: a weak table. */
export interface Knower {
  /** isOfInterest -- whether it may have to do with any of the condemned zones. */
  isOfInterest(white: ZoneSet): boolean;
  /** found -- a trace has preserved the object that was at `from`, and is at `to` now. It cannot fail. */
  found(from: Low, to: Low): void;
  /** Whether it has been told of objects that it has not dealt with. */
  readonly hasFound: boolean;
  flipped(): void;
  /** scan -- as of a keeper. */
  scan(trace: Trace, band: Rank, enough: number): boolean;
  poolFinished(pool: Pool): void;
  check(): void;
  finish(): void;
}

/** Those that know objects of an arena, as one keeper. */
export class Identity implements Keeper {
  private readonly arena: Arena;
  private readonly knowers: Set<Knower> = new Set();

  constructor(arena: Arena) {
    this.arena = arena;
  }

  /** How many there are. */
  get size(): number {
    return this.knowers.size;
  }

  add(knower: Knower): void {
    this.knowers.add(knower);
  }

  delete(knower: Knower): void {
    this.knowers.delete(knower);
  }

  /** fixOver -- a fix that does what `fix` does, and tells of what it has preserved; `fix` itself if nobody wants to know
   * <design/weak-table#.inv.found>. */
  fixOver(fix: Fix): Fix {
    const { white } = this.arena.trace.ss, told = [...this.knowers].filter((one) => one.isOfInterest(white));
    if (told.length === 0) return fix;
    return (ss, s, base) => {
      const { wasMarked } = ss;
      // Whoever asked wants to know of his own fix, and of those before it.
      ss.wasMarked = true;
      const now = fix(ss, s, base);
      if (ss.wasMarked) ss.wasMarked = wasMarked;
      else {
        const from = objectAt(ss.heap, ss.heap.segs[s] as Seg, base);
        for (const one of told) one.found(from, (from + (now - base)) | 0);
      }
      return now;
    };
  }

  flipped(): void {
    for (const one of this.knowers) one.flipped();
  }

  /** scan -- until no table has been told of anything by another one's values: those may be leaves, and then nothing is grey
   * <design/keeper#.inv.again>. */
  scan(trace: Trace, band: Rank, enough: number): boolean {
    do {
      for (const one of this.knowers) if (!one.scan(trace, band, enough)) return false;
    } while ([...this.knowers].some(({ hasFound }) => hasFound));
    return true;
  }

  finished(): void {
    // Nothing is kept from one trace to the next.
  }

  /** poolFinished -- a pool is about to be no more. */
  poolFinished(pool: Pool): void {
    for (const one of this.knowers) one.poolFinished(pool);
  }

  check(): void {
    for (const one of this.knowers) one.check();
  }

  finish(): void {
    for (const one of [...this.knowers]) one.finish();
  }
}

/** objectOf -- where the object begins that the capability in a slot refers to; of what a manual pool has given out that is where the capability's
 * bounds begin <design/weak-table#.if.object>. */
export function objectOf({ heap }: Arena, hart: Hart, slot: number): Low {
  const { r } = hart, c = slot << 3;
  const isOfHeap = hart.isTagged(slot) && r[c + 1] === WindowHIGH && baseIsNear(r[c + 2]);
  aver(isOfHeap && !boundsAreSealed(r[c + 2], r[c + 3]), '<design/weak-table#.if.object>');
  const base = baseDecode(r[c], r[c + 2]), low = base >>> 0, seg = heap.segOf(base);
  aver(seg !== null, '<design/weak-table#.if.object>');
  if (!seg.pool.isAutomatic) return base;
  const { buffer } = seg;
  aver(buffer === null || low < buffer.scanLimit || low >= buffer.limit, '<design/weak-table#.if.object>');
  aver(!heap.isPad(heap.startBefore(seg.granuleOf(low))), '<design/weak-table#.if.object>');
  return objectAt(heap, seg, base);
}

/** objectAt -- where the object begins that an address in a segment belongs to; in a manual pool that is not known, and the address is taken for it. */
export function objectAt(heap: Heap, seg: Seg, addr: Low): Low {
  return seg.pool.isAutomatic ? heap.lowOf(seg, heap.startBefore(seg.granuleOf(addr >>> 0))) : addr;
}

/** whereIs -- where the object is now that was at `base` before the trace; 0 if nothing has preserved it yet, which a look does not change. */
export function whereIs({ ss, emergency }: Trace, base: Low): Low {
  const { heap } = ss;
  if ((ss.white & (1 << (base >>> heap.zoneShift))) === 0) return base;
  const seg = heap.segOf(base);
  if (seg === null || (heap.state[seg.number] & SegWHITE) === 0) return base;
  const { rank } = ss;
  ss.rank = RankWEAK;
  // Not by way of a transform, which would preserve what replaces it.
  const now = emergency ? seg.pool.fixEmergency(ss, seg.number, base) : seg.pool.fix(ss, seg.number, base);
  ss.rank = rank;
  return now;
}
