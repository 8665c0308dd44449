/* transform.ts: TRANSFORMS
 *
 * Replaces, all over the heap, the references to some objects by references to others, in one trace whose fix does it: all of them, or none
 * <design/transform>.
 */
import { aver } from '../../base/base.ts';
import {
  baseDecode, baseIsNear, boundsEncode, PermMASK, roomDecode, WindowHIGH, type Hart, type Low,
} from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import type { Seg } from '../heap/seg.ts';
import { ResCOMMITLIMIT, ResMEMORY, ResOK, ResPARAM, type Res } from '../result.ts';
import { fixWords, SPLAT, SUBSTITUTED, type Fix } from '../trace/scan.ts';

/** What the ledger is charged for a pair. */
const PairRECORD = 64;

/** The bits of bounds words that bounds are in, and those above, where a part of the object type is. */
const BoundsMASK = 0x7ff_ffff;

/** An object that is to be replaced, and what replaces it. */
interface Pair {
  /** Bytes. */
  readonly size: number;
  /** The capability to what replaces it, as words of memory. */
  readonly words: Int32Array;
}

/** A transform; it can be applied once. */
export class Transform {
  private readonly arena: Arena;
  /** By low address of the old object. */
  readonly pairs: Map<Low, Pair> = new Map<Low, Pair>();
  /** How many traces there had been when it was made. */
  private readonly epoch: number;
  /** What the ledger has been charged. */
  private charged: number;
  private state: 'open' | 'applied' | 'destroyed' = 'open';
  /** An ambiguous reference to an old object has been found: nothing is replaced. */
  isAborted: boolean = false;
  /** Whether it has been applied, and references were replaced. */
  isApplied: boolean = false;
  /** The pair that fix has just found, and how far into the old object the reference's base is. */
  private pair: Pair | null = null;
  private into: number = 0;

  /** transformMake is the way to make one. */
  constructor(arena: Arena, charged: number) {
    this.arena = arena;
    this.charged = charged;
    this.epoch = arena.trace.count;
  }

  /** addOldNew -- references to the object in slot `olds + i` are to become references to what is in slot `news + i`, for `count` pairs; a pair that is
   * untagged on either side, or the same on both, is left out. Or why there is no memory for them: then none has been added
   * <design/transform#.if.old>. */
  addOldNew(hart: Hart, olds: number, news: number, count: number): Res {
    aver(this.state === 'open', '<design/transform#.if.once>');
    aver(Number.isSafeInteger(count) && count >= 0, '<design/transform#.if.count>');
    const { arena } = this, { ledger, grains } = arena, size = count * PairRECORD;
    if (!ledger.charge(size)) return grains.available < size ? ResCOMMITLIMIT : ResMEMORY;
    this.charged += size;
    for (let i = 0; i < count; ++i) this.add(hart, olds + i, news + i);
    return ResOK;
  }

  private add(hart: Hart, old: number, by: number): void {
    if (!hart.isTagged(old) || !hart.isTagged(by)) return;
    const { r } = hart, words = r.slice(by << 3, (by << 3) + 4), from = baseOf(r, old << 3), to = baseOf(words, 0);
    if (from === to) return;
    const found = this.arena.addr.object(from), pool = this.arena.addr.pool(from);
    aver(found !== null && pool?.isAutomatic === true, '<design/transform#.if.old>');
    aver(!this.pairs.has(found.base | 0), '<design/transform#.if.twice>');
    this.pairs.set(found.base | 0, { size: found.size, words });
  }

  /** apply -- replace all references; `isApplied` says whether they have been. PARAM if there has been a collection since it was made. The arena
   * is parked afterwards <design/transform#.apply>. */
  apply(): Res {
    const { arena } = this, { trace } = arena;
    aver(this.state === 'open', '<design/transform#.if.once>');
    arena.park();
    if (trace.count !== this.epoch) return ResPARAM;
    this.state = 'applied';
    if (this.pairs.size > 0) this.trace();
    this.isApplied = !this.isAborted;
    return ResOK;
  }

