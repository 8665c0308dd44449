/* defined.ts: NAMES A PROGRAM DEFINES
 *
 * Which globals a program defines or assigns, so that the code generator does not take their calls for those of the
 * procedures that the run-time begins with <design/expander#.def.defined>.
 */
import type { Datum } from './datum.ts';
import type { Expr } from './ir.ts';

/** definedNames -- the names that forms define or assign, anywhere, seen without expanding them
 *
 * A name that only a macro of the program defines is found if it stands where such a macro is used: first in the form, or
 * at the head of the list that is first. What is quoted counts as well. definedGlobals is exact.
 */
export function definedNames(data: readonly Datum[]): Set<string> {
  const names = new Set<string>();
  const seen = new Set<Datum>();
  const heads: { head: string; target: Datum }[] = [];
  const macros = new Set<string>();
  const pending: Datum[] = [...data].reverse();
  for (let datum = pending.pop(); datum !== undefined; datum = pending.pop()) {
    if (datum.type !== 'pair' || seen.has(datum)) continue;
    seen.add(datum);
    pending.push(datum.cdr, datum.car);
    if (datum.car.type !== 'symbol' || datum.cdr.type !== 'pair') continue;
    const target = datum.cdr.car;
    const head = datum.car.name;
    heads.push({ head, target });
    if (head === 'define-syntax' && target.type === 'symbol') macros.add(target.name);
    definedBy(head, target, datum.cdr.cdr, names);
  }
  for (const { head, target } of heads) {
    if (macros.has(head)) addName(target.type === 'pair' ? target.car : target, names);
  }
  return names;
}

/** Adds what one form defines by its keyword. */
function definedBy(head: string, target: Datum, rest: Datum, names: Set<string>): void {
  switch (head) {
    case 'define': case 'set!': case 'define-syntax':
      addName(target.type === 'pair' ? target.car : target, names);
      return;
    case 'define-values':
      addNames(target, names);
      return;
    case 'define-record-type':
      addName(target, names);
      addRecord(rest, names);
      break;
    default:
  }
}

function addName(datum: Datum, names: Set<string>): void {
  if (datum.type === 'symbol') names.add(datum.name);
}

function addNames(list: Datum, names: Set<string>): void {
  let rest = list;
  const seen = new Set<Datum>();
  for (; rest.type === 'pair' && !seen.has(rest); rest = rest.cdr) {
    seen.add(rest);
    addName(rest.car, names);
  }
  addName(rest, names);
}

/** Every name in the rest of a record definition; field names with them, which does no harm. */
function addRecord(list: Datum, names: Set<string>): void {
  const seen = new Set<Datum>();
  for (let rest = list; rest.type === 'pair' && !seen.has(rest); rest = rest.cdr) {
    seen.add(rest);
    if (rest.car.type === 'pair') addNames(rest.car, names);
    else addName(rest.car, names);
  }
}

/** definedGlobals -- exactly the globals that expanded forms define or assign */
export function definedGlobals(program: readonly Expr[]): Set<string> {
  const names = new Set<string>();
  const pending: Expr[] = [...program];
  for (let expr = pending.pop(); expr !== undefined; expr = pending.pop()) {
    switch (expr.op) {
      case 'const': case 'local': case 'global': break;
      case 'define': case 'setglobal':
        names.add(expr.name);
        pending.push(expr.value);
        break;
      case 'setlocal': pending.push(expr.value); break;
      case 'if': pending.push(expr.test, expr.then, expr.else); break;
      case 'seq': for (const each of expr.body) pending.push(each); break;
      case 'lambda': for (const clause of expr.clauses) pending.push(clause.body); break;
      case 'let': case 'letrec':
        for (const each of expr.inits) pending.push(each);
        pending.push(expr.body);
        break;
      case 'call':
        for (const each of expr.args) pending.push(each);
        pending.push(expr.callee);
        break;
    }
  }
  return names;
}
