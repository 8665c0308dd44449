/* pool-cases.ts: WHAT CAN BE WRONG WITH POOLS, FORMATS, BLOCKS AND ALLOCATION POINTS */
import { slotDecode } from '../../../code/machine/machine.ts';
import { Abq, RankEXACT, RankWEAK, ResOK, sacMake, type Format, type Pool, type Sac, type SacClass, type Seg } from '../../../code/mps/mps.ts';
import type { PoolKind } from '../../../code/mps/pools/classes.ts';
import { RankNONE } from '../../../code/mps/heap/rank.ts';
import type { ScanState } from '../../../code/mps/trace/scan.ts';
import { memory, narrowed } from '../heap/root-lab.ts';
import type { Lab } from '../lab.ts';
import { BAD_SIZES, block, each, object, other, unknown, type Case } from './bed.ts';

const AUTOMATIC = ['amc', 'amcz', 'ams', 'ams-debug', 'awl', 'lo'] as const;
const MANUAL = ['mvff', 'mvff-debug', 'mfs'] as const;
const WITH_POINTS: readonly PoolKind[] = [...AUTOMATIC, 'snc', 'mvff', 'mvt'];

const make = (it: Lab, kind: PoolKind) => it.arena.pool(kind, kind === 'mfs' ? { unitSize: 32 } : {});
const CLASS: SacClass = { blockSize: 32, cachedCount: 6, frequency: 1 };

/** cache -- in front of a new pool. */
function cache(it: Lab): Sac {
  const sac = sacMake(it.arena.pool('mvff'), [CLASS]);
  if (typeof sac === 'number') throw new Error(`no cache: result ${sac}`);
  return sac;
}

/** cached -- a block of a cache's, in a new slot. */
function cached(it: Lab, sac: Sac): number {
  const slot = it.t.local();
  if (sac.alloc(it.t, slot, 32) !== ResOK) throw new Error('no block');
  return slot;
}

/** sealed -- give a slot's capability an object type. */
function sealed(it: Lab, slot: number): number {
  const { r } = it.t, c = slot << 3;
  r[c + 2] |= 1 << 31;
  slotDecode(r, c);
  return slot;
}

/** nudged -- narrow a slot's capability so that it begins in the middle of a granule. */
const nudged = (it: Lab, slot: number): number => narrowed(it, slot, 8, 16);

const format = (more: Partial<Format>): Format => ({ name: 'bad', ...more });

