/* scope.ts: WHAT IDENTIFIERS MEAN
 *
 * Scopes map identifiers to variables, macros and special forms while the plain evaluator compiles. An identifier that a
 * macro inserted is an alias: it means its own binding if the expansion made one, else what its symbol means where the
 * macro was defined; that is all the hygiene there is <design/testing#.plain>.
 */
import { Alias, symbol, UNASSIGNED } from './values.ts';
import type { Code, Sym, Value } from './values.ts';

export type Id = Sym | Alias;

/** A variable: a place in the environment of the scope that binds it. */
export interface Variable { readonly kind: 'variable'; readonly scope: Scope; readonly index: number }
export interface Macro { readonly kind: 'macro'; readonly expand: (form: Value, scope: Scope) => Value }
export interface Special { readonly kind: 'special'; readonly name: string; readonly compile: (form: Value, scope: Scope) => Code }
/** A global variable: what it holds, or nothing yet. */
export interface Cell { readonly kind: 'cell'; readonly name: string; value: Value | undefined }

export type Meaning = Variable | Macro | Special | Cell;

/** One lexical contour; one without `up` is a top level, which begins with the globals of its `base`. */
export class Scope {
  readonly up: Scope | null;
  readonly base: Scope | null;
  readonly names: Map<Id, Meaning> = new Map<Id, Meaning>();
  size = 0;
  /** True of a contour that has no environment at run time. */
  bare = false;

  constructor(up: Scope | null, base: Scope | null = null) {
    this.up = up;
    this.base = base;
  }

  /** bind -- a new variable of this scope */
  bind(id: Id): Variable {
    const variable: Variable = { kind: 'variable', scope: this, index: this.size };
    this.names.set(id, variable);
    this.size += 1;
    return variable;
  }

  /** blank -- values for all its variables, not yet assigned */
  blank(): Value[] {
    return new Array<Value>(this.size).fill(UNASSIGNED);
  }

  /** lookup -- what an identifier means here */
  lookup(id: Id): Meaning {
    for (let scope: Scope | null = this; scope !== null; scope = scope.up) {
      const found = scope.names.get(id);
      if (found !== undefined) return found;
    }
    return id instanceof Alias ? (id.scope as Scope).lookup(id.id) : this.top().global(id);
  }

  /** global -- what a symbol that no scope binds means: a base's variable is copied, so that the base never changes */
  private global(name: Sym): Meaning {
    const inherited = this.base?.names.get(name);
    if (inherited !== undefined && inherited.kind !== 'cell') return inherited;
    const cell = this.cell(name);
    cell.value = inherited?.value;
    return cell;
  }

  /** top -- the top level around this scope */
  top(): Scope {
    let scope: Scope = this;
    while (scope.up !== null) scope = scope.up;
    return scope;
  }

  /** cell -- the global variable of that name, in a top level */
  cell(id: Id): Cell {
    const name = strip(id);
    let found = this.names.get(name);
    if (found === undefined || found.kind !== 'cell') this.names.set(name, found = { kind: 'cell', name: name.name, value: undefined });
    return found;
  }
}

/** isSame -- do two identifiers' meanings agree, for a macro's literals? */
export const isSame = (a: Meaning, b: Meaning): boolean =>
  a === b || (a.kind === 'cell' && b.kind === 'cell' && a.name === b.name);

/** depthOf -- how many environments up from `from` the environment of `to` lies */
export function depthOf(from: Scope, to: Scope): number {
  let depth = 0;
  for (let scope: Scope = from; scope !== to; scope = scope.up!) if (!scope.bare) depth += 1;
  return depth;
}

/** strip -- the symbol that an identifier was written as */
export function strip(id: Id): Sym {
  while (id instanceof Alias) id = id.id;
  return id;
}

/** core -- an identifier that means the language's own `name` wherever it is inserted */
export function core(scope: Scope, name: string): Alias {
  const top = scope.top();
  return new Alias(symbol(name), top.base ?? top);
}
