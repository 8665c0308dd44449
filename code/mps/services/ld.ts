/* ld.ts: LOCATION DEPENDENCIES
 *
 * What a client has that depends on where some objects are, a table hashed by address above all, can be asked whether any of them may have
 * moved since <design/ld>.
 */
import { aver } from '../../base/base.ts';
import { baseDecode, baseIsNear, WindowHIGH, type Hart } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import { ZoneSetEMPTY, ZoneSetUNIV, type ZoneSet } from '../arena/zone.ts';

/** A set of objects, by where they were when they were added. One thread at a time changes it. */
export class LocationDependency {
  private readonly arena: Arena;
  private epoch: number;
  private zones: ZoneSet = ZoneSetEMPTY;

  constructor(arena: Arena) {
    this.arena = arena;
    this.epoch = arena.history.epoch;
  }

  /** reset -- it depends on nothing. */
  reset(): void {
    this.epoch = this.arena.history.epoch;
    this.zones = ZoneSetEMPTY;
  }

  /** add -- it depends on where the object is that a slot refers to; to be called before that is depended on
   * <design/ld#.if.before>. What refers to no object of the arena's window can be depended on always. */
  add(hart: Hart, slot: number): void {
    const { r } = hart, c = slot << 3, { heap } = this.arena;
    if (r[c + 1] !== WindowHIGH || !baseIsNear(r[c + 2]) || !hart.isTagged(slot)) return;
    this.zones |= 1 << (baseDecode(r[c], r[c + 2]) >>> heap.zoneShift);
  }

  /** merge -- it depends on all that another one of the same arena does. */
  merge(other: LocationDependency): void {
    aver(other.arena === this.arena, '<design/ld#.if.arena>');
    const { history } = this.arena, age = (since: number): number => (history.epoch - since) & 0x7fff_ffff;
    if (age(other.epoch) > age(this.epoch)) this.epoch = other.epoch;
    this.zones |= other.zones;
  }

  /** isStale -- whether the object in a slot may not be where it was when it was added; no is sure, yes may be wrong. */
  isStale(_hart: Hart, _slot: number): boolean {
    // Where it is now does not tell where it was <design/ld#.any>.
    return this.isStaleAny();
  }

  /** isStaleAny -- whether anything that it depends on may have moved; without the arena's lock <design/ld#.inv.read>. */
  isStaleAny(): boolean {
    return (this.zones & (this.arena.history.since(this.epoch) ?? ZoneSetUNIV)) !== ZoneSetEMPTY;
  }
}
