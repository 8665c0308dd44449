/* cap.test.ts: what the command line makes of bits and options. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { random, variety } from '../../code/base/base.ts';
import { capShow } from '../../code/cli/cap-show.ts';
import type { CapOptions } from '../../code/cli/cap.ts';
import { riscv } from '../../code/machine/machine.ts';
import { seeds } from '../seed.ts';

const command = resolve(import.meta.dirname, '../../code/cli/capstan.js');

type Shown = Record<string, string> & { readonly tag: boolean; readonly exact: boolean; readonly setBounds: Record<string, unknown> };

const show = (words: readonly string[], options: Partial<CapOptions> = {}): string => capShow(words, { format: 'riscv', ...options });
const json = (words: readonly string[], options: Partial<CapOptions> = {}): Shown => JSON.parse(show(words, { ...options, json: true })) as Shown;

describe('bits', () => {
  test('are one word or two, with or without 0x and what parts the halves <design/look#.given>', () => {
    const whole = 'ffff0000008fd2340000000000123457', first = json([whole]);
    expect(first).toMatchObject({ hi: '0xffff0000008fd234', lo: '0x123457', tag: true, base: '0x123000', top: '0x223800' });
    const others = [
      [`0x${whole}`], [whole.toUpperCase()], ['ffff0000008fd234:0000000000123457'], ['0xffff0000008fd234_0x123457'], ['ffff0000008fd234', '123457'],
      ['0xffff0000008fd234', '0x0000000000123457'],
    ];
    for (const words of others) expect(json(words)).toEqual(first);
    expect(json([whole], { untagged: true })).toMatchObject({ tag: false, text: '0x123457 [rwxRW,0x123000-0x223800] (invalid)' });
    expect(json([whole], { format: 'morello' })).toMatchObject({ format: 'morello', hi: '0xffff0000008fd234' });
  });

  const refused: readonly (readonly [words: readonly string[], options: Partial<CapOptions>, why: string])[] = [
    [['abc'], {}, '"abc" has 3 hexadecimal digits: a capability has 32 (or write its halves apart, as HI LO)'],
    [['1:'], {}, '"" has 0 hexadecimal digits: half a capability has 16'],
    [['0x'], {}, '"0x" has 0 hexadecimal digits: a capability has 32 (or write its halves apart, as HI LO)'],
    [['f'.repeat(33)], {}, `"${'f'.repeat(33)}" has 33 hexadecimal digits: a capability has 32 (or write its halves apart, as HI LO)`],
    [['1', '2'.repeat(17)], {}, `"${'2'.repeat(17)}" has 17 hexadecimal digits: half a capability has 16`],
    [['12g4', '0'], {}, '"12g4": "g" is not a hexadecimal digit (0 to 9, a to f)'],
    [['1', '2', '3'], {}, '"1 2 3" is 3 words: a capability is one of 32 hexadecimal digits, or two of 16'],
    [['1:2:3'], {}, '"1:2:3" is 3 words: a capability is one of 32 hexadecimal digits, or two of 16'],
    [['1', '2'], { perms: 'r' }, '--perms and bits were given: give either, for bits say all (--set-bounds narrows)'],
  ];
  for (const [words, options, why] of refused) {
    test(`are not "${words.join(' ')}" ${Object.keys(options).join()} <design/cli#.req.clear>`, () => {
      expect(() => show(words, options)).toThrow(expect.objectContaining({ code: 'CAPSTAN_USER', exit: 2, message: why }));
    });
  }
});

describe('options', () => {
  test('say what a capability is; without any it is the root <design/look#.given>', () => {
    expect(json([])).toMatchObject({ hi: '0xffff000000000000', lo: '0x0', tag: true, exact: true });
    const made = json([], { base: '0x1000', length: '4KiB', perms: 'rwRW', address: '4100', type: '7', flags: '1', untagged: true });
    expect(made).toMatchObject({
      base: '0x1000', top: '0x2000', lo: '0x1004', perms: '0x3c', permNames: ['LOAD', 'STORE', 'LOAD_CAP', 'STORE_CAP'], type: '0x7', flags: '0x1',
      tag: false, text: '0x1004 [rwRW,0x1000-0x2000] (invalid,sealed)',
    });
    expect(json([], { base: '0x1000', top: '0x2000' })).toMatchObject({ base: '0x1000', top: '0x2000', lo: '0x1000', perms: '0x78fff', seal: 'unsealed' });
    expect(json([], { type: 'sentry' })).toMatchObject({ seal: 'sentry', type: '0x3fffe' });
    expect(json([], { format: 'morello', base: '1', top: '1', perms: 'E', type: 'unsealed' })).toMatchObject({ perms: '0x2', length: '0x0', type: '0x0' });
  });

  test('name permissions by letters, names, a number or none <design/look#.given>', () => {
    const perms = (text: string, format: CapOptions['format'] = 'riscv'): string => json([], { perms: text, format })['perms'];
    expect(['rw', 'wr', 'LOAD,STORE', 'load, store', '12', '0xc'].map((text) => perms(text))).toEqual(Array.from({ length: 6 }, () => '0xc'));
    expect(['R', 'LOAD_CAP', 'none', '0'].map((text) => perms(text))).toEqual(['0x10', '0x10', '0x0', '0x0']);
    expect(['SEAL', 'MUTABLE_LOAD', 'rE'].map((text) => perms(text, 'morello'))).toEqual(['0x800', '0x40', '0x20002']);
  });

  for (const seed of seeds(3)) {
    test(`are read back from the bits that they make; what is rounded is said to be seed=${seed} <design/look#.given> <design/look#.json>`, () => {
      const draw = random(seed);
      let rounded = 0;
      for (let turn = 0; turn < 200; turn += 1) {
        const format = draw(2) === 0 ? 'riscv' : 'morello', base = draw(2 ** 30) * 2 ** draw(16), length = draw(2 ** 32) % 2 ** draw(33);
        const made = json([], { format, base: `${base}`, length: `${length}`, perms: `${draw(2) * 4}`, type: `${draw(100)}` });
        const { exact, ...rest } = made;
        expect(json([made['hi'], made['lo']], { format })).toEqual(rest);
        expect(BigInt(made['base']) === BigInt(base) && BigInt(made['top']) === BigInt(base + length)).toBe(exact);
        expect(BigInt(made['base']) <= BigInt(base) && BigInt(made['top']) >= BigInt(base + length)).toBe(true);
        expect(show([], { format, base: `${base}`, length: `${length}` }).includes('\nThe bounds that were asked for cannot be written')).toBe(!exact);
        rounded += Number(!exact);
      }
      expect(rounded).toBeGreaterThan(20);
    });
  }

  const refused: readonly (readonly [options: Partial<CapOptions>, why: RegExp])[] = [
    [{ base: '5' }, /^--base needs --length or --top, to say where the bounds end$/],
    [{ base: '5', top: '4' }, /^--top 0x4 is below --base 0x5: give one that is not$/],
    [{ length: '1', top: '4' }, /^--length and --top were given: give one of them/],
    [{ base: '0xfffffffffffffff0', length: '17' }, /^--length 17 from 0xfffffffffffffff0 is beyond the address space: it can be 0x10 at most$/],
    [{ base: '0x10000000000000000', length: '0' }, /^--base 0x10000000000000000 is too large: at most 0xffffffffffffffff$/],
    [{ top: '0x10000000000000001' }, /^--top 0x10000000000000001 is too large: at most 0x10000000000000000$/],
    [{ length: '12x' }, /^--length "12x" is not a number: write one such as 4096, 0x1000 or 4KiB$/],
    [{ length: '-1' }, /^--length "-1" is not a number/],
    [{ base: '5', length: '1', address: '0x100000' }, /^--address 0x100000 is too far from the bounds: with them it can be from 0xfffffffffffff800 to 0x37ff$/],
    [{ perms: 'rwq' }, /^--perms "rwq": there is no permission q \(letters are rwxRW; names are GLOBAL, EXECUTE, /],
    [{ perms: 'STORES' }, /there is no permission STORES \(/],
    [{ address: '0x10000000000000000' }, /^--address 0x10000000000000000 is too large: at most 0xffffffffffffffff$/],
    [{ perms: 'rE' }, /there is no permission E \(letters are rwxRW;/],
    [{ perms: 'LOAD,STOR' }, /there is no permission STOR \(/],
    [{ perms: '0x1000' }, /^--perms 0x1000: CHERI-RISC-V has no permissions 0x1000 \(all of them are 0x78fff\)$/],
    [{ perms: '0xffffffff' }, /^--perms 0xffffffff: CHERI-RISC-V has no permissions 0xfff87000 /],
    [{ type: 'foo' }, /^--type "foo" is no object type: write unsealed, sentry, or a number up to 0x3ffff, CHERI-RISC-V's last$/],
    [{ type: '0x8000', format: 'morello' }, /^--type 0x8000 is too large: at most 0x7fff$/],
    [{ flags: '2' }, /^--flags 2 is too large: at most 0x1$/],
    [{ flags: '1', format: 'morello' }, /^--flags: in Morello the flags are bits 63 to 56 of the address: give them with --address$/],
    [{ base: '0x0123456789abcdef', length: '5', format: 'morello' }, /^--base 0x123456789abcdef: so short bounds cannot begin there in Morello/],
    [{ setBounds: '0x10000000000000000' }, /^--set-bounds 0x10000000000000000 is too large: at most 0xffffffffffffffff$/],
    [{ setBounds: '' }, /^--set-bounds "" is not a number/],
  ];
  for (const [options, why] of refused) {
    test(`are not ${JSON.stringify(options)} <design/cli#.req.clear>`, () => {
      expect(() => show([], options)).toThrow(expect.objectContaining({ code: 'CAPSTAN_USER', exit: 2, message: expect.stringMatching(why) as string }));
    });
  }
});

test('narrowing is shown beside the capability <design/look#.narrow> <design/look#.json>', () => {
  const options = { base: '0x1001', length: '0x1001', setBounds: '0x1001' } as const, text = show([], options);
  expect(text).toContain('\nCSetBounds to 0x1001 bytes gives more than was asked for:\n');
  expect(text).toMatch(/\n {2}base +0x1000 +0x1 below the address\n {2}top +0x2008 +0x6 above what was asked for\n {2}tag +kept\n/);
  expect(text).toMatch(/\n {2}lengths +0x1008 +CRRL\n {2}addresses +multiples of 0x8 +CRAM 0xfffffffffffffff8\n$/);
  expect(json([], options).setBounds).toMatchObject({ tag: true, exact: false, below: '0x1', above: '0x6', mask: '0xfffffffffffffff8', rounded: '0x1008', lost: [] });
  expect(show([], { setBounds: '0xffffffffffffffff', base: '0', top: '0x10000000000000000', address: '1' })).toMatch(/\n {2}lengths +the whole space +CRRL\n/);
  expect(show([], { ...options, format: 'morello', setBounds: '16' })).toContain('\nSCBNDS to 0x10 bytes gives what was asked for:\n');
});

test('every line says what the machine has <design/look#.shown>', () => {
  expect(show(['ffff0000008fd234:123457']).split('\n')).toEqual([
    '0x123457 [rwxRW,0x123000-0x223800]', '',
    '  format      CHERI-RISC-V         tagged',
    '  address     0x123457             0x457 above the base',
    '  base        0x123000',
    '  top         0x223800',
    '  length      0x100800             1050624 bytes',
    '  granule     0x800                what bounds of such a length are multiples of',
    '  encoding    exponent 8, internal; B 0x1230, T 0x2238',
    '  permissions 0x78fff              GLOBAL, EXECUTE, LOAD, STORE, LOAD_CAP,',
    '                                   STORE_CAP, STORE_LOCAL, SEAL, CINVOKE,',
    '                                   UNSEAL, ACCESS_SYSTEM_REGISTERS, SET_CID,',
    '                                   USER0, USER1, USER2, USER3',
    '  type        0x3ffff              unsealed',
    '  flags       0x0',
    '  in memory   0xffff0000008fd234 0x0000000000123457',
    '  upper half  0xffff1ffffc8e5230   in architectural form', '',
    '0x400000 addresses have these bounds, and are the line.',
    'A column is 0x10000 bytes; A is the address, B the base, T the top.', '',
    '  0x80000                                                   0x480000',
    '             A 0x123457',
    '  |----------[===============)-------------------------------------|',
    '             B 0x123000      T 0x223800', '',
    'CSetAddr keeps the tag from 0x80000 to 0x47ffff.',
    'CIncOffset keeps the tag from 0x80057 to 0x47ff56.', '',
  ]);
  const where = (address: string): string => /address +\S+ +(.*)/.exec(show([], { base: '0x1000', top: '0x2000', address }))?.[1] ?? '';
  expect(['0xfff', '0x1000', '0x1001', '0x1fff', '0x2000', '0x2001'].map(where)).toEqual([
    '0x1 below the base', 'at the base', '0x1 above the base', '0xfff above the base', 'at the top', '0x1 above the top',
  ]);
  expect(show([], { type: 'sentry' })).toContain('\nIt is sealed: no change but unsealing leaves it its tag.\n');
  expect(show([], { untagged: true })).not.toMatch(/keeps the tag|sealed:/);
  expect(show(['1', '0'], { format: 'morello' })).toMatch(/SCVALUE keeps the tag nowhere\.\nADD keeps the tag nowhere\.\nNo derivation makes this: exponent 62 is above 50/);
  const flagged = show([], { format: 'morello', base: '0x1000', top: '0x2000', address: '0xab00000000001000' });
  expect(flagged).toContain('\n0x10000 addresses (flags apart) have these bounds, and are the line.\n');
  expect(flagged).toContain('\nThe flags, 0xab, do not count: A is drawn as if they repeated bit 55.\nThe line goes round the end of the address space.\n');
  expect(json([], { perms: 'none', base: '1', top: '1' })['text']).toBe(`0x1 [,0x1-0x1]`);
  expect(riscv.perm.all).toBe(0x78fff);
});

// The command line has its own varieties, by --check: one project is enough.
describe.runIf(variety === 'hot')('capstan cap', () => {
  const run = (...args: string[]): readonly unknown[] => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [command, 'cap', ...args], { encoding: 'utf8' });
    return [stdout, stderr, status];
  };

  test('prints on standard output, and mistakes on standard error in a line with exit code 2 <design/cli#.exit> <design/cli#.req.clear>', () => {
    expect(run('--base', '1', '--length', '2', '--perms', 'r', '--untagged')).toEqual([show([], { base: '1', length: '2', perms: 'r', untagged: true }), '', 0]);
    expect(run('xyz')).toEqual(['', 'capstan: "xyz": "x" is not a hexadecimal digit (0 to 9, a to f)\n', 2]);
  });
});
