/* bindings.ts: PROCEDURES AND BINDINGS
 *
 * The special forms that bind variables: lambda, case-lambda, the let family, do, and set!, quote, begin with them
 * <design/expander#.def.core>.
 */
import { binding, choice, constant, local, named, procedure, runtime, sequence } from './build.ts';
import type { Datum, PairDatum, Position, SymbolDatum } from './datum.ts';
import { SchemeSyntaxError } from './datum.ts';
import type { Expander } from './expander.ts';
import { datumPosition, datumText, formParts, listParts, properList, symbolPart } from './form.ts';
import type { Call, Clause, Expr, Letrec, Variable } from './ir.ts';
import { letrecGroup, letrecSplit } from './letrec.ts';
import type { SpecialBinding } from './scope.ts';
import { identifierKey, Scope, specialForm } from './scope.ts';

/** The parameters of a procedure: names, and the one that takes the rest. */
export interface Formals { readonly names: readonly SymbolDatum[]; readonly rest: SymbolDatum | null }

/** formalsParse -- the parameters that a datum lists; each name once */
export function formalsParse(datum: Datum, near: Position, usage: string): Formals {
  const { items, tail } = listParts(datum);
  const names = items.map((item) => symbolPart(item, datumPosition(datum, near), 'a parameter', usage));
  const rest = tail === null ? null : symbolPart(tail, datumPosition(datum, near), 'a rest parameter', usage);
  checkDistinct(rest === null ? names : [...names, rest], 'parameter');
  return { names, rest };
}

/** checkDistinct -- refuse a name that is bound twice in one place */
export function checkDistinct(names: readonly SymbolDatum[], what: string): void {
  const seen = new Set();
  for (const id of names) {
    if (seen.has(identifierKey(id))) throw new SchemeSyntaxError(id.at, `duplicate ${what} ${id.name}`, 'give each its own name');
    seen.add(identifierKey(id));
  }
}

/** clauseExpand -- parameters and body as one clause of a procedure */
export function clauseExpand(x: Expander, formals: Formals, body: readonly Datum[], scope: Scope, at: Position): Clause {
  const inside = new Scope(scope, { procedure: '' });
  const params = formals.names.map((id) => inside.variable(id));
  const rest = formals.rest === null ? null : inside.variable(formals.rest);
  return { params, rest, body: x.body(body, inside, at) };
}

/** thunk -- expressions as a procedure without parameters */
export function thunk(x: Expander, body: readonly Datum[], scope: Scope, at: Position): Expr {
  return procedure([clauseExpand(x, { names: [], rest: null }, body, scope, at)], at);
}

const LAMBDA = '(lambda (PARAMETER ...) BODY ...)';

/** lambdaForm -- (lambda formals body ...) from its parts */
export function lambdaForm(x: Expander, formals: Datum, body: readonly Datum[], scope: Scope, at: Position, name = ''): Expr {
  return procedure([clauseExpand(x, formalsParse(formals, at, LAMBDA), body, scope, at)], at, name);
}

function lambda(x: Expander, form: PairDatum, scope: Scope): Expr {
  const [formals, ...body] = formParts(form, 2, Infinity, LAMBDA);
  return lambdaForm(x, formals, body, scope, form.at);
}

/** leftLambda -- ((lambda (x ...) body ...) e ...) as a binding; null if the form is none, or the counts differ */
export function leftLambda(x: Expander, form: PairDatum, scope: Scope): Expr | null {
  const head = form.car;
  if (head.type !== 'pair' || x.special(head, scope)?.name !== 'lambda') return null;
  const [formals, ...body] = formParts(head, 2, Infinity, LAMBDA);
  const { names, rest } = formalsParse(formals, head.at, LAMBDA);
  const args = listParts(form.cdr);
  if (rest !== null || args.tail !== null || args.items.length !== names.length) return null;
  return letParallel(x, names, args.items, body, scope, form.at);
}

function caseLambda(x: Expander, form: PairDatum, scope: Scope): Expr {
  const usage = '(case-lambda ((PARAMETER ...) BODY ...) ...)';
  const clauses = formParts(form, 1, Infinity, usage).map((datum) => {
    const at = datumPosition(datum, form.at);
    const [formals, ...body] = properList(datum, at, 'a clause of case-lambda', usage);
    if (formals === undefined || body.length === 0) {
      throw new SchemeSyntaxError(at, 'a clause of case-lambda needs parameters and a body', `write ${usage}`);
    }
    return clauseExpand(x, formalsParse(formals, at, usage), body, scope, at);
  });
  return procedure(clauses, form.at);
}

/** A name with the expression that it is bound to. */
interface Init { readonly id: SymbolDatum; readonly init: Datum }

/** initsParse -- ((name init) ...) */
export function initsParse(datum: Datum, near: Position, usage: string): Init[] {
  return properList(datum, near, 'the list of bindings', usage).map((each) => {
    const at = datumPosition(each, near);
    const parts = listParts(each);
    const [name, init] = parts.items;
    if (parts.tail !== null || parts.items.length !== 2 || name === undefined || init === undefined) {
      throw new SchemeSyntaxError(at, `a binding must be a name and one expression, got ${datumText(each)}`, `write ${usage}`);
    }
    return { id: symbolPart(name, at, 'a bound variable', usage), init };
  });
}

