/* determinism.test.ts: a run is a function of program, options and seed; below the command line there is no clock to ask. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { BootOptions, Event } from '../../code/mps/mps.ts';
import { start } from './start.ts';

const text = (name: string): string => readFileSync(resolve(import.meta.dirname, `../data/scheme/${name}`), 'utf8');

/** The hash of everything the collector did in a run. */
function hashOf(name: string, options: BootOptions): string {
  const hash = createHash('sha256');
  let events = 0;
  const ended = start(text(`${name}.scm`), {
    ...options, events: (event: Event) => {
      events += 1;
      hash.update(`${JSON.stringify(event)}\n`);
    },
  });
  expect(ended.output).toBe(text(`${name}.out`));
  expect(events).toBeGreaterThan(50);
  return hash.digest('hex');
}

describe('the same run, event by event', () => {
  for (const name of ['meta', 'sieve', 'errors']) {
    test(`${name}: the same options give the same events <design/event#.inv.same>`, () => {
      const options = { nursery: '64KiB', memory: '32MiB', seed: 7 };
      expect(hashOf(name, options)).toBe(hashOf(name, options));
    });

    test(`${name}: another seed gives other events, and the same output <design/determinism#.seed>`, () => {
      const hashes = [1, 2, 3].map((seed) => hashOf(name, { nursery: '64KiB', memory: '32MiB', seed }));
      expect(new Set(hashes).size).toBe(3);
    });
  }
});

describe('while a program runs', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  test('neither Date, performance nor Math.random is asked for anything <design/determinism#.req.closed>', () => {
    const refuse = (what: string): never => {
      throw new Error(`${what} was reached`);
    };
    vi.stubGlobal('Date', new Proxy(Date, {
      apply: () => refuse('Date'), construct: () => refuse('Date'), get: () => refuse('Date'),
    }));
    vi.stubGlobal('performance', new Proxy({}, { get: () => refuse('performance') }));
    vi.spyOn(Math, 'random').mockImplementation(() => refuse('Math.random'));
    // The stubs do what they should.
    expect(() => Date.now()).toThrow('Date was reached');
    expect(() => performance.now()).toThrow('performance was reached');
    expect(() => Math.random()).toThrow('Math.random was reached');
    const ended = start(text('meta.scm'), { nursery: '64KiB' });
    expect(ended.output).toBe(text('meta.out'));
  });
});
