/* forge-steps.ts: STEPS THAT MOVE, STORE AND LOAD
 *
 * What else a random program does to its slots and to memory, each with what the model says of it <design/control#.test.forge>; and what
 * the operating system does to pages meanwhile.
 */
import {
  compareExchange32, compareExchangeCap, exchange32, exchangeCap, loadTags, PageALL, PageDIRTYCAP, PageEXECUTE, PageLOADCAP, PageREAD,
  PageSTORECAP, PageTRAPCAP, PageWRITE, setAddress, setBounds, wideCopy, wideFill, type Capability,
} from '../../code/machine/machine.ts';
import { holder, narrowed, offsetFor, offsetToTag, open, tagged, tally, target, type Step } from './forge-derive.ts';
import { must, Pages, Roots, WindowBASE, type World } from './forge-model.ts';

const bytesOf = (value: number, size: number): number[] => Array.from({ length: size }, (_, index) => (value >>> (8 * index)) & 0xff);

// Moving and data ----------------------------------------------------------------------------------------------------

export const moves: Step = (world, a, b) => {
  const dst = target(a), src = tagged(world, b);
  world.hart.move(dst, src);
  world.becomes(dst, world.slot(src));
};

/** A fresh narrow capability of a root. */
export const takes: Step = (world, a, b, c, n) => {
  const dst = target(a), { format } = world, root = world.roots[b % Roots], { base, top } = format.bounds(root);
  const room = top - base, low = base + (BigInt(n & ~15) % (room > 0x5000n ? 0x5000n : room)), size = 1 + (n * 7) % [64, 512, 0x3000][c % 3];
  setAddress(world.hart, dst, b % Roots, low);
  setBounds(world.hart, dst, dst, Math.min(size, Number(top - low)));
  const after = world.accept(dst);
  narrowed(world, after, root);
  tally(world, 'setBounds', after, root);
};

/** Integers in a capability register: the words of something that is tagged. */
export const forges: Step = (world, a, b) => {
  const dst = target(a), { hart } = world, c = tagged(world, b) << 3, [low, high, bounds, perms] = hart.r.subarray(c, c + 4);
  const before = world.slot(c >> 3);
  hart.set(dst, low, high, bounds, perms);
  world.becomes(dst, { ...before, tag: false });
};

export const loads = (size: 1 | 2 | 4 | 8): Step => (world, _a, b, _c, n) => {
  const { hart, format } = world, src = open(world, b, format.perm.load), cap = world.slot(src), offset = offsetFor(world, cap, size, n);
  const run = { 1: () => hart.load8(src, offset), 2: () => hart.load16(src, offset), 4: () => hart.load32(src, offset), 8: () => hart.loadDouble(src, offset) };
  world.try('load', world.refuses(cap, 'load', offset, size), run[size]);
};

/** storeData -- a data store and its model. */
function storeData(world: World, dst: number, offset: number, size: 1 | 2 | 4 | 8, value: number): void {
  const { hart } = world, cap = world.slot(dst);
  const run = {
    1: () => { hart.store8(dst, offset, value); }, 2: () => { hart.store16(dst, offset, value); },
    4: () => { hart.store32(dst, offset, value); }, 8: () => { hart.storeDouble(dst, offset, value); },
  };
  if (!world.try('store', world.refuses(cap, 'store', offset, size), run[size])) return;
  const data = size === 8 ? new Uint8Array(new Float64Array([value]).buffer) : bytesOf(value, size);
  world.stored(world.physical(cap.lo + BigInt(offset)), data);
}

export const stores = (size: 1 | 2 | 4 | 8): Step => (world, _a, b, c, n) => {
  const dst = open(world, b, world.format.perm.store);
  // The value that is there is also one.
  const offset = (n % 3 === 0 ? offsetToTag : offsetFor)(world, world.slot(dst), size, n), { lo } = world.slot(dst), p = world.physical(lo + BigInt(offset));
  const kept = size === 1 && c % 2 === 0 && p >= 0 ? world.memory.u8[p] : n * 0x9e37;
  storeData(world, dst, offset, size, kept);
};

/** The words of a capability, to where one is. */
export const writesWords: Step = (world, _a, b, c, n) => {
  const dst = open(world, b, world.format.perm.store), at = offsetFor(world, world.slot(dst), 16, n), from = tagged(world, c) << 3;
  for (let word = 0; word < 4; ++word) storeData(world, dst, at + 4 * word, 4, world.hart.r[from + word]);
};

/** And a capability to where words are: half of one. */
export const loadsCap: Step = (world, a, b, _c, n) => {
  const { hart, format } = world, dst = target(a), src = open(world, b, format.perm.load), cap = world.slot(src), offset = offsetFor(world, cap, 16, n);
  if (!world.try('loadCap', world.refuses(cap, 'loadcap', offset, 16), () => { hart.loadCap(dst, src, offset); })) return;
  received(world, dst, cap, offset);
};

/** received -- a slot has what a load brings, and how that was. */
function received(world: World, dst: number, authority: Capability, offset: number, loaded: Capability = world.loads(authority, offset)): void {
  const memory = world.granule(world.physical(authority.lo + BigInt(offset)));
  if (loaded.tag) world.count('tag loaded');
  else if (memory.tag) world.count('tag stripped');
  if (loaded.tag && loaded.hi !== memory.hi) world.count('weakened');
  world.becomes(dst, loaded);
}

