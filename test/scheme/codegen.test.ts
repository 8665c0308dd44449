import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Code } from '../../code/scheme/code.ts';
import { ExpandDEPTH, NestDEPTH } from '../../code/scheme/expander.ts';
import type { Expr, Variable } from '../../code/scheme/ir.ts';
import { OpCALL, OpCALLG, OpCLOSURE, OpIMM, OpLOOP, OpNAMES } from '../../code/scheme/opcodes.ts';
import { bare, bind, call, codeOf, cond, evaluate, int, lambda, letrec, no, ref, seq, set, variable } from './bare.ts';

/** The operations of a procedure; the words after a closure's instruction are skipped. */
function ops(code: Code): number[] {
  const found: number[] = [];
  for (let i = 0; i < code.length; i += 1) {
    const op = (code.words[2 * i]) & 0xffff;
    found.push(op);
    if (op === OpCLOSURE) i += (((code.words[2 * i + 1]) & 0xffff) + 1) >>> 1;
  }
  return found;
}

/** (let loop ((i n) (s 0)) (if (= i 0) s (loop (- i 1) (+ s i)))) */
function counting(n: number, wrap: (call: Expr) => Expr = (made) => made): Expr {
  const loop = variable('loop'), i = variable('i'), s = variable('s');
  const again = wrap(call(ref(loop), call('-', ref(i), int(1)), call('+', ref(s), ref(i))));
  return letrec([loop], [lambda([i, s], cond(call('=', ref(i), int(0)), ref(s), again))], call(ref(loop), int(n), int(0)));
}

describe('loops <design/vm#.loop>', () => {
  test('a procedure that is only called in tail position is a jump, without closure or call', () => {
    const made = ops(codeOf(counting(10)));
    expect(made).toContain(OpLOOP);
    for (const op of [OpCLOSURE, OpCALL, OpCALLG]) expect(made.map((each) => OpNAMES[each])).not.toContain(OpNAMES[op]);
    expect(evaluate(bare().vm, counting(10))).toBe('55');
  });

  test('a call elsewhere, or as a value, makes a closure of it', () => {
    const form = counting(10, (again) => call('+', int(1), again));
    expect(ops(codeOf(form))).toContain(OpCLOSURE);
    expect(evaluate(bare().vm, form)).toBe('65');
  });

  test('values of the next turn see those of this one, in whatever order they depend on each other', () => {
    // (let loop ((a 1) (b 2) (c 3) (n k)) (if (= n 0) (list a b c) (loop b c a (- n 1))))
    const loop = variable('loop'), [a, b, c, n] = ['a', 'b', 'c', 'n'].map(variable) as [Variable, Variable, Variable, Variable];
    const form = (k: number): Expr => letrec([loop], [lambda([a, b, c, n],
      cond(call('=', ref(n), int(0)), call('list', ref(a), ref(b), ref(c)), call(ref(loop), ref(b), ref(c), ref(a), call('-', ref(n), int(1)))))],
    call(ref(loop), int(1), int(2), int(3), int(k)));
    expect([0, 1, 2, 3].map((k) => evaluate(bare().vm, form(k)))).toEqual(['(1 2 3)', '(2 3 1)', '(3 1 2)', '(1 2 3)']);
  });

  test('a loop within a loop goes on with either; a closure keeps the values of its turn', () => {
    // (let outer ((i 0) (l '())) (if (= i 3) l (let inner ((j 0) (l l)) (if (= j 2) (outer (+ i 1) l) (inner (+ j 1) (cons (lambda () (+ i j)) l))))))
    const [outer, i, l, inner, j, m] = ['outer', 'i', 'l', 'inner', 'j', 'm'].map(variable) as [Variable, Variable, Variable, Variable, Variable, Variable];
    const turn = cond(call('=', ref(j), int(2)), call(ref(outer), call('+', ref(i), int(1)), ref(m)),
      call(ref(inner), call('+', ref(j), int(1)), call('cons', lambda([], call('+', ref(i), ref(j))), ref(m))));
    const form = letrec([outer], [lambda([i, l], cond(call('=', ref(i), int(3)), call('call', ref(l)),
      letrec([inner], [lambda([j, m], turn)], call(ref(inner), int(0), ref(l)))))], call(ref(outer), int(0), call('list')));
    const loops = ops(codeOf(form)).filter((op) => op === OpLOOP);
    expect(loops).toHaveLength(2);
    const { vm } = bare(), p = variable('p'), q = variable('q'), go = variable('go');
    const each = lambda([p], letrec([go], [lambda([q], cond(call('null?', ref(q)), call('list'),
      call('cons', call(call('car', ref(q))), call(ref(go), call('cdr', ref(q))))))], call(ref(go), ref(p))));
    evaluate(vm, { op: 'define', name: 'call', value: each, at: { file: 'x', line: 1, column: 1 } });
    expect(evaluate(vm, form)).toBe('(3 2 2 1 1 0)');
  });
});

