/* scheme-biwascheme.ts: SCHEME PROGRAMS ON BIWASCHEME
 *
 * Its globals are shared by all interpreters of a process, so a process runs one program <design/bench#.inv.fresh>.
 */
import biwascheme from 'biwascheme';
import type { Sample } from './fresh.ts';
import { schemeTake } from './scheme-work.ts';

/** schemeBiwaScheme -- time a program on BiwaScheme. */
export function schemeBiwaScheme(name: string, warm?: number, timed?: number): Sample {
  let printed = '';
  biwascheme.Port.current_output = new biwascheme.Port.CustomOutput((text) => {
    printed += text;
  });
  const interpreter = new biwascheme.Interpreter((error) => {
    throw error instanceof Error ? error : new Error(String(error));
  });
  return schemeTake(name, (text) => {
    printed = '';
    let ended = false;
    interpreter.evaluate(text, () => {
      ended = true;
    });
    if (!ended) throw new Error(`${name} has not ended within the call`);
    return printed;
  }, warm, timed);
}
