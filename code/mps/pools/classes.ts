/* classes.ts: POOL CLASSES
 *
 * The classes of pools by name, and what each takes <design/pool#.classes>.
 */
import { aver } from '../../base/base.ts';
import type { Arena } from '../arena/arena.ts';
import { AmcPool, type AmcOptions } from './amc.ts';
import { AmczPool } from './amcz.ts';
import { AmsDebugPool, type AmsDebugOptions } from './ams-debug.ts';
import { AmsPool, type AmsOptions } from './ams.ts';
import { AwlPool, type AwlOptions } from './awl.ts';
import { LoPool, type LoOptions } from './lo.ts';
import { MfsPool, type MfsOptions } from './mfs.ts';
import { MvffDebugPool, type MvffDebugOptions } from './mvff-debug.ts';
import { MvffPool, type MvffOptions } from './mvff.ts';
import { MvtPool, type MvtOptions } from './mvt.ts';
import { SncPool, type SncOptions } from './snc.ts';

/** What a pool of each class is made with. */
export interface PoolOptions {
  readonly amc: AmcOptions;
  readonly amcz: AmcOptions;
  readonly snc: SncOptions;
  readonly ams: AmsOptions;
  readonly 'ams-debug': AmsDebugOptions;
  readonly awl: AwlOptions;
  readonly lo: LoOptions;
  readonly mfs: MfsOptions;
  readonly mvff: MvffOptions;
  readonly 'mvff-debug': MvffDebugOptions;
  readonly mvt: MvtOptions;
}

/** What a pool of each class is. */
export interface PoolOf {
  readonly amc: AmcPool;
  readonly amcz: AmczPool;
  readonly snc: SncPool;
  readonly ams: AmsPool;
  readonly 'ams-debug': AmsDebugPool;
  readonly awl: AwlPool;
  readonly lo: LoPool;
  readonly mfs: MfsPool;
  readonly mvff: MvffPool;
  readonly 'mvff-debug': MvffDebugPool;
  readonly mvt: MvtPool;
}

/** The name of a class. */
export type PoolKind = keyof PoolOf;

type Maker<K extends PoolKind> = (arena: Arena, options: PoolOptions[K]) => PoolOf[K];

const makers: { readonly [K in PoolKind]: Maker<K> } = {
  amc: (arena, options) => new AmcPool(arena, options),
  amcz: (arena, options) => new AmczPool(arena, options),
  snc: (arena, options) => new SncPool(arena, options),
  ams: (arena, options) => new AmsPool(arena, options),
  'ams-debug': (arena, options) => new AmsDebugPool(arena, options),
  awl: (arena, options) => new AwlPool(arena, options),
  lo: (arena, options) => new LoPool(arena, options),
  mfs: (arena, options) => new MfsPool(arena, options),
  mvff: (arena, options) => new MvffPool(arena, options),
  'mvff-debug': (arena, options) => new MvffDebugPool(arena, options),
  mvt: (arena, options) => new MvtPool(arena, options),
};

/** poolMake -- a pool of a class. */
export function poolMake<K extends PoolKind>(arena: Arena, kind: K, options: PoolOptions[K]): PoolOf[K] {
  aver(Object.hasOwn(makers, kind), '<design/arena#.if.pool>');
  return makers[kind](arena, options);
}
