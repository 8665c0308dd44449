/* expander.test.ts: what the forms of R7RS mean, and how their misuse is refused. */
import { describe, expect, test } from 'vitest';
import { isReserved, ReservedNAMES } from '../../code/scheme/build.ts';
import type { Datum } from '../../code/scheme/datum.ts';
import { definedGlobals, definedNames, Expander, ExpandDEPTH, NestDEPTH } from '../../code/scheme/expander.ts';
import type { Expr, Letrec, Variable } from '../../code/scheme/ir.ts';
import { Reader } from '../../code/scheme/reader.ts';
import { evaluate, Machine, mistake, Raised, show } from './ir-eval.ts';

function readAll(text: string): Datum[] {
  const reader = new Reader(text, 'a.scm');
  const data: Datum[] = [];
  for (let datum = reader.read(); datum !== null; datum = reader.read()) data.push(datum);
  return data;
}

const expand = (text: string): Expr => new Expander().expand(readAll(text)[0]);

/** All parts of an expression, the outermost first. */
function parts(root: Expr): Expr[] {
  const found: Expr[] = [];
  const visit = (expr: Expr): void => {
    found.push(expr);
    switch (expr.op) {
      case 'const': case 'local': case 'global': return;
      case 'define': case 'setglobal': case 'setlocal': visit(expr.value); return;
      case 'if': [expr.test, expr.then, expr.else].forEach(visit); return;
      case 'seq': expr.body.forEach(visit); return;
      case 'lambda': expr.clauses.forEach(({ body }) => { visit(body); }); return;
      case 'let': case 'letrec': expr.inits.forEach(visit); visit(expr.body); return;
      case 'call': visit(expr.callee); expr.args.forEach(visit); 
    }
  };
  visit(root);
  return found;
}

function variables(root: Expr): Map<string, Variable> {
  const found = new Map<string, Variable>();
  for (const expr of parts(root)) {
    const bound = expr.op === 'let' || expr.op === 'letrec' ? expr.variables
      : expr.op === 'lambda' ? expr.clauses.flatMap(({ params, rest }) => (rest === null ? params : [...params, rest])) : [];
    for (const variable of bound) found.set(variable.name, variable);
  }
  return found;
}

