import { describe, expect, test } from 'vitest';
import { morello, riscv, type AccessKind, type Capability, type Format } from '../../code/machine/machine.ts';
import { sealForm, SealLB, SealLPB, SealRB } from '../../code/machine/morello.ts';
import { bits, formats, hold } from './arbitrary.ts';

// Rules that no row of the vectors is at the edge of, and that breaking them one by one showed to be unguarded <design/mutants#.codec>.

const rangeCap = (format: Format, base: bigint, top: bigint, perms: number = format.perm.all): Capability =>
  format.encode({ base, top }, base, perms, format.types.unsealed, 0n, true).cap;

const names: Readonly<Record<string, readonly string[]>> = {
  'CHERI-RISC-V': [
    'GLOBAL', 'EXECUTE', 'LOAD', 'STORE', 'LOAD_CAP', 'STORE_CAP', 'STORE_LOCAL', 'SEAL', 'CINVOKE', 'UNSEAL', 'ACCESS_SYSTEM_REGISTERS',
    'SET_CID', 'USER0', 'USER1', 'USER2', 'USER3',
  ],
  'Morello': [
    'GLOBAL', 'EXECUTIVE', 'USER0', 'USER1', 'USER2', 'USER3', 'MUTABLE_LOAD', 'COMPARTMENT_ID', 'BRANCH_SEALED_PAIR', 'SYSTEM', 'UNSEAL',
    'SEAL', 'STORE_LOCAL', 'STORE_CAP', 'LOAD_CAP', 'EXECUTE', 'STORE', 'LOAD',
  ],
};

test('formats and permissions have the names of their manuals, from the lowest bit <design/capability#.format.perms>', () => {
  expect(Object.fromEntries(formats.map(({ title, permNames }) => [title, permNames.map(([, name]) => name)]))).toEqual(names);
});

for (const format of formats) {
  describe(format.title, () => {
    test('a slot\'s permissions are those of the capability, whatever its other bits are <design/capability#.format.perms>', () => {
      hold(bits(format), (cap) => {
        expect(format.slotPerms(cap)).toBe(format.slotPerms(format.andPerm(format.rootAt(0n), format.perms(cap))));
        expect(format.slotPerms(cap) & ~0x7f_0000).toBe(0);
      }, 500);
    });

    test('each bit of an address below the line misaligns a reading of tags, as below the granule a capability\'s <design/capability#.format.refuses>', () => {
      const asks = (access: AccessKind, address: bigint): string | null => format.refuses(format.rootAt(0n), address, access, 16n, format.nullAt(0n));
      for (let bit = 1n; bit <= 64n; bit <<= 1n) {
        expect([bit, asks('loadtags', 0x1000n + bit)]).toEqual([bit, bit < 64n ? 'misaligned' : null]);
        expect([bit, asks('loadcap', 0x1000n + bit)]).toEqual([bit, bit < 16n ? 'misaligned' : null]);
      }
    });

    test('sealing if one may leaves a capability as it is where the authority\'s address is its top <design/capability#.inv.sealed>', () => {
      const cap = rangeCap(format, 0x1000n, 0x2000n), authority = rangeCap(format, 8n, 12n);
      expect(format.sealIf(cap, { ...authority, lo: 12n })).toEqual(cap);
      expect(format.sealIf(cap, { ...authority, lo: 11n })).toEqual(format.seal(cap, format.rootAt(11n)));
      expect(format.sealIf(cap, { ...authority, lo: 7n })).toEqual(cap);
    });

    test('a type that is too wide is cut to its field, and changes nothing beside it <design/capability#.inv.exact>', () => {
      const made = (type: number): Capability => format.encode({ base: 0n, top: 16n }, 0n, format.perm.load, type, 0n, true).cap;
      const cut = format.type(made(0x7fff_ffff));
      expect(made(0x7fff_ffff)).toEqual(made(cut));
      expect(made(-1)).toEqual(made(cut));
      expect(format.fields(made(-1))).toMatchObject({ perms: format.perm.load, base: 0n, top: 16n, reserved: 0 });
    });
  });
}

test('CCopyType keeps the tag for every type that can be sealed with, and for no other <design/capability#.def.sealed>', () => {
  const root = riscv.rootAt(0n), typed = (type: number): Capability => riscv.encode({ base: 0n, top: 0n }, 0n, 0, type, 0n, true).cap;
  for (const [type, isKept] of [[0, true], [riscv.types.last, true], [riscv.types.last + 1, false], [riscv.types.sentry, false]] as const) {
    expect([type, riscv.copyType(root, typed(type)).tag]).toEqual([type, isKept]);
  }
});

test('CBuildCap refuses a top below the base, which large exponents can give <design/capability#.canonical>', () => {
  // In units of 2^52: B is 16, T is 8, and the length between them wraps.
  const hi = (0x400_0000n | (0xen << 14n) | 0x14n) ^ 0x401_8004n, cap = { hi, lo: 0n, tag: false };
  expect(riscv.fields(cap)).toMatchObject({ internal: true, exponent: 52n, base: 16n << 52n, top: 8n << 52n });
  expect(riscv.build(cap, riscv.rootAt(0n)).tag).toBe(false);
  expect(riscv.build({ ...cap, hi: riscv.encode({ base: 8n << 52n, top: 16n << 52n }, 0n, 0, riscv.types.unsealed, 0n, false).cap.hi }, riscv.rootAt(0n)).tag)
    .toBe(true);
});

test('SEAL RB, LPB and LB seal with the types 1, 2 and 3 <design/capability#.morello.instructions>', () => {
  const cap = rangeCap(morello, 0x1000n, 0x2000n);
  expect([SealRB, SealLPB, SealLB].map((form) => morello.type(sealForm(cap, form)))).toEqual([1, 2, 3]);
});
