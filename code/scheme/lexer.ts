/* lexer.ts: TOKENS
 *
 * Cuts a text into the tokens of R7RS and drops white space and comments <design/reader#.def.token>. Datum comments are
 * the reader's, because they are as long as a datum.
 */
import type { Datum, Position } from './datum.ts';
import { SchemeSyntaxError } from './datum.ts';
import { parseComplex, parseNumber } from './number.ts';

export type TokenKind =
  | 'eof' | 'open' | 'close' | 'vector' | 'bytes' | 'dot' | 'comment' | 'prefix' | 'label' | 'reference' | 'datum';

/** `name` is that of the form a prefix stands for; `number` that of a label. */
export interface Token {
  readonly kind: TokenKind;
  readonly at: Position;
  readonly datum: Datum | null;
  readonly name: string;
  readonly number: number;
}

const CHARACTERS: ReadonlyMap<string, number> = new Map([
  ['alarm', 7], ['backspace', 8], ['delete', 127], ['escape', 27], ['newline', 10], ['nul', 0], ['null', 0],
  ['return', 13], ['space', 32], ['tab', 9],
]);
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'], ['b', '\b'], ['t', '\t'], ['n', '\n'], ['r', '\r'], ['"', '"'], ['\\', '\\'], ['|', '|'],
]);
const WHITE = /\s/;
const DELIMITER = /[\s()";|]/;
/** What an R7RS reader reserves, or takes for the beginning of something else, within a symbol. */
const STRAY = /['`,[\]{}\\]/;
/** What begins like a number and must therefore be one. */
const NUMERIC = /^[+-]?\.?\d/;
/** The two names older than that rule that programs still use. */
const PECULIAR = /^-?1\+$/;

export class Lexer {
  private readonly text: string;
  private readonly file: string;
  private offset: number;
  private line = 1;
  private lineBase: number;
  private fold = false;
  private readonly delimiter = /[\s()";|]/g;

  constructor(text: string, file: string, offset = 0) {
    this.text = text;
    this.file = file;
    this.offset = offset;
    this.lineBase = offset;
    if (offset === 0 && /^#![/ ]/.test(text)) this.skipLine();
  }

  /** How far the text is consumed. */
  get consumed(): number {
    return this.offset;
  }

  /** The place of the next character. */
  here(): Position {
    return { file: this.file, line: this.line, column: this.offset - this.lineBase + 1 };
  }

  next(): Token {
    this.skip();
    const at = this.here();
    const char = this.peek(0);
    switch (char) {
      case '': return token('eof', at);
      case '(': return this.take(1, token('open', at));
      case ')': return this.take(1, token('close', at));
      case '\'': return this.take(1, token('prefix', at, 'quote'));
      case '`': return this.take(1, token('prefix', at, 'quasiquote'));
      case ',':
        if (this.peek(1) === '@') return this.take(2, token('prefix', at, 'unquote-splicing'));
        return this.take(1, token('prefix', at, 'unquote'));
      case '"': return datumToken(at, { type: 'string', value: this.quoted(at, '"', 'string') });
      case '#': return this.hash(at);
      case '[': case ']': case '{': case '}':
        throw new SchemeSyntaxError(at, `${char} has no meaning in Scheme`, 'use parentheses');
      default: return this.atom(at);
    }
  }

  private peek(ahead: number): string {
    return this.text.charAt(this.offset + ahead);
  }

  private take(count: number, result: Token): Token {
    this.offset += count;
    return result;
  }

  /** Consumes one character and keeps the line count; a carriage return before a line feed is part of it. */
  private advance(): void {
    const char = this.peek(0);
    this.offset += 1;
    if (char === '\n' || (char === '\r' && this.peek(0) !== '\n')) {
      this.line += 1;
      this.lineBase = this.offset;
    }
  }

  private skip(): void {
    for (;;) {
      const char = this.peek(0);
      if (char === ';') this.skipLine();
      else if (char === '#' && this.peek(1) === '|') this.skipBlock();
      else if (char === '#' && this.peek(1) === '!') this.directive();
      else if (char !== '' && WHITE.test(char)) this.advance();
      else return;
    }
  }

  private skipLine(): void {
    while (this.peek(0) !== '' && this.peek(0) !== '\n' && this.peek(0) !== '\r') this.offset += 1;
  }

  private skipBlock(): void {
    const at = this.here();
    let depth = 0;
    do {
      const pair = this.peek(0) + this.peek(1);
      if (pair === '') throw new SchemeSyntaxError(at, 'the block comment opened here is never closed', 'add |#');
      if (pair === '#|') depth += 1;
      if (pair === '|#') depth -= 1;
      if (pair === '#|' || pair === '|#') this.offset += 2;
      else this.advance();
    } while (depth > 0);
  }

  private directive(): void {
    const at = this.here();
    const name = this.word();
    if (name === '#!fold-case') this.fold = true;
    else if (name === '#!no-fold-case') this.fold = false;
    else throw new SchemeSyntaxError(at, `unknown directive ${name}`, 'there are #!fold-case and #!no-fold-case');
  }

  /** The characters up to the next delimiter. */
  private word(): string {
    const base = this.offset;
    this.delimiter.lastIndex = base;
    this.offset = this.delimiter.exec(this.text)?.index ?? this.text.length;
    return this.text.slice(base, this.offset);
  }

  private hash(at: Position): Token {
    const char = this.peek(1);
    if (char === '(') return this.take(2, token('vector', at));
    if (char === ';') return this.take(2, token('comment', at));
    if (char === '\\') return this.character(at);
    const label = /^#(\d{1,9})([=#])/.exec(this.text.slice(this.offset, this.offset + 12));
    if (label !== null) {
      const kind = label[2] === '=' ? 'label' : 'reference';
      return this.take(label[0].length, { ...token(kind, at), number: Number(label[1]) });
    }
    const word = this.word();
    const lower = word.toLowerCase();
    if (lower === '#u8' && this.peek(0) === '(') return this.take(1, token('bytes', at));
    if (lower === '#t' || lower === '#true') return datumToken(at, { type: 'boolean', value: true });
    if (lower === '#f' || lower === '#false') return datumToken(at, { type: 'boolean', value: false });
    if (/^#[eixbod]/.test(lower)) return this.number(at, word);
    throw new SchemeSyntaxError(at, `unknown syntax ${word}`, 'after # come t, f, (, u8(, \\, |, ;, a number prefix or a label');
  }

  private number(at: Position, word: string): Token {
    const value = parseNumber(word, 10);
    if (typeof value === 'bigint') return datumToken(at, { type: 'integer', value });
    if (value !== null) return datumToken(at, { type: 'real', value });
    if (parseComplex(word)) {
      throw new SchemeSyntaxError(at, `${word} is a complex number`, 'there are only integers and reals');
    }
    if (/^[+-]?\d+\/0+$/.test(word)) throw new SchemeSyntaxError(at, `${word} divides by zero`, 'write +inf.0 if that is meant');
    if (/^#.*e/i.test(word) && parseNumber(word.replace(/#e/i, ''), 10) !== null) {
      throw new SchemeSyntaxError(at, `${word} is not an exact integer`, 'there are no exact fractions; leave out #e');
    }
    throw new SchemeSyntaxError(at, `${word} is not a number`, 'if a symbol is meant, write it between vertical bars');
  }

  /** A number, a symbol or the dot of a pair. */
  private atom(at: Position): Token {
    const base = this.offset;
    let bars = false;
    let name = '';
    for (;;) {
      const word = this.word();
      const stray = STRAY.exec(word);
      if (stray !== null) {
        throw new SchemeSyntaxError(at, `${stray[0]} inside the symbol ${word}`, 'put a space before it, or write the symbol between vertical bars');
      }
      name += this.fold ? word.toLowerCase() : word;
      if (this.peek(0) !== '|') break;
      bars = true;
      name += this.quoted(this.here(), '|', 'symbol');
    }
    const text = this.text.slice(base, this.offset);
    if (bars) return datumToken(at, { type: 'symbol', name, at });
    if (text === '.') return token('dot', at);
    if (NUMERIC.test(text) && !PECULIAR.test(text)) return this.number(at, text);
    if (/^[+-]/.test(text) && (parseNumber(text, 10) !== null || parseComplex(text))) return this.number(at, text);
    return datumToken(at, { type: 'symbol', name, at });
  }

  /** What stands between two quotes or two bars, without its escapes. */
  private quoted(at: Position, quote: string, what: string): string {
    const parts: string[] = [];
    this.offset += 1;
    for (;;) {
      const base = this.offset;
      while (!/["|\\\r\n]/.test(this.peek(0)) && this.peek(0) !== '') this.offset += 1;
      parts.push(this.text.slice(base, this.offset));
      const char = this.peek(0);
      if (char === '') throw new SchemeSyntaxError(at, `the ${what} opened here is never closed`, `add ${quote}`);
      if (char === '\\') {
        parts.push(this.escape(what));
        continue;
      }
      this.advance();
      if (char === quote) return parts.join('');
      if (char === '\r') parts.push(this.peek(0) === '\n' ? '' : '\n');
      else parts.push(char);
    }
  }

  private escape(what: string): string {
    const at = this.here();
    const char = this.peek(1);
    const plain = ESCAPES.get(char);
    if (plain !== undefined) {
      this.offset += 2;
      return plain;
    }
    const hex = /^\\x([\da-f]{1,8});/i.exec(this.text.slice(this.offset, this.offset + 11));
    if (hex !== null) {
      this.offset += hex[0].length;
      return String.fromCodePoint(codePoint(at, hex[1] ?? ''));
    }
    if (what === 'string' && this.continuation()) return '';
    if (char === '') {
      this.offset += 1;
      return '';
    }
    throw new SchemeSyntaxError(at, `unknown escape \\${char} in a ${what}`, 'known are \\a \\b \\t \\n \\r \\" \\\\ \\| and \\xHEX;');
  }

  /** A line that ends in a backslash goes on at the first character of the next. */
  private continuation(): boolean {
    let ahead = 1;
    while (this.peek(ahead) === ' ' || this.peek(ahead) === '\t') ahead += 1;
    if (this.peek(ahead) !== '\n' && this.peek(ahead) !== '\r') return false;
    this.offset += ahead;
    if (this.peek(0) === '\r' && this.peek(1) === '\n') this.advance();
    this.advance();
    while (this.peek(0) === ' ' || this.peek(0) === '\t') this.offset += 1;
    return true;
  }

  private character(at: Position): Token {
    const first = this.text.codePointAt(this.offset + 2);
    if (first === undefined) throw new SchemeSyntaxError(at, 'the text ends within a character', 'write #\\space or #\\a');
    const single = String.fromCodePoint(first);
    this.offset += 2;
    if (single === '\n' || single === '\r') this.advance();
    else this.offset += single.length;
    const name = DELIMITER.test(single) ? single : single + this.word();
    if (name === single) return datumToken(at, { type: 'char', value: first });
    if (/^x[\da-f]+$/i.test(name)) return datumToken(at, { type: 'char', value: codePoint(at, name.slice(1)) });
    const value = CHARACTERS.get(this.fold ? name.toLowerCase() : name);
    if (value === undefined) {
      throw new SchemeSyntaxError(at, `unknown character #\\${name}`, `known are ${[...CHARACTERS.keys()].join(', ')} and xHEX`);
    }
    return datumToken(at, { type: 'char', value });
  }
}

function codePoint(at: Position, hex: string): number {
  const value = Number.parseInt(hex, 16);
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
    throw new SchemeSyntaxError(at, `there is no character ${hex}`, 'code points go to 10FFFF, without D800 to DFFF');
  }
  return value;
}

function token(kind: TokenKind, at: Position, name = ''): Token {
  return { kind, at, datum: null, name, number: 0 };
}

function datumToken(at: Position, datum: Datum): Token {
  return { kind: 'datum', at, datum, name: '', number: 0 };
}
