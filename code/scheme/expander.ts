/* expander.ts: THE EXPANDER
 *
 * From data to the core language: macros are expanded, derived forms spelled out, names resolved
 * <design/expander>. Special forms live in tables of their files and are reached through the scope, so that a program may
 * bind their names as it likes <design/expander#.inv.shadow>.
 */
import { bindings, leftLambda } from './bindings.ts';
import { bodyExpand } from './body.ts';
import { isReserved } from './build.ts';
import { conditionals, testExpand } from './conditionals.ts';
import { controls } from './controls.ts';
import type { Datum, PairDatum, Position, SymbolDatum } from './datum.ts';
import { SchemeSyntaxError } from './datum.ts';
import { definitions } from './definitions.ts';
import { datumPosition, datumText, properList } from './form.ts';
import type { Expr, SetGlobal, SetLocal, Variable } from './ir.ts';
import { libraries } from './library.ts';
import { quasiquotes } from './quasiquote.ts';
import type { Resolution, SpecialBinding } from './scope.ts';
import { Scope } from './scope.ts';
import { SyntaxRules } from './syntax-rules.ts';
import type { Budget } from './template.ts';
import { toplevel } from './toplevel.ts';

/** Levels to which forms may nest, each form and body being one <design/expander#.req.depth>. */
export const ExpandDEPTH = 400;
/** Levels to which core forms may, with those that come of clauses and bindings in a row. */
export const NestDEPTH = 1000;
/** Data that the macros of one top-level form may write, and steps without coming to a form that is no macro. */
const BudgetDATA = 2_000_000;
const BudgetSTEPS = 100_000;

const NOWHERE: Position = { file: '-', line: 1, column: 1 };

/** Expands the top-level forms of one program, in order; top-level macros persist <design/expander>. */
export class Expander {
  /** The top scope: special forms and macros. Names that it lacks are global variables. */
  readonly top: Scope;
  readonly budget: Budget = { left: 0 };
  private readonly prelude: boolean;
  private readonly reserved: ReadonlySet<string>;
  private depth = 0;
  private chained = 0;

  /** With `prelude`, the run-time's own names may be defined; `reserved` adds to those names. */
  constructor(options: { readonly prelude?: boolean; readonly reserved?: ReadonlySet<string> } = {}) {
    this.prelude = options.prelude ?? false;
    this.reserved = options.reserved ?? new Set();
    this.top = new Scope(null, { procedure: 'top level' });
    for (const special of [...bindings, ...conditionals, ...controls, ...quasiquotes, ...definitions, ...libraries]) {
      this.top.bind({ type: 'symbol', name: special.name, at: NOWHERE }, special);
    }
  }

  /** expand -- the core form of a top-level datum; throws SchemeSyntaxError
   *
   * `near` is where the datum begins, for messages, if it is of a kind that keeps no place.
   */
  expand(datum: Datum, near: Position = NOWHERE): Expr {
    this.depth = 0;
    this.chained = 0;
    this.budget.left = BudgetDATA;
    return toplevel(this, datum, datumPosition(datum, near));
  }

  /** expr -- the core form of an expression; `near` is where a datum without a place stands */
  expr(datum: Datum, scope: Scope, near: Position): Expr {
    this.enter(datumPosition(datum, near));
    const made = this.exprHere(datum, scope, near);
    this.leave();
    return made;
  }

  /** enter -- go one level deeper */
  enter(at: Position): void {
    this.depth += 1;
    if (this.depth > ExpandDEPTH) throw tooDeep(at, ExpandDEPTH);
    this.chain(at, 0);
  }

  leave(): void {
    this.depth -= 1;
  }

  /** chain -- count core forms that nest though their sources stand in a row; taken back by unchain */
  chain(at: Position, levels = 1): void {
    this.chained += levels;
    if (this.depth + this.chained > NestDEPTH) throw tooDeep(at, NestDEPTH);
  }

  unchain(levels: number): void {
    this.chained -= levels;
  }

  /** exprs -- each of several expressions */
  exprs(data: readonly Datum[], scope: Scope, near: Position): Expr[] {
    const made: Expr[] = [];
    for (const datum of data) made.push(this.expr(datum, scope, near));
    return made;
  }

  /** test -- an expression of which only the truth matters <design/expander#.def.test> */
  test(datum: Datum, scope: Scope, near: Position): Expr {
    this.enter(datumPosition(datum, near));
    const form = this.macro(datum, scope);
    const made = testExpand(this, form, scope, near) ?? this.exprHere(form, scope, near);
    this.leave();
    return made;
  }

