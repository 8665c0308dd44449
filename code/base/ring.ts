/* ring.ts: RINGS
 *
 * Circular lists of nodes that their owners carry in themselves: joining and leaving need no memory and no search
 * <design/ring>.
 */
import { aver } from './check.ts';

/** A place in a ring, carried by `owner`. A node that is in no ring is a ring of itself. */
export class Ring<T> {
  readonly owner: T;
  next: Ring<T> = this;
  prev: Ring<T> = this;

  constructor(owner: T) {
    this.owner = owner;
  }

  /** True when no other node is in this ring. */
  get isSingle(): boolean {
    return this.next === this;
  }

  /** ringAppend -- put a single node last, as seen from this one. */
  append(node: Ring<T>): void {
    aver(node.isSingle, '<design/ring#.append.single>');
    node.prev = this.prev;
    node.next = this;
    this.prev.next = node;
    this.prev = node;
  }

  /** remove -- leave the ring; the node is single afterwards. */
  remove(): void {
    this.prev.next = this.next;
    this.next.prev = this.prev;
    this.next = this;
    this.prev = this;
  }
}

/** ringEach -- visit the owner of every other node, in order; the visited node may leave <design/ring#.each.leave>. */
export function ringEach<T>(head: Ring<T>, visit: (owner: T) => void): void {
  for (let node = head.next, next = node.next; node !== head; node = next, next = node.next) visit(node.owner);
}
