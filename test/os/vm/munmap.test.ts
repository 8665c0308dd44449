import { describe, expect, test } from 'vitest';
import { setBounds } from '../../../code/machine/machine.ts';
import { MapANON, MapFIXED, MapPRIVATE, ProtREAD } from '../../../code/os/vm/mman.ts';
import { anonymous, at, CAP, found, kindName, KINDS, mapped, mapRig, mmap, mprotect, munmap, narrow, NULL, OTHER, PAGE, ROOT, rootAt, RW, SIZE, TEMP } from './map-rig.ts';

const PRIVATE: number = MapANON | MapPRIVATE;

describe('a reservation with holes', () => {
  for (const kind of KINDS) {
    const hole = kind.abi === 'cheribsd' ? 'page accerr' : 'page maperr';
    test(`${kindName(kind)}: is whole, the rest of it works, and nothing else comes to lie there <design/reservation#.inv.fixed> <design/mman#.munmap>`, () => {
      const rig = mapped(RW, SIZE, kind), { hart } = rig;
      expect(munmap(rig, CAP, 2 * PAGE)).toBe('0');
      hart.store32(CAP, 2 * PAGE, 5);
      expect([hart.load32(CAP, 2 * PAGE), hart.load32(CAP, 3 * PAGE)]).toEqual([5, 0]);
      expect(found(rig, () => hart.load32(CAP, 0))).toBe(hole);
      for (let count = 0; count < 8; ++count) {
        expect(mmap(rig, NULL, 2 * PAGE, RW, PRIVATE)).toBe('0');
        expect(hart.r[TEMP << 3] >>> 0).toBeGreaterThanOrEqual((hart.r[CAP << 3] >>> 0) + SIZE);
      }
      expect(munmap(rig, at(rig, CAP, 2 * PAGE), 2 * PAGE)).toBe('0');
      const gone = kind.abi === 'cheribsd' ? 'EPROT' : 'ERESERVATION';
      expect([munmap(rig, CAP, PAGE), mprotect(rig, CAP, PAGE, ProtREAD), mmap(rig, CAP, PAGE, RW, PRIVATE | MapFIXED)]).toEqual([gone, gone, gone]);
    });

    test(`${kindName(kind)}: may be unmapped over its holes, in any order, whatever is gone already <design/mman#.munmap>`, () => {
      const rig = mapped(RW, 6 * PAGE, kind);
      for (const [from, count] of [[1, 1], [3, 2], [0, 4], [1, 1]]) expect(munmap(rig, at(rig, CAP, from * PAGE), count * PAGE)).toBe('0');
      expect(rig.map.entries().map(({ kind: what }) => what)).toEqual(['hole', 'mapped']);
      expect(munmap(rig, CAP, 6 * PAGE)).toBe('0');
      expect([rig.map.entries(), rig.map.size, rig.frames.available]).toEqual([[], 0, 64 * PAGE]);
    });

    test(`${kindName(kind)}: a narrowed capability with SW_VMEM manages what it covers <design/mman#.authority>`, () => {
      const rig = mapped(RW, SIZE, kind);
      rig.hart.move(OTHER, narrow(rig, 2 * PAGE));
      expect(mprotect(rig, OTHER, 2 * PAGE, ProtREAD)).toBe('0');
      expect(mmap(rig, OTHER, PAGE, RW, PRIVATE | MapFIXED)).toBe('0');
      expect(munmap(rig, OTHER, PAGE)).toBe('0');
      expect(rig.map.entries().map(({ kind: what, prot }) => [what, prot & 7])).toEqual([['hole', 0], ['mapped', 1], ['mapped', 3]]);
    });

    test(`${kindName(kind)}: a stale capability manages a later reservation that holds its bounds <design/profile#.quirks> <design/reservation#.departs.reuse>`, () => {
      const rig = mapped(RW, SIZE, kind);
      rig.hart.move(OTHER, CAP);
      expect(munmap(rig, CAP, SIZE)).toBe('0');
      expect(anonymous(rig, 2 * SIZE, RW)).toBe('0');
      rig.hart.storeCap(OTHER, 0, ROOT);
      expect(munmap(rig, OTHER, SIZE)).toBe('0');
      expect(rig.map.entries().map(({ kind: what }) => what)).toEqual(['hole', 'mapped']);
    });
  }
});

test('bounds that begin with a reservation and end behind it are not its owner\'s <design/mman#.stale> <design/mman#.req.authority>', () => {
  for (const kind of KINDS) {
    const rig = mapped(RW, SIZE, kind);
    expect(anonymous(rig, SIZE, RW)).toBe('0');
    const first = rootAt(rig, 0x0100_0000);
    setBounds(rig.hart, OTHER, first, 2 * SIZE);
    const gone = kind.abi === 'cheribsd' ? 'EPROT' : 'ERESERVATION';
    expect([munmap(rig, OTHER, PAGE), mprotect(rig, OTHER, PAGE, ProtREAD)]).toEqual([gone, gone]);
  }
});

describe('what may be mapped again', () => {
  /** A hole in the second of four pages; a range of pages that is mapped over. */
  const over = (kind: (typeof KINDS)[number], from: number, count: number): string => {
    const rig = mapped(RW, SIZE, kind);
    munmap(rig, at(rig, CAP, PAGE), PAGE);
    return mmap(rig, at(rig, CAP, from * PAGE), count * PAGE, RW, PRIVATE | MapFIXED);
  };
  for (const kind of KINDS) {
    test(`${kindName(kind)}: holes in CheriBSD, none in PCuABI <design/profile#.refill>`, () => {
      const errno = kind.abi === 'cheribsd' ? '0' : 'ENOMEM';
      expect([over(kind, 1, 1), over(kind, 0, 2), over(kind, 0, 3), over(kind, 1, 2)]).toEqual([errno, errno, errno, errno]);
      expect([over(kind, 0, 1), over(kind, 2, 2)]).toEqual(['0', '0']);
    });
  }

  test('what is asked for after RLIMIT_AS is refused, and what is given back can be asked for <design/mman#.limit>', () => {
    const rig = mapRig();
    rig.map.sizeLimit = 6 * PAGE;
    expect([anonymous(rig, SIZE, RW), mmap(rig, NULL, 3 * PAGE, RW, PRIVATE), mmap(rig, NULL, 2 * PAGE, RW, PRIVATE)]).toEqual(['0', 'ENOMEM', '0']);
    expect(munmap(rig, CAP, SIZE)).toBe('0');
    expect(anonymous(rig, SIZE, RW)).toBe('0');
    expect(rig.map.size).toBe(6 * PAGE);
  });
});
