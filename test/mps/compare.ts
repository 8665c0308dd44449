/* compare.ts: THE HEAP AGAINST ITS SHADOWS
 *
 * Heap and shadows are isomorphic, from the roots: every location that a shadow knows holds what it should, every object has one
 * place, and there are tags nowhere else <design/amc#.req.graph>.
 */
import { expect } from 'vitest';
import { boundsDecode } from '../machine/windowed.ts';
import { PageSIZE, SlotWORDS, WindowHIGH, slotDecode, type AddressSpace } from '../../code/machine/machine.ts';
import type { Arena, Seg } from '../../code/mps/mps.ts';
import { valueOf, windowAddress, type Mutator, type Node, type Value } from './shadow.ts';

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
  tags(state, mutators[0].hart.space);
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
  const low = w[at], bounds = boundsDecode(BigInt(w[at + 2] >>> 0), windowAddress(low));
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

/** Tags in the arena's memory are in objects and in blocks that are being made; nowhere else <design/seg#.inv.free.clear>. */
function tags(state: Compare, space: AddressSpace): void {
  const { heap, pools } = state.arena, may = new Uint8Array(heap.tags.length);
  const allow = (seg: Seg, base: number, size: number): void => {
    may.fill(1, seg.granuleOf(base), seg.granuleOf(base) + size / 16);
  };
  for (const [base, size] of state.objects) allow(heap.segOf(base) as Seg, base, size);
  for (const { buffers } of pools) {
    for (const { seg, alloc, scanLimit } of buffers) if (seg !== null) allow(seg, scanLimit, (alloc >>> 0) - scanLimit);
  }
  state.arena.grains.eachCommitted((base, limit) => {
    for (let page = base; page < limit; page += PageSIZE) {
      const from = (space.entry(page | 0, WindowHIGH) & -PageSIZE) >>> 4;
      for (let g = from; g < from + PageSIZE / 16; ++g) {
        if (heap.tags[g] !== 0 && may[g] === 0) expect.fail(`a tag at granule ${g}, outside every object`);
      }
    }
  });
}
