import { describe, expect, test } from 'vitest';

import { random, type Random } from '../../code/base/random.ts';
import {
  addrOfWindow, compareExchange32, compareExchangeCap, exchange32, exchangeCap, formatOf, loadTags, Machine, MachineFault, PageALL,
  PageDIRTYCAP, pageLoadCap, PageLOADCAP, PageREAD, PageSIZE, PageSTORECAP, PageTRAPCAP, PageWRITE, ladder, ladderGrant, slotRead,
  slotWrite, type Capability, type Fault, type Format, type FormatName, type Hart,
} from '../../code/machine/machine.ts';
import { seeds } from '../seed.ts';

const SRC = 1, VALUE = 2, DST = 3, EXPECTED = 4, PROBE = 5;
const names = ['riscv', 'morello'] as const;

interface World {
  readonly hart: Hart;
  readonly machine: Machine;
  readonly format: Format;
}

/** worldOf -- four pages at the beginning of the window, and in slot `SRC` a capability for them. */
function worldOf(name: FormatName, isShared = false, rights: number = PageALL): World {
  const machine = new Machine(4 * PageSIZE, { format: name, isShared }), space = machine.space();
  space.map(addrOfWindow(0), 4 * PageSIZE, 0, rights);
  const hart = machine.hart('atomic', space, 64);
  return give({ hart, machine, format: formatOf(hart) }, SRC, formatOf(hart).perm.all);
}

/** give -- a capability for all of it with these permissions. */
function give(world: World, slot: number, perms: number, at = 0, size = 4 * PageSIZE): World {
  const { format, hart } = world, base = BigInt(addrOfWindow(0)), bounds = { base, top: base + BigInt(size) };
  slotWrite(hart, slot, format.encode(bounds, base + BigInt(at), perms, format.types.unsealed, 0n, true).cap);
  return world;
}

/** plant -- put a capability into memory, whatever may be stored there. */
function plant({ hart, machine }: World, at: number, cap: Capability): void {
  const kept = slotRead(hart, PROBE);
  slotWrite(hart, PROBE, cap);
  machine.memory.i32.set(hart.r.subarray(PROBE << 3, (PROBE << 3) + 4), at >>> 2);
  machine.memory.tags[at >>> 4] = cap.tag ? 1 : 0;
  slotWrite(hart, PROBE, kept);
}

/** valueDrawn -- a capability or a word, global or not, sealed or not. */
function valueDrawn(draw: Random, format: Format): Capability {
  const base = BigInt(draw(256) * 16), perms = draw(2) === 0 ? format.perm.all : format.perm.all & draw(format.perm.all + 1);
  const { cap } = format.encode({ base, top: base + 64n }, base, perms, format.types.unsealed, 0n, draw(4) !== 0);
  return draw(6) === 0 ? format.sealEntry(cap) : cap;
}

function outcomeOf(operation: () => unknown): unknown {
  try {
    return operation();
  } catch (error) {
    if (error instanceof MachineFault) return error.fault;
    throw error;
  }
}

const slotsOf = ({ hart }: World): number[] => [...hart.r.subarray(0, 6 << 3)];

const memoryOf = ({ machine: { memory } }: World): Buffer[] => [memory.u8, memory.tags].map((bytes) => Buffer.from(bytes));

// The model: a load and a store --------------------------------------------------------------------------------------

/** modelExchange -- the same for one hart alone: the question whether it may be done, a load, and a store. */
function modelExchange({ hart }: World, dst: number, offset: number, value: number, expected: number): boolean {
  const valueTag = hart.r[(value << 3) + 4], found = ladder(hart, 'swapcap', SRC, offset, 16, valueTag, value);
  if (typeof found !== 'number') {
    hart.faults += 1;
    throw new MachineFault(found);
  }
  hart.loadCap(PROBE, SRC, offset);
  const isSame = expected < 0 || hart.isSame(PROBE, expected);
  if (isSame) hart.storeCap(SRC, offset, value);
  hart.move(dst, PROBE);
  return isSame;
}

