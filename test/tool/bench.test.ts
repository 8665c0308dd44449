import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { allocation } from '../../tool/bench/allocation.ts';
import { benchMain, BENCHES, type Bench, type BenchPort } from '../../tool/bench/bench.ts';
import { output, stopAll } from '../../tool/bench/fresh.ts';
import { gcbenchCapstan } from '../../tool/bench/gcbench-capstan.ts';
import { gcbenchObjects } from '../../tool/bench/gcbench-objects.ts';
import { GcbenchFULL, type GcbenchWork } from '../../tool/bench/gcbench-work.ts';
import { gcbench } from '../../tool/bench/gcbench.ts';
import { LOOPS } from '../../tool/bench/loops.ts';
import { micro, microTake } from '../../tool/bench/micro.ts';
import { rowJson, rowOf, rowTable, type Row } from '../../tool/bench/rows.ts';
import { schemeBiwaScheme } from '../../tool/bench/scheme-biwascheme.ts';
import { schemeCapstan } from '../../tool/bench/scheme-capstan.ts';
import { schemeTake } from '../../tool/bench/scheme-work.ts';
import { scheme } from '../../tool/bench/scheme.ts';
import { median, timingTake } from '../../tool/bench/timing.ts';
import type { Sample, Sampler } from '../../tool/bench/fresh.ts';

/** A port that keeps what is written. */
function portMake(sample: Sampler = () => Promise.resolve({})): BenchPort & { readonly said: { out: string; err: string } } {
  const said = { out: '', err: '' };
  return {
    said, sample, isWatched: false, load: 0,
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
  };
}

/** The rows of a bench, measured by `sample`. */
async function rowsOf(bench: Bench, sample: (name: string) => Sample): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of bench.rows((name) => Promise.resolve(sample(name)))) rows.push(row);
  return rows;
}

const named = (rows: readonly Row[], name: string): Row | undefined => rows.find((row) => row.name === name);

