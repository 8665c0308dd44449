/* memory.test.ts: values do live in the machine's memory: a vandal there changes what a program prints, and a walk finds everything. */
import { describe, expect, test } from 'vitest';
import { random } from '../../code/base/base.ts';
import { MachineFault } from '../../code/machine/machine.ts';
import { SIGPROT } from '../../code/os/os.ts';
import { boot, type Heap, type System } from '../../code/mps/mps.ts';
import { censusOf } from '../../code/observe/observe.ts';
import {
  ClosureCODE, GlobalSYMBOL, ImmediateFIXNUM, KindCLOSURE, KindCODE, KindGLOBAL, KindNAMES, KindSYMBOL, PairSIZE, Runtime,
  StringCHARS, SymbolNAME,
} from '../../code/scheme/scheme.ts';
import { seeds } from '../seed.ts';

const PROGRAM = `
(define keep (list 1111 2222 3333))
(define (spin n) (if (> n 0) (begin (cons n n) (spin (- n 1)))))
(define (churn k) (if (> k 0) (begin (spin 1000) (churn (- k 1)))))
(churn 40)
(display keep)`;

/** A program that is under way, in steps so small that the vandal can come at many moments. */
function begin(platform: 'ix' | 'an'): { system: System; output: () => string; steps: () => number } {
  const system = boot({ memory: '16MiB', nursery: '64KiB', platform });
  let output = '', steps = 0;
  system.thread('main', function* (t) {
    const runtime = new Runtime(t, system.arena.pool('amc').allocationPoint(t), { output: (text) => { output += text; }, fuel: () => 500 });
    yield* runtime.main(PROGRAM, 'vandal.scm');
  });
  const step = system.step.bind(system);
  system.step = () => {
    steps += 1;
    return step();
  };
  return { system, output: () => output, steps: () => steps };
}

/** The physical granule of the pair whose car is `car`; -1 while there is none. */
function pairOf(system: System, car: number): number {
  const { heap } = system.arena;
  let found = -1;
  system.arena.walk((base, size, seg) => {
    const g = seg.granuleOf(base >>> 0), at = g * 4;
    if (size === PairSIZE && heap.tags[g] === 0 && heap.i32[at] === car && heap.i32[at + 2] === ImmediateFIXNUM) found = g;
  });
  return found;
}

/** Run until the list exists, and then some steps more, as the seed says. */
function runToVandalism(seed: number, platform: 'ix' | 'an'): ReturnType<typeof begin> & { granule: number } {
  const run = begin(platform);
  while (pairOf(run.system, 2222) < 0) run.system.step();
  const more = random(seed)(60);
  for (let k = 0; k < more; ++k) run.system.step();
  return { ...run, granule: pairOf(run.system, 2222) };
}

describe('a vandal in physical memory', () => {
  test('without one the program prints its list <design/scheme#.req.memory>', () => {
    const run = begin('ix');
    run.system.run();
    expect(run.output()).toBe('(1111 2222 3333)');
    expect(run.system.arena.counts.collections).toBeGreaterThan(10);
  });

  for (const seed of seeds(5)) {
    test.each(['ix', 'an'] as const)(`who flips a word changes what is printed, on %s <design/scheme#.req.memory> seed=${seed}`, (platform) => {
      const { system, output, granule } = runToVandalism(seed, platform);
      system.arena.heap.i32[granule * 4] = 7;
      while (system.step());
      expect(output()).toBe('(1111 7 3333)');
    });

    test(`who clears a tag has the process die of SIGPROT, with a report that names the slot <design/scheme#.req.memory> seed=${seed}`, () => {
      const { system, granule } = runToVandalism(seed, 'ix');
      system.arena.heap.tags[granule + 1] = 0;
      while (system.step());
      const { death } = system.platform;
      expect(death?.signal).toBe(SIGPROT);
      expect(death?.report).toMatch(/^process 2 'capstan' died of SIGPROT \(PROT_CHERI_TAG\) in thread \d+ 'main'\n.*through slot \d+ offset \d+:\n *the capability has no tag\n/);
    });

    test(`who clears a tag brings a tag fault that names the slot <design/scheme#.req.memory> seed=${seed}`, () => {
      const { system, granule } = runToVandalism(seed, 'an');
      // The list's second pair: its cdr is the third.
      system.arena.heap.tags[granule + 1] = 0;
      let fault: MachineFault | null = null;
      try {
        while (system.step());
      } catch (error) {
        if (!(error instanceof MachineFault)) throw error;
        fault = error;
      }
      expect(fault?.fault.kind).toBe('tag');
      expect(fault?.message).toMatch(/through slot \d+ offset \d+: the capability has no tag/);
    });
  }
});

