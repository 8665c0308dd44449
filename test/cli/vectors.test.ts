/* vectors.test.ts: a replay says how many rows passed, which differ and in what, and which lines are no vectors. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { variety } from '../../code/base/base.ts';
import { linesRead } from '../../code/cli/lines.ts';
import { failureText, Judge, routesUnited, type Through } from '../../code/cli/vectors-judge.ts';
import { judgedJson, judgedText } from '../../code/cli/vectors-text.ts';

const command = resolve(import.meta.dirname, '../../code/cli/capstan.js');
const vectors = resolve(import.meta.dirname, '../data/vectors/cheri.jsonl.gz');
const rows = gunzipSync(readFileSync(vectors)).toString('utf8').trimEnd().split('\n').slice(0, 400);
let place = '';

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'capstan-vectors-'));
});
afterAll(() => {
  rmSync(place, { recursive: true, force: true });
});

/** A file with these bytes; its path. */
function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(place, name);
  writeFileSync(path, content);
  return path;
}

const crrl = (length: string, result: string): string => `{"fmt":"riscv","op":"crrl","in":{"len":"${length}"},"out":{"len":"${result}"}}`;

/** What is judged of lines. */
function judged(lines: readonly string[], through: Through = 'both', most: number = 10): Judge {
  const judge = new Judge(through, most);
  for (const [index, line] of lines.entries()) judge.hear('f', index + 1, line);
  return judge;
}

describe('a judge', () => {
  test('passes what agrees, by every route, and counts by operation <design/look#.replay> <design/look#.route>', () => {
    for (const through of ['codec', 'hart', 'both'] as const) {
      const judge = judged([...rows, '', ' \r'], through);
      expect([judge.passed, judge.failed, judge.failures]).toEqual([400, 0, []]);
      expect(judge.counts().reduce((sum, { passed }) => sum + passed, 0)).toBe(400);
      expect(judgedText(judge, false)).toBe('400 passed, 0 failed\n');
    }
  });

  test('shows a row that differs with its operands, and each field by route <design/look#.replay>', () => {
    const judge = judged([crrl('0xfff', '0xfff'), crrl('0x1001', '0x1001')]);
    expect(judgedText(judge, true)).toBe('f:2: riscv crrl len=0x1001\n  both   len: expected 0x1001, found 0x1008\n'
      + 'riscv    crrl                    1 passed         1 failed\n1 passed, 1 failed\n');
    expect(JSON.parse(judgedJson(judge, 'both'))).toEqual({
      through: 'both', passed: 1, failed: 1, operations: [{ format: 'riscv', op: 'crrl', passed: 1, failed: 1 }],
      differences: [{
        file: 'f', line: 2, format: 'riscv', op: 'crrl', in: { len: '0x1001' },
        found: [{ route: 'both', fields: ['len: expected 0x1001, found 0x1008'] }],
      }],
    });
    expect(judgedText(judged([crrl('0x1001', '0x1001')], 'hart'), false)).toContain('\n  hart   len: expected 0x1001, found 0x1008\n');
  });

  test('shows what the routes find unlike each by itself, and what they find alike once <design/look#.replay> <design/look#.route>', () => {
    const codec = { route: 'codec', fields: ['a: 1'] } as const, hart = { route: 'hart', fields: ['a: 2', 'b: 3'] } as const;
    expect(routesUnited([codec, hart])).toEqual([codec, hart]);
    expect(routesUnited([hart])).toEqual([hart]);
    expect(routesUnited([codec, { ...codec, route: 'hart' }])).toEqual([{ ...codec, route: 'both' }]);
    expect(failureText({ file: 'f', line: 1, format: 'riscv', op: 'o', in: { x: true, y: '0x1' }, found: [codec, hart] }))
      .toBe('f:1: riscv o x=true y=0x1\n  codec  a: 1\n  hart   a: 2\n  hart   b: 3\n');
  });

  test('keeps as many rows that differ as it is asked for, and counts the others <design/look#.replay>', () => {
    const lines = Array.from({ length: 12 }, () => crrl('0x1001', '0x1'));
    expect(judgedText(judged(lines), false)).toMatch(/^(f:\d+: .*\n {2}both .*\n){10}and 2 more that differ \(--differences 12 shows all\)\n0 passed, 12 failed\n$/);
    expect(judgedText(judged(lines, 'both', 0), false)).toBe('12 that differ (--differences 12 shows all)\n0 passed, 12 failed\n');
    expect(judgedText(judged(lines, 'both', 12), false)).not.toContain('shows all');
  });

  test('notices any field of any row that is changed, missing or too much, by either route <design/look#.replay> <design/look#.route>', () => {
    const judges = (['codec', 'hart'] as const).map((through) => [new Judge(through, 0), through] as const);
    let changes = 0;
    for (const row of rows) {
      const whole = JSON.parse(row) as { out: Record<string, string | boolean> };
      for (const [name, value] of Object.entries(whole.out)) {
        const other = typeof value === 'boolean' ? !value : `${value}1`;
        const { [name]: _gone, ...fewer } = whole.out;
        const lines = [{ ...whole.out, [name]: other }, fewer, { ...whole.out, [`${name}s`]: value }].map((out) => JSON.stringify({ ...whole, out }));
        for (const [judge, through] of judges) {
          const before = judge.failed;
          for (const line of lines) judge.hear('f', 1, line);
          if (judge.failed !== before + 3) expect([row, name, through]).toEqual('noticed');
        }
        changes += 3;
      }
    }
    expect(changes).toBeGreaterThan(3000);
  });

  test('refuses a line that is no vector, by file, line and key <design/look#.replay> <design/cli#.req.clear>', () => {
    const line = rows[0].replace('"lo"', '"low"');
    expect(() => judged([rows[0], line])).toThrow(expect.objectContaining({ code: 'CAPSTAN_USER', exit: 2, message: expect.stringMatching(/^f: line 2: in\.lo must be /) as string }));
  });
});

