/* mvff.ts: MANUAL VARIABLE FIRST FIT
 *
 * A manual pool of blocks of any size: each at the low end of the lowest free range with room for it, or wherever the client prefers.
 * Allocation points get the largest free range. What is free beyond a share goes back to the arena <design/mvff>.
 */
import { aver } from '../../base/base.ts';
import { PageSHIFT, PageSIZE, type Hart } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import type { Locus } from '../arena/chunk.ts';
import { Buffer } from '../heap/buffer.ts';
import { tagged } from '../heap/format.ts';
import { RankNONE } from '../heap/rank.ts';
import type { Seg } from '../heap/seg.ts';
import { Failover } from '../land/failover.ts';
import { landPlace } from '../land/land.ts';
import { ResOK, type Res } from '../result.ts';
import { locusOf, ManualPool, SizeCOARSE, wordsOf } from './manual.ts';

const PageREST = PageSIZE - 1;

/** What an MVFF pool is made with; the names are the MPS's. */
export interface MvffOptions {
  /** Bytes to take of the arena at a time: 65536. */
  readonly extendBy?: number;
  /** Bytes of a typical block: 32. */
  readonly meanSize?: number;
  /** Addresses and sizes of blocks are multiples: a granule. */
  readonly alignment?: number;
  /** Share of its memory that may be free before some is given back, 0 to 1: 0.75. */
  readonly spare?: number;
  /** Blocks go to the high end of the range that is found: no. */
  readonly slotHigh?: boolean;
  /** Memory is taken of the arena from the high end: no. */
  readonly arenaHigh?: boolean;
  /** The lowest range with room is taken: yes. Else the highest. */
  readonly firstFit?: boolean;
}

/** A first fit pool. */
export class MvffPool extends ManualPool {
  override readonly largeSize: number = SizeCOARSE;
  override readonly sharesSegs: boolean = true;
  readonly extendBy: number;
  readonly meanSize: number;
  readonly spare: number;
  readonly slotHigh: boolean;
  readonly firstFit: boolean;
  private readonly locus: Locus;
  /** What is free; no range is in two segments. */
  protected readonly land: Failover;
  /** Segments of which all is free. */
  private readonly idle: Set<Seg> = new Set();
  /** Whether a buffer is letting go of its segment, which is exposed meanwhile and cannot go. */
  private isEmptying: boolean = false;

  constructor(arena: Arena, options: MvffOptions, kind: string = 'mvff') {
    const { extendBy = 65_536, meanSize = 32, alignment = 16, spare = 0.75, slotHigh = false, arenaHigh = false, firstFit = true } = options;
    super(arena, { kind, format: tagged, alignment });
    aver(extendBy > 0 && meanSize > 0 && meanSize <= extendBy, '<design/mvff#.if.sizes>');
    aver(spare >= 0 && spare <= 1, '<design/mvff#.if.spare>');
    this.extendBy = extendBy;
    this.meanSize = meanSize;
    this.spare = spare;
    this.slotHigh = slotHigh;
    this.firstFit = firstFit;
    this.locus = locusOf(arenaHigh);
    const { tracts } = arena.heap;
    this.land = new Failover({
      alignment: this.alignment, ledger: arena.ledger, words: wordsOf(this),
      isBorder: (addr) => (addr & PageREST) === 0 && tracts[(addr - 1) >>> PageSHIFT] !== tracts[addr >>> PageSHIFT],
      onUnlink: (addr) => { this.unlinked(addr); },
    });
  }

  // Blocks -----------------------------------------------------------------------------------------------------------

  override blockAlloc(size: number, _asked: number): number {
    return this.place(size, this.blockAlignment(size));
  }

  override blockFree(base: number, size: number): Res {
    const { land } = this, res = land.insert(base, base + size);
    if (res !== ResOK) return res;
    this.wipe(base, size);
    if (((land.base | land.limit) & PageREST) === 0) this.freed(land.base, land.limit);
    if (!this.isEmptying) this.reduce();
    return ResOK;
  }

  override get freeSize(): number {
    return this.land.size;
  }

