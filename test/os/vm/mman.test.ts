import { describe, expect, test } from 'vitest';
import { addrOf, baseOf, lengthOf, permsOf, riscv, slotRead, WindowHIGH } from '../../../code/machine/machine.ts';
import { errnoName, EPROT } from '../../../code/os/errno.ts';
import {
  Map32BIT, MapANON, MapEXCL, MapFIXED, MapGUARD, MapPRIVATE, MapRUN, MapSHARED, MapSTACK, mapAligned, permVmem,
  ProtCAP, ProtEXEC, protMax, ProtNOCAP, ProtNONE, ProtREAD, ProtWRITE,
} from '../../../code/os/vm/mman.ts';
import { outcome } from '../../machine/rig.ts';
import {
  at, CAP, FIRST, integer, mapped, mapRig, mmap, mprotect, munmap, narrow, NULL, PAGE, ROOT, rootAt, RW, sealed, SIZE, TEMP, unchanged, untagged,
  without, withoutVmem, type MapRig,
} from './map-rig.ts';

/** What mmap says of an address that `slot` makes; each of these is a row of a table. */
type Row = readonly [what: string, slot: (rig: MapRig) => number, length: number, prot: number, flags: number, errno: string];

const FIXED: number = MapFIXED | MapANON;

const addresses: readonly Row[] = [
  ['MAP_32BIT, a capability', () => CAP, PAGE, RW, FIXED | Map32BIT, 'EINVAL'],
  ['MAP_32BIT, an integer', () => NULL, PAGE, RW, MapANON | Map32BIT, 'EINVAL'],
  ['a capability without MAP_FIXED', () => CAP, PAGE, RW, MapANON, 'EPROT'],
  ['without MAP_FIXED and without SW_VMEM', (rig) => withoutVmem(rig), PAGE, RW, MapANON, 'EPROT'],
  ['a capability without SW_VMEM', (rig) => withoutVmem(rig), PAGE, RW, FIXED, 'EACCES'],
  ['a sealed capability', sealed, PAGE, RW, FIXED, 'EPROT'],
  ['a range that ends outside the bounds', () => CAP, SIZE + 1, RW, FIXED, 'EPROT'],
  ['a range that begins below them', (rig) => at(rig, CAP, -PAGE), PAGE, RW, FIXED, 'EPROT'],
  ['a range that is outside when it is rounded', (rig) => narrow(rig, 100), 100, RW, FIXED, 'EPROT'],
  ['a permission too little for prot', (rig) => without(rig, riscv.perm.store), PAGE, RW, FIXED, 'EPROT'],
  ['a permission too little for PROT_MAX', (rig) => without(rig, riscv.perm.store), PAGE, ProtREAD | protMax(RW), FIXED, 'EPROT'],
  ['no permission to hold capabilities', (rig) => without(rig, riscv.perm.storeCap), PAGE, RW, FIXED, 'EPROT'],
  ['EXEC of what is not for it', () => CAP, PAGE, ProtEXEC, FIXED, 'EPROT'],
  ['a capability that lost its tag, MAP_FIXED', untagged, PAGE, RW, FIXED, 'EINVAL'],
  ['a capability that lost its tag, as a hint', untagged, PAGE, RW, MapANON, 'EINVAL'],
  ['an alignment below a page', () => NULL, PAGE, RW, MapANON | mapAligned(11), 'EINVAL'],
  ['all permissions over what is reserved for less', (rig) => rootAt(rig, FIRST), PAGE, ProtEXEC, FIXED, 'EPROT'],
  ['authority over what is in no reservation', (rig) => rootAt(rig, FIRST + 64 * PAGE), PAGE, RW, FIXED, 'EPROT'],
  ['more than one reservation in the bounds', (rig) => rootAt(rig, FIRST), PAGE, RW, FIXED, 'EPROT'],
  ['a stack within a reservation', () => CAP, PAGE, RW, FIXED | MapSTACK, 'ENOMEM'],
  ['MAP_EXCL over mappings', () => CAP, PAGE, RW, FIXED | MapEXCL, 'ENOMEM'],
  ['an integer, MAP_FIXED, where something is', (rig) => integer(rig, FIRST + 2 * PAGE), PAGE, RW, FIXED, 'ENOMEM'],
  ['the same with part of the range free', (rig) => integer(rig, FIRST + 3 * PAGE), 2 * PAGE, RW, FIXED, 'ENOMEM'],
  ['the same in the lower margin', (rig) => integer(rig, FIRST - PAGE), PAGE, RW, FIXED, 'ENOMEM'],
  ['the same into the upper margin', (rig) => integer(rig, -0x0100_0000 - PAGE), 2 * PAGE, RW, FIXED, 'ENOMEM'],
];

