/* policy.ts: WHEN AND WHAT TO COLLECT
 *
 * Two criteria, as in the MPS: the world, when what may still be committed would not outlast a full collection; a chain,
 * when a generation has more new objects than its capacity. Each answer carries the numbers that gave it
 * <design/policy>.
 */
import type { Reason } from '../event.ts';
import type { Arena } from './arena.ts';
import type { Chain, Generation } from './generation.ts';

/** Share of the world that is assumed to die: a guess that feedback must not tune <design/policy#.world>. */
const WorldMORTALITY = 0.5;
/** Cost of copying a byte, in bytes scanned, and the mutator's allocation meanwhile, as a share of the work. */
const CopyRATIO = 1.5;
const WorkFACTOR = 0.25;

/** Work in a millisecond, in bytes scanned or copied: what turns a pause into work <design/policy#.pause>. */
export const PauseWORK: number = 1024 * 1024;

/** Idle time is not for less than this, in bytes that could be collected; a collection takes this much work besides; and no more than this
 * share of all that is done is for such collections <design/policy#.idle>. */
const IdleLEAST = 1_000_000;
const IdleOVERHEAD = 2_500_000;
const IdleSHARE = 0.1;

/** What to condemn and why. */
export interface Proposal {
  readonly generations: readonly Generation[];
  readonly reason: Reason;
}

/** policyStart -- what the arena should collect now; null for nothing. */
export function policyStart(arena: Arena): Proposal | null {
  const world = policyWorld(arena);
  if (world !== null) return world;
  let found: Proposal | null = null, most = 0;
  for (const chain of arena.chains) {
    const over = Math.max(...chain.generations.map((generation) => generation.newSize - generation.capacity));
    if (over < most || (over === most && found !== null)) continue;
    const proposal = policyChain(chain);
    if (proposal === null) continue;
    found = proposal;
    most = over;
  }
  return found;
}

/** policyWorld -- everything, if free memory would not outlast collecting it <design/policy#.world>. */
function policyWorld(arena: Arena): Proposal | null {
  const { grains } = arena;
  const survivors = (grains.committed - grains.spare) * (1 - WorldMORTALITY);
  const needed = survivors + survivors * (1 + CopyRATIO) * WorkFACTOR;
  if (grains.available >= needed) return null;
  // A collection that is one pause must not come again before as much has been allocated as an incremental one would have
  // let pass <design/policy#.world.rate>.
  if (arena.allocated - arena.control.worldAt < survivors * WorkFACTOR) return null;
  return { generations: arena.allGenerations(), reason: { why: 'world', available: grains.available, needed } };
}

/** policyChain -- the oldest generation of a chain that is full, with all the younger ones <design/policy#.chain>. */
function policyChain(chain: Chain): Proposal | null {
  const full = chain.generations.filter((generation) => generation.newSize >= generation.capacity).at(-1);
  if (full === undefined) return null;
  return {
    generations: chain.generations.filter((generation) => generation.index <= full.index),
    reason: { why: 'generation full', generation: full.index, newSize: full.newSize, capacity: full.capacity },
  };
}

/** policyIdle -- whether `left` bytes of work are enough for collecting the world, and it is worth it; the last time was at `lastAt`
 * <design/policy#.idle>. */
export function policyIdle(arena: Arena, left: number, lastAt: number): boolean {
  const collectable = arena.allGenerations().reduce((sum, { totalSize }) => sum + totalSize, 0), work = collectable + IdleOVERHEAD;
  return collectable >= IdleLEAST && work < left && arena.clock - lastAt > work / IdleSHARE;
}

/** policyQuantum -- bytes of work in a quantum, so that a trace keeps ahead of allocation <design/policy#.quantum>. */
export function policyQuantum(foundation: number, condemned: number, survivors: number, pollInterval: number): number {
  const polls = Math.max(1, (condemned * WorkFACTOR) / pollInterval);
  return Math.ceil((foundation + survivors) / polls) + 1;
}