  /** place -- `size` aligned bytes, taken out of what is free: their low address; or a result code, negated. */
  protected place(size: number, alignment: number): number {
    const { land } = this;
    if (!this.find(size, alignment)) {
      const res = this.extend(size, alignment);
      if (res !== ResOK) return -res;
      aver(this.find(size, alignment), '<design/mvff#.inv.extended>');
    }
    const base = landPlace(land.base, land.limit, size, alignment, this.slotHigh);
    this.take(base, base + size);
    return base;
  }

  private find(size: number, alignment: number): boolean {
    return this.firstFit ? this.land.findFirst(size, alignment) : this.land.findLast(size, alignment);
  }

  /** take -- [base, limit), of a range that is free, is so no more. */
  private take(base: number, limit: number): void {
    const { land } = this;
    aver(land.delete(base, limit) === ResOK, '<design/mvff#.inv.extended>');
    if (((land.base | land.limit) & PageREST) === 0 && this.idle.size > 0) this.idle.delete(this.segAt(land.base));
  }

  // Memory of the arena ----------------------------------------------------------------------------------------------

  private extend(size: number, alignment: number): Res {
    const seg = this.segExtend(this.locus, this.extendBy, size, alignment);
    if (typeof seg === 'number') return seg;
    this.extended(seg);
    aver(this.land.insert(seg.base, seg.limit) === ResOK, '<design/mvff#.inv.extended>');
    this.idle.add(seg);
    return ResOK;
  }

  /** freed -- [base, limit) is a free range that ends where pages do: it may be all of a segment. */
  private freed(base: number, limit: number): void {
    const seg = this.segAt(base);
    if (seg.base === base && seg.limit === limit) this.idle.add(seg);
  }

  /** reduce -- give back whole segments until half of the share is free that may be, if more than that share is <design/mvff#.spare>. */
  private reduce(): void {
    const { land, idle } = this, most = this.spare * this.total;
    if (idle.size === 0 || land.size <= most) return;
    for (const seg of idle) {
      if (land.size <= most / 2) return;
      idle.delete(seg);
      aver(land.delete(seg.base, seg.limit) === ResOK, '<design/mvff#.inv.idle>');
      this.returned(seg);
      this.segReturn(seg);
    }
  }

  private segAt(base: number): Seg {
    return this.arena.heap.segOf(base) as Seg;
  }

  /** extended -- a segment is about to become free memory; returned: it is not any more; unlinked: a granule of it holds no link any more. */
  protected extended(_seg: Seg): void {
    // For debugging.
  }

  protected returned(_seg: Seg): void {
    // See `extended`.
  }

  protected unlinked(_addr: number): void {
    // See `extended`.
  }

  // Allocation points ------------------------------------------------------------------------------------------------

  override allocationPoint(hart: Hart): Buffer {
    aver(this.arena.hasThread(hart), '<design/buffer#.if.registered>');
    const buffer = new Buffer({ pool: this, generation: null, hart, rank: RankNONE });
    this.buffers.add(buffer);
    return buffer;
  }

  /** bufferFill -- the largest free range; for a block that is large just what it needs <design/mvff#.fill>. */
  override bufferFill(buffer: Buffer, size: number): Res {
    const { land } = this;
    buffer.detach();
    if (size >= this.largeSize) {
      const base = this.place(size, this.blockAlignment(size));
      if (base < 0) return -base;
      buffer.attach(this.segAt(base), base, base + size);
      return ResOK;
    }
    if (!land.findLargest(size)) {
      const res = this.extend(size, this.alignment);
      if (res !== ResOK) return res;
      aver(land.findLargest(size), '<design/mvff#.inv.extended>');
    }
    const { base, limit } = land;
    this.take(base, limit);
    buffer.attach(this.segAt(base), base, limit);
    return ResOK;
  }

  override bufferEmpty(_seg: Seg, init: number, limit: number): void {
    this.isEmptying = true;
    aver(this.blockFree(init, limit - init) === ResOK, '<design/mvff#.inv.extended>');
    this.isEmptying = false;
  }

  /** segTidy -- a buffer has let go of a segment. */
  override segTidy(): void {
    this.reduce();
  }

  override check(): void {
    super.check();
    this.land.check();
    for (const seg of this.idle) aver(this.land.contains(seg.base, seg.limit), '<design/mvff#.inv.idle>');
  }

  override finish(): void {
    super.finish();
    this.land.finish();
    this.idle.clear();
  }
}
