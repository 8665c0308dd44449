/* ams-debug.test.ts: what is free in a debugging AMS pool is looked after. */
import { describe, expect, test } from 'vitest';
import { Rig } from '../rig.ts';
import { Lab } from '../lab.ts';
import type { AmsDebugOptions, AmsDebugPool } from '../../../code/mps/mps.ts';

/** A pool with an object, a hole and an object; and a capability to the hole, as a program that kept one too long would have. */
function holed(options: AmsDebugOptions = {}): { lab: Lab; pool: AmsDebugPool; stale: number } {
  const lab = new Lab({ platform: 'an' }), { t, arena } = lab;
  const pool = arena.pool('ams-debug', { chain: arena.chain([{ capacity: 2 ** 20, mortality: 0.5 }]), ...options }), ap = pool.allocationPoint(t);
  Object.assign(lab, { ap });
  const slots = [lab.object(64, 1), lab.object(640, 2), lab.object(64, 3)], words = t.r.slice(slots[1] << 3, (slots[1] << 3) + 8);
  ap.finish();
  t.clear(slots[1]);
  arena.collect();
  t.r.set(words, slots[1] << 3);
  return { lab, pool, stale: slots[1] };
}

const text = (lab: Lab, slot: number, at: number): string => String.fromCharCode(...[0, 1, 2, 3].map((k) => lab.t.load8(slot, at + k)));

describe('free memory', () => {
  test('shows a pattern, in phase with addresses, and is looked at when the client asks <design/ams#.debug>', () => {
    const { lab, pool, stale } = holed();
    expect([text(lab, stale, 0), text(lab, stale, 636)]).toEqual(['FREE', 'FREE']);
    pool.checkFreeSpace();
    pool.checkFenceposts();
    lab.t.store8(stale, 333, 0);
    expect(() => { pool.checkFreeSpace(); }).toThrow('<design/fence#.inv.free>');
  });

  test('is looked at when a buffer gets it, and when the pool goes <design/ams#.debug>', () => {
    for (const use of [
      ({ lab, pool }: ReturnType<typeof holed>): unknown => pool.allocationPoint(lab.t).reserve(lab.t.local(), 640),
      ({ lab, pool }: ReturnType<typeof holed>): void => { lab.arena.poolFinish(pool); },
    ]) {
      use(holed());
      const made = holed();
      made.lab.t.store8(made.stale, 639, 1);
      expect(() => use(made)).toThrow('<design/fence#.inv.free>');
    }
  });

  test('shows another pattern, or none, if the client says so <design/ams#.debug>', () => {
    const other = holed({ poolDebugOptions: { freeTemplate: 'abcdef', freeSize: 2 } });
    expect(text(other.lab, other.stale, 0)).toBe('abab');
    const none = holed({ poolDebugOptions: { freeSize: 0 } });
    none.lab.t.store8(none.stale, 5, 1);
    none.pool.checkFreeSpace();
    expect(none.lab.arena.pool('ams-debug').kind).toBe('ams-debug');
  });
});

test('a debugging pool is as any other to a program that does nothing wrong <design/marking#.req.graph> <design/ams#.debug>', () => {
  const rig = new Rig({
    habits: { seed: 3, collects: 3 }, nursery: '16KiB', pool: (arena, format) => arena.pool('ams-debug', { format, chain: arena.chain([{ capacity: 16_384, mortality: 0.5 }]) }),
  });
  for (let k = 0; k < 10; ++k) {
    rig.play(60);
    rig.pool.checkFreeSpace();
  }
  rig.end();
  expect(rig.arena.counts.bytesReclaimed, 'weak run').toBeGreaterThan(200_000);
});
