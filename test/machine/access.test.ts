import { describe, expect, test } from 'vitest';
import {
  addrOfWindow, ladderGrant, MachineFault, PageALL, PageLOADCAP, PageREAD, PageSIZE, PageSTORECAP, PageVALID, PageWRITE, PermDATA, PermGLOBAL,
  PermLOAD, PermLOADCAP, PermSTORE, PermSTORECAP, PermSTORELOCAL, slotRead, slotWrite, WindowHIGH, type Addr,
} from '../../code/machine/machine.ts';
import { dataStores, give, giveAt, isAsBefore, loads, outcome, rig, RigMAPPED, snapshot, stores, wordsOf } from './rig.ts';

describe('data', () => {
  test('what is stored is loaded, whatever its width: bytes are little-endian <design/machine#.memory.order>', () => {
    const { hart } = rig();
    give(hart, 1, 0x1000, 64);
    hart.store32(1, 8, -0x789a_bcdf);
    expect([8, 9, 10, 11].map((offset) => hart.load8(1, offset))).toEqual([0x21, 0x43, 0x65, 0x87]);
    expect([hart.load16(1, 8), hart.load16(1, 10), hart.load32(1, 8)]).toEqual([0x4321, 0x8765, -0x789a_bcdf]);
    hart.store16(1, 10, 0x1_ffff);
    hart.store8(1, 8, -2);
    expect(hart.load32(1, 8)).toBe(0xffff_43fe | 0);
    for (const value of [1.5, -0, Number.MIN_VALUE, Infinity]) {
      hart.storeDouble(1, 16, value);
      expect(hart.loadDouble(1, 16)).toBe(value);
    }
    expect([hart.load32(1, 12), hart.load32(1, 24)]).toEqual([0, 0]);
  });

  for (const [name, size, store] of dataStores) {
    test(`${name} clears the tag of the granule it touches and of no other, also with the same bytes <design/machine#.inv.tag.data>`, () => {
      const { hart, memory } = rig();
      give(hart, 1, 0x2000, 64);
      for (let offset = 0; offset < 64; offset += size) {
        for (let at = 0; at < 64; at += 16) hart.storeCap(1, at, 1);
        expect([...memory.tags.subarray(0x200, 0x204)]).toEqual([1, 1, 1, 1]);
        store(hart, offset);
        store(hart, offset);
        const expected = [1, 1, 1, 1].map((tag, granule) => (granule === offset >> 4 ? 0 : tag));
        expect([...memory.tags.subarray(0x200, 0x204)]).toEqual(expected);
        hart.loadCap(2, 1, offset & ~15);
        expect(hart.isTagged(2)).toBe(false);
      }
    });
  }

  test('a capability copied as data has its bits and no tag <design/machine#.inv.tag.data>', () => {
    const { hart } = rig();
    give(hart, 1, 0x2000, 64);
    hart.storeCap(1, 0, 1);
    for (let offset = 0; offset < 16; offset += 4) hart.store32(1, 16 + offset, hart.load32(1, offset));
    hart.loadCap(2, 1, 16);
    expect(wordsOf(hart, 2)).toEqual([...wordsOf(hart, 1).slice(0, 4), 0]);
  });
});

