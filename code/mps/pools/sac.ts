/* sac.ts: SEGREGATED ALLOCATION CACHES
 *
 * A cache of blocks of a few sizes in front of a manual pool: most blocks come from it and go back to it without anybody entering the
 * arena <design/sac>.
 */
import { aver, SigINVALID } from '../../base/base.ts';
import { PageSHIFT, type Hart } from '../../machine/machine.ts';
import { deriveNew } from '../heap/authority.ts';
import { StartPAD, type Heap } from '../heap/heap.ts';
import { ResCOMMITLIMIT, ResMEMORY, ResOK, type Res } from '../result.ts';
import type { ManualPool } from './manual.ts';

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const PAGE: number = PageSHIFT;
const PAD: number = StartPAD;

/** A class of sizes; the names are the MPS's. */
export interface SacClass {
  /** Bytes: what is no larger, and larger than the class below, comes from here. */
  readonly blockSize: number;
  /** How many blocks are kept; 0: none. */
  readonly cachedCount: number;
  /** How often the class is asked for, as the others' numbers are to this one. */
  readonly frequency: number;
}

/** sacMake -- a cache for a pool (mps_sac_create); or why there is none. */
export function sacMake(pool: ManualPool, classes: readonly SacClass[]): Sac | Res {
  aver(classes.length > 0, '<design/sac#.if.classes>');
  classes.forEach(({ blockSize, cachedCount, frequency }, i) => {
    aver(blockSize > (i === 0 ? 0 : classes[i - 1].blockSize) && pool.blockSize(blockSize) === blockSize, '<design/sac#.if.sizes>');
    aver(Number.isInteger(cachedCount) && cachedCount >= 0 && frequency >= 0, '<design/sac#.if.counts>');
  });
  const record = sacRecord(classes), { ledger, grains } = pool.arena;
  if (!ledger.charge(record)) return grains.available < record ? ResCOMMITLIMIT : ResMEMORY;
  return new Sac(pool, classes);
}

/** What the ledger is charged for a cache: a record, one a class, and a word a block. */
const sacRecord = (classes: readonly SacClass[]): number => classes.reduce((sum, { cachedCount }) => sum + 32 + 4 * cachedCount, 64);

/** A cache, for one thread at a time. */
export class Sac {
  readonly pool: ManualPool;
  private readonly heap: Heap;
  private readonly classes: readonly SacClass[];
  /** Sizes, ascending, and a last one for what is not cached. */
  private readonly sizes: Float64Array;
  /** Where the search begins: half of what is asked for is larger, or as near to that as can be. */
  private readonly middle: number;
  /** The blocks of each class, low addresses; of the last there are never any. */
  private stacks: readonly Int32Array[];
  private isFinished: boolean = false;
  private readonly counts: Int32Array;

  constructor(pool: ManualPool, classes: readonly SacClass[]) {
    this.pool = pool;
    this.heap = pool.arena.heap;
    this.classes = classes;
    this.sizes = Float64Array.from([...classes.map(({ blockSize }) => blockSize), Infinity]);
    this.stacks = [...classes.map(({ cachedCount }) => new Int32Array(cachedCount)), new Int32Array(0)];
    this.counts = new Int32Array(classes.length + 1);
    this.middle = middleOf(classes);
  }

  /** alloc -- put a capability to `size` bytes into a slot, or clear it and say why not. .critical */
  alloc(hart: Hart, slot: number, size: number): Res {
    const index = this.classOf(size), counts = this.counts, count = counts[index];
    if (count === 0) return this.fill(hart, slot, size, index);
    const low = this.stacks[index][count - 1], heap = this.heap, pool = this.pool;
    counts[index] = count - 1;
    heap.starts[(low + heap.delta[heap.tracts[low >>> PAGE]]) >>> 4] = pool.blockMark(this.sizes[index]);
    deriveNew(hart.r, slot << 3, low, pool.roundUp(size), pool.perms);
    return ResOK;
  }

  /** free -- take back the block that a slot has a capability to; `size` is what was asked. .critical */
  free(hart: Hart, slot: number, size: number): void {
    const index = this.classOf(size), pool = this.pool, stack = this.stacks[index];
    if (stack.length === 0) {
      this.freeUncached(hart, slot, size, index);
      return;
    }
    const base = pool.blockBase(hart, slot, pool.roundUp(size)), heap = this.heap;
    const g = (base + heap.delta[heap.tracts[base >>> PAGE]]) >>> 4, limit = g + (this.sizes[index] >>> 4);
    // A pad begins at what is in a cache, and at nothing that a client has <design/sac#.inv.pad>.
    aver(heap.starts[g] !== PAD, '<design/sac#.if.free>');
    const tags = heap.tags;
    for (let at = g; at < limit; ++at) tags[at] = 0;
    if (this.counts[index] === stack.length) this.empty(index, stack.length - Math.floor(stack.length / 3));
    heap.starts[g] = PAD;
    stack[this.counts[index]] = base;
    this.counts[index] += 1;
  }

