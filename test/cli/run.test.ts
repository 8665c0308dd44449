/* run.test.ts: the command as a user meets it: one clear message and an exit code for each mistake, and the reports. */
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { variety } from '../../code/base/base.ts';
import type { Until } from '../../code/cli/run.ts';

const top = resolve(import.meta.dirname, '../..');
const command = join(top, 'code/cli/capstan.js');
let place = '';

function capstan(...args: string[]): SpawnSyncReturns<string> {
  // The command sets the variety from --check; npm's variables would move it to another folder.
  const dropped = ['CAPSTAN_CHECK', 'npm_lifecycle_event', 'npm_package_json'];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !dropped.includes(name)));
  return spawnSync(process.execPath, [command, ...args], { cwd: place, encoding: 'utf8', env });
}

function program(name: string, text: string): string {
  writeFileSync(join(place, name), text);
  return name;
}

/** An endless program that allocates, keeps little, and prints a word first. */
const ENDLESS = '(display "begun") (newline) (let loop ((i 0)) (cons i i) (loop (+ i 1)))';

// The command line has its own varieties, by --check: one project is enough.
describe.runIf(variety === 'hot')('capstan run', () => {
  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'capstan-cli-'));
  });
  afterAll(() => {
    rmSync(place, { recursive: true, force: true });
  });

  const mistakes: readonly [name: string, args: () => string[], code: number, message: RegExp][] = [
    ['a missing file', () => ['run', 'none.scm'], 2, /^capstan: none\.scm: there is no such file \(name a file with a Scheme program\)\n$/],
    ['a directory', () => ['run', '.'], 2, /^capstan: \.: it is a directory \(name a file with a Scheme program\)\n$/],
    ['a syntax error', () => ['run', program('if.scm', '(display 1)\n  (if)\n')], 2, /^if\.scm:2:3: if takes 2 or 3 parts, got 0 \(write \(if TEST THEN \[ELSE\]\)\)\n$/],
    ['a list without end', () => ['run', program('open.scm', '\n(display (+ 1 2)\n')], 2, /^open\.scm:2:1: the list opened here is never closed \(.*\)\n$/],
    ['an unbound variable', () => ['run', program('unbound.scm', '(foo 1)')], 1, /^unbound\.scm:1:1: unbound variable: foo\n/],
    ['the car of a number', () => ['run', program('car.scm', '(define (f x)\n  (+ 1 (car x)))\n(f 5)')], 1, /^car\.scm:2:8: car: expected a pair, got 5\n {2}in f at car\.scm:2:8\n/],
    ['an error with irritants', () => ['run', program('error.scm', '(error "too many:" 3 "cats")')], 1, /^error\.scm:1:1: too many: 3 "cats"\n/],
    ['an exhausted heap', () => ['run', program('full.scm', '(let loop ((l \'())) (loop (cons 1 l)))'), '--memory', '2MiB'], 3, /heap exhausted[\s\S]*give it more than --memory 2MiB, or let it keep less\n$/],
    ['a memory too small to start', () => ['run', program('one.scm', '1'), '--memory', '64KiB'], 2, /^capstan: --memory 64KiB is too small to start: it must be at least (\d+)KiB\n$/],
    ['a commit limit too small to start', () => ['run', program('one.scm', '1'), '--commit-limit', '64KiB'], 2, /^capstan: --commit-limit 64KiB is too small to start: it must be at least (\d+)KiB\n$/],
    ['an unknown option', () => ['run', 'x.scm', '--memry', '1MiB'], 2, /unknown option '--memry'\n\(Did you mean --memory\?\)\n$/],
    ['an unknown command', () => ['rnu', 'x.scm'], 2, /unknown command 'rnu'\n\(Did you mean run\?\)\n$/],
    ['a size without a unit', () => ['run', program('one.scm', '1'), '--nursery', '5KB'], 2, /^capstan: --nursery "5KB" is not a size: .*such as 64KiB\n$/],
    ['a time without a unit', () => ['run', program('one.scm', '1'), '--pause', '10'], 2, /^capstan: --pause "10" is not a time: .*such as 10ms\n$/],
    ['a seed that is no number', () => ['run', program('one.scm', '1'), '--seed', 'x'], 2, /^capstan: --seed "x" is not a whole number: write one such as 1\n$/],
    ['a platform that does not exist', () => ['run', program('one.scm', '1'), '--platform', 'vax'], 2, /'vax' is invalid\. Allowed choices are ix, an\.\n$/],
    ['no number of threads', () => ['run', program('one.scm', '1'), '--threads', 'two'], 2, /^capstan: --threads "two" is not a number of threads: write one from 1 to 64\n$/],
    ['too many threads', () => ['run', program('one.scm', '1'), '--threads', '65'], 2, /^capstan: --threads "65" is not a number of threads: write one from 1 to 64\n$/],
    ['no threads', () => ['run', program('one.scm', '1'), '--threads', '0'], 2, /^capstan: --threads "0" is not a number of threads: /],
    ['a memory too small to start many threads', () => ['run', program('one.scm', '1'), '--memory', '512KiB', '--threads', '8'], 2, /^capstan: --memory 512KiB is too small to start: it must be at least /],
    ['an error in each of two threads', () => ['run', program('car.scm', '(car 5)'), '--threads', '2'], 1, /^main: (car\.scm:1:1: car: expected a pair, got 5\n {2}in top level at car\.scm:1:1\n)thread-1: \1$/],
    ['an exhausted heap of two threads', () => ['run', program('full.scm', '(let loop ((l \'())) (loop (cons 1 l)))'), '--memory', '4MiB', '--threads', '2'], 3, /^main: full\.scm: heap exhausted\n(?: {2}in .*\n)*thread-1: full\.scm: heap exhausted\n(?: {2}in .*\n)*give it more than --memory 4MiB, or let it keep less\n$/],
    ['an event file that cannot be written', () => ['run', program('one.scm', '1'), '--events', 'none/x'], 2, /^capstan: --events none\/x cannot be written: .*\n$/],
    ['--json without --stats', () => ['run', program('one.scm', '1'), '--json'], 2, /^capstan: --json needs --stats: /],
  ];

  for (const [name, args, code, message] of mistakes) {
    test(`${name} gets one clear message and exit code ${code} <design/cli#.req.clear> <design/cli#.exit>`, () => {
      const done = capstan(...args());
      expect(done.stderr).toMatch(message);
      expect(done.stderr).not.toMatch(/\n\s+at .*:\d+:\d+\)?\n/);
      expect(done.status).toBe(code);
    });
  }

  test('the least memory that is named does start, and a page less does not <design/cli#.least>', () => {
    const file = program('one.scm', '(display "up")');
    const least = Number(/at least (\d+)KiB/.exec(capstan('run', file, '--memory', '64KiB').stderr)?.[1]);
    expect(capstan('run', file, '--memory', `${least - 4}KiB`).status).toBe(2);
    expect(capstan('run', file, '--memory', `${least}KiB`).stderr).not.toContain('too small to start');
  });

  test('what the program printed comes out whole, also long and into a pipe <design/cli#.req.quiet>', () => {
    const done = capstan('run', program('long.scm', '(let loop ((i 0)) (if (< i 30000) (begin (display i) (newline) (loop (+ i 1)))))'));
    expect(done.stdout).toBe(Array.from({ length: 30_000 }, (_, i) => `${i}\n`).join(''));
    expect([done.status, done.stderr]).toEqual([0, '']);
  });

  test('(exit n) ends with that code <design/cli#.exit>', () => {
    expect(capstan('run', program('exit.scm', '(display 1) (exit 7) (display 2)')).status).toBe(7);
  });

  test('the output of several threads comes thread by thread, and the run string repeats it <design/cli#.threads> <design/cli#.run>', () => {
    const done = capstan('run', join(top, 'test/data/scheme/tak.scm'), '--threads', '4', '--nursery', '256KiB', '--stats', '--json');
    expect([done.stdout, done.status]).toEqual([readFileSync(join(top, 'test/data/scheme/tak.out'), 'utf8').repeat(4), 0]);
    const report = JSON.parse(done.stderr) as { run: string; threads: number };
    expect(report.threads).toBe(4);
    expect(report.run).toContain(' --threads 4 --seed 1 ');
    expect({ ...JSON.parse(capstan(...report.run.split(' '), '--stats', '--json').stderr) as object, pauseMaxMs: 0 }).toEqual({ ...report, pauseMaxMs: 0 });
  });

  test('if a thread fails, the others print all they have, and the exit code is that of the first that failed <design/cli#.threads>', () => {
    const turn = '(define turns \'#(0)) (define (turn) (vector-set! turns 0 (+ 1 (vector-ref turns 0))) (vector-ref turns 0)) (define me (turn))';
    // On this platform the last thread to start is the first to begin; then the others follow in order.
    const fail = '(define (spin n) (if (> n 0) (spin (- n 1))))\n(if (= me 2) (begin (spin 200000) (car 5)))\n(if (= me 3) (exit 7))';
    const done = capstan('run', program('turns.scm', `${turn}\n(display me)\n${fail}\n(display "end") (newline)`), '--threads', '4', '--platform', 'an');
    expect(done.stdout).toBe('234end\n1end\n');
    expect(done.stderr).toBe('main: turns.scm:4:35: car: expected a pair, got 5\n  in top level at turns.scm:4:35\n');
    expect(done.status).toBe(1);
  });

  test('a run can be stopped at an event: the program prints nothing, and the state is what is printed <design/cli#.until>', async () => {
    const { run } = await import('../../code/cli/run.ts');
    const options = {
      memory: '16MiB', nursery: '64KiB', grain: '4KiB', pause: '10ms', platform: 'an', abi: 'cheribsd', suspend: 'kernel', collect: 'normal', threads: '2', seed: '1', check: 'hot',
    } as const;
    const text = readFileSync(join(top, 'test/data/scheme/tak.scm'), 'utf8'), said: string[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((part) => said.push(part as string) > 0);
    try {
      let events = 0, early = 0;
      const at = (wanted: number): Until => ({
        hear: (_, session) => {
          events += 1;
          if (session() === null) early += 1;
          return events === wanted;
        },
        text: () => `event ${events}\n`,
      });
      expect(await run(text, 'tak.scm', options, at(40))).toBe(0);
      expect(said).toEqual(['event 40\n']);
      expect(early).toBeGreaterThan(0);
      expect(early).toBeLessThan(10);
      events = 0;
      await expect(run(text, 'tak.scm', options, at(-1))).rejects.toThrow(/^the run ended after \d+ events, and what it was to stop at was not among them/);
      expect(events).toBeGreaterThan(100);
      expect(said).toEqual(['event 40\n']);
    } finally {
      write.mockRestore();
    }
  });

  test('--stats --json is one object on one line, with all its keys <design/cli#.report>', () => {
    const done = capstan('run', join(top, 'test/data/scheme/trees.scm'), '--nursery', '256KiB', '--stats', '--json');
    expect(done.stdout).toBe(readFileSync(join(top, 'test/data/scheme/trees.out'), 'utf8'));
    expect(done.stderr.trim().split('\n')).toHaveLength(1);
    const report = JSON.parse(done.stderr) as Record<string, unknown>;
    const keys = ['threads', 'collections', 'collectionsByGeneration', 'flips', 'readBarrierHits', 'writeBarrierHits', 'protectionChanges', 'suspensions',
      'resumptions', 'faultsForwarded', 'bytesCopied', 'bytesReclaimed', 'pauseMaxMs', 'highWater', 'run'];
    expect(Object.keys(report)).toEqual(expect.arrayContaining(keys));
    expect(report['collections']).toBeGreaterThan(10);
    expect(report['bytesReclaimed']).toBeGreaterThan(1_000_000);
  });

  test('the run string repeats the run, and not that of a program that has changed <design/cli#.run>', () => {
    const file = program('again.scm', '(define (f n) (if (> n 0) (begin (list n) (f (- n 1))))) (f 20000) (display "again")');
    const first = capstan('run', file, '--nursery', '64KiB', '--memory', '8MiB', '--seed', '3', '--stats', '--json');
    const { run } = JSON.parse(first.stderr) as { run: string };
    const second = capstan(...run.split(' '), '--stats', '--json');
    expect({ ...JSON.parse(second.stderr) as object, pauseMaxMs: 0 }).toEqual({ ...JSON.parse(first.stderr) as object, pauseMaxMs: 0 });
    program('again.scm', '(display "changed")');
    const third = capstan(...run.split(' '));
    expect(third.stderr).toMatch(/^capstan: again\.scm has changed: it was @[0-9a-f]{8} and is @[0-9a-f]{8} \(leave @[0-9a-f]{8} out/);
    expect([third.status, third.stdout]).toEqual([2, '']);
  });

  test('--stats says why it collected, with the numbers <design/policy#.reason>', () => {
    const { stderr } = capstan('run', join(top, 'test/data/scheme/trees.scm'), '--nursery', '256KiB', '--memory', '4MiB', '--stats');
    expect(stderr).toMatch(/\d+ {2}generation 0 was full: last, [\d.]+ KiB new of 256\.0 KiB\n/);
    expect(stderr).toMatch(/\d+ {2}memory ran short: last, [\d.]+ [KM]iB left where [\d.]+ [KM]iB are needed/);
  });

  test('two processes write the same events, byte for byte <design/event#.inv.same>', () => {
    const texts = ['a', 'b'].map((name) => {
      capstan('run', join(top, 'test/data/scheme/meta.scm'), '--nursery', '64KiB', '--events', name);
      return readFileSync(join(place, name), 'utf8');
    });
    expect(texts[0]?.split('\n').length).toBeGreaterThan(50);
    expect(texts[1]).toBe(texts[0]);
  });

  test('what is checked changes nothing of a run, event by event <design/vm#.inv.varieties>', () => {
    const texts = ['rash', 'hot', 'cool'].map((check) => {
      capstan('run', join(top, 'test/data/scheme/bank.scm'), '--nursery', '4KiB', '--collect', 'every-poll', '--check', check, '--events', check);
      return readFileSync(join(place, check), 'utf8');
    });
    expect(texts[0]?.split('\n').length).toBeGreaterThan(200);
    expect([texts[1] === texts[0], texts[2] === texts[0]]).toEqual([true, true]);
  });

  test('Ctrl-C ends a run soon, with its output, its events and its report <design/cli#.req.interrupt>', async () => {
    const child = spawn(process.execPath, [command, 'run', program('endless.scm', ENDLESS), '--stats', '--events', 'cut'], { cwd: place });
    let out = '', err = '', sent = 0;
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString();
      if (sent !== 0) return;
      sent = performance.now();
      setTimeout(() => child.kill('SIGINT'), 300);
    });
    child.stderr.on('data', (data: Buffer) => { err += data.toString(); });
    const code = await new Promise((done) => { child.on('exit', done); });
    expect([code, out]).toEqual([130, 'begun\n']);
    expect(err).toMatch(/^capstan: interrupted\n[\s\S]*collections {2}\d+[\s\S]*run endless\.scm/);
    const lines = readFileSync(join(place, 'cut'), 'utf8').split('\n');
    expect(lines.pop(), 'the last line is whole').toBe('');
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toContain('condemn');
  });

  test('a reader that goes away ends the run quietly <design/cli#.req.quiet>', () => {
    program('chatty.scm', '(let loop ((i 0)) (display i) (newline) (loop (+ i 1)))');
    const done = spawnSync('sh', ['-c', `"$0" "${command}" run chatty.scm | head -n 1`, process.execPath], { cwd: place, encoding: 'utf8' });
    expect([done.stdout, done.stderr]).toEqual(['0\n', '']);
  });

  test('help shows an example, and --version the version <design/cli#.req.clear>', () => {
    expect(capstan('run', '--help').stdout).toMatch(/Example:\n {2}capstan run /);
    const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as { version: string };
    expect(capstan('--version').stdout).toBe(`${version}\n`);
  });
});
