import { describe, expect, test } from 'vitest';
import { formatOf, permsOf } from '../../../code/machine/machine.ts';
import { errnoName } from '../../../code/os/errno.ts';
import {
  AdviceDOFORK, AdviceDONTFORK, AdviceDONTNEED, AdviceFREE, AdviceKEEPONFORK, AdviceNORMAL, AdviceWILLNEED, AdviceWIPEONFORK,
  InheritCOPY, InheritNONE, InheritSHARE, InheritZERO, MapANON, MapPREFAULT, MapPRIVATE, MapRUN, MapSHARED, MapSTACK, permVmem, ProtEXEC, ProtINVOKE, ProtNONE,
  ProtREAD, SyncINVALIDATE, SyncPAGEOUT,
} from '../../../code/os/vm/mman.ts';
import { IncoreCAPSTORE, IncoreINCORE, IncoreMODIFIED, IncoreREFERENCED } from '../../../code/os/vm/reservation.ts';
import {
  anonymous, at, CAP, childOf, fileOf, FIRST, found, kindName, KINDS, mapped, mapRig, mmap, mprotect, munmap, NULL, OTHER, PAGE, ROOT, rootAt, RW, SIZE, TEMP, unchanged, without,
  type MapRig,
} from './map-rig.ts';

const advise = ({ map, hart }: MapRig, addr: number, length: number, advice: number): string => errnoName(map.madvise(hart, addr, length, advice));

function incore({ map, hart }: MapRig, addr: number, pages: number): number[] {
  const into = new Uint8Array(pages);
  expect(map.mincore(hart, addr, pages * PAGE, into)).toBe(0);
  return [...into];
}

const tagged = ({ hart }: MapRig, slot: number, offset: number): boolean => {
  hart.loadCap(OTHER, slot, offset);
  return hart.isTagged(OTHER);
};

