import { describe, expect, test } from 'vitest';

import {
  addrOf, addrOfWindow, branch, branchPair, branchSealed, branchThrough, branchThroughPair, fetch, PageALL, SealLB, SealLPB, SealRB,
  sealForm, slotRead, type Hart,
} from '../../code/machine/machine.ts';
import {
  at, BASE, change, CODE, DATA, entry, INVOKED, LINK, PCC, placed, program, ProgramWINDOW, refused, state, Type, typed, untag,
  withExecute, without, type Change,
} from './control-rig.ts';
import { outcome, type Rig } from './rig.ts';

describe('Morello\'s branches', () => {
  /** What arrives in PCC: its address, or the kind of the fault of the next fetch. */
  const arrival = (hart: Hart): unknown => {
    const kind = outcome(() => fetch(hart, PCC, 0));
    return typeof kind === 'string' ? kind : Number(slotRead(hart, PCC).lo - ProgramWINDOW);
  };
  type Row = readonly [name: string, changes: readonly Change[], any: unknown, sealed: unknown];
  const lpb: Change = (cap) => sealForm(cap, SealLPB);
  const rows: readonly Row[] = [
    ['to the value', [], 0x1040, 'tag'],
    ['an RB', [entry], 0x1040, 0x1040],
    ['an RB in C64', [placed(0x1041), entry], 0x1040, 0x1040],
    ['an LPB', [lpb], 'tag', 'tag'],
    ['a program\'s type', [typed(Type)], 'tag', 'tag'],
    ['untagged', [untag], 'tag', 'tag'],
    ['an untagged RB', [entry, untag], 'tag', 'tag'],
    ['without EXECUTIVE', [without('executive')], 'tag', 'tag'],
    ['an RB without EXECUTIVE', [without('executive'), entry], 'tag', 'tag'],
    ['an RB without EXECUTE', [without('execute'), entry], 'execute', 'execute'],
    ['an RB outside of its bounds', [placed(0x1100), entry], 'bounds', 'bounds'],
    ['an RB that is misaligned', [placed(0x1042), entry], 'misaligned', 'misaligned'],
  ];

  for (const [name, changes, any, sealed] of rows) {
    test(`${name} <design/control#.morello.arrive>`, () => {
      for (const isSealed of [false, true]) {
        const { hart } = program('morello'), cap = change(hart, CODE, ...changes), now = state(false, isSealed);
        (isSealed ? branchSealed : branch)(hart, now, PCC, LINK, CODE);
        expect([hart.faults, arrival(hart)]).toEqual([0, isSealed ? sealed : any]);
        expect(now.isC64).toBe((cap.lo & 1n) !== 0n);
        expect(slotRead(hart, PCC).lo).toBe(cap.lo & ~1n);
      }
    });
  }

  test('without sealed links a sealed return asks for no seal <design/control#.morello.links>', () => {
    const { hart } = program('morello');
    branchSealed(hart, state(), PCC, -1, CODE);
    expect(arrival(hart)).toBe(0x1040);
  });

  test('restricted code may enter executive code, and not the reverse <design/control#.morello.executive>', () => {
    const { hart } = program('morello');
    change(hart, PCC, without('executive'));
    change(hart, CODE, entry);
    branch(hart, state(), PCC, LINK, CODE);
    expect(arrival(hart)).toBe(0x1040);
    branch(hart, state(), PCC, -1, LINK);
    expect(arrival(hart)).toBe('tag');
  });

  test('links have bit 0 in C64, are sealed if the state says so, and go back <design/control#.morello.links>', () => {
    for (const isC64 of [false, true]) {
      for (const sealsLinks of [false, true]) {
        const { hart } = program('morello'), from = slotRead(hart, PCC), now = state(isC64, sealsLinks);
        branch(hart, now, PCC, LINK, CODE);
        const next = { ...from, lo: at(isC64 ? 0x1015 : 0x1014) };
        expect(slotRead(hart, LINK)).toEqual(sealsLinks ? sealForm(next, SealRB) : next);
        expect(now.isC64).toBe(false);
        branchSealed(hart, now, PCC, LINK, LINK);
        expect([slotRead(hart, PCC), now.isC64]).toEqual([{ ...from, lo: at(0x1014) }, isC64]);
      }
    }
  });

  type PairRow = readonly [name: string, code: readonly Change[], data: readonly Change[], isPair: boolean];
  const pair = typed(Type);
  const pairs: readonly PairRow[] = [
    ['a pair', [pair], [pair], true],
    ['type 4', [typed(4)], [typed(4)], true],
    ['two types', [pair], [typed(Type + 1)], false],
    ['unsealed', [], [], false],
    ['RB', [entry], [entry], false],
    ['LB', [typed(3)], [typed(3)], false],
    ['untagged code', [pair, untag], [pair], false],
    ['untagged data', [pair], [pair, untag], false],
    ['code without BRANCH_SEALED_PAIR', [pair, without('invoke')], [pair], false],
    ['data without BRANCH_SEALED_PAIR', [pair], [pair, without('invoke')], false],
    ['code without EXECUTE', [pair, without('execute')], [pair], false],
    ['data with EXECUTE', [pair], [pair, withExecute], false],
  ];

  for (const [name, code, data, isPair] of pairs) {
    test(`sealed pairs: ${name} <design/control#.morello.pair>`, () => {
      const { hart } = program('morello');
      change(hart, CODE, ...code);
      const given = change(hart, DATA, ...data), from = slotRead(hart, PCC);
      branchPair(hart, state(), PCC, LINK, INVOKED, CODE, DATA);
      expect(arrival(hart)).toBe(isPair ? 0x1040 : 'tag');
      expect(slotRead(hart, INVOKED)).toEqual(isPair ? typed(0)(given, hart) : given);
      expect(slotRead(hart, LINK)).toEqual({ ...from, lo: at(0x1014) });
    });
  }

  test('a pair without EXECUTIVE is not entered from executive code <design/control#.morello.arrive>', () => {
    const { hart } = program('morello');
    change(hart, CODE, without('executive'), pair);
    change(hart, DATA, pair);
    branchPair(hart, state(), PCC, -1, INVOKED, CODE, DATA);
    expect(arrival(hart)).toBe('tag');
  });

  /** table -- at 0x2000 a capability for data and behind it one for code; BASE is for both, with a type. */
  function table(type: number): Rig {
    const set = program('morello'), { hart } = set;
    hart.storeCap(DATA, 0, DATA);
    hart.storeCap(DATA, 16, CODE);
    hart.move(BASE, DATA);
    change(hart, BASE, typed(type));
    hart.clear(CODE);
    return set;
  }

  for (const [type, isGood] of [[SealLPB, true], [0, true], [SealLB, false], [SealRB, false], [Type, false]] as const) {
    test(`through a pair in memory, base of type ${type} <design/control#.morello.memory>`, () => {
      const set = table(type), { hart } = set, base = slotRead(hart, BASE), from = slotRead(hart, PCC);
      const attempt = (): void => { branchThroughPair(hart, state(), PCC, LINK, INVOKED, BASE); };
      if (!isGood) {
        expect(refused(set, attempt).kind).toBe('seal');
        return;
      }
      attempt();
      expect([arrival(hart), slotRead(hart, INVOKED), slotRead(hart, BASE)]).toEqual([0x1040, slotRead(hart, DATA), base]);
      expect(slotRead(hart, LINK)).toEqual({ ...from, lo: at(0x1014) });
    });
  }

  for (const [type, isGood] of [[SealLB, true], [0, true], [SealLPB, false], [SealRB, false], [Type, false]] as const) {
    test(`through memory, base of type ${type} <design/control#.morello.memory>`, () => {
      const set = table(type), { hart } = set;
      const attempt = (): void => { branchThrough(hart, state(), PCC, LINK, BASE, 16); };
      if (!isGood) {
        expect(refused(set, attempt).kind).toBe('seal');
        return;
      }
      attempt();
      expect([arrival(hart), slotRead(hart, BASE)]).toEqual([0x1040, slotRead(hart, DATA)]);
    });
  }

  test('a load that faults leaves no slot unsealed, not even a borrowed one <design/control#.inv.borrowed>', () => {
    const pairOf = table(SealLPB);
    change(pairOf.hart, BASE, placed(0x20f0));
    expect(refused(pairOf, () => { branchThroughPair(pairOf.hart, state(), PCC, LINK, INVOKED, BASE); }).kind).toBe('bounds');
    const one = table(SealLB);
    expect(refused(one, () => { branchThrough(one.hart, state(), PCC, LINK, BASE, 0x100); }).kind).toBe('bounds');
    const { hart } = table(SealLPB);
    branchThroughPair(hart, state(), PCC, LINK, INVOKED, BASE);
    expect(hart.r.subarray(hart.top << 3, (hart.top + 4) << 3).some((word) => word !== 0)).toBe(false);
  });

  test('the link is of the code as it is when the loads are done <design/control#.inv.borrowed>', () => {
    const { hart, space } = table(SealLPB);
    space.protect(addrOfWindow(0x2000), 0x1000, 0);
    hart.trap = () => {
      space.protect(addrOfWindow(0x2000), 0x1000, PageALL);
      change(hart, PCC, placed(0x1080));
      return -1;
    };
    branchThroughPair(hart, state(), PCC, LINK, INVOKED, BASE);
    expect(addrOf(hart, LINK)).toBe(addrOfWindow(0x1084));
  });
});
