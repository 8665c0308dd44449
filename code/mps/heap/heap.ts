/* heap.ts: THE HEAP AS THE COLLECTOR SEES IT
 *
 * Flat tables that the critical path indexes: memory and tags by physical granule, segments by page. The collector
 * reads and writes memory here without the mutator's checks, which is why only exposed segments may be touched
 * <design/heap#.inv.exposed>.
 *
 * The object-start map has one byte a granule <design/heap#.start>:
 *
 *     0          inside an object, or free
 *     1..252     an object begins here and has so many granules
 *     253        a pad begins here, which is nobody's, and ends where the next object begins
 *     254        an object begins here and is longer: it ends where the next one begins
 *     255        an object was here and has been forwarded; the granule's first word is its new base
 */
import { aver, cool } from '../../base/base.ts';
import { GranuleSHIFT, GranuleSIZE, PageSHIFT, type Low, type Memory } from '../../machine/machine.ts';
import type { Seg } from './seg.ts';

const COOL = cool;

export const StartPAD = 253;
export const StartLONG = 254;
export const StartFORWARDED = 255;
/** The most granules that a start byte can say. */
export const StartMAX = 252;

/** What a segment is to the trace, by bits, in `Heap.state`. */
export const SegWHITE = 1;
/** Fix must look closer: the segment is nailed, holds one large object, or has a buffer. */
export const SegSPECIAL = 2;

/** Memory, the object-start map, and the segment of every page. */
export class Heap {
  readonly memory: Memory;
  readonly i32: Int32Array;
  readonly tags: Uint8Array;
  readonly tags32: Int32Array;
  /** The object-start map, by physical granule; shared, for mutators record starts at commit. */
  readonly starts: Uint8Array;
  readonly starts32: Int32Array;
  /** By page of the window: the number of the segment that owns it, or 0. */
  readonly tracts: Int32Array = new Int32Array(new SharedArrayBuffer(0x10_0000 * 4));
  /** By segment number: SegWHITE and SegSPECIAL. */
  readonly state: Uint8Array;
  /** By segment number: physical address less low address. */
  readonly delta: Int32Array;
  /** By segment number; 0 is no segment. */
  readonly segs: (Seg | null)[] = [null];
  private readonly freeNumbers: number[] = [];
  /** Stripe width as a power of two <design/zone>; set once the first chunk's size is known. */
  zoneShift: number = 0;

  constructor(memory: Memory) {
    this.memory = memory;
    this.i32 = memory.i32;
    this.tags = memory.tags;
    this.tags32 = memory.tags32;
    const starts = new SharedArrayBuffer(memory.size >>> GranuleSHIFT);
    this.starts = new Uint8Array(starts);
    this.starts32 = new Int32Array(starts);
    const most = (memory.size >>> PageSHIFT) + 1;
    this.state = new Uint8Array(most);
    this.delta = new Int32Array(most);
  }

  /** number -- give a segment a number and its pages to it; `delta` is its chunk's. */
  number(seg: Seg, delta: number): number {
    const number = this.freeNumbers.pop() ?? this.segs.length;
    this.segs[number] = seg;
    this.delta[number] = delta;
    this.state[number] = 0;
    this.tracts.fill(number, seg.base >>> PageSHIFT, seg.limit / 2 ** PageSHIFT);
    return number;
  }

  /** unnumber -- take its pages from a segment, and forget it. */
  unnumber(seg: Seg): void {
    this.tracts.fill(0, seg.base >>> PageSHIFT, seg.limit / 2 ** PageSHIFT);
    this.segs[seg.number] = null;
    this.state[seg.number] = 0;
    this.freeNumbers.push(seg.number);
  }

  /** segOf -- the segment that owns an address; null where there is none. */
  segOf(addr: Low): Seg | null {
    return this.segs[this.tracts[addr >>> PageSHIFT]] ?? null;
  }

  /** lowOf -- the low address of a granule of a segment. */
  lowOf(seg: Seg, g: number): Low {
    return (g * GranuleSIZE - seg.delta) | 0;
  }

  isPad(g: number): boolean {
    return this.starts[g] === StartPAD;
  }

  /** startBefore -- the granule at or before `g` at which an object begins <design/heap#.inv.covered>. .critical */
  startBefore(g: number): number {
    const starts = this.starts, starts32 = this.starts32;
    let at = g;
    while (starts[at] === 0) {
      at -= 1;
      while ((at & 3) === 3 && starts32[at >>> 2] === 0) at -= 4;
      if (COOL) aver(at >= 0, '<design/heap#.inv.covered>');
    }
    return at;
  }

  /** sizeAt -- granules of what begins at granule `g`, in an area that is covered as far as granule `limit`. .critical */
  sizeAt(g: number, limit: number): number {
    const starts = this.starts;
    const start = starts[g];
    if (start <= StartMAX) return start;
    const starts32 = this.starts32;
    let at = g + 1;
    while (at < limit && starts[at] === 0) {
      at += 1;
      while ((at & 3) === 0 && at < limit && starts32[at >>> 2] === 0) at += 4;
    }
    return (at < limit ? at : limit) - g;
  }

  /** pad -- make granules [g, limit) nobody's. */
  pad(g: number, limit: number): void {
    this.wipe(g, limit);
    this.starts[g] = StartPAD;
  }

  /** wipe -- clear tags and starts of granules [g, limit). */
  wipe(g: number, limit: number): void {
    this.tags.fill(0, g, limit);
    this.starts.fill(0, g, limit);
  }
}
