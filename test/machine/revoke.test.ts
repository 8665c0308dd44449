import { describe, expect, test } from 'vitest';
import {
  formatOf, Machine, PageALL, PageDIRTYCAP, PageEXECUTE, PageLOADCAP, pageLoadCap, PageREAD, PageSIZE, PageSTORECAP, PageTRAPCAP, PageVALID,
  PageWRITE, Revoker, riscv, Shadow, slotRead, slotWrite, WindowHIGH,
  type Addr, type Capability,
} from '../../code/machine/machine.ts';
import { WindowBASE, WindowTOP } from './arbitrary.ts';
import { capability, entryAt, formats, isDirty, isTaggedAt, loaded, pageAt, PAGES, pass, put, RIGHTS, world, type World } from './revoke-rig.ts';
import { outcome } from './rig.ts';

for (const format of formats) {
  describe(`revocation on ${format}`, () => {
    test(`what goes is what has a memory permission, is not spared, and whose base is painted <design/revoke#.def.revoked> ${format}`, () => {
      const set = world(format), { hart, shadow } = set, f = formatOf(hart), { perm } = f;
      shadow.paint(0x3040, 0x3060);
      shadow.paint(0xffff_ffc0, 0x1_0000_0000);
      const at = (base: bigint, address: bigint): Capability =>
        f.encode({ base, top: base + 64n }, address, perm.load, f.types.unsealed, 0n, true).cap;
      const rows: readonly (readonly [name: string, cap: Capability, isKept: boolean])[] = [
        ['the painted object', capability(set, 0x3040, 32), false],
        ['its second granule', capability(set, 0x3050, 16), false],
        ['part of a granule', capability(set, 0x3047, 3), false],
        ['no bytes', capability(set, 0x3040, 0), false],
        ['base painted, address beyond', f.setAddress(capability(set, 0x3040, 32), WindowBASE + 0x3060n), false],
        ['base painted, address below', f.setAddress(capability(set, 0x3040, 32), WindowBASE + 0x303fn), false],
        ['base painted, top far away', capability(set, 0x3040, 0x400), false],
        ['address painted, base not', f.setAddress(capability(set, 0x3060, 32), WindowBASE + 0x3050n), true],
        ['around it', f.setAddress(capability(set, 0x3000, 0x100), WindowBASE + 0x3040n), true],
        ['the one below', capability(set, 0x3030, 16), true],
        ['the one above', capability(set, 0x3060, 16), true],
        ['sealed', f.sealEntry(capability(set, 0x3040, 32)), false],
        ['spared', capability(set, 0x3040, 32, perm.all), true],
        ['spared and nothing else', capability(set, 0x3040, 32, perm.user1 | perm.load), true],
        ['without permissions', capability(set, 0x3040, 32, 0), true],
        ['for sealing', capability(set, 0x3040, 32, perm.seal | perm.unseal | perm.global | perm.user0 | perm.user2 | perm.user3), true],
        ...([perm.load, perm.store, perm.execute, perm.loadCap, perm.storeCap, perm.storeLocal])
          .map((bits) => [`permission ${bits}`, capability(set, 0x3040, 32, bits), false] as const),
        ['the same low word outside of the window', at(0x3040n, 0x3040n), true],
        ['base in the window, address above it', at(WindowTOP - 64n, WindowTOP + 8n), false],
        ['base below the window, address in it', at(WindowBASE - 64n, WindowBASE + 8n), true],
      ];
      rows.forEach(([, cap], index) => {
        put(set, 0x1000 + index * 32, cap);
        slotWrite(hart, hart.local(), cap);
      });
      const before = Buffer.from(hart.u8);
      set.revoker.open([hart]);
      rows.forEach(([name, cap, isKept], index) => { expect([name, slotRead(hart, 32 + index)]).toEqual([name, { ...cap, tag: isKept }]); });
      set.revoker.step(100);
      rows.forEach(([name, , isKept], index) => { expect([name, isTaggedAt(set, 0x1000 + index * 32)]).toEqual([name, isKept]); });
      expect(Buffer.from(hart.u8).equals(before)).toBe(true);
    });

    test(`an open pass lets nothing revoked through, and a page faults once <design/revoke#.inv.barrier> ${format}`, () => {
      const set = world(format), { hart, shadow, revoker, faults } = set;
      for (const page of [1, 2]) {
        put(set, page * PageSIZE, capability(set, 0x3000, 64));
        put(set, page * PageSIZE + 16, capability(set, 0x3040, 64));
      }
      shadow.paint(0x3000, 0x3040);
      expect(loaded(set, 0x1000)).toBe('kept');
      revoker.open([hart]);
      expect([hart.isTagged(3), outcome(() => hart.load8(3, 0)), outcome(() => { hart.store8(3, 0, 1); })]).toEqual([false, 'tag', 'tag']);
      faults.length = 0;
      expect([0x1000, 0x1010, 0x1000, 0x1010].map((at) => loaded(set, at))).toEqual(['stripped', 'kept', 'stripped', 'kept']);
      expect(faults.map(({ kind, low }) => [kind, low])).toEqual([['page-loadcap', 0x1000]]);
      // Data and untagged words need no visit; a stale page may be stored to.
      hart.load32(1, 0x2000);
      hart.loadCap(3, 1, 0x2020);
      put(set, 0x2030, capability(set, 0x3040, 64));
      expect([faults.length, isTaggedAt(set, 0x2000)]).toEqual([1, true]);
      expect(revoker.step(100)).toBe(true);
      expect([0x2000, 0x2010, 0x2030].map((at) => loaded(set, at))).toEqual(['stripped', 'kept', 'kept']);
      revoker.close();
      expect([faults.length, revoker.counts.resolved, revoker.epoch]).toEqual([1, 1, 2]);
    });

    test(`a page is cleaned by the first pass that finds no tag in it <design/revoke#.clean> ${format}`, () => {
      const set = world(format), { shadow, revoker } = set, dirty = (): boolean[] => [1, 2, 3].map((page) => isDirty(set, page));
      put(set, 0x1000, capability(set, 0x4000, 64));
      put(set, 0x2000, capability(set, 0x5000, 64));
      expect(dirty()).toEqual([true, true, false]);
      shadow.paint(0x4000, 0x4040);
      set.revoker.open([set.hart]);
      expect(dirty()).toEqual([true, true, false]);
      revoker.step(100);
      revoker.close();
      expect(dirty()).toEqual([true, true, false]);
      expect(revoker.counts).toEqual({ swept: 2, clean: PAGES - 2, granules: 2, cleared: 1, resolved: 0 });
      pass(set);
      expect(dirty()).toEqual([false, true, false]);
      put(set, 0x1010, capability(set, 0x5000, 64));
      pass(set);
      expect(dirty()).toEqual([true, true, false]);
    });

    test(`pages of every kind are swept, and do afterwards what they did <design/revoke#.inv.closed> ${format}`, () => {
      // What comes of the first load of what is revoked, while the pass is open.
      const kinds: readonly (readonly [rights: number, first: string])[] = [
        [RIGHTS, 'stripped'], [PageREAD | PageLOADCAP, 'stripped'], [PageREAD | PageEXECUTE | PageLOADCAP, 'stripped'], [PageREAD | PageWRITE, 'stripped'],
        [PageWRITE, 'page'], [PageREAD | PageTRAPCAP, 'page-loadcap'], [0, 'page'], [PageREAD | PageTRAPCAP | PageLOADCAP, 'stripped'],
      ];
      const set = world(format), { hart, space, shadow, revoker } = set;
      shadow.paint(0x0, 0x40);
      kinds.forEach(([rights], index) => {
        put(set, (index + 1) * PageSIZE, capability(set, 0x0, 64));
        put(set, (index + 1) * PageSIZE + 64, capability(set, 0x40, 64));
        space.protect(pageAt(index + 1), PageSIZE, rights);
      });
      const places = kinds.map((_, index) => (index + 1) * PageSIZE), before = places.map((at) => loaded(set, at + 64));
      revoker.open([hart]);
      expect(places.map((at) => loaded(set, at))).toEqual(kinds.map(([, first]) => first));
      // Whoever handles the fault that is not ours may grant the access: the page has been visited all the same.
      expect(isTaggedAt(set, places[5])).toBe(false);
      revoker.step(100);
      revoker.close();
      expect(places.map((at) => [isTaggedAt(set, at), isTaggedAt(set, at + 64)])).toEqual(kinds.map(() => [false, true]));
      expect(places.map((at) => loaded(set, at + 64))).toEqual(before);
    });
  });
}

