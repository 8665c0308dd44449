/* arena-cases.ts: WHAT CAN BE WRONG WITH ARENAS, CHAINS, THREADS AND ROOTS */
import { RankAMBIG, RankEXACT, ResOK, type Arena, type Rank } from '../../../code/mps/mps.ts';
import { RankFINAL, RankNONE, RankWEAK } from '../../../code/mps/heap/rank.ts';
import { made, memory, narrowed } from '../heap/root-lab.ts';
import type { Lab } from '../lab.ts';
import { BAD_SIZES, each, gone, object, other, unknown, type Case } from './bed.ts';

const one = [{ capacity: 65536, mortality: 0.5 }];

/** clientArena -- one that lives in memory of the client's. */
function clientArena(it: Lab): Arena {
  const slot = it.t.local();
  if (it.system.area(it.t, slot, 65536) !== ResOK) throw new Error('no area');
  const arena = it.system.arenaMake({ class: 'client', arenaSize: 65536, arenaClBase: { hart: it.t, slot } });
  if (typeof arena === 'number') throw new Error(`no arena: result ${arena}`);
  return arena;
}

const dead = (how: string, use: (arena: Arena, it: Lab) => unknown): Case => ({ tag: 'check#.sig', how: `a finished arena: ${how}`, use: (it) => use(gone(it), it) });

