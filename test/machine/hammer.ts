/* hammer.ts: WHAT WORKERS DO TO EACH OTHER
 *
 * Jobs in which harts of several workers meet on one granule or one page, and each looks for what must not be. A capability here is
 * made of one number, which says who stored it and as which of his: all four words follow from it, so that one whose words are
 * from two stores is seen. The first 64 KiB of memory are the first of the window.
 */
import { parentPort } from 'node:worker_threads';
import { random, type Random } from '../../code/base/base.ts';
import {
  addrOfWindow, AddressSpace, compareExchange32, compareExchangeCap, exchangeCap, formatOf, Hart, Machine, Memory, PageALL, PageDIRTYCAP,
  PageEXECUTE, PageSIZE, slotWrite,
} from '../../code/machine/machine.ts';
import type { Shift } from './crew.ts';

/** What a worker has counted. */
export type Findings = Readonly<Record<string, number>>;

type Counts = Record<string, number>;

/** What capabilities go through, those that are stored, and those that are loaded. */
const ALL = 1, OUT = 2, IN = 3;

/** Where things are: the granule that all meet on, each worker's own beside it, eight bytes of data, and a word of each worker. */
export const MEETING = 0;
export const ownOf = (id: number): number => 16 * (1 + id);
const DOUBLE = 0x100;
/** A count that only who has the token may change. */
export const TALLY = 0x200;
const wordOf = (id: number): number => 0x1000 + 64 * id;
/** The number that the token is made of. */
export const TOKEN: number = 31 << 26;

const mixed = (n: number, salt: number): number => Math.imul(n ^ salt, 0x9e37_79b1) ^ Math.imul(n + salt, 0x85eb_ca6b);

/** numberOf -- what worker `id` stores as his number `count`, counted from 1, below 2^26. */
export const numberOf = (id: number, count: number): number => (id << 26) | count;

/** make -- the capability, or word, of a number into a slot. */
export function make(hart: Hart, slot: number, n: number, isTagged: boolean = true): void {
  hart.set(slot, n, mixed(n, 1), mixed(n, 2), mixed(n, 3));
  if (isTagged) hart.decode(slot);
}

/** isWhole -- all four words of a slot are of one number. */
export function isWhole({ r }: Hart, slot: number): boolean {
  const c = slot << 3, n = r[c];
  return r[c + 1] === mixed(n, 1) && r[c + 2] === mixed(n, 2) && r[c + 3] === mixed(n, 3);
}

/** giveAll -- the first 64 KiB of the window into a slot. */
export function giveAll(hart: Hart, slot: number): void {
  const format = formatOf(hart);
  slotWrite(hart, slot, format.setBounds(format.rootAt(0x40n << 32n), 0x1_0000n).cap);
}

const bits = new DataView(new ArrayBuffer(8));

/** doubleOf -- a number whose two halves follow from `n`. */
function doubleOf(n: number): number {
  bits.setInt32(0, 0x3ff0_0000 | (mixed(n, 4) & 0xf_ffff));
  bits.setInt32(4, n);
  return bits.getFloat64(0);
}

/** isDouble -- whether it is one of those. */
function isDouble(value: number): boolean {
  bits.setFloat64(0, value);
  return bits.getInt32(0) === (0x3ff0_0000 | (mixed(bits.getInt32(4), 4) & 0xf_ffff));
}

// Jobs ---------------------------------------------------------------------------------------------------------------

/** halve -- eight bytes that are stored and loaded, and in each load are of one store. */
function halve(hart: Hart, { id, operations }: Shift): Counts {
  const counts: Counts = { halves: 0, foreign: 0 };
  for (let i = 1; i <= operations; i += 1) {
    const mine = doubleOf(numberOf(id, i & 0x3ff_ffff));
    hart.storeDouble(ALL, DOUBLE, mine);
    for (let k = 0; k < 3; k += 1) {
      const found = hart.loadDouble(ALL, DOUBLE);
      if (!isDouble(found)) counts['halves'] += 1;
      if (found !== mine) counts['foreign'] += 1;
    }
  }
  return counts;
}