describe('pages under load generations', () => {
  const current = ({ space }: World): number => pageLoadCap(space.generation);
  const loadCapOf = (set: World, page: number): number => entryAt(set, page) & PageLOADCAP;

  test('what lets tags through does so in one generation, whatever rights are asked for <design/revoke#.pages>', () => {
    const set = world('riscv'), { space } = set;
    expect(Array.from({ length: PAGES }, (_, page) => loadCapOf(set, page))).toEqual(Array.from({ length: PAGES }, () => pageLoadCap(0)));
    space.map(pageAt(20), PageSIZE, 0, PageREAD | PageTRAPCAP);
    space.map(pageAt(21), PageSIZE, 0, PageREAD);
    space.map(pageAt(22), PageSIZE, 0, RIGHTS);
    expect([20, 21, 22].map((page) => loadCapOf(set, page))).toEqual([0, 0, current(set)]);
    const early = new Machine(PageSIZE), plain = early.space();
    plain.map(0x5000 as Addr, PageSIZE, 0, PageALL);
    plain.map(pageAt(1), PageSIZE, 0, PageREAD);
    new Revoker(early, plain, new Shadow());
    expect([plain.entry(0x5000, 0) & PageLOADCAP, plain.entry(0x1000, WindowHIGH)]).toEqual([current(set), PageREAD | PageVALID]);
  });

  test('new pages of a pass are up to date, but those that may hold capabilities are swept, behind the cursor too <design/revoke#.pages.change>', () => {
    const set = world('riscv'), { hart, space, shadow, revoker, faults } = set;
    put(set, 0x1000, capability(set, 0x3000, 64));
    shadow.paint(0x3000, 0x3040);
    revoker.open([hart]);
    expect(revoker.step(8)).toBe(false);
    space.map(pageAt(2), PageSIZE, 0x2000, RIGHTS);
    put(set, 0x2000, capability(set, 0x5000, 64));
    expect([loaded(set, 0x2000), faults.length]).toEqual(['kept', 0]);
    // A frame that left the space before the sweep came to it, and returns.
    set.machine.memory.tags[0xc000 >> 4] = 1;
    set.machine.memory.i32.copyWithin(0xc000 >> 2, 0x1000 >> 2, 0x1010 >> 2);
    space.map(pageAt(4), PageSIZE, 0xc000, RIGHTS | PageDIRTYCAP);
    expect(loadCapOf(set, 4)).not.toBe(current(set));
    expect(() => { revoker.close(); }).toThrow('<design/revoke#.close>');
    expect(revoker.step(1000)).toBe(true);
    expect([isTaggedAt(set, 0x4000), set.machine.memory.tags[0xc000 >> 4], loadCapOf(set, 4)]).toEqual([false, 0, current(set)]);
    // Also when all had been visited.
    set.machine.memory.tags[0xc000 >> 4] = 1;
    space.map(pageAt(5), PageSIZE, 0xc000, RIGHTS | PageDIRTYCAP);
    expect(() => { revoker.close(); }).toThrow('<design/revoke#.close>');
    expect([revoker.step(0), revoker.step(1), revoker.step(0)]).toEqual([false, true, true]);
    expect(set.machine.memory.tags[0xc000 >> 4]).toBe(0);
    // Also where no tags are let through, at once or before the sweep is there.
    for (const rights of [PageREAD, RIGHTS]) {
      set.machine.memory.tags[0xc000 >> 4] = 1;
      space.map(pageAt(5), PageSIZE, 0xc000, rights | PageDIRTYCAP);
      space.protect(pageAt(5), PageSIZE, PageREAD);
      expect([revoker.step(0), revoker.step(1000), set.machine.memory.tags[0xc000 >> 4]]).toEqual([false, true, 0]);
    }
    revoker.close();
  });

  test('a change of rights does not bring a page up to date <design/revoke#.pages.change>', () => {
    for (const between of [RIGHTS, PageREAD, 0, PageREAD | PageTRAPCAP, PageALL]) {
      const set = world('riscv'), { hart, space, shadow, revoker } = set;
      put(set, 0x1000, capability(set, 0x3000, 64));
      put(set, 0x2000, capability(set, 0x4000, 64));
      shadow.paint(0x3000, 0x3040);
      revoker.open([hart]);
      for (const rights of [between, PageALL]) space.protect(pageAt(1), PageSIZE, rights);
      expect([loaded(set, 0x1000), loaded(set, 0x2000)]).toEqual(['stripped', 'kept']);
      // What has been visited stays so.
      for (const rights of [PageREAD | PageLOADCAP, PageALL]) space.protect(pageAt(2), PageSIZE, rights);
      expect([loaded(set, 0x2000), set.faults.length]).toEqual(['kept', 2]);
    }
  });

  test('a frame is swept through each of its pages, though only one of them is dirty <design/revoke#.pages.alias>', () => {
    const set = world('riscv'), { hart, space, shadow, revoker } = set;
    space.map(pageAt(18), PageSIZE, 0x1000, RIGHTS);
    put(set, 0x1000, capability(set, 0x3000, 64));
    put(set, 0x1010, capability(set, 0x4000, 64));
    slotWrite(hart, 4, capability(set, 0x1_2000, 0x1000));
    shadow.paint(0x3000, 0x3040);
    revoker.open([hart]);
    hart.loadCap(5, 4, 0);
    hart.loadCap(6, 4, 16);
    expect([isDirty(set, 1), isDirty(set, 18), hart.isTagged(5), hart.isTagged(6), revoker.counts.cleared]).toEqual([true, false, false, true, 1]);
    revoker.step(100);
    revoker.close();
    expect([isDirty(set, 1), isDirty(set, 18)]).toEqual([true, false]);
  });

  test('pages outside of the window are swept, and their granules are never painted <design/revoke#.pages.outside>', () => {
    const set = world('riscv'), { hart, space, shadow, revoker, faults } = set;
    space.unmap(pageAt(2), PageSIZE);
    for (const page of [0x1000, 0x3_0000_0000, 0x7ff_ffff_f000]) {
      space.map(page as Addr, PageSIZE, 0x2000, RIGHTS);
      slotWrite(hart, 4, riscv.encode({ base: BigInt(page), top: BigInt(page) + 0x1000n }, BigInt(page), riscv.perm.all & ~riscv.perm.user1, -1, 0n, true).cap);
      hart.storeCap(4, 0, 4);
      slotWrite(hart, 5, capability(set, 0x3000, 64));
      hart.storeCap(4, 16, 5);
      shadow.paint(0x1000, 0x2000);
      shadow.paint(0x3000, 0x3040);
      const before = faults.length;
      revoker.open([hart]);
      hart.loadCap(6, 4, 0);
      hart.loadCap(5, 4, 16);
      expect([hart.isTagged(6), hart.isTagged(5), faults.length - before]).toEqual([true, false, 1]);
      revoker.step(1000);
      revoker.close();
      set.machine.memory.tags[0x2010 >> 4] = 1;
      revoker.open([hart]);
      expect(revoker.step(1000)).toBe(true);
      revoker.close();
      expect([set.machine.memory.tags[0x2000 >> 4], set.machine.memory.tags[0x2010 >> 4]]).toEqual([1, 0]);
      space.unmap(page as Addr, PageSIZE);
    }
  });

  test('a page that may not be written gets a frame of its own before something in it is revoked <design/revoke#.pages.own>', () => {
    const asked: number[] = [], set: World = world('riscv', {
      own: (low, high) => {
        asked.push(low);
        set.machine.memory.i32.copyWithin(0xf000 >> 2, 0x1000 >> 2, 0x2000 >> 2);
        set.machine.memory.tags.copyWithin(0xf000 >> 4, 0x1000 >> 4, 0x2000 >> 4);
        set.space.map(pageAt(low >> 12), PageSIZE, 0xf000, (set.space.entry(low, high) & 0xfff) | PageWRITE);
      },
    });
    put(set, 0x1000, capability(set, 0x3000, 64));
    put(set, 0x2000, capability(set, 0x4000, 64));
    put(set, 0x5000, capability(set, 0x3000, 64));
    for (const page of [1, 2]) set.space.protect(pageAt(page), PageSIZE, PageREAD | PageLOADCAP | PageSTORECAP);
    set.shadow.paint(0x3000, 0x3040);
    set.revoker.open([set.hart]);
    expect([loaded(set, 0x1000), loaded(set, 0x2000)]).toEqual(['stripped', 'kept']);
    set.revoker.step(1000);
    set.revoker.close();
    expect([asked, set.machine.memory.tags[0x1000 >> 4], set.machine.memory.tags[0xf000 >> 4], isTaggedAt(set, 0x5000)]).toEqual([[0x1000], 1, 0, false]);
  });
});

