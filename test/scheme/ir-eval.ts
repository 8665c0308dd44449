/* ir-eval.ts: THE CORE LANGUAGE, EVALUATED BY THE HOST
 *
 * The least interpreter that lets tests ask what an expansion means: host closures over environments, exceptions for
 * conditions, no proper tail calls and no continuations.
 */
import type { Datum } from '../../code/scheme/datum.ts';
import { Expander } from '../../code/scheme/expander.ts';
import type { Clause, Expr, Variable } from '../../code/scheme/ir.ts';
import { Reader } from '../../code/scheme/reader.ts';

export class Pair {
  car: Value;
  cdr: Value;
  constructor(car: Value, cdr: Value) {
    this.car = car;
    this.cdr = cdr;
  }
}
export class Name {
  readonly sort = 'name';
  readonly name: string;
  constructor(name: string) { this.name = name; }
}
class Char {
  readonly code: number;
  constructor(code: number) { this.code = code; }
}
class Values {
  readonly list: Value[];
  constructor(list: Value[]) { this.list = list; }
}
class RecordType {
  readonly sort = 'type';
  readonly name: string;
  readonly fields: Value;
  constructor(name: string, fields: Value) {
    this.name = name;
    this.fields = fields;
  }
}
class Instance {
  readonly type: RecordType;
  readonly fields: Value[];
  constructor(type: RecordType, fields: Value[]) {
    this.type = type;
    this.fields = fields;
  }
}
class Promised {
  thunk: Procedure | null;
  value: Value = NIL;
  readonly iterative: boolean;
  constructor(thunk: Procedure, iterative: boolean) {
    this.thunk = thunk;
    this.iterative = iterative;
  }
}
class Parameter { value: Value = NIL }
/** A condition on its way to a guard. */
export class Raised extends Error {
  readonly payload: Value;
  constructor(payload: Value) {
    super('raised');
    this.payload = payload;
  }
}

type Procedure = (...args: Value[]) => Value;
export type Value =
  | bigint | number | string | boolean | null | undefined | Name | Char | Pair | Values | RecordType | Instance | Promised | Parameter
  | Value[] | Uint8Array | Procedure;

/** null is the empty list, undefined the unspecific value. */
const NIL = null;
const UNASSIGNED: unique symbol = Symbol('unassigned');

type Environment = Map<Variable, { value: Value | typeof UNASSIGNED }>;

export class Machine {
  readonly globals: Map<string, Value> = new Map<string, Value>(Object.entries(primitives()));
  readonly expander: Expander = new Expander();
  private readonly names = new Map<string, Name>();

  /** The value of the last form of a text. */
  run(text: string): Value {
    const reader = new Reader(text, 'test.scm');
    let value: Value;
    for (let datum = reader.read(); datum !== null; datum = reader.read()) {
      value = this.eval(this.expander.expand(datum, reader.at), new Map());
    }
    return value;
  }

  eval(expr: Expr, env: Environment): Value {
    switch (expr.op) {
      case 'const': return this.quote(expr.value);
      case 'local': {
        const cell = env.get(expr.variable);
        if (cell === undefined) throw new Error(`no cell for ${expr.variable.name}`);
        if (cell.value === UNASSIGNED) throw new Error(`${expr.variable.name} is used before its value`);
        return cell.value;
      }
      case 'global': {
        if (!this.globals.has(expr.name)) throw new Error(`unbound variable ${expr.name}`);
        return this.globals.get(expr.name);
      }
      case 'setlocal':
        if (!expr.variable.assigned) throw new Error(`${expr.variable.name} is not marked as assigned`);
        (env.get(expr.variable) as { value: Value }).value = this.eval(expr.value, env);
        return undefined;
      case 'setglobal':
        if (!this.globals.has(expr.name)) throw new Error(`unbound variable ${expr.name}`);
        this.globals.set(expr.name, this.eval(expr.value, env));
        return undefined;
      case 'define':
        this.globals.set(expr.name, this.eval(expr.value, env));
        return undefined;
      case 'if': return this.eval(expr.test, env) === false ? this.eval(expr.else, env) : this.eval(expr.then, env);
      case 'seq': {
        let value: Value;
        for (const each of expr.body) value = this.eval(each, env);
        return value;
      }
      case 'lambda': return this.closure(expr.clauses, env);
      case 'let': {
        const inner = new Map(env);
        expr.inits.forEach((init, i) => inner.set(expr.variables[i], { value: this.eval(init, env) }));
        return this.eval(expr.body, inner);
      }
      case 'letrec': {
        const inner = new Map(env);
        for (const variable of expr.variables) inner.set(variable, { value: UNASSIGNED });
        expr.inits.forEach((init, i) => { (inner.get(expr.variables[i]) as { value: Value }).value = this.eval(init, inner); });
        return this.eval(expr.body, inner);
      }
      case 'call': {
        const args = expr.args.map((arg) => this.eval(arg, env));
        const callee = this.eval(expr.callee, env);
        if (typeof callee !== 'function') throw new Error('call of what is no procedure');
        return call(callee, ...args);
      }
    }
  }