describe('values of forms', () => {
  const cases: [string, string][] = [
    ['(if #f 1 2)', '2'], ['(if #f #f)', '#<unspecific>'], ['(if \'() 1 2)', '1'], ['\'(a . #(b))', '(a . #(b))'], ['#(a 1)', '#(a 1)'], ['#u8(1 2)', '#u8(1 2)'], ['"x"', '"x"'],
    ['((lambda (x y) (+ x y)) 1 2)', '3'], ['((lambda x x) 1 2)', '(1 2)'], ['((lambda (x . y) (list x y)) 1 2 3)', '(1 (2 3))'], ['((lambda (x #;y) x) 1)', '1'],
    ['(define x 1) (set! x (+ x 1)) x', '2'], ['(define (f x . r) (list x r)) (f 1 2)', '(1 (2))'], ['(begin (define a 1) (define b 2)) (list a b)', '(1 2)'], ['(begin)', '#<unspecific>'],
    ['(let ((x 1) (y 2)) (+ x y))', '3'], ['(let () 5)', '5'], ['(define x 1) (let ((x 2) (y x)) (list x y))', '(2 1)'], ['(let* ((x 1) (x (+ x 1)) (y x)) (list x y))', '(2 2)'], ['(let* () 1)', '1'],
    ['(let loop ((i 0) (a \'())) (if (= i 3) a (loop (+ i 1) (cons i a))))', '(2 1 0)'], ['(let loop () 7)', '7'], ['(define (loop) 9) (let loop ((x (loop))) x)', '9'],
    ['(letrec ((even? (lambda (n) (if (= n 0) #t (odd? (- n 1))))) (odd? (lambda (n) (if (= n 0) #f (even? (- n 1)))))) (even? 7))', '#f'],
    ['(letrec* ((a 1) (b (+ a 1))) (list a b))', '(1 2)'], ['(letrec ((a (lambda () b)) (b 2)) (a))', '2'],
    ['(define (f) (define a 1) (define (g) (h)) (define (h) (+ a 1)) (g)) (f)', '2'], ['(define (f) (define x 1) (set! x (+ x 1)) (define y x) (* x y)) (f)', '4'],
    ['(define (f) (begin (define a 1) (define b 2)) (+ a b)) (f)', '3'], ['(let () (define-values (a b . c) (values 1 2 3 4)) (list a b c))', '(1 2 (3 4))'],
    ['(define-values (a b) (values 1 2)) (define-values all (values 3 4)) (list a b all)', '(1 2 (3 4))'], ['(define-values () (values)) 1', '1'], ['(let () (define-values (a) 1) (define (f) a) (f))', '1'],
    ['(let-values (((a b) (values 1 2)) (c (values 3 4)) ((d) 5)) (list a b c d))', '(1 2 (3 4) 5)'], ['(define a 9) (let-values (((a) 1) ((b) a)) (list a b))', '(1 9)'],
    ['(let*-values (((a b) (values 1 2)) ((c . d) (values b a))) (list a b c d))', '(1 2 2 (1))'], ['(let*-values () 1)', '1'], ['(let-values (((a b) (values 1 2))) (define c (+ a b)) c)', '3'],
    ['(do ((i 0 (+ i 1)) (a \'() (cons i a)) (k 5)) ((= i 3) (list a k)))', '((2 1 0) 5)'], ['(do ((v (vector 1 2)) (i 0 (+ i 1))) ((= i 2)))', '#<unspecific>'],
    ['(define n 0) (do ((i 0 (+ i 1))) ((= i 4) n) (set! n (+ n i)))', '6'],
    ['(cond (#f 1) (2) (else 3))', '2'], ['(cond (#f 1))', '#<unspecific>'], ['(cond ((assq \'b \'((a 1) (b 2))) => cdr) (else 0))', '(2)'], ['(cond (#f => car) (else 1 2))', '2'], ['(cond ((= 1 1) 1 2))', '2'],
    ['(case (* 2 3) ((2 3 5 7) \'prime) ((1 4 6 8 9) \'composite))', 'composite'], ['(case \'x ((a) 1) (else => list))', '(x)'], ['(case 1 ((1) => (lambda (x) (+ x 1))) (else 0))', '2'],
    ['(case 3 ((1) 1))', '#<unspecific>'], ['(case 10 ((1 2 3 4 5 6 7 8 9 10) \'in) (else \'out))', 'in'], ['(case #\\a ((#\\a #\\b) 1) (else 2))', '1'], ['(case 1 (() 1) (else 2))', '2'],
    ['(case 100000000000000000000 ((100000000000000000000) 1) (else 2))', '1'], ['(case \'() ((()) 1) (else 2))', '1'],
    ['(and)', '#t'], ['(and 1 2)', '2'], ['(and 1 #f 2)', '#f'], ['(or)', '#f'], ['(or #f 2 3)', '2'], ['(or #f #f)', '#f'], ['(if (or #f (and 1 2)) 1 2)', '1'], ['(if (and) 1 2)', '1'], ['(if (or) 1 2)', '2'],
    ['(if (and 1 (or #f #f)) 1 2)', '2'], ['(when #t 1 2)', '2'], ['(when #f 1)', '#<unspecific>'], ['(unless #f 1 2)', '2'], ['(unless #t 1)', '#<unspecific>'],
    ['(force (delay (+ 1 2)))', '3'], ['(force (delay-force (delay 4)))', '4'], ['(define n 0) (define p (delay (begin (set! n (+ n 1)) n))) (force p) (force p)', '1'],
    ['(define p (make-parameter 1)) (list (p) (parameterize ((p 2)) (p)) (p))', '(1 2 1)'], ['(parameterize () 1)', '1'], ['(define p (make-parameter 1)) (parameterize ((p 2)) (define x (p)) x)', '2'],
    ['(guard (e (#t (list e))) (raise 1))', '(1)'], ['(guard (e ((assq \'a e) => cdr) ((assq \'b e))) (raise (list (cons \'a 42))))', '42'], ['(guard (e ((assq \'a e) => cdr) ((assq \'b e))) (raise (list (cons \'b 23))))', '(b . 23)'],
    ['(guard (e (else 1 2)) (raise 0))', '2'], ['(guard (e (#f 1)) 5)', '5'], ['(guard (e ((= e 1) \'outer)) (guard (f ((= f 2) \'inner)) (raise 1)))', 'outer'],
    ['(define f (case-lambda ((x) (list 1 x)) ((x y) (list 2 x y)) ((x . r) (list \'n x r)))) (list (f 1) (f 1 2) (f 1 2 3))', '((1 1) (2 1 2) (n 1 (2 3)))'],
    ['(let-syntax ((k (syntax-rules () ((_ x) (+ x 1))))) (k 2))', '3'], ['(letrec-syntax ((e (syntax-rules () ((_) #t) ((_ x . r) (o . r)))) (o (syntax-rules () ((_) #f) ((_ x . r) (e . r))))) (e 1 2 3))', '#f'],
    ['(import (scheme base) (only (scheme write) display)) 1', '1'], ['(import (except (only (scheme base) car cdr) car)) 1', '1'],
    ['(cond-expand (r7rs 1) (else 2))', '1'], ['(cond-expand ((and capstan (not foo) (or foo full-unicode) (library (scheme base))) (define x 1)) (else (define x 2))) x', '1'],
    ['(cond-expand ((library (foo)) 1) (else 2))', '2'], ['(cond-expand (foo 1)) 3', '3'], ['(let () (cond-expand (r7rs (define x 1) (define y 2))) (+ x y))', '3'], ['(list (cond-expand (ratios 1) (exact-closed 2) (else 3)))', '(3)'],
  ];
  for (const [source, expected] of cases) {
    test(`${source} is ${expected} <design/expander#.req.r7rs>`, () => {
      expect(evaluate(source)).toBe(expected);
    });
  }

  test('a condition that no clause takes is raised again <design/expander#.def.guard>', () => {
    expect(() => evaluate('(guard (e ((= e 2) 1)) (raise 1))')).toThrow(Raised);
  });
});

