/* arenas.test.ts: SEVERAL ARENAS, SEVERAL THREADS
 *
 * Two arenas in a process, whose threads use both: who waits for whom, who is stopped by whom, what is where when a thread is over or a
 * process forks. In each way of suspension under each ABI.
 */
import { describe, expect, test } from 'vitest';
import { random, type Random } from '../../../code/base/base.ts';
import { PageSIZE, type Hart } from '../../../code/machine/machine.ts';
import { fork, stepCall, stepLoad32, stepStore32, stepStoreCap, waitpid, type Thread, type ThreadBody } from '../../../code/os/os.ts';
import { seeds } from '../../seed.ts';
import { failure, inHandler, isStopped, slotCopy, ways, type Rig } from './rig.ts';

/** Where a worker has its list of each arena, and what it works with. */
const LIST = [12, 13] as const;
const NEW = 14;
const GOT = 15;
const ROUNDS = 30;

/** What happened in some runs. */
interface Seen {
  /** A thread was stopped by both arenas at once; it waited for a lock; it was stopped in the handler. */
  twice: number;
  waited: number;
  handler: number;
  collections: number;
}

/** worker -- a thread that has a list in each arena, and knows what is in it. */
function* worker(rig: Rig, self: Thread, draw: Random): ReturnType<ThreadBody> {
  const t = self.hart, marks: number[][] = [[], []];
  for (let round = 0; round < ROUNDS; ++round) {
    const which = draw(2), list = LIST[which], known = marks[which];
    switch (draw(7)) {
      case 0: case 1: case 2: {
        const mark = 1 + draw(1_000_000);
        yield* stepCall(() => {
          rig.make(self, NEW, mark, { member: which, ref: list, size: 1024 });
          t.move(list, NEW);
        });
        known.push(mark);
        break;
      }
      case 3:
        if (known.length === 0) break;
        known[known.length - 1] = round;
        yield* stepStore32(list, 0, round);
        break;
      case 4:
        // Its own list's head, where another arena's barrier may be hit too.
        if (known.length > 0) yield* stepStoreCap(list, 32, LIST[1 - which]);
        break;
      case 5:
        yield* stepCall(() => {
          if (draw(2) === 0) rig.members[which].arena.collect();
          else rig.members[which].arena.startCollect();
        });
        break;
      default:
        yield* stepCall(() => rig.members[which].arena.step());
    }
    if (known.length === 0) continue;
    const found = yield* stepLoad32(list, 0);
    if (found !== known.at(-1)) throw new Error(`a list of arena ${which} begins with ${found}, not ${known.at(-1)}`);
  }
  for (const which of [0, 1]) {
    const found: number[] = [];
    yield* stepCall(() => {
      for (t.move(GOT, LIST[which]); t.isTagged(GOT); t.loadCap(GOT, GOT, 16)) found.unshift(t.load32(GOT, 0));
    });
    expect(found).toEqual(marks[which]);
  }
}

