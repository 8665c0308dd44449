/* reader.test.ts: what text becomes which data, and what is refused where. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Datum, PairDatum } from '../../code/scheme/datum.ts';
import { SchemeSyntaxError } from '../../code/scheme/datum.ts';
import { datumText } from '../../code/scheme/form.ts';
import { parseNumber } from '../../code/scheme/number.ts';
import { Reader } from '../../code/scheme/reader.ts';

function readAll(text: string): Datum[] {
  const reader = new Reader(text, 'a.scm');
  const data: Datum[] = [];
  for (let datum = reader.read(); datum !== null; datum = reader.read()) data.push(datum);
  return data;
}

const one = (text: string): Datum => {
  const [datum, ...more] = readAll(text);
  if (datum === undefined || more.length > 0) throw new Error(`${more.length} more data`);
  return datum;
};
const text = (source: string): string => readAll(source).map(datumText).join(' | ');
const refused = (source: string): string => {
  try {
    readAll(source);
  } catch (error) {
    if (error instanceof SchemeSyntaxError) return error.message;
    throw error;
  }
  throw new Error(`accepted ${source}`);
};

describe('data', () => {
  const same: [string, string][] = [
    ['(a (b . c) . d)', '(a (b . c) . d)'], ['(a . (b . (c)))', '(a b c)'], ['()', '()'], ['#(1 #(2) x)', '#(1 #(2) x)'],
    ['#u8(0 255)', '#u8(0 255)'], ['#U8(1)', '#u8(1)'], ['\'a', '(quote a)'], ['`(a ,b ,@c)', '(quasiquote (a (unquote b) (unquote-splicing c)))'],
    ['#t #f #true #false', '#t | #f | #t | #f'], ['a ; x\nb', 'a | b'], ['a #| x #| y |# z |# b', 'a | b'],
    ['a #;(b c) d', 'a | d'], ['(a #;b)', '(a)'], ['(a . #;b c)', '(a . c)'], ['(a . b #;c)', '(a . b)'], ['#; #; a b c', 'c'], ['\'#;a b', '(quote b)'],
    ['#!fold-case ABC |DeF| #\\A #!no-fold-case ABC', 'abc | DeF | #\\A | ABC'], ['#!/usr/bin/env capstan\na', 'a'],
    ['+ - ... .. .a -> +.a -- 1+ -1+ <=? a.b !$%&*/:<=>?^_~', '+ | - | ... | .. | .a | -> | +.a | -- | 1+ | -1+ | <=? | a.b | !$%&*/:<=>?^_~'],
    ['|a b| |a\\x41;b| || a|B c|d', 'a b | aAb |  | aB cd'], ['λ 日本', 'λ | 日本'], ['', ''], ['  ; only a comment', ''],
  ];
  for (const [source, expected] of same) {
    test(`${JSON.stringify(source)} is read as R7RS says <design/reader#.req.r7rs>`, () => {
      expect(text(source)).toBe(expected);
    });
  }

  test('strings: escapes, hexadecimal, continued lines, line ends <design/reader#.req.r7rs>', () => {
    expect(one('"a\\a\\b\\t\\n\\r\\"\\\\\\|\\x3bb;z"')).toEqual({ type: 'string', value: 'a\x07\b\t\n\r"\\|λz' });
    expect(one('"ab \\  \n   cd"')).toEqual({ type: 'string', value: 'ab cd' });
    expect(one('"ab\\\r\n  cd"')).toEqual({ type: 'string', value: 'abcd' });
    expect(one('"a\r\nb\rc\nd"')).toEqual({ type: 'string', value: 'a\nb\nc\nd' });
    expect(one('"\\x1F600;"')).toEqual({ type: 'string', value: '\u{1F600}' });
  });

  test('characters: by themselves, by name, by number <design/reader#.req.r7rs>', () => {
    const codes = readAll('#\\a #\\A #\\space #\\newline #\\nul #\\null #\\alarm #\\delete #\\x41 #\\x #\\( #\\) #\\; #\\" #\\  #\\λ #\\\u{1F600} #\\#')
      .map((datum) => (datum.type === 'char' ? datum.value : -1));
    expect(codes).toEqual([97, 65, 32, 10, 0, 0, 7, 127, 0x41, 120, 40, 41, 59, 34, 32, 0x3bb, 0x1f600, 35]);
  });
});

