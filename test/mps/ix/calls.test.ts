/* calls.test.ts: BARRIERS AND SYSTEM CALLS
 *
 * What a collector does while a thread waits in a call, and what a call does with a buffer that a barrier protects.
 */
import { describe, expect, test } from 'vitest';
import type { Hart } from '../../../code/machine/machine.ts';
import { AccessREAD } from '../../../code/mps/mps.ts';
import { EFAULT, SIGXFSZ, type Thread } from '../../../code/os/os.ts';
import { pages, slotCopy, ways, type Rig } from './rig.ts';

describe.each(ways)('$title', ({ make, suspend }) => {
  /** A rig with a pipe, an object in slot 5, and signals that stop counted by thread. */
  function piped(driver: 'fast' | 'explored' = 'fast'): { rig: Rig; main: Thread; from: number; to: number; stops: Map<string, number> } {
    const rig = make({ driver }), main = rig.adopt(), stops = new Map<string, number>();
    rig.make(main, 5, 41);
    pages(main, 9);
    expect(rig.process.files.pipe(main, 9)).toBe(0);
    rig.watch({ signal: ({ name }, signal) => { if (signal === SIGXFSZ) stops.set(name, (stops.get(name) ?? 0) + 1); } });
    return { rig, main, from: main.hart.load32(9, 0), to: main.hart.load32(9, 4), stops };
  }

  const send = function* (t: Hart, thread: Thread, to: number, word: number): ReturnType<Thread['process']['files']['write']> {
    pages(thread, 9);
    t.store32(9, 0, word);
    return yield* thread.process.files.write(thread, to, 9, 8);
  };

  test('a call that waits while the collector runs goes on, and its data go where its object has got to <design/protix#.fun.setup.restart> <design/pthreadext#.req.anywhere> <design/wait#.restart>', () => {
    const { rig, main, from, to, stops } = piped(), got: unknown[] = [];
    const reader = rig.spawn('reader', function* (t, self) {
      const low = t.r[5 << 3];
      got.push(yield* self.process.files.read(self, from, 5, 8));
      got.push(t.r[5 << 3] !== low, t.load32(5, 0), t.load32(5, 8));
    });
    slotCopy(reader.hart, 5, main.hart, 5);
    while (reader.state !== 'blocked') rig.kernel.step();
    const collector = rig.spawn('collector', function* (t, self) {
      for (let left = 2; left > 0; --left) {
        rig.arena.collect();
        yield;
      }
      expect(yield* send(t, self, to, 77)).toBe(8);
    });
    rig.run();
    expect([got, collector.state]).toEqual([[8, true, 77, 41], 'done']);
    expect((stops.get('reader') ?? 0) > 0).toBe(suspend === 'signals');
  });

  for (const driver of ['fast', 'explored'] as const) {
    test(`a call whose buffer a barrier protects fails with EFAULT, is not begun anew, and loses nothing <design/protix#.fun.setup.restart> ${driver}`, () => {
      const { rig, main, from, to } = piped(driver), got: unknown[] = [], { counts } = rig.arena;
      if (rig.arena.trace.isBusy) rig.arena.collect();
      const reader = rig.spawn('reader', function* (t, self) {
        const { files } = self.process;
        got.push(yield* files.read(self, from, 5, 8), counts.readHits, rig.forbidden(self, 5));
        // An access of the program's opens the page; a call then finds what was sent.
        got.push(t.load32(5, 0), counts.readHits > 0, yield* files.read(self, from, 5, 8), t.load32(5, 0));
      });
      slotCopy(reader.hart, 5, main.hart, 5);
      while (reader.state !== 'blocked') rig.kernel.step();
      rig.flip();
      const writer = rig.spawn('writer', function* (t, self) { expect(yield* send(t, self, to, 77)).toBe(8); });
      rig.run();
      expect([got, writer.state]).toEqual([[-EFAULT, 0, AccessREAD, 41, true, 8, 77], 'done']);
    });
  }

  test('so does one that would read such a buffer, and nothing is written <design/protix#.fun.setup.restart>', () => {
    const { rig, main, from, to } = piped(), got: unknown[] = [];
    rig.flip();
    const writer = rig.spawn('writer', function* (t, self) {
      const { files } = self.process;
      got.push(yield* files.write(self, to, 5, 8), rig.arena.counts.readHits, t.load32(5, 0), yield* files.write(self, to, 5, 8));
      got.push(yield* files.read(self, from, 5, 48), rig.process.status);
    });
    slotCopy(writer.hart, 5, main.hart, 5);
    rig.run();
    expect(got).toEqual([-EFAULT, 0, 41, 8, 8, null]);
  });

  test('a barrier that another thread hits does not disturb a call that waits <design/protix#.threads> <design/protix#.fun.setup.restart>', () => {
    const { rig, main, from, to } = piped(), got: unknown[] = [];
    const reader = rig.spawn('reader', function* (t, self) {
      pages(self, 9);
      got.push(yield* self.process.files.read(self, from, 9, 8), t.load32(9, 0));
    });
    while (reader.state !== 'blocked') rig.kernel.step();
    rig.flip();
    const other = rig.spawn('other', function* (t, self) {
      got.push(t.load32(5, 0), rig.arena.counts.readHits);
      for (let left = 10; left > 0; --left) yield;
      got.push(reader.state);
      yield* send(t, self, to, 78);
    });
    slotCopy(other.hart, 5, main.hart, 5);
    rig.run();
    expect(got).toEqual([41, 1, 'blocked', 8, 78]);
  });
});
