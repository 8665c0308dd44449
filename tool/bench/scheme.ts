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

/** Each program runs on both platforms. */
const PLATFORMS = ['an', 'ix'] as const;
const rowName = (platform: 'an' | 'ix', program: string): string =>
  (platform === 'an' ? `scheme/${program}` : `scheme/ix/${program}`);

/** Scheme programs. */
export const scheme: Bench = {
  name: 'scheme',
  summary: 'Scheme programs, warmed up, against BiwaScheme',
  rows,
};

async function* rows(sample: Sampler): AsyncIterable<Row> {
  for (const [program, notes] of Object.entries(AIMS)) {
    const name = `scheme/${program}`, theirs = `${name}/biwascheme`, sides = PLATFORMS.map((platform) => `${name}/${platform}`);
    try {
      const found = await samples(sample, [theirs, ...sides], TIMES);
      sameOutput([...found.values()].flat());
      const time = (side: string): number => medianOf(found.get(side) ?? [], 'milliseconds');
      for (const platform of PLATFORMS) {
        const milliseconds = time(`${name}/${platform}`);
        yield rowOf(rowName(platform, program), 'ms', milliseconds, 'BiwaScheme', time(theirs), { ...notes, platform });
      }
    } catch (error) {
      const failed = messageOf(error);
      for (const platform of PLATFORMS) {
        yield { name: rowName(platform, program), value: null, unit: 'ms', against: 'BiwaScheme', ratio: null, platform, failed };
      }
    }
  }
}

/** sameOutput -- an error unless both sides have printed the same <design/bench#.inv.same>. */
function sameOutput(list: readonly Sample[]): void {
  const outputs = new Set(list.map((one) => String(one['output'])));
  if (outputs.size !== 1) throw new Error(`the two print different results: ${[...outputs].join(' and ')}`);
}
