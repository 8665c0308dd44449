import { describe, expect, test } from 'vitest';
import { random } from '../../code/base/base.ts';
import { addrOf, baseOf, boundsGranule, boundsRound, incOffset, lengthOf, slotRead } from '../../code/machine/machine.ts';
import { ENOMEM } from '../../code/os/errno.ts';
import { MapANON, MapFIXED, MapGUARD, protMax, ProtREAD, ProtWRITE } from '../../code/os/mman.ts';
import { outcome } from '../machine/rig.ts';
import { seeds } from '../seed.ts';
import { anonymous, at, CAP, FIRST, integer, mapRig, NULL, PAGE, ROOT, TEMP, type MapRig } from './map-rig.ts';

const RW: number = ProtREAD | ProtWRITE;
const MIB = 1 << 20;

const low = ({ hart }: MapRig, slot: number): number => hart.r[slot << 3] >>> 0;

for (const seed of seeds(6)) {
  test(`reservations are representable, apart, away from the margins, and mapped as asked <design/reservation#.inv.representable> <design/reservation#.inv.apart> seed=${seed}`, () => {
    const draw = random(seed), rig = mapRig(16384, seed % 2 === 0 ? seed : null), { map, hart } = rig;
    const ranges: [number, number][] = [];
    let rounded = 0;
    for (let step = 0; step < 300; ++step) {
      const length = 1 + draw(2 ** (4 + draw(25))), pages = Math.ceil(length / PAGE) * PAGE;
      // PROT_NONE needs no frames, so there can be many.
      if (anonymous(rig, length, 0) !== '0') continue;
      const base = baseOf(hart, CAP) % 2 ** 32, size = lengthOf(hart, CAP);
      expect(size).toBe(boundsRound(pages));
      expect(base % Math.max(boundsGranule(size), PAGE)).toBe(0);
      expect([base >= FIRST, base + size <= 2 ** 32 - FIRST]).toEqual([true, true]);
      for (const [from, to] of ranges) expect(base + size <= from || to <= base).toBe(true);
      ranges.push([base, base + size]);
      const mine = map.entries().filter((entry) => entry.reservation === base);
      expect(mine.map(({ base: from, limit, kind }) => [from, limit, kind])).toEqual([
        [base, base + pages, 'mapped'], ...(size > pages ? [[base + pages, base + size, 'hole']] : []),
      ]);
      if (size > pages) rounded += 1;
      if (draw(3) === 0) {
        const [from] = ranges.splice(draw(ranges.length), 1)[0];
        map.release(from);
        expect([map.isReserved(from), ranges.some(([at]) => at === from)]).toEqual([false, false]);
      }
    }
    expect(rounded, 'weak run').toBeGreaterThan(10);
  });
}

