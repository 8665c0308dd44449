import { describe, expect, test } from 'vitest';

import {
  addrOf, addrOfWindow, branch, branchPair, fetch, formatOf, invoke, jump, PageREAD, riscv, slotRead, slotWrite, type Capability,
  type FaultKind, type FormatName,
} from '../../code/machine/machine.ts';
import {
  at, BASE, change, CODE, DATA, entry, INVOKED, LINK, PCC, placed, program, refused, state, Type, typed, untag, withExecute, without,
  type Change,
} from './control-rig.ts';
import { outcome, RigMAPPED, type Rig } from './rig.ts';

describe('CJALR', () => {
  /** The last two bytes, without the last. */
  const lastOdd: Change = (cap) => riscv.setBounds({ ...cap, lo: at(0x10fe) }, 1n).cap;
  type Row = readonly [name: string, changes: readonly Change[], offset: number, result: FaultKind | number];
  const rows: readonly Row[] = [
    ['to the address', [], 0, 0x1040],
    ['to an offset', [], 0x20, 0x1060],
    ['backward', [], -0x40, 0x1000],
    ['bit 0 is cleared', [placed(0x1041)], 0, 0x1040],
    ['bit 0 of the sum is cleared', [placed(0x1041)], 0x10, 0x1050],
    ['to two bytes, for instructions are compressed', [placed(0x1042)], 0, 0x1042],
    ['the last two bytes', [], 0xbe, 0x10fe],
    ['the last byte, whose bit 0 is cleared', [], 0xbf, 0x10fe],
    ['beyond', [], 0xc0, 'bounds'],
    ['to where one byte is within', [lastOdd], 0, 'bounds'],
    ['below', [], -0x41, 'bounds'],
    ['untagged', [untag], 0, 'tag'],
    ['a sentry', [entry], 0, 0x1040],
    ['a sentry with an offset', [entry], 2, 'seal'],
    ['a sentry with an offset that would be cleared', [entry], 1, 'seal'],
    ['a sentry outside of its bounds', [placed(0x1100), entry], 0, 'bounds'],
    ['sealed with a program\'s type', [typed(Type)], 0, 'seal'],
    ['sealed with a reserved type', [typed(0x3fffd)], 0, 'seal'],
    ['without EXECUTE', [without('execute')], 0, 'execute'],
    ['a sentry without EXECUTE', [without('execute'), entry], 0, 'execute'],
  ];

  for (const [name, changes, offset, result] of rows) {
    test(`${name} <design/control#.riscv.jump>`, () => {
      const set = program(), { hart } = set, cap = change(hart, CODE, ...changes), from = slotRead(hart, PCC);
      const attempt = (): void => { jump(hart, PCC, LINK, CODE, offset); };
      if (typeof result === 'string') {
        expect(refused(set, attempt)).toMatchObject({ kind: result, slot: CODE, register: CODE });
        return;
      }
      attempt();
      expect(slotRead(hart, PCC)).toEqual({ ...typed(riscv.types.unsealed)(cap, hart), lo: at(result) });
      expect(slotRead(hart, LINK)).toEqual(riscv.sealEntry({ ...from, lo: from.lo + 4n }));
      expect(slotRead(hart, CODE)).toEqual(cap);
      // Rooms are those of the new address.
      const words = [...hart.r.subarray(PCC << 3, (PCC + 1) << 3)];
      hart.decode(PCC);
      expect([...hart.r.subarray(PCC << 3, (PCC + 1) << 3)]).toEqual(words);
    });
  }

  test('each thing that is wrong is reported in its turn <design/control#.riscv.jump>', () => {
    const set = program(), { hart } = set, kind = (): unknown => outcome(() => { jump(hart, PCC, LINK, CODE); });
    change(hart, CODE, without('execute'), placed(0x1100), typed(Type), untag);
    const rows: readonly (readonly [FaultKind, Change])[] = [
      ['tag', (cap) => ({ ...cap, tag: true })], ['seal', typed(riscv.types.sentry)], ['execute', withExecute], ['bounds', placed(0x1080)],
    ];
    for (const [refusal, repair] of rows) {
      expect(kind()).toBe(refusal);
      change(hart, CODE, repair);
    }
    expect(kind()).toBe(undefined);
  });

  test('the link is the only way back, and it goes there <design/control#.req.closed>', () => {
    const set = program(), { hart } = set;
    jump(hart, PCC, LINK, CODE);
    expect(refused(set, () => hart.load8(LINK, 0)).kind).toBe('seal');
    expect(refused(set, () => { jump(hart, PCC, -1, LINK, 4); }).kind).toBe('seal');
    jump(hart, PCC, -1, LINK);
    expect(addrOf(hart, PCC)).toBe(addrOfWindow(0x1014));
  });

  test('slots may be named twice, and a link left out <design/control#.departs.register>', () => {
    const { hart } = program(), target = slotRead(hart, CODE);
    jump(hart, PCC, CODE, CODE);
    expect(slotRead(hart, PCC)).toEqual(target);
    expect(addrOf(hart, CODE)).toBe(addrOfWindow(0x1014));
    jump(hart, PCC, -1, CODE);
    expect([slotRead(hart, LINK).tag, addrOf(hart, PCC)]).toEqual([false, addrOfWindow(0x1014)]);
  });

  test('who handles the fault may repair the target <design/control#.inv.fault.nothing>', () => {
    const { hart } = program(), good = slotRead(hart, CODE);
    hart.clear(CODE);
    hart.trap = (_hart, fault) => {
      expect([fault.kind, fault.access, fault.slot, fault.offset, fault.low]).toEqual(['tag', 'jump', CODE, 8, 8]);
      slotWrite(hart, CODE, good);
      return -1;
    };
    jump(hart, PCC, LINK, CODE, 8);
    expect([addrOf(hart, PCC), hart.faults]).toEqual([addrOfWindow(0x1048), 1]);
  });

  test('also across words of the address <design/control#.req.exact>', () => {
    const { hart } = program(), { cap } = riscv.encode({ base: 0n, top: 1n << 64n }, 0xffff_fff0n, riscv.perm.all, riscv.types.unsealed, 1n, true);
    slotWrite(hart, CODE, cap);
    jump(hart, PCC, LINK, CODE, 0x21);
    expect(slotRead(hart, PCC)).toEqual({ ...cap, lo: 0x1_0000_0010n });
  });
});

