/* strings.ts: STRINGS AND SYMBOLS
 *
 * A string is its code points, four bytes each, so that every index is one access and every character can be set
 * <design/scheme#.string>. The text of a symbol is never handed out: `symbol->string` copies it.
 */
import {
  ConstantNULL, ConstantUNSPECIFIC, KindSTRING, KindSYMBOL, PairCAR, PairCDR, SlotTMP0, SlotTMP1, SlotTMP2, StringCHARS,
  SymbolNAME, objectSize,
} from '../kinds.ts';
import { primitive, type Primitive } from '../primitive.ts';
import type { Vm } from '../vm.ts';
import { downcase, foldcase, upcase } from './characters.ts';
import { properLength } from './pairs.ts';
import { charOf, copyWords, indexOf, lengthIn, rangeOf, sizeOf } from './slots.ts';

/** charAt -- the offset of character `i`. */
function charAt(i: number): number {
  return StringCHARS + 4 * i;
}

/** buildString -- dst := a string of n characters that `init` stores into a slot; it may be asked again, and raises nothing. */
export function buildString(vm: Vm, dst: number, n: number, init: (string: number) => void): void {
  do {
    vm.allocate(dst, objectSize(4 * n));
    vm.header(dst, KindSTRING, n, 0, 0);
    init(dst);
    vm.blank(dst, charAt(n));
  } while (!vm.commit(dst));
}

/** substringTo -- dst := a new string of part of the one in `src`, another slot. */
export function substringTo(vm: Vm, dst: number, src: number, from: number, limit: number): void {
  buildString(vm, dst, limit - from, (string) => {
    copyWords(vm.hart, string, charAt(0), src, charAt(from), limit - from);
  });
}

/** part -- `string-copy` and `substring`. */
function part(name: string, min: number): Primitive {
  return primitive(name, min, 3, (vm, base, argc) => {
    const range = rangeOf(vm, base, argc, name, 2, lengthIn(vm, base + 2, name, 1, KindSTRING));
    substringTo(vm, base, base + 2, range.base, range.limit);
  });
}

function stringAppend(vm: Vm, base: number, argc: number): void {
  let total = 0;
  for (let i = 0; i < argc; i += 1) total += lengthIn(vm, base + 2 + i, 'string-append', i + 1, KindSTRING);
  buildString(vm, SlotTMP0, total, (string) => {
    let at = 0;
    for (let i = 0; i < argc; i += 1) {
      const length = vm.lengthOf(base + 2 + i);
      copyWords(vm.hart, string, charAt(at), base + 2 + i, charAt(0), length);
      at += length;
    }
  });
  vm.hart.move(base, SlotTMP0);
}

function stringCopyTo(vm: Vm, base: number, argc: number): void {
  const who = 'string-copy!', length = lengthIn(vm, base + 2, who, 1, KindSTRING);
  const at = indexOf(vm, base + 3, who, 2, 0, length);
  const range = rangeOf(vm, base, argc, who, 4, lengthIn(vm, base + 4, who, 3, KindSTRING));
  const count = range.limit - range.base;
  if (count > length - at) throw vm.error(`${who}: ${count} characters do not fit from index ${at} of ${length}`);
  copyWords(vm.hart, base + 2, charAt(at), base + 4, charAt(range.base), count);
  vm.setConstant(base, ConstantUNSPECIFIC);
}

function stringFill(vm: Vm, base: number, argc: number): void {
  const range = rangeOf(vm, base, argc, 'string-fill!', 3, lengthIn(vm, base + 2, 'string-fill!', 1, KindSTRING));
  const fill = charOf(vm, base + 3, 'string-fill!', 2);
  for (let i = range.base; i < range.limit; i += 1) vm.hart.store32(base + 2, charAt(i), fill);
  vm.setConstant(base, ConstantUNSPECIFIC);
}

function stringToList(vm: Vm, base: number, argc: number): void {
  const range = rangeOf(vm, base, argc, 'string->list', 2, lengthIn(vm, base + 2, 'string->list', 1, KindSTRING));
  const list = SlotTMP0, item = SlotTMP1;
  vm.setConstant(list, ConstantNULL);
  for (let i = range.limit - 1; i >= range.base; i -= 1) {
    vm.setChar(item, vm.hart.load32(base + 2, charAt(i)));
    vm.cons(list, item, list);
  }
  vm.hart.move(base, list);
}

function listToString(vm: Vm, base: number): void {
  const hart = vm.hart, rest = SlotTMP0, item = SlotTMP2;
  const count = properLength(vm, base + 2, 'list->string', 1);
  for (hart.move(rest, base + 2); vm.isPair(rest); hart.loadCap(rest, rest, PairCDR)) {
    hart.loadCap(item, rest, PairCAR);
    if (!vm.isChar(item)) throw vm.wrongType('list->string', 1, base + 2, 'a list of characters');
  }
  buildString(vm, base, count, (string) => {
    hart.move(rest, base + 2);
    for (let i = 0; i < count; i += 1, hart.loadCap(rest, rest, PairCDR)) {
      hart.loadCap(item, rest, PairCAR);
      hart.store32(string, charAt(i), vm.char(item));
    }
  });
}

