/* map-steps.ts: STEPS THAT MAP
 *
 * mmap of every kind, and what must be true of where the engine puts it <design/vm-oracle#.place>.
 */
import { errnoName } from '../../../../code/os/errno.ts';
import { aim, nearby, oneOf, sizeText, type Dice } from './aim.ts';
import {
  Map32BIT, MapANON, MapEXCL, MapFIXED, MapGROWSDOWN, MapGUARD, MapNOREPLACE, MapPRIVATE, MapRUN, MapSHARED, MapSTACK, mapAligned, mapAlignment,
  ProtEXEC, ProtNOCAP, ProtNONE, ProtREAD, ProtWRITE, protMax,
} from './abi.ts';
import { isExact, permsMissing, wholeOf, type Cap } from './caps.ts';
import { pageDown, pageUp, type MapAsk } from './rules.ts';
import { CAPS, LAST, OffsetLIMIT, PAGE, R, W, X, type Mapping, type Region } from './space.ts';
import { must, NULL, RESULT, TEMP, type Backing, type World } from './world.ts';

const RW = ProtREAD | ProtWRITE;

/** Prots, the usual ones more often. */
const prots: readonly number[] = [
  RW, RW, RW, RW, RW, RW, RW, RW, ProtREAD, ProtREAD | ProtEXEC, ProtWRITE, ProtNONE, protMax(RW), protMax(RW) | ProtREAD, protMax(RW | ProtEXEC) | RW,
  RW, RW, RW, RW | protMax(ProtREAD), RW, RW,
];

const cheribsdProts: readonly number[] = [...prots, RW | ProtNOCAP, RW | ProtNOCAP, RW | protMax(RW) | ProtNOCAP, 0x100 | RW];

/** Pages of a source that a mapping begins with: what is beyond its end may be mapped, and not what is beyond all files. */
const indices: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2 ** 32, 2 ** 32 + 1, OffsetLIMIT / PAGE];

/** More than this is not mapped, but for by tests of how much there is. */
const REGIONS = 20;

/** Where an ask with an address and MAP_FIXED would be: aligned down until it is representable. */
function outerOf(world: World, addr: number, size: number): { base: number; limit: number } {
  const inner = { base: pageDown(addr), limit: pageUp(addr + size) };
  if (addr < 0 || inner.limit > LAST || size === 0) return { base: addr, limit: addr + pageUp(size) };
  let { base } = inner;
  for (;;) {
    const whole = wholeOf(world.format, inner.limit - base), aligned = Math.floor(base / whole.alignment) * whole.alignment;
    if (aligned === base) return { base, limit: base + whole.size };
    base = aligned;
  }
}

/** How an mmap is drawn: the ask, and the words of it. */
interface Drawn {
  readonly ask: MapAsk;
  readonly backing: Backing | null;
  readonly what: () => string;
}

function lengthFor(world: World, dice: Dice): number {
  const draw = dice(4096);
  if (draw === 0) return (world.abi === 'cheribsd' ? 0x40_0000 : 0x100_0000) + PAGE;
  if (draw < 64) return 0;
  return draw < 96 ? 0x2_0000_0000 : (1 + dice(6)) * PAGE - (draw % 8 === 0 ? 9 : 0);
}

/** flagsFor -- flags but for MAP_FIXED, and what is mapped. */
function flagsFor(world: World, dice: Dice): { flags: number; backing: Backing | null } {
  const draw = dice(64), isB = world.abi === 'cheribsd';
  if (draw < 6) return { flags: MapSHARED | MapANON, backing: null };
  if (draw < 12) return { flags: MapSHARED, backing: oneOf(dice, world.backings) };
  if (draw < 20) return { flags: MapPRIVATE, backing: oneOf(dice, world.backings) };
  if (draw < 21) return { flags: MapPRIVATE, backing: null };
  if (draw < 22) return { flags: isB ? MapPRIVATE | MapSHARED | MapANON : MapPRIVATE | MapANON | MapGROWSDOWN, backing: null };
  if (draw < 24) return { flags: isB ? MapGUARD : MapPRIVATE | MapANON, backing: null };
  if (draw < 25) return { flags: isB ? MapSTACK | MapANON | MapPRIVATE : MapPRIVATE | MapANON | MapNOREPLACE, backing: null };
  if (draw < 26 && isB) return { flags: MapPRIVATE | MapANON | oneOf(dice, [mapAligned(14), mapAligned(2), mapAligned(9), Map32BIT, mapAligned(1)]), backing: null };
  return { flags: MapPRIVATE | MapANON, backing: null };
}

