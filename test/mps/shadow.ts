/* shadow.ts: A SHADOW HEAP
 *
 * Mutators that keep, beside every object they make, a plain copy of it that no collector touches. Objects are known by serial number, references by what they are relative to their object, so that nothing here
 * depends on where an object is <design/amc#.req.graph>.
 */
import { expect } from 'vitest';
import { random, type Random } from '../../code/base/base.ts';
import { boundsDecode, boundsFit } from '../machine/windowed.ts';
import { PermDATA, WindowHIGH, boundsRound, slotDecode, type Hart } from '../../code/machine/machine.ts';
import { RankNONE, ResOK, type AllocationPoint, type Arena } from '../../code/mps/mps.ts';

/** A capability: to `len` bytes at `off` in an object, its address at `at`. */
export interface Ref {
  readonly kind: 'ref';
  readonly node: Node;
  readonly off: number;
  readonly len: number;
  readonly at: number;
  /** Word 3, and the bits of word 2 that are not bounds. */
  readonly perms: number;
}

/** Four words without a tag. */
export interface Data {
  readonly kind: 'data';
  readonly words: readonly number[];
}

/** A capability to nothing at the end of an object: its base is another's, so only its length is known. */
export interface Loose {
  readonly kind: 'loose';
}

export type Value = Ref | Data | Loose;

/** An object, or an area outside the arena. */
export interface Node {
  readonly serial: number;
  readonly size: number;
  /** What its granules hold, where that is not the pattern of its serial number. */
  readonly values: Map<number, Value>;
  /** The low address of an area, and its physical address less that. */
  readonly area?: number;
  readonly delta: number;
}

const NOTHING: Data = { kind: 'data', words: [0, 0, 0, 0] };

/** What a granule holds that nothing else was put into: it looks like a capability, but has no tag. */
export const pattern = (serial: number, g: number): number[] => [0x0100_0000 + serial * 16 + g, WindowHIGH, (serial << 8) ^ g, PermDATA];

export const valueOf = (node: Node, g: number): Value => node.values.get(g) ?? { kind: 'data', words: pattern(node.serial, g) };

const whole = (node: Node, perms: number = PermDATA): Ref => ({ kind: 'ref', node, off: 0, len: node.size, at: 0, perms });

const isWhole = (value: Value): value is Ref => value.kind === 'ref' && value.off === 0 && value.len === value.node.size && value.at === 0 && value.perms === PermDATA;

/** How a mutator behaves. */
export interface Habits {
  readonly seed: number;
  /** How many references it holds. */
  readonly roots?: number;
  /** Sizes that it asks for; default: from 16 bytes to beyond the size of large objects. */
  readonly sizes?: readonly number[];
  /** Objects begin with a header of serial, size and kind, for formats that need one. */
  readonly header?: boolean;
  /** Whether it makes narrowed, sealed and strange capabilities. */
  readonly derives?: boolean;
  /** Of 100 steps, how many are calls of `collect`. */
  readonly collects?: number;
  /** Whether it lets others run in the middle of an allocation. */
  readonly yields?: boolean;
}

const SIZES: readonly number[] = [16, 16, 32, 32, 32, 32, 48, 64, 20, 112, 256, 400, 1000, 4032, 4048, 4095, 4096, 5000, 8192, 9000, 16368, 16384, 20000, 70000];

export const HeaderKIND = 0x4f42;

let serials = 0;

/** A client with a shadow. */
export class Mutator {
  readonly hart: Hart;
  readonly ap: AllocationPoint;
  /** Where it makes one object in three, if there is anything. */
  readonly beside: AllocationPoint[] = [];
  readonly arena: Arena;
  readonly roots: Value[];
  readonly habits: Required<Habits>;
  readonly random: Random;
  private readonly first: number;
  private readonly spare: number;
  /** How often memory ran out, commit failed, and a strange capability was made. */
  failures: number = 0;
  retries: number = 0;
  derived: number = 0;
  /** Serial numbers in the order of allocation, so that two runs can be compared. */
  made: number = 0;

  constructor(arena: Arena, hart: Hart, ap: AllocationPoint, habits: Habits) {
    this.arena = arena;
    this.hart = hart;
    this.ap = ap;
    this.habits = { roots: 12, sizes: SIZES, header: false, derives: true, collects: 1, yields: false, ...habits };
    this.random = random(habits.seed);
    this.first = hart.enter(this.habits.roots + 1);
    this.spare = this.first + this.habits.roots;
    this.roots = Array.from({ length: this.habits.roots }, () => NOTHING);
  }

