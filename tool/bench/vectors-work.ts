/* vectors-work.ts: THE WORK OF A VECTOR ROW
 *
 * Every row of the vectors, parsed, replayed and compared; beside it the same text through JSON.parse alone <design/bench#.vectors>.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { vectorAnswer, vectorDifferences, vectorHart, vectorParse, type Vector, type VectorRecord } from '../../code/observe/observe.ts';
import type { Sample } from './fresh.ts';
import { timingTake } from './timing.ts';

/** What answers a row. */
const routes: Readonly<Record<string, () => (vector: Vector) => VectorRecord>> = {
  codec: () => (vector) => vectorAnswer(vector),
  hart: vectorHart,
};

/** vectorsTake -- nanoseconds a row by a route; a row that differs is an error. */
export function vectorsTake(route: string): Sample {
  const make = routes[route];
  if (make === undefined) throw new Error(`there is no route "${route}"`);
  const answer = make(), lines = linesOf();
  const replay = (): number => lines.reduce((count, line, index) => {
    const vector = vectorParse(line, index + 1), differences = vectorDifferences(vector.out, answer(vector));
    if (differences.length > 0) throw new Error(`line ${index + 1}: ${differences.join('; ')}`);
    return count + 1;
  }, 0);
  const parse = (): number => lines.reduce((count, line) => count + Object.keys(JSON.parse(line) as object).length, 0);
  return {
    replayed: timingTake({ name: route, operations: lines.length, run: replay }),
    parsed: timingTake({ name: 'parse', operations: lines.length, run: parse }),
  };
}

/** linesOf -- the vectors of the tests; the bench runs in the repository's root. */
const linesOf = (): string[] => gunzipSync(readFileSync('test/data/vectors/cheri.jsonl.gz')).toString('utf8').trimEnd().split('\n');