describe('numbers', () => {
  const exact: [string, bigint][] = [
    ['0', 0n], ['-17', -17n], ['+5', 5n], ['123456789012345678901234567890', 123456789012345678901234567890n], ['#xFf', 255n], ['#b-101', -5n],
    ['#o17', 15n], ['#d10', 10n], ['#e1.5e1', 15n], ['#e#x10', 16n], ['#x#e10', 16n], ['#e1e3', 1000n], ['6/3', 2n], ['-6/3', -2n], ['#e1.00', 1n], ['#E-2.0', -2n],
  ];
  for (const [source, value] of exact) {
    test(`${source} is the exact integer ${value} <design/reader#.def.number>`, () => {
      expect(one(source)).toEqual({ type: 'integer', value });
    });
  }
  const inexact: [string, number][] = [
    ['1.5', 1.5], ['-.5', -0.5], ['1.', 1], ['1e3', 1000], ['1E-2', 0.01], ['+inf.0', Infinity], ['-inf.0', -Infinity], ['+nan.0', NaN], ['-0.0', -0],
    ['#i10', 10], ['#i-0', -0], ['#i1/4', 0.25], ['1/3', 1 / 3], ['-1/3', -1 / 3], ['#x1/3', 1 / 3], ['+INF.0', Infinity],
  ];
  for (const [source, value] of inexact) {
    test(`${source} is a double <design/reader#.def.number>`, () => {
      expect(one(source)).toEqual({ type: 'real', value });
    });
  }

  test('a ratio of any size is rounded once <design/reader#.def.ratio>', () => {
    fc.assert(fc.property(fc.integer(), fc.integer({ min: 1 }), (a, b) => {
      const expected = a % b === 0 ? BigInt(a / b) : a / b;
      expect(parseNumber(`${a}/${b}`, 10)).toBe(expected);
    }));
    expect(parseNumber(`${10n ** 400n}/${3n * 10n ** 399n}`, 10)).toBe(10 / 3);
    expect(parseNumber(`1/${10n ** 400n}`, 10)).toBe(0);
    const just = (2n ** 53n + 1n) * 10n ** 40n + 1n;
    expect(parseNumber(`${just}/${10n ** 40n}`, 10)).toBe(2 ** 53 + 2);
    expect(parseNumber(`${10n ** 400n}/3`, 10)).toBe(Infinity);
  });

  test('what the host prints is read back as the same number <design/reader#.def.number>', () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
      const digits = Number.isInteger(x) && Math.abs(x) < 1e21 ? `${Object.is(x, -0) ? '-0' : BigInt(x).toString()}.` : x.toString();
      expect(parseNumber(digits, 10)).toBe(x);
    }));
    fc.assert(fc.property(fc.bigInt(), fc.constantFrom(2, 8, 10, 16, 36), (n, radix) => {
      expect(parseNumber(n.toString(radix), radix)).toBe(n);
    }));
  });

  test('what is no number gives null <design/reader#.def.number>', () => {
    for (const source of ['', '+', '-', '.', 'abc', '1x', '#x', '#xg', '1/0', '1/', '/2', '1//2', '#e1.5', '#e1/3', '#e+inf.0', '1e', 'e1', '1.2.3', '#x1.5', '#b2', '1+2i', '+i',
      '#e#e1', '1_000', ' 1', '#e1e1000000']) {
      expect(parseNumber(source, 10)).toBeNull();
    }
    expect(parseNumber('ff', 16)).toBe(255n);
    expect(parseNumber('#d12', 16)).toBe(12n);
    expect(parseNumber('e', 16)).toBe(14n);
  });
});

