/* syntax.ts: FROM FORMS TO CODE
 *
 * The special forms that the plain evaluator compiles itself; all the others are macros over these, in `derived.ts` and
 * `prelude.ts` <design/testing#.plain>.
 */
import { bindings, branch, call, constant, global, lambda, local, scoped, sequence, setGlobal, setLocal } from './code.ts';
import { rules } from './rules.ts';
import { core, depthOf, Scope, strip } from './scope.ts';
import { Alias, items, list, Pair, Sym, UNSPECIFIC } from './values.ts';
import type { Id, Macro, Meaning, Special } from './scope.ts';
import type { Clause, Code, Value } from './values.ts';

export const isId = (form: Value): form is Id => form instanceof Sym || form instanceof Alias;

/** compile -- one expression in a scope */
export function compile(form: Value, scope: Scope): Code {
  if (isId(form)) return reference(form, scope);
  if (!(form instanceof Pair)) return constant(form);
  const meaning = headMeaning(form, scope);
  if (meaning?.kind === 'macro') return compile(meaning.expand(form, scope), scope);
  if (meaning?.kind === 'special') return meaning.compile(form, scope);
  return call(items(form).map((part) => compile(part, scope)));
}

/** compileTop -- one top-level form; definitions in a `begin` are definitions */
export function compileTop(form: Value, scope: Scope): Code {
  const meaning = headMeaning(form, scope);
  if (meaning?.kind === 'macro') return compileTop(meaning.expand(form, scope), scope);
  return compile(form, scope);
}

function headMeaning(form: Value, scope: Scope): Meaning | null {
  return form instanceof Pair && isId(form.car) ? scope.lookup(form.car) : null;
}

function reference(id: Id, scope: Scope): Code {
  const meaning = scope.lookup(id);
  if (meaning.kind === 'variable') return local(depthOf(scope, meaning.scope), meaning.index);
  if (meaning.kind === 'cell') return global(meaning);
  throw new SyntaxError(`${strip(id).name} is syntax, not a variable`);
}

function assignment(id: Id, scope: Scope, value: Code): Code {
  const meaning = scope.lookup(id);
  if (meaning.kind === 'variable') return setLocal(depthOf(scope, meaning.scope), meaning.index, value);
  if (meaning.kind === 'cell') return setGlobal(meaning, value, false);
  throw new SyntaxError(`${strip(id).name} is syntax, not a variable`);
}

/** definition -- the identifier and the expression of a `define`, curried or not */
function definition(form: Value, scope: Scope): { id: Id; value: Value } {
  const parts = items(form);
  let target = parts[1], body: Value[] = parts.slice(2);
  while (target instanceof Pair) {
    body = [new Pair(core(scope, 'lambda'), new Pair(target.cdr, list(body)))];
    target = target.car;
  }
  return { id: target as Id, value: body[0] ?? UNSPECIFIC };
}

/** compileBody -- expressions with definitions among them: a new scope if there are any */
export function compileBody(forms: readonly Value[], outer: Scope): Code {
  const scope = new Scope(outer), parts: { id: Id | null; form: Value }[] = [], left = [...forms];
  while (left.length > 0) {
    const form = left.shift()!, meaning = headMeaning(form, scope);
    if (meaning?.kind === 'macro') left.unshift(meaning.expand(form, scope));
    else if (meaning?.kind === 'special' && meaning.name === 'begin') left.unshift(...items(form).slice(1));
    else if (meaning?.kind === 'special' && meaning.name === 'define-syntax') meaning.compile(form, scope);
    else if (meaning?.kind === 'special' && meaning.name === 'define') {
      const { id, value } = definition(form, scope);
      if (!scope.names.has(id)) scope.bind(id);
      parts.push({ id, form: value });
    } else parts.push({ id: null, form });
  }
  scope.bare = scope.size === 0;
  const code = sequence(parts.map(({ id, form }) => {
    const value = compile(form, scope);
    return id === null ? value : assignment(id, scope, value);
  }));
  return scope.bare ? code : scoped(() => scope.blank(), code);
}

