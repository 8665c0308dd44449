/* vectors-text.ts: WHAT WAS JUDGED
 *
 * The outcome of a replay of vectors, for people and for programs <design/look#.replay>.
 */
import { failureText, type Judge, type Through } from './vectors-judge.ts';

/** A file that could not be read to its end, and what is wrong <design/look#.replay.unread>. */
export interface Unread {
  readonly file: string;
  readonly error: string;
}

/** judgedText -- the first rows that failed, counts, and how many passed. */
export function judgedText(judge: Judge, isVerbose: boolean): string {
  const { failures, passed, failed } = judge, more = failed - failures.length;
  return failures.map(failureText).join('')
    + (more > 0 ? `${failures.length > 0 ? 'and ' : ''}${more} ${failures.length > 0 ? 'more ' : ''}that failed (--differences ${failed} shows all)\n` : '')
    + (isVerbose ? countsText(judge) : '')
    + `${passed} passed, ${failed} failed\n`;
}

function countsText(judge: Judge): string {
  const row = (name: string, passed: number, failed: number): string =>
    `${name.padEnd(24)}${String(passed).padStart(10)} passed${String(failed).padStart(10)} failed\n`;
  return judge.counts().map(({ format, op, passed, failed }) => row(format.padEnd(9) + op, passed, failed)).join('')
    + (judge.noVectors > 0 ? row('no vectors', 0, judge.noVectors) : '');
}

/** judgedJson -- the same in a line, with the files that could not be read. */
export function judgedJson(judge: Judge, through: Through, errors: readonly Unread[]): string {
  const { passed, failed, noVectors, failures } = judge;
  return `${JSON.stringify({ through, passed, failed, noVectors, operations: judge.counts(), differences: failures, errors })}\n`;
}
