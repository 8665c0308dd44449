/* mfs.ts: MANUAL FIXED SMALL
 *
 * A manual pool of blocks of one size. Those that are free are in a list through their first words; segments are never given back
 * <design/mfs>.
 */
import { aver } from '../../base/base.ts';
import { PageSHIFT } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import type { Locus } from '../arena/chunk.ts';
import { tagged } from '../heap/format.ts';
import { StartLONG, StartMAX } from '../heap/heap.ts';
import { ResFAIL, ResOK, type Res } from '../result.ts';
import { locusOf, ManualPool } from './manual.ts';

const PAGE: number = PageSHIFT;

/** How much is taken of the arena at a time, unless the client says so. */
const ExtendSIZE = 65_536;

/** The end of the list: no block begins there. */
const NONE = -1;

/** What an MFS pool is made with; the names are the MPS's. */
export interface MfsOptions {
  /** Bytes of every block; it must be given <design/mfs#.if.unit>. */
  readonly unitSize?: number;
  /** Bytes to take of the arena at a time: 65536. */
  readonly extendBy?: number;
}

/** A pool of units. */
export class MfsPool extends ManualPool {
  readonly unitSize: number;
  readonly extendBy: number;
  /** Bytes that a unit takes. */
  private readonly unit: number;
  private readonly mark: number;
  private readonly locus: Locus = locusOf(false);
  /** The first free unit, or NONE; behind it come those of the last segment that have never been used. */
  private first: number = NONE;
  private fresh: number = 0;
  private freshLimit: number = 0;
  private used: number = 0;

  constructor(arena: Arena, { unitSize, extendBy = ExtendSIZE }: MfsOptions) {
    super(arena, { kind: 'mfs', format: tagged });
    aver(unitSize !== undefined, '<design/mfs#.if.unit>');
    aver(extendBy >= unitSize, '<design/mfs#.if.extend>');
    this.unitSize = unitSize;
    this.extendBy = extendBy;
    this.unit = this.roundUp(unitSize);
    this.mark = this.unit / 16 <= StartMAX ? this.unit / 16 : StartLONG;
  }

  override blockSize(asked: number): number {
    aver(asked === this.unitSize, '<design/mfs#.if.unit>');
    return this.unit;
  }

  override blockMark(): number {
    return this.mark;
  }

  override blockAlloc(): number {
    const { heap } = this.arena;
    let base = this.first;
    if (base !== NONE) {
      const next = heap.i32[(base + heap.delta[heap.tracts[base >>> PAGE]]) >>> 2];
      this.first = next === NONE ? NONE : next >>> 0;
      aver(next === NONE || heap.segOf(next)?.pool === this, '<design/mfs#.inv.link>');
    } else {
      if (this.fresh + this.unit > this.freshLimit) {
        const res = this.extend();
        if (res !== ResOK) return -res;
      }
      base = this.fresh;
      this.fresh += this.unit;
    }
    this.used += 1;
    heap.starts[(base + heap.delta[heap.tracts[base >>> PAGE]]) >>> 4] = this.mark;
    return base;
  }

  override blockFree(base: number): Res {
    const { heap } = this.arena, delta = heap.delta[heap.tracts[base >>> PAGE]];
    // Units that the client has, and no other places, have a start.
    if (heap.starts[(base + delta) >>> 4] === 0) return ResFAIL;
    this.wipe(base, this.unit);
    heap.i32[(base + delta) >>> 2] = this.first | 0;
    this.first = base;
    this.used -= 1;
    return ResOK;
  }

  override get freeSize(): number {
    return this.total - this.used * this.unit;
  }

  private extend(): Res {
    const seg = this.segExtend(this.locus, this.extendBy, this.unit, this.blockAlignment(this.unit));
    if (typeof seg === 'number') return seg;
    this.fresh = seg.base;
    this.freshLimit = seg.limit;
    return ResOK;
  }
}
