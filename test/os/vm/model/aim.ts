/* aim.ts: WHAT CALLS ARE SHOWN
 *
 * Draws the capability that a call or an access is shown, mostly one that is good for it, and some in each way that is not
 * <design/vm-oracle#.def.history>.
 */
import type { Cap } from './caps.ts';
import { pageUp } from './rules.ts';
import { FIRST, PAGE, type Region, type Space } from './space.ts';
import { NULL, ROOT, TEMP, type World } from './world.ts';

/** Draws a number below a limit. */
export type Dice = (limit: number) => number;

/** Draws one of some. */
export const oneOf = <T>(dice: Dice, choices: readonly T[]): T => choices[dice(choices.length)];

/** What a call is shown: the capability is in slot TEMP. */
export interface Aim {
  readonly cap: Cap;
  readonly length: number;
  /** What was done to it, for readers. */
  readonly how: string;
}

/** Pages of the window that null-derived addresses are drawn from. */
const NEAR = 80;

export const nearby = (dice: Dice): number => FIRST + dice(NEAR) * PAGE;

/** Fewer of the pages of a reservation: those at its ends. */
function pageOf(dice: Dice, { base, limit }: Region): number {
  const count = (limit - base) / PAGE, page = dice(Math.min(count, 16));
  return base + (page < 8 ? page : count - 16 + page < 0 ? page : Math.max(count - 16 + page, 0)) * PAGE;
}

/** mappedFrom -- how many of some pages are mapped, before the first hole; at least one counts. */
function mappedFrom(model: Space, addr: number, count: number): number {
  let pages = 1;
  while (pages < count && model.page(addr + pages * PAGE) !== null) pages += 1;
  return pages;
}

/** Ways in which what is shown is not what it should be. */
const ways = [
  'narrowed', 'without VMEM', 'sealed', 'untagged', 'an address', 'all authority', 'misaligned', 'too long', 'empty', 'stale', 'stale', 'narrowed enough',
] as const;

/** aim -- something that manages mappings; `strange` of 16 are not as they should be. */
export function aim(world: World, dice: Dice, strange: number): Aim {
  const live = world.holds(false);
  if (live.length === 0) return show(world, NULL, 0, PAGE, 'NULL');
  const { slot, region } = oneOf(dice, live), first = pageOf(dice, region), { model } = world.now;
  const addr = model.page(first) === null && dice(4) !== 0 ? pageOf(dice, region) : first, left = (region.limit - addr) / PAGE;
  const asked = dice(8) === 0 ? left : Math.min(1 + dice(3), left), pages = dice(4) === 0 ? asked : mappedFrom(model, addr, asked), plain = dice(16) >= strange, way = oneOf(dice, ways);
  if (plain) return show(world, slot, addr, pages * PAGE - (dice(8) === 0 ? 5 : 0), `slot ${slot}`);
  return strangely(world, dice, way, slot, addr, pages * PAGE, region);
}

function strangely(world: World, dice: Dice, way: (typeof ways)[number], slot: number, addr: number, size: number, region: Region): Aim {
  const how = `slot ${slot}, ${way}`;
  switch (way) {
    case 'all authority': return show(world, ROOT, addr, size, way);
    case 'misaligned': return show(world, slot, addr + 16, size - 32, how);
    case 'too long': return show(world, slot, addr, region.limit - addr + PAGE * (1 + dice(2)), how);
    case 'empty': return show(world, slot, addr, 0, how);
    case 'stale': return staleOr(world, dice, slot, addr, size, how);
    case 'an address': {
      world.integer(TEMP, addr);
      return { cap: world.cap(TEMP), length: size, how: `address ${addr.toString(16)}` };
    }
    default:
  }
  world.place(TEMP, slot, addr);
  if (way === 'narrowed' || way === 'narrowed enough') world.narrow(TEMP, PAGE);
  else if (way === 'without VMEM') world.without(TEMP, world.format.perm.user1);
  else if (way === 'sealed') world.seal(TEMP);
  else world.untag(TEMP);
  return { cap: world.cap(TEMP), length: way === 'narrowed' ? size + PAGE : way === 'narrowed enough' ? PAGE : size, how };
}

function staleOr(world: World, dice: Dice, slot: number, addr: number, size: number, how: string): Aim {
  const stale = world.holds(true);
  if (stale.length === 0) return show(world, slot, addr, size, how);
  const one = oneOf(dice, stale), { base, limit } = one.region;
  return show(world, one.slot, base + dice(2) * (limit - base > PAGE ? PAGE : 0), PAGE, `slot ${one.slot}, stale`);
}

function show(world: World, slot: number, addr: number, length: number, how: string): Aim {
  world.place(TEMP, slot, addr);
  return { cap: world.cap(TEMP), length, how };
}

/** sizeText -- a length for readers. */
export const sizeText = (length: number): string => (length % PAGE === 0 ? `${length / PAGE} pages` : `${length} bytes of ${pageUp(length) / PAGE} pages`);

/** aimText -- what is shown, for readers. */
export const aimText = ({ cap, length, how }: Aim): string => `${how} at ${cap.addr.toString(16)}, ${sizeText(length)}`;