describe('a file of lines', () => {
  const read = async (path: string): Promise<string[]> => {
    const lines: string[] = [];
    for await (const some of linesRead(path)) lines.push(...some);
    return lines;
  };

  test('is read whole, compressed or not, whatever its name and wherever it is cut into pieces <design/cli#.lines>', async () => {
    // Lines of letters of several bytes, so that pieces end within letters.
    const lines = Array.from({ length: 20_000 }, (_, index) => `${index} ${'ä€𝄞'.repeat(index % 7)}`), text = lines.join('\n');
    expect(Buffer.byteLength(text)).toBeGreaterThan(512 * 1024);
    expect(await read(fileOf('plain.gz', text))).toEqual(lines);
    expect(await read(fileOf('packed.txt', gzipSync(text)))).toEqual(lines);
    expect(await read(fileOf('ended', 'a\n\nb\n'))).toEqual(['a', '', 'b']);
    expect(await read(fileOf('short', 'a'))).toEqual(['a']);
    expect(await read(fileOf('empty', ''))).toEqual([]);
  });

  test('can be left before its end <design/cli#.req.interrupt>', async () => {
    const path = fileOf('left', gzipSync('line\n'.repeat(100_000)));
    const lines = linesRead(path), first = await lines.next();
    expect(first).toMatchObject({ done: false, value: expect.arrayContaining(['line']) as unknown });
    expect(await lines.return(undefined)).toEqual({ done: true, value: undefined });
  });

  const refused: readonly (readonly [what: string, path: () => string, why: RegExp])[] = [
    ['is not there', () => join(place, 'nowhere'), /nowhere: there is no such file \(name a file of lines, as it is or compressed by gzip\)$/],
    ['is a directory', () => place, /: it is a directory \(/],
    ['is cut short', () => fileOf('cut', gzipSync(rows.join('\n')).subarray(0, 2000)), /cut: its gzip data is cut short \(/],
    ['is damaged', () => fileOf('damaged', Buffer.from([0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])), /damaged: it cannot be read: /],
    ['has no lines', () => fileOf('endless', 'x'.repeat(2_000_000)), /endless: a line has more than 1048576 characters: this is no file of lines$/],
  ];
  for (const [what, path, why] of refused) {
    test(`is refused if it ${what} <design/cli#.req.clear> <design/cli#.lines>`, async () => {
      await expect(read(path())).rejects.toThrow(expect.objectContaining({ code: 'CAPSTAN_USER', exit: 2, message: expect.stringMatching(why) as string }));
    });
  }
});

// The command line has its own varieties, by --check: one project is enough.
describe.runIf(variety === 'hot')('capstan vectors', () => {
  const run = (...args: string[]): readonly unknown[] => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [command, 'vectors', ...args], { encoding: 'utf8', cwd: place });
    return [stdout, stderr, status];
  };

  test('ends with the counts of all files together, and exits with 0 if all passed, with 1 if not <design/cli#.exit> <design/look#.replay>', () => {
    fileOf('bad', `${crrl('0x1001', '0x1')}\n`);
    expect(run(vectors)).toEqual(['20000 passed, 0 failed\n', '', 0]);
    const [out, err, code] = run('bad', fileOf('good', rows.join('\n')), '--json');
    expect([JSON.parse(out as string), err, code]).toMatchObject([{ passed: 400, failed: 1, differences: [{ file: 'bad', line: 1 }] }, '', 1]);
  });

  test('says what it found before a line that is no vector, and refuses a file without any <design/look#.replay> <design/cli#.exit>', () => {
    fileOf('broken', `${rows[0]}\n\n${rows[1]}\n{}\n`);
    expect(run('broken')).toEqual(['2 passed, 0 failed\n', expect.stringMatching(/^capstan: broken: line 4: fmt must be .*\n$/), 2]);
    fileOf('nothing', '\n\n');
    expect(run('nothing')).toEqual(['', 'capstan: nothing: no vectors there (each is a line of JSON)\n', 2]);
  });

  test('interrupted, it ends with what it found and exit code 130 <design/cli#.req.interrupt> <design/cli#.exit>', async () => {
    const pipe = join(place, 'pipe');
    spawnSync('mkfifo', [pipe]);
    const child = spawn(process.execPath, [command, 'vectors', pipe]), code = new Promise((done) => { child.on('exit', done); });
    let out = '', err = '';
    child.stdout.on('data', (data: Buffer) => { out += data.toString(); });
    child.stderr.on('data', (data: Buffer) => { err += data.toString(); });
    // A pipe can be opened when its reader has; what is more than it holds has been written when the reader is at work.
    const input = await open(pipe, 'w'), some = Buffer.from(`${rows.join('\n')}\n`);
    await input.write(some);
    child.kill('SIGINT');
    try {
      for (;;) await input.write(some);
    } catch (error) {
      expect(error).toMatchObject({ code: 'EPIPE' });
    } finally {
      await input.close();
    }
    expect(await code).toBe(130);
    expect(out).toMatch(/^[1-9]\d* passed, 0 failed\n$/);
    expect(err).toBe('capstan: interrupted\n');
  });
});
