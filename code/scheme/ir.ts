/* ir.ts: THE CORE LANGUAGE
 *
 * What the expander makes of a program and the code generator takes: a dozen forms, every variable resolved
 * <design/scheme#.ir>. These are compile-time structures of the host; the program's own data never lives here.
 */
import type { Datum, Position } from './datum.ts';

/** A lexical variable; the expander sets the flags once its whole scope is known. */
export interface Variable {
  readonly name: string;
  /** Target of a set!, or a letrec variable that may be seen before its value: needs a box if captured. */
  assigned: boolean;
  /** Referred to from an inner lambda. */
  captured: boolean;
  /** A letrec variable that may be read before its value: a read that finds it unassigned is an error of the program. */
  early?: boolean;
}

/** One clause of a procedure: (lambda (params . rest) body); a case-lambda has several. */
export interface Clause {
  readonly params: readonly Variable[];
  readonly rest: Variable | null;
  readonly body: Expr;
}

export interface Const { readonly op: 'const'; readonly value: Datum }
export interface Local { readonly op: 'local'; readonly variable: Variable; readonly at: Position }
export interface Global { readonly op: 'global'; readonly name: string; readonly at: Position }
export interface SetLocal { readonly op: 'setlocal'; readonly variable: Variable; readonly value: Expr; readonly at: Position }
export interface SetGlobal { readonly op: 'setglobal'; readonly name: string; readonly value: Expr; readonly at: Position }
/** A definition at top level; its value is unspecific. */
export interface Define { readonly op: 'define'; readonly name: string; readonly value: Expr; readonly at: Position }
export interface If { readonly op: 'if'; readonly test: Expr; readonly then: Expr; readonly else: Expr }
export interface Seq { readonly op: 'seq'; readonly body: readonly Expr[] }
export interface Lambda { readonly op: 'lambda'; readonly clauses: readonly Clause[]; readonly name: string; readonly at: Position }
/** Parallel binding: no init sees the variables. */
export interface Let { readonly op: 'let'; readonly variables: readonly Variable[]; readonly inits: readonly Expr[]; readonly body: Expr }
/** letrec*: the inits are evaluated in order and see all the variables, which begin unassigned. */
export interface Letrec { readonly op: 'letrec'; readonly variables: readonly Variable[]; readonly inits: readonly Expr[]; readonly body: Expr }
export interface Call { readonly op: 'call'; readonly callee: Expr; readonly args: readonly Expr[]; readonly at: Position }

export type Expr =
  | Const | Local | Global | SetLocal | SetGlobal | Define | If | Seq | Lambda | Let | Letrec | Call;
