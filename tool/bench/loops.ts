/* loops.ts: LOOPS OVER THE MACHINE AND OVER TYPED ARRAYS
 *
 * Each case is a loop over the machine and the same loop over a typed array: the same sequence of offsets, the same
 * 1 MiB, the same dependence of an access on the one before <design/bench#.micro>. Both loops of a case return the same
 * number <design/bench#.inv.same>.
 *
 * .hoist: What a loop uses comes in by parameters or is written out: V8 reads the variables of a module anew each time round.
 */
import { random } from '../../code/base/base.ts';
import {
  AddressSpace, addrOfWindow, formatOf, Hart, Memory, PageALL, slotWrite, type FormatName,
} from '../../code/machine/machine.ts';

/** Two loops of `LoopCOUNT` operations each that return the same number. */
export interface Loops {
  readonly machine: () => number;
  readonly raw: () => number;
}

/** Operations that one call of a loop performs: the bound of every loop here. */
export const LoopCOUNT = 0x1_0000;

/** Two loops over a footprint that is filled for them. */
interface Case {
  /** What the footprint holds: nothing, one cycle through its words, or capabilities for objects of the footprint; with
   * `shortcuts`, the raw side has what stands at a granule's own offset in the object that the granule leads to. */
  readonly content: 'nothing' | 'cycle' | 'capabilities' | 'shortcuts';
  /** `zero` is the slot of the object that would lie at address 0: the object at `low` is in slot `zero + (low >>> 10)`. */
  readonly machine: (hart: Hart, zero: number) => number;
  /** `raw` has at an address what the machine has there. */
  readonly raw: (raw: Int32Array) => number;
}

const FootprintSIZE = 0x10_0000;
const ObjectCOUNT = 1024;
const ObjectSIZE: number = FootprintSIZE / ObjectCOUNT;
const GranuleCOUNT: number = FootprintSIZE / 16;

/** Where the footprint lies, as a low word of an address, and the number of its first word. */
const BaseLOW = FootprintSIZE;
const BaseWORD: number = BaseLOW / 4;

/** stepOf -- what follows in Knuth's linear congruential sequence modulo 2^32: an offset depends on the one before alone. */
const stepOf = (s: number): number => (Math.imul(s, 1664525) + 1013904223) | 0;

const load32: Case = {
  content: 'cycle',
  machine: (hart, zero) => {
    let x = 0x4_0000;
    for (let i = 0; i < 0x1_0000; i++) x = hart.load32(zero + (x >>> 8), (x & 255) << 2);
    return x;
  },
  raw: (raw) => {
    let x = 0x4_0000;
    for (let i = 0; i < 0x1_0000; i++) x = raw[x];
    return x;
  },
};

const load32Free: Case = {
  content: 'cycle',
  machine: (hart, zero) => {
    let sum = 0;
    for (let i = 0, s = 1; i < 0x1_0000; i++) {
      s = stepOf(s);
      const x = s >>> 14;
      sum = (sum + hart.load32(zero + 1024 + (x >>> 8), (x & 255) << 2)) | 0;
    }
    return sum;
  },
  raw: (raw) => {
    let sum = 0;
    for (let i = 0, s = 1; i < 0x1_0000; i++) {
      s = stepOf(s);
      sum = (sum + (raw[0x4_0000 + (s >>> 14)])) | 0;
    }
    return sum;
  },
};

const store32: Case = {
  content: 'nothing',
  machine: (hart, zero) => {
    let s = 1;
    for (let i = 0; i < 0x1_0000; i++) {
      s = stepOf(s);
      const x = s >>> 14;
      hart.store32(zero + 1024 + (x >>> 8), (x & 255) << 2, i);
    }
    return hart.load32(zero + 1024 + (s >>> 22), ((s >>> 14) & 255) << 2);
  },
  raw: (raw) => {
    let s = 1;
    for (let i = 0; i < 0x1_0000; i++) {
      s = stepOf(s);
      raw[0x4_0000 + (s >>> 14)] = i;
    }
    return raw[0x4_0000 + (s >>> 14)];
  },
};

const loadCap: Case = {
  content: 'capabilities',
  machine: (hart, zero) => {
    let from = zero + 1024;
    for (let i = 0, s = 1; i < 0x1_0000; i++) {
      s = stepOf(s);
      const to = zero + 2048 + (i & 1023);
      hart.loadCap(to, from, (s >>> 26) << 4);
      from = to;
    }
    return hart.r[from << 3];
  },
  raw: (raw) => {
    let p = 0x10_0000;
    for (let i = 0, s = 1; i < 0x1_0000; i++) {
      s = stepOf(s);
      p = raw[(p + ((s >>> 26) << 4)) >>> 2];
    }
    return p;
  },
};

