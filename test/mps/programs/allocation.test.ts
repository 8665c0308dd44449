/* allocation.test.ts: functional cases of the MPS's suite on allocation points, ramps and pools that go: 12, 45, 5, 14, 118, 117, 15, 17, 124, 127 to 129. */
import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { WindowHIGH } from '../../../code/machine/machine.ts';
import { RankAMBIG, ResOK, type AmcPool } from '../../../code/mps/mps.ts';
import { Lab } from '../lab.ts';

const APS = 100;
const CELLS = 100;
const ITERATIONS = 50;

for (const platform of ['an', 'ix'] as const) {
  describe(`on ${platform}`, () => {
    test('cases 12, 45: a hundred allocation points, each at some point of making an object, and the world is collected <design/buffer#.inv.trip> <design/amc#.req.graph>', () => {
      const lab = new Lab({ platform, memory: '16MiB', statics: '64KiB', pause: '0', nursery: '256KiB' }), { arena, pool, t, system } = lab, draw = random(12), cells = t.local(), part = t.local();
      system.statics(t, cells, CELLS * 16);
      const shadow: (number | null)[] = Array.from({ length: CELLS }, () => null);
      const makers = Array.from({ length: APS }, () => ({ ap: pool.allocationPoint(t), slot: t.local(), state: 0, cell: 0, mark: 0, ref: 0 }));
      let failed = 0, made = 0, inside = 0;
      for (let n = 0; n < APS * ITERATIONS; ++n) {
        const maker = makers[draw(APS)], { ap, slot } = maker;
        switch (maker.state) {
          case 0:
            expect(ap.reserve(slot, 64)).toBe(ResOK);
            Object.assign(maker, { cell: draw(CELLS), mark: n, ref: draw(CELLS) });
            break;
          case 1:
            for (let word = 0; word < 64; word += 4) t.store32(slot, word, maker.mark);
            if (shadow[maker.ref] !== null) {
              t.loadCap(part, cells, maker.ref * 16);
              t.storeCap(slot, 16, part);
            }
            break;
          default:
            if (ap.commit(slot)) {
              t.storeCap(cells, maker.cell * 16, slot);
              shadow[maker.cell] = maker.mark;
              made += 1;
            } else failed += 1;
            t.clear(slot);
        }
        maker.state = (maker.state + 1) % 3;
        if (n % 1000 !== 500) continue;
        inside += makers.filter(({ state }) => state > 0).length;
        arena.collect();
        for (const [cell, mark] of shadow.entries()) {
          if (mark === null) continue;
          t.loadCap(part, cells, cell * 16);
          expect([t.load32(part, 0), t.load32(part, 60)]).toEqual([mark, mark]);
        }
        t.clear(part);
        arena.check();
      }
      expect([failed > 50, made > 1000, inside > 200], 'weak run').toEqual([true, true, true]);
    });

    test('cases 5, 118: a block that is reserved stays where it is, written in full or not, also if an ambiguous word is its address <design/amc#.inv.buffered>', () => {
      for (const isFull of [true, false]) {
        const lab = new Lab({ platform }), { arena, t, system, ap } = lab, [area, slot, old] = [t.local(), t.local(), lab.object(32, 3)];
        system.statics(t, area, 64, RankAMBIG);
        expect(ap.reserve(slot, 96)).toBe(ResOK);
        for (let word = 0; isFull && word < 96; word += 4) t.store32(slot, word, 8);
        for (const [word, value] of [(lab.low(slot) + 48) | 0, WindowHIGH, lab.low(slot) | 0, WindowHIGH].entries()) t.store32(area, word * 4, value);
        const at = lab.low(slot), was = lab.low(old);
        arena.collect();
        expect([lab.low(slot), lab.low(old) === was, lab.objects().size]).toEqual([at, false, 1]);
        expect(ap.commit(slot)).toBe(false);
        lab.make(slot, 96, 9);
        arena.collect();
        expect([t.load32(slot, 92), lab.objects().size]).toEqual([9, 2]);
        arena.check();
      }
    });

    test('case 117: what dies in a segment with a buffer is collected <design/amc#.whiten> <design/amc#.req.garbage>', () => {
      const lab = new Lab({ platform, memory: '4MiB', nursery: '1MiB' }), { arena } = lab;
      for (let round = 0; round < 200; ++round) {
        lab.litter(16 * 1024);
        arena.collect();
        expect(lab.objects().size).toBe(0);
      }
      expect(arena.counts.bytesReclaimed).toBeGreaterThan(200 * 15 * 1024);
      expect(arena.grains.committed - arena.grains.spare).toBeLessThanOrEqual(128 * 1024);
    });

    test('cases 15, 17: pools go in the middle of a collection, and the others have what they had <design/pool#.inv.empty> <design/amc#.req.graph>', () => {
      const lab = new Lab({ platform, memory: '8MiB', pause: '0', nursery: '64KiB' }), { arena, t } = lab, draw = random(15);
      let pools: { pool: AmcPool; slot: number; mark: number }[] = [], gone = 0;
      const free: number[] = Array.from({ length: 12 }, () => t.local());
      for (let n = 0; n < 400; ++n) {
        const slot = free.pop();
        if (slot !== undefined) {
          const pool = arena.pool('amc', {}), ap = pool.allocationPoint(t);
          for (let k = 0; k < 20; ++k) {
            do {
              expect(ap.reserve(slot, 48 + 16 * draw(40))).toBe(ResOK);
              t.store32(slot, 0, n);
              if (pools.length > 0) t.storeCap(slot, 16, pools[draw(pools.length)].slot);
            } while (!ap.commit(slot));
          }
          pools.push({ pool, slot, mark: n });
        }
        arena.enter();
        if (!arena.trace.isBusy) arena.trace.start(arena.allGenerations(), { why: 'client', what: 'collect' });
        arena.leave();
        if (draw(3) > 0) continue;
        // What refers to it goes too: there are to be no references to what is no more.
        for (const one of pools) {
          t.clear(one.slot);
          arena.poolFinish(one.pool);
          free.push(one.slot);
          gone += 1;
        }
        pools = [];
        arena.check();
      }
      for (const { slot, mark } of pools) expect(t.load32(slot, 0)).toBe(mark);
      expect(gone, 'weak run').toBeGreaterThan(100);
      arena.collect();
      arena.check();
    });

    for (const memory of ['2MiB', '4MiB', '16MiB']) {
      test(`cases 124, 127 to 129: ramps of either kind, on and off, in ${memory} <design/amc#.ramp> <design/buffer#.pattern>`, () => {
        const lab = new Lab({ platform, memory, pause: '0', nursery: '32KiB' }), { arena, pool, t, ap } = lab, draw = random(124), [tree, node, kept] = [t.local(), t.local(), lab.object(32, 5)];
        let ramps = 0;
        for (let n = 0; n < 12_000; ++n) {
          if (n % 600 === 0) {
            if (n % 1200 === 0) ap.patternBegin(n % 2400 === 0 ? 'ramp' : 'ramp collect all');
            else {
              // What the ramp has built dies at its end.
              for (let left = n - 1, at = t.enter(1); left >= n - 600; --left) {
                if (left === n - 1) t.move(at, tree);
                expect(t.load32(at, 0)).toBe(left);
                t.loadCap(at, at, 16);
                if (left === n - 600) t.leave(at);
              }
              expect(ap.patternEnd()).toBe(ResOK);
              t.clear(tree);
              ramps += 1;
            }
          }
          lab.make(node, 64 + 16 * draw(10), n, tree);
          t.move(tree, node);
          if (n % 1200 >= 600) t.clear(tree);
        }
        ap.patternReset();
        for (const slot of [tree, node]) t.clear(slot);
        for (let n = 0; n < 3; ++n) arena.collect();
        expect([lab.objects().size, t.load32(kept, 0), ramps]).toEqual([1, 5, 10]);
        expect(arena.counts.collections, 'weak run').toBeGreaterThan(15);
        expect(pool.generations.every((one) => one.oldDeferredSize + one.newDeferredSize === 0)).toBe(true);
        arena.check();
      });
    }
  });
}
