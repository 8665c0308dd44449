/* vectors.test.ts: a replay says how many rows passed, which differ and in what, and which lines are no vectors. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
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
    expect(JSON.parse(judgedJson(judge, 'both', []))).toEqual({
      through: 'both', passed: 1, failed: 1, noVectors: 0, errors: [], operations: [{ format: 'riscv', op: 'crrl', passed: 1, failed: 1 }],
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
    expect(judgedText(judged(lines), false)).toMatch(/^(f:\d+: .*\n {2}both .*\n){10}and 2 more that failed \(--differences 12 shows all\)\n0 passed, 12 failed\n$/);
    expect(judgedText(judged(lines, 'both', 0), false)).toBe('12 that failed (--differences 12 shows all)\n0 passed, 12 failed\n');
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

  test('counts a line that is no vector as failed, by file, line and key, and goes on <design/look#.replay> <design/cli#.req.clear>', () => {
    const judge = judged(['{}', rows[0], rows[0].replace('"lo"', '"low"'), crrl('0x1001', '0x1'), rows[1]]);
    const wrong = [
      { file: 'f', line: 1, error: 'fmt must be "riscv" or "morello", not missing' },
      { file: 'f', line: 3, error: 'in.lo must be a string of 0x and hexadecimal digits, not missing' },
    ];
    expect([judge.passed, judge.failed, judge.noVectors]).toEqual([2, 3, 2]);
    expect(judgedText(judge, true)).toMatch(new RegExp(`^f:1: ${wrong[0].error}\nf:3: ${wrong[1].error}\nf:4: riscv crrl len=0x1001\n  both .*\n`));
    expect(judgedText(judge, true)).toMatch(/\nno vectors {23}0 passed {9}2 failed\n2 passed, 3 failed\n$/);
    expect(JSON.parse(judgedJson(judge, 'both', [{ file: 'g', error: 'gone' }]))).toMatchObject({
      passed: 2, failed: 3, noVectors: 2, differences: [...wrong, { file: 'f', line: 4, op: 'crrl' }], errors: [{ file: 'g', error: 'gone' }],
    });
    expect(judgedText(judged(Array.from({ length: 5 }, () => '{}'), 'both', 2), false)).toMatch(/^(f:\d: fmt .*\n){2}and 3 more that failed \(--differences 5 shows all\)\n0 passed, 5 failed\n$/);
  });

  test('says of a result that is written otherwise how it must be written <design/look#.replay> <design/cli#.req.clear>', () => {
    expect(judgedText(judged([crrl('0x1001', '0x01008')]), false)).toBe('f:1: riscv crrl len=0x1001\n'
      + '  both   len: must be 0x and hexadecimal digits, lower case, without leading zeros, not "0x01008"; found 0x1008\n0 passed, 1 failed\n');
  });

  test('quotes the name of a file that would not show <design/cli#.req.clear>', () => {
    expect(failureText({ file: 'a b.é', line: 1, error: 'e' })).toBe('a b.é:1: e\n');
    expect(failureText({ file: 'a\nb', line: 1, error: 'e' })).toBe('"a\\nb":1: e\n');
  });
});

describe('a file of lines', () => {
  const read = async (path: string): Promise<string[]> => {
    const lines: string[] = [];
    for await (const some of linesRead(path, new AbortController().signal)) lines.push(...some);
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
    const lines = linesRead(path, new AbortController().signal), first = await lines.next();
    expect(first).toMatchObject({ done: false, value: expect.arrayContaining(['line']) as unknown });
    expect(await lines.return(undefined)).toEqual({ done: true, value: undefined });
  });

  test('ends without a word when it is interrupted, wherever it is <design/cli#.req.interrupt>', async () => {
    for (const content of ['line\n'.repeat(100_000), gzipSync('line\n'.repeat(10_000_000)), gzipSync(rows.join('\n')).subarray(0, 2000)]) {
      const interrupt = new AbortController(), lines = linesRead(fileOf('stopped', content), interrupt.signal), first = await lines.next();
      expect(first).toMatchObject({ done: false });
      interrupt.abort();
      expect(await lines.next()).toEqual({ done: true, value: undefined });
    }
    const aborted = linesRead(fileOf('never', 'line\n'), AbortSignal.abort());
    expect(await aborted.next()).toEqual({ done: true, value: undefined });
  });

  test('can be a pipe that says nothing for a while, and is then interrupted <design/cli#.lines> <design/cli#.req.interrupt>', async () => {
    const pipe = join(place, 'silent'), interrupt = new AbortController();
    spawnSync('mkfifo', [pipe]);
    const lines = linesRead(pipe, interrupt.signal);
    let next = lines.next();
    const writer = await open(pipe, 'w');
    for (const line of ['one', 'two', 'three']) {
      // Whoever read from the pipe meanwhile would have found nothing.
      for (let turn = 0; turn < 100; turn += 1) await stat(pipe);
      await writer.write(`${line}\n`);
      expect(await next).toEqual({ done: false, value: [line] });
      next = lines.next();
    }
    interrupt.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    await writer.close();
  });

  const refused: readonly (readonly [what: string, path: () => string, why: RegExp])[] = [
    ['is not there', () => join(place, 'nowhere'), /nowhere: there is no such file \(name a file of lines, as it is or compressed by gzip\)$/],
    ['is in what is no directory', () => join(fileOf('plain', ''), 'inner'), /inner: there is no such file \(name a file/],
    ['has no name', () => '', /^"": there is no such file \(name a file/],
    ['is a directory', () => place, /: it is a directory \(name a file/],
    ['is no file at all', () => join(place, 'x'.repeat(300)), /x: it cannot be read: ENAMETOOLONG: /],
    ['is cut short', () => fileOf('cut', gzipSync(rows.join('\n')).subarray(0, 2000)), /cut: its gzip data is cut off$/],
    ['has but the beginning of gzip', () => fileOf('stub', Buffer.from([0x1f, 0x8b])), /stub: its gzip data is cut off$/],
    ['is damaged', () => fileOf('damaged', Buffer.from([0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])), /damaged: its gzip data is damaged$/],
    ['has no lines', () => fileOf('endless', 'x'.repeat(2_000_000)), /endless: a line has more than 1048576 characters: this is no file of lines$/],
  ];
  for (const [what, path, why] of refused) {
    test(`is refused if it ${what} <design/cli#.req.clear> <design/cli#.lines>`, async () => {
      await expect(read(path())).rejects.toThrow(expect.objectContaining({ code: 'CAPSTAN_USER', exit: 2, message: expect.stringMatching(why) as string }));
    });
  }

  // Root may read everything.
  test.skipIf(process.getuid?.() === 0)('is refused if it may not be read <design/cli#.req.clear> <design/cli#.lines>', async () => {
    const path = fileOf('secret', 'line\n');
    chmodSync(path, 0);
    await expect(read(path)).rejects.toThrow(/secret: permission denied$/);
  });
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
    expect([JSON.parse(out as string), err, code]).toMatchObject([{ passed: 400, failed: 1, differences: [{ file: 'bad', line: 1 }], errors: [] }, '', 1]);
  });

  test('goes on after a line that is no vector, and exits with 1 <design/look#.replay> <design/cli#.exit>', () => {
    fileOf('broken', `${rows[0]}\n\n{}\n${rows[1]}\n`);
    fileOf('whole', rows.join('\n'));
    expect(run('broken', 'whole')).toEqual(['broken:3: fmt must be "riscv" or "morello", not missing\n402 passed, 1 failed\n', '', 1]);
  });

  test('says which files cannot be read, judges the others, and exits with 2 <design/look#.replay.unread> <design/cli#.exit>', () => {
    fileOf('whole', rows.join('\n'));
    fileOf('nothing', '\n\n');
    const gone = 'there is no such file (name a file of lines, as it is or compressed by gzip)', none = 'no vectors there (each is a line of JSON)';
    expect(run('gone', 'whole', '', 'nothing')).toEqual([
      '400 passed, 0 failed\n', `capstan: gone: ${gone}\ncapstan: "": ${gone}\ncapstan: nothing: ${none}\n`, 2,
    ]);
    expect(run('gone')).toEqual(['', `capstan: gone: ${gone}\n`, 2]);
    expect(run('nothing')).toEqual(['', `capstan: nothing: ${none}\n`, 2]);
    const [out, err, code] = run('gone', '--json');
    expect([JSON.parse(out as string), err, code]).toMatchObject([
      { passed: 0, failed: 0, errors: [{ file: 'gone', error: `gone: ${gone}` }] }, `capstan: gone: ${gone}\n`, 2,
    ]);
  });

  test('reads standard input, whatever that is, once <design/cli#.lines> <design/cli#.req.clear>', () => {
    const shell = (line: string): readonly unknown[] => {
      const { stdout, stderr, status } = spawnSync('sh', ['-c', line, process.execPath, command], { encoding: 'utf8', cwd: place });
      return [stdout, stderr, status];
    };
    const whole = fileOf('whole', rows.join('\n')), passed = ['400 passed, 0 failed\n', '', 0];
    for (const name of ['-', '/dev/stdin']) {
      expect(shell(`cat whole | "$0" "$1" vectors ${name}`)).toEqual(passed);
      expect(shell(`"$0" "$1" vectors ${name} < whole`)).toEqual(passed);
      expect(shell(`echo x | "$0" "$1" vectors ${name}`)).toEqual([expect.stringMatching(`^${name}:1: not JSON: .*\n0 passed, 1 failed\n$`), '', 1]);
      expect(shell(`"$0" "$1" vectors ${name} < /dev/null`)).toEqual(['', `capstan: ${name}: no vectors there (each is a line of JSON)\n`, 2]);
    }
    const socket = spawnSync(process.execPath, [command, 'vectors', '-'], { encoding: 'utf8', input: readFileSync(whole) });
    expect([socket.stdout, socket.stderr, socket.status]).toEqual(passed);
    expect(run('-', '/dev/stdin')).toEqual(['', 'capstan: standard input can be read but once: name it once\n', 2]);
    expect(run('--help')).toEqual([expect.stringContaining('- is standard input') as string, '', 0]);
  });

  describe('interrupted, it ends with what it found and exit code 130', () => {
    const passed: readonly unknown[] = [expect.stringMatching(/^[1-9]\d* passed, 0 failed\n$/), 'capstan: interrupted\n', 130];
    const many = `${rows.join('\n')}\n`.repeat(20);

    /** What a command ends with that is sent Ctrl-C when `speak`, which has its standard input, is done; `last` comes with it. */
    const interrupted = async (args: readonly string[], speak: (input: Writable) => Promise<unknown>, last: (input: Writable) => unknown): Promise<readonly unknown[]> => {
      const child = spawn(process.execPath, [command, 'vectors', ...args], { cwd: place }), code = new Promise((done) => { child.on('close', done); });
      let out = '', err = '';
      child.stdout.on('data', (data: Buffer) => { out += data.toString(); });
      child.stderr.on('data', (data: Buffer) => { err += data.toString(); });
      child.stdin.on('error', () => undefined);
      await speak(child.stdin);
      child.kill('SIGSTOP');
      child.kill('SIGINT');
      await last(child.stdin);
      child.kill('SIGCONT');
      const found = [await code, err, out].reverse();
      child.stdin.destroy();
      return found;
    };
    const pipeOf = (name: string): string => {
      spawnSync('mkfifo', [join(place, name)]);
      return join(place, name);
    };
    /** Say more than fits between the two, so that the reader is at work when it is said. */
    const say = (text: string | Uint8Array) => (input: Writable): Promise<unknown> => new Promise((done) => { input.write(text, done); });

    test('while a pipe says nothing <design/cli#.req.interrupt> <design/cli#.exit>', async () => {
      const pipe = pipeOf('pipe');
      // A pipe can be opened when its reader has; what is more than it holds has been written when the reader is at work.
      let writer: FileHandle | null = null;
      const speak = async (): Promise<unknown> => (writer = await open(pipe, 'w')).write(Buffer.from(many));
      const found = await interrupted(['whole', pipe, 'gone'], speak, () => undefined);
      await (writer as FileHandle | null)?.close();
      expect(found).toEqual(passed);
    });

    test('while standard input says nothing more <design/cli#.req.interrupt>', async () => {
      expect(await interrupted(['-'], say(many), () => undefined)).toEqual(passed);
    });

    test('again and again, for npm sends on what a terminal has sent <design/cli#.req.interrupt>', async () => {
      const child = spawn(process.execPath, [command, 'vectors', '-']), closed = new Promise((done) => { child.on('close', done); });
      let out = '';
      child.stdout.on('data', (data: Buffer) => { out += data.toString(); });
      await say(many)(child.stdin);
      child.kill('SIGINT');
      // Something else than waiting, until it has ended.
      while (child.exitCode === null && child.signalCode === null) {
        await stat(place);
        child.kill('SIGINT');
      }
      await closed;
      // Node itself, on its way out, may have been ended by the last one; what was found has been said.
      expect(out).toEqual(passed[0]);
      child.stdin.destroy();
    });

    test('while there is more to read <design/cli#.req.interrupt>', async () => {
      expect(await interrupted(['-'], say(many), (input) => input.write(many))).toEqual(passed);
    });

    test('when the writer ends in the middle of a line, or of gzip\'s data, or before a line <design/cli#.req.interrupt> <design/cli#.lines.interrupt>', async () => {
      const packed = gzipSync(rows.join('\n'));
      for (const [name, said] of [['line', '{"fmt":"ri'], ['gzip', packed.subarray(0, 2000)], ['nothing', '']] as const) {
        const pipe = pipeOf(`pipe of ${name}`);
        let writer: FileHandle | null = null;
        const speak = async (): Promise<void> => {
          writer = await open(pipe, 'w');
          await writer.write(Buffer.from(said));
          // The reader is to wait for more.
          for (let turn = 0; turn < 100; turn += 1) await stat(pipe);
        };
        expect([name, ...await interrupted(['whole', pipe], speak, () => writer?.close())]).toEqual([name, ...passed]);
      }
    });
  });
});
