/* numbers.ts: WHAT NUMBERS ARE
 *
 * Predicates, rounding, exactness, roots and powers, functions of analysis, and the way from numbers to text and back
 * <design/scheme#.number>. The heap has no rationals and no complex numbers <design/scheme#.departs.rational>.
 */
import { KindSTRING } from '../kinds.ts';
import { parseNumber } from '../number.ts';
import { primitive, type Primitive } from '../primitive.ts';
import {
  fraction, integerSqrt, isInteger, logarithm, multiply, numberText, power, roundEven, simplest, squareRoot,
  toFlonum, type Numeric,
} from '../tower.ts';
import type { Vm } from '../vm.ts';
import { integral, numeric, numericOf, setNumeric, tooLarge } from './arithmetic.ts';
import { integerTo } from './bignum.ts';

/** asks -- a predicate of any value, true of all fixnums: `holds` is asked of other numbers. */
function asks(name: string, holds: (x: Numeric) => boolean): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    if (vm.isFixnum(base + 2)) {
      vm.setBoolean(base, true);
      return;
    }
    const x = numericOf(vm, base + 2);
    vm.setBoolean(base, x !== null && holds(x));
  });
}

/** tests -- a predicate of numbers; other values are an error. */
function tests(name: string, holds: (x: Numeric) => boolean): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    vm.setBoolean(base, holds(numeric(vm, base + 2, name, 1)));
  });
}

/** signs -- a predicate of a number's sign. */
function signs(name: string, holds: (x: Numeric) => boolean): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    vm.setBoolean(base, holds(vm.isFixnum(base + 2) ? vm.fixnum(base + 2) : numeric(vm, base + 2, name, 1)));
  });
}

function parity(name: 'odd?' | 'even?'): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    const x = vm.isFixnum(base + 2) ? vm.fixnum(base + 2) : integral(vm, base + 2, name, 1);
    const odd = typeof x === 'bigint' ? (x & 1n) !== 0n : x % 2 !== 0;
    vm.setBoolean(base, odd === (name === 'odd?'));
  });
}

/** rounds -- exact integers stay as they are. */
function rounds(name: string, round: (x: number) => number): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    const x = numeric(vm, base + 2, name, 1);
    setNumeric(vm, base, typeof x === 'bigint' ? x : round(x));
  });
}

function analytic(name: string, f: (x: number) => number): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    vm.setFlonum(base, f(toFlonum(numeric(vm, base + 2, name, 1))));
  });
}

const predicates: readonly Primitive[] = [
  asks('number?', () => true),
  asks('complex?', () => true),
  asks('real?', () => true),
  asks('rational?', (x) => typeof x === 'bigint' || Number.isFinite(x)),
  asks('integer?', isInteger),
  asks('exact-integer?', (x) => typeof x === 'bigint'),
  tests('exact?', (x) => typeof x === 'bigint'),
  tests('inexact?', (x) => typeof x === 'number'),
  tests('finite?', (x) => typeof x === 'bigint' || Number.isFinite(x)),
  tests('infinite?', (x) => x === Infinity || x === -Infinity),
  tests('nan?', (x) => x !== x),
  signs('zero?', (x) => x === 0n || x === 0),
  signs('positive?', (x) => x > 0),
  signs('negative?', (x) => x < 0),
  parity('odd?'),
  parity('even?'),
];

/** exactOf -- the exact integer that a number is; others have no exact value here. */
function exactOf(vm: Vm, slot: number): bigint {
  const x = numeric(vm, slot, 'exact', 1);
  if (typeof x === 'bigint') return x;
  if (!Number.isInteger(x)) throw vm.error(`exact: ${numberText(x)} is not an integer, and there are no exact rationals`, slot);
  return BigInt(x);
}

const conversions: readonly Primitive[] = [
  rounds('floor', Math.floor),
  rounds('ceiling', Math.ceil),
  rounds('truncate', Math.trunc),
  rounds('round', roundEven),
  primitive('abs', 1, 1, (vm, base) => {
    const x = numeric(vm, base + 2, 'abs', 1);
    setNumeric(vm, base, typeof x === 'bigint' ? (x < 0n ? -x : x) : Math.abs(x));
  }),
  primitive('exact', 1, 1, (vm, base) => {
    integerTo(vm, base, exactOf(vm, base + 2));
  }),
  primitive('inexact', 1, 1, (vm, base) => {
    vm.setFlonum(base, toFlonum(numeric(vm, base + 2, 'inexact', 1)));
  }),
  primitive('numerator', 1, 1, (vm, base) => {
    setNumeric(vm, base, part(vm, base + 2, 'numerator', 0));
  }),
  primitive('denominator', 1, 1, (vm, base) => {
    setNumeric(vm, base, part(vm, base + 2, 'denominator', 1));
  }),
  primitive('rationalize', 2, 2, (vm, base) => {
    setNumeric(vm, base, simplest(numeric(vm, base + 2, 'rationalize', 1), numeric(vm, base + 3, 'rationalize', 2)));
  }),
];

