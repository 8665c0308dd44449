/* judged.ts: NAMED PROGRAMS UNDER AN ORACLE
 *
 * Scheme programs behind barriers, by quanta. The oracle does not look at the page table here: what no page forbids must show in what
 * the program comes by <design/oracle#.inv.black> <design/oracle#.inv.summary>.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Arena } from '../../code/mps/mps.ts';
import { Oracle, type OracleCounts } from '../../code/observe/observe.ts';
import { start } from '../scheme/start.ts';

const text = (name: string): string => readFileSync(resolve(import.meta.dirname, `../data/scheme/${name}`), 'utf8');

/** What a run came to. */
export interface Judged {
  readonly counts: OracleCounts;
  /** Whether it has printed what it should. */
  readonly isRight: boolean;
}

/** judged -- run a program of `test/data/scheme` by two threads, after something of its arena was broken. Throws what the oracle says. */
export function judged(program: string, breaks: (arena: Arena) => void = () => undefined): Judged {
  const oracles: Oracle[] = [];
  const ended = start(text(`${program}.scm`), { nursery: '16KiB', memory: '32MiB', platform: 'ix', pause: '0', threads: 2 }, ({ arena }) => {
    oracles.push(new Oracle(arena));
    breaks(arena);
  });
  return { counts: oracles[0].counts, isRight: ended.output === text(`${program}.out`).repeat(2) };
}
