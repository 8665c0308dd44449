import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { PageDIRTYCAP, WindowHIGH } from '../../../code/machine/machine.ts';
import type { MapEntry, Reservation } from '../../../code/os/vm/reservation.ts';
import { seeds } from '../../seed.ts';
import { PageModels } from './page-model.ts';
import { BASE, mappingOf, NONE, PAGE, PageRig, PLAIN, R, RW, type Process } from './page-rig.ts';

const OTHER = 0x2000_0000;

for (const seed of seeds(8)) {
  test(`pages hold what a list says, through any mappings, forks, moves and ends, and no frame is lost <design/reservation#.inv.copy> <design/reservation#.inv.rights> <design/reservation#.inv.fresh> <design/frames#.inv.once> seed=${seed}`, () => {
    const models = new PageModels(random(seed));
    for (let step = 0; step < 6000; ++step) models.step();
    models.finish();
    for (const what of ['fork', 'fork refused', 'moved', 'move refused', 'written', 'maperr', 'accerr', 'bus', 'no memory', 'copy', 'none', 'zero', 'share']) {
      expect(models.counts[what] ?? 0, `weak run: ${what} in ${JSON.stringify(models.counts)}`).toBeGreaterThan(what === 'move refused' ? 0 : 5);
    }
  });
}

/** locks -- what mlock does: whether there was memory for all of it. */
function locks(reservation: Reservation, base: number, limit: number): boolean {
  const isBrought = reservation.bring(base, limit) !== null;
  if (isBrought) reservation.lock(base, limit);
  return isBrought;
}

