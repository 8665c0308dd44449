/* threads.test.ts: threads that run one program on one heap have its symbols and constants in common, and nothing else. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { variety } from '../../code/base/base.ts';
import { MachineFault, type Hart } from '../../code/machine/machine.ts';
import { boot, type BootOptions, type Event, type System } from '../../code/mps/mps.ts';
import { Oracle } from '../../code/observe/observe.ts';
import type { Datum } from '../../code/scheme/datum.ts';
import { SlotGLOBALS, SlotLITERALS, SlotSYMBOLS, SlotTMP0 } from '../../code/scheme/kinds.ts';
import { datumIsSame } from '../../code/scheme/literal.ts';
import { Reader } from '../../code/scheme/reader.ts';
import { Runtime, Shared, type Vm } from '../../code/scheme/scheme.ts';
import { seeds } from '../seed.ts';
import { start } from './start.ts';

const place = resolve(import.meta.dirname, '../data/scheme');
const programs = readdirSync(place).filter((name) => name.endsWith('.scm')).map((name) => name.slice(0, -4)).sort();
const text = (name: string): string => readFileSync(join(place, name), 'utf8');

/** Programs with so large a heap that a small nursery takes them long. */
const large = new Set(['deep', 'sieve', 'trees']);

/** How many steps a system makes. */
function stepsOf(system: System): () => number {
  let steps = 0;
  const step = system.step.bind(system);
  system.run = () => {
    while (step()) steps += 1;
  };
  return () => steps;
}

describe('four threads on one heap print what one prints, four times', () => {
  // Checked in full, one seed, and the programs with small heaps, take as long as all.
  for (const seed of seeds(variety === 'cool' ? 1 : 5)) {
    test(`all programs <design/scheme#.req.same> <design/vm#.shared> seed=${seed}`, () => {
      expect(programs).toHaveLength(12);
      let sum = 0;
      for (const program of variety === 'cool' ? programs.filter((name) => !large.has(name) && name !== 'tak') : programs) {
        let steps = (): number => 0;
        const nursery = large.has(program) ? '2MiB' : '256KiB';
        const ended = start(text(`${program}.scm`), { nursery, seed, threads: 4 }, (system) => { steps = stepsOf(system); });
        expect([program, ended.status, ended.message]).toEqual([program, 'done', '']);
        expect(ended.output).toBe(text(`${program}.out`).repeat(4));
        sum += steps();
      }
      // Starting takes some 3,000 of them.
      expect(sum, 'weak run').toBeGreaterThan(variety === 'cool' ? 3_500 : 10_000);
    });
  }

  for (const program of ['bank', 'meta', 'strings']) {
    test(`${program}: the graph stays the same over every collection <design/oracle#.inv.graph>`, () => {
      let oracle: Oracle | null = null;
      const ended = start(text(`${program}.scm`), { nursery: '32KiB', memory: '32MiB', threads: 4 }, (system) => { oracle = new Oracle(system.arena); });
      expect(ended.output).toBe(text(`${program}.out`).repeat(4));
      const { counts } = oracle as unknown as Oracle;
      expect(counts.graphs).toBeGreaterThan(10);
      expect(counts.objects).toBeGreaterThan(50_000);
    });
  }
});

describe('the same run, event by event', () => {
  const hashOf = (options: BootOptions): string => {
    const hash = createHash('sha256');
    let events = 0;
    const ended = start(text('meta.scm'), {
      ...options, nursery: '64KiB', threads: 4, events: (event: Event) => {
        events += 1;
        hash.update(`${JSON.stringify(event)}\n`);
      },
    });
    expect(ended.output).toBe(text('meta.out').repeat(4));
    expect(events).toBeGreaterThan(50);
    return hash.digest('hex');
  };

  test('the same seed gives the same events with four threads, another seed others <design/event#.inv.same> <design/determinism#.seed>', () => {
    const hashes = [1, 2].map((seed) => hashOf({ seed }));
    expect(new Set(hashes).size).toBe(2);
    expect(hashOf({ seed: 2 })).toBe(hashes[1]);
  });
});

