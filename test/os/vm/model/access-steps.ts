/* access-steps.ts: STEPS THAT TOUCH MEMORY
 *
 * Loads and stores of data and of capabilities: what they find, what they leave, and by what they are refused
 * <design/vm-oracle#.def.history>.
 */
import { aim, nearby, type Dice } from './aim.ts';
import type { Cap } from './caps.ts';
import { CAPS, granuleAt, GRANULES, PAGE, R, W, type Page } from './space.ts';
import { must, NULL, RESULT, ROOT, TEMP, type World } from './world.ts';

const kinds = ['load', 'store', 'loadcap', 'storecap'] as const;
type Kind = (typeof kinds)[number];

const reads = (kind: Kind): boolean => kind === 'load' || kind === 'loadcap';
const sizeOf = (kind: Kind): number => (kind === 'load' || kind === 'store' ? 4 : 16);

/** authorityRefuses -- what the capability has against an access at its address. */
function authorityRefuses(cap: Cap, kind: Kind, isTagged: boolean): string | null {
  if (!cap.isTagged) return 'tag';
  if (cap.isSealed) return 'seal';
  if (reads(kind) ? !cap.load : !cap.store) return reads(kind) ? 'load' : 'store';
  if (kind === 'storecap' && isTagged && !cap.storeCap) return 'storecap';
  return cap.base <= cap.addr && cap.addr + sizeOf(kind) <= cap.top ? null : 'bounds';
}

/** pageRefuses -- what its page has. */
function pageRefuses(world: World, cap: Cap, kind: Kind, isTagged: boolean): string | null {
  const { model } = world.now, page = model.page(cap.addr);
  if (page === null) return world.rules.holesAreReserved && model.at(cap.addr) !== null ? 'accerr' : 'maperr';
  if (page.isGuard || (page.prot & (reads(kind) ? R : W)) === 0) return 'accerr';
  if (model.bytes(page) === null) return 'bus';
  return kind === 'storecap' && isTagged && !mayHold(page) ? 'storetag' : null;
}

/** mayHold -- whether tags can be stored at a page. */
const mayHold = ({ prot, isShared, source }: Page): boolean =>
  (prot & CAPS) !== 0 && !(isShared && source !== null && !source.carriesTags);

/** accesses -- an access of some kind. */
export function accesses(world: World, dice: Dice): void {
  const kind = kinds[dice(4)], granule = dice(GRANULES), value = kind === 'storecap' && dice(8) !== 0 ? world.someSlot(dice(64)) : NULL;
  const how = show(world, dice, granule), cap = world.cap(TEMP), isTagged = world.hart.isTagged(value), number = dice(0x1_0000) + 1;
  const refusal = authorityRefuses(cap, kind, isTagged) ?? pageRefuses(world, cap, kind, isTagged);
  let loaded = 0;
  const isTight = world.frames.available < 2 * PAGE;
  const outcome = world.access(() => {
    if (kind === 'load') loaded = world.hart.load32(TEMP, 0);
    else if (kind === 'store') world.hart.store32(TEMP, 0, number);
    else if (kind === 'loadcap') world.hart.loadCap(RESULT, TEMP, 0);
    else world.hart.storeCap(TEMP, 0, value);
  });
  // One that is refused for the value may have brought the page in.
  const cell = world.now.model.page(cap.addr)?.cell;
  if (cell !== undefined && cell !== null) cell.isTouched = true;
  const isShort = (refusal === null || refusal === 'storetag') && isTight && outcome === 'nomemory';
  world.count(kind, isShort ? 'no memory' : outcome);
  world.log?.push(`${kind} ${how} at ${cap.addr.toString(16)} = ${outcome}`);
  if (isShort) return;
  if (outcome !== (refusal ?? 'ok')) throw new Error(`${kind} ${how} at ${cap.addr.toString(16)}: ${outcome}, but the rules say ${refusal ?? 'ok'}`);
  // A write first, and then one of a capability: the page is the process's own by then <design/reservation#.fault>.
  if (refusal === 'storetag') world.now.model.own(world.now.model.page(cap.addr) as Page);
  if (refusal === null) done(world, world.now.model.page(cap.addr) as Page, kind, granule, { cap, loaded, number, value });
}

/** show -- a capability in TEMP with the address of a granule, mostly of a page that is mapped and may be accessed through it. */
function show(world: World, dice: Dice, granule: number): string {
  const way = dice(32), live = world.holds(false);
  if (way < 3 || live.length === 0) {
    world.place(TEMP, ROOT, nearby(dice) + granuleAt(granule));
    return 'all authority';
  }
  if (way < 5) {
    const { cap, how } = aim(world, dice, 12), addr = Math.floor(cap.addr / PAGE) * PAGE + granuleAt(granule);
    world.place(TEMP, TEMP, addr);
    return how;
  }
  const { slot, region } = live[dice(live.length)];
  const { model } = world.now, pages = (region.limit - region.base) / PAGE, minds = dice(4) !== 0;
  let page = dice(8) === 0 ? pages - 1 : dice(Math.min(pages, 8));
  while (minds && page > 0 && model.page(region.base + page * PAGE) === null) page -= 1;
  world.place(TEMP, slot, region.base + page * PAGE + granuleAt(granule));
  return `slot ${slot}`;
}

interface Done {
  readonly cap: Cap;
  readonly loaded: number;
  readonly number: number;
  readonly value: number;
}

/** done -- what an access that was made has found, or leaves. */
function done(world: World, page: Page, kind: Kind, granule: number, { cap, loaded, number, value }: Done): void {
  const { model } = world.now, { hart } = world, cell = reads(kind) ? model.bytes(page) : model.own(page);
  must(cell !== null, 'there are no bytes');
  cell.isTouched = true;
  if (kind === 'load') must(loaded === cell.word(granule, 0), `a load finds ${loaded} in the place of ${cell.word(granule, 0)}`);
  else if (kind === 'store') {
    cell.put(granule, 0, number);
    cell.put(granule, 4, 0);
  } else if (kind === 'loadcap') {
    for (let word = 0; word < 4; ++word) must(hart.r[RESULT * 8 + word] === cell.word(granule, word), `word ${word} of a capability is not what was stored`);
    const isTagged = cell.word(granule, 4) !== 0 && cap.loadCap && (page.prot & CAPS) !== 0;
    must(hart.isTagged(RESULT) === isTagged, `a loaded capability is ${isTagged ? 'untagged' : 'tagged'}`);
  } else {
    for (let word = 0; word < 4; ++word) cell.put(granule, word, hart.r[value * 8 + word]);
    cell.put(granule, 4, hart.isTagged(value) ? 1 : 0);
  }
}
