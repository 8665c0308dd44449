import { describe, expect, test } from 'vitest';
import { addrOf, slotRead, slotWrite } from '../../../code/machine/machine.ts';
import { MapANON, MapFIXED, MapGUARD, MapPRIVATE, MapSHARED, ProtCAP, ProtEXEC, protMax, ProtNOCAP, ProtNONE, ProtREAD, ProtWRITE } from '../../../code/os/vm/mman.ts';
import { outcome } from '../../machine/rig.ts';
import {
  anonymous, at, CAP, fileOf, FIRST, found, integer, mapped, mapRig, mmap, mprotect, munmap, narrow, NULL, PAGE, ROOT, rootAt, RW, sealed, SIZE, TEMP, unchanged, untagged,
  withoutVmem, type MapRig,
} from './map-rig.ts';

const FIXED: number = MapFIXED | MapANON;

/** Who may not manage a range of the first page, and what munmap and mprotect say. */
const strangers: readonly [string, (rig: MapRig) => number, number][] = [
  ['an untagged capability', untagged, PAGE],
  ['an integer', (rig) => integer(rig, FIRST), PAGE],
  ['NULL', () => NULL, PAGE],
  ['one without SW_VMEM', (rig) => withoutVmem(rig), PAGE],
  ['a sealed one', sealed, PAGE],
  ['one that is too short', (rig) => narrow(rig, PAGE), PAGE + 1],
  ['one that is too short when the range is rounded', (rig) => narrow(rig, 100), 100],
  ['one whose address is below its bounds', (rig) => at(rig, CAP, -PAGE), PAGE],
  ['one below whose bounds nothing is asked for', (rig) => at(rig, CAP, -PAGE), 0],
  ['one whose address is at its top', (rig) => at(rig, CAP, SIZE), PAGE],
  ['a length beyond the window', () => CAP, 2 ** 40],
  ['one of another part of the address space', (rig) => at(rig, ROOT, 2 ** 33), PAGE],
  ['one over more than a reservation', (rig) => rootAt(rig, FIRST), PAGE],
  ['one over no reservation', (rig) => rootAt(rig, FIRST + 64 * PAGE), PAGE],
];

