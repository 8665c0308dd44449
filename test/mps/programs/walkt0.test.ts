/* walkt0.test.ts: in the shape of the MPS's program: pools of several classes, 200 roots, and walks that account for every byte
 * <design/walk>. Functional cases 17 and 30. */
import { expect, test } from 'vitest';
import { random } from '../../../code/base/random.ts';
import { GranuleSIZE } from '../../../code/machine/machine.ts';
import { ResOK } from '../../../code/mps/mps.ts';
import { Lab } from '../lab.ts';

const ROOTS = 200;
const OBJECTS = 5000;

for (const kind of ['amc', 'ams', 'lo'] as const) for (const platform of ['an', 'ix'] as const) {
  test(`walkt0: objects, pads and buffers are all of a pool of class ${kind} on ${platform} <design/walk#.inv.exact>`, () => {
    const lab = new Lab({ platform, memory: '8MiB', nursery: '128KiB' }), { t, arena } = lab, words = t.local(), it = t.local(), draw = random(7);
    const pool = arena.pool(kind), ap = pool.allocationPoint(t), root = lab.system.statics(t, words, ROOTS * GranuleSIZE);
    for (let n = 0; n < OBJECTS; ++n) {
      do expect(ap.reserve(it, 16 * (1 + draw(20)))).toBe(ResOK); while (!ap.commit(it));
      t.storeCap(words, draw(ROOTS) * GranuleSIZE, it);
    }
    for (let n = 0; n < ROOTS; ++n) t.storeCap(words, n * GranuleSIZE, it);
    t.clear(it);
    arena.park();
    let references = 0;
    arena.roots.walk((_, by) => { if (by === root) references += 1; });
    expect(references).toBe(ROOTS);
    const { heap } = arena;
    let objects = 0, bytes = 0, padding = 0, buffered = 0, walked = 0, seen = 0;
    pool.apply((_, size) => {
      objects += 1;
      bytes += size;
    });
    pool.walk((_view, base, limit) => {
      walked += limit - base;
      return ResOK;
    });
    arena.walk((_base, _size, seg) => { if (seg.pool === pool) seen += 1; });
    for (const seg of heap.segs) {
      if (seg?.pool !== pool) continue;
      pool.eachPart(seg, (first, limit) => {
        pool.eachObject(first, limit, (g, next) => { if (heap.isPad(g)) padding += (next - g) * GranuleSIZE; });
      });
      if (seg.buffer !== null) buffered += seg.buffer.limit - seg.buffer.scanLimit;
    }
    expect([bytes + padding + buffered, walked, seen]).toEqual([pool.totalSize, bytes, objects]);
    expect(objects).toBeGreaterThanOrEqual(1);
  });
}
