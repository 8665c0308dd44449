import { describe, expect, test } from 'vitest';
import { random, type Random } from '../../code/base/base.ts';
import {
  addrOfWindow, compareExchange32, compareExchangeCap, exchange32, exchangeCap, faultIsPage, formatOf, incOffset, ladderGrant,
  Machine, MachineFault, PageALL, PageDIRTYCAP, PageLOADCAP, pageLoadCap, PageQUICK, PageREAD, PageSIZE, PageSTORECAP, PageTRAPCAP,
  PageWRITE, slotWrite, wideCopy, type AddressSpace, type Fault, type FormatName, type Hart, type Memory,
} from '../../code/machine/machine.ts';
import { seeds } from '../seed.ts';
import { giveAll } from './hammer.ts';

const PAGES = 8, SIZE = PAGES * PageSIZE;

/** Rights of a page of random programs: mostly all, and each that makes an access something else. */
const RIGHTS = [
  PageALL, PageALL, PageALL & ~PageDIRTYCAP, PageALL & ~PageLOADCAP, (PageALL & ~PageLOADCAP) | PageTRAPCAP, (PageALL & ~PageLOADCAP) | pageLoadCap(0),
  (PageALL & ~PageLOADCAP) | pageLoadCap(1), PageALL & ~PageSTORECAP, PageALL & ~PageWRITE, PageALL & ~PageREAD, PageREAD | PageWRITE, 0,
];

interface Side {
  readonly hart: Hart;
  readonly space: AddressSpace;
  readonly memory: Memory;
}

/** side -- one of two machines that do the same; its trap refuses, repairs or grants, as `draw` says. */
function side(format: FormatName, isShared: boolean, draw: Random): Side {
  const machine = new Machine(SIZE, { format, isShared }), space = machine.space(), hart = machine.hart('side', space);
  for (let page = 0; page < PAGES; page += 1) {
    space.map(addrOfWindow(page * PageSIZE), PageSIZE, page * PageSIZE, page < 3 ? PageALL : RIGHTS[draw(RIGHTS.length)]);
  }
  giveAll(hart, 1);
  giveAll(hart, 2);
  for (let slot = 3; slot < 8; slot += 1) giveSome(hart, slot, draw);
  hart.trap = (_hart, fault) => handle(hart, space, fault, draw(3));
  return { hart, space, memory: machine.memory };
}

/** giveSome -- some hundred bytes into a slot, 3 to 7, each of which lacks a permission. */
function giveSome(hart: Hart, slot: number, draw: Random): void {
  const format = formatOf(hart), { perm } = format, at = (0x40n << 32n) | BigInt(draw(PAGES) * PageSIZE + (draw(8) === 0 ? draw(64) : draw(4) * 16));
  const lacks = [perm.mutableLoad, perm.loadCap, perm.storeCap, perm.storeLocal, perm.global][slot - 3];
  slotWrite(hart, slot, format.andPerm(format.setBounds(format.rootAt(at), BigInt(16 + draw(300))).cap, perm.all & ~lacks));
}

function handle(hart: Hart, space: AddressSpace, fault: Fault, what: number): number {
  const granted = what === 0 && fault.value < 0 ? ladderGrant(hart, fault.access, fault.slot, fault.offset, fault.size, 0) : -1;
  if (granted >= 0) return granted;
  if (what !== 1 || !faultIsPage(fault) || fault.low >>> 0 >= SIZE || fault.high !== 0x40) throw new MachineFault(fault);
  space.protect(addrOfWindow(fault.low & -PageSIZE), PageSIZE, PageALL);
  return -1;
}

/** step -- one random operation on registers 1 to 9; what it returns, or the fault that ended it. */
function step(hart: Hart, space: AddressSpace, draw: Random): unknown {
  const what = draw(20), src = draw(3) < 2 ? 1 : 2 + draw(8), dst = draw(4) === 0 ? 2 + draw(6) : 8 + draw(2);
  const other = draw(2) === 0 ? 2 + draw(6) : 1 + draw(9), size = 16 >> draw(5);
  const near = src < 3 ? draw(PAGES) * PageSIZE + draw(160) : draw(200) - 20, offset = draw(8) === 0 ? near : near & -16, value = draw(0x1_0000_0000) | 0;
  switch (what) {
    case 0: return hart.load8(src, offset);
    case 1: return hart.load16(src, offset & -2);
    case 2: return hart.load32(src, offset & -4);
    case 3: return hart.loadDouble(src, offset);
    case 4: return hart.store8(src, offset + draw(16), value);
    case 5: return hart.store16(src, offset, value);
    case 6: return hart.store32(src, offset, value);
    case 7: return hart.storeDouble(src, offset, value / 3);
    case 8: case 9: case 10: return hart.loadCap(dst, src, offset);
    case 11: case 12: return hart.storeCap(src, offset, other);
    case 13: return exchangeCap(hart, dst, src, offset, other);
    case 14: return compareExchangeCap(hart, dst, src, offset, other);
    case 15: return draw(2) === 0 ? exchange32(hart, src, offset, value) : compareExchange32(hart, src, offset, hart.load32(src, offset), value);
    case 16: return draw(2) === 0 ? wideCopy(hart, 1, draw(SIZE >> 5) * 16, src, offset, size * 4, 'keep') : incOffset(hart, dst, src, 16);
    case 17: return draw(4) === 0 ? hart.generationSet(draw(2) as 0 | 1) : draw(4) === 0 ? giveAll(hart, 2) : giveSome(hart, 3 + draw(5), draw);
    default: return space.protect(addrOfWindow((3 + draw(5)) * PageSIZE), PageSIZE, RIGHTS[draw(RIGHTS.length)]);
  }
}

