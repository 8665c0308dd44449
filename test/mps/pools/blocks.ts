/* blocks.ts: BLOCKS WITH SHADOWS
 *
 * A client of manual pools that remembers what it has: each block has a slot and a serial number, which is written all over it; what it must
 * be is known when it is given out, whenever the client asks, and when it goes.
 */
import { expect } from 'vitest';
import { addrOf, lengthOf, type Hart } from '../../../code/machine/machine.ts';
import { ResCOMMITLIMIT, ResMEMORY, ResOK, type Pool, type Res } from '../../../code/mps/mps.ts';

/** Who gives blocks and takes them: a pool, a cache or an allocation point. */
export interface Giver {
  alloc(hart: Hart, slot: number, size: number): Res;
  free(hart: Hart, slot: number, size: number): void;
}

interface Block {
  readonly slot: number;
  readonly base: number;
  readonly asked: number;
  readonly size: number;
  readonly serial: number;
}

const WINDOW = 2 ** 38;

export class Blocks {
  readonly live: Block[] = [];
  /** Allocations that failed; tags that were left in what was freed. */
  failed: number = 0;
  tagged: number = 0;
  private readonly hart: Hart;
  private readonly pool: Pool;
  private readonly giver: Giver;
  private readonly unused: number[];
  private serial: number = 0;

  constructor(hart: Hart, pool: Pool, most: number, giver: Giver = pool) {
    this.hart = hart;
    this.pool = pool;
    this.giver = giver;
    const first = hart.enter(most);
    this.unused = Array.from({ length: most }, (_, i) => first + most - 1 - i);
  }

  /** Bytes in blocks. */
  get size(): number {
    return this.live.reduce((sum, { size }) => sum + size, 0);
  }

  /** make -- a block of `asked` bytes; false if there is none to be had, and the slot is clear. */
  make(asked: number): boolean {
    const { hart, pool } = this, slot = this.unused.pop() as number;
    const res = this.giver.alloc(hart, slot, asked);
    if (res !== ResOK) {
      expect([ResMEMORY, ResCOMMITLIMIT]).toContain(res);
      expect(hart.isTagged(slot)).toBe(false);
      this.unused.push(slot);
      this.failed += 1;
      return false;
    }
    const base = addrOf(hart, slot) - WINDOW, size = lengthOf(hart, slot);
    expect(size).toBeGreaterThanOrEqual(asked);
    expect(base % pool.alignment).toBe(0);
    const seg = pool.arena.heap.segOf(base | 0);
    expect(seg?.pool).toBe(pool);
    if (seg === null) return false;
    expect(pool.arena.heap.tags.subarray(seg.granuleOf(base), seg.granuleOf(base) + size / 16).includes(1), 'fresh memory has no tags').toBe(false);
    this.serial += 1;
    this.live.push({ slot, base, asked, size, serial: this.serial });
    this.write(this.live.length - 1);
    return true;
  }

  /** drop -- free the block with a number among the live ones. */
  drop(index: number): void {
    const block = this.live[index], { hart } = this;
    this.verify(block);
    // What is freed may have had capabilities in it.
    if (block.asked >= 32 && block.serial % 3 === 0) {
      hart.storeCap(block.slot, 16, block.slot);
      this.tagged += 1;
    }
    this.giver.free(hart, block.slot, block.asked);
    this.unused.push(block.slot);
    this.live[index] = this.live[this.live.length - 1];
    this.live.pop();
  }

  dropAll(): void {
    while (this.live.length > 0) this.drop(this.live.length - 1);
  }

  /** check -- all blocks are as they were written, and apart. */
  check(): void {
    for (const block of this.live) this.verify(block);
    const sorted = [...this.live].sort((one, other) => one.base - other.base);
    sorted.forEach(({ base }, i) => {
      if (i > 0 && base < sorted[i - 1].base + sorted[i - 1].size) expect.fail('blocks overlap');
    });
  }

  /** sizes -- the pool says exactly how much it has, and how much of it is free: what is not in blocks, or `held` otherwise. */
  sizes(held: number = 0): void {
    expect(this.pool.totalSize - this.pool.freeSize).toBe(this.size + held);
    this.pool.check();
  }

  /** Words that were asked for: what rounding has added is nobody's to write. */
  private offsets({ asked }: Block): number[] {
    const last = (asked & -4) - 4;
    return last < 0 ? [] : [0, Math.min(last, 1024), (last >> 3) << 2, last];
  }

  private write(index: number): void {
    const block = this.live[index];
    for (const at of this.offsets(block)) this.hart.store32(block.slot, at, block.serial);
  }

  private verify(block: Block): void {
    for (const at of this.offsets(block)) {
      if (this.hart.load32(block.slot, at) !== block.serial) expect.fail(`block ${block.serial} of ${block.size} bytes has changed at ${at}`);
    }
  }
}
