/* shield.ts: WHAT PROTECTION SHOULD BE
 *
 * Works out from colour and summary alone what mutators must not do to each segment, and holds it against what the shield
 * wants, what it believes the platform enforces, and what the page table says <design/oracle#.inv.shield>.
 */
import { PageLOADCAP, PageREAD, PageSIZE, PageSTORECAP, PageWRITE, WindowHIGH, type AddressSpace } from '../machine/machine.ts';
import { accessName, AccessNONE, AccessREAD, AccessWRITE, RankNONE, ZoneSetUNIV, type AccessSet, type Arena, type Seg } from '../mps/mps.ts';

const RightsALL = PageREAD | PageWRITE | PageLOADCAP | PageSTORECAP;

/** What a look at the protection of everything has found. */
export interface ShieldLook {
  /** Segments of which something is forbidden. */
  readonly shielded: number;
  /** The first thing that is not as it should be, as text; null if there is none. */
  readonly wrong: string | null;
}

/** shieldLook -- judge the protection of all segments and pages; as the arena is left. `space` is where mutators look pages up;
 * without one only what the shield wants is judged. */
export function shieldLook(arena: Arena, space: AddressSpace | null): ShieldLook {
  let shielded = 0, wrong: string | null = null;
  for (const seg of arena.heap.segs) {
    if (seg === null) continue;
    const wanted = accessWanted(seg);
    if (wanted !== AccessNONE) shielded += 1;
    wrong ??= segWrong(seg, wanted, space);
  }
  if (space !== null) wrong ??= ownerlessWrong(arena, space);
  return { shielded, wrong };
}

/** accessWanted -- what mutators must not do to a segment: not read what a flipped trace has still to scan, not write
 * unnoticed where a summary says something. */
function accessWanted(seg: Seg): AccessSet {
  const read = seg.grey && seg.arena.trace.isFlipped ? AccessREAD : AccessNONE;
  return read | (seg.summary === ZoneSetUNIV || seg.rank === RankNONE ? AccessNONE : AccessWRITE);
}

function segWrong(seg: Seg, wanted: AccessSet, space: AddressSpace | null): string | null {
  const name = `segment at 0x${seg.base.toString(16)} should forbid ${accessName(wanted)}`;
  if (seg.shieldMode !== wanted) return `${name}: the shield forbids ${accessName(seg.shieldMode)}`;
  if (space === null) return null;
  if (seg.protMode !== wanted) return `${name}: the platform was asked to forbid ${accessName(seg.protMode)}`;
  const page = pageWrong(space, seg.base, seg.limit, wanted);
  return page < 0 ? null : `${name}: the page at 0x${page.toString(16)} has rights ${rightsText(space, page)}`;
}

/** ownerlessWrong -- memory that is committed but in no segment is open <design/seg#.inv.free.clear>. */
function ownerlessWrong(arena: Arena, space: AddressSpace): string | null {
  let wrong: string | null = null;
  arena.grains.eachCommitted((base, limit) => {
    for (let page = base; page < limit && wrong === null; page += PageSIZE) {
      if (arena.heap.segOf(page | 0) !== null || pageWrong(space, page, page + PageSIZE, AccessNONE) < 0) continue;
      wrong = `the page at 0x${page.toString(16)} belongs to no segment, and has rights ${rightsText(space, page)}`;
    }
  });
  return wrong;
}

/** pageWrong -- the first page of [base, limit) whose rights are not what forbidding `mode` takes; -1 if there is none. */
function pageWrong(space: AddressSpace, base: number, limit: number, mode: AccessSet): number {
  const without = (mode & AccessREAD) !== 0 ? PageREAD | PageWRITE : mode === AccessNONE ? 0 : PageWRITE | PageSTORECAP;
  const within = (mode & AccessREAD) !== 0 ? 0 : RightsALL & ~without;
  for (let page = base; page < limit; page += PageSIZE) {
    const rights = space.entry(page | 0, WindowHIGH);
    if ((rights & without) !== 0 || (rights & within) !== within) return page;
  }
  return -1;
}

/** rightsText -- the rights of a page, as letters: read, write, load and store capabilities. */
function rightsText(space: AddressSpace, page: number): string {
  const entry = space.entry(page | 0, WindowHIGH);
  const letters = [[PageREAD, 'r'], [PageWRITE, 'w'], [PageLOADCAP, 'R'], [PageSTORECAP, 'W']] as const;
  return letters.map(([right, letter]) => ((entry & right) === 0 ? '-' : letter)).join('');
}
