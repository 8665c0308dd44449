/* query.ts: WHOSE AN ADDRESS IS
 *
 * From an address to the pool, the format and the object that has it, by the tables that the tracer uses <design/query>.
 */
import type { Low } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import type { Format } from '../heap/format.ts';
import { StartFORWARDED, StartPAD } from '../heap/heap.ts';
import type { Pool } from '../heap/pool.ts';

/** An object's place, in the window. */
export interface ObjectPlace {
  /** Low address, unsigned. */
  readonly base: number;
  /** Bytes. */
  readonly size: number;
}

/** Questions on addresses of one arena. */
export class Query {
  private readonly arena: Arena;

  constructor(arena: Arena) {
    this.arena = arena;
  }

  /** pool -- whose memory is at an address (mps_addr_pool); null if it is no pool's. */
  pool(addr: Low): Pool | null {
    return this.arena.heap.segOf(addr)?.pool ?? null;
  }

  /** format -- of what is at an address (mps_addr_fmt); null where no pool's memory is. */
  format(addr: Low): Format | null {
    return this.pool(addr)?.format ?? null;
  }

  /** object -- the object that has the byte at an address (mps_addr_object); null if no object has, or one that has been forwarded. */
  object(addr: Low): ObjectPlace | null {
    const { heap } = this.arena, seg = heap.segOf(addr);
    if (seg === null) return null;
    const at = seg.granuleOf(addr >>> 0), found = { base: 0, size: 0 };
    seg.pool.eachPart(seg, (first, limit) => {
      if (at < first || at >= limit) return;
      let g = at;
      while (g > first && heap.starts[g] === 0) g -= 1;
      const granules = heap.starts[g] === 0 ? 0 : heap.sizeAt(g, limit);
      if (heap.starts[g] === StartPAD || heap.starts[g] === StartFORWARDED || at >= g + granules) return;
      found.base = heap.lowOf(seg, g) >>> 0;
      found.size = granules * 16;
    });
    return found.size === 0 ? null : found;
  }
}