  private closure(clauses: readonly Clause[], env: Environment): Procedure {
    return (...args) => {
      const clause = clauses.find(({ params, rest }) => args.length === params.length || (rest !== null && args.length > params.length));
      if (clause === undefined) throw new Error(`wrong number of arguments: ${args.length}`);
      const inner = new Map(env);
      clause.params.forEach((param, i) => inner.set(param, { value: args[i] }));
      if (clause.rest !== null) inner.set(clause.rest, { value: list(args.slice(clause.params.length)) });
      return this.eval(clause.body, inner);
    };
  }

  private quote(datum: Datum): Value {
    switch (datum.type) {
      case 'symbol': {
        const name = this.names.get(datum.name) ?? new Name(datum.name);
        this.names.set(datum.name, name);
        return name;
      }
      case 'pair': return new Pair(this.quote(datum.car), this.quote(datum.cdr));
      case 'null': return NIL;
      case 'char': return new Char(datum.value);
      case 'vector': return datum.items.map((item) => this.quote(item));
      case 'bytes': return Uint8Array.from(datum.bytes);
      case 'unspecific': return undefined;
      default: return datum.value;
    }
  }
}

function list(values: readonly Value[], tail: Value = NIL): Value {
  return values.reduceRight<Value>((rest, value) => new Pair(value, rest), tail);
}

function array(value: Value): Value[] {
  const items: Value[] = [];
  for (let rest = value; rest instanceof Pair; rest = rest.cdr) items.push(rest.car);
  return items;
}

const call = (callee: Value, ...args: Value[]): Value => (callee as Procedure)(...args);

function isEqv(a: Value, b: Value): boolean {
  if (a instanceof Char && b instanceof Char) return a.code === b.code;
  return a === b;
}

function force(value: Value): Value {
  if (!(value instanceof Promised)) return value;
  if (value.thunk !== null) {
    const made = value.thunk();
    if (value.thunk !== null) {
      value.value = value.iterative ? force(made) : made;
      value.thunk = null;
    }
  }
  return value.value;
}

function append(a: Value, b: Value): Value {
  return list(array(a), b);
}

function guard(body: Value, handler: Value): Value {
  try {
    return call(body);
  } catch (raised) {
    if (!(raised instanceof Raised)) throw raised;
    return call(handler, raised.payload, () => { throw raised; });
  }
}

function parameterize(body: Value, ...bindings: Value[]): Value {
  const saved: [Parameter, Value][] = [];
  for (let i = 0; i < bindings.length; i += 2) {
    const parameter = (bindings[i] as unknown as { parameter: Parameter }).parameter;
    saved.push([parameter, parameter.value]);
    parameter.value = bindings[i + 1];
  }
  try {
    return call(body);
  } finally {
    for (const [parameter, value] of saved) parameter.value = value;
  }
}

function makeParameter(value: Value): Value {
  const parameter = new Parameter();
  parameter.value = value;
  return Object.assign((): Value => parameter.value, { parameter });
}

function field(record: Value, type: Value, i: Value, name: Value): { fields: Value[]; i: number } {
  if (!(record instanceof Instance) || record.type !== type) throw new Error(`${(name as Name).name}: wrong type`);
  return { fields: record.fields, i: Number(i) };
}

