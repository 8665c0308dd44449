/* arithmetic.ts: ARITHMETIC ON SLOTS
 *
 * Adds, compares and divides the numbers that slots hold. Small fixnums and flonums take the short way; whatever overflows or
 * meets a bignum goes through the tower, which is exact <design/scheme#.number.fast>.
 */
import { ImmediateFIXNUM, ImmediateFLONUM, KindBIGNUM } from '../kinds.ts';
import { primitive, type ArithOp, type CompareOp, type Primitive } from '../primitive.ts';
import {
  add, compare, divide, FixnumMAX, gcd, integerDivide, isInteger, lcm, multiply, subtract, toFlonum,
  type Numeric, type Rounding,
} from '../tower.ts';
import type { Vm } from '../vm.ts';
import { bignumOf, integerTo } from './bignum.ts';

/** numericOf -- the number in a slot, or null: a bigint where it is exact, else a number. */
export function numericOf(vm: Vm, slot: number): Numeric | null {
  const r = vm.hart.r, s = slot << 3;
  if (r[s + 4] === 0 && r[s + 3] === 0) {
    if (r[s + 2] === ImmediateFIXNUM) return BigInt(vm.fixnum(slot));
    return r[s + 2] === ImmediateFLONUM ? vm.flonum(slot) : null;
  }
  return vm.kindOf(slot) === KindBIGNUM ? bignumOf(vm, slot) : null;
}

/** numeric -- the number in a slot, which is argument `index` of `who`. */
export function numeric(vm: Vm, slot: number, who: string, index: number): Numeric {
  const x = numericOf(vm, slot);
  if (x === null) throw vm.wrongType(who, index, slot, 'a number');
  return x;
}

/** integral -- the integer in a slot, exact or not. */
export function integral(vm: Vm, slot: number, who: string, index: number): Numeric {
  const x = numericOf(vm, slot);
  if (x === null || !isInteger(x)) throw vm.wrongType(who, index, slot, 'an integer');
  return x;
}

/** setNumeric -- slot := a number. */
export function setNumeric(vm: Vm, dst: number, x: Numeric): void {
  if (typeof x === 'bigint') integerTo(vm, dst, x);
  else vm.setFlonum(dst, x);
}

/** isQuick -- whether a slot holds a fixnum or a flonum: the numbers that need no access. */
function isQuick(vm: Vm, slot: number): boolean {
  const r = vm.hart.r, s = slot << 3;
  return (r[s + 2] === ImmediateFIXNUM || r[s + 2] === ImmediateFLONUM) && r[s + 3] === 0 && r[s + 4] === 0;
}

/** quick -- the value of a fixnum or flonum, as the host's number. */
function quick(vm: Vm, slot: number): number {
  return vm.isFixnum(slot) ? vm.fixnum(slot) : vm.flonum(slot);
}

/** tooLarge -- the error for exact results beyond the limit <design/scheme#.number.limit>. */
export function tooLarge(vm: Vm, who: string): Error {
  return vm.error(`${who}: the result would be too large an integer`);
}

/** arith -- slot dst := a op b; the numbers `arith` of Hooks is asked for. */
export function arith(vm: Vm, op: ArithOp, dst: number, a: number, b: number): void {
  if (op !== '+' && op !== '-' && op !== '*') {
    integerOp(vm, op, dst, a, b, op === 'modulo' ? 'floor' : 'truncate', op === 'quotient' ? 'quotient' : 'remainder');
    return;
  }
  if (isQuick(vm, a) && isQuick(vm, b)) {
    const x = quick(vm, a), y = quick(vm, b);
    const z = op === '+' ? x + y : op === '-' ? x - y : x * y;
    if (vm.isFlonum(a) || vm.isFlonum(b)) {
      vm.setFlonum(dst, z);
      return;
    }
    // A sum or product rounded to the fixnums' range was not rounded at all <design/scheme#.number.fast>.
    if (z <= FixnumMAX && z >= -FixnumMAX) {
      vm.setFixnum(dst, z);
      return;
    }
  }
  const x = numeric(vm, a, op, 1), y = numeric(vm, b, op, 2);
  const z = op === '+' ? add(x, y) : op === '-' ? subtract(x, y) : multiply(x, y);
  if (z === null) throw tooLarge(vm, op);
  setNumeric(vm, dst, z);
}

/** compareSlots -- whether a op b; the numbers `compare` of Hooks is asked for. */
export function compareSlots(vm: Vm, op: CompareOp, a: number, b: number): boolean {
  const order = isQuick(vm, a) && isQuick(vm, b)
    ? quickOrder(quick(vm, a), quick(vm, b))
    : compare(numeric(vm, a, op, 1), numeric(vm, b, op, 2));
  switch (op) {
    case '=': return order === 0;
    case '<': return order < 0;
    case '<=': return order <= 0;
    case '>': return order > 0;
    case '>=': return order >= 0;
  }
}

function quickOrder(x: number, y: number): number {
  return x < y ? -1 : x > y ? 1 : x === y ? 0 : NaN;
}

/** integerOp -- slot dst := quotient or remainder of two integers. */
export function integerOp(
  vm: Vm, who: string, dst: number, a: number, b: number, rounding: Rounding, part: 'quotient' | 'remainder',
): void {
  if (vm.isFixnum(a) && vm.isFixnum(b)) {
    const x = vm.fixnum(a), y = vm.fixnum(b);
    if (y !== 0) {
      const r = x % y;
      const crosses = rounding === 'floor' && r !== 0 && (r < 0) !== (y < 0);
      // x - r is a multiple of y, so its quotient needs no rounding.
      vm.setFixnum(dst, part === 'remainder' ? (crosses ? r + y : r) : (x - r) / y - (crosses ? 1 : 0));
      return;
    }
  }
  const x = integral(vm, a, who, 1), y = integral(vm, b, who, 2);
  if (y === 0n || y === 0) throw vm.error(`${who}: division by zero`, a);
  setNumeric(vm, dst, integerDivide(x, y, rounding, part));
}

