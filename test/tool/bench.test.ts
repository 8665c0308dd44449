import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { PauseWORK } from '../../code/mps/arena/policy.ts';
import { allocation } from '../../tool/bench/allocation.ts';
import { barrierArena, Barriers } from '../../tool/bench/barrier-arena.ts';
import { barrierKernel } from '../../tool/bench/barrier-kernel.ts';
import { barrierRows } from '../../tool/bench/barrier.ts';
import { benchMain, BENCHES, type Bench, type BenchPort } from '../../tool/bench/bench.ts';
import { output, stopAll, type Sample, type Sampler } from '../../tool/bench/fresh.ts';
import { gcbenchCapstan } from '../../tool/bench/gcbench-capstan.ts';
import { gcbenchObjects } from '../../tool/bench/gcbench-objects.ts';
import { GcbenchFULL, type GcbenchWork } from '../../tool/bench/gcbench-work.ts';
import { gcbench, gcbenchRows } from '../../tool/bench/gcbench.ts';
import type { LibgcSamples } from '../../tool/bench/libgc.ts';
import { LOOPS } from '../../tool/bench/loops.ts';
import { micro, microTake } from '../../tool/bench/micro.ts';
import { nativeMissing, type Native } from '../../tool/bench/native.ts';
import { PauseFULL, pauseTake } from '../../tool/bench/pause-capstan.ts';
import { pause } from '../../tool/bench/pause.ts';
import { rowJson, rowOf, rowTable, type Row } from '../../tool/bench/rows.ts';
import { schemeBiwaScheme } from '../../tool/bench/scheme-biwascheme.ts';
import { schemeCapstan } from '../../tool/bench/scheme-capstan.ts';
import { schemeTake } from '../../tool/bench/scheme-work.ts';
import { scheme } from '../../tool/bench/scheme.ts';
import { median, timingTake } from '../../tool/bench/timing.ts';

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

