/* awl-table.ts: LINKED TABLES
 *
 * A table of weak keys and one of values, each the other's dependent: a key that is splatted takes its value along. The first granule of each is data,
 * the second refers to the other one.
 */
import { expect } from 'vitest';
import { slotDecode, type Hart } from '../../../code/machine/machine.ts';
import { ResOK, type AllocationPoint, type Format } from '../../../code/mps/mps.ts';
import type { FindDependent } from '../../../code/mps/pools/awl.ts';

/** What the first word says of a table. */
const TABLE = 0x7ab1e;

export const findDependent: FindDependent = (view, base) => {
  const other = view.load32(base) === TABLE ? view.load32(base + 16) : 0;
  return other === 0 ? null : other;
};

/** The format of tables: what is splatted here is deleted there. */
export const linked: Format = {
  name: 'linked',
  scan: (view, base, limit) => {
    const other = findDependent(view, base);
    for (let addr = (base + 16) | 0; addr !== limit; addr = (addr + 16) | 0) {
      const before = view.load32(addr), res = view.fix(addr);
      if (res !== ResOK) return res;
      if (other === null || before === 0 || view.load32(addr) !== 0) continue;
      for (let at = 0; at < 16; at += 4) view.store32((other + addr - base + at) | 0, 0);
    }
    return ResOK;
  },
};

/** table -- a table with room for `count` entries, in a slot; they are its granules from the third on, after `header` bytes that the slot points
 * past. */
export function table(t: Hart, ap: AllocationPoint, slot: number, count: number, header: number = 0): void {
  const size = header + 32 + 16 * count, c = slot << 3;
  do {
    expect(ap.reserve(slot, size)).toBe(ResOK);
    for (let at = 0; at < size; at += 4) t.store32(slot, at, at === header ? TABLE : 0);
  } while (!ap.commit(slot));
  t.r[c] = t.r[c] + header;
  slotDecode(t.r, c);
}

/** link -- make two tables each other's dependents. */
export function link(t: Hart, one: number, other: number): void {
  t.storeCap(one, 16, other);
  t.storeCap(other, 16, one);
}

/** marks -- what is in the entries of a table: marks of objects, null where there is none. */
export function marks(t: Hart, slot: number, count: number): (number | null)[] {
  const found: (number | null)[] = [], one = t.enter(1);
  for (let n = 0; n < count; ++n) {
    t.loadCap(one, slot, 32 + 16 * n);
    found.push(t.isTagged(one) ? t.load32(one, 0) : null);
  }
  t.leave(one);
  return found;
}
