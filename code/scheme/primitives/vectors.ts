/* vectors.ts: VECTORS
 *
 * Every index and range is checked against the header, and the message names the bounds <design/scheme#.error.text>. Elements
 * are at VectorELEMENTS on, a granule each.
 */
import {
  ConstantNULL, ConstantUNSPECIFIC, KindSTRING, KindVECTOR, PairCAR, PairCDR, SlotTMP0, SlotTMP2, SlotTMP3, StringCHARS,
  ValueSIZE, VectorELEMENTS,
} from '../kinds.ts';
import { primitive, type Primitive } from '../primitive.ts';
import type { Vm } from '../vm.ts';
import { properLength } from './pairs.ts';
import { copyCells, indexOf, lengthIn, rangeOf, sizeOf } from './slots.ts';
import { buildString } from './strings.ts';

/** elementAt -- the offset of element `i`. */
function elementAt(i: number): number {
  return VectorELEMENTS + ValueSIZE * i;
}

/** makeBlank -- dst := a vector of n elements that are yet to be stored. */
function makeBlank(vm: Vm, dst: number, n: number): void {
  vm.setConstant(SlotTMP3, ConstantUNSPECIFIC);
  vm.makeVector(dst, n, SlotTMP3);
}

function vectorToList(vm: Vm, base: number, argc: number): void {
  const length = lengthIn(vm, base + 2, 'vector->list', 1, KindVECTOR);
  const range = rangeOf(vm, base, argc, 'vector->list', 2, length), item = SlotTMP0, list = SlotTMP2;
  vm.setConstant(list, ConstantNULL);
  for (let i = range.limit - 1; i >= range.base; i -= 1) {
    vm.hart.loadCap(item, base + 2, elementAt(i));
    vm.cons(list, item, list);
  }
  vm.hart.move(base, list);
}

function listToVector(vm: Vm, base: number): void {
  const hart = vm.hart, rest = SlotTMP0, item = SlotTMP2;
  const count = properLength(vm, base + 2, 'list->vector', 1);
  makeBlank(vm, base, count);
  hart.move(rest, base + 2);
  for (let i = 0; i < count; i += 1, hart.loadCap(rest, rest, PairCDR)) {
    hart.loadCap(item, rest, PairCAR);
    hart.storeCap(base, elementAt(i), item);
  }
}

function vectorAppend(vm: Vm, base: number, argc: number): void {
  let total = 0, at = 0;
  for (let i = 0; i < argc; i += 1) total += lengthIn(vm, base + 2 + i, 'vector-append', i + 1, KindVECTOR);
  makeBlank(vm, SlotTMP2, total);
  for (let i = 0; i < argc; i += 1) {
    const length = vm.lengthOf(base + 2 + i);
    copyCells(vm.hart, SlotTMP2, elementAt(at), base + 2 + i, VectorELEMENTS, length, SlotTMP0);
    at += length;
  }
  vm.hart.move(base, SlotTMP2);
}

function vectorCopyTo(vm: Vm, base: number, argc: number): void {
  const who = 'vector-copy!', length = lengthIn(vm, base + 2, who, 1, KindVECTOR);
  const at = indexOf(vm, base + 3, who, 2, 0, length);
  const range = rangeOf(vm, base, argc, who, 4, lengthIn(vm, base + 4, who, 3, KindVECTOR));
  const count = range.limit - range.base;
  if (count > length - at) throw vm.error(`${who}: ${count} elements do not fit from index ${at} of ${length}`);
  copyCells(vm.hart, base + 2, elementAt(at), base + 4, elementAt(range.base), count, SlotTMP0);
  vm.setConstant(base, ConstantUNSPECIFIC);
}

function vectorFill(vm: Vm, base: number, argc: number): void {
  const length = lengthIn(vm, base + 2, 'vector-fill!', 1, KindVECTOR);
  const range = rangeOf(vm, base, argc, 'vector-fill!', 3, length);
  for (let i = range.base; i < range.limit; i += 1) vm.hart.storeCap(base + 2, elementAt(i), base + 3);
  vm.setConstant(base, ConstantUNSPECIFIC);
}

