/* stress.ts: THE SHAPE OF THE MPS'S STRESS PROGRAMS FOR MANUAL POOLS
 *
 * Two hundred blocks; ten times over they are shuffled, half of them freed, and as many made anew, the later ones smaller.
 */
import { expect } from 'vitest';
import { random, type Random } from '../../../code/base/base.ts';
import type { Hart } from '../../../code/machine/machine.ts';
import { boot, ResOK, type AllocationPoint, type Arena, type BootOptions, type Pool, type System } from '../../../code/mps/mps.ts';
import { Blocks, type Giver } from '../pools/blocks.ts';

export const SIZE = 200;
export const LOOPS = 10;

export const platforms = ['an', 'ix'] as const;

/** What sizes are asked for: by a block's number, and at random. */
export type Sizes = (index: number, rnd: Random) => number;

/** Up to 2.5 MiB, halved every ten blocks: a few large ones, many small. */
export const sizesHalved = (alignment: number): Sizes => (index, rnd) => {
  const most = Math.max(alignment, Math.floor(2 * 160 * 0x2000 / 2 ** Math.floor(index / 10)));
  return Math.ceil((1 + rnd(most)) / alignment) * alignment;
};

export const sizesFixed = (size: number): Sizes => () => size;

export interface Bed {
  readonly system: System;
  readonly arena: Arena;
  readonly t: Hart;
}

export function bedOf(options: BootOptions): Bed {
  const system = boot({ threads: 2, ...options });
  return { system, arena: system.arena, t: system.hart('t') };
}

/** bedEnd -- everything is given back. */
export function bedEnd({ system, arena }: Bed): void {
  arena.check();
  system.finish();
  expect([arena.grains.committed, arena.ledger.used]).toEqual([0, 0]);
}

/** pointed -- an allocation point allocates, its pool frees. */
export const pointed = (pool: Pool, ap: AllocationPoint): Giver => ({
  alloc: (_: Hart, slot, size) => {
    for (;;) {
      const res = ap.reserve(slot, size);
      if (res !== ResOK || ap.commit(slot)) return res;
    }
  },
  free: (hart, slot, size) => { pool.free(hart, slot, size); },
});

export interface StressOptions {
  readonly pool: Pool;
  readonly sizes: Sizes;
  readonly seed: number;
  readonly giver?: Giver;
  /** Bytes that the pool counts as in use besides the blocks. */
  readonly held?: () => number;
  readonly count?: number;
}

/** stress -- run it; the blocks, all freed, tell what happened. With a debugging pool or a cache, sizes are not exact. */
export function stress(t: Hart, { pool, sizes, seed, giver = pool, held, count = SIZE }: StressOptions): Blocks {
  const blocks = new Blocks(t, pool, count, giver), rnd = random(seed);
  const look = (): void => {
    blocks.check();
    if (held !== undefined) blocks.sizes(held());
    pool.checkFenceposts();
    pool.checkFreeSpace();
  };
  for (let i = 0; i < count; ++i) blocks.make(sizes(i, rnd));
  look();
  for (let loop = 0; loop < LOOPS; ++loop) {
    for (let left = blocks.live.length / 2; left > 0; left -= 1) blocks.drop(rnd(blocks.live.length));
    look();
    for (let i = blocks.live.length; i < count; ++i) blocks.make(sizes(i, rnd));
    look();
  }
  blocks.dropAll();
  look();
  return blocks;
}