  /** flush -- give all that is cached back to the pool. */
  flush(): void {
    for (let index = 0; index < this.classes.length; ++index) this.empty(index, this.counts[index]);
  }

  /** finish -- the cache is not used any more; nor are its blocks (mps_sac_destroy). */
  finish(): void {
    this.insistLive();
    this.flush();
    this.pool.arena.ledger.credit(sacRecord(this.classes));
    // Whoever uses it again finds nothing cached, nor room, and so the question whether it is there.
    this.stacks = this.stacks.map(() => new Int32Array(0));
    this.isFinished = true;
  }

  /** insistLive -- the cache is there, and its pool is. */
  private insistLive(): void {
    aver(!this.isFinished && this.pool.sig !== SigINVALID, '<design/sac#.if.live>');
  }

  /** Bytes that are cached. */
  get size(): number {
    return this.classes.reduce((sum, { blockSize }, index) => sum + blockSize * this.counts[index], 0);
  }

  /** classOf -- the class of a size: up or down from the middle one, as frequencies have it. */
  private classOf(size: number): number {
    const sizes = this.sizes;
    let index = this.middle;
    if (size <= sizes[index]) while (index > 0 && size <= sizes[index - 1]) index -= 1;
    else do index += 1; while (size > sizes[index]);
    return index;
  }

  /** fill -- a block from the pool, and a third of what the class may keep besides. */
  private fill(hart: Hart, slot: number, size: number, index: number): Res {
    const { pool } = this;
    this.insistLive();
    if (index === this.classes.length) return pool.alloc(hart, slot, size);
    const { arena } = pool, { blockSize } = this.classes[index], stack = this.stacks[index], own = pool.roundUp(size);
    arena.enter();
    arena.control.poll();
    const base = pool.blockAlloc(blockSize, blockSize), c = slot << 3;
    if (base < 0) hart.r.fill(0, c, c + 7);
    else {
      arena.filled += blockSize;
      deriveNew(hart.r, c, base | 0, own, pool.perms);
      for (let want = Math.floor(stack.length / 3); want > 0 && this.cache(index, blockSize); want -= 1);
    }
    arena.leave();
    return base < 0 ? -base : ResOK;
  }

  /** cache -- one more block from the pool; false if there is none. */
  private cache(index: number, size: number): boolean {
    const { pool, heap } = this, base = pool.blockAlloc(size, size);
    if (base < 0) return false;
    pool.arena.filled += size;
    heap.starts[(base + heap.delta[heap.tracts[base >>> PAGE]]) >>> 4] = PAD;
    this.stacks[index][this.counts[index]] = base;
    this.counts[index] += 1;
    return true;
  }

  /** empty -- give `count` blocks of a class back to the pool, those that were freed last first. */
  private empty(index: number, count: number): void {
    if (count === 0) return;
    const { pool } = this, { arena } = pool, { blockSize } = this.classes[index], stack = this.stacks[index];
    const left = this.counts[index] - count;
    for (let at = left; at < left + count; ++at) pool.blockCheck(stack[at] >>> 0, blockSize, blockSize);
    arena.enter();
    let res: Res = ResOK;
    while (res === ResOK && this.counts[index] > left) {
      this.counts[index] -= 1;
      res = pool.blockFree(stack[this.counts[index]] >>> 0, blockSize);
    }
    arena.leave();
    aver(res === ResOK, '<design/manual#.if.free>');
  }

  /** freeUncached -- a block of a class of which none are kept: of the class's size, if it has one. */
  private freeUncached(hart: Hart, slot: number, asked: number, index: number): void {
    const { pool } = this;
    this.insistLive();
    if (index === this.classes.length) {
      pool.free(hart, slot, asked);
      return;
    }
    const { arena } = pool, { blockSize } = this.classes[index], base = pool.blockBase(hart, slot, pool.roundUp(asked));
    pool.blockCheck(base, blockSize, blockSize);
    arena.enter();
    const res = pool.blockFree(base, blockSize);
    arena.leave();
    aver(res === ResOK, '<design/manual#.if.free>');
  }
}

/** middleOf -- the class at which the frequencies of those below come to half of all. */
function middleOf(classes: readonly SacClass[]): number {
  const all = classes.reduce((sum, { frequency }) => sum + frequency, 0);
  let sum = 0, index = 0;
  while (index < classes.length - 1 && sum + classes[index].frequency < all / 2) {
    sum += classes[index].frequency;
    index += 1;
  }
  return index;
}
