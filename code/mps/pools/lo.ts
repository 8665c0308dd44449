/* lo.ts: LEAF OBJECTS
 *
 * A pool of objects without references that the collector finds and reclaims, and that never move: they are neither scanned nor
 * protected <design/lo>.
 */
import { PermDATA, PermLOADCAP, PermSTORECAP, PermSTORELOCAL } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import { RankNONE } from '../heap/rank.ts';
import { MarkingPool, type MarkingOptions } from './marking.ts';

/** What a capability to a leaf permits: to read and write data. The machine sees to it that there are no references in it. */
export const PermLEAF: number = PermDATA & ~(PermLOADCAP | PermSTORECAP | PermSTORELOCAL);

/** What an LO pool is made with. */
export type LoOptions = MarkingOptions;

/** A pool of leaf objects. */
export class LoPool extends MarkingPool {
  constructor(arena: Arena, options: LoOptions) {
    super(arena, options, { kind: 'lo', perms: PermLEAF, ranks: [RankNONE] });
  }
}
