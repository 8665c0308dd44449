/* rows.ts: ROWS
 *
 * What the bench prints: one row for each thing measured, set against another thing of the same kind <design/bench#.row>.
 */

/** One line of a bench. Smaller ratios are better. */
export interface Row {
  readonly name: string;
  /** What was measured; null where it could not be. */
  readonly value: number | null;
  readonly unit: 'ns' | 's' | 'ms' | 'B' | 'MiB';
  /** What it is set against. */
  readonly against: string;
  /** `value` by the value of `against`; null where one of the two is missing. */
  readonly ratio: number | null;
  /** The ratio that is aimed at, and the one that is the limit. */
  readonly aim?: number;
  readonly verdict?: Verdict;
  readonly limit?: number;
  readonly limitVerdict?: Verdict;
  /** Why nothing was measured. */
  readonly skipped?: string;
  readonly failed?: string;
  /** The platform that was booted, where one was. */
  readonly platform?: 'an' | 'ix';
  /** Counts that belong to the measurement. */
  readonly collections?: number;
  readonly bytesCopied?: number;
  /** Polls of a trace, and those since whose predecessor a read barrier had been hit. */
  readonly polls?: number;
  readonly pollsHit?: number;
  /** Work of the collector in a millisecond, in bytes. */
  readonly workRate?: number;
}

/** Whether a ratio is at most what it should be. */
export type Verdict = 'within' | 'over';

/** What a row says beside its measurement. */
export type RowNotes = Pick<Row, 'aim' | 'limit' | 'platform' | 'collections' | 'bytesCopied' | 'polls' | 'pollsHit' | 'workRate'>;

/** rowOf -- the row of a measurement and of what it is set against, with its verdicts <design/bench#.inv.verdict>. */
export function rowOf(
  name: string, unit: Row['unit'], value: number, against: string, other: number | null, notes: RowNotes = {},
): Row {
  const ratio = other === null ? null : value / other;
  const judge = (most: number): Verdict => (ratio !== null && ratio <= most ? 'within' : 'over');
  return {
    name, value, unit, against, ratio, ...notes,
    ...(notes.aim === undefined || ratio === null ? {} : { verdict: judge(notes.aim) }),
    ...(notes.limit === undefined || ratio === null ? {} : { limitVerdict: judge(notes.limit) }),
  };
}

/** rowJson -- a row as one line, numbers to four digits. */
export function rowJson(row: Row): string {
  return JSON.stringify(row, (_key, value: unknown) => {
    return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
  });
}

/** rowTable -- rows as aligned text of at most 80 columns, but for what a failure says; counts stand on a line of their own. */
export function rowTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => [row.name, row.platform ?? '', valueText(row), ratioText(row), row.against, verdictText(row)]);
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...cells.map((line) => line[column].length)));
  const text = (cell: string, column: number): string =>
    (column === 2 || column === 3 ? cell.padStart(widths[column]) : cell.padEnd(widths[column]));
  const line = (row: readonly string[]): string => row.map(text).filter((_, column) => widths[column] > 0).join('  ').trimEnd();
  return rows.map((row, i) => `${line(cells[i])}\n${countsText(row)}`).join('');
}

const digits = (value: number): string => (value >= 1000 ? value.toFixed(0) : value.toPrecision(3));

const valueText = (row: Row): string => (row.value === null ? '-' : `${digits(row.value)} ${row.unit}`);

const ratioText = (row: Row): string => (row.ratio === null ? '-' : `x${digits(row.ratio)}`);

function verdictText(row: Row): string {
  if (row.failed !== undefined) return `failed: ${row.failed}`;
  if (row.skipped !== undefined) return 'skipped';
  const aim = row.verdict === undefined ? [] : [`${row.verdict} ${row.aim ?? ''}`];
  const limit = row.limitVerdict === undefined ? [] : [`${row.limitVerdict} ${row.limit ?? ''}`];
  return [...aim, ...limit].join(', ');
}

function countsText({ collections, bytesCopied, polls, pollsHit, workRate }: Row): string {
  const parts = [
    bytesCopied === undefined ? [] : [`${collections ?? 0} collections, ${Math.round(bytesCopied / 2 ** 20)} MiB copied`],
    polls === undefined ? [] : [`${polls} polls, ${pollsHit ?? 0} of them after read hits`],
    workRate === undefined ? [] : [`${Math.round(workRate)} bytes of work a millisecond`],
  ].flat();
  return parts.length === 0 ? '' : `    ${parts.join(', ')}\n`;
}
