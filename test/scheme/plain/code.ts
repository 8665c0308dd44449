/* code.ts: COMPILED CODE
 *
 * Expressions as host closures. Simple ones deliver at once; the others push a frame for each part that is not simple
 * and leave that part to the machine's loop <design/testing#.plain>.
 */
import { Closure, fail, UNASSIGNED, UNSPECIFIC } from './values.ts';
import type { Machine } from './machine.ts';
import type { Cell } from './scope.ts';
import type { Clause, Code, Env, Value } from './values.ts';

/** constant -- always the same value */
export const constant = (value: Value): Code => ({ simple: true, run: (m) => { m.value = value; } });

/** local -- the variable at `index`, `depth` environments up */
export const local = (depth: number, index: number): Code => ({
  simple: true,
  run: (m, env) => {
    const value = outer(env, depth).values[index];
    m.value = value === UNASSIGNED ? fail('variable used before its initialisation') : value;
  },
});

/** global -- what a global variable holds */
export const global = (cell: Cell): Code => ({
  simple: true,
  run: (m) => { m.value = cell.value ?? fail(`unbound variable: ${cell.name}`); },
});

function outer(env: Env | null, depth: number): Env {
  for (; depth > 0; depth -= 1) env = env!.up;
  return env!;
}

/** setLocal -- assign a lexical variable */
export const setLocal = (depth: number, index: number, value: Code): Code => follow(value, (m, env, result) => {
  outer(env, depth).values[index] = result;
  m.value = UNSPECIFIC;
});

/** setGlobal -- define a global variable, or assign one that exists */
export const setGlobal = (cell: Cell, value: Code, define: boolean): Code => follow(value, (m, _, result) => {
  if (!define && cell.value === undefined) fail(`unbound variable: ${cell.name}`);
  cell.value = result;
  m.value = UNSPECIFIC;
});

/** follow -- run `first` and hand its value on */
export function follow(first: Code, next: (m: Machine, env: Env | null, value: Value) => void): Code {
  if (first.simple) return { simple: false, run: (m, env) => { first.run(m, env); next(m, env, m.value); } };
  return {
    simple: false,
    run: (m, env) => {
      m.frames = { next: m.frames, resume: (_, value) => { next(m, env, value); } };
      m.enter(first, env);
    },
  };
}

/** branch -- (if test yes no) */
export const branch = (test: Code, yes: Code, no: Code): Code => follow(test, (m, env, value) => {
  m.enter(value === false ? no : yes, env);
});

/** sequence -- each in turn, the last one in tail position */
export function sequence(parts: readonly Code[]): Code {
  if (parts.length === 0) return constant(UNSPECIFIC);
  return parts.slice(0, -1).reduceRight((rest, part) => follow(part, (m, env) => { m.enter(rest, env); }), parts.at(-1)!);
}

/** lambda -- a closure over the environment */
export const lambda = (name: string, clauses: readonly Clause[]): Code => ({
  simple: true,
  run: (m, env) => { m.value = new Closure(name, clauses, env); },
});

/** scoped -- run `body` in a fresh environment of `values()` */
export const scoped = (values: () => Value[], body: Code): Code => ({
  simple: false,
  run: (m, env) => { m.enter(body, { values: values(), up: env }); },
});

/** bindings -- evaluate `inits`, then run `body` in an environment of their values */
export const bindings = (inits: readonly Code[], body: Code): Code =>
  operands(inits, (m, env, values) => { m.enter(body, { values, up: env }); });

/** call -- evaluate operator and operands from left to right, then apply */
export const call = (parts: readonly Code[]): Code => operands(parts, (m, _, values) => {
  const callee = values.shift()!;
  m.apply(callee, values);
});

function operands(parts: readonly Code[], finish: (m: Machine, env: Env | null, values: Value[]) => void): Code {
  const advance = (m: Machine, env: Env | null, done: Value[]): void => {
    for (let part = parts[done.length]; part !== undefined; part = parts[done.length]) {
      if (!part.simple) {
        // A frame may be resumed again: it must not share what it has collected.
        m.frames = { next: m.frames, resume: (_, value) => { advance(m, env, [...done, value]); } };
        m.enter(part, env);
        return;
      }
      part.run(m, env);
      done.push(m.value);
    }
    finish(m, env, done);
  };
  return { simple: false, run: (m, env) => { advance(m, env, []); } };
}
