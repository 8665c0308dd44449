import { describe, expect, test } from 'vitest';
import { PageDIRTYCAP, PageWRITE, WindowHIGH } from '../../../code/machine/machine.ts';
import { IncoreCAPSTORE, IncoreINCORE, IncoreMODIFIED, IncoreREFERENCED } from '../../../code/os/vm/reservation.ts';
import { BASE, mappingOf, NONE, PAGE, PageRig, PLAIN, R, RW, type Process } from './page-rig.ts';

const entry = (process: Process, addr: number): number => process.space.entry(addr | 0, WindowHIGH);

describe('anonymous memory', () => {
  test('comes at the first touch, zero and untagged, a page at a time <design/reservation#.fault> <design/reservation#.inv.fresh>', () => {
    const rig = new PageRig(), process = rig.process();
    process.mapped();
    expect(rig.used).toBe(0);
    expect([process.read(BASE), process.readCap(BASE + PAGE), rig.used]).toEqual([0, false, 2]);
    expect([process.write(BASE + 2 * PAGE, 7), process.read(BASE + 2 * PAGE), process.writeCap(BASE + 3 * PAGE), process.readCap(BASE + 3 * PAGE)])
      .toEqual([undefined, 7, undefined, true]);
    expect(rig.used).toBe(4);
    process.exit();
    rig.whole();
  });

  test('cannot be written before it counts as modified, and says when capabilities came <design/reservation#.inv.rights> <design/reservation#.advice>', () => {
    const rig = new PageRig(), process = rig.process(), reservation = process.mapped();
    expect(reservation.incore(BASE)).toBe(0);
    process.read(BASE);
    expect([reservation.incore(BASE), entry(process, BASE) & PageWRITE]).toEqual([IncoreINCORE | IncoreREFERENCED, 0]);
    process.write(BASE, 1);
    expect([reservation.incore(BASE), entry(process, BASE) & (PageWRITE | PageDIRTYCAP)]).toEqual([IncoreINCORE | IncoreREFERENCED | IncoreMODIFIED, PageWRITE]);
    process.writeCap(BASE);
    expect(reservation.incore(BASE)).toBe(IncoreINCORE | IncoreREFERENCED | IncoreMODIFIED | IncoreCAPSTORE);
    reservation.protect(BASE, BASE + PAGE, NONE);
    expect([process.readCap(BASE), process.found, reservation.incore(BASE) & IncoreCAPSTORE]).toEqual(['page', 'accerr', IncoreCAPSTORE]);
    reservation.protect(BASE, BASE + PAGE, R);
    expect([process.readCap(BASE), process.writeCap(BASE), process.found]).toEqual([true, 'page', 'accerr']);
    process.exit();
    rig.whole();
  });

  test('that there is none of is told, and nothing has changed <design/reservation#.fault>', () => {
    const rig = new PageRig(4), process = rig.process(), reservation = process.mapped();
    for (let page = 0; page < 4; ++page) expect(process.write(BASE + page * PAGE, page)).toBe(undefined);
    expect([process.write(BASE + 5 * PAGE, 1), process.found]).toEqual(['page', 'nomemory']);
    reservation.unmap(BASE, BASE + PAGE);
    expect([process.write(BASE + 5 * PAGE, 1), process.read(BASE + 3 * PAGE)]).toEqual([undefined, 3]);
    process.exit();
    rig.whole();
  });

  test('allows what its protection does: holes, guards and others are told apart <design/reservation#.fault> <design/reservation#.inv.rights>', () => {
    const rig = new PageRig(), process = rig.process(), reservation = process.mapped({ prot: R });
    reservation.unmap(BASE + PAGE, BASE + 2 * PAGE);
    reservation.mapGuard(BASE + 2 * PAGE, BASE + 3 * PAGE);
    reservation.map(BASE + 3 * PAGE, BASE + 4 * PAGE, mappingOf({ prot: NONE }));
    reservation.map(BASE + 4 * PAGE, BASE + 5 * PAGE, mappingOf({ prot: PLAIN }));
    const found = (access: () => unknown): unknown[] => [access(), process.found];
    expect(found(() => process.write(BASE, 1))).toEqual(['page', 'accerr']);
    expect(found(() => process.read(BASE + PAGE))).toEqual(['page', 'maperr']);
    expect(found(() => process.read(BASE + 2 * PAGE))).toEqual(['page', 'accerr']);
    expect(found(() => process.read(BASE + 3 * PAGE))).toEqual(['page', 'accerr']);
    expect(rig.used).toBe(0);
    expect(found(() => process.writeCap(BASE + 4 * PAGE))).toEqual(['page-storecap', 'accerr']);
    expect(found(() => process.write(BASE + 4 * PAGE, 1))[0]).toBe(undefined);
    expect(reservation.fault(BASE, 'fetch')).toBe('accerr');
    process.read(BASE);
    expect([reservation.fault(BASE, 'load'), reservation.fault(BASE, 'loadcap'), reservation.fault(BASE + 4 * PAGE, 'storecap')]).toEqual(['accerr', 'accerr', 'accerr']);
    process.exit();
    rig.whole();
  });

  test('of a stack grows down to its floor, without holes <design/reservation#.grow>', () => {
    const rig = new PageRig(), process = rig.process(), reservation = process.make() as NonNullable<ReturnType<Process['make']>>;
    reservation.map(BASE + 7 * PAGE, BASE + 8 * PAGE, mappingOf({}));
    expect(process.write(BASE + 5 * PAGE, 1)).toBe('page');
    reservation.growable(BASE + 2 * PAGE, RW, RW);
    expect([process.write(BASE + 4 * PAGE, 5), process.read(BASE + 4 * PAGE), reservation.mapped, rig.used]).toEqual([undefined, 5, 4, 1]);
    expect([process.write(BASE + PAGE, 5), process.found, reservation.mapped]).toEqual(['page', 'maperr', 4]);
    expect([process.read(BASE + 2 * PAGE), reservation.isMapped(BASE + 2 * PAGE, BASE + 8 * PAGE)]).toEqual([0, true]);
    const child = process.child() as Process;
    child.reservations[0].unmap(BASE + 2 * PAGE, BASE + 3 * PAGE);
    expect(child.read(BASE + 2 * PAGE)).toBe(0);
    for (const one of [process, child]) one.exit();
    rig.whole();
  });
});

