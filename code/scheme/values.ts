/* values.ts: VALUES IN SLOTS
 *
 * Tests, reads and writes of immediates in a hart's slots, and the tests by which objects are told apart. Nothing here
 * allocates. See kinds.ts for how values stand <design/vm#.value>.
 */
import type { Hart } from '../machine/machine.ts';
import { SchemeRaise } from './errors.ts';
import {
  BignumDIGITS, BoxSIZE, ConditionERROR, ConstantFALSE, ConstantTRUE, HeaderLENGTH, HeaderTHIRD, ImmediateCHAR,
  ImmediateCONSTANT, ImmediateFIXNUM, ImmediateFLONUM, KindBIGNUM, KindBOX, KindIMMEDIATE, KindNAMES, KindPAIR, PairSIZE,
  type Kind,
} from './kinds.ts';

/** What one slot can say about a value, and errors about it. */
export class Values {
  readonly hart: Hart;
  protected readonly scratch: DataView = new DataView(new ArrayBuffer(8));

  constructor(hart: Hart) {
    this.hart = hart;
  }

  // Tests ------------------------------------------------------------------------------------------------------------

  /** isConstant -- whether the slot holds constant number `constant`, such as ConstantNULL. */
  isConstant(slot: number, constant: number): boolean {
    const r = this.hart.r, s = slot << 3;
    return r[s] === constant && r[s + 1] === 0 && r[s + 2] === ImmediateCONSTANT && r[s + 3] === 0 && r[s + 4] === 0;
  }

  /** isFalse -- whether the slot holds #f, the one value that counts as false. */
  isFalse(slot: number): boolean {
    return this.isConstant(slot, ConstantFALSE);
  }

  isFixnum(slot: number): boolean {
    return this.isImmediate(slot, ImmediateFIXNUM);
  }

  isFlonum(slot: number): boolean {
    return this.isImmediate(slot, ImmediateFLONUM);
  }

  isChar(slot: number): boolean {
    return this.isImmediate(slot, ImmediateCHAR);
  }

  isPair(slot: number): boolean {
    return this.hart.r[(slot << 3) + 5] === PairSIZE;
  }

  /** isKind -- whether the slot holds an object of `kind`. */
  isKind(slot: number, kind: Kind): boolean {
    return this.kindOf(slot) === kind;
  }

  /** isImmediate -- whether the slot holds an immediate whose word 2 is `type`. */
  isImmediate(slot: number, type: number): boolean {
    const r = this.hart.r, s = slot << 3;
    return r[s + 2] === type && r[s + 3] === 0 && r[s + 4] === 0;
  }

  /** kindOf -- the kind of the object in the slot, KindIMMEDIATE for immediates; a broken capability faults. */
  kindOf(slot: number): Kind {
    const r = this.hart.r, s = slot << 3;
    if (r[s + 4] === 0) {
      this.sound(slot);
      return KindIMMEDIATE;
    }
    const room = r[s + 5];
    if (room === PairSIZE) return KindPAIR;
    if (room === BoxSIZE) return KindBOX;
    return this.hart.load32(slot, 0);
  }

  /** lengthOf -- word 1 of the header of the object in the slot: elements, characters, bytes. */
  lengthOf(slot: number): number {
    return this.hart.load32(slot, HeaderLENGTH);
  }

  /** sound -- access through an untagged capability, so that the machine reports it <design/vm#.value.broken>. */
  sound(slot: number): void {
    const r = this.hart.r, s = slot << 3;
    if (r[s + 4] === 0 && r[s + 3] !== 0) this.hart.load8(slot, 0);
  }

  // Immediates -------------------------------------------------------------------------------------------------------

  /** fixnum -- the number in a slot that holds a fixnum. */
  fixnum(slot: number): number {
    const r = this.hart.r, s = slot << 3;
    return (r[s + 1]) * 0x1_0000_0000 + ((r[s]) >>> 0);
  }

