/* cbs.ts: COALESCING BLOCK STRUCTURE
 *
 * A land as a balanced tree beside the memory. Nodes know what is below them, so that no search goes where it finds nothing
 * <design/land#.cbs>.
 *
 * .finger: The node of the last answer is where the next delete most often is.
 */
import type { ZoneSet } from '../arena/zone.ts';
import { ResFAIL, ResMEMORY, ResOK, type Res } from '../result.ts';
import { AbstractLand, landFits, type LandParameters } from './land.ts';
import { CbsNodes, type Charged } from './nodes.ts';
import { zonesPlace } from './zones.ts';

/** What a Cbs is made from. */
export interface CbsParameters extends LandParameters {
  /** Null: the nodes are paid for, and none can fail <design/land#.arena>. */
  readonly ledger: Charged | null;
}

/** A land whose finds are logarithmic. */
export class Cbs extends AbstractLand {
  private readonly nodes: CbsNodes;
  /** Whether nodes know zones. */
  private readonly isZoned: boolean;
  private finger: number = 0;

  constructor(parameters: CbsParameters) {
    super(parameters);
    this.isZoned = parameters.zoneShift !== undefined;
    this.nodes = new CbsNodes(parameters.ledger, parameters.zoneShift ?? null);
  }

  /** How many ranges there are. */
  get count(): number {
    return this.nodes.count;
  }

  // Changing ---------------------------------------------------------------------------------------------------------

  override insert(base: number, limit: number): Res {
    const nodes = this.nodes;
    this.checkRange(base, limit);
    const baseOf = nodes.baseOf, limitOf = nodes.limitOf, leftOf = nodes.leftOf, rightOf = nodes.rightOf;
    let before = 0, after = 0, at = 0;
    for (let node = nodes.root; node !== 0;) {
      at = node;
      if (baseOf[node] <= base) {
        before = node;
        node = rightOf[node];
      } else {
        after = node;
        node = leftOf[node];
      }
    }
    if (before !== 0 && limitOf[before] > base) return ResFAIL;
    if (after !== 0 && baseOf[after] < limit) return ResFAIL;
    const joinsBefore = before !== 0 && limitOf[before] === base && this.isJoined(base);
    const joinsAfter = after !== 0 && baseOf[after] === limit && this.isJoined(limit);
    if (!joinsBefore && !joinsAfter) return this.insertAlone(at, base, limit);
    this.size += limit - base;
    if (!joinsBefore) nodes.resize(after, base, limitOf[after]);
    else if (!joinsAfter) nodes.resize(before, baseOf[before], limit);
    else {
      const end = limitOf[after];
      nodes.remove(after);
      nodes.resize(before, baseOf[before], end);
    }
    this.answer(joinsBefore ? before : after);
    return ResOK;
  }

  private insertAlone(at: number, base: number, limit: number): Res {
    const nodes = this.nodes, node = nodes.make(base, limit);
    if (node === 0) return ResMEMORY;
    nodes.attach(node, at, at !== 0 && nodes.baseOf[at] < base);
    this.size += limit - base;
    this.answer(node);
    return ResOK;
  }

  override delete(base: number, limit: number): Res {
    const nodes = this.nodes;
    this.checkRange(base, limit);
    const node = this.nodeOf(base, limit);
    if (node === 0) return ResFAIL;
    const oldBase = nodes.baseOf[node], oldLimit = nodes.limitOf[node];
    if (base === oldBase && limit === oldLimit) nodes.remove(node);
    else if (base === oldBase) nodes.resize(node, limit, oldLimit);
    else if (limit === oldLimit) nodes.resize(node, oldBase, base);
    else {
      const above = nodes.make(limit, oldLimit);
      if (above === 0) return ResMEMORY;
      nodes.resize(node, oldBase, base);
      nodes.attachAbove(above, node);
    }
    this.size -= limit - base;
    this.base = oldBase;
    this.limit = oldLimit;
    return ResOK;
  }

  // Finding ----------------------------------------------------------------------------------------------------------

  override findFirst(size: number, alignment: number): boolean {
    const nodes = this.nodes;
    if (alignment > this.alignment) return this.answer(this.firstAligned(nodes.root, size, alignment));
    const baseOf = nodes.baseOf, limitOf = nodes.limitOf, leftOf = nodes.leftOf, largestOf = nodes.largestOf;
    let node = nodes.root;
    if (largestOf[node] < size) return false;
    for (;;) {
      const left = leftOf[node];
      if (largestOf[left] >= size) node = left;
      else if (limitOf[node] - baseOf[node] >= size) return this.answer(node);
      else node = nodes.rightOf[node];
    }
  }

