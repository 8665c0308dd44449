import { describe, expect, test } from 'vitest';

import { random, type Random } from '../../code/base/random.ts';
import {
  addrOfWindow, formatOf, Machine, MachineFault, PageALL, pageLoadCap, PageLOADCAP, PageREAD, PageSIZE, PageSTORECAP, PageTRAPCAP,
  PageWRITE, ladderGrant, lowOffset, highOffset, slotRead, slotWrite, WideLIMIT, wideCompare, wideCopy, wideFill,
  type Addr, type AddressSpace, type Capability, type Fault, type Format, type FormatName, type Hart, type Tags,
} from '../../code/machine/machine.ts';
import { seeds } from '../seed.ts';
import { give, rig } from './rig.ts';

const DST = 1, SRC = 2;

// The model: the same by single accesses -----------------------------------------------------------------------------

/** The address at an offset from that in a slot. */
function addressAt({ r }: Hart, slot: number, offset: number): bigint {
  const low = r[slot << 3], high = r[(slot << 3) + 1];
  return (BigInt(highOffset(low, high, offset) >>> 0) << 32n) | BigInt(lowOffset(low, offset) >>> 0);
}

/** modelCopy -- wideCopy as a program would write it. */
function modelCopy(hart: Hart, dst: number, dstOffset: number, src: number, srcOffset: number, size: number, tags: Tags): void {
  const above = BigInt.asUintN(64, addressAt(hart, dst, dstOffset) - addressAt(hart, src, srcOffset));
  const isDown = above > 0n && above < BigInt(size);
  for (let left = size; left > 0;) {
    const edge = isDown ? left : size - left, to = addressAt(hart, dst, dstOffset + edge), from = addressAt(hart, src, srcOffset + edge);
    const isWhole = tags === 'keep' && to % 16n === 0n && from % 16n === 0n && left >= 16;
    const unit = isWhole ? 16 : 1, at = isDown ? edge - unit : edge;
    if (isWhole) {
      const scratch = hart.enter(1);
      try {
        hart.loadCap(scratch, src, srcOffset + at);
        hart.storeCap(dst, dstOffset + at, scratch);
      } finally {
        hart.leave(scratch);
      }
    } else {
      hart.store8(dst, dstOffset + at, hart.load8(src, srcOffset + at));
    }
    left -= unit;
  }
}

function modelFill(hart: Hart, dst: number, offset: number, size: number, byte: number): void {
  for (let done = 0; done < size; done += 1) hart.store8(dst, offset + done, byte);
}

function modelCompare(hart: Hart, one: number, oneOffset: number, other: number, otherOffset: number, size: number): number {
  for (let done = 0; done < size; done += 1) {
    const difference = hart.load8(one, oneOffset + done) - hart.load8(other, otherOffset + done);
    if (difference !== 0) return difference;
  }
  return 0;
}

// Random worlds ------------------------------------------------------------------------------------------------------

const Pages = 4;
const Frames = 6;

/** Where the pages lie: in the window, across its limit, and below it across a high word. */
const places = [addrOfWindow(0x10_0000), addrOfWindow(0xffff_e000 | 0), 0x3_ffff_d000 as Addr] as const;

const rightsOf = [
  ...Array.from({ length: 12 }, () => PageALL), PageREAD | PageWRITE | PageLOADCAP | PageSTORECAP,
  PageREAD | PageLOADCAP, PageWRITE | PageSTORECAP, PageREAD | PageWRITE | PageLOADCAP, PageREAD | PageWRITE | PageSTORECAP,
  PageREAD | PageWRITE | PageLOADCAP,
  PageREAD | PageWRITE | PageSTORECAP | pageLoadCap(1), PageREAD | PageWRITE | PageSTORECAP | pageLoadCap(0),
  PageREAD | PageWRITE | PageSTORECAP | PageTRAPCAP, PageREAD | PageWRITE, 0,
] as const;

interface World {
  readonly hart: Hart;
  readonly space: AddressSpace;
  readonly machine: Machine;
  readonly at: Addr;
  readonly faults: Fault[];
}

const chance = (draw: Random, of: number): boolean => draw(of) === 0;

/** permsDrawn -- all permissions, or all but one of those that matter in a slot. */
function permsDrawn(draw: Random, { perm }: Format, slot: number): number {
  const drop = slot === DST ? [perm.storeCap, perm.storeCap, perm.storeLocal, perm.storeLocal, perm.storeLocal, perm.store]
    : [perm.loadCap, perm.loadCap, perm.mutableLoad, perm.mutableLoad, perm.mutableLoad, perm.load];
  return perm.all & ~(chance(draw, 2) ? 0 : drop[draw(drop.length)]);
}

