/* tree.ts: RANGE TREES
 *
 * Disjoint ranges of addresses in order, each of which can be found by an address in it, and the gaps between them by their size
 * <design/tree>.
 */
import { aver } from '../../base/base.ts';

/** A half-open range of low addresses, unsigned: 0 <= base < limit <= 2^32. It does not change while it is in a tree. */
export interface Ranged {
  readonly base: number;
  readonly limit: number;
}

/** An item with what is below it: an AVL tree, and what its subtree spans. */
interface Node<T extends Ranged> {
  item: T;
  /** Its first and last address, less 2^31: integers, so that looking for an address touches nodes alone. */
  first: number;
  last: number;
  left: Node<T> | null;
  right: Node<T> | null;
  height: number;
  /** From the lowest base to the highest limit of the subtree. */
  low: number;
  high: number;
  /** Bytes of the widest gap between two items of the subtree. */
  gap: number;
}

const BIAS = 0x8000_0000;

/** A set of ranges that do not overlap, within a space. */
export class RangeTree<T extends Ranged> {
  size: number = 0;
  private readonly base: number;
  private readonly limit: number;
  private root: Node<T> | null = null;

  /** Its items, and the gaps it tells of, lie in [base, limit). */
  constructor(base: number, limit: number) {
    aver(base < limit, '<design/tree#.range.nonempty>');
    this.base = base;
    this.limit = limit;
  }

  /** insert -- add an item that overlaps none. */
  insert(item: T): void {
    aver(item.base < item.limit, '<design/tree#.range.nonempty>');
    aver(this.isFree(item.base, item.limit), '<design/tree#.inv.apart>');
    this.root = insertIn(this.root, item);
    this.size += 1;
  }

  /** delete -- take an item out. */
  delete(item: T): void {
    aver(this.at(item.base) === item, '<design/tree#.member>');
    this.root = deleteIn(this.root, item.base);
    this.size -= 1;
  }

  /** at -- the item that holds an address; null if none does. .critical */
  at(addr: number): T | null {
    const key = (addr - BIAS) | 0;
    let node = this.root;
    while (node !== null) {
      if (key < node.first) node = node.left;
      else if (key <= node.last) return node.item;
      else node = node.right;
    }
    return null;
  }

  /** atOrAbove -- the lowest item whose limit is above an address; null if there is none. */
  atOrAbove(addr: number): T | null {
    let node = this.root, found: T | null = null;
    while (node !== null) {
      if (addr < node.item.limit) {
        found = node.item;
        node = node.left;
      } else node = node.right;
    }
    return found;
  }

  /** isFree -- whether [base, limit) is within the space and meets no item. */
  isFree(base: number, limit: number): boolean {
    if (base < this.base || limit > this.limit) return false;
    const above = this.atOrAbove(base);
    return above === null || above.base >= limit;
  }

  /** firstFit -- the lowest multiple of `alignment` with `size` free bytes from it on; -1 if there is none. */
  firstFit(size: number, alignment: number): number {
    return firstIn(this.root, this.base, this.limit, size, alignment);
  }

  /** lastFit -- the highest such address. */
  lastFit(size: number, alignment: number): number {
    return lastIn(this.root, this.base, this.limit, size, alignment);
  }

  /** near -- `hint`, rounded up to `alignment`, if `size` bytes are free there; else -1. */
  near(hint: number, size: number, alignment: number): number {
    const base = alignUp(hint, alignment);
    return this.isFree(base, base + size) ? base : -1;
  }

  /** each -- visit the items in order; the tree must not change meanwhile. */
  each(visit: (item: T) => void): void {
    eachIn(this.root, visit);
  }

  /** check -- in order, apart, balanced, and spans and gaps as the items make them. */
  check(): void {
    const count = checkIn(this.root);
    aver(count === this.size, '<design/tree#.inv.size>');
    aver(this.root === null || (this.root.low >= this.base && this.root.high <= this.limit), '<design/tree#.inv.apart>');
  }
}

const alignUp = (addr: number, alignment: number): number => Math.ceil(addr / alignment) * alignment;

// Fitting ------------------------------------------------------------------------------------------------------------
// `base` and `limit` are the ends of what is free around a subtree: the nearest items outside of it, or the space's ends.

/** isWide -- whether some gap in or beside a subtree has `size` bytes, aligned or not. */
function isWide<T extends Ranged>(node: Node<T> | null, base: number, limit: number, size: number): boolean {
  if (node === null) return limit - base >= size;
  return node.gap >= size || node.low - base >= size || limit - node.high >= size;
}

