import { describe, expect, test } from 'vitest';
import { IncoreINCORE, type Reservation } from '../../../code/os/vm/reservation.ts';
import { BASE, mappingOf, PAGE, PageRig, R, RW, type Process } from './page-rig.ts';

/** A second reservation in the same process. */
const OTHER = 0x2000_0000;

const word = (rig: PageRig, frame: number): number => rig.memory.i32[frame / 4];

/** Fills page n with n + 1 at its start; has no page 9. */
const pager = (page: number, into: Uint8Array): boolean => {
  into[0] = page + 1;
  return page !== 9;
};

describe('an object', () => {
  test('mapped shared is one memory for all its mappings <design/vm-object#.inv.one>', () => {
    const rig = new PageRig(), one = rig.process(), other = rig.process(), object = rig.object(4 * PAGE);
    one.mapped({ object, isShared: true });
    other.mapped({ object, page: 1, isShared: true }, { base: OTHER });
    expect([one.write(BASE + PAGE, 5), other.read(OTHER), other.write(OTHER, 6), one.read(BASE + PAGE)]).toEqual([undefined, 5, undefined, 6]);
    expect([rig.used, word(rig, object.resident(1))]).toEqual([1, 6]);
    expect([one.writeCap(BASE + 2 * PAGE), other.readCap(OTHER + PAGE)]).toEqual([undefined, true]);
    object.drop();
    one.exit();
    expect([other.read(OTHER), rig.used]).toEqual([6, 2]);
    other.exit();
    rig.whole();
  });

  test('that carries no tags has none stored to it, whatever the protection <design/vm-object#.inv.tags>', () => {
    const rig = new PageRig(), process = rig.process(), object = rig.object(4 * PAGE, false), reservation = process.mapped({ object, isShared: true });
    for (const prepare of [() => undefined, () => process.write(BASE, 1), () => { reservation.protect(BASE, BASE + PAGE, RW); }]) {
      prepare();
      expect([process.writeCap(BASE), process.found]).toEqual(['page-storecap', 'accerr']);
    }
    rig.memory.tags[object.resident(0) / 16] = 1;
    expect([process.readCap(BASE), process.write(BASE, 1)]).toEqual([false, undefined]);
    process.exit();
    object.drop();
    rig.whole();
  });

  test('mapped private is copied at the first write, holds tags then, and never hears of them <design/vm-object#.inv.private> <design/reservation#.inv.copy>', () => {
    const rig = new PageRig(), process = rig.process(), object = rig.object(4 * PAGE, false, pager);
    process.mapped({ object });
    expect([process.read(BASE + PAGE), process.readCap(BASE + PAGE), rig.used]).toEqual([2, false, 1]);
    expect([process.writeCap(BASE + PAGE + 16), process.readCap(BASE + PAGE + 16), process.read(BASE + PAGE), rig.used]).toEqual([undefined, true, 2, 2]);
    process.write(BASE + 2 * PAGE + 64, 8);
    expect([process.read(BASE + 2 * PAGE), rig.memory.i32[object.resident(2) / 4 + 16], rig.used]).toEqual([3, 0, 4]);
    const frame = object.resident(1);
    expect([rig.memory.tags.subarray(frame / 16, (frame + PAGE) / 16).some((tag) => tag !== 0)]).toEqual([false]);
    process.exit();
    object.drop();
    rig.whole();
  });

  test('with tags is copied with them: reading sees them, writing beside them keeps both <design/vm-object#.inv.private>', () => {
    const rig = new PageRig(), process = rig.process(), object = rig.object(PAGE);
    const shared = process.mapped({ object, isShared: true }, { pages: 1 });
    process.mapped({ object }, { base: OTHER, pages: 1 });
    process.writeCap(BASE);
    expect([process.readCap(OTHER), process.write(OTHER + 32, 1), process.readCap(OTHER), process.readCap(BASE), process.read(BASE + 32)])
      .toEqual([true, undefined, true, true, 0]);
    const dirty = (): number[] => [shared, process.reservations[1]].map((one) => one.incore(one.base) & 0x40);
    expect(dirty()).toEqual([0x40, 0x40]);
    shared.protect(BASE, BASE + PAGE, R);
    expect([dirty(), process.readCap(BASE)]).toEqual([[0x40, 0x40], true]);
    process.exit();
    object.drop();
    rig.whole();
  });

  test('has nothing beyond its last page, nor where its pager fails <design/vm-object#.beyond>', () => {
    const rig = new PageRig(), process = rig.process(), object = rig.object(10 * PAGE + 1, false, pager);
    process.mapped({ object, page: 8, isShared: true });
    expect([process.read(BASE), process.read(BASE + 2 * PAGE), process.read(BASE + 2 * PAGE + 4092)]).toEqual([9, 11, 0]);
    expect([process.read(BASE + 3 * PAGE), process.found, process.read(BASE + PAGE), process.found]).toEqual(['page', 'bus', 'page', 'bus']);
    object.truncate(13 * PAGE);
    expect([process.read(BASE + 3 * PAGE), process.read(BASE + 4 * PAGE), process.read(BASE + 5 * PAGE), process.found]).toEqual([12, 13, 'page', 'bus']);
    process.exit();
    object.drop();
    rig.whole();
  });

  test('truncated takes its pages out of every mapping, copies too, and clears the rest of the last <design/vm-object#.truncate>', () => {
    const rig = new PageRig(), one = rig.process(), other = rig.process(), object = rig.object(4 * PAGE);
    const shared = one.mapped({ object, isShared: true });
    other.mapped({ object });
    for (const page of [0, 1, 2]) {
      one.writeCap(BASE + page * PAGE + 2048);
      one.write(BASE + page * PAGE, page + 1);
      other.write(BASE + page * PAGE + 4, 7);
    }
    expect(rig.used).toBe(6);
    object.truncate(PAGE + 2052);
    expect(rig.used).toBe(4);
    expect([one.read(BASE + 2 * PAGE), one.found, other.read(BASE + 2 * PAGE), other.found]).toEqual(['page', 'bus', 'page', 'bus']);
    expect([one.read(BASE + PAGE), one.readCap(BASE + PAGE + 2048), one.read(BASE + PAGE + 2048) === 0, one.read(BASE + PAGE + 2052)]).toEqual([2, false, false, 0]);
    expect([one.readCap(BASE + 2048), other.readCap(BASE + PAGE + 2048), shared.mapped]).toEqual([true, true, 8]);
    object.truncate(3 * PAGE);
    expect([one.read(BASE + 2 * PAGE), other.read(BASE + 2 * PAGE)]).toEqual([0, 0]);
    for (const process of [one, other]) process.exit();
    object.drop();
    rig.whole();
  });

  test('is there as long as somebody has it <design/vm-object#.held>', () => {
    const rig = new PageRig(), object = rig.object(PAGE);
    object.hold();
    object.frame(0);
    object.drop();
    expect(rig.used).toBe(1);
    object.drop();
    rig.whole();
    expect(() => { object.drop(); }).toThrow('<design/vm-object#.held>');
    expect(() => { object.hold(); }).toThrow('<design/vm-object#.held>');
    const process = rig.process(), reservation = process.make() as Reservation;
    expect(() => { reservation.map(BASE, BASE + PAGE, mappingOf({ object })); }).toThrow('<design/vm-object#.held>');
    expect(() => { rig.object(PAGE).detach(reservation, 1); }).toThrow('<design/vm-object#.held>');
  });

  test('adopts a frame once <design/vm-object#.adopt>', () => {
    const rig = new PageRig(), object = rig.object(PAGE);
    object.adopt(0, rig.frames.allocPage());
    expect(() => { object.adopt(0, rig.frames.allocPage()); }).toThrow('<design/vm-object#.adopt>');
  });

  test('synchronized is clean, invalidated is out but for copies <design/reservation#.advice>', () => {
    const rig = new PageRig(), process = rig.process(), object = rig.object(8 * PAGE);
    const shared = process.mapped({ object, isShared: true }), own = process.mapped({ object }, { base: OTHER });
    process.write(BASE, 1);
    process.read(OTHER);
    process.write(OTHER + PAGE, 2);
    expect(shared.incore(BASE) & 4).toBe(4);
    shared.sync(BASE, BASE + PAGE, false);
    expect(shared.incore(BASE)).toBe(3);
    process.write(BASE, 3);
    expect(shared.incore(BASE) & 4).toBe(4);
    shared.sync(BASE, BASE + PAGE, true);
    own.sync(OTHER, OTHER + 2 * PAGE, true);
    expect([shared.incore(BASE), own.incore(OTHER), own.incore(OTHER + PAGE)]).toEqual([IncoreINCORE, IncoreINCORE, 7]);
    expect([process.read(BASE), process.read(OTHER), process.read(OTHER + PAGE)]).toEqual([3, 3, 2]);
    process.exit();
    object.drop();
    rig.whole();
  });

  test('is discarded from private mappings with what was written there <design/reservation#.advice>', () => {
    const rig = new PageRig(), process = rig.process(), object = rig.object(8 * PAGE, false, pager), reservation = process.mapped({ object });
    process.write(BASE, 99);
    reservation.discard(BASE, BASE + PAGE);
    expect([process.read(BASE), reservation.incore(BASE)]).toEqual([1, 3]);
    // It is the object's again until it is written to again.
    expect([process.write(BASE, 98), word(rig, object.resident(0)), process.read(BASE)]).toEqual([undefined, 1, 98]);
    process.exit();
    object.drop();
    rig.whole();
  });
});

describe('a process that ends', () => {
  test('gives all back, whatever it has of what <design/vm-object#.held> <design/frames#.inv.clear>', () => {
    const rig = new PageRig(), process: Process = rig.process(), object = rig.object(8 * PAGE);
    process.mapped({ object, prot: R });
    object.drop();
    for (let page = 0; page < 8; ++page) process.read(BASE + page * PAGE);
    expect(rig.used).toBe(8);
    process.exit();
    rig.whole();
  });
});
