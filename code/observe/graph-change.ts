/* graph-change.ts: WHAT HAS BECOME OF A GRAPH
 *
 * Two graphs whose lists are equal are isomorphic. Where there are weak references, guardians or a transform, lists may rightly differ: then the two are
 * walked side by side, object by object, and each difference must be one that is allowed <design/oracle#.inv.graph>.
 */
import { ItemEMPTY, itemLengths, ItemNOWHERE, ItemREFERENCE, ItemWORDS, type Graph, type Guarded } from './graph.ts';

/** How one graph became another. */
export interface GraphChange {
  /** The first difference that is not allowed, as text; null if there is none. */
  readonly wrong: string | null;
  /** Weak references that have become NULL; guardians whose messages have been posted. */
  readonly splatted: number;
  readonly told: number;
}

const ROOTS = -1;

/** graphChange -- whether a collector may have made one graph of the other. */
export function graphChange(before: Graph, after: Graph): GraphChange {
  const isSame = before.list.length === after.list.length && before.list.every((item, index) => item === after.list[index]);
  if (isSame && sameGuarded(before, after)) return { wrong: null, splatted: 0, told: 0 };
  if (before.weak.size + before.guarded.size + before.news.length > 0) return new Pairing(before, after).run();
  return { wrong: plainDifference(before, after), splatted: 0, told: 0 };
}

/** graphDifference -- where two graphs differ that should not, as text; null if one may have become the other. */
export const graphDifference = (before: Graph, after: Graph): string | null => graphChange(before, after).wrong;

function sameGuarded(before: Graph, after: Graph): boolean {
  return before.guarded.size === after.guarded.size && [...before.guarded].every(([n, { isPosted }]) => after.guarded.get(n)?.isPosted === isPosted);
}

function plainDifference(before: Graph, after: Graph): string | null {
  if (before.nodes !== after.nodes) return `${before.nodes} objects before, ${after.nodes} after`;
  if (before.list.length !== after.list.length) return `${before.list.length} items before, ${after.list.length} after`;
  const at = before.list.findIndex((item, index) => item !== after.list[index]);
  return at < 0 ? null : `item ${at} was ${before.list[at]} and is ${after.list[at]}`;
}

/** Two graphs, side by side. */
class Pairing {
  private readonly before: Graph;
  private readonly after: Graph;
  /** By number: which object is which. */
  private readonly pairs = new Map<number, number>();
  private readonly inverse = new Map<number, number>();
  private readonly queue: number[] = [];
  /** Weak objects that have lost references; and those that must have, for a format has written to an object. */
  private readonly losers = new Set<number>();
  private readonly suspects = new Map<number, string>();
  private wrong: string | null = null;
  private splatted: number = 0;
  private told: number = 0;

  constructor(before: Graph, after: Graph) {
    this.before = before;
    this.after = after;
  }

  run(): GraphChange {
    const { before, after } = this;
    if (before.roots === after.roots) this.items(ROOTS, 0, 0, before.roots);
    else this.wrong = `${before.roots} granules of roots before, ${after.roots} after`;
    for (const [k, at] of before.news.entries()) {
      if (k >= after.news.length || !this.same(at, after.news[k], false)) this.say(`what replaces object ${k} has changed`);
    }
    for (const [n, one] of before.guarded) this.guardian(n, one, after.guarded.get(n));
    for (let k = 0; k < this.queue.length && this.wrong === null; ++k) this.node(this.queue[k]);
    for (const [weak, text] of this.suspects) if (!this.losers.has(weak)) this.say(text);
    return { wrong: this.wrong, splatted: this.splatted, told: this.told };
  }

  private say(text: string): void {
    this.wrong ??= text;
  }

