import { describe, expect, test } from 'vitest';
import { capText, hexText, morello, permLetters, permText, riscv, type Capability, type Format } from '../../code/machine/machine.ts';

const bits = (text: string, letters: Format): number =>
  [...text].reduce((all, letter) => all | (permLetters(letters).find(([one]) => one === letter)?.[1] ?? 0), 0);

/** A capability by its parts. */
function make(format: Format, base: bigint, top: bigint, letters: string, type: number = format.types.unsealed, flags: bigint = 0n): Capability {
  return format.encode({ base, top }, base, bits(letters, format), type, flags, true).cap;
}

const untag = (cap: Capability): Capability => ({ ...cap, tag: false });

const limit = 1n << 64n;

describe('the text form is CheriBSD\'s <design/look#.text>', () => {
  const examples: readonly (readonly [Format, Capability, string])[] = [
    [riscv, make(riscv, 0x130b60n, 0x130b64n, 'rwRW'), '0x130b60 [rwRW,0x130b60-0x130b64]'],
    [riscv, make(riscv, 0x13000n, 0x14000n, 'rwRW', 7), '0x13000 [rwRW,0x13000-0x14000] (sealed)'],
    [morello, untag(make(morello, 0x40000n, 0x52000n, 'rxRE', 1)), '0x40000 [rxRE,0x40000-0x52000] (invalid,sentry)'],
    [morello, make(morello, 0x40000n, 0x52000n, '', 2), '0x40000 [,0x40000-0x52000] (sentry)'],
    [morello, make(morello, 0x40000n, 0x52000n, 'E', 3), '0x40000 [E,0x40000-0x52000] (sentry)'],
    [morello, make(morello, 0x40000n, 0x52000n, 'w', 4), '0x40000 [w,0x40000-0x52000] (sealed)'],
    [riscv, make(riscv, 0n, limit, 'x', riscv.types.sentry, 1n), '0x0 [x,0x0-0xffffffffffffffff] (sentry,capmode)'],
    [riscv, untag(make(riscv, 1n, 1n, 'rx', riscv.types.last, 1n)), '0x1 [rx,0x1-0x1] (invalid,sealed,capmode)'],
    // The flag means something with EXECUTE alone, and in CHERI-RISC-V alone.
    [riscv, make(riscv, 1n, 2n, 'r', riscv.types.unsealed, 1n), '0x1 [r,0x1-0x2]'],
    [morello, morello.setFlags(make(morello, 0n, 1n << 60n, 'x'), 1n << 56n), '0x100000000000000 [x,0x0-0x1000000000000000]'],
    [riscv, riscv.rootAt(limit - 1n), '0xffffffffffffffff [rwxRW,0x0-0xffffffffffffffff]'],
    [morello, morello.rootAt(0n), '0x0 [rwxRWE,0x0-0xffffffffffffffff]'],
  ];
  for (const [format, cap, text] of examples) {
    test(`${format.name}: ${text} <design/look#.text>`, () => {
      expect(capText(format, cap)).toBe(text);
    });
  }

  test('what is NULL but for its address is the address; with a tag or anything else it is not <design/look#.text>', () => {
    for (const format of [riscv, morello]) {
      expect([0n, 4n, limit - 1n].map((at) => capText(format, format.nullAt(at)))).toEqual(['0x0', '0x4', '0xffffffffffffffff']);
      expect(capText(format, { hi: 0n, lo: 4n, tag: true })).toBe('0x4 [,0x0-0xffffffffffffffff]');
      expect(capText(format, untag(format.rootAt(4n)))).toMatch(/^0x4 \[rwxRWE?,0x0-0xffffffffffffffff\] \(invalid\)$/);
    }
  });
});

test('permissions are named as the architecture does, lowest bit first <design/look#.text>', () => {
  expect(permText(riscv, bits('rwRW', riscv))).toBe('LOAD, STORE, LOAD_CAP, STORE_CAP');
  expect(permText(morello, bits('rwRW', morello))).toBe('STORE_CAP, LOAD_CAP, STORE, LOAD');
  for (const format of [riscv, morello]) {
    const names = permText(format, format.perm.all).split(', ');
    expect(names).toEqual(format.permNames.map(([, name]) => name));
    expect(format.permNames.reduce((all, [bit]) => all | bit, 0)).toBe(format.perm.all);
    expect(permText(format, 0)).toBe('');
  }
  expect([permLetters(riscv), permLetters(morello)].map((all) => all.map(([letter]) => letter).join(''))).toEqual(['rwxRW', 'rwxRWE']);
  expect([hexText(0), hexText(0n), hexText(255)]).toEqual(['0x0', '0x0', '0xff']);
});
