import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Format, FormatName } from '../../code/machine/format.ts';
import { morello } from '../../code/machine/morello.ts';
import { riscv } from '../../code/machine/riscv.ts';
import { baseHighOfWords, baseLowOfWords, boundsOfWords, isInside } from '../../code/machine/words.ts';

const formats: readonly FormatName[] = ['riscv', 'morello'];
const codecs: Readonly<Record<FormatName, Format>> = { riscv, morello };

interface Found { readonly base: bigint; readonly top: bigint; readonly valid: boolean }

/** What the codec of the format decodes. */
function decode(format: FormatName, word2: number, address: bigint): Found {
  const { base, top, valid } = codecs[format].fields({ hi: BigInt(word2 >>> 0), lo: address, tag: false });
  return { base, top, valid };
}

const lowOf = (value: bigint): number => Number(BigInt.asIntN(32, value));
const highOf = (value: bigint): number => Number(BigInt.asIntN(32, value >> 32n));
const wordsTo = (low: number, high: number): bigint => (BigInt(high) << 32n) + BigInt(low);

function boundsFound(format: FormatName, word2: number, address: bigint): Found {
  const { baseLow, baseHigh, topLow, topHigh, isValid } = boundsOfWords(format === 'morello', lowOf(address), highOf(address), word2);
  return { base: wordsTo(baseLow, baseHigh), top: wordsTo(topLow, topHigh), valid: isValid };
}

const baseFound = (format: FormatName, word2: number, address: bigint): readonly number[] => [
  baseLowOfWords(format === 'morello', lowOf(address), word2), baseHighOfWords(format === 'morello', lowOf(address), highOf(address), word2),
];

const signedWords = (value: bigint): readonly number[] => [lowOf(value), highOf(value)];

const insideFound = (format: FormatName, word2: number, address: bigint, at: bigint, size: bigint): boolean =>
  isInside(format === 'morello', lowOf(address), highOf(address), word2, lowOf(at), highOf(at), Number(size));

const word = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });

/** Word 2 with a given exponent; -1 stands for bounds that are exact to the byte. */
const boundsWith = (format: FormatName, exponent: number): fc.Arbitrary<number> => word.map((bits) => {
  if (format === 'riscv') {
    if (exponent < 0) return bits | 0x400_0000;
    return ((bits & ~0x1_c007) | ((exponent >> 3) << 14) | (exponent & 7)) & ~0x400_0000 ^ 0x1_8004;
  }
  if (exponent < 0) return bits | 0x4000_0000;
  const inverted = 63 - exponent;
  return ((bits & ~0x7_0007) | ((inverted >> 3) << 16) | (inverted & 7)) & ~0x4000_0000;
});

/** An address where decoding changes: an end of the space, a half of it, Morello's bit 55, a multiple of some power; or anywhere. */
const address: fc.Arbitrary<bigint> = fc.tuple(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.nat(8), fc.nat(63), fc.integer({ min: -20, max: 20 }))
  .map(([any, where, bits, beside]) => {
    const near = BigInt(beside), some = BigInt.asIntN(bits, any);
    const places = [
      near, some, (1n << 63n) + some, (1n << 55n) + near, (1n << 55n) + some, (0x40n << 32n) + BigInt.asUintN(32, any),
      (any & -(1n << BigInt(bits))) + near,
    ];
    return BigInt.asUintN(64, places[where] ?? any);
  });

interface Drawn { readonly word2: number; readonly address: bigint; readonly at: bigint; readonly size: bigint }

/** Bounds, an address, and what is asked: at, about and beyond base and top, with sizes that reach the top or just miss it. */
const drawn = (format: FormatName, exponent: number): fc.Arbitrary<Drawn> => fc.tuple(
  boundsWith(format, exponent), address, address, fc.nat(7), fc.integer({ min: -2, max: 2 }), fc.nat(5), fc.integer({ min: -1, max: 1 }), fc.maxSafeInteger(),
).map(([word2, here, other, where, beside, extent, off, any]) => {
  const { base, top } = decode(format, word2, here), near = BigInt(beside);
  const at = BigInt.asUintN(64, [base, top, base + near, top + near, (base + top) >> 1n, here, here + near][where] ?? other);
  const sizes = [top - at + BigInt(off), 16n, 0n, 1n << 52n, 1n], size = sizes[extent] ?? BigInt(Math.abs(any)) % (1n << 52n);
  return { word2, address: here, at, size: size < 0n ? 0n : size > 1n << 52n ? 1n << 52n : size };
});

describe('words decode what the codecs decode, for every pattern of bits and every address', () => {
  for (const format of formats) {
    for (let exponent = -1; exponent < 64; exponent += 1) {
      const what = `${format}, ${exponent < 0 ? 'bounds exact to the byte' : `exponent ${exponent}`}`;
      test(`${what} <design/machine#.ladder.exact>`, () => {
        let held = 0, refused = 0;
        fc.assert(fc.property(drawn(format, exponent), ({ word2, address: here, at, size }) => {
          const found = decode(format, word2, here);
          const expected = found.valid && at >= found.base && at + size <= found.top;
          expect(boundsFound(format, word2, here)).toEqual(found);
          expect(baseFound(format, word2, here)).toEqual(signedWords(found.base));
          expect(insideFound(format, word2, here, at, size)).toBe(expected);
          if (expected) held += 1;
          else refused += 1;
        }), { numRuns: 800 });
        const mustHold = format === 'riscv' || exponent <= 50 || exponent === 63;
        expect(held).toBeGreaterThanOrEqual(mustHold ? 100 : 0);
        expect(refused).toBeGreaterThan(20);
      });
    }
  }
});