const rightsOf = [
  PageALL, PageALL, PageALL, PageREAD | PageWRITE | PageLOADCAP | PageSTORECAP, PageREAD | PageWRITE | PageSTORECAP,
  PageREAD | PageWRITE | PageLOADCAP, PageREAD | PageWRITE | PageSTORECAP | PageTRAPCAP, PageREAD | PageWRITE | PageSTORECAP | pageLoadCap(1),
  PageREAD | PageLOADCAP, PageWRITE | PageSTORECAP,
];

/** exchangeWorld -- the world of a seed, with random rights, permissions and values. */
function exchangeWorld(seed: number, name: FormatName, isShared: boolean): World & { readonly draw: Random; readonly offset: number } {
  const draw = random(seed), world = worldOf(name, isShared, rightsOf[draw(rightsOf.length)]), { format } = world, { perm } = format;
  const drops = [
    0, 0, 0, perm.load, perm.store, perm.loadCap, perm.storeCap, perm.storeLocal, perm.storeLocal, perm.mutableLoad, perm.mutableLoad,
  ];
  give(world, SRC, perm.all & ~drops[draw(drops.length)], draw(64), draw(12) === 0 ? 512 : 4 * PageSIZE);
  const offset = draw(64) * 16 - (draw(10) === 0 ? draw(16) : Number(slotRead(world.hart, SRC).lo & 15n));
  const there = valueDrawn(draw, format), at = Number(slotRead(world.hart, SRC).lo & 0xfffn) + offset;
  if (at >= 0) plant(world, at & -16, there);
  slotWrite(world.hart, VALUE, valueDrawn(draw, format));
  slotWrite(world.hart, EXPECTED, draw(3) === 0 ? valueDrawn(draw, format) : format.loaded(there, slotRead(world.hart, SRC)));
  return { ...world, draw, offset };
}

