/* ams-debug.ts: MARK AND SWEEP THAT LOOKS AFTER WHAT IS FREE
 *
 * The pool class `ams`, with a pattern over what is free. It is looked at when a buffer gets it, and when the client asks <design/ams#.debug>.
 */
import type { Arena } from '../arena/arena.ts';
import { AmsPool, type AmsOptions } from './ams.ts';
import { Fence, type DebugOptions } from './fence.ts';

/** What a debugging AMS pool is made with. */
export interface AmsDebugOptions extends AmsOptions {
  readonly poolDebugOptions?: DebugOptions;
}

/** A debugging mark-and-sweep pool. */
export class AmsDebugPool extends AmsPool {
  private readonly fence: Fence;

  constructor(arena: Arena, options: AmsDebugOptions) {
    super(arena, options, 'ams-debug');
    this.fence = new Fence(arena.heap, options.poolDebugOptions);
  }

  protected override freed(base: number, limit: number): void {
    this.fence.freePut(base, limit);
  }

  protected override given(base: number, limit: number): void {
    this.fence.freeCheck(base, limit);
  }

  /** checkFreeSpace -- insist that nobody has written to what is free (mps_pool_check_free_space). */
  override checkFreeSpace(): void {
    const { heap } = this.arena;
    for (let node = this.segRing.next; node !== this.segRing; node = node.next) {
      const seg = node.owner;
      // What is over of a large object's segment is not free: nothing else comes there.
      if (!seg.large) {
        this.eachPart(seg, (from, past) => { this.eachObject(from, past, (g, next) => {
          const base = heap.lowOf(seg, g) >>> 0;
          if (heap.isPad(g)) this.fence.freeCheck(base, base + (next - g) * 16);
        }); });
      }
    }
  }

  override finish(): void {
    this.checkFreeSpace();
    super.finish();
  }
}
