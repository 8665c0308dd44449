/* vectors.ts: REPLAYING VECTORS
 *
 * How long a row of capability vectors takes, reading it included, by either route <design/bench#.vectors>.
 */
import type { Bench } from './bench.ts';
import { medianOf, messageOf, samples, type Sampler } from './fresh.ts';
import { rowOf, type Row } from './rows.ts';

/** Nanoseconds that a row may take: 200,000 rows a second. */
const RowLIMIT = 5000;

/** How often each route runs. */
const TIMES = 3;

const ROUTES = ['codec', 'hart'] as const;

/** Vectors of capability operations. */
export const vectors: Bench = {
  name: 'vectors',
  summary: 'a row of capability vectors read and replayed, 20,000 rows',
  rows,
};

async function* rows(sample: Sampler): AsyncIterable<Row> {
  for (const route of ROUTES) {
    const name = `vectors/${route}`;
    try {
      const list = (await samples(sample, [name], TIMES)).get(name) ?? [], replayed = medianOf(list, 'replayed');
      yield rowOf(name, 'ns', replayed, '200,000 rows a second', RowLIMIT, { limit: 1 });
      yield rowOf(`${name}/parsed`, 'ns', replayed, 'JSON.parse of the row', medianOf(list, 'parsed'));
    } catch (error) {
      yield { name, value: null, unit: 'ns', against: '200,000 rows a second', ratio: null, failed: messageOf(error) };
    }
  }
}
