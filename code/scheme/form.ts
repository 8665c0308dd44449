/* form.ts: FORMS
 *
 * Taking forms apart with errors that name the form, what is wrong with it and how it is written
 * <design/expander#.req.errors>. Lists are walked along their cdrs, never by recursion.
 */
import type { Datum, PairDatum, Position, SymbolDatum } from './datum.ts';
import { SchemeSyntaxError } from './datum.ts';

/** datumPosition -- where a datum stands, or `near` if it is of a kind that keeps no place */
export function datumPosition(datum: Datum, near: Position): Position {
  return datum.type === 'pair' || datum.type === 'symbol' ? datum.at : near;
}

/** The items of a list and what follows its last pair: null for a proper list. */
export interface List { readonly items: Datum[]; readonly tail: Datum | null }

/** listParts -- a list as an array; an error if it is circular */
export function listParts(list: Datum): List {
  const items: Datum[] = [];
  let hare = list;
  let tortoise = list;
  while (hare.type === 'pair') {
    items.push(hare.car);
    hare = hare.cdr;
    if (items.length % 2 === 0 && tortoise.type === 'pair') tortoise = tortoise.cdr;
    if (hare === tortoise && hare.type === 'pair') {
      throw new SchemeSyntaxError(hare.at, 'a circular list as program text', 'quote it');
    }
  }
  return { items, tail: hare.type === 'null' ? null : hare };
}

/** properList -- the items of a datum that must be a proper list */
export function properList(list: Datum, near: Position, what: string, usage: string): Datum[] {
  const { items, tail } = listParts(list);
  if (tail !== null) throw new SchemeSyntaxError(datumPosition(list, near), `${what} is not a proper list`, `write ${usage}`);
  return items;
}

/** formParts -- what follows the keyword of a form, whose count must lie between two bounds */
export function formParts(form: PairDatum, least: number, most: number, usage: string): Datum[] {
  const name = form.car.type === 'symbol' ? form.car.name : 'form';
  const parts = properList(form.cdr, form.at, name, usage);
  if (parts.length < least || parts.length > most) {
    const count = least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} or ${most}`;
    const noun = count === '1' || count === 'at least 1' ? 'part' : 'parts';
    throw new SchemeSyntaxError(form.at, `${name} takes ${count} ${noun}, got ${parts.length}`, `write ${usage}`);
  }
  return parts;
}

/** symbolPart -- a datum that must be a name */
export function symbolPart(datum: Datum, near: Position, what: string, usage: string): SymbolDatum {
  if (datum.type === 'symbol') return datum;
  throw new SchemeSyntaxError(datumPosition(datum, near), `${what} must be a name, got ${datumText(datum)}`, `write ${usage}`);
}

/** pushAll -- put forms on a stack so that the first comes off first; spreading a long list would meet the host's stack. */
export function pushAll(pending: Datum[], forms: readonly Datum[]): void {
  for (let i = forms.length - 1; i >= 0; --i) pending.push(forms[i]);
}

const TextMAX = 60;

/** datumText -- a datum as written, cut off at some 60 characters; for messages */
export function datumText(datum: Datum): string {
  const parts: string[] = [];
  let length = 0;
  const pending: (Datum | string)[] = [datum];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (length > TextMAX) return `${parts.join('').slice(0, TextMAX)}...`;
    const text = typeof next === 'string' ? next : atomText(next, pending);
    parts.push(text);
    length += text.length;
  }
  return parts.join('');
}

/** The text of an atom; of a compound its opening, with the rest pushed. */
function atomText(datum: Datum, pending: (Datum | string)[]): string {
  switch (datum.type) {
    case 'symbol': return datum.name;
    case 'null': return '()';
    case 'boolean': return datum.value ? '#t' : '#f';
    case 'integer': return datum.value.toString();
    case 'real': return realText(datum.value);
    case 'char': return datum.value > 32 ? `#\\${String.fromCodePoint(datum.value)}` : `#\\x${datum.value.toString(16)}`;
    case 'string': return JSON.stringify(datum.value);
    case 'bytes': return `#u8(${datum.bytes.join(' ')})`;
    case 'unspecific': return '#<unspecific>';
    case 'vector': {
      const items = datum.items.slice(0, TextMAX).flatMap((item, i) => (i === 0 ? [item] : [' ', item]));
      pending.push(')', ...items.reverse());
      return '#(';
    }
    case 'pair':
      pending.push(...pairTail(datum));
      return '(';
  }
}

/** The pieces of a list behind its opening, last first. */
function pairTail(list: PairDatum): (Datum | string)[] {
  const pieces: (Datum | string)[] = [list.car];
  let rest = list.cdr;
  while (rest.type === 'pair' && pieces.length < TextMAX * 2) {
    pieces.push(' ', rest.car);
    rest = rest.cdr;
  }
  if (rest.type === 'pair') pieces.push(' ...');
  else if (rest.type !== 'null') pieces.push(' . ', rest);
  pieces.push(')');
  return pieces.reverse();
}

function realText(value: number): string {
  if (Number.isNaN(value)) return '+nan.0';
  if (!Number.isFinite(value)) return value > 0 ? '+inf.0' : '-inf.0';
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : `${value}`;
}