describe('capabilities in memory', () => {
  test('bits, tag and rooms come back from memory as they went <design/machine#.slot.room>', () => {
    const { hart } = rig();
    give(hart, 1, 0x2000, 64);
    give(hart, 2, 0x3000, 48, PermGLOBAL | PermLOAD);
    hart.storeCap(1, 16, 2);
    hart.loadCap(3, 1, 16);
    expect([...hart.r.subarray(24, 31)]).toEqual([...hart.r.subarray(16, 23)]);
    expect([...hart.r.subarray(28, 31)]).toEqual([PermGLOBAL | PermLOAD | 1, 48, 0]);
    expect(hart.isSame(2, 3)).toBe(true);
    hart.set(2, 1, 2, 3, 4);
    hart.storeCap(1, 16, 2);
    hart.loadCap(3, 1, 16);
    expect([...hart.r.subarray(24, 31)]).toEqual([1, 2, 3, 4, 0, 0, 0]);
  });

  test('a slot may be loaded through itself and stored through itself <design/machine#.hart.slots>', () => {
    const { hart } = rig();
    give(hart, 1, 0x2000, 64);
    hart.storeCap(1, 0, 1);
    const before = wordsOf(hart, 1);
    hart.loadCap(1, 1, 0);
    expect(wordsOf(hart, 1)).toEqual(before);
  });

  for (const [what, perms, rights] of [
    ['authority without LOAD_CAP', PermDATA & ~PermLOADCAP, PageALL],
    ['a page without LOADCAP', PermDATA, PageALL & ~PageLOADCAP],
    ['neither', PermLOAD, PageREAD],
  ] as const) {
    test(`${what} strips the tag of what is loaded, without a fault; memory keeps it <design/machine#.ladder.strip>`, () => {
      const { hart, space, memory } = rig();
      for (const base of [0x40_0000_2000n, 0x12_0000_2000n]) {
        space.map(Number(base) as Addr, PageSIZE, 0x2000, PageALL);
        giveAt(hart, 1, base, base + 64n);
        hart.storeCap(1, 16, 1);
        const stored = wordsOf(hart, 1);
        const cap = slotRead(hart, 1);
        slotWrite(hart, 3, { ...cap, hi: BigInt.asUintN(32, cap.hi) | (BigInt(perms) << 32n) });
        space.protect(Number(base) as Addr, PageSIZE, rights);
        hart.loadCap(2, 3, 16);
        expect(wordsOf(hart, 2)).toEqual([...stored.slice(0, 4), 0]);
        expect(memory.tags[0x201]).toBe(1);
        expect(hart.faults).toBe(0);
      }
    });
  }

  test('with both rights the tag arrives, in the window and outside, over a word boundary too <design/machine#.ladder.strip>', () => {
    const { hart, space } = rig();
    space.map(0x12_ffff_f000 as Addr, 2 * PageSIZE, 0x8000, PageALL);
    giveAt(hart, 1, 0x12_ffff_fff0n, 0x13_0000_0010n);
    for (const offset of [0, 16]) {
      hart.storeCap(1, offset, 1);
      hart.loadCap(2, 1, offset);
      expect(hart.isSame(1, 2)).toBe(true);
    }
    giveAt(hart, 3, 0x12_ffff_fff0n, 0x13_0000_0010n, 0x13_0000_0000n);
    space.protect(0x13_0000_0000 as Addr, PageSIZE, PageREAD);
    hart.loadCap(2, 3, -16);
    expect(hart.isTagged(2)).toBe(true);
    hart.loadCap(2, 1, 16);
    expect(hart.isTagged(2)).toBe(false);
  });

  test('tagged stores need STORE_CAP, and STORE_LOCAL for local values; untagged ones do not <design/machine#.ladder.authority>', () => {
    const { hart, memory } = rig();
    const store = (perms: number, value: number): unknown => {
      give(hart, 1, 0x2000, 64, perms);
      return outcome(() => hart.storeCap(1, 0, value));
    };
    give(hart, 2, 0x3000, 16);
    give(hart, 3, 0x3000, 16, PermLOAD);
    hart.clear(4);
    expect(store(PermSTORE, 2)).toBe('storecap');
    expect(store(PermSTORE | PermSTORECAP, 3)).toBe('storelocal');
    expect(memory.tags[0x200]).toBe(0);
    expect(store(PermSTORE, 4)).toBe(undefined);
    expect(memory.tags[0x200]).toBe(0);
    expect(store(PermSTORE | PermSTORECAP, 2)).toBe(undefined);
    expect(memory.tags[0x200]).toBe(1);
    expect(store(PermSTORE | PermSTORECAP | PermSTORELOCAL, 3)).toBe(undefined);
    expect(memory.tags[0x200]).toBe(1);
    expect(store(PermSTORE, 4)).toBe(undefined);
    expect(memory.tags[0x200]).toBe(0);
  });
});

