/* fixnum.ts: ARITHMETIC OFF THE FAST PATH
 *
 * What the loop does not do in place: fixnums beyond 32 bits, products, quotients and flonums; the rest of the numeric tower is
 * asked of the library <design/vm#.number>. A result is exact or it is a bignum, never a wrong fixnum.
 */
import type { Hart } from '../machine/machine.ts';
import { FixnumMAX, SlotVM1 } from './kinds.ts';
import type { AllocationPoint } from './objects.ts';
import type { ArithOp, CompareOp, Hooks } from './primitive.ts';
import { Traces } from './traces.ts';
import type { Vm } from './vm.ts';

/** Traces with arithmetic. */
export class Fixnums extends Traces {
  readonly hooks: Hooks;

  constructor(hart: Hart, ap: AllocationPoint, hooks: Hooks) {
    super(hart, ap);
    this.hooks = hooks;
  }

  /** add -- slot dst := a + b, or a - b where sign is -1. */
  protected add(dst: number, a: number, b: number, sign: 1 | -1): void {
    if (this.isFixnum(a) && this.isFixnum(b)) {
      const sum = this.fixnum(a) + sign * this.fixnum(b);
      if (sum <= FixnumMAX && sum >= -FixnumMAX) {
        this.setFixnum(dst, sum);
        return;
      }
    } else if (this.isFlonum(a) && this.isFlonum(b)) {
      this.setFlonum(dst, this.flonum(a) + sign * this.flonum(b));
      return;
    }
    this.arith(sign === 1 ? '+' : '-', dst, a, b);
  }

  /** addSmall -- slot dst := a + n; where n is negative the program wrote a - -n. */
  protected addSmall(dst: number, a: number, n: number): void {
    this.setFixnum(SlotVM1, n < 0 ? -n : n);
    this.add(dst, a, SlotVM1, n < 0 ? -1 : 1);
  }

  /** multiply -- slot dst := a * b. */
  protected multiply(dst: number, a: number, b: number): void {
    if (this.isFixnum(a) && this.isFixnum(b)) {
      const product = this.fixnum(a) * this.fixnum(b);
      if (product <= FixnumMAX && product >= -FixnumMAX) {
        this.setFixnum(dst, product);
        return;
      }
    } else if (this.isFlonum(a) && this.isFlonum(b)) {
      this.setFlonum(dst, this.flonum(a) * this.flonum(b));
      return;
    }
    this.arith('*', dst, a, b);
  }

  /** divide -- slot dst := a divided by b, as `op` does. */
  protected divide(op: 'quotient' | 'remainder' | 'modulo', dst: number, a: number, b: number): void {
    if (this.isFixnum(a) && this.isFixnum(b)) {
      const x = this.fixnum(a), y = this.fixnum(b);
      if (y !== 0) {
        const rest = x % y;
        if (op === 'quotient') this.setFixnum(dst, (x - rest) / y);
        else this.setFixnum(dst, op === 'modulo' && rest !== 0 && (rest < 0) !== (y < 0) ? rest + y : rest);
        return;
      }
    }
    this.arith(op, dst, a, b);
  }

  /** arith -- slot dst := a op b, any numbers. */
  arith(op: ArithOp, dst: number, a: number, b: number): void {
    this.sound(a);
    this.sound(b);
    this.hooks.arith(this as unknown as Vm, op, dst, a, b);
  }

  /** compare -- whether a op b, any numbers. */
  compare(op: CompareOp, a: number, b: number): boolean {
    let x: number, y: number;
    if (this.isFixnum(a) && this.isFixnum(b)) {
      x = this.fixnum(a);
      y = this.fixnum(b);
    } else if (this.isFlonum(a) && this.isFlonum(b)) {
      x = this.flonum(a);
      y = this.flonum(b);
    } else {
      this.sound(a);
      this.sound(b);
      return this.hooks.compare(this as unknown as Vm, op, a, b);
    }
    return op === '<' ? x < y : op === '<=' ? x <= y : op === '>' ? x > y : op === '>=' ? x >= y : x === y;
  }

  /** compareSmall -- whether a op n. */
  protected compareSmall(op: CompareOp, a: number, n: number): boolean {
    this.setFixnum(SlotVM1, n);
    return this.compare(op, a, SlotVM1);
  }
}