// What is the same object -----------------------------------------------------------------------------------------

/** Threads that have run a text and wait, so that their values can be looked at. */
class Waiting {
  readonly system: System = boot({ memory: '32MiB', nursery: '64KiB' });
  readonly shared: Shared = new Shared();
  readonly runtimes: Runtime[] = [];
  private readonly ending = new Set<number>();

  /** add -- another thread, run until it waits. */
  add(program: string, file: string = 'wait.scm'): number {
    const number = this.runtimes.length, { system, shared, runtimes, ending } = this, pool = [...system.arena.pools][0] ?? system.arena.pool('amc');
    let isWaiting = false;
    system.thread(`thread ${number}`, function* (hart) {
      const runtime = new Runtime(hart, pool.allocationPoint(hart), { output: () => undefined, fuel: () => 300, shared });
      runtimes.push(runtime);
      yield* runtime.start();
      yield* runtime.load(program, file);
      isWaiting = true;
      while (!ending.has(number)) yield;
      runtime.finish();
    });
    for (let steps = 0; !isWaiting; steps += 1) {
      expect(steps).toBeLessThan(100_000);
      system.step();
    }
    expect(runtimes[number].outcome).toBe(null);
    return number;
  }

  /** end -- end a thread. */
  end(number: number): void {
    this.ending.add(number);
    for (let k = 0; k < this.runtimes.length; k += 1) this.system.step();
  }

  vm(number: number): Vm {
    return this.runtimes[number].vm as Vm;
  }

  /** value -- the four words of a thread's global variable. */
  value(number: number, name: string): number[] {
    this.vm(number).getGlobal(SlotTMP0, name);
    return words(this.vm(number).hart, SlotTMP0);
  }
}

const words = (hart: Hart, slot: number): number[] => [...hart.r.subarray(slot * 8, slot * 8 + 5)];

const PROGRAM = `
(define-syntax twice (syntax-rules () ((_ x) (list x x '(in the macro)))))
(define symbol 'alpha) (define made (string->symbol "beta")) (define constant '(1 #(2 "three") (four)))
(define string "a string") (define bytes #u8(1 2 3)) (define big 123456789012345678901234567890)
(define macro (cadr (cdr (twice 1)))) (define circle '#0=(1 . #0#))
(define fresh (list 1 2)) (define evaluated (eval '(quote (1 2)))) (define procedure (lambda (x) x))
(define (inner) '(within a procedure)) (define within (inner))`;

const SHARED = ['symbol', 'made', 'constant', 'string', 'bytes', 'big', 'macro', 'circle', 'within'];
const OWN = ['fresh', 'evaluated', 'procedure'];