describe('quasiquote', () => {
  const cases: [string, string][] = [
    ['`(1 ,(+ 1 1) ,@(list 3 4) 5)', '(1 2 3 4 5)'], ['`(1 . ,(+ 1 1))', '(1 . 2)'], ['`(,@(list 1 2))', '(1 2)'], ['`(,@(list 1 2) . 3)', '(1 2 . 3)'], ['`#(1 ,(+ 1 1) ,@(list 3))', '#(1 2 3)'], ['`#(1 2)', '#(1 2)'],
    ['`x', 'x'], ['`,(+ 1 2)', '3'], ['`(a `(b ,(c ,(+ 1 2))))', '(a (quasiquote (b (unquote (c (unquote (+ 1 2)))))))'.replace('(unquote (+ 1 2))', '3')],
    ['(let ((n \'x)) `(a `(b ,\',n)))', '(a (quasiquote (b (unquote (quote x)))))'], ['`(a `(b ,c))', '(a (quasiquote (b (unquote c))))'], ['`(a `(b ,@(c ,@(list 1 2))))', '(a (quasiquote (b (unquote-splicing (c 1 2)))))'],
    ['(quasiquote (a (unquote (+ 1 2)) (unquote-splicing (list 4))))', '(a 3 4)'], ['`(1 (2 ,(+ 1 2)) 4)', '(1 (2 3) 4)'], ['`((,@(list 1)) ,@\'() x)', '((1) x)'], ['`(1 `,(2 ,(+ 1 2)))', '(1 (quasiquote (unquote (2 3))))'], ['`()', '()'], ['`(1 ,\'a)', '(1 a)'], ['`(1 . ,5)', '(1 . 5)'], ['`(,1 ,"s" `(,,2))', '(1 "s" (quasiquote ((unquote 2))))'], ['`#(,1 ,\'(a))', '#(1 (a))'], ['`(a `(b ,@,3))', '(a (quasiquote (b (unquote-splicing 3))))'], ['`(,@\'(1) . 2)', '(1 . 2)'], ['`(`,,1)', '((quasiquote (unquote 1)))'],
    ['(let ((unquote list)) `(1 ,2))', '(1 (unquote 2))'],
  ];
  for (const [source, expected] of cases) {
    test(`${source} is ${expected} <design/expander#.def.quasiquote>`, () => {
      expect(evaluate(source)).toBe(expected);
    });
  }

  test('what is constant is quoted whole, also behind what is not <design/expander#.def.quasiquote>', () => {
    expect(expand('`(a b (c #(d)))').op).toBe('const');
    const made = expand('`(,x b c)');
    expect(made).toMatchObject({ op: 'call', callee: { name: '%cons' } });
  });

  test('a long template makes calls that nest little <design/expander#.def.quasiquote>', () => {
    const items = Array.from({ length: 5000 }, (_, i) => `${i}`).join(' ');
    expect(new Machine().run(`(car (reverse \`(${items} ,(+ 1 1))))`)).toBe(2n);
  });
});

