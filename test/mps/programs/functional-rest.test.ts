/* functional-rest.test.ts: the functional cases of the MPS that no other test has in its shape: what is left of the forty. */
import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { WindowHIGH } from '../../../code/machine/machine.ts';
import { RankAMBIG, RankWEAK, ResOK, type AllocationPoint, type FinalizationMessage, type GcMessage } from '../../../code/mps/mps.ts';
import { memory, narrowed } from '../heap/root-lab.ts';
import { Lab } from '../lab.ts';
import { marks, table } from '../pools/awl-table.ts';
import { finalized, finish, flip, make, PLATFORMS, still } from '../services/steps.ts';

describe.each(PLATFORMS)('on %s', (platform) => {
  test('case 9: of large blocks the middle is freed, and used again, and what is on either side stays <design/manual#.inv.exact> <design/mvff#.fit>', () => {
    const it = new Lab({ platform, memory: '8MiB' }), { t, arena } = it, pool = arena.pool('mvff', { extendBy: 65_536 }), draw = random(9);
    let reused = 0;
    for (let n = 0; n < 200; ++n) {
      const frame = t.top, slot = t.local(), other = t.local(), size = 16 * (4 + draw(190)), from = 16 * (1 + draw(size / 16 - 3)), part = 16 * (1 + draw((size - from) / 16 - 1));
      expect(pool.alloc(t, slot, size)).toBe(ResOK);
      for (let at = 0; at < size; at += 4) t.store32(slot, at, n ^ at);
      pool.free(t, narrowed(it, slot, from, part), part);
      expect(pool.alloc(t, other, part)).toBe(ResOK);
      const isThere = it.low(other) >= it.low(slot) && it.low(other) < it.low(slot) + size;
      if (isThere) reused += 1;
      for (let at = 0; at < part; at += 4) t.store32(other, at, -1);
      for (let at = 0; at < size; at += 4) if (at < from || at >= from + part) expect(t.load32(slot, at)).toBe(n ^ at);
      // The ends go one by one, as do the blocks that stay.
      pool.free(t, slot, from);
      if (from + part < size) pool.free(t, narrowed(it, slot, from + part, size - from - part), size - from - part);
      if (n % 3 > 0) pool.free(t, other, part);
      t.leave(frame);
      pool.check();
    }
    expect(reused, 'weak run').toBeGreaterThan(20);
  });

  test('case 9: blocks on both sides of where the pool extended go and come singly <design/mvff#.inv.idle> <design/manual#.inv.sizes>', () => {
    const it = new Lab({ platform, memory: '8MiB' }), { t, arena } = it, pool = arena.pool('mvff', { extendBy: 65_536, spare: 0 }), first = t.enter(100);
    for (let i = 0; i < 100; ++i) expect(pool.alloc(t, first + i, 4064)).toBe(ResOK);
    const total = pool.totalSize;
    for (let i = 1; i < 100; i += 2) pool.free(t, first + i, 4064);
    expect([pool.totalSize, pool.totalSize - pool.freeSize]).toEqual([total, 50 * 4064]);
    for (let i = 1; i < 100; i += 2) expect(pool.alloc(t, first + i, 4064)).toBe(ResOK);
    expect(pool.totalSize).toBe(total);
    for (let i = 0; i < 100; ++i) pool.free(t, first + i, 4064);
    expect([pool.totalSize, pool.freeSize]).toEqual([0, 0]);
  });

  test('case 14: a dependency is reset, and added to, while the object is behind a barrier; it goes stale when that moves, and not before <design/ld#.inv.age>', () => {
    const it = still({ platform }), { t, arena } = it, slot = it.object(48, 5), ld = arena.ld();
    ld.add(t, slot);
    flip(it);
    expect(ld.isStale(t, slot), 'it may have moved').toBe(true);
    // The dependency is the host's: no barrier is between it and its client.
    const hits = arena.counts.readHits + arena.counts.writeHits;
    ld.reset();
    ld.add(t, slot);
    expect([ld.isStale(t, slot), arena.counts.readHits + arena.counts.writeHits]).toEqual([false, hits]);
    finish(it);
    expect([ld.isStale(t, slot), t.load32(slot, 0)]).toEqual([false, 5]);
    arena.collect();
    expect(ld.isStale(t, slot)).toBe(true);
  });

  test('case 22: an arena is destroyed with messages of all types that wait, and with some that have been got <design/message#.finish> <design/arena#.if.destroy>', () => {
    const it = new Lab({ platform, memory: '4MiB', chunk: '512KiB' }), { t } = it, arena = it.system.arenaMake({ arenaSize: '512KiB' });
    if (typeof arena === 'number') throw new Error(`no arena: result ${arena}`);
    const { messages } = arena, slot = t.local();
    arena.threadRegister(t);
    const pool = arena.pool('amc'), ap = pool.allocationPoint(t);
    for (const type of ['finalization', 'gc', 'gc_start'] as const) messages.enable(type);
    for (let n = 0; n < 100; ++n) {
      make(it, ap, slot, n);
      expect(arena.finalize(t, slot)).toBe(ResOK);
    }
    t.clear(slot);
    for (let n = 0; n < 3; ++n) arena.collect();
    const got = [messages.get('finalization'), messages.get('gc'), messages.get('gc_start')];
    expect([got.includes(null), messages.poll()]).toEqual([false, true]);
    arena.poolFinish(pool);
    const [finalization] = got;
    if (finalization?.type === 'finalization') (finalization as FinalizationMessage).finalizationRef(t, slot);
    expect(t.isTagged(slot), 'its pool is gone').toBe(false);
    arena.threadDeregister(t);
    arena.destroy();
    expect([arena.ledger.used, arena.grains.committed]).toEqual([0, 0]);
  });

  test('case 23: a reference that the collector has not been told of is found out when it is to be a root <design/root#.if.valid> <design/root#.departs.checked>', () => {
    for (const kind of ['amc', 'ams', 'lo'] as const) {
      const it = new Lab({ platform, spare: 0 }), { t, arena } = it, slot = t.local(), words = memory(it);
      make(it, arena.pool(kind).allocationPoint(t), slot, 1);
      t.storeCap(words, 0, slot);
      t.clear(slot);
      arena.collect();
      expect(arena.addr.object(t.r[slot << 3])).toBe(null);
      expect(() => arena.roots.area(t, words), kind).toThrow('<design/root#.if.valid>');
      // Nor is what it was there for anybody who looks.
      t.loadCap(slot, words, 0);
      expect(arena.addr.object(t.r[slot << 3]), kind).toBe(null);
    }
  });

  test.each(['amc', 'amcz', 'ams', 'lo', 'awl'] as const)('case 25: memory runs out in a small arena of pool %s, also in collections; what is alive is as it was <design/amc#.emergency> <design/policy#.makeroom>', (kind) => {
    const it = new Lab({ platform, memory: '512KiB', nursery: '32KiB', pause: '0' }), { t, arena } = it, ap: AllocationPoint = arena.pool(kind).allocationPoint(t);
    const isLeaf = kind === 'lo' || kind === 'amcz', first = t.enter(400), draw = random(25);
    const live = new Array<number>(400).fill(-1);
    let failed = 0;
    for (let round = 0; round < 2; ++round) {
      for (let n = 0; n < 1500; ++n) {
        const i = draw(400), serial = round * 10_000 + n, next = isLeaf ? [] : [first + draw(400)];
        if (make(it, ap, first + i, serial, next, 16 * (8 + draw(120)))) live[i] = serial;
        else {
          failed += 1;
          live[i] = -1;
          // References in what is left may keep everything: let some go.
          for (let k = 0; k < 100; ++k) t.clear(first + (k * 4 + round) % 400);
          for (let k = 0; k < 100; ++k) live[(k * 4 + round) % 400] = -1;
        }
      }
      arena.collect();
      for (const [i, serial] of live.entries()) expect(t.isTagged(first + i) ? t.load32(first + i, 0) : -1).toBe(serial);
      arena.check();
    }
    expect([failed > 0, arena.counts.collections > 2], 'weak run').toEqual([true, true]);
  });

  test('case 27: a weak reference to an object that an ambiguous one pins stays, and goes when that does <design/rank#.weak> <design/amc#.interior>', () => {
    const it = still({ platform }), { t, arena } = it, weak = arena.pool('awl').allocationPoint(t, { rank: RankWEAK }), keys = t.local(), words = t.local(), slot = t.local();
    it.system.statics(t, words, 64, RankAMBIG);
    table(t, weak, keys, 2);
    for (const k of [0, 1]) {
      make(it, it.ap, slot, 70 + k);
      t.storeCap(keys, 32 + 16 * k, slot);
      if (k === 1) continue;
      t.store32(words, 0, it.low(slot) | 0);
      t.store32(words, 4, WindowHIGH);
    }
    t.clear(slot);
    for (let n = 0; n < 3; ++n) {
      arena.collect();
      expect(marks(t, keys, 2)).toEqual([70, null]);
    }
    t.loadCap(slot, keys, 32);
    expect(it.low(slot)).toBe(t.load32(words, 0) >>> 0);
    t.clear(slot);
    t.store32(words, 0, 0);
    arena.collect();
    expect(marks(t, keys, 2)).toEqual([null, null]);
  });

  test('case 34: with no memory for records a thousand blocks are freed singly, known to be free, and allocated again <design/mvff#.failover> <design/land#.failover>', () => {
    const it = new Lab({ platform, memory: '4MiB' }), { t, arena, arena: { ledger } } = it, pool = arena.pool('mvff'), first = t.enter(1000);
    for (let i = 0; i < 1000; ++i) {
      expect(pool.alloc(t, first + i, 128)).toBe(ResOK);
      t.store32(first + i, 0, i);
    }
    const { totalSize, freeSize } = pool;
    ledger.failAt = ledger.charges + 1;
    ledger.failForever = true;
    for (let i = 0; i < 1000; i += 2) pool.free(t, first + i, 128);
    expect([pool.totalSize, pool.freeSize]).toEqual([totalSize, freeSize + 500 * 128]);
    pool.check();
    for (let i = 0; i < 1000; i += 4) {
      expect(pool.alloc(t, first + i, 128)).toBe(ResOK);
      t.store32(first + i, 0, i);
    }
    ledger.failAt = 0;
    ledger.failForever = false;
    for (let i = 2; i < 1000; i += 4) expect(pool.alloc(t, first + i, 128)).toBe(ResOK);
    expect([pool.totalSize, pool.freeSize]).toEqual([totalSize, freeSize]);
    for (let i = 0; i < 1000; ++i) if (i % 4 !== 2) expect(t.load32(first + i, 0)).toBe(i);
    pool.check();
  });

  test.each(['on request', 'on free', 'when its pool goes'] as const)('case 35: a write beside a block is found %s <design/fence#.inv.fence>', (when) => {
    const it = new Lab({ platform }), { t, arena } = it, pool = arena.pool('mvff-debug', { poolDebugOptions: { fenceTemplate: 'bound', fenceSize: 5 } }), [one, two] = [t.local(), t.local()];
    expect([pool.alloc(t, one, 40), pool.alloc(t, two, 40)]).toEqual([ResOK, ResOK]);
    for (let at = 0; at < 40; at += 4) t.store32(one, at, at);
    pool.checkFenceposts();
    pool.checkFreeSpace();
    // Bounds are whole granules: within them nobody else is, and yet it is not the client's.
    t.store32(one, 40, 0);
    pool.free(t, two, 40);
    const found = { 'on request': () => { pool.checkFenceposts(); }, 'on free': () => { pool.free(t, one, 40); }, 'when its pool goes': () => { arena.poolFinish(pool); } };
    expect(found[when]).toThrow('<design/fence#.inv.fence>');
  });

  test('case 35: a block of a debugging pool is freed whole <design/fence#.if.whole>', () => {
    const it = new Lab({ platform }), { t, arena } = it, pool = arena.pool('mvff-debug'), slot = t.local();
    expect(pool.alloc(t, slot, 256)).toBe(ResOK);
    expect(() => { pool.free(t, slot, 128); }).toThrow('<design/fence#.if.whole>');
    expect(() => { pool.free(t, narrowed(it, slot, 128, 128), 128); }).toThrow('<design/manual#.if.free>');
    pool.checkFenceposts();
    pool.free(t, slot, 256);
  });

  test('case 36: what frames hold is alive until they are popped, one by one or all at once <design/snc#.inv.popped> <design/snc#.inv.kept>', () => {
    const it = new Lab({ platform, memory: '4MiB' }), { t, arena } = it, ap = arena.pool('snc').allocationPoint(t), slot = t.local(), frames: number[] = [];
    arena.messages.enable('finalization');
    const hold = (mark: number): void => {
      it.make(slot, 32, mark);
      arena.finalize(t, slot);
      make(it, ap, t.enter(1), 0, [slot]);
      t.leave(t.top - 1);
      t.clear(slot);
    };
    for (let mark = 0; mark < 4; ++mark) {
      hold(mark);
      frames.push(ap.framePush());
    }
    const dead = (): number[] => {
      arena.collect();
      return finalized(it);
    };
    expect(dead()).toEqual([]);
    ap.framePop(frames[2]);
    expect(dead()).toEqual([3]);
    hold(4);
    expect(dead()).toEqual([]);
    ap.framePop(frames[0]);
    expect(dead()).toEqual([1, 2, 4]);
    ap.framePop(0);
    expect(dead()).toEqual([0]);
    arena.check();
  });

  test('case 37: messages of collections of the world say that all was condemned, and how much of it lives; those of others do not <design/message#.sizes>', () => {
    const it = new Lab({ platform, memory: '8MiB', nursery: '64KiB', pause: '0' }), { t, arena, arena: { messages } } = it, first = t.enter(200);
    messages.enable('gc');
    const sizes = { world: 0, other: 0 };
    /** The message of the collection that was last. */
    const last = (): GcMessage | null => {
      let found: GcMessage | null = null;
      for (let message = messages.get('gc'); message !== null; message = messages.get('gc')) {
        if (found !== null) messages.discard(found);
        found = message;
        expect(found.liveSize).toBeLessThanOrEqual(found.condemnedSize);
        if (found.notCondemnedSize > 4096) sizes.other += 1;
      }
      return found;
    };
    for (let i = 0; i < 200; ++i) it.make(first + i, 2048, i);
    for (let round = 0; round < 10; ++round) {
      arena.collect();
      const message = last();
      if (message === null) continue;
      expect([message.notCondemnedSize <= 4096, message.liveSize >= 200 * 2048]).toEqual([true, true]);
      messages.discard(message);
      sizes.world += 1;
      it.litter(150_000);
      arena.finishTrace();
    }
    expect([sizes.world >= 10, sizes.other > 0], 'weak run').toEqual([true, true]);
  });
});
