/* nodes.ts: THE NODES OF A CBS
 *
 * A balanced tree (AVL) of ranges, each node with what is largest below it and, if zones are asked for, with the zones below it
 * <design/land#.cbs>.
 *
 * .arrays: Nodes are indices into arrays, 0 is none: nothing is allocated but when there are more nodes than ever before.
 */
import { aver } from '../../base/base.ts';
import { ZoneSetEMPTY, zoneSetOfRange } from '../arena/zone.ts';

/** What the ledger is charged for a node, in bytes. */
export const CbsNODE = 64;

/** Who is charged for nodes; the arena's ledger is one. */
export interface Charged {
  charge(size: number): boolean;
  credit(size: number): void;
}

const CapacityFIRST = 16;

/** A tree of ranges. The arrays may be read; whoever has made a node reads them anew. */
export class CbsNodes {
  private readonly ledger: Charged | null;
  /** How wide a stripe of a zone is; null: nodes know no zones. */
  private readonly zoneShift: number | null;
  private capacity: number = CapacityFIRST;
  baseOf: Float64Array = new Float64Array(CapacityFIRST);
  limitOf: Float64Array = new Float64Array(CapacityFIRST);
  /** The size of the largest range in a subtree. */
  largestOf: Float64Array = new Float64Array(CapacityFIRST);
  /** Zones of a node's range, and of all ranges in its subtree. */
  private ownOf: Int32Array = new Int32Array(CapacityFIRST);
  zonesOf: Int32Array = new Int32Array(CapacityFIRST);
  leftOf: Int32Array = new Int32Array(CapacityFIRST);
  rightOf: Int32Array = new Int32Array(CapacityFIRST);
  private parentOf: Int32Array = new Int32Array(CapacityFIRST);
  private heightOf: Uint8Array = new Uint8Array(CapacityFIRST);
  root: number = 0;
  /** Nodes that have been used, by their left links, and the first that never was. */
  private unused: number = 0;
  private fresh: number = 1;
  /** How many are in use. */
  count: number = 0;

  constructor(ledger: Charged | null, zoneShift: number | null) {
    this.ledger = ledger;
    this.zoneShift = zoneShift;
  }

  /** make -- a node for a range, in no tree; 0 if there is no memory for it. */
  make(base: number, limit: number): number {
    if (this.ledger !== null && !this.ledger.charge(CbsNODE)) return 0;
    let node = this.unused;
    if (node !== 0) this.unused = this.leftOf[node];
    else {
      node = this.fresh;
      this.fresh += 1;
      if (node === this.capacity) this.grow();
    }
    this.baseOf[node] = base;
    this.limitOf[node] = limit;
    this.leftOf[node] = 0;
    this.rightOf[node] = 0;
    // Not yet what a leaf has: so `repair` goes on to its parent.
    this.heightOf[node] = 0;
    if (this.zoneShift !== null) this.ownOf[node] = zoneSetOfRange(base | 0, limit | 0, this.zoneShift);
    this.count += 1;
    return node;
  }

  private grow(): void {
    const capacity = this.capacity * 2;
    this.baseOf = widened(this.baseOf, new Float64Array(capacity));
    this.limitOf = widened(this.limitOf, new Float64Array(capacity));
    this.largestOf = widened(this.largestOf, new Float64Array(capacity));
    this.ownOf = widened(this.ownOf, new Int32Array(capacity));
    this.zonesOf = widened(this.zonesOf, new Int32Array(capacity));
    this.leftOf = widened(this.leftOf, new Int32Array(capacity));
    this.rightOf = widened(this.rightOf, new Int32Array(capacity));
    this.parentOf = widened(this.parentOf, new Int32Array(capacity));
    this.heightOf = widened(this.heightOf, new Uint8Array(capacity));
    this.capacity = capacity;
  }

  private free(node: number): void {
    // An empty range: no finger holds anything.
    this.baseOf[node] = 0;
    this.limitOf[node] = 0;
    this.leftOf[node] = this.unused;
    this.unused = node;
    this.count -= 1;
    this.ledger?.credit(CbsNODE);
  }

  /** resize -- another range for a node, between its neighbours. */
  resize(node: number, base: number, limit: number): void {
    this.baseOf[node] = base;
    this.limitOf[node] = limit;
    if (this.zoneShift !== null) this.ownOf[node] = zoneSetOfRange(base | 0, limit | 0, this.zoneShift);
    this.repair(node);
  }

  /** attach -- hang a node below another, which has no child there; 0: it is the root. */
  attach(node: number, parent: number, isRight: boolean): void {
    this.parentOf[node] = parent;
    if (parent === 0) this.root = node;
    else if (isRight) this.rightOf[parent] = node;
    else this.leftOf[parent] = node;
    this.repair(node);
  }

  /** attachAbove -- hang a node where it comes next after another. */
  attachAbove(node: number, below: number): void {
    let at = this.rightOf[below];
    if (at === 0) {
      this.attach(node, below, true);
      return;
    }
    while (this.leftOf[at] !== 0) at = this.leftOf[at];
    this.attach(node, at, false);
  }