function part(vm: Vm, slot: number, who: string, which: 0 | 1): Numeric {
  const x = numeric(vm, slot, who, 1);
  if (typeof x === 'bigint') return which === 0 ? x : 1n;
  if (!Number.isFinite(x)) throw vm.wrongType(who, 1, slot, 'a rational number');
  return fraction(x)[which];
}

const analysis: readonly Primitive[] = [
  analytic('exp', Math.exp),
  analytic('sin', Math.sin),
  analytic('cos', Math.cos),
  analytic('tan', Math.tan),
  analytic('asin', Math.asin),
  analytic('acos', Math.acos),
  primitive('atan', 1, 2, (vm, base, argc) => {
    const y = toFlonum(numeric(vm, base + 2, 'atan', 1));
    vm.setFlonum(base, argc === 1 ? Math.atan(y) : Math.atan2(y, toFlonum(numeric(vm, base + 3, 'atan', 2))));
  }),
  primitive('log', 1, 2, (vm, base, argc) => {
    const x = numeric(vm, base + 2, 'log', 1);
    vm.setFlonum(base, argc === 1 ? logarithm(x) : logBase(x, numeric(vm, base + 3, 'log', 2)));
  }),
  primitive('sqrt', 1, 1, (vm, base) => {
    setNumeric(vm, base, squareRoot(numeric(vm, base + 2, 'sqrt', 1)));
  }),
  primitive('exact-integer-sqrt', 1, 1, (vm, base) => {
    const x = numericOf(vm, base + 2);
    if (typeof x !== 'bigint' || x < 0n) throw vm.wrongType('exact-integer-sqrt', 1, base + 2, 'an exact integer of at least 0');
    const root = integerSqrt(x), f = vm.hart.enter(2);
    integerTo(vm, f, root);
    integerTo(vm, f + 1, x - root * root);
    vm.valuesOfSlots(base, f, 2);
  }),
  primitive('square', 1, 1, (vm, base) => {
    const x = numeric(vm, base + 2, 'square', 1), y = multiply(x, x);
    if (y === null) throw tooLarge(vm, 'square');
    setNumeric(vm, base, y);
  }),
  primitive('expt', 2, 2, (vm, base) => {
    const x = power(numeric(vm, base + 2, 'expt', 1), numeric(vm, base + 3, 'expt', 2));
    if (x === null) throw tooLarge(vm, 'expt');
    if (x === 'zero') throw vm.error('expt: division by zero', base + 2, base + 3);
    setNumeric(vm, base, x);
  }),
];

function logBase(x: Numeric, b: Numeric): number {
  const binary = b === 2n || b === 2, decimal = b === 10n || b === 10, y = toFlonum(x);
  if (binary && Number.isFinite(y)) return Math.log2(y);
  return decimal && Number.isFinite(y) ? Math.log10(y) : logarithm(x) / logarithm(b);
}

/** radixOf -- the radix in argument 2: 2, 8, 10 or 16; 10 if there is none. */
function radixOf(vm: Vm, base: number, argc: number, who: string): number {
  if (argc < 2) return 10;
  const radix = vm.isFixnum(base + 3) ? vm.fixnum(base + 3) : 0;
  if (radix !== 2 && radix !== 8 && radix !== 10 && radix !== 16) throw vm.wrongType(who, 2, base + 3, 'a radix of 2, 8, 10 or 16');
  return radix;
}

const texts: readonly Primitive[] = [
  primitive('number->string', 1, 2, (vm, base, argc) => {
    const radix = radixOf(vm, base, argc, 'number->string');
    if (vm.isFixnum(base + 2)) {
      vm.makeString(base, vm.fixnum(base + 2).toString(radix));
      return;
    }
    const x = numeric(vm, base + 2, 'number->string', 1);
    if (typeof x === 'number' && radix !== 10) throw vm.error('number->string: flonums have decimal digits only', base + 2);
    vm.makeString(base, numberText(x, radix));
  }),
  primitive('string->number', 1, 2, (vm, base, argc) => {
    vm.expectKind('string->number', 1, base + 2, KindSTRING);
    const found = parseNumber(vm.stringOf(base + 2), radixOf(vm, base, argc, 'string->number'));
    if (found === null) vm.setBoolean(base, false);
    else setNumeric(vm, base, found);
  }),
];

/** What numbers are, beyond sums and comparisons. */
export const numberPrimitives: readonly Primitive[] = [...predicates, ...conversions, ...analysis, ...texts];