describe('labels', () => {
  test('a label makes cycles through lists and vectors <design/reader#.req.labels>', () => {
    const ring = one('#0=(a b . #0#)') as PairDatum;
    expect((ring.cdr as PairDatum).cdr).toBe(ring);
    const vector = one('#1=#(x #1#)') as Datum & { type: 'vector' };
    expect(vector.items[1]).toBe(vector);
  });

  test('a label shares what it names <design/reader#.req.labels>', () => {
    const list = one('(#3=(x) #3# . #3#)') as PairDatum;
    expect((list.cdr as PairDatum).car).toBe(list.car);
    expect((list.cdr as PairDatum).cdr).toBe(list.car);
  });

  test('labels that are not there, not new or themselves are refused <design/reader#.req.errors>', () => {
    expect(refused('#1#')).toMatch(/^a\.scm:1:1: label #1# is not defined/);
    expect(refused('#0=#0#')).toMatch(/stands for itself/);
    expect(refused('(#0=a #0=b)')).toMatch(/^a\.scm:1:7: label #0= is defined twice/);
    expect(refused('#0=(a) #0#')).toMatch(/^a\.scm:1:8: label #0# is not defined/);
  });
});

describe('positions and errors', () => {
  test('lists and symbols know their line and column, whatever the line ends <design/reader#.def.position>', () => {
    const [, list] = readAll('a\r\n#| \n |# (b\n  c)\r"x\ny" d');
    const pair = list as PairDatum;
    expect(pair.at).toEqual({ file: 'a.scm', line: 3, column: 5 });
    expect(pair.car).toMatchObject({ name: 'b', at: { line: 3, column: 6 } });
    expect(pair.cdr).toMatchObject({ at: { line: 4, column: 3 }, car: { name: 'c' } });
    expect(readAll('a\r\n(b)\r"x\ny" d').at(-1)).toMatchObject({ name: 'd', at: { line: 4, column: 4 } });
  });

  const errors: [string, RegExp][] = [
    ['(a\n (b c)\n', /^a\.scm:1:1: the list opened here is never closed \(add \) before the end at line 3\)$/],
    ['(a\n (b', /^a\.scm:2:2: the list opened here/], ['#(a', /^a\.scm:1:1: the vector opened here/], ['#u8(1', /the bytevector opened here/],
    ['a)', /^a\.scm:1:2: this \) closes nothing/], ['"abc\n', /^a\.scm:1:1: the string opened here is never closed/],
    ['|abc', /^a\.scm:1:1: the symbol opened here/], ['a #| #| |#', /^a\.scm:1:3: the block comment opened here/],
    ['(. a)', /^a\.scm:1:2: a dot out of place/], ['(a . b c)', /^a\.scm:1:8: more than one datum after a dot/], ['(a .)', /nothing between \. and \)/],
    ['(a . b . c)', /^a\.scm:1:8: a dot out of place/], ['.', /a dot out of place/], ['#(a . b)', /a dot out of place/],
    ['\'', /^a\.scm:1:1: quote has nothing after it/], ['(\')', /^a\.scm:1:2: quote has nothing/], ['(a #;)', /^a\.scm:1:4: #; has nothing after it/],
    ['"\\q"', /^a\.scm:1:2: unknown escape \\q in a string/], ['"\\xD800;"', /there is no character D800/], ['#\\foo', /unknown character #\\foo \(known are/],
    ['#\\x110000', /there is no character/], ['#foo', /unknown syntax #foo/], ['#!bar', /unknown directive #!bar/], ['#u8(256)', /not a byte/], ['#u8(a)', /not a byte/],
    ['[a]', /\[ has no meaning in Scheme \(use parentheses\)/], ['a\'b', /' inside the symbol/], ['3+4i', /3\+4i is a complex number/], ['-i', /complex/], ['1@2', /complex/],
    ['1.2.3', /1\.2\.3 is not a number/], ['1/0', /divides by zero/], ['#e1.5', /not an exact integer/], ['#xyz', /not a number/], ['12abc', /12abc is not a number/],
  ];
  for (const [source, expected] of errors) {
    test(`${JSON.stringify(source)} is refused with place, reason and hint <design/reader#.req.errors>`, () => {
      expect(refused(source)).toMatch(expected);
      expect(refused(source)).toMatch(/^a\.scm:\d+:\d+: .+ \(.+\)$/);
    });
  }
});

describe('size', () => {
  const deep = 200_000;
  test('nesting meets no limit of the host <design/reader#.inv.stack>', () => {
    let datum = one('('.repeat(deep) + ')'.repeat(deep));
    let depth = 1;
    for (; datum.type === 'pair'; datum = datum.car) depth += 1;
    expect(depth).toBe(deep);
    expect(one('\''.repeat(deep) + 'a').type).toBe('pair');
    expect(one('#('.repeat(deep) + ')'.repeat(deep)).type).toBe('vector');
    expect(text(`#|${'#|'.repeat(deep)}${'|#'.repeat(deep)}|#a`)).toBe('a');
    expect(refused('('.repeat(deep))).toMatch(/never closed/);
    expect(one(`#0=${'('.repeat(deep)}#0#${')'.repeat(deep)}`).type).toBe('pair');
  });

  test('length meets no limit of the host <design/reader#.inv.stack>', () => {
    expect(readAll(`(${'a '.repeat(deep)})`).length).toBe(1);
    expect(one(`"${'x'.repeat(deep)}"`)).toEqual({ type: 'string', value: 'x'.repeat(deep) });
  });
});

describe('reading in pieces', () => {
  test('the offset is just behind the datum that was read <design/reader#.if.offset>', () => {
    const reader = new Reader('(a) b"c"', 'port');
    const offsets = [1, 2, 3, 4].map(() => (reader.read() === null ? -1 : reader.offset));
    expect(offsets).toEqual([3, 5, 8, -1]);
    expect(datumText(new Reader('(a) b', 'port', 3).read() as Datum)).toBe('b');
  });

  test('any text is read or refused with a position, never anything else <design/reader#.req.errors>', () => {
    const piece = fc.constantFrom('(', ')', ' ', '\n', '.', '#', '"', '|', '\\', ';', '\'', ',@', '#;', '#|', '|#', 'a', '1', '#\\', 'x41;', '#0=', '#0#', '#(', '#u8(', '+', 'i', '/', '#!fold-case');
    fc.assert(fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        readAll(pieces.join(''));
      } catch (error) {
        expect(error).toBeInstanceOf(SchemeSyntaxError);
      }
    }), { numRuns: 2000 });
  });
});
