/* gcbench-capstan.ts: GCBENCH ON CAPSTAN
 *
 * The work of gcbench on vectors in an AMC pool: a header granule and two capability granules <design/bench#.gcbench>. A tree
 * stands in a slot, and grows with the help of the slots above it.
 */
import { performance } from 'node:perf_hooks';
import { random, type Random } from '../../code/base/base.ts';
import { boot, ResOK, tagged, type AllocationPoint, type BootOptions } from '../../code/mps/mps.ts';
import type { Hart } from '../../code/machine/machine.ts';
import type { Sample } from './fresh.ts';
import { HashNONE, hashOf, NodeKIND, NodeSLOTS, RemakeTENTHS, ReuseTENTHS, type GcbenchWork } from './gcbench-work.ts';

const REUSE = ReuseTENTHS, REMAKE = RemakeTENTHS;

/** Where the parts of a node are, and its size, in bytes. */
const HEADER = 0;
const LEFT = 16;
const RIGHT = 32;
const NodeSIZE = 48;

class Trees {
  /** Nodes made. */
  made: number = 0;
  private readonly hart: Hart;
  private readonly ap: AllocationPoint;
  private readonly depth: number;
  private readonly draw: Random;
  /** Slots that hold a node's header and no tree. */
  private readonly header: number;
  private readonly none: number;

  constructor(hart: Hart, ap: AllocationPoint, depth: number, draw: Random) {
    this.hart = hart;
    this.ap = ap;
    this.depth = depth;
    this.draw = draw;
    this.header = hart.local();
    this.none = hart.local();
    hart.set(this.header, NodeKIND, NodeSLOTS, 0, 0);
  }

  private node(at: number): void {
    const hart = this.hart, ap = this.ap;
    do {
      if (ap.reserve(at, NodeSIZE) !== ResOK) throw new Error('gcbench: out of memory');
      hart.storeCap(at, HEADER, this.header);
      hart.storeCap(at, LEFT, this.none);
      hart.storeCap(at, RIGHT, this.none);
    } while (!ap.commit(at));
    this.made += 1;
  }

  /** grow -- a full tree in slot `at`. */
  grow(at: number, depth: number): void {
    const hart = this.hart;
    if (depth === 0) {
      hart.clear(at);
      return;
    }
    this.node(at);
    this.grow(at + 1, depth - 1);
    hart.storeCap(at, LEFT, at + 1);
    this.grow(at + 1, depth - 1);
    hart.storeCap(at, RIGHT, at + 1);
  }

  /** rebuild -- in slot `at` a tree that reuses some subtrees of the one in slot `old`. */
  rebuild(at: number, old: number, depth: number): void {
    const hart = this.hart;
    if (this.draw(10) < REUSE) {
      this.pick(at, old, this.depth - depth);
      return;
    }
    if (depth === 0) {
      hart.clear(at);
      return;
    }
    this.node(at);
    this.rebuild(at + 1, old, depth - 1);
    hart.storeCap(at, LEFT, at + 1);
    this.rebuild(at + 1, old, depth - 1);
    hart.storeCap(at, RIGHT, at + 1);
  }

  /** pick -- the subtree at the end of a random way down. */
  private pick(at: number, tree: number, steps: number): void {
    const hart = this.hart;
    hart.move(at, tree);
    for (let left = steps; hart.isTagged(at) && left > 0; left--) hart.loadCap(at, at, this.draw(2) === 0 ? LEFT : RIGHT);
  }

  /** update -- in slot `at` the tree of slot `tree`, some of its nodes made anew, the others written only where a subtree has changed. */
  update(at: number, tree: number, depth: number): void {
    const hart = this.hart, part = at + 1, updated = at + 2;
    if (!hart.isTagged(tree) || depth === 0) {
      hart.move(at, tree);
      return;
    }
    const isMade = this.draw(10) < REMAKE;
    if (isMade) this.node(at);
    else hart.move(at, tree);
    hart.loadCap(part, tree, LEFT);
    this.update(updated, part, depth - 1);
    if (isMade || !hart.isSame(updated, part)) hart.storeCap(at, LEFT, updated);
    hart.loadCap(part, tree, RIGHT);
    this.update(updated, part, depth - 1);
    if (isMade || !hart.isSame(updated, part)) hart.storeCap(at, RIGHT, updated);
  }

  hash(tree: number): number {
    if (!this.hart.isTagged(tree)) return HashNONE;
    this.hart.loadCap(tree + 1, tree, LEFT);
    const left = this.hash(tree + 1);
    this.hart.loadCap(tree + 1, tree, RIGHT);
    return hashOf(left, this.hash(tree + 1));
  }
}

/** gcbenchCapstan -- do the work: as on plain objects, with what the collector did
 *
 * An error if that was nothing <design/bench#.inv.collected>.
 */
export function gcbenchCapstan(work: GcbenchWork, options: Pick<BootOptions, 'nursery' | 'memory' | 'platform' | 'pause'>): Sample {
  const system = boot({ memory: '384MiB', ...options });
  const pool = system.arena.pool('amc', { format: tagged });
  let seconds = 0, made = 0, hash = 0;
  system.thread('gcbench', function* (t) {
    const trees = new Trees(t, pool.allocationPoint(t), work.depth, random(work.seed));
    const tree = t.local(), next = t.enter(2 * work.depth + 4);
    const before = performance.now();
    for (let iteration = 0; iteration < work.iterations; iteration++) {
      trees.grow(next, work.depth);
      t.move(tree, next);
      for (let pass = 0; pass < work.passes; pass++) {
        trees.rebuild(next, tree, work.depth);
        t.move(tree, next);
        trees.update(next, tree, work.depth);
        t.move(tree, next);
      }
    }
    seconds = (performance.now() - before) / 1000;
    made = trees.made;
    hash = trees.hash(tree);
  });
  system.run();
  const { collections, bytesCopied } = system.arena.counts;
  if (collections === 0 || bytesCopied === 0) {
    throw new Error(`gcbench: ${collections} collections copied ${bytesCopied} bytes: nothing was collected`);
  }
  return { seconds, made, hash, collections, bytesCopied };
}
