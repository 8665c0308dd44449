/* context.ts: WHAT BECOMES OF A VALUE
 *
 * The code generator evaluates every expression for a context <design/vm#.codegen>.
 */
import type { Label } from './code.ts';
import type { Variable } from './ir.ts';

/** A loop that a tail position of its body may go on with. */
export interface Loop {
  readonly variable: Variable;
  readonly params: readonly Variable[];
  /** The slots of its parameters. */
  readonly slots: readonly number[];
  readonly head: Label;
}

/** `tail`: returned from the procedure; `value`: put in slot `dst`; `effect`: dropped. */
export interface Context {
  readonly mode: 'tail' | 'value' | 'effect';
  readonly dst: number;
  /** The loops for which this is a tail position. */
  readonly loops: readonly Loop[];
}

/** The context of what is evaluated for its effect. */
export const ContextEFFECT: Context = { mode: 'effect', dst: -1, loops: [] };

/** into -- the context of a value that slot `dst` is to have. */
export const into = (dst: number): Context => ({ mode: 'value', dst, loops: [] });

/** word -- a slot of the frame as an operand. */
export const word = (slot: number): number => slot << 3;