const formats: readonly Case[] = [
  ...each('format#.if.header', 'headerSize', [-16, 8, NaN, Infinity, 1.5], ({ arena }, headerSize) => arena.pool('amc', { format: format({ headerSize }) })),
  { tag: 'format#.if.pair', how: 'forward alone', use: ({ arena }) => arena.pool('amc', { format: format({ forward: () => undefined }) }) },
  { tag: 'format#.if.pair', how: 'isForwarded alone', use: ({ arena }) => arena.pool('ams', { format: format({ isForwarded: () => null }) }) },
  ...each('pool#.if.alignment', 'of a format', [0, -16, 24, NaN, Infinity, 0.5, 2 ** 20], ({ arena }, alignment) => arena.pool('amc', { format: format({ alignment }) })),
  ...each('pool#.if.alignment', 'of a pool', [0, -16, 24, NaN, Infinity, 0.5, 2 ** 20], ({ arena }, alignment) => arena.pool('mvff', { alignment })),
  { tag: 'format#.if.longer', how: 'all header', use: (it) => it.arena.pool('amc', { format: format({ headerSize: 16 }) }).allocationPoint(it.t).reserve(it.t.local(), 16) },
  { tag: 'format#.if.longer', how: 'all header, when there is room', cool: true, use: (it) => {
    const ap = it.arena.pool('amc', { format: format({ headerSize: 16 }) }).allocationPoint(it.t);
    object(it.t, ap);
    return ap.reserve(it.t.local(), 16);
  } },
  ...([
    ['format#.if.aligned', 'scan: a load', { scan: (view, base) => view.load32(base + 2) }],
    ['format#.if.aligned', 'scan: a fix', { scan: (view, base) => view.fix(base + 1) }],
    ['format#.if.within', 'scan: a load from nobody\'s memory', { scan: (view) => view.load32(4096) }],
    ['format#.if.within', 'scan: a store to nobody\'s memory', { scan: (view) => {
      view.store32(4096, 1);
      return ResOK;
    } }],
    ['format#.if.skip', 'skip: too far', { scan: () => ResOK, skip: (_view, base) => base + 64 }],
  ] as readonly (readonly [string, string, Partial<Format>])[]).map(([tag, how, methods]): Case => ({ tag, how, cool: tag === 'format#.if.skip', use: (it) => {
    object(it.t, it.arena.pool('amc', { format: format(methods) }).allocationPoint(it.t));
    it.arena.collect();
  } })),
  { tag: 'walk#.if.within', how: 'another pool\'s object', use: (it) => {
    const low = it.low(object(it.t, it.arena.pool('ams').allocationPoint(it.t))) | 0;
    it.object();
    return it.pool.walk((view) => view.load32(low));
  } },
  { tag: 'format#.if.aligned', how: 'in a walk', use: (it) => {
    it.object();
    return it.pool.walk((view, base) => view.load32(base + 1));
  } },
  { tag: 'walk#.if.leaf', how: 'a reference in a leaf', use: (it) => {
    const pool = it.arena.pool('lo'), slot = object(it.t, pool.allocationPoint(it.t));
    return pool.walk((view, base) => {
      view.storeCap(base, it.t, slot);
      return ResOK;
    });
  } },
];

