/* amcz.ts: AUTOMATIC MOSTLY-COPYING, ZERO RANK
 *
 * The same for leaf objects: they are copied and reclaimed, but hold no references, so nothing in them is ever scanned, grey or
 * protected. The machine sees to it: no capability to one may load or store a capability <design/amc#.leaf>.
 */
import type { Arena } from '../arena/arena.ts';
import { RankNONE } from '../heap/rank.ts';
import { AmcPool, type AmcOptions } from './amc.ts';
import { PermLEAF } from './lo.ts';

/** A mostly-copying pool of leaf objects. */
export class AmczPool extends AmcPool {
  constructor(arena: Arena, options: AmcOptions) {
    super(arena, options, { kind: 'amcz', rank: RankNONE, perms: PermLEAF });
  }
}
