/* tower.test.ts: THE NUMERIC TOWER, against the host's integers <design/scheme#.number> */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  add, bitLength, compare, divide, flonumText, fraction, gcd, IntegerBITS, integerDivide, integerSqrt, lcm, logarithm, multiply,
  numberText, power, roundEven, simplest, squareRoot,
} from '../../code/scheme/tower.ts';

const integer = fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n });

describe('the numeric tower', () => {
  test('division rounds as floor and truncate say <design/scheme#.number>', () => {
    fc.assert(fc.property(integer, integer.filter((n) => n !== 0n), (a, b) => {
      for (const rounding of ['floor', 'truncate'] as const) {
        const q = integerDivide(a, b, rounding, 'quotient') as bigint, r = integerDivide(a, b, rounding, 'remainder') as bigint;
        expect(q * b + r).toBe(a);
        expect((r < 0n ? -r : r) < (b < 0n ? -b : b)).toBe(true);
        expect(r === 0n || (r < 0n) === (rounding === 'floor' ? b < 0n : a < 0n)).toBe(true);
      }
    }));
  });

  test('an inexact operand makes an inexact result <design/scheme#.number>', () => {
    expect(add(1n, 2)).toBe(3);
    expect(integerDivide(-7, 2n, 'floor', 'quotient')).toBe(-4);
    expect(gcd(12n, 18)).toBe(6);
    expect(lcm(4, 6n)).toBe(12);
  });

  test('a quotient is exact, or the nearest flonum <design/scheme#.departs.rational>', () => {
    expect(divide(6n, 3n)).toBe(2n);
    expect(divide(1n, 0n)).toBe(null);
    expect(divide(1n, 3n)).toBe(1 / 3);
    expect(divide(10n ** 400n + 1n, 10n ** 400n)).toBe(1);
    expect(divide(-(10n ** 400n), 10n ** 399n * 4n)).toBe(-2.5);
    fc.assert(fc.property(fc.maxSafeInteger(), fc.maxSafeInteger().filter((n) => n !== 0), (a, b) => {
      expect(Number(divide(BigInt(a), BigInt(b)))).toBe(a === 0 ? 0 : a / b);
    }));
  });

  test('integers and flonums are compared without rounding <design/scheme#.number.compare>', () => {
    expect(compare(2n ** 53n + 1n, 2 ** 53)).toBe(1);
    expect(compare(2n ** 53n, 2 ** 53)).toBe(0);
    expect(compare(1n, NaN)).toBe(NaN);
    expect(compare(10n ** 400n, Infinity)).toBe(-1);
  });

  test('roots, bits and powers agree with the host <design/scheme#.number>', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 300n }), (n) => {
      const root = integerSqrt(n);
      expect(root * root <= n && n < (root + 1n) * (root + 1n)).toBe(true);
      expect(bitLength(n)).toBe(n === 0n ? 0 : n.toString(2).length);
      expect(bitLength(-n)).toBe(bitLength(n));
      expect(squareRoot(n * n)).toBe(n);
    }));
    expect(squareRoot(2n)).toBe(Math.SQRT2);
    expect(squareRoot(-1n)).toBe(NaN);
    expect(power(2n, 200n)).toBe(2n ** 200n);
    expect(power(2n, -1n)).toBe(0.5);
    expect(power(-1n, -3n)).toBe(-1n);
    expect(power(0n, -1n)).toBe('zero');
    expect(power(0n, 0n)).toBe(1n);
    expect(power(0.5, 2n)).toBe(0.25);
    expect(logarithm(10n ** 400n)).toBeCloseTo(400 * Math.LN10, 8);
  });

  test('results beyond the limit are refused, not attempted <design/scheme#.number.limit>', () => {
    expect(power(2n, BigInt(IntegerBITS) * 4n)).toBe(null);
    expect(power(10n, 10n ** 30n)).toBe(null);
    expect(power(2n, -(10n ** 30n))).toBe(0);
    const big = 1n << BigInt(IntegerBITS - 1);
    expect(multiply(big, big)).toBe(null);
    expect(multiply(1n, -1n)).toBe(-1n);
  });

  test('halves round to even, and the simplest fraction is found <design/scheme#.number>', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 3.7, -3.7, 7].map(roundEven)).toEqual([0, 2, 2, -0, -2, 4, -4, 7]);
    expect(simplest(0.3, 0.1)).toBe(1 / 3);
    expect(simplest(-0.3, 0.1)).toBe(-1 / 3);
    expect(simplest(5n, 2n)).toBe(3n);
    expect(simplest(1.5, 2)).toBe(0);
    expect(fraction(0.75)).toEqual([3, 4]);
  });

  test('flonums print so that they read back <design/scheme#.number.text>', () => {
    const texts: [number, string][] = [
      [1, '1.0'], [0.5, '0.5'], [1e21, '1e21'], [1e-7, '1e-7'], [1.5e300, '1.5e300'], [-0, '-0.0'], [NaN, '+nan.0'],
      [Infinity, '+inf.0'], [-Infinity, '-inf.0'], [123456789012, '123456789012.0'],
    ];
    for (const [x, text] of texts) expect(flonumText(x)).toBe(text);
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
      expect(Object.is(Number(flonumText(x)), x)).toBe(true);
    }));
    expect(numberText(-255n, 16)).toBe('-ff');
  });
});
