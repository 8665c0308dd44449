/* graph.ts: THE GRAPH
 *
 * The objects that can be reached from the roots, numbered in the order of a breadth-first walk, with all that a collector must
 * not change: sizes, words, tags, and of each reference which object, where into it, how far, and with what rights. Two graphs
 * are isomorphic when their lists are equal <design/oracle#.graph>. While a trace is under way an object that has been forwarded
 * is where it went, whatever refers to it <design/oracle#.logical>. No step is shared with the collector's <design/oracle#.req.simple>.
 */
import { baseDecode, baseIsNear, roomDecode, WindowHIGH, type Low } from '../machine/machine.ts';
import { StartFORWARDED, type Arena, type Heap, type Seg } from '../mps/mps.ts';

/** What stands for a granule in a graph's list. */
const ItemWORDS = 0;
const ItemTAGGED = 1;
const ItemREFERENCE = 2;
const ItemPENDING = 3;
const ItemEMPTY = 4;
const ItemNOWHERE = 5;

/** The bits of a bounds word, from here up, that a move leaves alone. */
const BoundsKEPT = 26;

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
  /** The low addresses of the objects, which may change; and of those that only an empty reference keeps. */
  readonly bases: ReadonlySet<Low>;
}

/** graphOf -- walk the heap from the roots; the mutators must be stopped, and no segment half scanned. Changes nothing. */
export function graphOf(arena: Arena): Graph {
  return new Walk(arena).run();
}

class Walk {
  private readonly arena: Arena;
  private readonly heap: Heap;
  private list: number[] = [];
  private readonly numbers = new Map<Low, number>();
  private readonly queue: Node[] = [];
  private readonly empties: Low[] = [];
  private size: number = 0;

  constructor(arena: Arena) {
    this.arena = arena;
    this.heap = arena.heap;
  }

  run(): Graph {
    const { i32, tags } = this.heap, { list } = this;
    for (const root of this.arena.roots) root.each(i32, tags, (w, at, isTagged) => { this.granule(w, at, isTagged); });
    this.follow(0);
    const nodes = this.queue.length, { size } = this;
    this.list = [];
    this.keep();
    return { nodes, size, list, bases: new Set(this.numbers.keys()) };
  }

  /** follow -- list what the objects from the `first` on hold, and so find others. */
  private follow(first: number): void {
    const { i32, tags } = this.heap;
    for (let index = first; index < this.queue.length; ++index) {
      const { granule, size } = this.queue[index];
      this.list.push(size);
      this.size += size * 16;
      for (let g = granule; g < granule + size; ++g) this.granule(i32, g << 2, tags[g] !== 0);
    }
  }

  /** keep -- find what the collector keeps for empty references' sake <design/oracle#.empty>. */
  private keep(): void {
    for (const base of this.empties) {
      const first = this.queue.length, seg = this.heap.segOf(base);
      if (seg === null || seg.isBuffered(base >>> 0)) continue;
      this.visit(seg, base);
      this.follow(first);
    }
  }

  private granule(w: Int32Array, at: number, isTagged: boolean): void {
    const low = w[at], bounds = w[at + 2];
    if (isTagged && w[at + 1] === WindowHIGH && baseIsNear(bounds)) {
      const base = baseDecode(low, bounds);
      if (this.heap.segOf(base) !== null || this.arena.grains.contains(base >>> 0)) {
        this.reference(base, (low - base) | 0, bounds, w[at + 3]);
        return;
      }
    }
    this.list.push(isTagged ? ItemTAGGED : ItemWORDS, low, w[at + 1], bounds, w[at + 3]);
  }

  /** reference -- list a capability whose bounds begin in the arena; its address is `at` bytes beyond its base. */
  private reference(base: Low, at: number, bounds: number, perms: number): void {
    const room = roomDecode(base, bounds), seg = this.heap.segOf(base);
    if (room === 0) {
      this.empties.push(base);
      this.list.push(ItemEMPTY, at, bounds >>> BoundsKEPT, perms);
    } else if (seg?.isBuffered(base >>> 0) === true) {
      this.list.push(ItemPENDING, base, at, room, bounds >>> BoundsKEPT, perms);
    } else {
      const into = seg === null || !seg.pool.hasObjects ? null : this.visit(seg, base);
      if (into === null) this.list.push(ItemNOWHERE, at, room, bounds >>> BoundsKEPT, perms);
      else this.list.push(ItemREFERENCE, into.number, into.offset, at, room, bounds >>> BoundsKEPT, perms);
    }
  }

  /** visit -- the object that `base` in `seg` belongs to; null if it is a pad. */
  private visit(seg: Seg, base: Low): { number: number; offset: number } | null {
    const { heap } = this, start = heap.startBefore(seg.granuleOf(base >>> 0));
    if (heap.isPad(start)) return null;
    const from = heap.lowOf(seg, start), moved = this.movedTo(seg, start), object = moved ?? from;
    let number = this.numbers.get(object);
    if (number === undefined) {
      number = this.queue.length;
      this.numbers.set(object, number);
      const home = moved === null ? seg : heap.segOf(moved) as Seg, granule = home.granuleOf(object >>> 0);
      this.queue.push({ seg: home, granule, size: heap.sizeAt(granule, home.partLimit(granule)) });
    }
    return { number, offset: (base - from) | 0 };
  }

  /** movedTo -- where the object that began at granule `g` has been forwarded to; null if it is still there. */
  private movedTo(seg: Seg, g: number): Low | null {
    if (!seg.white) return null;
    const { heap } = this, { isForwarded } = seg.pool.format;
    if (isForwarded !== undefined) return isForwarded(this.arena.view, heap.lowOf(seg, g));
    return heap.starts[g] === StartFORWARDED ? heap.i32[g << 2] : null;
  }
}

/** graphDifference -- where two graphs differ, as text; null if they are isomorphic. */
export function graphDifference(before: Graph, after: Graph): string | null {
  if (before.nodes !== after.nodes) return `${before.nodes} objects before, ${after.nodes} after`;
  if (before.list.length !== after.list.length) return `${before.list.length} items before, ${after.list.length} after`;
  const at = before.list.findIndex((item, index) => item !== after.list[index]);
  return at < 0 ? null : `item ${at} was ${before.list[at]} and is ${after.list[at]}`;
}