function callWithValues(producer: Value, receiver: Value): Value {
  const made = call(producer);
  return made instanceof Values ? call(receiver, ...made.list) : call(receiver, made);
}

function primitives(): Record<string, Value> {
  const compare = (test: (a: bigint, b: bigint) => boolean) => (a: Value, b: Value): Value => test(a as bigint, b as bigint);
  return {
    '+': (...args) => (args as bigint[]).reduce((a, b) => a + b, 0n), '*': (...args) => (args as bigint[]).reduce((a, b) => a * b, 1n),
    '-': (a, b) => (b === undefined ? -(a as bigint) : (a as bigint) - (b as bigint)),
    '=': compare((a, b) => a === b), '<': compare((a, b) => a < b), '>': compare((a, b) => a > b),
    'car': (p) => (p as Pair).car, 'cdr': (p) => (p as Pair).cdr, 'cons': (a, b) => new Pair(a, b),
    'null?': (x) => x === NIL, 'pair?': (x) => x instanceof Pair, 'not': (x) => x === false, 'list': (...args) => list(args),
    'eq?': (a, b) => isEqv(a, b), 'vector': (...args) => args, 'vector-ref': (v, i) => (v as Value[])[Number(i)],
    'values': (...args) => (args.length === 1 ? args[0] : new Values(args)), 'append': append, 'reverse': (x) => list(array(x).reverse()),
    'force': force, 'make-parameter': makeParameter, 'raise': (x) => { throw new Raised(x); }, 'apply': (f, args) => call(f, ...array(args)),
    'assq': (key, alist) => array(alist).find((entry) => (entry as Pair).car === key) ?? false,
    '%eq?': (a, b) => isEqv(a, b), '%eqv?': (a, b) => isEqv(a, b), '%memv': (x, items) => array(items).some((item) => isEqv(x, item)),
    '%cons': (a, b) => new Pair(a, b), '%cons*': (...args) => list(args.slice(0, -1), args.at(-1)), '%append': append,
    '%list->vector': (x) => array(x), '%vector': (...args) => args, '%vector-ref': (v, i) => (v as Value[])[Number(i)],
    '%call-with-values': callWithValues, '%delay': (thunk) => new Promised(thunk as Procedure, false),
    '%delay-force': (thunk) => new Promised(thunk as Procedure, true), '%parameterize': parameterize, '%guard': guard,
    '%make-record-type': (name, fields) => new RecordType((name as Name).name, fields),
    '%record': (type, ...fields) => new Instance(type as RecordType, fields),
    '%record?': (x, type) => x instanceof Instance && x.type === type,
    '%record-ref': (record, type, i, name) => { const at = field(record, type, i, name); return at.fields[at.i]; },
    '%record-set!': (record, type, i, value, name) => { const at = field(record, type, i, name); at.fields[at.i] = value; return undefined; },
  };
}

/** A value as `write` shows it. */
export function show(value: Value): string {
  if (value === NIL) return '()';
  if (value === undefined) return '#<unspecific>';
  if (typeof value === 'boolean') return value ? '#t' : '#f';
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Name) return value.name;
  if (value instanceof Char) return `#\\${String.fromCodePoint(value.code)}`;
  if (Array.isArray(value)) return `#(${value.map(show).join(' ')})`;
  if (value instanceof Uint8Array) return `#u8(${value.join(' ')})`;
  if (value instanceof Pair) {
    let text = show(value.car);
    let rest: Value = value.cdr;
    for (; rest instanceof Pair; rest = rest.cdr) text += ` ${show(rest.car)}`;
    return rest === NIL ? `(${text})` : `(${text} . ${show(rest)})`;
  }
  if (typeof value === 'function') return '#<procedure>';
  return typeof value === 'object' ? `#<${value.constructor.name}>` : String(value);
}

/** What a program's last form is, as `write` shows it. */
export function evaluate(text: string): string {
  return show(new Machine().run(text));
}

/** The message of the syntax error that a program has; fails if it has none. */
export function mistake(text: string): string {
  try {
    new Machine().run(text);
  } catch (error) {
    if (error instanceof Error && error.name === 'SchemeSyntaxError') return error.message;
    throw error;
  }
  throw new Error(`no syntax error in ${text}`);
}