describe('a reservation', () => {
  test('knows its holes and its mappings, and counts them <design/reservation#.def.reservation>', () => {
    const rig = new PageRig(), reservation = rig.process().make() as Reservation;
    expect([reservation.mapped, reservation.isBare(BASE, BASE + 8 * PAGE), reservation.isMapped(BASE, BASE + PAGE)]).toEqual([0, true, false]);
    reservation.map(BASE + PAGE, BASE + 4 * PAGE, mappingOf({}));
    reservation.mapGuard(BASE + 4 * PAGE, BASE + 5 * PAGE);
    expect([reservation.mapped, reservation.isMapped(BASE + PAGE, BASE + 5 * PAGE), reservation.isMapped(BASE + PAGE, BASE + 6 * PAGE)]).toEqual([4, true, false]);
    expect([reservation.isBare(BASE + 5 * PAGE, BASE + 8 * PAGE), reservation.isBare(BASE + 4 * PAGE, BASE + 8 * PAGE)]).toEqual([true, false]);
    reservation.unmap(BASE, BASE + 3 * PAGE);
    expect(reservation.mapped).toBe(2);
  });

  test('never allows more than its maximum, which never grows; capabilities come where they may <design/reservation#.inv.max>', () => {
    const rig = new PageRig(), process = rig.process(), reservation = process.mapped({ prot: NONE, max: RW });
    reservation.map(BASE + 2 * PAGE, BASE + 3 * PAGE, mappingOf({ prot: NONE, max: PLAIN }));
    reservation.mapGuard(BASE + 3 * PAGE, BASE + 4 * PAGE);
    expect([reservation.allows(BASE, BASE + 2 * PAGE, RW), reservation.allows(BASE, BASE + 3 * PAGE, RW), reservation.allows(BASE, BASE + 8 * PAGE, PLAIN)]).toEqual([true, false, true]);
    reservation.unmap(BASE + 5 * PAGE, BASE + 6 * PAGE);
    expect(reservation.allows(BASE, BASE + 8 * PAGE, PLAIN)).toBe(false);
    reservation.protect(BASE, BASE + 8 * PAGE, RW);
    expect([process.writeCap(BASE), process.writeCap(BASE + 2 * PAGE), process.writeCap(BASE + 3 * PAGE)]).toEqual([undefined, 'page-storecap', 'page']);
    reservation.limitTo(BASE, BASE + 2 * PAGE, R);
    reservation.limitTo(BASE, BASE + 2 * PAGE, RW);
    expect([reservation.allows(BASE, BASE + PAGE, R), reservation.allows(BASE, BASE + PAGE, RW)]).toEqual([true, false]);
  });

  test('shows its pages as maximal runs of like ones <design/reservation#.entries>', () => {
    const rig = new PageRig(), process = rig.process(), reservation = process.mapped(), object = rig.object(8 * PAGE);
    reservation.map(BASE + 2 * PAGE, BASE + 5 * PAGE, mappingOf({ object, page: 4, isShared: true, prot: R }));
    reservation.map(BASE + 5 * PAGE, BASE + 6 * PAGE, mappingOf({ object, page: 1, isShared: true, prot: R }));
    reservation.mapGuard(BASE + 6 * PAGE, BASE + 7 * PAGE);
    reservation.unmap(BASE + 7 * PAGE, BASE + 8 * PAGE);
    process.write(BASE, 1);
    process.read(BASE + 4 * PAGE);
    expect(locks(reservation, BASE + 4 * PAGE, BASE + 6 * PAGE)).toBe(true);
    const found: MapEntry[] = [], anonymous = { object: null, page: 0, isShared: false, resident: 0, locked: 0, inherit: 'copy', reservation: BASE };
    reservation.entries(found);
    expect(found).toEqual([
      { ...anonymous, base: BASE, limit: BASE + 2 * PAGE, kind: 'mapped', prot: RW, max: RW, resident: 1 },
      { ...anonymous, base: BASE + 2 * PAGE, limit: BASE + 5 * PAGE, kind: 'mapped', prot: R, max: RW, object: 'it', page: 4, isShared: true, inherit: 'share', resident: 1, locked: 1 },
      { ...anonymous, base: BASE + 5 * PAGE, limit: BASE + 6 * PAGE, kind: 'mapped', prot: R, max: RW, object: 'it', page: 1, isShared: true, inherit: 'share', resident: 1, locked: 1 },
      { ...anonymous, base: BASE + 6 * PAGE, limit: BASE + 7 * PAGE, kind: 'guard', prot: NONE, max: NONE },
      { ...anonymous, base: BASE + 7 * PAGE, limit: BASE + 8 * PAGE, kind: 'hole', prot: NONE, max: NONE },
    ]);
  });

  test('of a run shows those pages as resident that have allowed something <design/reservation#.entries> <design/reservation#.run>', () => {
    const rig = new PageRig(), reservation = rig.process().make({ run: true }) as Reservation;
    reservation.map(BASE, BASE + 8 * PAGE, mappingOf({ prot: NONE }));
    const resident = (): number[] => {
      const found: MapEntry[] = [];
      reservation.entries(found);
      return found.map((entry) => entry.resident);
    };
    expect(resident()).toEqual([0]);
    reservation.protect(BASE + 5 * PAGE, BASE + 8 * PAGE, RW);
    expect(resident()).toEqual([0, 3]);
  });

  test('locks all of a range or nothing <design/reservation#.advice>', () => {
    const rig = new PageRig(4), process = rig.process(), reservation = process.mapped();
    process.write(BASE + PAGE, 1);
    expect([locks(reservation, BASE, BASE + 5 * PAGE), rig.used, reservation.hasLocked(BASE, BASE + 8 * PAGE)]).toEqual([false, 1, false]);
    reservation.map(BASE + 2 * PAGE, BASE + 4 * PAGE, mappingOf({ prot: NONE }));
    expect([locks(reservation, BASE, BASE + 5 * PAGE), rig.used, reservation.incore(BASE), process.read(BASE + PAGE)]).toEqual([true, 3, 3, 1]);
    expect([reservation.hasLocked(BASE + 3 * PAGE, BASE + 4 * PAGE), reservation.hasLocked(BASE + 5 * PAGE, BASE + 8 * PAGE)]).toEqual([true, false]);
    expect((process.child() as Process).reservations[0].hasLocked(BASE, BASE + 8 * PAGE)).toBe(false);
    reservation.unlock(BASE, BASE + 4 * PAGE);
    expect([reservation.hasLocked(BASE, BASE + 4 * PAGE), reservation.hasLocked(BASE, BASE + 5 * PAGE)]).toEqual([false, true]);
  });
});

