/* argerr.test.ts: bad arguments and bad use: each is met by the check that is there for it, in the shape of the MPS's argerr and conerr tests. */
import { describe, expect, test } from 'vitest';
import { AverError, cool } from '../../../code/base/base.ts';
import { ResCOMMITLIMIT, ResFAIL, ResMEMORY, ResOK, ResRESOURCE } from '../../../code/mps/mps.ts';
import { Lab } from '../lab.ts';
import { arenaCases } from './arena-cases.ts';
import { PLATFORMS, type Case } from './bed.ts';
import { poolCases } from './pool-cases.ts';
import { serviceCases } from './service-cases.ts';

/** thrown -- what a case comes to. */
function thrown({ use, options = {} }: Case, platform: 'an' | 'ix'): unknown {
  const it = new Lab({ platform, memory: '4MiB', chunk: '512KiB', ...options });
  try {
    use(it);
  } catch (error) {
    return error instanceof AverError ? error.message : error;
  }
  return 'nothing was thrown';
}

const cases: readonly Case[] = [...arenaCases, ...poolCases, ...serviceCases].filter((one) => one.cool !== true || cool);

/** What is more than there can be, and yet no mistake: the world says no. */
const huge: Readonly<Record<string, (it: Lab) => unknown>> = {
  'reserve, amc': ({ ap, t }) => ap.reserve(t.local(), 2 ** 31 - 1),
  'reserve, ams': ({ arena, t }) => arena.pool('ams').allocationPoint(t).reserve(t.local(), 2 ** 31 - 1),
  'reserve, lo': ({ arena, t }) => arena.pool('lo').allocationPoint(t).reserve(t.local(), 2 ** 30),
  'reserve, snc': ({ arena, t }) => arena.pool('snc').allocationPoint(t).reserve(t.local(), 2 ** 31 - 1),
  'reserve, mvff': ({ arena, t }) => arena.pool('mvff').allocationPoint(t).reserve(t.local(), 2 ** 31 - 1),
  'reserve, mvt': ({ arena, t }) => arena.pool('mvt').allocationPoint(t).reserve(t.local(), 2 ** 31 - 1),
  'alloc, mvff': ({ arena, t }) => arena.pool('mvff').alloc(t, t.local(), 2 ** 31 - 1),
  'alloc, mvff-debug': ({ arena, t }) => arena.pool('mvff-debug').alloc(t, t.local(), 2 ** 31 - 1),
  'alloc, mfs': ({ arena, t }) => arena.pool('mfs', { unitSize: 2 ** 30, extendBy: Infinity }).alloc(t, t.local(), 2 ** 30),
  'commitLimitSet of less than is in use': (it) => {
    it.object();
    return it.arena.commitLimitSet(0);
  },
};

/** And what is as much as can be had, or does as much as there is. */
const most: Readonly<Record<string, (it: Lab) => unknown>> = {
  'a commit limit': ({ arena }) => arena.commitLimitSet(Infinity),
  'a pause': ({ arena }) => {
    arena.pauseTime = Infinity;
    return ResOK;
  },
  'a step': ({ arena }) => {
    arena.step(Infinity, Infinity);
    arena.step(Infinity);
    return ResOK;
  },
  'extendBy, amc': ({ arena, t }) => arena.pool('amc', { extendBy: Infinity }).allocationPoint(t).reserve(t.local(), 32),
  'extendBy, mvff': ({ arena, t }) => arena.pool('mvff', { extendBy: Infinity }).alloc(t, t.local(), 32),
  'extendBy, mfs': ({ arena, t }) => arena.pool('mfs', { unitSize: 32, extendBy: Infinity }).alloc(t, t.local(), 32),
  'capacity': ({ arena, t }) => arena.pool('ams', { chain: arena.chain([{ capacity: Infinity, mortality: 1 }]) }).allocationPoint(t).reserve(t.local(), 32),
  'vmGrowth': ({ arena, ap, t }) => {
    arena.vmGrowth(2 ** 40, 0);
    return ap.reserve(t.local(), 32);
  },
};

describe.each(PLATFORMS)('on %s', (platform) => {
  const lab = (): Lab => new Lab({ platform, memory: '4MiB', chunk: '512KiB' });

  test('what is huge is no mistake: the answer is a result <design/mps#.res> <design/buffer#.if.size>', () => {
    for (const [how, use] of Object.entries(huge)) {
      const it = lab(), res = use(it);
      expect([ResFAIL, ResMEMORY, ResRESOURCE, ResCOMMITLIMIT], how).toContain(res);
      it.arena.check();
    }
  });

  test('as much as can be is taken for what there is <design/arena#.step> <design/arena#.limit>', () => {
    for (const [how, use] of Object.entries(most)) {
      const it = lab();
      it.object();
      expect([how, use(it)]).toEqual([how, ResOK]);
      it.arena.check();
    }
  });

  test('who ends a pattern that has not begun is told so <design/buffer#.pattern>', () => {
    const it = lab();
    expect(it.ap.patternEnd()).toBe(ResFAIL);
    expect([it.ap.patternBegin('ramp'), it.ap.patternEnd(), it.ap.patternEnd(), it.ap.patternReset()]).toEqual([ResOK, ResOK, ResFAIL, ResOK]);
  });

  const here = cases.filter(({ on = platform }) => on === platform);
  for (const tag of new Set(here.map((one) => one.tag))) {
    // The tags are cited in the tables, and `checked.test.ts` insists on them.
    test(`${tag} is insisted on, whatever the way to break it <design/check#.aver>`, () => {
      const found = here.filter((one) => one.tag === tag).map((one) => [one.how, thrown(one, platform)]);
      expect(found).toEqual(here.filter((one) => one.tag === tag).map(({ how }) => [how, `<design/${tag}>`]));
    });
  }
});
