/* codec-mutants.list.ts: CHANGES OF THE CODEC THAT CHANGE NOTHING
 *
 * Each change here leaves every result as it is, for the reason given <design/mutants#.codec.equivalent>. Names are those that
 * `codec-mutants.ts` prints. One that a test notices is out of date, and so is one that can no longer be made.
 */

/** A source that is changed. */
export interface Subject {
  readonly file: string;
  /** The one function that is of the codec, where not all of the file is. */
  readonly only: string | null;
}

/** The codec. */
export const subjects: readonly Subject[] = [
  { file: 'code/machine/bounds.ts', only: null },
  { file: 'code/machine/codec.ts', only: null },
  { file: 'code/machine/riscv.ts', only: null },
  { file: 'code/machine/morello.ts', only: null },
  { file: 'code/machine/ladder.ts', only: 'authorityRefuses' },
];

/** The tests that must notice what the vectors do not, the nearest first. */
export const tests: readonly string[] = [
  'test/machine/format.test.ts', 'test/machine/corners.test.ts', 'test/machine/bounds.test.ts', 'test/machine/laws.test.ts',
];

/** Changes that are equivalent for one reason. */
export interface Equivalents {
  /** Why no result can differ. */
  readonly why: string;
  readonly changes: readonly string[];
}

/** The list, in the order of the files. */
export const equivalents: readonly Equivalents[] = [
];