  /** remove -- take a node's range out of the tree. The node of another range may have it afterwards, but of no lower one. */
  remove(node: number): void {
    let gone = node;
    if (this.leftOf[node] !== 0 && this.rightOf[node] !== 0) {
      gone = this.rightOf[node];
      while (this.leftOf[gone] !== 0) gone = this.leftOf[gone];
      this.baseOf[node] = this.baseOf[gone];
      this.limitOf[node] = this.limitOf[gone];
      this.ownOf[node] = this.ownOf[gone];
    }
    const child = this.leftOf[gone] + this.rightOf[gone], parent = this.parentOf[gone];
    this.replace(gone, child, parent);
    this.free(gone);
    this.repair(parent);
    if (gone !== node) this.repair(node);
  }

  /** replace -- have `child` where `node` is below `parent`. */
  private replace(node: number, child: number, parent: number): void {
    if (child !== 0) this.parentOf[child] = parent;
    if (parent === 0) this.root = child;
    else if (this.leftOf[parent] === node) this.leftOf[parent] = child;
    else this.rightOf[parent] = child;
  }

  /** repair -- bring what nodes say of their subtrees in line, and the tree into balance, from a node up, until nothing changes. */
  private repair(from: number): void {
    const heightOf = this.heightOf, leftOf = this.leftOf, rightOf = this.rightOf, parentOf = this.parentOf;
    for (let node = from; node !== 0; node = parentOf[node]) {
      const lean = heightOf[leftOf[node]] - heightOf[rightOf[node]];
      if (lean > 1) {
        const left = leftOf[node];
        if (heightOf[rightOf[left]] > heightOf[leftOf[left]]) this.rotate(left, rightOf[left]);
        node = this.rotate(node, leftOf[node]);
      } else if (lean < -1) {
        const right = rightOf[node];
        if (heightOf[leftOf[right]] > heightOf[rightOf[right]]) this.rotate(right, leftOf[right]);
        node = this.rotate(node, rightOf[node]);
      } else if (!this.update(node)) return;
    }
  }

  /** rotate -- have a child of a node change places with it; returns the child. */
  private rotate(node: number, child: number): number {
    const leftOf = this.leftOf, rightOf = this.rightOf;
    this.replace(node, child, this.parentOf[node]);
    let middle: number;
    if (leftOf[node] === child) {
      middle = rightOf[child];
      leftOf[node] = middle;
      rightOf[child] = node;
    } else {
      middle = leftOf[child];
      rightOf[node] = middle;
      leftOf[child] = node;
    }
    if (middle !== 0) this.parentOf[middle] = node;
    this.parentOf[node] = child;
    this.update(node);
    this.update(child);
    return child;
  }

  /** update -- have a node say of its subtree what its children say of theirs; whether that has changed. */
  private update(node: number): boolean {
    const left = this.leftOf[node], right = this.rightOf[node], largestOf = this.largestOf, heightOf = this.heightOf;
    let largest = this.limitOf[node] - this.baseOf[node];
    if (largestOf[left] > largest) largest = largestOf[left];
    if (largestOf[right] > largest) largest = largestOf[right];
    const height = (heightOf[left] > heightOf[right] ? heightOf[left] : heightOf[right]) + 1;
    let changed = largest !== largestOf[node] || height !== heightOf[node];
    largestOf[node] = largest;
    heightOf[node] = height;
    if (this.zoneShift !== null) {
      const zones = this.ownOf[node] | this.zonesOf[left] | this.zonesOf[right];
      changed = changed || zones !== this.zonesOf[node];
      this.zonesOf[node] = zones;
    }
    return changed;
  }

  /** finish -- there are no nodes any more. */
  finish(): void {
    this.ledger?.credit(this.count * CbsNODE);
    this.root = 0;
    this.count = 0;
  }

  check(): void {
    aver(this.parentOf[this.root] === 0 && this.checkIn(this.root) === this.count, '<design/land#.inv.tree>');
  }

  /** checkIn -- how many nodes a subtree has. */
  private checkIn(node: number): number {
    if (node === 0) return 0;
    const left = this.leftOf[node], right = this.rightOf[node];
    aver((left === 0 || this.parentOf[left] === node) && (right === 0 || this.parentOf[right] === node), '<design/land#.inv.tree>');
    aver(Math.abs(this.heightOf[left] - this.heightOf[right]) <= 1, '<design/land#.inv.tree>');
    const count = this.checkIn(left) + this.checkIn(right) + 1;
    const own = this.zoneShift === null ? ZoneSetEMPTY : zoneSetOfRange(this.baseOf[node] | 0, this.limitOf[node] | 0, this.zoneShift);
    aver(own === this.ownOf[node] && !this.update(node), '<design/land#.inv.summary>');
    return count;
  }
}

/** widened -- a longer array that begins with what is in another. */
function widened<A extends Float64Array | Int32Array | Uint8Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
