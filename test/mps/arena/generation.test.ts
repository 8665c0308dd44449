import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boot } from '../../../code/mps/mps.ts';
import { Generation } from '../../../code/mps/arena/generation.ts';
import { Rig } from '../rig.ts';

const make = (index: number): Generation => new Generation(index, { capacity: 1000, mortality: 0.5 });

test('the accounts add up after every movement of bytes between them <design/generation#.inv.identity>', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(6), fc.nat(100)), { maxLength: 40 }), (steps) => {
    const one = make(0), other = make(1);
    for (const [what, size] of steps) {
      const part = (most: number): number => Math.floor((most * size) / 101);
      switch (what) {
        case 0: one.accountAlloc(size); break;
        case 1: one.accountFree(part(one.freeSize)); break;
        case 2: one.accountFill(part(one.freeSize)); break;
        case 3: { const used = part(one.bufferedSize); one.accountEmpty(used, part(one.bufferedSize - used)); break; }
        case 4: one.accountAge(part(one.newSize), part(one.bufferedSize)); break;
        case 5: one.accountReclaim(part(one.oldSize)); break;
        default: { const aged = part(one.oldSize); one.accountPromote(other, aged, aged + part(one.freeSize)); break; }
      }
      one.check();
      other.check();
    }
  }));
});

test('accounts that do not add up, or are below nothing, are errors <design/generation#.inv.identity>', () => {
  const one = make(0);
  one.newSize = 16;
  expect(() => { one.check(); }).toThrow('<design/generation#.inv.identity>');
  one.freeSize = -16;
  expect(() => { one.check(); }).toThrow('<design/generation#.inv.identity>');
});

test('mortality moves towards what was observed, and stays a share <design/generation#.mortality>', () => {
  const one = make(0);
  one.learn(1000, 1000);
  expect(one.mortality).toBeCloseTo(0.3);
  for (let n = 0; n < 50; ++n) one.learn(1000, 0);
  expect(one.mortality).toBeCloseTo(1);
  one.learn(0, 0);
  one.check();
  expect(one.mortality).toBeLessThanOrEqual(1);
});

test('accounts are in order and survivors no more than were condemned after every operation <design/generation#.inv.identity>', () => {
  const rig = new Rig({ habits: { seed: 3, yields: true, collects: 3 }, memory: '512KiB', nursery: '16KiB', mutators: 2 });
  for (let n = 0; n < 60; ++n) {
    rig.play(8);
    for (const generation of rig.arena.allGenerations()) generation.check();
  }
  const reclaims = rig.events.filter((event) => event.type === 'reclaim');
  expect(reclaims.length, 'weak run').toBeGreaterThan(10);
  for (const { mortality } of reclaims) expect(mortality >= 0 && mortality <= 1).toBe(true);
  rig.end();
});

describe('a chain', () => {
  test('has a generation at least <design/generation#.if.chain>', () => {
    const { arena } = boot({ memory: '64KiB' });
    expect(() => arena.chain([])).toThrow('<design/generation#.if.chain>');
  });

  test('that is longer than others leaves the world the last count <design/generation#.top>', () => {
    const { arena } = boot({ memory: '64KiB' });
    arena.chain([1, 2, 3, 4, 5].map(() => ({ capacity: 4096, mortality: 0.5 })));
    expect(arena.topGeneration.index).toBe(5);
    expect(arena.counts.collectionsByGeneration).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('of another arena is refused <design/arena#.if.chain>', () => {
    const one = boot({ memory: '64KiB' }), other = boot({ memory: '64KiB' });
    expect(() => one.arena.pool('amc', { chain: other.arena.defaultChain })).toThrow('<design/arena#.if.chain>');
  });
});
