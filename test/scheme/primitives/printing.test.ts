/* printing.test.ts: EQUALITY, PRINTING AND PORTS <design/scheme#.print> */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { table, written } from '../program.ts';
import { start } from '../start.ts';

/** A random datum as text, in the spelling of `write`. */
const datum = fc.letrec<{ datum: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    fc.integer().map(String), fc.constantFrom('#t', '#f', '()', 'a', 'b-c', '|x y|', '|1|', '||', '+', '...', '"s"', '"a\\"b\\\\c\\n"', '#\\a', '#\\space', '#\\x0', '1.5', '-0.0', '1e100', '#u8(1 2)'),
  ),
  datum: fc.oneof(
    { maxDepth: 5 }, tie('atom'),
    fc.array(tie('datum'), { maxLength: 4, minLength: 1 }).map((items) => `(${items.join(' ')})`),
    fc.array(tie('datum'), { maxLength: 4 }).map((items) => `#(${items.join(' ')})`),
    fc.tuple(tie('datum'), fc.constantFrom('z', '7', '"end"')).map(([a, b]) => `(${a} . ${b})`),
  ),
})).datum;

describe('printing', () => {
  test('what write prints is read back as an equal datum <design/scheme#.inv.roundtrip>', () => {
    const data = fc.sample(datum, { numRuns: 300, seed: 6 }).map((text) => text.replaceAll('#\\x0', '#\\null'));
    expect(written(data.map((text) => `'${text}`))).toEqual(data);
    expect(written(data.map((text) => `(let ((p (open-output-string))) (write '${text} p) (equal? '${text} (read (open-input-string (get-output-string p)))))`)))
      .toEqual(data.map(() => '#t'));
  });

  table('atoms <design/scheme#.print>', [
    ['"a\\x7;b\\x1;"', '"a\\ab\\x1;"'], ['\'|a\\|b|', '|a\\|b|'], ['(list #\\newline #\\x3bb #\\x1 #\\delete)', '(#\\newline #\\λ #\\x1 #\\delete)'], ['(string->symbol "A")', 'A'], ['(list \'|+i| \'|.| \'|1+2|)', '(|+i| |.| |1+2|)'],
    ['(list car (lambda (x) x) (if #f #f) (eof-object))', '(#<procedure car> #<procedure> #<unspecific> #<eof>)'], ['(let () (define (f) 1) f)', '#<procedure f>'], ['(delay 1)', '#<promise>'], ['\'\'a', '(quote a)'],
    ['(let ((p (open-output-string))) (display (list "a" #\\b \'|c d| 1.0 (list "e")) p) (get-output-string p))', '"(a b c d 1.0 (e))"'],
  ]);

  table('circular and shared data <design/scheme#.inv.print>', [
    ['(let ((c (list 1 2))) (set-cdr! (cdr c) c) c)', '#0=(1 2 . #0#)'], ['(let ((v (vector 1 2))) (vector-set! v 0 v) v)', '#0=#(#0# 2)'], ['(let ((x (list 1))) (list x x))', '((1) (1))'],
    ['(let ((c (list 1 2))) (set-car! c c) (set-cdr! (cdr c) c) c)', '#0=(#0# 2 . #0#)'], ['(let* ((a (list 1)) (b (list a a))) (set-cdr! a a) b)', '(#0=(1 . #0#) #0#)'],
    ['(let ((p (open-output-string)) (x (list 1))) (write-shared (list x x) p) (get-output-string p))', '"(#0=(1) #0#)"'], ['(let ((p (open-output-string)) (c (list 1))) (set-cdr! c c) (display c p) (get-output-string p))', '"#0=(1 . #0#)"'],
    ['(let ((p (open-output-string)) (x (list 1))) (write-simple (list x x) p) (get-output-string p))', '"((1) (1))"'],
    ['(let ((c (list 1))) (set-cdr! c c) (write-simple c))', 'error: write-simple: the datum is circular, which only write and write-shared can print'],
    ['(let ((p (open-output-string)) (c (list 1))) (set-cdr! c c) (write c p) (let ((d (read (open-input-string (get-output-string p))))) (list (equal? c d) (eq? d (cdr d)))))', '(#t #t)'],
  ]);

  table('equality <design/scheme#.inv.equal>', [
    ['(list (equal? \'(1 (2 #(3 "x"))) (list 1 (list 2 (vector 3 "x")))) (equal? "a" "b") (equal? \'(1 2) \'(1 3)) (equal? #(1 2) #(1 2 3)) (equal? 2 2.0))', '(#t #f #f #f #f)'],
    ['(let ((a (list 1 2)) (b (list 1 2 1 2))) (set-cdr! (cdr a) a) (set-cdr! (cdddr b) b) (equal? a b))', '#t'], ['(let ((a (list 1 2)) (b (list 1 2 1 3))) (set-cdr! (cdr a) a) (set-cdr! (cdddr b) b) (equal? a b))', '#f'],
    ['(let ((a (vector 1)) (b (vector 1))) (vector-set! a 0 a) (vector-set! b 0 b) (equal? a b))', '#t'], ['(list (eq? \'() \'()) (eq? "" \'a) (eqv? 1.5 1.5) (eqv? "a" "a") (eq? car car) (let ((x (list 1))) (eqv? x x)))', '(#t #f #t #f #t #t)'],
    ['(let ((m (make-list 20000 1)) (n (make-list 20000 1))) (list (equal? m n) (equal? m (cons 2 (cdr n))) (begin (set-car! (list-tail n 19999) 3) (equal? m n))))', '(#t #f #f)'],
    ['(list (boolean=? #t #t #t) (boolean=? #t #f) (boolean? #f) (boolean? 0) (not #f) (not 0))', '(#t #f #t #f #t #f)'],
  ]);

  test('depth meets no stack: 200,000 levels are compared, printed and read <design/scheme#.walk>', () => {
    const { output, status } = start(`
      (define (nest n) (let loop ((i 0) (x '())) (if (= i n) x (loop (+ i 1) (list x)))))
      (define a (nest 200000)) (define b (nest 200000)) (define c (nest 200001))
      (display (equal? a b)) (display (equal? a c))
      (define p (open-output-string))
      (write a p)
      (display (string-length (get-output-string p)))
      (display (equal? a (read (open-input-string (get-output-string p)))))`);
    expect([output, status]).toEqual(['#t#f400002#t', 'done']);
  });

  table('string and bytevector ports <design/scheme#.port>', [
    ['(let ((p (open-input-string "ab\\ncd\\r\\nef"))) (list (peek-char p) (read-char p) (read-line p) (read-line p) (read-line p) (read-line p)))', '(#\\a #\\a "b" "cd" "ef" #<eof>)'],
    ['(let ((p (open-input-string "λ (1 . 2) \\"x\\" ; c\\n#(a)"))) (list (read p) (read p) (read p) (read p) (read p)))', '(λ (1 . 2) "x" #(a) #<eof>)'],
    ['(let ((p (open-input-string "😀 1 2"))) (let* ((a (read p)) (b (read-char p))) (list a b (read p) (read-char p))))', '(😀 #\\space 1 #\\space)'],
    ['(let ((p (open-input-string "hello"))) (list (read-string 2 p) (read-string 10 p) (read-string 1 p) (read-string 0 p)))', '("he" "llo" #<eof> "")'],
    ['(let ((p (open-input-bytevector #u8(1 2 3 4)))) (list (peek-u8 p) (read-u8 p) (read-bytevector 2 p) (u8-ready? p) (read-u8 p) (read-u8 p)))', '(1 1 #u8(2 3) #t 4 #<eof>)'],
    ['(let ((p (open-input-bytevector #u8(1 2 3))) (b (make-bytevector 5 0))) (let* ((n (read-bytevector! b p 1)) (m (read-bytevector! b p))) (list n m b)))', '(3 #<eof> #u8(0 1 2 3 0))'],
    ['(let ((p (open-output-bytevector))) (write-u8 7 p) (write-bytevector #u8(1 2 3) p 1) (get-output-bytevector p))', '#u8(7 2 3)'],
    ['(let ((p (open-output-string))) (write-string "hello" p 1 3) (write-char #\\! p) (newline p) (write 1.5 p) (get-output-string p))', '"el!\\n1.5"'],
    ['(let ((p (open-output-string))) (let loop ((i 0)) (if (< i 500) (begin (write i p) (loop (+ i 1))))) (string-length (get-output-string p)))', '1390'],
    ['(let ((p (open-output-string))) (parameterize ((current-output-port p)) (display "in") (newline) (write \'x)) (get-output-string p))', '"in\\nx"'],
    ['(parameterize ((current-input-port (open-input-string "q r"))) (list (read) (read-char) (peek-char) (char-ready?)))', '(q #\\space #\\r #t)'],
    ['(list (read-char) (read) (read-line) (eof-object? (peek-char)))', '(#<eof> #<eof> #<eof> #t)'],
    ['(let ((i (open-input-string "")) (o (open-output-bytevector))) (list (port? i) (input-port? i) (output-port? i) (textual-port? i) (binary-port? o) (output-port? o) (port? 5) (textual-port? (current-output-port)) (input-port? (current-input-port)) (output-port? (current-error-port))))', '(#t #t #f #t #t #t #f #t #t #t)'],
    ['(let ((i (open-input-string "x"))) (close-port i) (list (input-port-open? i) (guard (e (#t (error-object-message e))) (read-char i))))', '(#f "read-char: the port is closed")'],
    ['(let ((o (open-output-string))) (close-output-port o) (output-port-open? o))', '#f'], ['(call-with-port (open-input-string "z") read-char)', '#\\z'],
    ['(guard (e ((read-error? e) \'read-error)) (read (open-input-string "(1 ")))', 'read-error'], ['(write-u8 1)', 'error: write-u8: the console is no binary port'],
    ['(write 1 5)', 'error: write: argument 2: expected a textual output port, got 5'], ['(read-char (open-output-string))', 'error: read-char: expected a textual input port, got #<port>'], ['(list (file-error? 1) (read-error? 1))', '(#f #f)'],
    ['(get-output-string (open-input-string "x"))', 'error: get-output-string: expected a string output port, got #<port>'],
  ]);
});