const classes: readonly Case[] = [
  ...each('amc#.if.sizes', 'largeSize', [0, -1, NaN, Infinity, 4095, 16_385], ({ arena }, largeSize) => arena.pool('amc', { largeSize })),
  ...each('amc#.if.sizes', 'extendBy', [0, -4096, NaN, -Infinity], ({ arena }, extendBy) => arena.pool('amcz', { extendBy })),
  ...each('amc#.if.rank', 'rank', [RankWEAK, RankNONE, NaN], ({ pool, t }, rank) => pool.allocationPoint(t, { rank })),
  ...each('marking#.if.gen', 'gen', [-1, 3, NaN, 0.5, Infinity], ({ arena }, gen) => arena.pool('ams', { gen })),
  ...each('marking#.if.extend', 'extendBy', [0, -4096, NaN, 0.5, Infinity], ({ arena }, extendBy) => arena.pool('lo', { extendBy })),
  ...each('marking#.if.rank', 'rank', [RankWEAK, NaN], ({ arena, t }, rank) => arena.pool('ams').allocationPoint(t, { rank })),
  { tag: 'marking#.if.rank', how: 'of a leaf', use: ({ arena, t }) => arena.pool('lo').allocationPoint(t, { rank: RankEXACT }) },
  { tag: 'snc#.if.rank', how: 'weak', use: ({ arena, t }) => arena.pool('snc').allocationPoint(t, { rank: RankWEAK }) },
  { tag: 'awl#.if.dependent', how: 'what moves', use: (it) => {
    const slot = it.object(), low = it.low(slot) | 0, pool = it.arena.pool('awl', { findDependent: () => low });
    object(it.t, pool.allocationPoint(it.t));
    it.arena.pin(it.t, slot);
    it.arena.collect();
  } },
  ...each('mfs#.if.unit', 'unitSize', [undefined], ({ arena }, unitSize) => arena.pool('mfs', unitSize === undefined ? {} : { unitSize })),
  ...each('manual#.if.size', 'unitSize', [0, -1], ({ arena }, unitSize) => arena.pool('mfs', { unitSize })),
  ...each('mfs#.if.extend', 'extendBy', [0, -1, NaN, 31], ({ arena }, extendBy) => arena.pool('mfs', { unitSize: 32, extendBy })),
  ...each('mfs#.if.unit', 'size', [31, 33, 0, -32, NaN], (it, size) => make(it, 'mfs').alloc(it.t, it.t.local(), size)),
  ...each('mvff#.if.sizes', 'extendBy', [0, -1, NaN], ({ arena }, extendBy) => arena.pool('mvff', { extendBy })),
  ...each('mvff#.if.sizes', 'meanSize', [0, -1, NaN, 2 ** 20], ({ arena }, meanSize) => arena.pool('mvff', { meanSize })),
  ...each('mvff#.if.spare', 'spare', [-0.1, 1.1, NaN], ({ arena }, spare) => arena.pool('mvff', { spare })),
  ...each('mvt#.if.sizes', 'minSize', [0, -1, NaN, 64], ({ arena }, minSize) => arena.pool('mvt', { minSize })),
  ...each('mvt#.if.sizes', 'maxSize', [0, NaN, 31, Infinity], ({ arena }, maxSize) => arena.pool('mvt', { maxSize })),
  ...each('mvt#.if.depth', 'reserveDepth', [0, -1, NaN, 1.5, Infinity], ({ arena }, reserveDepth) => arena.pool('mvt', { reserveDepth })),
  ...each('mvt#.if.frag', 'fragLimit', [0, -1, NaN, 1.1], ({ arena }, fragLimit) => arena.pool('mvt', { fragLimit })),
  ...(['mvff-debug', 'ams-debug'] as const).flatMap((kind) => [
    { tag: 'fence#.if.template', how: `of nothing, ${kind}`, use: ({ arena }: Lab) => arena.pool(kind, { poolDebugOptions: { fenceTemplate: '', fenceSize: 8 } }) },
    ...each('fence#.if.size', `fenceSize of ${kind}`, [-1, NaN, 0.5, Infinity], ({ arena }, fenceSize) => arena.pool(kind, { poolDebugOptions: { fenceSize } })),
    ...each('fence#.if.size', `freeSize of ${kind}`, [-1, NaN, 0.5], ({ arena }, freeSize) => arena.pool(kind, { poolDebugOptions: { freeSize } })),
  ]),
  { tag: 'fence#.if.whole', how: 'half a block', use: (it) => {
    const pool = it.arena.pool('mvff-debug');
    pool.free(it.t, block(it.t, pool, 64), 32);
  } },
];

const questions: readonly Case[] = [
  ...each('pool#.if.alloc', 'in', [...AUTOMATIC, 'snc', 'mvt'] as const, (it, kind) => make(it, kind).alloc(it.t, it.t.local(), 32)),
  ...each('pool#.if.free', 'in', [...AUTOMATIC, 'snc'] as const, (it, kind) => { make(it, kind).free(it.t, it.t.local(), 32); }),
  ...each('pool#.if.buffer', 'in', ['mfs', 'mvff-debug'] as const, (it, kind) => make(it, kind).allocationPoint(it.t)),
  ...each('pool#.if.live', 'an allocation point in', WITH_POINTS, (it, kind) => {
    const pool = make(it, kind);
    it.arena.poolFinish(pool);
    return pool.allocationPoint(it.t);
  }),
  ...each('pool#.if.live', 'a block of', MANUAL, (it, kind) => {
    const pool = make(it, kind);
    it.arena.poolFinish(pool);
    return pool.alloc(it.t, it.t.local(), 32);
  }),
  ...each('check#.sig', 'a pool that is gone:', ['walk', 'apply'] as const, ({ arena, pool }, what) => {
    arena.poolFinish(pool);
    if (what === 'walk') return pool.walk(() => ResOK);
    return pool.apply(() => undefined);
  }),
];

