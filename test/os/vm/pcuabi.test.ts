import { describe, expect, test } from 'vitest';
import { formatOf, permsOf, slotRead } from '../../../code/machine/machine.ts';
import { errnoName } from '../../../code/os/errno.ts';
import {
  AdviceDONTNEED, AdviceFREE, AdviceNORMAL, MapANON, MapFIXED, MapGROWSDOWN, MapNOREPLACE, MapPRIVATE, MapRUN, MapSHARED, protMax,
  ProtEXEC, ProtNOCAP, ProtNONE, ProtREAD, RemapFIXED, RemapMAYMOVE,
} from '../../../code/os/vm/mman.ts';
import { ShmSegments } from '../../../code/os/vm/shm.ts';
import {
  anonymous, at, CAP, fileOf, FIRST, integer, mapRig, mmap, mprotect, munmap, narrow, NULL, OTHER, PAGE, rootAt, RW, sealed, SIZE, TEMP, tryRows, unchanged,
  untagged, withoutVmem, without, type Case, type MapRig,
} from './map-rig.ts';

const PRIVATE: number = MapANON | MapPRIVATE;
const FIXED: number = MapFIXED | PRIVATE;

type Slot = (rig: MapRig) => number;
const cap: Slot = () => CAP;
const none: Slot = () => NULL;
const wide: Slot = (rig) => rootAt(rig, FIRST);
const off: Slot = (rig) => at(rig, CAP, 16);
const off2: Slot = (rig) => integer(rig, FIRST + SIZE + 16);

const map = (row: string, what: string, errno: string, slot: Slot, length: number, prot: number, flags: number): Case =>
  [row, what, errno, (rig) => { const addr = slot(rig); return unchanged(rig, () => mmap(rig, addr, length, prot, flags)); }];
const file = (row: string, what: string, errno: string, prot: number, flags: number, mayRead: boolean, mayWrite: boolean, offset: number = 0): Case =>
  [row, what, errno, (rig) => { const source = fileOf(rig, 4, mayRead, mayWrite); return unchanged(rig, () => mmap(rig, NULL, PAGE, prot, flags, source, offset)); }];

type Manage = (rig: MapRig, addr: number, length: number) => string;
const call = (row: string, what: string, errno: string, does: Manage, slot: Slot, length: number): Case =>
  [row, what, errno, (rig) => {
    const addr = slot(rig), act = (): string => does(rig, addr, length);
    return errno === '0' ? act() : unchanged(rig, act);
  }];

const protect = (prot: number): Manage => (rig, addr, length) => mprotect(rig, addr, length, prot);
const advise = (advice: number): Manage => ({ map: to, hart }, addr, length) => errnoName(to.madvise(hart, addr, length, advice));
const incore: Manage = ({ map: to, hart }, addr, length) => errnoName(to.mincore(hart, addr, length, new Uint8Array(64)));
const lock: Manage = ({ map: to, hart }, addr, length) => errnoName(to.mlock(hart, addr, length));
const unlock: Manage = ({ map: to, hart }, addr, length) => errnoName(to.munlock(hart, addr, length));
const sync = (flags: number): Manage => ({ map: to, hart }, addr, length) => errnoName(to.msync(hart, addr, length, flags));
const remap = (newLength: number, flags: number): Manage => ({ map: to, hart }, addr, length) =>
  errnoName(to.mremap(hart, OTHER, addr, length, newLength, flags, NULL));

/** mremap with MREMAP_FIXED from what one slot says to what another says. */
const moving = (row: string, what: string, errno: string, size: number, from: Slot, to: Slot): Case => [row, what, errno, (rig) => {
  const { map: in_, hart } = rig;
  hart.move(OTHER, from(rig));
  const addr = to(rig);
  return unchanged(rig, () => errnoName(in_.mremap(hart, TEMP, OTHER, size, size, RemapMAYMOVE | RemapFIXED, addr)));
}];

/** Both steps of owning, for one call. */
const owning = (letter: string, does: Manage): Case[] => [
  ...([['untagged', untagged], ['sealed', sealed], ['without SW_VMEM', withoutVmem], ['too short', (rig) => narrow(rig, PAGE)]] as [string, Slot][])
    .map(([what, slot]) => call(`${letter}1`, what, 'EINVAL', does, slot, SIZE)),
  call(`${letter}2`, 'bounds that are more than a reservation', 'ERESERVATION', does, wide, PAGE),
  [`${letter}2`, 'of a reservation that is gone', 'ERESERVATION', (rig) => {
    munmap(rig, CAP, SIZE);
    return unchanged(rig, () => does(rig, CAP, PAGE));
  }],
];

