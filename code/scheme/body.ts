/* body.ts: BODIES
 *
 * Definitions of a body, found by expanding macros as far as needed, and bound as by letrec* <design/expander#.def.body>.
 */
import { named, sequence } from './build.ts';
import type { Datum, Position, SymbolDatum } from './datum.ts';
import { SchemeSyntaxError } from './datum.ts';
import { defineSyntax, definitionParse } from './definitions.ts';
import type { Expander } from './expander.ts';
import { datumPosition, formParts, pushAll } from './form.ts';
import type { Expr, Variable } from './ir.ts';
import { letrecGroup, letrecSplit } from './letrec.ts';
import { conditionalForms } from './library.ts';
import type { Scope } from './scope.ts';

/** A step of a body before its last expressions: a definition, or an expression between definitions. */
interface Item { readonly variable: Variable | null; readonly init: () => Expr; readonly name: string }

/** bodyExpand -- a body as one expression; an error if it has none */
export function bodyExpand(x: Expander, forms: readonly Datum[], outer: Scope, at: Position): Expr {
  const scope = outer.inner();
  const group = letrecGroup(0);
  const items: Item[] = [];
  const add = (item: Item): void => {
    items.push(item);
    group.first.push(Infinity);
  };
  let expressions: Datum[] = [];
  const pending = forms.toReversed();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const form = x.macro(next, scope);
    const special = x.special(form, scope);
    if (form.type !== 'pair' || special?.role !== 'definition') expressions.push(form);
    else if (special.name === 'begin') pushAll(pending, formParts(form, 0, Infinity, '(begin FORM ...)'));
    else if (special.name === 'cond-expand') pushAll(pending, conditionalForms(form, scope));
    else if (special.name === 'define-syntax') defineSyntax(x, form, scope);
    else {
      const between = expressions;
      for (const datum of between) add({ variable: null, init: () => x.expr(datum, scope, at), name: '' });
      expressions = [];
      const definition = definitionParse(x, form, scope, special);
      if (definition.shared !== null) add({ ...definition.shared, name: '' });
      for (const { id, value } of definition.parts) {
        checkNew(scope, id);
        const variable = scope.variable(id, group, items.length);
        add({ variable, init: value, name: id.name });
      }
    }
  }
  if (expressions.length === 0) {
    throw new SchemeSyntaxError(at, items.length === 0 ? 'this body is empty' : 'this body has definitions but no expression', 'end it with an expression');
  }
  const inits = items.map((item, i) => {
    group.current = i;
    return named(item.init(), item.name);
  });
  group.current = Infinity;
  const result = (): Expr => sequence(expressions.map((datum) => x.expr(datum, scope, datumPosition(datum, at))));
  return letrecSplit(x, items.map(({ variable }) => variable), inits, group, at, result);
}

function checkNew(scope: Scope, id: SymbolDatum): void {
  if (scope.own(id) === null) return;
  throw new SchemeSyntaxError(id.at, `${id.name} is defined twice in one body`, 'rename one, or use set!');
}
