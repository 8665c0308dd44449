/* scheme-work.ts: SCHEME PROGRAMS THAT ARE TIMED
 *
 * Each is a text of definitions, evaluated once, and one that prints a result, timed after a warm-up
 * <design/bench#.scheme>.
 */
import { performance } from 'node:perf_hooks';
import { median } from './timing.ts';
import type { Sample } from './fresh.ts';

/** A program that is timed. */
export interface SchemeProgram {
  readonly definitions: string;
  /** What warms up: the same, not larger. */
  readonly warm: string;
  /** What is timed. It prints its result. */
  readonly work: string;
}

/** Evaluates a text and returns what it printed. */
export type Evaluate = (text: string) => string;

/** The programs, by the name of their row. */
export const SchemePROGRAMS: Readonly<Record<string, SchemeProgram>> = {
  fib30: {
    definitions: '(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))',
    warm: '(display (fib 22))',
    work: '(display (fib 30))',
  },
  tak: {
    definitions: '(define (tak x y z) (if (not (< y x)) z (tak (tak (- x 1) y z) (tak (- y 1) z x) (tak (- z 1) x y))))',
    warm: '(display (tak 18 12 6))',
    work: '(display (list (tak 18 12 6) (tak 18 12 6) (tak 18 12 6) (tak 18 12 6)))',
  },
  trees: {
    definitions: `
      (define (make d) (if (= d 0) (cons '() '()) (cons (make (- d 1)) (make (- d 1)))))
      (define (check t) (if (null? (car t)) 1 (+ 1 (check (car t)) (check (cdr t)))))
      (define (trees)
        (let ((long-lived (make 14)))
          (let loop ((d 4))
            (if (<= d 12)
                (let ((n (expt 2 (- 16 d))))
                  (let inner ((i 0) (total 0))
                    (if (= i n)
                        (begin (display n) (display " trees of depth ") (display d) (display " check ") (display total) (newline))
                        (inner (+ i 1) (+ total (check (make d))))))
                  (loop (+ d 4)))))
          (display (check long-lived))))`,
    warm: '(trees)',
    work: '(trees)',
  },
};

/** For how many milliseconds at least a program warms up, and is timed. */
const WARM = 1000;
const TIMED = 1000;

/** schemeTake -- time a program: the median in milliseconds, and what it printed each time <design/bench#.inv.same>. */
export function schemeTake(name: string, evaluate: Evaluate, warm: number = WARM, timed: number = TIMED): Sample {
  const program = SchemePROGRAMS[name];
  if (program === undefined) throw new Error(`there is no Scheme program "${name}"`);
  evaluate(program.definitions);
  repeat(warm, () => evaluate(program.warm));
  const outputs = new Set<string>();
  const times = repeat(timed, () => outputs.add(evaluate(program.work)));
  if (outputs.size !== 1) throw new Error(`${name} printed different results: ${[...outputs].join('; ')}`);
  return { milliseconds: median(times), output: [...outputs].join() };
}

/** repeat -- do something until so many milliseconds are over, at least once; how long each time took. */
function repeat(milliseconds: number, run: () => void): number[] {
  const times: number[] = [], first = performance.now();
  for (let before = first; times.length === 0 || before - first < milliseconds; before = performance.now()) {
    run();
    times.push(performance.now() - before);
  }
  return times;
}
