/* remap.ts: MREMAP
 *
 * Making mappings longer or shorter, and moving them, once the profile has nothing against it <design/mman#.mremap>. Only PCuABI has it.
 */
import { formatOf, PageSIZE } from '../../machine/machine.ts';
import { ENOMEM } from '../errno.ts';
import { MapFIXED, ProtINVOKE, protOfPerms, RemapFIXED, RemapMAYMOVE, type Prot } from './mman.ts';
import { inheritOf, MaxSHIFT, StateGUARD, StateMAX, StatePROT, StateSHARED } from './page-state.ts';
import { capWrite } from './representable.ts';
import { Ask, pageUp } from './request.ts';
import type { Inherit, Mapping, Reservation } from './reservation.ts';

/** remap -- do what `ask` wants; the capability goes to slot `dst`, and slot `newAddr` says where with MREMAP_FIXED. */
export function remap(ask: Ask, dst: number, newAddr: number): number {
  const { map, hart, base } = ask, from = map.insist(base), oldSize = pageUp(ask.oldLength), newSize = pageUp(ask.newLength);
  if (ask.has(RemapFIXED)) return remapTo(ask, from, dst, newAddr);
  if (newSize > oldSize) {
    const isRoom = base + newSize <= from.innerLimit && from.isBare(base + oldSize, base + newSize);
    if (!isRoom) return ask.has(RemapMAYMOVE) ? remapAnywhere(ask, from, dst) : ENOMEM;
    put(from, base + oldSize, base + newSize, after(from, base + oldSize, from));
  } else if (newSize < oldSize) from.unmap(base + newSize, base + oldSize);
  hart.move(dst, ask.addr);
  return 0;
}

/** What a new reservation and its capability may do: as much as the old capability, but no more than the old reservation
 * <design/reservation#.departs.reuse>. */
function movable({ map, hart, perms: shown }: Ask, from: Reservation): { perms: number; max: Prot; run: boolean } {
  const perms = shown & map.permsOf(from.max, ProtINVOKE);
  return { perms, max: from.max & protOfPerms(formatOf(hart), perms), run: from.run >= 0 };
}

/** remapAnywhere -- to a new reservation: other bounds, the same permissions. */
function remapAnywhere(ask: Ask, from: Reservation, dst: number): number {
  const { map, hart } = ask, { perms, max, run } = movable(ask, from), to = map.makeAnywhere(0, pageUp(ask.newLength), PageSIZE, max, run);
  return to === null ? ENOMEM : moved(ask, from, to, to.innerBase, () => { capWrite(hart, dst, to, to.innerBase, perms); });
}

/** remapTo -- to where somebody said: into the reservation of a capability, or a new one at an integer. */
function remapTo(ask: Ask, from: Reservation, dst: number, newAddr: number): number {
  const { map, hart } = ask, target = new Ask(map, hart, newAddr, ask.newLength, { flags: MapFIXED, moved: ask });
  const refusal = map.refusal('target', target);
  if (refusal !== null) return refusal;
  const { base, limit } = target;
  if (target.isTagged) return moved(ask, from, map.insist(base), base, () => { hart.move(dst, newAddr); });
  const { perms, max, run } = movable(ask, from), to = map.make({ ...target.spread, innerBase: base, innerLimit: limit, max, run });
  return to === null ? ENOMEM : moved(ask, from, to, base, () => { capWrite(hart, dst, to, base, perms); });
}

/** moved -- move what there is, as far as it is to be, and have the rest be like its end; a reservation without mappings goes. */
function moved({ map, base, oldLength, newLength }: Ask, from: Reservation, to: Reservation, at: number, give: () => void): number {
  const oldSize = pageUp(oldLength), newSize = pageUp(newLength), size = Math.min(oldSize, newSize);
  const more = after(from, base + size, to);
  if (!from.moveTo(to, base, size, at)) {
    if (to.mapped === 0) map.destroy(to);
    return ENOMEM;
  }
  if (newSize > size) put(to, at + size, at + newSize, more);
  if (oldSize > size) from.unmap(base + size, base + oldSize);
  give();
  if (from.mapped === 0) map.destroy(from);
  return 0;
}

/** What goes on behind a page: a mapping, or null for a guard, and what a child gets of it. */
interface Rest {
  readonly mapping: Mapping | null;
  readonly inherit: Inherit;
}

/** after -- what goes on behind the page that ends at an address, as `to` may have it. */
function after(from: Reservation, limit: number, to: Reservation): Rest {
  const page = from.pageOf(limit - PageSIZE), state = from.states[page], object = from.backing?.objects[page] ?? null;
  if ((state & StateGUARD) !== 0) return { mapping: null, inherit: inheritOf(state) };
  const mapping = {
    prot: state & StatePROT & to.max, max: ((state & StateMAX) >>> MaxSHIFT) & to.max, object, isShared: (state & StateSHARED) !== 0,
    page: object === null ? 0 : (from.backing?.pages[page] ?? 0) + 1,
  };
  return { mapping, inherit: inheritOf(state) };
}

function put(to: Reservation, base: number, limit: number, { mapping, inherit }: Rest): void {
  if (mapping === null) to.mapGuard(base, limit);
  else to.map(base, limit, mapping);
  to.inherit(base, limit, inherit);
}
