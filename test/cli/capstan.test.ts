import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../tool/tree.ts';

/** A package as it is installed, whose command line prints its arguments and where it stands. */
let folder = '';
/** Where the user stands. */
let elsewhere = '';

const main = `export async function main(argv) { console.log(JSON.stringify({ argv, cwd: process.cwd(), from: FROM })); process.exitCode = 7; }\n`;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'capstan-command-')));
  elsewhere = join(folder, 'elsewhere');
  for (const path of ['code/cli', 'dist/cli', 'elsewhere']) mkdirSync(join(folder, path), { recursive: true });
  cpSync(join(root, 'code/cli/capstan.js'), join(folder, 'code/cli/capstan.js'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'dist/cli/main.js'), main.replace('FROM', '"dist"'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Start the command with `args` from `elsewhere`; what it printed and its exit code. */
function start(args: readonly string[], env: Record<string, string> = {}, node: readonly string[] = []): { out: string; err: string; code: number | null } {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:npm_|INIT_CWD|NODE_)/.test(name)));
  const run = spawnSync(process.execPath, [...node, join(folder, 'code/cli/capstan.js'), ...args], { cwd: elsewhere, env: { ...clean, ...env }, encoding: 'utf8' });
  return { out: run.stdout, err: run.stderr, code: run.status };
}

test('installed, it runs what was built, with its arguments and its exit code, where the user stands <design/setup#.start>', () => {
  const { out, err, code } = start(['run', 'a b.scm', '--stats']);
  expect(JSON.parse(out)).toEqual({ argv: ['run', 'a b.scm', '--stats'], cwd: elsewhere, from: 'dist' });
  expect([err, code]).toEqual(['', 7]);
});

test('as the script of its own package it goes to where npm was started; as part of another script it stays <design/setup#.start.folder>', () => {
  const script = { npm_lifecycle_event: 'capstan', npm_package_json: join(folder, 'package.json'), INIT_CWD: folder };
  expect(JSON.parse(start([], script).out)).toMatchObject({ cwd: folder });
  expect(JSON.parse(start([], { ...script, npm_lifecycle_event: 'test' }).out)).toMatchObject({ cwd: elsewhere });
  expect(JSON.parse(start([], { ...script, npm_package_json: '/other/package.json' }).out)).toMatchObject({ cwd: elsewhere });
});

test('a Node that is too old gets one line and exit code 2 <design/setup#.start.node>', () => {
  const old = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.20.4" } })';
  const { out, err, code } = start([], {}, ['--import', `data:text/javascript,${encodeURIComponent(old)}`]);
  expect([out, err, code]).toEqual(['', 'capstan: this is Node 18.20.4; Node 20 or later is needed (https://nodejs.org)\n', 2]);
});

test('a clone runs its source; one that is not set up gets one line and exit code 2 <design/setup#.start>', () => {
  const clone = join(folder, 'clone');
  mkdirSync(clone);
  try {
    cpSync(join(folder, 'code'), join(clone, 'code'), { recursive: true });
    writeFileSync(join(clone, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(clone, 'tsconfig.json'), '{}');
    const run = (): { stdout: string; stderr: string; status: number | null } =>
      spawnSync(process.execPath, [join(clone, 'code/cli/capstan.js'), 'run'], { cwd: elsewhere, encoding: 'utf8' });
    expect(run()).toMatchObject({
      stdout: '', stderr: 'capstan: this clone is not set up (run `npm ci` in it, or start it by `npm run -s capstan --`)\n', status: 2,
    });
    // A loader that is no loader: it only shows that it was asked.
    mkdirSync(join(clone, 'node_modules/tsx'), { recursive: true });
    writeFileSync(join(clone, 'node_modules/tsx/package.json'), '{ "type": "module", "exports": { "./esm/api": "./api.js" } }');
    writeFileSync(join(clone, 'node_modules/tsx/api.js'), 'export const register = () => console.error("registered");');
    const { stderr, stdout } = run();
    expect(stderr).toMatch(/^registered\n/);
    // This clone has no source: the error names what was looked for.
    expect([stdout, stderr]).toEqual(['', expect.stringMatching(/cli\/main\.ts/)]);
  } finally {
    rmSync(clone, { recursive: true, force: true });
  }
});

test('the file may be executed as it stands in a clone <design/setup#.start>', () => {
  expect(statSync(join(root, 'code/cli/capstan.js')).mode & 0o111).toBe(0o111);
});