describe.each(ways)('$title', ({ make }) => {
  test('invariant 23: threads that two arenas know and stop, again and again, lose nothing, and run when neither needs them stopped <design/thix#.suspend> <design/arena#.inv.apart>', () => {
    const seen: Seen = { twice: 0, waited: 0, handler: 0, collections: 0 }, all = seeds(12);
    let faulted = 0;
    for (const seed of all) {
      const rig = make({ arenas: 2, driver: 'explored', seed }), draw = random(seed);
      for (const { arena } of rig.members) {
        const { watcher } = arena;
        const look = (): void => {
          for (const thread of rig.threads) {
            if (thread.suspended > 1) seen.twice += 1;
            if (thread.state === 'blocked') seen.waited += 1;
            if (isStopped(thread) && inHandler(thread)) seen.handler += 1;
          }
        };
        arena.watcher = { ...watcher, condemned: look, scanned: look, finished: look };
      }
      const threads = [0, 1, 2].map((index) => rig.spawn(`t${index}`, (_t, self) => worker(rig, self, draw), { stepped: true }));
      rig.run();
      expect([rig.process.status, ...threads.map(({ state, suspended }) => [state, suspended])]).toEqual([null, ...threads.map(() => ['done', 0])]);
      const [faults, accounted] = rig.account();
      expect(accounted).toBe(faults);
      faulted += faults;
      for (const { arena: { counts } } of rig.members) {
        expect(counts.suspensions).toBe(counts.resumptions);
        seen.collections += counts.collections;
      }
      rig.end();
    }
    if (all.length > 1) expect(Math.min(seen.collections / 20, seen.handler, faulted / 10), `weak run: ${JSON.stringify(seen)} ${faulted}`).toBeGreaterThan(1);
  });

  test('invariant 22: a thread that waits in the handler for one arena\'s lock is stopped by the other, and finds its objects where both have put them <design/protix#.departs.moved> <design/protix#.threads> <design/thix#.suspend>', () => {
    const rig = make({ arenas: 2, driver: 'explored' }), main = rig.adopt(), [one, two] = rig.members;
    rig.make(main, 5, 41, { member: 0 });
    rig.make(main, 6, 42, { member: 1 });
    rig.flip(0);
    const thread = rig.spawn('t', function* (t) {
      expect(yield* stepLoad32(5, 0)).toBe(41);
      expect([t.load32(6, 0), t.load32(5, 0)]).toEqual([42, 41]);
    }, { stepped: true });
    for (const slot of [5, 6]) slotCopy(thread.hart, slot, main.hart, slot);
    expect(one.plinth.mutex.tryClaim(main)).toBe(true);
    for (let left = 60; left > 0 && thread.state !== 'blocked'; --left) rig.kernel.step();
    expect([thread.state, inHandler(thread), thread.waitingFor]).toEqual(['blocked', true, 'mutex arena, which thread 1 \'main\' owns']);
    const lows = [5, 6].map((slot) => thread.hart.r[slot << 3]), { suspensions } = rig.kernel.counts;
    // Both stop it, each to flip, while it waits; then it has the lock.
    two.arena.collect();
    one.arena.collect();
    expect([rig.kernel.counts.suspensions > suspensions + 1, one.plinth.mutex.owner]).toEqual([true, main]);
    one.plinth.mutex.release(main);
    rig.run();
    expect([thread.state, thread.suspended, one.plinth.mutex.owner, two.plinth.mutex.owner]).toEqual(['done', 0, null, null]);
    expect([rig.process.status, rig.protsgix.forwarded, rig.protsgix.cleared]).toEqual([null, 0, 1]);
    expect([5, 6].map((slot, n) => thread.hart.r[slot << 3] !== lows[n])).toEqual([true, true]);
    rig.end();
  });

  test('who wants into an arena waits for whoever is in it, and for nobody who is in the other <design/plinth#.if.lock> <design/arena#.inv.apart>', () => {
    const rig = make({ arenas: 2, driver: 'explored' }), main = rig.adopt(), [one, two] = rig.members;
    expect(one.plinth.mutex.tryClaim(main)).toBe(true);
    const threads = [0, 1].map((which) => rig.spawn(`t${which}`, function* (_t, self) {
      yield* stepCall(() => { rig.make(self, NEW, 1, { member: which }); });
    }, { stepped: true }));
    rig.kernel.suspend(threads[0]);
    for (let left = 60; left > 0 && threads[1].state !== 'done'; --left) rig.kernel.step();
    expect([threads[1].state, two.plinth.mutex.owner]).toEqual(['done', null]);
    rig.kernel.resume(threads[0]);
    one.plinth.mutex.release(main);
    rig.run();
    expect(threads.map(({ state }) => state)).toEqual(['done', 'done']);
    rig.end();
  });

  test('invariant 24: a thread that is over is neither scanned nor stopped by any arena, and anybody may deregister it <design/thix#.dead> <design/arena#.if.thread>', () => {
    const rig = make({ arenas: 2 }), main = rig.adopt(), [one, two] = rig.members, lows: number[] = [];
    const thread = rig.spawn('t', function* (t, self) {
      for (const member of [0, 1]) rig.make(self, LIST[member], 7, { member });
      lows.push(...LIST.map((slot) => t.r[slot << 3]));
      yield;
    });
    for (const { arena } of rig.members) arena.threadRegister(thread.hart);
    rig.run();
    expect(thread.state).toBe('done');
    const { suspensions } = rig.kernel.counts;
    for (const { arena } of rig.members) arena.collect();
    expect(rig.kernel.counts.suspensions, 'main alone is left to each').toBe(suspensions + 2);
    const other = rig.spawn('other', function* () {
      yield* stepCall(() => {
        for (const { arena } of rig.members) for (let times = 2; times > 0; --times) arena.threadDeregister(thread.hart);
      });
    }, { stepped: true });
    rig.run();
    expect(rig.process.status).toBe(null);
    expect([other.state, one.arena.hasThread(thread.hart), two.arena.hasThread(thread.hart)]).toEqual(['done', false, false]);
    rig.threads.splice(rig.threads.indexOf(thread), 1);
    for (const { arena } of rig.members) arena.collect();
    expect(lows.map((low, n) => rig.members[n].arena.owns(low))).toEqual([false, false]);
    rig.make(main, 5, 1);
    rig.end();
  });

  test('invariant 24: a fork waits for whoever is in any arena, finishes what is under way in all, and leaves their locks free; the child has memory and no arena <design/protix#.fork> <design/ix#.fork>', () => {
    const rig = make({ arenas: 2, driver: 'explored' }), main = rig.adopt(), seen: unknown[] = [], [one, two] = rig.members;
    for (const member of [0, 1]) rig.make(main, LIST[member], 41 + member, { member, size: PageSIZE });
    rig.flip(0);
    rig.flip(1);
    expect(two.plinth.mutex.tryClaim(main)).toBe(true);
    const load = (t: Hart): number[] => LIST.map((slot) => t.load32(slot, 0));
    const parent = rig.spawn('parent', function* (t, self) {
      const pid = yield* fork(self, function* (c, { process }) {
        seen.push(load(c));
        c.store32(LIST[0], 0, 0);
        for (const { arena } of rig.members) seen.push(failure(() => { arena.collect(); }).slice(0, 9));
        process.exit(0);
      });
      seen.push(rig.members.map(({ arena: { trace } }) => trace.isBusy));
      yield* waitpid(self, pid, 0);
      for (const { arena } of rig.members) arena.collect();
      seen.push(load(t));
    });
    for (const slot of LIST) slotCopy(parent.hart, slot, main.hart, slot);
    for (let left = 60; left > 0 && parent.state !== 'blocked'; --left) rig.kernel.step();
    expect([parent.state, seen, one.arena.trace.isBusy]).toEqual(['blocked', [], true]);
    two.plinth.mutex.release(main);
    rig.run();
    expect(seen.length).toBe(5);
    for (const one of [[41, 42], 'ForkError', [false, false]]) expect(seen).toContainEqual(one);
    expect([seen.at(-1), one.plinth.mutex.owner, two.plinth.mutex.owner, parent.state]).toEqual([[41, 42], null, null, 'done']);
    rig.end();
  });
});
