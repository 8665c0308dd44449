import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { faultDescribe, MachineFault } from '../../code/machine/machine.ts';
import { boot, tagged, type BootOptions } from '../../code/mps/mps.ts';
import { assemble } from '../../code/scheme/assemble.ts';
import { generate } from '../../code/scheme/codegen.ts';
import { SlotRESULT, SlotVM4 } from '../../code/scheme/kinds.ts';
import * as opcodes from '../../code/scheme/opcodes.ts';
import { Runtime, type Outcome } from '../../code/scheme/scheme.ts';
import { AT, bare, call, codeOf, evaluate, int, lambda, ref, variable } from './bare.ts';

/** run -- what a program prints, and how it ends. */
function run(text: string, options: BootOptions = {}, fuel: number = 5000): { printed: string; outcome: Outcome | null } {
  const system = boot({ memory: '16MiB', ...options }), pool = system.arena.pool('amc', { format: tagged }), parts: string[] = [];
  let runtime: Runtime | null = null;
  system.thread('main', function* (hart) {
    runtime = new Runtime(hart, pool.allocationPoint(hart), { output: (part) => { parts.push(part); }, fuel: () => fuel });
    yield* runtime.main(text, 'vm.scm');
  });
  system.run();
  return { printed: parts.join(''), outcome: (runtime as unknown as Runtime).outcome };
}

const message = (text: string): string => {
  const { outcome } = run(text);
  return outcome?.status === 'done' ? 'done' : outcome?.message ?? '';
};

test('the numbers in the loop are those of opcodes.ts, and every operation has one <design/vm#.instruction.literal>', () => {
  const source = readFileSync(new URL('../../code/scheme/vm.ts', import.meta.url), 'utf8');
  const found = new Map([...source.matchAll(/case (\d+):.*\/\/ (Op[A-Z]+)$/gm)].map(([, number, name]) => [name, Number(number)]));
  const defined = Object.entries(opcodes).filter(([name, value]) => /^Op[A-Z]+$/.test(name) && typeof value === 'number');
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(defined));
  expect(opcodes.OpNAMES).toHaveLength(defined.length);
});

describe('errors say what, where and through which calls <design/vm#.raise>', () => {
  const lines: readonly (readonly [text: string, message: string])[] = [
    ['(car 5)', 'vm.scm:1:1: car: expected a pair, got 5'],
    ['(display\n  (foo 1))', 'vm.scm:2:3: unbound variable: foo'],
    ['(define (f x) x)\n(f)', 'vm.scm:2:1: f: expected 1 argument, got 0'],
    ['(5 6)', 'vm.scm:1:1: not a procedure: 5'],
    ['(vector-ref (vector 1 2 3) 3)', 'vm.scm:1:1: vector-ref: index 3 is outside 0..2'],
    ['(define (f x) (+ 1 (error "boom" x \'y)))\n(f "a")', 'vm.scm:1:20: boom "a" y'],
    ['(raise \'oops)', 'uncaught value: oops'],
    ['(set! nothing 1)', 'vm.scm:1:7: unbound variable: nothing'],
    ['(letrec ((a b) (b 1)) a)', 'unassigned variable: b'],
    ['(+ 1 (quotient 1 0))', 'vm.scm:1:6: quotient: division by zero'],
  ];
  test.each(lines)('%s', (text, want) => {
    expect(message(text)).toContain(want);
  });

  test('the chain names the callers, innermost first', () => {
    const { outcome } = run('(define (h x) (car x))\n(define (g x) (+ 1 (h x)))\n(define (f x) (+ 1 (g x)))\n(f 5)');
    expect(outcome).toMatchObject({
      status: 'error', message: 'vm.scm:1:15: car: expected a pair, got 5',
      chain: ['in h at vm.scm:1:15', 'in g at vm.scm:2:20', 'in f at vm.scm:3:20', 'in top level at vm.scm:4:1'],
    });
  });
});

describe('slices <design/vm#.req.slices>', () => {
  const text = `
    (define (tak x y z) (if (not (< y x)) z (tak (tak (- x 1) y z) (tak (- y 1) z x) (tak (- z 1) x y))))
    (display (tak 8 4 2))
    (display (let loop ((i 0) (l '())) (if (= i 50) (apply + l) (loop (+ i 1) (cons i l)))))
    (define (opt a . rest) (if (null? rest) a (apply opt rest)))
    (display (apply opt '(1 2 3 4)))
    (display (guard (e (#t 'caught)) (car 1)))`;
  test.each([1, 2, 3, 17])('a program does the same in slices of %i', (fuel) => {
    expect(run(text, {}, fuel)).toEqual(run(text, {}, 1_000_000));
    expect(run(text, {}, fuel).printed).toBe('312254caught');
  });
});

