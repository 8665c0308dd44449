/* checked.test.ts: every rule of the interface that is insisted on is broken by some test. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, treeRead } from '../../../tool/tree.ts';
import { arenaCases } from './arena-cases.ts';
import { poolCases } from './pool-cases.ts';
import { serviceCases } from './service-cases.ts';

/** Rules that no case here breaks, and the test that does: what has tables of broken rules of its own. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'cleaner#.if.open': 'services/cleaner.test.ts',
  'cleaner#.if.outside': 'services/cleaner.test.ts',
  'weak-table#.if.object': 'services/weak-table.test.ts',
  'weak-table#.if.open': 'services/weak-table.test.ts',
};

const tree = treeRead(root), reached = new Set([...arenaCases, ...poolCases, ...serviceCases].map(({ tag }) => tag));

/** rules -- the rules that avers insist on below a folder, and a file where each does. */
function rules(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [file, text] of tree) {
    if (!file.startsWith(folder)) continue;
    for (const [, tag] of text.matchAll(/'<design\/([a-z0-9/-]+#\.if\.[a-z0-9.-]+)>'/g)) found.set(tag, file);
  }
  return found;
}

test('every rule that the Memory Pool System insists on has a case that breaks it <design/check#.aver>', () => {
  const all = rules('code/mps/'), missing = [...all].filter(([tag]) => !reached.has(tag) && ELSEWHERE[tag] === undefined);
  expect(missing.map(([tag, file]) => `${file}: nothing breaks <design/${tag}> (add a case to test/mps/argerr)`)).toEqual([]);
  expect(all.size, 'weak run').toBeGreaterThan(80);
});

test('what is broken elsewhere is, and is a rule <design/check#.aver>', () => {
  const all = rules('code/mps/');
  for (const [tag, file] of Object.entries(ELSEWHERE)) {
    const text = readFileSync(join(root, 'test/mps', file), 'utf8');
    expect([tag, all.has(tag), reached.has(tag), /toThrow/.test(text) && text.includes(tag.slice(tag.indexOf('#')))]).toEqual([tag, true, false, true]);
  }
});
