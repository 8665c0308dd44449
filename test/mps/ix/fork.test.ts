import { describe, expect, test } from 'vitest';
import { PageSIZE, type Hart } from '../../../code/machine/machine.ts';
import { AccessNONE, AccessWRITE } from '../../../code/mps/mps.ts';
import {
  ENOMEM, fork, SA_SIGINFO, SIG_DFL, SIGSEGV, stepLoad32, stepStore32, vfork, waitpid, type AtFork, type Process, type SigAction, type Thread,
  type ThreadBody,
} from '../../../code/os/os.ts';
import { action, failure, inHandler, opener, own, slotCopy, ways, type Rig, type RigOptions } from './rig.ts';

/** Links of a list, each in a page of its own. */
const LINKS = 6;

/** list -- a list whose n-th link holds n, in slot 5 of a thread. */
function list(rig: Rig, thread: Thread): void {
  for (let mark = LINKS; mark > 0; --mark) {
    rig.make(thread, 6, mark, { size: PageSIZE, ref: mark === LINKS ? -1 : 5 });
    thread.hart.move(5, 6);
  }
}

/** marks -- what the links of a list hold; -1 for one that has no tag. */
function marks(t: Hart, from: number): number[] {
  const found: number[] = [], slot = t.local();
  t.move(slot, from);
  for (let left = LINKS; left > 0; --left) {
    found.push(t.isTagged(slot) ? t.load32(slot, 0) : -1);
    t.loadCap(slot, slot, 16);
  }
  t.leave(slot);
  return found;
}

/** rewrite -- have every link of the list in slot 5 hold the opposite. */
function rewrite(t: Hart): void {
  const slot = t.local();
  t.move(slot, 5);
  for (let left = LINKS; left > 0; --left) {
    t.store32(slot, 0, -t.load32(slot, 0));
    t.loadCap(slot, slot, 16);
  }
  t.leave(slot);
}

const ALL = Array.from({ length: LINKS }, (_, index) => index + 1);

/** old -- an object in slot 5 that is not copied, of a segment that is old enough for a write barrier; the next one is out of its segment. */
function old(rig: Rig, thread: Thread): void {
  rig.make(thread, 5, 41, { size: 8192 });
  rig.make(thread, 6, 42);
  for (let i = 0; i < 8 && rig.forbidden(thread, 5) !== AccessWRITE; ++i) rig.arena.collect();
  expect(rig.forbidden(thread, 5)).toBe(AccessWRITE);
}

/** first -- have handlers for forks as if they had been asked for before the arena's. */
function first({ process }: Rig, handlers: AtFork): void {
  process.atFork.unshift(handlers);
}

