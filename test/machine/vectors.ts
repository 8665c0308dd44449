/* vectors.ts: CAPABILITY VECTORS
 *
 * The rows of test/data/vectors for one format. Their answers come from the Sail model of CHERI-RISC-V and from an
 * independent library; a capability is three values named hi, lo, tag, or ahi, alo, atag <design/capability#.test.vectors>.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Capability } from '../../code/machine/machine.ts';

type Value = string | boolean;

/** One operation, its operands and its results. Numbers are hexadecimal. */
export interface Row {
  readonly fmt: string;
  readonly op: string;
  readonly in: Readonly<Record<string, Value>>;
  readonly out: Readonly<Record<string, Value>>;
}

const file = new URL('../data/vectors/cheri.jsonl.gz', import.meta.url);

/** rowsOf -- the rows of a format, by operation. */
export function rowsOf(format: string): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const line of gunzipSync(readFileSync(file)).toString('utf8').split('\n')) {
    if (line === '') continue;
    const row = JSON.parse(line) as Row;
    if (row.fmt === format) found.set(row.op, [...found.get(row.op) ?? [], row]);
  }
  return found;
}

/** numberIn -- an operand. */
export const numberIn = (row: Row, name: string): bigint => BigInt(row.in[name]);

/** capIn -- the capability among the operands; `prefix` is `a` for the authority. */
export const capIn = (row: Row, prefix: '' | 'a' = ''): Capability => ({
  hi: numberIn(row, `${prefix}hi`), lo: numberIn(row, `${prefix}lo`), tag: row.in[`${prefix}tag`] as boolean,
});

/** hex -- a number as the rows write it. */
export const hex = (value: bigint | number): string => `0x${value.toString(16)}`;
