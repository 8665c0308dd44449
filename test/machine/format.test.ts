import { describe, expect, test } from 'vitest';
import { capClearTag, capHas, capIsCanonical, capIsSame, capLength, capOffset } from '../../code/machine/codec.ts';
import {
  PermEXECUTE, PermGLOBAL, PermLOAD, PermLOADCAP, PermSTORE, PermSTORECAP, PermSTORELOCAL, morello, riscv, type AccessKind, type Capability,
  type Format,
} from '../../code/machine/machine.ts';
import { alignDown, alignUp, sealForm, sealIfFlag, SealLB, SealLPB, SealRB, unsealIfSubset } from '../../code/machine/morello.ts';
import { capFromPtr, capSub, capToPtr } from '../../code/machine/riscv.ts';
import { formats, hold, possible } from './arbitrary.ts';

const SpaceLAST = (1n << 64n) - 1n;

/** An unsealed, tagged capability for a range, at its base. */
const rangeCap = (format: Format, base: bigint, top: bigint, perms: number = format.perm.all): Capability =>
  format.encode({ base, top }, base, perms, format.types.unsealed, 0n, true).cap;

for (const format of formats) {
  const { perm, types } = format;

  describe(`${format.title}: permissions`, () => {
    test('each has one name and one bit, and all of them are all there are <design/capability#.format.perms>', () => {
      const bits = format.permNames.map(([bit]) => bit), names = format.permNames.map(([, name]) => name);
      expect(bits.reduce((sum, bit) => sum + bit, 0)).toBe(perm.all);
      expect(bits).toEqual([...bits].sort((a, b) => a - b));
      expect(bits.every((bit) => (bit & (bit - 1)) === 0)).toBe(true);
      expect(new Set(names).size).toBe(names.length);
      for (const [key, bit] of Object.entries(perm)) if (key !== 'all' && bit !== 0) expect(bits).toContain(bit);
      expect(Object.entries(perm).filter(([key, bit]) => key !== 'all' && bit !== 0).length).toBe(bits.length);
    });

    test('each can be had alone, and a slot\'s tag word has the seven that accesses ask for <design/capability#.format.perms>', () => {
      const slot = new Map([
        [perm.global, PermGLOBAL], [perm.execute, PermEXECUTE], [perm.load, PermLOAD], [perm.store, PermSTORE], [perm.loadCap, PermLOADCAP],
        [perm.storeCap, PermSTORECAP], [perm.storeLocal, PermSTORELOCAL],
      ]);
      for (const [bit] of format.permNames) {
        const cap = format.andPerm(format.rootAt(0n), bit);
        expect([format.perms(cap), cap.tag, format.slotPerms(cap)]).toEqual([bit, true, slot.get(bit) ?? 0]);
        expect([capHas(format, cap, bit), capHas(format, cap, perm.all), capHas(format, cap, 0)]).toEqual([true, false, true]);
      }
      expect(format.slotPerms(format.rootAt(0n))).toBe(0x7f_0000);
    });

    test('bits that are no permission are not kept <design/capability#.format.perms>', () => {
      expect(format.encode({ base: 0n, top: 1n }, 0n, -1, types.unsealed, 0n, false).cap.hi)
        .toBe(format.encode({ base: 0n, top: 1n }, 0n, perm.all, types.unsealed, 0n, false).cap.hi);
    });
  });

  describe(`${format.title}: fields`, () => {
    test('NULL and the root <design/capability#.memory-form>', () => {
      expect(format.nullAt(-1n)).toEqual({ hi: 0n, lo: SpaceLAST, tag: false });
      for (const cap of [format.nullAt(5n), format.rootAt(5n)]) {
        expect(format.bounds(cap)).toEqual({ base: 0n, top: 1n << 64n });
        expect([format.type(cap), format.isSealed(cap), format.isSentry(cap)]).toEqual([types.unsealed, false, false]);
        expect([capLength(format, cap), capOffset(format, cap)]).toEqual([1n << 64n, 5n]);
      }
      expect([format.perms(format.nullAt(0n)), format.perms(format.rootAt(0n))]).toEqual([0, perm.all]);
      expect(format.rootAt(-1n).lo).toBe(SpaceLAST);
    });

    test('what fields tells is what the questions tell <design/capability#.format>', () => {
      hold(possible(format), (cap) => {
        const fields = format.fields(cap), { base, top } = format.bounds(cap);
        expect([fields.base, fields.top, fields.perms, fields.type, fields.flags])
          .toEqual([base, top, format.perms(cap), format.type(cap), format.flags(cap)]);
        expect([fields.reserved, fields.valid]).toEqual([0, true]);
        expect([capLength(format, cap), capOffset(format, cap)]).toEqual([top - base, BigInt.asUintN(64, cap.lo - base)]);
        expect(capIsCanonical(format, cap)).toBe(true);
        expect(capClearTag(cap)).toEqual({ ...cap, tag: false });
      }, 500);
    });

    test('two capabilities are the same in all 129 bits or not at all <design/capability#.def.capability>', () => {
      const cap = rangeCap(format, 0x1000n, 0x2000n);
      expect(capIsSame(cap, { ...cap })).toBe(true);
      for (const other of [{ ...cap, tag: false }, { ...cap, lo: cap.lo ^ 1n }, { ...cap, hi: cap.hi ^ (1n << 63n) }]) {
        expect(capIsSame(cap, other)).toBe(false);
      }
    });

    test('lengths and offsets wrap <design/capability#.format>', () => {
      const cap = rangeCap(format, 0x1000n, 0x1010n);
      expect(capOffset(format, { ...cap, lo: 0xfffn })).toBe(SpaceLAST);
    });

    test('bounds out of order or out of the space are not canonical <design/capability#.canonical>', () => {
      let found = 0;
      for (let bits = 0n; bits < 0x800_0000n; bits += 0x1_2345n) {
        const cap = { hi: bits, lo: 0n, tag: false }, { base, top } = format.bounds(cap);
        if (base <= top && top <= 1n << 64n) continue;
        found += 1;
        expect(capIsCanonical(format, cap)).toBe(false);
      }
      expect(found).toBeGreaterThan(5);
    });
  });

  describe(`${format.title}: accesses`, () => {
    const value = format.rootAt(0n), local = format.andPerm(value, perm.all & ~perm.global);
    const asks = (perms: number, access: AccessKind, address: bigint, stored: Capability = value, size: bigint = 16n): string | null =>
      format.refuses(rangeCap(format, 0x1000n, 0x2000n, perms), address, access, size, stored);

    test('tag before seal before all else <design/capability#.format.refuses>', () => {
      const cap = format.sealEntry(rangeCap(format, 0x1000n, 0x2000n, 0));
      expect(format.refuses({ ...cap, tag: false }, 0n, 'load', 1n, value)).toBe('tag');
      expect(format.refuses(cap, 0n, 'load', 1n, value)).toBe('seal');
    });

    test('each permission is asked for by the accesses that need it, before bounds, and they before alignment <design/capability#.format.refuses>', () => {
      const needs: readonly (readonly [AccessKind, ...(readonly (readonly [number, string])[])])[] = [
        ['load', [perm.load, 'load']], ['loadcap', [perm.load, 'load']], ['store', [perm.store, 'store']], ['fetch', [perm.execute, 'execute']],
        ['storecap', [perm.store, 'store'], [perm.storeCap, 'storecap']],
      ];
      for (const [access, ...permissions] of needs) {
        let granted = 0;
        for (const [bit, kind] of permissions) {
          expect([access, asks(granted, access, 0n)]).toEqual([access, kind]);
          granted |= bit;
        }
        expect([access, asks(granted, access, 0n)]).toEqual([access, 'bounds']);
        expect([access, asks(granted, access, 0x1ff8n)]).toEqual([access, 'bounds']);
        expect([access, asks(granted, access, 0x1008n)]).toEqual([access, access.endsWith('cap') ? 'misaligned' : null]);
        expect([access, asks(granted, access, 0x1000n)]).toEqual([access, null]);
        expect([access, asks(perm.all & ~granted, access, 0x1000n) === null]).toEqual([access, false]);
      }
    });

    test('STORE_LOCAL is needed for tagged values without GLOBAL alone <design/capability#.format.refuses>', () => {
      for (const access of ['storecap', 'swapcap'] as const) {
        const perms = perm.load | perm.store | perm.storeCap;
        expect([asks(perms, access, 0x1000n, local), asks(perms | perm.storeLocal, access, 0x1000n, local)]).toEqual(['storelocal', null]);
        expect(asks(perms & ~perm.storeCap, access, 0x1000n, capClearTag(local))).toBe(null);
      }
      expect(asks(perm.store, 'store', 0x1000n, local)).toBe(null);
      expect(asks(perm.store | perm.load, 'amo', 0x1000n, local)).toBe(null);
    });

    test('an atomic access loads and stores; Morello asks about the whole load first <design/capability#.format.refuses>', () => {
      for (const access of ['amo', 'swapcap'] as const) {
        expect([asks(perm.store, access, 0n), asks(perm.load, access, 0x1000n)]).toEqual(['load', 'store']);
        expect(asks(perm.load, access, 0n)).toBe(format.name === 'morello' ? 'bounds' : 'store');
        expect(asks(perm.load | perm.store | perm.storeCap, access, 0x1000n)).toBe(null);
      }
      expect(asks(perm.load | perm.store | perm.storeCap, 'swapcap', 0x1008n)).toBe('misaligned');
      expect(asks(0, 'store', 0n)).toBe('store');
    });

    test('reading tags takes a whole line, and LOAD_CAP on CHERI-RISC-V <design/capability#.format.refuses>', () => {
      const tags = (perms: number, address: bigint): string | null => asks(perms, 'loadtags', address, value, 64n);
      expect([tags(0, 0x1000n), tags(perm.load, 0x1000n)]).toEqual(['load', format.name === 'riscv' ? 'loadcap' : null]);
      expect([tags(perm.load | perm.loadCap, 0x1fd0n), tags(perm.load | perm.loadCap, 0x1010n), tags(perm.load | perm.loadCap, 0x1fc0n)])
        .toEqual(['bounds', 'misaligned', null]);
    });

    test('an access does not wrap around the space <design/capability#.format>', () => {
      const last = format.rootAt(SpaceLAST);
      expect([format.isInside(last, SpaceLAST, 1n), format.isInside(last, SpaceLAST, 2n), format.isInside(last, 0n, 1n << 64n)])
        .toEqual([true, false, true]);
    });
  });

  describe(`${format.title}: sealing`, () => {
    test('sentries are the types that say so, and reserved ones cannot be had <design/capability#.def.sealed>', () => {
      const cap = rangeCap(format, 0x1000n, 0x2000n), sentry = format.sealEntry(cap);
      expect([sentry.tag, format.isSealed(sentry), format.isSentry(sentry), format.type(sentry)]).toEqual([true, true, true, types.sentry]);
      const last = format.seal(cap, format.rootAt(BigInt(types.last))), beyond = format.seal(cap, format.rootAt(BigInt(types.last) + 1n));
      expect([last.tag, format.isSentry(last), beyond.tag]).toEqual([true, false, false]);
      expect(format.unseal(last, format.rootAt(BigInt(types.last)))).toEqual(cap);
    });

    test('an authority counts within its bounds, with its permission, tagged and unsealed <design/capability#.inv.sealed>', () => {
      const cap = rangeCap(format, 0x1000n, 0x2000n), authority = { ...rangeCap(format, 8n, 12n), lo: 9n };
      const sealed = format.seal(cap, authority);
      expect([sealed.tag, format.type(sealed)]).toEqual([true, 9]);
      for (const weak of [
        { ...authority, tag: false }, { ...authority, lo: 12n }, { ...authority, lo: 7n }, format.sealEntry(authority),
        format.andPerm(authority, perm.all & ~perm.seal & ~perm.unseal),
      ]) {
        expect(format.seal(cap, weak)).toMatchObject({ tag: false });
        expect(format.type(format.seal(cap, weak))).toBe(Number(weak.lo));
        const same = { ...sealed, hi: format.seal(cap, format.rootAt(weak.lo)).hi };
        expect(format.unseal(same, weak).tag).toBe(false);
        expect(format.unseal(same, format.rootAt(weak.lo)).tag).toBe(true);
      }
      expect(format.unseal(cap, format.rootAt(BigInt(types.unsealed))).tag).toBe(false);
    });
  });
}

