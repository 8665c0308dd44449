/* gcbench-objects.ts: GCBENCH ON PLAIN OBJECTS
 *
 * The work of gcbench on objects of one class, collected by the host <design/bench#.gcbench>.
 */
import { performance } from 'node:perf_hooks';
import { random, type Random } from '../../code/base/base.ts';
import type { Sample } from './fresh.ts';
import { HashNONE, hashOf, NodeKIND, NodeSLOTS, RemakeTENTHS, ReuseTENTHS, type GcbenchWork } from './gcbench-work.ts';

const REUSE = ReuseTENTHS, REMAKE = RemakeTENTHS;

class TreeNode {
  readonly kind: number = NodeKIND;
  readonly slots: number = NodeSLOTS;
  left: TreeNode | null = null;
  right: TreeNode | null = null;
}

class Trees {
  /** Nodes made. */
  made: number = 0;
  private readonly depth: number;
  private readonly draw: Random;

  constructor(depth: number, draw: Random) {
    this.depth = depth;
    this.draw = draw;
  }

  private node(): TreeNode {
    this.made += 1;
    return new TreeNode();
  }

  /** grow -- a full tree. */
  grow(depth: number): TreeNode | null {
    if (depth === 0) return null;
    const tree = this.node();
    tree.left = this.grow(depth - 1);
    tree.right = this.grow(depth - 1);
    return tree;
  }

  /** rebuild -- a tree that reuses some subtrees of an old one. */
  rebuild(old: TreeNode | null, depth: number): TreeNode | null {
    if (this.draw(10) < REUSE) return this.pick(old, this.depth - depth);
    if (depth === 0) return null;
    const tree = this.node();
    tree.left = this.rebuild(old, depth - 1);
    tree.right = this.rebuild(old, depth - 1);
    return tree;
  }

  /** pick -- the subtree at the end of a random way down. */
  private pick(tree: TreeNode | null, steps: number): TreeNode | null {
    let at = tree;
    for (let left = steps; at !== null && left > 0; left--) at = this.draw(2) === 0 ? at.left : at.right;
    return at;
  }

  /** update -- the same tree, with some of its nodes made anew and the others written only where a subtree has changed. */
  update(tree: TreeNode | null, depth: number): TreeNode | null {
    if (tree === null || depth === 0) return tree;
    if (this.draw(10) < REMAKE) {
      const made = this.node();
      made.left = this.update(tree.left, depth - 1);
      made.right = this.update(tree.right, depth - 1);
      return made;
    }
    const left = this.update(tree.left, depth - 1);
    if (left !== tree.left) tree.left = left;
    const right = this.update(tree.right, depth - 1);
    if (right !== tree.right) tree.right = right;
    return tree;
  }
}

function hashTree(tree: TreeNode | null): number {
  return tree === null ? HashNONE : hashOf(hashTree(tree.left), hashTree(tree.right));
}

/** gcbenchObjects -- do the work: seconds, nodes made, and the hash of the last tree. */
export function gcbenchObjects(work: GcbenchWork): Sample {
  const trees = new Trees(work.depth, random(work.seed));
  const before = performance.now();
  let tree: TreeNode | null = null;
  for (let iteration = 0; iteration < work.iterations; iteration++) {
    tree = trees.grow(work.depth);
    for (let pass = 0; pass < work.passes; pass++) tree = trees.update(trees.rebuild(tree, work.depth), work.depth);
  }
  const seconds = (performance.now() - before) / 1000;
  return { seconds, made: trees.made, hash: hashTree(tree) };
}
