/* mvff.test.ts: FIRST FIT POOLS, AND THEIR DEBUGGING */
import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { addrOf, lengthOf, setAddress, setBounds, sealEntry, type Hart } from '../../../code/machine/machine.ts';
import { boot, ResCOMMITLIMIT, ResOK, type Arena, type MvffDebugOptions, type MvffOptions, type System } from '../../../code/mps/mps.ts';
import { Oracle } from '../../../code/observe/observe.ts';
import { seeds } from '../../seed.ts';
import { Lab } from '../lab.ts';
import { Blocks } from './blocks.ts';

const KiB = 1024, WINDOW = 2 ** 38;

interface Bed {
  readonly system: System;
  readonly arena: Arena;
  readonly t: Hart;
}

function bed(platform: 'an' | 'ix' = 'an', memory: number = 4096 * KiB): Bed {
  const system = boot({ memory, platform, threads: 2, statics: '16KiB' }), t = system.hart('t');
  return { system, arena: system.arena, t };
}

/** end -- everything can be given back. */
function end({ arena }: System): void {
    arena.check();
  arena.finish();
  expect([arena.grains.committed, arena.ledger.used]).toEqual([0, 0]);
}

const kinds: readonly (readonly [string, MvffOptions])[] = [
  ['as it is', {}],
  ['last fit, high', { firstFit: false, slotHigh: true, arenaHigh: true }],
  ['coarse, in small pieces', { alignment: 256, extendBy: 4096, meanSize: 300 }],
  ['keeping nothing', { spare: 0, slotHigh: true }],
  ['keeping all', { spare: 1, firstFit: false }],
];

