/* marking-lab.ts: A SMALL ARENA WITH A POOL THAT MARKS
 *
 * A lab whose objects are made in a marking pool with a chain of one generation.
 */
import type { AllocationPoint, AmsOptions, MarkingPool } from '../../../code/mps/mps.ts';
import { Lab, type LabOptions } from '../lab.ts';

/** A lab, its pool, and the allocation point at which it makes objects. */
export interface MarkLab { readonly lab: Lab; readonly pool: MarkingPool; readonly ap: AllocationPoint }

/** labOf -- a lab with a pool; `capacity` is its generation's, in bytes. */
export function labOf(options: LabOptions = {}, { capacity = 2 ** 20, ...rest }: AmsOptions & { capacity?: number } = {}, kind: 'ams' | 'lo' = 'ams'): MarkLab {
  const lab = new Lab(options), chain = lab.arena.chain([{ capacity, mortality: 0.5 }]);
  const pool = lab.arena.pool(kind, { chain, ...rest }), ap = pool.allocationPoint(lab.t);
  Object.assign(lab, { ap });
  return { lab, pool, ap };
}

/** slow -- the same behind barriers, with quanta as small as can be. */
export const slow = (options: LabOptions = {}, more: AmsOptions & { capacity?: number } = {}): MarkLab => {
  const made = labOf({ platform: 'ix', pause: '0', ...options }, more);
  Object.assign(made.lab.arena.control, { quantum: () => 1 });
  return made;
};
