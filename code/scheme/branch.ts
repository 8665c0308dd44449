/* branch.ts: TESTS
 *
 * A test in the place of a condition jumps; it makes no boolean <design/vm#.codegen.test>. `and` and `or` come as conditionals
 * and are threaded through.
 */
import { label, type Label } from './code.ts';
import type { Generator } from './codegen.ts';
import { ContextEFFECT, into, word, type Context } from './context.ts';
import { inlineTests, smallNumber, type InlineTest } from './inline.ts';
import type { Call, Expr } from './ir.ts';
import { ConstantFALSE, ConstantTRUE } from './kinds.ts';
import { OpIF, OpIFEQI, OpIFNOT, OpJUMP } from './opcodes.ts';

/** test -- go on if the expression is true, else to `no`. */
export function test(g: Generator, expr: Expr, no: Label): void {
  const parts = split(expr), code = g.code;
  if (parts !== null && parts.both) {
    test(g, parts.left, no);
    test(g, parts.right, no);
  } else if (parts !== null) {
    const yes = label();
    testNot(g, parts.left, yes);
    test(g, parts.right, no);
    code.land(yes);
  } else if (expr.op === 'seq' && expr.body.length > 0) {
    for (const part of expr.body.slice(0, -1)) g.gen(part, ContextEFFECT);
    test(g, expr.body[expr.body.length - 1], no);
  } else if (expr.op === 'const') {
    if (isFalse(expr)) code.goto(no);
  } else if (isCall(g, expr, 'not', 1)) test1(g, expr.args[0], no, true);
  else test1(g, expr, no, false);
}

/** testNot -- go to `yes` if the expression is true, else go on. */
function testNot(g: Generator, expr: Expr, yes: Label): void {
  const parts = split(expr), code = g.code;
  if (parts !== null && parts.both) {
    const no = label();
    test(g, parts.left, no);
    testNot(g, parts.right, yes);
    code.land(no);
  } else if (parts !== null) {
    testNot(g, parts.left, yes);
    testNot(g, parts.right, yes);
  } else if (isCall(g, expr, 'not', 1)) test(g, expr.args[0], yes);
  else if (inlined(g, expr) !== null) {
    const no = label();
    test(g, expr, no);
    code.jump(code.emitWide(OpJUMP, 0, 0), yes);
    code.land(no);
  } else truth(g, expr, OpIFNOT, yes);
}

/** test1 -- test what is neither `and`, `or` nor `not`. */
function test1(g: Generator, expr: Expr, no: Label, negated: boolean): void {
  if (negated) {
    testNot(g, expr, no);
    return;
  }
  const found = inlined(g, expr);
  if (found === null) truth(g, expr, OpIF, no);
  else emitTest(g, expr as Call, found, no);
}

function truth(g: Generator, expr: Expr, op: number, target: Label): void {
  const top = g.top, slot = g.operand(expr);
  g.code.jump(g.code.emit(op, word(slot), 0, 0), target);
  g.top = top;
}

/** testValue -- a test whose boolean is wanted; false where the call is no test. */
export function testValue(g: Generator, expr: Call, context: Context): boolean | null {
  if (inlined(g, expr) === null && !isCall(g, expr, 'not', 1)) return null;
  if (context.mode === 'effect') {
    const top = g.top;
    for (const arg of expr.args) g.operand(arg);
    if (inlined(g, expr) !== null) {
      const no = label();
      g.top = top;
      test(g, expr, no);
      g.code.land(no);
    }
    g.top = top;
    return true;
  }
  const more = g.deliver(context.mode === 'tail' ? context : into(context.dst), (dst) => {
    const no = label(), after = label(), top = g.top;
    test(g, expr, no);
    g.top = top;
    g.immediate(dst, ConstantTRUE);
    g.code.goto(after);
    g.code.land(no);
    g.immediate(dst, ConstantFALSE);
    g.code.land(after);
  });
  return more;
}

/** isCall -- whether the expression is a call of a global procedure that the program has not redefined. */
export function isCall(g: Generator, expr: Expr, name: string, args: number): expr is Call {
  return expr.op === 'call' && expr.callee.op === 'global' && expr.callee.name === name && expr.args.length === args
    && !g.defined.has(name);
}

function inlined(g: Generator, expr: Expr): InlineTest | null {
  if (expr.op !== 'call' || expr.callee.op !== 'global' || g.defined.has(expr.callee.name)) return null;
  if (expr.callee.name === 'zero?' && expr.args.length === 1) return { args: 1, op: OpIFEQI, small: null };
  const found = inlineTests.get(expr.callee.name);
  return found !== undefined && found.args === expr.args.length ? found : null;
}

function emitTest(g: Generator, expr: Call, found: InlineTest, no: Label): void {
  const top = g.top, code = g.code, [x, y] = expr.args as [Expr, Expr], n = smallNumber(y);
  const a = g.operand(x), small = found.small !== null && n !== null;
  const b = small ? n : found.args === 2 ? word(g.operand(y)) : 0;
  code.place(expr.at);
  code.jump(code.emit(small ? found.small : found.op, word(a), b, 0), no);
  g.top = top;
}

/** split -- the two parts of `(if a b #f)` and of `(let ((t a)) (if t t b))`, which are `and` and `or`. */
function split(expr: Expr): { readonly both: boolean; readonly left: Expr; readonly right: Expr } | null {
  if (expr.op === 'if' && expr.else.op === 'const' && isFalse(expr.else)) return { both: true, left: expr.test, right: expr.then };
  if (expr.op !== 'let' || expr.variables.length !== 1 || expr.body.op !== 'if') return null;
  const { test: first, then, else: right } = expr.body, variable = expr.variables[0];
  if (first.op !== 'local' || then.op !== 'local' || first.variable !== variable || then.variable !== variable) return null;
  return { both: false, left: expr.inits[0], right };
}

const isFalse = (expr: Expr): boolean => expr.op === 'const' && expr.value.type === 'boolean' && !expr.value.value;