describe('fork', () => {
  test('shares frames until one writes, tags and all, and the last one keeps his <design/reservation#.fork> <design/reservation#.inv.copy>', () => {
    const rig = new PageRig(), parent = rig.process();
    parent.mapped();
    parent.writeCap(BASE);
    parent.write(BASE + 16, 1);
    const child = parent.child() as Process;
    expect([rig.used, child.read(BASE + 16), child.readCap(BASE), child.space.entry(BASE | 0, WindowHIGH) & PageDIRTYCAP]).toEqual([1, 1, true, PageDIRTYCAP]);
    child.write(BASE + 16, 2);
    expect([rig.used, parent.read(BASE + 16), child.read(BASE + 16), parent.readCap(BASE), child.readCap(BASE)]).toEqual([2, 1, 2, true, true]);
    child.write(BASE, 0);
    expect([parent.readCap(BASE), child.readCap(BASE)]).toEqual([true, false]);
    const grandchild = child.child() as Process;
    child.exit();
    expect([grandchild.write(BASE + 16, 3), rig.used, grandchild.read(BASE + 16)]).toEqual([undefined, 2, 3]);
    for (const one of [parent, grandchild]) one.exit();
    rig.whole();
  });

  test('copies a run at once, what was used of it, or fails whole <design/reservation#.fork.run>', () => {
    const rig = new PageRig(20), parent = rig.process(), reservation = parent.mapped({ prot: NONE }, { run: true });
    reservation.protect(BASE, BASE + PAGE, RW);
    parent.writeCap(BASE);
    const child = parent.child() as Process;
    expect([rig.used, child.reservations[0].run, child.readCap(BASE), child.space.entry((BASE + PAGE) | 0, WindowHIGH) & -PAGE]).toEqual([16, 8 * PAGE, true, 9 * PAGE]);
    child.write(BASE, 1);
    expect([parent.readCap(BASE), child.readCap(BASE), child.read(BASE + PAGE), child.found]).toEqual([true, false, 'page', 'accerr']);
    expect([parent.child(), rig.used]).toEqual([null, 16]);
    for (const one of [parent, child]) one.exit();
    rig.whole();
  });

  test('does with each page as minherit said <design/reservation#.fork>', () => {
    for (const run of [false, true]) {
      const rig = new PageRig(), parent = rig.process(), reservation = parent.mapped({}, { run });
      for (let page = 0; page < 8; ++page) parent.write(BASE + page * PAGE, page + 1);
      reservation.inherit(BASE, BASE + PAGE, 'none');
      reservation.inherit(BASE + PAGE, BASE + 2 * PAGE, 'zero');
      const child = parent.child() as Process, grandchild = child.child() as Process;
      expect([child.read(BASE), child.found, child.read(BASE + PAGE), child.read(BASE + 2 * PAGE), child.reservations[0].mapped]).toEqual(['page', 'maperr', 0, 3, 7]);
      child.write(BASE + PAGE, 5);
      expect([grandchild.read(BASE + PAGE), (child.child() as Process).read(BASE + PAGE), parent.read(BASE + PAGE)]).toEqual([0, 0, 2]);
    }
  });
});

test('a child that is to have a copy of shared memory has one from its first write on, with tags, and no lock <design/reservation#.fork>', () => {
  const rig = new PageRig(), parent = rig.process(), object = rig.object(PAGE, false), reservation = parent.mapped({ object, isShared: true }, { pages: 1 });
  const run = parent.mapped({}, { base: OTHER, pages: 1, run: true });
  parent.write(BASE, 1);
  expect([locks(reservation, BASE, BASE + PAGE), locks(run, OTHER, OTHER + PAGE), reservation.inherit(BASE, BASE + PAGE, 'copy')]).toEqual([true, true, true]);
  const child = parent.child() as Process;
  expect([child.reservations[0].incore(BASE), child.read(BASE), child.reservations[0].incore(BASE) & 4]).toEqual([1, 1, 0]);
  expect([child.write(BASE, 2), parent.read(BASE), child.writeCap(BASE + 16), child.readCap(BASE + 16), parent.readCap(BASE + 16)]).toEqual([undefined, 1, undefined, true, false]);
  expect(child.reservations.map((one) => one.hasLocked(one.base, one.limit))).toEqual([false, false]);
  for (const one of [parent, child]) one.exit();
  object.drop();
  rig.whole();
});

