/* derived.ts: MACROS THAT SYNTAX-RULES CANNOT SAY
 *
 * Quasi-quotation, records and multiple-value binding, rewritten into core forms <design/testing#.plain>.
 */
import { core, strip } from './scope.ts';
import { Alias, items, list, NIL, Pair, RecordType, Sym, type Text } from './values.ts';
import type { Id, Macro, Scope } from './scope.ts';
import type { Value } from './values.ts';

const isId = (form: Value): form is Id => form instanceof Sym || form instanceof Alias;
const isForm = (form: Value, name: string): form is Pair =>
  form instanceof Pair && isId(form.car) && strip(form.car).name === name && form.cdr instanceof Pair;
const argument = (form: Pair): Value => (form.cdr as Pair).car;

function quasi(form: Value, depth: number, scope: Scope): Value {
  const build = (name: string, ...args: Value[]): Value => list([core(scope, name), ...args]);
  const nested = (name: string, inner: Pair, to: number): Value =>
    build('list', build('quote', strip(core(scope, name))), quasi(argument(inner), to, scope));
  if (isForm(form, 'unquote')) return depth === 1 ? argument(form) : nested('unquote', form, depth - 1);
  if (isForm(form, 'quasiquote')) return nested('quasiquote', form, depth + 1);
  if (Array.isArray(form)) return build('list->vector', quasi(list(form), depth, scope));
  if (!(form instanceof Pair)) return build('quote', form);
  if (isForm(form.car, 'unquote-splicing') && depth === 1) {
    return form.cdr === NIL ? argument(form.car) : build('append', argument(form.car), quasi(form.cdr, depth, scope));
  }
  return build('cons', quasi(form.car, depth, scope), quasi(form.cdr, depth, scope));
}

function record(form: Value, scope: Scope): Value {
  const [, name, maker, test, ...specs] = items(form);
  const fields = specs.map((spec) => (isId(spec) ? [spec] : items(spec)));
  const names = fields.map(([field]) => strip(field as Id).name);
  const typeId = (isId(name) ? name : (name as Pair).car) as Id;
  const type = new RecordType(strip(typeId).name, names);
  const at = (field: Value): number => names.indexOf(strip(field as Id).name);
  const define = (id: Value, ...value: Value[]): Value => list([core(scope, 'define'), id, list(value)]);
  const quoted = (value: Value): Value => list([core(scope, 'quote'), value]);
  const made: Value[] = [list([core(scope, 'define'), typeId, quoted(type)])];
  if (maker instanceof Pair) {
    made.push(define(maker.car, core(scope, '%record-maker'), quoted(type), quoted(items(maker.cdr).map(at))));
  } else if (isId(maker)) made.push(define(maker, core(scope, '%record-maker'), quoted(type), quoted(names.map((_, i) => i))));
  if (isId(test)) made.push(define(test, core(scope, '%record-test'), quoted(type)));
  for (const [field, getter, setter] of fields) {
    if (getter !== undefined) made.push(define(getter, core(scope, '%record-getter'), quoted(type), at(field)));
    if (setter !== undefined) made.push(define(setter, core(scope, '%record-setter'), quoted(type), at(field)));
  }
  return new Pair(core(scope, 'begin'), list(made));
}

/** renamed -- formals with fresh names, and the pairs of old and new ones */
function renamed(formals: Value, scope: Scope): { formals: Value; pairs: [Id, Id][] } {
  const pairs: [Id, Id][] = [], front: Value[] = [];
  const fresh = (id: Id): Id => {
    const made = new Alias(id, scope);
    pairs.push([id, made]);
    return made;
  };
  for (; formals instanceof Pair; formals = formals.cdr) front.push(fresh(formals.car as Id));
  return { formals: list(front, isId(formals) ? fresh(formals) : NIL), pairs };
}

function letValues(form: Value, scope: Scope): Value {
  const [, bindings, ...body] = items(form);
  const parts = items(bindings).map((binding) => ({ ...renamed((binding as Pair).car, scope), init: items(binding)[1] }));
  const lambda = (formals: Value, ...inner: Value[]): Value => list([core(scope, 'lambda'), formals, ...inner]);
  const pairs = parts.flatMap((part) => part.pairs);
  const inner = list([core(scope, 'let'), list(pairs.map(([id, fresh]) => list([id, fresh]))), ...body]);
  return parts.reduceRight<Value>((made, part) =>
    list([core(scope, 'call-with-values'), lambda(NIL, part.init), lambda(part.formals, made)]), inner);
}

function defineValues(form: Value, scope: Scope): Value {
  const [, head, init] = items(form);
  const { formals, pairs } = renamed(head, scope);
  const taker = list([core(scope, 'lambda'), formals, ...pairs.map(([id, fresh]) => list([core(scope, 'set!'), id, fresh])), false]);
  return list([
    core(scope, 'begin'),
    ...pairs.map(([id]) => list([core(scope, 'define'), id, false])),
    list([core(scope, 'call-with-values'), list([core(scope, 'lambda'), NIL, init]), taker]),
  ]);
}

const macros: Record<string, Macro['expand']> = {
  'quasiquote': (form, scope) => quasi(argument(form as Pair), 1, scope),
  'define-record-type': record,
  'let-values': letValues,
  'define-values': defineValues,
  'syntax-error': (form) => { throw new SyntaxError((items(form)[1] as Text).toString()); },
};

/** installDerived -- make these macros known to a top level */
export function installDerived(top: Scope): void {
  for (const [name, expand] of Object.entries(macros)) top.names.set(strip(core(top, name)), { kind: 'macro', expand });
}
