/* gcbench-work.ts: WHAT GCBENCH DOES
 *
 * The size of the work and how its result is told, in common to all its versions, so that they grow the same trees
 * <design/bench#.gcbench>.
 */

/** How much is done. */
export interface GcbenchWork {
  /** Trees are grown anew so often. */
  readonly iterations: number;
  /** Each is rebuilt and updated so often. */
  readonly passes: number;
  readonly depth: number;
  readonly seed: number;
}

/** What the bench times. */
export const GcbenchFULL: GcbenchWork = { iterations: 5, passes: 10, depth: 20, seed: 1 };

/** In how many of ten a rebuilt subtree is one of the old tree, and an updated node is made anew. */
export const ReuseTENTHS = 2;
export const RemakeTENTHS = 1;

/** What stands in a node's header. */
export const NodeKIND = 1;
export const NodeSLOTS = 2;

/** hashOf -- a subtree's hash, from those of its two subtrees; that of no tree is HashNONE. */
export const hashOf = (left: number, right: number): number => (Math.imul(left, 31) + Math.imul(right, 17) + 7) | 0;
export const HashNONE = 1;