function clause(formals: Value, body: readonly Value[], scope: Scope): Clause {
  const inner = new Scope(scope);
  for (; formals instanceof Pair; formals = formals.cdr) inner.bind(formals.car as Id);
  const count = inner.size;
  if (isId(formals)) inner.bind(formals);
  return { count, rest: inner.size > count, body: compileBody(body, inner) };
}

function compileLet(form: Value, scope: Scope): Code {
  const [, head, ...rest] = items(form);
  if (isId(head)) {
    const [pairs, ...body] = rest, parts = items(pairs).map(items);
    const loop = list([core(scope, 'lambda'), list(parts.map((pair) => pair[0]))], list(body));
    const made = list([core(scope, 'letrec'), list([list([head, loop])]), head]);
    return compile(new Pair(made, list(parts.map((pair) => pair[1]))), scope);
  }
  const inner = new Scope(scope), inits = items(head).map((pair) => {
    const [id, init] = items(pair);
    inner.bind(id as Id);
    return compile(init, scope);
  });
  return bindings(inits, compileBody(rest, inner));
}

/** datum -- a quoted form as the program wrote it, without aliases */
function datum(form: Value): Value {
  if (form instanceof Alias) return strip(form);
  if (form instanceof Pair) {
    const car = datum(form.car), cdr = datum(form.cdr);
    return car === form.car && cdr === form.cdr ? form : new Pair(car, cdr);
  }
  if (Array.isArray(form) && form.some((item) => datum(item) !== item)) return form.map(datum);
  return form;
}

function bindMacro(id: Value, spec: Value, scope: Scope, within: Scope): void {
  const macro: Macro = { kind: 'macro', expand: rules(items(spec), scope) };
  within.names.set(within.up === null ? strip(id as Id) : id as Id, macro);
}

function localMacros(form: Value, scope: Scope, recursive: boolean): Code {
  const [, head, ...body] = items(form), inner = new Scope(scope);
  inner.bare = true;
  for (const pair of items(head)) bindMacro(items(pair)[0], items(pair)[1], recursive ? inner : scope, inner);
  return compileBody(body, inner);
}

type Compile = Special['compile'];

const specials: Record<string, Compile> = {
  'quote': (form) => constant(datum(items(form)[1])),
  'if': (form, scope) => {
    const [, test, yes, no] = items(form);
    return branch(compile(test, scope), compile(yes, scope), no === undefined ? constant(UNSPECIFIC) : compile(no, scope));
  },
  'define': (form, scope) => {
    const { id, value } = definition(form, scope);
    return setGlobal(scope.top().cell(id), compile(value, scope), true);
  },
  'set!': (form, scope) => {
    const [, id, value] = items(form);
    return assignment(id as Id, scope, compile(value, scope));
  },
  'lambda': (form, scope) => {
    const [, formals, ...body] = items(form);
    return lambda('', [clause(formals, body, scope)]);
  },
  'case-lambda': (form, scope) => lambda('', items(form).slice(1).map((part) => {
    const [formals, ...body] = items(part);
    return clause(formals, body, scope);
  })),
  'begin': (form, scope) => sequence(items(form).slice(1).map((part) => (scope.up === null ? compileTop : compile)(part, scope))),
  'let': compileLet,
  'define-syntax': (form, scope) => {
    const [, id, spec] = items(form);
    bindMacro(id, spec, scope, scope);
    return constant(UNSPECIFIC);
  },
  'let-syntax': (form, scope) => localMacros(form, scope, false),
  'letrec-syntax': (form, scope) => localMacros(form, scope, true),
};

/** installSpecials -- make the special forms known to a top level */
export function installSpecials(top: Scope): void {
  for (const [name, compileForm] of Object.entries(specials)) {
    top.names.set(strip(core(top, name)), { kind: 'special', name, compile: compileForm });
  }
}
