/* state.test.ts: what a stopped system is said to look like agrees with what it is. */
import { expect, test } from 'vitest';
import { boot, RankWEAK, ResOK, type Event, type Seg } from '../../code/mps/mps.ts';
import { eventText, graphDifference, graphOf, stateOf, stateText } from '../../code/observe/observe.ts';
import { table } from '../mps/pools/awl-table.ts';
import { make, still } from '../mps/services/steps.ts';
import { halfway } from './halfway.ts';

const sum = (sizes: readonly number[]): number => sizes.reduce((all, size) => all + size, 0);

test('a state halfway accounts for all segments and all committed memory <design/oracle#.state>', () => {
  const { system, arena } = halfway(), state = stateOf(system), segs = arena.heap.segs.filter((seg) => seg !== null);
  const sizeOf = (isOne: (seg: Seg) => boolean): number => sum(segs.filter(isOne).map(({ size }) => size));
  const { trace, segments, protections, pools, generations } = state;
  expect([trace.state, trace.band, trace.count, trace.reason]).toEqual(['flipped', 'exact', arena.trace.count, arena.trace.reason]);
  expect(trace.white.length).toBeGreaterThan(0);
  expect(sum(segments.map(({ size }) => size))).toBe(sizeOf(() => true));
  expect(sum(segments.map((row) => row.segments))).toBe(segs.length);
  expect(sum(segments.filter(({ colour }) => colour.includes('grey')).map(({ size }) => size))).toBe(sizeOf(({ grey }) => grey));
  expect(sum(segments.filter(({ colour }) => colour === 'white').map(({ size }) => size))).toBe(sizeOf(({ white, board }) => white && board === null));
  expect(sum(protections.map(({ size }) => size))).toBe(state.committed);
  expect(protections.find(({ forbidden }) => forbidden === 'read and write')?.size).toBe(sizeOf(({ grey }) => grey));
  expect(sum(pools.map(({ size }) => size))).toBe(sizeOf(() => true));
  expect(sum(generations.map(({ total }) => total))).toBe(sizeOf(() => true));
  for (const { first, runs, size } of [...segments, ...protections]) {
    expect(first).toHaveLength(Math.min(runs, 4));
    const named = sum(first.map(([base, limit]) => limit - base));
    expect(runs > 4 ? named < size : named === size).toBe(true);
  }
});

test('a state is plain JSON, fits into 100 columns, and taking it changes nothing <design/oracle#.state>', () => {
  const { system, arena } = halfway(), before = graphOf(arena), state = stateOf(system), lines = stateText(state).split('\n');
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  expect(stateOf(system)).toEqual(state);
  expect(graphDifference(before, graphOf(arena))).toBeNull();
  expect(lines.length).toBeGreaterThan(12);
  expect(lines.filter((line) => line.length > 100 || line.endsWith(' '))).toEqual([]);
  for (const heading of ['clock', 'threads', 'trace', 'forbidden', 'segments', 'pools', 'generations']) {
    expect(lines.filter((line) => line.startsWith(`${heading} `))).toHaveLength(1);
  }
});

test('threads are named with what they do <design/oracle#.state>', () => {
  const system = boot({ memory: '4MiB', platform: 'an' });
  system.thread('one', function* () { yield; });
  system.thread('other', function* () { yield; });
  expect(stateOf(system).threads.map(({ name }) => name)).toEqual(['one', 'other']);
  const waiting = { name: 'x'.repeat(200), state: 'blocked', suspended: 2, waitingFor: 'the arena lock' };
  const text = stateText({ ...stateOf(system), threads: [waiting] });
  expect(text.replace(/\s+/g, ' ')).toContain('blocked, suspended 2 times, waiting for the arena lock');
  expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
});

test('an event is told with all its fields, and its reason <design/oracle#.state>', () => {
  const event: Event = {
    type: 'condemn', clock: 7, trace: 3, generation: 1, condemned: 4096, segments: 2, white: 4,
    reason: { why: 'generation full', generation: 1, newSize: 10, capacity: 5 },
  };
  expect(eventText('event 9', event).replace(/\s+/g, ' ')).toBe(
    'event 9 condemn at clock 7: trace 3, generation 1, condemned 4096, segments 2, white 4, reason generation full (generation 1, newSize 10, capacity 5) ');
  expect(eventText('event', { type: 'chunk', clock: 0, base: 0x1000_0000, size: 1 })).toContain('base 0x10000000, size 1');
});

test('segments of all ranks are shown, those of manual pools without a generation, and what class each pool is of <design/oracle#.state>', () => {
  const it = still({ platform: 'an' }), { t, arena, system } = it, slot = t.local(), manual = arena.pool('mvff');
  table(t, arena.pool('awl').allocationPoint(t, { rank: RankWEAK }), t.local(), 4);
  make(it, arena.pool('lo').allocationPoint(t), t.local(), 1);
  it.make(slot);
  expect(manual.alloc(t, slot, 64)).toBe(ResOK);
  const state = stateOf(system), { segments, pools } = state, of = (rank: string): (number | null)[] => segments.filter((row) => row.rank === rank).map(({ generation }) => generation);
  expect([of('exact'), of('weak').length, of('none').length, of('none').at(-1)]).toEqual([[0], 1, 2, null]);
  expect(segments.find(({ generation }) => generation === null)?.size).toBe(manual.totalSize);
  expect(pools.map(({ kind }) => kind)).toEqual(['amc', 'mvff', 'awl', 'lo']);
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  const text = stateText(state).replace(/\s+/g, ' ');
  for (const words of ['no generation, no references, black: 1 segment', 'weak, black: 1 segment', 'awl, format tagged: 1 segment']) expect(text).toContain(words);
});
