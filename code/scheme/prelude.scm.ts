/* prelude.scm.ts: THE PRELUDE
 *
 * The part of the run-time library that is written in Scheme; compiled at every boot, so it is kept lean
 * <design/scheme#.prelude>.
 */
import { preludeControl } from './prelude/control.ts';
import { preludeSequences } from './prelude/sequences.ts';

/** The text to be loaded before any program. */
export const prelude: string = preludeControl + preludeSequences;
