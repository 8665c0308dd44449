/* view.ts: THE HEAP AS FORMATS SEE IT
 *
 * Words and references by address, for a client's format methods <design/format#.view>.
 */
import { aver } from '../../base/base.ts';
import { PageSHIFT, type Low } from '../../machine/machine.ts';
import type { FormatView } from '../heap/format.ts';
import { ResOK, type Res } from '../result.ts';
import { fixWords, type ScanState } from '../trace/scan.ts';
import type { Arena } from './arena.ts';

/** Access for format methods, on behalf of one scan. */
export class HeapView implements FormatView {
  private readonly arena: Arena;
  private readonly ss: ScanState;

  constructor(arena: Arena, ss: ScanState) {
    this.arena = arena;
    this.ss = ss;
  }

  load32(addr: Low): number {
    return this.arena.heap.i32[this.physical(addr) >>> 2];
  }

  store32(addr: Low, value: number): void {
    const at = this.physical(addr);
    this.arena.heap.i32[at >>> 2] = value;
    this.arena.heap.tags[at >>> 4] = 0;
  }

  fix(addr: Low): Res {
    const { i32, tags } = this.arena.heap, granule = this.physical(addr) >>> 4;
    if (tags[granule] === 0) return ResOK;
    if (!fixWords(this.ss, i32, granule << 2)) tags[granule] = 0;
    return this.ss.res;
  }

  private physical(addr: Low): number {
    aver((addr & 3) === 0, '<design/format#.if.aligned>');
    const { heap } = this.arena;
    const s = heap.tracts[addr >>> PageSHIFT];
    aver(s !== 0, '<design/format#.if.within>');
    return (addr + heap.delta[s]) >>> 0;
  }
}
