/* sections.ts: WHAT GENERATED PROGRAMS ARE MADE OF
 *
 * Each section exercises one part of the language, with random holes, and adds variables or procedures that later
 * sections use and change <design/testing#.generated>.
 */
import { bound } from './draft.ts';
import { int, ints, lambdaOf, statement, sym, text, truth, words } from './expressions.ts';
import type { Draft } from './draft.ts';

export type Section = (d: Draft) => void;

/** opening -- the procedures that all programs lean on */
export const opening: Section = (d) => {
  d.add(
    `(define (clip n) (remainder n ${d.pick(['1000003', '2147483647', '1000000000000000009', '18446744073709551629'])}))`,
    "(define trail '())",
    '(define (note x) (set! trail (cons x trail)) x)',
    '(define (show tag x) (display tag) (display " ") (write x) (newline))',
    "(define (take l n) (if (or (null? l) (= n 0)) '() (cons (clip (car l)) (take (cdr l) (- n 1)))))",
    '(define (first-or l default) (if (pair? l) (car l) default))',
    '(define (sum l) (let go ((l l) (s 0)) (if (null? l) s (go (cdr l) (+ s (car l))))))',
    "(define (keep p l) (cond ((null? l) '()) ((p (car l)) (cons (car l) (keep p (cdr l)))) (else (keep p (cdr l)))))",
    "(define (iota-from a n) (if (= n 0) '() (cons a (iota-from (+ a 1) (- n 1)))))",
  );
};

