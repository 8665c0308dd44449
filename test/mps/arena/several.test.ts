/* several.test.ts: SEVERAL ARENAS
 *
 * Two arenas of a system: apart in everything but machine, threads and platform. And client arenas, whose memory is their client's.
 */
import { describe, expect, test } from 'vitest';
import { incOffset, type Hart } from '../../../code/machine/machine.ts';
import { Arena, OptionError, RankAMBIG, ResMEMORY, ResOK, boot, type AllocationPoint, type BootOptions, type System } from '../../../code/mps/mps.ts';
import type { ArenaOptions } from '../../../code/mps/options.ts';
import { ResRESOURCE } from '../../../code/mps/result.ts';

const KiB = 1024;

/** made -- an arena of a system. */
function made(system: System, options: ArenaOptions = {}): Arena {
  const arena = system.arenaMake({ arenaSize: '256KiB', ...options });
  if (!(arena instanceof Arena)) throw new Error(`no arena: ${arena}`);
  return arena;
}

/** A system with two arenas, a thread that both know, and a pool in each. */
class Pair {
  readonly system: System;
  readonly t: Hart;
  readonly arenas: readonly Arena[];
  readonly points: readonly AllocationPoint[];

  constructor(booted: BootOptions, options: ArenaOptions = {}) {
    this.system = boot({ memory: '2MiB', chunk: '256KiB', nursery: '16KiB', pause: '0', ...booted });
    this.arenas = [this.system.arena, made(this.system, options)];
    this.t = this.system.hart('t');
    this.arenas[1].threadRegister(this.t);
    this.points = this.arenas.map((arena) => arena.pool('amc').allocationPoint(this.t));
  }

  /** make -- an object of an arena in a slot, with a mark, and what another slot has. */
  make(which: number, slot: number, mark: number, ref: number = -1, size: number = 48): void {
    const { t } = this, point = this.points[which];
    do {
      expect(point.reserve(slot, size)).toBe(ResOK);
      t.store32(slot, 0, mark);
      if (ref >= 0) t.storeCap(slot, 16, ref);
    } while (!point.commit(slot));
  }

  /** objects -- how many an arena has. */
  objects(which: number): number {
    let count = 0;
    this.arenas[which].walk(() => { count += 1; });
    return count;
  }
}

describe.each(['ix', 'an'] as const)('two arenas on %s', (platform) => {
  test('move what is theirs, and leave the other\'s where it is <design/arena#.inv.apart> <design/boot#.arenas>', () => {
    const pair = new Pair({ platform }), { t, arenas: [one, two] } = pair, first = t.local(), second = t.local(), low = (slot: number): number => t.r[slot << 3];
    pair.make(0, first, 1);
    pair.make(1, second, 2);
    const [a, b] = [low(first), low(second)];
    one.collect();
    expect([low(first) !== a, low(second) === b, one.counts.collections, two.counts.collections]).toEqual([true, true, 1, 0]);
    two.collect();
    expect([low(second) !== b, t.load32(first, 0), t.load32(second, 0)]).toEqual([true, 1, 2]);
    expect([one.hasAddr(low(first)), one.hasAddr(low(second)), two.hasAddr(low(first)), two.hasAddr(low(second))]).toEqual([true, false, false, true]);
    pair.system.finish();
  });

  test('do not follow references into each other, nor change them, so that cycles across are never seen <design/arena#.several>', () => {
    const pair = new Pair({ platform }), { t, arenas: [one, two] } = pair, near = t.local(), far = t.local(), got = t.local();
    pair.make(1, far, 2);
    pair.make(0, near, 1, far);
    const before = t.r[far << 3];
    t.clear(far);
    one.collect();
    t.loadCap(got, near, 16);
    expect([t.r[got << 3], t.isTagged(got), t.load32(got, 0)], 'as it was').toEqual([before, true, 2]);
    t.clear(got);
    two.collect();
    expect([pair.objects(0), pair.objects(1)], 'nothing keeps it').toEqual([1, 0]);
    t.loadCap(got, near, 16);
    expect([t.isTagged(got), t.r[got << 3]]).toEqual([true, before]);
    pair.system.finish();
  });

  test('keep each other\'s objects by roots of the right arena: ambiguous ones pin them, so that the reference stays good <design/arena#.several>', () => {
    const pair = new Pair({ platform }), { t, arenas: [one, two], system } = pair, near = t.local(), far = t.local();
    pair.make(1, far, 2);
    pair.make(0, near, 1, far);
    const keeper = system.platform.hart('keeper') as Hart, slot = keeper.local();
    keeper.r.set(t.r.subarray(far << 3, (far << 3) + 7), slot << 3);
    two.threadRegister(keeper, RankAMBIG);
    t.clear(far);
    for (const arena of [two, one, two]) arena.collect();
    t.loadCap(far, near, 16);
    expect([t.load32(far, 0), pair.objects(1)]).toEqual([2, 1]);
    two.threadDeregister(keeper);
    pair.system.finish();
  });

  test('have locks, states, limits and counts of their own <design/arena#.inv.apart>', () => {
    const pair = new Pair({ platform }), { arenas: [one, two], t } = pair, slot = t.local();
    one.park();
    two.pauseTime = 5;
    two.spare = 0.1;
    for (let n = 0; n < 3000; ++n) for (const which of [0, 1]) pair.make(which, slot, n);
    expect([one.control.state, two.control.state, one.counts.collections, two.counts.collections > 2]).toEqual(['parked', 'unclamped', 0, true]);
    expect([one.pauseTime, one.spare, two.pauseTime !== 0, two.spare]).toEqual([0, 0.75, true, 0.1]);
    pair.system.finish();
  });

  test('forget a thread that ends, both of them <design/arena#.if.thread>', () => {
    const pair = new Pair({ platform }), { system, arenas } = pair, harts: Hart[] = [];
    system.thread('u', function* (u) {
      harts.push(u);
      arenas[1].threadRegister(u);
      arenas[1].threadRegister(u);
      const points = [...arenas].map((arena) => [...arena.pools][0].allocationPoint(u)), slot = u.local();
      for (const point of points) do point.reserve(slot, 64); while (!point.commit(slot));
      yield;
      expect(arenas.map((arena) => arena.hasThread(u))).toEqual([true, true]);
    });
    system.run();
    expect(arenas.map((arena) => [arena.hasThread(harts[0]), [...arena.pools][0].buffers.size])).toEqual([[false, 1], [false, 1]]);
    for (const arena of arenas) arena.collect();
    system.finish();
  });

  test('can be destroyed one without the other, once nothing is left in it <design/arena#.if.destroy>', () => {
    const pair = new Pair({ platform }), { t, arenas: [one, two], system } = pair, slot = t.local(), other = t.local();
    pair.make(0, slot, 1);
    pair.make(1, other, 2);
    const chain = two.chain([{ capacity: 4096, mortality: 0.5 }]);
    for (const undo of [
      () => { two.threadDeregister(t); }, () => { for (const pool of two.pools) two.poolFinish(pool); }, () => { two.chainDestroy(chain); },
    ]) {
      expect(() => { two.destroy(); }).toThrow('<design/arena#.if.destroy>');
      undo();
    }
    two.destroy();
    expect([two.isGone, two.reserved]).toEqual([true, 0]);
    expect(() => { two.collect(); }).toThrow('<design/check#.sig>');
    one.collect();
    expect(t.load32(slot, 0)).toBe(1);
    // What it had is there for another.
    made(system, { arenaSize: '1MiB' }).destroy();
    system.finish();
  });
});

