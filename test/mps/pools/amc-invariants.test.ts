/* amc-invariants.test.ts: what is most easily got wrong in a mostly-copying collector, each provoked on purpose, on both platforms. */
import { expect, test } from 'vitest';
import { RankAMBIG, StartFORWARDED, StartPAD, type Format, type Seg } from '../../../code/mps/mps.ts';
import { seeds } from '../../seed.ts';
import { Lab } from '../lab.ts';
import { Rig, headed } from '../rig.ts';

const platforms = ['an', 'ix'] as const;

/** flip -- begin a collection of the world, and no more. */
function flip({ arena }: Lab): void {
  arena.enter();
  arena.trace.start(arena.allGenerations(), { why: 'client', what: 'collect' });
  arena.leave();
}

/** chain -- a list in slot `list` of `count` objects of 48 bytes, the last one first: what is scanned refers to what lies before it. */
function chain(lab: Lab, list: number, count: number): void {
  const node = lab.t.enter(1);
  for (let n = 0; n < count; ++n) {
    lab.make(node, 48, n, list);
    lab.t.move(list, node);
  }
  lab.t.leave(node);
}

/** walkChain -- insist that the list is whole. */
function walkChain(lab: Lab, list: number, count: number): void {
  const at = lab.t.enter(1);
  lab.t.move(at, list);
  for (let n = count - 1; n >= 0; --n) {
    expect([lab.t.load32(at, 0), lab.t.load32(at, 44)]).toEqual([n, n]);
    lab.t.loadCap(at, at, 16);
  }
  expect(lab.t.isTagged(at)).toBe(false);
  lab.t.leave(at);
}

const failFrom = (lab: Lab): void => { Object.assign(lab.arena.ledger, { failAt: lab.arena.ledger.charges + 1, failForever: true }); };
const failNoMore = (lab: Lab): void => { Object.assign(lab.arena.ledger, { failAt: 0, failForever: false }); };

