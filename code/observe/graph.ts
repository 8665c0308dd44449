/* graph.ts: THE GRAPH
 *
 * The objects that can be reached from the roots, numbered in the order of a breadth-first walk, with all that a move must not
 * change: sizes, words, tags, and of each reference which object, where into it, how far, and with what rights. Two graphs
 * are isomorphic when their lists are equal <design/oracle#.graph>. No step is shared with the collector's <design/oracle#.req.simple>.
 */
import { baseDecode, baseIsNear, roomDecode, WindowHIGH, type Low } from '../machine/machine.ts';
import type { Arena, Seg } from '../mps/mps.ts';

/** What stands for a granule in a graph's list. */
const ItemWORDS = 0;
const ItemTAGGED = 1;
const ItemREFERENCE = 2;
const ItemPENDING = 3;

/** An object found: physical granules, and its segment. */
interface Node {
  readonly seg: Seg;
  readonly granule: number;
  readonly size: number;
}

/** A snapshot of the reachable heap. */
export interface Graph {
  /** How many objects there are. */
  readonly nodes: number;
  /** Their bytes. */
  readonly size: number;
  /** Everything that must stay the same, in walking order. */
  readonly list: readonly number[];
  /** The low addresses of the objects, which may change. */
  readonly bases: ReadonlySet<Low>;
}

/** graphOf -- walk the heap from the roots; the mutators must be stopped and no trace half done. Changes nothing. */
export function graphOf(arena: Arena): Graph {
  return new Walk(arena).run();
}

class Walk {
  private readonly arena: Arena;
  private readonly list: number[] = [];
  private readonly numbers = new Map<Low, number>();
  private readonly queue: Node[] = [];

  constructor(arena: Arena) {
    this.arena = arena;
  }

  run(): Graph {
    const { i32, tags } = this.arena.heap;
    for (const root of this.arena.roots) {
      root.each(i32, tags, (w, at, isTagged) => { this.granule(w, at, isTagged); });
    }
    let size = 0;
    for (let index = 0; index < this.queue.length; ++index) {
      const node = this.queue[index];
      this.list.push(node.size);
      size += node.size * 16;
      for (let g = node.granule; g < node.granule + node.size; ++g) this.granule(i32, g << 2, tags[g] !== 0);
    }
    return { nodes: this.queue.length, size, list: this.list, bases: new Set(this.numbers.keys()) };
  }

  private granule(w: Int32Array, at: number, isTagged: boolean): void {
    const low = w[at], bounds = w[at + 2], perms = w[at + 3];
    const near = isTagged && w[at + 1] === WindowHIGH && baseIsNear(bounds);
    const base = near ? baseDecode(low, bounds) : 0;
    const seg = near ? this.arena.heap.segOf(base) : null;
    if (seg === null) {
      this.list.push(isTagged ? ItemTAGGED : ItemWORDS, low, w[at + 1], bounds, perms);
    } else if (base >>> 0 >= seg.scanLimit) {
      this.list.push(ItemPENDING, low, base, perms);
    } else {
      const into = this.visit(seg, base);
      this.list.push(ItemREFERENCE, into.number, into.offset, (low - base) | 0, roomDecode(base, bounds), perms);
    }
  }

  private visit(seg: Seg, base: Low): { number: number; offset: number } {
    const { heap } = this.arena;
    const granule = heap.startBefore(seg.granuleOf(base >>> 0));
    const object = heap.lowOf(seg, granule);
    let number = this.numbers.get(object);
    if (number === undefined) {
      number = this.queue.length;
      this.numbers.set(object, number);
      this.queue.push({ seg, granule, size: heap.sizeAt(granule, seg.granuleOf(seg.scanLimit - 1) + 1) });
    }
    return { number, offset: (base - object) | 0 };
  }
}

/** graphDifference -- where two graphs differ, as text; null if they are isomorphic. */
export function graphDifference(before: Graph, after: Graph): string | null {
  if (before.nodes !== after.nodes) return `${before.nodes} objects before, ${after.nodes} after`;
  if (before.list.length !== after.list.length) return `${before.list.length} items before, ${after.list.length} after`;
  const at = before.list.findIndex((item, index) => item !== after.list[index]);
  return at < 0 ? null : `item ${at} was ${before.list[at]} and is ${after.list[at]}`;
}