test('a chain is destroyed when no pool has it and nothing is being collected <design/arena#.if.chain> <design/arena#.if.chain.idle> <design/arena#.departs.chain>', () => {
  const { arenas: [, arena] } = new Pair({}), { arenas: [other] } = new Pair({}), chain = arena.chain([{ capacity: 4096, mortality: 0.5 }]);
  const pool = arena.pool('amc', { chain });
  expect(() => { arena.chainDestroy(chain); }).toThrow('<design/arena#.if.chain.idle>');
  arena.poolFinish(pool);
  for (const wrong of [arena.defaultChain, other.defaultChain]) expect(() => { arena.chainDestroy(wrong); }).toThrow('<design/arena#.if.chain>');
  expect(() => other.pool('amc', { chain })).toThrow('<design/arena#.if.chain>');
  arena.chainDestroy(chain);
  expect(() => arena.pool('amc', { chain })).toThrow('<design/arena#.if.chain>');
  const pair = new Pair({}), unused = pair.arenas[1].chain([{ capacity: 4096, mortality: 0.5 }]);
  Object.assign(pair.arenas[1].control, { quantum: () => 1 });
  pair.make(1, pair.t.local(), 1);
  pair.arenas[1].startCollect();
  expect(() => { pair.arenas[1].chainDestroy(unused); }).toThrow('<design/arena#.if.chain.idle>');
});

