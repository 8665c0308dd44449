/* pairwise.ts: ALL PAIRS
 *
 * A table in which every two values of two factors meet at least once, in far fewer rows than the full product
 * <design/testing#.pairwise>. Greedy and without chance: the same factors give the same table.
 */

/** A factor's values by name. */
export type Factors = Readonly<Record<string, readonly string[]>>;

/** One value of each factor. */
export type Row = Readonly<Record<string, string>>;

/** pairwise -- rows that cover every pair of values of different factors. */
export function pairwise<F extends Factors>(factors: F): Readonly<Record<keyof F, string>>[] {
  const names = Object.keys(factors), open = new Set(allPairs(factors));
  const rows: Row[] = [];
  while (open.size > 0) {
    const row: Record<string, string> = {};
    // The row begins with a pair that is still open, so that it covers at least that.
    for (const { name, value } of pairParts([...open][0])) row[name] = value;
    for (const name of names.filter((one) => row[one] === undefined)) row[name] = best(factors, row, name, open);
    for (const pair of rowPairs(row)) open.delete(pair);
    rows.push(row);
  }
  return rows as Readonly<Record<keyof F, string>>[];
}

/** The value of `name` that covers most open pairs beside what the row has. */
function best(factors: Factors, row: Row, name: string, open: ReadonlySet<string>): string {
  let found = '', most = -1;
  for (const value of factors[name]) {
    const covered = rowPairs({ ...row, [name]: value }).filter((pair) => open.has(pair)).length;
    if (covered > most) {
      found = value;
      most = covered;
    }
  }
  return found;
}

const pairName = (one: string, a: string, other: string, b: string): string => JSON.stringify(one < other ? [one, a, other, b] : [other, b, one, a]);

function pairParts(pair: string): { name: string; value: string }[] {
  const [one, a, other, b] = JSON.parse(pair) as [string, string, string, string];
  return [{ name: one, value: a }, { name: other, value: b }];
}

function rowPairs(row: Row): string[] {
  const entries = Object.entries(row);
  return entries.flatMap(([one, a], index) => entries.slice(index + 1).map(([other, b]) => pairName(one, a, other, b)));
}

/** allPairs -- every pair that a table must cover. */
export function allPairs(factors: Factors): string[] {
  const names = Object.keys(factors);
  return names.flatMap((one, index) => names.slice(index + 1).flatMap((other) =>
    (factors[one]).flatMap((a) => (factors[other]).map((b) => pairName(one, a, other, b)))));
}

/** coveredPairs -- the pairs that some rows cover. */
export const coveredPairs = (rows: readonly Row[]): Set<string> => new Set(rows.flatMap(rowPairs));
