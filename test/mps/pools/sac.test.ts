/* sac.test.ts: SEGREGATED ALLOCATION CACHES */
import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { addrOf, lengthOf } from '../../../code/machine/machine.ts';
import { boot, ResCOMMITLIMIT, ResMEMORY, ResOK, sacMake, type ManualPool, type Sac, type SacClass } from '../../../code/mps/mps.ts';
import { seeds } from '../../seed.ts';
import { Blocks } from './blocks.ts';

const classes: readonly SacClass[] = [
  { blockSize: 32, cachedCount: 9, frequency: 1 },
  { blockSize: 64, cachedCount: 0, frequency: 2 },
  { blockSize: 256, cachedCount: 12, frequency: 5 },
  { blockSize: 1600, cachedCount: 2, frequency: 4 },
];

function bed(kind: 'mvff' | 'mvff-debug' = 'mvff', platform: 'an' | 'ix' = 'an') {
  const system = boot({ memory: '4MiB', platform, threads: 2 }), t = system.hart('t'), pool = system.arena.pool(kind, { spare: 1 });
  const sac = (pool: ManualPool, of: readonly SacClass[] = classes): Sac => sacMake(pool, of) as Sac;
  return { system, arena: system.arena, t, pool, sac };
}

const inUse = ({ totalSize, freeSize }: ManualPool): number => totalSize - freeSize;

describe('a cache', () => {
  for (const platform of ['an', 'ix'] as const) for (const kind of ['mvff', 'mvff-debug'] as const) {
    test(`gives blocks that are the client's alone, of what was asked, without tags, before ${kind} on ${platform} <design/sac#.inv.exact> <design/sac#.inv.tags>`, () => {
      for (const seed of seeds(2)) {
        const { system, arena, t, pool, sac: make } = bed(kind, platform), sac = make(pool), rnd = random(seed);
        const blocks = new Blocks(t, pool, 300, sac);
        for (let n = 0; n < 4000; ++n) {
          if (blocks.live.length < 300 && rnd(100) < 52) blocks.make(1 + rnd([32, 70, 260, 2000][rnd(4)]));
          else if (blocks.live.length > 0) blocks.drop(rnd(blocks.live.length));
          if (n % 500 === 0) blocks.check();
          if (n % 1000 === 999) {
            sac.flush();
            expect(sac.size).toBe(0);
          }
        }
        expect(blocks.live.length, 'weak run').toBeGreaterThan(30);
        blocks.dropAll();
        sac.finish();
        expect(pool.freeSize).toBe(pool.totalSize);
        arena.check();
        system.finish();
        expect([arena.grains.committed, arena.ledger.used]).toEqual([0, 0]);
      }
    });
  }

  test('fetches a third of what it may keep, and one for the client <design/sac#.refill>', () => {
    const { t, pool, sac: make } = bed(), sac = make(pool), slot = t.local();
    expect(sac.alloc(t, slot, 200)).toBe(ResOK);
    expect([sac.size, inUse(pool)]).toEqual([4 * 256, 5 * 256]);
    expect(lengthOf(t, slot)).toBe(208);
    for (let n = 0; n < 4; ++n) {
      expect(sac.alloc(t, slot, 190)).toBe(ResOK);
      expect(lengthOf(t, slot)).toBe(192);
    }
    expect([sac.size, inUse(pool)]).toEqual([0, 5 * 256]);
  });

  test('that is full gives two thirds back, and keeps what is freed <design/sac#.empty>', () => {
    const { t, pool, sac: make } = bed(), sac = make(pool), slots = t.enter(20);
    for (let i = 0; i < 20; ++i) expect(sac.alloc(t, slots + i, 256)).toBe(ResOK);
    expect(sac.size).toBe(0);
    for (let i = 0; i < 12; ++i) sac.free(t, slots + i, 256);
    expect([sac.size, inUse(pool)]).toEqual([12 * 256, 20 * 256]);
    sac.free(t, slots + 12, 256);
    expect([sac.size, inUse(pool)]).toEqual([5 * 256, 12 * 256]);
  });

  test('gives back at once what a class does not keep, and takes what is larger than all classes from the pool <design/sac#.uncached>', () => {
    const { t, pool, sac: make } = bed(), sac = make(pool), slot = t.local();
    for (const [asked, size] of [[40, 64], [1601, 1616], [10_000, 10_000]]) {
      expect(sac.alloc(t, slot, asked)).toBe(ResOK);
      expect([sac.size, inUse(pool)]).toEqual([0, size]);
      sac.free(t, slot, asked);
      expect([sac.size, inUse(pool)]).toEqual([0, 0]);
    }
  });

  test('takes what another of the same classes has given <design/sac#.other>', () => {
    const { t, pool, sac: make } = bed(), [one, other] = [make(pool), make(pool)], slot = t.local();
    expect(one.alloc(t, slot, 20)).toBe(ResOK);
    other.free(t, slot, 20);
    expect(other.size).toBe(32);
    const base = addrOf(t, slot);
    expect(other.alloc(t, slot, 32)).toBe(ResOK);
    expect(addrOf(t, slot)).toBe(base);
  });

  test('serves a pool of one size <design/sac#.inv.exact>', () => {
    const { system, arena, t, sac: make } = bed(), pool = arena.pool('mfs', { unitSize: 64 });
    const sac = make(pool, [{ blockSize: 64, cachedCount: 6, frequency: 1 }]), slots = t.enter(10);
    for (let n = 0; n < 40; ++n) {
      for (let i = 0; i < 10; ++i) expect(sac.alloc(t, slots + i, 1 + 7 * i)).toBe(ResOK);
      for (let i = 0; i < 10; ++i) sac.free(t, slots + i, 1 + 7 * i);
    }
    sac.finish();
    expect(inUse(pool)).toBe(0);
    system.finish();
  });

  test('enters nothing while it has what is asked, or room for what is freed <design/sac#.fast>', () => {
    const { arena, t, pool, sac: make } = bed(), sac = make(pool), slot = t.local();
    expect(sac.alloc(t, slot, 256)).toBe(ResOK);
    arena.enter();
    sac.free(t, slot, 256);
    for (let n = 0; n < 5; ++n) expect(sac.alloc(t, slot, 256)).toBe(ResOK);
    arena.leave();
  });

  test('finds the class of each size, wherever frequencies have it begin <design/sac#.middle>', () => {
    for (const frequencies of [[1, 0, 0, 0], [0, 0, 0, 1], [1, 1, 1, 1], [0, 5, 0, 0], [0, 0, 0, 0]]) {
      const { t, pool, sac: make } = bed();
      const sac = make(pool, classes.map((one, i) => ({ ...one, cachedCount: 3, frequency: frequencies[i] }))), slot = t.local();
      for (const [asked, blockSize] of [[1, 32], [32, 32], [33, 64], [64, 64], [65, 256], [256, 256], [257, 1600], [1600, 1600]]) {
        expect(sac.alloc(t, slot, asked)).toBe(ResOK);
        sac.flush();
        expect(inUse(pool)).toBe(blockSize);
        sac.free(t, slot, asked);
        sac.flush();
        expect(inUse(pool)).toBe(0);
      }
    }
  });

  test('is charged for, and refused, or left without a block, when memory runs out <design/sac#.fail>', () => {
    const { arena, pool, t, sac: make } = bed(), { ledger } = arena, used = ledger.used;
    ledger.failAt = ledger.charges + 1;
    expect(sacMake(pool, classes)).toBe(ResMEMORY);
    expect(ledger.used).toBe(used);
    const sac = make(pool), slot = t.local();
    expect(ledger.used).toBeGreaterThan(used);
    ledger.failAt = ledger.charges + 1;
    ledger.failForever = true;
    expect(sac.alloc(t, slot, 20)).toBe(ResMEMORY);
    expect(t.isTagged(slot)).toBe(false);
    ledger.failAt = 0;
    expect(sac.alloc(t, slot, 5_000_000)).toBe(ResCOMMITLIMIT);
    expect(sac.alloc(t, slot, 20)).toBe(ResOK);
  });
});

