/* root.ts: ROOTS
 *
 * Where the tracer begins: the slots of registered threads, and memory outside of what it manages, both exact by their tags unless the
 * client says more. Any root may be ambiguous instead: then each word that may be an address pins what it may mean, and nothing is
 * written <design/root>.
 */
import { aver } from '../../base/base.ts';
import { baseDecode, baseIsNear, WindowHIGH, type Hart, type Low } from '../../machine/machine.ts';
import { ResOK, type Res } from '../result.ts';
import { fixWords, scanGranules, scanSlots, type ScanState } from '../trace/scan.ts';
import type { GranuleRange } from '../plinth.ts';
import { RankAMBIG, RankEXACT, type Rank } from './rank.ts';
import type { Roots } from './root-set.ts';

/** Pins what a word may be the address of, or what a capability's bounds begin in. */
export type PinAddress = (addr: Low, isTagged: boolean) => void;

/** Sees a granule of a root, as words w[at..at+3] with or without a tag. */
export type Visit = (w: Int32Array, at: number, isTagged: boolean) => void;

/** Which words of a root are references, by bits of their address <design/root#.tag>. */
export interface RootTag {
  /** Bits that are the client's, and no part of an ambiguous address. */
  readonly mask: number;
  /** What they are in a reference; by default whatever they are. */
  readonly pattern?: number;
  /** Whether words in which these bits are 0 are references as well. */
  readonly orZero?: boolean;
}

/** Shows the references of a root to `visit`; `res` says whether to go on. */
export type RootScanner = (visit: Visit, res: () => Res) => Res;

/** What a root is made from. */
export interface RootParts {
  readonly rank: Rank;
  /** For people <design/root#.name>. */
  readonly name: string;
  readonly hart?: Hart;
  /** Where its areas are, now; a thread's are the signal frames on its stacks. */
  readonly areas?: () => readonly GranuleRange[];
  /** Window addresses that no other root may have, unsigned. */
  readonly base?: number;
  readonly limit?: number;
  readonly tag?: RootTag | undefined;
  /** The client's; without it tags say where references are. */
  readonly scanner?: RootScanner | undefined;
}

const nowhere = (): readonly GranuleRange[] => [];

/** A root: a hart's slots, an area, or what a client's scanner shows. */
export class Root {
  readonly rank: Rank;
  readonly name: string;
  readonly hart: Hart | null;
  readonly base: number;
  readonly limit: number;
  /** Which roots it is among; null once it is destroyed. */
  owner: Roots | null = null;
  /** What the ledger has been charged for it. */
  charged: number = 0;
  private readonly areas: () => readonly GranuleRange[];
  private readonly tag: RootTag | null;
  private readonly scanner: RootScanner | null;

  constructor({ rank, name, hart, areas = nowhere, base = 0, limit = 0, tag, scanner }: RootParts) {
    aver(rank === RankAMBIG || rank === RankEXACT, '<design/root#.if.rank>');
    aver(tag === undefined || tag.pattern === undefined || (tag.pattern & ~tag.mask) === 0, '<design/root#.if.pattern>');
    this.rank = rank;
    this.name = name;
    this.hart = hart ?? null;
    this.areas = areas;
    this.base = base;
    this.limit = limit;
    this.tag = tag ?? null;
    this.scanner = scanner ?? null;
  }

  /** destroy -- what it holds keeps nothing alive any more. A thread's root goes with the thread. */
  destroy(): void {
    aver(this.owner !== null && this.hart === null, '<design/root#.if.live>');
    this.owner.destroy(this);
  }

  /** scan -- fix the references of an exact root; pin what those of an ambiguous one may mean. */
  scan(ss: ScanState, pin: PinAddress): void {
    const { hart } = this;
    // No slot that is not in use keeps a reference from before the flip: who claims it need not clear it <design/root#.inv.unused>.
    if (hart !== null) hart.r.fill(0, hart.top << 3);
    if (this.rank !== RankAMBIG && this.tag === null && this.scanner === null) {
      if (hart !== null) scanSlots(ss, hart);
      for (const { base, limit } of this.areas()) if (ss.res === ResOK) scanGranules(ss, base, limit);
      return;
    }
    const visit: Visit = this.rank === RankAMBIG
      ? (w, at, isTagged) => { pinGranule(w, at, isTagged, this.tag, pin); }
      : (w, at, isTagged) => { if (isTagged && ss.res === ResOK) fixGranule(ss, w, at); };
    const res = this.show(ss.heap.i32, ss.heap.tags, visit, () => ss.res);
    if (ss.res === ResOK) ss.res = res;
    for (const { base, limit } of this.areas()) ss.scanned += (limit - base) * 16;
    if (hart !== null) ss.scanned += hart.top * 32;
  }

  /** each -- visit the root's granules, or those that its scanner shows; what is no reference by its tag goes as data. */
  each(i32: Int32Array, tags: Uint8Array, visit: Visit): void {
    this.show(i32, tags, visit, () => ResOK);
  }

  /** meant -- what a granule that `each` has visited may refer to: the base of a capability's bounds, or ambiguous addresses. */
  meant(w: Int32Array, at: number, isTagged: boolean): Low[] {
    const found: Low[] = [];
    if (isTagged || this.rank === RankAMBIG) pinGranule(w, at, isTagged, this.tag, (addr) => found.push(addr));
    return found;
  }

  private show(i32: Int32Array, tags: Uint8Array, visit: Visit, res: () => Res): Res {
    const found = this.scanner === null ? ResOK : this.scanner(visit, res), { hart } = this;
    if (hart !== null && this.scanner === null) {
      const { r } = hart;
      for (let c = 0; c < hart.top << 3; c += 8) visit(r, c, r[c + 4] !== 0 && this.fits(r[c]));
    }
    if (hart === null && this.scanner !== null) return found;
    for (const { base, limit } of this.areas()) for (let g = base; g < limit; ++g) visit(i32, g << 2, tags[g] !== 0 && this.fits(i32[g << 2]));
    return found;
  }

  private fits(low: number): boolean {
    return this.tag === null || tagFits(this.tag, low);
  }
}

/** tagFits -- whether a word is a reference by the bits of its low half. */
function tagFits({ mask, pattern, orZero = false }: RootTag, low: number): boolean {
  const bits = low & mask;
  return pattern === undefined || bits === pattern || (orZero && bits === 0);
}

/** Fix a tagged granule; w is a hart's slots if it is not memory. */
function fixGranule(ss: ScanState, w: Int32Array, at: number): void {
  if (w === ss.heap.i32) {
    if (!fixWords(ss, w, at)) ss.heap.tags[at >>> 2] = 0;
  } else if (!fixWords(ss, w, at)) w.fill(0, at + 4, at + 7);
}

/** Pin the object at the base of a tagged granule's bounds, or those that an untagged one's two words address
 * <design/root#.ambig>. */
function pinGranule(w: Int32Array, at: number, isTagged: boolean, tag: RootTag | null, pin: PinAddress): void {
  if (isTagged) {
    if (w[at + 1] === WindowHIGH && baseIsNear(w[at + 2])) pin(baseDecode(w[at], w[at + 2]), true);
    return;
  }
  for (let word = at; word < at + 4; word += 2) {
    const low = w[word];
    if (w[word + 1] !== WindowHIGH) continue;
    if (tag === null) pin(low, false);
    else if (tagFits(tag, low)) pin(low & ~tag.mask, false);
  }
}
