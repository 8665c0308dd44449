/* closing.d.ts: what `closing.js` exports, for tests <design/setup#.closing>. */

export interface Closing {
  readonly passed: number;
  readonly failed: number;
}

export declare function tally(reports: readonly (string | null)[], broken: number): Closing;
export declare const closingLine: (closing: Closing) => string;
