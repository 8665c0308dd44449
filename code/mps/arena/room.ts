/* room.ts: MAKING ROOM
 *
 * What is done before a client is told that memory has run out <design/policy#.makeroom>.
 */
import type { Seg } from '../heap/seg.ts';
import { ResOK, type Res } from '../result.ts';
import type { Arena } from './arena.ts';

/** At most so many collections for one allocation. */
const MakeRoomTRIES = 4;

/** makeRoom -- an allocation of `size` bytes failed: collect the world until `again` succeeds, as long as that gains anything
 * and the arena is not clamped. */
export function makeRoom(arena: Arena, size: number, again: () => Seg | Res): Seg | Res {
  const { grains } = arena;
  const numbers = (): { size: number; committed: number; limit: number } =>
    ({ size, committed: grains.committed, limit: grains.parameters.commitLimit });
  let found: Seg | Res = ResOK;
  for (let tries = 0; tries < MakeRoomTRIES && !arena.control.isClamped; ++tries) {
    const before = grains.available;
    const gained = arena.control.collect({ why: 'allocation failed', ...numbers() });
    found = again();
    if (typeof found !== 'number') return found;
    if (gained === 0 && grains.available <= before) break;
  }
  arena.tell({ type: 'exhausted', ...numbers() });
  return found === ResOK ? again() : found;
}
