/* bytevectors.ts: BYTEVECTORS
 *
 * Bytes, and strings to and from UTF-8. Text that is not UTF-8 is an error, not a replacement character.
 */
import {
  BytesBYTES, ConstantUNSPECIFIC, KindBYTES, KindSTRING, SlotTMP0, StringCHARS, objectSize,
} from '../kinds.ts';
import { primitive, type Primitive } from '../primitive.ts';
import type { Vm } from '../vm.ts';
import { byteOf, copyBytes, indexOf, lengthIn, rangeOf, sizeOf, type Range } from './slots.ts';
import { buildString } from './strings.ts';

/** buildBytes -- dst := a bytevector of n bytes that `init` stores into a slot; it may be asked again, and raises nothing. */
export function buildBytes(vm: Vm, dst: number, n: number, init: (bytes: number) => void): void {
  do {
    vm.allocate(dst, objectSize(n));
    vm.header(dst, KindBYTES, n, 0, 0);
    vm.blank(dst, BytesBYTES);
    init(dst);
  } while (!vm.commit(dst));
}

/** subbytesTo -- dst := a new bytevector of part of the one in `src`, another slot. */
export function subbytesTo(vm: Vm, dst: number, src: number, from: number, limit: number): void {
  buildBytes(vm, dst, limit - from, (bytes) => {
    copyBytes(vm.hart, bytes, BytesBYTES, src, BytesBYTES + from, limit - from);
  });
}

function bytevectorAppend(vm: Vm, base: number, argc: number): void {
  let total = 0;
  for (let i = 0; i < argc; i += 1) total += lengthIn(vm, base + 2 + i, 'bytevector-append', i + 1, KindBYTES);
  buildBytes(vm, SlotTMP0, total, (bytes) => {
    let at = BytesBYTES;
    for (let i = 0; i < argc; i += 1) {
      const length = vm.lengthOf(base + 2 + i);
      copyBytes(vm.hart, bytes, at, base + 2 + i, BytesBYTES, length);
      at += length;
    }
  });
  vm.hart.move(base, SlotTMP0);
}

function bytevectorCopyTo(vm: Vm, base: number, argc: number): void {
  const who = 'bytevector-copy!', length = lengthIn(vm, base + 2, who, 1, KindBYTES);
  const at = indexOf(vm, base + 3, who, 2, 0, length);
  const range = rangeOf(vm, base, argc, who, 4, lengthIn(vm, base + 4, who, 3, KindBYTES));
  const count = range.limit - range.base;
  if (count > length - at) throw vm.error(`${who}: ${count} bytes do not fit from index ${at} of ${length}`);
  copyBytes(vm.hart, base + 2, BytesBYTES + at, base + 4, BytesBYTES + range.base, count);
  vm.setConstant(base, ConstantUNSPECIFIC);
}

/** utf8Length -- bytes of a code point in UTF-8. */
function utf8Length(codePoint: number): number {
  return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
}

function stringToUtf8(vm: Vm, base: number, argc: number): void {
  const hart = vm.hart, who = 'string->utf8';
  const range = rangeOf(vm, base, argc, who, 2, lengthIn(vm, base + 2, who, 1, KindSTRING));
  let size = 0;
  for (let i = range.base; i < range.limit; i += 1) size += utf8Length(hart.load32(base + 2, StringCHARS + 4 * i));
  buildBytes(vm, base, size, (bytes) => {
    let at = BytesBYTES;
    for (let i = range.base; i < range.limit; i += 1) {
      const c = hart.load32(base + 2, StringCHARS + 4 * i), length = utf8Length(c);
      for (let rest = length - 1; rest > 0; rest -= 1) hart.store8(bytes, at + rest, 0x80 | ((c >> (6 * (length - 1 - rest))) & 0x3f));
      hart.store8(bytes, at, length === 1 ? c : ((0xf00 >> length) & 0xff) | (c >> (6 * (length - 1))));
      at += length;
    }
  });
}

