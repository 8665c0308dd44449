/* scheme.ts: SCHEME
 *
 * Scheme programs on Capstan and on BiwaScheme, an interpreter in JavaScript whose values are JavaScript's <design/bench#.scheme>.
 */
import type { Bench } from './bench.ts';
import { medianOf, messageOf, samples, type Sample, type Sampler } from './fresh.ts';
import { rowOf, type Row, type RowNotes } from './rows.ts';

/** The doubly recursive Fibonacci of 30 should take at most this share of BiwaScheme's time. */
const FibAIM = 0.2;

/** How often each program runs on either side. */
const TIMES = 3;

const AIMS: Readonly<Record<string, RowNotes>> = { fib30: { aim: FibAIM }, tak: {}, trees: {} };

/** Scheme programs. */
export const scheme: Bench = {
  name: 'scheme',
  summary: 'Scheme programs, warmed up, against BiwaScheme',
  rows,
};

async function* rows(sample: Sampler): AsyncIterable<Row> {
  for (const [program, notes] of Object.entries(AIMS)) {
    const name = `scheme/${program}`, ours = `${name}/capstan`, theirs = `${name}/biwascheme`;
    try {
      const found = await samples(sample, [ours, theirs], TIMES);
      sameOutput([...found.values()].flat());
      const time = (side: string): number => medianOf(found.get(side) ?? [], 'milliseconds');
      yield rowOf(name, 'ms', time(ours), 'BiwaScheme', time(theirs), notes);
    } catch (error) {
      yield { name, value: null, unit: 'ms', against: 'BiwaScheme', ratio: null, failed: messageOf(error) };
    }
  }
}

/** sameOutput -- an error unless both sides have printed the same <design/bench#.inv.same>. */
function sameOutput(list: readonly Sample[]): void {
  const outputs = new Set(list.map((one) => String(one['output'])));
  if (outputs.size !== 1) throw new Error(`the two print different results: ${[...outputs].join(' and ')}`);
}
