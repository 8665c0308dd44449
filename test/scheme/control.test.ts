/* control.test.ts: CONTROL: HANDLERS, EXTENTS, PARAMETERS, PROMISES, VALUES <design/scheme#.control> */
import { describe, expect, test } from 'vitest';
import { table } from './program.ts';
import { start } from './start.ts';

describe('control', () => {
  table('handlers <design/scheme#.error>', [
    ['(call/cc (lambda (k) (with-exception-handler (lambda (e) (k (list \'caught e))) (lambda () (+ 1 (raise \'boom))))))', '(caught boom)'],
    ['(with-exception-handler (lambda (e) 10) (lambda () (+ 1 (raise-continuable \'c))))', '11'],
    ['(guard (e (#t (list (error-object? e) (error-object-message e) (error-object-irritants e)))) (error "msg" 1 "two" \'three))', '(#t "msg" (1 "two" three))'],
    ['(guard (e ((symbol? e) (list \'sym e)) ((string? e) (list \'str e))) (raise \'x))', '(sym x)'], ['(guard (e ((assq \'a e) => cdr) ((assq \'b e))) (raise (list (cons \'a 42))))', '42'], ['(guard (e ((assq \'a e) => cdr) ((assq \'b e))) (raise (list (cons \'b 23))))', '(b . 23)'],
    ['(guard (e ((string? e) \'outer)) (guard (e ((number? e) \'inner)) (raise "s")))', 'outer'], ['(guard (e (#f 1)) 5)', '5'], ['(call-with-values (lambda () (guard (e (#t 1)) (values 1 2))) list)', '(1 2)'],
    ['(let ((l \'())) (guard (e (#t (set! l (cons \'handler l)))) (dynamic-wind (lambda () (set! l (cons \'in l))) (lambda () (raise \'x)) (lambda () (set! l (cons \'out l))))) (reverse l))', '(in out handler)'],
    ['(let ((l \'())) (guard (e ((string? e) \'no)) (guard (e2 ((number? e2) \'n)) (dynamic-wind (lambda () (set! l (cons \'in l))) (lambda () (set! l (cons (raise-continuable "s") l))) (lambda () (set! l (cons \'out l)))))) (reverse l))', '(in out in out)'],
    ['(with-exception-handler (lambda (e) \'ignored) (lambda () (guard (e ((string? e) 1)) (list (raise-continuable \'sym)))))', '(ignored)'],
    ['(guard (e (#t (list \'second (error-object-message e)))) (with-exception-handler (lambda (e) \'returned) (lambda () (raise \'oops))))', '(second "raise: a handler returned from what cannot be continued")'],
    ['(guard (e (#t \'outer)) (with-exception-handler (lambda (e) (raise \'again)) (lambda () (car 5))))', 'outer'],
    ['(guard (e (#t (error-object-message e))) (undefined-variable))', '"unbound variable: undefined-variable"'],
    ['(guard (e ((error-object? e) (error-object-message e))) (vector-ref (vector 1 2) 2))', '"vector-ref: index 2 is outside 0..1"'],
    ['(guard (e (#t (error-object-message e))) (error \'my-proc "bad thing"))', '"my-proc"'], ['(with-exception-handler 5 (lambda () 1))', 'error: with-exception-handler: expected a procedure, got 5'], ['(error-object-message 5)', 'error: error-object-message: expected an error object, got 5'],
  ]);

  table('dynamic-wind and continuations <design/scheme#.control>', [
    ['(let ((l \'()) (k #f)) (dynamic-wind (lambda () (set! l (cons \'in l))) (lambda () (call/cc (lambda (c) (set! k c))) (set! l (cons \'body l))) (lambda () (set! l (cons \'out l)))) (if (< (length l) 6) (k 1) (reverse l)))', '(in body out in body out)'],
    ['(let ((path \'()) (c #f)) (let ((add (lambda (s) (set! path (cons s path))))) (dynamic-wind (lambda () (add \'connect)) (lambda () (add (call/cc (lambda (c0) (set! c c0) \'talk1)))) (lambda () (add \'disconnect))) (if (< (length path) 4) (c \'talk2) (reverse path))))', '(connect talk1 disconnect connect talk2 disconnect)'],
    ['(let ((l \'())) (call/cc (lambda (k) (dynamic-wind (lambda () (set! l (cons 1 l))) (lambda () (dynamic-wind (lambda () (set! l (cons 2 l))) (lambda () (k 0)) (lambda () (set! l (cons 3 l))))) (lambda () (set! l (cons 4 l)))))) (reverse l))', '(1 2 3 4)'],
    ['(call-with-values (lambda () (dynamic-wind (lambda () 0) (lambda () (values 1 2)) (lambda () 3))) list)', '(1 2)'], ['(+ 1 (call/cc (lambda (k) (+ 10 (k 1)))))', '2'], ['(call-with-values (lambda () (call/cc (lambda (k) (k 1 2)))) list)', '(1 2)'], ['(call-with-values (lambda () (values)) list)', '()'],
    ['(call-with-values * -)', '-1'], ['(apply + 1 2 \'(3 4))', '10'], ['(let*-values (((a b) (values 1 2)) ((c) (values (+ a b)))) (list a b c))', '(1 2 3)'], ['(let () (define-values (a . b) (values 1 2 3)) (list a b))', '(1 (2 3))'],
  ]);

  table('results are built anew for each pass <design/scheme#.inv.map>', [
    ['(let* ((k #f) (n 0) (r (map (lambda (x) (call/cc (lambda (c) (if (= x 2) (set! k c)) x))) \'(1 2 3)))) (set! n (+ n 1)) (if (= n 1) (let ((first r)) (k 20)) r))', '(1 20 3)'],
    ['(let* ((k #f) (kept \'()) (r (vector-map (lambda (x) (call/cc (lambda (c) (if (= x 2) (set! k c)) x))) #(1 2 3)))) (set! kept (cons r kept)) (if (= (length kept) 1) (k 20) kept))', '(#(1 20 3) #(1 2 3))'],
    ['(map + \'(1 2) \'(10 20 30))', '(11 22)'], ['(map (lambda (a b c) (list a b c)) \'(1 2) \'(3 4) \'(5 6))', '((1 3 5) (2 4 6))'], ['(let ((s 0)) (for-each (lambda (a b c) (set! s (+ s a b c))) \'(1 2) \'(3 4) \'(5 6)) s)', '21'], ['(length (map (lambda (x) x) (make-list 50000 1)))', '50000'],
  ]);

  table('parameters <design/scheme#.parameter>', [
    ['(let ((p (make-parameter 10 (lambda (x) (* x 2))))) (list (p) (parameterize ((p 5)) (p)) (p)))', '(20 10 20)'], ['(let ((p (make-parameter 1)) (q (make-parameter 2))) (parameterize ((p 3) (q (p))) (list (p) (q))))', '(3 1)'],
    ['(let* ((p (make-parameter 0)) (k #f) (l \'())) (parameterize ((p 1)) (call/cc (lambda (c) (set! k c))) (set! l (cons (p) l))) (if (< (length l) 2) (k 0) (list (p) l)))', '(0 (1 1))'],
    ['(let ((p (make-parameter 0))) (guard (e (#t (list e (p)))) (parameterize ((p 1)) (raise (p)))))', '(1 0)'], ['(parameterize ((car 1)) 2)', 'error: parameterize: expected a parameter, got #<procedure car>'], ['(let ((p (make-parameter 0))) (p 1))', 'error: procedure: expected 0 arguments, got 1'],
    ['(let ((p (make-parameter 0)) (l \'())) (dynamic-wind (lambda () (set! l (cons (p) l))) (lambda () (parameterize ((p 1)) (call/cc (lambda (k) (k 1))))) (lambda () (set! l (cons (p) l)))) l)', '(0 0)'],
  ]);

  table('promises <design/scheme#.promise>', [
    ['(let* ((n 0) (p (delay (begin (set! n (+ n 1)) n)))) (list (force p) (force p)))', '(1 1)'], ['(force 5)', '5'], ['(list (promise? (delay 1)) (promise? 1) (force (make-promise 3)) (promise? (make-promise (delay 1))))', '(#t #f 3 #t)'],
    ['(let ((count 0) (x 5)) (define p (delay (begin (set! count (+ count 1)) (if (> count x) count (force p))))) (let ((a (force p))) (set! x 10) (list a (force p))))', '(6 6)'],
    ['(let () (define (loop n) (if (= n 0) (delay \'done) (delay-force (loop (- n 1))))) (force (loop 100000)))', 'done'],
    ['(let () (define (stream n) (delay (cons n (stream (+ n 1))))) (define (nth s n) (if (= n 0) (car (force s)) (nth (cdr (force s)) (- n 1)))) (nth (stream 0) 5000))', '5000'],
    ['(let* ((q (delay 1)) (p (delay-force q))) (list (force p) (force q) (force p)))', '(1 1 1)'], ['(force (delay-force 5))', 'error: force: expected a promise from delay-force, got 5'],
  ]);

  table('eval, features, case-lambda <design/scheme#.eval>', [
    ['(eval \'(+ 1 2) (environment \'(scheme base)))', '3'], ['(begin (eval \'(define %z 5) (interaction-environment)) (eval \'(* %z %z)))', '25'], ['(eval \'(let-syntax ((m (syntax-rules () ((_ x) (list x x))))) (m 1)) (environment))', '(1 1)'], ['(eval 1 2)', 'error: eval: argument 2: expected an environment, got 2'],
    ['(and (memq \'r7rs (features)) #t)', '#t'], ['(map (case-lambda ((a) (list \'one a)) ((a b) (list \'two a b)) ((a . r) (list a r))) \'(1) \'(2))', '((two 1 2))'], ['(procedure? car)', '#t'], ['(map procedure? (list (lambda () 1) (call/cc (lambda (k) k)) \'car 5 (current-output-port)))', '(#t #t #f #f #f)'],
  ]);

  test('a program that redefines the library\'s names does not change the library <design/scheme#.inv.reserved>', () => {
    const { output, status } = start(`
      (define kept-map map) (define kept-append append)
      (define (car x) 'mine) (define (reverse l) 'mine) (define (append . l) 'mine) (define (list . l) 'mine)
      (define (apply . l) 'mine) (define (assq . l) 'mine) (define (error . l) 'mine) (define (raise-continuable x) 'mine)
      (define (length l) 'mine) (define (call/cc f) 'mine) (define (vector . l) 'mine) (define (cons a b) 'mine)
      (define-values (a b) (values 1 2))
      (write (kept-map + '(1 2) '(3 4) '(5 6)))
      (write \`(1 ,@'(2 3) 4))
      (define p (make-parameter 1)) (write (parameterize ((p 2)) (p)))
      (write (guard (e ((string? e) 'no) (else e)) (raise 'thrown)))
      (write (guard (e (#t e)) (guard (f (#f 1)) (raise 'again))))
      (dynamic-wind (lambda () 1) (lambda () 2) (lambda () 3))
      (write (string-map char-upcase "ok")) (write (vector-map (lambda (x) x) #(1)))`);
    expect([output, status]).toEqual(['(9 12)(1 2 3 4)2thrownagain"OK"#(1)', 'done']);
  });

  test('exit ends the program with its code, after the thunks that are left <design/scheme#.exit>', () => {
    const ended = (text: string): [string, number] => {
      const { output, code } = start(text);
      return [output, code];
    };
    expect(ended('(display 1) (exit) (display 2)')).toEqual(['1', 0]);
    expect(ended('(exit #f)')).toEqual(['', 1]);
    expect(ended('(exit #t)')).toEqual(['', 0]);
    expect(ended('(exit 7)')).toEqual(['', 7]);
    expect(ended('(exit \'strange)')).toEqual(['', 1]);
    expect(ended('(dynamic-wind (lambda () (display "in ")) (lambda () (exit 3)) (lambda () (display "out")))')).toEqual(['in out', 3]);
    expect(ended('(dynamic-wind (lambda () (display "in ")) (lambda () (emergency-exit 3)) (lambda () (display "out")))')).toEqual(['in ', 3]);
  });

  test('what nobody catches ends the program with its message <design/scheme#.error.text>', () => {
    expect(start('(display "a") (error "bad thing:" 1 "two" \'(3 #\\4))')).toMatchObject({ output: 'a', status: 'error', message: 'test.scm:1:15: bad thing: 1 "two" (3 #\\4)', code: 1 });
    expect(start('(car 5)')).toMatchObject({ status: 'error', message: 'test.scm:1:1: car: expected a pair, got 5' });
    expect(start('(raise \'custom)').message).toMatch(/custom/);
    expect(start('(with-exception-handler (lambda (e) 1) (lambda () (raise 2)))').message).toMatch(/a handler returned/);
  });
});
