/* pause.ts: PAUSES
 *
 * What becomes of the pause that was asked for while the world is collected: in work, which the collector counts, and in time,
 * which it does not know <design/bench#.pause>.
 */
import type { Bench } from './bench.ts';
import { medianOf, messageOf, samples, type Sample, type Sampler } from './fresh.ts';
import { rowOf, type Row, type RowNotes } from './rows.ts';

/** The longest pause may have so many times the work that was asked for. */
const WorkLIMIT = 1.5;

/** How often each size runs. */
const TIMES = 3;

/** The pause that is asked for in the first case, in milliseconds. */
const ASKED = 10;

/** The cases: with a pause, and with a quantum a poll. */
const PAUSED = 'pause/256MiB';
const POLLED = 'pause/64MiB';

/** Pauses of the collector. */
export const pause: Bench = {
  name: 'pause',
  summary: 'pauses of a collection of the world, 256 MiB and 64 MiB alive',
  rows,
};

async function* rows(sample: Sampler): AsyncIterable<Row> {
  yield* await rowsOf(sample, PAUSED, pausedRows);
  yield* await rowsOf(sample, POLLED, (list) => [workRow(POLLED, 'a quantum', {}, list)]);
}

/** rowsOf -- what `make` makes of a case's samples; a failed row if there are none. */
async function rowsOf(sample: Sampler, name: string, make: (list: readonly Sample[]) => Row[]): Promise<Row[]> {
  try {
    return make((await samples(sample, [name], TIMES)).get(name) ?? []);
  } catch (error) {
    return [{ name, value: null, unit: 'MiB', against: 'work asked', ratio: null, platform: 'ix', failed: messageOf(error) }];
  }
}

function pausedRows(list: readonly Sample[]): Row[] {
  const took = (key: string): Row => rowOf(`${PAUSED}/${key}`, 'ms', medianOf(list, key), 'pause asked', ASKED, { platform: 'ix' });
  return [workRow(PAUSED, 'work asked', { limit: WorkLIMIT }, list), took('longest'), took('percentile'), rateRow(list)];
}

/** workRow -- the most work in a pause. It is the same in every run. */
function workRow(name: string, against: string, notes: RowNotes, list: readonly Sample[]): Row {
  const mebibytes = (key: string): number => medianOf(list, key) / 2 ** 20;
  return rowOf(name, 'MiB', mebibytes('mostWork'), against, mebibytes('asked'), {
    ...notes, platform: 'ix', polls: medianOf(list, 'polls'), pollsHit: medianOf(list, 'pollsHit'),
  });
}

/** rateRow -- how long the work takes here that PauseWORK takes to be that of a millisecond. */
function rateRow(list: readonly Sample[]): Row {
  const workRate = medianOf(list, 'work') / medianOf(list, 'milliseconds'), work = medianOf(list, 'asked') / ASKED;
  return rowOf('pause/work', 'ms', work / workRate, 'one millisecond', 1, { platform: 'ix', workRate });
}
