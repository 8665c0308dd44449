/* controls.ts: CONTROL
 *
 * Forms that rest on procedures of the run-time: promises, parameters, guard; syntax-error; and the names that mean
 * something only inside other forms <design/expander#.if.reserved>.
 */
import { local, procedure, runtime, temporary } from './build.ts';
import { clausesExpand } from './conditionals.ts';
import type { PairDatum } from './datum.ts';
import { SchemeSyntaxError } from './datum.ts';
import type { Expander } from './expander.ts';
import { datumPosition, datumText, formParts, properList, symbolPart } from './form.ts';
import type { Call, Expr } from './ir.ts';
import { thunk } from './bindings.ts';
import type { SpecialBinding } from './scope.ts';
import { Scope, specialForm } from './scope.ts';

function promise(name: string): SpecialBinding['expand'] {
  return (x, form, scope) => {
    const parts = formParts(form, 1, 1, `(${name} EXPRESSION)`);
    return runtime(`%${name}`, [thunk(x, parts, scope, form.at)], form.at);
  };
}

function parameterize(x: Expander, form: PairDatum, scope: Scope): Expr {
  const usage = '(parameterize ((PARAMETER VALUE) ...) BODY ...)';
  const [list, ...body] = formParts(form, 2, Infinity, usage);
  const args = properList(list, form.at, 'the list of parameters', usage).flatMap((each) => {
    const at = datumPosition(each, form.at);
    const parts = properList(each, at, 'a binding of parameterize', usage);
    if (parts.length !== 2) throw new SchemeSyntaxError(at, `a binding must be a parameter and a value, got ${datumText(each)}`, `write ${usage}`);
    return x.exprs(parts, scope, at);
  });
  return runtime('%parameterize', [thunk(x, body, scope, form.at), ...args], form.at);
}

/** guard -- the body as a procedure, and the clauses as one of the condition and of what raises it again
 *
 * The run-time calls the latter in the dynamic environment of the guard; `reraise` goes back to that of the raise
 * <design/expander#.def.guard>.
 */
function guard(x: Expander, form: PairDatum, scope: Scope): Expr {
  const usage = '(guard (VARIABLE CLAUSE ...) BODY ...)';
  const [spec, ...body] = formParts(form, 2, Infinity, usage);
  const at = datumPosition(spec, form.at);
  const [name, ...clauses] = properList(spec, at, 'the specification of guard', usage);
  if (name === undefined) throw new SchemeSyntaxError(at, 'guard has no variable', `write ${usage}`);
  const id = symbolPart(name, at, 'the variable of guard', usage);
  const inside = new Scope(scope, { procedure: 'guard' });
  const condition = inside.variable(id);
  const reraise = temporary('reraise');
  const again: Call = { op: 'call', callee: local(reraise, at), args: [], at };
  const handler = clausesExpand(x, clauses, inside, at, usage, again);
  const made = procedure([{ params: [condition, reraise], rest: null, body: handler }], at);
  return runtime('%guard', [thunk(x, body, scope, form.at), made], form.at);
}

function syntaxError(_x: Expander, form: PairDatum): Expr {
  const [message, ...irritants] = formParts(form, 1, Infinity, '(syntax-error MESSAGE DATUM ...)');
  const text = message?.type === 'string' ? message.value : datumText(message);
  const shown = irritants.map((irritant) => ` ${datumText(irritant)}`).join('');
  throw new SchemeSyntaxError(form.at, text + shown, 'the program itself refuses this with syntax-error');
}

function misplaced(where: string): SpecialBinding['expand'] {
  return (_x, form) => {
    throw new SchemeSyntaxError(form.at, `${datumText(form.car)} out of place`, `it has a meaning only in ${where}`);
  };
}

const within = (name: string, where: string): SpecialBinding => ({ kind: 'special', name, role: 'auxiliary', expand: misplaced(where) });

export const controls: readonly SpecialBinding[] = [
  specialForm('delay', promise('delay')), specialForm('delay-force', promise('delay-force')), specialForm('parameterize', parameterize),
  specialForm('guard', guard), specialForm('syntax-error', syntaxError), specialForm('syntax-rules', misplaced('define-syntax and its like')),
  within('else', 'cond, case, guard and cond-expand'), within('=>', 'cond, case and guard'),
  within('...', 'syntax-rules'), within('_', 'syntax-rules'),
  within('unquote', 'quasiquote'), within('unquote-splicing', 'quasiquote'),
];
