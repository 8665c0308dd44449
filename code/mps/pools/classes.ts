/* classes.ts: POOL CLASSES
 *
 * The classes of pools by name, and what each takes <design/pool#.classes>.
 */
import { aver } from '../../base/base.ts';
import type { Arena } from '../arena/arena.ts';
import { AmcPool, type AmcOptions } from './amc.ts';

/** What a pool of each class is made with. */
export interface PoolOptions {
  readonly amc: AmcOptions;
}

/** What a pool of each class is. */
export interface PoolOf {
  readonly amc: AmcPool;
}

/** The name of a class. */
export type PoolKind = keyof PoolOf;

type Maker<K extends PoolKind> = (arena: Arena, options: PoolOptions[K]) => PoolOf[K];

const makers: { readonly [K in PoolKind]: Maker<K> } = {
  amc: (arena, options) => new AmcPool(arena, options),
};

/** poolMake -- a pool of a class. */
export function poolMake<K extends PoolKind>(arena: Arena, kind: K, options: PoolOptions[K]): PoolOf[K] {
  aver(Object.hasOwn(makers, kind), '<design/arena#.if.pool>');
  return makers[kind](arena, options);
}
