import { describe, expect, test } from 'vitest';
import { random } from '../../code/base/base.ts';
import {
  Mutex, ProtNONE, ProtREAD, SA_NODEFER, SA_SIGINFO, SIGSEGV, stepLoad32, stepStore32, type Kernel, type Process, type Thread, type ThreadBody,
} from '../../code/os/os.ts';
import { seeds } from '../seed.ts';
import { handle, open, pages, protect, rig, spawn } from './rig.ts';

describe('suspension', () => {
  test('counts; a thread cannot suspend itself, nor be resumed too often <design/thread#.suspend>', () => {
    const { kernel, process } = rig();
    let count = 0;
    const one = spawn(process, 'one', function* (_t, self) {
      expect(() => kernel.suspend(self)).toThrow('<design/thread#.suspend.self>');
      for (;;) {
        count += 1;
        yield;
      }
    });
    spawn(process, 'two', function* () { for (;;) yield; });
    kernel.suspend(one);
    kernel.suspend(one);
    for (let i = 0; i < 20; i++) kernel.step();
    kernel.resume(one);
    for (let i = 0; i < 20; i++) kernel.step();
    expect(count).toBe(0);
    kernel.resume(one);
    for (let i = 0; i < 20; i++) kernel.step();
    expect(count).toBeGreaterThan(3);
    expect(() => kernel.resume(one)).toThrow('<design/thread#.suspend.count>');
    expect(kernel.counts).toMatchObject({ suspensions: 2, resumptions: 2 });
  });

  test('a thread on the host\'s stack that is suspended there does not go on until it is resumed <design/thread#.inv.suspended>', () => {
    const { kernel, process } = rig(), log: string[] = [];
    let go = false;
    const one = spawn(process, 'one', function* (_t, self) {
      kernel.runUntil(self, () => go);
      log.push(`went on, suspended ${self.suspended}`);
      yield;
    });
    spawn(process, 'two', function* () {
      while (one.onHost === 0) yield;
      kernel.suspend(one);
      go = true;
      for (let i = 0; i < 3; i++) yield;
      log.push('resumes');
      kernel.resume(one);
    });
    kernel.run();
    expect(log).toEqual(['resumes', 'went on, suspended 0']);
  });
});

/** Counters in a page that somebody keeps closing, while suspending those who count. */
function contend(process: Process, kernel: Kernel, opener: Thread, stepped: boolean, rounds: number): { inHandler: number; closed: number } {
  const seen = { inHandler: 0, closed: 0 }, mutex = new Mutex('arena');
  handle(process, SIGSEGV, function* (_signal, _info, _context, self) {
    yield* mutex.claim(self);
    open(opener, 5);
    mutex.release(self);
  }, SA_SIGINFO | SA_NODEFER);
  const counters: Thread[] = [];
  for (let i = 0; i < 4; i++) {
    const plain: ThreadBody = function* (t) {
      for (let n = 0; n < rounds; n++) {
        t.store32(10, 4 * i, t.load32(10, 4 * i) + 1);
        yield;
      }
    };
    const steps: ThreadBody = function* () {
      for (let n = 0; n < rounds; n++) {
        yield* stepStore32(10, 4 * i, (yield* stepLoad32(10, 4 * i)) + 1);
        yield;
      }
    };
    counters.push(spawn(process, `c${i}`, stepped ? steps : plain, { argument: { hart: opener.hart, slot: 5 }, stepped, slots: 64 }));
  }
  spawn(process, 'collector', function* (_t, self) {
    const draw = random(9);
    while (counters.some(({ state }) => state !== 'done')) {
      yield* mutex.claim(self);
      const victims = counters.filter((thread) => thread.state !== 'done' && draw(2) === 0);
      for (const victim of victims) kernel.suspend(victim);
      seen.inHandler += victims.filter(({ depth }) => depth > 1).length;
      const words = victims.map(({ hart }) => [...hart.r]), depths = victims.map(({ depth }) => depth);
      protect(opener, 5, draw(2) === 0 ? ProtNONE : ProtREAD);
      seen.closed += 1;
      for (let i = draw(4); i > 0; i--) yield;
      kernel.preempt();
      expect(victims.map(({ hart }) => [...hart.r])).toEqual(words);
      expect(victims.map(({ depth }) => depth)).toEqual(depths);
      for (const victim of victims) kernel.resume(victim);
      mutex.release(self);
      yield;
    }
  }, { slots: 64 });
  return seen;
}

for (const seed of seeds(6)) {
  for (const driver of ['fast', 'explored'] as const) {
    for (const stepped of [true, false]) {
      const kind = stepped ? 'stepped' : 'plain';
      test(`suspended threads do not move, also inside handlers, and nothing is lost <design/thread#.inv.suspended> ${kind} ${driver} seed=${seed}`, () => {
        const { kernel, process, hart, thread } = rig(seed, driver);
        pages(thread, 5);
        const rounds = 50, seen = contend(process, kernel, thread, stepped, rounds);
        kernel.run();
        open(thread, 5);
        expect([0, 4, 8, 12].map((offset) => hart.load32(5, offset))).toEqual([rounds, rounds, rounds, rounds]);
        expect(seen.closed).toBeGreaterThan(5);
        expect(kernel.counts.faults).toBeGreaterThan(5);
        // A plain handler is on the host's stack while it waits; a stepped one is met there.
        if (stepped) expect(seen.inHandler).toBeGreaterThan(0);
      });
    }
  }
}