describe('a run', () => {
  test('is there at once, with every right and every mark of use, and never faults <design/reservation#.run> <design/reservation#.used>', () => {
    const rig = new PageRig(), process = rig.process(), reservation = process.mapped({}, { run: true });
    expect([rig.used, reservation.run]).toEqual([8, 0]);
    expect([entry(process, BASE + PAGE) & -PAGE, entry(process, BASE + PAGE) & PageDIRTYCAP]).toEqual([PAGE, PageDIRTYCAP]);
    process.hart.trap = () => { throw new Error('a fault'); };
    process.writeCap(BASE + 7 * PAGE);
    expect([process.readCap(BASE + 7 * PAGE), reservation.incore(BASE), rig.memory.tags[7 * 256]]).toEqual([true, 0x47, 1]);
    process.exit();
    rig.whole();
  });

  test('is wiped where it is given up, keeps its frames, and is zero when it is used again <design/reservation#.used> <design/reservation#.inv.fresh>', () => {
    const rig = new PageRig(), process = rig.process(), reservation = process.mapped({ prot: NONE }, { run: true });
    expect(reservation.incore(BASE)).toBe(0);
    reservation.protect(BASE, BASE + 2 * PAGE, RW);
    expect(reservation.incore(BASE)).toBe(0x47);
    for (const page of [0, 1]) process.writeCap(BASE + page * PAGE);
    reservation.map(BASE, BASE + PAGE, mappingOf({ prot: NONE }));
    reservation.unmap(BASE + PAGE, BASE + 2 * PAGE);
    expect([rig.memory.i32.every((word) => word === 0), rig.memory.tags.every((tag) => tag === 0), rig.used]).toEqual([true, true, 8]);
    expect([process.read(BASE), process.found, process.read(BASE + PAGE), process.found]).toEqual(['page', 'accerr', 'page', 'maperr']);
    reservation.map(BASE, BASE + 2 * PAGE, mappingOf({}));
    expect([process.readCap(BASE), process.read(BASE + PAGE)]).toEqual([false, 0]);
    process.writeCap(BASE);
    reservation.discard(BASE, BASE + PAGE);
    expect([process.readCap(BASE), process.write(BASE, 3), process.read(BASE)]).toEqual([false, undefined, 3]);
    process.exit();
    rig.whole();
  });

  test('is had whole or not at all, and not for what can never be used <design/reservation#.run> <design/reservation#.run.none>', () => {
    const rig = new PageRig(8), process = rig.process();
    expect([process.make({ pages: 9, run: true }), rig.used]).toEqual([null, 0]);
    const none = process.mapped({ prot: NONE, max: NONE }, { pages: 1000, max: NONE, run: true });
    expect([none.run, rig.used, process.read(BASE), process.found]).toEqual([-1, 0, 'page', 'accerr']);
    process.exit();
    rig.whole();
  });

  test('can have pages of an object in it <design/reservation#.run>', () => {
    const rig = new PageRig(), process = rig.process(), reservation = process.mapped({}, { run: true }), object = rig.object(2 * PAGE);
    process.write(BASE, 9);
    reservation.map(BASE, BASE + 2 * PAGE, mappingOf({ object, isShared: true }));
    expect([process.read(BASE), process.write(BASE, 4), rig.memory.i32[object.resident(0) / 4], rig.used]).toEqual([0, undefined, 4, 9]);
    reservation.map(BASE, BASE + PAGE, mappingOf({}));
    expect([process.read(BASE), rig.memory.i32[object.resident(0) / 4]]).toEqual([0, 4]);
    process.exit();
    object.drop();
    rig.whole();
  });
});

test('spaces that several workers have are not for reservations <design/reservation#.unshared>', () => {
  const rig = new PageRig(4), process = rig.process();
  Object.defineProperty(process.space, 'isShared', { value: true });
  expect(() => process.make()).toThrow('<design/reservation#.unshared>');
});
