/* tower.ts: THE NUMERIC TOWER
 *
 * Arithmetic on what the numbers of a program stand for: an exact integer is a `bigint` here and a flonum a `number`, so that
 * no operation can confuse the two <design/scheme#.number>. Nothing in this file touches the heap, and nothing in it is the
 * fast path: two small fixnums never get here <design/scheme#.number.fast>.
 */
import { ratioToReal } from './number.ts';

/** An exact integer, or a flonum. */
export type Numeric = bigint | number;

/** The greatest magnitude of a fixnum. */
export const FixnumMAX: number = Number.MAX_SAFE_INTEGER;

/** Exact results of more bits than this are refused, as the host cannot make them <design/scheme#.number.limit>. */
export const IntegerBITS: number = 1 << 22;

/** toFlonum -- the flonum nearest to a number. */
export function toFlonum(x: Numeric): number {
  return typeof x === 'bigint' ? Number(x) : x;
}

/** isExact -- whether both of two numbers are exact. */
function isExact(a: Numeric, b: Numeric): boolean {
  return typeof a === 'bigint' && typeof b === 'bigint';
}

/** add -- a + b; inexact if either is. */
export function add(a: Numeric, b: Numeric): Numeric {
  return isExact(a, b) ? (a as bigint) + (b as bigint) : toFlonum(a) + toFlonum(b);
}

/** subtract -- a - b. */
export function subtract(a: Numeric, b: Numeric): Numeric {
  return isExact(a, b) ? (a as bigint) - (b as bigint) : toFlonum(a) - toFlonum(b);
}

/** multiply -- a * b, or null where an exact product is beyond the limit. */
export function multiply(a: Numeric, b: Numeric): Numeric | null {
  if (!isExact(a, b)) return toFlonum(a) * toFlonum(b);
  return bitLength(a as bigint) + bitLength(b as bigint) > IntegerBITS + 1 ? null : (a as bigint) * (b as bigint);
}

/** divide -- a / b: exact where that is an integer, else the nearest flonum <design/scheme#.departs.rational>.
 *
 * Null: division by an exact zero.
 */
export function divide(a: Numeric, b: Numeric): Numeric | null {
  if (b === 0n) return null;
  if (typeof a !== 'bigint' || typeof b !== 'bigint') return toFlonum(a) / toFlonum(b);
  return a % b === 0n ? a / b : ratioToReal(a, b);
}

/** compare -- negative, zero or positive as a is below, equal to or above b; NaN where they have no order.
 *
 * An exact integer and a flonum are compared by value, without rounding <design/scheme#.number.compare>.
 */
export function compare(a: Numeric, b: Numeric): number {
  return a < b ? -1 : a > b ? 1 : a <= b ? 0 : NaN;
}

/** bitLength -- how many bits the magnitude of an integer has. */
export function bitLength(n: bigint): number {
  const text = (n < 0n ? -n : n).toString(16);
  return text === '0' ? 0 : text.length * 4 - (Math.clz32(Number.parseInt(text[0], 16)) - 28);
}

/** isInteger -- whether a number is an integer, exact or not. */
export function isInteger(x: Numeric): boolean {
  return typeof x === 'bigint' || Number.isInteger(x);
}

/** How an integer division rounds its quotient. */
export type Rounding = 'floor' | 'truncate';

/** integerDivide -- quotient or remainder of two integers, the divisor not zero; inexact if either is. */
export function integerDivide(a: Numeric, b: Numeric, rounding: Rounding, part: 'quotient' | 'remainder'): Numeric {
  const n = BigInt(a), d = BigInt(b);
  let q = n / d, r = n % d;
  if (rounding === 'floor' && r !== 0n && (r < 0n) !== (d < 0n)) {
    q -= 1n;
    r += d;
  }
  const result = part === 'quotient' ? q : r;
  return isExact(a, b) ? result : Number(result);
}

/** gcd -- the greatest common divisor of two integers, never negative. */
export function gcd(a: Numeric, b: Numeric): Numeric {
  let x = magnitude(BigInt(a)), y = magnitude(BigInt(b));
  while (y !== 0n) {
    const r = x % y;
    x = y;
    y = r;
  }
  return isExact(a, b) ? x : Number(x);
}

/** lcm -- the least common multiple of two integers, never negative; null beyond the limit. */
export function lcm(a: Numeric, b: Numeric): Numeric | null {
  const x = magnitude(BigInt(a)), y = magnitude(BigInt(b));
  if (x === 0n || y === 0n) return isExact(a, b) ? 0n : 0;
  const product = multiply(x / BigInt(gcd(x, y)), y);
  return product === null || isExact(a, b) ? product : toFlonum(product);
}

function magnitude(n: bigint): bigint {
  return n < 0n ? -n : n;
}

