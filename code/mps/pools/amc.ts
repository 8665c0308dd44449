/* amc.ts: AUTOMATIC MOSTLY-COPYING
 *
 * A pool of objects that the collector finds, copies and reclaims by itself. New objects begin in the first generation
 * of its chain; survivors move on. Objects that an ambiguous reference may mean stay where they are: mostly copying
 * <design/amc>.
 */
import { aver } from '../../base/base.ts';
import { boundsGranule, GranuleSHIFT, PermDATA, type Hart, type Low } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import type { Chain, Generation } from '../arena/generation.ts';
import { makeRoom } from '../arena/room.ts';
import { Buffer, type BufferOptions } from '../heap/buffer.ts';
import { tagged, type Format } from '../heap/format.ts';
import { SegSPECIAL, SegWHITE } from '../heap/heap.ts';
import { Pool } from '../heap/pool.ts';
import { RankEXACT, type Rank } from '../heap/rank.ts';
import type { Deferral, Seg } from '../heap/seg.ts';
import { ResOK, type Res } from '../result.ts';
import type { ScanState } from '../trace/scan.ts';
import { amcFix, amcFixAmbig, amcFixEmergency, amcIsPreserved } from './amc-fix.ts';
import { AmcRamp } from './amc-ramp.ts';

/** Objects from this size up get a segment of their own and are never copied; the least and the most that it can be <design/amc#.large>. */
const LargeLEAST = 4 * 1024;
const LargeSIZE = 16 * 1024;

/** How much a buffer is given at a time, unless the nursery is smaller <design/amc#.extend>. */
const ExtendSIZE = 64 * 1024;

/** What an AMC pool is made with. */
export interface AmcOptions {
  /** Default: tags say where references are. */
  readonly format?: Format;
  /** Default: the arena's. */
  readonly chain?: Chain;
  /** Whether any address in an object may stand for it in an ambiguous root; else only where its client's pointers point: true. */
  readonly interior?: boolean;
  /** How much a buffer is given at a time, in bytes: 64 KiB, or the nursery's capacity if that is less. */
  readonly extendBy?: number;
  /** From which size on objects are alone in their segments and stay there, in bytes from 4 KiB to 16 KiB, the default. */
  readonly largeSize?: number;
}

/** What makes a class of what is written here. */
export interface AmcClass {
  readonly kind: string;
  /** Of all references in its objects. */
  readonly rank: Rank;
  /** What capabilities to them permit. */
  readonly perms: number;
}

const amcClass: AmcClass = { kind: 'amc', rank: RankEXACT, perms: PermDATA };

/** An automatic mostly-copying pool. */
export class AmcPool extends Pool {
  readonly isAutomatic = true;
  readonly isMoving = true;
  override readonly largeSize: number;
  readonly extendBy: number;
  readonly interior: boolean;
  private readonly rank: Rank;
  /** Whether the format itself says where objects have moved. */
  private readonly formatForwards: boolean;
  /** The chain's generations, and the arena's top one. */
  readonly generations: readonly Generation[];
  /** For each generation the buffer into which its survivors go. */
  private readonly forwards: readonly Buffer[];
  private readonly ramp: AmcRamp;

  constructor(
    arena: Arena, { format = tagged, chain, interior = true, extendBy, largeSize = LargeSIZE }: AmcOptions, { kind, rank, perms }: AmcClass = amcClass,
  ) {
    super(arena, { kind, format, perms });
    this.formatForwards = format.forward !== undefined;
    this.interior = interior;
    this.rank = rank;
    this.generations = [...arena.chainFor(chain).generations, arena.topGeneration];
    this.extendBy = arena.grainsRound(extendBy ?? Math.min(ExtendSIZE, (this.generations[0]).capacity));
    this.largeSize = largeSize;
    aver(this.extendBy > 0 && largeSize >= LargeLEAST && largeSize <= LargeSIZE, '<design/amc#.if.sizes>');
    this.forwards = this.generations.map((_, index) => {
      const next = Math.min(index + 1, this.generations.length - 1);
      return new Buffer({ pool: this, generation: this.generations[next], hart: null, rank });
    });
    this.ramp = new AmcRamp(this, this.generations[this.generations.length - 2], rank);
  }

