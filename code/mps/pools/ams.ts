/* ams.ts: AUTOMATIC MARK AND SWEEP
 *
 * A pool of objects with exact references that the collector finds and reclaims, and that never move <design/ams>.
 */
import type { Low } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import { RankEXACT } from '../heap/rank.ts';
import type { Seg } from '../heap/seg.ts';
import type { ScanState } from '../trace/scan.ts';
import { MarkingPool, type MarkingOptions } from './marking.ts';

/** What an AMS pool is made with. */
export interface AmsOptions extends MarkingOptions {
  /** Whether a word that might be the address of an object preserves it; default true <design/ams#.ambiguous>. */
  readonly supportAmbiguous?: boolean;
}

/** An automatic mark-and-sweep pool. */
export class AmsPool extends MarkingPool {
  private readonly supportAmbiguous: boolean;

  constructor(arena: Arena, options: AmsOptions, kind: string = 'ams') {
    super(arena, options, { kind, ranks: [RankEXACT] });
    this.supportAmbiguous = options.supportAmbiguous ?? true;
  }

  override fixAmbig(ss: ScanState, seg: Seg, addr: Low, isTagged: boolean): boolean {
    return (isTagged || this.supportAmbiguous) && super.fixAmbig(ss, seg, addr, isTagged);
  }
}
