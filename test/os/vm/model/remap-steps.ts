/* remap-steps.ts: STEPS THAT MOVE MAPPINGS
 *
 * mremap: to shrink, to grow into a hole of the same reservation, to move anywhere, to move there <design/vm-oracle#.def.history>.
 */
import { ENOSYS } from '../../../../code/os/errno.ts';
import { MapFIXED, RemapFIXED, RemapMAYMOVE } from './abi.ts';
import { aim, aimText, nearby, oneOf, sizeText, type Aim, type Dice } from './aim.ts';
import { isExact, wholeOf, type Cap } from './caps.ts';
import { mremapWrong } from './pcuabi.ts';
import { pageUp, type MapAsk } from './rules.ts';
import { CAPS, PAGE, R, W, X, type Page, type Region } from './space.ts';
import { must, NULL, RESULT, TARGET, TEMP, type World } from './world.ts';

/** isOneMapping -- whether pages are alike, so that there is one mapping of which a move takes a part. */
function isOneMapping(pages: readonly (Page | null)[]): boolean {
  const [first] = pages;
  return pages.every((page, index) => page === null || (first !== null && !page.isGuard && page.prot === first.prot && page.max === first.max
    && page.isShared === first.isShared && page.source === first.source && page.index - index === first.index
    && page.inherit === first.inherit && page.isLocked === first.isLocked));
}

const pagesOf = (world: World, base: number, size: number): (Page | null)[] =>
  Array.from({ length: size / PAGE }, (_, index) => world.now.model.page(base + index * PAGE));

/** isAsAble -- the permissions of a target are among those of what is moved. */
const isAsAble = (target: Cap, old: Cap): boolean => (target.perms & ~old.perms) === 0;

const permsOfCap = (cap: Cap): number =>
  (cap.load ? R : 0) | (cap.store ? W : 0) | (cap.execute ? X : 0) | CAPS;

/** targetFor -- where a move is to go: free space, or pages of a reservation; the capability is in slot TARGET. */
function targetFor(world: World, dice: Dice, newLength: number): { ask: MapAsk; how: string } {
  const make = (cap: Cap, how: string): { ask: MapAsk; how: string } => {
    const size = pageUp(newLength);
    return { ask: { cap, length: newLength, prot: 0, flags: MapFIXED, source: null, index: 0, outer: { base: cap.addr, limit: cap.addr + size } }, how };
  };
  if (dice(2) === 0) {
    world.integer(TARGET, nearby(dice));
    const cap = world.cap(TARGET);
    return make(cap, `address ${cap.addr.toString(16)}`);
  }
  const { cap, how } = aim(world, dice, 1);
  world.hart.move(TARGET, TEMP);
  return make(cap, `${how} at ${cap.addr.toString(16)}`);
}

/** isLeftOut -- what histories do not move <design/vm-oracle#.leaves.move>. */
const isLeftOut = (page: Page | null, grows: boolean): boolean =>
  page !== null && (page.isGuard || page.reservation.isRun || (grows && page.isLocked));

const usual: readonly number[] = [0, 0, RemapMAYMOVE, RemapMAYMOVE, RemapMAYMOVE | RemapFIXED];

