import { describe, expect, test } from 'vitest';
import { HartREGISTERS, type Hart } from '../../code/machine/machine.ts';
import { boot, tagged, type BootOptions } from '../../code/mps/mps.ts';
import { KindSTACK, SlotCONT, SlotVM4 } from '../../code/scheme/kinds.ts';
import { assemble } from '../../code/scheme/assemble.ts';
import { Runtime } from '../../code/scheme/scheme.ts';
import { bare, call, codeOf, cond, int, lambda, letrec, ref, variable } from './bare.ts';

/** run -- what a program prints, in slices of `fuel`; `look` is shown the hart after each. */
function run(text: string, options: BootOptions = {}, fuel: number = 5000, look: (hart: Hart) => void = () => undefined): string {
  const system = boot({ memory: '64MiB', ...options }), pool = system.arena.pool('amc', { format: tagged }), parts: string[] = [];
  let runtime: Runtime | null = null;
  system.thread('main', function* (hart) {
    runtime = new Runtime(hart, pool.allocationPoint(hart), { output: (part) => { parts.push(part); }, fuel: () => fuel });
    for (const _ of runtime.main(text, 'frames.scm')) {
      look(hart);
      yield;
    }
  });
  system.run();
  expect((runtime as unknown as Runtime).outcome).toMatchObject({ status: 'done' });
  return parts.join('');
}

const hostile: BootOptions = { nursery: '4KiB', collect: 'every-poll' };

describe('the window <design/vm#.window>', () => {
  test('recursion is as deep as the heap allows, and the slots in use stay within the window <design/vm#.req.depth>', () => {
    let most = 0;
    const text = '(define (deep n) (if (= n 0) 0 (+ 1 (deep (- n 1))))) (display (deep 100000))';
    expect(run(text, {}, 1000, (hart) => { most = Math.max(most, hart.top); })).toBe('100000');
    expect(most).toBeGreaterThan(HartREGISTERS);
    expect(most).toBeLessThan(4096);
  });

  test('frames of every size come back as they left, under a collection at every poll', () => {
    const text = `
      (define (mix n a b) (if (= n 0) (list a b) (let* ((x (cons n a)) (r (mix (- n 1) (car x) n)) (y (car x))) (if (eq? y n) r 'wrong))))
      (define (odd n) (if (= n 0) '() (let ((r (even (- n 1) n (+ n 1) (+ n 2)))) (cons n r))))
      (define (even n . more) (if (= n 0) more (let ((r (odd (- n 1)))) (cons (length more) r))))
      (define (sum l) (if (pair? l) (+ (if (number? (car l)) (car l) 0) (sum (cdr l))) 0))
      (display (mix 3000 0 0)) (display (sum (odd 3000)))`;
    expect(run(text, hostile)).toBe(run(text));
    expect(run(text)).toContain('(1 1)');
  });

  test('a tail call takes no space, whatever calls and whatever is called <design/vm#.req.tail>', () => {
    const text = `
      (define (a n) (if (= n 0) 'a (apply b (list (- n 1)))))
      (define (b n) (if (= n 0) 'b (call/cc (lambda (k) (c (- n 1))))))
      (define (c n) (if (= n 0) 'c (call-with-values (lambda () (values (- n 1))) d)))
      (define (d n . rest) (cond ((= n 0) 'd) (else (a (- n 1)))))
      (display (a 40001))`;
    let most = 0;
    expect(run(text, { memory: '4MiB' }, 1000, (hart) => { most = Math.max(most, hart.top); })).toBe('b');
    expect(most).toBeLessThan(200);
  });

  test('every slot below hart.top is sound after each slice <design/vm#.window.top>', () => {
    const { vm, system } = bare(hostile), { hart } = vm;
    const f = variable('f'), n = variable('n');
    const form = letrec([f], [lambda([n], cond(call('=', ref(n), int(0)), int(0),
      call('+', call('length', call('list', ref(n), ref(n))), call(ref(f), call('-', ref(n), int(1))))))], call(ref(f), int(3000)));
    assemble(vm, codeOf(form), SlotVM4);
    vm.begin(SlotVM4);
    let slices = 0;
    for (; vm.run(7) === 'more'; slices += 1) {
      system.arena.collect();
      for (let slot = 0; slot < hart.top; slot += 1) if (hart.isTagged(slot)) hart.load8(slot, 0);
    }
    expect(slices).toBeGreaterThan(400);
    expect(vm.fixnum(12)).toBe(6000);
  });
});

