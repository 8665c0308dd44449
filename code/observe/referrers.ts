/* referrers.ts: WHO REFERS TO AN OBJECT
 *
 * Why is this object still there? The objects and roots that refer to it, each with pool and offset, and a shortest path to it from a root. Looks
 * at every reference; changes nothing <design/oracle#.referrers>.
 */
import { baseDecode, baseIsNear, roomDecode, WindowHIGH, type Low } from '../machine/machine.ts';
import type { Arena, Seg } from '../mps/mps.ts';

/** A reference to the object, in another one. */
export interface ObjectReferrer {
  readonly kind: 'object';
  /** Low address, unsigned, and bytes. */
  readonly base: number;
  readonly size: number;
  /** The class and the number of its pool. */
  readonly pool: string;
  readonly serial: number;
  /** Where in it the reference is, in bytes. */
  readonly offset: number;
}

/** A reference to the object, in a root. */
export interface RootReferrer {
  readonly kind: 'root';
  readonly name: string;
  /** The slot of a thread, or the place among the granules that the root shows. */
  readonly index: number;
}

export type Referrer = ObjectReferrer | RootReferrer;

/** How far to look. */
export interface ReferrersOptions {
  /** The most referrers to list; default 100. */
  readonly most?: number;
  /** The most references on the path, the root's included; default 1000. */
  readonly depth?: number;
  /** The most objects to go through in search of it; default: all. */
  readonly objects?: number;
}

/** What has been found. */
export interface Referrers {
  readonly referrers: readonly Referrer[];
  /** How many there are, listed or not. */
  readonly count: number;
  /** From a root to the object's last referrer: following each reference leads to the next. Null if there is none, or none within what was asked. */
  readonly path: readonly Referrer[] | null;
}

/** whoRefers -- who refers to the object that has the byte at low address `addr`; null if none has. Finishes a collection that is under
 * way; the arena is not to be used meanwhile. */
export function whoRefers(arena: Arena, addr: Low, { most = 100, depth = 1000, objects = Infinity }: ReferrersOptions = {}): Referrers | null {
  arena.finishTrace();
  const found = arena.addr.object(addr);
  if (found === null) return null;
  const search = new Search(arena, found.base, depth, objects);
  const all = search.referrers();
  return { referrers: all.slice(0, most), count: all.length, path: search.path() };
}

/** What has been reached, and by which reference: null for a root's own. */
interface Step {
  readonly base: number;
  readonly by: Referrer;
  readonly from: Step | null;
  readonly depth: number;
}

class Search {
  private readonly arena: Arena;
  private readonly target: number;
  private readonly depth: number;
  private readonly most: number;
  private readonly reached = new Set<number>();
  private readonly queue: Step[] = [];

  constructor(arena: Arena, target: number, depth: number, most: number) {
    this.arena = arena;
    this.target = target;
    this.depth = depth;
    this.most = most;
  }

  /** referrers -- everybody, roots first, then objects in the order of segments. */
  referrers(): Referrer[] {
    const found: Referrer[] = [];
    this.roots((base, by) => { if (base === this.target) found.push(by); });
    this.arena.walk((base, size, seg) => {
      this.references(base, size, seg, (to, by) => { if (to === this.target) found.push(by); });
    });
    return found;
  }

  /** path -- the shortest one, breadth first. */
  path(): Referrer[] | null {
    const { arena, queue } = this;
    this.roots((base, by) => { this.reach({ base, by, from: null, depth: 1 }); });
    for (let at = 0; at < queue.length && at < this.most; ++at) {
      const step = queue[at];
      if (step.base === this.target) return pathTo(step);
      if (step.depth >= this.depth) continue;
      const seg = arena.heap.segOf(step.base | 0), object = arena.addr.object(step.base | 0);
      if (seg === null || object === null) continue;
      this.references(object.base | 0, object.size, seg, (base, by) => { this.reach({ base, by, from: step, depth: step.depth + 1 }); });
    }
    return null;
  }

  private reach(step: Step): void {
    if (this.reached.has(step.base)) return;
    this.reached.add(step.base);
    this.queue.push(step);
  }

  /** roots -- the objects that roots refer to, by their bases. */
  private roots(visit: (base: number, by: RootReferrer) => void): void {
    const { i32, tags } = this.arena.heap;
    for (const root of this.arena.roots) {
      let index = -1;
      root.each(i32, tags, (w, at, isTagged) => {
        index += 1;
        const by: RootReferrer = { kind: 'root', name: root.name, index };
        for (const addr of root.meant(w, at, isTagged)) this.object(addr, (base) => { visit(base, by); });
      });
    }
  }

  /** references -- the objects that an object refers to. */
  private references(base: Low, size: number, seg: Seg, visit: (to: number, by: ObjectReferrer) => void): void {
    const { i32, tags } = this.arena.heap, first = seg.granuleOf(base >>> 0);
    for (let g = first; g < first + size / 16; ++g) {
      if (tags[g] === 0) continue;
      const addr = baseOf(i32, g << 2);
      if (addr === null) continue;
      const { kind: pool, serial } = seg.pool, by: ObjectReferrer = { kind: 'object', base: base >>> 0, size, pool, serial, offset: (g - first) * 16 };
      this.object(addr, (to) => { visit(to, by); });
    }
  }

  private object(addr: Low, visit: (base: number) => void): void {
    const found = this.arena.addr.object(addr);
    if (found !== null) visit(found.base);
  }
}

/** pathTo -- the references that lead to what was reached, from the root on. */
function pathTo(last: Step): Referrer[] {
  const path: Referrer[] = [];
  for (let step: Step | null = last; step !== null; step = step.from) path.unshift(step.by);
  return path;
}

/** baseOf -- where the bounds of a capability begin; null if that is outside of the window, or if it is to nothing. */
function baseOf(w: Int32Array, at: number): Low | null {
  if (w[at + 1] !== WindowHIGH || !baseIsNear(w[at + 2])) return null;
  const base = baseDecode(w[at], w[at + 2]);
  return roomDecode(base, w[at + 2]) === 0 ? null : base;
}
