/* calls.ts: CALLS
 *
 * A call of a procedure, of a loop, or of a primitive that has instructions of its own <design/vm#.codegen.call>.
 */
import { testValue } from './branch.ts';
import type { Generator } from './codegen.ts';
import { into, word, type Context } from './context.ts';
import { inlineAddition, inlineEffects, inlineFold, inlineTests, inlineValues } from './inline.ts';
import type { Call, Expr } from './ir.ts';
import { ConstantNULL } from './kinds.ts';
import { again } from './loop.ts';
import { OpCALL, OpCALLG, OpCLEAR, OpCONS, OpMOVE, OpTAIL, OpTAILG } from './opcodes.ts';

/** Calls with more arguments go through a list. */
const ArgumentsMAX = 200;
/** `apply`, under a name that programs cannot redefine. */
const ApplyNAME = '%apply';

/** call -- evaluate a call for a context; whether control may come to what follows. */
export function call(g: Generator, expr: Call, context: Context): boolean {
  const { callee, args } = expr;
  if (callee.op === 'local') {
    const here = context.loops.find((one) => one.variable === callee.variable);
    if (here !== undefined) return again(g, here, args);
  }
  if (callee.op === 'global' && !g.defined.has(callee.name)) {
    const more = inline(g, callee.name, expr, context);
    if (more !== null) return more;
  }
  const [clause, other] = callee.op === 'lambda' ? callee.clauses : [];
  if (clause !== undefined && other === undefined && clause.rest === null && clause.params.length === args.length) {
    return g.let({ op: 'let', variables: clause.params, inits: args, body: clause.body }, context);
  }
  return args.length > ArgumentsMAX ? applyCall(g, expr, context) : plainCall(g, expr, context);
}

function plainCall(g: Generator, expr: Call, context: Context): boolean {
  const base = g.top, { callee, args } = expr;
  g.claim(base + 2);
  if (callee.op !== 'global') {
    g.top = base + 1;
    g.gen(callee, into(base + 1));
    g.claim(base + 2);
  }
  if (args.some((arg) => waits(g, arg))) g.code.emit(OpCLEAR, word(base), callee.op === 'global' ? 2 : 1, 0);
  for (const arg of args) {
    const slot = g.top;
    g.gen(arg, into(slot));
    g.claim(slot + 1);
  }
  g.code.place(expr.at);
  const tail = context.mode === 'tail';
  if (callee.op === 'global') g.code.emit(tail ? OpTAILG : OpCALLG, word(base), args.length, g.code.global(callee.name));
  else g.code.emit(tail ? OpTAIL : OpCALL, word(base), args.length, 0);
  return called(g, base, context);
}

/** waits -- whether the frame may have to wait for a call within the expression: then what is not yet written must not
 * hold what an earlier call left there, or it would be kept <design/vm#.codegen.hole>. */
function waits(g: Generator, expr: Expr): boolean {
  const within = (part: Expr): boolean => waits(g, part);
  switch (expr.op) {
    case 'const': case 'local': case 'global': case 'lambda': return false;
    case 'setlocal': case 'setglobal': case 'define': return within(expr.value);
    case 'if': return within(expr.test) || within(expr.then) || within(expr.else);
    case 'seq': return expr.body.some(within);
    case 'let': case 'letrec': return expr.inits.some(within) || within(expr.body);
    case 'call': return expr.callee.op !== 'global' || !isInline(g, expr.callee.name) || expr.args.some(within);
  }
}

/** isInline -- whether calls of a global become instructions, as a rule. */
function isInline(g: Generator, name: string): boolean {
  return !g.defined.has(name) && (inlineValues.has(name) || inlineTests.has(name) || inlineEffects.has(name) || name === 'not');
}

/** called -- the result of a call is in slot `base`. */
function called(g: Generator, base: number, context: Context): boolean {
  g.top = base;
  if (context.mode === 'value' && context.dst !== base) g.code.emit(OpMOVE, word(context.dst), word(base), 0);
  return context.mode !== 'tail';
}

/** applyCall -- a call with very many arguments: make a list of them, last first, and apply. */
function applyCall(g: Generator, expr: Call, context: Context): boolean {
  const base = g.top, procedure = base + 2, list = base + 3, item = base + 4;
  g.claim(list);
  g.gen(expr.callee, into(procedure));
  g.claim(item);
  g.immediate(list, ConstantNULL);
  for (const arg of [...expr.args].reverse()) {
    g.gen(arg, into(item));
    g.claim(item + 1);
    g.code.emit(OpCONS, word(list), word(item), word(list));
    g.top = item;
  }
  g.code.place(expr.at);
  g.code.emit(context.mode === 'tail' ? OpTAILG : OpCALLG, word(base), 2, g.code.global(ApplyNAME));
  return called(g, base, context);
}

// Primitives ---------------------------------------------------------------------------------------------------------

/** inline -- a call of global `name` as instructions; null where it has none. */
function inline(g: Generator, name: string, expr: Call, context: Context): boolean | null {
  const folded = inlineFold(name, expr), args = folded.args;
  const more = testValue(g, folded, context);
  if (more !== null) return more;
  const effect = inlineEffects.get(name);
  if (effect !== undefined && effect.args === args.length) {
    const top = g.top, slots = args.map((arg) => g.operand(arg));
    g.code.place(expr.at);
    g.code.emit(effect.ops[0], word(slots[0]), word(slots[1]), word(slots[2] ?? 0));
    g.top = top;
    return g.unspecific(context);
  }
  const addition = inlineAddition(name, args);
  if (addition !== null) {
    return result(g, expr, context, [addition.operand], (dst, [x]) => {
      g.code.emit(addition.op, word(dst), word(x), addition.number);
    });
  }
  const found = inlineValues.get(name);
  if (found === undefined || found.args !== args.length) return null;
  return result(g, expr, context, args, (dst, [x, y]) => {
    let from = x;
    for (const op of found.ops) {
      g.code.emit(op, word(dst), word(from), word(y ?? 0));
      from = dst;
    }
  });
}

/** result -- deliver what one operation makes of some operands. */
function result(
  g: Generator, expr: Call, context: Context, args: readonly Expr[], emit: (dst: number, slots: readonly number[]) => void,
): boolean {
  const top = g.top, slots = args.map((arg) => g.operand(arg));
  g.top = top;
  return g.deliver(context, (dst) => {
    g.code.place(expr.at);
    emit(dst, slots);
  });
}