  /** guardian -- a message stays; one is posted only for what nothing else refers to, and only then a registration may go. */
  private guardian(n: number, { isPosted, at }: Guarded, now: Guarded | undefined): void {
    const { before: { list, strong, isUntold } } = this, isDead = list[at] === ItemREFERENCE && list[at + 1] >= strong;
    if (now === undefined) {
      if (isPosted || !isDead || !isUntold) this.say(`guardian ${n} is gone`);
      return;
    }
    if (!this.same(at, now.at, true)) this.say(`guardian ${n} refers to something else`);
    if (isPosted === now.isPosted) return;
    this.told += 1;
    if (isPosted || !isDead) this.say(`guardian ${n} ${isPosted ? 'has lost its message' : 'tells of an object that is referred to'}`);
  }

  private node(number: number): void {
    const { before, after } = this, b = before.starts[number], a = after.starts[this.pairs.get(number) as number];
    if (before.list[b] === after.list[a]) this.items(number, b + 1, a + 1, before.list[b]);
    else this.say(`object ${number} had ${before.list[b]} granules and has ${after.list[a]}`);
  }

  /** items -- compare `count` granules of a holder, from b and a on. */
  private items(holder: number, b: number, a: number, count: number): void {
    const { before, after } = this;
    for (let left = count, i = b, j = a; left > 0; --left) {
      if (!this.same(i, j, true) && !this.mayDiffer(holder, i, j)) {
        this.say(`granule ${count - left} of ${holder === ROOTS ? 'the roots' : `object ${holder}`} has changed`);
        return;
      }
      i += itemLengths[before.list[i]];
      j += itemLengths[after.list[j]];
    }
  }

  /** same -- whether two granules are the same, in a transform with what has been replaced; the objects that they refer to are to be compared. */
  private same(b: number, a: number, mayReplace: boolean): boolean {
    const { before, after } = this, kind = before.list[b];
    if (kind === ItemREFERENCE && mayReplace && after.isReplacing) {
      const index = before.olds.get(before.list[b + 1]);
      if (index !== undefined) return this.replaced(before.news[index], a);
    }
    if (kind !== after.list[a]) return false;
    const first = kind === ItemREFERENCE ? 2 : 1;
    for (let k = first; k < itemLengths[kind]; ++k) if (before.list[b + k] !== after.list[a + k]) return false;
    return kind !== ItemREFERENCE || this.meet(before.list[b + 1], after.list[a + 1]);
  }

  /** replaced -- whether a granule refers to what replaces an object, however much of it. */
  private replaced(by: number, a: number): boolean {
    const { before, after } = this;
    if (before.list[by] !== ItemREFERENCE) return after.list[a] !== ItemREFERENCE;
    return after.list[a] === ItemREFERENCE && this.meet(before.list[by + 1], after.list[a + 1]);
  }

  private meet(number: number, now: number): boolean {
    const known = this.pairs.get(number);
    if (known !== undefined || this.inverse.has(now)) return known === now;
    this.pairs.set(number, now);
    this.inverse.set(now, number);
    this.queue.push(number);
    return true;
  }

  /** mayDiffer -- whether a granule may have become what it is: NULL, a weak reference to what nothing else leads to; or data, what a format has
   * written on finding such a one. */
  private mayDiffer(holder: number, b: number, a: number): boolean {
    const { list, nodes, weak, dependents } = this.before, { list: now } = this.after, isScanned = weak.get(holder);
    if (now[a] !== ItemWORDS) return false;
    const isNull = now[a + 1] === 0 && now[a + 2] === 0 && now[a + 3] === 0 && now[a + 4] === 0;
    const isLost = list[b] === ItemREFERENCE ? list[b + 1] >= nodes : list[b] === ItemEMPTY || list[b] === ItemNOWHERE;
    if (isScanned !== undefined && isLost && isNull) {
      this.losers.add(holder);
      this.splatted += 1;
      return true;
    }
    const partner = dependents.get(holder) ?? (isScanned === true && list[b] === ItemWORDS ? holder : undefined);
    if (partner !== undefined) this.suspects.set(partner, `object ${holder} has been written to, though weak object ${partner} has lost nothing`);
    return partner !== undefined;
  }
}