  /** flonum -- the number in a slot that holds a flonum. */
  flonum(slot: number): number {
    const r = this.hart.r, s = slot << 3;
    this.scratch.setInt32(0, r[s], true);
    this.scratch.setInt32(4, r[s + 1], true);
    return this.scratch.getFloat64(0, true);
  }

  /** char -- the code point in a slot that holds a character. */
  char(slot: number): number {
    return this.hart.r[slot << 3];
  }

  /** number -- fixnums and flonums as numbers, bignums as bigints; the slot must hold one of them (isFlonum tells which). */
  number(slot: number): number | bigint {
    if (this.isFixnum(slot)) return this.fixnum(slot);
    if (this.isFlonum(slot)) return this.flonum(slot);
    return this.bignum(slot);
  }

  /** bignum -- the number in a slot that holds a bignum. */
  bignum(slot: number): bigint {
    const hart = this.hart;
    let value = 0n;
    for (let i = this.lengthOf(slot) - 1; i >= 0; i -= 1) {
      value = (value << 32n) | BigInt(hart.load32(slot, BignumDIGITS + 4 * i) >>> 0);
    }
    return hart.load32(slot, HeaderTHIRD) === 0 ? value : -value;
  }

  /** isNumber -- whether the slot holds a fixnum, flonum or bignum. */
  isNumber(slot: number): boolean {
    return this.isFixnum(slot) || this.isFlonum(slot) || this.kindOf(slot) === KindBIGNUM;
  }

  /** setFixnum -- n must be an integer with |n| <= FixnumMAX. */
  setFixnum(dst: number, n: number): void {
    this.hart.set(dst, n | 0, Math.floor(n / 0x1_0000_0000) | 0, ImmediateFIXNUM, 0);
  }

  setFlonum(dst: number, x: number): void {
    this.scratch.setFloat64(0, x, true);
    this.hart.set(dst, this.scratch.getInt32(0, true), this.scratch.getInt32(4, true), ImmediateFLONUM, 0);
  }

  setChar(dst: number, codePoint: number): void {
    this.hart.set(dst, codePoint, 0, ImmediateCHAR, 0);
  }

  setBoolean(dst: number, value: boolean): void {
    this.hart.set(dst, value ? ConstantTRUE : ConstantFALSE, 0, ImmediateCONSTANT, 0);
  }

  /** setConstant -- one of ConstantNULL and on. */
  setConstant(dst: number, constant: number): void {
    this.hart.set(dst, constant, 0, ImmediateCONSTANT, 0);
  }

  // Errors -----------------------------------------------------------------------------------------------------------

  /** error -- to be thrown: an error object with this message and the values of these slots as irritants. */
  error(message: string, ...irritants: number[]): SchemeRaise {
    return new SchemeRaise(ConditionERROR, message, irritants);
  }

  /** wrongType -- to be thrown: argument `index` (from 1) of `procedure` is not `expected` ('a pair', 'an index'). */
  wrongType(procedure: string, index: number, slot: number, expected: string): SchemeRaise {
    this.sound(slot);
    const which = index > 1 ? `argument ${index}: ` : '';
    return new SchemeRaise(ConditionERROR, `${procedure}: ${which}expected ${expected}, got`, [slot]);
  }

  /** expectKind -- raise unless the slot holds an object of `kind`. */
  expectKind(procedure: string, index: number, slot: number, kind: Kind): void {
    if (this.kindOf(slot) !== kind) throw this.wrongType(procedure, index, slot, `a ${KindNAMES[kind]}`);
  }

  /** expectFixnum -- the fixnum in the slot; raise if it holds anything else. */
  expectFixnum(procedure: string, index: number, slot: number): number {
    if (!this.isFixnum(slot)) throw this.wrongType(procedure, index, slot, 'an exact integer');
    return this.fixnum(slot);
  }

  /** expectIndex -- the fixnum in the slot, which must be from 0 to `limit` - 1. */
  expectIndex(procedure: string, index: number, slot: number, limit: number): number {
    const n = this.expectFixnum(procedure, index, slot);
    if (n < 0 || n >= limit) throw this.error(`${procedure}: index must be from 0 to ${limit - 1}, got`, slot);
    return n;
  }
}
