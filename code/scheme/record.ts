/* record.ts: RECORD TYPES
 *
 * define-record-type as procedures around four reserved ones, which the code generator may turn into instructions. They
 * hold the type in a variable of their own, so that a program may reuse its name <design/expander#.inv.record>.
 */
import { constant, index, local, procedure, runtime, symbol, temporary, unspecific } from './build.ts';
import type { Datum, PairDatum, Position, SymbolDatum } from './datum.ts';
import { SchemeSyntaxError } from './datum.ts';
import type { Definition } from './definitions.ts';
import { datumPosition, formParts, properList, symbolPart } from './form.ts';
import type { Expr, Variable } from './ir.ts';

const USAGE = '(define-record-type NAME (CONSTRUCTOR FIELD ...) PREDICATE (FIELD ACCESSOR [MODIFIER]) ...)';

interface Field { readonly id: SymbolDatum; readonly accessor: SymbolDatum; readonly modifier: SymbolDatum | null }

/** recordDefinition -- what a define-record-type form defines */
export function recordDefinition(form: PairDatum): Definition {
  const [name, maker, test, ...rest] = formParts(form, 3, Infinity, USAGE);
  const id = symbolPart(name, form.at, 'the name of a record type', USAGE);
  const predicate = symbolPart(test, form.at, 'the predicate', USAGE);
  const fields = rest.map((datum) => fieldParse(datum, form.at));
  const type: Variable = { ...temporary(id.name), captured: true };
  const at = form.at;
  const parts: { id: SymbolDatum; value: () => Expr }[] = [{ id, value: () => local(type, at) }];
  parts.push(construct(maker, fields, type, at));
  parts.push({ id: predicate, value: () => recognise(type, at) });
  fields.forEach((field, i) => {
    parts.push({ id: field.accessor, value: () => access(type, i, field.accessor) });
    const { modifier } = field;
    if (modifier !== null) parts.push({ id: modifier, value: () => modify(type, i, modifier) });
  });
  const names = fields.map((field): Datum => field.id).reduceRight<Datum>((list, field) => ({ type: 'pair', car: field, cdr: list, at }), { type: 'null' });
  const init = (): Expr => runtime('%make-record-type', [symbol(id.name, id.at), constant(names)], at);
  return { shared: { variable: type, init }, parts };
}

function fieldParse(datum: Datum, near: Position): Field {
  const at = datumPosition(datum, near);
  const [id, accessor, modifier, ...more] = properList(datum, at, 'a field', USAGE);
  if (id === undefined || accessor === undefined || more.length > 0) {
    throw new SchemeSyntaxError(at, 'a field must be (FIELD ACCESSOR [MODIFIER])', `write ${USAGE}`);
  }
  return {
    id: symbolPart(id, at, 'a field', USAGE),
    accessor: symbolPart(accessor, at, 'an accessor', USAGE),
    modifier: modifier === undefined ? null : symbolPart(modifier, at, 'a modifier', USAGE),
  };
}

/** The constructor; fields that it does not take begin unspecific. */
function construct(maker: Datum, fields: readonly Field[], type: Variable, near: Position): { id: SymbolDatum; value: () => Expr } {
  const at = datumPosition(maker, near);
  const [head, ...taken] = properList(maker, at, 'the constructor', USAGE);
  if (head === undefined) throw new SchemeSyntaxError(at, 'the constructor has no name', `write ${USAGE}`);
  const id = symbolPart(head, at, 'the constructor', USAGE);
  const params = new Map<string, Variable>();
  for (const datum of taken) {
    const field = symbolPart(datum, at, 'a field', USAGE);
    if (!fields.some((each) => each.id.name === field.name)) {
      throw new SchemeSyntaxError(field.at, `the constructor ${id.name} takes ${field.name}, which is no field`, `add (${field.name} ACCESSOR) to the record type`);
    }
    if (params.has(field.name)) throw new SchemeSyntaxError(field.at, `duplicate field ${field.name}`, 'name each field once');
    params.set(field.name, temporary(field.name));
  }
  const values = fields.map((field) => {
    const param = params.get(field.id.name);
    return param === undefined ? unspecific() : local(param, at);
  });
  const body = runtime('%record', [local(type, at), ...values], at);
  return { id, value: () => procedure([{ params: [...params.values()], rest: null, body }], at, id.name) };
}

function recognise(type: Variable, at: Position): Expr {
  const value = temporary('value');
  return procedure([{ params: [value], rest: null, body: runtime('%record?', [local(value, at), local(type, at)], at) }], at);
}

function access(type: Variable, field: number, id: SymbolDatum): Expr {
  const record = temporary('record');
  const args = [local(record, id.at), local(type, id.at), index(field), symbol(id.name, id.at)];
  return procedure([{ params: [record], rest: null, body: runtime('%record-ref', args, id.at) }], id.at);
}

function modify(type: Variable, field: number, id: SymbolDatum): Expr {
  const record = temporary('record');
  const value = temporary('value');
  const args = [local(record, id.at), local(type, id.at), index(field), local(value, id.at), symbol(id.name, id.at)];
  return procedure([{ params: [record, value], rest: null, body: runtime('%record-set!', args, id.at) }], id.at);
}
