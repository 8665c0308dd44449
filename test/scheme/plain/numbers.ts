/* numbers.ts: ARITHMETIC OF THE PLAIN EVALUATOR
 *
 * An exact integer is a JavaScript number when that is safe and a bigint otherwise, never both: `exact` keeps the two
 * apart. An inexact number is a Flonum. There are no other numbers: a quotient that is not whole is inexact.
 */
import { fail, Flonum } from './values.ts';
import type { Value } from './values.ts';

export type Exact = number | bigint;
export type Numeric = Exact | Flonum;

/** exact -- the one form of an integer */
export function exact(value: bigint): Exact {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

export const isNumber = (value: Value): value is Numeric =>
  typeof value === 'number' || typeof value === 'bigint' || value instanceof Flonum;

export const isExact = (value: Value): value is Exact => typeof value === 'number' || typeof value === 'bigint';

/** numeric -- a number, or an error */
export const numeric = (value: Value): Numeric => (isNumber(value) ? value : fail('not a number', value));

/** integer -- an exact integer, or an error */
export const integer = (value: Value): Exact => (isExact(value) ? value : fail('not an exact integer', value));

/** float -- the nearest JavaScript number */
export const float = (value: Numeric): number => (value instanceof Flonum ? value.value : Number(value));

type Operation = (a: Value, b: Value) => Numeric;

const operation = (small: (a: number, b: number) => number, big: (a: bigint, b: bigint) => bigint): Operation => (a, b) => {
  if (typeof a === 'number' && typeof b === 'number') {
    const result = small(a, b);
    return Number.isSafeInteger(result) ? result + 0 : exact(big(BigInt(a), BigInt(b)));
  }
  const x = numeric(a), y = numeric(b);
  if (x instanceof Flonum || y instanceof Flonum) return new Flonum(small(float(x), float(y)));
  return exact(big(BigInt(x), BigInt(y)));
};

export const add: Operation = operation((a, b) => a + b, (a, b) => a + b);
export const subtract: Operation = operation((a, b) => a - b, (a, b) => a - b);
export const multiply: Operation = operation((a, b) => a * b, (a, b) => a * b);

/** divide -- exact when it comes out whole */
export function divide(a: Value, b: Value): Numeric {
  const x = numeric(a), y = numeric(b);
  if (isExact(y) && BigInt(y) === 0n) fail('division by zero', a);
  if (isExact(x) && isExact(y) && BigInt(x) % BigInt(y) === 0n) return exact(BigInt(x) / BigInt(y));
  return new Flonum(float(x) / float(y));
}

const division = (small: (a: number, b: number) => number, big: (a: bigint, b: bigint) => bigint): Operation => (a, b) => {
  const x = whole(a), y = whole(b);
  if (float(y) === 0) fail('division by zero', a);
  if (x instanceof Flonum || y instanceof Flonum) return new Flonum(small(float(x), float(y)));
  return exact(big(BigInt(x), BigInt(y)));
};

function whole(value: Value): Numeric {
  const x = numeric(value);
  return x instanceof Flonum && !Number.isInteger(x.value) ? fail('not an integer', value) : x;
}

export const quotient: Operation = division((a, b) => Math.trunc(a / b), (a, b) => a / b);
export const remainder: Operation = division((a, b) => a % b, (a, b) => a % b);
export const modulo: Operation = division(
  (a, b) => { const r = a % b; return r !== 0 && r < 0 !== b < 0 ? r + b : r; },
  (a, b) => ((a % b) + b) % b,
);
export const floorQuotient: Operation = division((a, b) => Math.floor(a / b), (a, b) => (a - (((a % b) + b) % b)) / b);

/** compare -- negative, zero or positive; NaN when unordered */
export function compare(a: Value, b: Value): number {
  const x = numeric(a), y = numeric(b);
  const left = x instanceof Flonum ? x.value : x, right = y instanceof Flonum ? y.value : y;
  return left < right ? -1 : left > right ? 1 : left <= right ? 0 : NaN;
}

/** power -- exact for an exact base and a natural exponent */
export function power(base: Value, exponent: Value): Numeric {
  const x = numeric(base), n = numeric(exponent);
  if (isExact(x) && isExact(n) && n >= 0) return exact(BigInt(x) ** BigInt(n));
  return new Flonum(float(x) ** float(n));
}

/** root -- exact when it comes out whole */
export function root(value: Value): Numeric {
  const x = numeric(value);
  if (isExact(x) && x >= 0) {
    const whole = rootFloor(BigInt(x));
    if (whole * whole === BigInt(x)) return exact(whole);
  }
  return new Flonum(Math.sqrt(float(x)));
}

/** rootFloor -- the greatest integer whose square is at most n, by Newton's iteration from above */
export function rootFloor(n: bigint): bigint {
  if (n < 2n) return n;
  let guess = 1n << BigInt(Math.ceil(n.toString(2).length / 2));
  for (;;) {
    const next = (guess + n / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

/** rounder -- a procedure that leaves integers alone and rounds flonums by `round` */
export const rounder = (round: (x: number) => number) => (value: Value): Numeric => {
  const x = numeric(value);
  return x instanceof Flonum ? new Flonum(round(x.value)) : x;
};

/** halfEven -- to the nearest integer, ties to the even one */
export function halfEven(x: number): number {
  const low = Math.floor(x), rest = x - low;
  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;
}

/** toExact -- the integer that a flonum equals, or an error */
export function toExact(value: Value): Exact {
  const x = numeric(value);
  if (!(x instanceof Flonum)) return x;
  return Number.isInteger(x.value) ? exact(BigInt(x.value)) : fail('no exact number equals it', value);
}

/** numberText -- as `number->string` writes it */
export function numberText(value: Numeric, radix: number): string {
  if (!(value instanceof Flonum)) return value.toString(radix);
  if (Number.isNaN(value.value)) return '+nan.0';
  if (!Number.isFinite(value.value)) return value.value < 0 ? '-inf.0' : '+inf.0';
  const text = Object.is(value.value, -0) ? '-0' : value.value.toString(radix);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** parseNumber -- as `string->number` reads it: false when it is none */
export function parseNumber(word: string, radix: number): Numeric | false {
  const prefixed = /^#([xbdo])(.+)$/i.exec(word);
  if (prefixed !== null) return parseNumber(prefixed[2], { x: 16, b: 2, d: 10, o: 8 }[prefixed[1].toLowerCase()]!);
  const digits = radix === 16 ? /^[+-]?[0-9a-f]+$/i : radix === 2 ? /^[+-]?[01]+$/ : radix === 8 ? /^[+-]?[0-7]+$/ : /^[+-]?\d+$/;
  if (digits.test(word)) {
    let value = 0n;
    for (const digit of word.replace(/^[+-]/, '')) value = value * BigInt(radix) + BigInt(parseInt(digit, radix));
    return exact(word.startsWith('-') ? -value : value);
  }
  if (radix === 10 && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word)) return new Flonum(Number(word));
  if (/^[+-](inf|nan)\.0$/.test(word)) return new Flonum(word.endsWith('nan.0') ? NaN : word.startsWith('-') ? -Infinity : Infinity);
  return false;
}