describe.each(['ix', 'an'] as const)('a client arena on %s', (platform) => {
  /** client -- a pair whose second arena has `size` bytes of its client's. */
  function client(size: number, options: ArenaOptions = {}): { pair: Pair; giver: Hart; block: number } {
    const system = boot({ memory: '2MiB', chunk: '256KiB', nursery: '16KiB', platform }), giver = system.platform.hart('giver') as Hart, block = giver.local();
    expect(system.area(giver, block, size)).toBe(ResOK);
    // It is not clean.
    for (let offset = 0; offset < size; offset += 16) giver.storeCap(block, offset, block);
    const pair = Object.create(Pair.prototype) as Pair, t = system.hart('t'), arena = made(system, { class: 'client', arenaSize: size, arenaClBase: { hart: giver, slot: block }, ...options });
    arena.threadRegister(t);
    const arenas = [system.arena, arena];
    Object.assign(pair, { system, t, arenas, points: arenas.map((one) => one.pool('amc').allocationPoint(t)) });
    return { pair, giver, block };
  }

  test('lives in what it was given, collects there, and has nothing spare <design/arena#.client> <design/chunk#.client>', () => {
    const { pair, giver, block } = client(256 * KiB), { t, arenas: [, arena] } = pair, low = giver.r[block << 3] >>> 0, list = t.local(), slot = t.local();
    expect([arena.reserved, arena.committed, arena.spareCommitted, arena.spare]).toEqual([256 * KiB, 0, 0, 0]);
    pair.make(1, slot, 0);
    t.loadCap(list, slot, 32);
    expect([t.isTagged(list), t.load32(slot, 40)], 'it begins clean').toEqual([false, 0]);
    t.clear(list);
    for (let n = 0; n < 8000; ++n) {
      pair.make(1, slot, n, n % 50 === 0 ? list : -1, 64);
      const at = t.r[slot << 3] >>> 0;
      if (at < low || at >= low + 256 * KiB) throw new Error('outside of what was given');
      if (n % 50 === 0) t.move(list, slot);
    }
    arena.check();
    expect([arena.counts.collections > 2, arena.spareCommitted, arena.committed < 256 * KiB + 1]).toEqual([true, 0, true]);
    arena.collect();
    const marks: number[] = [];
    for (t.move(slot, list); t.isTagged(slot); t.loadCap(slot, slot, 16)) marks.push(t.load32(slot, 0));
    expect(marks).toEqual(Array.from({ length: 160 }, (_, n) => 7950 - 50 * n));
    arena.spare = 1;
    expect(arena.spare).toBe(0);
    pair.system.finish();
    // It is the client's again: open, and wiped where it was used.
    giver.loadCap(block + 1, block, 0);
    expect([giver.isTagged(block + 1), giver.load32(block, 0), arena.reserved]).toEqual([false, 0, 0]);
    giver.store32(block, 0, 7);
    expect(giver.load32(block, 0)).toBe(7);
  });

  test('can be given more, and finds room there; without it there is none <design/arena#.client> <design/arena#.if.client> <design/arena#.extended>', () => {
    const told: [string, number][] = [];
    const { pair } = client(64 * KiB, { arenaExtended: (_, __, size) => told.push(['extended', size]), arenaContracted: (_, __, size) => told.push(['contracted', size]) });
    const { t, arenas: [first, arena], points: [, point], system } = pair, slot = t.local(), more = t.local();
    expect([point.reserve(slot, 100 * KiB), arena.reserved]).toEqual([ResMEMORY, 64 * KiB]);
    expect([system.area(t, more, 128 * KiB), arena.extend(t, more, 128 * KiB), arena.reserved]).toEqual([ResOK, ResOK, 192 * KiB]);
    expect(point.reserve(slot, 100 * KiB)).toBe(ResOK);
    point.commit(slot);
    expect(system.area(t, more, 4096)).toBe(ResOK);
    expect(() => { first.extend(t, more, 4096); }).toThrow('<design/arena#.if.client>');
    t.clear(slot);
    arena.collect();
    expect([arena.reserved, told]).toEqual([192 * KiB, [['extended', 64 * KiB], ['extended', 128 * KiB]]]);
    arena.finish();
    expect(told.slice(2)).toEqual([['contracted', 64 * KiB], ['contracted', 128 * KiB]]);
  });

  test('takes whole pages of one run that it may protect, or says what is wrong <design/arena#.if.given> <design/plinth#.if.adopt> <design/vmix#.adopt>', () => {
    const { pair: { t, system, arenas: [, arena] } } = client(64 * KiB, { arenaGrainSize: '16KiB' }), more = t.local(), part = t.local();
    expect([system.area(t, more, 8192), system.area(t, part, 2 ** 30)]).toEqual([ResOK, ResRESOURCE]);
    // Not a whole grain is in it; not a whole page.
    const { reserved } = arena;
    expect([arena.extend(t, more, 8192), arena.reserved, arena.extend(t, more, 8192)]).toEqual([ResMEMORY, reserved, ResMEMORY]);
    incOffset(t, part, more, 16);
    for (const [slot, size] of [[part, 4096], [t.local(), 4096], [more, 3 * 4096]]) {
      expect(() => { arena.extend(t, slot, size); }).toThrow('<design/arena#.if.given>');
      Object.assign(arena, { isInside: false });
      Object.assign(arena.shield, { isInside: false });
      arena.plinth.unlock();
    }
  });
});

test('an option that cannot be used is refused with what was wrong and what to give <design/boot#.req.clear>', () => {
  const system = boot({ memory: '1MiB' });
  const wrong: [ArenaOptions, string][] = [
    [{ class: 'mobile' as 'vm' }, 'class "mobile" does not exist: there are vm and client'],
    [{ class: 'client' }, 'a client arena is given memory: arena-cl-base says where it begins, and arena-size how much it is'],
    [{ arenaGrainSize: '12KiB' }, 'arena-grain-size 12KiB is not a power of two'],
    [{ arenaSize: 'much' }, 'arena-size "much" is not a size'],
    [{ spare: 2 }, 'spare 2 is not a share'],
    [{ pauseTime: -1 }, 'pause-time -1 is not a time'],
    [{ pauseTime: Number.NaN }, 'pause-time NaN is not a time'],
  ];
  for (const [options, message] of wrong) {
    expect(() => system.arenaMake(options)).toThrow(OptionError);
    expect(() => system.arenaMake(options)).toThrow(message);
  }
});
