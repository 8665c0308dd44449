/* mvt.test.ts: TEMPORAL FIT POOLS */
import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { addrOf, lengthOf, setAddress, setBounds, type Hart } from '../../../code/machine/machine.ts';
import { boot, ResOK, type AllocationPoint, type Arena, type ManualPool, type MvtOptions, type MvtPool, type System } from '../../../code/mps/mps.ts';
import { seeds } from '../../seed.ts';
import { pointed } from '../programs/stress.ts';
import { Blocks } from './blocks.ts';
import { MvtModel, type Range } from './mvt-model.ts';

const WINDOW = 2 ** 38;

interface Bed {
  readonly system: System;
  readonly arena: Arena;
  readonly t: Hart;
  readonly pool: MvtPool;
  readonly ap: AllocationPoint;
}

function bed(options: MvtOptions = {}, platform: 'an' | 'ix' = 'an'): Bed {
  const system = boot({ memory: '8MiB', platform, threads: 2, statics: '16KiB' }), t = system.hart('t');
  const pool = system.arena.pool('mvt', options);
  return { system, arena: system.arena, t, pool, ap: pool.allocationPoint(t) };
}

/** end -- everything can be given back. */
function end({ arena, ap, pool }: Bed): void {
  ap.finish();
  expect(pool.freeSize).toBe(pool.totalSize);
  arena.check();
  arena.finish();
  expect([arena.grains.committed, arena.ledger.used]).toEqual([0, 0]);
}

/** make -- a block in a slot: its low address. */
function make({ ap, t }: Bed, slot: number, size: number): number {
  expect(ap.reserve(slot, size)).toBe(ResOK);
  expect(ap.commit(slot)).toBe(true);
  return addrOf(t, slot) - WINDOW;
}

const kinds: readonly (readonly [string, MvtOptions, number])[] = [
  ['as it is', {}, 500],
  ['a shallow queue', { maxSize: 4096, reserveDepth: 1, fragLimit: 0.9 }, 900],
  ['a deep queue', { maxSize: 4096, meanSize: 300, reserveDepth: 400, minSize: 128 }, 900],
  ['greedy', { maxSize: 4096, fragLimit: 0.05 }, 900],
];