/** The rig's capability, when one of its pages is a hole. */
const holed = (page: number): Slot => (rig) => {
  munmap(rig, at(rig, CAP, page * PAGE), PAGE);
  return CAP;
};

/** In place of the rig's reservation there is one for reading alone, and the capability is that of the first. */
function revived(rig: MapRig): void {
  munmap(rig, CAP, SIZE);
  expect(mmap(rig, NULL, SIZE, ProtREAD, PRIVATE)).toBe('0');
  expect(slotRead(rig.hart, TEMP).lo).toBe(slotRead(rig.hart, CAP).lo);
}

const segmentOf = (rig: MapRig) => {
  const segments = new ShmSegments(rig.memory, rig.frames, false), id = segments.get(0, 2 * PAGE, 0);
  return segments.find(id)!;
};
const detach = (slot: Slot): ((rig: MapRig) => string) => (rig) => {
  rig.map.shmat(rig.hart, CAP, segmentOf(rig), NULL, 0);
  const addr = slot(rig);
  return unchanged(rig, () => errnoName(rig.map.shmdt(rig.hart, addr)));
};
const attach = (row: string, what: string, errno: string, slot: Slot): Case => [row, `shmat: ${what}`, errno, (rig) => {
  const segment = segmentOf(rig), addr = slot(rig);
  return unchanged(rig, () => errnoName(rig.map.shmat(rig.hart, TEMP, segment, addr, 0)));
}];

const lastByte: number = -0x0100_0000 - PAGE;

