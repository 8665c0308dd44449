/* builtins.ts: DATA PROCEDURES
 *
 * Pairs, numbers, symbols and vectors; each name with least and most arguments <design/testing#.plain>.
 */
import { isEqual, isEqv } from './equality.ts';
import * as n from './numbers.ts';
import { fail, Flonum, items, list, NIL, Pair, Rec, type RecordType, Sym, symbol, Text, UNSPECIFIC, EOF } from './values.ts';
import type { Value } from './values.ts';

/** Least and most arguments, and the body. */
export type Builtin = [least: number, most: number, body: (args: Value[]) => Value];
export type Builtins = Record<string, Builtin>;

const pair = (value: Value): Pair => (value instanceof Pair ? value : fail('not a pair', value));

/** indexOf -- an index in [0, limit], or an error */
export function indexOf(value: Value | undefined, limit: number): number {
  return typeof value === 'number' && value >= 0 && value <= limit ? value : fail('index out of range', value ?? NIL);
}

const vector = (value: Value): Value[] => (Array.isArray(value) ? value : fail('not a vector', value));

/** span -- the optional [base, limit) arguments of a procedure on sequences */
export function span(args: Value[], from: number, length: number): [base: number, limit: number] {
  const limit = args[from + 1] === undefined ? length : indexOf(args[from + 1], length);
  return [args[from] === undefined ? 0 : indexOf(args[from], limit), limit];
}

const path = (steps: string): Builtin => [1, 1, ([value]) => {
  let at = value;
  for (const step of Array.from(steps).reverse()) at = step === 'a' ? pair(at).car : pair(at).cdr;
  return at;
}];

const chain = (holds: (order: number) => boolean): Builtin => [1, Infinity, (args) => {
  let all = true;
  n.numeric(args[0]);
  for (let i = 1; i < args.length; i += 1) all = holds(n.compare(args[i - 1], args[i])) && all;
  return all;
}];

const search = (same: (a: Value, b: Value) => boolean, key: (item: Value) => Value, found: (place: Pair) => Value): Builtin =>
  [2, 2, ([value, start]) => {
    for (let at = start; at instanceof Pair; at = at.cdr) if (same(value, key(at.car))) return found(at);
    return false;
  }];

function isList(value: Value): boolean {
  const seen = new Set<Value>();
  for (; value instanceof Pair && !seen.has(value); value = value.cdr) seen.add(value);
  return value === NIL;
}

function tail(start: Value, count: Value): Value {
  let at = start;
  for (let left = indexOf(count, Infinity); left > 0; left -= 1) at = pair(at).cdr;
  return at;
}

function append(lists: Value[]): Value {
  return lists.length === 0 ? NIL : lists.slice(0, -1).reduceRight((rest, one) => list(items(one), rest), lists.at(-1)!);
}

function appendable(start: Value): Value {
  const front: Value[] = [];
  for (; start instanceof Pair; start = start.cdr) front.push(start.car);
  return list(front, start);
}

/** Pairs and lists. */
export const pairs: Builtins = {
  'cons': [2, 2, ([a, b]) => new Pair(a, b)],
  'car': path('a'), 'cdr': path('d'), 'caar': path('aa'), 'cadr': path('ad'), 'cdar': path('da'), 'cddr': path('dd'),
  'caddr': path('add'), 'cdddr': path('ddd'), 'caadr': path('aad'), 'cddar': path('dda'), 'cadar': path('ada'),
  'cdadr': path('dad'), 'caddar': path('adda'), 'cadddr': path('addd'), 'caaar': path('aaa'), 'cdaar': path('daa'),
  'set-car!': [2, 2, ([p, value]) => { pair(p).car = value!; return UNSPECIFIC; }],
  'set-cdr!': [2, 2, ([p, value]) => { pair(p).cdr = value!; return UNSPECIFIC; }],
  'list': [0, Infinity, (args) => list(args)],
  'cons*': [1, Infinity, (args) => list(args.slice(0, -1), args.at(-1))],
  'make-list': [1, 2, ([count, fill]) => list(new Array<Value>(indexOf(count, Infinity)).fill(fill ?? UNSPECIFIC))],
  'length': [1, 1, ([l]) => (isList(l) ? items(l).length : fail('not a proper list', l))],
  'append': [0, Infinity, append],
  'reverse': [1, 1, ([l]) => list(items(l).reverse())],
  'list-tail': [2, 2, ([l, k]) => tail(l, k)],
  'list-ref': [2, 2, ([l, k]) => pair(tail(l, k)).car],
  'list-set!': [3, 3, ([l, k, value]) => { pair(tail(l, k)).car = value!; return UNSPECIFIC; }],
  'list-copy': [1, 1, ([l]) => appendable(l)],
  'list?': [1, 1, ([l]) => isList(l)],
  'pair?': [1, 1, ([v]) => v instanceof Pair],
  'null?': [1, 1, ([v]) => v === NIL],
  'memq': search(isEqv, (item) => item, (place) => place),
  'memv': search(isEqv, (item) => item, (place) => place),
  'assq': search(isEqv, (item) => pair(item).car, (place) => place.car),
  'assv': search(isEqv, (item) => pair(item).car, (place) => place.car),
};

