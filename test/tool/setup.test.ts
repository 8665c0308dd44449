import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeProblem, NodeLEAST, staleness, type Lock } from '../../tool/setup.js';
import { root } from '../../tool/tree.ts';

const lock = (packages: Lock['packages']): Lock => ({ packages: { '': {}, ...packages } });

describe('what is installed', () => {
  const wanted = lock({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/b-linux': { version: '2.0.0', optional: true } });

  test('will do when it has each package of the lock file, in its version <design/setup#.inv.fresh>', () => {
    expect(staleness(wanted, lock({ 'node_modules/a': { version: '1.0.0' } }))).toBeNull();
    expect(staleness(wanted, lock({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/extra': { version: '3.0.0' } }))).toBeNull();
  });

  test('will not when a package is missing or of another version, or nothing is installed <design/setup#.inv.fresh>', () => {
    expect(staleness(wanted, lock({}))).toBe('node_modules/a is missing');
    expect(staleness(wanted, lock({ 'node_modules/a': { version: '1.0.1' } }))).toBe('node_modules/a is 1.0.1, not 1.0.0');
    expect(staleness(wanted, null)).toBe('nothing is installed');
  });
});

describe('Node', () => {
  test('from 20 on will do <design/setup#.req.node>', () => {
    for (const version of ['20.0.0', '20.20.2', '24.1.0', '100.0.0']) expect(nodeProblem(version)).toBeNull();
  });

  test('before 20 gets one line that says what to do <design/setup#.req.node>', () => {
    for (const version of ['8.17.0', '18.20.4', '19.9.0']) {
      expect(nodeProblem(version)).toBe(`capstan: this is Node ${version}; Node 20 or later is needed (https://nodejs.org)`);
    }
  });
});

describe('the package', () => {
  const text = (path: string): string => readFileSync(join(root, path), 'utf8');
  const manifest = JSON.parse(text('package.json')) as { engines: { node: string }; scripts: Record<string, string> };

  test('asks for the Node that set-up asks for <design/setup#.req.node>', () => {
    expect(manifest.engines.node).toBe(`>=${NodeLEAST}`);
  });

  test('sets up before each script that needs what is installed <design/setup#.req.alone>', () => {
    const { scripts } = manifest;
    for (const name of ['start', 'test', 'check', 'capstan', 'mutants', 'build', 'build:bench']) {
      expect(scripts[name], name).toBeDefined();
      expect(scripts[`pre${name}`], name).toBe('node tool/setup.js');
    }
    for (const name of ['bench', 'soak', 'prepack']) expect(scripts[name]).toMatch(/^npm run -s build/);
  });

  test('has a lock file that names no registry <design/setup#.inv.hosts>', () => {
    expect(text('package-lock.json')).not.toMatch(/"resolved"|https?:\/\/[^"]*registry/);
    expect(text('.npmrc')).toMatch(/^omit-lockfile-registry-resolved=true$/m);
  });
});
