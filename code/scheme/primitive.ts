/* primitive.ts: PRIMITIVES
 *
 * A primitive is a procedure of the host <design/vm#.primitive>. It is called like a closure: its arguments are in the slots
 * base + 2 up to base + 1 + argc, and it writes its result to slot `base`. Their number has been checked. Slots from hart.top
 * up are free: `hart.enter(n)` or `hart.local()` claims some; the virtual machine gives them back.
 *
 * A primitive keeps no address over an allocation, does not recurse on the host's stack in proportion to its data, calls no
 * Scheme procedure, and raises by `throw vm.wrongType(...)` or `throw vm.error(...)`.
 */
import type { Vm } from './vm.ts';

/** The host's part of a primitive. */
export type PrimitiveCode = (vm: Vm, base: number, argc: number) => void;

/** A primitive to be bound to a global variable. */
export interface Primitive {
  readonly name: string;
  readonly min: number;
  /** -1: any number. */
  readonly max: number;
  readonly code: PrimitiveCode;
}

/** primitive -- a primitive `name` that takes from `min` to `max` arguments, -1 for any number. */
export function primitive(name: string, min: number, max: number, code: PrimitiveCode): Primitive {
  return { name, min, max, code };
}

/** Arithmetic the virtual machine leaves to `Hooks.arith` when the operands are not small fixnums. */
export type ArithOp = '+' | '-' | '*' | 'quotient' | 'remainder' | 'modulo';
export type CompareOp = '=' | '<' | '<=' | '>' | '>=';

/** What the virtual machine asks of the library above it. */
export interface Hooks {
  /** Slot dst := a op b, any numbers; raises wrongType(op, 1 or 2, ...) for others. `dst` may equal a or b. */
  arith(vm: Vm, op: ArithOp, dst: number, a: number, b: number): void;
  /** Whether a op b, any numbers; raises as arith does. */
  compare(vm: Vm, op: CompareOp, a: number, b: number): boolean;
  /** The external representation, as `write` (else `display`) prints it, cut to some 200 characters; allocates nothing. */
  show(vm: Vm, slot: number, write: boolean): string;
}
