import { describe, expect, test } from 'vitest';
import { formatOf, permsOf, slotRead } from '../../../code/machine/machine.ts';
import { EEXIST, EINVAL, ENOENT, errnoName } from '../../../code/os/errno.ts';
import { InheritCOPY, MapANON, MapFIXED, MapPRIVATE, RemapMAYMOVE, ShmRDONLY } from '../../../code/os/vm/mman.ts';
import { IpcCREAT, IpcEXCL, ShmSegments, type ShmSegment } from '../../../code/os/vm/shm.ts';
import { at, CAP, childOf, found, FIRST, integer, kindName, KINDS, mapped, mapRig, mmap, munmap, NULL, OTHER, PAGE, ROOT, RW, SIZE, TEMP, unchanged, type MapRig } from './map-rig.ts';

const segmentsOf = (rig: MapRig): ShmSegments => new ShmSegments(rig.memory, rig.frames, rig.map.profile.sharedTags);
const attach = ({ map, hart }: MapRig, dst: number, segment: ShmSegment, addr: number = NULL, flags: number = 0): string =>
  errnoName(map.shmat(hart, dst, segment, addr, flags));
const detach = ({ map, hart }: MapRig, addr: number): string => errnoName(map.shmdt(hart, addr));

function segmentIn(rig: MapRig, size: number = 2 * PAGE): { segments: ShmSegments; segment: ShmSegment } {
  const segments = segmentsOf(rig);
  return { segments, segment: segments.find(segments.get(0, size, 0))! };
}

test('a key finds its segment, and what is wrong has an error <design/mman#.shm>', () => {
  const rig = mapRig(), segments = segmentsOf(rig), id = segments.get(7, 100, IpcCREAT);
  expect([segments.get(7, 100, 0), segments.get(7, 0, 0)]).toEqual([id, id]);
  expect([segments.find(id)?.size, segments.find(id)?.object.size]).toEqual([100, PAGE]);
  expect([segments.get(7, 101, 0), segments.get(7, 1, IpcCREAT | IpcEXCL), segments.get(8, 1, 0), segments.get(8, 0, IpcCREAT), segments.get(0, -1, 0)])
    .toEqual([-EINVAL, -EEXIST, -ENOENT, -EINVAL, -EINVAL]);
  expect(segments.get(0, 1, 0)).not.toBe(segments.get(0, 1, 0));
  expect([segments.remove(id), segments.remove(id), segments.find(id), segments.get(7, 1, 0)]).toEqual([0, EINVAL, null, -ENOENT]);
});

