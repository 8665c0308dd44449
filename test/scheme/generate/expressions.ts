/* expressions.ts: RANDOM EXPRESSIONS AND STATEMENTS
 *
 * An expression has a type, has no effect that can be seen, and cannot fail; so the order in which operands are evaluated,
 * which Scheme leaves open, never shows. Effects happen in statements, which are run in sequence
 * <design/testing#.generated>.
 */
import { bound } from './draft.ts';
import type { Draft } from './draft.ts';

export const words: readonly string[] = ['arena', 'chunk', 'tract', 'grain', 'zone', 'seg', 'rank', 'flip', 'fix', 'nail'];

const edges: readonly string[] = [
  '9007199254740991', '-9007199254740991', '9007199254740992', '4294967296', '-2147483648', '1073741823', '65536',
  '18446744073709551615', '-1', '0',
];

type Write = (d: Draft, depth: number) => string;

const sub = (d: Draft, depth: number): string => int(d, depth - 1);

/** letOf -- bind a new local integer to `init` around what `write` makes */
const letOf = (d: Draft, init: string, write: (name: string) => string): string => {
  const name = d.name('t');
  return `(let ((${name} ${init})) ${d.within([bound(name)], 1, () => write(name))})`;
};

const loopOf: Write = (d, depth) => {
  const count = d.between(2, 9), loop = d.name('loop'), i = d.name('i'), acc = d.name('a');
  const step = d.within([bound(i), bound(acc)], count, () => sub(d, depth));
  return `(let ${loop} ((${i} ${count}) (${acc} ${sub(d, depth)})) (if (= ${i} 0) ${acc} (${loop} (- ${i} 1) (clip ${step}))))`;
};

const doOf: Write = (d, depth) => {
  const count = d.between(2, 8), i = d.name('i'), acc = d.name('a');
  const step = d.within([bound(i), bound(acc)], count, () => sub(d, depth));
  return `(do ((${i} 0 (+ ${i} 1)) (${acc} ${sub(d, depth)} (clip ${step}))) ((>= ${i} ${count}) ${acc}))`;
};

const callOf: Write = (d, depth) => {
  const able = d.procedures.filter((p) => d.cost + p.cost * d.weight < 9000);
  if (able.length === 0) return sub(d, depth);
  const called = d.pick(able);
  d.afford(called.cost);
  return `(${called.name} ${d.times(called.params, () => sub(d, depth))})`;
};

const caseOf: Write = (d, depth) => `(case (modulo ${sub(d, depth)} 5) ((0) ${sub(d, depth)}) ((1 3) ${sub(d, depth)}) (else ${sub(d, depth)}))`;
const condOf: Write = (d, depth) => {
  const place = d.name('p');
  return `(cond (${truth(d, depth - 1)} ${sub(d, depth)}) ((memv ${sub(d, depth)} ${ints(d, depth - 1)}) => (lambda (${place}) (length ${place}))) (else ${sub(d, depth)}))`;
};

const escapeOf: Write = (d, depth) => {
  const k = d.name('k');
  return `(call/cc (lambda (${k}) (+ 1 (if ${truth(d, depth - 1)} (${k} ${sub(d, depth)}) ${sub(d, depth)}))))`;
};

const guardOf: Write = (d, depth) => {
  const e = d.name('e');
  const handled = d.within([bound(e)], 1, () => sub(d, depth));
  return `(guard (${e} ((number? ${e}) ${handled}) ((symbol? ${e}) ${sub(d, depth)})) (if ${truth(d, depth - 1)} (raise ${d.chance(50) ? `'${d.pick(words)}` : sub(d, depth)}) ${sub(d, depth)}))`;
};

const valuesOf: Write = (d, depth) => {
  const a = d.name('q'), b = d.name('r');
  const body = d.within([bound(a), bound(b)], 1, () => sub(d, depth));
  const maker = `(values ${sub(d, depth)} ${sub(d, depth)})`;
  return d.chance(50) ? `(let-values (((${a} ${b}) ${maker})) ${body})`
    : `(call-with-values (lambda () ${maker}) (lambda (${a} ${b}) ${body}))`;
};

const lookupOf: Write = (d) => {
  const table = d.find('table'), p = d.name('p');
  return table === null ? '3' : `(let ((${p} (assq '${d.pick(words)} ${table.name}))) (if ${p} (cdr ${p}) 0))`;
};

const elementOf: Write = (d, depth) => {
  const v = d.find('cells');
  return v === null ? literal(d) : `(vector-ref ${v.name} (modulo ${sub(d, depth)} ${v.size}))`;
};