const loadCapFree: Case = {
  content: 'capabilities',
  machine: (hart, zero) => {
    let sum = 0;
    for (let i = 0, s = 1; i < 0x1_0000; i++) {
      s = stepOf(s);
      const g = s >>> 16, to = zero + 2048 + (i & 1023);
      hart.loadCap(to, zero + 1024 + (g >>> 6), (g & 63) << 4);
      sum = (sum + (hart.r[to << 3])) | 0;
    }
    return sum;
  },
  raw: (raw) => {
    let sum = 0;
    for (let i = 0, s = 1; i < 0x1_0000; i++) {
      s = stepOf(s);
      sum = (sum + (raw[0x4_0000 + ((s >>> 16) << 2)])) | 0;
    }
    return sum;
  },
};

const dereference: Case = {
  content: 'capabilities',
  machine: (hart, zero) => {
    let from = zero + 1024, x = 0;
    for (let i = 0, s = 1; i < 0x1_0000; i++) {
      s = stepOf(s);
      const to = zero + 2048 + (i & 1023);
      hart.loadCap(to, from, ((s ^ x) >>> 26) << 4);
      x = hart.load32(to, (s >>> 16) & 0x3f0);
      from = to;
    }
    return x;
  },
  raw: (raw) => {
    let p = 0x10_0000, x = 0;
    for (let i = 0, s = 1; i < 0x1_0000; i++) {
      s = stepOf(s);
      p = raw[(p + (((s ^ x) >>> 26) << 4)) >>> 2];
      x = raw[(p + ((s >>> 16) & 0x3f0)) >>> 2];
    }
    return x;
  },
};

const dereferenceFree: Case = {
  content: 'capabilities',
  machine: (hart, zero) => {
    let sum = 0;
    for (let i = 0, s = 1; i < 0x1_0000; i++) {
      s = stepOf(s);
      const g = s >>> 16, to = zero + 2048 + (i & 1023);
      hart.loadCap(to, zero + 1024 + (g >>> 6), (g & 63) << 4);
      sum = (sum + hart.load32(to, (s >>> 6) & 0x3fc)) | 0;
    }
    return sum;
  },
  raw: (raw) => {
    let sum = 0;
    for (let i = 0, s = 1; i < 0x1_0000; i++) {
      s = stepOf(s);
      const p = raw[0x4_0000 + ((s >>> 16) << 2)];
      sum = (sum + (raw[(p + ((s >>> 6) & 0x3fc)) >>> 2])) | 0;
    }
    return sum;
  },
};

/** A dereference set against one load: the raw words hold what the machine reaches through a capability. */
const dereferenceSingle: Case = {
  content: 'shortcuts',
  machine: (hart, zero) => {
    let sum = 0;
    for (let i = 0, s = 1; i < 0x1_0000; i++) {
      s = stepOf(s);
      const g = s >>> 16, to = zero + 2048 + (i & 1023);
      hart.loadCap(to, zero + 1024 + (g >>> 6), (g & 63) << 4);
      sum = (sum + hart.load32(to, (g & 63) << 4)) | 0;
    }
    return sum;
  },
  raw: (raw) => {
    let sum = 0;
    for (let i = 0, s = 1; i < 0x1_0000; i++) {
      s = stepOf(s);
      sum = (sum + raw[0x4_0000 + ((s >>> 16) << 2)]) | 0;
    }
    return sum;
  },
};

const storeCap: Case = {
  content: 'nothing',
  machine: (hart, zero) => {
    let s = 1;
    for (let i = 0; i < 0x1_0000; i++) {
      s = stepOf(s);
      const g = s >>> 16;
      hart.storeCap(zero + 1024 + (g >>> 6), (g & 63) << 4, zero + 1024 + (i & 1023));
    }
    return hart.load32(zero + 1024 + (s >>> 22), ((s >>> 16) & 63) << 4);
  },
  raw: (raw) => {
    let s = 1;
    for (let i = 0; i < 0x1_0000; i++) {
      s = stepOf(s);
      raw[0x4_0000 + ((s >>> 16) << 2)] = 0x10_0000 + ((i & 1023) << 10);
    }
    return raw[0x4_0000 + ((s >>> 16) << 2)];
  },
};

