/* nailboard.ts: NAILBOARDS
 *
 * Which objects of a segment must stay where they are during a trace. An ambiguous reference names its object through
 * the object-start map at once, so a board has one mark for each object's first granule <design/nailboard#.departs.starts>.
 */

const NailNONE = 0;
const NailSET = 1;
const NailSCANNED = 2;

/** The pins of one segment, by granule counted from its base. */
export class Nailboard {
  private readonly marks: Uint8Array;
  /** Objects pinned since the last pass over them. */
  fresh: number = 0;

  constructor(granules: number) {
    this.marks = new Uint8Array(granules);
  }

  /** set -- pin the object that begins at `granule`; true if it was not pinned yet. */
  set(granule: number): boolean {
    if (this.marks[granule] !== NailNONE) return false;
    this.marks[granule] = NailSET;
    this.fresh += 1;
    return true;
  }

  /** has -- whether the object that begins at `granule` is pinned. */
  has(granule: number): boolean {
    return this.marks[granule] !== NailNONE;
  }

  /** take -- whether the object is pinned and has not been taken before <design/nailboard#.inv.once>. */
  take(granule: number): boolean {
    if (this.marks[granule] !== NailSET) return false;
    this.marks[granule] = NailSCANNED;
    this.fresh -= 1;
    return true;
  }

  /** untake -- a taken object was not scanned after all. */
  untake(granule: number): void {
    this.marks[granule] = NailSET;
    this.fresh += 1;
  }
}