const fold = (unit: number, step: (a: Value, b: Value) => Value): Builtin =>
  [0, Infinity, (args) => args.reduce((a, b) => step(a, b), args.length === 1 ? step(unit, args[0]) : args.shift() ?? unit)];

const sign = (holds: (order: number) => boolean): Builtin => [1, 1, ([v]) => holds(n.compare(v, 0))];
const even = (v: Value): boolean => n.compare(n.remainder(v, 2), 0) === 0;

function gcd(a: Value, b: Value): n.Exact {
  let x = BigInt(n.integer(a)), y = BigInt(n.integer(b));
  while (y !== 0n) [x, y] = [y, x % y];
  return n.exact(x < 0n ? -x : x);
}

const extreme = (pick: (order: number) => boolean): Builtin => [1, Infinity, (args) => {
  const best = args.reduce((a, b) => (pick(n.compare(b, a)) ? b : a));
  return args.some((v) => v instanceof Flonum) ? new Flonum(n.float(n.numeric(best))) : n.numeric(best);
}];

/** Numbers. */
export const numbers: Builtins = {
  '+': [0, Infinity, (args) => { let sum: Value = 0; for (const v of args) sum = n.add(sum, v); return sum; }],
  '*': [0, Infinity, (args) => { let product: Value = 1; for (const v of args) product = n.multiply(product, v); return product; }],
  '-': [1, Infinity, (args) => (args.length === 1 ? n.subtract(0, args[0]) : args.reduce(n.subtract))],
  '/': [1, Infinity, (args) => (args.length === 1 ? n.divide(1, args[0]) : args.reduce(n.divide))],
  'quotient': [2, 2, ([a, b]) => n.quotient(a, b)],
  'remainder': [2, 2, ([a, b]) => n.remainder(a, b)],
  'modulo': [2, 2, ([a, b]) => n.modulo(a, b)],
  'truncate-quotient': [2, 2, ([a, b]) => n.quotient(a, b)],
  'truncate-remainder': [2, 2, ([a, b]) => n.remainder(a, b)],
  'floor-quotient': [2, 2, ([a, b]) => n.floorQuotient(a, b)],
  'floor-remainder': [2, 2, ([a, b]) => n.modulo(a, b)],
  '=': chain((order) => order === 0), '<': chain((order) => order < 0), '>': chain((order) => order > 0),
  '<=': chain((order) => order <= 0), '>=': chain((order) => order >= 0),
  'zero?': sign((order) => order === 0), 'positive?': sign((order) => order > 0), 'negative?': sign((order) => order < 0),
  'even?': [1, 1, ([v]) => even(v)],
  'odd?': [1, 1, ([v]) => !even(v)],
  'max': extreme((order) => order > 0), 'min': extreme((order) => order < 0),
  'abs': [1, 1, ([v]) => (n.compare(v, 0) < 0 ? n.subtract(0, v) : n.numeric(v))],
  'square': [1, 1, ([v]) => n.multiply(v, v)],
  'gcd': fold(0, gcd),
  'lcm': fold(1, (a, b) => {
    const common = gcd(a, b);
    return common === 0 ? 0 : n.multiply(n.quotient(numbers['abs'][2]([a]), common), numbers['abs'][2]([b]));
  }),
  'expt': [2, 2, ([a, b]) => n.power(a, b)],
  'sqrt': [1, 1, ([v]) => n.root(v)],
  'floor': [1, 1, ([v]) => n.rounder(Math.floor)(v)],
  'ceiling': [1, 1, ([v]) => n.rounder(Math.ceil)(v)],
  'truncate': [1, 1, ([v]) => n.rounder(Math.trunc)(v)],
  'round': [1, 1, ([v]) => n.rounder(n.halfEven)(v)],
  'exact': [1, 1, ([v]) => n.toExact(v)],
  'inexact->exact': [1, 1, ([v]) => n.toExact(v)],
  'inexact': [1, 1, ([v]) => new Flonum(n.float(n.numeric(v)))],
  'exact->inexact': [1, 1, ([v]) => new Flonum(n.float(n.numeric(v)))],
  'number?': [1, 1, ([v]) => n.isNumber(v)],
  'integer?': [1, 1, ([v]) => n.isExact(v) || (v instanceof Flonum && Number.isInteger(v.value))],
  'exact-integer?': [1, 1, ([v]) => n.isExact(v)],
  'exact?': [1, 1, ([v]) => n.isExact(n.numeric(v))],
  'inexact?': [1, 1, ([v]) => !n.isExact(n.numeric(v))],
  'number->string': [1, 2, ([v, radix]) => Text.of(n.numberText(n.numeric(v), Number(radix ?? 10)))],
};

