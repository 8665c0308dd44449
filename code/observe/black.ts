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
    const { board, scanLimit } = seg, base = seg.white ? Math.min(seg.whiteLimit, scanLimit) : seg.base;
    this.granules(seg, base, scanLimit);
    if (!seg.white || board === null || base === seg.base) return;
    seg.pool.eachObject(seg.granuleBase, seg.granuleOf(base - 1) + 1, (g, next) => {
      if (!board.has(g - seg.granuleBase)) return;
      const low = this.heap.lowOf(seg, g) >>> 0;
      this.granules(seg, low, low + (next - g) * 16);
    });
  }

  private granules(seg: Seg, base: number, limit: number): void {
    const { i32, tags } = this.heap, first = seg.granuleOf(base), name = `the black segment at 0x${seg.base.toString(16)}`;
    for (let g = first; g < first + (limit - base) / 16; ++g) if (tags[g] !== 0) this.reference(i32, g << 2, name);
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
    if (!seg.white || base >>> 0 >= seg.whiteLimit) return true;
    const { heap } = this, g = heap.startBefore(seg.granuleOf(base >>> 0));
    if (heap.isPad(g)) return true;
    return heap.starts[g] !== StartFORWARDED && seg.board?.has(g - seg.granuleBase) === true;
  }
}
