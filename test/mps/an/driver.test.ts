import { describe, expect, test } from 'vitest';
import { MachineFault } from '../../../code/machine/machine.ts';
import { boot, ResOK } from '../../../code/mps/mps.ts';

describe('threads', () => {
  test('run in turn, each until it yields, in the order in which they were made <design/an#.driver>', () => {
    const system = boot({ memory: '64KiB', platform: 'an' }), log: string[] = [];
    for (const [name, count] of [['a', 3], ['b', 1], ['c', 2]] as const) {
      system.thread(name, function* () {
        for (let n = 0; n < count; ++n) {
          log.push(name);
          yield;
        }
      });
    }
    system.run();
    expect(log.join('')).toBe('abcaca');
    expect(system.step()).toBe(false);
  });

  test('may be made by threads <design/an#.driver>', () => {
    const system = boot({ memory: '64KiB', platform: 'an' }), log: string[] = [];
    system.thread('a', function* () {
      log.push('a');
      system.thread('b', function* () { log.push('b'); });
      yield;
      log.push('a');
    });
    system.run();
    expect(log.join('')).toBe('aba');
  });

  test('that throw are over, the others go on; the error comes out of step <design/an#.driver>', () => {
    const system = boot({ memory: '64KiB', platform: 'an' }), log: string[] = [];
    system.thread('bad', function* (t) { t.load32(t.local(), 0); });
    system.thread('good', function* () { log.push('1'); yield; log.push('2'); });
    expect(() => { system.run(); }).toThrow(MachineFault);
    system.run();
    expect(log).toEqual(['1', '2']);
    system.finish();
  });

  test('that are over are no roots any more, and their allocation points are given back <design/an#.driver.end>', () => {
    const system = boot({ memory: '256KiB', platform: 'an' }), pool = system.arena.pool('amc');
    for (const isBad of [false, true]) {
      system.thread('t', function* (t) {
        const ap = pool.allocationPoint(t), slot = t.local();
        do expect(ap.reserve(slot, 32)).toBe(ResOK); while (!ap.commit(slot));
        if (isBad) throw new Error('bad');
      });
    }
    expect(() => { system.run(); }).toThrow('bad');
    let objects = 0;
    system.arena.walk(() => { objects += 1; });
    expect([objects, pool.buffers.size]).toEqual([2, 0]);
    system.arena.collect();
    system.arena.walk(() => { objects -= 10; });
    expect(objects).toBe(2);
  });

  test('that break an invariant inside the arena: that is what is reported, not what comes of it <design/an#.driver.end>', () => {
    const system = boot({ memory: '256KiB', platform: 'an' });
    system.thread('t', function* (t) {
      const ap = system.arena.pool('amc').allocationPoint(t), slot = t.local();
      do ap.reserve(slot, 32); while (!ap.commit(slot));
      system.arena.watcher = { condemned: () => { throw new Error('first'); } };
      system.arena.collect();
    });
    expect(() => { system.run(); }).toThrow('first');
  });
});
