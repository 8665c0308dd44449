import { expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { Memory } from '../../../code/machine/machine.ts';
import { Frames } from '../../../code/os/vm/frames.ts';
import { seeds } from '../../seed.ts';

const PAGE = 4096, COUNT = 60, FIRST = 3;

/** A memory of 64 pages of which the frames are 60. */
function rig(): { memory: Memory; frames: Frames } {
  const memory = new Memory(64 * PAGE);
  return { memory, frames: new Frames(memory, FIRST * PAGE, COUNT * PAGE) };
}

for (const seed of seeds(6)) {
  test(`frames are with as many as hold them, and all come back whole <design/frames#.inv.once> <design/frames#.inv.clear> <design/frames#.alloc> seed=${seed}`, () => {
    const draw = random(seed), { memory, frames } = rig();
    const holders = new Map<number, number>(), runs: [number, number][] = [];
    const counts = { pages: 0, noPage: 0, runs: 0, noRun: 0, held: 0 };
    const isFree = (page: number): boolean => !holders.has(page * PAGE) && !runs.some(([base, size]) => base <= page * PAGE && page * PAGE < base + size);
    const take = (base: number, size: number): void => {
      for (let at = base; at < base + size; at += PAGE) {
        expect([isFree(at / PAGE), at >= FIRST * PAGE, at < (FIRST + COUNT) * PAGE]).toEqual([true, true, true]);
        expect([memory.i32.subarray(at / 4, (at + PAGE) / 4), memory.tags.subarray(at / 16, (at + PAGE) / 16)].every((all) => all.every((one) => one === 0))).toBe(true);
      }
    };
    const mark = (base: number): void => {
      memory.i32[(base + 8 * draw(512)) / 4] = -1;
      memory.tags[(base + 16 * draw(256)) / 16] = 1;
    };
    for (let step = 0; step < 1500; ++step) {
      const kind = draw(10);
      if (kind < 4) {
        const frame = frames.allocPage();
        if (frame < 0) {
          expect(frames.available).toBe(0);
          counts.noPage += 1;
        } else {
          take(frame, PAGE);
          holders.set(frame, 1);
          mark(frame);
          counts.pages += 1;
        }
      } else if (kind < 5) {
        const size = (1 + draw(12)) * PAGE, base = frames.alloc(size);
        const isThere = Array.from({ length: COUNT }, (_, i) => i + FIRST).some((page) =>
          page + size / PAGE <= FIRST + COUNT && Array.from({ length: size / PAGE }, (_, i) => page + i).every(isFree));
        expect(base >= 0).toBe(isThere);
        if (base < 0) counts.noRun += 1;
        else {
          take(base, size);
          runs.push([base, size]);
          counts.runs += 1;
        }
      } else if (kind < 6 && runs.length > 0) {
        const [base, size] = runs.splice(draw(runs.length), 1)[0];
        frames.dropRun(base, size);
      } else if (holders.size > 0) {
        const frame = [...holders.keys()][draw(holders.size)], count = holders.get(frame) as number;
        if (kind < 7) {
          frames.hold(frame);
          holders.set(frame, count + 1);
          counts.held += 1;
        } else {
          frames.drop(frame);
          if (count === 1) holders.delete(frame);
          else holders.set(frame, count - 1);
        }
        expect(frames.holdersOf(frame)).toBe(holders.get(frame) ?? 0);
      }
      const used = holders.size + runs.reduce((sum, [, size]) => sum + size / PAGE, 0);
      expect(frames.available).toBe((COUNT - used) * PAGE);
    }
    for (const [frame, count] of holders) for (let i = 0; i < count; ++i) frames.drop(frame);
    for (const [base, size] of runs) frames.dropRun(base, size);
    expect(frames.available).toBe(COUNT * PAGE);
    expect(frames.alloc(COUNT * PAGE)).toBe(FIRST * PAGE);
    expect([memory.i32.every((word) => word === 0), memory.tags.every((tag) => tag === 0)]).toEqual([true, true]);
    expect(Object.values(counts).every((count) => count > 20), `weak run: ${JSON.stringify(counts)}`).toBe(true);
  });
}

test('runs are the lowest, single frames come from above them <design/frames#.lowest>', () => {
  const { frames } = rig();
  expect(frames.alloc(4 * PAGE)).toBe(FIRST * PAGE);
  const singles = [frames.allocPage(), frames.allocPage()];
  expect(singles.every((frame) => frame >= (FIRST + COUNT - 16) * PAGE)).toBe(true);
  expect(frames.alloc(4 * PAGE)).toBe((FIRST + 4) * PAGE);
});

test('a run takes what was put aside for single frames if it needs it <design/frames#.stack>', () => {
  const { frames } = rig(), one = frames.allocPage();
  expect(frames.alloc(50 * PAGE)).toBe(FIRST * PAGE);
  frames.drop(one);
  expect([frames.available, frames.alloc(10 * PAGE)]).toEqual([10 * PAGE, (FIRST + 50) * PAGE]);
  expect([frames.available, frames.allocPage(), frames.alloc(PAGE)]).toEqual([0, -1, -1]);
});

test('whoever gives back what is not his is told so <design/frames#.held>', () => {
  const { frames } = rig(), frame = frames.allocPage(), run = frames.alloc(4 * PAGE);
  frames.drop(frame);
  expect(() => { frames.drop(frame); }).toThrow('<design/frames#.held>');
  expect(() => { frames.hold(frame); }).toThrow('<design/frames#.held>');
  frames.hold(run + PAGE);
  expect(() => { frames.dropRun(run, 4 * PAGE); }).toThrow('<design/frames#.held>');
  frames.drop(run + PAGE);
  frames.dropRun(run, 4 * PAGE);
  expect(() => { frames.dropRun(run, 4 * PAGE); }).toThrow('<design/frames#.held>');
});

test('frames come in whole pages <design/frames#.whole>', () => {
  const { memory, frames } = rig();
  expect(() => new Frames(memory, 0, 100)).toThrow('<design/frames#.whole>');
  expect(() => new Frames(memory, 16, PAGE)).toThrow('<design/frames#.whole>');
  for (const size of [100, 0]) expect(() => frames.alloc(size)).toThrow('<design/frames#.whole>');
  expect(() => { frames.dropRun(8, PAGE); }).toThrow('<design/frames#.whole>');
});
