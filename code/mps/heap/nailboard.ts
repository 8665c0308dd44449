/* nailboard.ts: NAILBOARDS
 *
 * Which objects of a segment must stay where they are during a trace. An ambiguous reference names its object through
 * the object-start map at once, so a board has one mark for each object's first granule <design/nailboard#.departs.starts>, and
 * keeps those that have not been scanned yet in a list, not to be searched for <design/nailboard#.departs.list>.
 */

/** The pins of one segment, by granule counted from its base. */
export class Nailboard {
  private readonly marks: Uint8Array;
  /** Pinned, and not taken yet. */
  private readonly fresh: number[] = [];

  constructor(granules: number) {
    this.marks = new Uint8Array(granules);
  }

  /** set -- pin the object that begins at `granule`; true if it was not pinned yet. */
  set(granule: number): boolean {
    if (this.marks[granule] !== 0) return false;
    this.marks[granule] = 1;
    this.fresh.push(granule);
    return true;
  }

  /** mark -- the same without a scan to come: what begins at `granule` holds no references. */
  mark(granule: number): void {
    this.marks[granule] = 1;
  }

  /** has -- whether the object that begins at `granule` is pinned. */
  has(granule: number): boolean {
    return this.marks[granule] !== 0;
  }

  /** take -- a pinned object that has not been taken before; -1 when there is none <design/nailboard#.inv.once>. */
  take(): number {
    return this.fresh.pop() ?? -1;
  }

  /** untake -- a taken object was not scanned after all. */
  untake(granule: number): void {
    this.fresh.push(granule);
  }
}
