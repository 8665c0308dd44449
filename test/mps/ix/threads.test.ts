import { describe, expect, test } from 'vitest';
import { PageSIZE } from '../../../code/machine/machine.ts';
import { AccessREAD, ResOK, tagged, type Format } from '../../../code/mps/mps.ts';
import { SA_SIGINFO, stepLoad32, stepStoreCap, type Thread, type ThreadBody } from '../../../code/os/os.ts';
import { action, failure, opener, own, pages, reportOf, slotCopy, type Rig, type RigOptions, ways } from './rig.ts';

describe.each(ways)('$title', ({ make }) => {
  /** stepper -- a thread that is cut anywhere, with some slots of another's. */
  function stepper(rig: Rig, name: string, from: Thread, slots: readonly number[], body: ThreadBody): Thread {
    const thread = rig.spawn(name, body, { stepped: true });
    for (const slot of slots) slotCopy(thread.hart, slot, from.hart, slot);
    return thread;
  }

  /** fault -- let a thread run alone until it is in the handler, which has not begun. */
  function fault(rig: Rig, thread: Thread): void {
    const others = rig.threads.filter((one) => one !== thread && !one.isAdopted && one.state !== 'done');
    for (const other of others) rig.kernel.suspend(other);
    for (let left = 20; thread.depth < 2; --left) expect([left > 0, rig.kernel.step()]).toEqual([true, true]);
    for (const other of others) rig.kernel.resume(other);
  }

  const told = (rig: Rig, member: number = 0): unknown[] => rig.members[member].told.flatMap((event) => (event.type === 'fault' ? [event.found] : []));

  describe('two arenas in a process', () => {
    for (const ask of ['ranges', 'locks'] as const) {
      test(`each is told of its own faults, and of none of the other's <design/protix#.fun.setup> <design/protix#.departs.ranges> <design/protix#.threads.async.choice> ${ask}`, () => {
        const rig = make({ arenas: 2, ask }), main = rig.adopt(), [one, two] = rig.members;
        rig.make(main, 5, 41, { member: 0 });
        rig.make(main, 6, 42, { member: 1 });
        rig.flip(0);
        rig.flip(1);
        expect([rig.forbidden(main, 5, 0), rig.forbidden(main, 6, 1)]).toEqual([AccessREAD, AccessREAD]);
        expect([main.hart.load32(6, 0), one.arena.counts.readHits, two.arena.counts.readHits]).toEqual([42, 0, 1]);
        expect([main.hart.load32(5, 0), one.arena.counts.readHits, two.arena.counts.readHits]).toEqual([41, 1, 1]);
        expect([told(rig, 0), told(rig, 1), rig.account()]).toEqual([['read'], ['read'], [2, 2]]);
        rig.end();
      });
    }

    test('of several ranges is found by each of them <design/protix#.departs.ranges> <design/protix#.threads.async.improve.how>', () => {
      const rig = make(), main = rig.adopt(), [{ plinth }] = rig.members;
      rig.make(main, 5, 41);
      rig.flip();
      Object.defineProperty(plinth, 'ranges', { value: [{ base: 0, limit: PageSIZE }, ...plinth.ranges] });
      expect([rig.forbidden(main, 5), main.hart.load32(5, 0), told(rig)]).toEqual([AccessREAD, 41, ['read']]);
      rig.end();
    });

    test('that is finished is asked no more, and the other still is <design/protix#.fun.setup>', () => {
      const rig = make({ arenas: 2, ask: 'locks' }), main = rig.adopt(), [one, two] = rig.members;
      rig.make(main, 6, 42, { member: 1 });
      rig.flip(1);
      one.arena.threadDeregister(main.hart);
      one.arena.finish();
      Object.assign(one.arena, { owns: () => { throw new RangeError('asked'); } });
      expect([main.hart.load32(6, 0), two.arena.counts.readHits]).toEqual([42, 1]);
    });
  });

  describe('alternate stacks', () => {
    /** A thread whose stack is full, about to hit a barrier. */
    function full(): { rig: Rig; main: Thread } {
      const rig = make(), main = rig.adopt();
      rig.make(main, 5, 41);
      rig.flip();
      main.sp = main.stackBase + 64;
      return { rig, main };
    }

    test('a thread whose stack is full takes its hit on its alternate one <design/protix#.departs.sigstack>', () => {
      const { rig, main } = full();
      pages(main, 20, 2);
      expect(main.sigaltstack(20, 2 * PageSIZE)).toBe(0);
      expect([main.hart.load32(5, 0), rig.arena.counts.readHits, main.isOnAltStack]).toEqual([41, 1, false]);
    });

    test('without one there is no place for the frame <design/protix#.threads.sig-stack>', () => {
      const { rig, main } = full();
      expect(failure(() => main.hart.load32(5, 0))).toContain('died of SIGSEGV');
      expect(reportOf(rig.process)).toContain('the stack is full: the signal frame does not fit');
    });
  });

  describe('a thread that is suspended in the handler', () => {
    for (const where of ['own', 'alternate'] as const) {
      test(`has its registers in the frame, which flips fix: the access is made where the object has got to <design/protix#.departs.moved> <design/protix#.threads.suspend> ${where} stack`, () => {
        const rig = make({ driver: 'explored' }), main = rig.adopt();
        rig.make(main, 5, 41);
        rig.make(main, 6, 42);
        pages(main, 20, 2);
        rig.flip();
        const thread = stepper(rig, 't', main, [5, 6, 20], function* (_t, self) {
          if (where === 'alternate') expect(self.sigaltstack(20, 2 * PageSIZE)).toBe(0);
          yield* stepStoreCap(5, 32, 6);
          expect(yield* stepLoad32(5, 0)).toBe(41);
        });
        fault(rig, thread);
        const [low, value] = [5, 6].map((slot) => thread.hart.r[slot << 3]), { counts } = rig.arena;
        expect(thread.isOnAltStack).toBe(where === 'alternate');
        rig.arena.collect();
        expect([rig.kernel.counts.suspensions > 1, counts.readHits, rig.arena.owns(low)]).toEqual([true, 0, false]);
        rig.run();
        expect([thread.state, thread.hart.r[5 << 3] !== low, thread.hart.r[6 << 3] !== value]).toEqual(['done', true, true]);
        expect([told(rig), rig.protsgix.cleared, rig.process.status]).toEqual([['cleared'], 1, null]);
        main.hart.loadCap(7, 5, 32);
        expect([main.hart.isSame(7, 6), main.hart.load32(7, 0), main.hart.load32(5, 0)]).toEqual([true, 42, 41]);
        rig.arena.threadDeregister(thread.hart);
        rig.threads.pop();
        rig.end();
      });
    }

    test('may be waiting for the lock as well <design/protix#.departs.moved> <design/protix#.threads>', () => {
      const rig = make({ driver: 'explored' }), main = rig.adopt(), { mutex } = rig.members[0].plinth;
      rig.make(main, 5, 41);
      rig.flip();
      const thread = stepper(rig, 't', main, [5], function* () { expect(yield* stepLoad32(5, 0)).toBe(41); });
      expect(mutex.tryClaim(main)).toBe(true);
      while (thread.state !== 'blocked' && rig.kernel.step());
      expect(thread.waitingFor).toBe('mutex arena, which thread 1 \'main\' owns');
      rig.arena.collect();
      mutex.release(main);
      rig.run();
      expect([thread.state, told(rig), mutex.owner]).toEqual(['done', ['cleared'], null]);
    });
  });

  describe('somebody was first', () => {
    test('of two threads that fault on a page the second finds it open <design/protix#.threads>', () => {
      const rig = make({ driver: 'explored' }), main = rig.adopt();
      rig.make(main, 5, 41);
      rig.flip();
      const load: ThreadBody = function* () { expect(yield* stepLoad32(5, 0)).toBe(41); };
      const both = ['one', 'two'].map((name) => stepper(rig, name, main, [5], load));
      for (const thread of both) fault(rig, thread);
      rig.run();
      const { readHits, clearedHits } = rig.arena.counts;
      expect([readHits, clearedHits, told(rig), rig.account(), both.map(({ state }) => state)]).toEqual([1, 1, ['read', 'cleared'], [2, 2], ['done', 'done']]);
    });

    /** A thread that no arena knows, and so holds a reference past its object's death, is in the handler when the segment goes. */
    function freed(options: RigOptions): { rig: Rig; told: unknown[] } {
      const rig = make({ driver: 'explored', ...options }), main = rig.adopt();
      rig.make(main, 5, 41);
      rig.flip();
      const thread = stepper(rig, 'stranger', main, [5], function* () { yield* stepLoad32(5, 0); });
      rig.arena.threadDeregister(thread.hart);
      fault(rig, thread);
      rig.arena.collect();
      rig.run();
      return { rig, told: told(rig) };
    }

    test('of a segment that was freed since, only the page is asked <design/protix#.departs.freed>', () => {
      const { rig, told: found } = freed({ spare: 1 });
      expect([found, rig.protsgix.cleared, rig.protsgix.forwarded, rig.process.status]).toEqual([['cleared'], 1, 0, null]);
    });

    test('if it still forbids, or by the old way, the fault is nobody\'s <design/protix#.departs.freed>', () => {
      for (const options of [{ spare: 0 }, { spare: 1, ask: 'locks' }] as const) {
        const { rig, told: found } = freed(options);
        expect([found, rig.protsgix.forwarded]).toEqual([['forwarded'], 1]);
        expect(reportOf(rig.process)).toContain('died of SIGSEGV (SEGV_ACCERR)');
      }
    });
  });

  describe('finding the arena', () => {
    test('a foreign fault waits for nobody; by the old way, for every arena <design/protix#.departs.ranges> <design/protix#.threads.async.improve.how> <design/protix#.threads.async.other> <design/protix#.threads.async.choice>', () => {
      for (const ask of ['ranges', 'locks'] as const) {
        const rig = make({ ask, driver: 'explored', before: action(opener(5)) }), main = rig.adopt(), { mutex } = rig.members[0].plinth;
        own(main, 5);
        const thread = stepper(rig, 't', main, [5], function* () { yield* stepLoad32(5, 0); });
        expect(mutex.tryClaim(main)).toBe(true);
        for (let left = 40; left > 0 && !['done', 'blocked'].includes(thread.state); --left) rig.kernel.step();
        expect([thread.state, thread.waitingFor]).toEqual(ask === 'ranges' ? ['done', null] : ['blocked', 'mutex arena, which thread 1 \'main\' owns']);
        mutex.release(main);
        rig.run();
        expect([thread.state, rig.protsgix.forwarded]).toEqual(['done', 1]);
      }
    });

    test('a foreign fault inside an arena is passed on; by the old way it is a defect <design/protix#.threads.async.choice.ok>', () => {
      for (const ask of ['ranges', 'locks'] as const) {
        let isWild = false, hits = 0;
        const format: Format = {
          ...tagged, name: 'wild',
          skip: (_view, base) => (base + 48) | 0,
          pad: () => undefined,
          scan: () => {
            if (isWild) thread.hart.load32(5, 0);
            isWild = false;
            return ResOK;
          },
          forward: (view, from, to) => {
            view.store32(from + 8, -1);
            view.store32(from + 12, to);
          },
          isForwarded: (view, base) => (view.load32(base + 8) === -1 ? view.load32(base + 12) : null),
        };
        const rig = make({ ask, format, before: action(opener(5, () => { hits += 1; }), SA_SIGINFO) }), main = rig.adopt();
        own(main, 5);
        rig.make(main, 6, 41);
        const thread = rig.spawn('t', function* () {
          yield;
          isWild = true;
          rig.arena.collect();
        });
        slotCopy(thread.hart, 5, main.hart, 5);
        const end = failure(() => { rig.run(); });
        expect([hits, end]).toEqual(ask === 'ranges' ? [1, 'nothing'] : [0, expect.stringContaining('<design/thread#.mutex.again>')]);
      }
    });
  });
});
