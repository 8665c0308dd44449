/* black.ts: THE MUTATOR IS BLACK
 *
 * From the flip on, mutators hold references to preserved objects only, and so does every segment that they may read
 * <design/oracle#.inv.black>. Looks at all of them, one granule after the other.
 */
import { baseDecode, baseIsNear, roomDecode, WindowHIGH, type Low } from '../machine/machine.ts';
import { StartFORWARDED, type Arena, type Heap, type Seg } from '../mps/mps.ts';

/** What a look at roots and black segments has found. */
export interface BlackLook {
  /** References into the arena that were looked at. */
  readonly references: number;
  /** The first that may not be there, as text; null if there is none. */
  readonly wrong: string | null;
}

/** blackLook -- look for references to white objects that are not preserved, where mutators might come by them; for a trace that
 * has flipped, with the mutators stopped. */
export function blackLook(arena: Arena): BlackLook {
  return new Look(arena).run();
}

class Look {
  private readonly arena: Arena;
  private readonly heap: Heap;
  private references: number = 0;
  private wrong: string | null = null;

  constructor(arena: Arena) {
    this.arena = arena;
    this.heap = arena.heap;
  }

  run(): BlackLook {
    const { i32, tags } = this.heap;
    for (const root of this.arena.roots) {
      const name = root.hart === null ? 'an area of roots' : `thread ${root.hart.name}`;
      root.each(i32, tags, (w, at, isTagged) => { if (isTagged) this.reference(w, at, name); });
    }
    for (const seg of this.heap.segs) if (seg !== null && !seg.grey) this.black(seg);
    return { references: this.references, wrong: this.wrong };
  }

  /** black -- what mutators may read in a segment that is not grey: all of it, or, if it is white, what is preserved. */
  private black(seg: Seg): void {
    seg.pool.eachPart(seg, (from, past) => {
      if (!seg.white) this.granules(seg, from, past);
      else {
        seg.pool.eachObject(from, past, (g, next) => {
          const isBlack = isUncondemned(seg, this.heap.lowOf(seg, g) >>> 0);
          if (isBlack || seg.board?.has(g - seg.granuleBase) === true) this.granules(seg, g, next);
        });
      }
    });
  }

  private granules(seg: Seg, from: number, limit: number): void {
    const { i32, tags } = this.heap, name = `the black segment at 0x${seg.base.toString(16)}`;
    for (let g = from; g < limit; ++g) if (tags[g] !== 0) this.reference(i32, g << 2, name);
  }

  private reference(w: Int32Array, at: number, holder: string): void {
    const low = w[at], bounds = w[at + 2];
    if (w[at + 1] !== WindowHIGH || !baseIsNear(bounds)) return;
    const base = baseDecode(low, bounds), seg = this.heap.segOf(base);
    // An empty one may name what comes after its object, and nobody needs that.
    if (seg === null || roomDecode(base, bounds) === 0) return;
    this.references += 1;
    if (this.wrong === null && !this.isPreserved(seg, base)) this.wrong = `${holder} refers to 0x${(base >>> 0).toString(16)}`;
  }

  private isPreserved(seg: Seg, base: Low): boolean {
    if (!seg.white || isUncondemned(seg, base >>> 0)) return true;
    const { heap } = this, g = heap.startBefore(seg.granuleOf(base >>> 0));
    if (heap.isPad(g)) return true;
    return heap.starts[g] !== StartFORWARDED && seg.board?.has(g - seg.granuleBase) === true;
  }
}

/** isUncondemned -- whether a low address, unsigned, is in what a buffer had of a white segment when it was condemned. */
const isUncondemned = (seg: Seg, addr: number): boolean => addr >= seg.whiteLimit && addr < seg.blackLimit;
