/* reader.ts: THE READER
 *
 * Makes data of text. Nesting is kept on a stack of its own, so that neither depth nor length of the input meets the
 * host's stack <design/reader#.inv.stack>.
 */
import type { BytesDatum, Datum, PairDatum, Position, SymbolDatum } from './datum.ts';
import { SchemeSyntaxError } from './datum.ts';
import type { Token } from './lexer.ts';
import { Lexer } from './lexer.ts';

const NULL: Datum = { type: 'null' };

/** What is open: a list, vector or bytevector that collects, or a prefix, label or comment that waits for one datum. */
interface Open {
  readonly kind: 'open' | 'vector' | 'bytes' | 'prefix' | 'label' | 'comment';
  readonly at: Position;
  readonly name: string;
  readonly number: number;
  readonly items: Datum[];
  /** The head of a list and its last pair so far. */
  head: PairDatum | null;
  last: PairDatum | null;
  /** `dotted`: a dot was read; `tailed`: so was what follows it. */
  tail: 'none' | 'dotted' | 'tailed';
}

/** Stands for a label that is not yet read; replaced before the datum is handed out. */
interface Hole { readonly type: 'unspecific'; readonly label: Label }
interface Label { value: Datum | null }

/** Reads the data of one text, one by one <design/reader>. */
export class Reader {
  private readonly lexer: Lexer;
  private stack: Open[] = [];
  private labels: Map<number, Label> = new Map();
  private holes = false;
  private place: Position;

  /** Positions are counted from `offset`. */
  constructor(text: string, file: string, offset = 0) {
    this.lexer = new Lexer(text, file, offset);
    this.place = this.lexer.here();
  }

  /** Where the last datum begins: for those that keep no place of their own. */
  get at(): Position {
    return this.place;
  }

  /** How much of the text is consumed: after a datum, the place just behind it. */
  get offset(): number {
    return this.lexer.consumed;
  }

  /** read -- the next datum; null at the end of the text
   *
   * Throws SchemeSyntaxError.
   */
  read(): Datum | null {
    this.stack = [];
    this.labels = new Map();
    this.holes = false;
    for (;;) {
      const token = this.lexer.next();
      if (this.stack.length === 0) this.place = token.at;
      let done: Datum | null = null;
      switch (token.kind) {
        case 'eof':
          this.finish(token);
          return null;
        case 'close': done = this.close(token); break;
        case 'dot': this.dot(token); break;
        case 'reference': done = this.complete(this.refer(token), token.at); break;
        case 'datum': done = this.complete(token.datum as Datum, token.at); break;
        default: this.open(token, token.kind); break;
      }
      if (done !== null) return this.holes ? fill(done) : done;
    }
  }

  private open(token: Token, kind: Open['kind']): void {
    const { at, name, number } = token;
    if (kind === 'label') {
      if (this.labels.has(number)) {
        throw new SchemeSyntaxError(at, `label #${number}= is defined twice in one datum`, 'use another number');
      }
      this.labels.set(number, { value: null });
    }
    this.stack.push({ kind, at, name, number, items: [], head: null, last: null, tail: 'none' });
  }

  /** The text ended: nothing may be open. */
  private finish(token: Token): void {
    const open = this.stack.findLast((each) => isBracket(each.kind)) ?? this.stack.at(-1);
    if (open === undefined) return;
    if (isBracket(open.kind)) {
      const what = open.kind === 'open' ? 'list' : open.kind === 'vector' ? 'vector' : 'bytevector';
      throw new SchemeSyntaxError(open.at, `the ${what} opened here is never closed`, `add ) before the end at line ${token.at.line}`);
    }
    throw new SchemeSyntaxError(open.at, `${spell(open)} has nothing after it`, 'write a datum after it');
  }

  private close(token: Token): Datum | null {
    const open = this.stack.pop();
    if (open === undefined) throw new SchemeSyntaxError(token.at, 'this ) closes nothing', 'remove it, or add a ( before it');
    if (!isBracket(open.kind)) {
      throw new SchemeSyntaxError(open.at, `${spell(open)} has nothing after it`, 'write a datum before the )');
    }
    if (open.tail === 'dotted') throw new SchemeSyntaxError(token.at, 'nothing between . and )', 'write one datum after the dot');
    if (open.kind === 'vector') return this.complete({ type: 'vector', items: open.items }, open.at);
    if (open.kind === 'bytes') return this.complete(bytes(open), open.at);
    return this.complete(open.head ?? NULL, open.at);
  }