  /** body -- definitions and expressions, in a scope inside `scope` */
  body(forms: readonly Datum[], scope: Scope, at: Position): Expr {
    this.enter(at);
    const made = bodyExpand(this, forms, scope, at);
    this.leave();
    return made;
  }

  /** macro -- a form with its macro uses at the head expanded, until it is something else */
  macro(datum: Datum, scope: Scope): Datum {
    let form = datum;
    for (let steps = 0; form.type === 'pair' && form.car.type === 'symbol'; ++steps) {
      const head = scope.resolve(form.car);
      if (typeof head === 'string' || head.kind !== 'macro') break;
      if (steps > BudgetSTEPS) this.budget.left = 0;
      form = head.rules.expand(form, head.name, scope, this.budget);
    }
    return form;
  }

  /** special -- the special form that heads a datum, or null */
  special(datum: Datum, scope: Scope): SpecialBinding | null {
    if (datum.type !== 'pair' || datum.car.type !== 'symbol') return null;
    const head = scope.resolve(datum.car);
    return typeof head !== 'string' && head.kind === 'special' ? head : null;
  }

  /** transformer -- the meaning of a transformer spec, which is a syntax-rules form */
  transformer(datum: Datum, scope: Scope, near: Position): SyntaxRules {
    if (datum.type === 'pair' && this.special(datum, scope)?.name === 'syntax-rules') return new SyntaxRules(datum, scope);
    throw new SchemeSyntaxError(datumPosition(datum, near), `${datumText(datum)} is not a macro`, 'write (syntax-rules (LITERAL ...) (PATTERN TEMPLATE) ...)');
  }

  /** assign -- set! of a name */
  assign(id: SymbolDatum, value: Expr, scope: Scope): Expr {
    const meaning = scope.resolve(id);
    if (typeof meaning === 'string') {
      this.checkReserved(id);
      const made: SetGlobal = { op: 'setglobal', name: meaning, value, at: id.at };
      return made;
    }
    const variable = this.variable(meaning, id, scope, 'cannot be assigned');
    variable.assigned = true;
    const made: SetLocal = { op: 'setlocal', variable, value, at: id.at };
    return made;
  }

  /** checkReserved -- refuse to define or assign what expansions rely on <design/expander#.inv.reserved> */
  checkReserved(id: SymbolDatum): void {
    if (!this.prelude && (isReserved(id.name) || this.reserved.has(id.name))) {
      throw new SchemeSyntaxError(id.at, `${id.name} belongs to the run-time`, 'choose another name');
    }
  }

  private exprHere(datum: Datum, scope: Scope, near: Position): Expr {
    const form = this.macro(datum, scope);
    if (form.type === 'symbol') return this.reference(form, scope);
    if (form.type === 'pair') return this.special(form, scope)?.expand(this, form, scope) ?? this.call(form, scope);
    if (form.type === 'null') {
      throw new SchemeSyntaxError(near, '() is not an expression', 'write \'() for the empty list');
    }
    return { op: 'const', value: form };
  }

  private reference(id: SymbolDatum, scope: Scope): Expr {
    const meaning = scope.resolve(id);
    if (typeof meaning === 'string') return { op: 'global', name: meaning, at: id.at };
    return { op: 'local', variable: this.variable(meaning, id, scope, 'has no value'), at: id.at };
  }

  /** The variable that a name means; notes who sees it <design/expander#.inv.flags>. */
  private variable(meaning: Exclude<Resolution, string>, id: SymbolDatum, scope: Scope, what: string): Variable {
    if (meaning.kind !== 'variable') {
      throw new SchemeSyntaxError(id.at, `${id.name} is syntax and ${what}`, `use it at the head of a form, or bind ${id.name} as a variable`);
    }
    const { variable, frame, group, index } = meaning;
    if (frame !== scope.frame) variable.captured = true;
    if (group !== null && group.current <= index) group.first[index] = Math.min(group.first[index], group.current);
    return variable;
  }

  private call(form: PairDatum, scope: Scope): Expr {
    const direct = leftLambda(this, form, scope);
    if (direct !== null) return direct;
    const args = properList(form.cdr, form.at, 'a call', '(PROCEDURE ARGUMENT ...)');
    const callee = this.expr(form.car, scope, form.at);
    return { op: 'call', callee, args: this.exprs(args, scope, form.at), at: form.at };
  }
}

function tooDeep(at: Position, most: number): SchemeSyntaxError {
  return new SchemeSyntaxError(at, 'the program is nested too deeply here', `at most ${most} levels; define parts of it apart`);
}

export { definedGlobals, definedNames } from './defined.ts';