/** What the tracer asks of a pool, which one that is not collected cannot be asked. */
const tracer: readonly Case[] = ([
  ['whiten', ({ pool, seg }) => pool.whiten(seg)],
  ['scan', ({ pool, seg, ss }) => pool.scan(ss, seg, 1)],
  ['fix', ({ pool, seg, ss }) => pool.fix(ss, seg.number, seg.base)],
  ['fixEmergency', ({ pool, seg, ss }) => pool.fixEmergency(ss, seg.number, seg.base)],
  ['fixAmbig', ({ pool, seg, ss }) => pool.fixAmbig(ss, seg, seg.base, false)],
  ['reclaim', ({ pool, seg }) => pool.reclaim(seg)],
] as readonly (readonly [string, (asked: { pool: Pool; seg: Seg; ss: ScanState }) => unknown])[]).map(([how, ask]): Case => ({ tag: 'pool#.if.automatic', how, use: (it) => {
  const pool = it.arena.pool('mvff'), seg = it.arena.heap.segOf(it.low(block(it.t, pool)) | 0);
  if (seg !== null) ask({ pool, seg, ss: it.arena.trace.ss });
} }));

const blocks: readonly Case[] = [
  ...each('manual#.if.size', 'alloc', BAD_SIZES, (it, size) => make(it, 'mvff').alloc(it.t, it.t.local(), size)),
  ...each('manual#.if.size', 'alloc, debugging', BAD_SIZES, (it, size) => make(it, 'mvff-debug').alloc(it.t, it.t.local(), size)),
  ...each('manual#.if.size', 'free', BAD_SIZES, (it, size) => {
    const pool = make(it, 'mvff');
    pool.free(it.t, block(it.t, pool), size);
  }),
  ...each('manual#.if.size', 'alloc of a cache', BAD_SIZES, (it, size) => {
    const sac = cache(it);
    cached(it, sac);
    return sac.alloc(it.t, it.t.local(), size);
  }),
  ...MANUAL.flatMap((kind): Case[] => [
    { tag: 'manual#.if.free', how: `twice, ${kind}`, use: (it) => {
      const pool = make(it, kind), slot = block(it.t, pool);
      // With nothing in it, its memory might not be the pool's any more.
      block(it.t, pool);
      pool.free(it.t, slot, 32);
      pool.free(it.t, slot, 32);
    } },
    { tag: 'manual#.if.capability', how: `none, ${kind}`, use: (it) => { make(it, kind).free(it.t, it.t.local(), 32); } },
    { tag: 'manual#.if.capability', how: `sealed, ${kind}`, use: (it) => {
      const pool = make(it, kind);
      pool.free(it.t, sealed(it, block(it.t, pool)), 32);
    } },
    { tag: 'manual#.if.pool', how: `another's, ${kind}`, use: (it) => {
      const pool = make(it, kind);
      block(it.t, pool);
      pool.free(it.t, block(it.t, it.arena.pool('mvff')), 32);
    } },
    { tag: 'manual#.if.pool', how: `an object's, ${kind}`, use: (it) => { make(it, kind).free(it.t, it.object(), 32); } },
    { tag: 'manual#.if.pool', how: `another arena's, ${kind}`, use: (it) => { make(it, kind).free(it.t, block(it.t, other(it).pool('mvff')), 32); } },
    { tag: 'manual#.if.pool', how: `of no arena, ${kind}`, use: (it) => { make(it, kind).free(it.t, memory(it), 32); } },
    { tag: 'manual#.if.pool', how: `of a pool that is gone, ${kind}`, use: (it) => {
      const pool = make(it, kind), slot = block(it.t, pool);
      it.arena.poolFinish(pool);
      pool.free(it.t, slot, 32);
    } },
  ]),
  { tag: 'manual#.if.aligned', how: 'inside a granule', use: (it) => {
    const pool = make(it, 'mvff');
    pool.free(it.t, nudged(it, block(it.t, pool)), 16);
  } },
  { tag: 'manual#.if.aligned', how: 'a granule inside an alignment', use: (it) => {
    const pool = it.arena.pool('mvff', { alignment: 64 });
    pool.free(it.t, narrowed(it, block(it.t, pool, 128), 16, 64), 64);
  } },
  { tag: 'manual#.if.within', how: 'more than the capability says', use: (it) => {
    const pool = make(it, 'mvff');
    pool.free(it.t, block(it.t, pool, 32), 48);
  } },
  { tag: 'manual#.if.free', how: 'a part twice', use: (it) => {
    const pool = make(it, 'mvff'), slot = block(it.t, pool, 128);
    pool.free(it.t, slot, 64);
    pool.free(it.t, slot, 128);
  } },
  // Caches
  { tag: 'sac#.if.classes', how: 'none', use: ({ arena }) => sacMake(arena.pool('mvff'), []) },
  ...each('sac#.if.sizes', 'blockSize', [0, -32, 40, NaN, 20_016], ({ arena }, blockSize) => sacMake(arena.pool('mvff'), [{ ...CLASS, blockSize }])),
  { tag: 'sac#.if.sizes', how: 'that do not grow', use: ({ arena }) => sacMake(arena.pool('mvff'), [CLASS, CLASS]) },
  ...each('sac#.if.counts', 'cachedCount', [-1, NaN, 0.5, Infinity], ({ arena }, cachedCount) => sacMake(arena.pool('mvff'), [{ ...CLASS, cachedCount }])),
  ...each('sac#.if.counts', 'frequency', [-1, NaN], ({ arena }, frequency) => sacMake(arena.pool('mvff'), [{ ...CLASS, frequency }])),
  { tag: 'sac#.if.free', how: 'twice', use: (it) => {
    const sac = cache(it), slot = cached(it, sac);
    sac.free(it.t, slot, 32);
    sac.free(it.t, slot, 32);
  } },
  ...each('sac#.if.live', 'a cache that is gone:', ['alloc', 'free', 'finish', 'large'] as const, (it, what) => {
    const sac = cache(it), slot = cached(it, sac);
    sac.free(it.t, cached(it, sac), 32);
    sac.finish();
    if (what === 'alloc') return sac.alloc(it.t, slot, 32);
    if (what === 'large') return sac.alloc(it.t, slot, 4096);
    if (what === 'free') sac.free(it.t, slot, 32);
    return sac.finish();
  }),
  { tag: 'sac#.if.live', how: 'finished after its pool', use: (it) => {
    const sac = cache(it);
    cached(it, sac);
    it.arena.poolFinish(sac.pool);
    sac.finish();
  } },
];