/** state -- global variables of every type */
export const state: Section = (d) => {
  for (let i = d.between(2, 4); i > 0; i -= 1) { const init = int(d, 2); d.add(`(define ${d.declare('int', 'n')} (clip ${init}))`); }
  for (let i = d.between(1, 3); i > 0; i -= 1) { const init = ints(d, 2); d.add(`(define ${d.declare('ints', 'l')} (take ${init} 9))`); }
  const size = d.between(3, 40), cells = d.between(2, 30);
  d.add(
    `(define ${d.declare('slots', 'v', size)} (make-vector ${size} '()))`,
    `(define ${d.declare('cells', 'c', cells)} (make-vector ${cells} ${d.between(0, 9)}))`,
    `(define ${d.declare('text', 's')} (string-copy "${d.pick(words)}-${d.pick(words)}"))`,
    `(define ${d.declare('sym', 'y')} '${d.pick(words)})`,
    `(define ${d.declare('table', 'a')} (list ${d.times(d.between(1, 4), () => `(cons '${d.pick(words)} ${int(d, 0)})`)}))`,
  );
};

/** procedures -- recursion that ends because its fuel does */
export const procedures: Section = (d) => {
  for (let i = d.between(1, 3); i > 0; i -= 1) {
    const f = d.name('f'), fuel = d.between(3, 6), a = d.name('a'), twice = d.chance(40) && fuel < 6;
    const activations = twice ? 2 ** fuel : fuel, before = d.cost;
    const globals = d.variables;
    const base = d.within([bound(a)], activations, () => int(d, 1));
    const step = d.within([bound(a)], activations, () => int(d, 2));
    const again = (argument: string): string => `(${f}-step (- fuel 1) ${argument})`;
    const body = twice ? `(+ ${again(`(clip (+ ${a} 1))`)} ${again(`(clip ${step})`)})` : `(+ ${step} ${again(`(clip (* ${a} 3))`)})`;
    d.add(
      `(define (${f}-step fuel ${a}) (if (= fuel 0) ${base} (clip ${body})))`,
      `(define (${f} x) (${f}-step ${fuel} x))`,
    );
    d.variables = globals;
    d.procedures.push({ name: f, params: 1, cost: activations * 3 + (d.cost - before) });
  }
};

/** closures -- captured variables that are assigned */
const closures: Section = (d) => {
  const make = d.name('make-counter'), count = d.between(3, 12), list = d.name('counters'), use = d.declare('maker', 'tick');
  d.add(
    `(define (${make} n) (let ((calls 0)) (lambda (x) (set! calls (+ calls 1)) (set! n (clip (+ n (* x calls)))) n)))`,
    `(define ${list} (map ${make} (iota-from ${d.between(-5, 5)} ${count})))`,
    `(define ${use} (${make} ${int(d, 1)}))`,
    `(do ((i 0 (+ i 1))) ((= i ${d.between(20, 200)})) ((list-ref ${list} (modulo (* i ${d.pick([3, 5, 7])}) ${count})) i))`,
    `(show 'counters (map (lambda (f) (f 0)) ${list}))`,
  );
};

/** records -- old records are made to point at new ones */
const records: Section = (d) => {
  const r = d.name('node'), t = d.name('root'), count = d.between(20, 120), modulus = d.pick([101, 1009, 65537]);
  d.add(
    `(define-record-type ${r} (make-${r} key left right) ${r}? (key ${r}-key) (left ${r}-left set-${r}-left!) (right ${r}-right set-${r}-right!) (hits ${r}-hits set-${r}-hits!))`,
    `(define (${r}-insert! at key)
       (set-${r}-hits! at (cons key '()))
       (cond ((< key (${r}-key at)) (if (${r}-left at) (${r}-insert! (${r}-left at) key) (set-${r}-left! at (make-${r} key #f #f))))
             ((> key (${r}-key at)) (if (${r}-right at) (${r}-insert! (${r}-right at) key) (set-${r}-right! at (make-${r} key #f #f))))))`,
    `(define (${r}-list at rest) (if (not at) rest (${r}-list (${r}-left at) (cons (${r}-key at) (${r}-list (${r}-right at) rest)))))`,
    `(define ${t} (make-${r} ${d.between(20, 80)} #f #f))`,
    `(do ((i 0 (+ i 1))) ((= i ${count})) (${r}-insert! ${t} (modulo (* (+ i ${d.between(1, 50)}) ${d.between(17, 91)}) ${modulus})))`,
    `(show 'records (list (${r}? ${t}) (${r}? 'no) (length (${r}-list ${t} '())) (take (${r}-list ${t} '()) 12)))`,
  );
};

/** promises -- streams, and a promise that counts how often it is forced */
const promises: Section = (d) => {
  const from = d.name('from'), x = d.name('x'), s = d.name('stream'), forced = d.name('forced');
  d.add(
    '(define-syntax cons-stream (syntax-rules () ((_ a b) (cons a (delay b)))))',
    `(define (${from} ${x}) (cons-stream ${x} (${from} (clip ${d.within([bound(x)], 25, () => int(d, 2))}))))`,
    `(define (${s}-take s n) (if (= n 0) '() (cons (car s) (${s}-take (force (cdr s)) (- n 1)))))`,
    `(define ${s} (${from} ${d.between(1, 30)}))`,
    `(show 'stream (${s}-take ${s} ${d.between(5, 20)}))`,
    `(define ${forced} 0)`,
    `(define ${forced}-promise (delay (begin (set! ${forced} (+ ${forced} 1)) (list ${forced} ${int(d, 2)}))))`,
    `(show 'promise (let* ((a (force ${forced}-promise)) (b (force ${forced}-promise))) (list (eq? a b) ${forced} b (promise? ${forced}-promise))))`,
    `(define (${forced}-chain n) (if (= n 0) (delay 'end) (delay-force (${forced}-chain (- n 1)))))`,
    `(show 'chain (force (${forced}-chain ${d.between(10, 300)})))`,
  );
};

/** escapes -- continuations that leave loops, through dynamic-winds */
const escapes: Section = (d) => {
  const find = d.name('find'), x = d.name('x'), k = d.name('k');
  d.add(
    `(define (${find} l) (call/cc (lambda (return) (for-each (lambda (${x}) (if ${d.within([bound(x)], 8, () => truth(d, 1))} (return ${x}))) l) 'none)))`,
    `(show 'found (map ${find} (list ${d.times(3, () => `(take ${ints(d, 1)} 6)`)})))`,
    `(show 'left (call/cc (lambda (${k})
       (dynamic-wind (lambda () (note 'in)) (lambda () ${statement(d, 2)} (${k} ${int(d, 2)}) (note 'never)) (lambda () (note 'out))))))`,
    `(show 'left (call-with-current-continuation (lambda (${k})
       (do ((i 0 (+ i 1))) ((= i 9) 'end) (dynamic-wind (lambda () (note i)) (lambda () (if (= i ${d.between(1, 9)}) (${k} (list i)))) (lambda () (note 'after)))))))`,
  );
};

/** reentry -- continuations that are entered again, a bounded number of times */
const reentry: Section = (d) => {
  const f = d.name('again'), times = d.between(2, 6), wound = d.chance(60);
  const taken = '(call/cc (lambda (c) (set! k c) 0))';
  const point = wound ? `(dynamic-wind (lambda () (note 'enter)) (lambda () ${taken}) (lambda () (note 'leave)))` : taken;
  d.add(
    `(define (${f} l) (let* ((n 0) (k #f) (seen '()) (v ${point}) (fresh (cons v l)))
       (set! n (+ n 1))
       (set! seen (cons (list n v (sum fresh)) seen))
       (if (< n ${times}) (k (clip (+ (* v 3) n))) (reverse seen))))`,
    `(show 'again (${f} (take ${ints(d, 2)} 6)))`,
  );
};

/** generators -- two sides that hand control to each other */
const generators: Section = (d) => {
  const g = d.name('gen'), depth = d.between(3, 6);
  d.add(
    `(define (${g}-tree n x) (if (= n 0) x (cons (${g}-tree (- n 1) (* 2 x)) (${g}-tree (- n 1) (+ 1 (* 2 x))))))`,
    `(define (${g}-make tree)
       (define return #f)
       (define (walk t) (if (pair? t) (begin (walk (car t)) (walk (cdr t))) (call/cc (lambda (next) (set! start (lambda () (next #f))) (return t)))))
       (define (start) (walk tree) (return 'end))
       (lambda () (call/cc (lambda (r) (set! return r) (start)))))`,
    `(define ${g} (${g}-make (${g}-tree ${depth} ${d.between(1, 9)})))`,
    `(show 'generator (let loop ((x (${g})) (n 0) (s 0)) (if (eq? x 'end) (list n s) (loop (${g}) (+ n 1) (clip (+ (* s 3) x))))))`,
  );
};

/** winds -- an unmatched exception goes out through one dynamic-wind and back in */
const winds: Section = (d) => {
  const f = d.name('attempt');
  d.add(
    `(define (${f} x)
       (guard (e ((symbol? e) (note (list 'outer e))) ((string? e) (string-append "got " e)))
         (guard (e ((and (number? e) (> e ${d.between(0, 40)})) (note (list 'inner e))))
           (dynamic-wind (lambda () (note 'in)) (lambda () (if (procedure? x) (x) (raise x))) (lambda () (note 'out))))))`,
    `(show 'guards (let* ((a (${f} '${d.pick(words)})) (b (${f} ${d.between(41, 90)})) (c (${f} "${d.pick(words)}")) (e (${f} (lambda () ${int(d, 2)})))) (list a b c e)))`,
  );
};

/** errors -- exceptions of every origin, caught */
const errors: Section = (d) => {
  const attempt = d.name('attempt');
  const wrong: (() => string)[] = [
    () => `(raise '${d.pick(words)})`, () => `(raise (list ${int(d, 1)} ${sym(d)}))`, () => `(error "${d.pick(words)}" ${int(d, 1)} ${sym(d)})`,
    () => `(car ${int(d, 1)})`, () => `(vector-ref (vector 1 2 3) ${d.between(3, 9)})`, () => `(cdr '())`, () => '((lambda (x) x))',
    () => `(${d.name('unbound')} 1)`, () => `(+ 1 ${sym(d)})`, () => '(5 5)', () => `(string-ref ${text(d, 1)} 1000)`, () => '(vector-set! (make-vector 2 0) -1 0)',
    () => `(quotient ${int(d, 1)} 0)`, () => '(symbol->string "no")', () => '(length (cons 1 2))', () => int(d, 2),
  ];
  d.add(
    `(define (${attempt} thunk)
       (call/cc (lambda (k)
         (with-exception-handler
           (lambda (e) (k (cond ((and (error-object? e) (pair? (error-object-irritants e)) (equal? (error-object-message e) "${words[0]}")) (error-object-irritants e))
                                ((error-object? e) 'error) (else (list 'raised e)))))
           thunk))))`,
    `(show 'errors (map ${attempt} (list ${d.times(d.between(3, 7), () => `(lambda () ${d.pick(wrong)()})`)})))`,
    `(show 'error (guard (e ((error-object? e) (list (error-object-message e) (error-object-irritants e)))) (error "${d.pick(words)}:" ${int(d, 1)} '(${d.pick(words)}) "${d.pick(words)}")))`,
    `(show 'many (let loop ((i 0) (n 0)) (if (= i ${d.between(10, 150)}) n (loop (+ i 1) (if (eq? 'error (${attempt} (lambda () (car i)))) (+ n 1) n)))))`,
  );
};

/** handlers -- continuable exceptions, handlers within handlers */
const handlers: Section = (d) => {
  const x = d.name('x');
  const answer = d.within([bound(x)], 12, () => int(d, 2));
  d.add(
    `(show 'continued (with-exception-handler (lambda (${x}) (clip ${answer}))
       (lambda () (let loop ((i 0) (acc 0)) (if (= i ${d.between(3, 12)}) acc (loop (+ i 1) (clip (+ acc (raise-continuable i)))))))))`,
    `(show 'nested (with-exception-handler (lambda (e) (list 'outer e))
       (lambda () (with-exception-handler (lambda (e) (cons 'inner (raise-continuable (list e ${int(d, 1)})))) (lambda () (list 1 (raise-continuable '${d.pick(words)})))))))`,
    `(show 'second (guard (e (#t 'second)) (with-exception-handler (lambda (e) ${int(d, 1)}) (lambda () (raise 'first)))))`,
  );
};

/** several -- multiple values, optional arguments, internal definitions */
const several: Section = (d) => {
  const f = d.name('split'), g = d.name('arity'), a = d.name('a'), b = d.name('b');
  d.add(
    `(define (${f} l) (if (null? l) (values '() '()) (let-values (((x y) (${f} (cdr l)))) (values (cons (car l) y) x))))`,
    `(show 'split (call-with-values (lambda () (${f} (take ${ints(d, 2)} 9))) list))`,
    `(define ${g} (case-lambda ((x) (list 'one x)) ((x y) (list 'two x y)) ((x . rest) (list 'more x (apply + rest)))))`,
    `(show 'arity (list (${g} ${int(d, 1)}) (${g} 1 ${int(d, 1)}) (${g} 1 2 ${int(d, 1)} 4)))`,
    `(define-values (${a} . ${b}) (values ${int(d, 1)} ${int(d, 1)} ${sym(d)}))`,
    `(show 'values (list ${a} ${b} (let*-values (((p q) (values ${a} 2)) ((r) (values (+ p q)))) r)))`,
    `(define (${f}-sort l)
       (define (merge a b) (cond ((null? a) b) ((null? b) a) ((< (car a) (car b)) (cons (car a) (merge (cdr a) b))) (else (cons (car b) (merge a (cdr b))))))
       (if (or (null? l) (null? (cdr l))) l (let-values (((x y) (${f} l))) (merge (${f}-sort x) (${f}-sort y)))))`,
    `(show 'sorted (${f}-sort (map (lambda (i) (modulo (* i ${d.between(37, 99)}) 101)) (iota-from ${d.between(0, 50)} ${d.between(10, 60)}))))`,
  );
};

/** spelling -- strings, characters and symbols that are made while the program runs */
const spelling: Section = (d) => {
  const count = d.between(10, 80), s = d.name('spell');
  d.add(
    `(define (${s} n) (let loop ((i 0) (s "")) (if (= i n) s (loop (+ i 1) (string-append s (number->string (modulo (* i ${d.between(3, 11)}) 10)))))))`,
    `(show 'digits (let ((s (${s} ${count}))) (list (string-length s) (substring s ${d.between(0, 3)} ${d.between(4, 10)}) (string->number (substring s 0 5)))))`,
    `(show 'symbols (let ((y (string->symbol (string-append "x" (number->string ${int(d, 1)}))))) (list y (symbol? y) (eq? y (string->symbol (symbol->string y))) (eq? 'x1 y))))`,
    `(show 'interned (let loop ((i 0) (n 0)) (if (= i ${d.between(10, 60)}) n (loop (+ i 1) (if (eq? (string->symbol (string-append "s" (number->string i))) 's7) (+ n 1) n)))))`,
    `(show 'chars (map char-upcase (string->list ${text(d, 1)})))`,
    `(show 'text (let ((s (make-string ${d.between(2, 9)} #\\-))) (string-set! s 1 #\\a) (list s (string<? s ${text(d, 1)}) (string=? s s) (char->integer (string-ref s 1)))))`,
  );
};

/** quotation -- quoted and quasi-quoted structure */
const quotation: Section = (d) => {
  d.add(
    `(show 'quasi \`(${d.pick(words)} ,${int(d, 2)} (nested ,@${ints(d, 2)}) #(v ,${sym(d)} ,@(take ${ints(d, 1)} 3)) . ,${text(d, 1)}))`,
    `(show 'quote '(${d.pick(words)} (1 -2 "three" #\\4 #t) #(${d.pick(words)} ()) . ${d.between(0, 9)}))`,
    `(show 'shared (let ((c '(1 2 3))) (list (eq? c c) (equal? c (list 1 2 3)) (eq? '() '())
       (equal? \`(1 \`(2 ,(3 ,(+ 1 ${d.between(1, 9)})))) (list 1 (list 'quasiquote (list 2 (list 'unquote (list 3 ${d.between(2, 10)})))))))))`,
  );
};

/** macros -- syntax-rules, with names that a careless expander would capture */
const macros: Section = (d) => {
  d.add(
    '(define-syntax swap! (syntax-rules () ((_ a b) (let ((tmp a)) (set! a b) (set! b tmp)))))',
    `(show 'swap (let ((tmp ${int(d, 1)}) (other ${int(d, 1)})) (swap! tmp other) (list tmp other)))`,
    '(define-syntax my-or (syntax-rules () ((_) #f) ((_ e) e) ((_ e r ...) (let ((t e)) (if t t (my-or r ...))))))',
    `(show 'or (let ((t ${int(d, 1)})) (my-or #f (memv t '(1 2)) t)))`,
    '(define-syntax repeat (syntax-rules (times) ((_ n times body ...) (let loop ((i n)) (when (> i 0) body ... (loop (- i 1)))))))',
    `(let ((i ${d.between(0, 5)})) (repeat ${d.between(2, 9)} times (set! i (+ i 1)) (note i)))`,
    '(define-syntax my-let (syntax-rules () ((_ ((name value) ...) body ...) ((lambda (name ...) body ...) value ...))))',
    `(show 'let (my-let ((a ${int(d, 1)}) (b ${int(d, 1)})) (list b a)))`,
  );
};

/** bignums -- integers outgrow fixnums and come back */
const bignums: Section = (d) => {
  const f = d.name('fact'), n = d.between(18, 40);
  d.add(
    `(define (${f} n) (if (= n 0) 1 (* n (${f} (- n 1)))))`,
    `(show 'factorial (${f} ${n}))`,
    `(show 'back (quotient (${f} ${n}) (${f} ${n - d.between(1, 5)})))`,
    `(show 'power (let loop ((i 0) (p 1) (s 0)) (if (= i ${d.between(20, 90)}) (list p (- p s)) (loop (+ i 1) (* p ${d.pick([2, 3, -2, 10])}) (+ s p)))))`,
    `(show 'edge (list (+ 9007199254740991 ${d.between(0, 3)}) (- -9007199254740991 ${d.between(0, 3)}) (* 94906267 94906267) (- (expt 2 64) (expt 2 64)) (remainder (expt 7 ${d.between(20, 40)}) 1000007)))`,
    `(show 'compare (list (< (expt 2 70) (expt 2 71)) (= (* 4294967296 4294967296) (expt 2 64)) (eqv? (expt 3 50) (* (expt 3 25) (expt 3 25))) (even? (expt 5 30))))`,
  );
};

/** trees -- structures built and dropped beside one that lives */
const trees: Section = (d) => {
  const t = d.name('tree'), depth = d.between(4, 7);
  d.add(
    `(define (${t}-make n) (if (= n 0) '() (cons (${t}-make (- n 1)) (${t}-make (- n 1)))))`,
    `(define (${t}-count t) (if (null? t) 1 (+ (${t}-count (car t)) (${t}-count (cdr t)))))`,
    `(define ${t} (${t}-make ${depth}))`,
    `(show 'dropped (let loop ((i 0) (s 0)) (if (= i ${d.between(4, 20)}) s (loop (+ i 1) (+ s (${t}-count (${t}-make ${d.between(2, 5)})))))))`,
    `(set-car! ${t} (${t}-make ${d.between(1, 4)}))`,
    `(show 'kept (${t}-count ${t}))`,
  );
};

/** buckets -- a table of lists, an old vector that points at ever newer pairs */
const buckets: Section = (d) => {
  const b = d.name('bucket'), size = d.between(5, 60);
  d.add(
    `(define ${b} (make-vector ${size} '()))`,
    `(define (${b}-add! key value)
       (let* ((i (modulo key ${size})) (found (assv key (vector-ref ${b} i))))
         (if found (set-cdr! found (cons value '())) (vector-set! ${b} i (cons (cons key value) (vector-ref ${b} i))))))`,
    `(do ((i 0 (+ i 1))) ((= i ${d.between(50, 250)})) (${b}-add! (modulo (* i ${d.between(7, 99)}) ${d.between(20, 200)}) (list i)))`,
    `(show 'buckets (list (apply + (map length (vector->list ${b}))) (vector-ref ${b} ${d.below(size)})))`,
    `(show 'vectors (list (vector-length ${b}) (vector-map length ${b})))`,
  );
};

/** queues -- a tail pointer that set-cdr! moves, and a ring walked a bounded way */
const queues: Section = (d) => {
  const q = d.name('queue'), count = d.between(20, 150);
  d.add(
    `(define ${q} (let ((p (list 'head))) (cons p p)))`,
    `(define (${q}-put! x) (let ((p (list x))) (set-cdr! (cdr ${q}) p) (set-cdr! ${q} p)))`,
    `(define (${q}-get!) (let ((p (cdr (car ${q})))) (set-car! ${q} p) (car p)))`,
    `(do ((i 0 (+ i 1))) ((= i ${count})) (${q}-put! (list i (* i i))) (if (= 0 (modulo i ${d.between(2, 4)})) (note (car (${q}-get!)))))`,
    `(show 'queue (list (length (car ${q})) (cadr (car ${q})) (cadr ${q})))`,
    `(show 'ring (let ((r (iota-from 1 ${d.between(3, 9)})))
       (let last ((p r)) (if (null? (cdr p)) (set-cdr! p r) (last (cdr p))))
       (let walk ((p r) (i 0) (s 0)) (if (= i ${d.between(20, 90)}) s (walk (cdr p) (+ i 1) (+ (* 2 (modulo s 10007)) (car p)))))))`,
  );
};

/** depth -- recursion deeper than any chunk of frames, and loops that take no room */
const depth: Section = (d) => {
  const f = d.name('deep');
  d.add(
    `(define (${f} n) (if (= n 0) '() (cons n (${f} (- n 1)))))`,
    `(define (${f}-sum l) (if (null? l) 0 (+ (car l) (${f}-sum (cdr l)))))`,
    `(show 'deep (${f}-sum (${f} ${d.between(300, 1500)})))`,
    `(define (${f}-even? n) (if (= n 0) #t (${f}-odd? (- n 1))))`,
    `(define (${f}-odd? n) (if (= n 0) #f (${f}-even? (- n 1))))`,
    `(show 'mutual (${f}-even? ${d.between(500, 2000)}))`,
    `(define (${f}-cps n k) (if (= n 0) (k 0) (${f}-cps (- n 1) (lambda (v) (k (+ v n))))))`,
    `(show 'passed (${f}-cps ${d.between(50, 400)} (lambda (v) (list v))))`,
  );
};

/** ordering -- higher-order procedures over lists and vectors */
const ordering: Section = (d) => {
  const f = d.name('compose');
  d.add(
    `(define (${f} . fs) (if (null? fs) (lambda (x) x) (lambda (x) ((car fs) ((apply ${f} (cdr fs)) x)))))`,
    `(show 'composed ((${f} ${d.times(3, () => lambdaOf(d, 1, 1, () => int(d, 1)))}) ${int(d, 1)}))`,
    `(show 'members (list (member ${text(d, 1)} (list "${d.pick(words)}" ${text(d, 0)} "end")) (memq ${sym(d)} '(${d.pick(words)} ${d.pick(words)} end)) (assoc "${d.pick(words)}" (list (cons ${text(d, 1)} 1)))))`,
    `(show 'maps (list (map + ${ints(d, 1)} (iota-from 1 4)) (vector-map ${lambdaOf(d, 1, 4, () => int(d, 1))} (vector 1 2 3)) (apply max 0 ${ints(d, 1)})))`,
    `(show 'lists (list (list-tail '(1 2 3 4) ${d.between(0, 4)}) (append ${ints(d, 1)} '() (list 1) 'tail) (reverse ${ints(d, 1)}) (list->vector (take ${ints(d, 1)} 4))))`,
  );
};

/** churning -- a loop that builds lists and drops them, and work on the global variables meanwhile */
export const churning: Section = (d) => {
  const count = d.between(150, 600), every = d.between(5, 60), body = d.within([bound('i')], 4, () => statement(d, 2));
  d.add(`(let churn ((i ${count}) (l '())) (if (> i 0) (begin (if (= 0 (modulo i ${Math.ceil(count / 4)})) ${body}) (churn (- i 1) (if (= 0 (modulo i ${every})) '() (cons (list i) l))))))`);
};

/** Every section that a program may or may not have. */
export const sections: readonly Section[] = [
  closures, records, promises, escapes, reentry, generators, winds, errors, handlers, several, spelling, quotation, macros,
  bignums, trees, buckets, queues, depth, ordering,
];

/** closing -- print all the state there is */
export const closing: Section = (d) => {
  for (const { name, type } of d.variables) if (type !== 'maker') d.add(`(show '${name} ${name})`);
  d.add("(show 'trail (list (length trail) (let first ((l trail) (n 40)) (if (or (null? l) (= n 0)) '() (cons (car l) (first (cdr l) (- n 1)))))))");
};
