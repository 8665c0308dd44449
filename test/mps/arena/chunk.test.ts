import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { AddressSpace, Memory, PageVALID } from '../../../code/machine/machine.ts';
import { AnPlinth } from '../../../code/mps/an/an.ts';
import { Grains } from '../../../code/mps/arena/chunk.ts';
import { Generation } from '../../../code/mps/arena/generation.ts';
import { ResCOMMITLIMIT, ResMEMORY, ResOK } from '../../../code/mps/mps.ts';
import { ResRESOURCE } from '../../../code/mps/result.ts';
import { Lab } from '../lab.ts';

const KiB = 1024;

function grainsOf(sizes: { memory?: number; limit?: number; chunk?: number; least?: number; spare?: number; grain?: number; zoned?: boolean } = {}) {
  const { memory = 512 * KiB, limit = memory, chunk = 128 * KiB, least = 0, spare = 0.5, grain = 4 * KiB, zoned = true } = sizes;
  const ram = new Memory(memory), space = new AddressSpace(), plinth = new AnPlinth(ram, space, memory, () => undefined);
  const chunks: number[] = [], gone: number[] = [];
  const own = {
    used: 0, isPaying: true, charged: 0,
    charge(size: number): boolean {
      if (own.isPaying) own.charged += size;
      return own.isPaying;
    },
    credit(size: number): void { own.charged -= size; },
    extended: (_base: number, size: number): void => { chunks.push(size); },
    contracted: (_base: number, size: number): void => { gone.push(size); },
  };
  const grains = new Grains(plinth, { grainSize: grain, chunkSize: chunk, chunkLeast: least, zoneShift: 12, zoned, isClient: false, commitLimit: limit, spare }, own);
  return { ram, space, plinth, grains, own, chunks, gone, generation: new Generation(0, { capacity: 1, mortality: 0.5 }) };
}

const isMapped = (space: AddressSpace, base: number): boolean => (space.window[base >>> 12] & PageVALID) !== 0;

