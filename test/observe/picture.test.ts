import { describe, expect, test } from 'vitest';
import { morello, riscv, type Capability, type Format } from '../../code/machine/machine.ts';
import { capLook } from '../../code/observe/look.ts';
import { regionPicture } from '../../code/observe/picture.ts';
import { seeds } from '../seed.ts';
import { capsDerived, capsOfVectors } from './caps.ts';

const draw = (format: Format, cap: Capability): string[] => regionPicture(capLook(format, cap));

const page = riscv.setBounds(riscv.rootAt(0x12_3000n), 0x1000n).cap;

const examples: readonly (readonly [what: string, Format, Capability, readonly string[]])[] = [
  ['the address below the bounds', riscv, riscv.setAddress(page, 0x12_2900n), [
    '  0x122800                                                  0x126800',
    '    A 0x122900',
    '  |--------[===============)---------------------------------------|',
    '           B 0x123000      T 0x124000',
  ]],
  ['the address above the bounds', riscv, riscv.setAddress(page, 0x12_5000n), [
    '  0x122800                                                  0x126800',
    '                                           A 0x125000',
    '  |--------[===============)---------------------------------------|',
    '           B 0x123000      T 0x124000',
  ]],
  ['no bytes, and a region that goes round the end of the space', riscv, riscv.setBounds(riscv.rootAt(0x100n), 0n).cap, [
    '  0xfffffffffffff800                                          0x3800',
    '            A 0x100',
    '  |--------:!------------------------------------------------------|',
    '            B 0x100',
    '            T 0x100',
  ]],
  ['bounds within a column', riscv, riscv.setBounds(riscv.rootAt(0x100n), 0x20n).cap, [
    '  0xfffffffffffff800                                          0x3800',
    '            A 0x100',
    '  |--------:#------------------------------------------------------|',
    '            B 0x100',
    '            T 0x120',
  ]],
  ['the last byte of the space', riscv, riscv.setBounds(riscv.rootAt((1n << 64n) - 1n), 1n).cap, [
    '  0xfffffffffffff000                                          0x3000',
    '                  A 0xffffffffffffffff',
    '  |---------------[)-----------------------------------------------|',
    '                  B 0xffffffffffffffff',
    '                   T 0x10000000000000000',
  ]],
  ['the whole space', riscv, riscv.rootAt(1n << 63n), [
    '  0x0                                            0x10000000000000000',
    '                                   A 0x8000000000000000',
    '  |[===============================================================)',
    '   B 0x0                                       0x10000000000000000 T',
  ]],
  ['an untagged integer', morello, morello.nullAt((1n << 64n) - 1n), [
    '  0x0                                            0x10000000000000000',
    '                                               0xffffffffffffffff A',
    '  |[===============================================================)',
    '   B 0x0                                       0x10000000000000000 T',
  ]],
  ['a top below the base', riscv, { hi: 0x1_8004n ^ (0x1_8004n | 0xff8n), lo: 0n, tag: true }, [
    '  0x0                                            0x10000000000000000',
    '   A 0x0',
    '  |)--------------------------------------------------------------[|',
    '                                               0xff80000000000000 B',
    '   T 0x0',
  ]],
  ['a top beyond the space', riscv, { hi: 1n << 17n, lo: 0n, tag: true }, [
    '  0x0                                            0x10000000000000000',
    '   A 0x0',
    '  |[===============================================================>',
    '   B 0x0                                       0x10080000000000000 T',
  ]],
  ['flags in the address', morello, morello.setFlags(morello.setBounds(morello.rootAt(0x1000n), 0x10_0000n).cap, 0xabn << 56n), [
    '  0xfffffffffff80000                                        0x380000',
    '           A 0x1000',
    '  |--------[===============)---------------------------------------|',
    '           B 0x1000        T 0x101000',
  ]],
  ['bounds beyond Morello\'s places', morello, { hi: 0x9b11_69ad_bffa_0009n, lo: 0x80_0000_0000_0772n, tag: true }, [
    '  0xff80000000000000                                0x80000000000000',
    '   A 0xff80000000000772',
    '  |--------------------------------[===============================>',
    '                                   B 0x2000000000000',
    '                                                0x1ffe000000000000 T',
  ]],
];

describe('a picture is right at the edges <design/look#.picture>', () => {
  for (const [what, format, cap, lines] of examples) {
    test(`${format.name}: ${what} <design/look#.picture>`, () => {
      expect(draw(format, cap)).toEqual(lines);
    });
  }
});

/** Where a letter stands, in columns of the line's inside; every label has its letter in the column that it names. */
function letterAt(lines: readonly string[], letter: string): number {
  const row = lines.find((line) => new RegExp(`(^| )${letter}( |$)`).test(line)) ?? '';
  return row.search(new RegExp(`(?<=^| )${letter}(?= |$)`)) - 3;
}

describe.each([riscv, morello])('$name', (format) => {
  test('each mark stands in the column that holds its address, and what is in the bounds is drawn so <design/look#.picture> <design/look#.req.any>', () => {
    const counts = { marks: 0, beyond: 0, filled: 0 };
    for (const cap of [...capsOfVectors(format), ...seeds(2).flatMap((seed) => capsDerived(format, seed, 500))]) {
      const { region, fields: { base, top }, place, length } = capLook(format, cap), lines = draw(format, cap), column = region.size / 64n;
      const line = lines.find((text) => /^ {2}[|<>)].*[|>)]$/.test(text)) ?? '', wrong: unknown[] = [];
      if (line.length !== 68 || lines.some((text) => text.length > 80)) wrong.push('width');
      const offset = (address: bigint): bigint => (region.size === 1n << 64n ? address : BigInt.asIntN(64, address - region.base));
      const limit = base <= top ? offset(base) + length : top;
      for (const [letter, at] of [['A', offset(place)], ['B', offset(base)], ['T', limit]] as const) {
        const found = BigInt(letterAt(lines, letter)), isBeyond = at < 0n || at > region.size;
        const isRight = isBeyond ? found === (at < 0n ? -1n : 64n) : found * column <= at && at < (found + 1n) * column;
        if (!isRight) wrong.push(letter);
        counts[isBeyond ? 'beyond' : 'marks'] += 1;
      }
      for (let at = 0; base <= top && at < 64; at += 1) {
        // All of the column is in the bounds: `=` says so, or a mark of the base.
        const isWithin = offset(base) <= BigInt(at) * column && BigInt(at + 1) * column <= limit;
        if (isWithin ? !'=[#'.includes(line[at + 3]) : line[at + 3] === '=') wrong.push(at);
        counts.filled += Number(isWithin);
      }
      if (wrong.length > 0) expect([cap, lines, wrong]).toEqual([cap, lines, []]);
    }
    expect(counts.marks).toBeGreaterThan(5000);
    expect(counts.filled).toBeGreaterThan(5000);
    if (format === morello) expect(counts.beyond).toBeGreaterThan(10);
  });
});
