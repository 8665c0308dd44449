import { describe } from 'vitest';
import { riscv } from '../../../code/machine/machine.ts';
import { errnoName } from '../../../code/os/errno.ts';
import {
  AdviceFREE, AdviceNORMAL, Map32BIT, MapANON, mapAligned, MapEXCL, MapFIXED, MapGUARD, MapPRIVATE, MapRUN, MapSHARED, MapSTACK,
  ProtCAP, ProtEXEC, protMax, ProtREAD, SyncASYNC, SyncINVALIDATE,
} from '../../../code/os/vm/mman.ts';
import { ShmSegments } from '../../../code/os/vm/shm.ts';
import { grant } from '../grant.ts';
import {
  anonymous, at, CAP, fileOf, FIRST, integer, mmap, mprotect, munmap, narrow, NULL, PAGE, rootAt, RW, sealed, SIZE, TEMP, tryRows,
  unchanged, untagged, withoutVmem, without, type Case, type MapRig,
} from './map-rig.ts';

const FIXED: number = MapFIXED | MapANON;
const refused = (rig: MapRig, call: () => string): string => unchanged(rig, call);

type Slot = (rig: MapRig) => number;
const cap: Slot = () => CAP;
const none: Slot = () => NULL;
/** All authority over two pages of the rig's reservation and beyond. */
const last: Slot = (rig) => rootAt(rig, FIRST + 2 * PAGE);
const off: Slot = (rig) => at(rig, CAP, 16);
/** Live, and not the reservation's. */
const elsewhere: Slot = (rig) => rootAt(rig, FIRST + 64 * PAGE);
const wide: Slot = (rig) => rootAt(rig, FIRST);

const map = (row: string, what: string, errno: string, slot: Slot, length: number, prot: number, flags: number): Case =>
  [row, what, errno, (rig) => { const addr = slot(rig); return refused(rig, () => mmap(rig, addr, length, prot, flags)); }];
const file = (row: string, what: string, errno: string, prot: number, flags: number, mayRead: boolean, mayWrite: boolean, offset: number = 0): Case =>
  [row, what, errno, (rig) => { const source = fileOf(rig, 4, mayRead, mayWrite); return refused(rig, () => mmap(rig, NULL, PAGE, prot, flags, source, offset)); }];

/** A management call with one number beside the range. */
type Manage = (rig: MapRig, addr: number, length: number) => string;
const call = (row: string, what: string, errno: string, does: Manage, slot: Slot, length: number): Case =>
  [row, what, errno, (rig) => {
    const addr = slot(rig), act = (): string => does(rig, addr, length);
    return errno === '0' ? act() : refused(rig, act);
  }];

const protect = (prot: number): Manage => (rig, addr, length) => mprotect(rig, addr, length, prot);
const inherit = (how: number): Manage => ({ map: to, hart }, addr, length) => errnoName(to.minherit(hart, addr, length, how));
const advise = (advice: number): Manage => ({ map: to, hart }, addr, length) => errnoName(to.madvise(hart, addr, length, advice));
const incore: Manage = ({ map: to, hart }, addr, length) => errnoName(to.mincore(hart, addr, length, new Uint8Array(64)));
const lock: Manage = ({ map: to, hart }, addr, length) => errnoName(to.mlock(hart, addr, length));
const unlock: Manage = ({ map: to, hart }, addr, length) => errnoName(to.munlock(hart, addr, length));
const sync = (flags: number): Manage => ({ map: to, hart }, addr, length) => errnoName(to.msync(hart, addr, length, flags));

/** Rows that say who may manage, and what is live, for a call that asks for SW_VMEM or not. */
const liveRows = (none_: string, beyond: string, stale: string, does: Manage): Case[] => [
  call(none_, 'no reservation at the address', 'EPROT', does, elsewhere, PAGE),
  call(beyond, 'a range that goes on behind the reservation', 'EACCES', does, last, 3 * PAGE),
  call(stale, 'bounds that are more than a reservation', 'EPROT', does, wide, PAGE),
];

/** The rig's capability, when the second page is a hole. */
const holed: Slot = (rig) => {
  munmap(rig, at(rig, CAP, PAGE), PAGE);
  return CAP;
};

/** Attach a segment of two pages, and detach what a slot says. */
const detach = (slot: Slot): ((rig: MapRig) => string) => (rig) => {
  const { map: to, hart } = rig, segments = new ShmSegments(rig.memory, rig.frames, true), segment = segments.find(segments.get(0, 2 * PAGE, 0));
  to.shmat(hart, CAP, segment!, NULL, 0);
  const addr = slot(rig);
  return refused(rig, () => errnoName(to.shmdt(hart, addr)));
};
const attached: number = FIRST + SIZE;

