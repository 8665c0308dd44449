/* os.ts: THE OPERATING SYSTEM
 *
 * What faults, mappings, forks, signals, threads and pipes cost, and how that grows with the maps and threads that there are beside
 * <design/bench#.os>.
 */
import type { Bench } from './bench.ts';
import { medianOf, messageOf, samples, type Sample, type Sampler } from './fresh.ts';
import { growthLimit, OsFULL, OsOPERATIONS, type Grown, type OsOperation } from './os-work.ts';
import { rowOf, type Row } from './rows.ts';

/** How often each case runs. */
const TIMES = 3;

const { sizes: [least, ...more], many } = OsFULL;

/** The rows of many threads: the number of the case that each is, that of generators, and its unit. */
const MANY = [
  { name: 'create', unit: 'ns' }, { name: 'block', unit: 'ns' }, { name: 'end', unit: 'ns' }, { name: 'bytes', unit: 'B' },
] as const;
const MANYCASE = 'os/many';

/** Calls, and their growth. */
export const os: Bench = {
  name: 'os',
  summary: `the operating system, with ${least} to ${OsFULL.sizes.at(-1) ?? least} maps or threads beside; ${many} threads at once`,
  rows,
};

async function* rows(sample: Sampler): AsyncIterable<Row> {
  for (const operation of OsOPERATIONS) {
    for (const grown of operation.grown) {
      const name = `os/${operation.name}/${grown}`;
      const failed = { name, value: null, unit: 'ns', against: operation.against, ratio: null } as const;
      yield* await rowsOf(sample, name, failed, (list) => growthRows(operation, grown, list));
    }
  }
  yield* await rowsOf(sample, MANYCASE, { name: MANYCASE, value: null, unit: 'ns', against: 'generator', ratio: null }, manyRows);
}

/** rowsOf -- what `make` makes of a case's samples; a failed row if there are none. */
async function rowsOf(sample: Sampler, name: string, row: Row, make: (list: readonly Sample[]) => Row[]): Promise<Row[]> {
  try {
    return make((await samples(sample, [name], TIMES)).get(name) ?? []);
  } catch (error) {
    return [{ ...row, failed: messageOf(error) }];
  }
}

/** growthRows -- the operation with the least of something, against what is beside it; and with more, against itself with the least, or as
 * many of what is beside it. */
function growthRows({ name, against, isRelative }: OsOperation, grown: Grown, list: readonly Sample[]): Row[] {
  const row = (size: number): string => `os/${name}/${grown}-${size}`, at = (size: number): number => medianOf(list, String(size));
  const beside = (size: number): number => medianOf(list, isRelative === true ? `beside-${size}` : 'beside');
  const ratio = at(least) / beside(least);
  return [rowOf(row(least), 'ns', at(least), against, beside(least)), ...more.map((size) => {
    const growth = growthLimit(size, least);
    return isRelative === true ? rowOf(row(size), 'ns', at(size), against, beside(size), { limit: rounded(ratio * growth) })
      : rowOf(row(size), 'ns', at(size), `${grown}-${least}`, at(least), { limit: rounded(growth) });
  })];
}

const rounded = (value: number): number => Number(value.toPrecision(3));

/** manyRows -- what one thread of many costs. */
function manyRows(list: readonly Sample[]): Row[] {
  return MANY.map(({ name, unit }) => {
    const other = `generator${name[0].toUpperCase()}${name.slice(1)}`;
    return rowOf(`${MANYCASE}/${name}`, unit, medianOf(list, name), 'generator', medianOf(list, other));
  });
}
