/* os-take.ts: THE OPERATING SYSTEM'S CASES
 *
 * One operation on systems of each size, and what it is set against, in turn; of each the least time <design/bench#.os>.
 */
import type { Sample } from './fresh.ts';
import { besideMake, type Turn } from './os-beside.ts';
import { copyTake, forkOwnTake, forkTake, mmapTake, mprotectTake, segvTake, touchTake } from './os-memory.ts';
import { OsRig } from './os-rig.ts';
import { pipeTake, signalOtherTake, signalTake, threadTake, wakeTake, yieldAllTake, yieldTake } from './os-threads.ts';
import { OsOPERATIONS, type Grown, type OsWork } from './os-work.ts';

/** Times an operation once: nanoseconds. */
const TAKES: Readonly<Record<string, (rig: OsRig, work: OsWork) => number>> = {
  'touch': touchTake, 'segv': segvTake, 'mmap': mmapTake, 'mprotect': mprotectTake, 'fork': forkTake, 'fork-own': forkOwnTake, 'copy': copyTake,
  'signal': signalTake, 'signal-other': signalOtherTake, 'thread': threadTake, 'yield': yieldTake, 'yield-all': yieldAllTake, 'pipe': pipeTake,
  'wake': wakeTake,
};

/** osTake -- the least nanoseconds of an operation at each size of what is `grown`, by the size, and of what it is set against: `beside`,
 * or by `beside-` and the size. */
export function osTake(name: string, grown: Grown, work: OsWork): Sample {
  const operation = OsOPERATIONS.find((one) => one.name === name), take = TAKES[name];
  if (operation?.grown.includes(grown) !== true) throw new Error(`there is no operation "${name}" with many ${grown}`);
  const turns = new Map<string, Turn>();
  for (const [index, size] of work.sizes.entries()) {
    const rig = new OsRig(size, grown, work.forked, operation.isElsewhere);
    turns.set(String(size), () => take(rig, work));
    if (operation.isRelative === true) turns.set(`beside-${size}`, besideMake(operation.against, work.forked, size));
    else if (index === 0) turns.set('beside', besideMake(operation.against, work.forked, size));
  }
  const least = new Map<string, number>();
  for (let round = 0; round < work.rounds; round++) {
    for (const [key, turn] of turns) least.set(key, Math.min(least.get(key) ?? Infinity, turn()));
  }
  return Object.fromEntries(least);
}
