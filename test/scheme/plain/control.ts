/* control.ts: PROCEDURES THAT STEER
 *
 * Continuations, several values, exceptions, promises and parameters <design/testing#.plain>.
 */
import { Closure, Condition, Continuation, Control, fail, items, list, Multiple, Parameter, Primitive, Promised, Text, UNSPECIFIC } from './values.ts';
import type { Machine } from './machine.ts';
import type { Frame, Value } from './values.ts';

type Body = (m: Machine, args: Value[]) => void;

/** What needs the machine: least and most arguments, and the body. */
export const controls: Record<string, [least: number, most: number, body: Body]> = {
  'call/cc': [1, 1, (m, [taker]) => { m.apply(taker, [m.capture()]); }],
  'values': [0, Infinity, (m, args) => { m.value = args.length === 1 ? args[0] : new Multiple(args); }],
  'call-with-values': [2, 2, (m, [maker, taker]) => {
    m.push((_, value) => { m.apply(taker, value instanceof Multiple ? [...value.items] : [value]); });
    m.apply(maker, []);
  }],
  'apply': [2, Infinity, (m, [callee, ...args]) => {
    m.apply(callee, [...args.slice(0, -1), ...items(args.at(-1)!)]);
  }],
  'dynamic-wind': [3, 3, (m, [before, thunk, after]) => { m.wind(before, thunk, after); }],
  'with-exception-handler': [2, 2, (m, [handler, thunk]) => { m.withHandler(handler, thunk); }],
  'raise': [1, 1, (m, [payload]) => { m.raise(payload, false); }],
  'raise-continuable': [1, 1, (m, [payload]) => { m.raise(payload, true); }],
  'error': [1, Infinity, (m, [message, ...irritants]) => { m.raise(new Condition(message, list(irritants)), false); }],
  'force': [1, 1, (m, [promise]) => { force(m, promise); }],
};

function force(m: Machine, promise: Value): void {
  if (!(promise instanceof Promised)) { m.value = promise; return; }
  const { content } = promise;
  if (content.done) { m.value = content.value; return; }
  m.frames = new Forcing(m.frames, promise);
  m.apply(content.value, []);
}

/** Waits for what a promise's thunk yields. */
class Forcing implements Frame {
  readonly next: Frame | null;
  readonly promise: Promised;

  constructor(next: Frame | null, promise: Promised) {
    this.next = next;
    this.promise = promise;
  }

  resume(m: Machine, value: Value): void {
    const { content } = this.promise;
    if (content.done) { m.value = content.value; return; }
    if (content.chained && value instanceof Promised) {
      this.promise.content = value.content;
      force(m, this.promise);
      return;
    }
    content.done = true;
    content.value = value;
    m.value = value;
  }
}

const parameter = (value: Value): Parameter => (value instanceof Parameter ? value : fail('not a parameter', value));
const condition = (value: Value): Condition => (value instanceof Condition ? value : fail('not an error object', value));

/** What concerns control but only computes. */
export const passive: Record<string, [least: number, most: number, body: (args: Value[]) => Value]> = {
  '%make-lazy': [1, 1, ([thunk]) => new Promised(false, thunk, true)],
  '%make-delayed': [1, 1, ([thunk]) => new Promised(false, thunk, false)],
  'make-promise': [1, 1, ([value]) => (value instanceof Promised ? value : new Promised(true, value, false))],
  'promise?': [1, 1, ([value]) => value instanceof Promised],
  '%make-parameter': [2, 2, ([value, convert]) => new Parameter(value, convert)],
  '%parameter-set!': [2, 2, ([p, value]) => { parameter(p).value = value!; return UNSPECIFIC; }],
  '%parameter-converter': [1, 1, ([p]) => parameter(p).converter!],
  'error-object?': [1, 1, ([value]) => value instanceof Condition],
  'error-object-message': [1, 1, ([value]) => condition(value).message],
  'error-object-irritants': [1, 1, ([value]) => condition(value).irritants],
  'procedure?': [1, 1, ([value]) => isProcedure(value)],
};

/** printing -- the primitives that print, onto `output` of the machine that runs them */
export function printing(print: (value: Value, quoted: boolean) => string): Record<string, [number, number, Body]> {
  const put = (m: Machine, text: string): void => { m.output.push(text); m.value = UNSPECIFIC; };
  return {
    'display': [1, 1, (m, [value]) => { put(m, print(value, false)); }],
    'write': [1, 1, (m, [value]) => { put(m, print(value, true)); }],
    'write-simple': [1, 1, (m, [value]) => { put(m, print(value, true)); }],
    'write-string': [1, 1, (m, [value]) => { put(m, value instanceof Text ? value.toString() : fail('not a string', value)); }],
    'write-char': [1, 1, (m, [value]) => { put(m, print(value, false)); }],
    'newline': [0, 0, (m) => { put(m, '\n'); }],
  };
}

/** isProcedure -- can it be applied? */
export const isProcedure = (value: Value): boolean => value instanceof Closure || value instanceof Primitive
  || value instanceof Control || value instanceof Continuation || value instanceof Parameter;
