/* toplevel.test.ts: the rest of the program is part of a continuation. */
import { expect, test } from 'vitest';
import { start } from './start.ts';

test('a continuation that is entered again goes on with the forms after that in which it was taken <design/vm#.runtime.forms>', () => {
  const ended = start(`
    (define k #f) (define n 0)
    (display (call/cc (lambda (c) (set! k c) 'first)))
    (newline)
    (set! n (+ n 1))
    (if (< n 3) (k n))
    (display "end")`);
  expect(ended.output).toBe('first\n1\n2\nend');
});

test('a syntax error in a later form ends the program there, as one <design/vm#.runtime.forms>', () => {
  const ended = start('(display 1)\n(define (f) (if))\n(display 2)');
  expect([ended.output, ended.status]).toEqual(['1', 'syntax']);
  expect(ended.message).toMatch(/^test\.scm:2:13: if takes 2 or 3 parts/);
});