function vectorToString(vm: Vm, base: number, argc: number): void {
  const hart = vm.hart, item = SlotTMP0, who = 'vector->string';
  const range = rangeOf(vm, base, argc, who, 2, lengthIn(vm, base + 2, who, 1, KindVECTOR));
  for (let i = range.base; i < range.limit; i += 1) {
    hart.loadCap(item, base + 2, elementAt(i));
    if (!vm.isChar(item)) throw vm.wrongType(who, 1, base + 2, 'a vector of characters');
  }
  buildString(vm, base, range.limit - range.base, (dst) => {
    for (let i = range.base; i < range.limit; i += 1) {
      hart.loadCap(item, base + 2, elementAt(i));
      hart.store32(dst, StringCHARS + 4 * (i - range.base), vm.char(item));
    }
  });
}

function stringToVector(vm: Vm, base: number, argc: number): void {
  const hart = vm.hart, item = SlotTMP0, who = 'string->vector';
  const range = rangeOf(vm, base, argc, who, 2, lengthIn(vm, base + 2, who, 1, KindSTRING));
  makeBlank(vm, base, range.limit - range.base);
  for (let i = range.base; i < range.limit; i += 1) {
    vm.setChar(item, hart.load32(base + 2, StringCHARS + 4 * i));
    hart.storeCap(base, elementAt(i - range.base), item);
  }
}

/** Vectors. */
export const vectorPrimitives: readonly Primitive[] = [
  primitive('vector?', 1, 1, (vm, base) => {
    vm.setBoolean(base, vm.isKind(base + 2, KindVECTOR));
  }),
  primitive('make-vector', 1, 2, (vm, base, argc) => {
    const n = sizeOf(vm, base + 2, 'make-vector', 1);
    if (argc === 2) vm.makeVector(base, n, base + 3);
    else makeBlank(vm, base, n);
  }),
  primitive('vector', 0, -1, (vm, base, argc) => {
    vm.vectorOfSlots(base, base + 2, argc);
  }),
  primitive('vector-length', 1, 1, (vm, base) => {
    vm.setFixnum(base, lengthIn(vm, base + 2, 'vector-length', 1, KindVECTOR));
  }),
  primitive('vector-ref', 2, 2, (vm, base) => {
    const length = lengthIn(vm, base + 2, 'vector-ref', 1, KindVECTOR);
    vm.hart.loadCap(base, base + 2, elementAt(indexOf(vm, base + 3, 'vector-ref', 2, 0, length - 1)));
  }),
  primitive('vector-set!', 3, 3, (vm, base) => {
    const length = lengthIn(vm, base + 2, 'vector-set!', 1, KindVECTOR);
    vm.hart.storeCap(base + 2, elementAt(indexOf(vm, base + 3, 'vector-set!', 2, 0, length - 1)), base + 4);
    vm.setConstant(base, ConstantUNSPECIFIC);
  }),
  primitive('vector->list', 1, 3, vectorToList),
  primitive('list->vector', 1, 1, listToVector),
  primitive('vector-fill!', 2, 4, vectorFill),
  primitive('vector-copy', 1, 3, (vm, base, argc) => {
    const length = lengthIn(vm, base + 2, 'vector-copy', 1, KindVECTOR);
    const range = rangeOf(vm, base, argc, 'vector-copy', 2, length), count = range.limit - range.base;
    makeBlank(vm, base, count);
    copyCells(vm.hart, base, VectorELEMENTS, base + 2, elementAt(range.base), count, SlotTMP0);
  }),
  primitive('vector-copy!', 3, 5, vectorCopyTo),
  primitive('vector-append', 0, -1, vectorAppend),
  primitive('vector->string', 1, 3, vectorToString),
  primitive('string->vector', 1, 3, stringToVector),
];
