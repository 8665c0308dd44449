/* closing.js: THE CLOSING LINE
 *
 * Adds up vitest's JSON reports into the one line that ends a run of .ci/run <design/setup#.closing>. Plain JavaScript without
 * imports from node_modules: the line is printed even where set-up failed.
 *
 *     node tool/closing.js BROKEN REPORT...
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Whether a file failed, but none of its tests: in loading, or in what surrounds them. */
const failedOutside = (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed');

/** The sum of reports, given as texts: how many tests passed, how many failed <design/setup#.inv.closing>
 *
 * A report that is null was never written, and counts as one failure; so does a file that failed though none of its tests did,
 * and a run that had no tests at all. `broken` counts the steps that failed and are no tests.
 */
export function tally(reports, broken) {
  let passed = 0, failed = broken;
  for (const text of reports) {
    if (text === null) {
      failed += 1;
      continue;
    }
    const report = JSON.parse(text);
    passed += report.numPassedTests;
    const before = failed;
    failed += report.numFailedTests + report.testResults.filter(failedOutside).length;
    if (failed === before && (!report.success || report.numPassedTests === 0)) failed += 1;
  }
  return { passed, failed };
}

/** `N passed, N failed`. */
export const closingLine = ({ passed, failed }) => `${passed} passed, ${failed} failed`;

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [, , broken, ...files] = process.argv;
  const closing = tally(files.map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : null)), Number(broken));
  console.log(closingLine(closing));
  if (closing.failed > 0) process.exitCode = 1;
}