/** Reads objects by physical granule, following capabilities as a tool does. */
function reader(system: System): { heap: Heap; target: (granule: number) => number; text: (granule: number) => string } {
  const { heap } = system.arena;
  const target = (granule: number): number => {
    const low = heap.i32[granule * 4];
    expect(heap.tags[granule]).toBe(1);
    const seg = heap.segOf(low);
    if (seg === null) throw new Error('a reference out of the heap');
    return seg.granuleOf(low >>> 0);
  };
  const text = (granule: number): string => {
    const at = granule * 4, length = heap.i32[at + 1];
    return String.fromCodePoint(...heap.i32.subarray(at + StringCHARS / 4, at + StringCHARS / 4 + length));
  };
  return { heap, target, text };
}

test('a walk of the heap finds every symbol, closure, global cell and bytecode vector <design/scheme#.req.memory>', () => {
  const program = '(define (alpha x) (lambda (y) (+ x y))) (define beta (alpha 1)) (define gamma \'(delta epsilon)) (display (beta 2))';
  const system = boot({ memory: '16MiB' });
  system.thread('main', function* (t) {
    const runtime = new Runtime(t, system.arena.pool('amc').allocationPoint(t), { output: () => undefined });
    yield* runtime.main(program, 'walk.scm');
    system.arena.collect();
    const { heap, target, text } = reader(system);
    const found = new Map<number, number[]>();
    system.arena.walk((base, size, seg) => {
      const granule = seg.granuleOf(base >>> 0), kind = size < 48 ? -size : heap.i32[granule * 4];
      found.set(kind, [...found.get(kind) ?? [], granule]);
    });
    const names = (found.get(KindSYMBOL) ?? []).map((granule) => text(target(granule + SymbolNAME / 16)));
    expect(names).toEqual(expect.arrayContaining(['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'car', 'call/cc']));
    expect(new Set(names).size).toBe(names.length);
    const globals = (found.get(KindGLOBAL) ?? []).map((granule) => text(target(target(granule + GlobalSYMBOL / 16) + SymbolNAME / 16)));
    expect(globals).toEqual(expect.arrayContaining(['alpha', 'beta', 'gamma', 'car']));
    expect(globals).not.toContain('delta');
    // Every closure's code is among the code objects that the walk has found, and beta's is one of them.
    const codes = new Set(found.get(KindCODE)), closures = found.get(KindCLOSURE) ?? [];
    expect(closures.length).toBeGreaterThan(20);
    for (const granule of closures) expect(codes.has(target(granule + ClosureCODE / 16))).toBe(true);
    const beta = (found.get(KindGLOBAL) ?? [])[globals.indexOf('beta')];
    expect(closures).toContain(target(beta + 1));
  });
  system.run();
});

test('a census names the kinds of what is in the heap <design/oracle#.census>', () => {
  const system = boot({ memory: '16MiB' });
  system.thread('main', function* (t) {
    const runtime = new Runtime(t, system.arena.pool('amc').allocationPoint(t), { output: () => undefined });
    yield* runtime.main('(define v (make-vector 1000 0)) (define l (vector->list v))', 'census.scm');
    const rows = censusOf(system.arena, (size, word) => (size === 32 ? 'pair' : size === 16 ? 'box' : KindNAMES[word(0)] ?? 'unknown'));
    const of = (kind: string): number => rows.find((row) => row.kind === kind)?.objects ?? 0;
    expect(of('pair')).toBeGreaterThanOrEqual(1000);
    expect(of('symbol')).toBeGreaterThan(300);
    expect(of('unknown')).toBe(0);
    expect(rows.find((row) => row.kind === 'vector')?.size).toBeGreaterThanOrEqual(16_016);
  });
  system.run();
});