describe('blocks', () => {
  for (const platform of ['an', 'ix'] as const) for (const [name, options] of kinds) for (const debug of [false, true]) {
    test(`are the client's alone, exactly as long as they should be, and accounted for, on ${platform}, ${name}${debug ? ', debugging' : ''} <design/manual#.inv.exact> <design/manual#.inv.sizes> <design/manual#.inv.tags>`, () => {
      for (const seed of seeds(2)) {
        const { system, arena, t } = bed(platform), pool = arena.pool(debug ? 'mvff-debug' : 'mvff', options);
        const blocks = new Blocks(t, pool, 400), rnd = random(seed);
        for (let n = 0; n < 2500; ++n) {
          if (blocks.live.length < 400 && rnd(100) < 52) blocks.make(1 + rnd([40, 400, 6000, 70_000][rnd(40) === 0 ? 3 : rnd(3)]));
          else if (blocks.live.length > 0) blocks.drop(rnd(blocks.live.length));
          if (!debug && n % 50 === 0) blocks.sizes();
          if (n % 250 === 0) {
            blocks.check();
            pool.checkFenceposts();
            pool.checkFreeSpace();
          }
        }
        expect(blocks.live.length, 'weak run').toBeGreaterThan(50);
        expect(blocks.tagged, 'weak run').toBeGreaterThan(100);
        blocks.dropAll();
        if (!debug) blocks.sizes();
        end(system);
      }
    });
  }

  test('go to the low end of the lowest range that has room, or as the pool was told <design/mvff#.fit>', () => {
    // Six blocks of 64 bytes are made, the second, fourth and fifth are freed: where one of 32 goes, as of which block, how far.
    const where = (options: MvffOptions, from: number): number => {
      const { arena, t } = bed(), pool = arena.pool('mvff', options), slots = t.enter(7);
      for (let i = 0; i < 6; ++i) expect(pool.alloc(t, slots + i, 64)).toBe(ResOK);
      for (const i of [1, 3, 4]) pool.free(t, slots + i, 64);
      expect(pool.alloc(t, slots + 6, 32)).toBe(ResOK);
      return addrOf(t, slots + 6) - addrOf(t, slots + from);
    };
    expect(where({}, 1)).toBe(0);
    expect(where({ slotHigh: true }, 5)).toBe(-32);
    expect(where({ firstFit: false }, 5)).toBe(64);
    expect(where({ firstFit: false, slotHigh: true }, 1)).toBe(32);
  });

  test('come from the low end of the arena, or its high one <design/mvff#.fit>', () => {
    const { arena, t } = bed(), slots = t.enter(4);
    for (let i = 0; i < 2; ++i) {
      expect(arena.pool('mvff').alloc(t, slots + i, 65_536)).toBe(ResOK);
      expect(arena.pool('mvff', { arenaHigh: true }).alloc(t, slots + 2 + i, 65_536)).toBe(ResOK);
    }
    const [low, higher, high, lower] = [0, 1, 2, 3].map((i) => addrOf(t, slots + i));
    expect(low < higher && higher < lower && lower < high).toBe(true);
  });

  test('larger than what is taken at a time get as much as they need <design/mvff#.extend>', () => {
    const { arena, t } = bed(), pool = arena.pool('mvff', { extendBy: 8192 }), slot = t.local();
    expect(pool.alloc(t, slot, 100_000)).toBe(ResOK);
    expect(pool.totalSize).toBe(102_400);
    expect(lengthOf(t, slot) % 64 === 0 && lengthOf(t, slot) >= 100_000).toBe(true);
    expect(pool.alloc(t, t.local(), 4096)).toBe(ResOK);
    expect(pool.totalSize).toBe(110_592);
  });

  test('that cannot be had are told so, without a collection; the least that will do is tried <design/manual#.fail> <design/mvff#.extend>', () => {
    const { system, arena, t } = bed('an', 256 * KiB), pool = arena.pool('mvff', { extendBy: 1024 * KiB }), slot = t.local();
    const amc = arena.pool('amc', {}), ap = amc.allocationPoint(t);
    for (let n = 0; n < 100; ++n) {
      expect(ap.reserve(slot, 512)).toBe(ResOK);
      expect(ap.commit(slot)).toBe(true);
    }
    expect(pool.alloc(t, slot, 64 * KiB)).toBe(ResOK);
    expect(pool.totalSize).toBe(64 * KiB);
    const { collections } = arena.counts;
    expect(pool.alloc(t, slot, 400 * KiB)).toBe(ResCOMMITLIMIT);
    expect(t.isTagged(slot)).toBe(false);
    expect(arena.counts.collections).toBe(collections);
    end(system);
  });

  test('drive collections of other pools <design/manual#.poll>', () => {
    const system = boot({ memory: '16MiB', platform: 'an', nursery: '64KiB' }), { arena } = system, t = system.hart('t');
    const ap = arena.pool('amc', {}).allocationPoint(t), pool = arena.pool('mvff', {}), slot = t.local();
    for (let n = 0; n < 300; ++n) {
      ap.reserve(slot, 512);
      ap.commit(slot);
    }
    const { polls } = arena.counts;
    for (let n = 0; n < 500; ++n) {
      expect(pool.alloc(t, slot, 4000)).toBe(ResOK);
      pool.free(t, slot, 4000);
    }
    expect(arena.counts.polls - polls).toBeGreaterThan(10);
  });
});

describe('a part of a block', () => {
  test('can be freed by a capability to it, and be had again <design/mvff#.part>', () => {
    const { system, arena, t } = bed(), pool = arena.pool('mvff', {}), [whole, part, again] = [t.local(), t.local(), t.local()];
    expect(pool.alloc(t, whole, 256)).toBe(ResOK);
    const base = addrOf(t, whole);
    setAddress(t, part, whole, base + 64);
    setBounds(t, part, part, 96);
    pool.free(t, part, 96);
    expect(pool.totalSize - pool.freeSize).toBe(160);
    expect(pool.alloc(t, again, 96)).toBe(ResOK);
    expect(addrOf(t, again)).toBe(base + 64);
    pool.free(t, again, 96);
    pool.free(t, whole, 64);
    setAddress(t, part, whole, base + 160);
    setBounds(t, part, part, 96);
    pool.free(t, part, 96);
    expect(pool.freeSize).toBe(pool.totalSize);
    end(system);
  });
});