const intWrites: readonly Write[] = [
  (d, n) => `(+ ${sub(d, n)} ${sub(d, n)})`, (d, n) => `(- ${sub(d, n)} ${sub(d, n)})`, (d, n) => `(* ${sub(d, n)} ${sub(d, n)})`,
  (d, n) => `(+ ${sub(d, n)} ${d.between(1, 9)})`, (d, n) => `(* ${sub(d, n)} ${d.pick(edges)})`,
  (d, n) => `(${d.pick(['quotient', 'remainder', 'modulo'])} ${sub(d, n)} ${d.chance(60) ? d.pick(['7', '-13', '1009', '4294967291']) : `(+ 1 (abs ${sub(d, n)}))`})`,
  (d, n) => `(${d.pick(['min', 'max', 'gcd'])} ${sub(d, n)} ${sub(d, n)})`, (d, n) => `(abs ${sub(d, n)})`,
  (d, n) => `(expt (remainder ${sub(d, n)} 100) ${d.between(0, 12)})`,
  (d, n) => `(if ${truth(d, n - 1)} ${sub(d, n)} ${sub(d, n)})`, (d, n) => letOf(d, sub(d, n), () => sub(d, n)),
  (d, n) => { const x = d.name('x'); return `((lambda (${x}) ${d.within([bound(x)], 1, () => sub(d, n))}) ${sub(d, n)})`; },
  (d, n) => `(length ${ints(d, n - 1)})`, (d, n) => `(apply + ${ints(d, n - 1)})`, (d, n) => `(sum ${ints(d, n - 1)})`,
  (d, n) => `(first-or ${ints(d, n - 1)} ${sub(d, n)})`, (d, n) => `(string-length ${text(d, n - 1)})`,
  (d, n) => `(force (delay ${sub(d, n)}))`, (d, n) => `(string->number (number->string ${sub(d, n)}))`,
  (d, n) => `(exact (round (/ (* 1.0 (remainder ${sub(d, n)} 1000)) 4.0)))`,
  loopOf, doOf, callOf, callOf, caseOf, condOf, escapeOf, guardOf, valuesOf, lookupOf, elementOf,
];

function literal(d: Draft): string {
  return d.chance(20) ? d.pick(edges) : String(d.between(-20, 60));
}

/** int -- an expression for an exact integer */
export function int(d: Draft, depth: number): string {
  if (depth > 0 && d.afford(1)) return d.pick(intWrites)(d, depth);
  const variable = d.chance(75) ? d.find('int') : null;
  return variable === null ? literal(d) : variable.name;
}

/** truth -- an expression for a boolean */
export function truth(d: Draft, depth: number): string {
  if (depth <= 0) return `(${d.pick(['even?', 'odd?', 'positive?', 'zero?'])} ${int(d, 0)})`;
  switch (d.below(7)) {
    case 0: return `(not ${truth(d, depth - 1)})`;
    case 1: return `(${d.pick(['and', 'or'])} ${truth(d, depth - 1)} ${truth(d, depth - 1)})`;
    case 2: return `(equal? ${ints(d, depth - 1)} ${ints(d, depth - 1)})`;
    case 3: return `(string<? ${text(d, depth - 1)} ${text(d, depth - 1)})`;
    case 4: return `(eq? ${sym(d)} ${sym(d)})`;
    default: return `(${d.pick(['<', '=', '>', '<=', '>='])} ${int(d, depth - 1)} ${int(d, depth - 1)})`;
  }
}

/** lambdaOf -- a procedure of `params` integers, for higher-order procedures that call it `times` times */
export function lambdaOf(d: Draft, params: number, times: number, write: () => string): string {
  const names = Array.from({ length: params }, () => d.name('x'));
  return `(lambda (${names.join(' ')}) ${d.within(names.map(bound), times, write)})`;
}

/** ints -- an expression for a proper list of integers, not long */
export function ints(d: Draft, depth: number): string {
  const known = d.find('ints');
  if (depth <= 0 || !d.afford(3)) return known !== null && d.chance(70) ? known.name : `(list ${d.times(d.below(4), () => int(d, 0))})`;
  const inner = (): string => ints(d, depth - 1);
  switch (d.below(10)) {
    case 0: return `(cons ${int(d, depth - 1)} ${inner()})`;
    case 1: return `(take (append ${inner()} ${inner()}) 12)`;
    case 2: return `(reverse ${inner()})`;
    case 3: return `(map ${lambdaOf(d, 1, 6, () => int(d, depth - 1))} ${inner()})`;
    case 4: return `(keep ${lambdaOf(d, 1, 6, () => truth(d, depth - 1))} ${inner()})`;
    case 5: return `(map ${lambdaOf(d, 2, 6, () => int(d, depth - 1))} ${inner()} ${inner()})`;
    case 6: return `\`(${d.between(-9, 99)} ,${int(d, depth - 1)} ,@${inner()})`;
    case 7: {
      const slots = d.find('slots');
      return slots === null ? inner() : `(vector-ref ${slots.name} (modulo ${int(d, depth - 1)} ${slots.size}))`;
    }
    case 8: return `(iota-from ${int(d, 0)} ${d.between(1, 8)})`;
    default: return `(list ${d.times(d.between(1, 4), () => int(d, depth - 1))})`;
  }
}

