/* package.test.ts: the package as a client gets it: packed, unpacked, and used as the README says. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { variety } from '../code/base/base.ts';

const top = resolve(import.meta.dirname, '..');

/** The README's example, which is JavaScript as well as TypeScript; or the guide's, which is TypeScript. */
function example(name: 'example' | 'machine' | 'os' | 'guide' = 'example'): string {
  const text = readFileSync(join(top, name === 'guide' ? 'design/guide.md' : 'README.md'), 'utf8');
  const match = new RegExp(`<!-- ${name} -->\\n\`\`\`ts\\n([\\s\\S]*?)\`\`\``).exec(text);
  if (match === null) throw new Error(`there is no ${name}`);
  return match[1];
}

// Packing builds: once is enough, for the package is the same in every variety.
describe.runIf(variety === 'hot')('the packed package', () => {
  let place = '';
  const run = (command: string, args: readonly string[], cwd: string): string =>
    execFileSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, CAPSTAN_CHECK: 'hot', npm_config_loglevel: 'silent' } });

  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'capstan-package-'));
    const packed = run('npm', ['pack', '--silent', '--pack-destination', place], top).trim().split('\n').at(-1) as string;
    const modules = join(place, 'node_modules');
    mkdirSync(join(modules, 'capstan'), { recursive: true });
    run('tar', ['-xzf', join(place, packed), '--strip-components=1', '-C', join(modules, 'capstan')], place);
    symlinkSync(join(top, 'node_modules', 'commander'), join(modules, 'commander'));
  });

  afterAll(() => {
    rmSync(place, { recursive: true, force: true });
  });

  test('runs the README\'s example <design/boot#.req.example>', () => {
    writeFileSync(join(place, 'example.mjs'), example());
    const printed = run('node', ['example.mjs'], place);
    expect(Number(/collections: (\d+)/.exec(printed)?.[1])).toBeGreaterThan(2);
    expect(Number(/bytesReclaimed: (\d+)/.exec(printed)?.[1])).toBeGreaterThan(1_000_000);
  });

  test('has the machine alone, with which the README\'s example does what it says <design/machine#.req.exact>', () => {
    const [lines, said] = [example('machine').trimEnd().split('\n'), /\/\/ (0x.*)/.exec(example('machine'))?.[1] ?? ''];
    const last = lines.pop() ?? '', refusal = /: (.*)/.exec(last)?.[1] ?? '';
    writeFileSync(join(place, 'machine.mjs'), `${lines.join('\n')}\ntry {\n${last}\n} catch (fault) { console.log(fault.message); }\n`);
    const printed = run('node', ['machine.mjs'], place).trimEnd().split('\n');
    expect([printed[0], printed[1].includes(refusal), refusal.length > 0]).toEqual([said, true, true]);
  });

  test('has the operating system alone, with which the README\'s example does what it says <design/os#.def.call>', () => {
    writeFileSync(join(place, 'os.mjs'), example('os'));
    const printed = run('node', ['os.mjs'], place);
    expect(printed).toMatch(/^signal 11: storecap of 16 bytes at 0x[0-9a-f]+10\nchild 3 has ended; here is still 0\n +PID +START/);
    writeFileSync(join(place, 'host.mjs'), "import { NodeDirectory } from 'capstan/host';\nconsole.log(new NodeDirectory('.').list('').includes('host.mjs'));\n");
    expect(run('node', ['host.mjs'], place)).toBe('true\n');
  });

  test('has types under which the README\'s examples and the guide\'s runtime check <design/boot#.req.example> <design/guide#.example>', () => {
    writeFileSync(join(place, 'example.ts'), `${example()}\n// @ts-expect-error an unknown option is refused\nboot({ memry: '1MiB' });\n`);
    symlinkSync(join(top, 'node_modules', '@types'), join(place, 'node_modules', '@types'));
    symlinkSync(join(top, 'node_modules', 'undici-types'), join(place, 'node_modules', 'undici-types'));
    const tsc = join(top, 'node_modules', 'typescript', 'bin', 'tsc');
    const flags = ['--noEmit', '--strict', '--target', 'es2023', '--module', 'nodenext', '--types', 'node'];
    writeFileSync(join(place, 'machine.ts'), example('machine'));
    writeFileSync(join(place, 'os.ts'), example('os'));
    writeFileSync(join(place, 'guide.ts'), example('guide'));
    expect(run('node', [tsc, ...flags, 'example.ts', 'machine.ts', 'os.ts', 'guide.ts'], place)).toBe('');
  });

  test('has the command, which runs a program <design/cli#.start>', () => {
    const bin = join(place, 'node_modules', 'capstan', 'code', 'cli', 'capstan.js');
    expect(run('node', [bin, 'run', join(top, 'test', 'data', 'scheme', 'fib.scm')], place)).toBe('46368\n');
  });
});