  private dot(token: Token): void {
    const open = this.stack.at(-1);
    if (open?.kind !== 'open' || open.head === null || open.tail !== 'none') {
      throw new SchemeSyntaxError(token.at, 'a dot out of place', 'a dot stands before the last datum of a list: (a . b)');
    }
    open.tail = 'dotted';
  }

  private refer(token: Token): Datum {
    const label = this.labels.get(token.number);
    if (label === undefined) {
      throw new SchemeSyntaxError(token.at, `label #${token.number}# is not defined`, `write #${token.number}= before a datum that encloses or precedes it`);
    }
    if (label.value !== null) return label.value;
    this.holes = true;
    const hole: Hole = { type: 'unspecific', label };
    return hole;
  }

  /** complete -- hand a finished datum to what is open
   *
   * Gives it back if nothing is. A prefix or label is itself finished by it, hence the loop.
   */
  private complete(finished: Datum, from: Position): Datum | null {
    let datum = finished;
    let at = from;
    for (;;) {
      const open = this.stack.at(-1);
      if (open === undefined) return datum;
      if (isBracket(open.kind)) {
        append(open, datum, at);
        return null;
      }
      this.stack.pop();
      if (open.kind === 'comment') return null;
      at = open.at;
      if (open.kind === 'label') this.define(open, datum);
      else datum = prefixed(open, datum);
    }
  }

  private define(open: Open, datum: Datum): void {
    const label = this.labels.get(open.number) as Label;
    if (isHole(datum) && datum.label === label) {
      throw new SchemeSyntaxError(open.at, `label #${open.number}= stands for itself`, 'write a datum after it');
    }
    label.value = datum;
  }
}

function isBracket(kind: Open['kind']): boolean {
  return kind === 'open' || kind === 'vector' || kind === 'bytes';
}

function spell(open: Open): string {
  if (open.kind === 'comment') return '#;';
  return open.kind === 'label' ? `#${open.number}=` : open.name;
}

function prefixed(open: Open, datum: Datum): Datum {
  const symbol: SymbolDatum = { type: 'symbol', name: open.name, at: open.at };
  return { type: 'pair', car: symbol, cdr: { type: 'pair', car: datum, cdr: NULL, at: open.at }, at: open.at };
}

function append(open: Open, datum: Datum, at: Position): void {
  if (open.kind !== 'open') {
    open.items.push(datum);
    return;
  }
  if (open.tail === 'dotted' && open.last !== null) {
    open.last.cdr = datum;
    open.tail = 'tailed';
    return;
  }
  if (open.tail === 'tailed') throw new SchemeSyntaxError(at, 'more than one datum after a dot', 'a dot stands before the last datum of a list: (a . b)');
  // .at: the first pair stands where the list begins, each other where its own item does.
  const pair: PairDatum = { type: 'pair', car: datum, cdr: NULL, at: open.last === null ? open.at : at };
  if (open.last === null) open.head = pair;
  else open.last.cdr = pair;
  open.last = pair;
}

function bytes(open: Open): BytesDatum {
  return {
    type: 'bytes',
    bytes: open.items.map((item) => {
      if (item.type === 'integer' && item.value >= 0n && item.value <= 255n) return Number(item.value);
      throw new SchemeSyntaxError(open.at, 'a bytevector holds something that is not a byte', 'write integers from 0 to 255');
    }),
  };
}

function isHole(datum: Datum): datum is Hole {
  return datum.type === 'unspecific' && 'label' in datum;
}

/** fill -- put what labels stand for in place of their holes; each object is visited once, whatever the cycles. */
function fill(root: Datum): Datum {
  const value = (datum: Datum): Datum => {
    let found = datum;
    while (isHole(found)) found = found.label.value as Datum;
    return found;
  };
  const seen = new Set<Datum>();
  const pending: Datum[] = [root];
  for (let datum = pending.pop(); datum !== undefined; datum = pending.pop()) {
    if ((datum.type !== 'pair' && datum.type !== 'vector') || seen.has(datum)) continue;
    seen.add(datum);
    if (datum.type === 'vector') {
      for (let i = 0; i < datum.items.length; ++i) pending.push(datum.items[i] = value(datum.items[i]));
    } else {
      pending.push(datum.car = value(datum.car), datum.cdr = value(datum.cdr));
    }
  }
  return value(root);
}