describe('blocks', () => {
  for (const platform of ['an', 'ix'] as const) for (const [name, options, most] of kinds) for (const seed of seeds(2)) {
    test(`go where a list of ranges says, on ${platform}, ${name}, seed ${seed} <design/mvt#.fill> <design/mvt#.queue> <design/mvt#.splinter> <design/mvt#.return>`, () => {
      const own = bed(options, platform), { arena, pool, ap, t } = own, rnd = random(seed), { minSize, reuseSize, fragLimit } = pool;
      const model = new MvtModel({ minSize, reuseSize, fragLimit, depth: pool.queueDepth }), first = t.enter(600);
      const live: (readonly [slot: number, base: number, size: number])[] = [], slots = Array.from({ length: 600 }, (_, i) => first + i);
      for (let n = 0; n < 6000; ++n) {
        // In waves, that die young or in order or at random.
        const isGrowing = n % 1200 < 700;
        if (live.length < 600 && rnd(100) < (isGrowing ? 62 : 30)) {
          const slot = slots.pop() as number, size = 16 * (1 + rnd(rnd(60) === 0 ? 1000 : most / 16));
          const base = make(own, slot, size), at = lengthOf(t, slot);
          const extended = (): Range => {
            const { base: from, limit } = arena.heap.segOf(base | 0) ?? expect.fail('no segment');
            expect(model.segs.some(([one]) => one === from), 'a new segment').toBe(false);
            return [from, limit];
          };
          expect(base, `step ${n}`).toBe(model.reserve(at, extended));
          live.push([slot, base, at]);
        } else if (live.length > 0) {
          const from = n % 3000 < 1500 ? 0 : rnd(live.length), [[slot, base, size]] = live.splice(from, 1);
          pool.free(t, slot, size);
          model.put([base, base + size]);
          slots.push(slot);
        }
        expect([pool.totalSize, pool.freeSize], `step ${n}`).toEqual([model.total, model.available + model.splinter[1] - model.splinter[0]]);
        if (n % 100 === 0) pool.check();
        if (n % 100 === 0) expect(ap.limit - ap.scanLimit).toBe(model.buffer[1] - model.buffer[0]);
      }
      const { seen } = model;
      for (const what of ['buffer', 'splinter', 'segment', 'oversize', 'queue', 'returned']) expect(seen[what], `weak run: ${what}`).toBeGreaterThan(3);
      if (name === 'a shallow queue') expect(Math.min(seen.overflow, seen.refill), 'weak run').toBeGreaterThan(3);
      if (name === 'greedy') expect(seen.contingency, 'weak run').toBeGreaterThan(20);
      for (const [slot, , size] of live) pool.free(t, slot, size);
      end(own);
    });

    test(`are the client's alone, and accounted for, from two points, on ${platform}, ${name}, seed ${seed} <design/manual#.inv.exact> <design/manual#.inv.sizes> <design/manual#.inv.tags> <design/mvt#.inv.apart>`, () => {
      const own = bed({ ...options, alignment: 16 * seed }, platform), { pool, ap, t } = own, rnd = random(seed), other = pool.allocationPoint(t);
      const both = [pointed(pool, ap), pointed(pool, other)];
      const giver = { ...both[0], alloc: (hart: Hart, slot: number, size: number): number => both[rnd(2)].alloc(hart, slot, size) };
      const blocks = new Blocks(t, pool, 400, giver), held = (): number => ap.limit - ap.scanLimit + other.limit - other.scanLimit;
      for (let n = 0; n < 3000; ++n) {
        if (blocks.live.length < 400 && rnd(100) < 52) blocks.make(1 + rnd(rnd(50) === 0 ? 70_000 : most));
        else if (blocks.live.length > 0) blocks.drop(rnd(blocks.live.length));
        if (n % 50 === 0) blocks.sizes(held());
        if (n % 250 === 0) blocks.check();
      }
      expect(blocks.tagged, 'weak run').toBeGreaterThan(100);
      blocks.dropAll();
      other.finish();
      end(own);
    });
  }

  test('of one wave lie beside each other, and their room is used again in the order in which it was freed <design/mvt#.queue>', () => {
    const own = bed({ maxSize: 4096, reserveDepth: 1000 }), { pool, t } = own, slots = t.enter(40), places: number[] = [];
    for (let i = 0; i < 40; ++i) places.push(make(own, slots + i, 2048));
    for (let i = 1; i < 4; ++i) expect(places[i]).toBe(places[0] + 2048 * i);
    // Segments of four blocks: the sixth is freed first, then the second, then the eighth.
    for (const seg of [5, 1, 7]) for (let i = 0; i < 4; ++i) pool.free(t, slots + 4 * seg + i, 2048);
    for (const seg of [5, 1, 7]) for (let i = 0; i < 4; ++i) expect(make(own, slots + 4 * seg + i, 2048)).toBe(places[4 * seg + i]);
    for (let i = 0; i < 40; ++i) pool.free(t, slots + i, 2048);
    end(own);
  });

  test('that are oversize have a segment, which goes back with them; large ones are where their bounds are exact <design/mvt#.oversize> <design/manual#.inv.exact>', () => {
    const own = bed({ maxSize: 65_536 }), { arena, pool, t } = own, slots = t.enter(8);
    make(own, slots, 100_000);
    expect(pool.totalSize).toBe(arena.grainsRound(lengthOf(t, slots)));
    const before = pool.totalSize;
    make(own, slots + 1, 200_000);
    pool.free(t, slots + 1, 200_000);
    expect(pool.totalSize).toBe(before);
    // Within a segment, and not oversize: from 16 KiB on each is placed on its own.
    make(own, slots + 2, 4112);
    for (let i = 3; i < 8; ++i) {
      make(own, slots + i, 40_000);
      expect(lengthOf(t, slots + i)).toBe(40_000);
    }
    pool.check();
    pool.free(t, slots, 100_000);
    pool.free(t, slots + 2, 4112);
    for (let i = 3; i < 8; ++i) pool.free(t, slots + i, 40_000);
    end(own);
  });

  test('can be freed in parts, oversize ones too, and all of it is used again <design/mvt#.part> <design/mvt#.departs.part>', () => {
    const own = bed({ maxSize: 4096, fragLimit: 0.01 }), { pool, t } = own, slots = t.enter(3);
    const base = make(own, slots, 65_536), total = pool.totalSize;
    setAddress(t, slots + 1, slots, base + WINDOW + 8192);
    setBounds(t, slots + 1, slots + 1, 8192);
    pool.free(t, slots + 1, 8192);
    expect([pool.totalSize, pool.freeSize]).toEqual([total, total - 65_536 + 8192]);
    expect(make(own, slots + 2, 4096)).toBe(base + 8192);
    expect(pool.totalSize).toBe(total);
    pool.free(t, slots + 2, 4096);
    pool.free(t, slots, 8192);
    setAddress(t, slots + 1, slots, base + WINDOW + 16_384);
    setBounds(t, slots + 1, slots + 1, 49_152);
    pool.free(t, slots + 1, 49_152);
    expect(pool.totalSize).toBe(total);
    // What the point has left holds the segment, until it fills something else and leaves something better.
    make(own, slots + 1, 3072);
    make(own, slots + 2, 2048);
    pool.free(t, slots + 1, 3072);
    expect([pool.totalSize, pool.freeSize + own.ap.limit - own.ap.scanLimit]).toEqual([total, total - 2048]);
    pool.free(t, slots + 2, 2048);
    end(own);
  });

  test('find a place where nothing more is to be had of the arena <design/mvt#.last>', () => {
    const own = bed({ maxSize: 4096, fragLimit: 1 }), { arena, pool, t } = own, slots = t.enter(4000);
    const places: number[] = [];
    while (places.length < 4000 && own.ap.reserve(slots + places.length, 2048) === ResOK) {
      expect(own.ap.commit(slots + places.length)).toBe(true);
      places.push(addrOf(t, slots + places.length) - WINDOW);
    }
    expect(places.length, 'weak run').toBeGreaterThan(500);
    for (const i of [101, 57]) pool.free(t, slots + i, 2048);
    const total = pool.totalSize;
    expect([make(own, slots + 57, 1024), make(own, slots + 101, 1500)]).toEqual([places[57], places[101]]);
    expect([pool.totalSize, arena.counts.collections]).toEqual([total, 0]);
    expect(own.ap.reserve(slots + 3999, 4000)).not.toBe(ResOK);
  });
});

