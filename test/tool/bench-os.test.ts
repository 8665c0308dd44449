import { describe, expect, test } from 'vitest';
import { besideMake } from '../../tool/bench/os-beside.ts';
import { manyTake } from '../../tool/bench/os-many.ts';
import { insist, OsRig } from '../../tool/bench/os-rig.ts';
import { osTake } from '../../tool/bench/os-take.ts';
import { growthLimit, OsOPERATIONS, type OsWork } from '../../tool/bench/os-work.ts';
import { os } from '../../tool/bench/os.ts';
import type { Sample } from '../../tool/bench/fresh.ts';
import type { Row } from '../../tool/bench/rows.ts';

const small: OsWork = { sizes: [2, 4, 8], rounds: 2, batch: 10, forked: 64 * 4096, many: 50 };

const cases = OsOPERATIONS.flatMap(({ name, grown }) => grown.map((what) => [name, what] as const));

/** The rows, with what `sample` gives for each case. */
async function rowsOf(sample: (name: string) => Sample): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of os.rows((name) => Promise.resolve(sample(name)))) rows.push(row);
  return rows;
}

const many = { create: 60, generatorCreate: 6, block: 4, generatorBlock: 2, end: 9, generatorEnd: 3, bytes: 500, generatorBytes: 50 };

/** Times that do not grow, but for those of one operation. */
function flat(name: string): Sample {
  if (name === 'os/many') return many;
  const beside = { 'beside': 2, 'beside-100': 2, 'beside-1000': 4, 'beside-10000': 40 };
  if (name === 'os/fork-own/maps') return { 100: 10, 1000: 20, 10_000: 200, ...beside };
  if (name === 'os/fork/maps') return { 100: 10, 1000: 15, 10_000: 20.5, ...beside };
  return name === 'os/yield-all/threads' ? { 100: 10, 1000: 31, 10_000: 200, ...beside } : { 100: 10, 1000: 10, 10_000: 10, ...beside };
}

describe('cases', () => {
  test.each(cases)('%s, with many %s: everything happens, at each size <design/bench#.inv.done>', (name, grown) => {
    const isRelative = name === 'yield-all' || name === 'fork-own', found = osTake(name, grown, small);
    expect(Object.keys(found).sort()).toEqual(isRelative ? ['2', '4', '8', 'beside-2', 'beside-4', 'beside-8'] : ['2', '4', '8', 'beside']);
    for (const time of Object.values(found)) expect(time).toBeGreaterThan(0);
  });

  test('many threads come to block and to their ends <design/bench#.inv.done> <design/bench#.os.many>', () => {
    expect(Object.keys(manyTake(small)).sort()).toEqual(Object.keys(many).sort());
  });

  test('the systems have what they should beside <design/bench#.os>', () => {
    const maps = new OsRig(7, 'maps', 4096), threads = new OsRig(7, 'threads', 4096);
    // The host's thread has a stack.
    expect([maps.process.map.entries().length, maps.process.threads.size]).toEqual([8, 1]);
    expect([...threads.process.threads].map(({ waitingFor }) => waitingFor)).toEqual([null, ...Array.from({ length: 7 }, () => 'semaphore gate')]);
  });

  test('what has not happened is an error <design/bench#.inv.done>', () => {
    expect(() => { insist('signals', 9, 10); }).toThrow('os: signals: 9 where it should be 10');
    expect(() => new OsRig(0, 'maps', 4096).play(function* (_t, thread) { return thread.exit(); })).toThrow('a program has not come to its end');
  });

  test('an operation that there is not is an error <design/bench#.inv.loud>', () => {
    expect(() => osTake('frok', 'maps', small)).toThrow('there is no operation "frok" with many maps');
    expect(() => osTake('yield-all', 'maps', small)).toThrow('there is no operation "yield-all" with many maps');
    expect(() => besideMake('nothing', 4096, 1)).toThrow('nothing like "nothing"');
  });
});

describe('rows', () => {
  test('each size has a row, the least against JavaScript and the others against it <design/bench#.os.growth>', async () => {
    const rows = await rowsOf(flat), forks = rows.filter(({ name }) => name.startsWith('os/fork/maps'));
    expect(rows.length).toBe(3 * cases.length + 4);
    expect(forks.map(({ name, against, ratio, limit, limitVerdict }) => [name, against, ratio, limit, limitVerdict])).toEqual([
      ['os/fork/maps-100', 'bytes copied', 5, undefined, undefined], ['os/fork/maps-1000', 'maps-100', 1.5, 1.5, 'within'],
      ['os/fork/maps-10000', 'maps-100', 2.05, 2, 'over'],
    ]);
  });

  test('what is set against as much at each size may grow as that does <design/bench#.os.all>', async () => {
    const rows = (await rowsOf(flat)).filter(({ name }) => name.startsWith('os/yield-all'));
    expect(rows.map(({ ratio, limit, limitVerdict }) => [ratio, limit, limitVerdict])).toEqual([
      [5, undefined, undefined], [7.75, 7.5, 'over'], [5, 10, 'within'],
    ]);
  });

  test('the cost of one thread of many is in time and in bytes <design/bench#.os.many>', async () => {
    const rows = (await rowsOf(flat)).slice(-4);
    expect(rows.map(({ name, value, unit, ratio }) => [name, value, unit, ratio])).toEqual([
      ['os/many/create', 60, 'ns', 10], ['os/many/block', 4, 'ns', 2], ['os/many/end', 9, 'ns', 3], ['os/many/bytes', 500, 'B', 10],
    ]);
  });

  test('a case that fails costs its own rows only <design/bench#.inv.loud>', async () => {
    const rows = await rowsOf((name) => {
      if (name === 'os/pipe/maps') throw new Error('boom');
      return flat(name);
    });
    expect(rows.filter(({ failed }) => failed !== undefined).map(({ name, failed }) => [name, failed])).toEqual([['os/pipe/maps', 'boom']]);
  });

  test('logarithmic is any a + b log n <design/bench#.os.growth>', () => {
    expect([growthLimit(1000, 100), growthLimit(10_000, 100)].map((limit) => limit.toFixed(6))).toEqual(['1.500000', '2.000000']);
    for (const [a, b] of [[0, 1], [5, 1], [1, 0]] as const) {
      expect((a + b * Math.log(10_000)) / (a + b * Math.log(100))).toBeLessThanOrEqual(growthLimit(10_000, 100) + 1e-9);
    }
  });
});
