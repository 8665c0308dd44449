import { expect, test } from 'vitest';
import { random } from '../../code/base/base.ts';
import { Frames } from '../../code/os/frames.ts';
import { seeds } from '../seed.ts';
import { mapRig, PAGE, CAP, anonymous, ROOT } from './map-rig.ts';

for (const seed of seeds(5)) {
  test(`runs are contiguous, the lowest, and given to one at a time <design/frames#.alloc> seed=${seed}`, () => {
    const draw = random(seed), frames = new Frames(3 * PAGE, 40 * PAGE), taken: boolean[] = Array.from({ length: 40 }, () => false);
    const held: [number, number][] = [];
    let failures = 0;
    for (let step = 0; step < 400; ++step) {
      if (draw(5) > 1) {
        const count = 1 + draw(7);
        const first = taken.findIndex((_, i) => i + count <= 40 && taken.slice(i, i + count).every((bit) => !bit));
        expect(frames.alloc(count * PAGE)).toBe(first < 0 ? -1 : (first + 3) * PAGE);
        if (first < 0) failures += 1;
        else {
          held.push([first, count]);
          taken.fill(true, first, first + count);
        }
      } else if (held.length > 0) {
        const [first, count] = held.splice(draw(held.length), 1)[0];
        // In two parts, where there are two.
        const part = 1 + draw(count);
        frames.free((first + 3) * PAGE, part * PAGE);
        if (part < count) frames.free((first + part + 3) * PAGE, (count - part) * PAGE);
        taken.fill(false, first, first + count);
      }
      expect(frames.available).toBe(taken.filter((bit) => !bit).length * PAGE);
    }
    expect(failures, 'weak run').toBeGreaterThan(20);
  });
}

test('a frame cannot be given back twice, nor if it was not given out <design/frames#.inv.once>', () => {
  const frames = new Frames(0, 4 * PAGE), base = frames.alloc(2 * PAGE);
  frames.free(base, PAGE);
  expect(() => { frames.free(base, PAGE); }).toThrow('<design/land#.insert>');
  expect(() => { frames.free(base, 2 * PAGE); }).toThrow('<design/land#.insert>');
  expect(() => { frames.free(3 * PAGE, PAGE); }).toThrow('<design/land#.insert>');
});

test('frames come in whole pages <design/frames#.whole>', () => {
  expect(() => new Frames(0, 100)).toThrow('<design/frames#.whole>');
  expect(() => new Frames(16, PAGE)).toThrow('<design/frames#.whole>');
  const frames = new Frames(0, 4 * PAGE);
  expect(() => frames.alloc(100)).toThrow('<design/frames#.whole>');
  expect(() => frames.alloc(0)).toThrow('<design/frames#.whole>');
  expect(() => { frames.free(8, PAGE); }).toThrow('<design/frames#.whole>');
});

test('what is given back is zero and untagged, however it was protected last <design/frames#.inv.clear>', () => {
  const rig = mapRig(40), { hart, map, memory, frames } = rig;
  for (const pages of [3, 20]) {
    expect(anonymous(rig, pages * PAGE, 3)).toBe('0');
    for (let page = 0; page < pages; ++page) hart.storeCap(CAP, page * PAGE + 16 * page, ROOT);
    expect(memory.tags.some((tag) => tag !== 0)).toBe(true);
    expect(map.mprotect(hart, CAP, 2 * PAGE, 0)).toBe(0);
    expect(map.munmap(hart, CAP, pages * PAGE)).toBe(0);
    expect(frames.available).toBe(40 * PAGE);
    expect(memory.tags.every((tag) => tag === 0)).toBe(true);
    expect(memory.i32.every((word) => word === 0)).toBe(true);
  }
});

test('what was opened by mprotect alone is wiped too <design/reservation#.used>', () => {
  const rig = mapRig(40), { hart, map, memory } = rig;
  for (const close of [true, false]) {
    expect(anonymous(rig, 20 * PAGE, 3 << 16)).toBe('0');
    expect(map.mprotect(hart, CAP, 2 * PAGE, 3)).toBe(0);
    hart.storeCap(CAP, PAGE, ROOT);
    if (close) expect(map.mprotect(hart, CAP, 2 * PAGE, 0)).toBe(0);
    expect(map.munmap(hart, CAP, 20 * PAGE)).toBe(0);
    expect([...memory.tags, ...memory.i32].every((word) => word === 0)).toBe(true);
  }
});

test('pages that never allowed anything are not touched <design/reservation#.used>', () => {
  const rig = mapRig(40), { hart, map, memory } = rig;
  expect(anonymous(rig, 20 * PAGE, 3 << 16)).toBe('0');
  const frame = map.deltaOf(rig.hart.r[CAP << 3])! + rig.hart.r[CAP << 3];
  // What nobody could have written tells whether anybody wiped it.
  memory.i32[(frame + 5 * PAGE) >>> 2] = 7;
  expect(map.mprotect(hart, CAP, PAGE, 3)).toBe(0);
  expect(map.munmap(hart, CAP, 20 * PAGE)).toBe(0);
  expect(memory.i32[(frame + 5 * PAGE) >>> 2]).toBe(7);
});