const move: Case = {
  content: 'nothing',
  machine: (hart, zero) => {
    let s = 1;
    for (let i = 0; i < 0x1_0000; i++) {
      s = stepOf(s);
      hart.move(zero + 2048 + (s >>> 22), zero + 1024 + ((s >>> 12) & 1023));
    }
    return (hart.r[(zero + 2048 + (s >>> 22)) << 3] >>> 10) - 1024;
  },
  raw: (raw) => {
    for (let i = 0; i < 1024; i++) raw[i] = i;
    let s = 1;
    for (let i = 0; i < 0x1_0000; i++) {
      s = stepOf(s);
      raw[1024 + (s >>> 22)] = raw[(s >>> 12) & 1023];
    }
    return raw[1024 + (s >>> 22)];
  },
};

/** What makes the loops of each case, by name. A case that says `free` has accesses that do not wait for each other; one
 * that says `locked` is on a machine for several workers, of whom one is there <design/bench#.micro.locked>; one that says
 * `morello` has a machine of that format. */
export const LOOPS: Readonly<Record<string, () => Loops>> = {
  'load32': () => loopsSet(load32),
  'load32-free': () => loopsSet(load32Free),
  'store32': () => loopsSet(store32),
  'loadCap': () => loopsSet(loadCap),
  'loadCap-free': () => loopsSet(loadCapFree),
  'storeCap': () => loopsSet(storeCap),
  'dereference': () => loopsSet(dereference),
  'dereference-free': () => loopsSet(dereferenceFree),
  'dereference-single': () => loopsSet(dereferenceSingle),
  'move': () => loopsSet(move),
  'store32-locked': () => loopsSet(store32, true),
  'loadCap-locked': () => loopsSet(loadCap, true),
  'loadCap-free-locked': () => loopsSet(loadCapFree, true),
  'storeCap-locked': () => loopsSet(storeCap, true),
  'loadCap-morello': () => loopsSet(loadCap, false, 'morello'),
  'loadCap-free-morello': () => loopsSet(loadCapFree, false, 'morello'),
};

/** loopsSet -- a machine whose hart holds one capability for each of 1,024 objects, the same in a typed array, and the loops. */
function loopsSet(micro: Case, isShared: boolean = false, format: FormatName = 'riscv'): Loops {
  const memory = new Memory(2 * FootprintSIZE, isShared);
  const space = new AddressSpace(memory.size, isShared);
  space.map(addrOfWindow(BaseLOW), FootprintSIZE, FootprintSIZE, PageALL);
  const hart = new Hart('micro', memory, space, undefined, format), codec = formatOf(hart);
  const first = hart.enter(2 * ObjectCOUNT);
  for (let object = 0; object < ObjectCOUNT; object++) {
    const base = BigInt(addrOfWindow(BaseLOW + object * ObjectSIZE)), top = base + BigInt(ObjectSIZE);
    slotWrite(hart, first + object, codec.encode({ base, top }, base, codec.perm.all, codec.types.unsealed, 0n, true).cap);
  }
  if (micro.content === 'cycle') cycleFill(memory.i32);
  if (micro.content === 'capabilities' || micro.content === 'shortcuts') capsFill(hart, first);
  const raw = new Int32Array(new SharedArrayBuffer(memory.size));
  raw.set(memory.i32);
  if (micro.content === 'shortcuts') shortcutsFill(raw, memory.i32);
  const zero = first - ObjectCOUNT;
  return { machine: () => micro.machine(hart, zero), raw: () => micro.raw(raw) };
}

/** Fills the footprint with one cycle through all its words: each holds the number of the next, counted from address 0. */
function cycleFill(words: Int32Array): void {
  const draw = random(1);
  for (let i = BaseWORD; i < 2 * BaseWORD; i++) words[i] = i;
  for (let i = 2 * BaseWORD - 1; i > BaseWORD; i--) {
    const j = BaseWORD + draw(i - BaseWORD), word = words[i];
    words[i] = words[j];
    words[j] = word;
  }
}

/** Fills the footprint with capabilities: each granule refers to an object drawn at random. */
function capsFill(hart: Hart, first: number): void {
  const draw = random(2);
  for (let granule = 0; granule < GranuleCOUNT; granule++) {
    hart.storeCap(first + (granule >>> 6), (granule & 63) << 4, first + draw(ObjectCOUNT));
  }
}

/** Puts into each granule's first word what the machine finds through the granule's capability. */
function shortcutsFill(raw: Int32Array, words: Int32Array): void {
  for (let granule = 0; granule < GranuleCOUNT; granule++) {
    const word = BaseWORD + granule * 4;
    raw[word] = words[words[word] / 4 + (granule & 63) * 4];
  }
}
