/* plain.test.ts: is the plain evaluator one to measure by? <design/testing#.plain> */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Exhausted, run } from './plain.ts';

const folder = new URL('../../data/scheme/', import.meta.url);
const programs = readdirSync(folder).filter((name) => name.endsWith('.scm')).map((name) => name.slice(0, -4));

describe('the plain evaluator prints what an independent system printed <design/testing#.plain>', () => {
  test('for twelve programs', () => { expect(programs.length).toBe(12); });

  test.each(programs)('%s', (name) => {
    const { output, error } = run(readFileSync(new URL(`${name}.scm`, folder), 'utf8'));
    expect(error).toBeNull();
    expect(output).toBe(readFileSync(new URL(`${name}.out`, folder), 'utf8'));
  });
});

/** What the evaluator prints, and the exception that ends it. */
const cases: [what: string, text: string, output: string][] = [
  ['exact integers grow, and stay exact', '(display (list (* 4294967296 4294967296) (- (expt 2 53) 1) (+ (expt 2 53) 1) (quotient (expt 10 30) -7)))',
    '(18446744073709551616 9007199254740991 9007199254740993 -142857142857142857142857142857)'],
  ['modulo takes the sign of the divisor', '(display (list (modulo -7 2) (modulo 7 -2) (remainder -7 2) (modulo -9007199254740991 6004799503160661)))',
    '(1 -1 -1 3002399751580331)'],
  ['a continuation can be entered again, with the values that had been computed', `
    (define k #f) (define n 0)
    (let ()
      (display (list n (call/cc (lambda (c) (set! k c) 1)) n))
      (set! n (+ n 1)) (if (< n 3) (k (* n 10))))`, '(0 1 0)(0 10 1)(0 20 2)'],
  ['macros do not capture', `
    (define-syntax swap! (syntax-rules () ((_ a b) (let ((tmp a)) (set! a b) (set! b tmp)))))
    (define (f) (let ((tmp 1) (other 2)) (swap! tmp other) (list tmp other)))
    (display (f))
    (define-syntax my-or (syntax-rules () ((_ a b) (let ((t a)) (if t t b)))))
    (display (let ((t 5) (if list)) (my-or #f t)))`, '(2 1)5'],
  ['ellipses nest', `
    (define-syntax flat (syntax-rules () ((_ ((a b ...) ...) c) '(c (a ...) (b ... ...)))))
    (display (flat ((1 2 3) (4) (5 6)) 7))`, '(7 (1 4 5) (2 3 6))'],
  ['dynamic-wind is left and entered again', `
    (define trail '()) (define (note x) (set! trail (cons x trail))) (define k #f)
    (dynamic-wind (lambda () (note 'in)) (lambda () (call/cc (lambda (c) (set! k c))) (note 'body)) (lambda () (note 'out)))
    (if (< (length trail) 6) (k 1)) (display (reverse trail))`, '(in body out in body out)'],
  ['an unmatched guard raises again where it was raised', `
    (display (guard (e ((symbol? e) (list 'outer e)))
      (guard (e ((string? e) 'inner)) (dynamic-wind (lambda () (display "in ")) (lambda () (raise 'oops)) (lambda () (display "out "))))))`,
    'in out in out (outer oops)'],
  ['a continuable exception continues', `
    (display (with-exception-handler (lambda (e) (* e 2)) (lambda () (+ 1 (raise-continuable 21)))))
    (display (guard (e (#t 'second)) (with-exception-handler (lambda (e) 0) (lambda () (raise 'first)))))`, '43second'],
  ['promises are forced once, and chains in constant room', `
    (define count 0) (define p (delay (begin (set! count (+ count 1)) count)))
    (define (loop n) (if (= n 0) (delay 'end) (delay-force (loop (- n 1)))))
    (display (list (force p) (force p) (force (loop 10000))))`, '(1 1 end)'],
  ['quasi-quotation', '(let ((x 1) (l (list 2 3))) (write `(a ,x ,@l #(,x "s") `(b ,(c ,x)) . d)))', '(a 1 2 3 #(1 "s") `(b ,(c 1)) . d)'],
  ['values, case-lambda, parameters and records', `
    (define-values (a . b) (values 1 2 3))
    (define f (case-lambda ((x) 1) ((x . r) r)))
    (define p (make-parameter 1)) (define-record-type <r> (mk y) r? (x get-x set-x!) (y get-y))
    (let*-values (((c d) (values a b))) (display (list c d (f 1) (f 1 2) (parameterize ((p 5)) (p)) (p) (get-y (mk 7)))))`, '(1 (2 3) 1 (2) 5 1 7)'],
];

describe('the plain evaluator is Scheme <design/testing#.plain>', () => {
  test.each(cases)('%s', (_, text, output) => { expect(run(text)).toMatchObject({ output, error: null }); });

  test('an exception that nothing takes ends the program and is reported', () => {
    expect(run('(display 1) (error "no good:" 2) (display 3)')).toMatchObject({ output: '1', error: 'no good: (2)' });
  });

  test('a program that does not end runs out of steps', () => {
    expect(() => run('(let loop () (loop))', 1000)).toThrow(Exhausted);
  });
});
