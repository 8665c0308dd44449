/* data.test.ts: PAIRS, VECTORS, STRINGS, CHARACTERS, BYTEVECTORS, SYMBOLS, RECORDS <design/scheme#.value> */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { table, written } from '../program.ts';

describe('data', () => {
  table('pairs and lists <design/scheme#.value>', [
    ['(cons 1 2)', '(1 . 2)'], ['(list 1 2 3)', '(1 2 3)'], ['(list)', '()'], ['(append \'(1) \'(2 3) \'() 4)', '(1 2 3 . 4)'], ['(append)', '()'], ['(append \'a)', 'a'],
    ['(let* ((l (list 1 2)) (m (append l \'(3)))) (set-car! m 9) (list l m))', '((1 2) (9 2 3))'],
    ['(reverse \'(1 (2 3) 4))', '(4 (2 3) 1)'], ['(length \'(1 2 3))', '3'], ['(list-tail \'(1 2 3) 2)', '(3)'], ['(list-tail \'(1 2) 2)', '()'], ['(list-ref \'(1 2 3) 2)', '3'],
    ['(let ((l (list 1 2 3))) (list-set! l 1 \'x) l)', '(1 x 3)'], ['(list-copy \'(1 2 . 3))', '(1 2 . 3)'], ['(list-copy 5)', '5'], ['(make-list 2 \'a)', '(a a)'], ['(length (make-list 3))', '3'],
    ['(map list? (list \'() \'(1) \'(1 . 2) 5))', '(#t #t #f #f)'], ['(list (pair? \'(1)) (pair? \'()) (null? \'()) (null? \'(1)))', '(#t #f #t #f)'],
    ['(memq \'c \'(a b c d))', '(c d)'], ['(memq \'x \'(a))', '#f'], ['(memv 101 \'(100 101))', '(101)'], ['(member (list \'a) \'(b (a) c))', '((a) c)'], ['(member 2.0 \'(1 2 3) =)', '(2 3)'],
    ['(assq \'b \'((a 1) (b 2)))', '(b 2)'], ['(assv 5 \'((2 3) (5 7)))', '(5 7)'], ['(assoc (list \'a) \'(((a)) ((b))))', '((a))'], ['(assoc 2.0 \'((1 1) (2 4)) =)', '(2 4)'], ['(assq \'z \'())', '#f'],
    ['(list (caar \'((1))) (cadr \'(1 2)) (cddr \'(1 2 3)) (caddr \'(1 2 3)) (cdddr \'(1 2 3 4)) (cadddr \'(1 2 3 4)) (cdaddr \'(1 2 (3 . 4))))', '(1 2 (3) 3 (4) 4 4)'],
  ]);

  table('lists that are none are an error <design/scheme#.inv.circular>', [
    ['(car 5)', 'error: car: expected a pair, got 5'], ['(apply car \'(5))', 'error: car: expected a pair, got 5'], ['(apply cadr \'((1)))', 'error: cadr: expected a pair, got ()'],
    ['(length \'(1 . 2))', 'error: length: expected a list, got (1 . 2)'], ['(let ((c (list 1 2))) (set-cdr! (cdr c) c) (length c))', 'error: length: expected a list, got a circular one'],
    ['(let ((c (list 1 2))) (set-cdr! (cdr c) c) (list (list? c) (list-ref c 5) (car (list-tail c 100))))', '(#f 2 1)'],
    ['(let ((c (list 1 2))) (set-cdr! (cdr c) c) (memq 3 c))', 'error: memq: expected a list, got a circular one'],
    ['(let ((c (list (cons 1 2)))) (set-cdr! c c) (assoc 3 c))', 'error: assoc: expected a list, got a circular one'],
    ['(let ((c (list 1))) (set-cdr! c c) (list-tail c 100000000))', 'error: list-tail: expected a list, got a circular one'],
    ['(let ((c (list 1))) (set-cdr! c c) (append c \'(1)))', 'error: append: expected a list, got a circular one'],
    ['(reverse \'(1 2 . 3))', 'error: reverse: expected a list, got (1 2 . 3)'], ['(append \'(1 . 2) \'(3))', 'error: append: expected a list, got (1 . 2)'], ['(assq \'a \'(5))', 'error: assq: argument 2: expected a list of pairs, got (5)'],
    ['(list-ref \'(1 2 3) 3)', 'error: list-ref: index 3 is outside 0..2'], ['(list-tail \'(1 2) 3)', 'error: list-tail: index 3 is outside 0..2'], ['(memq \'a 5)', 'error: memq: argument 2: expected a list, got 5'],
    ['(set-car! 5 1)', 'error: set-car!: expected a pair, got 5'], ['(map car 5)', 'error: map: expected a list, got 5'],
  ]);

  table('vectors <design/scheme#.value>', [
    ['(vector 1 2 3)', '#(1 2 3)'], ['(make-vector 2 \'x)', '#(x x)'], ['(vector-length (make-vector 5))', '5'], ['(vector-ref #(1 2 3) 2)', '3'], ['#()', '#()'],
    ['(let ((v (vector 1 2 3))) (vector-set! v 0 \'z) v)', '#(z 2 3)'], ['(vector->list #(1 2 3))', '(1 2 3)'], ['(vector->list #(1 2 3) 1)', '(2 3)'], ['(vector->list #(1 2 3) 1 2)', '(2)'],
    ['(list->vector \'(1 2))', '#(1 2)'], ['(let ((v (vector 1 2 3 4))) (vector-fill! v 0 1 3) v)', '#(1 0 0 4)'], ['(vector-copy #(1 2 3) 1)', '#(2 3)'], ['(vector-append #(1) #() #(2 3))', '#(1 2 3)'],
    ['(let ((v (vector 1 2 3 4 5))) (vector-copy! v 1 v 0 3) v)', '#(1 1 2 3 5)'], ['(let ((v (vector 1 2 3 4 5))) (vector-copy! v 0 v 2) v)', '#(3 4 5 4 5)'],
    ['(vector->string #(#\\a #\\b #\\c) 1)', '"bc"'], ['(string->vector "abc")', '#(#\\a #\\b #\\c)'], ['(vector-map + #(1 2) #(10 20 30))', '#(11 22)'], ['(vector-map (lambda (x) (* x x)) #(1 2 3))', '#(1 4 9)'],
    ['(let ((l \'())) (vector-for-each (lambda (x) (set! l (cons x l))) #(1 2 3)) l)', '(3 2 1)'],
    ['(vector-ref (vector 1 2 3) 3)', 'error: vector-ref: index 3 is outside 0..2'], ['(apply vector-ref (list (vector 1 2 3) -1))', 'error: vector-ref: index -1 is outside 0..2'], ['(vector-ref #() 0)', 'error: vector-ref: index 0 in an empty vector'],
    ['(vector-ref \'(1) 0)', 'error: vector-ref: expected a vector, got (1)'], ['(vector-ref #(1) 1.0)', 'error: vector-ref: argument 2: expected an exact integer, got 1.0'],
    ['(vector-copy! (vector 1 2) 1 #(1 2 3))', 'error: vector-copy!: 3 elements do not fit from index 1 of 2'], ['(make-vector -1)', 'error: make-vector: expected a length, got -1'], ['(vector-copy #(1 2 3) 2 1)', 'error: vector-copy: index 1 is outside 2..3'],
    ['(vector->string #(1))', 'error: vector->string: expected a vector of characters, got #(1)'],
  ]);

  table('strings and symbols <design/scheme#.string>', [
    ['(string #\\a #\\b)', '"ab"'], ['(make-string 3 #\\x)', '"xxx"'], ['(string-length "λx")', '2'], ['(string-ref "a😀b" 2)', '#\\b'], ['(string-length "😀")', '1'],
    ['(let ((s (make-string 3 #\\-))) (string-set! s 1 #\\😀) s)', '"-😀-"'], ['(substring "hello" 1 3)', '"el"'], ['(string-append "a" "" "bc")', '"abc"'], ['(string-append)', '""'], ['(string-copy "hello" 2)', '"llo"'],
    ['(let ((s (string-copy "abcde"))) (string-copy! s 1 s 0 3) s)', '"aabce"'], ['(let ((s (string-copy "abc"))) (string-fill! s #\\z 1) s)', '"azz"'],
    ['(string->list "abc" 1)', '(#\\b #\\c)'], ['(list->string (list #\\a #\\b))', '"ab"'], ['(string-upcase "straße λ")', '"STRAßE Λ"'], ['(string-downcase "ABC Ω")', '"abc ω"'], ['(string-foldcase "ΣΑΣ")', '"σασ"'],
    ['(list (string=? "a" "a" "a") (string<? "a" "b" "c") (string<? "abc" "ab") (string>? "b" "a") (string<=? "a" "a") (string>=? "a" "b"))', '(#t #t #f #t #t #f)'],
    ['(list (string-ci=? "AbC" "aBc") (string-ci<? "a" "B") (string-ci>? "a" "B") (string-ci<=? "A" "a") (string-ci>=? "A" "a"))', '(#t #t #f #t #t)'],
    ['(string-map char-upcase "abc")', '"ABC"'], ['(string-map (lambda (a b) (if (char<? a b) a b)) "adc" "bbbz")', '"abb"'], ['(let ((l \'())) (string-for-each (lambda (c d) (set! l (cons (list c d) l))) "ab" "xyz") l)', '((#\\b #\\y) (#\\a #\\x))'],
    ['(symbol->string \'abc)', '"abc"'], ['(string->symbol "hello world")', '|hello world|'], ['(eq? (string->symbol "x") \'x)', '#t'], ['(let ((s (symbol->string \'abc))) (string-set! s 0 #\\z) (list s \'abc (eq? \'abc (string->symbol "abc"))))', '("zbc" abc #t)'],
    ['(list (symbol? \'a) (symbol? "a") (symbol=? \'a \'a \'a) (symbol=? \'a \'b) (string? "") (string? \'a))', '(#t #f #t #f #t #f)'],
    ['(string-ref "abc" -1)', 'error: string-ref: index -1 is outside 0..2'], ['(string-append "a" 5)', 'error: string-append: argument 2: expected a string, got 5'], ['(string-length \'a)', 'error: string-length: expected a string, got a'],
    ['(list->string \'(1))', 'error: list->string: expected a list of characters, got (1)'], ['(substring "abc" 2 1)', 'error: substring: index 1 is outside 2..3'], ['(symbol->string "a")', 'error: symbol->string: expected a symbol, got "a"'],
  ]);

  table('characters <design/scheme#.departs.case>', [
    ['(map char-upcase (string->list "aßλ1"))', '(#\\A #\\ß #\\Λ #\\1)'], ['(map char-downcase (list #\\A #\\Λ))', '(#\\a #\\λ)'], ['(map char-foldcase (list #\\ς #\\Σ #\\A))', '(#\\σ #\\σ #\\a)'],
    ['(list (char-alphabetic? #\\λ) (char-alphabetic? #\\1) (char-numeric? #\\1) (char-whitespace? #\\space) (char-upper-case? #\\A) (char-lower-case? #\\a) (char-upper-case? #\\a))', '(#t #f #t #t #t #t #f)'],
    ['(list (digit-value #\\7) (digit-value #\\x0664) (digit-value #\\a))', '(7 4 #f)'], ['(list (char->integer #\\A) (integer->char 955))', '(65 #\\λ)'],
    ['(list (char=? #\\a #\\a) (char<? #\\a #\\b #\\c) (char>? #\\a #\\b) (char<=? #\\a #\\a) (char>=? #\\b #\\a) (char-ci=? #\\a #\\A) (char-ci<? #\\a #\\B))', '(#t #t #f #t #t #t #t)'],
    ['(list (char-ci>? #\\a #\\B) (char-ci<=? #\\a #\\A) (char-ci>=? #\\a #\\A) (char? #\\a) (char? "a"))', '(#f #t #t #t #f)'],
    ['(integer->char 55296)', 'error: integer->char: expected the number of a character, got 55296'], ['(char-upcase "a")', 'error: char-upcase: expected a character, got "a"'], ['(char<? #\\a 1)', 'error: char<?: argument 2: expected a character, got 1'],
  ]);

  table('bytevectors <design/scheme#.value>', [
    ['(bytevector 1 2 255)', '#u8(1 2 255)'], ['(make-bytevector 3 7)', '#u8(7 7 7)'], ['(bytevector-length #u8(1 2))', '2'], ['(bytevector-u8-ref #u8(1 2) 1)', '2'], ['(let ((b (bytevector 1 2))) (bytevector-u8-set! b 0 9) b)', '#u8(9 2)'],
    ['(bytevector-copy #u8(1 2 3) 1)', '#u8(2 3)'], ['(bytevector-append #u8(1) #u8() #u8(2 3))', '#u8(1 2 3)'], ['(let ((b (bytevector 1 2 3 4))) (bytevector-copy! b 1 b 0 3) b)', '#u8(1 1 2 3)'],
    ['(string->utf8 "aλ😀")', '#u8(97 206 187 240 159 152 128)'], ['(utf8->string #u8(97 206 187 240 159 152 128))', '"aλ😀"'], ['(utf8->string #u8(65 66 67) 1 2)', '"B"'], ['(equal? #u8(1 2) (bytevector 1 2))', '#t'], ['(bytevector? "a")', '#f'],
    ['(utf8->string #u8(255))', 'error: utf8->string: expected UTF-8, got #u8(255)'], ['(utf8->string #u8(192 128))', 'error: utf8->string: expected UTF-8, got #u8(192 128)'], ['(bytevector 256)', 'error: bytevector: expected a byte, got 256'], ['(bytevector-u8-ref #u8(1) 1)', 'error: bytevector-u8-ref: index 1 is outside 0..0'],
  ]);

  test('strings go to UTF-8 and back as the host has it <design/scheme#.string>', () => {
    const texts = fc.sample(fc.string({ unit: 'grapheme', maxLength: 12 }), { numRuns: 60, seed: 5 }).filter((text) => !/["\\\p{C}\p{Z}]/u.test(text));
    expect(written(texts.map((text) => `(let ((b (string->utf8 "${text}"))) (list b (string=? (utf8->string b) "${text}")))`)))
      .toEqual(texts.map((text) => `(#u8(${[...new TextEncoder().encode(text)].join(' ')}) #t)`));
    expect(texts.length).toBeGreaterThan(20);
  });

  table('records <design/scheme#.value>', [
    ['(let () (define-record-type point (make-point x y) point? (x px set-px!) (y py)) (let ((p (make-point 1 2))) (set-px! p 10) (list (px p) (py p) (point? p) (point? 5) (vector? p) p)))', '(10 2 #t #f #f #<record point>)'],
    ['(let () (define-record-type point (make-point x) point? (x px) (y py)) (px 5))', 'error: px: expected a record of type point, got 5'],
    ['(let () (define-record-type a (make-a) a?) (define-record-type b (make-b) b?) (list (a? (make-b)) (b? (make-b)) (equal? (make-a) (make-a))))', '(#f #t #f)'],
  ]);
});
