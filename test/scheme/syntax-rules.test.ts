/* syntax-rules.test.ts: macros: what they match, what they write, and that they neither capture nor are captured. */
import { describe, expect, test } from 'vitest';
import { evaluate, Machine, mistake, show } from './ir-eval.ts';

const SWAP = '(define-syntax swap! (syntax-rules () ((_ a b) (let ((tmp a)) (set! a b) (set! b tmp)))))';
const MY_OR = '(define-syntax my-or (syntax-rules () ((_) #f) ((_ e) e) ((_ e r ...) (let ((t e)) (if t t (my-or r ...))))))';
const WHILE = '(define-syntax while (syntax-rules () ((_ c b ...) (let lp () (when c b ... (lp))))))';
const BE_LIKE_BEGIN = '(define-syntax be-like-begin (syntax-rules () ((_ name) (define-syntax name (syntax-rules () ((_ expr (... ...)) (begin expr (... ...))))))))';

describe('hygiene', () => {
  const cases: [string, string, string][] = [
    ['a binding that a macro brings captures no name of its use', `${SWAP} (let ((tmp 1) (other 2)) (swap! tmp other) (list tmp other))`, '(2 1)'],
    ['nor through several levels of expansion', `${MY_OR} (let ((t 5)) (my-or #f #f t))`, '5'],
    ['nor does the name of a loop', `${WHILE} (define (f) (let ((lp 3) (n 0)) (while (< n lp) (set! n (+ n 1))) (list lp n))) (f)`, '(3 3)'],
    ['a name that a macro brings is not captured at its use', `${MY_OR} (let ((if list) (let 3)) (my-or #f 2))`, '2'],
    ['also when the use shadows a global that it calls', '(define-syntax m (syntax-rules () ((_ x) (list x 1)))) (let ((list +)) (m 2))', '(2 1)'],
    ['also when it refers to a variable around its definition', '(let ((x \'outer)) (let-syntax ((m (syntax-rules () ((_) x)))) (let ((x \'inner)) (m))))', 'outer'],
    ['else and => are what they are where the macro is', '(define-syntax m (syntax-rules () ((_ x) (cond (#f 1) (else x))))) (let ((else #f)) (m 2))', '2'],
    ['a literal matches the same binding only', '(define-syntax m (syntax-rules (else) ((_ else) \'literal) ((_ x) \'other))) (list (m else) (let ((else 1)) (m else)))', '(literal other)'],
    ['a shadowed => is a test\'s value', '(let ((=> #f)) (cond (#t => \'ok)))', 'ok'],
    ['a local macro sees the local variable', '(define (f x) (define-syntax get (syntax-rules () ((_) x))) (let ((x 2)) (+ x (get)))) (f 1)', '3'],
    ['a macro\'s parameter does not see what the macro binds', '(define-syntax m (syntax-rules () ((_ e) (let ((x 1)) (+ x e))))) (let ((x 10)) (m x))', '11'],
    ['a name passed in binds', '(define-syntax my-let (syntax-rules () ((_ v e b) ((lambda (v) b) e)))) (my-let x 2 (+ x x))', '4'],
    ['quoted names are plain', '(define-syntax m (syntax-rules () ((_ x) \'(a x #(b))))) (m c)', '(a c #(b))'],
    ['names brought into quasiquote, case and records are plain', '(define-syntax m (syntax-rules () ((_ x) (case x ((a) `(is ,x)) (else \'no))))) (m \'a)', '(is a)'],
    ['definitions that a macro brings into a body are its own', '(define-syntax def (syntax-rules () ((_ n e) (begin (define tmp e) (define n (+ tmp 1)))))) (let () (define tmp 5) (def a 1) (def b 2) (list tmp a b))', '(5 2 3)'],
    ['a top-level definition that a macro brings keeps its name', '(define-syntax def-x (syntax-rules () ((_ e) (define x e)))) (def-x 3) x', '3'],
    ['let-syntax does not see its own macros, letrec-syntax does', '(define-syntax m (syntax-rules () ((_) 1))) (list (let-syntax ((m (syntax-rules () ((_) 2))) (n (syntax-rules () ((_) (m))))) (n)) (letrec-syntax ((m (syntax-rules () ((_) 2))) (n (syntax-rules () ((_) (m))))) (n)))', '(1 2)'],
    ['the same inserted name is one name within a use, another in the next', '(define-syntax m (syntax-rules () ((_ (v ...) e) (e v ...)) ((_ n e) (let ((y n)) (+ y e))))) (m 1 (m 2 3))', '6'],
    ['an inserted macro keyword may be shadowed by an inserted variable', '(define-syntax m (syntax-rules () ((_ x) (let ((if list)) (if x 1 2))))) (list (m 0) (if #t 1 2))', '((0 1 2) 1)'],
    ['the loop of the report ends by its own exit', `(define-syntax loop-until (syntax-rules () ((_ var init test step body ...) (let again ((var init)) (if test var (begin body ... (again step)))))))
      (define again 10) (define sum 0) (list (loop-until i 0 (= i 3) (+ i 1) (set! sum (+ sum again))) sum)`, '(3 30)'],
    ['the report\'s example of nested scopes', '(let ((x \'outer)) (let-syntax ((m (syntax-rules () ((m) x)))) (let ((x \'inner)) (m))))', 'outer'],
    ['a macro may define a macro that refers to both uses', '(define-syntax make (syntax-rules () ((_ name v) (define-syntax name (syntax-rules () ((_ e) (let ((t v)) (+ t e)))))))) (define t 100) (make add t) (let ((t 1)) (add t))', '101'],
  ];
  for (const [what, source, expected] of cases) {
    test(`${what} <design/expander#.inv.hygiene>`, () => {
      expect(evaluate(source)).toBe(expected);
    });
  }
});