/** fold -- op over all arguments, in the result's slot. */
function fold(vm: Vm, op: '+' | '*', base: number, argc: number): void {
  if (argc === 0) {
    vm.setFixnum(base, op === '+' ? 0 : 1);
    return;
  }
  if (argc === 1) {
    checkNumber(vm, base + 2, op);
    vm.hart.move(base, base + 2);
    return;
  }
  arith(vm, op, base, base + 2, base + 3);
  for (let i = 2; i < argc; i += 1) folded(vm, op, base, base + 2 + i, i + 1);
}

/** folded -- dst := dst op argument number `index`. */
function folded(vm: Vm, op: ArithOp, dst: number, slot: number, index: number): void {
  checkNumber(vm, slot, op, index);
  arith(vm, op, dst, dst, slot);
}

function checkNumber(vm: Vm, slot: number, who: string, index: number = 1): void {
  if (!isQuick(vm, slot)) numeric(vm, slot, who, index);
}

function minus(vm: Vm, base: number, argc: number): void {
  if (argc === 1) {
    checkNumber(vm, base + 2, '-');
    if (vm.isFlonum(base + 2)) {
      vm.setFlonum(base, -vm.flonum(base + 2));
    } else {
      vm.setFixnum(base, 0);
      arith(vm, '-', base, base, base + 2);
    }
    return;
  }
  arith(vm, '-', base, base + 2, base + 3);
  for (let i = 2; i < argc; i += 1) folded(vm, '-', base, base + 2 + i, i + 1);
}

function slash(vm: Vm, base: number, argc: number): void {
  let x = argc === 1 ? 1n : numeric(vm, base + 2, '/', 1);
  for (let i = argc === 1 ? 0 : 1; i < argc; i += 1) {
    const y = divide(x, numeric(vm, base + 2 + i, '/', i + 1));
    if (y === null) throw vm.error('/: division by zero', base + 2);
    x = y;
  }
  setNumeric(vm, base, x);
}

function chain(op: CompareOp): Primitive {
  return primitive(op, 1, -1, (vm, base, argc) => {
    let holds = true;
    checkNumber(vm, base + 2, op);
    for (let i = 1; i < argc; i += 1) {
      checkNumber(vm, base + 2 + i, op, i + 1);
      if (!compareSlots(vm, op, base + 1 + i, base + 2 + i)) holds = false;
    }
    vm.setBoolean(base, holds);
  });
}

function extreme(name: 'max' | 'min'): Primitive {
  return primitive(name, 1, -1, (vm, base, argc) => {
    let best = numeric(vm, base + 2, name, 1), inexact = typeof best === 'number';
    for (let i = 1; i < argc; i += 1) {
      const x = numeric(vm, base + 2 + i, name, i + 1), order = compare(x, best);
      inexact ||= typeof x === 'number';
      if (Number.isNaN(order) ? x !== x : (name === 'max' ? order > 0 : order < 0)) best = x;
    }
    setNumeric(vm, base, inexact ? toFlonum(best) : best);
  });
}

function division(name: string, rounding: Rounding, part: 'quotient' | 'remainder'): Primitive {
  return primitive(name, 2, 2, (vm, base) => {
    integerOp(vm, name, base, base + 2, base + 3, rounding, part);
  });
}

/** both -- quotient and remainder, as two values. */
function both(name: string, rounding: Rounding): Primitive {
  return primitive(name, 2, 2, (vm, base) => {
    const f = vm.hart.enter(2);
    integerOp(vm, name, f, base + 2, base + 3, rounding, 'quotient');
    integerOp(vm, name, f + 1, base + 2, base + 3, rounding, 'remainder');
    vm.valuesOfSlots(base, f, 2);
  });
}

function divisor(name: 'gcd' | 'lcm'): Primitive {
  return primitive(name, 0, -1, (vm, base, argc) => {
    let x: Numeric = name === 'gcd' ? 0n : 1n;
    for (let i = 0; i < argc; i += 1) {
      const y = integral(vm, base + 2 + i, name, i + 1);
      const z: Numeric | null = name === 'gcd' ? gcd(x, y) : lcm(x, y);
      if (z === null) throw tooLarge(vm, name);
      x = z;
    }
    setNumeric(vm, base, x);
  });
}

/** Sums, products, quotients and comparisons. */
export const arithmeticPrimitives: readonly Primitive[] = [
  primitive('+', 0, -1, (vm, base, argc) => {
    fold(vm, '+', base, argc);
  }),
  primitive('*', 0, -1, (vm, base, argc) => {
    fold(vm, '*', base, argc);
  }),
  primitive('-', 1, -1, minus),
  primitive('/', 1, -1, slash),
  chain('='), chain('<'), chain('<='), chain('>'), chain('>='),
  extreme('max'), extreme('min'),
  division('quotient', 'truncate', 'quotient'),
  division('remainder', 'truncate', 'remainder'),
  division('modulo', 'floor', 'remainder'),
  division('truncate-quotient', 'truncate', 'quotient'),
  division('truncate-remainder', 'truncate', 'remainder'),
  division('floor-quotient', 'floor', 'quotient'),
  division('floor-remainder', 'floor', 'remainder'),
  both('floor/', 'floor'), both('truncate/', 'truncate'),
  divisor('gcd'), divisor('lcm'),
];