describe('private memory that is to be shared with children', () => {
  test('is one memory for them from then on, with what it held <design/reservation#.share>', () => {
    const rig = new PageRig(), parent = rig.process(), reservation = parent.mapped(), object = rig.object(2 * PAGE, false);
    reservation.map(BASE + 3 * PAGE, BASE + 6 * PAGE, mappingOf({ object }));
    for (const addr of [BASE, BASE + 3 * PAGE]) parent.write(addr, 7);
    const before = parent.child() as Process;
    expect(reservation.inherit(BASE, BASE + 6 * PAGE, 'share')).toBe(true);
    const child = parent.child() as Process;
    for (const addr of [BASE, BASE + PAGE, BASE + 3 * PAGE, BASE + 4 * PAGE]) {
      expect([child.write(addr, addr), parent.read(addr), child.writeCap(addr), parent.readCap(addr)]).toEqual([undefined, addr | 0, undefined, true]);
    }
    expect([before.read(BASE), before.read(BASE + 3 * PAGE), before.read(BASE + PAGE)]).toEqual([7, 7, 0]);
    expect([child.read(BASE + 5 * PAGE), child.found, rig.memory.i32[object.resident(0) / 4]]).toEqual(['page', 'bus', 0]);
    for (const one of [parent, child, before]) one.exit();
    object.drop();
    rig.whole();
  });

  test('cannot be of a run, and changes nothing if there is no memory for it <design/reservation#.share>', () => {
    const rig = new PageRig(12), parent = rig.process(), run = parent.mapped({}, { run: true });
    expect(run.inherit(BASE, BASE + PAGE, 'share')).toBe(false);
    run.finish();
    parent.reservations.length = 0;
    const reservation = parent.mapped();
    for (let page = 0; page < 7; ++page) parent.write(BASE + page * PAGE, page);
    const child = parent.child() as Process;
    expect([reservation.inherit(BASE, BASE + 7 * PAGE, 'share'), rig.used, reservation.inherit(BASE, BASE + 5 * PAGE, 'share'), rig.used]).toEqual([false, 7, true, 12]);
    for (const one of [parent, child]) one.exit();
    rig.whole();
  });

  test('takes what its object had: a frame for the object, and one for the copy <design/reservation#.share>', () => {
    const rig = new PageRig(4), parent = rig.process(), object = rig.object(2 * PAGE), reservation = parent.mapped({ object }, { pages: 2 });
    const spare = rig.frames.allocPage();
    expect([reservation.inherit(BASE, BASE + 2 * PAGE, 'share'), rig.used]).toEqual([false, 1]);
    rig.frames.drop(spare);
    expect([reservation.inherit(BASE, BASE + 2 * PAGE, 'share'), rig.used]).toEqual([true, 4]);
    const child = parent.child() as Process;
    expect([child.write(BASE, 1), parent.read(BASE), rig.used]).toEqual([undefined, 1, 4]);
    for (const one of [parent, child]) one.exit();
    object.drop();
    rig.whole();
  });
});

describe('pages that move', () => {
  test('take frames, tags, objects and locks with them, and are limited by where they come to <design/reservation#.move> <design/reservation#.inv.max>', () => {
    const rig = new PageRig(), process = rig.process(), from = process.mapped(), object = rig.object(PAGE);
    const to = process.make({ base: OTHER, max: R }) as Reservation;
    from.map(BASE + PAGE, BASE + 2 * PAGE, mappingOf({ object, isShared: true }));
    process.writeCap(BASE);
    process.write(BASE + PAGE, 4);
    from.lock(BASE, BASE + PAGE);
    expect([from.moveTo(to, BASE, 2 * PAGE, OTHER + 3 * PAGE), rig.used, from.mapped, to.mapped]).toEqual([true, 2, 6, 2]);
    expect([process.readCap(OTHER + 3 * PAGE), process.read(OTHER + 4 * PAGE), process.read(BASE), process.found]).toEqual([true, 4, 'page', 'maperr']);
    expect([process.write(OTHER + 3 * PAGE, 1), to.allows(OTHER + 3 * PAGE, OTHER + 4 * PAGE, RW), to.hasLocked(OTHER + 3 * PAGE, OTHER + 4 * PAGE)]).toEqual(['page', false, true]);
    process.exit();
    object.drop();
    rig.whole();
  });

  test('out of a run need memory, into one none <design/reservation#.move>', () => {
    const rig = new PageRig(11), process = rig.process(), run = process.mapped({}, { run: true }), single = process.make({ base: OTHER }) as Reservation;
    for (let page = 0; page < 4; ++page) process.writeCap(BASE + page * PAGE);
    expect([run.moveTo(single, BASE, 4 * PAGE, OTHER), process.readCap(BASE), run.mapped]).toEqual([false, true, 8]);
    expect([run.moveTo(single, BASE, 3 * PAGE, OTHER), process.readCap(OTHER), rig.used, rig.memory.i32[0]]).toEqual([true, true, 11, 0]);
    expect(single.incore(OTHER)).toBe(0x47);
    single.protect(OTHER, OTHER + PAGE, R);
    expect([single.moveTo(run, OTHER, 3 * PAGE, BASE + 5 * PAGE), process.readCap(BASE + 5 * PAGE), rig.used, rig.memory.tags[5 * 256]]).toEqual([true, true, 8, 1]);
    expect(process.space.entry((BASE + 5 * PAGE) | 0, WindowHIGH) & PageDIRTYCAP).toBe(PageDIRTYCAP);
    process.exit();
    rig.whole();
  });
});