describe.each(ways)('$title', ({ make }) => {
  /** family -- a rig, and a thread that forks a child with a list in slot 5, then waits for it. */
  function family(options: RigOptions, before: (rig: Rig, main: Thread) => void, child: ThreadBody, after: ThreadBody = function* () { yield; }): { rig: Rig; pids: number[] } {
    const rig = make(options), main = rig.adopt(), pids: number[] = [];
    list(rig, main);
    before(rig, main);
    const parent = rig.spawn('parent', function* (t, self) {
      const pid = yield* fork(self, child);
      pids.push(pid);
      yield* after(t, self);
      if (pid > 0) yield* waitpid(self, pid, 0);
    });
    slotCopy(parent.hart, 5, main.hart, 5);
    rig.run();
    return { rig, pids };
  }

  test('a child reads and writes the objects that it has inherited, tags and all; neither sees what the other writes <design/protix#.fork> <design/fork#.inv.copy>', () => {
    const seen: unknown[] = [];
    const { rig } = family({}, () => undefined, function* (t, self) {
      seen.push(marks(t, 5));
      t.store32(5, 0, 99);
      t.storeCap(5, 16, 5);
      yield;
      t.loadCap(6, 5, 16);
      seen.push(t.isSame(5, 6), t.load32(6, 0));
      self.process.exit(0);
    }, function* (t) {
      for (let left = 40; left > 0; --left) yield;
      seen.push(marks(t, 5));
      t.store32(5, 0, 1);
    });
    expect(seen).toEqual([ALL, true, 99, ALL]);
    rig.end();
  });

  test('a trace that is under way is finished first: every object is where the child finds it <design/protix#.fork>', () => {
    const seen: unknown[] = [];
    let isBusy = true;
    const { rig } = family({}, (it) => {
      it.flip();
      const { mutex } = it.members[0].plinth;
      // Asked for earlier than the arena's: here before a fork it is later, and after it earlier. The child runs meanwhile.
      first(it, {
        *prepare(thread) { seen.push(mutex.owner === thread); },
        *parent(thread) {
          for (let left = 40; left > 0; --left) yield;
          seen.push(mutex.owner === thread);
          isBusy = it.arena.trace.isBusy;
        },
      });
    }, function* (t, { process }) {
      seen.push(marks(t, 5), process.sigaction(SIGSEGV, null));
      process.exit(0);
    });
    expect([seen, isBusy, rig.arena.counts.collections > 0]).toEqual([[true, ALL, expect.objectContaining({ handler: SIG_DFL }), true], false, true]);
  });

  test('what write barriers protect the child may write, and what is decommitted it may not touch <design/protix#.fork>', () => {
    const seen: unknown[] = [];
    const { rig } = family({}, old, function* (t, { process }) {
      const { faults } = t;
      t.store32(5, 4, 7);
      seen.push(t.faults - faults, t.load32(5, 4), process.map.entries().filter(({ kind, prot }) => kind === 'mapped' && prot === 0).length > 0);
      process.exit(0);
    });
    expect(seen).toEqual([0, 7, true]);
    // The parent's barriers are as they were.
    expect(rig.forbidden(rig.threads[0], 5)).toBe(AccessWRITE);
    rig.threads[0].hart.store32(5, 0, 1);
    expect([rig.arena.counts.writeHits, rig.forbidden(rig.threads[0], 5)]).toEqual([1, AccessNONE]);
  });

  test('the parent\'s arena goes on, moves what the child has at the old place, and its locks are free <design/protix#.fork>', () => {
    const seen: unknown[] = [], members: Rig['members'][number][] = [];
    let isMoved = false;
    family({ arenas: 2 }, (it) => { members.push(...it.members); }, function* (t, { process }) {
      while (!isMoved) yield;
      seen.push(marks(t, 5));
      process.exit(0);
    }, function* (t) {
      const low = t.r[5 << 3], [{ arena }] = members;
      arena.collect();
      yield;
      rewrite(t);
      arena.collect();
      seen.push(t.r[5 << 3] !== low || arena.counts.bytesPreservedInPlace > 0, marks(t, 5));
      isMoved = true;
    });
    expect([seen, members.map(({ plinth }) => plinth.mutex.owner)]).toEqual([[true, ALL.map((mark) => -mark), ALL], [null, null]]);
  });

  test('a child has no arena: one who calls it is told so <design/ix#.fork>', () => {
    const rig = make(), main = rig.adopt(), ends: string[] = [];
    list(rig, main);
    rig.spawn('parent', function* (_t, self) {
      yield* fork(self, function* (_c, { process }) {
        ends.push(failure(() => { rig.arena.collect(); }));
        process.exit(0);
      });
    });
    rig.run();
    expect(ends).toEqual([expect.stringMatching(/^ForkError: thread \d+ 'parent' of process 3 has called an arena of process 2 'rig': a child may read and write/)]);
    expect([rig.arena.isInside, rig.members[0].plinth.mutex.owner, marks(main.hart, 5)]).toEqual([false, null, ALL]);
  });

  test('SIGSEGV is, in the child, for whoever had it before <design/protix#.fork>', () => {
    const told: string[] = [], seen: unknown[] = [], before: SigAction = action(opener(7, (_signal, _info, _context, { process }) => told.push(process.name)), SA_SIGINFO);
    const rigs: Rig[] = [], locked: boolean[] = [];
    const { rig } = family({ before }, (it) => {
      rigs.push(it);
    }, function* (t, self) {
      self.process.name = 'child';
      own(self, 7);
      t.store32(7, 0, 1);
      seen.push(self.process.sigaction(SIGSEGV, null) === before);
      // A child of its own finds it so too, and waits for no lock of the arena's.
      const [{ members: [{ plinth: { mutex } }], threads: [main] }] = rigs;
      locked.push(mutex.tryClaim(main));
      yield* fork(self, function* (_t, { process }) {
        seen.push(process.sigaction(SIGSEGV, null) === before, marks(_t, 5));
        process.exit(0);
      });
      mutex.release(main);
      self.process.exit(0);
    });
    expect([told, seen, locked, rig.protsgix.forwarded]).toEqual([['child'], [true, true, ALL], [true], 0]);
    expect(rig.process.sigaction(SIGSEGV, null)).not.toBe(before);
  });

  test('a fault before its handlers have run is no arena\'s; and what a child ignores or leaves alone ends it alone <design/protix#.fork>', () => {
    const children: Process[] = [];
    const { rig } = family({}, (it, main) => {
      old(it, main);
      first(it, { *child({ hart, process }) {
        children.push(process);
        hart.store32(5, 0, 1);
      } });
    }, function* () { expect.unreachable(); });
    expect(children).toMatchObject([{ status: { signal: SIGSEGV } }]);
    expect([rig.process.status, rig.protsgix.forwarded, rig.arena.counts.writeHits, rig.threads[0].hart.load32(5, 0)]).toEqual([null, 0, 0, 41]);
    expect(rig.process.sigaction(SIGSEGV, null)).not.toMatchObject({ handler: SIG_DFL });
  });

  test('what the parent does at a fork may meet barriers <design/protix#.fork>', () => {
    const seen: unknown[] = [], touch: ThreadBody = function* (t) { t.store32(5, 0, t.load32(5, 0)); };
    const { rig } = family({}, (it, main) => {
      old(it, main);
      first(it, { prepare: (thread) => touch(thread.hart, thread), parent: (thread) => touch(thread.hart, thread) });
    }, function* (t, { process }) {
      seen.push(t.load32(5, 0));
      process.exit(0);
    });
    expect([seen, rig.arena.counts.writeHits, rig.members[0].plinth.mutex.owner]).toEqual([[41], 1, null]);
  });

  test('without memory for a copy there is no child, and nothing has changed <design/protix#.fork>', () => {
    const taken: number[] = [];
    const { rig, pids } = family({}, (it) => {
      const { frames } = it.kernel;
      while (frames.available > 8 * PageSIZE) taken.push(frames.alloc(PageSIZE));
      taken.push(frames.available);
    }, function* () { expect.unreachable(); });
    expect(pids).toEqual([-ENOMEM]);
    expect([rig.process.children.size, rig.members[0].plinth.mutex.owner]).toEqual([0, null]);
    rig.arena.collect();
    expect(marks(rig.threads[0].hart, 5)).toEqual(ALL);
  });

  test('a fork waits for whoever has an arena\'s lock, and may find others in the handler <design/protix#.fork>', () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const rig = make({ driver: 'explored', seed }), main = rig.adopt(), { mutex } = rig.members[0].plinth, log: unknown[] = [];
      list(rig, main);
      rig.arena.collect();
      rig.flip();
      const others = [0, 1].map((index) => rig.spawn(`t${index}`, function* () { expect(yield* stepLoad32(5, 0)).toBe(1); }, { stepped: true }));
      for (const { hart } of others) slotCopy(hart, 5, main.hart, 5);
      expect(mutex.tryClaim(main)).toBe(true);
      for (let left = 200; left > 0 && !others.every(inHandler); --left) rig.kernel.step();
      const parent = rig.spawn('parent', function* (_t, self) {
        const pid = yield* fork(self, function* (_c, { process, hart }) {
          log.push(yield* stepLoad32(5, 0));
          yield* stepStore32(5, 0, 8);
          log.push(hart.load32(5, 0));
          process.exit(0);
        });
        log.push(pid > 0);
      }, { stepped: true });
      slotCopy(parent.hart, 5, main.hart, 5);
      for (let left = 60; left > 0; --left) if (others.some(({ state }) => state !== 'blocked') || parent.state !== 'blocked') rig.kernel.step();
      expect([others.every(inHandler), log, mutex.owner]).toEqual([true, [], main]);
      mutex.release(main);
      rig.run();
      expect([log.toSorted(), others.map(({ state }) => state), mutex.owner, main.hart.load32(5, 0)]).toEqual([[1, 8, true], ['done', 'done'], null, 1]);
    }
  });

  test('two forks one after the other, and children that run late, each find their own <design/protix#.fork>', () => {
    const rig = make({ driver: 'explored' }), main = rig.adopt(), seen: number[][] = [];
    list(rig, main);
    const parent = rig.spawn('parent', function* (_t, self) {
      for (let round = 0; round < 4; ++round) {
        yield* fork(self, function* (t, { process }) {
          for (let left = 10; left > 0; --left) yield;
          seen.push(marks(t, 5));
          process.exit(0);
        }, { stepped: false });
        rig.arena.collect();
      }
    });
    slotCopy(parent.hart, 5, main.hart, 5);
    rig.run();
    expect(seen).toEqual([ALL, ALL, ALL, ALL]);
    rig.end();
  });

  test('in a child of vfork, which lives in its parent\'s memory, barriers are hit as in the parent <design/protix#.fork>', () => {
    const rig = make(), main = rig.adopt(), seen: unknown[] = [];
    list(rig, main);
    rig.flip();
    const parent = rig.spawn('parent', function* (_t, self) {
      yield* vfork(self, function* (t, { process }) {
        seen.push(t.load32(5, 0), rig.arena.counts.readHits);
        process.exit(0);
      });
      seen.push('goes on');
    });
    slotCopy(parent.hart, 5, main.hart, 5);
    rig.run();
    expect(seen).toEqual([1, 1, 'goes on']);
  });
});
