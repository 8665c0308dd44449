/* graph.ts: THE GRAPH
 *
 * The objects that can be reached, numbered in the order of a breadth-first walk, with all that a collector must not change: sizes, words, tags,
 * and of each reference which object, where into it, how far, and with what rights. First comes what is reached from the roots, then what guardians
 * hold, then what only weak references lead to <design/oracle#.graph>. While a trace is under way an object that has been forwarded
 * is where it went, whatever refers to it <design/oracle#.logical>. No step is shared with the collector's <design/oracle#.req.simple>.
 */
import { baseDecode, baseIsNear, roomDecode, WindowHIGH, type Low } from '../machine/machine.ts';
import { RankNONE, RankWEAK, StartFORWARDED, type Arena, type AwlPool, type Heap, type Seg } from '../mps/mps.ts';

/** What stands for a granule in a graph's list, and how many numbers it takes; after REFERENCE, the number of the object. */
export const ItemWORDS = 0;
const ItemTAGGED = 1;
export const ItemREFERENCE = 2;
const ItemPENDING = 3;
export const ItemEMPTY = 4;
export const ItemNOWHERE = 5;
export const itemLengths: readonly number[] = [5, 5, 7, 6, 4, 5];

/** The bits of a bounds word, from here up, that a move leaves alone. */
const BoundsKEPT = 26;

/** An object found: physical granules, and its segment. */
interface Node {
  readonly seg: Seg;
  readonly granule: number;
  readonly size: number;
}

/** What a guardian holds. */
export interface Guarded {
  /** Whether its message has been posted, which holds the object as a root does. */
  readonly isPosted: boolean;
  /** Where in the list its reference is. */
  readonly at: number;
}

/** A snapshot of the reachable heap. */
export interface Graph {
  /** How many objects must survive, and how many of these without what guardians hold; those with higher numbers are reached by weak references alone. */
  readonly nodes: number;
  readonly strong: number;
  /** Bytes of those that must survive. */
  readonly size: number;
  /** Everything that must stay the same, in walking order; how many items of roots it begins with; where each object begins: with its size. */
  readonly list: readonly number[];
  readonly roots: number;
  readonly starts: readonly number[];
  /** The low addresses of the objects that must survive, which may change; and of those that only an empty reference keeps. */
  readonly bases: ReadonlySet<Low>;
  /** The objects that refer weakly, and whether their format scans them; those that a format may write to when it scans another one, by number. */
  readonly weak: ReadonlyMap<number, boolean>;
  readonly dependents: ReadonlyMap<number, number>;
  readonly guarded: ReadonlyMap<number, Guarded>;
  /** Whether nobody is told of what would be finalized. */
  readonly isUntold: boolean;
  /** In a transform: where what replaces is listed; which of these replaces an object; and whether it does. */
  readonly news: readonly number[];
  readonly olds: ReadonlyMap<number, number>;
  readonly isReplacing: boolean;
}

/** graphOf -- walk the heap from the roots; the mutators must be stopped, and no segment half scanned. Changes nothing. */
export function graphOf(arena: Arena): Graph {
  return new Walk(arena).run();
}

class Walk {
  private readonly arena: Arena;
  private readonly heap: Heap;
  private list: number[] = [];
  private readonly starts: number[] = [];
  private readonly numbers = new Map<Low, number>();
  private readonly queue: Node[] = [];
  private readonly empties: Low[] = [];
  private readonly weaks: number[] = [];
  private readonly dependents = new Map<number, number>();
  private readonly guarded = new Map<number, Guarded>();

  constructor(arena: Arena) {
    this.arena = arena;
    this.heap = arena.heap;
  }

  run(): Graph {
    const { list, queue, starts, dependents, guarded, arena: { messages, trace: { transform } } } = this;
    const roots = this.roots(), news = this.news();
    this.guardians(true);
    this.follow(0);
    const strong = queue.length;
    this.guardians(false);
    this.follow(strong);
    const nodes = queue.length, bases = this.bases(nodes), size = queue.reduce((sum, node) => sum + node.size * 16, 0);
    this.list = list;
    this.weakly();
    const weak = new Map(this.weaks.map((index) => [index, queue[index].seg.pool.format.scan !== undefined]));
    return {
      nodes, strong, size, list, roots, starts, bases, weak, dependents, guarded, news, olds: this.olds(),
      isUntold: !messages.isEnabled('finalization'), isReplacing: transform?.isAborted === false,
    };
  }

  // Where it begins --------------------------------------------------------------------------------------------------

  /** roots -- list what roots hold, and the objects that the client frees and the collector scans; how many items that is. */
  private roots(): number {
    const { i32, tags, segs } = this.heap;
    let items = 0;
    for (const root of this.arena.roots) {
      root.each(i32, tags, (w, at, isTagged) => {
        this.granule(w, at, isTagged);
        items += 1;
      });
    }
    for (const seg of segs) {
      if (seg === null || seg.pool.isAutomatic || seg.rank === RankNONE) continue;
      seg.pool.eachPart(seg, (from, limit) => { seg.pool.eachObject(from, limit, (g) => {
        if (this.heap.isPad(g)) return;
        this.list.push(ItemREFERENCE, this.visit(seg, this.heap.lowOf(seg, g))?.number ?? 0, 0, 0, 0, 0, 0);
        items += 1;
      }); });
    }
    return items;
  }