describe('a reservation', () => {
  test('has padding that is reserved and gives a page fault, not one of the capability <design/reservation#.inv.rights> <design/reservation#.reserved>', () => {
    const rig = mapRig(1200), { hart, map } = rig, length = 4 * MIB + 1;
    expect(anonymous(rig, length, RW)).toBe('0');
    const size = lengthOf(hart, CAP), end = 4 * MIB + PAGE;
    expect(size).toBeGreaterThan(end);
    hart.store8(CAP, end - 1, 1);
    expect([end, size - 1, size].map((offset) => outcome(() => hart.load8(CAP, offset)))).toEqual(['page', 'page', 'bounds']);
    expect([end, size - 1, size].map((offset) => map.isReserved(low(rig, CAP) + offset))).toEqual([true, true, false]);
  });

  test('stays whole while a mapping is left, and then goes with its frames <design/reservation#.inv.fixed>', () => {
    const rig = mapRig(64), { hart, map, frames } = rig;
    expect(anonymous(rig, 4 * PAGE, RW)).toBe('0');
    const base = low(rig, CAP);
    for (const page of [0, 3, 1]) expect(map.munmap(hart, at(rig, CAP, page * PAGE), PAGE)).toBe(0);
    expect(map.entries().map(({ base: from, limit, kind }) => [from - base, limit - base, kind])).toEqual([
      [0, 2 * PAGE, 'hole'], [2 * PAGE, 3 * PAGE, 'mapped'], [3 * PAGE, 4 * PAGE, 'hole'],
    ]);
    expect([0, 1, 2, 3].map((page) => outcome(() => hart.load32(CAP, page * PAGE)))).toEqual(['page', 'page', 0, 'page']);
    expect([map.isReserved(base), frames.available]).toEqual([true, 60 * PAGE]);
    expect(map.munmap(hart, CAP, 4 * PAGE)).toBe(0);
    expect([map.isReserved(base), frames.available, map.entries()]).toEqual([false, 64 * PAGE, []]);
    expect(outcome(() => hart.load32(CAP, 0))).toBe('page');
  });

  test('that is guards only goes when they are unmapped <design/reservation#.inv.fixed>', () => {
    const rig = mapRig(), { hart, map } = rig;
    expect(map.mmap(hart, CAP, NULL, 2 * PAGE, 0, MapGUARD)).toBe(0);
    expect(map.munmap(hart, CAP, PAGE)).toBe(0);
    expect(map.entries().map(({ kind }) => kind)).toEqual(['hole', 'guard']);
    expect(map.munmap(hart, CAP, 2 * PAGE)).toBe(0);
    expect(map.isReserved(low(rig, CAP))).toBe(false);
  });

  test('asked for at an address that is not representable holds it, and its capability has that address <design/reservation#.inv.representable>', () => {
    const rig = mapRig(2048), { hart } = rig, where = 0x3000_0000 + PAGE, length = 4 * MIB;
    expect(anonymous(rig, length, RW, MapFIXED, integer(rig, where))).toBe('0');
    const base = baseOf(hart, CAP), size = lengthOf(hart, CAP);
    expect([base % 2 ** 32 < where, base % 2 ** 32 + size > where + length, addrOf(hart, CAP) % 2 ** 32]).toEqual([true, true, where]);
    hart.store8(CAP, length - 1, 1);
    expect(rig.map.entries().map(({ kind }) => kind)).toEqual(['hole', 'mapped', 'hole']);
    incOffset(hart, TEMP, CAP, -PAGE);
    expect(outcome(() => hart.load8(TEMP, 0))).toBe('page');
  });

  test('begins as zeros without tags, whoever had its frames <design/reservation#.inv.fresh>', () => {
    const rig = mapRig(20), { hart, map } = rig;
    for (const pages of [20, 3, 20]) {
      expect(anonymous(rig, pages * PAGE, RW)).toBe('0');
      for (let offset = 0; offset < pages * PAGE; offset += 1024) {
        hart.loadCap(TEMP, CAP, offset);
        expect(slotRead(hart, TEMP)).toEqual({ hi: 0n, lo: 0n, tag: false });
        hart.storeCap(CAP, offset, ROOT);
      }
      expect(map.munmap(hart, CAP, pages * PAGE)).toBe(0);
    }
  });
});

describe('frames', () => {
  /** A machine of 64 pages of which every other one in the first 48 is free, and the last 16. */
  const broken = (): MapRig => {
    const rig = mapRig(64);
    for (let page = 0; page < 48; ++page) expect(rig.frames.alloc(PAGE)).toBe(page * PAGE);
    for (let page = 0; page < 48; page += 2) rig.frames.free(page * PAGE, PAGE);
    return rig;
  };

  test('of a reservation of 16 pages or more are one run, or there is none <design/reservation#.run>', () => {
    const rig = broken(), { map, hart, frames, memory } = rig;
    expect(anonymous(rig, 16 * PAGE, RW)).toBe('0');
    const delta = map.deltaOf(low(rig, CAP));
    for (const offset of [0, 5 * PAGE + 8, 16 * PAGE - 4]) {
      hart.store32(CAP, offset, offset + 1);
      expect(memory.i32[((low(rig, CAP) + offset + delta!) >>> 0) >>> 2]).toBe(offset + 1);
    }
    expect(frames.available).toBe(24 * PAGE);
    expect(anonymous(rig, 16 * PAGE, RW)).toBe('ENOMEM');
    expect(frames.available).toBe(24 * PAGE);
  });

  test('of a smaller one are a run if there is one, else single, and all or none <design/reservation#.run>', () => {
    const rig = broken(), { map, hart, frames } = rig;
    expect(anonymous(rig, 15 * PAGE, RW)).toBe('0');
    expect(map.deltaOf(low(rig, CAP))).not.toBe(null);
    expect(anonymous(rig, 8 * PAGE, RW)).toBe('0');
    expect(map.deltaOf(low(rig, CAP))).toBe(null);
    for (let page = 0; page < 8; ++page) hart.store32(CAP, page * PAGE, page + 1);
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((page) => hart.load32(CAP, page * PAGE))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(frames.available).toBe(17 * PAGE);
    while (frames.available > 5 * PAGE) frames.alloc(PAGE);
    expect(map.mmap(hart, TEMP, NULL, 6 * PAGE, RW, MapANON)).toBe(ENOMEM);
    expect(frames.available).toBe(5 * PAGE);
    expect(map.munmap(hart, CAP, 8 * PAGE)).toBe(0);
    expect(frames.available).toBe(13 * PAGE);
  });

  test('are set aside when address space is reserved, and not for what can never be used <design/reservation#.run.ahead> <design/reservation#.run.none>', () => {
    const rig = mapRig(32);
    expect(anonymous(rig, 512 * MIB, 0)).toBe('0');
    expect([rig.frames.available, rig.map.deltaOf(low(rig, CAP))]).toEqual([32 * PAGE, null]);
    expect(rig.map.mprotect(rig.hart, CAP, 512 * MIB, 0)).toBe(0);
    expect(rig.space.entry(low(rig, CAP), 0x40)).toBe(0);
    expect(anonymous(rig, 20 * PAGE, protMax(RW))).toBe('0');
    expect(rig.frames.available).toBe(12 * PAGE);
    expect(anonymous(rig, 20 * PAGE, protMax(RW))).toBe('ENOMEM');
  });
});