describe('CInvoke', () => {
  type Row = readonly [name: string, code: readonly Change[], data: readonly Change[], result: readonly [FaultKind, number] | number];
  const pair = typed(Type);
  const rows: readonly Row[] = [
    ['a pair', [pair], [pair], 0x1040],
    ['bit 0 is cleared', [placed(0x1041), pair], [pair], 0x1040],
    ['code outside of its bounds', [placed(0x10ff + 1), pair], [pair], ['bounds', CODE]],
    ['data may be outside', [pair], [placed(0x2100), pair], 0x1040],
    ['untagged code', [pair, untag], [pair], ['tag', CODE]],
    ['untagged data', [pair], [pair, untag], ['tag', DATA]],
    ['unsealed code', [], [pair], ['seal', CODE]],
    ['unsealed data', [pair], [], ['seal', DATA]],
    ['sentries', [entry], [entry], ['seal', CODE]],
    ['data with a type of the architecture\'s own', [pair], [typed(0x3fffc)], ['seal', DATA]],
    ['two types', [pair], [typed(Type + 1)], ['type', CODE]],
    ['the greatest type', [typed(0x3fffb)], [typed(0x3fffb)], 0x1040],
    ['type 0', [typed(0)], [typed(0)], 0x1040],
    ['code without CINVOKE', [pair, without('invoke')], [pair], ['invoke', CODE]],
    ['data without CINVOKE', [pair], [pair, without('invoke')], ['invoke', DATA]],
    ['code without EXECUTE', [pair, without('execute')], [pair], ['execute', CODE]],
    ['data with EXECUTE', [pair], [pair, withExecute], ['execute', DATA]],
  ];

  for (const [name, code, data, result] of rows) {
    test(`${name} <design/control#.riscv.invoke>`, () => {
      const set = program(), { hart } = set, entered = change(hart, CODE, ...code), given = change(hart, DATA, ...data);
      const attempt = (): void => { invoke(hart, PCC, INVOKED, CODE, DATA); };
      if (typeof result !== 'number') {
        expect(refused(set, attempt)).toMatchObject({ kind: result[0], slot: result[1], register: result[1] });
        return;
      }
      attempt();
      const open = typed(riscv.types.unsealed);
      expect(slotRead(hart, PCC)).toEqual({ ...open(entered, hart), lo: at(result) });
      expect(slotRead(hart, INVOKED)).toEqual(open(given, hart));
      expect([slotRead(hart, CODE), slotRead(hart, DATA)]).toEqual([entered, given]);
    });
  }

  test('each thing that is wrong is reported in its turn <design/control#.riscv.invoke>', () => {
    const { hart } = program();
    change(hart, CODE, without('execute'), without('invoke'), placed(0x1100), untag);
    change(hart, DATA, withExecute, without('invoke'), untag);
    const tag: Change = (cap) => ({ ...cap, tag: true });
    const invocable: Change = (cap) => riscv.encode(riscv.bounds(cap), cap.lo, riscv.perms(cap) | riscv.perm.invoke, riscv.type(cap), 0n, cap.tag).cap;
    const rows: readonly (readonly [FaultKind, number, Change])[] = [
      ['tag', CODE, tag], ['tag', DATA, tag], ['seal', CODE, typed(Type)], ['seal', DATA, typed(7)], ['type', CODE, typed(7)],
      ['invoke', CODE, invocable], ['invoke', DATA, invocable], ['execute', CODE, withExecute], ['execute', DATA, without('execute')],
      ['bounds', CODE, placed(0x1000)],
    ];
    const attempt = (): void => { invoke(hart, PCC, INVOKED, CODE, DATA); };
    for (const [kind, slot, repair] of rows) {
      expect(outcome(attempt)).toBe(kind);
      change(hart, slot, repair);
    }
    expect(outcome(attempt)).toBe(undefined);
  });
});