export const storesCap: Step = (world, _a, b, c, n) => {
  const { hart, format: { perm } } = world, dst = open(world, b, n % 8 === 0 ? perm.store : perm.store | perm.storeCap), cap = world.slot(dst), value = tagged(world, c), stored = world.slot(value);
  const offset = offsetFor(world, cap, 16, n);
  if (world.try('storeCap', world.refuses(cap, 'storecap', offset, 16, stored), () => { hart.storeCap(dst, offset, value); })) {
    world.storedCap(world.physical(cap.lo + BigInt(offset)), stored);
  }
};

// Atomic and wide ----------------------------------------------------------------------------------------------------

export const swaps: Step = (world, a, b, c, n) => {
  const { hart, format } = world, dst = target(a), src = open(world, b, format.perm.load | format.perm.store), value = tagged(world, c);
  const cap = world.slot(src), offset = offsetToTag(world, cap, 16, n), stored = world.slot(value), isCompare = n % 2 === 0;
  const refusal = world.refuses(cap, 'swapcap', offset, 16, stored), expected = world.slot(dst);
  let isSame = true;
  const act = (): void => {
    if (isCompare) isSame = compareExchangeCap(hart, dst, src, offset, value);
    else exchangeCap(hart, dst, src, offset, value);
  };
  if (!world.try('swapcap', refusal, act)) return;
  const loaded = world.loads(cap, offset);
  must(!isCompare || isSame === (loaded.hi === expected.hi && loaded.lo === expected.lo && loaded.tag === expected.tag), 'a compare is wrong');
  const p = world.physical(cap.lo + BigInt(offset));
  received(world, dst, cap, offset, loaded);
  if (isSame) world.storedCap(p, stored);
  if (isSame && isCompare) world.count('compared the same');
};

export const swapsData: Step = (world, _a, b, c, n) => {
  const { hart, format } = world, src = open(world, b, format.perm.load | format.perm.store), cap = world.slot(src), offset = offsetToTag(world, cap, 4, n);
  const p = world.physical(cap.lo + BigInt(offset)), isCompare = c % 2 === 0, expected = isCompare && n % 3 === 0 && p >= 0 ? world.memory.i32[p >> 2] : 0x55;
  let old = 0;
  const act = (): void => { old = isCompare ? compareExchange32(hart, src, offset, expected, n) : exchange32(hart, src, offset, n); };
  if (world.try('amo', world.refuses(cap, 'amo', offset, 4), act) && (!isCompare || old === expected)) world.stored(p, bytesOf(n, 4));
};

export const readsTags: Step = (world, _a, b, _c, n) => {
  const { hart, format } = world, src = open(world, b, format.perm.load), cap = world.slot(src), offset = offsetFor(world, cap, 64, n);
  world.try('loadTags', world.refuses(cap, 'loadtags', offset, 64), () => loadTags(hart, src, offset));
};

/** rangeOf -- the places of the window that a range is, where there is memory. */
function rangeOf(world: World, cap: Capability, offset: number, size: number): number[] {
  const places: number[] = [];
  for (let i = 0n; i < BigInt(size); ++i) {
    const at = BigInt.asUintN(64, cap.lo + BigInt(offset) + i);
    if (at >= WindowBASE && at < WindowBASE + BigInt(Pages * 0x1000)) places.push(world.physical(at));
  }
  return places;
}

/** wide -- an operation of many accesses, of which any may be refused. */
function wide(world: World, what: string, act: () => void): void {
  const { hart } = world, before = hart.faults;
  try {
    act();
    world.count(what);
  } catch (error) {
    if (hart.faults === before) throw error;
    world.count(`${what} refused`);
  }
}

export const copies: Step = (world, a, b, c, n) => {
  const { hart, format: { perm } } = world, dst = open(world, b, perm.store), src = holder(world, c, perm.load), to = world.slot(dst), from = world.slot(src);
  const size = [16, 48, 100, 0x180][a % 4], isEven = n % 4 !== 0, toOffset = offsetFor(world, to, 16, n), fromOffset = offsetToTag(world, from, 16, n >>> 4) + (isEven ? 0 : 5);
  wide(world, 'copy', () => { wideCopy(hart, dst, toOffset, src, fromOffset, size, n % 5 === 0 ? 'strip' : 'keep'); });
  const places = rangeOf(world, from, fromOffset, size);
  world.copied(rangeOf(world, to, toOffset, size), n % 5 === 0 || !isEven ? [] : places, from);
};

export const fills: Step = (world, a, b, c, n) => {
  const { hart, format: { perm } } = world, dst = open(world, b, perm.store), to = world.slot(dst), size = [1, 16, 40, 0x100][a % 4], offset = offsetFor(world, to, 1, n);
  wide(world, 'fill', () => { wideFill(hart, dst, offset, size, c); });
  world.copied(rangeOf(world, to, offset, size), [], to);
};

// The operating system -----------------------------------------------------------------------------------------------

const PageOPEN = PageALL | PageEXECUTE;
const rights: readonly number[] = [
  PageOPEN, PageOPEN, PageOPEN, PageREAD | PageLOADCAP, PageREAD | PageWRITE, PageOPEN & ~PageSTORECAP, PageOPEN & ~PageLOADCAP, PageOPEN & ~4, PageOPEN & ~8,
  (PageOPEN & ~PageLOADCAP) | PageTRAPCAP, PageWRITE | PageSTORECAP, 0, PageOPEN & ~PageDIRTYCAP,
];
export const protects: Step = (world, a, b, c) => {
  world.protect(a % Pages, rights[b % rights.length]);
  // Most pages are open most of the time.
  world.protect(c % Pages, PageOPEN);
};
export const generations: Step = (world, a) => { world.hart.generationSet(a % 2 === 0 ? 0 : 1); };