describe('patterns and templates', () => {
  const rules = (clauses: string, use: string, head = ''): string => `(define-syntax m (syntax-rules ${head}${clauses})) ${use}`;
  const cases: [string, string][] = [
    [rules('() ((_ a ...) \'(a ...))', '(list (m) (m 1) (m 1 2))'), '(() (1) (1 2))'],
    [rules('() ((_ (a b ...) ...) \'((b ... a) ...))', '(m (1 2 3) (4) (5 6))'), '((2 3 1) (4) (6 5))'],
    [rules('() ((_ ((a ...) ...) ...) \'(a ... ... ...))', '(m ((1 2) (3)) () ((4)))'), '(1 2 3 4)'],
    [rules('() ((_ (a b ...) ...) \'((a (a b) ...) ...))', '(m (1 2 3) (4 5))'), '((1 (1 2) (1 3)) (4 (4 5)))'],
    [rules('() ((_ a ... z) \'(z a ...))', '(list (m 1) (m 1 2 3))'), '((1) (3 1 2))'],
    [rules('() ((_ a ... y z) \'((a ...) y z))', '(m 1 2 3 4)'), '((1 2) 3 4)'],
    [rules('() ((_ a ... . r) \'((a ...) r))', '(list (m 1 2 . 3) (m 1))'), '(((1 2) 3) ((1) ()))'],
    [rules('() ((_ a b ... c . r) \'(a (b ...) c r))', '(m 1 2 3 4 . 5)'), '(1 (2 3) 4 5)'],
    [rules('() ((_ . r) \'r)', '(m 1 . 2)'), '(1 . 2)'], [rules('() ((_ (a . b)) \'(b . a))', '(m (1 2 3))'), '((2 3) . 1)'],
    [rules('() ((_ #(a b ...)) \'(a #(b ...)))', '(m #(1 2 3))'), '(1 #(2 3))'], [rules('() ((_ #(a ... z)) \'(z a ...))', '(m #(1 2 3))'), '(3 1 2)'],
    [rules('() ((_ 1) \'one) ((_ "s") \'string) ((_ #\\a) \'char) ((_ #t) \'true) ((_ ()) \'null) ((_ 1.5) \'real) ((_ #u8(1)) \'bytes) ((_ x) \'else)',
      '(list (m 1) (m "s") (m #\\a) (m #t) (m ()) (m 1.5) (m #u8(1)) (m 2) (m "t") (m #f) (m #u8(2)))'), '(one string char true null real bytes else else else else)'],
    [rules('() ((_ _ x _) \'x)', '(m 1 2 3)'), '2'], [rules('(_) ((x _) \'under) ((x y) \'other)', '(list (m _) (m z))'), '(under other)'],
    [rules('(=>) ((_ a => b) \'(a b)) ((_ a b c) \'no)', '(list (m 1 => 2) (m 1 2 3))'), '((1 2) no)'], [rules('() ((_ a ...) \'((a 1) ...))', '(m x y)'), '((x 1) (y 1))'],
    [rules('(( ) ((_ a :::) \'(a ::: ...)))'.slice(1, -1), '(m 1 2)', '::: '), '(1 2 ...)'], [rules('() ((_ a) \'(a (... ...)))', '(m 1)'), '(1 ...)'], [rules('() ((_ a b) (... \'(a ... b)))', '(m 1 2)'), '(1 ... 2)'],
    [rules('(...) ((_ ...) \'dots) ((_ x) \'x)', '(list (m ...) (m y))'), '(dots y)'], [rules('() ((_ a b ...) \'(b ... . a))', '(m 1 2 3)'), '(2 3 . 1)'], [rules('() ((_ x y ...) \'((x y) ...))', '(m 1 2 3)'), '((1 2) (1 3))'],
    [`${BE_LIKE_BEGIN} (be-like-begin sequence) (sequence 1 2 3 4)`, '4'],
    ['(define-syntax my-let* (syntax-rules () ((_ () b ...) (let () b ...)) ((_ ((n v) r ...) b ...) (let ((n v)) (my-let* (r ...) b ...))))) (my-let* ((a 1) (b (+ a 1))) (list a b))', '(1 2)'],
    ['(define-syntax my-if (syntax-rules () ((_ c . e) (cond (c . e) (else \'no))))) (list (my-if #t 1 2) (my-if #f 1))', '(2 no)'],
    ['(define-syntax cons-stream (syntax-rules () ((_ a b) (cons a (delay b))))) (define (from n) (cons-stream n (from (+ n 1)))) (car (force (cdr (force (cdr (from 1))))))', '3'],
    ['(define-syntax def (syntax-rules () ((_ (n v) ...) (begin (define n v) ...)))) (def (a 1) (b 2)) (list a b)', '(1 2)'], ['(let () (define-syntax def (syntax-rules () ((_ n v) (define n v)))) (def a 1) (def b (+ a 1)) (list a b))', '(1 2)'],
    ['(define-syntax rec (syntax-rules () ((_ t m p (f a) ...) (define-record-type t (m f ...) p (f a) ...)))) (rec pt make pt? (x px) (y py)) (list (px (make 1 2)) (py (make 1 2)))', '(1 2)'],
    ['(define-syntax ten (syntax-rules () ((_) 10))) (define (f) (define-syntax ten (syntax-rules () ((_) 11))) (ten)) (list (f) (ten))', '(11 10)'], ['(define-syntax q (syntax-rules () ((_ x ...) `(x ... ,@(list x ...) ,(car (list x ...)))))) (q 1 2)', '(1 2 1 2 1)'],
    ['(define-syntax m (syntax-rules () ((_ a) (let-values (((x y) (values a 1))) (do ((i 0 (+ i 1))) ((= i 1) (list x y i)))))))  (let ((x 7) (i 8)) (m (+ x i)))', '(15 1 1)'],
    ['(define-syntax m (syntax-rules () ((_ e) (guard (x (#t (list x e))) (raise 1))))) (let ((x 2)) (m x))', '(1 2)'], ['(define-syntax m (syntax-rules () ((_ p e) (parameterize ((p e)) (p))))) (m (make-parameter 1) 2)', 'skip'],
  ];
  for (const [source, expected] of cases) {
    if (expected === 'skip') continue;
    test(`${source} is ${expected} <design/expander#.def.pattern>`, () => {
      expect(evaluate(source)).toBe(expected);
    });
  }

  test('macros persist from one top-level form to the next <design/expander#.if.expander>', () => {
    const machine = new Machine();
    machine.run(MY_OR);
    expect(show(machine.run('(my-or #f 3)'))).toBe('3');
    expect(show(machine.run('(define (my-or . x) x) (my-or #f 3)'))).toBe('(#f 3)');
  });

  test('a long use of a macro is matched and written without nesting <design/expander#.req.depth>', () => {
    const machine = new Machine();
    expect(machine.run(`(define-syntax last (syntax-rules () ((_ a ... z) (begin a ... z)))) (last ${'1 '.repeat(50_000)} 2)`)).toBe(2n);
  });
});

