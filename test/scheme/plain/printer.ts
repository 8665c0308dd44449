/* printer.ts: HOW THE PLAIN EVALUATOR PRINTS
 *
 * External representations, as `display` and `write` give them; structures must not be circular
 * <design/testing#.plain>.
 */
import { isNumber, numberText } from './numbers.ts';
import {
  Alias, Char, Closure, Condition, Continuation, Control, NIL, Pair, Parameter, Primitive, Promised, Rec, Singleton, Sym, Text,
} from './values.ts';
import type { Value } from './values.ts';

const charNames: Record<number, string> = {
  32: 'space', 10: 'newline', 9: 'tab', 0: 'null', 13: 'return', 127: 'delete', 27: 'escape', 7: 'alarm', 8: 'backspace',
};
const escapes: Record<string, string> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' };
const prefixes: Record<string, string> = { quote: "'", quasiquote: '`', unquote: ',', 'unquote-splicing': ',@' };

/** print -- the external representation; with `quoted`, one that can be read back */
export function print(value: Value, quoted: boolean): string {
  if (typeof value === 'boolean') return value ? '#t' : '#f';
  if (isNumber(value)) return numberText(value, 10);
  if (value instanceof Text) return quoted ? `"${value.toString().replace(/["\\\n\t\r]/g, (c) => escapes[c])}"` : value.toString();
  if (value instanceof Sym) return value.name;
  if (value instanceof Alias) return print(value.id, quoted);
  if (value instanceof Char) return quoted ? `#\\${charNames[value.point] ?? String.fromCodePoint(value.point)}` : String.fromCodePoint(value.point);
  if (value instanceof Pair) return printPair(value, quoted);
  if (Array.isArray(value)) return `#(${value.map((item) => print(item, quoted)).join(' ')})`;
  if (value instanceof Uint8Array) return `#u8(${Array.from(value).join(' ')})`;
  if (value instanceof Singleton) return value.text;
  return printOpaque(value);
}

function printPair(pair: Pair, quoted: boolean): string {
  if (pair.car instanceof Sym && pair.cdr instanceof Pair && pair.cdr.cdr === NIL) {
    const prefix = prefixes[pair.car.name];
    if (prefix !== undefined) return prefix + print(pair.cdr.car, quoted);
  }
  const parts: string[] = [];
  let rest: Value = pair;
  for (; rest instanceof Pair; rest = rest.cdr) parts.push(print(rest.car, quoted));
  if (rest !== NIL) parts.push('.', print(rest, quoted));
  return `(${parts.join(' ')})`;
}

function printOpaque(value: Value): string {
  if (value instanceof Primitive || value instanceof Control || value instanceof Closure) return `#<procedure ${value.name}>`;
  if (value instanceof Continuation || value instanceof Parameter) return '#<procedure>';
  if (value instanceof Promised) return '#<promise>';
  if (value instanceof Rec) return `#<${value.type.name}>`;
  if (value instanceof Condition) return `#<error ${print(value.message, false)}>`;
  return '#<object>';
}