describe('CHERI-RISC-V alone', () => {
  const cap = { ...rangeCap(riscv, 0x1000n, 0x2000n), lo: 0x1080n };

  test('pointers relative to a base <design/capability#.riscv.pointer>', () => {
    expect(capFromPtr(cap, 0n)).toEqual(riscv.nullAt(0n));
    expect(capFromPtr(cap, 1n << 64n)).toEqual(riscv.nullAt(0n));
    expect(capFromPtr(cap, 0x10n)).toEqual({ ...cap, lo: 0x1010n });
    expect(capFromPtr(cap, 1n << 40n).tag).toBe(false);
    expect(capToPtr({ ...cap, lo: 0x1234n }, cap)).toBe(0x234n);
    expect(capToPtr({ ...cap, lo: 0xfffn }, cap)).toBe(SpaceLAST);
    expect(capToPtr(capClearTag(cap), cap)).toBe(0n);
    expect([capSub(cap, { ...cap, lo: 0x1000n }), capSub({ ...cap, lo: 0n }, { ...cap, lo: 1n })]).toEqual([0x80n, SpaceLAST]);
  });

  test('the flag is bit 0 of what is given <design/capability#.format>', () => {
    expect([riscv.flags(riscv.setFlags(cap, 3n)), riscv.flags(riscv.setFlags(cap, 2n)), riscv.flags(riscv.encode({ base: 0n, top: 0n }, 0n, 0, 0, 1n, false).cap)])
      .toEqual([1n, 0n, 1n]);
    expect(riscv.setFlags(riscv.setFlags(cap, 1n), 0n)).toEqual(cap);
  });

  test('the four reserved types are negative to CGetType <design/capability#.def.sealed>', () => {
    for (const [type, signed] of [[0x3_ffff, -1n], [0x3_fffe, -2n], [0x3_fffd, -3n], [0x3_fffc, -4n], [0x3_fffb, 0x3_fffbn]] as const) {
      const sealed = riscv.encode({ base: 0n, top: 0n }, 0n, 0, type, 0n, true).cap;
      expect([riscv.type(sealed), riscv.type64(sealed), riscv.isSealed(sealed)]).toEqual([type, BigInt.asUintN(64, signed), type !== 0x3_ffff]);
      expect(riscv.unseal(sealed, riscv.rootAt(BigInt(type))).tag).toBe(type === 0x3_fffb);
    }
  });

  test('bounds out of order are not built, though encoding would write them the same <design/capability#.canonical>', () => {
    const cap = { hi: 8n, lo: 0n, tag: false };
    expect(riscv.bounds(cap)).toEqual({ base: 1n << 55n, top: 0n });
    expect(riscv.build(cap, riscv.rootAt(0n)).tag).toBe(false);
    expect(capIsCanonical(riscv, cap)).toBe(false);
  });

  test('CCSeal with the address -1 leaves a capability as it is <design/capability#.inv.sealed>', () => {
    expect(riscv.sealIf(cap, riscv.rootAt(SpaceLAST - 1n)).tag).toBe(false);
    expect(riscv.sealIf(cap, { ...riscv.rootAt(SpaceLAST), tag: false })).toEqual(cap);
    const all = { ...riscv.rootAt(0n), lo: SpaceLAST };
    expect(riscv.sealIf(cap, all)).toEqual(cap);
  });
});

