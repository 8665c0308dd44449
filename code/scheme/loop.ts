/* loop.ts: LOOPS
 *
 * A procedure that is called in tail position only, from its own body and that of its letrec, needs no closure: its
 * parameters are slots of the frame around it and a call is a jump <design/vm#.loop>.
 */
import { label } from './code.ts';
import type { Generator } from './codegen.ts';
import { into, word, type Context, type Loop } from './context.ts';
import type { Expr, Lambda, Letrec, Variable } from './ir.ts';
import { OpMOVE } from './opcodes.ts';

/** loop -- a letrec of one loop, in place; whether control may come to what follows. */
export function loop(g: Generator, expr: Letrec, context: Context): boolean {
  const top = g.top, { params, body } = (expr.inits[0] as Lambda).clauses[0];
  const after = label(), first = expr.body;
  const here: Loop = { variable: expr.variables[0], params, slots: params.map(() => g.take()), head: label() };
  const inner: Context = { ...context, loops: [...context.loops, here] };
  let out = false;
  if (first.op === 'call' && first.callee.op === 'local' && first.callee.variable === here.variable) {
    pass(g, here, first.args);
  } else if (g.gen(first, inner)) {
    out = true;
    g.code.goto(after);
  }
  g.code.land(here.head);
  params.forEach((variable, i) => g.bind(variable, here.slots[i]));
  for (const variable of params) g.box(variable);
  const more = g.gen(body, inner);
  g.code.land(after);
  g.top = top;
  return more || out;
}

/** again -- a call of a loop: give it its next values and jump. */
export function again(g: Generator, here: Loop, args: readonly Expr[]): boolean {
  pass(g, here, args);
  g.code.goto(here.head);
  return false;
}

/** pass -- put the next values in place: at once where no other value needs the old one, else by way of temporaries. */
function pass(g: Generator, here: Loop, args: readonly Expr[]): void {
  const top = g.top, moves: (readonly [number, number])[] = [];
  const waiting = new Set(args.keys());
  const isFree = (i: number): boolean => {
    const variable = here.params[i];
    if (g.where.get(variable)?.slot !== here.slots[i]) return true;
    for (const j of waiting) if (j !== i && mentions(args[j], variable)) return false;
    return true;
  };
  while (waiting.size > 0) {
    const ready = [...waiting].find(isFree);
    const i = ready ?? Math.min(...waiting);
    waiting.delete(i);
    if (ready !== undefined) g.gen(args[i], into(here.slots[i]));
    else {
      const dst = g.top;
      g.gen(args[i], into(dst));
      g.claim(dst + 1);
      moves.push([here.slots[i], dst]);
    }
  }
  for (const [slot, from] of moves) g.code.emit(OpMOVE, word(slot), word(from), 0);
  g.top = top;
}

/** mentions -- whether an expression reads or sets a variable. */
function mentions(expr: Expr, variable: Variable): boolean {
  const within = (part: Expr): boolean => mentions(part, variable);
  switch (expr.op) {
    case 'const': case 'global': return false;
    case 'local': return expr.variable === variable;
    case 'setlocal': return expr.variable === variable || within(expr.value);
    case 'setglobal': case 'define': return within(expr.value);
    case 'if': return within(expr.test) || within(expr.then) || within(expr.else);
    case 'seq': return expr.body.some(within);
    case 'lambda': return expr.clauses.some((clause) => within(clause.body));
    case 'let': case 'letrec': return expr.inits.some(within) || within(expr.body);
    case 'call': return within(expr.callee) || expr.args.some(within);
  }
}
