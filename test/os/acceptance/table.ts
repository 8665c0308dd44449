/* table.ts: TABLES OF RULES
 *
 * A table of the text as tests: one for each row and system, and one that all rows are there and give every error that the text names.
 */
import { describe, expect, test } from 'vitest';
import type { FormatName } from '../../../code/machine/machine.ts';
import { nameOf, World, type System } from './rig.ts';

/** A row of a table, and what it makes of one call: the name of an error, '0', or what else there is to see. */
export interface Row {
  readonly row: string;
  readonly says: string;
  readonly gives: string | Readonly<Record<FormatName, string>>;
  readonly run: (world: World) => string;
}

/** What a whole table comes to. */
export interface Table {
  readonly title: string;
  /** A citation. */
  readonly cites: string;
  readonly systems: readonly System[];
  readonly rows: readonly Row[];
  /** Every row of the text, and every error that it names. */
  readonly all: readonly string[];
  readonly errors: readonly string[];
}

/** tableTest -- a test for each row and system, and one that the rows are all there and give every error. */
export function tableTest({ title, cites, systems, rows, all, errors }: Table): void {
  for (const system of systems) {
    describe(`${title}: ${nameOf(system)}`, () => {
      for (const { row, says, gives, run } of rows) {
        test(`${row}: ${says} ${cites}`, () => {
          expect(run(new World(system))).toBe(typeof gives === 'string' ? gives : gives[system.format]);
        });
      }
      test(`every row is tried, and every error of the text occurs ${cites}`, () => {
        const got = new Set(rows.flatMap(({ run }) => run(new World(system)).split(/[ ,]+/)));
        expect([...new Set(rows.map(({ row }) => row.split(' ')[0]))].sort()).toEqual([...all].sort());
        expect(errors.filter((errno) => !got.has(errno))).toEqual([]);
      });
    });
  }
}

/** first -- the first answer that is not '0'; '0' if all are. */
export const first = (...answers: string[]): string => answers.find((answer) => answer !== '0') ?? '0';
