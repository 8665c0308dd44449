/* mfs.test.ts: POOLS OF BLOCKS OF ONE SIZE */
import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { addrOf, lengthOf } from '../../../code/machine/machine.ts';
import { boot, ResCOMMITLIMIT, ResOK } from '../../../code/mps/mps.ts';
import { seeds } from '../../seed.ts';
import { Blocks } from './blocks.ts';

function bed(platform: 'an' | 'ix' = 'an', memory: string = '4MiB') {
  const system = boot({ memory, platform, threads: 2 }), t = system.hart('t');
  return { system, arena: system.arena, t };
}

describe('units', () => {
  for (const platform of ['an', 'ix'] as const) for (const [unitSize, extendBy] of [[1, 4096], [24, 65_536], [5000, 5000], [20_000, 65_536]]) {
    test(`of ${unitSize} bytes are the client's alone, exactly as long as they should be, and accounted for, on ${platform} <design/manual#.inv.exact> <design/manual#.inv.sizes> <design/mfs#.list>`, () => {
      for (const seed of seeds(2)) {
        const { system, arena, t } = bed(platform), pool = arena.pool('mfs', { unitSize, extendBy });
        const blocks = new Blocks(t, pool, 300), rnd = random(seed), most = Math.min(300, Math.floor(2_000_000 / unitSize));
        for (let n = 0; n < 2000; ++n) {
          if (blocks.live.length < most && rnd(100) < 55) expect(blocks.make(unitSize)).toBe(true);
          else if (blocks.live.length > 0) blocks.drop(rnd(blocks.live.length));
          if (n % 50 === 0) blocks.sizes();
          if (n % 250 === 0) blocks.check();
        }
        expect(blocks.live.length, 'weak run').toBeGreaterThan(30);
        const total = pool.totalSize;
        blocks.dropAll();
        blocks.sizes();
        expect(pool.totalSize, 'nothing is given back').toBe(total);
        arena.check();
        system.finish();
        expect([arena.grains.committed, arena.ledger.used]).toEqual([0, 0]);
      }
    });
  }

  test('that were freed are used again, the last one first, before fresh ones <design/mfs#.list>', () => {
    const { arena, t } = bed(), pool = arena.pool('mfs', { unitSize: 32 }), slots = t.enter(6);
    for (let i = 0; i < 4; ++i) expect(pool.alloc(t, slots + i, 32)).toBe(ResOK);
    const addr = [0, 1, 2, 3].map((i) => addrOf(t, slots + i));
    for (const i of [2, 0]) pool.free(t, slots + i, 32);
    for (const i of [4, 5]) expect(pool.alloc(t, slots + i, 32)).toBe(ResOK);
    expect([4, 5].map((i) => addrOf(t, slots + i))).toEqual([addr[0], addr[2]]);
  });

  test('that bounds cannot be exact for are a bit longer <design/manual#.inv.exact>', () => {
    const { arena, t } = bed(), pool = arena.pool('mfs', { unitSize: 20_001 }), slot = t.local();
    expect(pool.alloc(t, slot, 20_001)).toBe(ResOK);
    expect(lengthOf(t, slot)).toBe(20_032);
    expect(pool.totalSize - pool.freeSize).toBe(20_032);
  });

  test('run out with a result code, and the pool goes on <design/manual#.fail>', () => {
    const { arena, t } = bed('an', '64KiB'), pool = arena.pool('mfs', { unitSize: 4096, extendBy: 16_384 }), slots = t.enter(20);
    let made = 0;
    while (pool.alloc(t, slots + made, 4096) === ResOK) made += 1;
    expect(made).toBeGreaterThan(10);
    expect(pool.alloc(t, slots + made, 4096)).toBe(ResCOMMITLIMIT);
    pool.free(t, slots, 4096);
    expect(pool.alloc(t, slots, 4096)).toBe(ResOK);
  });
});

describe('a rule is broken:', () => {
  test('the size is not the unit\'s, or there is none <design/mfs#.if.unit>', () => {
    const { arena, t } = bed(), pool = arena.pool('mfs', { unitSize: 32 }), slot = t.local();
    expect(() => arena.pool('mfs')).toThrow('<design/mfs#.if.unit>');
    expect(() => pool.alloc(t, slot, 16)).toThrow('<design/mfs#.if.unit>');
    expect(pool.alloc(t, slot, 32)).toBe(ResOK);
    expect(() => { pool.free(t, slot, 31); }).toThrow('<design/mfs#.if.unit>');
  });

  test('a unit is larger than what is taken at a time, or nothing <design/mfs#.if.extend> <design/manual#.if.size>', () => {
    const { arena } = bed();
    expect(() => arena.pool('mfs', { unitSize: 8192, extendBy: 4096 })).toThrow('<design/mfs#.if.extend>');
    expect(() => arena.pool('mfs', { unitSize: 0 })).toThrow('<design/manual#.if.size>');
  });

  test('a unit is freed twice, or has never been allocated <design/manual#.if.free>', () => {
    const { arena, t } = bed(), pool = arena.pool('mfs', { unitSize: 32 }), slot = t.local();
    expect(pool.alloc(t, slot, 32)).toBe(ResOK);
    pool.free(t, slot, 32);
    expect(() => { pool.free(t, slot, 32); }).toThrow('<design/manual#.if.free>');
  });

  test('somebody has written to a unit that is free <design/mfs#.inv.link>', () => {
    const { arena, t } = bed(), pool = arena.pool('mfs', { unitSize: 32 }), slot = t.local();
    expect(pool.alloc(t, slot, 32)).toBe(ResOK);
    pool.free(t, slot, 32);
    t.store32(slot, 0, 0x1234_5670);
    expect(() => pool.alloc(t, slot, 32)).toThrow('<design/mfs#.inv.link>');
  });
});