describe('grains', () => {
  test('belong to one owner each, keep the accounts, and stay below the limit, whatever is asked <design/chunk#.inv.accounts>', () => {
    for (const seed of [1, 2, 3]) {
      const { grains, generation, space, own, chunks } = grainsOf({ limit: 400 * KiB, spare: seed === 1 ? 0 : 0.5 }), rnd = random(seed);
      const owned: { base: number; size: number }[] = [];
      let failures = 0;
      for (let n = 0; n < 600; ++n) {
        own.used = rnd(3) * 4 * KiB;
        if (rnd(3) < 2) {
          const size = (1 + rnd(rnd(8) === 0 ? 32 : 6)) * 4 * KiB, found = grains.alloc(size, rnd(2) === 0 ? 1 : 16 * KiB, generation);
          if (found.res === ResOK) owned.push({ base: found.base, size });
          else failures += 1;
        } else if (owned.length > 0) {
          const [one] = owned.splice(rnd(owned.length), 1);
          grains.free(one.base, one.base + one.size);
        }
        own.used = 0;
        grains.check();
        expect(grains.committed).toBeLessThanOrEqual(400 * KiB);
        const sorted = [...owned].sort((a, b) => a.base - b.base);
        sorted.forEach(({ base }, i) => { if (i > 0) expect(base).toBeGreaterThanOrEqual(sorted[i - 1].base + sorted[i - 1].size); });
        for (const { base, size } of owned) expect(isMapped(space, base) && isMapped(space, base + size - 1)).toBe(true);
      }
      expect(failures, 'weak run').toBeGreaterThan(10);
      expect(chunks.length, 'weak run').toBeGreaterThan(2);
    }
  });

  test('never straddle two chunks, even where these are neighbours <design/chunk#.inv.apart>', () => {
    const { grains, generation, chunks } = grainsOf({ chunk: 64 * KiB });
    const found = [48, 48, 48].map((size) => grains.alloc(size * KiB, 1, generation));
    expect(found.map(({ res }) => res)).toEqual([ResOK, ResOK, ResOK]);
    expect(chunks).toEqual([64 * KiB, 64 * KiB, 64 * KiB]);
    for (const { base } of found) expect(Math.floor(base / (64 * KiB))).toBe(Math.floor((base + 48 * KiB - 1) / (64 * KiB)));
    grains.check();
  });

  for (const grain of [16, 64]) for (const chunk of [1, 4]) {
    test(`are whole where the platform aligns to pages only, of ${grain} KiB in chunks of ${chunk} <design/chunk#.inv.whole>`, () => {
      const lab = new Lab({ platform: 'ix', grain: grain * KiB, chunk: chunk * grain * KiB, memory: '2MiB', nursery: '64KiB' }), { arena } = lab;
      let odd = 0;
      const reserve = arena.plinth.reserve.bind(arena.plinth);
      Object.assign(arena.plinth, { reserve: (size: number) => {
        const found = reserve(size);
        if (found !== null && found.base % (grain * KiB) !== 0) odd += 1;
        return found;
      } });
      const list = lab.t.local();
      for (let n = 0; n < 200; ++n) lab.make(list, n % 10 === 0 ? 20_000 : 1008, n);
      for (const seg of arena.heap.segs) if (seg !== null) expect(seg.base % (grain * KiB)).toBe(0);
      arena.grains.check();
      arena.check();
      lab.system.finish();
      expect(arena.grains.committed).toBe(0);
      expect(odd, 'weak run').toBeGreaterThan(0);
    });
  }

  test('are aligned as asked, at the size of a large object <design/chunk#.plans>', () => {
    const { grains, generation } = grainsOf();
    grains.alloc(4 * KiB, 1, generation);
    expect(grains.alloc(64 * KiB, 32 * KiB, generation).base % (32 * KiB)).toBe(0);
  });

  test('beyond what a chunk holds, a chunk is as large as needed; beyond the machine there is none <design/chunk#.plans>', () => {
    const { grains, generation, chunks } = grainsOf({ limit: 2 ** 30 });
    expect(grains.alloc(300 * KiB, 1, generation).res).toBe(ResOK);
    expect(chunks).toEqual([300 * KiB]);
    expect(grains.alloc(300 * KiB, 1, generation).res).toBe(ResMEMORY);
    expect(grains.alloc(200 * KiB, 1, generation).res).toBe(ResOK);
  });

  test('for a generation come from its zones first, so that others can be told from them <design/chunk#.plans>', () => {
    const { grains } = grainsOf({ chunk: 512 * KiB });
    const young = new Generation(0, { capacity: 1, mortality: 0.5 }), old = new Generation(1, { capacity: 1, mortality: 0.5 });
    for (const generation of [young, old]) expect(grains.alloc(4 * KiB, 1, generation).res).toBe(ResOK);
    expect(young.zones & old.zones).toBe(0);
    for (let n = 0; n < 4; ++n) grains.alloc(4 * KiB, 1, n % 2 === 0 ? young : old);
    expect(young.zones & old.zones).toBe(0);
  });
});

describe('free memory', () => {
  test('invariant 21: every second grain of what was full is free, by the grains and by the land, whatever charges fail <design/chunk#.inv.accounts>', () => {
    for (const isPaying of [true, false]) {
      const { grains, generation, own } = grainsOf({ chunk: 256 * KiB, memory: 256 * KiB, spare: 1 }), all: number[] = [];
      for (let found = grains.alloc(4 * KiB, 1, generation); found.res === ResOK; found = grains.alloc(4 * KiB, 1, generation)) all.push(found.base);
      own.isPaying = isPaying;
      expect([all.length, grains.available]).toEqual([64, 0]);
      all.sort((one, other) => one - other).forEach((base, n) => { if (n % 2 === 0) grains.free(base, base + 4 * KiB); });
      grains.check();
      expect([grains.available, grains.spare]).toEqual([128 * KiB, 128 * KiB]);
      expect(grains.alloc(8 * KiB, 1, generation).res).toBe(ResMEMORY);
      const again = all.filter((_, n) => n % 2 === 0).map(() => grains.alloc(4 * KiB, 1, generation).base);
      expect(again.sort((one, other) => one - other)).toEqual(all.filter((_, n) => n % 2 === 0));
      grains.check();
    }
  });
});