describe('faults', () => {
  /** Ways to make every access of a kind fault, and the kind of fault. */
  const refusals: readonly (readonly [string, string, (set: ReturnType<typeof rig>) => void, number])[] = [
    ['no tag', 'tag', ({ hart }) => hart.set(1, 0x2000, WindowHIGH, hart.r[10], PermDATA), 0],
    ['a seal', 'seal', ({ hart }) => { slotWrite(hart, 1, { ...slotRead(hart, 1), hi: slotRead(hart, 1).hi | (1n << 27n) }); }, 0],
    ['no bytes', 'bounds', ({ hart }) => { give(hart, 1, 0x2000, 0); }, 0],
    ['below the base', 'bounds', () => undefined, -16],
    ['beyond the top', 'bounds', () => undefined, 64],
    ['no page', 'page', ({ space }) => { space.unmap(addrOfWindow(0x2000), PageSIZE); }, 16],
    ['a page without rights', 'page', ({ space }) => { space.protect(addrOfWindow(0x2000), PageSIZE, 0); }, 16],
  ];

  for (const [what, kind, spoil, offset] of refusals) {
    test(`${what}: each access faults with ${kind} and changes neither memory, tags nor slots <design/machine#.inv.fault.nothing>`, () => {
      for (const [name, size, access] of [...loads, ...stores]) {
        const set = rig();
        give(set.hart, 1, 0x2000, 64);
        give(set.hart, 2, 0x3000, 16);
        for (let at = 0; at < 64; at += 16) set.hart.storeCap(1, at, 2);
        spoil(set);
        const before = snapshot(set);
        expect([name, size, outcome(() => access(set.hart, offset))]).toEqual([name, size, kind]);
        expect(isAsBefore(set, before)).toBe(true);
        expect(set.hart.faults).toBe(1);
      }
    });
  }

  test('an access that reaches one byte too far faults, at every width; the last one that fits does not <design/machine#.ladder.agree>', () => {
    for (const [name, size, access] of [...loads, ...stores]) {
      const { hart } = rig();
      give(hart, 1, 0x2000, 48);
      hart.clear(2);
      expect([name, outcome(() => access(hart, 48 - size)) === 'bounds']).toEqual([name, false]);
      give(hart, 1, 0x2000, 47);
      expect([name, outcome(() => access(hart, 48 - size))]).toEqual([name, 'bounds']);
    }
  });

  test('misaligned accesses fault after bounds and before the page <design/machine#.ladder.order>', () => {
    for (const [name, size, access] of [...loads, ...stores]) {
      if (size === 1) continue;
      const { hart, space } = rig();
      give(hart, 1, 0x2000, 64);
      hart.clear(2);
      expect([name, outcome(() => access(hart, size / 2))]).toEqual([name, 'misaligned']);
      expect([name, outcome(() => access(hart, 64 - size / 2))]).toEqual([name, 'bounds']);
      space.unmap(addrOfWindow(0x2000), PageSIZE);
      expect([name, outcome(() => access(hart, size / 2))]).toEqual([name, 'misaligned']);
    }
  });

  test('page rights: reading needs READ, writing WRITE, tagged stores STORECAP too <design/machine#.pages.rights>', () => {
    const { hart, space } = rig();
    give(hart, 1, 0x2000, 64);
    const under = (rights: number): unknown[] => {
      space.protect(addrOfWindow(0x2000), PageSIZE, rights);
      hart.clear(2);
      const untagged = [...loads, ...stores].map(([, , access]) => typeof outcome(() => access(hart, 0)) === 'string');
      hart.move(2, 1);
      return [...untagged, outcome(() => hart.storeCap(1, 0, 2))];
    };
    const [f, t] = [[false, false, false, false, false], [true, true, true, true, true]];
    expect(under(PageALL)).toEqual([...f, ...f, undefined]);
    expect(under(PageREAD | PageLOADCAP)).toEqual([...f, ...t, 'page']);
    expect(under(PageWRITE | PageSTORECAP)).toEqual([...t, ...f, undefined]);
    expect(under(PageREAD | PageWRITE)).toEqual([...f, ...f, 'page-storecap']);
    expect(under(PageVALID)).toEqual([...t, ...t, 'page']);
  });

  test('a missing permission: loads need LOAD, stores STORE <design/machine#.ladder.authority>', () => {
    const { hart } = rig();
    hart.clear(2);
    give(hart, 1, 0x2000, 64, PermDATA & ~PermLOAD);
    expect(loads.map(([, , access]) => outcome(() => access(hart, 0)))).toEqual(loads.map(() => 'load'));
    expect(stores.map(([, , access]) => outcome(() => access(hart, 0)))).toEqual(stores.map(() => undefined));
    give(hart, 1, 0x2000, 64, PermDATA & ~PermSTORE);
    expect(stores.map(([, , access]) => outcome(() => access(hart, 0)))).toEqual(stores.map(() => 'store'));
    expect(loads.map(([, , access]) => typeof outcome(() => access(hart, 0)) === 'string')).toEqual(loads.map(() => false));
  });

  test('a handler that repairs the page table has the access made, once <design/machine#.fault.retry>', () => {
    for (const [name, , access] of [...loads, ...stores]) {
      const set = rig(), { hart, space, memory } = set;
      memory.i32.fill(0x1111_1111, 0x800, 0x810);
      give(hart, 1, 0x2000, 64);
      give(hart, 2, 0x3000, 16);
      const twin = rig();
      twin.memory.i32.fill(0x1111_1111, 0x800, 0x810);
      give(twin.hart, 1, 0x2000, 64);
      give(twin.hart, 2, 0x3000, 16);
      space.protect(addrOfWindow(0x2000), PageSIZE, 0);
      const kinds: string[] = [];
      hart.trap = (_hart, { kind, addr, low }) => {
        kinds.push(kind);
        expect([addr, low]).toEqual([0x40_0000_2010, 0x2010]);
        if (kinds.length === 2) space.protect(addrOfWindow(0x2000), PageSIZE, PageALL);
        return -1;
      };
      expect([name, access(hart, 16)]).toEqual([name, access(twin.hart, 16)]);
      expect([kinds, hart.faults]).toEqual([['page', 'page'], 2]);
      expect(isAsBefore(set, snapshot(twin))).toBe(true);
    }
  });

  test('a handler that changes the slots has the access made with what they hold then <design/machine#.fault.retry>', () => {
    const { hart, space, memory } = rig();
    give(hart, 1, 0x2000, 64);
    give(hart, 2, 0x3000, 16);
    space.protect(addrOfWindow(0x2000), PageSIZE, 0);
    hart.trap = () => {
      give(hart, 1, 0x5000, 64);
      hart.set(2, 1, 2, 3, 4);
      return -1;
    };
    hart.storeCap(1, 16, 2);
    expect([...memory.i32.subarray(0x1404, 0x1408), memory.tags[0x501]]).toEqual([1, 2, 3, 4, 0]);
    expect(memory.tags[0x201]).toBe(0);
    give(hart, 1, 0x2000, 64);
    hart.trap = () => {
      give(hart, 2, 0x3000, 32);
      space.protect(addrOfWindow(0x2000), PageSIZE, PageALL);
      return -1;
    };
    hart.set(2, 1, 2, 3, 4);
    hart.storeCap(1, 16, 2);
    expect(memory.tags[0x201]).toBe(1);
    hart.loadCap(3, 1, 16);
    expect(hart.isSame(2, 3)).toBe(true);
  });

  test('a handler that grants has the access made once, where it says, with the tag that a willing page would leave <design/machine#.fault.grant>', () => {
    for (const [name, , access] of [...loads, ...stores]) {
      const set = rig(), twin = rig();
      for (const { hart, memory } of [set, twin]) {
        memory.i32.fill(0x1111_1111, 0x800, 0x810);
        give(hart, 1, 0x2000, 64);
        give(hart, 2, 0x3000, 16);
        hart.storeCap(1, 16, 2);
      }
      set.space.protect(addrOfWindow(0x2000), PageSIZE, 0);
      let faults = 0;
      set.hart.trap = (hart, fault) => {
        faults += 1;
        expect([name, fault.value]).toEqual([name, name === 'storeCap' ? 2 : -1]);
        return ladderGrant(hart, fault.access, fault.slot, fault.offset, fault.size, 1);
      };
      expect([name, access(set.hart, 16)]).toEqual([name, access(twin.hart, 16)]);
      expect(isAsBefore(set, snapshot(twin))).toBe(true);
      access(set.hart, 16);
      expect(faults).toBe(2);
      give(set.hart, 1, 0x2000, 64, PermDATA & ~PermLOADCAP);
      set.hart.trap = () => 0x2010;
      if (name === 'loadCap') {
        access(set.hart, 16);
        expect(set.hart.isTagged(2)).toBe(false);
      }
    }
  });

  test('a grant is over with its access: the next slow one is the page\'s business <design/machine#.fault.grant>', () => {
    const { hart, space } = rig();
    give(hart, 1, 0x2000, 64);
    hart.storeCap(1, 16, 1);
    space.protect(addrOfWindow(0x2000), PageSIZE, PageREAD);
    hart.trap = () => 0x2000;
    hart.store32(1, 0, 7);
    hart.loadCap(2, 1, 16);
    expect([hart.load32(1, 0), hart.isTagged(2), hart.r[16]]).toEqual([7, false, 0x2000]);
  });

  test('a grant is for pages that have a frame; the other rungs stay <design/machine#.fault.grant>', () => {
    const { hart, space } = rig();
    give(hart, 1, 0x2000, 64);
    const grant = (offset: number, size = 4): number => ladderGrant(hart, 'store', 1, offset, size, 0);
    expect([grant(8), grant(64), grant(6)]).toEqual([0x2008, -1, -1]);
    space.protect(addrOfWindow(0x2000), PageSIZE, 0);
    expect(grant(8)).toBe(0x2008);
    give(hart, 1, 0x2000, 64, PermDATA & ~PermSTORE);
    expect(grant(8)).toBe(-1);
    give(hart, 1, 0x2000, 64);
    space.unmap(addrOfWindow(0x2000), PageSIZE);
    expect(grant(8)).toBe(-1);
  });

  test('a hart with a table that grants nothing asks before each access, and then the ladder decides <design/machine#.explore>', () => {
    const set = rig(), twin = rig();
    set.hart.pte = new Int32Array(0x10_0000);
    let asked = 0;
    set.hart.explore = (hart) => {
      expect(hart).toBe(set.hart);
      asked += 1;
    };
    for (const { hart } of [set, twin]) {
      give(hart, 1, 0x2000, 64);
      give(hart, 2, 0x3000, 16);
    }
    for (const [name, , access] of [...stores, ...loads]) expect([name, access(set.hart, 32)]).toEqual([name, access(twin.hart, 32)]);
    expect(isAsBefore(set, snapshot(twin))).toBe(true);
    expect(asked).toBe(stores.length + loads.length);
  });

  test('with nobody to handle it a fault is thrown, and says in a line what was refused <design/machine#.fault>', () => {
    const { hart } = rig();
    give(hart, 1, 0x2000, 64);
    expect(() => hart.load32(1, 64)).toThrow(MachineFault);
    expect(() => hart.load32(1, 64)).toThrow(
      'load of 4 bytes at 0x4000002040 through slot 1 offset 64: the access is outside the capability\'s bounds',
    );
  });
});