describe('continuations <design/vm#.continuation>', () => {
  test('one that is entered again finds its frames as they were, however often <design/vm#.stack.immutable>', () => {
    const text = `
      (define k #f) (define count 0)
      (define (deep n) (if (= n 0) (call/cc (lambda (c) (set! k c) 0)) (+ 1 (deep (- n 1)))))
      (define (go) (let ((v (deep 5000))) (set! count (+ count 1)) (if (< count 6) (k (* 10 count)) (list v count))))
      (display (go))`;
    expect(run(text)).toBe('(5050 6)');
    expect(run(text, hostile)).toBe('(5050 6)');
  });

  test('a STACK object is not written once it is made <design/vm#.stack.immutable>', () => {
    const { vm } = bare(), { hart } = vm, f = variable('f'), n = variable('n');
    const form = letrec([f], [lambda([n], cond(call('=', ref(n), int(0)), int(0),
      call('+', int(1), call(ref(f), call('-', ref(n), int(1))))))], call(ref(f), int(5000)));
    assemble(vm, codeOf(form), SlotVM4);
    vm.begin(SlotVM4);
    while (!hart.isTagged(SlotCONT)) expect(vm.run(50)).toBe('more');
    const keep = 20, words = (): number[] => Array.from({ length: vm.lengthOf(keep) / 4 }, (_, i) => hart.load32(keep, 4 * i));
    hart.move(keep, SlotCONT);
    expect(vm.kindOf(keep)).toBe(KindSTACK);
    const before = words();
    while (vm.run(50) === 'more');
    expect(vm.fixnum(12)).toBe(5000);
    expect(words()).toEqual(before);
  });

  test('two generators take turns at depth, in space that does not grow', () => {
    const text = `
      (define (walk tree yield) (if (pair? tree) (begin (walk (car tree) yield) (walk (cdr tree) yield)) (if (null? tree) #f (yield tree))))
      (define (nest n) (if (= n 0) '(1) (list (nest (- n 1)) n)))
      (define (generator tree)
        (define return #f)
        (define (start) (walk tree (lambda (x) (call/cc (lambda (next) (set! start (lambda () (next #f))) (return x))))) (return 'end))
        (lambda () (call/cc (lambda (r) (set! return r) (start)))))
      (define a (generator (nest 600))) (define b (generator (nest 600)))
      (define (same n) (let ((x (a)) (y (b))) (if (eq? x y) (if (eq? x 'end) n (same (+ n 1))) (list x y))))
      (display (same 0))`;
    expect(run(text, { memory: '8MiB' })).toBe('601');
    expect(run(text, { memory: '8MiB', ...hostile })).toBe('601');
  });

  test('handlers, extents and parameters are those of the continuation', () => {
    const text = `
      (define p (make-parameter 'outer)) (define trail '()) (define k #f)
      (define (note x) (set! trail (cons (list x (p)) trail)))
      (define count 0)
      (parameterize ((p 'inner))
        (dynamic-wind (lambda () (note 'in)) (lambda () (call/cc (lambda (c) (set! k c))) (note 'body)) (lambda () (note 'out))))
      (set! count (+ count 1))
      (let ((again (< count 3))) (if again (begin (set! count 3) (k #f))))
      (display (reverse trail))`;
    expect(run(text)).toBe('((in inner) (body inner) (out inner) (in inner) (body inner) (out inner))');
  });
});