describe('mprotect and munmap refuse, and change nothing', () => {
  for (const [what, slot, length] of strangers) {
    test(`${what}: EPROT <design/mman#.authority> <design/mman#.req.authority>`, () => {
      const rig = mapped(), addr = slot(rig);
      expect(unchanged(rig, () => mprotect(rig, addr, length, ProtREAD))).toBe('EPROT');
      expect(unchanged(rig, () => munmap(rig, addr, length))).toBe('EPROT');
    });
  }

  test('a range that goes on into another reservation, or into none: EACCES <design/mman#.stale>', () => {
    for (const pages of [4, 64]) {
      const rig = mapped();
      expect(anonymous(rig, 4 * PAGE, RW)).toBe('0');
      const addr = rootAt(rig, FIRST + 2 * PAGE);
      expect(unchanged(rig, () => munmap(rig, addr, pages * PAGE))).toBe('EACCES');
      expect(unchanged(rig, () => mprotect(rig, addr, pages * PAGE, ProtREAD))).toBe('EACCES');
    }
  });

  test('a capability whose reservation is gone, and one that is larger than what is there now: EPROT <design/mman#.stale>', () => {
    const rig = mapped();
    expect(munmap(rig, CAP, SIZE)).toBe('0');
    const refusals = (): string[] => [
      unchanged(rig, () => mprotect(rig, CAP, PAGE, ProtREAD)), unchanged(rig, () => munmap(rig, CAP, PAGE)),
      unchanged(rig, () => mmap(rig, CAP, PAGE, RW, FIXED)), unchanged(rig, () => mmap(rig, CAP, PAGE, RW, MapANON)),
    ];
    expect(refusals()).toEqual(['EPROT', 'EPROT', 'EPROT', 'EPROT']);
    expect(mmap(rig, NULL, 2 * PAGE, RW, MapANON)).toBe('0');
    expect(addrOf(rig.hart, TEMP)).toBe(addrOf(rig.hart, CAP));
    expect(refusals()).toEqual(['EPROT', 'EPROT', 'EPROT', 'EPROT']);
  });

  test('a stale capability manages a later reservation that holds its bounds <design/reservation#.departs.reuse>', () => {
    const rig = mapped();
    expect(munmap(rig, CAP, SIZE)).toBe('0');
    expect(mmap(rig, NULL, SIZE, RW, MapANON)).toBe('0');
    expect(munmap(rig, CAP, SIZE)).toBe('0');
    expect(rig.map.entries()).toEqual([]);
  });

  test('an address within a page, munmap of nothing: EINVAL; mprotect of nothing is done <design/mman#.munmap> <design/mman#.departs.misaligned>', () => {
    const rig = mapped(), addr = at(rig, CAP, 16);
    expect(unchanged(rig, () => munmap(rig, addr, PAGE))).toBe('EINVAL');
    expect(unchanged(rig, () => mprotect(rig, addr, PAGE, ProtREAD))).toBe('EINVAL');
    expect(unchanged(rig, () => munmap(rig, CAP, 0))).toBe('EINVAL');
    expect(mprotect(rig, CAP, 0, ProtREAD)).toBe('0');
    rig.hart.store32(CAP, 0, 1);
  });

  test('a prot that mmap would refuse: EINVAL or ENOTSUP <design/mman#.mprotect>', () => {
    const rig = mapped(), says = (prot: number): string => unchanged(rig, () => mprotect(rig, CAP, PAGE, prot));
    expect([RW | 8, RW | ProtCAP | ProtNOCAP].map(says)).toEqual(['EINVAL', 'EINVAL']);
    expect([ProtCAP, RW | protMax(ProtREAD), ProtREAD | ProtCAP | protMax(ProtREAD)].map(says)).toEqual(['ENOTSUP', 'ENOTSUP', 'ENOTSUP']);
  });

  test('more than the maximum of any page of the range: EACCES <design/mman#.mprotect> <design/reservation#.inv.max>', () => {
    const rig = mapped(RW | protMax(RW | ProtEXEC)), says = (length: number, prot: number): string => unchanged(rig, () => mprotect(rig, CAP, length, prot));
    expect(mmap(rig, at(rig, CAP, PAGE), PAGE, ProtREAD, FIXED)).toBe('0');
    expect(says(SIZE, RW)).toBe('EACCES');
    expect(mprotect(rig, CAP, PAGE, RW | ProtEXEC)).toBe('0');
    expect(says(2 * PAGE, ProtEXEC)).toBe('EACCES');
    expect(munmap(rig, at(rig, CAP, 2 * PAGE), PAGE)).toBe('0');
    expect(says(SIZE, ProtREAD)).toBe('EACCES');
    expect(mprotect(rig, CAP, SIZE, ProtNONE)).toBe('0');
  });
});

/** A mapping of a file that may be written and not read, in slot CAP. */
function writeOnly(prot: number, flags: number): MapRig {
  const rig = mapRig();
  expect(mmap(rig, NULL, PAGE, prot, flags, fileOf(rig, 4, false, true))).toBe('0');
  rig.hart.move(CAP, TEMP);
  return rig;
}

