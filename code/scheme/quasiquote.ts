/* quasiquote.ts: QUASIQUOTE
 *
 * Templates of data: what does not change is quoted whole, the rest is consed onto it <design/expander#.def.quasiquote>.
 */
import { constant, runtime } from './build.ts';
import type { Datum, PairDatum, Position } from './datum.ts';
import type { Expander } from './expander.ts';
import { datumPosition, formParts, listParts } from './form.ts';
import type { Expr } from './ir.ts';
import type { Scope, SpecialBinding } from './scope.ts';
import { auxiliary, specialForm } from './scope.ts';

/** Items that one call conses; a longer list takes several, one in another. */
const ConsMAX = 32;

/** One item of a list as it is written and what becomes of it: consed on, or spliced in. */
interface Piece { readonly written: Datum; readonly value: Expr; readonly splice: boolean; readonly at: Position }

interface Place { readonly x: Expander; readonly scope: Scope }

function quasiquote(x: Expander, form: PairDatum, scope: Scope): Expr {
  const [template] = formParts(form, 1, 1, '(quasiquote TEMPLATE)');
  return fill({ x, scope }, template, 1, form.at);
}

/** A template at a level of quasiquotation. */
function fill(place: Place, datum: Datum, level: number, near: Position): Expr {
  const at = datumPosition(datum, near);
  place.x.enter(at);
  const made = datum.type === 'pair' ? fillList(place, datum, level, at)
    : datum.type === 'vector' ? fillVector(place, datum, level, at) : constant(datum);
  place.x.leave();
  return made;
}

function fillList(place: Place, list: PairDatum, level: number, at: Position): Expr {
  listParts(list);  // .circular: refused here, so that the walk below ends
  const pieces: Piece[] = [];
  const pairs: PairDatum[] = [];
  let rest: Datum = list;
  let tail: Expr | null = null;
  while (rest.type === 'pair' && tail === null) {
    tail = quotation(place, rest, level);
    if (tail !== null) break;
    pairs.push(rest);
    pieces.push(piece(place, rest.car, level, rest.at));
    rest = rest.cdr;
  }
  return join(place.x, pieces, pairs, tail ?? fill(place, rest, level, at), tail === null ? rest : null);
}

/** quotation -- a list that is itself (unquote e) or (quasiquote t); null for others */
function quotation(place: Place, list: PairDatum, level: number): Expr | null {
  const nested = place.x.special(list, place.scope)?.name === 'quasiquote';
  if (!nested && auxiliary(list.car, place.scope) !== 'unquote') return null;
  const [part] = formParts(list, 1, 1, nested ? '(quasiquote TEMPLATE)' : '(unquote EXPRESSION)');
  if (!nested && level === 1) return place.x.expr(part, place.scope, list.at);
  const inner = fill(place, part, nested ? level + 1 : level - 1, list.at);
  return requote(list, part, inner);
}

/** A quotation of another level with its part filled in. */
function requote(list: PairDatum, part: Datum, inner: Expr): Expr {
  if (isUnchanged(inner, part)) return constant(list);
  return runtime('%cons*', [constant(list.car), inner, constant({ type: 'null' })], list.at);
}

function piece(place: Place, item: Datum, level: number, at: Position): Piece {
  if (item.type !== 'pair' || auxiliary(item.car, place.scope) !== 'unquote-splicing') {
    return { written: item, value: fill(place, item, level, at), splice: false, at };
  }
  const [part] = formParts(item, 1, 1, '(unquote-splicing EXPRESSION)');
  if (level === 1) return { written: item, value: place.x.expr(part, place.scope, item.at), splice: true, at };
  const inner = fill(place, part, level - 1, item.at);
  return { written: item, value: requote(item, part, inner), splice: false, at };
}

/** join -- pieces before a tail; `end` is the tail as it is written, or null if it is computed
 *
 * Where all that follows is unchanged, the written list serves as it stands.
 */
function join(x: Expander, pieces: readonly Piece[], pairs: readonly PairDatum[], tail: Expr, end: Datum | null): Expr {
  let made = tail;
  let i = pieces.length;
  if (end !== null && isUnchanged(tail, end)) {
    while (i > 0 && isKept(pieces[i - 1])) i -= 1;
    if (i < pieces.length) made = constant(pairs[i]);
  }
  let depth = 0;
  while (i > 0) {
    const last = pieces[i - 1];
    x.chain(last.at);
    depth += 1;
    if (last.splice) {
      made = isNull(made) ? last.value : runtime('%append', [last.value, made], last.at);
      i -= 1;
      continue;
    }
    let from = i - 1;
    while (from > 0 && i - from < ConsMAX && !(pieces[from - 1]).splice) from -= 1;
    const items = pieces.slice(from, i).map(({ value }) => value);
    made = runtime(items.length === 1 ? '%cons' : '%cons*', [...items, made], last.at);
    i = from;
  }
  x.unchain(depth);
  return made;
}

/** Whether a template stands for itself. A constant alone does not say so: it may be the value of an unquoted one. */
function isUnchanged(value: Expr, written: Datum): boolean {
  return value.op === 'const' && value.value === written;
}

function isKept({ value, written, splice }: Piece): boolean {
  return !splice && isUnchanged(value, written);
}

function isNull(value: Expr): boolean {
  return value.op === 'const' && value.value.type === 'null';
}

function fillVector(place: Place, vector: Datum & { type: 'vector' }, level: number, at: Position): Expr {
  const pieces = vector.items.map((item) => piece(place, item, level, at));
  if (pieces.every(isKept)) return constant(vector);
  return runtime('%list->vector', [join(place.x, pieces, [], constant({ type: 'null' }), null)], at);
}

export const quasiquotes: readonly SpecialBinding[] = [specialForm('quasiquote', quasiquote)];