  /** trace -- collect everything, and replace references on the way. */
  private trace(): void {
    const { arena } = this, { trace } = arena;
    trace.transform = this;
    trace.ss.substitute = (w, at) => this.substitute(w, at);
    arena.collect();
    arena.park();
    trace.transform = null;
    trace.ss.substitute = null;
  }

  /** destroy -- it is not needed any more. */
  destroy(): void {
    aver(this.state !== 'destroyed', '<design/transform#.if.once>');
    this.state = 'destroyed';
    this.pairs.clear();
    this.arena.ledger.credit(this.charged);
  }

  // In the trace -----------------------------------------------------------------------------------------------------

  /** pinned -- an ambiguous word has pinned the object at an address. */
  pinned(seg: Seg, addr: Low): void {
    if (this.pairs.has(this.objectAt(seg, addr))) this.isAborted = true;
  }

  private objectAt(seg: Seg, addr: Low): Low {
    const { heap } = this.arena;
    return heap.lowOf(seg, heap.startBefore(seg.granuleOf(addr >>> 0)));
  }

  /** fixOver -- a fix that replaces references to old objects, and does with all others what `fix` does. */
  fixOver(fix: Fix): Fix {
    const over: Fix = (ss, s, base) => {
      const seg = ss.heap.segs[s] as Seg, addr = base >>> 0, isBlack = addr >= seg.whiteLimit && addr < seg.blackLimit;
      // A block that is being made is nobody's old object, and may have no start.
      const object = isBlack ? base : this.objectAt(seg, base), pair = isBlack ? undefined : this.pairs.get(object);
      if (pair === undefined || this.isAborted) return fix(ss, s, base);
      const { words } = pair;
      // What replaces an object is not replaced in its turn <design/transform#.chain>.
      ss.fix = fix;
      const isThere = words[1] !== 0 && fixWords(ss, words, 0);
      if (ss.fix === fix) ss.fix = over;
      if (ss.res !== ResOK) return base;
      this.pair = pair;
      this.into = (base - object) | 0;
      return isThere ? SUBSTITUTED : SPLAT;
    };
    return over;
  }

  /** substitute -- make the reference in words w[at..at+3], to an old object, one to what replaces it; false if that has no representation
   * <design/transform#.substitute>. */
  private substitute(w: Int32Array, at: number): boolean {
    const { pair, into, arena: { trace: { ss } } } = this, { words, size } = pair as Pair;
    const base = baseDecode(w[at], w[at + 2]), length = roomDecode(base, w[at + 2]), offset = (w[at] - base) | 0;
    const to = baseOf(words, 0), room = baseIsNear(words[2]) ? roomDecode(to, words[2]) : 0;
    const isWhole = into === 0 && length === size;
    const start = (to + (isWhole ? 0 : Math.min(into, room))) | 0, left = room - ((start - to) | 0);
    const long = isWhole ? room : Math.min(length, left), low = (start + offset) | 0, bounds = boundsEncode(start, long) & BoundsMASK;
    ss.fixed |= 1 << (start >>> ss.heap.zoneShift);
    w[at] = low;
    w[at + 1] = words[1];
    w[at + 2] = (w[at + 2] & ~BoundsMASK) | bounds;
    // No right that either did not have.
    w[at + 3] &= words[3] | ~PermMASK;
    const isExact = long === 0 || roomDecode(start, bounds) === long;
    if (isExact && baseDecode(low, bounds) === start && words[1] === WindowHIGH) return true;
    ss.tagsLost += 1;
    return false;
  }
}

/** baseOf -- where the bounds of the capability in words w[c..c+3] begin. */
const baseOf = (w: Int32Array, c: number): Low => baseDecode(w[c], w[c + 2]);

/** transformMake -- a transform with nothing to replace; the arena is parked, so that it can be applied. */
export function transformMake(arena: Arena): Transform | Res {
  if (!arena.ledger.charge(PairRECORD)) return arena.grains.available < PairRECORD ? ResCOMMITLIMIT : ResMEMORY;
  arena.park();
  return new Transform(arena, PairRECORD);
}
