/* conditionals.ts: CONDITIONALS
 *
 * if, cond, case, and, or, when and unless as chains of the core's if <design/expander#.def.test>.
 */
import { binding, choice, constant, local, runtime, sequence, temporary, truth, unspecific } from './build.ts';
import type { Datum, PairDatum, Position } from './datum.ts';
import { SchemeSyntaxError } from './datum.ts';
import type { Expander } from './expander.ts';
import { datumPosition, datumText, formParts, properList } from './form.ts';
import type { Call, Expr, Variable } from './ir.ts';
import type { Scope, SpecialBinding } from './scope.ts';
import { auxiliary, specialForm } from './scope.ts';

/** Integers up to this size are immediates, which eq? tells apart. */
const FixnumMAX = 2n ** 53n - 1n;
/** From so many data on a clause of case asks a procedure. */
const MemvMIN = 9;

function ifForm(x: Expander, form: PairDatum, scope: Scope): Expr {
  const [test, then, otherwise] = formParts(form, 2, 3, '(if TEST THEN [ELSE])');
  const condition = x.test(test, scope, form.at);
  const made = x.expr(then, scope, form.at);
  return choice(condition, made, otherwise === undefined ? unspecific() : x.expr(otherwise, scope, form.at));
}

/** testExpand -- and, or of which only the truth matters; null for other forms */
export function testExpand(x: Expander, form: Datum, scope: Scope, near: Position): Expr | null {
  const name = x.special(form, scope)?.name;
  if (form.type !== 'pair' || (name !== 'and' && name !== 'or')) return null;
  const parts = properList(form.cdr, near, name, `(${name} TEST ...)`);
  const tests = chain(x, parts, (part) => x.test(part, scope, form.at), near);
  const last = tests.pop() ?? truth(name === 'and');
  return tests.reduceRight((rest, test) => (name === 'and' ? choice(test, rest, truth(false)) : choice(test, truth(true), rest)), last);
}

/** Expands parts that come to nest in one another, each a level deeper than the last. */
function chain<T>(x: Expander, parts: readonly Datum[], expand: (part: Datum, i: number) => T, near: Position): T[] {
  const made: T[] = [];
  for (const part of parts) {
    x.chain(datumPosition(part, near));
    made.push(expand(part, made.length));
  }
  x.unchain(parts.length);
  return made;
}

function and(x: Expander, form: PairDatum, scope: Scope): Expr {
  const parts = formParts(form, 0, Infinity, '(and TEST ...)');
  const made = chain(x, parts, (part, i) => (i === parts.length - 1 ? x.expr(part, scope, form.at) : x.test(part, scope, form.at)), form.at);
  const last = made.pop() ?? truth(true);
  return made.reduceRight((rest, test) => choice(test, rest, truth(false)), last);
}

function or(x: Expander, form: PairDatum, scope: Scope): Expr {
  const made = chain(x, formParts(form, 0, Infinity, '(or TEST ...)'), (part) => x.expr(part, scope, form.at), form.at);
  const last = made.pop() ?? truth(false);
  return made.reduceRight((rest, test) => either(test, rest, form.at), last);
}

/** The value of a test if it is true, else another. */
function either(test: Expr, otherwise: Expr, at: Position): Expr {
  const value = temporary('or');
  return binding([value], [test], choice(local(value, at), local(value, at), otherwise));
}

/** A clause makes of what follows it what it and they are together. */
type Step = (rest: Expr) => Expr;

/** clausesExpand -- clauses of cond or guard before a last resort <design/expander#.def.clauses> */
export function clausesExpand(x: Expander, clauses: readonly Datum[], scope: Scope, at: Position, usage: string, otherwise: Expr): Expr {
  const steps = chain(x, clauses, (clause, i) => clauseStep(x, clause, scope, at, usage, i === clauses.length - 1), at);
  return steps.reduceRight((rest, step) => step(rest), otherwise);
}

function clauseStep(x: Expander, clause: Datum, scope: Scope, near: Position, usage: string, last: boolean): Step {
  const at = datumPosition(clause, near);
  if (clause.type !== 'pair') throw new SchemeSyntaxError(at, `a clause must be a list, got ${datumText(clause)}`, `write ${usage}`);
  const [test, ...body] = properList(clause, at, 'a clause', usage);
  if (test === undefined) throw new SchemeSyntaxError(at, 'an empty clause', `write ${usage}`);
  if (auxiliary(test, scope) === 'else') {
    checkElse(body, at, last, usage);
    const made = sequence(x.exprs(body, scope, at));
    return () => made;
  }
  const [arrow, receiver, ...more] = body;
  if (arrow === undefined) {
    const made = x.expr(test, scope, at);
    return (rest) => either(made, rest, at);
  }
  if (auxiliary(arrow, scope) === '=>') {
    if (receiver === undefined || more.length > 0) throw new SchemeSyntaxError(at, '=> takes 1 expression', 'write (TEST => PROCEDURE)');
    return receive(x.expr(test, scope, at), x.expr(receiver, scope, at), at);
  }
  const condition = x.test(test, scope, at);
  const made = sequence(x.exprs(body, scope, at));
  return (rest) => choice(condition, made, rest);
}