describe('variables', () => {
  test('procedures that know each other are made before they are told of each other <design/vm#.analysis>', () => {
    const even = variable('even'), odd = variable('odd'), n = variable('n');
    const step = (yes: Expr, other: Variable): Expr =>
      lambda([n], cond(call('=', ref(n), int(0)), yes, call(ref(other), call('-', ref(n), int(1)))));
    const form = letrec([even, odd], [step(int(1), odd), step(int(0), even)], call('list', call(ref(even), int(7)), call(ref(odd), int(7))));
    expect(evaluate(bare().vm, form)).toBe('(0 1)');
  });

  test('a letrec variable that is seen before its value is an error that names it <design/vm#.analysis>', () => {
    const a = variable('a'), b = variable('later');
    const form = letrec([a, b], [call('+', int(1), ref(b)), int(2)], ref(a));
    expect(evaluate(bare().vm, form)).toContain('unassigned variable: later');
  });

  test('what changes is seen by every copy of a frame <design/vm#.box>', () => {
    // (let ((n 0) (k #f)) (call/cc (lambda (c) (set! k c))) (set! n (+ n 1)) (if (< n 3) (k 0) n))
    const n = variable('n'), k = variable('k'), c = variable('c');
    const form = bind([n, k], [int(0), no], seq(call('call/cc', lambda([c], set(k, ref(c)))), set(n, call('+', ref(n), int(1))),
      cond(call('<', ref(n), int(3)), call(ref(k), int(0)), ref(n))));
    expect(evaluate(bare().vm, form)).toBe('3');
  });

  test('a destination that is a variable of the expression is written last <design/vm#.codegen.final>', () => {
    // (let loop ((x 1) (i 0)) (if (= i 3) x (loop (+ (f x) (* x x) x) (+ i 1)))) with (f x) = x
    const loop = variable('loop'), x = variable('x'), i = variable('i'), y = variable('y');
    const next = call('+', call(lambda([y], ref(y)), ref(x)), call('*', ref(x), ref(x)), call('values', ref(x)));
    const form = letrec([loop], [lambda([x, i], cond(call('=', ref(i), int(3)), ref(x), call(ref(loop), next, call('+', ref(i), int(1)))))],
      call(ref(loop), int(1), int(0)));
    const host = (value: number, turns: number): number => (turns === 0 ? value : host(2 * value + value * value, turns - 1));
    expect(evaluate(bare().vm, form)).toBe(String(host(1, 3)));
  });
});

