/* scope.ts: SCOPES
 *
 * Which binding a name has. Hygiene rests on aliases: a name that a macro's template brings in is replaced by an alias,
 * which is bound like any name, and where it is not, means what the original means at the macro's definition
 * <design/expander#.def.alias>.
 */
import type { Datum, PairDatum, Position, SymbolDatum } from './datum.ts';
import type { Expander } from './expander.ts';
import type { Expr, Variable } from './ir.ts';
import type { SyntaxRules } from './syntax-rules.ts';

/** A name brought in by one use of a macro. It spells like its original, so quoted it needs no treatment. */
export class Alias implements SymbolDatum {
  readonly type = 'symbol';
  readonly name: string;
  readonly at: Position;
  readonly of: SymbolDatum;
  readonly scope: Scope;

  constructor(of: SymbolDatum, scope: Scope, at: Position) {
    this.name = of.name;
    this.at = at;
    this.of = of;
    this.scope = scope;
  }
}

/** What tells names apart: a plain name is its spelling, an alias is itself. */
export type Key = string | Alias;

export function identifierKey(id: SymbolDatum): Key {
  return id instanceof Alias ? id : id.name;
}

/** The body of one procedure; a variable referred to from another frame than its own is captured. */
export interface Frame { readonly procedure: string }

/** The variables of one letrec* while its inits are expanded <design/expander#.letrec>. */
export interface LetrecGroup {
  /** Which init is being expanded; Infinity: the body. */
  current: number;
  /** For each variable the first init, not later than its own, that refers to it; Infinity: none. */
  readonly first: number[];
}

export interface VariableBinding {
  readonly kind: 'variable';
  readonly variable: Variable;
  readonly frame: Frame;
  readonly group: LetrecGroup | null;
  readonly index: number;
}

export interface MacroBinding { readonly kind: 'macro'; readonly name: string; readonly rules: SyntaxRules }

/** How a special form becomes an expression; `auxiliary` names (else, =>) mean something only inside others. */
export interface SpecialBinding {
  readonly kind: 'special';
  readonly name: string;
  readonly role: 'expression' | 'definition' | 'auxiliary';
  readonly expand: (x: Expander, form: PairDatum, scope: Scope) => Expr;
}

/** specialForm -- a binding for a form that is an expression */
export function specialForm(name: string, expand: SpecialBinding['expand']): SpecialBinding {
  return { kind: 'special', name, role: 'expression', expand };
}

export type Binding = VariableBinding | MacroBinding | SpecialBinding;

/** What a name means: a binding, or the spelling of a global variable. Equal (===) iff free-identifier=?. */
export type Resolution = Binding | string;

export class Scope {
  readonly parent: Scope | null;
  readonly frame: Frame;
  private table: Map<Key, Binding> | null = null;

  constructor(parent: Scope | null, frame: Frame) {
    this.parent = parent;
    this.frame = frame;
  }

  /** A scope inside this one and in the same procedure. */
  inner(): Scope {
    return new Scope(this, this.frame);
  }

  /** The binding made in this very scope. */
  own(id: SymbolDatum): Binding | null {
    return this.table?.get(identifierKey(id)) ?? null;
  }

  bind(id: SymbolDatum, binding: Binding): void {
    this.table ??= new Map();
    this.table.set(identifierKey(id), binding);
  }

  /** Makes a name of the top scope a global variable again. */
  unbind(id: SymbolDatum): void {
    this.table?.delete(id.name);
  }

  /** variable -- bind a name to a new variable of this procedure */
  variable(id: SymbolDatum, group: LetrecGroup | null = null, index = 0): Variable {
    const variable: Variable = { name: id.name, assigned: false, captured: false };
    this.bind(id, { kind: 'variable', variable, frame: this.frame, group, index });
    return variable;
  }

  /** resolve -- what a name means here
   *
   * An alias that no scope binds is looked up again as its original, from the macro's definition outwards; the chain of
   * aliases ends at a plain name <design/expander#.inv.hygiene>.
   */
  resolve(identifier: SymbolDatum): Resolution {
    let id = identifier;
    let scope: Scope | null = this;
    for (;;) {
      const key = identifierKey(id);
      for (; scope !== null; scope = scope.parent) {
        const found = scope.table?.get(key);
        if (found !== undefined) return found;
      }
      if (!(id instanceof Alias)) return id.name;
      scope = id.scope;
      id = id.of;
    }
  }
}

/** The auxiliary name that a datum is here, or null: `else` bound to a variable is none. */
export function auxiliary(datum: Datum, scope: Scope): string | null {
  if (datum.type !== 'symbol') return null;
  const found = scope.resolve(datum);
  return typeof found !== 'string' && found.kind === 'special' && found.role === 'auxiliary' ? found.name : null;
}
