/* datum.ts: DATA AT COMPILE TIME
 *
 * What the reader makes of text, with the place of every list and symbol, so that errors can name line and column
 * <design/scheme#.datum>. A datum becomes heap objects when a program quotes it.
 */

/** A place in a source: `file` as the user named it, line and column from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface SymbolDatum { readonly type: 'symbol'; readonly name: string; readonly at: Position }
export interface PairDatum { readonly type: 'pair'; car: Datum; cdr: Datum; readonly at: Position }
export interface NullDatum { readonly type: 'null' }
export interface BooleanDatum { readonly type: 'boolean'; readonly value: boolean }
/** An exact integer: fixnum or bignum by its size. */
export interface IntegerDatum { readonly type: 'integer'; readonly value: bigint }
export interface RealDatum { readonly type: 'real'; readonly value: number }
export interface CharDatum { readonly type: 'char'; readonly value: number }
export interface StringDatum { readonly type: 'string'; readonly value: string }
export interface VectorDatum { readonly type: 'vector'; readonly items: Datum[] }
export interface BytesDatum { readonly type: 'bytes'; readonly bytes: readonly number[] }
/** The value of forms that have none worth naming. */
export interface UnspecificDatum { readonly type: 'unspecific' }

export type Datum =
  | SymbolDatum | PairDatum | NullDatum | BooleanDatum | IntegerDatum | RealDatum | CharDatum | StringDatum
  | VectorDatum | BytesDatum | UnspecificDatum;

/** A syntax error of the program: its message reads `FILE:LINE:COL: what (what to do)`. */
export class SchemeSyntaxError extends Error {
  readonly code = 'CAPSTAN_SYNTAX';
  override readonly name = 'SchemeSyntaxError';
  readonly at: Position;

  constructor(at: Position, what: string, hint: string) {
    super(`${at.file}:${at.line}:${at.column}: ${what} (${hint})`);
    this.at = at;
  }
}