describe('of two threads', () => {
  test('symbols and constants are the same objects <design/vm#.shared> <design/vm#.shared.literal>', () => {
    const run = new Waiting();
    run.add(PROGRAM);
    run.system.arena.collect();
    run.add(PROGRAM);
    run.system.arena.collect();
    for (const name of SHARED) expect([name, run.value(1, name)]).toEqual([name, run.value(0, name)]);
    expect(run.value(0, 'constant')[4]).not.toBe(0);
    for (const name of OWN) expect([name, run.value(1, name)]).not.toEqual([name, run.value(0, name)]);
  });

  test('globals are not shared <design/vm#.shared>', () => {
    const run = new Waiting();
    run.add('(define x 1)');
    run.add('(define y 2) (define car cdr)');
    const [one, other] = [run.vm(0), run.vm(1)];
    expect(words(one.hart, SlotGLOBALS)).not.toEqual(words(other.hart, SlotGLOBALS));
    expect([run.value(0, 'x')[0], run.value(1, 'x')[0]]).toEqual([1, 0]);
    expect(run.value(0, 'car')).not.toEqual(run.value(0, 'cdr'));
    expect(run.value(1, 'car')).toEqual(run.value(1, 'cdr'));
  });

  test('one goes on when the one that made what they share has ended <design/vm#.inv.holders>', () => {
    const run = new Waiting();
    run.add(PROGRAM);
    run.add(PROGRAM);
    run.end(0);
    for (let k = 0; k < 3; k += 1) run.system.arena.collect();
    run.add(PROGRAM);
    run.system.arena.collect();
    for (const name of SHARED) expect([name, run.value(2, name)]).toEqual([name, run.value(1, name)]);
    for (const slot of [SlotSYMBOLS, SlotLITERALS]) expect(words(run.vm(2).hart, slot)).toEqual(words(run.vm(1).hart, slot));
  });

  test('one that begins when all others have ended makes everything anew <design/vm#.inv.holders>', () => {
    const run = new Waiting();
    run.add(PROGRAM);
    run.end(0);
    for (let k = 0; k < 3; k += 1) run.system.arena.collect();
    run.add(PROGRAM);
    run.add(PROGRAM);
    run.system.arena.collect();
    for (const name of SHARED) expect([name, run.value(2, name)]).toEqual([name, run.value(1, name)]);
  });

  test('a literal is the same one only where the data agree <design/vm#.shared.literal>', () => {
    const run = new Waiting();
    run.add('(define x \'(1 2)) (define y (list \'(1) \'(1)))');
    run.add('(define x \'(1 3)) (define y (list \'(2) \'(1)))');
    run.add('(define x \'(1 2)) (define y (list \'(1) \'(1)))');
    expect(run.value(1, 'x')).not.toEqual(run.value(0, 'x'));
    expect(run.value(2, 'x')).toEqual(run.value(0, 'x'));
    const part = (thread: number, offset: number): number[] => {
      const { hart } = run.vm(thread);
      run.value(thread, 'y');
      if (offset !== 0) hart.loadCap(SlotTMP0, SlotTMP0, offset);
      hart.loadCap(SlotTMP0, SlotTMP0, 0);
      return words(hart, SlotTMP0);
    };
    expect([part(1, 0), part(2, 0)]).toEqual([expect.not.arrayContaining(part(0, 0).slice(0, 1)), part(0, 0)]);
    expect([part(1, 16), part(2, 16)]).toEqual([part(0, 16), part(0, 16)]);
    expect(part(0, 0)).not.toEqual(part(0, 16));
  });

  test('there can be any number of literals <design/vm#.shared.literal>', () => {
    const run = new Waiting(), names = Array.from({ length: 300 }, (_, i) => `x${i}`);
    const program = names.map((name, i) => `(define ${name} '(${i} more))`).join('\n');
    for (let k = 0; k < 3; k += 1) run.add(program);
    run.system.arena.collect();
    for (const name of names) expect([name, run.value(1, name), run.value(2, name)]).toEqual([name, run.value(0, name), run.value(0, name)]);
    expect(new Set(names.map((name) => run.value(0, name)[0])).size).toBe(300);
  });

  test('a form that is entered again has the same literals <design/vm#.shared.literal>', () => {
    const program = `(define k #f) (define n 0) (define seen '())
      (call/cc (lambda (c) (set! k c)))
      (set! seen (cons '(a literal) seen))
      (set! n (+ n 1)) (if (< n 3) (k #f))
      (display (length seen)) (display (eq? (car seen) (cadr seen))) (display (eq? (car seen) (car (cddr seen))))`;
    expect(start(program).output).toBe('3#t#t');
  });
});

describe('data are the same', () => {
  const read = (source: string): Datum => new Reader(source, 'x').read() as Datum;
  const equal = ['(1 (2 . 3) #(a "b" #\\c 1.5 #u8(1 2)) #t ())', '#0=(a . #0#)', '(#0=(1) #0#)', '#0=#(1 #0#)', '-0.0', '+nan.0', '#u8()'];
  const different: readonly (readonly [string, string])[] = [
    ['(1 2)', '(1 3)'], ['(1 2)', '(1 2 . 3)'], ['#(1 2)', '#(1)'], ['#(1 2)', '(1 2)'], ['"a"', 'a'], ['1', '1.0'], ['0.0', '-0.0'], ['#u8(1 2)', '#u8(1 3)'],
    ['#u8(1)', '#u8(1 2)'], ['(#0=(1) #0#)', '((1) (1))'], ['((1) (1))', '(#0=(1) #0#)'], ['#0=(a . #0#)', '#0=(a a . #0#)'], ['()', '#f'], ['#t', '#f'],
  ];

  test.each(equal)('%s <design/vm#.shared.literal>', (source) => {
    expect(datumIsSame(read(source), read(source))).toBe(true);
  });

  test.each(different)('but not %s and %s <design/vm#.shared.literal>', (one, other) => {
    expect(datumIsSame(read(one), read(other))).toBe(false);
  });
});