for (const kind of KINDS) {
  describe(kindName(kind), () => {
    test('a segment is the same memory wherever it is attached, until nobody has it <design/mman#.shm>', () => {
      const rig = mapRig(kind), { hart } = rig, { segments, segment } = segmentIn(rig);
      expect([attach(rig, CAP, segment), attach(rig, OTHER, segment, NULL, ShmRDONLY)]).toEqual(['0', '0']);
      hart.store32(CAP, PAGE, 42);
      expect(hart.load32(OTHER, PAGE)).toBe(42);
      expect(found(rig, () => { hart.store32(OTHER, 0, 1); })).toBe('store');
      const child = childOf(rig)!;
      expect(segment.attached).toBe(4);
      child.hart.store32(CAP, 0, 5);
      expect(hart.load32(CAP, 0)).toBe(5);
      expect(segments.remove(segment.id)).toBe(0);
      expect([detach(rig, CAP), detach(rig, OTHER), detach(child, OTHER)]).toEqual(['0', '0', '0']);
      expect([child.hart.load32(CAP, PAGE), segment.attached]).toEqual([42, 1]);
      child.map.clear();
      expect([segment.attached, rig.frames.available]).toEqual([0, 64 * PAGE]);
    });

    test('tags, and permissions, are as the profile says <design/profile#.tags>', () => {
      const rig = mapRig(kind), { hart } = rig, { segment } = segmentIn(rig), { perm } = formatOf(hart);
      attach(rig, CAP, segment);
      const caps = perm.loadCap | perm.storeCap;
      expect(permsOf(hart, CAP) & caps).toBe(kind.abi === 'cheribsd' ? caps : 0);
      if (kind.abi === 'pcuabi') return;
      hart.storeCap(CAP, 0, ROOT);
      attach(rig, OTHER, segment);
      hart.loadCap(TEMP, OTHER, 0);
      expect(hart.isTagged(TEMP)).toBe(true);
    });

    test('an integer says where; a capability says where in its reservation <design/mman#.shm>', () => {
      const rig = mapped(RW, SIZE, kind), { hart } = rig, { segment } = segmentIn(rig);
      expect(attach(rig, OTHER, segment, integer(rig, 0x2000_0000))).toBe('0');
      expect(hart.r[OTHER << 3] >>> 0).toBe(0x2000_0000);
      expect(attach(rig, TEMP, segment, CAP)).toBe('0');
      expect(slotRead(hart, TEMP)).toEqual(slotRead(hart, CAP));
      expect(attach(rig, TEMP, segment, CAP)).toBe('0');
      expect(segment.attached).toBe(2);
      hart.store32(CAP, 0, 9);
      expect(hart.load32(OTHER, 0)).toBe(9);
      expect(munmap(rig, OTHER, 2 * PAGE)).toBe('0');
      expect(segment.attached).toBe(1);
      expect([detach(rig, CAP), segment.attached]).toEqual(['0', 0]);
      expect(rig.map.entries().map(({ base, kind: what }) => [base, what])).toEqual([[FIRST, 'hole'], [FIRST + 2 * PAGE, 'mapped']]);
    });

    test('a segment is attached as long as a page of it is mapped, and is ended alone <design/mman#.shm.attached>', () => {
      const rig = mapRig(kind), { hart, map } = rig, { segments, segment } = segmentIn(rig), free = rig.frames.available;
      expect(attach(rig, CAP, segment)).toBe('0');
      hart.store32(CAP, 0, 1);
      expect([segments.remove(segment.id), attach(rig, OTHER, segment)]).toEqual([0, 'EINVAL']);
      expect(mmap(rig, CAP, PAGE, RW, MapANON | MapPRIVATE | MapFIXED)).toBe('0');
      hart.store32(CAP, 0, 7);
      expect([segment.attached, detach(rig, CAP), segment.attached, hart.load32(CAP, 0)]).toEqual([1, '0', 0, 7]);
      expect([unchanged(rig, () => detach(rig, CAP)), rig.frames.available]).toEqual(['EINVAL', free - PAGE]);
      expect(map.entries().map(({ kind: what, object }) => [what, object])).toEqual([['mapped', null], ['hole', null]]);
    });

    test('mapped over, it is attached no longer, and another is what shmdt ends first <design/mman#.shm.attached>', () => {
      const rig = mapRig(kind), { hart } = rig, { segments, segment } = segmentIn(rig), { segment: small } = segmentIn(rig, PAGE);
      expect([attach(rig, CAP, segment), attach(rig, TEMP, small, CAP), segment.attached, small.attached]).toEqual(['0', '0', 1, 1]);
      expect([detach(rig, CAP), segment.attached, small.attached]).toEqual(['0', 1, 0]);
      hart.store32(CAP, PAGE, 1);
      expect([detach(rig, CAP), segment.attached, unchanged(rig, () => detach(rig, CAP))]).toEqual(['0', 0, 'EINVAL']);
      attach(rig, CAP, segment);
      const before = rig.frames.available;
      expect(segments.remove(segment.id)).toBe(0);
      expect(mmap(rig, CAP, 2 * PAGE, RW, MapANON | MapPRIVATE | MapFIXED)).toBe('0');
      expect([segment.attached, rig.frames.available]).toEqual([0, before + PAGE]);
    });

    test('mremap takes it along, and shmdt ends it there <design/mman#.shm.attached>', () => {
      const rig = mapRig(kind), { hart, map } = rig, { segment } = segmentIn(rig);
      attach(rig, CAP, segment);
      hart.store32(CAP, 0, 3);
      const errno = errnoName(map.mremap(hart, OTHER, CAP, 2 * PAGE, 64 * PAGE, RemapMAYMOVE, NULL));
      if (kind.abi === 'cheribsd') {
        expect(errno).toBe('ENOSYS');
        return;
      }
      expect([errno, hart.load32(OTHER, 0), segment.attached, detach(rig, OTHER), segment.attached]).toEqual(['0', 3, 1, '0', 0]);
      expect(map.entries().map(({ base, limit, kind: what }) => [what, (limit - base) / PAGE])).toEqual([['hole', 2], ['mapped', 62]]);
    });

    test('parts that are moved away are attached by themselves; guards and private copies are not <design/mman#.shm.attached>', () => {
      const rig = mapRig(kind), { hart, map } = rig, { segment } = segmentIn(rig, 3 * PAGE);
      attach(rig, CAP, segment);
      if (kind.abi === 'cheribsd') {
        expect(errnoName(map.minherit(hart, CAP, 3 * PAGE, InheritCOPY))).toBe('0');
        const child = childOf(rig)!;
        expect([segment.attached, detach(child, CAP), detach(rig, CAP), segment.attached]).toEqual([1, 'EINVAL', '0', 0]);
        return;
      }
      expect(errnoName(map.mremap(hart, OTHER, at(rig, CAP, PAGE), PAGE, 8 * PAGE, RemapMAYMOVE, NULL))).toBe('0');
      expect([segment.attached, detach(rig, OTHER), detach(rig, CAP), segment.attached]).toEqual([2, 'EINVAL', '0', 1]);
      expect([munmap(rig, OTHER, 8 * PAGE), segment.attached]).toEqual(['0', 0]);
    });

    test('an address where nothing is attached, and a flag that there is not: EINVAL <design/mman#.shm>', () => {
      const rig = mapped(RW, SIZE, kind), { segment } = segmentIn(rig);
      expect(unchanged(rig, () => detach(rig, CAP))).toBe('EINVAL');
      expect(unchanged(rig, () => detach(rig, NULL))).toBe('EINVAL');
      expect(unchanged(rig, () => attach(rig, TEMP, segment, NULL, 1))).toBe('EINVAL');
    });
  });
}