function letParallel(
  x: Expander, names: readonly SymbolDatum[], inits: readonly Datum[], body: readonly Datum[], scope: Scope, at: Position,
): Expr {
  const values = inits.map((init, i) => named(x.expr(init, scope, at), names[i]?.name ?? ''));
  const inside = scope.inner();
  const variables = names.map((id) => inside.variable(id));
  return binding(variables, values, x.body(body, inside, at));
}

function letForm(x: Expander, form: PairDatum, scope: Scope): Expr {
  const usage = '(let [NAME] ((VARIABLE INIT) ...) BODY ...)';
  const [first, ...rest] = formParts(form, 2, Infinity, usage);
  if (first?.type === 'symbol') return letNamed(x, form, first, rest, scope, usage);
  const inits = initsParse(first, form.at, usage);
  const names = inits.map(({ id }) => id);
  checkDistinct(names, 'variable');
  return letParallel(x, names, inits.map(({ init }) => init), rest, scope, form.at);
}

function letNamed(x: Expander, form: PairDatum, id: SymbolDatum, parts: readonly Datum[], scope: Scope, usage: string): Expr {
  const [list, ...body] = parts;
  if (list === undefined || body.length === 0) throw new SchemeSyntaxError(form.at, 'named let without bindings or body', `write ${usage}`);
  const inits = initsParse(list, form.at, usage);
  const names = inits.map((each) => each.id);
  checkDistinct(names, 'variable');
  const args = inits.map((each) => x.expr(each.init, scope, form.at));
  const inside = scope.inner();
  const variable = inside.variable(id);
  const clause = clauseExpand(x, { names, rest: null }, body, inside, form.at);
  return loop(variable, clause, args, form.at);
}

/** A procedure that is bound to a variable of its own and called at once. */
function loop(variable: Variable, clause: Clause, args: readonly Expr[], at: Position): Expr {
  const call: Call = { op: 'call', callee: local(variable, at), args, at };
  const made: Letrec = {
    op: 'letrec', variables: [variable], inits: [procedure([clause], at, variable.name)], body: call,
  };
  return made;
}

function letSequential(x: Expander, form: PairDatum, scope: Scope): Expr {
  const usage = '(let* ((VARIABLE INIT) ...) BODY ...)';
  const [list, ...body] = formParts(form, 2, Infinity, usage);
  const inits = initsParse(list, form.at, usage);
  const made: { variable: Variable; value: Expr }[] = [];
  let inside = scope;
  for (const { id, init } of inits) {
    x.chain(id.at);
    const value = named(x.expr(init, inside, form.at), id.name);
    inside = inside.inner();
    made.push({ variable: inside.variable(id), value });
  }
  const result = x.body(body, inside, form.at);
  x.unchain(inits.length);
  return made.reduceRight<Expr>((rest, { variable, value }) => binding([variable], [value], rest), result);
}

/** letrec is letrec*: R7RS lets no program tell them apart that uses each init's continuation once. */
function letRecursive(x: Expander, form: PairDatum, scope: Scope): Expr {
  const usage = '(letrec ((VARIABLE INIT) ...) BODY ...)';
  const [list, ...body] = formParts(form, 2, Infinity, usage);
  const inits = initsParse(list, form.at, usage);
  checkDistinct(inits.map(({ id }) => id), 'variable');
  const inside = scope.inner();
  const group = letrecGroup(inits.length);
  const variables = inits.map(({ id }, i) => inside.variable(id, group, i));
  const values = inits.map(({ id, init }, i) => {
    group.current = i;
    return named(x.expr(init, inside, form.at), id.name);
  });
  group.current = Infinity;
  return letrecSplit(x, variables, values, group, form.at, () => x.body(body, inside, form.at));
}

function doForm(x: Expander, form: PairDatum, scope: Scope): Expr {
  const usage = '(do ((VARIABLE INIT [STEP]) ...) (TEST RESULT ...) COMMAND ...)';
  const [list, end, ...commands] = formParts(form, 2, Infinity, usage);
  const specs = properList(list, form.at, 'the list of variables', usage).map((spec) => {
    const { items, tail } = listParts(spec);
    const at = datumPosition(spec, form.at);
    const [name, init, step] = items;
    if (tail !== null || name === undefined || init === undefined || items.length > 3) {
      throw new SchemeSyntaxError(at, `a variable of do must be (VARIABLE INIT [STEP]), got ${datumText(spec)}`, `write ${usage}`);
    }
    return { id: symbolPart(name, at, 'a variable of do', usage), init, step: step ?? name };
  });
  checkDistinct(specs.map(({ id }) => id), 'variable');
  const [test, ...results] = properList(end, form.at, 'the end clause of do', usage);
  if (test === undefined) throw new SchemeSyntaxError(datumPosition(end, form.at), 'the end clause of do is empty', `write ${usage}`);
  const args = specs.map(({ init }) => x.expr(init, scope, form.at));
  const variable: Variable = { name: 'do', assigned: false, captured: true };
  const inside = new Scope(scope, { procedure: 'do' });
  const params = specs.map(({ id }) => inside.variable(id));
  const stop = x.test(test, inside, form.at);
  const result = sequence(x.exprs(results, inside, form.at));
  const body = x.exprs(commands, inside, form.at);
  const again: Call = { op: 'call', callee: local(variable, form.at), args: specs.map(({ step }) => x.expr(step, inside, form.at)), at: form.at };
  return loop(variable, { params, rest: null, body: choice(stop, result, sequence([...body, again])) }, args, form.at);
}

