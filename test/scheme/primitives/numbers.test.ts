/* numbers.test.ts: NUMBERS AS PROGRAMS SEE THEM, against the host's integers <design/scheme#.number> */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { table, written } from '../program.ts';

const edges = [0n, 1n, -1n, 2n ** 31n, -(2n ** 31n), 2n ** 32n, 2n ** 53n - 1n, -(2n ** 53n) + 1n, 2n ** 53n, -(2n ** 53n), 2n ** 64n, 3n ** 100n, -(3n ** 1000n)];
const anInteger = fc.oneof(fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }), fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n }), fc.constantFrom(...edges));

function floorQuotient(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a % b !== 0n && (a < 0n) !== (b < 0n) ? q - 1n : q;
}

describe('numbers', () => {
  test('integer arithmetic agrees with the host on any sizes <design/scheme#.number.fast>', () => {
    const pairs = [...fc.sample(fc.tuple(anInteger, anInteger), { numRuns: 300, seed: 1 }), ...edges.flatMap((a) => edges.map((b) => [a, b] as const))];
    const asked: string[] = [], wanted: string[] = [];
    for (const [a, b] of pairs) {
      asked.push(`(list (+ ${a} ${b}) (- ${a} ${b}) (* ${a} ${b}) (= ${a} ${b}) (< ${a} ${b}) (<= ${a} ${b}) (- ${a}) (eqv? ${a} ${b}))`);
      wanted.push(`(${a + b} ${a - b} ${a * b} ${bool(a === b)} ${bool(a < b)} ${bool(a <= b)} ${-a} ${bool(a === b)})`);
      if (b === 0n) continue;
      const q = floorQuotient(a, b);
      asked.push(`(list (quotient ${a} ${b}) (remainder ${a} ${b}) (modulo ${a} ${b}) (floor-quotient ${a} ${b}) (floor-remainder ${a} ${b}) (truncate-quotient ${a} ${b}))`);
      wanted.push(`(${a / b} ${a % b} ${a - q * b} ${q} ${a - q * b} ${a / b})`);
    }
    expect(written(asked)).toEqual(wanted);
  });

  test('the same without instructions of their own: through apply <design/scheme#.number.fast>', () => {
    const pairs = fc.sample(fc.tuple(anInteger, anInteger, anInteger), { numRuns: 100, seed: 2 });
    expect(written(pairs.map(([a, b, c]) => `(list (apply + '(${a} ${b} ${c})) (apply * '(${a} ${b} ${c})) (apply - '(${a} ${b} ${c})) (apply max '(${a} ${b} ${c})) (apply min '(${a} ${b} ${c})) (apply < '(${a} ${b} ${c})))`)))
      .toEqual(pairs.map(([a, b, c]) => {
        const sorted = [a, b, c].sort((x, y) => x < y ? -1 : x > y ? 1 : 0);
        return `(${a + b + c} ${a * b * c} ${a - b - c} ${sorted[2]} ${sorted[0]} ${bool(a < b && b < c)})`;
      }));
  });

  test('text and number are one another\'s inverse in every radix <design/scheme#.number.text>', () => {
    const some = fc.sample(anInteger, { numRuns: 100, seed: 3 });
    expect(written(some.flatMap((n) => [2, 8, 10, 16].map((radix) => `(let ((s (number->string ${n} ${radix}))) (list s (= ${n} (string->number s ${radix}))))`))))
      .toEqual(some.flatMap((n) => [2, 8, 10, 16].map((radix) => `("${n.toString(radix)}" #t)`)));
    const flonums = fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), { numRuns: 200, seed: 4 });
    const literals = flonums.map((x) => Object.is(x, -0) ? '-0.0' : String(x).includes('.') || String(x).includes('e') ? String(x) : `${x}.0`);
    expect(written(literals.map((text) => `(eqv? ${text} (string->number (number->string ${text})))`))).toEqual(literals.map(() => '#t'));
  });

  table('flonums, exactness and rounding <design/scheme#.number>', [
    ['(+ 1 2.5)', '3.5'], ['(* 2 0.5)', '1.0'], ['(/ 1 3)', String(1 / 3)], ['(/ 6 3)', '2'], ['(/ 6 4.0)', '1.5'], ['(/ 2)', '0.5'],
    ['(/ 0.0 0)', 'error: /: division by zero 0.0'], ['(/ 1 0.0)', '+inf.0'], ['(- 0.0)', '-0.0'], ['(- 5)', '-5'], ['(+)', '0'], ['(*)', '1'],
    ['(exact 2.0)', '2'], ['(exact 1e18)', '1000000000000000000'], ['(inexact 7)', '7.0'], ['(exact 1e300)', BigInt(1e300).toString()],
    ['(exact->inexact 3)', '3.0'], ['(inexact->exact 3.0)', '3'],
    ['(floor 2.5)', '2.0'], ['(ceiling 2.5)', '3.0'], ['(round 2.5)', '2.0'], ['(round 3.5)', '4.0'], ['(round -2.5)', '-2.0'], ['(truncate -2.5)', '-2.0'], ['(round 7)', '7'],
    ['(list (exact? 5) (exact? 5.0) (inexact? 5.) (exact-integer? 5) (exact-integer? 5.0))', '(#t #f #t #t #f)'],
    ['(map integer? (list 3 3.0 3.5 +inf.0 \'a))', '(#t #t #f #f #f)'], ['(map rational? (list 3 3.5 +inf.0 +nan.0 "x"))', '(#t #t #f #f #f)'],
    ['(map number? (list 3 3.5 100000000000000000000 \'a))', '(#t #t #t #f)'], ['(list (real? 1) (complex? 1.5) (nan? +nan.0) (finite? 1e308) (infinite? -inf.0))', '(#t #t #t #t #t)'],
    ['(list (zero? 0) (zero? -0.0) (positive? 1e-9) (negative? -100000000000000000000) (odd? 7) (even? 100000000000000000000) (odd? 3.0))', '(#t #t #t #t #t #t #t)'],
    ['(list (max 1 2.0) (max 3 2.0) (min 1 2) (abs -7) (abs -7.5) (abs -100000000000000000000))', '(2.0 3.0 1 7 7.5 100000000000000000000)'],
    ['(list (= 9007199254740993 9007199254740992.0) (< 9007199254740992.0 9007199254740993))', '(#f #t)'],
    ['(list (= 1 1.0) (eqv? 1 1.0) (equal? 0.0 -0.0) (eqv? 100000000000000000000 100000000000000000000))', '(#t #f #f #t)'],
    ['(list (numerator 6) (denominator 6) (numerator 0.75) (denominator 0.75))', '(6 1 3.0 4.0)'],
    ['(list (gcd 32 -36) (gcd) (lcm 32 -36) (lcm) (lcm 32.0 -36) (gcd 0 5))', '(4 0 288 1 288.0 5)'],
    ['(list (expt 2 100) (expt 2 0) (expt 0 0) (expt 2.0 3) (expt 2 -2) (expt 4 0.5) (expt -1 101))', `(${2n ** 100n} 1 1 8.0 0.25 2.0 -1)`],
    ['(list (sqrt 16) (sqrt 2) (sqrt 16.0) (sqrt -1) (sqrt 152415787532388367501905199875019052100))', `(4 ${Math.SQRT2} 4.0 +nan.0 12345678901234567890)`],
    ['(call-with-values (lambda () (exact-integer-sqrt 17)) list)', '(4 1)'], ['(call-with-values (lambda () (floor/ -5 2)) list)', '(-3 1)'],
    ['(call-with-values (lambda () (truncate/ -5 2)) list)', '(-2 -1)'], ['(call-with-values (lambda () (truncate/ -5.0 2)) list)', '(-2.0 -1.0)'],
    ['(list (exp 0) (log 1) (log 8 2) (log 1000 10) (sin 0) (cos 0) (atan 1 0) (atan 1))', `(1.0 0.0 3.0 3.0 0.0 1.0 ${Math.PI / 2} ${Math.PI / 4})`],
    ['(list (asin 1) (acos 1) (tan 0) (square 5) (square 0.5) (rationalize 3 1) (rationalize .3 1/10))', `(${Math.PI / 2} 0.0 0.0 25 0.25 2 ${1 / 3})`],
    ['(list (string->number "abc") (string->number "1e3") (string->number "#xff") (string->number "ff" 16) (string->number "") (string->number "-") (string->number "1/2"))', '(#f 1000.0 255 255 #f #f 0.5)'],
    ['(list 1e21 1e20 123456.789 -1e-7 +inf.0 -inf.0 +nan.0)', '(1e21 100000000000000000000.0 123456.789 -1e-7 +inf.0 -inf.0 +nan.0)'],
    ['(exact-integer-sqrt -1)', 'error: exact-integer-sqrt: expected an exact integer of at least 0, got -1'],
  ]);

  table('what is no number, or has no result, is an error <design/scheme#.error.text>', [
    ['(+ \'a 1)', 'error: +: expected a number, got a'], ['(apply + 1 \'(a))', 'error: +: argument 2: expected a number, got a'], ['(apply + \'(1 2 "x"))', 'error: +: argument 3: expected a number, got "x"'],
    ['(- "x")', 'error: -: expected a number, got "x"'], ['(< 1 \'b)', 'error: <: argument 2: expected a number, got b'], ['(apply = \'(1 2 x))', 'error: =: argument 3: expected a number, got x'],
    ['(quotient 1 0)', 'error: quotient: division by zero 1'], ['(modulo 10 0)', 'error: modulo: division by zero 10'], ['(quotient 1.5 2)', 'error: quotient: expected an integer, got 1.5'],
    ['(exact 1.5)', 'error: exact: 1.5 is not an integer, and there are no exact rationals 1.5'], ['(exact +inf.0)', 'error: exact: +inf.0 is not an integer, and there are no exact rationals +inf.0'],
    ['(expt 0 -1)', 'error: expt: division by zero 0 -1'], ['(number->string 1.5 2)', 'error: number->string: flonums have decimal digits only 1.5'],
    ['(number->string 5 7)', 'error: number->string: argument 2: expected a radix of 2, 8, 10 or 16, got 7'],
    ['(even? 1.5)', 'error: even?: expected an integer, got 1.5'], ['(sqrt \'x)', 'error: sqrt: expected a number, got x'],
  ]);

  test('what would not fit is refused at once <design/scheme#.number.limit>', () => {
    expect(written(['(expt 7 (expt 10 20))', '(let loop ((x 3) (n 0)) (if (< n 30) (loop (* x x) (+ n 1)) x))'])).toEqual([
      'error: expt: the result would be too large an integer', 'error: *: the result would be too large an integer',
    ]);
  });
});

function bool(value: boolean): string {
  return value ? '#t' : '#f';
}