/** All rows that come. */
async function listOf(rows: AsyncIterable<Row>): Promise<Row[]> {
  const list: Row[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

/** The rows of a bench, measured by `sample`. */
const rowsOf = (bench: Bench, sample: (name: string) => Sample): Promise<Row[]> => listOf(bench.rows((name) => Promise.resolve(sample(name))));

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

  test('as a table they say on which platform they were measured <design/bench#.platform>', () => {
    const counts = { collections: 75, bytesCopied: 873 * 2 ** 20 };
    const lines = rowTable([
      rowOf('gcbench/default/libgc', 's', 17.66, 'plain objects', 9, { aim: 2.5, limit: 3.5, platform: 'an', ...counts }),
      rowOf('gcbench/ix/default', 's', 18.1, 'platform an', 17.66, { limit: 1.15, platform: 'ix' }),
      rowOf('none', 's', 1, 'x', 1),
    ]).trimEnd().split('\n');
    expect([lines[0], lines[2], lines[3]].map((line) => line.slice(23, 25))).toEqual(['an', 'ix', '  ']);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('as a table they have the counts of a pause <design/bench#.row>', () => {
    const lines = rowTable([rowOf('pause', 'MiB', 1, 'work asked', 1, { polls: 12, pollsHit: 0, workRate: 262144.4 })]).trimEnd().split('\n');
    expect(lines[1]).toBe('    12 polls, 0 of them after read hits, 262144 bytes of work a millisecond');
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
    expect(port.said).toEqual({ out: '', err: 'bench: there is no bench "micor" (there are micro, vectors, barrier, os, pause, gcbench, scheme)\n' });
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

describe('barrier', () => {
  const small = { count: 20, rounds: 2 };
  const native = (run: () => Promise<Sample>): (() => Promise<Native>) => () => Promise.resolve({ run, finish: () => undefined });
  const sample: Sampler = () => Promise.resolve({ write: 10, read: 20, fault: 3, mprotect: 4 });
  const rows = (build: () => Promise<Native>, sampler: Sampler = sample): Promise<Row[]> => listOf(barrierRows(sampler, build));
  const all = ['hit', 'read', 'scan', 'fault', 'mprotect'].map((name) => `barrier/${name}`);

  test.each(['numbers', 'references'] as const)('%s: every access hits, or it is an error <design/bench#.inv.hit>', (content) => {
    expect(barrierArena(content, small)).toEqual({ write: expect.any(Number) as number, read: expect.any(Number) as number });
    const barriers = new Barriers(content, small.count);
    expect(() => barriers.write(), 'nothing is known of the segments yet').toThrow('0 of 20 writes hit');
    barriers.settle();
    expect(() => barriers.read(), 'nothing in them is of interest').toThrow('0 of 20 reads hit');
  });

  test('the kernel alone takes one fault a page, or it is an error <design/bench#.inv.hit>', () => {
    expect(barrierKernel(small)).toEqual({ fault: expect.any(Number) as number, mprotect: expect.any(Number) as number });
  });

  test('each row is set against the same of the C program <design/bench#.barrier.native>', async () => {
    const found = await rows(native(() => Promise.resolve({ hit: 100, read: 200, scan: 40, fault: 6, mprotect: 16 })));
    expect(found.map((row) => [row.name, row.ratio])).toEqual(all.map((name, i) => [name, [0.1, 0.1, 0.5, 0.5, 0.25][i]]));
    expect(named(found, 'barrier/hit')).toMatchObject({ value: 10, against: 'native hit', limit: 0.1, limitVerdict: 'within', platform: 'ix' });
  });

  test('without a compiler the times are there, and no row has failed <design/bench#.native>', async () => {
    const missing = 'there is no C compiler cc (install gcc)', found = await rows(() => Promise.resolve({ missing }));
    expect(found.map((row) => [row.name, row.value, row.ratio, row.skipped, row.failed])).toEqual(
      all.map((name, i) => [name, [10, 20, 20, 3, 4][i], null, missing, undefined]));
    expect(named(found, 'barrier/hit')).not.toHaveProperty('limitVerdict');
  });

  test('a C program that cannot be built gives failed rows with our times <design/bench#.inv.loud>', async () => {
    const found = await rows(() => Promise.reject(new Error('barrier.c:3:1: error: expected identifier')));
    expect(found.map((row) => [row.value, row.failed])).toEqual([10, 20, 20, 3, 4].map((value) => [value, 'barrier.c:3:1: error: expected identifier']));
  });

  test('a C program that fails gives failed rows <design/bench#.inv.loud>', async () => {
    const found = await rows(native(() => Promise.reject(new Error('error: barrier: mprotect failed'))));
    expect(found.map((row) => row.name)).toEqual(all);
    expect(new Set(found.map((row) => row.failed))).toEqual(new Set(['error: barrier: mprotect failed']));
  });

  test('a case that fails costs its own rows only <design/bench#.inv.loud>', async () => {
    const failing: Sampler = (name) => (name === 'barrier/numbers' ? Promise.reject(new Error('boom')) : sample(name));
    const found = await rows(() => Promise.resolve({ missing: 'cc' }), failing);
    expect(found.filter((row) => row.failed !== undefined).map((row) => row.name)).toEqual(['barrier/hit', 'barrier/read']);
  });

  test('what is not installed is told from what is broken <design/bench#.native>', () => {
    expect(nativeMissing('spawn cc ENOENT')).toContain('install gcc');
    expect(nativeMissing('gcbench.c:6:10: fatal error: gc.h: No such file or directory')).toContain('install libgc-dev');
    expect(nativeMissing('/usr/bin/ld: cannot find -lgc: No such file or directory')).toContain('install libgc-dev');
    expect(nativeMissing("gcbench.c:6:10: error: expected ';'")).toBeNull();
  });
});

describe('pause', () => {
  const small = { live: 4 * 2 ** 20, memory: '16MiB' };

  test.each([0.25, 0])('the whole tree is collected under a program, pause %dms <design/bench#.inv.world>', (asked) => {
    const found = pauseTake({ ...small, pause: asked });
    expect(Number(found['work'])).toBeGreaterThan(2 * small.live);
    const { pauses, polls, pollsHit } = found;
    expect(Number(pauses), 'hits are pauses too').toBeGreaterThan(Number(polls));
    expect(Number(polls), 'after some polls nothing is hit').toBeGreaterThan(Number(pollsHit));
    expect(Number(pollsHit), 'the program does not run into the collector').toBeGreaterThan(0);
    expect(Number(found['mostWork'])).toBeLessThan(Number(found['work']));
    expect(Number(found['longest'])).toBeGreaterThanOrEqual(Number(found['percentile']));
    expect(Number(found['asked'])).toBe(asked === 0 ? found['asked'] : asked * PauseWORK);
  });

  test('its work is the same in every run <design/bench#.pause>', () => {
    const of = ({ work, mostWork, polls, pollsHit, pauses, asked }: Sample): unknown => ({ work, mostWork, polls, pollsHit, pauses, asked });
    expect(of(pauseTake({ ...small, pause: 0.25 }))).toEqual(of(pauseTake({ ...small, pause: 0.25 })));
  });

  test('is the work that the document describes <design/bench#.pause>', () => {
    expect(PauseFULL).toEqual({
      '256MiB': { live: 256 * 2 ** 20, memory: '768MiB', pause: 10 }, '64MiB': { live: 64 * 2 ** 20, memory: '192MiB', pause: 0 },
    });
  });

  test('the longest pause is judged by its work, not by the clock <design/bench#.pause>', async () => {
    const rows = await rowsOf(pause, () => ({
      mostWork: 3 * 2 ** 20, asked: 2 * 2 ** 20, longest: 40, percentile: 20, work: 2 ** 22, milliseconds: 10, polls: 7, pollsHit: 3,
    }));
    expect(rows.map((row) => [row.name, row.value, row.ratio, row.limitVerdict])).toEqual([
      ['pause/256MiB', 3, 1.5, 'within'], ['pause/256MiB/longest', 40, 4, undefined], ['pause/256MiB/percentile', 20, 2, undefined],
      ['pause/work', 0.5, 0.5, undefined], ['pause/64MiB', 3, 1.5, undefined],
    ]);
    expect(named(rows, 'pause/64MiB')).toMatchObject({ polls: 7, pollsHit: 3 });
    expect(named(rows, 'pause/work')).toMatchObject({ workRate: 2 ** 22 / 10 });
  });

  test('a case that fails costs its own rows only <design/bench#.inv.loud>', async () => {
    const rows = await rowsOf(pause, (name) => {
      if (name === 'pause/256MiB') throw new Error('boom');
      return { mostWork: 1, asked: 1, polls: 1, pollsHit: 1 };
    });
    expect(rows.map((row) => [row.name, row.failed])).toEqual([['pause/256MiB', 'boom'], ['pause/64MiB', undefined]]);
  });
});

describe('gcbench', () => {
  const small: GcbenchWork = { iterations: 2, passes: 4, depth: 13, seed: 7 };

  test('all versions grow the same trees <design/bench#.inv.same>', () => {
    const objects = gcbenchObjects(small);
    expect(objects['made']).toBeGreaterThan(2 * 2 ** 13 - 2);
    for (const platform of ['an', 'ix'] as const) {
      const capstan = gcbenchCapstan(small, { nursery: '64KiB', memory: '16MiB', platform });
      expect([capstan['made'], capstan['hash']]).toEqual([objects['made'], objects['hash']]);
      expect(capstan['bytesCopied']).toBeGreaterThan(0);
    }
  });

  test('a run in which nothing is collected fails <design/bench#.inv.collected>', () => {
    expect(() => gcbenchCapstan({ ...small, depth: 3 }, { platform: 'an' })).toThrow('nothing was collected');
  });

  test('is the work that the document describes <design/bench#.gcbench>', () => {
    expect(GcbenchFULL).toEqual({ iterations: 5, passes: 10, depth: 20, seed: 1 });
  });

  /** The rows where `ix` takes 1.15 times as long as `an`, and that twice as long as plain objects. */
  const rows = (native: () => Promise<LibgcSamples>): Promise<Row[]> => listOf(gcbenchRows((name) => Promise.resolve({
    seconds: name.endsWith('objects') ? 2 : name.includes('/ix/') ? 4.6 : 4, made: 5, hash: 1, collections: 3, bytesCopied: 2 ** 20,
  }), native));

  test('platform ix is set against platform an, with the same nursery <design/bench#.gcbench>', async () => {
    const found = await rows(() => Promise.resolve({ missing: 'libgc' }));
    expect(found.filter((row) => row.against !== 'libgc').map((row) => [row.name, row.platform, row.against, row.ratio, row.limitVerdict])).toEqual([
      ['gcbench/32MiB', 'an', 'plain objects', 2, 'within'], ['gcbench/ix/32MiB', 'ix', 'platform an', 4.6 / 4, 'within'],
      ['gcbench/default', 'an', 'plain objects', 2, 'within'], ['gcbench/ix/default', 'ix', 'platform an', 4.6 / 4, 'within'],
    ]);
  });

  test('without libgc its rows are skipped, and with a broken C version failed <design/bench#.native> <design/bench#.inv.loud>', async () => {
    const libgc = (found: readonly Row[]): readonly Row[] => found.filter((row) => row.against === 'libgc');
    const missing = libgc(await rows(() => Promise.resolve({ missing: 'no libgc' })));
    const broken = libgc(await rows(() => Promise.reject(new Error('gcbench.c:1: error: x'))));
    expect(missing).toMatchObject(Array(2).fill({ value: 4, ratio: null, skipped: 'no libgc' }));
    expect(broken).toMatchObject(Array(2).fill({ value: 4, ratio: null, failed: 'gcbench.c:1: error: x' }));
  });

  test('versions that differ give failed rows <design/bench#.inv.same>', async () => {
    const rows = await rowsOf(gcbench, (name) => ({ seconds: 1, made: 5, hash: name.endsWith('objects') ? 1 : 2 }));
    expect(rows.map((row) => row.failed)).toEqual(Array(4).fill('the versions differ: 5 nodes, hash 1; 5 nodes, hash 2'));
  });
});

describe('scheme', () => {
  test('both sides print the same <design/bench#.inv.same>', () => {
    expect(schemeBiwaScheme('tak', 0, 0)['output']).toBe('(7 7 7 7)');
    for (const platform of ['an', 'ix'] as const) expect(schemeCapstan('tak', platform, 0, 0)['output']).toBe('(7 7 7 7)');
  });

  test('a program that prints something else the second time fails <design/bench#.inv.same>', () => {
    let calls = 0;
    expect(() => schemeTake('tak', () => String(calls++), 0, 20)).toThrow('tak printed different results');
  });

  test('sides that print different results give a failed row <design/bench#.inv.same>', async () => {
    const rows = await rowsOf(scheme, (name) => ({ milliseconds: 1, output: name.endsWith('biwascheme') ? 'b' : 'a' }));
    expect(rows[0]?.failed).toBe('the two print different results: b and a');
  });

  test('a fifth of the other side\'s time is within the aim <design/bench#.inv.verdict>', async () => {
    const rows = await rowsOf(scheme, (name) => ({ milliseconds: name.endsWith('biwascheme') ? 5 : 1, output: '' }));
    for (const [name, platform] of [['scheme/fib30', 'an'], ['scheme/ix/fib30', 'ix']] as const) {
      expect(named(rows, name)).toMatchObject({ ratio: 0.2, verdict: 'within', platform });
    }
  });
});