const cases: readonly Case[] = [
  map('B1', 'MAP_32BIT', 'EINVAL', cap, PAGE, RW, FIXED | Map32BIT),
  map('B2', 'a capability without MAP_FIXED', 'EPROT', cap, PAGE, RW, MapANON),
  map('B3', 'a capability without SW_VMEM', 'EACCES', withoutVmem, PAGE, RW, FIXED),
  map('B4', 'a sealed one', 'EPROT', sealed, PAGE, RW, FIXED),
  map('B4', 'a range that is outside of its bounds when it is rounded', 'EPROT', (rig) => narrow(rig, 100), 100, RW, FIXED),
  map('B5', 'a permission too little', 'EPROT', (rig) => without(rig, riscv.perm.storeCap), PAGE, RW, FIXED),
  map('B6', 'a capability that lost its tag', 'EINVAL', untagged, PAGE, RW, FIXED),
  map('B7', 'an alignment below a page', 'EINVAL', none, PAGE, RW, MapANON | mapAligned(11)),
  map('B8', 'an unknown bit of prot', 'EINVAL', none, PAGE, RW | 8, MapANON),
  map('B9', 'length 0', 'EINVAL', none, 0, RW, MapANON),
  map('B10', 'an unknown flag', 'EINVAL', none, PAGE, RW, MapANON | 0x20),
  file('B11', 'a file, and anonymous memory', 'EINVAL', RW, MapANON, true, true),
  map('B12', 'a stack that is not for writing', 'EINVAL', none, PAGE, ProtREAD, MapSTACK),
  map('B13', 'MAP_EXCL without MAP_FIXED', 'EINVAL', none, PAGE, RW, MapANON | MapEXCL),
  map('B14', 'MAP_SHARED and MAP_PRIVATE', 'EINVAL', none, PAGE, RW, MapANON | MapSHARED | MapPRIVATE),
  map('B15', 'a guard with a protection', 'EINVAL', none, PAGE, ProtREAD, MapGUARD),
  map('B16', 'nothing to map', 'EBADF', none, PAGE, RW, MapPRIVATE),
  file('B17', 'an offset within a page', 'EINVAL', RW, MapPRIVATE, true, true, 16),
  map('B18', 'a run that is shared', 'EINVAL', none, PAGE, RW, MapANON | MapSHARED | MapRUN),
  map('B19', 'MAP_FIXED within a page', 'EINVAL', (rig) => integer(rig, FIRST + SIZE + 8), PAGE, RW, FIXED),
  map('B20', 'PROT_MAX without all of prot', 'ENOTSUP', none, PAGE, RW | protMax(ProtREAD), MapANON),
  file('B21', 'a file that may not be read', 'EACCES', ProtREAD, MapPRIVATE, false, true),
  file('B17', 'an offset that with the length is beyond 63 bits', 'EINVAL', ProtREAD, MapSHARED, true, true, 2 ** 63),
  file('B22', 'a file that may not be written, shared', 'EACCES', RW, MapSHARED, true, false),
  file('B23', 'capabilities in a shared file', 'EACCES', RW | ProtCAP, MapSHARED, true, true),
  map('B24', 'bounds that are more than a reservation', 'EPROT', wide, PAGE, RW, FIXED),
  map('B24', 'a range in no reservation', 'EPROT', elsewhere, PAGE, RW, FIXED),
  ['B25', 'more than the reservation may ever allow', 'EPROT', (rig) => {
    anonymous(rig, SIZE, ProtREAD);
    const low = rig.hart.r[CAP << 3];
    grant(rig.map, rig.hart, TEMP, low, RW, true);
    return refused(rig, () => mmap(rig, TEMP, PAGE, RW, FIXED));
  }],
  map('B26', 'a stack within a reservation', 'ENOMEM', cap, PAGE, RW, FIXED | MapSTACK),
  map('B27', 'MAP_EXCL over mappings', 'ENOMEM', cap, PAGE, RW, FIXED | MapEXCL),
  map('B28', 'an integer, MAP_FIXED, where something is', 'ENOMEM', (rig) => integer(rig, FIRST + 3 * PAGE), 2 * PAGE, RW, FIXED),
  ['B29', 'shmat within a page', 'EINVAL', (rig) => {
    const segments = new ShmSegments(rig.memory, rig.frames, true), segment = segments.find(segments.get(0, PAGE, 0)), addr = integer(rig, FIRST + SIZE + 8);
    return refused(rig, () => errnoName(rig.map.shmat(rig.hart, TEMP, segment!, addr, 0)));
  }],
  call('B30', 'munmap without SW_VMEM', 'EPROT', munmap, withoutVmem, PAGE),
  call('B30', 'munmap of an integer', 'EPROT', munmap, (rig) => integer(rig, FIRST), PAGE),
  call('B31', 'munmap of nothing', 'EINVAL', munmap, cap, 0),
  call('B31', 'munmap within a page', 'EINVAL', munmap, off, PAGE),
  ...liveRows('B32', 'B33', 'B34', munmap),
  call('B35', 'mprotect without SW_VMEM', 'EPROT', protect(ProtREAD), withoutVmem, PAGE),
  call('B36', 'mprotect within a page', 'EINVAL', protect(ProtREAD), off, PAGE),
  call('B37', 'an unknown bit', 'EINVAL', protect(8), cap, PAGE),
  call('B38', 'PROT_CAP alone', 'ENOTSUP', protect(ProtCAP), cap, PAGE),
  call('B39', 'mprotect of nothing', '0', protect(ProtREAD), cap, 0),
  ...liveRows('B40', 'B41', 'B42', protect(ProtREAD)),
  call('B43', 'more than the maximum', 'EACCES', protect(ProtEXEC), cap, PAGE),
  ['B43', 'capabilities in a shared file', 'EACCES', (rig) => {
    mmap(rig, NULL, PAGE, RW, MapSHARED, fileOf(rig, 4));
    return refused(rig, () => mprotect(rig, TEMP, PAGE, RW | ProtCAP));
  }],
  call('B44', 'minherit without SW_VMEM', 'EPROT', inherit(1), withoutVmem, PAGE),
  call('B45', 'minherit within a page', 'EINVAL', inherit(1), off, PAGE),
  call('B46', 'no such inheritance', 'EINVAL', inherit(4), cap, PAGE),
  call('B47', 'minherit of nothing', '0', inherit(2), cap, 0),
  ...liveRows('B48', 'B49', 'B50', inherit(1)),
  call('B51', 'madvise of what is not covered', 'EPROT', advise(AdviceNORMAL), (rig) => narrow(rig, PAGE), SIZE),
  call('B51', 'madvise untagged', 'EPROT', advise(AdviceNORMAL), untagged, PAGE),
  call('B52', 'MADV_FREE without SW_VMEM', 'EPROT', advise(AdviceFREE), withoutVmem, PAGE),
  call('B53', 'no such advice', 'EINVAL', advise(77), cap, PAGE),
  call('B54', 'madvise of nothing', '0', advise(AdviceFREE), cap, 0),
  call('B58', 'mincore through what does not meet the range', 'EPROT', incore, (rig) => at(rig, CAP, SIZE), PAGE),
  call('B58', 'mincore untagged', 'EPROT', incore, untagged, PAGE),
  call('B59', 'mincore of nothing', '0', incore, cap, 0),
  call('B60', 'mincore of a hole', 'ENOMEM', incore, holed, 2 * PAGE),
  call('B61', 'mlock of what is not covered', 'EPROT', lock, (rig) => narrow(rig, PAGE), SIZE),
  call('B62', 'mlock of nothing', '0', lock, cap, 0),
  call('B63', 'mlock of a hole', 'ENOMEM', lock, holed, 2 * PAGE),
  call('B64', 'munlock of what is not covered', 'EPROT', unlock, sealed, PAGE),
  call('B65', 'munlock of nothing', '0', unlock, cap, 0),
  call('B66', 'munlock of a hole', 'ENOMEM', unlock, holed, 2 * PAGE),
  call('B67', 'an unknown flag of msync', 'EINVAL', sync(0x10), cap, PAGE),
  call('B68', 'two flags of msync that exclude each other', 'EINVAL', sync(SyncASYNC | SyncINVALIDATE), cap, PAGE),
  call('B69', 'msync of what is not covered', 'EINVAL', sync(0), (rig) => narrow(rig, PAGE), SIZE),
  call('B70', 'msync of all, untagged', 'EINVAL', sync(0), untagged, 0),
  call('B71', 'msync of a hole', 'ENOMEM', sync(0), holed, 2 * PAGE),
  call('B72', 'msync of all of nothing', 'ENOMEM', sync(0), elsewhere, 0),
  ['B73', 'mremap', 'ENOSYS', (rig) => refused(rig, () => errnoName(rig.map.mremap(rig.hart, TEMP, CAP, SIZE, PAGE, 0, NULL)))],
  ['B73', 'where mremap would move to', 'ENOSYS', (rig) => refused(rig, () => errnoName(rig.map.mremap(rig.hart, TEMP, CAP, SIZE, PAGE, 0, CAP)))],
  ['B74', 'shmdt without SW_VMEM', 'EPROT', detach(withoutVmem)],
  ['B74', 'shmdt of what is too short', 'EPROT', detach((rig) => narrow(rig, PAGE))],
  ['B75', 'shmdt with bounds that are more than a reservation', 'EPROT', detach((rig) => rootAt(rig, attached))],
];

describe('CheriBSD refuses', () => {
  tryRows('cheribsd', cases, '<design/profile#.cheribsd>');
});
