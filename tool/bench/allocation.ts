/* allocation.ts: ALLOCATION
 *
 * Reserve, initialise and commit against `new`: objects of 48 bytes with a number in each granule, the last 1,024 of
 * which are alive <design/bench#.micro.allocation>. The collections that this makes necessary are in both times.
 */
import { ResOK, boot, tagged } from '../../code/mps/mps.ts';
import type { Loops } from './loops.ts';

/** What the raw loop makes. */
class Cell {
  readonly one: number;
  readonly two: number;
  readonly three: number;

  constructor(value: number) {
    this.one = value;
    this.two = value;
    this.three = value;
  }
}

/** allocation -- the two loops, each of `LoopCOUNT` objects. */
export function allocation(): Loops {
  const system = boot({ memory: '64MiB', platform: 'an' });
  const hart = system.hart('micro');
  const ap = system.arena.pool('amc', { format: tagged }).allocationPoint(hart);
  const first = hart.enter(1024);
  const cells = Array.from({ length: 1024 }, () => new Cell(0));
  return {
    machine: () => {
      for (let i = 0; i < 0x1_0000; i++) {
        const cell = first + (i & 1023);
        do {
          if (ap.reserve(cell, 48) !== ResOK) throw new Error('out of memory');
          hart.store32(cell, 0, i);
          hart.store32(cell, 16, i);
          hart.store32(cell, 32, i);
        } while (!ap.commit(cell));
      }
      return hart.load32(first + 512, 32);
    },
    raw: () => {
      for (let i = 0; i < 0x1_0000; i++) cells[i & 1023] = new Cell(i);
      return (cells[512]).three;
    },
  };
}