function outcome(of: Side, draw: Random): unknown {
  try {
    return step(of.hart, of.space, draw);
  } catch (error) {
    if (error instanceof MachineFault) return error.fault;
    throw error;
  }
}

/** The bytes of registers 0 to 9. */
const slotsOf = ({ hart }: Side): Buffer => Buffer.from(hart.r.buffer as SharedArrayBuffer, 0, 320);

const without = (bits: number) => (entry: number): number => entry & ~bits;

for (const format of ['riscv', 'morello'] as const) {
  for (const seed of seeds(6)) {
    test(`a machine for several workers does what one for one does <design/workers#.req.same> ${format} seed=${seed}`, () => {
      const one = random(seed), two = random(seed), plain = side(format, false, one), shared = side(format, true, two);
      let faults = 0;
      for (let i = 0; i < 2000; i += 1) {
        const expected = outcome(plain, one);
        const found = outcome(shared, two);
        if (found !== expected) expect(found).toEqual(expected);
        if (typeof expected === 'object') faults += 1;
        if (i % 8 === 0) expect(Buffer.compare(slotsOf(shared), slotsOf(plain))).toBe(0);
      }
      expect(shared.hart.faults).toBe(plain.hart.faults);
      expect(Buffer.compare(shared.memory.u8, plain.memory.u8)).toBe(0);
      expect(Buffer.compare(shared.memory.tags, plain.memory.tags)).toBe(0);
      const entries = ({ space }: Side): number[] => [...space.window.subarray(0, PAGES)].map(without(PageQUICK));
      expect(entries(shared)).toEqual(entries(plain));
      expect([...shared.space.window.subarray(0, PAGES)].every((entry) => (entry & PageQUICK) === 0)).toBe(true);
      const tagged = plain.memory.tags.reduce((all, tag) => all + tag, 0);
      expect([faults > 100, plain.hart.faults > faults + 20, tagged > 5], `weak run: ${faults} ${plain.hart.faults} ${tagged}`).toEqual([true, true, true]);
    });
  }
}

describe('traps', () => {
  /** A machine for several workers with a page that traps tagged loads, and something tagged there. */
  function trapping(): Side {
    const made = new Machine(SIZE, { isShared: true }), space = made.space(), hart = made.hart('trap', space);
    space.map(addrOfWindow(0), SIZE, 0, PageALL);
    giveAll(hart, 1);
    hart.storeCap(1, 0, 1);
    space.protect(addrOfWindow(0), PageSIZE, (PageALL & ~PageLOADCAP) | PageTRAPCAP);
    return { hart, space, memory: made.memory };
  }

  test('no granule is held while a trap handles a fault: it may store there itself <design/workers#.inv.held>', () => {
    const { hart, memory } = trapping();
    let held = 0;
    hart.trap = (_hart, fault) => {
      if (hart.faults > 4) throw new MachineFault(fault);
      held += memory.tags.reduce((all, tag) => all + (tag >>> 1), 0);
      if (fault.access === 'swapcap') hart.store32(1, 0, 5);
      else hart.storeCap(1, 0, 9);
      return -1;
    };
    hart.loadCap(2, 1, 0);
    hart.storeCap(1, 0, 1);
    exchangeCap(hart, 3, 1, 0, 1);
    expect([held, hart.faults, hart.isTagged(2), hart.r[3 << 3]]).toEqual([0, 2, false, 5]);
    expect(memory.tags[0]).toBe(1);
  });

  test('what another hart stores between ladder and lock is asked about again <design/workers#.rights.again>', () => {
    const { hart, space, memory } = trapping();
    hart.store32(1, 0, 7);
    const lock = memory.lock.bind(memory);
    let locked = 0;
    memory.lock = (granule) => {
      locked += 1;
      if (locked === 1) memory.tags[granule] = 1;
      return lock(granule);
    };
    hart.trap = () => {
      space.protect(addrOfWindow(0), PageSIZE, PageALL);
      return -1;
    };
    hart.loadCap(2, 1, 0);
    expect([locked, hart.faults, hart.isTagged(2), hart.r[2 << 3]]).toEqual([2, 1, true, 7]);
    expect(memory.tags[0]).toBe(1);
  });

  test('a page that has another frame by the time of the lock is looked at there <design/workers#.rights.again>', () => {
    const { hart, space, memory } = trapping();
    space.map(addrOfWindow(0), PageSIZE, 0, PageALL & ~PageLOADCAP);
    hart.store32(1, 0x1000, 8);
    const lock = memory.lock.bind(memory);
    memory.lock = (granule) => {
      if (granule === 0) space.map(addrOfWindow(0), PageSIZE, 0x1000, PageALL);
      return lock(granule);
    };
    hart.loadCap(2, 1, 0);
    expect([hart.isTagged(2), hart.r[2 << 3]]).toEqual([false, 8]);
    expect([...memory.tags.subarray(0, 2)]).toEqual([1, 0]);
  });
});

test('no page of a space for several workers is quick: its frame may have another page <design/workers#.quick>', () => {
  const machine = new Machine(SIZE, { isShared: true }), space = machine.space(), hart = machine.hart('alias', space);
  space.map(addrOfWindow(0), PageSIZE, 0, PageALL);
  space.map(addrOfWindow(PageSIZE), PageSIZE, 0, PageREAD | PageWRITE);
  giveAll(hart, 1);
  const granules: number[] = [], lock = machine.memory.lock.bind(machine.memory);
  machine.memory.lock = (granule) => {
    granules.push(granule);
    return lock(granule);
  };
  for (const store of [() => hart.store8(1, PageSIZE + 16, 1), () => hart.storeDouble(1, PageSIZE + 32, 1), () => hart.storeCap(1, 48, 1)]) store();
  expect(granules).toEqual([1, 2, 3]);
});
