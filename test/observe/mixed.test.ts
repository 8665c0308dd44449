/* mixed.test.ts: the oracle knows what must survive where there are weak references, guardians, messages, pins, transforms and manual pools, and
 * says so if it does not. */
import { describe, expect, test } from 'vitest';
import { RankEXACT, RankFINAL, RankWEAK, ResOK, type Pool, type Seg } from '../../code/mps/mps.ts';
import { graphDifference, graphOf, Oracle, OracleError } from '../../code/observe/observe.ts';
import { seeds } from '../seed.ts';
import type { Lab } from '../mps/lab.ts';
import { table } from '../mps/pools/awl-table.ts';
import { make, still } from '../mps/services/steps.ts';
import { mixed } from './mixed.ts';

describe.each(['an', 'ix'] as const)('a heap of all kinds on %s', (platform) => {
  for (const seed of seeds(4)) {
    test(`keeps what must survive, tells of what guardians alone hold, and keeps nothing else <design/oracle#.inv.graph> <design/oracle#.inv.told> <design/oracle#.inv.garbage> seed=${seed}`, () => {
      const { counts, applied } = mixed(platform, seed, 1500);
      expect(counts.splatted, 'weak run').toBeGreaterThan(20);
      expect(counts.told, 'weak run').toBeGreaterThan(10);
      expect(counts.graphs, 'weak run').toBeGreaterThan(20);
      expect(applied, 'weak run').toBeGreaterThan(0);
      expect(counts.worlds > 0, 'weak run').toBe(seed % 2 !== 0);
    });
  }
});

type FixArguments = Parameters<Pool['fix']>;

/** refixed -- have every pool's fix seen by `sees`, who may answer something else. */
function refixed({ arena }: Lab, sees: (found: number, ...args: FixArguments) => number): void {
  for (const pool of arena.pools) {
    for (const name of ['fix', 'fixEmergency'] as const) {
      const fix = pool[name].bind(pool);
      pool[name] = (ss, s, base) => sees(fix(ss, s, base), ss, s, base);
    }
  }
}

/** A weak reference stays, whatever becomes of its object. */
const dangling = (it: Lab): void => { refixed(it, (found, ss, _s, base) => (ss.rank === RankWEAK && found === 0 ? base : found)); };

/** Weak references become NULL though their objects live. */
const greedy = (it: Lab): void => { refixed(it, (found, ss) => (ss.rank === RankWEAK ? 0 : found)); };

/** Who is registered is told of, dead or not; nobody is. */
const talkative = (it: Lab): void => {
  refixed(it, (found, ss) => {
    if (ss.rank === RankFINAL) ss.wasMarked = false;
    return found;
  });
};
const mute = (it: Lab): void => {
  refixed(it, (found, ss) => {
    ss.wasMarked = true;
    return found;
  });
};

/** Messages hold nothing. */
function forgetful({ arena: { guardians } }: Lab): void {
  const scan = guardians.scan.bind(guardians);
  guardians.scan = (trace, band, enough) => (band === RankFINAL ? scan(trace, band, enough) : true);
}

/** Pins do not pin. */
function loose({ arena }: Lab): void {
  const pin = arena.pin.bind(arena);
  arena.pin = (hart, slot) => {
    const made = pin(hart, slot);
    for (const root of arena.roots) if (root.name === 'pin') root.scan = () => undefined;
    return made;
  };
}

/** A transform leaves every third reference as it is. */
function careless({ arena }: Lab): void {
  const transform = arena.transform.bind(arena);
  let count = 0;
  arena.transform = () => {
    const made = transform();
    if (typeof made === 'number') return made;
    const over = made.fixOver.bind(made);
    made.fixOver = (fix) => {
      const replacing = over(fix);
      return (ss, s, base) => {
        count += 1;
        return count % 3 === 0 ? fix(ss, s, base) : replacing(ss, s, base);
      };
    };
    return made;
  };
}

