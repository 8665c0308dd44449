import { describe, expect, test } from 'vitest';
import { formatOf, lengthOf, permsOf } from '../../../code/machine/machine.ts';
import { InheritNONE, MapANON, MapPRIVATE, MapRUN, permVmem, ProtREAD } from '../../../code/os/vm/mman.ts';
import { grant } from '../grant.ts';
import { anonymous, at, CAP, childOf, found, integer, kindName, KINDS, mapped, mapRig, mmap, munmap, NULL, OTHER, PAGE, ROOT, RW, SIZE, TEMP } from './map-rig.ts';

const PRIVATE: number = MapANON | MapPRIVATE;

for (const kind of KINDS) {
  const name = kindName(kind), hole = kind.abi === 'cheribsd' ? 'page accerr' : 'page maperr';

  test(`${name}: parent and child have the same reservations, and go their own ways <design/mman#.fork>`, () => {
    const rig = mapped(RW, SIZE, kind), { hart } = rig;
    hart.storeCap(CAP, 2 * PAGE, ROOT);
    hart.storeCap(CAP, 3 * PAGE, ROOT);
    expect(munmap(rig, CAP, 2 * PAGE)).toBe('0');
    const child = childOf(rig)!, before = rig.frames.available;
    expect(child.map.entries().map(({ base, limit, kind: what, prot, max }) => [base, limit, what, prot, max]))
      .toEqual(rig.map.entries().map(({ base, limit, kind: what, prot, max }) => [base, limit, what, prot, max]));
    expect([child.map.size, before]).toEqual([SIZE, 62 * PAGE]);
    child.hart.store32(CAP, 2 * PAGE, 1);
    hart.loadCap(TEMP, CAP, 2 * PAGE);
    child.hart.loadCap(TEMP, CAP, 3 * PAGE);
    expect([hart.isTagged(TEMP), child.hart.isTagged(TEMP), rig.frames.available]).toEqual([true, true, 61 * PAGE]);
    expect(munmap(child, at(child, CAP, 2 * PAGE), 2 * PAGE)).toBe('0');
    expect([child.map.entries(), found(child, () => child.hart.load32(CAP, 2 * PAGE))]).toEqual([[], 'page maperr']);
    expect([hart.load32(CAP, 3 * PAGE) !== 1, found(rig, () => hart.load32(CAP, 0))]).toEqual([true, hole]);
    rig.map.clear();
    expect(rig.frames.available).toBe(64 * PAGE);
  });

  test(`${name}: without memory for a run there is no child, and nothing has changed <design/mman#.fork> <design/mman#.req.nothing>`, () => {
    const rig = mapRig(kind);
    expect(anonymous(rig, SIZE, RW)).toBe('0');
    expect(mmap(rig, NULL, 33 * PAGE, RW, PRIVATE | MapRUN)).toBe('0');
    rig.hart.store32(CAP, 0, 3);
    const entries = rig.map.entries(), { available } = rig.frames;
    expect(childOf(rig)).toBeNull();
    expect([rig.map.entries(), rig.frames.available]).toEqual([entries, available]);
    rig.hart.store32(CAP, 0, 4);
    rig.map.clear();
    expect(rig.frames.available).toBe(64 * PAGE);
  });

  test(`${name}: a stack is of what may be used, with its guard below, in one reservation <design/mman#.stack>`, () => {
    const rig = mapRig(kind), { map, hart } = rig, guard = map.profile.stackGuard, stack = map.reserveStack(3 * PAGE, guard)!;
    grant(map, hart, CAP, stack.base, RW, false);
    expect([stack.size, lengthOf(hart, CAP)]).toEqual([3 * PAGE, 3 * PAGE + guard]);
    expect(permsOf(hart, CAP) & permVmem(formatOf(hart))).toBe(0);
    hart.store32(CAP, 0, 1);
    hart.store32(CAP, 3 * PAGE - 4, 1);
    const below = at(rig, CAP, 0);
    expect(found(rig, () => { hart.store32(below, -4, 1); })).toBe(guard === 0 ? 'bounds' : 'page accerr');
    map.release(stack.base);
    expect([map.size, rig.frames.available]).toEqual([0, 64 * PAGE]);
  });

  test(`${name}: a growing stack is memory where it is touched, down to its limit, and nothing else comes to lie there <design/mman#.stack>`, () => {
    const rig = mapRig(kind), { map, hart } = rig, stack = map.reserveGrowing(16 * PAGE, PAGE, 8 * PAGE)!;
    grant(map, hart, CAP, stack.base, RW, false);
    const touch = (page: number): unknown => found(rig, () => { hart.store32(CAP, page * PAGE, 1); });
    expect([touch(15), touch(12), touch(8), touch(7)]).toEqual([undefined, undefined, undefined, hole]);
    expect(rig.frames.available).toBe(61 * PAGE);
    for (let count = 0; count < 4; ++count) {
      expect(mmap(rig, integer(rig, (stack.base >>> 0) + 4 * PAGE + count * 0x100_0000), 4 * PAGE, RW, PRIVATE)).toBe(count === 0 && kind.abi === 'pcuabi' ? 'ERESERVATION' : '0');
    }
    map.growthSet(stack.base, 16 * PAGE);
    expect([touch(7), touch(0)]).toEqual([undefined, undefined]);
  });
}