describe('places', () => {
  test('are the lowest, without a draw <design/reservation#.place>', () => {
    const rig = mapRig(64), where: number[] = [];
    for (const pages of [2, 3, 1]) {
      expect(anonymous(rig, pages * PAGE, RW)).toBe('0');
      where.push(low(rig, CAP));
    }
    expect(where).toEqual([FIRST, FIRST + 2 * PAGE, FIRST + 5 * PAGE]);
  });

  test('differ by the seed, lie at both ends, and leave the middle whole <design/reservation#.place>', () => {
    const places = (seed: number): number[] => Array.from({ length: 40 }, () => 0).map(((rig) => () => {
      expect(anonymous(rig, PAGE, RW)).toBe('0');
      return low(rig, CAP);
    })(mapRig(64, seed)));
    expect(places(1)).toEqual(places(1));
    expect(places(1)).not.toEqual(places(2));
    expect(new Set(places(3).map((place) => place >>> 31)).size).toBe(2);
    const below = places(3).filter((place) => place < 2 ** 31), high = places(3).filter((place) => place >= 2 ** 31);
    for (const side of [below, high]) expect((Math.max(...side) - Math.min(...side)) / PAGE).toBeGreaterThan(side.length);
    const rig = mapRig(64, 4);
    for (let i = 0; i < 40; ++i) expect(anonymous(rig, PAGE, RW)).toBe('0');
    expect(anonymous(rig, 3 * 1024 * MIB, 0)).toBe('0');
  });

  test('are found, by a draw or not, as long as there is one <design/reservation#.place>', () => {
    for (const seed of [null, 1, 2, 3]) {
      const rig = mapRig(64, seed);
      expect(anonymous(rig, 2 ** 32 - 48 * MIB, 0)).toBe('0');
      while (anonymous(rig, MIB, 0) === '0') expect(rig.map.entries().length).toBeLessThan(20);
      const ends = [FIRST, ...rig.map.entries().flatMap(({ base, limit }) => [base, limit]), 2 ** 32 - FIRST];
      for (let i = 0; i < ends.length; i += 2) expect(ends[i + 1] - ends[i]).toBeLessThan(MIB);
    }
  });
});

describe('the kernel', () => {
  test('reserves, is told what is there, and releases <design/reservation#.release> <design/reservation#.entries>', () => {
    const rig = mapRig(64), { map, frames, memory, space } = rig;
    const stack = map.reserve(5 * PAGE - 7, RW, RW)!;
    expect(stack).toEqual({ base: FIRST, size: 5 * PAGE });
    expect(map.entries()).toEqual([{ base: FIRST, limit: FIRST + 5 * PAGE, kind: 'mapped', prot: 11, max: 11, reservation: FIRST }]);
    memory.i32[(space.entry(stack.base, 0x40) & -PAGE) >>> 2] = 9;
    expect([map.reserve(60 * PAGE, RW, RW), map.reserve(2 ** 33, 0, 0)]).toEqual([null, null]);
    expect(frames.available).toBe(59 * PAGE);
    expect(() => { map.release(stack.base + PAGE); }).toThrow('<design/reservation#.release>');
    map.release(stack.base);
    expect(() => { map.release(stack.base); }).toThrow('<design/reservation#.release>');
    expect([frames.available, memory.i32.every((word) => word === 0), map.entries().length]).toEqual([64 * PAGE, true, 0]);
  });

  test('gives an address above 2 GiB as a signed word <design/reservation#.release>', () => {
    const rig = mapRig(64), { map, hart } = rig;
    expect(map.mmap(hart, CAP, integer(rig, 0xc000_0000), PAGE, RW, MapANON | MapFIXED)).toBe(0);
    expect(map.isReserved(0xc000_0000 | 0)).toBe(true);
    map.release(0xc000_0000 | 0);
    expect(map.isReserved(0xc000_0000 | 0)).toBe(false);
  });

  test('clears a map: everything is given back <design/reservation#.inv.fixed>', () => {
    const rig = mapRig(64, 3);
    for (let i = 0; i < 10; ++i) expect(anonymous(rig, (1 + i) * PAGE, RW)).toBe('0');
    rig.map.clear();
    expect([rig.frames.available, rig.map.entries(), rig.space.window.every((entry) => entry === 0)]).toEqual([64 * PAGE, [], true]);
    expect(anonymous(rig, 64 * PAGE, RW)).toBe('0');
  });
});