for (const kind of KINDS) {
  const name = kindName(kind), isLinux = kind.abi === 'pcuabi';

  test(`${name}: memory comes at the first touch, and mincore tells <design/mman#.mincore>`, () => {
    const rig = mapped(RW, SIZE, kind), { hart } = rig;
    expect([rig.frames.available, incore(rig, CAP, 4)]).toEqual([64 * PAGE, [0, 0, 0, 0]]);
    hart.load32(CAP, 0);
    hart.store32(CAP, PAGE, 1);
    hart.storeCap(CAP, 2 * PAGE, ROOT);
    const read = IncoreINCORE | IncoreREFERENCED, written = read | IncoreMODIFIED;
    expect(incore(rig, CAP, 4)).toEqual([read, written, written | IncoreCAPSTORE, 0]);
    expect(rig.frames.available).toBe(61 * PAGE);
  });

  test(`${name}: MADV_FREE forgets bytes and tags, and MADV_DONTNEED does in Linux <design/mman#.madvise>`, () => {
    for (const [advice, forgets] of [[AdviceFREE, true], [AdviceDONTNEED, isLinux], [AdviceNORMAL, false]] as [number, boolean][]) {
      const rig = mapped(RW, SIZE, kind), { hart } = rig;
      hart.storeCap(CAP, PAGE, ROOT);
      hart.storeCap(CAP, 0, ROOT);
      expect(advise(rig, at(rig, CAP, PAGE), PAGE, advice)).toBe('0');
      expect([tagged(rig, CAP, 0), tagged(rig, CAP, PAGE), hart.load32(CAP, PAGE + 12) === 0]).toEqual([true, !forgets, forgets]);
    }
  });

  test(`${name}: MADV_WILLNEED and MAP_PREFAULT_READ bring pages in, as far as there is memory <design/mman#.madvise> <design/mman#.prefault>`, () => {
    const rig = mapped(RW, SIZE, kind);
    expect(advise(rig, CAP, SIZE, AdviceWILLNEED)).toBe('0');
    expect(rig.frames.available).toBe(60 * PAGE);
    expect(mmap(rig, NULL, 80 * PAGE, RW, MapANON | MapPRIVATE | MapPREFAULT)).toBe('0');
    expect(rig.frames.available).toBe(0);
    expect(rig.map.entries().map(({ locked }) => locked)).toEqual([0, 0]);
  });

  test(`${name}: mlock brings in and marks, or fails and does nothing <design/mman#.mlock>`, () => {
    const rig = mapped(RW, SIZE, kind), { map, hart } = rig;
    expect([map.mlock(hart, CAP, 2 * PAGE), rig.frames.available]).toEqual([0, 62 * PAGE]);
    expect(advise(rig, CAP, SIZE, AdviceWILLNEED)).toBe('0');
    expect(map.entries().map(({ locked, resident }) => [locked, resident])).toEqual([[2, 4]]);
    expect(errnoName(map.msync(hart, CAP, SIZE, SyncINVALIDATE))).toBe('EBUSY');
    expect([map.munlock(hart, CAP, SIZE), map.msync(hart, CAP, SIZE, SyncINVALIDATE)]).toEqual([0, 0]);
    expect(mmap(rig, NULL, 80 * PAGE, RW, MapANON | MapPRIVATE)).toBe('0');
    hart.move(CAP, TEMP);
    expect(unchanged(rig, () => errnoName(map.mlock(hart, CAP, 80 * PAGE)))).toBe('ENOMEM');
  });

  test(`${name}: an access that there is no memory for finds none <design/mman#.fault>`, () => {
    const rig = mapRig(kind), { hart } = rig;
    expect(anonymous(rig, 65 * PAGE, RW)).toBe('0');
    for (let page = 0; page < 64; ++page) hart.store32(CAP, page * PAGE, 1);
    expect(found(rig, () => { hart.store32(CAP, 64 * PAGE, 1); })).toBe('page nomemory');
  });

  test(`${name}: brk is not to be had <design/mman#.brk>`, () => {
    expect(errnoName(mapRig(kind).map.brk())).toBe(isLinux ? 'ENOSYS' : 'ENOTSUP');
  });

  test(`${name}: a file is read page by page, a private write stays private, a shared one is the file's <design/mman#.file>`, () => {
    const rig = mapRig(kind), { hart } = rig, source = fileOf(rig, 3);
    expect(mmap(rig, NULL, 2 * PAGE, RW, MapPRIVATE, source, PAGE)).toBe('0');
    hart.move(CAP, TEMP);
    expect(mmap(rig, NULL, 4 * PAGE, RW, MapSHARED, source)).toBe('0');
    expect([hart.load8(CAP, 0), hart.load8(CAP, PAGE), hart.load8(TEMP, 2 * PAGE)]).toEqual([2, 3, 3]);
    hart.storeCap(CAP, 0, ROOT);
    expect([tagged(rig, CAP, 0), hart.load8(TEMP, PAGE)]).toEqual([true, 2]);
    hart.store8(TEMP, 2 * PAGE, 99);
    expect(hart.load8(CAP, PAGE)).toBe(99);
    expect(found(rig, () => hart.load8(TEMP, 3 * PAGE))).toBe('page bus');
    const refusal = isLinux ? 'storecap' : 'page-storecap accerr';
    expect(found(rig, () => { hart.storeCap(TEMP, 0, ROOT); })).toBe(refusal);
    hart.set(OTHER, 7, 7, 7, 7);
    hart.storeCap(TEMP, 0, OTHER);
    expect(tagged(rig, TEMP, 0)).toBe(false);
  });

  test(`${name}: a file is mapped from beyond its end, however far, and has nothing there <design/mman#.file> <design/vm-object#.beyond>`, () => {
    const rig = mapRig(kind), source = fileOf(rig, 1);
    for (const offset of [PAGE, 2 ** 43, 2 ** 44, 2 ** 52 - PAGE]) {
      expect(mmap(rig, NULL, PAGE, RW, MapPRIVATE, source, offset)).toBe('0');
      expect(found(rig, () => rig.hart.load8(TEMP, 0))).toBe('page bus');
    }
  });

  test(`${name}: shared memory without a name ${isLinux ? 'has no' : 'has'} tags <design/profile#.tags>`, () => {
    const rig = mapRig(kind), { hart } = rig;
    expect(mmap(rig, NULL, PAGE, RW, MapANON | MapSHARED)).toBe('0');
    if (isLinux) expect(found(rig, () => { hart.storeCap(TEMP, 0, ROOT); })).toBe('storecap');
    else {
      hart.storeCap(TEMP, 0, ROOT);
      expect(tagged(rig, TEMP, 0)).toBe(true);
    }
    rig.hart.store32(TEMP, 0, 1);
    rig.map.clear();
    expect(rig.frames.available).toBe(64 * PAGE);
  });

  test(`${name}: capabilities for EXEC, and for PROT_CAP_INVOKE, have what the format has for it <design/profile#.executive> <design/mman#.mmap.anew>`, () => {
    const rig = mapRig(kind), { perm } = formatOf(rig.hart), always = perm.global | permVmem(formatOf(rig.hart));
    expect(anonymous(rig, PAGE, ProtEXEC)).toBe('0');
    expect(permsOf(rig.hart, CAP)).toBe(always | perm.execute | (isLinux ? 0 : perm.executive));
    if (!isLinux) return;
    expect(anonymous(rig, PAGE, ProtEXEC | ProtINVOKE)).toBe('0');
    expect(permsOf(rig.hart, CAP)).toBe(always | perm.execute | perm.invoke);
  });

  test(`${name}: a run has its frames at once, all in a row, or fails <design/mman#.departs.run> <design/reservation#.run>`, () => {
    const rig = mapRig(kind);
    expect(anonymous(rig, 20 * PAGE, RW, MapRUN)).toBe('0');
    expect([rig.map.deltaOf(rig.hart.r[CAP << 3]) !== null, rig.frames.available]).toEqual([true, 44 * PAGE]);
    expect(unchanged(rig, () => mmap(rig, NULL, 45 * PAGE, RW, MapANON | MapPRIVATE | MapRUN))).toBe('ENOMEM');
    rig.hart.store32(CAP, 19 * PAGE, 1);
    expect(mprotect(rig, CAP, 20 * PAGE, ProtNONE)).toBe('0');
    expect(found(rig, () => rig.hart.load32(CAP, 0))).toBe('page accerr');
    expect(mprotect(rig, CAP, 20 * PAGE, ProtREAD)).toBe('0');
    expect(rig.hart.load32(CAP, 19 * PAGE)).toBe(1);
  });
}