/** utf8Decode -- the code points of UTF-8 in a bytevector; null where it is none. */
function utf8Decode(vm: Vm, slot: number, range: Range): number[] | null {
  const hart = vm.hart, points: number[] = [];
  for (let i = range.base; i < range.limit;) {
    const first = hart.load8(slot, BytesBYTES + i);
    const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length === 0 || i + length > range.limit) return null;
    let c = length === 1 ? first : first & (0x7f >> length);
    for (let k = 1; k < length; k += 1) {
      const next = hart.load8(slot, BytesBYTES + i + k);
      if ((next & 0xc0) !== 0x80) return null;
      c = (c << 6) | (next & 0x3f);
    }
    if (utf8Length(c) !== length || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return null;
    points.push(c);
    i += length;
  }
  return points;
}

function utf8ToString(vm: Vm, base: number, argc: number): void {
  const who = 'utf8->string', range = rangeOf(vm, base, argc, who, 2, lengthIn(vm, base + 2, who, 1, KindBYTES));
  const points = utf8Decode(vm, base + 2, range);
  if (points === null) throw vm.wrongType(who, 1, base + 2, 'UTF-8');
  buildString(vm, base, points.length, (string) => {
    for (let i = 0; i < points.length; i += 1) vm.hart.store32(string, StringCHARS + 4 * i, points[i]);
  });
}

/** Bytevectors. */
export const bytevectorPrimitives: readonly Primitive[] = [
  primitive('bytevector?', 1, 1, (vm, base) => {
    vm.setBoolean(base, vm.isKind(base + 2, KindBYTES));
  }),
  primitive('make-bytevector', 1, 2, (vm, base, argc) => {
    const n = sizeOf(vm, base + 2, 'make-bytevector', 1);
    vm.makeBytes(base, n, argc === 2 ? byteOf(vm, base + 3, 'make-bytevector', 2) : 0);
  }),
  primitive('bytevector', 0, -1, (vm, base, argc) => {
    for (let i = 0; i < argc; i += 1) byteOf(vm, base + 2 + i, 'bytevector', i + 1);
    buildBytes(vm, SlotTMP0, argc, (bytes) => {
      for (let i = 0; i < argc; i += 1) vm.hart.store8(bytes, BytesBYTES + i, vm.fixnum(base + 2 + i));
    });
    vm.hart.move(base, SlotTMP0);
  }),
  primitive('bytevector-length', 1, 1, (vm, base) => {
    vm.setFixnum(base, lengthIn(vm, base + 2, 'bytevector-length', 1, KindBYTES));
  }),
  primitive('bytevector-u8-ref', 2, 2, (vm, base) => {
    const length = lengthIn(vm, base + 2, 'bytevector-u8-ref', 1, KindBYTES);
    vm.setFixnum(base, vm.hart.load8(base + 2, BytesBYTES + indexOf(vm, base + 3, 'bytevector-u8-ref', 2, 0, length - 1)));
  }),
  primitive('bytevector-u8-set!', 3, 3, (vm, base) => {
    const length = lengthIn(vm, base + 2, 'bytevector-u8-set!', 1, KindBYTES);
    const at = indexOf(vm, base + 3, 'bytevector-u8-set!', 2, 0, length - 1);
    vm.hart.store8(base + 2, BytesBYTES + at, byteOf(vm, base + 4, 'bytevector-u8-set!', 3));
    vm.setConstant(base, ConstantUNSPECIFIC);
  }),
  primitive('bytevector-copy', 1, 3, (vm, base, argc) => {
    const length = lengthIn(vm, base + 2, 'bytevector-copy', 1, KindBYTES);
    const range = rangeOf(vm, base, argc, 'bytevector-copy', 2, length);
    subbytesTo(vm, base, base + 2, range.base, range.limit);
  }),
  primitive('bytevector-copy!', 3, 5, bytevectorCopyTo),
  primitive('bytevector-append', 0, -1, bytevectorAppend),
  primitive('string->utf8', 1, 3, stringToUtf8),
  primitive('utf8->string', 1, 3, utf8ToString),
];