describe('rows', () => {
  test.each([[5, 'within'], [5.0001, 'over']] as const)('a ratio of %d against an aim of 5 is %s <design/bench#.inv.verdict>', (value, verdict) => {
    const row = rowOf('a', 'ns', value, 'b', 1, { aim: 5, limit: 6 });
    expect(row).toMatchObject({ ratio: value, verdict, limitVerdict: 'within' });
  });

  test('without anything to compare with there is no verdict <design/bench#.inv.verdict>', () => {
    const row = rowOf('a', 'ns', 1, 'b', null, { aim: 5 });
    expect(row.ratio).toBeNull();
    expect(row).not.toHaveProperty('verdict');
  });

  test('as JSON they are one line with the agreed keys <design/bench#.row>', () => {
    const text = rowJson(rowOf('a', 'ns', 2 / 3, 'b', 1 / 3, { aim: 5 }));
    expect(text).toBe('{"name":"a","value":0.6667,"unit":"ns","against":"b","ratio":2,"aim":5,"verdict":"within"}');
  });

  test('as a table they are aligned and fit 80 columns <design/bench#.row>', () => {
    const text = rowTable([
      rowOf('micro/dereference-single', 'ns', 12.2, 'two raw loads', 1, { aim: 20 }),
      rowOf('short', 'ns', 1234.5, 'x', 1),
      rowOf('gcbench/default', 'ns', 22.3, 'plain objects', 16, { aim: 2.5, limit: 3.5, collections: 7, bytesCopied: 3 * 2 ** 20 }),
    ]);
    const lines = text.trimEnd().split('\n');
    expect(lines.map((line) => line.indexOf('ns '))).toEqual([31, 31, 31, -1]);
    expect(lines[3]).toBe('    7 collections, 3 MiB copied');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

describe('the command', () => {
  const failing: Bench = { name: 'failing', summary: 'fails', rows: async function* (sample) {
    yield rowOf('fine', 'ns', 1, 'one', 1);
    await sample('x').catch(() => undefined);
    yield { name: 'broken', value: null, unit: 'ns', against: 'one', ratio: null, failed: 'boom' };
  } };

  test('exits 2 for an unknown bench and names those there are <design/bench#.inv.exit>', async () => {
    const port = portMake();
    expect(await benchMain(['micor'], port)).toBe(2);
    expect(port.said).toEqual({ out: '', err: 'bench: there is no bench "micor" (there are micro, gcbench, scheme)\n' });
  });

  test('exits 2 for an unknown option, with a suggestion <design/bench#.inv.exit>', async () => {
    const port = portMake();
    expect(await benchMain(['--jsno'], port)).toBe(2);
    expect(port.said.err).toContain('--json');
  });

  test('lists its benches <design/bench>', async () => {
    const port = portMake();
    expect(await benchMain(['--list'], port)).toBe(0);
    expect(port.said.out.trimEnd().split('\n').map((line) => line.split(' ')[0])).toEqual(BENCHES.map((bench) => bench.name));
  });

  test('exits 0 although a row has failed, and says so <design/bench#.inv.exit> <design/bench#.inv.loud>', async () => {
    const port = portMake(() => Promise.reject(new Error('x')));
    expect(await benchMain(['--json'], port, [failing])).toBe(0);
    expect(port.said.out.trimEnd().split('\n').map((line) => (JSON.parse(line) as Row).name)).toEqual(['fine', 'broken']);
    expect(port.said.err).toBe('bench: broken failed: boom\n');
  });

  test('runs what is named, once <design/bench>', async () => {
    const port = portMake();
    await benchMain(['failing'], port, [failing, { ...failing, name: 'other' }]);
    expect(port.said.out).toMatch(/^failing: fails\nfine .*\nbroken .*failed: boom\n\n$/);
  });

  test('says when other programs make its times uncertain <design/bench#.busy>', async () => {
    const port = portMake();
    await benchMain(['failing', '--json'], { ...port, load: 7.25 }, [{ ...failing, rows: async function* () {} }]);
    expect(port.said.err).toBe('bench: other programs are running (load 7.3): the times of long cases are uncertain\n');
  });

  test('refuses to run through a TypeScript loader <design/bench#.built>', () => {
    const main = fileURLToPath(new URL('../../tool/bench/bench.ts', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', main, '--list'], { encoding: 'utf8' });
    expect(stderr).toBe('bench: TypeScript loaders distort times (run it built: npm run -s bench)\n');
    expect(status).toBe(2);
  });
});

describe('fresh processes', () => {
  test('a case runs in a process of its own, and the next in another <design/bench#.inv.fresh>', async () => {
    const pids = [await output(process.execPath, ['-p', 'process.pid']), await output(process.execPath, ['-p', 'process.pid'])].map(Number);
    expect(new Set([process.pid, ...pids]).size).toBe(3);
  });

  test('what a case dies of becomes the error <design/bench#.inv.loud>', async () => {
    await expect(output(process.execPath, ['-e', 'throw new RangeError("planted")'])).rejects.toThrow('RangeError: planted');
  });

  test('stopAll ends what is running <design/bench#.inv.fresh>', async () => {
    const endless = output(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    stopAll();
    await expect(endless).rejects.toThrow('ended with SIGKILL');
  });
});

describe('timing', () => {
  test('throws what a case throws <design/bench#.inv.loud>', () => {
    expect(() => timingTake({ name: 'bad', operations: 1, run: () => { throw new RangeError('planted'); } }, 0.01)).toThrow('planted');
  });

  test('throws what a case throws later on <design/bench#.inv.loud>', () => {
    let calls = 0;
    const run = (): number => {
      calls += 1;
      if (calls > 3) throw new RangeError('planted');
      return calls;
    };
    expect(() => timingTake({ name: 'bad', operations: 1, run }, 0.01)).toThrow('planted');
  });

  test('divides by the number of operations and uses every result <design/bench#.inv.alive>', () => {
    let calls = 0;
    const run = (): number => {
      for (let i = 0; i < 1000; i++) calls += 1;
      return calls;
    };
    const one = timingTake({ name: 'count', operations: 1, run }, 0.02);
    const thousand = timingTake({ name: 'count', operations: 1000, run }, 0.02);
    expect(calls).toBeGreaterThan(1000);
    expect(one / thousand).toBeGreaterThan(20);
  });

  test('takes the middle of a sample <design/bench#.inv.alive>', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 9])]).toEqual([2, 3]);
  });
});

describe('micro', () => {
  test.each(Object.keys(LOOPS))('%s: both loops compute the same <design/bench#.inv.same> <design/bench#.req.honest>', (name) => {
    const loops = (LOOPS[name])();
    expect(loops.machine()).toBe(loops.raw());
  });

  test('allocation: both loops compute the same <design/bench#.inv.same>', () => {
    const loops = allocation();
    expect([loops.machine(), loops.raw()]).toEqual([0xfe00, 0xfe00]);
  });

  test('loops that differ are not timed <design/bench#.inv.same>', () => {
    expect(() => microTake('x', { machine: () => 1, raw: () => 2 }, 1)).toThrow('x: the machine computes 1, the raw loop 2');
  });

  test('a case that fails costs its own row only <design/bench#.inv.loud>', async () => {
    const rows = await rowsOf(micro, (name) => {
      if (name === 'micro/store32') throw new Error('boom');
      return { machine: 8, raw: 2 };
    });
    expect(rows.filter((row) => row.failed !== undefined).map((row) => row.name)).toEqual(['micro/store32']);
    expect(named(rows, 'micro/load32')).toMatchObject({ value: 8, ratio: 4, aim: 5, verdict: 'within' });
  });
});

describe('gcbench', () => {
  const small: GcbenchWork = { iterations: 2, passes: 4, depth: 13, seed: 7 };

  test('all versions grow the same trees <design/bench#.inv.same>', () => {
    const objects = gcbenchObjects(small), capstan = gcbenchCapstan(small, { nursery: '64KiB', memory: '16MiB' });
    expect(objects['made']).toBeGreaterThan(2 * 2 ** 13 - 2);
    expect([capstan['made'], capstan['hash']]).toEqual([objects['made'], objects['hash']]);
    expect(capstan['bytesCopied']).toBeGreaterThan(0);
  });

  test('a run in which nothing is collected fails <design/bench#.inv.collected>', () => {
    expect(() => gcbenchCapstan({ ...small, depth: 3 }, {})).toThrow('nothing was collected');
  });

  test('is the work that the document describes <design/bench#.gcbench>', () => {
    expect(GcbenchFULL).toEqual({ iterations: 5, passes: 10, depth: 20, seed: 1 });
  });

  test('versions that differ give failed rows <design/bench#.inv.same>', async () => {
    const rows = await rowsOf(gcbench, (name) => ({ seconds: 1, made: 5, hash: name.endsWith('objects') ? 1 : 2 }));
    expect(rows.map((row) => row.failed)).toEqual(Array(2).fill('the versions differ: 5 nodes, hash 1; 5 nodes, hash 2'));
  });
});

describe('scheme', () => {
  test('both sides print the same <design/bench#.inv.same>', () => {
    expect(schemeBiwaScheme('tak', 0, 0)['output']).toBe('(7 7 7 7)');
    expect(schemeCapstan('tak', 0, 0)['output']).toBe('(7 7 7 7)');
  });

  test('a program that prints something else the second time fails <design/bench#.inv.same>', () => {
    let calls = 0;
    expect(() => schemeTake('tak', () => String(calls++), 0, 20)).toThrow('tak printed different results');
  });

  test('sides that print different results give a failed row <design/bench#.inv.same>', async () => {
    const rows = await rowsOf(scheme, (name) => ({ milliseconds: 1, output: name.endsWith('capstan') ? 'a' : 'b' }));
    expect(rows[0]?.failed).toBe('the two print different results: a and b');
  });

  test('a fifth of the other side\'s time is within the aim <design/bench#.inv.verdict>', async () => {
    const rows = await rowsOf(scheme, (name) => ({ milliseconds: name.endsWith('capstan') ? 1 : 5, output: '' }));
    expect(named(rows, 'scheme/fib30')).toMatchObject({ ratio: 0.2, verdict: 'within' });
  });
});
