/* guide.test.ts: the runtime of the guide does what it says. Its types are checked with the package's, in package.test.ts. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { variety } from '../code/base/base.ts';

const top = resolve(import.meta.dirname, '..');

/** The guide's code, which has the sources for its package. */
function runtime(): string {
  const found = /<!-- guide -->\n```ts\n([\s\S]*?)```/.exec(readFileSync(join(top, 'design', 'guide.md'), 'utf8'));
  if (found === null) throw new Error('the guide has no code');
  return found[1].replace("from 'capstan'", `from '${join(top, 'code', 'capstan.ts')}'`);
}

test('the runtime of the guide prints what it says <design/guide#.example>', () => {
  const said = /console\.log\(.*\/\/ (.*)/.exec(runtime())?.[1];
  expect(said).toMatch(/\d+ ports closed/);
  const place = mkdtempSync(join(tmpdir(), 'capstan-guide-'));
  try {
    writeFileSync(join(place, 'guide.ts'), runtime());
    writeFileSync(join(place, 'package.json'), '{"type": "module"}');
    const tsx = join(top, 'node_modules', 'tsx', 'dist', 'cli.mjs'), env = { ...process.env, CAPSTAN_CHECK: variety };
    expect(execFileSync(process.execPath, [tsx, 'guide.ts'], { cwd: place, encoding: 'utf8', env })).toBe(`${said}\n`);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});
