import { describe, expect, test } from 'vitest';
import { formatOf, permsOf, slotRead, type FormatName } from '../../../code/machine/machine.ts';
import { errnoName } from '../../../code/os/errno.ts';
import { AdviceDONTFORK, AdviceWIPEONFORK, MapANON, MapPRIVATE, MapSHARED, protMax, ProtREAD, RemapFIXED, RemapMAYMOVE } from '../../../code/os/vm/mman.ts';
import { anonymous, at, CAP, childOf, fileOf, found, integer, mapRig, mmap, munmap, narrow, NULL, OTHER, PAGE, ROOT, RW, SIZE, TEMP, unchanged, without, type MapRig } from './map-rig.ts';

const FORMATS: readonly FormatName[] = ['riscv', 'morello'];

const remap = ({ map, hart }: MapRig, old: number, oldLength: number, newLength: number, flags: number = 0, newAddr: number = NULL): string =>
  errnoName(map.mremap(hart, TEMP, old, oldLength, newLength, flags, newAddr));

/** A rig with four pages of which the first holds a capability, and every one its number. */
function filled(format: FormatName): MapRig {
  const rig = mapRig({ abi: 'pcuabi', format });
  expect(anonymous(rig, SIZE, RW)).toBe('0');
  rig.hart.storeCap(CAP, 16, ROOT);
  for (let page = 0; page < 4; ++page) rig.hart.store32(CAP, page * PAGE, page + 1);
  return rig;
}

/** The numbers of pages from the address in a slot, and whether the capability is there. */
function content({ hart }: MapRig, slot: number, pages: number): readonly [boolean, number[]] {
  hart.loadCap(OTHER + 1, slot, 16);
  return [hart.isTagged(OTHER + 1), Array.from({ length: pages }, (_, page) => hart.load32(slot, page * PAGE))];
}