/** valueDrawn -- a capability such as lies in memory: global or local, for data or code, now and then sealed. */
function valueDrawn(draw: Random, format: Format): Capability {
  const base = BigInt(draw(0x1000) * 16), { all, global } = format.perm;
  const perms = chance(draw, 4) ? all & ~global : draw(all + 1) | global;
  const { cap } = format.encode({ base, top: base + BigInt(draw(64) * 16) }, base, perms & all, format.types.unsealed, 0n, true);
  return chance(draw, 8) ? format.sealEntry(cap) : cap;
}

/** authorityDrawn -- a capability for the pages or a part of them, at an address in it. */
function authorityDrawn(draw: Random, format: Format, at: number, slot: number): Capability {
  const size = Pages * PageSIZE, base = chance(draw, 6) ? draw(size) : 0, top = chance(draw, 4) ? base + draw(size - base) : size;
  const bounds = { base: BigInt(at + base), top: BigInt(at + top) };
  const address = bounds.base + BigInt(draw(top - base + 1)), perms = permsDrawn(draw, format, slot);
  const { cap } = format.encode(bounds, address, perms, format.types.unsealed, 0n, true);
  return chance(draw, 40) ? { ...cap, tag: false } : chance(draw, 40) ? format.sealEntry(cap) : cap;
}

/** worldDrawn -- the world that a seed stands for; the same seed makes the same one. */
function worldDrawn(seed: number, name: FormatName, isShared: boolean): World & { readonly draw: Random } {
  const draw = random(seed), machine = new Machine(Frames * PageSIZE, { format: name, isShared }), space = machine.space();
  const at = places[draw(4) % 3], hart = machine.hart('wide', space, 64), format = formatOf(hart);
  for (let page = 0; page < Pages; page += 1) {
    if (chance(draw, 24)) continue;
    const frame = chance(draw, 5) ? draw(3) : page;
    space.map((at + page * PageSIZE) as Addr, PageSIZE, frame * PageSIZE, rightsOf[draw(rightsOf.length)]);
  }
  const { memory } = machine, every = [3, 12, 200][draw(3)];
  for (let index = 0; index < memory.i32.length; index += 1) memory.i32[index] = Math.imul(index + 1, 0x9e37_79b1);
  for (let granule = 0; granule < memory.tags.length; granule += 1) {
    if (!chance(draw, every)) continue;
    slotWrite(hart, 3, valueDrawn(draw, format));
    memory.i32.set(hart.r.subarray(24, 28), granule << 2);
    memory.tags[granule] = 1;
  }
  for (const slot of [DST, SRC]) slotWrite(hart, slot, authorityDrawn(draw, format, at, slot));
  hart.generationSet(draw(2) as 0 | 1);
  return { hart, space, machine, at, faults: [], draw };
}

// Traps --------------------------------------------------------------------------------------------------------------

const policies = ['none', 'none', 'pages', 'grant', 'authority', 'move', 'halt'] as const;
type Policy = (typeof policies)[number];

/** open -- let the page of a fault be used for everything. */
function open({ space, at }: World, fault: Fault): void {
  const page = fault.addr - (fault.addr % PageSIZE), index = (page - at) / PageSIZE;
  if (index < 0 || index >= Pages) throw new MachineFault(fault);
  space.map(page as Addr, PageSIZE, index * PageSIZE, PageALL);
}

/** trapOf -- what handles faults, the same way each time. */
function trapOf(policy: Policy, world: World): Hart['trap'] {
  const { at, faults } = world;
  return (hart, fault) => {
    faults.push(fault);
    const isPage = fault.kind.startsWith('page');
    if (policy === 'none' || faults.length > 3000 || (policy !== 'authority' && !isPage)) throw new MachineFault(fault);
    if (policy === 'grant') {
      const { access, slot, offset, size, value } = fault;
      const granted = ladderGrant(hart, access, slot, offset, size, value < 0 ? 0 : hart.r[(value << 3) + 4]);
      if (granted < 0) throw new MachineFault(fault);
      return granted;
    }
    if (policy === 'halt' && faults.length > 1) throw new MachineFault(fault);
    if (isPage) open(world, fault);
    else if (faults.length > 4) throw new MachineFault(fault);
    else {
      const format = formatOf(hart), bounds = { base: BigInt(at), top: BigInt(at + Pages * PageSIZE) };
      const { lo } = slotRead(hart, fault.slot);
      slotWrite(hart, fault.slot, format.encode(bounds, lo, format.perm.all, format.types.unsealed, 0n, true).cap);
    }
    if (policy === 'move' && faults.length < 3) {
      const format = formatOf(hart), cap = slotRead(hart, fault.slot), to = cap.lo + [16n, -32n, 5n][(fault.offset >>> 0) % 3];
      slotWrite(hart, fault.slot, { ...format.setAddress(cap, BigInt.asUintN(64, to)), tag: true });
    }
    return -1;
  };
}