describe('what a child gets', () => {
  const reads = (rig: MapRig): unknown => found(rig, () => rig.hart.load32(CAP, 0));

  test('minherit: a copy, the same, nothing, or zeros <design/mman#.minherit>', () => {
    for (const [how, expected] of [[InheritCOPY, 7], [InheritSHARE, 8], [InheritNONE, 'page accerr'], [InheritZERO, 0]] as [number, unknown][]) {
      const rig = mapped();
      rig.hart.store32(CAP, 0, 7);
      expect(errnoName(rig.map.minherit(rig.hart, CAP, PAGE, how))).toBe('0');
      const child = childOf(rig)!;
      rig.hart.store32(CAP, 0, 8);
      expect(reads(child)).toBe(expected);
    }
  });

  test('Linux: nothing, zeros without tags, and either can be taken back <design/mman#.madvise>', () => {
    for (const [advice, expected] of [[AdviceDONTFORK, 'page maperr'], [AdviceWIPEONFORK, 0]] as [number, unknown][]) {
      const rig = mapped(RW, SIZE, { abi: 'pcuabi' });
      for (const page of [0, 1]) rig.hart.storeCap(CAP, page * PAGE, ROOT);
      rig.hart.store32(CAP, 16, 1);
      expect(advise(rig, CAP, PAGE, advice)).toBe('0');
      const child = childOf(rig)!;
      expect(reads(child)).toBe(expected);
      expect(tagged(child, CAP, PAGE)).toBe(true);
      expect(advise(rig, CAP, PAGE, advice === AdviceDONTFORK ? AdviceDOFORK : AdviceKEEPONFORK)).toBe('0');
      expect(tagged(childOf(rig)!, CAP, 0)).toBe(true);
    }
  });

  test('Linux: shared memory that is not to be inherited, and again is <design/mman#.madvise>', () => {
    const rig = mapRig({ abi: 'pcuabi' });
    expect(mmap(rig, NULL, PAGE, RW, MapANON | MapSHARED)).toBe('0');
    rig.hart.move(CAP, TEMP);
    expect([advise(rig, CAP, PAGE, AdviceDONTFORK), advise(rig, CAP, PAGE, AdviceDOFORK)]).toEqual(['0', '0']);
    const child = childOf(rig)!;
    rig.hart.store32(CAP, 0, 3);
    expect(reads(child)).toBe(3);
    child.hart.store32(CAP, 0, 4);
    expect(reads(rig)).toBe(4);
  });
});

test('MADV_FREE needs SW_VMEM, and other advice does not <design/mman#.madvise>', () => {
  const rig = mapped();
  rig.hart.move(OTHER, without(rig, 1 << 16));
  expect([advise(rig, OTHER, PAGE, AdviceFREE), advise(rig, OTHER, PAGE, AdviceDONTNEED)]).toEqual(['EPROT', '0']);
});