for (const format of FORMATS) {
  describe(`mremap, ${format}`, () => {
    test('shorter: the same capability, the end is a hole <design/mman#.mremap>', () => {
      const rig = filled(format);
      expect(remap(rig, CAP, SIZE, 2 * PAGE)).toBe('0');
      expect(slotRead(rig.hart, TEMP)).toEqual(slotRead(rig.hart, CAP));
      expect(rig.map.entries().map(({ kind, base, limit }) => [kind, limit - base])).toEqual([['mapped', 2 * PAGE], ['hole', 2 * PAGE]]);
      expect(content(rig, TEMP, 2)).toEqual([true, [1, 2]]);
    });

    test('longer, into the hole behind it: the same capability, and fresh memory like the end <design/mman#.mremap>', () => {
      const rig = filled(format);
      expect(munmap(rig, at(rig, CAP, 2 * PAGE), 2 * PAGE)).toBe('0');
      expect(remap(rig, CAP, 2 * PAGE, 4 * PAGE)).toBe('0');
      expect(slotRead(rig.hart, TEMP)).toEqual(slotRead(rig.hart, CAP));
      expect(content(rig, CAP, 4)).toEqual([true, [1, 2, 0, 0]]);
      expect(rig.map.entries()).toHaveLength(1);
    });

    test('longer than there is room for: ENOMEM, unless it may move <design/mman#.mremap>', () => {
      const rig = filled(format), { hart } = rig;
      expect(unchanged(rig, () => remap(rig, CAP, SIZE, SIZE + PAGE))).toBe('ENOMEM');
      hart.move(OTHER, narrow(rig, PAGE));
      expect(unchanged(rig, () => remap(rig, OTHER, PAGE, 2 * PAGE))).toBe('ENOMEM');
      expect(remap(rig, CAP, SIZE, 6 * PAGE, RemapMAYMOVE)).toBe('0');
      expect(content(rig, TEMP, 6)).toEqual([true, [1, 2, 3, 4, 0, 0]]);
      expect(permsOf(hart, TEMP)).toBe(permsOf(hart, CAP));
      expect(Number(formatOf(hart).bounds(slotRead(hart, TEMP)).top - formatOf(hart).bounds(slotRead(hart, TEMP)).base)).toBe(6 * PAGE);
      hart.move(OTHER, TEMP);
      expect(munmap(rig, CAP, PAGE)).toBe('ERESERVATION');
      expect(munmap(rig, OTHER, 6 * PAGE)).toBe('0');
      expect(rig.frames.available).toBe(64 * PAGE);
    });

    test('with fewer permissions moves to as few <design/mman#.mremap>', () => {
      const rig = filled(format), { hart } = rig;
      hart.move(OTHER, without(rig, formatOf(hart).perm.store));
      expect(remap(rig, OTHER, SIZE, 5 * PAGE, RemapMAYMOVE)).toBe('0');
      expect(permsOf(hart, TEMP)).toBe(permsOf(hart, OTHER));
    });

    test('to an integer: there, in a new reservation <design/mman#.mremap>', () => {
      const rig = filled(format), { hart } = rig;
      expect(remap(rig, CAP, SIZE, 2 * PAGE, RemapMAYMOVE | RemapFIXED, integer(rig, 0x3000_0000))).toBe('0');
      expect(hart.r[TEMP << 3] >>> 0).toBe(0x3000_0000);
      expect(content(rig, TEMP, 2)).toEqual([true, [1, 2]]);
      expect(rig.map.entries().map(({ base, limit }) => [base, limit - base])).toEqual([[0x3000_0000, 2 * PAGE]]);
    });

    test('into another reservation: that one\'s capability, as it is, and no more than that may allow <design/mman#.mremap>', () => {
      const rig = filled(format), { hart } = rig;
      expect(mmap(rig, NULL, SIZE, ProtREAD, MapANON | MapPRIVATE)).toBe('0');
      hart.move(OTHER, TEMP);
      expect(remap(rig, CAP, 2 * PAGE, 2 * PAGE, RemapMAYMOVE | RemapFIXED, OTHER)).toBe('0');
      expect(slotRead(hart, TEMP)).toEqual(slotRead(hart, OTHER));
      expect(content(rig, OTHER, 2)).toEqual([true, [1, 2]]);
      expect(rig.map.entries().map(({ kind, prot, max }) => [kind, prot & 7, max & 7])).toEqual([['hole', 0, 0], ['mapped', 3, 3], ['mapped', 1, 1]]);
      expect(rig.map.munmap(hart, OTHER, SIZE)).toBe(0);
      expect(munmap(rig, CAP, SIZE)).toBe('0');
      expect(rig.frames.available).toBe(64 * PAGE);
    });

    test('into another reservation, and longer: all of it allows no more than that may <design/mman#.mremap>', () => {
      const rig = filled(format), { hart } = rig;
      expect(mmap(rig, NULL, SIZE, ProtREAD, MapANON | MapPRIVATE)).toBe('0');
      hart.move(OTHER, TEMP);
      expect(remap(rig, CAP, PAGE, 3 * PAGE, RemapMAYMOVE | RemapFIXED, OTHER)).toBe('0');
      expect(content(rig, OTHER, 4)).toEqual([true, [1, 0, 0, 0]]);
      expect(rig.map.entries().map(({ kind, prot }) => [kind, prot & 7])).toEqual([['hole', 0], ['mapped', 3], ['mapped', 1]]);
    });

    test('what goes on behind the end is inherited as the end is, in place and elsewhere <design/mman#.mremap>', () => {
      for (const [advice, seen] of [[AdviceDONTFORK, 'page maperr'], [AdviceWIPEONFORK, 0]] as [number, unknown][]) {
        for (const flags of [0, RemapMAYMOVE]) {
          const rig = filled(format), { hart, map } = rig, size = flags === 0 ? SIZE : 6 * PAGE;
          expect(errnoName(map.madvise(hart, CAP, SIZE, advice))).toBe('0');
          if (flags === 0) expect(munmap(rig, at(rig, CAP, 2 * PAGE), 2 * PAGE)).toBe('0');
          expect(remap(rig, CAP, flags === 0 ? 2 * PAGE : SIZE, size, flags)).toBe('0');
          expect(map.entries()).toHaveLength(1);
          hart.move(CAP, TEMP);
          hart.store32(CAP, size - PAGE, 1);
          const child = childOf(rig)!;
          expect([0, size - PAGE].map((offset) => found(child, () => child.hart.load32(CAP, offset)))).toEqual([seen, seen]);
        }
      }
    });

    test('into padding: ENOMEM <design/profile#.open.extent>', () => {
      const rig = mapRig({ abi: 'pcuabi', format }), size = 0x100_1000;
      expect(anonymous(rig, size, RW)).toBe('0');
      expect(unchanged(rig, () => remap(rig, CAP, size, size + PAGE))).toBe('ENOMEM');
      expect([remap(rig, CAP, size, PAGE), remap(rig, CAP, PAGE, size)]).toEqual(['0', '0']);
    });

    test('into what is not mapped throughout: ENOMEM <design/mman#.mremap> <design/profile#.refill>', () => {
      const rig = filled(format), { hart } = rig;
      expect(mmap(rig, NULL, SIZE, RW, MapANON | MapPRIVATE)).toBe('0');
      hart.move(OTHER, TEMP);
      expect(munmap(rig, at(rig, OTHER, PAGE), PAGE)).toBe('0');
      expect(unchanged(rig, () => remap(rig, CAP, 2 * PAGE, 2 * PAGE, RemapMAYMOVE | RemapFIXED, OTHER))).toBe('ENOMEM');
    });

    test('of a file goes on with the file <design/mman#.mremap>', () => {
      for (const flags of [MapPRIVATE, MapSHARED]) {
        const rig = mapRig({ abi: 'pcuabi', format }), source = fileOf(rig, 4);
        expect(mmap(rig, NULL, PAGE, ProtREAD | protMax(RW), flags, source, PAGE)).toBe('0');
        rig.hart.move(CAP, TEMP);
        expect(remap(rig, CAP, PAGE, 3 * PAGE, RemapMAYMOVE)).toBe('0');
        expect([0, 1, 2].map((page) => rig.hart.load8(TEMP, page * PAGE + 5))).toEqual([2, 3, 4]);
        rig.map.clear();
        source.object.drop();
        expect(rig.frames.available).toBe(64 * PAGE);
      }
    });
  });
}
