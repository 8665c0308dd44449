/* strings.ts: STRINGS AND CHARACTERS
 *
 * A string is a mutable array of code points <design/testing#.plain>.
 */
import { indexOf, span } from './builtins.ts';
import { parseNumber } from './numbers.ts';
import { Char, fail, items, list, Text, UNSPECIFIC } from './values.ts';
import type { Builtin, Builtins } from './builtins.ts';
import type { Value } from './values.ts';

const text = (value: Value | undefined): Text => (value instanceof Text ? value : fail('not a string', value!));
const char = (value: Value | undefined): Char => (value instanceof Char ? value : fail('not a character', value!));
const charText = (value: Value | undefined): string => String.fromCodePoint(char(value).point);
const toChar = (c: string): Char => new Char(c.codePointAt(0)!);
const part = (args: Value[], from: number): string[] => text(args[0]).chars.slice(...span(args, from, text(args[0]).chars.length));

function order(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length && i < b.length; i += 1) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

const points = (value: Value, fold: boolean): number[] =>
  Array.from(fold ? text(value).toString().toLowerCase() : text(value).chars, (c) => c.codePointAt(0)!);

const compared = (key: (value: Value) => readonly number[], holds: (order: number) => boolean): Builtin =>
  [1, Infinity, (args) => {
    const keys = args.map(key);
    return keys.slice(1).every((one, i) => holds(order(keys[i], one)));
  }];

const orders: Record<string, (order: number) => boolean> = {
  '=?': (o) => o === 0, '<?': (o) => o < 0, '>?': (o) => o > 0, '<=?': (o) => o <= 0, '>=?': (o) => o >= 0,
};

const comparisons: Builtins = Object.fromEntries(Object.entries(orders).flatMap(([suffix, holds]): [string, Builtin][] => [
  [`string${suffix}`, compared((v) => points(v, false), holds)],
  [`string-ci${suffix}`, compared((v) => points(v, true), holds)],
  [`char${suffix}`, compared((v) => [char(v).point], holds)],
  [`char-ci${suffix}`, compared((v) => [charText(v).toLowerCase().codePointAt(0)!], holds)],
]));

const mapped = (change: (c: string) => string): Builtin => [1, 1, ([v]) => Text.of(change(text(v).toString()))];
const tested = (pattern: RegExp): Builtin => [1, 1, ([c]) => pattern.test(charText(c))];

/** Strings and characters. */
export const strings: Builtins = {
  ...comparisons,
  'string': [0, Infinity, (args) => new Text(args.map(charText))],
  'make-string': [1, 2, ([count, fill]) => new Text(new Array<string>(indexOf(count, 2 ** 32 - 1)).fill(fill === undefined ? ' ' : charText(fill)))],
  'string?': [1, 1, ([v]) => v instanceof Text],
  'string-length': [1, 1, ([v]) => text(v).chars.length],
  'string-ref': [2, 2, ([v, k]) => toChar(text(v).chars[indexOf(k, text(v).chars.length - 1)])],
  'string-set!': [3, 3, ([v, k, c]) => { text(v).chars[indexOf(k, text(v).chars.length - 1)] = charText(c); return UNSPECIFIC; }],
  'string-append': [0, Infinity, (args) => new Text(args.flatMap((v) => text(v).chars))],
  'substring': [3, 3, (args) => new Text(part(args, 1))],
  'string-copy': [1, 3, (args) => new Text(part(args, 1))],
  'string->list': [1, 3, (args) => list(part(args, 1).map(toChar))],
  'string->vector': [1, 3, (args) => part(args, 1).map(toChar)],
  'list->string': [1, 1, ([l]) => new Text(items(l).map(charText))],
  'vector->string': [1, 1, ([v]) => new Text((v as Value[]).map(charText))],
  'string-fill!': [2, 4, (args) => { text(args[0]).chars.fill(charText(args[1]), ...span(args, 2, text(args[0]).chars.length)); return UNSPECIFIC; }],
  'string->number': [1, 2, ([v, radix]) => parseNumber(text(v).toString(), Number(radix ?? 10))],
  'string-upcase': mapped((s) => s.toUpperCase()),
  'string-downcase': mapped((s) => s.toLowerCase()),
  'char?': [1, 1, ([v]) => v instanceof Char],
  'char->integer': [1, 1, ([c]) => char(c).point],
  'integer->char': [1, 1, ([k]) => new Char(indexOf(k, 0x10ffff))],
  'char-upcase': [1, 1, ([c]) => toChar(charText(c).toUpperCase())],
  'char-downcase': [1, 1, ([c]) => toChar(charText(c).toLowerCase())],
  'char-alphabetic?': tested(/^\p{L}$/u),
  'char-numeric?': tested(/^\p{Nd}$/u),
  'char-whitespace?': tested(/^\s$/u),
  'digit-value': [1, 1, ([c]) => (/^[0-9]$/.test(charText(c)) ? char(c).point - 48 : false)],
};
