/* vectors-text.ts: WHAT WAS JUDGED
 *
 * The outcome of a replay of vectors, for people and for programs <design/look#.replay>.
 */
import { failureText, type Judge, type Through } from './vectors-judge.ts';

/** judgedText -- the first rows that differ, counts, and how many passed. */
export function judgedText(judge: Judge, isVerbose: boolean): string {
  const { failures, passed, failed } = judge, more = failed - failures.length;
  return failures.map(failureText).join('')
    + (more > 0 ? `${failures.length > 0 ? 'and ' : ''}${more} ${failures.length > 0 ? 'more ' : ''}that differ (--differences ${failed} shows all)\n` : '')
    + (isVerbose ? countsText(judge) : '')
    + `${passed} passed, ${failed} failed\n`;
}

const countsText = (judge: Judge): string => judge.counts()
  .map(({ format, op, passed, failed }) => `${format.padEnd(9)}${op.padEnd(15)}${String(passed).padStart(10)} passed${String(failed).padStart(10)} failed\n`)
  .join('');

/** judgedJson -- the same in a line. */
export const judgedJson = (judge: Judge, through: Through): string =>
  `${JSON.stringify({ through, passed: judge.passed, failed: judge.failed, operations: judge.counts(), differences: judge.failures })}\n`;
