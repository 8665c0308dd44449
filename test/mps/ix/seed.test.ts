/* seed.test.ts: THE TAGS OF THE MPS'S DESIGN
 *
 * What it says of protection on POSIX is said here under the same tags, and tested in both ways of suspension under both ABIs.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const tags = [
  'readership', 'intro', 'req.general', 'data.signext', 'fun.setup', 'fun.setup.previous', 'fun.setup.restart', 'fun.set', 'fun.set.convert',
  'fun.set.assume.mprotect', 'fun.sync', 'threads', 'threads.suspend', 'threads.async', 'threads.async.protection', 'threads.async.other',
  'threads.async.choice', 'threads.async.choice.ok', 'threads.async.improve', 'threads.async.improve.how', 'threads.sig-stack',
] as const;

/** testsOf -- what a file's tests are called that run in every way. */
function testsOf(file: string): string {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8'), [, inWays = ''] = text.split('describe.each(ways)(\'$title\',');
  return inWays;
}

test('each tag is defined, and unless it is a statement a test that runs in every way cites it <design/protix#.req.general>', () => {
  const design = readFileSync(new URL('../../../design/protix.md', import.meta.url), 'utf8');
  const tests = readdirSync(new URL('.', import.meta.url)).filter((file) => file.endsWith('.test.ts')).map(testsOf).join('\n');
  expect(tags.length).toBe(21);
  for (const tag of tags) {
    const [, text] = design.split(`\n\`.${tag}\`: `);
    expect(text, tag).toBeTypeOf('string');
    if (!text.startsWith('[statement]')) expect(tests, tag).toContain(`design/protix#.${tag}>`);
  }
});
