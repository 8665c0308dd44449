/* steps.ts: STEPS THAT CHANGE WHAT IS MAPPED
 *
 * Every call but mmap, each judged by the rules and then done to the naive space too <design/vm-oracle#.def.history>.
 */
import { EAGAIN, ENOMEM, ENOSYS, EOPNOTSUPP } from '../../../../code/os/errno.ts';
import {
  AdviceDOFORK, AdviceDONTFORK, AdviceDONTNEED, AdviceFREE, AdviceKEEPONFORK, AdviceWILLNEED, AdviceWIPEONFORK, InheritCOPY, InheritNONE, InheritSHARE, InheritZERO,
  ProtCAP, ProtNOCAP, ProtNONE, ProtREAD, ProtWRITE, protMax,
} from './abi.ts';
import { aim, aimText, oneOf, type Aim, type Dice } from './aim.ts';
import { basic, pageDown, pageUp, withCaps, type Answers } from './rules.ts';
import { CAPS, PAGE, type Inherit, type Page } from './space.ts';
import { must, TEMP, type World } from './world.ts';

const STRANGE = 4;

/** everyPage -- the pages of what is shown, holes left out. */
function everyPage(world: World, { cap, length }: Aim): Page[] {
  const found: Page[] = [];
  for (let addr = pageDown(cap.addr); addr < cap.addr + length; addr += PAGE) {
    const page = world.now.model.page(addr);
    if (page !== null) found.push(page);
  }
  return found;
}

/** munmaps -- munmap. */
export function munmaps(world: World, dice: Dice): void {
  const shown = aim(world, dice, STRANGE), { cap, length } = shown, { model, map } = world.now;
  const errno = map.munmap(world.hart, TEMP, length);
  if (!world.judge('munmap', () => `munmap(${aimText(shown)})`, world.rules.munmap(model, cap, length), errno)) return;
  model.unmap(cap.addr, cap.addr + pageUp(length));
}

const RW = ProtREAD | ProtWRITE;
const prots: readonly number[] = [ProtNONE, ProtREAD, RW, RW, RW, RW, ProtREAD, ProtWRITE, RW | 4];
const cheribsdProts: readonly number[] = [
  ...prots, ...prots, RW | ProtNOCAP, RW | ProtCAP, ProtREAD | protMax(ProtREAD), RW | protMax(ProtREAD), ProtREAD | protMax(RW), 0x800,
];

/** mprotects -- mprotect. */
export function mprotects(world: World, dice: Dice): void {
  const shown = aim(world, dice, STRANGE), { cap, length } = shown, { model, map } = world.now, isB = world.abi === 'cheribsd';
  const prot = oneOf(dice, isB ? cheribsdProts : prots), answers = world.rules.mprotect(model, cap, length, prot);
  const errno = map.mprotect(world.hart, TEMP, length, prot);
  if (!world.judge('mprotect', () => `mprotect(${aimText(shown)}, prot ${prot.toString(16)})`, answers, errno)) return;
  const barred = (bits: number): boolean => (bits & ProtNOCAP) !== 0;
  const now = withCaps(prot, barred(prot)), max = prot >>> 16 === 0 ? 15 : withCaps(prot >>> 16, barred(prot >>> 16));
  for (const page of everyPage(world, shown)) {
    if (page.isGuard) continue;
    page.prot = basic(now) | (now & CAPS & (isB ? page.max : page.isShared ? 0 : CAPS));
    page.max &= isB ? max : 15;
  }
}

/** madvises -- madvise, to make pages fresh or to no effect. */
export function madvises(world: World, dice: Dice): void {
  const shown = aim(world, dice, STRANGE), { cap, length } = shown, { model, map } = world.now, isB = world.abi === 'cheribsd';
  const kind = oneOf(dice, ['free', 'free', 'normal', 'bad'] as const);
  if (isB && kind === 'free' && everyPage(world, shown).some(({ isLocked }) => isLocked)) return;
  const answers = world.rules.madvise(model, cap, length, kind);
  const errno = map.madvise(world.hart, TEMP, length, kind === 'free' ? (isB ? AdviceFREE : AdviceDONTNEED) : kind === 'normal' ? AdviceWILLNEED : 99);
  if (!world.judge('madvise', () => `madvise(${aimText(shown)}, ${kind})`, answers, errno)) return;
  if (kind === 'free') model.discard(cap.addr, cap.addr + pageUp(length));
  else everyPage(world, shown).forEach(touch);
}

/** mincores -- mincore: what has been written is there. */
export function mincores(world: World, dice: Dice): void {
  const shown = aim(world, dice, STRANGE), { cap, length } = shown, { model, map } = world.now;
  const into = new Uint8Array(pageUp(length) / PAGE + 1), errno = map.mincore(world.hart, TEMP, length, into);
  if (!world.judge('mincore', () => `mincore(${aimText(shown)})`, world.rules.mincore(model, cap, length), errno)) return;
  for (let index = 0; index < pageUp(length) / PAGE; ++index) {
    const page = model.page(cap.addr + index * PAGE);
    if (page === null || page.isGuard || page.source !== null) continue;
    must(page.cell?.isWritten !== true || (into[index] & 1) !== 0, `mincore: page ${index} has been written and is not there`);
    must(page.cell?.isTouched !== false || page.reservation.isRun || into[index] === 0, `mincore: nobody has touched page ${index}`);
  }
}