describe.each(names)('atomic accesses, %s', (name) => {
  for (const isShared of [false, true]) {
    const kind = isShared ? 'shared' : 'plain';
    test(`an exchange is a load and a store in one, ${kind} machine <design/wide#.req.atomic> <design/wide#.exchange>`, () => {
      const counts = new Map<unknown, number>();
      for (const seed of seeds(400)) {
        const one = exchangeWorld(seed, name, isShared), other = exchangeWorld(seed, name, isShared), { offset, draw } = one;
        const isCompare = draw(2) === 0, dst = isCompare ? EXPECTED : [DST, VALUE, SRC][draw(3)], expected = isCompare ? EXPECTED : -1;
        const operation = ({ hart }: World): boolean => {
          if (isCompare) return compareExchangeCap(hart, EXPECTED, SRC, offset, VALUE);
          exchangeCap(hart, dst, SRC, offset, VALUE);
          return true;
        };
        const outcome = outcomeOf(() => operation(one));
        expect(outcome).toEqual(outcomeOf(() => modelExchange(other, dst, offset, VALUE, expected)));
        slotWrite(other.hart, PROBE, slotRead(one.hart, PROBE));
        expect(slotsOf(one)).toEqual(slotsOf(other));
        expect([one.hart.faults, one.hart.granted]).toEqual([other.hart.faults, -1]);
        expect(one.hart.space.entry(0, 0x40)).toBe(other.hart.space.entry(0, 0x40));
        expect(memoryOf(one).every((bytes, index) => bytes.equals(memoryOf(other)[index]))).toBe(true);
        const key = typeof outcome === 'object' ? (outcome as Fault).kind : `${isCompare ? 'compare' : 'exchange'} ${outcome as string}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      const all = [
        'load', 'store', 'storecap', 'bounds', 'misaligned', 'page', 'page-loadcap', 'page-storecap', 'exchange true', 'compare true', 'compare false',
      ];
      if (process.env['SEED'] === undefined) expect(all.filter((key) => (counts.get(key) ?? 0) < 3)).toEqual([]);
    });
  }

  test('one slot may be authority, value and destination; each is read before any is written <design/wide#.exchange>', () => {
    const world = worldOf(name), { hart, format } = world, there = format.rootAt(0x1234n);
    plant(world, 0x40, there);
    const before = slotRead(hart, SRC);
    exchangeCap(hart, SRC, SRC, 0x40, SRC);
    expect(slotRead(hart, SRC)).toEqual(there);
    give(world, SRC, format.perm.all);
    hart.loadCap(DST, SRC, 0x40);
    expect(slotRead(hart, DST)).toEqual(before);
    hart.move(VALUE, DST);
    expect(compareExchangeCap(hart, VALUE, SRC, 0x40, VALUE)).toBe(true);
    expect(hart.isSame(VALUE, DST)).toBe(true);
  });

  test('the comparison is of the value as it is loaded, tag and all; what is expected becomes that <design/wide#.departs.cas>', () => {
    const world = worldOf(name), { hart, format } = world, there = format.rootAt(0x1234n);
    const authority = format.perm.all & ~format.perm.loadCap;
    plant(world, 0x40, there);
    give(world, SRC, authority);
    slotWrite(hart, EXPECTED, there);
    slotWrite(hart, VALUE, format.nullAt(7n));
    expect(compareExchangeCap(hart, EXPECTED, SRC, 0x40, VALUE)).toBe(false);
    expect(slotRead(hart, EXPECTED)).toEqual({ ...there, tag: false });
    expect(compareExchangeCap(hart, EXPECTED, SRC, 0x40, VALUE)).toBe(true);
    give(world, SRC, format.perm.all);
    hart.loadCap(DST, SRC, 0x40);
    expect(slotRead(hart, DST)).toEqual(format.nullAt(7n));
  });

  test('rights to store are asked where nothing is to be stored <design/wide#.exchange.rights>', () => {
    const world = worldOf(name), { hart, format } = world;
    give(world, SRC, format.perm.all & ~format.perm.storeCap);
    slotWrite(hart, EXPECTED, format.nullAt(1n));
    slotWrite(hart, VALUE, format.rootAt(0n));
    const refused = outcomeOf(() => compareExchangeCap(hart, EXPECTED, SRC, 0x40, VALUE));
    expect(refused).toMatchObject({ kind: 'storecap', access: 'swapcap', value: VALUE });
    slotWrite(hart, VALUE, format.nullAt(2n));
    expect(compareExchangeCap(hart, EXPECTED, SRC, 0x40, VALUE)).toBe(false);
    expect(slotRead(hart, EXPECTED)).toEqual(format.nullAt(0n));
  });

  test('a page is dirty from the store on, not from the comparison that failed <design/wide#.exchange.dirty>', () => {
    const world = worldOf(name, false, PageREAD | PageWRITE | PageLOADCAP | PageSTORECAP), { hart, format } = world;
    const isDirty = (): boolean => (hart.space.entry(0, 0x40) & PageDIRTYCAP) !== 0;
    slotWrite(hart, VALUE, format.rootAt(0n));
    slotWrite(hart, EXPECTED, format.nullAt(1n));
    expect([compareExchangeCap(hart, EXPECTED, SRC, 0, VALUE), isDirty()]).toEqual([false, false]);
    expect([compareExchangeCap(hart, EXPECTED, SRC, 0, VALUE), isDirty()]).toEqual([true, true]);
  });

  test('a trap may repair, or grant the access once <design/wide#.req.atomic>', () => {
    for (const isShared of [false, true]) {
      const rights = PageREAD | PageWRITE | PageSTORECAP | PageTRAPCAP, world = worldOf(name, isShared, rights), { hart, format } = world;
      const there = format.rootAt(5n);
      plant(world, 0, there);
      plant(world, 16, there);
      slotWrite(hart, VALUE, format.rootAt(6n));
      hart.trap = (_hart, { access, slot, offset, size, value }) => ladderGrant(hart, access, slot, offset, size, hart.r[(value << 3) + 4]);
      exchangeCap(hart, DST, SRC, 0, VALUE);
      expect([slotRead(hart, DST), hart.faults, hart.granted]).toEqual([there, 1, -1]);
      hart.trap = () => {
        hart.space.protect(addrOfWindow(0), PageSIZE, PageALL);
        return -1;
      };
      exchangeCap(hart, DST, SRC, 16, VALUE);
      expect([slotRead(hart, DST), hart.faults]).toEqual([there, 2]);
      exchangeCap(hart, DST, SRC, 0, VALUE);
      expect(slotRead(hart, DST)).toEqual(format.rootAt(6n));
    }
  });

  test('a data exchange clears the tag, whatever it stores; a comparison that fails stores nothing <design/wide#.inv.tag.amo>', () => {
    for (const isShared of [false, true]) {
      const world = worldOf(name, isShared), { hart, machine, format } = world, there = format.rootAt(0x1234_5678n);
      plant(world, 0x40, there);
      expect([compareExchange32(hart, SRC, 0x40, 1, 2), machine.memory.tags[4]]).toEqual([0x1234_5678, 1]);
      expect([compareExchange32(hart, SRC, 0x40, 0x1234_5678, 0x1234_5678), machine.memory.tags[4]]).toEqual([0x1234_5678, 0]);
      plant(world, 0x40, there);
      expect([compareExchange32(hart, SRC, 0x40, 0x1_1234_5678, 0), machine.memory.tags[4]]).toEqual([0x1234_5678, 0]);
      plant(world, 0x40, there);
      expect([exchange32(hart, SRC, 0x44, 0), machine.memory.tags[4]]).toEqual([0, 0]);
      expect([exchange32(hart, SRC, 0x44, 0xffff_ffff), exchange32(hart, SRC, 0x44, 3)]).toEqual([0, -1]);
      expect([compareExchange32(hart, SRC, 0x44, 0x1_0000_0003, -5), hart.load32(SRC, 0x44)]).toEqual([3, -5]);
      expect([compareExchange32(hart, SRC, 0x44, 0xffff_fffb, 9), hart.load32(SRC, 0x44)]).toEqual([-5, 9]);
      hart.space.protect(addrOfWindow(0), PageSIZE, PageREAD);
      expect(outcomeOf(() => exchange32(hart, SRC, 0, 1))).toMatchObject({ kind: 'page', access: 'amo', size: 4 });
      expect(outcomeOf(() => exchange32(hart, SRC, 2, 1))).toMatchObject({ kind: 'misaligned' });
    }
  });

  test('tags are read four at a time, from what may be loaded with them <design/wide#.tags>', () => {
    const world = worldOf(name), { hart, format } = world;
    for (let bits = 0; bits < 16; bits += 1) {
      for (let bit = 0; bit < 4; bit += 1) plant(world, 0x80 + bit * 16, { ...format.rootAt(1n), tag: (bits & (1 << bit)) !== 0 });
      expect([loadTags(hart, SRC, 0x80), loadTags(hart, SRC, 0x40), loadTags(hart, SRC, 0xc0)]).toEqual([bits, 0, 0]);
    }
    expect(outcomeOf(() => loadTags(hart, SRC, 0x10))).toMatchObject({ kind: 'misaligned', access: 'loadtags', size: 64 });
    give(world, SRC, format.perm.all, 0, 0x90);
    expect(outcomeOf(() => loadTags(hart, SRC, 0x80))).toMatchObject({ kind: 'bounds' });
    give(world, SRC, format.perm.all & ~format.perm.loadCap);
    expect(outcomeOf(() => loadTags(hart, SRC, 0x80))).toEqual(name === 'riscv' ? expect.objectContaining({ kind: 'loadcap' }) : 0);
    give(world, SRC, format.perm.all);
    hart.space.protect(addrOfWindow(0), PageSIZE, PageREAD);
    expect(outcomeOf(() => loadTags(hart, SRC, 0x80))).toEqual(name === 'riscv' ? expect.objectContaining({ kind: 'page-loadcap' }) : 0);
    hart.space.protect(addrOfWindow(0), PageSIZE, PageWRITE);
    expect(outcomeOf(() => loadTags(hart, SRC, 0x80))).toMatchObject({ kind: 'page' });
  });

  test('tags are read whatever the generation: no capability is loaded <design/wide#.tags>', () => {
    const world = worldOf(name, false, PageREAD | PageTRAPCAP), { hart, format } = world;
    plant(world, 0x10, format.rootAt(1n));
    expect(loadTags(hart, SRC, 0)).toBe(2);
    hart.space.protect(addrOfWindow(0), PageSIZE, PageREAD | pageLoadCap(1));
    expect(loadTags(hart, SRC, 0)).toBe(2);
  });
});