  override findLast(size: number, alignment: number): boolean {
    const nodes = this.nodes;
    return this.answer(this.lastAligned(nodes.root, size, alignment));
  }

  override findLargest(size: number): boolean {
    const { baseOf, limitOf, leftOf, rightOf, largestOf, root } = this.nodes, largest = largestOf[root];
    if (root === 0 || largest < size) return false;
    for (let node = root; ;) {
      if (largestOf[leftOf[node]] === largest) node = leftOf[node];
      else if (limitOf[node] - baseOf[node] === largest) return this.answer(node);
      else node = rightOf[node];
    }
  }

  override findInZones(size: number, alignment: number, zones: ZoneSet, isHigh: boolean): number {
    const nodes = this.nodes;
    return this.placeIn(nodes.root, size, alignment, zones, isHigh);
  }

  override contains(base: number, limit: number): boolean {
    return this.answer(this.nodeOf(base, limit));
  }

  override overlaps(base: number, limit: number): boolean {
    const nodes = this.nodes;
    let node = nodes.root;
    while (node !== 0) {
      if (limit <= nodes.baseOf[node]) node = nodes.leftOf[node];
      else if (base >= nodes.limitOf[node]) node = nodes.rightOf[node];
      else return true;
    }
    return false;
  }

  override each(visit: (base: number, limit: number) => void): void {
    const nodes = this.nodes;
    this.eachIn(nodes.root, visit);
  }

  override finish(): void {
    this.nodes.finish();
    this.size = 0;
  }

  private eachIn(node: number, visit: (base: number, limit: number) => void): void {
    const nodes = this.nodes;
    if (node === 0) return;
    this.eachIn(nodes.leftOf[node], visit);
    visit(nodes.baseOf[node], nodes.limitOf[node]);
    this.eachIn(nodes.rightOf[node], visit);
  }

  private firstAligned(node: number, size: number, alignment: number): number {
    const nodes = this.nodes;
    if (node === 0 || nodes.largestOf[node] < size) return 0;
    const found = this.firstAligned(nodes.leftOf[node], size, alignment);
    if (found !== 0) return found;
    if (landFits(nodes.baseOf[node], nodes.limitOf[node], size, alignment)) return node;
    return this.firstAligned(nodes.rightOf[node], size, alignment);
  }

  private lastAligned(node: number, size: number, alignment: number): number {
    const nodes = this.nodes;
    if (node === 0 || nodes.largestOf[node] < size) return 0;
    const found = this.lastAligned(nodes.rightOf[node], size, alignment);
    if (found !== 0) return found;
    if (landFits(nodes.baseOf[node], nodes.limitOf[node], size, alignment)) return node;
    return this.lastAligned(nodes.leftOf[node], size, alignment);
  }

  private placeIn(node: number, size: number, alignment: number, zones: ZoneSet, isHigh: boolean): number {
    const nodes = this.nodes;
    if (node === 0 || nodes.largestOf[node] < size) return -1;
    if (this.isZoned && (nodes.zonesOf[node] & zones) === 0) return -1;
    const near = isHigh ? nodes.rightOf[node] : nodes.leftOf[node], far = isHigh ? nodes.leftOf[node] : nodes.rightOf[node];
    const found = this.placeIn(near, size, alignment, zones, isHigh);
    if (found >= 0) return found;
    const place = zonesPlace(nodes.baseOf[node], nodes.limitOf[node], size, alignment, zones, this.zoneShift, isHigh);
    if (place < 0) return this.placeIn(far, size, alignment, zones, isHigh);
    this.answer(node);
    return place;
  }

  /** nodeOf -- the node whose range holds all of [base, limit); 0 if there is none. */
  private nodeOf(base: number, limit: number): number {
    const nodes = this.nodes, baseOf = nodes.baseOf, limitOf = nodes.limitOf, finger = this.finger;
    if (baseOf[finger] <= base && limit <= limitOf[finger]) return finger;
    let node = nodes.root;
    while (node !== 0) {
      if (base < baseOf[node]) node = nodes.leftOf[node];
      else if (base >= limitOf[node]) node = nodes.rightOf[node];
      else return limit <= limitOf[node] ? node : 0;
    }
    return 0;
  }

  /** answer -- the range of a node is the answer; false for none. */
  private answer(node: number): boolean {
    const nodes = this.nodes;
    if (node === 0) return false;
    this.base = nodes.baseOf[node];
    this.limit = nodes.limitOf[node];
    this.finger = node;
    return true;
  }

  override check(): void {
    super.check();
    this.nodes.check();
  }
}
