/* mutant.ts: ONE PLANTED DEFECT
 *
 * What a mutant is and how it is applied to a source <design/mutants>.
 */

/** A small change to the source that some test must notice. */
export interface Mutant {
  /** What is broken, unique in the list. */
  readonly name: string;
  /** From the repository's root. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly old: string;
  readonly new: string;
  /** Test files of which at least one must fail. */
  readonly tests: readonly string[];
}

/** What became of a mutant <design/mutants#.outcome>: `broken` is one with which the tests did not even load. */
export type Outcome = 'killed' | 'survived' | 'broken';

/** mutantProblem -- why a mutant cannot be applied to `text`, the text of its file; null when it can. */
export function mutantProblem(mutant: Mutant, text: string | null): string | null {
  if (text === null) return `there is no ${mutant.file}`;
  const count = text.split(mutant.old).length - 1;
  if (mutant.old === mutant.new) return 'old and new are the same';
  return count === 1 ? null : `its old text occurs ${count} times in ${mutant.file}, not once`;
}

/** mutantApply -- the text of the file with the defect in it. */
export const mutantApply = (mutant: Mutant, text: string): string => text.split(mutant.old).join(mutant.new);

/** outcomeOf -- what a finished run of vitest says, from its exit code and its report
 *
 * The report is null where the mutant took the test runner down with it, which nobody overlooks.
 */
export function outcomeOf(code: number | null, report: string | null): Outcome {
  if (code === 0) return 'survived';
  if (report === null) return 'killed';
  return (JSON.parse(report) as { numFailedTests: number }).numFailedTests > 0 ? 'killed' : 'broken';
}