/** Vectors. */
export const vectors: Builtins = {
  'vector': [0, Infinity, (args) => [...args]],
  'make-vector': [1, 2, ([count, fill]) => new Array<Value>(indexOf(count, 2 ** 32 - 1)).fill(fill ?? UNSPECIFIC)],
  'vector?': [1, 1, ([v]) => Array.isArray(v)],
  'vector-length': [1, 1, ([v]) => vector(v).length],
  'vector-ref': [2, 2, ([v, k]) => vector(v)[indexOf(k, vector(v).length - 1)]],
  'vector-set!': [3, 3, ([v, k, value]) => { vector(v)[indexOf(k, vector(v).length - 1)] = value!; return UNSPECIFIC; }],
  'vector-fill!': [2, 4, (args) => { vector(args[0]).fill(args[1], ...span(args, 2, vector(args[0]).length)); return UNSPECIFIC; }],
  'vector->list': [1, 3, (args) => list(vector(args[0]).slice(...span(args, 1, vector(args[0]).length)))],
  'list->vector': [1, 1, ([l]) => items(l)],
  'vector-copy': [1, 3, (args) => vector(args[0]).slice(...span(args, 1, vector(args[0]).length))],
  'vector-append': [0, Infinity, (args) => args.flatMap((v) => vector(v))],
  'vector-copy!': [3, 5, (args) => {
    const to = vector(args[0]), from = vector(args[2]), moved = from.slice(...span(args, 3, from.length));
    const at = indexOf(args[1], to.length - moved.length);
    moved.forEach((value, i) => { to[at + i] = value; });
    return UNSPECIFIC;
  }],
};

const record = (type: RecordType, value: Value): Rec =>
  (value instanceof Rec && value.type === type ? value : fail(`not a ${type.name}`, value));

/** Predicates, symbols, booleans, records. */
export const others: Builtins = {
  'eq?': [2, 2, ([a, b]) => isEqv(a, b)],
  'eqv?': [2, 2, ([a, b]) => isEqv(a, b)],
  'equal?': [2, 2, ([a, b]) => isEqual(a, b)],
  'not': [1, 1, ([v]) => v === false],
  'boolean?': [1, 1, ([v]) => typeof v === 'boolean'],
  'boolean=?': [2, Infinity, (args) => args.every((v) => v === args[0])],
  'symbol?': [1, 1, ([v]) => v instanceof Sym],
  'symbol=?': [2, Infinity, (args) => args.every((v) => v === args[0])],
  'symbol->string': [1, 1, ([v]) => (v instanceof Sym ? Text.of(v.name) : fail('not a symbol', v))],
  'string->symbol': [1, 1, ([v]) => (v instanceof Text ? symbol(v.toString()) : fail('not a string', v))],
  'eof-object': [0, 0, () => EOF],
  'eof-object?': [1, 1, ([v]) => v === EOF],
};

/** makeRecordBuiltins -- procedures that make the procedures of a record type */
export function recordBuiltins(primitive: (name: string, builtin: Builtin) => Value): Builtins {
  const typeOf = (value: Value): RecordType => value as RecordType;
  return {
    '%record-maker': [2, 2, ([t, places]) => {
      const type = typeOf(t), at = places as number[];
      return primitive(`make-${type.name}`, [at.length, at.length, (args) => {
        const fields = new Array<Value>(type.fields.length).fill(UNSPECIFIC);
        at.forEach((place, i) => { fields[place] = args[i]!; });
        return new Rec(type, fields);
      }]);
    }],
    '%record-test': [1, 1, ([t]) => primitive(`${typeOf(t).name}?`, [1, 1, ([v]) => v instanceof Rec && v.type === t])],
    '%record-getter': [2, 2, ([t, at]) => primitive(`${typeOf(t).name}-field`, [1, 1, ([v]) => record(typeOf(t), v).fields[Number(at)]])],
    '%record-setter': [2, 2, ([t, at]) => primitive(`${typeOf(t).name}-field-set!`, [2, 2, ([v, value]) => {
      record(typeOf(t), v).fields[Number(at)] = value!;
      return UNSPECIFIC;
    }])],
  };
}
