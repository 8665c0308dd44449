/* shadow.ts: A SHADOW HEAP
 *
 * Mutators that keep, beside every object they make, a plain copy of it that no collector touches; and the comparison of the
 * two. Objects are known by serial number, references by what they are relative to their object, so that nothing here
 * depends on where an object is <design/amc#.req.graph>.
 */
import { expect } from 'vitest';
import { random, type Random } from '../../code/base/base.ts';
import { boundsDecode, boundsFit } from '../../code/machine/bounds.ts';
import { PermDATA, SlotWORDS, WindowHIGH, boundsRound, slotDecode, type Hart } from '../../code/machine/machine.ts';
import { ResOK, type AllocationPoint, type Arena, type Seg } from '../../code/mps/mps.ts';

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

const valueOf = (node: Node, g: number): Value => node.values.get(g) ?? { kind: 'data', words: pattern(node.serial, g) };

const whole = (node: Node): Ref => ({ kind: 'ref', node, off: 0, len: node.size, at: 0, perms: PermDATA });

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
    const area = this.hart.r[slot << 3] as number;
    const delta = ((this.hart.pte[area >>> 12] as number) & -4096) - (area & -4096);
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
      if (i !== 0 || !isArea(this.roots[0] as Value)) return i;
    }
  }

  /** alloc -- make an object of things at hand, in root i; `size` for who wants a certain one. */
  *alloc(i: number, size: number = this.habits.sizes[this.random(this.habits.sizes.length)] as number): Generator<undefined, void, undefined> {
    const { hart: t, ap, spare, random } = this;
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
      this.fill(node, granules, filler);
      if (this.habits.yields && random(3) === 0) yield;
      if (ap.commit(spare)) break;
      expect(t.isTagged(spare), 'a commit that failed leaves nothing in its slot').toBe(false);
      expect(tries, 'a commit that failed is tried again and again').toBeLessThan(100);
      this.retries += 1;
    }
    t.move(this.slot(i), spare);
    t.clear(spare);
    this.roots[i] = whole(node);
  }

  /** Fill a reserved block: a few references from the roots, else the pattern. */
  private fill(node: Node, granules: number, filler: number): void {
    const { hart: t, spare } = this, choose = random(filler);
    const from = this.habits.header ? 1 : 0;
    if (this.habits.header) this.put(node, 0, [node.serial, node.size, HeaderKIND, 0]);
    for (let g = from; g < granules; ++g) {
      const few = g < 8 || choose(60) === 0, j = choose(this.habits.roots), value = this.roots[j] as Value;
      if (few && choose(3) === 0 && value.kind !== 'data') {
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
    const target = this.roots[this.random(20) === 0 ? 0 : i] as Value, value = this.roots[j] as Value;
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
    const source = this.roots[j] as Value;
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
    const { random } = this, old = this.roots[i] as Value;
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
    const { r } = this.hart, c = this.slot(i) << 3, low = r[c] as number;
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

const windowAddress = (low: number): bigint => (BigInt(WindowHIGH) << 32n) + BigInt(low >>> 0);

/** What a comparison found. */
export interface Compared {
  readonly reachable: number;
  readonly objects: number;
  /** References that lost their tags since the last comparison. */
  readonly lost: number;
}

/** What the comparison carries along. */
interface Compare {
  readonly arena: Arena;
  readonly objects: Map<number, number>;
  readonly bases: Map<Node, number>;
  readonly nodes: Map<number, Node>;
  readonly queue: Node[];
  lost: number;
}

/** compare -- insist that heap and shadows are isomorphic, from the roots; with `isExact`, that nothing else is in the heap. */
export function compare(arena: Arena, mutators: readonly Mutator[], isExact: boolean = false): Compared {
  const state: Compare = { arena, objects: new Map(), bases: new Map(), nodes: new Map(), queue: [], lost: 0 };
  arena.walk((base, size) => state.objects.set(base >>> 0, size));
  for (const mutator of mutators) {
    for (const [i, value] of mutator.roots.entries()) {
      const { r } = mutator.hart, c = mutator.slot(i) << 3;
      mutator.roots[i] = location(state, value, r, c, r[c + 4] !== 0);
      rooms(r, c);
    }
  }
  for (let node = state.queue.pop(); node !== undefined; node = state.queue.pop()) contents(state, node);
  tags(state);
  const reachable = [...state.bases.keys()].filter(({ area }) => area === undefined).length;
  if (isExact) expect(state.objects.size, 'what cannot be reached is gone').toBe(reachable);
  return { reachable, objects: state.objects.size, lost: state.lost };
}

/** One location: what it holds from now on, as far as the shadow is concerned. */
function location(state: Compare, value: Value, w: Int32Array, at: number, isTagged: boolean): Value {
  if (value.kind === 'data') {
    const { words } = value;
    const isSame = w[at] === words[0] && w[at + 1] === words[1] && w[at + 2] === words[2] && w[at + 3] === words[3];
    if (isTagged || !isSame) expect.fail(`data are as they were: [${words.join(' ')}], not [${w.subarray(at, at + 4).join(' ')}]`);
    return value;
  }
  const low = w[at] as number, bounds = boundsDecode(BigInt((w[at + 2] as number) >>> 0), windowAddress(low));
  if (value.kind === 'loose') {
    if (!isTagged || bounds.top !== bounds.base) expect.fail('a capability to nothing stays one');
    return value;
  }
  const base = (low - value.at) >>> 0, from = windowAddress(base + value.off);
  const isRight = bounds.base === from && bounds.top === from + BigInt(value.len);
  const name = `#${value.node.serial} ${value.off}+${value.len} at ${value.at} perms ${value.perms}`;
  if (!isTagged) {
    if (isRight) expect.fail(`${name}: only a capability that cannot be written loses its tag`);
    state.lost += 1;
    return { kind: 'data', words: [...w.subarray(at, at + 4)] };
  }
  if (!isRight || w[at + 1] !== WindowHIGH || w[at + 3] !== value.perms) {
    expect.fail(`${name}: found ${bounds.base}..${bounds.top} in [${w.subarray(at, at + 4).join(' ')}]`);
  }
  meet(state, value.node, base);
  return value;
}

/** An object has one place, and a place one object. */
function meet(state: Compare, node: Node, base: number): void {
  const known = state.bases.get(node);
  if (known === base) return;
  if (known !== undefined) expect.fail(`#${node.serial} is at ${known} and at ${base}`);
  if (state.nodes.has(base)) expect.fail(`#${node.serial} is where #${state.nodes.get(base)?.serial} is`);
  if (node.area === undefined) {
    if (state.objects.get(base) !== node.size) expect.fail(`#${node.serial} of ${node.size} bytes at ${base}: found ${state.objects.get(base)}`);
  } else if ((base | 0) !== node.area) expect.fail('an area does not move');
  state.bases.set(node, base);
  state.nodes.set(base, node);
  state.queue.push(node);
}

/** What an object holds. */
function contents(state: Compare, node: Node): void {
  const { heap } = state.arena, base = state.bases.get(node) as number;
  const first = (base + (node.area === undefined ? (heap.segOf(base) as Seg).delta : node.delta)) >>> 4;
  const { i32 } = heap;
  for (let g = 0; g < node.size / 16; ++g) {
    if (!node.values.has(g)) {
      const at = (first + g) << 2;
      if (heap.tags[first + g] !== 0 || i32[at] !== 0x0100_0000 + node.serial * 16 + g || i32[at + 2] !== ((node.serial << 8) ^ g)) {
        expect.fail(`granule ${g} of #${node.serial} does not hold its pattern: [${i32.subarray(at, at + 4).join(' ')}]`);
      }
      continue;
    }
    const value = valueOf(node, g), now = location(state, value, heap.i32, (first + g) << 2, heap.tags[first + g] !== 0);
    if (now !== value) node.values.set(g, now);
  }
}

/** Rooms of a slot are what its words say <design/machine#.slot.room>. */
function rooms(r: Int32Array, c: number): void {
  const copy = r.slice(c, c + SlotWORDS);
  if (copy[4] === 0) return;
  slotDecode(copy, 0);
  expect([...r.subarray(c + 4, c + 7)]).toEqual([...copy.subarray(4, 7)]);
}

/** Tags are in objects, in blocks that are being made, and in areas; nowhere else <design/seg#.inv.free.clear>. */
function tags(state: Compare): void {
  const { heap, pools } = state.arena, may = new Uint8Array(heap.tags.length);
  const allow = (seg: Seg, base: number, size: number): void => {
    may.fill(1, seg.granuleOf(base), seg.granuleOf(base) + size / 16);
  };
  for (const [base, size] of state.objects) allow(heap.segOf(base) as Seg, base, size);
  for (const { buffers } of pools) {
    for (const { seg, alloc, scanLimit } of buffers) if (seg !== null) allow(seg, scanLimit, (alloc >>> 0) - scanLimit);
  }
  for (const [node, base] of state.bases) {
    if (node.area !== undefined) may.fill(1, (base + node.delta) >>> 4, (base + node.delta + node.size) >>> 4);
  }
  for (let g = heap.tags.indexOf(1); g >= 0; g = heap.tags.indexOf(1, g + 1)) {
    if (may[g] === 0) expect.fail(`a tag at granule ${g}, outside every object`);
  }
}

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
    const node = order[n] as Node;
    lines.push(`${n} ${node.size} ${[...node.values.keys()].sort((a, b) => a - b).map((g) => `${g}=${name(node.values.get(g) as Value)}`).join(' ')}`);
  }
  return lines.join('\n');
}