/** draw -- an mmap. */
function draw(world: World, dice: Dice): Drawn {
  const length = lengthFor(world, dice), where = dice(32), { flags: kind, backing } = flagsFor(world, dice);
  const isGuard = (kind & MapGUARD) !== 0, chosen = oneOf(dice, world.abi === 'cheribsd' ? cheribsdProts : prots);
  const prot = isGuard && dice(8) !== 0 ? protMax(RW) : (kind & MapSTACK) !== 0 ? RW : chosen;
  const make = (cap: Cap, size: number, fixed: number, how: string): Drawn => {
    const flags = kind | fixed, source = backing, index = backing === null ? 0 : oneOf(dice, indices), outer = outerOf(world, cap.isNull ? -1 : cap.addr, size);
    const what = (): string => `mmap(${how}, ${sizeText(size)}, prot ${prot.toString(16)}, flags ${flags.toString(16)}${source === null ? '' : `, ${source.name} from page ${index}`})`;
    return { ask: { cap, length: size, prot, flags, source, index, outer }, backing, what };
  };
  if (where < 15) {
    world.hart.move(TEMP, NULL);
    const isRun = dice(16) === 0 && kind === (MapPRIVATE | MapANON);
    return make(world.cap(TEMP), length, isRun ? MapRUN : 0, 'NULL');
  }
  if (where < 22) {
    const addr = nearby(dice) + (dice(32) === 0 ? 8 : 0);
    world.integer(TEMP, addr);
    return make(world.cap(TEMP), length, where < 17 ? 0 : MapFIXED, `address ${addr.toString(16)}`);
  }
  const { cap, length: size, how } = aim(world, dice, 3);
  const extra = dice(8) === 0 ? (world.abi === 'cheribsd' ? MapEXCL : MapNOREPLACE) : 0;
  return make(cap, size, dice(16) === 0 ? 0 : MapFIXED | extra, `${how} at ${cap.addr.toString(16)}`);
}

/** mmaps -- an mmap, or where there is much already an end of something. */
export function mmaps(world: World, dice: Dice): void {
  const { ask, backing, what } = draw(world, dice), { model, map } = world.now;
  if (model.regions.length >= REGIONS && !ask.cap.isTagged) return;
  const source = backing === null ? null : { object: backing.object, isRegular: backing.name !== 'shm', mayRead: backing.mayRead, mayWrite: backing.mayWrite };
  sameHoles(world, ask);
  const answers = world.rules.mmap(model, ask), isRun = (ask.flags & MapRUN) !== 0;
  const errno = map.mmap(world.hart, RESULT, TEMP, ask.length, ask.prot, ask.flags, source, ask.index * PAGE);
  // Whether there is a run of frames is the engine's to know.
  const isShort = isRun && answers.includes(0) && errnoName(errno) === 'ENOMEM';
  if (!world.judge('mmap', what, isShort ? [errno] : answers, errno)) return;
  adopt(world, ask, dice);
}

/** adopt -- a mapping has been made: it is looked at, and then the naive space has it too. */
export function adopt(world: World, ask: MapAsk, dice: Dice): void {
  if (ask.cap.isTagged) mapInside(world, ask);
  else mapAnew(world, ask, dice);
}

/** sameHoles -- what the naive space has free, the neighbours and the tree have free too. */
function sameHoles(world: World, { outer: { base, limit } }: MapAsk): void {
  const { model, tree } = world.now;
  if (base < 0 || limit > LAST || base >= limit) return;
  const isFree = model.isFree(base, limit);
  must(model.neighbours.isFree(base, limit) === isFree, 'the neighbours have another opinion of what is free');
  must(tree.isFree(base, limit) === isFree, 'the tree has another opinion of what is free');
}