/** remaps -- mremap. */
export function remaps(world: World, dice: Dice): void {
  const flags = dice(32) === 0 ? oneOf(dice, [RemapFIXED, 8]) : oneOf(dice, usual);
  const change = dice(4) - 1;
  world.hart.move(TARGET, NULL);
  const drawn = (flags & RemapFIXED) !== 0 ? targetFor(world, dice, PAGE * (1 + dice(3))) : null, shown = aim(world, dice, 1);
  const { cap, length } = shown, newLength = drawn === null ? Math.max(0, pageUp(length) + change * PAGE) : drawn.ask.length;
  const what = (): string => `mremap(${aimText(shown)}, to ${sizeText(newLength)}, flags ${flags}${drawn === null ? '' : `, ${drawn.how}`})`;
  const call = (): number => world.now.map.mremap(world.hart, RESULT, TEMP, length, newLength, flags, TARGET);
  if (world.abi === 'cheribsd') {
    world.judge('mremap', what, [ENOSYS], call());
    return;
  }
  const target = drawn?.ask ?? null, pages = pagesOf(world, cap.addr, cap.addr % PAGE === 0 && length <= 64 * PAGE ? pageUp(length) : 0);
  const meets = target !== null && target.cap.addr < cap.addr + pageUp(length) && cap.addr < target.cap.addr + pageUp(newLength);
  if (length === 0 || meets || !isOneMapping(pages) || pages.some((page) => isLeftOut(page, newLength > length))) return;
  const fits = target === null || !target.cap.isTagged || isAsAble(target.cap, cap);
  const answers = mremapWrong(world.now.model, cap, length, newLength, flags, target, fits);
  if (!world.judge('mremap', what, answers, call())) return;
  moved(world, shown, newLength, target, dice(64));
}

/** moved -- what an mremap that has succeeded has done. */
function moved(world: World, { cap, length }: Aim, newLength: number, target: MapAsk | null, place: number): void {
  const { model } = world.now, size = pageUp(length), newSize = pageUp(newLength), region = model.at(cap.addr) as Region;
  const limit = cap.addr + newSize, last = model.page(cap.addr + size - PAGE) as Page;
  const inPlace = target === null && (newSize <= size || (limit <= region.innerLimit && model.isBare(cap.addr + size, limit)));
  if (inPlace) must(world.hart.isSame(RESULT, TEMP), 'mremap in place gives another capability than it was shown');
  if (newSize < size) model.unmap(limit, cap.addr + size);
  const grow = (to: Region, at: number): void => {
    if (newSize <= size) return;
    model.map(to, at + size, at + newSize, { ...last, isGuard: false, prot: last.prot & to.max, max: last.max & to.max, index: last.index + 1 });
    for (const page of pagesOf(world, at + size, newSize - size)) {
      (page as Page).inherit = last.inherit;
      (page as Page).isLocked = last.isLocked;
    }
  };
  if (inPlace) {
    grow(region, cap.addr);
    return;
  }
  const kept = Math.min(size, newSize), to = newPlace(world, cap, newSize, target);
  if (target?.cap.isTagged === true) model.unmapInto(to, target.cap.addr, target.cap.addr + newSize);
  model.move(cap.addr, kept, to, world.cap(RESULT).addr);
  grow(to, world.cap(RESULT).addr);
  if (target?.cap.isTagged !== true) world.keep(to, place);
}

/** newPlace -- the reservation that mappings have moved to: the target's, or a new one with the permissions of the old. */
function newPlace(world: World, cap: Cap, newSize: number, target: MapAsk | null): Region {
  const { model, tree } = world.now, made = world.cap(RESULT);
  if (target?.cap.isTagged === true) {
    must(world.hart.isSame(RESULT, TARGET), 'mremap gives another capability than its target');
    return model.at(target.cap.addr) as Region;
  }
  const old = model.at(cap.addr) as Region;
  must(isAsAble(made, cap) && made.load === (cap.load && (old.max & R) !== 0) && made.store === (cap.store && (old.max & W) !== 0), 'mremap changes permissions for data');
  must(made.execute === (cap.execute && (old.max & X) !== 0) && made.hasVmem && made.isTagged, 'mremap changes permissions');
  must(made.addr === made.base || target !== null, 'mremap gives a capability with an address within');
  must(target === null || made.addr === target.cap.addr, 'mremap moves to another place');
  must(isExact(world.format, made.base, made.top) && made.top - made.base === wholeOf(world.format, newSize).size, 'mremap makes a reservation of another size');
  must(model.isFree(made.base, made.top), 'mremap makes a reservation that meets another');
  const region = model.reserve(made.base, made.top, made.addr, made.addr + newSize, false, permsOfCap(made) & old.max);
  tree.insert(region);
  return region;
}
