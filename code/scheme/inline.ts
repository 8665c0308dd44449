/* inline.ts: WHAT HAS INSTRUCTIONS OF ITS OWN
 *
 * Global procedures that the code generator turns into instructions, as long as the program does not define or assign
 * a variable of the name <design/vm#.inline>. Their slow cases are the primitives of the same names.
 */
import type { Call, Expr } from './ir.ts';
import {
  OpADD, OpADDI, OpCADR, OpCAR, OpCDDR, OpCDR, OpCONS, OpIFEQ, OpIFEQI, OpIFGE, OpIFGEI, OpIFGT, OpIFGTI, OpIFLE, OpIFLEI, OpIFLT, OpIFLTI,
  OpIFNULL, OpIFNUMEQ, OpIFPAIR, OpMOD, OpMUL, OpQUO, OpREM, OpSETCAR, OpSETCDR, OpSUB, OpVREF, OpVSET,
} from './opcodes.ts';

/** A test: its instruction, and the one for a small number in place of the second operand. */
export interface InlineTest {
  readonly args: number;
  readonly op: number;
  readonly small: number | null;
}

const test = (args: number, op: number, small: number | null = null): InlineTest => ({ args, op, small });

/** Procedures that are tests. `not` and `zero?` are seen to by the code generator. */
export const inlineTests: ReadonlyMap<string, InlineTest> = new Map([
  ['null?', test(1, OpIFNULL)],
  ['pair?', test(1, OpIFPAIR)],
  ['eq?', test(2, OpIFEQ)],
  ['=', test(2, OpIFNUMEQ, OpIFEQI)],
  ['<', test(2, OpIFLT, OpIFLTI)],
  ['>', test(2, OpIFGT, OpIFGTI)],
  ['<=', test(2, OpIFLE, OpIFLEI)],
  ['>=', test(2, OpIFGE, OpIFGEI)],
]);

/** A procedure with a value: one instruction, or several of one operand, the first inmost. */
export interface InlineValue {
  readonly args: number;
  readonly ops: readonly number[];
}

const value = (args: number, ...ops: number[]): InlineValue => ({ args, ops });

export const inlineValues: ReadonlyMap<string, InlineValue> = new Map([
  ['car', value(1, OpCAR)],
  ['cdr', value(1, OpCDR)],
  ['caar', value(1, OpCAR, OpCAR)],
  ['cadr', value(1, OpCADR)],
  ['cdar', value(1, OpCAR, OpCDR)],
  ['cddr', value(1, OpCDDR)],
  ['caddr', value(1, OpCDDR, OpCAR)],
  ['cdddr', value(1, OpCDDR, OpCDR)],
  ['cadddr', value(1, OpCDDR, OpCADR)],
  ['cons', value(2, OpCONS)],
  ['vector-ref', value(2, OpVREF)],
  ['+', value(2, OpADD)],
  ['-', value(2, OpSUB)],
  ['*', value(2, OpMUL)],
  ['quotient', value(2, OpQUO)],
  ['remainder', value(2, OpREM)],
  ['modulo', value(2, OpMOD)],
]);

/** Procedures that are called for their effect: one instruction, all operands. */
export const inlineEffects: ReadonlyMap<string, InlineValue> = new Map([
  ['set-car!', value(2, OpSETCAR)],
  ['set-cdr!', value(2, OpSETCDR)],
  ['vector-set!', value(3, OpVSET)],
]);

/** smallNumber -- the number, if the expression is a constant of 16 bits. */
export function smallNumber(expr: Expr | undefined): number | null {
  if (expr?.op !== 'const' || expr.value.type !== 'integer') return null;
  const { value: n } = expr.value;
  return n >= -0x7fffn && n <= 0x7fffn ? Number(n) : null;
}

/** An addition of a small number. */
export interface InlineAddition { readonly op: number; readonly operand: Expr; readonly number: number }

/** inlineAddition -- the form of `(+ x 1)`, `(+ 1 x)` and `(- x 1)`; null for others. 0 is left out: x may be -0.0. */
export function inlineAddition(name: string, args: readonly Expr[]): InlineAddition | null {
  const [x, y] = args;
  if (args.length !== 2 || x === undefined || y === undefined) return null;
  const first = smallNumber(x), second = smallNumber(y);
  if (name === '+' && second !== null && second !== 0) return { op: OpADDI, operand: x, number: second };
  if (name === '+' && first !== null && first !== 0) return { op: OpADDI, operand: y, number: first };
  if (name === '-' && second !== null && second !== 0) return { op: OpADDI, operand: x, number: -second };
  return null;
}

/** inlineFold -- `(+ a b c)` as `(+ (+ a b) c)`, so that two operands are enough; any other call as it is. */
export function inlineFold(name: string, call: Call): Call {
  if ((name !== '+' && name !== '*' && name !== '-') || call.args.length <= 2) return call;
  const last = call.args.length - 1;
  const rest: Call = inlineFold(name, { ...call, args: call.args.slice(0, last) });
  return { ...call, args: [rest, call.args[last]] };
}
