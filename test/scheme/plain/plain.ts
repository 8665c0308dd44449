/* plain.ts: THE PLAIN EVALUATOR
 *
 * Runs a Scheme program on ordinary JavaScript values. It shares no code with Capstan, so that a program which prints
 * the same under both is evidence for both. This is the door of its folder <design/testing#.plain>.
 */
import { numbers, others, pairs, recordBuiltins, vectors } from './builtins.ts';
import { controls, passive, printing } from './control.ts';
import { installDerived } from './derived.ts';
import { describe, Machine, Uncaught } from './machine.ts';
import { prelude } from './prelude.ts';
import { print } from './printer.ts';
import { readAll } from './reader.ts';
import { Scope } from './scope.ts';
import { strings } from './strings.ts';
import { compileTop, installSpecials } from './syntax.ts';
import { Control, Primitive, symbol } from './values.ts';
import type { Builtin } from './builtins.ts';

export { Exhausted } from './machine.ts';

/** What a program did: all that it printed, and the exception that ended it, if one did. */
export interface Outcome {
  readonly output: string;
  readonly error: string | null;
  /** Steps taken. */
  readonly steps: number;
}

/** run -- run a program; `fuel` bounds its steps, and running out of them throws Exhausted */
export function run(text: string, fuel = 1e9): Outcome {
  const machine = new Machine(fuel), scope = new Scope(null, base ??= library());
  let error: string | null = null;
  try {
    execute(text, machine, scope);
  } catch (thrown) {
    if (!(thrown instanceof Uncaught)) throw thrown;
    error = describe(thrown.payload, (value) => print(value, true));
  }
  return { output: machine.output.join(''), error, steps: fuel - machine.fuel };
}

function execute(text: string, machine: Machine, scope: Scope): void {
  for (const form of readAll(text)) machine.execute(compileTop(form, scope));
}

/** The language's own top level; programs copy what they use of it, so it never changes. */
let base: Scope | null = null;

/** library -- a new top level with all that the language provides */
function library(): Scope {
  const top = new Scope(null);
  const primitive = (name: string, [least, most, body]: Builtin): Primitive => new Primitive(name, least, most, body);
  installSpecials(top);
  installDerived(top);
  for (const table of [pairs, numbers, vectors, others, strings, passive, recordBuiltins(primitive)]) {
    for (const [name, builtin] of Object.entries(table)) top.cell(symbol(name)).value = primitive(name, builtin);
  }
  for (const [name, [least, most, body]] of Object.entries({ ...controls, ...printing(print) })) {
    top.cell(symbol(name)).value = new Control(name, least, most, body);
  }
  execute(prelude, new Machine(1e6), top);
  return top;
}