/** What a worker knows of the granule that all meet on: how many he has stored, whether the last is all he did, and whom he saw last. */
interface Meeting {
  readonly hart: Hart;
  readonly id: number;
  readonly draw: Random;
  readonly counts: Counts;
  readonly seen: number[];
  stored: number;
  isLast: boolean;
}

/** meet -- stores of capabilities and of data to one granule and its neighbours, and loads that look at what is there. */
function meet(hart: Hart, { id, count, operations, seed }: Shift): Counts {
  const counts: Counts = { torn: 0, stale: 0, early: 0, lost: 0, foreign: 0, tagged: 0, untagged: 0 };
  const draw = random(seed * 64 + id), seen = new Array<number>(count).fill(0);
  const at: Meeting = { hart, id, draw, counts, seen, stored: 0, isLast: false };
  for (let i = 1; i <= operations; i += 1) {
    switch (draw(7)) {
      case 0: case 1: meetStore(at); break;
      case 2: meetData(at); break;
      case 3: case 4: case 5: meetLoad(at); break;
      default: neighbour(at, i);
    }
  }
  return counts;
}

/** The count is in the worker's word before the capability is in the granule. */
function meetStore(at: Meeting): void {
  const { hart, id } = at;
  at.stored += 1;
  at.isLast = true;
  hart.store32(ALL, wordOf(id), at.stored);
  make(hart, OUT, numberOf(id, at.stored));
  hart.storeCap(ALL, MEETING, OUT);
}

function meetData(at: Meeting): void {
  const { hart, draw } = at, size = 1 << draw(4), offset = MEETING + draw(16 / size) * size;
  at.isLast = false;
  switch (size) {
    case 1: hart.store8(ALL, offset, draw(256)); break;
    case 2: hart.store16(ALL, offset, draw(0x1_0000)); break;
    case 4: hart.store32(ALL, offset, draw(0x1_0000_0000)); break;
    default: hart.storeDouble(ALL, offset, draw(0x1_0000_0000));
  }
}

function meetLoad(at: Meeting): void {
  const { hart, id, counts, seen } = at;
  hart.loadCap(IN, ALL, MEETING);
  if (!hart.isTagged(IN)) {
    counts['untagged'] += 1;
    return;
  }
  counts['tagged'] += 1;
  const n = hart.r[IN << 3], by = n >>> 26, stored = n & 0x3ff_ffff;
  if (!isWhole(hart, IN) || by >= seen.length) {
    counts['torn'] += 1;
  } else if (by === id) {
    if (!at.isLast || stored !== at.stored) counts['stale'] += 1;
  } else {
    counts['foreign'] += 1;
    if (stored < seen[by]) counts['stale'] += 1;
    if (hart.load32(ALL, wordOf(by)) < stored) counts['early'] += 1;
    seen[by] = stored;
  }
}

/** neighbour -- nobody else stores to a worker's own granule: it is as he left it. */
function neighbour({ hart, id, counts }: Meeting, i: number): void {
  make(hart, OUT, numberOf(id, i));
  hart.storeCap(ALL, ownOf(id), OUT);
  hart.loadCap(IN, ALL, ownOf(id));
  if (!hart.isSame(IN, OUT)) counts['lost'] += 1;
  if ((i & 1) === 0) return;
  hart.store8(ALL, ownOf(id) + (i & 15), 0);
  hart.loadCap(IN, ALL, ownOf(id));
  if (hart.isTagged(IN)) counts['lost'] += 1;
}