for (const platform of platforms) {
  test(`invariant 3: a buffer that is half full when the world is condemned goes on in its segment, accounts in order, ${platform} <design/amc#.whiten> <design/generation#.inv.identity>`, () => {
    const lab = new Lab({ platform, pause: '0' }), { t, arena, ap } = lab, [kept, slot] = [t.local(), t.local()];
    const check = (): void => { for (const generation of arena.allGenerations()) generation.check(); };
    // With nothing before the scan limit there is nothing to condemn.
    expect(ap.reserve(slot, 64)).toBe(0);
    arena.enter();
    expect(arena.trace.start(arena.allGenerations(), { why: 'client', what: 'collect' })).toBe(false);
    arena.leave();
    expect(ap.commit(slot)).toBe(true);
    for (let n = 0; n < 40; ++n) lab.make(kept, 48, n);
    const seg = arena.heap.segOf(lab.low(kept) | 0) as Seg;
    expect(ap.reserve(slot, 64)).toBe(0);
    const limit = ap.scanLimit, at = lab.low(slot);
    flip(lab);
    check();
    expect([ap.seg, ap.base, lab.low(slot)]).toEqual([seg, limit, at]);
    const [{ condemned }] = lab.events('condemn');
    expect(condemned).toBe(limit - seg.base);
    expect(ap.commit(slot)).toBe(false);
    lab.make(slot, 64, 99);
    expect([lab.low(slot), arena.heap.segOf(at | 0)]).toEqual([at, seg]);
    arena.collect();
    check();
    arena.check();
    expect([t.load32(kept, 44), t.load32(slot, 60), lab.objects().size]).toEqual([39, 99, 2]);
    for (const { mortality } of lab.events('reclaim')) expect(mortality >= 0 && mortality <= 1).toBe(true);
  });

  test(`invariant 8: what is copied into a segment that has been scanned is scanned, ${platform} <design/amc#.inv.forward.grey> <design/seg#.departs.buffered>`, () => {
    const rig = new Rig({ barriers: platform === 'ix', pause: '0', nursery: '16KiB', habits: { seed: 3, yields: true, collects: 1, derives: false, sizes: [32, 48, 64, 112] }, mutators: 2 });
    const { arena } = rig, { heap } = arena, told = arena.watcher!, times = new Map<Seg, number>();
    const isGone = (low: number): boolean => heap.starts[(heap.segOf(low) as Seg).granuleOf(low >>> 0)] === StartFORWARDED;
    let again = 0, refs = 0;
    arena.watcher = {
      condemned: () => { times.clear(); },
      scanned: (seg) => {
        again += Number(times.has(seg) && seg.forward !== null && !seg.white);
        times.set(seg, 1);
        seg.pool.eachPart(seg, (g, limit) => {
          for (let at = g; at < limit; ++at) {
            if (heap.tags[at] === 0 || seg.white) continue;
            refs += 1;
            expect(seg.summary & (1 << (heap.i32[at << 2] >>> heap.zoneShift)), 'the zone of a reference').not.toBe(0);
            if (!seg.grey && arena.trace.isFlipped) expect(heap.segOf(heap.i32[at << 2])?.white === true && isGone(heap.i32[at << 2]), 'black refers to what has gone').toBe(false);
          }
        });
      },
      finished: (trace) => { told.finished?.(trace); },
    };
    rig.play(3000);
    expect([again > 10, refs > 1000], 'weak run').toEqual([true, true]);
    rig.end();
  });

  test(`invariant 9: a fix that fails changes nothing, its segment stays grey, and fixing again is no harm, at whichever charge, ${platform} <design/trace#.inv.idempotent> <design/ledger#.req.kth>`, () => {
    let emergencies = 0, looked = 0;
    for (let k = 0, charges = 0; k <= charges; ++k) {
      const lab = new Lab({ platform, pause: '0', memory: '4MiB', pool: { extendBy: 4096 } }), { arena, t } = lab, { heap, trace } = arena, list = t.local();
      chain(lab, list, 500);
      const from = arena.ledger.charges;
      arena.ledger.failAt = k === 0 ? 0 : from + k;
      const real = trace.enterEmergency.bind(trace);
      trace.enterEmergency = () => {
        emergencies += 1;
        // What has not been followed refers to an object that stands, or to where one was that has gone.
        expect(trace.greyRings.some((ring) => !ring.isSingle) || !trace.isFlipped, 'something is grey').toBe(true);
        for (const seg of heap.segs) {
          if (seg === null || seg.white) continue;
          for (let g = seg.granuleBase; g < seg.granuleBase + (seg.scanLimit - seg.base) / 16; ++g) {
            if (heap.tags[g] === 0) continue;
            looked += 1;
            const to = heap.i32[g << 2], target = heap.segOf(to) as Seg, start = heap.starts[target.granuleOf(to >>> 0)];
            expect([target === null, start === 0, start === StartPAD]).toEqual([false, false, false]);
            if (!seg.grey) expect(start === StartFORWARDED, 'black refers to what has gone').toBe(false);
          }
        }
        real();
      };
      arena.collect();
      if (k === 0) charges = arena.ledger.charges - from;
      walkChain(lab, list, 500);
      arena.check();
      failNoMore(lab);
      arena.collect();
      walkChain(lab, list, 500);
      expect(lab.objects().size).toBe(500);
    }
    expect([emergencies > 3, looked > 200], 'weak run').toEqual([true, true]);
  });

  test(`invariant 10: what was pinned before an emergency stays pinned in it, beside what that pins, ${platform} <design/pool#.departs.board> <design/amc#.emergency>`, () => {
    const lab = new Lab({ platform, pause: '0' }), { arena, t, system } = lab, [area, list, pin] = [t.local(), t.local(), t.local()];
    system.statics(t, area, 64, RankAMBIG);
    chain(lab, list, 60);
    lab.make(pin, 48, 77, list);
    t.storeCap(area, 0, pin);
    const at = lab.low(pin), places = [...lab.objects().keys()];
    t.clear(pin);
    failFrom(lab);
    arena.collect();
    expect([arena.counts.emergencies, [...lab.objects().keys()]]).toEqual([1, places]);
    t.loadCap(pin, area, 0);
    expect([lab.low(pin), t.load32(pin, 0)]).toEqual([at, 77]);
    walkChain(lab, list, 60);
    failNoMore(lab);
    t.clear(pin);
    arena.collect();
    t.loadCap(pin, area, 0);
    expect(lab.low(pin)).toBe(at);
    walkChain(lab, list, 60);
    // The next trace, with memory, moves all but that.
    expect([...lab.objects().keys()].filter((low) => places.includes(low))).toEqual([at]);
    arena.check();
  });

  for (const format of [undefined, headed]) {
    test(`invariant 13: without memory a list that runs against the order of addresses is pinned to its end, ${format?.name ?? 'tags'}, ${platform} <design/amc#.inv.nailed.loop> <design/amc#.inv.white.grey>`, () => {
      const scan: Format | undefined = format === undefined ? undefined : { name: 'list', scan: (view, base) => view.fix((base + 16) | 0) };
      const lab = new Lab({ platform, pause: '0', ...(scan === undefined ? {} : { format: scan }) }), { arena, t } = lab, list = t.local();
      chain(lab, list, 700);
      lab.litter(3000);
      const before = lab.low(list), segs = new Set([...lab.objects().keys()].map((low) => arena.heap.segOf(low | 0)));
      expect(segs.size, 'in one segment').toBe(1);
      failFrom(lab);
      arena.collect();
      expect([arena.counts.emergencies, arena.counts.bytesCopied, lab.low(list), lab.objects().size]).toEqual([1, 0, before, 700]);
      walkChain(lab, list, 700);
      failNoMore(lab);
      arena.collect();
      expect([lab.low(list) === before, arena.counts.bytesCopied, lab.objects().size]).toEqual([false, 700 * 48, 700]);
      walkChain(lab, list, 700);
      arena.check();
    });
  }

  for (const seed of seeds(2)) {
    test(`invariants 9, 10, 13: pins, little memory, and charges that fail now and then, ${platform}, seed ${seed} <design/amc#.req.graph> <design/amc#.emergency>`, () => {
      const rig = new Rig({ barriers: platform === 'ix', pause: '0', nursery: '4KiB', memory: '512KiB', rank: RankAMBIG, mutators: 2, pool: (arena) => arena.pool('amc', { extendBy: 4096, interior: seed % 2 === 0 }),
        habits: { seed, yields: true, derives: seed % 2 === 0, collects: 2, sizes: [16, 32, 48, 64, 112, 400, 5000] } });
      for (let n = 0; n < 60; ++n) {
        rig.arena.ledger.failAt = rig.arena.ledger.charges + 1 + (n % 7);
        rig.play(30);
      }
      const { counts } = rig.arena;
      expect([counts.emergencies > 3, counts.bytesCopied > 10_000, counts.bytesPreservedInPlace > 10_000], 'weak run').toEqual([true, true, true]);
      for (const mutator of rig.mutators) mutator.roots.forEach((_, i) => { if (i > 0) mutator.drop(i); });
      rig.end();
    });
  }
}
