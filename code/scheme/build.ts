/* build.ts: MAKING CORE FORMS
 *
 * Small constructors of the core language, and the names of the run-time's procedures that expansions call
 * <design/expander#.if.reserved>.
 */
import type { Datum, Position } from './datum.ts';
import type { Call, Clause, Const, Expr, Global, If, Lambda, Let, Local, Variable } from './ir.ts';

const UNSPECIFIC: Datum = { type: 'unspecific' };

/** The globals that expansions refer to; programs may not define or assign them. */
export const ReservedNAMES: readonly string[] = [
  '%append', '%call-with-values', '%cons', '%cons*', '%delay', '%delay-force', '%eq?', '%eqv?', '%guard', '%list->vector',
  '%make-record-type', '%memv', '%parameterize', '%record', '%record-ref', '%record-set!', '%record?', '%vector',
  '%vector-ref',
];

const RESERVED: ReadonlySet<string> = new Set(ReservedNAMES);

/** Whether a name belongs to the run-time. */
export function isReserved(name: string): boolean {
  return RESERVED.has(name);
}

export function constant(value: Datum): Const {
  return { op: 'const', value };
}

export function unspecific(): Const {
  return { op: 'const', value: UNSPECIFIC };
}

export function truth(value: boolean): Const {
  return { op: 'const', value: { type: 'boolean', value } };
}

export function index(value: number): Const {
  return { op: 'const', value: { type: 'integer', value: BigInt(value) } };
}

export function symbol(name: string, at: Position): Const {
  return { op: 'const', value: { type: 'symbol', name, at } };
}

export function local(variable: Variable, at: Position): Local {
  return { op: 'local', variable, at };
}

/** A call of a reserved procedure. */
export function runtime(name: string, args: readonly Expr[], at: Position): Call {
  const callee: Global = { op: 'global', name, at };
  return { op: 'call', callee, args, at };
}

export function choice(test: Expr, then: Expr, otherwise: Expr): If {
  return { op: 'if', test, then, else: otherwise };
}

export function sequence(body: readonly Expr[]): Expr {
  const [only] = body;
  if (only === undefined) return unspecific();
  return body.length === 1 ? only : { op: 'seq', body };
}

export function binding(variables: readonly Variable[], inits: readonly Expr[], body: Expr): Expr {
  if (variables.length === 0) return body;
  const made: Let = { op: 'let', variables, inits, body };
  return made;
}

export function procedure(clauses: readonly Clause[], at: Position, name = ''): Lambda {
  return { op: 'lambda', clauses, name, at };
}

/** A variable that no name of the program can mean. */
export function temporary(name: string): Variable {
  return { name, assigned: false, captured: false };
}

/** Gives a procedure the name of what it is bound to. */
export function named(value: Expr, name: string): Expr {
  return value.op === 'lambda' && value.name === '' ? { ...value, name } : value;
}