// Comparing worlds ---------------------------------------------------------------------------------------------------

/** outcomeOf -- what an operation returns, or the fault that ended it. */
function outcomeOf(operation: () => unknown): unknown {
  try {
    return operation();
  } catch (error) {
    if (error instanceof MachineFault) return error.fault;
    throw error;
  }
}

const bytesOf = (array: Uint8Array | Int32Array): Buffer => Buffer.from(array.buffer.slice(0));

function expectSame(one: World, other: World): void {
  expect(one.faults).toEqual(other.faults);
  expect([one.hart.faults, one.hart.top, one.hart.granted]).toEqual([other.hart.faults, other.hart.top, -1]);
  expect(one.hart.r.subarray(0, one.hart.top << 3)).toEqual(other.hart.r.subarray(0, other.hart.top << 3));
  for (let page = 0; page < Pages; page += 1) {
    const at = one.at + page * PageSIZE, words = [at | 0, Math.floor(at / 0x1_0000_0000)] as const;
    expect([page, one.space.entry(...words)]).toEqual([page, other.space.entry(...words)]);
  }
  const a = one.machine.memory, b = other.machine.memory;
  expect(bytesOf(a.tags).equals(bytesOf(b.tags))).toBe(true);
  expect(bytesOf(a.u8).equals(bytesOf(b.u8))).toBe(true);
}

/** How often the things happened that a run should try. */
class Tally {
  private readonly counts = new Map<string, number>();

