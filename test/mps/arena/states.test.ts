/* states.test.ts: WHEN AN ARENA COLLECTS
 *
 * The four states cell by cell, and what a client can ask for in each; stepping by the reference's rule, in virtual time.
 */
import { describe, expect, test } from 'vitest';
import { PauseWORK, policyIdle } from '../../../code/mps/arena/policy.ts';
import { Lab, type LabOptions } from '../lab.ts';

/** A lab with a list, in slot `list`, that a collection takes many quanta for. */
function laden(options: LabOptions = {}): { lab: Lab; list: number } {
  const lab = new Lab({ memory: '2MiB', nursery: '32KiB', pause: '0', ...options }), list = lab.t.local(), slot = lab.t.local();
  lab.arena.clamp();
  for (let n = 0; n < 40; ++n) {
    lab.make(slot, 2048, n, list);
    lab.t.move(list, slot);
  }
  lab.arena.release();
  return { lab, list };
}

/** begun -- one in the middle of a collection. */
function begun(): { lab: Lab; list: number } {
  const made = laden(), { arena } = made.lab;
  Object.assign(arena.control, { quantum: () => 1 });
  arena.startCollect();
  expect([arena.trace.isBusy, arena.trace.isFlipped]).toEqual([true, true]);
  return made;
}

/** faster -- quanta of some size from here on. */
function faster({ arena: { control, trace } }: Lab): void {
  Object.assign(control, { quantum: () => 65_536 });
  trace.quantum = 65_536;
}