const requests: readonly Row[] = [
  ['an unknown bit of prot', () => NULL, PAGE, RW | 8, MapANON, 'EINVAL'],
  ['an unknown bit of PROT_MAX', () => NULL, PAGE, RW | protMax(RW | 0x10), MapANON, 'EINVAL'],
  ['an unknown flag', () => NULL, PAGE, RW, MapANON | 0x20, 'EINVAL'],
  ['length 0', () => NULL, 0, RW, MapANON, 'EINVAL'],
  ['length 0, MAP_FIXED', () => CAP, 0, RW, FIXED, 'EINVAL'],
  ['a stack without READ', () => NULL, PAGE, ProtWRITE, MapSTACK, 'EINVAL'],
  ['a stack without WRITE', () => NULL, PAGE, ProtREAD, MapSTACK, 'EINVAL'],
  ['MAP_EXCL without MAP_FIXED', () => NULL, PAGE, RW, MapANON | MapEXCL, 'EINVAL'],
  ['MAP_SHARED and MAP_PRIVATE', () => NULL, PAGE, RW, MapANON | MapSHARED | MapPRIVATE, 'EINVAL'],
  ['a guard with a protection', () => NULL, PAGE, ProtREAD, MapGUARD, 'EINVAL'],
  ['a guard with another kind of mapping', () => NULL, PAGE, ProtNONE, MapGUARD | MapANON, 'EINVAL'],
  ['a guard that is a stack', () => NULL, PAGE, ProtNONE, MapGUARD | MapSTACK, 'EINVAL'],
  ['MAP_FIXED within a page, an integer', (rig) => integer(rig, FIRST + SIZE + 8), PAGE, RW, FIXED, 'EINVAL'],
  ['MAP_FIXED within a page, a capability', (rig) => at(rig, CAP, 16), PAGE, RW, FIXED, 'EINVAL'],
  ['PROT_CAP and PROT_NO_CAP', () => NULL, PAGE, RW | ProtCAP | ProtNOCAP, MapANON, 'EINVAL'],
  ['the same of PROT_MAX', () => NULL, PAGE, RW | ProtCAP | protMax(RW | ProtCAP | ProtNOCAP), MapANON, 'EINVAL'],
  ['a file', () => NULL, PAGE, RW, MapPRIVATE, 'EBADF'],
  ['PROT_MAX without all of prot', () => NULL, PAGE, RW | protMax(ProtREAD), MapANON, 'ENOTSUP'],
  ['PROT_CAP alone', () => NULL, PAGE, ProtCAP, MapANON, 'ENOTSUP'],
  ['PROT_CAP with EXEC alone', () => NULL, PAGE, ProtCAP | ProtEXEC, MapANON, 'ENOTSUP'],
  ['PROT_MAX of PROT_CAP alone', () => NULL, PAGE, protMax(ProtCAP), MapANON, 'ENOTSUP'],
  ['PROT_CAP said of prot and not of PROT_MAX', () => NULL, PAGE, ProtREAD | ProtCAP | protMax(ProtREAD), MapANON, 'ENOTSUP'],
  ['PROT_CAP said of PROT_MAX and not of prot', () => NULL, PAGE, ProtREAD | protMax(ProtREAD | ProtCAP), MapANON, 'ENOTSUP'],
  ['PROT_CAP beyond PROT_MAX', () => NULL, PAGE, ProtREAD | ProtCAP | protMax(RW | ProtNOCAP), MapANON, 'ENOTSUP'],
  ['more than there is room for', () => NULL, 2 ** 40, RW, MapANON, 'ENOMEM'],
  ['more than anything', () => NULL, 2 ** 53 - 1, RW, MapANON, 'ENOMEM'],
  ['a run that there are no frames for', () => NULL, 65 * PAGE, RW, MapANON | MapRUN, 'ENOMEM'],
  ['an alignment that no address has', () => NULL, PAGE, RW, MapANON | mapAligned(33), 'ENOMEM'],
];