  override allocationPoint(hart: Hart, { rank = this.rank, hashArrays = false }: BufferOptions = {}): Buffer {
    aver(this.arena.hasThread(hart), '<design/buffer#.if.registered>');
    aver(rank === this.rank, '<design/amc#.if.rank>');
    const buffer = new Buffer({ pool: this, generation: this.generations[0], hart, rank, deferral: hashArrays ? 'arrays' : 'none' });
    this.buffers.add(buffer);
    return buffer;
  }

  /** Bytes of its segments less those of objects and buffers. */
  override get freeSize(): number {
    let size = 0;
    for (let node = this.segRing.next; node !== this.segRing; node = node.next) {
      const { owner: seg } = node, { buffer } = seg;
      size += seg.size - seg.aged - seg.fresh - (buffer === null ? 0 : buffer.limit - buffer.base);
    }
    return size;
  }

  /** forwardFrom -- where survivors of a generation go. */
  forwardFrom(generation: Generation): Buffer {
    return this.ramp.forwardFrom(generation) ?? this.forwards[this.generations.indexOf(generation)];
  }

  /** deferralOf -- whether what a buffer is given counts <design/generation#.deferred>. */
  deferralOf(buffer: Buffer): Deferral {
    return this.ramp.deferralOf(buffer);
  }

  override rampBegin(collectAll: boolean): void {
    this.ramp.begin(collectAll);
  }

  override rampEnd(): void {
    this.ramp.end();
  }

  /** bufferFill -- give a buffer a fresh segment with room for `size` bytes <design/amc#.fill>. */
  override bufferFill(buffer: Buffer, size: number): Res {
    const large = size >= this.largeSize || size > this.extendBy;
    const generation = buffer.generation as Generation, forwarding = buffer.hart === null;
    buffer.detach();
    const want = large ? this.arena.grainsRound(size) : this.extendBy;
    let seg = this.segMake(generation, want, boundsGranule(size), large);
    if (typeof seg === 'number' && !large && this.arena.grainsRound(size) < want) {
      seg = this.segMake(generation, this.arena.grainsRound(size), 1, false);
    }
    if (typeof seg === 'number' && !forwarding) {
      seg = makeRoom(this.arena, size, () => this.segMake(generation, this.arena.grainsRound(size), boundsGranule(size), large));
    }
    if (typeof seg === 'number') return seg;
    const limit = large ? seg.base + size : seg.limit;
    // The rest of a large object's segment is nobody's.
    this.pad(seg, seg.granuleOf(limit - 1) + 1, seg.granuleLimit);
    seg.deferral = this.deferralOf(buffer);
    buffer.attach(seg, seg.base, limit);
    return ResOK;
  }

  private segMake(generation: Generation, size: number, alignment: number, large: boolean): Seg | Res {
    const seg = this.segAlloc(generation, generation, size, alignment, { rank: this.rank, large });
    if (typeof seg === 'number') return seg;
    seg.forward = this.forwardFrom(generation);
    if (this.formatForwards) seg.stateAdd(SegSPECIAL);
    return seg;
  }

  override fix(ss: ScanState, s: number, base: Low): Low {
    return amcFix(ss, s, base);
  }

  override fixEmergency(ss: ScanState, s: number, base: Low): Low {
    return amcFixEmergency(ss, s, base);
  }

  override fixAmbig(ss: ScanState, seg: Seg, addr: Low, isTagged: boolean): boolean {
    return amcFixAmbig(ss, seg, addr, isTagged || this.interior);
  }