describe('a full heap <design/vm#.req.exhausted>', () => {
  const fill: readonly (readonly [what: string, text: string])[] = [
    ['by frames', '(define (f n) (+ 1 (f n)))'],
    ['by pairs', '(define (f l) (f (cons 1 l)))'],
    ['by vectors', '(define (f l) (f (vector l (make-vector 1000 l))))'],
    ['by one object', '(define (f n) (make-vector 100000000 n))'],
    ['by strings', '(define (f s) (f (if (string? s) (string-append s s) "abcdefgh")))'],
    ['by continuations', '(define (f l) (f (call/cc (lambda (k) (cons k l)))))'],
  ];
  for (const options of [{ memory: '3MiB' }, { memory: '2MiB', nursery: '64KiB' }]) {
    test.each(fill)(`%s is caught, again and again, with ${JSON.stringify(options)}`, (_, text) => {
      const { printed, outcome } = run(`${text}
        (define (try) (guard (e ((error-object? e) (display (error-object-message e)) (newline) 1)) (f 1)))
        (define (times n) (if (> n 0) (begin (try) (times (- n 1)))))
        (times 4)
        (display (length (let loop ((i 0) (l '())) (if (= i 1000) l (loop (+ i 1) (cons i l))))))`, options);
      expect([printed, outcome?.status]).toEqual([`${'heap exhausted\n'.repeat(4)}1000`, 'done']);
    });

    test.each(fill)(`%s ends the program if nobody catches it, with ${JSON.stringify(options)}`, (_, text) => {
      expect(run(`${text} (display "begun") (f 1)`, options)).toMatchObject({ printed: 'begun', outcome: { status: 'exhausted', started: true } });
    });
  }

  test('one that is too small to begin is told apart', () => {
    expect(run('1', { memory: '64KiB' }).outcome).toMatchObject({ status: 'exhausted', started: false });
  });
});

describe('values live in the machine\'s memory <design/vm#.req.heap>', () => {
  /** Where the pair in the global `p` stands: the slot holds it while `look` looks. */
  function withPair(look: (vm: ReturnType<typeof bare>['vm'], granule: number) => void): void {
    const { vm } = bare({ platform: 'an' });
    evaluate(vm, { op: 'define', name: 'p', value: call('cons', call('cons', int(1), int(2)), int(3)), at: AT });
    vm.getGlobal(16, 'p');
    const low = vm.hart.r[16 << 3], entry = vm.hart.pte[low >>> 12];
    look(vm, ((entry & -4096) | (low & 4095)) >>> 4);
  }

  test('a word flipped in physical memory is another value', () => {
    withPair((vm, granule) => {
      vm.hart.i32[(granule + 1) * 4] = 4;
      expect(evaluate(vm, call('cdr', { op: 'global', name: 'p', at: AT }))).toBe('4');
    });
  });

  const uses: readonly (readonly [what: string, form: Parameters<typeof evaluate>[1]])[] = ['car', 'null?', 'pair?', 'vector-ref', '+', 'symbol?', 'length', '<']
    .map((name) => [name, call(name, call('car', { op: 'global', name: 'p', at: AT }), ...(['vector-ref', '+', '<'].includes(name) ? [int(0)] : []))] as const);
  test.each([...uses, ['a call', call(call('car', { op: 'global', name: 'p', at: AT }))] as const])(
    'a reference that has lost its tag is a tag fault for %s, never a wrong type <design/vm#.value.broken>', (_, form) => {
      withPair((vm, granule) => {
        vm.hart.tags[granule] = 0;
        try {
          evaluate(vm, form);
          expect.unreachable('the reference was used without a fault');
        } catch (error) {
          expect(error).toBeInstanceOf(MachineFault);
          expect(faultDescribe((error as MachineFault).fault)).toContain('no tag');
        }
      });
    });
});

test('what a program defines is run with its own meaning <design/vm#.inline>', () => {
  expect(run('(define (car x) (list x)) (display (car 5))').printed).toBe('(5)');
  expect(run('(display (let ((car cdr)) (car \'(1 2))))').printed).toBe('(2)');
});

test('literals may be circular, deep and long <design/vm#.literal>', () => {
  const deep = `${'('.repeat(5000)}x${')'.repeat(5000)}`;
  expect(run(`(define (depth x) (let loop ((x x) (n 0)) (if (pair? x) (loop (car x) (+ n 1)) n))) (display (depth '${deep}))`).printed).toBe('5000');
  expect(run(`(display (length '(${'a '.repeat(20000)})))`).printed).toBe('20000');
  expect(run('(define c \'#0=(1 2 . #0#)) (display (list (car c) (car (cddr c))))').printed).toBe('(1 1)');
});

test('a continuation that is called with several values gives them <design/vm#.call>', () => {
  expect(run('(call-with-values (lambda () (call/cc (lambda (k) (k 1 2 3)))) (lambda l (display l)))').printed).toBe('(1 2 3)');
});

test('a program may be run twice on one machine <design/vm#.state>', () => {
  const { vm } = bare(), x = variable('x');
  for (let i = 0; i < 3; i += 1) expect(evaluate(vm, call(lambda([x], call('list', ref(x), ref(x))), int(i)))).toBe(`(${i} ${i})`);
  assemble(vm, generate(int(7), new Set(), AT), SlotVM4);
  vm.begin(SlotVM4);
  expect([vm.run(10), vm.fixnum(SlotRESULT)]).toEqual(['done', 7]);
  expect(codeOf(int(7)).length).toBeLessThan(4);
});

test('a list of thousands can be applied, one that no slots can hold is an error, and frames wait in the window as before <design/vm#.window>', () => {
  const ended = run(`
    (define (upto n) (let loop ((i n) (l '())) (if (= i 0) l (loop (- i 1) (cons i l)))))
    (display (list (apply + (upto 15000)) (length (apply list (upto 15000))) (apply (lambda (a . r) (length r)) (upto 9000))
                   (call-with-values (lambda () (apply values (upto 7000))) max)
                   (guard (e (#t (error-object-message e))) (apply + (upto 100000)))))
    (define (deep n) (if (= n 0) 0 (+ 1 (deep (- n 1)))))
    (display (deep 30000))`, { nursery: '64KiB' });
  expect(ended.printed).toMatch(/^\(112507500 15000 8999 7000 apply: a list of \d+ elements or more is too long\)30000$/);
});
