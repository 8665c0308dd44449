/* addrobj.test.ts: in the shape of the MPS's program: an object of 100 slots is found by its base and by addresses inside it, and
 * not by one past its end <design/query>. */
import { expect, test } from 'vitest';
import { Lab } from '../lab.ts';

test('addrobj: base, interior, one past the end, nobody\'s; other pools answer too <design/query#.inv.object>', () => {
  for (const platform of ['an', 'ix'] as const) {
    const lab = new Lab({ platform }), it = lab.object(100 * 16), low = lab.low(it), words = lab.t.local(), { addr } = lab.arena;
    lab.arena.park();
    for (let at = 0; at < 1600; at += 8) expect(addr.object((low + at) | 0)).toEqual({ base: low, size: 1600 });
    expect(addr.object((low + 1600) | 0)).toBe(null);
    lab.system.statics(lab.t, words, 4096);
    expect(addr.object(lab.low(words) | 0)).toBe(null);
    const pool = lab.arena.pool('ams'), ap = pool.allocationPoint(lab.t);
    do ap.reserve(it, 4096); while (!ap.commit(it));
    expect(addr.object((lab.low(it) + 4000) | 0)).toEqual({ base: lab.low(it), size: 4096 });
  }
});
