/* characters.ts: CHARACTERS
 *
 * A character is a code point. Its properties are those of the host's Unicode; its cases are the mappings of one character to
 * one <design/scheme#.departs.case>.
 */
import { primitive, type Primitive } from '../primitive.ts';
import { charOf } from './slots.ts';

const ALPHABETIC = /^\p{Alphabetic}$/u;
const NUMERIC = /^\p{Nd}$/u;
const WHITESPACE = /^\p{White_Space}$/u;
const UPPERCASE = /^\p{Uppercase}$/u;
const LOWERCASE = /^\p{Lowercase}$/u;

/** single -- the code point that is all of `text`, else `otherwise`. */
function single(text: string, otherwise: number): number {
  const codePoint = text.codePointAt(0) as number;
  return text.length === (codePoint > 0xffff ? 2 : 1) ? codePoint : otherwise;
}

/** upcase -- the capital of a character, itself where that is none or several. */
export function upcase(codePoint: number): number {
  if (codePoint < 128) return codePoint >= 97 && codePoint <= 122 ? codePoint - 32 : codePoint;
  return single(String.fromCodePoint(codePoint).toUpperCase(), codePoint);
}

/** downcase -- the small letter of a character, itself where that is none or several. */
export function downcase(codePoint: number): number {
  if (codePoint < 128) return codePoint >= 65 && codePoint <= 90 ? codePoint + 32 : codePoint;
  return single(String.fromCodePoint(codePoint).toLowerCase(), codePoint);
}

/** foldcase -- one character for all the cases of one letter. */
export function foldcase(codePoint: number): number {
  return codePoint < 128 ? downcase(codePoint) : downcase(upcase(codePoint));
}

/** digitValue -- of a decimal digit of any script, else -1. */
export function digitValue(codePoint: number): number {
  if (!NUMERIC.test(String.fromCodePoint(codePoint))) return -1;
  // Digits come in runs of ten, and every run begins with zero.
  let below = 0;
  while (NUMERIC.test(String.fromCodePoint(codePoint - below - 1))) below += 1;
  return below % 10;
}

function property(name: string, pattern: RegExp): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    vm.setBoolean(base, pattern.test(String.fromCodePoint(charOf(vm, base + 2, name, 1))));
  });
}

function maps(name: string, f: (codePoint: number) => number): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    vm.setChar(base, f(charOf(vm, base + 2, name, 1)));
  });
}

function chain(name: string, key: (codePoint: number) => number, holds: (a: number, b: number) => boolean): Primitive {
  return primitive(name, 1, -1, (vm, base, argc) => {
    let all = true, last = key(charOf(vm, base + 2, name, 1));
    for (let i = 1; i < argc; i += 1) {
      const next = key(charOf(vm, base + 2 + i, name, i + 1));
      all &&= holds(last, next);
      last = next;
    }
    vm.setBoolean(base, all);
  });
}

const orders: readonly (readonly [string, (a: number, b: number) => boolean])[] = [
  ['=?', (a, b) => a === b], ['<?', (a, b) => a < b], ['>?', (a, b) => a > b], ['<=?', (a, b) => a <= b], ['>=?', (a, b) => a >= b],
];

/** isScalar -- whether a number is that of a character. */
function isScalar(n: number): boolean {
  return (n >= 0 && n < 0xd800) || (n > 0xdfff && n <= 0x10ffff);
}

/** Characters. */
export const characterPrimitives: readonly Primitive[] = [
  primitive('char?', 1, 1, (vm, base) => {
    vm.sound(base + 2);
    vm.setBoolean(base, vm.isChar(base + 2));
  }),
  primitive('char->integer', 1, 1, (vm, base) => {
    vm.setFixnum(base, charOf(vm, base + 2, 'char->integer', 1));
  }),
  primitive('integer->char', 1, 1, (vm, base) => {
    const n = vm.expectFixnum('integer->char', 1, base + 2);
    if (!isScalar(n)) throw vm.wrongType('integer->char', 1, base + 2, 'the number of a character');
    vm.setChar(base, n);
  }),
  primitive('digit-value', 1, 1, (vm, base) => {
    const value = digitValue(charOf(vm, base + 2, 'digit-value', 1));
    if (value < 0) vm.setBoolean(base, false);
    else vm.setFixnum(base, value);
  }),
  property('char-alphabetic?', ALPHABETIC),
  property('char-numeric?', NUMERIC),
  property('char-whitespace?', WHITESPACE),
  property('char-upper-case?', UPPERCASE),
  property('char-lower-case?', LOWERCASE),
  maps('char-upcase', upcase), maps('char-downcase', downcase), maps('char-foldcase', foldcase),
  ...orders.map(([name, holds]) => chain(`char${name}`, (c) => c, holds)),
  ...orders.map(([name, holds]) => chain(`char-ci${name}`, foldcase, holds)),
];
