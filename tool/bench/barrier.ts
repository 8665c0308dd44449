/* barrier.ts: BARRIERS
 *
 * What a hit of a barrier costs, from the fault to the access that is made again, with a collector and without one; against the
 * same on the host's own kernel, in C <design/bench#.barrier>.
 */
import type { Bench } from './bench.ts';
import { medianOf, messageOf, samples, type Sampler } from './fresh.ts';
import { nativeBuild, type Native } from './native.ts';
import { rowOf, type Row, type RowNotes } from './rows.ts';

/** A hit should cost at most this share of a native one. */
const HitLIMIT = 0.1;

/** How often each side runs. */
const TIMES = 3;

/** A row, and the number of the case that is its value; the C program calls its own as the row is called. */
interface BarrierRow {
  readonly name: string;
  readonly key: string;
  readonly notes: RowNotes;
}

/** The cases, and the rows that each gives. */
const CASES: Readonly<Record<string, readonly BarrierRow[]>> = {
  'barrier/numbers': [
    { name: 'hit', key: 'write', notes: { platform: 'ix', limit: HitLIMIT } },
    { name: 'read', key: 'read', notes: { platform: 'ix' } },
  ],
  'barrier/references': [{ name: 'scan', key: 'read', notes: { platform: 'ix' } }],
  'barrier/kernel': [{ name: 'fault', key: 'fault', notes: {} }, { name: 'mprotect', key: 'mprotect', notes: {} }],
};
const NATIVE = 'barrier/native';

/** Hits of barriers, faults and mprotect. */
export const barrier: Bench = {
  name: 'barrier',
  summary: 'hits of barriers, faults and mprotect, against C on this host',
  rows: (sample) => barrierRows(sample, () => nativeBuild('barrier')),
};

/** barrierRows -- the rows, with what `build` gives as the native side. */
export async function* barrierRows(sample: Sampler, build: () => Promise<Native>): AsyncIterable<Row> {
  const native = await build().catch((error: unknown) => ({ failed: messageOf(error) }));
  try {
    for (const name of Object.keys(CASES)) yield* await caseRows(name, sample, native);
  } finally {
    if ('finish' in native) native.finish();
  }
}

/** caseRows -- the rows of one case: without a ratio where there is no C program. */
async function caseRows(name: string, sample: Sampler, native: Native | { readonly failed: string }): Promise<Row[]> {
  const rows = CASES[name] ?? [], sides = 'run' in native ? [name, NATIVE] : [name];
  const why = 'missing' in native ? { skipped: native.missing } : 'failed' in native ? native : {};
  try {
    const found = await samples((side) => (side === NATIVE && 'run' in native ? native.run() : sample(side)), sides, TIMES);
    const ours = found.get(name) ?? [], theirs = found.get(NATIVE);
    return rows.map((row) => {
      const other = theirs === undefined ? null : medianOf(theirs, row.name);
      return { ...rowOf(`barrier/${row.name}`, 'ns', medianOf(ours, row.key), `native ${row.name}`, other, row.notes), ...why };
    });
  } catch (error) {
    const failed = messageOf(error);
    return rows.map((row) => ({
      name: `barrier/${row.name}`, value: null, unit: 'ns', against: `native ${row.name}`, ratio: null, ...row.notes, failed,
    }));
  }
}
