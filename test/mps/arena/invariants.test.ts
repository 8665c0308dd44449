/* invariants.test.ts: WHAT OTHERS GOT WRONG
 *
 * Invariants of flips, barriers and the shield that collectors have broken before, each by the smallest program that would notice; what
 * several threads make of them is in the tests of the POSIX platform.
 */
import { describe, expect, test } from 'vitest';
import {
  AccessNONE, AccessREAD, AccessWRITE, RankAMBIG, RankEXACT, ZoneSetUNIV, type Seg,
} from '../../../code/mps/mps.ts';
import type { Thread } from '../../../code/os/os.ts';
import { stepLoad32, stepStore32 } from '../../../code/os/os.ts';
import { seeds } from '../../seed.ts';
import { Rig, slotCopy } from '../ix/rig.ts';
import { Lab } from '../lab.ts';
import { Rig as Shadows } from '../rig.ts';

const segAt = (rig: Rig, { hart }: Thread, slot: number): Seg => rig.arena.heap.segOf(hart.r[slot << 3]) as Seg;

/** grey -- a rig whose thread has, in slot 5, an object in a segment of its own that no trace has scanned yet. */
function grey(ref: number = 6): { rig: Rig; main: Thread; seg: Seg } {
  const rig = new Rig({ spare: 1 }), main = rig.adopt();
  rig.make(main, 6, 42);
  rig.make(main, 5, 41, { size: 8192, ref });
  rig.make(main, 7, 43);
  // What is under way ends first.
  rig.arena.park();
  rig.arena.release();
  rig.flip();
  const seg = segAt(rig, main, 5);
  // Not one reference at a time.
  seg.singles = Infinity;
  expect([seg.grey, seg.buffer, seg.protMode & AccessREAD]).toEqual([true, null, AccessREAD]);
  return { rig, main, seg };
}

test('invariant 4: a write to a segment whose scan records a summary goes through, and the summary is everything <design/trace#.inv.write.after>', () => {
  for (const isWatched of [false, true]) {
    // It refers to nothing: its scan is boring, and will record that.
    const { rig, main, seg } = grey(-1), { faults } = rig.kernel.counts;
    seg.defer = 0;
    // Watched already: both barriers are hit by one fault.
    if (isWatched) {
      rig.arena.enter();
      seg.setSummary(seg.summary & ~(1 << 31));
      rig.arena.leave();
    }
    main.hart.store32(5, 0, 99);
    // The one that is watched by one fault; the other may be refused once more, by the summary that its scan has recorded.
    const more = rig.kernel.counts.faults - faults;
    expect([more > 0, more <= (isWatched ? 1 : 2)]).toEqual([true, true]);
    expect([main.hart.load32(5, 0), seg.grey, seg.summary, seg.protMode]).toEqual([99, false, ZoneSetUNIV, AccessNONE]);
    rig.end();
  }
});

test('invariant 5: who faults on a page that is open by now goes on, and nobody else hears of it <design/arena#.access.cleared>', () => {
  let cleared = 0;
  for (const seed of seeds(12)) {
    const rig = new Rig({ driver: 'explored', seed }), main = rig.adopt();
    rig.make(main, 5, 41);
    rig.flip();
    for (const name of ['one', 'two', 'three']) {
      const thread = rig.spawn(name, function* () { expect(yield* stepLoad32(5, 0)).toBe(41); }, { stepped: true });
      slotCopy(thread.hart, 5, main.hart, 5);
    }
    rig.run();
    cleared += rig.arena.counts.clearedHits;
    expect([rig.protsgix.forwarded, rig.process.status, rig.arena.counts.readHits]).toEqual([0, null, 1]);
    rig.end();
  }
  if (seeds(12).length > 1) expect(cleared, 'weak run').toBeGreaterThan(2);
  const { rig, seg } = grey();
  rig.arena.collect();
  expect(rig.arena.access(seg.base | 0, AccessREAD, null)).toBe('cleared');
});

test('invariant 11: an ambiguous root pins what an exact one, registered before it, refers to <design/root#.inv.ambig.first>', () => {
  for (const order of [[RankEXACT, RankAMBIG], [RankAMBIG, RankEXACT]]) {
    const lab = new Lab(), { system, arena, t } = lab, harts = order.map((rank) => system.hart(`of rank ${rank}`, rank)), slot = lab.object(32, 5), low = lab.low(slot);
    for (const hart of harts) slotCopy(hart, hart.local(), t, slot);
    t.clear(slot);
    arena.collect();
    expect(harts.map(({ r, top }) => r[(top - 1) << 3] >>> 0)).toEqual([low, low]);
    expect([arena.counts.bytesCopied, arena.counts.bytesPreservedInPlace > 0]).toEqual([0, true]);
  }
});