describe('misuse', () => {
  const define = (rules: string): string => `(define-syntax m (syntax-rules ${rules}))`;
  const cases: [string, RegExp][] = [
    [`${SWAP}\n  (swap! a)`, /^test\.scm:2:3: no rule of swap! matches \(swap! a\) \(write \(swap! a b\)\)$/], [`${SWAP} (list swap!)`, /swap! is syntax and has no value/], [`${SWAP} (set! swap! 1)`, /cannot be assigned/],
    [define('() ((_ a a) 1)'), /pattern variable a appears twice/], [define('() ((_ a ... b ...) 1)'), /\.\.\. out of place in a pattern/], [define('() ((_ ... a) 1)'), /\.\.\. begins a pattern/], [define('() ((_ (... a)) 1)'), /begins a pattern/],
    [define('() ((_ a ...) a)'), /a needs 1 more ellipsis here/], [define('() ((_ (a ...) ...) (a ...))'), /a needs 1 more ellipsis/], [define('() ((_ a) (a ...))'), /nothing in a repeats with its ellipsis/], [define('() ((_ a ...) (a ... ...))'), /nothing in a repeats/],
    [define('() ((_ a) (b ...))'), /nothing in b repeats/], [define('() ((_ a) (... a b))'), /an ellipsis begins a template/], [define('() ((_ a) ...)'), /\.\.\. out of place in a template/], [define(''), /syntax-rules takes at least 1 part/], [define('x'), /without a list of literals/], [define('(1)'), /a literal of syntax-rules must be a name/],
    [define('() (m)'), /is a pattern and a template/], [define('() ((_) 1 2)'), /is a pattern and a template/], [define('() 1'), /is not a proper list/], [define('() (_ 1)'), /a rule's pattern must be a list/], [define('() ((1) 1)'), /a rule's pattern must be a list/],
    [`${define('() ((_ (a ...) (b ...)) \'((a b) ...))')} (m (1 2) (3))`, /sequences of different lengths \(2, 1\) share an ellipsis/], [`${define('()')} (m)`, /no rule of m matches \(m\) \(the macro has no rules\)/],
    [`${define('() ((_ x) (syntax-error "m is misused" x))')}\n(m (1 2))`, /^test\.scm:2:1: m is misused \(1 2\)/], [`${define('() ((_ a) (if))')}\n  (m 1)`, /^test\.scm:2:3: if takes 2 or 3 parts, got 0/],
    [`${define('() ((_ x) (m x))')}\n(m 1)`, /^test\.scm:2:1: the expansion of m does not end/], [`${define('() ((_ x ...) (m x ... x ...))')}\n(m 1)`, /the expansion of m does not end/], [`${define('() ((_ x) (begin (m x)))')} (m 1)`, /does not end/],
    [`${define('() ((_ x) (list (m x)))')} (m 1)`, /nested too deeply/], [`(define-syntax m (syntax-rules () ((_ ${'('.repeat(1000)}a${')'.repeat(1000)}) 1)))`, /a pattern is nested too deeply/], [`(define-syntax m (syntax-rules () ((_ a) ${'('.repeat(1000)}a${')'.repeat(1000)})))`, /a template is nested too deeply/],
  ];
  for (const [source, expected] of cases) {
    test(`${source.length > 200 ? `${source.slice(0, 60)}...` : source} is refused with place, reason and hint <design/expander#.req.errors>`, () => {
      expect(mistake(source)).toMatch(expected);
      expect(mistake(source)).toMatch(/^test\.scm:\d+:\d+: .+ \(.+\)$/);
    });
  }

  test('an expansion that does not end is given up <design/expander#.req.ends>', () => {
    expect(mistake('(define-syntax a (syntax-rules () ((_) (b)))) (define-syntax b (syntax-rules () ((_) (a)))) (a)')).toMatch(/does not end/);
  });
});