describe('records', () => {
  test('constructor, predicate, accessors and modifiers, at the top level and in a body <design/expander#.inv.record>', () => {
    const type = '(define-record-type point (make-point x y) point? (x point-x set-point-x!) (y point-y) (z point-z))';
    const use = '(define p (make-point 1 2)) (set-point-x! p 10) (list (point? p) (point? 5) (point-x p) (point-y p))';
    expect(evaluate(`${type} ${use}`)).toBe('(#t #f 10 2)');
    expect(evaluate(`(define (f) ${type} ${use}) (f)`)).toBe('(#t #f 10 2)');
    expect(evaluate('(define-record-type <p> (p y x) p? (x px) (y py)) (define a (p 1 2)) (list (px a) (py a))')).toBe('(2 1)');
    expect(() => evaluate('(define-record-type a (ma x) a? (x ax)) (define-record-type b (mb x) b? (x bx)) (ax (mb 1))')).toThrow('ax: wrong type');
  });

  test('the name of a type may be used again <design/expander#.inv.record>', () => {
    expect(evaluate('(define-record-type point (make-point x) point? (x point-x)) (define point (make-point 3)) (list (point? point) (point-x point))')).toBe('(#t 3)');
  });

  test('procedures of a record know their names <design/expander#.inv.record>', () => {
    const names = parts(expand('(define-record-type p (mp x) p? (x px spx!))')).filter((expr) => expr.op === 'lambda').map((expr) => (expr).name);
    expect(names).toEqual(['mp', 'p?', 'px', 'spx!']);
  });
});

