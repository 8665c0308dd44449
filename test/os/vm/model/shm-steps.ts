/* shm-steps.ts: STEPS WITH SEGMENTS
 *
 * shmat anywhere, at an address, over part of a reservation; shmdt <design/vm-oracle#.def.history>.
 */
import { EINVAL } from '../../../../code/os/errno.ts';
import { MapFIXED, MapSHARED, ProtREAD, ProtWRITE, ShmRDONLY } from './abi.ts';
import { aim, aimText, nearby, oneOf, type Aim, type Dice } from './aim.ts';
import { adopt } from './map-steps.ts';
import type { MapAsk } from './rules.ts';
import { PAGE } from './space.ts';
import { NULL, RESULT, TEMP, type World } from './world.ts';

/** attaches -- shmat and shmdt. */
export function attaches(world: World, dice: Dice): void {
  if (dice(2) === 0) attach(world, dice);
  else detach(world, dice);
}

function attach(world: World, dice: Dice): void {
  const segment = oneOf(dice, world.segments), isReadOnly = dice(4) === 0, { model, map } = world.now, size = segment.cells.length * PAGE;
  const shown = whereTo(world, dice), { cap } = shown, fixed = cap.isNull ? 0 : MapFIXED;
  const ask: MapAsk = {
    cap, length: size, prot: ProtREAD | (isReadOnly ? 0 : ProtWRITE), flags: MapSHARED | fixed,
    source: { ...segment, mayWrite: !isReadOnly }, index: 0,
    outer: { base: cap.addr, limit: cap.addr + size },
  };
  const answers = world.rules.mmap(model, ask), errno = map.shmat(world.hart, RESULT, segment.segment, TEMP, isReadOnly ? ShmRDONLY : 0);
  if (!world.judge('shmat', () => `shmat(${segment.name}${isReadOnly ? ' to be read' : ''}, ${shown.how} at ${cap.addr.toString(16)})`, answers, errno)) return;
  adopt(world, ask, dice);
}

/** whereTo -- nowhere, an address, or a capability; in slot TEMP. */
function whereTo(world: World, dice: Dice): Aim {
  const way = dice(8);
  if (way >= 6) return aim(world, dice, 4);
  if (way < 4) world.hart.move(TEMP, NULL);
  else world.integer(TEMP, nearby(dice));
  return { cap: world.cap(TEMP), length: 0, how: way < 4 ? 'NULL' : 'address' };
}

function detach(world: World, dice: Dice): void {
  const { model, map } = world.now, shown = dice(8) === 0 ? aim(world, dice, 8) : attachedOr(world, dice), { cap } = shown;
  const here = model.attached(model.at(cap.addr), world.segments).filter(({ base }) => base === cap.addr);
  const pages = here.filter(({ segment }) => segment === here[0].segment), size = pages.length === 0 ? PAGE : pages[pages.length - 1].addr + PAGE - cap.addr;
  const answers = world.rules.shmdt(model, cap, size);
  // Whether there is a segment and whether the capability may end it are asked in either order.
  const all = pages.length > 0 ? answers : [EINVAL, ...answers.filter((errno) => errno !== 0)];
  const errno = map.shmdt(world.hart, TEMP);
  if (!world.judge('shmdt', () => `shmdt(${aimText(shown)})`, all, errno)) return;
  for (const { addr } of pages) model.unmap(addr, addr + PAGE);
}

/** attachedOr -- a capability for where a segment is attached, if one is. */
function attachedOr(world: World, dice: Dice): Aim {
  const found = world.holds(false).flatMap(({ slot, region }) =>
    [...new Set(world.now.model.attached(region, world.segments).map(({ base }) => base))].filter((base) => base >= region.base).map((base) => ({ slot, base })));
  if (found.length === 0) return aim(world, dice, 8);
  const { slot, base } = oneOf(dice, found);
  world.place(TEMP, slot, base);
  return { cap: world.cap(TEMP), length: 0, how: `slot ${slot}` };
}
