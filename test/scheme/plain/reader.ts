/* reader.ts: THE READER OF THE PLAIN EVALUATOR
 *
 * From text to values, with no positions and few comforts <design/testing#.plain>.
 */
import { parseNumber } from './numbers.ts';
import { Char, list, symbol, Text } from './values.ts';
import type { Value } from './values.ts';

const token = /\s+|;[^\n]*|(#\|[^]*?\|#)|(#;)|(#\\(?:[A-Za-z][A-Za-z0-9]*|[^]))|("(?:\\[^]|[^"\\])*")|(\|[^|]*\|)|(#u8\(|#\(|[()'`]|,@|,)|([^\s()"';`,]+)/gy;

const charNames: Record<string, number> = {
  space: 32, newline: 10, tab: 9, nul: 0, null: 0, return: 13, delete: 127, escape: 27, alarm: 7, backspace: 8,
};
const prefixes: Record<string, string> = { "'": 'quote', '`': 'quasiquote', ',': 'unquote', ',@': 'unquote-splicing' };
const CLOSE = symbol(' )');
const DOT = symbol(' .');

/** readAll -- the data of a text, in order; a malformed text is a defect of the test and throws */
export function readAll(text: string): Value[] {
  const tokens = tokenise(text);
  let at = 0;
  const take = (): Value => {
    const word = tokens[at++];
    if (word === undefined) throw new SyntaxError('the text ends within a datum');
    if (word === ')') return CLOSE;
    if (word === '.') return DOT;
    if (word === '#;') { take(); return take(); }
    if (word === '(') return takeList();
    if (word === '#(') return takeItems();
    if (word === '#u8(') return Uint8Array.from(takeItems() as number[]);
    const prefix = prefixes[word];
    return prefix === undefined ? atom(word) : list([symbol(prefix), take()]);
  };
  const takeItems = (): Value[] => {
    const found: Value[] = [];
    for (let item = take(); item !== CLOSE; item = take()) found.push(item);
    return found;
  };
  const takeList = (): Value => {
    const found = takeItems();
    const dot = found.indexOf(DOT);
    return dot < 0 ? list(found) : list(found.slice(0, dot), found[dot + 1]);
  };
  const data: Value[] = [];
  while (at < tokens.length) {
    if (tokens[at] === '#;') { at += 1; take(); } else data.push(take());
  }
  return data;
}

function tokenise(text: string): string[] {
  const tokens: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const place = token.lastIndex;
    const match = token.exec(text);
    if (match === null) throw new SyntaxError(`cannot read at ${text.slice(place, place + 20)}`);
    const word = match[2] ?? match[3] ?? match[4] ?? match[5] ?? match[6] ?? match[7];
    if (word !== undefined) tokens.push(word);
  }
  return tokens;
}

function atom(word: string): Value {
  if (word.startsWith('#\\')) return character(word.slice(2));
  if (word.startsWith('"')) return Text.of(unescape(word.slice(1, -1)));
  if (word.startsWith('|')) return symbol(word.slice(1, -1));
  if (word === '#t' || word === '#true') return true;
  if (word === '#f' || word === '#false') return false;
  const number = parseNumber(word, 10);
  return number === false ? symbol(word) : number;
}

function character(name: string): Value {
  if (Array.from(name).length === 1) return new Char(name.codePointAt(0)!);
  if (/^x[0-9a-fA-F]+$/.test(name)) return new Char(parseInt(name.slice(1), 16));
  const point = charNames[name];
  if (point === undefined) throw new SyntaxError(`no character is called ${name}`);
  return new Char(point);
}

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', '\\': '\\', '"': '"', '|': '|' };

function unescape(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]+);|[ \t]*\n[ \t]*|([^]))/g, (_, hex: string | undefined, char: string | undefined) => {
    if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
    return char === undefined ? '' : escapes[char] ?? char;
  });
}