describe('chunks', () => {
  test('in which nothing is left are given back, but for the first, their records too <design/chunk#.compact> <design/ledger#.chunk>', () => {
    const { grains, generation, plinth, own, chunks, gone } = grainsOf({ chunk: 64 * KiB, spare: 1 });
    const found = [0, 1, 2, 3].map(() => grains.alloc(64 * KiB, 1, generation)), record = own.charged / 4;
    expect([chunks.length, record > 16, grains.reserved]).toEqual([4, true, 256 * KiB]);
    for (const one of [0, 1, 3]) grains.free(found[one].base, found[one].base + 64 * KiB);
    grains.compact();
    grains.check();
    expect([gone, grains.reserved, grains.committed, grains.spare, own.charged]).toEqual([[64 * KiB, 64 * KiB], 128 * KiB, 128 * KiB, 64 * KiB, 2 * record]);
    expect(plinth.reserve(384 * KiB) === null, 'not in one piece').toBe(true);
    grains.free(found[2].base, found[2].base + 64 * KiB);
    grains.finish();
    expect([gone.length, grains.reserved, own.charged, plinth.reserve(512 * KiB)?.size]).toEqual([4, 0, 0, 512 * KiB]);
  });

  test('are found by address, whatever the order in which they came <design/chunk#.lookup>', () => {
    const { grains, generation, plinth } = grainsOf({ chunk: 32 * KiB });
    const holes = [1, 2, 3, 4].map(() => plinth.reserve(64 * KiB));
    const high = grains.alloc(32 * KiB, 1, generation);
    for (const hole of holes) if (hole !== null) plinth.release(hole);
    const all = [high, ...Array.from({ length: 9 }, () => grains.alloc(32 * KiB, 1, generation))].map(({ base }) => base);
    expect(all.slice(1).every((base) => base < all[0] || base >= all[0] + 32 * KiB)).toBe(true);
    expect(Math.min(...all), 'weak run').toBeLessThan(all[0]);
    for (const base of all) {
      expect([grains.contains(base), grains.contains(base + 32 * KiB - 1), grains.isTogether(base, base + 4096)]).toEqual([true, true, true]);
      for (const other of all) if (other !== base) expect(grains.isTogether(base, other)).toBe(false);
    }
    expect([Math.min(...all) - 1, Math.max(...all) + 32 * KiB].map((addr) => grains.contains(addr))).toEqual([false, false]);
  });

  test('are no smaller than the client wants them, where there is no more to be had <design/chunk#.plans.chunk>', () => {
    const { grains, generation, chunks } = grainsOf({ chunk: 400 * KiB, least: 108 * KiB });
    expect(grains.alloc(4 * KiB, 1, generation).res).toBe(ResOK);
    expect(grains.alloc(398 * KiB, 1, generation).res).toBe(ResMEMORY);
    expect(grains.alloc(396 * KiB, 1, generation).res).toBe(ResOK);
    expect(grains.alloc(8 * KiB, 1, generation).res).toBe(ResOK);
    expect([chunks, grains.alloc(104 * KiB, 1, generation).res]).toEqual([[400 * KiB, 108 * KiB], ResMEMORY]);
  });

  test('whose record there is no memory for are not added, and their address space is not taken <design/ledger#.chunk> <design/chunk#.create>', () => {
    for (const [limit, res] of [[512 * KiB, ResMEMORY], [64, ResCOMMITLIMIT]] as const) {
      const { grains, plinth, own, chunks } = grainsOf({ limit });
      own.isPaying = false;
      expect([grains.create(), chunks, plinth.reserve(512 * KiB)?.size]).toEqual([res, [], 512 * KiB]);
      expect([grainsOf({ chunk: 1024 * KiB }).grains.create(), grainsOf({ chunk: 8 * KiB, grain: 64 * KiB }).grains.create()]).toEqual([ResRESOURCE, ResMEMORY]);
    }
  });

  test('without zones are filled from the bottom, whoever asks <design/chunk#.plans.zoned>', () => {
    const { grains } = grainsOf({ chunk: 512 * KiB, zoned: false });
    const all = [0, 1, 2].map((index) => grains.alloc(4 * KiB, 1, new Generation(index, { capacity: 1, mortality: 0.5 })).base);
    expect(all).toEqual([all[0], all[0] + 4 * KiB, all[0] + 8 * KiB]);
  });
});