const cases: readonly Case[] = [
  map('M0', 'nothing to map, and a pointer that is wrong', 'EBADF', untagged, PAGE, RW, MapPRIVATE),
  map('M1', 'PROT_MAX without all of prot', 'EINVAL', none, PAGE, RW | protMax(ProtREAD), PRIVATE),
  map('M2', 'MAP_GROWSDOWN', 'ENOTSUP', none, PAGE, RW, PRIVATE | MapGROWSDOWN),
  map('P5', 'a capability that lost its tag, MAP_FIXED', 'EINVAL', untagged, PAGE, RW, FIXED),
  map('P5', 'the same as a hint', 'EINVAL', untagged, PAGE, RW, PRIVATE),
  map('P6', 'a sealed capability', 'EINVAL', sealed, PAGE, RW, FIXED),
  map('P6', 'one without SW_VMEM', 'EINVAL', withoutVmem, PAGE, RW, FIXED),
  map('P6', 'a range that is not in its bounds', 'EINVAL', (rig) => narrow(rig, PAGE), 2 * PAGE, RW, FIXED),
  map('P7', 'an owning one without MAP_FIXED', 'EINVAL', cap, PAGE, RW, PRIVATE),
  map('P7', 'an owning one with MAP_FIXED_NOREPLACE alone', 'EINVAL', cap, PAGE, RW, PRIVATE | MapNOREPLACE),
  map('P10', 'a permission too little', 'EINVAL', cap, PAGE, ProtEXEC, FIXED),
  map('P8', 'bounds that are more than a reservation', 'ERESERVATION', wide, PAGE, RW, FIXED),
  ['P8', 'of a reservation that is gone', 'ERESERVATION', (rig) => {
    munmap(rig, CAP, SIZE);
    return unchanged(rig, () => mmap(rig, CAP, PAGE, RW, FIXED));
  }],
  ['P11', 'more than the reservation may, of a capability for an earlier one', 'EINVAL', (rig) => {
    revived(rig);
    return unchanged(rig, () => mmap(rig, CAP, PAGE, RW, FIXED));
  }],
  ['P11', 'the same as PROT_MAX', 'EINVAL', (rig) => {
    revived(rig);
    return unchanged(rig, () => mmap(rig, CAP, PAGE, ProtREAD | protMax(RW), FIXED));
  }],
  ...([['all of the range', PAGE, PAGE], ['its end', 0, 2 * PAGE], ['its middle', 0, 3 * PAGE], ['its front', PAGE, 2 * PAGE]] as [string, number, number][])
    .map(([where, from, length]): Case => ['P9', `a hole is ${where}`, 'ENOMEM', (rig) => {
      munmap(rig, at(rig, CAP, PAGE), PAGE);
      const addr = at(rig, CAP, from);
      return unchanged(rig, () => mmap(rig, addr, length, RW, FIXED));
    }]),
  map('P4', 'an owning one, MAP_FIXED and MAP_FIXED_NOREPLACE', 'EEXIST', cap, PAGE, RW, FIXED | MapNOREPLACE),
  map('P3', 'an integer in a reservation', 'ERESERVATION', (rig) => integer(rig, FIRST + PAGE), PAGE, RW, FIXED),
  map('P3', 'an integer, and a range that meets one', 'ERESERVATION', (rig) => integer(rig, FIRST + 3 * PAGE), 2 * PAGE, RW, FIXED),
  map('P3', 'the same with MAP_FIXED_NOREPLACE', 'ERESERVATION', (rig) => integer(rig, FIRST + PAGE), PAGE, RW, PRIVATE | MapNOREPLACE),
  ['P3', 'a hole of a reservation', 'ERESERVATION', (rig) => {
    munmap(rig, at(rig, CAP, PAGE), PAGE);
    const addr = integer(rig, FIRST + PAGE);
    return unchanged(rig, () => mmap(rig, addr, PAGE, RW, FIXED));
  }],
  map('P2', 'a hint in a reservation', 'ERESERVATION', (rig) => integer(rig, FIRST + PAGE), PAGE, RW, PRIVATE),
  map('M4.length', 'length 0', 'EINVAL', none, 0, RW, PRIVATE),
  map('M4.flags', 'a flag that there is not', 'EINVAL', none, PAGE, RW, PRIVATE | 0x4000),
  map('M4.type', 'neither shared nor private', 'EINVAL', none, PAGE, RW, MapANON),
  map('M4.prot', 'PROT_NO_CAP', 'EINVAL', none, PAGE, RW | ProtNOCAP, PRIVATE),
  file('M4.offset', 'an offset within a page', 'EINVAL', RW, MapPRIVATE, true, true, 16),
  file('M4.overflow', 'an offset beyond all files', 'EOVERFLOW', RW, MapPRIVATE, true, true, 2 ** 52),
  map('M4.run', 'a run that is shared', 'EINVAL', none, PAGE, RW, MapANON | MapSHARED | MapRUN),
  file('M4.read', 'a file that may not be read', 'EACCES', ProtNONE, MapPRIVATE, false, true),
  file('M4.write', 'a file that may not be written, shared', 'EACCES', RW, MapSHARED, true, false),
  map('Q5', 'MAP_FIXED within a page', 'EINVAL', off2, PAGE, RW, FIXED),
  map('Q4', 'MAP_FIXED below all addresses', 'EPERM', (rig) => integer(rig, FIRST - PAGE), PAGE, RW, FIXED),
  map('Q4', 'MAP_FIXED at NULL', 'EPERM', none, PAGE, RW, FIXED),
  map('M5', 'MAP_FIXED beyond all addresses', 'ENOMEM', (rig) => integer(rig, lastByte), 2 * PAGE, RW, FIXED),
  attach('P5', 'a capability that lost its tag', 'EINVAL', untagged),
  attach('P8', 'bounds that are more than a reservation', 'ERESERVATION', wide),
  attach('P3', 'an integer in a reservation', 'ERESERVATION', (rig) => integer(rig, FIRST)),
  ['P11', 'shmat: more than the reservation may', 'EINVAL', (rig) => {
    const segment = segmentOf(rig);
    revived(rig);
    return unchanged(rig, () => errnoName(rig.map.shmat(rig.hart, TEMP, segment, CAP, 0)));
  }],
  attach('S0', 'an integer within a page', 'EINVAL', off2),
  call('U0', 'munmap of nothing', 'EINVAL', munmap, cap, 0),
  call('U0', 'munmap within a page', 'EINVAL', munmap, off, PAGE),
  ...owning('U', munmap),
  call('T0', 'mprotect within a page', 'EINVAL', protect(ProtREAD), off, PAGE),
  call('T3', 'mprotect of nothing, whatever is shown', '0', protect(ProtREAD), untagged, 0),
  call('T4', 'an unknown bit', 'EINVAL', protect(8), cap, PAGE),
  ...owning('T', protect(ProtREAD)),
  call('T5', 'a permission that the capability lacks', 'EINVAL', protect(ProtEXEC), cap, PAGE),
  ['T5', 'a permission that the capability lacks, and the reservation has', 'EINVAL', (rig) => {
    const addr = without(rig, formatOf(rig.hart).perm.store);
    return unchanged(rig, () => mprotect(rig, addr, PAGE, RW));
  }],
  call('T6', 'mprotect of a hole', 'ENOMEM', protect(ProtREAD), holed(1), SIZE),
  call('T6', 'mprotect of a hole to PROT_NONE', 'ENOMEM', protect(ProtNONE), holed(1), SIZE),
  ['T7', 'a file that may not be written', 'EACCES', (rig) => {
    mmap(rig, NULL, PAGE, ProtREAD | protMax(RW), MapSHARED, fileOf(rig, 4, true, false));
    return unchanged(rig, () => mprotect(rig, TEMP, PAGE, RW));
  }],
  call('R0', 'an unknown flag', 'EINVAL', remap(PAGE, 8), cap, SIZE),
  call('R0', 'MREMAP_FIXED alone', 'EINVAL', remap(PAGE, RemapFIXED), cap, SIZE),
  call('R3', 'mremap within a page', 'EINVAL', remap(PAGE, 0), off, PAGE),
  call('R4', 'mremap to nothing', 'EINVAL', remap(0, 0), cap, PAGE),
  ...owning('R', remap(2 * PAGE, RemapMAYMOVE)),
  call('R5', 'nothing mapped', 'EFAULT', remap(PAGE, 0), holed(0), SIZE),
  call('R6', 'no old length', 'EINVAL', remap(SIZE, RemapMAYMOVE), cap, 0),
  call('R7', 'something that is not mapped', 'EFAULT', remap(PAGE, 0), holed(1), SIZE),
  moving('W1', 'a target within a page', 'EINVAL', PAGE, cap, off2),
  moving('W2', 'a target that overlaps', 'EINVAL', 2 * PAGE, cap, (rig) => at(rig, CAP, PAGE)),
  moving('W3', 'a target with more permissions', 'EINVAL', PAGE, (rig) => without(rig, formatOf(rig.hart).perm.store), (rig) => at(rig, CAP, 2 * PAGE)),
  moving('P3', 'a target in a reservation, an integer', 'ERESERVATION', PAGE, cap, (rig) => integer(rig, FIRST + 2 * PAGE)),
  moving('P6', 'a target that is sealed', 'EINVAL', PAGE, (rig) => at(rig, CAP, 2 * PAGE), sealed),
  call('A0', 'no such advice', 'EINVAL', advise(77), cap, PAGE),
  call('A3', 'madvise within a page', 'EINVAL', advise(AdviceNORMAL), off, PAGE),
  ...owning('A', advise(AdviceNORMAL)),
  call('A4', 'madvise of nothing', '0', advise(AdviceFREE), cap, 0),
  call('A5', 'madvise of a hole', 'ENOMEM', advise(AdviceNORMAL), holed(1), SIZE),
  ['A6', 'MADV_FREE of shared memory', 'EINVAL', (rig) => {
    mmap(rig, NULL, PAGE, RW, MapANON | MapSHARED);
    return unchanged(rig, () => errnoName(rig.map.madvise(rig.hart, TEMP, PAGE, AdviceFREE)));
  }],
  ['A7', 'MADV_DONTNEED of what is locked', 'EINVAL', (rig) => {
    rig.map.mlock(rig.hart, CAP, PAGE);
    return unchanged(rig, () => errnoName(rig.map.madvise(rig.hart, CAP, SIZE, AdviceDONTNEED)));
  }],
  call('C0', 'mincore within a page', 'EINVAL', incore, off, PAGE),
  ...owning('C', incore),
  call('C3', 'mincore of nothing', '0', incore, cap, 0),
  call('C4', 'mincore of a hole', 'ENOMEM', incore, holed(1), SIZE),
  ...owning('L', lock),
  call('L3', 'mlock of nothing', '0', lock, cap, 0),
  call('L4', 'mlock of a hole', 'ENOMEM', lock, holed(1), SIZE),
  ...owning('N', unlock),
  call('N3', 'munlock of nothing', '0', unlock, cap, 0),
  call('N4', 'munlock of a hole', 'ENOMEM', unlock, holed(1), SIZE),
  call('Y0', 'an unknown flag of msync', 'EINVAL', sync(0x10), cap, PAGE),
  call('Y3', 'msync within a page', 'EINVAL', sync(0), off, PAGE),
  ...owning('Y', sync(0)),
  call('Y4', 'msync of nothing', '0', sync(0), cap, 0),
  call('Y5', 'msync of a hole', 'ENOMEM', sync(0), holed(1), SIZE),
  ['I0', 'minherit', 'ENOSYS', (rig) => unchanged(rig, () => errnoName(rig.map.minherit(rig.hart, CAP, PAGE, 1)))],
  ['D1', 'shmdt without SW_VMEM', 'EINVAL', detach(withoutVmem)],
  ['D1', 'shmdt of what is too short', 'EINVAL', detach((rig) => narrow(rig, PAGE))],
  ['D2', 'shmdt with bounds that are more than a reservation', 'ERESERVATION', detach((rig) => rootAt(rig, FIRST + SIZE))],
];

