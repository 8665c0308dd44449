/* definitions.ts: DEFINITIONS
 *
 * What define, define-values and define-record-type define, in a form that fits the top level and bodies alike
 * <design/expander#.def.definition>.
 */
import { binding, index, local, named, procedure, runtime, temporary } from './build.ts';
import type { PairDatum, SymbolDatum } from './datum.ts';
import { SchemeSyntaxError } from './datum.ts';
import type { Expander } from './expander.ts';
import { datumText, formParts, symbolPart } from './form.ts';
import type { Expr, Variable } from './ir.ts';
import { formalsParse, lambdaForm, thunk } from './bindings.ts';
import { recordDefinition } from './record.ts';
import type { Scope, SpecialBinding } from './scope.ts';

/** The names that a form defines with their values, and a value that they share, which is computed first. */
export interface Definition {
  readonly shared: { readonly variable: Variable; readonly init: () => Expr } | null;
  readonly parts: readonly { readonly id: SymbolDatum; readonly value: () => Expr }[];
}

/** definitionParse -- what a defining form defines; the values are expanded when asked for, in `scope` */
export function definitionParse(x: Expander, form: PairDatum, scope: Scope, special: SpecialBinding): Definition {
  switch (special.name) {
    case 'define': return define(x, form, scope);
    case 'define-values': return defineValues(x, form, scope);
    case 'define-record-type': return recordDefinition(form);
    default: throw new SchemeSyntaxError(form.at, `${special.name} in a body`, `${special.name} belongs at the top level`);
  }
}

function define(x: Expander, form: PairDatum, scope: Scope): Definition {
  const usage = '(define NAME EXPRESSION) or (define (NAME PARAMETER ...) BODY ...)';
  const [target, ...rest] = formParts(form, 1, Infinity, usage);
  if (target?.type === 'pair') {
    const id = symbolPart(target.car, form.at, 'the name of a procedure', usage);
    const formals = target.cdr;
    if (rest.length === 0) throw new SchemeSyntaxError(form.at, `the procedure ${id.name} has no body`, `write ${usage}`);
    return { shared: null, parts: [{ id, value: () => lambdaForm(x, formals, rest, scope, form.at, id.name) }] };
  }
  const id = symbolPart(target, form.at, 'what define defines', usage);
  const [init] = rest;
  if (init === undefined || rest.length > 1) {
    throw new SchemeSyntaxError(form.at, `define of ${id.name} takes 1 expression, got ${rest.length}`, `write ${usage}`);
  }
  return { shared: null, parts: [{ id, value: () => x.expr(init, scope, form.at) }] };
}

function defineValues(x: Expander, form: PairDatum, scope: Scope): Definition {
  const usage = '(define-values (NAME ...) EXPRESSION)';
  const [list, init] = formParts(form, 2, 2, usage);
  const { names, rest } = formalsParse(list, form.at, usage);
  const all = rest === null ? names : [...names, rest];
  const variable = temporary('values');
  const values = (): Expr => {
    const params = names.map(({ name }) => temporary(name));
    const tail = rest === null ? null : temporary(rest.name);
    const seen = tail === null ? params : [...params, tail];
    const body = runtime('%vector', seen.map((each) => local(each, form.at)), form.at);
    const receiver = procedure([{ params, rest: tail, body }], form.at);
    return runtime('%call-with-values', [thunk(x, [init], scope, form.at), receiver], form.at);
  };
  return {
    shared: { variable, init: values },
    parts: all.map((id, i) => ({ id, value: () => runtime('%vector-ref', [local(variable, form.at), index(i)], form.at) })),
  };
}

/** defineSyntax -- bind a macro in this scope */
export function defineSyntax(x: Expander, form: PairDatum, scope: Scope): void {
  const usage = '(define-syntax NAME (syntax-rules ...))';
  const [target, spec] = formParts(form, 2, 2, usage);
  const id = symbolPart(target, form.at, 'the keyword', usage);
  const rules = x.transformer(spec, scope, form.at);
  // .top: at the top level an alias defines its original <design/expander#.def.toplevel-alias>.
  const bound = scope === x.top ? { type: 'symbol' as const, name: id.name, at: id.at } : id;
  scope.bind(bound, { kind: 'macro', name: id.name, rules });
}

/** topDefine -- a definition at the top level as an expression */
export function topDefine(x: Expander, definition: Definition): Expr[] {
  for (const { id } of definition.parts) {
    x.checkReserved(id);
    x.top.unbind(id);
  }
  const defines = definition.parts.map(({ id, value }): Expr => ({ op: 'define', name: id.name, value: named(value(), id.name), at: id.at }));
  if (definition.shared === null) return defines;
  const { variable, init } = definition.shared;
  return [binding([variable], [init()], { op: 'seq', body: defines })];
}

const misplaced: SpecialBinding['expand'] = (_x, form) => {
  throw new SchemeSyntaxError(form.at, `${datumText(form.car)} where an expression is needed`, 'definitions stand at the top level or in a body');
};

const defining = (name: string): SpecialBinding => ({ kind: 'special', name, role: 'definition', expand: misplaced });

export const definitions: readonly SpecialBinding[] = [
  defining('define'), defining('define-values'), defining('define-record-type'), defining('define-syntax'),
];
