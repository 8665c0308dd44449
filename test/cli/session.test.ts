/* session.test.ts: runs of one thread and of several, how they end, and what an emulated signal does to them. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { variety } from '../../code/base/base.ts';
import { exitOfSignal } from '../../code/cli/exit.ts';
import type { Event } from '../../code/mps/mps.ts';
import { sessionStart, type RunOptions, type Session } from '../../code/cli/session.ts';
import { seeds } from '../seed.ts';

const options: RunOptions = {
  memory: '16MiB', nursery: '64KiB', grain: '4KiB', pause: '10ms', platform: 'an', abi: 'cheribsd', suspend: 'kernel', collect: 'normal', threads: '1', seed: '1', check: 'hot',
};

const text = (name: string, what: string = 'scm'): string => readFileSync(resolve(import.meta.dirname, `../data/scheme/${name}.${what}`), 'utf8');

/** A session with what it printed, by thread, which thread printed each part, and its events. */
type Observed = Session & { readonly printed: string[]; readonly turns: number[]; readonly events: Event[] };

function begin(program: string, file: string, more: Partial<RunOptions> = {}): Observed {
  const printed: string[] = Array<string>(Number(more.threads ?? '1')).fill(''), turns: number[] = [], events: Event[] = [];
  const session = sessionStart(program, file, { ...options, ...more }, (event) => { events.push(event); }, (part, thread) => {
    printed[thread] += part;
    turns.push(thread);
  });
  return Object.defineProperties({ printed, turns, events }, Object.getOwnPropertyDescriptors(session)) as Observed;
}

/** Each thread finds out how many came before it, by means of a constant that all of them share. */
const TURNS = `
(define turns '#(0))
(define (turn) (vector-set! turns 0 (+ 1 (vector-ref turns 0))) (vector-ref turns 0))
(define me (turn))
(display me)
(if (= me 2)
(car 5))
(if (= me 3) (exit 7))
(display " end")`;

describe('a capability that has lost its tag', () => {
  test('ends the run as SIGPROT, in one line that names the slot <design/cli#.exit>', () => {
    const session = begin('(display "begun") (define (spin n) (if (> n 0) (spin (- n 1)))) (spin 1000000)', 'lost.scm');
    while (session.printed[0] === '') session.step();
    // Every tag of the heap is gone, all at once.
    session.system.memory.tags.fill(0);
    while (session.step());
    expect(session.fault?.signal).toBe(34);
    expect(exitOfSignal(34)).toBe(162);
    expect(session.fault?.message).toMatch(/^lost\.scm: signal 34: .* through slot \d+ offset \d+: the capability has no tag$/);
  });

  test('ends all threads, and the line says whose it was <design/cli#.threads>', () => {
    const session = begin('(display "begun") (define (spin n) (if (> n 0) (spin (- n 1)))) (spin 1000000)', 'lost.scm', { threads: '3' });
    while (session.printed.includes('')) session.step();
    session.system.memory.tags.fill(0);
    while (session.step());
    expect(session.fault?.message).toMatch(/^(main|thread-1|thread-2): lost\.scm: signal 34: .*: the capability has no tag$/);
    expect(session.threads.map((_, thread) => session.outcome(thread))).toEqual([null, null, null]);
  });
});

describe('several threads', () => {
  test('have names and run the program each <design/cli#.threads>', () => {
    const session = begin('(display (list 1 2 3))', 'x.scm', { threads: '3' });
    while (session.step());
    expect(session.threads).toEqual(['main', 'thread-1', 'thread-2']);
    expect(session.printed).toEqual(['(1 2 3)', '(1 2 3)', '(1 2 3)']);
    expect(session.events.filter(({ type }) => type === 'thread')).toHaveLength(6);
  });

  test('end each in its own way: the others go on <design/cli#.threads>', () => {
    const session = begin(TURNS, 'turns.scm', { threads: '4' });
    while (session.step());
    const first = session.printed.indexOf('2');
    expect([...session.printed].sort()).toEqual(['1 end', '2', '3', '4 end']);
    expect(session.outcome(first)).toMatchObject({ status: 'error', message: 'turns.scm:7:1: car: expected a pair, got 5' });
    expect(session.outcome(session.printed.indexOf('3'))).toEqual({ status: 'done', exit: 7 });
    expect(session.outcome(session.printed.indexOf('4 end'))).toEqual({ status: 'done', exit: 0 });
  });

  for (const seed of seeds(variety === 'cool' ? 1 : 3)) {
    test(`are preempted where the seed says, the same at each run <design/cli#.fuel> <design/event#.inv.same> seed=${seed}`, () => {
      const [one, again, other] = [seed, seed, seed + 100].map((s) => begin(text('tak'), 'tak.scm', { threads: '4', seed: `${s}` }));
      const trails = [one, again, other].map((session) => {
        const trail: number[] = [];
        do trail.push(session.turns.length); while (session.step());
        expect(session.printed).toEqual(Array(4).fill(text('tak', 'out')));
        return trail;
      });
      expect([trails[1], again.turns, again.events]).toEqual([trails[0], one.turns, one.events]);
      expect(other.turns).not.toEqual(one.turns);
      const switches = one.turns.filter((thread, i) => i > 0 && thread !== one.turns[i - 1]).length;
      expect(switches, 'weak run').toBeGreaterThan(4);
    });
  }

  test('share no fuel: each is preempted at points of its own <design/cli#.fuel>', () => {
    const session = begin('(define (spin n) (if (> n 0) (begin (display ".") (spin (- n 1))))) (spin 20000)', 'x.scm', { threads: '2' });
    const slices: [number[], number[]] = [[], []];
    let before = [0, 0];
    while (session.step()) {
      const after = session.printed.map((printed) => printed.length);
      for (const thread of [0, 1] as const) if (after[thread] > before[thread]) slices[thread].push(after[thread] - before[thread]);
      before = after;
    }
    expect(slices[0].length).toBeGreaterThan(5);
    expect(slices[0]).not.toEqual(slices[1]);
  });
});