describe('PCuABI refuses', () => {
  tryRows('pcuabi', cases, '<design/profile#.pcuabi>');
});

test('what a capability for an earlier reservation moves has no more permissions than the later one had <design/reservation#.departs.reuse> <design/reservation#.inv.max>', () => {
  for (const newAddr of [NULL, OTHER]) {
    const rig = mapRig({ abi: 'pcuabi' }), { hart } = rig, flags = RemapMAYMOVE | (newAddr === NULL ? 0 : RemapFIXED);
    anonymous(rig, SIZE, RW);
    revived(rig);
    const live = permsOf(hart, TEMP);
    hart.move(OTHER, integer(rig, 0x3000_0000));
    expect(errnoName(rig.map.mremap(hart, TEMP, CAP, SIZE, 5 * PAGE, flags, newAddr))).toBe('0');
    expect([permsOf(hart, TEMP), hart.load32(TEMP, 0), mprotect(rig, TEMP, PAGE, RW)]).toEqual([live, 0, 'EINVAL']);
  }
});

test('as the code that landed has it, a hole at the front may be mapped over, and no other <design/profile#.refill>', () => {
  const says = (from: number, length: number, flags: number = FIXED): string => {
    const rig = mapRig({ abi: 'pcuabi', refill: 'landed' });
    anonymous(rig, SIZE, RW);
    munmap(rig, at(rig, CAP, PAGE), PAGE);
    return mmap(rig, at(rig, CAP, from), length, RW, flags);
  };
  expect([says(PAGE, 2 * PAGE), says(PAGE, PAGE), says(0, 2 * PAGE), says(0, 3 * PAGE)]).toEqual(['0', 'ENOMEM', 'ENOMEM', 'ENOMEM']);
  expect([says(PAGE, 2 * PAGE, FIXED | MapNOREPLACE), says(0, 0)]).toEqual(['EEXIST', 'EINVAL']);
});

