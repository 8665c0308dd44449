import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/random.ts';
import { tagged, ResOK } from '../../../code/mps/mps.ts';
import { seeds } from '../../seed.ts';
import { Lab } from '../lab.ts';

describe('an address', () => {
  for (const kind of ['amc', 'amcz', 'ams', 'awl', 'lo'] as const) {
    test(`is the object's that has it, at each of its bytes, in ${kind} <design/query#.inv.object>`, () => {
      for (const seed of seeds(4)) {
        const lab = new Lab({ memory: '4MiB' }), draw = random(seed), { arena, t } = lab, format = { ...tagged, name: `of ${kind}` };
        const pool = arena.pool(kind, { format }), ap = pool.allocationPoint(t), slot = t.enter(40), sizes = [16, 32, 48, 256, 4096, 20_000];
        for (let n = 0; n < 400; ++n) {
          const at = slot + draw(40);
          do expect(ap.reserve(at, sizes[draw(sizes.length)])).toBe(ResOK); while (!ap.commit(at));
        }
        arena.collect();
        const objects: [number, number][] = [];
        pool.apply((base, size) => objects.push([base >>> 0, size]));
        expect(objects.length, 'weak run').toBeGreaterThan(10);
        for (const [base, size] of objects) {
          for (const addr of [base, base + 1, base + size - 1, base + draw(size)]) {
            expect(arena.addr.object(addr | 0)).toEqual({ base, size });
            expect([arena.addr.pool(addr | 0), arena.addr.format(addr | 0), arena.hasAddr(addr | 0)]).toEqual([pool, format, true]);
          }
          const after = objects.find(([other]) => other === base + size), found = arena.addr.object((base + size) | 0);
          if (after === undefined) expect(found === null || found.base !== base).toBe(true);
          else expect(found).toEqual({ base: after[0], size: after[1] });
        }
      }
    });
  }

  test('of a pad, of a block that is being made, or of nobody has no object <design/query#.object>', () => {
    const lab = new Lab(), it = lab.object(48), low = lab.low(it), pending = lab.t.local();
    expect(lab.ap.reserve(pending, 64)).toBe(ResOK);
    expect(lab.arena.addr.object(lab.low(pending) | 0)).toBe(null);
    expect(lab.arena.addr.object((low + 48) | 0)).toBe(null);
    expect(lab.arena.addr.object((low + 47) | 0)).toEqual({ base: low, size: 48 });
    for (const addr of [0, 16, -16, 0x7fff_0000]) {
      expect([lab.arena.addr.object(addr), lab.arena.addr.pool(addr), lab.arena.addr.format(addr), lab.arena.hasAddr(addr)]).toEqual([null, null, null, false]);
    }
    expect(lab.ap.commit(pending)).toBe(true);
    expect(lab.arena.addr.object((lab.low(pending) + 63) | 0)).toEqual({ base: lab.low(pending), size: 64 });
    lab.ap.finish();
    expect(lab.arena.addr.object((lab.low(pending) + 64) | 0), 'a pad').toBe(null);
    expect(lab.arena.addr.pool((lab.low(pending) + 64) | 0)).toBe(lab.pool);
  });

  test('of a manual pool has a pool, and no object <design/query#.object>', () => {
    for (const kind of ['mvff', 'mfs'] as const) {
      const lab = new Lab(), pool = kind === 'mfs' ? lab.arena.pool(kind, { unitSize: 64 }) : lab.arena.pool(kind), slot = lab.t.local();
      expect(pool.alloc(lab.t, slot, 64)).toBe(ResOK);
      expect([lab.arena.addr.pool(lab.low(slot) | 0), lab.arena.addr.object(lab.low(slot) | 0)]).toEqual([pool, null]);
    }
  });

  test('from which an object has moved has none, while the collection is under way <design/query#.object>', () => {
    const lab = new Lab(), it = lab.object(48, 3), low = lab.low(it);
    Object.assign(lab.arena.control, { quantum: () => 1 });
    lab.arena.startCollect();
    lab.arena.step();
    expect([lab.arena.trace.isFlipped, lab.low(it) === low]).toEqual([true, false]);
    expect([lab.arena.addr.object(low | 0), lab.arena.addr.object((low + 20) | 0)]).toEqual([null, null]);
    expect(lab.arena.addr.object(lab.low(it) | 0)).toEqual({ base: lab.low(it), size: 48 });
  });
});