/** (let-values ...) and (let*-values ...): a receiver a binding, one inside the other. */
function letValues(sequential: boolean): SpecialBinding['expand'] {
  return (x, form, scope) => {
    const usage = `(${sequential ? 'let*-values' : 'let-values'} (((VARIABLE ...) INIT) ...) BODY ...)`;
    const [list, ...body] = formParts(form, 2, Infinity, usage);
    const bindings = properList(list, form.at, 'the list of bindings', usage).map((each) => {
      const at = datumPosition(each, form.at);
      const { items, tail } = listParts(each);
      const [formals, init] = items;
      if (tail !== null || items.length !== 2 || formals === undefined || init === undefined) {
        throw new SchemeSyntaxError(at, `a binding must be variables and one expression, got ${datumText(each)}`, `write ${usage}`);
      }
      return { at, formals: formalsParse(formals, at, usage), init };
    });
    if (!sequential) checkDistinct(bindings.flatMap(({ formals }) => (formals.rest === null ? formals.names : [...formals.names, formals.rest])), 'variable');
    let inside = scope.inner();
    const outer = inside;
    const made: { producer: Expr; params: Variable[]; rest: Variable | null; at: Position }[] = [];
    for (const { at, formals, init } of bindings) {
      x.chain(at);
      // .frame: the producer stands in the receivers so far, whose variables only let*-values lets it see.
      const producer = thunk(x, [init], sequential ? inside : outer, at);
      inside = new Scope(inside, { procedure: '' });
      const receiver = inside;
      const params = formals.names.map((id) => receiver.variable(id));
      made.push({ producer, params, rest: formals.rest === null ? null : receiver.variable(formals.rest), at });
    }
    const result = x.body(body, inside, form.at);
    x.unchain(bindings.length);
    return made.reduceRight<Expr>((inner, { producer, params, rest, at }) =>
      runtime('%call-with-values', [producer, procedure([{ params, rest, body: inner }], at)], at), result);
  };
}

function setForm(x: Expander, form: PairDatum, scope: Scope): Expr {
  const usage = '(set! VARIABLE EXPRESSION)';
  const [target, value] = formParts(form, 2, 2, usage);
  const id = symbolPart(target, form.at, 'the target of set!', usage);
  return x.assign(id, x.expr(value, scope, form.at), scope);
}

function quote(_x: Expander, form: PairDatum): Expr {
  return constant(formParts(form, 1, 1, '(quote DATUM)')[0]);
}

function begin(x: Expander, form: PairDatum, scope: Scope): Expr {
  return sequence(x.exprs(formParts(form, 1, Infinity, '(begin EXPRESSION ...)'), scope, form.at));
}

/** let-syntax and letrec-syntax: macros for one body, which is a scope of its own <design/expander#.def.let-syntax>. */
function letSyntax(recursive: boolean): SpecialBinding['expand'] {
  return (x, form, scope) => {
    const usage = `(${recursive ? 'letrec-syntax' : 'let-syntax'} ((NAME (syntax-rules ...)) ...) BODY ...)`;
    const [list, ...body] = formParts(form, 2, Infinity, usage);
    const inits = initsParse(list, form.at, usage);
    checkDistinct(inits.map(({ id }) => id), 'keyword');
    const inside = scope.inner();
    const macros = inits.map(({ id, init }) => ({ id, rules: x.transformer(init, recursive ? inside : scope, form.at) }));
    for (const { id, rules } of macros) inside.bind(id, { kind: 'macro', name: id.name, rules });
    return x.body(body, inside, form.at);
  };
}


export const bindings: readonly SpecialBinding[] = [
  specialForm('quote', quote), specialForm('set!', setForm), specialForm('lambda', lambda), specialForm('case-lambda', caseLambda),
  specialForm('let', letForm), specialForm('let*', letSequential), specialForm('letrec', letRecursive), specialForm('letrec*', letRecursive),
  specialForm('let-values', letValues(false)), specialForm('let*-values', letValues(true)), specialForm('do', doForm),
  specialForm('let-syntax', letSyntax(false)), specialForm('letrec-syntax', letSyntax(true)),
  { kind: 'special', name: 'begin', role: 'definition', expand: begin },
];

