/* halfway.ts: A TRACE HALF DONE
 *
 * Mutators that run between the quanta of a trace, and a system that was stopped there, for what judges such systems.
 */
import { expect } from 'vitest';
import { Rig, type RigOptions } from '../mps/rig.ts';

/** busyRig -- two mutators that keep much and link it, on a platform with barriers. */
export function busyRig(seed: number, options: Partial<RigOptions> = {}): Rig {
  return new Rig({
    habits: { seed, roots: 30, sizes: [32, 64, 400, 1000], collects: 0, yields: true }, mutators: 2, nursery: '4KiB', memory: '8MiB', barriers: true, ...options,
  });
}

/** halfway -- a busy rig in the middle of a flipped trace with something grey and something white. */
export function halfway(options: Partial<RigOptions> = {}): Rig {
  const rig = busyRig(1, options), all = rig.mutators.map((mutator) => mutator.steps(3000));
  while (all.every((one) => one.next().done !== true)) {
    const { trace, heap } = rig.arena;
    if (trace.isFlipped && heap.segs.some((seg) => seg?.grey === true) && heap.segs.some((seg) => seg?.white === true)) return rig;
  }
  return expect.fail('weak run: no trace was stopped halfway');
}
