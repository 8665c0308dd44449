/* objects.ts: MAKING OBJECTS
 *
 * Every constructor reserves, initialises every granule and commits, and begins again when a flip came between
 * <design/vm#.allocate>. Between reserve and commit nothing else allocates; no address outlives a reserve.
 */
import type { Hart } from '../machine/machine.ts';
import { SchemeRaise } from './errors.ts';
import {
  BignumDIGITS, BoxSIZE, ConditionEXHAUSTED, FixnumMAX, HeaderTHIRD, KindBIGNUM, KindBYTES, KindSTRING, KindVALUES,
  KindVECTOR, PairCAR, PairCDR, PairSIZE, SlotVM0, StringCHARS, ValueSIZE, VectorELEMENTS, objectSize, type Kind,
} from './kinds.ts';
import { Values } from './values.ts';

/** What this floor asks of the collector: the two halves of an allocation. */
export interface AllocationPoint {
  /** Slot := capability to `size` bytes; 0, or a reason why there are none (the slot is then cleared). Everything may move. */
  reserve(slot: number, size: number): number;
  /** Whether the object stands; false: initialise it again from reserve on. */
  commit(slot: number): boolean;
}

/** A hart with a heap: constructors that leave their object in a slot. */
export class Store extends Values {
  readonly ap: AllocationPoint;

  constructor(hart: Hart, ap: AllocationPoint) {
    super(hart);
    this.ap = ap;
  }

  /** allocate -- reserve `size` bytes in slot `dst`; raises when the heap is full. All of hart.top and below is kept. */
  allocate(dst: number, size: number): void {
    if (this.ap.reserve(dst, size) !== 0) throw new SchemeRaise(ConditionEXHAUSTED, 'heap exhausted', []);
  }

  /** commit -- the second half of an allocation; on false, allocate and initialise again. */
  commit(dst: number): boolean {
    return this.ap.commit(dst);
  }

  /** header -- write an object's first granule: kind, length, and two words as the kind says. */
  header(dst: number, kind: Kind, length: number, third: number, fourth: number): void {
    const hart = this.hart;
    hart.store32(dst, 0, kind);
    hart.store32(dst, 4, length);
    hart.store32(dst, 8, third);
    hart.store32(dst, 12, fourth);
  }

  /** blank -- clear the object in `dst` from `offset` (a multiple of 4) to its end. */
  blank(dst: number, offset: number): void {
    const hart = this.hart, room = hart.r[(dst << 3) + 6];
    for (let at = offset; at < room; at += 4) hart.store32(dst, at, 0);
  }

  // Pairs and boxes --------------------------------------------------------------------------------------------------

  /** cons -- a new pair of the values of two slots; dst may be either of them. */
  cons(dst: number, car: number, cdr: number): void {
    const hart = this.hart;
    do {
      this.allocate(SlotVM0, PairSIZE);
      hart.storeCap(SlotVM0, PairCAR, car);
      hart.storeCap(SlotVM0, PairCDR, cdr);
    } while (!this.ap.commit(SlotVM0));
    hart.move(dst, SlotVM0);
    hart.clear(SlotVM0);
  }

  /** makeBox -- a new box of the value of a slot, which may be dst. */
  makeBox(dst: number, value: number): void {
    const hart = this.hart;
    do {
      this.allocate(SlotVM0, BoxSIZE);
      hart.storeCap(SlotVM0, 0, value);
    } while (!this.ap.commit(SlotVM0));
    hart.move(dst, SlotVM0);
    hart.clear(SlotVM0);
  }

  // Objects of many values -------------------------------------------------------------------------------------------

  /** makeObject -- a new object of `kind` whose `length` values, from offset 16 on, are all that of slot `fill`; not dst. */
  makeObject(dst: number, kind: Kind, length: number, third: number, fill: number): void {
    const hart = this.hart, size = objectSize(length * ValueSIZE), limit = ValueSIZE + length * ValueSIZE;
    do {
      this.allocate(dst, size);
      this.header(dst, kind, length, third, 0);
      for (let at = ValueSIZE; at < limit; at += ValueSIZE) hart.storeCap(dst, at, fill);
      this.blank(dst, limit);
    } while (!this.ap.commit(dst));
  }

  /** makeVector -- a new vector of n elements, all the value of slot `fill`; dst may be fill. */
  makeVector(dst: number, n: number, fill: number): void {
    this.makeObject(SlotVM0, KindVECTOR, n, 0, fill);
    this.hart.move(dst, SlotVM0);
    this.hart.clear(SlotVM0);
  }

