/* moving.test.ts: PRIMITIVES WHILE EVERYTHING MOVES
 *
 * Every allocation begins with a collection of the world, so that a primitive which kept an address, or a value outside the
 * slots, over an allocation would show <design/scheme#.primitive>.
 */
import { describe, expect, test } from 'vitest';
import type { System } from '../../../code/mps/mps.ts';
import { written } from '../program.ts';

const expressions = [
  '(list 1 2 3 "x")', '(append (list 1 2) (list 3) (list 4 5))', '(reverse (list 1 2 3))', '(list-copy (list 1 2 3))', '(make-list 4 "a")', '`(1 ,@(list 2 3) #(4 ,(+ 2 3)))',
  '(vector->list (list->vector (list 1 "b" 3)))', '(vector-append (vector 1 "a") (make-vector 2 "z"))', '(vector-copy (vector 1 "a" 3) 1)', '(string->vector "abc")', '(vector->string (vector #\\a #\\b))',
  '(string-append "ab" (make-string 2 #\\c) (string #\\d))', '(substring "hello" 1 3)', '(string->list "abc")', '(list->string (list #\\a #\\b))', '(string-upcase "abc")', '(symbol->string (string->symbol "fresh symbol"))',
  '(bytevector-append (bytevector 1 2) (make-bytevector 2 3))', '(string->utf8 "λx")', '(utf8->string (bytevector 97 98))', '(bytevector-copy (bytevector 1 2 3) 1)',
  '(* 123456789012345678901234567890 987654321098765432109876543210)', '(call-with-values (lambda () (floor/ (expt 10 40) (- (expt 10 20) 1))) list)', '(call-with-values (lambda () (exact-integer-sqrt (expt 10 51))) list)',
  '(number->string (expt 3 80) 16)', '(string->number "123456789012345678901234567890")', '(apply + (list (expt 2 60) (expt 2 60) 1.0))', '(max (expt 2 70) 3)', '(gcd (expt 6 40) (expt 10 30))',
  '(let ((p (open-output-string))) (write (list 1 "two" (vector #\\3 4.5)) p) (write-string "more and more and more and more and more and more" p) (newline p) (get-output-string p))',
  '(let ((p (open-output-bytevector))) (write-u8 1 p) (write-bytevector (make-bytevector 100 7) p) (bytevector-length (get-output-bytevector p)))',
  '(let ((p (open-input-string "(a #(b \\"c\\") #u8(1 2) 12345678901234567890) x"))) (let* ((a (read p)) (b (read p))) (list a b (read p))))',
  '(read (open-input-string "#0=(a #0# #1=(b) #1# . #0#)"))', '(let ((p (open-input-string "line one\\nline two"))) (let* ((a (read-line p)) (b (read-string 4 p))) (list a b (read-char p))))',
  '(let ((p (open-output-string))) (parameterize ((current-output-port p)) (display "in") (write (list 1 2))) (get-output-string p))',
  '(let () (define-record-type point (make-point x y) point? (x px set-px!) (y py)) (let ((p (make-point (list 1) "y"))) (set-px! p (list 2 3)) (list (px p) (py p))))',
  '(guard (e (#t (list (error-object-message e) (error-object-irritants e)))) (error "message" (list 1 2) "irritant"))', '(guard (e (#t (error-object-message e))) (vector-ref (vector 1 2) 5))', '(guard (e ((string? e) (list e))) (raise (string-append "a" "b")))',
  '(let* ((p (delay (list 1 2))) (q (delay-force p))) (list (force q) (force p)))', '(force (make-promise (list 1)))',
  '(map (lambda (a b) (cons a b)) (list 1 2) (list "a" "b"))', '(vector-map (lambda (x) (list x)) (vector 1 2))', '(string-map char-upcase "abc")', '(assoc (list 1) (list (cons (list 0) 1) (cons (list 1) 2)))', '(member "b" (list "a" "b" "c"))',
  '(let ((l (list))) (dynamic-wind (lambda () (set! l (cons "in" l))) (lambda () (call/cc (lambda (k) (k 1)))) (lambda () (set! l (cons "out" l)))) l)', '(eval (list (string->symbol "+") 1 2) (environment))', '(length (features))',
  '(let ((p (make-parameter (list 1) (lambda (x) (cons 0 x))))) (parameterize ((p (list 2))) (list (p) (vector (p)))))', '(let loop ((i 0) (l (list))) (if (< i 20) (loop (+ i 1) (cons (number->string i) l)) l))',
];

describe('a collection at every allocation', () => {
  test('changes no result <design/scheme#.primitive>', () => {
    let system: System | null = null;
    const calm = written(expressions), relentless = written(expressions, { relentless: true, memory: '16MiB' }, (made) => {
      system = made;
    });
    expect(relentless).toEqual(calm);
    expect(calm.filter((line) => line.startsWith('error'))).toEqual([]);
    expect((system as unknown as System).arena.counts.collections).toBeGreaterThan(1000);
  });
});