interface Row { readonly fmt: FormatName; readonly op: string; readonly in: Record<string, string>; readonly out: Record<string, string | boolean> }

/** Rows of the vectors with these operations. */
function rowsWith(ops: readonly string[]): Row[] {
  const text = gunzipSync(readFileSync(new URL('../data/vectors/cheri.jsonl.gz', import.meta.url))).toString('utf8');
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Row).filter(({ op }) => ops.includes(op));
}

const word2Of = (row: Row): number => lowOf(BigInt(row.in['hi']));

describe('words agree with the vectors <design/capability#.test.vectors>', () => {
  test('decode: base, top and validity <design/machine#.ladder.exact>', () => {
    const rows = rowsWith(['decode']);
    for (const row of rows) {
      const { base, top, valid } = row.out, here = BigInt(row.in['lo']);
      expect({ row, found: boundsFound(row.fmt, word2Of(row), here) })
        .toEqual({ row, found: { base: BigInt(base), top: BigInt(top), valid } });
      expect({ row, base: baseFound(row.fmt, word2Of(row), here) }).toEqual({ row, base: signedWords(BigInt(base)) });
    }
    for (const format of formats) expect(rows.filter(({ fmt }) => fmt === format).length).toBeGreaterThan(500);
  });

  test('inbounds: the answer, for sizes up to 2^52 <design/machine#.ladder.exact>', () => {
    let tried = 0, held = 0;
    for (const row of rowsWith(['inbounds'])) {
      const size = BigInt(row.in['size']);
      if (size > 1n << 52n) continue;
      const inside = insideFound(row.fmt, word2Of(row), BigInt(row.in['lo']), BigInt(row.in['addr']), size);
      expect({ row, inside }).toEqual({ row, inside: row.out['in'] });
      tried += 1;
      if (inside) held += 1;
    }
    expect(tried).toBeGreaterThan(400);
    expect(held).toBeGreaterThan(100);
  });

  test('access: a fault of bounds is one, and no access is granted outside them <design/machine#.req.exact>', () => {
    let granted = 0, refused = 0;
    for (const row of rowsWith(['access'])) {
      const { fault } = row.out;
      if (fault !== 'none' && fault !== 'bounds') continue;
      const inside = insideFound(row.fmt, word2Of(row), BigInt(row.in['lo']), BigInt(row.in['addr']), BigInt(row.in['size']));
      expect({ row, inside }).toEqual({ row, inside: fault === 'none' });
      if (inside) granted += 1;
      else refused += 1;
    }
    expect(granted).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(20);
  });
});

test('the whole space ends at 2^64, by however much an access goes beyond <design/machine#.ladder.exact>', () => {
  const last = 1n << 64n;
  for (const format of formats) {
    const word2 = lowOf(codecs[format].rootAt(0n).hi), null2 = lowOf(codecs[format].nullAt(0n).hi);
    for (const whole of [word2, null2]) {
      for (const [from, size, isInside] of [
        [1n, 1n, true], [1n, 2n, false], [1n << 32n, 1n << 32n, true], [1n << 32n, (1n << 32n) + 1n, false], [1n << 32n, 1n << 33n, false],
        [1n << 52n, 1n << 52n, true], [1n << 32n, 1n << 52n, false],
      ] as const) expect([format, from, size, insideFound(format, whole, 0n, last - from, size)]).toEqual([format, from, size, isInside]);
    }
  }
});

test('object type and other bits of word 2 beside the bounds change nothing <design/machine#.ladder.exact>', () => {
  fc.assert(fc.property(word, address, (word2, here) => {
    expect(boundsFound('riscv', word2 ^ -0x800_0000, here)).toEqual(boundsFound('riscv', word2, here));
    expect(boundsFound('morello', word2 ^ -0x8000_0000, here)).toEqual(boundsFound('morello', word2, here));
  }));
});

test('flags of a Morello address are no part of its bounds, but an access with flags is outside <design/machine#.ladder.exact>', () => {
  let inside = 0;
  fc.assert(fc.property(fc.integer({ min: -1, max: 40 }).chain((exponent) => drawn('morello', exponent)), fc.nat(255), ({ word2, address: here, at, size }, flags) => {
    const flagged = BigInt.asUintN(56, here) | (BigInt(flags) << 56n);
    expect(boundsFound('morello', word2, flagged)).toEqual(boundsFound('morello', word2, here));
    if (!insideFound('morello', word2, flagged, at, size)) return;
    inside += 1;
    expect(insideFound('morello', word2, flagged, at ^ (1n << 60n), size)).toBe(false);
  }), { numRuns: 3000 });
  expect(inside).toBeGreaterThan(400);
});
