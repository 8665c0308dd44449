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

/** On POSIX, with its barriers, the same should take at most so many times as long as without an operating system. */
const BarrierLIMIT = 1.15;

/** How often each version runs. */
const TIMES = 3;

/** The nurseries: each is a case on either platform, set against plain objects on `an`, against `an` on `ix`. */
const NURSERIES = ['32MiB', 'default'] as const;
const OBJECTS = 'gcbench/objects';

const caseOf = (platform: 'an' | 'ix', nursery: string): string => `gcbench/${platform}/${nursery}`;
const CASES: readonly string[] = NURSERIES.flatMap((nursery) => [caseOf('an', nursery), caseOf('ix', nursery)]);

/** What the rows are called on each platform. */
const rowName = (platform: 'an' | 'ix', nursery: string): string =>
  (platform === 'an' ? `gcbench/${nursery}` : `gcbench/ix/${nursery}`);

/** Trees on Capstan, on plain objects, on libgc. */
export const gcbench: Bench = {
  name: 'gcbench',
  summary: 'binary trees of depth 20 in 384MiB, two nurseries, on an and ix',
  rows: (sample) => gcbenchRows(sample, () => libgcSamples(TIMES)),
};

/** gcbenchRows -- the rows, with what `native` gives as those of libgc. */
export async function* gcbenchRows(sample: Sampler, native: () => Promise<LibgcSamples>): AsyncIterable<Row> {
  let found: ReadonlyMap<string, readonly Sample[]>;
  try {
    found = await samples(sample, [OBJECTS, ...CASES], TIMES);
    sameTrees([...found.values()].flat());
  } catch (error) {
    yield* failedRows(messageOf(error));
    return;
  }
  const seconds = (name: string): number => medianOf(found.get(name) ?? [], 'seconds');
  const libgc = await libgcSide(native);
  for (const nursery of NURSERIES) {
    const an = caseOf('an', nursery), ix = caseOf('ix', nursery), list = found.get(an) ?? [], name = rowName('an', nursery);
    yield rowOf(name, 's', seconds(an), 'plain objects', seconds(OBJECTS), {
      aim: ObjectsAIM, limit: ObjectsLIMIT, platform: 'an', ...workOf(list),
    });
    yield libgcRow(`${name}/libgc`, seconds(an), libgc, list);
    yield rowOf(rowName('ix', nursery), 's', seconds(ix), 'platform an', seconds(an), {
      limit: BarrierLIMIT, platform: 'ix', ...workOf(found.get(ix) ?? []),
    });
  }
}

function* failedRows(failed: string): Iterable<Row> {
  const failure = { value: null, unit: 's', ratio: null, failed } as const;
  for (const nursery of NURSERIES) {
    yield { name: rowName('an', nursery), against: 'plain objects', platform: 'an', ...failure };
    yield { name: rowName('ix', nursery), against: 'platform an', platform: 'ix', ...failure };
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

type LibgcSide = LibgcSamples | { readonly broken: string };

/** libgcSide -- the C version's samples; why there are none if it is broken. */
async function libgcSide(native: () => Promise<LibgcSamples>): Promise<LibgcSide> {
  try {
    return await native();
  } catch (error) {
    return { broken: messageOf(error) };
  }
}

function libgcRow(name: string, seconds: number, libgc: LibgcSide, list: readonly Sample[]): Row {
  const row = rowOf(name, 's', seconds, 'libgc', null, { platform: 'an' });
  if ('missing' in libgc) return { ...row, skipped: libgc.missing };
  if ('broken' in libgc) return { ...row, failed: libgc.broken };
  try {
    sameTrees([...libgc.samples, ...list]);
  } catch (error) {
    return { ...row, failed: messageOf(error) };
  }
  return rowOf(name, 's', seconds, 'libgc', medianOf(libgc.samples, 'seconds'), { platform: 'an', ...workOf(list) });
}