/** pass -- one token and a word of each worker go round through a granule; who has the token may count. */
function pass(hart: Hart, { id, operations }: Shift): Counts {
  const counts: Counts = { torn: 0, tokens: 0, foreign: 0, held: 0, heldTag: 0 };
  make(hart, OUT, numberOf(id, 1), false);
  let put = TOKEN;
  for (let i = 0; i < operations; i += 1) {
    const putBefore = put;
    put = hart.r[OUT << 3];
    exchangeCap(hart, OUT, ALL, MEETING, OUT);
    if (!isWhole(hart, OUT)) counts['torn'] += 1;
    if (hart.r[OUT << 3] !== putBefore) counts['foreign'] += 1;
    if (!hart.isTagged(OUT)) continue;
    counts['tokens'] += 1;
    hart.store32(ALL, TALLY, hart.load32(ALL, TALLY) + 1);
  }
  counts['held'] = hart.r[OUT << 3];
  counts['heldTag'] = Number(hart.isTagged(OUT));
  return counts;
}

/** raise -- count together, by compare and exchange of a capability and of a word. */
function raise(hart: Hart, { operations }: Shift): Counts {
  const counts: Counts = { torn: 0, foreign: 0 };
  for (let i = 0; i < operations; i += 1) {
    hart.loadCap(IN, ALL, MEETING);
    for (;;) {
      if (!isWhole(hart, IN) || !hart.isTagged(IN)) counts['torn'] += 1;
      make(hart, OUT, hart.r[IN << 3] + 1);
      if (compareExchangeCap(hart, IN, ALL, MEETING, OUT)) break;
      counts['foreign'] += 1;
    }
    let old = hart.load32(ALL, TALLY);
    for (;;) {
      const found = compareExchange32(hart, ALL, TALLY, old, old + 1);
      if (found === old) break;
      counts['foreign'] += 1;
      old = found;
    }
  }
  return counts;
}

/** soil -- each worker stores capabilities to his page, which he has cleaned before, while the other changes its rights. */
function soil(hart: Hart, { id, count, operations }: Shift): Counts {
  const counts: Counts = { lost: 0, foreign: 0 }, { space } = hart, other = (id + 1) % count;
  const mine = 0x2000 + id * PageSIZE, page = addrOfWindow(mine), others = addrOfWindow(0x2000 + other * PageSIZE);
  const rights = PageALL & ~PageDIRTYCAP;
  make(hart, OUT, numberOf(id, 1));
  for (let i = 0; i < operations; i += 1) {
    const before = space.entry(mine, 0x40);
    space.clean(page, PageSIZE);
    hart.storeCap(ALL, mine, OUT);
    for (let k = 0; k < 4; k += 1) {
      space.protect(others, PageSIZE, (k & 1) === 0 ? rights : rights | PageEXECUTE);
      if ((space.entry(mine, 0x40) & PageDIRTYCAP) === 0) counts['lost'] += 1;
    }
    if (((space.entry(mine, 0x40) ^ before) & PageEXECUTE) !== 0) counts['foreign'] += 1;
  }
  return counts;
}

/** What a crew can be asked to do. */
export type JobName = 'meet' | 'halve' | 'pass' | 'raise' | 'soil';

const jobs: Readonly<Record<JobName, (hart: Hart, shift: Shift) => Counts>> = { meet, halve, pass, raise, soil };

// Workers ------------------------------------------------------------------------------------------------------------

/** hartOf -- a hart of this worker on the machine of a job. */
function hartOf({ id, machine, space, isLocked }: Shift): Hart {
  if (isLocked) {
    const joined = Machine.join(machine);
    return joined.hart(`worker ${id}`, joined.space(space));
  }
  const memory = new Memory(machine.size, false, machine.memory);
  return new Hart(`worker ${id}`, memory, new AddressSpace(machine.size, false, space), undefined, machine.format);
}

/** gather -- wait until all workers of a job have come. */
function gather({ gate, count }: Shift): void {
  const word = new Int32Array(gate);
  if (Atomics.add(word, 0, 1) + 1 === count) Atomics.notify(word, 0);
  for (let come = Atomics.load(word, 0); come < count; come = Atomics.load(word, 0)) Atomics.wait(word, 0, come);
}

parentPort?.on('message', (shift: Shift) => {
  const hart = hartOf(shift);
  giveAll(hart, ALL);
  gather(shift);
  parentPort?.postMessage(jobs[shift.name](hart, shift));
});
