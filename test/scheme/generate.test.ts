/* generate.test.ts: are the generated programs worth running? <design/testing#.generated> */
import { describe, expect, test } from 'vitest';
import { generate } from './generate.ts';
import { run } from './plain/plain.ts';

const COUNT = 300;
const programs = Array.from({ length: COUNT }, (_, i) => generate(i + 1));

/** What programs are to exercise, how it shows in their text, and in at least how many of a hundred. */
const constructs: [what: string, shows: RegExp, percent: number][] = [
  ['vectors that are changed', /\(vector-set! /, 40], ['pairs that are changed', /\(set-c[ad]r! /, 50],
  ['strings that are changed', /\(string-set! /, 15], ['assigned variables', /\(set! (?!trail)/, 60],
  ['named let', /\(let [a-z]+\d+\b/, 60], ['do', /\(do \(/, 50], ['let*', /\(let\* /, 15],
  ['call/cc', /\(call\/cc /, 50], ['continuations entered again', /\(set! k c\)/, 10], ['dynamic-wind', /\(dynamic-wind /, 30],
  ['guard', /\(guard /, 40], ['with-exception-handler', /\(with-exception-handler/, 20],
  ['raise-continuable', /\(raise-continuable /, 10], ['error', /\(error "/, 10],
  ['records', /\(define-record-type/, 10], ['promises', /\(force /, 40], ['delay-force', /\(delay-force /, 10],
  ['macros', /\(define-syntax/, 20], ['several values', /\(values /, 40], ['let-values', /\(let-values/, 20],
  ['case-lambda', /\(case-lambda/, 10], ['string->symbol', /\(string->symbol/, 30], ['quasi-quotation', /`\(/, 40],
  ['association lists', /\(ass[qv] /, 60], ['apply', /\(apply /, 40], ['map', /\(map /, 80], ['for-each', /\(for-each /, 30],
  ['deep recursion', /'deep /, 10],
];

describe('generated programs', () => {
  test('are a function of their seed <design/testing#.generated>', () => {
    for (const seed of [1, 77, 123456789, -5]) expect(generate(seed)).toBe(generate(seed));
    expect(new Set(programs).size).toBe(COUNT);
  });

  test(`end without an exception, having printed all their state, for seeds 1 to ${COUNT} <design/testing#.generated>`, () => {
    for (const [i, program] of programs.entries()) {
      const { output, error } = run(program, 2_000_000);
      expect([`seed ${i + 1}`, error]).toEqual([`seed ${i + 1}`, null]);
      expect(output).toMatch(/\ntrail \(\d+ \(.*\)\)\n$/);
    }
  });

  test.each(constructs)('exercise %s often enough <design/testing#.generated.weak>', (_, shows, percent) => {
    const bodies = programs.map((program) => program.slice(program.indexOf('(define (iota-from')));
    expect(bodies.filter((body) => shows.test(body)).length / COUNT).toBeGreaterThanOrEqual(percent / 100);
  });

  test('print integers beyond fixnums, and errors that were caught, often enough <design/testing#.generated.weak>', () => {
    const outputs = programs.map((program) => run(program, 2_000_000).output);
    expect(outputs.filter((output) => /\d{17}/.test(output)).length).toBeGreaterThanOrEqual(COUNT * 0.3);
    expect(outputs.filter((output) => /errors \(.*(error|raised)/.test(output)).length).toBeGreaterThanOrEqual(COUNT * 0.1);
  });
});