/** power -- a to the power b; null where an exact result is beyond the limit, 'zero' for a zero's negative power. */
export function power(a: Numeric, b: Numeric): Numeric | null | 'zero' {
  if (!isExact(a, b)) return b === 0n ? 1 : Math.pow(toFlonum(a), toFlonum(b));
  const base = a as bigint, exponent = b as bigint;
  if (exponent < 0n) {
    if (base === 0n) return 'zero';
    if (base === 1n || base === -1n) return exponent % 2n === 0n ? 1n : base;
    const inverse = power(base, -exponent);
    return typeof inverse === 'bigint' ? divide(1n, inverse) : 0;
  }
  if (base >= -1n && base <= 1n) return exponent === 0n ? 1n : exponent % 2n === 0n ? base * base : base;
  return exponent * BigInt(bitLength(base) - 1) > BigInt(IntegerBITS) ? null : base ** exponent;
}

/** integerSqrt -- the greatest integer whose square is at most n, which is not negative. */
export function integerSqrt(n: bigint): bigint {
  if (n < 2n) return n;
  let x = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const next = (x + n / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

/** squareRoot -- exact where that is an integer, else a flonum; not a number below zero. */
export function squareRoot(x: Numeric): Numeric {
  if (typeof x === 'number') return Math.sqrt(x);
  if (x < 0n) return NaN;
  const root = integerSqrt(x);
  if (root * root === x) return root;
  return x <= BigInt(FixnumMAX) ? Math.sqrt(Number(x)) : bitLength(root) > 60 ? Number(root) : Math.sqrt(Number(x));
}

/** logarithm -- natural, also of integers beyond the flonums. */
export function logarithm(x: Numeric): number {
  if (typeof x === 'number') return Math.log(x);
  const shift = Math.max(0, bitLength(x) - 1000);
  return Math.log(Number(x >> BigInt(shift))) + shift * Math.LN2;
}

/** roundEven -- to the nearest integer, halves to the even one. */
export function roundEven(x: number): number {
  const low = Math.floor(x), above = x - low;
  if (!Number.isFinite(x) || above === 0) return x;
  const up = above > 0.5 || (above === 0.5 && low % 2 !== 0);
  const result = up ? low + 1 : low;
  return result === 0 && x < 0 ? -0 : result;
}

/** simplest -- the simplest rational within `within` of x, as a flonum, or exact for exact arguments. */
export function simplest(x: Numeric, within: Numeric): Numeric {
  if (typeof x === 'bigint' && typeof within === 'bigint') {
    const y = magnitude(within), low = x - y, high = x + y;
    return low > 0n ? low : high < 0n ? high : 0n;
  }
  const a = toFlonum(x), y = Math.abs(toFlonum(within));
  if (!Number.isFinite(a) || !Number.isFinite(y)) return Number.isFinite(y) ? a : Number.isFinite(a) ? 0 : NaN;
  if (a - y <= 0 && a + y >= 0) return 0;
  return a > 0 ? simplestBetween(a - y, a + y) : -simplestBetween(-a - y, -a + y);
}

/** simplestBetween -- for 0 < low <= high: the continued fraction of both, as far as it is the same. */
function simplestBetween(low: number, high: number): number {
  let p0 = 0, q0 = 1, p1 = 1, q1 = 0;
  for (;;) {
    const whole = Math.floor(low);
    if (whole === low || whole < Math.floor(high)) {
      const last = whole === low ? whole : whole + 1;
      return (last * p1 + p0) / (last * q1 + q0);
    }
    [p0, p1] = [p1, whole * p1 + p0];
    [q0, q1] = [q1, whole * q1 + q0];
    [low, high] = [1 / (high - whole), 1 / (low - whole)];
  }
}

/** fraction -- numerator and denominator of a finite flonum in lowest terms. */
export function fraction(x: number): [number, number] {
  let numerator = x, denominator = 1;
  while (!Number.isInteger(numerator)) {
    numerator *= 2;
    denominator *= 2;
  }
  return [numerator, denominator];
}

/** flonumText -- a flonum as R7RS reads it back: with a point or an exponent, shortest digits <design/scheme#.number.text>. */
export function flonumText(x: number): string {
  if (Number.isNaN(x)) return '+nan.0';
  if (!Number.isFinite(x)) return x > 0 ? '+inf.0' : '-inf.0';
  if (Object.is(x, -0)) return '-0.0';
  const text = String(x).replace('e+', 'e');
  return text.includes('.') || text.includes('e') ? text : `${text}.0`;
}

/** numberText -- digits of an exact integer in `radix`, or a flonum in decimal. */
export function numberText(x: Numeric, radix: number = 10): string {
  return typeof x === 'bigint' ? x.toString(radix) : flonumText(x);
}