describe('the states <design/arena#.states>', () => {
  test('unclamped: collections begin, go on, move objects, and give memory back <design/arena#.states>', () => {
    const { lab, list } = begun(), { arena } = lab, { control } = arena;
    expect(control.state).toBe('unclamped');
    faster(lab);
    lab.litter(600_000);
    expect([arena.counts.collections > 2, arena.collections > 2, lab.t.load32(list, 0)]).toEqual([true, true, 39]);
    expect(arena.counts.bytesReclaimed).toBeGreaterThan(0);
  });

  test('clamped: what is under way stays so, and nothing begins; nothing moves, and no memory is given back <design/arena#.states> <design/arena#.clamp>', () => {
    const { lab, list } = begun(), { arena, t } = lab;
    t.load32(list, 0);
    const low = lab.low(list), { collections } = arena, committed = arena.committed;
    arena.clamp();
    lab.litter(200_000);
    expect([arena.control.state, arena.trace.isBusy, arena.collections, lab.low(list), arena.committed >= committed]).toEqual(['clamped', true, collections, low, true]);
    arena.release();
    faster(lab);
    lab.litter(400_000);
    expect([arena.control.state, arena.collections > collections]).toEqual(['unclamped', true]);
  });

  test('parked: nothing is under way, and nothing begins <design/arena#.states> <design/arena#.park>', () => {
    const { lab, list } = begun(), { arena } = lab;
    arena.park();
    const { collections } = arena, low = lab.low(list);
    lab.litter(200_000);
    expect([arena.control.state, arena.trace.isBusy, arena.collections, lab.low(list)]).toEqual(['parked', false, collections, low]);
    arena.clamp();
    expect(arena.control.state).toBe('clamped');
  });

  test('a step of a parked arena leaves it clamped; one of another leaves it as it was <design/arena#.states> <design/arena#.step>', () => {
    for (const step of [[], [0, 0]] as const) {
      const { lab: { arena } } = begun();
      arena.step(...step);
      expect(arena.control.state).toBe('unclamped');
      arena.park();
      arena.step(...step);
      expect(arena.control.state).toBe('clamped');
    }
  });

  test('startCollect releases the arena, and begins one collection of everything, which goes on by itself <design/arena#.start>', () => {
    const { lab } = laden(), { arena } = lab;
    arena.park();
    arena.startCollect();
    expect([arena.control.state, arena.trace.isBusy, lab.events('condemn').at(-1)?.reason]).toEqual(['unclamped', true, { why: 'client', what: 'collect' }]);
    const { count } = arena.trace;
    arena.startCollect();
    expect(arena.trace.count, 'there is one already').toBe(count);
    faster(lab);
    lab.litter(300_000);
    expect(lab.events('reclaim').length).toBeGreaterThan(0);
    // Without barriers nobody may run before it is over.
    const { arena: other } = laden({ platform: 'an' }).lab;
    other.startCollect();
    expect([other.trace.isBusy, other.counts.collections > 0]).toEqual([false, true]);
  });

  test('collect leaves the arena as it was, whatever that is; collect and park is the MPS\'s <design/arena#.departs.collect>', () => {
    const { lab: { arena } } = laden();
    for (const [enter, state] of [[() => { arena.release(); }, 'unclamped'], [() => { arena.clamp(); }, 'clamped'], [() => { arena.park(); }, 'parked']] as const) {
      enter();
      arena.collect();
      expect([arena.control.state, arena.trace.isBusy]).toEqual([state, false]);
    }
  });

  for (const platform of ['ix', 'an'] as const) {
    test(`postmortem: a collection may be under way, all memory can be looked at, and nothing goes inside any more <design/arena#.postmortem> ${platform}`, () => {
      const { lab, list } = platform === 'ix' ? begun() : laden({ platform }), { arena, t, system } = lab, { readHits } = arena.counts;
      arena.postmortem();
      expect([arena.control.state, arena.trace.isBusy]).toEqual(['postmortem', platform === 'ix']);
      // What was forbidden can be read and written, and no barrier is there to be hit.
      arena.grains.eachCommitted((base, limit) => {
        for (let page = base; page < limit; page += 4096) expect((system.space.window[page >>> 12] & 7) !== 0).toBe(true);
      });
      t.store32(list, 0, t.load32(list, 0));
      expect([arena.counts.readHits, arena.committed > 0, arena.hasAddr(lab.low(list)), arena.busy]).toEqual([readHits, true, true, false]);
      for (const act of [() => { arena.collect(); }, () => { arena.release(); }, () => { lab.litter(100_000); }, () => { arena.park(); }, () => arena.step(1, 1), () => { arena.finish(); }]) {
        expect(act).toThrow('<design/arena#.postmortem>');
      }
    });
  }

  test('postmortem can be asked for from inside, where a program has died <design/arena#.postmortem>', () => {
    const { lab: { arena } } = laden();
    arena.watcher = { condemned: () => { throw new RangeError('dead'); } };
    expect(() => { arena.collect(); }).toThrow('dead');
    expect(arena.busy).toBe(true);
    arena.postmortem();
    expect(arena.control.state).toBe('postmortem');
  });
});

