/* gcbench.ts: A GARBAGE COLLECTOR'S BENCH
 *
 * Trees grown, rebuilt and updated on Capstan, on plain JavaScript objects and, in C, on libgc <design/bench#.gcbench>.
 */
import type { Bench } from './bench.ts';
import { medianOf, messageOf, numberOf, samples, type Sample, type Sampler } from './fresh.ts';
import { libgcSamples, type LibgcSamples } from './libgc.ts';
import { rowOf, type Row, type RowNotes } from './rows.ts';

/** Capstan should take at most so many times as long as plain objects; the second is the limit. */
const ObjectsAIM = 2.5;
const ObjectsLIMIT = 3.5;

/** How often each version runs. */
const TIMES = 3;

/** Capstan's rows: what each is called, and its case. */
const SIDES = [['gcbench/32MiB', 'gcbench/32MiB'], ['gcbench/default', 'gcbench/default']] as const;
const OBJECTS = 'gcbench/objects';

/** Trees on Capstan, on plain objects, on libgc. */
export const gcbench: Bench = {
  name: 'gcbench',
  summary: 'binary trees of depth 20 in 384MiB, with a nursery of 32MiB and with the default chain',
  rows,
};

async function* rows(sample: Sampler): AsyncIterable<Row> {
  let found: ReadonlyMap<string, readonly Sample[]>;
  try {
    found = await samples(sample, [OBJECTS, ...SIDES.map(([, name]) => name)], TIMES);
    sameTrees([...found.values()].flat());
  } catch (error) {
    for (const [name] of SIDES) yield { name, value: null, unit: 's', against: 'plain objects', ratio: null, failed: messageOf(error) };
    return;
  }
  const objects = medianOf(found.get(OBJECTS) ?? [], 'seconds');
  const libgc = await libgcSide();
  for (const [name, side] of SIDES) {
    const list = found.get(side) ?? [], seconds = medianOf(list, 'seconds');
    yield rowOf(name, 's', seconds, 'plain objects', objects, { aim: ObjectsAIM, limit: ObjectsLIMIT, ...workOf(list) });
    yield libgcRow(`${name}/libgc`, seconds, libgc, list);
  }
}

const workOf = (list: readonly Sample[]): RowNotes => ({
  collections: medianOf(list, 'collections'), bytesCopied: medianOf(list, 'bytesCopied'),
});

/** sameTrees -- an error unless every version has made the same nodes and ended with the same tree <design/bench#.inv.same>. */
function sameTrees(list: readonly Sample[]): void {
  const results = new Set(list.map((one) => `${numberOf(one, 'made')} nodes, hash ${numberOf(one, 'hash')}`));
  if (results.size !== 1) throw new Error(`the versions differ: ${[...results].join('; ')}`);
}

/** libgcSide -- the C version's samples; why there are none if it is broken. */
async function libgcSide(): Promise<LibgcSamples | { readonly broken: string }> {
  try {
    return await libgcSamples(TIMES);
  } catch (error) {
    return { broken: messageOf(error) };
  }
}

function libgcRow(name: string, seconds: number, libgc: Awaited<ReturnType<typeof libgcSide>>, list: readonly Sample[]): Row {
  const row = rowOf(name, 's', seconds, 'libgc', null);
  if ('missing' in libgc) return { ...row, skipped: libgc.missing };
  if ('broken' in libgc) return { ...row, failed: libgc.broken };
  try {
    sameTrees([...libgc.samples, ...list]);
  } catch (error) {
    return { ...row, failed: messageOf(error) };
  }
  return rowOf(name, 's', seconds, 'libgc', medianOf(libgc.samples, 'seconds'), workOf(list));
}