describe('mmap refuses, and changes nothing', () => {
  for (const [what, slot, length, prot, flags, errno] of addresses) {
    test(`${what}: ${errno} <design/mman#.mmap> <design/mman#.req.nothing>`, () => {
      const rig = mapped(), addr = slot(rig);
      rig.hart.storeCap(CAP, 0, ROOT);
      expect(unchanged(rig, () => mmap(rig, addr, length, prot, flags))).toBe(errno);
    });
  }
  for (const [what, slot, length, prot, flags, errno] of requests) {
    test(`${what}: ${errno} <design/mman#.flags> <design/mman#.prot>`, () => {
      const rig = mapped(), addr = slot(rig);
      expect(unchanged(rig, () => mmap(rig, addr, length, prot, flags))).toBe(errno);
    });
  }

  test('an integer that is not in the window, with MAP_FIXED: ENOMEM <design/mman#.mmap>', () => {
    const rig = mapped();
    rig.hart.set(TEMP, FIRST + 64 * PAGE, WindowHIGH + 1, 0, 0);
    expect(unchanged(rig, () => mmap(rig, TEMP, PAGE, RW, FIXED))).toBe('ENOMEM');
  });
});

describe('a new reservation', () => {
  const always = riscv.perm.global | permVmem(riscv);
  const read = riscv.perm.load | riscv.perm.loadCap, write = riscv.perm.store | riscv.perm.storeCap | riscv.perm.storeLocal;
  const table: readonly [string, number, number][] = [
    ['NONE', ProtNONE, 0],
    ['READ', ProtREAD, read],
    ['WRITE', ProtWRITE, write],
    ['EXEC', ProtEXEC, riscv.perm.execute],
    ['all', RW | ProtEXEC, read | write | riscv.perm.execute],
    ['READ PROT_CAP', ProtREAD | ProtCAP, read],
    ['READ WRITE PROT_NO_CAP', RW | ProtNOCAP, riscv.perm.load | riscv.perm.store],
    ['NONE PROT_MAX(READ WRITE)', protMax(RW), read | write],
    ['READ PROT_MAX(READ EXEC)', ProtREAD | protMax(ProtREAD | ProtEXEC), read | riscv.perm.execute],
    ['READ PROT_NO_CAP PROT_MAX(READ WRITE PROT_CAP)', ProtREAD | ProtNOCAP | protMax(RW | ProtCAP), read | write],
  ];
  for (const [what, prot, perms] of table) {
    test(`of ${what} has these permissions, GLOBAL and SW_VMEM, and exactly its bounds <design/mman#.mmap.anew>`, () => {
      const { hart } = mapped(prot);
      expect(permsOf(hart, CAP)).toBe(perms | always);
      expect(slotRead(hart, CAP).tag).toBe(true);
      expect([addrOf(hart, CAP), baseOf(hart, CAP), lengthOf(hart, CAP)].map((word) => word % 2 ** 32)).toEqual([FIRST, FIRST, SIZE]);
    });
  }

  test('comes about with MAP_FIXED only where nothing is, with or without MAP_EXCL <design/mman#.mmap.anew>', () => {
    const rig = mapped(), { hart } = rig;
    for (const flags of [FIXED, FIXED | MapEXCL]) {
      expect(mmap(rig, integer(rig, FIRST + 0x20_0000), PAGE, RW, flags)).toBe('0');
      expect([addrOf(hart, TEMP) % 2 ** 32, lengthOf(hart, TEMP)]).toEqual([FIRST + 0x20_0000, PAGE]);
      expect(mmap(rig, integer(rig, FIRST + 0x20_0000), 2 * PAGE, RW, flags)).toBe('ENOMEM');
      expect(mmap(rig, integer(rig, FIRST + 0x1f_f000), 2 * PAGE, RW, flags)).toBe('ENOMEM');
      rig.map.release(FIRST + 0x20_0000);
    }
  });

  test('takes a hint where it is free, else any place, and no hint where it cannot be <design/reservation#.hint>', () => {
    const rig = mapped(), { hart } = rig, low = (): number => addrOf(hart, TEMP) % 2 ** 32;
    expect(mmap(rig, integer(rig, 0x8123_4000), PAGE, RW, MapANON)).toBe('0');
    expect(low()).toBe(0x8123_4000);
    expect(mmap(rig, integer(rig, 0x9123_4567), PAGE, RW, MapANON)).toBe('0');
    expect(low()).toBe(0x9123_5000);
    expect(mmap(rig, integer(rig, FIRST + PAGE), PAGE, RW, MapANON)).toBe('0');
    expect(low()).toBe(FIRST + SIZE);
    expect(mmap(rig, integer(rig, 0x1000), PAGE, RW, MapANON)).toBe('0');
    expect(low()).toBe(FIRST + SIZE + PAGE);
    hart.set(TEMP, 0x8123_8000, WindowHIGH - 1, 0, 0);
    expect(mmap(rig, TEMP, PAGE, RW, MapANON)).toBe('0');
    expect(low()).toBe(FIRST + SIZE + 2 * PAGE);
  });

  test('is aligned as asked, 1 meaning 2 MiB <design/mman#.aligned>', () => {
    const rig = mapped(), low = (): number => addrOf(rig.hart, TEMP) % 2 ** 32;
    for (const n of [12, 16, 24, 1, 2, 3]) {
      expect(mmap(rig, NULL, PAGE, RW, MapANON | mapAligned(n))).toBe('0');
      expect(low() % (n === 1 ? 2 ** 21 : n < 12 ? PAGE : 2 ** n)).toBe(0);
    }
  });

  test('may be a stack, shared, or private, and holds capabilities <design/mman#.departs.stack> <design/mman#.departs.shared>', () => {
    for (const flags of [MapSTACK, MapSTACK | MapANON, MapANON | MapSHARED, MapANON | MapPRIVATE]) {
      const rig = mapRig();
      expect(errnoName(rig.map.mmap(rig.hart, CAP, NULL, SIZE, RW, flags))).toBe('0');
      rig.hart.storeCap(CAP, SIZE - 16, ROOT);
      rig.hart.loadCap(TEMP, CAP, SIZE - 16);
      expect(rig.hart.isTagged(TEMP)).toBe(true);
    }
  });
});

