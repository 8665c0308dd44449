/* setup.d.ts: what `setup.js` exports, for tests <design/setup>. */

export interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly optional?: boolean }>>;
}

export declare const NodeLEAST: number;
export declare function nodeProblem(version: string): string | null;
export declare function staleness(wanted: Lock, found: Lock | null): string | null;
