/* message.test.ts: what the arena tells its client, in what order, and what becomes of it. */
import { describe, expect, test } from 'vitest';
import { reasonText } from '../../../code/mps/services/why.ts';
import type { Lab } from '../lab.ts';
import { PLATFORMS, finalized, finish, flip, make, markOf, still } from './steps.ts';

/** dead -- have `count` objects finalized, marked from `first` on. */
function dead(it: Lab, first: number, count: number): void {
  const slot = it.t.enter(1);
  for (let n = first; n < first + count; ++n) {
    it.make(slot, 32, n);
    expect(it.arena.finalize(it.t, slot)).toBe(0);
  }
  it.t.leave(slot);
}

describe.each(PLATFORMS)('on %s', (platform) => {
  test('all types are disabled at first, and nothing is queued of what is disabled <design/message#.req.enable>', () => {
    const it = still({ platform }), { messages } = it.arena;
    dead(it, 1, 3);
    it.arena.collect();
    expect([messages.poll(), messages.queueType(), messages.get('gc'), messages.get('gc_start'), messages.get('finalization')]).toEqual([false, null, null, null, null]);
    expect(it.arena.ledger.used, 'the guardians are gone').toBeLessThan(20_000);
    messages.enable('finalization');
    it.arena.collect();
    expect([messages.poll(), it.objects().size]).toEqual([false, 0]);
  });

  test('messages are got by type, the one that has waited longest first <design/message#.req.queue>', () => {
    const it = still({ platform }), { messages } = it.arena;
    for (const type of ['gc', 'gc_start', 'finalization', 'finalization'] as const) messages.enable(type);
    dead(it, 1, 2);
    it.arena.collect();
    dead(it, 3, 1);
    it.arena.collect();
    const order: string[] = [];
    expect([messages.queueType(), messages.get('gc')!.type]).toEqual(['gc_start', 'gc']);
    for (let type = messages.queueType(); type !== null; type = messages.queueType()) {
      const message = messages.get(type)!;
      order.push(message.type === 'finalization' ? `${markOf(it, message as never)}` : message.type);
      messages.discard(message);
    }
    expect(order.filter((one) => one !== '1' && one !== '2')).toEqual(['gc_start', 'gc_start', '3', 'gc']);
    expect(order.slice(1, 3).sort()).toEqual(['1', '2']);
  });

  test('disabling a type drops what waits of it, and nothing else <design/message#.req.enable>', () => {
    const it = still({ platform }), { messages, ledger } = it.arena;
    for (const type of ['gc', 'gc_start', 'finalization'] as const) messages.enable(type);
    dead(it, 1, 5);
    it.arena.collect();
    messages.disable('finalization');
    messages.disable('finalization');
    expect([messages.get('finalization'), messages.queueType()]).toEqual([null, 'gc_start']);
    messages.disable('gc');
    messages.enable('gc');
    expect([messages.get('gc'), messages.queueType()]).toEqual([null, 'gc_start']);
    messages.disable('gc_start');
    it.arena.collect();
    messages.disable('gc');
    expect([messages.poll(), it.objects().size]).toEqual([false, 0]);
    it.system.finish();
    expect(ledger.used).toBe(0);
  });

  test('a collection has both of its messages or neither, and no memory for them is no reason not to collect <design/message#.pair> <design/message#.req.start>', () => {
    const it = still({ platform }), { arena } = it, { messages, ledger } = arena;
    messages.enable('gc');
    messages.enable('gc_start');
    const found: string[] = [];
    for (let k = 0; k < 4; ++k) {
      it.litter(1000);
      if (k === 1) ledger.failAt = ledger.charges + 1;
      arena.collect();
      for (let type = messages.queueType(); type !== null; type = messages.queueType()) {
        const message = messages.get(type)!;
        found.push(`${k} ${message.type}`);
        if (k !== 2) messages.discard(message);
      }
    }
    expect(found).toEqual(['0 gc_start', '0 gc', '2 gc_start', '2 gc', '3 gc_start', '3 gc']);
    expect([messages.dropped, arena.counts.collections]).toEqual([1, 4]);
    // Enabled in the middle: the trace that is under way has no pair.
    messages.disable('gc');
    messages.disable('gc_start');
    it.litter(1000);
    flip(it);
    messages.enable('gc');
    finish(it);
    expect(messages.poll()).toBe(false);
  });

  test('the end of a collection says what survived, what was condemned and what was not <design/message#.sizes>', () => {
    const it = still({ platform, memory: '8MiB' }), { arena } = it, { messages } = arena;
    messages.enable('gc');
    const sizes = (): number[] => {
      const message = messages.get('gc')!, { liveSize, condemnedSize, notCondemnedSize } = message;
      messages.discard(message);
      return [liveSize, condemnedSize, notCondemnedSize];
    };
    const slots = Array.from({ length: 100 }, (_, n) => it.object(1600, n));
    it.litter(64_000);
    arena.collect();
    expect(sizes()).toEqual([160_000, 224_000, 0]);
    it.t.clear(slots[0]);
    const young = it.object(3200, 5);
    it.litter(32_000);
    flip(it, 1);
    finish(it);
    const [live, condemned, not] = sizes();
    // What the last copies' buffer has not given back is not counted.
    expect([live, condemned, not > 90_000, not <= 160_000]).toEqual([3200, 35_200, true, true]);
    expect(it.t.load32(young, 0)).toBe(5);
    // Objects that provoke no collection count as others do.
    const arrays = it.pool.allocationPoint(it.t, { hashArrays: true }), kept = it.t.local();
    make(it, arrays, kept, 6, [], 6400);
    arena.collect();
    const [, all, rest] = sizes();
    expect([all >= 160_000 - 1600 + 3200 + 6400, rest]).toEqual([true, 0]);
  });

  test('times are the arena\'s, and finalization has none <design/message#.clock>', () => {
    const it = still({ platform }), { arena } = it, { messages } = arena;
    for (const type of ['gc', 'gc_start', 'finalization'] as const) messages.enable(type);
    it.object(4000);
    dead(it, 1, 1);
    const before = arena.clock;
    arena.collect();
    const begins = messages.get('gc_start')!, ends = messages.get('gc')!, message = messages.get('finalization')!;
    expect([before <= begins.clock, begins.clock < ends.clock, ends.clock <= arena.clock, message.clock]).toEqual([true, true, true, 0]);
    expect(begins.why).toBe(reasonText({ why: 'client', what: 'collect' }));
  });

  test('an arena can be destroyed with messages that wait or have been got <design/message#.finish>', () => {
    const it = still({ platform }), { arena } = it, { messages } = arena;
    for (const type of ['gc', 'gc_start', 'finalization'] as const) messages.enable(type);
    dead(it, 1, 10);
    arena.collect();
    dead(it, 11, 10);
    expect([messages.get('gc')?.type, messages.get('finalization')?.type]).toEqual(['gc', 'finalization']);
    it.system.finish();
    expect([arena.ledger.used, arena.grains.committed]).toEqual([0, 0]);
  });
});