describe('mmap within a reservation', () => {
  test('replaces what is there by zeros without tags, and gives back the capability it was shown <design/mman#.mmap.inside>', () => {
    const rig = mapped(), { hart } = rig;
    for (let page = 0; page < 4; ++page) hart.storeCap(CAP, page * PAGE, ROOT);
    const shown = at(rig, CAP, PAGE), before = slotRead(hart, shown);
    expect(mmap(rig, shown, 2 * PAGE, RW, FIXED)).toBe('0');
    expect(slotRead(hart, TEMP)).toEqual(before);
    const tags = [0, 1, 2, 3].map((page) => {
      hart.loadCap(TEMP, CAP, page * PAGE);
      return [hart.isTagged(TEMP), hart.load32(CAP, page * PAGE + 12) !== 0];
    });
    expect(tags).toEqual([[true, true], [false, false], [false, false], [true, true]]);
  });

  test('asks for the permissions of what is mapped, and for GLOBAL no more than the rest <design/mman#.mmap>', () => {
    const rig = mapped();
    expect(mmap(rig, without(rig, riscv.perm.global), PAGE, RW, FIXED)).toBe('0');
    expect(mmap(rig, without(rig, riscv.perm.store | riscv.perm.storeCap | riscv.perm.storeLocal), PAGE, ProtREAD, FIXED)).toBe('0');
    expect(mmap(rig, without(rig, riscv.perm.storeCap), PAGE, RW | ProtNOCAP, FIXED)).toBe('0');
  });

  test('opens what was reserved as a guard <design/mman#.mmap.inside>', () => {
    const rig = mapRig(), { hart } = rig;
    expect(errnoName(rig.map.mmap(hart, CAP, NULL, 3 * PAGE, protMax(RW), MapGUARD))).toBe('0');
    expect(mmap(rig, integer(rig, FIRST + PAGE), PAGE, RW, FIXED)).toBe('ENOMEM');
    expect(mmap(rig, at(rig, CAP, PAGE), PAGE, RW, FIXED)).toBe('0');
    hart.store32(CAP, PAGE, 1);
    expect([0, 2 * PAGE].map((offset) => outcome(() => hart.load32(CAP, offset)))).toEqual(['page', 'page']);
    expect(munmap(rig, CAP, 3 * PAGE)).toBe('0');
  });

  test('fills holes, with MAP_EXCL nothing but holes <design/mman#.mmap.inside>', () => {
    const rig = mapped(), { hart } = rig;
    expect(munmap(rig, at(rig, CAP, PAGE), 2 * PAGE)).toBe('0');
    expect(mmap(rig, integer(rig, FIRST + PAGE), 2 * PAGE, RW, FIXED)).toBe('ENOMEM');
    expect(mmap(rig, at(rig, CAP, PAGE), 3 * PAGE, RW, FIXED | MapEXCL)).toBe('ENOMEM');
    expect(mmap(rig, at(rig, CAP, PAGE), 2 * PAGE, RW, FIXED | MapEXCL)).toBe('0');
    hart.store32(CAP, PAGE, 1);
    expect(mmap(rig, at(rig, CAP, 2 * PAGE), PAGE, RW, FIXED | MapEXCL)).toBe('ENOMEM');
  });

  test('of PROT_NONE gives the memory up and keeps the place <design/mman#.mmap.inside>', () => {
    const rig = mapped(), { hart } = rig;
    hart.store32(CAP, PAGE, 5);
    expect(mmap(rig, at(rig, CAP, PAGE), PAGE, protMax(RW), FIXED)).toBe('0');
    expect(outcome(() => hart.load32(CAP, PAGE))).toBe('page');
    expect(mprotect(rig, at(rig, CAP, PAGE), PAGE, RW)).toBe('0');
    expect(hart.load32(CAP, PAGE)).toBe(0);
  });
});

test('EPROT is 98, and errors have names <design/mman#.errno>', () => {
  expect(EPROT).toBe(98);
  expect([0, 12, 13, 22, 98, 9999].map(errnoName)).toEqual(['0', 'ENOMEM', 'EACCES', 'EINVAL', 'EPROT', '9999']);
});

test('a length is a whole number, and not negative <design/mman#.length>', () => {
  const { map, hart } = mapped();
  for (const length of [-1, 0.5, NaN, 2 ** 60]) {
    expect(() => map.mmap(hart, TEMP, NULL, length, RW, MapANON)).toThrow('<design/mman#.length>');
    expect(() => map.mprotect(hart, CAP, length, RW)).toThrow('<design/mman#.length>');
    expect(() => map.munmap(hart, CAP, length)).toThrow('<design/mman#.length>');
  }
  expect(() => map.munmap(hart, hart.limit, PAGE)).toThrow('<design/machine#.hart.slot.exists>');
  expect(() => map.mmap(hart, -1, NULL, PAGE, RW, MapANON)).toThrow('<design/machine#.hart.slot.exists>');
});