function checkElse(body: readonly Datum[], at: Position, last: boolean, usage: string): void {
  if (!last) throw new SchemeSyntaxError(at, 'else is not the last clause', 'move it to the end');
  if (body.length === 0) throw new SchemeSyntaxError(at, 'else has no expression', `write ${usage}`);
}

function receive(test: Expr, receiver: Expr, at: Position): Step {
  const value = temporary('test');
  return (rest) => binding([value], [test], choice(local(value, at), callOf(receiver, value, at), rest));
}

function callOf(callee: Expr, value: Variable, at: Position): Call {
  return { op: 'call', callee, args: [local(value, at)], at };
}

const COND = '(cond (TEST EXPRESSION ...) ... [(else EXPRESSION ...)])';

function cond(x: Expander, form: PairDatum, scope: Scope): Expr {
  return clausesExpand(x, formParts(form, 1, Infinity, COND), scope, form.at, COND, unspecific());
}

const CASE = '(case KEY ((DATUM ...) EXPRESSION ...) ... [(else EXPRESSION ...)])';

function caseForm(x: Expander, form: PairDatum, scope: Scope): Expr {
  const [key, ...clauses] = formParts(form, 2, Infinity, CASE);
  const value = x.expr(key, scope, form.at);
  const variable = temporary('key');
  const steps = chain(x, clauses, (clause, i) => caseStep(x, clause, variable, scope, form.at, i === clauses.length - 1), form.at);
  return binding([variable], [value], steps.reduceRight<Expr>((rest, step) => step(rest), unspecific()));
}

function caseStep(x: Expander, clause: Datum, key: Variable, scope: Scope, near: Position, last: boolean): Step {
  const at = datumPosition(clause, near);
  if (clause.type !== 'pair') throw new SchemeSyntaxError(at, `a clause of case must be a list, got ${datumText(clause)}`, `write ${CASE}`);
  const [data, ...body] = properList(clause, at, 'a clause of case', CASE);
  if (data === undefined || body.length === 0) throw new SchemeSyntaxError(at, 'a clause of case has no expression', `write ${CASE}`);
  const result = caseResult(x, body, key, scope, at);
  if (auxiliary(data, scope) === 'else') {
    checkElse(body, at, last, CASE);
    return () => result;
  }
  const items = properList(data, at, 'the data of a clause', CASE);
  const test = caseTest(key, items, data, at);
  return (rest) => choice(test, result, rest);
}

function caseResult(x: Expander, body: readonly Datum[], key: Variable, scope: Scope, at: Position): Expr {
  if (auxiliary(body[0], scope) !== '=>') return sequence(x.exprs(body, scope, at));
  if (body.length !== 2) throw new SchemeSyntaxError(at, '=> takes 1 expression', 'write ((DATUM ...) => PROCEDURE)');
  return callOf(x.expr(body[1], scope, at), key, at);
}

function caseTest(key: Variable, items: readonly Datum[], list: Datum, at: Position): Expr {
  if (items.length >= MemvMIN) return runtime('%memv', [local(key, at), constant(list)], at);
  const tests = items.map((item): Expr => runtime(isImmediate(item) ? '%eq?' : '%eqv?', [local(key, at), constant(item)], at));
  const last = tests.pop() ?? truth(false);
  return tests.reduceRight((rest, test) => choice(test, truth(true), rest), last);
}

function isImmediate(datum: Datum): boolean {
  if (datum.type === 'integer') return datum.value <= FixnumMAX && datum.value >= -FixnumMAX;
  return datum.type === 'symbol' || datum.type === 'char' || datum.type === 'boolean' || datum.type === 'null';
}

function when(x: Expander, form: PairDatum, scope: Scope): Expr {
  const [test, ...body] = formParts(form, 2, Infinity, '(when TEST EXPRESSION ...)');
  return choice(x.test(test, scope, form.at), sequence(x.exprs(body, scope, form.at)), unspecific());
}

function unless(x: Expander, form: PairDatum, scope: Scope): Expr {
  const [test, ...body] = formParts(form, 2, Infinity, '(unless TEST EXPRESSION ...)');
  return choice(x.test(test, scope, form.at), unspecific(), sequence(x.exprs(body, scope, form.at)));
}


export const conditionals: readonly SpecialBinding[] = [
  specialForm('if', ifForm), specialForm('cond', cond), specialForm('case', caseForm), specialForm('and', and), specialForm('or', or),
  specialForm('when', when), specialForm('unless', unless),
];