  slot(i: number): number {
    return this.first + i;
  }

  /** adopt -- take a capability to an area, in `slot`, for root 0, for good. */
  adopt(slot: number, size: number): Node {
    const area = this.hart.r[slot << 3];
    const delta = (this.hart.pte[area >>> 12] & -4096) - (area & -4096);
    const node: Node = { serial: 0, size, values: new Map(), area, delta };
    for (let g = 0; g < size / 16; ++g) node.values.set(g, NOTHING);
    this.hart.move(this.slot(0), slot);
    this.roots[0] = whole(node);
    return node;
  }

  /** steps -- `count` random operations. */
  *steps(count: number): Generator<undefined, void, undefined> {
    for (let n = 0; n < count; ++n) yield* this.step();
  }

  /** play -- `count` random operations; `between` is called where other threads might run. */
  play(count: number, between: () => void = () => undefined): void {
    for (const _ of this.steps(count)) between();
  }

  *step(): Generator<undefined, void, undefined> {
    const { random } = this, i = this.pick(), dice = random(100);
    if (this.habits.yields && random(4) === 0) yield;
    if (dice < this.habits.collects) this.arena.collect();
    else if (dice < 40) yield* this.alloc(i);
    else if (dice < 52) this.store(i, this.any());
    else if (dice < 65) this.load(i, this.any());
    else if (dice < 85) this.drop(i);
    else if (this.habits.derives) this.derive(i);
  }

  private any(): number {
    return this.random(this.habits.roots);
  }

  /** A root that may change. */
  private pick(): number {
    const isArea = (value: Value): boolean => value.kind === 'ref' && value.node.area !== undefined;
    for (;;) {
      const i = this.any();
      if (i !== 0 || !isArea(this.roots[0])) return i;
    }
  }

  /** alloc -- make an object of things at hand, in root i; `size` for who wants a certain one. */
  *alloc(i: number, size: number = this.habits.sizes[this.random(this.habits.sizes.length)]): Generator<undefined, void, undefined> {
    const { hart: t, spare, random } = this;
    const { beside } = this, ap = beside.length > 0 && random(3) === 0 ? beside[random(beside.length)] : this.ap, isLeaf = ap.rank === RankNONE;
    const granules = boundsRound(Math.ceil(size / 16) * 16) / 16, filler = random(0x10000);
    const node: Node = { serial: (serials += 1), size: granules * 16, values: new Map(), delta: 0 };
    this.made += 1;
    for (let tries = 0; ; ++tries) {
      if (ap.reserve(spare, size) !== ResOK) {
        expect(t.isTagged(spare), 'a reserve that failed leaves nothing in its slot').toBe(false);
        this.failures += 1;
        this.drop(i);
        return;
      }
      if (this.habits.yields && random(3) === 0) yield;
      this.fill(node, granules, filler, isLeaf);
      if (this.habits.yields && random(3) === 0) yield;
      if (ap.commit(spare)) break;
      expect(t.isTagged(spare), 'a commit that failed leaves nothing in its slot').toBe(false);
      expect(tries, 'a commit that failed is tried again and again').toBeLessThan(100);
      this.retries += 1;
    }
    t.move(this.slot(i), spare);
    t.clear(spare);
    this.roots[i] = whole(node, ap.pool.perms);
  }

  /** Fill a reserved block: a few references from the roots, else the pattern. */
  private fill(node: Node, granules: number, filler: number, isLeaf: boolean): void {
    const { hart: t, spare } = this, choose = random(filler);
    const from = this.habits.header ? 1 : 0;
    if (this.habits.header) this.put(node, 0, [node.serial, node.size, HeaderKIND, 0]);
    for (let g = from; g < granules; ++g) {
      const few = g < 8 || choose(60) === 0, j = choose(this.habits.roots), value = this.roots[j];
      if (few && choose(3) === 0 && value.kind !== 'data' && !isLeaf) {
        t.storeCap(spare, g * 16, this.slot(j));
        node.values.set(g, value);
      } else {
        node.values.delete(g);
        this.write(g, pattern(node.serial, g));
      }
    }
  }

  private put(node: Node, g: number, words: readonly number[]): void {
    node.values.set(g, { kind: 'data', words });
    this.write(g, words);
  }

