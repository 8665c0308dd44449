/* bare.ts: A VIRTUAL MACHINE WITHOUT A PRELUDE
 *
 * For tests that look into the machine, or give it core forms that no text makes.
 */
import { boot, tagged, type BootOptions, type System } from '../../code/mps/mps.ts';
import { assemble } from '../../code/scheme/assemble.ts';
import { generate } from '../../code/scheme/codegen.ts';
import type { Code } from '../../code/scheme/code.ts';
import type { Datum, Position } from '../../code/scheme/datum.ts';
import type { Call, Const, Expr, Lambda, Variable } from '../../code/scheme/ir.ts';
import { SlotRESULT, SlotVM4 } from '../../code/scheme/kinds.ts';
import { nativesDefine } from '../../code/scheme/natives.ts';
import { hooks, primitives } from '../../code/scheme/primitives/primitives.ts';
import { Vm } from '../../code/scheme/vm.ts';

export const AT: Position = { file: 'bare.scm', line: 1, column: 1 };

/** A machine and the system under it. */
export interface Bare { readonly vm: Vm; readonly system: System }

/** bare -- a machine with all primitives. */
export function bare(options: BootOptions = {}): Bare {
  const system = boot({ memory: '64MiB', ...options });
  const pool = system.arena.pool('amc', { format: tagged }), hart = system.hart('bare');
  const vm = new Vm(hart, pool.allocationPoint(hart), hooks);
  nativesDefine(vm);
  for (const each of primitives) vm.definePrimitive(each);
  return { vm, system };
}

/** codeOf -- the code of a top-level form. */
export const codeOf = (form: Expr, defined: readonly string[] = []): Code => generate(form, new Set(defined), AT);

/** evaluate -- run a form in slices of `fuel`; what `write` prints of its value. */
export function evaluate(vm: Vm, form: Expr, fuel: number = 1000): string {
  assemble(vm, codeOf(form), SlotVM4);
  vm.begin(SlotVM4);
  while (vm.run(fuel) === 'more');
  return vm.failure === null ? hooks.show(vm, SlotRESULT, true) : vm.failure.message;
}

// Core forms ---------------------------------------------------------------------------------------------------------

export const datum = (value: Datum): Const => ({ op: 'const', value });
export const int = (n: number): Const => datum({ type: 'integer', value: BigInt(n) });
export const no: Const = datum({ type: 'boolean', value: false });
export const variable = (name: string): Variable => ({ name, assigned: false, captured: false, early: false });
export const ref = (v: Variable): Expr => ({ op: 'local', variable: v, at: AT });
export const set = (v: Variable, value: Expr): Expr => ({ op: 'setlocal', variable: v, value, at: AT });
export const call = (callee: Expr | string, ...args: Expr[]): Call =>
  ({ op: 'call', callee: typeof callee === 'string' ? { op: 'global', name: callee, at: AT } : callee, args, at: AT });
export const lambda = (params: Variable[], body: Expr, rest: Variable | null = null): Lambda =>
  ({ op: 'lambda', clauses: [{ params, rest, body }], name: 'f', at: AT });
export const cond = (test: Expr, then: Expr, other: Expr): Expr => ({ op: 'if', test, then, else: other });
export const seq = (...body: Expr[]): Expr => ({ op: 'seq', body });
export const bind = (variables: Variable[], inits: Expr[], body: Expr): Expr => ({ op: 'let', variables, inits, body });
export const letrec = (variables: Variable[], inits: Expr[], body: Expr): Expr => ({ op: 'letrec', variables, inits, body });
