import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AverError } from '../../code/base/base.ts';
import {
  addrOfWindow, HartREGISTERS, Machine, PageALL, PageLOADCAP, PageREAD, PageSIZE, PageSTORECAP, PageWRITE, PermDATA, PermLOAD,
  PermLOADCAP, PermSTORE, PermSTORECAP, PermSTORELOCAL, slotRead,
} from '../../code/machine/machine.ts';
import { hold } from './arbitrary.ts';
import { give, isAsBefore, loads, outcome, rig, snapshot, stores } from './rig.ts';

describe('slots', () => {
  test('a slot that does not exist gives no access: nothing is read or written <design/machine#.req.closed>', () => {
    const set = rig(), { hart } = set;
    give(hart, 1, 0, 64);
    const before = snapshot(set);
    for (const slot of [-1, hart.limit, hart.limit + 7, 0x0fff_ffff, NaN, undefined as unknown as number]) {
      for (const access of [
        () => hart.load8(slot, 0), () => hart.load16(slot, 0), () => hart.load32(slot, 0), () => hart.loadDouble(slot, 0),
        () => { hart.store8(slot, 0, 1); }, () => { hart.store16(slot, 0, 1); }, () => { hart.store32(slot, 0, 1); },
        () => { hart.storeDouble(slot, 0, 1); }, () => { hart.loadCap(2, slot, 0); }, () => { hart.storeCap(slot, 0, 1); },
      ]) expect(outcomeOfNone(access)).toBe('refused');
      if (slot !== undefined && !Number.isNaN(slot)) expect(outcomeOfNone(() => { hart.storeCap(1, 0, slot); })).toBe('refused');
      expect(() => slotRead(hart, slot)).toThrow(AverError);
    }
    expect(isAsBefore(set, before)).toBe(true);
  });

  function outcomeOfNone(access: () => unknown): unknown {
    try {
      return outcome(access) === 'tag' ? 'refused' : 'granted';
    } catch (error) {
      return error instanceof AverError ? 'refused' : error;
    }
  }

  test('an offset that is no word gives no access <design/machine#.req.closed>', () => {
    const set = rig(), { hart } = set;
    give(hart, 1, 0x1000, 64);
    const before = snapshot(set);
    for (const offset of [NaN, undefined as unknown as number, Infinity, -Infinity, 2 ** 32, 2 ** 32 + 16, -(2 ** 32), 63.5]) {
      for (const [, , access] of [...loads, ...stores]) expect(outcomeOfNone(() => access(hart, offset))).toBe('refused');
    }
    expect(isAsBefore(set, before)).toBe(true);
  });

  test('a slot that does not exist holds no capability <design/machine#.hart.slot.exists>', () => {
    const { hart } = rig();
    expect([-1, hart.limit, NaN].map((slot) => hart.isTagged(slot))).toEqual([false, false, false]);
  });

  test('enter gives cleared slots and leave gives them back; more than there are is refused <design/machine#.hart.overflow>', () => {
    const hart = new Machine(PageSIZE).hart('small', new Machine(PageSIZE).space(), 40);
    expect(hart.top).toBe(HartREGISTERS);
    const base = hart.enter(8);
    expect([base, hart.top]).toEqual([32, 40]);
    hart.r.fill(5);
    hart.leave(base);
    expect([hart.local(), hart.top]).toEqual([32, 33]);
    expect([...hart.r.subarray(32 * 8, 33 * 8)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect([hart.r[32 * 8 - 1], hart.r[33 * 8]]).toEqual([5, 5]);
    expect(() => hart.enter(8)).toThrow('<design/machine#.hart.overflow>');
    expect(hart.top).toBe(33);
    expect(() => new Machine(PageSIZE).hart('none', new Machine(PageSIZE).space(), 8)).toThrow('<design/machine#.hart.registers>');
  });

  test('move, clear and set change what they should and leave the client its word <design/machine#.slot>', () => {
    const { hart } = rig();
    give(hart, 1, 0x2000, 64);
    hart.r[15] = 10;
    hart.r[23] = 20;
    hart.move(2, 1);
    expect([...hart.r.subarray(16, 24)]).toEqual([...hart.r.subarray(8, 15), 20]);
    hart.set(2, 1, 2, 3, 4);
    expect([...hart.r.subarray(16, 24)]).toEqual([1, 2, 3, 4, 0, 0, 0, 20]);
    hart.move(1, 2);
    hart.clear(2);
    expect([...hart.r.subarray(8, 24)]).toEqual([1, 2, 3, 4, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 20]);
  });

  test('isSame compares 128 bits and the tag <design/machine#.slot>', () => {
    const { hart } = rig();
    give(hart, 1, 0x2000, 64);
    for (let word = 0; word < 5; word += 1) {
      hart.move(2, 1);
      expect(hart.isSame(1, 2)).toBe(true);
      hart.r[16 + word] = word < 4 ? hart.r[16 + word] ^ 0x100 : 0;
      expect([word, hart.isSame(1, 2), hart.isSame(2, 1)]).toEqual([word, false, false]);
    }
  });
});

test('random accesses are made or refused as authority, page, bounds and alignment say <design/machine#.ladder.agree>', () => {
  const perms = fc.constantFrom(PermDATA, PermDATA, PermDATA, PermLOAD, PermSTORE, PermDATA & ~PermSTORECAP, PermDATA & ~PermLOADCAP, 0);
  const rights = fc.constantFrom(PageALL, PageALL, PageALL, PageREAD, PageWRITE, PageALL & ~PageSTORECAP, PageALL & ~PageLOADCAP, 0);
  const set = rig(), { hart, space } = set;
  let made = 0, refused = 0;
  hold(fc.tuple(perms, rights, fc.nat(0x1fff), fc.nat(0xfff), fc.integer({ min: -20, max: 0x1010 }), fc.boolean(), fc.nat(9)),
    ([perm, right, at, size, near, isGlobal, which]) => {
      const [, width, access] = [...loads, ...stores][which];
      const low = at & -width, offset = near % 3 === 0 ? near : near & -width, isStore = which >= 5, isCap = which === 9;
      space.map(addrOfWindow(0x1000), PageSIZE, 0x1000, right);
      give(hart, 1, low, size, perm);
      give(hart, 2, 0x3000, 16, isGlobal ? PermDATA : PermLOAD);
      const before = snapshot(set);
      const needs = !isStore ? PermLOAD : !isCap ? PermSTORE : PermSTORE | PermSTORECAP | (isGlobal ? 0 : PermSTORELOCAL);
      const needed = !isStore ? PageREAD : !isCap ? PageWRITE : PageWRITE | PageSTORECAP;
      const page = (low + offset) >> 12 === 1 ? right : PageALL;
      const may = (perm & needs) === needs && (page & needed) === needed && (low + offset) % width === 0
        && offset >= 0 && offset + width <= size;
      expect(typeof outcome(() => access(hart, offset)) !== 'string').toBe(may);
      if (may) made += 1;
      else refused += 1;
      if (!may) expect(isAsBefore(set, before)).toBe(true);
    }, 2000);
  expect(made).toBeGreaterThan(200);
  expect(refused).toBeGreaterThan(200);
});
