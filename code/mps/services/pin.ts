/* pin.ts: PINS
 *
 * Keeps one object alive and where it is for as long as the client likes: an ambiguous root of one capability <design/root#.pin>.
 */
import { aver } from '../../base/base.ts';
import { WindowHIGH, type Hart } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import { RankAMBIG } from '../heap/rank.ts';
import { Root } from '../heap/root.ts';
import { ResOK, type Res } from '../result.ts';

/** An object held in place. An object may have many; it is held until the last is released. */
export class Pin {
  private readonly words: Int32Array;
  private root: Root | null;

  /** pinMake is the way to make one. */
  constructor(words: Int32Array, root: Root) {
    this.words = words;
    this.root = root;
  }

  /** get -- put the capability that was pinned into a slot. */
  get(hart: Hart, slot: number): void {
    aver(this.root !== null, '<design/root#.if.pin>');
    hart.r.set(this.words, slot << 3);
    hart.decode(slot);
  }

  /** release -- the object may move, or die, as far as this pin is concerned. */
  release(): void {
    aver(this.root !== null, '<design/root#.if.pin>');
    this.root.destroy();
    this.root = null;
  }
}

/** pinMake -- pin the object that the capability in a slot refers to; or why there is no memory for that. */
export function pinMake(arena: Arena, hart: Hart, slot: number): Pin | Res {
  const words = hart.r.slice(slot << 3, (slot << 3) + 4);
  aver(hart.isTagged(slot) && words[1] === WindowHIGH, '<design/root#.if.pinned>');
  const root = arena.roots.enrol(new Root({
    rank: RankAMBIG, name: 'pin',
    scanner: (visit) => {
      visit(words, 0, true);
      return ResOK;
    },
  }));
  return typeof root === 'number' ? root : new Pin(words, root);
}