test('invariant 14: mutators are stopped before a segment is exposed, and run again when all is in line <design/shield#.inv.expose.suspend> <design/shield#.inv.unsynced.suspended>', () => {
  let exposed = 0, flushed = 0;
  for (const seed of seeds(8)) {
    const rig = new Rig({ driver: 'explored', seed }), main = rig.adopt(), { arena } = rig, told = rig.members[0].told;
    for (let n = 0; n < 6; ++n) {
      rig.make(main, 6, 41 + n, { size: 4096, ref: n === 0 ? -1 : 5 });
      main.hart.move(5, 6);
    }
    const thread = rig.spawn('hammer', function* (t) {
      for (let n = 0; n < 12; ++n) {
        yield* stepStore32(5, 4, n);
        if (t.load32(5, 4) !== n) throw new Error('a write was lost');
        t.loadCap(6, 5, 16);
        if (t.isTagged(6)) t.move(5, 6);
      }
    }, { stepped: true });
    slotCopy(thread.hart, 5, main.hart, 5);
    for (let left = 60; left > 0; --left) {
      arena.step();
      rig.kernel.step();
    }
    let isStopped = false;
    for (const event of told) {
      if (event.type === 'suspend') isStopped = true;
      if (event.type === 'resume') isStopped = false;
      if (event.type === 'protect' && (event.why === 'expose' || event.why === 'flush')) expect(isStopped, event.why).toBe(true);
    }
    exposed += told.filter((event) => event.type === 'protect' && event.why === 'expose').length;
    flushed += told.filter((event) => event.type === 'protect' && event.why === 'flush').length;
    rig.run();
    expect(rig.looks).toBeGreaterThan(0);
    rig.end();
  }
  if (seeds(8).length > 1) expect(Math.min(exposed, flushed), 'weak run').toBeGreaterThan(8);
});

describe('invariant 15: pages of a segment that is freed are open, and it is in no queue', () => {
  for (const mode of [AccessREAD, AccessWRITE]) {
    test(`freed with its pool, it had ${mode === AccessREAD ? 'a trace under way' : 'a summary'} <design/shield#.inv.free> <design/seg#.inv.free.clear>`, () => {
      const { rig, main, seg } = grey(mode === AccessREAD ? 6 : -1), { arena } = rig, { pool } = rig.members[0], { base, limit } = seg;
      if (mode === AccessWRITE) for (let n = 0; n < 8 && rig.forbidden(main, 5) !== AccessWRITE; ++n) arena.collect();
      expect(rig.forbidden(main, 5) & mode).toBe(mode);
      const at = main.hart.r[5 << 3] >>> 0;
      arena.poolFinish(pool);
      expect([arena.heap.segOf(at | 0), arena.heap.segOf(base | 0), limit - base]).toEqual([null, null, 8192]);
      // Whoever has the pages next is not hindered; the rig compares protection as each arena is left.
      const other = arena.pool('amc'), point = other.allocationPoint(main.hart), { faults } = rig.kernel.counts;
      let isThere = false;
      for (let n = 0; n < 40; ++n) {
        do {
          expect(point.reserve(8, 8192)).toBe(0);
          for (let offset = 0; offset < 8192; offset += 512) main.hart.store32(8, offset, n);
        } while (!point.commit(8));
        isThere ||= arena.heap.segOf(at | 0) !== null;
      }
      expect([rig.kernel.counts.faults - faults, isThere]).toEqual([0, true]);
      arena.shield.check();
    });
  }
});

test('invariant 16: a queue that cannot grow is written over, and protection is right all the same <design/shield#.queue> <design/shield#.inv.queued>', () => {
  for (const seed of seeds(4)) {
    const rig = new Shadows({ habits: { seed, roots: 30, sizes: [32, 400, 2000], yields: true }, nursery: '4KiB', memory: '3MiB', barriers: true, mutators: 2 });
    rig.arena.shield.mostRoom = seed % 3;
    const { watcher } = rig.arena;
    let looks = 0;
    rig.arena.watcher = {
      ...watcher,
      left: () => {
        rig.arena.shield.check();
        looks += 1;
      },
    };
    rig.play(400);
    expect(Math.min(looks, rig.hits, rig.arena.counts.collections), 'weak run').toBeGreaterThan(2);
    rig.end();
  }
});

test('invariant 20: a flip is counted after objects have moved and before any mutator runs <design/arena#.collections>', () => {
  const rig = new Rig(), main = rig.adopt(), { arena } = rig, seen: string[] = [];
  rig.make(main, 5, 41);
  rig.spawn('other', function* () { yield; });
  const { watcher } = arena, resume = arena.resume.bind(arena);
  arena.watcher = { ...watcher, condemned: () => { seen.push(`condemned ${arena.collections}`); } };
  Object.assign(arena, {
    resume: () => {
      seen.push(`resume ${arena.collections}`);
      resume();
    },
  });
  arena.startCollect();
  expect([seen.slice(0, 2), arena.trace.isFlipped]).toEqual([['condemned 0', 'resume 1'], true]);
  rig.run();
});