describe('memory', () => {
  test('goes back to the arena above the spare share, until half of that is left <design/mvff#.spare>', () => {
    const { arena, t } = bed(), pool = arena.pool('mvff', { extendBy: 4096, spare: 0.5 }), slots = t.enter(64);
    for (let i = 0; i < 64; ++i) expect(pool.alloc(t, slots + i, 4096)).toBe(ResOK);
    for (let i = 0; i < 32; ++i) pool.free(t, slots + i, 4096);
    expect([pool.totalSize, pool.freeSize]).toEqual([64 * 4096, 32 * 4096]);
    pool.free(t, slots + 32, 4096);
    expect(pool.freeSize).toBeLessThanOrEqual(16 * 4096);
    expect(pool.freeSize).toBeGreaterThan(14 * 4096);
    expect(pool.totalSize - pool.freeSize).toBe(31 * 4096);
  });

  test('of different segments is never one range, neighbours or not <design/mvff#.inv.segment>', () => {
    const { arena, t } = bed(), pool = arena.pool('mvff', { extendBy: 4096, spare: 1 }), slots = t.enter(32);
    for (let i = 0; i < 32; ++i) expect(pool.alloc(t, slots + i, 4096)).toBe(ResOK);
    for (let i = 0; i < 32; ++i) pool.free(t, slots + i, 4096);
    const before = pool.totalSize;
    expect(pool.alloc(t, slots, 8192)).toBe(ResOK);
    expect(pool.totalSize).toBe(before + 8192);
    const base = (addrOf(t, slots) - WINDOW) | 0;
    expect(arena.heap.segOf(base)).toBe(arena.heap.segOf(base + 8191));
  });
});

describe('allocation points', () => {
  test('pass by the first range that would do: the largest lasts longest <design/mvff#.fill>', () => {
    const { arena, t } = bed(), pool = arena.pool('mvff'), ap = pool.allocationPoint(t), slots = t.enter(3);
    for (let i = 0; i < 2; ++i) expect(pool.alloc(t, slots + i, 64)).toBe(ResOK);
    pool.free(t, slots, 64);
    expect(ap.reserve(slots + 2, 32)).toBe(ResOK);
    expect(addrOf(t, slots + 2)).toBe(addrOf(t, slots + 1) + 64);
  });

  for (const platform of ['an', 'ix'] as const) {
    test(`get the largest range, two of them in one segment too, and give back what they have not used, on ${platform} <design/mvff#.fill> <design/mvff#.inv.segment>`, () => {
      const { system, arena, t } = bed(platform), pool = arena.pool('mvff', {}), one = pool.allocationPoint(t), other = pool.allocationPoint(t);
      const slots = t.enter(4);
      expect(one.reserve(slots, 20_480)).toBe(ResOK);
      expect(one.commit(slots)).toBe(true);
      expect(other.reserve(slots + 1, 64)).toBe(ResOK);
      expect(other.commit(slots + 1)).toBe(true);
      expect(other.seg).toBe(one.seg);
      expect(pool.totalSize - pool.freeSize).toBe(65_536);
      other.finish();
      one.finish();
      expect(pool.totalSize - pool.freeSize).toBe(20_544);
      pool.free(t, slots, 20_480);
      pool.free(t, slots + 1, 64);
      expect(pool.freeSize).toBe(pool.totalSize);
      end(system);
    });
  }
});