describe('harts and passes', () => {
  test('a hart that is elsewhere at first is tested too, and enters in the generation of the space <design/revoke#.open.harts>', () => {
    const set = world('riscv'), { hart, machine, space, shadow, revoker } = set, other = machine.space(), two = machine.hart('two', other);
    two.trap = hart.trap;
    slotWrite(two, 40, capability(set, 0x3000, 64));
    slotWrite(two, 7, capability(set, 0x3000, 64));
    slotWrite(two, 8, capability(set, 0, PAGES * PageSIZE));
    two.enter(8);
    put(set, 0x1000, capability(set, 0x3000, 64));
    shadow.paint(0x3000, 0x3040);
    revoker.open([hart, two]);
    // Slot 40 is beyond the top: it holds nothing that counts.
    expect([two.isTagged(7), two.isTagged(40), two.generation]).toEqual([false, true, 0]);
    two.enterSpace(space);
    expect(outcome(() => { two.loadCap(9, 8, 0x1000); })).toBeUndefined();
    expect([two.isTagged(9), set.faults.length]).toEqual([false, 1]);
    const late = machine.hart('late', space);
    expect(late.generation).toBe(space.generation);
    revoker.step(1000);
    revoker.close();
  });

  test('faults that are not those of the barrier are left to whoever else there is <design/revoke#.resolve>', () => {
    const set = world('riscv'), { hart, space, revoker, machine } = set;
    put(set, 0x1000, capability(set, 0x3000, 64));
    space.protect(pageAt(2), PageSIZE, PageREAD);
    expect(outcome(() => { hart.store8(1, 0x2000, 1); })).toBe('page');
    expect(outcome(() => { hart.load8(1, PAGES * PageSIZE); })).toBe('bounds');
    const two = machine.hart('two', machine.space());
    revoker.open([hart]);
    expect(loaded(set, 0x1000)).toBe('kept');
    expect(revoker.resolve(two, set.faults[set.faults.length - 1])).toBe(false);
    // One that is up to date already, as when another hart was faster, is tried again.
    expect(revoker.resolve(hart, set.faults[set.faults.length - 1])).toBe(true);
  });

  test('between passes every page is up to date, whatever was done to it, and stale after the next opening <design/revoke#.inv.current>', () => {
    for (const isClosed of [false, true]) {
      const set = world('riscv'), { space, shadow, hart } = set;
      if (isClosed) pass(set);
      for (const page of [1, 2]) put(set, page * PageSIZE, capability(set, 0x3000, 64));
      space.protect(pageAt(1), PageSIZE, PageREAD);
      space.protect(pageAt(1), PageSIZE, RIGHTS);
      space.map(pageAt(2), PageSIZE, 0x2000, PageALL);
      shadow.paint(0x3000, 0x3040);
      expect([loaded(set, 0x1000), loaded(set, 0x2000), set.faults.length]).toEqual(['kept', 'kept', 0]);
      set.revoker.open([hart]);
      expect([loaded(set, 0x1000), loaded(set, 0x2000), set.faults.length]).toEqual(['stripped', 'stripped', 2]);
    }
  });

  test('a pass is opened once, closed when all is visited, and given every hart <design/revoke#.open>', () => {
    const set = world('riscv'), { hart, revoker, machine, space } = set, two = machine.hart('two', space);
    expect(() => revoker.step(1)).toThrow('<design/revoke#.open>');
    expect(() => { revoker.close(); }).toThrow('<design/revoke#.open>');
    slotWrite(two, 1, slotRead(hart, 1));
    two.trap = hart.trap;
    put(set, 0x1000, capability(set, 0x3000, 64));
    revoker.open([hart]);
    expect(() => { revoker.open([hart]); }).toThrow('<design/revoke#.open>');
    expect(revoker.step(PAGES - 1)).toBe(false);
    expect(() => { revoker.close(); }).toThrow('<design/revoke#.close>');
    expect([revoker.step(1), revoker.isOpen, revoker.epoch]).toEqual([true, true, 1]);
    expect(() => { two.loadCap(3, 1, 0x1000); }).toThrow('<design/revoke#.open.harts>');
    revoker.close();
    expect([revoker.isOpen, revoker.epoch]).toEqual([false, 2]);
  });

  for (const format of formats) {
    test(`workers open together, one sweeps, and pages are cleaned when harts stand still <design/revoke#.workers> ${format}`, () => {
      const set = world(format, {}, true), { machine, space, shadow, hart } = set;
      const peer = Machine.join(machine.image()), seen = peer.space(space.image()), two = peer.hart('two', seen);
      const revoker = new Revoker(peer, seen, new Shadow(shadow.image()));
      two.trap = (_hart, fault) => (revoker.resolve(two, fault) ? -1 : expect.unreachable());
      slotWrite(two, 1, slotRead(hart, 1));
      slotWrite(two, 4, capability(set, 0x3000, 64));
      for (const page of [1, 2]) put(set, page * PageSIZE, capability(set, 0x3000, 64));
      shadow.paint(0x3000, 0x3040);
      const open = (): void => {
        set.revoker.open([hart]);
        revoker.open([two]);
      };
      const finish = (): void => {
        expect([set.revoker.step(1000), revoker.step(0)]).toEqual([true, true]);
        set.revoker.close();
        revoker.close();
      };
      open();
      two.loadCap(5, 1, 0x1000);
      expect([two.isTagged(4), two.isTagged(5), loaded(set, 0x2000)]).toEqual([false, false, 'stripped']);
      finish();
      expect([1, 2].map((page) => isDirty(set, page))).toEqual([true, true]);
      open();
      finish();
      expect([1, 2].map((page) => isDirty(set, page))).toEqual([true, true]);
      put(set, 0x2010, capability(set, 0x4000, 64));
      open();
      expect([1, 2].map((page) => isDirty(set, page))).toEqual([false, true]);
      finish();
      expect([machine.memory.tags.includes(2), machine.memory.tags.includes(3)]).toEqual([false, false]);
    });
  }
});