/** mappingOf -- the mapping that is asked for, in a reservation whose pages may come to `most`. */
function mappingOf(world: World, ask: MapAsk, most: number): Mapping {
  const { prot, max } = world.rules.protsOf(ask), isShared = (ask.flags & MapSHARED) !== 0, { source } = ask;
  return {
    prot, max: max & most, isGuard: (ask.flags & MapGUARD) !== 0, isShared, index: ask.index,
    source: source ?? (isShared ? world.anonymous(pageUp(ask.length) / PAGE) : null),
  };
}

/** mapInside -- MAP_FIXED within a reservation: what was shown comes back as it is. */
function mapInside(world: World, ask: MapAsk): void {
  const { model } = world.now, base = ask.cap.addr;
  must(world.hart.isSame(RESULT, TEMP), 'MAP_FIXED gives another capability than it was shown');
  const region = model.at(base) as Region;
  model.map(region, base, base + pageUp(ask.length), mappingOf(world, ask, region.max));
}

/** mapAnew -- a new reservation: where it may be, and what its capability may do. */
function mapAnew(world: World, ask: MapAsk, dice: Dice): void {
  const { model, tree } = world.now, cap = world.cap(RESULT), size = pageUp(ask.length), isRun = (ask.flags & MapRUN) !== 0;
  const perms = world.rules.permsOf(ask), most = world.rules.mostOf(ask), { base, top: limit, addr } = cap;
  must(cap.isTagged && !cap.isSealed && cap.hasVmem && cap.hasGlobal, 'a new capability is no owner');
  must(!permsMissing(cap, perms) && cap.load === ((perms & R) !== 0) && cap.store === ((perms & W) !== 0) && cap.execute === ((perms & X) !== 0),
    'a new capability has other permissions than were asked for');
  must(cap.loadCap === ((perms & (R | CAPS)) === (R | CAPS)) && cap.storeCap === ((perms & (W | CAPS)) === (W | CAPS)), 'a new capability has other permissions for capabilities');
  must(base % PAGE === 0 && limit % PAGE === 0 && isExact(world.format, base, limit), 'a reservation is not representable');
  must(base <= addr && addr + size <= limit, 'a reservation does not hold what was asked for');
  must(model.isFree(base, limit), `a reservation at ${base.toString(16)} meets another`);
  placed(world, ask, base, limit, addr);
  const region = model.reserve(base, limit, addr, addr + size, isRun, most);
  tree.insert(region);
  model.map(region, addr, addr + size, mappingOf(world, ask, most));
  world.keep(region, dice(64));
}

/** placed -- the place is the one that was asked for, or one that the oracle of holes has too. */
function placed(world: World, ask: MapAsk, base: number, limit: number, addr: number): void {
  const { model, tree } = world.now, size = limit - base, fixed = (ask.flags & (MapFIXED | MapNOREPLACE)) !== 0, { cap, outer } = ask;
  if (fixed) must(addr === cap.addr && base === outer.base && limit === outer.limit, 'MAP_FIXED is somewhere else');
  else must(addr === base && size === wholeOf(world.format, pageUp(ask.length)).size, 'a reservation is larger than it need be');
  const alignment = Math.max(mapAlignment(ask.flags), wholeOf(world.format, pageUp(ask.length)).alignment);
  if (fixed) return;
  must(base % alignment === 0, 'a reservation is not as aligned as was asked for');
  if (!cap.isNull && cap.addr % alignment === 0 && model.isFree(outer.base, outer.limit)) {
    must(base === cap.addr, 'a hint at a free place is not taken');
    return;
  }
  must(model.neighbours.lowest(size, alignment) === tree.firstFit(size, alignment), 'the tree has another lowest place than the neighbours');
  must(model.neighbours.highest(size, alignment) === tree.lastFit(size, alignment), 'the tree has another highest place than the neighbours');
}