  /** vectorOfSlots -- a new vector of the values of `count` slots from `first` on; dst may be one of them. */
  vectorOfSlots(dst: number, first: number, count: number): void {
    this.objectOfSlots(dst, KindVECTOR, first, count);
  }

  /** valuesOfSlots -- the value that stands for several: that of the slot itself if count is 1. */
  valuesOfSlots(dst: number, first: number, count: number): void {
    if (count === 1) this.hart.move(dst, first);
    else this.objectOfSlots(dst, KindVALUES, first, count);
  }

  private objectOfSlots(dst: number, kind: Kind, first: number, count: number): void {
    const hart = this.hart, size = objectSize(count * ValueSIZE);
    do {
      this.allocate(SlotVM0, size);
      this.header(SlotVM0, kind, count, 0, 0);
      for (let i = 0; i < count; i += 1) hart.storeCap(SlotVM0, VectorELEMENTS + ValueSIZE * i, first + i);
      this.blank(SlotVM0, VectorELEMENTS + ValueSIZE * count);
    } while (!this.ap.commit(SlotVM0));
    hart.move(dst, SlotVM0);
    hart.clear(SlotVM0);
  }

  // Leaves -----------------------------------------------------------------------------------------------------------

  /** makeBytes -- a new bytevector of n bytes, each `fill`. */
  makeBytes(dst: number, n: number, fill: number): void {
    const hart = this.hart, size = objectSize(n), word = (fill & 255) * 0x0101_0101 | 0;
    do {
      this.allocate(dst, size);
      this.header(dst, KindBYTES, n, 0, 0);
      const room = hart.r[(dst << 3) + 6];
      for (let at = ValueSIZE; at < room; at += 4) hart.store32(dst, at, word);
    } while (!this.ap.commit(dst));
  }

  /** makeStringFilled -- a new string of n characters, each `codePoint`. */
  makeStringFilled(dst: number, n: number, codePoint: number): void {
    const hart = this.hart, size = objectSize(4 * n), limit = StringCHARS + 4 * n;
    do {
      this.allocate(dst, size);
      this.header(dst, KindSTRING, n, 0, 0);
      for (let at = StringCHARS; at < limit; at += 4) hart.store32(dst, at, codePoint);
      this.blank(dst, limit);
    } while (!this.ap.commit(dst));
  }

  /** makeString -- a new string with the characters of `text`. */
  makeString(dst: number, text: string): void {
    const hart = this.hart, points: number[] = [];
    for (const character of text) points.push(character.codePointAt(0) as number);
    const n = points.length, size = objectSize(4 * n);
    do {
      this.allocate(dst, size);
      this.header(dst, KindSTRING, n, 0, 0);
      for (let i = 0; i < n; i += 1) hart.store32(dst, StringCHARS + 4 * i, points[i]);
      this.blank(dst, StringCHARS + 4 * n);
    } while (!this.ap.commit(dst));
  }

  /** stringOf -- the text of the string in the slot. */
  stringOf(slot: number): string {
    const hart = this.hart, n = this.lengthOf(slot), parts: string[] = [];
    for (let i = 0; i < n; i += 1) parts.push(String.fromCodePoint(hart.load32(slot, StringCHARS + 4 * i)));
    return parts.join('');
  }

  /** setInteger -- a fixnum, or a new bignum where the number is beyond FixnumMAX; a `number` must be an integer. */
  setInteger(dst: number, value: bigint | number): void {
    if (value >= -FixnumMAX && value <= FixnumMAX) this.setFixnum(dst, Number(value));
    else this.makeBignum(dst, BigInt(value));
  }

  private makeBignum(dst: number, value: bigint): void {
    const hart = this.hart, digits: number[] = [];
    for (let rest = value < 0n ? -value : value; rest > 0n; rest >>= 32n) digits.push(Number(rest & 0xffff_ffffn) | 0);
    const n = digits.length, size = objectSize(4 * n);
    do {
      this.allocate(dst, size);
      this.header(dst, KindBIGNUM, n, 0, 0);
      hart.store32(dst, HeaderTHIRD, value < 0n ? 1 : 0);
      for (let i = 0; i < n; i += 1) hart.store32(dst, BignumDIGITS + 4 * i, digits[i]);
      this.blank(dst, BignumDIGITS + 4 * n);
    } while (!this.ap.commit(dst));
  }
}