const points: readonly Case[] = [
  ...each('buffer#.if.registered', 'in', WITH_POINTS, (it, kind) => make(it, kind).allocationPoint(unknown(it))),
  ...each('buffer#.if.registered', 'with another arena, in', WITH_POINTS, (it, kind) => {
    const arena = other(it);
    arena.threadDeregister(it.t);
    return arena.pool(kind).allocationPoint(it.t);
  }),
  ...each('buffer#.if.size', 'reserve', BAD_SIZES, (it, size) => it.ap.reserve(it.t.local(), size)),
  ...each('buffer#.if.size', 'reserve, where there is room', BAD_SIZES, (it, size) => {
    it.object();
    return it.ap.reserve(it.t.local(), size);
  }),
  { tag: 'buffer#.if.one', how: 'reserve twice', cool: true, use: ({ ap, t }) => {
    ap.reserve(t.local(), 32);
    return ap.reserve(t.local(), 32);
  } },
  { tag: 'buffer#.if.one', how: 'reserve twice, more than is left', use: ({ ap, t }) => {
    ap.reserve(t.local(), 32);
    return ap.reserve(t.local(), 100_000);
  } },
  { tag: 'buffer#.if.commit', how: 'without reserve', use: ({ ap, t }) => ap.commit(t.local()) },
  { tag: 'buffer#.if.commit', how: 'twice', use: (it) => it.ap.commit(it.object()) },
  { tag: 'buffer#.if.commit', how: 'after finish', use: ({ ap, t }) => {
    const slot = t.local();
    ap.reserve(slot, 32);
    ap.finish();
    return ap.commit(slot);
  } },
  { tag: 'buffer#.if.commit', how: 'after its pool is gone', use: ({ arena, pool, ap, t }) => {
    const slot = t.local();
    ap.reserve(slot, 32);
    arena.poolFinish(pool);
    return ap.commit(slot);
  } },
  ...([
    ['reserve', ({ ap, t }) => ap.reserve(t.local(), 32)],
    ['framePush', ({ ap }) => ap.framePush()],
    ['framePop', ({ ap }) => { ap.framePop(0); }],
    ['patternBegin', ({ ap }) => ap.patternBegin('ramp')],
    ['finish', ({ ap }) => { ap.finish(); }],
  ] as readonly (readonly [string, (it: Lab) => unknown])[]).flatMap(([how, use]): Case[] => [
    { tag: 'buffer#.if.live', how: `${how} after finish`, use: (it) => {
      it.object();
      it.ap.finish();
      return use(it);
    } },
    { tag: 'buffer#.if.live', how: `${how} after its pool is gone`, use: (it) => {
      it.object();
      it.arena.poolFinish(it.pool);
      return use(it);
    } },
    { tag: 'buffer#.if.live', how: `${how} after its thread is deregistered`, use: (it) => {
      it.object();
      it.arena.threadDeregister(it.t);
      return use(it);
    } },
    { tag: 'buffer#.if.live', how: `${how} after its arena is gone`, use: (it) => {
      it.system.finish();
      return use(it);
    } },
  ]),
  { tag: 'buffer#.if.pattern', how: 'none that there is', use: ({ ap }) => ap.patternBegin('slope' as 'ramp') },
  ...each('buffer#.if.frame', 'between reserve and commit:', ['push', 'pop'] as const, ({ arena, t }, what) => {
    const ap = arena.pool('snc').allocationPoint(t);
    ap.reserve(t.local(), 32);
    if (what === 'push') return ap.framePush();
    return ap.framePop(0);
  }),
  { tag: 'snc#.if.frame', how: 'popped out of order', use: ({ arena, t }) => {
    const ap = arena.pool('snc').allocationPoint(t);
    object(t, ap);
    const outer = ap.framePush();
    object(t, ap);
    object(t, ap);
    const inner = ap.framePush();
    ap.framePop(outer);
    ap.framePop(inner);
  } },
  { tag: 'snc#.if.frame', how: 'of another allocation point', use: ({ arena, t }) => {
    const pool = arena.pool('snc'), [one, two] = [pool.allocationPoint(t), pool.allocationPoint(t)];
    object(t, one);
    object(t, two);
    two.framePop(one.framePush());
  } },
  ...each('snc#.if.frame', 'no frame', [1, 4096, NaN, -1, 2 ** 40], ({ arena, t }, frame) => {
    const ap = arena.pool('snc').allocationPoint(t);
    object(t, ap);
    ap.framePop(frame);
  }),
];

const others: readonly Case[] = [
  ...each('mvt#.if.queue', 'room for', [0, -1, NaN, 0.5], (_it, capacity) => new Abq(capacity)),
  { tag: 'mvt#.if.queue', how: 'a range of nothing', use: () => new Abq(4).push(32, 32) },
  { tag: 'ld#.if.arena', how: 'merged with another arena\'s', use: (it) => { it.arena.ld().merge(other(it).ld()); } },
];

export const poolCases: readonly Case[] = [...formats, ...classes, ...questions, ...tracer, ...blocks, ...points, ...others];