describe('a rule', () => {
  const rules: readonly (readonly [string, string, MvtOptions])[] = [
    ['no least size', '<design/mvt#.if.sizes>', { minSize: 0 }],
    ['a least size above the mean', '<design/mvt#.if.sizes>', { minSize: 64 }],
    ['a mean size above the largest', '<design/mvt#.if.sizes>', { meanSize: 10_000 }],
    ['no reserve', '<design/mvt#.if.depth>', { reserveDepth: 0 }],
    ['part of a reserve', '<design/mvt#.if.depth>', { reserveDepth: 1.5 }],
    ['a limit of nothing', '<design/mvt#.if.frag>', { fragLimit: 0 }],
    ['a limit in per cent', '<design/mvt#.if.frag>', { fragLimit: 30 }],
    ['an alignment of three', '<design/pool#.if.alignment>', { alignment: 3 }],
  ];
  for (const [name, tag, options] of rules) test(`is kept: ${name} ${tag}`, () => { expect(() => bed(options)).toThrow(tag); });

  test('is kept: alloc, which allocation points are for <design/pool#.if.alloc>', () => {
    const { pool, t } = bed();
    expect(() => (pool as ManualPool).alloc(t, t.local(), 16)).toThrow('<design/pool#.if.alloc>');
    expect(() => pool.blockAlloc()).toThrow('<design/pool#.if.alloc>');
  });

  test('is kept: what is free is not freed again, be it in the land, in a splinter or in a buffer <design/manual#.if.free>', () => {
    const own = bed({ maxSize: 4096 }), { pool, t, ap } = own, slots = t.enter(4);
    for (let i = 0; i < 3; ++i) make(own, slots + i, 2048);
    pool.free(t, slots + 1, 2048);
    expect(() => { pool.free(t, slots + 1, 2048); }).toThrow('<design/manual#.if.free>');
    const filled = bed({ maxSize: 4096 });
    make(filled, slots, 2048);
    // A buffer takes the whole range again, and gives out its beginning only.
    const low = make(filled, slots + 1, 2048);
    for (let i = 0; i < 2; ++i) make(filled, slots + 2 + i, 2048);
    for (let i = 0; i < 4; ++i) filled.pool.free(filled.t, slots + i, 2048);
    expect(make(filled, slots, 2048)).toBe(low - 2048);
    expect(() => { filled.pool.free(filled.t, slots + 1, 2048); }).toThrow('<design/manual#.if.free>');
    const left = bed({ maxSize: 4096 });
    for (let i = 0; i < 4; ++i) make(left, slots + i, 2048);
    for (let i = 0; i < 4; ++i) left.pool.free(left.t, slots + i, 2048);
    make(left, slots, 2048);
    left.ap.finish();
    expect(() => { left.pool.free(left.t, slots + 1, 2048); }).toThrow('<design/manual#.if.free>');
    ap.finish();
  });
});