  /** whiten -- condemn what can be condemned of a segment; returns its bytes, 0 if it stays out of the trace
   * <design/amc#.whiten>. */
  override whiten(seg: Seg): number {
    const buffer = seg.buffer;
    if (buffer !== null && buffer.hart === null) buffer.detach();
    else if (buffer !== null) {
      if (buffer.scanLimit === seg.base) return 0;
      // From here up is the mutator's: black, and not to move <design/amc#.inv.buffered>.
      seg.whiteLimit = buffer.scanLimit;
      seg.stateAdd(SegSPECIAL);
    }
    const condemned = seg.age();
    if (condemned === 0) {
      this.unwhiten(seg);
      return 0;
    }
    this.ramp.whitened(seg.generation as Generation);
    seg.forward = this.forwardFrom(seg.generation as Generation);
    seg.stateAdd(SegWHITE);
    return condemned;
  }

  /** unwhiten -- a segment is in no trace any more. */
  private unwhiten(seg: Seg): void {
    seg.whiteLimit = seg.limit;
    seg.board = null;
    seg.stateRemove(SegWHITE);
    if (!seg.large && !this.formatForwards) seg.stateRemove(SegSPECIAL);
  }

  /** scan -- fix the references of a grey segment that have not been, until the work comes to `enough` or `ss.res` says why not;
   * true if all have been <design/amc#.scan>. */
  override scan(ss: ScanState, seg: Seg, enough: number): boolean {
    if (seg.white) {
      // Only a nailed segment is white and grey: those of its objects that stay are scanned.
      this.scanNailed(ss, seg);
      return ss.res === ResOK;
    }
    return this.scanOn(ss, seg, enough);
  }

  /** scanNailed -- scan the objects of a white segment that stay, until no more are found <design/amc#.inv.nailed.loop>. */
  private scanNailed(ss: ScanState, seg: Seg): void {
    const board = seg.board, limit = seg.granuleOf(seg.whiteLimit - 1) + 1;
    aver(board !== null, '<design/amc#.inv.white.grey>');
    for (let pinned = board.take(); pinned >= 0; pinned = board.take()) {
      const g = seg.granuleBase + pinned;
      this.scanRange(ss, seg, g, g + ss.heap.sizeAt(g, limit));
      if (ss.res !== ResOK) {
        board.untake(pinned);
        return;
      }
    }
    // Above it is the buffer's part, as after any other scan.
    if (seg.buffer !== null) {
      this.scanRange(ss, seg, limit, seg.granuleOf(seg.scanLimit - 1) + 1);
    }
  }

  /** reclaim -- free what the trace did not preserve; returns how many bytes that is <design/amc#.reclaim>. */
  override reclaim(seg: Seg): number {
    this.ramp.reclaimed();
    if (!seg.white) return 0;
    if (seg.board === null && seg.buffer === null && seg.whiteLimit === seg.limit) {
      const size = seg.aged;
      this.segFree(seg);
      return size;
    }
    return this.reclaimAround(seg);
  }

  /** reclaimAround -- make pads of what lies between the objects that stay. */
  private reclaimAround(seg: Seg): number {
    const { heap, shield } = this.arena, limit = seg.granuleOf(seg.scanLimit - 1) + 1;
    let gap = -1, kept = 0;
    shield.expose(seg);
    this.eachObject(seg.granuleBase, limit, (g, next) => {
      const stays = amcIsPreserved(heap, seg, g);
      if (stays && heap.lowOf(seg, g) >>> 0 < seg.whiteLimit) kept += (next - g) << GranuleSHIFT;
      if (stays && gap >= 0) {
        this.pad(seg, gap, g);
        gap = -1;
      } else if (!stays && gap < 0) gap = g;
    });
    if (gap >= 0) this.pad(seg, gap, limit);
    shield.cover(seg);
    const dead = seg.aged - kept;
    this.arena.trace.ss.inPlace += kept;
    seg.aged = kept;
    seg.generation?.accountReclaim(dead, seg.isDeferred);
    this.unwhiten(seg);
    this.segTidy(seg);
    return dead;
  }

  override check(): void {
    super.check();
    this.ramp.check();
  }

  override finish(): void {
    for (const buffer of this.forwards) buffer.detach();
    this.ramp.finish();
    super.finish();
  }
}