describe('the commit limit', () => {
  test('refuses what would go beyond it, the ledger counted, and changes nothing <design/chunk#.inv.limit>', () => {
    const { grains, generation, own } = grainsOf({ limit: 64 * KiB });
    own.used = 8 * KiB;
    expect(grains.alloc(60 * KiB, 1, generation).res).toBe(ResCOMMITLIMIT);
    expect(grains.committed).toBe(0);
    expect(grains.alloc(56 * KiB, 1, generation).res).toBe(ResOK);
    expect(grains.available).toBe(0);
  });

  test('is kept by giving up spare memory, for grains and for the ledger <design/chunk#.inv.limit>', () => {
    const { grains, generation, own, space } = grainsOf({ limit: 64 * KiB, spare: 1 });
    const { base } = grains.alloc(64 * KiB, 1, generation);
    grains.free(base, base + 64 * KiB);
    expect([grains.committed, grains.spare, grains.available]).toEqual([64 * KiB, 64 * KiB, 64 * KiB]);
    expect(grains.leave(6 * KiB)).toBe(true);
    own.used = 6 * KiB;
    grains.check();
    expect(grains.committed).toBe(56 * KiB);
    expect(isMapped(space, base)).toBe(false);
    expect(grains.leave(59 * KiB)).toBe(false);
  });
});

describe('spare memory', () => {
  test('is used again without being committed anew, and is never more than its share <design/chunk#.spare>', () => {
    const { grains, generation, space } = grainsOf({ spare: 0.5 });
    const one = grains.alloc(64 * KiB, 1, generation), other = grains.alloc(64 * KiB, 1, generation);
    grains.free(one.base, one.base + 64 * KiB);
    expect(grains.spare).toBe(64 * KiB);
    expect(isMapped(space, one.base)).toBe(true);
    grains.free(other.base, other.base + 64 * KiB);
    expect(grains.spare).toBeLessThanOrEqual(64 * KiB);
    const committed = grains.committed;
    expect(grains.alloc(4 * KiB, 1, generation).res).toBe(ResOK);
    expect(grains.committed).toBeLessThanOrEqual(committed + 4 * KiB);
    grains.check();
  });

  test('that is given up loses its contents and its tags <design/plinth#.if.commit>', () => {
    const { grains, generation, ram } = grainsOf({ spare: 0 });
    const { base, delta } = grains.alloc(4 * KiB, 1, generation), frame = base + delta;
    ram.i32[frame / 4] = 42;
    ram.tags[frame / 16] = 1;
    grains.free(base, base + 4 * KiB);
    expect([ram.i32[frame / 4], ram.tags[frame / 16], grains.committed]).toEqual([0, 0, 0]);
  });
});

test('an address of no chunk is an error, and so is freeing twice <design/chunk#.inv.owned> <design/chunk#.inv.state>', () => {
  const { grains, generation } = grainsOf();
  expect(() => { grains.free(0, 4096); }).toThrow('<design/chunk#.inv.owned>');
  const { base } = grains.alloc(4 * KiB, 1, generation);
  grains.free(base, base + 4 * KiB);
  expect(() => { grains.free(base, base + 4 * KiB); }).toThrow('<design/chunk#.inv.state>');
});

test('finishing gives back all memory and all address space <design/chunk#.finish>', () => {
  const { grains, generation, plinth } = grainsOf();
  const { base } = grains.alloc(200 * KiB, 1, generation);
  expect(plinth.reserve(512 * KiB)).toBeNull();
  grains.free(base, base + 200 * KiB);
  grains.finish();
  expect(grains.committed).toBe(0);
  expect(plinth.reserve(512 * KiB)?.size).toBe(512 * KiB);
});