  add(what: string, is: boolean = true): void {
    if (is) this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** atLeast -- each of these happened so often. */
  atLeast(count: number, what: readonly string[]): void {
    expect(what.filter((name) => (this.counts.get(name) ?? 0) < count)).toEqual([]);
  }
}

/** Copies that are tried, and half as many other operations. */
const Worlds = 320;
const sizesOf = [40, 300, 4500, 9000] as const;

/** Offsets from the address in a slot to somewhere in the pages. */
const offsetDrawn = (world: World & { readonly draw: Random }, slot: number): number =>
  Number(BigInt(world.at) - slotRead(world.hart, slot).lo) + world.draw((Pages - 1) * PageSIZE);

/** tally -- what a copy was like. */
function tallyCopy(tally: Tally, world: World, outcome: unknown, before: Buffer, policy: Policy): void {
  const { faults, machine } = world;
  tally.add(policy === 'none' ? 'plain' : policy, faults.length > 0);
  for (const { kind } of faults) tally.add(kind);
  const isChanged = !bytesOf(machine.memory.u8).equals(before);
  tally.add('done without fault', outcome === undefined && faults.length === 0);
  tally.add('faulted on the way', isChanged && typeof outcome === 'object');
  tally.add('went on', isChanged && outcome === undefined && faults.length > 0);
}

/** copyOnce -- one random copy, by the operation and by the model. */
function copyOnce(seed: number, name: FormatName, isShared: boolean, tally: Tally): void {
  const one = worldDrawn(seed, name, isShared), other = worldDrawn(seed, name, isShared), { draw, hart } = one;
  const size = draw(sizesOf[draw(sizesOf.length)]), tags: Tags = chance(draw, 4) ? 'strip' : 'keep';
  const policy = policies[draw(policies.length)];
  const srcOffset = offsetDrawn(one, SRC), near = (draw(200) - 100) * (chance(draw, 4) ? 1 : 16);
  const overlap = Number(slotRead(hart, SRC).lo - slotRead(hart, DST).lo) + srcOffset + near;
  const even = Number((slotRead(hart, SRC).lo + BigInt(srcOffset) - slotRead(hart, DST).lo) & 15n);
  const apart = (offsetDrawn(one, DST) & -16) + even + (chance(draw, 4) ? draw(16) : 0), dstOffset = chance(draw, 2) ? overlap : apart;
  const before = bytesOf(one.machine.memory.u8), tagsBefore = bytesOf(one.machine.memory.tags);
  hart.trap = trapOf(policy, one);
  other.hart.trap = trapOf(policy, other);
  const outcome = outcomeOf(() => { wideCopy(hart, DST, dstOffset, SRC, srcOffset, size, tags); });
  expect(outcome).toEqual(outcomeOf(() => { modelCopy(other.hart, DST, dstOffset, SRC, srcOffset, size, tags); }));
  expectSame(one, other);
  tallyCopy(tally, one, outcome, before, policy);
  tally.add('tags moved', one.machine.memory.tags.some((tag, granule) => tag !== 0 && tagsBefore[granule] === 0));
  tally.add('downward', near > 0 && near < size && dstOffset === overlap && outcome === undefined);
  tally.add('upward', near < 0 && -near < size && dstOffset === overlap && outcome === undefined);
}

const kinds = ['tag', 'seal', 'load', 'store', 'storecap', 'storelocal', 'bounds', 'page', 'page-loadcap', 'page-storecap'] as const;
const events = [
  'plain', 'pages', 'grant', 'authority', 'move', 'halt', 'done without fault', 'faulted on the way', 'went on', 'tags moved', 'downward', 'upward',
] as const;

describe.each(['riscv', 'morello'] as const)('wide operations do what single accesses do, %s', (name) => {
  for (const isShared of [false, true]) {
    const kind = isShared ? 'shared' : 'plain';
    test(`copies, ${kind} machine <design/wide#.req.sequence> <design/wide#.copy.order> <design/wide#.copy.tags>`, () => {
      const tally = new Tally();
      for (const seed of seeds(Worlds)) copyOnce(seed, name, isShared, tally);
      if (process.env['SEED'] === undefined) tally.atLeast(2, [...kinds, ...events]);
    });

    test(`fills and compares, ${kind} machine <design/wide#.req.sequence> <design/wide#.compare>`, () => {
      const tally = new Tally();
      for (const seed of seeds(Worlds / 2)) {
        const one = worldDrawn(seed, name, isShared), other = worldDrawn(seed, name, isShared), { draw } = one;
        const size = draw(sizesOf[draw(sizesOf.length)]), policy = policies[draw(policies.length)], dstOffset = offsetDrawn(one, DST);
        const srcOffset = chance(draw, 2) ? offsetDrawn(one, SRC)
          : Number(slotRead(one.hart, DST).lo - slotRead(one.hart, SRC).lo) + dstOffset;
        for (const world of [one, other]) world.hart.trap = trapOf(policy, world);
        if (chance(draw, 2)) {
          const outcome = outcomeOf(() => { wideFill(one.hart, DST, dstOffset, size, 0x1a5); });
          expect(outcome).toEqual(outcomeOf(() => { modelFill(other.hart, DST, dstOffset, size, 0x1a5); }));
          tally.add(outcome === undefined ? 'filled' : 'fill faulted');
          tally.add('fill went on', outcome === undefined && one.faults.length > 0);
        } else {
          // Often memories that are alike but for one byte.
          const isAlike = chance(draw, 2), odd = draw(one.machine.memory.size), byte = draw(256);
          for (const { machine: { memory } } of isAlike ? [one, other] : []) {
            memory.u8.fill(0x55);
            memory.u8[odd] = byte;
          }
          const outcome = outcomeOf(() => wideCompare(one.hart, DST, dstOffset, SRC, srcOffset, size));
          expect(outcome).toEqual(outcomeOf(() => modelCompare(other.hart, DST, dstOffset, SRC, srcOffset, size)));
          tally.add(typeof outcome === 'number' ? ['less', 'equal', 'greater'][Math.sign(outcome) + 1] : 'compare faulted');
        }
        expectSame(one, other);
      }
      if (process.env['SEED'] === undefined) {
        tally.atLeast(2, ['filled', 'fill faulted', 'fill went on', 'compare faulted', 'equal', 'less', 'greater']);
      }
    });
  }
});

describe('what programs see of it', () => {
  test('a copy that is all misaligned to its source loses the tags and does not fault <design/wide#.copy.tags>', () => {
    const { hart, memory } = rig();
    give(hart, DST, 0x2000, 0x200);
    give(hart, SRC, 0x1000, 0x200);
    for (let at = 0; at < 0x100; at += 16) hart.storeCap(SRC, at, DST);
    wideCopy(hart, DST, 4, SRC, 0, 0x100, 'keep');
    expect(memory.tags.subarray(0x200, 0x220).some((tag) => tag !== 0)).toBe(false);
    wideCopy(hart, DST, 0, SRC, 0, 0x100, 'keep');
    expect(memory.tags.subarray(0x200, 0x210).every((tag) => tag === 1)).toBe(true);
    wideCopy(hart, DST, 0, SRC, 0, 0x100, 'strip');
    expect(memory.tags.subarray(0x200, 0x210).some((tag) => tag !== 0)).toBe(false);
    expect(hart.faults).toBe(0);
  });

  test('nothing is no access, through whatever slot; sizes that are none are a defect <design/wide#.size>', () => {
    const { hart } = rig();
    hart.clear(DST);
    wideCopy(hart, DST, 0, SRC, 0, 0, 'keep');
    wideFill(hart, DST, 0, 0, 1);
    expect(wideCompare(hart, DST, 0, SRC, 0, 0)).toBe(0);
    for (const size of [-1, 0.5, NaN, WideLIMIT + 1, '1' as unknown as number]) {
      expect(() => { wideFill(hart, DST, 0, size, 1); }).toThrow('<design/wide#.size>');
      expect(() => { wideCopy(hart, DST, 0, SRC, 0, size, 'keep'); }).toThrow('<design/wide#.size>');
      expect(() => wideCompare(hart, DST, 0, SRC, 0, size)).toThrow('<design/wide#.size>');
    }
    expect(() => { wideFill(hart, DST, 2 ** 31, 1, 1); }).toThrow('<design/machine#.hart.offset>');
    expect(() => { wideCopy(hart, DST, 0, 1e6, 0, 1, 'keep'); }).toThrow('<design/machine#.hart.slot.exists>');
  });

  test('positions go beyond the offsets of single accesses; the fault names them <design/wide#.size>', () => {
    const { hart, space, memory } = rig(), last = 0x7fff_ffff;
    give(hart, DST, 0, 0x1_0000_0000);
    space.map(addrOfWindow(last - 0xfff), 3 * PageSIZE, 0x3000, PageALL);
    const fault = outcomeOf(() => { wideFill(hart, DST, last, WideLIMIT, 0x77); }) as Fault;
    expect(fault).toMatchObject({ kind: 'page', access: 'store', size: 1, offset: last + 0x2001, addr: addrOfWindow((last + 0x2001) | 0) });
    expect([memory.u8[0x3ffe], memory.u8[0x3fff], memory.u8[0x5fff], memory.u8[0x6000]]).toEqual([0, 0x77, 0x77, 0]);
  });

  test('an explorer is heard before each granule of the destination <design/wide#.explore>', () => {
    const { hart, space, memory } = rig();
    give(hart, DST, 0x2000, 0x400);
    give(hart, SRC, 0x1000, 0x400);
    hart.storeCap(SRC, 0x20, DST);
    let heard = 0;
    hart.explore = () => {
      heard += 1;
      if (heard === 4) space.protect(addrOfWindow(0x2000), PageSIZE, PageREAD);
    };
    const fault = outcomeOf(() => { wideCopy(hart, DST, 8, SRC, 8, 0x100, 'keep'); }) as Fault;
    expect(fault).toMatchObject({ kind: 'page', access: 'storecap', offset: 0x30 });
    expect([heard, memory.tags[0x202], memory.tags[0x203]]).toEqual([4, 1, 0]);
    space.protect(addrOfWindow(0x2000), PageSIZE, PageALL);
    heard = 4;
    wideFill(hart, DST, 8, 0x100, 1);
    expect(heard).toBe(4 + 17);
    wideCompare(hart, DST, 8, DST, 8, 0x100);
    expect(heard).toBe(4 + 34);
  });

  test('the scratch slot is given back, and is what the fault names <design/wide#.step>', () => {
    const { hart, space } = rig();
    give(hart, DST, 0x2000, 0x400);
    give(hart, SRC, 0x1000, 0x400);
    hart.storeCap(SRC, 0x20, DST);
    space.protect(addrOfWindow(0x2000), PageSIZE, PageREAD | PageWRITE);
    const { top } = hart, fault = outcomeOf(() => { wideCopy(hart, DST, 0, SRC, 0, 0x100, 'keep'); }) as Fault;
    expect(fault).toMatchObject({ kind: 'page-storecap', access: 'storecap', offset: 0x20, slot: DST, value: top });
    expect([hart.top, hart.isSame(top, DST)]).toEqual([top, true]);
  });
});