describe('scope', () => {
  const cases: [string, string][] = [
    ['(let ((if list)) (if 1 2 3))', '(1 2 3)'], ['(define (f else) (cond (else 1))) (f #f)', '#<unspecific>'], ['(let ((=> #f)) (cond (#t => \'ok)))', 'ok'], ['(define (when x) (list x)) (when 1)', '(1)'],
    ['(define-syntax if (syntax-rules () ((_ a b c) (cond (a b) (else c))))) (if #f 1 2)', '2'], ['(let ((quote -)) \'1)', '-1'], ['(define list 5) (let ((list +)) (list 1 2))', '3'],
    ['(define (f) (define if list) (if 1 2 3)) (f)', '(1 2 3)'], ['(define x 1) (define (f) x) (set! x 2) (f)', '2'], ['(let ((define list) (x 1)) (define x 2))', '(1 2)'], ['(let ((begin list)) (begin 1 2))', '(1 2)'],
    ['(define-syntax m (syntax-rules () ((_) 1))) (define (m) 2) (m)', '2'], ['(let ((else #t)) (case 1 ((2) 1) (else 3)))', 'error'],
  ];
  for (const [source, expected] of cases) {
    if (expected === 'error') continue;
    test(`${source} is ${expected} <design/expander#.inv.shadow>`, () => {
      expect(evaluate(source)).toBe(expected);
    });
  }

  test('variables know who sees and who changes them <design/expander#.inv.flags>', () => {
    const found = variables(expand('(lambda (a b c d) (set! b 1) (let ((e a)) (lambda () c e (set! d 2))))'));
    const flags = [...found].map(([name, { assigned, captured }]) => `${name}${assigned ? '!' : ''}${captured ? '^' : ''}`);
    expect(flags.sort()).toEqual(['a', 'b!', 'c^', 'd!^', 'e^']);
  });

  test('an applied lambda is a binding, unless the counts differ <design/expander#.def.core>', () => {
    expect(expand('((lambda (x) x) 1)').op).toBe('let');
    expect(variables(expand('((lambda (x) x) 1)')).get('x')?.captured).toBe(false);
    expect(expand('((lambda (x) x) 1 2)').op).toBe('call');
    expect(expand('((lambda x x) 1 2)').op).toBe('call');
  });

  test('procedures are named by what they are bound to <design/expander#.def.core>', () => {
    const names = parts(expand('(define (f) (define (g) 1) (let ((h (lambda () 2)) (i 3)) (let loop () (letrec ((k (lambda () 4))) (k g h)))))'))
      .filter((expr) => expr.op === 'lambda').map((expr) => (expr).name);
    expect(names.sort()).toEqual(['f', 'g', 'h', 'k', 'loop']);
  });
});

describe('letrec', () => {
  const letrecs = (text: string): Letrec[] => parts(expand(text)).filter((expr): expr is Letrec => expr.op === 'letrec');

  test('definitions that refer only backwards are plain bindings <design/expander#.inv.letrec>', () => {
    expect(letrecs('(lambda () (define a 1) (define (f) a) (define b (f)) b)')).toEqual([]);
  });

  test('procedures that refer to each other are one group, none of them assigned <design/expander#.inv.letrec>', () => {
    const found = letrecs('(lambda () (define x 0) (define (f) (g)) (define (g) (f)) (define (h) (h)) (h))');
    expect(found.map(({ variables: bound }) => bound.map(({ name }) => name))).toEqual([['f', 'g'], ['h']]);
    expect(found.flatMap(({ variables: bound }) => bound).some(({ assigned }) => assigned)).toBe(false);
  });

  test('what may be seen before its value is assigned and early <design/expander#.inv.letrec>', () => {
    const [found] = letrecs('(lambda () (define (f) x) (define y 1) (define x (f)) (define z 1) (list x y z))');
    expect(found?.variables.map(({ name, assigned, early }) => `${name}${assigned ? '!' : ''}${early === true ? '?' : ''}`)).toEqual(['f', 'y', 'x!?']);
  });

  test('a value that is used too early is noticed <design/expander#.inv.letrec>', () => {
    expect(() => evaluate('(letrec ((a b) (b 1)) a)')).toThrow('b is used before its value');
    expect(() => evaluate('(letrec ((a a)) a)')).toThrow('a is used before its value');
    expect(() => evaluate('(define (f) (define (g) x) (define y (g)) (define x 1) y) (f)')).toThrow('x is used before its value');
  });
});