describe('a rule', () => {
  const rules: readonly (readonly [string, string, (bed: Bed) => void])[] = [
    ['size 0', '<design/manual#.if.size>', ({ arena, t }) => arena.pool('mvff').alloc(t, t.local(), 0)],
    ['a size that is no whole number', '<design/manual#.if.size>', ({ arena, t }) => arena.pool('mvff').alloc(t, t.local(), 1.5)],
    ['a size beyond 2 GiB', '<design/manual#.if.size>', ({ arena, t }) => arena.pool('mvff').alloc(t, t.local(), 2 ** 31)],
    ['NULL is freed', '<design/manual#.if.capability>', ({ arena, t }) => { arena.pool('mvff').free(t, t.local(), 16); }],
    ['a spare share above 1', '<design/mvff#.if.spare>', ({ arena }) => arena.pool('mvff', { spare: 1.5 })],
    ['a mean size above what is taken at a time', '<design/mvff#.if.sizes>', ({ arena }) => arena.pool('mvff', { extendBy: 16, meanSize: 32 })],
    ['an alignment beyond the grain', '<design/pool#.if.alignment>', ({ arena }) => arena.pool('mvff', { alignment: 8192 })],
    ['an allocation point of a debugging pool', '<design/pool#.if.buffer>', ({ arena, t }) => arena.pool('mvff-debug').allocationPoint(t)],
    ['an unregistered thread', '<design/buffer#.if.registered>', ({ arena, t }) => {
      arena.threadDeregister(t);
      arena.pool('mvff').allocationPoint(t);
    }],
  ];
  for (const [name, tag, broken] of rules) {
    test(`is broken: ${name} ${tag}`, () => { expect(() => { broken(bed()); }).toThrow(tag); });
  }

  const frees: readonly (readonly [string, string, (bed: Bed, slot: number) => number])[] = [
    ['freed twice', '<design/manual#.if.free>', ({ t, arena }, slot) => {
      [...arena.pools][0].free(t, slot, 64);
      return 64;
    }],
    ['freed in part twice', '<design/manual#.if.free>', ({ t, arena }, slot) => {
      [...arena.pools][0].free(t, slot, 32);
      return 64;
    }],
    ['freed twice, which a buffer has by now', '<design/manual#.if.free>', ({ t, arena }, slot) => {
      const [pool] = arena.pools, other = t.local(), kept = t.local();
      t.move(kept, slot);
      pool.free(t, slot, 64);
      expect(pool.allocationPoint(t).reserve(other, 16)).toBe(ResOK);
      t.move(slot, kept);
      return 64;
    }],
    ['of another pool', '<design/manual#.if.pool>', ({ t, arena }, slot) => {
      arena.pool('mvff').alloc(t, slot, 64);
      return 64;
    }],
    ['outside the arena', '<design/manual#.if.pool>', ({ t, system }, slot) => {
      system.statics(t, slot, 64);
      return 64;
    }],
    ['not aligned', '<design/manual#.if.aligned>', ({ t }, slot) => {
      setAddress(t, slot, slot, addrOf(t, slot) + 4);
      setBounds(t, slot, slot, 32);
      return 16;
    }],
    ['of more bytes than the capability is to', '<design/manual#.if.within>', () => 80],
    ['by a sealed capability', '<design/manual#.if.capability>', ({ t }, slot) => {
      sealEntry(t, slot, slot);
      t.r[(slot << 3) + 3] |= 1;
      return 64;
    }],
  ];
  for (const [name, tag, spoil] of frees) {
    test(`is broken: a block ${name} ${tag}`, () => {
      const it = bed(), pool = it.arena.pool('mvff', { spare: 1 }), slot = it.t.local();
      expect(pool.alloc(it.t, slot, 64)).toBe(ResOK);
      expect(pool.alloc(it.t, it.t.local(), 64)).toBe(ResOK);
      const size = spoil(it, slot);
      expect(() => { pool.free(it.t, slot, size); }).toThrow(tag);
    });
  }

  test('is not broken by an address that has moved: the base of bounds says which block <design/manual#.base>', () => {
    const { arena, t } = bed(), pool = arena.pool('mvff'), slot = t.local();
    expect(pool.alloc(t, slot, 64)).toBe(ResOK);
    setAddress(t, slot, slot, addrOf(t, slot) + 64);
    pool.free(t, slot, 50);
    expect(pool.freeSize).toBe(pool.totalSize);
  });
});

