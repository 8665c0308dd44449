/* neighbours.ts: THE DESIGN WITHOUT A TREE OF RESERVATIONS
 *
 * Each mapping carries the reservation that it is in; nothing else knows of reservations. What is free is found by looking at the mappings
 * before and after alone <design/vm-oracle#.def.neighbours>.
 */
/** A range; a reservation is one. */
export interface Range {
  readonly base: number;
  readonly limit: number;
}

/** Pages next to each other that are in one reservation. */
interface Tagged extends Range {
  readonly of: Range;
}

/** The mappings of an address space. */
export class Neighbours {
  /** In order; never two that touch and are in the same reservation. */
  private tagged: Tagged[] = [];
  private readonly first: number;
  private readonly last: number;

  /** Reservations lie in [first, last). */
  constructor(first: number, last: number) {
    this.first = first;
    this.last = last;
  }

  /** map -- pages [base, limit) are in a reservation, whatever they were. */
  map(base: number, limit: number, of: Range): void {
    this.cut(base, limit);
    const index = this.above(base), before = this.tagged[index - 1], after = this.tagged[index];
    const joinsBefore = before?.limit === base && before.of === of, joinsAfter = after?.base === limit && after.of === of;
    this.tagged.splice(index - (joinsBefore ? 1 : 0), (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0), {
      base: joinsBefore ? before.base : base, limit: joinsAfter ? after.limit : limit, of,
    });
  }

  /** unmap -- nothing is at [base, limit). */
  unmap(base: number, limit: number): void {
    this.cut(base, limit);
  }

  /** isFree -- no reservation meets [base, limit): the neighbours say so. */
  isFree(base: number, limit: number): boolean {
    if (base < this.first || limit > this.last) return false;
    const index = this.above(base), before = this.tagged[index - 1], after = this.tagged[index];
    return (before === undefined || before.of.limit <= base) && (after === undefined || limit <= after.of.base);
  }

  /** lowest -- the lowest aligned base of `size` bytes that no reservation meets; -1 if there is none. */
  lowest(size: number, alignment: number): number {
    for (let index = 0; index <= this.tagged.length; ++index) {
      const base = Math.ceil((this.tagged[index - 1]?.of.limit ?? this.first) / alignment) * alignment;
      if (base + size <= (this.tagged[index]?.of.base ?? this.last)) return base;
    }
    return -1;
  }

  /** highest -- the same from above. */
  highest(size: number, alignment: number): number {
    for (let index = this.tagged.length; index >= 0; --index) {
      const base = Math.floor(((this.tagged[index]?.of.base ?? this.last) - size) / alignment) * alignment;
      if (base >= (this.tagged[index - 1]?.of.limit ?? this.first)) return base;
    }
    return -1;
  }

  /** ranges -- the reservations, in order. */
  ranges(): Range[] {
    return this.tagged.map(({ of }) => of).filter((of, index, all) => all.indexOf(of) === index);
  }

  private cut(base: number, limit: number): void {
    const { tagged } = this;
    if (!tagged.some((one) => base < one.limit && one.base < limit)) return;
    this.tagged = tagged.flatMap((one) => {
      const left: Tagged[] = [];
      if (one.base < Math.min(one.limit, base)) left.push({ ...one, limit: Math.min(one.limit, base) });
      if (Math.max(one.base, limit) < one.limit) left.push({ ...one, base: Math.max(one.base, limit) });
      return left;
    });
  }

  /** The index of the first mapping that begins above `addr`. */
  private above(addr: number): number {
    const index = this.tagged.findIndex(({ base }) => base > addr);
    return index < 0 ? this.tagged.length : index;
  }
}
