/* program.ts: RUNNING SCHEME IN TESTS
 *
 * One program an assertion would be one boot an assertion; so a table of expressions is one program that prints a line for each.
 */
import { expect, test } from 'vitest';
import type { System } from '../../code/mps/mps.ts';
import { start, type StartOptions } from './start.ts';

/** Prints the value of an expression, or the error that it raises, on lines of their own. */
const PROLOGUE = `
(define (%test-show thunk)
  (call/cc
    (lambda (k)
      (with-exception-handler
        (lambda (e)
          (k (if (error-object? e)
                 (begin (display "error: ") (display (error-object-message e))
                        (for-each (lambda (i) (display " ") (write i)) (error-object-irritants e)))
                 (begin (display "raised: ") (write e)))))
        (lambda () (write (thunk))))))
  (newline))
`;

/** written -- what `write` prints of each expression, or `error: message`; no result may contain a newline. */
export function written(expressions: readonly string[], options: StartOptions = {}, watch: (system: System) => void = () => undefined): string[] {
  const body = expressions.map((expression) => `(%test-show (lambda () ${expression}))`).join('\n');
  const { output, status, message } = start(`${PROLOGUE}\n${body}`, options, watch);
  expect([status, message]).toEqual(['done', '']);
  return output.split('\n').slice(0, -1);
}

/** table -- a test that each expression prints as it should. */
export function table(name: string, rows: readonly (readonly [expression: string, printed: string])[]): void {
  test(name, () => {
    const found = written(rows.map(([expression]) => expression));
    expect(rows.map(([expression], i) => `${expression} => ${found[i]}`)).toEqual(rows.map(([expression, printed]) => `${expression} => ${printed}`));
  });
}
