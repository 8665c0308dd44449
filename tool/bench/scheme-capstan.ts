/* scheme-capstan.ts: SCHEME PROGRAMS ON CAPSTAN
 *
 * With the options that `capstan run` has when nothing is said, but for the platform <design/bench#.scheme>.
 */
import { boot, tagged } from '../../code/mps/mps.ts';
import { Runtime } from '../../code/scheme/scheme.ts';
import type { Sample } from './fresh.ts';
import { schemeTake } from './scheme-work.ts';

/** schemeCapstan -- time a program on Capstan, on one of its platforms. */
export function schemeCapstan(name: string, platform: 'an' | 'ix', warm?: number, timed?: number): Sample {
  let printed = '';
  const system = boot({ platform });
  const hart = system.hart('scheme');
  const pool = system.arena.pool('amc', { format: tagged });
  const runtime = new Runtime(hart, pool.allocationPoint(hart), {
    output: (text) => {
      printed += text;
    },
  });
  finish(runtime.start());
  return schemeTake(name, (text) => {
    printed = '';
    if (!finish(runtime.load(text, 'bench.scm'))) throw new Error(`${name} ended with ${JSON.stringify(runtime.outcome)}`);
    return printed;
  }, warm, timed);
}

/** finish -- run a thread's steps to their end. */
function finish(steps: Generator<undefined, boolean, undefined>): boolean {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