/** mlocks -- mlock and munlock. */
export function mlocks(world: World, dice: Dice): void {
  const shown = aim(world, dice, STRANGE), { cap, length } = shown, { model, map } = world.now, isLock = dice(2) === 0;
  const answers = world.rules.mlock(model, cap, length), isTight = world.frames.available <= pageUp(length);
  const pages = everyPage(world, shown), isOdd = pages.some((page) => page.isGuard || basic(page.prot) === 0 || (page.cell === null && model.bytes(page) === null));
  const errno = isLock ? map.mlock(world.hart, TEMP, length) : map.munlock(world.hart, TEMP, length);
  const fails: Answers = isLock && answers.includes(0) && (isTight || isOdd) ? [0, ENOMEM, EAGAIN] : answers;
  const name = isLock ? 'mlock' : 'munlock';
  if (!world.judge(name, () => `${name}(${aimText(shown)})`, fails, errno)) {
    if (answers.includes(0)) pages.forEach(touch);
    return;
  }
  for (const page of pages) {
    page.isLocked = isLock;
    if (isLock) touch(page);
  }
}

const touch = (page: Page): void => {
  if (page.cell !== null) page.cell.isTouched = true;
};

/** msyncs -- msync, of which nothing is to be seen. */
export function msyncs(world: World, dice: Dice): void {
  const shown = aim(world, dice, STRANGE), { cap, length } = shown, { model, map } = world.now;
  if (length === 0) return;
  const errno = map.msync(world.hart, TEMP, length, 0);
  world.judge('msync', () => `msync(${aimText(shown)})`, world.rules.msync(model, cap, length), errno);
}

/** What can be asked for pages of a child: CheriBSD's number, Linux's, and which pages it can be asked for. */
const inherits: readonly (readonly [Inherit, number, number, (page: Page) => boolean])[] = [
  ['none', InheritNONE, AdviceDONTFORK, (page) => page.inherit !== 'zero'],
  ['zero', InheritZERO, AdviceWIPEONFORK, (page) => page.inherit !== 'none' && isPlain(page)],
  ['copy', InheritCOPY, AdviceDOFORK, (page) => page.inherit !== 'zero' && isPlain(page)],
  ['copy', InheritCOPY, AdviceKEEPONFORK, (page) => page.inherit !== 'none' && isPlain(page)],
  ['share', InheritSHARE, -1, isPlain],
];

function isPlain({ isShared, source, isGuard, reservation }: Page): boolean {
  return !isShared && source === null && !isGuard && !reservation.isRun;
}

/** minherits -- minherit, or what Linux has for it. */
export function minherits(world: World, dice: Dice): void {
  const shown = aim(world, dice, STRANGE), { cap, length } = shown, { model, map } = world.now, isB = world.abi === 'cheribsd';
  const [how, number, advice, fits] = oneOf(dice, inherits), pages = everyPage(world, shown);
  if (!pages.every(fits) || (!isB && advice < 0)) return;
  // What is to be shared is brought in.
  const isTight = how === 'share' && world.frames.available < pageUp(length), rule = world.rules.minherit(model, cap, length);
  const answers = isTight && rule.includes(0) ? [0, ENOMEM] : rule;
  const errno = isB ? map.minherit(world.hart, TEMP, length, number) : map.madvise(world.hart, TEMP, length, advice);
  if (!world.judge('minherit', () => `minherit(${aimText(shown)}, ${how})`, answers, errno)) return;
  for (const page of pages) {
    page.inherit = how;
    if (how !== 'share') continue;
    // From now on, for a child may come at any time.
    page.isShared = true;
    touch(page);
  }
}

/** brks -- brk, which neither system has. */
export function brks(world: World): void {
  const errno = world.now.map.brk();
  world.judge('brk', () => 'brk()', [world.abi === 'cheribsd' ? EOPNOTSUPP : ENOSYS], errno);
}

/** forks -- fork, where there may be one process more. */
export function forks(world: World): void {
  if (!world.mayFork) return;
  const hasRun = world.now.model.regions.some(({ isRun }) => isRun), isDone = world.fork();
  world.judge('fork', () => 'fork()', hasRun || world.frames.available === 0 ? [0, ENOMEM] : [0], isDone ? 0 : ENOMEM);
}

/** leaves -- another process runs, or the one that runs ends. */
export function leaves(world: World, dice: Dice): void {
  if (world.processes.length === 1) return;
  if (dice(8) === 0) {
    world.log?.push('exit');
    world.exit();
    return;
  }
  const index = dice(world.processes.length);
  world.log?.push(`switch to process ${index}`);
  world.enter(world.processes[index]);
}

