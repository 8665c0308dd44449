/* vectors-hart.test.ts: a hart, its registers and its memory give what the vectors say. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { vectorDifferences, vectorOps, vectorParse, type Vector } from '../../code/observe/vectors.ts';
import { vectorHart } from '../../code/observe/vectors-hart.ts';

const file = new URL('../data/vectors/cheri.jsonl.gz', import.meta.url);
const rows = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n').map((line, index) => vectorParse(line, index + 1));
const answer = vectorHart();

describe.each(['riscv', 'morello'])('%s', (format) => {
  for (const op of vectorOps) {
    test(`${op} through slots and memory <design/look#.route> <design/capability#.inv.exact>`, () => {
      const wrong = rows.filter((row) => row.fmt === format && row.op === op)
        .map((row) => ({ row, fields: vectorDifferences(row.out, answer(row)) })).filter(({ fields }) => fields.length > 0);
      expect(wrong.slice(0, 3)).toEqual([]);
      expect(rows.filter((row) => row.fmt === format && row.op === op).length).toBeGreaterThan(50);
    });
  }
});

test('an answer does not depend on what was asked before <design/look#.route>', () => {
  const asked = rows.slice(0, 500), ask = (vector: Vector): string => JSON.stringify(answer(vector));
  const first = asked.map(ask), backwards = [...asked].reverse().map(ask).reverse();
  expect(backwards).toEqual(first);
});