export const arenaCases: readonly Case[] = [
  dead('collect', (arena) => { arena.collect(); }),
  dead('startCollect', (arena) => { arena.startCollect(); }),
  dead('step', (arena) => arena.step()),
  dead('park', (arena) => { arena.park(); }),
  dead('release', (arena) => { arena.release(); }),
  dead('clamp', (arena) => { arena.clamp(); }),
  dead('pool', (arena) => arena.pool('amc')),
  dead('chain', (arena) => arena.chain(one)),
  dead('chainDestroy', (arena) => { arena.chainDestroy(arena.defaultChain); }),
  dead('threadRegister', (arena, { t }) => { arena.threadRegister(t); }),
  dead('threadDeregister', (arena, { t }) => { arena.threadDeregister(t); }),
  dead('a root', (arena, { t }) => arena.roots.create(t, () => ResOK)),
  dead('finish', (arena) => { arena.finish(); }),
  dead('destroy', (arena) => {
    for (const chain of arena.chains) if (chain !== arena.defaultChain) arena.chains.splice(arena.chains.indexOf(chain), 1);
    arena.destroy();
  }),
  dead('commitLimitSet', (arena) => arena.commitLimitSet(65536)),
  dead('spare', (arena) => { arena.spare = 0; }),
  dead('finalize', (arena, { t }) => arena.finalize(t, t.local())),
  dead('disable', (arena) => { arena.messages.disable('gc'); }),
  { tag: 'arena#.postmortem', how: 'collect', use: ({ arena }) => {
    arena.postmortem();
    arena.collect();
  } },
  { tag: 'arena#.if.pool', how: 'no such class', use: ({ arena }) => arena.pool('mrg' as 'amc') },
  { tag: 'arena#.if.pool', how: 'a class that objects have', use: ({ arena }) => arena.pool('toString' as 'amc') },
  { tag: 'arena#.if.own', how: 'a pool is finished twice', use: ({ arena }) => {
    const pool = arena.pool('amc');
    arena.poolFinish(pool);
    arena.poolFinish(pool);
  } },
  { tag: 'arena#.if.own', how: 'another arena\'s', use: (it) => { it.arena.poolFinish(other(it).pool('amc')); } },
  { tag: 'arena#.if.chain', how: 'another arena\'s', use: (it) => it.arena.pool('amc', { chain: other(it).chain(one) }) },
  { tag: 'arena#.if.chain', how: 'of a marking pool, another arena\'s', use: (it) => it.arena.pool('ams', { chain: other(it).chain(one) }) },
  { tag: 'arena#.if.chain', how: 'destroyed twice', use: ({ arena }) => {
    const chain = arena.chain(one);
    arena.chainDestroy(chain);
    arena.chainDestroy(chain);
  } },
  { tag: 'arena#.if.chain', how: 'the arena\'s own', use: ({ arena }) => { arena.chainDestroy(arena.defaultChain); } },
  { tag: 'arena#.if.chain', how: 'destroyed, and used', use: ({ arena }) => {
    const chain = arena.chain(one);
    arena.chainDestroy(chain);
    return arena.pool('lo', { chain });
  } },
  { tag: 'arena#.if.chain.idle', how: 'a pool has it', use: ({ arena }) => {
    const chain = arena.chain(one);
    arena.pool('amc', { chain });
    arena.chainDestroy(chain);
  } },
  { tag: 'arena#.if.chain.idle', how: 'in a collection', on: 'ix', options: { pause: '0' }, use: (it) => {
    const { arena } = it, chain = arena.chain(one);
    it.object();
    Object.assign(arena.control, { quantum: () => 1 });
    arena.startCollect();
    arena.chainDestroy(chain);
  } },
  { tag: 'generation#.if.chain', how: 'no generation', use: ({ arena }) => arena.chain([]) },
  ...each('generation#.if.parameters', 'capacity', [0, -1, NaN], ({ arena }, capacity) => arena.chain([{ capacity, mortality: 0.5 }])),
  ...each('generation#.if.parameters', 'mortality', [-0.1, 1.1, NaN], ({ arena }, mortality) => arena.chain([{ capacity: 4096, mortality }])),
  { tag: 'arena#.if.thread', how: 'not registered', use: (it) => { it.arena.threadDeregister(unknown(it)); } },
  { tag: 'arena#.if.thread', how: 'deregistered too often', use: ({ arena, t }) => {
    arena.threadRegister(t);
    for (let n = 0; n < 3; ++n) arena.threadDeregister(t);
  } },
  { tag: 'arena#.if.thread', how: 'with another rank', use: ({ arena, t }) => { arena.threadRegister(t, RankAMBIG); } },
  ...each('arena#.if.step', 'interval', [-1, NaN, -Infinity], ({ arena }, interval) => arena.step(interval)),
  ...each('arena#.if.step', 'multiplier', [-1, NaN], ({ arena }, multiplier) => arena.step(1, multiplier)),
  ...each('arena#.if.limit', 'limit', [-1, NaN, -Infinity], ({ arena }, limit) => arena.commitLimitSet(limit)),
  ...each('arena#.if.spare', 'share', [-0.5, 1.5, NaN, Infinity], ({ arena }, share) => { arena.spare = share; }),
  ...each('arena#.if.pause', 'time', [-1, NaN, -Infinity], ({ arena }, time) => { arena.pauseTime = time; }),
  ...each('arena#.if.growth', 'desired', [-1, NaN, Infinity], ({ arena }, desired) => { arena.vmGrowth(desired, 0); }),
  ...each('arena#.if.growth', 'minimum', [-1, NaN, Infinity, 8192], ({ arena }, minimum) => { arena.vmGrowth(4096, minimum); }),
  { tag: 'arena#.if.client', how: 'an arena of virtual memory', use: ({ arena, t, system }) => {
    const slot = t.local();
    system.area(t, slot, 65536);
    arena.extend(t, slot, 65536);
  } },
  { tag: 'arena#.if.given', how: 'no capability', use: (it) => clientArena(it).extend(it.t, it.t.local(), 65536) },
  { tag: 'arena#.if.given', how: 'another part of the arena', use: (it) => clientArena(it).extend(it.t, it.object(4096), 4096), on: 'ix' },
  ...each('arena#.if.given', 'size', BAD_SIZES.filter((size) => size !== 2 ** 31 && size !== 2 ** 53), (it, size) => {
    const slot = it.t.local();
    it.system.area(it.t, slot, 65536);
    return clientArena(it).extend(it.t, slot, size);
  }),
  { tag: 'arena#.if.destroy', how: 'pools', use: ({ arena, t }) => {
    arena.threadDeregister(t);
    arena.destroy();
  } },
  { tag: 'arena#.if.destroy', how: 'a thread', use: (it) => { other(it).destroy(); } },
  { tag: 'arena#.if.destroy', how: 'a root', use: (it) => {
    const arena = other(it);
    arena.threadDeregister(it.t);
    arena.roots.create(it.t, () => ResOK);
    arena.destroy();
  } },
  { tag: 'arena#.if.destroy', how: 'a chain', use: (it) => {
    const arena = other(it);
    arena.threadDeregister(it.t);
    arena.chain(one);
    arena.destroy();
  } },
  ...each('boot#.if.size', 'statics', BAD_SIZES.filter((size) => size !== 1.5), ({ system, t }, size) => system.statics(t, t.local(), size)),
  ...each('boot#.if.size', 'area', BAD_SIZES.filter((size) => size !== 1.5), ({ system, t }, size) => system.area(t, t.local(), size)),
  { tag: 'boot#.statics', how: 'more than there are', use: ({ system, t }) => system.statics(t, t.local(), 2 ** 20) },

  // Roots
  ...each<Rank>('root#.if.rank', 'area', [RankWEAK, RankFINAL, RankNONE, NaN, 7], (it, rank) => it.arena.roots.area(it.t, memory(it), { rank })),
  { tag: 'root#.if.rank', how: 'thread', use: (it) => {
    const hart = unknown(it);
    it.arena.threadRegister(hart, RankWEAK);
  } },
  { tag: 'root#.if.bounds', how: 'no capability', use: ({ arena, t }) => arena.roots.area(t, t.local()) },
  { tag: 'root#.if.bounds', how: 'part of a granule', use: (it) => it.arena.roots.area(it.t, narrowed(it, memory(it), 8, 32)) },
  { tag: 'root#.if.bounds', how: 'nothing', use: (it) => it.arena.roots.area(it.t, narrowed(it, memory(it), 16, 0)) },
  ...each('root#.if.bounds', 'count', [0, -1, NaN, Infinity, 1.5, 2 ** 40], (it, count) => it.arena.roots.table(it.t, memory(it), count)),
  { tag: 'root#.if.overlap', how: 'twice', use: (it) => {
    const slot = memory(it);
    made(it.arena.roots.area(it.t, slot));
    return it.arena.roots.table(it.t, slot, 1);
  } },
  { tag: 'root#.if.outside', how: 'an object', use: (it) => it.arena.roots.area(it.t, it.object(), { rank: RankAMBIG }) },
  { tag: 'root#.if.outside', how: 'an object, found by a scanner', use: (it) => {
    const low = it.low(it.object()) | 0;
    made(it.arena.roots.create(it.t, (view) => view.fix(low)));
    it.arena.collect();
  } },
  { tag: 'root#.if.mapped', how: 'nobody\'s memory', use: (it) => {
    it.object();
    made(it.arena.roots.create(it.t, (view) => view.fix(4096)));
    it.arena.collect();
  } },
  { tag: 'root#.if.valid', how: 'a dead object', use: (it) => {
    const slot = it.object(), words = memory(it);
    it.t.storeCap(words, 0, slot);
    it.t.clear(slot);
    it.arena.collect();
    return it.arena.roots.area(it.t, words);
  } },
  { tag: 'root#.if.pattern', how: 'beside its mask', use: (it) => it.arena.roots.area(it.t, memory(it), { tag: { mask: 4, pattern: 2 } }) },
  { tag: 'root#.if.scanner', how: 'with a tag', use: (it) => it.arena.roots.area(it.t, memory(it), { tag: { mask: 1 }, scan: () => ResOK }) },
  { tag: 'root#.if.scanner', how: 'of a thread, with a tag', use: (it) => { it.arena.threadRegister(unknown(it), RankEXACT, { tag: { mask: 1 }, scan: () => ResOK }); } },
  { tag: 'root#.if.live', how: 'destroyed twice', use: (it) => {
    const root = made(it.arena.roots.area(it.t, memory(it)));
    root.destroy();
    root.destroy();
  } },
  { tag: 'root#.if.live', how: 'of an arena that is gone', use: (it) => {
    const root = made(it.arena.roots.area(it.t, memory(it)));
    it.system.finish();
    root.destroy();
  } },
  { tag: 'root#.if.live', how: 'a thread\'s', use: ({ arena }) => { for (const root of arena.roots) if (root.hart !== null) root.destroy(); } },
  { tag: 'root#.if.pinned', how: 'nothing', use: ({ arena, t }) => arena.pin(t, t.local()) },
  { tag: 'root#.if.pin', how: 'released twice', use: (it) => {
    const pin = it.arena.pin(it.t, it.object());
    if (typeof pin === 'number') return;
    pin.release();
    pin.release();
  } },
  { tag: 'root#.if.pin', how: 'released, and asked', use: (it) => {
    const pin = it.arena.pin(it.t, it.object());
    if (typeof pin === 'number') return;
    pin.release();
    pin.get(it.t, it.t.local());
  } },
  { tag: 'format#.if.aligned', how: 'in a scanner of a root', use: (it) => {
    it.object();
    made(it.arena.roots.create(it.t, (view) => view.fix(4097)));
    it.arena.collect();
  } },

  // Called by the arena
  ...([
    ['collect', ({ arena }) => { arena.collect(); }],
    ['step', ({ arena }) => arena.step()],
    ['park', ({ arena }) => { arena.park(); }],
    ['pool', ({ arena }) => arena.pool('lo')],
    ['poolFinish', ({ arena, pool }) => { arena.poolFinish(pool); }],
    ['chain', ({ arena }) => arena.chain(one)],
    ['a root', ({ arena, t }) => arena.roots.create(t, () => ResOK)],
    ['threadRegister', ({ arena, t }) => { arena.threadRegister(t); }],
    ['threadDeregister', ({ arena, t }) => { arena.threadDeregister(t); }],
    ['ap.finish', ({ ap }) => { ap.finish(); }],
    ['a manual pool', ({ arena, t }) => [...arena.pools].at(-1)?.alloc(t, 0, 32)],
    ['finalize', (it) => it.arena.finalize(it.t, 0)],
    ['pin', ({ arena, t }) => arena.pin(t, t.top - 1)],
    ['walk', ({ pool }) => pool.walk(() => ResOK)],
    ['transform', ({ arena }) => arena.transform()],
    ['definalize', ({ arena, t }) => arena.definalize(t, 0)],
    ['commitLimitSet', ({ arena }) => arena.commitLimitSet(2 ** 20)],
    ['patternBegin', ({ ap }) => ap.patternBegin('ramp')],
    ['messages.disable', ({ arena }) => { arena.messages.disable('gc'); }],
  ] as readonly (readonly [string, (it: Lab) => unknown])[]).flatMap(([how, use]) => [
    within(`${how} from a scanner of roots`, use, (it, call) => {
      made(it.arena.roots.create(it.t, () => {
        call();
        return ResOK;
      }));
      it.arena.collect();
    }),
    within(`${how} from a walk`, use, (it, call) => it.pool.walk(() => {
      call();
      return ResOK;
    })),
    within(`${how} from a format's method`, use, (it, call) => {
      const format = { name: 'calls', scan: () => {
        call();
        return ResOK;
      } };
      object(it.t, it.arena.pool('amc', { format }).allocationPoint(it.t));
      it.arena.pool('mvff');
      it.arena.collect();
    }),
  ]),
  within('collect from an extension callback', ({ arena }) => { arena.collect(); }, (it, call) => extended(it, call)),
  within('another pool from an extension callback', ({ arena }) => arena.pool('amc'), (it, call) => extended(it, call)),
];

/** within -- a call of an arena's client where the arena has called him. */
function within(how: string, use: (it: Lab) => unknown, enter: (it: Lab, call: () => void) => unknown): Case {
  return { tag: 'arena#.inv.inside', how, use: (it) => {
    it.object();
    it.arena.pool('mvff');
    return enter(it, () => { use(it); });
  } };
}

/** extended -- have an arena call `call`, with itself in the lab's place, when it takes a chunk. */
function extended(it: Lab, call: () => void): unknown {
  return it.system.arenaMake({ arenaSize: '256KiB', arenaExtended: (arena) => {
    Object.assign(it, { arena });
    call();
  } });
}