describe('a rule is broken:', () => {
  const one = classes[0];
  for (const [name, tag, of] of [
    ['no class', '<design/sac#.if.classes>', []],
    ['sizes that do not grow', '<design/sac#.if.sizes>', [one, one]],
    ['a size that is not aligned', '<design/sac#.if.sizes>', [{ ...one, blockSize: 40 }]],
    ['a size that bounds cannot be exact for', '<design/sac#.if.sizes>', [{ ...one, blockSize: 20_016 }]],
    ['a size of 0', '<design/sac#.if.sizes>', [{ ...one, blockSize: 0 }]],
    ['a count below 0', '<design/sac#.if.counts>', [{ ...one, cachedCount: -1 }]],
    ['a frequency below 0', '<design/sac#.if.counts>', [{ ...one, frequency: -1 }]],
  ] as const) {
    test(`${name} ${tag}`, () => {
      const { pool } = bed();
      expect(() => sacMake(pool, of)).toThrow(tag);
    });
  }

  test('a block is freed twice <design/sac#.if.free>', () => {
    const { t, pool, sac: make } = bed(), sac = make(pool), slot = t.local();
    expect(sac.alloc(t, slot, 32)).toBe(ResOK);
    sac.free(t, slot, 32);
    expect(() => { sac.free(t, slot, 32); }).toThrow('<design/sac#.if.free>');
  });

  test('a block of another pool, or no capability <design/manual#.if.pool> <design/manual#.if.capability>', () => {
    const { arena, t, pool, sac: make } = bed(), sac = make(pool), slot = t.local();
    expect(() => { sac.free(t, slot, 32); }).toThrow('<design/manual#.if.capability>');
    expect(arena.pool('mvff').alloc(t, slot, 32)).toBe(ResOK);
    expect(() => { sac.free(t, slot, 32); }).toThrow('<design/manual#.if.pool>');
  });

  test('a size of 0 <design/manual#.if.size>', () => {
    const { t, pool, sac: make } = bed(), sac = make(pool);
    expect(() => sac.alloc(t, t.local(), 0)).toThrow('<design/manual#.if.size>');
  });
});
