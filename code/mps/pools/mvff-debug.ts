/* mvff-debug.ts: FIRST FIT WITH FENCEPOSTS
 *
 * The pool class `mvff`, with a fencepost before and after each block and a pattern over what is free. They are looked at when a block is
 * freed or allocated, when memory goes back, when the pool is destroyed, and when the client asks <design/fence>.
 */
import { aver } from '../../base/base.ts';
import type { Hart } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import type { Buffer } from '../heap/buffer.ts';
import type { Seg } from '../heap/seg.ts';
import { ResCOMMITLIMIT, ResMEMORY, type Res } from '../result.ts';
import { Fence, type DebugOptions } from './fence.ts';
import { MvffPool, type MvffOptions } from './mvff.ts';

/** What the ledger is charged for the record of a block, in bytes. */
const BlockRECORD = 48;

/** What a debugging MVFF pool is made with. */
export interface MvffDebugOptions extends MvffOptions {
  readonly poolDebugOptions?: DebugOptions;
}

/** A block: the bytes that were asked, and those that it has, with its fenceposts. */
interface Block {
  readonly asked: number;
  readonly size: number;
  readonly front: number;
  readonly back: number;
}

/** A debugging first fit pool. */
export class MvffDebugPool extends MvffPool {
  private readonly fence: Fence;
  /** The client's blocks by low address, unsigned. */
  private readonly blocks: Map<number, Block> = new Map();

  constructor(arena: Arena, options: MvffDebugOptions) {
    super(arena, options, 'mvff-debug');
    this.fence = new Fence(arena.heap, options.poolDebugOptions);
  }

  override blockAlloc(size: number, asked: number): number {
    const { ledger, grains } = this.arena, alignment = this.blockAlignment(size);
    if (!ledger.charge(BlockRECORD)) return grains.available < BlockRECORD ? -ResCOMMITLIMIT : -ResMEMORY;
    const front = Math.ceil(this.fence.size / alignment) * alignment, back = Math.ceil(this.fence.size / this.alignment) * this.alignment;
    const from = this.place(front + size + back, alignment), base = from + front;
    if (from < 0) {
      ledger.credit(BlockRECORD);
      return from;
    }
    this.fence.freeCheck(from, base + size + back);
    this.blocks.set(base, { asked, size, front, back });
    this.fence.fencePut(from, base);
    // From the last byte that was asked on: what rounding added is nobody's to write either.
    this.fence.fencePut(base + asked, base + size + back);
    return base;
  }

  override blockCheck(base: number, _size: number, asked: number): void {
    const block = this.blocks.get(base);
    aver(block !== undefined, '<design/manual#.if.free>');
    aver(block.asked === asked, '<design/fence#.if.whole>');
    this.fencesCheck(base, block);
  }

  override blockFree(base: number): Res {
    const { front, size, back } = this.blocks.get(base) as Block;
    this.blocks.delete(base);
    this.arena.ledger.credit(BlockRECORD);
    this.fence.freePut(base - front, base + size + back);
    return super.blockFree(base - front, front + size + back);
  }

  /** checkFenceposts -- insist that nobody has written beside a block (mps_pool_check_fenceposts). */
  override checkFenceposts(): void {
    for (const [base, block] of this.blocks) this.fencesCheck(base, block);
  }

  /** checkFreeSpace -- insist that nobody has written to what is free (mps_pool_check_free_space). */
  override checkFreeSpace(): void {
    const { primary, secondary } = this.land;
    primary.each((base, limit) => { this.fence.freeCheck(base, limit); });
    // Links are in the first granule of each range of the list.
    secondary.each((base, limit) => { this.fence.freeCheck(base + 16, limit); });
  }

  private fencesCheck(base: number, { asked, size, front, back }: Block): void {
    this.fence.fenceCheck(base - front, base);
    this.fence.fenceCheck(base + asked, base + size + back);
  }

  protected override extended(seg: Seg): void {
    this.fence.freePut(seg.base, seg.limit);
  }

  protected override returned(seg: Seg): void {
    this.fence.freeCheck(seg.base, seg.limit);
  }

  protected override unlinked(addr: number): void {
    this.fence.freePut(addr, addr + 16);
  }

  override allocationPoint(_hart: Hart): Buffer {
    aver(false, '<design/pool#.if.buffer>');
  }

  override finish(): void {
    this.checkFenceposts();
    this.checkFreeSpace();
    this.arena.ledger.credit(this.blocks.size * BlockRECORD);
    this.blocks.clear();
    super.finish();
  }
}