describe('conditions and calls', () => {
  test('and, or and not in a condition make no boolean <design/vm#.codegen.test>', () => {
    const x = variable('x'), t = variable('t');
    const or = bind([t], [call('null?', ref(x))], cond(ref(t), ref(t), call('pair?', ref(x))));
    const form = lambda([x], cond(cond(call('not', call('eq?', ref(x), int(1))), or, no), int(1), int(2)));
    const code = codeOf(form).constants[0];
    expect(code?.type).toBe('code');
    if (code?.type === 'code') expect(ops(code.code)).not.toContain(OpIMM);
    const { vm } = bare();
    const value = (arg: Expr): string => evaluate(vm, call(form, arg));
    expect([call('list'), call('list', int(1)), int(1), int(2)].map(value)).toEqual(['1', '1', '2', '2']);
  });

  test('a name that the program defines is not inlined <design/vm#.inline>', () => {
    const form = call('car', call('list', int(1)));
    expect(ops(codeOf(form)).filter((op) => op === OpCALLG)).toHaveLength(1);
    expect(ops(codeOf(form, ['car'])).filter((op) => op === OpCALLG)).toHaveLength(2);
  });

  test('a call with very many arguments goes through a list <design/vm#.codegen.call>', () => {
    const args = Array.from({ length: 999 }, (_, i) => int(i));
    expect(evaluate(bare().vm, call('length', call('list', ...args)))).toBe('999');
  });

  test('what needs more than a frame can have is refused at its place <design/vm#.limits>', () => {
    const many = Array.from({ length: 1001 }, (_, i) => variable(`v${i}`));
    const form = bind(many, many.map(() => int(1)), ref(many[0]));
    expect(() => codeOf(form)).toThrow('bare.scm:1:1: procedure too large: too many slots');
  });

  test('forms nested to the expander\'s limits are compiled <design/expander#.req.depth>', () => {
    let calls: Expr = int(0), tests: Expr = no, clauses: Expr = int(0);
    for (let depth = 0; depth < ExpandDEPTH; depth += 1) {
      calls = depth % 2 === 0 ? call('+', int(1), calls) : call('vector-ref', call('vector', calls), int(0));
      tests = cond(call('null?', tests), no, call('list'));
    }
    for (let depth = 0; depth < NestDEPTH; depth += 1) clauses = cond(call('null?', int(depth)), int(1), clauses);
    const { vm } = bare();
    expect(evaluate(vm, calls)).toBe(String(ExpandDEPTH / 2));
    expect(evaluate(vm, tests)).toBe('#f');
    expect(evaluate(vm, clauses)).toBe('0');
  });
});

test('arithmetic is exact, whatever the size of operands and result <design/vm#.number>', () => {
  const { vm } = bare();
  const edge = fc.constantFrom(0n, 1n, -1n, 2n ** 31n, -(2n ** 31n), 2n ** 32n, 2n ** 53n, -(2n ** 53n), 2n ** 62n, 2n ** 70n);
  const number = fc.tuple(edge, fc.bigInt(-40000n, 40000n)).map(([a, b]) => a + b);
  fc.assert(fc.property(number, number, fc.constantFrom('+', '-', '*', '<', '<=', '>', '>=', '=', 'quotient', 'remainder', 'modulo'), (a, b, op) => {
    const constant = (value: bigint): Expr => ({ op: 'const', value: { type: 'integer', value } });
    const host: Record<string, () => bigint | boolean> = {
      '+': () => a + b, '-': () => a - b, '*': () => a * b, '<': () => a < b, '<=': () => a <= b, '>': () => a > b, '>=': () => a >= b,
      '=': () => a === b, quotient: () => a / b, remainder: () => a % b, modulo: () => (b === 0n ? 0n : ((a % b) + b) % b),
    };
    fc.pre(b !== 0n || !['quotient', 'remainder', 'modulo'].includes(op));
    const want = (host[op])();
    const text = typeof want === 'boolean' ? (want ? '#t' : '#f') : String(want);
    const x = variable('x'), y = variable('y');
    expect(evaluate(vm, call(op, constant(a), constant(b)))).toBe(text);
    expect(evaluate(vm, call(lambda([x, y], call(op, ref(x), ref(y))), constant(a), constant(b)))).toBe(text);
  }), { numRuns: 300 });
});