/** text -- an expression for a string, not long */
export function text(d: Draft, depth: number): string {
  const known = d.find('text');
  if (depth <= 0 || !d.afford(2)) return known !== null && d.chance(70) ? known.name : `"${d.pick(words)}"`;
  switch (d.below(5)) {
    case 0: return `(string-append ${text(d, depth - 1)} ${d.chance(50) ? `"${d.pick(words)}"` : text(d, depth - 1)})`;
    case 1: return `(number->string ${int(d, depth - 1)})`;
    case 2: return `(symbol->string ${sym(d)})`;
    case 3: return `(list->string (reverse (string->list ${text(d, depth - 1)})))`;
    default: return `(substring (string-append ${text(d, depth - 1)} "${d.pick(words)}") 1 ${d.between(1, 3)})`;
  }
}

/** sym -- an expression for a symbol */
export function sym(d: Draft): string {
  const known = d.find('sym');
  if (known !== null && d.chance(40)) return known.name;
  return d.chance(50) ? `'${d.pick(words)}` : `(string->symbol (string-append "${d.pick(words).slice(0, 2)}" "${d.pick(words)}"))`;
}

const statements: readonly Write[] = [
  (d, n) => { const v = d.find('int', true); return v === null ? note(d, n) : `(set! ${v.name} (clip ${int(d, n)}))`; },
  (d, n) => { const v = d.find('slots'); return v === null ? note(d, n) : `(vector-set! ${v.name} (modulo ${int(d, n - 1)} ${v.size}) (take ${ints(d, n)} 10))`; },
  (d, n) => { const v = d.find('slots'), l = d.find('ints'); return v === null || l === null ? note(d, n) : `(vector-set! ${v.name} ${d.below(v.size)} ${l.name})`; },
  (d, n) => { const v = d.find('cells'); return v === null ? note(d, n) : `(vector-set! ${v.name} (modulo ${int(d, n - 1)} ${v.size}) (clip ${int(d, n)}))`; },
  (d, n) => { const v = d.find('ints'); return v === null ? note(d, n) : `(if (pair? ${v.name}) (set-car! ${v.name} (clip ${int(d, n)})))`; },
  (d, n) => { const v = d.find('ints'); return v === null ? note(d, n) : `(if (pair? ${v.name}) (set-cdr! ${v.name} (take ${ints(d, n)} 7)))`; },
  (d, n) => { const v = d.find('ints', true); return v === null ? note(d, n) : `(set! ${v.name} (take ${ints(d, n)} 9))`; },
  (d, n) => { const v = d.find('text'); return v === null ? note(d, n) : `(string-set! ${v.name} (modulo ${int(d, n - 1)} (string-length ${v.name})) #\\${d.pick(['a', 'b', 'c', 'x', 'y', 'z'])})`; },
  (d, n) => {
    const v = d.find('table', true), p = d.name('p'), key = d.pick(words);
    return v === null ? note(d, n)
      : `(let ((${p} (assq '${key} ${v.name}))) (if ${p} (set-cdr! ${p} (clip ${int(d, n)})) (set! ${v.name} (cons (cons '${key} ${int(d, 0)}) ${v.name}))))`;
  },
  (d, n) => { const v = d.find('maker'); return v === null ? note(d, n) : `(note (${v.name} ${int(d, n - 1)}))`; },
  (d, n) => `(if ${truth(d, n)} ${statement(d, n - 1)} ${statement(d, n - 1)})`,
  (d, n) => `(${d.pick(['when', 'unless'])} ${truth(d, n)} ${statement(d, n - 1)} ${statement(d, n - 1)})`,
  (d, n) => letOf(d, int(d, n), () => `${statement(d, n - 1)} ${statement(d, n - 1)}`),
  (d, n) => loopStatement(d, n), (d, n) => loopStatement(d, n),
  (d, n) => `(for-each ${lambdaOf(d, 1, 6, () => statement(d, n - 1))} (take ${ints(d, n)} 8))`,
  (d, n) => `(dynamic-wind (lambda () (note '${d.pick(words)})) (lambda () ${statement(d, n - 1)}) (lambda () (note '${d.pick(words)})))`,
];

function note(d: Draft, depth: number): string {
  return `(note ${d.chance(70) ? int(d, depth) : d.chance(50) ? sym(d) : text(d, depth)})`;
}

function loopStatement(d: Draft, depth: number): string {
  const count = d.between(3, 20), i = d.name('i'), loop = d.name('loop');
  const body = d.within([bound(i)], count, () => d.times(d.between(1, 3), () => statement(d, depth - 1)));
  return d.chance(50) ? `(do ((${i} 0 (+ ${i} 1))) ((= ${i} ${count})) ${body})`
    : `(let ${loop} ((${i} 0)) (if (< ${i} ${count}) (begin ${body} (${loop} (+ ${i} 1)))))`;
}

/** statement -- something done for its effect on the variables in scope */
export function statement(d: Draft, depth: number): string {
  return depth <= 0 || !d.afford(2) ? note(d, 0) : d.pick(statements)(d, depth);
}