/** stringOrder -- negative, zero or positive as one string is before, like or after the other by code points. */
function stringOrder(vm: Vm, a: number, b: number, fold: boolean): number {
  const hart = vm.hart, one = vm.lengthOf(a), other = vm.lengthOf(b), length = one < other ? one : other;
  for (let i = 0; i < length; i += 1) {
    const x = hart.load32(a, charAt(i)), y = hart.load32(b, charAt(i));
    const order = x === y ? 0 : fold ? foldcase(x) - foldcase(y) : x - y;
    if (order !== 0) return order;
  }
  return one - other;
}

/** chain -- a comparison of neighbours, all of which must be strings. */
function chain(name: string, fold: boolean, holds: (order: number) => boolean): Primitive {
  return primitive(name, 1, -1, (vm, base, argc) => {
    let all = true;
    for (let i = 0; i < argc; i += 1) vm.expectKind(name, i + 1, base + 2 + i, KindSTRING);
    for (let i = 1; all && i < argc; i += 1) all = holds(stringOrder(vm, base + 1 + i, base + 2 + i, fold));
    vm.setBoolean(base, all);
  });
}

/** The five orders of a comparison. */
const orders: readonly (readonly [string, (order: number) => boolean])[] = [
  ['=?', (order) => order === 0], ['<?', (order) => order < 0], ['>?', (order) => order > 0],
  ['<=?', (order) => order <= 0], ['>=?', (order) => order >= 0],
];

/** maps -- a new string of each character's counterpart <design/scheme#.departs.case>. */
function maps(name: string, f: (codePoint: number) => number): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    const length = lengthIn(vm, base + 2, name, 1, KindSTRING);
    buildString(vm, base, length, (string) => {
      for (let i = 0; i < length; i += 1) vm.hart.store32(string, charAt(i), f(vm.hart.load32(base + 2, charAt(i))));
    });
  });
}

const symbols: readonly Primitive[] = [
  primitive('symbol?', 1, 1, (vm, base) => {
    vm.setBoolean(base, vm.isKind(base + 2, KindSYMBOL));
  }),
  primitive('symbol=?', 1, -1, (vm, base, argc) => {
    let same = true;
    for (let i = 0; i < argc; i += 1) {
      vm.expectKind('symbol=?', i + 1, base + 2 + i, KindSYMBOL);
      same &&= vm.hart.isSame(base + 2, base + 2 + i);
    }
    vm.setBoolean(base, same);
  }),
  primitive('symbol->string', 1, 1, (vm, base) => {
    vm.expectKind('symbol->string', 1, base + 2, KindSYMBOL);
    vm.hart.loadCap(SlotTMP0, base + 2, SymbolNAME);
    substringTo(vm, base, SlotTMP0, 0, vm.lengthOf(SlotTMP0));
  }),
  primitive('string->symbol', 1, 1, (vm, base) => {
    vm.expectKind('string->symbol', 1, base + 2, KindSTRING);
    vm.intern(base, vm.stringOf(base + 2));
  }),
];

/** Strings and symbols. */
export const stringPrimitives: readonly Primitive[] = [
  primitive('string?', 1, 1, (vm, base) => {
    vm.setBoolean(base, vm.isKind(base + 2, KindSTRING));
  }),
  primitive('make-string', 1, 2, (vm, base, argc) => {
    const n = sizeOf(vm, base + 2, 'make-string', 1);
    vm.makeStringFilled(base, n, argc === 2 ? charOf(vm, base + 3, 'make-string', 2) : 32);
  }),
  primitive('string', 0, -1, (vm, base, argc) => {
    for (let i = 0; i < argc; i += 1) charOf(vm, base + 2 + i, 'string', i + 1);
    buildString(vm, SlotTMP0, argc, (string) => {
      for (let i = 0; i < argc; i += 1) vm.hart.store32(string, charAt(i), vm.char(base + 2 + i));
    });
    vm.hart.move(base, SlotTMP0);
  }),
  primitive('string-length', 1, 1, (vm, base) => {
    vm.setFixnum(base, lengthIn(vm, base + 2, 'string-length', 1, KindSTRING));
  }),
  primitive('string-ref', 2, 2, (vm, base) => {
    const length = lengthIn(vm, base + 2, 'string-ref', 1, KindSTRING);
    vm.setChar(base, vm.hart.load32(base + 2, charAt(indexOf(vm, base + 3, 'string-ref', 2, 0, length - 1))));
  }),
  primitive('string-set!', 3, 3, (vm, base) => {
    const length = lengthIn(vm, base + 2, 'string-set!', 1, KindSTRING);
    const at = indexOf(vm, base + 3, 'string-set!', 2, 0, length - 1);
    vm.hart.store32(base + 2, charAt(at), charOf(vm, base + 4, 'string-set!', 3));
    vm.setConstant(base, ConstantUNSPECIFIC);
  }),
  part('string-copy', 1), part('substring', 3),
  primitive('string-append', 0, -1, stringAppend),
  primitive('string-copy!', 3, 5, stringCopyTo),
  primitive('string-fill!', 2, 4, stringFill),
  primitive('string->list', 1, 3, stringToList),
  primitive('list->string', 1, 1, listToString),
  maps('string-upcase', upcase), maps('string-downcase', downcase), maps('string-foldcase', foldcase),
  ...orders.map(([name, holds]) => chain(`string${name}`, false, holds)),
  ...orders.map(([name, holds]) => chain(`string-ci${name}`, true, holds)),
  ...symbols,
];