test('a hint where nothing is reserved is taken, and one that meets a reservation but is not within it is left <design/mman#.mmap.anew>', () => {
  const rig = mapRig({ abi: 'pcuabi' });
  anonymous(rig, SIZE, RW);
  const low = (hint: number, length: number): number => {
    expect(mmap(rig, integer(rig, hint), length, RW, PRIVATE)).toBe('0');
    return rig.hart.r[TEMP << 3] >>> 0;
  };
  expect(low(FIRST + 3 * PAGE, 2 * PAGE)).toBe(FIRST + SIZE);
  expect(low(0x8000_0000, PAGE)).toBe(0x8000_0000);
});

test('an exact fit below a reservation is taken <design/profile#.quirks>', () => {
  const rig = mapRig({ abi: 'pcuabi', pages: 16 }), size = 0x100_1000, whole = 0x100_2000;
  expect(mmap(rig, integer(rig, FIRST + whole), PAGE, RW, FIXED)).toBe('0');
  expect(mmap(rig, integer(rig, FIRST), size, RW, FIXED)).toBe('0');
  expect(rig.map.entries().map(({ base, limit }) => limit - base)).toEqual([size, PAGE, PAGE]);
});

test('a length of 0 shows what the address and the bounds are, apart <design/profile#.quirks>', () => {
  const rig = mapRig({ abi: 'pcuabi' });
  anonymous(rig, SIZE, RW);
  const says = (offset: number, does: Manage): string => does(rig, at(rig, CAP, offset), 0);
  expect([0, SIZE, SIZE + PAGE].map((offset) => says(offset, advise(AdviceNORMAL)))).toEqual(['0', 'ERESERVATION', 'EINVAL']);
  expect([0, SIZE, SIZE + PAGE].map((offset) => says(offset, incore))).toEqual(['0', 'ERESERVATION', 'EINVAL']);
  expect([0, SIZE, SIZE + PAGE].map((offset) => says(offset, munmap))).toEqual(['EINVAL', 'EINVAL', 'EINVAL']);
  expect([0, SIZE, SIZE + PAGE].map((offset) => says(offset, protect(ProtREAD)))).toEqual(['0', '0', '0']);
});