function firstIn<T extends Ranged>(node: Node<T> | null, base: number, limit: number, size: number, alignment: number): number {
  if (!isWide(node, base, limit, size)) return -1;
  if (node === null) {
    const found = alignUp(base, alignment);
    return found + size <= limit ? found : -1;
  }
  const found = firstIn(node.left, base, node.item.base, size, alignment);
  return found >= 0 ? found : firstIn(node.right, node.item.limit, limit, size, alignment);
}

function lastIn<T extends Ranged>(node: Node<T> | null, base: number, limit: number, size: number, alignment: number): number {
  if (!isWide(node, base, limit, size)) return -1;
  if (node === null) {
    const found = Math.floor((limit - size) / alignment) * alignment;
    return found >= base ? found : -1;
  }
  const found = lastIn(node.right, node.item.limit, limit, size, alignment);
  return found >= 0 ? found : lastIn(node.left, base, node.item.base, size, alignment);
}

// Balance ------------------------------------------------------------------------------------------------------------

const heightOf = <T extends Ranged>(node: Node<T> | null): number => (node === null ? 0 : node.height);

/** update -- make a node say what its children make of it. */
function update<T extends Ranged>(node: Node<T>): void {
  const { item, left, right } = node;
  node.height = Math.max(heightOf(left), heightOf(right)) + 1;
  node.low = left === null ? item.base : left.low;
  node.high = right === null ? item.limit : right.high;
  node.gap = Math.max(
    left === null ? 0 : Math.max(left.gap, item.base - left.high), right === null ? 0 : Math.max(right.gap, right.low - item.limit),
  );
}

/** raiseLeft -- a node's left child becomes its parent. */
function raiseLeft<T extends Ranged>(node: Node<T>, left: Node<T>): Node<T> {
  node.left = left.right;
  left.right = node;
  update(node);
  update(left);
  return left;
}

/** raiseRight -- a node's right child becomes its parent. */
function raiseRight<T extends Ranged>(node: Node<T>, right: Node<T>): Node<T> {
  node.right = right.left;
  right.left = node;
  update(node);
  update(right);
  return right;
}

/** balance -- the root of a subtree of which one side has changed by one level at most. */
function balance<T extends Ranged>(node: Node<T>): Node<T> {
  const { left, right } = node;
  if (left !== null && left.height > heightOf(right) + 1) {
    if (left.right !== null && left.right.height > heightOf(left.left)) node.left = raiseRight(left, left.right);
    return raiseLeft(node, node.left as Node<T>);
  }
  if (right !== null && right.height > heightOf(left) + 1) {
    if (right.left !== null && right.left.height > heightOf(right.right)) node.right = raiseLeft(right, right.left);
    return raiseRight(node, node.right as Node<T>);
  }
  update(node);
  return node;
}

function nodeMake<T extends Ranged>(item: T): Node<T> {
  const { base, limit } = item;
  return { item, first: (base - BIAS) | 0, last: (limit - 1 - BIAS) | 0, left: null, right: null, height: 1, low: base, high: limit, gap: 0 };
}

function insertIn<T extends Ranged>(node: Node<T> | null, item: T): Node<T> {
  if (node === null) return nodeMake(item);
  if (item.base < node.item.base) node.left = insertIn(node.left, item);
  else node.right = insertIn(node.right, item);
  return balance(node);
}

/** deleteIn -- the subtree without the item that begins at `base`, which is there. */
function deleteIn<T extends Ranged>(node: Node<T> | null, base: number): Node<T> | null {
  if (node === null) return null;
  if (base < node.item.base) node.left = deleteIn(node.left, base);
  else if (base > node.item.base) node.right = deleteIn(node.right, base);
  else if (node.left === null) return node.right;
  else if (node.right === null) return node.left;
  else {
    const next = lowest(node.right);
    node.item = next.item;
    node.first = next.first;
    node.last = next.last;
    node.right = deleteIn(node.right, next.item.base);
  }
  return balance(node);
}

function lowest<T extends Ranged>(node: Node<T>): Node<T> {
  let at = node;
  while (at.left !== null) at = at.left;
  return at;
}

function eachIn<T extends Ranged>(node: Node<T> | null, visit: (item: T) => void): void {
  if (node === null) return;
  eachIn(node.left, visit);
  visit(node.item);
  eachIn(node.right, visit);
}

/** checkIn -- how many items a subtree has. */
function checkIn<T extends Ranged>(node: Node<T> | null): number {
  if (node === null) return 0;
  const { item, left, right, height, low, high, gap } = node;
  aver((left === null || left.high <= item.base) && (right === null || item.limit <= right.low), '<design/tree#.inv.apart>');
  aver(Math.abs(heightOf(left) - heightOf(right)) <= 1, '<design/tree#.inv.balanced>');
  const count = checkIn(left) + checkIn(right) + 1;
  update(node);
  aver(height === node.height && low === node.low && high === node.high && gap === node.gap, '<design/tree#.inv.span>');
  return count;
}