describe('Morello alone', () => {
  const cap = { ...rangeCap(morello, 0x1000n, 0x2000n), lo: 0x1084n };

  test('alignment of the value <design/capability#.morello.instructions>', () => {
    expect([alignDown(cap, 4), alignUp(cap, 4), alignDown(cap, 2), alignUp(cap, 2), alignDown(cap, 0), alignUp(cap, 0)])
      .toEqual([{ ...cap, lo: 0x1080n }, { ...cap, lo: 0x1090n }, cap, cap, cap, cap]);
    expect(alignDown(cap, 63)).toEqual({ ...cap, lo: 0n, tag: morello.keepsExact(cap, 0n) });
    expect(alignUp(morello.rootAt(SpaceLAST), 63)).toEqual(morello.rootAt(0n));
    expect(alignUp(cap, 40)).toEqual({ ...cap, lo: 1n << 40n, tag: false });
    expect(alignUp(morello.sealEntry(cap), 4).tag).toBe(false);
  });

  test('the three forms of SEAL are sentries and need no authority <design/capability#.morello.instructions>', () => {
    for (const form of [SealRB, SealLPB, SealLB]) {
      const sealed = sealForm(cap, form);
      expect([sealed.tag, morello.type(sealed), morello.isSentry(sealed), sealForm(sealed, form).tag]).toEqual([true, form, true, false]);
      expect(morello.unseal(sealed, morello.rootAt(BigInt(form)))).toEqual(cap);
    }
    expect(sealForm(cap, SealRB)).toEqual(morello.sealEntry(cap));
    expect(morello.isSentry(morello.seal(cap, morello.rootAt(4n)))).toBe(false);
  });

  test('CSEAL says whether it sealed, or was told not to <design/capability#.morello.instructions>', () => {
    expect([sealIfFlag(cap, morello.rootAt(9n)), sealIfFlag(cap, morello.rootAt(0x8000n)), sealIfFlag(cap, morello.rootAt(SpaceLAST))])
      .toEqual([true, false, true]);
    expect([sealIfFlag(capClearTag(cap), morello.rootAt(9n)), sealIfFlag(morello.sealEntry(cap), morello.rootAt(9n))]).toEqual([false, false]);
    expect(sealIfFlag(capClearTag(cap), { ...morello.nullAt(SpaceLAST) })).toBe(true);
  });

  test('CHKSSU unseals a subset of an unsealed capability <design/capability#.morello.instructions>', () => {
    const sealed = morello.seal(cap, morello.rootAt(9n)), root = morello.rootAt(0n);
    expect(unsealIfSubset(sealed, root)).toEqual({ cap, holds: true });
    expect(unsealIfSubset(cap, root)).toEqual({ cap, holds: true });
    expect(unsealIfSubset(sealed, morello.sealEntry(root))).toEqual({ cap: sealed, holds: true });
    expect(unsealIfSubset(sealed, capClearTag(root))).toEqual({ cap: sealed, holds: false });
    expect(unsealIfSubset(capClearTag(sealed), capClearTag(root))).toEqual({ cap: capClearTag(sealed), holds: true });
    expect(unsealIfSubset(sealed, morello.andPerm(root, 0))).toEqual({ cap: sealed, holds: false });
    expect(unsealIfSubset(sealed, rangeCap(morello, 0x1000n, 0x1ff0n))).toEqual({ cap: sealed, holds: false });
  });

  test('bounds with an exponent that means nothing hold nothing, are no subset and have none <design/capability#.bounds.exponent>', () => {
    const invalid = { ...morello.rootAt(0n), hi: morello.rootAt(0n).hi ^ 6n };
    expect([morello.fields(invalid).exponent, morello.fields(invalid).valid]).toEqual([52n, false]);
    expect([morello.isInside(invalid, 0n, 1n), morello.isSubset(cap, invalid), morello.isSubset(invalid, invalid)]).toEqual([false, false, false]);
    expect([morello.setBounds(invalid, 16n).cap.tag, morello.incOffset(invalid, 1n).tag, morello.setAddress(invalid, 1n).tag]).toEqual([false, false, false]);
    expect([morello.keepsFast(invalid, 1n), morello.keepsExact(invalid, 1n)]).toEqual([true, false]);
    expect(morello.refuses(invalid, 0n, 'load', 1n, cap)).toBe('bounds');
    expect(morello.build(capClearTag(cap), invalid).tag).toBe(false);
  });

  test('flags are bits 63 to 56 of the value; they are no part of bounds <design/capability#.morello.bounds-address>', () => {
    const flagged = morello.setFlags(cap, -1n);
    expect(flagged).toEqual({ ...cap, lo: 0xff00_0000_0000_1084n });
    expect([morello.flags(flagged), morello.bounds(flagged)]).toEqual([0xffn << 56n, morello.bounds(cap)]);
    expect(morello.setFlags(flagged, 0n)).toEqual(cap);
    // Narrowing takes the base that bounds have, and the value keeps its flags.
    expect(morello.bounds(morello.setBounds(flagged, 16n).cap)).toEqual({ base: 0x1084n, top: 0x1094n });
    // From bounds without regard to the value to such as use it there is no way for a value with flags.
    expect(morello.setBounds(morello.setFlags(morello.rootAt(0x1000n), 1n << 56n), 16n).cap.tag).toBe(false);
    expect(morello.encode({ base: 0n, top: 0n }, flagged.lo, 0, 0, 0n, false).cap.lo).toBe(flagged.lo);
  });

  test('what cannot be built stays what it was, without its seal <design/capability#.morello.build>', () => {
    const narrow = rangeCap(morello, 0n, 16n);
    expect(morello.build(cap, narrow)).toEqual(cap);
    expect(morello.build(capClearTag(cap), narrow)).toEqual(capClearTag(cap));
    expect(morello.build(morello.sealEntry(cap), narrow)).toEqual(capClearTag(cap));
    expect(morello.build(capClearTag(morello.sealEntry(cap)), morello.rootAt(0n))).toEqual(cap);
  });

  test('without MUTABLE_LOAD what is loaded cannot be stored through, but sealed it is let be <design/capability#.morello.mutable>', () => {
    const { perm } = morello, authority = morello.andPerm(morello.rootAt(0n), perm.loadCap), sealed = morello.sealEntry(cap);
    const lost = perm.store | perm.storeCap | perm.storeLocal | perm.mutableLoad;
    expect(lost).toBe(0x1_3040);
    expect(morello.loaded(cap, authority)).toEqual(morello.andPerm(cap, ~lost));
    expect([morello.loaded(sealed, authority), morello.loaded(capClearTag(cap), authority)]).toEqual([sealed, capClearTag(cap)]);
    expect(morello.loaded(cap, morello.andPerm(authority, 0))).toEqual(capClearTag(cap));
    expect(morello.loaded(cap, morello.rootAt(0n))).toEqual(cap);
  });
});
