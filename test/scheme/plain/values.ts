/* values.ts: THE VALUES OF THE PLAIN EVALUATOR
 *
 * Ordinary JavaScript values and small classes: nothing here knows the emulated machine or its heap, so that agreement
 * with Capstan is evidence <design/testing#.plain>.
 */
import type { Machine } from './machine.ts';

/** An inexact number, kept apart from exact ones, which are JavaScript numbers or bigints. */
export class Flonum {
  readonly value: number;
  constructor(value: number) { this.value = value; }
}

/** A character: one code point. */
export class Char {
  readonly point: number;
  constructor(point: number) { this.point = point; }
}

/** A mutable string: one element a code point. */
export class Text {
  chars: string[];
  constructor(chars: string[]) { this.chars = chars; }
  static of(text: string): Text { return new Text(Array.from(text)); }
  toString(): string { return this.chars.join(''); }
}

/** A symbol; interned by `symbol`. */
export class Sym {
  readonly name: string;
  constructor(name: string) { this.name = name; }
}

/** An identifier that a macro put into a program: itself when bound, else what `id` means at the macro's definition. */
export class Alias {
  readonly id: Sym | Alias;
  readonly scope: object;
  constructor(id: Sym | Alias, scope: object) { this.id = id; this.scope = scope; }
}

export class Pair {
  car: Value;
  cdr: Value;
  constructor(car: Value, cdr: Value) { this.car = car; this.cdr = cdr; }
}

/** The constants that are only themselves. */
export class Singleton {
  readonly text: string;
  constructor(text: string) { this.text = text; }
}

export const NIL: Singleton = new Singleton('()');
export const UNSPECIFIC: Singleton = new Singleton('');
export const EOF: Singleton = new Singleton('#<eof>');
/** What a letrec variable holds before its initialisation. */
export const UNASSIGNED: Singleton = new Singleton('#<unassigned>');

/** Several values on their way to a continuation that takes them. */
export class Multiple {
  readonly items: Value[];
  constructor(items: Value[]) { this.items = items; }
}

/** A primitive that only computes. */
export class Primitive {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly body: (args: Value[]) => Value;
  constructor(name: string, least: number, most: number, body: (args: Value[]) => Value) {
    this.name = name;
    this.least = least;
    this.most = most;
    this.body = body;
  }
}

/** A primitive that steers the machine. */
export class Control {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly body: (m: Machine, args: Value[]) => void;
  constructor(name: string, least: number, most: number, body: (m: Machine, args: Value[]) => void) {
    this.name = name;
    this.least = least;
    this.most = most;
    this.body = body;
  }
}

/** A run-time environment: the values of one scope, and the scope around it. */
export interface Env {
  readonly values: Value[];
  readonly up: Env | null;
}

/** Compiled code: delivers `m.value`, or leaves `m.code` to be run next. Simple code always delivers. */
export interface Code {
  readonly simple: boolean;
  run(m: Machine, env: Env | null): void;
}

/** One clause of a procedure. */
export interface Clause {
  readonly count: number;
  readonly rest: boolean;
  readonly body: Code;
}

export class Closure {
  readonly name: string;
  readonly clauses: readonly Clause[];
  readonly env: Env | null;
  constructor(name: string, clauses: readonly Clause[], env: Env | null) {
    this.name = name;
    this.clauses = clauses;
    this.env = env;
  }
}

/** What remains to be done; immutable, so that a continuation can be entered any number of times. */
export interface Frame {
  readonly next: Frame | null;
  resume(m: Machine, value: Value): void;
}

/** An active dynamic-wind. */
export interface Wind {
  readonly before: Value;
  readonly after: Value;
  readonly handlers: Handlers | null;
  readonly next: Wind | null;
  readonly depth: number;
}

/** The exception handlers in force, innermost first. */
export interface Handlers {
  readonly handler: Value;
  readonly next: Handlers | null;
}

export class Continuation {
  readonly frames: Frame | null;
  readonly winds: Wind | null;
  readonly handlers: Handlers | null;
  constructor(frames: Frame | null, winds: Wind | null, handlers: Handlers | null) {
    this.frames = frames;
    this.winds = winds;
    this.handlers = handlers;
  }
}

/** A parameter object; `parameterize` assigns its value inside a dynamic-wind. */
export class Parameter {
  value: Value;
  readonly converter: Value | null;
  constructor(value: Value, converter: Value | null) { this.value = value; this.converter = converter; }
}

/** A promise; chained promises come to share one content. */
export class Promised {
  content: { done: boolean; value: Value; readonly chained: boolean };
  constructor(done: boolean, value: Value, chained: boolean) { this.content = { done, value, chained }; }
}

export class RecordType {
  readonly name: string;
  readonly fields: readonly string[];
  constructor(name: string, fields: readonly string[]) { this.name = name; this.fields = fields; }
}

export class Rec {
  readonly type: RecordType;
  readonly fields: Value[];
  constructor(type: RecordType, fields: Value[]) { this.type = type; this.fields = fields; }
}

/** What `error` raises, and what a primitive raises when misused. */
export class Condition {
  readonly message: Value;
  readonly irritants: Value;
  constructor(message: Value, irritants: Value) { this.message = message; this.irritants = irritants; }
}

export type Value =
  | number | bigint | boolean | Flonum | Char | Text | Sym | Alias | Pair | Singleton | Multiple | Primitive | Control
  | Closure | Continuation | Parameter | Promised | RecordType | Rec | Condition | Value[] | Uint8Array;

/** How a primitive reports misuse to the machine. */
export class Raise extends Error {
  readonly payload: Value;
  constructor(payload: Value) { super('raised'); this.payload = payload; }
}

/** fail -- raise an error object from a primitive */
export function fail(message: string, ...irritants: Value[]): never {
  throw new Raise(new Condition(Text.of(message), list(irritants)));
}

const symbols = new Map<string, Sym>();

/** symbol -- the one symbol of that name */
export function symbol(name: string): Sym {
  let found = symbols.get(name);
  if (found === undefined) symbols.set(name, found = new Sym(name));
  return found;
}

/** list -- a fresh list of `items`, ending in `tail` */
export function list(items: readonly Value[], tail: Value = NIL): Value {
  let made = tail;
  for (let i = items.length - 1; i >= 0; i -= 1) made = new Pair(items[i], made);
  return made;
}

/** items -- the elements of a proper list; an error otherwise */
export function items(value: Value): Value[] {
  const found: Value[] = [];
  for (; value instanceof Pair; value = value.cdr) found.push(value.car);
  if (value !== NIL) fail('not a proper list', value);
  return found;
}
