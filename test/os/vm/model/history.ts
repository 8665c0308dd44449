/* history.ts: HISTORIES
 *
 * Random programs over every call of address spaces, run against the models; one that fails is shortened and printed
 * <design/vm-oracle#.def.history>.
 */
import { random } from '../../../../code/base/base.ts';
import type { Abi } from '../../../../code/os/vm/profile.ts';
import { accesses } from './access-steps.ts';
import type { Dice } from './aim.ts';
import { compare, settle } from './compare.ts';
import { mmaps } from './map-steps.ts';
import { remaps } from './remap-steps.ts';
import { attaches } from './shm-steps.ts';
import { brks, forks, leaves, madvises, mincores, minherits, mlocks, mprotects, msyncs, munmaps } from './steps.ts';
import { World, type Tally } from './world.ts';

/** Numbers of one step: what they choose depends on the state, so that what is left of a history is one. */
type Step = Uint32Array;
const DRAWS = 14;

/** Steps after which all pages are compared. */
const OFTEN = 100;

const kinds: readonly (readonly [often: number, step: (world: World, dice: Dice) => void])[] = [
  [22, mmaps], [18, munmaps], [14, mprotects], [5, madvises], [4, mincores], [5, mlocks], [3, msyncs], [4, minherits], [1, brks], [4, remaps], [3, attaches],
  [1, forks], [2, leaves], [40, accesses],
];
const lottery = kinds.flatMap(([often, step]) => Array.from({ length: often }, () => step));

/** drawHistory -- the steps of a seed. */
function drawHistory(seed: number, count: number): Step[] {
  const draw = random(seed);
  return Array.from({ length: count }, () => Uint32Array.from({ length: DRAWS }, () => draw(0x1_0000_0000)));
}

/** diceOf -- the numbers of a step, one after the other. */
function diceOf(step: Step): Dice {
  let index = 0;
  return (limit) => {
    const number = step[index % DRAWS];
    index += 1;
    return Math.floor((number / 0x1_0000_0000) * limit);
  };
}

/** play -- a history from the beginning; throws what is wrong. */
function play(abi: Abi, seed: number, history: readonly Step[], tally: Tally, log: string[] | null): void {
  const world = new World(abi, seed, tally, log);
  history.forEach((step, index) => {
    const dice = diceOf(step);
    lottery[dice(lottery.length)](world, dice);
    settle(world.now);
    if (index % OFTEN === OFTEN - 1 || log !== null) compare(world.now);
  });
  for (const process of world.processes) compare(process);
  world.finish();
}

/** failureOf -- what is wrong with a history; null if nothing is. */
function failureOf(abi: Abi, seed: number, history: readonly Step[], log: string[] | null = null): string | null {
  try {
    play(abi, seed, history, new Map(), log);
  } catch (error) {
    return error instanceof Error ? error.stack ?? error.message : String(error);
  }
  return null;
}

/** shorten -- leave out steps, in ever smaller pieces, as long as it still fails. */
function shorten(abi: Abi, seed: number, whole: readonly Step[]): readonly Step[] {
  let history = whole;
  for (let size = history.length >>> 1; size >= 1; size = size === 1 && history.length < 40 ? 0 : size >>> 1) {
    for (let at = 0; at < history.length;) {
      const shorter = [...history.slice(0, at), ...history.slice(at + size)];
      if (failureOf(abi, seed, shorter) !== null) history = shorter;
      else at += size;
    }
  }
  return history;
}

/** runHistory -- the history of a seed; throws a short program that fails, if it does. */
export function runHistory(abi: Abi, seed: number, count: number, tally: Tally): void {
  const history = drawHistory(seed, count);
  try {
    play(abi, seed, history, tally, null);
  } catch (error) {
    // What a step finds before all pages are compared may be long past its cause: the shorter one is compared at each step.
    const short = shorten(abi, seed, history), log: string[] = [], failure = failureOf(abi, seed, short, log);
    throw new Error(`${abi}, seed ${seed}, ${short.length} steps:\n  ${log.join('\n  ')}\n${failure ?? String(error)}`, { cause: error });
  }
}
