/* snc.ts: STACK NO CHECKING
 *
 * A pool whose objects die with the frame in which they were allocated, and never move. Nobody condemns them; what they refer to is
 * preserved, so to every trace they are what roots are, but with colour and summary as segments have <design/snc>.
 *
 *     stack of an allocation point:   seg | seg | seg, with its buffer
 *                                        ^ a frame is where something was going to be allocated: the byte before it
 */
import { aver } from '../../base/base.ts';
import { boundsGranule, GranuleSIZE, type Hart } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import type { Locus } from '../arena/chunk.ts';
import { makeRoom } from '../arena/room.ts';
import { ZoneSetEMPTY } from '../arena/zone.ts';
import { Buffer, type BufferOptions } from '../heap/buffer.ts';
import { tagged, type Format } from '../heap/format.ts';
import { Pool } from '../heap/pool.ts';
import { RankEXACT } from '../heap/rank.ts';
import type { Seg } from '../heap/seg.ts';
import { ResOK, type Res } from '../result.ts';
import type { ScanState } from '../trace/scan.ts';

/** How much a buffer is given at a time; from this size on a block begins a segment. */
const ExtendSIZE = 16 * 1024;

/** What an SNC pool is made with. */
export interface SncOptions {
  /** Default: tags say where references are. */
  readonly format?: Format;
}

/** A pool that is freed by frames. */
export class SncPool extends Pool {
  readonly isAutomatic = false;
  readonly isMoving = false;
  override readonly largeSize: number = ExtendSIZE;
  private readonly locus: Locus = { zones: ZoneSetEMPTY, isHigh: false };
  /** By allocation point: its segments, the oldest first. */
  private readonly stacks: Map<Buffer, Seg[]> = new Map();

  constructor(arena: Arena, { format = tagged }: SncOptions) {
    super(arena, { kind: 'snc', format });
  }

  override allocationPoint(hart: Hart, { rank = RankEXACT }: BufferOptions = {}): Buffer {
    aver(this.arena.hasThread(hart), '<design/buffer#.if.registered>');
    aver(rank === RankEXACT, '<design/snc#.if.rank>');
    const buffer = new Buffer({ pool: this, generation: null, hart, rank });
    this.buffers.add(buffer);
    this.stacks.set(buffer, []);
    return buffer;
  }

  /** Bytes of its segments less those of objects and buffers. */
  override get freeSize(): number {
    let size = 0;
    for (const [, stack] of this.stacks) {
      for (const seg of stack) size += seg.size - seg.fresh - (seg.buffer === null ? 0 : seg.buffer.limit - seg.buffer.base);
    }
    return size;
  }

  /** bufferFill -- put a segment with room for `size` bytes on a buffer's stack. */
  override bufferFill(buffer: Buffer, size: number): Res {
    const { arena } = this, least = arena.grainsRound(size);
    const make = (want: number): Seg | Res => this.segAlloc(null, this.locus, want, boundsGranule(size), { rank: RankEXACT });
    let seg = make(Math.max(least, arena.grainsRound(ExtendSIZE)));
    if (typeof seg === 'number') seg = make(least);
    if (typeof seg === 'number') seg = makeRoom(arena, size, () => make(least));
    if (typeof seg === 'number') return seg;
    this.stackOf(buffer).push(seg);
    buffer.attach(seg, seg.base, seg.limit);
    return ResOK;
  }

  /** bufferFinish -- what was allocated there dies with it. */
  override bufferFinish(buffer: Buffer): void {
    this.framePop(buffer, 0);
    this.stacks.delete(buffer);
  }

  /** framePush -- the byte before the next object, which is in this segment or, if this one is empty yet, the one before: so what has been
   * popped is told from what comes after it <design/snc#.frame>. */
  override framePush(buffer: Buffer): number {
    const { seg } = buffer, stack = this.stackOf(buffer);
    if (seg !== null && buffer.scanLimit > seg.base) return buffer.scanLimit - 1;
    const before = stack.at(seg === null ? -1 : -2);
    return before === undefined ? 0 : before.limit - 1;
  }

  /** framePop -- drop what was allocated since, wherever it is; the flip of a trace that is under way makes no difference
   * <design/snc#.flip>. */
  override framePop(buffer: Buffer, frame: number): void {
    const stack = this.stackOf(buffer), at = frame === 0 ? 0 : frame + 1;
    const seg = frame === 0 ? null : this.arena.heap.segOf(frame | 0);
    const depth = seg === null ? -1 : stack.indexOf(seg);
    aver(frame === 0 || (seg !== null && depth >= 0 && this.isEnd(seg, at)), '<design/snc#.if.frame>');
    if (seg !== null && buffer.seg === seg) {
      if (at < buffer.scanLimit) buffer.rewind(at);
      return;
    }
    buffer.detach();
    for (const above of stack.splice(depth + 1)) this.segFree(above);
    if (seg !== null && at < seg.limit) this.reopen(buffer, seg, at);
  }

  /** isEnd -- whether an object may have ended at `at`: something begins there, or nothing is there yet. */
  private isEnd(seg: Seg, at: number): boolean {
    if (at === seg.limit || at === seg.scanLimit) return true;
    return at < seg.scanLimit && at % GranuleSIZE === 0 && this.arena.heap.starts[seg.granuleOf(at)] !== 0;
  }

  /** reopen -- go on at `at` in a segment that the buffer had left. */
  private reopen(buffer: Buffer, seg: Seg, at: number): void {
    const { heap, shield } = this.arena;
    shield.expose(seg);
    heap.wipe(seg.granuleOf(at), seg.granuleLimit);
    shield.cover(seg);
    seg.fresh = at - seg.base;
    seg.scanned = Math.min(seg.scanned, at);
    buffer.attach(seg, at, seg.limit);
  }

  /** segTidy -- take a segment in which there is nothing off its stack. */
  override segTidy(seg: Seg): void {
    if (seg.fresh > 0 || seg.buffer !== null) return;
    for (const [, stack] of this.stacks) {
      // A buffer leaves only what is on top.
      if (stack.at(-1) === seg) stack.pop();
    }
    super.segTidy(seg);
  }

  override scan(ss: ScanState, seg: Seg, enough: number): boolean {
    return this.scanOn(ss, seg, enough);
  }

  override finish(): void {
    super.finish();
    this.stacks.clear();
  }

  private stackOf(buffer: Buffer): Seg[] {
    const stack = this.stacks.get(buffer);
    aver(stack !== undefined, '<design/buffer#.if.live>');
    return stack;
  }
}