describe('debugging', () => {
  const debugged = (options: MvffDebugOptions = {}) => {
    const it = bed(), pool = it.arena.pool('mvff-debug', { spare: 1, ...options }), slot = it.t.local();
    expect(pool.alloc(it.t, slot, 40)).toBe(ResOK);
    const base = addrOf(it.t, slot) - WINDOW, { heap } = it.arena, physical = base + (heap.segOf(base | 0)?.delta ?? 0);
    const at = (offset: number): number => it.system.memory.u8[physical + offset];
    const poke = (offset: number): void => { it.system.memory.u8[physical + offset] ^= 0x55; };
    return { ...it, pool, slot, at, poke };
  };
  const text = (at: (offset: number) => number, from: number, size: number): string => String.fromCharCode(...Array.from({ length: size }, (_, i) => at(from + i)));

  test('puts posts around blocks, from the last byte that was asked on, and a pattern over what is free <design/fence#.templates>', () => {
    const { at, pool, t, slot } = debugged();
    expect(text(at, -16, 16)).toBe('POSTPOSTPOSTPOST');
    expect(text(at, 40, 24)).toBe('POST'.repeat(6));
    expect(text(at, 64, 16)).toBe('FREE'.repeat(4));
    pool.free(t, slot, 40);
    expect(text(at, -16, 80)).toBe('FREE'.repeat(20));
  });

  test('with templates and sizes of the client <design/fence#.templates>', () => {
    const { at } = debugged({ poolDebugOptions: { fenceTemplate: Uint8Array.of(1, 2, 3, 4), fenceSize: 20, freeTemplate: 'abcdef', freeSize: 2 } });
    expect(Array.from({ length: 32 }, (_, i) => at(i - 32))).toEqual(Array.from({ length: 32 }, (_, i) => 1 + i % 4));
    expect(text(at, 80, 8)).toBe('abababab');
  });

  for (const offset of [-16, -1, 40, 47, 48, 63]) {
    test(`notices a write beside a block, at ${offset}, on request, on free, and at the end <design/fence#.inv.fence>`, () => {
      const asked = debugged(), freed = debugged(), ended = debugged();
      for (const { poke } of [asked, freed, ended]) poke(offset);
      expect(() => { asked.pool.checkFenceposts(); }).toThrow('<design/fence#.inv.fence>');
      expect(() => { freed.pool.free(freed.t, freed.slot, 40); }).toThrow('<design/fence#.inv.fence>');
      expect(() => { ended.arena.poolFinish(ended.pool); }).toThrow('<design/fence#.inv.fence>');
    });
  }

  test('notices a write to what is free: on request, when it is allocated, when it goes back, and at the end <design/fence#.inv.free>', () => {
    const [asked, had, ended] = [debugged(), debugged(), debugged()];
    for (const { poke } of [asked, had, ended]) poke(100);
    expect(() => { asked.pool.checkFreeSpace(); }).toThrow('<design/fence#.inv.free>');
    expect(() => had.pool.alloc(had.t, had.t.local(), 64)).toThrow('<design/fence#.inv.free>');
    expect(() => { ended.arena.poolFinish(ended.pool); }).toThrow('<design/fence#.inv.free>');
    const back = debugged({ spare: 0 });
    back.poke(1000);
    expect(() => { back.pool.free(back.t, back.slot, 40); }).toThrow('<design/fence#.inv.free>');
  });

  test('without posts and patterns notices nothing <design/fence#.templates>', () => {
    const { poke, pool, t, slot } = debugged({ poolDebugOptions: { fenceSize: 0, freeSize: 0 } });
    for (const offset of [-1, 40, 100]) poke(offset);
    pool.checkFenceposts();
    pool.checkFreeSpace();
    pool.free(t, slot, 40);
  });

  test('blocks are freed whole, and once <design/fence#.if.whole> <design/manual#.if.free>', () => {
    const { pool, t, slot } = debugged();
    expect(() => { pool.free(t, slot, 16); }).toThrow('<design/fence#.if.whole>');
    pool.free(t, slot, 40);
    expect(() => { pool.free(t, slot, 40); }).toThrow('<design/manual#.if.free>');
  });

  test('needs a template <design/fence#.if.template>', () => {
    expect(() => debugged({ poolDebugOptions: { fenceTemplate: '', fenceSize: 4 } })).toThrow('<design/fence#.if.template>');
  });

  test('other pools have neither, and are never wrong <design/fence#.templates>', () => {
    const { arena } = bed();
    for (const pool of [arena.pool('mvff'), arena.pool('amc')]) {
      pool.checkFenceposts();
      pool.checkFreeSpace();
    }
  });
});

test('what is in blocks are no objects, and keeps nothing alive: neither walks nor oracles mind it <design/manual#.walk> <design/manual#.segments>', () => {
  const lab = new Lab({ memory: '4MiB' }), { arena, t } = lab, { counts } = new Oracle(arena), pool = arena.pool('mvff'), slots = t.enter(50);
  for (let i = 0; i < 50; ++i) {
    expect(pool.alloc(t, slots + i, 64)).toBe(ResOK);
    const list = t.enter(1);
    lab.make(list, 32, i);
    t.storeCap(slots + i, 16, list);
    t.storeCap(slots + i, 32, slots + i);
    t.leave(list);
  }
  const kept = lab.object(32, 7, slots);
  arena.collect();
  arena.collect();
  expect([...lab.objects().values()]).toEqual([32]);
  expect(t.load32(kept, 0)).toBe(7);
  expect(counts.graphs, 'weak run').toBeGreaterThan(1);
  expect(arena.addr.object((addrOf(t, slots) - WINDOW) | 0)).toBeNull();
  arena.check();
});
