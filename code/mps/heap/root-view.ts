/* root-view.ts: MEMORY AS THE SCANNERS OF ROOTS SEE IT
 *
 * Words and references by address, in memory that is not the collector's, for a client's own scanner <design/root#.view>.
 */
import { aver } from '../../base/base.ts';
import { PageSHIFT, PageSIZE, PageVALID, PageWRITE, type AddressSpace, type Low } from '../../machine/machine.ts';
import type { GranuleRange } from '../plinth.ts';
import type { Res } from '../result.ts';
import type { FormatView } from './format.ts';
import type { Heap } from './heap.ts';
import { RankNONE } from './rank.ts';
import type { Visit } from './root.ts';
import type { Seg } from './seg.ts';

/** The part of an entry that is not rights. */
const FrameMASK: number = -PageSIZE;

/** physicalOf -- the physical address of `addr`, which is mapped, and not in memory that the collector manages by itself
 * <design/root#.if.mapped> <design/root#.if.outside>. */
export function physicalOf(heap: Heap, space: AddressSpace, addr: Low, isExact: boolean): number {
  const entry = space.window[addr >>> PageSHIFT], need = isExact ? PageVALID | PageWRITE : PageVALID;
  aver((entry & need) === need, '<design/root#.if.mapped>');
  const seg = heap.segOf(addr);
  aver(seg === null || isClients(seg), '<design/root#.if.outside>');
  return ((entry & FrameMASK) | (addr & (PageSIZE - 1))) >>> 0;
}

/** isClients -- whether what is in a segment is the client's alone: the collector neither frees it nor looks for references there. */
export const isClients = ({ pool, rank }: Seg): boolean => !pool.isAutomatic && rank === RankNONE;

/** granulesOf -- where [base, limit) of a space lies now, whole granules; neighbours are one range. */
export function granulesOf(heap: Heap, space: AddressSpace, base: number, limit: number, isExact: boolean): GranuleRange[] {
  const found: { base: number; limit: number }[] = [];
  for (let at = base; at < limit;) {
    const past = Math.min(limit, (Math.floor(at / PageSIZE) + 1) * PageSIZE);
    const first = physicalOf(heap, space, at | 0, isExact) / 16, last = found.at(-1), size = (past - at) / 16;
    if (last?.limit === first) last.limit += size;
    else found.push({ base: first, limit: first + size });
    at = past;
  }
  return found;
}

/** What a scanner of roots works with. */
export class RootView implements FormatView {
  private readonly heap: Heap;
  private readonly space: AddressSpace;
  private readonly isExact: boolean;
  private readonly visit: Visit;
  private readonly res: () => Res;

  constructor(heap: Heap, space: AddressSpace, isExact: boolean, visit: Visit, res: () => Res) {
    this.heap = heap;
    this.space = space;
    this.isExact = isExact;
    this.visit = visit;
    this.res = res;
  }

  load32(addr: Low): number {
    return this.heap.i32[this.physical(addr) >>> 2];
  }

  store32(addr: Low, value: number): void {
    const at = this.physical(addr);
    this.heap.i32[at >>> 2] = value;
    this.heap.tags[at >>> 4] = 0;
  }

  fix(addr: Low): Res {
    const granule = this.physical(addr) >>> 4;
    this.visit(this.heap.i32, granule << 2, this.heap.tags[granule] !== 0);
    return this.res();
  }

  private physical(addr: Low): number {
    aver((addr & 3) === 0, '<design/format#.if.aligned>');
    return physicalOf(this.heap, this.space, addr, this.isExact);
  }
}
