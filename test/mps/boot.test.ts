import { describe, expect, test } from 'vitest';
import { OptionError, RankAMBIG, ResOK, boot, tagged, type BootOptions } from '../../code/mps/mps.ts';

const wrong: [BootOptions, string][] = [
  [{ memory: '1KiB' }, 'memory 1KiB is too small: at least 4KiB'],
  [{ memory: '8GiB' }, 'memory 8GiB is too large: at most'],
  [{ memory: 'lots' }, 'memory "lots" is not a size'],
  [{ grain: '5KiB' }, 'grain 8KiB'],
  [{ grain: '12KiB' }, 'grain 12KiB is not a power of two'],
  [{ memory: '32KiB', grain: '64KiB', platform: 'an' }, 'memory 32KiB is too small: at least 64KiB'],
  [{ memory: '64KiB', grain: '64KiB', platform: 'ix' }, 'memory 64KiB is too small: at least 96KiB, a grain and the stacks of 4 threads'],
  [{ threads: 0 }, 'threads 0 is out of range: from 1 to 1024'],
  [{ nursery: '1B' }, 'nursery 1B is too small: at least 4KiB'],
  [{ commitLimit: '100B' }, 'commit-limit 100B is too small'],
  [{ chunk: '4KiB', grain: '64KiB' }, 'chunk 4KiB is too small: at least 64KiB'],
  [{ statics: '2GiB' }, 'statics 2GiB is too large'],
  [{ pause: 'soon' }, 'pause "soon" is not a time'],
  [{ spare: 2 }, 'spare 2 is not a share'],
  [{ spare: Number.NaN }, 'spare NaN is not a share'],
  [{ seed: 1.5 }, 'seed 1.5 is not a whole number'],
  [{ platform: 'w3' as 'an' }, 'platform "w3" does not exist: there are ix and an'],
  [{ driver: 'slow' as 'fast' }, 'driver "slow" does not exist'],
  [{ suspend: 'hook' as 'kernel' }, 'suspend "hook" does not exist: there are kernel and signals'],
  [{ abi: 'linux' as 'pcuabi' }, 'abi "linux" does not exist: there are cheribsd and pcuabi'],
  [{ forward: 'up' as 'kill' }, 'forward "up" does not exist'],
  [{ collect: 'often' as 'normal' }, 'collect "often" does not exist'],
];

describe('an option that cannot be used', () => {
  for (const [options, message] of wrong.filter(([{ grain }]) => grain !== '5KiB')) {
    test(`is refused with what was wrong and what to give: ${JSON.stringify(options)} <design/boot#.req.clear>`, () => {
      expect(() => boot(options)).toThrow(OptionError);
      expect(() => boot(options)).toThrow(message);
      expect(() => boot(options)).toThrow(/^[^\n]+$/);
    });
  }
});

test('a size is rounded up to pages <design/boot#.sizes>', () => {
  const { arena } = boot({ memory: '70000B', platform: 'an' });
  expect(arena.grains.parameters.commitLimit).toBe(73_728);
});

test('the example of the library: a list as long as memory allows, and no longer <design/boot>', () => {
  const system = boot({ memory: '1MiB', nursery: '32KiB', seed: 1 }), cells = system.arena.pool('amc', { format: tagged });
  const sums: number[] = [];
  system.thread('builder', function* (t) {
    const ap = cells.allocationPoint(t), list = t.local(), cell = t.local();
    for (let i = 0; i < 10_000; i++) {
      do {
        if (ap.reserve(cell, 32) !== ResOK) return;
        t.store32(cell, 0, i);
        t.storeCap(cell, 16, list);
      } while (!ap.commit(cell));
      t.move(list, cell);
      if (i % 1000 === 999) {
        let sum = 0;
        for (t.move(cell, list); t.isTagged(cell); t.loadCap(cell, cell, 16)) sum += t.load32(cell, 0);
        sums.push(sum);
        t.clear(list);
        yield;
      }
    }
  });
  system.run();
  expect(sums).toEqual(Array.from({ length: 10 }, (_, k) => 1000 * (1000 * k) + (999 * 1000) / 2));
  expect(system.arena.counts.collections).toBeGreaterThan(2);
  system.finish();
});

describe('statics', () => {
  test('are roots outside the arena, zeroed, with their capability in a slot <design/boot#.statics>', () => {
    const system = boot({ memory: '256KiB', statics: '8KiB' }), t = system.hart('t'), ap = system.arena.pool('amc').allocationPoint(t);
    const area = t.local(), slot = t.local();
    system.statics(t, area, 4096);
    expect([t.load32(area, 0), t.load32(area, 4092), t.r[(area << 3) + 5]]).toEqual([0, 0, 4096]);
    do ap.reserve(slot, 32); while (!ap.commit(slot));
    t.store32(slot, 0, 9);
    t.storeCap(area, 64, slot);
    const low = t.r[slot << 3];
    t.clear(slot);
    system.arena.collect();
    t.loadCap(slot, area, 64);
    expect([t.r[slot << 3] === low, t.load32(slot, 0)]).toEqual([false, 9]);
    // A capability to them that lies in the heap stays as it is.
    t.storeCap(slot, 16, area);
    system.arena.collect();
    const back = t.local();
    t.loadCap(back, slot, 16);
    expect(t.isSame(back, area)).toBe(true);
  });

  test('beyond what was set aside for them are an error <design/boot#.statics>', () => {
    const system = boot({ memory: '64KiB', statics: '8KiB' }), t = system.hart('t'), slot = t.local();
    system.statics(t, slot, 4096, RankAMBIG);
    system.statics(t, slot, 100);
    expect(() => system.statics(t, slot, 16)).toThrow('<design/boot#.statics>');
  });
});