describe('mprotect', () => {
  test.each([
    ['PROT_WRITE, shared', ProtWRITE | protMax(RW), MapSHARED], ['nothing, shared', protMax(RW), MapSHARED],
    ['nothing, private', protMax(ProtREAD), MapPRIVATE], ['PROT_WRITE, private', ProtWRITE | protMax(RW), MapPRIVATE],
  ])('gives no READ to what a descriptor without it has mapped: %s <design/mman#.max>', (_name, prot, flags) => {
    const rig = writeOnly(prot, flags);
    for (const asked of [ProtREAD, RW, ProtREAD | protMax(RW)]) expect(mprotect(rig, CAP, PAGE, asked)).toBe('EACCES');
    expect(found(rig, () => rig.hart.load32(CAP, 0))).toBe('page accerr');
    if ((prot & ProtWRITE) !== 0) expect([found(rig, () => { rig.hart.store32(CAP, 0, 1); }), mprotect(rig, CAP, PAGE, ProtWRITE)]).toEqual([undefined, '0']);
  });

  test('with PROT_MAX lowers the maximum for good <design/mman#.mprotect> <design/mman#.max>', () => {
    const rig = mapped(protMax(RW));
    expect(mprotect(rig, CAP, PAGE, ProtREAD | protMax(RW))).toBe('0');
    expect(mprotect(rig, CAP, PAGE, ProtNONE | protMax(ProtREAD))).toBe('0');
    expect(mprotect(rig, CAP, PAGE, RW)).toBe('EACCES');
    expect(mprotect(rig, CAP, PAGE, ProtREAD | protMax(RW))).toBe('EACCES');
    expect(mprotect(rig, CAP, PAGE, ProtREAD)).toBe('0');
    expect(mprotect(rig, at(rig, CAP, PAGE), PAGE, RW)).toBe('0');
  });

  test('keeps what is in memory, and capabilities can be stored again after NONE or READ <design/mman#.mprotect.cap>', () => {
    const rig = mapped(), { hart } = rig;
    hart.storeCap(CAP, 0, ROOT);
    for (const prot of [ProtNONE, ProtREAD]) {
      expect(mprotect(rig, CAP, SIZE, prot)).toBe('0');
      expect(outcome(() => { hart.store32(CAP, 0, 1); })).toBe('page');
      expect(outcome(() => hart.load32(CAP, 0))).toBe(prot === ProtREAD ? 0 : 'page');
      expect(mprotect(rig, CAP, SIZE, RW)).toBe('0');
      hart.loadCap(TEMP, CAP, 0);
      expect(hart.isTagged(TEMP)).toBe(true);
      hart.storeCap(CAP, 32, ROOT);
    }
  });

  test('with PROT_NO_CAP keeps tags from memory and from slots, until it is without <design/mman#.mprotect.cap>', () => {
    const rig = mapped(), { hart } = rig;
    hart.storeCap(CAP, 0, ROOT);
    expect(mprotect(rig, CAP, SIZE, RW | ProtNOCAP)).toBe('0');
    expect(outcome(() => { hart.storeCap(CAP, 16, ROOT); })).toBe('page-storecap');
    hart.loadCap(TEMP, CAP, 0);
    expect(hart.isTagged(TEMP)).toBe(false);
    expect(mprotect(rig, CAP, SIZE, RW)).toBe('0');
    hart.loadCap(TEMP, CAP, 0);
    expect(hart.isTagged(TEMP)).toBe(true);
  });

  test('gives capabilities only where the maximum has them <design/mman#.mprotect.cap>', () => {
    const rig = mapped(RW | ProtNOCAP), { hart } = rig;
    const all = at(rig, CAP, 0);
    slotWrite(hart, all, { ...slotRead(hart, ROOT), lo: slotRead(hart, CAP).lo });
    expect(outcome(() => { hart.storeCap(all, 0, ROOT); })).toBe('page-storecap');
    expect(mprotect(rig, CAP, SIZE, RW)).toBe('0');
    expect(outcome(() => { hart.storeCap(all, 0, ROOT); })).toBe('page-storecap');
    expect(mprotect(rig, CAP, SIZE, RW | ProtCAP)).toBe('EACCES');
  });

  test('leaves guards as they are <design/mman#.mprotect>', () => {
    const rig = mapped(), { hart } = rig;
    expect(mmap(rig, at(rig, CAP, PAGE), PAGE, protMax(RW), MapGUARD | MapFIXED)).toBe('0');
    expect(mprotect(rig, CAP, SIZE, RW)).toBe('0');
    expect([0, PAGE, 2 * PAGE].map((offset) => outcome(() => hart.load32(CAP, offset)))).toEqual([0, 'page', 0]);
  });
});