describe('fetching', () => {
  test('parcels of two bytes, in the order of the ladder <design/control#.fetch>', () => {
    const set = program(), { hart } = set;
    set.memory.i32[0x1010 >> 2] = 0x1234_5678;
    expect([fetch(hart, PCC, 0), fetch(hart, PCC, 2)]).toEqual([0x5678, 0x1234]);
    expect(refused(set, () => fetch(hart, PCC, 0xf0))).toMatchObject({ kind: 'bounds', register: 0x20 });
    expect(outcome(() => fetch(hart, PCC, 1))).toBe('misaligned');
    expect(outcome(() => fetch(hart, DATA, 0))).toBe('execute');
    set.space.protect(addrOfWindow(0), RigMAPPED, PageREAD);
    expect(outcome(() => fetch(hart, PCC, 0))).toBe('page');
    change(hart, PCC, entry);
    expect(outcome(() => fetch(hart, PCC, 0))).toBe('seal');
    change(hart, PCC, untag);
    expect(outcome(() => fetch(hart, PCC, 0))).toBe('tag');
  });

  test('and of four, unsigned, on Morello <design/control#.fetch>', () => {
    const set = program('morello'), { hart } = set;
    set.memory.i32[0x1010 >> 2] = -2;
    expect(fetch(hart, PCC, 0)).toBe(0xffff_fffe);
    expect(outcome(() => fetch(hart, PCC, 2))).toBe('misaligned');
    expect(outcome(() => fetch(hart, PCC, 0xee))).toBe('bounds');
  });
});

test('a jump of the other format is a client\'s defect <design/control#.format>', () => {
  const { hart } = program('morello'), other = program().hart;
  expect(() => { jump(hart, PCC, LINK, CODE); }).toThrow('<design/control#.format>');
  expect(() => { invoke(hart, PCC, INVOKED, CODE, DATA); }).toThrow('<design/control#.format>');
  expect(() => { branch(other, state(), PCC, LINK, CODE); }).toThrow('<design/control#.format>');
});

/** service -- a counter at 0x2000 that only code at 0x1040 can reach: the client has the sealed pair and nothing else. */
function service(format: FormatName): Rig {
  const set = program(format), { hart } = set, { perm } = formatOf(hart);
  const { cap: authority } = formatOf(hart).encode(
    { base: BigInt(Type), top: BigInt(Type + 1) }, BigInt(Type), perm.seal | perm.global, formatOf(hart).types.unsealed, 0n, true,
  );
  change(hart, CODE, (cap) => formatOf(hart).seal(cap, authority));
  change(hart, DATA, (cap) => formatOf(hart).seal(cap, authority));
  return set;
}

for (const format of ['riscv', 'morello'] as const) {
  test(`${format}: a sealed pair is entered at its door, and its data is the service's alone <design/control#.req.closed> <design/control#.inv.authority>`, () => {
    const set = service(format), { hart } = set;
    const call = (code: number, data: number): void => {
      if (format === 'riscv') invoke(hart, PCC, INVOKED, code, data);
      else branchPair(hart, state(), PCC, LINK, INVOKED, code, data);
    };
    // What a client may try with what it has: no access, and no derived one.
    for (const attempt of [
      () => hart.load32(DATA, 0), () => { hart.store32(DATA, 0, 7); }, () => { hart.loadCap(BASE, CODE, 0); }, () => fetch(hart, CODE, 0),
    ]) expect(refused(set, attempt).kind).toBe('seal');
    for (const derive of [
      (cap: Capability) => formatOf(hart).setAddress(cap, cap.lo + 4n), (cap: Capability) => formatOf(hart).setBounds(cap, 4n).cap,
      (cap: Capability) => formatOf(hart).andPerm(cap, -1), (cap: Capability) => formatOf(hart).sealEntry(cap),
    ]) expect([derive(slotRead(hart, CODE)).tag, derive(slotRead(hart, DATA)).tag]).toEqual([false, false]);
    // Nor can it be entered elsewhere, with other data, or as data of other code.
    slotWrite(hart, BASE, { ...slotRead(hart, DATA), tag: false });
    if (format === 'riscv') expect(refused(set, () => { call(CODE, BASE); }).kind).toBe('tag');
    else {
      hart.move(7, PCC);
      call(CODE, BASE);
      expect([hart.isTagged(PCC), hart.isTagged(INVOKED)]).toEqual([false, false]);
      hart.move(PCC, 7);
    }
    // What it may do is call; the service counts.
    for (let calls = 1; calls <= 3; ++calls) {
      call(CODE, DATA);
      expect(addrOf(hart, PCC)).toBe(addrOfWindow(0x1040));
      hart.store32(INVOKED, 0, hart.load32(INVOKED, 0) + 1);
      expect(set.memory.i32[0x2000 >> 2]).toBe(calls);
    }
  });
}
