/* failover.ts: FAILOVER
 *
 * A land that is a Cbs as long as there is memory for its nodes. What there is none for goes to a Freelist, and back as soon as there is
 * some: so it is quick, and cannot fail <design/land#.failover>.
 */
import { aver } from '../../base/base.ts';
import type { ZoneSet } from '../arena/zone.ts';
import { ResFAIL, ResMEMORY, ResOK, type Res } from '../result.ts';
import { Cbs, type CbsParameters } from './cbs.ts';
import { Freelist, type FreelistParameters } from './freelist.ts';
import { AbstractLand } from './land.ts';

/** What a Failover is made from. */
export type FailoverParameters = CbsParameters & FreelistParameters;

/** A land in two: no range of one touches a range of the other, but at a border. */
export class Failover extends AbstractLand {
  readonly primary: Cbs;
  readonly secondary: Freelist;

  constructor(parameters: FailoverParameters) {
    super(parameters);
    this.primary = new Cbs(parameters);
    this.secondary = new Freelist(parameters);
  }

  override insert(base: number, limit: number): Res {
    const { primary, secondary } = this;
    let from = base, to = limit;
    if (secondary.count !== 0) {
      this.flush();
      if (secondary.overlaps(base, limit) || primary.overlaps(base, limit)) return ResFAIL;
      // What it meets in the list comes along: so whatever the tree refuses is alone <design/land#.inv.apart>.
      from = secondary.takeBefore(base);
      to = secondary.takeAfter(limit);
    }
    const res = primary.insert(from, to);
    if (res === ResFAIL) return ResFAIL;
    this.size += limit - base;
    if (res === ResOK) return this.answer(primary);
    aver(secondary.insert(from, to) === ResOK, '<design/land#.inv.apart>');
    return this.answer(secondary);
  }

  override delete(base: number, limit: number): Res {
    const { primary, secondary } = this;
    if (secondary.count !== 0) this.flush();
    let res = primary.delete(base, limit), land: AbstractLand = primary;
    if (res === ResMEMORY) return this.split(base, limit);
    if (res === ResFAIL && secondary.count !== 0) {
      res = secondary.delete(base, limit);
      land = secondary;
    }
    if (res !== ResOK) return ResFAIL;
    this.size -= limit - base;
    return this.answer(land);
  }

  /** split -- delete from the middle of a range of the tree, which has no node for what lies above: that goes to the list. */
  private split(base: number, limit: number): Res {
    const { primary, secondary } = this;
    aver(primary.contains(base, limit), '<design/land#.inv.apart>');
    const { base: from, limit: to } = primary;
    aver(primary.delete(base, to) === ResOK && secondary.insert(limit, to) === ResOK, '<design/land#.inv.apart>');
    this.size -= limit - base;
    this.base = from;
    this.limit = to;
    return ResOK;
  }

  override findFirst(size: number, alignment: number): boolean {
    const { primary, secondary } = this, inTree = primary.findFirst(size, alignment);
    if (secondary.count === 0 || !secondary.findFirst(size, alignment)) return inTree && this.found(primary);
    return this.found(inTree && primary.base < secondary.base ? primary : secondary);
  }

  override findLast(size: number, alignment: number): boolean {
    const { primary, secondary } = this, inTree = primary.findLast(size, alignment);
    if (secondary.count === 0 || !secondary.findLast(size, alignment)) return inTree && this.found(primary);
    return this.found(inTree && primary.base > secondary.base ? primary : secondary);
  }

  override findLargest(size: number): boolean {
    const { primary, secondary } = this, inTree = primary.findLargest(size);
    if (secondary.count === 0 || !secondary.findLargest(size)) return inTree && this.found(primary);
    if (!inTree) return this.found(secondary);
    const tree = primary.limit - primary.base, list = secondary.limit - secondary.base;
    return this.found(tree > list || (tree === list && primary.base < secondary.base) ? primary : secondary);
  }

  override findInZones(size: number, alignment: number, zones: ZoneSet, isHigh: boolean): number {
    const { primary, secondary } = this;
    const tree = primary.findInZones(size, alignment, zones, isHigh);
    const list = secondary.count === 0 ? -1 : secondary.findInZones(size, alignment, zones, isHigh);
    const inTree = tree >= 0 && (list < 0 || (isHigh ? tree > list : tree < list));
    if (tree < 0 && list < 0) return -1;
    this.found(inTree ? primary : secondary);
    return inTree ? tree : list;
  }

  override contains(base: number, limit: number): boolean {
    const { primary, secondary } = this;
    if (primary.contains(base, limit)) return this.found(primary);
    return secondary.count !== 0 && secondary.contains(base, limit) && this.found(secondary);
  }

  override overlaps(base: number, limit: number): boolean {
    return this.primary.overlaps(base, limit) || this.secondary.overlaps(base, limit);
  }

  override each(visit: (base: number, limit: number) => void): void {
    const { primary, secondary } = this;
    if (secondary.count === 0) {
      primary.each(visit);
      return;
    }
    const ranges: [number, number][] = [], add = (base: number, limit: number): void => { ranges.push([base, limit]); };
    primary.each(add);
    secondary.each(add);
    for (const [base, limit] of ranges.sort((one, other) => one[0] - other[0])) visit(base, limit);
  }

  override finish(): void {
    this.primary.finish();
    this.secondary.finish();
    this.size = 0;
  }

  /** flush -- bring what is in the list into the tree, as far as there is memory for it. */
  private flush(): void {
    const { primary, secondary } = this;
    while (secondary.findFirst(1, 1)) {
      const { base, limit } = secondary;
      if (primary.insert(base, limit) !== ResOK) return;
      secondary.delete(base, limit);
    }
  }

  private answer(land: AbstractLand): Res {
    this.base = land.base;
    this.limit = land.limit;
    return ResOK;
  }

  private found(land: AbstractLand): boolean {
    this.answer(land);
    return true;
  }

  override check(): void {
    super.check();
    this.primary.check();
    this.secondary.check();
    aver(this.primary.size + this.secondary.size === this.size, '<design/land#.inv.size>');
  }
}
