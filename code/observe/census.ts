/* census.ts: A CENSUS
 *
 * What the heap consists of, by kind <design/oracle#.census>. The collector does not know kinds; who asks brings a
 * classifier that reads an object's words.
 */
import type { Low } from '../machine/machine.ts';
import type { Arena } from '../mps/mps.ts';

/** Objects of one kind. */
export interface CensusRow {
  readonly kind: string;
  objects: number;
  /** Bytes. */
  size: number;
}

/** Names the kind of an object from its size in bytes and a reader of its 32-bit words. */
export type Classify = (size: number, word: (index: number) => number, isTagged: (granule: number) => boolean) => string;

/** censusOf -- count every object in the heap, largest kinds first. */
export function censusOf(arena: Arena, classify: Classify): CensusRow[] {
  const rows = new Map<string, CensusRow>();
  const { heap } = arena;
  arena.walk((base: Low, size, seg) => {
    const granule = seg.granuleOf(base >>> 0);
    const kind = classify(size, (index) => heap.i32[granule * 4 + index], (index) => heap.tags[granule + index] !== 0);
    const row = rows.get(kind) ?? { kind, objects: 0, size: 0 };
    row.objects += 1;
    row.size += size;
    rows.set(kind, row);
  });
  return [...rows.values()].sort((a, b) => b.size - a.size || (a.kind < b.kind ? -1 : 1));
}
