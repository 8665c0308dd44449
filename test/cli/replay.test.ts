/* replay.test.ts: any moment of a run can be visited again, by the string that the run printed. */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { variety } from '../../code/base/base.ts';
import { replayParse } from '../../code/cli/replay.ts';
import { eventChoice, Stop } from '../../code/cli/until.ts';
import { boot, type Event } from '../../code/mps/mps.ts';
import type { State } from '../../code/observe/observe.ts';

const command = resolve(import.meta.dirname, '../../code/cli/capstan.js');
const PROGRAM = '(define (f n) (if (> n 0) (begin (list n) (f (- n 1))))) (f 20000) (display "again")';
let place = '';

function capstan(...args: string[]): SpawnSyncReturns<string> {
  const dropped = ['CAPSTAN_CHECK', 'npm_lifecycle_event', 'npm_package_json'];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !dropped.includes(name)));
  return spawnSync(process.execPath, [command, ...args], { cwd: place, encoding: 'utf8', env });
}

describe('a run string', () => {
  const whole = 'run a.scm --memory 8MiB --nursery 64KiB --seed 3 @0123abcd';

  test('is read as run reads it, as one word or as many <design/replay#.string>', () => {
    const replay = replayParse([whole]);
    expect([replay.file, replay.hash]).toEqual(['a.scm', '@0123abcd']);
    expect(replay.options).toMatchObject({ memory: '8MiB', nursery: '64KiB', seed: '3', check: 'hot', collect: 'normal' });
    for (const words of [whole.split(' '), [`capstan ${whole}`], ['capstan', ...whole.split(' ')], [` ${whole} `]]) expect(replayParse(words)).toEqual(replay);
  });

  test('may name a file with blanks, and be added to <design/replay#.string>', () => {
    expect(replayParse(['run my own file.scm --seed 3 @0123abcd'])).toMatchObject({ file: 'my own file.scm', hash: '@0123abcd' });
    expect(replayParse(['run my own file.scm', '--seed', '4'])).toMatchObject({ file: 'my own file.scm', options: { seed: '4' } });
    expect(replayParse([whole, '--seed', '4', '--stats']).options).toMatchObject({ seed: '4', stats: true });
  });

  const refused: readonly (readonly [words: readonly string[], why: RegExp])[] = [
    [['rnu a.scm'], /^that is no run string: "rnu a\.scm" is not "run" \(give what a report of --stats says after "run", such as run fib\.scm --seed 1\)$/],
    [['a.scm'], /^that is no run string: "a\.scm" is not "run"/],
    [['run'], /^that is no run string: missing required argument 'file' \(/],
    [['run a.scm --nrsery 64KiB'], /^that is no run string: unknown option '--nrsery' \(Did you mean --nursery\?\) \(/],
    [['run a.scm --collect never'], /^that is no run string: .*'never' is invalid/],
  ];
  for (const [words, why] of refused) {
    test(`is not "${words.join(' ')}" <design/replay#.req.clear>`, () => {
      expect(() => replayParse(words)).toThrow(why);
    });
  }
});

describe('an event to stop at', () => {
  test('is a number, a type, or a type with a number <design/replay#.until>', () => {
    expect(['12', 'flip', 'condemn:3'].map(eventChoice)).toEqual([{ type: null, count: 12 }, { type: 'flip', count: 1 }, { type: 'condemn', count: 3 }]);
  });

  for (const [text, why] of [
    ['flop', /^--until "flop" is no event: did you mean flip\? \(write N, TYPE or TYPE:N; types are arena, band, chunk, /],
    ['condem:2', /did you mean condemn\?/], ['zzzzzzzz', /is no event: there is no such type \(/], ['', /is no event/], ['flip:', /is no event/],
    ['flip:x', /is no event/], ['toString', /is no event/], ['0', /counted from 1/], ['flip:0', /counted from 1/], ['99999999999999999999', /counted from 1/],
  ] as const) {
    test(`is not "${text}" <design/replay#.req.clear>`, () => {
      expect(() => eventChoice(text)).toThrow(why);
    });
  }

  test('is found once, with the condemnation that led to it; while the system is made there is no state <design/replay#.shown> <design/replay#.null>', () => {
    const clock = 0, system = boot({ memory: '1MiB', platform: 'an' });
    const told: Event[] = [
      { clock, type: 'thread', name: 'main', state: 'start' },
      { clock, type: 'condemn', trace: 1, generation: 0, condemned: 1, segments: 1, white: 1, reason: { why: 'client', what: 'collect' } },
      { clock, type: 'band', trace: 1, rank: 1 }, { clock, type: 'band', trace: 1, rank: 1 }, { clock, type: 'thread', name: 'main', state: 'end' },
    ];
    const found = (choice: string, session: { readonly system: typeof system } | null): { number: number; condemn: Event | null; event: Event; state: State | null } => {
      const stop = new Stop(eventChoice(choice), true), answers = told.map((event) => stop.hear(event, () => session as never));
      const at = answers.indexOf(true);
      expect(answers.slice(at)).not.toContain(false);
      return JSON.parse(stop.text()) as never;
    };
    expect(found('band:2', { system })).toMatchObject({ number: 4, event: told[3], condemn: told[1], state: { trace: { state: 'idle' } } });
    expect(found('5', { system })).toMatchObject({ number: 5, event: told[4], condemn: null });
    expect(found('1', null)).toEqual({ number: 1, event: told[0], condemn: null, state: null });
    const stop = new Stop(eventChoice('thread'), false);
    stop.hear(told[0], () => null);
    expect(stop.text()).toBe('event 1      thread at clock 0: name main, state start\nThe system was being made: there is nothing to see yet.\n');
  });
});

// The command line has its own varieties, by --check: one project is enough.
describe.runIf(variety === 'hot')('capstan replay', () => {
  let string = '';

  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'capstan-replay-'));
    writeFileSync(join(place, 'a.scm'), PROGRAM);
    const { stderr } = capstan('run', 'a.scm', '--nursery', '64KiB', '--memory', '8MiB', '--seed', '3', '--stats', '--json', '--events', 'events');
    string = (JSON.parse(stderr) as { run: string }).run;
  });
  afterAll(() => {
    rmSync(place, { recursive: true, force: true });
  });

  const events = (): Event[] => readFileSync(join(place, 'events'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Event);

  test('without an event runs it again <design/replay#.string>', () => {
    const done = capstan('replay', string, '--events', 'again');
    expect([done.stdout, done.stderr, done.status]).toEqual(['again', '', 0]);
    expect(readFileSync(join(place, 'again'), 'utf8')).toBe(readFileSync(join(place, 'events'), 'utf8'));
  });

  test('stops at the line of the event file that it is told, with the state at that moment <design/replay#.req.same> <design/replay#.moment>', () => {
    const at = events().findIndex(({ type }) => type === 'flip'), condemn = events().findLast(({ type }, line) => type === 'condemn' && line < at);
    expect(at).toBeGreaterThan(3);
    for (const choice of [`${at + 1}`, 'flip', 'flip:1']) {
      const done = capstan('replay', ...string.split(' '), '--until', choice, '--json'), found = JSON.parse(done.stdout) as { state: State };
      expect([done.stderr, done.status]).toEqual(['', 0]);
      expect(found).toMatchObject({ number: at + 1, event: events()[at], condemn });
      // At the flip itself: at the end of the step it would be over.
      expect(found.state.trace.state).toBe('flipped');
      expect(found.state.threads).toMatchObject([{ name: 'main' }]);
    }
  });

  test('shows people the event, what led to it and the state, in 100 columns and without the program\'s output <design/replay#.shown>', () => {
    const { stdout, stderr, status } = capstan('replay', string, '--until', 'reclaim:2');
    expect([stderr, status]).toEqual(['', 0]);
    expect(stdout).toMatch(/^event \d+ +reclaim at clock \d+: trace 2, [\s\S]*\nled by +condemn at clock \d+: trace 2, [\s\S]*\nthreads +main: [\s\S]*\nsegments +generation/);
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(stdout).not.toContain('again');
  });

  test('says so when the run has no such event, or the program is another <design/replay#.shown> <design/replay#.req.clear>', () => {
    const done = capstan('replay', string, '--until', 'flip:1000');
    expect(done.stderr).toMatch(new RegExp(`^capstan: the run ended after ${events().length} events, `));
    expect([done.stdout, done.status]).toEqual(['', 2]);
    writeFileSync(join(place, 'a.scm'), '(display "changed")');
    const changed = capstan('replay', string, '--until', 'flip');
    writeFileSync(join(place, 'a.scm'), PROGRAM);
    expect(changed.stderr).toMatch(/^capstan: a\.scm has changed: /);
    expect([changed.stdout, changed.status]).toEqual(['', 2]);
  });
});