// Beginning and ending ---------------------------------------------------------------------------------------------

describe('no program begins before all threads have started', () => {
  /** What happens, in order, when three threads run a program. */
  function trail(memory: string): { trail: string[]; runtimes: Runtime[] } {
    const system = boot({ memory, nursery: '64KiB' }), pool = system.arena.pool('amc'), shared = new Shared(3), found: string[] = [], runtimes: Runtime[] = [];
    for (const name of ['a', 'b', 'c']) {
      system.thread(name, function* (hart) {
        // The last one is slow.
        for (let k = 0; k < (name === 'c' ? 1000 : 0); k += 1) yield;
        const runtime = new Runtime(hart, pool.allocationPoint(hart), { shared, output: (printed) => { found.push(printed); } });
        runtimes.push(runtime);
        found.push(`start ${name}`);
        yield* runtime.main('(display "program")', 'trail.scm');
      });
    }
    system.run();
    return { trail: found, runtimes };
  }

  test('they wait for the slowest <design/vm#.shared.begin>', () => {
    const found = trail('16MiB');
    expect([found.trail.slice(0, 2).sort(), found.trail.slice(2)]).toEqual([['start a', 'start b'], ['start c', 'program', 'program', 'program']]);
    expect(found.runtimes.map(({ outcome }) => outcome?.status)).toEqual(['done', 'done', 'done']);
  });

  test('where memory does not suffice for all, none begins, and all say so <design/vm#.shared.begin>', () => {
    let size = 128, tried = 0;
    const sizes = new Set<string>();
    for (; size < 4096; size += 64) {
      const { trail: found, runtimes } = trail(`${size}KiB`), programs = found.filter((one) => one === 'program').length;
      const ends = runtimes.map(({ outcome }) => (outcome?.status === 'exhausted' ? `exhausted ${outcome.started}` : outcome?.status));
      if (programs === 3) break;
      expect([size, programs, new Set(ends)]).toEqual([size, 0, new Set(['exhausted false'])]);
      sizes.add(ends.join());
      tried += 1;
    }
    expect(tried).toBeGreaterThan(5);
    expect(size).toBeLessThan(4096);
  });
});

test('a fault in one thread comes out of step, and the others can go on <design/an#.driver.end> <design/vm#.inv.holders>', () => {
  const system = boot({ memory: '16MiB', platform: 'an' }), pool = system.arena.pool('amc'), shared = new Shared(2), runtimes: Runtime[] = [], printed = ['', ''];
  for (const thread of [0, 1]) {
    system.thread(`thread ${thread}`, function* (hart) {
      const runtime = new Runtime(hart, pool.allocationPoint(hart), { shared, fuel: () => 1000, output: (piece) => { printed[thread] += piece; } });
      runtimes.push(runtime);
      yield* runtime.main('(display "begun ") (define (f n) (if (> n 0) (f (- n 1)) \'done)) (display (f 100000))', 'fault.scm');
    });
  }
  while (printed.includes('')) system.step();
  const { hart } = runtimes[0].vm as Vm;
  // The running code of the first thread loses its tag.
  hart.r.fill(0, 4, 7);
  expect(() => { system.run(); }).toThrow(MachineFault);
  system.run();
  expect(printed).toEqual(['begun ', 'begun done']);
  expect(runtimes.map(({ outcome }) => outcome?.status)).toEqual([undefined, 'done']);
});