  private write(g: number, words: readonly number[], slot: number = this.spare): void {
    for (const [k, word] of words.entries()) this.hart.store32(slot, g * 16 + k * 4, word | 0);
  }

  /** A granule of an object that may be overwritten; -1 if there is none. */
  private granuleIn(node: Node): number {
    const from = this.habits.header && node.area === undefined ? 1 : 0;
    const granules = Math.min(node.size / 16, 40) - from;
    return granules <= 0 ? -1 : from + this.random(granules);
  }

  /** store -- put root j, or data, into the object in root i. */
  store(i: number, j: number): void {
    const target = this.roots[this.random(20) === 0 ? 0 : i], value = this.roots[j];
    if (!isWhole(target)) return;
    const slot = this.slot(target === this.roots[i] ? i : 0), g = this.granuleIn(target.node);
    if (g < 0) return;
    if (value.kind === 'data') {
      const words = [this.random(0x7fff_ffff), WindowHIGH, 0, this.random(3)];
      target.node.values.set(g, { kind: 'data', words });
      this.write(g, words, slot);
    } else {
      target.node.values.set(g, value);
      this.hart.storeCap(slot, g * 16, this.slot(j));
    }
  }

  /** load -- take what the object in root j holds into root i. */
  load(i: number, j: number): void {
    const source = this.roots[j];
    if (!isWhole(source)) return;
    const g = this.granuleIn(source.node);
    if (g < 0) return;
    this.hart.loadCap(this.slot(i), this.slot(j), g * 16);
    this.roots[i] = valueOf(source.node, g);
  }

  drop(i: number): void {
    this.hart.clear(this.slot(i));
    this.roots[i] = NOTHING;
  }

  /** derive -- make the capability in root i narrower, poorer, sealed or strange. */
  derive(i: number): void {
    const { random } = this, old = this.roots[i];
    if (!isWhole(old)) return;
    const { size } = old.node;
    let off = 0, len = size, at = 0, { perms } = old, loose = false;
    switch (random(6)) {
      case 0: off = random(size); len = 1 + random(size - off); at = off; break;
      case 1: off = random(size); len = 0; at = off; break;
      case 2: perms &= ~(1 << (16 + random(7))); break;
      case 3: perms |= 1 + random(0x1fff); break;
      case 4: at = random(2) === 0 ? size : random(24000) - 6000; break;
      default: off = size; len = 0; at = size; loose = true; break;
    }
    if (this.become(i, off, len, at, perms)) this.roots[i] = loose ? { kind: 'loose' } : { kind: 'ref', node: old.node, off, len, at, perms };
  }

  /** become -- rewrite the whole capability in root i, if there is such a one. */
  become(i: number, off: number, len: number, at: number, perms: number): boolean {
    const { r } = this.hart, c = this.slot(i) << 3, low = r[c];
    const base = windowAddress(low + off), address = windowAddress(low + at), { bits, exact } = boundsFit(base, BigInt(len));
    const found = boundsDecode(bits, address);
    if (!exact || found.base !== base || found.top !== base + BigInt(len)) return false;
    r[c] = (low + at) | 0;
    r[c + 2] = Number(bits);
    r[c + 3] = perms;
    slotDecode(r, c);
    this.derived += 1;
    return true;
  }
}

/** windowAddress -- the whole address of a low word, for bounds. */
export const windowAddress = (low: number): bigint => (BigInt(WindowHIGH) << 32n) + BigInt(low >>> 0);

/** canonical -- the graph of a mutator as text that depends on nothing but its shape. */
export function canonical(mutator: Mutator): string {
  const numbers = new Map<Node, number>(), order: Node[] = [], lines: string[] = [];
  const name = (value: Value): string => {
    if (value.kind !== 'ref') return value.kind === 'data' ? '.' : '~';
    const { node, off, len, at, perms } = value;
    if (!numbers.has(node)) {
      numbers.set(node, numbers.size);
      order.push(node);
    }
    return `${numbers.get(node)}:${off}+${len}@${at}/${perms}`;
  };
  lines.push(mutator.roots.map(name).join(' '));
  for (let n = 0; n < order.length; ++n) {
    const node = order[n];
    lines.push(`${n} ${node.size} ${[...node.values.keys()].sort((a, b) => a - b).map((g) => `${g}=${name(node.values.get(g) as Value)}`).join(' ')}`);
  }
  return lines.join('\n');
}
