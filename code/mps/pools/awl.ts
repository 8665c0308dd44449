/* awl.ts: AUTOMATIC WEAK LINKED
 *
 * A pool for weak tables. Objects stay where they are; those from an allocation point of rank WEAK refer weakly: what nothing else refers to dies, and
 * the reference becomes NULL. An object may have a dependent one, a table's values beside its keys, that is open while it is scanned
 * <design/awl>.
 */
import { aver } from '../../base/base.ts';
import type { Low } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import type { FormatView } from '../heap/format.ts';
import { RankEXACT, RankNONE, RankWEAK } from '../heap/rank.ts';
import type { Seg } from '../heap/seg.ts';
import { ResOK } from '../result.ts';
import type { ScanState } from '../trace/scan.ts';
import { MarkingPool, type MarkingOptions } from './marking.ts';

/** Says where the dependent object begins of the one at `base`, both past their headers; null if it has none. */
export type FindDependent = (view: FormatView, base: Low) => Low | null;

/** What an AWL pool is made with. */
export interface AwlOptions extends MarkingOptions {
  /** Default: no object has a dependent one. A dependent object is in a pool that does not move, or in none <design/awl#.if.dependent>. */
  readonly findDependent?: FindDependent;
}

/** A pool of objects that refer weakly or exactly, as their allocation point says. */
export class AwlPool extends MarkingPool {
  readonly findDependent: FindDependent | null;

  constructor(arena: Arena, options: AwlOptions) {
    super(arena, options, { kind: 'awl', ranks: [RankEXACT, RankWEAK] });
    this.findDependent = options.findDependent ?? null;
  }

  protected override scanObjects(ss: ScanState, seg: Seg, g: number, limit: number): void {
    const { findDependent } = this;
    if (findDependent === null) super.scanObjects(ss, seg, g, limit);
    // A piece of it may begin anywhere.
    else if (seg.large) this.scanBeside(ss, seg, this.dependentOf(findDependent, seg, seg.granuleBase), g, limit);
    else {
      this.eachObject(g, limit, (object, next) => {
        if (ss.res !== ResOK || ss.heap.isPad(object)) return;
        this.scanBeside(ss, seg, this.dependentOf(findDependent, seg, object), object, next);
      });
    }
  }

  /** dependentOf -- the segment of the dependent of the object at a granule; null if there is no dependent, or it is no business of the
   * arena's. */
  private dependentOf(findDependent: FindDependent, seg: Seg, object: number): Seg | null {
    const { heap, view } = this.arena, base = findDependent(view, (heap.lowOf(seg, object) + (this.format.headerSize ?? 0)) | 0);
    const found = base === null ? null : heap.segOf(base);
    aver(found === null || !found.pool.isMoving, '<design/awl#.if.dependent>');
    return found;
  }

  /** scanBeside -- scan granules [g, limit) while another segment may be written to, of which nothing is known afterwards
   * <design/awl#.inv.dependent>. */
  private scanBeside(ss: ScanState, seg: Seg, other: Seg | null, g: number, limit: number): void {
    if (other === null) {
      super.scanObjects(ss, seg, g, limit);
      return;
    }
    const { shield } = this.arena;
    shield.expose(other);
    if (other.rank !== RankNONE) other.hit();
    super.scanObjects(ss, seg, g, limit);
    shield.cover(other);
  }
}