  /** news -- list what replaces objects in a transform; where in the list. */
  private news(): number[] {
    return [...this.arena.trace.transform?.pairs.values() ?? []].map(({ words }) => {
      this.granule(words, 0, true);
      return this.list.length - itemLengths[words[1] === WindowHIGH ? ItemREFERENCE : ItemTAGGED];
    });
  }

  /** olds -- the objects that are to be replaced, as far as they have been found. */
  private olds(): Map<number, number> {
    const olds = new Map<number, number>();
    for (const [index, base] of [...this.arena.trace.transform?.pairs.keys() ?? []].entries()) {
      const number = this.numberAt(base);
      if (number !== undefined) olds.set(number, index);
    }
    return olds;
  }

  /** guardians -- list the references of messages, or those of registrations. */
  private guardians(posted: boolean): void {
    this.arena.guardians.references((n, isPosted, words, at) => {
      if (isPosted !== posted) return;
      this.guarded.set(n, { isPosted, at: this.list.length });
      this.granule(words, at, words[at + 1] === WindowHIGH);
    });
  }

  // Where it leads ---------------------------------------------------------------------------------------------------

  /** follow -- list what the objects from the `first` on hold, and so find others; weak references are for later. */
  private follow(first: number): void {
    for (let index = first; index < this.queue.length; ++index) {
      if (this.queue[index].seg.rank === RankWEAK) this.weaks.push(index);
      else this.write(index);
    }
  }

  private write(index: number): void {
    const { i32, tags } = this.heap, { granule, size } = this.queue[index];
    this.starts[index] = this.list.length;
    this.list.push(size);
    for (let g = granule; g < granule + size; ++g) this.granule(i32, g << 2, tags[g] !== 0);
  }

  /** weakly -- list what weak objects hold, and so find what nothing else leads to. */
  private weakly(): void {
    const { weaks, queue, heap } = this;
    for (let k = 0; k < weaks.length; ++k) {
      const first = queue.length, { seg, granule } = queue[weaks[k]], { findDependent = null } = seg.pool as Partial<AwlPool>;
      this.write(weaks[k]);
      this.follow(first);
      const other = findDependent?.(this.arena.view, (heap.lowOf(seg, granule) + (seg.pool.format.headerSize ?? 0)) | 0) ?? null;
      const number = other === null ? undefined : this.numberAt(other);
      if (number !== undefined) this.dependents.set(number, weaks[k]);
    }
  }

  /** bases -- what must survive: what has been found, and what the collector keeps for empty references' sake <design/oracle#.empty>. The
   * walk is afterwards as it was, but for its list. */
  private bases(nodes: number): Set<Low> {
    const { numbers, queue, empties, weaks, starts, heap } = this, weakCount = weaks.length, emptyCount = empties.length;
    this.list = [];
    for (const base of empties) {
      const first = queue.length, seg = heap.segOf(base);
      if (seg === null || !seg.pool.hasObjects || seg.isBuffered(base >>> 0)) continue;
      this.visit(seg, base);
      this.follow(first);
    }
    const bases = new Set(numbers.keys());
    for (const [base, number] of numbers) if (number >= nodes) numbers.delete(base);
    queue.length = nodes;
    weaks.length = weakCount;
    empties.length = emptyCount;
    starts.length = Math.min(starts.length, nodes);
    return bases;
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
    } else if (seg !== null && (!seg.pool.hasObjects || seg.isBuffered(base >>> 0))) {
      this.list.push(ItemPENDING, base, at, room, bounds >>> BoundsKEPT, perms);
    } else {
      const into = seg === null ? null : this.visit(seg, base);
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

  /** numberAt -- the number of the object at an address, if it has been found. */
  private numberAt(addr: Low): number | undefined {
    const { heap } = this, seg = heap.segOf(addr);
    if (seg === null || !seg.pool.hasObjects || seg.isBuffered(addr >>> 0)) return undefined;
    const start = heap.startBefore(seg.granuleOf(addr >>> 0));
    return this.numbers.get(this.movedTo(seg, start) ?? heap.lowOf(seg, start));
  }

  /** movedTo -- where the object that began at granule `g` has been forwarded to; null if it is still there. */
  private movedTo(seg: Seg, g: number): Low | null {
    if (!seg.white) return null;
    const { heap } = this, { isForwarded, headerSize = 0 } = seg.pool.format;
    if (isForwarded !== undefined) {
      const to = isForwarded(this.arena.view, (heap.lowOf(seg, g) + headerSize) | 0);
      return to === null ? null : (to - headerSize) | 0;
    }
    return heap.starts[g] === StartFORWARDED ? heap.i32[g << 2] : null;
  }
}