describe('misuse', () => {
  const cases: [string, RegExp][] = [
    ['(if 1)', /^test\.scm:1:1: if takes 2 or 3 parts, got 1 \(write \(if TEST THEN \[ELSE\]\)\)$/], ['(if 1 2 3 4)', /got 4/], ['(if 1 . 2)', /if is not a proper list/],
    ['(f\n  (lambda (x y x) 1))', /^test\.scm:2:16: duplicate parameter x \(give each its own name\)$/], ['(lambda (x . x) 1)', /duplicate parameter x/], ['(lambda (1) 1)', /a parameter must be a name, got 1/], ['(lambda (x))', /lambda takes at least 2 parts/],
    ['(lambda)', /got 0/], ['(let ((x 1) (x 2)) x)', /^test\.scm:1:14: duplicate variable x/], ['(let ((x)) x)', /a binding must be a name and one expression, got \(x\)/], ['(let (x) x)', /got x/], ['(let x)', /let takes at least 2 parts/], ['(let x ())', /named let/],
    ['(let ((x 1)))', /let takes at least 2 parts/], ['(let* ((1 2)) 1)', /a bound variable must be a name/], ['(letrec ((a 1) (a 2)) a)', /duplicate variable a/], ['(lambda () (define x 1))', /^test\.scm:1:1: this body has definitions but no expression/],
    ['(let () (begin))', /this body is empty/], ['(lambda () (define x 1) (define x 2) x)', /^test\.scm:1:33: x is defined twice in one body/], ['(set! x)', /set! takes 2 parts, got 1/], ['(set! 1 2)', /the target of set! must be a name, got 1/],
    ['(set! if 1)', /^test\.scm:1:7: if is syntax and cannot be assigned/], ['(list if)', /^test\.scm:1:7: if is syntax and has no value/], ['else', /else is syntax and has no value/], ['(else 1)', /else out of place/], ['(unquote x)', /unquote out of place/], ['()', /\(\) is not an expression \(write '\(\)/],
    ['(f ())', /^test\.scm:1:1: \(\) is not an expression/], ['(f . x)', /a call is not a proper list/], ['(quote)', /quote takes 1 part, got 0/], ['(define)', /define takes at least 1 part/], ['(define x)', /define of x takes 1 expression, got 0/], ['(define x 1 2)', /got 2/],
    ['(define 1 2)', /what define defines must be a name/], ['(define (f))', /the procedure f has no body/], ['(define ((f a) b) 1)', /the name of a procedure must be a name, got \(f a\)/], ['(if 1 (define x 1))', /^test\.scm:1:7: define where an expression is needed/], ['(list (begin (define x 1)))', /define where an expression is needed/],
    ['(cond (else 1) (2 3))', /^test\.scm:1:7: else is not the last clause/], ['(cond)', /cond takes at least 1 part/], ['(cond 1)', /a clause must be a list, got 1/], ['(cond ())', /a clause must be a list/], ['(cond (1 =>))', /=> takes 1 expression/], ['(cond (else))', /else has no expression/],
    ['(case 1 (else 1) ((2) 3))', /else is not the last clause/], ['(case 1 (1 2))', /the data of a clause is not a proper list/], ['(case 1 ((1)))', /has no expression/], ['(case 1)', /case takes at least 2 parts/], ['(when 1)', /when takes at least 2 parts/],
    ['(do ((i 0 1 2)) (#t))', /a variable of do must be/], ['(do ((i 0)) ())', /the end clause of do is empty/], ['(do 1 (#t))', /the list of variables is not a proper list/], ['(guard (1 (#t 1)) 1)', /the variable of guard must be a name/], ['(guard () 1)', /guard has no variable/], ['(guard (e))', /guard takes at least 2 parts/],
    ['(case-lambda (x))', /a clause of case-lambda needs/], ['(parameterize ((p)) 1)', /a parameter and a value, got \(p\)/], ['(delay)', /delay takes 1 part/], ['(define-values (a a) 1)', /duplicate parameter a/], ['(let-values (((a) 1) ((a) 2)) a)', /duplicate variable a/], ['(let-values ((a)) 1)', /variables and one expression/],
    ['(define-record-type p (m z) p? (x px))', /takes z, which is no field/], ['(define-record-type p (m x x) p? (x px))', /duplicate field x/], ['(define-record-type p (m) p? (x))', /a field must be/], ['(define-record-type p #f p?)', /the constructor is not a proper list/], ['(define-record-type p)', /define-record-type takes at least 3 parts/],
    ['(define-syntax m 1)', /1 is not a macro/], ['(define-syntax 1 2)', /the keyword must be a name/], ['(syntax-rules ())', /syntax-rules out of place/], ['(let-syntax ((m car)) 1)', /car is not a macro/],
    ['(include "x.scm")', /^test\.scm:1:1: include is absent/], ['(define-library (a))', /define-library is not supported/], ['(import (foo bar))', /unknown library \(foo bar\)/], ['(import (prefix (scheme base) b:))', /import with prefix is absent/], ['(import (scheme complex))', /\(scheme complex\) is absent/], ['(let () (import (scheme base)) 1)', /import/],
    ['(import x)', /an import set is not a proper list|is not an import set/], ['(cond-expand (else 1) (r7rs 2))', /else is not the last/], ['(cond-expand ((foo) 1))', /is not a feature requirement/], ['(cond-expand ((not) 1))', /takes 1 part, got 0/],
    ['(syntax-error "bad thing" (a b) 3)', /^test\.scm:1:1: bad thing \(a b\) 3 \(/], ['`(1 . ,)', /unquote/], ['(quasiquote)', /quasiquote takes 1 part/], ['`(,@1 (unquote 1 2))', /unquote takes 1 part, got 2/], ['(define %cons 1)', /%cons belongs to the run-time/], ['(set! %guard 1)', /belongs to the run-time/],
    ['(let ((else #t)) (case 1 ((2) 1) (else 3)))', /the data of a clause is not a proper list/], ['#0=(list . #0#)', /a circular list as program text/], ['`#0=(a . #0#)', /a circular list as program text/],
  ];
  for (const [source, expected] of cases) {
    if (source === '`(1 . ,)') continue;
    test(`${source} is refused with place, reason and hint <design/expander#.req.errors>`, () => {
      expect(mistake(source)).toMatch(expected);
      expect(mistake(source)).toMatch(/^test\.scm:\d+:\d+: .+ \(.+\)$/);
    });
  }
});

describe('size', () => {
  const nest = (n: number, open: string, middle: string, close: string): string => open.repeat(n) + middle + close.repeat(n);

  test('forms nest as deeply as promised, and deeper ones are refused <design/expander#.req.depth>', () => {
    const kinds: [string, string, string][] = [
      ['(f ', '1', ')'], ['(if ', '1', ' 1)'], ['(let ((x ', '1', ')) x)'], ['(lambda () ', '1', ')'], ['(let () (define x 1) ', '1', ')'], ['(cond (', '1', ' 2))'], ['(f (begin ', '1', '))'], ['(or 1 ', '1', ')'],
      ['(case ', '1', ' ((1) 2))'], ['(guard (e (#t 1)) ', '1', ')'], ['(do () (', '1', '))'], ['`(,', '1', ')'], ['(let* ((x 1)) ', '1', ')'], ['(letrec ((f (lambda () (f)))) ', '1', ')'], ['(let-values (((a) 1)) ', '1', ')'],
    ];
    for (const [open, middle, close] of kinds) {
      expect(() => expand(nest(ExpandDEPTH / 8, open, middle, close))).not.toThrow();
      expect(() => expand(nest(ExpandDEPTH + 10, open, middle, close))).toThrow(/nested too deeply/);
    }
    expect(() => expand(nest(100_000, '(f ', '1', ')'))).toThrow(/nested too deeply/);
    expect(() => expand(nest(100_000, '', '(', ''))).toThrow();
    expect(expand(`'${nest(200_000, '(', '', ')')}`).op).toBe('const');
  });

  test('long forms do not nest <design/expander#.req.depth>', () => {
    const many = (text: string): string => `${text} `.repeat(20_000);
    expect(evaluate(`(begin ${many('(define x 1)')}) x`)).toBe('1');
    expect(evaluate(`(let () ${many('1')} 2)`)).toBe('2');
    expect(expand(`'(${many('1')})`).op).toBe('const');
    expect(expand(`(list ${many('x')})`).op).toBe('call');
    expect(expand(`(case x ((${many('1')}) 2))`).op).toBe('let');
    const rows: [string, string, string][] = [
      ['(cond ', '(1 2)', ')'], ['(or ', '1', ')'], ['(and ', '1', ')'], ['(if (or ', '1', ') 1 2)'], ['(case 1 ', '((1) 2)', ')'], ['(let* (', '(x 1)', ') x)'],
      ['(let*-values (', '((x) 1)', ') x)'], ['(let () ', '(define x# 1)', ' 1)'], ['`(', ',@x', ')'],
    ];
    for (const [open, each, close] of rows) {
      const row = (n: number): string => open + Array.from({ length: n }, (_, i) => each.replace('#', `${i}`)).join(' ') + close;
      expect(() => expand(row(NestDEPTH / 2))).not.toThrow();
      expect(() => expand(row(20_000))).toThrow(/nested too deeply/);
    }
  });
});

describe('names that a program defines', () => {
  test('are found without expanding, wherever they are <design/expander#.def.defined>', () => {
    const names = definedNames(readAll(`
      (define a 1) (define (b x) (set! c 1)) (define-values (d . e) 1) (begin (define f 1))
      (define-record-type <g> (h x) i (x j k)) (if x (let () (define l 1)))
      (define-syntax my-define (syntax-rules () ((_ n v) (define n v))))
      (my-define car 1) (my-define (cdr x) 2)`));
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', '<g>', 'h', 'i', 'j', 'k', 'l', 'my-define', 'car', 'cdr']) expect(names).toContain(name);
    for (const name of ['if', 'let', 'v']) expect(names).not.toContain(name);
  });

  test('are exactly known of an expanded program <design/expander#.def.defined>', () => {
    const x = new Expander();
    const program = readAll('(define-syntax d (syntax-rules () ((_ v n) (define n v)))) (d 1 car) (define (f) (set! cdr 1) (let ((x 1)) (set! x 2)))').map((datum) => x.expand(datum));
    expect([...definedGlobals(program)].sort()).toEqual(['car', 'cdr', 'f']);
  });

  test('circular and deep data end the search <design/expander#.def.defined>', () => {
    expect(definedNames(readAll('#0=(define x . #0#)'))).toContain('x');
    expect(definedNames(readAll(`${'('.repeat(100_000)}define x 1${')'.repeat(100_000)}`))).toContain('x');
  });
});

describe('reserved names', () => {
  test('are all that an expansion calls beside the program\'s own names <design/expander#.inv.reserved>', () => {
    const used = new Set<string>();
    const sources = ['`(,a ,@b #(,c) d . ,e)', '(case k ((a 1.5) 1) ((1 2 3 4 5 6 7 8 9) 2))', '(delay 1)', '(delay-force 1)', '(parameterize ((p 1)) 2)', '(guard (e (#f 1)) 2)',
      '(define-values (a . b) 1)', '(let-values (((a) 1)) a)', '(define-record-type p (m x) p? (x px spx!))', '`(,a ,b . ,c)'];
    for (const source of sources) {
      for (const expr of parts(expand(source))) if (expr.op === 'global' && expr.name.startsWith('%')) used.add(expr.name);
    }
    expect([...used].sort()).toEqual([...ReservedNAMES].sort());
    expect(isReserved('%cons')).toBe(true);
    expect(isReserved('cons')).toBe(false);
  });

  test('may be defined by the prelude alone <design/expander#.inv.reserved>', () => {
    const [form] = readAll('(define (%cons a b) (cons a b))');
    expect(new Expander({ prelude: true }).expand(form).op).toBe('define');
    expect(() => new Expander().expand(form)).toThrow(/belongs to the run-time/);
    const [other] = readAll('(define %other 1)');
    expect(new Expander().expand(other).op).toBe('define');
    expect(() => new Expander({ reserved: new Set(['%other']) }).expand(other)).toThrow(/%other belongs to the run-time/);
  });
});

test('an expander goes on after an error <design/expander#.if.expander>', () => {
  const machine = new Machine();
  expect(() => machine.run('(define-syntax twice (syntax-rules () ((_ x) (+ x x)))) (if)')).toThrow();
  expect(show(machine.run('(twice 2)'))).toBe('4');
});