describe('calls that ask for bounds alone, over two reservations side by side', () => {
  /** Slot TEMP has all authority over both, from the second page of the first on. */
  const pair = (pages: number = 64): MapRig => {
    const rig = mapped(RW, SIZE, { pages });
    expect(anonymous(rig, SIZE, RW)).toBe('0');
    rootAt(rig, FIRST + PAGE);
    return rig;
  };
  const locked = (rig: MapRig): number[] => rig.map.entries().map((entry) => entry.locked);

  test('mincore tells of the pages of both <design/mman#.advice.across> <design/mman#.mincore>', () => {
    const rig = pair();
    rig.hart.store32(TEMP, PAGE, 1);
    rig.hart.store32(TEMP, 4 * PAGE, 1);
    expect(incore(rig, TEMP, 7).map((bits) => bits & IncoreINCORE)).toEqual([0, 1, 0, 0, 1, 0, 0]);
  });

  test('mlock and munlock mark the pages of both, and where there is no memory of none <design/mman#.advice.across> <design/mman#.mlock>', () => {
    const rig = pair(), { map, hart } = rig;
    expect([map.mlock(hart, TEMP, 5 * PAGE), locked(rig), rig.frames.available]).toEqual([0, [3, 2], 59 * PAGE]);
    expect(errnoName(map.msync(hart, at(rig, TEMP, 3 * PAGE), 4 * PAGE, SyncINVALIDATE))).toBe('EBUSY');
    expect([map.munlock(hart, rootAt(rig, FIRST), 5 * PAGE), locked(rig)]).toEqual([0, [0, 1]]);
    const tight = pair(5);
    expect(unchanged(tight, () => errnoName(tight.map.mlock(tight.hart, TEMP, 7 * PAGE)))).toBe('ENOMEM');
    expect(tight.frames.available).toBe(5 * PAGE);
  });

  test('msync reaches both, and a hole between is ENOMEM <design/mman#.advice.across> <design/mman#.msync>', () => {
    const rig = pair(), { map, hart } = rig;
    expect(map.msync(hart, TEMP, 7 * PAGE, SyncINVALIDATE)).toBe(0);
    expect(munmap(rig, rootAt(rig, FIRST + PAGE), PAGE)).toBe('EPROT');
    expect(munmap(rig, at(rig, CAP, 0), PAGE)).toBe('0');
    rootAt(rig, FIRST + PAGE);
    const calls = [() => map.msync(hart, TEMP, 7 * PAGE, 0), () => map.mlock(hart, TEMP, 7 * PAGE), () => map.mincore(hart, TEMP, 7 * PAGE, new Uint8Array(8))];
    expect(calls.map((call) => unchanged(rig, () => errnoName(call())))).toEqual(['ENOMEM', 'ENOMEM', 'ENOMEM']);
  });

  test('what is not reserved between two is ENOMEM as a hole is <design/mman#.advice.across> <design/mman#.mincore> <design/mman#.mlock> <design/mman#.msync>', () => {
    const rig = pair(), { map, hart } = rig;
    hart.move(OTHER, CAP);
    expect([anonymous(rig, SIZE, RW), munmap(rig, OTHER, SIZE)]).toEqual(['0', '0']);
    rootAt(rig, FIRST);
    const calls = [() => map.msync(hart, TEMP, 3 * SIZE, 0), () => map.mlock(hart, TEMP, 3 * SIZE), () => map.mincore(hart, TEMP, 3 * SIZE, new Uint8Array(12))];
    expect(calls.map((call) => unchanged(rig, () => errnoName(call())))).toEqual(['ENOMEM', 'ENOMEM', 'ENOMEM']);
  });

  test('madvise reaches both, and leaves out what is not reserved <design/mman#.advice.across> <design/mman#.madvise>', () => {
    const rig = pair();
    for (const offset of [0, 4 * PAGE]) rig.hart.store32(TEMP, offset, 7);
    expect(advise(rig, rootAt(rig, FIRST), 64 * PAGE, AdviceFREE)).toBe('0');
    expect([rig.hart.load32(TEMP, PAGE), rig.hart.load32(TEMP, 5 * PAGE)]).toEqual([0, 0]);
    expect(advise(rig, rootAt(rig, FIRST + 32 * PAGE), SIZE, AdviceWILLNEED)).toBe('0');
  });
});

test('msync without a length is of the like pages around the address, and paging out loses nothing <design/mman#.msync>', () => {
  const rig = mapped(), { map, hart } = rig;
  hart.storeCap(CAP, 0, ROOT);
  expect([map.msync(hart, at(rig, CAP, PAGE), 0, 0), map.msync(hart, CAP, SIZE, SyncPAGEOUT)]).toEqual([0, 0]);
  expect(tagged(rig, CAP, 0)).toBe(true);
  map.munmap(hart, at(rig, CAP, PAGE), PAGE);
  expect(errnoName(map.msync(hart, at(rig, CAP, PAGE), 0, 0))).toBe('EINVAL');
});

test('a stack mapping is memory like any other <design/mman#.departs.stack>', () => {
  const rig = mapRig();
  expect(mmap(rig, NULL, SIZE, RW, MapSTACK)).toBe('0');
  rig.hart.storeCap(TEMP, SIZE - 16, ROOT);
  expect(rig.frames.available).toBe(63 * PAGE);
});