describe('outside the window', () => {
  test('every access works there, through any exponent, and stores clear tags <design/machine#.window>', () => {
    const { hart, space, memory } = rig();
    space.map(0x7_0000_0000 as Addr, PageSIZE, 0x9000, PageALL);
    for (const [base, top] of [[0x7_0000_0000n, 0x7_0000_1000n], [0n, 1n << 43n], [0n, 1n << 64n], [0x7_0000_0000n, 0x9_0000_0000n]] as const) {
      giveAt(hart, 1, base, top, 0x7_0000_0000n);
      for (const [name, size, store] of stores) {
        hart.storeCap(1, 32, 1);
        expect(memory.tags[0x902]).toBe(1);
        give(hart, 2, 0, 16);
        store(hart, 32);
        expect([name, memory.tags[0x902]]).toEqual([name, size === 16 ? 1 : 0]);
      }
      hart.store32(1, 36, 7);
      expect([hart.load32(1, 36), hart.load16(1, 36), hart.load8(1, 36), memory.i32[0x2409]]).toEqual([7, 7, 7, 7]);
    }
  });

  test('a capability larger than any room works in the window as well <design/machine#.slot.room>', () => {
    const { hart } = rig();
    giveAt(hart, 1, 0n, 1n << 64n, 0x40_0000_1000n);
    expect([...hart.r.subarray(12, 15)].slice(1)).toEqual([0, 0]);
    hart.store32(1, 8, 99);
    expect(hart.load32(1, 8)).toBe(99);
    expect(hart.load32(1, -0x1000)).toBe(0);
    expect(outcome(() => hart.load32(1, RigMAPPED))).toBe('page');
  });
});
