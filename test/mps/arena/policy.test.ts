import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { policyQuantum, policyStart } from '../../../code/mps/arena/policy.ts';
import { Lab } from '../lab.ts';

describe('a chain is collected', () => {
  test('when a generation has as many new objects as its capacity, with all the younger ones <design/policy#.chain>', () => {
    const lab = new Lab({ memory: '16MiB' }), { arena } = lab, [young, old] = arena.defaultChain.generations;
    expect(policyStart(arena)).toBeNull();
    young.newSize = young.capacity - 1;
    expect(policyStart(arena)).toBeNull();
    young.newSize = young.capacity;
    expect(policyStart(arena)).toEqual({ generations: [young], reason: { why: 'generation full', generation: 0, newSize: young.capacity, capacity: young.capacity } });
    young.newSize = 0;
    old.newSize = old.capacity;
    expect(policyStart(arena)?.generations).toEqual([young, old]);
  });

  test('of several that are full, the one that is most so <design/policy#.chain>', () => {
    const { arena } = new Lab({ memory: '16MiB' }), other = arena.chain([{ capacity: 1000, mortality: 0.5 }]);
    const [young] = arena.defaultChain.generations, [mine] = other.generations;
    young.newSize = young.capacity + 10;
    mine.newSize = mine.capacity + 20;
    expect(policyStart(arena)?.generations).toEqual([mine]);
    young.newSize += 20;
    expect(policyStart(arena)?.generations).toEqual([young]);
  });
});

describe('the world is collected', () => {
  test('when what may be committed would not outlast it, with the numbers in the event <design/policy#.world>', () => {
    const lab = new Lab({ memory: '1MiB', nursery: '64MiB', spare: 0 }), slot = lab.t.local();
    while (lab.events('condemn').length === 0) lab.make(slot, 1024);
    const [{ reason, generation }] = lab.events('condemn') as [ReturnType<typeof lab.events<'condemn'>>[0]];
    expect([reason.why, generation]).toEqual(['world', 2]);
    if (reason.why !== 'world') return;
    expect(reason.available).toBeLessThan(reason.needed);
    expect(lab.events('exhausted')).toEqual([]);
  });

  test('not again before as much has been allocated as would have been meanwhile <design/policy#.world.rate>', () => {
    const lab = new Lab({ memory: '512KiB', nursery: '64MiB' }), { t } = lab, list = t.local(), slot = t.local();
    // Live data fill more than half of memory: each poll would like to collect the world.
    for (let n = 0; n < 10; ++n) {
      lab.make(slot, 32_000, n, list);
      t.move(list, slot);
    }
    lab.litter(2_000_000);
    const { arena } = lab, worlds = lab.events('condemn').filter(({ reason }) => reason.why === 'world');
    expect(worlds.length).toBeGreaterThan(2);
    const survivors = 320_000 / 2, apart = worlds.map(({ clock }) => clock).slice(1).map((clock, i) => clock - worlds[i].clock);
    for (const distance of apart) expect(distance).toBeGreaterThan(survivors * 0.25);
    arena.check();
  });
});

describe('making room', () => {
  test('collects as long as that gains anything, then gives up and says so <design/policy#.makeroom>', () => {
    const lab = new Lab({ memory: '256KiB', nursery: '64MiB' }), { t } = lab, keep = t.local(), slot = t.local();
    lab.make(keep, 150_000);
    const before = lab.arena.counts.collections;
    expect(lab.ap.reserve(slot, 120_000)).not.toBe(0);
    expect(lab.arena.counts.collections - before).toBeLessThanOrEqual(2);
    expect(lab.events('exhausted')).toHaveLength(1);
    t.clear(keep);
    expect(lab.ap.reserve(slot, 120_000), 'what was dropped makes room').toBe(0);
    const [last] = lab.events('condemn').slice(-1);
    expect(last.reason).toMatchObject({ why: 'allocation failed', size: 120_064 });
  });
});

test('every poll collects the nursery, each sixteenth the world, if that is asked for <design/policy#.every>', () => {
  const lab = new Lab({ nursery: '4KiB', collect: 'every-poll' });
  lab.object();
  lab.litter(300_000);
  const condemns = lab.events('condemn');
  expect(condemns.length, 'weak run').toBeGreaterThan(40);
  for (const { reason, generation } of condemns) {
    expect(reason.why).toBe('every-poll');
    if (reason.why === 'every-poll') expect(generation).toBe(reason.poll % 16 === 0 ? 2 : 0);
  }
});

test('a quantum is work, and enough of them do all of it before the mutator has allocated its share <design/policy#.quantum>', () => {
  fc.assert(fc.property(fc.nat(1e9), fc.integer({ min: 1, max: 1e9 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 4096, max: 65536 }), (foundation, condemned, mortality, interval) => {
    const quantum = policyQuantum(foundation, condemned, condemned * (1 - mortality), interval), polls = Math.max(1, (condemned * 0.25) / interval);
    expect(quantum).toBeGreaterThan(0);
    expect(quantum * polls).toBeGreaterThanOrEqual(foundation + condemned * (1 - mortality));
  }));
});