describe('the oracle convicts a collector', () => {
  for (const [what, breaks, verdict] of [
    ['that leaves weak references to what is gone', dangling, /#\.inv\.graph>$/],
    ['that splats weak references to what lives', greedy, /#\.inv\.graph>$/],
    ['that tells of what is referred to', talkative, /#\.inv\.graph>$/],
    ['that tells of nothing', mute, /#\.inv\.told>$/],
    ['whose messages hold nothing', forgetful, /#\.inv\.graph>$/],
    ['whose pins hold nothing', loose, /#\.inv\.(graph|black)>$/],
    ['whose transforms forget references', careless, /#\.inv\.graph>$/],
  ] as const) {
    for (const platform of ['an', 'ix'] as const) {
      test(`${what} <design/oracle#.req.convict> ${platform}`, () => {
        const said: string[] = [];
        for (const seed of [1, 2, 3, 4]) {
          try {
            mixed(platform, seed, 1500, breaks);
          } catch (error) {
            if (error instanceof OracleError) said.push(error.message);
          }
        }
        expect(said.filter((text) => verdict.test(text)).length, JSON.stringify(said)).toBeGreaterThan(0);
      });
    }
  }
});

test('a graph has what is reached strongly first, then what guardians hold, then what weak references alone lead to <design/oracle#.graph>', () => {
  const it = still({ platform: 'an' }), { t, arena } = it, weak = t.local(), slot = t.local(), kept = t.local();
  arena.messages.enable('finalization');
  table(t, arena.pool('awl').allocationPoint(t, { rank: RankWEAK }), weak, 4);
  for (let k = 0; k < 3; ++k) {
    make(it, it.ap, slot, k);
    t.storeCap(weak, 32 + 16 * k, slot);
    if (k === 0) t.move(kept, slot);
    if (k === 1) expect(arena.finalize(t, slot)).toBe(ResOK);
  }
  t.clear(slot);
  const before = graphOf(arena);
  expect([before.strong, before.nodes, before.starts.length]).toEqual([2, 3, 4]);
  arena.collect();
  const after = graphOf(arena);
  expect([after.strong, after.nodes, after.starts.length, graphDifference(before, after)]).toEqual([3, 3, 3, null]);
  // What is allowed of a collector is not the same backwards.
  expect(graphDifference(after, before)).not.toBeNull();
  t.store32(weak, 16, 7);
  expect(graphDifference(before, graphOf(arena)), 'no reference').not.toBeNull();
});

test('registrations of whom nobody is told may go with their objects, those of others may not <design/oracle#.inv.graph>', () => {
  const it = still({ platform: 'an' }), { t, arena } = it, [dead, live] = [it.object(), it.object()];
  for (const slot of [dead, live]) expect(arena.finalize(t, slot)).toBe(ResOK);
  t.clear(dead);
  const before = graphOf(arena);
  arena.collect();
  const after = graphOf(arena);
  expect([before.isUntold, before.guarded.size, after.guarded.size, graphDifference(before, after)]).toEqual([true, 2, 1, null]);
  arena.definalize(t, live);
  expect(graphDifference(before, graphOf(arena))).toContain('is gone');
});

test('the oracle convicts a collector that follows weak references <design/oracle#.req.convict> <design/oracle#.inv.garbage>', () => {
  const it = still({ platform: 'an' }), { t, arena } = it, weak = t.local(), slot = t.local(), leaves = arena.pool('lo').allocationPoint(t);
  table(t, arena.pool('awl').allocationPoint(t, { rank: RankWEAK }), weak, 4);
  make(it, leaves, slot, 1);
  t.storeCap(weak, 32, slot);
  t.clear(slot);
  const { counts } = new Oracle(arena);
  refixed(it, (found, ss, s, base) => {
    if (ss.rank !== RankWEAK || found !== 0) return found;
    ss.rank = RankEXACT;
    const kept = (ss.heap.segs[s] as Seg).pool.fix(ss, s, base);
    ss.rank = RankWEAK;
    return kept;
  });
  expect(() => { arena.collect(); }).toThrow('<design/oracle#.inv.garbage>');
  expect(counts.worlds).toBe(0);
});

test('a value that a weak table alone keeps may outlive a collection <design/oracle#.inv.garbage>', () => {
  const it = still({ platform: 'an' }), { t, arena } = it, [key, value] = [it.object(), it.object()], weak = arena.weakTable(), { counts } = new Oracle(arena);
  expect(weak.set(t, key, value)).toBe(ResOK);
  t.clear(value);
  arena.collect();
  expect([counts.graphs > 0, counts.worlds, it.objects().size]).toEqual([true, 0, 2]);
  weak.finish();
  arena.collect();
  expect([counts.worlds, it.objects().size]).toEqual([1, 1]);
});