test('each reason is a sentence <design/message#.why>', () => {
  const texts = [
    reasonText({ why: 'client', what: 'collect' }), reasonText({ why: 'client', what: 'step' }), reasonText({ why: 'every-poll', poll: 3 }),
    reasonText({ why: 'generation full', generation: 0, newSize: 70_000, capacity: 65_536 }), reasonText({ why: 'world', available: 5000, needed: 8192.5 }),
    reasonText({ why: 'allocation failed', size: 32, committed: 4096, limit: 8192 }),
  ];
  expect(new Set(texts).size).toBe(6);
  for (const text of texts) expect(text).toMatch(/^[A-Z].*\.$/);
  expect(texts[3]).toContain('64KiB');
});

describe('a rule that is broken', () => {
  test('there are three types <design/message#.if.type>', () => {
    const { messages } = still({ platform: 'an' }).arena;
    for (const broken of [() => { messages.enable('end' as never); }, () => { messages.disable('end' as never); }, () => messages.get('end' as never)]) {
      expect(broken).toThrow('<design/message#.if.type>');
    }
  });

  test('a message is discarded once, after it has been got, and not asked afterwards <design/message#.if.live>', () => {
    const it = still({ platform: 'an' }), { arena, t } = it, { messages } = arena, slot = t.local();
    messages.enable('finalization');
    dead(it, 1, 1);
    arena.collect();
    const message = messages.get('finalization')!;
    messages.discard(message);
    expect(() => { messages.discard(message); }).toThrow('<design/message#.if.live>');
    expect(() => { message.finalizationRef(t, slot); }).toThrow('<design/message#.if.live>');
    expect(finalized(it)).toEqual([]);
  });
});
