/* machine.ts: THE MACHINE OF THE PLAIN EVALUATOR
 *
 * A loop over an explicit, immutable chain of frames: tail calls take no room, recursion is bounded by the host's memory
 * alone, and a continuation is the chain itself, which may be entered again and again <design/testing#.plain>.
 */
import { Closure, Condition, Continuation, Control, fail, Multiple, Parameter, Primitive, Raise, Text, UNASSIGNED, UNSPECIFIC, list } from './values.ts';
import type { Code, Env, Frame, Handlers, Value, Wind } from './values.ts';

/** An exception that no handler took; `payload` is what was raised. */
export class Uncaught extends Error {
  readonly payload: Value;
  constructor(payload: Value) { super('uncaught Scheme exception'); this.payload = payload; }
}

/** The program ran for more steps than it was given. */
export class Exhausted extends Error {
  override readonly name = 'Exhausted';
}

export class Machine {
  value: Value = UNSPECIFIC;
  code: Code | null = null;
  env: Env | null = null;
  frames: Frame | null = null;
  winds: Wind | null = null;
  handlers: Handlers | null = null;
  /** Steps left. */
  fuel: number;
  readonly output: string[] = [];

  constructor(fuel: number) { this.fuel = fuel; }

  /** execute -- run one top-level form to its end */
  execute(code: Code): Value {
    this.frames = null;
    this.winds = null;
    this.handlers = null;
    this.code = code;
    this.env = null;
    while (this.code !== null || this.frames !== null) {
      try {
        this.drive();
      } catch (error) {
        if (!(error instanceof Raise)) throw error;
        this.raise(error.payload, false);
      }
    }
    return this.value;
  }

  private drive(): void {
    for (;;) {
      if ((this.fuel -= 1) < 0) throw new Exhausted('the program took more steps than it was given');
      const code = this.code;
      if (code !== null) {
        this.code = null;
        code.run(this, this.env);
      } else {
        const frame = this.frames;
        if (frame === null) return;
        this.frames = frame.next;
        frame.resume(this, this.value);
      }
    }
  }

  /** push -- what is delivered next goes to `resume` */
  push(resume: (m: Machine, value: Value) => void): void {
    this.frames = { next: this.frames, resume };
  }

  /** enter -- run `code` next, in `env` */
  enter(code: Code, env: Env | null): void {
    this.code = code;
    this.env = env;
  }

  /** apply -- call a procedure in tail position */
  apply(callee: Value, args: Value[]): void {
    if (callee instanceof Closure) this.applyClosure(callee, args);
    else if (callee instanceof Primitive || callee instanceof Control) {
      if (args.length < callee.least || args.length > callee.most) fail(`wrong number of arguments to ${callee.name}`);
      if (callee instanceof Primitive) this.value = callee.body(args);
      else callee.body(this, args);
    } else if (callee instanceof Continuation) this.resume(callee, args);
    else if (callee instanceof Parameter && args.length === 0) this.value = callee.value;
    else if (callee === UNASSIGNED) fail('variable used before its initialisation');
    else fail('not a procedure', callee);
  }

  private applyClosure(callee: Closure, args: Value[]): void {
    for (const clause of callee.clauses) {
      if (clause.rest ? args.length < clause.count : args.length !== clause.count) continue;
      const values = clause.rest ? [...args.slice(0, clause.count), list(args.slice(clause.count))] : args;
      this.code = clause.body;
      this.env = { values, up: callee.env };
      return;
    }
    fail(`wrong number of arguments to ${callee.name}`);
  }

  /** capture -- the current continuation */
  capture(): Continuation {
    return new Continuation(this.frames, this.winds, this.handlers);
  }

  /** resume -- leave and enter what dynamic-winds lie between, then deliver `args` to the continuation */
  resume(to: Continuation, args: Value[]): void {
    const common = commonWind(this.winds, to.winds);
    if (this.winds !== common) {
      const left = this.winds!;
      this.frames = null;
      this.push((m) => { m.resume(to, args); });
      this.winds = left.next;
      this.handlers = left.handlers;
      this.apply(left.after, []);
    } else if (this.winds !== to.winds) {
      let entered = to.winds!;
      while (entered.next !== common) entered = entered.next!;
      this.frames = null;
      this.push((m) => { m.winds = entered; m.resume(to, args); });
      this.handlers = entered.handlers;
      this.apply(entered.before, []);
    } else {
      this.frames = to.frames;
      this.handlers = to.handlers;
      this.code = null;
      this.value = args.length === 1 ? args[0] : new Multiple(args);
    }
  }

  /** wind -- call `thunk` between `before` and `after` */
  wind(before: Value, thunk: Value, after: Value): void {
    this.push((m) => {
      const outer = m.winds, handlers = m.handlers;
      m.winds = { before, after, handlers, next: outer, depth: (outer?.depth ?? 0) + 1 };
      m.push((_, result) => {
        m.winds = outer;
        m.push(() => { m.value = result; });
        m.apply(after, []);
      });
      m.apply(thunk, []);
    });
    this.apply(before, []);
  }

  /** withHandler -- call `thunk` with one more handler */
  withHandler(handler: Value, thunk: Value): void {
    const outer = this.handlers;
    this.push((m, result) => { m.handlers = outer; m.value = result; });
    this.handlers = { handler, next: outer };
    this.apply(thunk, []);
  }

  /** raise -- call the innermost handler with the outer ones in force */
  raise(payload: Value, continuable: boolean): void {
    const inner = this.handlers;
    this.code = null;
    if (inner === null) throw new Uncaught(payload);
    this.push((m, result) => {
      if (!continuable) fail('the handler of a non-continuable exception returned');
      m.handlers = inner;
      m.value = result;
    });
    this.handlers = inner.next;
    try {
      this.apply(inner.handler, [payload]);
    } catch (error) {
      if (!(error instanceof Raise)) throw error;
      this.raise(error.payload, false);
    }
  }
}

function commonWind(a: Wind | null, b: Wind | null): Wind | null {
  while (a !== b) {
    if (b === null || (a !== null && a.depth > b.depth)) a = a!.next;
    else b = b.next;
  }
  return a;
}

/** describe -- an uncaught payload as one line */
export function describe(payload: Value, print: (value: Value) => string): string {
  if (!(payload instanceof Condition)) return print(payload);
  const message = payload.message instanceof Text ? payload.message.toString() : print(payload.message);
  return `${message} ${print(payload.irritants)}`;
}