describe('a step', () => {
  test('works until the interval is over, in virtual time, and says whether it did <design/arena#.step>', () => {
    const { lab } = begun(), { arena } = lab;
    Object.assign(arena.trace, { quantum: 4096 });
    const from = arena.control.traced, interval = 20;
    expect(arena.step(interval, 0)).toBe(true);
    const work = arena.control.traced - from, most = interval * PauseWORK / 1000;
    expect(work).toBeGreaterThanOrEqual(most);
    expect(work, 'and a quantum that takes a whole object').toBeLessThan(most + 3 * 16_384);
    expect(arena.trace.isBusy, 'weak run').toBe(true);
    expect(arena.step(Infinity, 0), 'to the end').toBe(true);
    expect([arena.trace.isBusy, arena.step(1000, 0)]).toEqual([false, false]);
  });

  test('does a quantum at least, with no interval at all <design/arena#.step>', () => {
    const { lab: { arena } } = begun(), from = arena.control.traced;
    expect([arena.step(0, 0), arena.control.traced > from]).toEqual([true, true]);
  });

  test('begins what policy says, also where the arena is clamped <design/arena#.step> <design/arena#.clamp>', () => {
    const lab = new Lab({ nursery: '16KiB' });
    lab.arena.clamp();
    lab.litter(200_000);
    expect([lab.arena.counts.collections, lab.arena.step(0, 0)]).toEqual([0, true]);
    expect(lab.events('condemn')).toMatchObject([{ generation: 0, reason: { why: 'generation full' } }]);
  });

  test('begins a collection of the world if there is enough to collect, and time, and it has not been long enough ago <design/policy#.idle>', () => {
    const lab = new Lab({ memory: '64MiB', nursery: '32MiB' }), { arena } = lab, slot = lab.t.local(), keep = lab.t.local();
    const fill = (bytes: number): void => {
      for (let done = 0; done < bytes; done += 256 * 1024) lab.make(slot, 256 * 1024);
    };
    const idle = (multiplier: number): boolean => arena.step(1000, multiplier);
    fill(900_000);
    expect(idle(1000), 'less than a million bytes').toBe(false);
    arena.clamp();
    for (let n = 0; n < 6; ++n) lab.make(keep, 256 * 1024);
    expect(idle(1000), 'too early').toBe(false);
    Object.assign(arena, { filled: arena.filled + 100_000_000 });
    expect(idle(2), 'not enough time').toBe(false);
    expect(idle(1000)).toBe(true);
    while (arena.trace.isBusy) idle(0);
    expect(lab.events('condemn')).toMatchObject([{ generation: 2, reason: { why: 'client', what: 'step' } }]);
    for (let n = 0; n < 6; ++n) lab.make(keep, 256 * 1024);
    expect(idle(1000), 'not so soon again').toBe(false);
  });

  test('compares exactly these numbers <design/policy#.idle>', () => {
    const { arena } = new Lab();
    const asked = (collectable: number, left: number, clock: number): boolean => {
      Object.assign(arena, { filled: clock });
      arena.topGeneration.totalSize = collectable;
      return policyIdle(arena, left, 1000);
    };
    expect([asked(999_999, 1e9, 1e9), asked(1_000_000, 1e9, 1e9)]).toEqual([false, true]);
    expect([asked(1_000_000, 3_500_000, 1e9), asked(1_000_000, 3_500_001, 1e9)]).toEqual([false, true]);
    expect([asked(1_000_000, 1e9, 35_001_000), asked(1_000_000, 1e9, 35_001_001)]).toEqual([false, true]);
  });

  test('takes no negative time <design/arena#.if.step>', () => {
    const { arena } = new Lab();
    for (const [interval, multiplier] of [[-1, 0], [0, -1], [Number.NaN, 0]]) expect(() => arena.step(interval, multiplier)).toThrow('<design/arena#.if.step>');
  });
});

describe('the pause', () => {
  test('can be asked for and changed: none, some, or without end <design/policy#.pause> <design/arena#.if.pause>', () => {
    const { lab } = laden({ pause: '10ms' }), { arena } = lab;
    expect(arena.pauseTime).toBe(10_000);
    arena.pauseTime = 0;
    arena.startCollect();
    expect([arena.pauseTime, arena.trace.isBusy]).toEqual([0, true]);
    arena.pauseTime = Infinity;
    lab.litter(200_000);
    expect([arena.pauseTime, arena.trace.isBusy]).toEqual([Infinity, false]);
    for (const time of [-1, Number.NaN]) expect(() => { arena.pauseTime = time; }).toThrow('<design/arena#.if.pause>');
  });
});

test('collections are the flips in which something that may move was condemned <design/arena#.collections>', () => {
  const lab = new Lab(), { arena } = lab;
  expect(arena.collections).toBe(0);
  arena.collect();
  expect([arena.collections, arena.counts.flips]).toEqual([0, 0]);
  lab.object();
  arena.collect();
  lab.object();
  arena.collect();
  expect([arena.collections, arena.counts.flips]).toEqual([2, 2]);
  Object.assign(lab.pool, { isMoving: false });
  lab.object();
  arena.collect();
  expect([arena.collections, arena.counts.flips]).toEqual([2, 3]);
});
