import { describe, expect, test } from 'vitest';
import type { Hart } from '../../../code/machine/machine.ts';
import type { IxPlatform } from '../../../code/mps/ix/ix.ts';
import { boot, ResOK, type BootOptions, type Event, type System } from '../../../code/mps/mps.ts';
import { ProtNONE } from '../../../code/os/os.ts';
import { failure, own, slotCopy, ways } from './rig.ts';

describe.each(ways)('$title', ({ make, suspend, abi }) => {
  const platformOf = (system: System): IxPlatform => system.platform as IxPlatform;

  describe('the lock', () => {
    test('is had by one thread at a time; who wants it waits <design/ix#.lock>', () => {
      const rig = make(), { mutex } = rig.members[0].plinth, log: string[] = [];
      const owner = rig.spawn('owner', function* (_t, self) {
        mutex.claimNested(self);
        for (let i = 0; i < 5; ++i) yield;
        log.push('releases');
        mutex.release(self);
      });
      rig.spawn('other', function* () {
        while (mutex.owner !== owner) yield;
        rig.arena.collect();
        log.push('has collected');
      });
      rig.run();
      expect([log, mutex.owner, rig.kernel.noPreempt]).toEqual([['releases', 'has collected'], null, 0]);
    });

    test('keeps other threads from running in the middle of a plain access of who is inside <design/ix#.lock>', () => {
      const rig = make({ driver: 'explored' }), main = rig.adopt();
      own(main, 5);
      expect(rig.process.map.mprotect(main.hart, 5, 4096, 3)).toBe(0);
      let isInside = false, met = 0, ran = 0;
      const worker = rig.spawn('worker', function* (t: Hart) {
        for (let i = 0; i < 40; ++i) {
          rig.arena.enter();
          isInside = true;
          for (let n = 0; n < 20; ++n) t.load32(5, 0);
          isInside = false;
          rig.arena.leave();
          for (let n = 0; n < 20; ++n) t.load32(5, 0);
          yield;
        }
      });
      slotCopy(worker.hart, 5, main.hart, 5);
      rig.spawn('other', function* () {
        while (worker.state !== 'done') {
          if (isInside) met += 1;
          if (worker.onHost > 0) ran += 1;
          yield;
        }
      });
      rig.run();
      expect(met).toBe(0);
      // Outside it does happen.
      expect(ran).toBeGreaterThan(5);
    });
  });

  describe('the platform', () => {
    test('tells the arena of threads that are over, and forgets them <design/ix#.end>', () => {
      const system = boot({ platform: 'ix', suspend, abi, memory: '1MiB' }), { arena } = system;
      const thread = system.thread('t', function* (t) {
        const ap = arena.pool('amc').allocationPoint(t);
        expect([ap.reserve(5, 32), ap.commit(5)]).toEqual([ResOK, true]);
        yield;
      });
      system.run();
      expect([arena.hasThread(thread), failure(() => { arena.threadRegister(thread); })]).toEqual([false, 'nothing']);
      arena.enter();
      expect(() => { arena.shield.hold(); }).toThrow('<design/thix#.inv.known>');
    });

    test('has no areas without a run of frames, and then nothing has changed <design/boot#.statics>', () => {
      const platform = platformOf(boot({ platform: 'ix', suspend, abi, memory: '1MiB', chunk: '64KiB' })), { frames } = platform.kernel, { map } = platform.process;
      const holes: number[] = [];
      for (let frame = frames.alloc(4096); frame >= 0; frame = frames.alloc(4096)) holes.push(frame);
      for (const [index, frame] of holes.entries()) if (index % 2 === 0) frames.dropRun(frame, 4096);
      const { available } = frames, entries = map.entries();
      expect([platform.statics(8192), platform.statics(0x10_0000), frames.available, map.entries()]).toEqual([null, null, available, entries]);
      expect(platform.statics(4096)).toMatchObject({ frame: expect.any(Number) as number });
    });

    test('counts what its harts were refused as the handler counts it, and tells of a death <design/protix#.inv.count>', () => {
      const system = boot({ platform: 'ix', suspend, abi, memory: '1MiB', nursery: '4KiB', pause: '0' }), { arena } = system, platform = platformOf(system);
      Object.assign(arena.control, { quantum: () => 1 });
      const hart = system.hart('main'), ap = arena.pool('amc').allocationPoint(hart);
      for (let made = 0; made < 400; ++made) {
        do {
          expect(ap.reserve(6, 512)).toBe(ResOK);
          hart.storeCap(6, 16, 5);
        } while (!ap.commit(6));
        hart.move(5, 6);
        hart.move(6, 5);
        arena.step();
        for (let left = made % 40; left > 0 && hart.isTagged(6); --left) hart.loadCap(6, 6, 16);
      }
      const { readHits, writeHits, clearedHits } = arena.counts, { faults, forwarded, cleared } = platform.faults();
      expect(faults).toBeGreaterThan(20);
      expect([faults, forwarded, cleared, system.platform.death]).toEqual([readHits + writeHits + clearedHits, 0, 0, null]);
      const thread = [...platform.process.threads][0];
      own(thread, 7);
      expect(thread.process.map.mprotect(hart, 7, 4096, ProtNONE)).toBe(0);
      expect(failure(() => hart.load32(7, 0))).toContain('died of SIGSEGV');
      expect([platform.faults(), platform.death]).toMatchObject([{ faults: faults + 1, forwarded: 1 }, { signal: 11 }]);
    });
  });
});

/** eventsOf -- what a collector tells of a run of two threads, each with a list of its own. */
function eventsOf(options: BootOptions): Event[] {
  const events: Event[] = [], system = boot({ ...options, memory: '1MiB', nursery: '8KiB', pause: '0', events: (event) => events.push(event) });
  const { arena } = system, pool = arena.pool('amc');
  for (const name of ['one', 'two']) {
    system.thread(name, function* (t) {
      const point = pool.allocationPoint(t);
      for (let made = 0; made < 900; ++made) {
        do {
          expect(point.reserve(6, 256)).toBe(ResOK);
          t.store32(6, 0, made);
          t.storeCap(6, 16, 5);
        } while (!point.commit(6));
        t.move(5, made % 30 === 0 ? 0 : 6);
        if (made % 7 === 0) yield;
      }
    });
  }
  system.run();
  system.finish();
  return events;
}

test.each(ways)('a run is the same each time, event by event <design/thix#.how> <design/determinism#.seed> $title', ({ suspend, abi }) => {
  const events = eventsOf({ suspend, abi });
  expect(events.filter(({ type }) => type === 'suspend').length).toBeGreaterThan(10);
  expect(eventsOf({ suspend, abi })).toEqual(events);
});