describe('the kernel\'s memory', () => {
  test('is reserved with a run, or without, and released by any of its addresses <design/reservation#.release> <design/reservation#.run>', () => {
    const { map, frames } = mapRig(), run = map.reserve(5 * PAGE, RW, RW, { run: true })!, plain = map.reserve(5 * PAGE, ProtREAD, RW)!;
    expect([map.deltaOf(run.base) !== null, map.deltaOf(plain.base), frames.available]).toEqual([true, null, 59 * PAGE]);
    map.release(plain.base + 2 * PAGE);
    map.release(run.base);
    expect([map.entries(), frames.available]).toEqual([[], 64 * PAGE]);
    expect(() => { map.release(run.base); }).toThrow('<design/reservation#.release>');
    expect([map.reserve(2 ** 33, RW, RW), map.reserve(65 * PAGE, RW, RW, { run: true })]).toEqual([null, null]);
  });

  test('goes with the last of those who have the map <design/mman#.holders>', () => {
    const { map } = mapRig();
    map.reserve(PAGE, RW, RW);
    map.hold();
    map.drop();
    expect(map.entries()).toHaveLength(1);
    map.drop();
    expect(map.entries()).toEqual([]);
    expect(() => { map.drop(); }).toThrow('<design/mman#.holders>');
  });

  test('lies where a seed says, and a child\'s where another says, always the same <design/reservation#.place> <design/mman#.fork>', () => {
    const places = (seed: number): number[] => {
      const rig = mapRig({ seed });
      const low = (of: typeof rig): number => { expect(mmap(of, NULL, PAGE, RW, PRIVATE)).toBe('0'); return of.hart.r[TEMP << 3] >>> 0; };
      const first = low(rig), child = childOf(rig)!;
      return [first, low(child), low(rig), low(child)];
    };
    expect(places(1)).toEqual(places(1));
    expect(places(1)).not.toEqual(places(2));
    expect(places(3)[1]).not.toBe(places(3)[2]);
  });
});

test('what a child inherits nothing of it has not, and it has the limit <design/mman#.fork> <design/mman#.limit>', () => {
  const rig = mapped();
  expect([anonymous(rig, SIZE, RW), rig.map.minherit(rig.hart, CAP, SIZE, InheritNONE)]).toEqual(['0', 0]);
  rig.map.sizeLimit = 3 * SIZE;
  const { map } = childOf(rig)!;
  expect([map.entries().length, map.size, map.sizeLimit]).toEqual([1, SIZE, 3 * SIZE]);
});

test('a capability that moved with the map still owns <design/mman#.fork>', () => {
  const rig = mapped(), child = childOf(rig)!;
  child.hart.move(OTHER, CAP);
  expect([munmap(child, OTHER, SIZE), munmap(rig, CAP, SIZE)]).toEqual(['0', '0']);
});
