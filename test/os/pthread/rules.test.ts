import { describe, expect, test } from 'vitest';
import { EDEADLK } from '../../../code/os/errno.ts';
import { PthreadCondition } from '../../../code/os/pthread/condition.ts';
import { PthreadMutex } from '../../../code/os/pthread/lock.ts';
import { pthreadJoin } from '../../../code/os/pthread/pthread.ts';
import type { Thread } from '../../../code/os/thread.ts';
import { rig, spawn } from '../rig.ts';

describe('what POSIX says of threads', () => {
  test('a recursive mutex is had as often after a wait for a condition as before <design/pthread#.condition>', () => {
    const { kernel, process } = rig(), mutex = new PthreadMutex('m', 'recursive'), condition = new PthreadCondition('c'), log: unknown[] = [];
    const waiter = spawn(process, 'waiter', function* (_t, thread) {
      yield* mutex.lock(thread);
      yield* mutex.lock(thread);
      log.push(yield* condition.wait(thread, mutex), mutex.count);
      mutex.unlock(thread);
      log.push(mutex.owner === thread);
      mutex.unlock(thread);
    });
    spawn(process, 'caller', function* (_t, thread) {
      while (waiter.waitingFor?.startsWith('condition') !== true) yield undefined;
      yield* mutex.lock(thread);
      condition.signal(thread);
      mutex.unlock(thread);
    });
    kernel.run();
    expect([log, mutex.owner, mutex.count]).toEqual([[0, 2, true], null, 0]);
  });

  test('a key that is made anew has nothing of what threads had under the one before it <design/pthread#.keys>', () => {
    const { kernel, process } = rig(), log: unknown[] = [];
    spawn(process, 'one', function* (_t, thread) {
      const { keys } = thread.process, key = keys.create(thread);
      keys.set(thread, key, 'old');
      keys.delete(thread, key);
      const again = keys.create(thread, function* (value) { log.push(['destroyed', value]); });
      log.push([again === key, keys.get(thread, again)]);
      yield;
    });
    kernel.run();
    expect(log).toEqual([[true, undefined]]);
  });

  test('of two threads that would wait for each other\'s ends the second is refused <design/pthread#.join>', () => {
    const { kernel, process } = rig(), log: unknown[] = [], threads: Thread[] = [];
    threads.push(spawn(process, 'one', function* (_t, thread) {
      while (threads.length < 2) yield undefined;
      log.push(['one', yield* pthreadJoin(thread, threads[1])]);
    }));
    threads.push(spawn(process, 'other', function* (_t, thread) {
      while (threads[0].waitingFor === null) yield undefined;
      log.push(['other', yield* pthreadJoin(thread, threads[0])]);
    }));
    kernel.run();
    expect(log).toEqual([['other', EDEADLK], ['one', 0]]);
  });
});
